//! `density --at-points`: one value a row, in the order of the rows.

use std::path::Path;

use densitas::kde::{DensityOptions, Method, density_at};
use densitas::progress::Silent;
use densitas::sample::sample;
use serde_json::{Value, json};

use crate::common::{npy_f64, test_data};
use crate::program::{densitas, folder, json, path, stderr};

/// Rows 1 and 4 (from 0) hold no position; the density is that of the other three.
const TABLE: &str =
    "name;x [nm];y [nm];z [nm];n\nfirst;0;0;0;5\nlost;;1;1;6\n\"a;b\";1;0;0;7\nc;0;2;0;8\nd;1;nan;0;9\n";

/// A kernel of 1 nm at each of (0, 0, 0), (1, 0, 0), (0, 2, 0), at these places.
fn expected() -> [f64; 3] {
    let e = |square: f64| (-0.5 * square).exp();
    let sums = [1.0 + e(1.0) + e(4.0), 1.0 + e(1.0) + e(5.0), 1.0 + e(4.0) + e(5.0)];
    sums.map(|sum| sum / 3.0 * std::f64::consts::TAU.powf(-1.5))
}

fn close(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() < 1e-12 * wanted
}

#[test]
fn an_array_has_one_value_a_row_and_nan_where_there_is_none() {
    let folder = folder("at-npy");
    let (table, out) = (path(&folder, "t.csv"), path(&folder, "at.npy"));
    std::fs::write(&table, TABLE).unwrap();
    let ran = densitas(&["density", &table, "--bandwidth", "1nm", "--at-points", &out, "--json"]);
    assert!(stderr(&ran).contains("2 of 5 rows have no value"), "{}", stderr(&ran));
    let told = json(&ran);
    assert_eq!((&told["rows"], &told["rows_without_value"], &told["points"]), (&json!(5), &json!(2), &json!(3)));
    let values = npy_f64(Path::new(&out));
    let [a, b, c] = expected();
    assert!(values.len() == 5 && values[1].is_nan() && values[4].is_nan(), "{values:?}");
    assert!(close(values[0], a) && close(values[2], b) && close(values[3], c), "{values:?}");
    assert!(close(told["max"].as_f64().unwrap(), a) && close(told["min"].as_f64().unwrap(), c), "{told}");
    for key in ["method", "bandwidth", "bound_relative_to_max", "sampled_error_relative_to_max", "seconds", "unit"] {
        assert!(told.get(key).is_some(), "no `{key}` in {told}");
    }
    assert!(["read", "plan", "evaluate", "check", "write"].iter().all(|k| told["seconds"][k].is_number()), "{told}");
}

#[test]
fn a_table_keeps_its_columns_and_gets_one_more() {
    let folder = folder("at-csv");
    let (table, out) = (path(&folder, "t.csv"), path(&folder, "at.csv"));
    std::fs::write(&table, TABLE).unwrap();
    json(&densitas(&["density", &table, "--bandwidth", "1nm", "--at-points", &out, "--json"]));
    let written = std::fs::read_to_string(&out).unwrap();
    let lines: Vec<(&str, &str)> = written.lines().map(|line| line.rsplit_once(';').unwrap()).collect();
    assert!(std::iter::zip(&lines, TABLE.lines()).all(|((old, _), line)| *old == line), "{written}");
    assert_eq!((lines.len(), lines[0].1, lines[2].1, lines[5].1), (6, "density", "NaN", "NaN"));
    let values = [1, 3, 4].map(|row: usize| lines[row].1.parse::<f64>().unwrap());
    assert!(std::iter::zip(values, expected()).all(|(a, b)| close(a, b)), "{written}");
    // It can be read again, the new column as weights.
    let weighted = ["density", &out, "--columns", "x,y,z", "--weights", "density", "--grid", "4", "-o"];
    let again = json(&densitas(&[&weighted[..], &[&path(&folder, "g.npy"), "--json"]].concat()));
    assert_eq!(again["points"], 3);
}

