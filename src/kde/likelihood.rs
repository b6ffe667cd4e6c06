//! The bandwidth under which each point is the likeliest by the others.

use std::num::NonZeroUsize;

use glam::DVec3;
use kiddo::{ImmutableKdTree, SquaredEuclidean};
use rayon::prelude::*;

use crate::error::Result;
use crate::kde::distinct::Distinct;
use crate::kde::kernel::Kernel;
use crate::kde::select::{self, Selection, WIDEST, refined, tried};
use crate::kde::whitened::{Whitening, weights};
use crate::kde::{Bandwidth, DensityOptions, KernelOf, density_at, tree};
use crate::points::PointCloud;
use crate::progress::{Progress, Within};

/// The narrowest factor tried, in terms of Scott's rule.
const NARROWEST: f64 = 0.05;
/// Factors tried at first.
const TRIED: usize = 20;
/// Factors tried between the neighbours of the best: two, and one a halving.
const REFINED: u64 = 18;
/// Points whose likelihood is taken, spread evenly over the file; all if there are fewer.
const MOST: usize = 50_000;
/// Error of the densities, as a share of the largest.
const TOLERANCE: f64 = 1e-7;
/// Where the others add less than this share of the largest density, they are summed one by one, to this error.
const FAR: f64 = 1e-4;

/// The factor of the greatest likelihood for kernels made by `kernel_of`; see [`select`](crate::kde::select::select).
///
/// # Errors
/// As [`density`](crate::kde::density).
pub(super) fn likelihood(cloud: &PointCloud, kernel_of: KernelOf, progress: &dyn Progress) -> Result<Selection> {
    let scott = kernel_of(cloud, &Bandwidth::Scott)?.0;
    let center = scott.factor.unwrap_or(1.0);
    let others = Others::new(cloud, &scott)?;
    progress.begin("bandwidth", TRIED as u64 + REFINED);
    let mut failure = None;
    let mut negative = |f: f64| {
        if failure.is_some() {
            return f64::INFINITY;
        }
        progress.advance(1);
        match others.score(f / center, progress) {
            Ok(score) => -score,
            Err(error) => {
                failure.get_or_insert(error);
                f64::INFINITY
            }
        }
    };
    let low = NARROWEST * center;
    let (scores, best) = tried(TRIED, low, WIDEST * center, &mut negative);
    let factor = refined(&scores, best, &mut negative);
    if let Some(error) = failure {
        return Err(error);
    }
    let mut warnings = Vec::new();
    if best == 0 {
        warnings.push(format!(
            "the likelihood rises down to the narrowest bandwidth tried, the factor {low:.3e}, as for points that are \
             rounded, repeated or on a plane or line; give a --bandwidth"
        ));
    }
    warnings.extend(select::at_the_widest(best, &scores));
    Ok(Selection { factor, scores: scores.into_iter().map(|[f, s]| [f, -s]).collect(), warnings })
}

/// The points of positive weight as seen from some of them.
struct Others {
    scott: Kernel,
    /// One point a place, with the weight of all there, of sum 1.
    cloud: PointCloud,
    counts: Vec<usize>,
    /// The places in coordinates in which Scott's kernel is `2^-(distance^2)`.
    whitened: Vec<[f64; 3]>,
    tree: ImmutableKdTree<f64, 3>,
    /// The chosen points: place among `from`, weight.
    chosen: Vec<(usize, f64)>,
    /// The places of the chosen points.
    from: Vec<usize>,
}

impl Others {
    fn new(cloud: &PointCloud, scott: &Kernel) -> Result<Self> {
        let weight = weights(cloud);
        let weighty: Vec<usize> = (0..cloud.len()).filter(|i| weight(*i) > 0.0).collect();
        let positions: Vec<DVec3> = weighty.iter().map(|i| cloud.positions[*i]).collect();
        let Distinct { places, counts, of_point } = Distinct::of(&positions);
        let mut sums = vec![0.0; places.len()];
        weighty.iter().zip(&of_point).for_each(|(i, at)| sums[*at] += weight(*i));
        let step = weighty.len().div_ceil(MOST);
        let mut from: Vec<usize> = of_point.iter().copied().step_by(step).collect();
        from.sort_unstable();
        from.dedup();
        let place = |k: usize| from.binary_search(&of_point[k]).unwrap_or_default();
        let chosen = (0..weighty.len()).step_by(step).map(|k| (place(k), weight(weighty[k]))).collect();
        let whitening = Whitening::new(cloud, scott);
        let whitened: Vec<[f64; 3]> = places.iter().map(|p| whitening.at(*p).to_array()).collect();
        let tree = tree::over(&whitened)?;
        let cloud = PointCloud { positions: places, weights: Some(sums), ..Default::default() };
        Ok(Self { scott: scott.clone(), cloud, counts, whitened, tree, chosen, from })
    }

    fn weight(&self, place: usize) -> f64 {
        self.cloud.weights.as_ref().map_or(1.0, |w| w[place])
    }

    /// The mean of `log f_(-i)(x_i)` for kernels `scale` times as wide as Scott's.
    fn score(&self, scale: f64, progress: &dyn Progress) -> Result<f64> {
        let kernel = self.scott.widened(scale)?;
        let elsewhere = self.elsewhere(&kernel, scale, progress)?;
        let score = |(at, weight): &(usize, f64)| {
            let place = self.from[*at];
            let here = if self.counts[place] > 1 { (self.weight(place) - weight).max(0.0) } else { 0.0 };
            weight * (kernel.peak.ln() + sum_of_logs(elsewhere[*at], here.ln()) - (1.0 - weight).ln())
        };
        let share: f64 = self.chosen.iter().map(|(_, weight)| weight).sum();
        Ok(self.chosen.iter().map(score).sum::<f64>() / share)
    }

