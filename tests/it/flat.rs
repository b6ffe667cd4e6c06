//! Counts, arrays and frames as flat pictures, through the program.

use std::path::Path;

use serde_json::{Value, json};

use crate::common::read_png;
use crate::program::{densitas, folder, json, path, stderr};

/// An array of f64 as an NPY file.
fn write_npy(file: &str, shape: &[usize], values: impl Iterator<Item = f64>) {
    let shape: Vec<String> = shape.iter().map(|n| format!("{n},")).collect();
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}), }}", shape.concat());
    let header = format!("{header:<117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    values.for_each(|v| bytes.extend(v.to_le_bytes()));
    std::fs::write(file, bytes).unwrap();
}

const BARE: [&str; 6] = ["--axes", "off", "--colorbar", "off", "--colormap", "#000,#fff"];

/// The grey of each of `shape` cells of a bare picture, rows from the top.
fn cells(file: &str, [nx, ny]: [usize; 2]) -> Vec<Vec<u8>> {
    let (size, pixels) = read_png(Path::new(file));
    let [width, height] = size.map(|n| n as usize);
    let at = |i: usize, j: usize| pixels[(2 * j + 1) * height / (2 * ny) * width + (2 * i + 1) * width / (2 * nx)][0];
    (0..ny).map(|j| (0..nx).map(|i| at(i, j)).collect()).collect()
}

/// Catches: rows from the top, rows for columns, half a cell of shift.
#[test]
fn an_array_is_drawn_row_0_below_whatever_holds_it() {
    let folder = folder("flat-array");
    let (npy, csv, picture) = (path(&folder, "a.npy"), path(&folder, "a.csv"), path(&folder, "a.png"));
    let value = |at: usize| (at * 17 % 256) as f64;
    write_npy(&npy, &[3, 5], (0..15).map(value));
    let rows: Vec<String> =
        (0..3).map(|j| (0..5).map(|i| value(5 * j + i).to_string()).collect::<Vec<_>>().join(",")).collect();
    std::fs::write(&csv, rows.join("\n")).unwrap();
    let wanted: Vec<Vec<u8>> = (0..3).map(|j| (0..5).map(|i| value(5 * j + i) as u8).collect()).collect();
    for input in [&npy, &csv] {
        for (origin, flipped) in [("lower", true), ("upper", false)] {
            let more = ["--vmin", "0", "--vmax", "255", "--size", "105x63", "--origin", origin, "--json"];
            let told = json(&densitas(&[&["heatmap", input, "-o", &picture][..], &BARE, &more].concat()));
            assert_eq!((&told["shape"], &told["max"]), (&json!([5, 3]), &json!(238.0)));
            let mut found = cells(&picture, [5, 3]);
            if flipped {
                found.reverse();
            }
            assert_eq!(found, wanted, "{input} {origin}");
        }
    }
}

/// Catches: weights that are not counted, y turned, a bin beside its place.
#[test]
fn a_table_of_places_and_counts_becomes_counts() {
    let folder = folder("flat-counts");
    let (table, picture) = (path(&folder, "mouse.csv"), path(&folder, "a.png"));
    std::fs::write(&table, "x,y,count\n0,0,3\n2,0,1\n3,1,4\n3,1,1\n0,2,2\n").unwrap();
    let run = |more: &[&str]| {
        json(&densitas(
            &[&["heatmap", &table, "--weights", "count", "-o", &picture, "--json"][..], &BARE, more].concat(),
        ))
    };
    let told = run(&["--bins", "4,3", "--bounds", "-0.5,3.5,-0.5,2.5", "--size", "80x60", "--origin", "upper"]);
    assert_eq!((&told["sum"], &told["points"], &told["max"]), (&json!(11.0), &json!(5), &json!(5.0)));
    let counts = cells(&picture, [4, 3]).into_iter().map(|row| row.into_iter().map(|v| v / 51).collect::<Vec<_>>());
    assert_eq!(counts.collect::<Vec<_>>(), [[3, 0, 1, 0], [0, 0, 0, 5], [2, 0, 0, 0]]);
    // Whole numbers have a bin each, and a Gaussian keeps the sum as its edges reflect.
    let smooth = run(&["--sigma", "1px"]);
    assert_eq!((&smooth["shape"], &smooth["origin"]), (&json!([4, 3]), &json!([0.0, 0.0])));
    assert!((smooth["sum"].as_f64().unwrap() - 11.0).abs() < 1e-5 && smooth["max"].as_f64().unwrap() < 4.0, "{smooth}");
    let outside = run(&["--bins", "2", "--bounds", "0,2,0,1"]);
    assert_eq!((&outside["outside"], &outside["sum"]), (&json!(3), &json!(4.0)));
}

