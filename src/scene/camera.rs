//! Where the picture is taken from.

use glam::{DVec2, DVec3};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::geometry::Box3;

/// How depth is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Projection {
    /// Central projection with this vertical view angle.
    Perspective {
        /// Vertical view angle, 0 to 180 exclusive.
        vertical_fov_degrees: f64,
    },
    /// Parallel projection that shows this height of the plane through the target.
    Orthographic {
        /// Height of the visible part, in the unit of the data.
        visible_height: f64,
    },
}

/// A camera placed in the space of the data. z is up unless `up` says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Camera {
    /// Where the eye is.
    pub position: DVec3,
    /// What it looks at.
    pub target: DVec3,
    /// What shall point upward in the picture; need not be perpendicular to the view.
    pub up: DVec3,
    /// Perspective or parallel.
    pub projection: Projection,
    /// Where the target appears, from the centre of the picture to the right and upward, in heights
    /// of the picture: the picture is a part of a larger one, as with a shift lens.
    pub shift: DVec2,
}

/// The camera's axes in the space of the data: unit vectors to the right, upward and forward.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CameraAxes {
    /// To the right of the picture.
    pub right: DVec3,
    /// To the top of the picture.
    pub up: DVec3,
    /// Into the picture.
    pub forward: DVec3,
}

/// A ray of a pixel: points at `origin + t * direction`, `t >= 0`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ray {
    /// Start, in the space of the data.
    pub origin: DVec3,
    /// Unit vector.
    pub direction: DVec3,
}

/// Directions from which a box is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum View {
    /// Camera on +x, z up.
    X,
    /// Camera on +y, z up.
    Y,
    /// Camera on +z, y up.
    Z,
    /// Degrees from +x towards +y, and degrees above the xy-plane.
    Angles {
        /// Degrees from +x towards +y.
        azimuth: f64,
        /// Degrees above the xy-plane, -90 to 90.
        elevation: f64,
    },
}

impl View {
    /// Azimuth 45, elevation 35.264: all three axes equally long.
    pub const ISO: Self = Self::Angles { azimuth: 45.0, elevation: 35.264_389_682_754_654 };

    /// The axes of a camera that looks from here.
    pub fn axes(self) -> CameraAxes {
        let (direction, up) = self.direction_and_up();
        let right = up.cross(direction).normalize();
        CameraAxes { right, up: direction.cross(right), forward: -direction }
    }

    /// The unit vector from the target towards the camera, and what is up.
    pub fn direction_and_up(self) -> (DVec3, DVec3) {
        match self {
            Self::X => (DVec3::X, DVec3::Z),
            Self::Y => (DVec3::Y, DVec3::Z),
            Self::Z => (DVec3::Z, DVec3::Y),
            Self::Angles { azimuth, elevation } => {
                let (sin_a, cos_a) = azimuth.to_radians().sin_cos();
                let (sin_e, cos_e) = elevation.to_radians().sin_cos();
                let direction = DVec3::new(cos_e * cos_a, cos_e * sin_a, sin_e);
                // Straight from above or below z gives no direction: take what z tends to.
                let up = if cos_e.abs() < 1e-9 { DVec3::new(-cos_a, -sin_a, 0.0) * sin_e.signum() } else { DVec3::Z };
                (direction, up)
            }
        }
    }
}

/// The part of a picture that a box is fitted into, in heights of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Its centre, from the centre of the picture to the right and upward.
    pub center: DVec2,
    /// Its width and height.
    pub size: DVec2,
}

impl Window {
    /// The middle of a picture of `aspect` (width / height), leaving a tenth free on each side.
    pub fn middle(aspect: f64) -> Self {
        Self { center: DVec2::ZERO, size: DVec2::new(aspect, 1.0) * 0.8 }
    }
}

impl Camera {
    /// View angle of new cameras, degrees.
    pub const DEFAULT_FOV_DEGREES: f64 = 30.0;

    /// A perspective camera that looks at the centre of `bounds` from `view`, at the distance where the
    /// box just fits into `window` and shifted so that it stands in its middle.
    pub fn fitting(bounds: Box3, view: View, window: Window) -> Self {
        Self::fitting_with(bounds, &[], view, window)
    }

