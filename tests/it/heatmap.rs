//! Heat maps: their pixels against the colour map, and the program that draws them.

use std::path::Path;
use std::sync::Arc;

use densitas::annotate::{Shape, annotate_heatmap, heatmap_layout};
use densitas::color::{Colormap, LookupTable, Rgb};
use densitas::grid::{DensityGrid, Lattice, PlaneGrid};
use densitas::progress::Silent;
use densitas::render::{HeatmapPainter, Picture, draw_heatmap, draw_heatmap_bands};
use densitas::scene::{Annotations, Aspect, Background, Contours, Extent, Frame, HeatmapScene, Interpolation, Limits};
use glam::DVec3;
use serde_json::{Value, json};

use crate::common::{read_png, test_data};
use crate::program::{densitas, folder, json, path, stderr};

/// The grid of a function of the node's number along x and y; nodes 0.5 and 0.5 apart.
fn plane(shape: [usize; 2], f: impl Fn(usize, usize) -> f32) -> Arc<PlaneGrid> {
    let [nx, ny] = shape;
    let lattice =
        Lattice { shape: [nx, ny, 1], origin: DVec3::new(3.0, -2.0, 0.0), spacing: DVec3::new(0.5, 0.5, 1.0) };
    let values = (0..nx * ny).map(|at| f(at % nx, at / nx)).collect();
    Arc::new(PlaneGrid::from_layer(DensityGrid::new(lattice, values, None).unwrap()).unwrap())
}

/// The density without anything around it.
fn alone(grid: Arc<PlaneGrid>, interpolation: Interpolation) -> HeatmapScene {
    let scene = HeatmapScene::new(grid, HeatmapScene::DEFAULT_LIMITS).unwrap();
    HeatmapScene { interpolation, annotations: Annotations::default(), ..scene }
}

fn draw(scene: &HeatmapScene, frame: &Frame) -> Picture {
    draw_heatmap(scene, frame).unwrap()
}

fn frame(width: u32, height: u32) -> Frame {
    Frame { size: [width, height], scale_factor: 1.0 }
}

fn pixel(picture: &Picture, x: usize, y: usize) -> &[u8] {
    &picture.rgba[4 * (y * picture.size[0] as usize + x)..][..4]
}

fn assert_color(found: &[u8], wanted: Rgb, what: &str) {
    let wanted = wanted.map(|v| (v * 255.0).round() as i32);
    assert!((0..3).all(|c| (i32::from(found[c]) - wanted[c]).abs() <= 1), "{what}: {found:?} is not {wanted:?}");
}

/// Catches: rows from the top, half a pixel of shift, values of the wrong node.
#[test]
fn between_nodes_colours_are_those_of_the_linear_values() {
    // 10 x 5 long; x + 2 y runs from 0 to 20 and is met exactly by linear interpolation.
    let scene = alone(plane([21, 11], |i, j| (i as f32 + 2.0 * j as f32) * 0.5), Interpolation::Linear);
    let picture = draw(&scene, &frame(120, 60));
    let map = Colormap::named("viridis").unwrap();
    for y in 0..60 {
        for x in 0..120 {
            let value = (x as f64 + 0.5) / 120.0 * 10.0 + 2.0 * (60.0 - y as f64 - 0.5) / 60.0 * 5.0;
            assert_color(pixel(&picture, x, y), map.at(value / 20.0), &format!("({x}, {y})"));
            assert_eq!(pixel(&picture, x, y)[3], 255);
        }
    }
}

#[test]
fn every_node_has_its_own_colour() {
    let value = |i: usize, j: usize| ((i * 7919 + j * 104_729) % 1009) as f32;
    for interpolation in [Interpolation::Nearest, Interpolation::Linear] {
        // 61 pixels an interval: a node lies on the edge of the pixel looked at.
        let mut scene = alone(plane([5, 4], value), interpolation);
        scene.transfer.limits = [0.0, 1009.0];
        let picture = draw(&scene, &frame(4 * 61, 3 * 61));
        for j in 0..4 {
            for i in 0..5 {
                let (x, y) = ((i * 61).min(243), 182 - (j * 61).min(182));
                let found = pixel(&picture, x, y);
                let near = |t: f64| scene.transfer.colormap.at(t);
                if interpolation == Interpolation::Nearest {
                    assert_color(found, near(f64::from(value(i, j)) / 1009.0), &format!("node ({i}, {j})"));
                } else {
                    let t = scene.grid.linear(glam::DVec2::new((x as f64 + 0.5) / 61.0, (182.5 - y as f64) / 61.0))
                        / 1009.0;
                    assert_color(found, near(t), &format!("beside node ({i}, {j})"));
                    assert!((t - f64::from(value(i, j)) / 1009.0).abs() < 0.02, "{t} is not that of node ({i}, {j})");
                }
            }
        }
    }
}

