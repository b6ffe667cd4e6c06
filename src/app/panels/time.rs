//! Frames of a trajectory, one after the other.

use std::time::{Duration, Instant};

use egui::{DragValue, Slider, Ui};

use super::super::model::Model;
use super::super::places;
use super::choice_button;
use crate::cli::recipe::Draft;
use crate::cli::view::Together;
use crate::io::{FrameRange, Input};

/// Frames that are shown for longer are drawn in full.
const AT_REST: Duration = Duration::from_millis(700);
/// Frames a second that playing begins with.
const SPEED: f64 = 10.0;
/// Frames that a running average begins with.
const WIDTH: usize = 5;
/// Frames that limits are found from, if there are more; of sums, which hold many frames each, fewer.
const SURVEYED: [usize; 2] = [24, 6];

/// Where the bar is narrower than so many points, it has two rows.
const ONE_ROW: f32 = 640.0;
/// Room for the numbers behind the slider.
const END_OF_SLIDER: f32 = 134.0;

/// Which frames are shown together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// One.
    One,
    /// Those around it.
    Mean,
    /// All up to it.
    Sum,
    /// All.
    All,
}

/// What playing remembers.
pub struct Player {
    /// When the next frame is due; none while it does not play.
    due: Option<Instant>,
    /// Frames a second.
    speed: f64,
    /// Whether the first frame follows the last.
    loops: bool,
    /// Frames of a running average.
    width: usize,
    /// The last choice that was made here, and the option that it came to.
    chosen: Option<(Span, usize, Option<String>)>,
}

impl Default for Player {
    fn default() -> Self {
        Self { due: None, speed: SPEED, loops: true, width: WIDTH, chosen: None }
    }
}

/// Number of frames of the input; none of an input with one.
pub fn frames(model: &Model) -> Option<usize> {
    let Input::Points(points) = &model.content.as_ref()?.opened.input else { return None };
    Some(points.frames).filter(|frames| *frames > 1)
}

/// Which frames a movie of the input's frames takes together; none of an input with one frame.
pub fn together(model: &Model) -> Option<Together> {
    let count = frames(model)?;
    Some(match shown(model, count).0 {
        Span::Mean => Together::Around(model.ui.player.width),
        Span::Sum => Together::UpTo,
        Span::One | Span::All => Together::Around(1),
    })
}

/// Which frames the options ask for, and the one that a slider shows for them.
fn shown(model: &Model, count: usize) -> (Span, usize) {
    let options = model.session.options();
    let (text, points) = (options.get("input-frames"), &model.session.wanted().scene().points);
    if let Some((span, at, _)) =
        model.ui.player.chosen.as_ref().filter(|c| c.2 == text && (c.0 != Span::One) == points.pool)
    {
        return (*span, *at);
    }
    of_range(points.input_frames, points.pool, count)
}

/// As [`shown`], of options that were not chosen here.
fn of_range(range: Option<FrameRange>, is_pooled: bool, count: usize) -> (Span, usize) {
    let all = range.unwrap_or_default().of(count);
    let (first, last) = (all.first().copied().unwrap_or(0), all.last().copied().unwrap_or(0));
    match (is_pooled, range) {
        (false, _) => (Span::One, first),
        (true, None) => (Span::All, 0),
        (true, Some(_)) if first == 0 => (Span::Sum, last),
        (true, Some(_)) => (Span::Mean, usize::midpoint(first, last)),
    }
}

/// The option that asks for these frames.
fn text_of(span: Span, at: usize, width: usize, count: usize) -> Option<String> {
    match span {
        Span::One => Some(at.to_string()),
        Span::Mean => Some(format!("{}:{}", at.saturating_sub(width / 2), (at + width / 2 + 1).min(count))),
        Span::Sum => Some(format!("0:{}", at + 1)),
        Span::All => None,
    }
}

fn ask_for(options: &mut Draft, span: Span, text: Option<String>) {
    options.set_flag("pool", span != Span::One);
    options.set("input-frames", text);
}

