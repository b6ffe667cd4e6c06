use glam::{DMat3, DVec3};

use super::*;
use crate::kde::Resolution;
use crate::kde::tests::Random;
use crate::progress::Silent;

const STRAIGHT: [f64; 6] = [5.0, 6.0, 7.0, 90.0, 90.0, 90.0];
const OBLIQUE: [f64; 6] = [5.0, 6.0, 7.0, 75.0, 65.0, 110.0];

/// Weighted points in and around the cell.
fn cloud(n: usize) -> PointCloud {
    let mut random = Random(4);
    let positions = (0..n).map(|_| DVec3::from([0; 3].map(|_| random.between(-6.0, 12.0)))).collect();
    let weights = Some((0..n).map(|_| random.between(0.1, 2.0)).collect());
    PointCloud { positions, weights, ..PointCloud::default() }
}

/// `sum_i w_i sum_n K(p - x_i - A n) / W` as it is written, over all images within 12 edges.
fn plain(cloud: &PointCloud, cell: &Cell, kernel: &Kernel, place: DVec3) -> f64 {
    let weights = cloud.weights.as_ref().unwrap();
    let range = -12..=12;
    let mut sum = 0.0;
    for (p, w) in cloud.positions.iter().zip(weights) {
        let u = cell.wrapped(place - *p);
        for a in range.clone() {
            for b in range.clone() {
                for c in range.clone() {
                    let u = u + cell.edges() * DVec3::new(f64::from(a), f64::from(b), f64::from(c));
                    sum += w * (-0.5 * u.dot(kernel.inverse * u)).exp();
                }
            }
        }
    }
    kernel.peak * sum / weights.iter().sum::<f64>()
}

fn bandwidths() -> [Bandwidth; 4] {
    let length = |sigma| Bandwidth::Length { sigma: [sigma; 3], unit: None };
    let skew = DMat3::from_cols_array(&[0.5, 0.3, -0.1, 0.3, 0.6, 0.05, -0.1, 0.05, 0.2]);
    [length(0.3), length(0.9), length(3.0), Bandwidth::of_covariance(&skew)]
}

#[test]
fn grids_are_the_sum_over_all_images_by_every_method() {
    let cloud = cloud(12);
    for lengths in [STRAIGHT, OBLIQUE] {
        let cell = Cell::new(lengths).unwrap();
        for bandwidth in bandwidths() {
            for method in [Method::Auto, Method::Exact, Method::Tree, Method::Spectral] {
                if method != Method::Spectral
                    && matches!(bandwidth, Bandwidth::Length { sigma: [3.0, ..], .. })
                    && method != Method::Auto
                {
                    continue;
                }
                let o = DensityOptions {
                    bandwidth,
                    method,
                    resolution: Resolution::Nodes([7, 8, 9]),
                    ..Default::default()
                };
                let d = periodic_density::<f64>(&cloud, &cell, &o, &Silent).unwrap();
                let (lattice, r) = (d.grid.lattice, &d.report);
                assert_eq!(lattice.bounds(), cell.bounds());
                let largest = d.grid.statistics().max;
                for at in (0..d.grid.values.len()).step_by(41) {
                    let place = lattice.node(at % 7, at / 7 % 8, at / 56);
                    let off = (d.grid.values[at] - plain(&cloud, &cell, &r.kernel, place)).abs() / largest;
                    assert!(
                        off <= r.error_relative_to_max && off < 2e-6,
                        "{lengths:?} {bandwidth} {method:?} {off:e} {r:?}"
                    );
                }
                assert!(r.sampled_error_relative_to_max <= 1e-6 && r.points == 12, "{bandwidth} {method:?} {r:?}");
            }
        }
    }
}

#[test]
fn places_are_the_sum_over_all_images_wherever_they_are() {
    let cloud = cloud(12);
    for lengths in [STRAIGHT, OBLIQUE] {
        let cell = Cell::new(lengths).unwrap();
        for bandwidth in bandwidths() {
            let places: Vec<DVec3> = cloud.positions.iter().copied().chain([DVec3::splat(77.7), DVec3::ZERO]).collect();
            let o = DensityOptions { bandwidth, ..Default::default() };
            let at = periodic_density_at(&cloud, &cell, &places, &o, &Silent).unwrap();
            let largest = at.values.iter().copied().fold(0.0, f64::max);
            for (place, value) in places.iter().zip(&at.values) {
                let off = (value - plain(&cloud, &cell, &at.report.kernel, *place)).abs() / largest;
                assert!(
                    off <= at.report.error_relative_to_max && off < 1e-6,
                    "{lengths:?} {bandwidth} {off:e} {:?}",
                    at.report
                );
            }
        }
    }
}

