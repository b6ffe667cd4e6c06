//! What a density is along lines of the three axes, in what clip planes leave of it.

use rayon::prelude::*;

use super::Plane;
use crate::grid::DensityGrid;

/// A density along a line, linear between nodes.
pub struct Line {
    /// Its mean; samples that are not finite count as 0.
    pub mean: f64,
    /// Its smallest value; infinite if none is finite.
    pub least: f64,
    /// In the unit of length.
    pub length: f64,
}

/// The least and the largest of the lines of nodes, and of those along the faces of a clip box, by what `of` says of each. None if
/// nothing is left, or nothing finite.
pub fn range(grid: &DensityGrid, clip: &[Plane], of: impl Fn(&Line) -> f64 + Sync) -> Option<[f64; 2]> {
    let all = (0..3).map(|axis| range_along(grid, clip, axis, &of)).fold(NOTHING, united);
    (all[0] <= all[1]).then_some(all)
}

/// The geometric mean of the largest of the lines along each axis, as [`range`] finds them: about what the rays of a picture have that
/// looks at no axis, where the box is much longer along one than along another. None if nothing is left, or nothing above 0.
pub fn typical(grid: &DensityGrid, clip: &[Plane], of: impl Fn(&Line) -> f64 + Sync) -> Option<f64> {
    let largest = (0..3).map(|axis| range_along(grid, clip, axis, &of)[1]).filter(|v| v.is_finite() && *v > 0.0);
    let (count, sum) = largest.fold((0, 0.0), |(count, sum), v| (count + 1, sum + v.ln()));
    (count > 0).then(|| (sum / f64::from(count)).exp())
}

const NOTHING: [f64; 2] = [f64::INFINITY, f64::NEG_INFINITY];

fn united(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0].min(b[0]), a[1].max(b[1])]
}

fn range_along(grid: &DensityGrid, clip: &[Plane], axis: usize, of: impl Fn(&Line) -> f64 + Sync) -> [f64; 2] {
    let [i, j] = [(axis + 1) % 3, (axis + 2) % 3];
    let (across, along) = (places(grid, clip, i), places(grid, clip, j));
    let line = |&u: &f64, &v: &f64| {
        let mut first = [0.0; 3];
        (first[i], first[j]) = (u, v);
        let value = of(&line_of(grid, axis, first, span(grid, clip, axis, first)?));
        value.is_finite().then_some([value; 2])
    };
    let row = |u: &f64| along.iter().filter_map(|v| line(u, v)).fold(NOTHING, united);
    across.par_iter().map(row).reduce(|| NOTHING, united)
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

/// The density between two places of a line.
fn line_of(grid: &DensityGrid, axis: usize, first: [f64; 3], ends: [f64; 2]) -> Line {
    let [nx, ny, _] = grid.lattice.shape;
    let strides = [1, nx, nx * ny];
    let is_node_line = first.iter().all(|v| v.fract() == 0.0);
    let start: usize = (0..3).map(|a| first[a] as usize * strides[a]).sum();
    let value = |at: f64| {
        if is_node_line && at.fract() == 0.0 {
            return f64::from(grid.values[start + at as usize * strides[axis]]);
        }
        let mut place = first;
        place[axis] = at;
        grid.interpolated(place.into())
    };
    let (mut sum, mut least, mut before) = (0.0, f64::INFINITY, (ends[0], 0.0));
    for at in nodes_between(ends) {
        let found = value(at);
        least = if found.is_finite() { found.min(least) } else { least };
        let here = (at, if found.is_finite() { found } else { 0.0 });
        sum += 0.5 * (here.0 - before.0) * (here.1 + before.1);
        before = here;
    }
    let steps = ends[1] - ends[0];
    Line { mean: sum / steps, least, length: steps * grid.lattice.spacing[axis] }
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
        let mean = |clip: &[Plane]| range(&grid(), clip, |line| line.mean).unwrap()[1];
        let integral = |clip: &[Plane]| range(&grid(), clip, |line| line.mean * line.length).unwrap()[1];
        // Through the spike: along z 1000, 0, 0 half a unit apart, along y 1000, 10, 20, 30, 40 a unit apart.
        assert!((mean(&[]) - 250.0).abs() < 1e-9 && (integral(&[]) - 580.0).abs() < 1e-9);
        // Between x 1.25 and 2.75, y 1 and 2.5: along x at y 2.5 27, along y at x 2.75 20.25, along z 27.75.
        let bounds = Box3 { min: DVec3::new(1.25, 1.0, 0.0), max: DVec3::new(2.75, 2.5, 1.0) };
        let clip = Plane::sides_of(bounds);
        assert!((mean(&clip) - 27.75).abs() < 1e-9, "{}", mean(&clip));
        let typical = typical(&grid(), &clip, |line| line.mean).unwrap();
        assert!((typical - (27.0f64 * 20.25 * 27.75).cbrt()).abs() < 1e-9, "{typical}");
        assert!((integral(&clip) - 27.0 * 1.5).abs() < 1e-9, "{}", integral(&clip));
        // An oblique plane that leaves y <= 2 - x of it all but the corner: at most along z at y = 2, x = 0.
        let oblique = [
            Plane { point: DVec3::new(0.0, 2.0, 0.0), normal: DVec3::new(1.0, 1.0, 0.0) },
            Plane { point: DVec3::Y, normal: -DVec3::Y },
        ];
        assert!((mean(&oblique) - 20.0).abs() < 1e-9, "{}", mean(&oblique));
        let nothing = Plane::sides_of(Box3 { min: DVec3::splat(7.0), max: DVec3::splat(8.0) });
        assert!(range(&grid(), &nothing, |line| line.mean).is_none());
    }

    /// Catches: minima of all rather than of lines, nodes that a clip plane has cut away, faces of the clip box left out.
    #[test]
    fn the_least_of_lines_are_those_of_what_is_left() {
        let minima = |clip: &[Plane]| range(&grid(), clip, |line| line.least);
        // x + 10 y is least where a line begins: at most 4 + 40 along z, and 0 beside the spike.
        assert_eq!(minima(&[]), Some([0.0, 44.0]));
        let bounds = Box3 { min: DVec3::new(1.25, 1.0, 0.0), max: DVec3::new(2.75, 2.5, 1.0) };
        assert_eq!(minima(&Plane::sides_of(bounds)), Some([11.25, 27.75]));
        let mut holed = grid();
        holed.values.iter_mut().for_each(|v| *v = f32::NAN);
        assert_eq!(range(&holed, &[], |line| line.least), None);
    }
}
