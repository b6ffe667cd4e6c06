//! The choice of method and bandwidth on the command line.

use std::path::Path;

use serde_json::{Value, json};

use crate::program::{densitas, folder, json, path, stderr};

fn density(name: &str, more: &[&str]) -> Value {
    let folder = folder(name);
    let out = path(&folder, "d.npy");
    let mut args = vec!["density", "sample:founding", "--grid", "24", "-o", &out, "--json"];
    args.extend(more);
    json(&densitas(&args))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn each_method_can_be_asked_for_and_all_agree() {
    let all = ["exact", "tree", "spectral"].map(|method| density(&format!("method-{method}"), &["--method", method]));
    for (told, method) in all.iter().zip(["exact", "tree", "spectral"]) {
        assert_eq!((&told["method"], &told["choice"]["reason"]), (&json!(method), &json!("asked for")));
        assert!((number(&told["max"]) / number(&all[0]["max"]) - 1.0).abs() < 1e-6, "{told}");
        assert!(number(&told["sampled_error_relative_to_max"]) < 1e-6, "{told}");
        assert!(number(&told["choice"]["expected_seconds"]) > 0.0 && number(&told["choice"]["expected_bytes"]) > 0.0);
    }
    let auto = density("method-auto", &[]);
    assert!(auto["choice"]["reason"].as_str().unwrap().contains("exact"), "{auto}");
}

#[test]
fn the_bound_keeps_the_error_if_it_is_to_be_guaranteed() {
    let told = density("guaranteed", &["--method", "spectral", "--guaranteed", "--error", "1e-5"]);
    assert_eq!(told["method"], "spectral");
    assert!(number(&told["bound_relative_to_max"]) <= 1e-5, "{told}");
    let folder = folder("guaranteed-not");
    let out = path(&folder, "d.npy");
    let ran = densitas(&["density", "sample:founding", "--guaranteed", "--error", "1e-9", "-o", &out]);
    assert_eq!((ran.status.code(), Path::new(&out).exists()), (Some(1), false), "{}", stderr(&ran));
    assert!(stderr(&ran).contains("--dtype f64"), "{}", stderr(&ran));
}

#[test]
fn bandwidths_are_found_by_scores_or_given_as_a_matrix() {
    for rule in ["cv", "likelihood"] {
        let told = density(&format!("rule-{rule}"), &["--bandwidth", rule]);
        let bandwidth = &told["bandwidth"];
        assert_eq!(bandwidth["rule"], rule);
        let factor = number(&bandwidth["factor"]);
        // Of normal points Scott's rule, n^(-1/7), is about the best.
        assert!((factor / 5000f64.powf(-1.0 / 7.0) - 1.0).abs() < 0.25, "{rule}: {factor}");
        assert!(bandwidth["scores"].as_array().unwrap().len() > 15, "{told}");
    }
    let told = density("matrix", &["--bandwidth", "matrix:0.04,0.01,0,0.05,0,0.06"]);
    let expected = json!([[0.04, 0.01, 0.0], [0.01, 0.05, 0.0], [0.0, 0.0, 0.06]]);
    assert_eq!((&told["bandwidth"]["rule"], &told["bandwidth"]["covariance"]), (&json!("matrix"), &expected));
    for (bandwidth, code, expected) in [
        ("matrix:1,2,0,1,0,1", 2, "not positive definite"),
        ("matrix:1,0,0,1", 2, "4 numbers; a covariance is matrix:xx,xy,xz,yy,yz,zz"),
        ("matrix:4A,0,0,4,0,4", 2, "`4A` is no number"),
        ("0", 2, "above 0"),
        ("nan", 2, "the bandwidth is NaN"),
    ] {
        let folder = folder("bandwidth-bad");
        let ran = densitas(&["density", "sample:founding", "--bandwidth", bandwidth, "-o", &path(&folder, "d.npy")]);
        assert_eq!(ran.status.code(), Some(code), "{bandwidth}: {}", stderr(&ran));
        assert!(stderr(&ran).contains(expected), "{bandwidth}: {}", stderr(&ran));
    }
    let folder = folder("bandwidth-one");
    let one = path(&folder, "one.csv");
    std::fs::write(&one, "x,y,z\n1,2,3\n").unwrap();
    let ran = densitas(&["density", &one, "--bandwidth", "1,1,1", "-o", &path(&folder, "d.npy")]);
    assert!(ran.status.code() == Some(1) && stderr(&ran).contains("one point of positive weight"), "{}", stderr(&ran));
}

#[test]
fn the_standard_error_is_a_second_grid() {
    let folder = folder("standard-error");
    let (out, error) = (path(&folder, "d.npy"), path(&folder, "e.npy"));
    let args = ["density", "sample:founding", "--grid", "9", "--dtype", "f64", "-o", &out, "--json"];
    let told = json(&densitas(&[&args[..], &["--standard-error", &error]].concat()));
    let (f, e) = (crate::common::npy_f64(Path::new(&out)), crate::common::npy_f64(Path::new(&error)));
    let level = number(&told["standard_error"]["noise_level"]);
    assert!(f.len() == 729 && f.iter().zip(&e).all(|(f, e)| (e - (f * level).sqrt()).abs() <= 1e-12 * e), "{told}");
    // (4 pi)^(-3/2) / (n |H|^(1/2))
    let h = &told["bandwidth"]["covariance"];
    let h = |i: usize, j: usize| number(&h[i][j]);
    let determinant = h(0, 0) * (h(1, 1) * h(2, 2) - h(1, 2) * h(2, 1))
        - h(0, 1) * (h(1, 0) * h(2, 2) - h(1, 2) * h(2, 0))
        + h(0, 2) * (h(1, 0) * h(2, 1) - h(1, 1) * h(2, 0));
    let expected = (4.0 * std::f64::consts::PI).powf(-1.5) / 5000.0 / determinant.sqrt();
    assert!((level / expected - 1.0).abs() < 1e-9, "{level} {expected}");
    let same = densitas(&[&args[..], &["--standard-error", &out]].concat());
    assert_eq!(same.status.code(), Some(2), "{}", stderr(&same));
}

#[test]
fn errors_of_each_value_are_kept_in_the_tails() {
    let told = density("relative", &["--relative", "--padding", "6", "--dtype", "f64"]);
    assert_ne!(told["method"], "spectral");
    let exact = density("relative-exact", &["--method", "exact", "--padding", "6", "--dtype", "f64"]);
    assert!((number(&told["min"]) / number(&exact["min"]) - 1.0).abs() < 1e-6, "{told} {exact}");
    let folder = folder("relative-spectral");
    let out = path(&folder, "d.npy");
    let ran = densitas(&["density", "sample:founding", "--relative", "--method", "spectral", "-o", &out]);
    assert_eq!(ran.status.code(), Some(2), "{}", stderr(&ran));
}

#[test]
fn what_may_be_noise_fades_from_the_picture() {
    let folder = folder("fade-noise");
    let drawn = |name: &str, more: &[&str]| {
        let out = path(&folder, name);
        let args = [
            "render",
            "sample:founding",
            "--max-points",
            "200",
            "--grid",
            "30",
            "--size",
            "160x120",
            "-o",
            &out,
            "--json",
        ];
        let told = json(&densitas(
            &[&args[..], &["--vmin", "0", "--axes", "off", "--colorbar", "off", "--colormap", "#fff,#fff"], more]
                .concat(),
        ));
        (told, crate::common::read_png(Path::new(&out)).1)
    };
    let (told, plain) = drawn("plain.png", &[]);
    assert!(told["noise_level"].is_null(), "{told}");
    let (two, faded) = drawn("faded.png", &["--fade-noise"]);
    let (four, more) = drawn("more.png", &["--fade-noise=4"]);
    let level = |told: &Value| number(&told["noise_level"]);
    assert!((level(&four) / level(&two) - 4.0).abs() < 1e-9, "{two} {four}");
    // Fog away from the background is less and less.
    let fog = |pixels: &[[u8; 3]]| -> i64 {
        let distance = |p: &[u8; 3]| (0..3).map(|c| i64::from(p[c].abs_diff(plain[0][c]))).sum::<i64>();
        pixels.iter().map(distance).sum()
    };
    assert!(fog(&plain) > fog(&faded) && fog(&faded) > fog(&more), "{} {} {}", fog(&plain), fog(&faded), fog(&more));
}
