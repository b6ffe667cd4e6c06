use std::sync::atomic::AtomicU64;

use glam::DVec3;

use crate::geometry::Box3;
use crate::grid::Sample;
use crate::kde::tests::{Random, StopsAfter, made, normal_cloud, random_cloud, random_options};
use crate::kde::variable::Kernels;
use crate::kde::*;
use crate::progress::Silent;

fn options(max_error: f64, nodes: usize) -> DensityOptions {
    let (bandwidth, resolution) = (Bandwidth::PerPoint, Resolution::Nodes([nodes; 3]));
    DensityOptions { bandwidth, resolution, extent: Extent::Padding(0.0), max_error, ..Default::default() }
}

/// Standard deviations between `low` and `high` of a length, the same share of each octave.
fn widths(random: &mut Random, n: usize, low: f64, high: f64) -> Vec<DVec3> {
    let mut one = || low * (high / low).powf(random.uniform());
    (0..n).map(|i| if i % 3 == 0 { DVec3::new(one(), one(), one()) } else { DVec3::splat(one()) }).collect()
}

/// Largest difference from the plain sum at about `count` nodes, as a share of the largest value; NaN if a value is.
fn error_of<T: Sample>(cloud: &PointCloud, o: &DensityOptions, d: usize, grid: &DensityGrid<T>, count: usize) -> f64 {
    let kernels = Kernels::new(cloud, &o.bandwidth, d).unwrap().0;
    let largest = grid.values.iter().map(|v| v.to_f64()).fold(0.0, f64::max);
    let step = (grid.values.len() / count).max(1);
    let error = |at: usize| {
        let plain = kernels.plain(grid.lattice.node_at(at));
        (grid.values[at].to_f64() - plain).abs() / largest
    };
    let errors = (0..grid.values.len()).step_by(step).map(error);
    errors.fold(0.0, |worst: f64, e: f64| if worst.is_nan() || e <= worst { worst } else { e })
}

#[test]
fn two_points_have_two_gaussians_of_their_own() {
    let mut cloud = PointCloud::from_positions(vec![DVec3::ZERO, DVec3::new(2.0, 0.0, 0.0)]);
    cloud.sigmas = Some(vec![DVec3::new(1.0, 2.0, 0.5), DVec3::splat(3.0)]);
    cloud.weights = Some(vec![1.0, 3.0]);
    let extent = Extent::Bounds(Box3 { min: DVec3::ZERO, max: DVec3::new(2.0, 4.0, 1.0) });
    let d: Density<f64> = made(&cloud, &DensityOptions { extent, ..options(1e-12, 3) });
    let at = |i: usize, j: usize, k: usize| d.grid.values[i + 3 * (j + 3 * k)];
    let peak = std::f64::consts::TAU.powf(-1.5);
    let expected = |first: f64, second: f64| peak * (0.25 * (-first).exp() + 0.75 / 27.0 * (-second).exp());
    // Node (1, 1, 2) is (1, 2, 1): 1/2 + 1/2 + 2, and (1 + 4 + 1) / 18.
    for (value, expected) in [
        (at(0, 0, 0), expected(0.0, 4.0 / 18.0)),
        (at(2, 0, 0), expected(2.0, 0.0)),
        (at(1, 1, 2), expected(3.0, 6.0 / 18.0)),
    ] {
        assert!((value / expected - 1.0).abs() < 1e-11, "{value} {expected}");
    }
    assert_eq!((d.report.method, d.report.kernel.rule, d.report.kernel.factor), ("variable", "per-point", None));
    // The median of 1 and 3, 2 and 3, 1/2 and 3.
    assert!(d.report.kernel.sigma().abs_diff_eq(DVec3::new(2.0, 2.5, 1.75), 1e-12));
}

