//! The density against hand-made values, closed forms, and the plain double loop.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use glam::{DMat3, DVec3};

use super::check::plain;
use super::*;
use crate::geometry::Box3;
use crate::progress::Silent;

/// Random numbers: splitmix64 (Steele 2014).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }
    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }
    pub(super) fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
    pub(super) fn normals(&mut self) -> DVec3 {
        DVec3::new(self.normal(), self.normal(), self.normal())
    }
}

pub(super) fn normal_cloud(n: usize, seed: u64) -> PointCloud {
    let mut random = Random(seed);
    PointCloud::from_positions((0..n).map(|_| random.normals()).collect())
}

fn options(method: Method, nodes: usize) -> DensityOptions {
    let resolution = Resolution::Nodes([nodes; 3]);
    DensityOptions { method, resolution, extent: Extent::Padding(0.0), ..Default::default() }
}

pub(super) fn made<T: Sample>(cloud: &PointCloud, options: &DensityOptions) -> Density<T> {
    density(cloud, options, &Silent).unwrap()
}

/// Largest difference as a share of the largest plain value; NaN if any value is. Where all are below 2^-960 of the
/// kernel's peak, zeros are right.
pub(super) fn error_of<T: Sample>(density: &Density<T>, cloud: &PointCloud) -> f64 {
    let lattice = density.grid.lattice;
    let (mut worst, mut largest) = (0.0, 0.0);
    for (at, value) in density.grid.values.iter().enumerate() {
        let exact = plain(cloud, &density.report.kernel, lattice.node_at(at));
        let error = (value.to_f64() - exact).abs();
        worst = if f64::is_nan(worst) || error <= worst { worst } else { error };
        largest = f64::max(largest, exact);
    }
    if largest < density.report.kernel.peak * 1e-289 && worst <= largest { 0.0 } else { worst / largest }
}

#[test]
fn two_points_give_the_sum_of_two_gaussians() {
    let cloud = PointCloud::from_positions(vec![DVec3::ZERO, DVec3::new(2.0, 0.0, 0.0)]);
    let bandwidth = Bandwidth::Length { sigma: [1.0, 2.0, 0.5], unit: None };
    let bounds = Box3 { min: DVec3::ZERO, max: DVec3::new(2.0, 4.0, 1.0) };
    for method in [Method::Exact, Method::Tree] {
        let o = DensityOptions { bandwidth, extent: Extent::Bounds(bounds), max_error: 1e-13, ..options(method, 3) };
        let d: Density<f64> = made(&cloud, &o);
        let at = |i: usize, j: usize, k: usize| d.grid.values[i + 3 * (j + 3 * k)];
        let peak = std::f64::consts::TAU.powf(-1.5);
        assert!((at(0, 0, 0) / (peak * 0.5 * (1.0 + (-2f64).exp())) - 1.0).abs() < 1e-12);
        assert!((at(1, 1, 0) / (peak * (-1f64).exp()) - 1.0).abs() < 1e-12);
        assert!((at(1, 0, 2) / (peak * (-2.5f64).exp()) - 1.0).abs() < 1e-12);
    }
}

// Sums of a Gaussian over a lattice finer than it equal the integral to exp(-2 pi^2 (s/h)^2), here 1e-33.
#[test]
fn a_gaussian_of_weights_convolved_is_a_gaussian_of_the_summed_variances() {
    let (mut positions, mut weights) = (Vec::new(), Vec::new());
    for at in 0..27 * 27 * 27 {
        let p = DVec3::new((at % 27) as f64, (at / 27 % 27) as f64, (at / 729) as f64) * 0.5 - 6.5;
        positions.push(p);
        weights.push((-0.5 * p.length_squared()).exp());
    }
    let cloud = PointCloud { positions, weights: Some(weights), ..PointCloud::default() };
    let bandwidth = Bandwidth::Length { sigma: [0.7, 0.9, 0.8], unit: None };
    let variance = DVec3::new(1.49, 1.81, 1.64);
    for method in [Method::Exact, Method::Tree] {
        let d: Density<f64> = made(&cloud, &DensityOptions { bandwidth, max_error: 1e-12, ..options(method, 15) });
        let peak = (std::f64::consts::TAU.powi(3) * variance.element_product()).powf(-0.5);
        for (at, value) in d.grid.values.iter().enumerate() {
            let p = d.grid.lattice.node(at % 15, at / 15 % 15, at / 225);
            let expected = peak * (-0.5 * (p * p / variance).element_sum()).exp();
            // The lattice of weights ends at 6.5 standard deviations: 1e-9 are missing there.
            assert!((value - expected).abs() < 2e-9 * peak, "{p}: {value} {expected}");
        }
    }
}

