//! Points as spheres: which of them each sample of a picture sees, at which depth.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use glam::DVec3;
use rayon::prelude::*;
use wgpu::util::DeviceExt;

use super::march::{bind, layout, scale_code, storage, uniform, uniform_type};
use super::tiles::Tile;
use super::uniforms::{FrameUniform, GlyphPoint, GlyphUniform, VolumeUniform};
use super::volume::VolumeTexture;
use crate::error::Result;
use crate::geometry::Box3;
use crate::gpu::{Gpu, compose};
use crate::progress::Progress;
use crate::scene::{Camera, Diameter, Plane, PointLayer, PointOrder, Projection, Scene};

/// Tests of a sphere against a sample in one dispatch: few enough that a slow adapter answers within
/// a fraction of a second.
const TESTS_A_DISPATCH: f64 = 2e7;

/// Invocations of a workgroup, as `glyph.wgsl` says.
const WORKGROUP: u32 = 64;

/// Side of a workgroup, as `glyph_resolve.wgsl` says.
const TILE: u32 = 8;

/// Samples a pixel where edges are smoothed.
const SMOOTH_SAMPLES: u32 = 4;

/// As `LEAST_RADIUS` of `common/sphere.wgsl`: smaller spheres are single pixels.
const LEAST_RADIUS: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// Samples of a sphere that one invocation visits before a further one shares them. Mesa's software adapter
/// ends all loops of an invocation after 65535 rounds.
const SAMPLES_A_LANE: f64 = 16384.0;

/// Slots for samples: pictures that need more are drawn in bands of rows, so that no buffer exceeds
/// the 128 MiB that software adapters bind.
const MOST_SLOTS: u64 = 1 << 23;

/// Bytes of points in one buffer, likewise.
const MOST_POINT_BYTES: u64 = 128 << 20;

/// Points that the work of a picture is estimated from.
const ESTIMATED_POINTS: usize = 4096;

/// What the march reads.
pub struct SeenGlyphs {
    /// One `Seen` of `common/glyph.wgsl` a sample.
    pub buffer: wgpu::Buffer,
    /// Samples a pixel.
    pub samples: u32,
    /// The row of the picture that the buffer begins with.
    pub first_row: u32,
}

/// The pass, its pipelines, and the points and slots of the last picture.
pub struct GlyphPass {
    groups: [wgpu::BindGroupLayout; 2],
    /// Any order in 32-bit numbers: by depth in two passes, by density in one.
    narrow: Stage,
    /// By depth in one pass of 64-bit numbers, where the adapter has them.
    wide: Option<Stage>,
    resolve: Stage,
    points: Option<PointBuffers>,
    slots: Option<Slots>,
    /// How long it took to find which points are seen, since this was last set to 0.
    pub scattering: Duration,
}

