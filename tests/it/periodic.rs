//! `--periodic`: boxes of files and of the command line.

use std::path::Path;

use crate::common::npy_f64;
use crate::program::{densitas, folder, json, path, stderr};

const PDB: &str = "\
CRYST1   10.000   12.000   14.000  90.00  90.00  90.00 P 1           1
ATOM      1  CA  ALA A   1       0.500   1.000  13.500  1.00  0.00           C
ATOM      2  CA  ALA A   2      11.000   6.000  -2.000  1.00  0.00           C
END
";

/// The same atoms in nanometres; those of the PDB are in angstrom.
const GRO: &str = "\
two
    2
    1ALA     CA    1   0.050   0.100   1.350
    2ALA     CA    2   1.100   0.600  -0.200
   1.00000   1.20000   1.40000
";

/// The sum over images of both atoms, of a kernel of 1 A.
fn expected(place: [f64; 3]) -> f64 {
    let one = |a: usize, x: f64, edge: f64| -> f64 {
        (-3..=3).map(|n| (-0.5 * (place[a] - x + edge * f64::from(n)).powi(2)).exp()).sum()
    };
    let atom = |x: f64, y: f64, z: f64| one(0, x, 10.0) * one(1, y, 12.0) * one(2, z, 14.0);
    0.5 * std::f64::consts::TAU.powf(-1.5) * (atom(0.5, 1.0, 13.5) + atom(11.0, 6.0, -2.0))
}

#[test]
fn the_box_of_a_file_and_of_the_option_give_the_sum_over_images() {
    let folder = folder("periodic");
    let files = [("a.pdb", PDB), ("a.gro", GRO)].map(|(name, text)| {
        let file = path(&folder, name);
        std::fs::write(&file, text).unwrap();
        file
    });
    let out = path(&folder, "d.npy");
    let boxes: [(&str, &[&str]); 4] = [
        (&files[0], &["--periodic"]),
        (&files[1], &["--periodic"]),
        (&files[0], &["--periodic", "10,12A,1.4nm"]),
        (&files[1], &["--periodic", "10,12,14,90,90,90"]),
    ];
    for (file, periodic) in boxes {
        let args = ["density", file, "--bandwidth", "1A", "--spacing", "1A", "--dtype", "f64", "-o", &out, "--json"];
        let ran = densitas(&[&args[..], periodic].concat());
        let told = json(&ran);
        assert!(stderr(&ran).contains("periodic box with edges"), "{}", stderr(&ran));
        assert_eq!(
            (told["shape"].to_string(), told["origin"].to_string()),
            ("[11,13,15]".into(), "[0.0,0.0,0.0]".into())
        );
        assert!((told["integral"].as_f64().unwrap() - 1.0).abs() < 1e-5 && told["points"] == 2, "{told}");
        let (values, most) = (npy_f64(Path::new(&out)), told["max"].as_f64().unwrap());
        for (at, value) in values.iter().enumerate() {
            let place = [at / (13 * 15), at / 15 % 13, at % 15].map(|n| n as f64);
            assert!((value - expected(place)).abs() <= 1e-6 * most, "{file} {periodic:?} {place:?}");
        }
        let at = path(&folder, "at.npy");
        json(&densitas(&[&["density", file, "--bandwidth", "1A", "--at-points", &at, "--json"], periodic].concat()));
        let values = npy_f64(Path::new(&at));
        let wanted = [expected([0.5, 1.0, 13.5]), expected([11.0, 6.0, -2.0])];
        assert!(std::iter::zip(&values, wanted).all(|(v, w)| (v - w).abs() <= 1e-6 * w), "{values:?} {wanted:?}");
    }
}

// The exact sum over the images of a wide kernel has no end: no NaN or infinity is told for it.
#[test]
fn a_kernel_far_wider_than_the_box_is_even_and_its_error_not_sampled() {
    let folder = folder("periodic-wide");
    let (gro, out) = (path(&folder, "a.gro"), path(&folder, "d.npy"));
    std::fs::write(&gro, GRO).unwrap();
    for sigma in ["1e4A", "1e9A"] {
        let args = ["density", &gro, "--periodic", "--bandwidth", sigma, "--spacing", "1A", "-o", &out];
        let told = stderr(&densitas(&args));
        assert!(told.contains("not sampled") && !told.contains("NaN") && !told.contains("inf "), "{told}");
        let told = json(&densitas(&[&args[..], &["--json"]].concat()));
        let even = 1.0 / (10.0 * 12.0 * 14.0);
        assert!((told["max"].as_f64().unwrap() / even - 1.0).abs() < 1e-6, "{told}");
        assert!(told["sampled_error_relative_to_max"].is_null());
    }
}

