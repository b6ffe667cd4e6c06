//! The densities of two samples on one grid, and where they differ by more than chance.

use glam::DVec3;

use crate::error::{Error, Result};
use crate::geometry::Box3;
use crate::grid::{DensityGrid, Likeness, Sample, likeness, minus};
use crate::kde::kernel::Kernel;
use crate::kde::noise::noise_level;
use crate::kde::plan::{Plan, plan};
use crate::kde::{Bandwidth, Density, DensityOptions, Extent, Report, Resolution, density, select};
use crate::points::PointCloud;
use crate::progress::Progress;

/// The difference of two densities.
#[derive(Debug, Clone)]
pub struct Difference<T: Sample = f32> {
    /// `f - g`, in 1 / length^3.
    pub grid: DensityGrid<T>,
    /// Its standard error: `sqrt(se_f^2 + se_g^2)`, as the samples are independent; see
    /// [`standard_error`](crate::kde::standard_error).
    pub standard_error: DensityGrid<T>,
    /// How the first density was made.
    pub first: Report,
    /// How the second was made.
    pub second: Report,
    /// How alike they are.
    pub likeness: Likeness,
}

/// The density of `a` minus that of `b`, each normalised to 1, on one grid that holds both. A rule of the bandwidth is
/// applied to each sample, a length to both. Default nodes resolve the narrower kernel.
///
/// # Errors
/// As [`density`](crate::kde::density) of each; [`Error::Usage`] for kernels that differ from point to point, and units that
/// cannot be converted.
pub fn difference<T: Sample>(
    a: &PointCloud,
    b: &PointCloud,
    options: &DensityOptions,
    progress: &dyn Progress,
) -> Result<Difference<T>> {
    if options.bandwidth.varies() {
        return Err(Error::Usage(
            "a difference needs one kernel for all points of a sample; leave out --sigma-columns and knn:K".into(),
        ));
    }
    let b = &in_unit_of(b, a)?;
    let kernels = [kernel(a, options, progress)?, kernel(b, options, progress)?];
    let (options, plan) = common(&[a, b], &kernels, options)?;
    let made = |cloud: &PointCloud, (kernel, selection, warnings): &Found| -> Result<Density<T>> {
        let bandwidth = Bandwidth::of_covariance(&kernel.covariance);
        let mut made = density::<T>(cloud, &DensityOptions { bandwidth, ..options.clone() }, progress)?;
        made.report.kernel = kernel.clone();
        made.report.selection = selection.clone();
        made.report.warnings.splice(0..0, warnings.iter().cloned());
        Ok(made)
    };
    let (mut f, g) = (made(a, &kernels[0])?, made(b, &kernels[1])?);
    f.report.warnings.extend(plan.warnings);
    f.report.notes.extend(plan.notes);
    let levels = [noise_level(&f.report.kernel, 1.0), noise_level(&g.report.kernel, 1.0)];
    let error =
        |(f, g): (&T, &T)| T::from_f64((f.to_f64().max(0.0) * levels[0] + g.to_f64().max(0.0) * levels[1]).sqrt());
    let values = f.grid.values.iter().zip(&g.grid.values).map(error).collect();
    let grid = minus(&f.grid, &g.grid)?;
    Ok(Difference {
        standard_error: DensityGrid { values, ..grid.clone() },
        likeness: likeness(&f.grid, &g.grid)?,
        grid,
        first: f.report,
        second: g.report,
    })
}

impl<T: Sample> Difference<T> {
    /// Where the difference is at least `z` standard errors: 1 where the first density is larger, -1 where the second is,
    /// else 0. Each node is judged by itself: of nodes without a difference, 2 Phi(-z) exceed it by chance.
    pub fn significant(&self, z: f64) -> DensityGrid<T> {
        let mark = |(d, se): (&T, &T)| {
            let (d, se) = (d.to_f64(), se.to_f64());
            T::from_f64(if se > 0.0 && d.abs() >= z * se { d.signum() } else { 0.0 })
        };
        let values = self.grid.values.iter().zip(&self.standard_error.values).map(mark).collect();
        DensityGrid { values, ..self.grid.clone() }
    }
}

/// A kernel, the search for it, and warnings.
type Found = (Kernel, Option<select::Selection>, Vec<String>);

fn kernel(cloud: &PointCloud, options: &DensityOptions, progress: &dyn Progress) -> Result<Found> {
    select::kernel(cloud, &options.bandwidth, Kernel::new, progress)
}

/// `b` in the unit of `a`.
fn in_unit_of(b: &PointCloud, a: &PointCloud) -> Result<PointCloud> {
    let factor = match (b.unit, a.unit) {
        (Some(from), Some(to)) => from.convert(1.0, to).ok_or_else(|| {
            Error::Usage(format!("the first sample is in {to}, the second in {from}, which cannot be converted"))
        })?,
        (None, None) => 1.0,
        _ => {
            return Err(Error::Usage(
                "the unit of one sample is known, that of the other is not; --unit declares it".into(),
            ));
        }
    };
    let positions = b.positions.iter().map(|p| *p * factor).collect();
    Ok(PointCloud { positions, weights: b.weights.clone(), unit: a.unit, ..PointCloud::default() })
}

