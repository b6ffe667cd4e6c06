//! Moving the camera by hand.

use glam::{DQuat, DVec2, DVec3};

use crate::scene::{Camera, Projection, View};

/// A drag over the height of the picture turns by this many radians.
const TURN: f64 = 3.6;
/// The turntable keeps this angle from its poles, in radians.
const POLE: f64 = 1e-3;
/// A drag over the height of the picture, or a notch of 100 points, changes distances by e to this power.
const ZOOM: f64 = 2.5;
/// Distances stay within this factor of the size of the data, so that f64 can tell places apart.
const FURTHEST: f64 = 1e4;

/// Turned about the upward axis and the axis to the right, by a drag in heights of the picture (y downward).
pub fn turntable(camera: Camera, by: DVec2) -> Camera {
    let offset = camera.position - camera.target;
    let right = camera.axes().right;
    // Seen from straight above, up is no axis to turn about: that of space is.
    let leaning = camera.up.normalize().dot(offset.normalize()).abs();
    let axis = if is_upright(&camera) || leaning > 1.0 - 1e-12 { DVec3::Z } else { camera.up.normalize() };
    let polar = offset.normalize().dot(axis).clamp(-1.0, 1.0).acos();
    let wanted = (polar - TURN * by.y).clamp(POLE, std::f64::consts::PI - POLE);
    let tilt = DQuat::from_axis_angle(right, wanted - polar);
    let around = DQuat::from_axis_angle(axis, -TURN * by.x);
    Camera { position: camera.target + around * (tilt * offset), up: axis, ..camera }
}

/// Whether z points upward, or the camera looks along it.
fn is_upright(camera: &Camera) -> bool {
    let up = camera.up.normalize();
    up.dot(DVec3::Z) > 1.0 - 1e-12 || camera.axes().forward.dot(DVec3::Z).abs() > 1.0 - 1e-9
}

/// Turned freely, about the axis of the picture that lies across the drag: in however many steps it comes.
pub fn trackball(camera: Camera, by: DVec2) -> Camera {
    let axes = camera.axes();
    let turn = DQuat::from_scaled_axis(-TURN * (axes.up * by.x + axes.right * by.y));
    let offset = camera.position - camera.target;
    Camera { position: camera.target + turn * offset, up: turn * axes.up, ..camera }
}

/// Moved sideways, so that what lies at the target follows the hand.
pub fn pan(camera: Camera, by: DVec2) -> Camera {
    let axes = camera.axes();
    let by = (axes.up * by.y - axes.right * by.x) * camera.visible_height_at_target();
    Camera { position: camera.position + by, target: camera.target + by, ..camera }
}

/// Nearer to what lies at `place` of the plane through the target, which stays where it appears; `factor` below 1 is nearer.
pub fn zoom(camera: Camera, place: DVec3, factor: f64, size: f64) -> Camera {
    let distance = camera.distance();
    let factor = (distance * factor).clamp(size / FURTHEST, size * FURTHEST) / distance;
    let projection = match camera.projection {
        Projection::Orthographic { visible_height } => {
            Projection::Orthographic { visible_height: visible_height * factor }
        }
        perspective => perspective,
    };
    let scaled = |p: DVec3| place + (p - place) * factor;
    Camera { position: scaled(camera.position), target: scaled(camera.target), projection, ..camera }
}

/// The factor of a drag in heights of the picture: upward is nearer, as in VTK.
pub fn factor_of_drag(by: DVec2) -> f64 {
    (ZOOM * by.y).exp()
}

/// The factor of a turn of the wheel, in points: upward is nearer.
pub fn factor_of_wheel(points: f64) -> f64 {
    (-points * ZOOM / 1500.0).exp()
}

/// Turned about the line of sight by the angle between two places, from the centre of the picture (y downward).
pub fn roll(camera: Camera, from: DVec2, to: DVec2) -> Camera {
    if from.length() < 1e-9 || to.length() < 1e-9 {
        return camera;
    }
    let axes = camera.axes();
    let angle = from.perp_dot(to).atan2(from.dot(to));
    Camera { up: DQuat::from_axis_angle(axes.forward, -angle) * axes.up, ..camera }
}

