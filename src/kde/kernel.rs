//! The Gaussian kernel of a cloud of points: scipy's covariance, and what stands in where it is singular.

use glam::{DMat3, DVec3};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::geometry::{Box3, LengthUnit};
use crate::kde::bandwidth::Bandwidth;
use crate::kde::eigen::symmetric_eigen;
use crate::points::PointCloud;

/// Eigenvalues of the scaled covariance below this share of the largest count as zero.
const SINGULAR: f64 = 1e-10;
/// What such an eigenvalue, and the variance of an axis without spread, is raised to, as a share of
/// the largest.
const RAISED: f64 = 1e-2;
/// A range of this many roundings of the coordinate is no spread.
const ROUNDINGS: f64 = 4.0;
/// Points summed by one task; fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 1 << 14;

/// A Gaussian kernel of full covariance, normalised to integral 1 over space or over a plane.
///
/// A kernel of the plane z = 0 is one of space whose z is independent of x and y, with the peak of the plane: for
/// points and places in the plane the two differ by the factor `(2 pi)^(-1/2) / sigma_z`, whatever `sigma_z` is.
#[derive(Debug, Clone, PartialEq)]
pub struct Kernel {
    /// 3, or 2 for a kernel of the plane.
    pub dimensions: usize,
    /// Where the covariance is from: `scott`, `silverman`, `factor`, `length`, `matrix`, `cv` or `likelihood`; `per-point` or
    /// `knn` where this is the kernel of the median widths.
    pub rule: &'static str,
    /// Ratio of the kernel's standard deviations to the data's; `None` for a length.
    pub factor: Option<f64>,
    /// Effective number of points, `(sum w)^2 / sum w^2` (Kish 1965); the number of points without weights.
    pub n_eff: f64,
    /// `H`, in length^2; symmetric and positive definite. Its last row and column mean nothing in the plane.
    pub covariance: DMat3,
    /// `H^-1`.
    pub inverse: DMat3,
    /// The upper triangular `A` with `A^T A = H^-1`: `|A u|` is the distance `u` in standard deviations.
    pub whitening: DMat3,
    /// The largest value of the kernel, `(2 pi)^(-d/2) |H|^(-1/2)`, in 1 / length^d.
    pub peak: f64,
}

impl Kernel {
    /// The kernel for `cloud`, with warnings for the user. Weights only scale: twice the weights give
    /// the same kernel.
    ///
    /// With `w` normalised to sum 1: mean `m = sum w_i x_i`, data covariance
    /// `C = sum w_i (x_i - m)(x_i - m)^T / (1 - sum w_i^2)`, `n_eff = 1 / sum w_i^2`, `H = factor^2 C`.
    /// Where `C` is singular, each axis is scaled by its spread and eigenvalues below 1e-10 of the
    /// largest are raised to 1e-2 of it; an axis without spread takes 1e-2 of the largest variance.
    ///
    /// # Errors
    /// [`Error::Data`] if no two points of positive weight differ, the weights are not all 0 or more,
    /// or the covariance overflows or underflows; [`Error::Usage`] if the bandwidth is not above 0, its
    /// unit cannot be converted, it differs from point to point, or a search must find it first ([`crate::kde::select`]).
    pub fn new(cloud: &PointCloud, bandwidth: &Bandwidth) -> Result<(Self, Vec<String>)> {
        Self::in_dimensions(3, cloud, bandwidth)
    }

    /// As [`Kernel::new`] in the plane: for points whose z are all 0.
    ///
    /// # Errors
    /// As [`Kernel::new`].
    pub fn of_plane(cloud: &PointCloud, bandwidth: &Bandwidth) -> Result<(Self, Vec<String>)> {
        Self::in_dimensions(2, cloud, bandwidth)
    }

