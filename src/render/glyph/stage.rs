//! One shader of the pass.

use std::collections::HashMap;

use super::super::march::{bind, layout};
use super::super::uniforms::GlyphUniform;
use crate::gpu::pass::structure;
use crate::gpu::{Gpu, compose};

/// Constants of a shader.
pub type Constants = Vec<(&'static str, u32)>;

/// A shader with the layout of its bindings and its pipelines, by the constants compiled into them.
pub struct Stage {
    name: &'static str,
    own: wgpu::BindGroupLayout,
    layout: wgpu::PipelineLayout,
    module: wgpu::ShaderModule,
    pipelines: HashMap<Constants, wgpu::ComputePipeline>,
}

/// A pipeline and the file it was made from.
pub type Compiled = (&'static str, wgpu::ComputePipeline);

/// Submits one pass of so many workgroups.
pub fn dispatch(gpu: &Gpu, (name, pipeline): &Compiled, bound: [&wgpu::BindGroup; 3], [x, y]: [u32; 2]) {
    let [frame, limits, own] = bound;
    gpu.dispatch(name, pipeline, &[(0, frame), (1, limits), (2, own)], [x, y, 1]);
}

impl Stage {
    /// The shader of this file, between two shared groups of bindings and its own.
    pub fn new(
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
    pub fn pipeline(&mut self, gpu: &Gpu, constants: Constants) -> Compiled {
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
        (self.name, self.pipelines.entry(constants).or_insert_with(make).clone())
    }

    /// Its own group: points, structure, and what else it reads and writes.
    pub fn bind(
        &self,
        gpu: &Gpu,
        points: &wgpu::Buffer,
        glyphs: GlyphUniform,
        others: &[(u32, &wgpu::Buffer)],
    ) -> wgpu::BindGroup {
        let glyphs = structure(gpu, "glyphs", &glyphs);
        let mut resources = vec![(0, points.as_entire_binding()), (1, glyphs.as_entire_binding())];
        resources.extend(others.iter().map(|(at, b)| (*at, b.as_entire_binding())));
        bind(gpu, &self.own, &resources)
    }
}
