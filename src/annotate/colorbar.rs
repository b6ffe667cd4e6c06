//! The colour bar: the colours of the density with their values, and beside them the same colours
//! as see-through as they are drawn.

use glam::DVec2;

use super::page::Page;
use super::ticks::{Labels, Ticks, power_of_ten};
use super::{Area, Ink, Layer, Shape};
use crate::color::{LookupTable, OpacityCurve, Rgb, Scale, TransferFunction};
use crate::geometry::LengthUnit;
use crate::scene::{Annotations, Background, DensityLayer, Quantity, Scene, VolumeMode};

/// Share of the picture's height that the bar takes where there is room.
const SHARE_OF_HEIGHT: f64 = 0.55;
/// The bar and all that belongs to it take no more than this share of the width.
const MOST_OF_WIDTH: f64 = 0.3;
/// A bar shorter than this many em is left out.
const LEAST_LENGTH: f64 = 4.0;
/// Beside something lower than this many em, it has this length.
const SHORT_LENGTH: f64 = 7.0;
/// From the bar to its heading, and from one line of that to the next (signs as high as an angstrom's stay apart from those
/// that reach down), in em.
const HEADING_AT: f64 = 1.3;
const LINE: f64 = 1.45;
/// From what it stands beside to the bar, in em.
const BESIDE: f64 = 1.6;
/// No more ticks than this.
const MOST_TICKS: usize = 7;

/// The shares of the mass that a second axis tells of.
pub const MASS_SHARES: [f64; 9] = [0.99, 0.98, 0.95, 0.9, 0.75, 0.5, 0.25, 0.1, 0.05];
/// Width that the second axis takes, and that most bars with numbers take, in em.
pub const MASS_ROOM: f64 = 3.8;
const TEXT_ROOM: f64 = 6.7;

/// A colour bar to be drawn.
pub struct Bar<'a> {
    /// Its colours and limits.
    pub transfer: &'a TransferFunction,
    /// Unit of length of the data.
    pub unit: Option<LengthUnit>,
    /// The density is per this power of the unit: 2 or 3.
    pub dimensions: u8,
    /// What the numbers count.
    pub quantity: Quantity,
    /// What else the numbers are.
    pub name: Option<&'a str>,
    /// Whether there are values below and above the limits, which a point at that end tells.
    pub goes_on: [bool; 2],
    /// How much of the background its colours cover, against their position, if not all.
    pub cover: Option<OpacityCurve>,
    /// Whether the colours as see-through as they are drawn stand beside it.
    pub see_through: bool,
    /// The densities above which the [`MASS_SHARES`] lie, if they are shown.
    pub mass: Vec<f64>,
    /// The values of contours or surfaces, which are lines across it.
    pub lines: Vec<f64>,
    /// Their colour; without one each is black or white.
    pub line_color: Option<Rgb>,
    /// Whether it has room for numbers and headings of other limits too.
    pub steady: bool,
    /// What it stands to the right of and is no longer than; otherwise it stands at the right edge of the picture.
    pub beside: Option<Area>,
    /// The width in points that its opaque column and the numbers take at least: that of another bar above or below it.
    pub room: f64,
}

impl<'a> Bar<'a> {
    /// The bar of numbers of this name.
    pub fn of_column(transfer: &'a TransferFunction, name: &'a str, values: &[f64]) -> Self {
        let [vmin, vmax] = transfer.limits;
        Self {
            transfer,
            unit: None,
            dimensions: 3,
            quantity: Quantity::Density,
            name: Some(name),
            goes_on: [values.iter().any(|v| *v < vmin), values.iter().any(|v| *v > vmax)],
            cover: None,
            see_through: false,
            mass: Vec::new(),
            lines: Vec::new(),
            line_color: None,
            steady: false,
            beside: None,
            room: 0.0,
        }
    }

    /// The bar of a density in space.
    pub fn new(transfer: &'a TransferFunction, unit: Option<LengthUnit>, annotations: &'a Annotations) -> Self {
        Self {
            transfer,
            unit,
            dimensions: 3,
            quantity: annotations.quantity,
            name: annotations.bar_title.as_deref(),
            goes_on: [true; 2],
            cover: None,
            see_through: true,
            mass: Vec::new(),
            lines: Vec::new(),
            line_color: None,
            steady: annotations.steady_bar,
            beside: None,
            room: 0.0,
        }
    }

