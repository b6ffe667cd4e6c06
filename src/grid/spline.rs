//! A smooth density between the nodes: the cubic spline through all samples.

use std::fmt;

use glam::DVec3;
use rayon::prelude::*;

use super::{DensityGrid, Sample};

/// A tensor product of cubic B-splines that takes the value of each sample at its node, with two continuous derivatives
/// between (Unser, Aldroubi and Eden 1993, "B-spline signal processing", IEEE Trans. Signal Process. 41:821). Along each axis
/// its second derivative is 0 at the ends, so that what is linear stays linear up to the faces.
#[derive(Clone, PartialEq)]
pub struct Spline {
    /// Coefficients along x, y, z: one more than nodes at each end.
    shape: [usize; 3],
    /// x fastest.
    coefficients: Vec<f32>,
}

/// The weights of four neighbouring coefficients at a share of the way from the second to the third.
pub fn weights(share: f64) -> [f64; 4] {
    let (f, g) = (share, 1.0 - share);
    [g * g * g, 4.0 - 3.0 * f * f * (1.0 + g), 4.0 - 3.0 * g * g * (1.0 + f), f * f * f].map(|w| w / 6.0)
}

impl fmt::Debug for Spline {
    /// Without its coefficients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spline").field("shape", &self.shape).finish_non_exhaustive()
    }
}

impl Spline {
    /// The spline through the samples of a grid; those that are not finite count as the smallest finite one.
    pub fn through<T: Sample>(grid: &DensityGrid<T>) -> Self {
        let missing = grid.statistics().min;
        let finite = |v: &T| if v.to_f64().is_finite() { v.to_f64() as f32 } else { missing as f32 };
        let mut values: Vec<f32> = grid.values.par_iter().map(finite).collect();
        let [nx, ny, nz] = grid.lattice.shape;
        values.par_chunks_mut(nx * ny).for_each(|layer| {
            layer.chunks_mut(nx).for_each(|row| solve(row, 1, nx));
            solve(layer, nx, ny);
        });
        solve_across_layers(&mut values, nx * ny, nz);
        let layers: Vec<Vec<f32>> = values.par_chunks(nx * ny).map(|layer| with_borders(layer, nx, ny)).collect();
        let layer = (nx + 2) * (ny + 2);
        Self { shape: [nx + 2, ny + 2, nz + 2], coefficients: with_ends(&layers.concat(), layer, nz) }
    }

    /// How many coefficients there are along x, y and z: two more than nodes.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// The coefficients, x fastest; that of node `(i, j, k)` stands at `(i + 1, j + 1, k + 1)`. The density between nodes
    /// lies between the least and the largest of the 4 x 4 x 4 around.
    pub fn coefficients(&self) -> &[f32] {
        &self.coefficients
    }

    /// The density at a node index, 0 to n - 1 along each axis; indices outside take the nearest face.
    pub fn at(&self, index: DVec3) -> f64 {
        let [nx, ny, _] = self.shape;
        let taps = |axis: usize| {
            let last = (self.shape[axis] - 3) as f64;
            let place = index[axis].clamp(0.0, last);
            let low = place.floor().min((last - 1.0).max(0.0));
            (low as usize, weights(place - low))
        };
        let [(x, wx), (y, wy), (z, wz)] = [taps(0), taps(1), taps(2)];
        // An axis of one node has three coefficients, all alike.
        let row = |y: usize, z: usize| {
            let first = x + nx * (y + ny * z);
            let row = &self.coefficients[first..first + 4.min(nx - x)];
            std::iter::zip(row, wx).map(|(c, w)| f64::from(*c) * w).sum::<f64>()
        };
        let plane = |z: usize| (0..4.min(ny - y)).map(|b| row(y + b, z) * wy[b]).sum::<f64>();
        (0..4.min(self.shape[2] - z)).map(|c| plane(z + c) * wz[c]).sum()
    }
}

/// What the rows of the system (1 4 1) c = 6 f are multiplied by, its first and last being c = f.
fn factors(nodes: usize) -> Vec<f32> {
    let mut factors = vec![0.0; nodes];
    for i in 1..nodes.saturating_sub(1) {
        factors[i] = 1.0 / (4.0 - factors[i - 1]);
    }
    factors
}

/// Replaces samples by coefficients along an axis: `nodes` runs of `run` values each.
fn solve(values: &mut [f32], run: usize, nodes: usize) {
    let factors = factors(nodes);
    for i in 1..nodes.saturating_sub(1) {
        let (before, here) = values[(i - 1) * run..(i + 1) * run].split_at_mut(run);
        std::iter::zip(here, before).for_each(|(v, b)| *v = (6.0 * *v - *b) * factors[i]);
    }
    for i in (1..nodes.saturating_sub(1)).rev() {
        let (here, behind) = values[i * run..(i + 2) * run].split_at_mut(run);
        std::iter::zip(here, behind).for_each(|(v, b)| *v -= factors[i] * *b);
    }
}

/// Numbers of a layer that are solved together across all layers.
const COLUMNS: usize = 4096;

/// The same across the layers, by all threads: columns are taken out and put back.
fn solve_across_layers(values: &mut [f32], layer: usize, layers: usize) {
    let solved = |first: usize| {
        let run = COLUMNS.min(layer - first);
        let mut columns: Vec<f32> = Vec::with_capacity(run * layers);
        (0..layers).for_each(|z| columns.extend_from_slice(&values[z * layer + first..][..run]));
        solve(&mut columns, run, layers);
        columns
    };
    let firsts: Vec<usize> = (0..layer).step_by(COLUMNS).collect();
    let parts: Vec<Vec<f32>> = firsts.par_iter().map(|&first| solved(first)).collect();
    for (&first, columns) in std::iter::zip(&firsts, &parts) {
        let run = COLUMNS.min(layer - first);
        columns.chunks(run).enumerate().for_each(|(z, part)| values[z * layer + first..][..run].copy_from_slice(part));
    }
}

