//! What a pixel shows, and of what: the densities along its ray, where its opacity comes from, the densest place of each on it,
//! a molecule that it meets, and the nearest point. On the CPU in f64, one sample a step, by the rules of the picture: colour and
//! opacity are those of the pixel within 1/255.

mod bodies;
mod extremes;
mod ray;
mod spheres;

use glam::{DVec2, DVec3};
use rayon::prelude::*;

use crate::annotate;
use crate::color::Rgb;
use crate::error::{Error, Result};
use crate::scene::{Camera, DensityLayer, Frame, Ray, Scene, VolumeMode};
pub use bodies::Body;

/// What a pixel shows. Depths are distances from the ray's origin: the eye, or of a parallel camera the plane through its
/// position.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The ray through the middle of the pixel.
    pub ray: Ray,
    /// Where the ray is in the densities, between clip planes and up to what ends it (a slice, a sphere, a molecule); none if
    /// nowhere.
    pub span: Option<[f64; 2]>,
    /// Opacity of all that the pixel shows, 0 to 1.
    pub opacity: f64,
    /// Display colour of the pixel over the background; none where it is lit, or shows a sphere or a molecule.
    pub color: Option<Rgb>,
    /// Of fog, the depth at which half of what it and slices make of `opacity` is reached, of all densities together.
    pub half_opacity: Option<f64>,
    /// Whether a slice ends `span`, and hides what lies behind it.
    pub is_cut: bool,
    /// Each of the scene's densities, as if it were alone before what ends `span`, the first one first.
    pub densities: Vec<OfDensity>,
    /// The sphere that the ray meets before a molecule, as the number of its point in the scene.
    pub sphere: Option<usize>,
    /// The molecule, where the ray meets it before a sphere.
    pub body: Option<Body>,
    /// What the pixel is about: the middle of its sphere or where it meets the molecule, or the slice or surface that shows most
    /// of itself, if it is a tenth of the pixel; else where the density that shows most of itself is fog that shows most, or has
    /// its peak, or what a projection of smallest values shows.
    pub about: Option<DVec3>,
    /// The number of the density that `about` is a place of; none if it is on a sphere or a molecule.
    pub shown: Option<usize>,
}

/// What a pixel shows of a density.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OfDensity {
    /// The samples of the ray, front to back.
    pub profile: Vec<Sample>,
    /// Opacity that it has alone, 0 to 1.
    pub opacity: f64,
    /// Of fog, the depth at which half of that is reached.
    pub half_opacity: Option<f64>,
    /// The share of the pixel, 0 to 1, that it is in the picture of all.
    pub share: f64,
    /// The densest place on the ray, exact for values that are linear between nodes.
    pub peak: Option<Place>,
    /// Of a projection of smallest values, and where values below 0 are seen (a difference), the place of the ray's smallest.
    pub lowest: Option<Place>,
    /// What a projection shows in place of a density: the mean or the integral.
    pub projected: Option<f64>,
    /// Surfaces of equal density that the ray meets, front to back.
    pub surfaces: Vec<Place>,
    /// The first slice that shows it.
    pub slice: Option<Place>,
    /// Where it shows most of itself: a slice or surface, if that is a tenth of the pixel; else fog; else its peak, or what a
    /// projection of smallest values shows.
    pub about: Option<DVec3>,
}

/// What is a smaller share of a pixel is not what is seen there.
const LEAST_SHARE: f64 = 0.1;

/// A sample of a ray.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Its depth.
    pub depth: f64,
    /// The density there.
    pub density: f64,
    /// Opacity of all before the end of its step, half a step behind `depth`; 0 in modes without fog.
    pub opacity: f64,
}

/// A place on a ray.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Its depth.
    pub depth: f64,
    /// Where it is in space.
    pub position: DVec3,
    /// The density there.
    pub density: f64,
    /// The share of the mass, 0 to 1, that lies where it is at least as dense: 0.05 is in the densest twentieth. Of a density
    /// below 0 the share of the sum of all that is below 0, of what is at least as low.
    pub mass_above: f64,
}

/// A point near a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearest {
    /// Its index.
    pub point: usize,
    /// How far it is from the place.
    pub distance: f64,
}

