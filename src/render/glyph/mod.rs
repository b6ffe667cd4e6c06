//! Points as spheres, and bodies of triangles: which of them each sample of a picture sees, at which depth.
//!
//! Opaque ones take one round. Translucent ones are peeled off in layers: each round finds the nearest point behind
//! that of the round before.

mod plan;
mod points;
mod stage;
mod trace;

use std::ops::Range;
use std::time::{Duration, Instant};

use super::march::{bind, layout, scale_code, storage, uniform_type};
use super::tiles::Tile;
use super::uniforms::{FrameUniform, VolumeUniform};
use super::volume::VolumeTexture;
use crate::error::Result;
use crate::gpu::Gpu;
use crate::gpu::pass::structure;
use crate::progress::Progress;
use crate::scene::{Camera, PointLayer, PointOrder, Scene, TraceLayer};
use plan::Plan;
use points::{Piece, PointBuffers};
use stage::{Stage, dispatch};
use trace::{TraceBuffers, TracePlan};

/// Invocations of a workgroup, as `glyph.wgsl` says.
const WORKGROUP: u32 = 64;

/// Points that are kept on the adapter beside others: 20 MB.
const FEW_POINTS: usize = 1_000_000;

/// Side of a workgroup, as `glyph_resolve.wgsl` says.
const TILE: u32 = 8;

/// As `SIDE_OF_TILE` of `common/glyph.wgsl`.
const SIDE_OF_TILE: u32 = 8;

/// Where spheres lie in so many layers or more in the mean of the picture, it is found from the first of them, and from twice as
/// many again and again, what hides others.
const LEAST_LAYERS: f64 = 2.0;

/// The first are this share of all.
const FIRST_SHARE: u32 = 8;

/// Samples a pixel where edges are smoothed.
const SMOOTH_SAMPLES: u32 = 4;

/// Bytes of a buffer with something for each sample: pictures that need more are drawn in bands of rows, so that no
/// buffer exceeds the 128 MiB that software adapters bind.
const MOST_SLOT_BYTES: u64 = 128 << 20;

/// Bytes that opaque points need for a sample in one buffer, and translucent ones: `Layered` of `march.wgsl`.
const SLOT_BYTES: [u64; 2] = [16, 32];

/// What the march reads.
#[derive(Clone)]
pub struct SeenGlyphs {
    /// One `Seen` of `common/glyph.wgsl` a sample.
    pub buffer: wgpu::Buffer,
    /// Samples a pixel.
    pub samples: u32,
    /// The row of the picture that the buffer begins with.
    pub first_row: u32,
    /// Where translucent ones are kept.
    pub layers: Option<Layers>,
}

/// What is kept between the layers of translucent points.
#[derive(Clone)]
pub struct Layers {
    /// One `Layered` of `march.wgsl` a sample.
    pub samples: wgpu::Buffer,
    /// For each sample the complement of depth and number of the point it has seen last.
    pub before: wgpu::Buffer,
    /// Not 0 if any sample has seen a point in this layer.
    pub found: wgpu::Buffer,
    /// Opacity of a point.
    pub opacity: f32,
    /// Whether this is the end: what lies behind the last points, and the picture.
    pub last: bool,
}

/// The pass, its pipelines, and the points and slots of the last picture.
pub struct GlyphPass {
    groups: [wgpu::BindGroupLayout; 2],
    /// Any order in 32-bit numbers: by depth in two passes, by density in one.
    narrow: Stage,
    /// By depth in one pass of 64-bit numbers, where the adapter has them.
    wide: Option<Stage>,
    tiles: Stage,
    resolve: Stage,
    /// The same of triangles.
    trace_narrow: Stage,
    trace_wide: Option<Stage>,
    trace_resolve: Stage,
    trace: Option<TraceBuffers>,
    points: Option<PointBuffers>,
    /// Those of the picture before, if one of both has few.
    earlier_points: Option<PointBuffers>,
    slots: Option<Slots>,
    /// How long it took to find which points are seen, since this was last set to 0.
    pub scattering: Duration,
}

/// For each sample the nearest depth, the point that has it, and what it looks like.
struct Slots {
    count: u64,
    /// Words of `nearest` a sample: 2 where it holds the number of the point too.
    words: u64,
    layered: bool,
    nearest: wgpu::Buffer,
    winner: wgpu::Buffer,
    seen: wgpu::Buffer,
    before: wgpu::Buffer,
    layers: wgpu::Buffer,
    found: wgpu::Buffer,
    /// For each square of pixels what a point has to exceed to be seen.
    tiles: wgpu::Buffer,
}

