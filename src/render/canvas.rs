//! Marks painted on the CPU: triangles with the letters of their texture, blended as the overlay blends them.
//!
//! A flat picture needs no adapter: its marks cover few pixels, and sending it to one and reading it back takes longer.

use egui::epaint::{ImageDelta, Mesh, Primitive, Vertex};
use egui::{Color32, ImageData};

use super::overlay::LaidOut;
use super::tiles::Tile;
use crate::annotate::Layer;
use crate::color::Rgb;

/// A part of a picture: red, green, blue, alpha of each pixel, opaque.
#[derive(Clone)]
pub struct Canvas {
    /// Which part of the picture.
    pub tile: Tile,
    /// Row by row from the top left.
    pub pixels: Vec<[u8; 4]>,
}

/// The texture of letters.
struct Letters<'a> {
    size: [usize; 2],
    texels: &'a [Color32],
}

/// What the corners of a triangle say of a place: positions in pixels, and barycentric coordinates as lines.
struct Triangle {
    corners: [[f64; 2]; 3],
    /// `a x + b y + c` of the edge opposite to each corner, above 0 within.
    edges: [[f64; 3]; 3],
    /// 1 / twice the area.
    per_area: f64,
}

impl Canvas {
    /// A tile of one colour.
    pub fn new(tile: Tile, color: Rgb) -> Self {
        let [r, g, b] = byte_color(color);
        let count = tile.size[0] as usize * tile.size[1] as usize;
        Self { tile, pixels: vec![[r, g, b, 255]; count] }
    }

    /// The bytes of the pixels.
    pub fn into_bytes(self) -> Vec<u8> {
        bytemuck::cast_vec(self.pixels)
    }

    /// Paints the marks of one layer.
    pub fn paint(&mut self, marks: &LaidOut, layer: Layer) {
        let letters = match &marks.letters {
            Some(ImageDelta { image: ImageData::Color(image), .. }) => {
                Letters { size: image.size, texels: &image.pixels }
            }
            None => Letters { size: [1, 1], texels: &[Color32::WHITE] },
        };
        let primitives = &marks.primitives[if layer == Layer::Behind { 0 } else { 1 }];
        for primitive in primitives {
            if let Primitive::Mesh(mesh) = &primitive.primitive {
                self.paint_mesh(mesh, f64::from(marks.pixels_per_point), &letters);
            }
        }
    }

    fn paint_mesh(&mut self, mesh: &Mesh, pixels_per_point: f64, letters: &Letters) {
        let [left, top] = self.tile.origin.map(f64::from);
        let place =
            |v: &Vertex| [f64::from(v.pos.x) * pixels_per_point - left, f64::from(v.pos.y) * pixels_per_point - top];
        for corners in mesh.indices.as_chunks::<3>().0 {
            let corners = corners.map(|i| &mesh.vertices[i as usize]);
            if let Some((triangle, corners)) = Triangle::new(corners.map(place), corners) {
                self.paint_triangle(&triangle, corners, letters);
            }
        }
    }

    fn paint_triangle(&mut self, triangle: &Triangle, corners: [&Vertex; 3], letters: &Letters) {
        let [width, height] = self.tile.size.map(|n| n as usize);
        let flat = corners.iter().all(|c| c.color == corners[0].color && c.uv == corners[0].uv);
        let single = flat.then(|| shade(&corners, [1.0, 0.0, 0.0], letters));
        let [first_row, end_row] = triangle.range(1, height);
        for row in first_row..end_row {
            let y = row as f64 + 0.5;
            let [first, end] = triangle.columns(y, width);
            let line = &mut self.pixels[row * width..][..width];
            for (column, pixel) in line.iter_mut().enumerate().take(end).skip(first) {
                if let Some(shares) = triangle.shares(column as f64 + 0.5, y) {
                    blend(pixel, single.unwrap_or_else(|| shade(&corners, shares, letters)));
                }
            }
        }
    }
}

