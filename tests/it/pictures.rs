//! Pictures against closed forms and against Mayavi's own.

use std::sync::{Arc, LazyLock, Mutex};

use densitas::annotate::{Shape, annotate, camera};
use densitas::color::{Colormap, OpacityCurve, Scale, TransferFunction};
use densitas::geometry::Box3;
use densitas::grid::{DensityGrid, Lattice};
use densitas::progress::Silent;
use densitas::render::{Light, Picture, Renderer};
use densitas::scene::{
    Annotations, Background, Camera, Frame, Isosurface, Limits, Look, Projection, Quality, SampleRule, Sampling, Scene,
    View, Viewpoint, VolumeMode, Window,
};
use glam::{DVec2, DVec3};

use crate::common::{gpu, grid_of, npy_f64, read_png, test_data};

/// One renderer for all tests.
pub static RENDERER: LazyLock<Mutex<Renderer>> = LazyLock::new(|| Mutex::new(Renderer::new(gpu()).unwrap()));

/// How far the value between two samples, as a share of their difference, may be off by the adapter: graphics devices
/// interpolate with weights of 8 bits.
pub fn of_weights() -> f64 {
    let renderer = RENDERER.lock().unwrap_or_else(|e| e.into_inner());
    if renderer.gpu().is_software() { 0.0 } else { 1.0 / 256.0 }
}

fn draw(scene: &Scene, size: [u32; 2]) -> Picture {
    let frame = Frame { size, scale_factor: 1.0 };
    RENDERER.lock().unwrap_or_else(|e| e.into_inner()).draw(scene, &frame, &Silent).unwrap()
}

fn light(scene: &Scene, size: [u32; 2]) -> Light {
    RENDERER.lock().unwrap_or_else(|e| e.into_inner()).draw_light(scene, size, &Silent).unwrap()
}

/// Largest difference of a channel, and how many pixels differ at all.
fn difference(ours: &Picture, theirs: &[[u8; 3]]) -> (u8, usize) {
    assert_eq!(ours.rgba.len() / 4, theirs.len());
    let per_pixel = |(a, b): (&[u8], &[u8; 3])| (0..3).map(|c| a[c].abs_diff(b[c])).max().unwrap();
    let all: Vec<u8> = ours.rgba.chunks_exact(4).zip(theirs).map(per_pixel).collect();
    (*all.iter().max().unwrap(), all.iter().filter(|d| **d > 0).count())
}

fn vec3(v: &serde_json::Value) -> DVec3 {
    DVec3::new(v[0].as_f64().unwrap(), v[1].as_f64().unwrap(), v[2].as_f64().unwrap())
}

/// Catches: wrong step, wrong sample rule, wrong opacity correction, wrong colours, a flipped axis,
/// wrong lights, a normal without VTK's fault.
#[test]
fn the_mayavi_look_reproduces_mayavis_own_pictures() {
    let Some(root) = test_data() else { return };
    let folder = root.join("pictures");
    let text = std::fs::read_to_string(folder.join("mayavi.json")).unwrap();
    let cases: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert!(cases.len() >= 6);
    for case in &cases {
        let name = case["picture"].as_str().unwrap();
        let scene = mayavi_case(case, &folder);
        let (size, theirs) = read_png(&folder.join(name));
        let (most, differing) = difference(&draw(&scene, size), &theirs);
        println!("{name}: at most {most}/255, {differing} of {} pixels differ", theirs.len());
        assert!(most <= 1, "{name}: {most}/255");
    }
}