#[test]
fn equal_widths_make_the_ordinary_density() {
    let mut cloud = normal_cloud(400, 8);
    let exact =
        DensityOptions { bandwidth: "0.3,0.4,0.5".parse().unwrap(), method: Method::Exact, ..options(1e-9, 20) };
    let plain: Density<f64> = made(&cloud, &exact);
    cloud.sigmas = Some(vec![DVec3::new(0.3, 0.4, 0.5); 400]);
    for method in [Method::Auto, Method::Exact] {
        let own: Density<f64> = made(&cloud, &DensityOptions { method, ..options(1e-9, 20) });
        let largest = plain.grid.statistics().max;
        let worst =
            std::iter::zip(&own.grid.values, &plain.grid.values).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst <= 1e-9 * largest, "{method:?} {:e}", worst / largest);
        assert_eq!(own.grid.lattice, plain.grid.lattice);
        let at =
            density_at(&cloud, &cloud.positions, &DensityOptions { method, ..options(1e-9, 20) }, &Silent).unwrap();
        let at_exact = density_at(&cloud, &cloud.positions, &exact, &Silent).unwrap();
        let largest = at_exact.values.iter().copied().fold(0.0, f64::max);
        assert!(std::iter::zip(at.values, at_exact.values).all(|(a, b)| (a - b).abs() <= 1e-9 * largest));
    }
}

#[test]
fn random_clouds_keep_the_error_and_the_bound() {
    let mut random = Random(77);
    for case in 0..120 {
        let mut cloud = random_cloud(&mut random);
        let longest = cloud.bounds().size().max_element();
        cloud.sigmas = Some(widths(&mut random, cloud.len(), 1e-3 * longest, 0.5 * longest));
        let max_error = 10f64.powf(random.between(-9.0, -2.0));
        let bandwidth = if case % 5 == 4 { Bandwidth::Nearest(1 + case % 7) } else { Bandwidth::PerPoint };
        let bandwidth = if cloud.len() < 9 { Bandwidth::PerPoint } else { bandwidth };
        let o = DensityOptions { bandwidth, max_error, method: Method::Auto, ..random_options(&mut random, &cloud) };
        let d: Density<f64> = made(&cloud, &o);
        let (error, bound) = (error_of(&cloud, &o, 3, &d.grid, 500), d.report.bound_relative_to_max);
        let is_zero = d.grid.values.iter().all(|v| *v == 0.0);
        assert!(is_zero || error <= bound, "case {case}: {error:e} {bound:e}");
        assert!(bound <= max_error, "case {case}: {bound:e} {max_error:e}");
        assert!(is_zero || d.report.sampled_error_relative_to_max <= bound, "case {case}");

        let at = density_at(&cloud, &cloud.positions, &o, &Silent).unwrap();
        let kernels = Kernels::new(&cloud, &o.bandwidth, 3).unwrap().0;
        let largest = at.values.iter().copied().fold(0.0, f64::max);
        let off = |(v, p): (&f64, &DVec3)| (v - kernels.plain(*p)).abs() / largest;
        let worst = std::iter::zip(&at.values, &cloud.positions).map(off).fold(0.0, f64::max);
        assert!(worst <= at.report.bound_relative_to_max, "case {case}: {worst:e}");
        assert!(at.report.bound_relative_to_max <= max_error, "case {case}");
    }
}

// Planes and boxes large enough for coarser grids, with kernels of a tenth of a node to hundreds of nodes.
#[test]
fn wide_kernels_on_coarser_grids_keep_the_error_and_the_bound() {
    let mut random = Random(5);
    for (d, nodes, max_error) in
        [(2, 700, 1e-3), (2, 700, 1e-6), (2, 500, 1e-9), (3, 70, 1e-4), (3, 70, 1e-7), (2, 301, 1e-6), (2, 900, 1e-11)]
    {
        let mut cloud = normal_cloud(120, random.below(1000) as u64);
        cloud.positions.iter_mut().for_each(|p| p.z *= f64::from(d - 2));
        let voxel = cloud.bounds().size().x / nodes as f64;
        cloud.sigmas = Some(widths(&mut random, cloud.len(), 0.1 * voxel, 0.5 * nodes as f64 * voxel));
        // One that is high and one that is wide alone decide nothing.
        cloud.weights = Some((0..120).map(|i| f64::from(i % 9)).collect());
        let o = options(max_error, nodes);
        let (grid, report) = if d == 2 {
            let p = density_2d::<f64>(&cloud, &o, &Silent).unwrap();
            (p.grid.layer().clone(), p.report)
        } else {
            let p: Density<f64> = made(&cloud, &o);
            (p.grid, p.report)
        };
        let error = error_of(&cloud, &o, d as usize, &grid, 4000);
        let bound = report.bound_relative_to_max;
        // Kernels this narrow are rounded by 1e-10.
        assert!(error <= bound && bound <= max_error.max(1e-9), "{d}, {nodes}: {error:e} {bound:e}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let mut cloud = normal_cloud(2000, 13);
    cloud.positions.extend_from_within(..500);
    cloud.sigmas = Some(widths(&mut Random(1), 2500, 0.01, 1.0));
    let bits = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let d: Density<f64> = made(&cloud, &options(1e-6, 50));
            let at = density_at(&cloud, &cloud.positions, &options(1e-6, 50), &Silent).unwrap();
            d.grid.values.iter().chain(&at.values).map(|v| v.to_bits()).collect::<Vec<_>>()
        })
    };
    let one = bits(1);
    assert!([2, 3, 5].into_iter().all(|threads| bits(threads) == one));
}

