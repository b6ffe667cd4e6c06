//! Paints the marks of `annotate` on a picture.

use egui::epaint::{
    ClippedPrimitive, ClippedShape, Mesh, Primitive, TessellationOptions, Tessellator, TextShape, Vertex, WHITE_UV,
};
use egui::{Color32, Pos2, Rect, Stroke, TextureId};
use egui_wgpu::{Renderer, RendererOptions, ScreenDescriptor};
use glam::DVec2;

use crate::annotate::{Area, Ink, Layer, Lettering, Mark, Shape};
use crate::scene::Frame;

/// The painter. One for each device and format of the target.
pub struct Overlay {
    renderer: Renderer,
    screen: ScreenDescriptor,
    /// The prepared marks: those behind the density, then those before it.
    primitives: [Vec<ClippedPrimitive>; 2],
}

impl Overlay {
    /// A painter on targets of `format`, which must not be an sRGB one.
    pub fn new(device: &wgpu::Device, format: wgpu::TextureFormat) -> Self {
        Self {
            renderer: Renderer::new(device, format, RendererOptions::PREDICTABLE),
            screen: ScreenDescriptor { size_in_pixels: [0, 0], pixels_per_point: 1.0 },
            primitives: [Vec::new(), Vec::new()],
        }
    }

    /// Uploads the marks of a picture, all layers at once. Submit what was painted before preparing
    /// the next picture: it overwrites the buffers of this one.
    ///
    /// The same marks on the same frame give the same bytes, whatever was painted before: every
    /// call lays out its glyphs anew.
    pub fn prepare(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        encoder: &mut wgpu::CommandEncoder,
        frame: &Frame,
        marks: &[Mark],
    ) {
        let mut lettering = Lettering::new(frame.scale_factor);
        let shapes = [Layer::Behind, Layer::Front].map(|layer| {
            let of_layer = marks.iter().filter(|mark| mark.layer == layer);
            of_layer.map(|mark| shape(&mut lettering, frame, &mark.shape)).collect::<Vec<_>>()
        });
        self.primitives = shapes.map(|shapes| tessellate(&mut lettering, frame, shapes));
        self.screen = ScreenDescriptor { size_in_pixels: frame.size, pixels_per_point: frame.scale_factor as f32 };
        if let Some(glyphs) = lettering.fonts().font_image_delta() {
            self.renderer.update_texture(device, queue, TextureId::default(), &glyphs);
        }
        self.renderer.update_buffers(device, queue, encoder, &self.primitives.concat(), &self.screen);
    }

    /// Paints the prepared marks of one layer over what `target` holds, whose size is that of the
    /// prepared frame. Colours are blended as they are stored, premultiplied with alpha.
    pub fn paint(&self, encoder: &mut wgpu::CommandEncoder, target: &wgpu::TextureView, layer: Layer) {
        let [behind, front] = &self.primitives;
        // Hidden ones are passed all the same, as the renderer counts its buffers along.
        let primitives = match layer {
            Layer::Behind => behind.clone(),
            Layer::Front => vec![hidden(); behind.len()].into_iter().chain(front.iter().cloned()).collect(),
        };
        let pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("overlay"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: target,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations { load: wgpu::LoadOp::Load, store: wgpu::StoreOp::Store },
            })],
            ..Default::default()
        });
        self.renderer.render(&mut pass.forget_lifetime(), &primitives, &self.screen);
    }
}

/// A primitive that shows nothing.
fn hidden() -> ClippedPrimitive {
    ClippedPrimitive { clip_rect: Rect::ZERO, primitive: Primitive::Mesh(Mesh::default()) }
}

fn tessellate(lettering: &mut Lettering, frame: &Frame, shapes: Vec<egui::Shape>) -> Vec<ClippedPrimitive> {
    let [width, height] = frame.size_in_points();
    let clip_rect = Rect::from_min_max(Pos2::ZERO, position(DVec2::new(width, height)));
    let shapes = shapes.into_iter();
    let shapes = shapes.map(|shape| ClippedShape::new(clip_rect, shape)).collect();
    let options = TessellationOptions { prerasterized_discs: false, ..TessellationOptions::default() };
    let font_size = lettering.fonts().font_image_size();
    Tessellator::new(frame.scale_factor as f32, options, font_size, Vec::new()).tessellate_shapes(shapes)
}

fn shape(lettering: &mut Lettering, frame: &Frame, shape: &Shape) -> egui::Shape {
    match shape {
        Shape::Line { from, to, width, ink } => {
            egui::Shape::line_segment([position(*from), position(*to)], Stroke::new(*width as f32, color(*ink)))
        }
        Shape::Rows { area, inks } => rows(area, inks, 1.0 / frame.scale_factor),
        Shape::Polygon { corners, ink } => {
            egui::Shape::convex_polygon(corners.iter().map(|p| position(*p)).collect(), color(*ink), Stroke::NONE)
        }
        Shape::Text { text, area, font_size, ink } => {
            let galley = lettering.galley(text, *font_size, color(*ink));
            TextShape::new(position(area.min), galley, color(*ink)).into()
        }
    }
}

/// Rows of single colours without softened edges.
fn rows(area: &Area, inks: &[Ink], pixel: f64) -> egui::Shape {
    let mut mesh = Mesh::default();
    for (row, ink) in inks.iter().enumerate() {
        let top = area.min.y + row as f64 * pixel;
        let first = mesh.vertices.len() as u32;
        for (x, y) in [(area.min.x, top), (area.max.x, top), (area.min.x, top + pixel), (area.max.x, top + pixel)] {
            mesh.vertices.push(Vertex { pos: position(DVec2::new(x, y)), uv: WHITE_UV, color: color(*ink) });
        }
        mesh.add_triangle(first, first + 1, first + 2);
        mesh.add_triangle(first + 2, first + 1, first + 3);
    }
    egui::Shape::mesh(mesh)
}

fn position(p: DVec2) -> Pos2 {
    Pos2::new(p.x as f32, p.y as f32)
}

fn color(ink: Ink) -> Color32 {
    let byte = |v: f32| (v.clamp(0.0, 1.0) * 255.0).round() as u8;
    let [r, g, b] = ink.rgb.map(byte);
    Color32::from_rgba_unmultiplied(r, g, b, byte(ink.alpha))
}
