//! The opacity against the position in the limits, drawn by hand.

use egui::{Color32, CornerRadius, Pos2, Rect, Sense, Stroke, Ui, vec2};

use super::super::model::Model;
use super::super::places;
use super::super::style::{ACCENT, WELL};
use crate::scene::VolumeMode;

/// A point within so many points of the cursor is taken.
const REACH: f32 = 9.0;

/// Heights are square roots of opacities: there is room for what is nearly transparent.
fn height(opacity: f64) -> f64 {
    opacity.max(0.0).sqrt()
}

/// The curve with its points: a click adds one, a drag moves it, a double or right click removes it.
pub fn show(model: &mut Model, ui: &mut Ui) {
    let Some(transfer) = model.painted.as_ref().map(|p| p.scene.transfer.clone()) else { return };
    let mut points = points_of(model);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 96.0), Sense::click_and_drag());
    places::note(ui.ctx(), "opacity", rect);
    let inner = rect.shrink(5.0);
    let place = |p: (f64, f64)| {
        Pos2::new(inner.left() + inner.width() * p.0 as f32, inner.bottom() - inner.height() * height(p.1) as f32)
    };
    let read = |p: Pos2| {
        let t = f64::from((p.x - inner.left()) / inner.width()).clamp(0.0, 1.0);
        let h = f64::from((inner.bottom() - p.y) / inner.height()).clamp(0.0, 1.0);
        (t, h * h)
    };
    paint(model, ui, rect, inner, &transfer);
    let pointer = response.interact_pointer_pos();
    let near = |points: &[(f64, f64)], at: Pos2| {
        let distance = |i: &usize| place(points[*i]).distance(at);
        (0..points.len()).filter(|i| distance(i) < REACH).min_by(|a, b| distance(a).total_cmp(&distance(b)))
    };
    let mut changed = false;
    let press = ui.input(|i| i.pointer.press_origin());
    if response.drag_started_by(egui::PointerButton::Primary) {
        let start = press.or(pointer).unwrap_or_default();
        model.ui.dragged_point = near(&points, start).or_else(|| add(&mut points, read(start)));
    }
    if let (true, Some(at), Some(p)) =
        (response.dragged() || response.drag_stopped(), model.ui.dragged_point.filter(|i| *i < points.len()), pointer)
    {
        points[at] = between(&points, at, read(p));
        changed = true;
    }
    if response.drag_stopped() {
        model.ui.dragged_point = None;
    }
    if let (true, Some(p)) = (response.clicked(), pointer)
        && near(&points, p).is_none()
    {
        changed = add(&mut points, read(p)).is_some();
    }
    let removes = response.double_clicked() || response.secondary_clicked();
    if let Some(at) = pointer.filter(|_| removes).and_then(|p| near(&points, p)).filter(|_| points.len() > 2) {
        points.remove(at);
        changed = true;
    }
    draw_curve(ui, &points, place, response.hover_pos(), near);
    let held = model.ui.dragged_point.or_else(|| response.hover_pos().and_then(|p| near(&points, p)));
    if let Some((t, a)) = held.and_then(|i| points.get(i)) {
        let (factor, per) = model.factor_and_unit();
        let told = format!("{} at {}{per}", super::number(*a), super::number(transfer.value_at(*t) * factor));
        let at = inner.left_top() + vec2(2.0, 0.0);
        ui.painter().text(
            at,
            egui::Align2::LEFT_TOP,
            told,
            egui::FontId::proportional(11.0),
            super::super::style::TEXT,
        );
    }
    if changed {
        let text: Vec<String> = points.iter().map(|(t, a)| format!("{}:{}", short(*t), short(*a))).collect();
        model.edit("opacity", |o| o.set("opacity", Some(text.join(","))));
    }
    ui.horizontal(|ui| {
        response.on_hover_text("opacity: click adds a point, drag moves it, double click removes it");
        ui.small("opacity, from the lower to the upper limit");
        let is_own = model.session.options().get("opacity").is_some();
        if ui.add_enabled(is_own, egui::Button::new("reset").small()).clicked() {
            model.step(|o| o.set("opacity", None));
        }
    });
    super::fields(model, ui, "points", &[("opacity", "0:0, 0.5:0.2, 1:0.9", 190.0)])
        .on_hover_text("points of the curve: where between the limits, from 0 to 1, and how opaque");
}

