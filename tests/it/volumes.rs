//! Volumes: every file of the test data against its recorded answer, hostile ones against their stated outcome,
//! every byte of small ones changed, and the program reading and writing them.

use std::fs;
use std::path::{Path, PathBuf};

use densitas::error::Result;
use densitas::grid::{DensityGrid, Lattice};
use densitas::io::{Input, ReadOptions, Source, Values, VolumeFormat, VolumeInput, read, read_bytes, write_volume};
use densitas::progress::Silent;
use glam::DVec3;
use serde_json::{Value, json};

use crate::common::test_data;
use crate::program::{densitas, folder, json as told, path, stderr};
use crate::reading::mutate;

pub fn volume(path: &Path) -> Result<VolumeInput> {
    match read(&Source::Path(path.to_owned()), &ReadOptions::default(), &Silent)? {
        Input::Volume(volume) => Ok(volume),
        Input::Points(_) => panic!("{} is read as points", path.display()),
    }
}

fn numbers<const N: usize>(value: &Value) -> Option<[f64; N]> {
    let all: Option<Vec<f64>> = value.as_array()?.iter().map(Value::as_f64).collect();
    all?.try_into().ok()
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-6 * expected.abs().max(1e-12)
}

#[test]
fn volumes_agree_with_the_recorded_answers() {
    let Some(root) = test_data() else { return };
    let manifest: Value = serde_json::from_slice(&fs::read(root.join("data/manifest.json")).unwrap()).unwrap();
    let mut checked = 0;
    for entry in manifest["files"].as_array().unwrap().iter().filter(|e| e["category"] == "volumes") {
        let (name, answer) = (entry["path"].as_str().unwrap(), &entry["answer"]);
        if name.ends_with(".raw") {
            continue;
        }
        let volume = volume(&root.join("data").join(name)).unwrap_or_else(|e| panic!("{e}"));
        assert!(volume.warnings.is_empty(), "{name}: {:?}", volume.warnings);
        check_answer(name, &volume, answer);
        checked += 1;
    }
    assert!(checked >= 13, "only {checked} volumes in the manifest");
}

fn check_answer(name: &str, volume: &VolumeInput, answer: &Value) {
    let (lattice, s) = (volume.grid.lattice, volume.grid.statistics());
    for (key, found) in [("min", s.min), ("max", s.max), ("mean", s.mean)] {
        let expected = answer[key].as_f64();
        assert!(expected.is_none_or(|v| close(found, v)), "{name}: {key} is {found}, recorded {expected:?}");
    }
    if let Some(shape) = numbers::<3>(&answer["shape"]) {
        // MRC's is that of sections, rows and columns.
        let axes = numbers::<3>(&answer["mapcrs"]);
        let expected = match axes {
            None => shape,
            Some(axes) => [1.0, 2.0, 3.0].map(|axis| shape[2 - axes.iter().position(|a| *a == axis).unwrap()]),
        };
        assert_eq!(lattice.shape.map(|n| n as f64), expected, "{name}: shape");
        if let (Some(axes), Some(starts)) = (axes, numbers::<3>(&answer["nstart"])) {
            check_place(name, volume, axes, starts, numbers(&answer["voxel_size"]).unwrap());
        }
    }
    if answer["mapcrs"].is_null() {
        for (key, found) in [("origin", lattice.origin), ("delta", lattice.spacing)] {
            if let Some(expected) = numbers::<3>(&answer[key]) {
                assert!((found - DVec3::from_array(expected)).length() < 1e-5, "{name}: {key} is {found}");
            }
        }
    }
}