    /// At each of the places that are looked from, the logarithm of the sum of the points elsewhere, without the kernel's peak.
    fn elsewhere(&self, kernel: &Kernel, scale: f64, progress: &dyn Progress) -> Result<Vec<f64>> {
        let places: Vec<DVec3> = self.from.iter().map(|place| self.cloud.positions[*place]).collect();
        let all = densities(&self.cloud, kernel, &places, progress)?;
        let largest = all.iter().copied().fold(0.0, f64::max);
        let log = |(place, f): (&usize, &f64)| {
            progress.check()?;
            let others = f - self.weight(*place) * kernel.peak;
            if others >= FAR * largest { Ok((others / kernel.peak).ln()) } else { Ok(self.one_by_one(*place, scale)) }
        };
        self.from.par_iter().zip(&all).with_min_len(64).map(log).collect()
    }

    /// The sum over the points elsewhere, of which those are left out that add less than [`FAR`] of the nearest, together.
    fn one_by_one(&self, place: usize, scale: f64) -> f64 {
        let two = NonZeroUsize::MIN.saturating_add(1);
        let query = self.tree.query(&self.whitened[place]);
        let found = query.nearest_n::<SquaredEuclidean<f64>>(two).execute();
        let Some(next) = found.iter().find(|hit| hit.item as usize != place) else { return f64::NEG_INFINITY };
        let (nearest, square) = (next.distance, scale * scale);
        let reach = -(FAR * self.weight(next.item as usize)).log2();
        let mut sum = 0.0;
        query.within::<SquaredEuclidean<f64>>(nearest + square * reach).unsorted().visit(|hit| {
            if hit.item as usize != place {
                sum += self.weight(hit.item as usize) * ((nearest - hit.distance) / square).exp2();
            }
        });
        sum.ln() - std::f64::consts::LN_2 * nearest / square
    }
}

/// `log(e^a + e^b)`.
fn sum_of_logs(a: f64, b: f64) -> f64 {
    let (low, high) = (a.min(b), a.max(b));
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

/// The density at positions, in the dimensions of the kernel.
fn densities(cloud: &PointCloud, kernel: &Kernel, positions: &[DVec3], progress: &dyn Progress) -> Result<Vec<f64>> {
    let bandwidth = Bandwidth::of_covariance(&kernel.covariance);
    let options = DensityOptions { bandwidth, max_error: TOLERANCE, ..Default::default() };
    let in_space = Kernel::from_covariance(kernel.rule, None, kernel.n_eff, kernel.covariance)?;
    let values = density_at(cloud, positions, &options, &Within(progress))?.values;
    Ok(values.into_iter().map(|v| v * kernel.peak / in_space.peak).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kde::tests::{Random, normal_cloud};
    use crate::progress::Silent;

    /// `sum_i w_i log f_(-i)(x_i)` by pairs, in logarithms.
    fn plain(cloud: &PointCloud, kernel: &Kernel) -> f64 {
        let weight = weights(cloud);
        let log = |i: usize| {
            let of = |j: usize| {
                let u = cloud.positions[i] - cloud.positions[j];
                weight(j).ln() - 0.5 * u.dot(kernel.inverse * u)
            };
            let others = (0..cloud.len()).filter(|j| *j != i).map(of).fold(f64::NEG_INFINITY, sum_of_logs);
            weight(i) * (kernel.peak.ln() + others - (1.0 - weight(i)).ln())
        };
        (0..cloud.len()).filter(|i| weight(*i) > 0.0).map(log).sum()
    }

    #[test]
    fn scores_of_repeated_weighted_and_far_points_are_the_plain_sums() {
        let mut random = Random(5);
        let mut cloud = normal_cloud(300, 3);
        // A third at one place, some in pairs, some far out, some without weight.
        (0..100).for_each(|i| cloud.positions[i] = DVec3::splat(0.3));
        (100..120).for_each(|i| cloud.positions[i] = cloud.positions[i + 20]);
        (120..125).for_each(|i| cloud.positions[i] *= 10.0);
        let weighted: Vec<f64> = (0..300).map(|i| if i % 7 == 0 { 0.0 } else { random.between(0.1, 3.0) }).collect();
        for weights in [None, Some(weighted)] {
            cloud.weights = weights;
            let scott = Kernel::new(&cloud, &Bandwidth::Scott).unwrap().0;
            let others = Others::new(&cloud, &scott).unwrap();
            for scale in [0.05, 0.3, 1.0, 2.0] {
                let (score, expected) =
                    (others.score(scale, &Silent).unwrap(), plain(&cloud, &scott.widened(scale).unwrap()));
                assert!((score - expected).abs() < 3e-4, "{scale}: {score} {expected}");
            }
        }
    }

    #[test]
    fn points_at_one_place_are_looked_from_once() {
        let mut cloud = normal_cloud(4000, 11);
        (0..2000).for_each(|i| cloud.positions[i] = cloud.positions[0]);
        let others = Others::new(&cloud, &Kernel::new(&cloud, &Bandwidth::Scott).unwrap().0).unwrap();
        assert_eq!((others.chosen.len(), others.from.len(), others.cloud.len()), (4000, 2001, 2001));
    }
}