/// Rows of a tile with what all their layers share.
pub struct Band {
    /// None if there are no points, or no triangles.
    plan: Option<Plan>,
    trace: Option<TracePlan>,
    samples: u32,
    rows: Range<u32>,
    columns: u32,
    by_depth: bool,
    layered: bool,
    shaded: bool,
    scale: u32,
    frame: wgpu::BindGroup,
    limits: wgpu::BindGroup,
    seen: SeenGlyphs,
}

impl GlyphPass {
    /// Prepares the pass; pipelines are compiled when first needed.
    pub fn new(gpu: &Gpu) -> Self {
        let groups = [layout(gpu, &[(0, uniform_type())]), layout(gpu, &[(0, uniform_type())])];
        let [read, write] = [true, false].map(storage);
        let own = [(0, read), (1, uniform_type()), (2, write), (4, read)];
        let wide = |name, own: &[_]| gpu.has_atomic_u64().then(|| Stage::new(gpu, name, &groups, own));
        let with = |more: &[_]| [&own[..], more].concat();
        let (narrow, hidden, corners) = ((3, write), (5, read), (6, read));
        let (trace_wide, wide) =
            (wide("trace_wide.wgsl", &with(&[corners])), wide("glyph_wide.wgsl", &with(&[hidden])));
        let trace_narrow = Stage::new(gpu, "trace.wgsl", &groups, &with(&[narrow, corners]));
        let narrow = Stage::new(gpu, "glyph.wgsl", &groups, &with(&[narrow, hidden]));
        let tiles =
            Stage::new(gpu, "glyph_tiles.wgsl", &groups, &[(0, read), (1, uniform_type()), (2, read), (3, write)]);
        let own = [(0, read), (1, uniform_type()), (2, read), (3, write), (4, read), (5, write)];
        let resolve = Stage::new(gpu, "glyph_resolve.wgsl", &groups, &own);
        let trace_resolve = Stage::new(gpu, "trace_resolve.wgsl", &groups, &[&own[..], &[corners]].concat());
        Self {
            groups,
            narrow,
            wide,
            tiles,
            resolve,
            trace_narrow,
            trace_wide,
            trace_resolve,
            trace: None,
            points: None,
            earlier_points: None,
            slots: None,
            scattering: Duration::ZERO,
        }
    }

    /// Bands of rows that are drawn one after the other so that their slots find room.
    pub fn bands(&self, tile: Tile, scene: &Scene) -> Vec<Range<u32>> {
        let is_smooth = scene.trace.is_some() || scene.points.as_ref().is_some_and(|layer| layer.antialias);
        let samples = if is_smooth { SMOOTH_SAMPLES } else { 1 };
        let is_layered = scene.points.as_ref().is_some_and(PointLayer::is_translucent);
        let slots = MOST_SLOT_BYTES / SLOT_BYTES[usize::from(is_layered)];
        let rows = (slots / u64::from(tile.size[0] * samples)).max(1) as usize;
        let all = tile.rows();
        all.clone().step_by(rows).map(|first| first..(first + rows as u32).min(all.end)).collect()
    }

