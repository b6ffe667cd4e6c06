//! Reading: every file of the test data against its recorded answer, every hostile case against its
//! stated outcome, and every small input with every byte changed and at every cut.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use densitas::error::{Error, Result};
use densitas::geometry::Box3;
use densitas::io::{Input, PointInput, ReadOptions, Source, Trajectory, read, read_bytes};
use densitas::points::PointCloud;
use densitas::progress::Silent;
use glam::DVec3;
use rayon::prelude::*;
use serde_json::Value;

use crate::common::test_data;

/// Recorded means and bounds are rounded to three decimals.
const ROUNDING: f64 = 5.001e-4;
/// The formats that are read so far.
const ENDINGS: &[&str] = &[
    ".pdb",
    ".cif",
    ".cif.gz",
    ".pdb.gz",
    ".csv",
    ".csv.gz",
    ".npy",
    "_data.txt",
    "_3D.txt",
    ".pdb.txt",
    ".gro",
    ".xyz",
    ".xyz.gz",
    ".pqr",
    ".xtc",
    ".trr",
    ".dcd",
    ".bcif",
    ".h5",
    ".hdf5",
    ".smlm",
];
/// Volumes, which `volumes.rs` reads.
const VOLUME_ENDINGS: &[&str] =
    &[".dx", ".dx.gz", ".ccp4", ".ccp4.gz", ".map", ".plt", ".nrrd", ".nhdr", ".vti", ".mrc", ".tif", ".cube"];
/// Those of them that hold positions only.
const TRAJECTORIES: &[&str] = &[".xtc", ".trr", ".dcd"];
/// Tables that are not text.
const CONTAINERS: &[&str] = &[".h5", ".hdf5", ".smlm"];
/// Cases that only the density can decide: one point, points on a plane, a far outlier.
const DECIDED_BY_THE_DENSITY: &[&str] = &["csv_all_same.csv", "csv_plane.csv", "csv_one_point.csv", "csv_far.csv"];

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn points_with(path: &Path, options: &ReadOptions) -> Result<PointInput> {
    match read(&Source::Path(path.to_owned()), options, &Silent)? {
        Input::Points(points) => Ok(points),
        Input::Volume(_) => panic!("{} is a volume", path.display()),
    }
}

fn points(path: &Path) -> Result<PointInput> {
    points_with(path, &ReadOptions::default())
}

fn frame(range: &str) -> ReadOptions {
    ReadOptions { frames: range.parse().unwrap(), ..ReadOptions::default() }
}

/// The entries of the manifest in these folders whose format is read.
fn entries(root: &Path, folders: &[&str]) -> Vec<(PathBuf, Value)> {
    let manifest = json(&root.join("data/manifest.json"));
    let files = manifest["files"].as_array().unwrap();
    let is_read = |path: &str| folders.iter().any(|f| path.starts_with(f)) && ENDINGS.iter().any(|e| path.ends_with(e));
    files
        .iter()
        .filter(|f| is_read(text(f, "path")))
        .map(|f| (root.join("data").join(text(f, "path")), f["answer"].clone()))
        .collect()
}

/// Compares number, mean and bounds with a recorded `{n, mean, min, max}`.
fn check_summary(what: &str, cloud: &PointCloud, answer: &Value) {
    assert_eq!(Some(cloud.len() as u64), answer["n"].as_u64(), "{what}: number");
    let Box3 { min, max } = cloud.bounds();
    for (key, found) in [("mean", cloud.mean()), ("min", min), ("max", max)] {
        for (axis, expected) in answer[key].as_array().unwrap().iter().enumerate() {
            let expected = expected.as_f64().unwrap();
            assert!(
                (found[axis] - expected).abs() <= ROUNDING,
                "{what}: {key} is {found}, recorded {expected} ({axis})"
            );
        }
    }
}

#[test]
fn structures_agree_with_the_recorded_answers() {
    let Some(root) = test_data() else { return };
    let mut checked = 0;
    for (path, answer) in entries(&root, &["structures/", "trajectories/"]) {
        let name = path.display().to_string();
        if name.ends_with(".bcif") {
            check_binary_cif(&path);
        } else if TRAJECTORIES.iter().any(|e| name.ends_with(e)) {
            check_trajectory(&root, &path, &answer, &name);
        } else if !answer["first_frame_all"].is_null() {
            check_frames(&path, &answer, &name);
        } else if answer["n_atoms_first_model"] == 0 {
            let error = points(&path).unwrap_err().to_string();
            assert!(error.contains("no points to read") || error.contains("small-molecule"), "{error}");
        } else {
            check_structure(&path, &answer, &name);
        }
        checked += 1;
    }
    assert!(checked >= 45, "only {checked} structures in the manifest");
}

