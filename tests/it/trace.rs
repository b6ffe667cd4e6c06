//! Molecules within the density: triangles against closed forms and a slow twin, and the program's options.

use std::sync::{Arc, LazyLock, Mutex};

use densitas::color::{Colormap, OpacityCurve, Scale, TransferFunction};
use densitas::geometry::Box3;
use densitas::progress::Silent;
use densitas::render::{Light, Renderer};
use densitas::scene::{
    Annotations, Background, Camera, Diameter, Plane, PointLayer, PointOrder, Projection, Quality, SampleRule,
    Sampling, Scene, TraceLayer, View, Viewpoint, VolumeMode, Window,
};
use densitas::trace::Mesh;
use glam::{DVec2, DVec3};

use crate::common::{gpu, grid_of};
use crate::program::{densitas, folder, json, path, stderr};

static RENDERER: LazyLock<Mutex<Renderer>> = LazyLock::new(|| {
    let gpu = gpu();
    Mutex::new(Renderer::new(gpu).unwrap())
});

fn light(scene: &Scene, size: [u32; 2]) -> Light {
    RENDERER.lock().unwrap_or_else(|e| e.into_inner()).draw_light(scene, size, &Silent).unwrap()
}

const UNIT_BOX: Box3 = Box3 { min: DVec3::ZERO, max: DVec3::ONE };
const SIZE: [u32; 2] = [65, 65];

/// Side of the square that the parallel camera sees.
const SEEN: f64 = 0.5;

/// Extinction of the slab.
const SIGMA: f64 = 1.832_581_463_748_31;

/// A slab of density 1 (white) of this extinction with a body in it, seen along -x, unlit.
fn slab(mesh: Mesh) -> Scene {
    let grid = Arc::new(grid_of(UNIT_BOX, [4, 4, 4], |_| 1.0));
    let camera = Camera::fitting(UNIT_BOX, View::X, Window::middle(1.0));
    let viewpoint = Viewpoint::At(Camera { projection: Projection::Orthographic { visible_height: SEEN }, ..camera });
    let transfer = TransferFunction {
        colormap: Colormap::named("grey").unwrap(),
        limits: [0.0, 1.0],
        scale: Scale::Linear,
        opacity: OpacityCurve::parse("0:0.6,1:0.6").unwrap(),
        reference_length: 0.5,
    };
    Scene {
        on_device: None,
        volume: true,
        mode: VolumeMode::Fog,
        cover: None,
        slices: Vec::new(),
        clip: Vec::new(),
        points: None,
        trace: Some(TraceLayer { shaded: false, ..TraceLayer::new(Arc::new(mesh)) }),
        transfer,
        focus: UNIT_BOX,
        viewpoint,
        sampling: Sampling { step: 0.013, rule: SampleRule::Midpoint, adaptive: true },
        quality: Quality::default(),
        others: Vec::new(),
        shading: None,
        background: Background::Color([0.0; 3]),
        annotations: Annotations::default(),
        grid,
    }
}

/// A large triangle `x = 0.3 + 0.4 (y - 0.5)` over all that is seen.
fn slope() -> Mesh {
    let at = |y: f64, z: f64| DVec3::new(0.3 + 0.4 * (y - 0.5), y, z);
    Mesh {
        vertices: vec![at(-2.0, -2.0), at(3.0, -2.0), at(0.5, 4.0)],
        normals: vec![DVec3::X; 3],
        colors: vec![[51, 102, 255]; 3],
        triangles: vec![[0, 1, 2]],
        ..Mesh::default()
    }
}

/// Colours are kept in 10 bits.
const COLOR_STEP: f64 = 1.0 / 1023.0;

