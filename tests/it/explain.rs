//! What a pixel is explained by, against the picture's own pixel.

use std::path::Path;
use std::sync::Arc;

use densitas::color::{Colormap, OpacityCurve, Scale, Vision};
use densitas::explain::explain;
use densitas::geometry::Box3;
use densitas::progress::Silent;
use densitas::scene::{Annotations, Background, Frame, Further, Isosurface, Limits, Look, Plane, Scene, VolumeMode};
use glam::DVec3;

use crate::common::{grid_of, read_png};
use crate::pictures::RENDERER;
use crate::program::{densitas, folder, json as told, path, stderr};

const SIZE: [u32; 2] = [60, 45];

/// Two balls in a box of unequal sides and spacings.
fn scene(look: Look) -> Scene {
    let bounds = Box3 { min: DVec3::new(-3.0, -2.0, -2.5), max: DVec3::new(3.0, 2.5, 2.0) };
    let ball = |p: DVec3, x: f64| (-p.distance_squared(DVec3::new(x, 0.3, -0.2)) / 0.8).exp();
    let grid = grid_of(bounds, [70, 50, 40], |p| ball(p, 1.0) + 0.6 * ball(p, -1.2) + 1e-3);
    let mut scene = look.scene(Arc::new(grid), Limits::Value(0.01, 0.9)).unwrap();
    (scene.annotations, scene.shading) = (Annotations::default(), None);
    scene.background = Background::Color([0.0; 3]);
    scene.sampling.adaptive = false;
    scene
}

/// Largest difference over pixels that show something, in 8-bit steps.
fn difference(scene: &Scene) -> f64 {
    let light = RENDERER.lock().unwrap_or_else(|e| e.into_inner()).draw_light(scene, SIZE, &Silent).unwrap();
    let frame = Frame { size: SIZE, scale_factor: 1.0 };
    let mut largest = 0.0f64;
    let mut shown = 0;
    for [x, y] in (0..15).flat_map(|i| (0..11).map(move |j| [1 + 4 * i, 1 + 4 * j])) {
        let pixel = light.rgba[(y * SIZE[0] + x) as usize].map(f64::from);
        let found = explain(scene, &frame, [x, y]).unwrap();
        let color = found.color.unwrap().map(f64::from);
        let of_colour = (0..3).map(|c| (color[c] - pixel[c]).abs()).fold(0.0, f64::max);
        largest = largest.max(255.0 * of_colour.max((found.opacity - pixel[3]).abs()));
        shown += u32::from(pixel[3] > 0.02);
    }
    assert!(shown >= 5, "only {shown} pixels show something");
    largest
}

/// What f32 and the rounding of the sample's place come to.
const TOLERANCE: f64 = 0.5;

/// Catches: another ray, step, limit or order than the picture's.
#[test]
fn colour_and_opacity_are_those_of_the_picture() {
    let with = |change: &dyn Fn(&mut Scene)| {
        let mut scene = scene(Look::Default);
        change(&mut scene);
        scene
    };
    let surfaces = [(0.2, 0.3), (0.5, 0.6)].map(|(level, opacity)| Isosurface { level, opacity }).to_vec();
    let oblique = Plane { point: DVec3::new(0.2, 0.0, 0.0), normal: DVec3::new(1.0, 0.5, -0.3) };
    // A third ball, seen in other colours and in a unit of its own.
    let beside = |change: &dyn Fn(&mut Scene)| {
        let mut scene = with(change);
        let mut own = scene.clone();
        let bounds = own.grid.lattice.bounds();
        own.grid =
            Arc::new(grid_of(bounds, [70, 50, 40], |p| 2.0 * (-p.distance_squared(DVec3::new(0.4, -0.2, 0.3))).exp()));
        own.transfer.colormap = Colormap::named("viridis").unwrap();
        own.transfer.limits = own.transfer.limits.map(|v| 2.0 * v);
        own.transfer.reference_length *= 1.7;
        if let VolumeMode::Isosurfaces(surfaces) = &mut own.mode {
            surfaces.truncate(1);
        }
        scene.others = vec![Further::of(own)];
        scene
    };
    let sharp = |s: &mut Scene| s.transfer.opacity = OpacityCurve::parse("0:0,0.3:0,0.34:0.9,0.38:0,1:0.2").unwrap();
    let cases: [(&str, Scene); 17] = [
        ("two fogs", beside(&|_| {})),
        ("two fogs of sharp curves", beside(&sharp)),
        ("two in slices", beside(&|s| s.slices = vec![oblique, Plane::perpendicular_to(2, DVec3::ZERO)])),
        ("two maxima", beside(&|s| s.mode = VolumeMode::Maximum)),
        ("two minima", beside(&|s| (s.mode, s.transfer.limits) = (VolumeMode::Minimum, [-0.1, 0.1]))),
        ("two means", beside(&|s| (s.mode, s.transfer.limits) = (VolumeMode::Mean, [0.0, 0.3]))),
        ("surfaces of two", beside(&|s| s.mode = VolumeMode::Isosurfaces(surfaces.clone()))),
        ("fog", scene(Look::Default)),
        ("mayavi", scene(Look::Mayavi)),
        ("log", with(&|s| s.transfer.scale = Scale::Log)),
        ("peak", with(&sharp)),
        ("clipped", with(&|s| s.clip = vec![oblique])),
        ("slices", with(&|s| s.slices = vec![oblique, Plane::perpendicular_to(2, DVec3::ZERO)])),
        ("maximum", with(&|s| s.mode = VolumeMode::Maximum)),
        ("mean", with(&|s| (s.mode, s.transfer.limits) = (VolumeMode::Mean, [0.0, 0.3]))),
        ("integral", with(&|s| (s.mode, s.transfer.limits) = (VolumeMode::LineIntegral, [0.0, 1.5]))),
        ("surfaces", with(&|s| s.mode = VolumeMode::Isosurfaces(surfaces.clone()))),
    ];
    for (name, scene) in cases {
        let found = difference(&scene);
        assert!(found < TOLERANCE, "{name}: {found} of 255");
    }
    for (name, mut adaptive) in [("one", scene(Look::Default)), ("two", beside(&|_| {})), ("sharp", beside(&sharp))] {
        adaptive.sampling.adaptive = true;
        let found = difference(&adaptive);
        assert!(found < 1.0 + TOLERANCE, "{name}, adaptive: {found} of 255");
    }
}