/// Spacing and origin of MRC files without ORIGIN.
fn check_place(name: &str, volume: &VolumeInput, axes: [f64; 3], starts: [f64; 3], spacing: [f64; 3]) {
    let lattice = volume.grid.lattice;
    assert!((lattice.spacing - DVec3::from_array(spacing)).length() < 1e-5, "{name}: {}", lattice.spacing);
    let steps = volume.steps.unwrap_or([0, 1, 2].map(|a| DVec3::AXES[a] * lattice.spacing[a]));
    let origin: DVec3 = std::iter::zip(axes, starts).map(|(axis, start)| steps[axis as usize - 1] * start).sum();
    assert!((lattice.origin - origin).length() < 1e-4, "{name}: {} for {origin}", lattice.origin);
    // The monoclinic cell of EMD-3001 is the only oblique one.
    assert_eq!(volume.steps.is_some(), name.contains("EMD-3001"), "{name}");
}

#[test]
fn vti_gives_the_values_that_vtk_gives() {
    let Some(root) = test_data() else { return };
    // Recorded from VTK 9.7.2: shape, minimum, maximum, sum and the value at a node.
    for (file, shape, [min, max, sum], node, value) in VTK {
        let volume = volume(&root.join("data/volumes").join(file)).unwrap();
        let (s, [nx, ny, _]) = (volume.grid.statistics(), volume.grid.lattice.shape);
        let [i, j, k] = *node;
        assert_eq!((volume.grid.lattice.shape, s.min, s.max), (*shape, *min, *max), "{file}");
        assert!(close(s.mean * volume.grid.values.len() as f64, *sum), "{file}: {}", s.mean);
        assert!(close(volume.grid.values[i + nx * (j + ny * k)].into(), *value), "{file}");
    }
}

