//! Background and what is written around.

use std::path::Path;

use egui::{DragValue, RichText, Ui};

use super::super::files::is_picture;
use super::super::message::Weight;
use super::super::model::Model;
use super::super::places;
use super::super::style::{ACCENT, WARNING, WEAK};
use super::layers::place;
use super::{choice, choice_button, fields, movie, row};
use crate::cli::view;
use crate::scene::Frame;

/// Width of a field for the name of a file, in points.
pub const FIELD: f32 = 190.0;

/// The panel.
pub fn show(model: &mut Model, ui: &mut Ui) {
    row(ui, "background", |ui| {
        let given = model.session.options().get("background");
        for (text, value) in
            [("dark", None), ("white", Some("white")), ("black", Some("black")), ("none", Some("transparent"))]
        {
            if choice(ui, given.as_deref() == value, text) {
                model.step(|o| {
                    o.set("theme", None);
                    o.set("background", value.map(str::to_owned));
                });
            }
        }
    });
    fields(model, ui, "title", &[("title", "none", 190.0)]);
    row(ui, "around it", |ui| {
        for (option, text) in [("axes", "axes"), ("colorbar", "colour bar")] {
            let mut is_on = model.session.options().get(option).as_deref() != Some("off");
            if ui.checkbox(&mut is_on, text).changed() {
                model.step(|o| o.set(option, (!is_on).then(|| "off".to_owned())));
            }
        }
    });
    row(ui, "", |ui| {
        let mut scale_bar = model.session.options().get("scale-bar").is_some();
        if ui.checkbox(&mut scale_bar, "scale bar").changed() {
            model.step(|o| o.set_flag("scale-bar", scale_bar));
        }
        let mut gizmo = model.session.options().get("gizmo").is_some_and(|given| given != "off" && given != "false");
        if ui.checkbox(&mut gizmo, "directions").changed() {
            model.step(|o| o.set_flag("gizmo", gizmo));
        }
    });
    axes_box(model, ui);
    row(ui, "turning", |ui| {
        for (text, is_free) in [("about z", false), ("freely", true)] {
            let button = choice_button(ui, model.ui.turns_freely == is_free, text);
            if button.on_hover_text("what a left drag does (t); alt: the other").clicked() {
                model.ui.turns_freely = is_free;
            }
        }
    });
    labels(model, ui);
    save(model, ui);
}

/// The box that axes are drawn along.
fn axes_box(model: &mut Model, ui: &mut Ui) {
    let hint = model.painted.as_ref().map_or(String::new(), |p| {
        let [low, high] = [p.scene.focus.min, p.scene.focus.max];
        (0..3).map(|axis| format!("{}, {}", place(low[axis]), place(high[axis]))).collect::<Vec<_>>().join(", ")
    });
    fields(model, ui, "axes box", &[("axes-box", &hint, 190.0)])
        .on_hover_text("x, y and z from and to: the box that axes are drawn along and that the automatic view shows");
}

/// How many places are told of in the picture, and a way to be rid of them.
fn labels(model: &mut Model, ui: &mut Ui) {
    let count = model.session.options().list("label").len();
    if count > 0 {
        row(ui, "labels", |ui| {
            ui.label(count.to_string()).on_hover_text("a click on a dot in the picture takes its label away");
            if ui.button("Take all away").clicked() {
                model.step(|o| o.set_list("label", &[]));
            }
        });
    }
}

/// Writing files.
fn save(model: &mut Model, ui: &mut Ui) {
    picture(model, ui);
    movie::show(model, ui);
    row(ui, "recipe", |ui| {
        if ui.button("Save").on_hover_text("ctrl + s: draws this picture again, also here").clicked() {
            model.save(model.name_of_recipe());
        }
        if ui.button("Copy the command").clicked()
            && let Some(frame) = model.frame
        {
            ui.ctx().copy_text(view::command_line(&model.session.wanted().recipe(&frame), "picture.png"));
            model.say(Weight::Note, "copied the command that draws this picture");
        }
    });
    row(ui, if model.is_of_values() { "values" } else { "density" }, |ui| {
        for extension in ["npy", "mrc", "vti", "nrrd"] {
            if ui.button(extension).clicked() {
                model.save_volume(extension);
            }
        }
    });
    methods(model, ui);
}