#[test]
fn rows_that_are_not_chosen_have_no_value() {
    let folder = folder("at-every");
    let (table, out) = (path(&folder, "t.csv"), path(&folder, "at.npy"));
    std::fs::write(&table, TABLE).unwrap();
    json(&densitas(&["density", &table, "--bandwidth", "1nm", "--every", "2", "--at-points", &out, "--json"]));
    let values = npy_f64(Path::new(&out));
    // The first and the third point that has a position: rows 0 and 3.
    let have = [0, 1, 2, 3, 4].map(|row: usize| values[row].is_finite());
    assert_eq!(have, [true, false, false, true, false], "{values:?}");
    assert!(close(values[0], (1.0 + (-2f64).exp()) / 2.0 * std::f64::consts::TAU.powf(-1.5)), "{values:?}");
}

#[test]
fn the_order_is_that_of_the_file_for_many_points_too() {
    let folder = folder("at-order");
    let out = path(&folder, "at.npy");
    let told = json(&densitas(&["density", "sample:founding", "--method", "tree", "--at-points", &out, "--json"]));
    let cloud = sample("founding", None, 1).unwrap();
    let options = DensityOptions { method: Method::Exact, ..Default::default() };
    let exact = density_at(&cloud, &cloud.positions, &options, &Silent).unwrap().values;
    let values = npy_f64(Path::new(&out));
    let largest = exact.iter().copied().fold(0.0, f64::max);
    assert_eq!((told["method"].as_str(), values.len()), (Some("tree"), 5000));
    let bound = told["bound_relative_to_max"].as_f64().unwrap();
    assert!(bound <= 1e-6, "{bound}");
    assert!(std::iter::zip(&values, &exact).all(|(a, b)| (a - b).abs() <= bound * largest));
}

#[test]
fn structures_are_written_as_positions_with_their_density() {
    let folder = folder("at-structure");
    let (pdb, out) = (path(&folder, "t.pdb"), path(&folder, "at.csv"));
    let atom = |i: usize, x: f64| {
        format!("ATOM  {i:5}  CA  ALA A{i:4}    {x:8.3}{:8.3}{:8.3}  1.00 10.00           C  \n", x * x, -x)
    };
    std::fs::write(&pdb, (1..=4).map(|i| atom(i, i as f64)).collect::<String>()).unwrap();
    let ran = densitas(&["density", &pdb, "--select", "resid 2 3 4", "--at-points", &out, "--json"]);
    assert_eq!(json(&ran)["rows_without_value"], 1);
    let written = std::fs::read_to_string(&out).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    let names = "x [angstrom],y [angstrom],z [angstrom],name,element,resname,chain,resid,occupancy,bfactor,density";
    assert_eq!((lines.len(), lines[0]), (5, names));
    // The atom that is not chosen has no density.
    assert_eq!(lines[1], "1,1,-1,CA,C,ALA,A,1,1,10,");
    assert!(lines[2].starts_with("2,4,-2,CA,C,ALA,A,2,1,10,") && !lines[2].ends_with(','), "{written}");
}