    /// As [`Camera::fitting`], so that further points fit in too.
    pub fn fitting_with(bounds: Box3, further: &[DVec3], view: View, window: Window) -> Self {
        let at = |distance: f64| Self::looking(bounds.center(), view, distance);
        let axes = at(1.0).axes();
        let points = [&bounds.corners(), further].concat();
        let nearest = points.iter().map(|p| (bounds.center() - *p).dot(axes.forward)).fold(0.0, f64::max);
        let fits = |distance: f64| at(distance).extent_of(&points).is_some_and(|e| e.size.cmple(window.size).all());
        // A box without size is seen from 1; one too large for f64 is not seen at all.
        let (mut near, mut far) = (nearest, nearest.max(bounds.diagonal()));
        far = if far > 0.0 { far } else { 1.0 };
        for _ in 0..64 {
            if fits(far) {
                break;
            }
            far *= 2.0;
        }
        // Between too near and far enough the distance is halved until f64 is exhausted.
        for _ in 0..60 {
            let middle = 0.5 * (near + far);
            *(if fits(middle) { &mut far } else { &mut near }) = middle;
        }
        let camera = at(far);
        let center = camera.extent_of(&points).map_or(DVec2::ZERO, |e| e.center);
        Self { shift: window.center - center, ..camera }
    }

    /// The part of the picture that points cover; `None` if one is not before the camera.
    fn extent_of(&self, points: &[DVec3]) -> Option<Window> {
        let (mut min, mut max) = (DVec2::INFINITY, DVec2::NEG_INFINITY);
        for point in points {
            // A picture of two by two pixels: positions in half heights from the top left corner.
            let p = (self.project(*point, [2, 2])? - 1.0) * DVec2::new(0.5, -0.5);
            (min, max) = (min.min(p), max.max(p));
        }
        Some(Window { center: 0.5 * (min + max), size: max - min })
    }

    /// Mayavi's automatic camera: from 1.1 x half the diagonal / sin 15 degrees.
    pub fn mayavi(bounds: Box3, view: View) -> Self {
        Self::looking(bounds.center(), view, 1.1 * 0.5 * bounds.diagonal() / 15f64.to_radians().sin())
    }

    /// A perspective camera at `distance` from `target`.
    fn looking(target: DVec3, view: View, distance: f64) -> Self {
        let (direction, up) = view.direction_and_up();
        let projection = Projection::Perspective { vertical_fov_degrees: Self::DEFAULT_FOV_DEGREES };
        Self { position: target + direction * distance, target, up, projection, shift: DVec2::ZERO }
    }

    /// The same camera, moved along its line of sight to `distance` from the target.
    pub fn at_distance(self, distance: f64) -> Self {
        Self { position: self.target - self.axes().forward * distance, ..self }
    }

    /// Distance from the eye to the target.
    pub fn distance(&self) -> f64 {
        self.position.distance(self.target)
    }

    /// The parallel camera that shows the plane through the target at the same scale.
    pub fn orthographic(self) -> Self {
        let visible_height = self.visible_height_at_target();
        Self { projection: Projection::Orthographic { visible_height }, ..self }
    }

    /// Height of the visible part of the plane through the target, in the unit of the data.
    pub fn visible_height_at_target(&self) -> f64 {
        match self.projection {
            Projection::Perspective { vertical_fov_degrees } => {
                2.0 * self.distance() * (0.5 * vertical_fov_degrees).to_radians().tan()
            }
            Projection::Orthographic { visible_height } => visible_height,
        }
    }

    /// Checks that the camera can see something.
    ///
    /// # Errors
    /// [`Error::Usage`] if a number is not finite, the eye is at the target, `up` is parallel to
    /// the view, or the view angle or visible height is out of range.
    pub fn validate(&self) -> Result<()> {
        let view = self.target - self.position;
        if !(self.position.is_finite() && self.target.is_finite() && self.up.is_finite()) {
            return Err(Error::Usage("the camera's position, target and up must be finite numbers".into()));
        }
        if view.length() == 0.0 {
            return Err(Error::Usage("the camera stands at its target; move one of them".into()));
        }
        if view.normalize().cross(self.up.normalize_or_zero()).length() < 1e-9 {
            return Err(Error::Usage(
                "the camera's up direction is parallel to its view; choose another --camera-up".into(),
            ));
        }
        match self.projection {
            Projection::Perspective { vertical_fov_degrees: v } if !(v > 0.0 && v < 180.0) => {
                Err(Error::Usage(format!("a view angle of {v} degrees cannot be; it lies between 0 and 180")))
            }
            Projection::Orthographic { visible_height: h } if !(h > 0.0 && h.is_finite()) => {
                Err(Error::Usage(format!("a visible height of {h} cannot be; it must be above 0")))
            }
            _ => Ok(()),
        }
    }