    /// Prepares `rows` of a tile of a picture of `size`; `None` if there are neither points nor triangles.
    #[allow(clippy::too_many_arguments)] // the same as those of the march
    pub fn begin(
        &mut self,
        gpu: &Gpu,
        scene: &Scene,
        camera: &Camera,
        volume: &VolumeTexture,
        size: [u32; 2],
        tile: Tile,
        rows: Range<u32>,
    ) -> Option<Band> {
        let bounds = scene.grid.lattice.bounds();
        let layer = scene.points.as_ref();
        let plan = layer.and_then(|layer| {
            self.take_points(gpu, layer, scene, volume.unit);
            let points = self.points.as_ref().filter(|p| !p.buffers.is_empty())?;
            Some(Plan::new(gpu, layer, camera, points, size))
        });
        let trace = scene.trace.as_ref().and_then(|layer| {
            let trace = self.take_trace(gpu, layer, scene);
            (!trace.buffers.is_empty()).then(|| TracePlan::new(gpu, layer, camera, trace, size))
        });
        let all_samples = [plan.as_ref().map(|p| p.samples), trace.as_ref().map(|t| t.samples)];
        let samples = all_samples.into_iter().flatten().max()?;
        // Bodies are seen at their depth.
        let by_depth = trace.is_some() || layer.is_some_and(|layer| layer.order == PointOrder::Depth);
        let layered = plan.is_some() && layer.is_some_and(PointLayer::is_translucent);
        let words = if by_depth && self.wide.is_some() { 2 } else { 1 };
        let count = u64::from(tile.size[0]) * rows.len() as u64 * u64::from(samples);
        if self.slots.as_ref().is_none_or(|s| s.count < count || s.words < words || (!s.layered && layered)) {
            self.slots = None;
            self.slots = Some(Slots::new(gpu, count, words, layered));
        }
        let slots = self.slots.as_ref().expect("just made");
        if layered {
            slots.clear(gpu, &[&slots.before, &slots.layers]);
        }
        let frame = structure(gpu, "frame", &FrameUniform::new(camera, bounds, size, tile, rows.clone()));
        let colors = layer.and_then(|layer| layer.colors.as_ref());
        let (transfer, unit) = colors.map_or((&scene.transfer, volume.unit), |c| (&c.transfer, 1.0));
        let limits = structure(gpu, "limits", &VolumeUniform::new(&scene.grid, scene.sampling, transfer, unit));
        let layers = layered.then(|| slots.layers(layer.map_or(1.0, |layer| layer.opacity as f32)));
        Some(Band {
            by_depth,
            layered,
            shaded: layer.is_some_and(|l| l.shaded) && plan.as_ref().is_some_and(|p| !p.only_pixels),
            scale: scale_code(transfer.scale),
            frame: bind(gpu, &self.groups[0], &[(0, frame.as_entire_binding())]),
            limits: bind(gpu, &self.groups[1], &[(0, limits.as_entire_binding())]),
            seen: SeenGlyphs { buffer: slots.seen.clone(), samples, first_row: rows.start, layers },
            columns: tile.size[0],
            plan,
            trace,
            samples,
            rows,
        })
    }

    /// Has the triangles of a layer at hand.
    fn take_trace(&mut self, gpu: &Gpu, layer: &TraceLayer, scene: &Scene) -> &TraceBuffers {
        if !self.trace.as_ref().is_some_and(|trace| trace.holds(layer, scene)) {
            self.trace = None;
        }
        self.trace.get_or_insert_with(|| TraceBuffers::new(gpu, layer, scene))
    }

    /// Has the points of a layer at hand: those of the last picture, those before them, or new ones.
    fn take_points(&mut self, gpu: &Gpu, layer: &PointLayer, scene: &Scene, stored_unit: f64) {
        let holds = |points: &Option<PointBuffers>| points.as_ref().is_some_and(|p| p.holds(layer, scene, stored_unit));
        if holds(&self.points) {
            return;
        }
        std::mem::swap(&mut self.points, &mut self.earlier_points);
        if holds(&self.points) {
            return;
        }
        self.points = None;
        // Few points cost little to keep beside many, which come again once the picture is at rest.
        let are_many = |points: &PointBuffers| points.positions.len() > FEW_POINTS;
        if layer.positions.len() > FEW_POINTS && self.earlier_points.as_ref().is_some_and(are_many) {
            self.earlier_points = None;
        }
        self.points = Some(PointBuffers::new(gpu, layer, scene, stored_unit));
    }

    /// Finds what each sample of a band sees of the points: of translucent ones the next layer.
    ///
    /// # Errors
    /// [`crate::error::Error::Gpu`] if the device failed, [`crate::error::Error::Interrupted`].
    pub fn run(&mut self, gpu: &Gpu, band: &Band, progress: &dyn Progress) -> Result<SeenGlyphs> {
        let start = Instant::now();
        self.scatter(gpu, band, progress)?;
        self.scattering += start.elapsed();
        self.resolve(gpu, band);
        Ok(band.seen.clone())
    }

