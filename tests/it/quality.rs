//! Finer pictures, against closed forms: the spline between samples, depth cue, ambient occlusion, the mean of pictures.

use std::sync::Arc;

use densitas::color::{Colormap, OpacityCurve};
use densitas::explain::explain;
use densitas::geometry::Box3;
use densitas::grid::{DensityGrid, Spline};
use densitas::progress::Silent;
use densitas::render::Light;
use densitas::scene::{
    Background, Diameter, Frame, Isosurface, Look, Plane, PointColors, PointOrder, Quality, SampleRule, Sampling,
    Scene, VolumeMode,
};
use glam::{DVec2, DVec3};

use crate::common::{grid_of, seen_along_x};
use crate::pictures::RENDERER;

const SIZE: u32 = 32;

/// A scene of grey limits 0 to 1 in a box of side 1 around 0, seen along -x by a parallel camera that shows it whole.
fn scene(n: usize, f: impl Fn(DVec3) -> f64) -> Scene {
    let bounds = Box3 { min: DVec3::splat(-0.5), max: DVec3::splat(0.5) };
    of_grid(grid_of(bounds, [n; 3], f))
}

fn of_grid(grid: DensityGrid) -> Scene {
    let colors = (Colormap::named("grey").unwrap(), OpacityCurve::parse("0:0,1:0.5").unwrap(), 0.25);
    let (focus, scene) = (grid.lattice.bounds(), seen_along_x(grid, colors, 1.0, 0.01));
    let sampling = Sampling { rule: SampleRule::Midpoint, ..scene.sampling };
    Scene { focus, sampling, background: Background::Color([0.0, 0.0, 1.0]), ..scene }
}

fn draw(scene: &Scene) -> Light {
    RENDERER.lock().unwrap_or_else(|e| e.into_inner()).draw_light(scene, [SIZE; 2], &Silent).unwrap()
}

fn pixel(light: &Light, column: u32, row: u32) -> [f64; 4] {
    light.rgba[(row * SIZE + column) as usize].map(f64::from)
}

