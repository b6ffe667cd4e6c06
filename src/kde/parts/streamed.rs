//! A density of more points than fit into memory: they are looked at twice, some at a time.

use std::time::Instant;

use glam::DVec3;

use crate::error::{Error, Result};
use crate::geometry::{Box3, LengthUnit};
use crate::grid::Sample;
use crate::kde::kernel::{Kernel, regular, six_of};
use crate::kde::moments::Moments;
use crate::kde::parts::settle::{by_waves, checked_nodes, missed, refuse};
use crate::kde::parts::{SHARE, SHARE_OF_TREE, Settled, Summing};
use crate::kde::plan::{Plan, plan};
use crate::kde::setting::Setting;
use crate::kde::spectral::{Frame, Reach, Wanted};
use crate::kde::{Bandwidth, Density, DensityOptions, Method, Seconds, choose};
use crate::memory::{GIB, usable_memory};
use crate::points::PointCloud;
use crate::progress::{Progress, Within};

/// Points kept of the first look, spread evenly: the default box and the choice of the method rest on them.
const KEPT: usize = 1 << 16;
/// Bytes that a point takes where all are in memory, with those that sorting it takes.
const BYTES: f64 = 64.0;

/// Calls back with all points, some at a time, in the same order and pieces each time.
pub type Each<'a> = dyn Fn(&mut dyn FnMut(&PointCloud) -> Result<()>) -> Result<()> + 'a;

/// The most bytes of points that are held where they need not be.
const MOST_HELD: f64 = 2.0 * GIB;

/// Bytes that so many points take in memory, with those that sorting them takes.
pub fn memory_of(points: usize) -> f64 {
    BYTES * points as f64
}

/// Whether a density of so many points can be made with all of them in memory.
pub fn fits_in_memory(points: usize) -> bool {
    memory_of(points) <= usable_memory()
}

/// Whether so many points fit into memory and are few enough to be held there where they could be read some at a time as well:
/// 33 million.
pub fn should_be_in_memory(points: usize) -> bool {
    memory_of(points) <= usable_memory().min(MOST_HELD)
}

/// What a density that needs all points at once asks for.
pub fn needs_all(options: &DensityOptions) -> Option<&'static str> {
    let is_search = matches!(options.bandwidth, Bandwidth::CrossValidation | Bandwidth::Likelihood);
    let needed = [
        ("a bandwidth that is searched for", is_search),
        ("a kernel for each point", options.bandwidth.varies()),
        ("--relative", options.relative),
        ("--guaranteed", options.guaranteed),
    ];
    needed.into_iter().find(|(_, is_asked)| *is_asked).map(|(what, _)| what)
}

/// The density of the points that `each` gives, in the unit `unit`: as [`density`](crate::kde::density), with memory for
/// the grids and the points at hand. `each` is called twice, first for box and covariance; what it shows of its progress
/// is its own. A default box with outliers rests on 65,536 of the points.
///
/// # Errors
/// As [`density`](crate::kde::density); [`Error::Usage`] for bandwidths that need all points at once;
/// [`Error::Data`] if the second look finds other points than the first.
pub fn density_streamed<T: Sample>(
    each: &Each,
    unit: Option<LengthUnit>,
    options: &DensityOptions,
    progress: &dyn Progress,
) -> Result<Density<T>> {
    let start = Instant::now();
    let (settled, warnings, notes) = settle_streamed(each, unit, options, progress)?;
    let planned = start.elapsed();
    let mut sum = Summing::new(&settled)?;
    each(&mut |cloud| sum.add(cloud, &Within(progress)))?;
    let mut density = sum.finish(progress)?.whole::<T>(&settled)?;
    density.report.warnings.splice(0..0, warnings);
    density.report.notes.splice(0..0, notes);
    density.report.seconds = Seconds::between(planned, start.elapsed(), start.elapsed());
    Ok(density)
}

/// Settles kernel, grid, method and error for a density of the points that `each` gives, as [`settle`](super::settle) does,
/// looking once at them. Gives warnings and notes, too.
///
/// # Errors
/// As [`density_streamed`].
pub fn settle_streamed(
    each: &Each,
    unit: Option<LengthUnit>,
    options: &DensityOptions,
    progress: &dyn Progress,
) -> Result<(Settled, Vec<String>, Vec<String>)> {
    options.check_on_processor("streamed densities")?;
    refuse(options)?;
    let mut survey = Survey::default();
    each(&mut |cloud| {
        survey.add(cloud);
        progress.check()
    })?;
    survey.settle(unit, options, &Within(progress))
}

/// What the first look finds.
struct Survey {
    points: usize,
    /// Near the points, so that nothing is lost far from 0.
    center: DVec3,
    /// From there.
    moments: Moments,
    bounds: Box3,
    /// Every `step`-th point.
    kept: PointCloud,
    step: usize,
}

