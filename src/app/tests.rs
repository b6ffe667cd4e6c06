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
use crate::scene::{Camera, Frame};

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
        let adapter = AdapterChoice::of_tests();
        let opening = Opening { options, more: Vec::new(), adapter, frame: None, headless: String::new() };
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
    // Beside the box the ray does not even meet it.
    assert!(desk.model.prober.meets_nothing());
}

/// Catches: a window in which the picture of a recipe has another size.
#[test]
fn a_window_has_room_for_the_picture_that_is_asked_for() {
    let mut desk = Desk::new();
    desk.size = super::window::size_of(Some([1080, 914]));
    (0..2).for_each(|_| desk.frame(Vec::new()));
    assert_eq!(desk.model.frame.unwrap().size, [1080, 914]);
}

fn frame(size: [u32; 2], scale_factor: f64) -> Frame {
    Frame { size, scale_factor }
}

/// Catches: a time bar that takes from the height of a recipe's picture, and a window that fights its user.
#[test]
fn the_window_grows_by_what_stands_beside_the_picture() {
    let mut desk = Desk::new();
    desk.size = super::window::size_of(Some([700, 500]));
    desk.model.room = super::place::Room::of(Some(frame([700, 534], 1.0)));
    desk.frame(Vec::new());
    let [w, h] = desk.size;
    assert_eq!(desk.model.room.take_request(), Some(vec2(w as f32, h as f32 + 34.0)));
    desk.frame(Vec::new());
    assert_eq!(desk.model.room.take_request(), None);
    desk.size[1] += 34.0;
    (0..2).for_each(|_| desk.frame(Vec::new()));
    assert_eq!(desk.model.frame.unwrap().size, [700, 534]);
    desk.size[1] += 50.0;
    (0..2).for_each(|_| desk.frame(Vec::new()));
    assert_eq!((desk.model.room.take_request(), desk.model.ui.size), (None, None));
    // Where it cannot be had, saved pictures have it.
    desk.model.room = super::place::Room::of(Some(frame([900, 900], 2.0)));
    desk.frame(Vec::new());
    desk.size[0] -= 50.0;
    desk.frame(Vec::new());
    assert_eq!(desk.model.ui.size, Some([900, 900]));
    assert_eq!(desk.model.frame.unwrap().scale_factor, 2.0);
}

/// A window of three frames of twelve points, before its first picture, and their file.
fn desk_of_frames(name: &str) -> (Desk, std::path::PathBuf) {
    let path = std::env::temp_dir().join(format!("densitas-window-{name}-{}.xyz", std::process::id()));
    let frame = |k: usize| {
        let line = |i: usize| format!("C {} {} {}\n", i % 3, (i * i * (k + 1)) % 5, (i + k) % 4);
        format!("12\nframe\n{}", (0..12).map(line).collect::<String>())
    };
    std::fs::write(&path, (0..3).map(frame).collect::<String>()).unwrap();
    let mut options = Draft::new("render");
    options.input = Some(path.display().to_string());
    options.set("grid", Some("10".into()));
    (Desk::of(options), path)
}

/// Catches: limits of all frames that outlive the density that they are of, also where that is undone, and a button that does
/// not bring the frame's own back.
#[test]
fn limits_of_all_frames_go_with_the_density_that_they_are_of() {
    let (mut desk, path) = desk_of_frames("stale");
    desk.until(|desk| desk.model.is_at_rest());
    let given =
        |desk: &Desk| ["vmin", "bounds", "axes-box"].map(|option| desk.model.session.options().get(option).is_some());
    panels::time::toggle(&mut desk.model);
    desk.until(|desk| desk.model.are_limits_of_frames());
    desk.model.ui.player.stop();
    let before = desk.model.session.options().get("vmax");
    desk.model.step(|o| o.set("bandwidth", Some("0.3".into())));
    desk.frame(Vec::new());
    // The points are the same, and so is the box around them.
    assert_eq!(given(&desk), [false, false, true]);
    desk.model.session.undo();
    desk.frame(Vec::new());
    assert_eq!(desk.model.session.options().get("vmax"), before);
    assert!(desk.model.are_limits_of_frames());
    desk.model.session.redo();
    desk.frame(Vec::new());
    assert_eq!(given(&desk), [false, false, true]);
    // While they play, all are looked at again.
    panels::time::toggle(&mut desk.model);
    desk.until(|desk| desk.model.are_limits_of_frames());
    assert_ne!(desk.model.session.options().get("vmax"), before);
    desk.model.ui.player.stop();
    desk.model.survey_limits_again();
    desk.frame(Vec::new());
    assert_eq!(given(&desk), [false, true, true]);
    // Neither colours nor view say what the density is.
    panels::time::toggle(&mut desk.model);
    desk.until(|desk| desk.model.are_limits_of_frames());
    desk.model.ui.player.stop();
    desk.model.step(|o| o.set("colormap", Some("viridis".into())));
    desk.frame(vec![key(Key::X)]);
    assert!(desk.model.are_limits_of_frames());
    desk.model.step(|o| o.set("mode", Some("mip".into())));
    desk.frame(Vec::new());
    assert!(!desk.model.are_limits_of_frames());
    std::fs::remove_file(&path).unwrap();
}