fn check_structure(path: &Path, answer: &Value, name: &str) {
    let input = points(path).unwrap();
    let by_end = &answer["frames_split_at_END"];
    let frames = if by_end.is_null() { &answer["n_models"] } else { &by_end["n_frames"] };
    assert_eq!(Some(input.frames as u64), frames.as_u64(), "{name}: frames");
    check_summary(name, &input.cloud, &answer["first_model_all"]);
    let last = if by_end.is_null() { &answer["last_model_all"] } else { &by_end["last"] };
    if !last.is_null() {
        check_summary(&format!("{name}, last"), &points_with(path, &frame("-1")).unwrap().cloud, last);
    }
    check_attributes(&input, answer, name);
    check_c_alphas(path, answer, name);
    // gemmi keeps the last of several CRYST1 records.
    if let Some(cell) = answer["cell"].as_array().filter(|c| c[0].as_f64() != Some(1.0)) {
        let cell: Vec<f64> = cell.iter().map(|v| v.as_f64().unwrap()).collect();
        let last = points_with(path, &frame("-1")).unwrap().cell;
        assert_eq!(last.unwrap().as_slice(), cell, "{name}: cell");
    }
}

/// GRO, XYZ and PQR.
fn check_frames(path: &Path, answer: &Value, name: &str) {
    let input = points(path).unwrap();
    assert!(input.warnings.is_empty(), "{name}: {:?}", input.warnings);
    check_summary(name, &input.cloud, &answer["first_frame_all"]);
    let all = &answer["all_frames"];
    // MDAnalysis reads one frame of GRO; `all_frames` is a plain read, which lysozyme.gro lacks.
    let has_more = name.ends_with("lysozyme.gro");
    let frames = if has_more { Some(3) } else { answer["n_frames"].as_u64() };
    assert_eq!(Some(input.frames as u64), frames, "{name}: frames");
    if !has_more {
        let last = if all.is_null() { &answer["last_frame_all"] } else { &all["last"] };
        check_summary(&format!("{name}, last"), &points_with(path, &frame("-1")).unwrap().cloud, last);
    }
    let select = |text: &str| ReadOptions { select: Some(text.parse().unwrap()), ..ReadOptions::default() };
    for (key, text) in [("first_frame_ca", "name CA"), ("first_frame_water_oxygen", "water and name OW OH2 O W")] {
        if !answer[key].is_null() {
            check_summary(&format!("{name}, {text}"), &points_with(path, &select(text)).unwrap().cloud, &answer[key]);
        }
    }
    if answer["n_water_oxygen"] == 0 {
        assert!(points_with(path, &select("water")).is_err(), "{name}: water");
    }
    if let Some(cell) = answer["first_frame_box"].as_array() {
        for (found, expected) in input.cell.unwrap().iter().zip(cell) {
            assert!((found - expected.as_f64().unwrap()).abs() < 1e-3, "{name}: cell {:?}", input.cell);
        }
    }
}

/// XTC, TRR and DCD: each frame through the reader of all, and any of them through [`Trajectory`].
fn check_trajectory(root: &Path, path: &Path, answer: &Value, name: &str) {
    // MDAnalysis does not read the 64-bit DCD; chemfiles does.
    let answer = if answer["first_frame_all"].is_null() { &answer["crosscheck_chemfiles"] } else { answer };
    let topology = answer["topology"].as_str().map(|t| root.join("data").join(t));
    let with = |select: Option<&str>, range: &str| ReadOptions {
        select: select.map(|s| s.parse().unwrap()),
        topology: topology.clone(),
        ..frame(range)
    };
    let input = points_with(path, &with(None, ":")).unwrap();
    assert_eq!(Some(input.frames as u64), answer["n_frames"].as_u64(), "{name}: frames");
    let has_wrong_count = name.ends_with("adk_dims.dcd");
    assert_eq!(input.warnings.len(), usize::from(has_wrong_count), "{name}: {:?}", input.warnings);
    check_summary(name, &input.cloud, &answer["first_frame_all"]);
    check_summary(
        &format!("{name}, last"),
        &points_with(path, &with(None, "-1")).unwrap().cloud,
        &answer["last_frame_all"],
    );
    for (key, select) in [("ca", "name CA"), ("water_oxygen", "water and name OW OH2 O W")] {
        for (which, range) in [("first", ":"), ("last", "-1")] {
            let expected = &answer[format!("{which}_frame_{key}")];
            if !expected.is_null() {
                check_summary(name, &points_with(path, &with(Some(select), range)).unwrap().cloud, expected);
            }
        }
    }
    let source = Source::Path(path.to_owned());
    let trajectory = Trajectory::open(&source, &with(None, ":"), &Silent).unwrap();
    let last = trajectory.frame(trajectory.len() - 1).unwrap();
    check_summary(name, &last.cloud, &answer["last_frame_all"]);
    for (key, frame) in [("first", trajectory.frame(0).unwrap()), ("last", last)] {
        if let Some(cell) = answer[format!("{key}_frame_box")].as_array() {
            let near = frame.cell.unwrap().iter().zip(cell).all(|(a, b)| (a - b.as_f64().unwrap()).abs() < 1e-3);
            assert!(near, "{name}: cell {:?}", frame.cell);
        }
        if let Some(time) = answer[format!("{key}_frame_time_ps")].as_f64() {
            assert!((frame.time.unwrap() - time).abs() < 1e-3, "{name}: {key} time {:?}", frame.time);
        }
    }
}