#[test]
fn a_period_without_box_or_bandwidth_is_told_and_nothing_is_written() {
    let folder = folder("periodic-wrong");
    let (pdb, csv, out) = (path(&folder, "a.pdb"), path(&folder, "a.csv"), path(&folder, "d.npy"));
    std::fs::write(&pdb, PDB).unwrap();
    std::fs::write(&csv, "x [nm],y [nm],z [nm]\n0,0,0\n1,1,1\n").unwrap();
    for (file, more, code, told) in [
        (&pdb, &["--periodic"][..], 2, "fixed bandwidth"),
        (&pdb, &["--periodic", "--bandwidth", "scott"], 2, "`scott` follows the spread"),
        (&csv, &["--periodic", "--bandwidth", "1nm"], 1, "holds no periodic box"),
        (&csv, &["--periodic", "1,2", "--bandwidth", "1nm"], 2, "2 numbers where three edges"),
        (&csv, &["--periodic", "1,-2,3", "--bandwidth", "1nm"], 2, "is not above 0"),
        (&csv, &["--periodic", "1,2,3,10,10,90", "--bandwidth", "1nm"], 2, "has no volume"),
        (&csv, &["--periodic", "1,2,3", "--bandwidth", "1nm", "--padding", "2"], 2, "cannot be used with"),
        (&csv, &["--periodic", "1,2,3", "--bandwidth", "1nm", "--part", "1/2"], 2, "cannot be shared out"),
        (&csv, &["--periodic", "1,2,3", "--bandwidth", "1nm", "--minus", &csv], 2, "leave out --periodic"),
    ] {
        let ran = densitas(&[&["density", file, "-o", &out][..], more].concat());
        assert!(ran.status.code() == Some(code) && stderr(&ran).contains(told), "{more:?}: {}", stderr(&ran));
    }
    let ran = densitas(&["density", "--periodic", &pdb, "--bandwidth", "1A", "-o", &out]);
    assert!(
        ran.status.code() == Some(2) && stderr(&ran).contains("--periodic alone after the input"),
        "{}",
        stderr(&ran)
    );
    assert!(!Path::new(&out).exists());
}

/// Catches: images of a cell along x where the file's lies otherwise (the primitive cell of a metal), and a crystal of which
/// one cell's symmetry is taken for granted.
#[test]
fn cells_that_are_turned_are_not_used_and_symmetry_is_not_taken_for_granted() {
    let folder = folder("periodic-turned");
    let (xyz, gro, pdb, out) =
        (path(&folder, "a.xyz"), path(&folder, "a.gro"), path(&folder, "a.pdb"), path(&folder, "d.npy"));
    let lattice = "Lattice=\"0 2.04 2.04 2.04 0 2.04 2.04 2.04 0\" Properties=species:S:1:pos:R:3";
    std::fs::write(&xyz, format!("2\n{lattice}\nAl 0 0 0\nAl 1 1 1\n")).unwrap();
    std::fs::write(&gro, GRO.replace(GRO.lines().last().unwrap(), "0 0 0 1 0 1 1 1 0")).unwrap();
    for (file, told) in [(&xyz, "the Lattice on line 2 is turned away"), (&gro, "is turned away from the axes")] {
        let ran = densitas(&["density", file, "--periodic", "--bandwidth", "1A", "--grid", "9", "-o", &out]);
        let said = stderr(&ran);
        assert!(
            ran.status.code() == Some(1) && said.contains(told) && said.contains("holds no periodic box"),
            "{said}"
        );
    }
    assert!(!Path::new(&out).exists());
    let group = |name: &str| {
        let text = format!("CRYST1   10.000   12.000   14.000  90.00  90.00  90.00 {name:<11}   4\n");
        let rest = PDB.lines().filter(|line| !line.starts_with("CRYST1")).collect::<Vec<_>>().join("\n");
        std::fs::write(&pdb, text + &rest + "\n").unwrap();
        stderr(&densitas(&["density", &pdb, "--periodic", "--bandwidth", "1A", "--grid", "9", "-o", &out]))
    };
    assert!(group("P 21 21 21").contains("space group P 21 21 21: whole cells are repeated"));
    assert!(!group("P 1").contains("space group"));
}