/// Constants of a shader.
type Constants = Vec<(&'static str, u32)>;

/// A shader with the layout of its bindings and its pipelines, by the constants compiled into them.
struct Stage {
    name: &'static str,
    own: wgpu::BindGroupLayout,
    layout: wgpu::PipelineLayout,
    module: wgpu::ShaderModule,
    pipelines: HashMap<Constants, wgpu::ComputePipeline>,
}

/// Points on the GPU, in ascending order of density.
struct PointBuffers {
    positions: Arc<Vec<DVec3>>,
    values: Arc<Vec<f64>>,
    colored: Arc<Vec<f64>>,
    sizes: Arc<Vec<f64>>,
    clip: Vec<Plane>,
    bounds: Box3,
    stored_unit: f64,
    /// Each with the number of its points.
    buffers: Vec<(wgpu::Buffer, u32)>,
}

/// For each sample the nearest depth, the point that has it, and what it looks like.
struct Slots {
    count: u64,
    /// Words of `nearest` a sample: 2 where it holds the number of the point too.
    words: u64,
    nearest: wgpu::Buffer,
    winner: wgpu::Buffer,
    seen: wgpu::Buffer,
}

/// How a layer is drawn in one picture.
struct Plan {
    samples: u32,
    lanes: u32,
    points_a_dispatch: u32,
    /// Whether no sphere is larger than a pixel.
    only_pixels: bool,
    in_pixels: bool,
    /// Diameter in diagonals, or in pixels, as a function of the stored size.
    diameter: [f64; 2],
}

impl GlyphPass {
    /// Prepares the pass; pipelines are compiled when first needed.
    pub fn new(gpu: &Gpu) -> Self {
        let groups = [layout(gpu, &[(0, uniform_type())]), layout(gpu, &[(0, uniform_type())])];
        let own = [(0, storage(true)), (1, uniform_type()), (2, storage(false)), (3, storage(false))];
        let narrow = Stage::new(gpu, "glyph.wgsl", &groups, &own);
        let wide = gpu.has_atomic_u64().then(|| Stage::new(gpu, "glyph_wide.wgsl", &groups, &own[..3]));
        let own = [(0, storage(true)), (1, uniform_type()), (2, storage(true)), (3, storage(false))];
        let resolve = Stage::new(gpu, "glyph_resolve.wgsl", &groups, &own);
        Self { groups, narrow, wide, resolve, points: None, slots: None, scattering: Duration::ZERO }
    }

    /// Bands of rows that are drawn one after the other so that their slots find room.
    pub fn bands(&self, tile: Tile, layer: &PointLayer) -> Vec<Range<u32>> {
        let samples = if layer.antialias { SMOOTH_SAMPLES } else { 1 };
        let rows = (MOST_SLOTS / u64::from(tile.size[0] * samples)).max(1) as usize;
        let all = tile.rows();
        all.clone().step_by(rows).map(|first| first..(first + rows as u32).min(all.end)).collect()
    }

    /// Finds what each sample of `rows` of a tile of a picture of `size` sees of the points; `None` if there are no
    /// points.
    ///
    /// # Errors
    /// [`crate::error::Error::Gpu`] if the device failed, [`crate::error::Error::Interrupted`].
    #[allow(clippy::too_many_arguments)] // the same as those of the march
    pub fn run(
        &mut self,
        gpu: &Gpu,
        scene: &Scene,
        layer: &PointLayer,
        camera: &Camera,
        volume: &VolumeTexture,
        size: [u32; 2],
        tile: Tile,
        rows: Range<u32>,
        progress: &dyn Progress,
    ) -> Result<Option<SeenGlyphs>> {
        let bounds = scene.grid.lattice.bounds();
        if !self.points.as_ref().is_some_and(|p| p.holds(layer, scene, volume.unit)) {
            self.points = None;
            self.points = Some(PointBuffers::new(gpu, layer, scene, volume.unit));
        }
        let points = self.points.as_ref().expect("just made");
        if points.buffers.is_empty() {
            return Ok(None);
        }
        let plan = Plan::new(gpu, layer, camera, points, size);
        let by_depth = layer.order == PointOrder::Depth;
        let wide = self.wide.as_mut().filter(|_| by_depth);
        let words = if wide.is_some() { 2 } else { 1 };
        let count = u64::from(tile.size[0]) * rows.len() as u64 * u64::from(plan.samples);
        if self.slots.as_ref().is_none_or(|s| s.count < count || s.words < words) {
            self.slots = None;
            self.slots = Some(Slots::new(gpu, count, words));
        }
        let slots = self.slots.as_ref().expect("just made");
        let frame = uniform(gpu, &FrameUniform::new(camera, bounds, size, tile, rows.clone()));
        let frame = bind(gpu, &self.groups[0], &[(0, frame.as_entire_binding())]);
        let (transfer, unit) = layer.colors.as_ref().map_or((&scene.transfer, volume.unit), |c| (&c.transfer, 1.0));
        let limits = uniform(gpu, &VolumeUniform::new(&scene.grid, scene.sampling, transfer, unit));
        let limits = bind(gpu, &self.groups[1], &[(0, limits.as_entire_binding())]);

        let constants = vec![
            ("GLYPH_SAMPLES", plan.samples),
            ("ONLY_PIXELS", u32::from(plan.only_pixels)),
            ("BY_DEPTH", u32::from(by_depth)),
            ("IN_PIXELS", u32::from(plan.in_pixels)),
        ];
        let (stage, changed, passes): (_, &[_], &[bool]) = match wide {
            Some(wide) => (wide, &[&slots.nearest], &[false]),
            None => {
                let passes: &[bool] = if by_depth { &[false, true] } else { &[true] };
                (&mut self.narrow, &[&slots.nearest, &slots.winner], passes)
            }
        };
        let winner = if words == 2 { &slots.nearest } else { &slots.winner };
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        let start = Instant::now();
        // Cheaper than to write all that is empty one by one.
        for (buffer, bytes) in [(&slots.nearest, 4 * words), (&slots.winner, 4), (&slots.seen, 8)] {
            encoder.clear_buffer(buffer, 0, Some(bytes * count));
        }
        gpu.queue.submit([encoder.finish()]);
        let scatter = stage.pipeline(gpu, constants);
        for &claiming in passes {
            let mut pieces: Vec<Piece> = points.pieces(plan.points_a_dispatch).collect();
            if !by_depth {
                pieces.reverse();
            }
            for piece in pieces {
                progress.check()?;
                let own = stage.bind(
                    gpu,
                    &points.buffers[piece.buffer].0,
                    plan.uniform(&piece, rows.start, claiming),
                    changed,
                );
                let groups = (piece.count * plan.lanes).div_ceil(WORKGROUP);
                dispatch(gpu, &scatter, [&frame, &limits, &own], [groups, 1]);
                gpu.wait()?;
            }
        }
        self.scattering += start.elapsed();
        let shaded = u32::from(layer.shaded && !plan.only_pixels);
        let resolve = [
            ("GLYPH_SAMPLES", plan.samples),
            ("SHADED", shaded),
            ("WORDS", words as u32),
            ("IN_PIXELS", u32::from(plan.in_pixels)),
            ("SCALE", scale_code(transfer.scale)),
        ];
        let resolve = self.resolve.pipeline(gpu, resolve.to_vec());
        for piece in points.pieces(u32::MAX) {
            let buffer = &points.buffers[piece.buffer].0;
            let own = self.resolve.bind(gpu, buffer, plan.uniform(&piece, rows.start, true), &[winner, &slots.seen]);
            let groups = [tile.size[0].div_ceil(TILE), (rows.len() as u32).div_ceil(TILE)];
            dispatch(gpu, &resolve, [&frame, &limits, &own], groups);
        }
        Ok(Some(SeenGlyphs { buffer: slots.seen.clone(), samples: plan.samples, first_row: rows.start }))
    }
}

fn dispatch(gpu: &Gpu, pipeline: &wgpu::ComputePipeline, bound: [&wgpu::BindGroup; 3], groups: [u32; 2]) {
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    {
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(pipeline);
        for (i, group) in bound.into_iter().enumerate() {
            pass.set_bind_group(i as u32, group, &[]);
        }
        pass.dispatch_workgroups(groups[0], groups[1], 1);
    }
    gpu.queue.submit([encoder.finish()]);
}

impl Stage {
    fn new(
        gpu: &Gpu,
        name: &'static str,
        groups: &[wgpu::BindGroupLayout; 2],
        own: &[(u32, wgpu::BindingType)],
    ) -> Self {
        let own = layout(gpu, own);
        let layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(name),
            bind_group_layouts: &[Some(&groups[0]), Some(&groups[1]), Some(&own)],
            immediate_size: 0,
        });
        let source = wgpu::ShaderSource::Wgsl(compose(name).into());
        let module = gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(name), source });
        Self { name, own, layout, module, pipelines: HashMap::new() }
    }

    /// The pipeline with these constants.
    fn pipeline(&mut self, gpu: &Gpu, constants: Constants) -> wgpu::ComputePipeline {
        let values: Vec<_> = constants.iter().map(|&(name, value)| (name, f64::from(value))).collect();
        let make = || {
            gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(self.name),
                layout: Some(&self.layout),
                module: &self.module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions { constants: &values, ..Default::default() },
                cache: None,
            })
        };
        self.pipelines.entry(constants).or_insert_with(make).clone()
    }

    fn bind(
        &self,
        gpu: &Gpu,
        points: &wgpu::Buffer,
        glyphs: GlyphUniform,
        others: &[&wgpu::Buffer],
    ) -> wgpu::BindGroup {
        let glyphs = uniform(gpu, &glyphs);
        let mut resources = vec![(0, points.as_entire_binding()), (1, glyphs.as_entire_binding())];
        resources.extend(std::iter::zip(2.., others.iter().map(|b| b.as_entire_binding())));
        bind(gpu, &self.own, &resources)
    }
}

