//! What a pixel shows, and of what: the density along its ray, where its opacity comes from, the densest place on it, and
//! the nearest point. On the CPU in f64, one sample a step, by the rules of the picture: colour and opacity are those of
//! the pixel within 1/255.

mod extremes;
mod ray;
mod spheres;

use glam::{DVec2, DVec3};
use rayon::prelude::*;

use crate::annotate;
use crate::color::{LookupTable, Rgb};
use crate::error::{Error, Result};
use crate::grid::DensityGrid;
use crate::scene::{Frame, Ray, Scene, VolumeMode};

/// What a pixel shows. Depths are distances from the ray's origin: the eye, or of a parallel camera the plane through its
/// position.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The ray through the middle of the pixel.
    pub ray: Ray,
    /// Where the ray is in the density, between clip planes and up to what ends it (a slice, a sphere); none if nowhere.
    pub span: Option<[f64; 2]>,
    /// The samples of the ray, front to back.
    pub profile: Vec<Sample>,
    /// Opacity of all that the pixel shows, 0 to 1.
    pub opacity: f64,
    /// Display colour of the pixel over the background; none where it is lit, or shows a sphere.
    pub color: Option<Rgb>,
    /// Of fog, the depth at which half of `opacity` is reached.
    pub half_opacity: Option<f64>,
    /// Whether a slice ends `span`, and hides what lies behind it.
    pub is_cut: bool,
    /// The densest place on the ray in `span`, exact for values that are linear between nodes.
    pub peak: Option<Place>,
    /// Of a projection of smallest values, where that of the ray is.
    pub lowest: Option<Place>,
    /// What a projection shows in place of a density: the mean or the integral.
    pub projected: Option<f64>,
    /// Surfaces of equal density that the ray meets, front to back.
    pub surfaces: Vec<Place>,
    /// The slice that ends the ray.
    pub slice: Option<Place>,
    /// The sphere that the ray meets, as the number of its point in the scene.
    pub sphere: Option<usize>,
    /// What the pixel is about: the middle of its sphere, or the slice or surface that shows most of itself, if it is a tenth of
    /// the pixel; else where fog shows most, else its peak, or what a projection of smallest values shows.
    pub about: Option<DVec3>,
    /// The point nearest to what the pixel is about.
    pub nearest: Option<Nearest>,
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
    /// Opacity of all before the end of its step; 0 in modes without fog.
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
    /// The share of the mass, 0 to 1, that lies where it is at least as dense: 0.05 is in the densest twentieth.
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

/// Explains a pixel of the picture of `scene` in `frame`; `(0, 0)` is its top left one. Of several densities it is the first
/// that is told of, as if it were alone. `points` are those the density is
/// of, if they are known.
///
/// # Errors
/// [`Error::Usage`] for a pixel outside of the picture, or a camera that sees nothing.
pub fn explain(scene: &Scene, frame: &Frame, pixel: [u32; 2], points: Option<&[DVec3]>) -> Result<Explanation> {
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
    let sphere = spheres::hit(scene, &camera, frame, &ray);
    let walk = ray::Walk::new(scene, &camera, ray, sphere.map(|s| s.depth));
    let table = LookupTable::new(&scene.transfer);
    let seen = walk.as_ref().map(|walk| walk.seen(&table)).unwrap_or_default();
    let place = |(depth, density): (f64, f64)| Place {
        depth,
        position: ray.origin + depth * ray.direction,
        density,
        mass_above: share_above(&scene.grid, density),
    };
    let extreme = |sign: f64| walk.as_ref().map(|walk| place(walk.extreme(walk.span, sign)));
    let peak = extreme(1.0);
    let lowest = if scene.mode == VolumeMode::Minimum { extreme(-1.0) } else { None };
    let surfaces: Vec<Place> = seen.surfaces.iter().copied().map(place).collect();
    let slice = seen.slice.map(place);
    let center = |s: spheres::Hit| scene.points.as_ref().map(|layer| (layer.positions[s.point], 1.0 - seen.light[3]));
    let solid = seen.solid.map(|(depth, _, share)| (ray.origin + depth * ray.direction, share));
    // In the order in which they are met, so that of two that show as much it is the first.
    let solids = solid.into_iter().chain(sphere.and_then(center)).filter(|solid| solid.1 >= LEAST_SHARE);
    let most = solids.reduce(|a, b| if b.1 > a.1 { b } else { a }).map(|solid| solid.0);
    let thickest = seen.thickest.map(|(depth, _)| ray.origin + depth * ray.direction);
    let about = most.or(thickest).or(lowest.or(peak).map(|p| p.position));
    let quality = &scene.quality;
    let is_finished = scene.shading.is_some() || quality.ambient_occlusion > 0.0 || quality.depth_cue > 0.0;
    let is_lit = !scene.others.is_empty() || is_finished && !scene.mode.is_projection();
    let background = scene.background.color();
    Ok(Explanation {
        ray,
        span: walk.as_ref().map(|walk| walk.span),
        opacity: if sphere.is_some() { 1.0 } else { seen.light[3] },
        color: (!is_lit && sphere.is_none()).then(|| over(seen.light, background)),
        half_opacity: seen.half_opacity,
        is_cut: walk.as_ref().is_some_and(|walk| walk.is_cut),
        peak,
        lowest,
        projected: seen.projected,
        surfaces,
        slice,
        sphere: sphere.map(|s| s.point),
        about,
        nearest: about.zip(points).and_then(|(place, points)| nearest(place, points)),
        profile: seen.profile,
    })
}

/// Premultiplied light over a colour.
fn over([r, g, b, a]: [f64; 4], background: Rgb) -> Rgb {
    let mut light = [r, g, b].into_iter();
    background.map(|behind| light.next().unwrap_or(0.0) as f32 + (1.0 - a) as f32 * behind)
}

/// The share of the mass, 0 to 1, in nodes of at least this density.
pub fn share_above(grid: &DensityGrid, density: f64) -> f64 {
    let sums = grid.values.par_chunks(1 << 16).map(|values| {
        let positive = values.iter().map(|&v| f64::from(v)).filter(|v| v.is_finite() && *v > 0.0);
        positive.fold([0.0, 0.0], |[all, above], v| [all + v, if v >= density { above + v } else { above }])
    });
    // In order, so that two runs agree to the last bit.
    let sums: Vec<[f64; 2]> = sums.collect();
    let [all, above] = sums.iter().fold([0.0, 0.0], |[a, b], [c, d]| [a + c, b + d]);
    if all > 0.0 { above / all } else { 0.0 }
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
