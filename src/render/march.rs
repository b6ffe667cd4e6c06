//! The ray march: a density to a picture of light.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use bytemuck::Zeroable;
use wgpu::util::DeviceExt;

use super::cells::{CELL, CellPass, Kept, stacked, whole_numbers};
use super::glyph::SeenGlyphs;
use super::gradients;
use super::openness::OpenTexture;
use super::pace::Pace;
use super::rules::{CHANGE_OF_LIGHT, CHANGE_OF_OCCLUSION, Ray, rules, surface_rules};
use super::tiles::Tile;
use super::uniforms::{CutsUniform, FinishUniform, FrameUniform, GlyphUniform, LightingUniform, VolumeUniform};
use super::volume::VolumeTexture;
use crate::color::{LookupTable, Scale, TransferFunction};
use crate::error::Result;
use crate::gpu::pass::{list, structure};
use crate::gpu::{Gpu, compose_with, texture_3d};
use crate::progress::Progress;
use crate::scene::{Camera, DensityLayer, SampleRule, Scene, VolumeMode};

/// Side of a workgroup's tile, as `march.wgsl` says.
const WORKGROUP: u32 = 16;

/// Optical depth from which on a ray may end early (opacity 1 - 1/255).
const OPAQUE_DEPTH: f64 = 5.5413;

/// Slopes of the opacity curve shorter than this share of the limits may lie between two samples: a density that
/// is smooth on its grid seldom changes more in half a voxel.
const SHARP_SLOPE: f64 = 0.1;

/// What is compiled into a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Variant {
    volume: bool,
    glyph_samples: u32,
    midpoint: bool,
    shaded: bool,
    stop_when_opaque: bool,
    sharp: bool,
    scale: u32,
    adaptive: bool,
    /// Points are translucent.
    layered: bool,
    /// As `march.wgsl` numbers them.
    mode: u32,
    /// Slices in fog fade where they are low.
    faded: bool,
    /// Fog is lit by gradients from a texture.
    nodal_gradients: bool,
    /// As `HALF_POWER` of `common/light.wgsl`.
    half_power: u32,
    /// The texture holds a spline.
    cubic: bool,
    /// Places that are closed in are darker.
    occluded: bool,
    /// What is far fades.
    cued: bool,
    /// The first step of a ray is shorter.
    jittered: bool,
    /// How many densities there are.
    densities: u32,
}

impl Variant {
    /// The same where rays meet these points.
    fn with(self, glyphs: Option<&SeenGlyphs>) -> Self {
        let layered = glyphs.is_some_and(|g| g.layers.is_some());
        Self { glyph_samples: glyphs.map_or(0, |g| g.samples), layered, ..self }
    }
}

/// What a picture is marched with.
#[derive(Clone)]
pub struct Content {
    group: wgpu::BindGroup,
    variant: Variant,
    /// The share of a step that the first one on each ray takes, if the scene is drawn more than once.
    pub first_step: f64,
}

/// The pass and its compiled pipelines.
pub struct MarchPass {
    /// By whether the density is a spline, and whether there are several.
    modules: [OnceLock<wgpu::ShaderModule>; 4],
    layout: wgpu::PipelineLayout,
    groups: [wgpu::BindGroupLayout; 3],
    sampler: wgpu::Sampler,
    /// Of openness, which all adapters interpolate.
    linear: wgpu::Sampler,
    /// Bound where nothing is closed in.
    all_open: wgpu::TextureView,
    pipelines: Mutex<HashMap<Variant, wgpu::ComputePipeline>>,
    by_hand: bool,
    /// Whether fog may be lit by gradients from a texture.
    pub nodal_gradients: bool,
    /// The layout of the volume's structure alone.
    limits: wgpu::BindGroupLayout,
    /// The passes that find how many steps a sample stands for.
    pub cells: CellPass,
    /// Bound where there are no glyphs, or no translucent ones.
    no_glyphs: [wgpu::Buffer; 3],
    /// Not 0 if anything is seen in the picture.
    pub found: wgpu::Buffer,
    /// Whether less is drawn at once, as after a device has failed.
    pub cautious: bool,
}

