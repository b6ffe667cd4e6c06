//! A density sampled at the nodes of a regular grid.

mod blur;
mod compare;
mod contour;
mod histogram;
mod plane;

use glam::DVec3;

pub use blur::{PlaneCounts, gaussian_blur, histogram_2d, range_of};
pub use compare::{Likeness, likeness, minus};
pub use contour::{ContourLine, contour};
pub use histogram::histogram;
pub use plane::{CubicTaps, LinearTaps, PlaneGrid};

use crate::error::{Error, Result};
use crate::geometry::{Box3, LengthUnit};

/// The number type of the samples: `f32` for pictures and files, `f64` for comparison with scipy.
pub trait Sample: bytemuck::Pod + Send + Sync + PartialOrd + Default {
    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;
    /// The value, exactly.
    fn to_f64(self) -> f64;
}

impl Sample for f32 {
    fn from_f64(value: f64) -> Self {
        value as f32
    }
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Sample for f64 {
    fn from_f64(value: f64) -> Self {
        value
    }
    fn to_f64(self) -> f64 {
        self
    }
}

/// Where the nodes of a regular grid lie. Node `(i, j, k)` is at `origin + spacing * (i, j, k)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lattice {
    /// Number of nodes along x, y, z; at least 1 each.
    pub shape: [usize; 3],
    /// Position of node (0, 0, 0) in the unit of the data.
    pub origin: DVec3,
    /// Distance between neighbouring nodes along each axis; positive. Along an axis with one node, the thickness that
    /// the layer stands for.
    pub spacing: DVec3,
}

impl Lattice {
    /// A lattice whose first and last nodes lie on the corners of `bounds`.
    ///
    /// # Errors
    /// [`Error::Data`] if the product of `shape` overflows, an axis has fewer than 2 nodes, or
    /// `bounds` is empty, flat or not finite.
    pub fn spanning(bounds: Box3, shape: [usize; 3]) -> Result<Self> {
        let size = bounds.size();
        if !(bounds.min.is_finite() && bounds.max.is_finite() && size.min_element() > 0.0) {
            return Err(Error::Data(format!(
                "the box {} to {} has no volume; give --bounds with each minimum below its maximum",
                bounds.min, bounds.max
            )));
        }
        if shape.iter().any(|&n| n < 2) {
            return Err(Error::Data(format!("a grid of {shape:?} nodes is too small; an axis needs at least 2")));
        }
        checked_len(shape)?;
        let intervals = DVec3::new((shape[0] - 1) as f64, (shape[1] - 1) as f64, (shape[2] - 1) as f64);
        Ok(Self { shape, origin: bounds.min, spacing: size / intervals })
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Position of node `(i, j, k)`.
    pub fn node(&self, i: usize, j: usize, k: usize) -> DVec3 {
        self.origin + self.spacing * DVec3::new(i as f64, j as f64, k as f64)
    }

    /// The way to the next node along each axis: the spacing, or 0 along an axis with one node.
    pub fn steps(&self) -> DVec3 {
        DVec3::from_array(std::array::from_fn(|a| if self.shape[a] > 1 { self.spacing[a] } else { 0.0 }))
    }

    /// The box from the first to the last node.
    pub fn bounds(&self) -> Box3 {
        let [nx, ny, nz] = self.shape;
        Box3 { min: self.origin, max: self.node(nx - 1, ny - 1, nz - 1) }
    }
}

/// The number of nodes of a shape.
///
/// # Errors
/// [`Error::Data`] if the product overflows.
pub fn checked_len(shape: [usize; 3]) -> Result<usize> {
    shape[0]
        .checked_mul(shape[1])
        .and_then(|n| n.checked_mul(shape[2]))
        .ok_or_else(|| Error::Data(format!("a grid of {shape:?} nodes cannot be counted; choose a smaller --grid")))
}

/// A density at the nodes of a [`Lattice`], with x varying fastest: sample `(i, j, k)` is
/// `values[i + nx * (j + ny * k)]`. Unit: 1 / length^3.
#[derive(Debug, Clone, PartialEq)]
pub struct DensityGrid<T: Sample = f32> {
    /// Where the nodes are.
    pub lattice: Lattice,
    /// One value a node, x fastest.
    pub values: Vec<T>,
    /// Unit of length of the lattice, if known.
    pub unit: Option<LengthUnit>,
    /// The part of the lattice's box that axes and the default camera show: the box without its
    /// padding.
    pub focus: Box3,
}

/// Smallest, largest and mean value of a grid, and its trapezoidal integral.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statistics {
    /// Smallest finite value.
    pub min: f64,
    /// Largest finite value.
    pub max: f64,
    /// Mean of the finite values.
    pub mean: f64,
    /// Integral over the box by the trapezoidal rule; values that are not finite count as 0.
    pub integral: f64,
}

