//! The density of a plane, by the methods of space.

use crate::error::{Error, Result};
use crate::grid::{PlaneGrid, Sample};
use crate::kde::{Density, DensityOptions, Kernel, Report, on_grid, variable};
use crate::points::PointCloud;
use crate::progress::Progress;

/// A density in a plane and how it was made.
#[derive(Debug, Clone)]
pub struct PlaneDensity<T: Sample = f32> {
    /// The samples.
    pub grid: PlaneGrid<T>,
    /// Method, bounds, warnings.
    pub report: Report,
}

/// The density of points of a plane (their z are 0) at the nodes of a grid in it: the same formulas with d = 2, per
/// area. What `options` say of z means nothing.
///
/// There is no second method behind it: in the plane z = 0 a density of space whose kernel is independent in z is
/// the density of the plane times a constant, so the exact sum, the tree and their bounds hold as they are.
///
/// # Errors
/// As [`density`](crate::kde::density), and [`Error::Data`] for a point whose z is not 0; [`PointCloud::projected`] makes it so.
///
/// # Examples
/// ```
/// use densitas::kde::{DensityOptions, density_2d};
/// use densitas::{points::Plane, progress::Silent, sample};
///
/// let cloud = sample::sample("founding", Some(500), 1)?.projected(Plane::XZ);
/// let density = density_2d::<f32>(&cloud, &DensityOptions::default(), &Silent)?;
/// assert!((density.grid.statistics().integral - 1.0).abs() < 0.01);
/// # Ok::<(), densitas::error::Error>(())
/// ```
pub fn density_2d<T: Sample>(
    cloud: &PointCloud,
    options: &DensityOptions,
    progress: &dyn Progress,
) -> Result<PlaneDensity<T>> {
    check(cloud)?;
    let Density { grid, report, .. } = match options.bandwidth.varies() {
        true => variable::on_grid(cloud, options, 2, progress)?,
        false => on_grid(cloud, options, Kernel::of_plane, progress)?,
    };
    Ok(PlaneDensity { grid: PlaneGrid::from_layer(grid)?, report })
}

/// Refuses points that are not in the plane z = 0.
pub(super) fn check(cloud: &PointCloud) -> Result<()> {
    let Some(at) = cloud.positions.iter().position(|p| p.z != 0.0) else { return Ok(()) };
    let p = cloud.positions[at];
    Err(Error::Data(format!("point {at} from 0 is {p}; points of a plane have z = 0, project them first")))
}

#[cfg(test)]
mod tests;
