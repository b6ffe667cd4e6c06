//! Where a heat map stands in its picture, and what is drawn and written around it.

use glam::DVec2;

use super::axes::Ruler;
use super::colorbar::{Bar, MASS_SHARES};
use super::page::Page;
use super::{Area, Layer, Mark, axes, colorbar, contours, scalebar, title};
use crate::scene::{Aspect, Frame, HeatmapScene};

/// Room in em for the numbers and the title of the axis to the left of the picture, and below it.
pub const LEFT: f64 = 6.2;
pub const BELOW: f64 = 4.2;
/// Room in em for the colour bar.
const BAR: f64 = 8.5;
/// Free on a side without anything, in em.
pub const FREE: f64 = 1.6;
/// No side takes more than this share of the picture.
pub const MOST_SHARE: f64 = 0.3;

/// Where the values stand: whole pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeatmapLayout {
    /// First pixel to the right and downward, from the top left corner of the picture.
    pub first: [u32; 2],
    /// Number of pixels.
    pub pixels: [u32; 2],
    /// Width and height of a pixel in the unit of the data.
    pub pixel: DVec2,
    /// The place of the plane in the left and lower edge, or where y grows downward the upper edge, of these pixels.
    pub corner: DVec2,
    /// Whether y grows downward.
    pub y_downward: bool,
}

impl HeatmapLayout {
    /// The place of the plane in the middle of a pixel, counted from the first, downward.
    pub fn place(&self, [i, j]: [u32; 2]) -> DVec2 {
        let row = if self.y_downward { f64::from(j) + 0.5 } else { f64::from(self.pixels[1]) - f64::from(j) - 0.5 };
        self.corner + DVec2::new(f64::from(i) + 0.5, row) * self.pixel
    }

    /// In points.
    pub(super) fn area(&self, frame: &Frame) -> Area {
        let corner = |x: u32, y: u32| DVec2::new(f64::from(x), f64::from(y)) / frame.scale_factor;
        let [[left, top], [width, height]] = [self.first, self.pixels];
        Area { min: corner(left, top), max: corner(left + width, top + height) }
    }

    /// The place of the plane at a point: what [`HeatmapLayout::point`] undoes.
    pub(super) fn place_of(&self, point: DVec2, frame: &Frame) -> DVec2 {
        let [first, pixels] = [self.first, self.pixels].map(|p| DVec2::new(f64::from(p[0]), f64::from(p[1])));
        let at = point * frame.scale_factor - first;
        self.corner + DVec2::new(at.x, if self.y_downward { at.y } else { pixels.y - at.y }) * self.pixel
    }

    /// Where a place of the plane stands, in points.
    pub(super) fn point(&self, place: DVec2, frame: &Frame) -> DVec2 {
        let [first, pixels] = [self.first, self.pixels].map(|p| DVec2::new(f64::from(p[0]), f64::from(p[1])));
        let at = (place - self.corner) / self.pixel;
        let row = if self.y_downward { at.y } else { pixels.y - at.y };
        (first + DVec2::new(at.x, row)) / frame.scale_factor
    }
}

/// The marks of a heat map.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatmapMarks {
    /// Those of the title, which alone changes in most animations.
    pub title: Vec<Mark>,
    /// Those beside the map.
    pub beside: Vec<Mark>,
    /// Those on the map.
    pub on_map: Vec<Mark>,
    /// Where the map stands.
    pub layout: HeatmapLayout,
}

/// Where the heat map stands: as large as annotations leave room for.
pub fn heatmap_layout(scene: &HeatmapScene, frame: &Frame) -> HeatmapLayout {
    let mut page = Page::new(scene.background, scene.foreground(), frame);
    let top = title::draw(&mut page, &scene.annotations);
    layout(&page, scene, frame, top)
}

fn layout(page: &Page, scene: &HeatmapScene, frame: &Frame, top: f64) -> HeatmapLayout {
    let room = room(page, scene, top);
    // In pixels, the edges on whole ones.
    let min = (room.min * frame.scale_factor).ceil();
    let most = ((room.max * frame.scale_factor).floor() - min).max(DVec2::ONE);
    let [from, to] = scene.shown();
    let size = to - from;
    let shape = match scene.aspect {
        Aspect::Equal => size,
        Aspect::Ratio(ratio) => size * DVec2::new(1.0, ratio),
        Aspect::Fill => most,
    };
    let scale = (most / shape).min_element();
    // Equal but for the rounding of the shorter side to whole pixels.
    let pixels = (shape * scale).round().clamp(DVec2::ONE, most);
    let pixel = match scene.aspect {
        Aspect::Equal => DVec2::splat((size / pixels)[if most.x / size.x <= most.y / size.y { 0 } else { 1 }]),
        Aspect::Ratio(_) | Aspect::Fill => size / pixels,
    };
    let first = (min + 0.5 * (most - pixels)).floor().max(DVec2::ZERO);
    let whole = |v: DVec2| [v.x as u32, v.y as u32];
    HeatmapLayout { first: whole(first), pixels: whole(pixels), pixel, corner: from, y_downward: scene.y_downward }
}

