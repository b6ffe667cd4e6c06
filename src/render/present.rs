//! Background, light and annotations to one 8-bit picture.

use super::of_size;
use super::overlay::{LaidOut, Overlay};
use super::tiles::Tile;
use crate::annotate::Layer;
use crate::color::Rgb;
use crate::gpu::pass::structure;
use crate::gpu::{Gpu, compose};

/// The format of pictures: display values, not sRGB-encoded by the adapter.
pub const PICTURE_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// The light that a tile of a picture shows.
pub struct Lit<'a> {
    /// Its texture.
    pub texture: &'a wgpu::Texture,
    /// The pixel of the picture that it begins at.
    pub origin: [u32; 2],
    /// The size of the whole picture where the light, which is that of the whole, has fewer pixels.
    pub stretched_over: Option<[u32; 2]>,
}

/// Lays light over a background.
pub struct PresentPass {
    /// Light pixel by pixel, and light that is stretched.
    pipelines: [wgpu::RenderPipeline; 2],
    /// Background with the marks on it, and the picture, of the last size.
    kept: [Option<wgpu::Texture>; 2],
}

impl PresentPass {
    /// Compiles the pass.
    pub fn new(gpu: &Gpu) -> Self {
        let source = wgpu::ShaderSource::Wgsl(compose("present.wgsl").into());
        let module =
            gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some("present.wgsl"), source });
        let pipelines = [false, true].map(|stretched| pipeline(gpu, &module, stretched));
        Self { pipelines, kept: [None, None] }
    }

    /// A tile of the finished picture, opaque: background, marks behind, light, marks in front.
    pub fn run(
        &mut self,
        gpu: &Gpu,
        background: Rgb,
        tile: Tile,
        light: &Lit<'_>,
        overlay: &mut Overlay,
        marks: &LaidOut,
    ) -> wgpu::Texture {
        let usage = wgpu::TextureUsages::RENDER_ATTACHMENT
            | wgpu::TextureUsages::TEXTURE_BINDING
            | wgpu::TextureUsages::COPY_SRC;
        let [behind, target] = self.kept.each_mut().map(|kept| of_size(kept, gpu, tile.size, PICTURE_FORMAT, usage));
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        let [r, g, b] = background.map(f64::from);
        drop(color_pass(&mut encoder, &behind, wgpu::LoadOp::Clear(wgpu::Color { r, g, b, a: 1.0 })));
        overlay.prepare(&gpu.device, &gpu.queue, &mut encoder, marks, tile);
        overlay.paint(&mut encoder, &behind.create_view(&Default::default()), Layer::Behind);
        let first = [0, 1].map(|axis| tile.origin[axis] - light.origin[axis]);
        self.composite(gpu, &mut encoder, light, first, &behind, &target);
        overlay.paint(&mut encoder, &target.create_view(&Default::default()), Layer::Front);
        gpu.queue.submit([encoder.finish()]);
        target
    }

    fn composite(
        &self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        light: &Lit<'_>,
        first: [u32; 2],
        behind: &wgpu::Texture,
        target: &wgpu::Texture,
    ) {
        let pipeline = &self.pipelines[usize::from(light.stretched_over.is_some())];
        let place = structure(gpu, "place", &[first, light.stretched_over.unwrap_or_default()]);
        let (light, behind) = (light.texture.create_view(&Default::default()), behind.create_view(&Default::default()));
        let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(2),
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::TextureView(&light) },
                wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::TextureView(&behind) },
                wgpu::BindGroupEntry { binding: 2, resource: place.as_entire_binding() },
            ],
        });
        let mut pass = color_pass(encoder, target, wgpu::LoadOp::Clear(wgpu::Color::TRANSPARENT));
        pass.set_pipeline(pipeline);
        pass.set_bind_group(2, &group, &[]);
        pass.draw(0..3, 0..1);
    }
}

fn pipeline(gpu: &Gpu, module: &wgpu::ShaderModule, stretched: bool) -> wgpu::RenderPipeline {
    let constants = [("STRETCHED", f64::from(u8::from(stretched)))];
    let compilation_options = wgpu::PipelineCompilationOptions { constants: &constants, ..Default::default() };
    gpu.device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("present"),
        layout: None,
        vertex: wgpu::VertexState {
            module,
            entry_point: Some("corner"),
            compilation_options: Default::default(),
            buffers: &[],
        },
        primitive: Default::default(),
        depth_stencil: None,
        multisample: Default::default(),
        fragment: Some(wgpu::FragmentState {
            module,
            entry_point: Some("present"),
            compilation_options,
            targets: &[Some(PICTURE_FORMAT.into())],
        }),
        multiview_mask: None,
        cache: None,
    })
}

fn color_pass<'e>(
    encoder: &'e mut wgpu::CommandEncoder,
    target: &wgpu::Texture,
    load: wgpu::LoadOp<wgpu::Color>,
) -> wgpu::RenderPass<'e> {
    let view = target.create_view(&Default::default());
    encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        color_attachments: &[Some(wgpu::RenderPassColorAttachment {
            view: &view,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations { load, store: wgpu::StoreOp::Store },
        })],
        ..Default::default()
    })
}
