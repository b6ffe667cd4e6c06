//! Kernels that differ from point to point, from a table's columns to the results.

use std::path::Path;

use serde_json::json;

use crate::common::npy_f64;
use crate::program::{densitas, folder, json, path, stderr};

/// Two localisations; positions in micrometres, precisions in nanometres. The third row has no position.
const TABLE: &str = "x [um],y [um],z [um],precision [nm],axial [nm]\n0,0,0,100,200\n0.4,0,0,300,300\n,1,1,-5,0\n";

/// The density of both at the place of the first and of the second, per cubic micrometre.
fn expected() -> [f64; 2] {
    let peak = |s: f64, z: f64| std::f64::consts::TAU.powf(-1.5) / (s * s * z);
    let far = |s: f64| (-0.5 * (0.4 / s) * (0.4 / s)).exp();
    let (a, b) = (peak(0.1, 0.2), peak(0.3, 0.3));
    [0.5 * (a + b * far(0.3)), 0.5 * (a * far(0.1) + b)]
}

fn close(found: f64, wanted: f64, share: f64) -> bool {
    (found - wanted).abs() <= share * wanted
}

#[test]
fn columns_of_precisions_decide_the_density_on_a_grid_and_at_the_points() {
    let folder = folder("per-point");
    let (table, grid, at) = (path(&folder, "t.csv"), path(&folder, "d.npy"), path(&folder, "at.npy"));
    std::fs::write(&table, TABLE).unwrap();
    let columns = "precision,precision,axial";
    let told = json(&densitas(&[
        "density",
        &table,
        "--sigma-columns",
        columns,
        "--bounds",
        "0,0.4,0,0.4,0,0.4",
        "--grid",
        "2",
        "--dtype",
        "f64",
        "-o",
        &grid,
        "--at-points",
        &at,
        "--json",
    ]));
    for told in [&told, &told["at_points"]] {
        assert_eq!((&told["method"], &told["points"]), (&json!("variable"), &json!(2)), "{told}");
        assert_eq!((&told["bandwidth"]["rule"], &told["bandwidth"]["factor"]), (&json!("per-point"), &json!(null)));
        // The median of 0.1 and 0.3 is 0.2.
        assert!(close(told["bandwidth"]["covariance"][0][0].as_f64().unwrap(), 0.04, 1e-9), "{told}");
        assert!(told["bound_relative_to_max"].as_f64().unwrap() <= 1e-6, "{told}");
        assert!(told["sampled_error_relative_to_max"].as_f64().unwrap() <= 1e-6, "{told}");
    }
    let [first, second] = expected();
    for values in [npy_f64(Path::new(&at)), [0, 4].map(|i: usize| npy_f64(Path::new(&grid))[i]).to_vec()] {
        assert!(close(values[0], first, 1e-6) && close(values[1], second, 1e-5), "{values:?} {:?}", expected());
    }
    assert!(npy_f64(Path::new(&at))[2].is_nan());
}

#[test]
fn wrong_columns_and_options_are_told() {
    let folder = folder("per-point-wrong");
    let (table, grid) = (path(&folder, "t.csv"), path(&folder, "d.npy"));
    std::fs::write(&table, "x,y,z,s\n0,0,0,1\n1,1,1,0\n").unwrap();
    let run = |options: &[&str]| {
        let ran = densitas(&[&["density", &table, "-o", &grid], options].concat());
        (ran.status.code(), stderr(&ran))
    };
    let (code, text) = run(&["--sigma-columns", "s"]);
    assert!(code == Some(1) && text.contains("t.csv:3: column `s` is 0; a standard deviation"), "{text}");
    let (code, text) = run(&["--sigma-columns", "s", "--bandwidth", "2nm"]);
    assert!(code == Some(2) && text.contains("--bandwidth"), "{text}");
    let (code, text) = run(&["--sigma-columns", "s,s"]);
    assert!(code == Some(2) && text.contains("names 2 columns"), "{text}");
    let (code, text) = run(&["--bandwidth", "knn:2"]);
    assert!(code == Some(2) && text.contains("there are 2; take a smaller K"), "{text}");
    let (code, text) = run(&["--bandwidth", "knn:1", "--method", "tree"]);
    assert!(code == Some(2) && text.contains("take --method auto or exact"), "{text}");
    let (code, text) = run(&["--bandwidth", "per-point"]);
    assert!(code == Some(2) && text.contains("--sigma-columns"), "{text}");
    let ran = densitas(&["density", "sample:founding", "-o", &grid, "--sigma-columns", "s"]);
    assert!(ran.status.code() == Some(2) && stderr(&ran).contains("columns of a table"), "{}", stderr(&ran));
}

#[test]
fn neighbours_decide_the_widths() {
    let folder = folder("per-point-knn");
    let grid = path(&folder, "d.npy");
    let ran = densitas(&["density", "sample:founding", "--bandwidth", "knn:8", "--grid", "40", "-o", &grid, "--json"]);
    let told = json(&ran);
    assert_eq!((&told["method"], &told["bandwidth"]["rule"]), (&json!("variable"), &json!("knn")), "{told}");
    assert!(told["bound_relative_to_max"].as_f64().unwrap() <= 1e-6, "{told}");
    assert!(told["integral"].as_f64().unwrap() > 0.9, "{told}");
}

#[test]
fn pictures_take_both_and_their_recipes_repeat_them() {
    let folder = folder("per-point-pictures");
    let (table, picture, again) = (path(&folder, "t.csv"), path(&folder, "p.png"), path(&folder, "q.png"));
    std::fs::write(&table, TABLE).unwrap();
    for verb in ["heatmap", "render"] {
        for options in [["--sigma-columns", "precision"], ["--bandwidth", "knn:1"]] {
            let size = ["--size", "120x90", "--adapter", "software", "--json"];
            let drawn = json(&densitas(&[&[verb, &table, "-o", &picture][..], &options, &size].concat()));
            assert_eq!(drawn["method"], json!("variable"), "{drawn}");
            let repeated =
                json(&densitas(&[verb, "--recipe", &picture, "-o", &again, "--adapter", "software", "--json"]));
            assert_eq!((&repeated["bandwidth"], &repeated["max"]), (&drawn["bandwidth"], &drawn["max"]));
        }
    }
    // Two columns for the two axes of a plane: z takes the second.
    let seen = ["--plane", "xz", "--sigma-columns", "precision,axial", "--size", "120x90", "--adapter", "software"];
    let told = json(&densitas(&[&["heatmap", &table, "-o", &picture, "--json"][..], &seen].concat()));
    assert!(close(told["bandwidth"]["covariance"][1][1].as_f64().unwrap(), 0.0625, 1e-9), "{told}");
}
