//! A density sampled at the nodes of a regular grid in a plane.

use glam::{DVec2, DVec3};

use super::{DensityGrid, Lattice, Sample, Statistics};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::points::Plane;

/// A density in a plane, with x varying fastest: sample `(i, j)` is `values()[i + nx * j]`, at
/// `origin + spacing * (i, j)`. Unit: 1 / length^2.
///
/// It is one layer of a [`DensityGrid`] of thickness 1, so that integral, percentiles and enclosed mass are those of
/// the layer.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaneGrid<T: Sample = f32> {
    pub(super) layer: DensityGrid<T>,
}

impl<T: Sample> PlaneGrid<T> {
    /// From a grid of one layer of nodes at z = 0, of thickness 1.
    ///
    /// # Errors
    /// [`Error::Data`] for any other grid.
    pub fn from_layer(layer: DensityGrid<T>) -> Result<Self> {
        let [nx, ny, nz] = layer.lattice.shape;
        let lattice = layer.lattice;
        if nz != 1 || lattice.spacing.z != 1.0 || lattice.origin.z != 0.0 {
            return Err(Error::Data(format!("a grid of {nx} x {ny} x {nz} nodes is no layer of thickness 1 at z = 0")));
        }
        Ok(Self { layer })
    }

    /// From a grid with one node along an axis, which is left out: the axes that stay are right and upward in their
    /// order. With them, or `None` for a grid of any other shape.
    pub fn from_flat(grid: DensityGrid<T>) -> Option<(Self, Plane)> {
        let plane = [Plane::XY, Plane::XZ, Plane::YZ].into_iter().find(|plane| {
            let [right, up] = plane.axes();
            let side = |axis: usize| grid.lattice.shape[axis];
            side(right) > 1 && side(up) > 1 && side(3 - right - up) == 1
        })?;
        let [right, up] = plane.axes();
        let pick = |v: DVec3, last: f64| DVec3::new(v[right], v[up], last);
        let lattice = Lattice {
            shape: [grid.lattice.shape[right], grid.lattice.shape[up], 1],
            origin: pick(grid.lattice.origin, 0.0),
            spacing: pick(grid.lattice.spacing, 1.0),
        };
        // The order of the values stays, as the axis that is left out has one node.
        let layer = DensityGrid { lattice, values: grid.values, unit: grid.unit, focus: lattice.bounds() };
        Some((Self { layer }, plane))
    }

    /// The grid as a layer in space, for what works on all grids, such as the choice of limits.
    pub fn layer(&self) -> &DensityGrid<T> {
        &self.layer
    }

    /// Number of nodes along x and y.
    pub fn shape(&self) -> [usize; 2] {
        [self.layer.lattice.shape[0], self.layer.lattice.shape[1]]
    }

    /// Position of node (0, 0).
    pub fn origin(&self) -> DVec2 {
        self.layer.lattice.origin.truncate()
    }

    /// Distance between neighbouring nodes along x and y.
    pub fn spacing(&self) -> DVec2 {
        self.layer.lattice.spacing.truncate()
    }

    /// From the first to the last node.
    pub fn size(&self) -> DVec2 {
        self.layer.lattice.bounds().size().truncate()
    }

    /// One value a node, x fastest.
    pub fn values(&self) -> &[T] {
        &self.layer.values
    }

    /// Unit of length, if known.
    pub fn unit(&self) -> Option<LengthUnit> {
        self.layer.unit
    }

    /// Smallest, largest and mean value, and the integral over the area by the trapezoidal rule.
    pub fn statistics(&self) -> Statistics {
        self.layer.statistics()
    }

    /// The value at a node index, 0 to n - 1 along each axis and clamped to that: of the nearest node.
    pub fn nearest(&self, index: DVec2) -> f64 {
        let [nx, ny] = self.shape();
        let node = |at: f64, n: usize| (at.round().max(0.0) as usize).min(n - 1);
        self.layer.values[node(index.x, nx) + nx * node(index.y, ny)].to_f64()
    }

    /// As [`PlaneGrid::nearest`], interpolated linearly along both axes between the four nodes around.
    pub fn linear(&self, index: DVec2) -> f64 {
        let [nx, ny] = self.shape();
        let (x, y) = (LinearTaps::at(index.x, nx), LinearTaps::at(index.y, ny));
        let at = |i: usize, j: usize| self.layer.values[i + nx * j].to_f64();
        let row = |j: usize| at(x.nodes[0], j) * (1.0 - x.share) + at(x.nodes[1], j) * x.share;
        row(y.nodes[0]) * (1.0 - y.share) + row(y.nodes[1]) * y.share
    }

    /// As [`PlaneGrid::linear`], by the cubic convolution of Keys (1981, eq. 4 with a = -1/2) over the sixteen nodes
    /// around: smooth, and through the value of every node. Beyond the edges the edge node is repeated.
    pub fn cubic(&self, index: DVec2) -> f64 {
        let [nx, ny] = self.shape();
        let (x, y) = (CubicTaps::at(index.x, nx), CubicTaps::at(index.y, ny));
        let along = |j: usize| {
            let row = &self.layer.values[nx * j..][..nx];
            std::iter::zip(x.nodes, x.weights).map(|(i, w)| row[i].to_f64() * w).sum::<f64>()
        };
        std::iter::zip(y.nodes, y.weights).map(|(j, w)| along(j) * w).sum()
    }
}

