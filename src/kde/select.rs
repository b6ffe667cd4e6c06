//! Bandwidths found by a search: `H = factor^2 C`, with the factor that a score of the data is best for.

use crate::error::{Error, Result};
use crate::kde::kernel::Kernel;
use crate::kde::likelihood::likelihood;
use crate::kde::spectral::{Frame, Powers, Reach, Wanted};
use crate::kde::whitened::{Whitening, weights};
use crate::kde::{Bandwidth, KernelOf};
use crate::memory::{GIB, usable_memory};
use crate::points::PointCloud;
use crate::progress::Progress;

/// Factors tried at first, evenly in their logarithm.
const TRIED: usize = 41;
/// The widest, in terms of Scott's rule, which is too wide for all but normal data.
pub(super) const WIDEST: f64 = 2.0;
/// The narrowest that least squares go down to.
const NARROWEST: f64 = 1.0 / 32.0;
/// Halvings of the bracket by the golden section.
const REFINED: usize = 16;
/// Error of the waves of the points, of which only sums are used.
const ERROR: f64 = 1e-5;
/// Memory for the waves, in bytes; the same on all machines, so that the factors tried are.
const MEMORY: f64 = 2e9;

/// A factor found by a search, and the scores on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// The factor of the best score.
    pub factor: f64,
    /// Factors, rising, and their scores. Of least squares, `int f^2 - 2 mean f_(-i)(x_i)` in 1 / length^d, the least is
    /// best; of likelihood, the mean of `log f_(-i)(x_i)`, the greatest.
    pub scores: Vec<[f64; 2]>,
    /// What the user must know.
    pub warnings: Vec<String>,
}

/// The factor that `bandwidth` asks to be found for points in space; `None` for all but [`Bandwidth::CrossValidation`]
/// and [`Bandwidth::Likelihood`].
///
/// Least-squares cross-validation (Rudemo 1982; Bowman 1984) takes the whole curve from the Fourier transform of the
/// points, in a time that hardly depends on the number of factors (Silverman 1982, algorithm AS 176). With `w` normalised
/// to sum 1, `s = sum w_i^2`, `P(k) = |sum w_i exp(-i k x_i)|^2` at the wave numbers of a period of volume V, and
/// `q = k^T H k`: `(1/V) sum_k P (e^-q - 2 e^(-q/2) / (1 - s)) + 2 s K_H(0) / (1 - s)`.
///
/// The likelihood is that of each point under the density of the others, `sum_i w_i log f_(-i)(x_i)` (Habbema,
/// Hermans and van den Broek 1974; Duin 1976), of at most 50,000 points spread evenly over the file.
///
/// # Errors
/// As [`density`](crate::kde::density).
pub fn select(cloud: &PointCloud, bandwidth: &Bandwidth, progress: &dyn Progress) -> Result<Option<Selection>> {
    searched(cloud, bandwidth, Kernel::new, progress)
}

/// As [`select`] for kernels made by `kernel_of`.
pub(super) fn searched(
    cloud: &PointCloud,
    bandwidth: &Bandwidth,
    kernel_of: KernelOf,
    progress: &dyn Progress,
) -> Result<Option<Selection>> {
    match bandwidth {
        Bandwidth::CrossValidation => least_squares(cloud, kernel_of, progress).map(Some),
        Bandwidth::Likelihood => likelihood(cloud, kernel_of, progress).map(Some),
        _ => Ok(None),
    }
}

/// The kernel for `bandwidth`, searched for if need be, with the search and with warnings.
pub(super) fn kernel(
    cloud: &PointCloud,
    bandwidth: &Bandwidth,
    kernel_of: KernelOf,
    progress: &dyn Progress,
) -> Result<(Kernel, Option<Selection>, Vec<String>)> {
    let Some(selection) = searched(cloud, bandwidth, kernel_of, progress)? else {
        let (kernel, warnings) = kernel_of(cloud, bandwidth)?;
        return Ok((kernel, None, warnings));
    };
    let (kernel, mut warnings) = kernel_of(cloud, &Bandwidth::Factor(selection.factor))?;
    warnings.extend(selection.warnings.iter().cloned());
    Ok((Kernel { rule: bandwidth.rule(), ..kernel }, Some(selection), warnings))
}

fn least_squares(cloud: &PointCloud, kernel_of: KernelOf, progress: &dyn Progress) -> Result<Selection> {
    let scott = kernel_of(cloud, &Bandwidth::Scott)?.0;
    let (powers, narrow) = powers(cloud, &scott, progress)?;
    let weight = weights(cloud);
    let squares = (0..cloud.len()).map(|i| weight(i).powi(2)).sum();
    let range = [&narrow, &scott].map(|k| k.factor.unwrap_or(1.0));
    // From the coordinates in which the kernel is round to those of the data.
    let scale = scott.peak / scott.round().peak;
    Ok(least(&powers, &narrow, [range[0], WIDEST * range[1]], squares, scale))
}

