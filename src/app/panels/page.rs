//! Background and what is written around.

use std::path::{Path, PathBuf};

use egui::{DragValue, RichText, Ui};

use super::super::files::{PICTURE, RECIPE, VOLUME, is_picture};
use super::super::message::Weight;
use super::super::model::Model;
use super::super::places;
use super::super::style::{ACCENT, WARNING, WEAK};
use super::layers::place;
use super::{Memory, choice, choice_button, fields, movie, row};
use crate::cli::view;
use crate::io::VolumeFormat;
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
    fields(model, ui, "axes box", &[("axes-box", "x0, x1, y0, y1, z0, z1", 190.0)])
        .on_hover_text("x, y and z from and to: the box that axes are drawn along and that the automatic view shows");
    let Some([low, high]) = model.painted.as_ref().map(|p| [p.scene.focus.min, p.scene.focus.max]) else { return };
    let of = |axis: usize| format!("{} {} to {}", ["x", "y", "z"][axis], place(low[axis]), place(high[axis]));
    ui.label(RichText::new([0, 1, 2].map(of).join("   ")).small().color(WEAK));
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
    let name = name_field(model, ui, "recipe", RECIPE, |model| model.name_of_recipe());
    let what = Writing { field: RECIPE, name: &name, text: "Save", why_not: why_no_recipe(&name) };
    let mut copies = false;
    let hint = "ctrl + s: draws this picture again, also here";
    if write_row(&mut model.ui, ui, &what, hint, |ui| copies = ui.button("Copy the command").clicked()) {
        model.save(name.clone().into());
    }
    if let (true, Some(frame)) = (copies, model.frame) {
        ui.ctx().copy_text(view::command_line(&model.session.wanted().recipe(&frame), "picture.png"));
        model.say(Weight::Note, "copied the command that draws this picture");
    }
    volume(model, ui);
    methods(model, ui);
}

/// The density as a file of other programs.
fn volume(model: &mut Model, ui: &mut Ui) {
    let what = if model.is_of_values() { "values" } else { "density" };
    let name = name_field(model, ui, what, VOLUME, |model| model.free_name("npy"));
    row(ui, "", |ui| {
        for end in ["npy", "mrc", "vti", "nrrd"] {
            let is_chosen = Path::new(&name).extension().is_some_and(|given| given.eq_ignore_ascii_case(end));
            if choice(ui, is_chosen, end) {
                let renamed = match model.ui.typed.contains_key(VOLUME) {
                    true => Path::new(&name).with_extension(end),
                    false => model.free_name(end),
                };
                model.ui.typed.insert(VOLUME, renamed.display().to_string());
            }
        }
    });
    let why_not = VolumeFormat::of(Path::new(&name)).err();
    let why_not = why_not.map(|_| "the name must end in .npy, .mrc, .ccp4, .dx, .nrrd or .vti");
    let writing = Writing { field: VOLUME, name: &name, text: "Save", why_not };
    if write_row(&mut model.ui, ui, &writing, "for other programs", |_| {}) {
        model.save_volume(name.clone().into());
    }
}

/// Why a recipe cannot have this name.
fn why_no_recipe(name: &str) -> Option<&'static str> {
    let is_toml = Path::new(name).extension().is_some_and(|end| end.eq_ignore_ascii_case("toml"));
    (!is_toml).then_some("the name must end in .toml")
}

/// A field for the name of a file; one is suggested until another is typed.
fn name_field(
    model: &mut Model,
    ui: &mut Ui,
    what: &str,
    field: &'static str,
    suggested: impl Fn(&Model) -> PathBuf,
) -> String {
    let given = model.ui.typed.get(field).cloned();
    let mut name = given.unwrap_or_else(|| suggested(model).display().to_string());
    row(ui, what, |ui| {
        let edit = ui.add(egui::TextEdit::singleline(&mut name).desired_width(FIELD));
        places::note(ui.ctx(), &format!("name of the {what}"), edit.rect);
        if edit.changed() {
            model.ui.typed.insert(field, name.clone());
        }
    });
    name
}

/// A file to be written: its field and name, what the button says, and why it cannot be.
pub struct Writing<'a> {
    /// The field.
    pub field: &'static str,
    /// The name.
    pub name: &'a str,
    /// What the button says.
    pub text: &'a str,
    /// Why not.
    pub why_not: Option<&'a str>,
}

/// The row of the button that writes a file, with what stands `beside` it; below, why that cannot be. Whether the file is to be
/// written.
pub fn write_row(
    memory: &mut Memory,
    ui: &mut Ui,
    writing: &Writing,
    hint: &str,
    beside: impl FnOnce(&mut Ui),
) -> bool {
    let pressed = row(ui, "", |ui| {
        let pressed = write_button(memory, ui, writing, hint);
        beside(ui);
        pressed
    });
    if let Some(reason) = writing.why_not {
        ui.label(RichText::new(reason).small().color(WARNING));
    }
    pressed
}

/// The button; where there is such a file already, it is pressed twice.
fn write_button(memory: &mut Memory, ui: &mut Ui, writing: &Writing, hint: &str) -> bool {
    let Writing { field, name, text, why_not } = *writing;
    let is_there = !name.is_empty() && Path::new(name).exists();
    let is_asked = is_there && memory.replacing.as_ref().is_some_and(|(of, file)| *of == field && file == name);
    let button = match is_asked {
        true => egui::Button::new("Replace").fill(WARNING.gamma_multiply(0.35)),
        false => egui::Button::new(text).fill(ACCENT.gamma_multiply(0.35)),
    };
    let button = ui.add_enabled(why_not.is_none(), button).on_hover_text(hint);
    places::note(ui.ctx(), text, button.rect);
    places::note(ui.ctx(), &format!("write: {field}"), button.rect);
    if is_asked {
        ui.label(RichText::new("that file is there already").small().color(WARNING));
    }
    if !button.clicked() {
        return false;
    }
    memory.replacing = (is_there && !is_asked).then(|| (field, name.to_owned()));
    memory.replacing.is_none()
}

/// The picture as PNG, at any size.
fn picture(model: &mut Model, ui: &mut Ui) {
    let Some(frame) = model.frame else { return };
    let name = name_field(model, ui, "picture", PICTURE, |model| model.free_name("png"));
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
    let why_not = (!is_picture(Path::new(&name))).then_some("the name must end in .png");
    let writing = Writing { field: PICTURE, name: &name, text: "Save the picture", why_not };
    let pressed = write_row(&mut model.ui, ui, &writing, "s: of the window's size", |_| {});
    if pressed {
        model.save_of(name.into(), scaled(frame, size));
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