    fn in_dimensions(d: usize, cloud: &PointCloud, bandwidth: &Bandwidth) -> Result<(Self, Vec<String>)> {
        bandwidth.check()?;
        if bandwidth.varies() {
            let problem = "differs from point to point; no single kernel can be made of it";
            return Err(Error::Usage(format!("the bandwidth `{}` {problem}", bandwidth.rule())));
        }
        let weights = Weights::of(cloud)?;
        let bounds = distinct_bounds(cloud)?;
        let n_eff = weights.n_eff();
        let mut warnings = Vec::new();
        let (factor, mut covariance) = match *bandwidth {
            Bandwidth::Length { sigma, unit } => (None, length_covariance(sigma, unit, cloud, &mut warnings)?),
            Bandwidth::Matrix(six) => (None, symmetric(six)),
            _ => {
                let factor = bandwidth.factor(n_eff, d).ok_or_else(|| {
                    Error::Usage(format!(
                        "the bandwidth {bandwidth} is to be found by kde::select before a kernel is made"
                    ))
                })?;
                let mut data = data_covariance(cloud, &weights, bounds);
                if d == 2 {
                    data = across_plane(data);
                }
                (Some(factor), regular(data, bounds, d, &mut warnings) * (factor * factor))
            }
        };
        if d == 2 {
            covariance = across_plane(covariance);
        }
        if let Bandwidth::Matrix(_) = bandwidth
            && !inverse_upper_factor(covariance).is_finite()
        {
            return Err(Error::Usage("the bandwidth matrix is not positive definite, as a covariance must be".into()));
        }
        let kernel = Self::from_covariance(bandwidth.rule(), factor, n_eff, covariance)?;
        Ok((if d == 2 { kernel.in_plane() } else { kernel }, warnings))
    }

    /// The kernel with the peak of the plane.
    fn in_plane(self) -> Self {
        let peak = self.peak * std::f64::consts::TAU.sqrt() * self.sigma().z;
        Self { dimensions: 2, peak, ..self }
    }

    /// The kernel of a given covariance, in space.
    ///
    /// # Errors
    /// [`Error::Data`] if the covariance is not finite or not positive definite.
    pub fn from_covariance(rule: &'static str, factor: Option<f64>, n_eff: f64, covariance: DMat3) -> Result<Self> {
        let sigma = diagonal(&covariance).map(f64::sqrt);
        // Scaled to unit diagonal, neither the factorisation nor the determinant leaves the range of f64.
        let scale = DMat3::from_diagonal(sigma.recip());
        let inverse_factor = inverse_upper_factor(scale * covariance * scale);
        let peak = (std::f64::consts::TAU.powf(-1.5) * diagonal(&inverse_factor).element_product())
            * (1.0 / sigma.x)
            * (1.0 / sigma.y)
            * (1.0 / sigma.z);
        let whitening = inverse_factor * scale;
        let inverse = whitening.transpose() * whitening;
        if !(peak.is_finite() && peak >= f64::MIN_POSITIVE && whitening.is_finite() && inverse.is_finite()) {
            return Err(Error::Data(format!(
                "no kernel can be made of the standard deviations {:.3e}, {:.3e}, {:.3e}: numbers this far from 1 \
                 leave the range of f64; scale the coordinates or the weights",
                sigma.x, sigma.y, sigma.z
            )));
        }
        Ok(Self { dimensions: 3, rule, factor, n_eff, covariance, inverse, whitening, peak })
    }

    /// The kernel of a covariance, in space or in a plane.
    pub(super) fn of(
        rule: &'static str,
        factor: Option<f64>,
        n_eff: f64,
        dimensions: usize,
        covariance: DMat3,
    ) -> Result<Self> {
        if dimensions == 2 {
            return Ok(Self::from_covariance(rule, factor, n_eff, across_plane(covariance))?.in_plane());
        }
        Self::from_covariance(rule, factor, n_eff, covariance)
    }

    /// The kernel in coordinates in which it is round, of standard deviation 1: those of `whitening`.
    pub(super) fn round(&self) -> Self {
        let tau = std::f64::consts::TAU;
        let peak = tau.powf(-0.5 * self.dimensions as f64);
        let one = DMat3::IDENTITY;
        Self { covariance: one, inverse: one, whitening: one, peak, ..self.clone() }
    }

    /// The kernel `scale` times as wide.
    pub(super) fn widened(&self, scale: f64) -> Result<Self> {
        let factor = self.factor.map(|f| f * scale);
        let kernel = Self::from_covariance(self.rule, factor, self.n_eff, self.covariance * (scale * scale))?;
        Ok(if self.dimensions == 2 { kernel.in_plane() } else { kernel })
    }

    /// Standard deviations `sqrt(H_ii)` along x, y, z.
    pub fn sigma(&self) -> DVec3 {
        diagonal(&self.covariance).map(f64::sqrt)
    }