/// The picture as PNG, at any size.
fn picture(model: &mut Model, ui: &mut Ui) {
    let Some(frame) = model.frame else { return };
    let suggested = || model.free_name("png").display().to_string();
    let mut name = model.ui.typed.get("save").cloned().unwrap_or_else(suggested);
    row(ui, "picture", |ui| {
        let field = ui.add(egui::TextEdit::singleline(&mut name).desired_width(FIELD));
        places::note(ui.ctx(), "name of the picture", field.rect);
        if field.changed() {
            model.ui.typed.insert("save", name.clone());
        }
    });
    let mut size = model.ui.size.unwrap_or(frame.size);
    let before = size;
    row(ui, "pixels", |ui| {
        // Numbers of five digits have room.
        (ui.spacing_mut().item_spacing.x, ui.spacing_mut().button_padding.x) = (3.0, 5.0);
        ui.add(DragValue::new(&mut size[0]).range(16..=32768));
        ui.label("×");
        ui.add(DragValue::new(&mut size[1]).range(16..=32768));
        for times in [1, 2, 4] {
            if ui.small_button(format!("×{times}")).on_hover_text("as often the pixels of the window").clicked() {
                size = frame.size.map(|n| n * times);
            }
        }
    });
    if size != before {
        model.ui.size = Some(size).filter(|size| *size != frame.size);
    }
    let is_named = is_picture(Path::new(&name));
    row(ui, "", |ui| {
        let button = egui::Button::new("Save the picture").fill(ACCENT.gamma_multiply(0.35));
        let button = ui.add_enabled(is_named, button);
        places::note(ui.ctx(), "Save the picture", button.rect);
        if button.clicked() {
            model.save_of(name.clone().into(), scaled(frame, size));
        }
        is_there(ui, &name);
    });
    if !is_named {
        ui.label(RichText::new("pictures are written as PNG: the name must end in .png").small().color(WARNING));
    }
}

/// A frame of this size in which letters and lines are about as large as in the window, by its height. Its size in points
/// is whole, so that a recipe can say it.
fn scaled(frame: Frame, size: [u32; 2]) -> Frame {
    let times = size[1] / frame.size[1];
    if times > 0 && size == frame.size.map(|n| n * times) {
        return Frame { size, scale_factor: frame.scale_factor * f64::from(times) };
    }
    let wanted = frame.scale_factor * f64::from(size[1]) / f64::from(frame.size[1]);
    let divides = |k: &u32| size[0].is_multiple_of(*k) && size[1].is_multiple_of(*k);
    let away = |k: &u32| (f64::from(*k) / wanted).ln().abs();
    let nearest = (1..=64).filter(divides).min_by(|a, b| away(a).total_cmp(&away(b)));
    Frame { size, scale_factor: nearest.map_or(1.0, f64::from) }
}

/// Tells that a file will be replaced.
pub fn is_there(ui: &mut Ui, name: &str) {
    if !name.is_empty() && Path::new(name).exists() {
        ui.label(RichText::new("replaces that file").small().color(WARNING));
    }
}

/// How the density was made, for a paper.
fn methods(model: &mut Model, ui: &mut Ui) {
    let Some(text) = model.content.as_ref().and_then(|c| c.methods()) else { return };
    row(ui, "methods", |ui| {
        if ui.button("Copy the sentence").on_hover_text("for the methods of a paper").clicked() {
            ui.ctx().copy_text(text.clone());
            model.say(Weight::Note, "copied the sentence for the methods");
        }
    });
    ui.add(egui::Label::new(RichText::new(text).small().color(WEAK)).wrap().selectable(true));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: a large picture with letters too small to read.
    #[test]
    fn letters_grow_with_the_picture() {
        let window = Frame { size: [960, 774], scale_factor: 1.0 };
        let of = |w, h| scaled(window, [w, h]).scale_factor;
        assert_eq!(
            [of(1920, 1548), of(960, 774), of(3840, 2160), of(1921, 1081), of(320, 200)],
            [2.0, 1.0, 3.0, 1.0, 1.0]
        );
    }
}