/// Options for the grid that holds what both densities would have alone, and its plan.
fn common(clouds: &[&PointCloud; 2], kernels: &[Found; 2], options: &DensityOptions) -> Result<(DensityOptions, Plan)> {
    let bytes = size_of::<f64>();
    let mut notes = Vec::new();
    let mut bounds = Box3::EMPTY;
    for (cloud, (kernel, ..)) in clouds.iter().zip(kernels) {
        let own = plan(cloud, kernel, options.extent, Resolution::Nodes([2; 3]), bytes)?;
        notes.extend(own.notes);
        let own = own.lattice.bounds();
        bounds = Box3 { min: bounds.min.min(own.min), max: bounds.max.max(own.max) };
    }
    let extent = Extent::Bounds(bounds);
    let finest = |k: &Kernel| DVec3::min_element(k.sigma());
    let narrower = usize::from(finest(&kernels[1].0) < finest(&kernels[0].0));
    let plan = plan(clouds[narrower], &kernels[narrower].0, extent, options.resolution, bytes)?;
    let (extent, resolution) = (Extent::Bounds(plan.lattice.bounds()), Resolution::Nodes(plan.lattice.shape));
    Ok((DensityOptions { extent, resolution, ..options.clone() }, Plan { notes, ..plan }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kde::tests::normal_cloud;
    use crate::progress::Silent;

    fn shifted(cloud: PointCloud, by: DVec3) -> PointCloud {
        PointCloud { positions: cloud.positions.iter().map(|p| *p + by).collect(), ..cloud }
    }

    fn options() -> DensityOptions {
        DensityOptions { resolution: Resolution::Nodes([20; 3]), ..Default::default() }
    }

    fn share(d: &Difference<f64>, z: f64) -> f64 {
        let inner = |at: &usize| d.standard_error.values[*at] > 0.1 * d.standard_error.statistics().max;
        let chosen: Vec<usize> = (0..d.grid.values.len()).filter(inner).collect();
        let marks = d.significant(z);
        chosen.iter().filter(|at| marks.values[**at] != 0.0).count() as f64 / chosen.len() as f64
    }

    // Of equal populations, some 5 % of nodes exceed 1.96 standard errors, fewer as smoothing takes variance away.
    #[test]
    fn samples_of_one_population_hardly_differ_and_those_of_two_do() {
        let mut found = 0.0;
        for seed in 0..6 {
            let d = difference::<f64>(&normal_cloud(2000, seed), &normal_cloud(1500, 100 + seed), &options(), &Silent);
            found += share(&d.unwrap(), 1.96) / 6.0;
        }
        assert!(found > 0.005 && found < 0.08, "{found}");
        let far = shifted(normal_cloud(1500, 7), DVec3::X);
        let d = difference::<f64>(&normal_cloud(2000, 3), &far, &options(), &Silent).unwrap();
        assert!(share(&d, 3.0) > 0.2, "{}", share(&d, 3.0));
        // The first is larger on the left, the second on the right.
        let (marks, lattice) = (d.significant(3.0), d.grid.lattice);
        for (at, mark) in marks.values.iter().enumerate().filter(|(_, m)| **m != 0.0) {
            let x = lattice.node(at % 20, 0, 0).x;
            assert!((x < 0.5) == (*mark > 0.0), "{x} {mark}");
        }
        assert!((d.likeness.bhattacharyya - (-1.0 / 8.0_f64).exp()).abs() < 0.03, "{:?}", d.likeness);
        assert!((d.grid.statistics().integral).abs() < 1e-2);
    }

    #[test]
    fn the_error_is_that_of_both_and_the_grid_holds_both() {
        let (a, b) = (normal_cloud(300, 1), shifted(normal_cloud(200, 2), DVec3::splat(4.0)));
        let d = difference::<f64>(&a, &b, &options(), &Silent).unwrap();
        let bounds = d.grid.lattice.bounds();
        assert!(bounds.min.cmple(a.bounds().min).all() && bounds.max.cmpge(b.bounds().max).all());
        let o = DensityOptions { extent: Extent::Bounds(bounds), ..options() };
        let [f, g] = [&a, &b].map(|cloud| density::<f64>(cloud, &o, &Silent).unwrap());
        let [e, h] = [&f, &g].map(|d| crate::kde::standard_error(&d.grid, &d.report.kernel));
        let largest = d.grid.statistics().max;
        for at in 0..d.grid.values.len() {
            assert!((d.grid.values[at] - (f.grid.values[at] - g.grid.values[at])).abs() < 3e-6 * largest);
            let both = e.values[at].hypot(h.values[at]);
            assert!((d.standard_error.values[at] - both).abs() < 1e-2 * d.standard_error.statistics().max);
        }
        assert_eq!((d.first.kernel.rule, d.second.points), ("scott", 200));
        // What is said of the grid.
        let mut far = b.clone();
        far.positions.push(DVec3::new(0.0, 500.0, 0.0));
        let o = DensityOptions { bandwidth: Bandwidth::Factor(0.01), ..Default::default() };
        let d = difference::<f64>(&a, &far, &o, &Silent).unwrap();
        assert!(d.first.notes.iter().any(|n| n.contains("outliers along y")), "{:?}", d.first.notes);
        assert!(d.first.warnings.iter().any(|w| w.contains("coarser than the kernel")), "{:?}", d.first.warnings);
    }
}
