//! What a density measures: range, mean, integral, enclosed mass, thickness. Large grids are walked by all threads, in
//! pieces that do not depend on their number.

use std::ops::Range;

use glam::DVec3;
use rayon::prelude::*;

use super::{DensityGrid, Sample, Statistics};

/// Values that are added up side by side.
const LANES: usize = 8;

/// The most pieces that a grid is cut into to find levels: each has a table of its own.
const MOST_PIECES: usize = 32;

/// Values of a piece, at least.
const LEAST_PIECE: usize = 1 << 18;

/// Number of [`class_of`] values.
const CLASSES: usize = 0x7ff0;

/// Range, sum and number of the finite ones of some values.
#[derive(Clone, Copy)]
struct Tally {
    min: f64,
    max: f64,
    sum: f64,
    count: f64,
    /// The sum by the trapezoidal rule.
    trapezoid: f64,
}

impl Tally {
    const NOTHING: Self = Self { min: f64::INFINITY, max: f64::NEG_INFINITY, sum: 0.0, count: 0.0, trapezoid: 0.0 };

    fn of_row<T: Sample>(values: &[T]) -> Self {
        let mut lanes = [Self::NOTHING; LANES];
        let (whole, rest) = values.as_chunks::<LANES>();
        for chunk in whole {
            std::iter::zip(&mut lanes, chunk).for_each(|(lane, value)| lane.add(value.to_f64()));
        }
        std::iter::zip(&mut lanes, rest).for_each(|(lane, value)| lane.add(value.to_f64()));
        let row = lanes.into_iter().fold(Self::NOTHING, |sum, lane| sum.with(&lane, 1.0));
        let ends = [values[0], values[values.len() - 1]].map(|end| finite_or_zero(end.to_f64()));
        let outer = if values.len() > 1 { 0.5 * (ends[0] + ends[1]) } else { 0.0 };
        Self { trapezoid: row.sum - outer, ..row }
    }

    fn add(&mut self, value: f64) {
        let finite = value.is_finite();
        self.min = if finite && value < self.min { value } else { self.min };
        self.max = if finite && value > self.max { value } else { self.max };
        self.sum += finite_or_zero(value);
        self.count += f64::from(u8::from(finite));
    }

    /// Both together, the other's trapezoidal sum times `weight`.
    fn with(&self, other: &Self, weight: f64) -> Self {
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            sum: self.sum + other.sum,
            count: self.count + other.count,
            trapezoid: self.trapezoid + weight * other.trapezoid,
        }
    }
}