/// A random cloud in up to three clumps, rotated and stretched up to 30 times, 1000 of its smallest spread from 0.
pub(super) fn random_cloud(random: &mut Random) -> PointCloud {
    let n = 2 + random.below(300);
    let stretch =
        DVec3::new(1.0, random.between(0.03, 1.0), random.between(0.03, 1.0)) * 10f64.powf(random.between(-3.0, 3.0));
    let turn = DMat3::from_euler(
        glam::EulerRot::XYZ,
        random.between(0.0, 6.0),
        random.between(0.0, 6.0),
        random.between(0.0, 6.0),
    );
    let centers: Vec<DVec3> = (0..1 + random.below(3)).map(|_| random.normals() * 5.0).collect();
    let shift = random.normals() * 1e3 * stretch.min_element();
    let positions =
        (0..n).map(|_| turn * ((centers[random.below(centers.len())] + random.normals()) * stretch) + shift);
    let positions: Vec<DVec3> = positions.collect();
    let weights = (random.below(2) == 0)
        .then(|| (0..n).map(|i| if i < 2 { 1.0 } else { random.uniform() * (i % 4) as f64 }).collect());
    PointCloud { positions, weights, ..PointCloud::default() }
}

pub(super) fn random_options(random: &mut Random, cloud: &PointCloud) -> DensityOptions {
    let bandwidth = match random.below(4) {
        0 => Bandwidth::Scott,
        1 => Bandwidth::Silverman,
        _ => Bandwidth::Factor(10f64.powf(random.between(-2.0, 0.3))),
    };
    let extent = match random.below(3) {
        0 => Extent::Padding(random.between(0.0, 4.0)),
        1 => Extent::Auto,
        _ => {
            let (b, f) = (cloud.bounds(), random.between(-0.3, 0.9));
            Extent::Bounds(Box3 { min: b.min + f * b.size(), max: b.max + 0.1 * b.size() })
        }
    };
    let nodes = [2 + random.below(14), 2 + random.below(14), 2 + random.below(20)];
    DensityOptions { bandwidth, extent, resolution: Resolution::Nodes(nodes), ..Default::default() }
}

#[test]
fn the_tree_keeps_its_error_and_its_bound_on_random_data() {
    let mut random = Random(7);
    for case in 0..300 {
        let cloud = random_cloud(&mut random);
        let base = random_options(&mut random, &cloud);
        for max_error in [1e-3, 1e-6] {
            let o = DensityOptions { method: Method::Tree, max_error, ..base.clone() };
            let d: Density<f64> = made(&cloud, &o);
            let (error, bound) = (error_of(&d, &cloud), d.report.bound_relative_to_max);
            assert!(error <= bound && bound <= max_error, "case {case}: error {error:e}, bound {bound:e}, {o:?}");
            let stored: Density<f32> = made(&cloud, &o);
            let (error, bound) = (error_of(&stored, &cloud), stored.report.bound_relative_to_max);
            let fits = stored.report.warnings.iter().all(|w| !w.contains("f32"));
            assert!(
                !fits || error <= bound && bound <= max_error,
                "case {case}: f32 {error:e}, bound {bound:e}, {o:?}"
            );
        }
    }
}

#[test]
fn the_exact_sum_keeps_its_bound_on_random_data() {
    let mut random = Random(11);
    for case in 0..60 {
        let cloud = random_cloud(&mut random);
        let o = DensityOptions { method: Method::Exact, ..random_options(&mut random, &cloud) };
        let d: Density<f64> = made(&cloud, &o);
        let (error, bound) = (error_of(&d, &cloud), d.report.bound_relative_to_max);
        assert!(error <= bound.max(1e-12) && bound < 1e-6, "case {case}: error {error:e}, bound {bound:e}, {o:?}");
    }
}

