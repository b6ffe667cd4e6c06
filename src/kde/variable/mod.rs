//! Densities whose kernel differs from point to point.
//!
//! `f(p) = sum_i w_i / W prod_a N(p_a - x_ia; s_ia)` with a standard deviation for each point and axis: the sample point
//! estimator (Breiman, Meisel and Purcell 1977), and the picture of localisations with their precisions (Betzig 2006).
//! Each kernel is a product of three exponentials in one coordinate, and a block of nodes takes the outer product of
//! three vectors of 8 for each point that reaches it. Kernels many nodes wide are summed on coarser grids and
//! interpolated.
//!
//! The bound: a point is left out beyond its cut-off `R_i`, so that at most `sum_i w_i / W peak_i exp(-R_i^2/2)` is
//! missing at a node, times the norm of the interpolation on its way; the interpolation errs by at most a share of each
//! peak (see `halving`); and rounding changes each term by a factor that follows from the coordinates.

mod at;
mod blocks;
mod halving;
mod levels;
mod places;
mod sigmas;

use std::time::Instant;

use glam::DVec3;

use crate::error::{Error, Result};
use crate::geometry::Box3;
use crate::grid::DensityGrid;
use crate::grid::{Lattice, Sample};
use crate::kde::bound::{FARTHEST, storage};
use crate::kde::plan::Widths;
use crate::kde::whitened::weights;
use crate::kde::{
    Bandwidth, Density, DensityOptions, Estimate, Kernel, Method, Report, Seconds, check, kernel, plan, setting,
};
use crate::points::PointCloud;
use crate::progress::{Progress, Silent};
pub(super) use at::density_at;
use blocks::{Grid, Point};
use levels::Levels;

/// What reports call it.
const NAME: &str = "variable";
/// Pairs of point and place computed to learn how large the density is.
const PAIRS: usize = 4_000_000;
/// Most places of them.
const MOST_PLACES: usize = 1000;
/// Pairs used to check the result.
const CHECKED_PAIRS: usize = 500_000;
/// Percentiles of the widths: of the box's margin, of the default spacing, and of the kernel that reports show.
const WIDE: f64 = 90.0;
const NARROW: f64 = 10.0;
const MEDIAN: f64 = 50.0;
/// Share of the error that the first round leaves to cut-offs and interpolation.
const FIRST_SHARE: f64 = 0.9;
/// Rounds with cut-offs before none is taken.
const ROUNDS: usize = 3;

/// A cloud with a kernel for each point.
struct Kernels<'a> {
    cloud: &'a PointCloud,
    d: usize,
    sigmas: Vec<DVec3>,
    center: DVec3,
    /// Points of a weight above 0.
    points: Vec<Point>,
    /// The unit of the points' heights.
    unit: f64,
    /// The kernel of the median widths.
    kernel: Kernel,
}

/// Sums and the errors in them, as shares of the largest.
struct Outcome {
    largest: f64,
    bound: f64,
}

impl<'a> Kernels<'a> {
    /// In `d` dimensions, with warnings.
    fn new(cloud: &'a PointCloud, bandwidth: &Bandwidth, d: usize) -> Result<(Self, Vec<String>)> {
        kernel::check_weights(cloud)?;
        kernel::distinct_bounds(cloud)?;
        let (sigmas, warnings) = sigmas::of(cloud, bandwidth, d)?;
        let [median] = sigmas::percentiles(&sigmas, [MEDIAN]);
        let median = if d == 2 { median.with_z(median.x) } else { median };
        let of_median = Bandwidth::Length { sigma: median.to_array(), unit: None };
        let (kernel, _) = if d == 2 { Kernel::of_plane(cloud, &of_median) } else { Kernel::new(cloud, &of_median) }?;
        let kernel = Kernel { rule: bandwidth.rule(), ..kernel };
        let (center, weight) = (cloud.bounds().center(), weights(cloud));
        let height = |i: usize| {
            let inverse: f64 = sigmas[i].to_array()[..d].iter().map(|s| 1.0 / s).product();
            weight(i) * inverse * std::f64::consts::TAU.powf(-0.5 * d as f64)
        };
        let unit = (0..cloud.len()).map(height).fold(0.0, f64::max);
        if !(unit > 0.0 && unit.is_finite() && u32::try_from(cloud.len()).is_ok()) {
            return Err(Error::Data(format!(
                "kernels whose largest peak is {unit:e} over {} points cannot be summed; scale the coordinates",
                cloud.len()
            )));
        }
        let point = |i: usize| Point {
            at: cloud.positions[i] - center,
            inverse: if d == 2 { sigmas[i].recip().with_z(0.0) } else { sigmas[i].recip() },
            height: height(i) / unit,
            cut: FARTHEST * FARTHEST,
        };
        let points = (0..cloud.len()).map(point).filter(|p| p.height > 0.0).collect();
        Ok((Self { cloud, d, sigmas, center, points, unit, kernel }, warnings))
    }

