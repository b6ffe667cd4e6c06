//! From a grid to one of half the spacing, by interpolation whose error for Gaussians is known.
//!
//! Every second node of the finer grid is a node of the coarser one; the node between two takes the polynomial through
//! the `m` nearest coarse nodes on both sides (Deslauriers and Dubuc 1989). The weights of a wave `e^(ik x)` there sum to
//! `D(kh)`, which falls from 1 to 0 at `kh = pi`, and a Gaussian is a sum of positive waves, so that the error is at most
//! the mean of `1 - D` over its spectrum, as a share of its peak.

use rayon::prelude::*;

use crate::kde::simd::{Job, LANES, Simd, dispatch};

/// Finest step of the quadrature over the spectrum, in its standard deviations, and its end, beyond which 1e-32 lie.
const STEP: f64 = 0.05;
const END: f64 = 12.0;

/// Interpolation with `m` nodes on both sides.
pub(super) struct Halving {
    /// Weights of the nodes half a step away, one and a half, and so on: the same on both sides.
    weights: Vec<f64>,
}

impl Halving {
    /// With `m` nodes on both sides.
    pub(super) fn new(m: usize) -> Self {
        let nodes: Vec<f64> = (0..2 * m).map(|k| k as f64 - m as f64 + 0.5).collect();
        let weight = |k: usize| -> f64 {
            let others = nodes.iter().enumerate().filter(|(l, _)| *l != k);
            others.map(|(_, x)| x / (x - nodes[k])).product()
        };
        Self { weights: (m..2 * m).map(weight).collect() }
    }

    /// Nodes on both sides.
    pub(super) fn side(&self) -> usize {
        self.weights.len()
    }

    /// Nodes of the coarser grid along an axis; its node `side - 1` is the first of the finer.
    pub(super) fn coarser(&self, nodes: usize) -> usize {
        (nodes / 2 + 2 * self.side()).saturating_sub(1).max(nodes.div_ceil(2) + self.side())
    }

    /// Largest error of a Gaussian of `ratio` coarse steps or more, as a share of its peak.
    pub(super) fn error(&self, ratio: f64) -> f64 {
        let at = |theta: f64| match theta {
            t if t >= std::f64::consts::PI => 2.0,
            t => {
                let waves = self.weights.iter().enumerate().map(|(j, w)| 2.0 * w * ((j as f64 + 0.5) * t).cos());
                (1.0 - waves.sum::<f64>()).abs()
            }
        };
        let terms = (1..(END / STEP) as usize).map(|i| i as f64 * STEP).map(|z| (-0.5 * z * z).exp() * at(z / ratio));
        1.1 * STEP * (2.0 / std::f64::consts::PI).sqrt() * terms.sum::<f64>()
    }

    /// For 0, 1, ... `steps` halvings one after the other: how much larger than the largest value a result can be.
    pub(super) fn norms(&self, steps: usize) -> Vec<f64> {
        let m = self.side();
        let mut norms = vec![1.0];
        // What one node of the coarsest grid becomes.
        let mut values = vec![0.0; 6 * m + 1];
        values[3 * m] = 1.0;
        for step in 1..=steps {
            let mut finer = vec![0.0; 2 * (values.len() - 2 * m)];
            self.row(&values, &mut finer);
            // Room for what the next halving cannot reach.
            let room = vec![0.0; 2 * m];
            values = [&room[..], &finer, &room].concat();
            let period = 1 << step;
            let sum = |r: usize| values.iter().skip(r).step_by(period).map(|v| v.abs()).sum::<f64>();
            norms.push((0..period).map(sum).fold(1.0, f64::max));
        }
        norms
    }

    /// Fills a row of the finer grid from one of the coarser.
    pub(super) fn row(&self, coarse: &[f64], fine: &mut [f64]) {
        let mut between = vec![0.0; fine.len() / 2];
        let count = between.len();
        self.between(|tap| &coarse[tap..tap + count], &mut between);
        for (value, node) in fine.iter_mut().step_by(2).zip(&coarse[self.side() - 1..]) {
            *value = *node;
        }
        for (value, node) in fine.iter_mut().skip(1).step_by(2).zip(&between) {
            *value = *node;
        }
    }

