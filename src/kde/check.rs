//! The error of a density, sampled against a sum made another way.

use glam::DVec3;
use rayon::prelude::*;

use crate::grid::Sample;
use crate::kde::kernel::Kernel;
use crate::kde::{Method, Setting, exact};
use crate::points::PointCloud;

/// Pairs of point and node used to check the tree. With more points than that, one node is checked.
const PAIRS: usize = 1_000_000;
/// Pairs used to check the exact sum, which takes the slow way.
const PLAIN_PAIRS: usize = 100_000;

/// The largest difference between `values` and the exact sum at some nodes, as a share of `largest`. The
/// nodes are the one with the largest value and others all over the grid. The tree is compared with the exact
/// method; the exact method with [`plain`], which shares no code with it. NaN if a value is.
pub(super) fn sampled_error<T: Sample>(
    setting: &Setting,
    method: Method,
    points: &[[f64; 4]],
    values: &[T],
    largest: f64,
) -> f64 {
    if largest == 0.0 {
        return 0.0;
    }
    let pairs = if method == Method::Tree { PAIRS } else { PLAIN_PAIRS };
    let nodes = chosen_nodes(values, (pairs / points.len()).clamp(1, values.len()));
    let [nx, ny, _] = setting.lattice.shape;
    let places: Vec<DVec3> = nodes.iter().map(|at| setting.lattice.node(at % nx, at / nx % ny, at / nx / ny)).collect();
    let sums = if method == Method::Tree {
        exact::at(&exact::grouped(points), &setting.whitening, setting.kernel.peak, &places)
    } else {
        places.par_iter().map(|p| plain(setting.cloud, setting.kernel, *p)).collect()
    };
    let errors = nodes.iter().zip(&sums).map(|(at, sum)| (values[*at].to_f64() - sum).abs() / largest);
    errors.fold(0.0, |worst, e| if e <= worst { worst } else { e })
}

/// `count` nodes: the one with the largest value, then nodes drawn by a fixed sequence (splitmix64).
fn chosen_nodes<T: Sample>(values: &[T], count: usize) -> Vec<usize> {
    let largest = (0..values.len())
        .into_par_iter()
        .with_min_len(1 << 14)
        .reduce(|| 0, |a, b| if values[b] > values[a] || (values[b] == values[a] && b < a) { b } else { a });
    let draw = |i: usize| {
        let mut z = (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(z ^ (z >> 31)) * values.len() as u128) >> 64) as usize
    };
    std::iter::once(largest).chain((1..count).map(draw)).collect()
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