impl Default for Survey {
    fn default() -> Self {
        Self {
            points: 0,
            center: DVec3::ZERO,
            moments: Moments::default(),
            bounds: Box3::EMPTY,
            kept: PointCloud::default(),
            step: 1,
        }
    }
}

impl Survey {
    fn add(&mut self, cloud: &PointCloud) {
        if cloud.is_empty() {
            return;
        }
        let own = cloud.bounds();
        if self.points == 0 {
            self.center = own.center();
            self.kept.weights = cloud.weights.as_ref().map(|_| Vec::new());
        }
        self.bounds = Box3 { min: self.bounds.min.min(own.min), max: self.bounds.max.max(own.max) };
        self.moments = self.moments.plus(&Moments::of(cloud, self.center), 1.0);
        let first = self.points.next_multiple_of(self.step) - self.points;
        for i in (first..cloud.len()).step_by(self.step) {
            self.kept.positions.push(cloud.positions[i]);
            if let (Some(kept), Some(weights)) = (&mut self.kept.weights, &cloud.weights) {
                kept.push(weights[i]);
            }
        }
        self.points += cloud.len();
        while self.kept.len() > KEPT {
            self.kept = self.kept.take(&(0..self.kept.len()).step_by(2).collect::<Vec<_>>());
            self.step *= 2;
        }
    }

    /// The kernel, with warnings.
    fn kernel(&self, some: &PointCloud, bandwidth: &Bandwidth) -> Result<(Kernel, Vec<String>)> {
        let n_eff = self.moments.n_eff();
        if matches!(bandwidth, Bandwidth::Length { .. } | Bandwidth::Matrix(_)) {
            let (kernel, warnings) = Kernel::new(some, bandwidth)?;
            return Ok((Kernel { n_eff, ..kernel }, warnings));
        }
        // Refuses points that do not differ.
        Kernel::new(some, &Bandwidth::Scott)?;
        let factor = bandwidth.factor(n_eff, 3).ok_or_else(|| {
            Error::Usage(format!(
                "the bandwidth {bandwidth} needs all points in memory; take scott, silverman, a factor, a length or a matrix"
            ))
        })?;
        let mut warnings = Vec::new();
        let covariance = regular(self.moments.covariance(), self.bounds, 3, &mut warnings) * (factor * factor);
        Ok((Kernel::from_covariance(bandwidth.rule(), Some(factor), n_eff, covariance)?, warnings))
    }

    fn settle(
        mut self,
        unit: Option<LengthUnit>,
        options: &DensityOptions,
        progress: &dyn Progress,
    ) -> Result<(Settled, Vec<String>, Vec<String>)> {
        let mut some = std::mem::take(&mut self.kept);
        some.unit = unit;
        if self.points > 0 {
            // So that their box is that of all.
            some.positions.extend([self.bounds.min, self.bounds.max]);
            some.weights.iter_mut().for_each(|w| w.extend([self.moments.weight / self.points as f64; 2]));
        }
        let (kernel, mut warnings) = self.kernel(&some, &options.bandwidth)?;
        let Plan { lattice, focus, warnings: of_plan, notes } =
            plan(&some, &kernel, options.extent, options.resolution, size_of::<f64>())?;
        warnings.extend(of_plan);
        let (method, reason) = self.method(&some, &kernel, options, Wanted::Nodes(&lattice), lattice.len());
        let (method, share) = match method {
            Method::Exact => ("exact", 1.0),
            Method::Tree => ("tree", SHARE_OF_TREE),
            _ => {
                let share = SHARE / missed(&some, &kernel, &lattice, progress)?;
                by_waves(share, options.max_error, &kernel, self.bounds, &lattice)
            }
        };
        let settled = Settled {
            points: self.points,
            weight: self.moments.weight,
            bounds: [self.bounds.min, self.bounds.max],
            unit: unit.map(|unit| unit.name().to_owned()),
            shape: lattice.shape,
            origin: lattice.origin,
            spacing: lattice.spacing,
            focus: [focus.min, focus.max],
            rule: kernel.rule.to_owned(),
            factor: kernel.factor,
            n_eff: kernel.n_eff,
            covariance: six_of(&kernel.covariance),
            method: method.to_owned(),
            reason: format!("some points at a time; {reason}"),
            error: options.max_error,
            error_of_parts: share * options.max_error,
            scale: 1.0,
            checked_nodes: checked_nodes(&some, &lattice),
        };
        Ok((settled, warnings, notes))
    }