#[test]
fn the_last_node_repeats_the_first_and_the_integral_is_one() {
    let cell = Cell::new(STRAIGHT).unwrap();
    for bandwidth in bandwidths() {
        let o = DensityOptions { bandwidth, resolution: Resolution::Nodes([26, 31, 36]), ..Default::default() };
        let d = periodic_density::<f64>(&cloud(50), &cell, &o, &Silent).unwrap();
        assert!((d.grid.statistics().integral - 1.0).abs() < 1e-4, "{bandwidth}: {:?}", d.grid.statistics());
        let value = |i: usize, j: usize, k: usize| d.grid.values[i + 26 * (j + 31 * k)];
        let largest = d.grid.statistics().max;
        for n in 0..20 {
            assert!((value(0, n, n) - value(25, n, n)).abs() < 2e-6 * largest);
            assert!((value(n, 0, n) - value(n, 30, n)).abs() < 2e-6 * largest);
            assert!((value(n, n, 0) - value(n, n, 35)).abs() < 2e-6 * largest);
        }
    }
}

#[test]
fn very_wide_kernels_are_flat_and_the_two_ways_agree_to_rounding() {
    let cell = Cell::new(OBLIQUE).unwrap();
    let o = DensityOptions {
        bandwidth: Bandwidth::Length { sigma: [1e4; 3], unit: None },
        resolution: Resolution::Nodes([4; 3]),
        ..Default::default()
    };
    let d = periodic_density::<f64>(&cloud(9), &cell, &o, &Silent).unwrap();
    let flat = 1.0 / cell.volume();
    assert!(
        d.grid.values.iter().all(|v| (v / flat - 1.0).abs() < 1e-12) && d.report.method == "waves",
        "{:?}",
        d.report
    );
    let o = |method| DensityOptions {
        bandwidth: Bandwidth::Length { sigma: [2.0, 2.2, 1.9], unit: None },
        resolution: Resolution::Nodes([6; 3]),
        max_error: 1e-12,
        method,
        ..Default::default()
    };
    let [a, b] = [Method::Exact, Method::Spectral]
        .map(|method| periodic_density::<f64>(&cloud(9), &cell, &o(method), &Silent).unwrap());
    assert_eq!((a.report.method, b.report.method), ("exact", "waves"));
    let largest = a.grid.statistics().max;
    assert!(std::iter::zip(&a.grid.values, &b.grid.values).all(|(a, b)| (a - b).abs() < 2e-12 * largest));
}

#[test]
fn what_a_period_cannot_take_is_refused() {
    let cell = Cell::new(STRAIGHT).unwrap();
    let code = |o: DensityOptions| {
        let error = periodic_density::<f64>(&cloud(9), &cell, &o, &Silent).unwrap_err();
        (error.exit_code(), error.to_string())
    };
    for bandwidth in [Bandwidth::Scott, Bandwidth::Factor(0.3), Bandwidth::CrossValidation, Bandwidth::Nearest(2)] {
        let (code, text) = code(DensityOptions { bandwidth, ..Default::default() });
        assert!(code == 2 && text.contains("fixed bandwidth"), "{text}");
    }
    let bandwidth = Bandwidth::Length { sigma: [1.0; 3], unit: None };
    assert_eq!(code(DensityOptions { bandwidth, extent: Extent::Padding(1.0), ..Default::default() }).0, 2);
}

// At a corner, the images that eight cells give are nearly as near as the points themselves.
#[test]
fn every_value_is_right_far_from_all_points_if_the_error_is_relative() {
    let cell = Cell::new([20.0, 20.0, 20.0, 90.0, 90.0, 90.0]).unwrap();
    let positions = vec![DVec3::splat(10.0), DVec3::new(10.1, 10.0, 10.0)];
    let cloud = PointCloud { positions, weights: Some(vec![1.0; 2]), ..PointCloud::default() };
    let o = DensityOptions {
        bandwidth: Bandwidth::Length { sigma: [1.0; 3], unit: None },
        resolution: Resolution::Nodes([5; 3]),
        relative: true,
        guaranteed: true,
        ..Default::default()
    };
    let d = periodic_density::<f64>(&cloud, &cell, &o, &Silent).unwrap();
    for (at, value) in d.grid.values.iter().enumerate() {
        let expected = plain(&cloud, &cell, &d.report.kernel, d.grid.lattice.node_at(at));
        assert!((value / expected - 1.0).abs() < 1e-6, "{at}: {value:e} {expected:e}");
    }
}

