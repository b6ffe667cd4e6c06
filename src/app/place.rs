//! Where the picture is in the window, and from where it is seen.

use egui::{Pos2, Rect, Vec2};
use glam::{DVec2, DVec3};

use super::message::Weight;
use super::model::Model;
use super::session;
use super::window::LEAST;
use crate::annotate;
use crate::cli::recipe::Draft;
use crate::scene::{Camera, Frame, Scene};

/// Room for a picture of the size that its recipe says: the window grows by what bars around the picture take from it.
#[derive(Default)]
pub struct Room {
    /// The frame that the picture is to have, until it has it.
    wanted: Option<Frame>,
    /// Pixels of a point of its letters, if they are the recipe's and not the screen's.
    letters: Option<f64>,
    /// The window's size when it was asked for another one, and that.
    asked: Option<[Vec2; 2]>,
    /// The size that the window is asked for.
    request: Option<Vec2>,
    tries: u32,
}

/// A window is asked so often, as bars grow where it gets narrow.
const MOST_TRIES: u32 = 3;

impl Room {
    /// For a picture of this frame, if one is wanted.
    pub fn of(wanted: Option<Frame>) -> Self {
        let letters = wanted.map(|frame| frame.scale_factor).filter(|scale| *scale != 1.0);
        Self { wanted, letters, ..Self::default() }
    }

    /// The size in points that the window is to have, once.
    pub fn take_request(&mut self) -> Option<Vec2> {
        self.request.take()
    }

    /// Looks at the size that a picture has in a window, both in points. Whether the one that was wanted cannot be had.
    fn look(&mut self, picture: Vec2, window: Vec2, pixels_per_point: f64) -> Option<[u32; 2]> {
        // Points of a finer screen are as large as pixels of another, unless the recipe says how large they are.
        let times = if self.letters.is_some() { 1.0 } else { pixels_per_point };
        let size = self.wanted?.size.map(|n| (f64::from(n) * times).round() as u32);
        let wanted = size.map(|n| (f64::from(n) / pixels_per_point) as f32);
        let missing = egui::vec2(wanted[0], wanted[1]) - picture;
        if missing.abs().max_elem() < 0.5 {
            self.wanted = None;
            return None;
        }
        let next = window + missing;
        let has_room = next.x >= LEAST[0] as f32 && next.y >= LEAST[1] as f32 && self.tries < MOST_TRIES;
        let is_there = |asked: Vec2| (asked - window).abs().max_elem() < 1.0;
        match self.asked {
            Some([before, _]) if before == window => {}
            Some([_, asked]) if !is_there(asked) => self.wanted = None,
            _ if has_room => {
                (self.asked, self.request) = (Some([window, next]), Some(next));
                self.tries += 1;
            }
            _ => self.wanted = None,
        }
        self.wanted.is_none().then_some(size)
    }
}

impl Model {
    /// Has the window made as large as the picture needs it, once it is known what else stands in it.
    pub fn make_room(&mut self, window: Vec2) {
        let Some(area) = self.area.filter(|_| self.content.is_some()) else { return };
        if let Some(size) = self.room.look(area.size(), window, self.pixels_per_point) {
            self.ui.size = Some(size);
            let [w, h] = size;
            self.say(
                Weight::Note,
                format!("the window is not made for {w} × {h} pixels; Save the picture writes that size"),
            );
        }
    }

    /// Gives the picture its place, on whole pixels.
    pub fn place(&mut self, available: Rect, pixels_per_point: f32) {
        let scale = f64::from(pixels_per_point);
        let on_pixels = |v: f32| (f64::from(v) * scale).round() / scale;
        let points = |n: f32| (f64::from(n) + 1e-6).floor().clamp(16.0, 16384.0);
        let size = [points(available.width()), points(available.height())];
        let pixels = size.map(|n| (n * scale).round());
        let min = Pos2::new(on_pixels(available.min.x) as f32, on_pixels(available.min.y) as f32);
        let points = egui::vec2((pixels[0] / scale) as f32, (pixels[1] / scale) as f32);
        self.area = Some(Rect::from_min_size(min, points));
        self.pixels_per_point = scale;
        let scale_factor = self.room.letters.unwrap_or(scale);
        self.frame = Some(Frame { size: pixels.map(|n| n as u32), scale_factor });
    }

    /// A place of the window in pixels of the picture.
    pub fn pixel_at(&self, position: Pos2) -> DVec2 {
        let Some(area) = self.area else { return DVec2::ZERO };
        let p = position - area.min;
        DVec2::new(f64::from(p.x), f64::from(p.y)) * self.pixels_per_point
    }

    /// Where a place of the data is in the window, or would be beside the picture; none behind the eye.
    pub fn project(&self, place: DVec3) -> Option<Pos2> {
        let (area, frame, camera) = (self.area?, self.frame?, self.camera()?);
        let p = camera.project(place, frame.size)? / self.pixels_per_point;
        Some(area.min + egui::vec2(p.x as f32, p.y as f32))
    }

    /// As [`Self::project`] in the picture that is shown, which may be behind.
    pub fn project_as_shown(&self, place: DVec3) -> Option<Pos2> {
        let (area, painted) = (self.area?, self.painted.as_ref()?);
        let p = painted.camera.project(place, painted.frame.size)? / self.pixels_per_point;
        Some(area.min + egui::vec2(p.x as f32, p.y as f32))
    }

    /// The camera as it is now.
    pub fn camera(&self) -> Option<Camera> {
        self.session.camera().or_else(|| self.automatic_camera())
    }

    /// The camera of the picture, or what it will be where the picture is still one of before the view was set back.
    fn automatic_camera(&self) -> Option<Camera> {
        let painted = self.painted.as_ref()?;
        if painted.is_automatic {
            return Some(painted.camera);
        }
        let viewpoint = self.session.wanted().scene().view.viewpoint(&painted.scene, &painted.frame);
        Some(annotate::camera(&Scene { viewpoint, ..painted.scene.clone() }, &painted.frame))
    }

    /// Puts the view that is shown into options: it does not jump where what it follows from does, as when a density is added.
    pub fn kept_view(&self) -> impl Fn(&mut Draft) + use<> {
        let camera = self.painted.as_ref().filter(|_| self.session.camera().is_none()).map(|painted| painted.camera);
        move |options| {
            camera.iter().for_each(|camera| session::set_camera(options, camera));
        }
    }

    /// The size of what is looked at.
    pub fn size_of_data(&self) -> f64 {
        self.content.as_ref().map_or(1.0, |c| c.grid.lattice.bounds().diagonal())
    }

    /// Moves the camera.
    pub fn move_camera(&mut self, gesture: &'static str, moved: impl FnOnce(Camera) -> Camera) {
        let Some(camera) = self.camera() else { return };
        let moved = moved(camera);
        if moved.validate().is_ok() {
            self.edit(gesture, |options| session::set_camera(options, &moved));
        }
    }

    /// What follows a length: a blank and its unit, if there is one.
    pub fn unit_text(&self) -> String {
        self.content.as_ref().and_then(|c| c.grid.unit).map_or(String::new(), |u| format!(" {}", u.symbol()))
    }

    /// Decimals of a place: a thousandth of the data's size and finer.
    pub fn digits_of_places(&self) -> usize {
        (3.0 - self.size_of_data().log10()).ceil().clamp(0.0, 12.0) as usize
    }

    /// A vector as the status line tells it.
    pub fn place_text(&self, p: DVec3) -> String {
        let digits = self.digits_of_places();
        let unit = self.unit_text();
        format!("{:.digits$}, {:.digits$}, {:.digits$}{unit}", p.x, p.y, p.z)
    }
}
