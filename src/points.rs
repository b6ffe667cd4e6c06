//! Positions with what belongs to each of them.

use glam::DVec3;

use crate::geometry::{Box3, LengthUnit};

/// Points in space: one frame of a file, or several pooled.
#[derive(Debug, Clone, Default)]
pub struct PointCloud {
    /// Positions, in `unit`; all finite.
    pub positions: Vec<DVec3>,
    /// One weight a point, 0 or more, not all 0; `None` means all equal.
    pub weights: Option<Vec<f64>>,
    /// Unit of length of the positions, if known.
    pub unit: Option<LengthUnit>,
}

impl PointCloud {
    /// Points of equal weight without a unit.
    pub fn from_positions(positions: Vec<DVec3>) -> Self {
        Self { positions, weights: None, unit: None }
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
        Box3::around(&self.positions)
    }
}
