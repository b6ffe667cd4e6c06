use super::*;
use crate::progress::Silent;

fn read(text: &str) -> Result<Parsed> {
    parse(text.as_bytes(), "t.xyz", &Silent)
}

fn problem(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn frames_have_numbers_of_their_own_and_blank_lines_between() {
    let parsed = read("2\n\nH 1 2 3\n8 4 5 6\n\n1\nc\nFe2 7 8 9\n \n0\nempty\n").unwrap();
    let mut starts = parsed.starts.clone();
    starts.dedup();
    assert_eq!((parsed.format, starts.as_slice(), parsed.starts.len()), ("xyz", [0, 2, 3].as_slice(), 4));
    assert_eq!(parsed.cloud.positions[2], DVec3::new(7.0, 8.0, 9.0));
    let atoms = parsed.cloud.atoms.unwrap();
    assert_eq!([0, 1, 2].map(|i| atoms.element.get(i)), ["H", "O", "FE"]);
    assert_eq!((atoms.name.get(2), atoms.resid.len(), atoms.chain.codes.len()), ("Fe2", 0, 0));
    assert!(parsed.warnings.is_empty(), "{:?}", parsed.warnings);
}

#[test]
fn extended_columns_and_the_cell_are_read() {
    let text = "1\nLattice=\"10 0 0 0 10 0 0 0 10\" Properties=id:I:1:pos:R:3:species:S:1\n7 1 2 3 Si\n";
    let parsed = read(text).unwrap();
    assert_eq!((parsed.format, parsed.cells[0].unwrap()[0]), ("extended xyz", 10.0));
    assert_eq!((parsed.cloud.positions[0].x, parsed.cloud.atoms.unwrap().element.get(0)), (1.0, "SI"));
    assert!(problem("1\nProperties=species:S:1:pos:R:3:f:R:1\nH 1 2 3\n").contains(":3: has 4 fields, 5"));
}

#[test]
fn a_cut_file_is_an_error_in_its_first_frame_and_a_warning_in_later_ones() {
    assert!(problem("5\nc\nC 0 0 0\nC 1 1 1").contains("t.xyz:1: announces 5 atoms, but 2 lines"));
    assert!(problem("999999999999\nc\nC 0 0 0\n").contains("announces 999999999999 atoms"));
    assert!(problem("1").contains("but 0 lines"));
    let parsed = read("1\nc\nC 0 0 0\n2\nc\nC 0 0 0\n").unwrap();
    assert_eq!(parsed.starts, [0, 1]);
    assert!(parsed.warnings[0].contains("line 4 announces 2 atoms"), "{:?}", parsed.warnings);
}

#[test]
fn wrong_lines_are_told_with_their_number() {
    for (text, expected) in [
        ("-3\nc\nC 0 0 0\n", ":1: is `-3`, the number of atoms"),
        ("1\nc\nC 0 0\n", ":3: has 3 fields, 4 are expected"),
        ("1\nc\nC 0 0 z\n", ":3: z is `z`, no number"),
        ("1\nc\nC 0 0 0\nC 1 1 1\n", ":4: is `C 1 1 1`, the number of atoms of the next"),
        ("2\nc\nC 0 0 0\n\n", ":4: has 0 fields"),
        ("\n\n", "blank lines only"),
    ] {
        assert!(problem(text).contains(expected), "{text}: {}", problem(text));
    }
}

#[test]
fn column_1_is_a_symbol_a_label_or_a_number() {
    for (text, expected) in [
        ("Ca", "Ca"),
        ("CA", "CA"),
        ("CA1", "C"),
        ("Ca1", "Ca"),
        ("C12", "C"),
        ("20", "CA"),
        ("Xx", "Xx"),
        ("119", "119"),
    ] {
        assert_eq!(element(text.as_bytes()), expected.as_bytes(), "{text}");
    }
    let parsed = read("1\n\nQq 0 0 0\n").unwrap();
    assert!(parsed.warnings[0].contains("unknown element symbol (`Qq` on line 3)"), "{:?}", parsed.warnings);
    assert_eq!(read("1\n\nH 0 0 nan\n").unwrap().first_dropped.as_deref(), Some("line 3"));
}

#[test]
fn a_unit_after_the_number_of_atoms_is_named() {
    assert_eq!(read("1 angstroemd0\n\nC 1 2 3\n").unwrap().cloud.len(), 1);
    let told = problem("1 bohr\n\nC 1 2 3\n");
    assert!(told.contains(":1: names the unit `bohr`; XYZ is read in angstrom"), "{told}");
}

/// Catches: beads of Martini taken for boron, sulfur or scandium.
#[test]
fn beads_have_no_element() {
    let atoms = read("4\n\nBB 0 0 0\nSC1 1 1 1\nSc 2 2 2\nB 3 3 3\n").unwrap().cloud.atoms.unwrap();
    assert_eq!([0, 1, 2, 3].map(|i| atoms.element.get(i)), ["", "", "SC", "B"]);
}
