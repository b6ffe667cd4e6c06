//! The scale bar: a round length in the unit of the data, in the lower left corner.
//!
//! It has the scale of the plane through the camera's target. In a perspective picture what is nearer
//! is larger and what is farther is smaller than the bar says; `--ortho` makes it right everywhere.

use glam::DVec2;

use super::legend_box::corners;
use super::page::Page;
use super::ticks::round_length;
use super::{Area, Shape};
use crate::geometry::LengthUnit;
use crate::scene::{Camera, Corner};

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
    let whole = Area { min: DVec2::ZERO, max: page.size };
    let points_per_length = page.size.y / camera.visible_height_at_target();
    let Some(bar) = ScaleBar::new(page, points_per_length, unit, &whole, Corner::LowerLeft) else { return };
    if page.is_free(&bar.bar) && page.is_free(&bar.written) {
        bar.draw(page);
    }
}

/// Draws the bar in a lower corner of a flat picture that covers `area`, on a ground of its own: to the left, or to the
/// right where `taken` leaves no room. Its ground; none, and nothing is drawn, where there is no room.
pub fn draw_in(
    page: &mut Page,
    points_per_length: f64,
    unit: Option<LengthUnit>,
    area: Area,
    taken: Option<Area>,
) -> Option<Area> {
    let is_free = |ground: &Area| area.contains(ground) && !taken.is_some_and(|t| t.overlaps(ground));
    for corner in [Corner::LowerLeft, Corner::LowerRight] {
        let bar = ScaleBar::new(page, points_per_length, unit, &area, corner)?;
        let ground = bar.around().grown(0.5 * page.em);
        if is_free(&ground) {
            let ink = page.ground(0.75);
            page.front(Shape::Polygon { corners: corners(&ground), ink });
            bar.draw(page);
            return Some(ground);
        }
    }
    None
}

struct ScaleBar {
    bar: Area,
    label: String,
    written: Area,
}

impl ScaleBar {
    /// The bar in a lower corner of `area`; `None` if there is none.
    fn new(
        page: &mut Page,
        points_per_length: f64,
        unit: Option<LengthUnit>,
        area: &Area,
        corner: Corner,
    ) -> Option<Self> {
        let (length, number) = round_length(SHARE_OF_WIDTH * area.size().x / points_per_length)?;
        let label = unit.map_or(number.clone(), |unit| format!("{number} {unit}"));
        let em = page.em;
        let size = DVec2::new(length * points_per_length, THICKNESS * em);
        let text = page.text_size(&label, em);
        let left = match corner.is_left() {
            true => area.min.x + MARGIN * em,
            false => area.max.x - MARGIN * em - text.x - GAP * em - size.x,
        };
        let left = page.snap(left);
        let middle = area.max.y - MARGIN * em - 0.5 * text.y;
        let thickness = page.snap(size.y).max(page.line);
        let top = page.snap(middle - 0.5 * thickness);
        let bar = Area { min: DVec2::new(left, top), max: DVec2::new(left + size.x, top + thickness) };
        let start = DVec2::new(page.snap(bar.max.x + GAP * em), page.snap(middle - 0.5 * text.y));
        let written = Area { min: start, max: start + text };
        (size.x >= LEAST_LENGTH * em).then_some(Self { bar, label, written })
    }

    /// All that it covers.
    fn around(&self) -> Area {
        let (a, b) = (&self.bar, &self.written);
        Area { min: a.min.min(b.min), max: a.max.max(b.max) }
    }

    fn draw(self, page: &mut Page) {
        let ink = page.letter_ink();
        page.front(Shape::Polygon { corners: corners(&self.bar), ink });
        page.take(self.bar);
        page.take(self.written);
        let em = page.em;
        page.write(self.label, self.written, em);
    }
}
