//! The drawn box: its far edges and grid behind the density, and a scale on one outer edge an axis.

use glam::{DVec2, DVec3, Vec2Swizzles};

use super::page::Page;
use super::sides::{Edge, EdgeKind, Sides};
use super::ticks::{Labels, Ticks, power_of_ten};
use super::{Area, Layer};
use crate::geometry::LengthUnit;
use crate::scene::{Camera, Frame, Scene};

/// An axis in space has no more ticks than this.
const MOST_TICKS: usize = 6;
/// An axis of a flat picture has no more ticks than this.
const MOST_TICKS_FLAT: usize = 9;
/// Ticks are on average this many em apart or more.
const LEAST_TICK_DISTANCE: f64 = 2.4;
/// An edge that appears shorter than this many em is seen end-on and gets no scale.
const LEAST_EDGE: f64 = 1.5;
/// A short edge whose round numbers do not fit has two of so many ticks at most.
const MOST_TICKS_OF_PAIR: usize = 12;
/// Numbers keep this many em from all else.
const NUMBER_DISTANCE: f64 = 0.35;
/// Numbers at the ends of a short edge have no more characters than this.
const MOST_END_DIGITS: usize = 6;
/// Towards the lower left corner: scales stand on the outer edges that look this way.
const PREFERRED_SIDE: DVec2 = DVec2::new(-0.45, 0.89);

/// The scale of one axis. Lengths are in points.
struct Scale {
    /// 0, 1, 2 for x, y, z.
    axis: usize,
    /// Values at the ticks.
    values: Vec<f64>,
    /// Ends of the edge in the picture.
    ends: [DVec2; 2],
    /// Unit vector away from the box, perpendicular to the edge.
    outward: DVec2,
    /// Where the ticks start.
    ticks: Vec<DVec2>,
    /// Numbers that have found room.
    numbers: Vec<(String, Area)>,
    /// Name, unit, and what the numbers are to be multiplied by and added to.
    title: String,
    /// Whether the numbers are wrong without the title.
    needs_title: bool,
    /// Whether the title runs upward.
    upward: bool,
}

/// What the scales say of the axes.
struct Naming<'a> {
    names: [&'a str; 3],
    unit: Option<LengthUnit>,
    /// Whether titles beside an upright axis run along it.
    turned: bool,
    most_ticks: usize,
}

/// Draws the box with its scales.
pub fn draw(page: &mut Page, scene: &Scene, camera: Camera, frame: &Frame) {
    let sides = Sides::new(scene.focus, camera, *frame);
    let scales = scales(page, &sides, scene.focus.center(), scene.grid.unit);
    for scale in &scales {
        draw_grid(page, &sides, scale);
    }
    draw_edges(page, &sides, EdgeKind::Back, 0.28);
    draw_edges(page, &sides, EdgeKind::Outline, 0.5);
    for scale in scales {
        draw_scale(page, scale);
    }
}

/// The scales of the axes that are not seen end-on, their numbers in place. Longer edges choose first.
fn scales(page: &mut Page, sides: &Sides, center: DVec3, unit: Option<LengthUnit>) -> Vec<Scale> {
    let mut edges: Vec<Vec<(Edge, [DVec2; 2])>> = (0..3).map(|axis| outer_edges(sides, axis, page)).collect();
    edges.retain(|edges| !edges.is_empty());
    edges.sort_by(|a, b| b[0].1[0].distance(b[0].1[1]).total_cmp(&a[0].1[0].distance(a[0].1[1])));
    let naming = Naming { names: ["x", "y", "z"], unit, turned: false, most_ticks: MOST_TICKS };
    let center = sides.project(center).unwrap_or(0.5 * page.size);
    let scale_of = |edges: Vec<(Edge, [DVec2; 2])>| {
        let mut tried = edges.into_iter().map(|(edge, ends)| {
            let on_edge = |value: f64| sides.project(sides.point(edge, value));
            scale(page, edge.axis, sides.range(edge.axis), ends, center, &on_edge, &naming)
        });
        let preferred = tried.next().expect("edges that are none are left out");
        if preferred.numbers.is_empty() {
            tried.find(|s| !s.numbers.is_empty()).unwrap_or(preferred)
        } else {
            preferred
        }
    };
    edges.into_iter().map(scale_of).collect()
}

