//! Several densities in one picture, against closed forms and against pictures of each alone.

use std::path::Path;
use std::sync::Arc;

use densitas::color::{Colormap, OpacityCurve};
use densitas::geometry::Box3;
use densitas::grid::DensityGrid;
use densitas::io::{VolumeFormat, write_volume};
use densitas::progress::Silent;
use densitas::render::Light;
use densitas::scene::{Background, Frame, Further, Isosurface, Look, Plane, SampleRule, Sampling, Scene, VolumeMode};
use glam::DVec3;

use crate::common::{grid_of, read_png, seen_along_x};
use crate::pictures::RENDERER;
use crate::program::{densitas, folder, json, path, stderr};

const SIZE: u32 = 32;
const RED: [f32; 3] = [1.0, 0.0, 0.0];
const GREEN: [f32; 3] = [0.0, 1.0, 0.0];

fn of_color(color: [f32; 3]) -> Colormap {
    Colormap::through(vec![(0.0, color), (1.0, color)]).unwrap()
}

fn grid(f: impl Fn(DVec3) -> f64) -> DensityGrid {
    grid_of(Box3 { min: DVec3::splat(-0.5), max: DVec3::splat(0.5) }, [33; 3], f)
}

/// A scene of limits 0 to 1 in a box of side 1 around 0, seen along -x by a parallel camera that shows it whole; opacity
/// 1 - 1/e per reference length at the upper limit.
fn scene(f: impl Fn(DVec3) -> f64) -> Scene {
    let opacity = OpacityCurve::new(vec![(0.0, 0.0), (1.0, 1.0 - (-1f32).exp())]).unwrap();
    let grid = grid(f);
    let (focus, scene) = (grid.lattice.bounds(), seen_along_x(grid, (of_color(RED), opacity, 0.5), 1.0, 0.01));
    Scene { focus, sampling: Sampling { rule: SampleRule::Midpoint, ..scene.sampling }, ..scene }
}

/// A second density in green, of half the first one's reference length.
fn beside(scene: &Scene, f: impl Fn(DVec3) -> f64) -> Further {
    let mut own = scene.clone();
    own.grid = Arc::new(grid(f));
    (own.transfer.colormap, own.transfer.reference_length) = (of_color(GREEN), 0.25);
    Further::of(own)
}

fn draw(scene: &Scene) -> Light {
    RENDERER.lock().unwrap_or_else(|e| e.into_inner()).draw_light(scene, [SIZE; 2], &Silent).unwrap()
}

fn pixel(light: &Light, column: u32, row: u32) -> [f64; 4] {
    light.rgba[(row * SIZE + column) as usize].map(f64::from)
}

fn assert_near(found: [f64; 4], wanted: [f64; 4], tolerance: f64, what: &str) {
    for (f, w) in std::iter::zip(found, wanted) {
        assert!((f - w).abs() <= tolerance, "{what}: {found:?} {wanted:?}");
    }
}

/// Two homogeneous fogs in one place: their extinctions add up, their colours mix by them. Catches: a reference length of the
/// other, colours mixed evenly, one drawn behind the other, stored units exchanged.
#[test]
fn fogs_in_one_place_add_their_extinctions() {
    let mut scene = scene(|_| 1.0);
    scene.others = vec![beside(&scene, |_| 0.5)];
    scene.others[0].transfer.limits = [0.0, 0.5];
    let (a, b) = (2.0f64, 4.0f64);
    let opacity = 1.0 - (-(a + b)).exp();
    let wanted = [opacity * a / (a + b), opacity * b / (a + b), 0.0, opacity];
    assert_near(pixel(&draw(&scene), 9, 20), wanted, 1e-3, "both");
    // Two layers, one behind the other.
    scene.grid = Arc::new(grid(|p| f64::from(u8::from(p.x > 0.0))));
    scene.others = vec![beside(&scene, |p| f64::from(u8::from(p.x < 0.0)))];
    let light = pixel(&draw(&scene), 16, 16);
    let (front, back) = (1.0 - (-1.0f64).exp(), 1.0 - (-2.0f64).exp());
    assert_near(light, [front, (1.0 - front) * back, 0.0, 1.0 - (1.0 - front) * (1.0 - back)], 0.02, "layers");
}