/// Ten atoms of two residues on a line, closer together at its end.
fn structure(folder: &Path) -> String {
    let atom = |i: usize| {
        let (x, residue) = (10.0 * (1.0 - 0.8f64.powi(i as i32)), if i < 5 { "ALA A   1" } else { "GLY A   2" });
        let name = ["N", "CA", "C", "O", "CB"][i % 5];
        format!("ATOM  {:5}  {name:<3} {residue}    {x:8.3}{:8.3}{:8.3}  1.00  0.00           C\n", i + 1, i % 2, i % 3)
    };
    let file = path(folder, "line.pdb");
    std::fs::write(&file, (0..10).map(atom).collect::<String>()).unwrap();
    file
}

/// Catches: a pixel of another picture than the recipe's, atoms of another row, an answer that needs a graphics adapter.
#[test]
fn a_pixel_of_a_picture_is_explained_by_its_recipe() {
    let folder = folder("explain");
    let (input, picture) = (structure(&folder), path(&folder, "p.png"));
    let size = ["--size", "200x150", "--axes", "off", "--colorbar", "off", "--grid", "40"];
    told(&densitas(&[&["render", &input, "--mode", "points", "-o", &picture, "--json"], &size[..]].concat()));
    let (_, pixels) = read_png(Path::new(&picture));
    let brightness = |p: &[u8; 3]| p.iter().map(|v| u32::from(*v)).sum::<u32>();
    let shown = (0..pixels.len()).max_by_key(|i| brightness(&pixels[*i])).unwrap();
    let pixel = format!("{},{}", shown % 200, shown / 200);
    let arguments = ["render", "--recipe", &picture, "--adapter", "none such", "--explain", &pixel];
    let out = told(&densitas(&[&arguments[..], &["--json"]].concat()));
    let nearest = &out["explanation"]["nearest"];
    assert_eq!((&out["explanation"]["sphere"], nearest["chain"].as_str()), (&true.into(), Some("A")), "{out}");
    let row = nearest["row"].as_u64().unwrap() as usize;
    assert_eq!(nearest["name"], ["N", "CA", "C", "O", "CB"][row % 5]);
    assert_eq!(nearest["residue_number"], if row < 5 { 1 } else { 2 });
    let ran = densitas(&arguments);
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(said.contains("sphere: atom") && said.contains("in chain A"), "{said}");
    // Fog: half of the opacity lies within the way through the density.
    let out = told(&densitas(&["render", "--recipe", &picture, "--mode", "volume", "--explain", &pixel, "--json"]));
    let e = &out["explanation"];
    let [near, far] = [0, 1].map(|n| e["span"][n].as_f64().unwrap());
    let half = e["half_opacity_depth"].as_f64().unwrap();
    assert!(near < half && half < far && e["peak"]["mass_above"].as_f64().unwrap() < 1.0, "{e}");
    assert_eq!(e["profile"]["depth"].as_array().unwrap().len(), e["profile"]["opacity"].as_array().unwrap().len());
    let ran = densitas(&["render", "--recipe", &picture, "--explain", "200,0"]);
    assert!(
        ran.status.code() == Some(2) && stderr(&ran).contains("is not in a picture of 200 x 150"),
        "{}",
        stderr(&ran)
    );
}

