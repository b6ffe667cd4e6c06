//! Compute passes over buffers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Gpu, compose};

/// Workgroups along one axis of a dispatch, at most.
const MOST_GROUPS: u32 = 65_535;

/// A compute shader whose bindings are buffers, all of group 0.
#[derive(Debug)]
pub(crate) struct Pass(&'static str, wgpu::ComputePipeline);

/// Pipelines by their shader's text and constants: a device compiles each once.
#[derive(Debug, Clone, Default)]
pub(super) struct Compiled(Arc<Mutex<HashMap<String, wgpu::ComputePipeline>>>);

impl Pass {
    /// The shader of a file with values of its `override` constants.
    pub(crate) fn new(gpu: &Gpu, file: &'static str, constants: &[(&str, f64)]) -> Self {
        let text = compose(file);
        let mut compiled = gpu.compiled.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = format!("{constants:?} {text}");
        Self(file, compiled.entry(key).or_insert_with(|| compile(gpu, file, text, constants)).clone())
    }

    /// Runs so many workgroups over buffers, which are bound in their order.
    pub(crate) fn run(&self, gpu: &Gpu, buffers: &[&wgpu::Buffer], groups: usize) {
        let bound = buffers.iter().map(|buffer| buffer.as_entire_binding()).zip(0..);
        let entries: Vec<_> = bound.map(|(resource, binding)| wgpu::BindGroupEntry { binding, resource }).collect();
        let layout = self.1.get_bind_group_layout(0);
        let descriptor = wgpu::BindGroupDescriptor { label: None, layout: &layout, entries: &entries };
        let group = gpu.device.create_bind_group(&descriptor);
        let rows = (groups as u32).div_ceil(MOST_GROUPS).max(1);
        gpu.dispatch(self.0, &self.1, &[(0, &group)], [(groups as u32).div_ceil(rows), rows, 1]);
    }
}

fn compile(gpu: &Gpu, file: &'static str, text: String, constants: &[(&str, f64)]) -> wgpu::ComputePipeline {
    let source = wgpu::ShaderSource::Wgsl(text.into());
    let module = gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(file), source });
    gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(file),
        layout: None,
        module: &module,
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions {
            constants,
            // All that is read was written before.
            zero_initialize_workgroup_memory: false,
        },
        cache: None,
    })
}

/// A buffer of so many bytes, all 0.
pub(crate) fn empty(gpu: &Gpu, label: &'static str, bytes: u64) -> wgpu::Buffer {
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
    let descriptor =
        wgpu::BufferDescriptor { label: Some(label), size: bytes.max(16), usage, mapped_at_creation: false };
    gpu.device.create_buffer(&descriptor)
}

/// A buffer that holds a list.
pub(crate) fn list<T: bytemuck::Pod>(gpu: &Gpu, label: &'static str, values: &[T]) -> wgpu::Buffer {
    filled(gpu, label, wgpu::BufferUsages::STORAGE, bytemuck::cast_slice(values))
}

/// A buffer that holds a structure.
pub(crate) fn structure<T: bytemuck::Pod>(gpu: &Gpu, label: &'static str, value: &T) -> wgpu::Buffer {
    filled(gpu, label, wgpu::BufferUsages::UNIFORM, bytemuck::bytes_of(value))
}

/// Not mapped, as there is no memory to fill where a device is lost.
fn filled(gpu: &Gpu, label: &'static str, usage: wgpu::BufferUsages, bytes: &[u8]) -> wgpu::Buffer {
    let usage = usage | wgpu::BufferUsages::COPY_DST;
    let descriptor =
        wgpu::BufferDescriptor { label: Some(label), size: bytes.len() as u64, usage, mapped_at_creation: false };
    let buffer = gpu.device.create_buffer(&descriptor);
    gpu.queue.write_buffer(&buffer, 0, bytes);
    buffer
}