impl Triangle {
    /// The triangle turned so that its area is positive, with its corners in that order; `None` without area.
    fn new(mut at: [[f64; 2]; 3], mut corners: [&Vertex; 3]) -> Option<(Self, [&Vertex; 3])> {
        let edge = |[x0, y0]: [f64; 2], [x1, y1]: [f64; 2]| [y0 - y1, x1 - x0, x0 * y1 - x1 * y0];
        let area = |[a, b, c]: [[f64; 2]; 3]| (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
        if area(at) < 0.0 {
            at.swap(1, 2);
            corners.swap(1, 2);
        }
        let twice = area(at);
        let edges = [edge(at[1], at[2]), edge(at[2], at[0]), edge(at[0], at[1])];
        (twice > 0.0 && twice.is_finite()).then_some((Self { corners: at, edges, per_area: 1.0 / twice }, corners))
    }

    /// The pixels along an axis (0 or 1) whose middles may lie within, of `n`.
    fn range(&self, axis: usize, n: usize) -> [usize; 2] {
        let of = |f: fn(f64, f64) -> f64, start: f64| self.corners.iter().fold(start, |m, c| f(m, c[axis]));
        let bound = |v: f64| v.clamp(0.0, n as f64) as usize;
        [bound((of(f64::min, f64::INFINITY) - 0.5).floor()), bound((of(f64::max, f64::NEG_INFINITY) + 0.5).ceil())]
    }

    /// The pixels of a row whose middles may lie within; a rounding more on each side.
    fn columns(&self, y: f64, width: usize) -> [usize; 2] {
        let [mut low, mut high] = self.range(0, width).map(|v| v as f64);
        for [a, b, c] in self.edges {
            let at = -(b * y + c) / a - 0.5;
            if a > 0.0 {
                low = low.max(at.floor());
            } else if a < 0.0 {
                high = high.min(at.ceil() + 1.0);
            }
        }
        [low.max(0.0) as usize, high.max(0.0) as usize]
    }

    /// The share of each corner at a place; `None` outside. What lies on an edge belongs to the triangle to the right
    /// of it or below it, so that triangles side by side cover each pixel once.
    fn shares(&self, x: f64, y: f64) -> Option<[f64; 3]> {
        let mut shares = [0.0; 3];
        for (share, [a, b, c]) in std::iter::zip(&mut shares, self.edges) {
            let w = a * x + b * y + c;
            if w < 0.0 || (w == 0.0 && (a < 0.0 || (a == 0.0 && b < 0.0))) {
                return None;
            }
            *share = w * self.per_area;
        }
        Some(shares)
    }
}

/// Colour of the vertices times letters, premultiplied, 0 to 1.
fn shade(corners: &[&Vertex; 3], shares: [f64; 3], letters: &Letters) -> [f32; 4] {
    let mix = |of: &dyn Fn(&Vertex) -> f64| std::iter::zip(corners, shares).map(|(c, s)| of(c) * s).sum::<f64>();
    let texel = letters.at(mix(&|v| v.uv.x.into()), mix(&|v| v.uv.y.into()));
    std::array::from_fn(|c| (mix(&|v| v.color.to_array()[c].into()) / 255.0) as f32 * texel[c])
}

impl Letters<'_> {
    /// Linear between the middles of the four texels around.
    fn at(&self, u: f64, v: f64) -> [f32; 4] {
        let [width, height] = self.size;
        let axis = |at: f64, n: usize| {
            let at = (at * n as f64 - 0.5).clamp(0.0, (n - 1) as f64);
            (at as usize, (at as usize + 1).min(n - 1), (at - at.floor()) as f32)
        };
        let ((x0, x1, fx), (y0, y1, fy)) = (axis(u, width), axis(v, height));
        let texel = |x: usize, y: usize| self.texels[x + width * y].to_array().map(f32::from);
        let [tl, tr, bl, br] = [texel(x0, y0), texel(x1, y0), texel(x0, y1), texel(x1, y1)];
        std::array::from_fn(|c| {
            let (top, bottom) = (tl[c] + (tr[c] - tl[c]) * fx, bl[c] + (br[c] - bl[c]) * fx);
            (top + (bottom - top) * fy) / 255.0
        })
    }
}

/// Lays a premultiplied colour over a pixel, in display values.
fn blend(pixel: &mut [u8; 4], over: [f32; 4]) {
    let through = 1.0 - over[3];
    for c in 0..3 {
        pixel[c] = (255.0 * over[c] + through * f32::from(pixel[c]) + 0.5).clamp(0.0, 255.0) as u8;
    }
}

