//! `density --stream`: points read some at a time.

use std::path::Path;

use densitas::io::npy::write_array;

use crate::common::{npy_f64, test_data};
use crate::program::{densitas, folder, json, path, stderr};

/// More points than are read at a time, two rows without a position among them.
fn rows(n: usize) -> Vec<f64> {
    let mut values: Vec<f64> = (0..3 * n).map(|i| ((i * 7919 + i / 3 * 31) % 100_003) as f64 * 1e-3).collect();
    values[3 * 17] = f64::NAN;
    values[3 * (n - 2) + 1] = f64::INFINITY;
    values
}

#[test]
fn an_array_in_pieces_gives_the_density_of_the_whole() {
    let folder = folder("stream");
    let (file, a, b) = (path(&folder, "p.npy"), path(&folder, "a.npy"), path(&folder, "b.npy"));
    let n = (1 << 20) + 5000;
    write_array(Path::new(&file), &[n, 3], &rows(n), None).unwrap();
    let args = ["density", &file, "--grid", "40", "--dtype", "f64", "--json", "-o"];
    let ran = densitas(&[&args[..], &[&a, "--stream"]].concat());
    let (streamed, whole) = (json(&ran), json(&densitas(&[&args[..], &[&b]].concat())));
    assert!(stderr(&ran).contains(&format!("2 of {n} rows left out")), "{}", stderr(&ran));
    assert_eq!((&streamed["streamed"], &streamed["points"]), (&true.into(), &whole["points"]));
    let (a, b) = (npy_f64(Path::new(&a)), npy_f64(Path::new(&b)));
    let largest = b.iter().copied().fold(0.0, f64::max);
    assert!(a.len() == 64_000 && std::iter::zip(&a, &b).all(|(a, b)| (a - b).abs() <= 1e-6 * largest));
}

#[test]
fn frames_of_a_trajectory_are_pooled_in_pieces() {
    let Some(root) = test_data() else { return };
    let find = |ending: &str| {
        let mut folders = vec![root.join("data")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                match path.is_dir() {
                    true if !path.ends_with("malformed") && !path.ends_with("bad_generated") => folders.push(path),
                    false if path.extension().is_some_and(|e| e == ending) => return path,
                    _ => {}
                }
            }
        }
        panic!("no .{ending} in the test data");
    };
    let folder = folder("stream-frames");
    for ending in ["xtc", "dcd"] {
        let file = find(ending).display().to_string();
        let (a, b) = (path(&folder, "a.npy"), path(&folder, "b.npy"));
        let args = [
            "density",
            &file,
            "--pool",
            "--bandwidth",
            "2A",
            "--grid",
            "30",
            "--padding",
            "1",
            "--dtype",
            "f64",
            "--json",
            "-o",
        ];
        let streamed = json(&densitas(&[&args[..], &[&a, "--stream"]].concat()));
        let whole = json(&densitas(&[&args[..], &[&b]].concat()));
        assert_eq!(streamed["points"], whole["points"], "{file}");
        let (a, b) = (npy_f64(Path::new(&a)), npy_f64(Path::new(&b)));
        let largest = b.iter().copied().fold(0.0, f64::max);
        assert!(std::iter::zip(&a, &b).all(|(a, b)| (a - b).abs() <= 2e-6 * largest), "{file}");
    }
}

#[test]
fn what_cannot_be_streamed_is_told_and_a_cut_file_leaves_nothing() {
    let folder = folder("stream-wrong");
    let (file, out, csv) = (path(&folder, "p.npy"), path(&folder, "o.npy"), path(&folder, "t.csv"));
    write_array(Path::new(&file), &[200, 3], &rows(200), None).unwrap();
    std::fs::write(&csv, "x,y,z\n0,0,0\n1,1,1\n").unwrap();
    for (input, more) in [
        (&csv, &[][..]),
        (&file, &["--bandwidth", "cv"]),
        (&file, &["--bandwidth", "knn:3"]),
        (&file, &["--every", "2"]),
        (&file, &["--relative"]),
        (&file, &["--periodic", "9,9,9", "--bandwidth", "1A"]),
    ] {
        let ran = densitas(&[&["density", input, "--stream", "-o", &out][..], more].concat());
        assert_eq!(ran.status.code(), Some(2), "{more:?}: {}", stderr(&ran));
    }
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 9]).unwrap();
    let ran = densitas(&["density", &file, "--stream", "-o", &out]);
    assert!(ran.status.code() == Some(1) && stderr(&ran).contains("it is cut or damaged"), "{}", stderr(&ran));
    assert!(!Path::new(&out).exists());
}

/// Catches: bins or sums that depend on how many points are read at a time, and frames that are not laid over the first.
#[test]
fn counts_and_aligned_frames_come_in_pieces_too() {
    let Some(root) = test_data() else { return };
    let at = |name: &str| root.join("data").join(name).display().to_string();
    let (frames, topology) = (at("trajectories/adk_oplsaa.xtc"), at("structures/adk_oplsaa.gro"));
    let folder = folder("stream-counts");
    let (a, b) = (path(&folder, "a.npy"), path(&folder, "b.npy"));
    let input = ["density", &frames, "--topology", &topology, "--pool", "--json"];
    let counts = ["--select", "name CB", "--quantity", "counts", "--spacing", "2A", "--dtype", "f64"];
    let density = ["--select", "name CB", "--bandwidth", "2A", "--grid", "30", "--dtype", "f64"];
    for (what, align) in
        [(&counts[..], &[][..]), (&counts, &["--align", "name CA"]), (&density, &["--align", "name CA"])]
    {
        let run = |to: &str, more: &[&str]| json(&densitas(&[&input, what, align, &["-o", to], more].concat()));
        let (streamed, whole) = (run(&a, &["--stream"]), run(&b, &[]));
        for key in ["shape", "origin", "points", "sum", "frames", "alignment"] {
            assert!(key == "frames" || streamed[key] == whole[key], "{what:?} {key}: {} {}", streamed[key], whole[key]);
        }
        let (a, b) = (npy_f64(Path::new(&a)), npy_f64(Path::new(&b)));
        let largest = b.iter().copied().fold(0.0, f64::max);
        let allowed = if what[2] == "--quantity" { 0.0 } else { 1e-6 };
        assert!(!a.is_empty() && std::iter::zip(&a, &b).all(|(a, b)| (a - b).abs() <= allowed * largest), "{what:?}");
    }
}
