//! Cells of voxels: their ranges of values, and how many steps a sample may stand for in each.

use std::collections::HashMap;
use std::sync::Mutex;

use super::march::{bind, layout, storage, texels};
use super::rules::BINS;
use super::texture_2d;
use crate::gpu::{Gpu, compose};

/// Voxels along the side of a cell, as `common/cells.wgsl` says.
pub const CELL: u32 = 8;

/// Cells in a row of the texture of their steps, as `common/cells.wgsl` says.
const CELLS_A_ROW: u32 = 1024;

/// Side of a workgroup, as the shaders say.
const WORKGROUP: u32 = 4;

/// The two passes that make them.
pub struct CellPass {
    ranges: Stage,
    steps: Stage,
}

/// Least and largest stored value of each cell of a density.
pub struct CellRanges {
    /// x fastest.
    buffer: wgpu::Buffer,
    /// Cells along each axis.
    shape: [u32; 3],
}

/// What is kept of each cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kept {
    /// The range itself, of a texture with a border.
    Range {
        /// Texels at each end beyond the nodes.
        border: u32,
    },
    /// Steps that a sample stands for, by the code of the limits' scale.
    Steps(u32),
    /// The bits of the largest value.
    Largest,
    /// The bits of the smallest.
    Smallest,
}

impl Kept {
    /// The constants of the shader.
    fn constants(self) -> Vec<(&'static str, f64)> {
        match self {
            Self::Range { border } => vec![("BORDER", f64::from(border))],
            Self::Steps(scale) => vec![("SCALE", f64::from(scale))],
            Self::Largest => vec![("BOUND", 1.0)],
            Self::Smallest => vec![("BOUND", -1.0)],
        }
    }
}

/// A compute pass, its pipelines by what they keep, and the layout of its own group.
struct Stage {
    file: &'static str,
    module: wgpu::ShaderModule,
    layout: wgpu::PipelineLayout,
    pipelines: Mutex<HashMap<Kept, wgpu::ComputePipeline>>,
    own: wgpu::BindGroupLayout,
}

impl CellPass {
    /// Prepares the passes; `volume` is the layout of the group with the volume's structure.
    pub fn new(gpu: &Gpu, volume: &wgpu::BindGroupLayout) -> Self {
        let density = (0, texels(wgpu::TextureViewDimension::D3));
        let own = layout(gpu, &[density, (1, storage(false))]);
        let ranges = Stage::new(gpu, "cell_ranges.wgsl", &[Some(&own)], own.clone());
        let rules = whole_numbers();
        let target = wgpu::BindingType::StorageTexture {
            access: wgpu::StorageTextureAccess::WriteOnly,
            format: STEPS_FORMAT,
            view_dimension: wgpu::TextureViewDimension::D2,
        };
        let own = layout(gpu, &[(0, storage(true)), (1, rules), (2, target)]);
        let steps = Stage::new(gpu, "cell_steps.wgsl", &[None, Some(volume), Some(&own)], own.clone());
        Self { ranges, steps }
    }

    /// Least and largest value of each cell of a density, of whose texture so many texels at each end are beyond the nodes.
    pub fn ranges(&self, gpu: &Gpu, density: &wgpu::TextureView, border: u32) -> CellRanges {
        let size = density.texture().size();
        let nodes = [size.width, size.height, size.depth_or_array_layers].map(|n| n - 2 * border);
        let shape = nodes.map(|n| (n - 1).div_ceil(CELL));
        let buffer = list_of(gpu, shape, size_of::<[f32; 2]>());
        let entries = [(0, wgpu::BindingResource::TextureView(density)), (1, buffer.as_entire_binding())];
        let own = bind(gpu, &self.ranges.own, &entries);
        self.ranges.run(gpu, Kept::Range { border }, &[(0, &own)], shape);
        CellRanges { buffer, shape }
    }