/// The nearest bytes of a colour.
pub fn byte_color(color: Rgb) -> [u8; 3] {
    color.map(|v| (v.clamp(0.0, 1.0) * 255.0 + 0.5) as u8)
}

#[cfg(test)]
mod tests {
    use egui::{Pos2, pos2};

    use super::*;

    fn mesh(corners: &[Pos2], alpha: u8) -> Mesh {
        let mut mesh = Mesh::default();
        for &pos in corners {
            let color = Color32::from_black_alpha(alpha);
            mesh.vertices.push(Vertex { pos, uv: pos2(0.0, 0.0), color });
        }
        mesh
    }

    fn canvas(size: [u32; 2]) -> Canvas {
        Canvas::new(Tile::whole(size), [1.0; 3])
    }

    const WHITE: Letters = Letters { size: [1, 1], texels: &[Color32::WHITE] };

    /// Catches: a seam or a double cover between triangles side by side, a rounding of the spans.
    #[test]
    fn a_fan_covers_every_pixel_once() {
        let mut rim: Vec<Pos2> = (0..23)
            .map(|i| {
                let a = f32::from(i as u8) * 0.273_f32;
                pos2(20.0 + 40.0 * a.cos(), 15.5 + 40.0 * a.sin())
            })
            .collect();
        rim.insert(0, pos2(17.5, 12.5));
        let mut mesh = mesh(&rim, 128);
        (1..23).for_each(|i| mesh.add_triangle(0, i, i + 1));
        mesh.add_triangle(0, 23, 1);
        let mut canvas = canvas([40, 31]);
        canvas.paint_mesh(&mesh, 1.0, &WHITE);
        assert!(
            canvas.pixels.iter().all(|p| *p == [127, 127, 127, 255]),
            "{:?}",
            canvas.pixels.iter().find(|p| p[0] != 127)
        );
    }

    #[test]
    fn a_right_triangle_covers_half_and_a_tile_shows_its_part() {
        let mut mesh = mesh(&[pos2(0.0, 0.0), pos2(8.0, 0.0), pos2(0.0, 8.0)], 255);
        mesh.add_triangle(0, 2, 1);
        let mut whole = canvas([10, 8]);
        whole.paint_mesh(&mesh, 1.0, &WHITE);
        let dark = |c: &Canvas| c.pixels.iter().filter(|p| p[0] == 0).count();
        assert_eq!(dark(&whole), 28);
        let mut part = Canvas::new(Tile { origin: [2, 3], size: [5, 4] }, [1.0; 3]);
        part.paint_mesh(&mesh, 1.0, &WHITE);
        for row in 0..4 {
            assert_eq!(part.pixels[row * 5..][..5], whole.pixels[(row + 3) * 10 + 2..][..5]);
        }
    }

    #[test]
    fn letters_are_met_at_the_middle_of_their_texels() {
        let texels = [0, 100, 200, 255].map(|v| Color32::from_rgba_premultiplied(v, v, v, v));
        let letters = Letters { size: [2, 2], texels: &texels };
        let at = |u, v| (letters.at(u, v)[0] * 255.0).round();
        assert_eq!([at(0.25, 0.25), at(0.75, 0.25), at(0.25, 0.75), at(0.0, 0.0)], [0.0, 100.0, 200.0, 0.0]);
        assert_eq!([at(0.5, 0.25), at(0.25, 0.5), at(1.0, 1.0)], [50.0, 100.0, 255.0]);
    }

    #[test]
    fn what_is_not_finite_paints_nothing() {
        let mut bad = mesh(&[pos2(0.0, 0.0), pos2(f32::NAN, 0.0), pos2(0.0, 8.0), pos2(f32::INFINITY, 3.0)], 255);
        bad.add_triangle(0, 1, 2);
        bad.add_triangle(0, 2, 3);
        bad.add_triangle(0, 0, 2);
        let mut canvas = canvas([4, 4]);
        canvas.paint_mesh(&bad, 1.0, &WHITE);
        assert!(canvas.pixels.iter().all(|p| p[0] == 255));
    }
}