#[test]
fn identical_points_and_outliers_are_wide_and_told() {
    let mut cloud = normal_cloud(300, 3);
    cloud.positions.extend(vec![DVec3::splat(0.25); 40]);
    cloud.positions.push(DVec3::splat(1e4));
    let o = DensityOptions { bandwidth: Bandwidth::Nearest(5), ..Default::default() };
    let d: Density<f32> = made(&cloud, &o);
    assert!(d.report.warnings.iter().any(|w| w.contains("40 points have 5 or more others")), "{:?}", d.report.warnings);
    assert!(d.report.notes.iter().any(|n| n.contains("(median)")), "{:?}", d.report.notes);
    assert_eq!(d.report.kernel.rule, "knn");
    // The box leaves the outlier out, and its kernel decides neither the margin nor the spacing.
    assert!(d.grid.lattice.bounds().size().max_element() < 30.0, "{:?}", d.grid.lattice);
    assert!(error_of(&cloud, &o, 3, &d.grid, 300) <= 1e-6);
}

#[test]
fn progress_reaches_its_total_and_stops_the_work() {
    let mut cloud = normal_cloud(2000, 21);
    cloud.sigmas = Some(vec![DVec3::splat(0.2); 2000]);
    let listen = |limit| StopsAfter { limit, steps: AtomicU64::new(0), total: AtomicU64::new(0) };
    let run = |on_grid: bool, progress: &StopsAfter| match on_grid {
        true => density::<f32>(&cloud, &options(1e-6, 64), progress).map(|d| d.grid.values.len()),
        false => density_at(&cloud, &cloud.positions, &options(1e-6, 2), progress).map(|a| a.values.len()),
    };
    for on_grid in [true, false] {
        let all = listen(u64::MAX);
        run(on_grid, &all).unwrap();
        assert_eq!(all.steps.into_inner(), all.total.into_inner());
        let stopped = listen(3);
        assert_eq!(run(on_grid, &stopped).unwrap_err().exit_code(), 130);
        assert!(stopped.steps.into_inner() < stopped.total.into_inner());
    }
}

#[test]
fn weights_that_are_not_one_a_point_are_refused() {
    let cloud = PointCloud { weights: Some(vec![1.0]), ..normal_cloud(3, 1) };
    let o = DensityOptions { bandwidth: Bandwidth::Nearest(1), ..Default::default() };
    let error = density::<f64>(&cloud, &o, &Silent).unwrap_err().to_string();
    assert!(error.contains("1 weights for 3 points"), "{error}");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let mut cloud = normal_cloud(10, 1);
    let code = |cloud: &PointCloud, o: &DensityOptions| density::<f32>(cloud, o, &Silent).unwrap_err().exit_code();
    assert_eq!(code(&cloud, &options(1e-6, 8)), 2);
    cloud.sigmas = Some(vec![DVec3::ONE; 9]);
    assert_eq!(code(&cloud, &options(1e-6, 8)), 1);
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        cloud.sigmas = Some((0..10).map(|i| DVec3::new(1.0, if i == 7 { bad } else { 1.0 }, 1.0)).collect());
        let error = density::<f32>(&cloud, &options(1e-6, 8), &Silent).unwrap_err();
        assert!(error.exit_code() == 1 && error.to_string().contains("point 7"), "{error}");
    }
    cloud.sigmas = Some(vec![DVec3::ONE; 10]);
    for method in [Method::Tree, Method::Spectral] {
        assert_eq!(code(&cloud, &DensityOptions { method, ..options(1e-6, 8) }), 2);
    }
    let none = density_at(&cloud, &[], &options(1e-6, 8), &Silent).unwrap();
    assert!(none.values.is_empty());
    assert!(Kernel::new(&cloud, &Bandwidth::Nearest(3)).is_err());
}