/// The value in the middle of each pixel, one by one, against rows and columns drawn together.
#[test]
fn pictures_are_those_of_their_slow_twin() {
    let grid = plane([7, 6], |i, j| ((i * 7919 + j * 104_729) % 1009) as f32);
    for interpolation in [Interpolation::Nearest, Interpolation::Linear, Interpolation::Smooth] {
        for (extent, y_downward, aspect) in [
            (Extent::Nodes, false, Aspect::Equal),
            (Extent::Cells, true, Aspect::Fill),
            (Extent::Cells, false, Aspect::Ratio(2.5)),
        ] {
            let mut scene = HeatmapScene { extent, y_downward, aspect, ..alone(grid.clone(), interpolation) };
            scene.transfer.colormap = Colormap::named("jet").unwrap();
            let (picture, layout) = (draw(&scene, &frame(83, 64)), heatmap_layout(&scene, &frame(83, 64)));
            let table = LookupTable::new(&scene.transfer);
            for y in 0..layout.pixels[1] {
                for x in 0..layout.pixels[0] {
                    let [r, g, b, _] = table.at(scene.transfer.position(scene.value_at(layout.place([x, y]))));
                    let found = pixel(&picture, (layout.first[0] + x) as usize, (layout.first[1] + y) as usize);
                    assert_color(found, [r, g, b], &format!("{interpolation:?} {extent:?} ({x}, {y})"));
                }
            }
        }
    }
}

/// Catches: marks or a title of the last picture that stay, a limit that does not change the bar.
#[test]
fn a_painter_that_goes_on_draws_as_a_new_one() {
    let mut painter = HeatmapPainter::new();
    for (k, title) in ["one", "one", "two", "two lines\nof it", ""].into_iter().enumerate() {
        for background in [Background::Color([1.0; 3]), Background::Transparent, Background::DARK] {
            let mut scene =
                HeatmapScene::of_cells(plane([9, 9], |i, j| (i * j + k / 2) as f32), Limits::Range(0.0, 0.9)).unwrap();
            scene.background = background;
            scene.annotations.title = (!title.is_empty()).then(|| title.to_owned());
            let frame = Frame { size: [240, 180], scale_factor: 1.0 };
            assert!(painter.draw(&scene, &frame).unwrap() == draw(&scene, &frame), "{title} {background}");
        }
    }
}

#[test]
fn bands_are_the_whole() {
    let mut scene = HeatmapScene::new(plane([9, 9], |i, j| (i * j) as f32), HeatmapScene::DEFAULT_LIMITS).unwrap();
    scene.annotations.title = Some("Bands".into());
    scene.contours = Some(Contours::at(&[10.0, 30.0]));
    let frame = Frame { size: [700, 2100], scale_factor: 1.5 };
    let mut rgba = Vec::new();
    let mut count = 0;
    draw_heatmap_bands(&scene, &frame, &Silent, &mut |band| {
        rgba.extend_from_slice(band);
        count += 1;
        Ok(())
    })
    .unwrap();
    assert!(count > 2 && rgba == draw(&scene, &frame).rgba);
}

/// A node that lies exactly in the middle of a pixel has exactly its colour: odd pictures of even intervals.
#[test]
fn a_node_in_the_middle_of_a_pixel_has_its_colour_to_the_last_bit() {
    let value = |i: usize, j: usize| (1 + i * 3 + j * 5) as f32;
    let scene = alone(plane([3, 3], value), Interpolation::Linear);
    let picture = draw(&scene, &frame(31, 31));
    let t = (f64::from(value(1, 1)) - 1.0) / 16.0;
    let wanted = Colormap::named("viridis").unwrap().at(t).map(|v| (v * 255.0).round() as u8);
    assert_eq!(pixel(&picture, 15, 15)[..3], wanted);
}