impl MarchPass {
    /// Prepares the pass; pipelines are compiled when first needed.
    pub fn new(gpu: &Gpu) -> Self {
        let by_hand = !gpu.interpolates_f32();
        let groups = bind_group_layouts(gpu, by_hand);
        let [a, b, c] = &groups;
        let layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("march"),
            bind_group_layouts: &[Some(a), Some(b), Some(c)],
            immediate_size: 0,
        });
        let filter = if by_hand { wgpu::FilterMode::Nearest } else { wgpu::FilterMode::Linear };
        let [sampler, linear] = [filter, wgpu::FilterMode::Linear].map(|filter| {
            gpu.device.create_sampler(&wgpu::SamplerDescriptor {
                mag_filter: filter,
                min_filter: filter,
                ..Default::default()
            })
        });
        let all_open =
            texture_3d(gpu, "all open", [1; 3], wgpu::TextureFormat::R8Unorm).create_view(&Default::default());
        let found = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("found"),
            size: 4,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        let no_glyphs = std::array::from_fn(|_| list(gpu, "no glyphs", &[0u8; 32]));
        let limits = self::layout(gpu, &[(0, uniform_type())]);
        let cells = CellPass::new(gpu, &limits);
        let (pipelines, nodal_gradients) = (Mutex::default(), !by_hand);
        Self {
            modules: Default::default(),
            layout,
            groups,
            sampler,
            linear,
            all_open,
            pipelines,
            by_hand,
            nodal_gradients,
            limits,
            cells,
            no_glyphs,
            found,
            cautious: false,
        }
    }

    /// Marches every ray of `rows` of a tile of a picture into `target` (an `Rgba32Float` storage texture of the
    /// tile's size) and waits for it. Premultiplied display colours and opacity. Rays end at `glyphs`.
    ///
    /// # Errors
    /// [`crate::error::Error::Gpu`] if the device failed, [`crate::error::Error::Interrupted`].
    #[allow(clippy::too_many_arguments)] // what a picture depends on
    pub fn run(
        &self,
        gpu: &Gpu,
        scene: &Scene,
        camera: &Camera,
        content: &Content,
        glyphs: Option<&SeenGlyphs>,
        target: &wgpu::Texture,
        size: [u32; 2],
        tile: Tile,
        rows: Range<u32>,
        progress: &dyn Progress,
    ) -> Result<()> {
        let bounds = scene.grid.lattice.bounds();
        let samples_a_ray = if scene.volume { bounds.diagonal() / scene.sampling.step } else { 1.0 };
        let mut pace = Pace::new(gpu, samples_a_ray * f64::from(tile.size[0]), WORKGROUP, self.cautious);
        let pipeline = self.pipeline(gpu, content.variant.with(glyphs));
        let output = self.output_group(gpu, scene, target, glyphs);
        let middle = rows.start + (rows.len() as u32 / 2).next_multiple_of(WORKGROUP).min(rows.len() as u32);
        let mut left = [rows.start..middle, middle..rows.end];
        while let Some(Range { start: first, end: last }) = pace.next(&mut left) {
            progress.check()?;
            let begun = Instant::now();
            let mut frame = FrameUniform::new(camera, bounds, size, tile, first..last);
            frame.first_step = content.first_step as f32;
            let frame = self.frame_group(gpu, frame);
            let [x, y] = [tile.size[0], last - first].map(|n| n.div_ceil(WORKGROUP));
            gpu.dispatch("march.wgsl", &pipeline, &[(0, &frame), (1, &content.group), (2, &output)], [x, y, 1]);
            gpu.wait()?;
            pace.learn(last - first, begun.elapsed());
            progress.advance(u64::from(last - first));
        }
        Ok(())
    }

    /// Compiles what a scene without points is marched with. That takes as long as to upload a density: both at once.
    pub fn compile(&self, gpu: &Gpu, scene: &Scene, unit: f64) {
        self.pipeline(gpu, self.variant(scene, &tables(scene), unit));
    }

    fn variant(&self, scene: &Scene, tables: &[LookupTable], unit: f64) -> Variant {
        Variant { nodal_gradients: self.wants_gradients(scene, unit), ..variant(scene, tables) }
    }

    /// Whether a scene of a density whose largest value is `unit` is lit by gradients from a texture. Those of narrow limits would lose digits in 16 bits, surfaces
    /// have few samples that are lit, and a texture can be too large.
    pub fn wants_gradients(&self, scene: &Scene, unit: f64) -> bool {
        let lit_fog =
            scene.volume && scene.others.is_empty() && scene.shading.is_some() && scene.mode == VolumeMode::Fog;
        lit_fog && self.nodal_gradients && gradients::suit(scene, unit)
    }

    /// Reads the shader that a scene is marched by.
    pub fn load(&self, gpu: &Gpu, scene: &Scene) {
        self.module(gpu, scene.quality.spline.is_some(), marched(scene) > 1);
    }

    fn module(&self, gpu: &Gpu, cubic: bool, several: bool) -> &wgpu::ShaderModule {
        self.modules[usize::from(cubic) + 2 * usize::from(several)].get_or_init(|| {
            let flags = [("CUBIC", cubic), ("SEVERAL", several)].into_iter().filter(|flag| flag.1);
            let text = compose_with("march.wgsl", &flags.map(|flag| flag.0).collect::<Vec<_>>());
            let source = wgpu::ShaderSource::Wgsl(text.into());
            gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some("march.wgsl"), source })
        })
    }

    fn pipeline(&self, gpu: &Gpu, variant: Variant) -> wgpu::ComputePipeline {
        let (module, layout, by_hand) =
            (self.module(gpu, variant.cubic, variant.densities > 1), &self.layout, self.by_hand);
        let make = || {
            let constants = [
                ("INTERPOLATE_BY_HAND", u32::from(by_hand)),
                ("VOLUME", u32::from(variant.volume)),
                ("GLYPH_SAMPLES", variant.glyph_samples),
                ("MIDPOINT", u32::from(variant.midpoint)),
                ("SHADED", u32::from(variant.shaded)),
                ("STOP_WHEN_OPAQUE", u32::from(variant.stop_when_opaque)),
                ("SHARP", u32::from(variant.sharp)),
                ("SCALE", variant.scale),
                ("ADAPTIVE", u32::from(variant.adaptive)),
                ("LAYERED", u32::from(variant.layered)),
                ("MODE", variant.mode),
                ("NODAL_GRADIENTS", u32::from(variant.nodal_gradients)),
                ("HALF_POWER", variant.half_power),
                ("OCCLUDED", u32::from(variant.occluded)),
                ("CUED", u32::from(variant.cued)),
                ("JITTERED", u32::from(variant.jittered)),
                ("DENSITIES", variant.densities),
            ]
            .map(|(name, value)| (name, f64::from(value)));
            let constants =
                [&constants[..], &[("FADED", if variant.faded { VolumeMode::FADED } else { 0.0 })]].concat();
            gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some("march"),
                layout: Some(layout),
                module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions { constants: &constants, ..Default::default() },
                cache: None,
            })
        };
        let mut pipelines = self.pipelines.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        pipelines.entry(variant).or_insert_with(make).clone()
    }

    fn frame_group(&self, gpu: &Gpu, frame: FrameUniform) -> wgpu::BindGroup {
        bind(gpu, &self.groups[0], &[(0, structure(gpu, "frame", &frame).as_entire_binding())])
    }

    /// What all bands of a picture of `scene` share. `volumes` are its densities, the first one first, `stack` is the texture of
    /// all where there are several.
    pub fn prepare(
        &self,
        gpu: &Gpu,
        scene: &Scene,
        camera: &Camera,
        volumes: &[VolumeTexture],
        stack: Option<&wgpu::TextureView>,
        openness: Option<&OpenTexture>,
    ) -> Content {
        gpu.queue.write_buffer(&self.found, 0, &[0; 4]);
        let volume = &volumes[0];
        let units: Vec<f64> = volumes.iter().map(|v| v.unit).collect();
        let tables = tables(scene);
        let variant = self.variant(scene, &tables, volume.unit);
        let gradients = volume.gradients.as_ref().filter(|_| variant.nodal_gradients);
        let mut geometry = VolumeUniform::new(&scene.grid, scene.sampling, &scene.transfer, volume.unit);
        if volumes.len() > 1 {
            let parts: Vec<usize> = tables.iter().map(|table| table.parts.len()).collect();
            geometry = geometry.of_several(scene, &units, &parts);
        }
        let geometry = structure(gpu, "geometry", &geometry);
        let integrals = list(gpu, "integrals of the tables", &integrals(&tables));
        let steps: Vec<wgpu::TextureView> = std::iter::zip(std::iter::zip(volumes, &tables), scene.densities())
            .map(|((volume, table), layer)| self.steps(gpu, scene, variant, volume, table, layer))
            .collect();
        let steps = if steps.len() > 1 { stacked(gpu, &steps) } else { steps[0].clone() };
        let lighting = structure(gpu, "lighting", &LightingUniform::new(&scene.grid, &scene.transfer, scene.shading));
        let cuts = structure(gpu, "cuts", &CutsUniform::new(scene, &units));
        let open_scale = openness.map_or([1.0; 3], |open| open.scale);
        let finish = structure(gpu, "finish", &FinishUniform::new(scene, camera, open_scale));
        let table = table_texture(gpu, &tables);
        let entries = [
            (0, geometry.as_entire_binding()),
            (1, wgpu::BindingResource::TextureView(stack.unwrap_or(&volume.view))),
            (2, wgpu::BindingResource::Sampler(&self.sampler)),
            (3, wgpu::BindingResource::TextureView(&table)),
            (4, lighting.as_entire_binding()),
            (5, integrals.as_entire_binding()),
            (6, cuts.as_entire_binding()),
            (7, wgpu::BindingResource::TextureView(&steps)),
            (8, wgpu::BindingResource::TextureView(gradients.unwrap_or(&volume.view))),
            (9, finish.as_entire_binding()),
            (10, wgpu::BindingResource::TextureView(openness.map_or(&self.all_open, |open| &open.view))),
            (11, wgpu::BindingResource::Sampler(&self.linear)),
        ];
        Content { group: bind(gpu, &self.groups[1], &entries), variant, first_step: 1.0 }
    }

    /// The steps that a sample stands for in each cell of one of a scene's densities.
    fn steps(
        &self,
        gpu: &Gpu,
        scene: &Scene,
        variant: Variant,
        volume: &VolumeTexture,
        table: &LookupTable,
        layer: DensityLayer,
    ) -> wgpu::TextureView {
        let transfer = layer.transfer;
        let rules = match &scene.mode {
            VolumeMode::Isosurfaces(_) => surface_rules(
                layer.surfaces.iter().map(|s| transfer.position(s.level)),
                ray_of(scene, transfer, variant),
            ),
            _ => rules(table, ray_of(scene, transfer, variant)),
        };
        let geometry = VolumeUniform::new(&scene.grid, scene.sampling, transfer, volume.unit);
        let geometry = structure(gpu, "limits", &geometry);
        let limits = bind(gpu, &self.limits, &[(0, geometry.as_entire_binding())]);
        self.cells.steps(gpu, &volume.ranges, &rules, kept_of_cells(scene, transfer), &limits)
    }

    fn output_group(
        &self,
        gpu: &Gpu,
        scene: &Scene,
        target: &wgpu::Texture,
        glyphs: Option<&SeenGlyphs>,
    ) -> wgpu::BindGroup {
        let view = target.create_view(&Default::default());
        let first_slot_row = glyphs.map_or(0, |g| g.first_row);
        let layers = glyphs.and_then(|g| g.layers.as_ref());
        let (claiming, opacity) = layers.map_or((0, 1.0), |l| (u32::from(l.last), l.opacity));
        let place =
            structure(gpu, "place", &GlyphUniform { first_slot_row, claiming, opacity, ..GlyphUniform::zeroed() });
        let [no_seen, no_samples, no_before] = &self.no_glyphs;
        let seen = glyphs.map_or(no_seen, |g| &g.buffer);
        let [samples, before] = layers.map_or([no_samples, no_before], |l| [&l.samples, &l.before]);
        let found = layers.filter(|l| !l.last).map_or(&self.found, |l| &l.found);
        let colors = scene.points.as_ref().and_then(|p| p.colors.as_ref()).map_or(&scene.transfer, |c| &c.transfer);
        let table = list(gpu, "table of glyphs", &LookupTable::new(colors).parts);
        let entries = [
            (0, wgpu::BindingResource::TextureView(&view)),
            (1, place.as_entire_binding()),
            (2, seen.as_entire_binding()),
            (3, table.as_entire_binding()),
            (4, samples.as_entire_binding()),
            (5, before.as_entire_binding()),
            (6, found.as_entire_binding()),
        ];
        bind(gpu, &self.groups[2], &entries)
    }
}