/// 1CBS as biotite reads it.
fn check_binary_cif(path: &Path) {
    let input = points(path).unwrap();
    let (mean, atoms) = (input.cloud.mean(), input.cloud.atoms.unwrap());
    assert_eq!((atoms.len(), input.frames, input.warnings.len()), (1213, 1, 0));
    assert!((mean - DVec3::from_array([17.836_859, 20.848_729, 27.422_702])).length() < 1e-3, "{mean}");
    assert_eq!(atoms.hetero.iter().filter(|h| **h).count(), 122);
    let select = ReadOptions { select: Some("name CA".parse().unwrap()), ..ReadOptions::default() };
    assert_eq!(points_with(path, &select).unwrap().cloud.len(), 137);
}

/// Picasso keeps pixels, DECODE has z in nanometres and so becomes nanometres.
#[test]
fn containers_of_localisations_agree_with_the_recorded_answers() {
    let Some(root) = test_data() else { return };
    let folder = root.join("data/smlm");
    for (path, answer) in entries(&root, &["smlm/picasso"]) {
        let name = path.display().to_string();
        let input = points(&path).unwrap();
        check_summary(&name, &input.cloud, &answer["all"]);
        let columns: Vec<_> = answer["columns"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
        assert_eq!(
            (input.columns, input.dimensions, input.warnings.len()),
            (columns.iter().map(|c| (*c).to_owned()).collect(), 2, 0)
        );
        assert_eq!(input.cloud.unit.map(|u| u.name()), Some("px"), "{name}");
        let expected = if name.contains("testdata") { "130 x 130 nm" } else { "no YAML" };
        assert!(input.notes.iter().any(|n| n.contains(expected)), "{name}: {:?}", input.notes);
    }
    for (path, answer) in entries(&root, &["smlm/decode"]) {
        let mut answer = answer["all"].clone();
        for key in ["mean", "min", "max"] {
            for (axis, nanometres) in [127.0, 117.0].iter().enumerate() {
                answer[key][axis] = (answer[key][axis].as_f64().unwrap() * nanometres).into();
            }
        }
        let input = points(&path).unwrap();
        assert_eq!(input.cloud.unit.map(|u| u.name()), Some("nm"));
        assert_eq!(Some(input.cloud.len() as u64), answer["n"].as_u64());
        let Box3 { min, max } = input.cloud.bounds();
        for (key, found) in [("mean", input.cloud.mean()), ("min", min), ("max", max)] {
            // Four decimals of a pixel are recorded.
            let near = (0..3).all(|i| (found[i] - answer[key][i].as_f64().unwrap()).abs() < 0.01);
            assert!(near, "{key}: {found}, {}", answer[key]);
        }
    }
    let input = points(&folder.join("SMLM_dstorm_data.smlm")).unwrap();
    let Box3 { min, max } = input.cloud.bounds();
    // From its own manifest.json.
    assert!((min.x - 1653.34).abs() < 1e-3 && (max.y - 18577.3).abs() < 1e-3, "{min} {max}");
    assert_eq!((input.cloud.len(), input.cloud.unit.map(|u| u.name())), (10, Some("nm")));
    let weighed = ReadOptions { weights: Some("intensity".into()), ..ReadOptions::default() };
    let weights = points_with(&folder.join("SMLM_dstorm_data.smlm"), &weighed).unwrap().cloud.weights.unwrap();
    assert!((weights.iter().copied().fold(0.0, f64::max) - 13324.8).abs() < 1e-2, "{weights:?}");
}

#[test]
fn pooled_frames_of_a_trajectory_are_its_frames_one_after_the_other() {
    let Some(root) = test_data() else { return };
    let folder = root.join("data/trajectories");
    let options = |range: &str| ReadOptions {
        pool: true,
        topology: Some(root.join("data/structures/adk_closed.pdb")),
        select: Some("name CA".parse().unwrap()),
        ..frame(range)
    };
    let path = folder.join("adk_dims.dcd");
    let pooled = points_with(&path, &options("90:3:-20")).unwrap();
    assert_eq!(pooled.frame_numbers, [90, 70, 50, 30, 10]);
    assert_eq!((pooled.cloud.len(), pooled.rows), (5 * 214, 5 * 3341));
    let trajectory = Trajectory::open(&Source::Path(path), &options("90:3:-20"), &Silent).unwrap();
    assert_eq!(trajectory.chosen(), pooled.frame_numbers);
    for (i, k) in pooled.frame_numbers.iter().enumerate() {
        let (one, other) = (pooled.frame(i), trajectory.frame(*k).unwrap());
        assert_eq!((one.positions, one.atoms), (other.cloud.positions, other.cloud.atoms));
    }
    let rows = pooled.row_of_point.unwrap();
    assert!(rows[..214].iter().zip(&rows[214..]).all(|(a, b)| a + 3341 == *b));
}

#[test]
fn a_topology_must_fit_and_a_selection_needs_one() {
    let Some(root) = test_data() else { return };
    let data = root.join("data");
    let read = |file: &str, topology: Option<&str>, select: Option<&str>| {
        let options = ReadOptions {
            topology: topology.map(|t| data.join(t)),
            select: select.map(|s| s.parse().unwrap()),
            ..ReadOptions::default()
        };
        points_with(&data.join(file), &options).unwrap_err().to_string()
    };
    let other = read("trajectories/water.dcd", Some("structures/adk_closed.pdb"), None);
    assert!(other.contains("adk_closed.pdb: has 3341 atoms") && other.contains("has 297 a frame"), "{other}");
    let unnamed = read("trajectories/water.dcd", None, Some("name CA"));
    assert!(unnamed.contains("--select needs to know the atoms") && unnamed.contains("--topology FILE"), "{unnamed}");
    let useless = read("structures/1ubq.pdb", Some("structures/1ubq.pdb"), None);
    assert!(useless.contains("this is pdb; leave it out"), "{useless}");
    let table = read("trajectories/water.dcd", Some("smlm/sim_vesicle_1.csv"), None);
    assert!(table.contains("points without names"), "{table}");
    let itself = read("trajectories/water.dcd", Some("trajectories/water.dcd"), None);
    assert!(itself.contains("positions without names"), "{itself}");
}

fn check_attributes(input: &PointInput, answer: &Value, name: &str) {
    let atoms = input.cloud.atoms.as_ref().unwrap();
    let count = |key: &str, found: usize| assert_eq!(Some(found as u64), answer[key].as_u64(), "{name}: {key}");
    count("n_hetatm", atoms.hetero.iter().filter(|h| **h).count());
    count("n_altloc_atoms", atoms.altloc.iter().filter(|a| **a != b' ').count());
    let water = "water".parse::<densitas::points::Selection>().unwrap().mask(atoms, 0..atoms.len());
    // gemmi reads residue TIP3 as TIP, which it does not take for water; here it is.
    let is_tip3 = name.ends_with("cryst_then_model.pdb");
    count("n_water_atoms", if is_tip3 { 0 } else { water.iter().filter(|w| **w).count() });
    assert!(!is_tip3 || water.iter().all(|w| *w), "TIP3 is water");
}

fn check_c_alphas(path: &Path, answer: &Value, name: &str) {
    let select = |range: &str| ReadOptions { select: Some("name CA".parse().unwrap()), ..frame(range) };
    if answer["n_ca"] == 0 {
        let error = points_with(path, &select(":")).unwrap_err();
        assert!(matches!(&error, Error::Data(t) if t.contains("names here are")), "{name}: {error}");
        return;
    }
    check_summary(&format!("{name}, CA"), &points_with(path, &select(":")).unwrap().cloud, &answer["first_model_ca"]);
    if !answer["last_model_ca"].is_null() {
        check_summary(
            &format!("{name}, last CA"),
            &points_with(path, &select("-1")).unwrap().cloud,
            &answer["last_model_ca"],
        );
    }
}

#[test]
fn tables_agree_with_the_recorded_answers() {
    let Some(root) = test_data() else { return };
    let mut checked = 0;
    for (path, answer) in entries(&root, &["smlm/"]) {
        let name = path.display().to_string();
        if CONTAINERS.iter().any(|e| name.ends_with(e)) {
            continue;
        }
        let input = points(&path).unwrap();
        let dimensions = answer["all"]["mean"].as_array().unwrap().len();
        assert_eq!(input.dimensions, dimensions, "{name}: dimensions");
        assert_eq!(input.require_3d(&Source::Path(path.clone())).is_ok(), dimensions == 3, "{name}");
        check_summary(&name, &input.cloud, &answer["all"]);
        if let Some(columns) = answer["columns"].as_array() {
            // pandas names a column without a name.
            let columns: Vec<_> = columns.iter().map(|c| c.as_str().unwrap().replace("Unnamed: 0", "")).collect();
            assert_eq!(input.columns, columns, "{name}: columns");
        }
        if let Some(columns) = answer["xyz_columns"].as_array() {
            assert_eq!(
                input.position_columns,
                columns.iter().map(|c| c.as_str().unwrap()).collect::<Vec<_>>(),
                "{name}"
            );
        }
        let says_nm = input.position_columns[0].contains("nm") || input.position_columns[0].contains("nano");
        assert_eq!(input.cloud.unit.map(|u| u.name()), says_nm.then_some("nm"), "{name}: unit");
        checked += 1;
    }
    assert!(checked >= 11, "only {checked} tables in the manifest");
}

#[test]
fn arrays_agree_with_the_recorded_answers() {
    let Some(root) = test_data() else { return };
    let entries = entries(&root, &["points/"]);
    assert!(!entries.is_empty());
    for (path, answer) in entries {
        let name = path.display().to_string();
        let first = points(&path).unwrap();
        assert_eq!(Some(first.frames as u64), answer["n_frames"].as_u64(), "{name}");
        check_summary(&name, &first.cloud, &answer["first"]);
        check_summary(&name, &points_with(&path, &frame("-1")).unwrap().cloud, &answer["last"]);
        let all = points_with(&path, &ReadOptions { pool: true, ..ReadOptions::default() }).unwrap();
        check_summary(&name, &all.cloud, &answer["all"]);
        check_summary(&name, &all.frame(all.frames - 1), &answer["last"]);
    }
}

#[test]
fn expected_densities_are_read_as_volumes() {
    let Some(root) = test_data() else { return };
    let manifest = json(&root.join("data/manifest.json"));
    let mut checked = 0;
    for entry in manifest["expected_densities"].as_array().unwrap() {
        // The occupancy grid is of counts in bins, without a box of nodes.
        if entry["bbox_min"].is_null() {
            continue;
        }
        let path = root.join("data").join(text(entry, "path"));
        let corner = |key: &str| DVec3::from_array(std::array::from_fn(|i| entry[key][i].as_f64().unwrap()));
        let bounds = Box3 { min: corner("bbox_min"), max: corner("bbox_max") };
        let options = ReadOptions { bounds: Some(bounds), ..ReadOptions::default() };
        let Input::Volume(volume) = read(&Source::Path(path), &options, &Silent).unwrap() else { panic!("points") };
        let [nx, ny, _] = volume.grid.lattice.shape;
        let [i, j, k]: [usize; 3] = std::array::from_fn(|a| entry["argmax"][a].as_u64().unwrap() as usize);
        let max = entry["max"].as_f64().unwrap();
        assert!((f64::from(volume.grid.values[i + nx * (j + ny * k)]) / max - 1.0).abs() < 1e-6);
        assert!((volume.grid.lattice.node(i, j, k) - corner("argmax_position")).length() < 1e-9);
        checked += 1;
    }
    assert!(checked > 0);
}

/// What `density` would meet: reading, then the refusal of points of a plane.
fn outcome(path: &Path, case: &Value) -> Result<PointInput> {
    let mut options = ReadOptions::default();
    if let Some([flag, value]) = case["options"].as_array().map(Vec::as_slice) {
        assert_eq!(flag, "--select");
        options.select = Some(value.as_str().unwrap().parse()?);
    }
    let input = points_with(path, &options)?;
    input.require_3d(&Source::Path(path.to_owned())).map(|()| input)
}

#[test]
fn hostile_inputs_have_their_stated_outcome() {
    let Some(root) = test_data() else { return };
    let folder = root.join("data/bad_generated");
    let mut checked = 0;
    for case in json(&folder.join("cases.json")).as_array().unwrap() {
        let (file, expected) = (text(case, "file"), text(case, "expect"));
        let is_read = ENDINGS.iter().any(|ending| file.ends_with(ending));
        if !is_read || DECIDED_BY_THE_DENSITY.contains(&file) {
            continue;
        }
        let path = folder.join(file);
        let begun = Instant::now();
        let found = outcome(&path, case);
        assert!(begun.elapsed() < Duration::from_secs(1), "{file} took {:?}", begun.elapsed());
        match (expected, &found) {
            ("ok", Ok(input)) => assert!(input.warnings.is_empty(), "{file}: {:?}", input.warnings),
            ("warn", Ok(input)) => assert_eq!(input.warnings.len(), 1, "{file}"),
            ("data" | "limit", Err(error)) => check_message(error, &path),
            _ => panic!("{file} should be {expected}, is {:?}", found.map(|i| i.warnings)),
        }
        checked += 1;
    }
    assert!(checked >= 35, "only {checked} cases");
}

/// One line that names the file and exits with 1.
fn check_message(error: &Error, path: &Path) {
    let message = error.to_string();
    assert!(message.starts_with(&path.display().to_string()) && !message.contains('\n'), "{message}");
    assert_eq!(error.exit_code(), 1, "{message}");
}

#[test]
fn hostile_inputs_that_are_fine_give_the_right_numbers() {
    let Some(root) = test_data() else { return };
    for (file, first, count) in [
        ("csv_decimal_comma.csv", DVec3::new(1.5, 2.5, 3.5), 2),
        ("csv_bom.csv", DVec3::new(1.0, 2.0, 3.0), 2),
        ("csv_crlf_cr.csv", DVec3::new(1.0, 2.0, 3.0), 2),
        ("csv_meters.csv", DVec3::new(1000.0, 2000.0, 3.0), 2),
        ("npy_fortran.npy", DVec3::new(0.0, 1.0, 2.0), 4),
        ("npy_be_int.npy", DVec3::new(0.0, 1.0, 2.0), 4),
    ] {
        let cloud = points(&root.join("data/bad_generated").join(file)).unwrap().cloud;
        assert_eq!(cloud.len(), count, "{file}");
        assert!((cloud.positions[0] - first).length() < 1e-9, "{file}: {}", cloud.positions[0]);
    }
}

#[test]
fn malformed_files_are_refused_or_warned_of() {
    let Some(root) = test_data() else { return };
    let mut checked = 0;
    for (path, _) in entries(&root, &["malformed/"]) {
        // Nothing is wrong with these two; other programs fail on them in other ways.
        let is_fine = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("cve-2022-"));
        match points(&path) {
            Ok(input) if is_fine => assert!(input.cloud.len() <= 2 && input.frames == 1, "{}", path.display()),
            Ok(input) => assert!(!input.warnings.is_empty(), "{} is read without a warning", path.display()),
            Err(error) => check_message(&error, &path),
        }
        checked += 1;
    }
    for (file, expected) in [
        ("cf_bad_helium.xyz", ":1: announces 8 atoms"),
        ("cf_bad_extended.xyz", ":3: has 4 fields, 5 are expected"),
        ("extended-bad-properties.xyz", ":3: x is `H`"),
        ("truncated.gro", ":2: announces 1405 atoms"),
        ("missing_atomname.gro", "shifted"),
        ("protein_trajectory_incomplete_line.gro", ":94: "),
    ] {
        let error = points(&root.join("data/malformed").join(file)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let dropped = points(&root.join("data/malformed/nan_error.gro")).unwrap();
    assert!(dropped.dropped == 1 && dropped.warnings[0].contains("line 41"), "{:?}", dropped.warnings);
    let ragged = points(&root.join("data/malformed/bad_num_col.xvg")).unwrap_err();
    assert!(ragged.to_string().contains(":3: has 2 fields"), "{ragged}");
    assert!(checked >= 20, "only {checked} malformed files");
}

#[test]
fn formats_that_are_not_read_are_refused_by_name() {
    let Some(root) = test_data() else { return };
    let manifest = json(&root.join("data/manifest.json"));
    for entry in manifest["files"].as_array().unwrap() {
        let path = root.join("data").join(text(entry, "path"));
        let name = path.display().to_string();
        if ENDINGS.iter().chain(VOLUME_ENDINGS).any(|ending| name.ends_with(ending)) || name.ends_with(".xvg") {
            continue;
        }
        let result = read(&Source::Path(path.clone()), &ReadOptions::default(), &Silent);
        assert!(result.is_err(), "{name} is taken for something else");
        check_message(&result.unwrap_err(), &path);
    }
}

/// Reads bytes under every name, and drops what comes out: only a panic fails.
fn survive(bytes: &[u8], names: &[&str]) {
    for name in names {
        let pooled = ReadOptions { pool: true, ..ReadOptions::default() };
        let alone = ReadOptions::default();
        if let Ok(Input::Volume(volume)) = read_bytes(bytes, &Source::Path(name.into()), &alone, &Silent) {
            let (lattice, grid) = (volume.grid.lattice, &volume.grid);
            assert!(lattice.spacing.min_element() > 0.0 && lattice.origin.is_finite() && !lattice.is_empty(), "{name}");
            assert_eq!(grid.values.len(), lattice.len(), "{name}");
        }
        if let Ok(Input::Points(input)) = read_bytes(bytes, &Source::Path(name.into()), &pooled, &Silent) {
            let is_finite = input.cloud.positions.iter().all(|p| p.is_finite());
            assert!(is_finite && input.frame_starts.last() == Some(&input.cloud.len()), "{name}");
        }
    }
}

const ALL_NAMES: &[&str] = &[
    "t",
    "t.csv",
    "t.pdb",
    "t.cif",
    "t.npy",
    "t.gro",
    "t.xyz",
    "t.pqr",
    "t.xtc",
    "t.trr",
    "t.dcd",
    "t.bcif",
    "t.h5",
    "t.npz",
    "t.ply",
    "t.parquet",
];

/// Three changes of every byte, and every cut.
pub fn mutate(bytes: &[u8], name: &str) {
    (0..bytes.len()).into_par_iter().for_each(|at| {
        survive(&bytes[..at], &[name]);
        for change in [0x01, 0x80, bytes[at] ^ b'9'] {
            let mut changed = bytes.to_vec();
            changed[at] ^= change;
            survive(&changed, &[name]);
        }
    });
}

#[test]
fn no_change_of_a_byte_and_no_cut_of_an_inline_sample_panics() {
    let pdb = "CRYST1   50.840   42.770   28.950  90.00  90.00  90.00 P 1\nMODEL        1\n\
        ATOM      2  CA AALA A  10A     11.639   6.071  -5.147  0.50 12.34           C  \nENDMDL\nMODEL        2\n\
        HETATMA0LFX  PB  ADPAA A00     101.108   0.097 159.966  1.00135.20        GA P  \nENDMDL\nEND\n";
    let cif = "data_t\n_cell.length_a 10\nloop_\n_atom_site.id\n_atom_site.Cartn_x\n\
        _atom_site.Cartn_y\n_atom_site.Cartn_z\n\
        _atom_site.label_atom_id\n_atom_site.pdbx_PDB_model_num\n1 1.5 2 3(1) CA 1\n2 ? . 3 \"O5'\" 2\n\
        loop_\n_x\n;text\n;\n'a b'\n";
    let csv = "\u{feff}# comment\n\"id\",\"x [nm]\",\"y [nm]\",\"z [nm]\"\r\n1,2,3,4\r\n2,\"5\",nan,7\r\n";
    let german = "x;y;z\n1,5;2,5;3,5\n4,5;5,5;6,5\n";
    let mut npy =
        b"\x93NUMPY\x01\x00\x46\x00{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2, 3), }         \n".to_vec();
    npy.extend((0..12).flat_map(|v| (v as f32).to_le_bytes()));
    let gro = "t\n    2\n    1SOL     OW    1   0.230   0.628   0.113  0.1000  0.2000  0.3000\n\
        99999CA      CA99999   1.000 200.000-300.000\n   1.00000   2.00000   3.00000\n";
    let xyz = "2\nc\nH 0 1 2\nFe2 1e-1 -2. +3 4\n\n1\n\
        Lattice=\"1 0 0 0 1 0 0 0 1\" Properties=id:I:1:pos:R:3:species:S:1 k='v\n7 1 2 3 6\n";
    let pqr = "REMARK\nCRYST1   60.861   60.861   60.861  90.00  90.00  90.00\nATOM 1 N ALA 1 1 2 3 -0.500 1.800\n\
        HETATM2 CA CA A10B 1 2 3 0.50 2.000\nEND\nMODEL 2\nATOM 1 N ALA B 1 A 1 2 3 -0.500 1.800\n";
    for (bytes, name) in [
        (gro.as_bytes(), "t.gro"),
        (gro.repeat(2).as_bytes(), "t"),
        (xyz.as_bytes(), "t.xyz"),
        (pqr.as_bytes(), "t.pqr"),
        (pdb.as_bytes(), "t.pdb"),
        (cif.as_bytes(), "t.cif"),
        (csv.as_bytes(), "t.csv"),
        (german.as_bytes(), "t"),
        (&npy, "t.npy"),
    ] {
        assert!(read_bytes(bytes, &Source::Path(name.into()), &ReadOptions::default(), &Silent).is_ok(), "{name}");
        mutate(bytes, name);
    }
}

#[test]
fn no_change_of_a_byte_and_no_cut_of_a_small_file_panics() {
    let Some(root) = test_data() else { return };
    let mut checked = 0;
    for folder in ["structures", "smlm", "points", "malformed", "bad_generated", "trajectories"] {
        for entry in fs::read_dir(root.join("data").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.display().to_string();
            let is_small = path.metadata().unwrap().len() <= 4096;
            if is_small && ENDINGS.iter().any(|ending| name.ends_with(ending)) {
                mutate(&fs::read(&path).unwrap(), &name);
                checked += 1;
            }
        }
    }
    assert!(checked >= 40, "only {checked} small files");
}

/// Larger than the files of which every byte is changed: some thousand changes and cuts, spread evenly.
#[test]
fn changes_and_cuts_of_binary_files_never_panic() {
    const CHANGES: usize = 3000;
    let Some(root) = test_data() else { return };
    for file in [
        "smlm/decode_dstorm_data.h5",
        "smlm/picasso_testdata_locs.hdf5",
        "structures/1cbs_full.bcif",
        "trajectories/xyz_random_walk.xtc",
        "trajectories/alanine_vsite_solvated.xtc",
        "trajectories/water.trr",
        "trajectories/water.dcd",
    ] {
        let whole = fs::read(root.join("data").join(file)).unwrap();
        (0..CHANGES).into_par_iter().for_each(|i| {
            // Headers are at the beginning: half of the changes fall on the first 4 KiB.
            let end = if i % 2 == 0 { whole.len().min(4096) } else { whole.len() };
            let at = i.wrapping_mul(2_654_435_761) % end;
            let mut changed = whole.clone();
            changed[at] ^= [1, 0x80, 0xff, 0x7f][i / 2 % 4];
            survive(&changed, &[file]);
            if i % 10 == 0 {
                survive(&whole[..at], &[file]);
            }
        });
    }
}

#[test]
fn fuzzing_finds_of_other_programs_do_no_harm() {
    let Some(root) = test_data() else { return };
    let mut checked = 0;
    for entry in fs::read_dir(root.join("data/malformed")).unwrap() {
        survive(&fs::read(entry.unwrap().path()).unwrap(), ALL_NAMES);
        checked += 1;
    }
    assert!(checked >= 25, "only {checked} files");
}

fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("densitas-it-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
#[cfg(unix)]
fn odd_names_and_pipes_are_read() {
    use std::os::unix::ffi::OsStringExt;
    let folder = scratch("names");
    for name in [&b"with space.csv"[..], b"new\nline.csv", b"\xff\xfe.csv", b"-.csv"] {
        let path = folder.join(std::ffi::OsString::from_vec(name.to_vec()));
        fs::write(&path, "x,y,z\n1,2,3\n").unwrap();
        assert_eq!(points(&path).unwrap().cloud.len(), 1, "{}", path.display());
    }
    let pipe = folder.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, "1 2 3\n4 5 6\n").unwrap()
    });
    assert_eq!(points(&pipe).unwrap().cloud.len(), 2);
    writer.join().unwrap();
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn files_that_are_missing_or_folders_are_told() {
    let missing = points(Path::new("no/such/file.csv")).unwrap_err();
    assert!(matches!(missing, Error::File { .. }) && missing.to_string().starts_with("no/such/file.csv: cannot read"));
    let folder = scratch("folder.csv");
    assert!(points(&folder).unwrap_err().to_string().contains("is a folder"));
    fs::remove_dir_all(folder).unwrap();
}
