//! Two densities on one grid.

use crate::error::{Error, Result};
use crate::grid::{DensityGrid, Sample};

/// How alike two densities are.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Likeness {
    /// The overlap coefficient `int min(f, g)` (Weitzman 1970; Inman and Bradley 1989, eq. 1.1): 1 of equal densities,
    /// 0 of those that share no place.
    pub overlap: f64,
    /// The coefficient `int sqrt(f g)` of Bhattacharyya (1943), from 0 to 1 too. `sqrt(1 - it)` is Hellinger's distance.
    pub bhattacharyya: f64,
    /// Pearson's correlation of the values over all nodes, from -1 to 1; NaN if a density is the same everywhere.
    pub pearson: f64,
}

/// How alike two densities are that are normalised to 1. Integrals are trapezoidal over the box of the grid: what lies
/// outside is missing. Values below 0 count as 0.
///
/// # Errors
/// [`Error::Data`] if the grids are not the same.
///
/// # Examples
/// ```
/// use densitas::grid::likeness;
/// use densitas::{kde, progress::Silent, sample};
///
/// let cloud = sample::sample("founding", Some(500), 1)?;
/// let density = kde::density::<f64>(&cloud, &kde::DensityOptions::default(), &Silent)?.grid;
/// let alike = likeness(&density, &density)?;
/// assert!((alike.pearson - 1.0).abs() < 1e-12 && (alike.overlap - 1.0).abs() < 0.01);
/// # Ok::<(), densitas::error::Error>(())
/// ```
pub fn likeness<T: Sample>(f: &DensityGrid<T>, g: &DensityGrid<T>) -> Result<Likeness> {
    same(f, g)?;
    let integral = |of: fn(f64, f64) -> f64| combined(f, g, |a, b| of(a.max(0.0), b.max(0.0))).statistics().integral;
    Ok(Likeness {
        overlap: integral(f64::min),
        bhattacharyya: integral(|a, b| a.sqrt() * b.sqrt()),
        pearson: pearson(f, g),
    })
}

/// `f - g` at each node.
///
/// # Errors
/// As [`likeness`].
pub fn minus<T: Sample>(f: &DensityGrid<T>, g: &DensityGrid<T>) -> Result<DensityGrid<T>> {
    same(f, g)?;
    let difference = combined(f, g, |a, b| a - b);
    let values = difference.values.into_iter().map(T::from_f64).collect();
    Ok(DensityGrid { values, lattice: f.lattice, unit: f.unit, focus: f.focus })
}

fn same<T: Sample>(f: &DensityGrid<T>, g: &DensityGrid<T>) -> Result<()> {
    if f.lattice == g.lattice && f.unit == g.unit {
        return Ok(());
    }
    Err(Error::Data("the two densities are on different grids or in different units; compute both on one grid".into()))
}

fn combined<T: Sample>(f: &DensityGrid<T>, g: &DensityGrid<T>, of: impl Fn(f64, f64) -> f64) -> DensityGrid<f64> {
    let values = f.values.iter().zip(&g.values).map(|(a, b)| of(a.to_f64(), b.to_f64())).collect();
    DensityGrid { values, lattice: f.lattice, unit: f.unit, focus: f.focus }
}

fn pearson<T: Sample>(f: &DensityGrid<T>, g: &DensityGrid<T>) -> f64 {
    let n = f.values.len() as f64;
    let mean = |grid: &DensityGrid<T>| grid.values.iter().map(|v| v.to_f64()).sum::<f64>() / n;
    let (mean_f, mean_g) = (mean(f), mean(g));
    let (mut fg, mut ff, mut gg) = (0.0, 0.0, 0.0);
    for (a, b) in f.values.iter().zip(&g.values) {
        let (a, b) = (a.to_f64() - mean_f, b.to_f64() - mean_g);
        (fg, ff, gg) = (fg + a * b, ff + a * a, gg + b * b);
    }
    fg / (ff.sqrt() * gg.sqrt())
}

#[cfg(test)]
mod tests {
    use glam::DVec3;

    use super::*;
    use crate::geometry::Box3;
    use crate::grid::Lattice;

    /// A normal density of standard deviation 1 around a place on the x axis, in a box of edges 16.
    fn normal(x: f64) -> DensityGrid<f64> {
        let bounds = Box3 { min: DVec3::splat(-8.0), max: DVec3::splat(8.0) };
        let lattice = Lattice::spanning(bounds, [81; 3]).unwrap();
        let value = |at: usize| {
            let node = lattice.node(at % 81, at / 81 % 81, at / (81 * 81));
            (-0.5 * node.distance_squared(DVec3::X * x)).exp() * std::f64::consts::TAU.powf(-1.5)
        };
        DensityGrid::new(lattice, (0..lattice.len()).map(value).collect(), None).unwrap()
    }

    // Of two normal densities d standard deviations apart: 2 Phi(-d/2) (Inman and Bradley 1989, eq. 2.1), exp(-d^2/8), and
    // with int f^2 = (4 pi)^(-3/2), int f g = exp(-d^2/4) int f^2 and the mean 1/V of both, Pearson's.
    #[test]
    fn two_normal_densities_have_the_closed_forms() {
        for (d, overlap) in [(1.0, 0.617_075_077_451_973_8), (2.0, 0.317_310_507_862_914_15), (0.0, 1.0)] {
            let alike = likeness(&normal(-0.5 * d), &normal(0.5 * d)).unwrap();
            // min(f, g) has a kink where they are equal, on a plane of nodes.
            assert!((alike.overlap - overlap).abs() < 2e-3, "{d}: {alike:?}");
            assert!((alike.bhattacharyya - (-d * d / 8.0_f64).exp()).abs() < 1e-9, "{d}: {alike:?}");
            let (square, mean) = ((4.0 * std::f64::consts::PI).powf(-1.5), 16f64.powi(-3));
            let pearson = ((-0.25 * d * d).exp() * square - mean) / (square - mean);
            assert!((alike.pearson - pearson).abs() < 2e-3, "{d}: {alike:?} {pearson}");
        }
    }

    #[test]
    fn the_difference_is_that_of_the_values_and_other_grids_are_refused() {
        let (a, b) = (normal(0.0), normal(1.0));
        let difference = minus(&a, &b).unwrap();
        assert!((0..a.values.len()).all(|i| difference.values[i] == a.values[i] - b.values[i]));
        let mut shifted = b.clone();
        shifted.lattice.origin.x += 0.1;
        assert!(minus(&a, &shifted).is_err() && likeness(&a, &shifted).is_err());
    }
}
