//! Two fingers on the picture: what lies between them follows them, sideways, nearer and further.

use egui::{MultiTouchInfo, Response, Ui};
use glam::DVec2;

use super::camera;
use super::model::Model;
use crate::scene::{Camera, Frame};

/// Moves the camera by what two fingers did over the picture. Whether they have the picture: the first of them is no hand
/// that drags or clicks then, until none is down.
pub fn fingers(model: &mut Model, ui: &Ui, response: &Response) -> bool {
    let (touch, is_touched) = ui.input(|i| (i.multi_touch(), i.any_touches()));
    if let Some(touch) = touch.filter(|_| model.ui.is_pinched || response.is_pointer_button_down_on()) {
        model.ui.press = None;
        model.ui.is_pinched = true;
        follow(model, &touch);
    }
    let has_picture = model.ui.is_pinched;
    if has_picture && !is_touched {
        model.ui.is_pinched = false;
        model.session.end_gesture();
    }
    has_picture
}

fn follow(model: &mut Model, touch: &MultiTouchInfo) {
    let Some(frame) = model.frame else { return };
    let size = model.size_of_data();
    let middle = model.pixel_at(touch.center_pos);
    let by = touch.translation_delta;
    let by = DVec2::new(f64::from(by.x), f64::from(by.y)) * model.pixels_per_point;
    if by != DVec2::ZERO || touch.zoom_delta != 1.0 {
        model.move_camera("touch", |c| pinched(c, &frame, middle, by, f64::from(touch.zoom_delta), size));
    }
}

/// The camera after fingers, whose middle is now at a pixel, have gone `by` pixels and `times` as far apart.
fn pinched(c: Camera, frame: &Frame, middle: DVec2, by: DVec2, times: f64, size: f64) -> Camera {
    let moved = camera::pan(c, by / f64::from(frame.size[1]));
    camera::zoom(moved, camera::on_target_plane(&moved, middle, frame.size), 1.0 / times, size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Box3;
    use crate::scene::{View, Window};

    const FRAME: Frame = Frame { size: [400, 300], scale_factor: 1.0 };

    /// Catches: fingers that slip over the picture.
    #[test]
    fn what_is_between_two_fingers_follows_them() {
        let bounds = Box3 { min: glam::DVec3::splat(-1.0), max: glam::DVec3::new(4.0, 5.0, 6.0) };
        let before = Camera::fitting(bounds, View::ISO, Window::middle(4.0 / 3.0));
        let from = [DVec2::new(100.0, 120.0), DVec2::new(180.0, 160.0)];
        // Twice as far apart, and elsewhere.
        let to = [DVec2::new(90.0, 100.0), DVec2::new(250.0, 180.0)];
        let places = from.map(|at| camera::on_target_plane(&before, at, FRAME.size));
        let [old, new] = [from, to].map(|f| 0.5 * (f[0] + f[1]));
        let after = pinched(before, &FRAME, new, new - old, 2.0, 10.0);
        for (place, at) in std::iter::zip(places, to) {
            assert!(after.project(place, FRAME.size).unwrap().distance(at) < 1e-6);
        }
    }
}