#[test]
fn the_tree_leaves_out_no_more_and_no_less_than_it_may() {
    let cloud = normal_cloud(2000, 3);
    let errors = [1e-2, 1e-4, 1e-6, 1e-8].map(|max_error| {
        let d: Density<f64> = made(&cloud, &DensityOptions { max_error, ..options(Method::Tree, 24) });
        (error_of(&d, &cloud), d.report.sampled_error_relative_to_max, max_error)
    });
    for (error, sampled, max_error) in errors {
        // A cut-off that is never used would pass every test of accuracy.
        assert!(error <= max_error && error > 1e-6 * max_error, "{errors:?}");
        assert!(sampled <= error * 1.01 + 1e-13, "{errors:?}");
    }
}

#[test]
fn shifts_and_units_change_only_the_unit() {
    // Multiples of 1/1024 and whole numbers: neither the shift nor the nodes are rounded.
    let round = |p: &DVec3| (*p * 1024.0).round() / 1024.0;
    let cloud: Vec<DVec3> = normal_cloud(300, 5).positions.iter().map(round).collect();
    let shift = DVec3::splat(2f64.powi(30));
    let moved = |scale: f64, shift: DVec3, method: Method| {
        let bounds = Box3 { min: DVec3::splat(-4.0) * scale + shift, max: DVec3::splat(4.0) * scale + shift };
        let cloud = PointCloud::from_positions(cloud.iter().map(|p| *p * scale + shift).collect());
        made::<f64>(&cloud, &DensityOptions { extent: Extent::Bounds(bounds), ..options(method, 17) }).grid
    };
    for method in [Method::Exact, Method::Tree] {
        let here = moved(1.0, DVec3::ZERO, method);
        let (scaled, far) = (moved(1024.0, DVec3::ZERO, method), moved(1.0, shift, method));
        let largest = here.statistics().max;
        for (at, value) in here.values.iter().enumerate() {
            assert!((scaled.values[at] * 1024f64.powi(3) - value).abs() < 1e-13 * largest);
            assert!((far.values[at] - value).abs() < 1e-12 * largest, "{method:?}: {value} {}", far.values[at]);
        }
    }
}

#[test]
fn weights_are_repeats_for_a_given_kernel() {
    let mut cloud = normal_cloud(50, 9);
    let weights: Vec<f64> = (0..50).map(|i| f64::from(i % 4)).collect();
    let repeated = cloud.positions.iter().zip(&weights).flat_map(|(p, w)| vec![*p; *w as usize]).collect();
    let repeated = PointCloud::from_positions(repeated);
    cloud.weights = Some(weights);
    let bandwidth = Bandwidth::Length { sigma: [0.4, 0.5, 0.6], unit: None };
    let bounds = Box3 { min: DVec3::splat(-3.0), max: DVec3::splat(3.0) };
    for method in [Method::Exact, Method::Tree] {
        let o = DensityOptions { bandwidth, extent: Extent::Bounds(bounds), ..options(method, 11) };
        let (a, b): (Density<f64>, Density<f64>) = (made(&cloud, &o), made(&repeated, &o));
        let largest = a.grid.statistics().max;
        assert!(a.grid.values.iter().zip(&b.grid.values).all(|(a, b)| (a - b).abs() < 1e-14 * largest));
    }
}

#[test]
fn two_runs_and_any_number_of_threads_give_the_same_bytes() {
    let mut cloud = normal_cloud(20_000, 13);
    cloud.weights = Some((0..20_000).map(|i| 1.0 + f64::from(i % 7)).collect());
    for method in [Method::Exact, Method::Tree, Method::Spectral] {
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let d: Density<f64> = pool.install(|| made(&cloud, &options(method, 17)));
            d.grid.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
        };
        let one = run(1);
        assert!([1, 2, 3].into_iter().all(|threads| run(threads) == one), "{method:?}");
    }
}