/// One density in two halves is the density. Catches: steps, skipping and ends of rays that only follow the first.
#[test]
fn halves_of_a_density_are_the_whole() {
    let blobs = |p: DVec3| (-30.0 * (p - 0.2).length_squared()).exp() + (-50.0 * (p + 0.25).length_squared()).exp();
    let mut whole = scene(blobs);
    whole.transfer.opacity = OpacityCurve::new(vec![(0.0, 0.0), (1.0, 0.95)]).unwrap();
    for (shaded, adaptive) in [(false, false), (false, true), (true, true)] {
        whole.shading = shaded.then(|| Look::Default.shading(&whole.grid));
        whole.sampling.adaptive = adaptive;
        let mut parts = whole.clone();
        parts.grid = Arc::new(grid(|p| if p.z > p.y { blobs(p) } else { 0.0 }));
        let mut own = whole.clone();
        own.grid = Arc::new(grid(|p| if p.z > p.y { 0.0 } else { blobs(p) }));
        parts.others = vec![Further::of(own)];
        let (a, b) = (draw(&whole), draw(&parts));
        // But where the halves meet, between two nodes.
        for row in 0..SIZE {
            for column in (0..SIZE).filter(|c| (i64::from(SIZE - 1 - row) - i64::from(*c)).abs() > 3) {
                let (a, b) = (pixel(&a, column, row), pixel(&b, column, row));
                assert_near(b, a, 1.5 / 255.0, &format!("{shaded} {adaptive} {column},{row}"));
            }
        }
    }
}

/// Surfaces of two densities are met in their order, even within a voxel, each with its own opacity. Catches: surfaces of one
/// laid over those of the other, levels in the unit of the other, lists that are mixed up.
#[test]
fn surfaces_of_several_densities_are_met_in_their_order() {
    let mut scene = scene(|p| 0.5 - p.x);
    let surfaces = |levels: &[f64]| levels.iter().map(|&level| Isosurface { level, opacity: 0.5 }).collect::<Vec<_>>();
    for (red, green) in [(0.4, 0.405), (0.405, 0.4), (0.2, 0.7), (0.7, 0.2)] {
        scene.mode = VolumeMode::Isosurfaces(surfaces(&[red, 0.9]));
        // Twice the density: its unit is another.
        let mut own = Scene { mode: VolumeMode::Isosurfaces(surfaces(&[2.0 * green])), ..scene.clone() };
        (own.grid, own.transfer.colormap) = (Arc::new(grid(|p| 2.0 * (0.5 - p.x))), of_color(GREEN));
        own.others = Vec::new();
        scene.others = vec![Further::of(own)];
        let first_red = red < green;
        let wanted = match first_red {
            true => [0.5 + 0.125, 0.25, 0.0, 0.875],
            false => [0.25 + 0.125, 0.5, 0.0, 0.875],
        };
        for adaptive in [false, true] {
            scene.sampling.adaptive = adaptive;
            assert_near(pixel(&draw(&scene), 20, 9), wanted, 1e-3, &format!("{red} {green} {adaptive}"));
        }
    }
}

/// Projections and slices lie over each other as light on black and as ink on white. Catches: one that hides the other,
/// limits of the other, light that exceeds white.
#[test]
fn projections_add_up_on_black_and_take_away_on_white() {
    let ball = |p: DVec3, y: f64| (-40.0 * (p - DVec3::new(0.0, y, 0.0)).length_squared()).exp();
    for mode in [VolumeMode::Maximum, VolumeMode::Mean, VolumeMode::Slices] {
        let mut first = scene(|p| ball(p, -0.1));
        first.mode = mode.clone();
        first.transfer.limits = [0.0, 0.6];
        if mode == VolumeMode::Slices {
            first.slices = vec![Plane::perpendicular_to(0, DVec3::ZERO)];
        }
        let mut second = first.clone();
        (second.grid, second.transfer.colormap) = (Arc::new(grid(|p| ball(p, 0.1))), of_color(GREEN));
        second.transfer.limits = [0.0, 0.4];
        for background in [0.0, 1.0] {
            first.background = Background::Color([background as f32; 3]);
            second.background = first.background;
            let mut both = first.clone();
            both.others = vec![Further::of(second.clone())];
            let lights = [&first, &second, &both].map(draw);
            for (column, row) in [(16, 16), (12, 15), (20, 18), (16, 8)] {
                let [a, b, found] = lights.each_ref().map(|light| {
                    let [r, g, b, alpha] = pixel(light, column, row);
                    [r, g, b].map(|c| c + (1.0 - alpha) * background)
                });
                for c in 0..3 {
                    let wanted = (a[c] + b[c] - background).clamp(0.0, 1.0);
                    assert!(
                        (found[c] - wanted).abs() < 1e-4,
                        "{mode:?} {background} {column},{row}: {found:?} {wanted}"
                    );
                }
            }
        }
    }
}

