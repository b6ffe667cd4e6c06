//! What is drawn of the density.

use egui::{ComboBox, Slider, SliderClamping, Ui};
use glam::DVec3;

use super::super::clip_box::{THINNEST, text_of};
use super::super::input::MODES;
use super::super::model::Model;
use super::{choice, fields, row, trace};
use crate::geometry::without_trailing_zeros;
use crate::io::Input;

/// The panel.
pub fn show(model: &mut Model, ui: &mut Ui) {
    let mode = model.mode();
    row(ui, "mode", |ui| {
        let is_of_values = model.is_of_values();
        let words = |what: &str| if is_of_values { what.replace("density", "value") } else { what.to_owned() };
        let name = words(MODES.iter().find(|m| m.0 == mode).map_or(mode.as_str(), |m| m.1));
        ComboBox::from_id_salt("mode").selected_text(name).width(190.0).show_ui(ui, |ui| {
            for (i, (id, what)) in MODES.iter().enumerate() {
                let why_not = model.why_not(id);
                ui.add_enabled_ui(why_not.is_none(), |ui| {
                    let label = ui.selectable_label(mode == *id, format!("{}   {}", i + 1, words(what)));
                    if label.on_disabled_hover_text(why_not.unwrap_or_default()).clicked() {
                        model.set_mode(id);
                    }
                });
            }
        });
    });
    if matches!(mode.as_str(), "points" | "both") {
        points(model, ui);
    }
    if mode == "iso" {
        fields(model, ui, "levels", &[("iso", "mass:0.5", 190.0)]).on_hover_text(
            "values, or mass:0.5,0.9 for the surfaces that hold these shares; each with an opacity: mass:0.9:0.3",
        );
    }
    if matches!(mode.as_str(), "volume" | "both" | "iso" | "slice") {
        slices(model, ui, mode == "slice");
    }
    clip(model, ui);
    trace::show(model, ui);
    row(ui, "look", |ui| {
        let look = model.session.options().get("look").unwrap_or_else(|| "default".into());
        for name in ["default", "mayavi"] {
            if choice(ui, look == name, name) {
                model.step(|o| o.set("look", (name != "default").then(|| name.to_owned())));
            }
        }
    });
    lighting(model, ui);
}

fn lighting(model: &mut Model, ui: &mut Ui) {
    row(ui, "lighting", |ui| {
        let given = model.session.options().get("shading");
        for (text, value) in [("auto", None), ("on", Some("on")), ("off", Some("off"))] {
            if choice(ui, given.as_deref() == value, text) {
                model.step(|o| o.set("shading", value.map(str::to_owned)));
            }
        }
    });
}

fn points(model: &mut Model, ui: &mut Ui) {
    let Some(diameter) = model.painted.as_ref().and_then(|p| p.scene.points.as_ref()).map(|p| p.diameter.length())
    else {
        return;
    };
    row(ui, "size", |ui| {
        let mut size = diameter;
        let most = 0.1 * model.size_of_data();
        let slider =
            Slider::new(&mut size, most * 1e-3..=most).logarithmic(true).custom_formatter(|v, _| super::number(v));
        if ui.add(slider).changed() {
            model.edit("point-size", |o| o.set("point-size", Some(size.to_string())));
        }
    });
    let hint = "density, x, y, z, a column of the file, or a colour such as #ff8800";
    ui.horizontal(|ui| {
        fields(model, ui, "coloured by", &[("color-by", "density", 158.0)]).on_hover_text(hint);
        colors_by(model, ui);
    });
}

/// What points can be coloured by.
fn colors_by(model: &mut Model, ui: &mut Ui) {
    let of_file = match model.content.as_ref().map(|c| &c.opened.input) {
        Some(Input::Points(points)) => points.columns.clone(),
        _ => Vec::new(),
    };
    ComboBox::from_id_salt("color-by").selected_text("").width(0.0).height(320.0).show_ui(ui, |ui| {
        let own = ["density", "x", "y", "z"].map(str::to_owned);
        for name in own.into_iter().chain(of_file) {
            if ui.selectable_label(false, &name).clicked() {
                model.ui.clear_fields(&["color-by"]);
                model.step(|o| o.set("color-by", (name != "density").then_some(name)));
            }
        }
    });
}