/// How many densities a picture is marched through: where none is drawn one, as there must be a texture.
pub fn marched(scene: &Scene) -> usize {
    if scene.volume { 1 + scene.others.len() } else { 1 }
}

/// What the colours of each density of a scene are looked up in.
fn tables(scene: &Scene) -> Vec<LookupTable> {
    scene.densities().map(|layer| layer.table()).collect()
}

/// The integrals of each table, all as long as those of the longest.
fn integrals(tables: &[LookupTable]) -> Vec<[f32; 4]> {
    let longest = tables.iter().map(|table| table.parts.len()).max().unwrap_or(1);
    let of = |table: &LookupTable| {
        let mut all = table.integrals();
        all.resize(longest + 1, [0.0; 4]);
        all
    };
    tables.iter().flat_map(of).collect()
}

/// A column of two texels for each part of each table: what it begins and what it ends with.
fn table_texture(gpu: &Gpu, tables: &[LookupTable]) -> wgpu::TextureView {
    let width = tables.iter().map(|table| table.parts.len()).max().unwrap_or(1);
    let row = |table: &LookupTable, end: usize| -> Vec<[f32; 4]> {
        let mut row: Vec<[f32; 4]> = table.parts.iter().map(|part| part[end]).collect();
        row.resize(width, [0.0; 4]);
        row
    };
    let texels: Vec<[f32; 4]> = tables.iter().flat_map(|table| [row(table, 0), row(table, 1)]).flatten().collect();
    let size = [width as u32, 2 * tables.len() as u32];
    filled_texture(gpu, size, wgpu::TextureFormat::Rgba32Float, bytemuck::cast_slice(&texels))
}

