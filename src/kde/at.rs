//! The density at places of one's own, such as the points themselves.

use std::borrow::Cow;
use std::time::Instant;

use glam::DVec3;

use crate::error::{Error, Result};
use crate::geometry::Box3;
use crate::kde::choose::{Work, choose};
use crate::kde::setting::{Next, Outcome, ROUNDS, Setting};
use crate::kde::spectral::{Frame, Wanted};
use crate::kde::tree::Tree;
use crate::kde::whitened::weights;
use crate::kde::{DensityOptions, Kernel, Method, Report, Seconds};
use crate::kde::{bound, check, distinct, exact, places, select, variable};
use crate::points::PointCloud;
use crate::progress::Progress;

/// A density at places, and how it was made.
#[derive(Debug, Clone)]
pub struct AtPoints {
    /// One value a place, in the order of the places.
    pub values: Vec<f64>,
    /// Method, bounds, warnings. Shares are of the largest of `values`.
    pub report: Report,
}

/// The density of `cloud` at `positions`, which are often `&cloud.positions`: each point then counts itself, as in
/// `scipy.stats.gaussian_kde(x)(x)`.
///
/// The box and the resolution of `options` mean nothing here. With [`Method::Exact`] the values are scipy's to
/// rounding; with [`Method::Tree`] no value is wrong by more than `max_error` of the largest, which the spectral method
/// keeps, too, though it proves less ([`Report::error_relative_to_max`]). Two runs give the same bytes, whatever the
/// number of threads.
///
/// # Errors
/// [`Error::Data`] without two distinct points or for a position that is not finite, [`Error::Usage`] for options
/// that cannot be meant, [`Error::Interrupted`] if `progress` says so.
///
/// # Examples
/// ```
/// use densitas::kde::{DensityOptions, density_at};
/// use densitas::{progress::Silent, sample};
///
/// let cloud = sample::sample("founding", Some(500), 1)?;
/// let at = density_at(&cloud, &cloud.positions, &DensityOptions::default(), &Silent)?;
/// assert_eq!(at.values.len(), 500);
/// # Ok::<(), densitas::error::Error>(())
/// ```
pub fn density_at(
    cloud: &PointCloud,
    positions: &[DVec3],
    options: &DensityOptions,
    progress: &dyn Progress,
) -> Result<AtPoints> {
    let start = Instant::now();
    options.check_on_processor("densities at points")?;
    if let Some(at) = positions.iter().position(|p| !p.is_finite()) {
        let place = positions[at];
        return Err(Error::Data(format!("place {at} from 0 is {place}; a density needs finite positions")));
    }
    if options.bandwidth.varies() {
        return variable::density_at(cloud, positions, options, progress);
    }
    let (kernel, selection, mut warnings) = select::kernel(cloud, &options.bandwidth, Kernel::new, progress)?;
    // Points at one place are one of their weight, and a place is asked once.
    let at_the_points = std::ptr::eq(positions, &cloud.positions[..]);
    let repeated = distinct::repeated(&cloud.positions);
    let merged = repeated.as_ref().map(|distinct| distinct.merged(cloud));
    let (points, cloud) = (cloud.len(), merged.as_ref().unwrap_or(cloud));
    let asked = if at_the_points { repeated } else { distinct::repeated(positions) };
    let positions = asked.as_ref().map_or(positions, |distinct| &distinct.places);
    let setting = Setting::new(cloud, &kernel, options, size_of::<f64>());
    let chosen = choose(&setting, options, setting.places(positions), positions.len())?;
    let planned = start.elapsed();

    let (values, result) = match &chosen.work {
        Work::Exact => setting.exact_at(positions, progress)?,
        Work::Tree => setting.tree_at(positions, progress)?,
        Work::Spectral(frame) => match setting.spectral_at(frame, positions, progress)? {
            Some(done) => done,
            None => setting.tree_at(positions, progress)?,
        },
    };
    let evaluated = start.elapsed();

    let (bound_relative_to_each, told) = setting.kept(&result, Box3::around(positions), size_of::<f64>())?;
    warnings.extend(told);
    warnings.extend(setting.underflow(&values)?);
    let sampled = check::sampled_error(&setting, result.method, &values, result.largest, |at| positions[at]);
    let report = Report {
        method: result.method.name(),
        points,
        bound_relative_to_max: result.bound,
        error_relative_to_max: result.kept,
        bound_relative_to_each,
        sampled_error_relative_to_max: sampled,
        warnings,
        notes: Vec::new(),
        estimate: chosen.estimate.of(options.method, result.method),
        selection,
        seconds: Seconds::between(planned, evaluated, start.elapsed()),
        kernel,
    };
    let values = match &asked {
        Some(distinct) => distinct.of_point.iter().map(|at| values[*at]).collect(),
        None => values,
    };
    Ok(AtPoints { values, report })
}

