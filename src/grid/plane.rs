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
    layer: DensityGrid<T>,
}

impl<T: Sample> PlaneGrid<T> {
    /// From a grid of one layer of nodes at z = 0, of thickness 1.
    ///
    /// # Errors
    /// [`Error::Data`] for any other grid, or one of fewer than two nodes along x or y.
    pub fn from_layer(layer: DensityGrid<T>) -> Result<Self> {
        let [nx, ny, nz] = layer.lattice.shape;
        let lattice = layer.lattice;
        if nx < 2 || ny < 2 || nz != 1 || lattice.spacing.z != 1.0 || lattice.origin.z != 0.0 {
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
        let low = |at: f64, n: usize| (at.max(0.0) as usize).min(n - 2);
        let (i, j) = (low(index.x, nx), low(index.y, ny));
        let f = (index - DVec2::new(i as f64, j as f64)).clamp(DVec2::ZERO, DVec2::ONE);
        let at = |i: usize, j: usize| self.layer.values[i + nx * j].to_f64();
        let row = |j: usize| at(i, j) * (1.0 - f.x) + at(i + 1, j) * f.x;
        row(j) * (1.0 - f.y) + row(j + 1) * f.y
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

    #[test]
    fn a_grid_of_space_is_no_plane() {
        let lattice = Lattice { shape: [2, 2, 2], origin: DVec3::ZERO, spacing: DVec3::ONE };
        assert!(PlaneGrid::from_layer(DensityGrid::new(lattice, vec![0.0; 8], None).unwrap()).is_err());
        let thin = Lattice { shape: [2, 2, 1], spacing: DVec3::splat(0.5), ..lattice };
        assert!(PlaneGrid::from_layer(DensityGrid::new(thin, vec![0.0; 4], None).unwrap()).is_err());
    }
}
