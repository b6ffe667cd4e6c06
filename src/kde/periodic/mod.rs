//! Densities that repeat: the sum over all images of the points in a cell.
//!
//! Two ways, by their price. A narrow kernel takes the images near the grid as further points. A wide one takes the waves of
//! the cell: `f(x) = (1/V) sum_k exp(-k^T H k / 2) S(k) exp(i k x)` with `S(k) = sum_i w_i exp(-i k x_i)` over the reciprocal
//! lattice (Poisson's sum), of which few count. Each checks the other.

mod images;
mod waves;

use std::time::Instant;

use glam::DVec3;

use crate::error::{Error, Result};
use crate::geometry::{Box3, Cell};
use crate::grid::{DensityGrid, Lattice, Sample};
use crate::kde::choose::Estimate;
use crate::kde::kernel::Kernel;
use crate::kde::plan::plan;
use crate::kde::setting::exceeded;
use crate::kde::whitened::Whitening;
use crate::kde::{AtPoints, Bandwidth, Density, DensityOptions, Extent, Method, Report, Seconds, bound};
use crate::kde::{check, density, density_at, zero_warning};
use crate::points::PointCloud;
use crate::progress::Progress;
use images::Images;
use waves::Waves;

/// The share of the error left to images that are left out.
const IMAGES: f64 = 0.1;
/// By how much places of one's own may miss the maximum without a further word.
const MISSED: f64 = 1e3;
/// Nanoseconds that an image takes as a point, and one wave of one point or place.
const IMAGE: f64 = 200.0;
const WAVE: f64 = 1.5;
/// Pairs of image and place by which a density of waves is checked; with more, it is not.
const PAIRS: f64 = 3e7;

/// What a periodic density is made of.
struct Setting<'a> {
    cloud: PointCloud,
    cell: &'a Cell,
    kernel: Kernel,
    options: &'a DensityOptions,
    warnings: Vec<String>,
    /// How many edges of the cell the points lay from 0.
    edges: f64,
}

impl<'a> Setting<'a> {
    fn new(cloud: &PointCloud, cell: &'a Cell, options: &'a DensityOptions) -> Result<Self> {
        options.check_on_processor("periodic densities")?;
        if !matches!(options.bandwidth, Bandwidth::Length { .. } | Bandwidth::Matrix(_)) {
            return Err(Error::Usage(format!(
                "a periodic density needs a fixed bandwidth, such as 2A, 2A,2A,3A or matrix:...; `{}` follows the spread of the \
                 points, which the period decides",
                options.bandwidth
            )));
        }
        let (kernel, warnings) = Kernel::new(cloud, &options.bandwidth)?;
        let edges = edges_to(cell, cloud.bounds());
        let positions = cloud.positions.iter().map(|p| cell.wrapped(*p)).collect();
        let cloud = PointCloud { positions, weights: cloud.weights.clone(), unit: cloud.unit, ..PointCloud::default() };
        Ok(Self { cloud, cell, kernel, options, warnings, edges })
    }

    /// What taking points into the cell has rounded, as a share of the maximum over space: a shift by so many standard
    /// deviations changes a density by 2.43 times as much of it at most ([`bound`]).
    fn wrapping(&self) -> f64 {
        let shift = (self.cell.bounds().size() * self.kernel.steepest()).element_sum();
        2.43 * 4.0 * f64::EPSILON * self.edges * shift
    }

    /// What of the error asked for is left to the sum over images, which is stored twice in samples of so many bytes.
    fn of_images(&self, bytes: usize) -> f64 {
        let asked = self.options.max_error;
        ((1.0 - IMAGES) * asked - bound::storage(1.0, bytes)).max(0.5 * asked)
    }

