//! The width of the kernel.

use egui::{
    Align2, Color32, CornerRadius, CursorIcon, FontId, Pos2, Rect, Response, RichText, Sense, Stroke, Ui, vec2,
};

use super::super::model::Model;
use super::super::places;
use super::super::style::{ACCENT, WEAK, WELL};
use super::{BANDWIDTH, choice, fields, number, row};
use crate::kde::{Bandwidth, Report};

/// The scale goes from and to these multiples of Scott's factor.
const RANGE: [f64; 2] = [0.05, 4.0];
/// Factors from left to right, by their logarithms.
struct Axis {
    inner: Rect,
    range: [f64; 2],
}

impl Axis {
    fn x(&self, factor: f64) -> f32 {
        let [low, high] = self.range;
        let place = ((factor / low).ln() / (high / low).ln()).clamp(0.0, 1.0);
        self.inner.left() + self.inner.width() * place as f32
    }

    fn factor(&self, x: f32) -> f64 {
        let [low, high] = self.range;
        low * (high / low).powf(f64::from((x - self.inner.left()) / self.inner.width()).clamp(0.0, 1.0))
    }
}

/// The panel: a scale of factors with the rules and the score of cross-validation, and a field for anything else.
pub fn show(model: &mut Model, ui: &mut Ui) {
    let Some(content) = model.content.clone() else { return };
    let Some(report) = &content.report else {
        ui.label(RichText::new("a volume has no kernel").color(WEAK));
        return;
    };
    model.search_bandwidth(false);
    let given = model.session.options().get("bandwidth");
    row(ui, "rule", |ui| {
        for (name, rule) in [("Scott", None), ("Silverman", Some("silverman")), ("CV", Some("cv"))] {
            if choice(ui, given.as_deref() == rule, name) {
                model.step(|o| {
                    o.set("sigma-columns", None);
                    o.set("bandwidth", rule.map(str::to_owned));
                });
            }
        }
    });
    scale(model, ui, report);
    fields(model, ui, "or", &[("bandwidth", "scott, cv, 0.3, 2.5A, knn:10 ...", 190.0)]);
    let sigma = report.kernel.sigma();
    let unit = model.unit_text();
    if let Some(factor) = report.kernel.factor {
        row(ui, "factor", |ui| ui.label(number(factor)).on_hover_text("of the standard deviation of the points"));
    }
    row(ui, "widths", |ui| {
        ui.label(format!("{}, {}, {}{unit}", number(sigma.x), number(sigma.y), number(sigma.z)))
            .on_hover_text("standard deviations of the kernel along x, y and z")
    });
    row(ui, "error", |ui| {
        ui.label(format!("below {:.0e} of the maximum", report.error_relative_to_max)).on_hover_text(format!(
            "{} method; {:.1e} at sampled nodes; proven for any points: below {:.1e}",
            report.method, report.sampled_error_relative_to_max, report.bound_relative_to_max
        ))
    });
}

/// The scale of factors, on which one is dragged.
fn scale(model: &mut Model, ui: &mut Ui, report: &Report) {
    let kernel = &report.kernel;
    let of = |rule: Bandwidth| rule.factor(kernel.n_eff, kernel.dimensions).unwrap_or(1.0);
    let [scott, silverman] = [Bandwidth::Scott, Bandwidth::Silverman].map(of);
    let given = model.session.wanted().scene().density.bandwidth.unwrap_or_default();
    let factor = given.factor(kernel.n_eff, kernel.dimensions).or(kernel.factor);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 92.0), Sense::click_and_drag());
    places::note(ui.ctx(), "width", rect);
    let inner = Rect::from_min_max(rect.min + vec2(6.0, 16.0), rect.max - vec2(6.0, 4.0));
    let axis = Axis { inner, range: RANGE.map(|r| r * scott) };
    ui.painter().rect_filled(rect, CornerRadius::same(4), WELL);
    let opened = model.content.as_ref().map(|c| c.opened.clone());
    let found = opened.as_ref().and_then(|opened| model.search.found(opened)).or(report.selection.as_ref()).cloned();
    if let Some(found) = &found {
        scores(ui, &axis, &found.scores, found.factor);
    }
    let best = found.as_ref().map(|f| f.factor);
    marks(ui, rect, &axis, [("Scott", Some(scott)), ("Silverman", Some(silverman)), ("CV", best)]);
    if let Some(factor) = factor {
        ui.painter().vline(axis.x(factor), rect.y_range(), Stroke::new(2.0, ACCENT));
        ui.painter().circle_filled(Pos2::new(axis.x(factor), inner.bottom()), 5.0, ACCENT);
    }
    drag(model, &axis, &response);
    let hint = match (&found, model.search.is_busy()) {
        (Some(_), _) => "drag the kernel's width; the curve is the score of cross-validation, of which less is better",
        (None, true) => "drag the kernel's width; the score of cross-validation is being found",
        (None, false) => "drag the kernel's width",
    };
    ui.label(RichText::new(hint).small().color(WEAK));
    if found.is_none() && !model.search.is_busy() && ui.small_button("Find the score of cross-validation").clicked() {
        model.search_bandwidth(true);
    }
}

