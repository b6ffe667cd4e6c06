//! The spectral method against the plain double loop.

use glam::DVec3;

use crate::grid::Sample;
use crate::kde::check::plain;
use crate::kde::setting::Setting;
use crate::kde::spectral::Wanted;
use crate::kde::tests::{Random, error_of, made, normal_cloud, random_cloud, random_options};
use crate::kde::{Bandwidth, Density, DensityOptions, Extent, Kernel, Method, Resolution, density, density_at, plan};
use crate::points::PointCloud;
use crate::progress::Silent;

/// Whether the frame for these options is small enough for a test.
fn is_small(cloud: &PointCloud, o: &DensityOptions) -> bool {
    let kernel = Kernel::new(cloud, &o.bandwidth).unwrap().0;
    let plan = plan(cloud, &kernel, o.extent, o.resolution, 8).unwrap();
    let setting = Setting::new(cloud, &kernel, o, 8);
    let frame = setting.frame(1e-3 * o.max_error, Wanted::Nodes(&plan.lattice));
    frame.is_none_or(|frame| frame.memory(cloud.len(), 0) < 3e7)
}

/// The largest error by the bound, where the method is spectral and asked to prove or to keep its error.
fn check<T: Sample>(cloud: &PointCloud, o: &DensityOptions, what: &str) -> bool {
    let d: Density<T> = match density(cloud, o, &Silent) {
        Err(e) if o.guaranteed && size_of::<T>() == 4 && e.to_string().contains("range of f32") => return false,
        made => made.unwrap(),
    };
    let (error, bound, kept) = (error_of(&d, cloud), d.report.bound_relative_to_max, d.report.error_relative_to_max);
    let fits = d.report.warnings.iter().all(|w| !w.contains("f32"));
    assert!(!fits || error <= o.max_error, "{what}: error {error:e}, asked {:e}, {o:?}", o.max_error);
    assert!(error <= bound && error <= kept, "{what}: error {error:e}, bound {bound:e}, kept {kept:e}, {o:?}");
    assert!(!o.guaranteed || bound <= o.max_error, "{what}: bound {bound:e}, {o:?}");
    d.report.method == "spectral"
}

#[test]
fn the_error_is_kept_on_random_data() {
    let mut random = Random(29);
    let (mut used, mut all) = (0, 0);
    for case in 0..250 {
        let cloud = random_cloud(&mut random);
        let base = random_options(&mut random, &cloud);
        for max_error in [1e-2, 1e-4, 1e-6, 3e-8] {
            let guaranteed = random.below(2) == 0;
            let o = DensityOptions { method: Method::Spectral, max_error, guaranteed, ..base.clone() };
            if is_small(&cloud, &o) {
                all += 2;
                used += usize::from(check::<f64>(&cloud, &o, &format!("case {case}")));
                used += usize::from(max_error < 1e-7 || check::<f32>(&cloud, &o, &format!("case {case}, f32")));
            }
        }
    }
    // The tree takes over where the grid lies in the tails only.
    assert!(all > 800 && used * 10 > all * 8, "{used} of {all}");
}

/// Points on a lattice, whose waves come back in phase.
#[test]
fn the_error_is_kept_for_lattices_of_points_and_equal_points() {
    let mut random = Random(31);
    for case in 0..60 {
        let step = random.between(0.2, 3.0);
        let edge = (12.0 / step) as i32 + 1;
        let lattice =
            (0..edge.pow(3)).map(|i| DVec3::new((i % edge).into(), (i / edge % edge).into(), (i / edge / edge).into()));
        let shift = random.normals();
        let mut positions: Vec<DVec3> = lattice.map(|p| p * step + shift).collect();
        positions.extend(vec![shift + 0.37; random.below(3) * 50]);
        positions.truncate(3000);
        positions.push(shift + 12.0);
        let cloud = PointCloud::from_positions(positions);
        let bandwidth = Bandwidth::Length { sigma: [1.0, random.between(0.7, 1.5), 1.0], unit: None };
        let resolution = Resolution::Nodes([9 + random.below(5), 9, 10]);
        for max_error in [1e-3, 1e-5, 1e-6, 1e-8] {
            let extent = Extent::Padding(random.between(0.0, 1.0));
            let o = DensityOptions {
                bandwidth,
                resolution,
                extent,
                method: Method::Spectral,
                max_error,
                ..Default::default()
            };
            assert!(check::<f64>(&cloud, &o, &format!("case {case}")));
        }
    }
}