/// Catches: the least count in the colour of none; weights that nobody is told of; values that vanish untold.
#[test]
fn counts_on_a_log_scale_begin_below_the_least() {
    let folder = folder("flat-log");
    let (table, npy, picture) = (path(&folder, "c.csv"), path(&folder, "a.npy"), path(&folder, "a.png"));
    std::fs::write(&table, "x,y,count\n0,0,8\n2,0,1\n").unwrap();
    let log = ["--scale", "log", "--size", "60x20", "-o", &picture, "--json"];
    let counts = ["heatmap", &table, "--bins", "3,1", "--bounds", "-0.5,2.5,-0.5,0.5"];
    let out = densitas(&[&counts[..], &log, &BARE].concat());
    assert!(stderr(&out).contains("--weights count takes the column `count`"), "{}", stderr(&out));
    let told = json(&densitas(&[&counts[..], &["--weights", "count"], &log, &BARE].concat()));
    assert_eq!(told["limits"], json!([0.5, 8.0]));
    let row = &cells(&picture, [3, 1])[0];
    assert!(row[0] == 255 && row[1] == 0 && (60..70).contains(&row[2]), "{row:?}");
    write_npy(&npy, &[1, 3], [-1.0, 1.0, 100.0].into_iter());
    let out = densitas(&[&["heatmap", &npy, "--matrix", "on"][..], &log].concat());
    assert!(stderr(&out).contains("1 of 3 values are below 0"), "{}", stderr(&out));
    let out = densitas(&["heatmap", &table, "--bins", "3", "--aspect", "auto", "--scale-bar", "-o", &picture]);
    assert!(stderr(&out).contains("--aspect equal gives them one"), "{}", stderr(&out));
}

#[test]
fn contours_are_told_and_drawn_on_the_map() {
    let folder = folder("flat-contours");
    let (npy, plain, lined) = (path(&folder, "a.npy"), path(&folder, "a.png"), path(&folder, "b.png"));
    let hill = |at: usize| (-0.01 * ((at % 41) as f64 - 20.0).hypot((at / 41) as f64 - 20.0).powi(2)).exp();
    write_npy(&npy, &[41, 41], (0..41 * 41).map(hill));
    let base = ["heatmap", &npy, "--size", "400x400", "--json", "--interpolation", "smooth"];
    densitas(&[&base[..], &BARE, &["-o", &plain]].concat());
    let told = json(&densitas(&[&base[..], &BARE, &["-o", &lined, "--contours", "mass:0.5,0.9"]].concat()));
    // Of a Gaussian the region above half of its peak holds half of its mass.
    let levels: Vec<f64> = told["contours"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert!((levels[0] - 0.5).abs() < 0.02 && (levels[1] - 0.1).abs() < 0.02, "{levels:?}");
    let (before, after) = (read_png(Path::new(&plain)).1, read_png(Path::new(&lined)).1);
    let changed: Vec<usize> = (0..before.len()).filter(|&i| before[i] != after[i]).collect();
    let radius = |at: &usize| ((at % 400) as f64 - 199.5).hypot((at / 400) as f64 - 199.5) * 41.0 / 400.0;
    let near = |r: f64, wanted: f64| (r - wanted).abs() < 0.4;
    let [inner, outer] = [0.5f64, 0.1].map(|v| (-v.ln() / 0.01).sqrt());
    let on_lines = changed.iter().filter(|at| near(radius(at), inner) || near(radius(at), outer)).count();
    assert!(changed.len() > 1000 && on_lines * 10 > changed.len() * 7, "{on_lines} of {}", changed.len());
}

#[test]
fn frames_are_pages_or_one_of_them_a_picture() {
    let folder = folder("flat-frames");
    let (npy, page, picture) = (path(&folder, "f.npy"), path(&folder, "f.html"), path(&folder, "f.png"));
    write_npy(&npy, &[3, 4, 5], (0..60).map(f64::from));
    let told = json(&densitas(&["heatmap", &npy, "-o", &page, "--title", "Step {frame}: {name}", "--json"]));
    // numpy.percentile(numpy.arange(60), [2, 98]).
    assert_eq!(told["frames"], 3);
    assert!((told["limits"][0].as_f64().unwrap() - 1.18).abs() < 1e-6, "{told}");
    assert!((told["limits"][1].as_f64().unwrap() - 57.82).abs() < 1e-5, "{told}");
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.contains("Step 2: 2") && html.len() < 40_000, "{}", html.len());
    let only = json(&densitas(&["heatmap", &npy, "-o", &picture, "--only", "2", "--limits-of", "each", "--json"]));
    assert!((only["limits"][0].as_f64().unwrap() - 40.38).abs() < 1e-5, "{only}");
    assert!(only["min"] == 40.0 && only["max"] == 59.0, "{only}");
    let first = densitas(&["heatmap", &npy, "-o", &picture]);
    assert!(
        first.status.success() && stderr(&first).contains("holds 3 frames; the first is drawn"),
        "{}",
        stderr(&first)
    );
}

