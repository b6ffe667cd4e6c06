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
mod eigen;
mod exact;
mod kernel;
mod places;
mod plan;
mod plane;
mod simd;
mod tree;
mod whitened;

use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::geometry::Box3;
use crate::grid::{DensityGrid, Lattice, Sample};
use crate::kde::tree::{Task, Tree};
use crate::kde::whitened::Whitening;
use crate::points::PointCloud;
use crate::progress::Progress;

pub use at::{AtPoints, density_at};
pub use bandwidth::Bandwidth;
pub use kernel::Kernel;
pub use plan::{Extent, Plan, Resolution, plan};
pub use plane::{PlaneDensity, density_2d};

/// Up to this many pairs of point and node, the exact sum takes some 5 ms on one core.
const EXACT_PAIRS: f64 = 1e7;
/// Below this share of the maximum, rounding counts in the tree's sums.
const EXACT_ERROR: f64 = 1e-11;
/// A grid so coarse that it may hold less than 1/1000 of the maximum hardly ever does.
const MOST_COARSENESS: f64 = 1e3;

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
    /// Whether it is an error if the proven bound exceeds `max_error`, as it can where rounding or the
    /// type of the samples set a limit. Otherwise it is a warning.
    pub guaranteed: bool,
}

impl DensityOptions {
    fn check(&self) -> Result<()> {
        if self.max_error > 0.0 && self.max_error.is_finite() {
            return Ok(());
        }
        Err(Error::Usage(format!("the error is {}; it must be a number above 0", self.max_error)))
    }
}

/// What is to be said, or refused, if `bound` exceeds the error that was asked for. `bytes` is the size of
/// a sample.
fn kept(options: &DensityOptions, bound: f64, bytes: usize) -> Result<Option<String>> {
    if bound <= options.max_error {
        return Ok(None);
    }
    let asked = options.max_error;
    let storage = bound::rounding_of_storage(bytes);
    let why = if storage > 0.5 * bound {
        "samples are stored as f32; take --dtype f64"
    } else {
        "f64 rounds that much for points this far from 0 compared with the kernel's width; move them nearer"
    };
    let text = format!("the error can be {bound:.1e} of the maximum where {asked:.1e} was asked for: {why}");
    if options.guaranteed { Err(Error::Data(text)) } else { Ok(Some(text)) }
}

impl Method {
    /// The name of what [`chosen`] gave.
    fn used(self) -> &'static str {
        if self == Self::Tree { "tree" } else { "exact" }
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
    let (kernel, mut warnings) = kernel_of(cloud, &options.bandwidth)?;
    let plan = plan(cloud, &kernel, options.extent, options.resolution, size_of::<T>())?;
    warnings.extend(plan.warnings);
    let method = chosen(options, cloud.len(), plan.lattice.len());
    let planned = start.elapsed();

    let setting = Setting::new(cloud, &kernel, options.max_error);
    let mut values = vec![T::default(); plan.lattice.len()];
    let result = match method {
        Method::Tree => setting.tree(&plan.lattice, &mut values, progress)?,
        _ => setting.exact(&plan.lattice, &mut values, progress)?,
    };
    let evaluated = start.elapsed();

    warnings.extend(kept(options, result.bound, size_of::<T>())?);
    warnings.extend(range_warning::<T>(result.largest));
    let [nx, ny, _] = plan.lattice.shape;
    let node = |at: usize| plan.lattice.node(at % nx, at / nx % ny, at / nx / ny);
    let sampled = check::sampled_error(&setting, method, &values, result.largest, node);
    let seconds = Seconds::between(planned, evaluated, start.elapsed());
    let report = Report {
        method: method.used(),
        points: cloud.len(),
        bound_relative_to_max: result.bound,
        sampled_error_relative_to_max: sampled,
        warnings,
        notes: plan.notes,
        seconds,
        kernel,
    };
    let grid = DensityGrid { focus: plan.focus, ..DensityGrid::new(plan.lattice, values, cloud.unit)? };
    Ok(Density { grid, report })
}

/// The method that `Auto` stands for: exact where it takes no more than some milliseconds or the error asked
/// for is that of rounding, else the tree, whose blocks are faster by a factor of ten even where no point can
/// be left out. (The spectral method will stand here beside the tree.)
fn chosen(options: &DensityOptions, points: usize, nodes: usize) -> Method {
    match options.method {
        Method::Auto if points as f64 * nodes as f64 <= EXACT_PAIRS || options.max_error < EXACT_ERROR => Method::Exact,
        Method::Auto => Method::Tree,
        method => method,
    }
}