/// Begins to play, or stops.
pub fn toggle(model: &mut Model) {
    let Some(count) = frames(model) else { return };
    if model.ui.player.due.take().is_some() {
        return;
    }
    model.surveyor.resume();
    let (span, at) = shown(model, count);
    model.ui.player.due = Some(Instant::now() + model.ui.player.pause());
    let span = if span == Span::All { Span::One } else { span };
    go(model, "", span, if at + 1 == count { 0 } else { at });
}

impl Player {
    /// Frames a second.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Whether frames follow one another.
    pub fn is_playing(&self) -> bool {
        self.due.is_some()
    }

    /// Whether they follow one another so soon that none is seen at rest.
    pub fn is_fast(&self) -> bool {
        self.is_playing() && self.pause() < AT_REST
    }

    /// Stays at the frame that is shown.
    pub fn stop(&mut self) {
        self.due = None;
    }

    fn pause(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.speed)
    }
}

/// Shows the frame whose turn it is, once the one before has been computed.
pub fn play(model: &mut Model, ui: &Ui) {
    let (Some(due), Some(count)) = (model.ui.player.due, frames(model)) else { return };
    let now = Instant::now();
    ui.ctx().request_repaint_after(due.saturating_duration_since(now).max(Duration::from_millis(5)));
    if now < due || model.worker.is_busy() || model.surveyor.errand().is_some() {
        return;
    }
    let (span, at) = shown(model, count);
    match (at + 1 < count, model.ui.player.loops) {
        (true, _) => go(model, "frame", span, at + 1),
        (false, true) => go(model, "frame", span, 0),
        (false, false) => {
            model.ui.player.due = None;
            return;
        }
    }
    // Kept to the beat, unless a frame took longer than that.
    let pause = model.ui.player.pause();
    model.ui.player.due = Some((due + pause).max(now));
}

/// Shows these frames; the first time, what all have in common is found.
fn go(model: &mut Model, gesture: &'static str, span: Span, at: usize) {
    let Some(count) = frames(model) else { return };
    let width = model.ui.player.width;
    ask(model, gesture, span, at, count);
    if span != Span::All {
        let mode = model.mode();
        model.survey(&format!("{span:?} {width} {mode}"), |options| choices(options, span, width, count));
    }
}

/// Shows these frames.
fn ask(model: &mut Model, gesture: &'static str, span: Span, at: usize, count: usize) {
    let text = text_of(span, at, model.ui.player.width, count);
    model.ui.player.chosen = Some((span, at, text.clone()));
    model.edit(gesture, |options| ask_for(options, span, text));
}

/// Options of frames spread evenly over all.
fn choices(options: &Draft, span: Span, width: usize, count: usize) -> Vec<Draft> {
    let most = SURVEYED[usize::from(span == Span::Sum)].min(count);
    let each = (0..most).map(|i| i * (count - 1) / (most - 1).max(1));
    let of = |at: usize| {
        let mut choice = options.clone();
        ask_for(&mut choice, span, text_of(span, at, width, count));
        choice
    };
    each.map(of).collect()
}

/// Height of the bar in points, in this width.
pub fn height(width: f32) -> f32 {
    if width < ONE_ROW { 62.0 } else { 34.0 }
}

/// The bar below the picture: in one row, or in two where that has no room.
pub fn show(model: &mut Model, ui: &mut Ui) {
    let Some(count) = frames(model) else { return };
    if ui.available_width() < ONE_ROW {
        ui.vertical(|ui| {
            ui.horizontal(|ui| play_and_frame(model, ui, count));
            ui.horizontal(|ui| which_together(model, ui, count));
        });
    } else {
        ui.horizontal_centered(|ui| {
            which_together(model, ui, count);
            ui.separator();
            play_and_frame(model, ui, count);
        });
    }
}