/// Atoms written with their density can be read again, and the density is where programs look for it.
#[test]
fn atoms_bear_their_density_in_every_format() {
    let folder = folder("at-atoms");
    let pdb = path(&folder, "t.pdb");
    let atom = |i: usize, name: &str, element: &str, x: f64| {
        let record = if element == "ZN" { "HETATM" } else { "ATOM  " };
        format!(
            "{record}{i:5} {name:4} ALA A{:4}A   {x:8.3}{:8.3}{:8.3}  0.50 10.00          {element:>2}  \n",
            9 * i,
            x * x,
            -x
        )
    };
    let rows =
        [atom(1, " CA ", "C", 1.0), atom(2, " O5'", "O", 2.0), atom(3, "ZN  ", "ZN", 3.0), atom(4, " N  ", "N", -3.5)];
    std::fs::write(&pdb, format!("CRYST1   20.000   30.000   40.000  90.00  80.00  90.00 P 1\n{}", rows.concat()))
        .unwrap();
    let exact = path(&folder, "at.npy");
    json(&densitas(&["density", &pdb, "--bandwidth", "2A", "--at-points", &exact, "--json"]));
    let exact = npy_f64(Path::new(&exact));
    let before = json(&densitas(&["info", &pdb, "--json"]));
    for file in ["o.pdb", "o.cif", "o.xyz"] {
        let out = path(&folder, file);
        let told = json(&densitas(&["density", &pdb, "--bandwidth", "2A", "--at-points", &out, "--json"]));
        let after = json(&densitas(&["info", &out, "--json"]));
        for key in ["points", "bounds", "unit", "elements", "cell"] {
            let [a, b] = [&before, &after].map(|v| v[key].to_string());
            let is_same = a == b || key == "cell" && file == "o.xyz" && !after["cell"].is_null();
            assert!(is_same, "{file}: {key} {a} {b}");
        }
        let text = std::fs::read_to_string(&out).unwrap();
        let lines: Vec<&str> = text
            .lines()
            .filter(|l| {
                l.split_whitespace().count() >= 5 && !l.starts_with(['#', 'R', 'C', 'L']) || l.starts_with("C ")
            })
            .collect();
        assert_eq!(lines.len(), 4, "{text}");
        let scale = 10f64.powi(told["bfactor_exponent"].as_i64().unwrap_or(0) as i32);
        for (line, value) in std::iter::zip(lines, &exact) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (found, digits) = match file {
                "o.pdb" => (line[60..66].trim().parse::<f64>().unwrap() / scale, 0.0051 / scale),
                "o.cif" => (words.last().unwrap().parse().unwrap(), 1e-12),
                _ => (words[4].parse().unwrap(), 1e-12),
            };
            assert!((found - value).abs() <= digits, "{file}: {found} for {value}: {line}");
        }
        if file != "o.xyz" {
            assert!(
                text.contains("HETATM") && text.contains("O5'") && (10.0..100.0).contains(&(scale * exact[0])),
                "{text}"
            );
        }
    }
    // Points without atoms are X of extended XYZ, and no PDB.
    let table = path(&folder, "t.csv");
    std::fs::write(&table, TABLE).unwrap();
    let out = path(&folder, "t.xyz");
    json(&densitas(&["density", &table, "--bandwidth", "1nm", "--at-points", &out, "--json"]));
    let written = std::fs::read_to_string(&out).unwrap();
    assert!(
        written.starts_with("3\nProperties=species:S:1:pos:R:3:density:R:1\nX 0 0 0 ")
            && written.contains("\nX 10 0 0 "),
        "{written}"
    );
    let refused = densitas(&["density", &table, "--bandwidth", "1nm", "--at-points", &path(&folder, "t.pdb2.pdb")]);
    assert!(refused.status.code() == Some(2) && stderr(&refused).contains("has no atoms"), "{}", stderr(&refused));
}

#[test]
fn a_grid_and_the_points_at_once_and_what_is_refused() {
    let folder = folder("at-both");
    let (grid, at, table) = (path(&folder, "g.npy"), path(&folder, "at.npy"), path(&folder, "t.csv"));
    std::fs::write(&table, TABLE).unwrap();
    let told =
        json(&densitas(&["density", "sample:founding", "--grid", "9", "-o", &grid, "--at-points", &at, "--json"]));
    assert_eq!((&told["shape"], &told["at_points"]["rows"]), (&json!([9, 9, 9]), &json!(5000)));
    assert!(told["at_points"]["max"].as_f64() > told["max"].as_f64().map(|m| 0.5 * m), "{told}");
    assert_eq!(npy_f64(Path::new(&at)).len(), 5000);
    for (arguments, code, expected) in [
        (vec!["sample:founding"], 2, "--output"),
        (vec!["sample:founding", "--at-points", "x.mrc"], 2, ".npy, .csv, .pdb, .cif or .xyz"),
        (vec!["sample:founding", "-o", &grid, "--at-points", &grid], 2, "the same file"),
        (vec![&table, "--at-points", &table], 2, "the output is the input"),
        (vec![&table, "--columns", "x,y", "--at-points", &at], 1, "heatmap"),
    ] {
        let out = densitas(&[&["density"][..], &arguments].concat());
        assert_eq!(out.status.code(), Some(code), "{arguments:?}: {}", stderr(&out));
        assert!(stderr(&out).contains(expected), "{arguments:?}: {}", stderr(&out));
    }
    assert_eq!(std::fs::read_to_string(&table).unwrap(), TABLE);
}