    /// The bar of a scene: of what its mode shows, and see-through only beside fog.
    pub fn of(scene: &'a Scene) -> Self {
        let bar = Self::new(&scene.transfer, scene.grid.unit, &scene.annotations);
        let see_through = scene.volume && scene.mode == VolumeMode::Fog;
        let lines = scene.mode.surfaces().iter().map(|surface| surface.level).collect();
        Self {
            lines,
            name: bar.name.or(name_along_rays(scene)),
            dimensions: scene.mode.dimensions(),
            cover: (!scene.mode.is_solid()).then(|| scene.cover()),
            see_through,
            ..bar
        }
    }

    /// That of a further density in a scene.
    pub fn of_layer(scene: &'a Scene, layer: DensityLayer<'a>) -> Self {
        Self {
            transfer: layer.transfer,
            unit: layer.grid.unit,
            quantity: layer.quantity,
            name: layer.bar_title,
            lines: layer.surfaces.iter().map(|surface| surface.level).collect(),
            cover: (!scene.mode.is_solid()).then(|| layer.cover()),
            ..Self::of(scene)
        }
    }

    /// From its left edge to the opaque column, in em.
    fn veil(&self) -> f64 {
        if self.see_through { VEIL } else { 0.0 }
    }

    /// Lines that the heading has room for.
    fn lines_of_heading(&self, texts: &Texts) -> f64 {
        let most = 1 + usize::from(!self.name.unwrap_or(self.quantity.name()).is_empty());
        let lines = if self.steady { most } else { 0 };
        texts.heading.len().max(lines) as f64
    }
}

/// What a mode shows that is not the quantity itself.
pub fn name_along_rays(scene: &Scene) -> Option<&'static str> {
    let [density, counts, value] = match scene.mode {
        VolumeMode::Maximum => ["largest density", "largest counts", "largest value"],
        VolumeMode::Minimum => ["smallest density", "smallest counts", "smallest value"],
        VolumeMode::Mean => ["mean density", "mean counts", "mean value"],
        // Counts in a column are counts in an area.
        VolumeMode::LineIntegral => ["density \u{d7} length", Quantity::Counts(1.0).name(), "value \u{d7} length"],
        _ => return None,
    };
    Some(match scene.annotations.quantity {
        Quantity::Density => density,
        Quantity::Counts(_) => counts,
        Quantity::Values => value,
    })
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

/// What there was no room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacks {
    /// Nothing.
    Nothing,
    /// The shares of the mass.
    Mass,
    /// All numbers and the heading.
    Numbers,
    /// The whole bar.
    All,
}

/// Whether a picture of this width has room for shares of the mass beside the numbers.
pub fn has_room_for_mass(em: f64, width: f64) -> bool {
    (TEXT_ROOM + MASS_ROOM) * em <= MOST_OF_WIDTH * width
}

/// Draws the colour bar in the part of the picture between two heights: first the shares of the mass are left out where there is no
/// room, then numbers and heading.
pub fn draw(page: &mut Page, bar: &Bar, [top, bottom]: [f64; 2]) -> Lacks {
    let (em, height) = (page.em, bottom - top);
    let length = (SHARE_OF_HEIGHT * page.size.y).min(height - 6.5 * em);
    // Beside a map it is as high as that, but for its heading.
    let length = bar.beside.map_or(length, |area| {
        let lines = bar.lines_of_heading(&texts(bar, (area.size().y / (2.4 * em)) as usize));
        let heading = if lines > 0.0 { HEADING_AT + lines * LINE } else { 0.0 };
        (area.size().y - heading * em).max(SHORT_LENGTH * em).min(height - 6.5 * em)
    });
    let texts = texts(bar, most_numbers(length, em));
    let column = (bar.veil() + BAR) * em;
    let numbered = text_width(page, bar, &texts).max(column).max(bar.room + bar.veil() * em);
    let most = MOST_OF_WIDTH * page.size.x;
    let fits = |width: f64| width + 1.5 * em <= most && length >= LEAST_LENGTH * em;
    let with_mass = !bar.mass.is_empty() && has_room_for_mass(em, page.size.x) && fits(numbered + MASS_ROOM * em);
    let complete = fits(numbered);
    let width = if with_mass { numbered + MASS_ROOM * em } else { numbered };
    let (length, width) = if complete { (length, width) } else { (0.65 * height, column) };
    if length < LEAST_LENGTH * em || width + em > most {
        return Lacks::All;
    }
    let heading_height = if complete { bar.lines_of_heading(&texts) * LINE * em } else { 0.0 };
    let middle = top + 0.5 * (height + heading_height);
    // Low enough for the heading, and for what stands above that.
    let middle = bar.beside.map_or(middle, |area| {
        let lowest = top + heading_height + 2.5 * em + 0.5 * length;
        if length < area.size().y { (area.max.y - 0.5 * length).max(lowest) } else { area.center().y.max(lowest) }
    });
    let at_edge = page.size.x - width - em;
    let left = bar.beside.map_or(at_edge, |area| at_edge.min(area.max.x + BESIDE * em));
    let columns = columns(page, bar, left, middle, length);
    // In a flat strip of a picture there is no room for any.
    let whole = Area { min: DVec2::ZERO, max: page.size };
    if !whole.contains(&columns.bar) {
        return Lacks::All;
    }
    draw_columns(page, bar, &columns);
    if !complete {
        return Lacks::Numbers;
    }
    let right = write_numbers(page, &columns.bar, columns.bar.max.x, texts.numbers, true);
    let mass = if with_mass { write_mass(page, bar, &columns.bar, right + 0.3 * em) } else { None };
    let end = mass.map_or(page.size.x - em, |left| left - 0.5 * em);
    write_heading(page, columns.veil.min, end, texts.heading);
    if bar.mass.is_empty() || with_mass { Lacks::Nothing } else { Lacks::Mass }
}

