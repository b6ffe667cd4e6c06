//! What hands and keys do in the picture.

use egui::{Event, Key, Modifiers, PointerButton, Ui};
use glam::DVec2;

use super::camera;
use super::drag::{Deeds, Move};
use super::model::Model;
use super::panels::Memory;
use super::touch;
use crate::scene::{Camera, View};

/// A wheel that was not turned for so many seconds begins a step of its own.
const WHEEL_RESTS: f64 = 0.7;

/// Names of the modes on the keys 1 to 9, and what they show.
pub const MODES: [(&str, &str); 9] = [
    ("volume", "Fog"),
    ("points", "Points"),
    ("both", "Fog and points"),
    ("mip", "Largest density"),
    ("minip", "Smallest density"),
    ("average", "Mean density"),
    ("xray", "X-ray (sum)"),
    ("iso", "Surfaces"),
    ("slice", "Slices"),
];

/// What the keys do, for the help.
pub const KEYS: [(&str, &str); 30] = [
    ("left drag", "turn (alt: the other way of t)"),
    ("middle or shift + left drag", "move sideways"),
    ("wheel, pinch", "nearer or further, to the cursor"),
    ("two fingers", "move sideways, nearer or further"),
    ("right drag", "up: nearer, down: further"),
    ("ctrl + left drag", "roll"),
    ("ctrl + right drag", "window and level of the colours"),
    ("click", "keep a label there; on its dot: take it away"),
    ("r", "the automatic view again"),
    ("f", "look at what is under the cursor"),
    ("x  y  z", "look along an axis (shift: from behind)"),
    ("o", "parallel or perspective"),
    ("t", "turn freely, or about the upward axis"),
    ("p  v", "points, fog: on or off"),
    ("1 2 3", "fog, points, both"),
    ("4 5 6 7", "largest, smallest, mean density, x-ray"),
    ("8 9", "surfaces, slices"),
    ("s", "save the picture as PNG"),
    ("ctrl + s", "save the recipe"),
    ("ctrl + o", "open a file"),
    ("ctrl + z", "undo"),
    ("ctrl + shift + z", "do again"),
    ("space", "play or pause"),
    ("page down, page up", "next file, the one before"),
    ("m", "panels: on or off"),
    ("h", "this help"),
    ("on the histogram", "drag: limits"),
    ("on the opacity", "click: adds, drag: moves, double click: removes"),
    ("ctrl + q", "quit"),
    ("esc", "stop work, close messages"),
];

/// What a press of a key asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    Reset,
    Focus,
    Side(View, bool),
    Orthographic,
    Freely,
    Screenshot,
    SaveRecipe,
    Play,
    File(isize),
    Points,
    Volume,
    Mode(usize),
    Panels,
    Open,
    Help,
    Quit,
    Undo,
    Redo,
    Dismiss,
}

/// The action of a key.
pub fn action(key: Key, modifiers: Modifiers) -> Option<Action> {
    let side = |view| Some(Action::Side(view, modifiers.shift));
    match key {
        Key::S if modifiers.command => Some(Action::SaveRecipe),
        Key::Z if modifiers.command && modifiers.shift => Some(Action::Redo),
        Key::O if modifiers.command => Some(Action::Open),
        Key::Q if modifiers.command => Some(Action::Quit),
        Key::Y if modifiers.command => Some(Action::Redo),
        Key::Z if modifiers.command => Some(Action::Undo),
        _ if modifiers.command || modifiers.alt => None,
        Key::R => Some(Action::Reset),
        Key::F => Some(Action::Focus),
        Key::X => side(View::X),
        Key::Y => side(View::Y),
        Key::Z => side(View::Z),
        Key::O => Some(Action::Orthographic),
        Key::T => Some(Action::Freely),
        Key::S => Some(Action::Screenshot),
        Key::Space => Some(Action::Play),
        Key::PageDown => Some(Action::File(1)),
        Key::PageUp => Some(Action::File(-1)),
        Key::P => Some(Action::Points),
        Key::V => Some(Action::Volume),
        Key::M => Some(Action::Panels),
        Key::H | Key::F1 => Some(Action::Help),
        Key::Escape => Some(Action::Dismiss),
        _ => {
            let digits =
                [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];
            digits.iter().position(|digit| *digit == key).map(Action::Mode)
        }
    }
}