/// An axis along an edge of the picture's plane.
pub struct Ruler<'a> {
    /// Its name.
    pub name: &'a str,
    /// The values at its ends.
    pub range: [f64; 2],
    /// Where the ends stand.
    pub ends: [DVec2; 2],
}

/// Draws the scale of x below and that of y to the left of `area`.
pub fn draw_flat(page: &mut Page, area: &Area, rulers: [Ruler; 2], unit: Option<LengthUnit>) {
    let [x, y] = &rulers;
    let naming = Naming { names: [x.name, y.name, ""], unit, turned: true, most_ticks: MOST_TICKS_FLAT };
    let mut scales = Vec::new();
    for (axis, ruler) in rulers.iter().enumerate() {
        let [from, to] = ruler.ends;
        if from.distance(to) > LEAST_EDGE * page.em {
            let [low, high] = ruler.range;
            let on_edge = |value: f64| Some(from.lerp(to, (value - low) / (high - low)));
            scales.push(scale(page, axis, ruler.range, ruler.ends, area.center(), &on_edge, &naming));
        }
    }
    scales.into_iter().for_each(|scale| draw_scale(page, scale));
}

/// The edges of one kind, behind the density. Those towards the viewer are never drawn.
fn draw_edges(page: &mut Page, sides: &Sides, kind: EdgeKind, strength: f32) {
    for edge in Sides::edges().filter(|&edge| sides.kind(edge) == kind) {
        if let Some([from, to]) = sides.project_line(sides.range(edge.axis).map(|v| sides.point(edge, v))) {
            page.line(Layer::Behind, from, to, page.mixed_ink(strength));
        }
    }
}

/// Faint lines through the ticks on the far faces.
fn draw_grid(page: &mut Page, sides: &Sides, scale: &Scale) {
    for face in sides.back_faces().filter(|&(axis, _)| axis != scale.axis) {
        for &value in &scale.values {
            if let Some([from, to]) = sides.project_line(sides.line_across(face, scale.axis, value)) {
                page.line(Layer::Behind, from, to, page.mixed_ink(0.09));
            }
        }
    }
}

/// The edges of the outline along `axis` that are not seen end-on, those most to the lower left first, if the box is
/// seen from outside, and their ends in the picture.
fn outer_edges(sides: &Sides, axis: usize, page: &Page) -> Vec<(Edge, [DVec2; 2])> {
    let mut edges: Vec<(Edge, [DVec2; 2])> = Sides::edges()
        .filter(|&edge| edge.axis == axis && sides.kind(edge) == EdgeKind::Outline)
        .filter_map(|edge| {
            let [low, high] = sides.range(axis).map(|v| sides.project(sides.point(edge, v)));
            Some((edge, [low?, high?]))
        })
        .filter(|(_, [a, b])| a.distance(*b) > LEAST_EDGE * page.em)
        .collect();
    let side = |ends: &[DVec2; 2]| (ends[0] + ends[1]).dot(PREFERRED_SIDE);
    edges.sort_by(|a, b| side(&b.1).total_cmp(&side(&a.1)));
    edges
}

/// Chooses ticks and finds room for their numbers, which it takes.
fn scale(
    page: &mut Page,
    axis: usize,
    [low, high]: [f64; 2],
    ends: [DVec2; 2],
    center: DVec2,
    on_edge: &dyn Fn(f64) -> Option<DVec2>,
    naming: &Naming,
) -> Scale {
    let outward = (ends[1] - ends[0]).perp().normalize();
    let inside = center - ends[0];
    let outward = if outward.dot(inside) > 0.0 { -outward } else { outward };
    let mut scale = Scale {
        axis,
        values: Vec::new(),
        ends,
        outward,
        ticks: Vec::new(),
        numbers: Vec::new(),
        title: title(axis, naming, &Labels::default()),
        needs_title: false,
        upward: naming.turned && axis == 1,
    };
    let place = |value: f64| on_edge(value.clamp(low, high));
    let room = (ends[0].distance(ends[1]) / (LEAST_TICK_DISTANCE * page.em)) as usize;
    // Fewer and fewer until the numbers fit; more if there are too few ticks to tell anything.
    let mut counts = (2..=room.min(naming.most_ticks)).rev().chain(room + 1..=naming.most_ticks);
    let found = counts
        .any(|most| Ticks::within(low, high, most).is_some_and(|ticks| scale.number_all(page, &ticks, &place, naming)));
    // A single number tells nothing: of closer ticks the two farthest apart that find room do, regular ones if there are
    // any, and on a short edge its ends.
    let mut pair_of = |regular: bool| {
        (2..=MOST_TICKS_OF_PAIR).any(|most| {
            let ticks = Ticks::within(low, high, most);
            ticks.is_some_and(|ticks| scale.number_two(page, &ticks, &place, naming, regular))
        })
    };
    if !found && !pair_of(true) && !pair_of(false) {
        scale.number_the_ends(page, [low, high], naming);
    }
    scale.numbers.iter().for_each(|(_, area)| page.take(*area));
    scale
}

