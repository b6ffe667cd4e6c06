//! The mean of several pictures' light.

use super::march::{bind, layout, storage, texels, uniform_type};
use super::of_size;
use crate::error::Result;
use crate::gpu::pass::{empty, structure};
use crate::gpu::{Gpu, compose};

/// Side of a workgroup, as `accumulate.wgsl` says.
const WORKGROUP: u32 = 16;

/// Adds light up, pixel by pixel.
pub struct AccumulatePass {
    pipeline: wgpu::ComputePipeline,
    group: wgpu::BindGroupLayout,
    sum: Option<wgpu::Buffer>,
    mean: Option<wgpu::Texture>,
}

impl AccumulatePass {
    /// Compiles the pass.
    pub fn new(gpu: &Gpu) -> Self {
        let picture = wgpu::BindingType::StorageTexture {
            access: wgpu::StorageTextureAccess::WriteOnly,
            format: wgpu::TextureFormat::Rgba32Float,
            view_dimension: wgpu::TextureViewDimension::D2,
        };
        let light = texels(wgpu::TextureViewDimension::D2);
        let group = layout(gpu, &[(0, light), (1, storage(false)), (2, picture), (3, uniform_type())]);
        let file = "accumulate.wgsl";
        let source = wgpu::ShaderSource::Wgsl(compose(file).into());
        let module = gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(file), source });
        let layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(file),
            bind_group_layouts: &[Some(&group)],
            immediate_size: 0,
        });
        let pipeline = gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(file),
            layout: Some(&layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: Default::default(),
            cache: None,
        });
        Self { pipeline, group, sum: None, mean: None }
    }

    /// Adds the light of picture `number` of `of`. After the last the mean of all is what it returns.
    ///
    /// # Errors
    /// [`crate::error::Error::Gpu`] if the device failed.
    pub fn add(&mut self, gpu: &Gpu, light: &wgpu::Texture, number: u32, of: u32) -> Result<wgpu::Texture> {
        let size = [light.width(), light.height()];
        let bytes = 16 * u64::from(size[0]) * u64::from(size[1]);
        if self.sum.as_ref().is_none_or(|sum| sum.size() < bytes) {
            self.sum = None;
        }
        let sum = self.sum.get_or_insert_with(|| empty(gpu, "sum of light", bytes));
        let mean = of_size(&mut self.mean, gpu, size, light.format(), light.usage());
        let views = [light, &mean].map(|texture| texture.create_view(&Default::default()));
        let turn = structure(gpu, "turn", &[number, of, 0, 0]);
        let entries = [
            (0, wgpu::BindingResource::TextureView(&views[0])),
            (1, sum.as_entire_binding()),
            (2, wgpu::BindingResource::TextureView(&views[1])),
            (3, turn.as_entire_binding()),
        ];
        let group = bind(gpu, &self.group, &entries);
        let [x, y] = size.map(|n| n.div_ceil(WORKGROUP));
        gpu.dispatch("accumulate.wgsl", &self.pipeline, &[(0, &group)], [x, y, 1]);
        gpu.wait()?;
        Ok(mean)
    }
}
