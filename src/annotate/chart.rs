//! Where a chart stands in its picture, and the marks of what it shows.

use glam::DVec2;

use super::axes::Ruler;
use super::heatmap::{BELOW, FREE, LEFT, MOST_SHARE, draw_frame};
use super::page::Page;
use super::{Area, Ink, Layer, Mark, Shape, axes, legend_box, title};
use crate::scene::{Annotations, Aspect, Chart, Corner, Frame, Item, ItemShape};

/// The marks of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartMarks {
    /// First pixel of the part within the axes, and how many there are, to the right and downward.
    pub inside: [[u32; 2]; 2],
    /// What is drawn there, cut off at its edges: for each thing of the chart its marks, or the area of its picture.
    pub things: Vec<Thing>,
    /// What is drawn over all.
    pub around: Vec<Mark>,
}

/// What is drawn of a thing in a chart.
#[derive(Debug, Clone, PartialEq)]
pub enum Thing {
    /// Marks.
    Marks(Vec<Mark>),
    /// A picture in this area, in points.
    Picture(Area),
}

/// Places to points of the picture.
struct Places {
    shown: [[f64; 2]; 2],
    area: Area,
    downward: bool,
}

impl Places {
    fn point(&self, at: [f64; 2]) -> DVec2 {
        let share = |axis: usize| (at[axis] - self.shown[axis][0]) / (self.shown[axis][1] - self.shown[axis][0]);
        let (x, y) = (share(0), share(1));
        let y = if self.downward { y } else { 1.0 - y };
        // Far beyond the picture is as good as infinitely far, and can be drawn.
        let share = DVec2::new(x, y).clamp(DVec2::splat(-FAR), DVec2::splat(FAR));
        self.area.min + share * self.area.size()
    }
}

/// Places further than this many times the axes' length away are moved nearer.
const FAR: f64 = 1e3;
/// The marks of a chart in a picture.
pub fn annotate_chart(chart: &Chart, frame: &Frame) -> ChartMarks {
    let mut page = Page::new(chart.background, chart.letter_color(), frame);
    let annotations = Annotations { title: chart.title.clone(), ..Annotations::default() };
    let top = title::draw(&mut page, &annotations);
    let inside = inside(&page, chart, frame, top);
    let corner = |[x, y]: [u32; 2]| DVec2::new(f64::from(x), f64::from(y)) / frame.scale_factor;
    let [first, pixels] = inside;
    let area = Area { min: corner(first), max: corner([first[0] + pixels[0], first[1] + pixels[1]]) };
    title::put_above(&mut page, &area, FREE);
    let mut title = std::mem::take(&mut page.marks);
    let places = Places { shown: chart.shown(), area, downward: chart.y_downward };
    let things = chart.items.iter().map(|item| thing(&mut page, item, &places)).collect();
    page.take(area);
    if chart.axes {
        draw_frame(&mut page, &area);
        draw_axes(&mut page, chart, &places);
    }
    draw_legend(&mut page, chart, &area);
    title.append(&mut page.marks);
    ChartMarks { inside, things, around: title }
}

/// The pixels within the axes.
fn inside(page: &Page, chart: &Chart, frame: &Frame, top: f64) -> [[u32; 2]; 2] {
    let most = MOST_SHARE * page.size;
    let named = |axis: usize| if chart.labels[axis].is_empty() { 1.6 } else { 0.0 };
    let side = |em: f64| if chart.axes { em } else { FREE } * page.em;
    let bare = !chart.axes && top == 0.0;
    let (min, max) = match bare {
        true => (DVec2::ZERO, page.size),
        false => (
            DVec2::new(side(LEFT - named(1)), top + FREE * page.em).min(most),
            page.size - DVec2::new(FREE * page.em, side(BELOW - named(0))).min(most),
        ),
    };
    let min = (min * frame.scale_factor).ceil();
    let room = ((max * frame.scale_factor).floor() - min).max(DVec2::ONE);
    let [x, y] = chart.shown();
    let size = DVec2::new(x[1] - x[0], y[1] - y[0]).abs();
    let shape = match chart.aspect {
        Aspect::Fill => room,
        Aspect::Equal => size,
        Aspect::Ratio(ratio) => size * DVec2::new(1.0, ratio),
    };
    let pixels = (shape * (room / shape).min_element()).round().clamp(DVec2::ONE, room);
    let first = (min + 0.5 * (room - pixels)).floor().max(DVec2::ZERO);
    [first, pixels].map(|v| [v.x as u32, v.y as u32])
}