    fn scatter(&mut self, gpu: &Gpu, band: &Band, progress: &dyn Progress) -> Result<()> {
        let Some(slots) = &self.slots else { return Ok(()) };
        let is_wide = self.is_wide(band);
        // Cheaper than to write all that is empty one by one; of points their resolve pass does.
        let cleared = [
            (&slots.nearest, band.by_depth || band.layered),
            (&slots.winner, !is_wide),
            (&slots.seen, band.plan.is_none()),
            (&slots.tiles, true),
            (&slots.found, true),
        ];
        let cleared: Vec<&wgpu::Buffer> = cleared.into_iter().filter(|(_, is_used)| *is_used).map(|(b, _)| b).collect();
        slots.clear(gpu, &cleared);
        let passes: &[bool] = match (is_wide, band.by_depth) {
            (true, _) => &[false],
            (false, true) => &[false, true],
            (false, false) => &[true],
        };
        for &claiming in passes {
            self.scatter_points(gpu, band, claiming, progress)?;
            self.scatter_trace(gpu, band, claiming, progress)?;
        }
        Ok(())
    }

    /// Whether depth and number are found in one pass.
    fn is_wide(&self, band: &Band) -> bool {
        band.by_depth && self.wide.is_some()
    }

    fn scatter_points(&mut self, gpu: &Gpu, band: &Band, claiming: bool, progress: &dyn Progress) -> Result<()> {
        let is_wide = self.is_wide(band);
        let (Some(points), Some(slots), Some(plan)) = (&self.points, &self.slots, &band.plan) else { return Ok(()) };
        let stage = self.wide.as_mut().filter(|_| is_wide).unwrap_or(&mut self.narrow);
        let scatter = stage.pipeline(gpu, band.scatter_constants(plan));
        let hides = self.tiles.pipeline(gpu, band.tile_constants(is_wide));
        let compared = if band.by_depth { &slots.nearest } else { &slots.winner };
        let buffers = [slots.offered(is_wide), vec![(5, &slots.tiles)]].concat();
        let mut pieces: Vec<Piece> = points.pieces(plan.points_a_dispatch).collect();
        if !band.by_depth {
            pieces.reverse();
        }
        for (n, piece) in pieces.into_iter().enumerate() {
            progress.check()?;
            let uniform = plan.uniform(&piece, band.rows.start, claiming);
            let buffer = &points.buffers[piece.buffer].0;
            if plan.with_tiles && n.is_power_of_two() {
                let own = self.tiles.bind(gpu, buffer, uniform, &[(2, compared), (3, &slots.tiles)]);
                dispatch(gpu, &hides, [&band.frame, &band.limits, &own], band.groups_of(SIDE_OF_TILE * TILE));
            }
            let own = stage.bind(gpu, buffer, uniform, &buffers);
            let groups = (piece.count * plan.lanes).div_ceil(WORKGROUP);
            dispatch(gpu, &scatter, [&band.frame, &band.limits, &own], [groups, 1]);
            gpu.wait()?;
        }
        Ok(())
    }

    fn scatter_trace(&mut self, gpu: &Gpu, band: &Band, claiming: bool, progress: &dyn Progress) -> Result<()> {
        let (is_wide, earlier) = (self.is_wide(band), self.points_before(band));
        let (Some(trace), Some(slots), Some(plan)) = (&self.trace, &self.slots, &band.trace) else { return Ok(()) };
        let stage = self.trace_wide.as_mut().filter(|_| is_wide).unwrap_or(&mut self.trace_narrow);
        let constants = vec![("GLYPH_SAMPLES", band.samples), ("LAYERED", u32::from(band.layered))];
        let scatter = stage.pipeline(gpu, constants);
        for piece in trace.pieces(plan.at_once, earlier) {
            progress.check()?;
            let (vertices, corners, _) = &trace.buffers[piece.buffer];
            let buffers = [slots.offered(is_wide), vec![(6, corners)]].concat();
            let own = stage.bind(gpu, vertices, plan.uniform(&piece, band.rows.start, claiming), &buffers);
            dispatch(gpu, &scatter, [&band.frame, &band.limits, &own], [plan.groups(&piece), 1]);
            gpu.wait()?;
        }
        Ok(())
    }

    /// The number of points, after which triangles are numbered.
    fn points_before(&self, band: &Band) -> u32 {
        let points = self.points.as_ref().filter(|_| band.plan.is_some());
        points.map_or(0, |points| points.buffers.iter().map(|(_, len)| len).sum())
    }

