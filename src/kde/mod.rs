//! From points to a density: `PointCloud -> Bandwidth -> Kernel -> Plan -> DensityGrid`.
//!
//! The density is `f(p) = sum_i w_i K_H(p - x_i) / W` with the Gaussian kernel
//! `K_H(u) = (2 pi)^(-3/2) |H|^(-1/2) exp(-u^T H^-1 u / 2)` of full covariance `H` (Silverman 1986,
//! eq. 4.1, 4.7), as `scipy.stats.gaussian_kde` defines it. The methods differ in what they leave out;
//! each states its bound.

mod bandwidth;
mod eigen;
mod kernel;
mod plan;

use crate::error::Result;
use crate::grid::{DensityGrid, Sample};
use crate::points::PointCloud;
use crate::progress::Progress;

pub use bandwidth::Bandwidth;
pub use kernel::Kernel;
pub use plan::{Extent, Plan, Resolution, plan};

/// How the sum over the points is formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// The cheapest method that keeps the asked error.
    #[default]
    Auto,
    /// Every point at every node, in f64.
    Exact,
    /// Points further than a cut-off from a block of nodes are left out.
    Tree,
}

/// What decides a density.
#[derive(Debug, Clone, PartialEq)]
pub struct DensityOptions {
    /// Width and shape of the kernel; Scott's rule by default.
    pub bandwidth: Bandwidth,
    /// The box of the grid.
    pub extent: Extent,
    /// The nodes in the box.
    pub resolution: Resolution,
    /// How the sum is formed.
    pub method: Method,
    /// Largest error allowed, as a share of the largest density; 1e-6 by default. Above 0.
    pub max_error: f64,
    /// Whether the proven bound, and not a calibrated choice, has to keep `max_error`. The methods
    /// here always keep it by their bound.
    pub guaranteed: bool,
}

impl Default for DensityOptions {
    fn default() -> Self {
        Self {
            bandwidth: Bandwidth::Scott,
            extent: Extent::default(),
            resolution: Resolution::default(),
            method: Method::Auto,
            max_error: 1e-6,
            guaranteed: false,
        }
    }
}

/// Wall-clock seconds of the stages.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Seconds {
    /// Kernel, box, choice of the method.
    pub plan: f64,
    /// The density itself.
    pub evaluate: f64,
    /// The sampled comparison with the exact sum.
    pub check: f64,
}

/// How a density was made and how far it can be wrong.
#[derive(Debug, Clone)]
pub struct Report {
    /// `exact` or `tree`.
    pub method: &'static str,
    /// The kernel, with the rule, factor and covariance.
    pub kernel: Kernel,
    /// Number of points.
    pub points: usize,
    /// Proven bound of the error of every node, as a share of the largest value in the grid.
    pub bound_relative_to_max: f64,
    /// Largest difference from the exact sum at some nodes, as a share of the largest value.
    pub sampled_error_relative_to_max: f64,
    /// What the user must know: data the kernel or the grid could not be made of as they are.
    pub warnings: Vec<String>,
    /// What was chosen for the user.
    pub notes: Vec<String>,
    /// Time taken.
    pub seconds: Seconds,
}

/// A density and how it was made.
#[derive(Debug, Clone)]
pub struct Density<T: Sample = f32> {
    /// The samples.
    pub grid: DensityGrid<T>,
    /// Method, bounds, warnings.
    pub report: Report,
}

/// The density of `cloud` at the nodes of a grid.
///
/// # Errors
/// [`Error::Data`](crate::Error::Data) without two distinct points or without memory for the grid,
/// `Usage` for options that cannot be meant, `Interrupted` if `progress` says so.
pub fn density<T: Sample>(cloud: &PointCloud, options: &DensityOptions, progress: &dyn Progress) -> Result<Density<T>> {
    let _ = (cloud, options, progress);
    Err(crate::error::Error::Data("the density is not there yet".into()))
}
