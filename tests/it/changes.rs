//! A thousand changes of a scene, all drawn by one renderer.

use std::sync::Arc;

use densitas::geometry::Box3;
use densitas::grid::DensityGrid;
use densitas::progress::Silent;
use densitas::render::Renderer;
use densitas::scene::{
    Background, Diameter, Frame, Isosurface, Limits, Look, Plane, PointColors, PointLayer, PointOrder, Scene,
    TraceLayer, View, Viewpoint, VolumeMode,
};
use densitas::trace::Mesh;
use glam::DVec3;

use crate::common::{gpu, grid_of};

/// Steele, Lea and Flood's (2014) generator "SplitMix64".
struct Chance(u64);

impl Chance {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let a = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let b = (a ^ a >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        b ^ b >> 31
    }

    /// Below `n`.
    fn below(&mut self, n: u64) -> u64 {
        self.word() % n
    }

    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        self.word() as f64 / u64::MAX as f64
    }

    fn place(&mut self, within: Box3) -> DVec3 {
        within.min + within.size() * DVec3::from_array(std::array::from_fn(|_| self.share()))
    }

    fn direction(&mut self) -> DVec3 {
        let v = DVec3::from_array(std::array::from_fn(|_| self.share() - 0.5));
        v.normalize_or(DVec3::X)
    }
}

fn grids() -> Vec<Arc<DensityGrid>> {
    let blob = |p: DVec3| (-0.5 * (p - 0.4).length_squared() / 0.04).exp();
    let boxes =
        [Box3 { min: DVec3::ZERO, max: DVec3::ONE }, Box3 { min: DVec3::splat(-0.5), max: DVec3::new(2.0, 1.0, 1.2) }];
    vec![
        Arc::new(grid_of(boxes[0], [9, 12, 10], blob)),
        Arc::new(grid_of(boxes[1], [33, 17, 20], blob)),
        Arc::new(grid_of(boxes[0], [2, 2, 2], |p| p.x - 0.2)),
        // Large enough for gradients of its own.
        Arc::new(grid_of(boxes[1], [66, 64, 65], |p| blob(p) + 0.1 * (9.0 * p.x).sin())),
    ]
}

fn scene_of(grid: &Arc<DensityGrid>, look: Look) -> Scene {
    look.scene(grid.clone(), Limits::Range(0.05, 0.9)).unwrap()
}

/// Points or none, in one of many ways.
fn points(scene: &Scene, chance: &mut Chance) -> Option<PointLayer> {
    let n = [0, 1, 7, 300][chance.below(4) as usize];
    let bounds = scene.grid.lattice.bounds();
    let positions: Vec<DVec3> = (0..n).map(|_| chance.place(bounds)).collect();
    let values: Vec<f64> = (0..n).map(|_| chance.share()).collect();
    let mut layer = Look::Default.points(scene, Arc::new(positions), Arc::new(values));
    let size = bounds.diagonal() * 0.2 * chance.share();
    layer.diameter = [
        Diameter::Uniform(size),
        Diameter::Ranged(size),
        Diameter::Proportional(size),
        Diameter::Pixels(9.0 * chance.share()),
    ][chance.below(4) as usize];
    layer.order = PointOrder::Depth;
    match chance.below(4) {
        0 => layer.opacity = 0.2 + 0.7 * chance.share(),
        1 if scene.trace.is_none() => layer.order = PointOrder::Density,
        2 => layer.colors = Some(PointColors::constant(n, [0.2, 0.6, 0.9])),
        _ => {}
    }
    (layer.shaded, layer.antialias) = (chance.below(2) == 0, chance.below(2) == 0);
    (chance.below(3) > 0).then_some(layer)
}

fn body(bounds: Box3, chance: &mut Chance) -> Mesh {
    let n = chance.below(30) as u32;
    let vertices: Vec<DVec3> = (0..3 * n).map(|_| chance.place(bounds)).collect();
    let normals = vertices.iter().map(|_| chance.direction()).collect();
    let colors = vertices.iter().map(|_| [0; 3].map(|_: u8| chance.below(256) as u8)).collect();
    let triangles = (0..n).map(|i| [3 * i, 3 * i + 1, 3 * i + 2]).collect();
    Mesh { vertices, normals, colors, triangles, ..Mesh::default() }
}

