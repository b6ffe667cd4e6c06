//! Smoothing by a Gaussian, and counts of points in the bins of a plane.

use glam::{DVec2, DVec3};

use super::{DensityGrid, Lattice, PlaneGrid};
use crate::error::{Error, Result};
use crate::geometry::{Box3, LengthUnit};

/// The kernel ends at so many standard deviations.
const TRUNCATED_AT: f64 = 4.0;
/// More bins than that are refused before they are allocated: 2 GiB.
const MOST_BINS: usize = 1 << 28;
/// Wider Gaussians than this many bins are hardly meant.
const WIDEST: f64 = 1e5;

/// The values smoothed by a Gaussian of these standard deviations along x and y, in nodes: as
/// `scipy.ndimage.gaussian_filter` with its defaults. Beyond the edges the values are their mirror image (the edge node
/// doubled, `mode="reflect"`), and the kernel, whose sum is 1, ends at `int(4 sigma + 0.5)` nodes. 0 leaves an axis as
/// it is. Values that are not finite spread as far as the kernel reaches.
///
/// # Errors
/// [`Error::Usage`] unless both are from 0 to 100000.
pub fn gaussian_blur(grid: &PlaneGrid<f64>, sigma: [f64; 2]) -> Result<PlaneGrid<f64>> {
    if !sigma.iter().all(|s| (0.0..=WIDEST).contains(s)) {
        let [x, y] = sigma;
        return Err(Error::Usage(format!("a Gaussian of {x} x {y} bins cannot be; 0 to {WIDEST} can")));
    }
    let [nx, ny] = grid.shape();
    let mut values = grid.values().to_vec();
    if sigma[0] > 0.0 {
        let kernel = kernel(sigma[0]);
        let mut line = vec![0.0; nx];
        for row in values.chunks_exact_mut(nx) {
            line.copy_from_slice(row);
            smooth(&line, &kernel, |i, v| row[i] = v);
        }
    }
    if sigma[1] > 0.0 {
        values = along_columns(&values, [nx, ny], &kernel(sigma[1]));
    }
    let layer = grid.layer();
    PlaneGrid::from_layer(DensityGrid::new(layer.lattice, values, layer.unit)?)
}

/// Weights at 0, 1, 2, ... nodes from the middle; with their mirror image their sum is 1.
fn kernel(sigma: f64) -> Vec<f64> {
    let reach = (TRUNCATED_AT * sigma + 0.5) as usize;
    let weight = |i: usize| (-0.5 * (i as f64 / sigma).powi(2)).exp();
    let half: Vec<f64> = (0..=reach).map(weight).collect();
    let sum: f64 = half[0] + 2.0 * half[1..].iter().sum::<f64>();
    half.into_iter().map(|w| w / sum).collect()
}

/// The node that the mirror image shows at `at`: d c b a | a b c d | d c b a.
fn mirrored(at: isize, n: usize) -> usize {
    let period = 2 * n as isize;
    let at = at.rem_euclid(period) as usize;
    if at < n { at } else { 2 * n - 1 - at }
}

fn smooth(line: &[f64], kernel: &[f64], mut put: impl FnMut(usize, f64)) {
    let (n, reach) = (line.len(), kernel.len() - 1);
    let around: Vec<f64> = (0..n + 2 * reach).map(|i| line[mirrored(i as isize - reach as isize, n)]).collect();
    for i in 0..n {
        let at = i + reach;
        // From the smallest weights on, as scipy sums.
        let pairs = (1..=reach).rev().map(|k| kernel[k] * (around[at - k] + around[at + k])).sum::<f64>();
        put(i, kernel[0] * around[at] + pairs);
    }
}

/// Along y, a whole row at a time.
fn along_columns(values: &[f64], [nx, ny]: [usize; 2], kernel: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; values.len()];
    let row = |at: isize| {
        let first = nx * mirrored(at, ny);
        &values[first..first + nx]
    };
    for (j, sums) in out.chunks_exact_mut(nx).enumerate() {
        for k in (1..kernel.len()).rev() {
            let (below, above) = (row(j as isize - k as isize), row((j + k) as isize));
            for ((sum, a), b) in sums.iter_mut().zip(below).zip(above) {
                *sum += kernel[k] * (a + b);
            }
        }
        sums.iter_mut().zip(row(j as isize)).for_each(|(sum, v)| *sum += kernel[0] * v);
    }
    out
}

