//! Where a ray meets a molecule's body.

use crate::scene::{Camera, Projection, Ray, Scene};

/// A body on a ray.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Body {
    /// Depth at which the ray meets it.
    pub depth: f64,
    /// The atom that it is of there, by its number among those that the body was made of, if that is known.
    pub atom: Option<usize>,
}

/// The body that a ray meets first, between clip planes.
pub fn hit(scene: &Scene, camera: &Camera, ray: &Ray) -> Option<Body> {
    let mesh = &scene.trace.as_ref()?.mesh;
    let nearest = match camera.projection {
        Projection::Perspective { .. } => 0.0,
        Projection::Orthographic { .. } => f64::NEG_INFINITY,
    };
    let is_left = |depth: f64| scene.clip.iter().all(|plane| plane.leaves(ray.origin + depth * ray.direction));
    let hit = mesh.first_hit(ray.origin, ray.direction, |depth| depth >= nearest && is_left(depth))?;
    Some(Body { depth: hit.along, atom: mesh.atom_at(hit) })
}
