//! The ray march: a density to a picture of light.

use std::collections::HashMap;
use std::ops::Range;

use bytemuck::Zeroable;
use wgpu::util::DeviceExt;

use super::glyph::SeenGlyphs;
use super::uniforms::{FrameUniform, GlyphUniform, LightingUniform, VolumeUniform};
use super::volume::VolumeTexture;
use crate::color::{LookupTable, Scale};
use crate::error::Result;
use crate::gpu::{Gpu, compose};
use crate::progress::Progress;
use crate::scene::{Camera, SampleRule, Scene};

/// Samples of one dispatch: few enough that a slow adapter answers within a fraction of a second.
const SAMPLES_A_DISPATCH: f64 = 2e7;

/// Side of a workgroup, as `march.wgsl` says.
const WORKGROUP: u32 = 8;

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
}

/// The pass and its compiled pipelines.
pub struct MarchPass {
    module: wgpu::ShaderModule,
    layout: wgpu::PipelineLayout,
    groups: [wgpu::BindGroupLayout; 3],
    sampler: wgpu::Sampler,
    pipelines: HashMap<Variant, wgpu::ComputePipeline>,
    by_hand: bool,
    /// Bound where there are no glyphs.
    no_glyphs: wgpu::Buffer,
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
        let sampler = gpu.device.create_sampler(&wgpu::SamplerDescriptor {
            mag_filter: filter,
            min_filter: filter,
            ..Default::default()
        });
        let source = wgpu::ShaderSource::Wgsl(compose("march.wgsl").into());
        let module =
            gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some("march.wgsl"), source });
        let no_glyphs = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("no glyphs"),
            size: 16,
            usage: wgpu::BufferUsages::STORAGE,
            mapped_at_creation: false,
        });
        Self { module, layout, groups, sampler, pipelines: HashMap::new(), by_hand, no_glyphs }
    }

    /// Marches every ray of `rows` of a picture of the size of `target` (an `Rgba32Float` storage
    /// texture) and waits for it. Premultiplied display colours and opacity. Rays end at `glyphs`.
    ///
    /// # Errors
    /// [`crate::error::Error::Gpu`] if the device failed, [`crate::error::Error::Interrupted`].
    #[allow(clippy::too_many_arguments)] // what a picture depends on
    pub fn run(
        &mut self,
        gpu: &Gpu,
        scene: &Scene,
        camera: &Camera,
        volume: &VolumeTexture,
        glyphs: Option<&SeenGlyphs>,
        target: &wgpu::Texture,
        rows: Range<u32>,
        progress: &dyn Progress,
    ) -> Result<()> {
        let size = [target.width(), target.height()];
        let bounds = scene.grid.lattice.bounds();
        let samples_a_ray = if scene.volume { bounds.diagonal() / scene.sampling.step } else { 1.0 };
        let at_once = (SAMPLES_A_DISPATCH / (samples_a_ray * f64::from(size[0]))).ceil() as u32;
        let at_once = at_once.next_multiple_of(WORKGROUP).max(WORKGROUP);
        let pipeline = self.pipeline(gpu, variant(scene, glyphs));
        let content = self.content_group(gpu, scene, volume);
        let output = self.output_group(gpu, scene, target, glyphs);
        for first in rows.clone().step_by(at_once as usize) {
            progress.check()?;
            let last = (first + at_once).min(rows.end);
            let frame = self.frame_group(gpu, FrameUniform::new(camera, bounds, size, first..last));
            let mut encoder = gpu.device.create_command_encoder(&Default::default());
            {
                let mut pass = encoder.begin_compute_pass(&Default::default());
                pass.set_pipeline(&pipeline);
                pass.set_bind_group(0, &frame, &[]);
                pass.set_bind_group(1, &content, &[]);
                pass.set_bind_group(2, &output, &[]);
                pass.dispatch_workgroups(size[0].div_ceil(WORKGROUP), (last - first).div_ceil(WORKGROUP), 1);
            }
            gpu.queue.submit([encoder.finish()]);
            gpu.wait()?;
            progress.advance(u64::from(last - first));
        }
        Ok(())
    }

    fn pipeline(&mut self, gpu: &Gpu, variant: Variant) -> wgpu::ComputePipeline {
        let (module, layout, by_hand) = (&self.module, &self.layout, self.by_hand);
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
            ]
            .map(|(name, value)| (name, f64::from(value)));
            gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some("march"),
                layout: Some(layout),
                module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions { constants: &constants, ..Default::default() },
                cache: None,
            })
        };
        self.pipelines.entry(variant).or_insert_with(make).clone()
    }

    fn frame_group(&self, gpu: &Gpu, frame: FrameUniform) -> wgpu::BindGroup {
        bind(gpu, &self.groups[0], &[(0, uniform(gpu, &frame).as_entire_binding())])
    }

    fn content_group(&self, gpu: &Gpu, scene: &Scene, volume: &VolumeTexture) -> wgpu::BindGroup {
        let table = LookupTable::new(&scene.transfer);
        let integrals = storage_of(gpu, "integrals of the table", bytemuck::cast_slice(&table.integrals()));
        let table = storage_of(gpu, "lookup table", bytemuck::cast_slice(&table.parts));
        let geometry = uniform(gpu, &VolumeUniform::new(&scene.grid, scene.sampling, &scene.transfer, volume.unit));
        let lighting = uniform(gpu, &LightingUniform::new(&scene.grid, &scene.transfer, scene.shading));
        let entries = [
            (0, geometry.as_entire_binding()),
            (1, wgpu::BindingResource::TextureView(&volume.view)),
            (2, wgpu::BindingResource::Sampler(&self.sampler)),
            (3, table.as_entire_binding()),
            (4, lighting.as_entire_binding()),
            (5, integrals.as_entire_binding()),
        ];
        bind(gpu, &self.groups[1], &entries)
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
        let place = uniform(gpu, &GlyphUniform { first_slot_row, ..GlyphUniform::zeroed() });
        let seen = glyphs.map_or(&self.no_glyphs, |g| &g.buffer);
        let colors = scene.points.as_ref().and_then(|p| p.colors.as_ref()).map_or(&scene.transfer, |c| &c.transfer);
        let table = storage_of(gpu, "table of glyphs", bytemuck::cast_slice(&LookupTable::new(colors).parts));
        let entries = [
            (0, wgpu::BindingResource::TextureView(&view)),
            (1, place.as_entire_binding()),
            (2, seen.as_entire_binding()),
            (3, table.as_entire_binding()),
        ];
        bind(gpu, &self.groups[2], &entries)
    }
}

