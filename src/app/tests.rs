//! The window without a display: events in, options out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Context, Event, Modifiers, MouseWheelSource, MouseWheelUnit, Pos2, RawInput, Rect, TouchPhase, pos2, vec2};

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
}

impl Desk {
    /// With its picture at rest.
    fn new() -> Self {
        let mut options = Draft::new("render");
        options.input = Some("sample:founding".into());
        options.set("grid", Some("12".into()));
        let adapter = AdapterChoice::named(Some("software"));
        let opening = Opening { options, more: Vec::new(), adapter, size: None, headless: String::new() };
        let model = Model::new(opening, Arc::new(|| {})).unwrap();
        let mut desk = Self { model, ctx: Context::default(), time: 0.0 };
        let start = Instant::now();
        while !desk.model.is_at_rest() {
            assert!(start.elapsed() < Duration::from_secs(60), "the picture does not come");
            std::thread::sleep(Duration::from_millis(5));
            desk.frame(Vec::new());
        }
        desk
    }

    /// A frame, a sixtieth of a second after the last one.
    fn frame(&mut self, events: Vec<Event>) {
        self.time += 1.0 / 60.0;
        let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, vec2(900.0, 640.0)));
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

fn scroll(unit: MouseWheelUnit, by: f32) -> Event {
    let (delta, phase, source) = (vec2(0.0, by), TouchPhase::Move, MouseWheelSource::Unknown);
    Event::MouseWheel { unit, delta, phase, source, modifiers: Modifiers::NONE }
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