/// Closed form 7, with a plane in place of a sphere: c (1 - e^-tau) + e^-tau c_tube. Catches: fog behind it added, the depth of
/// a corner or of the middle, a body composited without the fog before it, colours mixed up.
#[test]
fn fog_before_a_triangle_dims_it_and_none_behind_is_seen() {
    let light = light(&slab(slope()), SIZE);
    for (n, pixel) in light.rgba.iter().enumerate() {
        // Seen along -x with z up, y grows to the right.
        let y = 0.5 + ((n % 65) as f64 + 0.5 - 32.5) * SEEN / 65.0;
        // The mean over the samples of a pixel, each with its depth.
        let through = |dy: f64| (-SIGMA * (1.0 - 0.3 - 0.4 * (y + dy * SEEN / 65.0 - 0.5))).exp();
        let mean = [-3.0, -1.0, 1.0, 3.0].map(|eighths| through(eighths / 8.0)).iter().sum::<f64>() / 4.0;
        for (channel, own) in [51.0 / 255.0, 102.0 / 255.0, 1.0].into_iter().enumerate() {
            let expected = (1.0 - mean) + mean * own;
            let error = (f64::from(pixel[channel]) - expected).abs();
            assert!(error < COLOR_STEP, "pixel {n} channel {channel}: {} for {expected}", pixel[channel]);
        }
        assert!((pixel[3] - 1.0).abs() < 2e-5, "opaque");
    }
}

/// Triangles here and there, without chance, some behind one another and through each other, some past the eye.
fn soup() -> Mesh {
    let noise = |i: u32, k: f64| (f64::from(i) * k).fract();
    let mut mesh = Mesh::default();
    for i in 1..=40u32 {
        let middle = DVec3::new(noise(i, 0.754_877), noise(i, 0.569_84), noise(i, 0.438_3)) * 1.6 - 0.3;
        for corner in 0..3u32 {
            let n = 97 * i + 31 * corner;
            let way = DVec3::new(noise(n, 0.618_03), noise(n, 0.414_21), noise(n, 0.732_05)) - 0.5;
            mesh.vertices.push(middle + 0.9 * way);
            mesh.normals.push(DVec3::Z);
            mesh.colors.push([0, 1, 2].map(|c| (255.0 * noise(n + c, 0.324_7)) as u8));
        }
        mesh.triangles.push([3 * i - 3, 3 * i - 2, 3 * i - 1]);
    }
    mesh
}

/// What four samples of a pixel see of a body, by rays in f64; the share of them that see it.
fn cast(mesh: &Mesh, camera: &Camera, pixel: [u32; 2], size: [u32; 2]) -> [f64; 4] {
    let mut sum = [0.0; 4];
    for place in [[1.0, 5.0], [3.0, 1.0], [5.0, 7.0], [7.0, 3.0]] {
        let at = DVec2::new(f64::from(pixel[0]), f64::from(pixel[1])) + DVec2::from(place) / 8.0;
        let ray = camera.ray_in_world(at, size);
        let from = match camera.projection {
            Projection::Perspective { .. } => 0.0,
            Projection::Orthographic { .. } => f64::NEG_INFINITY,
        };
        let Some(hit) = mesh.first_hit(ray.origin, ray.direction, |along| along >= from) else { continue };
        let place = ray.origin + hit.along * ray.direction;
        let [a, b, c] = mesh.triangles[hit.triangle].map(|i| mesh.vertices[i as usize]);
        let area = (b - a).cross(c - a);
        let share = |p: DVec3, q: DVec3| (p - place).cross(q - place).dot(area) / area.length_squared();
        let weights = [share(b, c), share(c, a), share(a, b)];
        for (corner, weight) in std::iter::zip(mesh.triangles[hit.triangle], weights) {
            let color = mesh.colors[corner as usize];
            (0..3).for_each(|k| sum[k] += 0.25 * weight * f64::from(color[k]) / 255.0);
        }
        sum[3] += 0.25;
    }
    sum
}

/// The slow twin. Catches: depth that is not the nearest, a triangle of the wrong number, pixels left out at the rims of
/// triangles, what lies behind the eye drawn, colours not in perspective.
#[test]
fn triangles_are_seen_as_by_rays_in_f64() {
    let size = [80, 60];
    let mesh = soup();
    let near =
        Camera { position: DVec3::new(1.1, 0.9, 0.7), ..Camera::fitting(UNIT_BOX, View::ISO, Window::middle(1.0)) };
    let far = Camera::fitting(UNIT_BOX, View::ISO, Window::middle(1.0));
    for camera in [far, near, far.orthographic()] {
        let scene = Scene { volume: false, viewpoint: Viewpoint::At(camera), ..slab(mesh.clone()) };
        let light = light(&scene, size);
        let mut wrong = 0;
        for (n, found) in light.rgba.iter().enumerate() {
            let expected = cast(&mesh, &camera, [n as u32 % size[0], n as u32 / size[0]], size);
            let error = std::iter::zip(found, expected).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
            wrong += usize::from(error.is_nan() || error >= COLOR_STEP);
        }
        let covered = light.rgba.iter().filter(|p| p[3] > 0.0).count();
        assert!(covered > 1000, "{covered} pixels are covered");
        // Rays that pass an edge by less than f32 tells.
        assert!(wrong <= 3, "{wrong} pixels are wrong of {covered} covered ({:?})", camera.projection);
    }
}