/// A warning if the largest value does not fit the type of the samples.
fn range_warning<T: Sample>(largest: f64) -> Option<String> {
    let stored = T::from_f64(largest).to_f64();
    if largest == 0.0 {
        return Some("the density is 0 at every node; the box lies far from all points or is far too large".into());
    }
    if size_of::<T>() == 8 || (stored.is_finite() && stored >= f64::from(f32::MIN_POSITIVE)) {
        return None;
    }
    Some(format!(
        "the largest density is {largest:e}, which f32 cannot hold; take --dtype f64 or another unit of length"
    ))
}

/// What all methods work on.
struct Setting<'a> {
    whitening: Whitening,
    kernel: &'a Kernel,
    cloud: &'a PointCloud,
    /// The whitened points with their normalised weights.
    points: Vec<[f64; 4]>,
    max_error: f64,
}

/// The largest value of a grid, and the bound of all errors as a share of it.
struct Outcome {
    largest: f64,
    bound: f64,
}

impl<'a> Setting<'a> {
    fn new(cloud: &'a PointCloud, kernel: &'a Kernel, max_error: f64) -> Self {
        let whitening = Whitening::new(cloud, kernel);
        Self { whitening, kernel, cloud, points: whitening.points(cloud), max_error }
    }

    /// The factor between the maximum over all space and the largest node, if the grid holds all points.
    fn coarseness(&self, lattice: &Lattice) -> Option<f64> {
        let (grid, points) = (lattice.bounds(), self.cloud.bounds());
        let slack = 1e-9 * lattice.spacing;
        let inside = (grid.min - slack).cmple(points.min).all() && points.max.cmple(grid.max + slack).all();
        inside.then(|| bound::coarseness(self.whitening.half_voxel(lattice)))
    }

    /// Magnitude of the whitened coordinates of all points and of places in a box.
    fn magnitude(&self, places: Box3) -> f64 {
        let points = self.cloud.bounds();
        self.whitening.magnitude(Box3 { min: places.min.min(points.min), max: places.max.max(points.max) })
    }

    /// The share of the error allowed that the cut-off may use.
    fn left_to_cut_off(&self, rounding: f64) -> f64 {
        (0.99 * self.max_error - rounding).max(0.1 * self.max_error)
    }

    fn exact<T: Sample>(&self, lattice: &Lattice, values: &mut [T], progress: &dyn Progress) -> Result<Outcome> {
        let largest = exact::evaluate(&self.points, &self.whitening, self.kernel.peak, lattice, values, progress)?;
        let magnitude = self.magnitude(lattice.bounds());
        let rounding = exact::rounding(self.points.len(), magnitude, self.coarseness(lattice)).bound();
        Ok(Outcome { largest, bound: rounding + bound::rounding_of_storage(size_of::<T>()) })
    }

    /// Sums over the tree with the cut-off that the bounds ask for; where they turn out too weak, because the
    /// grid does not hold the maximum, again with a larger one.
    fn tree<T: Sample>(&self, lattice: &Lattice, values: &mut [T], progress: &dyn Progress) -> Result<Outcome> {
        let tree = Tree::new(self.points.clone())?;
        progress.check()?;
        let storage = bound::rounding_of_storage(size_of::<T>());
        let coarseness = self.coarseness(lattice);
        let mut radius =
            bound::radius_by_widening(0.9 * self.max_error / coarseness.unwrap_or(1.0).min(MOST_COARSENESS));
        loop {
            let task = Task::new(&tree, &self.whitening, self.kernel, lattice, radius);
            let rounding = task.rounding(self.magnitude(lattice.bounds()), coarseness).bound() + storage;
            let target = self.left_to_cut_off(rounding);
            let largest = task.evaluate(values, progress)?;
            let by_widening = coarseness.map_or(f64::INFINITY, |c| c * bound::by_widening(radius));
            let left_out = by_widening.min(bound::by_peak(radius, self.kernel.peak, largest));
            if left_out <= target || radius >= bound::FARTHEST {
                let left_out = if largest > 0.0 { left_out } else { 0.0 };
                return Ok(Outcome { largest, bound: left_out + rounding });
            }
            radius = bound::radius_by_peak(target, self.kernel.peak, largest).max(radius + 0.1);
        }
    }
}

#[cfg(test)]
mod tests;
