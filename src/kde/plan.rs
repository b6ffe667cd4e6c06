//! The box and the nodes of the grid.
use crate::error::{Error, Result};
use crate::geometry::Box3;
use crate::grid::Lattice;
use crate::kde::Kernel;
use crate::points::PointCloud;

/// The box of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Extent {
    /// The bounding box (outliers survive), 3 standard deviations of the kernel larger on each side.
    #[default]
    Auto,
    /// The bounding box, this many standard deviations of the kernel larger on each side.
    Padding(f64),
    /// This box.
    Bounds(Box3),
}

/// The nodes in the box.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Resolution {
    /// Spacing of a sixth of the smallest standard deviation of the kernel, at most 192 nodes an axis.
    #[default]
    Auto,
    /// Number of nodes along x, y, z, both ends included.
    Nodes([usize; 3]),
    /// Distance of neighbouring nodes along x, y, z.
    Spacing([f64; 3]),
}

/// A grid to be filled.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where the nodes are.
    pub lattice: Lattice,
    /// The box without its padding.
    pub focus: Box3,
    /// What the user must know.
    pub warnings: Vec<String>,
    /// What was chosen for the user.
    pub notes: Vec<String>,
}

/// Chooses the grid.
///
/// # Errors
/// Data, Usage.
pub fn plan(
    cloud: &PointCloud,
    kernel: &Kernel,
    extent: Extent,
    resolution: Resolution,
    bytes_per_node: usize,
) -> Result<Plan> {
    let _ = (cloud, kernel, extent, resolution, bytes_per_node);
    Err(Error::Data(String::new()))
}
