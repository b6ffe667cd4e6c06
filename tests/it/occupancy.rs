//! Counts in bins, frames laid over one another, simulated maps.

use std::path::Path;

use serde_json::json;

use crate::common::{npy_f64, test_data};
use crate::program::{densitas, folder, json as told, path, stderr};

/// Three waters of two frames in a cell of 10 angstrom; the second frame is shifted by one cell along x.
fn frames(folder: &Path) -> String {
    let gro = path(folder, "t.gro");
    let frame = |x: f64| {
        let atom = |i: usize, x: f64, y: f64| format!("{i:5}SOL     OW{i:5}{x:8.3}{y:8.3}{:8.3}\n", 0.1);
        let atoms = [atom(1, x + 0.1, 0.1), atom(2, x + 0.5, 0.1), atom(3, x + 0.5, 0.6), atom(4, x + 0.2, 0.3)];
        format!("t\n    4\n{}   1.00000   1.00000   1.00000\n", atoms.concat())
    };
    std::fs::write(&gro, frame(0.0) + &frame(1.0)).unwrap();
    gro
}

#[test]
fn counts_are_those_of_numpy_averaged_over_frames() {
    let folder = folder("occupancy");
    let (gro, out) = (frames(&folder), path(&folder, "c.npy"));
    let count = |more: &[&str]| {
        let arguments =
            ["density", &gro, "--quantity", "counts", "--spacing", "2A", "--dtype", "f64", "-o", &out, "--json"];
        told(&densitas(&[&arguments[..], more].concat()))
    };
    let one = count(&[]);
    // Bins of 2 angstrom from 0: x 1, 5, 5, 2 and y 1, 1, 6, 3.
    assert_eq!((&one["shape"], &one["origin"], &one["sum"]), (&json!([3, 4, 1]), &json!([1.0, 1.0, 1.0]), &json!(4.0)));
    assert_eq!(npy_f64(Path::new(&out)), [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
    let two = count(&["--pool"]);
    assert_eq!((&two["shape"], &two["frames"], &two["max"]), (&json!([8, 4, 1]), &json!(2), &json!(0.5)));
    for (more, expected) in
        [(&["--bandwidth", "1A"][..], "--bandwidth means nothing"), (&["--weights", "mass"], "--weights mean nothing")]
    {
        let ran = densitas(&[&["density", &gro, "--quantity", "counts", "--spacing", "2", "-o", &out], more].concat());
        assert!(ran.status.code() == Some(2) && stderr(&ran).contains(expected), "{}", stderr(&ran));
    }
    let ran = densitas(&["density", &gro, "--quantity", "counts", "-o", &out]);
    assert!(ran.status.code() == Some(2) && stderr(&ran).contains("--spacing 2A"), "{}", stderr(&ran));
}

#[test]
fn frames_a_cell_apart_are_laid_over_one_another() {
    let folder = folder("align");
    let gro = frames(&folder);
    let aligned = told(&densitas(&["info", &gro, "--pool", "--align", "name OW", "--json"]));
    let rmsd: Vec<f64> = serde_json::from_value(aligned["alignment"]["rmsd"].clone()).unwrap();
    assert!(rmsd.len() == 2 && rmsd.iter().all(|r| *r < 1e-6), "{rmsd:?}");
    assert_eq!(aligned["alignment"]["periodic"], true);
    assert!(aligned["bounds"]["max"][0].as_f64().unwrap() < 5.1, "{aligned}");
    for (arguments, code, expected) in [
        (vec!["info", &gro, "--pool", "--align", "index 0 1"], 1, "chooses 2 atoms of frame 0"),
        (vec!["info", &gro, "--pool", "--align", "name XX"], 1, "chooses none"),
        (vec!["info", "sample:founding", "--align", "name CA"], 2, "--align lays frames"),
    ] {
        let ran = densitas(&arguments);
        assert!(ran.status.code() == Some(code) && stderr(&ran).contains(expected), "{}", stderr(&ran));
    }
}

#[test]
fn a_simulated_map_is_the_sum_of_gaussians_times_atomic_numbers() {
    let folder = folder("molmap");
    let (pdb, out) = (path(&folder, "t.pdb"), path(&folder, "m.npy"));
    let atoms = [
        ([1.0, 2.0, 3.0], "C", 6.0),
        ([2.5, 2.0, 3.5], "O", 8.0),
        ([1.0, 4.0, 2.0], "N", 7.0),
        ([0.0, 0.0, 0.0], "S", 16.0),
    ];
    let line = |(i, (p, element, _)): (usize, &([f64; 3], &str, f64))| {
        format!(
            "ATOM  {i:5}  {element}   ALA A{i:4}    {:8.3}{:8.3}{:8.3}  1.00 10.00           {element}  \n",
            p[0], p[1], p[2]
        )
    };
    std::fs::write(&pdb, atoms.iter().enumerate().map(line).collect::<String>()).unwrap();
    let arguments = ["density", &pdb, "--resolution", "3A", "--weights", "atomic-number", "--dtype", "f64"];
    let made = told(&densitas(&[&arguments[..], &["--method", "exact", "-o", &out, "--json"]].concat()));
    // molmap: nodes a third of the resolution apart, from three resolutions below the atoms.
    assert_eq!(made["spacing"], json!([1.0, 1.0, 1.0]));
    let origin: [f64; 3] = serde_json::from_value(made["origin"].clone()).unwrap();
    assert!(origin.iter().all(|o| (o + 9.0).abs() < 1e-9), "{origin:?}");
    let [nx, ny, nz]: [usize; 3] = serde_json::from_value(made["shape"].clone()).unwrap();
    let sigma = 3.0 / (std::f64::consts::PI * 2f64.sqrt());
    let (values, mut checked) = (npy_f64(Path::new(&out)), 0);
    assert_eq!(values.len(), nx * ny * nz);
    for (at, value) in values.iter().enumerate() {
        let node = [at / (ny * nz), at / nz % ny, at % nz].map(|i| i as f64 - 9.0);
        let expected: f64 = atoms
            .iter()
            .map(|(p, _, z)| {
                let square: f64 = std::iter::zip(p, node).map(|(a, b)| (a - b) * (a - b)).sum();
                z * (-0.5 * square / (sigma * sigma)).exp() / (std::f64::consts::TAU * sigma * sigma).powf(1.5)
            })
            .sum();
        assert!((value - expected).abs() < 1e-9, "{node:?}: {value} for {expected}");
        checked += usize::from(expected > 0.1);
    }
    // Nodes 1.5 standard deviations apart give the integral to a thousandth only.
    assert!(checked > 20 && (made["integral"].as_f64().unwrap() - 37.0).abs() < 0.037, "{checked}: {made}");
}

#[test]
fn the_water_around_a_kinase_is_counted_as_numpy_does() {
    let Some(root) = test_data() else { return };
    let data = |path: &str| root.join("data").join(path).to_str().unwrap().to_owned();
    let (xtc, gro) = (data("trajectories/adk_oplsaa.xtc"), data("structures/adk_oplsaa.gro"));
    let out = path(&folder("kinase"), "w.npy");
    let water = ["density", &xtc, "--topology", &gro, "--select", "resname SOL and name OW", "--pool"];
    let bins = ["--quantity", "counts", "--spacing", "2A", "--dtype", "f64", "-o", &out, "--json"];
    let made = told(&densitas(&[&water[..], &bins[..]].concat()));
    assert_eq!(
        (&made["frames"], &made["sum"], &made["origin"]),
        (&json!(10), &json!(11084.0), &json!([1.0, -1.0, -1.0]))
    );
    assert_eq!(npy_f64(Path::new(&out)), npy_f64(Path::new(&data("expected/adk_oplsaa_water.occupancy_2A.npy"))));
    // Recorded from MDAnalysis 2.11: rms.rmsd with superposition, of chains joined by minimize_vectors.
    let recorded =
        [0.0, 1.1244765, 1.6679796, 1.9716345, 1.9488681, 1.5983301, 1.5893400, 1.7835240, 1.8407801, 1.6210963];
    let aligned = told(&densitas(&["info", &xtc, "--topology", &gro, "--pool", "--align", "name CA", "--json"]));
    let rmsd: Vec<f64> = serde_json::from_value(aligned["alignment"]["rmsd"].clone()).unwrap();
    assert!(rmsd.len() == 10 && std::iter::zip(&rmsd, recorded).all(|(a, b)| (a - b).abs() < 1e-6), "{rmsd:?}");
}
