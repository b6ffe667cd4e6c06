//! Positions with what belongs to each of them.

pub mod atoms;
pub mod elements;
pub mod select;
pub mod superpose;

use glam::DVec3;
use rayon::prelude::*;

use crate::geometry::{Box3, LengthUnit};
pub use atoms::{AtomTable, Categorical};
pub use select::Selection;

/// A further numeric column of a table, kept with the points.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The name in the header, or the 1-based number where there is none.
    pub name: String,
    /// One value a point; may be NaN or infinite.
    pub values: Vec<f64>,
}

/// Two of the three axes, which a projection keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Plane {
    /// Seen along z: x to the right, y upward.
    #[default]
    XY,
    /// Seen along y: x to the right, z upward.
    XZ,
    /// Seen along x: y to the right, z upward.
    YZ,
}

impl Plane {
    /// The axes (0 to 2 for x to z) to the right and upward.
    pub fn axes(self) -> [usize; 2] {
        match self {
            Self::XY => [0, 1],
            Self::XZ => [0, 2],
            Self::YZ => [1, 2],
        }
    }

    /// Their names.
    pub fn names(self) -> [&'static str; 2] {
        self.axes().map(|axis| ["x", "y", "z"][axis])
    }
}

/// Points in space: one frame of a file, or several pooled.
#[derive(Debug, Clone, Default)]
pub struct PointCloud {
    /// Positions, in `unit`; all finite. Points of a plane have z = 0.
    pub positions: Vec<DVec3>,
    /// One weight a point, 0 or more, not all 0; `None` means all equal.
    pub weights: Option<Vec<f64>>,
    /// Standard deviations along x, y, z of each point's own kernel, in `unit`, finite and above 0; z means nothing in
    /// a plane. Such as the precision of a localisation.
    pub sigmas: Option<Vec<DVec3>>,
    /// Unit of length of the positions, if known.
    pub unit: Option<LengthUnit>,
    /// What a structure says of each atom; `None` for tables and arrays.
    pub atoms: Option<AtomTable>,
    /// Further columns asked for when reading a table.
    pub columns: Vec<Column>,
}

impl PointCloud {
    /// Points of equal weight without a unit.
    pub fn from_positions(positions: Vec<DVec3>) -> Self {
        Self { positions, ..Self::default() }
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// The smallest box around all points.
    pub fn bounds(&self) -> Box3 {
        self.positions.par_chunks(1 << 15).map(Box3::around).reduce(|| Box3::EMPTY, Box3::joined)
    }

    /// The mean position, not weighted; NaN if there is no point.
    pub fn mean(&self) -> DVec3 {
        self.positions.iter().copied().sum::<DVec3>() / self.len() as f64
    }

    /// The points with the axes of `plane` as x and y, and z = 0.
    pub fn projected(self, plane: Plane) -> Self {
        let [right, up] = plane.axes();
        let positions = self.positions.into_iter().map(|p| DVec3::new(p[right], p[up], 0.0)).collect();
        let sigmas = self.sigmas.map(|all| all.into_iter().map(|s| DVec3::new(s[right], s[up], s[right])).collect());
        Self { positions, sigmas, ..self }
    }

    /// The points at `indices`, in that order, with everything that belongs to them.
    ///
    /// # Panics
    /// If an index is not below [`PointCloud::len`].
    pub fn take(&self, indices: &[usize]) -> Self {
        let pick = |values: &Vec<f64>| indices.iter().map(|&i| values[i]).collect();
        Self {
            positions: indices.iter().map(|&i| self.positions[i]).collect(),
            weights: self.weights.as_ref().map(pick),
            sigmas: self.sigmas.as_ref().map(|all| indices.iter().map(|&i| all[i]).collect()),
            unit: self.unit,
            atoms: self.atoms.as_ref().map(|a| a.take(indices)),
            columns: self.columns.iter().map(|c| Column { name: c.name.clone(), values: pick(&c.values) }).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taking_points_takes_all_that_belongs_to_them_in_order() {
        let cloud = PointCloud {
            positions: (0..4).map(|i| DVec3::splat(f64::from(i))).collect(),
            weights: Some(vec![0.0, 1.0, 2.0, 3.0]),
            sigmas: Some((0..4).map(|i| DVec3::new(f64::from(i), 5.0, 6.0)).collect()),
            columns: vec![Column { name: "sigma".into(), values: vec![10.0, 11.0, 12.0, 13.0] }],
            ..PointCloud::default()
        };
        let two = cloud.take(&[3, 1]);
        assert_eq!(two.positions, [DVec3::splat(3.0), DVec3::splat(1.0)]);
        assert_eq!(two.weights, Some(vec![3.0, 1.0]));
        assert_eq!(two.sigmas.as_ref().unwrap()[0], DVec3::new(3.0, 5.0, 6.0));
        assert_eq!(two.clone().projected(Plane::YZ).sigmas.unwrap()[1], DVec3::new(5.0, 6.0, 5.0));
        assert_eq!(two.columns[0].values, [13.0, 11.0]);
        assert_eq!(two.mean(), DVec3::splat(2.0));
    }
}
