//! Triangles on the GPU, and how they are drawn in one picture.

use std::sync::Arc;

use bytemuck::Zeroable;
use rayon::prelude::*;

use super::super::uniforms::{GlyphUniform, TraceVertex};
use super::plan::{SAMPLES_A_LANE, TESTS_A_DISPATCH, evenly, pixels_per_length};
use super::points::Piece;
use super::{SMOOTH_SAMPLES, WORKGROUP};
use crate::geometry::Box3;
use crate::gpu::Gpu;
use crate::gpu::pass::list;
use crate::scene::{Camera, Plane, Scene, TraceLayer};
use crate::trace::Mesh;

/// Triangles that the work of a picture is estimated from.
const ESTIMATED: usize = 4096;

/// A body on the GPU.
pub struct TraceBuffers {
    of: Arc<Mesh>,
    clip: Vec<Plane>,
    bounds: Box3,
    /// What the planes leave.
    mesh: Mesh,
    /// Vertices and corners of consecutive triangles, and their number.
    pub buffers: Vec<(wgpu::Buffer, wgpu::Buffer, u32)>,
}

impl TraceBuffers {
    /// Uploads what the clip planes leave of a body.
    pub fn new(gpu: &Gpu, layer: &TraceLayer, scene: &Scene) -> Self {
        let bounds = scene.grid.lattice.bounds();
        let planes: Vec<_> = scene.clip.iter().map(|plane| (plane.point, plane.normal)).collect();
        let mut mesh = layer.mesh.cut(&planes);
        mesh.triangles.retain(|t| t.iter().all(|i| mesh.vertices[*i as usize].is_finite()));
        let limits = gpu.device.limits();
        let bytes = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size).min(super::MOST_SLOT_BYTES);
        let most = bytes as usize / size_of::<TraceVertex>();
        let buffers = runs(&mesh.triangles, most).into_iter().map(|run| upload(gpu, &mesh, run, bounds)).collect();
        Self { of: layer.mesh.clone(), clip: scene.clip.clone(), bounds, mesh, buffers }
    }

    /// Whether it is of this layer of this scene.
    pub fn holds(&self, layer: &TraceLayer, scene: &Scene) -> bool {
        Arc::ptr_eq(&self.of, &layer.mesh) && self.clip == scene.clip && self.bounds == scene.grid.lattice.bounds()
    }

    /// All triangles in pieces of at most `most`, numbered after `earlier` others.
    pub fn pieces(&self, most: u32, earlier: u32) -> Vec<Piece> {
        let mut all = Vec::new();
        let mut before = earlier;
        for (buffer, (.., len)) in self.buffers.iter().enumerate() {
            let firsts = (0..*len).step_by(most as usize);
            all.extend(firsts.map(|first| Piece { buffer, first, count: most.min(len - first), earlier: before }));
            before += len;
        }
        all
    }
}

/// Consecutive triangles whose vertices lie within `most` numbers of each other.
fn runs(triangles: &[[u32; 3]], most: usize) -> Vec<&[[u32; 3]]> {
    let mut all = Vec::new();
    let mut rest = triangles;
    while !rest.is_empty() {
        let (mut low, mut high) = (u32::MAX, 0);
        let fits = |t: &&[u32; 3]| {
            t.iter().for_each(|i| (low, high) = (low.min(*i), high.max(*i)));
            ((high - low) as usize) < most
        };
        // A third of the most: each has three corners of 4 bytes.
        let len = rest.iter().take(2 * most).take_while(fits).count().max(1);
        let (run, left) = rest.split_at(len);
        all.push(run);
        rest = left;
    }
    all
}

