//! How long a device is kept busy by one piece of work: what draws its screen waits so long.

use std::sync::Arc;
use std::time::Duration;

use densitas::color::OpacityCurve;
use densitas::geometry::Box3;
use densitas::grid::Spline;
use densitas::kde::{Bandwidth, DensityOptions, Estimator, Extent, Method, Resolution};
use densitas::progress::Silent;
use densitas::render::Renderer;
use densitas::sample;
use densitas::scene::{
    Diameter, Frame, Further, Isosurface, Limits, Look, PointLayer, PointOrder, SampleRule, Sampling, Scene, VolumeMode,
};
use glam::DVec3;

use crate::common::{gpu, grid_of};

/// Systems take away a device that does not answer for seconds, and a screen that stands still for a tenth of one is seen.
const LONGEST: Duration = Duration::from_millis(100);

/// A thin fog that fills the box, which no ray ends in and nothing can skip, with steps of half a voxel.
fn fog(nodes: usize) -> Scene {
    let bounds = Box3 { min: DVec3::splat(-1.0), max: DVec3::splat(1.0) };
    let waves = |p: DVec3| 1.5 + (9.0 * p.x).sin() * (7.0 * p.y).cos() * (8.0 * p.z).sin();
    let grid = Arc::new(grid_of(bounds, [nodes; 3], waves));
    let step = 0.5 * grid.lattice.spacing.min_element();
    let mut scene = Look::Default.scene(grid.clone(), Limits::Value(0.0, 3.0)).unwrap();
    scene.transfer.opacity = OpacityCurve::parse("0:0.01,1:0.02").unwrap();
    scene.sampling = Sampling { step, adaptive: false, rule: SampleRule::Midpoint };
    scene.shading = Some(Look::Default.shading(&grid));
    scene
}

/// The scenes that keep a device longest, by name.
fn scenes(nodes: usize, points: usize) -> Vec<(&'static str, Scene)> {
    let fog = fog(nodes);
    let mut scenes = vec![("fog", fog.clone())];
    let mut add = |name, change: &dyn Fn(&mut Scene)| {
        let mut scene = fog.clone();
        change(&mut scene);
        scenes.push((name, scene));
    };
    add("cubic", &|scene| scene.quality.spline = Some(Arc::new(Spline::through(&*scene.grid))));
    add("occlusion, depth cue", &|scene| {
        (scene.quality.ambient_occlusion, scene.quality.depth_cue) = (0.7, 0.5);
    });
    add("maximum", &|scene| scene.mode = VolumeMode::Maximum);
    add("mean", &|scene| scene.mode = VolumeMode::Mean);
    add("surfaces", &|scene| {
        scene.mode =
            VolumeMode::Isosurfaces([0.6, 1.0, 1.5, 2.0].map(|level| Isosurface { level, opacity: 0.05 }).to_vec());
    });
    add("four densities", &|scene| scene.others = (0..3).map(|_| Further::of(fog.clone())).collect());
    let layer = |count, diameter, order| PointLayer {
        positions: Arc::new(sample::sample("founding", Some(count), 1).unwrap().positions),
        values: Arc::new((0..count).map(|i| i as f64 / count as f64).collect()),
        colors: None,
        sizes: None,
        diameter: Diameter::Uniform(diameter),
        order,
        opacity: 1.0,
        shaded: true,
        antialias: true,
    };
    let (small, large) = (layer(points, 0.01, PointOrder::Depth), layer(points / 300, 1.5, PointOrder::Density));
    add("many small points", &|scene| (scene.volume, scene.points) = (false, Some(small.clone())));
    add("points that hide all", &|scene| (scene.volume, scene.points) = (false, Some(large.clone())));
    add("veils of points", &|scene| {
        scene.points = Some(PointLayer { opacity: 0.3, order: PointOrder::Depth, ..small.clone() });
    });
    scenes
}

/// On a device of its own; a software adapter is nobody's screen: there it is only seen that dispatches are found.
#[test]
fn no_dispatch_keeps_a_device_longer_than_a_tenth_of_a_second() {
    let gpu = gpu();
    let (nodes, points, size) = if gpu.is_software() { (32, 2000, [160, 120]) } else { (512, 3_000_000, [3840, 2160]) };
    let mut renderer = Renderer::new(gpu.clone()).unwrap();
    let mut too_long = Vec::new();
    let mut note = |name: &str, found: Option<(&'static str, Duration)>| {
        let (shader, took) = found.unwrap_or_else(|| panic!("{name}: no dispatch"));
        eprintln!("{name}: at most {:.1} ms, of {shader}", 1e3 * took.as_secs_f64());
        if took > LONGEST {
            too_long.push(format!("{name}: {took:?}"));
        }
    };
    for (name, scene) in scenes(nodes, points) {
        let frame = Frame { size, scale_factor: 1.0 };
        // Pipelines are compiled and grids uploaded by the first.
        renderer.draw(&scene, &Frame { size: [16, 16], ..frame }, &Silent).unwrap();
        let (_, slowest) = gpu.slowest_dispatch(|| renderer.draw(&scene, &frame, &Silent)).unwrap();
        note(name, slowest);
    }
    let cloud = sample::sample("founding", Some(if gpu.is_software() { 2000 } else { 5_000_000 }), 1).unwrap();
    let options = DensityOptions {
        resolution: Resolution::Nodes([if gpu.is_software() { 24 } else { 256 }; 3]),
        extent: Extent::Padding(0.0),
        method: Method::Spectral,
        max_error: 1e-5,
        ..Default::default()
    };
    let mut estimator = Estimator::new(&cloud, &options, 1.0, &Silent).unwrap();
    estimator.use_device(&gpu).unwrap();
    let work = || estimator.samples(&Bandwidth::Scott, &Silent).and_then(|(_, samples)| samples.texture());
    let (_, slowest) = gpu.slowest_dispatch(work).unwrap();
    note("density", slowest);
    if gpu.is_software() {
        return eprintln!("SKIPPED: dispatches on a software adapter may take longer");
    }
    assert!(too_long.is_empty(), "{too_long:?}");
}