/// Consecutive points in one buffer.
struct Piece {
    buffer: usize,
    first: u32,
    count: u32,
    earlier: u32,
}

impl PointBuffers {
    fn new(gpu: &Gpu, layer: &PointLayer, scene: &Scene, stored_unit: f64) -> Self {
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

    fn holds(&self, layer: &PointLayer, scene: &Scene, stored_unit: f64) -> bool {
        Arc::ptr_eq(&self.positions, &layer.positions)
            && Arc::ptr_eq(&self.values, &layer.values)
            && Arc::ptr_eq(&self.colored, colored(layer))
            && Arc::ptr_eq(&self.sizes, layer.sizes())
            && self.clip == scene.clip
            && (self.bounds, self.stored_unit) == (scene.grid.lattice.bounds(), stored_unit)
    }

    /// All points in pieces of at most `most`.
    fn pieces(&self, most: u32) -> impl Iterator<Item = Piece> {
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

impl Slots {
    fn new(gpu: &Gpu, count: u64, words: u64) -> Self {
        let buffer = |label, bytes: u64| {
            let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
            let size = count * bytes;
            gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                size,
                usage,
                mapped_at_creation: false,
            })
        };
        Self {
            count,
            words,
            nearest: buffer("nearest", 4 * words),
            winner: buffer("winner", 4),
            seen: buffer("seen", 8),
        }
    }
}

impl Plan {
    fn new(gpu: &Gpu, layer: &PointLayer, camera: &Camera, points: &PointBuffers, size: [u32; 2]) -> Self {
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
        let points_a_dispatch = (TESTS_A_DISPATCH / mean_tests.max(1.0)).clamp(1.0, most as f64) as u32;
        let scale = if in_pixels { 1.0 } else { 1.0 / bounds.diagonal() };
        Self {
            samples,
            lanes,
            points_a_dispatch,
            only_pixels,
            in_pixels,
            diameter: [offset * scale, slope * stored_unit * scale],
        }
    }

    fn uniform(&self, piece: &Piece, first_slot_row: u32, claiming: bool) -> GlyphUniform {
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
        }
    }
}

/// At most about `most` indices below `n`, evenly spread.
fn evenly(n: usize, most: usize) -> impl Iterator<Item = usize> {
    (0..n).step_by(n.div_ceil(most).max(1))
}

/// Pixels that a length covers in a picture of this height, at the side of a sphere that is nearest to
/// the eye; 0 behind the eye, at most the height per radius around it.
fn pixels_per_length(camera: &Camera, forward: DVec3, position: DVec3, radius: f64, height: u32) -> f64 {
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
