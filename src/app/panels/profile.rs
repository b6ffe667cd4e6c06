//! Densities along the line of sight under the cursor.

use egui::{Align2, CornerRadius, FontId, Pos2, Rect, RichText, Sense, Stroke, Ui, vec2};

use super::super::model::Model;
use super::super::probe::Probe;
use super::super::style::{ACCENT, TEXT, WEAK, WELL};
use super::number;

/// The panel: the profile, from the eye to the right, up to its largest density.
pub fn show(model: &mut Model, ui: &mut Ui) {
    let Some(probe) = model.prober.answer() else {
        ui.label(RichText::new("hold the cursor over the picture").color(WEAK));
        return;
    };
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 110.0), Sense::hover());
    let most = probe.profile.iter().copied().fold(0.0, f32::max);
    let inner = Rect::from_min_max(rect.min + vec2(0.0, 16.0), rect.max - vec2(0.0, 16.0));
    ui.painter().rect_filled(rect, CornerRadius::same(4), WELL);
    draw(ui, inner, probe, most);
    let unit = model.unit_text();
    let write = |at: Pos2, align, text: String| {
        ui.painter().text(at, align, text, FontId::proportional(11.0), WEAK);
    };
    write(rect.left_top() + vec2(4.0, 2.0), Align2::LEFT_TOP, number(f64::from(most) * model.factor_shown()));
    write(rect.left_bottom() + vec2(4.0, -2.0), Align2::LEFT_BOTTOM, "from the eye".to_owned());
    write(rect.right_bottom() - vec2(4.0, 2.0), Align2::RIGHT_BOTTOM, format!("{}{unit}", number(probe.length)));
}

/// The profile as a line, small.
pub fn small(ui: &mut Ui, model: &Model, probe: &Probe) {
    let (rect, response) = ui.allocate_exact_size(vec2(120.0, 20.0), Sense::hover());
    response
        .on_hover_text("densities along the line of sight, from near to far; the mark is the place told on the right");
    let most = model.histogram.as_ref().map_or(1.0, |h| h.range[1] as f32);
    ui.painter().rect_filled(rect, CornerRadius::same(2), WELL);
    draw(ui, rect.shrink2(vec2(0.0, 1.0)), probe, most);
}

fn draw(ui: &Ui, rect: Rect, probe: &Probe, most: f32) {
    let most = most.max(f32::MIN_POSITIVE);
    let count = probe.profile.len() as f32;
    let at = |(i, v): (usize, &f32)| {
        let x = rect.left() + rect.width() * (i as f32 + 0.5) / count;
        Pos2::new(x, rect.bottom() - rect.height() * (v / most).clamp(0.0, 1.0))
    };
    let line: Vec<Pos2> = probe.profile.iter().enumerate().map(at).collect();
    ui.painter().line(line, Stroke::new(1.0, TEXT));
    let x = rect.left() + rect.width() * probe.place as f32;
    ui.painter().vline(x, rect.y_range(), Stroke::new(1.0, ACCENT));
}