fn draw_axes(page: &mut Page, chart: &Chart, places: &Places) {
    let area = places.area;
    let (lower_left, upper_left) = (DVec2::new(area.min.x, area.max.y), area.min);
    let upward = if places.downward { [upper_left, lower_left] } else { [lower_left, upper_left] };
    let [x, y] = &chart.labels;
    let rulers = [
        Ruler { name: x, range: places.shown[0], ends: [lower_left, area.max] },
        Ruler { name: y, range: places.shown[1], ends: upward },
    ];
    axes::draw_flat(page, &area, rulers, None);
}

fn thing(page: &mut Page, item: &Item, places: &Places) -> Thing {
    let ink = Ink { rgb: item.color, alpha: item.alpha };
    let front = |shape| Mark { layer: Layer::Front, shape };
    let is_finite = |at: &[f64; 2]| at.iter().all(|v| v.is_finite());
    Thing::Marks(match &item.shape {
        ItemShape::Image { area: [x, y], .. } => {
            let (a, b) = (places.point([x[0], y[0]]), places.point([x[1], y[1]]));
            return Thing::Picture(Area { min: a.min(b), max: a.max(b) });
        }
        ItemShape::Line(points) => {
            let parts = points.split(|p| !is_finite(p)).filter(|part| part.len() > 1);
            let path = |part: &[[f64; 2]]| {
                let points = part.iter().map(|p| places.point(*p)).collect();
                front(Shape::Path { points, closed: false, width: item.width, ink })
            };
            parts.map(path).collect()
        }
        ItemShape::Scatter(points) => {
            let disc = |p: &[f64; 2]| front(Shape::Disc { center: places.point(*p), radius: 0.5 * item.width, ink });
            points.iter().filter(|p| is_finite(p)).map(disc).collect()
        }
        ItemShape::Band(heights) => {
            let parts = heights.split(|h| h.iter().any(|v| !v.is_finite())).filter(|part| part.len() > 1);
            let line = |part: &[[f64; 3]], k: usize| part.iter().map(|h| places.point([h[0], h[k]])).collect();
            parts.map(|part| front(Shape::Band { upper: line(part, 2), lower: line(part, 1), ink })).collect()
        }
        ItemShape::Text(at, text) if is_finite(at) => {
            let area = Area::around(places.point(*at), page.text_size(text, page.em));
            let area = Area { min: DVec2::new(page.snap(area.min.x), page.snap(area.min.y)), ..area };
            vec![front(Shape::Text { text: text.clone(), area, font_size: page.em, upward: false, ink })]
        }
        ItemShape::Text(..) => Vec::new(),
    })
}

/// Names with samples in the upper right corner of the axes.
fn draw_legend(page: &mut Page, chart: &Chart, area: &Area) {
    let named: Vec<&Item> = chart.items.iter().filter(|item| item.label.is_some()).collect();
    let names: Vec<String> = named.iter().filter_map(|item| item.label.clone()).collect();
    legend_box::draw(page, area, Corner::UpperRight, &names, |page, k, ends| draw_sample(page, named[k], ends));
}

fn draw_sample(page: &mut Page, item: &Item, [left, right]: [DVec2; 2]) {
    let ink = Ink { rgb: item.color, alpha: item.alpha };
    match item.shape {
        ItemShape::Scatter(_) => {
            let center = 0.5 * (left + right);
            page.front(Shape::Disc { center, radius: 0.5 * item.width.min(page.em), ink });
        }
        ItemShape::Band(_) => {
            let half = DVec2::new(0.0, 0.35 * page.em);
            let area = Area { min: left - half, max: right + half };
            page.front(Shape::Polygon { corners: legend_box::corners(&area), ink });
        }
        _ => page.front(Shape::Line { from: left, to: right, width: item.width, ink }),
    }
}
