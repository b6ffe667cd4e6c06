use std::sync::Arc;

use glam::DVec3;

use super::*;
use crate::color::{OpacityCurve, Scale};
use crate::geometry::Box3;
use crate::grid::Lattice;
use crate::scene::{
    Background, Camera, Diameter, Isosurface, Limits, Look, Plane, PointLayer, PointOrder, Projection, SampleRule,
    Viewpoint,
};

/// A scene of a function of position in the box -2..2, seen along x from +10 by a parallel camera, extinction
/// -ln(1 - 0.5 t) a unit.
fn scene(f: impl Fn(DVec3) -> f64, nodes: usize) -> Scene {
    let lattice = Lattice::spanning(Box3 { min: DVec3::splat(-2.0), max: DVec3::splat(2.0) }, [nodes; 3]).unwrap();
    let n = nodes;
    let values = (0..n * n * n).map(|at| f(lattice.node(at % n, at / n % n, at / (n * n))) as f32).collect();
    let grid = DensityGrid::new(lattice, values, None).unwrap();
    let mut scene = Look::Default.scene(Arc::new(grid), Limits::Value(0.0, 1.0)).unwrap();
    scene.transfer.opacity = OpacityCurve::parse("0:0,1:0.5").unwrap();
    scene.transfer.reference_length = 1.0;
    scene.transfer.scale = Scale::Linear;
    scene.background = Background::Color([0.0; 3]);
    let projection = Projection::Orthographic { visible_height: 4.0 };
    let (position, target) = (DVec3::X * 10.0, DVec3::ZERO);
    scene.viewpoint = Viewpoint::At(Camera { position, target, up: DVec3::Z, projection, shift: glam::DVec2::ZERO });
    scene
}

const FRAME: Frame = Frame { size: [41, 41], scale_factor: 1.0 };

fn middle(scene: &Scene) -> Explanation {
    explain(scene, &FRAME, [20, 20], Some(&[DVec3::new(1.0, 0.5, 0.0), DVec3::new(-1.9, 0.1, 0.0)])).unwrap()
}

/// Homogeneous: opacity 1 - exp(-sigma L); half of it at -ln(1 - opacity / 2) / sigma from where the ray enters.
#[test]
fn a_homogeneous_box_has_its_closed_form() {
    let mut scene = scene(|_| 1.0, 9);
    for (step, rule) in [(0.3, SampleRule::Midpoint), (0.25, SampleRule::End)] {
        (scene.sampling.step, scene.sampling.rule) = (step, rule);
        let found = middle(&scene);
        let sigma = 2f64.ln();
        let opacity = 1.0 - (-4.0 * sigma).exp();
        assert!((found.opacity - opacity).abs() < 1e-6, "{}", found.opacity);
        let half = 8.0 - (1.0 - 0.5 * opacity).ln() / sigma;
        assert!((found.half_opacity.unwrap() - half).abs() < 1e-5, "{:?} for {half}", found.half_opacity);
        assert_eq!(found.span, Some([8.0, 12.0]));
        let top = scene.transfer.colormap.at(1.0);
        let color = found.color.unwrap();
        assert!((0..3).all(|c| (f64::from(color[c]) - opacity * f64::from(top[c])).abs() < 1e-6));
        assert_eq!(found.peak.unwrap().mass_above, 1.0);
        assert_eq!(found.profile.len(), (4.0f64 / step).ceil() as usize);
    }
}