/// A texture to read from that holds these texels, row by row.
pub fn filled_texture(gpu: &Gpu, size: [u32; 2], format: wgpu::TextureFormat, texels: &[u8]) -> wgpu::TextureView {
    let descriptor = wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    };
    let order = wgpu::util::TextureDataOrder::LayerMajor;
    let texture = gpu.device.create_texture_with_data(&gpu.queue, &descriptor, order, texels);
    texture.create_view(&Default::default())
}

fn variant(scene: &Scene, tables: &[LookupTable]) -> Variant {
    let depth = largest_depth(scene, tables);
    let midpoint = scene.sampling.rule == SampleRule::Midpoint;
    let is_iso = matches!(scene.mode, VolumeMode::Isosurfaces(_));
    Variant {
        volume: scene.volume,
        glyph_samples: 0,
        layered: false,
        midpoint,
        shaded: scene.shading.is_some(),
        faded: scene.mode == VolumeMode::Fog && scene.cover().at(0.0) == 0.0,
        nodal_gradients: false,
        half_power: scene.shading.map_or(0, |s| half_power(s.specular_power)),
        cubic: scene.quality.spline.is_some(),
        occluded: is_occluded(scene),
        cued: scene.quality.depth_cue > 0.0 && !scene.mode.is_projection(),
        densities: marched(scene) as u32,
        jittered: midpoint && scene.mode == VolumeMode::Fog && scene.quality.pictures > 1,
        // Mayavi's rule has the value at the end of each step.
        sharp: is_sharp(scene),
        scale: scale_code(scene.transfer.scale),
        stop_when_opaque: is_iso || scene.mode == VolumeMode::Fog && depth > OPAQUE_DEPTH,
        adaptive: scene.sampling.adaptive
            && (is_iso || matches!(scene.mode, VolumeMode::Fog | VolumeMode::Maximum | VolumeMode::Minimum)),
        mode: match scene.mode {
            VolumeMode::Fog => 0,
            VolumeMode::Maximum => 1,
            VolumeMode::Minimum => 2,
            VolumeMode::Mean => 3,
            VolumeMode::LineIntegral => 4,
            VolumeMode::Isosurfaces(_) => 5,
            VolumeMode::Slices => 6,
        },
    }
}