impl Setting<'_> {
    fn exact_at(&self, positions: &[DVec3], progress: &dyn Progress) -> Result<(Vec<f64>, Outcome)> {
        let places = places::places(&self.whitening, positions);
        let sums = places::exact(&exact::grouped(self.points()), &places, progress)?;
        let (values, largest) = self.scaled(sums);
        Ok((values, self.of_sums(Method::Exact, largest, self.rounding_at(positions))))
    }

    /// Sums over the points near each cluster of places. What is left out is below `peak exp(-R^2/2)`, so the largest
    /// value decides the cut-off `R`; some values computed beforehand are a lower bound of it.
    fn tree_at(&self, positions: &[DVec3], progress: &dyn Progress) -> Result<(Vec<f64>, Outcome)> {
        let tree = Tree::new(self.points().to_vec())?;
        let places = places::clustered(places::places(&self.whitening, positions));
        progress.check()?;
        let rounding = self.rounding_at(positions);
        let target = self.left_to_cut_off(rounding);
        let peak = self.kernel.peak;
        let mut radius = match check::sampled_largest(self, positions) {
            0.0 => bound::radius_by_widening(self.max_error),
            // A hundredth less, so that rounding does not ask for a second round.
            largest => bound::radius_by_peak(0.99 * target, peak, largest),
        };
        loop {
            let (values, largest) = self.scaled(places::near(&tree, &places, radius, self.relative, progress)?);
            let left_out = bound::by_peak(radius, peak, largest);
            if left_out <= target || radius >= bound::FARTHEST {
                let left_out = if largest > 0.0 { left_out } else { 0.0 };
                return Ok((values, self.of_sums(Method::Tree, largest, left_out + rounding)));
            }
            radius = bound::radius_by_peak(target, peak, largest).max(radius + 0.1);
        }
    }

    /// Sums over the waves, with a smaller error again if the places do not hold the maximum to which it refers, or the
    /// proven bound has to keep it. None if no error is small enough.
    fn spectral_at(
        &self,
        frame: &Frame,
        positions: &[DVec3],
        progress: &dyn Progress,
    ) -> Result<Option<(Vec<f64>, Outcome)>> {
        let wanted = self.places(positions);
        let magnitude = self.magnitude(Box3::around(positions));
        let round = self.kernel.round();
        let mut frame = Cow::Borrowed(frame);
        for _ in 0..ROUNDS {
            progress.begin("density", frame.steps_at());
            let [point, place] =
                [&self.cloud.positions[..], positions].map(|p| |i: usize| self.whitening.in_sigmas(p[i]));
            let spectrum = frame.spectrum(self.cloud.len(), point, weights(self.cloud), progress)?;
            let (mut values, overall) = frame.at_places(&spectrum, &round, positions.len(), place, progress)?;
            let scale = self.kernel.peak / round.peak;
            values.iter_mut().for_each(|v| *v *= scale);
            let largest = values.iter().copied().fold(0.0, f64::max);
            // What values are taken from is steeper than they are; none is above the kernel's peak.
            let extremes = [largest, largest.max((overall * scale).min(self.kernel.peak))];
            let outcome = self.outcome_of_waves(&frame, &spectrum, wanted, extremes, magnitude);
            match self.next_frame(&frame, &outcome, wanted, 0.0) {
                Next::Done => return Ok(Some((values, outcome))),
                Next::Smaller(smaller) => frame = Cow::Owned(*smaller),
                Next::None => break,
            }
        }
        Ok(None)
    }

    /// What is wanted of the spectral method at `positions`.
    pub(super) fn places(&self, positions: &[DVec3]) -> Wanted<'static> {
        Wanted::Places(self.whitening.bounds_in_sigmas(positions))
    }

    /// Sums to densities, and the largest of them.
    fn scaled(&self, mut sums: Vec<f64>) -> (Vec<f64>, f64) {
        sums.iter_mut().for_each(|v| *v *= self.kernel.peak);
        let largest = sums.iter().copied().fold(0.0, f64::max);
        (sums, largest)
    }

    fn rounding_at(&self, positions: &[DVec3]) -> f64 {
        exact::rounding(self.cloud.len(), self.magnitude(Box3::around(positions)), None).bound()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;
    use crate::kde::check::plain;
    use crate::kde::tests::{Random, StopsAfter, normal_cloud, random_cloud};
    use crate::kde::{Bandwidth, density};
    use crate::progress::Silent;

    fn options(method: Method, max_error: f64) -> DensityOptions {
        DensityOptions { method, max_error, ..Default::default() }
    }

    fn at_points(cloud: &PointCloud, options: &DensityOptions) -> AtPoints {
        density_at(cloud, &cloud.positions, options, &Silent).unwrap()
    }

    /// Largest difference from the plain sum as a share of the largest; NaN if a value is.
    fn error_of(at: &AtPoints, cloud: &PointCloud, positions: &[DVec3]) -> f64 {
        let exact: Vec<f64> = positions.iter().map(|p| plain(cloud, &at.report.kernel, *p)).collect();
        let largest = exact.iter().copied().fold(0.0, f64::max);
        assert_eq!(at.values.len(), exact.len());
        let errors = at.values.iter().zip(&exact).map(|(a, b)| (a - b).abs() / largest);
        errors.fold(0.0, |worst: f64, e: f64| if worst.is_nan() || e <= worst { worst } else { e })
    }

    // scipy 1.17.1: i = np.arange(12); P = [i*37 % 101 / 10, i*53 % 97 / 7, i*71 % 89 / 13]; gaussian_kde(P)(P), and
    // gaussian_kde(P, weights=1 + i % 4, bw_method='silverman')(P).
    #[rustfmt::skip]
    const SCOTT: [f64; 12] = [
        0.0006006330356549399, 0.0011386742855097945, 0.0007112515795647442, 0.0007655213095265847,
        0.0007248570284052842, 0.0008916582354048279, 0.0010767342616646615, 0.0008301372825007889,
        0.0006813115634626528, 0.0006839280463231761, 0.00102036189881453, 0.000785729972071063,
    ];
    #[rustfmt::skip]
    const SILVERMAN: [f64; 12] = [
        0.0002813542109125132, 0.00142224237827241, 0.0008553932119069387, 0.0013052382788578108,
        0.00037059181766703985, 0.0009939985174071638, 0.0015901040737199591, 0.0013547773609506799,
        0.0004214990808686583, 0.000796629503150179, 0.001268177192849003, 0.001405510270040415,
    ];

    #[test]
    fn the_values_at_the_points_are_scipys_in_the_order_of_the_points() {
        let number = |i: usize, a: usize, b: usize, c: f64| (i * a % b) as f64 / c;
        let point = |i| DVec3::new(number(i, 37, 101, 10.0), number(i, 53, 97, 7.0), number(i, 71, 89, 13.0));
        let mut cloud = PointCloud::from_positions((0..12).map(point).collect());
        for (weights, bandwidth, expected) in [
            (None, Bandwidth::Scott, SCOTT),
            (Some((0..12).map(|i| f64::from(1 + i % 4)).collect()), Bandwidth::Silverman, SILVERMAN),
        ] {
            cloud.weights = weights;
            for (method, tolerance) in [(Method::Exact, 1e-12), (Method::Tree, 1e-6)] {
                let at = at_points(&cloud, &DensityOptions { bandwidth, ..options(method, 1e-6) });
                let largest = expected.iter().copied().fold(0.0, f64::max);
                let close = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance * largest;
                assert!(at.values.iter().zip(&expected).all(close), "{method:?}: {:?}", at.values);
            }
        }
    }

    #[test]
    fn repeated_points_are_asked_once() {
        let mut cloud = normal_cloud(150, 3);
        cloud.positions.extend(vec![DVec3::splat(0.2); 40_000]);
        cloud.weights = Some((0..cloud.len()).map(|i| 1.0 + (i % 3) as f64).collect());
        let o = DensityOptions { bandwidth: Bandwidth::Factor(0.3), ..options(Method::Tree, 1e-6) };
        let start = std::time::Instant::now();
        let at = density_at(&cloud, &cloud.positions, &o, &Silent).unwrap();
        // By pairs 1.6e9.
        assert!(start.elapsed().as_secs_f64() < 1.0, "{:?}", at.report.seconds);
        assert_eq!((at.report.points, at.values.len()), (40_150, 40_150));
        for i in [0, 77, 149, 150, 40_149] {
            let expected = check::plain(&cloud, &at.report.kernel, cloud.positions[i]);
            assert!((at.values[i] / expected - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn both_methods_keep_their_bounds_on_random_data() {
        let mut random = Random(23);
        for case in 0..150 {
            let cloud = random_cloud(&mut random);
            let bandwidth = Bandwidth::Factor(10f64.powf(random.between(-2.0, 0.3)));
            let some: Vec<DVec3> =
                (0..77).map(|_| cloud.positions[random.below(cloud.len())] * random.between(0.9, 1.1)).collect();
            for positions in [&cloud.positions, &some] {
                for (method, max_error) in [(Method::Tree, 1e-3), (Method::Tree, 1e-6), (Method::Exact, 1e-6)] {
                    let o = DensityOptions { bandwidth, ..options(method, max_error) };
                    let at = density_at(&cloud, positions, &o, &Silent).unwrap();
                    let (error, bound) = (error_of(&at, &cloud, positions), at.report.bound_relative_to_max);
                    // Where all are below 2^-960 of the peak, zeros are right.
                    let is_zero = at.values.iter().all(|v| *v == 0.0);
                    assert!(is_zero || error <= bound, "case {case}: {method:?} error {error:e}, bound {bound:e}");
                    assert!(bound <= max_error, "case {case}: {method:?} bound {bound:e}");
                    let sampled = at.report.sampled_error_relative_to_max;
                    assert!(
                        is_zero || sampled <= 1.01 * error + 1e-12,
                        "case {case}: sampled {sampled:e}, error {error:e}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_tree_leaves_out_something() {
        let cloud = normal_cloud(3000, 3);
        let o = DensityOptions { bandwidth: Bandwidth::Factor(0.1), ..options(Method::Tree, 1e-4) };
        let error = error_of(&at_points(&cloud, &o), &cloud, &cloud.positions);
        assert!(error > 1e-10 && error < 1e-4, "{error:e}");
    }

    #[test]
    fn a_node_of_a_grid_has_the_value_of_the_grid() {
        let cloud = normal_cloud(200, 5);
        let grid = density::<f64>(&cloud, &DensityOptions { method: Method::Exact, ..Default::default() }, &Silent);
        let grid = grid.unwrap().grid;
        let [nx, ny, _] = grid.lattice.shape;
        let node = grid.lattice.node(nx / 2, ny / 3, 7);
        let at = density_at(&cloud, &[node], &options(Method::Exact, 1e-6), &Silent).unwrap();
        let value = grid.values[nx / 2 + nx * (ny / 3 + ny * 7)];
        assert!((at.values[0] / value - 1.0).abs() < 1e-12, "{} {value}", at.values[0]);
    }

    #[test]
    fn two_runs_and_any_number_of_threads_give_the_same_bytes() {
        let mut cloud = normal_cloud(5_000, 13);
        // Equal points, whose order only their index decides.
        cloud.positions.extend_from_within(..1000);
        cloud.weights = Some((0..6_000).map(|i| 1.0 + f64::from(i % 7)).collect());
        for method in [Method::Exact, Method::Tree, Method::Spectral] {
            let run = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let at = pool.install(|| at_points(&cloud, &options(method, 1e-6)));
                at.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
            };
            let one = run(1);
            assert!([1, 2, 3].into_iter().all(|threads| run(threads) == one), "{method:?}");
        }
    }

    #[test]
    fn progress_reaches_its_total_and_stops_the_work() {
        let cloud = normal_cloud(4000, 21);
        for method in [Method::Exact, Method::Tree] {
            let listen = |limit| StopsAfter { limit, steps: AtomicU64::new(0), total: AtomicU64::new(0) };
            let all = listen(u64::MAX);
            density_at(&cloud, &cloud.positions, &options(method, 1e-6), &all).unwrap();
            assert_eq!(all.steps.into_inner(), all.total.into_inner());
            let stopped = listen(64);
            let error = density_at(&cloud, &cloud.positions, &options(method, 1e-6), &stopped).unwrap_err();
            assert_eq!(error.exit_code(), 130);
            assert!(stopped.steps.into_inner() < stopped.total.into_inner());
        }
    }

    #[test]
    fn no_place_is_no_value_and_a_place_that_is_not_finite_is_refused() {
        let cloud = normal_cloud(50, 2);
        for method in [Method::Exact, Method::Tree] {
            let none = density_at(&cloud, &[], &options(method, 1e-6), &Silent).unwrap();
            assert!(none.values.is_empty());
        }
        let bad = [DVec3::ZERO, DVec3::new(0.0, f64::NAN, 0.0)];
        let error = density_at(&cloud, &bad, &DensityOptions::default(), &Silent).unwrap_err();
        assert!(error.exit_code() == 1 && error.to_string().contains("place 1"), "{error}");
        let far = density_at(&cloud, &[DVec3::splat(1e5)], &options(Method::Tree, 1e-6), &Silent).unwrap();
        assert_eq!(far.values, [0.0]);
    }
}