/// Catches: a renderer that keeps the densities of another picture, or their order.
#[test]
fn a_renderer_draws_what_a_scene_has_whatever_it_drew_before() {
    let mut one = scene(|p| (-20.0 * p.length_squared()).exp());
    let mut two = one.clone();
    two.others = vec![beside(&one, |p| (-20.0 * (p - 0.2).length_squared()).exp())];
    let mut swapped = two.clone();
    std::mem::swap(&mut swapped.grid, &mut swapped.others[0].grid);
    let first = [&one, &two, &swapped].map(draw);
    let again = [&swapped, &one, &two].map(draw);
    assert!(first[2].rgba == again[0].rgba && first[0].rgba == again[1].rgba && first[1].rgba == again[2].rgba);
    assert!(first[0].rgba != first[1].rgba && first[1].rgba != first[2].rgba);
    one.others = vec![beside(&one, |_| 1.0)];
    one.others[0].grid = Arc::new(grid_of(one.grid.lattice.bounds(), [9; 3], |_| 1.0));
    let refused = RENDERER.lock().unwrap_or_else(|e| e.into_inner()).draw(
        &one,
        &Frame { size: [8, 8], scale_factor: 1.0 },
        &Silent,
    );
    assert!(refused.unwrap_err().to_string().contains("must lie at the nodes of the first"));
}

fn table(folder: &Path, name: &str, center: f64) -> String {
    let file = path(folder, name);
    let golden = |n: f64, k: f64| (n * k).fract() - 0.5;
    let row = |n: f64| format!("{},{},{}\n", center + golden(n, 0.754_877), golden(n, 0.569_84), golden(n, 0.438_3));
    let rows: String = (1..400).map(|n| row(f64::from(n))).collect();
    std::fs::write(&file, format!("x,y,z\n{rows}")).unwrap();
    file
}

