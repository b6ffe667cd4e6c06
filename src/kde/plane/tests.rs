//! The density of a plane against scipy, closed forms and the plain double loop.

use glam::DVec3;

use super::*;
use crate::kde::tests::{Random, random_cloud};
use crate::kde::{Bandwidth, Extent, Method, Resolution};
use crate::points::Plane;
use crate::progress::Silent;

fn options(method: Method, nodes: [usize; 2]) -> DensityOptions {
    let resolution = Resolution::Nodes([nodes[0], nodes[1], 0]);
    DensityOptions { method, resolution, extent: Extent::Padding(0.0), ..Default::default() }
}

fn made<T: Sample>(cloud: &PointCloud, options: &DensityOptions) -> PlaneDensity<T> {
    density_2d(cloud, options, &Silent).unwrap()
}

/// The twelve points that the values below are of.
fn twelve() -> PointCloud {
    let number = |i: usize, a: usize, b: usize, c: f64| (i * a % b) as f64 / c;
    let point = |i| DVec3::new(number(i, 37, 101, 10.0), number(i, 53, 97, 7.0), 0.0);
    PointCloud::from_positions((0..12).map(point).collect())
}

// scipy 1.17.1: i = np.arange(12); P = [i*37 % 101 / 10, i*53 % 97 / 7]; gaussian_kde(P) at
// np.mgrid[P[0].min():P[0].max():4j, P[1].min():P[1].max():3j], and with weights=1 + i % 4, bw_method='silverman'.
#[rustfmt::skip]
const SCOTT: [[f64; 3]; 4] = [
    [0.005465459771073315, 0.0032737316006442698, 0.0014742748420022286],
    [0.003935889357593797, 0.006098702952495425, 0.004163728721696051],
    [0.0033127744155527867, 0.006150475927962741, 0.003888222716779673],
    [0.0016160263068027043, 0.004274099185702995, 0.0022240851938965652],
];
#[rustfmt::skip]
const SILVERMAN: [[f64; 3]; 4] = [
    [0.005333962451706477, 0.004239881126767854, 0.0017541251908374145],
    [0.003377598398131368, 0.00638297802082677, 0.004513843778626173],
    [0.0029977400811723206, 0.005764133558199512, 0.004755845856396209],
    [0.0015476419050516393, 0.003110538875921046, 0.002185998330216314],
];

#[test]
fn the_plane_is_scipys() {
    let mut cloud = twelve();
    for (weights, bandwidth, expected) in [
        (None, Bandwidth::Scott, SCOTT),
        (Some((0..12).map(|i| f64::from(1 + i % 4)).collect()), Bandwidth::Silverman, SILVERMAN),
    ] {
        cloud.weights = weights;
        for (method, tolerance) in [(Method::Exact, 1e-12), (Method::Tree, 1e-6)] {
            let d: PlaneDensity<f64> = made(&cloud, &DensityOptions { bandwidth, ..options(method, [4, 3]) });
            let largest = expected.as_flattened().iter().copied().fold(0.0, f64::max);
            for (i, row) in expected.iter().enumerate() {
                for (j, value) in row.iter().enumerate() {
                    let found = d.grid.values()[i + 4 * j];
                    assert!((found - value).abs() <= tolerance * largest, "({i}, {j}): {found} {value}");
                }
            }
        }
    }
}

/// The density as it is written, with the 2 x 2 inverse and nothing of space.
fn plain_2d(cloud: &PointCloud, kernel: &Kernel, x: f64, y: f64) -> f64 {
    let h = kernel.covariance;
    let (xx, xy, yy) = (h.x_axis.x, h.x_axis.y, h.y_axis.y);
    let determinant = xx * yy - xy * xy;
    let weight = |i: usize| cloud.weights.as_ref().map_or(1.0, |w| w[i]);
    let (mut sum, mut total) = (0.0, 0.0);
    for (i, p) in cloud.positions.iter().enumerate() {
        let (u, v) = (x - p.x, y - p.y);
        let square = (yy * u * u - 2.0 * xy * u * v + xx * v * v) / determinant;
        sum += weight(i) * (-0.5 * square).exp();
        total += weight(i);
    }
    sum / total / (std::f64::consts::TAU * determinant.sqrt())
}