/// The points of the option, or of the look.
fn points_of(model: &Model) -> Vec<(f64, f64)> {
    let view = &model.session.wanted().scene().view;
    let curve = match (&view.opacity, model.painted.as_ref().map(|painted| &painted.scene)) {
        (Some(curve), _) => curve.clone(),
        // A difference has a curve of its own.
        (None, Some(scene)) if scene.mode == VolumeMode::Fog => scene.transfer.opacity.clone(),
        (None, Some(scene)) => scene.cover(),
        (None, None) => view.look.opacity(),
    };
    curve.points().iter().map(|(t, a)| (short(*t), short(f64::from(*a)))).collect()
}

/// Four digits are finer than any hand.
fn short(v: f64) -> f64 {
    (v * 1e4).round() / 1e4
}

/// Adds a point in its order; none where another one stands.
fn add(points: &mut Vec<(f64, f64)>, new: (f64, f64)) -> Option<usize> {
    let new = (short(new.0), short(new.1));
    if points.iter().any(|p| p.0 == new.0) {
        return None;
    }
    let at = points.iter().position(|p| p.0 > new.0).unwrap_or(points.len());
    points.insert(at, new);
    Some(at)
}

/// A point moved, but not beyond its neighbours. The first and the last move only up and down: what lies beyond them has their
/// opacity.
fn between(points: &[(f64, f64)], at: usize, (t, a): (f64, f64)) -> (f64, f64) {
    let t = match (at.checked_sub(1), points.get(at + 1)) {
        (Some(before), Some(after)) => {
            let low = points[before].0 + 1e-3;
            short(t.clamp(low, (after.0 - 1e-3).max(low)))
        }
        _ => points[at].0,
    };
    (t, short(a))
}

/// The histogram within the limits, in the colours of the map.
fn paint(model: &Model, ui: &Ui, rect: Rect, inner: Rect, transfer: &crate::color::TransferFunction) {
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, CornerRadius::same(4), WELL);
    let columns = inner.width() as usize;
    for i in 0..columns {
        let t = (i as f64 + 0.5) / columns as f64;
        let height = model.histogram.as_ref().filter(|_| !model.is_along_rays()).map_or(0.0, |h| {
            let place = h.place(transfer.value_at(t));
            h.heights(place, place, 1)[0]
        });
        let [r, g, b] = transfer.colormap.at(t).map(|v| (v * 255.0) as u8);
        let x = inner.left() + i as f32;
        let bar = Rect::from_min_max(
            Pos2::new(x, inner.bottom() - height * inner.height()),
            Pos2::new(x + 1.0, inner.bottom()),
        );
        painter.rect_filled(bar, 0, Color32::from_rgb(r, g, b).gamma_multiply(0.45));
    }
}

fn draw_curve(
    ui: &Ui,
    points: &[(f64, f64)],
    place: impl Fn((f64, f64)) -> Pos2,
    hover: Option<Pos2>,
    near: impl Fn(&[(f64, f64)], Pos2) -> Option<usize>,
) {
    let at = |t: f64| {
        let after = points.iter().position(|p| p.0 > t);
        match after {
            Some(0) => points[0].1,
            Some(i) => {
                let ((a, x), (b, y)) = (points[i - 1], points[i]);
                x + (y - x) * (t - a) / (b - a)
            }
            None => points.last().map_or(0.0, |p| p.1),
        }
    };
    let line: Vec<Pos2> = (0..=160).map(|i| f64::from(i) / 160.0).map(|t| place((t, at(t)))).collect();
    ui.painter().line(line, Stroke::new(2.0, Color32::WHITE));
    let lit = hover.and_then(|p| near(points, p));
    for (i, p) in points.iter().enumerate() {
        let (radius, fill) = if lit == Some(i) { (5.5, ACCENT) } else { (4.0, Color32::WHITE) };
        ui.painter().circle(place(*p), radius, fill, Stroke::new(1.0, Color32::BLACK));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_stay_in_order_and_apart() {
        let mut points = vec![(0.0, 0.0), (1.0, 0.9)];
        assert_eq!(add(&mut points, (0.5, 0.25)), Some(1));
        assert_eq!(add(&mut points, (0.5, 0.3)), None);
        assert_eq!(between(&points, 1, (2.0, 0.1)), (0.999, 0.1));
        assert_eq!(between(&points, 1, (-2.0, 0.1)), (0.001, 0.1));
        assert_eq!(between(&points, 0, (0.7, 0.3)), (0.0, 0.3));
        assert_eq!(between(&points, 2, (0.7, 0.3)), (1.0, 0.3));
    }
}
