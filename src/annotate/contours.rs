//! Contours of a heat map and their names.

use glam::DVec2;

use super::colorbar::contrast;
use super::heatmap::HeatmapLayout;
use super::page::Page;
use super::{Area, Ink, Shape, legend_box};
use crate::color::LookupTable;
use crate::grid::{ContourLine, contour};
use crate::scene::{ContourLevel, Contours, Frame, HeatmapScene};

/// Thickness of contours in lines of the frame.
const CONTOUR: f64 = 1.25;

/// The lines of each contour, in steps of the grid from node 0.
pub fn lines(scene: &HeatmapScene, contours: &Contours) -> Vec<Vec<ContourLine>> {
    contours.levels.iter().map(|level| contour(&*scene.grid, level.value)).collect()
}

/// The legend: the name of each contour that has lines beside its line on the colour of its value. Its area, if it is drawn.
pub fn legend(
    page: &mut Page,
    scene: &HeatmapScene,
    contours: &Contours,
    lines: &[Vec<ContourLine>],
    map: &Area,
) -> Option<Area> {
    let corner = scene.legend?;
    let table = LookupTable::new(&scene.transfer);
    let is_drawn = |(level, lines): &(&ContourLevel, &Vec<_>)| level.name.is_some() && !lines.is_empty();
    let levels: Vec<&ContourLevel> = std::iter::zip(&contours.levels, lines).filter(is_drawn).map(|(l, _)| l).collect();
    let names: Vec<String> = levels.iter().filter_map(|level| level.name.clone()).collect();
    legend_box::draw(page, map, corner, &names, |page, k, [left, right]| {
        let [rgb, ink] = colors(scene, &table, contours, levels[k]);
        let half = DVec2::new(0.0, SAMPLE_HEIGHT * page.em);
        let corners = legend_box::corners(&Area { min: left - half, max: right + half });
        page.front(Shape::Polygon { corners, ink: rgb });
        page.front(Shape::Line { from: left, to: right, width: CONTOUR * page.line, ink });
    })
}

/// Half of the height of a sample in the legend, in em.
const SAMPLE_HEIGHT: f64 = 0.45;

/// The colour of the map on a contour, and that of its line.
fn colors(scene: &HeatmapScene, table: &LookupTable, contours: &Contours, level: &ContourLevel) -> [Ink; 2] {
    let [r, g, b, _] = table.at(scene.transfer.position(level.value));
    let line = contours.color.map_or(contrast([r, g, b]), |rgb| Ink { rgb, alpha: 1.0 });
    [Ink { rgb: [r, g, b], alpha: 1.0 }, line]
}

/// The parts of a contour on the page, each with whether it is closed, and where its name stands.
type Placed = (Vec<(Vec<DVec2>, bool)>, Option<Area>);

/// The contours, each with its name once where it runs most nearly to the right and keeps off what is taken.
pub fn placed(
    page: &mut Page,
    scene: &HeatmapScene,
    contours: &Contours,
    lines: &[Vec<ContourLine>],
    layout: &HeatmapLayout,
    frame: &Frame,
    mut taken: Vec<Area>,
) -> Vec<Placed> {
    let (origin, spacing) = (scene.grid.origin(), scene.grid.spacing());
    let place = |p: &DVec2| layout.point(origin + *p * spacing, frame);
    let on_page = |line: &ContourLine| (line.points.iter().map(place).collect::<Vec<_>>(), line.closed);
    let one = |(level, lines): (&ContourLevel, &Vec<ContourLine>)| {
        let lines: Vec<_> = lines.iter().map(on_page).collect();
        let label = level.name.as_deref().and_then(|name| label(page, name, &lines, &layout.area(frame), &taken));
        taken.extend(label);
        (lines, label)
    };
    std::iter::zip(&contours.levels, lines).map(one).collect()
}

/// Draws the contours with their names, as [`placed`] says.
pub fn draw(
    page: &mut Page,
    scene: &HeatmapScene,
    contours: &Contours,
    lines: &[Vec<ContourLine>],
    layout: &HeatmapLayout,
    frame: &Frame,
    taken: Vec<Area>,
) {
    let table = LookupTable::new(&scene.transfer);
    let placed = placed(page, scene, contours, lines, layout, frame, taken);
    for (level, (lines, label)) in std::iter::zip(&contours.levels, placed) {
        let [_, ink] = colors(scene, &table, contours, level);
        for (points, closed) in lines {
            draw_around(page, points, closed, ink, label.as_ref());
        }
        if let (Some(area), Some(name)) = (label, &level.name) {
            let font_size = LABEL * page.em;
            page.front(Shape::Text { text: name.clone(), area, font_size, upward: false, ink });
        }
    }
}

/// Letters of contours against those of numbers.
const LABEL: f64 = 0.9;