    /// Steps that a sample stands for in each cell, or a bound of its values, x fastest, in rows of [`CELLS_A_ROW`]; `volume` is the group with the volume's structure.
    pub fn steps(
        &self,
        gpu: &Gpu,
        ranges: &CellRanges,
        rules: &[[u8; BINS]],
        kept: Kept,
        volume: &wgpu::BindGroup,
    ) -> wgpu::TextureView {
        let steps = steps_texture(gpu, ranges.shape);
        let entries = [
            (0, ranges.buffer.as_entire_binding()),
            (1, wgpu::BindingResource::TextureView(&rules_texture(gpu, rules))),
            (2, wgpu::BindingResource::TextureView(&steps)),
        ];
        let own = bind(gpu, &self.steps.own, &entries);
        self.steps.run(gpu, kept, &[(1, volume), (2, &own)], ranges.shape);
        steps
    }
}

impl Stage {
    fn new(
        gpu: &Gpu,
        file: &'static str,
        groups: &[Option<&wgpu::BindGroupLayout>],
        own: wgpu::BindGroupLayout,
    ) -> Self {
        let source = wgpu::ShaderSource::Wgsl(compose(file).into());
        let module = gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(file), source });
        let layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(file),
            bind_group_layouts: groups,
            immediate_size: 0,
        });
        Self { file, module, layout, pipelines: Mutex::default(), own }
    }

    /// The pipeline that keeps this; compiled when first needed.
    fn pipeline(&self, gpu: &Gpu, kept: Kept) -> wgpu::ComputePipeline {
        let (file, module, layout) = (self.file, &self.module, &self.layout);
        let constants = kept.constants();
        let make = || {
            gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(file),
                layout: Some(layout),
                module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions { constants: &constants, ..Default::default() },
                cache: None,
            })
        };
        let mut pipelines = self.pipelines.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        pipelines.entry(kept).or_insert_with(make).clone()
    }

    fn run(&self, gpu: &Gpu, kept: Kept, groups: &[(u32, &wgpu::BindGroup)], cells: [u32; 3]) {
        let pipeline = self.pipeline(gpu, kept);
        gpu.dispatch(self.file, &pipeline, groups, cells.map(|n| n.div_ceil(WORKGROUP)));
    }
}

/// The steps of several densities, one below the other.
pub fn stacked(gpu: &Gpu, steps: &[wgpu::TextureView]) -> wgpu::TextureView {
    let of_one = steps[0].texture().size();
    let usage = wgpu::TextureUsages::COPY_DST | wgpu::TextureUsages::TEXTURE_BINDING;
    let all = texture_2d(gpu, [of_one.width, of_one.height * steps.len() as u32], STEPS_FORMAT, usage);
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    for (n, one) in steps.iter().enumerate() {
        let mut to = all.as_image_copy();
        to.origin.y = n as u32 * of_one.height;
        encoder.copy_texture_to_texture(one.texture().as_image_copy(), to, of_one);
    }
    gpu.queue.submit([encoder.finish()]);
    all.create_view(&Default::default())
}

/// Of the steps that a sample stands for.
const STEPS_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::R32Uint;

/// The type of a texture of whole numbers that is read texel by texel.
pub fn whole_numbers() -> wgpu::BindingType {
    wgpu::BindingType::Texture {
        sample_type: wgpu::TextureSampleType::Uint,
        view_dimension: wgpu::TextureViewDimension::D2,
        multisampled: false,
    }
}

fn count(shape: [u32; 3]) -> u64 {
    shape.iter().map(|&n| u64::from(n)).product()
}

/// Room for the steps of each cell: in two dimensions, as through OpenGL only the first layer of three could be written.
fn steps_texture(gpu: &Gpu, shape: [u32; 3]) -> wgpu::TextureView {
    let rows = count(shape).div_ceil(u64::from(CELLS_A_ROW)) as u32;
    let usage =
        wgpu::TextureUsages::STORAGE_BINDING | wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_SRC;
    texture_2d(gpu, [CELLS_A_ROW, rows], STEPS_FORMAT, usage).create_view(&Default::default())
}

/// Room for something of each cell.
fn list_of(gpu: &Gpu, shape: [u32; 3], size: usize) -> wgpu::Buffer {
    let cells = count(shape);
    gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("cells"),
        size: cells * size as u64,
        usage: wgpu::BufferUsages::STORAGE,
        mapped_at_creation: false,
    })
}

fn rules_texture(gpu: &Gpu, rules: &[[u8; BINS]]) -> wgpu::TextureView {
    super::march::filled_texture(gpu, [BINS as u32; 2], wgpu::TextureFormat::R8Uint, rules.as_flattened())
}