fn mayavi_case(case: &serde_json::Value, folder: &std::path::Path) -> Scene {
    let bounds = Box3 { min: vec3(&case["bbox_min"]), max: vec3(&case["bbox_max"]) };
    let values: Vec<f32> =
        npy_f64(&folder.join(case["density"].as_str().unwrap())).into_iter().map(|v| v as f32).collect();
    let lattice = Lattice::spanning(bounds, [30, 30, 30]).unwrap();
    let grid = Arc::new(DensityGrid::from_c_order(lattice, &values, None).unwrap());
    let limits = Limits::Value(case["vmin"].as_f64().unwrap(), case["vmax"].as_f64().unwrap());
    let mut scene = Look::Mayavi.scene(grid, limits).unwrap();
    let camera = &case["camera"];
    scene.viewpoint = Viewpoint::At(Camera {
        position: vec3(&camera["position"]),
        target: vec3(&camera["focal_point"]),
        up: vec3(&camera["view_up"]),
        projection: Projection::Perspective { vertical_fov_degrees: camera["view_angle_degrees"].as_f64().unwrap() },
        shift: DVec2::ZERO,
    });
    if !case["shade"].as_bool().unwrap() {
        scene.shading = None;
    }
    scene.annotations = Annotations::default();
    scene
}

const UNIT_BOX: Box3 = Box3 { min: DVec3::ZERO, max: DVec3::ONE };

/// A scene without annotations on black, seen along -x by a parallel camera that sees 0.5 units, with one
/// sample a step.
fn closed_form(grid: DensityGrid, opacity: &str, reference_length: f64, step: f64) -> Scene {
    let bounds = grid.lattice.bounds();
    Scene {
        on_device: None,
        volume: true,
        mode: VolumeMode::Fog,
        slices: Vec::new(),
        cover: None,
        clip: Vec::new(),
        points: None,
        trace: None,
        transfer: TransferFunction {
            colormap: Colormap::named("grey").unwrap(),
            limits: [0.0, 1.0],
            scale: Scale::Linear,
            opacity: OpacityCurve::parse(opacity).unwrap(),
            reference_length,
        },
        focus: bounds,
        viewpoint: parallel(bounds, View::X, 0.5),
        sampling: Sampling { step, rule: SampleRule::Midpoint, adaptive: false },
        quality: Quality::default(),
        others: Vec::new(),
        shading: None,
        background: Background::Color([0.0; 3]),
        annotations: Annotations::default(),
        grid: Arc::new(grid),
    }
}

fn parallel(bounds: Box3, view: View, visible_height: f64) -> Viewpoint {
    let camera = Camera::fitting(bounds, view, Window::middle(1.0));
    Viewpoint::At(Camera { projection: Projection::Orthographic { visible_height }, ..camera })
}

/// The tolerance of the float target on software adapters (measured: below 1e-6 on these scenes).
const FLOAT_TOLERANCE: f64 = 2e-5;

fn assert_close(found: f32, expected: f64, what: &str) {
    let error = (f64::from(found) - expected).abs();
    assert!(error <= FLOAT_TOLERANCE, "{what}: {found}, expected {expected}"); // fails on NaN too
}

fn center(light: &Light) -> [f32; 4] {
    light.rgba[(light.size[1] / 2 * light.size[0] + light.size[0] / 2) as usize]
}

/// Closed form 1. Catches: the last, shorter step counted as a full one, or dropped.
#[test]
fn a_homogeneous_slab_has_the_same_opacity_at_any_step() {
    for step in [0.5, 0.3, 0.07, 0.013, 0.001] {
        let scene = closed_form(grid_of(UNIT_BOX, [4, 4, 4], |_| 1.0), "0:0,1:0.6", 0.5, step);
        let sigma = -(0.4_f64.ln()) / 0.5;
        assert_close(center(&light(&scene, [9, 9]))[3], 1.0 - (-sigma).exp(), &format!("step {step}"));
    }
}

/// Closed form 2. Catches: opacity interpolated where extinction should be, or not corrected.
#[test]
fn a_linear_ramp_under_mayavis_opacity_has_the_integrated_depth() {
    let a = 0.2_f64;
    let depth = ((1.0 - a) * (1.0 - a).ln() + a) / a;
    assert!((depth - 0.107426).abs() < 1e-6);
    let scene = closed_form(grid_of(UNIT_BOX, [5, 3, 3], |p| p.x), "0:0,1:0.2", 0.1, 0.002);
    assert_close(center(&light(&scene, [9, 9]))[3], 1.0 - (-depth / 0.1).exp(), "ramp");
}