/// The actions of the keys that were pressed and that no field takes. In a field of an option that is untouched undoing is
/// that of the window: the text follows. In one with a text of its own it is the text's. While all `is_quiet`, letters do
/// nothing.
pub fn actions(ui: &Ui, memory: &Memory, is_quiet: bool) -> Vec<Action> {
    let (is_untouched, is_typing) = (memory.is_untouched(), memory.was_typing || ui.ctx().egui_wants_keyboard_input());
    let pressed = |event: &Event| match event {
        Event::Key { key, pressed: true, modifiers, .. } => action(*key, *modifiers),
        _ => None,
    };
    let has_letter = |event: &Event| matches!(event, Event::Key { modifiers, .. } if !modifiers.command);
    let is_loud = |event: &&Event| {
        !(is_quiet && has_letter(event)) || pressed(event).is_some_and(|action| action == Action::Dismiss)
    };
    let goes_back = |action: Action| matches!(action, Action::Undo | Action::Redo);
    ui.input_mut(|input| {
        // What was typed since the last frame is not in the field yet.
        let is_typed = |event: &Event| matches!(event, Event::Text(_) | Event::Paste(_) | Event::Cut);
        let is_untouched = is_untouched && !input.events.iter().any(is_typed);
        let is_free = |action: &Action| !is_typing || is_of_window(*action) || (is_untouched && goes_back(*action));
        let found = input.events.iter().filter(is_loud).filter_map(pressed).filter(is_free).collect();
        input.events.retain(|event| !(is_untouched && pressed(event).is_some_and(goes_back)));
        found
    })
}

/// Whether the keys of an action mean nothing in a field of text.
fn is_of_window(action: Action) -> bool {
    matches!(action, Action::Quit | Action::SaveRecipe | Action::Open)
}

/// Turns what the pointer does over the picture into changes.
pub fn pointer(model: &mut Model, ui: &Ui, response: &egui::Response, deeds: &Deeds) {
    if touch::fingers(model, ui, response) {
        return;
    }
    deeds.moves.iter().for_each(|step| drag(model, step));
    if response.hovered() {
        wheel(model, ui, ui.input(|i| i.pointer.latest_pos()));
    }
    deeds.clicks.iter().for_each(|at| model.click(*at));
    if ui.input(|i| i.pointer.any_released()) {
        model.session.end_gesture();
        model.ui.window = None;
    }
}

/// What a movement with a button held does.
fn drag(model: &mut Model, step: &Move) {
    let Some(area) = model.area else { return };
    let vector = |v: egui::Vec2| DVec2::new(f64::from(v.x), f64::from(v.y));
    let by = vector(step.by()) / f64::from(area.height().max(1.0));
    let held = step.modifiers;
    match step.button {
        PointerButton::Middle => model.move_camera("pan", |c| camera::pan(c, by)),
        PointerButton::Primary if held.shift => model.move_camera("pan", |c| camera::pan(c, by)),
        PointerButton::Primary if held.command => {
            let [from, to] = [step.from, step.to].map(|at| vector(at - area.center()));
            model.move_camera("roll", |c| camera::roll(c, from, to));
        }
        PointerButton::Primary if held.alt != model.ui.turns_freely => {
            model.move_camera("turn", |c| camera::trackball(c, by))
        }
        PointerButton::Primary => model.move_camera("turn", |c| camera::turntable(c, by)),
        PointerButton::Secondary if held.command => model.window_and_level(by),
        PointerButton::Secondary => {
            let size = model.size_of_data();
            model.move_camera("dolly", |c| camera::zoom(c, c.target, camera::factor_of_drag(by), size));
        }
        _ => {}
    }
}

/// Turns of the wheel that follow one another soon are undone together.
fn wheel(model: &mut Model, ui: &Ui, position: Option<egui::Pos2>) {
    let (scroll, pinch, now) = ui.input(|i| (i.smooth_scroll_delta().y, i.zoom_delta(), i.time));
    if scroll == 0.0 && pinch == 1.0 {
        return;
    }
    if now - model.ui.wheel_turned.replace(now).unwrap_or(f64::NEG_INFINITY) > WHEEL_RESTS {
        model.session.end_gesture();
    }
    zoom_to_cursor(model, position, camera::factor_of_wheel(f64::from(scroll)) / f64::from(pinch));
}

fn zoom_to_cursor(model: &mut Model, position: Option<egui::Pos2>, factor: f64) {
    let (Some(frame), Some(position)) = (model.frame, position) else { return };
    let pixel = model.pixel_at(position);
    let size = model.size_of_data();
    let to_cursor = |c: Camera| camera::zoom(c, camera::on_target_plane(&c, pixel, frame.size), factor, size);
    model.move_camera("zoom", to_cursor);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_what_the_help_says() {
        let (none, shift, ctrl) = (Modifiers::NONE, Modifiers::SHIFT, Modifiers::COMMAND);
        assert_eq!(action(Key::S, none), Some(Action::Screenshot));
        assert_eq!(action(Key::S, ctrl), Some(Action::SaveRecipe));
        assert_eq!(action(Key::Z, none), Some(Action::Side(View::Z, false)));
        assert_eq!(action(Key::Z, shift), Some(Action::Side(View::Z, true)));
        assert_eq!(action(Key::Z, ctrl), Some(Action::Undo));
        assert_eq!(action(Key::Z, ctrl | shift), Some(Action::Redo));
        assert_eq!(action(Key::Num8, none), Some(Action::Mode(7)));
        assert_eq!(MODES[7].0, "iso");
        assert_eq!(action(Key::R, ctrl), None);
        assert!(is_of_window(Action::Quit) && !is_of_window(Action::Undo));
    }
}