type Recorded = (&'static str, [usize; 3], [f64; 3], [usize; 3], f64);
const VTK: &[Recorded] = &[
    ("vase_1comp.vti", [115, 101, 75], [0.0, 239.0, 10_723_131.0], [57, 32, 13], 173.0),
    ("hydrogen.vti", [64, 64, 64], [0.0, 1.0, 4_856.008_970_333_326], [20, 31, 40], 0.000_576_000_020_373_612_6),
];

#[test]
fn hostile_volumes_have_their_stated_outcome() {
    let Some(root) = test_data() else { return };
    for (file, expected) in [
        ("bad_generated/mrc_dims_huge.map", "the header is damaged"),
        ("bad_generated/mrc_nsymbt_negative.map", "byte 92: an extended header of -1"),
        ("bad_generated/dx_counts_huge.dx", ":7: 100000 x 100000 x 100000 values cannot be"),
        ("malformed/BallBinary30x30x30_byteskip_minus_five.nhdr", ":8: `byte skip: -5`"),
    ] {
        let error = volume(&root.join("data").join(file)).unwrap_err();
        assert!(error.to_string().contains(expected) && error.exit_code() == 1, "{error}");
    }
}

/// A grid of 3 x 2 x 2 nodes in each format that is written.
fn written() -> Vec<(String, Vec<u8>)> {
    let lattice = Lattice { shape: [3, 2, 2], origin: DVec3::new(-1.0, 2.0, 0.5), spacing: DVec3::new(0.5, 1.0, 2.0) };
    let grid = DensityGrid::new(lattice, (0..12).map(|v| v as f32).collect(), None).unwrap();
    let folder = folder("volumes-small");
    let bytes = |name: &str| {
        let path = folder.join(name);
        write_volume(&path, VolumeFormat::of(&path).unwrap(), &grid, Values::Density, None).unwrap();
        (name.to_owned(), fs::read(&path).unwrap())
    };
    ["t.mrc", "t.dx", "t.nrrd", "t.vti", "t.tif"].map(bytes).to_vec()
}

#[test]
fn no_change_of_a_byte_and_no_cut_of_a_volume_panics() {
    let cube = "a\nb\n 1 1 0 0\n 3 0.5 0 0\n 2 0 0.5 0\n -2 0 0 0.5\n 8 8.0 0 0 0\n0 1 2 3 4 5 6 7 8 9 10 11\n";
    let mut plt: Vec<u8> = [3i32, 2, 2, 2, 3].iter().flat_map(|v| v.to_le_bytes()).collect();
    plt.extend([0f32, 2.0, 0.0, 2.0, 0.0, 3.0].iter().chain(&[1.5; 12]).flat_map(|v| v.to_le_bytes()));
    let hex = "NRRD0005\ntype: ushort\ndimension: 3\nsizes: 3 2 1\nspace directions: (0,1,0) (1,0,0) (0,0,-1)\n\
        space origin: (1,2,3)\nendian: big\nencoding: hex\n\n000100020003 000400050006";
    let packed = "<VTKFile type=\"ImageData\" compressor=\"vtkZLibDataCompressor\"><ImageData WholeExtent=\"0 2 0 1 0 1\">\
        <Piece><PointData><DataArray type=\"UInt8\" Name=\"d\" format=\"binary\">\
        AQAAAACAAAAMAAAAFAAAAA==eJxjYGRiZmFlY+fg5OIGAAEqAEM=</DataArray></PointData></Piece></ImageData></VTKFile>";
    let mut all = written();
    all.extend([
        ("t.cube".to_owned(), cube.as_bytes().to_vec()),
        ("t.plt".to_owned(), plt),
        ("h.nrrd".to_owned(), hex.as_bytes().to_vec()),
        ("p.vti".to_owned(), packed.as_bytes().to_vec()),
    ]);
    for (name, bytes) in all {
        let found = read_bytes(&bytes, &Source::Path(name.as_str().into()), &ReadOptions::default(), &Silent);
        assert!(matches!(found, Ok(Input::Volume(_))), "{name}: {:?}", found.err().map(|e| e.to_string()));
        mutate(&bytes, &name);
    }
    let Some(root) = test_data() else { return };
    for file in [
        "test.dx",
        "test.dx.gz",
        "test.ccp4",
        "iota_yzx.ccp4.gz",
        "BallBinary30x30x30.nhdr",
        "BallBinary30x30x30_gz.nrrd",
    ] {
        mutate(&fs::read(root.join("data/volumes").join(file)).unwrap(), file);
    }
}

#[test]
fn the_program_writes_every_format_and_reads_it_again() {
    let folder = folder("volumes-formats");
    let of = |path: &str| told(&densitas(&["info", path, "--json"]));
    let mut written = Vec::new();
    for ending in ["npy", "mrc", "ccp4", "map", "dx", "nrrd", "vti", "tif"] {
        let file = path(&folder, &format!("d.{ending}"));
        let made = told(&densitas(&["density", "sample:founding", "--grid", "12,10,8", "-o", &file, "--json"]));
        let again = of(&file);
        assert_eq!(made["shape"], again["shape"], "{ending}");
        for key in ["origin", "spacing"] {
            let [a, b]: [[f64; 3]; 2] = [&made, &again].map(|v| numbers(&v[key]).unwrap());
            assert!(std::iter::zip(a, b).all(|(a, b)| (a - b).abs() < 1e-5), "{ending}: {key} {a:?} {b:?}");
        }
        for key in ["min", "max", "mean", "integral"] {
            assert!(close(again[key].as_f64().unwrap(), made[key].as_f64().unwrap()), "{ending}: {key}");
        }
        written.push(file);
    }
    // A volume in another format, and as the nodes of a density.
    let converted = path(&folder, "c.vti");
    told(&densitas(&["density", &written[1], "-o", &converted, "--json"]));
    assert_eq!(of(&converted)["max"], of(&written[1])["max"]);
    let like = path(&folder, "like.npy");
    let made = told(&densitas(&["density", "sample:founding", "--like", &written[1], "-o", &like, "--json"]));
    assert_eq!(made["shape"], json!([12, 10, 8]));
    assert!(close(made["max"].as_f64().unwrap(), of(&written[0])["max"].as_f64().unwrap()));
}

#[test]
fn what_cannot_be_meant_of_a_volume_is_told() {
    let folder = folder("volumes-wrong");
    let mrc = path(&folder, "d.mrc");
    told(&densitas(&["density", "sample:founding", "--grid", "8", "-o", &mrc, "--json"]));
    let out = path(&folder, "o.mrc");
    for (arguments, code, expected) in [
        (vec!["density", "sample:founding", "-o", "x.raw"], 2, ".mrc, .ccp4, .dx, .nrrd, .vti or .tif"),
        (vec!["density", "sample:founding", "--dtype", "f64", "-o", &out], 2, "hold f32"),
        (vec!["density", &mrc, "--at-points", "x.npy"], 2, "needs points"),
        (vec!["density", &mrc, "--quantity", "counts", "-o", &out], 2, "counts needs points"),
        (vec!["density", &mrc, "-o", &mrc], 2, "the output is the input"),
        (vec!["density", &mrc, "--select", "name CA", "-o", &out], 2, "--select means nothing"),
        (vec!["density", "sample:founding", "--like", "sample:founding", "-o", &out], 1, "cannot read"),
        (vec!["density", "sample:founding", "--like", &mrc, "--grid", "9", "-o", &out], 2, "cannot be used with"),
        (vec!["heatmap", &mrc, "-o", "x.png"], 1, "one layer"),
    ] {
        let ran = densitas(&arguments);
        assert_eq!(ran.status.code(), Some(code), "{arguments:?}: {}", stderr(&ran));
        assert!(stderr(&ran).contains(expected), "{arguments:?}: {}", stderr(&ran));
    }
    let ran = densitas(&["density", &mrc, "--bandwidth", "1A", "-o", &out]);
    assert!(ran.status.success() && stderr(&ran).contains("--bandwidth has no effect"), "{}", stderr(&ran));
}

#[test]
fn a_volume_of_one_layer_is_a_heat_map() {
    let folder = folder("volumes-flat");
    let (flat, picture) = (path(&folder, "f.nrrd"), path(&folder, "f.png"));
    let head = "NRRD0005\ntype: float\ndimension: 2\nsizes: 3 2\nspacings: 2 3\nencoding: ascii\n\n1 2 3\n4 5 6\n";
    fs::write(&flat, head).unwrap();
    let drawn = told(&densitas(&["heatmap", &flat, "-o", &picture, "--json", "--size", "200x150"]));
    assert_eq!((&drawn["shape"], &drawn["spacing"], &drawn["max"]), (&json!([3, 2]), &json!([2.0, 3.0]), &json!(6.0)));
    let ran = densitas(&["render", &flat, "-o", &picture]);
    assert!(ran.status.code() == Some(1) && stderr(&ran).contains("heatmap"), "{}", stderr(&ran));
}

#[test]
fn an_oblique_map_is_drawn_and_written() {
    let Some(root) = test_data() else { return };
    let folder = folder("volumes-oblique");
    let (out, picture) = (path(&folder, "o.nrrd"), path(&folder, "o.png"));
    let map: PathBuf = root.join("data/volumes/EMD-3001.map");
    let map = map.to_str().unwrap();
    let written = told(&densitas(&["density", map, "-o", &out, "--json"]));
    let (before, after) = (told(&densitas(&["info", map, "--json"])), told(&densitas(&["info", &out, "--json"])));
    assert_eq!((before["shape"].clone(), &written["shape"]), (json!([43, 25, 73]), &after["shape"]));
    assert!(before["steps"].is_array() && after.get("steps").is_none());
    // Interpolation lowers the peaks, and the sum over volume is that of the map.
    let number = |v: &Value, key: &str| v[key].as_f64().unwrap();
    assert!(number(&after, "max") <= number(&before, "max") && number(&after, "max") > 0.8 * number(&before, "max"));
    let ran = densitas(&["render", map, "-o", &picture, "--size", "160x120"]);
    assert!(ran.status.success(), "{}", stderr(&ran));
}
