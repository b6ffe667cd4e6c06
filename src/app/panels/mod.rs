//! What stands around the picture.

mod bandwidth;
mod colors;
mod curve;
mod data;
mod finish;
mod further;
mod gallery;
mod layers;
mod limits;
mod movie;
mod open;
pub mod over;
mod page;
mod profile;
pub mod time;
mod trace;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use egui::{
    Area, CentralPanel, CollapsingHeader, Frame, Margin, Order, Panel, Rect, RichText, ScrollArea, Sense, Ui, UiBuilder,
};

use super::clip_box;
use super::drag;
use super::input::{self, Action};
use super::message;
use super::model::Model;
use super::places;
use super::style::{ACCENT, ERROR, PANEL, WARNING, WEAK};
use crate::cli::input::Opened;
use crate::cli::recipe::Draft;
pub(super) use crate::cli::three_digits as number;
use crate::error::{Error, Result};
use crate::points::Selection;
#[cfg(test)]
pub(super) use limits::set_rule;

/// Width of the panels, in points.
pub const WIDTH: f32 = 320.0;
/// Height of the line below the picture, in points.
pub const STATUS: f32 = 26.0;
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
    /// Whether drags turn about any axis, and not about the upward one.
    pub turns_freely: bool,
    /// The field and name of a file that is there already and was asked to be written.
    pub replacing: Option<(&'static str, String)>,
    /// The picture that was saved last, and the options that it is of.
    pub saved: Option<(u64, PathBuf)>,
    /// Frames one after the other.
    pub player: time::Player,
    /// Texts being typed, by option.
    pub typed: HashMap<&'static str, String>,
    /// Why what was typed cannot be meant, by option.
    pub wrong: HashMap<&'static str, String>,
    /// The field that is typed into, and the text of its option.
    pub typing: Option<(&'static str, String)>,
    /// The field whose text was taken last, until there is a picture of it.
    pub committed: Option<&'static str>,
    /// The field that is to be typed into again.
    pub refocus: Option<&'static str>,
    /// Limits of what other modes show.
    pub limits: HashMap<&'static str, [Option<String>; 3]>,
    /// Opacities of what other modes show.
    pub covers: HashMap<&'static str, [Option<String>; 2]>,
    /// The point of the opacity curve that is dragged.
    pub dragged_point: Option<usize>,
    /// A press over the picture.
    pub press: Option<drag::Press>,
    /// Whether a field was left by Enter, and the hand has not turned to anything else since: letters are no keys then.
    pub is_quiet: bool,
    /// Whether a field had the keys when the last frame was laid out: what was pressed since is the field's, even where Escape,
    /// which takes the keys from it, has come in the same frame.
    pub was_typing: bool,
    /// When it was asked to quit while a file was being written.
    pub leaving: Option<std::time::Instant>,
    /// When the wheel was last turned over the picture, in seconds of the window.
    pub wheel_turned: Option<f64>,
    /// Whether two fingers have been down since none was.
    pub is_pinched: bool,
    /// Limits that the hand has brought the colours to, until it lets go.
    pub window: Option<[f64; 2]>,
    /// The side of the clip box that is dragged.
    pub dragged_side: Option<clip_box::Side>,
    /// The dialog by which files are opened.
    pub open: Option<open::Dialog>,
    /// The one by which what is being read was opened.
    pub opening: Option<open::Dialog>,
    /// What a movie is to be.
    pub movie: movie::Movie,
    /// The limit that is dragged.
    pub dragged_limit: Option<usize>,
    /// Pixels of a saved picture, if they are not those of the window.
    pub size: Option<[u32; 2]>,
    /// How wide points are spread, of the last input that was asked for.
    pub spread: Option<(Arc<Opened>, Option<f64>)>,
    /// Colour maps as pictures.
    pub maps: Vec<(&'static str, egui::TextureHandle)>,
}

impl Memory {
    /// Options have another source than their fields: what was typed there goes, with what was wrong with it.
    pub fn clear_fields(&mut self, options: &[&'static str]) {
        for option in options {
            self.typed.remove(option);
            self.wrong.remove(option);
        }
    }

    /// What was typed into a field cannot be: it stays there with the reason, and typing goes on.
    pub fn refuse(&mut self, option: &'static str, reason: &str) {
        self.wrong.insert(option, reason.to_owned());
        self.refocus = Some(option);
    }

    /// Whether a field has the keys in which nothing was typed yet.
    pub fn is_untouched(&self) -> bool {
        self.typing.as_ref().is_some_and(|(option, text)| self.typed.get(option) == Some(text))
    }

    /// Textures of a device that is gone.
    pub fn forget_textures(&mut self) {
        self.maps.clear();
    }

    /// What belongs to an input that is no longer open.
    pub fn forget_input(&mut self) {
        let Self { help, hides_panels, turns_freely, size, .. } = *self;
        *self =
            Self { help, hides_panels, turns_freely, size, maps: std::mem::take(&mut self.maps), ..Self::default() };
    }
}

/// Lays out the window and takes in what the user does.
pub fn show(model: &mut Model, ui: &mut Ui) {
    let ctx = ui.ctx().clone();
    model.take_in(&ctx);
    model.prober.cursor = ui.input(|i| i.pointer.hover_pos());
    take_files(model, ui);
    let is_over_picture =
        model.area.is_some_and(|area| ui.input(|i| i.pointer.hover_pos().is_some_and(|p| area.contains(p))));
    model.ui.is_quiet &= !is_over_picture && !ui.input(|i| i.pointer.any_pressed());
    // What is typed while a file is being opened was meant for its name.
    let is_quiet = model.ui.is_quiet || model.ui.opening.is_some();
    for action in input::actions(ui, &model.ui, is_quiet) {
        model.act(action);
    }
    if model.session.options().input.is_some() {
        if !model.ui.hides_panels {
            Panel::right("panels")
                .resizable(false)
                .exact_size(WIDTH)
                .frame(Frame::side_top_panel(ui.style()).inner_margin(Margin::same(10)))
                .show(ui, |ui| {
                    // In a place of its own, so that what is too wide moves neither panel nor picture.
                    let place = ui.available_rect_before_wrap();
                    let mut ui = ui.new_child(UiBuilder::new().max_rect(place));
                    ScrollArea::vertical().auto_shrink([false; 2]).show(&mut ui, |ui| sections(model, ui));
                });
        }
        Panel::bottom("status").exact_size(STATUS).show(ui, |ui| over::status(model, ui));
        if time::frames(model).is_some() {
            let height = time::height(ui.available_width());
            Panel::bottom("time").exact_size(height).show(ui, |ui| time::show(model, ui));
        }
    }
    CentralPanel::no_frame().show(ui, |ui| picture(model, ui));
    over::help(model, ui);
    open::show(model, ui);
    time::play(model, ui);
    model.make_room(ctx.content_rect().size());
    model.update(&ctx);
    model.ui.was_typing = ctx.text_edit_focused();
    if model.is_at_rest() {
        places::note(&ctx, places::AT_REST, egui::Rect::ZERO);
    }
}

fn sections(model: &mut Model, ui: &mut Ui) {
    ui.horizontal(|ui| {
        let [can_undo, can_redo] = model.session.has_steps();
        let buttons = [
            ("Open", true, "ctrl + o", Action::Open),
            ("Undo", can_undo, "ctrl + z", Action::Undo),
            ("Redo", can_redo, "ctrl + shift + z", Action::Redo),
            ("Reset view", model.session.camera().is_some(), "r", Action::Reset),
            ("Keys", true, "h", Action::Help),
        ];
        for (text, can, key, action) in buttons {
            let button = ui.add_enabled(can, egui::Button::new(text)).on_hover_text(key);
            places::note(ui.ctx(), text, button.rect);
            if button.clicked() {
                model.act(action);
            }
        }
    });
    ui.separator();
    section(ui, "Data", true, |ui| data::show(model, ui));
    section(ui, "What is drawn", true, |ui| layers::show(model, ui));
    section(ui, "Colours and opacity", true, |ui| colors::show(model, ui));
    section(ui, "Smoothing", false, |ui| bandwidth::show(model, ui));
    section(ui, "Line of sight", false, |ui| profile::show(model, ui));
    section(ui, "Page and files", false, |ui| page::show(model, ui));
    section(ui, "Other densities, finish", false, |ui| {
        further::show(model, ui);
        finish::show(model, ui);
    });
    remarks(model, ui);
}

/// What is said of the picture, at the end: it comes and goes while limits are dragged, and nothing may move under the hand.
fn remarks(model: &Model, ui: &mut Ui) {
    for (is_warning, text) in model.painted.iter().flat_map(|p| &p.remarks) {
        let color = if *is_warning { WARNING } else { WEAK };
        let label = ui.label(RichText::new(message::in_words(text)).small().color(color));
        places::note(ui.ctx(), "remark", label.rect);
    }
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
    let mut deeds = drag::deeds(&mut model.ui.press, ui, &response);
    let is_at_handle = clip_box::show(model, ui, &response, &mut deeds.moves);
    if is_at_handle {
        deeds.clicks.clear();
    }
    input::pointer(model, ui, &response, &deeds);
    model.look_under(response.hover_pos());
    if response.hovered() && !model.prober.is_current() {
        // A cursor at rest asks anew of a new picture.
        ui.ctx().request_repaint_after(LOOK_AGAIN);
    }
    over::nothing(model, ui);
    over::first_picture(model, ui);
    over::halted(model, ui);
    over::progress(model, ui);
    over::messages(model, ui);
}

/// Files that were dropped on the window.
fn take_files(model: &mut Model, ui: &Ui) {
    let dropped: Vec<_> =
        ui.input(|i| i.raw.dropped_files.iter().map(|f| f.path().to_string_lossy().into_owned()).collect());
    model.open(&dropped);
}

/// A row of fields for options as text, each with a hint and a width; below it, what is wrong with what was typed.
fn fields(model: &mut Model, ui: &mut Ui, name: &str, all: &[(&'static str, &str, f32)]) -> egui::Response {
    let response = row(ui, name, |ui| {
        let each = all.iter().map(|(option, hint, width)| field(model, ui, option, hint, *width));
        each.reduce(|a, b| a | b).unwrap_or_else(|| ui.response())
    });
    let options: Vec<_> = all.iter().map(|(option, ..)| *option).collect();
    wrongs(model, ui, response.rect, &options);
    response
}

/// What is wrong with what was typed into the fields of a row.
fn wrongs(model: &Model, ui: &Ui, fields: Rect, options: &[&'static str]) {
    let wrong: Vec<_> = options.iter().filter_map(|option| Some((*option, model.ui.wrong.get(option)?))).collect();
    if !wrong.is_empty() && ui.is_rect_visible(fields) {
        reasons(ui, fields, &wrong);
    }
}

/// Why texts cannot be meant: laid over what is below their fields, so that nothing moves.
fn reasons(ui: &Ui, fields: Rect, wrong: &[(&'static str, &String)]) {
    let (left, width) = (ui.max_rect().left(), ui.max_rect().width());
    let area = Area::new(egui::Id::unique(("wrong", wrong[0].0))).order(Order::Foreground).interactable(false);
    area.fixed_pos(egui::pos2(left, fields.bottom() + 2.0)).show(ui.ctx(), |ui| {
        Frame::new().fill(PANEL).stroke((1.0, ERROR)).corner_radius(4).inner_margin(5).show(ui, |ui| {
            ui.set_max_width(width - 12.0);
            for (option, reason) in wrong {
                let end = if reason.contains('\n') { "\n" } else { " " };
                let text = RichText::new(format!("{reason}{end}(esc: as before)")).small().color(ERROR);
                // What points at a letter of the line above it.
                let label = ui.label(if reason.contains('\n') { text.monospace() } else { text });
                places::note(ui.ctx(), &format!("wrong: {option}"), label.rect);
            }
        });
    });
}

/// A field for an option as text: typed, taken on Enter or when left; empty is the default. What cannot be meant stays
/// in the field, with the reason below.
fn field(model: &mut Model, ui: &mut Ui, option: &'static str, hint: &str, width: f32) -> egui::Response {
    let given = model.session.options().get(option).unwrap_or_default();
    field_of(model, ui, option, given, (hint, width), |options, text| options.set(option, text))
}

/// As [`field`] of what is `given` by more than one option, or by a part of one; `set` changes it.
fn field_of(
    model: &mut Model,
    ui: &mut Ui,
    option: &'static str,
    given: String,
    (hint, width): (&str, f32),
    set: impl FnOnce(&mut Draft, Option<String>),
) -> egui::Response {
    let id = egui::Id::unique(("field", option));
    let is_typing = ui.memory(|m| m.has_focus(id));
    let is_wrong = model.ui.wrong.contains_key(option);
    let is_behind = model.ui.is_untouched() && model.ui.typing.as_ref().is_some_and(|typing| typing.0 == option);
    let text = model.ui.typed.entry(option).or_default();
    if (!is_typing && !is_wrong) || is_behind {
        text.clone_from(&given);
    }
    if is_behind {
        model.ui.typing = Some((option, given.clone()));
    }
    let edit = egui::TextEdit::singleline(text).id(id).hint_text(hint).desired_width(width);
    let response = ui.add(if is_wrong { edit.text_color(ERROR) } else { edit });
    if model.ui.refocus.take_if(|refused| *refused == option).is_some() && ui.memory(|m| m.focused().is_none()) {
        response.request_focus();
    }
    if response.gained_focus() {
        begin_typing(ui, id, text.chars().count(), is_wrong);
        model.ui.typing = Some((option, given.clone()));
    }
    if response.changed() {
        model.ui.wrong.remove(option);
    }
    if response.lost_focus() {
        model.ui.typing = None;
        let text = model.ui.typed[option].trim().to_owned();
        model.ui.wrong.remove(option);
        if text != given && !ui.input(|i| i.key_pressed(egui::Key::Escape)) {
            model.session.end_gesture();
            let given = Some(text.clone()).filter(|t| !t.is_empty());
            let change = |options: &mut Draft| set(options, given);
            match check(model, option, &text).and_then(|()| model.session.edit("", change)) {
                Ok(()) => {
                    model.ui.committed = Some(option);
                    // What is typed then is meant for the field, and no keys of the picture.
                    model.ui.is_quiet = ui.input(|i| i.key_pressed(egui::Key::Enter));
                }
                Err(error) => {
                    model.ui.wrong.insert(option, message::reason(&error.to_string()));
                    // Typing goes on where it went wrong.
                    if ui.input(|i| i.key_pressed(egui::Key::Enter)) {
                        response.request_focus();
                    }
                }
            }
            model.session.end_gesture();
        }
    }
    response
}

/// What is wrong with a text beside what the command line's parser would say.
fn check(model: &Model, option: &str, text: &str) -> Result<()> {
    match option {
        "select" if !text.is_empty() => text.parse::<Selection>().map(|_| ()),
        "with 1" | "with 2" | "with 3" | "minus" if is_selection(text) => {
            // As what is wrong with options within a field is told.
            Err(Error::Usage(format!("--with \"{text}\": atoms are chosen by an option: --select '{text}'")))
        }
        "vmin" | "vmax" => {
            let shown = model.painted.as_ref().map(|p| p.scene.transfer.limits.map(|v| v * model.factor_shown()));
            check_order(option, text, model.session.options(), shown)
        }
        _ => Ok(()),
    }
}

/// Whether a text is a selection of atoms and nothing else that a further density could be.
fn is_selection(text: &str) -> bool {
    text.contains(' ') && !text.contains("--") && text.parse::<Selection>().is_ok()
}

/// Whether a limit that was typed is on its side of the other, which was given, too, or is shown.
fn check_order(option: &str, text: &str, options: &Draft, shown: Option<[f64; 2]>) -> Result<()> {
    let number = |text: Option<String>| text.and_then(|text| text.trim().parse::<f64>().ok());
    let is_lower = option == "vmin";
    let other = number(options.get(if is_lower { "vmax" } else { "vmin" }));
    let other = other.or(shown.map(|limits| limits[usize::from(is_lower)]));
    let Some((typed, other)) = number(Some(text.to_owned())).zip(other) else { return Ok(()) };
    let wrong = |side: &str, name: &str| {
        let way_out = "change that first";
        Err(Error::Usage(format!("{text} is {side} the {name} limit, {}; {way_out}", self::number(other))))
    };
    match is_lower {
        true if typed > other => wrong("above", "upper"),
        false if typed < other => wrong("below", "lower"),
        _ => Ok(()),
    }
}

/// A field gets the keys: texts that it had before are forgotten, and what it holds is selected so that typing replaces it;
/// not what is wrong, as that is mended.
fn begin_typing(ui: &Ui, id: egui::Id, length: usize, is_wrong: bool) {
    use egui::text::{CCursor, CCursorRange};
    if let Some(mut state) = egui::TextEdit::load_state(ui.ctx(), id) {
        state.clear_undoer();
        if !is_wrong {
            state.cursor.set_char_range(Some(CCursorRange::two(CCursor::new(0), CCursor::new(length))));
        }
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
    choice_button(ui, is_chosen, text).clicked() && !is_chosen
}

/// The button of a choice.
fn choice_button(ui: &mut Ui, is_chosen: bool, text: &str) -> egui::Response {
    let text = RichText::new(text);
    ui.add(egui::Button::selectable(is_chosen, if is_chosen { text.color(ACCENT) } else { text }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: limits refused only when a picture is drawn of them, in words of the command line.
    #[test]
    fn limits_keep_their_order() {
        let mut options = Draft::new("render");
        assert!(check_order("vmin", "5", &options, None).is_ok());
        assert!(check_order("vmin", "5", &options, Some([0.0, 6.0])).is_ok());
        assert!(check_order("vmin", "5", &options, Some([0.0, 4.0])).is_err());
        assert!(check_order("vmax", "5", &options, Some([6.0, 8.0])).is_err());
        options.set("vmax", Some("2".into()));
        let told = check_order("vmin", "5", &options, Some([0.0, 9.0])).unwrap_err().to_string();
        assert_eq!(told, "5 is above the upper limit, 2.00; change that first");
        assert!(check_order("vmin", "2", &options, None).is_ok() && check_order("vmax", "-1", &options, None).is_ok());
        options.set("vmin", Some("0.5".into()));
        assert!(check_order("vmax", "0.4", &options, None).unwrap_err().to_string().contains("below the lower limit"));
    }
}
