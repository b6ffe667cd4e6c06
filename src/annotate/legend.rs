//! The legend of points that are coloured by what they are.

use std::collections::HashSet;

use glam::DVec2;

use super::page::Page;
use super::title::ellipsized;
use super::{Area, Ink, Shape};
use crate::color::LookupTable;
use crate::scene::PointColors;

/// Height of a row, side of a square, from the square to its name, and from the edge of the picture, in em.
const ROW: f64 = 1.6;
const SQUARE: f64 = 0.9;
const NAME_AT: f64 = 1.5;
const MARGIN: f64 = 1.2;
/// No more of the width than this.
const MOST_OF_WIDTH: f64 = 0.3;
/// A name cut to fewer letters tells nothing: the legend is left out.
const LEAST_LETTERS: usize = 3;

/// Draws a square and a name a category, in the middle of the right edge or in the upper left corner below `top`; as
/// many as have room, and the number of the others. Names that are too long are cut. Whether there was room for any.
pub fn draw(page: &mut Page, colors: &PointColors, names: &[String], at_right: bool, top: f64) -> bool {
    let em = page.em;
    let room = page.size.y - top - 2.0 * MARGIN * em;
    let rows = ((room / (ROW * em)).max(0.0) as usize).min(names.len());
    let rows = if rows < names.len() { rows.saturating_sub(1) } else { rows };
    let mut lines: Vec<(Option<usize>, String)> =
        names.iter().take(rows).enumerate().map(|(i, name)| (Some(i), name.clone())).collect();
    let room = MOST_OF_WIDTH * page.size.x - NAME_AT * em;
    if rows > 0 && rows < names.len() {
        let repeats = repeats(colors, names.len());
        lines.push((None, number_of_others(page, names.len() - rows, repeats, room)));
    }
    lines.iter_mut().for_each(|(_, text)| *text = ellipsized(page, text, em, room, false));
    let is_too_short = |text: &str| text.is_empty() || text.ends_with('…') && text.chars().count() <= LEAST_LETTERS;
    if lines.is_empty() || lines.iter().any(|(_, text)| is_too_short(text)) {
        return names.is_empty();
    }
    let width = lines.iter().map(|(_, text)| page.text_size(text, em).x).fold(0.0, f64::max) + NAME_AT * em;
    let left = page.snap(if at_right { page.size.x - width - MARGIN * em } else { MARGIN * em });
    let height = lines.len() as f64 * ROW * em;
    let first = if at_right { top + 0.5 * (page.size.y - top - height) } else { top + MARGIN * em };
    let table = LookupTable::new(&colors.transfer);
    for (row, (category, text)) in lines.into_iter().enumerate() {
        let middle = first + (row as f64 + 0.5) * ROW * em;
        if let Some(i) = category {
            let [r, g, b, _] = table.at(colors.transfer.position(i as f64));
            square(page, DVec2::new(left, page.snap(middle - 0.5 * SQUARE * em)), Ink { rgb: [r, g, b], alpha: 1.0 });
        }
        let size = page.text_size(&text, em);
        let min = DVec2::new(page.snap(left + NAME_AT * em), page.snap(middle - 0.5 * size.y));
        let area = Area { min, max: min + size };
        page.take(area);
        page.write(text, area, em);
    }
    true
}

/// How many names have no room, in as many words as have.
fn number_of_others(page: &mut Page, count: usize, repeats: bool, room: f64) -> String {
    let more = format!("and {count} more");
    let all = [format!("{more}, colours repeat"), more];
    let mut texts = all.into_iter().skip(usize::from(!repeats));
    texts.find(|text| page.text_size(text, page.em).x <= room).unwrap_or(format!("+{count}"))
}

/// Whether a category has the colour of an earlier one.
fn repeats(colors: &PointColors, count: usize) -> bool {
    let table = LookupTable::new(&colors.transfer);
    let color = |i: usize| table.at(colors.transfer.position(i as f64)).map(|v| (255.0 * v).round() as u8);
    let mut seen = HashSet::new();
    !(0..count).all(|i| seen.insert(color(i)))
}

/// A square with a thin frame, so that it is seen on any background.
fn square(page: &mut Page, min: DVec2, ink: Ink) {
    let inner = Area { min, max: min + page.snap(SQUARE * page.em) };
    let frame = page.ink(0.35);
    for (area, ink) in [(inner.grown(page.line), frame), (inner, ink)] {
        let [a, b] = [area.min, area.max];
        page.front(Shape::Polygon { corners: vec![a, DVec2::new(b.x, a.y), b, DVec2::new(a.x, b.y)], ink });
    }
    page.take(inner);
}