impl<T: Sample> DensityGrid<T> {
    /// The value at a place in steps from node 0, trilinear between the eight nodes around it; outside of the box that of its
    /// border. NaN where one of these nodes is.
    pub fn interpolated(&self, at: DVec3) -> f64 {
        let shape = self.lattice.shape;
        let last = DVec3::from_array(shape.map(|n| (n - 1) as f64));
        let at = at.clamp(DVec3::ZERO, last);
        let low = at.floor().min((last - 1.0).max(DVec3::ZERO));
        let share = at - low;
        let low = low.to_array().map(|v| v as usize);
        let mut sum = 0.0;
        for corner in 0..8usize {
            let bit = |axis: usize| corner >> axis & 1;
            let weight: f64 = (0..3).map(|a| if bit(a) == 1 { share[a] } else { 1.0 - share[a] }).product();
            if weight > 0.0 {
                let [i, j, k] = [0, 1, 2].map(|a| low[a] + bit(a));
                sum += weight * self.values[i + shape[0] * (j + shape[1] * k)].to_f64();
            }
        }
        sum
    }

    /// A grid whose focus is its whole box.
    ///
    /// # Errors
    /// [`Error::Data`] if the number of values is not the number of nodes.
    pub fn new(lattice: Lattice, values: Vec<T>, unit: Option<LengthUnit>) -> Result<Self> {
        if values.len() != checked_len(lattice.shape)? {
            return Err(Error::Data(format!(
                "{} values for a grid of {:?} nodes; one value a node is needed",
                values.len(),
                lattice.shape
            )));
        }
        Ok(Self { lattice, values, unit, focus: lattice.bounds() })
    }

    /// A grid from values in C order of `[x, y, z]` (z fastest), as numpy's `mgrid` and scipy give.
    ///
    /// # Errors
    /// As [`DensityGrid::new`].
    pub fn from_c_order(lattice: Lattice, values: &[T], unit: Option<LengthUnit>) -> Result<Self> {
        let [nx, ny, nz] = lattice.shape;
        let mut out = vec![T::default(); values.len()];
        if values.len() == checked_len(lattice.shape)? {
            for (k, plane) in out.chunks_exact_mut((nx * ny).max(1)).enumerate() {
                for (at, value) in plane.iter_mut().enumerate() {
                    *value = values[((at % nx) * ny + at / nx) * nz + k];
                }
            }
        }
        Self::new(lattice, out, unit)
    }

    /// The values in C order of `[x, y, z]` (z fastest).
    pub fn to_c_order(&self) -> Vec<T> {
        let [nx, ny, nz] = self.lattice.shape;
        let mut out = Vec::with_capacity(self.values.len());
        for i in 0..nx {
            for j in 0..ny {
                out.extend((0..nz).map(|k| self.values[i + nx * (j + ny * k)]));
            }
        }
        out
    }