/// Closed form 3: colours from white (far) to black (near) in constant extinction, and second order
/// in the step. Catches: samples at the ends of steps (first order), back-to-front order.
#[test]
fn a_colour_ramp_is_second_order_in_the_step() {
    let (tau, off) = (1.5_f64, of_weights());
    let exact = |c0: f64, c1: f64| c0 * (1.0 - (-tau).exp()) + (c1 - c0) * (1.0 - (-tau).exp() * (1.0 + tau)) / tau;
    let alpha = 1.0 - (-tau).exp();
    let error = |step: f64| {
        let grid = grid_of(UNIT_BOX, [2, 2, 2], |p| p.x);
        let scene = closed_form(grid, &format!("0:{alpha},1:{alpha}"), 1.0, step);
        let near = f64::from(center(&light(&scene, [9, 9]))[0]) - exact(1.0, 0.0);
        let mut behind = scene;
        behind.viewpoint = parallel(UNIT_BOX, View::Angles { azimuth: 180.0, elevation: 0.0 }, 0.5);
        let far = f64::from(center(&light(&behind, [9, 9]))[0]) - exact(0.0, 1.0);
        assert!((near + far).abs() < 1e-5 + off, "both directions err alike: {near} {far}");
        near.abs()
    };
    let (coarse, fine) = (error(0.25), error(0.125));
    assert!((3.8..4.2).contains(&(coarse / fine)) || off > 0.0, "{coarse} {fine}");
    assert!(error(0.01) < FLOAT_TOLERANCE + off);
}

/// Closed form 8b: a spike in the transfer function has its optical depth S w L at any step, also where a sample stands
/// for several and cells are left out. Catches: samples that step over it, a mean that is not divided by the way of the
/// position, a mean that begins before the cells that were left out.
#[test]
fn a_spike_in_the_opacity_has_its_optical_depth_at_any_step() {
    // Extinction a triangle but for the curvature of the logarithm: its integral between the control points is exact.
    for (width, top) in [(0.05_f64, 0.9_f64), (0.01, 0.5), (0.002, 0.9)] {
        let curve = format!("0:0,{}:0,0.4:{top},{}:0,1:0", 0.4 - width, 0.4 + width);
        let depth = 2.0 * width * ((1.0 - top) * (1.0 - top).ln() + top) / top;
        let steps = [0.3, 0.1, 0.03, 0.011, 0.001];
        for (step, adaptive, nodes) in steps.into_iter().flat_map(|s| [(s, false, 5), (s, true, 5), (s, true, 129)]) {
            let mut scene = closed_form(grid_of(UNIT_BOX, [nodes, 3, 3], |p| p.x), &curve, 0.1, step);
            scene.sampling.adaptive = adaptive;
            scene.transfer.colormap = Colormap::parse("0:#fff,0.3:#fff,0.35:#f00,0.45:#f00,0.5:#fff,1:#fff").unwrap();
            let [red, green, _, alpha] = center(&light(&scene, [9, 9]));
            let expected = 1.0 - (-depth / 0.1).exp();
            // The table has 4080 parts: of a spike of 16 of them it cuts the top.
            let tolerated = of_weights() + if width < 0.005 { 0.02 } else { 1e-3 };
            let what = format!("{width} {step} {adaptive} {nodes}");
            assert!((f64::from(alpha) - expected).abs() < tolerated, "{what}: {alpha}, expected {expected}");
            // It emits its own colour only.
            assert!(green < 0.01 && (red - alpha).abs() < 1e-3, "{what}: {red} {green} {alpha}");
        }
    }
}

