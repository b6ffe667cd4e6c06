//! The error of a density, sampled against a sum made another way.

use glam::DVec3;
use rayon::prelude::*;

use crate::grid::Sample;
use crate::kde::kernel::Kernel;
use crate::kde::whitened::{UNIT, weights};
use crate::kde::{Method, Setting, exact, places};
use crate::points::PointCloud;
use crate::progress::Silent;

/// Pairs of point and node used to check a fast method. With more points than that, one node is checked, and only those points count that are near it.
const PAIRS: usize = 1_000_000;
/// Standard deviations at which a kernel has fallen to 1e-14 of its peak.
const REACH: f64 = 8.03;
/// Points taken at a time.
const POINTS: usize = 1 << 14;
/// Pairs used to check the exact sum, which takes the slow way.
const PLAIN_PAIRS: usize = 100_000;

/// The largest difference between `values` and the exact sum at some of their `places`, as a share of `largest`:
/// at the one with the largest value and at others all over. Fast methods are compared with the exact one; the exact
/// method with [`plain`], which shares no code with it. NaN if a value is.
pub(super) fn sampled_error<T: Sample>(
    setting: &Setting,
    method: Method,
    values: &[T],
    largest: f64,
    place: impl Fn(usize) -> DVec3,
) -> f64 {
    if largest == 0.0 || values.is_empty() {
        return 0.0;
    }
    let pairs = if method == Method::Exact { PLAIN_PAIRS } else { PAIRS };
    let chosen = with_largest(values, draws(values.len(), pairs / setting.cloud.len()));
    let places: Vec<DVec3> = chosen.iter().map(|at| place(*at)).collect();
    let sums = match method {
        Method::Exact => places.par_iter().map(|p| plain(setting.cloud, setting.kernel, *p)).collect(),
        _ => exact_at(setting, &places),
    };
    let errors = chosen.iter().zip(&sums).map(|(at, sum)| (values[*at].to_f64() - sum).abs() / largest);
    errors.fold(0.0, |worst: f64, e: f64| if worst.is_nan() || e <= worst { worst } else { e })
}

/// The largest of the exact densities at some of `positions`, for which a millisecond of time is taken.
pub(super) fn sampled_largest(setting: &Setting, positions: &[DVec3]) -> f64 {
    let chosen = draws(positions.len(), PAIRS / setting.cloud.len());
    let places: Vec<DVec3> = chosen.iter().map(|at| positions[*at]).collect();
    exact_at(setting, &places).into_iter().fold(0.0, f64::max)
}

/// The exact densities at a few places; points are taken some at a time, so that no copy of all is made. Of more points
/// than there may be pairs, those that add less than 1e-14 of the kernel's peak are left out.
pub(super) fn exact_at(setting: &Setting, places: &[DVec3]) -> Vec<f64> {
    let near = if setting.cloud.len() > PAIRS { REACH * UNIT } else { f64::INFINITY };
    let at: Vec<DVec3> = places.iter().map(|p| setting.whitening.at(*p)).collect();
    let places = places::places(&setting.whitening, places);
    let weight = weights(setting.cloud);
    let counts = |p: &[f64; 4]| at.iter().any(|z| z.distance_squared(DVec3::new(p[0], p[1], p[2])) <= near * near);
    let part = |chunk: usize| {
        let points = chunk * POINTS..((chunk + 1) * POINTS).min(setting.cloud.len());
        let points = points.map(|i| setting.whitening.point(setting.cloud, i, &weight));
        let points: Vec<_> = points.filter(counts).collect();
        places::exact(&exact::grouped(&points), &places, &Silent).unwrap_or_default()
    };
    let parts: Vec<Vec<f64>> = (0..setting.cloud.len().div_ceil(POINTS)).into_par_iter().map(part).collect();
    (0..places.len()).map(|at| setting.kernel.peak * parts.iter().map(|part| part[at]).sum::<f64>()).collect()
}

/// At most `count` numbers below `len`, at least one if there is any, by a fixed sequence (splitmix64).
pub(super) fn draws(len: usize, count: usize) -> Vec<usize> {
    let draw = |i: usize| {
        let mut z = (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(z ^ (z >> 31)) * len as u128) >> 64) as usize
    };
    (1..=count.clamp(len.min(1), len)).map(draw).collect()
}

/// The place of the largest value in place of the first of `chosen`.
pub(super) fn with_largest<T: Sample>(values: &[T], mut chosen: Vec<usize>) -> Vec<usize> {
    let largest = (0..values.len())
        .into_par_iter()
        .with_min_len(1 << 14)
        .reduce(|| 0, |a, b| if values[b] > values[a] || (values[b] == values[a] && b < a) { b } else { a });
    chosen[0] = largest;
    chosen
}

/// `sum_i w_i K_H(place - x_i) / W` as it is written, with `H^-1` and the library's `exp`.
pub(super) fn plain(cloud: &PointCloud, kernel: &Kernel, place: DVec3) -> f64 {
    let weight = |i: usize| cloud.weights.as_ref().map_or(1.0, |w| w[i]);
    let (mut sum, mut total) = (0.0, 0.0);
    for (i, position) in cloud.positions.iter().enumerate() {
        let u = place - *position;
        sum += weight(i) * (-0.5 * u.dot(kernel.inverse * u)).exp();
        total += weight(i);
    }
    kernel.peak * sum / total
}
