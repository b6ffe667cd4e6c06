//! The program as a user runs it: exit status, messages, files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::common::{npy_f64, read_png, test_data};

/// A new folder for one test.
pub fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

pub fn densitas(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_densitas"));
    command.args(arguments).stdin(Stdio::null());
    command
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stdout)))
}

pub fn path(folder: &Path, file: &str) -> String {
    folder.join(file).to_str().unwrap().to_owned()
}

#[test]
fn the_first_command_draws_the_founding_sample() {
    let folder = folder("first");
    let picture = path(&folder, "density.png");
    let out = densitas(&["render", "sample:founding", "-o", &picture, "--size", "400x300", "--json"]);
    let told = json(&out);
    for key in [
        "points",
        "shape",
        "origin",
        "spacing",
        "unit",
        "method",
        "bandwidth",
        "bound_relative_to_max",
        "sampled_error_relative_to_max",
        "min",
        "max",
        "integral",
        "seconds",
        "adapter",
        "limits",
        "size",
    ] {
        assert!(told.get(key).is_some(), "no `{key}` in {told}");
    }
    for key in ["read", "plan", "evaluate", "check", "render", "write"] {
        assert!(told["seconds"][key].as_f64().is_some_and(|s| s >= 0.0), "no seconds of `{key}` in {told}");
    }
    assert_eq!((told["points"].as_u64(), &told["size"]), (Some(5000), &serde_json::json!([400, 300])));
    assert!(told["error_relative_to_max"].as_f64().unwrap() <= 1e-6);
    let integral = told["integral"].as_f64().unwrap();
    assert!((0.99..1.000001).contains(&integral), "{integral}");
    let (size, pixels) = read_png(Path::new(&picture));
    assert_eq!(size, [400, 300]);
    assert!(pixels.iter().any(|p| p[0] > 150), "the core is bright");
}

#[test]
fn scale_factor_multiplies_the_pixels() {
    let picture = path(&folder("scale"), "a.png");
    let told = json(&densitas(&[
        "render",
        "sample:founding",
        "--grid",
        "24",
        "-o",
        &picture,
        "--size",
        "160x120",
        "--scale-factor",
        "2.5",
        "--json",
    ]));
    assert_eq!(told["size"], serde_json::json!([400, 300]));
    assert_eq!(read_png(Path::new(&picture)).0, [400, 300]);
}

/// Every picture option does what it says: each changes the picture, and what is off is gone.
#[test]
fn every_picture_option_changes_the_picture() {
    let folder = folder("options");
    let render = |name: &str, more: &[&str]| {
        let picture = path(&folder, name);
        let base = ["render", "sample:founding", "--grid", "24", "--size", "160x120", "-o", &picture];
        let output = densitas(&[&base[..], more].concat());
        assert!(output.status.success(), "{more:?}: {}", stderr(&output));
        // Pixels, not bytes: the recipe inside tells how it was asked for.
        read_png(Path::new(&picture)).1
    };
    let plain = render("plain.png", &[]);
    assert!(plain == render("again.png", &["--axes", "on", "--colorbar", "on"]));
    // Beside the numbers of the axes it has no room here.
    assert!(render("bare.png", &["--axes", "off"]) != render("gizmo.png", &["--axes", "off", "--gizmo", "on"]));
    for (i, option) in [
        "--axes off",
        "--colorbar off",
        "--title T",
        "--limits range:0,0.5",
        "--limits percentile:2,98",
        "--vmin 0.01",
        "--vmax 0.02",
        "--colormap viridis",
        "--colormap #00f,#f00",
        "--reverse",
        "--opacity 0:0,1:0.5",
        "--look mayavi",
        "--shading on",
        "--view x",
        "--view y",
        "--view z",
        "--camera 10,20",
        "--camera 45,35.264,9",
        "--camera-position 9,1,2",
        "--camera-target 1,0,0",
        "--camera-up 0,1,0",
        "--view-angle 50",
        "--ortho",
        "--background white",
        "--background #123456",
        "--background transparent",
        "--bandwidth 0.5",
        "--padding 1",
        "--bounds -2,2,-2,2,-2,2",
        "--every 2",
        "--max-points 500",
    ]
    .iter()
    .enumerate()
    {
        let words: Vec<&str> = option.split(' ').collect();
        assert!(plain != render(&format!("{i}.png"), &words), "{option} changes nothing");
    }
    // Neither axes, bar nor title: the picture alone, whose corners are the background.
    render("bare.png", &["--axes", "off", "--colorbar", "off"]);
    let (_, pixels) = read_png(&folder.join("bare.png"));
    assert!(pixels.iter().all(|p| p[2] < 100 || p[0] > 100), "a line or letter is left");
}