/// Catches: another scale in the shader than in the table of the bar; lost digits of small densities.
#[test]
fn the_scale_of_the_limits_is_that_of_the_transfer_function() {
    for (scale, limits) in [(Scale::Log, [1e-6, 1.0]), (Scale::Sqrt, [0.0, 1.0]), (Scale::Sqrt, [0.04, 0.5])] {
        for value in [0.0, 1e-7, 1e-6, 3e-5, 0.01, 0.25, 0.7, 1.0] {
            let grid = grid_of(UNIT_BOX, [3, 3, 3], |p| if p.x < 0.7 { value } else { 1.0 });
            let mut scene = closed_form(grid, "0:0.999,1:0.999", 0.01, 0.05);
            (scene.transfer.scale, scene.transfer.limits) = (scale, limits);
            scene.viewpoint = parallel(UNIT_BOX, View::Angles { azimuth: 180.0, elevation: 0.0 }, 0.5);
            let [red, .., alpha] = center(&light(&scene, [9, 9]));
            let expected = scene.transfer.position(value);
            assert!((f64::from(red / alpha) - expected).abs() < 2e-4, "{scale:?} {value}: {red}, expected {expected}");
        }
    }
}

/// Closed form 4, on a grid of 6 voxels a standard deviation: what is left is the trilinear error.
#[test]
fn a_gaussian_ball_has_the_optical_depth_of_its_impact_parameter() {
    let (s, half) = (0.12, 0.5);
    let n = 101;
    let bounds = Box3 { min: DVec3::splat(-half), max: DVec3::splat(half) };
    let grid = grid_of(bounds, [n; 3], |p| (-p.length_squared() / (2.0 * s * s)).exp());
    // Linear extinction: a small opacity over a small reference length.
    let (a, reference) = (1e-3_f64, 4e-4);
    let sigma0 = -(1.0 - a).ln() / reference;
    let scene = closed_form(grid, &format!("0:0,1:{a}"), reference, 0.002);
    let size = [64, 64];
    let light = light(&scene, size);
    for pixel in [[32, 32], [40, 32], [32, 50], [60, 60]] {
        let [y, z] = pixel.map(|i| (f64::from(i as u32) + 0.5 - 32.0) * 0.5 / 64.0);
        let tau = sigma0
            * s
            * std::f64::consts::TAU.sqrt()
            * (-(y * y + z * z) / (2.0 * s * s)).exp()
            * erf(half / (2f64.sqrt() * s));
        let found = f64::from(light.rgba[pixel[1] * 64 + pixel[0]][3]);
        assert!((found - (1.0 - (-tau).exp())).abs() < 1.5 / 255.0, "{pixel:?}: {found} {}", 1.0 - (-tau).exp());
    }
}

