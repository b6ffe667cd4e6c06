//! The limits of the colours on the histogram of the densities.

use egui::{Align2, Color32, CornerRadius, CursorIcon, FontId, Pos2, Rect, Sense, Shape, Stroke, Ui, vec2};

use super::super::histogram::Histogram;
use super::super::model::Model;
use super::super::places;
use super::super::style::{ACCENT, WEAK, WELL};
use super::{choice_button, fields};

/// Limits chosen from the data: what is written on the button, the option, what it means.
const RULES: [(&str, Option<&str>, &str); 5] = [
    ("auto", None, "98 % of the mass lie above the lower limit, 5 % above the upper"),
    ("90/20 %", Some("mass:0.9,0.2"), "90 % of the mass lie above the lower limit, 20 % above the upper"),
    ("2-98", Some("percentile:2,98"), "the 2nd and the 98th percentile of the nodes"),
    ("range", Some("range:0,1"), "from the smallest to the largest value"),
    ("half", Some("range:0,0.5"), "from the smallest value to the middle of the range"),
];

/// Height of the numbers below the bars, in points.
const NUMBERS: f32 = 15.0;
/// No more numbers than these.
const MOST_NUMBERS: usize = 6;

/// The histogram with its two handles, buttons and fields.
pub fn show(model: &mut Model, ui: &mut Ui) {
    let (Some(histogram), Some(painted)) = (model.histogram.clone(), &model.painted) else { return };
    let is_density = !model.is_along_rays();
    let limits = painted.scene.transfer.limits;
    let colors = painted.scene.transfer.clone();
    if is_density {
        let size = vec2(ui.available_width(), 84.0 + NUMBERS);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
        ui.painter().rect_filled(rect, CornerRadius::same(4), WELL);
        // Handles at the ends have room, too, and numbers below.
        let inner = rect.shrink2(vec2(8.0, 0.0)).with_max_y(rect.bottom() - NUMBERS);
        numbers(model, ui, inner, rect, &histogram);
        paint(ui, inner, &histogram, &colors);
        handles(model, ui, inner, &response, &histogram, limits);
        places::note(ui.ctx(), "histogram", inner);
        let is_of_frames = model.are_limits_of_frames();
        if is_of_frames {
            let (at, font) = (rect.center_top() + vec2(0.0, 3.0), FontId::proportional(11.0));
            ui.painter().text(at, Align2::CENTER_TOP, "auto, of all frames", font, WEAK);
            places::note(ui.ctx(), "of all frames", rect);
        }
        ui.horizontal_wrapped(|ui| {
            let options = model.session.options();
            let is_typed = options.get("vmin").or(options.get("vmax")).is_some();
            let given = options.get("limits");
            for (name, rule, meaning) in RULES {
                let is_chosen = (!is_typed || is_of_frames) && given.as_deref() == rule;
                let is_wrong = ["vmin", "vmax"].iter().any(|option| model.ui.wrong.contains_key(option));
                let button = choice_button(ui, is_chosen, name).on_hover_text(meaning);
                places::note(ui.ctx(), name, button.rect);
                // What was typed and is wrong goes, too.
                if button.clicked() && is_of_frames && rule.is_none() {
                    model.survey_limits_again();
                } else if button.clicked() && (!is_chosen || is_wrong) {
                    set_rule(model, rule);
                }
            }
        });
    }
    let factor = model.factor_shown();
    let [low, high] = limits.map(|v| super::number(v * factor));
    fields(model, ui, "from, to", &[("vmin", &low, 92.0), ("vmax", &high, 92.0)]);
}

/// Has limits chosen from the data; what was typed instead goes, also what was wrong.
pub fn set_rule(model: &mut Model, rule: Option<&str>) {
    model.ui.clear_fields(&["vmin", "vmax"]);
    model.step(|o| {
        ["vmin", "vmax"].into_iter().for_each(|option| o.set(option, None));
        o.set("limits", rule.map(str::to_owned));
    });
}

