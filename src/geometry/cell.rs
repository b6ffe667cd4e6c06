//! Cells that repeat in space.

use glam::{DMat3, DVec3};

use crate::error::{Error, Result};
use crate::geometry::Box3;

/// The edges of a cell from its lengths and angles in degrees (between b and c, a and c, a and b): a along x, b in the plane
/// of x and y.
pub fn edges_of([a, b, c, alpha, beta, gamma]: [f64; 6]) -> [DVec3; 3] {
    // cos 90 degrees is not exactly 0.
    let cosine = |angle: f64| if angle == 90.0 { 0.0 } else { angle.to_radians().cos() };
    let [ca, cb, cg] = [alpha, beta, gamma].map(cosine);
    let sg = (1.0 - cg * cg).sqrt();
    let cy = (ca - cb * cg) / sg;
    let cz = (1.0 - cb * cb - cy * cy).max(0.0).sqrt();
    [DVec3::new(a, 0.0, 0.0), DVec3::new(b * cg, b * sg, 0.0), DVec3::new(c * cb, c * cy, c * cz)]
}

/// A cell whose images fill space, with a corner at 0, its edge a along x and b in the plane of x and y.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// The edges, as columns.
    edges: DMat3,
    /// Takes positions to multiples of the edges.
    inverse: DMat3,
}

impl Cell {
    /// Of lengths in the unit of the data and angles in degrees: a, b, c, and those between b and c, a and c, a and b.
    ///
    /// # Errors
    /// [`Error::Data`] if lengths or angles are not above 0, or the cell has no volume.
    pub fn new(lengths_and_angles: [f64; 6]) -> Result<Self> {
        let edges = DMat3::from_cols_array_2d(&edges_of(lengths_and_angles).map(|edge| edge.to_array()));
        let inverse = edges.inverse();
        let [a, b, c, ..] = lengths_and_angles;
        let is_thick = edges.determinant() > 1e-6 * a * b * c;
        let is_positive = lengths_and_angles.iter().all(|v| v.is_finite() && *v > 0.0);
        if is_positive && lengths_and_angles[3..].iter().all(|v| *v < 180.0) && is_thick && inverse.is_finite() {
            return Ok(Self { edges, inverse });
        }
        Err(Error::Data(format!(
            "the cell {lengths_and_angles:?} (lengths, then angles in degrees) has no volume; all must be above 0, and angles below 180"
        )))
    }

    /// The edges, as columns.
    pub fn edges(&self) -> DMat3 {
        self.edges
    }

    /// The volume.
    pub fn volume(&self) -> f64 {
        self.edges.determinant()
    }

    /// Whether all edges are along x, y and z.
    pub fn is_orthogonal(&self) -> bool {
        let e = self.edges;
        e == DMat3::from_diagonal(DVec3::new(e.x_axis.x, e.y_axis.y, e.z_axis.z))
    }

    /// A position as multiples of the edges.
    pub fn fractional(&self, position: DVec3) -> DVec3 {
        self.inverse * position
    }

    /// The image of a position that lies in the cell.
    pub fn wrapped(&self, position: DVec3) -> DVec3 {
        let f = self.fractional(position);
        // Tiny negative multiples are rounded to 1, which is 0.
        let inside = (f - f.floor()).map(|v| if v >= 1.0 { 0.0 } else { v });
        if inside == f { position } else { self.edges * inside }
    }

    /// The smallest box along x, y and z around the cell.
    pub fn bounds(&self) -> Box3 {
        let corner = |corner: DVec3| self.edges * corner;
        Box3::around(&Box3 { min: DVec3::ZERO, max: DVec3::ONE }.corners().map(corner))
    }

    /// A covariance in multiples of the edges.
    pub fn fractional_covariance(&self, covariance: DMat3) -> DMat3 {
        self.inverse * covariance * self.inverse.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_wrapped_into_the_cell_by_whole_edges() {
        for cell in [[2.0, 3.0, 4.0, 90.0, 90.0, 90.0], [5.0, 6.0, 7.0, 70.0, 80.0, 110.0]] {
            let cell = Cell::new(cell).unwrap();
            for p in [DVec3::ZERO, DVec3::new(-0.5, 7.0, 100.0), DVec3::new(-1e-18, 1.0, 2.0), DVec3::splat(1.9)] {
                let inside = cell.fractional(cell.wrapped(p));
                assert!(inside.cmpge(DVec3::splat(-1e-12)).all() && inside.cmplt(DVec3::ONE).all(), "{p} {inside}");
                let shift = cell.fractional(cell.wrapped(p) - p);
                assert!((shift - shift.round()).abs().max_element() < 1e-9, "{p} {shift}");
            }
        }
        let cell = Cell::new([2.0, 3.0, 4.0, 90.0, 90.0, 90.0]).unwrap();
        assert!(cell.is_orthogonal() && cell.volume() == 24.0 && cell.bounds().max == DVec3::new(2.0, 3.0, 4.0));
        assert!(!Cell::new([2.0, 3.0, 4.0, 90.0, 90.0, 80.0]).unwrap().is_orthogonal());
    }

    #[test]
    fn cells_without_volume_are_refused() {
        for bad in [
            [0.0, 1.0, 1.0, 90.0, 90.0, 90.0],
            [1.0, f64::NAN, 1.0, 90.0, 90.0, 90.0],
            [1.0, 1.0, 1.0, 90.0, 90.0, 180.0],
            [1.0, 1.0, 1.0, 20.0, 20.0, 90.0],
            [1.0, 1.0, 1.0, 90.0, 90.0, 200.0],
            [-1.0, 1.0, 1.0, 90.0, 90.0, 90.0],
        ] {
            assert_eq!(Cell::new(bad).unwrap_err().exit_code(), 1, "{bad:?}");
        }
    }
}
