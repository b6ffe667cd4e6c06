//! Cells of voxels: their ranges of values, and how many steps a sample may stand for in each.

use super::march::{bind, layout, texels};
use super::rules::BINS;
use crate::gpu::{Gpu, compose};

/// Voxels along the side of a cell, as `common/cells.wgsl` says.
pub const CELL: u32 = 8;

/// Side of a workgroup, as the shaders say.
const WORKGROUP: u32 = 4;

/// The two passes that make them.
pub struct CellPass {
    ranges: Stage,
    steps: Stage,
}

/// A compute pass and the layout of its own group.
struct Stage {
    pipeline: wgpu::ComputePipeline,
    own: wgpu::BindGroupLayout,
}

impl CellPass {
    /// Compiles the passes; `volume` is the layout of the group with the volume's structure.
    pub fn new(gpu: &Gpu, volume: &wgpu::BindGroupLayout) -> Self {
        let density = (0, texels(wgpu::TextureViewDimension::D3));
        let own = layout(gpu, &[density, (1, written(wgpu::TextureFormat::Rg32Float))]);
        let ranges = Stage::new(gpu, "cell_ranges.wgsl", &[Some(&own)], own.clone());
        let rules = wgpu::BindingType::Texture {
            sample_type: wgpu::TextureSampleType::Uint,
            view_dimension: wgpu::TextureViewDimension::D2,
            multisampled: false,
        };
        let own = layout(gpu, &[density, (1, rules), (2, written(wgpu::TextureFormat::R32Uint))]);
        let steps = Stage::new(gpu, "cell_steps.wgsl", &[None, Some(volume), Some(&own)], own.clone());
        Self { ranges, steps }
    }

    /// Least and largest value of each cell of a density.
    pub fn ranges(&self, gpu: &Gpu, density: &wgpu::TextureView) -> wgpu::TextureView {
        let size = density.texture().size();
        let shape = [size.width, size.height, size.depth_or_array_layers].map(|n| (n - 1).div_ceil(CELL));
        let view = texture_3d(gpu, shape, wgpu::TextureFormat::Rg32Float);
        let entries =
            [(0, wgpu::BindingResource::TextureView(density)), (1, wgpu::BindingResource::TextureView(&view))];
        let own = bind(gpu, &self.ranges.own, &entries);
        self.ranges.run(gpu, &[(0, &own)], shape);
        view
    }

    /// Steps that a sample stands for in each cell; `volume` is the group with the volume's structure.
    pub fn steps(
        &self,
        gpu: &Gpu,
        ranges: &wgpu::TextureView,
        rules: &[[u8; BINS]],
        volume: &wgpu::BindGroup,
    ) -> wgpu::TextureView {
        let size = ranges.texture().size();
        let shape = [size.width, size.height, size.depth_or_array_layers];
        let view = texture_3d(gpu, shape, wgpu::TextureFormat::R32Uint);
        let entries = [
            (0, wgpu::BindingResource::TextureView(ranges)),
            (1, wgpu::BindingResource::TextureView(&rules_texture(gpu, rules))),
            (2, wgpu::BindingResource::TextureView(&view)),
        ];
        let own = bind(gpu, &self.steps.own, &entries);
        self.steps.run(gpu, &[(1, volume), (2, &own)], shape);
        view
    }
}

impl Stage {
    fn new(gpu: &Gpu, file: &str, groups: &[Option<&wgpu::BindGroupLayout>], own: wgpu::BindGroupLayout) -> Self {
        let source = wgpu::ShaderSource::Wgsl(compose(file).into());
        let module = gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(file), source });
        let layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(file),
            bind_group_layouts: groups,
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
        Self { pipeline, own }
    }

    fn run(&self, gpu: &Gpu, groups: &[(u32, &wgpu::BindGroup)], cells: [u32; 3]) {
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(&self.pipeline);
            for &(at, group) in groups {
                pass.set_bind_group(at, group, &[]);
            }
            let [x, y, z] = cells.map(|n| n.div_ceil(WORKGROUP));
            pass.dispatch_workgroups(x, y, z);
        }
        gpu.queue.submit([encoder.finish()]);
    }
}

fn written(format: wgpu::TextureFormat) -> wgpu::BindingType {
    wgpu::BindingType::StorageTexture {
        access: wgpu::StorageTextureAccess::WriteOnly,
        format,
        view_dimension: wgpu::TextureViewDimension::D3,
    }
}

fn texture_3d(gpu: &Gpu, [width, height, depth]: [u32; 3], format: wgpu::TextureFormat) -> wgpu::TextureView {
    let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some("cells"),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: depth },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D3,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::STORAGE_BINDING,
        view_formats: &[],
    });
    texture.create_view(&Default::default())
}

fn rules_texture(gpu: &Gpu, rules: &[[u8; BINS]]) -> wgpu::TextureView {
    super::march::filled_texture(gpu, [BINS as u32; 2], wgpu::TextureFormat::R8Uint, rules.as_flattened())
}