    /// `f(place)` as it is written.
    fn plain(&self, place: DVec3) -> f64 {
        let weight = |i: usize| self.cloud.weights.as_ref().map_or(1.0, |w| w[i]);
        let (mut sum, mut total) = (0.0, 0.0);
        for (i, (position, sigma)) in self.cloud.positions.iter().zip(&self.sigmas).enumerate() {
            let (mut exponent, mut volume) = (0.0, 1.0);
            for a in 0..self.d {
                exponent += ((place[a] - position[a]) / sigma[a]).powi(2);
                volume *= sigma[a] * std::f64::consts::TAU.sqrt();
            }
            sum += weight(i) * (-0.5 * exponent).exp() / volume;
            total += weight(i);
        }
        sum / total
    }

    /// The largest of a few of `count` places, in units of the heights.
    fn sampled_largest(&self, count: usize, place: impl Fn(usize) -> DVec3) -> Result<f64> {
        let chosen = check::draws(count, (PAIRS / self.cloud.len()).min(MOST_PLACES));
        let places = chosen.into_iter().map(|at| place(at) - self.center).collect();
        Ok(places::sums(&self.points, places, &Silent)?.into_iter().fold(0.0, f64::max))
    }

    /// As [`check::sampled_error`].
    fn sampled_error<T: Sample>(&self, values: &[T], largest: f64, place: impl Fn(usize) -> DVec3) -> f64 {
        if largest == 0.0 || values.is_empty() {
            return 0.0;
        }
        let chosen = check::with_largest(values, check::draws(values.len(), CHECKED_PAIRS / self.cloud.len()));
        let errors = chosen.into_iter().map(|at| (values[at].to_f64() - self.plain(place(at))).abs() / largest);
        errors.fold(0.0, |worst: f64, e: f64| if worst.is_nan() || e <= worst { worst } else { e })
    }

    /// How much rounding can change the sums at places in `bounds`, as a share of them. A coordinate is rounded in 4
    /// operations in units of its magnitude, and changes a term by that, in standard deviations, times the distance,
    /// at most the cut-off's: what lies beyond counts as left out. An exponent is rounded in 7 operations, the
    /// exponentials and products in some more.
    fn rounding<'p>(&self, points: impl Iterator<Item = &'p Point>, bounds: Box3) -> f64 {
        let all = self.cloud.bounds();
        let far = |b: Box3| b.min.abs().max(b.max.abs());
        let magnitude = far(bounds).max(far(all)) + 2.0 * (bounds.size().max(all.size()));
        let of_term = |p: &Point| 4.0 * p.cut.sqrt() * (magnitude * p.inverse).length() + 7.0 * 0.5 * p.cut;
        let terms = (blocks::TERMS + self.points.len() / blocks::TERMS) as f64;
        f64::EPSILON * (points.map(of_term).fold(0.0, f64::max) + terms + 20.0)
    }

    /// Fills `values` of a lattice.
    fn on_lattice<T: Sample>(
        &self,
        lattice: &Lattice,
        options: &DensityOptions,
        values: &mut [T],
        progress: &dyn Progress,
    ) -> Result<Outcome> {
        let grid = Grid { shape: lattice.shape, origin: lattice.origin - self.center, spacing: lattice.spacing };
        let stored = |largest: f64| storage(self.unit * largest, size_of::<T>());
        let mut left = FIRST_SHARE * (options.max_error - storage(1.0, size_of::<T>())).max(0.1 * options.max_error);
        let mut largest = self.sampled_largest(self.cloud.len(), |i| nearest_node(lattice, self.cloud.positions[i]))?;
        for round in 0..=ROUNDS {
            let is_cut = round < ROUNDS && largest > 0.0 && options.method != Method::Exact;
            let levels = match is_cut {
                true => {
                    let mut levels = Levels::new(grid, &self.points, left * largest, crate::memory::usable_memory());
                    levels.cut(left * largest - levels.interpolation());
                    levels
                }
                false => {
                    let mut levels = Levels::one(grid, &self.points);
                    levels.cut_farthest();
                    levels
                }
            };
            progress.begin("density", levels.steps());
            let found = levels.evaluate(self.unit, values, progress)?;
            let rounding = self.rounding(levels.levels.iter().flat_map(|l| &l.points), lattice.bounds());
            let made = levels.left_out() + levels.interpolation() + 2.0 * rounding * found.from_coarser;
            let storage = stored(found.largest);
            let bound = if found.largest > 0.0 { made / found.largest + rounding + storage } else { 0.0 };
            // Larger cut-offs do not help against rounding.
            let rounds_too_much = rounding + storage > 0.9 * options.max_error && made <= rounding * found.largest;
            if !is_cut || found.largest > 0.0 && (bound <= options.max_error || rounds_too_much) {
                return Ok(Outcome { largest: self.unit * found.largest, bound });
            }
            largest = found.largest.min(largest) * (1.0 - 1e-3);
            left = (0.9 * (options.max_error - storage) - rounding).max(0.05 * options.max_error).min(0.5 * left);
        }
        unreachable!("the last round has no cut-off")
    }
}

