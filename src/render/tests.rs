use std::sync::Arc;

use glam::DVec3;

use super::*;
use crate::color::{Colormap, OpacityCurve};
use crate::geometry::Box3;
use crate::gpu::{AdapterChoice, planted};
use crate::grid::{DensityGrid, Lattice};
use crate::kde::{Bandwidth, DensityOptions, Estimator, Resolution};
use crate::progress::Silent;
use crate::scene::{
    Annotations, Diameter, Further, Limits, Look, PointColors, PointLayer, PointOrder, TraceLayer, View, Viewpoint,
};
use crate::trace::Mesh;

/// A scene with everything: lit fog, a slice, points large and small near and behind the eye's side, all annotations.
fn scene() -> Scene {
    let bounds = Box3 { min: DVec3::splat(-2.0), max: DVec3::new(2.0, 3.0, 2.5) };
    let lattice = Lattice::spanning(bounds, [20, 25, 22]).unwrap();
    let node = |n: usize| lattice.node(n % 20, n / 20 % 25, n / 500);
    let value = |p: DVec3| (-0.5 * (p - DVec3::new(0.3, 0.2, -0.1)).length_squared()).exp() as f32;
    let values = (0..lattice.len()).map(|n| value(node(n))).collect();
    let grid = Arc::new(DensityGrid::new(lattice, values, None).unwrap());
    let mut scene = Look::Default.scene(grid.clone(), Limits::Range(0.01, 0.9)).unwrap();
    scene.shading = Some(Look::Default.shading(&grid));
    scene.annotations = Annotations { scale_bar: true, gizmo: true, ..scene.annotations };
    scene.annotations.title = Some("A title of some words".into());
    let positions: Vec<DVec3> = (0..400)
        .map(f64::from)
        .map(|i| DVec3::new((1.3 * i).sin(), (2.1 * i).cos() + 0.4, (0.7 * i).sin()) * 1.6)
        .collect();
    let values: Vec<f64> = positions.iter().map(|p| (-0.5 * p.length_squared()).exp()).collect();
    let layer = Look::Default.points(&scene, Arc::new(positions), Arc::new(values));
    scene.points = Some(PointLayer { diameter: Diameter::Ranged(0.5), order: PointOrder::Depth, ..layer });
    scene.trace = Some(TraceLayer::new(Arc::new(band())));
    scene
}

/// A wound band through the box and beyond it, past the eye's side.
fn band() -> Mesh {
    let mut mesh = Mesh::default();
    for i in 0..120u32 {
        let t = 0.08 * f64::from(i);
        let center = DVec3::new(1.2 * t.cos(), 1.2 * t.sin() + 0.4, 0.5 * t - 2.2);
        for (side, color) in [(-0.2, [200, 80, 30]), (0.2, [30, 120, 220])] {
            mesh.vertices.push(center + DVec3::Z * side);
            mesh.normals.push(DVec3::new(t.cos(), t.sin(), 0.0));
            mesh.colors.push(color);
        }
        if i > 0 {
            mesh.triangles.extend([[2 * i - 2, 2 * i - 1, 2 * i], [2 * i, 2 * i - 1, 2 * i + 1]]);
        }
    }
    mesh
}

fn renderer(light: u32, painted: u32) -> Renderer {
    let gpu = Gpu::of_tests();
    Renderer { tiling: Tiling { light, painted }, ..Renderer::new(gpu).unwrap() }
}

/// Catches: rays, spheres, slots or annotations that depend on the tile that they are drawn in.
#[test]
fn tiles_equal_the_single_pass_bit_for_bit() {
    let frame = Frame { size: [203, 150], scale_factor: 0.7 };
    let mut scene = scene();
    let mut lights = Vec::new();
    for background in [Background::DARK, Background::Transparent] {
        scene.background = background;
        for ortho in [false, true] {
            let perspective =
                camera(&Scene { viewpoint: Look::Default.viewpoint(&scene.grid, View::ISO), ..scene.clone() }, &frame);
            scene.viewpoint = Viewpoint::At(if ortho { perspective.orthographic() } else { perspective });
            let single = renderer(512, 32).draw(&scene, &frame, &Silent).unwrap();
            let tiles = renderer(32, 32).draw(&scene, &frame, &Silent).unwrap();
            assert!(single == tiles, "{background:?} {ortho}");
            lights.push(single);
        }
    }
    assert!(lights[0] != lights[1], "both cameras draw the same");
    scene.points.as_mut().unwrap().opacity = 0.4;
    for light in [17, 64] {
        let [whole, tiles] =
            [512, light].map(|side| renderer(side, side).draw_light(&scene, frame.size, &Silent).unwrap());
        assert!(whole == tiles, "tiles of {light} pixels");
    }
}