/// What the title, the numbers and the bar leave of the picture.
fn room(page: &Page, scene: &HeatmapScene, top: f64) -> Area {
    let a = &scene.annotations;
    if !a.axes && !a.colorbar && top == 0.0 {
        return Area { min: DVec2::ZERO, max: page.size };
    }
    let side = |on: bool, em: f64| if on { em } else { FREE } * page.em;
    let most = MOST_SHARE * page.size;
    let bar = BAR + if a.mass_axis { colorbar::MASS_ROOM } else { 0.0 };
    let right = if a.colorbar { (bar * page.em).min(most.x) } else { FREE * page.em };
    Area {
        min: DVec2::new(side(a.axes, LEFT), top + FREE * page.em).min(most),
        max: page.size - DVec2::new(right, side(a.axes, BELOW)).min(most),
    }
}

/// Where the name of each contour stands in a picture of this size, as the place of the plane in its middle; none of one
/// whose name has no room.
pub fn contour_names(scene: &HeatmapScene, frame: &Frame) -> Vec<Option<DVec2>> {
    let Some(contours) = &scene.contours else { return Vec::new() };
    let mut page = Page::new(scene.background, scene.foreground(), frame);
    let top = title::draw(&mut page, &scene.annotations);
    let layout = layout(&page, scene, frame, top);
    let lines = contours::lines(scene, contours);
    let legend = contours::legend(&mut page, scene, contours, &lines, &layout.area(frame));
    let taken = legend.into_iter().collect();
    let placed = contours::placed(&mut page, scene, contours, &lines, &layout, frame, taken);
    placed.iter().map(|(_, name)| name.map(|area| layout.place_of(area.center(), frame))).collect()
}

/// The marks of a heat map. Text never overlaps text and never leaves the picture: what does not fit is left out.
pub fn annotate_heatmap(scene: &HeatmapScene, frame: &Frame) -> HeatmapMarks {
    let mut page = Page::new(scene.background, scene.foreground(), frame);
    let top = title::draw(&mut page, &scene.annotations);
    let layout = layout(&page, scene, frame, top);
    let area = layout.area(frame);
    title::put_above(&mut page, &area, FREE);
    let title = std::mem::take(&mut page.marks);
    page.take(area);
    // Legend and scale bar stand over the lines, whose names keep off them.
    let contours = scene.contours.as_ref().map(|contours| (contours, contours::lines(scene, contours)));
    let legend = contours.as_ref().and_then(|(of, lines)| contours::legend(&mut page, scene, of, lines, &area));
    let scale = 1.0 / (layout.pixel.x * frame.scale_factor);
    let scale_bar = scene.has_scale_bar().then(|| scalebar::draw_in(&mut page, scale, scene.grid.unit(), area, legend));
    let over = std::mem::take(&mut page.marks);
    if let Some((contours, lines)) = &contours {
        let taken = legend.into_iter().chain(scale_bar.flatten()).collect();
        contours::draw(&mut page, scene, contours, lines, &layout, frame, taken);
    }
    page.marks.extend(over);
    let on_map = std::mem::take(&mut page.marks);
    if scene.annotations.colorbar {
        draw_bar(&mut page, scene, area, top);
    }
    if scene.annotations.axes {
        draw_frame(&mut page, &area);
        axes::draw_flat(&mut page, &area, rulers(scene, &layout, &area), scene.grid.unit());
    }
    HeatmapMarks { title, beside: page.marks, on_map, layout }
}

impl HeatmapMarks {
    /// All of them.
    pub fn all(self) -> Vec<Mark> {
        [self.title, self.beside, self.on_map].concat()
    }
}

fn draw_bar(page: &mut Page, scene: &HeatmapScene, area: Area, top: f64) {
    let layer = scene.grid.layer();
    let bar = Bar::new(&scene.transfer, scene.grid.unit(), &scene.annotations);
    let goes_on = scene.goes_on();
    let mass = if scene.annotations.mass_axis { layer.levels_enclosing(&MASS_SHARES) } else { Vec::new() };
    let lines = scene.levels_of_contours();
    let line_color = scene.contours.as_ref().and_then(|contours| contours.color);
    let bar = Bar { dimensions: 2, see_through: false, beside: Some(area), goes_on, mass, lines, line_color, ..bar };
    colorbar::draw(page, &bar, [top, page.size.y]);
}

/// The axes along the lower and the left edge.
fn rulers<'a>(scene: &'a HeatmapScene, layout: &HeatmapLayout, area: &Area) -> [Ruler<'a>; 2] {
    let [x, y] = &scene.axes;
    let from = layout.corner;
    let to = from + layout.pixel * DVec2::new(f64::from(layout.pixels[0]), f64::from(layout.pixels[1]));
    let (lower_left, upper_left) = (DVec2::new(area.min.x, area.max.y), area.min);
    let upward = if layout.y_downward { [upper_left, lower_left] } else { [lower_left, upper_left] };
    [
        Ruler { name: x, range: [from.x, to.x], ends: [lower_left, area.max] },
        Ruler { name: y, range: [from.y, to.y], ends: upward },
    ]
}

/// Lines just outside the picture.
pub fn draw_frame(page: &mut Page, area: &Area) {
    let outside = area.grown(0.5 * page.line);
    let (a, b) = (outside.min, outside.max);
    let ink = page.mixed_ink(0.6);
    let half = DVec2::new(0.5 * page.line, 0.0);
    for y in [a.y, b.y] {
        page.line(Layer::Front, DVec2::new(a.x, y) - half, DVec2::new(b.x, y) + half, ink);
    }
    for x in [a.x, b.x] {
        page.line(Layer::Front, DVec2::new(x, area.min.y), DVec2::new(x, area.max.y), ink);
    }
}
