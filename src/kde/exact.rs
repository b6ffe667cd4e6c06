//! The plain sum: every point at every node, in f64.

use rayon::prelude::*;

use crate::error::Result;
use crate::grid::{Lattice, Sample};
use crate::kde::bound::{FARTHEST, Rounding, settled};
use crate::kde::simd::{Eight, Job, LANES, Simd, dispatch};
use crate::kde::whitened::Whitening;
use crate::progress::Progress;

/// Groups of eight points summed before the sum is added to the total: 64 KiB, which the second-level
/// cache holds, and sums short enough that rounding stays below 1e-13.
pub(super) const GROUPS: usize = 256;

/// Eight points: their whitened x, y, z and their weights. The last group is filled with weights of 0.
pub(super) type Group = [Eight; 4];

/// `points` in groups of eight.
pub(super) fn grouped(points: &[[f64; 4]]) -> Vec<Group> {
    let mut groups = Vec::with_capacity(points.len().div_ceil(LANES));
    points.iter().enumerate().for_each(|(count, point)| push(&mut groups, count, point));
    groups
}

/// Adds a point to groups that hold `count` of them.
#[inline]
pub(super) fn push(groups: &mut Vec<Group>, count: usize, point: &[f64; 4]) {
    let lane = count % LANES;
    if lane == 0 {
        groups.push([point[0], point[1], point[2], 0.0].map(|v| [v; LANES]));
    }
    let group = &mut groups[count / LANES];
    group.iter_mut().zip(point).for_each(|(lanes, v)| lanes[lane] = *v);
}

/// Fills `values` with `peak sum_i w_i 2^-|z - z_i|^2` at the nodes, x fastest, and gives the largest.
///
/// # Errors
/// [`Error::Interrupted`](crate::error::Error::Interrupted).
pub(super) fn evaluate<T: Sample>(
    points: &[[f64; 4]],
    whitening: &Whitening,
    peak: f64,
    lattice: &Lattice,
    values: &mut [T],
    progress: &dyn Progress,
) -> Result<f64> {
    let groups = grouped(points);
    let [nx, ny, nz] = lattice.shape;
    progress.begin("density", (ny * nz) as u64);
    let largest = values.par_chunks_mut(nx).enumerate().map(|(row, out)| {
        let start = whitening.at(lattice.node(0, row % ny, row / ny));
        let nodes: Vec<f64> = (0..nx).map(|i| whitening.at(lattice.node(i, row % ny, row / ny)).x).collect();
        let mut sums = vec![0.0; nx];
        for chunk in groups.chunks(GROUPS) {
            progress.check()?;
            dispatch(Row { groups: chunk, nodes: &nodes, y: start.y, z: start.z, sums: &mut sums });
        }
        let mut largest = 0.0;
        for (value, sum) in out.iter_mut().zip(&sums) {
            *value = T::from_f64(peak * settled(*sum));
            largest = f64::max(largest, peak * settled(*sum));
        }
        progress.advance(1);
        Ok(largest)
    });
    largest.try_reduce(|| 0.0, |a, b| Ok(a.max(b)))
}

/// How much rounding can change the sums over `points` points, for coordinates of `magnitude` standard deviations.
/// An exponent is no larger than the square of a distance, and its rounding counts as the coordinates' do.
pub(super) fn rounding(points: usize, magnitude: f64, coarseness: Option<f64>) -> Rounding {
    let terms = (GROUPS + points / (GROUPS * LANES)) as f64;
    Rounding { magnitude: magnitude + FARTHEST, distance: FARTHEST, coarseness, exponent: 0.0, terms }
}

/// Adds the sums over `groups` at the nodes of a row to `sums`.
struct Row<'a> {
    groups: &'a [Group],
    nodes: &'a [f64],
    y: f64,
    z: f64,
    sums: &'a mut [f64],
}

impl Job for Row<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let mut done = 0;
        let nodes = self.nodes;
        while done < nodes.len() {
            done += match nodes[done..] {
                [a, b, c, d, e, f, g, h, ..] => self.segment(s, &[a, b, c, d, e, f, g, h], done),
                [a, b, c, d, ..] => self.segment(s, &[a, b, c, d], done),
                [a, ..] => self.segment(s, &[a], done),
                [] => 0,
            };
        }
    }
}

impl Row<'_> {
    /// The sums at `N` nodes, of which it gives the number. Points stand in the lanes, so that a row of any length
    /// fills them.
    #[inline(always)]
    fn segment<S: Simd, const N: usize>(&mut self, s: S, nodes: &[f64; N], first: usize) -> usize {
        let mut sums = [s.splat(0.0); N];
        let (y, z) = (s.splat(self.y), s.splat(self.z));
        for [px, py, pz, w] in self.groups {
            let (px, w) = (s.load(px), s.load(w));
            let (dy, dz) = (s.sub(y, s.load(py)), s.sub(z, s.load(pz)));
            let rest = s.neg_mul_add(dz, dz, s.neg_mul_add(dy, dy, s.splat(0.0)));
            for (sum, node) in sums.iter_mut().zip(nodes) {
                let dx = s.sub(s.splat(*node), px);
                let e = s.exp2(s.neg_mul_add(dx, dx, rest));
                *sum = s.mul_add(w, e, *sum);
            }
        }
        for (total, sum) in self.sums[first..].iter_mut().zip(sums) {
            *total += s.sum(sum);
        }
        N
    }
}