    /// Smallest, largest, mean and integral. All NaN if no value is finite.
    pub fn statistics(&self) -> Statistics {
        let [nx, ny, nz] = self.lattice.shape;
        let (mut min, mut max, mut sum, mut count, mut integral) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0u64, 0.0);
        let end_weight = |i: usize, n: usize| if n > 1 && (i == 0 || i == n - 1) { 0.5 } else { 1.0 };
        for (row, values) in self.values.chunks_exact(nx).enumerate() {
            let (mut row_sum, mut row_trapezoid) = (0.0, 0.0);
            for (i, value) in values.iter().enumerate() {
                let value = value.to_f64();
                if value.is_finite() {
                    (min, max, count) = (min.min(value), max.max(value), count + 1);
                    row_sum += value;
                    row_trapezoid += value * end_weight(i, nx);
                }
            }
            sum += row_sum;
            integral += row_trapezoid * end_weight(row % ny, ny) * end_weight(row / ny, nz);
        }
        if count == 0 {
            return Statistics { min: f64::NAN, max: f64::NAN, mean: f64::NAN, integral: f64::NAN };
        }
        let voxel = self.lattice.spacing.x * self.lattice.spacing.y * self.lattice.spacing.z;
        Statistics { min, max, mean: sum / count as f64, integral: integral * voxel }
    }

    /// For each share `p` (0 to 1) of the grid's total, the largest level `c` for which the nodes
    /// with values of at least `c` hold at least `p` of it: the level of the highest-density region
    /// of that mass (Hyndman 1996, eq. 1). Values that are not finite or not positive hold nothing.
    pub fn levels_enclosing(&self, shares: &[f64]) -> Vec<f64> {
        let mut values: Vec<f64> =
            self.values.iter().map(|v| v.to_f64()).filter(|v| v.is_finite() && *v > 0.0).collect();
        let total: f64 = values.iter().sum();
        shares.iter().map(|share| level_holding(&mut values, share * total)).collect()
    }

    /// Of the nodes whose value is at least `level`, the one furthest along each direction; none if
    /// there is no such node.
    pub fn furthest_above(&self, level: f64, directions: &[DVec3]) -> Vec<DVec3> {
        let [nx, ny, _] = self.lattice.shape;
        let mut furthest = Vec::new();
        for (row, values) in self.values.chunks_exact(nx).enumerate() {
            let inside = |v: &T| v.to_f64() >= level;
            let (Some(first), Some(last)) = (values.iter().position(inside), values.iter().rposition(inside)) else {
                continue;
            };
            // Of a row only its ends can be furthest.
            let ends = [first, last].map(|i| self.lattice.node(i, row % ny, row / ny));
            furthest.resize(directions.len(), ends[0]);
            for (best, direction) in std::iter::zip(&mut furthest, directions) {
                for end in ends {
                    if (end - *best).dot(*direction) > 0.0 {
                        *best = end;
                    }
                }
            }
        }
        furthest
    }

    /// How thick the highest-density region that holds `share` (0 to 1) of the mass is: the length of
    /// a line through it along an axis, averaged over its nodes and (geometrically) over the axes. In
    /// the unit of length; 0 if no value is positive.
    pub fn thickness_enclosing(&self, share: f64) -> f64 {
        let level = self.levels_enclosing(&[share])[0];
        let [nx, ny, nz] = self.lattice.shape;
        let mut lines = [vec![0u32; ny * nz], vec![0u32; nx * nz], vec![0u32; nx * ny]];
        for (at, value) in self.values.iter().enumerate() {
            if value.to_f64() >= level && value.to_f64() > 0.0 {
                let (i, j, k) = (at % nx, at / nx % ny, at / (nx * ny));
                lines[0][j + ny * k] += 1;
                lines[1][i + nx * k] += 1;
                lines[2][i + nx * j] += 1;
            }
        }
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

impl DensityGrid<f64> {
    /// The grid in 32 bits.
    pub fn narrowed(&self) -> DensityGrid {
        let values = self.values.iter().map(|v| *v as f32).collect();
        DensityGrid { lattice: self.lattice, values, unit: self.unit, focus: self.focus }
    }
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

    fn grid(shape: [usize; 3], values: Vec<f32>) -> DensityGrid {
        let bounds = Box3 { min: DVec3::ZERO, max: DVec3::new(1.0, 2.0, 4.0) };
        DensityGrid::new(Lattice::spanning(bounds, shape).unwrap(), values, None).unwrap()
    }

    #[test]
    fn the_trapezoidal_integral_of_a_constant_is_value_times_volume() {
        let s = grid([2, 3, 4], vec![2.5; 24]).statistics();
        assert!((s.integral - 2.5 * 8.0).abs() < 1e-12);
        assert_eq!((s.min, s.max, s.mean), (2.5, 2.5, 2.5));
    }

    #[test]
    fn c_order_round_trips_and_x_is_fastest_inside() {
        let lattice = grid([2, 3, 4], vec![0.0; 24]).lattice;
        let c: Vec<f32> = (0..24).map(|v| v as f32).collect();
        let g = DensityGrid::from_c_order(lattice, &c, None).unwrap();
        // (1, 0, 0) stands at 1 inside and at ny * nz = 12 in C order; (0, 0, 1) at nx * ny = 6 and 1.
        assert_eq!((g.values[1], g.values[6], g.values[2]), (12.0, 1.0, 4.0));
        assert_eq!(g.to_c_order(), c);
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

    #[test]
    fn flat_boxes_and_overflowing_shapes_are_refused() {
        let flat = Box3 { min: DVec3::ZERO, max: DVec3::new(1.0, 1.0, 0.0) };
        assert!(Lattice::spanning(flat, [2, 2, 2]).is_err());
        assert!(checked_len([usize::MAX, 2, 2]).is_err());
    }
}