#[test]
fn what_is_not_finite_shows_the_background() {
    let grid = plane([3, 3], |i, j| if (i, j) == (0, 0) { f32::NAN } else { (i + j) as f32 });
    let mut scene = alone(grid, Interpolation::Nearest);
    let lower_left = |scene: &HeatmapScene| pixel(&draw(scene, &frame(40, 40)), 3, 36).to_vec();
    assert_eq!(lower_left(&scene), [255; 4]);
    scene.background = Background::Transparent;
    assert_eq!(lower_left(&scene)[3], 0);
    assert_eq!(pixel(&draw(&scene, &frame(40, 40)), 36, 3)[3], 255);
}

/// Catches: a bar of other colours or limits than the picture's.
#[test]
fn the_bar_has_the_colours_of_the_picture() {
    let grid = plane([30, 20], |i, j| (i * j) as f32);
    let frame = Frame { size: [800, 600], scale_factor: 1.25 };
    let scene = HeatmapScene::new(grid, Limits::Range(0.1, 0.9)).unwrap();
    let (picture, layout) = (draw(&scene, &frame), heatmap_layout(&scene, &frame));
    let rows = annotate_heatmap(&scene, &frame).all().into_iter().find_map(|mark| match mark.shape {
        Shape::Rows { area, .. } => Some([area.min, area.max].map(|p| (p * frame.scale_factor).round())),
        _ => None,
    });
    let [min, max] = rows.expect("a bar");
    let (middle, table) = ((0.5 * (min.x + max.x)) as usize, LookupTable::new(&scene.transfer));
    let (bottom, count) = (max.y as usize - 1, max.y - min.y);
    let row = |t: f64| (t * (count - 1.0)).round();
    let bar = |t: f64| pixel(&picture, middle, bottom - row(t) as usize);
    for t in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let [r, g, b, _] = table.at((row(t) + 0.5) / count);
        assert_color(bar(t), [r, g, b], &format!("bar at {t}"));
    }
    // The upper right corner of the map is the maximum, above the limits; the lower left the minimum, below them.
    let [[x, y], [width, height]] = [layout.first, layout.pixels].map(|p| p.map(|n| n as usize));
    assert!((0..3).all(|c| pixel(&picture, x + width - 1, y)[c].abs_diff(bar(1.0)[c]) <= 2));
    assert!((0..3).all(|c| pixel(&picture, x, y + height - 1)[c].abs_diff(bar(0.0)[c]) <= 2));
}

#[test]
fn two_drawings_have_the_same_bytes() {
    let scene = HeatmapScene::new(plane([9, 9], |i, j| (i * j) as f32), HeatmapScene::DEFAULT_LIMITS).unwrap();
    assert!(draw(&scene, &frame(300, 200)) == draw(&scene, &frame(300, 200)));
}

/// Points around (900, 900) of 0 to 1000, in the file's last column, upper right of the picture.
fn write_points(folder: &Path) -> String {
    let file = path(folder, "points.csv");
    let near = |i: usize| 900.0 + (i * 31 % 17) as f64;
    let mut text = "id,x [nm],y [nm],z [nm],speed\n0,0,0,0,1\n1,1000,1000,5,1\n".to_owned();
    (0..40).for_each(|i| text += &format!("{},{},{},{},{}\n", i + 2, near(i), near(i + 5), -near(i), i));
    std::fs::write(&file, text).unwrap();
    file
}

#[test]
fn what_lies_to_the_upper_right_is_drawn_to_the_upper_right() {
    let folder = folder("heatmap-orientation");
    let (points, picture) = (write_points(&folder), path(&folder, "a.png"));
    for (plane, upper) in [("xy", true), ("xz", false)] {
        let bare = ["--axes", "off", "--colorbar", "off", "--size", "200x200", "--plane", plane];
        let arguments = [&["heatmap", &points, "-o", &picture, "--json", "--columns", "x,y,z"][..], &bare].concat();
        let told = json(&densitas(&arguments));
        assert_eq!((told["points"].as_u64(), &told["size"]), (Some(42), &json!([200, 200])));
        let (size, pixels) = read_png(Path::new(&picture));
        let brightest =
            (0..pixels.len()).max_by_key(|at| u32::from(pixels[*at][0]) + u32::from(pixels[*at][1])).unwrap();
        let (x, y) = (brightest % size[0] as usize, brightest / size[0] as usize);
        assert!(x > 120 && (y < 80) == upper, "{plane}: ({x}, {y})");
    }
}