fn variant(scene: &Scene, glyphs: Option<&SeenGlyphs>) -> Variant {
    let longest = scene.grid.lattice.bounds().diagonal() / scene.transfer.reference_length;
    let extinction = LookupTable::new(&scene.transfer).max_extinction();
    let midpoint = scene.sampling.rule == SampleRule::Midpoint;
    Variant {
        volume: scene.volume,
        glyph_samples: glyphs.map_or(0, |g| g.samples),
        midpoint,
        shaded: scene.shading.is_some(),
        stop_when_opaque: longest * f64::from(extinction) > OPAQUE_DEPTH,
        // Mayavi's rule has the value at the end of each step.
        sharp: midpoint && scene.transfer.opacity.shortest_slope() < SHARP_SLOPE,
        scale: scale_code(scene.transfer.scale),
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

fn storage_of(gpu: &Gpu, label: &'static str, contents: &[u8]) -> wgpu::Buffer {
    let usage = wgpu::BufferUsages::STORAGE;
    gpu.device.create_buffer_init(&wgpu::util::BufferInitDescriptor { label: Some(label), contents, usage })
}

/// A buffer of one structure.
pub fn uniform<T: bytemuck::Pod>(gpu: &Gpu, value: &T) -> wgpu::Buffer {
    gpu.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
        label: None,
        contents: bytemuck::bytes_of(value),
        usage: wgpu::BufferUsages::UNIFORM,
    })
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
    let content =
        [(0, uniform_type()), (1, texture), (2, sampler), (3, storage(true)), (4, uniform_type()), (5, storage(true))];
    let output = [(0, picture), (1, uniform_type()), (2, storage(true)), (3, storage(true))];
    [layout(gpu, &[(0, uniform_type())]), layout(gpu, &content), layout(gpu, &output)]
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