/// The node of a lattice nearest to a position.
fn nearest_node(lattice: &Lattice, position: DVec3) -> DVec3 {
    let at = ((position - lattice.origin) / lattice.spacing).round();
    let [i, j, k] = std::array::from_fn(|a| (at[a].max(0.0) as usize).min(lattice.shape[a] - 1));
    lattice.node(i, j, k)
}

/// What methods other than `auto` and `exact` would need.
fn check_method(options: &DensityOptions) -> Result<()> {
    if matches!(options.method, Method::Auto | Method::Exact) {
        return Ok(());
    }
    let (method, rule) = (options.method.name(), options.bandwidth.rule());
    Err(Error::Usage(format!(
        "the {method} method has one kernel for all points, the bandwidth `{rule}` one for each; take --method auto or exact"
    )))
}

/// As [`density`](crate::kde::density) in `d` dimensions.
pub(super) fn on_grid<T: Sample>(
    cloud: &PointCloud,
    options: &DensityOptions,
    d: usize,
    progress: &dyn Progress,
) -> Result<Density<T>> {
    let start = Instant::now();
    options.check_on_processor("kernels that differ from point to point")?;
    check_method(options)?;
    let (kernels, mut warnings) = Kernels::new(cloud, &options.bandwidth, d)?;
    let [narrow, wide] = sigmas::percentiles(&kernels.sigmas, [NARROW, WIDE]);
    let widths = Widths { d, margin: wide, finest: narrow, narrowest: narrow };
    let plan = plan::planned(cloud, &widths, options.extent, options.resolution, size_of::<T>())?;
    warnings.extend(plan.warnings);
    let mut notes = plan.notes;
    notes.push(note(&kernels));
    let planned = start.elapsed();

    let mut values = vec![T::default(); plan.lattice.len()];
    let result = kernels.on_lattice(&plan.lattice, options, &mut values, progress)?;
    let evaluated = start.elapsed();

    warnings.extend(setting::exceeded(
        [result.bound, options.max_error],
        options.guaranteed,
        storage(result.largest, size_of::<T>()),
    )?);
    warnings.extend(super::zero_warning(result.largest));
    let sampled = kernels.sampled_error(&values, result.largest, |at| plan.lattice.node_at(at));
    let seconds = Seconds::between(planned, evaluated, start.elapsed());
    let report = Report { notes, ..kernels.report(&result, sampled, warnings, seconds) };
    let grid = DensityGrid { focus: plan.focus, ..DensityGrid::new(plan.lattice, values, cloud.unit)? };
    Ok(Density { grid, report, on_device: None })
}

/// What the widths are, and what follows from them.
fn note(kernels: &Kernels) -> String {
    let d = kernels.d;
    let [narrow, median, wide] = sigmas::percentiles(&kernels.sigmas, [NARROW, MEDIAN, WIDE]);
    let shown = |s: DVec3| {
        let all: Vec<String> = s.to_array()[..d].iter().map(|v| format!("{v:.3}")).collect();
        if all.windows(2).all(|w| w[0] == w[1]) { all[0].clone() } else { all.join(", ") }
    };
    format!(
        "each point has its own kernel: standard deviations {} (median), {} to {} (10th to 90th percentile, which the \
         default spacing and the padding follow)",
        shown(median),
        shown(narrow),
        shown(wide)
    )
}

impl Kernels<'_> {
    fn report(self, outcome: &Outcome, sampled: f64, warnings: Vec<String>, seconds: Seconds) -> Report {
        let reason = "each point has its own kernel".into();
        Report {
            selection: None,
            error_relative_to_max: outcome.bound,
            method: NAME,
            points: self.cloud.len(),
            bound_relative_to_max: outcome.bound,
            bound_relative_to_each: None,
            sampled_error_relative_to_max: sampled,
            warnings,
            notes: Vec::new(),
            estimate: Estimate { reason, ..Estimate::default() },
            seconds,
            kernel: self.kernel,
        }
    }
}

#[cfg(test)]
mod tests;