/// The factor in a range, from that of the kernel `narrow` on, of the least score, which is multiplied by `scale`. `squares`
/// is the sum of squared weights.
pub(super) fn least(powers: &Powers, narrow: &Kernel, [low, high]: [f64; 2], squares: f64, scale: f64) -> Selection {
    let score = |f: f64| {
        let square = (f / low).powi(2);
        let sum = powers.sum(|q| (-square * q).exp() - 2.0 * (-0.5 * square * q).exp() / (1.0 - squares));
        scale * (sum + 2.0 * squares * narrow.peak * (low / f).powi(narrow.dimensions as i32) / (1.0 - squares))
    };
    let (scores, mut best) = tried(TRIED, low, high, score);
    let mut warnings = Vec::new();
    if best == 0 {
        let is_least = |i: usize| scores[i][1] < scores[i - 1][1] && scores[i][1] <= scores[i + 1][1];
        let inner = (1..scores.len() - 1).rev().find(|i| is_least(*i));
        best = inner.unwrap_or(0);
        warnings.push(match inner {
            Some(_) => "the score of cross-validation is least for the narrowest bandwidth tried, as for points that are \
                        rounded, repeated or on a plane or line; the widest of its minima is taken"
                .into(),
            None => format!(
                "the score of cross-validation falls down to the narrowest bandwidth that memory lets be tried, the factor \
                 {low:.3e}: points are rounded, repeated, on a plane or line, or have clusters finer than that, so that no \
                 bandwidth is best; give a --bandwidth"
            ),
        });
    }
    warnings.extend(at_the_widest(best, &scores));
    Selection { factor: refined(&scores, best, score), scores, warnings }
}

/// What is to be said if the best factor is the widest tried.
pub(super) fn at_the_widest(best: usize, scores: &[[f64; 2]]) -> Option<String> {
    (best + 1 == scores.len()).then(|| {
        format!(
            "the widest bandwidth tried, the factor {:.3e}, has the best score; wider ones may be better",
            scores[best][0]
        )
    })
}

/// The squared magnitudes of the waves of the points in coordinates in which the kernel is round, by `k^T H k` of the
/// narrowest kernel whose waves take no more than [`MEMORY`].
fn powers(cloud: &PointCloud, scott: &Kernel, progress: &dyn Progress) -> Result<(Powers, Kernel)> {
    let whitening = Whitening::new(cloud, scott);
    let bounds = whitening.bounds_in_sigmas(&cloud.positions);
    // `e^-q` is a kernel wider by the square root of 2.
    let wide = scott.round().widened(WIDEST * std::f64::consts::SQRT_2)?;
    let mut scale = NARROWEST;
    loop {
        let narrow = scott.round().widened(scale)?;
        let frames = Frame::all(ERROR, [&narrow, &wide], bounds, Wanted::Places(bounds), Reach::All);
        match frames.into_iter().find(|frame| frame.memory(0, 0) < MEMORY) {
            Some(frame) => {
                let needed = frame.memory(cloud.len(), 0);
                if needed > usable_memory() {
                    return Err(Error::Data(format!(
                        "cross-validation needs {:.1} GiB, and {:.1} GiB can be had; give a --bandwidth or take fewer points",
                        needed / GIB,
                        usable_memory() / GIB
                    )));
                }
                progress.begin("bandwidth", frame.steps());
                let point = |i: usize| whitening.in_sigmas(cloud.positions[i]);
                let spectrum = frame.spectrum(cloud.len(), point, weights(cloud), progress)?;
                return Ok((frame.powers(&spectrum, &narrow), narrow));
            }
            None if scale >= 1.0 => {
                return Err(Error::Data(
                    "cross-validation needs more memory than can be had: the points reach too far for their spread; \
                     give a --bandwidth"
                        .into(),
                ));
            }
            None => scale *= std::f64::consts::SQRT_2,
        }
    }
}

/// Scores at factors between two, and the place of the least.
pub(super) fn tried(count: usize, low: f64, high: f64, mut score: impl FnMut(f64) -> f64) -> (Vec<[f64; 2]>, usize) {
    let factor = |i: usize| low * (high / low).powf(i as f64 / (count - 1) as f64);
    let scores: Vec<[f64; 2]> = (0..count).map(factor).map(|f| [f, score(f)]).collect();
    let best = (0..count).min_by(|a, b| scores[*a][1].total_cmp(&scores[*b][1])).unwrap_or(0);
    (scores, best)
}