/// A coordinate, with five digits: places in a large box are told apart.
pub fn place(v: f64) -> String {
    match v.abs() {
        0.0 => "0".to_owned(),
        size if (0.01..1e6).contains(&size) => {
            let digits = (4 - size.log10().floor() as i32).clamp(0, 4) as usize;
            without_trailing_zeros(&format!("{v:.digits$}")).to_owned()
        }
        _ => super::number(v),
    }
}

/// Planes across the axes.
fn slices(model: &mut Model, ui: &mut Ui, are_all: bool) {
    let Some(bounds) = model.content.as_ref().map(|c| c.grid.lattice.bounds()) else { return };
    let list = model.session.options().list("slice");
    let center = model.content.as_ref().map_or(DVec3::ZERO, |c| c.grid.focus.center());
    for (axis, name) in ["x", "y", "z"].into_iter().enumerate() {
        let given = list.iter().find_map(|s| s.strip_prefix(name)?.strip_prefix('=')?.parse::<f64>().ok());
        let by_default = (are_all && list.is_empty()).then_some(center[axis]);
        row(ui, if axis == 0 { "slices" } else { "" }, |ui| {
            let mut is_on = given.or(by_default).is_some();
            let mut at = given.or(by_default).unwrap_or(center[axis]);
            let toggled = ui.checkbox(&mut is_on, name).changed();
            let slider = Slider::new(&mut at, bounds.min[axis]..=bounds.max[axis]).custom_formatter(|v, _| place(v));
            let moved = ui.add_enabled(is_on, slider).changed();
            if toggled || moved {
                let of = |a: usize, at: f64| format!("{}={at}", ["x", "y", "z"][a]);
                let mut kept: Vec<String> = match are_all && list.is_empty() {
                    true => (0..3).filter(|a| *a != axis).map(|a| of(a, center[a])).collect(),
                    false => list.iter().filter(|s| !s.starts_with(&format!("{name}="))).cloned().collect(),
                };
                if is_on {
                    kept.push(of(axis, at));
                }
                model.edit("slice", |o| o.set_list("slice", &kept));
            }
        });
    }
}

/// The box outside of which nothing is drawn.
fn clip(model: &mut Model, ui: &mut Ui) {
    let Some(grid) = model.content.as_ref().map(|c| c.grid.clone()) else { return };
    let bounds = grid.lattice.bounds();
    let given = model.session.wanted().scene().cuts.clip;
    row(ui, "clip box", |ui| {
        let mut is_on = given.is_some();
        let text = if is_on { "drag its handles in the picture" } else { "" };
        let checkbox = ui.checkbox(&mut is_on, text);
        if checkbox.on_hover_text("nothing outside of it is drawn; it begins as the box of the axes").changed() {
            let start = model.painted.as_ref().map_or(bounds, |p| p.scene.focus);
            model.step(|o| o.set("clip", is_on.then(|| text_of(start))));
        }
    });
    let Some(mut clip) = given else { return };
    for axis in 0..3 {
        row(ui, ["  x", "  y", "  z"][axis], |ui| {
            let [mut low, mut high] = [clip.min[axis], clip.max[axis]];
            let range = bounds.min[axis]..=bounds.max[axis];
            let short = |v: f64, _: std::ops::RangeInclusive<usize>| place(v);
            ui.spacing_mut().slider_width = 36.0;
            let slider =
                |value, range| Slider::new(value, range).clamping(SliderClamping::Edits).custom_formatter(short);
            let a = ui.add(slider(&mut low, range.clone())).changed();
            let b = ui.add(slider(&mut high, range)).changed();
            if a || b {
                // A side stops at the other one.
                let least = THINNEST * (bounds.max[axis] - bounds.min[axis]);
                clip.min[axis] = if a { low.min(high - least) } else { low };
                clip.max[axis] = if a { high } else { high.max(low + least) };
                model.edit("clip", |o| o.set("clip", Some(text_of(clip))));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    /// Catches: coordinates that read `2.47e4` while a slice moves.
    #[test]
    fn coordinates_are_told_apart() {
        let told = [24731.4, -2.5, 0.0, 123.456, 3e-7, 100.0].map(super::place);
        assert_eq!(told, ["24731", "-2.5", "0", "123.46", "3.00e-7", "100"]);
    }
}