/// Moved so that `place` is what it looks at.
pub fn focus(camera: Camera, place: DVec3) -> Camera {
    let by = place - camera.target;
    Camera { position: camera.position + by, target: place, shift: DVec2::ZERO, ..camera }
}

/// Where the line of sight through a place meets the plane through the target.
pub fn on_target_plane(camera: &Camera, pixel: DVec2, size: [u32; 2]) -> DVec3 {
    let ray = camera.ray_in_world(pixel, size);
    let forward = camera.axes().forward;
    let depth = (camera.target - ray.origin).dot(forward) / ray.direction.dot(forward);
    ray.origin + ray.direction * depth
}

/// A camera of a direction at the same distance from the same target; turned to the other side if `opposite`.
pub fn from_side(camera: Camera, view: View, opposite: bool) -> Camera {
    let (direction, up) = view.direction_and_up();
    let direction = if opposite { -direction } else { direction };
    Camera { position: camera.target + direction * camera.distance(), up, ..camera }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Box3;
    use crate::scene::Window;

    fn camera() -> Camera {
        let bounds = Box3 { min: DVec3::new(-1.0, -2.0, -3.0), max: DVec3::new(4.0, 5.0, 6.0) };
        Camera::fitting(bounds, View::ISO, Window::middle(1.5))
    }

    #[test]
    fn a_turntable_keeps_up_distance_and_the_horizon_and_stops_at_the_poles() {
        let mut c = camera();
        for by in [DVec2::new(0.3, 0.1), DVec2::new(-2.0, 4.0), DVec2::new(0.1, -9.0), DVec2::new(0.0, 0.2)] {
            let turned = turntable(c, by);
            turned.validate().unwrap();
            assert!((turned.distance() / c.distance() - 1.0).abs() < 1e-9);
            assert!(turned.axes().right.z.abs() < 1e-9 && turned.axes().up.z >= 0.0, "{turned:?}");
            c = turned;
        }
        // What lies before the target moves with the hand.
        let c = camera();
        let front = c.target + (c.position - c.target) * 0.1;
        let [before, after] = [c, turntable(c, DVec2::new(0.02, 0.03))].map(|c| c.project(front, [300, 200]).unwrap());
        assert!(after.x > before.x && after.y > before.y, "{before} {after}");
    }

    #[test]
    fn from_straight_above_the_turntable_goes_on() {
        for opposite in [false, true] {
            let c = turntable(from_side(camera(), View::Z, opposite), DVec2::new(0.1, 0.2));
            c.validate().unwrap();
            assert_eq!(c.up, DVec3::Z);
        }
    }

    #[test]
    fn zooming_keeps_the_place_under_the_cursor_and_panning_follows_the_hand() {
        let (size, pixel) = ([300, 200], DVec2::new(40.0, 170.0));
        for c in [camera(), camera().orthographic()] {
            let place = on_target_plane(&c, pixel, size);
            assert!(c.project(place, size).unwrap().distance(pixel) < 1e-6);
            let near = zoom(c, place, 0.5, 10.0);
            assert!(near.project(place, size).unwrap().distance(pixel) < 1e-6);
            assert!((near.visible_height_at_target() / c.visible_height_at_target() - 0.5).abs() < 1e-9);
            let moved = pan(c, DVec2::new(0.1, -0.05));
            let now = moved.project(c.target, size).unwrap() - c.project(c.target, size).unwrap();
            assert!(now.distance(DVec2::new(20.0, -10.0)) < 1e-6, "{now}");
        }
    }

    #[test]
    fn a_roll_turns_the_picture_with_the_hand() {
        let c = camera();
        let rolled = roll(c, DVec2::new(1.0, 0.0), DVec2::new(0.0, 1.0));
        let place = c.target + c.axes().right;
        let at = rolled.project(place, [200, 200]).unwrap() - rolled.project(c.target, [200, 200]).unwrap();
        assert!(at.x.abs() < 1e-6 && at.y > 0.0, "{at}");
        assert!(focus(c, place).project(place, [200, 200]).unwrap().distance(DVec2::splat(100.0)) < 1e-6);
    }
}