    /// How steep it is along each axis: distances along it times this are standard deviations.
    pub(super) fn steepest(&self) -> DVec3 {
        diagonal(&self.inverse).map(f64::sqrt)
    }
}

/// The covariance with a z independent of x and y, as wide as the wider of them.
pub(super) fn across_plane(covariance: DMat3) -> DMat3 {
    let (x, y) = (covariance.x_axis, covariance.y_axis);
    DMat3::from_cols(DVec3::new(x.x, x.y, 0.0), DVec3::new(y.x, y.y, 0.0), DVec3::new(0.0, 0.0, x.x.max(y.y)))
}

/// The symmetric matrix of `xx, xy, xz, yy, yz, zz`.
pub(super) fn symmetric([xx, xy, xz, yy, yz, zz]: [f64; 6]) -> DMat3 {
    DMat3::from_cols_array(&[xx, xy, xz, xy, yy, yz, xz, yz, zz])
}

/// `xx, xy, xz, yy, yz, zz` of a symmetric matrix.
pub(super) fn six_of(m: &DMat3) -> [f64; 6] {
    [m.x_axis.x, m.x_axis.y, m.x_axis.z, m.y_axis.y, m.y_axis.z, m.z_axis.z]
}

fn diagonal(m: &DMat3) -> DVec3 {
    DVec3::new(m.x_axis.x, m.y_axis.y, m.z_axis.z)
}

/// The inverse of the upper triangular `U` with `U U^T = m`; NaN if `m` is not positive definite.
fn inverse_upper_factor(m: DMat3) -> DMat3 {
    let u22 = m.z_axis.z.sqrt();
    let (u12, u02) = (m.z_axis.y / u22, m.z_axis.x / u22);
    let u11 = (m.y_axis.y - u12 * u12).sqrt();
    let u01 = (m.y_axis.x - u02 * u12) / u11;
    let u00 = (m.x_axis.x - u01 * u01 - u02 * u02).sqrt();
    DMat3::from_cols(
        DVec3::new(1.0 / u00, 0.0, 0.0),
        DVec3::new(-u01 / (u00 * u11), 1.0 / u11, 0.0),
        DVec3::new((u01 * u12 - u02 * u11) / (u00 * u11 * u22), -u12 / (u11 * u22), 1.0 / u22),
    )
}

/// Refuses weights that are not one a point, finite and 0 or more.
pub(super) fn check_weights(cloud: &PointCloud) -> Result<()> {
    let Some(weights) = &cloud.weights else { return Ok(()) };
    if weights.len() != cloud.len() {
        let (found, points) = (weights.len(), cloud.len());
        return Err(Error::Data(format!("{found} weights for {points} points; one a point is needed")));
    }
    match weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
        Some(at) => Err(Error::Data(format!("weight {} is {}; weights must be 0 or more", at + 1, weights[at]))),
        None => Ok(()),
    }
}

/// Sums over the weights, in units of the largest so that no square overflows.
struct Weights {
    largest: f64,
    sum: f64,
    sum_of_squares: f64,
    /// `sum w_i (W - w_i) / W`, which `W - sum w_i^2 / W` is, without its cancellation where one weight
    /// outweighs all others.
    spread: f64,
}

impl Weights {
    fn of(cloud: &PointCloud) -> Result<Self> {
        let n = cloud.len() as f64;
        let Some(weights) = &cloud.weights else {
            return Ok(Self { largest: 1.0, sum: n, sum_of_squares: n, spread: n - 1.0 });
        };
        check_weights(cloud)?;
        let largest = weights.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 && n > 0.0 {
            return Err(Error::Data("all weights are 0; at least two points need a weight above 0".into()));
        }
        let heaviest = weights.iter().position(|w| *w == largest);
        let [sum, sum_of_squares, others] = summed(cloud.len(), |i| {
            let w = weights[i] / largest;
            [w, w * w, if Some(i) == heaviest { 0.0 } else { w }]
        });
        let [products] = summed(cloud.len(), |i| {
            let w = weights[i] / largest;
            [if Some(i) == heaviest { others } else { w * (sum - w) }]
        });
        Ok(Self { largest, sum, sum_of_squares, spread: products / sum })
    }

    fn n_eff(&self) -> f64 {
        self.sum * self.sum / self.sum_of_squares
    }
}