#[test]
fn both_methods_keep_their_bounds_on_random_data() {
    let mut random = Random(31);
    for case in 0..150 {
        let plane = [Plane::XY, Plane::XZ, Plane::YZ][case % 3];
        let cloud = random_cloud(&mut random).projected(plane);
        let bandwidth = Bandwidth::Factor(10f64.powf(random.between(-2.0, 0.3)));
        let extent = [Extent::Auto, Extent::Padding(random.between(0.0, 4.0))][random.below(2)];
        let nodes = [2 + random.below(40), 2 + random.below(40)];
        for (method, max_error) in [(Method::Tree, 1e-3), (Method::Tree, 1e-6), (Method::Exact, 1e-6)] {
            let o = DensityOptions { bandwidth, extent, max_error, ..options(method, nodes) };
            let d: PlaneDensity<f64> = made(&cloud, &o);
            let (origin, spacing) = (d.grid.origin(), d.grid.spacing());
            let (mut worst, mut largest) = (0.0, 0.0);
            for (at, value) in d.grid.values().iter().enumerate() {
                let (x, y) = ((at % nodes[0]) as f64 * spacing.x, (at / nodes[0]) as f64 * spacing.y);
                let exact = plain_2d(&cloud, &d.report.kernel, origin.x + x, origin.y + y);
                let error = (value - exact).abs();
                worst = if f64::is_nan(worst) || error <= worst { worst } else { error };
                largest = f64::max(largest, exact);
            }
            let is_zero = largest < d.report.kernel.peak * 1e-289;
            let bound = d.report.bound_relative_to_max;
            // The plain double loop has no determinant of its own either: 1e-12 for a covariance far from round.
            assert!(
                is_zero || worst / largest <= bound.max(1e-12),
                "case {case}: {:e}, bound {bound:e}",
                worst / largest
            );
            assert!(bound <= max_error, "case {case}: bound {bound:e}, {o:?}");
        }
    }
}

#[test]
fn a_point_alone_is_a_gaussian_of_the_plane() {
    // The second point has no weight of its own to speak of, but makes the cloud one of distinct points.
    let positions = vec![DVec3::new(3.0, -2.0, 0.0), DVec3::new(4.0, -2.0, 0.0)];
    let cloud = PointCloud { positions, weights: Some(vec![1.0, 1e-300]), ..PointCloud::default() };
    let bandwidth = Bandwidth::Length { sigma: [0.5, 2.0, 2.0], unit: None };
    for method in [Method::Exact, Method::Tree] {
        let extent = Extent::Padding(3.0);
        let o = DensityOptions { bandwidth, extent, max_error: 1e-12, ..options(method, [33, 25]) };
        let d: PlaneDensity<f64> = made(&cloud, &o);
        for (at, value) in d.grid.values().iter().enumerate() {
            let p = d.grid.origin() + d.grid.spacing() * glam::DVec2::new((at % 33) as f64, (at / 33) as f64);
            let (u, v) = ((p.x - 3.0) / 0.5, (p.y + 2.0) / 2.0);
            let expected = (-0.5 * (u * u + v * v)).exp() / std::f64::consts::TAU;
            assert!((value - expected).abs() < 1e-12, "{p}: {value} {expected}");
        }
        // 3 standard deviations on both sides along y; along x to 5 on one side.
        let integral = d.grid.statistics().integral;
        assert!((integral - 0.9973002 * 0.9986499).abs() < 1e-3, "{integral}");
    }
}

#[test]
fn a_symmetric_cloud_has_a_symmetric_density() {
    let mut random = Random(3);
    let half: Vec<DVec3> = (0..200).map(|_| random.normals().with_z(0.0)).collect();
    let cloud = PointCloud::from_positions(half.iter().flat_map(|p| [*p, -*p]).collect());
    for method in [Method::Exact, Method::Tree] {
        let d: PlaneDensity<f64> = made(&cloud, &DensityOptions { max_error: 1e-9, ..options(method, [41, 30]) });
        let (values, largest) = (d.grid.values(), d.grid.statistics().max);
        let turned = values.iter().rev();
        assert!(values.iter().zip(turned).all(|(a, b)| (a - b).abs() < 2e-9 * largest));
    }
}

#[test]
fn lines_give_a_density_without_nan_and_points_off_the_plane_are_refused() {
    for (dx, dy) in [(1.0, 0.0), (0.0, 1.0), (1.0, 3.0)] {
        for n in [2, 3, 40] {
            let at = |i: i32| DVec3::new(f64::from(i) * dx, f64::from(i) * dy, 0.0);
            let cloud = PointCloud::from_positions((0..n).map(at).collect());
            let d: PlaneDensity = made(&cloud, &DensityOptions::default());
            assert!(d.grid.statistics().max > 0.0 && d.grid.values().iter().all(|v| v.is_finite()));
            assert!(d.report.warnings[0].contains("line"), "{:?}", d.report.warnings);
        }
    }
    let one = PointCloud::from_positions(vec![DVec3::X; 3]);
    assert_eq!(density_2d::<f32>(&one, &DensityOptions::default(), &Silent).unwrap_err().exit_code(), 1);
    let off = PointCloud::from_positions(vec![DVec3::X, DVec3::Z]);
    let error = density_2d::<f32>(&off, &DensityOptions::default(), &Silent).unwrap_err().to_string();
    assert!(error.contains("point 1 from 0") && error.contains("project"), "{error}");
}
