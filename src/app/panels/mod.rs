//! What stands around the picture.

mod bandwidth;
mod colors;
mod curve;
mod data;
mod gallery;
mod layers;
mod limits;
mod over;
mod page;
mod profile;
pub mod time;

use std::collections::HashMap;
use std::time::Duration;

use egui::{CentralPanel, CollapsingHeader, Frame, Margin, Panel, RichText, ScrollArea, Sense, Ui};

use super::clip_box;
use super::input::{self, Action};
use super::message;
use super::model::Model;
use super::places;
use super::style::{ACCENT, ERROR, WEAK};
use crate::cli::recipe::Draft;
use crate::error::Result;
use crate::points::Selection;

/// Width of the panels, in points.
pub const WIDTH: f32 = 320.0;
/// How soon a cursor asks again what is under it, while the picture is not at rest.
const LOOK_AGAIN: Duration = Duration::from_millis(150);
/// The gesture of dragging the bandwidth.
pub const BANDWIDTH: &str = "bandwidth";

/// What the panels remember from frame to frame.
#[derive(Default)]
pub struct Memory {
    /// Whether the keys are shown.
    pub help: bool,
    /// Whether the picture has all the room.
    pub hides_panels: bool,
    /// Frames one after the other.
    pub player: time::Player,
    /// Texts being typed, by option.
    pub typed: HashMap<&'static str, String>,
    /// Why what was typed cannot be meant, by option.
    pub wrong: HashMap<&'static str, String>,
    /// Limits of what other modes show.
    pub limits: HashMap<&'static str, [Option<String>; 3]>,
    /// The point of the opacity curve that is dragged.
    pub dragged_point: Option<usize>,
    /// The side of the clip box that is dragged.
    pub dragged_side: Option<clip_box::Side>,
    /// Whether a movie is of the input's frames; frames of a turn, and frames a second.
    pub movie: Option<(bool, u64, f64)>,
    /// The limit that is dragged.
    pub dragged_limit: Option<usize>,
    /// Pixels of a saved picture, if they are not those of the window.
    pub size: Option<[u32; 2]>,
    /// Colour maps as pictures.
    pub maps: Vec<(&'static str, egui::TextureHandle)>,
}

impl Memory {
    /// Textures of a device that is gone.
    pub fn forget_textures(&mut self) {
        self.maps.clear();
    }

    /// What belongs to an input that is no longer open.
    pub fn forget_input(&mut self) {
        let Self { help, hides_panels, size, .. } = *self;
        *self = Self { help, hides_panels, size, maps: std::mem::take(&mut self.maps), ..Self::default() };
    }
}

/// Lays out the window and takes in what the user does.
pub fn show(model: &mut Model, ui: &mut Ui) {
    let ctx = ui.ctx().clone();
    model.take_in(&ctx);
    take_files(model, ui);
    for action in input::actions(ui) {
        model.act(action);
    }
    if model.session.options().input.is_some() {
        if !model.ui.hides_panels {
            Panel::right("panels")
                .resizable(false)
                .exact_size(WIDTH)
                .frame(Frame::side_top_panel(ui.style()).inner_margin(Margin::same(10)))
                .show(ui, |ui| {
                    ScrollArea::vertical().auto_shrink([false; 2]).show(ui, |ui| sections(model, ui));
                });
        }
        Panel::bottom("status").exact_size(26.0).show(ui, |ui| over::status(model, ui));
    }
    CentralPanel::no_frame().show(ui, |ui| picture(model, ui));
    over::help(model, ui);
    time::play(model, ui);
    model.update(&ctx);
    if model.is_at_rest() {
        places::note(&ctx, places::AT_REST, egui::Rect::ZERO);
    }
    places::tell(&ctx);
}

fn sections(model: &mut Model, ui: &mut Ui) {
    ui.horizontal(|ui| {
        let [can_undo, can_redo] = model.session.has_steps();
        let buttons = [
            ("Undo", can_undo, "ctrl + z", Action::Undo),
            ("Redo", can_redo, "ctrl + shift + z", Action::Redo),
            ("Reset view", model.session.camera().is_some(), "r", Action::Reset),
            ("Keys", true, "h", Action::Help),
        ];
        for (text, can, key, action) in buttons {
            if ui.add_enabled(can, egui::Button::new(text)).on_hover_text(key).clicked() {
                model.act(action);
            }
        }
    });
    ui.separator();
    section(ui, "Data", true, |ui| data::show(model, ui));
    section(ui, "What is drawn", true, |ui| layers::show(model, ui));
    section(ui, "Colours and opacity", true, |ui| colors::show(model, ui));
    section(ui, "Smoothing", false, |ui| bandwidth::show(model, ui));
    if time::frames(model).is_some() {
        section(ui, "Time", true, |ui| time::show(model, ui));
    }
    section(ui, "Line of sight", false, |ui| profile::show(model, ui));
    section(ui, "Page and files", false, |ui| page::show(model, ui));
}

fn section(ui: &mut Ui, title: &str, is_open: bool, add: impl FnOnce(&mut Ui)) {
    let header = CollapsingHeader::new(RichText::new(title).strong().size(14.0)).default_open(is_open);
    let shown = header.show_unindented(ui, |ui| {
        ui.add_space(2.0);
        add(ui);
        ui.add_space(8.0);
    });
    places::note(ui.ctx(), title, shown.header_response.rect);
    ui.separator();
}

/// The picture with what stands on it.
fn picture(model: &mut Model, ui: &mut Ui) {
    if model.session.options().input.is_none() {
        over::empty(model, ui);
        over::messages(model, ui);
        return;
    }
    let available = ui.available_rect_before_wrap();
    model.place(available, ui.ctx().pixels_per_point());
    let response = ui.allocate_rect(available, Sense::click_and_drag());
    over::paint(model, ui);
    let is_at_handle = clip_box::show(model, ui, &response);
    input::pointer(model, ui, &response, is_at_handle);
    model.look_under(response.hover_pos());
    if response.hovered() && !model.prober.is_current() {
        // A cursor at rest asks anew of a new picture.
        ui.ctx().request_repaint_after(LOOK_AGAIN);
    }
    model.renew_labels();
    over::nothing(model, ui);
    over::first_picture(model, ui);
    over::labels(model, ui);
    over::progress(model, ui);
    over::messages(model, ui);
}

/// Files that were dropped on the window.
fn take_files(model: &mut Model, ui: &Ui) {
    let dropped: Vec<_> =
        ui.input(|i| i.raw.dropped_files.iter().map(|f| f.path().to_string_lossy().into_owned()).collect());
    model.open(&dropped);
}

/// A number as short as three digits allow.
pub fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if (0.01..10_000.0).contains(&size) => {
            let digits = (3 - size.log10().floor() as i32 - 1).clamp(0, 4) as usize;
            format!("{value:.digits$}")
        }
        _ => format!("{value:.2e}"),
    }
}

