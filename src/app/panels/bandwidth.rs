//! The width of the kernel.

use std::sync::Arc;

use egui::{
    Align2, Color32, CornerRadius, CursorIcon, FontId, Pos2, Rect, Response, RichText, Sense, Stroke, Ui, vec2,
};
use glam::DVec3;

use super::super::model::Model;
use super::super::places;
use super::super::style::{ACCENT, WEAK, WELL};
use super::{BANDWIDTH, choice, choice_button, fields, number, row};
use crate::cli::recipe::Draft;
use crate::geometry::LengthUnit;
use crate::io::Input;
use crate::kde::{Bandwidth, Report};

/// The scale goes from and to these multiples of Scott's factor.
const RANGE: [f64; 2] = [0.05, 4.0];
/// A wider factor may have been meant as a length.
const WIDE: f64 = 1.0;

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
    kind(model, ui, report);
    scale(model, ui, report);
    fields(model, ui, "or", &[("bandwidth", "scott, cv, 0.3, 2.5A, knn:10 ...", 190.0)]);
    let sigma = report.kernel.sigma();
    let unit = model.unit_text();
    if let (Some(Bandwidth::Factor(factor)), false) = (asked(model), unit.is_empty())
        && factor > WIDE
    {
        let told = format!("{} times the spread of the points; {0}{} would be a length", number(factor), unit.trim());
        ui.label(RichText::new(told).small().color(WEAK));
    }
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

/// The bandwidth that was asked for.
fn asked(model: &Model) -> Option<Bandwidth> {
    model.session.wanted().scene().density.bandwidth
}

/// Whether the kernel has the shape of the points or is round.
fn kind(model: &mut Model, ui: &mut Ui, report: &Report) {
    let given = asked(model);
    let is_round = matches!(given, Some(Bandwidth::Length { .. }));
    let of_points = matches!(given, Some(Bandwidth::Factor(_) | Bandwidth::Scott | Bandwidth::Silverman) | None);
    let Some(spread) = model.spread() else { return };
    let sigma = mean(report.kernel.sigma().to_array());
    let round = Bandwidth::Length { sigma: [digits(sigma); 3], unit: model.content.as_ref().and_then(|c| c.grid.unit) };
    let all = [
        (
            "as the points",
            of_points,
            Bandwidth::Factor(digits(sigma / spread)),
            "as wide along each axis as a share of their spread",
        ),
        ("round", is_round, round, "a length, the same along each axis"),
    ];
    row(ui, "kernel", |ui| {
        for (name, is_chosen, bandwidth, meaning) in all {
            let button = choice_button(ui, is_chosen, name).on_hover_text(meaning);
            places::note(ui.ctx(), name, button.rect);
            if button.clicked() && !is_chosen {
                model.step(|o| set(o, bandwidth));
            }
        }
    });
}

fn set(options: &mut Draft, bandwidth: Bandwidth) {
    options.set("sigma-columns", None);
    options.set("bandwidth", Some(text_of(bandwidth)));
}

/// As one would type it.
fn text_of(bandwidth: Bandwidth) -> String {
    match bandwidth {
        Bandwidth::Length { sigma: [x, y, z], unit: Some(unit) } if x == y && y == z => match unit {
            LengthUnit::Angstrom => format!("{x}A"),
            unit => format!("{x}{}", unit.name()),
        },
        other => other.to_string(),
    }
}

/// Four digits: finer than any hand.
fn digits(v: f64) -> f64 {
    format!("{v:.3e}").parse().unwrap_or(v)
}

/// The geometric mean.
fn mean(v: [f64; 3]) -> f64 {
    v.into_iter().product::<f64>().cbrt()
}

impl Model {
    /// The geometric mean of the standard deviations of the points along the axes; none where they do not fill space.
    fn spread(&mut self) -> Option<f64> {
        let opened = self.content.as_ref()?.opened.clone();
        if let Some((of, spread)) = &self.ui.spread
            && Arc::ptr_eq(of, &opened)
        {
            return *spread;
        }
        let Input::Points(points) = &opened.input else { return None };
        let spread = Some(mean(deviations(&points.cloud.positions).to_array())).filter(|s| *s > 0.0 && s.is_finite());
        self.ui.spread = Some((opened, spread));
        spread
    }
}

fn deviations(positions: &[DVec3]) -> DVec3 {
    let n = positions.len().max(1) as f64;
    let center = positions.iter().sum::<DVec3>() / n;
    let squares: DVec3 = positions.iter().map(|p| (*p - center) * (*p - center)).sum();
    (squares / n).map(f64::sqrt)
}

