//! Colour maps to choose from.

use egui::{Color32, ColorImage, ComboBox, Sense, Stroke, StrokeKind, TextureOptions, Ui, vec2};

use super::super::model::Model;
use super::super::style::ACCENT;
use super::{Memory, row};
use crate::color::Colormap;

/// Maps a row of the gallery shows.
const COLUMNS: usize = 3;

/// The maps, and turning them round.
pub fn show(model: &mut Model, ui: &mut Ui) {
    fill(&mut model.ui, ui);
    let shown = model.painted.as_ref().map(|p| p.scene.transfer.colormap.clone());
    let chosen = model.session.options().get("colormap");
    row(ui, "colours", |ui| {
        let is_alone = model.painted.as_ref().is_none_or(|p| p.scene.others.is_empty());
        let is_alone = is_alone && model.session.options().get("minus").is_none();
        let by_default = if is_alone { "of the background" } else { "by default" };
        let name = chosen.clone().unwrap_or_else(|| by_default.into());
        let is_reversed = model.session.wanted().scene().picture.is_reversed();
        ComboBox::from_id_salt("colormap").selected_text(name).width(130.0).height(420.0).show_ui(ui, |ui| {
            if ui.selectable_label(chosen.is_none(), by_default).clicked() {
                model.step(|o| o.set("colormap", None));
            }
            let maps = model.ui.maps.clone();
            egui::Grid::new("maps").num_columns(COLUMNS).show(ui, |ui| {
                for (i, (name, texture)) in maps.iter().enumerate() {
                    ui.vertical(|ui| {
                        let (rect, response) = ui.allocate_exact_size(vec2(92.0, 18.0), Sense::click());
                        let uv = egui::Rect::from_min_max(egui::Pos2::ZERO, egui::Pos2::new(1.0, 1.0));
                        ui.painter().image(texture.id(), rect, uv, Color32::WHITE);
                        if chosen.as_deref() == Some(*name) || response.hovered() {
                            ui.painter().rect_stroke(rect, 2, Stroke::new(2.0, ACCENT), StrokeKind::Outside);
                        }
                        if response.clicked() {
                            model.step(|o| o.set("colormap", Some((*name).to_owned())));
                            ui.close();
                        }
                        ui.small(*name);
                    });
                    if i % COLUMNS == COLUMNS - 1 {
                        ui.end_row();
                    }
                }
            });
        });
        let mut reversed = is_reversed;
        if ui.checkbox(&mut reversed, "turned").changed() {
            model.step(|o| o.set_flag("reverse", reversed));
        }
    });
    if let Some(map) = shown {
        strip(ui, &map);
    }
}

/// The map that is shown.
fn strip(ui: &mut Ui, map: &Colormap) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 10.0), Sense::hover());
    let columns = rect.width() as usize;
    for i in 0..columns {
        let [r, g, b] = map.at((i as f64 + 0.5) / columns as f64).map(|v| (v * 255.0).round() as u8);
        let x = rect.left() + i as f32;
        let bar = egui::Rect::from_min_max(egui::pos2(x, rect.top()), egui::pos2(x + 1.0, rect.bottom()));
        ui.painter().rect_filled(bar, 0, Color32::from_rgb(r, g, b));
    }
}

fn fill(memory: &mut Memory, ui: &Ui) {
    if !memory.maps.is_empty() {
        return;
    }
    for name in Colormap::names() {
        let Ok(map) = Colormap::named(name) else { continue };
        let pixel = |i: usize| {
            let [r, g, b] = map.at((i as f64 + 0.5) / 128.0).map(|v| (v * 255.0).round() as u8);
            Color32::from_rgb(r, g, b)
        };
        let image = ColorImage::new([128, 1], (0..128).map(pixel).collect());
        memory.maps.push((name, ui.ctx().load_texture(name, image, TextureOptions::LINEAR)));
    }
}