/// Whether places that are closed in are darker.
pub fn is_occluded(scene: &Scene) -> bool {
    let has_depth = matches!(scene.mode, VolumeMode::Fog | VolumeMode::Isosurfaces(_));
    scene.volume && has_depth && scene.quality.ambient_occlusion > 0.0
}

/// What the march asks of a cell.
fn kept_of_cells(scene: &Scene, transfer: &TransferFunction) -> Kept {
    match scene.mode {
        VolumeMode::Maximum => Kept::Largest,
        VolumeMode::Minimum => Kept::Smallest,
        _ => Kept::Steps(scale_code(transfer.scale)),
    }
}

/// As `HALF_POWER` of `common/light.wgsl`.
fn half_power(power: f64) -> u32 {
    let half = 0.5 * power;
    if half.fract() == 0.0 && (1.0..32.0).contains(&half) { half as u32 } else { 0 }
}

/// In reference lengths.
fn longest_ray(scene: &Scene, transfer: &TransferFunction) -> f64 {
    scene.grid.lattice.bounds().diagonal() / transfer.reference_length
}

/// The largest optical depth that a ray can have in fog.
fn largest_depth(scene: &Scene, tables: &[LookupTable]) -> f64 {
    let of = |(layer, table): (DensityLayer, &LookupTable)| {
        longest_ray(scene, layer.transfer) * f64::from(table.max_extinction())
    };
    std::iter::zip(scene.densities(), tables).map(of).sum()
}