/// How many numbers a bar of this length has room for.
fn most_numbers(length: f64, em: f64) -> usize {
    (length / (2.4 * em)) as usize
}

/// Puts bars that stand one above another, each in so much height, in one column: all have the room of the widest.
pub fn align(page: &mut Page, bars: &mut [Bar], height: f64) {
    let em = page.em;
    let length = (SHARE_OF_HEIGHT * page.size.y).min(height - 6.5 * em);
    let has_room = has_room_for_mass(em, page.size.x);
    let of_mass = |bar: &Bar| if bar.mass.is_empty() || !has_room { 0.0 } else { MASS_ROOM * em };
    let mut of =
        |bar: &Bar| text_width(page, bar, &texts(bar, most_numbers(length, em))) - bar.veil() * em + of_mass(bar);
    let widest = bars.iter().map(&mut of).fold(0.0, f64::max);
    bars.iter_mut().for_each(|bar| bar.room = widest - of_mass(bar));
}

/// The heading and the numbers, `most` or fewer.
fn texts(bar: &Bar, most: usize) -> Texts {
    let factor = bar.quantity.factor(bar.unit, bar.dimensions);
    let [vmin, vmax] = bar.transfer.limits.map(|v| v * factor);
    let position = |value: f64| bar.transfer.position(value / factor);
    let most = most.clamp(2, MOST_TICKS);
    if bar.transfer.scale == Scale::Log && vmin > 0.0 && vmax > vmin {
        let decades = decades(vmin, vmax, most);
        if decades.len() > 1 {
            let numbers = decades.into_iter().map(|(value, text)| (position(value), text)).collect();
            return Texts { heading: heading(bar, &Labels::default()), numbers };
        }
    }
    // One number alone gives no scale.
    let mut closer = (most..=2 * most).filter_map(|most| Ticks::within(vmin, vmax, most));
    let ticks = closer.clone().find(|ticks| ticks.values().len() > 1).or_else(|| closer.next());
    let Some(ticks) = ticks else {
        let numbers = vec![(0.5, scientific(vmin))];
        return Texts { heading: heading(bar, &Labels::default()), numbers };
    };
    let labels = ticks.labels(1);
    let heading = heading(bar, &labels);
    let positions = ticks.values().into_iter().map(position);
    Texts { heading, numbers: positions.zip(labels.numbers).collect() }
}

/// Powers of ten within the limits, `most` or fewer at equal distances; in less than two decades also their double and
/// fivefold.
fn decades(vmin: f64, vmax: f64, most: usize) -> Vec<(f64, String)> {
    let slack = 1e-9;
    let [first, last] = [(vmin.log10() - slack).ceil() as i32, (vmax.log10() + slack).floor() as i32];
    let within = |v: f64| v >= vmin * (1.0 - slack) && v <= vmax * (1.0 + slack);
    let stride = (last - first).max(0) / most as i32 + 1;
    let mantissas: &[f64] = if last - first < 2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let exponents = (first - 1..=last).filter(|e| (last - e) % stride == 0);
    let values = exponents.flat_map(|e| mantissas.iter().map(move |&m| (m, e)));
    let plain = mantissas.len() > 1 && vmin >= 0.01 && vmax < 1e4;
    let value = |(m, e): (f64, i32)| {
        let text = match m {
            _ if plain => (m * 10f64.powi(e)).to_string(),
            1.0 => power_of_ten(e),
            _ => format!("{m}×{}", power_of_ten(e)),
        };
        (m * 10f64.powi(e), text)
    };
    values.map(value).filter(|(v, _)| within(*v)).collect()
}