/// Catches: points beyond the box drawn over the whole picture.
#[test]
fn points_outside_the_bounds_are_left_out_and_told() {
    let picture = path(&folder("points-bounds"), "a.png");
    let bounds = "--bounds=-0.5,0.5,-0.5,0.5,-0.5,0.5";
    let output =
        densitas(&["render", "sample:founding", "--mode", "points", bounds, "--size", "160x120", "-o", &picture]);
    assert!(output.status.success() && stderr(&output).contains("outside --bounds"), "{}", stderr(&output));
}

#[test]
fn density_is_written_as_numpy_reads_it() {
    let folder = folder("npy");
    let grid = path(&folder, "grid.npy");
    let told = json(&densitas(&[
        "density",
        "sample:founding",
        "--grid",
        "20,21,22",
        "--padding",
        "0",
        "--dtype",
        "f64",
        "-o",
        &grid,
        "--json",
    ]));
    let values = npy_f64(Path::new(&grid));
    assert_eq!(values.len(), 20 * 21 * 22);
    let max = values.iter().fold(0.0_f64, |m, v| m.max(*v));
    assert_eq!(told["max"].as_f64(), Some(max));
    let sidecar: Value = serde_json::from_slice(&std::fs::read(folder.join("grid.npy.json")).unwrap()).unwrap();
    assert_eq!((&sidecar["origin"], &sidecar["spacing"]), (&told["origin"], &told["spacing"]));
    // What was written can be read and drawn: the same numbers, in the same place.
    let info = json(&densitas(&["info", &grid, "--json"]));
    assert_eq!((&info["shape"], &info["origin"]), (&told["shape"], &told["origin"]));
    assert!((info["max"].as_f64().unwrap() - max).abs() < 1e-6 * max);
    let picture = path(&folder, "grid.png");
    json(&densitas(&["render", &grid, "-o", &picture, "--size", "160x120", "--json"]));
    let output = densitas(&["render", &grid, "-o", &picture, "--every", "2", "--weights", "w"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("--weights, --every"), "{}", stderr(&output));
}

#[test]
fn wrong_usage_exits_with_2_and_writes_nothing() {
    let folder = folder("usage");
    let out = path(&folder, "x.png");
    for wrong in [
        &["render", "sample:founding"][..],
        &["render", "sample:founding", "-o", &out, "--grid", "1"],
        &["render", "sample:founding", "-o", &out, "--grid", "many"],
        &["render", "sample:founding", "-o", &out, "--bandwidth", "-1"],
        &["render", "sample:founding", "-o", &out, "--bandwidth", "nan"],
        &["render", "sample:founding", "-o", &out, "--limits", "range:0"],
        &["render", "sample:founding", "-o", &out, "--vmin", "2", "--vmax", "1", "--grid", "16"],
        &["render", "sample:founding", "-o", &out, "--vmin", "nan"],
        &["render", "sample:founding", "-o", &out, "--axes", "maybe"],
        &["render", "sample:founding", "-o", &out, "--camera", "10,91"],
        &["render", "sample:founding", "-o", &out, "--camera", "10,20,1e300"],
        &["render", "sample:founding", "-o", &out, "--view", "x", "--camera", "10,20"],
        &["render", "sample:founding", "-o", &out, "--view-angle", "180", "--grid", "16"],
        &["render", "sample:founding", "-o", &out, "--colormap", "unicorn"],
        &["render", "sample:founding", "-o", &out, "--size", "0x100"],
        &["render", "sample:founding", "-o", &out, "--bounds", "0,0,0,1,0,1"],
        &["render", "sample:founding", "-o", &out, "--error", "0"],
        &["render", "sample:nothing", "-o", &out],
        &["render", "sample:founding", "-o", "picture.jpg"],
        &["density", "sample:founding", "-o", "grid.xyz"],
        &["fly"],
    ] {
        let output = densitas(wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("error"), "{wrong:?}");
        assert!(!Path::new(&out).exists(), "{wrong:?} wrote a picture");
    }
}

#[test]
fn a_grid_beyond_memory_is_refused_at_once() {
    let folder = folder("huge");
    let start = std::time::Instant::now();
    let output = densitas(&["density", "sample:founding", "--grid", "100000", "-o", &path(&folder, "x.npy")]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("GiB"), "{}", stderr(&output));
    assert!(start.elapsed().as_secs_f64() < 5.0);
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
}

/// The driver loaders find nothing: what a machine without any adapter is.
pub fn without_adapter(arguments: &[&str]) -> Output {
    let none = "/nonexistent.json";
    command(arguments)
        .env("VK_DRIVER_FILES", none)
        .env("VK_ICD_FILENAMES", none)
        .env("__EGL_VENDOR_LIBRARY_FILENAMES", none)
        .output()
        .unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn without_an_adapter_density_works_and_render_names_the_package() {
    let folder = folder("no-adapter");
    let output = without_adapter(&["render", "sample:founding", "-o", &path(&folder, "x.png")]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("mesa-vulkan-drivers"), "{}", stderr(&output));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    json(&without_adapter(&["density", "sample:founding", "--grid", "16", "-o", &path(&folder, "x.npy"), "--json"]));
}

#[test]
fn the_input_is_never_overwritten_and_an_unwritable_output_is_told_before_the_work() {
    let folder = folder("output");
    let csv = path(&folder, "a.csv");
    std::fs::write(&csv, "x,y,z\n1,2,3\n4,5,7\n2,2,2\n").unwrap();
    std::os::unix::fs::symlink(&csv, folder.join("b.npy")).unwrap();
    let output = densitas(&["density", &csv, "-o", &path(&folder, "b.npy")]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert_eq!(std::fs::read_to_string(&csv).unwrap().lines().count(), 4);
    let output = densitas(&["density", &csv, "-o", &path(&folder, "missing/x.npy")]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
}

#[test]
fn messages_are_one_line_and_name_the_file() {
    let folder = folder("messages");
    let csv = path(&folder, "odd\nname.csv");
    std::fs::write(&csv, "x,y,z\n1,2\n").unwrap();
    let output = densitas(&["info", &csv]);
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("odd\\nname.csv:2"), "{text}");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let mut child =
        command(&["info", "sample:founding"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{:?} {}", output.status, stderr(&output));
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_an_error() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command(&["info", "sample:founding"]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_with_130_within_a_second_and_leaves_nothing() {
    let folder = folder("interrupt");
    let grid = path(&folder, "x.npy");
    let child = command(&["density", "sample:membrane", "--method", "exact", "--grid", "200", "-o", &grid])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let start = std::time::Instant::now();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(start.elapsed().as_secs_f64() < 1.0, "{:?}", start.elapsed());
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
}

/// Every command of the README that needs no file of the reader's own.
#[test]
fn the_readmes_commands_on_samples_work() {
    let folder = folder("readme");
    let readme = std::fs::read_to_string("README.md").unwrap();
    let commands = readme.lines().filter_map(|l| l.split('#').next().unwrap().trim().strip_prefix("densitas "));
    let mut ran = 0;
    for line in commands.filter(|c| c.contains("sample")) {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let output = command(&arguments).current_dir(&folder).output().unwrap();
        assert!(output.status.success(), "{line}: {}", stderr(&output));
        ran += 1;
    }
    assert!(ran >= 1, "the README shows no command on a sample");
}

/// The outcome that each hostile file of the formats read so far must have.
#[test]
fn hostile_files_have_their_stated_outcome() {
    let Some(root) = test_data() else { return };
    let data = root.join("data/bad_generated");
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(data.join("cases.json")).unwrap()).unwrap();
    let folder = folder("hostile");
    let read_so_far = ["csv_", "gz_", "npy_", "pdb_", "cif_", "dir_", "xyz_", "gro_"];
    let mut seen = 0;
    for case in &cases {
        let file = case["file"].as_str().unwrap();
        if read_so_far.iter().any(|prefix| file.starts_with(prefix)) {
            outcome(case, &data.join(file), &folder);
            seen += 1;
        }
    }
    assert!(seen >= 44, "only {seen} cases");
}

fn outcome(case: &Value, file: &Path, folder: &Path) {
    let out = folder.join("out.npy");
    let mut arguments = vec![case["verb"].as_str().unwrap(), file.to_str().unwrap(), "--json"];
    if arguments[0] == "density" {
        arguments.extend(["-o", out.to_str().unwrap()]);
    }
    arguments.extend(case["options"].as_array().into_iter().flatten().map(|o| o.as_str().unwrap()));
    let start = std::time::Instant::now();
    let output = densitas(&arguments);
    let (text, what) = (stderr(&output), format!("{arguments:?} ({})", case["why"]));
    let warned = text.lines().any(|l| l.starts_with("warning: "));
    match case["expect"].as_str().unwrap() {
        "ok" => assert_eq!(output.status.code(), Some(0), "{what}: {text}"),
        "warn" => assert_eq!((output.status.code(), warned), (Some(0), true), "{what}: {text}"),
        "data" | "limit" => {
            assert_eq!(output.status.code(), Some(1), "{what}: {text}");
            assert_eq!(text.lines().filter(|l| l.starts_with("error: ")).count(), 1, "{what}: {text}");
            assert!(!out.exists(), "{what} wrote a file");
        }
        other => panic!("unknown outcome {other}"),
    }
    assert!(start.elapsed().as_secs_f64() < 1.0, "{what} took {:?}", start.elapsed());
    assert!(!text.contains("panicked"), "{what}: {text}");
    let _ = std::fs::remove_file(&out);
    let _ = std::fs::remove_file(folder.join("out.npy.json"));
}

#[test]
fn info_tells_all_that_was_understood() {
    let folder = folder("info");
    let pqr = path(&folder, "a.pqr");
    let atoms = "ATOM 1 CA ALA A 1 1 2 3 -0.5 1.8\nATOM 2 O HOH B 2 2 2 3 0.25 2\nHETATM 3 CA CA B 3 4 2 3 2.0 2\n";
    std::fs::write(&pqr, atoms).unwrap();
    let told = json(&densitas(&["info", &pqr, "--json", "--weights", "positive-charge", "--select", "chain B"]));
    assert_eq!((told["format"].as_str(), told["unit_from"].as_str()), (Some("pqr"), Some("format")));
    assert_eq!(told["selected"], serde_json::json!({ "points": 2, "of": 3 }));
    assert_eq!(told["elements"], serde_json::json!({ "O": 1, "CA": 1 }));
    assert_eq!(told["kinds"], serde_json::json!({ "water": 1, "other": 1 }));
    assert_eq!(told["chains"], serde_json::json!({ "B": 2 }));
    assert_eq!(told["weights"]["sum"].as_f64(), Some(2.25));
    assert!(told["columns"].as_array().unwrap().contains(&"charge".into()));
    let output = densitas(&["info", &pqr, "--unit", "nm"]);
    let prose = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(prose.contains("unit      nm (--unit)") && prose.contains("elements  C 1, O 1, Ca 1"), "{prose}");
    assert!(prose.lines().all(|line| line.chars().count() <= 120), "{prose}");
}

#[test]
fn a_wrong_selection_is_shown_with_a_pointer_at_the_word() {
    let output = densitas(&["info", "sample:founding", "--select", "name CA or nmae CB"]);
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("column 12: `nmae` is not known; known are name"), "{text}");
    assert_eq!((lines[1], lines[2]), ("  name CA or nmae CB", "             ^"));
}
