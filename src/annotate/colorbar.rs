//! The colour bar: the colours of the density with their values, and beside them the same colours
//! as see-through as they are drawn.

use glam::DVec2;

use super::page::Page;
use super::ticks::{Labels, Ticks, power_of_ten};
use super::{Area, Ink, Layer, Shape};
use crate::color::{LookupTable, TransferFunction};
use crate::geometry::LengthUnit;
use crate::scene::{Scene, VolumeMode};

/// Share of the picture's height that the bar takes where there is room.
const SHARE_OF_HEIGHT: f64 = 0.55;
/// The bar and all that belongs to it take no more than this share of the width.
const MOST_OF_WIDTH: f64 = 0.3;
/// A bar shorter than this many em is left out.
const LEAST_LENGTH: f64 = 4.0;
/// Beside something lower than this many em, it has this length.
const SHORT_LENGTH: f64 = 7.0;
/// From what it stands beside to the bar, in em.
const BESIDE: f64 = 1.6;
/// No more ticks than this.
const MOST_TICKS: usize = 7;

/// A colour bar to be drawn.
pub struct Bar<'a> {
    /// Its colours and limits.
    pub transfer: &'a TransferFunction,
    /// What the colours stand for.
    pub quantity: &'static str,
    /// Unit of length of the data.
    pub unit: Option<LengthUnit>,
    /// The density is per this power of the unit: 2 or 3.
    pub dimensions: u8,
    /// Whether the colours as see-through as they are drawn stand beside it.
    pub see_through: bool,
    /// What it stands to the right of and is no longer than; otherwise it stands at the right edge of the picture.
    pub beside: Option<Area>,
}

impl<'a> Bar<'a> {
    /// The bar of a density in space.
    pub fn new(transfer: &'a TransferFunction, unit: Option<LengthUnit>) -> Self {
        Self { transfer, quantity: "density", unit, dimensions: 3, see_through: true, beside: None }
    }

    /// The bar of a scene: of what its mode shows, and see-through only beside fog.
    pub fn of(scene: &'a Scene) -> Self {
        let bar = Self::new(&scene.transfer, scene.grid.unit);
        let (quantity, dimensions) = match scene.mode {
            VolumeMode::Maximum => ("largest density", 3),
            VolumeMode::Minimum => ("smallest density", 3),
            VolumeMode::Mean => ("mean density", 3),
            VolumeMode::LineIntegral => ("density \u{d7} length", 2),
            VolumeMode::Fog | VolumeMode::Isosurfaces(_) | VolumeMode::Slices => ("density", 3),
        };
        Self { quantity, dimensions, see_through: scene.mode == VolumeMode::Fog, ..bar }
    }

    /// From its left edge to the opaque column, in em.
    fn veil(&self) -> f64 {
        if self.see_through { VEIL } else { 0.0 }
    }
}

/// What is written: lines above the bar, and numbers with their positions (0 bottom, 1 top).
struct Texts {
    heading: Vec<String>,
    numbers: Vec<(f64, String)>,
}

/// Where the two columns of colours stand.
struct Columns {
    /// As see-through as drawn.
    veil: Area,
    /// Opaque.
    bar: Area,
}

