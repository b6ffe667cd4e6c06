//! The width of the kernel.

use egui::{Color32, CornerRadius, Pos2, Sense, Slider, Stroke, Ui, vec2};

use super::super::model::Model;
use super::super::style::{ACCENT, WEAK, WELL};
use super::{choice, field, row};
use crate::kde::Bandwidth;

/// The slider goes from and to these multiples of Scott's factor.
const RANGE: [f64; 2] = [0.15, 4.0];

/// The panel: a slider over factors with the marks of the rules, and a field for anything else.
pub fn show(model: &mut Model, ui: &mut Ui) {
    let Some(content) = model.content.clone() else { return };
    let Some(report) = &content.report else {
        ui.label(egui::RichText::new("a volume has no kernel").color(WEAK));
        return;
    };
    let kernel = &report.kernel;
    let of = |rule: Bandwidth| rule.factor(kernel.n_eff, kernel.dimensions).unwrap_or(1.0);
    let [scott, silverman] = [Bandwidth::Scott, Bandwidth::Silverman].map(of);
    let given = model.session.options().get("bandwidth");
    let factor = given.as_deref().and_then(|text| text.parse().ok()).or(kernel.factor);
    let searched = report.selection.as_ref().map(|s| s.factor);
    row(ui, "rule", |ui| {
        for (name, rule) in [("scott", None), ("silverman", Some("silverman")), ("cv", Some("cv"))] {
            if choice(ui, given.as_deref() == rule, name) {
                model.step(|o| {
                    o.set("sigma-columns", None);
                    o.set("bandwidth", rule.map(str::to_owned));
                });
            }
        }
    });
    row(ui, "factor", |ui| {
        let mut value = factor.unwrap_or(scott);
        let range = RANGE[0] * scott..=RANGE[1] * scott;
        let slider = Slider::new(&mut value, range).logarithmic(true).custom_formatter(|v, _| super::number(v));
        let response = ui.add(slider);
        marks(ui, &response, scott, &[scott, silverman].map(Some).into_iter().chain([searched]).collect::<Vec<_>>());
        if response.changed() {
            let text = format!("{value:.4}");
            model.edit("bandwidth", |o| {
                o.set("sigma-columns", None);
                o.set("bandwidth", Some(text));
            });
        }
        response.on_hover_text("marks: Scott, Silverman, and cross-validation once it was searched");
    });
    row(ui, "or", |ui| field(model, ui, "bandwidth", "scott, cv, 0.3, 2.5A, knn:10 ...", 190.0));
    let sigma = kernel.sigma();
    let unit = content.grid.unit.map_or(String::new(), |u| format!(" {}", u.symbol()));
    row(ui, "widths", |ui| {
        ui.label(format!("{}, {}, {}{unit}", super::number(sigma.x), super::number(sigma.y), super::number(sigma.z)))
            .on_hover_text("standard deviations of the kernel along x, y and z")
    });
    row(ui, "error", |ui| {
        ui.label(format!("below {:.0e} of the maximum", report.error_relative_to_max)).on_hover_text(format!(
            "{} method; proven bound {:.1e}; {:.1e} at sampled nodes",
            report.method, report.bound_relative_to_max, report.sampled_error_relative_to_max
        ))
    });
    if let Some(selection) = &report.selection {
        scores(ui, &selection.scores, selection.factor);
    }
}

/// Where the rules are, under the slider.
fn marks(ui: &Ui, response: &egui::Response, scott: f64, factors: &[Option<f64>]) {
    let width = ui.spacing().slider_width;
    let place = |f: f64| ((f / scott / RANGE[0]).ln() / (RANGE[1] / RANGE[0]).ln()) as f32;
    let radius = response.rect.height() / 2.5;
    for factor in factors.iter().flatten() {
        let x = response.rect.left() + radius + place(*factor).clamp(0.0, 1.0) * (width - 2.0 * radius);
        let y = response.rect.bottom();
        ui.painter().vline(x, y - 4.0..=y + 1.0, Stroke::new(1.5, ACCENT));
    }
}

/// The scores of the search, over the logarithm of the factor.
fn scores(ui: &mut Ui, scores: &[[f64; 2]], best: f64) {
    let finite: Vec<[f64; 2]> = scores.iter().copied().filter(|s| s[0] > 0.0 && s[1].is_finite()).collect();
    let range = |axis: usize| {
        let values = finite.iter().map(|s| if axis == 0 { s[0].ln() } else { s[1] });
        values.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], v| [a.min(v), b.max(v)])
    };
    let ([x0, x1], [y0, y1]) = (range(0), range(1));
    if finite.len() < 2 || x0 >= x1 || y0 >= y1 {
        return;
    }
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 60.0), Sense::hover());
    ui.painter().rect_filled(rect, CornerRadius::same(4), WELL);
    let inner = rect.shrink(5.0);
    let x = |f: f64| inner.left() + inner.width() * ((f.ln() - x0) / (x1 - x0)) as f32;
    let y = |v: f64| inner.bottom() - inner.height() * ((v - y0) / (y1 - y0)) as f32;
    let line: Vec<Pos2> = finite.iter().map(|s| Pos2::new(x(s[0]), y(s[1]))).collect();
    ui.painter().line(line, Stroke::new(1.5, Color32::WHITE));
    ui.painter().vline(x(best), rect.y_range(), Stroke::new(1.0, ACCENT));
    response.on_hover_text("the score of the search over the factor; the best is marked");
}