/// Whether the opacity curve of a fog has details that lie between two samples.
pub(crate) fn is_sharp(scene: &Scene) -> bool {
    let (midpoint, fog) = (scene.sampling.rule == SampleRule::Midpoint, scene.mode == VolumeMode::Fog);
    midpoint && fog && scene.densities().any(|layer| layer.transfer.opacity.shortest_slope() < SHARP_SLOPE)
}

fn ray_of(scene: &Scene, transfer: &TransferFunction, variant: Variant) -> Ray {
    let cell = f64::from(CELL) * scene.grid.lattice.spacing.min_element();
    Ray {
        longest: longest_ray(scene, transfer),
        cell: cell / transfer.reference_length,
        steps_per_cell: cell / scene.sampling.step,
        ends_when_opaque: variant.stop_when_opaque,
        change_of_light: scene.shading.map_or(0.0, |_| CHANGE_OF_LIGHT)
            + scene.quality.ambient_occlusion * CHANGE_OF_OCCLUSION
            + scene.quality.depth_cue * (cell / scene.focus.size().min_element()).min(1.0),
    }
}

/// As the constant `SCALE` of `common/volume.wgsl`.
pub fn scale_code(scale: Scale) -> u32 {
    match scale {
        Scale::Linear => 0,
        Scale::Log => 1,
        Scale::Sqrt => 2,
    }
}