/// Draws the colour bar in the part of the picture below `top`.
pub fn draw(page: &mut Page, bar: &Bar, top: f64) {
    let (em, height) = (page.em, page.size.y - top);
    let length = (SHARE_OF_HEIGHT * page.size.y).min(height - 6.5 * em);
    let length = bar.beside.map_or(length, |area| length.min(area.size().y.max(SHORT_LENGTH * em)));
    let texts = texts(bar, (length / (2.4 * em)) as usize);
    let column = (bar.veil() + BAR) * em;
    let width = text_width(page, bar, &texts).max(column);
    let complete = width + 1.5 * em <= MOST_OF_WIDTH * page.size.x && length >= LEAST_LENGTH * em;
    let (length, width) = if complete { (length, width) } else { (0.65 * height, column) };
    if length < LEAST_LENGTH * em || width + em > MOST_OF_WIDTH * page.size.x {
        return;
    }
    let heading_height = if complete { texts.heading.len() as f64 * 1.25 * em } else { 0.0 };
    let middle = top + 0.5 * (height + heading_height);
    // Low enough for the heading, and for what stands above that.
    let middle = bar.beside.map_or(middle, |area| area.center().y.max(top + heading_height + 2.5 * em + 0.5 * length));
    let at_edge = page.size.x - width - em;
    let left = bar.beside.map_or(at_edge, |area| at_edge.min(area.max.x + BESIDE * em));
    let columns = columns(page, bar, left, middle, length);
    draw_columns(page, bar, &columns);
    if complete {
        write_numbers(page, &columns.bar, texts.numbers);
        write_heading(page, columns.veil.min, texts.heading);
    }
}

/// The heading and the numbers, `most` or fewer.
fn texts(bar: &Bar, most: usize) -> Texts {
    let [vmin, vmax] = bar.transfer.limits;
    let Some(ticks) = Ticks::within(vmin, vmax, most.clamp(2, MOST_TICKS)) else {
        let numbers = vec![(0.5, scientific(vmin))];
        return Texts { heading: heading(bar, &Labels::default()), numbers };
    };
    let labels = ticks.labels(1);
    let heading = heading(bar, &labels);
    let positions = ticks.values().into_iter().map(|value| bar.transfer.position(value));
    Texts { heading, numbers: positions.zip(labels.numbers).collect() }
}

/// `density` and `(10⁻⁵/Å³)`, `(1/Å³)`, `(×10⁻⁵)` or nothing.
fn heading(bar: &Bar, labels: &Labels) -> Vec<String> {
    let quantity = match &labels.offset {
        Some(offset) => format!("{} {offset}", bar.quantity),
        None => bar.quantity.to_owned(),
    };
    let raised = if bar.dimensions == 2 { '²' } else { '³' };
    let scale = match (labels.power, bar.unit) {
        (0, None) => return vec![quantity],
        (0, Some(unit)) => format!("(1/{unit}{raised})"),
        (power, None) => format!("(×{})", power_of_ten(power)),
        (power, Some(unit)) => format!("({}/{unit}{raised})", power_of_ten(power)),
    };
    vec![quantity, scale]
}

/// Three digits and a power of ten.
fn scientific(value: f64) -> String {
    let text = format!("{value:.2e}").replace('-', "−");
    match text.split_once('e') {
        Some((digits, "0")) => digits.to_owned(),
        Some((digits, power)) => format!("{digits}×{}", power_of_ten(power.replace('−', "-").parse().unwrap_or(0))),
        None => text,
    }
}

/// Width of the column as see-through as drawn and the gap after it, in em.
const VEIL: f64 = 0.7;
/// Width of the opaque column, in em.
const BAR: f64 = 1.2;
/// From the opaque column to the numbers, in em.
const NUMBERS_AT: f64 = 0.6;

fn text_width(page: &mut Page, bar: &Bar, texts: &Texts) -> f64 {
    let em = page.em;
    let before = (bar.veil() + BAR + NUMBERS_AT) * em;
    let numbers = texts.numbers.iter().map(|(_, text)| before + page.text_size(text, em).x);
    let widest_number = numbers.fold(0.0, f64::max);
    texts.heading.iter().map(|line| page.text_size(line, em).x).fold(widest_number, f64::max)
}

/// The columns of colours, on whole pixels.
fn columns(page: &Page, bar: &Bar, left: f64, middle: f64, length: f64) -> Columns {
    let (top, bottom) = (page.snap(middle - 0.5 * length), page.snap(middle + 0.5 * length));
    let left = page.snap(left);
    let strip = |from: f64, to: f64| Area {
        min: DVec2::new(left + page.snap(from * page.em), top),
        max: DVec2::new(left + page.snap(to * page.em), bottom),
    };
    Columns { veil: strip(0.0, 0.5), bar: strip(bar.veil(), bar.veil() + BAR) }
}