/// Explains a pixel of the picture of `scene` in `frame`; `(0, 0)` is its top left one. Translucent spheres count as opaque.
///
/// # Errors
/// [`Error::Usage`] for a pixel outside of the picture, or a camera that sees nothing.
pub fn explain(scene: &Scene, frame: &Frame, pixel: [u32; 2]) -> Result<Explanation> {
    let [x, y] = pixel;
    let [width, height] = frame.size;
    if x >= width || y >= height {
        return Err(Error::Usage(format!(
            "pixel {x},{y} is not in a picture of {width} x {height}; they are counted from 0, from the top left"
        )));
    }
    let camera = annotate::camera(scene, frame);
    camera.validate()?;
    let ray = camera.ray_in_world(DVec2::new(f64::from(x) + 0.5, f64::from(y) + 0.5), frame.size);
    let end = End::of(scene, &camera, frame, &ray);
    let layers = ray::Layer::all(scene);
    let walk = ray::Walk::new(scene, &layers, &camera, ray, end.map(|end| end.depth()));
    let seen = walk.as_ref().map(ray::Walk::seen).unwrap_or_default();
    let densities: Vec<OfDensity> = match &walk {
        Some(walk) => scene.densities().enumerate().map(|(n, of)| of_density(scene, walk, &seen, of, n)).collect(),
        None => vec![OfDensity::default(); layers.len()],
    };
    let (about, shown) = what_it_is_about(scene, &ray, &seen, end, &densities);
    let quality = &scene.quality;
    let is_finished = scene.shading.is_some() || quality.ambient_occlusion > 0.0 || quality.depth_cue > 0.0;
    let is_lit = is_finished && !scene.mode.is_projection();
    Ok(Explanation {
        ray,
        span: walk.as_ref().map(|walk| walk.span),
        opacity: if end.is_some() { 1.0 } else { seen.light[3] },
        color: (!is_lit && end.is_none()).then(|| over(seen.light, scene.background.color())),
        half_opacity: seen.half_opacity,
        is_cut: walk.as_ref().is_some_and(|walk| walk.is_cut),
        densities,
        sphere: end.and_then(|end| end.sphere()),
        body: end.and_then(|end| end.body()),
        about,
        shown,
    })
}

/// What ends a ray.
#[derive(Clone, Copy)]
enum End {
    Sphere(spheres::Hit),
    Body(Body),
}

impl End {
    fn of(scene: &Scene, camera: &Camera, frame: &Frame, ray: &Ray) -> Option<Self> {
        let sphere = spheres::hit(scene, camera, frame, ray).map(Self::Sphere);
        let body = bodies::hit(scene, camera, ray).map(Self::Body);
        sphere.into_iter().chain(body).min_by(|a, b| a.depth().total_cmp(&b.depth()))
    }

    fn depth(self) -> f64 {
        match self {
            Self::Sphere(hit) => hit.depth,
            Self::Body(body) => body.depth,
        }
    }

    fn sphere(self) -> Option<usize> {
        if let Self::Sphere(hit) = self { Some(hit.point) } else { None }
    }

    fn body(self) -> Option<Body> {
        if let Self::Body(body) = self { Some(body) } else { None }
    }

    /// The place that is told: the middle of a sphere.
    fn place(self, scene: &Scene, ray: &Ray) -> DVec3 {
        let center = scene.points.as_ref().zip(self.sphere()).map(|(layer, n)| layer.positions[n]);
        center.unwrap_or(ray.origin + self.depth() * ray.direction)
    }
}

