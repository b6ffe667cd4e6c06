//! Paints the marks of `annotate` on a picture.

use egui::epaint::{
    ClippedPrimitive, ClippedShape, ImageDelta, Mesh, Primitive, TessellationOptions, Tessellator, TextShape, Vertex,
    WHITE_UV,
};
use egui::{Color32, Pos2, Rect, Stroke, TextureId};
use egui_wgpu::{Renderer, RendererOptions, ScreenDescriptor};
use glam::DVec2;

use super::tiles::Tile;
use crate::annotate::{Area, Ink, Layer, Lettering, Mark, Shape};
use crate::scene::Frame;

/// The painter. One for each device and format of the target.
pub struct Overlay {
    renderer: Renderer,
    screen: ScreenDescriptor,
    /// The prepared marks: those behind the density, then those before it.
    primitives: [Vec<ClippedPrimitive>; 2],
}

/// The marks of a picture as triangles, with the letters that they show.
pub struct LaidOut {
    pub(super) primitives: [Vec<ClippedPrimitive>; 2],
    pub(super) pixels_per_point: f32,
    pub(super) letters: Option<ImageDelta>,
}

impl LaidOut {
    /// The marks of a picture of this frame.
    ///
    /// The same marks on the same frame give the same triangles: every call lays out its glyphs anew.
    pub fn new(frame: &Frame, marks: &[Mark]) -> Self {
        let mut lettering = Lettering::new(frame.scale_factor);
        let shapes = [Layer::Behind, Layer::Front].map(|layer| {
            let of_layer = marks.iter().filter(|mark| mark.layer == layer);
            of_layer.map(|mark| shape(&mut lettering, frame, &mark.shape)).collect::<Vec<_>>()
        });
        let primitives = shapes.map(|shapes| tessellate(&mut lettering, frame, shapes));
        let letters = lettering.fonts().font_image_delta();
        Self { primitives, pixels_per_point: frame.scale_factor as f32, letters }
    }

    /// The triangles in a tile of the picture, from its corner on.
    fn within(&self, tile: Tile) -> [Vec<ClippedPrimitive>; 2] {
        let [x, y] = tile.origin.map(|n| n as f32 / self.pixels_per_point);
        let [width, height] = tile.size.map(|n| n as f32 / self.pixels_per_point);
        let clip_rect = Rect::from_min_max(Pos2::ZERO, Pos2::new(width, height));
        self.primitives.each_ref().map(|primitives| {
            let mut moved = primitives.clone();
            for ClippedPrimitive { clip_rect: clip, primitive } in &mut moved {
                *clip = clip_rect;
                if let Primitive::Mesh(mesh) = primitive {
                    mesh.translate(-egui::Vec2::new(x, y));
                }
            }
            moved
        })
    }
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

    /// Uploads the marks in a tile of a picture, all layers at once. Submit what was painted before preparing
    /// the next one: it overwrites the buffers of this one. The same tile has the same bytes, whatever was painted
    /// before.
    pub fn prepare(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        encoder: &mut wgpu::CommandEncoder,
        marks: &LaidOut,
        tile: Tile,
    ) {
        self.primitives = marks.within(tile);
        self.screen = ScreenDescriptor { size_in_pixels: tile.size, pixels_per_point: marks.pixels_per_point };
        if let Some(letters) = &marks.letters {
            self.renderer.update_texture(device, queue, TextureId::default(), letters);
        }
        self.renderer.update_buffers(device, queue, encoder, &self.primitives.concat(), &self.screen);
    }

    /// Paints the prepared marks of one layer over what `target` holds, whose size is that of the
    /// prepared tile. Colours are blended as they are stored, premultiplied with alpha.
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
        Shape::Path { points, closed, width, ink } => {
            let points = points.iter().map(|p| position(*p)).collect();
            let stroke = Stroke::new(*width as f32, color(*ink));
            if *closed { egui::Shape::closed_line(points, stroke) } else { egui::Shape::line(points, stroke) }
        }
        Shape::Disc { center, radius, ink } => {
            egui::Shape::circle_filled(position(*center), *radius as f32, color(*ink))
        }
        Shape::Band { upper, lower, ink } => band(upper, lower, *ink),
        Shape::Rows { area, inks } => rows(area, inks, 1.0 / frame.scale_factor),
        Shape::Polygon { corners, ink } => {
            egui::Shape::convex_polygon(corners.iter().map(|p| position(*p)).collect(), color(*ink), Stroke::NONE)
        }
        Shape::Text { text, area, font_size, upward, ink } => {
            let galley = lettering.galley(text, *font_size, color(*ink));
            let (start, angle) = match upward {
                true => (DVec2::new(area.min.x, area.max.y), -std::f32::consts::FRAC_PI_2),
                false => (area.min, 0.0),
            };
            TextShape::new(position(start), galley, color(*ink)).with_angle(angle).into()
        }
    }
}