#[test]
fn tables_of_real_programs_keep_every_line() {
    let Some(root) = test_data() else { return };
    let out = path(&folder("at-real"), "at.csv");
    for file in ["ThunderSTORM_TS3D.csv", "Thunderstorm_dstorm_data.csv", "CaulobacterC_2_R09_MoernerLab.csv"] {
        let input = root.join("data/smlm").join(file);
        let ran = densitas(&["density", input.to_str().unwrap(), "--at-points", &out, "--json"]);
        if stderr(&ran).contains("heatmap") {
            continue;
        }
        let told: Value = json(&ran);
        let (old, new) = (std::fs::read(&input).unwrap(), std::fs::read(&out).unwrap());
        let (old, new) = (String::from_utf8_lossy(&old).into_owned(), String::from_utf8_lossy(&new).into_owned());
        assert_eq!(old.lines().count(), new.lines().count(), "{file}");
        let begins = |(old, new): (&str, &str)| new.starts_with(old.trim_end_matches(['"', '\r']));
        assert!(std::iter::zip(old.lines(), new.lines()).all(begins), "{file}");
        let info = |path: &str| json(&densitas(&["info", path, "--json"]));
        let (before, after) = (info(input.to_str().unwrap()), info(&out));
        assert_eq!((&before["points"], &before["bounds"]), (&after["points"], &after["bounds"]), "{file}");
        let columns = |v: &Value| v["columns"].as_array().unwrap().len();
        assert_eq!(columns(&before) + 1, columns(&after), "{file}: {told}");
    }
}

/// Catches: further columns lost of tables that are not text, the wrong rows of them where one has no position, weights
/// twice, a column of the new one's name overwritten.
#[test]
fn tables_that_are_not_text_keep_their_columns() {
    let folder = folder("at-ply");
    let (input, out) = (path(&folder, "t.ply"), path(&folder, "at.csv"));
    let properties = ["x", "y", "z", "photons", "density"].map(|name| format!("property double {name}\n")).concat();
    let rows = "0 0 0 5 1\n1 nan 0 6 2\n1 0 0 7 3\n0 2 0 8 4\n";
    let header = format!("ply\nformat ascii 1.0\nelement vertex 4\n{properties}end_header\n{rows}");
    std::fs::write(&input, header).unwrap();
    for weights in [&[][..], &["--weights", "photons"]] {
        let arguments = ["density", &input, "--bandwidth", "1", "--at-points", &out, "--json"];
        json(&densitas(&[&arguments, weights].concat()));
        let written = std::fs::read_to_string(&out).unwrap();
        let lines: Vec<Vec<&str>> = written.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(lines[0], ["x", "y", "z", "photons", "density", "density_2"], "{written}");
        let kept = [1, 2, 3, 4].map(|row: usize| lines[row][3..5].join(","));
        assert_eq!((lines.len(), kept), (5, ["5,1", ",", "7,3", "8,4"].map(str::to_owned)), "{written}");
        assert_eq!(lines[2], [""; 6], "{written}");
    }
}