/// Catches: marks that are moved, cut or left out in a tile. Where they lie on borders of tiles their softened edges
/// may be rounded otherwise.
#[test]
fn a_picture_painted_in_squares_is_that_painted_at_once() {
    let frame = Frame { size: [203, 150], scale_factor: 0.7 };
    let [once, squares] = [512, 32].map(|side| renderer(512, side).draw(&scene(), &frame, &Silent).unwrap());
    let differences: Vec<u8> = std::iter::zip(&once.rgba, &squares.rgba).map(|(a, b)| a.abs_diff(*b)).collect();
    let far = differences.iter().filter(|&&d| d > 1).count();
    assert!(far <= differences.len() / 1000, "{far} of {} bytes differ by more than 1", differences.len());
}

#[test]
fn a_picture_larger_than_can_be_drawn_is_refused_with_its_size() {
    let size = [MOST_PIXELS + 1, 10];
    let refused = renderer(64, 64).draw(&scene(), &Frame { size, scale_factor: 1.0 }, &Silent).unwrap_err().to_string();
    assert!(refused.contains("32769 x 10"), "{refused}");
}

/// Catches: light that lies elsewhere in a coarse picture than in a full one, marks that are blurred with it, and a
/// coarse picture that is none.
#[test]
fn a_coarse_picture_is_the_full_one_with_fewer_rays() {
    let frame = Frame { size: [403, 300], scale_factor: 1.0 };
    let (mut renderer, mut scene) = (renderer(512, 512), scene());
    (scene.points, scene.trace) = (None, None);
    for background in [Background::DARK, Background::Transparent] {
        scene.background = background;
        let full = renderer.draw(&scene, &frame, &Silent).unwrap();
        let of = |renderer: &mut Renderer, coarseness| {
            let (picture, _) = renderer.draw_coarse(&scene, &frame, coarseness, &Silent).unwrap();
            assert_eq!(picture.size, frame.size);
            std::iter::zip(&full.rgba, &picture.rgba).map(|(a, b)| a.abs_diff(*b)).collect::<Vec<u8>>()
        };
        // Graphics devices interpolate with weights of 8 bits.
        let most = if renderer.gpu().is_software() { 1 } else { 2 };
        let finest = of(&mut renderer, 1);
        assert!(
            finest.iter().all(|d| *d <= most),
            "as fine as a full one it is another one: {:?}",
            finest.iter().max()
        );
        let differences = of(&mut renderer, 4);
        let mean = differences.iter().map(|d| f64::from(*d)).sum::<f64>() / differences.len() as f64;
        assert!((0.01..1.0).contains(&mean), "{mean}");
        // The title stands in the uppermost rows, where there is no light.
        assert!(full.rgba[..4 * 403 * 30].iter().any(|v| *v > 128), "no title");
        assert!(differences[..4 * 403 * 30].iter().all(|d| *d <= 1), "letters are blurred");
    }
}