/// The two nodes along an axis between which a place lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearTaps {
    /// Their numbers; equal along an axis with one node.
    pub nodes: [usize; 2],
    /// The share of the second.
    pub share: f64,
}

impl LinearTaps {
    /// Those at an index, clamped to 0 to n - 1.
    pub fn at(index: f64, n: usize) -> Self {
        let low = (index.max(0.0) as usize).min(n.saturating_sub(2));
        Self { nodes: [low, (low + 1).min(n - 1)], share: (index - low as f64).clamp(0.0, 1.0) }
    }
}

/// The four nodes along an axis around a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CubicTaps {
    /// Their numbers.
    pub nodes: [usize; 4],
    /// What each contributes; the sum is 1.
    pub weights: [f64; 4],
}

impl CubicTaps {
    /// Those at an index, clamped to 0 to n - 1.
    pub fn at(index: f64, n: usize) -> Self {
        let index = index.clamp(0.0, (n - 1) as f64);
        let low = index as usize;
        let f = index - low as f64;
        let node = |k: usize| (low + k).saturating_sub(1).min(n - 1);
        let weights = [
            f * (f * (1.0 - 0.5 * f) - 0.5),
            f * f * (1.5 * f - 2.5) + 1.0,
            f * (f * (2.0 - 1.5 * f) + 0.5),
            f * f * (0.5 * f - 0.5),
        ];
        Self { nodes: [0, 1, 2, 3].map(node), weights }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> PlaneGrid<f64> {
        let lattice =
            Lattice { shape: [3, 2, 1], origin: DVec3::new(1.0, 2.0, 0.0), spacing: DVec3::new(0.5, 2.0, 1.0) };
        PlaneGrid::from_layer(DensityGrid::new(lattice, vec![0.0, 1.0, 2.0, 10.0, 11.0, 14.0], None).unwrap()).unwrap()
    }

    #[test]
    fn the_integral_is_that_of_the_area() {
        // (0 + 2 + 10 + 14) / 4 + (1 + 11) / 2 = 12.5 cells of area 1.
        assert!((grid().statistics().integral - 12.5).abs() < 1e-12);
        assert_eq!(grid().size(), DVec2::new(1.0, 2.0));
        assert_eq!(grid().layer().levels_enclosing(&[0.3, 0.9]), [14.0, 10.0]);
    }

    #[test]
    fn samples_are_met_at_nodes_and_mixed_between_them() {
        let g = grid();
        for (at, value) in g.values().iter().enumerate() {
            let node = DVec2::new((at % 3) as f64, (at / 3) as f64);
            assert_eq!((g.nearest(node), g.linear(node)), (*value, *value));
        }
        assert_eq!(g.linear(DVec2::new(0.5, 0.5)), 5.5);
        assert_eq!(g.linear(DVec2::new(1.25, 1.0)), 11.75);
        assert_eq!([g.nearest(DVec2::new(1.4, 0.6)), g.nearest(DVec2::new(1.6, 0.4))], [11.0, 2.0]);
        let outside = [DVec2::new(-3.0, -1.0), DVec2::new(9.0, 9.0)];
        assert_eq!(outside.map(|p| (g.nearest(p), g.linear(p))), [(0.0, 0.0), (14.0, 14.0)]);
    }

    /// Catches: weights of another kernel, taps one node off. Keys' kernel meets quadratics exactly.
    #[test]
    fn the_cubic_meets_nodes_and_parabolas() {
        let lattice = Lattice { shape: [6, 5, 1], origin: DVec3::ZERO, spacing: DVec3::ONE };
        let of = |x: f64, y: f64| 1.0 + x * x - 0.5 * y * y + 0.25 * x * y;
        let values = (0..30).map(|at| of((at % 6) as f64, (at / 6) as f64)).collect();
        let g = PlaneGrid::from_layer(DensityGrid::<f64>::new(lattice, values, None).unwrap()).unwrap();
        for at in [[1.0, 1.0], [2.25, 1.5], [3.9, 2.99], [1.01, 2.0]] {
            assert!((g.cubic(DVec2::from(at)) - of(at[0], at[1])).abs() < 1e-12, "{at:?}");
        }
        assert_eq!([g.cubic(DVec2::splat(-2.0)), g.cubic(DVec2::new(5.0, 4.0))], [of(0.0, 0.0), of(5.0, 4.0)]);
    }

    #[test]
    fn one_row_is_a_plane_too() {
        let lattice = Lattice { shape: [3, 1, 1], origin: DVec3::ZERO, spacing: DVec3::ONE };
        let g = PlaneGrid::from_layer(DensityGrid::<f64>::new(lattice, vec![1.0, 3.0, 5.0], None).unwrap()).unwrap();
        let at = DVec2::new(0.5, 0.3);
        assert_eq!([g.nearest(at), g.linear(at)], [3.0, 2.0]);
        assert_eq!(g.cubic(DVec2::new(1.0, 0.3)), 3.0);
    }

    #[test]
    fn a_grid_of_space_is_no_plane() {
        let lattice = Lattice { shape: [2, 2, 2], origin: DVec3::ZERO, spacing: DVec3::ONE };
        assert!(PlaneGrid::from_layer(DensityGrid::new(lattice, vec![0.0; 8], None).unwrap()).is_err());
        let thin = Lattice { shape: [2, 2, 1], spacing: DVec3::splat(0.5), ..lattice };
        assert!(PlaneGrid::from_layer(DensityGrid::new(thin, vec![0.0; 4], None).unwrap()).is_err());
    }
}