    /// The camera's unit axes.
    pub fn axes(&self) -> CameraAxes {
        let forward = (self.target - self.position).normalize();
        let right = forward.cross(self.up).normalize();
        CameraAxes { right, up: right.cross(forward), forward }
    }

    /// The ray through the point `(x, y)` of a picture of `size` (width, height), in pixels from
    /// the top left corner; the centre of the first pixel is (0.5, 0.5).
    pub fn ray_in_world(&self, pixel: DVec2, size: [u32; 2]) -> Ray {
        let axes = self.axes();
        let (width, height) = (f64::from(size[0]), f64::from(size[1]));
        // From the target's place, in half heights of the picture.
        let x = (2.0 * pixel.x - width) / height - 2.0 * self.shift.x;
        let y = 1.0 - 2.0 * pixel.y / height - 2.0 * self.shift.y;
        match self.projection {
            Projection::Perspective { vertical_fov_degrees } => {
                let tan = (0.5 * vertical_fov_degrees).to_radians().tan();
                let direction = axes.forward + axes.right * (x * tan) + axes.up * (y * tan);
                Ray { origin: self.position, direction: direction.normalize() }
            }
            Projection::Orthographic { visible_height } => {
                let h = 0.5 * visible_height;
                let origin = self.position + axes.right * (x * h) + axes.up * (y * h);
                Ray { origin, direction: axes.forward }
            }
        }
    }

