//! The window without a display: events in, options out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{
    Context, Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, Pos2, RawInput, Rect, TouchPhase, pos2, vec2,
};

use super::model::Model;
use super::{camera, panels};
use crate::cli::Opening;
use crate::cli::recipe::Draft;
use crate::gpu::AdapterChoice;
use crate::scene::Camera;

/// A window of a sample, its context, and its clock.
struct Desk {
    model: Model,
    ctx: Context,
    time: f64,
    size: [f64; 2],
}

impl Desk {
    /// With its picture at rest.
    fn new() -> Self {
        let mut options = Draft::new("render");
        options.input = Some("sample:founding".into());
        options.set("grid", Some("12".into()));
        let mut desk = Self::of(options);
        desk.until(|desk| desk.model.is_at_rest());
        desk
    }

    /// Of these options, before its first frame.
    fn of(options: Draft) -> Self {
        let adapter = AdapterChoice::named(Some("software"));
        let opening = Opening { options, more: Vec::new(), adapter, size: None, headless: String::new() };
        let model = Model::new(opening, Arc::new(|| {})).unwrap();
        Self { model, ctx: Context::default(), time: 0.0, size: [900.0, 640.0] }
    }

    /// Frames in which nothing is done.
    fn until(&mut self, is_so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < Duration::from_secs(60), "what is waited for does not come");
            std::thread::sleep(Duration::from_millis(5));
            self.frame(Vec::new());
        }
    }

    /// A frame, a sixtieth of a second after the last one.
    fn frame(&mut self, events: Vec<Event>) {
        self.time += 1.0 / 60.0;
        let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, vec2(self.size[0] as f32, self.size[1] as f32)));
        let input = RawInput { screen_rect, time: Some(self.time), events, ..RawInput::default() };
        let _ = self.ctx.clone().run_ui(input, |ui| panels::show(&mut self.model, ui));
    }

    /// The camera after these events, each in a frame of its own, and the frames that smooth them; undone then.
    fn camera_after(&mut self, events: Vec<Event>) -> Camera {
        events.into_iter().for_each(|event| self.frame(vec![event]));
        (0..90).for_each(|_| self.frame(Vec::new()));
        let camera = self.model.camera().unwrap();
        self.model.session.end_gesture();
        self.model.session.undo();
        camera
    }
}

fn key(key: Key) -> Event {
    Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers: Modifiers::NONE }
}

fn scroll(unit: MouseWheelUnit, by: f32) -> Event {
    let (delta, phase, source) = (vec2(0.0, by), TouchPhase::Move, MouseWheelSource::Unknown);
    Event::MouseWheel { unit, delta, phase, source, modifiers: Modifiers::NONE }
}

/// Catches: a reading of a picture that is gone, and one that is told only once the cursor moves.
#[test]
fn what_is_read_is_of_the_picture_that_is_shown() {
    let mut desk = Desk::new();
    let is_read = |desk: &Desk| desk.model.prober.is_current() && desk.model.prober.answer().is_some();
    desk.frame(vec![Event::PointerMoved(pos2(290.0, 300.0))]);
    desk.until(is_read);
    let (before, number) = (desk.model.prober.answer().unwrap().position, desk.model.painted.as_ref().unwrap().number);
    desk.frame(vec![key(Key::X)]);
    desk.until(|desk| desk.model.painted.as_ref().unwrap().number != number);
    assert!(desk.model.prober.answer().is_none() && desk.model.prober.last_answer().is_none());
    assert!(desk.model.prober.is_looking());
    desk.until(|desk| desk.model.is_at_rest());
    // Asked in this frame; the next one tells the answer before anything is laid out.
    desk.frame(Vec::new());
    let start = Instant::now();
    while desk.model.prober.answer().is_none() {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing is read");
        std::thread::sleep(Duration::from_millis(5));
        desk.model.take_in(&desk.ctx);
    }
    assert!(desk.model.prober.answer().unwrap().position.distance(before) > 1e-6);
    // In a corner there is nothing.
    desk.frame(vec![Event::PointerMoved(pos2(2.0, 600.0))]);
    desk.until(|desk| desk.model.prober.is_current());
    assert!(!desk.model.prober.answer().is_some_and(super::probe::Probe::is_seen));
}

