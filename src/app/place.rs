//! Where the picture is in the window, and from where it is seen.

use egui::{Pos2, Rect};
use glam::{DVec2, DVec3};

use super::model::Model;
use super::session;
use crate::annotate;
use crate::scene::{Camera, Frame, Scene};

impl Model {
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
        self.frame = Some(Frame { size: pixels.map(|n| n as u32), scale_factor: scale });
    }

    /// A place of the window in pixels of the picture.
    pub fn pixel_at(&self, position: Pos2) -> DVec2 {
        let (Some(area), Some(frame)) = (self.area, self.frame) else { return DVec2::ZERO };
        let p = position - area.min;
        DVec2::new(f64::from(p.x), f64::from(p.y)) * frame.scale_factor
    }

    /// Where a place of the data is in the window, or would be beside the picture; none behind the eye.
    pub fn project(&self, place: DVec3) -> Option<Pos2> {
        let (area, frame, camera) = (self.area?, self.frame?, self.camera()?);
        let p = camera.project(place, frame.size)? / frame.scale_factor;
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