/// A row of fields for options as text, each with a hint and a width; below it, what is wrong with what was typed.
fn fields(model: &mut Model, ui: &mut Ui, name: &str, all: &[(&'static str, &str, f32)]) -> egui::Response {
    let response = row(ui, name, |ui| {
        let each = all.iter().map(|(option, hint, width)| field(model, ui, option, hint, *width));
        each.reduce(|a, b| a | b).unwrap_or_else(|| ui.response())
    });
    for (option, ..) in all {
        if let Some(reason) = model.ui.wrong.get(option) {
            ui.label(RichText::new(format!("{reason} (esc: as before)")).small().monospace().color(ERROR));
        }
    }
    response
}

/// A field for an option as text: typed, taken on Enter or when left; empty is the default. What cannot be meant stays
/// in the field, with the reason below.
fn field(model: &mut Model, ui: &mut Ui, option: &'static str, hint: &str, width: f32) -> egui::Response {
    let given = model.session.options().get(option).unwrap_or_default();
    let id = egui::Id::unique(("field", option));
    let is_typing = ui.memory(|m| m.has_focus(id));
    let is_wrong = model.ui.wrong.contains_key(option);
    let text = model.ui.typed.entry(option).or_default();
    if !is_typing && !is_wrong {
        text.clone_from(&given);
    }
    let edit = egui::TextEdit::singleline(text).id(id).hint_text(hint).desired_width(width);
    let response = ui.add(if is_wrong { edit.text_color(ERROR) } else { edit });
    if response.gained_focus() && !is_wrong {
        select_all(ui, id, text.chars().count());
    }
    if response.changed() {
        model.ui.wrong.remove(option);
    }
    if response.lost_focus() {
        let text = model.ui.typed[option].trim().to_owned();
        model.ui.wrong.remove(option);
        if text != given && !ui.input(|i| i.key_pressed(egui::Key::Escape)) {
            model.session.end_gesture();
            let given = Some(text.clone()).filter(|t| !t.is_empty());
            let change = |options: &mut Draft| options.set(option, given);
            if let Err(error) = check(option, &text).and_then(|()| model.session.edit("", change)) {
                model.ui.wrong.insert(option, message::reason(&error.to_string()));
                // Typing goes on where it went wrong.
                if ui.input(|i| i.key_pressed(egui::Key::Enter)) {
                    response.request_focus();
                }
            }
            model.session.end_gesture();
        }
    }
    response
}

/// What is wrong with a text beside what the command line's parser would say.
fn check(option: &str, text: &str) -> Result<()> {
    if option == "select" && !text.is_empty() { text.parse::<Selection>().map(|_| ()) } else { Ok(()) }
}

/// Selects what a field holds, so that typing replaces it.
fn select_all(ui: &Ui, id: egui::Id, length: usize) {
    use egui::text::{CCursor, CCursorRange};
    if let Some(mut state) = egui::TextEdit::load_state(ui.ctx(), id) {
        state.cursor.set_char_range(Some(CCursorRange::two(CCursor::new(0), CCursor::new(length))));
        state.store(ui.ctx(), id);
    }
}

/// A row of a name and what belongs to it.
fn row<R>(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(egui::vec2(76.0, ui.spacing().interact_size.y), Sense::hover());
        let font = egui::TextStyle::Body.resolve(ui.style());
        ui.painter().text(rect.left_center(), egui::Align2::LEFT_CENTER, name, font, WEAK);
        let (start, found) = (ui.cursor().min, add(ui));
        places::note(ui.ctx(), name, egui::Rect::from_min_max(start, ui.min_rect().max));
        found
    })
    .inner
}

/// A choice among a few.
fn choice(ui: &mut Ui, is_chosen: bool, text: &str) -> bool {
    let text = RichText::new(text);
    let button = egui::Button::selectable(is_chosen, if is_chosen { text.color(ACCENT) } else { text });
    ui.add(button).clicked() && !is_chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        for (value, text) in [
            (0.0, "0"),
            (0.0123456, "0.0123"),
            (1.23456, "1.23"),
            (123.4, "123"),
            (-0.5, "-0.500"),
            (1.5e-7, "1.50e-7"),
            (123456.0, "1.23e5"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