/// Two clouds beside each other: a picture holds both with two bars, its recipe draws it again, its window the same.
/// Catches: a further density in the box of the first, options that are lost, colours that are the same.
#[test]
fn a_second_density_is_asked_for_by_options_of_its_own() {
    let folder = folder("several-program");
    let (a, b) = (table(&folder, "a.csv", 0.0), table(&folder, "b b.csv", 2.0));
    let [both, again] = ["both.png", "again.png"].map(|f| path(&folder, f));
    let with = format!("'{b}' --bar-title \"second cloud\"");
    let usual = ["--grid", "24", "--size", "300x200", "--view", "y", "--axes", "off"];
    let told = json(&densitas(&[&["render", &a, "--with", &with, "-o", &both, "--json"], &usual[..]].concat()));
    assert_eq!(told["others"].as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!(told["others"][0]["points"], 399);
    let (_, pixels) = read_png(Path::new(&both));
    let orange = pixels.iter().filter(|p| p[0] > 100 && p[2].saturating_add(40) < p[0]).count();
    let blue = pixels.iter().filter(|p| p[2] > 100 && p[0].saturating_add(40) < p[2]).count();
    assert!(orange > 300 && blue > 300, "{orange} {blue}");
    let drawn = densitas(&["render", "--recipe", &both, "-o", &again]);
    assert!(drawn.status.success(), "{}", stderr(&drawn));
    assert_eq!(read_png(Path::new(&again)), read_png(Path::new(&both)));
    let verified = densitas(&["verify", &both]);
    assert!(verified.status.success(), "{}", stderr(&verified));
}

/// A density less itself is nothing; less another it has both signs, with limits around 0. Catches: one that is added, limits
/// that are not symmetric, a difference that is drawn where there is none.
#[test]
fn a_difference_is_drawn_around_nothing() {
    let folder = folder("several-minus");
    let (a, b) = (table(&folder, "a.csv", 0.0), table(&folder, "b.csv", 0.6));
    let picture = path(&folder, "d.png");
    let usual = ["-o", &picture, "--grid", "24", "--size", "200x150", "--axes", "off", "--json"];
    let told = json(&densitas(&[&["render", &a, "--minus", &b], &usual[..]].concat()));
    let limits = [0, 1].map(|i| told["limits"][i].as_f64().unwrap());
    assert!(limits[1] > 0.0 && limits[0] == -limits[1], "{limits:?}");
    let (_, pixels) = read_png(Path::new(&picture));
    let red = pixels.iter().filter(|p| p[0] > p[2].saturating_add(40)).count();
    let blue = pixels.iter().filter(|p| p[2] > p[0].saturating_add(40)).count();
    assert!(red > 200 && blue > 200, "{red} {blue}");
    // What is below 0 is explained by its smallest value, and by the points that were taken away.
    let bluest = (0..pixels.len())
        .filter(|n| n % 200 < 120)
        .max_by_key(|n| i32::from(pixels[*n][2]) - i32::from(pixels[*n][0]))
        .unwrap();
    let at = format!("{},{}", bluest % 200, bluest / 200);
    let told = json(&densitas(&["render", "--recipe", &picture, "--explain", &at, "--json"]));
    let e = &told["explanation"];
    assert!(e["lowest"]["density"].as_f64().unwrap() < 0.5 * limits[0], "{e}");
    assert!((0.0..0.9).contains(&e["lowest"]["mass_above"].as_f64().unwrap()), "{e}");
    assert_eq!(e["nearest_of"], "b.csv");
    let methods = String::from_utf8(densitas(&["recipe", &picture]).stdout).unwrap();
    let parts = ["the first less the second", "(1) The density", "of a.csv", "(2) The density", "of b.csv"];
    assert!(parts.iter().all(|part| methods.contains(part)), "{methods}");
}

/// Catches: options of the whole picture taken in silence, quotation marks that do not end, a file that is not there.
#[test]
fn what_a_further_density_cannot_have_is_told() {
    let picture = path(&folder("several-refused"), "x.png");
    let cases = [
        ("--camera 30,20", "--camera is of the whole picture; give it beside --with"),
        ("--select 'chain", "a quotation mark has no other"),
        ("--nothing 3", "unexpected argument '--nothing'"),
        ("missing.csv", "missing.csv"),
        ("", "says nothing, so that it is the first density again"),
    ];
    for (with, wanted) in cases {
        let output = densitas(&["render", "sample:founding", "--grid", "12", "--with", with, "-o", &picture]);
        assert!(!output.status.success() && stderr(&output).contains(wanted), "{with}: {}", stderr(&output));
    }
    let minus = [
        ("sample:founding", "the two densities are the same"),
        ("--limits value:0,1", "--limits is of the whole picture; give it beside --minus"),
    ];
    for (text, wanted) in minus {
        let output = densitas(&["render", "sample:founding", "--grid", "12", "--minus", text, "-o", &picture]);
        assert!(!output.status.success() && stderr(&output).contains(wanted), "{text}: {}", stderr(&output));
    }
    let table = table(&folder("several-units"), "silent.csv", 0.5);
    let output = densitas(&["render", &table, "--unit", "nm", "--grid", "12", "--with", &table, "-o", &picture]);
    let wanted = "silent.csv states no unit of length; its positions are taken to be in nm";
    assert!(output.status.success() && stderr(&output).contains(wanted), "{}", stderr(&output));
    let four = ["--with", "--grid 12"].repeat(4);
    let output = densitas(&[&["render", "sample:founding", "-o", &picture], &four[..]].concat());
    assert!(stderr(&output).contains("at most 3 densities"), "{}", stderr(&output));
}

/// Points of all densities are drawn, each in the colours of its own, with a bar each, before and behind one another. Catches:
/// those of the first alone, limits of another, a sphere told as another density's.
#[test]
fn points_of_further_densities_are_drawn_in_their_own_colours() {
    let folder = folder("several-points");
    let (a, b) = (table(&folder, "a.csv", 0.0), table(&folder, "b.csv", 0.4));
    let picture = path(&folder, "p.png");
    let usual = ["--grid", "24", "--size", "300x200", "--view", "x", "--ortho", "--axes", "off", "--point-size", "0.1"];
    let [orange, blue] = [|p: &[u8; 3]| p[0] > p[2].saturating_add(30), |p: &[u8; 3]| p[2] > p[0].saturating_add(30)];
    for mode in ["points", "both"] {
        let all = [&["render", &a, "--with", &b, "--mode", mode, "-o", &picture, "--json"], &usual[..]].concat();
        let drawn = densitas(&all);
        assert!(!stderr(&drawn).contains("first density alone"), "{}", stderr(&drawn));
        json(&drawn);
        let (_, pixels) = read_png(Path::new(&picture));
        // Seen from +x the second cloud lies before most of the first.
        let count = |is: fn(&[u8; 3]) -> bool| pixels.iter().filter(|p| is(p)).count();
        assert!(count(orange) > 300 && count(blue) > 2 * count(orange), "{mode}: {} {}", count(orange), count(blue));
        let verified = densitas(&["verify", &picture]);
        assert!(verified.status.success(), "{}", stderr(&verified));
    }
    // What is told of a pixel that shows a point of the second density.
    let told = |more: &[&str]| json(&densitas(&[&["render", "--recipe", &picture, "--json"], more].concat()));
    let (size, pixels) = read_png(Path::new(&picture));
    let spheres =
        (0..size[0] * size[1]).filter(|n| blue(&pixels[*n as usize]) && pixels[*n as usize][2] > 150).step_by(97);
    let mut of_second = 0;
    for n in spheres.take(6) {
        let at = format!("{},{}", n % size[0], n / size[0]);
        let told = told(&["--mode", "points", "--explain", &at]);
        let e = &told["explanation"];
        let [first, second] = [&e["nearest"], &e["others"][0]["nearest"]].map(|n| n["distance"].as_f64());
        if e["sphere"] == true && second == Some(0.0) {
            of_second += 1;
        }
        assert!(first.is_none_or(|d| d > 0.0) || second.is_none_or(|d| d > 0.0), "{e}");
    }
    assert!(of_second >= 2, "{of_second}");
    let drawn = densitas(&["render", "--recipe", &picture, "--color-by", "x", "-o", &picture]);
    assert!(stderr(&drawn).contains("the points are those of the first density alone"), "{}", stderr(&drawn));
}

/// Catches: errors within `--with` that do not say in which, a box that is empty for a map and not told.
#[test]
fn what_is_wrong_within_a_further_density_names_it() {
    let folder = folder("several-named");
    let picture = path(&folder, "x.png");
    let first = ["render", "sample:founding", "--grid", "12", "-o", &picture];
    let cases = [
        (vec!["--with", "missing.csv --grid 10"], 1, "--with \"missing.csv --grid 10\": missing.csv: cannot"),
        (vec!["--with", "--grid 9", "--with", "nothing.mrc"], 1, "--with \"nothing.mrc\": nothing.mrc"),
        (vec!["--minus", "missing.csv"], 1, "--minus \"missing.csv\": missing.csv: cannot"),
        (vec!["--with", "--vmin 5 --vmax 1"], 2, "--with \"--vmin 5 --vmax 1\": vmin 5 is above vmax 1"),
        (vec!["--with", "--grid 9 -o y.png"], 2, "-o is of the whole picture; give it beside --with"),
        (vec!["--with", "--grid 9 --output=y.png"], 2, "--output is of the whole picture; give it beside --with"),
        (vec!["--with", "--json"], 2, "--json is of the whole picture; give it beside --with"),
        (vec!["--with", "--explain 1,1"], 2, "--explain is of the whole picture; give it beside --with"),
    ];
    for (more, code, wanted) in cases {
        let ran = densitas(&[&first[..], &more].concat());
        assert!(ran.status.code() == Some(code) && stderr(&ran).contains(wanted), "{more:?}: {}", stderr(&ran));
    }
    let maps = [-1.0, 0.0].map(|at| {
        let bounds = Box3 { min: DVec3::splat(at), max: DVec3::splat(at + 1.0) };
        let file = folder.join(format!("{at}.nrrd"));
        let grid = grid_of(bounds, [9; 3], |p| 1.0 + p.x);
        write_volume(&file, VolumeFormat::Nrrd, &grid, densitas::io::Values::Density, None).unwrap();
        file.to_string_lossy().into_owned()
    });
    let ran = densitas(&["render", &maps[0], "--with", &maps[1], "--size", "80x60", "-o", &picture]);
    // Each is an eighth of the box around both.
    let told = stderr(&ran).matches("; 88 % of their box lies outside of it and counts as 0").count();
    assert!(ran.status.success() && told == 2, "{}", stderr(&ran));
}
