//! Settling what parts share.

use glam::DVec3;

use crate::error::{Error, Result};
use crate::geometry::Box3;
use crate::grid::Lattice;
use crate::kde::choose::{self, Work};
use crate::kde::kernel::{Kernel, six_of, summed};
use crate::kde::parts::Settled;
use crate::kde::plan::plan;
use crate::kde::setting::{self, Setting};
use crate::kde::spectral::{Frame, Reach, SMALLEST_ERROR, Wanted};
use crate::kde::whitened::Whitening;
use crate::kde::{DensityOptions, check, select};
use crate::memory::usable_memory;
use crate::points::PointCloud;
use crate::progress::Progress;

/// Nodes at which each part tells the exact sum.
const CHECKED: usize = 4;
/// The share of the error asked for that is left to parts, beside rounding.
pub(super) const SHARE: f64 = 0.9;
/// The same by the tree, whose parts refer to their own maxima.
pub(super) const SHARE_OF_TREE: f64 = 0.1;
/// Points by which the largest density outside the grid is guessed.
const SOME_POINTS: usize = 20_000;
/// Error of that guess.
const GUESSED: f64 = 1e-2;
/// How much larger than guessed it may be; the maxima of parts add up to more than that of the whole.
const DOUBT: f64 = 4.0;
/// The largest share by which the grid may miss the maximum for which the error is made smaller.
const MOST_MISSED: f64 = 1e3;

/// Settles kernel, grid, method and error for a density of `cloud`, which is divided afterwards; densities, normalised to 1,
/// are multiplied by `scale`. Gives warnings and notes, too.
///
/// # Errors
/// As [`density`](crate::kde::density); [`Error::Usage`] for kernels that differ from point to point, and for
/// options that only the whole can keep: relative and guaranteed errors.
pub fn settle(
    cloud: &PointCloud,
    options: &DensityOptions,
    scale: f64,
    progress: &dyn Progress,
) -> Result<(Settled, Vec<String>, Vec<String>)> {
    options.check_on_processor("densities in parts")?;
    refuse(options)?;
    let (kernel, _, mut warnings) = select::kernel(cloud, &options.bandwidth, Kernel::new, progress)?;
    let plan = plan(cloud, &kernel, options.extent, options.resolution, size_of::<f64>())?;
    warnings.extend(plan.warnings);
    let lattice = plan.lattice;
    let setting = Setting::new(cloud, &kernel, options, size_of::<f64>());
    let chosen = choose::choose(&setting, options, Wanted::Nodes(&lattice), lattice.len())?;
    let (method, share) = match &chosen.work {
        Work::Exact => ("exact", 1.0),
        Work::Tree => ("tree", SHARE_OF_TREE),
        Work::Spectral(_) => {
            let share = SHARE / missed(cloud, &kernel, &lattice, progress)?;
            by_waves(share, options.max_error, &kernel, cloud.bounds(), &lattice)
        }
    };
    let weight = summed(cloud.len(), |i| [cloud.weights.as_ref().map_or(1.0, |w| w[i])])[0];
    let bounds = cloud.bounds();
    let settled = Settled {
        points: cloud.len(),
        weight,
        bounds: [bounds.min, bounds.max],
        unit: cloud.unit.map(|unit| unit.name().to_owned()),
        shape: lattice.shape,
        origin: lattice.origin,
        spacing: lattice.spacing,
        focus: [plan.focus.min, plan.focus.max],
        rule: kernel.rule.to_owned(),
        factor: kernel.factor,
        n_eff: kernel.n_eff,
        covariance: six_of(&kernel.covariance),
        method: method.to_owned(),
        reason: chosen.estimate.reason,
        error: options.max_error,
        error_of_parts: share * options.max_error,
        scale,
        checked_nodes: checked_nodes(cloud, &lattice),
    };
    settled.check()?;
    Ok((settled, warnings, plan.notes))
}

/// The spectral method with a share of the error for the parts, or the tree where waves cannot keep so little or their grids do
/// not fit into memory.
pub(super) fn by_waves(
    share: f64,
    error: f64,
    kernel: &Kernel,
    points: Box3,
    lattice: &Lattice,
) -> (&'static str, f64) {
    let frames = Frame::all(share * error, [kernel; 2], points, Wanted::Nodes(lattice), Reach::Near);
    let fits = |frame: &Frame| frame.memory(0, 0) + 8.0 * lattice.len() as f64 <= usable_memory();
    if share * error >= SMALLEST_ERROR && frames.iter().any(fits) {
        ("spectral", share)
    } else {
        ("tree", SHARE_OF_TREE)
    }
}

/// Refuses what the parts of a density cannot keep.
pub(super) fn refuse(options: &DensityOptions) -> Result<()> {
    let refused = |what: &str| Err(Error::Usage(format!("a density in parts {what}")));
    match options {
        o if o.bandwidth.varies() => refused("needs one kernel for all points; leave out --sigma-columns and knn:K"),
        DensityOptions { relative: true, .. } => {
            refused("keeps its error as a share of the largest value; leave out --relative")
        }
        DensityOptions { guaranteed: true, .. } => {
            refused("is not known to keep --guaranteed before it is whole; leave it out, the bound is told at the end")
        }
        _ => Ok(()),
    }
}

/// By how much the largest density over space may exceed that at a node, as a factor of at least 1: exactly bounded where the
/// grid holds all points, else guessed by some of them, [`DOUBT`] times over.
pub(super) fn missed(cloud: &PointCloud, kernel: &Kernel, lattice: &Lattice, progress: &dyn Progress) -> Result<f64> {
    if let Some(factor) = setting::coarseness(&Whitening::new(cloud, kernel), cloud.bounds(), lattice) {
        return Ok(factor.min(MOST_MISSED));
    }
    let step = cloud.len().div_ceil(SOME_POINTS);
    let some: Vec<DVec3> = cloud.positions.iter().copied().step_by(step).collect();
    let weight = |i: usize| cloud.weights.as_ref().map_or(1.0, |w| w[i * step]);
    let frames = Frame::all(GUESSED, [kernel; 2], cloud.bounds(), Wanted::Nodes(lattice), Reach::Near);
    let Some(frame) = frames.into_iter().next() else { return Ok(1.0) };
    progress.begin("plan", frame.steps());
    let spectrum = frame.spectrum(some.len(), |i| some[i], weight, progress)?;
    let mut values = vec![0f32; lattice.len()];
    let largest = frame.onto_nodes(&spectrum, kernel, &mut values, progress)?;
    let overall = frame.largest(&spectrum, kernel, progress)?;
    let found = DOUBT * overall / largest;
    Ok(if found.is_finite() { found.clamp(1.0, MOST_MISSED) } else { MOST_MISSED })
}

/// The nodes nearest to some of the points, if those lie in the grid.
pub(super) fn checked_nodes(cloud: &PointCloud, lattice: &Lattice) -> Vec<usize> {
    let [nx, ny, _] = lattice.shape;
    let node = |at: usize| {
        let index = ((cloud.positions[at] - lattice.origin) / lattice.spacing).round().max(DVec3::ZERO).to_array();
        let [i, j, k] = std::array::from_fn(|a| (index[a] as usize).min(lattice.shape[a] - 1));
        i + nx * (j + ny * k)
    };
    let mut nodes: Vec<usize> = check::draws(cloud.len(), CHECKED).into_iter().map(node).collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}
