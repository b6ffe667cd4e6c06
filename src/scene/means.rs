//! The largest mean and the largest integral of a density along the three axes, in what clip planes leave of it.

use rayon::prelude::*;

use super::Plane;
use crate::grid::DensityGrid;

/// The largest of the lines of nodes, and of those along the faces of a clip box, as `of` a mean and the length it is over. 0
/// if nothing is left.
pub fn largest(grid: &DensityGrid, clip: &[Plane], of: impl Fn(f64, f64) -> f64 + Sync) -> f64 {
    (0..3).map(|axis| largest_along(grid, clip, axis, &of)).fold(0.0, f64::max)
}

fn largest_along(grid: &DensityGrid, clip: &[Plane], axis: usize, of: impl Fn(f64, f64) -> f64 + Sync) -> f64 {
    let [i, j] = [(axis + 1) % 3, (axis + 2) % 3];
    let (across, along) = (places(grid, clip, i), places(grid, clip, j));
    let line = |&u: &f64, &v: &f64| {
        let mut first = [0.0; 3];
        (first[i], first[j]) = (u, v);
        let ends = span(grid, clip, axis, first)?;
        Some(of(mean(grid, axis, first, ends), (ends[1] - ends[0]) * grid.lattice.spacing[axis]))
    };
    let row = |u: &f64| along.iter().filter_map(|v| line(u, v)).fold(0.0, f64::max);
    across.par_iter().map(row).reduce(|| 0.0, f64::max)
}

/// Nodes along an axis, as steps from the first, that clip planes perpendicular to it leave, and where these planes are.
fn places(grid: &DensityGrid, clip: &[Plane], axis: usize) -> Vec<f64> {
    let last = (grid.lattice.shape[axis] - 1) as f64;
    let (mut low, mut high) = (0.0, last);
    for plane in clip.iter().filter(|plane| plane.normal.normalize().abs()[axis] == 1.0) {
        let at = (plane.point[axis] - grid.lattice.origin[axis]) / grid.lattice.spacing[axis];
        if plane.normal[axis] > 0.0 { high = f64::min(high, at) } else { low = f64::max(low, at) }
    }
    if low > high {
        return Vec::new();
    }
    nodes_between([low, high])
}

/// The ends and all whole numbers between them.
fn nodes_between([low, high]: [f64; 2]) -> Vec<f64> {
    let inner = (low.floor() as i64 + 1..high.ceil() as i64).map(|n| n as f64);
    [low].into_iter().chain(inner).chain((high > low).then_some(high)).collect()
}

/// From where to where a line is left, in steps along its axis from `first`.
fn span(grid: &DensityGrid, clip: &[Plane], axis: usize, first: [f64; 3]) -> Option<[f64; 2]> {
    let (origin, spacing) = (grid.lattice.origin, grid.lattice.spacing);
    let (mut low, mut high) = (0.0, (grid.lattice.shape[axis] - 1) as f64);
    let start = origin + spacing * glam::DVec3::from_array(first);
    for plane in clip {
        let [off, speed] = [(start - plane.point).dot(plane.normal), plane.normal[axis] * spacing[axis]];
        if speed > 0.0 {
            high = f64::min(high, -off / speed);
        } else if speed < 0.0 {
            low = f64::max(low, -off / speed);
        } else if off > 1e-9 * spacing.length() * plane.normal.length() {
            return None;
        }
    }
    (low < high).then_some([low, high])
}

/// The mean of the density between two places of a line, linear between nodes; samples that are not finite count as 0.
fn mean(grid: &DensityGrid, axis: usize, first: [f64; 3], ends: [f64; 2]) -> f64 {
    let [nx, ny, _] = grid.lattice.shape;
    let strides = [1, nx, nx * ny];
    let is_node_line = first.iter().all(|v| v.fract() == 0.0);
    let start: usize = (0..3).map(|a| first[a] as usize * strides[a]).sum();
    let value = |at: f64| {
        let found = if is_node_line && at.fract() == 0.0 {
            f64::from(grid.values[start + at as usize * strides[axis]])
        } else {
            let mut place = first;
            place[axis] = at;
            grid.interpolated(place.into())
        };
        if found.is_finite() { found } else { 0.0 }
    };
    let mut sum = 0.0;
    let mut before = (ends[0], value(ends[0]));
    for at in nodes_between(ends).into_iter().skip(1) {
        let here = (at, value(at));
        sum += 0.5 * (here.0 - before.0) * (here.1 + before.1);
        before = here;
    }
    sum / (ends[1] - ends[0])
}

#[cfg(test)]
mod tests {
    use glam::DVec3;

    use super::*;
    use crate::geometry::Box3;
    use crate::grid::Lattice;

    /// x + 10 y on nodes 0, 1 .. 4, and a spike at a corner.
    fn grid() -> DensityGrid {
        let lattice = Lattice { shape: [5, 5, 3], origin: DVec3::ZERO, spacing: DVec3::new(1.0, 1.0, 0.5) };
        let node = |n: usize| lattice.node(n % 5, n / 5 % 5, n / 25);
        let values = (0..75).map(node).map(|p| if p == DVec3::ZERO { 1e3 } else { p.x + 10.0 * p.y });
        DensityGrid::new(lattice, values.map(|v| v as f32).collect(), None).unwrap()
    }

    #[test]
    fn the_largest_mean_is_that_of_what_is_left() {
        let mean = |clip: &[Plane]| largest(&grid(), clip, |mean, _| mean);
        let integral = |clip: &[Plane]| largest(&grid(), clip, |mean, length| mean * length);
        // Through the spike: along z 1000, 0, 0 half a unit apart, along y 1000, 10, 20, 30, 40 a unit apart.
        assert!((mean(&[]) - 250.0).abs() < 1e-9 && (integral(&[]) - 580.0).abs() < 1e-9);
        // Between x 1.25 and 2.75, y 1 and 2.5: along x at y 2.5 27, along y at x 2.75 20.25, along z 27.75.
        let bounds = Box3 { min: DVec3::new(1.25, 1.0, 0.0), max: DVec3::new(2.75, 2.5, 1.0) };
        let clip = Plane::sides_of(bounds);
        assert!((mean(&clip) - 27.75).abs() < 1e-9, "{}", mean(&clip));
        assert!((integral(&clip) - 27.0 * 1.5).abs() < 1e-9, "{}", integral(&clip));
        // An oblique plane that leaves y <= 2 - x of it all but the corner: at most along z at y = 2, x = 0.
        let oblique = [
            Plane { point: DVec3::new(0.0, 2.0, 0.0), normal: DVec3::new(1.0, 1.0, 0.0) },
            Plane { point: DVec3::Y, normal: -DVec3::Y },
        ];
        assert!((mean(&oblique) - 20.0).abs() < 1e-9, "{}", mean(&oblique));
        let nothing = Plane::sides_of(Box3 { min: DVec3::splat(7.0), max: DVec3::splat(8.0) });
        assert_eq!(mean(&nothing), 0.0);
    }
}