    fn resolve(&mut self, gpu: &Gpu, band: &Band) {
        let (wide, earlier) = (self.is_wide(band), self.points_before(band));
        let Some(slots) = &self.slots else { return };
        let winner = if wide { &slots.nearest } else { &slots.winner };
        let buffers = [(2, winner), (3, &slots.seen), (4, &slots.nearest), (5, &slots.before)];
        let groups = band.groups_of(TILE);
        if let (Some(points), Some(plan)) = (&self.points, &band.plan) {
            let resolve = self.resolve.pipeline(gpu, band.resolve_constants(plan, wide));
            for piece in points.pieces(u32::MAX) {
                let buffer = &points.buffers[piece.buffer].0;
                let own = self.resolve.bind(gpu, buffer, plan.uniform(&piece, band.rows.start, true), &buffers);
                dispatch(gpu, &resolve, [&band.frame, &band.limits, &own], groups);
            }
        }
        if let (Some(trace), Some(plan)) = (&self.trace, &band.trace) {
            let resolve = self.trace_resolve.pipeline(gpu, band.constants_of_trace(plan, wide));
            for piece in trace.pieces(u32::MAX, earlier) {
                let (vertices, corners, _) = &trace.buffers[piece.buffer];
                let buffers = [&buffers[..], &[(6, corners)]].concat();
                let uniform = plan.uniform(&piece, band.rows.start, true);
                let own = self.trace_resolve.bind(gpu, vertices, uniform, &buffers);
                dispatch(gpu, &resolve, [&band.frame, &band.limits, &own], groups);
            }
        }
    }
}

impl Band {
    /// Workgroups that cover it, each so many pixels wide and high.
    fn groups_of(&self, side: u32) -> [u32; 2] {
        [self.columns.div_ceil(side), (self.rows.len() as u32).div_ceil(side)]
    }

    fn tile_constants(&self, is_wide: bool) -> stage::Constants {
        vec![("GLYPH_SAMPLES", self.samples), ("WORDS", if is_wide { 2 } else { 1 })]
    }

    fn scatter_constants(&self, plan: &Plan) -> stage::Constants {
        vec![
            ("GLYPH_SAMPLES", self.samples),
            ("ONLY_PIXELS", u32::from(plan.only_pixels)),
            ("BY_DEPTH", u32::from(self.by_depth)),
            ("IN_PIXELS", u32::from(plan.in_pixels)),
            ("LAYERED", u32::from(self.layered)),
            ("WITH_TILES", u32::from(plan.with_tiles)),
        ]
    }

    fn resolve_constants(&self, plan: &Plan, wide: bool) -> stage::Constants {
        let mut all = self.shared_constants(wide, self.shaded);
        all.extend([("IN_PIXELS", u32::from(plan.in_pixels)), ("SCALE", self.scale)]);
        all
    }

    fn constants_of_trace(&self, plan: &TracePlan, wide: bool) -> stage::Constants {
        self.shared_constants(wide, plan.shaded)
    }

    fn shared_constants(&self, wide: bool, shaded: bool) -> stage::Constants {
        vec![
            ("GLYPH_SAMPLES", self.samples),
            ("SHADED", u32::from(shaded)),
            ("WORDS", if wide { 2 } else { 1 }),
            ("LAYERED", u32::from(self.layered)),
        ]
    }
}

impl Slots {
    fn new(gpu: &Gpu, count: u64, words: u64, layered: bool) -> Self {
        let buffer = |label, size: u64| {
            let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
            gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                size,
                usage,
                mapped_at_creation: false,
            })
        };
        let of_layers = if layered { count } else { 1 };
        Self {
            count,
            words,
            layered,
            nearest: buffer("nearest", 4 * words * count),
            winner: buffer("winner", 4 * count),
            seen: buffer("seen", 8 * count),
            before: buffer("before", 8 * of_layers),
            layers: buffer("layers", SLOT_BYTES[1] * of_layers),
            found: buffer("found", 4),
            // No band of so many samples has more squares.
            tiles: buffer("tiles", 4 * (count / 4 + 2)),
        }
    }

    /// What a sample is offered to.
    fn offered(&self, is_wide: bool) -> Vec<(u32, &wgpu::Buffer)> {
        let mut all = vec![(2, &self.nearest), (4, &self.before)];
        if !is_wide {
            all.push((3, &self.winner));
        }
        all
    }

    fn clear(&self, gpu: &Gpu, buffers: &[&wgpu::Buffer]) {
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        buffers.iter().for_each(|buffer| encoder.clear_buffer(buffer, 0, None));
        gpu.queue.submit([encoder.finish()]);
    }

    fn layers(&self, opacity: f32) -> Layers {
        let [samples, before, found] = [&self.layers, &self.before, &self.found].map(Clone::clone);
        Layers { samples, before, found, opacity, last: false }
    }
}