#[test]
fn a_recipe_has_a_sentence_for_the_methods_section() {
    let picture = path(&folder("methods"), "p.png");
    let arguments = ["render", "sample:founding", "--grid", "30", "--size", "80x60", "-o", &picture];
    assert!(densitas(&arguments).status.success());
    let recipe = told(&densitas(&["recipe", &picture, "--json"]));
    let methods = recipe["drawn"]["methods"].as_str().unwrap();
    for part in [
        "Gaussian kernel density estimate of 5000 points of sample:founding. The bandwidth follows Scott's rule (Scott 1992), factor 0.2962",
        "on a grid of 30 x 30 x 30 nodes",
        "with an error below",
        "(for any points: below",
    ] {
        assert!(methods.contains(part), "{methods}");
    }
    let again = densitas(&["render", "--recipe", &picture, "-o", &picture]);
    assert!(again.status.success() && !stderr(&again).contains("not as when"), "{}", stderr(&again));
}

/// A second chain beside the first, drawn as a density of its own, and its backbone. Catches: a molecule that is passed by, a
/// density without its name, its atoms or its share, a half that is not of all.
#[test]
fn a_pixel_of_several_densities_and_a_molecule_tells_each() {
    let folder = folder("explain-several");
    let line = |chain: char, i: usize, z: f64| {
        let x = 3.8 * i as f64;
        let n = if chain == 'A' { i + 1 } else { i + 11 };
        format!("ATOM  {n:5}  CA  ALA {chain}{:4}    {x:8.3}{:8.3}{z:8.3}  1.00  0.00           C\n", i + 1, 0.0)
    };
    let text: String = (0..10).map(|i| line('A', i, 0.0)).chain((0..10).map(|i| line('B', i, 8.0))).collect();
    let file = path(&folder, "two.pdb");
    std::fs::write(&file, text).unwrap();
    // From above, chain B lies before chain A.
    let usual = [
        "render",
        &file,
        "--select",
        "chain A",
        "--with",
        "--select 'chain B'",
        "--bandwidth",
        "2A",
        "--grid",
        "40",
        "--view",
        "z",
        "--ortho",
        "--size",
        "101x101",
        "--axes",
        "off",
        "--colorbar",
        "off",
    ];
    let of = |more: &[&str]| told(&densitas(&[&usual[..], more, &["--explain", "50,50", "--json"]].concat()));
    let out = of(&[]);
    let e = &out["explanation"];
    let (other, number) = (&e["others"][0], |v: &serde_json::Value| v.as_f64().unwrap_or_else(|| panic!("{v}")));
    assert_eq!((e["name"].as_str(), other["name"].as_str()), (Some("chain A"), Some("chain B")), "{e}");
    assert_eq!((e["nearest"]["chain"].as_str(), other["nearest"]["chain"].as_str()), (Some("A"), Some("B")));
    assert_eq!(e["about_density"].as_str(), Some("chain B"));
    let alone = [number(&e["alone"]["opacity"]), number(&other["opacity"])];
    assert!(
        (1.0 - (1.0 - alone[0]) * (1.0 - alone[1]) - number(&e["opacity"])).abs() < 1e-3,
        "{alone:?} {}",
        e["opacity"]
    );
    let halves =
        [&other["half_opacity_depth"], &e["half_opacity_depth"], &e["alone"]["half_opacity_depth"]].map(number);
    assert!(halves[0] < halves[1] && halves[1] < halves[2], "{halves:?}");
    assert!(e["molecule"].is_null());
    for (chain, seen) in [("B", true), ("A", false)] {
        let select = format!("chain {chain}");
        let more = ["--trace", "backbone", "--trace-from", &file, "--trace-select", &select];
        let out = of(&more);
        let e = &out["explanation"];
        assert_eq!(e["molecule"]["chain"].as_str(), Some(chain), "{e}");
        assert!(
            e["molecule"]["residue"] == "ALA"
                && e["molecule"]["residue_number"].as_i64().is_some_and(|n| n == 5 || n == 6)
        );
        // Chain A lies behind the molecule of chain B.
        assert_eq!(number(&e["share"]) < 0.01, seen, "{chain}: {}", e["share"]);
        let ran = densitas(&[&usual[..], &more, &["--explain", "50,50"]].concat());
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        for part in [
            "up to the molecule",
            "molecule: atom CA of ALA ",
            "\nchain A: opacity ",
            "\n  densest before the molecule: ",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(said.contains(&format!(" in chain {chain}, ")), "{said}");
    }
}

/// Catches: a preview of the scene's colours that leaves letters or background out.
#[test]
fn a_preview_is_the_picture_in_other_colours() {
    let folder = folder("preview");
    let draw = |file: &str, more: &[&str]| {
        let picture = path(&folder, file);
        let arguments =
            ["render", "sample:founding", "--grid", "20", "--size", "90x70", "--colormap", "turbo", "-o", &picture];
        let ran = densitas(&[&arguments[..], more].concat());
        assert!(ran.status.success(), "{}", stderr(&ran));
        read_png(Path::new(&picture)).1
    };
    let (plain, seen) = (draw("a.png", &[]), draw("b.png", &["--preview", "deuteranopia"]));
    let mut changed = 0;
    for (a, b) in std::iter::zip(&plain, &seen) {
        let wanted = Vision::Deuteranopia.seen(a.map(|v| f32::from(v) / 255.0)).map(|v| (255.0 * v).round() as i32);
        assert!((0..3).all(|c| (i32::from(b[c]) - wanted[c]).abs() <= 1), "{a:?} became {b:?}, not {wanted:?}");
        changed += usize::from(a != b);
    }
    assert!(changed > 500, "{changed} of {} pixels changed", plain.len());
}

/// What `render --explain` says in words, of a picture that is not drawn.
fn said(arguments: &[&str]) -> String {
    let ran = densitas(&[&["render"], arguments].concat());
    assert!(ran.status.success(), "{}", stderr(&ran));
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

/// Catches: numbers in another quantity or unit than the colour bar's, a mass of values that have none, a density said to be
/// missed where none is drawn, a colour whose number is not told.
#[test]
fn a_pixel_is_told_in_the_quantity_of_the_colour_bar() {
    let folder = folder("explain-quantity");
    let (input, volume) = (structure(&folder), path(&folder, "v.npy"));
    let middle =
        ["--size", "60x60", "--ortho", "--explain", "30,30", "--axes", "off", "--colorbar", "off", "--grid", "30"];
    let of = |more: &[&str]| said(&[&[&*input][..], &middle, more].concat());
    let density = of(&[]);
    assert!(density.contains("densest: density ") && density.contains("/Å³ at ("), "{density}");
    let counts = of(&["--quantity", "counts"]);
    assert!(counts.contains("densest: counts ") && counts.contains("/nm³ at ("), "{counts}");
    let json = told(&densitas(&[&["render", &*input, "--quantity", "counts", "--json"], &middle[..]].concat()));
    let peak = &json["explanation"]["peak"];
    let [density, shown] = ["density", "shown"].map(|key| peak[key].as_f64().unwrap());
    // Ten atoms, a thousand cubic angstroms.
    assert!((shown / density / 10_000.0 - 1.0).abs() < 1e-9, "{peak}");
    assert_eq!(json["explanation"]["quantity"]["per"], "nm");
    let xray = of(&["--mode", "xray", "--quantity", "counts"]);
    assert!(xray.contains("shown: counts ") && xray.contains("/nm²"), "{xray}");
    let least = of(&["--mode", "minip"]);
    assert!(least.contains("smallest: density") && least.contains("shown: smallest density"), "{least}");
    let points = of(&["--mode", "points", "--color-by", "bfactor", "--point-size", "30", "--point-order", "depth"]);
    assert!(points.contains("a point; no density is drawn") && points.contains("; bfactor "), "{points}");
    let missed = said(&[&[&*input][..], &middle[..2], &["--mode", "points", "--explain", "0,0"]].concat());
    assert!(missed.contains("its ray meets no point; no density is drawn"), "{missed}");
    let header = format!("{:<117}\n", "{'descr': '<f8', 'fortran_order': False, 'shape': (6, 6, 6), }");
    let numbers = (0..216).flat_map(|n| f64::from(n % 7).to_le_bytes());
    std::fs::write(
        &volume,
        b"\x93NUMPY\x01\x00\x76\x00".iter().copied().chain(header.bytes()).chain(numbers).collect::<Vec<u8>>(),
    )
    .unwrap();
    let values = said(&[&volume, "--size", "60x60", "--explain", "30,30"]);
    assert!(values.contains("largest: value ") && !values.contains("mass") && !values.contains("/Å"), "{values}");
}
