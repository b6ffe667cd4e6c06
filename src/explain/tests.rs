use std::sync::Arc;

use glam::DVec3;

use super::*;
use crate::color::{OpacityCurve, Scale};
use crate::geometry::Box3;
use crate::grid::{DensityGrid, Lattice};
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
    explain(scene, &FRAME, [20, 20]).unwrap()
}

const POINTS: [DVec3; 2] = [DVec3::new(1.0, 0.5, 0.0), DVec3::new(-1.9, 0.1, 0.0)];

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
        assert_eq!(found.densities[0].peak.unwrap().mass_above, 1.0);
        assert_eq!(found.densities[0].profile.len(), (4.0f64 / step).ceil() as usize);
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
    let peak = found.densities[0].peak.unwrap();
    assert!((peak.depth - 8.0).abs() < 1e-9 && (peak.density - 1.0).abs() < 1e-6, "{peak:?}");
    assert!((peak.position - DVec3::new(2.0, 0.0, 0.0)).length() < 1e-9);
    // The nearest of two points is that at (1, 0.5, 0).
    let nearest = nearest(found.about.unwrap(), &POINTS).unwrap();
    assert!(nearest.point == 0 && (nearest.distance - 0.995f64.hypot(0.5)).abs() < 1e-9, "{nearest:?}");
    // Shares of the mass: in the fifth layer of nodes alone lies 1 / (0 + 0.25 + 0.5 + 0.75 + 1).
    assert!((scene.grid.share_beyond(0.9) - 0.4).abs() < 1e-6);
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
    let slice = found.densities[0].slice.unwrap();
    assert!((slice.density - (-0.125f64).exp()).abs() < 1e-3 && (found.opacity - 1.0).abs() < 1e-12, "{slice:?}");
    (scene.clip, scene.slices) = (Vec::new(), Vec::new());
    let level = (-0.5f64).exp();
    let surface = |level: f64, opacity: f64| Isosurface { level, opacity };
    scene.mode = VolumeMode::Isosurfaces(vec![surface(0.9 * level, 0.25), surface(level, 0.5)]);
    let found = middle(&scene);
    // In through both, out through both.
    let levels: Vec<bool> = found.densities[0].surfaces.iter().map(|s| s.density == level).collect();
    assert_eq!(levels, [false, true, true, false]);
    assert!(
        (found.densities[0].surfaces[1].depth - 9.0).abs() < 2e-3
            && (found.densities[0].surfaces[2].depth - 11.0).abs() < 2e-3
    );
    assert!((found.opacity - (1.0 - 0.75 * 0.75 * 0.5 * 0.5)).abs() < 1e-9);
    // Within a standard deviation of a Gaussian of space lie 19.87 %; of this box a little more.
    let m = found.densities[0].surfaces[1].mass_above;
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
    assert_eq!(nearest(found.about.unwrap(), &POINTS).unwrap().point, 0);
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
        assert!(
            (found.densities[0].projected.unwrap() - wanted).abs() < 1e-6,
            "{:?}: {:?}",
            scene.mode,
            found.densities[0].projected
        );
        assert!(found.half_opacity.is_none() && found.opacity == 1.0);
        assert_eq!(found.densities[0].lowest.is_some(), scene.mode == VolumeMode::Minimum);
        let is_far_side = |place: Place| (place.depth - 12.0).abs() < 1e-6 && (place.position.x + 2.0).abs() < 1e-6;
        assert!(found.densities[0].lowest.is_none_or(is_far_side), "{:?}", found.densities[0].lowest);
    }
}

/// Catches: a peak told at the sample next to it.
#[test]
fn the_densest_place_is_exact_whatever_the_step() {
    // A tent whose node at x = 0.5 lies between samples.
    let mut scene = scene(|p| 1.0 - (p.x - 0.5).abs() / 4.0, 9);
    for mode in [VolumeMode::Fog, VolumeMode::Mean, VolumeMode::Maximum, VolumeMode::Minimum] {
        (scene.mode, scene.sampling.step) = (mode, 0.7);
        let peak = middle(&scene).densities[0].peak.unwrap();
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
        let found = middle(&scene);
        let told = nearest(found.about.unwrap(), &positions).unwrap().point;
        assert_eq!((found.sphere, told, found.shown), (Some(point), point, None));
        assert!((found.span.unwrap()[1] - depth).abs() < 1e-5, "{:?}", found.span);
        assert!(found.color.is_none() && found.opacity == 1.0);
    }
}