/// Where the name of a contour stands: on the longest of its lines, where that runs most nearly to the right, within
/// the map and away from other names.
fn label(page: &mut Page, name: &str, lines: &[(Vec<DVec2>, bool)], map: &Area, named: &[Area]) -> Option<Area> {
    let size = page.text_size(name, LABEL * page.em);
    let (points, _) = lines.iter().max_by(|a, b| length(&a.0).total_cmp(&length(&b.0)))?;
    // A line that its name would hide has none.
    if length(points) < 3.0 * size.x {
        return None;
    }
    let margin = 0.3 * page.em;
    let free = |at: &usize| {
        let area = Area::around(points[*at], size).grown(margin);
        map.contains(&area) && !named.iter().any(|other| other.overlaps(&area))
    };
    let steep = |at: &usize| slope(points, *at, 0.5 * size.x);
    let mut places: Vec<(f64, usize)> = (0..points.len()).filter(free).map(|at| (steep(&at), at)).collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    // What it hides of any line must leave most of that.
    let leaves_lines = |area: &Area| {
        let hole = hole_of(page, area);
        lines.iter().all(|(points, closed)| {
            let points = if *closed { [points, &points[..1]].concat() } else { points.clone() };
            let left: f64 = outside(&points, &hole).iter().map(|part| length(part)).sum();
            left >= LEAST_LEFT * length(&points)
        })
    };
    places.iter().take(TRIES).map(|(_, at)| Area::around(points[*at], size)).find(leaves_lines)
}

/// The share of a line that a name leaves at least.
const LEAST_LEFT: f64 = 0.6;
/// Places that are tried for a name, the most level ones first.
const TRIES: usize = 32;

/// What a name keeps free of lines.
fn hole_of(page: &Page, name: &Area) -> Area {
    name.grown(0.15 * page.em)
}

fn length(points: &[DVec2]) -> f64 {
    points.windows(2).map(|w| w[0].distance(w[1])).sum()
}

/// How far from the horizontal a line runs within `reach` of one of its points.
fn slope(points: &[DVec2], at: usize, reach: f64) -> f64 {
    let near = |p: &&DVec2| (p.x - points[at].x).abs() <= reach;
    let before = points[..=at].iter().rev().take_while(near);
    let after = points[at..].iter().take_while(near);
    before.chain(after).map(|p| (p.y - points[at].y).abs()).fold(0.0, f64::max)
}

/// A line, left out where a name stands.
fn draw_around(page: &mut Page, points: Vec<DVec2>, closed: bool, ink: Ink, label: Option<&Area>) {
    let width = CONTOUR * page.line;
    let whole = if closed { [&points[..], &points[..1]].concat() } else { points.clone() };
    let parts = label.map(|area| outside(&whole, &hole_of(page, area)));
    match parts {
        Some(parts) if parts.len() != 1 || parts[0] != whole => {
            for points in parts {
                page.front(Shape::Path { points, closed: false, width, ink });
            }
        }
        _ => page.front(Shape::Path { points, closed, width, ink }),
    }
}

/// The parts of a line that lie outside of an area; of a closed one, which ends where it begins, the last goes on as the
/// first.
fn outside(points: &[DVec2], hole: &Area) -> Vec<Vec<DVec2>> {
    let (mut parts, mut part): (Vec<Vec<DVec2>>, Vec<DVec2>) = (Vec::new(), points[..1].to_vec());
    for ends in points.windows(2) {
        let [a, b] = [ends[0], ends[1]];
        let Some([enters, leaves]) = hole.shares_of([a, b]) else {
            part.push(b);
            continue;
        };
        part.push(a + enters * (b - a));
        parts.push(std::mem::take(&mut part));
        part.push(a + leaves * (b - a));
        part.push(b);
    }
    parts.push(part);
    let is_closed = points.len() > 2 && points[0] == points[points.len() - 1];
    if is_closed && parts.len() > 1 {
        let first = parts.remove(0);
        parts.last_mut().expect("there was more than one").extend(&first[1..]);
    }
    parts.retain(|part| length(part) > 0.0);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLE: Area = Area { min: DVec2::new(1.0, 1.0), max: DVec2::new(3.0, 2.0) };

    fn line(points: &[[f64; 2]]) -> Vec<DVec2> {
        points.iter().copied().map(DVec2::from_array).collect()
    }

    /// Catches: long segments that vanish because one of their ends is hidden, or none is.
    #[test]
    fn a_hole_cuts_segments_at_its_border() {
        let parts = outside(&line(&[[0.0, 1.5], [10.0, 1.5]]), &HOLE);
        assert_eq!(parts, [line(&[[0.0, 1.5], [1.0, 1.5]]), line(&[[3.0, 1.5], [10.0, 1.5]])]);
        assert_eq!(outside(&line(&[[0.0, 1.5], [2.0, 1.5]]), &HOLE), [line(&[[0.0, 1.5], [1.0, 1.5]])]);
        let free = line(&[[0.0, 0.0], [5.0, 0.0], [5.0, 5.0]]);
        assert_eq!(outside(&free, &HOLE), [free]);
        assert!(outside(&line(&[[1.5, 1.5], [2.0, 1.6]]), &HOLE).is_empty());
    }

    #[test]
    fn a_closed_line_goes_on_where_it_begins() {
        // A square around the hole's right half, which its lower side crosses.
        let square = line(&[[2.0, 5.0], [2.0, 1.5], [5.0, 1.5], [5.0, 5.0], [2.0, 5.0]]);
        let parts = outside(&square, &HOLE);
        assert_eq!(parts, [line(&[[3.0, 1.5], [5.0, 1.5], [5.0, 5.0], [2.0, 5.0], [2.0, 2.0]])]);
    }
}