/// An array of NPY version 1.
fn npy(values: &[f64], columns: usize) -> Vec<u8> {
    let rows = values.len() / columns;
    let shape = if columns == 1 { format!("({rows},)") } else { format!("({rows}, {columns})") };
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
    let header = format!("{header:<117}\n");
    let bytes = values.iter().flat_map(|v| v.to_le_bytes());
    b"\x93NUMPY\x01\x00\x76\x00".iter().copied().chain(header.bytes()).chain(bytes).collect()
}

/// Rows of the CSV that `--at-points` writes of an input, as numbers, with its header.
fn widened(input: &str, more: &[&str]) -> (Vec<String>, Vec<Vec<f64>>) {
    let out = format!("{input}.csv");
    json(&densitas(&[&["density", input, "--at-points", &out, "--json"], more].concat()));
    let written = std::fs::read_to_string(&out).unwrap();
    let mut lines = written.lines().map(|line| line.split(','));
    let number = |field: &str| if field.is_empty() { f64::NAN } else { field.parse().unwrap() };
    let names = lines.next().unwrap().map(|name| name.trim_matches('"').to_owned()).collect();
    (names, lines.map(|line| line.map(number).collect()).collect())
}

/// Catches: the columns of a container lost, or those of other points where a row has no position.
#[test]
fn archives_and_vtk_points_keep_their_columns() {
    let folder = folder("at-containers");
    let (npz, vtp) = (path(&folder, "t.npz"), path(&folder, "t.vtp"));
    let nan = f64::NAN;
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&npz).unwrap());
    for (name, values, columns) in [
        ("locs", &[0.0, 0.0, 0.0, nan, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0][..], 3),
        ("photons", &[5.0, 6.0, 7.0, 8.0], 1),
        ("other", &[1.0, 2.0], 1),
    ] {
        archive.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut archive, &npy(values, columns)).unwrap();
    }
    archive.finish().unwrap();
    let array = |name: &str, columns: usize, text: &str| {
        format!(
            "<DataArray type=\"Float64\" Name=\"{name}\" NumberOfComponents=\"{columns}\" format=\"ascii\">{text}</DataArray>"
        )
    };
    let text = format!(
        "<VTKFile type=\"PolyData\" version=\"1.0\" byte_order=\"LittleEndian\"><PolyData><Piece NumberOfPoints=\"4\">\
         <PointData>{}</PointData><Points>{}</Points></Piece></PolyData></VTKFile>",
        array("photons", 1, "5 6 7 8"),
        array("Points", 3, "0 0 0 nan 1 1 1 0 0 0 2 0"),
    );
    std::fs::write(&vtp, text).unwrap();
    for input in [&npz, &vtp] {
        let (names, rows) = widened(input, &["--unit", "nm", "--bandwidth", "1nm"]);
        assert_eq!(names, ["x [nm]", "y [nm]", "z [nm]", "photons", "density"], "{input}");
        assert!(rows.len() == 4 && rows[1].iter().all(|v| v.is_nan()), "{input}: {rows:?}");
        let rows = [0, 2, 3].map(|row: usize| rows[row].clone());
        let kept: Vec<&[f64]> = rows.iter().map(|row| &row[..4]).collect();
        assert_eq!(kept, [[0.0, 0.0, 0.0, 5.0], [1.0, 0.0, 0.0, 7.0], [0.0, 2.0, 0.0, 8.0]], "{input}");
        assert!(std::iter::zip(&rows, expected()).all(|(row, value)| close(row[4], value)), "{input}: {rows:?}");
    }
}

