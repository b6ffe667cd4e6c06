//! The ray march: a density to a picture of light.

use std::collections::HashMap;

use wgpu::util::DeviceExt;

use super::uniforms::{FrameUniform, LightingUniform, VolumeUniform};
use super::volume::VolumeTexture;
use crate::color::LookupTable;
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

/// What is compiled into a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Variant {
    midpoint: bool,
    shaded: bool,
    stop_when_opaque: bool,
}

/// The pass and its compiled pipelines.
pub struct MarchPass {
    module: wgpu::ShaderModule,
    layout: wgpu::PipelineLayout,
    groups: [wgpu::BindGroupLayout; 3],
    sampler: wgpu::Sampler,
    pipelines: HashMap<Variant, wgpu::ComputePipeline>,
    by_hand: bool,
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
        Self { module, layout, groups, sampler, pipelines: HashMap::new(), by_hand }
    }

    /// Marches every ray of a picture of the size of `target` (an `Rgba32Float` storage texture) and
    /// waits for it. Premultiplied display colours and opacity.
    ///
    /// # Errors
    /// [`crate::error::Error::Gpu`] if the device failed, [`crate::error::Error::Interrupted`].
    pub fn run(
        &mut self,
        gpu: &Gpu,
        scene: &Scene,
        camera: &Camera,
        volume: &VolumeTexture,
        target: &wgpu::Texture,
        progress: &dyn Progress,
    ) -> Result<()> {
        let size = [target.width(), target.height()];
        let bounds = scene.grid.lattice.bounds();
        let samples_a_ray = bounds.diagonal() / scene.sampling.step;
        let rows = (SAMPLES_A_DISPATCH / (samples_a_ray * f64::from(size[0]))).ceil() as u32;
        let rows = rows.next_multiple_of(WORKGROUP).max(WORKGROUP);
        let pipeline = self.pipeline(gpu, variant(scene));
        let content = self.content_group(gpu, scene, volume);
        let output = self.output_group(gpu, target);
        progress.begin("drawing", u64::from(size[1]));
        for first in (0..size[1]).step_by(rows as usize) {
            progress.check()?;
            let last = (first + rows).min(size[1]);
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
                ("INTERPOLATE_BY_HAND", by_hand),
                ("MIDPOINT", variant.midpoint),
                ("SHADED", variant.shaded),
                ("STOP_WHEN_OPAQUE", variant.stop_when_opaque),
            ]
            .map(|(name, on)| (name, f64::from(u8::from(on))));
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
        bind(gpu, &self.groups[0], &[uniform(gpu, &frame).as_entire_binding()])
    }

    fn content_group(&self, gpu: &Gpu, scene: &Scene, volume: &VolumeTexture) -> wgpu::BindGroup {
        let table = gpu.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some("lookup table"),
            contents: bytemuck::cast_slice(&LookupTable::new(&scene.transfer).parts),
            usage: wgpu::BufferUsages::STORAGE,
        });
        let geometry = uniform(gpu, &VolumeUniform::new(&scene.grid, scene.sampling, &scene.transfer, volume.unit));
        let lighting = uniform(gpu, &LightingUniform::new(&scene.grid, &scene.transfer, scene.shading));
        let entries = [
            geometry.as_entire_binding(),
            wgpu::BindingResource::TextureView(&volume.view),
            wgpu::BindingResource::Sampler(&self.sampler),
            table.as_entire_binding(),
            lighting.as_entire_binding(),
        ];
        bind(gpu, &self.groups[1], &entries)
    }

    fn output_group(&self, gpu: &Gpu, target: &wgpu::Texture) -> wgpu::BindGroup {
        let view = target.create_view(&Default::default());
        bind(gpu, &self.groups[2], &[wgpu::BindingResource::TextureView(&view)])
    }
}

fn variant(scene: &Scene) -> Variant {
    let longest = scene.grid.lattice.bounds().diagonal() / scene.transfer.reference_length;
    let extinction = LookupTable::new(&scene.transfer).max_extinction();
    Variant {
        midpoint: scene.sampling.rule == SampleRule::Midpoint,
        shaded: scene.shading.is_some(),
        stop_when_opaque: longest * f64::from(extinction) > OPAQUE_DEPTH,
    }
}

fn uniform<T: bytemuck::Pod>(gpu: &Gpu, value: &T) -> wgpu::Buffer {
    gpu.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
        label: None,
        contents: bytemuck::bytes_of(value),
        usage: wgpu::BufferUsages::UNIFORM,
    })
}

fn bind(gpu: &Gpu, layout: &wgpu::BindGroupLayout, resources: &[wgpu::BindingResource<'_>]) -> wgpu::BindGroup {
    let entries: Vec<_> = resources
        .iter()
        .enumerate()
        .map(|(i, r)| wgpu::BindGroupEntry { binding: i as u32, resource: r.clone() })
        .collect();
    gpu.device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries })
}

fn bind_group_layouts(gpu: &Gpu, by_hand: bool) -> [wgpu::BindGroupLayout; 3] {
    let uniform = wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Uniform,
        has_dynamic_offset: false,
        min_binding_size: None,
    };
    let storage = wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Storage { read_only: true },
        has_dynamic_offset: false,
        min_binding_size: None,
    };
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
    [layout(gpu, &[uniform]), layout(gpu, &[uniform, texture, sampler, storage, uniform]), layout(gpu, &[picture])]
}

fn layout(gpu: &Gpu, types: &[wgpu::BindingType]) -> wgpu::BindGroupLayout {
    let entries: Vec<_> = types
        .iter()
        .enumerate()
        .map(|(i, &ty)| wgpu::BindGroupLayoutEntry {
            binding: i as u32,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty,
            count: None,
        })
        .collect();
    gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries })
}
