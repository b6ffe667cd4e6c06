//! The sum over some points at a block of 8 x 8 x 8 nodes.

use glam::DVec3;

use crate::kde::simd::{Eight, Job, LANES, Simd, dispatch};

/// Nodes along an edge of a block.
pub(super) const EDGE: usize = LANES;
/// Rows of nodes in a block.
pub(super) const ROWS: usize = EDGE * EDGE;
/// Points summed before their sum is added to the total: 24 KiB of factors, which the first-level
/// cache holds, and two-level sums.
pub(super) const BATCH: usize = 128;
/// Node positions along an edge, counted from the middle of the block.
const OFFSETS: Eight = [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5];
/// Largest exponent of two allowed in any factor; f64 holds 2^1023 and the clamp stands at 2^-1010.
const LARGEST_EXPONENT: f64 = 900.0;

/// The sums at the nodes of a block, without the kernel's peak: row `j + 8 k`, lane i.
pub(super) type Sums = [Eight; ROWS];

/// What all blocks of a lattice share.
///
/// With `u` the whitened vector from a point to the middle of the block and `s = i e_x + j e_y + k e_z`
/// the whitened vector from there to a node, the kernel is
/// `2^-|u + s|^2 = 2^-|s|^2 2^-|u|^2 2^(-2 i u.e_x) 2^(-2 j u.e_y) 2^(-2 k u.e_z)`. The first factor is
/// the same for all points, the rest a product of three vectors of 8: 24 powers of two and 512
/// multiply-adds a point in place of 512 exponentials. Nothing is approximated.
#[derive(Debug, Clone)]
pub(super) struct Blocks {
    /// Whitened steps from node to node.
    steps: [DVec3; 3],
    /// `2^-|s|^2`.
    nodes: Box<Sums>,
    /// Squared whitened cut-off.
    cut: f64,
    /// Whether the factors stay in the range of f64; if not, the kernel is much narrower than a block
    /// and each row takes its own exponentials.
    factored: bool,
    /// Largest exponent of two a factor can have.
    exponent: f64,
    /// Planes of nodes that are summed, from the first; the others stay 0.
    planes: usize,
}

impl Blocks {
    /// For blocks with the given whitened steps and half diagonal, of which `planes` planes are needed, and points
    /// at most `reach` from some node.
    pub(super) fn new(steps: [DVec3; 3], planes: usize, half_diagonal: f64, reach: f64) -> Self {
        let mut nodes = Box::new([[0.0; LANES]; ROWS]);
        for (row, eight) in nodes.iter_mut().enumerate() {
            let s = steps[1] * OFFSETS[row % EDGE] + steps[2] * OFFSETS[row / EDGE];
            *eight = OFFSETS.map(|i| (-(s + steps[0] * i).length_squared()).exp2());
        }
        let farthest = reach + half_diagonal;
        let exponent = farthest * farthest + 2.0 * farthest * half_diagonal;
        Self { steps, nodes, cut: reach * reach, factored: exponent < LARGEST_EXPONENT, exponent, planes }
    }

    /// The magnitude of the exponents of two, which their rounding errors are measured by.
    pub(super) fn exponent(&self) -> f64 {
        if self.factored { self.exponent } else { self.cut }
    }

    /// Adds `w 2^-|u + s|^2` of points `[u.x, u.y, u.z, w]`, at most [`BATCH`] of them, to `sums`. The
    /// factor that is the same for all points is left to [`Blocks::finish`].
    pub(super) fn add(&self, points: &[[f64; 4]], sums: &mut Sums) {
        if self.factored {
            dispatch(Factored { blocks: self, points, sums });
        } else {
            dispatch(Direct { blocks: self, points, sums });
        }
    }

    /// The sum at each node, once all points are added.
    pub(super) fn finish(&self, sums: &mut Sums) {
        if self.factored {
            for (sum, node) in sums.as_flattened_mut().iter_mut().zip(self.nodes.as_flattened()) {
                *sum *= node;
            }
        }
    }
}

/// See [`Blocks`].
struct Factored<'a> {
    blocks: &'a Blocks,
    points: &'a [[f64; 4]],
    sums: &'a mut Sums,
}

impl Job for Factored<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let mut factors = [[[0.0; LANES]; 3]; BATCH];
        let [ex, ey, ez] = self.blocks.steps;
        for (&[x, y, z, w], [fx, fy, fz]) in self.points.iter().zip(&mut factors) {
            let u = DVec3::new(x, y, z);
            s.store(powers(s, -2.0 * u.dot(ex), 0.0), fx);
            s.store(powers(s, -2.0 * u.dot(ey), 0.0), fy);
            s.store(s.mul(s.splat(w), powers(s, -2.0 * u.dot(ez), -u.length_squared())), fz);
        }
        add_products(s, &factors[..self.points.len()], self.blocks.planes, self.sums);
    }
}