/// Round values below the bars, the last one with what it is in.
fn numbers(model: &Model, ui: &Ui, bars: Rect, room: Rect, histogram: &Histogram) {
    let (factor, per) = model.factor_and_unit();
    let (font, y) = (FontId::proportional(10.0), bars.bottom() + 2.0);
    let mut right = room.right() - 2.0;
    for (n, value) in histogram.round_values(factor, MOST_NUMBERS).into_iter().rev().enumerate() {
        let x = bars.left() + bars.width() * histogram.place(value / factor) as f32;
        let text = if n == 0 { round(value) + &per } else { round(value) };
        let galley = ui.painter().layout_no_wrap(text, font.clone(), WEAK);
        let left = (x - 0.5 * galley.size().x).clamp(room.left() + 2.0, (right - galley.size().x).max(room.left()));
        // A number that has no room below its mark is left out.
        if left + 0.5 * galley.size().x < x - 12.0 && n > 0 {
            continue;
        }
        right = left - 6.0;
        ui.painter().vline(x, y - 2.0..=y + 1.0, Stroke::new(1.0, WEAK));
        ui.painter().galley(Pos2::new(left, y), galley, WEAK);
    }
}

/// A round number as short as it can be.
fn round(value: f64) -> String {
    if value == 0.0 || (0.01..10_000.0).contains(&value.abs()) {
        return crate::geometry::without_trailing_zeros(&format!("{value:.4}")).to_owned();
    }
    let text = format!("{value:.1e}");
    text.replace(".0e", "e")
}

/// Bars in the colours of the limits.
fn paint(ui: &Ui, rect: Rect, histogram: &Histogram, transfer: &crate::color::TransferFunction) {
    let painter = ui.painter_at(rect);
    let columns = rect.width() as usize;
    for (i, height) in histogram.heights(0.0, 1.0, columns).into_iter().enumerate() {
        let value = histogram.value((i as f64 + 0.5) / columns as f64);
        let t = transfer.position(value);
        let [r, g, b] = transfer.colormap.at(t).map(|v| (v * 255.0) as u8);
        let color = if value < transfer.limits[0] { Color32::from_gray(60) } else { Color32::from_rgb(r, g, b) };
        let x = rect.left() + i as f32;
        let top = rect.bottom() - height * (rect.height() - 6.0);
        painter.rect_filled(Rect::from_min_max(Pos2::new(x, top), Pos2::new(x + 1.0, rect.bottom())), 0, color);
    }
}

fn handles(model: &mut Model, ui: &Ui, rect: Rect, response: &egui::Response, histogram: &Histogram, limits: [f64; 2]) {
    let x_of = |v: f64| rect.left() + rect.width() * histogram.place(v) as f32;
    let xs = limits.map(x_of);
    let nearest = |x: f32| usize::from((x - xs[1]).abs() < (x - xs[0]).abs() || (xs[0] == xs[1] && x > xs[0]));
    let pointer = response.interact_pointer_pos().or(response.hover_pos());
    if response.drag_started() {
        let press = ui.input(|i| i.pointer.press_origin());
        model.ui.dragged_limit = press.or(pointer).map(|p| nearest(p.x));
    }
    if (response.dragged() || response.drag_stopped())
        && let (Some(p), Some(at)) = (pointer, model.ui.dragged_limit)
    {
        let place = f64::from((p.x - rect.left()) / rect.width()).clamp(0.0, 1.0);
        let mut moved = limits;
        moved[at] = histogram.value(place);
        let ordered = if at == 0 { [moved[0].min(limits[1]), limits[1]] } else { [limits[0], moved[1].max(limits[0])] };
        let factor = model.factor_shown();
        model.set_limits("limits", ordered.map(|v| v * factor));
    }
    if response.drag_stopped() {
        model.ui.dragged_limit = None;
    }
    if response.hovered() {
        ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
    }
    for (i, x) in xs.into_iter().enumerate() {
        let is_held = model.ui.dragged_limit == Some(i);
        let color = if is_held { ACCENT } else { Color32::WHITE };
        ui.painter().vline(x, rect.y_range(), Stroke::new(1.5, color));
        let tip = if i == 0 { -6.0 } else { 6.0 };
        let corners = vec![Pos2::new(x, rect.top()), Pos2::new(x + tip, rect.top()), Pos2::new(x, rect.top() + 9.0)];
        ui.painter().add(Shape::convex_polygon(corners, color, Stroke::NONE));
    }
    if let Some(p) = response.hover_pos() {
        let value = histogram.value(f64::from((p.x - rect.left()) / rect.width()).clamp(0.0, 1.0));
        let (factor, per) = model.factor_and_unit();
        let share = 100.0 * histogram.mass_above(value);
        let value = super::number(value * factor);
        let text =
            format!("{value}{per}: {share:.1} % {}\ndrag a limit; heights are logarithms", model.words_of_share());
        response.clone().on_hover_text_at_pointer(text);
    }
}
