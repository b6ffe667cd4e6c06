//! The camera of a movie: steady, and turned.

use glam::{DQuat, DVec2, DVec3};

use crate::annotate;
use crate::scene::{Camera, Frame, Scene, View, Viewpoint};

/// What automatic cameras of a movie have in common, so that the box neither breathes nor trembles.
pub struct Rig {
    /// Distance, and where the target appears; none if no camera is automatic.
    steady: Option<(f64, DVec2)>,
}

/// Whether a direction can be turned about what is up.
fn turned(view: View, degrees: f64) -> View {
    match view {
        View::Angles { azimuth, elevation } => View::Angles { azimuth: azimuth + degrees, elevation },
        View::X => turned(View::Angles { azimuth: 0.0, elevation: 0.0 }, degrees),
        View::Y => turned(View::Angles { azimuth: 90.0, elevation: 0.0 }, degrees),
        View::Z => View::Z,
    }
}

impl Rig {
    /// Sees all of the box from each of these viewpoints, turned by so many degrees.
    pub fn new(scene: &Scene, frame: &Frame, viewpoints: impl Iterator<Item = (Viewpoint, f64)>) -> Self {
        let automatic = viewpoints.filter_map(|(viewpoint, degrees)| match viewpoint {
            Viewpoint::Fit(view) => Some(Viewpoint::Fit(turned(view, degrees))),
            Viewpoint::At(_) => None,
        });
        let mut seen = scene.clone();
        let cameras: Vec<Camera> = automatic
            .map(|viewpoint| {
                seen.viewpoint = viewpoint;
                annotate::camera(&seen, frame)
            })
            .collect();
        let distance = cameras.iter().map(Camera::distance).fold(0.0, f64::max);
        let shift = cameras.iter().map(|c| c.shift).sum::<DVec2>() / cameras.len().max(1) as f64;
        Self { steady: (!cameras.is_empty()).then_some((distance, shift)) }
    }

    /// The camera of a scene, turned by so many degrees.
    pub fn camera(&self, scene: &Scene, frame: &Frame, degrees: f64) -> Camera {
        let camera = annotate::camera(scene, frame);
        let camera = match (scene.viewpoint, self.steady) {
            (Viewpoint::Fit(_), Some((distance, shift))) => Camera { shift, ..camera.at_distance(distance) },
            _ => camera,
        };
        let rotation = DQuat::from_axis_angle(camera.up.normalize_or(DVec3::Z), degrees.to_radians());
        let position = camera.target + rotation * (camera.position - camera.target);
        Camera { position, ..camera }
    }
}
