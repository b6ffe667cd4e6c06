//! Lines of equal value in a plane.

use std::collections::HashMap;

use glam::DVec2;

use super::{PlaneGrid, Sample};

/// A line of equal value, in node indices.
#[derive(Debug, Clone, PartialEq)]
pub struct ContourLine {
    /// Its points in order, each on the line between two neighbouring nodes.
    pub points: Vec<DVec2>,
    /// Whether the last point goes on to the first.
    pub closed: bool,
}

/// Where a contour crosses the line between two nodes: node and 0 (to the next along x) or 1 (along y).
type Crossing = (usize, usize, u8);

/// The lines on which the linear interpolation between neighbouring nodes has the value `level` (marching squares;
/// a saddle is decided by the mean of its four corners). None goes through a cell with a corner that is not finite.
///
/// Nodes that have exactly the value count as above it.
pub fn contour<T: Sample>(grid: &PlaneGrid<T>, level: f64) -> Vec<ContourLine> {
    let [nx, ny] = grid.shape();
    let value = |i: usize, j: usize| grid.values()[i + nx * j].to_f64();
    let mut next: HashMap<Crossing, Crossing> = HashMap::new();
    for j in 0..ny.saturating_sub(1) {
        for i in 0..nx.saturating_sub(1) {
            let corners = [value(i, j), value(i + 1, j), value(i + 1, j + 1), value(i, j + 1)];
            for (from, to) in segments(i, j, corners, level) {
                next.insert(from, to);
            }
        }
    }
    let place = |(i, j, along): Crossing| {
        let (di, dj) = if along == 0 { (1, 0) } else { (0, 1) };
        let (a, b) = (value(i, j), value(i + di, j + dj));
        let f = ((level - a) / (b - a)).clamp(0.0, 1.0);
        DVec2::new(i as f64 + f * di as f64, j as f64 + f * dj as f64)
    };
    chained(next)
        .into_iter()
        .map(|(line, closed)| ContourLine { points: line.into_iter().map(place).collect(), closed })
        .collect()
}

/// The pieces of the contour in a cell, each with what is above the level to its left, so that pieces of neighbouring
/// cells go on from one another.
fn segments(i: usize, j: usize, v: [f64; 4], level: f64) -> impl Iterator<Item = (Crossing, Crossing)> {
    // Sides in the order of the corners: lower, right, upper, left.
    let sides: [Crossing; 4] = [(i, j, 0), (i + 1, j, 1), (i, j + 1, 0), (i, j, 1)];
    let above = v.map(|v| v >= level);
    let mut found = [None; 2];
    if v.iter().all(|v| v.is_finite()) {
        // Going round, the contour enters where it becomes high and leaves where it becomes low.
        let changes = |to: bool| (0..4).filter(move |&s| above[s] != to && above[(s + 1) % 4] == to);
        let middle = 0.25 * v.iter().sum::<f64>() >= level;
        for (n, leave) in changes(false).enumerate() {
            // Of a saddle, the piece around the corner that differs from the middle.
            let step = if middle { 1 } else { 3 };
            let enter = (1..4).map(|k| (leave + k * step) % 4).find(|&s| !above[s] && above[(s + 1) % 4]);
            found[n] = enter.map(|enter| (sides[leave], sides[enter]));
        }
    }
    found.into_iter().flatten()
}

/// Crossings that follow one another, and whether they close: open lines first, in the order of their begins.
fn chained(mut next: HashMap<Crossing, Crossing>) -> Vec<(Vec<Crossing>, bool)> {
    let mut begins: Vec<Crossing> = next.keys().copied().collect();
    let ends: std::collections::HashSet<Crossing> = next.values().copied().collect();
    begins.sort_unstable_by_key(|&(i, j, along)| (ends.contains(&(i, j, along)), j, i, along));
    let mut lines = Vec::new();
    for begin in begins {
        let mut line = vec![begin];
        while let Some(after) = next.remove(line.last().expect("not empty")) {
            line.push(after);
        }
        if line.len() > 1 {
            let closed = line.first() == line.last();
            if closed {
                line.pop();
            }
            lines.push((line, closed));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::{DensityGrid, Lattice};
    use glam::DVec3;

    fn plane(shape: [usize; 2], f: impl Fn(f64, f64) -> f64) -> PlaneGrid<f64> {
        let [nx, ny] = shape;
        let lattice = Lattice { shape: [nx, ny, 1], origin: DVec3::ZERO, spacing: DVec3::ONE };
        let values = (0..nx * ny).map(|at| f((at % nx) as f64, (at / nx) as f64)).collect();
        PlaneGrid::from_layer(DensityGrid::new(lattice, values, None).unwrap()).unwrap()
    }

    /// Catches: pieces that are not joined, a point on the wrong side of an edge.
    #[test]
    fn a_cone_has_one_closed_circle() {
        let grid = plane([41, 41], |x, y| -((x - 20.0).hypot(y - 20.0)));
        let lines = contour(&grid, -13.3);
        assert_eq!((lines.len(), lines[0].closed), (1, true));
        assert!(lines[0].points.len() > 60);
        let away = |p: &DVec2| (p.distance(DVec2::splat(20.0)) - 13.3).abs();
        assert!(lines[0].points.iter().all(|p| away(p) < 0.02), "{:?}", lines[0]);
        let gaps = lines[0].points.windows(2).map(|w| w[0].distance(w[1])).fold(0.0, f64::max);
        assert!(gaps < 1.5, "{gaps}");
        // What is high lies to the left: anticlockwise around a hill.
        let area: f64 = lines[0].points.windows(2).map(|w| 0.5 * w[0].perp_dot(w[1])).sum();
        assert!(area > 500.0, "{area}");
    }

    #[test]
    fn a_slope_has_an_open_line_at_the_level() {
        let lines = contour(&plane([5, 4], |x, y| x + 0.25 * y), 1.5);
        assert_eq!((lines.len(), lines[0].closed), (1, false));
        assert!(lines[0].points.iter().all(|p| (p.x + 0.25 * p.y - 1.5).abs() < 1e-12));
        assert!(contour(&plane([5, 4], |x, _| x), 9.0).is_empty());
    }

    /// Catches: lines that cross in a saddle, or join the wrong corners.
    #[test]
    fn the_mean_decides_a_saddle() {
        for (low, joined) in [(0.4, true), (-3.0, false)] {
            let grid = plane([2, 2], |x, y| if x == y { 1.0 } else { low });
            let lines = contour(&grid, 0.5);
            assert_eq!(lines.len(), 2);
            // Where the high corners are joined, each line goes round a low one: (1, 0) or (0, 1).
            let around = |c: DVec2| lines.iter().any(|l| l.points.iter().all(|p| p.distance(c) < 0.9));
            assert_eq!(around(DVec2::X) && around(DVec2::Y), joined, "{lines:?}");
        }
    }

    #[test]
    fn a_hole_of_nan_ends_the_line() {
        let grid = plane([5, 5], |x, y| if x == 2.0 && y == 2.0 { f64::NAN } else { y });
        let lines = contour(&grid, 1.5);
        assert_eq!(lines.iter().map(|l| (l.points.len(), l.closed)).collect::<Vec<_>>(), [(2, false), (2, false)]);
    }
}