/// erf by its series (Abramowitz and Stegun 1964, eq. 7.1.5); enough terms for arguments up to 3.
fn erf(x: f64) -> f64 {
    let mut term = x;
    let mut sum = x;
    for n in 1..200 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

/// Closed form 5, a ball of constant extinction. The edge is one voxel wide, so rays through the
/// middle half are compared.
#[test]
fn a_ball_lets_through_what_its_chords_say() {
    let radius = 0.4;
    let n = 161;
    let bounds = Box3 { min: DVec3::splat(-0.5), max: DVec3::splat(0.5) };
    let voxel = 1.0 / (n - 1) as f64;
    let grid = grid_of(bounds, [n; 3], |p| ((radius - p.length()) / voxel + 0.5).clamp(0.0, 1.0));
    // Opacity that is linear in extinction across the edge.
    let (a, reference) = (1e-3_f64, 5e-4);
    let sigma = -(1.0 - a).ln() / reference;
    let scene = closed_form(grid, &format!("0:0,1:{a}"), reference, 0.001);
    let light = light(&scene, [64, 64]);
    for pixel in [[32, 32], [40, 32], [32, 54], [45, 45]] {
        let [y, z] = pixel.map(|i| (f64::from(i as u32) + 0.5 - 32.0) * 0.5 / 64.0);
        let through = (-2.0 * sigma * (radius * radius - y * y - z * z).sqrt()).exp();
        let found = 1.0 - f64::from(light.rgba[pixel[1] * 64 + pixel[0]][3]);
        assert!((found - through).abs() < 1e-3, "{pixel:?}: {found} {through}");
    }
}

/// Closed form 6. Catches: compositing back to front, or colours multiplied twice by alpha.
#[test]
fn two_layers_change_places_when_seen_from_behind() {
    // Values 0.25 and 0.75 in halves of the box; an odd number of samples keeps the step thin.
    let n = 2001;
    let grid = grid_of(UNIT_BOX, [n, 2, 2], |p| if p.x < 0.5 { 0.25 } else { 0.75 });
    let scene = closed_form(grid, "0:0.5,1:0.5", 0.5, 0.0005);
    let t = 0.5; // each half is one reference length thick
    let composite = |front: f64, back: f64| front * (1.0 - t) + t * back * (1.0 - t);
    assert!((f64::from(center(&light(&scene, [9, 9]))[0]) - composite(0.75, 0.25)).abs() < 2e-4);
    let mut behind = scene;
    behind.viewpoint = parallel(UNIT_BOX, View::Angles { azimuth: 180.0, elevation: 0.0 }, 0.5);
    assert!((f64::from(center(&light(&behind, [9, 9]))[0]) - composite(0.25, 0.75)).abs() < 2e-4);
}

/// Closed form 8: a field that rises along the line of sight, of one colour, under Mayavi's lights.
/// Catches: a flipped normal, a light in the wrong place, highlights on the wrong side.
#[test]
fn a_lit_linear_field_has_the_colour_of_its_lights() {
    let (ta, tb) = (0.1, 0.9);
    let tau = {
        let f = |t: f64| ((1.0 - 0.2 * t) * (1.0 - 0.2 * t).ln() + 0.2 * t) / 0.2;
        (f(tb) - f(ta)) / (tb - ta) / 0.1
    };
    let seen_from = |azimuth: f64| {
        let grid = grid_of(UNIT_BOX, [9, 9, 9], |p| ta + (tb - ta) * p.x);
        let mut scene = closed_form(grid, "0:0,1:0.2", 0.1, 0.001);
        scene.transfer.colormap = Colormap::parse("#804020,#804020").unwrap();
        scene.shading = Some(Look::Mayavi.shading(&scene.grid));
        scene.viewpoint = parallel(UNIT_BOX, View::Angles { azimuth, elevation: 0.0 }, 0.5);
        center(&light(&scene, [9, 9]))
    };
    // (elevation, azimuth) in degrees and intensity; the normal is along the line of sight, so only the
    // part of each light along it counts: diffuse on both sides, a highlight where the density falls
    // away from the eye.
    let lights = [(45.0_f64, 45.0_f64, 1.0), (-30.0, -60.0, 0.6), (-30.0, 60.0, 0.5)];
    let along = lights.map(|(e, a, i)| (e.to_radians().cos() * a.to_radians().cos(), i));
    let diffuse: f64 = along.iter().map(|(z, i)| i * z).sum();
    let highlight: f64 = along.iter().map(|(z, i)| i * z.powi(10)).sum();
    for (azimuth, highlight) in [(0.0, 0.0), (180.0, highlight)] {
        for (found, byte) in std::iter::zip(seen_from(azimuth), [128.0, 64.0, 32.0]) {
            let color = (0.7 * byte / 255.0 * diffuse + 0.2 * highlight).min(1.0);
            assert_close(found, (1.0 - (-tau).exp()) * color, &format!("from {azimuth}, {byte}"));
        }
    }
}

/// Catches: ramps between the steps of a map, as a table of nodes with interpolation has.
#[test]
fn a_map_in_steps_is_drawn_in_steps() {
    let grid = grid_of(UNIT_BOX, [3, 3, 3], |p| p.y);
    let mut scene = closed_form(grid, "0:1,1:1", 0.01, 0.01);
    let map = Colormap::parse("#000,#f00,#0ff").unwrap().stepped(37);
    scene.transfer.colormap = map.clone();
    let size = [401, 3];
    scene.viewpoint = parallel(UNIT_BOX, View::X, 3.0 / 401.0);
    for (i, pixel) in light(&scene, size).rgba[401..802].iter().enumerate() {
        let y = (i as f64 + 0.5) / 401.0;
        assert!((y * 37.0 - (y * 37.0).round()).abs() > 1e-4, "pixel {i} lies between two steps");
        for (found, wanted) in std::iter::zip(pixel, map.at(y)) {
            assert!((found - wanted).abs() < 1e-3, "{y}: {pixel:?} {:?}", map.at(y));
        }
    }
}

/// Marks of every kind, shading and the volume, laid over black and over white.
/// Catches: alpha of 8 bits divided out, lines that add up where they cross, black letters on black.
#[test]
fn a_transparent_picture_laid_over_black_and_white_is_the_direct_one() {
    let mut scene = Look::Default.scene(Arc::new(blob(1.0, DVec3::ZERO)), Limits::DEFAULT).unwrap();
    scene.shading = Some(Look::Default.shading(&scene.grid));
    scene.annotations.title = Some("Transparent".into());
    scene.annotations.scale_bar = true;
    for foreground in [[0.0; 3], [0.2, 0.6, 1.0]] {
        scene.annotations.foreground = Some(foreground);
        scene.background = Background::Transparent;
        let clear = draw(&scene, [400, 300]);
        assert!(clear.rgba.chunks_exact(4).filter(|p| p[3] == 0).count() > 40_000, "most is clear");
        for back in [0.0_f32, 1.0] {
            scene.background = Background::Color([back; 3]);
            let over = |p: &[u8]| {
                let alpha = f32::from(p[3]) / 255.0;
                [0, 1, 2].map(|c| (f32::from(p[c]) * alpha + 255.0 * back * (1.0 - alpha)).round() as u8)
            };
            let laid: Vec<[u8; 3]> = clear.rgba.chunks_exact(4).map(over).collect();
            let (most, _) = difference(&draw(&scene, [400, 300]), &laid);
            assert!(most <= 1, "over {back}: {most}/255");
        }
    }
}

fn blob(scale: f64, offset: DVec3) -> DensityGrid {
    let bounds =
        Box3 { min: offset - DVec3::new(2.0, 2.5, 3.0) * scale, max: offset + DVec3::new(2.0, 2.0, 2.5) * scale };
    // A density: it falls with the cube of the unit of length.
    grid_of(bounds, [24, 28, 33], |p| {
        let q = (p - offset) / scale;
        ((-q.length_squared()).exp() + 0.5 * (-(q - DVec3::new(1.0, 0.3, 1.2)).length_squared() * 3.0).exp())
            / scale.powi(3)
    })
}

fn default_scene(grid: DensityGrid) -> Scene {
    let mut scene = Look::Default.scene(Arc::new(grid), Limits::DEFAULT).unwrap();
    scene.annotations = Annotations::default();
    scene
}

/// Catches: opacity or step tied to the unit of length.
#[test]
fn nanometres_look_like_angstroms() {
    let nm = draw(&default_scene(blob(1.0, DVec3::ZERO)), [160, 120]);
    for (scale, offset) in [(10.0, DVec3::ZERO), (1e-6, DVec3::ZERO), (1.0, DVec3::splat(5e4))] {
        let other = draw(&default_scene(blob(scale, offset)), [160, 120]);
        let theirs: Vec<[u8; 3]> = nm.rgba.chunks_exact(4).map(|p| [p[0], p[1], p[2]]).collect();
        let (most, differing) = difference(&other, &theirs);
        assert!(most <= 1 && differing < 40, "scale {scale}: {most}/255 in {differing} pixels");
    }
}

#[test]
fn two_runs_give_the_same_bytes() {
    let scene = default_scene(blob(1.0, DVec3::ZERO));
    let first = draw(&scene, [161, 119]);
    let gpu = gpu();
    let frame = Frame { size: [161, 119], scale_factor: 1.0 };
    let second = Renderer::new(gpu).unwrap().draw(&scene, &frame, &Silent).unwrap();
    assert!(first == second);
    assert!(first.rgba.chunks_exact(4).any(|p| p[0] > 100), "something is drawn");
}

/// Closed form 9: degenerate densities and limits give finite, sensible pictures.
#[test]
fn degenerate_fields_and_limits_never_give_a_nan() {
    let constant = grid_of(UNIT_BOX, [4, 4, 4], |_| 3.0);
    let zero = grid_of(UNIT_BOX, [4, 4, 4], |_| 0.0);
    let holes = grid_of(UNIT_BOX, [8, 8, 8], |p| if p.x > 0.6 { f64::NAN } else { p.y });
    let negative = grid_of(UNIT_BOX, [8, 8, 8], |p| p.y - 0.5);
    for (name, grid, limits) in [
        ("constant", constant.clone(), Limits::DEFAULT),
        ("constant, range", constant, Limits::Range(0.0, 0.5)),
        ("zero", zero, Limits::DEFAULT),
        ("holes", holes.clone(), Limits::DEFAULT),
        ("holes, percentile", holes, Limits::Percentile(2.0, 98.0)),
        ("negative", negative.clone(), Limits::Value(-0.2, 0.4)),
        ("equal limits", negative, Limits::Value(0.1, 0.1)),
    ] {
        for look in [Look::Default, Look::Mayavi] {
            let scene = look.scene(Arc::new(grid.clone()), limits).unwrap();
            let light = light(&scene, [32, 32]);
            let sane = light.rgba.iter().flatten().all(|v| (0.0..=1.0 + 1e-5).contains(v));
            assert!(sane, "{name} in {look:?}");
            let is_seen = light.rgba.iter().any(|p| p[3] > 0.0);
            assert!(is_seen != (name == "zero"), "{name} in {look:?}");
        }
    }
}

/// Lit fog whose limits go by the logarithm, next to nothing at all: the slope of the logarithm there, squared, is beyond
/// f32. Catches: infinity over infinity, 0 times infinity, directions of gradients that are below the least normal number.
#[test]
fn logarithms_of_nothing_are_lit_without_a_nan() {
    let jump = grid_of(UNIT_BOX, [9, 9, 9], |p| if p.x < 0.5 { 0.0 } else { 1.0 });
    let faint = grid_of(UNIT_BOX, [33, 9, 9], |p| (-(p.x - 0.2).powi(2) / (2.0 * 0.05 * 0.05)).exp());
    for (grid, is_fog) in [&jump, &faint].into_iter().flat_map(|grid| [(grid, true), (grid, false)]) {
        let mut scene = Look::Default.scene(Arc::new(grid.clone()), Limits::Value(1e-5, 1.0)).unwrap();
        scene.transfer.scale = Scale::Log;
        scene.transfer.opacity = OpacityCurve::parse("0:0.1,1:0.9").unwrap();
        scene.shading = Some(Look::Default.shading(grid));
        if !is_fog {
            scene.mode = VolumeMode::Isosurfaces(vec![Isosurface { level: 0.5, opacity: 0.5 }]);
        }
        let light = light(&scene, [32, 32]);
        let sane = light.rgba.iter().flatten().all(|v| (0.0..=1.0 + 1e-5).contains(v));
        assert!(sane && light.rgba.iter().any(|p| p[3] > 0.1), "{is_fog}");
    }
}

/// Limits that are equal show what lies at or above them and nothing else.
#[test]
fn equal_limits_cut_at_the_value() {
    let grid = grid_of(UNIT_BOX, [3, 2, 2], |_| 2.0);
    let seen = |limit: f64| {
        let mut scene = closed_form(grid.clone(), "0:0,1:0.9", 0.2, 0.05);
        scene.transfer.limits = [limit, limit];
        center(&light(&scene, [9, 9]))[3]
    };
    assert!(seen(1.9) > 0.99 && seen(2.0) > 0.99 && seen(2.1) == 0.0);
}

/// The bar that is painted shows, row by row, what an opaque slab of that density looks like. Catches:
/// a second source of colour, a bar upside down or half a row off, an sRGB-encoded target.
#[test]
fn the_colour_bar_is_an_opaque_slab_of_each_value() {
    let slab = |value: f64| {
        let mut scene = closed_form(grid_of(UNIT_BOX, [2, 2, 2], |_| value), "0:1,1:1", 0.01, 0.05);
        scene.transfer.colormap = Colormap::named("turbo").unwrap();
        scene
    };
    let frame = Frame { size: [480, 700], scale_factor: 1.0 };
    let mut scene = slab(0.0);
    scene.annotations.colorbar = true;
    let bar = annotate(&scene, camera(&scene, &frame), &frame).into_iter().find_map(|mark| match mark.shape {
        Shape::Rows { area, inks } => Some((area, inks.len())),
        _ => None,
    });
    let (area, rows) = bar.expect("a colour bar");
    assert!(rows >= 256, "{rows} rows");
    let painted = draw(&scene, frame.size);
    let column = area.center().x as usize;
    for row in (0..rows).step_by(rows / 256) {
        let at = 4 * ((area.min.y.round() as usize + row) * 480 + column);
        let value = 1.0 - (row as f64 + 0.5) / rows as f64;
        let seen = draw(&slab(value), [1, 1]);
        let most = (0..3).map(|c| seen.rgba[c].abs_diff(painted.rgba[at + c])).max().unwrap();
        assert!(most <= 1, "{value}: slab {:?}, bar {:?}", &seen.rgba[..3], &painted.rgba[at..at + 3]);
    }
}

/// A camera inside the box sees only what lies before it.
#[test]
fn a_camera_inside_the_box_sees_what_is_ahead() {
    let mut scene = closed_form(grid_of(UNIT_BOX, [4, 4, 4], |_| 1.0), "0:0,1:0.6", 0.5, 0.01);
    scene.viewpoint = Viewpoint::At(Camera {
        position: DVec3::new(0.25, 0.5, 0.5),
        target: DVec3::new(-1.0, 0.5, 0.5),
        up: DVec3::Z,
        projection: Projection::Perspective { vertical_fov_degrees: 1.0 },
        shift: DVec2::ZERO,
    });
    let sigma = -(0.4_f64.ln()) / 0.5;
    assert_close(center(&light(&scene, [9, 9]))[3], 1.0 - (-sigma * 0.25).exp(), "inside");
}

/// The projection that annotations use is that of the rays. Catches: a mirrored axis, a wrong aspect.
#[test]
fn a_bright_voxel_appears_where_the_camera_projects_it() {
    let bounds = Box3 { min: DVec3::new(-3.0, 1.0, 10.0), max: DVec3::new(5.0, 4.0, 22.0) };
    let at = DVec3::new(3.0, 2.0, 19.0);
    let grid = grid_of(bounds, [65, 25, 97], |p| (-(p - at).length_squared() / 0.05).exp());
    for view in [View::X, View::Y, View::Z, View::ISO, View::Angles { azimuth: 200.0, elevation: -30.0 }] {
        let mut scene = default_scene(grid.clone());
        scene.transfer.limits = [0.0, 1.0];
        let window = Window { center: DVec2::new(-0.1, 0.15), size: DVec2::new(0.9, 0.5) };
        let fitted = Camera::fitting(bounds, view, window);
        for camera in [fitted, fitted.orthographic()] {
            scene.viewpoint = Viewpoint::At(camera);
            let light = light(&scene, [150, 100]);
            let brightest =
                (0..light.rgba.len()).max_by(|a, b| light.rgba[*a][3].total_cmp(&light.rgba[*b][3])).unwrap();
            let expected = camera.project(at, [150, 100]).unwrap();
            let found = DVec2::new((brightest % 150) as f64 + 0.5, (brightest / 150) as f64 + 0.5);
            assert!(found.distance(expected) < 1.5, "{view:?}: {found} {expected}");
        }
    }
}