#[test]
fn pixels_outside_the_picture_are_refused_and_rays_outside_the_box_see_nothing() {
    let mut scene = scene(|_| 1.0, 5);
    let error = explain(&scene, &FRAME, [41, 0]).unwrap_err().to_string();
    assert!(error.contains("pixel 41,0 is not in a picture of 41 x 41"), "{error}");
    if let Viewpoint::At(camera) = &mut scene.viewpoint {
        camera.projection = Projection::Orthographic { visible_height: 40.0 };
    }
    let found = explain(&scene, &FRAME, [0, 0]).unwrap();
    assert!(found.span.is_none() && found.about.is_none() && found.opacity == 0.0);
    assert_eq!(found.color, Some([0.0; 3]));
}

/// Extinction `sigma` times the density, to a thousandth.
fn fog(scene: &mut Scene, sigma: f64) {
    scene.transfer.opacity = OpacityCurve::parse("0:0,1:1e-4").unwrap();
    scene.transfer.reference_length = 1e-4 / sigma;
}

/// The depth at which a Gaussian's fog of all in all `depth` has taken `wanted` from a ray, by small steps.
fn reached(center: f64, width: f64, depth: f64, wanted: f64) -> f64 {
    let (step, mut sum, mut at) = (1e-5, 0.0, center - 8.0 * width);
    while sum < wanted {
        let x = (at - center) / width;
        sum += step * depth / (width * std::f64::consts::TAU.sqrt()) * (-0.5 * x * x).exp();
        at += step;
    }
    at
}

/// Two Gaussians of width 0.2, one at x = 1 before another at x = -1: optical depths a and b, of which the first shows 1 - e^-a
/// and the other e^-a (1 - e^-b). Where 2 e^(-a/2) = 1 + e^-(a + b), half of all lies in the middle of the first.
fn one_behind_the_other() -> (Scene, [f64; 2]) {
    let width = 0.2;
    let gaussian = |p: DVec3, x: f64| (-0.5 * (p - DVec3::X * x).length_squared() / (width * width)).exp();
    let a = 1.0f64;
    let b = -(2.0 * (-0.5 * a).exp() - 1.0).ln() - a;
    let area = width * std::f64::consts::TAU.sqrt();
    let mut first = scene(|p| gaussian(p, 1.0), 129);
    let mut other = scene(|p| 3.0 * gaussian(p, -1.0), 129);
    (first.sampling.step, other.transfer.limits) = (0.005, [0.0, 3.0]);
    fog(&mut first, a / area);
    fog(&mut other, b / area);
    first.others = vec![crate::scene::Further::of(other)];
    (first, [a, b])
}

/// Catches: a half of the first alone told as that of all, shares without what lies before, a peak in the other's unit, a place
/// that is not of the density that shows most.
#[test]
fn two_gaussians_one_behind_the_other_have_their_closed_forms() {
    let (scene, [a, b]) = one_behind_the_other();
    let found = middle(&scene);
    let opacity = 1.0 - (-(a + b)).exp();
    // Of 32 nodes a unit a width of 0.2 has 6: by lines between them a Gaussian has 0.2 % more area.
    assert!((found.opacity - opacity).abs() < 2e-3, "{} for {opacity}", found.opacity);
    assert!((found.half_opacity.unwrap() - 9.0).abs() < 3e-3, "{:?}", found.half_opacity);
    let [first, other] = &found.densities[..] else { panic!("{} densities", found.densities.len()) };
    for (of, depth, center, share) in
        [(first, a, 9.0, 1.0 - (-a).exp()), (other, b, 11.0, (-a).exp() * (1.0 - (-b).exp()))]
    {
        let alone = 1.0 - (-depth).exp();
        assert!((of.opacity - alone).abs() < 2e-3 && (of.share - share).abs() < 2e-3, "{} {}", of.opacity, of.share);
        let half = reached(center, 0.2, depth, -(1.0 - 0.5 * alone).ln());
        assert!((of.half_opacity.unwrap() - half).abs() < 3e-3, "{:?} for {half}", of.half_opacity);
        let peak = of.peak.unwrap();
        assert!((peak.depth - center).abs() < 1e-6 && peak.mass_above < 1e-3, "{peak:?}");
    }
    assert!((first.peak.unwrap().density - 1.0).abs() < 1e-6 && (other.peak.unwrap().density - 3.0).abs() < 1e-5);
    assert_eq!(found.shown, Some(0));
    assert!((other.about.unwrap().x + 1.0).abs() < 0.1 && found.about == first.about);
    // From the other side it is the other that is seen.
    let mut behind = scene.clone();
    if let Viewpoint::At(camera) = &mut behind.viewpoint {
        camera.position = DVec3::X * -10.0;
    }
    let found = middle(&behind);
    let share = (-b).exp() * (1.0 - (-a).exp());
    assert!((found.densities[0].share - share).abs() < 2e-3);
    assert!((found.densities[1].share - 1.0 + (-b).exp()).abs() < 2e-3);
}