/// Catches: a window in which the picture of a recipe has another size.
#[test]
fn a_window_has_room_for_the_picture_that_is_asked_for() {
    let mut desk = Desk::new();
    desk.size = super::window::size_of(Some([1080, 914]));
    (0..2).for_each(|_| desk.frame(Vec::new()));
    assert_eq!(desk.model.frame.unwrap().size, [1080, 914]);
}

/// Catches: playing that leaves limits which nobody has typed and which do not go.
#[test]
fn limits_of_all_frames_go_when_one_is_chosen() {
    let path = std::env::temp_dir().join(format!("densitas-window-{}.xyz", std::process::id()));
    let frame = |k: usize| {
        let line = |i: usize| format!("C {} {} {}\n", i % 3, (i * i * (k + 1)) % 5, (i + k) % 4);
        format!("12\nframe\n{}", (0..12).map(line).collect::<String>())
    };
    std::fs::write(&path, (0..3).map(frame).collect::<String>()).unwrap();
    let mut options = Draft::new("render");
    options.input = Some(path.display().to_string());
    options.set("grid", Some("10".into()));
    let mut desk = Desk::of(options);
    desk.until(|desk| desk.model.is_at_rest());
    let given =
        |desk: &Desk| ["vmin", "vmax", "bounds"].map(|option| desk.model.session.options().get(option).is_some());
    panels::time::toggle(&mut desk.model);
    desk.until(|desk| desk.model.are_limits_of_frames());
    desk.model.ui.player.stop();
    assert_eq!(given(&desk), [true; 3]);
    panels::time::choose(&mut desk.model, panels::time::Span::One, 1, 3);
    assert!(!desk.model.are_limits_of_frames());
    assert_eq!(given(&desk), [false; 3]);
    std::fs::remove_file(&path).unwrap();
}

/// Catches: a wrong limit that outlives the choice of a rule.
#[test]
fn a_rule_for_limits_clears_what_was_typed() {
    let mut desk = Desk::new();
    desk.model.step(|o| o.set("vmax", Some("1".into())));
    desk.model.ui.typed.insert("vmin", "much".into());
    desk.model.ui.refuse("vmin", "no number");
    desk.frame(Vec::new());
    panels::set_rule(&mut desk.model, None);
    (0..2).for_each(|_| desk.frame(Vec::new()));
    let typed = |option| desk.model.ui.typed.get(option).map_or("", String::as_str);
    assert!(desk.model.ui.wrong.is_empty() && desk.model.session.options().get("vmax").is_none());
    assert_eq!([typed("vmin"), typed("vmax")], ["", ""]);
}

/// Catches: an empty start of which the keys cannot be asked.
#[test]
fn the_keys_are_shown_before_anything_is_open() {
    let mut desk = Desk::of(Draft::new("render"));
    desk.frame(vec![key(Key::H)]);
    assert!(desk.model.ui.help);
    desk.frame(vec![key(Key::H)]);
    assert!(!desk.model.ui.help);
}

/// Catches: a touchpad that zooms by jumps or by how its points are shared out among events, away from the cursor, and a pinch
/// that does nothing.
#[test]
fn touchpads_zoom_to_the_cursor() {
    let mut desk = Desk::new();
    let at = pos2(200.0, 150.0);
    desk.frame(vec![Event::PointerMoved(at)]);
    let before = desk.model.camera().unwrap();
    let (pixel, size) = (desk.model.pixel_at(at), desk.model.frame.unwrap().size);
    let place = camera::on_target_plane(&before, pixel, size);
    let in_points = |n: usize| vec![scroll(MouseWheelUnit::Point, 60.0 / n as f32); n];
    for (events, factor) in [
        (in_points(1), camera::factor_of_wheel(60.0)),
        (in_points(12), camera::factor_of_wheel(60.0)),
        (vec![Event::Zoom(1.25)], 0.8),
        (vec![Event::Zoom(1.25f32.sqrt()); 2], 0.8),
    ] {
        let what = format!("{events:?}");
        let after = desk.camera_after(events);
        let found = after.visible_height_at_target() / before.visible_height_at_target();
        assert!((found / factor - 1.0).abs() < 1e-3, "{what}: {found} for {factor}");
        assert!(after.project(place, size).unwrap().distance(pixel) < 0.01, "{what}");
    }
    let notch = desk.camera_after(vec![scroll(MouseWheelUnit::Line, 1.0)]);
    assert!(notch.distance() < before.distance() && notch.distance() > 0.8 * before.distance(), "{notch:?}");
}
