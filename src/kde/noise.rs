//! How uncertain a density is for want of points.

use crate::grid::{DensityGrid, Sample};
use crate::kde::kernel::Kernel;

/// The standard error of each value of a density, in its unit: `sqrt(f R(K) / (n_eff |H|^(1/2)))` with
/// `R(K) = (4 pi)^(-d/2)` (Scott 1992, section 6.2.2; Wand and Jones 1995, eq. 4.10). It is what would change if the points
/// were drawn anew; what the kernel smooths away is not in it.
///
/// # Examples
/// ```
/// use densitas::kde::{DensityOptions, density, standard_error};
/// use densitas::{progress::Silent, sample};
///
/// let cloud = sample::sample("founding", Some(500), 1)?;
/// let density = density::<f32>(&cloud, &DensityOptions::default(), &Silent)?;
/// let error = standard_error(&density.grid, &density.report.kernel);
/// assert_eq!(error.values.len(), density.grid.values.len());
/// # Ok::<(), densitas::error::Error>(())
/// ```
pub fn standard_error<T: Sample>(grid: &DensityGrid<T>, kernel: &Kernel) -> DensityGrid<T> {
    let one = noise_level(kernel, 1.0);
    let values = grid.values.iter().map(|f| T::from_f64((f.to_f64().max(0.0) * one).sqrt())).collect();
    DensityGrid { values, ..grid.clone() }
}

/// The density that is `ratio` times its own standard error, in 1 / length^d: what lies below may be noise.
pub fn noise_level(kernel: &Kernel, ratio: f64) -> f64 {
    // R(K) |H|^(-1/2) = 2^(-d/2) K_H(0)
    ratio * ratio * kernel.peak * 0.5f64.powf(0.5 * kernel.dimensions as f64) / kernel.n_eff
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kde::tests::normal_cloud;
    use crate::kde::{Bandwidth, DensityOptions, Extent, Resolution, density};
    use crate::progress::Silent;

    // A value is a mean of n kernels: its variance over samples of n points is R(K) f / (n |H|^(1/2)) but for what the
    // kernel smooths away.
    #[test]
    fn the_error_is_the_scatter_of_densities_of_other_points() {
        let (n, samples) = (400, 60);
        let bounds = crate::geometry::Box3 { min: glam::DVec3::splat(-0.5), max: glam::DVec3::splat(0.5) };
        let bandwidth = Bandwidth::Length { sigma: [0.2, 0.25, 0.2], unit: None };
        let (extent, resolution) = (Extent::Bounds(bounds), Resolution::Nodes([3; 3]));
        let o = DensityOptions { bandwidth, extent, resolution, ..Default::default() };
        let made = |seed| density::<f64>(&normal_cloud(n, seed), &o, &Silent).unwrap();
        let all: Vec<_> = (0..samples).map(|seed| made(100 + seed)).collect();
        let mean = |f: &dyn Fn(&DensityGrid<f64>) -> f64| all.iter().map(|d| f(&d.grid)).sum::<f64>() / samples as f64;
        let (mut variance, mut told) = (0.0, 0.0);
        for at in 0..27 {
            let m = mean(&|g| g.values[at]);
            variance += mean(&|g| (g.values[at] - m).powi(2)) * samples as f64 / (samples - 1) as f64;
            told += mean(&|g| standard_error(g, &all[0].report.kernel).values[at].powi(2));
        }
        // 27 nodes in 60 samples scatter by some percent; smoothing takes -f^2/n, here a tenth.
        assert!((variance / told - 0.9).abs() < 0.15, "{}", variance / told);
        let level = noise_level(&all[0].report.kernel, 3.0);
        let mut one = all[0].grid.clone();
        one.values.fill(level);
        assert!((standard_error(&one, &all[0].report.kernel).values[0] * 3.0 / level - 1.0).abs() < 1e-12);
    }
}
