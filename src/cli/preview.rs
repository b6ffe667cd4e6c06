//! Densities while the bandwidth is in the hand: each from the waves of the points, which are found once.

use std::sync::Arc;

use glam::DVec3;

use super::args::DensityArgs;
use super::console::Console;
use super::content::Made;
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::io::PointInput;
use crate::kde::{Bandwidth, DensityOptions, Estimator, Method, Report};

/// Waves are found for kernels down to this share of the width at which they were asked for, and up to its inverse.
const FLOOR: f64 = 0.5;

/// The waves of the last points.
#[derive(Default)]
pub struct Previews {
    made: Option<Kept>,
}

struct Kept {
    key: String,
    /// Widths of the kernel that they were made for.
    sigma: DVec3,
    estimator: Estimator,
}

impl Previews {
    /// The density of these options, `key` of which tells all but the bandwidth; none where waves cannot give it, or do not fit
    /// into memory. `last` is how the points' last density was made.
    ///
    /// # Errors
    /// [`Error::Interrupted`], and what makes the bandwidth none.
    pub fn density(
        &mut self,
        points: &PointInput,
        key: String,
        args: &DensityArgs,
        last: &Report,
        console: &Console,
    ) -> Result<Option<Made>> {
        let Some(bandwidth) = bandwidth_of(args) else { return Ok(None) };
        if !self.serves(&key, &bandwidth)? {
            match Self::made(points, key, args, console) {
                Ok(made) => self.made = Some(made),
                Err(Error::Interrupted) => return Err(Error::Interrupted),
                Err(_) => return Ok(None),
            }
        }
        let Some(made) = &self.made else { return Ok(None) };
        let found = made.estimator.density::<f32>(&bandwidth, console)?;
        let report = Report {
            method: if found.on_device.is_some() { Method::Gpu } else { Method::Spectral }.name(),
            kernel: found.kernel,
            bound_relative_to_max: found.bound_relative_to_max,
            error_relative_to_max: args.options(points.cloud.unit)?.max_error,
            ..last.clone()
        };
        Ok(Some(Made { grid: Arc::new(found.grid), report: Some(Arc::new(report)), on_device: found.on_device }))
    }

    /// Whether the waves at hand give this bandwidth.
    fn serves(&self, key: &str, bandwidth: &Bandwidth) -> Result<bool> {
        let Some(made) = self.made.as_ref().filter(|made| made.key == key) else { return Ok(false) };
        let ratio = made.estimator.kernel(bandwidth)?.sigma() / made.sigma;
        Ok(ratio.min_element() >= FLOOR && ratio.max_element() <= 1.0 / FLOOR)
    }

    fn made(points: &PointInput, key: String, args: &DensityArgs, console: &Console) -> Result<Kept> {
        let asked = args.options(points.cloud.unit)?;
        let options = DensityOptions { method: Method::Spectral, ..asked.clone() };
        let mut estimator = Estimator::new(&points.cloud, &options, FLOOR, console)?;
        if asked.method == Method::Gpu {
            // Where the device cannot hold the waves, the processor does.
            let _ = Gpu::shared(&asked.adapter).and_then(|gpu| estimator.use_device(&gpu));
        }
        let sigma = estimator.kernel(&options.bandwidth)?.sigma();
        Ok(Kept { key, sigma, estimator })
    }
}

/// The bandwidth, if the waves of the points give its density.
fn bandwidth_of(args: &DensityArgs) -> Option<Bandwidth> {
    let is_plain = args.sigma_columns.is_none() && args.resolution.is_none() && args.periodic.is_none();
    let is_calibrated = !args.relative && !args.guaranteed && !matches!(args.method, Method::Exact | Method::Tree);
    let bandwidth = args.bandwidth.unwrap_or_default();
    let is_fixed = matches!(
        bandwidth,
        Bandwidth::Scott
            | Bandwidth::Silverman
            | Bandwidth::Factor(_)
            | Bandwidth::Length { .. }
            | Bandwidth::Matrix(_)
    );
    (is_plain && is_calibrated && is_fixed).then_some(bandwidth)
}

#[cfg(test)]
mod tests {
    use crate::cli::Console;
    use crate::cli::content::Stock;
    use crate::cli::recipe::Draft;
    use crate::cli::view::Wanted;

    /// Catches: waves of other points or of another grid, and a kernel that lags behind the hand.
    #[test]
    fn a_preview_is_the_density_on_its_grid() {
        let console = Console::new(false, true);
        let wanted = |bandwidth: &str| {
            let mut options = Draft::new("render");
            options.input = Some("sample:founding".into());
            options.set("bounds", Some("-4,4,-4,4,-4,4".into()));
            options.set("grid", Some("24".into()));
            options.set("bandwidth", Some(bandwidth.into()));
            Wanted::of(&options).unwrap()
        };
        let mut stock = Stock::default();
        stock.content(wanted("0.3").scene(), &console).unwrap();
        for bandwidth in ["0.3", "0.25", "0.5", "0.12", "0.8"] {
            let wanted = wanted(bandwidth);
            let quick = stock.preview(wanted.scene(), &console).unwrap();
            let exact = Stock::default().content(wanted.scene(), &console).unwrap();
            assert_eq!(quick.grid.lattice, exact.grid.lattice);
            let most = exact.grid.statistics().max as f32;
            let away = std::iter::zip(&quick.grid.values, &exact.grid.values).map(|(a, b)| (a - b).abs() / most);
            let worst = away.fold(0.0, f32::max);
            assert!(worst < 5e-6, "{bandwidth}: {worst}");
            let factors = [&quick, &exact].map(|c| c.report.as_ref().unwrap().kernel.factor);
            assert_eq!(factors[0], factors[1]);
        }
        // A kernel for each point has no waves: it is computed as always.
        let each = wanted("knn:20");
        assert_eq!(stock.preview(each.scene(), &console).unwrap().report.as_ref().unwrap().method, "variable");
    }
}