// kiddo's mutable tree loses points when more than 32 share a coordinate.
#[test]
fn a_lattice_of_200_000_points_and_10_000_equal_points_lose_nobody() {
    let lattice = (0..200_000).map(|i| DVec3::new((i % 50) as f64, (i / 50 % 50) as f64, (i / 2500) as f64)).collect();
    let mut equal = vec![DVec3::ONE; 10_000];
    equal.push(DVec3::ZERO);
    for positions in [lattice, equal] {
        let start = Instant::now();
        let cloud = PointCloud::from_positions(positions);
        let bandwidth = Bandwidth::Length { sigma: [0.8; 3], unit: None };
        let d: Density<f64> = made(&cloud, &DensityOptions { bandwidth, ..options(Method::Tree, 20) });
        assert!(d.report.sampled_error_relative_to_max < 1e-6, "{:?}", d.report);
        let plain = plain(&cloud, &d.report.kernel, d.grid.lattice.node(19, 19, 19));
        assert!((d.grid.values[7999] - plain).abs() < 1e-6 * d.grid.statistics().max);
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn a_far_outlier_gives_a_finite_grid_quickly_and_a_warning() {
    let positions = vec![DVec3::ZERO, DVec3::ONE, DVec3::new(1e30, 0.0, 0.0)];
    let start = Instant::now();
    let d: Density<f32> = made(&PointCloud::from_positions(positions), &DensityOptions::default());
    assert!(!d.report.warnings.is_empty() && d.grid.values.iter().all(|v| v.is_finite()));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", d.report);
}

#[test]
fn bounds_hold_to_the_ends_of_f32_and_beyond_them_it_is_told() {
    for scale in [1.0, 1e8, 1e12, 1e14, 1e20, 1e-11, 1e-14] {
        let positions = normal_cloud(400, 17).positions.iter().map(|p| *p * scale).collect();
        let cloud = PointCloud::from_positions(positions);
        for method in [Method::Exact, Method::Tree, Method::Spectral] {
            let options = DensityOptions { bandwidth: Bandwidth::Factor(1.0), ..options(method, 12) };
            let d: Density<f32> = made(&cloud, &options);
            assert_eq!(d.report.method, method.name());
            let (error, report) = (error_of(&d, &cloud), &d.report);
            assert!(error <= report.error_relative_to_max, "{scale:e} {method:?}: {error:e} {report:?}");
            assert!(report.error_relative_to_max <= report.bound_relative_to_max);
            let is_out_of_range = report.error_relative_to_max > 1e-6;
            assert_eq!(is_out_of_range, scale >= 1e14 || scale <= 1e-14, "{scale:e} {method:?}: {report:?}");
            assert_eq!(is_out_of_range, report.warnings.iter().any(|w| w.contains("range of f32")), "{report:?}");
            let guaranteed = density::<f32>(&cloud, &DensityOptions { guaranteed: true, ..options.clone() }, &Silent);
            assert_eq!(guaranteed.is_err(), is_out_of_range, "{scale:e} {method:?}");
            assert!(made::<f64>(&cloud, &options).report.warnings.is_empty());
        }
    }
}

// Beyond 36.5 standard deviations a kernel is 0.
#[test]
fn bounds_hold_where_all_points_are_as_far_as_kernels_reach() {
    let cloud = PointCloud::from_positions(vec![DVec3::ZERO, DVec3::new(0.0, 1e-3, 0.0)]);
    let bandwidth = Bandwidth::Length { sigma: [1.0; 3], unit: None };
    for first in [30.0, 36.0, 36.4, 37.0] {
        let bounds = Box3 { min: DVec3::new(first, 0.0, 0.0), max: DVec3::new(first + 0.6, 0.5, 0.5) };
        for method in [Method::Exact, Method::Tree] {
            let o = DensityOptions { bandwidth, extent: Extent::Bounds(bounds), ..options(method, 6) };
            let d: Density<f64> = made(&cloud, &o);
            let (error, bound) = (error_of(&d, &cloud), d.report.bound_relative_to_max);
            assert!(error <= bound, "{first} {method:?}: {error:e} {bound:e}");
            let guaranteed = density::<f64>(&cloud, &DensityOptions { guaranteed: true, ..o.clone() }, &Silent);
            assert_eq!(guaranteed.is_ok(), first <= 36.0, "{first} {method:?} {bound:e}");
            let relative = DensityOptions { relative: true, guaranteed: true, ..o };
            assert_eq!(density::<f64>(&cloud, &relative, &Silent).is_ok(), first == 30.0, "{first} {method:?}");
        }
    }
}

#[test]
fn kernels_whose_peak_f64_hardly_holds_are_refused() {
    let scaled = |scale: f64| normal_cloud(300, 4).positions.iter().map(|p| *p * scale).collect();
    let o = DensityOptions { guaranteed: true, ..options(Method::Auto, 6) };
    for (scale, is_held) in [(1e90, true), (1e104, false), (1e107, false)] {
        let made = density::<f64>(&PointCloud::from_positions(scaled(scale)), &o, &Silent);
        assert_eq!(made.is_ok(), is_held, "{scale:e} {made:?}");
    }
}

#[test]
fn another_method_than_the_one_asked_for_is_explained() {
    let cloud = PointCloud::from_positions(normal_cloud(300, 4).positions.iter().map(|p| *p + 1e10).collect());
    let d: Density<f64> = made(&cloud, &options(Method::Spectral, 8));
    assert!(d.report.method == "tree" && d.report.estimate.reason.contains("waves cannot"), "{:?}", d.report);
}

#[test]
fn a_default_grid_too_coarse_for_a_narrow_ridge_is_told() {
    let mut random = Random(29);
    let mut at = |correlation: f64| {
        let [a, b, c] = random.normals().to_array();
        DVec3::new(a, correlation * a + (1.0 - correlation * correlation).sqrt() * b, c)
    };
    for (correlation, is_told) in [(0.0, false), (0.9, false), (0.9999, true)] {
        let cloud = PointCloud::from_positions((0..2000).map(|_| at(correlation)).collect());
        let o = DensityOptions::default();
        let d: Density<f32> = made(&cloud, &o);
        let told = d.report.warnings.iter().find(|w| w.contains("coarser than the kernel"));
        assert_eq!(told.is_some(), is_told, "{correlation}: {:?}", d.report);
        assert_eq!((d.grid.statistics().integral - 1.0).abs() < 0.02, !is_told, "{correlation}");
    }
}

#[test]
fn planes_and_lines_give_a_density_without_nan() {
    for (dx, dy, dz) in [(1.0, 1.0, 0.0), (1.0, 0.0, 0.0), (1.0, 1.0, 2.0)] {
        let at = |i: i32| DVec3::new(f64::from(i) * dx, f64::from(i * i % 7) * dy, f64::from(i + i * i % 7) * dz);
        for n in [2, 3, 40] {
            let cloud = PointCloud::from_positions((0..n).map(at).collect());
            for extent in [Extent::Auto, Extent::Padding(0.0)] {
                let d: Density<f32> = made(&cloud, &DensityOptions { extent, ..options(Method::Auto, 16) });
                assert!(d.grid.statistics().max > 0.0 && d.grid.values.iter().all(|v| v.is_finite()));
                assert!(d.report.warnings[0].contains("singular"), "{:?}", d.report.warnings);
            }
        }
    }
}

#[test]
fn a_box_far_from_all_points_is_told_to_be_empty() {
    let bounds = Box3 { min: DVec3::splat(1e3), max: DVec3::splat(1.1e3) };
    for method in [Method::Exact, Method::Tree] {
        let o = DensityOptions { extent: Extent::Bounds(bounds), ..options(method, 9) };
        let d: Density<f32> = made(&normal_cloud(100, 1), &o);
        assert!(d.grid.values.iter().all(|v| *v == 0.0));
        assert!(d.report.warnings.iter().any(|w| w.contains("0 at every node")), "{:?}", d.report);
    }
}

/// Counts, and stops after a number of steps.
pub(super) struct StopsAfter {
    pub(super) limit: u64,
    pub(super) steps: AtomicU64,
    pub(super) total: AtomicU64,
}

impl Progress for StopsAfter {
    fn begin(&self, _stage: &'static str, total: u64) {
        self.total.store(total, Ordering::SeqCst);
    }
    fn advance(&self, steps: u64) {
        self.steps.fetch_add(steps, Ordering::SeqCst);
    }
    fn is_cancelled(&self) -> bool {
        self.steps.load(Ordering::SeqCst) >= self.limit
    }
}

#[test]
fn progress_reaches_its_total_and_stops_the_work() {
    let cloud = normal_cloud(3000, 21);
    for method in [Method::Exact, Method::Tree] {
        let listen = |limit| StopsAfter { limit, steps: AtomicU64::new(0), total: AtomicU64::new(0) };
        let all = listen(u64::MAX);
        density::<f32>(&cloud, &options(method, 40), &all).unwrap();
        assert_eq!(all.steps.into_inner(), all.total.into_inner());
        let stopped = listen(3);
        let error = density::<f32>(&cloud, &options(method, 40), &stopped).unwrap_err();
        assert_eq!(error.exit_code(), 130);
        assert!(stopped.steps.into_inner() < stopped.total.into_inner());
    }
}

#[test]
fn errors_that_cannot_be_meant_are_refused() {
    for max_error in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let o = DensityOptions { max_error, ..Default::default() };
        assert_eq!(density::<f32>(&normal_cloud(5, 1), &o, &Silent).unwrap_err().exit_code(), 2);
    }
}

#[test]
fn every_value_is_right_in_the_tails_if_the_error_is_relative() {
    let mut random = Random(41);
    for case in 0..60 {
        let cloud = random_cloud(&mut random);
        let o = DensityOptions { relative: true, ..random_options(&mut random, &cloud) };
        let relative = |value: f64, exact: f64, least: f64| exact < least || (value / exact - 1.0).abs() <= 1e-6;
        for method in [Method::Tree, Method::Auto] {
            let d: Density<f64> = made(&cloud, &DensityOptions { method, ..o.clone() });
            let (lattice, kernel) = (d.grid.lattice, &d.report.kernel);
            for (at, value) in d.grid.values.iter().enumerate() {
                let exact = plain(&cloud, kernel, lattice.node_at(at));
                assert!(relative(*value, exact, 1e-288 * kernel.peak), "case {case}, {method:?}: {value:e} {exact:e}");
            }
            let far: Vec<DVec3> = cloud.positions.iter().map(|p| *p * 1.5).collect();
            let at = density_at(&cloud, &far, &DensityOptions { method, ..o.clone() }, &Silent).unwrap();
            for (p, value) in far.iter().zip(&at.values) {
                let exact = plain(&cloud, kernel, *p);
                assert!(relative(*value, exact, 1e-288 * kernel.peak), "case {case}, {method:?}: {value:e} {exact:e}");
            }
        }
    }
    let spectral = DensityOptions { relative: true, method: Method::Spectral, ..Default::default() };
    assert_eq!(density::<f32>(&normal_cloud(9, 1), &spectral, &Silent).unwrap_err().exit_code(), 2);
}

#[test]
fn rounding_far_from_0_is_told_of_every_value_that_it_changes() {
    let mut cloud = normal_cloud(200, 5);
    let o = DensityOptions { relative: true, method: Method::Tree, ..Default::default() };
    let told = |cloud: &PointCloud, o: &DensityOptions| {
        let d: Density<f64> = made(cloud, o);
        d.report.warnings.iter().any(|w| w.contains("of each value"))
    };
    assert!(!told(&cloud, &o));
    cloud.positions.iter_mut().for_each(|p| *p += 1e7);
    assert!(told(&cloud, &o));
    // Of the largest value it is nothing.
    assert!(!told(&cloud, &DensityOptions { relative: false, ..o.clone() }));
    let guaranteed = density::<f64>(&cloud, &DensityOptions { guaranteed: true, ..o }, &Silent);
    assert!(guaranteed.unwrap_err().to_string().contains("of each value"));
}