/// The sum of `f` over `0..n`, in the same order whatever the number of threads.
pub(super) fn summed<const K: usize>(n: usize, f: impl Fn(usize) -> [f64; K] + Sync) -> [f64; K] {
    let add = |a: [f64; K], b: [f64; K]| std::array::from_fn(|k| a[k] + b[k]);
    let chunk = |c: usize| (c * CHUNK..((c + 1) * CHUNK).min(n)).map(&f).fold([0.0; K], add);
    let chunks = n.div_ceil(CHUNK);
    if chunks < 2 {
        return chunk(0);
    }
    let parts: Vec<_> = (0..chunks).into_par_iter().map(chunk).collect();
    parts.into_iter().fold([0.0; K], add)
}

/// The box around the points of positive weight, of which two must differ.
pub(super) fn distinct_bounds(cloud: &PointCloud) -> Result<Box3> {
    debug_assert!(cloud.positions.iter().all(|p| p.is_finite()));
    let counts = |i: usize| cloud.weights.as_ref().is_none_or(|w| w[i] > 0.0);
    let bounds = match cloud.weights {
        None => cloud.bounds(),
        Some(_) => (cloud.positions.par_iter().enumerate().with_min_len(CHUNK).filter(|(i, _)| counts(*i)))
            .fold(|| Box3::EMPTY, |b, (_, p)| b.joined(Box3 { min: *p, max: *p }))
            .reduce(|| Box3::EMPTY, Box3::joined),
    };
    match bounds {
        Box3::EMPTY => Err(Error::Data("there is no point; a density needs at least two distinct points".into())),
        b if b.min == b.max => {
            let positive = (0..cloud.len()).filter(|i| counts(*i)).count();
            let what = if positive == 1 { "there is one point of positive weight" } else { "all points are equal" };
            Err(Error::Data(format!(
                "{what}, at {}: the density would be the kernel alone, and needs at least two distinct points of positive \
                 weight, whatever the bandwidth",
                b.min
            )))
        }
        b if !b.size().is_finite() => Err(Error::Data("the points are too far apart for f64; scale them".into())),
        b => Ok(b),
    }
}

fn length_covariance(
    sigma: [f64; 3],
    unit: Option<LengthUnit>,
    cloud: &PointCloud,
    warnings: &mut Vec<String>,
) -> Result<DMat3> {
    let (sigma, note) = Bandwidth::sigma_in(sigma, unit, cloud.unit)?;
    warnings.extend(note);
    Ok(DMat3::from_diagonal(sigma * sigma))
}

/// The weighted data covariance `C`, unbiased as numpy's `cov(aweights=w)`. Positions are centred on
/// the middle of the box and scaled by its size first, so that an axis without spread gives exact zeros.
fn data_covariance(cloud: &PointCloud, weights: &Weights, bounds: Box3) -> DMat3 {
    let (center, size) = (bounds.center(), bounds.size());
    let scale = size.map(|s| if s > 0.0 { s } else { 1.0 });
    let weight = |i: usize| cloud.weights.as_ref().map_or(1.0, |w| w[i] / weights.largest);
    let scaled = |i: usize| DVec3::select(size.cmpgt(DVec3::ZERO), (cloud.positions[i] - center) / scale, DVec3::ZERO);
    let mean = DVec3::from(summed(cloud.len(), |i| (weight(i) * scaled(i)).to_array())) / weights.sum;
    let moments = symmetric(summed(cloud.len(), |i| {
        let (d, w) = (scaled(i) - mean, weight(i));
        [w * d.x * d.x, w * d.x * d.y, w * d.x * d.z, w * d.y * d.y, w * d.y * d.z, w * d.z * d.z]
    }));
    let scale = DMat3::from_diagonal(scale);
    scale * (moments * (1.0 / weights.spread)) * scale
}

