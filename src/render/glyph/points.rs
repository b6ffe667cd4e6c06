//! Points on the GPU.

use std::sync::Arc;

use glam::DVec3;
use rayon::prelude::*;
use wgpu::util::DeviceExt;

use super::super::uniforms::GlyphPoint;
use crate::geometry::Box3;
use crate::gpu::Gpu;
use crate::scene::{Plane, PointLayer, Scene};

/// Bytes of points in one buffer: no more than the 128 MiB that software adapters bind.
const MOST_POINT_BYTES: u64 = 128 << 20;

/// Points on the GPU, in ascending order of density.
pub struct PointBuffers {
    pub positions: Arc<Vec<DVec3>>,
    values: Arc<Vec<f64>>,
    colored: Arc<Vec<f64>>,
    sizes: Arc<Vec<f64>>,
    clip: Vec<Plane>,
    /// Of the scene's grid.
    pub bounds: Box3,
    /// What one stored value stands for.
    pub stored_unit: f64,
    /// Each with the number of its points.
    pub buffers: Vec<(wgpu::Buffer, u32)>,
}

/// Consecutive points in one buffer.
pub struct Piece {
    /// Which buffer.
    pub buffer: usize,
    /// The first of them in it.
    pub first: u32,
    /// How many.
    pub count: u32,
    /// Points in the buffers before.
    pub earlier: u32,
}

impl PointBuffers {
    /// Uploads the points of a layer.
    pub fn new(gpu: &Gpu, layer: &PointLayer, scene: &Scene, stored_unit: f64) -> Self {
        let bounds = scene.grid.lattice.bounds();
        let sorted = sorted_points(layer, &scene.clip, bounds, stored_unit);
        let limits = gpu.device.limits();
        let most = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size).min(MOST_POINT_BYTES);
        let buffers = sorted.chunks(most as usize / size_of::<GlyphPoint>()).map(|chunk| {
            let contents = bytemuck::cast_slice(chunk);
            let usage = wgpu::BufferUsages::STORAGE;
            let descriptor = wgpu::util::BufferInitDescriptor { label: Some("points"), contents, usage };
            (gpu.device.create_buffer_init(&descriptor), chunk.len() as u32)
        });
        let buffers = buffers.collect();
        Self {
            positions: layer.positions.clone(),
            values: layer.values.clone(),
            colored: colored(layer).clone(),
            sizes: layer.sizes().clone(),
            clip: scene.clip.clone(),
            bounds,
            stored_unit,
            buffers,
        }
    }

    /// Whether it is of this layer of this scene.
    pub fn holds(&self, layer: &PointLayer, scene: &Scene, stored_unit: f64) -> bool {
        Arc::ptr_eq(&self.positions, &layer.positions)
            && Arc::ptr_eq(&self.values, &layer.values)
            && Arc::ptr_eq(&self.colored, colored(layer))
            && Arc::ptr_eq(&self.sizes, layer.sizes())
            && self.clip == scene.clip
            && (self.bounds, self.stored_unit) == (scene.grid.lattice.bounds(), stored_unit)
    }

    /// All points in pieces of at most `most`.
    pub fn pieces(&self, most: u32) -> impl Iterator<Item = Piece> {
        let mut earlier = 0;
        let starts = self.buffers.iter().enumerate().map(move |(buffer, &(_, len))| {
            earlier += len;
            (buffer, len, earlier - len)
        });
        starts.flat_map(move |(buffer, len, earlier)| {
            let firsts = (0..len).step_by(most as usize);
            firsts.map(move |first| Piece { buffer, first, count: most.min(len - first), earlier })
        })
    }
}

/// What colours the points.
fn colored(layer: &PointLayer) -> &Arc<Vec<f64>> {
    layer.colors.as_ref().map_or(&layer.values, |colors| &colors.values)
}

/// The points of a layer that no plane cuts away as the shaders read them, in ascending order of density; equal ones in the
/// order they came in.
fn sorted_points(layer: &PointLayer, clip: &[Plane], bounds: Box3, stored_unit: f64) -> Vec<GlyphPoint> {
    let [value, color, size] = [&layer.values, colored(layer), layer.sizes()].map(finite);
    let color_unit = if layer.colors.is_some() { 1.0 } else { stored_unit };
    let mut order: Vec<(u64, u32)> = (0..layer.positions.len() as u32)
        .filter(|&i| layer.positions[i as usize].is_finite())
        .filter(|&i| clip.iter().all(|plane| plane.leaves(layer.positions[i as usize])))
        .map(|i| (ascending_bits(value(i)), i))
        .collect();
    order.par_sort_unstable();
    let (center, scale) = (bounds.center(), 1.0 / bounds.diagonal());
    let point = |&(_, i): &(u64, u32)| {
        let [x, y, z] = ((layer.positions[i as usize] - center) * scale).as_vec3().to_array();
        GlyphPoint { x, y, z, value: (color(i) / color_unit) as f32, size: (size(i) / stored_unit) as f32 }
    };
    order.par_iter().map(point).collect()
}

/// The values; in place of those that are not finite the least of the others.
fn finite(values: &Arc<Vec<f64>>) -> impl Fn(u32) -> f64 + Sync + use<'_> {
    let least = values.iter().copied().filter(|v| v.is_finite()).fold(f64::INFINITY, f64::min);
    let least = if least.is_finite() { least } else { 0.0 };
    move |i| Some(values[i as usize]).filter(|v| v.is_finite()).unwrap_or(least)
}

/// An integer that grows with a finite number.
fn ascending_bits(value: f64) -> u64 {
    let bits = value.to_bits();
    bits ^ if value.is_sign_negative() { u64::MAX } else { 1 << 63 }
}
