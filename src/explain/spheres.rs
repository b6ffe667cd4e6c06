//! Which sphere a ray meets.

use crate::scene::{Camera, Diameter, Frame, PointOrder, Projection, Ray, Scene};

/// A sphere on a ray.
#[derive(Debug, Clone, Copy)]
pub struct Hit {
    /// The number of its point in the scene.
    pub point: usize,
    /// Depth at which the ray meets it.
    pub depth: f64,
}

/// The sphere that the middle of a pixel shows, if it shows one.
pub fn hit(scene: &Scene, camera: &Camera, frame: &Frame, ray: &Ray) -> Option<Hit> {
    let layer = scene.points.as_ref()?;
    let sizes = layer.sizes();
    let [offset, slope] = layer.diameter.by_value(sizes);
    // Height of a pixel at a depth along the view.
    let pixel = |depth: f64| match camera.projection {
        Projection::Perspective { vertical_fov_degrees } => {
            2.0 * depth * (0.5 * vertical_fov_degrees).to_radians().tan() / f64::from(frame.size[1])
        }
        Projection::Orthographic { visible_height } => visible_height / f64::from(frame.size[1]),
    };
    let forward = camera.axes().forward;
    let mut found: Option<(Hit, f64)> = None;
    for (point, place) in layer.positions.iter().enumerate() {
        let from_eye = *place - ray.origin;
        let along = from_eye.dot(ray.direction);
        if !(place.is_finite() && along > 0.0 && scene.clip.iter().all(|plane| plane.leaves(*place))) {
            continue;
        }
        let size = pixel((*place - camera.position).dot(forward));
        let own = match layer.diameter {
            Diameter::Pixels(pixels) => pixels * size,
            _ => offset + slope * sizes[point],
        };
        // Whatever is smaller than a pixel is drawn as one; a density that is not finite has no size of its own.
        let radius = 0.5 * own.max(size);
        let squared = radius * radius - (from_eye - along * ray.direction).length_squared();
        if squared < 0.0 {
            continue;
        }
        let hit = Hit { point, depth: along - squared.sqrt() };
        let rank = match layer.order {
            PointOrder::Depth => -hit.depth,
            PointOrder::Density => layer.values[point],
        };
        if found.is_none_or(|(_, best)| rank > best) {
            found = Some((hit, rank));
        }
    }
    found.map(|(hit, _)| hit)
}