#[test]
fn boxes_and_places_near_one_point_or_none_have_a_density() {
    let cell = Cell::new([100.0, 100.0, 100.0, 90.0, 90.0, 90.0]).unwrap();
    let positions = vec![DVec3::splat(10.0), DVec3::splat(90.0)];
    let cloud = PointCloud { positions, weights: Some(vec![1.0; 2]), ..PointCloud::default() };
    let bandwidth = Bandwidth::Length { sigma: [1.0; 3], unit: None };
    for (low, high) in [(8.0, 12.0), (45.0, 55.0)] {
        let extent = Extent::Bounds(Box3 { min: DVec3::splat(low), max: DVec3::splat(high) });
        let o = DensityOptions { bandwidth, extent, resolution: Resolution::Nodes([5; 3]), ..Default::default() };
        let d = periodic_density::<f64>(&cloud, &cell, &o, &Silent).unwrap();
        let place = d.grid.lattice.node(2, 2, 2);
        let expected = plain(&cloud, &cell, &d.report.kernel, place);
        assert!((d.grid.values[62] - expected).abs() <= 1e-6 * expected, "{low}: {:e} {expected:e}", d.grid.values[62]);
        assert_eq!(low > 20.0, d.report.warnings.iter().any(|w| w.contains("0 at every node")), "{:?}", d.report);
    }
    let o = DensityOptions { bandwidth, ..Default::default() };
    assert!(periodic_density_at(&cloud, &cell, &[], &o, &Silent).unwrap().values.is_empty());
}

#[test]
fn far_coordinates_and_many_terms_are_in_the_bound() {
    let cell = Cell::new(STRAIGHT).unwrap();
    let kernel = Kernel::new(&cloud(9), &bandwidths()[2]).unwrap().0;
    let waves = Waves::new(&cell, &kernel, 1e-11).unwrap();
    let [here, many, far] = [(9, 1.0), (10_000_000, 1.0), (9, 1e8)].map(|(n, edges)| waves.error(n, edges));
    assert!(many > 2.0 * here && far > 1e4 * here, "{here:e} {many:e} {far:e}");
    let mut moved = cloud(9);
    moved.positions.iter_mut().for_each(|p| *p += cell.edges() * DVec3::splat(1e8));
    let o = DensityOptions {
        bandwidth: bandwidths()[2],
        resolution: Resolution::Nodes([6; 3]),
        max_error: 1e-11,
        guaranteed: true,
        ..Default::default()
    };
    assert!(periodic_density::<f64>(&cloud(9), &cell, &o, &Silent).is_ok());
    assert!(periodic_density::<f64>(&moved, &cell, &o, &Silent).is_err());
}

/// Catches: a proven bound of 1e70 where nodes are far apart beside the kernel, as the maximum between them is not known; it is
/// no larger than that of all points at one place.
#[test]
fn a_coarse_grid_of_a_narrow_kernel_has_a_bound_that_says_something() {
    let cell = Cell::new([80.0, 80.0, 80.0, 60.0, 60.0, 90.0]).unwrap();
    let mut cloud = cloud(3000);
    cloud.positions.iter_mut().for_each(|p| *p *= 12.0);
    let o = DensityOptions {
        bandwidth: Bandwidth::Length { sigma: [0.2; 3], unit: None },
        resolution: Resolution::Nodes([24; 3]),
        ..Default::default()
    };
    // A node of the grid, so that one value is as large as that of a point.
    let lattice = periodic_density::<f64>(&cloud, &cell, &o, &Silent).unwrap().grid.lattice;
    cloud.positions[0] = lattice.node_at(5000);
    let made = periodic_density::<f64>(&cloud, &cell, &o, &Silent).unwrap();
    let r = &made.report;
    assert!(r.warnings.is_empty() && r.bound_relative_to_max <= 1e-6, "{:e} {:?}", r.bound_relative_to_max, r.warnings);
    let largest = made.grid.values.iter().copied().fold(0.0, f64::max);
    for at in [0, 5000, 9999] {
        let exact = plain(&cloud, &cell, &r.kernel, lattice.node_at(at));
        assert!((made.grid.values[at] - exact).abs() <= r.bound_relative_to_max * largest, "{at}");
    }
}