/// Adds the products of three factors, along x, y and z, of each of some points to a block.
#[inline(always)]
pub(super) fn add_products<S: Simd>(s: S, factors: &[[Eight; 3]], planes: usize, sums: &mut Sums) {
    for (k, rows) in sums.as_chunks_mut::<EDGE>().0.iter_mut().enumerate().take(planes) {
        let mut plane = [s.splat(0.0); EDGE];
        for [fx, fy, fz] in factors {
            let row = s.mul(s.load(fx), s.splat(fz[k]));
            for j in 0..EDGE {
                plane[j] = s.mul_add(row, s.splat(fy[j]), plane[j]);
            }
        }
        for (row, sum) in rows.iter_mut().zip(plane) {
            let sum = s.add(s.load(row), sum);
            s.store(sum, row);
        }
    }
}

/// `2^(start + slope offset)` at the eight positions along an edge. (A closure would not be compiled for the
/// machine at hand.)
#[inline(always)]
fn powers<S: Simd>(s: S, slope: f64, start: f64) -> S::V {
    s.exp2(s.mul_add(s.splat(slope), s.load(&OFFSETS), s.splat(start)))
}

/// An exponential for every node of the rows that come within the cut-off of a point.
struct Direct<'a> {
    blocks: &'a Blocks,
    points: &'a [[f64; 4]],
    sums: &'a mut Sums,
}

impl Job for Direct<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Blocks { steps: [ex, ey, ez], cut, planes, .. } = *self.blocks;
        let along = s.mul(s.splat(ex.x), s.load(&OFFSETS));
        for &[x, y, z, w] in self.points {
            for (k, rows) in self.sums.as_chunks_mut::<EDGE>().0.iter_mut().enumerate().take(planes) {
                let plane = DVec3::new(x, y, z) + ez * OFFSETS[k];
                if plane.z * plane.z > cut {
                    continue;
                }
                for (sum, j) in rows.iter_mut().zip(OFFSETS) {
                    let row = plane + ey * j;
                    let rest = row.y * row.y + row.z * row.z;
                    if rest <= cut {
                        let dx = s.add(s.splat(row.x), along);
                        let e = s.exp2(s.neg_mul_add(dx, dx, s.splat(-rest)));
                        let e = s.mul_add(s.splat(w), e, s.load(sum));
                        s.store(e, sum);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest relative difference from the plain sum, for steps `e` and points up to `reach` away.
    fn worst(steps: [DVec3; 3], reach: f64, points: &[[f64; 4]]) -> (f64, bool) {
        let half = OFFSETS[7] * (steps[0].length() + steps[1].length() + steps[2].length());
        let blocks = Blocks::new(steps, EDGE, half, reach);
        let mut sums = [[0.0; LANES]; ROWS];
        points.chunks(BATCH).for_each(|batch| blocks.add(batch, &mut sums));
        blocks.finish(&mut sums);
        let mut worst = 0.0;
        for (at, sum) in sums.as_flattened().iter().enumerate() {
            let [i, j, k] = [at % 8, at / 8 % 8, at / 64].map(|n| OFFSETS[n]);
            let s = steps[0] * i + steps[1] * j + steps[2] * k;
            let plain: f64 =
                points.iter().map(|p| p[3] * (-(DVec3::new(p[0], p[1], p[2]) + s).length_squared()).exp2()).sum();
            let error = (sum / plain - 1.0).abs();
            worst = if f64::is_nan(worst) || error <= worst { worst } else { error };
        }
        (worst, blocks.factored)
    }

    fn points(n: usize, scale: f64) -> Vec<[f64; 4]> {
        let at = |i: usize| ((i * 7919 % 1009) as f64 / 504.5 - 1.0) * scale;
        (0..n).map(|i| [at(3 * i), at(3 * i + 1), at(3 * i + 2), 0.5 + (i % 3) as f64]).collect()
    }

    #[test]
    fn the_product_of_three_factors_is_the_plain_sum() {
        let steps = [DVec3::new(0.6, 0.0, 0.0), DVec3::new(-0.3, 0.5, 0.0), DVec3::new(0.1, 0.2, 0.7)];
        let (error, factored) = worst(steps, 6.0, &points(300, 4.0));
        assert!(factored && error < 1e-13, "{error}");
    }

    #[test]
    fn narrow_kernels_take_plain_exponentials() {
        let steps = [DVec3::new(3.0, 0.0, 0.0), DVec3::new(0.0, 3.0, 0.0), DVec3::new(0.0, 0.5, 3.0)];
        let (error, factored) = worst(steps, 30.0, &points(200, 10.0));
        assert!(!factored && error < 1e-13, "{error}");
    }
}
