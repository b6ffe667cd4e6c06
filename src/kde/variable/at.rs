//! A density of kernels of their own widths at places of one's own.

use std::time::Instant;

use glam::DVec3;

use super::blocks::Point;
use super::{FIRST_SHARE, Kernels, Outcome, ROUNDS, check_method, places};
use crate::error::Result;
use crate::geometry::Box3;
use crate::kde::bound::FARTHEST;
use crate::kde::{AtPoints, DensityOptions, Method, Seconds, setting};
use crate::points::PointCloud;
use crate::progress::Progress;

/// As [`density_at`](crate::kde::density_at).
pub(in crate::kde) fn density_at(
    cloud: &PointCloud,
    positions: &[DVec3],
    options: &DensityOptions,
    progress: &dyn Progress,
) -> Result<AtPoints> {
    let start = Instant::now();
    options.check_on_processor("densities at points")?;
    check_method(options)?;
    let (mut kernels, mut warnings) = Kernels::new(cloud, &options.bandwidth, 3)?;
    let planned = start.elapsed();
    let (values, result) = kernels.at(positions, options, progress)?;
    let evaluated = start.elapsed();
    warnings.extend(setting::exceeded([result.bound, options.max_error], options.guaranteed, 0.0)?);
    let sampled = kernels.sampled_error(&values, result.largest, |at| positions[at]);
    let seconds = Seconds::between(planned, evaluated, start.elapsed());
    Ok(AtPoints { values, report: kernels.report(&result, sampled, warnings, seconds) })
}

impl Kernels<'_> {
    fn at(
        &mut self,
        positions: &[DVec3],
        options: &DensityOptions,
        progress: &dyn Progress,
    ) -> Result<(Vec<f64>, Outcome)> {
        let local: Vec<DVec3> = positions.iter().map(|p| *p - self.center).collect();
        let mut left = FIRST_SHARE * options.max_error;
        let mut largest = self.sampled_largest(positions.len(), |at| positions[at])?;
        for round in 0..=ROUNDS {
            let is_cut = round < ROUNDS && largest > 0.0 && options.method != Method::Exact;
            let left_out = if is_cut { cut(&mut self.points, left * largest) } else { cut_farthest(&mut self.points) };
            let mut values = places::sums(&self.points, local.clone(), progress)?;
            let found = values.iter().copied().fold(0.0, f64::max);
            let rounding = self.rounding(self.points.iter(), Box3::around(positions));
            let bound = if found > 0.0 { left_out / found + rounding } else { 0.0 };
            // Larger cut-offs do not help against rounding.
            let rounds_too_much = rounding > 0.9 * options.max_error && left_out <= rounding * found;
            if !is_cut || found > 0.0 && (bound <= options.max_error || rounds_too_much) {
                values.iter_mut().for_each(|v| *v *= self.unit);
                return Ok((values, Outcome { largest: self.unit * found, bound }));
            }
            largest = found.min(largest) * (1.0 - 1e-3);
            left = (0.9 * options.max_error - rounding).max(0.05 * options.max_error).min(0.5 * left);
        }
        unreachable!("the last round has no cut-off")
    }
}

/// Sets the cut-offs so that at most `max_error` is left out, the more of it for wide kernels; gives what is.
fn cut(points: &mut [Point], max_error: f64) -> f64 {
    // Wide kernels are low; those of the same weight reach a number of places in proportion to `1 / height`.
    let visits = |p: &Point| 1.0 / p.height.max(1e-9);
    let all: f64 = points.iter().map(visits).sum();
    for p in &mut *points {
        let share = max_error * visits(p) / all;
        p.cut = (2.0 * (p.height / share).ln()).clamp(0.0, FARTHEST * FARTHEST);
    }
    points.iter().map(|p| p.height * (-0.5 * p.cut).exp()).sum()
}

/// No cut-off but where f64 ends.
fn cut_farthest(points: &mut [Point]) -> f64 {
    points.iter_mut().for_each(|p| p.cut = FARTHEST * FARTHEST);
    points.iter().map(|p| p.height * (-0.5 * p.cut).exp()).sum()
}