fn draw_columns(page: &mut Page, bar: &Bar, columns: &Columns) {
    let table = LookupTable::new(bar.transfer);
    let area = columns.bar;
    draw_ends(page, &area, &table);
    let row_count = page.pixels(area.size().y);
    let rows = |alpha: fn(f32) -> f32| {
        let color = |row| {
            let [r, g, b, extinction] = table.at(row_position(bar.transfer, row, row_count));
            Ink { rgb: [r, g, b], alpha: alpha(extinction) }
        };
        (0..row_count).map(color).collect()
    };
    page.front(Shape::Rows { area, inks: rows(|_| 1.0) });
    if bar.see_through {
        page.front(Shape::Rows { area: columns.veil, inks: rows(|extinction| 1.0 - (-extinction).exp()) });
    }
    page.take(Area { min: columns.veil.min, max: area.max }.grown(0.7 * page.em));
}

/// Position in the table of the middle of a row, counted from the top. Where vmin is vmax all that
/// is below has the first colour and all that is above the last.
fn row_position(transfer: &TransferFunction, row: usize, row_count: usize) -> f64 {
    let t = 1.0 - (row as f64 + 0.5) / row_count as f64;
    if transfer.limits[0] < transfer.limits[1] { t } else { t.round() }
}

/// The points at both ends, which say that values outside take the colours of the ends, and a thin
/// frame around all.
fn draw_ends(page: &mut Page, bar: &Area, table: &LookupTable) {
    let tip = DVec2::new(0.5 * (bar.min.x + bar.max.x), 0.6 * bar.size().x);
    let outline = |grow: f64| {
        let (left, right) = (bar.min.x - grow, bar.max.x + grow);
        let (top, bottom) = (bar.min.y - 0.5 * grow, bar.max.y + 0.5 * grow);
        [
            DVec2::new(left, bottom),
            DVec2::new(left, top),
            DVec2::new(tip.x, top - tip.y - grow),
            DVec2::new(right, top),
            DVec2::new(right, bottom),
            DVec2::new(tip.x, bottom + tip.y + grow),
        ]
    };
    let frame = page.ink(0.35);
    page.front(Shape::Polygon { corners: outline(page.line).to_vec(), ink: frame });
    let [bottom_left, top_left, top, top_right, bottom_right, bottom] = outline(0.0);
    for (corners, t) in [([top_left, top, top_right], 1.0), ([bottom_left, bottom_right, bottom], 0.0)] {
        let [r, g, b, _] = table.at(t);
        page.front(Shape::Polygon { corners: corners.to_vec(), ink: Ink { rgb: [r, g, b], alpha: 1.0 } });
    }
}

fn write_numbers(page: &mut Page, bar: &Area, numbers: Vec<(f64, String)>) {
    let em = page.em;
    for (t, text) in numbers {
        let y = bar.max.y - t * bar.size().y;
        let start = DVec2::new(bar.max.x + page.line, y);
        page.line(Layer::Front, start, start + DVec2::new(0.35 * em, 0.0), page.ink(0.6));
        let size = page.text_size(&text, em);
        let min = DVec2::new(page.snap(bar.max.x + NUMBERS_AT * em), page.snap(y - 0.5 * size.y));
        let area = Area { min, max: min + size };
        page.take(area);
        page.write(text, area, em);
    }
}

/// Writes lines that end above the bar whose top left corner is `corner`.
fn write_heading(page: &mut Page, corner: DVec2, lines: Vec<String>) {
    let em = page.em;
    let mut bottom = corner.y - 1.3 * em;
    for line in lines.into_iter().rev() {
        let size = page.text_size(&line, em);
        let max = DVec2::new(corner.x + size.x, page.snap(bottom));
        let area = Area { min: DVec2::new(corner.x, max.y - size.y), max };
        bottom = area.min.y - 0.15 * em;
        page.take(area);
        page.write(line, area, em);
    }
}