/// Points counted in bins of a plane.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaneCounts {
    /// The counts; node (i, j) is the middle of its bin.
    pub grid: PlaneGrid<f64>,
    /// How many points lie outside the bins.
    pub outside: usize,
}

/// Counts points (their x and y) in `shape` equal bins from `min` to `max`: as `numpy.histogram2d`, a bin holds its lower
/// edge, the last one also its upper one. Each point counts 1, or its weight.
///
/// # Errors
/// [`Error::Data`] if the part has no area or the bins are too many.
///
/// # Panics
/// If there are weights but not one a point.
pub fn histogram_2d(
    points: &[DVec3],
    weights: Option<&[f64]>,
    [min, max]: [DVec2; 2],
    shape: [usize; 2],
    unit: Option<LengthUnit>,
) -> Result<PlaneCounts> {
    assert!(weights.is_none_or(|w| w.len() == points.len()), "one weight a point");
    let (size, [nx, ny]) = (max - min, shape);
    if !(size.is_finite() && size.min_element() > 0.0) {
        return Err(Error::Data(format!("the part from {min} to {max} has no area; give --bounds X0,X1,Y0,Y1")));
    }
    let len = nx.checked_mul(ny).filter(|n| (1..=MOST_BINS).contains(n)).ok_or_else(|| {
        Error::Data(format!("{nx} x {ny} bins are none, or more than {MOST_BINS}; give other --bins"))
    })?;
    let (mut counts, mut outside) = (vec![0.0; len], 0);
    for (at, p) in points.iter().enumerate() {
        match (bin(p.x, [min.x, max.x], nx), bin(p.y, [min.y, max.y], ny)) {
            (Some(i), Some(j)) => counts[i + nx * j] += weights.map_or(1.0, |w| w[at]),
            _ => outside += 1,
        }
    }
    let spacing = size / DVec2::new(nx as f64, ny as f64);
    let lattice =
        Lattice { shape: [nx, ny, 1], origin: (min + 0.5 * spacing).extend(0.0), spacing: spacing.extend(1.0) };
    Ok(PlaneCounts { grid: PlaneGrid::from_layer(DensityGrid::new(lattice, counts, unit)?)?, outside })
}

/// The bin of `n` between `low` and `high`, by the edges that numpy computes.
fn bin(at: f64, [low, high]: [f64; 2], n: usize) -> Option<usize> {
    if !(low..=high).contains(&at) {
        return None;
    }
    let edge = |k: usize| if k == n { high } else { low + (high - low) / n as f64 * k as f64 };
    let guess = (((at - low) / (high - low) * n as f64) as usize).min(n - 1);
    // A rounding may put a value on the wrong side of an edge.
    Some(if at < edge(guess) {
        guess - 1
    } else if guess + 1 < n && at >= edge(guess + 1) {
        guess + 1
    } else {
        guess
    })
}

/// The part of the plane that points lie in, wide enough for bins: an axis without extent gets 1 around it.
pub fn range_of(points: &[DVec3]) -> [DVec2; 2] {
    let Box3 { min, max } = Box3::around(points);
    let flat = (max - min).truncate().cmple(DVec2::ZERO);
    let more = DVec2::select(flat, DVec2::splat(0.5), DVec2::ZERO);
    [min.truncate() - more, max.truncate() + more]
}

