//! Densities along the line of sight under the cursor.

use egui::{Align2, CornerRadius, FontId, Pos2, Rect, RichText, Sense, Stroke, Ui, vec2};

use super::super::model::Model;
use super::super::places;
use super::super::probe::Probe;
use super::super::style::{ACCENT, TEXT, WEAK, WELL};
use super::number;

/// The most lines of a reading.
const LINES: usize = 3;

/// The panel: the profile, from the eye to the right, up to its largest density. It is as high without a reading, and
/// keeps the last one, so that nothing below it moves.
pub fn show(model: &mut Model, ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 110.0), Sense::hover());
    places::note(ui.ctx(), "profile", rect);
    let Some(probe) = model.prober.last_answer().filter(|probe| probe.profile.iter().any(|v| *v != 0.0)).cloned()
    else {
        ui.painter().rect_filled(rect, CornerRadius::same(4), WELL);
        let text = "hold the cursor over the picture";
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, text, FontId::proportional(12.0), WEAK);
        return lines(ui, &[]);
    };
    let most = probe.profile.iter().copied().fold(0.0, f32::max);
    let inner = Rect::from_min_max(rect.min + vec2(0.0, 16.0), rect.max - vec2(0.0, 16.0));
    ui.painter().rect_filled(rect, CornerRadius::same(4), WELL);
    draw(ui, inner, &probe, most);
    let unit = model.unit_text();
    let write = |at: Pos2, align, text: String| {
        ui.painter().text(at, align, text, FontId::proportional(11.0), WEAK);
    };
    write(rect.left_top() + vec2(4.0, 2.0), Align2::LEFT_TOP, number(f64::from(most) * probe.factor));
    let [near, far] = probe.span.map(|depth| format!("{}{unit}", number(depth)));
    write(rect.left_bottom() + vec2(4.0, -2.0), Align2::LEFT_BOTTOM, near);
    write(rect.center_bottom() - vec2(0.0, 2.0), Align2::CENTER_BOTTOM, "from the eye".to_owned());
    write(rect.right_bottom() - vec2(4.0, 2.0), Align2::RIGHT_BOTTOM, far);
    lines(ui, &told(&probe, &unit));
}

/// So many lines as there may be, each in one.
fn lines(ui: &mut Ui, told: &[String]) {
    for i in 0..LINES {
        let text = told.get(i).map_or(" ", String::as_str);
        ui.add(egui::Label::new(RichText::new(text).small()).truncate());
    }
}

/// What the ray meets, in words.
fn told(probe: &Probe, unit: &str) -> Vec<String> {
    let [most, share_of] = match probe.is_of_values {
        true => ["highest", "of the sum is as high"],
        false => ["densest", "of the mass is denser"],
    };
    let opacity = format!("{:.1} % opaque", 100.0 * probe.opacity);
    let half = probe.half_opacity.map(|depth| format!(", half of that {}{unit} from the eye", number(depth)));
    let peak = probe.peak.map(|[depth, value, above]| {
        let (value, share, per) = (number(value * probe.factor), 100.0 * above, &probe.per);
        let of = probe.name.as_ref().map_or(String::new(), |name| format!(" in {name}"));
        [format!("{most}{of}: {value}{per}, {}{unit} from the eye", number(depth)), format!("{share:.1} % {share_of}")]
    });
    [opacity + &half.unwrap_or_default()].into_iter().chain(peak.into_iter().flatten()).collect()
}

/// The profile as a line, small.
pub fn small(ui: &mut Ui, probe: &Probe) {
    let (rect, response) = ui.allocate_exact_size(vec2(120.0, 20.0), Sense::hover());
    response
        .on_hover_text("densities along the line of sight, from near to far; the mark is the place told on the right");
    ui.painter().rect_filled(rect, CornerRadius::same(2), WELL);
    draw(ui, rect.shrink2(vec2(0.0, 1.0)), probe, probe.most);
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
    let x = rect.left() + rect.width() * share_of_way(probe) as f32;
    ui.painter().vline(x, rect.y_range(), Stroke::new(1.0, ACCENT));
}

/// Where the place that is told lies on the ray's way through the density, 0 to 1.
fn share_of_way(probe: &Probe) -> f64 {
    let [near, far] = probe.span;
    if near < far { ((probe.depth - near) / (far - near)).clamp(0.0, 1.0) } else { 0.5 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ray_is_told_by_its_opacity_and_its_peak() {
        let mut probe = Probe {
            position: glam::DVec3::ZERO,
            subject: None,
            name: None,
            value: 0.5,
            factor: 2.0,
            per: "/nm³".into(),
            is_of_values: false,
            most: 1.0,
            mass_above: 0.5,
            profile: Vec::new(),
            span: [10.0, 20.0],
            depth: 12.5,
            opacity: 0.805,
            half_opacity: Some(12.345),
            peak: Some([13.0, 0.25, 0.105]),
            nearest: None,
        };
        let lines = told(&probe, " nm");
        assert!(lines.len() <= LINES);
        assert_eq!(lines[0], "80.5 % opaque, half of that 12.3 nm from the eye");
        assert_eq!(lines[1], "densest: 0.500/nm³, 13.0 nm from the eye");
        assert_eq!(lines[2], "10.5 % of the mass is denser");
        (probe.is_of_values, probe.name) = (true, Some("chain B".into()));
        assert_eq!(
            told(&probe, "")[1..],
            ["highest in chain B: 0.500/nm³, 13.0 from the eye", "10.5 % of the sum is as high"]
        );
        assert_eq!(share_of_way(&probe), 0.25);
        (probe.half_opacity, probe.peak) = (None, None);
        assert_eq!(told(&probe, ""), ["80.5 % opaque"]);
    }
}