/// The slow twin of lit fog: six differences at each sample. Catches: gradients of other axes, half a voxel beside their
/// places, without their border or in another unit.
#[test]
fn gradients_from_a_texture_light_as_differences_do() {
    let bounds = Box3 { min: DVec3::new(-3.0, -2.0, -2.5), max: DVec3::new(3.0, 3.0, 2.0) };
    let shape = [72, 66, 60];
    let lattice = Lattice::spanning(bounds, shape).unwrap();
    let node = |n: usize| lattice.node(n % shape[0], n / shape[0] % shape[1], n / (shape[0] * shape[1]));
    let blob = |p: DVec3, center: [f64; 3], s: f64| (-(p - DVec3::from(center)).length_squared() / (2.0 * s * s)).exp();
    let value = |p: DVec3| 3e-9 * (blob(p, [-1.0, 0.5, 0.0], 0.6) + blob(p, [1.2, 0.3, -0.4], 0.9));
    let values = (0..lattice.len()).map(|n| value(node(n)) as f32).collect();
    let grid = Arc::new(DensityGrid::new(lattice, values, None).unwrap());
    for look in [Look::Default, Look::Mayavi] {
        for limits in [Limits::Range(0.0, 0.7), Limits::Range(0.0, 1e-3)] {
            let mut scene = look.scene(grid.clone(), limits).unwrap();
            scene.shading = Some(look.shading(&grid));
            let light = |nodal: bool| {
                let mut renderer = renderer(512, 512);
                renderer.march.nodal_gradients = nodal;
                renderer.draw_light(&scene, [160, 120], &Silent).unwrap()
            };
            let (fast, slow) = (light(true), light(false));
            let all = std::iter::zip(fast.rgba.iter().flatten(), slow.rgba.iter().flatten());
            let worst = all.map(|(a, b)| 255.0 * (a - b).abs()).fold(0.0, f32::max);
            println!("{look:?} {limits:?}: {worst:.3}");
            assert!(worst > 0.0 && worst < 0.75, "{look:?} {limits:?}: {worst}/255");
        }
    }
}

/// Catches: rows or layers of samples that are computed on the device shifted on their way into the texture, shares of
/// something else than the largest, samples of another device taken for one's own.
#[test]
fn samples_of_the_same_device_look_like_uploaded_ones() {
    let gpu = Gpu::of_tests();
    let cloud = crate::sample::sample("founding", Some(4000), 1).unwrap();
    let options = DensityOptions { resolution: Resolution::Nodes([37, 66, 45]), max_error: 1e-5, ..Default::default() };
    let mut estimator = Estimator::new(&cloud, &options, 1.0, &Silent).unwrap();
    estimator.use_device(&gpu).unwrap();
    let made = estimator.density::<f32>(&Bandwidth::Scott, &Silent).unwrap();
    let mut scene = Look::Default.scene(Arc::new(made.grid), Limits::DEFAULT).unwrap();
    let frame = Frame { size: [200, 150], scale_factor: 1.0 };
    let draw = |scene: &Scene| Renderer::new(gpu.clone()).unwrap().draw(scene, &frame, &Silent).unwrap();
    let uploaded = draw(&scene);
    scene.on_device = made.on_device;
    let there = draw(&scene);
    let most = std::iter::zip(&uploaded.rgba, &there.rgba).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(most <= Some(1), "{most:?}");
    // A texture is made once, and another device gets the samples sent.
    assert!(draw(&scene) == there);
    assert!(renderer(512, 512).draw(&scene, &frame, &Silent).unwrap() == uploaded);
    // What is not those samples is not taken for them.
    let (shifted, times) = crate::gpu::planted("values[at] /= most;", "values[at] /= most + most;", || {
        scene.on_device = estimator.density::<f32>(&Bandwidth::Scott, &Silent).unwrap().on_device;
        draw(&scene)
    });
    assert!(times > 0 && shifted != there);
}