/// The factor of the least score between the neighbours of the best, by the golden section (Kiefer 1953).
pub(super) fn refined(scores: &[[f64; 2]], best: usize, mut score: impl FnMut(f64) -> f64) -> f64 {
    if best == 0 || best + 1 == scores.len() {
        return scores[best][0];
    }
    let golden = 0.5 * (5f64.sqrt() - 1.0);
    let (mut low, mut high) = (scores[best - 1][0], scores[best + 1][0]);
    let inside = |low: f64, high: f64| [high - golden * (high - low), low + golden * (high - low)];
    let [mut a, mut b] = inside(low, high);
    let (mut of_a, mut of_b) = (score(a), score(b));
    for _ in 0..REFINED {
        if of_a < of_b {
            (high, b, of_b) = (b, a, of_a);
            a = inside(low, high)[0];
            of_a = score(a);
        } else {
            (low, a, of_a) = (a, b, of_b);
            b = inside(low, high)[1];
            of_b = score(b);
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kde::tests::{Random, normal_cloud};
    use crate::progress::Silent;
    use glam::DVec3;

    /// Two clumps, for which Scott's rule is far too wide.
    fn clumps(n: usize, weighted: bool) -> PointCloud {
        let mut random = Random(3);
        let at = |i: usize, p: DVec3| {
            p * DVec3::new(0.2, 0.3, 0.1) + DVec3::splat(if i.is_multiple_of(2) { 3.0 } else { -3.0 })
        };
        let positions = (0..n).map(|i| at(i, random.normals())).collect();
        let weights = weighted.then(|| (0..n).map(|i| 1.0 + (i % 3) as f64).collect());
        PointCloud { positions, weights, ..Default::default() }
    }

    /// `int f^2 - 2 mean f_(-i)(x_i)` and the mean of `log f_(-i)(x_i)`, as they are written.
    fn plain(cloud: &PointCloud, kernel: &Kernel) -> [f64; 2] {
        let weight = weights(cloud);
        let s: f64 = (0..cloud.len()).map(|i| weight(i).powi(2)).sum();
        let wide = kernel.widened(std::f64::consts::SQRT_2).unwrap();
        let at = |k: &Kernel, u: DVec3| k.peak * (-0.5 * u.dot(k.inverse * u)).exp();
        let (mut squares, mut cross, mut logs) = (0.0, 0.0, 0.0);
        for (i, a) in cloud.positions.iter().enumerate() {
            let mut others = 0.0;
            for (j, b) in cloud.positions.iter().enumerate() {
                squares += weight(i) * weight(j) * at(&wide, *a - *b);
                if i != j {
                    others += weight(j) * at(kernel, *a - *b);
                }
            }
            cross += weight(i) * others / (1.0 - s);
            logs += weight(i) * (others / (1.0 - weight(i))).ln();
        }
        [squares - 2.0 * cross, logs]
    }

    #[test]
    fn the_scores_are_the_plain_sums_over_pairs() {
        for (cloud, kernel_of) in [
            (clumps(200, false), Kernel::new as KernelOf),
            (clumps(150, true), Kernel::new),
            (clumps(150, true).projected(crate::points::Plane::XY), Kernel::of_plane),
        ] {
            for (at, bandwidth) in [Bandwidth::CrossValidation, Bandwidth::Likelihood].into_iter().enumerate() {
                let selection = searched(&cloud, &bandwidth, kernel_of, &Silent).unwrap().unwrap();
                assert!(selection.warnings.is_empty(), "{:?}", selection.warnings);
                let of = |factor: f64| plain(&cloud, &kernel_of(&cloud, &Bandwidth::Factor(factor)).unwrap().0)[at];
                for [factor, score] in selection.scores.iter().step_by(5) {
                    let expected = of(*factor);
                    // The plain sum over others underflows where the kernel is very narrow.
                    assert!(
                        expected == f64::NEG_INFINITY || (score - expected).abs() < 1e-4 * expected.abs(),
                        "{bandwidth} {factor}: {score} {expected}"
                    );
                }
                // Neither a little narrower nor a little wider is better.
                let sign = if at == 0 { 1.0 } else { -1.0 };
                let here = sign * of(selection.factor);
                assert!(here <= sign * of(selection.factor * 1.03) && here <= sign * of(selection.factor * 0.97));
            }
        }
    }

    #[test]
    fn the_kernel_tells_its_rule_and_the_search() {
        let cloud = normal_cloud(400, 7);
        let scott = Kernel::new(&cloud, &Bandwidth::Scott).unwrap().0.factor.unwrap();
        for bandwidth in [Bandwidth::CrossValidation, Bandwidth::Likelihood] {
            let (kernel, selection, _) = kernel(&cloud, &bandwidth, Kernel::new, &Silent).unwrap();
            // Of normal points Scott's rule is the best there is.
            assert!((kernel.factor.unwrap() / scott - 1.0).abs() < 0.3, "{bandwidth}: {:?} {scott}", kernel.factor);
            assert_eq!((kernel.rule, selection.unwrap().factor), (bandwidth.rule(), kernel.factor.unwrap()));
            assert_eq!(Kernel::new(&cloud, &bandwidth).unwrap_err().exit_code(), 2);
        }
        assert_eq!(select(&cloud, &Bandwidth::Scott, &Silent).unwrap(), None);
    }

    #[test]
    fn repeated_points_are_told() {
        let mut cloud = normal_cloud(300, 9);
        cloud.positions.extend_from_within(..);
        for bandwidth in [Bandwidth::CrossValidation, Bandwidth::Likelihood] {
            let selection = select(&cloud, &bandwidth, &Silent).unwrap().unwrap();
            assert!(selection.factor > 0.0 && selection.warnings[0].contains("repeated"), "{:?}", selection.warnings);
        }
    }
}