/// What lies between two lines, without softened edges.
fn band(upper: &[DVec2], lower: &[DVec2], ink: Ink) -> egui::Shape {
    let mut mesh = Mesh::default();
    for (above, below) in std::iter::zip(upper, lower) {
        let next = mesh.vertices.len() as u32;
        for at in [above, below] {
            mesh.vertices.push(Vertex { pos: position(*at), uv: WHITE_UV, color: color(ink) });
        }
        if next > 0 {
            mesh.add_triangle(next - 2, next - 1, next);
            mesh.add_triangle(next, next - 1, next + 1);
        }
    }
    egui::Shape::mesh(mesh)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use glam::DVec3;

    use super::*;
    use crate::annotate::{annotate, camera};
    use crate::color::LookupTable;
    use crate::geometry::Box3;
    use crate::gpu::Gpu;
    use crate::grid::{DensityGrid, Lattice};
    use crate::render::texture_2d;
    use crate::scene::{Limits, Look, Scene};

    const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;
    const GREY: f64 = 128.0 / 255.0;

    struct Painter {
        gpu: Gpu,
        overlay: Overlay,
    }

    impl Painter {
        fn new() -> Self {
            let gpu = Gpu::of_tests();
            let overlay = Overlay::new(&gpu.device, FORMAT);
            Self { gpu, overlay }
        }

        /// The layers painted on grey, as RGBA rows.
        fn picture(&mut self, marks: &[Mark], frame: &Frame, layers: &[Layer]) -> Vec<u8> {
            let usage = wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC;
            let texture = texture_2d(&self.gpu, frame.size, FORMAT, usage);
            let view = texture.create_view(&Default::default());
            let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
            clear(&mut encoder, &view);
            let marks = LaidOut::new(frame, marks);
            let tile = Tile::whole(frame.size);
            self.overlay.prepare(&self.gpu.device, &self.gpu.queue, &mut encoder, &marks, tile);
            for layer in layers {
                self.overlay.paint(&mut encoder, &view, *layer);
            }
            self.gpu.queue.submit([encoder.finish()]);
            self.gpu.read_texture(&texture).unwrap()
        }
    }

    fn clear(encoder: &mut wgpu::CommandEncoder, view: &wgpu::TextureView) {
        let grey = wgpu::Color { r: GREY, g: GREY, b: GREY, a: 1.0 };
        encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations { load: wgpu::LoadOp::Clear(grey), store: wgpu::StoreOp::Store },
            })],
            ..Default::default()
        });
    }

    fn scene() -> Scene {
        let focus = Box3 { min: DVec3::splat(-2.0), max: DVec3::splat(3.0) };
        let grid = DensityGrid::new(Lattice::spanning(focus, [2, 2, 2]).unwrap(), vec![0.5; 8], None).unwrap();
        let mut scene = Look::Default.scene(Arc::new(grid), Limits::Value(0.1, 0.9)).unwrap();
        scene.annotations.title = Some("Two words".into());
        scene
    }

    fn marks(frame: &Frame) -> Vec<Mark> {
        let scene = scene();
        annotate(&scene, camera(&scene, frame), frame)
    }

    #[test]
    fn the_painted_bar_is_the_table() {
        let mut painter = Painter::new();
        let frame = Frame { size: [601, 477], scale_factor: 1.25 };
        let marks = marks(&frame);
        let picture = painter.picture(&marks, &frame, &[Layer::Behind, Layer::Front]);
        let bar = marks.iter().find_map(|mark| match &mark.shape {
            Shape::Rows { area, .. } => Some([area.min, area.max].map(|p| p * frame.scale_factor)),
            _ => None,
        });
        let [min, max] = bar.unwrap().map(|p| (p.round().x as usize, p.round().y as usize));
        let table = LookupTable::new(&scene().transfer);
        for y in min.1..max.1 {
            let t = 1.0 - ((y - min.1) as f64 + 0.5) / (max.1 - min.1) as f64;
            let wanted = table.at(t).map(|v| (255.0 * v).round() as i32);
            for x in min.0..max.0 {
                let at = 4 * (y * frame.size[0] as usize + x);
                for c in 0..3 {
                    let found = i32::from(picture[at + c]);
                    assert!((found - wanted[c]).abs() <= 1, "({x}, {y})[{c}]: {found} for {}", wanted[c]);
                }
            }
        }
    }

    #[test]
    fn the_same_picture_has_the_same_bytes_whatever_was_painted_before() {
        let mut painter = Painter::new();
        let (small, large) =
            (Frame { size: [320, 240], scale_factor: 1.0 }, Frame { size: [900, 700], scale_factor: 1.5 });
        let both = [Layer::Behind, Layer::Front];
        let first = painter.picture(&marks(&small), &small, &both);
        painter.picture(&marks(&large), &large, &both);
        painter.picture(&[], &large, &both);
        assert!(painter.picture(&marks(&small), &small, &both) == first);
    }

    #[test]
    fn each_layer_paints_its_marks_alone() {
        let mut painter = Painter::new();
        let frame = Frame { size: [400, 300], scale_factor: 1.0 };
        let marks = marks(&frame);
        let of = |layer| marks.iter().filter(|mark| mark.layer == layer).cloned().collect::<Vec<_>>();
        for layer in [Layer::Behind, Layer::Front] {
            let alone = painter.picture(&of(layer), &frame, &[Layer::Behind, Layer::Front]);
            assert!(alone.iter().any(|&byte| byte != 128 && byte != 255), "{layer:?} paints nothing");
            // Glyphs may lie elsewhere in their texture, which moves a rounding.
            let chosen = painter.picture(&marks, &frame, &[layer]);
            let far = std::iter::zip(&alone, &chosen).filter(|(a, b)| a.abs_diff(**b) > 1).count();
            assert_eq!(far, 0, "{layer:?}");
        }
    }
}