/// Catches: holes between triangles, tubes too thin or too thick, caps left out.
#[test]
fn a_tube_has_the_silhouette_of_a_tube_and_no_hole() {
    let radius = 0.05;
    let [from, to] = [DVec3::new(0.5, 0.4, 0.45), DVec3::new(0.4, 0.62, 0.58)];
    let cloud = atoms(&[from, to]);
    let mesh = densitas::trace::trace(&cloud, densitas::trace::Kind::Backbone, radius, &|_| [255; 3]).unwrap();
    let size = [400, 400];
    let light = light(&Scene { volume: false, ..slab(mesh) }, size);
    let side = |n: usize| 0.5 + ((n as f64) + 0.5 - 200.0) * SEEN / 400.0;
    let [a, b] = [from, to].map(|p| DVec2::new(p.y, p.z));
    let pixel = SEEN / 400.0;
    for (n, found) in light.rgba.iter().enumerate() {
        let place = DVec2::new(side(n % 400), 1.0 - side(n / 400));
        let share = ((place - a).dot(b - a) / (b - a).length_squared()).clamp(0.0, 1.0);
        let distance = place.distance(a.lerp(b, share));
        // A cross-section of 14 corners is thinner between them.
        if distance < 0.974 * radius - pixel {
            assert_eq!(found[3], 1.0, "a hole at {place}");
        } else if distance > radius + pixel {
            assert_eq!(found[3], 0.0, "more than the tube at {place}");
        }
    }
}

/// Atoms of the backbone in a row, 3.8 angstrom apart in a unit in which they are where they are.
fn atoms(places: &[DVec3]) -> densitas::points::PointCloud {
    let all = |text: &str| densitas::points::Categorical { levels: vec![text.into()], codes: vec![0; places.len()] };
    let atoms = densitas::points::AtomTable {
        name: all("CA"),
        element: all("C"),
        chain: all("A"),
        resid: (1..=places.len() as i32).collect(),
        ..Default::default()
    };
    densitas::points::PointCloud { positions: places.to_vec(), atoms: Some(atoms), ..Default::default() }
}

fn with_point(scene: &mut Scene, x: f64, opacity: f64) {
    scene.points = Some(PointLayer {
        positions: Arc::new(vec![DVec3::new(x, 0.5, 0.5)]),
        values: Arc::new(vec![0.25]),
        colors: None,
        sizes: None,
        diameter: Diameter::Uniform(0.2),
        order: PointOrder::Depth,
        opacity,
        shaded: false,
        antialias: true,
    });
}

/// Catches: numbers of points and triangles mixed up, a body that lets through what is behind it, as translucent points do.
#[test]
fn points_and_triangles_hide_one_another_by_depth() {
    let middle = |scene: &Scene| light(scene, SIZE).rgba[32 * 65 + 32].map(f64::from);
    let near = |found: [f64; 4], expected: [f64; 3], what: &str| {
        let error = (0..3).map(|k| (found[k] - expected[k]).abs()).fold(0.0, f64::max);
        assert!(error < COLOR_STEP && (found[3] - 1.0).abs() < 2e-3, "{what}: {found:?} for {expected:?}");
    };
    let own = [0.2, 0.4, 1.0];
    for opacity in [1.0, 0.4] {
        let mut scene = Scene { volume: false, ..slab(slope()) };
        with_point(&mut scene, 0.1, opacity);
        near(middle(&scene), own, "a point behind");
        with_point(&mut scene, 0.7, opacity);
        near(middle(&scene), own.map(|v| opacity * 0.25 + (1.0 - opacity) * v), "a point before");
        scene.volume = true;
        let fog = |length: f64| (-SIGMA * length).exp();
        // Translucent discs pass the light on where they begin.
        let (before, between) = (fog(1.0 - 0.8), fog(0.8 - 0.3));
        let expected =
            own.map(|v| (1.0 - before) + before * (opacity * 0.25 + (1.0 - opacity) * ((1.0 - between) + between * v)));
        near(middle(&scene), expected, "a point before, in fog");
    }
}