    /// The cheapest method for all points, judged by some.
    fn method(
        &self,
        some: &PointCloud,
        kernel: &Kernel,
        options: &DensityOptions,
        wanted: Wanted,
        nodes: usize,
    ) -> (Method, String) {
        if matches!(options.method, Method::Exact | Method::Tree) {
            return (options.method, "asked for".into());
        }
        let setting = Setting::new(some, kernel, options, size_of::<f64>());
        let tree = choose::tree_seconds(&setting, wanted, nodes) * self.points as f64 / some.len() as f64;
        let frames = Frame::all(SHARE * options.max_error, [kernel; 2], self.bounds, wanted, Reach::Near);
        let fits = |frame: &Frame| frame.memory(0, 0) + 8.0 * nodes as f64 <= usable_memory();
        let seconds = frames.iter().filter(|f| fits(f)).map(|f| choose::spectral_seconds(f, self.points, wanted));
        let spectral = seconds.fold(f64::INFINITY, f64::min);
        let is_asked = options.method == Method::Spectral && spectral.is_finite();
        let reason = format!("expected: spectral {spectral:.1e} s, tree {tree:.1e} s");
        (if is_asked || spectral <= tree { Method::Spectral } else { Method::Tree }, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kde::tests::{Random, normal_cloud};
    use crate::kde::{Extent, Resolution, density};
    use crate::progress::Silent;

    fn streamed(cloud: &PointCloud, piece: usize, options: &DensityOptions) -> Result<Density<f64>> {
        let each = |visit: &mut dyn FnMut(&PointCloud) -> Result<()>| {
            for start in (0..cloud.len()).step_by(piece) {
                let range = start..(start + piece).min(cloud.len());
                visit(&cloud.take(&range.collect::<Vec<_>>()))?;
            }
            Ok(())
        };
        density_streamed::<f64>(&each, cloud.unit, options, &Silent)
    }

    #[test]
    fn pieces_give_the_density_of_the_whole() {
        let mut random = Random(8);
        let mut cloud = normal_cloud(70_000, 8);
        cloud.positions.iter_mut().for_each(|p| *p += DVec3::new(1e4, -3e3, 50.0));
        cloud.weights = Some((0..cloud.len()).map(|_| random.between(0.5, 2.0)).collect());
        for (bandwidth, extent, method) in [
            (Bandwidth::Scott, Extent::Padding(3.0), Method::Auto),
            (Bandwidth::Silverman, Extent::Auto, Method::Spectral),
            (Bandwidth::Length { sigma: [0.4; 3], unit: None }, Extent::Padding(1.0), Method::Tree),
        ] {
            let o = DensityOptions {
                bandwidth,
                extent,
                method,
                resolution: Resolution::Nodes([30; 3]),
                ..Default::default()
            };
            let whole = density::<f64>(&cloud, &o, &Silent).unwrap();
            let pieces = streamed(&cloud, 9_999, &o).unwrap();
            let (a, b) = (&pieces.report.kernel, &whole.report.kernel);
            assert!(a.covariance.abs_diff_eq(b.covariance, 1e-9) && (a.n_eff / b.n_eff - 1.0).abs() < 1e-12);
            let lattice = pieces.grid.lattice;
            assert!(lattice.origin.abs_diff_eq(whole.grid.lattice.origin, 1e-8) && lattice.shape == [30; 3]);
            let largest = whole.grid.statistics().max;
            let off = std::iter::zip(&pieces.grid.values, &whole.grid.values).map(|(a, b)| (a - b).abs() / largest);
            let worst = off.fold(0.0, |worst: f64, e| if e <= worst { worst } else { e });
            assert!(worst < 1e-6, "{bandwidth} {worst:e}");
            let r = &pieces.report;
            assert!(r.points == 70_000 && r.error_relative_to_max <= 1e-6 && r.warnings.is_empty(), "{r:?}");
        }
    }

    #[test]
    fn what_needs_all_points_is_refused_and_a_second_look_must_find_the_same() {
        let cloud = normal_cloud(500, 3);
        let code = |bandwidth| {
            let o = DensityOptions { bandwidth, ..Default::default() };
            streamed(&cloud, 100, &o).unwrap_err().exit_code()
        };
        assert_eq!([Bandwidth::CrossValidation, Bandwidth::Likelihood, Bandwidth::Nearest(2)].map(code), [2; 3]);
        let o = DensityOptions::default();
        assert_eq!(streamed(&cloud.take(&[0]), 9, &o).unwrap_err().exit_code(), 1);
        assert_eq!(streamed(&cloud.take(&[]), 9, &o).unwrap_err().exit_code(), 1);
        let looks = std::cell::Cell::new(0);
        let each = |visit: &mut dyn FnMut(&PointCloud) -> Result<()>| {
            looks.set(looks.get() + 1);
            visit(&cloud.take(&(0..500 - looks.get()).collect::<Vec<_>>()))
        };
        let error = density_streamed::<f32>(&each, None, &o, &Silent).unwrap_err().to_string();
        assert!(error.contains("498 points were summed, the plan has 499"), "{error}");
    }
}