/// A square across the ray at this x, of atom 7.
fn square(x: f64) -> crate::scene::TraceLayer {
    let corner = |y: f64, z: f64| DVec3::new(x, y, z);
    let vertices = vec![corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)];
    let (normals, colors, atoms) = (vec![DVec3::X; 4], vec![[9; 3]; 4], vec![7; 4]);
    let triangles = vec![[0, 1, 2], [0, 2, 3]];
    crate::scene::TraceLayer::new(Arc::new(crate::trace::Mesh { vertices, normals, colors, atoms, triangles }))
}

/// Catches: what lies behind a molecule told as seen, a molecule that a clip plane has cut away, one behind a sphere.
#[test]
fn a_molecule_ends_the_ray() {
    let (mut scene, [a, b]) = one_behind_the_other();
    // Between the two; before both; behind both.
    for (x, shares) in
        [(0.0, [1.0 - (-a).exp(), 0.0]), (1.9, [0.0; 2]), (-1.9, [1.0 - (-a).exp(), (-a).exp() * (1.0 - (-b).exp())])]
    {
        scene.trace = Some(square(x));
        let found = middle(&scene);
        let body = found.body.unwrap();
        assert!((body.depth - 10.0 + x).abs() < 1e-12 && body.atom == Some(7), "{body:?}");
        assert!(found.opacity == 1.0 && found.color.is_none() && found.span.unwrap()[1] == body.depth);
        for (of, share) in std::iter::zip(&found.densities, shares) {
            assert!((of.share - share).abs() < 2e-3, "{x}: {} for {share}", of.share);
        }
        let peak = found.densities[1].peak.unwrap().depth;
        assert!(peak <= body.depth && ((peak - 11.0).abs() < 0.01) == (x < -1.0), "{x}: {peak}");
        assert!(found.shown.is_none() && (found.about.unwrap().x - x).abs() < 1e-12);
    }
    scene.clip = vec![Plane { point: DVec3::X * -1.0, normal: DVec3::NEG_X }];
    assert!(middle(&scene).body.is_none());
    scene.clip.clear();
    let layer = Look::Default.points(&scene, Arc::new(vec![DVec3::ZERO]), Arc::new(vec![1.0]));
    scene.points = Some(PointLayer { diameter: Diameter::Uniform(0.2), order: PointOrder::Depth, ..layer });
    let found = middle(&scene);
    assert!(found.sphere == Some(0) && found.body.is_none());
    scene.trace = Some(square(0.5));
    let found = middle(&scene);
    assert!(found.sphere.is_none() && found.body.is_some());
}

/// Catches: a place told as the first density's where another is seen.
#[test]
fn a_place_is_of_the_density_that_is_seen_there() {
    let (mut scene, _) = one_behind_the_other();
    let at = |scene: &Scene, x: f64| most_seen_at(scene, DVec3::X * x);
    assert_eq!([1.0, 0.8, -0.9, -1.0].map(|x| at(&scene, x)), [0, 0, 1, 1]);
    let surface = |level: f64| vec![Isosurface { level, opacity: 1.0 }];
    // Within the first there is none of its surface, but that of the other, which is 0 there.
    scene.mode = VolumeMode::Isosurfaces(surface(0.5));
    scene.others[0].surfaces = surface(1.5);
    let near = 0.2 * (2.0 * 2f64.ln()).sqrt();
    assert_eq!([1.0 + near, 1.0 - near, -1.0 + near, -1.0 - near].map(|x| at(&scene, x)), [0, 0, 1, 1]);
    let found = middle(&scene);
    assert_eq!((found.shown, found.densities[1].surfaces.len()), (Some(0), 2));
    assert_eq!(at(&scene, found.about.unwrap().x), 0);
    for mode in [VolumeMode::Maximum, VolumeMode::Mean] {
        scene.mode = mode;
        let found = middle(&scene);
        assert!(found.densities.iter().all(|of| of.projected.is_some() && of.share > 0.0));
    }
}
