//! What makes a picture finer, at a cost.

use egui::{Slider, Ui};

use super::super::model::Model;
use super::{choice, row};

/// The rows of the panel.
pub fn show(model: &mut Model, ui: &mut Ui) {
    let mode = model.mode();
    if mode != "points" {
        row(ui, "interpolate", |ui| {
            let given = model.session.options().get("interpolation").unwrap_or_else(|| "linear".into());
            for name in ["linear", "cubic"] {
                if choice(ui, given == name, name) {
                    model.step(|o| o.set("interpolation", (name != "linear").then(|| name.to_owned())));
                }
            }
            ui.weak("?").on_hover_text("cubic is smooth, slower, and closer to the truth on coarse grids");
        });
    }
    if matches!(mode.as_str(), "volume" | "both" | "iso") {
        share(model, ui, "occlusion", "ambient-occlusion", "darkens what fog or surfaces close in");
    }
    if !matches!(mode.as_str(), "mip" | "minip" | "average" | "xray") {
        share(model, ui, "depth cue", "depth-cue", "colours fade into the background with their distance");
    }
    row(ui, "pictures", |ui| {
        let given = model.session.options().get("accumulate").unwrap_or_else(|| "1".into());
        for count in ["1", "4", "16", "64"] {
            if choice(ui, given == count, count) {
                model.step(|o| o.set("accumulate", (count != "1").then(|| count.to_owned())));
            }
        }
        ui.weak("?")
            .on_hover_text("the mean of so many, whose rays begin a little beside each other: smooth edges, at rest");
    });
}

/// A slider for a share from 0 to 1.
fn share(model: &mut Model, ui: &mut Ui, name: &str, option: &'static str, help: &'static str) {
    row(ui, name, |ui| {
        let mut value: f64 = model.session.options().get(option).and_then(|text| text.parse().ok()).unwrap_or(0.0);
        let slider = ui.add(Slider::new(&mut value, 0.0..=1.0).max_decimals(2));
        if slider.on_hover_text(help).changed() {
            model.edit(option, |o| o.set(option, (value > 0.0).then(|| value.to_string())));
        }
    });
}