#[test]
fn a_column_of_a_table_or_several_files_are_frames() {
    let folder = folder("flat-frame-column");
    let (table, page) = (path(&folder, "t.csv"), path(&folder, "t.html"));
    std::fs::write(&table, "x,y,t\n0,0,10\n1,1,-2.5\n3,1,10\n0,2,-2.5\n").unwrap();
    let told = json(&densitas(&["heatmap", &table, "--bins", "4,3", "--frame-column", "t", "-o", &page, "--json"]));
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(told["frames"] == 2 && html.contains(r#""names":["-2.5","10"]"#), "{told}");
    // The counts of the frame that is drawn: of the second, (3, 1) lies outside.
    for (frame, sum) in [("0", 2.0), ("1", 1.0)] {
        let picture = path(&folder, "one.png");
        let counts = ["--bins", "2,2", "--bounds", "-1,2,-1,3", "--frame-column", "t", "--only", frame];
        let told = json(&densitas(&[&["heatmap", &table, "-o", &picture, "--json"], &counts[..]].concat()));
        assert_eq!(told["sum"], sum, "{told}");
    }
    let files = ["early.npy", "late.npy"].map(|f| path(&folder, f));
    files.iter().for_each(|f| write_npy(f, &[4, 6], (0..24).map(f64::from)));
    let told = json(&densitas(&["heatmap", &files[0], &files[1], "-o", &page, "--json"]));
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(told["frames"] == 2 && html.contains(r#""titles":["early","late"]"#), "{told}");
}

#[test]
fn what_cannot_be_frames_is_refused_with_a_way_out() {
    let folder = folder("flat-wrong");
    let file = |name: &str| path(&folder, name);
    let (page, picture) = (file("x.html"), file("x.png"));
    write_npy(&file("none.npy"), &[0, 4, 5], std::iter::empty());
    write_npy(&file("a.npy"), &[4, 5], (0..20).map(f64::from));
    write_npy(&file("b.npy"), &[4, 6], (0..24).map(f64::from));
    write_npy(&file("nan.npy"), &[2, 2, 4], (0..16).map(|i| if i < 8 { 1.0 } else { f64::NAN }));
    write_npy(&file("all.npy"), &[4, 4], (0..16).map(|_| f64::NAN));
    std::fs::write(file("ragged.csv"), "1,2,3,4,5\n1,2,3\n").unwrap();
    std::fs::write(file("p.csv"), "x,y\n1,2\n3,5\n4,1\n").unwrap();
    for (inputs, more, code, expected) in [
        (vec!["none.npy"], vec![], 1, "holds no values"),
        (vec!["a.npy", "b.npy"], vec![], 1, "b.npy: is an array of 4 rows of 6, but"),
        (vec!["nan.npy"], vec![], 1, "frame 1 (1) has no finite value"),
        (vec!["all.npy"], vec![], 1, "no finite value"),
        (vec!["ragged.csv"], vec![], 1, "ragged.csv:2: has 3 values"),
        (vec!["a.npy"], vec!["--frame-names", "a,b"], 2, "2 names for 1 frames"),
        (vec!["a.npy"], vec!["--only", "0"], 2, "--only draws one frame as PNG"),
        (vec!["a.npy"], vec!["--fps", "0"], 2, "frames a second"),
        (vec!["a.npy"], vec!["--bandwidth", "3"], 2, "is an array, so --bandwidth has no effect"),
        (vec!["p.csv"], vec!["--bins", "4", "--bandwidth", "3"], 2, "--bandwidth are of a density"),
        (vec!["p.csv"], vec!["--sigma", "-2px"], 2, "no number of bins"),
        (vec!["p.csv"], vec!["--bins", "0"], 2, "no number of bins"),
        (vec!["p.csv"], vec!["--matrix", "on"], 1, "leave out --matrix on"),
        (vec!["p.csv"], vec!["--contours", "mass:2"], 2, "shares lie between 0 and 1"),
        (vec!["p.csv"], vec!["--frame-column", "nothing"], 2, "nothing"),
        (vec!["p.csv", "a.npy"], vec![], 2, "--matrix on reads it as one"),
    ] {
        let inputs: Vec<String> = inputs.iter().map(|name| file(name)).collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let out = densitas(&[&["heatmap"][..], &inputs, &["-o", &page], &more].concat());
        assert_eq!(out.status.code(), Some(code), "{inputs:?} {more:?}: {}", stderr(&out));
        assert!(stderr(&out).contains(expected), "{inputs:?} {more:?}: {}", stderr(&out));
        assert!(!Path::new(&page).exists(), "{inputs:?} {more:?}");
    }
    let odd = densitas(&["heatmap", &file("a.npy"), "-o", &file("x.doc")]);
    assert!(odd.status.code() == Some(2) && stderr(&odd).contains("x.doc"), "{}", stderr(&odd));
    // The same inputs are drawn once the way out is taken.
    write_npy(&file("points.npy"), &[7, 3], (0..21).map(f64::from));
    let told: Value = json(&densitas(&["heatmap", &file("points.npy"), "--matrix", "on", "-o", &picture, "--json"]));
    assert_eq!(told["shape"], json!([3, 7]));
    std::fs::write(file("row.csv"), "1,2,3,4,5,6\n").unwrap();
    let told: Value = json(&densitas(&["heatmap", &file("row.csv"), "-o", &picture, "--json"]));
    assert_eq!(told["shape"], json!([6, 1]));
}

#[test]
fn frames_are_movies_too() {
    let folder = folder("flat-movie");
    let (npy, movie) = (path(&folder, "f.npy"), path(&folder, "f.mp4"));
    write_npy(&npy, &[3, 4, 5], (0..60).map(f64::from));
    let out = densitas(&["heatmap", &npy, "-o", &movie, "--fps", "12", "--size", "160x120", "--json"]);
    let told = json(&out);
    assert!(told["frames"] == 3 && told["fps"] == 12.0, "{told}");
    assert!(std::fs::metadata(&movie).unwrap().len() > 500);
}

/// Catches: frames of tables that are refused, one frame that becomes all, another file's fault.
#[test]
fn tables_are_frames_and_one_frame_is_one() {
    let folder = folder("flat-tables");
    let at = |name: &str| path(&folder, name);
    for (name, x) in [("before.csv", 0.0), ("after.csv", 3.0)] {
        let rows: String = (0..40).map(|i| format!("{},{}\n", x + f64::from(i % 7), i % 5)).collect();
        std::fs::write(at(name), format!("x,y\n{rows}")).unwrap();
    }
    let two = ["heatmap", &at("before.csv"), &at("after.csv"), "--bins", "10", "--size", "120x90", "--title", "{name}"];
    let told = json(&densitas(&[&two[..], &["-o", &at("two.html"), "--json"]].concat()));
    assert_eq!(told["frames"], 2);
    let page = std::fs::read_to_string(at("two.html")).unwrap();
    assert!(page.contains(r#""names":["before","after"]"#) && page.contains(r#""titles":["before","after"]"#));
    let of = |more: &[&str]| densitas(&[&two[..], more].concat());
    assert!(of(&["-o", &at("s%d.png")]).status.success());
    let (first, second) = (std::fs::read(at("s0.png")).unwrap(), read_png(&folder.join("s1.png")));
    std::fs::write(at("s0.png"), "mine").unwrap();
    assert!(of(&["-o", &at("s%d.png"), "--only", "1"]).status.success());
    assert!(std::fs::read(at("s0.png")).unwrap() == b"mine" && read_png(&folder.join("s1.png")) == second);
    // The first frame has the limits of all with and without its number.
    assert!(of(&["-o", &at("a.png")]).status.success() && of(&["-o", &at("b.png"), "--only", "0"]).status.success());
    let [a, b] = ["a.png", "b.png"].map(|name| read_png(&folder.join(name)));
    std::fs::write(at("s0.png"), first).unwrap();
    assert!(a == b && a == read_png(&folder.join("s0.png")));
    let out = of(&["-o", &at("a.mp4"), "--only", "1"]);
    assert!(out.status.code() == Some(2) && stderr(&out).contains("--only off for all"), "{}", stderr(&out));
    let out = densitas(&["heatmap", &at("before.csv"), &at("none.csv"), "-o", &at("a.mp4")]);
    assert!(out.status.code() == Some(1) && stderr(&out).contains("none.csv: cannot read"), "{}", stderr(&out));
}

/// Catches: values that are rounded away, or to infinity, without a word.
#[test]
fn values_beyond_32_bits_and_equal_limits_are_told() {
    let folder = folder("flat-range");
    let (npy, picture) = (path(&folder, "a.npy"), path(&folder, "a.png"));
    for (values, problem) in [([1e300, 2e300], "up to 2.0e300"), ([1e-300, 0.0], "up to 1.0e-300")] {
        write_npy(&npy, &[1, 2], values.into_iter());
        let out = densitas(&["heatmap", &npy, "--matrix", "on", "-o", &picture]);
        assert!(out.status.code() == Some(1) && stderr(&out).contains(problem), "{}", stderr(&out));
    }
    write_npy(&npy, &[2, 2], [1.0; 4].into_iter());
    let out = densitas(&["heatmap", &npy, "--matrix", "on", "--contours", "mass:0.5", "-o", &picture]);
    let told = stderr(&out);
    assert!(told.contains("both limits are 1.0000e0") && told.contains("there is no line"), "{told}");
}

/// Catches: an array on standard input that is read as points, and frames that are read twice from where there is no twice.
#[test]
fn standard_input_holds_arrays_and_frames_too() {
    let folder = folder("flat-piped");
    let (array, frames) = (path(&folder, "m.csv"), path(&folder, "f.xyz"));
    let rows: String = (0..6).map(|j| format!("{j},1,2,3,4,5\n")).collect();
    std::fs::write(&array, rows).unwrap();
    let atoms: String = (0..30).map(|i| format!("C {} {} 0\n", i % 5, i % 7)).collect();
    std::fs::write(&frames, format!("30\n\n{atoms}30\n\n{atoms}")).unwrap();
    let piped = |file: &str, more: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_densitas"));
        command.args([&["heatmap", "-", "--size", "60x45", "--json"], more].concat());
        let out = command.stdin(std::fs::File::open(file).unwrap()).output().unwrap();
        json(&out)
    };
    assert_eq!(piped(&array, &["-o", &path(&folder, "a.png")])["shape"], json!([6, 6]));
    assert_eq!(piped(&frames, &["--grid", "9", "-o", &path(&folder, "f.html")])["frames"], 2);
}
