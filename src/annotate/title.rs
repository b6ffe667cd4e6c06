//! The line or two above the picture.

use glam::DVec2;

use super::page::Page;
use super::{Area, Mark, Shape};
use crate::scene::Annotations;

/// Letters of a title against those of numbers: as large as fits of these.
const SIZES: [f64; 3] = [1.35, 1.15, 1.0];
/// Pictures lower than this many em have room for one line only, others for two.
const LOW_PICTURE: f64 = 22.0;

/// Pictures lower than this many em have room for none.
const LOWEST_PICTURE: f64 = 6.0;

/// Draws the title, if there is one, and gives the height that it takes.
pub fn draw(page: &mut Page, annotations: &Annotations) -> f64 {
    let Some(title) = annotations.title.as_deref().filter(|title| !title.trim().is_empty()) else { return 0.0 };
    let most = if page.size.y < LOW_PICTURE * page.em { 1 } else { 2 };
    if page.size.y < LOWEST_PICTURE * page.em {
        return 0.0;
    }
    let room = page.size.x - 2.0 * page.em;
    let sizes = SIZES.map(|share| share * page.em);
    let fitting = sizes.into_iter().find_map(|size| {
        let lines = broken(page, title, size, room);
        let fits = lines.len() <= most && lines.iter().all(|line| page.text_size(line, size).x <= room);
        fits.then_some((lines, size))
    });
    let (lines, size) = fitting.unwrap_or_else(|| (shortened(page, title, sizes[2], room, most), sizes[2]));
    let mut y = page.snap(0.6 * page.em);
    for line in lines.into_iter().filter(|line| !line.is_empty()) {
        let extent = page.text_size(&line, size);
        let min = DVec2::new(page.snap(0.5 * (page.size.x - extent.x)), y);
        let area = Area { min, max: min + extent };
        page.take(area);
        page.write(line, area, size);
        y = area.max.y;
    }
    y
}

/// A map lower than this many em has its title at the top of the picture.
const LOW: f64 = 12.0;

/// Moves the title, whose lines are the only marks so far, to the middle above `area`, `gap` em from it, as far as the
/// picture allows.
pub fn put_above(page: &mut Page, area: &Area, gap: f64) {
    // Beside a low map the colour bar stands out above it.
    if area.size().y < LOW * page.em {
        return;
    }
    let mut lines = std::mem::take(&mut page.marks);
    let bottom = lines.iter().filter_map(text_area).map(|a| a.max.y).fold(f64::NEG_INFINITY, f64::max);
    let down = (area.min.y - 0.6 * gap * page.em - bottom).max(0.0);
    for mark in &mut lines {
        let Shape::Text { area: line, .. } = &mut mark.shape else { continue };
        page.release(line);
        let size = line.size();
        let most = (page.size.x - page.em - size.x).max(page.em);
        let left = (area.center().x - 0.5 * size.x).clamp(page.em.min(most), most);
        let min = DVec2::new(page.snap(left), page.snap(line.min.y + down));
        *line = Area { min, max: min + size };
        page.take(*line);
    }
    page.marks = lines;
}

fn text_area(mark: &Mark) -> Option<Area> {
    match &mark.shape {
        Shape::Text { area, .. } => Some(*area),
        _ => None,
    }
}

/// The title in lines no wider than `room`, broken at spaces and line ends; a longer word stands
/// alone on a line that is too wide for it.
fn broken(page: &mut Page, title: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in title.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if page.text_size(&longer, size).x <= room || line.is_empty() {
                line = longer;
            } else {
                lines.push(std::mem::replace(&mut line, word.to_owned()));
            }
        }
        lines.push(line);
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// The first `most` lines, each cut where it leaves the room.
fn shortened(page: &mut Page, title: &str, size: f64, room: f64, most: usize) -> Vec<String> {
    let lines = broken(page, title, size, room);
    let is_cut = |i: usize| lines.len() > most && i == most - 1;
    lines.iter().take(most).enumerate().map(|(i, line)| ellipsized(page, line, size, room, is_cut(i))).collect()
}

/// The line, or its longest beginning with `…` that fits.
pub fn ellipsized(page: &mut Page, line: &str, size: f64, room: f64, always: bool) -> String {
    if !always && page.text_size(line, size).x <= room {
        return line.to_owned();
    }
    let ends = line.char_indices().map(|(i, c)| i + c.len_utf8()).collect::<Vec<_>>();
    let fits = |page: &mut Page, end: usize| page.text_size(&format!("{}…", line[..end].trim_end()), size).x <= room;
    let count = ends.partition_point(|&end| fits(page, end));
    match count.checked_sub(1) {
        Some(i) => format!("{}…", line[..ends[i]].trim_end()),
        None => String::new(),
    }
}