fn largest_difference(a: &Light, b: &Light) -> f32 {
    let values = std::iter::zip(a.rgba.as_flattened(), b.rgba.as_flattened());
    values.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn with(scene: &Scene, change: impl FnOnce(&mut Quality)) -> Scene {
    let mut scene = scene.clone();
    change(&mut scene.quality);
    scene
}

fn cubic(scene: &Scene) -> Scene {
    let spline = Arc::new(Spline::through(&*scene.grid));
    with(scene, |quality| quality.spline = Some(spline))
}

/// The largest value on rays through a Gaussian of 2 nodes a standard deviation, whose centre lies between nodes. Catches:
/// coefficients taken for values, a border that shifts them, weights exchanged.
#[test]
fn the_spline_finds_the_peak_between_coarse_samples() {
    let (n, center) = (25, DVec3::new(0.02, 0.021, -0.019));
    let s = 2.0 / 24.0;
    let gauss = |p: DVec3| (-p.length_squared() / (2.0 * s * s)).exp();
    let linear = Scene { mode: VolumeMode::Maximum, ..scene(n, |p| gauss(p - center)) };
    let mut errors = [0f64; 2];
    for (error, scene) in std::iter::zip(&mut errors, [linear.clone(), cubic(&linear)]) {
        let light = draw(&scene);
        for (column, row) in [(16, 16), (17, 15), (14, 18), (19, 17)] {
            let place = |n: u32| (f64::from(n) + 0.5) / f64::from(SIZE) - 0.5;
            let offset = DVec2::new(place(column), -place(row)) - DVec2::new(center.y, center.z);
            let wanted = gauss(offset.extend(0.0));
            *error = error.max((pixel(&light, column, row)[0] - wanted).abs());
        }
    }
    assert!(errors[0] > 0.02 && errors[1] < 0.004, "{errors:?}");
}

/// Catches: a shader whose spline is not that of the processor, in fog, its surfaces and its projections.
#[test]
fn pictures_of_the_spline_are_those_of_the_twin_on_the_processor() {
    let rough = |p: DVec3| 0.5 + 0.3 * (23.0 * p.x + 11.0 * p.y).sin() * (17.0 * p.z - 5.0 * p.y).cos();
    let mut scene = cubic(&scene(13, rough));
    let frame = Frame { size: [SIZE; 2], scale_factor: 1.0 };
    for mode in [
        VolumeMode::Fog,
        VolumeMode::Maximum,
        VolumeMode::Minimum,
        VolumeMode::Mean,
        VolumeMode::Isosurfaces(vec![Isosurface { level: 0.6, opacity: 0.7 }]),
    ] {
        scene.mode = mode.clone();
        let light = draw(&scene);
        for [column, row] in [[3, 4], [16, 16], [29, 11], [8, 27]] {
            let [r, g, b, a] = pixel(&light, column, row);
            let wanted = explain(&scene, &frame, [column, row]).unwrap().color.unwrap();
            for (found, wanted) in std::iter::zip([r, g, b + (1.0 - a)], wanted) {
                assert!((found - f64::from(wanted)).abs() < 2.5 / 255.0, "{mode:?} {column},{row}: {found} {wanted}");
            }
        }
    }
}

/// A surface at a depth d of the box has the share strength * d of the background in its colour; so has a sphere. Catches:
/// depths from the eye, a cue that grows towards the eye, the background of another channel, glyphs left out.
#[test]
fn colours_fade_with_depth() {
    let strength = 0.7;
    let mut surface = scene(9, |p| 0.5 - p.x);
    for depth in [0.2, 0.5, 0.8] {
        // Seen along -x: the face at +0.5 is the nearest, and the field grows with depth.
        surface.mode = VolumeMode::Isosurfaces(vec![Isosurface { level: depth, opacity: 1.0 }]);
        let found = pixel(&draw(&with(&surface, |q| q.depth_cue = strength)), 12, 20);
        let share = strength * depth;
        let wanted = [depth * (1.0 - share), depth * (1.0 - share), depth * (1.0 - share) + share, 1.0];
        for (found, wanted) in std::iter::zip(found, wanted) {
            assert!((found - wanted).abs() < 1e-3, "{depth}: {found} {wanted}");
        }
    }
    let mut points = scene(9, |_| 0.0);
    let (position, radius) = (DVec3::new(-0.1, 0.5 / 32.0, -0.5 / 32.0), 0.1);
    let mut layer = Look::Default.points(&points, Arc::new(vec![position]), Arc::new(vec![0.0]));
    layer.colors = Some(PointColors::constant(1, [1.0, 0.5, 0.0]));
    (layer.diameter, layer.order, layer.shaded) = (Diameter::Uniform(2.0 * radius), PointOrder::Depth, false);
    points.points = Some(layer);
    for volume in [true, false] {
        points.volume = volume;
        let found = pixel(&draw(&with(&points, |q| q.depth_cue = strength)), 16, 16);
        let share = strength * (0.6 - radius);
        for (found, wanted) in std::iter::zip(found, [1.0 - share, 0.5 * (1.0 - share), share, 1.0]) {
            assert!((found - wanted).abs() < 4e-3, "{volume}: {found} {wanted}");
        }
    }
}

/// Fog of constant colour from depth a to b: the share of the background is the mean of the cue, weighted by what each depth
/// shows. Catches: a cue at the wrong end of a step, one for the whole ray.
#[test]
fn fog_fades_as_its_integral_says() {
    let (strength, depth) = (0.8, 4.0 * 2f64.ln());
    let scene = with(&scene(5, |_| 1.0), |q| q.depth_cue = strength);
    let [r, _, b, a] = pixel(&draw(&scene), 16, 16);
    let opacity = 1.0 - (-depth).exp();
    // Integral of x exp(-tau x) tau over 0 to 1.
    let share = strength * (1.0 - (-depth).exp() * (1.0 + depth)) / depth;
    assert!((a - opacity).abs() < 1e-4, "{a} {opacity}");
    assert!((r - (opacity - share)).abs() < 1e-4 && (b - opacity).abs() < 1e-4, "{r} {b} {share}");
}

/// Unlit light is linear in the strength, what is thin keeps its colours, and a hollow is darker than a hill. Catches:
/// strength taken twice, occlusion of what is open.
#[test]
fn what_is_closed_in_is_darker() {
    let hollow = |p: DVec3| if p.x < -0.2 || p.x < 0.3 && DVec2::new(p.y, p.z).length() > 0.1 { 1.0 } else { 0.0 };
    let mut fog = scene(65, hollow);
    fog.transfer.reference_length = 0.02;
    let [none, half, all] = [0.0, 0.5, 1.0].map(|s| draw(&with(&fog, |q| q.ambient_occlusion = s)));
    let ends = std::iter::zip(none.rgba.as_flattened(), all.rgba.as_flattened()).map(|(a, b)| 0.5 * (a + b));
    for (at, (found, wanted)) in std::iter::zip(half.rgba.as_flattened(), ends).enumerate() {
        assert!((found - wanted).abs() < 2e-3, "{at}: {found} {wanted}");
    }
    let share = |column, row| pixel(&all, column, row)[0] / pixel(&none, column, row)[0];
    assert!(share(16, 16) < 0.5 * share(4, 4) && share(4, 4) > 0.4, "{} {}", share(16, 16), share(4, 4));
    fog.transfer.reference_length = 50.0;
    let [none, all] = [0.0, 1.0].map(|s| draw(&with(&fog, |q| q.ambient_occlusion = s)));
    assert!(largest_difference(&none, &all) < 1e-6);
}

/// Whatever share of a step a ray begins with, homogeneous fog has its optical depth, and the edge of a surface covers the
/// share of each pixel that it does. Catches: a lost or doubled part of the first step, rays that all begin at one place,
/// a mean over one picture too many.
#[test]
fn a_mean_of_pictures_keeps_what_is_exact_and_softens_edges() {
    let mut fog = scene(5, |_| 1.0);
    fog.sampling.step = 0.3;
    let [r, .., a] = pixel(&draw(&with(&fog, |q| q.pictures = 7)), 16, 16);
    let wanted = 1.0 - (-4.0 * 2f64.ln()).exp();
    assert!((a - wanted).abs() < 1e-5 && (r - wanted).abs() < 1e-5, "{a} {wanted}");
    // A clip plane, seen edge-on, 0.3 into column 16.
    let edge = -0.5 + 16.3 / 32.0;
    let mut solid = scene(5, |_| 1.0);
    solid.clip = vec![Plane::perpendicular_to(1, DVec3::new(0.0, edge, 0.0))];
    solid.transfer.reference_length = 0.001;
    let light = draw(&with(&solid, |q| q.pictures = 200));
    let covered = [15, 16, 17].map(|column| pixel(&light, column, 16)[3]);
    assert!(covered[0] > 0.999 && (covered[1] - 0.3).abs() < 0.02 && covered[2] < 1e-6, "{covered:?}");
    assert_eq!(light.rgba, draw(&with(&solid, |q| q.pictures = 200)).rgba);
}

/// Coarse steps through a ramp: the mean of 16 pictures lies nearer to fine steps than one does. Catches: beginnings that
/// change nothing.
#[test]
fn a_mean_of_pictures_is_nearer_to_the_truth() {
    let mut ramp = scene(33, |p| (0.5 + 0.5 * (14.0 * p.x).sin()).powi(2));
    ramp.transfer.reference_length = 0.1;
    let truth = pixel(&draw(&ramp), 16, 16);
    ramp.sampling.step = 0.21;
    let error = |pictures| (pixel(&draw(&with(&ramp, |q| q.pictures = pictures)), 16, 16)[0] - truth[0]).abs();
    let (one, many) = (error(1), error(16));
    assert!(many < 0.5 * one, "{one} {many}");
}

/// Catches: rules that know nothing of occlusion, of the fade, or of a spline that leaves the range of its samples.
#[test]
fn adaptive_steps_hold_their_bound_with_all_of_it() {
    let blobs = |p: DVec3| (-14.0 * p.length_squared()).exp() + 0.6 * (-60.0 * (p - 0.2).length_squared()).exp();
    let mut scene = cubic(&scene(49, blobs));
    scene.shading = Some(Look::Default.shading(&scene.grid));
    scene.quality =
        Quality { ambient_occlusion: 1.0, depth_cue: 0.9, pictures: 2, spline: scene.quality.spline.clone() };
    let brute = draw(&scene);
    scene.sampling.adaptive = true;
    let found = largest_difference(&brute, &draw(&scene));
    assert!(found <= 1.0 / 255.0, "{}", 255.0 * found);
}
