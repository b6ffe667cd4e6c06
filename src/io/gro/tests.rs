use super::*;
use crate::progress::Silent;

const WATER: &str = "water t= 1.0\n    2\n    1SOL     OW    1   0.230  -0.627   0.113  0.1000  0.2000  0.3000\n\
    99999CA      CA99999   1.000 200.000-300.000\n   1.00000   2.00000   3.00000\n";

fn read(text: &str) -> Result<Parsed> {
    parse(text.as_bytes(), "t.gro", &Silent)
}

fn problem(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

fn near(found: DVec3, expected: [f64; 3]) {
    assert!((found - DVec3::from_array(expected)).length() < 1e-9, "{found}");
}

#[test]
fn every_column_is_read_and_nanometres_become_angstrom() {
    let parsed = read(WATER).unwrap();
    near(parsed.cloud.positions[0], [2.3, -6.27, 1.13]);
    near(parsed.cloud.positions[1], [10.0, 2000.0, -3000.0]);
    let atoms = parsed.cloud.atoms.as_ref().unwrap();
    assert_eq!((atoms.name.get(0), atoms.resname.get(0), atoms.resid[0]), ("OW", "SOL", 1));
    assert_eq!((atoms.element.get(0), atoms.element.get(1), atoms.resid[1]), ("O", "CA", 99999));
    assert_eq!(parsed.cells, [Some([10.0, 20.0, 30.0, 90.0, 90.0, 90.0])]);
    assert!(parsed.notes.iter().any(|n| n.contains("velocities")) && parsed.warnings.is_empty());
}

#[test]
fn the_precision_is_the_distance_of_the_decimal_points() {
    let text = "t\n1\n    1SOL     OW    1   0.23012  -0.62834   0.11356\n 1 1 1\n";
    let parsed = read(text).unwrap();
    near(parsed.cloud.positions[0], [2.3012, -6.2834, 1.1356]);
    assert!(parsed.notes.contains(&"coordinates have 5 decimals".to_owned()), "{:?}", parsed.notes);
}

#[test]
fn all_frames_are_read_and_a_cut_one_is_told() {
    let two = WATER.repeat(2);
    assert_eq!(read(&two).unwrap().starts, [0, 2, 4]);
    assert_eq!(read(&format!("{two}\n \n")).unwrap().starts, [0, 2, 4]);
    let cut = read(&two[..two.len() - 90]).unwrap();
    assert_eq!((cut.starts.as_slice(), cut.warnings.len()), ([0, 2].as_slice(), 1));
    assert!(problem(&WATER[..80]).contains(":2: announces 2 atoms, but 1 lines follow"));
    assert!(
        problem("t\n99999999999\n    1SOL     OW    1   0.230   0.628   0.113\n").contains("announces 99999999999")
    );
}

#[test]
fn shifted_columns_are_told_and_never_read() {
    let atom = "    1SOL     OW    1   0.230   0.628   0.113";
    for (line, expected) in [
        (format!(" {atom}"), "shifted"),
        (atom[1..].to_owned(), "shifted"),
        (atom.replace("0.628 ", "0.6280"), "shifted"),
        (atom[..38].to_owned(), "is the line cut"),
        (atom[..30].to_owned(), "is the line cut"),
        (atom.replace("  0.628", "*******"), "overflow"),
        (atom.replace("OW", "  "), "no atom name"),
        (format!("{atom}7"), "z goes on"),
    ] {
        let text = format!("t\n2\n{atom}\n{line}\n 1 1 1\n");
        assert!(problem(&text).contains(expected), "{line}: {}", problem(&text));
    }
    let nan = format!("t\n2\n{atom}\n{}\n 1 1 1\n", atom.replace("0.628", "  nan"));
    assert_eq!(read(&nan).unwrap().cloud.len(), 1);
}

#[test]
fn boxes_that_are_odd_are_told() {
    let with = |end: &str| read(&format!("t\n1\n    1SOL     OW    1   0.230   0.628   0.113\n{end}")).unwrap();
    let glued = with("40000.0000040000.0000040000.00000\n");
    assert_eq!(glued.cells[0].unwrap()[2], 400_000.0);
    assert!(glued.warnings[0].contains("runs together"));
    for (end, expected) in [("", "missing"), ("a b c", "no box"), ("1 2", "no box"), ("1 2 inf", "no box")] {
        let parsed = with(end);
        assert!(parsed.cells[0].is_none() && parsed.warnings[0].contains(expected), "{end}: {:?}", parsed.warnings);
    }
    assert_eq!(with("0 0 0").cells, [None]);
    let triclinic = with("1 1 0.70710678118 0 0 0 0 0.5 0.5").cells[0].unwrap();
    assert!((triclinic[2] - 10.0).abs() < 1e-6 && (triclinic[3] - 60.0).abs() < 1e-6, "{triclinic:?}");
}

/// Catches: a file refused whole, with a wrong line, because it is cut within the title of a later frame.
#[test]
fn a_title_without_its_frame_is_cut() {
    let parsed = read(&format!("{WATER}{WATER}water t= 2")).unwrap();
    assert_eq!(parsed.starts, [0, 2, 4]);
    assert_eq!(parsed.warnings, ["the frame from line 11 on is cut: only the 2 frames before it are read"]);
    assert!(problem("water").contains("t.gro:1: is the only line"), "{}", problem("water"));
}
