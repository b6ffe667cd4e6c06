//! The scale bar: a round length in the unit of the data, in the lower left corner.
//!
//! It has the scale of the plane through the camera's target. In a perspective picture what is nearer
//! is larger and what is farther is smaller than the bar says; `--ortho` makes it right everywhere.

use glam::DVec2;

use super::page::Page;
use super::ticks::round_length;
use super::{Area, Shape};
use crate::geometry::LengthUnit;
use crate::scene::Camera;

/// The bar is this share of the picture's width or somewhat shorter.
const SHARE_OF_WIDTH: f64 = 0.2;
/// A bar shorter than this many em is left out.
const LEAST_LENGTH: f64 = 1.0;
/// Distance from the edges of the picture, in em.
const MARGIN: f64 = 1.2;
/// Thickness, in em.
const THICKNESS: f64 = 0.28;
/// From the bar to its label, in em.
const GAP: f64 = 0.5;

/// Height that the bar takes at the bottom of a picture, in em.
pub const ROOM: f64 = 2.5;

/// Draws the bar with its label to the right; nothing where there is no room.
pub fn draw(page: &mut Page, camera: Camera, unit: Option<LengthUnit>) {
    let points_per_length = page.size.y / camera.visible_height_at_target();
    let Some((length, number)) = round_length(SHARE_OF_WIDTH * page.size.x / points_per_length) else { return };
    let label = unit.map_or(number.clone(), |unit| format!("{number} {unit}"));
    let em = page.em;
    let size = DVec2::new(length * points_per_length, THICKNESS * em);
    let text = page.text_size(&label, em);
    let left = page.snap(MARGIN * em);
    let middle = page.size.y - MARGIN * em - 0.5 * text.y;
    let thickness = page.snap(size.y).max(page.line);
    let top = page.snap(middle - 0.5 * thickness);
    let bar = Area { min: DVec2::new(left, top), max: DVec2::new(left + size.x, top + thickness) };
    let start = DVec2::new(page.snap(bar.max.x + GAP * em), page.snap(middle - 0.5 * text.y));
    let written = Area { min: start, max: start + text };
    if size.x < LEAST_LENGTH * em || !page.is_free(&bar) || !page.is_free(&written) {
        return;
    }
    let ink = page.letter_ink();
    let [a, b] = [bar.min, bar.max];
    let corners = vec![a, DVec2::new(b.x, a.y), b, DVec2::new(a.x, b.y)];
    page.front(Shape::Polygon { corners, ink });
    page.take(bar);
    page.take(written);
    page.write(label, written, em);
}
