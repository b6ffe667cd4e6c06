//! Frames of a trajectory, one after the other.

use std::time::{Duration, Instant};

use egui::{Slider, Ui};

use super::super::model::Model;
use super::{choice, row};
use crate::io::Input;

/// Frames a second that playing begins with.
const SPEED: f64 = 10.0;

/// What playing remembers.
pub struct Player {
    /// When the next frame is due; none while it does not play.
    due: Option<Instant>,
    /// Frames a second.
    speed: f64,
    /// Whether the first frame follows the last.
    loops: bool,
}

impl Default for Player {
    fn default() -> Self {
        Self { due: None, speed: SPEED, loops: true }
    }
}

/// Frames in the input, and which one is shown; none of an input with one frame.
pub fn frames(model: &Model) -> Option<(usize, usize)> {
    let content = model.content.as_ref()?;
    let Input::Points(points) = &content.opened.input else { return None };
    (points.frames > 1).then(|| (points.frames, points.frame_numbers.first().copied().unwrap_or(0)))
}

/// Begins to play, or stops.
pub fn toggle(model: &mut Model) {
    let Some((count, at)) = frames(model) else { return };
    model.ui.player.due = match model.ui.player.due {
        Some(_) => None,
        None => Some(Instant::now()),
    };
    if model.ui.player.due.is_some() && at + 1 == count {
        show_frame(model, 0);
    }
}

/// The frame whose turn it is, once the one before is on the screen.
pub fn play(model: &mut Model, ui: &Ui) {
    let Some(due) = model.ui.player.due else { return };
    let Some((count, at)) = frames(model) else { return };
    ui.ctx().request_repaint_after(due.saturating_duration_since(Instant::now()).max(Duration::from_millis(10)));
    if Instant::now() < due || model.worker.is_busy() {
        return;
    }
    match (at + 1 < count, model.ui.player.loops) {
        (true, _) => show_frame(model, at + 1),
        (false, true) => show_frame(model, 0),
        (false, false) => {
            model.ui.player.due = None;
            return;
        }
    }
    model.ui.player.due = Some(Instant::now() + Duration::from_secs_f64(1.0 / model.ui.player.speed));
}

/// Shows a frame alone. Limits stay as they are, so that frames can be compared.
fn show_frame(model: &mut Model, k: usize) {
    let limits = model.painted.as_ref().map(|p| p.scene.transfer.limits);
    let has_limits = model.session.options().get("vmin").is_some();
    if let (Some(limits), false) = (limits, has_limits) {
        let factor = model.factor_shown();
        model.set_limits("frame", limits.map(|v| v * factor));
    }
    model.edit("frame", |o| {
        o.set_flag("pool", false);
        o.set("input-frames", Some(k.to_string()));
    });
}

/// The panel.
pub fn show(model: &mut Model, ui: &mut Ui) {
    let Some((count, at)) = frames(model) else { return };
    let is_pooled = model.session.wanted().scene().points.pool;
    row(ui, "shown", |ui| {
        if choice(ui, !is_pooled, "one frame") {
            model.step(|o| {
                o.set_flag("pool", false);
                o.set("input-frames", Some("0".to_owned()));
            });
        }
        if choice(ui, is_pooled, "all together") {
            model.ui.player.due = None;
            model.step(|o| {
                o.set("input-frames", None);
                o.set_flag("pool", true);
            });
        }
    });
    if is_pooled {
        return;
    }
    row(ui, "frame", |ui| {
        let mut k = at;
        if ui.add(Slider::new(&mut k, 0..=count - 1)).changed() {
            show_frame(model, k);
        }
    });
    row(ui, "play", |ui| {
        let text = if model.ui.player.due.is_some() { "Pause" } else { "Play" };
        if ui.button(text).on_hover_text("space").clicked() {
            toggle(model);
        }
        ui.add(egui::DragValue::new(&mut model.ui.player.speed).range(0.1..=60.0).suffix(" a second"));
        ui.checkbox(&mut model.ui.player.loops, "loop");
    });
}
