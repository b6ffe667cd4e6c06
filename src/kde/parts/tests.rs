use glam::DVec3;

use super::*;
use crate::kde::tests::{Random, normal_cloud};
use crate::kde::{Bandwidth, Density, DensityOptions, Extent, Method, Resolution, density};
use crate::points::PointCloud;
use crate::progress::Silent;

fn options(method: Method) -> DensityOptions {
    DensityOptions { method, resolution: Resolution::Nodes([36, 40, 38]), ..Default::default() }
}

fn weighted(n: usize, seed: u64) -> PointCloud {
    let mut random = Random(seed);
    let weights = (0..n).map(|i| if i % 9 == 0 { 0.0 } else { 0.2 + random.uniform() }).collect();
    PointCloud { weights: Some(weights), ..normal_cloud(n, seed) }
}

/// The sum over slices that end at `ends`, each fed in two pieces.
fn in_parts(cloud: &PointCloud, options: &DensityOptions, ends: &[usize]) -> (Settled, Partial) {
    let (settled, _, _) = settle(cloud, options, 1.0, &Silent).unwrap();
    let mut whole = Partial::nothing(&settled);
    let mut start = 0;
    for end in ends {
        let mut part = Summing::new(&settled).unwrap();
        let middle = (start + end) / 2;
        for range in [start..middle, middle..*end] {
            part.add(&cloud.take(&range.collect::<Vec<_>>()), &Silent).unwrap();
        }
        whole.add(&part.finish(&Silent).unwrap());
        start = *end;
    }
    (settled, whole)
}

fn difference(a: &Density<f64>, b: &Density<f64>) -> f64 {
    let largest = b.grid.values.iter().copied().fold(0.0, f64::max);
    let off = std::iter::zip(&a.grid.values, &b.grid.values).map(|(a, b)| (a - b).abs() / largest);
    off.fold(0.0, |worst, e| if e <= worst { worst } else { e })
}

#[test]
fn parts_add_up_to_the_single_run() {
    let cloud = weighted(3000, 5);
    // Nodes half a standard deviation apart: single run and parts take the same window.
    for (method, tolerance) in [(Method::Exact, 1e-13), (Method::Tree, 1e-6), (Method::Spectral, 1e-13)] {
        let o = DensityOptions { bandwidth: Bandwidth::Factor(0.8), ..options(method) };
        let single = density::<f64>(&cloud, &o, &Silent).unwrap();
        let (settled, sum) = in_parts(&cloud, &o, &[1, 1300, 1300, 3000]);
        let whole = sum.whole::<f64>(&settled).unwrap();
        let off = difference(&whole, &single);
        assert!(off <= tolerance, "{method:?}: {off:e}");
        let r = &whole.report;
        assert!(r.error_relative_to_max <= 1e-6 && r.warnings.is_empty(), "{method:?}: {r:?}");
        assert!(r.sampled_error_relative_to_max <= r.error_relative_to_max, "{method:?}: {r:?}");
        assert_eq!((r.method, r.points, whole.grid.lattice), (method.name(), 3000, single.grid.lattice));
    }
}

// A part's maximum may lie far above what it adds at the nodes: sorted points, and a box that leaves the core out.
#[test]
fn a_box_in_the_tail_and_sorted_points_keep_the_error() {
    let mut cloud = normal_cloud(4000, 9);
    cloud.positions.sort_by(|a, b| a.x.total_cmp(&b.x));
    let bounds = Box3 { min: DVec3::new(2.0, -1.0, -1.0), max: DVec3::new(3.0, 1.0, 1.0) };
    for method in [Method::Tree, Method::Spectral] {
        let o = DensityOptions {
            extent: Extent::Bounds(bounds),
            bandwidth: Bandwidth::Length { sigma: [0.3; 3], unit: None },
            ..options(method)
        };
        let exact = density::<f64>(&cloud, &DensityOptions { method: Method::Exact, ..o.clone() }, &Silent).unwrap();
        let (settled, sum) = in_parts(&cloud, &o, &[1000, 2000, 3000, 4000]);
        let whole = sum.whole::<f64>(&settled).unwrap();
        let off = difference(&whole, &exact);
        assert!(off <= 1e-6 && off <= whole.report.error_relative_to_max, "{method:?}: {off:e} {:?}", whole.report);
    }
}

#[test]
fn a_plan_survives_json_and_damage_is_told() {
    let (settled, _, _) = settle(&weighted(500, 3), &options(Method::Auto), 2.5, &Silent).unwrap();
    let text = serde_json::to_string(&settled).unwrap();
    let back: Settled = serde_json::from_str(&text).unwrap();
    assert_eq!(back, settled);
    assert_eq!(serde_json::to_string(&back).unwrap(), text);
    for damaged in [
        Settled { shape: [0, 5, 5], ..settled.clone() },
        Settled { weight: -1.0, ..settled.clone() },
        Settled { rule: "knn".into(), ..settled.clone() },
        Settled { covariance: [-1.0; 6], ..settled.clone() },
        Settled { method: "magic".into(), ..settled.clone() },
        Settled { checked_nodes: vec![usize::MAX], ..settled.clone() },
        Settled { spacing: DVec3::ZERO, ..settled.clone() },
    ] {
        assert_eq!(damaged.check().unwrap_err().exit_code(), 1, "{damaged:?}");
        assert!(Summing::new(&damaged).is_err());
    }
}

#[test]
fn points_that_were_not_settled_for_are_refused_and_missing_ones_are_told() {
    let cloud = normal_cloud(500, 3);
    let (settled, _, _) = settle(&cloud, &options(Method::Auto), 1.0, &Silent).unwrap();
    let mut part = Summing::new(&settled).unwrap();
    let far = PointCloud::from_positions(vec![DVec3::splat(99.0)]);
    assert!(part.add(&far, &Silent).unwrap_err().to_string().contains("outside"));
    part.add(&cloud.take(&[0, 1, 2]), &Silent).unwrap();
    let error = part.finish(&Silent).unwrap().whole::<f64>(&settled).unwrap_err().to_string();
    assert!(error.contains("3 points were summed, the plan has 500"), "{error}");
    let refused = |o: DensityOptions| settle(&cloud, &o, 1.0, &Silent).unwrap_err().exit_code();
    assert_eq!(refused(DensityOptions { relative: true, ..Default::default() }), 2);
    assert_eq!(refused(DensityOptions { guaranteed: true, ..Default::default() }), 2);
    assert_eq!(refused(DensityOptions { bandwidth: Bandwidth::Nearest(3), ..Default::default() }), 2);
}
