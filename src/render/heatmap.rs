//! Heat maps: the values of a plane to colours, and what is written around them, without an adapter.

use rayon::prelude::*;

use super::canvas::Canvas;
use super::overlay::LaidOut;
use super::tiles::Tile;
use super::{Picture, check_size, transparent};
use crate::annotate::{HeatmapLayout, Layer, Mark, annotate_heatmap};
use crate::color::{LookupTable, Rgb};
use crate::error::Result;
use crate::grid::{CubicTaps, LinearTaps, PlaneGrid};
use crate::progress::Progress;
use crate::scene::{Background, Frame, HeatmapScene, Interpolation};

/// Draws heat maps. What does not change from one to the next is drawn once, as in an animation.
#[derive(Default)]
pub struct HeatmapPainter {
    kept: Vec<Kept>,
}

/// A picture with the marks beside its map, without title.
struct Kept {
    frame: Frame,
    background: Rgb,
    beside: Vec<Mark>,
    ground: Canvas,
}

/// Rows that are in memory at once where a picture is handed over in bands.
const BAND: u32 = 1024;

impl HeatmapPainter {
    /// A painter that has drawn nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Draws a heat map: the same bytes every time.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) if the size cannot be drawn.
    pub fn draw(&mut self, scene: &HeatmapScene, frame: &Frame) -> Result<Picture> {
        check_size(frame.size)?;
        let rgba = self.tile(scene, frame, Tile::whole(frame.size));
        Ok(Picture { size: frame.size, rgba })
    }

    fn tile(&mut self, scene: &HeatmapScene, frame: &Frame, tile: Tile) -> Vec<u8> {
        match scene.background {
            Background::Color(_) => self.on(0, scene, frame, tile).into_bytes(),
            Background::Transparent => {
                let [black, white] = [[0.0; 3], [1.0; 3]].map(|color| {
                    let mut seen = scene.clone();
                    seen.annotations.foreground = Some(scene.foreground());
                    seen.background = Background::Color(color);
                    self.on(color[0] as usize, &seen, frame, tile).into_bytes()
                });
                transparent::from_two(&black, &white)
            }
        }
    }

    /// A tile on the scene's background, with what is kept in this slot.
    fn on(&mut self, slot: usize, scene: &HeatmapScene, frame: &Frame, tile: Tile) -> Canvas {
        let marks = annotate_heatmap(scene, frame);
        let background = scene.background.color();
        let is_kept = |k: &&Kept| {
            k.frame == *frame && k.background == background && k.ground.tile == tile && k.beside == marks.beside
        };
        if self.kept.get(slot).filter(is_kept).is_none() {
            let mut ground = Canvas::new(tile, background);
            ground.paint(&LaidOut::new(frame, &marks.beside), Layer::Front);
            self.kept.truncate(slot);
            self.kept.push(Kept { frame: *frame, background, beside: marks.beside, ground });
        }
        let mut canvas = self.kept[slot].ground.clone();
        color(&mut canvas, scene, &marks.layout);
        for marks in [marks.on_map, marks.title].iter().filter(|marks| !marks.is_empty()) {
            canvas.paint(&LaidOut::new(frame, marks), Layer::Front);
        }
        canvas
    }
}

/// Draws a heat map: the same bytes every time.
///
/// # Errors
/// [`Error::Usage`](crate::error::Error::Usage) if the size cannot be drawn.
pub fn draw_heatmap(scene: &HeatmapScene, frame: &Frame) -> Result<Picture> {
    HeatmapPainter::new().draw(scene, frame)
}

/// Draws a heat map and hands it over in bands of rows, from the top: `take` gets red, green, blue, alpha (not
/// premultiplied) of each pixel. However large the picture is, no more than a band of 1024 rows is in memory.
///
/// # Errors
/// As [`draw_heatmap`], what `take` fails with, and [`Error::Interrupted`](crate::error::Error::Interrupted).
pub fn draw_heatmap_bands(
    scene: &HeatmapScene,
    frame: &Frame,
    progress: &dyn Progress,
    take: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    check_size(frame.size)?;
    progress.begin("drawing", u64::from(frame.size[1]));
    for band in Tile::whole(frame.size).bands(BAND) {
        progress.check()?;
        take(&HeatmapPainter::new().tile(scene, frame, band))?;
        progress.advance(u64::from(band.size[1]));
    }
    Ok(())
}

/// Colours the pixels of the map that the canvas shows, each by the value in its middle; where that is not finite,
/// what is there stays.
fn color(canvas: &mut Canvas, scene: &HeatmapScene, layout: &HeatmapLayout) {
    let tile = canvas.tile;
    let first = [0, 1].map(|axis| layout.first[axis].max(tile.origin[axis]));
    let ends = [0, 1].map(|axis| (layout.first[axis] + layout.pixels[axis]).min(tile.origin[axis] + tile.size[axis]));
    let [width, height] = [0, 1].map(|axis| ends[axis].saturating_sub(first[axis]) as usize);
    if width == 0 || height == 0 {
        return;
    }
    let index = |i: u32, j: u32| {
        let place = layout.place([i - layout.first[0], j - layout.first[1]]);
        (place - scene.grid.origin()) / scene.grid.spacing()
    };
    let columns: Vec<f64> = (first[0]..ends[0]).map(|i| index(i, first[1]).x).collect();
    let sampler = Sampler::new(&scene.grid, scene.interpolation, &columns);
    let colors = Colors::new(scene);
    let row_of = |row: usize| index(first[0], first[1] + row as u32).y;
    let stride = tile.size[0] as usize;
    let left = (first[0] - tile.origin[0]) as usize;
    let top = (first[1] - tile.origin[1]) as usize;
    let lines = &mut canvas.pixels[top * stride..(top + height) * stride];
    let draw = |row: usize, line: &mut [[u8; 4]], buffers: &mut Buffers| {
        sampler.row(row_of(row), buffers);
        for (pixel, value) in std::iter::zip(&mut line[left..left + width], &buffers.values) {
            if value.is_finite() {
                *pixel = colors.of(*value);
            }
        }
    };
    // Small pictures are drawn before other threads have woken up.
    if width * height < SMALL {
        let mut buffers = Buffers::default();
        lines.chunks_exact_mut(stride).enumerate().for_each(|(row, line)| draw(row, line, &mut buffers));
    } else {
        let chunks = lines.par_chunks_exact_mut(stride).enumerate();
        chunks.for_each_init(Buffers::default, |buffers, (row, line)| draw(row, line, buffers));
    }
}