    /// The report of a sum over images, made with the error `inner`: with what images that were left out, wrapping and storing
    /// add as a share of the largest value, and what is to be said, or refused, if that is too much. `warnings` come first.
    fn of_sum(&self, sum: Report, inner: f64, added: f64, storage: f64, warnings: Vec<String>) -> Result<Report> {
        let (bound, kept) = (sum.bound_relative_to_max + added, sum.error_relative_to_max + added);
        let mut made = Made { method: sum.method, bound, kept, sampled: sum.sampled_error_relative_to_max, warnings };
        // What is said of the bandwidth is said already.
        made.warnings.extend(sum.warnings.into_iter().filter(|w| !self.warnings.contains(w)));
        let judged = if self.options.guaranteed { bound } else { kept };
        // What exceeds its own share has been told.
        if judged - added <= inner {
            let told = exceeded([judged, self.options.max_error], self.options.guaranteed, storage)?;
            made.warnings.extend(told);
        }
        Ok(self.report(made, sum.estimate, sum.seconds))
    }

    /// How much larger than what is found the maximum over space may be, as a factor: where the nodes are all over the cell,
    /// that between them.
    fn missed(&self, lattice: Option<&Lattice>) -> Option<f64> {
        let (lattice, cell) = (lattice?, self.cell.bounds());
        let grid = lattice.bounds().grown(1e-9 * lattice.spacing);
        let is_whole = grid.min.cmple(cell.min).all() && grid.max.cmpge(cell.max).all();
        is_whole.then(|| bound::coarseness(Whitening::new(&self.cloud, &self.kernel).half_voxel(lattice)))
    }

    /// A share of the maximum over space as one of the largest value found: that maximum is at most `missed` times as large,
    /// and no larger than if all points lay at one place.
    fn of_found(&self, share: f64, missed: Option<f64>, largest: f64) -> f64 {
        let g = self.cell.fractional_covariance(self.kernel.covariance);
        let most = waves::all_waves(&g, 1.0) / self.cell.volume() / largest;
        share * missed.map_or(most, |missed| missed.min(most))
    }

    /// The images that places in a box need, or the waves, whichever is cheaper or asked for.
    fn work(&self, places: Box3, count: usize, missed: Option<f64>) -> Result<Work> {
        let share = IMAGES * self.options.max_error / missed.unwrap_or(MISSED).min(MISSED);
        let share = if self.options.relative { 0.0 } else { share };
        let images = Images::new(self.cell, &self.kernel, places, share);
        let waves = Waves::new(self.cell, &self.kernel, self.options.max_error);
        let points = self.cloud.len() as f64;
        let by_images = points * images.factor() * IMAGE;
        let by_waves = waves.as_ref().map_or(f64::INFINITY, |w| (points + count as f64) * w.len() as f64 * WAVE);
        let told = |chosen: &str, other: &str, nanoseconds: f64| match nanoseconds * 1e-9 {
            seconds if seconds < 1e6 => format!("{chosen}; by {other} {seconds:.1e} s"),
            _ => format!("{chosen}; {other} would be too many"),
        };
        match (self.options.method, waves) {
            (Method::Auto | Method::Spectral, Some(waves)) if by_waves <= by_images && !self.options.relative => {
                let reason = told("the waves of the cell", "images", by_images);
                Ok(Work::Waves(waves, Estimate { seconds: by_waves * 1e-9, bytes: 0.0, reason }))
            }
            _ => {
                let reason = told(&format!("{:.1} images a point", images.factor()), "waves", by_waves);
                Ok(Work::Images(Box::new(images.points(&self.cloud)?), images.left_out(), reason))
            }
        }
    }

    /// The error of a place of waves, compared with images; NaN if those are too many.
    fn off(&self, place: DVec3, value: f64) -> Result<f64> {
        let one = Box3 { min: place, max: place };
        let images = Images::new(self.cell, &self.kernel, one, f64::EPSILON);
        if images.factor() * self.cloud.len() as f64 > PAIRS {
            return Ok(f64::NAN);
        }
        let all = images.points(&self.cloud)?;
        let total = |cloud: &PointCloud| cloud.weights.as_ref().map_or(cloud.len() as f64, |w| w.iter().sum());
        let exact = if all.is_empty() { 0.0 } else { check::plain(&all, &self.kernel, place) * total(&all) };
        Ok((value - exact / total(&self.cloud)).abs())
    }