fn drag(model: &mut Model, axis: &Axis, response: &Response) {
    if response.hovered() {
        response.ctx.set_cursor_icon(CursorIcon::ResizeHorizontal);
    }
    let Some(p) =
        response.interact_pointer_pos().filter(|_| response.dragged() || response.drag_stopped() || response.clicked())
    else {
        return;
    };
    let text = format!("{:.3e}", axis.factor(p.x)).parse::<f64>().unwrap_or_default().to_string();
    model.edit(BANDWIDTH, |o| {
        o.set("sigma-columns", None);
        o.set("bandwidth", Some(text));
    });
}

/// Where the rules are; a name that would stand on the one before begins a line below.
fn marks(ui: &Ui, rect: Rect, axis: &Axis, all: [(&str, Option<f64>); 3]) {
    let mut all: Vec<(&str, f32)> = all.into_iter().filter_map(|(name, f)| Some((name, axis.x(f?)))).collect();
    all.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut ends = [rect.left(); 3];
    for (name, x) in all {
        ui.painter().vline(x, rect.y_range(), Stroke::new(1.0, Color32::from_gray(110)));
        let galley = ui.painter().layout_no_wrap(name.to_owned(), FontId::proportional(10.0), WEAK);
        let line = ends.iter().position(|end| *end < x).unwrap_or(0);
        ends[line] = x + galley.size().x + 6.0;
        let at = Pos2::new((x + 3.0).min(rect.right() - galley.size().x - 2.0), rect.top() + 2.0 + 12.0 * line as f32);
        ui.painter().text(at, Align2::LEFT_TOP, name, FontId::proportional(10.0), WEAK);
    }
}

/// The curve of the scores within the scale; that of the best factor lies low, that of the widest high.
fn scores(ui: &Ui, axis: &Axis, scores: &[[f64; 2]], best: f64) {
    let shown = |s: &&[f64; 2]| s[1].is_finite() && (axis.range[0]..=axis.range[1]).contains(&s[0]);
    let scores: Vec<[f64; 2]> = scores.iter().filter(shown).copied().collect();
    let away = |s: &&[f64; 2]| (s[0] / best).ln().abs();
    let least = scores.iter().min_by(|a, b| away(a).total_cmp(&away(b))).map_or(0.0, |s| s[1]);
    let widest = scores.last().map_or(least, |s| s[1]);
    let depth = widest - least;
    if scores.len() < 2 || depth <= 0.0 {
        return;
    }
    let y =
        |score: f64| axis.inner.bottom() - axis.inner.height() * 0.9 * ((score - least) / depth).clamp(0.0, 1.1) as f32;
    let line: Vec<Pos2> = scores.iter().map(|s| Pos2::new(axis.x(s[0]), y(s[1]))).collect();
    ui.painter().line(line, Stroke::new(1.5, Color32::WHITE));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_and_places_undo_each_other() {
        let axis = Axis { inner: Rect::from_min_max(Pos2::new(10.0, 0.0), Pos2::new(210.0, 80.0)), range: [0.01, 1.0] };
        for factor in [0.01, 0.07, 0.5, 1.0] {
            assert!((axis.factor(axis.x(factor)) / factor - 1.0).abs() < 1e-3);
        }
        assert_eq!((axis.x(0.1), axis.factor(-50.0), axis.x(9.0)), (110.0, 0.01, 210.0));
    }
}