/// Maps of fewer pixels are drawn by one thread.
const SMALL: usize = 1 << 20;

/// Values to bytes: the lookup table with what each value needs once.
struct Colors<F> {
    position: F,
    /// What each part begins with and how it grows, times 255 and rounded by truncation.
    parts: Vec<[[f32; 3]; 2]>,
    count: f64,
}

impl Colors<()> {
    fn new(scene: &HeatmapScene) -> Colors<impl Fn(f64) -> f64 + use<>> {
        let table = LookupTable::new(&scene.transfer);
        let part = |[from, to]: &[[f32; 4]; 2]| {
            let begin = [0, 1, 2].map(|c| from[c] * 255.0 + 0.5);
            [begin, [0, 1, 2].map(|c| (to[c] - from[c]) * 255.0)]
        };
        let parts: Vec<_> = table.parts.iter().map(part).collect();
        Colors { position: scene.transfer.positions(), count: parts.len() as f64, parts }
    }
}

impl<F: Fn(f64) -> f64> Colors<F> {
    fn of(&self, value: f64) -> [u8; 4] {
        let x = (self.position)(value) * self.count;
        let i = (x as usize).min(self.parts.len() - 1);
        let ([begin, growth], f) = (&self.parts[i], (x - i as f64) as f32);
        let [r, g, b] = [0, 1, 2].map(|c| (begin[c] + growth[c] * f) as u8);
        [r, g, b, 255]
    }
}

/// The values of a row of pixels, and the row of nodes that they come from.
#[derive(Default)]
struct Buffers {
    nodes: Vec<f64>,
    values: Vec<f64>,
}

/// What the columns of a picture take of the nodes.
enum Taps {
    Nearest(Vec<usize>),
    Linear(Vec<LinearTaps>),
    Cubic(Vec<CubicTaps>),
}

/// The values in the middle of pixels, a row at a time: [`HeatmapScene::value_at`] with what rows and columns share.
struct Sampler<'a> {
    grid: &'a PlaneGrid,
    columns: Taps,
}

impl<'a> Sampler<'a> {
    /// For columns of pixels at these indices along x.
    fn new(grid: &'a PlaneGrid, interpolation: Interpolation, columns: &[f64]) -> Self {
        let nx = grid.shape()[0];
        let columns = columns.iter();
        let columns = match interpolation {
            Interpolation::Nearest => Taps::Nearest(columns.map(|x| nearest(*x, nx)).collect()),
            Interpolation::Linear => Taps::Linear(columns.map(|x| LinearTaps::at(*x, nx)).collect()),
            Interpolation::Smooth => Taps::Cubic(columns.map(|x| CubicTaps::at(*x, nx)).collect()),
        };
        Self { grid, columns }
    }

    /// Fills the values of a row of pixels at this index along y.
    fn row(&self, y: f64, buffers: &mut Buffers) {
        let [nx, ny] = self.grid.shape();
        let Buffers { nodes, values } = buffers;
        let row = |j: usize| &self.grid.values()[nx * j..][..nx];
        nodes.clear();
        values.clear();
        match &self.columns {
            Taps::Nearest(columns) => {
                let row = row(nearest(y, ny));
                values.extend(columns.iter().map(|i| f64::from(row[*i])));
            }
            Taps::Linear(columns) => {
                let taps = LinearTaps::at(y, ny);
                let [low, high] = taps.nodes.map(row);
                let (a, b) = (1.0 - taps.share, taps.share);
                nodes.extend(std::iter::zip(low, high).map(|(l, h)| f64::from(*l) * a + f64::from(*h) * b));
                values
                    .extend(columns.iter().map(|t| nodes[t.nodes[0]] * (1.0 - t.share) + nodes[t.nodes[1]] * t.share));
            }
            Taps::Cubic(columns) => {
                let taps = CubicTaps::at(y, ny);
                let rows = taps.nodes.map(row);
                nodes.extend((0..nx).map(|i| (0..4).map(|k| f64::from(rows[k][i]) * taps.weights[k]).sum::<f64>()));
                let of = |t: &CubicTaps| std::iter::zip(t.nodes, t.weights).map(|(i, w)| nodes[i] * w).sum::<f64>();
                values.extend(columns.iter().map(of));
            }
        }
    }
}

/// The nearest of `n` nodes.
fn nearest(at: f64, n: usize) -> usize {
    (at.round().max(0.0) as usize).min(n - 1)
}