/// The scale of factors, on which one is dragged.
fn scale(model: &mut Model, ui: &mut Ui, report: &Report) {
    let kernel = &report.kernel;
    let of = |rule: Bandwidth| rule.factor(kernel.n_eff, kernel.dimensions).unwrap_or(1.0);
    let [scott, silverman] = [Bandwidth::Scott, Bandwidth::Silverman].map(of);
    let given = asked(model).unwrap_or_default();
    // A length stands where a factor would be as wide.
    let of_length = |sigma: [f64; 3], spread: f64| mean(sigma) / spread;
    let in_hand = match given {
        Bandwidth::Length { sigma, unit } => {
            let data = model.content.as_ref().and_then(|c| c.grid.unit);
            let times = unit.zip(data).and_then(|(from, to)| from.convert(1.0, to)).unwrap_or(1.0);
            model.spread().map(|spread| of_length(sigma.map(|s| s * times), spread))
        }
        _ => given.factor(kernel.n_eff, kernel.dimensions).or(kernel.factor),
    };
    let factor = in_hand;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 104.0), Sense::click_and_drag());
    places::note(ui.ctx(), "width", rect);
    // Names have two rows above, the ends of the scale one below.
    let inner = Rect::from_min_max(rect.min + vec2(6.0, 28.0), rect.max - vec2(6.0, 14.0));
    let axis = Axis { inner, range: RANGE.map(|r| r * scott) };
    ui.painter().rect_filled(rect, CornerRadius::same(4), WELL);
    let opened = model.content.as_ref().map(|c| c.opened.clone());
    let found = opened.as_ref().and_then(|opened| model.search.found(opened)).or(report.selection.as_ref()).cloned();
    if let Some(found) = &found {
        scores(ui, &axis, &found.scores, found.factor);
    }
    let best = found.as_ref().map(|f| f.factor);
    marks(ui, rect, &axis, [("Scott", Some(scott)), ("Silverman", Some(silverman)), ("CV", best)]);
    for (range, align) in [(axis.range[0], Align2::LEFT_BOTTOM), (axis.range[1], Align2::RIGHT_BOTTOM)] {
        let at = if align == Align2::LEFT_BOTTOM { rect.left_bottom() } else { rect.right_bottom() };
        ui.painter().text(at, align, number(range), FontId::proportional(10.0), WEAK);
    }
    if let Some(factor) = factor {
        ui.painter().vline(axis.x(factor), rect.y_range(), Stroke::new(2.0, ACCENT));
        ui.painter().circle_filled(Pos2::new(axis.x(factor), inner.bottom()), 5.0, ACCENT);
    }
    drag(model, &axis, &response, given, factor);
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

/// A drag of a factor; a length keeps its shape.
fn drag(model: &mut Model, axis: &Axis, response: &Response, given: Bandwidth, shown: Option<f64>) {
    if response.hovered() {
        response.ctx.set_cursor_icon(CursorIcon::ResizeHorizontal);
    }
    let Some(p) =
        response.interact_pointer_pos().filter(|_| response.dragged() || response.drag_stopped() || response.clicked())
    else {
        return;
    };
    let factor = axis.factor(p.x);
    let bandwidth = match (given, shown) {
        (Bandwidth::Length { sigma, unit }, Some(shown)) => {
            Bandwidth::Length { sigma: sigma.map(|s| digits(s * factor / shown)), unit }
        }
        _ => Bandwidth::Factor(digits(factor)),
    };
    model.edit(BANDWIDTH, |o| set(o, bandwidth));
}

/// Where the rules are, in a row for each name: its line begins below it, and lines of others pass behind it.
fn marks(ui: &Ui, rect: Rect, axis: &Axis, all: [(&str, Option<f64>); 3]) {
    let mut all: Vec<(&str, f32)> = all.into_iter().filter_map(|(name, f)| Some((name, axis.x(f?)))).collect();
    all.sort_by(|a, b| a.1.total_cmp(&b.1));
    for (_, x) in &all {
        ui.painter().vline(*x, rect.y_range(), Stroke::new(1.0, Color32::from_gray(110)));
    }
    let mut ends = [rect.left(); 3];
    for (name, x) in all {
        let galley = ui.painter().layout_no_wrap(name.to_owned(), FontId::proportional(10.0), WEAK);
        let width = galley.size().x;
        let left = (x - 0.5 * width).clamp(rect.left() + 2.0, rect.right() - width - 2.0);
        let row = ends.iter().position(|end| *end < left).unwrap_or(0);
        ends[row] = left + width + 6.0;
        let at = Pos2::new(left, rect.top() + 2.0 + 12.0 * row as f32);
        ui.painter().rect_filled(Rect::from_min_size(at, galley.size()).expand2(vec2(2.0, 0.0)), 0, WELL);
        ui.painter().galley(at, galley, WEAK);
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
    fn spreads_are_standard_deviations() {
        let all = [DVec3::new(1.0, 0.0, 5.0), DVec3::new(3.0, 8.0, 5.0)];
        assert_eq!(deviations(&all), DVec3::new(1.0, 4.0, 0.0));
        assert!((mean([1.0, 4.0, 16.0]) - 4.0).abs() < 1e-12 && digits(0.123456) == 0.1235);
    }

    /// Catches: a text that is read as another bandwidth.
    #[test]
    fn lengths_are_written_as_they_are_typed() {
        let length = |sigma, unit| Bandwidth::Length { sigma, unit };
        let all = [length([1.5; 3], Some(LengthUnit::Angstrom)), length([2.0, 2.0, 3.0], Some(LengthUnit::Nanometre))];
        for bandwidth in [all[0], all[1], length([2.0; 3], None), Bandwidth::Factor(0.3)] {
            assert_eq!(text_of(bandwidth).parse::<Bandwidth>().unwrap(), bandwidth);
        }
        assert_eq!(text_of(all[0]), "1.5A");
    }

    #[test]
    fn factors_and_places_undo_each_other() {
        let axis = Axis { inner: Rect::from_min_max(Pos2::new(10.0, 0.0), Pos2::new(210.0, 80.0)), range: [0.01, 1.0] };
        for factor in [0.01, 0.07, 0.5, 1.0] {
            assert!((axis.factor(axis.x(factor)) / factor - 1.0).abs() < 1e-3);
        }
        assert_eq!((axis.x(0.1), axis.factor(-50.0), axis.x(9.0)), (110.0, 0.01, 210.0));
    }
}