/// `density` and `(10⁻⁵/Å³)`, `(1/Å³)`, `(×10⁻⁵)` or nothing.
fn heading(bar: &Bar, labels: &Labels) -> Vec<String> {
    let name: String = match bar.name {
        Some(name) if name.chars().count() > MOST_LETTERS => {
            name.chars().take(MOST_LETTERS - 1).chain(std::iter::once('…')).collect()
        }
        name => name.unwrap_or(bar.quantity.name()).to_owned(),
    };
    let quantity = match &labels.offset {
        Some(offset) => format!("{name} {offset}"),
        None => name,
    };
    let per = bar.quantity.per(bar.unit, bar.dimensions);
    let scale = match (labels.power, per.is_empty()) {
        (0, true) if quantity.is_empty() => return Vec::new(),
        (0, true) => return vec![quantity],
        (0, false) => format!("(1{per})"),
        (power, true) => format!("(×{})", power_of_ten(power)),
        (power, false) => format!("({}{per})", power_of_ten(power)),
    };
    if quantity.is_empty() { vec![scale] } else { vec![quantity, scale] }
}

/// The second axis: at each density the share of the mass that lies above it. Shares whose densities are not shown, or
/// lie too close, are left out. The left edge of its heading, if there is one.
fn write_mass(page: &mut Page, bar: &Bar, column: &Area, left: f64) -> Option<f64> {
    let [vmin, vmax] = bar.transfer.limits;
    let shown = std::iter::zip(MASS_SHARES, &bar.mass).filter(|(_, v)| (vmin..=vmax).contains(*v));
    let numbers = shown.map(|(share, &value)| (bar.transfer.position(value), format!("{:.0} %", 100.0 * share)));
    let numbers: Vec<_> = numbers.collect();
    if numbers.is_empty() {
        return None;
    }
    // Ticks away from the bar would be read as minus signs.
    write_numbers(page, column, left, numbers, false);
    let size = page.text_size("mass", page.em);
    // On the last line of the heading.
    let bottom = page.snap(column.min.y - HEADING_AT * page.em);
    let min = DVec2::new(left + NUMBERS_AT * page.em, bottom - size.y);
    let area = Area { min, max: min + size };
    page.take(area);
    page.write("mass".into(), area, page.em);
    Some(area.min.x)
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
/// Wider headings, as the names of columns may be, begin before the bar, in em.
const WIDEST_HEADING: f64 = 6.5;
/// Names of columns are cut after so many letters.
const MOST_LETTERS: usize = 24;
/// Room for numbers of up to six digits, and for most headings, in em.
const STEADY_NUMBERS: f64 = 3.8;
/// From the opaque column to the numbers, in em.
const NUMBERS_AT: f64 = 0.6;

fn text_width(page: &mut Page, bar: &Bar, texts: &Texts) -> f64 {
    let em = page.em;
    let before = (bar.veil() + BAR + NUMBERS_AT) * em;
    let numbers = texts.numbers.iter().map(|(_, text)| before + page.text_size(text, em).x);
    let widest_number = numbers.fold(0.0, f64::max);
    let heading = texts.heading.iter().map(|line| page.text_size(line, em).x).fold(0.0, f64::max);
    let steady = if bar.steady { before + STEADY_NUMBERS * em } else { 0.0 };
    widest_number.max(heading.min(WIDEST_HEADING * em)).max(steady)
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
    draw_ends(page, &area, bar, &table);
    let row_count = page.pixels(area.size().y);
    let background = page.background.color();
    let rows = |alpha: fn(f32) -> f32| {
        let color = |row| {
            let t = row_position(bar.transfer, row, row_count);
            let [r, g, b, extinction] = table.at(t);
            let rgb = on_background(bar, background, [r, g, b], t);
            Ink { rgb, alpha: alpha(extinction) }
        };
        (0..row_count).map(color).collect()
    };
    page.front(Shape::Rows { area, inks: rows(|_| 1.0) });
    if bar.see_through {
        page.front(Shape::Rows { area: columns.veil, inks: rows(|extinction| 1.0 - (-extinction).exp()) });
    }
    for &value in bar.lines.iter().filter(|v| (bar.transfer.limits[0]..=bar.transfer.limits[1]).contains(*v)) {
        let t = bar.transfer.position(value);
        let [r, g, b, _] = table.at(t);
        let y = area.max.y - t * area.size().y;
        let ink = bar.line_color.map_or(contrast([r, g, b]), |rgb| Ink { rgb, alpha: 1.0 });
        page.line(Layer::Front, DVec2::new(area.min.x, y), DVec2::new(area.max.x, y), ink);
    }
    page.take(Area { min: columns.veil.min, max: area.max }.grown(0.7 * page.em));
}

/// The colour of a position as it is drawn on the background.
fn on_background(bar: &Bar, background: Rgb, color: Rgb, t: f64) -> Rgb {
    let Some(cover) = &bar.cover else { return color };
    let share = cover.at(t);
    std::array::from_fn(|c| background[c] + share * (color[c] - background[c]))
}

/// Black or white, whichever is seen better on a colour.
pub fn contrast(on: Rgb) -> Ink {
    Ink { rgb: Background::Color(on).foreground(), alpha: 0.85 }
}

/// Position in the table of the middle of a row, counted from the top. Where vmin is vmax all that
/// is below has the first colour and all that is above the last.
fn row_position(transfer: &TransferFunction, row: usize, row_count: usize) -> f64 {
    let t = 1.0 - (row as f64 + 0.5) / row_count as f64;
    if transfer.limits[0] < transfer.limits[1] { t } else { t.round() }
}

/// Points at the ends beyond which there are values, which take the colours of the ends, and a thin frame around all.
fn draw_ends(page: &mut Page, area: &Area, bar: &Bar, table: &LookupTable) {
    let middle = 0.5 * (area.min.x + area.max.x);
    let [below, above] = bar.goes_on.map(|on| if on { 0.6 * area.size().x } else { 0.0 });
    let outline = |grow: f64| {
        let (left, right) = (area.min.x - grow, area.max.x + grow);
        // A point is as far from what it frames as an edge.
        let edge = |tip: f64| if tip > 0.0 { 0.5 * grow } else { grow };
        let (top, bottom) = (area.min.y - edge(above), area.max.y + edge(below));
        let (tip_above, tip_below) = (area.min.y - above - 1.5 * grow, area.max.y + below + 1.5 * grow);
        let mut corners = vec![DVec2::new(left, bottom), DVec2::new(left, top)];
        corners.extend((above > 0.0).then_some(DVec2::new(middle, tip_above)));
        corners.extend([DVec2::new(right, top), DVec2::new(right, bottom)]);
        corners.extend((below > 0.0).then_some(DVec2::new(middle, tip_below)));
        corners
    };
    let frame = page.ink(0.35);
    page.front(Shape::Polygon { corners: outline(page.line), ink: frame });
    for (y, tip, t) in [(area.min.y, -above, 1.0), (area.max.y, below, 0.0)] {
        if tip != 0.0 {
            let corners = vec![DVec2::new(area.min.x, y), DVec2::new(area.max.x, y), DVec2::new(middle, y + tip)];
            let [r, g, b, _] = table.at(t);
            let rgb = on_background(bar, page.background.color(), [r, g, b], t);
            page.front(Shape::Polygon { corners, ink: Ink { rgb, alpha: 1.0 } });
        }
    }
}

/// Numbers right of `left` at their heights along the bar, from the top; none where it would stand on the one before.
/// Gives their right end.
fn write_numbers(page: &mut Page, bar: &Area, left: f64, mut numbers: Vec<(f64, String)>, ticks: bool) -> f64 {
    let em = page.em;
    numbers.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut free_from, mut right) = (f64::NEG_INFINITY, left);
    for (t, text) in numbers {
        let y = bar.max.y - t * bar.size().y;
        let size = page.text_size(&text, em);
        let min = DVec2::new(page.snap(left + NUMBERS_AT * em), page.snap(y - 0.5 * size.y));
        let area = Area { min, max: min + size };
        if min.y < free_from {
            continue;
        }
        free_from = area.max.y;
        right = right.max(area.max.x);
        if ticks {
            let start = DVec2::new(left + page.line, y);
            page.line(Layer::Front, start, start + DVec2::new(0.35 * em, 0.0), page.ink(0.6));
        }
        page.take(area);
        page.write(text, area, em);
    }
    right
}

/// Writes lines that end above the bar whose top left corner is `corner`, and begin with it where they end before `end`:
/// else all of them so far before it that the widest does.
fn write_heading(page: &mut Page, corner: DVec2, end: f64, lines: Vec<String>) {
    let em = page.em;
    let widest = lines.iter().map(|line| page.text_size(line, em).x).fold(0.0, f64::max);
    let left = corner.x.min(page.snap(end - widest));
    let mut bottom = corner.y - HEADING_AT * em;
    for line in lines.into_iter().rev() {
        let size = page.text_size(&line, em);
        let max = DVec2::new(left + size.x, page.snap(bottom));
        let area = Area { min: DVec2::new(left, max.y - size.y), max };
        bottom = area.max.y - (size.y + 0.15 * em).max(LINE * em);
        page.take(area);
        page.write(line, area, em);
    }
}