fn finite_or_zero(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

/// The weight of node `i` of `n` in the trapezoidal rule.
fn end_weight(i: usize, n: usize) -> f64 {
    if n > 1 && (i == 0 || i == n - 1) { 0.5 } else { 1.0 }
}

impl<T: Sample> DensityGrid<T> {
    /// Smallest, largest, mean and integral. All NaN if no value is finite.
    pub fn statistics(&self) -> Statistics {
        let [nx, ny, nz] = self.lattice.shape;
        let of_layer = |layer: &[T]| {
            let rows = layer.chunks_exact(nx).map(Tally::of_row).enumerate();
            rows.fold(Tally::NOTHING, |sum, (j, row)| sum.with(&row, end_weight(j, ny)))
        };
        let layers: Vec<Tally> = self.values.par_chunks_exact(nx * ny).map(of_layer).collect();
        let all = layers.iter().enumerate().fold(Tally::NOTHING, |sum, (k, l)| sum.with(l, end_weight(k, nz)));
        if all.count == 0.0 {
            return Statistics { min: f64::NAN, max: f64::NAN, mean: f64::NAN, integral: f64::NAN };
        }
        let voxel = self.lattice.spacing.x * self.lattice.spacing.y * self.lattice.spacing.z;
        Statistics { min: all.min, max: all.max, mean: all.sum / all.count, integral: all.trapezoid * voxel }
    }

    /// For each share `p` (0 to 1) of the grid's total, the largest level `c` for which the nodes
    /// with values of at least `c` hold at least `p` of it: the level of the highest-density region
    /// of that mass (Hyndman 1996, eq. 1). Values that are not finite or not positive hold nothing.
    pub fn levels_enclosing(&self, shares: &[f64]) -> Vec<f64> {
        let masses = self.mass_by_class();
        let total: f64 = masses.iter().rev().sum();
        shares.iter().map(|share| self.level_holding(&masses, share * total)).collect()
    }

    /// The sum of the values of each class.
    fn mass_by_class(&self) -> Vec<f64> {
        let piece = LEAST_PIECE.max(self.values.len().div_ceil(MOST_PIECES));
        let of_piece = |values: &[T]| {
            let mut masses = vec![0.0; CLASSES];
            for value in values.iter().map(|v| v.to_f64()).filter(holds_mass) {
                masses[class_of(value)] += value;
            }
            masses
        };
        let pieces: Vec<Vec<f64>> = self.values.par_chunks(piece).map(of_piece).collect();
        (0..CLASSES).map(|class| pieces.iter().map(|masses| masses[class]).sum()).collect()
    }

    /// The largest value for which those of at least it hold `mass`; the smallest if all do not.
    fn level_holding(&self, masses: &[f64], mass: f64) -> f64 {
        let mut held = 0.0;
        let mut last = None;
        for (class, &own) in masses.iter().enumerate().rev().filter(|(_, own)| **own > 0.0) {
            last = Some((class, mass - held));
            held += own;
            if held >= mass {
                break;
            }
        }
        let Some((class, rest)) = last else { return 0.0 };
        let of_class = |v: &f64| holds_mass(v) && class_of(*v) == class;
        let mut values: Vec<f64> = self.values.par_iter().map(|v| v.to_f64()).filter(of_class).collect();
        level_holding(&mut values, rest)
    }

    /// Of the nodes whose value is at least `level`, the one furthest along each direction; none if
    /// there is no such node.
    pub fn furthest_above(&self, level: f64, directions: &[DVec3]) -> Vec<DVec3> {
        self.furthest(&|v| v >= level, directions)
    }

    /// Of the nodes whose value is at most `low` or at least `high`, the one furthest along each direction; none if there is
    /// no such node.
    pub fn furthest_outside(&self, [low, high]: [f64; 2], directions: &[DVec3]) -> Vec<DVec3> {
        self.furthest(&|v| v <= low || v >= high, directions)
    }

    fn furthest(&self, is_in: &(impl Fn(f64) -> bool + Sync), directions: &[DVec3]) -> Vec<DVec3> {
        let [nx, ny, nz] = self.lattice.shape;
        let layers: Vec<Vec<DVec3>> = (0..nz)
            .into_par_iter()
            .map(|k| self.furthest_of_rows(k * ny..(k + 1) * ny, nx, is_in, directions))
            .collect();
        layers.into_iter().fold(Vec::new(), |mut furthest, layer| {
            keep_furthest(&mut furthest, layer.into_iter(), directions);
            furthest
        })
    }

    fn furthest_of_rows(
        &self,
        rows: Range<usize>,
        nx: usize,
        is_in: &impl Fn(f64) -> bool,
        directions: &[DVec3],
    ) -> Vec<DVec3> {
        let ny = self.lattice.shape[1];
        let inside = |v: &T| is_in(v.to_f64());
        let mut furthest = Vec::new();
        for row in rows {
            let values = &self.values[row * nx..(row + 1) * nx];
            let (Some(first), Some(last)) = (values.iter().position(inside), values.iter().rposition(inside)) else {
                continue;
            };
            // Of a row only its ends can be furthest.
            for end in [first, last].map(|i| self.lattice.node(i, row % ny, row / ny)) {
                keep_furthest(&mut furthest, std::iter::repeat_n(end, directions.len()), directions);
            }
        }
        furthest
    }

    /// The share, 0 to 1, of the sum of all values above 0 that nodes of at least this level have; of a level below 0, of the
    /// sum of all values below 0 that nodes of at most this level have. 0 where there are none.
    pub fn share_beyond(&self, level: f64) -> f64 {
        let sign = if level < 0.0 { -1.0 } else { 1.0 };
        let least = sign * level;
        let sums = self.values.par_chunks(1 << 16).map(|values| {
            let own = values.iter().map(|v| sign * v.to_f64()).filter(holds_mass);
            own.fold([0.0, 0.0], |[all, beyond], v| [all + v, if v >= least { beyond + v } else { beyond }])
        });
        // In order, so that two runs agree to the last bit.
        let sums: Vec<[f64; 2]> = sums.collect();
        let [all, beyond] = sums.iter().fold([0.0, 0.0], |[a, b], [c, d]| [a + c, b + d]);
        if all > 0.0 { beyond / all } else { 0.0 }
    }

    /// How thick the highest-density region that holds `share` (0 to 1) of the mass is: the length of
    /// a line through it along an axis, averaged over its nodes and (geometrically) over the axes. In
    /// the unit of length; 0 if no value is positive.
    pub fn thickness_enclosing(&self, share: f64) -> f64 {
        let level = self.levels_enclosing(&[share])[0];
        let [nx, ny, nz] = self.lattice.shape;
        let (mut along_x, mut along_y) = (vec![0u32; ny * nz], vec![0u32; nx * nz]);
        let none = || vec![0u32; nx * ny];
        let layers = self.values.par_chunks_exact(nx * ny);
        let along_z = layers.zip(along_x.par_chunks_mut(ny)).zip(along_y.par_chunks_mut(nx)).fold(
            none,
            |mut along_z, ((layer, along_x), along_y)| {
                let is_inside = |value: &T| value.to_f64() >= level && value.to_f64() > 0.0;
                for (at, _) in layer.iter().enumerate().filter(|(_, value)| is_inside(value)) {
                    along_x[at / nx] += 1;
                    along_y[at % nx] += 1;
                    along_z[at] += 1;
                }
                along_z
            },
        );
        let along_z = along_z.reduce(none, |mut sum, part| {
            std::iter::zip(&mut sum, part).for_each(|(sum, part)| *sum += part);
            sum
        });
        let lines = [along_x, along_y, along_z];
        let mean = |counts: &[u32]| {
            let (sum, squares) = counts.iter().map(|&c| f64::from(c)).fold((0.0, 0.0), |(s, q), c| (s + c, q + c * c));
            if sum > 0.0 { squares / sum } else { 0.0 }
        };
        let nodes = DVec3::from_array(lines.each_ref().map(|counts| mean(counts)));
        (nodes * self.lattice.spacing).element_product().cbrt()
    }

    /// The percentiles (0 to 100) of the finite values, interpolated linearly between order
    /// statistics as `numpy.percentile` does. NaN if no value is finite.
    pub fn percentiles(&self, percents: &[f64]) -> Vec<f64> {
        let mut values: Vec<f64> = self.values.iter().map(|v| v.to_f64()).filter(|v| v.is_finite()).collect();
        values.sort_unstable_by(f64::total_cmp);
        percents.iter().map(|p| percentile_of_sorted(&values, *p)).collect()
    }
}

/// Puts the places that lie further along their direction in the stead of those found so far.
fn keep_furthest(found: &mut Vec<DVec3>, places: impl Iterator<Item = DVec3>, directions: &[DVec3]) {
    if found.is_empty() {
        found.extend(places);
        return;
    }
    for ((best, place), direction) in found.iter_mut().zip(places).zip(directions) {
        if (place - *best).dot(*direction) > 0.0 {
            *best = place;
        }
    }
}

/// Whether a value counts for the mass.
fn holds_mass(value: &f64) -> bool {
    value.is_finite() && *value > 0.0
}

/// Exponent and first four bits of a positive finite number: grows with it, 16 classes an octave.
fn class_of(value: f64) -> usize {
    (value.to_bits() >> 48) as usize
}

/// The largest of `values` (positive, any order) for which those of at least it sum to `mass`; the
/// smallest if all do not, 0 if there are none. Takes time in proportion to their number.
fn level_holding(values: &mut [f64], mut mass: f64) -> f64 {
    let mut rest = values;
    while rest.len() > 1 {
        let middle = rest.len() / 2;
        rest.select_nth_unstable_by(middle, |a, b| b.total_cmp(a));
        let (larger, smaller) = rest.split_at_mut(middle);
        let held: f64 = larger.iter().sum();
        if held >= mass {
            rest = larger;
        } else {
            mass -= held;
            rest = smaller;
        }
    }
    rest.first().copied().unwrap_or(0.0)
}

/// The percentile (0 to 100) of ascending `values`, linear between order statistics; NaN if empty.
pub fn percentile_of_sorted(values: &[f64], percent: f64) -> f64 {
    let Some(last) = values.len().checked_sub(1) else { return f64::NAN };
    let at = (percent / 100.0).clamp(0.0, 1.0) * last as f64;
    let low = at.floor() as usize;
    let high = (low + 1).min(last);
    values[low] + (values[high] - values[low]) * (at - low as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Box3;
    use crate::grid::Lattice;
    use crate::grid::tests::grid;

    #[test]
    fn the_trapezoidal_integral_of_a_constant_is_value_times_volume() {
        let s = grid([2, 3, 4], vec![2.5; 24]).statistics();
        assert!((s.integral - 2.5 * 8.0).abs() < 1e-12);
        assert_eq!((s.min, s.max, s.mean), (2.5, 2.5, 2.5));
    }

    #[test]
    fn enclosed_mass_is_the_largest_level_that_holds_the_share() {
        let g = grid([2, 2, 2], vec![4.0, 3.0, 2.0, 1.0, 0.0, 0.0, f32::NAN, 0.0]);
        assert_eq!(g.levels_enclosing(&[0.4, 0.41, 0.7, 0.71, 1.0]), [4.0, 3.0, 3.0, 2.0, 1.0]);
    }

    #[test]
    fn enclosed_mass_by_selection_is_that_by_sorting() {
        let values: Vec<f64> = (0..1000).map(|i| f64::from((i * 7919) % 1009) + 0.5).collect();
        let total: f64 = values.iter().sum();
        let mut sorted = values.clone();
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        for share in [0.001, 0.05, 0.3, 0.5, 0.98, 1.0] {
            let mut mass = 0.0;
            let by_sorting = sorted.iter().find(|v| {
                mass += **v;
                mass >= share * total
            });
            assert_eq!(Some(&level_holding(&mut values.clone(), share * total)), by_sorting, "{share}");
        }
        assert_eq!(level_holding(&mut [], 1.0), 0.0);
    }

    #[test]
    fn the_furthest_nodes_above_a_level_are_found() {
        let mut values = vec![0.0; 24];
        values[1 + 2 * (2 + 3)] = 5.0; // node (1, 2, 1) of 2 x 3 x 4
        values[2 * (3 * 3)] = 4.0; // node (0, 0, 3)
        let g = grid([2, 3, 4], values);
        let (a, b) = (g.lattice.node(1, 2, 1), g.lattice.node(0, 0, 3));
        let directions = [DVec3::X, -DVec3::X, DVec3::Z, DVec3::new(0.0, 1.0, 0.1)];
        assert_eq!(g.furthest_above(4.0, &directions), [a, b, b, a]);
        assert_eq!(g.furthest_above(4.5, &directions), [a; 4]);
        assert!(g.furthest_above(6.0, &directions).is_empty());
    }

    #[test]
    fn thickness_is_the_mean_length_of_lines_through_the_region() {
        // Spacing 1, 2, 4. The region is two nodes along x: one line of 2 along x, two of 1 along y and z.
        let g = grid([2, 2, 2], vec![4.0, 3.0, 2.0, 1.0, 0.0, 0.0, f32::NAN, 0.0]);
        assert!((g.thickness_enclosing(0.7) - (2.0_f64 * 2.0 * 4.0).cbrt()).abs() < 1e-12);
        assert_eq!(grid([2, 2, 2], vec![0.0; 8]).thickness_enclosing(0.5), 0.0);
    }

    #[test]
    fn a_ball_is_three_halves_of_its_radius_thick() {
        let n = 81;
        let bounds = Box3 { min: DVec3::splat(-1.0), max: DVec3::splat(1.0) };
        let lattice = Lattice::spanning(bounds, [n; 3]).unwrap();
        let values = (0..n * n * n).map(|at| {
            let p = lattice.node(at % n, at / n % n, at / (n * n));
            f32::from(u8::from(p.length() < 0.7))
        });
        let g = DensityGrid::new(lattice, values.collect(), None).unwrap();
        assert!((g.thickness_enclosing(1.0) / (1.5 * 0.7) - 1.0).abs() < 0.02, "{}", g.thickness_enclosing(1.0));
    }

    #[test]
    fn percentiles_are_numpys() {
        let g = grid([2, 2, 2], vec![7.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, f32::INFINITY]);
        assert_eq!(g.percentiles(&[0.0, 50.0, 25.0, 98.0]), [1.0, 4.0, 2.5, 6.88]);
    }

    /// Catches: a lane left out, border nodes counted whole, values that are not finite counted.
    #[test]
    fn statistics_are_those_added_up_one_by_one() {
        let shape = [21, 6, 5];
        let value = |n: usize| if n % 17 == 3 { f32::NAN } else { ((n * 7919) % 1009) as f32 - 300.0 };
        let g = grid(shape, (0..21 * 6 * 5).map(value).collect());
        let (mut sum, mut trapezoid, mut finite) = (0.0, 0.0, Vec::new());
        for (n, v) in g.values.iter().enumerate().filter(|(_, v)| v.is_finite()) {
            let at = [n % 21, n / 21 % 6, n / 126];
            let weight: f64 = (0..3).map(|a| if at[a] == 0 || at[a] == shape[a] - 1 { 0.5 } else { 1.0 }).product();
            sum += f64::from(*v);
            trapezoid += weight * f64::from(*v);
            finite.push(f64::from(*v));
        }
        let s = g.statistics();
        let spacing = g.lattice.spacing.element_product();
        assert_eq!(s.min, finite.iter().copied().fold(f64::INFINITY, f64::min));
        assert_eq!(s.max, finite.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        assert!((s.mean - sum / finite.len() as f64).abs() < 1e-9 && (s.integral - trapezoid * spacing).abs() < 1e-9);
    }

    /// Catches: a class of values searched without those above it, or the next one.
    #[test]
    fn levels_of_values_of_all_sizes_are_those_by_sorting() {
        let value = |n: usize| (((n * 7919) % 10007) as f64 / 700.0 - 9.0).exp() as f32;
        let g = grid([40, 30, 20], (0..24000).map(value).collect());
        let mut sorted: Vec<f64> = g.values.iter().map(|v| f64::from(*v)).collect();
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        let total: f64 = sorted.iter().sum();
        for share in [0.0005, 0.05, 0.3, 0.5, 0.9, 0.98, 0.99999] {
            let mut mass = 0.0;
            let wanted = sorted.iter().find(|v| {
                mass += **v;
                mass >= share * total
            });
            assert_eq!(Some(&g.levels_enclosing(&[share])[0]), wanted, "{share}");
        }
    }
}
