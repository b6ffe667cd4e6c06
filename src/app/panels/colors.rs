//! Limits, colours and opacity.

use egui::{ComboBox, RichText, Slider, Ui};

use super::super::model::Model;
use super::super::style::WEAK;
use super::{choice, curve, gallery, limits, row};
use crate::io::Values;
use crate::scene::ColorKey;

/// The panel.
pub fn show(model: &mut Model, ui: &mut Ui) {
    let idle = idle(model);
    if let Some(reason) = idle {
        ui.label(RichText::new(reason).small().color(WEAK));
    }
    let shown = ui.add_enabled_ui(idle.is_none(), |ui| {
        limits::show(model, ui);
        gallery::show(model, ui);
        row(ui, "scale", |ui| {
            let given = model.session.options().get("scale").unwrap_or_else(|| "linear".into());
            for name in ["linear", "sqrt", "log"] {
                if choice(ui, given == name, name) {
                    model.step(|o| o.set("scale", (name != "linear").then(|| name.to_owned())));
                }
            }
        });
    });
    shown.response.on_disabled_hover_text(idle.unwrap_or_default());
    if !matches!(model.mode().as_str(), "points" | "iso") {
        curve::show(model, ui);
        fog(model, ui);
    }
    quantity(model, ui);
}

/// Why limits and colour map change nothing; none if they do.
fn idle(model: &Model) -> Option<&'static str> {
    let scene = model.painted.as_ref().map(|painted| &painted.scene)?;
    let key = scene.points.as_ref().and_then(|points| points.colors.as_ref()).map(|colors| &colors.key)?;
    match key {
        _ if scene.volume => None,
        ColorKey::Constant => Some("all points have one colour: limits and colours change nothing"),
        ColorKey::Categories(_) => Some("each name has its own colour: limits and colours change nothing"),
        ColorKey::Column(_) | ColorKey::Densities => None,
    }
}

/// How dense the fog is.
fn fog(model: &mut Model, ui: &mut Ui) {
    let is_fog = matches!(model.mode().as_str(), "volume" | "both");
    let (name, meaning) = match is_fog {
        true => ("fog", "how dense the fog is as a whole"),
        false => ("cover", "how much of what is behind is covered as a whole"),
    };
    row(ui, name, |ui| {
        let mut factor = model.session.wanted().scene().view.global_opacity;
        let slider = Slider::new(&mut factor, 0.05..=20.0).logarithmic(true).custom_formatter(|v, _| super::number(v));
        if ui.add(slider).on_hover_text(meaning).changed() {
            model.edit("global-opacity", |o| o.set("global-opacity", (factor != 1.0).then(|| factor.to_string())));
        }
    });
}

/// What the numbers count.
fn quantity(model: &mut Model, ui: &mut Ui) {
    if model.is_of_values() {
        let told = match model.content.as_ref().map(|content| content.values()) {
            Some(Values::Counts) => "points in each cell",
            Some(Values::PerVolume) => "values per volume",
            _ => "values; the file tells no unit",
        };
        row(ui, "quantity", |ui| ui.label(told));
        return;
    }
    let (_, per) = model.factor_and_unit();
    row(ui, "quantity", |ui| {
        let given = model.session.options().get("quantity").unwrap_or_else(|| "density".into());
        let is_points = model.content.as_ref().is_some_and(|c| c.total.is_some());
        ComboBox::from_id_salt("quantity").selected_text(given.clone()).width(120.0).show_ui(ui, |ui| {
            for name in ["density", "counts"] {
                ui.add_enabled_ui(is_points || name == "density", |ui| {
                    let label = ui.selectable_label(given == name, name);
                    let why_not = "a volume does not say how many points it is of";
                    if label.on_disabled_hover_text(why_not).clicked() {
                        model.step(|o| {
                            ["vmin", "vmax"].into_iter().for_each(|option| o.set(option, None));
                            o.set("quantity", (name != "density").then(|| name.to_owned()));
                        });
                    }
                });
            }
        });
        if !per.is_empty() {
            ui.weak(format!("1{per}"));
        }
    });
}
