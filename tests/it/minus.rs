//! `density A --minus B`: the difference of two samples.

use std::path::Path;

use crate::common::npy_f64;
use crate::program::{densitas, folder, json, path, stderr};

/// Two points so near each other that their density is one Gaussian, at x.
fn point(folder: &Path, name: &str, x: f64) -> String {
    let file = path(folder, name);
    std::fs::write(&file, format!("x [nm],y [nm],z [nm]\n{x},0,0\n{},0,0\n", x + 1e-9)).unwrap();
    file
}

// Gaussians of standard deviation 1, two apart: overlap 2 Phi(-1), Bhattacharyya exp(-1/2).
#[test]
fn two_gaussians_have_their_closed_forms() {
    let folder = folder("minus");
    let (a, b) = (point(&folder, "a.csv", -1.0), point(&folder, "b.csv", 1.0));
    let [out, se, mask, map] = ["d.npy", "se.npy", "mask.npy", "mask.mrc"].map(|name| path(&folder, name));
    let common =
        ["density", &a, "--minus", &b, "--bandwidth", "1nm", "--padding", "7", "--spacing", "0.2nm", "--dtype"];
    let more = ["f64", "-o", &out, "--standard-error", &se, "--mask", &mask, "--significance", "1", "--json"];
    let told = json(&densitas(&[&common[..], &more].concat()));
    let near = |key: &str, wanted: f64, tolerance: f64| {
        let found = told["likeness"][key].as_f64().unwrap();
        assert!((found - wanted).abs() < tolerance, "{key}: {found} {wanted}");
    };
    near("overlap", 0.317_310_507_862_914_15, 2e-3);
    near("bhattacharyya", (-0.5_f64).exp(), 1e-5);
    assert!(told["integral"].as_f64().unwrap().abs() < 1e-6, "{told}");
    assert_eq!(
        (&told["points"], &told["minus"]["points"], &told["minus"]["method"]),
        (&2.into(), &2.into(), &told["method"])
    );
    // At each node: f - g, and sqrt of (f + g) times the peak of the kernel 2^(-3/2) / n_eff.
    let shape: Vec<usize> = told["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
    let start: Vec<f64> = told["origin"].as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect();
    let [d, se, mask] = [&out, &se, &mask].map(|file| npy_f64(Path::new(file)));
    let peak = std::f64::consts::TAU.powf(-1.5);
    let (mut marked, mut at) = ([0, 0], 0);
    for i in 0..shape[0] {
        for j in 0..shape[1] {
            for k in 0..shape[2] {
                let [x, y, z] = [0, 1, 2].map(|axis| start[axis] + 0.2 * [i, j, k][axis] as f64);
                let of = |c: f64| peak * (-0.5 * ((x - c).powi(2) + y * y + z * z)).exp();
                let (f, g) = (of(-1.0), of(1.0));
                assert!((d[at] - (f - g)).abs() < 2e-6 * peak);
                let error = ((f + g) * peak / 8f64.sqrt() / 2.0).sqrt();
                assert!((se[at] - error).abs() < 2e-3 * peak, "{} {error}", se[at]);
                assert!(mask[at] == 0.0 || (mask[at] == d[at].signum() && d[at].abs() >= se[at]));
                marked[0] += usize::from(mask[at] > 0.0);
                marked[1] += usize::from(mask[at] < 0.0);
                at += 1;
            }
        }
    }
    let share = |key: &str| told["significance"][key].as_f64().unwrap() * at as f64;
    assert!(marked[0] > 100 && marked[1] > 100, "{marked:?}");
    assert!((share("above") - marked[0] as f64).abs() < 0.5 && (share("below") - marked[1] as f64).abs() < 0.5);
    // MRC is in angstrom; a mask is 1 there too.
    assert!(densitas(&[&common[..], &["f32", "-o", &path(&folder, "d.dx"), "--mask", &map]].concat()).status.success());
    let volume = json(&densitas(&["info", &map, "--json"]));
    assert_eq!((volume["max"].as_f64(), volume["min"].as_f64()), (Some(1.0), Some(-1.0)), "{volume}");
}

#[test]
fn what_cannot_be_subtracted_is_refused_and_nothing_is_written() {
    let folder = folder("minus-wrong");
    let (a, out) = (point(&folder, "a.csv", 0.0), path(&folder, "d.npy"));
    let px = path(&folder, "px.csv");
    std::fs::write(&px, "x [px],y [px],z [px]\n0,0,0\n1,1,1\n").unwrap();
    let ran = |more: &[&str]| densitas(&[&["density", &a, "-o", &out][..], more].concat());
    let unit = ran(&["--minus", &px, "--bandwidth", "1nm"]);
    assert!(unit.status.code() == Some(2) && stderr(&unit).contains("cannot be converted"), "{}", stderr(&unit));
    for wrong in [
        &["--mask", "m.npy"][..],
        &["--significance", "2"],
        &["--minus", &a, "--significance", "-1"],
        &["--minus", &a, "--mask", &out],
        &["--minus", &a, "--bandwidth", "knn:1"],
        &["--minus", &a, "--quantity", "counts", "--spacing", "1nm"],
        &["--minus", &a, "--resolution", "3nm"],
    ] {
        let ran = ran(wrong);
        assert_eq!(ran.status.code(), Some(2), "{wrong:?}: {}", stderr(&ran));
    }
    assert!(!Path::new(&out).exists());
    let missing = ran(&["--minus", &path(&folder, "none.csv"), "--bandwidth", "1nm"]);
    assert!(missing.status.code() == Some(1) && !Path::new(&out).exists(), "{}", stderr(&missing));
    // Catches: a volume written as if it were a difference, or its error.
    let volume = path(&folder, "v.npy");
    assert!(densitas(&["density", &a, "--bandwidth", "1nm", "--grid", "9", "-o", &volume]).status.success());
    for (option, value) in [("--minus", &a), ("--minus", &volume), ("--standard-error", &path(&folder, "se.npy"))] {
        let ran = densitas(&["density", &volume, option, value, "-o", &out]);
        let told = format!("{option} needs points, the input is a volume");
        assert!(ran.status.code() == Some(2) && stderr(&ran).contains(&told), "{}", stderr(&ran));
    }
    let other = ran(&["--minus", &volume, "--bandwidth", "1nm"]);
    assert!(
        other.status.code() == Some(2) && stderr(&other).contains("holds a volume; give points"),
        "{}",
        stderr(&other)
    );
    assert!(!Path::new(&out).exists());
}

/// Catches: samples in two units that are made one without a word, and a factor that was meant as a length.
#[test]
fn what_is_made_of_units_is_told() {
    let folder = folder("minus-units");
    let (a, b, out) = (point(&folder, "a.csv", 0.0), path(&folder, "b.csv"), path(&folder, "d.npy"));
    std::fs::write(&b, "x [um],y [um],z [um]\n0,0,0\n0.000001,0,0\n0.000001,0.0001,0.001\n").unwrap();
    let ran = densitas(&["density", &a, "--minus", &b, "--bandwidth", "5", "--grid", "9", "--json", "-o", &out]);
    let told = stderr(&ran);
    assert!(told.contains("b.csv: converted from µm to nm, the unit of the first sample"), "{told}");
    assert!(told.contains("write 5nm for a length"), "{told}");
    assert!(json(&ran)["warnings"].to_string().contains("write 5nm for a length"), "{}", json(&ran));
}