/// Sums recorded from h5py 3.16 as f64.
#[test]
fn localisations_in_hdf5_keep_their_columns() {
    let Some(root) = test_data() else { return };
    let input = path(&folder("at-hdf5"), "decode.h5");
    std::fs::copy(root.join("data/smlm/decode_dstorm_data.h5"), &input).unwrap();
    let (names, rows) = widened(&input, &[]);
    assert_eq!(names[..3], ["x [nm]", "y [nm]", "z [nm]"]);
    assert_eq!(names[3..], ["bg", "frame_ix", "id", "phot", "phot_sig", "prob", "density"]);
    let sum = |name: &str| rows.iter().map(|row| row[names.iter().position(|n| n == name).unwrap()]).sum::<f64>();
    let recorded = [
        ("bg", 14_559.421_142_578_125),
        ("frame_ix", 985_088.0),
        ("id", -96.0),
        ("phot", 247_045.878_387_451_17),
        ("prob", 77.908_727_198_839_19),
    ];
    assert_eq!(rows.len(), 96);
    assert!(recorded.iter().all(|(name, value)| (sum(name) - value).abs() < 1e-9 * value.abs()), "{rows:?}");
    // The first row, from the same source, in pixels of 127 x 117 nm and nanometres.
    let first = [-0.149_208_29 * 127.0, 138.894_74 * 117.0, 111.926_346];
    assert!((0..3).all(|i| (rows[0][i] - first[i]).abs() < 1e-2), "{:?}", rows[0]);
}

/// Catches: a space group, Z or a formal charge lost between PDB and mmCIF, in either direction.
#[test]
fn crystals_keep_their_symmetry_and_atoms_their_charge() {
    let folder = folder("at-crystal");
    let [input, pdb, cif, again] = ["t.pdb", "o.pdb", "o.cif", "again.pdb"].map(|name| path(&folder, name));
    let cell = "CRYST1   50.840   42.770   28.950  90.00  90.00  90.00 P 21 21 21    4";
    let atom = |i: usize, charge: &str| {
        let x = i as f64;
        format!(
            "ATOM  {i:5}  N   LYS A{i:4}    {:8.3}{:8.3}{:8.3}  1.00 10.00           N{charge}\n",
            2.0 * x,
            x,
            x * x
        )
    };
    std::fs::write(&input, format!("{cell}\n{}{}{}", atom(1, "1+"), atom(2, "2-"), atom(3, "  "))).unwrap();
    for (from, to) in [(&input, &pdb), (&input, &cif), (&cif, &again)] {
        json(&densitas(&["density", from, "--bandwidth", "2A", "--at-points", to, "--json"]));
    }
    for written in [&pdb, &again] {
        let text = std::fs::read_to_string(written).unwrap();
        assert!(text.lines().any(|line| line.trim_end() == cell), "{text}");
        let charges: Vec<&str> = text.lines().filter(|l| l.starts_with("ATOM")).map(|line| &line[76..]).collect();
        assert_eq!(charges, [" N1+", " N2-", " N  "], "{text}");
    }
    let text = std::fs::read_to_string(&cif).unwrap();
    assert!(text.contains("_symmetry.space_group_name_H-M \"P 21 21 21\"\n_cell.Z_PDB 4\n"), "{text}");
}

/// Catches: rows of a pooled trajectory that are not chosen left out, or without the frame they are of.
#[test]
fn pooled_frames_are_told_in_a_column_of_their_own() {
    let input = path(&folder("at-pooled"), "t.xyz");
    std::fs::write(&input, "2\n\nC 0 0 0\nO 1 0 0\n2\n\nC 0 nan 0\nO 3 0 0\n2\n\nC 0 4 0\nO 0 0 5\n").unwrap();
    let out = format!("{input}.csv");
    let more = ["--pool", "--input-frames", "1:", "--select", "element O", "--bandwidth", "1A"];
    json(&densitas(&[&["density", &input, "--at-points", &out, "--json"], &more[..]].concat()));
    let written = std::fs::read_to_string(&out).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!(lines[0], "x [angstrom],y [angstrom],z [angstrom],name,element,frame,density");
    assert_eq!([lines[1], lines[3]], [",,,,,,", "0,4,0,C,C,2,"], "{written}");
    assert!(lines[2].starts_with("3,0,0,O,O,1,") && lines[4].starts_with("0,0,5,O,O,2,"), "{written}");
}
