//! Background and what is written around.

use egui::Ui;

use super::super::model::Model;
use super::super::style::ACCENT;
use super::{choice, field, row};
use crate::cli::view;
use crate::scene::Frame;

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
    row(ui, "title", |ui| field(model, ui, "title", "none", 190.0));
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
        let mut gizmo = model.session.options().get("gizmo").as_deref() == Some("on");
        if ui.checkbox(&mut gizmo, "directions").changed() {
            model.step(|o| o.set("gizmo", gizmo.then(|| "on".to_owned())));
        }
    });
    save(model, ui);
}

/// Writing files.
fn save(model: &mut Model, ui: &mut Ui) {
    row(ui, "picture", |ui| {
        let mut name =
            model.ui.typed.get("save").cloned().unwrap_or_else(|| model.free_name("png").display().to_string());
        if ui.add(egui::TextEdit::singleline(&mut name).desired_width(120.0)).changed() {
            model.ui.typed.insert("save", name.clone());
        }
        let mut times = model.ui.times.max(1);
        egui::ComboBox::from_id_salt("times").selected_text(format!("× {times}")).width(48.0).show_ui(ui, |ui| {
            for n in [1, 2, 3, 4, 8] {
                ui.selectable_value(&mut times, n, format!("× {n}"));
            }
        });
        model.ui.times = times;
    });
    row(ui, "", |ui| {
        let times = model.ui.times.max(1);
        let name = model.ui.typed.get("save").cloned().unwrap_or_else(|| model.free_name("png").display().to_string());
        let button = egui::Button::new("Save the picture").fill(ACCENT.gamma_multiply(0.35));
        if ui.add(button).clicked()
            && let (Some(content), Some(Frame { size, scale_factor })) = (model.content.clone(), model.frame)
        {
            let frame = Frame { size: size.map(|n| n * times), scale_factor: scale_factor * f64::from(times) };
            model.save_of(name.into(), content, frame);
            model.ui.typed.remove("save");
        }
    });
    row(ui, "recipe", |ui| {
        if ui.button("Save").on_hover_text("ctrl + s").clicked() {
            model.save(model.free_name("toml"));
        }
        if ui.button("Copy the command").clicked()
            && let Some(frame) = model.frame
        {
            ui.ctx().copy_text(view::command_line(&model.session.wanted().recipe(&frame)));
        }
    });
    row(ui, "density", |ui| {
        for extension in ["npy", "mrc", "vti", "nrrd"] {
            if ui.button(extension).clicked() {
                model.save_volume(extension);
            }
        }
    });
}
