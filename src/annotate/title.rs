//! The line or two above the picture.

use glam::DVec2;

use super::Area;
use super::page::Page;

/// Letters of a title against those of numbers: as large as fits of these.
const SIZES: [f64; 3] = [1.35, 1.15, 1.0];
/// More lines are left out.
const MOST_LINES: usize = 2;

/// Draws the title and gives the height that it takes.
pub fn draw(page: &mut Page, title: &str) -> f64 {
    let room = page.size.x - 2.0 * page.em;
    let sizes = SIZES.map(|share| share * page.em);
    let fitting = sizes.into_iter().find_map(|size| {
        let lines = broken(page, title, size, room);
        (lines.len() <= MOST_LINES).then_some((lines, size))
    });
    let (lines, size) = fitting.unwrap_or_else(|| shortened(page, title, SIZES[2] * page.em, room));
    let mut y = page.snap(0.6 * page.em);
    for line in lines.into_iter().filter(|line| !line.is_empty()) {
        let extent = page.text_size(&line, size);
        let min = DVec2::new(page.snap(0.5 * (page.size.x - extent.x)), y);
        let area = Area { min, max: min + extent };
        if page.is_free(&area.grown(-0.2 * page.em)) {
            page.take(area);
            page.write(line, area, size);
            y = area.max.y;
        }
    }
    y
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
    if lines.iter().any(|line| page.text_size(line, size).x > room) {
        // A word that does not fit counts as too many lines.
        lines.resize(lines.len().max(MOST_LINES + 1), String::new());
    }
    lines
}

/// The first lines, each cut where it leaves the room.
fn shortened(page: &mut Page, title: &str, size: f64, room: f64) -> (Vec<String>, f64) {
    let mut lines = broken(page, title, size, room);
    lines.retain(|line| !line.is_empty());
    let cut = lines.len() > MOST_LINES;
    lines.truncate(MOST_LINES);
    let last = lines.len().saturating_sub(1);
    let lines =
        lines.iter().enumerate().map(|(i, line)| ellipsized(page, line, size, room, cut && i == last)).collect();
    (lines, size)
}

/// The line, or its longest beginning with `…` that fits.
fn ellipsized(page: &mut Page, line: &str, size: f64, room: f64, always: bool) -> String {
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