/// Catches: planes that cut bodies by whole triangles, or at the wrong side.
#[test]
fn clip_planes_cut_through_triangles() {
    let mut scene = Scene { volume: false, ..slab(slope()) };
    scene.clip = vec![Plane { point: DVec3::splat(0.5), normal: DVec3::Y }];
    let light = light(&scene, SIZE);
    for (n, pixel) in light.rgba.iter().enumerate() {
        let expected = match n % 65 {
            0..32 => 1.0,
            32 => 0.5,
            _ => 0.0,
        };
        assert!((pixel[3] - expected).abs() < 1e-6, "pixel {n}: {}", pixel[3]);
    }
}

#[test]
fn what_bodies_cannot_be_is_told() {
    let mut broken = slope();
    broken.triangles.push([0, 1, 3]);
    let mut hidden = slab(slope());
    hidden.mode = VolumeMode::Maximum;
    let mut by_density = slab(slope());
    with_point(&mut by_density, 0.5, 1.0);
    by_density.points.as_mut().unwrap().order = PointOrder::Density;
    for (scene, word) in [(slab(broken), "vertex 3"), (hidden, "trace"), (by_density, "depth")] {
        let refused = RENDERER.lock().unwrap().draw_light(&scene, SIZE, &Silent).unwrap_err().to_string();
        assert!(refused.contains(word), "{refused}");
    }
    // Nothing is left of it, or it was nothing.
    let empty = light(&Scene { volume: false, ..slab(Mesh::default()) }, SIZE);
    assert!(empty.rgba.iter().all(|p| p[3] == 0.0));
}

/// Two chains: a helix of alanines with oxygens, and a strand.
fn pdb() -> String {
    let mut text = String::new();
    let mut serial = 0;
    let mut atom = |name: &str, chain: char, residue: usize, p: [f64; 3], element: &str| {
        serial += 1;
        let [x, y, z] = p;
        text.push_str(&format!(
            "ATOM  {serial:5}  {name:<3} ALA {chain}{residue:4}    {x:8.3}{y:8.3}{z:8.3}  1.00 10.00          {element:>2}\n"
        ));
    };
    for i in 0..14 {
        let (sin, cos) = (1.745 * i as f64).sin_cos();
        atom("CA", 'A', i + 1, [2.3 * cos, 2.3 * sin, 1.5 * i as f64], "C");
        atom("O", 'A', i + 1, [2.0 * cos, 2.0 * sin, 1.5 * i as f64 + 1.2], "O");
    }
    for i in 0..6 {
        atom("CA", 'B', i + 1, [9.0, 0.9 * (i % 2) as f64, 3.3 * i as f64], "C");
    }
    text.push_str("END\n");
    text
}

/// Catches: options that do nothing, that a recipe loses, or that are not told.
#[test]
fn a_molecule_is_drawn_by_options_and_again_by_its_recipe() {
    let folder = folder("trace-options");
    let [input, plain, picture, again] = ["m.pdb", "plain.png", "a.png", "b.png"].map(|f| path(&folder, f));
    std::fs::write(&input, pdb()).unwrap();
    let usual = ["--size", "200x150", "--grid", "24", "--json", "--adapter", "software"];
    let draw = |more: &[&str]| densitas(&[&["render"], more, &usual].concat());
    json(&draw(&[&input, "-o", &plain]));
    let mut seen = vec![std::fs::read(&plain).unwrap()];
    for options in [
        &["--trace", "ribbon"][..],
        &["--trace", "backbone"],
        &["--trace", "bonds"],
        &["--trace", "ribbon", "--trace-select", "chain A"],
        &["--trace", "ribbon", "--trace-radius", "0.6"],
        &["--trace", "ribbon", "--trace-color", "element"],
        &["--trace", "ribbon", "--mode", "both"],
        &["--trace", "ribbon", "--mode", "both", "--point-opacity", "0.4"],
        &["--trace", "ribbon", "--mode", "points", "--background", "transparent"],
        &["--trace", "ribbon", "--mode", "iso", "--ortho"],
        &["--trace", "ribbon", "--mode", "slice"],
        &["--trace", "ribbon", "--clip-plane", "0,0,9:0,0,1"],
    ] {
        let told = json(&draw(&[&[input.as_str(), "-o", &picture], options].concat()));
        assert!(told["trace"]["triangles"].as_u64() > Some(100), "{options:?}: {told}");
        assert_eq!(told["trace"]["kind"], options[1]);
        let bytes = std::fs::read(&picture).unwrap();
        assert!(!seen.contains(&bytes), "{options:?} changes nothing");
        seen.push(bytes);
    }
    let repeated = densitas(&["render", "--recipe", &picture, "-o", &again, "--quiet", "--adapter", "software"]);
    assert!(repeated.status.success(), "{}", stderr(&repeated));
    assert_eq!(std::fs::read(&picture).unwrap(), std::fs::read(&again).unwrap());
}