/// Playing, and the frame that is shown.
fn play_and_frame(model: &mut Model, ui: &mut Ui, count: usize) {
    let (span, at) = shown(model, count);
    let text = if model.ui.player.due.is_some() { "Pause" } else { "Play" };
    let button = ui.add_sized([56.0, 24.0], egui::Button::new(text)).on_hover_text("space");
    places::note(ui.ctx(), "play", button.rect);
    if button.clicked() {
        toggle(model);
    }
    ui.add(DragValue::new(&mut model.ui.player.speed).range(0.1..=60.0).max_decimals(1).suffix(" a second"))
        .on_hover_text("frames a second, also of a movie of them");
    let mut k = at;
    ui.spacing_mut().slider_width = (ui.available_width() - END_OF_SLIDER).max(36.0);
    let slider = ui.add_enabled(span != Span::All, Slider::new(&mut k, 0..=count - 1));
    places::note(ui.ctx(), "frame", slider.rect);
    if slider.on_hover_text("the frame, counted from 0").changed() {
        go(model, "frame", span, k);
    }
    ui.weak(format!("of 0 to {}", count - 1));
}

/// Which frames are shown together.
fn which_together(model: &mut Model, ui: &mut Ui, count: usize) {
    let (span, at) = shown(model, count);
    let all = [
        (Span::One, "one", "one frame"),
        (Span::Mean, "average", "the frames around it together, as one density: a running average"),
        (Span::Sum, "sum", "all frames up to this one together, as one density"),
        (Span::All, "all", "all frames together, as one density"),
    ];
    for (other, text, meaning) in all {
        let button = choice_button(ui, other == span, text).on_hover_text(meaning);
        places::note(ui.ctx(), &format!("frames: {text}"), button.rect);
        if button.clicked() && other != span {
            let at = if other == Span::Sum && span == Span::All { count - 1 } else { at };
            choose(model, other, at, count);
        }
    }
    if span == Span::Mean {
        let mut width = model.ui.player.width;
        let most = (2 * (count / 2)).clamp(2, 100) + 1;
        let field = DragValue::new(&mut width).range(3..=most).prefix("of ");
        if ui.add(field).on_hover_text("frames that are averaged, an odd number").changed() {
            model.ui.player.width = width | 1;
            go(model, "width", span, at);
        }
    }
    ui.checkbox(&mut model.ui.player.loops, "loop").on_hover_text("the first frame follows the last");
}

/// Shows other frames together, as a step of its own. Of one or of all, limits and box are their own again, until frames follow
/// one another.
pub fn choose(model: &mut Model, span: Span, at: usize, count: usize) {
    model.session.end_gesture();
    match span {
        Span::One | Span::All => {
            model.end_survey();
            ask(model, "", span, at, count);
        }
        Span::Mean | Span::Sum => go(model, "", span, at),
    }
    model.session.end_gesture();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: a slider that stands elsewhere than the frames that are shown.
    #[test]
    fn frames_come_back_from_the_options() {
        for (span, at, width, text) in [
            (Span::One, 3, 5, "3"),
            (Span::Mean, 4, 5, "2:7"),
            (Span::Mean, 9, 3, "8:10"),
            (Span::Sum, 0, 5, "0:1"),
            (Span::Sum, 9, 5, "0:10"),
        ] {
            assert_eq!(text_of(span, at, width, 10).as_deref(), Some(text));
            let (back, place) = of_range(Some(text.parse().unwrap()), span != Span::One, 10);
            assert_eq!(back, span);
            assert!(place.abs_diff(at) <= 1, "{text}: {place}");
        }
        assert_eq!(of_range(None, true, 10), (Span::All, 0));
        assert_eq!(of_range(Some("-1".parse().unwrap()), false, 10), (Span::One, 9));
    }

    #[test]
    fn choices_go_from_the_first_frame_to_the_last() {
        let all = choices(&Draft::new("render"), Span::One, 5, 100);
        let text = |i: usize| all[i].get("input-frames").unwrap();
        assert_eq!((all.len(), text(0), text(23)), (24, "0".into(), "99".into()));
        assert_eq!(choices(&Draft::new("render"), Span::Sum, 5, 2).len(), 2);
    }
}