fn upload(gpu: &Gpu, mesh: &Mesh, run: &[[u32; 3]], bounds: Box3) -> (wgpu::Buffer, wgpu::Buffer, u32) {
    let low = run.iter().flatten().copied().min().unwrap_or(0);
    let high = run.iter().flatten().copied().max().unwrap_or(0);
    let (center, scale) = (bounds.center(), 1.0 / bounds.diagonal());
    let vertex = |i: u32| {
        let i = i as usize;
        let [x, y, z] = ((mesh.vertices[i] - center) * scale).as_vec3().to_array();
        let [nx, ny, nz] = mesh.normals[i].as_vec3().to_array();
        let [r, g, b] = mesh.colors[i];
        TraceVertex { x, y, z, nx, ny, nz, color: u32::from_le_bytes([r, g, b, 255]) }
    };
    let vertices: Vec<TraceVertex> = (low..=high).into_par_iter().map(vertex).collect();
    let corners: Vec<u32> = run.iter().flatten().map(|i| i - low).collect();
    (list(gpu, "vertices", &vertices), list(gpu, "corners", &corners), run.len() as u32)
}

/// How a body is drawn in one picture.
pub struct TracePlan {
    /// Samples a pixel.
    pub samples: u32,
    /// Invocations that share a triangle.
    lanes: u32,
    /// Triangles that are drawn at once.
    pub at_once: u32,
    /// Whether it is lit.
    pub shaded: bool,
}

impl TracePlan {
    /// The way to draw a body in a picture of this size.
    pub fn new(gpu: &Gpu, layer: &TraceLayer, camera: &Camera, trace: &TraceBuffers, size: [u32; 2]) -> Self {
        let (mesh, forward) = (&trace.mesh, camera.axes().forward);
        let reach = |t: &[u32; 3]| {
            let [a, b, c] = t.map(|i| mesh.vertices[i as usize]);
            let radius = 0.5 * a.distance(b).max(b.distance(c)).max(c.distance(a));
            2.0 * radius * pixels_per_length(camera, forward, (a + b + c) / 3.0, 2.0 * radius, size[1])
        };
        let picture = f64::from(size[0]) * f64::from(size[1]);
        let tests = |pixels: f64| (pixels + 1.0).powi(2).min(picture) * f64::from(SMOOTH_SAMPLES);
        let largest = mesh.triangles.par_iter().with_min_len(ESTIMATED).map(reach).reduce(|| 0.0, f64::max);
        let all: Vec<f64> = evenly(mesh.triangles.len(), ESTIMATED).map(|i| tests(reach(&mesh.triangles[i]))).collect();
        let mean = all.iter().sum::<f64>() / all.len().max(1) as f64;
        let lanes = (tests(largest) / SAMPLES_A_LANE).ceil().max(1.0) as u32;
        let most = u64::from(gpu.device.limits().max_compute_workgroups_per_dimension) * u64::from(WORKGROUP);
        let most = (most / u64::from(lanes)).max(1);
        let at_once = (TESTS_A_DISPATCH / mean.max(1.0)).clamp(1.0, most as f64) as u32;
        Self { samples: SMOOTH_SAMPLES, lanes, at_once, shaded: layer.shaded }
    }

    /// What the shaders read for a piece.
    pub fn uniform(&self, piece: &Piece, first_slot_row: u32, claiming: bool) -> GlyphUniform {
        GlyphUniform {
            first_slot_row,
            lanes: self.lanes,
            first: piece.first,
            count: piece.count,
            earlier: piece.earlier,
            claiming: u32::from(claiming),
            ..GlyphUniform::zeroed()
        }
    }

    /// Workgroups for a piece.
    pub fn groups(&self, piece: &Piece) -> u32 {
        (piece.count * self.lanes).div_ceil(WORKGROUP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: triangles left out or taken twice where buffers end.
    #[test]
    fn runs_hold_all_triangles_and_few_vertices() {
        let triangles: Vec<[u32; 3]> = (0..100).map(|i| [i, i + 1, (i + 7) % 101]).collect();
        for most in [8, 20, 1000] {
            let runs = runs(&triangles, most);
            assert_eq!(runs.concat(), triangles);
            let spread = |run: &&[[u32; 3]]| run.iter().flatten().max().unwrap() - run.iter().flatten().min().unwrap();
            assert!(runs.iter().filter(|run| run.len() > 1).all(|run| (spread(run) as usize) < most));
        }
        assert!(runs(&[], 5).is_empty());
    }
}