    fn report(&self, made: Made, estimate: Estimate, seconds: Seconds) -> Report {
        Report {
            method: made.method,
            kernel: self.kernel.clone(),
            points: self.cloud.len(),
            bound_relative_to_max: made.bound,
            error_relative_to_max: made.kept,
            bound_relative_to_each: None,
            sampled_error_relative_to_max: made.sampled,
            warnings: self.warnings.iter().cloned().chain(made.warnings).collect(),
            notes: Vec::new(),
            selection: None,
            estimate,
            seconds,
        }
    }
}

enum Work {
    Waves(Waves, Estimate),
    /// The points and images, what others add at most as a share of the maximum over space, and why.
    Images(Box<PointCloud>, f64, String),
}

struct Made {
    method: &'static str,
    bound: f64,
    kept: f64,
    sampled: f64,
    warnings: Vec<String>,
}

/// The density of `cloud` and all its images in `cell`, normalised to 1 over the cell. Positions may lie outside the cell.
///
/// The grid covers the cell, whose corner lies at 0, or of an oblique one the smallest box around it, unless the options give
/// bounds, which may be anywhere: along a straight cell the last node repeats the first, so that the trapezoidal integral is 1.
///
/// # Errors
/// As [`density`]; [`Error::Usage`] for a bandwidth that is no length or matrix, and for padding, which means nothing.
///
/// # Examples
/// ```
/// use densitas::geometry::Cell;
/// use densitas::kde::{DensityOptions, periodic_density};
/// use densitas::{points::PointCloud, progress::Silent};
/// use glam::DVec3;
///
/// let cloud = PointCloud::from_positions(vec![DVec3::splat(0.1), DVec3::splat(4.9)]);
/// let cell = Cell::new([5.0, 5.0, 5.0, 90.0, 90.0, 90.0])?;
/// let options = DensityOptions { bandwidth: "0.5,0.5,0.5".parse()?, ..Default::default() };
/// let density = periodic_density::<f64>(&cloud, &cell, &options, &Silent)?;
/// assert!((density.grid.statistics().integral - 1.0).abs() < 1e-5);
/// # Ok::<(), densitas::error::Error>(())
/// ```
pub fn periodic_density<T: Sample>(
    cloud: &PointCloud,
    cell: &Cell,
    options: &DensityOptions,
    progress: &dyn Progress,
) -> Result<Density<T>> {
    let start = Instant::now();
    let setting = Setting::new(cloud, cell, options)?;
    let extent = match options.extent {
        Extent::Auto => Extent::Bounds(cell.bounds()),
        Extent::Padding(_) => {
            return Err(Error::Usage("--padding means nothing in a periodic box; --bounds takes another part".into()));
        }
        bounds => bounds,
    };
    let planned = plan(&setting.cloud, &setting.kernel, extent, options.resolution, size_of::<T>())?;
    let lattice = planned.lattice;
    let missed = setting.missed(Some(&lattice));
    let work = setting.work(lattice.bounds(), lattice.len(), missed)?;
    let plan_seconds = start.elapsed();
    let mut density = match work {
        Work::Waves(waves, estimate) => {
            let mut values = vec![T::default(); lattice.len()];
            let spectrum = waves.spectrum(&setting.cloud, progress)?;
            let largest = waves.on_lattice(&spectrum, &lattice, &mut values, progress)?;
            let evaluated = start.elapsed();
            let storage = bound::storage(largest, size_of::<T>());
            let proven = waves.error(setting.cloud.len(), setting.edges.max(edges_to(cell, lattice.bounds())))
                / largest
                + storage;
            let (at, value) = largest_of(&values, &lattice);
            let sampled = setting.off(at, value)? / largest;
            let mut warnings = planned.warnings;
            warnings.extend(exceeded([proven, options.max_error], options.guaranteed, storage)?);
            warnings.extend(zero_warning(largest));
            let made = Made { method: "waves", bound: proven, kept: proven, sampled, warnings };
            let seconds = Seconds::between(plan_seconds, evaluated, start.elapsed());
            let report = setting.report(made, estimate, seconds);
            Density { grid: DensityGrid::new(lattice, values, cloud.unit)?, report, on_device: None }
        }
        Work::Images(all, left_out, reason) => {
            let inner = DensityOptions {
                extent: Extent::Bounds(lattice.bounds()),
                resolution: crate::kde::Resolution::Nodes(lattice.shape),
                max_error: setting.of_images(size_of::<T>()),
                ..options.clone()
            };
            let mut d = density::<T>(&all, &inner, progress)?;
            let ratio = total(&all) / total(&setting.cloud);
            d.grid.values.iter_mut().for_each(|v| *v = T::from_f64(v.to_f64() * ratio));
            d.report.estimate.reason = format!("{reason}; {}", d.report.estimate.reason);
            let largest = d.grid.values.iter().fold(0.0, |most: f64, v| most.max(v.to_f64()));
            // Values are stored once more.
            let storage = bound::storage(largest, size_of::<T>());
            let added = setting.of_found(left_out + setting.wrapping(), missed, largest) + storage;
            d.report = setting.of_sum(d.report, inner.max_error, added, 2.0 * storage, planned.warnings)?;
            d
        }
    };
    density.report.notes = planned.notes;
    Ok(density)
}

