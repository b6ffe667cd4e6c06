//! A density sampled at the nodes of a regular grid.

mod blur;
mod coarser;
mod compare;
mod contour;
mod histogram;
mod measure;
mod plane;
mod spline;

use glam::DVec3;
use rayon::prelude::*;

pub use blur::{PlaneCounts, gaussian_blur, histogram_2d, range_of};
pub use compare::{Likeness, likeness, minus};
pub use contour::{ContourLine, contour};
pub use histogram::{Histogram, histogram};
pub use measure::percentile_of_sorted;
pub use plane::{CubicTaps, LinearTaps, PlaneGrid};
pub use spline::Spline;

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

/// Places that are no more than this share of a step apart are one.
pub const APART: f64 = 1e-6;

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

    /// The position of a node by its place among the samples, x fastest.
    pub fn node_at(&self, place: usize) -> DVec3 {
        let [nx, ny, _] = self.shape;
        self.node(place % nx, place / nx % ny, place / (nx * ny))
    }

    /// A place in steps from node 0; none outside of the box.
    pub fn index_of(&self, place: DVec3) -> Option<DVec3> {
        let at = (place - self.origin) / self.spacing;
        let last = DVec3::from_array(self.shape.map(|n| (n - 1) as f64));
        let is_inside = at.cmpge(DVec3::splat(-APART)).all() && at.cmple(last + APART).all();
        is_inside.then_some(at)
    }

    /// Whether nodes lie at the same places as those of another.
    pub fn is_same(&self, other: &Self) -> bool {
        let near = |p: DVec3, q: DVec3| ((p - q) / self.spacing).abs().max_element() < APART;
        let (own, others) = (self.bounds(), other.bounds());
        self.shape == other.shape && near(own.min, others.min) && near(own.max, others.max)
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

impl Statistics {
    /// The smallest and the largest finite value.
    pub fn range(&self) -> [f64; 2] {
        [self.min, self.max]
    }
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

    /// The value at a place, trilinear between the nodes around it; none outside of the box, and where a node around it is
    /// not finite.
    pub fn value_at(&self, place: DVec3) -> Option<f64> {
        self.lattice.index_of(place).map(|at| self.interpolated(at)).filter(|value| value.is_finite())
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
        // Without the sign of zeros, which files would show.
        let lattice = Lattice { origin: lattice.origin + DVec3::ZERO, ..lattice };
        Ok(Self { lattice, values, unit, focus: lattice.bounds() })
    }

    /// Every `n`-th node along each axis, from the first; the focus stays.
    ///
    /// # Errors
    /// [`Error::Data`] for a grid without nodes.
    pub fn every(&self, n: usize) -> Result<Self> {
        let n = n.max(1);
        let [nx, ny, _] = self.lattice.shape;
        let shape = self.lattice.shape.map(|nodes| nodes.div_ceil(n));
        let lattice = Lattice { shape, spacing: self.lattice.spacing * n as f64, ..self.lattice };
        let layers = self.values.chunks(nx * ny).step_by(n);
        let rows = layers.flat_map(|layer| layer.chunks(nx).step_by(n));
        let values = rows.flat_map(|row| row.iter().copied().step_by(n)).collect();
        Ok(Self { focus: self.focus, ..Self::new(lattice, values, self.unit)? })
    }

    /// A grid from values in C order of `[x, y, z]` (z fastest), as numpy's `mgrid` and scipy give.
    ///
    /// # Errors
    /// As [`DensityGrid::new`].
    pub fn from_c_order(lattice: Lattice, values: &[T], unit: Option<LengthUnit>) -> Result<Self> {
        if values.len() != checked_len(lattice.shape)? {
            return Self::new(lattice, values.to_vec(), unit);
        }
        Self::reading_c_order(lattice, |first, some| some.copy_from_slice(&values[first..][..some.len()]), unit)
    }

    /// As [`DensityGrid::from_c_order`], of values that are not held: `read` gives as many as there is room for, from a place
    /// in that order on.
    ///
    /// # Errors
    /// As [`DensityGrid::new`].
    pub(crate) fn reading_c_order(
        lattice: Lattice,
        read: impl Fn(usize, &mut [T]) + Sync,
        unit: Option<LengthUnit>,
    ) -> Result<Self> {
        checked_len(lattice.shape)?;
        Self::new(lattice, reversed(lattice.shape, read), unit)
    }

    /// The values in C order of `[x, y, z]` (z fastest).
    pub fn to_c_order(&self) -> Vec<T> {
        let [nx, ny, nz] = self.lattice.shape;
        reversed([nz, ny, nx], |first, some| some.copy_from_slice(&self.values[first..][..some.len()]))
    }
}

/// Values whose last index is the fastest, with the first index as the fastest; `read` gives some from a place on.
fn reversed<T: Sample>([nx, ny, nz]: [usize; 3], read: impl Fn(usize, &mut [T]) + Sync) -> Vec<T> {
    /// Values that are read at once: those of one line of a processor's cache.
    const RUN: usize = 16;
    let mut out = vec![T::default(); nx * ny * nz];
    out.par_chunks_mut((RUN * nx * ny).max(1)).enumerate().for_each(|(n, planes)| {
        let mut some = [T::default(); RUN];
        let some = &mut some[..planes.len() / (nx * ny)];
        for j in 0..ny {
            for i in 0..nx {
                read((i * ny + j) * nz + n * RUN, some);
                some.iter().enumerate().for_each(|(k, value)| planes[(k * ny + j) * nx + i] = *value);
            }
        }
    });
    out
}

impl DensityGrid {
    /// The grid with what `of` makes of each value.
    pub(crate) fn mapped(&self, of: impl Fn(f32) -> f32 + Sync) -> Self {
        let values = self.values.par_iter().map(|v| of(*v)).collect();
        Self { values, lattice: self.lattice, unit: self.unit, focus: self.focus }
    }
}

impl DensityGrid<f64> {
    /// The grid in 32 bits.
    pub fn narrowed(&self) -> DensityGrid {
        let values = self.values.iter().map(|v| *v as f32).collect();
        DensityGrid { lattice: self.lattice, values, unit: self.unit, focus: self.focus }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In a box of 1 x 2 x 4.
    pub(super) fn grid(shape: [usize; 3], values: Vec<f32>) -> DensityGrid {
        let bounds = Box3 { min: DVec3::ZERO, max: DVec3::new(1.0, 2.0, 4.0) };
        DensityGrid::new(Lattice::spanning(bounds, shape).unwrap(), values, None).unwrap()
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

    /// Catches: nodes that are left out along one axis only, or that move.
    #[test]
    fn every_second_node_stays_where_it_is() {
        let all = grid([5, 4, 3], (0..60).map(|v| v as f32).collect());
        let few = all.every(2).unwrap();
        assert_eq!((few.lattice.shape, few.focus), ([3, 2, 2], all.focus));
        for (i, j, k) in [(0, 0, 0), (2, 1, 1), (1, 0, 1)] {
            assert_eq!(few.lattice.node(i, j, k), all.lattice.node(2 * i, 2 * j, 2 * k));
            assert_eq!(few.values[i + 3 * j + 6 * k], all.values[2 * i + 5 * 2 * j + 20 * 2 * k]);
        }
    }

    #[test]
    fn flat_boxes_and_overflowing_shapes_are_refused() {
        let flat = Box3 { min: DVec3::ZERO, max: DVec3::new(1.0, 1.0, 0.0) };
        assert!(Lattice::spanning(flat, [2, 2, 2]).is_err());
        assert!(checked_len([usize::MAX, 2, 2]).is_err());
    }
}
