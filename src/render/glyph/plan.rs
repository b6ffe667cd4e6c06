//! How points are drawn in one picture.

use bytemuck::Zeroable;
use glam::DVec3;
use rayon::prelude::*;

use super::super::uniforms::GlyphUniform;
use super::points::{Piece, PointBuffers};
use super::{FIRST_SHARE, LEAST_LAYERS, SMOOTH_SAMPLES, WORKGROUP};
use crate::gpu::Gpu;
use crate::scene::{Camera, Diameter, PointLayer, PointOrder, Projection};

/// Tests of a sphere against a sample in one dispatch: few enough that a slow adapter answers within
/// a fraction of a second.
pub const TESTS_A_DISPATCH: f64 = 2e7;

/// As `LEAST_RADIUS` of `common/sphere.wgsl`: smaller spheres are single pixels.
const LEAST_RADIUS: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// Samples of a sphere that one invocation visits before a further one shares them. Mesa's software adapter
/// ends all loops of an invocation after 65535 rounds.
pub const SAMPLES_A_LANE: f64 = 16384.0;

/// Points that the work of a picture is estimated from.
const ESTIMATED_POINTS: usize = 4096;

/// How a layer is drawn in one picture.
pub struct Plan {
    /// Samples a pixel.
    pub samples: u32,
    /// Invocations that share a sphere.
    pub lanes: u32,
    /// Points that are drawn at once.
    pub points_a_dispatch: u32,
    /// Whether no sphere is larger than a pixel.
    pub only_pixels: bool,
    /// Whether it is found what hides spheres, before they are drawn.
    pub with_tiles: bool,
    /// Whether sizes are those in the picture.
    pub in_pixels: bool,
    /// Diameter in diagonals, or in pixels, as a function of the stored size.
    diameter: [f64; 2],
}

impl Plan {
    /// The way to draw a layer in a picture of this size.
    pub fn new(gpu: &Gpu, layer: &PointLayer, camera: &Camera, points: &PointBuffers, size: [u32; 2]) -> Self {
        let &PointBuffers { bounds, stored_unit, .. } = points;
        let [offset, slope] = layer.diameter.by_value(layer.sizes());
        let in_pixels = matches!(layer.diameter, Diameter::Pixels(_));
        let forward = camera.axes().forward;
        let pixels = |position: DVec3, value: f64| {
            let radius = 0.5 * (offset + slope * value).max(0.0);
            if in_pixels {
                return radius;
            }
            radius * pixels_per_length(camera, forward, position, radius, size[1])
        };
        let only_pixels = [offset, slope] == [0.0, 0.0];
        let all = layer.positions.par_iter().zip(layer.sizes().par_iter()).with_min_len(ESTIMATED_POINTS);
        let radius = |(p, v): (&DVec3, &f64)| Some(pixels(*p, *v)).filter(|r| r.is_finite()).unwrap_or(0.0);
        let largest = if only_pixels { 0.0 } else { all.map(radius).reduce(|| 0.0, f64::max) };
        let radii: Vec<f64> = evenly(layer.positions.len(), ESTIMATED_POINTS)
            .map(|i| radius((&layer.positions[i], &layer.sizes()[i])))
            .collect();
        let samples = if layer.antialias && largest > LEAST_RADIUS { SMOOTH_SAMPLES } else { 1 };
        let picture = f64::from(size[0]) * f64::from(size[1]);
        let tests = |r: f64| (2.0 * r + 1.0).powi(2).min(picture) * f64::from(samples);
        let mean_tests = radii.iter().map(|&r| tests(r)).sum::<f64>() / radii.len().max(1) as f64;
        let lanes = (tests(largest) / SAMPLES_A_LANE).ceil() as u32;
        let most = u64::from(gpu.device.limits().max_compute_workgroups_per_dimension) * u64::from(WORKGROUP);
        let most = (most / u64::from(lanes)).max(1);
        let count: u32 = points.buffers.iter().map(|buffer| buffer.1).sum();
        let layers = mean_tests * f64::from(count) / (picture * f64::from(samples));
        // By density the first lie in the middle, and hide little of the picture.
        let by_depth = layer.order == PointOrder::Depth && !layer.is_translucent();
        let with_tiles = by_depth && largest > LEAST_RADIUS && layers >= LEAST_LAYERS;
        let at_once = if with_tiles { count.div_ceil(FIRST_SHARE) } else { u32::MAX };
        let points_a_dispatch = (TESTS_A_DISPATCH / mean_tests.max(1.0)).clamp(1.0, most as f64) as u32;
        let points_a_dispatch = points_a_dispatch.min(at_once).max(1);
        let scale = if in_pixels { 1.0 } else { 1.0 / bounds.diagonal() };
        Self {
            samples,
            lanes,
            points_a_dispatch,
            only_pixels,
            with_tiles,
            in_pixels,
            diameter: [offset * scale, slope * stored_unit * scale],
        }
    }

    /// What the shaders read for a piece.
    pub fn uniform(&self, piece: &Piece, first_slot_row: u32, claiming: bool) -> GlyphUniform {
        let [offset, slope] = self.diameter.map(|d| (0.5 * d) as f32);
        GlyphUniform {
            radius_offset: offset,
            radius_slope: slope,
            first_slot_row,
            lanes: self.lanes,
            first: piece.first,
            count: piece.count,
            earlier: piece.earlier,
            claiming: u32::from(claiming),
            ..GlyphUniform::zeroed()
        }
    }
}

/// At most about `most` indices below `n`, evenly spread.
pub fn evenly(n: usize, most: usize) -> impl Iterator<Item = usize> {
    (0..n).step_by(n.div_ceil(most).max(1))
}

/// Pixels that a length covers in a picture of this height, at the side of a sphere that is nearest to
/// the eye; 0 behind the eye, at most the height per radius around it.
pub fn pixels_per_length(camera: &Camera, forward: DVec3, position: DVec3, radius: f64, height: u32) -> f64 {
    let visible = match camera.projection {
        Projection::Orthographic { visible_height } => visible_height,
        Projection::Perspective { vertical_fov_degrees } => {
            let depth = (position - camera.position).dot(forward);
            if depth < -radius {
                return 0.0;
            }
            2.0 * (depth - radius).max(radius) * (0.5 * vertical_fov_degrees).to_radians().tan()
        }
    };
    f64::from(height) / visible
}