#[test]
fn the_json_has_the_keys_of_a_density_with_two_numbers() {
    let folder = folder("heatmap-json");
    let picture = path(&folder, "a.png");
    let arguments = ["heatmap", "sample:founding", "-o", &picture, "--size", "320x240", "--grid", "40,30", "--json"];
    let told = json(&densitas(&arguments));
    for key in ["unit", "method", "bound_relative_to_max", "sampled_error_relative_to_max", "min", "max"] {
        assert!(told.get(key).is_some(), "no `{key}` in {told}");
    }
    for key in ["read", "plan", "evaluate", "check", "render"] {
        assert!(told["seconds"][key].as_f64().is_some_and(|s| s >= 0.0), "no seconds of `{key}` in {told}");
    }
    assert_eq!((&told["shape"], &told["size"]), (&json!([40, 30]), &json!([320, 240])));
    let lengths = ["origin", "spacing", "limits"].map(|key| told[key].as_array().map(Vec::len));
    assert_eq!(lengths, [Some(2); 3]);
    assert_eq!(
        told["bandwidth"]["covariance"].as_array().map(|rows| (rows.len(), rows[0].as_array().unwrap().len())),
        Some((2, 2))
    );
    // Scott's factor of 5000 points in two dimensions.
    assert!((told["bandwidth"]["factor"].as_f64().unwrap() - 5000f64.powf(-1.0 / 6.0)).abs() < 1e-12);
    assert_eq!(told["limits"][1], told["max"]);
    assert!((told["integral"].as_f64().unwrap() - 1.0).abs() < 1e-3, "{told}");
}

#[test]
fn options_choose_box_nodes_and_limits() {
    let folder = folder("heatmap-options");
    let (points, picture) = (write_points(&folder), path(&folder, "a.png"));
    let told = |more: &[&str]| {
        let arguments =
            [&["heatmap", &points, "-o", &picture, "--json", "--columns", "x,y", "--size", "99x99"], more].concat();
        json(&densitas(&arguments))
    };
    let part = told(&["--bounds", "800,1000,850,950", "--spacing", "10nm,0.02um", "--bandwidth", "30nm,200A"]);
    assert_eq!((&part["origin"], &part["shape"]), (&json!([800.0, 850.0]), &json!([21, 6])));
    assert_eq!(part["bandwidth"]["covariance"], json!([[900.0, 0.0], [0.0, 400.0]]));
    let limited = told(&["--vmax", "1e-6", "--grid", "20", "--padding", "0"]);
    assert_eq!((&limited["limits"][1], &limited["shape"]), (&json!(1e-6), &json!([20, 20])));
    assert_eq!(limited["origin"], json!([0.0, 0.0]));
    let chosen = told(&["--colormap", "#000,#fff", "--reverse", "--background", "black", "--interpolation", "nearest"]);
    assert_eq!(chosen["points"], 42);
}

/// Catches: limits taken in another quantity than the bar shows, a square for a cube.
#[test]
fn counts_and_scales_are_told_and_limits_are_in_what_the_bar_shows() {
    let folder = folder("heatmap-counts");
    let (points, picture) = (write_points(&folder), path(&folder, "a.png"));
    let told = |more: &[&str]| {
        let arguments =
            [&["heatmap", &points, "-o", &picture, "--json", "--columns", "x,y", "--size", "200x150"], more].concat();
        json(&densitas(&arguments))
    };
    let counts = told(&["--quantity", "counts", "--vmax", "84", "--scale", "sqrt", "--mass-axis", "--scale-bar"]);
    // 42 points, 1e6 square nanometres in a square micrometre.
    assert_eq!(counts["quantity"], json!({ "name": "counts", "per": "um", "factor": 42e6 }));
    assert!((counts["limits"][1].as_f64().unwrap() - 2e-6).abs() < 1e-18, "{counts}");
    let log = told(&["--scale", "log", "--colormap-steps", "9"]);
    assert!(log["limits"][0].as_f64().unwrap() > 0.0 && log["limits"][1] == log["max"], "{log}");
}

