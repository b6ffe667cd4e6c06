//! Where a heat map stands in its picture, and what is drawn and written around it.

use glam::{DVec2, DVec3};

use super::colorbar::{Bar, MASS_SHARES};
use super::page::Page;
use super::{Area, Layer, Mark, axes, colorbar, scalebar, title};
use crate::geometry::Box3;
use crate::scene::{Camera, Frame, HeatmapScene, Projection};

/// Room in em for the numbers and the title of the axis to the left of the picture, and below it.
const LEFT: f64 = 6.2;
const BELOW: f64 = 4.2;
/// Room in em for the colour bar.
const BAR: f64 = 8.5;
/// Free on a side without anything, in em.
const FREE: f64 = 1.6;
/// No side takes more than this share of the picture.
const MOST_SHARE: f64 = 0.3;

/// Where the values stand: whole pixels, a pixel as wide as it is high in the unit of length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeatmapLayout {
    /// First pixel to the right and downward, from the top left corner of the picture.
    pub first: [u32; 2],
    /// Number of pixels.
    pub pixels: [u32; 2],
    /// Side of a pixel in the unit of length.
    pub pixel: f64,
}

impl HeatmapLayout {
    /// The place of the middle of a pixel (from the first, downward), counted from node (0, 0).
    pub fn from_origin(&self, pixel: [u32; 2]) -> DVec2 {
        let [i, j] = pixel.map(f64::from);
        DVec2::new(i + 0.5, f64::from(self.pixels[1]) - j - 0.5) * self.pixel
    }

    /// In points.
    fn area(&self, frame: &Frame) -> Area {
        let corner = |x: u32, y: u32| DVec2::new(f64::from(x), f64::from(y)) / frame.scale_factor;
        let [[left, top], [width, height]] = [self.first, self.pixels];
        Area { min: corner(left, top), max: corner(left + width, top + height) }
    }
}

/// Where the heat map stands: as large as annotations leave room for.
pub fn heatmap_layout(scene: &HeatmapScene, frame: &Frame) -> HeatmapLayout {
    let mut page = Page::new(scene.background, scene.foreground(), frame);
    let top = title::draw(&mut page, &scene.annotations);
    let room = room(&page, scene, top);
    // In pixels, the edges on whole ones.
    let min = (room.min * frame.scale_factor).ceil();
    let most = ((room.max * frame.scale_factor).floor() - min).max(DVec2::ONE);
    let size = scene.grid.size();
    let scale = (most / size).min_element();
    // Equal but for the rounding of the shorter side to whole pixels.
    let pixels = (size * scale).round().clamp(DVec2::ONE, most);
    let pixel = (size / pixels)[if most.x / size.x <= most.y / size.y { 0 } else { 1 }];
    let first = (min + 0.5 * (most - pixels)).floor().max(DVec2::ZERO);
    let whole = |v: DVec2| [v.x as u32, v.y as u32];
    HeatmapLayout { first: whole(first), pixels: whole(pixels), pixel }
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

/// The marks of a heat map. Text never overlaps text and never leaves the picture: what does not fit is left out.
pub fn annotate_heatmap(scene: &HeatmapScene, frame: &Frame) -> Vec<Mark> {
    let layout = heatmap_layout(scene, frame);
    let mut page = Page::new(scene.background, scene.foreground(), frame);
    let top = title::draw(&mut page, &scene.annotations);
    let area = layout.area(frame);
    page.take(area);
    if scene.annotations.colorbar {
        let layer = scene.grid.layer();
        let bar = Bar::new(&scene.transfer, scene.grid.unit(), &scene.annotations);
        let (values, [vmin, vmax]) = (layer.statistics(), scene.transfer.limits);
        let goes_on = [values.min < vmin, values.max > vmax];
        let mass = if scene.annotations.mass_axis { layer.levels_enclosing(&MASS_SHARES) } else { Vec::new() };
        let bar = Bar { dimensions: 2, see_through: false, beside: Some(area), goes_on, mass, ..bar };
        colorbar::draw(&mut page, &bar, top);
    }
    if scene.annotations.scale_bar {
        let plane = camera(scene, &layout, frame);
        scalebar::draw_in(&mut page, plane, scene.grid.unit(), area);
    }
    if scene.annotations.axes {
        draw_frame(&mut page, &area);
        let (bounds, camera) = (bounds(scene, &layout), camera(scene, &layout, frame));
        axes::draw_flat(&mut page, bounds, camera, frame, scene.axes, scene.grid.unit());
    }
    page.marks
}

/// Lines just outside the picture.
fn draw_frame(page: &mut Page, area: &Area) {
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

/// The part of the plane that the pixels show.
fn bounds(scene: &HeatmapScene, layout: &HeatmapLayout) -> Box3 {
    let min = scene.grid.origin();
    let [x, y] = layout.pixels.map(|n| f64::from(n) * layout.pixel);
    Box3 { min: min.extend(0.0), max: (min + DVec2::new(x, y)).extend(0.0) }
}

/// The parallel camera above the plane that sees it so.
fn camera(scene: &HeatmapScene, layout: &HeatmapLayout, frame: &Frame) -> Camera {
    let bounds = bounds(scene, layout);
    let target = bounds.center();
    let [[left, top], [width, height]] = [layout.first, layout.pixels].map(|p| p.map(f64::from));
    let [picture_width, picture_height] = frame.size.map(f64::from);
    let middle = DVec2::new(left + 0.5 * width, top + 0.5 * height);
    let from_middle = middle - 0.5 * DVec2::new(picture_width, picture_height);
    Camera {
        position: target + DVec3::Z * bounds.diagonal(),
        target,
        up: DVec3::Y,
        projection: Projection::Orthographic { visible_height: picture_height * layout.pixel },
        shift: from_middle * DVec2::new(1.0, -1.0) / picture_height,
    }
}
