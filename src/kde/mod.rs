//! From points to a density: `PointCloud -> Bandwidth -> Kernel -> Plan -> DensityGrid`.
//!
//! The density is `f(p) = sum_i w_i K_H(p - x_i) / W` with the Gaussian kernel
//! `K_H(u) = (2 pi)^(-d/2) |H|^(-1/2) exp(-u^T H^-1 u / 2)` of full covariance `H` (Silverman 1986,
//! eq. 4.1, 4.7), as `scipy.stats.gaussian_kde` defines it. The methods differ in what they leave out;
//! each states its bound.

mod at;
mod bandwidth;
mod block;
mod bound;
mod check;
mod choose;
mod compare;
mod distinct;
mod eigen;
mod estimator;
mod exact;
mod kernel;
mod likelihood;
mod methods;
mod moments;
mod noise;
mod on_gpu;
pub mod parts;
mod periodic;
mod places;
mod plan;
mod plane;
pub mod select;
mod setting;
mod simd;
mod spectral;
mod tree;
mod variable;
mod whitened;

use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::gpu::{AdapterChoice, Samples};
use crate::grid::{DensityGrid, Sample};
use crate::kde::setting::Setting;
use crate::kde::spectral::Wanted;
use crate::memory::zeros;
use crate::points::PointCloud;
use crate::progress::Progress;

pub use at::{AtPoints, density_at};
pub use bandwidth::Bandwidth;
pub use choose::Estimate;
pub use compare::{Difference, difference};
pub use estimator::{Estimated, Estimator};
pub use kernel::Kernel;
pub use noise::{noise_level, standard_error};
pub use periodic::{periodic_density, periodic_density_at};
pub use plan::{Extent, Plan, Resolution, plan};
pub use plane::{PlaneDensity, density_2d};

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
    /// Points are spread over a grid, whose waves the kernel's transform multiplies.
    Spectral,
    /// As [`Spectral`](Self::Spectral), on a graphics device, in f32: errors from 1e-5 on. Where the device cannot, the
    /// processor computes the density, and it is told.
    Gpu,
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
    /// Whether `max_error` refers to each value rather than to the largest, as the tails and logarithmic scales ask for. Values
    /// below 1e-289 of the kernel's peak are 0. The spectral method cannot.
    pub relative: bool,
    /// Whether it is an error if the proven bound exceeds `max_error`, as it can where rounding or the
    /// type of the samples set a limit. Otherwise it is a warning.
    pub guaranteed: bool,
    /// The device of [`Method::Gpu`].
    pub adapter: AdapterChoice,
}

impl DensityOptions {
    /// As [`DensityOptions::check`] for what is not computed on graphics devices.
    fn check_on_processor(&self, what: &str) -> Result<()> {
        self.check()?;
        if self.method == Method::Gpu {
            return Err(Error::Usage(format!(
                "{what} are computed on the processor; take another method than gpu, such as auto"
            )));
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if self.relative && self.method == Method::Spectral {
            return Err(Error::Usage(
                "the spectral method keeps errors as shares of the largest value; for shares of each, take \
                                     the method exact, tree or auto"
                    .into(),
            ));
        }
        if self.relative && self.bandwidth.varies() {
            return Err(Error::Usage(
                "kernels that differ from point to point keep errors as shares of the largest value, not of each"
                    .into(),
            ));
        }
        if self.method == Method::Gpu
            && (self.max_error < Method::LEAST_ERROR_OF_GPU || self.relative || self.guaranteed)
        {
            return Err(Error::Usage(format!(
                "the method gpu computes in f32: it keeps errors of {:e} of the largest value or more, without a proof; take a \
                 larger --error without --relative and --guaranteed, or the method auto",
                Method::LEAST_ERROR_OF_GPU
            )));
        }
        if self.max_error > 0.0 && self.max_error.is_finite() {
            return Ok(());
        }
        Err(Error::Usage(format!("the error is {}; it must be a number above 0", self.max_error)))
    }
}

impl Method {
    /// The least error that [`Method::Gpu`] keeps: an estimate, several times what is seen.
    pub const LEAST_ERROR_OF_GPU: f64 = 1e-5;

    /// `auto`, `exact`, `tree`, `spectral` or `gpu`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Exact => "exact",
            Self::Tree => "tree",
            Self::Spectral => "spectral",
            Self::Gpu => "gpu",
        }
    }
}