impl Scale {
    /// Where a number stands at this point of the edge.
    fn area_of(&self, page: &mut Page, point: DVec2, number: &str) -> Area {
        let size = page.text_size(number, page.em);
        beyond(page, point, self.outward, 0.7 * page.em, size)
    }

    /// Places and areas of the numbers of these ticks.
    fn laid_out(
        &self,
        page: &mut Page,
        ticks: &Ticks,
        labels: &Labels,
        place: &dyn Fn(f64) -> Option<DVec2>,
    ) -> Option<Vec<(DVec2, Area)>> {
        std::iter::zip(ticks.values(), &labels.numbers)
            .map(|(value, number)| place(value).map(|point| (point, self.area_of(page, point, number))))
            .collect()
    }

    /// Takes some of these ticks, and some of their numbers.
    fn take(&mut self, ticks: &Ticks, labels: &Labels, placed: &[(DVec2, Area)], [ticked, numbered]: [&[usize]; 2]) {
        let values = ticks.values();
        self.values = ticked.iter().map(|i| values[*i]).collect();
        self.ticks = ticked.iter().map(|i| placed[*i].0).collect();
        self.numbers = numbered.iter().map(|i| (labels.numbers[*i].clone(), placed[*i].1)).collect();
    }

    /// Numbers the ticks that find room, if no two would touch and two or more do.
    fn number_all(
        &mut self,
        page: &mut Page,
        ticks: &Ticks,
        place: &dyn Fn(f64) -> Option<DVec2>,
        naming: &Naming,
    ) -> bool {
        let labels = ticks.labels(3);
        let Some(placed) = self.laid_out(page, ticks, &labels, place) else { return false };
        if placed.windows(2).any(|w| touch(page, &w[0].1, &w[1].1)) {
            return false;
        }
        // In a corner of a flat picture the numbers of both axes have room.
        let distance = if naming.turned { 0.05 } else { NUMBER_DISTANCE };
        let free: Vec<usize> = (0..placed.len()).filter(|&i| page.is_free_by(&placed[i].1, distance)).collect();
        if free.len() < 2 {
            return false;
        }
        let all: Vec<usize> = (0..placed.len()).collect();
        self.take(ticks, &labels, &placed, [&all, &free]);
        self.name(&labels, naming);
        true
    }

    /// Numbers the two of these ticks that lie farthest apart of those that find room; only such as are regular without
    /// those in between, if asked for.
    fn number_two(
        &mut self,
        page: &mut Page,
        ticks: &Ticks,
        place: &dyn Fn(f64) -> Option<DVec2>,
        naming: &Naming,
        regular: bool,
    ) -> bool {
        let labels = ticks.labels(3);
        let Some(placed) = self.laid_out(page, ticks, &labels, place) else { return false };
        let free: Vec<usize> = (0..placed.len()).filter(|&i| page.is_free_by(&placed[i].1, NUMBER_DISTANCE)).collect();
        let pairs = free.iter().flat_map(|&a| free.iter().filter(move |&&b| b > a).map(move |&b| [a, b]));
        let fitting =
            pairs.filter(|&[a, b]| (!regular || ticks.are_regular(a, b)) && !touch(page, &placed[a].1, &placed[b].1));
        let Some(pair) = fitting.max_by_key(|[a, b]| b - a) else { return false };
        self.take(ticks, &labels, &placed, [&pair; 2]);
        self.name(&labels, naming);
        true
    }