/// What a ray shows of density `n`.
fn of_density(scene: &Scene, walk: &ray::Walk, seen: &ray::Seen, layer: DensityLayer, n: usize) -> OfDensity {
    let alone = walk.alone(n);
    let mut own = alone.seen();
    let of = std::mem::take(&mut own.of[0]);
    let place = |(depth, density): (f64, f64)| Place {
        depth,
        position: alone.place(depth),
        density,
        mass_above: layer.grid.share_beyond(density),
    };
    let peak = place(alone.extreme(1.0));
    let least = alone.extreme(-1.0);
    // Of a difference what lies below 0 is seen as well.
    let shows_low = least.1 < 0.0 && layer.table().at(layer.transfer.position(least.1))[3] > 0.0;
    let lowest = (scene.mode == VolumeMode::Minimum || shows_low && !scene.mode.is_projection()).then(|| place(least));
    let together = &seen.of[n];
    let solid = together.solid.filter(|solid| solid.1 >= LEAST_SHARE);
    let most = solid.or(together.thickest).map(|(depth, _)| alone.place(depth));
    OfDensity {
        profile: of.profile,
        opacity: own.light[3],
        half_opacity: own.half_opacity,
        share: together.share,
        peak: Some(peak),
        lowest,
        projected: of.projected,
        surfaces: of.surfaces.into_iter().map(place).collect(),
        slice: of.slice.map(place),
        about: Some(most.unwrap_or(lowest.unwrap_or(peak).position)),
    }
}

/// The place that a pixel is about, and the density that it is of.
fn what_it_is_about(
    scene: &Scene,
    ray: &Ray,
    seen: &ray::Seen,
    end: Option<End>,
    densities: &[OfDensity],
) -> (Option<DVec3>, Option<usize>) {
    let place = |depth: f64| ray.origin + depth * ray.direction;
    let of_densities =
        seen.of.iter().enumerate().filter_map(|(n, of)| of.solid.map(|(depth, share)| (depth, share, Some(n))));
    let at_the_end = end.map(|end| (end.depth(), 1.0 - seen.light[3], None));
    let mut solids: Vec<(f64, f64, Option<usize>)> = of_densities.chain(at_the_end).collect();
    solids.retain(|solid| solid.1 >= LEAST_SHARE);
    // In the order in which they are met, so that of two that show as much it is the first.
    solids.sort_by(|a, b| a.0.total_cmp(&b.0));
    match (solids.into_iter().reduce(|a, b| if b.1 > a.1 { b } else { a }), end) {
        (Some((_, _, None)), Some(end)) => (Some(end.place(scene, ray)), None),
        (Some((depth, _, n)), _) => (Some(place(depth)), n),
        (None, _) => {
            let most = (0..densities.len()).reduce(|a, b| if densities[b].share > densities[a].share { b } else { a });
            let about = most.and_then(|n| densities[n].about);
            (about, most.filter(|_| about.is_some()))
        }
    }
}

/// The number of the density that most is seen of at a place in the scene, told by itself: whose surface is nearest there, whose
/// fog is thickest, or what covers most.
pub fn most_seen_at(scene: &Scene, place: DVec3) -> usize {
    let lattice = &scene.grid.lattice;
    let index = (place - lattice.origin) / lattice.spacing;
    let weight = |layer: DensityLayer| {
        let value = layer.at(index);
        if !layer.surfaces.is_empty() {
            let off = |level: f64| ((value - level) / level).abs();
            return -layer.surfaces.iter().map(|surface| off(surface.level)).fold(f64::INFINITY, f64::min);
        }
        let look = f64::from(layer.table().at(layer.transfer.position(value))[3]);
        if scene.mode == VolumeMode::Fog { look / layer.transfer.reference_length } else { look }
    };
    let all: Vec<f64> = scene.densities().map(weight).collect();
    (0..all.len()).reduce(|a, b| if all[b] > all[a] { b } else { a }).unwrap_or(0)
}

/// Premultiplied light over a colour.
fn over([r, g, b, a]: [f64; 4], background: Rgb) -> Rgb {
    let mut light = [r, g, b].into_iter();
    background.map(|behind| light.next().unwrap_or(0.0) as f32 + (1.0 - a) as f32 * behind)
}

/// The point nearest to a place; of several the first. None without a finite one.
pub fn nearest(place: DVec3, points: &[DVec3]) -> Option<Nearest> {
    let nearer = |a: (usize, f64), b: (usize, f64)| if (b.1, b.0) < (a.1, a.0) { b } else { a };
    let all = points.par_iter().enumerate().map(|(i, p)| (i, p.distance_squared(place)));
    let (point, squared) = all.filter(|(_, d)| d.is_finite()).reduce_with(nearer)?;
    Some(Nearest { point, distance: squared.sqrt() })
}

#[cfg(test)]
mod tests;