/// Resources by their binding.
pub fn bind(
    gpu: &Gpu,
    layout: &wgpu::BindGroupLayout,
    resources: &[(u32, wgpu::BindingResource<'_>)],
) -> wgpu::BindGroup {
    let entries: Vec<_> =
        resources.iter().map(|(binding, r)| wgpu::BindGroupEntry { binding: *binding, resource: r.clone() }).collect();
    gpu.device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries })
}

/// The type of a structure's binding.
pub fn uniform_type() -> wgpu::BindingType {
    wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Uniform,
        has_dynamic_offset: false,
        min_binding_size: None,
    }
}

/// The type of an array's binding.
pub fn storage(read_only: bool) -> wgpu::BindingType {
    wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Storage { read_only },
        has_dynamic_offset: false,
        min_binding_size: None,
    }
}

fn bind_group_layouts(gpu: &Gpu, by_hand: bool) -> [wgpu::BindGroupLayout; 3] {
    let texture = wgpu::BindingType::Texture {
        sample_type: wgpu::TextureSampleType::Float { filterable: !by_hand },
        view_dimension: wgpu::TextureViewDimension::D3,
        multisampled: false,
    };
    let openness = wgpu::BindingType::Texture {
        sample_type: wgpu::TextureSampleType::Float { filterable: true },
        view_dimension: wgpu::TextureViewDimension::D3,
        multisampled: false,
    };
    let sampler = wgpu::BindingType::Sampler(if by_hand {
        wgpu::SamplerBindingType::NonFiltering
    } else {
        wgpu::SamplerBindingType::Filtering
    });
    let picture = wgpu::BindingType::StorageTexture {
        access: wgpu::StorageTextureAccess::WriteOnly,
        format: wgpu::TextureFormat::Rgba32Float,
        view_dimension: wgpu::TextureViewDimension::D2,
    };
    let table = texels(wgpu::TextureViewDimension::D2);
    let content = [
        (0, uniform_type()),
        (1, texture),
        (2, sampler),
        (3, table),
        (4, uniform_type()),
        (5, storage(true)),
        (6, uniform_type()),
        (7, whole_numbers()),
        (8, texture),
        (9, uniform_type()),
        (10, openness),
        (11, wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering)),
    ];
    let [read, write] = [true, false].map(storage);
    let output = [(0, picture), (1, uniform_type()), (2, read), (3, read), (4, write), (5, write), (6, write)];
    [layout(gpu, &[(0, uniform_type())]), layout(gpu, &content), layout(gpu, &output)]
}

/// The type of a texture of floats that is read texel by texel.
pub fn texels(view_dimension: wgpu::TextureViewDimension) -> wgpu::BindingType {
    let sample_type = wgpu::TextureSampleType::Float { filterable: false };
    wgpu::BindingType::Texture { sample_type, view_dimension, multisampled: false }
}

/// A layout of bindings for compute shaders.
pub fn layout(gpu: &Gpu, types: &[(u32, wgpu::BindingType)]) -> wgpu::BindGroupLayout {
    let entries: Vec<_> = types
        .iter()
        .map(|&(binding, ty)| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty,
            count: None,
        })
        .collect();
    gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries })
}