/// A ramp along the ray, 0 at the far side: tau = L ((1-a) ln(1-a) + a) / a with a = 0.5; a narrow peak of the opacity curve
/// has its area.
#[test]
fn ramps_and_peaks_have_their_closed_forms() {
    let mut scene = scene(|p| 0.25 * (p.x + 2.0), 5);
    scene.sampling.step = 0.01;
    let found = middle(&scene);
    let tau = 4.0 * (0.5 * 0.5f64.ln() + 0.5) / 0.5;
    assert!((found.opacity - (1.0 - (-tau).exp())).abs() < 1e-5, "{}", found.opacity);
    let peak = found.peak.unwrap();
    assert!((peak.depth - 8.0).abs() < 1e-9 && (peak.density - 1.0).abs() < 1e-6, "{peak:?}");
    assert!((peak.position - DVec3::new(2.0, 0.0, 0.0)).length() < 1e-9);
    // The nearest of two points is that at (1, 0.5, 0).
    let nearest = found.nearest.unwrap();
    assert!(nearest.point == 0 && (nearest.distance - 0.995f64.hypot(0.5)).abs() < 1e-9, "{nearest:?}");
    // Shares of the mass: in the fifth layer of nodes alone lies 1 / (0 + 0.25 + 0.5 + 0.75 + 1).
    assert!((share_above(&scene.grid, 0.9) - 0.4).abs() < 1e-6);
    scene.transfer.opacity = OpacityCurve::parse("0:0,0.5:0,0.501:0.9,0.502:0,1:0").unwrap();
    scene.sampling.step = 0.25;
    let found = middle(&scene).opacity;
    // Extinction -ln(1 - 900 u) on both sides of the peak: its integral over the density, times the length.
    let integral = 2.0 * 0.001 * ((0.1 * 0.1f64.ln() + 0.9) / 0.9);
    let wanted = 1.0 - (-4.0 * integral).exp();
    assert!((found / wanted - 1.0).abs() < 0.2, "{found} for {wanted}");
}

#[test]
fn cuts_slices_and_surfaces_are_found_where_they_are() {
    let gaussian = |p: DVec3| (-0.5 * p.length_squared()).exp();
    let mut scene = scene(gaussian, 81);
    scene.clip = vec![Plane { point: DVec3::X, normal: DVec3::X }];
    scene.slices = vec![Plane::perpendicular_to(0, DVec3::splat(-1.5)), Plane::perpendicular_to(0, DVec3::splat(0.5))];
    let found = middle(&scene);
    assert!(found.span == Some([9.0, 9.5]) && found.is_cut);
    let slice = found.slice.unwrap();
    assert!((slice.density - (-0.125f64).exp()).abs() < 1e-3 && (found.opacity - 1.0).abs() < 1e-12, "{slice:?}");
    (scene.clip, scene.slices) = (Vec::new(), Vec::new());
    let level = (-0.5f64).exp();
    let surface = |level: f64, opacity: f64| Isosurface { level, opacity };
    scene.mode = VolumeMode::Isosurfaces(vec![surface(0.9 * level, 0.25), surface(level, 0.5)]);
    let found = middle(&scene);
    // In through both, out through both.
    let levels: Vec<bool> = found.surfaces.iter().map(|s| s.density == level).collect();
    assert_eq!(levels, [false, true, true, false]);
    assert!((found.surfaces[1].depth - 9.0).abs() < 2e-3 && (found.surfaces[2].depth - 11.0).abs() < 2e-3);
    assert!((found.opacity - (1.0 - 0.75 * 0.75 * 0.5 * 0.5)).abs() < 1e-9);
    // Within a standard deviation of a Gaussian of space lie 19.87 %; of this box a little more.
    let m = found.surfaces[1].mass_above;
    assert!((m / 0.19875 - 1.0).abs() < 0.2 && m > 0.19875, "{m}");
}

/// Catches: a slice told that a surface before it hides, and a sphere that fog hides.
#[test]
fn a_pixel_is_about_what_is_seen_first() {
    let gaussian = |p: DVec3| (-0.5 * p.length_squared()).exp();
    let mut scene = scene(gaussian, 81);
    let level = (-0.5f64).exp();
    let surface = |opacity: f64| VolumeMode::Isosurfaces(vec![Isosurface { level, opacity }]);
    scene.slices = vec![Plane::perpendicular_to(0, DVec3::ZERO)];
    let x = |scene: &Scene| middle(scene).about.unwrap().x;
    // The surface at x = 1 hides the slice at x = 0; most of the slice is seen through a thin one, and of two the first counts.
    for (opacity, wanted) in [(1.0, 1.0), (0.7, 1.0), (0.5, 1.0), (0.2, 0.0), (0.05, 0.0)] {
        scene.mode = surface(opacity);
        assert!((x(&scene) - wanted).abs() < 2e-3, "{opacity}: {}", x(&scene));
    }
    // The surface's back lies behind the slice.
    scene.slices = vec![Plane::perpendicular_to(0, DVec3::X * 1.5)];
    scene.mode = surface(1.0);
    assert!((x(&scene) - 1.5).abs() < 1e-9);
    let found = middle(&scene);
    assert_eq!(found.nearest.unwrap().point, 0);
    // A sphere in thin and in thick fog.
    scene.slices = Vec::new();
    scene.mode = VolumeMode::Fog;
    let positions = Arc::new(vec![DVec3::new(-1.5, 0.0, 0.0)]);
    let layer = Look::Default.points(&scene, positions, Arc::new(vec![1.0]));
    scene.points = Some(PointLayer { diameter: Diameter::Uniform(0.2), ..layer });
    assert_eq!(x(&scene), -1.5);
    scene.transfer.reference_length = 0.05;
    let found = middle(&scene);
    let thickest = found.about.unwrap().x;
    assert!((0.5..2.0).contains(&thickest) && found.sphere.is_some(), "{thickest}");
}