/// With the coefficients beyond both ends, which continue the first and the last two runs of an axis in a line.
fn with_ends(values: &[f32], run: usize, nodes: usize) -> Vec<f32> {
    let at = |i: usize| values[i * run..(i + 1) * run].iter();
    let beyond = |end: usize, beside: usize| std::iter::zip(at(end), at(beside)).map(|(e, b)| 2.0 * e - b);
    let (last, beside) = (nodes - 1, nodes.saturating_sub(2));
    let mut all = Vec::with_capacity(values.len() + 2 * run);
    all.extend(beyond(0, 1.min(last)));
    all.extend_from_slice(values);
    all.extend(beyond(last, beside));
    all
}

fn with_borders(layer: &[f32], nx: usize, ny: usize) -> Vec<f32> {
    let rows: Vec<f32> = layer.chunks(nx).flat_map(|row| with_ends(row, 1, nx)).collect();
    with_ends(&rows, nx + 2, ny)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Box3;
    use crate::grid::Lattice;

    fn grid(shape: [usize; 3], f: impl Fn(DVec3) -> f64) -> DensityGrid<f64> {
        let bounds = Box3 { min: DVec3::ZERO, max: DVec3::from_array(shape.map(|n| (n - 1) as f64)) };
        let lattice = Lattice::spanning(bounds, shape).unwrap();
        let values = (0..lattice.len()).map(|n| f(lattice.node_at(n))).collect();
        DensityGrid::new(lattice, values, None).unwrap()
    }

    /// Catches: a shifted border, axes exchanged, a wrong end.
    #[test]
    fn it_takes_the_samples_at_the_nodes_and_keeps_what_is_linear() {
        let rough = |p: DVec3| (17.0 * p.x + 5.0 * p.y * p.y - 3.0 * p.z).sin();
        let rough = grid([7, 6, 5], rough);
        let spline = Spline::through(&rough);
        for (n, value) in rough.values.iter().enumerate() {
            let found = spline.at(rough.lattice.node_at(n));
            assert!((found - value).abs() < 2e-6, "{n}: {found} {value}");
        }
        let linear = |p: DVec3| 2.0 + 0.5 * p.x - 0.25 * p.y + p.z;
        let spline = Spline::through(&grid([5, 4, 6], linear));
        for place in [DVec3::new(0.1, 2.9, 0.3), DVec3::new(2.5, 1.5, 2.25), DVec3::new(3.9, 0.05, 4.95)] {
            assert!((spline.at(place) - linear(place)).abs() < 1e-5, "{place}: {}", spline.at(place));
        }
        let outside = spline.at(DVec3::new(-3.0, 9.0, 2.0));
        assert!((outside - linear(DVec3::new(0.0, 3.0, 2.0))).abs() < 1e-5, "{outside}");
    }

    /// Recorded from `scipy.interpolate.CubicSpline(range(6), [0, 1, 0, 2, 5, 1], bc_type="natural")`, SciPy 1.17.1.
    /// Catches: another spline, another condition at the ends.
    #[test]
    fn along_an_axis_it_is_the_natural_spline() {
        let samples = [0.0, 1.0, 0.0, 2.0, 5.0, 1.0];
        let spline = Spline::through(&grid([6, 2, 2], |p| samples[p.x as usize]));
        for (x, wanted) in SCIPY {
            let found = spline.at(DVec3::new(x, 0.5, 0.25));
            assert!((found - wanted).abs() < 2e-6, "{x}: {found} {wanted}");
        }
    }

    const SCIPY: [(f64, f64); 4] = [(0.25, 0.413726077), (1.5, 0.464114833), (3.75, 4.744766746), (4.9, 1.586157895)];

    /// Second order becomes fourth: half the spacing, a sixteenth of the error. Catches: interpolation that only looks smooth.
    #[test]
    fn the_error_on_a_gaussian_falls_with_the_fourth_power_of_the_spacing() {
        let error = |spacing: f64| {
            let n = (12.0 / spacing) as usize + 1;
            let gaussian = |p: DVec3| (-0.5 * (p - DVec3::splat(6.0)).length_squared()).exp();
            let spline = Spline::through(&grid([n; 3], |p| gaussian(spacing * p)));
            let places = (0..200).map(|i| DVec3::new(5.0 + 0.011 * f64::from(i), 6.1, 5.7));
            places.map(|p| (spline.at(p / spacing) - gaussian(p)).abs()).fold(0.0, f64::max)
        };
        let (coarse, fine) = (error(0.8), error(0.4));
        assert!(coarse < 0.02 && fine < coarse / 12.0, "{coarse} {fine}");
    }

    /// Catches: a plane of one node that reads beyond its coefficients; values that are not finite.
    #[test]
    fn flat_grids_and_missing_values_are_no_trouble() {
        let mut flat = grid([4, 4, 2], |p| p.x + 10.0 * p.y);
        flat.lattice.shape[2] = 1;
        flat.values.truncate(16);
        assert!((Spline::through(&flat).at(DVec3::new(1.5, 2.0, 0.0)) - 21.5).abs() < 1e-5);
        let mut holed = grid([4, 4, 4], |p| 1.0 + p.x);
        holed.values[21] = f64::NAN;
        assert!((Spline::through(&holed).at(DVec3::new(1.0, 1.0, 1.0)) - 1.0).abs() < 1e-5);
    }
}