#[test]
fn what_is_no_plane_is_refused_with_a_reason() {
    let folder = folder("heatmap-wrong");
    let points = write_points(&folder);
    let flat = path(&folder, "flat.csv");
    std::fs::write(&flat, "x,y\n1,2\n3,5\n4,1\n").unwrap();
    let one = path(&folder, "one.csv");
    std::fs::write(&one, "x\n1\n2\n").unwrap();
    let text = path(&folder, "text.csv");
    std::fs::write(&text, "x,y\n1,2\n3,many\n").unwrap();
    let point = path(&folder, "point.csv");
    std::fs::write(&point, "x,y,z\n1,2,0\n1,2,7\n").unwrap();
    let volume = path(&folder, "v.npy");
    json(&densitas(&["density", "sample:founding", "--grid", "4", "-o", &volume, "--json"]));
    let picture = path(&folder, "a.png");
    for (input, more, code, expected) in [
        (points.as_str(), vec!["--columns", "x,nothing"], 2, "no column `nothing`"),
        (&one, vec![], 1, "no columns x, y, z are found"),
        (&text, vec![], 1, "text.csv:3: column `y` is `many`"),
        (&point, vec![], 1, "all points are equal, at [1, 2, 0]"),
        (&volume, vec![], 1, "is a volume"),
        (&flat, vec!["--plane", "xz"], 2, "2 coordinates already"),
        (&flat, vec!["--plane", "zx"], 2, "known are xy, xz and yz"),
        (&flat, vec!["--bounds", "0,1,0,1,0,1"], 2, "where four"),
        (&flat, vec!["--bandwidth", "1,2,3"], 2, "give one length, or two"),
        (&flat, vec!["--vmin", "5", "--vmax", "1"], 2, "above vmax"),
        (&flat, vec!["--scale", "log", "--vmin", "0"], 2, "a logarithm needs more than 0"),
        (&flat, vec!["--grid", "400000"], 1, "400000 x 400000 nodes needs"),
        (&flat, vec!["--size", "0x5"], 2, "WIDTHxHEIGHT"),
    ] {
        let out = densitas(&[&["heatmap", input, "-o", &picture][..], &more].concat());
        assert_eq!(out.status.code(), Some(code), "{input} {more:?}: {}", stderr(&out));
        assert!(stderr(&out).contains(expected), "{input} {more:?}: {}", stderr(&out));
        assert!(!Path::new(&picture).exists(), "{input} {more:?}");
    }
    let out = densitas(&["density", &flat, "-o", &path(&folder, "d.npy")]);
    assert!(out.status.code() == Some(1) && stderr(&out).contains("heatmap"), "{}", stderr(&out));
}

#[test]
fn a_line_is_drawn_with_a_warning() {
    let folder = folder("heatmap-line");
    let (line, picture) = (path(&folder, "line.csv"), path(&folder, "a.png"));
    for text in ["x,y\n0,0\n1,2\n2,4\n", "x,y\n0,3\n1,3\n", "x,y\n3,0\n3,1\n3,5\n"] {
        std::fs::write(&line, text).unwrap();
        let out = densitas(&["heatmap", &line, "-o", &picture, "--size", "80x60", "--json"]);
        assert!(stderr(&out).contains("warning: the points lie on a line"), "{}", stderr(&out));
        let told = json(&out);
        assert!(told["max"].as_f64().unwrap() > 0.0 && told["integral"].as_f64().unwrap() > 0.9, "{told}");
        let different: std::collections::BTreeSet<_> = read_png(Path::new(&picture)).1.into_iter().collect();
        assert!(different.len() > 20, "an empty picture");
    }
}

#[test]
fn real_microscopy_of_a_plane_is_drawn() {
    let Some(root) = test_data() else { return };
    let picture = path(&folder("heatmap-real"), "a.png");
    for (file, count) in [("Training_MEDIUM.csv", 16_250), ("ThunderSTORM_TS3D.csv", 11_195)] {
        let input = root.join("data/smlm").join(file);
        let told: Value =
            json(&densitas(&["heatmap", input.to_str().unwrap(), "-o", &picture, "--size", "300x200", "--json"]));
        assert_eq!((told["points"].as_u64(), told["unit"].as_str()), (Some(count), Some("nm")));
        assert!(told["error_relative_to_max"].as_f64().unwrap() <= 1e-6, "{told}");
        let integral = told["integral"].as_f64().unwrap();
        assert!((0.97..1.0001).contains(&integral), "{file}: {integral}");
    }
}