#[test]
fn the_error_is_kept_at_places() {
    let mut random = Random(37);
    for case in 0..150 {
        let cloud = random_cloud(&mut random);
        let bandwidth = Bandwidth::Factor(10f64.powf(random.between(-1.0, 0.3)));
        let kernel = Kernel::new(&cloud, &bandwidth).unwrap().0;
        let stretched: Vec<DVec3> =
            cloud.positions.iter().map(|p| cloud.bounds().center() + (*p - cloud.bounds().center()) * 1.3).collect();
        for positions in [&cloud.positions, &stretched] {
            for max_error in [1e-3, 1e-6, 1e-9] {
                let o = DensityOptions {
                    bandwidth,
                    method: Method::Spectral,
                    max_error,
                    guaranteed: case % 3 == 0,
                    ..Default::default()
                };
                let setting = Setting::new(&cloud, &kernel, &o, 8);
                let frame = setting.frame(1e-2 * max_error, setting.places(positions));
                if frame.is_none_or(|frame| frame.memory(cloud.len(), 0) > 3e7) {
                    continue;
                }
                let at = match density_at(&cloud, positions, &o, &Silent) {
                    Ok(at) => at,
                    // Far from 0, coordinates are rounded by more than may be.
                    Err(error) if o.guaranteed && error.to_string().contains("rounds") => continue,
                    Err(error) => panic!("case {case}: {error}"),
                };
                let exact: Vec<f64> = positions.iter().map(|p| plain(&cloud, &kernel, *p)).collect();
                let largest = exact.iter().copied().fold(0.0, f64::max);
                let errors = at.values.iter().zip(&exact).map(|(a, b)| (a - b).abs() / largest);
                let error = errors.fold(0.0, |worst: f64, e: f64| if worst.is_nan() || e <= worst { worst } else { e });
                assert!(error <= max_error, "case {case}: {} {error:e} {o:?}", at.report.method);
                assert!(!o.guaranteed || at.report.bound_relative_to_max <= max_error, "case {case}: {:?}", at.report);
            }
        }
    }
}

#[test]
fn smaller_errors_are_smaller_and_none_is_wasted() {
    let cloud = normal_cloud(3000, 3);
    for max_error in [1e-3, 1e-5, 1e-7, 1e-9, 1e-11] {
        let resolution = Resolution::Nodes([20; 3]);
        let o = DensityOptions { resolution, method: Method::Spectral, max_error, ..Default::default() };
        let d: Density<f64> = made(&cloud, &o);
        let error = error_of(&d, &cloud);
        assert!(
            d.report.method == "spectral" && error < max_error && error > 1e-5 * max_error,
            "{error:e} {max_error:e}"
        );
        assert!(d.report.sampled_error_relative_to_max <= error * 1.01 + 1e-14);
    }
}

#[test]
fn kernels_far_wider_or_narrower_than_the_box_do_not_hang() {
    let start = std::time::Instant::now();
    let mut cloud = normal_cloud(100, 5);
    cloud.positions.push(DVec3::splat(1e30));
    let bounds = crate::geometry::Box3 { min: DVec3::splat(-1.0), max: DVec3::splat(1.0) };
    for sigma in [1e-9, 1e29] {
        for method in [Method::Auto, Method::Spectral] {
            let bandwidth = Bandwidth::Length { sigma: [sigma; 3], unit: None };
            let (extent, resolution) = (Extent::Bounds(bounds), Resolution::Nodes([8; 3]));
            let o = DensityOptions { bandwidth, extent, resolution, method, ..Default::default() };
            let d: Density<f64> = made(&cloud, &o);
            assert!(d.grid.values.iter().all(|v| v.is_finite()) && d.report.method != "spectral", "{:?}", d.report);
        }
    }
    assert!(start.elapsed() < std::time::Duration::from_secs(5));
}