/// As [`periodic_density`] at places of one's own, which may be anywhere.
///
/// # Errors
/// As [`periodic_density`]; [`Error::Data`] for a place that is not finite.
pub fn periodic_density_at(
    cloud: &PointCloud,
    cell: &Cell,
    places: &[DVec3],
    options: &DensityOptions,
    progress: &dyn Progress,
) -> Result<AtPoints> {
    let start = Instant::now();
    if let Some(at) = places.iter().position(|p| !p.is_finite()) {
        return Err(Error::Data(format!("place {at} from 0 is {}; a density needs finite positions", places[at])));
    }
    let setting = Setting::new(cloud, cell, options)?;
    let places: Vec<DVec3> = places.iter().map(|p| cell.wrapped(*p)).collect();
    let around = if places.is_empty() { cell.bounds() } else { Box3::around(&places) };
    let work = setting.work(around, places.len(), None)?;
    let planned = start.elapsed();
    match work {
        Work::Waves(waves, estimate) => {
            let spectrum = waves.spectrum(&setting.cloud, progress)?;
            let values = waves.at(&spectrum, &places, progress)?;
            let evaluated = start.elapsed();
            let largest = values.iter().copied().fold(0.0, f64::max);
            let at = values.iter().position(|v| *v == largest).unwrap_or(0);
            let sampled = if values.is_empty() { 0.0 } else { setting.off(places[at], largest)? / largest };
            let proven = waves.error(setting.cloud.len(), setting.edges.max(1.0)) / largest;
            let warnings = exceeded([proven, options.max_error], options.guaranteed, 0.0)?;
            let made = Made {
                method: "waves",
                bound: proven,
                kept: proven,
                sampled,
                warnings: warnings.into_iter().collect(),
            };
            let seconds = Seconds::between(planned, evaluated, start.elapsed());
            Ok(AtPoints { values, report: setting.report(made, estimate, seconds) })
        }
        Work::Images(all, left_out, reason) => {
            let inner = DensityOptions { max_error: setting.of_images(8), ..options.clone() };
            let mut at = density_at(&all, &places, &inner, progress)?;
            let ratio = total(&all) / total(&setting.cloud);
            at.values.iter_mut().for_each(|v| *v *= ratio);
            let largest = at.values.iter().copied().fold(0.0, f64::max);
            let added = setting.of_found(left_out + setting.wrapping(), None, largest);
            at.report.estimate.reason = format!("{reason}; {}", at.report.estimate.reason);
            at.report = setting.of_sum(at.report, inner.max_error, added, 0.0, Vec::new())?;
            Ok(at)
        }
    }
}

/// How many edges of a cell a box reaches from 0.
fn edges_to(cell: &Cell, bounds: Box3) -> f64 {
    bounds.corners().map(|c| cell.fractional(c).abs().max_element()).into_iter().fold(0.0, f64::max)
}

fn total(cloud: &PointCloud) -> f64 {
    cloud.weights.as_ref().map_or(cloud.len() as f64, |w| w.iter().sum())
}

fn largest_of<T: Sample>(values: &[T], lattice: &Lattice) -> (DVec3, f64) {
    let at = check::with_largest(values, vec![0])[0];
    (lattice.node_at(at), values[at].to_f64())
}

#[cfg(test)]
mod tests;