/// Catches: a grid that does not fit refused or drawn untold, one moved or stretched by that, the full one forgotten where it fits.
#[test]
fn a_density_that_has_no_room_is_drawn_from_fewer_nodes() {
    let frame = Frame { size: [120, 90], scale_factor: 1.0 };
    let (mut renderer, scene) = (renderer(512, 512), scene());
    let full = renderer.draw(&scene, &frame, &Silent).unwrap();
    assert_eq!(renderer.coarser(), None);
    for most in [[18, usize::MAX], [4096, 5000]] {
        renderer.fit.most = Some(most);
        let coarse = renderer.draw(&scene, &frame, &Silent).unwrap();
        let [own, drawn] = renderer.coarser().unwrap();
        assert_eq!(own, [20, 25, 22]);
        assert!(drawn.iter().all(|n| *n <= most[0]) && drawn.iter().product::<usize>() <= most[1], "{drawn:?}");
        let mut other = scene.clone();
        other.grid = Arc::new(scene.grid.coarser(drawn, 0.0).unwrap());
        assert!(coarse == Renderer::new(renderer.gpu.clone()).unwrap().draw(&other, &frame, &Silent).unwrap());
        let differences: Vec<f64> =
            std::iter::zip(&full.rgba, &coarse.rgba).map(|(a, b)| f64::from(a.abs_diff(*b))).collect();
        let mean = differences.iter().sum::<f64>() / differences.len() as f64;
        assert!((0.01..2.5).contains(&mean), "{mean}");
    }
    renderer.fit.most = None;
    assert!(renderer.draw(&scene, &frame, &Silent).unwrap() == full && renderer.coarser().is_none());
    renderer.fit.most = Some([1, 1]);
    assert!(renderer.draw(&scene, &frame, &Silent).unwrap_err().to_string().contains("no room"));
}

/// Catches: a picture that is lost with the device, another one, or a failure that nobody is told of or that never ends.
#[test]
fn a_renderer_survives_the_loss_of_its_device_once() {
    let frame = Frame { size: [120, 90], scale_factor: 1.0 };
    // Not the device of other tests.
    let own = Gpu::new(&AdapterChoice::of_tests_less(1)).unwrap();
    let (mut renderer, scene) = (Renderer::new(own).unwrap(), scene());
    let before = renderer.draw(&scene, &frame, &Silent).unwrap();
    assert_eq!(renderer.failure(), None);
    renderer.gpu.device.destroy();
    assert!(renderer.draw(&scene, &frame, &Silent).unwrap() == before);
    assert!(renderer.failure().is_some_and(|text| text.contains("lost")), "{:?}", renderer.failure());
    renderer.gpu.device.destroy();
    let refused = renderer.draw(&scene, &frame, &Silent).unwrap_err();
    assert_eq!(refused.exit_code(), 3, "{refused}");
}

/// 12,000 spheres many layers deep, in a picture of pixels whose squares are cut off at its edges.
fn layers_of_spheres(antialias: bool) -> Scene {
    let mut scene = scene();
    (scene.volume, scene.trace) = (false, None);
    let spread = |i: u32, k: f64| 3.0 * (f64::from(i) * k).fract() - 1.5;
    let place = |i: u32| DVec3::new(spread(i, 0.819_172_5), spread(i, 0.671_043_6), spread(i, 0.549_700_5));
    let positions: Vec<DVec3> = (1..=12_000).map(place).collect();
    let values = (0..12_000).map(f64::from).collect();
    let layer = Look::Default.points(&scene, Arc::new(positions.clone()), Arc::new(values));
    let colors = PointColors::column(
        Arc::new(positions.iter().map(|p| p.x + p.y).collect()),
        "c".into(),
        Colormap::named("turbo").unwrap(),
    );
    let colors = Some(colors);
    let layer = PointLayer { diameter: Diameter::Pixels(7.0), order: PointOrder::Depth, antialias, colors, ..layer };
    scene.points = Some(layer);
    scene
}