    /// Writes the values at the two ends of an edge too short for round numbers, if both find room.
    fn number_the_ends(&mut self, page: &mut Page, values: [f64; 2], naming: &Naming) {
        let decimals = (1.0 - (values[1] - values[0]).log10().floor()).clamp(0.0, 6.0) as usize;
        let numbers = values.map(|v| format!("{v:.decimals$}").replace('-', "−"));
        if numbers.iter().any(|n| n.chars().count() > MOST_END_DIGITS) {
            return;
        }
        let areas: Vec<Area> =
            std::iter::zip(self.ends, &numbers).map(|(end, number)| self.area_of(page, end, number)).collect();
        if areas.iter().all(|area| page.is_free(area)) && !areas[0].grown(0.1 * page.em).overlaps(&areas[1]) {
            self.ticks = self.ends.to_vec();
            self.values = values.to_vec();
            self.numbers = std::iter::zip(numbers, areas).collect();
            self.name(&Labels::default(), naming);
        }
    }

    fn name(&mut self, labels: &Labels, naming: &Naming) {
        self.title = title(self.axis, naming, labels);
        self.needs_title = labels.power != 0 || labels.offset.is_some();
    }
}

/// Whether two numbers of one axis would stand too close together.
fn touch(page: &Page, a: &Area, b: &Area) -> bool {
    let gap = 0.3 * page.em;
    a.grown(gap).overlaps(&b.grown(gap))
}

/// `x (10³ nm)`, `x − 1000 (nm)`, `x (×10³)` or `x`.
fn title(axis: usize, naming: &Naming, labels: &Labels) -> String {
    let mut title = naming.names[axis].to_owned();
    if let Some(offset) = &labels.offset {
        title += &format!(" {offset}");
    }
    match (labels.power, naming.unit) {
        (0, None) => title,
        (0, Some(unit)) => format!("{title} ({unit})"),
        (power, None) => format!("{title} (×{})", power_of_ten(power)),
        (power, Some(unit)) => format!("{title} ({} {unit})", power_of_ten(power)),
    }
}

/// The area of this size that lies wholly beyond `distance` from `point` in the direction `outward`.
fn beyond(page: &Page, point: DVec2, outward: DVec2, distance: f64, size: DVec2) -> Area {
    let reach = 0.5 * size.dot(outward.abs());
    let area = Area::around(point + outward * (distance + reach), size);
    let min = DVec2::new(page.snap(area.min.x), page.snap(area.min.y));
    Area { min, max: min + size }
}

/// Finds room for the title and draws the scale.
fn draw_scale(page: &mut Page, mut scale: Scale) {
    let [from, to] = scale.ends;
    let farthest = |area: &Area| {
        let corners = [area.min, area.max, DVec2::new(area.min.x, area.max.y), DVec2::new(area.max.x, area.min.y)];
        corners.iter().map(|c| (*c - from).dot(scale.outward)).fold(0.0, f64::max)
    };
    let depth = scale.numbers.iter().map(|(_, area)| farthest(area)).fold(0.5 * page.em, f64::max);
    let size = page.text_size(&scale.title, page.em);
    let size = if scale.upward { size.yx() } else { size };
    let beside = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82]
        .map(|share| beyond(page, from.lerp(to, share), scale.outward, depth + 0.5 * page.em, size));
    let along = (to - from).normalize();
    let past_ends = [(to, along), (from, -along)]
        .map(|(end, way)| beyond(page, end, (scale.outward + way).normalize(), 0.7 * page.em, size));
    let title = beside.into_iter().chain(past_ends).find(|area| page.is_free(area));
    if title.is_none() && scale.needs_title {
        scale.numbers.drain(..).for_each(|(_, area)| page.release(&area));
    }
    let (tick_ink, length) = (page.ink(0.6), 0.4 * page.em);
    for tick in scale.ticks {
        let start = tick + scale.outward * 0.5 * page.line;
        page.line(Layer::Front, start, tick + scale.outward * length, tick_ink);
    }
    let em = page.em;
    for (number, area) in scale.numbers {
        page.write(number, area, em);
    }
    if let Some(area) = title {
        page.take(area);
        if scale.upward {
            page.write_upward(scale.title, area, em);
        } else {
            page.write(scale.title, area, em);
        }
    }
}

#[cfg(test)]
mod tests;