impl Default for DensityOptions {
    fn default() -> Self {
        Self {
            bandwidth: Bandwidth::Scott,
            extent: Extent::default(),
            resolution: Resolution::default(),
            method: Method::Auto,
            max_error: 1e-6,
            relative: false,
            guaranteed: false,
            adapter: AdapterChoice::Auto,
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

impl Seconds {
    /// From the times since the start at which each stage was done.
    fn between(planned: Duration, evaluated: Duration, checked: Duration) -> Self {
        Self {
            plan: planned.as_secs_f64(),
            evaluate: (evaluated - planned).as_secs_f64(),
            check: (checked - evaluated).as_secs_f64(),
        }
    }
}

/// How a density was made and how far it can be wrong.
#[derive(Debug, Clone)]
pub struct Report {
    /// `exact`, `tree`, `spectral` or `gpu`; `variable` where each point has its own kernel; `waves` of a periodic cell.
    pub method: &'static str,
    /// The kernel, with the rule, factor and covariance; that of the median widths where each point has its own.
    pub kernel: Kernel,
    /// Number of points.
    pub points: usize,
    /// Proven bound of the error of every node, as a share of the largest value in the grid.
    pub bound_relative_to_max: f64,
    /// The error that is kept, as a share of the largest value: the proven bound, or of the spectral method that by its choice of
    /// windows, which `bound_relative_to_max` may exceed by far.
    pub error_relative_to_max: f64,
    /// Proven bound of the error of every value as a share of itself, if that was asked for
    /// ([`relative`](DensityOptions::relative)).
    pub bound_relative_to_each: Option<f64>,
    /// Largest difference from the exact sum at some nodes, as a share of the largest value; NaN where the exact sum has too
    /// many terms, as that over all images of a periodic cell under a wide kernel.
    pub sampled_error_relative_to_max: f64,
    /// What the user must know: data the kernel or the grid could not be made of as they are.
    pub warnings: Vec<String>,
    /// What was chosen for the user.
    pub notes: Vec<String>,
    /// The search for the bandwidth, if there was one.
    pub selection: Option<select::Selection>,
    /// What the choice of the method rested on.
    pub estimate: Estimate,
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
    /// The same samples on the device that computed them, as shares of the kernel's peak.
    pub on_device: Option<Samples>,
}

/// The density of `cloud` at the nodes of a grid.
///
/// Two runs give the same bytes, whatever the number of threads.
///
/// # Errors
/// [`Error::Data`] without two distinct points or without memory for the grid, [`Error::Usage`] for
/// options that cannot be meant, [`Error::Interrupted`] if `progress` says so.
///
/// # Examples
/// ```
/// use densitas::kde::{Bandwidth, DensityOptions, Resolution, density};
/// use densitas::{points::PointCloud, progress::Silent};
/// use glam::DVec3;
///
/// let cloud = PointCloud::from_positions(vec![DVec3::ZERO, DVec3::new(1.0, 2.0, 0.5), DVec3::new(0.0, 1.0, 3.0)]);
/// let bandwidth: Bandwidth = "0.8A".parse()?;
/// let options = DensityOptions { bandwidth, resolution: Resolution::Nodes([32; 3]), ..Default::default() };
/// let density = density::<f32>(&cloud, &options, &Silent)?;
/// assert_eq!(density.grid.values.len(), 32 * 32 * 32);
/// assert!(density.report.bound_relative_to_max < 1e-6);
/// # Ok::<(), densitas::error::Error>(())
/// ```
pub fn density<T: Sample>(cloud: &PointCloud, options: &DensityOptions, progress: &dyn Progress) -> Result<Density<T>> {
    if options.bandwidth.varies() {
        return variable::on_grid(cloud, options, 3, progress);
    }
    on_grid(cloud, options, Kernel::new, progress)
}

/// A kernel for points, with warnings.
type KernelOf = fn(&PointCloud, &Bandwidth) -> Result<(Kernel, Vec<String>)>;

fn on_grid<T: Sample>(
    cloud: &PointCloud,
    options: &DensityOptions,
    kernel_of: KernelOf,
    progress: &dyn Progress,
) -> Result<Density<T>> {
    let start = Instant::now();
    options.check()?;
    let (kernel, selection, mut warnings) = select::kernel(cloud, &options.bandwidth, kernel_of, progress)?;
    let plan = plan(cloud, &kernel, options.extent, options.resolution, size_of::<T>())?;
    warnings.extend(plan.warnings);
    let setting = Setting::new(cloud, &kernel, options, size_of::<T>());
    let chosen = choose::choose(&setting, options, Wanted::Nodes(&plan.lattice), plan.lattice.len())?;
    let planned = start.elapsed();

    let mut values = zeros::<T>(plan.lattice.len());
    let mut estimate = chosen.estimate.clone();
    let tried = on_gpu::tried(&setting, options, estimate.seconds, &plan.lattice, &mut values, progress)?;
    if let (Some(Err(why)), Method::Gpu) = (&tried, options.method) {
        warnings.push(format!("the density was computed on the processor, not on a graphics device: {why}"));
    }
    let (result, on_device) = match tried {
        Some(Ok((outcome, samples))) => {
            estimate.reason = format!("on {}", samples.gpu().describe());
            (outcome, Some(samples))
        }
        _ => (setting.on_grid(&chosen, &plan.lattice, &mut values, progress)?, None),
    };
    let evaluated = start.elapsed();

    let (bound_relative_to_each, told) = setting.kept(&result, plan.lattice.bounds(), size_of::<T>())?;
    warnings.extend(told);
    warnings.extend(zero_warning(result.largest));
    if result.largest == 0.0 && options.guaranteed {
        return Err(Error::Data(format!("{}; an error as a share of 0 cannot be guaranteed", warnings.join("; "))));
    }
    warnings.extend(setting.underflow(&values)?);
    let node = |at| plan.lattice.node_at(at);
    let sampled = check::sampled_error(&setting, result.method, &values, result.largest, node);
    let seconds = Seconds::between(planned, evaluated, start.elapsed());
    let report = Report {
        method: result.method.name(),
        points: cloud.len(),
        bound_relative_to_max: result.bound,
        error_relative_to_max: result.kept,
        bound_relative_to_each,
        sampled_error_relative_to_max: sampled,
        warnings,
        notes: plan.notes,
        estimate: estimate.of(options.method, result.method),
        selection,
        seconds,
        kernel,
    };
    let grid = DensityGrid { focus: plan.focus, ..DensityGrid::new(plan.lattice, values, cloud.unit)? };
    Ok(Density { grid, report, on_device })
}

/// A warning if nothing is anywhere.
fn zero_warning(largest: f64) -> Option<String> {
    (largest == 0.0).then(|| {
        "the density is 0 at every node; the box lies far from all points, or its nodes far apart beside the \
             kernel"
            .into()
    })
}

#[cfg(test)]
mod tests;