    /// Where `point` appears in a picture of `size` (width, height), in pixels from the top left
    /// corner; `None` if it is not in front of a perspective camera.
    pub fn project(&self, point: DVec3, size: [u32; 2]) -> Option<DVec2> {
        let axes = self.axes();
        let v = point - self.position;
        let (x, y, depth) = (v.dot(axes.right), v.dot(axes.up), v.dot(axes.forward));
        let half_height = match self.projection {
            Projection::Perspective { .. } if depth <= 0.0 => return None,
            Projection::Perspective { vertical_fov_degrees } => depth * (0.5 * vertical_fov_degrees).to_radians().tan(),
            Projection::Orthographic { visible_height } => 0.5 * visible_height,
        };
        let (w, h) = (f64::from(size[0]), f64::from(size[1]));
        let from_center = DVec2::new(x, y) / (2.0 * half_height) + self.shift;
        Some(DVec2::new(0.5 * w + h * from_center.x, 0.5 * h - h * from_center.y))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: Box3 = Box3 { min: DVec3::new(-1.0, -2.0, -3.0), max: DVec3::new(4.0, 5.0, 6.0) };

    const OFF_CENTER: Window = Window { center: DVec2::new(-0.2, 0.1), size: DVec2::new(0.7, 0.6) };

    #[test]
    fn a_box_is_fitted_into_a_window_off_the_centre() {
        let c = Camera::fitting(BOX, View::ISO, OFF_CENTER);
        let corners = BOX.corners().map(|p| c.project(p, [400, 300]).unwrap());
        let inside = |p: DVec2| {
            let q = (DVec2::new(p.x - 200.0, 150.0 - p.y) / 300.0 - OFF_CENTER.center).abs();
            q.x <= 0.35 + 1e-9 && q.y <= 0.3 + 1e-9
        };
        assert!(corners.into_iter().all(inside));
    }

    #[test]
    fn further_points_are_fitted_in_too() {
        let further = [DVec3::new(1.5, 1.5, 30.0), DVec3::new(1.5, 1.5, -25.0)];
        let c = Camera::fitting_with(BOX, &further, View::X, OFF_CENTER);
        let [top, bottom] = further.map(|p| c.project(p, [400, 300]).unwrap());
        assert!((bottom.y - top.y - 0.6 * 300.0).abs() < 1e-6, "{top} {bottom}");
        assert_eq!(c.target, BOX.center());
    }

    #[test]
    fn boxes_without_size_or_beyond_f64_end() {
        let point = Box3 { min: DVec3::ONE, max: DVec3::ONE };
        Camera::fitting(point, View::ISO, OFF_CENTER).validate().unwrap();
        let huge = Box3 { min: DVec3::splat(-1e300), max: DVec3::splat(1e300) };
        Camera::fitting(huge, View::ISO, OFF_CENTER);
    }

    #[test]
    fn presets_stand_where_their_names_say() {
        for (view, towards) in [(View::X, DVec3::X), (View::Y, DVec3::Y), (View::Z, DVec3::Z), (View::ISO, DVec3::ONE)]
        {
            let c = Camera::fitting(BOX, view, Window::middle(1.5));
            assert!((c.position - c.target).normalize().distance(towards.normalize()) < 1e-9);
            c.validate().unwrap();
        }
        assert_eq!(Camera::fitting(BOX, View::Z, Window::middle(1.0)).axes().right, DVec3::X);
    }

    #[test]
    fn azimuth_turns_from_x_to_y_and_the_poles_have_an_up() {
        let (d, _) = View::Angles { azimuth: 90.0, elevation: 0.0 }.direction_and_up();
        assert!(d.distance(DVec3::Y) < 1e-12);
        for elevation in [90.0, -90.0] {
            Camera::fitting(BOX, View::Angles { azimuth: 30.0, elevation }, Window::middle(1.0)).validate().unwrap();
        }
    }

    #[test]
    fn projecting_undoes_the_ray() {
        for camera in
            [Camera::fitting(BOX, View::ISO, OFF_CENTER), Camera::fitting(BOX, View::X, OFF_CENTER).orthographic()]
        {
            for pixel in [DVec2::new(0.5, 0.5), DVec2::new(200.0, 31.0)] {
                let ray = camera.ray_in_world(pixel, [320, 240]);
                let back = camera.project(ray.origin + ray.direction * 7.0, [320, 240]).unwrap();
                assert!(back.distance(pixel) < 1e-9, "{back} {pixel}");
            }
        }
    }

    #[test]
    fn a_fitted_box_lies_inside_and_touches_the_allowed_part() {
        for aspect in [0.5, 1.0, 16.0 / 9.0] {
            let size = [(aspect * 900.0) as u32, 900];
            let c = Camera::fitting(BOX, View::ISO, Window::middle(aspect));
            let far = BOX.corners().iter().fold(0.0_f64, |far, &p| {
                let q = c.project(p, size).unwrap() / DVec2::new(f64::from(size[0]), f64::from(size[1])) * 2.0 - 1.0;
                far.max(q.x.abs()).max(q.y.abs())
            });
            assert!((far - 0.8).abs() < 1e-3, "{far}");
        }
    }

    #[test]
    fn the_camera_of_the_founding_picture_is_mayavis() {
        let founding = Box3 {
            min: DVec3::new(-3.2530342349766195, -3.6564400992547954, -3.310842562204599),
            max: DVec3::new(3.9586027040379634, 4.026849044547378, 4.168117677955094),
        };
        let c = Camera::mayavi(founding, View::ISO);
        let recorded = DVec3::new(16.206540943685464, 16.03896118180108, 16.282394267030043);
        // Recorded from Mayavi 4.9.0; its own factor differs from 1.1 by 7e-5.
        assert!(c.position.distance(recorded) < 2e-4 * recorded.length(), "{}", c.position);
    }

    #[test]
    fn impossible_cameras_are_refused() {
        let good = Camera::fitting(BOX, View::ISO, Window::middle(1.0));
        assert!(Camera { position: good.target, ..good }.validate().is_err());
        assert!(Camera { up: good.target - good.position, ..good }.validate().is_err());
        let wide = Projection::Perspective { vertical_fov_degrees: 180.0 };
        assert!(Camera { projection: wide, ..good }.validate().is_err());
    }
}
