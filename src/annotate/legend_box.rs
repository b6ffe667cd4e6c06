//! A legend on a ground of its own, in a corner within the axes: names with samples of what they name.

use glam::DVec2;

use super::page::Page;
use super::{Area, Shape};
use crate::scene::Corner;

/// From the edge of the axes to the legend, and within it, in em.
const GAP: f64 = 0.7;
/// Length of a sample, in em.
const SAMPLE: f64 = 1.8;
/// Height of a line, in em.
const ROW: f64 = 1.5;

/// Draws the names below one another, each right of its sample, which `sample` draws: it is given the number of the name
/// and the middle of the left and of the right edge of its place. The ground's area; none, and nothing is drawn, if there
/// are no names or no room for them.
pub fn draw(
    page: &mut Page,
    within: &Area,
    corner: Corner,
    names: &[String],
    mut sample: impl FnMut(&mut Page, usize, [DVec2; 2]),
) -> Option<Area> {
    let em = page.em;
    let widest = names.iter().map(|name| page.text_size(name, em).x).fold(0.0, f64::max);
    let size = DVec2::new(widest + (SAMPLE + 3.0 * GAP) * em, (names.len() as f64 * ROW + GAP) * em);
    if names.is_empty() || (size + 2.0 * GAP * em).cmpgt(within.size()).any() {
        return None;
    }
    let (low, high) = (within.min + GAP * em, within.max - GAP * em - size);
    let min = DVec2::new(if corner.is_left() { low.x } else { high.x }, if corner.is_upper() { low.y } else { high.y });
    let min = DVec2::new(page.snap(min.x), page.snap(min.y));
    let ground = Area { min, max: min + size };
    for (area, ink) in [(ground.grown(page.line), page.ink(0.18)), (ground, page.ground(1.0))] {
        page.front(Shape::Polygon { corners: corners(&area), ink });
    }
    for (row, name) in names.iter().enumerate() {
        let middle = ground.min.y + (0.5 * GAP + (row as f64 + 0.5) * ROW) * em;
        let left = DVec2::new(ground.min.x + GAP * em, page.snap(middle));
        sample(page, row, [left, left + DVec2::new(SAMPLE * em, 0.0)]);
        let size = page.text_size(name, em);
        let min = DVec2::new(page.snap(left.x + (SAMPLE + GAP) * em), page.snap(middle - 0.5 * size.y));
        page.write(name.clone(), Area { min, max: min + size }, em);
    }
    Some(ground)
}

/// The corners of an area, around it.
pub fn corners(area: &Area) -> Vec<DVec2> {
    let [a, b] = [area.min, area.max];
    vec![a, DVec2::new(b.x, a.y), b, DVec2::new(a.x, b.y)]
}
