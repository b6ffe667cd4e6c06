//! The same density at fewer nodes.

use rayon::prelude::*;

use super::{DensityGrid, Lattice};
use crate::error::Result;

/// The nodes along an axis that a coarser one is the mean of: the first of them, and their shares.
type Shares = (usize, Vec<f64>);

impl DensityGrid {
    /// The density in the same box at `shape` nodes, no more an axis than there are and 2 at least: each the mean of those around
    /// it, falling linearly to none at the next coarser node, so that nothing finer is left that would show as a pattern.
    /// What is not finite counts as `missing`.
    ///
    /// # Errors
    /// [`Error::Data`](crate::error::Error::Data) if an axis has fewer than 2 nodes.
    pub fn coarser(&self, shape: [usize; 3], missing: f32) -> Result<Self> {
        let [nx, ny, _] = self.lattice.shape;
        let [mx, my, _] = shape;
        let lattice = Lattice::spanning(self.lattice.bounds(), shape)?;
        let [along_x, along_y, along_z] = std::array::from_fn(|a| shares(self.lattice.shape[a], shape[a]));
        let mut values = vec![0f32; lattice.len()];
        values.par_chunks_exact_mut(mx * my).zip(&along_z).for_each(|(layer, (first, shares))| {
            let mut sum = vec![0f64; nx * ny];
            for (k, share) in (*first..).zip(shares) {
                let from = &self.values[nx * ny * k..][..nx * ny];
                let finite = from.iter().map(|v| if v.is_finite() { *v } else { missing });
                std::iter::zip(&mut sum, finite).for_each(|(s, v)| *s += share * f64::from(v));
            }
            let mut row = vec![0f64; nx];
            for (out, (first, shares)) in layer.chunks_exact_mut(mx).zip(&along_y) {
                row.fill(0.0);
                for (j, share) in (*first..).zip(shares) {
                    std::iter::zip(&mut row, &sum[nx * j..][..nx]).for_each(|(r, s)| *r += share * s);
                }
                for (value, (first, shares)) in std::iter::zip(out, &along_x) {
                    *value = std::iter::zip(shares, &row[*first..]).map(|(share, r)| share * r).sum::<f64>() as f32;
                }
            }
        });
        Ok(Self { focus: self.focus, ..Self::new(lattice, values, self.unit)? })
    }
}

/// For each of `coarse` nodes on the way of `fine` ones, those that it is the mean of. Of two sides it takes as much, so that what
/// rises evenly stays as it is up to the border.
fn shares(fine: usize, coarse: usize) -> Vec<Shares> {
    let step = (fine - 1) as f64 / (coarse - 1) as f64;
    let last = (fine - 1) as f64;
    let share = |j: usize| {
        let at = (j as f64 * step).min(last);
        let reach = step.min(at.max(1.0)).min((last - at).max(1.0)).max(1.0);
        let (low, high) = ((at - reach).ceil().max(0.0) as usize, ((at + reach).floor() as usize).min(fine - 1));
        let all: Vec<f64> = (low..=high).map(|i| (1.0 - (i as f64 - at).abs() / reach).max(0.0)).collect();
        (low, centred(&all, at - low as f64))
    };
    (0..coarse).map(share).collect()
}

/// Shares in proportion to these weights, but for a tilt that puts their mean at `at`.
fn centred(weights: &[f64], at: f64) -> Vec<f64> {
    let sum: f64 = weights.iter().sum();
    let moment = |f: &dyn Fn(f64) -> f64| weights.iter().enumerate().map(|(i, w)| w / sum * f(i as f64)).sum::<f64>();
    let mean = moment(&|i| i);
    let variance = moment(&|i| (i - mean).powi(2));
    let tilt = if variance > 0.0 { (at - mean) / variance } else { 0.0 };
    weights.iter().enumerate().map(|(i, w)| w / sum * (1.0 + tilt * (i as f64 - mean))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::grid;

    /// Catches: axes exchanged, a box that is moved or shrunk, borders that are flattened.
    #[test]
    fn what_rises_evenly_stays_as_it_is() {
        let shape = [17, 30, 12];
        let value = |p: glam::DVec3| (3.0 * p.x - 2.0 * p.y + 0.5 * p.z + 1.0) as f32;
        let empty = grid(shape, vec![0.0; 17 * 30 * 12]);
        let fine = grid(shape, (0..empty.values.len()).map(|n| value(empty.lattice.node_at(n))).collect());
        for shape in [[17, 30, 12], [9, 10, 6], [2, 2, 2], [16, 29, 5]] {
            let coarse = fine.coarser(shape, 0.0).unwrap();
            assert_eq!((coarse.lattice.shape, coarse.lattice.bounds()), (shape, fine.lattice.bounds()));
            for (n, v) in coarse.values.iter().enumerate() {
                let expected = value(coarse.lattice.node_at(n));
                assert!((v - expected).abs() < 1e-5, "{shape:?} {n}: {v} for {expected}");
            }
        }
        assert!(fine.coarser([1, 2, 2], 0.0).is_err());
    }

    /// Catches: samples taken at every other node, where means are asked for; values that are not finite spread.
    #[test]
    fn what_is_finer_than_the_nodes_is_averaged() {
        let checks = |n: usize| if (n % 33 + n / 33 % 33 + n / 1089).is_multiple_of(2) { 1.0 } else { 0.0 };
        let mut fine = grid([33; 3], (0..33 * 33 * 33).map(checks).collect());
        fine.values[20 + 33 * (20 + 33 * 20)] = f32::NAN;
        let coarse = fine.coarser([9; 3], 0.5).unwrap();
        assert!(coarse.values.iter().all(|v| v.is_finite()));
        // At a border a node is alone on its axis.
        let inner = coarse.values[4 + 9 * (4 + 9 * 4)];
        assert!((inner - 0.5).abs() < 0.01, "{inner}");
    }
}