impl PlaneGrid<f64> {
    /// The values in the precision of pictures.
    pub fn narrowed(&self) -> PlaneGrid {
        PlaneGrid { layer: self.layer().narrowed() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(shape: [usize; 2], values: Vec<f64>) -> PlaneGrid<f64> {
        let lattice = Lattice { shape: [shape[0], shape[1], 1], origin: DVec3::ZERO, spacing: DVec3::ONE };
        PlaneGrid::from_layer(DensityGrid::new(lattice, values, None).unwrap()).unwrap()
    }

    fn noise(n: usize) -> Vec<f64> {
        (0..n).map(|i| ((i * 7919 + 13) % 101) as f64).collect()
    }

    /// The double sum over all nodes and their mirror images, nothing reused.
    fn twin(grid: &PlaneGrid<f64>, sigma: [f64; 2]) -> Vec<f64> {
        let [nx, ny] = grid.shape();
        let reach = sigma.map(|s| (4.0 * s + 0.5).floor() as isize);
        let weight = |d: isize, s: f64| if s == 0.0 { 1.0 } else { (-0.5 * (d as f64 / s).powi(2)).exp() };
        let of = |i: isize, j: isize| grid.values()[mirrored(i, nx) + nx * mirrored(j, ny)];
        let mut out = Vec::new();
        for j in 0..ny as isize {
            for i in 0..nx as isize {
                let (mut sum, mut all) = (0.0, 0.0);
                for b in -reach[1]..=reach[1] {
                    for a in -reach[0]..=reach[0] {
                        let w = weight(a, sigma[0]) * weight(b, sigma[1]);
                        (sum, all) = (sum + w * of(i + a, j + b), all + w);
                    }
                }
                out.push(sum / all);
            }
        }
        out
    }

    /// Catches: another edge rule, a kernel cut elsewhere, axes swapped.
    #[test]
    fn the_blur_is_that_of_the_double_sum() {
        for (shape, sigma) in [([7, 5], [1.0, 2.3]), ([3, 9], [4.0, 0.0]), ([1, 6], [2.0, 0.7]), ([12, 2], [0.3, 5.0])]
        {
            let grid = plane(shape, noise(shape[0] * shape[1]));
            let (found, wanted) = (gaussian_blur(&grid, sigma).unwrap(), twin(&grid, sigma));
            for (at, (f, w)) in std::iter::zip(found.values(), wanted).enumerate() {
                assert!((f - w).abs() < 1e-11, "{shape:?} {sigma:?} [{at}]: {f} is not {w}");
            }
        }
        assert!(gaussian_blur(&plane([2, 2], vec![0.0; 4]), [-1.0, 0.0]).is_err());
        assert!(gaussian_blur(&plane([2, 2], vec![0.0; 4]), [f64::NAN, 0.0]).is_err());
    }

    /// scipy 1.17.1: `gaussian_filter(a, [2.3, 1.0])[[0, 3, 6]][:, [0, 2, 4]]` of 7 rows of 5, `(7919 i + 13) % 101`.
    #[test]
    fn the_blur_is_scipys() {
        let blurred = gaussian_blur(&plane([5, 7], noise(35)), [1.0, 2.3]).unwrap();
        let wanted = [
            [31.88586837, 53.01448398, 66.71853595],
            [34.59422618, 43.32930553, 69.42689376],
            [38.15776836, 39.48378413, 72.99043594],
        ];
        for (row, values) in std::iter::zip([0, 3, 6], wanted) {
            for (column, value) in std::iter::zip([0, 2, 4], values) {
                let found = blurred.values()[column + 5 * row];
                assert!((found - value).abs() < 1e-8, "({row}, {column}): {found} is not {value}");
            }
        }
    }

    #[test]
    fn mirror_images_double_the_edge() {
        let shown: Vec<usize> = (-5..8).map(|at| mirrored(at, 3)).collect();
        assert_eq!(shown, [1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1]);
        assert_eq!(mirrored(-7, 1), 0);
    }

    /// Catches: an upper edge left out, weights ignored, x and y swapped.
    #[test]
    fn bins_are_numpys() {
        // numpy.histogram2d([0, .1, .3, 1, 2], [0, 5, 5, 10, 3], bins=[10, 2], range=[[0, 1], [0, 10]]).
        let points = [[0.0, 0.0], [0.1, 5.0], [0.3, 5.0], [1.0, 10.0], [2.0, 3.0]].map(|[x, y]| DVec3::new(x, y, 0.0));
        let counts = histogram_2d(
            &points,
            Some(&[1.0, 2.0, 3.0, 4.0, 9.0]),
            [DVec2::ZERO, DVec2::new(1.0, 10.0)],
            [10, 2],
            None,
        );
        let PlaneCounts { grid, outside } = counts.unwrap();
        let mut wanted = vec![0.0; 20];
        (wanted[0], wanted[11], wanted[12], wanted[19]) = (1.0, 2.0, 3.0, 4.0);
        // 0.3 lies below 3 * 0.1 = 0.30000000000000004.
        assert_eq!((grid.values(), outside), (wanted.as_slice(), 1));
        assert_eq!((grid.origin(), grid.spacing()), (DVec2::new(0.05, 2.5), DVec2::new(0.1, 5.0)));
        let flat = [DVec2::ZERO, DVec2::X];
        assert!(histogram_2d(&points, None, flat, [2, 2], None).is_err());
        assert!(histogram_2d(&points, None, [DVec2::ZERO, DVec2::ONE], [0, 2], None).is_err());
        assert!(histogram_2d(&points, None, [DVec2::ZERO, DVec2::ONE], [usize::MAX, 2], None).is_err());
    }
}