/// Points are drawn in the order of their values, and those that others hide are not drawn at all. Catches: spheres taken for
/// hidden that are seen, squares of pixels that lie elsewhere, and (planted) depths of their centres or far sides, squares whose
/// last rows or columns are left out, their largest depth in place of the least.
#[test]
fn spheres_that_are_hidden_change_nothing() {
    let frame = Frame { size: [203, 149], scale_factor: 1.0 };
    for antialias in [false, true] {
        let scene = layers_of_spheres(antialias);
        let mut turned = scene.clone();
        let layer = turned.points.as_mut().unwrap();
        layer.values = Arc::new(layer.values.iter().map(|v| -v).collect());
        let draw = |scene: &Scene| renderer(512, 32).draw(scene, &frame, &Silent).unwrap();
        let right = draw(&scene);
        assert!(draw(&turned) == right, "{antialias}: spheres that are seen are left out");
        assert!(renderer(32, 32).draw(&scene, &frame, &Silent).unwrap() == right, "{antialias}: by tiles");
        let all = planted("if WITH_TILES && is_hidden", "if false && is_hidden", || draw(&scene));
        assert!(all.1 > 0 && all.0 == right, "{antialias}: not what all spheres show");
        for (part, wrong) in [
            ("- 1.001 * radius - 1e-5", "+ 20.0 * radius - 1e-5"),
            ("least = min(least,", "least = max(least * select(1u, 0u, least == 0xffffffffu),"),
            ("u32(y) * tiles_a_row() + u32(x)", "9u * tiles_a_row() + 12u"),
            ("y < last.y; y++", "y < first.y + 1u; y++"),
        ] {
            let (found, times) = planted(part, wrong, || draw(&scene));
            assert!(times > 0 && found != right, "{antialias}: {wrong} is not caught");
        }
    }
}

/// Opacity curves of slopes shorter than a step's change, of two densities that run against each other: steps of 1/64 differ by
/// less than 1/255 from those that are taken. Catches: samples of such curves in place of their integrals, the place of one
/// density before a step taken for that of the other.
#[test]
fn sharp_curves_of_several_densities_are_integrated() {
    let mut scene = Scene { points: None, trace: None, shading: None, ..scene() };
    scene.annotations = Annotations::default();
    let lattice = scene.grid.lattice;
    let beside = |p: DVec3| (-0.7 * (p - DVec3::new(-0.4, 0.6, 0.3)).length_squared()).exp() as f32;
    let values = (0..lattice.len()).map(|n| beside(lattice.node_at(n))).collect();
    let mut other = Scene { grid: Arc::new(DensityGrid::new(lattice, values, None).unwrap()), ..scene.clone() };
    other.transfer.colormap = Colormap::named("viridis").unwrap();
    scene.transfer.opacity = OpacityCurve::parse("0:0,0.3:0,0.31:0.95,0.32:0,1:0.1").unwrap();
    other.transfer.opacity = OpacityCurve::parse("0:0,0.5:0,0.505:0.9,0.51:0,1:0").unwrap();
    scene.others = vec![Further::of(other)];
    let light = |step: f64, adaptive: bool| {
        let mut scene = scene.clone();
        (scene.sampling.step, scene.sampling.adaptive) = (scene.sampling.step * step, adaptive);
        let size = [48, 36];
        renderer(64, 64).draw_light(&scene, size, &Silent).unwrap().rgba
    };
    let largest = |a: &[[f32; 4]], b: &[[f32; 4]]| {
        let differences = std::iter::zip(a.as_flattened(), b.as_flattened()).map(|(a, b)| (a - b).abs());
        255.0 * differences.fold(0.0, f32::max)
    };
    let exact = light(1.0 / 64.0, false);
    let seen = exact.iter().filter(|pixel| pixel[3] > 0.03).count();
    assert!(seen > 60, "{seen} of {}, at most {}", exact.len(), exact.iter().map(|p| p[3]).fold(0.0, f32::max));
    for adaptive in [false, true] {
        let found = largest(&light(1.0, adaptive), &exact);
        assert!(found < 1.0, "adaptive {adaptive}: {found} of 255");
    }
    let faults = [
        (
            "own = mean_of_halves(behind[n],",
            "own = transfer(position_in_limits(value)); let unused = vec3<f32>(behind[n],",
        ),
        ("own = mean_of_halves(behind[n],", "own = mean_of_halves(behind.x,"),
        (
            "let a = mean_transfer(begin, middle);\n    let b = mean_transfer(middle, end);",
            "let a = mean_transfer(begin, end);\n    let b = a;",
        ),
        ("first += spoken_of * (textureDimensions(table).x + 1u);", "first += 0u;"),
    ];
    for (right, wrong) in faults {
        let (found, times) = planted(right, wrong, || largest(&light(1.0, false), &exact));
        println!("{wrong}: {found} of 255");
        assert!(times > 0 && found > 1.0, "{wrong}: {found} of 255");
    }
}