/// The model of a map, in its unit. Catches: lengths not converted, the box of the model taken for the map's.
#[test]
fn a_map_is_shown_with_its_model() {
    let folder = folder("trace-from");
    let [input, map, points] = ["m.pdb", "map.mrc", "points.png"].map(|f| path(&folder, f));
    std::fs::write(&input, pdb()).unwrap();
    assert!(densitas(&["density", &input, "-o", &map, "--grid", "24"]).status.success());
    let refused = densitas(&["render", &map, "-o", &points, "--trace", "ribbon"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("--trace-from FILE"), "{}", stderr(&refused));
    let drawn = densitas(&["render", &map, "-o", &points, "--trace", "ribbon", "--trace-from", &input, "--json"]);
    assert!(json(&drawn)["trace"]["triangles"].as_u64() > Some(1000));
    assert!(!stderr(&drawn).contains("outside"), "{}", stderr(&drawn));
    // A map whose place is not that of the model.
    let moved = ["--bounds", "500,540,0,40,0,40", "--trace", "ribbon", "--trace-from", &input];
    let drawn = densitas(&[&["render", &map, "-o", &points], &moved[..]].concat());
    assert!(stderr(&drawn).contains("all of the molecule lies outside the density"), "{}", stderr(&drawn));
}

/// Each with what was found and the way out.
#[test]
fn what_cannot_be_traced_is_told() {
    let folder = folder("trace-refused");
    let [input, table, picture] = ["m.pdb", "t.csv", "x.png"].map(|f| path(&folder, f));
    std::fs::write(&input, pdb()).unwrap();
    std::fs::write(&table, "x,y,z\n0,0,0\n1,1,2\n2,0,1\n").unwrap();
    for (options, code, word) in [
        (vec![&*table, "--trace", "bonds"], 2, "has no atoms"),
        (vec![&*input, "--trace", "ribbon", "--trace-from", &table], 1, "takes a structure"),
        (vec![&*input, "--trace", "ribbon", "--trace-select", "name O"], 1, "CA, P or C4'"),
        (vec![&*input, "--trace", "ribbon", "--trace-select", "chain X"], 1, "chooses none"),
        (vec![&*input, "--trace", "ribbon", "--trace-select", "chian A"], 2, "--trace-select"),
        (vec![&*input, "--trace", "ribbon", "--trace-radius", "0"], 2, "--trace-radius"),
        (vec![&*input, "--trace", "ribbon", "--trace-color", "rainbow"], 2, "chain, element"),
        (vec![&*input, "--trace", "tube"], 2, "backbone, bonds, ribbon"),
        (vec![&*input, "--trace", "ribbon", "--mode", "both", "--point-order", "density"], 2, "by their depth"),
    ] {
        let refused = densitas(&[&["render", "-o", &picture, "--grid", "8"], &options[..]].concat());
        assert_eq!(refused.status.code(), Some(code), "{options:?}: {}", stderr(&refused));
        assert!(stderr(&refused).contains(word), "{options:?}: {}", stderr(&refused));
    }
    for (options, word) in [
        (vec!["--trace", "ribbon", "--mode", "mip"], "--trace changes nothing"),
        (vec!["--trace-radius", "1"], "--trace draws"),
        (vec!["--trace", "ribbon", "--mode", "mip", "--explain", "50,50"], "--trace changes nothing"),
    ] {
        let told = densitas(&[&["render", &input, "-o", &picture, "--grid", "8"], &options[..]].concat());
        assert!(told.status.success() && stderr(&told).contains(word), "{options:?}: {}", stderr(&told));
    }
}