#[test]
fn projections_show_what_they_say() {
    let mut scene = scene(|p| 0.5 + 0.1 * p.x, 5);
    for (mode, wanted) in [
        (VolumeMode::Maximum, 0.7),
        (VolumeMode::Minimum, 0.3),
        (VolumeMode::Mean, 0.5),
        (VolumeMode::LineIntegral, 2.0),
    ] {
        scene.mode = mode;
        let found = middle(&scene);
        assert!((found.projected.unwrap() - wanted).abs() < 1e-6, "{:?}: {:?}", scene.mode, found.projected);
        assert!(found.half_opacity.is_none() && found.opacity == 1.0);
        assert_eq!(found.lowest.is_some(), scene.mode == VolumeMode::Minimum);
        let is_far_side = |place: Place| (place.depth - 12.0).abs() < 1e-6 && (place.position.x + 2.0).abs() < 1e-6;
        assert!(found.lowest.is_none_or(is_far_side), "{:?}", found.lowest);
    }
}

/// Catches: a peak told at the sample next to it.
#[test]
fn the_densest_place_is_exact_whatever_the_step() {
    // A tent whose node at x = 0.5 lies between samples.
    let mut scene = scene(|p| 1.0 - (p.x - 0.5).abs() / 4.0, 9);
    for mode in [VolumeMode::Fog, VolumeMode::Mean, VolumeMode::Maximum, VolumeMode::Minimum] {
        (scene.mode, scene.sampling.step) = (mode, 0.7);
        let peak = middle(&scene).peak.unwrap();
        assert!((peak.depth - 9.5).abs() < 1e-9 && (peak.density - 1.0).abs() < 1e-6, "{:?}: {peak:?}", scene.mode);
    }
}

#[test]
fn a_sphere_ends_the_ray_and_is_the_point_that_is_told() {
    let mut scene = scene(|_| 1.0, 5);
    let positions = Arc::new(vec![DVec3::new(-1.0, 0.0, 0.0), DVec3::new(1.0, 0.01, 0.0), DVec3::new(1.5, 1.0, 0.0)]);
    let layer = Look::Default.points(&scene, positions.clone(), Arc::new(vec![3.0, 1.0, 2.0]));
    let mut layer = PointLayer { diameter: Diameter::Uniform(0.2), ..layer };
    for (order, point, depth) in [(PointOrder::Density, 0, 10.9), (PointOrder::Depth, 1, 8.9 + 5.02e-4)] {
        layer.order = order;
        scene.points = Some(layer.clone());
        let found = explain(&scene, &FRAME, [20, 20], Some(&positions)).unwrap();
        assert_eq!((found.sphere, found.nearest.unwrap().point), (Some(point), point));
        assert!((found.span.unwrap()[1] - depth).abs() < 1e-5, "{:?}", found.span);
        assert!(found.color.is_none() && found.opacity == 1.0);
    }
}

#[test]
fn pixels_outside_the_picture_are_refused_and_rays_outside_the_box_see_nothing() {
    let mut scene = scene(|_| 1.0, 5);
    let error = explain(&scene, &FRAME, [41, 0], None).unwrap_err().to_string();
    assert!(error.contains("pixel 41,0 is not in a picture of 41 x 41"), "{error}");
    if let Viewpoint::At(camera) = &mut scene.viewpoint {
        camera.projection = Projection::Orthographic { visible_height: 40.0 };
    }
    let found = explain(&scene, &FRAME, [0, 0], Some(&[DVec3::ZERO])).unwrap();
    assert!(found.span.is_none() && found.nearest.is_none() && found.opacity == 0.0);
    assert_eq!(found.color, Some([0.0; 3]));
}