/// Changes one thing; what does not go with it is put right.
fn change(scene: &mut Scene, frame: &mut Frame, grids: &[Arc<DensityGrid>], chance: &mut Chance) {
    let bounds = scene.grid.lattice.bounds();
    let plane = |chance: &mut Chance| Plane { point: chance.place(bounds), normal: chance.direction() };
    match chance.below(13) {
        0 => {
            let look = if chance.below(3) == 0 { Look::Mayavi } else { Look::Default };
            *scene = scene_of(&grids[chance.below(grids.len() as u64) as usize], look);
        }
        1 => {
            scene.mode = match chance.below(8) {
                0 => VolumeMode::Maximum,
                1 => VolumeMode::Minimum,
                2 => VolumeMode::Mean,
                3 => VolumeMode::LineIntegral,
                4 => {
                    let surface = |_| Isosurface { level: chance.share(), opacity: chance.share() };
                    VolumeMode::Isosurfaces((0..3).map(surface).collect())
                }
                5 => VolumeMode::Slices,
                _ => VolumeMode::Fog,
            }
        }
        2 => {
            let [a, b] = [chance.share(), chance.share()];
            scene.transfer.limits = [a.min(b), a.max(b)];
        }
        3 => frame.size = [1 + chance.below(64) as u32, 1 + chance.below(48) as u32],
        4 => scene.clip = (0..chance.below(4)).map(|_| plane(chance)).collect(),
        5 => scene.slices = (0..chance.below(3)).map(|_| plane(chance)).collect(),
        6 | 7 => scene.points = points(scene, chance),
        8 => {
            let mesh = Arc::new(body(bounds, chance));
            let layer = TraceLayer { shaded: chance.below(2) == 0, ..TraceLayer::new(mesh) };
            scene.trace = (chance.below(3) > 0).then_some(layer);
        }
        9 => {
            let look = if chance.below(2) == 0 { Look::Default } else { Look::Mayavi };
            scene.shading = (chance.below(2) == 0).then(|| look.shading(&scene.grid));
        }
        10 => {
            let color = [0; 3].map(|_: u8| chance.share() as f32);
            scene.background = [Background::Color(color), Background::Transparent][chance.below(2) as usize];
        }
        11 => {
            let view = View::Angles { azimuth: 360.0 * chance.share(), elevation: 170.0 * chance.share() - 85.0 };
            scene.viewpoint = Viewpoint::Fit(view);
            if chance.below(2) == 0 {
                let camera = densitas::annotate::camera(scene, frame);
                let camera =
                    if chance.below(2) == 0 { camera.orthographic() } else { camera.at_distance(chance.share()) };
                scene.viewpoint = Viewpoint::At(camera);
            }
        }
        _ => {
            scene.volume = chance.below(3) > 0;
            scene.sampling.adaptive = chance.below(2) == 0;
            scene.annotations.axes = chance.below(2) == 0;
        }
    }
    if scene.mode.is_projection() {
        (scene.points, scene.trace) = (None, None);
        scene.slices.clear();
    }
    if let (Some(_), Some(layer)) = (&scene.trace, &mut scene.points) {
        layer.order = PointOrder::Depth;
    }
}

/// Catches: what a picture leaves behind on the device and the next one takes for its own (a texture, slots, points, pipelines by the
/// wrong key), sizes and bindings that the device refuses, memory that grows.
#[test]
fn a_thousand_changes_leave_nothing_behind() {
    const CHANGES: usize = 1000;
    /// Every so many a new renderer is asked for the same picture.
    const COMPARED: usize = 50;
    let gpu = gpu();
    let (grids, mut chance) = (grids(), Chance(2026));
    let mut renderer = Renderer::new(gpu.clone()).unwrap();
    let mut scene = scene_of(&grids[0], Look::Default);
    let mut frame = Frame { size: [40, 30], scale_factor: 1.0 };
    let mut different = 0;
    let mut before = None;
    for n in 1..=CHANGES {
        change(&mut scene, &mut frame, &grids, &mut chance);
        let picture = renderer.draw(&scene, &frame, &Silent).unwrap_or_else(|e| panic!("change {n}: {e}\n{scene:?}"));
        gpu.check().unwrap_or_else(|e| panic!("change {n}: {e}"));
        if n.is_multiple_of(COMPARED) {
            let anew = Renderer::new(gpu.clone()).unwrap().draw(&scene, &frame, &Silent).unwrap();
            assert!(picture == anew, "change {n}: a new renderer draws another picture of\n{scene:?}");
        }
        different += usize::from(before.as_ref() != Some(&picture));
        before = Some(picture);
    }
    assert!(different > CHANGES / 3, "only {different} changes change the picture");
}
