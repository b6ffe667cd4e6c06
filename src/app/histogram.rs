//! How the densities of a grid are spread, and how much of the mass lies above each.

use crate::annotate::Ticks;
use crate::grid::DensityGrid;

/// Bins over the densities.
const BINS: usize = 512;

/// About the most samples that are counted.
const MOST_SAMPLES: usize = 1 << 21;

/// How many powers of ten below the largest density are told apart.
const DECADES: f64 = 5.0;

/// Numbers of nodes by density, in bins that are even on [`Histogram::place`].
#[derive(Debug)]
pub struct Histogram {
    /// Smallest and largest density.
    pub range: [f64; 2],
    /// Nodes of each bin, and the share of the mass (0 to 1) at or above its lower end.
    bins: Vec<(u64, f64)>,
}

/// Every how many-th sample is counted: odd, so that rows of an even number of nodes are not all met at the same places.
fn stride(samples: usize) -> usize {
    (samples / MOST_SAMPLES) | 1
}

impl Histogram {
    /// Of the finite samples of a grid; of a large one, of some spread evenly over it.
    pub fn of(grid: &DensityGrid) -> Self {
        let s = grid.statistics();
        let range = if s.min < s.max { [s.min, s.max] } else { [s.min.min(0.0), s.max.max(s.min.min(0.0) + 1.0)] };
        let mut histogram = Self { range, bins: vec![(0, 0.0); BINS] };
        let values = grid.values.iter().step_by(stride(grid.values.len()));
        for value in values.map(|v| f64::from(*v)).filter(|v| v.is_finite()) {
            let bin = histogram.bin(value);
            histogram.bins[bin].0 += 1;
            histogram.bins[bin].1 += value.max(0.0);
        }
        let total: f64 = histogram.bins.iter().map(|b| b.1).sum();
        let mut above = 0.0;
        for bin in histogram.bins.iter_mut().rev() {
            above += bin.1;
            bin.1 = if total > 0.0 { above / total } else { 0.0 };
        }
        histogram
    }

    fn bin(&self, value: f64) -> usize {
        ((self.place(value) * BINS as f64) as usize).min(BINS - 1)
    }

    /// Where a density lies from left (0) to right (1): by powers of ten where all are above 0, else evenly.
    pub fn place(&self, value: f64) -> f64 {
        let [min, max] = self.range;
        let place = if min < 0.0 {
            (value - min) / (max - min)
        } else {
            let least = self.least();
            (value.max(least) / least).log10() / (max / least).log10()
        };
        place.clamp(0.0, 1.0)
    }

    /// The density at a place from 0 to 1.
    pub fn value(&self, place: f64) -> f64 {
        let [min, max] = self.range;
        if min < 0.0 {
            return min + place * (max - min);
        }
        let least = self.least();
        if place <= 0.0 { min } else { least * (max / least).powf(place) }
    }

    /// Where powers of ten begin.
    fn least(&self) -> f64 {
        let [min, max] = self.range;
        min.max(max * 10f64.powf(-DECADES)).max(f64::MIN_POSITIVE)
    }

    /// Heights, 0 to 1, by the logarithm of the numbers, over `columns` even steps from one place to another.
    pub fn heights(&self, from: f64, to: f64, columns: usize) -> Vec<f32> {
        let most = self.bins.iter().map(|b| b.0).max().unwrap_or(0).max(1);
        let scale = 1.0 / (1.0 + most as f64).ln();
        let at = |column: usize| from + (to - from) * (column as f64 + 0.5) / columns as f64;
        let count = |place: f64| self.bins[((place * BINS as f64) as usize).min(BINS - 1)].0;
        (0..columns).map(|c| ((1.0 + count(at(c)) as f64).ln() * scale) as f32).collect()
    }

    /// Round values along it, `most` or fewer: powers of ten where places go by them, else at equal distances.
    pub fn round_values(&self, factor: f64, most: usize) -> Vec<f64> {
        let [min, max] = self.range.map(|v| v * factor);
        if min < 0.0 {
            return Ticks::within(min, max, most).map(|ticks| ticks.values()).unwrap_or_default();
        }
        let [first, last] = [self.least() * factor, max].map(f64::log10);
        let (first, last) = ((first - 1e-9).ceil() as i32, (last + 1e-9).floor() as i32);
        let every = ((last - first).max(0) as usize / most.max(1) + 1) as i32;
        (first..=last)
            .filter(|power| (last - power) % every == 0)
            .map(|power| format!("1e{power}").parse().unwrap_or(0.0))
            .collect()
    }

    /// The share of the mass (0 to 1) at densities of at least `value`, to the width of a bin.
    pub fn mass_above(&self, value: f64) -> f64 {
        self.bins[self.bin(value)].1
    }
}

#[cfg(test)]
mod tests {
    use glam::DVec3;

    use super::*;
    use crate::geometry::Box3;
    use crate::grid::Lattice;

    fn grid(values: Vec<f32>) -> DensityGrid {
        let bounds = Box3 { min: DVec3::ZERO, max: DVec3::ONE };
        DensityGrid::new(Lattice::spanning(bounds, [2, 2, 2]).unwrap(), values, None).unwrap()
    }

    #[test]
    fn places_and_values_undo_each_other_and_mass_is_counted_from_above() {
        let h = Histogram::of(&grid(vec![0.0, 0.001, 0.01, 0.1, 1.0, 1.0, 2.0, 4.0]));
        for value in [1e-4, 0.02, 0.5, 3.9] {
            assert!((h.value(h.place(value)) / value - 1.0).abs() < 1e-9, "{value}");
        }
        assert_eq!(h.value(0.0), 0.0);
        assert!((h.mass_above(1.5) - 6.0 / 8.111).abs() < 1e-3, "{}", h.mass_above(1.5));
        assert_eq!((h.mass_above(0.0), h.place(-1.0)), (1.0, 0.0));
        assert_eq!([stride(8), stride(MOST_SAMPLES), stride(512 * 512 * 512)], [1, 1, 65]);
        // Powers of ten are marked, in the quantity that is shown.
        assert_eq!(h.round_values(1.0, 6), [1e-4, 1e-3, 1e-2, 0.1, 1.0]);
        assert_eq!((h.round_values(100.0, 4), h.round_values(1.0, 2)), (vec![0.01, 1.0, 100.0], vec![1e-3, 1.0]));
        // Negative values are spread evenly, and a constant has a range.
        let even = Histogram::of(&grid(vec![-1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, f32::NAN]));
        assert_eq!((even.place(0.0), even.value(0.25)), (0.5, -0.5));
        assert_eq!(even.round_values(2.0, 5), [-2.0, -1.0, 0.0, 1.0, 2.0]);
        assert!(Histogram::of(&grid(vec![2.0; 8])).place(2.0).is_finite());
    }
}