/// `covariance` of `d` dimensions itself if it is regular; else what stands in for it, with a warning.
pub(super) fn regular(covariance: DMat3, bounds: Box3, d: usize, warnings: &mut Vec<String>) -> DMat3 {
    let flat = flat_axes(bounds, d);
    let mut variance = diagonal(&covariance);
    let largest = variance.max_element();
    for axis in (0..3).filter(|&a| flat[a]) {
        variance[axis] = RAISED * largest;
    }
    let sigma = variance.map(f64::sqrt);
    let correlation = DMat3::from_cols_array_2d(&std::array::from_fn(|c| {
        std::array::from_fn(|r| match (r == c, flat[r] || flat[c]) {
            (true, _) => 1.0,
            (false, true) => 0.0,
            (false, false) => covariance.col(c)[r] / sigma[r] / sigma[c],
        })
    }));
    let (values, vectors) = symmetric_eigen(correlation);
    let limit = SINGULAR * values.max_element();
    let raised = values.map(|v| if v > limit { v } else { RAISED * values.max_element() });
    if raised == values && flat == [false; 3] {
        return covariance;
    }
    warnings.push(singular_warning(flat, d, values.cmple(DVec3::splat(limit)).bitmask().count_ones()));
    let scale = DMat3::from_diagonal(sigma);
    let whole = scale * (vectors * DMat3::from_diagonal(raised) * vectors.transpose()) * scale;
    (whole + whole.transpose()) * 0.5
}

/// Which of the first `d` axes have no spread beyond the rounding of their coordinates.
fn flat_axes(bounds: Box3, d: usize) -> [bool; 3] {
    let size = bounds.size();
    let magnitude = bounds.min.abs().max(bounds.max.abs());
    let flat = std::array::from_fn(|a| a < d && size[a] <= ROUNDINGS * f64::EPSILON * magnitude[a]);
    let is_all = flat[..d].iter().all(|f| *f);
    if is_all { std::array::from_fn(|a| a < d && size[a] == 0.0) } else { flat }
}