    /// `values` with `nodes` in place of `coarser(nodes)` along an axis along which `inner` values stand between
    /// neighbours.
    pub(super) fn along(&self, values: &[f64], inner: usize, nodes: usize) -> Vec<f64> {
        let coarse = self.coarser(nodes);
        let mut out = vec![0.0; values.len() / coarse * nodes];
        out.par_chunks_mut(inner).enumerate().for_each(|(at, layer)| {
            let (node, first) = (at % nodes, at / nodes * coarse + at % nodes / 2);
            let of = |tap: usize| &values[(first + tap) * inner..(first + tap + 1) * inner];
            match node % 2 {
                0 => layer.copy_from_slice(of(self.side() - 1)),
                _ => self.between(of, layer),
            }
        });
        out
    }

    /// The weighted sum of layers of the coarser grid.
    fn between<'b>(&self, layer: impl Fn(usize) -> &'b [f64], out: &mut [f64]) {
        let m = self.side();
        for (j, weight) in self.weights.iter().enumerate() {
            dispatch(AddPair { weight: *weight, a: layer(m - 1 - j), b: layer(m + j), out: &mut *out });
        }
    }
}

/// Adds `weight (a + b)` to `out`.
struct AddPair<'a> {
    weight: f64,
    a: &'a [f64],
    b: &'a [f64],
    out: &'a mut [f64],
}

impl Job for AddPair<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let ((a, a_rest), (b, b_rest)) = (self.a.as_chunks::<LANES>(), self.b.as_chunks::<LANES>());
        let (out, out_rest) = self.out.as_chunks_mut::<LANES>();
        let weight = s.splat(self.weight);
        for ((a, b), out) in a.iter().zip(b).zip(out) {
            let sum = s.mul_add(weight, s.add(s.load(a), s.load(b)), s.load(out));
            s.store(sum, out);
        }
        for ((a, b), out) in a_rest.iter().zip(b_rest).zip(out_rest) {
            *out += self.weight * (a + b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polynomial_passes_through_and_norms_are_small() {
        for m in [2, 6, 16] {
            let halving = Halving::new(m);
            let f = |x: f64| (x / 9.0).powi(3) - x;
            for nodes in [2, 3, 17, 40] {
                let coarse: Vec<f64> =
                    (0..halving.coarser(nodes)).map(|c| f(2.0 * (c as f64 - (m - 1) as f64))).collect();
                let mut fine = vec![0.0; nodes];
                halving.row(&coarse, &mut fine);
                let two = halving.along(&coarse.iter().flat_map(|v| [*v, -v]).collect::<Vec<_>>(), 2, nodes);
                for (i, v) in fine.iter().enumerate() {
                    assert!((v - f(i as f64)).abs() < 1e-9, "{m}, {nodes}: {i} {v}");
                    assert!((two[2 * i] - v).abs() < 1e-12 && (two[2 * i + 1] + v).abs() < 1e-12);
                }
            }
            let norms = halving.norms(6);
            assert!(norms.windows(2).all(|n| n[0] <= n[1] + 1e-9) && norms[6] < 3.5, "{norms:?}");
        }
    }

    #[test]
    fn the_error_of_a_gaussian_is_within_its_bound_and_near_it() {
        for (m, ratio) in [(2, 2.0), (6, 3.0), (8, 4.0), (12, 4.0)] {
            let (halving, nodes) = (Halving::new(m), 400);
            let mut worst: f64 = 0.0;
            for shift in [0.0, 0.3, 0.5, 0.9] {
                let f = |x: f64| (-0.5 * ((x - 200.0 - shift) / (2.0 * ratio)).powi(2)).exp();
                let coarse: Vec<f64> =
                    (0..halving.coarser(nodes)).map(|c| f(2.0 * (c as f64 - (m - 1) as f64))).collect();
                let mut fine = vec![0.0; nodes];
                halving.row(&coarse, &mut fine);
                worst = fine.iter().enumerate().map(|(i, v)| (v - f(i as f64)).abs()).fold(worst, f64::max);
            }
            let bound = halving.error(ratio);
            assert!(worst <= bound && worst > 0.2 * bound, "{m}, {ratio}: {worst:e} {bound:e}");
        }
    }
}