/// Catches: playing that leaves limits which nobody has typed and which do not go.
#[test]
fn limits_of_all_frames_go_when_one_is_chosen() {
    let (mut desk, path) = desk_of_frames("one");
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

/// What a touch screen tells of a finger; the first one is a pointer, too, as winit has it.
fn finger(id: u64, phase: TouchPhase, at: Pos2) -> Vec<Event> {
    let touch = Event::Touch { device_id: egui::TouchDeviceId(1), id: egui::TouchId(id), phase, pos: at, force: None };
    let button = |pressed| Event::PointerButton {
        pos: at,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    let pointer = match phase {
        _ if id != 1 => vec![],
        TouchPhase::Start => vec![Event::PointerMoved(at), button(true)],
        TouchPhase::Move => vec![Event::PointerMoved(at)],
        TouchPhase::End | TouchPhase::Cancel => vec![button(false), Event::PointerGone],
    };
    [touch].into_iter().chain(pointer).collect()
}

/// Catches: two fingers that turn the picture or leave a label in it, a pinch that is many steps, and one finger that does not
/// turn.
#[test]
fn two_fingers_move_and_one_turns() {
    let mut desk = Desk::new();
    let before = desk.model.camera().unwrap();
    let (a, b) = (pos2(200.0, 250.0), pos2(300.0, 250.0));
    desk.frame(finger(1, TouchPhase::Start, a));
    desk.frame(finger(2, TouchPhase::Start, b));
    for i in 1..=10 {
        let by = vec2(4.0, 2.0) * i as f32;
        desk.frame(finger(2, TouchPhase::Move, b + by));
        desk.frame(finger(1, TouchPhase::Move, a + vec2(-by.x, by.y)));
    }
    desk.frame(finger(2, TouchPhase::End, b));
    // What the other finger does then is no drag.
    desk.frame(finger(1, TouchPhase::Move, a + vec2(90.0, 90.0)));
    desk.frame(finger(1, TouchPhase::End, a + vec2(90.0, 90.0)));
    desk.frame(Vec::new());
    let after = desk.model.camera().unwrap();
    let direction = |c: &Camera| (c.position - c.target).normalize();
    assert!(direction(&before).distance(direction(&after)) < 1e-9, "it has turned");
    let times = before.distance() / after.distance();
    assert!((times - 1.8).abs() < 0.02, "{times} times nearer");
    assert!(before.target.distance(after.target) > 0.01 && desk.model.session.options().list("label").is_empty());
    desk.model.session.undo();
    assert!(desk.model.session.camera().is_none(), "one step");
    desk.frame(finger(1, TouchPhase::Start, a));
    (1..=5).for_each(|i| desk.frame(finger(1, TouchPhase::Move, a + vec2(10.0, 0.0) * i as f32)));
    desk.frame(finger(1, TouchPhase::End, a + vec2(50.0, 0.0)));
    assert!(direction(&before).distance(direction(&desk.model.camera().unwrap())) > 0.1, "one finger turns");
}

/// Catches: turns of the wheel that are undone one by one, or all that there ever were together.
#[test]
fn turns_of_the_wheel_that_belong_together_are_one_step() {
    let mut desk = Desk::new();
    desk.frame(vec![Event::PointerMoved(pos2(200.0, 150.0))]);
    let mut turn = || {
        for _ in 0..3 {
            desk.frame(vec![scroll(MouseWheelUnit::Line, 1.0)]);
            (0..20).for_each(|_| desk.frame(Vec::new()));
        }
        (0..90).for_each(|_| desk.frame(Vec::new()));
        desk.model.camera().unwrap().distance()
    };
    let (first, second) = (turn(), turn());
    assert!(second < 0.9 * first);
    desk.model.session.undo();
    assert_eq!(desk.model.camera().unwrap().distance(), first);
    desk.model.session.undo();
    assert!(desk.model.session.camera().is_none());
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