fn singular_warning(flat: [bool; 3], d: usize, raised: u32) -> String {
    let axes: String = "xyz".chars().zip(flat).filter(|(_, f)| *f).map(|(c, _)| c).collect();
    let lost = axes.len() as u32 + raised;
    let shape = if lost > 1 || d == 2 { "line" } else { "plane" };
    let along = if axes.is_empty() { String::new() } else { format!(" (no spread along {axes})") };
    format!(
        "the points lie on a {shape}{along}, or so nearly that f64 hardly tells, so their covariance is singular; the kernel is \
         given a variance of 1/100 of the largest across it"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernel(points: &[[f64; 3]], weights: Option<&[f64]>, bandwidth: Bandwidth) -> (Kernel, Vec<String>) {
        let positions = points.iter().map(|p| DVec3::from(*p)).collect();
        let cloud = PointCloud { positions, weights: weights.map(<[f64]>::to_vec), ..Default::default() };
        Kernel::new(&cloud, &bandwidth).unwrap()
    }

    const TETRAHEDRON: [[f64; 3]; 5] =
        [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0], [1.0, 1.0, 1.0]];

    fn close(a: DMat3, b: [[f64; 3]; 3], tolerance: f64) {
        let b = DMat3::from_cols_array_2d(&b);
        assert!(a.abs_diff_eq(b, tolerance), "{a} is not {b}");
    }

    // numpy 2.4.6: np.cov(T.T), and with aweights = (1, 2, 0.5, 3, 1) / 7.5.
    #[test]
    fn scotts_rule_gives_scipys_covariance() {
        let (k, warnings) = kernel(&TETRAHEDRON, None, Bandwidth::Scott);
        let f2 = 5f64.powf(-2.0 / 7.0);
        assert!(warnings.is_empty(), "{warnings:?}");
        close(k.covariance * (1.0 / f2), [[0.3, -0.05, -0.15], [-0.05, 0.8, -0.35], [-0.15, -0.35, 1.7]], 1e-15);
        assert_eq!((k.rule, k.n_eff), ("scott", 5.0));
        let (k, _) = kernel(&TETRAHEDRON, Some(&[1.0, 2.0, 0.5, 3.0, 1.0]), Bandwidth::Factor(1.0));
        let weighted = [
            [0.32926829, 0.03658537, -0.54878049],
            [0.03658537, 0.45121951, -0.30487805],
            [-0.54878049, -0.30487805, 2.68292683],
        ];
        close(k.covariance, weighted, 5e-9);
    }

    #[test]
    fn inverse_whitening_and_peak_belong_to_the_covariance() {
        let (k, _) = kernel(&TETRAHEDRON, Some(&[1.0, 2.0, 0.5, 3.0, 1.0]), Bandwidth::Silverman);
        assert!((k.covariance * k.inverse).abs_diff_eq(DMat3::IDENTITY, 1e-14));
        assert!((k.whitening.transpose() * k.whitening).abs_diff_eq(k.inverse, 1e-13));
        let peak = std::f64::consts::TAU.powf(-1.5) / k.covariance.determinant().sqrt();
        assert!((k.peak / peak - 1.0).abs() < 1e-14);
    }

    #[test]
    fn weights_count_by_their_ratio_and_n_eff_is_kishs() {
        let w = [1.0, 2.0, 0.5, 3.0, 1.0];
        let (k, _) = kernel(&TETRAHEDRON, Some(&w), Bandwidth::Scott);
        let (scaled, _) = kernel(&TETRAHEDRON, Some(&w.map(|v| v * 1e200)), Bandwidth::Scott);
        assert!((k.n_eff - 7.5f64.powi(2) / 15.25).abs() < 1e-14);
        assert!(scaled.covariance.abs_diff_eq(k.covariance, 1e-14));
    }

    #[test]
    fn a_plane_and_a_line_get_the_raised_variance_and_a_warning() {
        let plane: Vec<_> = (0..30).map(|i| [f64::from(i), f64::from(i * 7 % 5), 5.1]).collect();
        let (k, warnings) = kernel(&plane, None, Bandwidth::Factor(1.0));
        assert!((k.covariance.z_axis.z / (0.01 * k.covariance.x_axis.x) - 1.0).abs() < 1e-12);
        assert!(warnings[0].contains("plane") && warnings[0].contains("along z"), "{warnings:?}");
        let line = [[0.0; 3], [1.0, 1.0, 1.0], [2.0, 2.0, 2.0]];
        let (k, warnings) = kernel(&line, None, Bandwidth::Factor(1.0));
        assert!(warnings[0].contains("line"), "{warnings:?}");
        // Correlation of ones: eigenvalues 3, 0, 0 become 3, 0.03, 0.03: diagonal (3 + 0.06) / 3 = 1.02.
        close(k.covariance, [[1.02, 0.99, 0.99], [0.99, 1.02, 0.99], [0.99, 0.99, 1.02]], 1e-13);
    }

    fn plane(points: &[[f64; 2]], weights: Option<&[f64]>, bandwidth: Bandwidth) -> (Kernel, Vec<String>) {
        let positions = points.iter().map(|p| DVec3::new(p[0], p[1], 0.0)).collect();
        let cloud = PointCloud { positions, weights: weights.map(<[f64]>::to_vec), ..Default::default() };
        Kernel::of_plane(&cloud, &bandwidth).unwrap()
    }

    // scipy 1.17.1: i = np.arange(12); P = [i*37 % 101 / 10, i*53 % 97 / 7]; k = gaussian_kde(P); k.factor,
    // k.covariance; the same with weights=1 + i % 4, bw_method='silverman'.
    #[test]
    fn in_the_plane_the_rules_are_scipys_of_two_dimensions() {
        let number = |i: usize, a: usize, b: usize, c: f64| (i * a % b) as f64 / c;
        let points: Vec<_> = (0..12).map(|i| [number(i, 37, 101, 10.0), number(i, 53, 97, 7.0)]).collect();
        let weights: Vec<f64> = (0..12).map(|i| f64::from(1 + i % 4)).collect();
        let scott = [[4.486596760310628, 1.6051095606126102], [1.6051095606126102, 8.412398892444768]];
        let silverman = [[4.425118883268882, 1.6591838179834886], [1.6591838179834884, 9.38357585351068]];
        for (weights, rule, factor, expected) in [
            (None, Bandwidth::Scott, 0.6609010760833648, scott),
            (Some(weights.as_slice()), Bandwidth::Silverman, 0.6812920690579612, silverman),
        ] {
            let (k, warnings) = plane(&points, weights, rule);
            assert!((k.factor.unwrap() / factor - 1.0).abs() < 1e-14 && warnings.is_empty() && k.dimensions == 2);
            for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                assert!((k.covariance.col(column)[row] / expected[row][column] - 1.0).abs() < 1e-14);
            }
            let determinant = expected[0][0] * expected[1][1] - expected[0][1] * expected[1][0];
            assert!((k.peak * std::f64::consts::TAU * determinant.sqrt() - 1.0).abs() < 1e-14);
        }
    }

    #[test]
    fn a_line_in_the_plane_gets_the_raised_variance_and_a_warning() {
        let (k, warnings) = plane(&[[0.0, 5.0], [1.0, 5.0], [2.0, 5.0]], None, Bandwidth::Factor(1.0));
        assert!((k.covariance.y_axis.y / (0.01 * k.covariance.x_axis.x) - 1.0).abs() < 1e-12);
        assert!(warnings.len() == 1 && warnings[0].contains("line (no spread along y)"), "{warnings:?}");
        let (k, warnings) = plane(&[[0.0, 0.0], [1.0, 2.0], [3.0, 6.0]], None, Bandwidth::Factor(1.0));
        // Correlation of ones: eigenvalues 2 and 0 become 2 and 0.02: diagonal 1.01, beside it 0.99.
        let (x, y) = (7.0 / 3.0, 28.0 / 3.0_f64);
        let expected = [1.01 * x, 0.99 * (x * y).sqrt(), 1.01 * y];
        let found = [k.covariance.x_axis.x, k.covariance.x_axis.y, k.covariance.y_axis.y];
        assert!(std::iter::zip(found, expected).all(|(a, b)| (a / b - 1.0f64).abs() < 1e-12), "{found:?} {expected:?}");
        assert!(warnings.len() == 1 && warnings[0].contains("on a line,"), "{warnings:?}");
        let (_, warnings) = plane(&[[0.0, 0.0], [1.0, 2.0], [3.0, 6.0]], None, "0.5A".parse().unwrap());
        assert!(warnings.len() == 1 && warnings[0].contains("unit of the data is unknown"), "{warnings:?}");
    }

    #[test]
    fn tilted_planes_are_found_singular_whatever_the_rounding() {
        for seed in 1..20 {
            let at = |i: i32, m: i32| f64::from(i * m * seed % 97) * 0.1 + 0.7;
            let plane: Vec<_> = (0..200).map(|i| [at(i, 31), at(i, 57), at(i, 31) + at(i, 57)]).collect();
            let (k, warnings) = kernel(&plane, None, Bandwidth::Scott);
            assert_eq!(warnings.len(), 1, "seed {seed}");
            assert!(k.peak < 1.0, "seed {seed}: peak {}", k.peak);
        }
    }

    #[test]
    fn two_points_and_far_outliers_have_a_finite_kernel() {
        for points in [
            vec![[0.0; 3], [1.0, 0.0, 0.0]],
            vec![[0.0; 3], [1.0; 3], [1e30, 0.0, 0.0]],
            vec![[1.0; 3], [1.0, 1.0, 1.0 + f64::EPSILON]],
        ] {
            let (k, warnings) = kernel(&points, None, Bandwidth::Scott);
            assert_eq!(warnings.len(), 1);
            assert!(k.peak > 0.0 && k.peak.is_finite() && k.whitening.is_finite());
        }
    }

    #[test]
    fn no_distinct_points_and_bad_weights_are_errors_in_the_data() {
        let p = |x: f64| DVec3::new(x, 0.0, 0.0);
        let bad = |positions: Vec<DVec3>, weights: Option<Vec<f64>>| {
            Kernel::new(&PointCloud { positions, weights, ..Default::default() }, &Bandwidth::Scott)
                .unwrap_err()
                .exit_code()
        };
        assert_eq!(bad(vec![], None), 1);
        assert_eq!(bad(vec![p(1.0)], None), 1);
        assert_eq!(bad(vec![p(1.0); 5], None), 1);
        assert_eq!(bad(vec![p(1.0), p(2.0)], Some(vec![1.0, 0.0])), 1);
        assert_eq!(bad(vec![p(1.0), p(2.0)], Some(vec![0.0, 0.0])), 1);
        assert_eq!(bad(vec![p(1.0), p(2.0)], Some(vec![1.0, -1.0])), 1);
        assert_eq!(bad(vec![p(1.0), p(2.0)], Some(vec![1.0, f64::NAN])), 1);
        assert_eq!(bad(vec![p(1.0), p(2.0)], Some(vec![1.0])), 1);
        assert_eq!(bad(vec![p(-1e308), p(1e308)], None), 1);
    }
}
