//! What a file is, by its contents first and by its name second.

use super::lines::{count, number, words};
use super::volume::{cube, dx, mrc, nrrd, plt, tiff};
use super::{bcif, gro, lammps, pqr, vtk};
use crate::error::{Error, Result};
use crate::points::elements;

/// A format that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Table,
    Pdb,
    Pqr,
    Gro,
    Xyz,
    Mmcif,
    Npy,
    Mrc,
    Dx,
    Nrrd,
    Vti,
    Tiff,
    Cube,
    Plt,
    Lammps,
    Bcif,
    Hdf5,
    Zip,
    Ply,
    Vtp,
    Parquet,
    Xtc,
    Trr,
    Dcd,
}

impl Format {
    /// Whether frames are read one at a time.
    pub(super) fn is_streamed(self) -> bool {
        matches!(self, Self::Xtc | Self::Trr | Self::Dcd)
    }
}

/// The format that a file begins as, if its frames are read one at a time.
pub(super) fn streamed(head: &[u8]) -> Option<Format> {
    match head {
        [0, 0, 0x07, 0xcb | 0xe7, ..] => Some(Format::Xtc),
        [0, 0, 0x07, 0xc9, ..] => Some(Format::Trr),
        _ if [4, 8].iter().any(|at| head.get(*at..*at + 4) == Some(b"CORD")) => Some(Format::Dcd),
        _ => None,
    }
}

/// The formats in the words of an error message.
pub(super) const READ_FORMATS: &str = "CSV and other tables, PDB, mmCIF, BinaryCIF, GRO, XYZ, PQR, \
    XTC, TRR, DCD, LAMMPS dumps, Picasso and DECODE HDF5, .smlm, NPY, NPZ, Parquet, PLY and VTP, the volumes \
    MRC, CCP4, DX, NRRD, VTI, TIFF, CUBE and PLT, each also as .gz, .bz2, .xz and .zst";

/// Beginnings that tell a format which is not read, and its name.
const FOREIGN: &[(&[u8], &str)] = &[
    (b"\x89PNG", "a PNG picture"),
    (b"%PDF", "a PDF document"),
    (b"# vtk DataFile", "a legacy VTK file (write it as .vti or .vtp)"),
    (b"<?xml", "XML"),
    (b"{\\rtf", "RTF text"),
];

/// Endings of formats that are told by name only, and are not read.
const FOREIGN_ENDINGS: &[&str] = &["raw", "xlsx", "xls", "mat", "yaml", "json"];

/// Beginnings of binary formats that are read.
const BINARY: &[(&[u8], Format)] = &[
    (b"\x93NUMPY", Format::Npy),
    (b"\x89HDF\r\n\x1a\n", Format::Hdf5),
    (b"PK\x03\x04", Format::Zip),
    (b"ply\n", Format::Ply),
    (b"ply\r", Format::Ply),
    (b"PAR1", Format::Parquet),
];

/// Records that may begin a PDB file.
const PDB_RECORDS: &[&[u8]] = &[
    b"ATOM  ", b"HETATM", b"HEADER", b"TITLE ", b"COMPND", b"REMARK", b"CRYST1", b"MODEL ", b"OBSLTE", b"AUTHOR",
    b"EXPDTA", b"SOURCE", b"KEYWDS", b"SPLIT ", b"CAVEAT", b"SEQRES", b"ORIGX1", b"TER   ", b"END   ",
];

/// What some editors write before a text in UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The part that is looked at.
const HEAD: usize = 1 << 16;

/// The format of an input called `name`.
///
/// # Errors
/// [`Error::Input`] that says what it seems to be and which formats are read.
pub(super) fn format(bytes: &[u8], name: &str) -> Result<Format> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let head = &bytes[..bytes.len().min(HEAD)];
    let ending = ending(name);
    let is_binary = head.contains(&0);
    if bytes.is_empty() {
        return Err(Error::input(name, "the file is empty; give a file with points or a volume"));
    }
    if let Some((_, format)) = BINARY.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Ok(*format);
    }
    if bcif::is_bcif(head) {
        return Ok(Format::Bcif);
    }
    if let Some(format) = streamed(head) {
        return Ok(format);
    }
    if let Some(format) = volume_format(head, &ending) {
        return Ok(format);
    }
    if let Some(what) = foreign(head) {
        return Err(Error::input(name, format!("is {what}, which is not read; the formats read are {READ_FORMATS}")));
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err(Error::input(name, "is UTF-16 text (as Excel saves it); save it as CSV UTF-8"));
    }
    if let Some(format) = text_format(head, &ending).filter(|_| !is_binary) {
        return Ok(format);
    }
    by_name_or_numbers(head, name, &ending, is_binary)
}

/// The volume that bytes are, by their beginning.
fn volume_format(head: &[u8], ending: &str) -> Option<Format> {
    let is_text = !head.contains(&0);
    let named = |endings: &[&str]| endings.contains(&ending);
    if nrrd::is_nrrd(head) {
        Some(Format::Nrrd)
    } else if vtk::is_xml(head) {
        Some(if vtk::is_poly_data(head) { Format::Vtp } else { Format::Vti })
    } else if tiff::is_tiff(head) {
        Some(Format::Tiff)
    } else if mrc::is_mrc(head, named(&["mrc", "mrcs", "map", "ccp4", "rec", "st", "ali"])) {
        Some(Format::Mrc)
    } else if is_text && dx::is_dx(head) {
        Some(Format::Dx)
    } else if is_text && cube::is_cube(head, named(&["cube", "cub"])) {
        Some(Format::Cube)
    } else {
        (named(&["plt"]) && plt::is_plt(head)).then_some(Format::Plt)
    }
}

/// The structure that a text is. Formats with stricter columns are looked for first.
fn text_format(head: &[u8], ending: &str) -> Option<Format> {
    if lammps::is_dump(head) {
        return Some(Format::Lammps);
    }
    if is_cif(head) {
        return Some(Format::Mmcif);
    }
    if is_pqr(head, ending == "pqr") {
        return Some(Format::Pqr);
    }
    if is_pdb(head) {
        return Some(Format::Pdb);
    }
    if is_gro(head) {
        return Some(Format::Gro);
    }
    is_xyz(head).then_some(Format::Xyz)
}

fn by_name_or_numbers(head: &[u8], name: &str, ending: &str, is_binary: bool) -> Result<Format> {
    match ending {
        "csv" | "tsv" => Ok(Format::Table),
        "gro" if all_lines(head).nth(1).is_some_and(begins_with_integer) && !is_cloud(head) => Ok(Format::Gro),
        "xyz" if lines(head).next().is_some_and(is_number_of_atoms) => Ok(Format::Xyz),
        // Clouds of points are also called .xyz: a table of three columns.
        _ if is_misnamed_table(ending) && is_cloud(head) && !is_binary => Ok(Format::Table),
        "pdb" | "ent" if has_free_atoms(head) => {
            let problem = "its ATOM records are parted by blanks; PDB has fixed columns (x, y and z in 31 to 54)";
            Err(Error::input(name, format!("{problem}; write it anew as PDB, or the positions as CSV")))
        }
        "pdb" | "ent" | "cif" | "mmcif" | "npy" | "gro" | "xyz" | "pqr" | "xtc" | "trr" | "dcd" | "h5" | "hdf5"
        | "bcif" | "smlm" | "npz" | "ply" | "parquet" | "mrc" | "map" | "ccp4" | "dx" | "nrrd" | "nhdr" | "vti"
        | "vtp" | "tif" | "tiff" | "cube" | "cub" | "plt" => {
            let problem = format!("does not hold what its name says: it is neither {}", expected_of(ending));
            Err(Error::input(name, format!("{problem}; fetch it again, or give the right file")))
        }
        "raw" => {
            let problem = "files .raw hold numbers without their shape; name the header beside it (.nhdr), or make one";
            Err(Error::input(name, problem))
        }
        _ if FOREIGN_ENDINGS.contains(&ending) => {
            Err(Error::input(name, format!("files .{ending} are not read; the formats read are {READ_FORMATS}")))
        }
        _ if has_numbers(head) && (!is_binary || is_mostly_text(head)) => Ok(Format::Table),
        _ => {
            let what = if is_binary { "unknown binary data" } else { "text without a line of numbers" };
            let problem = format!("holds no known format ({what}); the formats read are {READ_FORMATS}");
            Err(Error::input(name, problem))
        }
    }
}

fn expected_of(ending: &str) -> &'static str {
    match ending {
        "pdb" | "ent" => "PDB (no ATOM, HETATM or header record begins a line) nor another format that is read",
        "gro" => "GRO (line 2 is no number of atoms) nor another format that is read",
        "xyz" => "XYZ (line 1 is no number of atoms) nor another format that is read",
        "pqr" => "PQR (no ATOM, HETATM or header record begins a line) nor another format that is read",
        "xtc" => "XTC (it does not begin with the number 1995 or 2023) nor another format that is read",
        "trr" => "TRR (it does not begin with the number 1993) nor another format that is read",
        "dcd" => "DCD (no record `CORD` begins it) nor another format that is read",
        "h5" | "hdf5" => "HDF5 (it lacks the signature) nor another format that is read",
        "bcif" => "BinaryCIF (it begins with no map of MessagePack) nor another format that is read",
        "smlm" | "npz" => "a ZIP archive nor another format that is read",
        "ply" => "PLY (line 1 is not `ply`) nor another format that is read",
        "parquet" => "Parquet (it does not begin with `PAR1`) nor another format that is read",
        "npy" => "NPY (no numpy signature) nor another format that is read",
        "mrc" | "map" | "ccp4" => "MRC (no header of a map) nor another format that is read",
        "dx" => "OpenDX (no line begins with object) nor another format that is read",
        "nrrd" | "nhdr" => "NRRD (it does not begin with NRRD000) nor another format that is read",
        "vti" | "vtp" => "VTK XML (no element VTKFile) nor another format that is read",
        "tif" | "tiff" => "TIFF (no II* or MM* at its beginning) nor another format that is read",
        "cube" | "cub" => "CUBE (lines 3 to 6 are no counts with vectors) nor another format that is read",
        "plt" => "gOpenMol's plt (its first words are not 3, a kind and three sides) nor another format that is read",
        _ => "CIF (no line begins with data_) nor another format that is read",
    }
}

/// The ending in small letters, without that of packing, as `.gz`.
pub(super) fn ending(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let file = lower.rsplit(['/', '\\']).next().unwrap_or_default();
    let file = [".gz", ".bz2", ".xz", ".zst"].iter().find_map(|packed| file.strip_suffix(packed)).unwrap_or(file);
    file.rsplit_once('.').map_or(String::new(), |(_, ending)| ending.to_owned())
}

fn foreign(head: &[u8]) -> Option<&'static str> {
    let begin = head.trim_ascii_start();
    let is_html = begin.get(..9).is_some_and(|b| b.eq_ignore_ascii_case(b"<!doctype"))
        || begin.get(..5).is_some_and(|b| b.eq_ignore_ascii_case(b"<html"));
    if is_html {
        return Some("an HTML page (perhaps an error message of a server saved under this name)");
    }
    FOREIGN.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what)
}

/// Whether one of the first two lines holds numbers only, three or more.
fn is_cloud(head: &[u8]) -> bool {
    lines(head).filter(|line| !line.starts_with(b"#")).take(2).any(|line| {
        let mut fields = line.split(|b| b",;|\t ".contains(b)).map(<[u8]>::trim_ascii).filter(|f| !f.is_empty());
        fields.clone().count() >= 3 && fields.all(|f| number(f).is_some())
    })
}

/// Whether the first line of an XYZ file states a number of atoms, with or without a unit.
fn is_number_of_atoms(line: &[u8]) -> bool {
    let mut rest = words(line).skip(1);
    let is_unit = |word: &[u8]| word.first().is_some_and(u8::is_ascii_alphabetic);
    begins_with_integer(line) && rest.next().is_none_or(is_unit) && rest.next().is_none()
}

/// Whether atoms begin lines, but not as PDB has them.
fn has_free_atoms(head: &[u8]) -> bool {
    lines(head).take(200).any(|line| line.starts_with(b"ATOM ") || line.starts_with(b"HETATM"))
}

/// Whether files of this ending may turn out to be tables: those of formats that are told by their contents.
fn is_misnamed_table(ending: &str) -> bool {
    const NAMED: &[&str] = &[
        "pdb", "ent", "cif", "mmcif", "npy", "gro", "xyz", "pqr", "xtc", "trr", "dcd", "h5", "hdf5", "bcif", "smlm",
        "npz", "ply", "parquet", "mrc", "map", "ccp4", "dx", "nrrd", "vti", "vtp", "tif", "tiff", "cube", "cub",
    ];
    NAMED.contains(&ending)
}

/// What is told of a table whose name says something else; clouds of points are also called .xyz.
pub(super) fn misnamed_table(name: &str) -> Option<String> {
    let ending = ending(name);
    let is_told = is_misnamed_table(&ending) && ending != "xyz";
    is_told.then(|| format!("its name ends in .{ending}, but it holds rows of numbers: it is read as a table"))
}

fn begins_with_integer(line: &[u8]) -> bool {
    words(line).next().is_some_and(|w| std::str::from_utf8(w).is_ok_and(|t| t.parse::<i128>().is_ok()))
}

/// Lines, empty ones included.
fn all_lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    super::lines::Lines::new(head).map(|(_, line)| line)
}

fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|b| *b == b'\n' || *b == b'\r').filter(|line| !line.trim_ascii().is_empty())
}

fn is_cif(head: &[u8]) -> bool {
    let first = lines(head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head)).find(|line| !line.starts_with(b"#"));
    first.and_then(|line| line.get(..5)).is_some_and(|b| b.eq_ignore_ascii_case(b"data_"))
}

fn is_pdb(head: &[u8]) -> bool {
    let record = |line: &[u8]| -> [u8; 6] { std::array::from_fn(|i| line.get(i).copied().unwrap_or(b' ')) };
    let begins = lines(head).next().is_some_and(|line| PDB_RECORDS.contains(&record(line).as_slice()));
    begins || lines(head).take(200).any(|line| matches!(&record(line), b"ATOM  " | b"HETATM"))
}

/// Whether the first atom ends in charge and radius: two numbers of more decimals than PDB's occupancy
/// and B factor have, after x, y and z. Where the name says PQR already, whether there is an atom.
fn is_pqr(head: &[u8], is_named_so: bool) -> bool {
    let Some(words) = lines(head).find_map(pqr::atom_words) else { return false };
    if is_named_so {
        return true;
    }
    let decimals = |word: &[u8]| word.iter().rposition(|b| *b == b'.').map_or(0, |at| word.len() - at - 1);
    matches!(words.len(), 9..=11) && {
        let last = &words[words.len() - 5..];
        last.iter().all(|w| number(w).is_some()) && last[3..].iter().all(|w| decimals(w) >= 3)
    }
}

/// Whether line 2 is a number of atoms, and line 3 an atom whose coordinates stand in their columns.
fn is_gro(head: &[u8]) -> bool {
    let mut lines = all_lines(head).skip(1);
    let (Some(second), Some(atom)) = (lines.next(), lines.next()) else { return false };
    count(second).is_some() && gro::width(atom).is_some() && atom.get(..5).is_some_and(begins_with_integer)
}

/// Whether line 1 is a number of atoms alone, and line 3 an element with a position. Rows of four
/// numbers, as an atomic number and a position, must begin on line 3: else it is a table.
fn is_xyz(head: &[u8]) -> bool {
    let mut lines = all_lines(head).skip_while(|line| line.trim_ascii().is_empty());
    let (Some(first), Some(comment), Some(atom)) = (lines.next(), lines.next(), lines.next()) else { return false };
    if count(first).is_none_or(|atoms| atoms == 0) {
        return false;
    }
    let is_extended = comment.windows(11).any(|w| w.eq_ignore_ascii_case(b"properties="));
    let words: Vec<&[u8]> = words(atom).take(5).collect();
    let is_number = |word: &&[u8]| number(word).is_some();
    let has_position = words.len() >= 4 && words[1..4].iter().all(|w| number(w).is_some());
    let is_symbol = words.first().is_some_and(|w| w.first().is_some_and(u8::is_ascii_alphabetic) && !is_number(w));
    let is_atomic_number = words.first().and_then(|w| count(w)).is_some_and(|n| n <= elements::LAST.into());
    let is_row = comment.split(|b| b",; \t".contains(b)).filter(is_number).count() >= 3;
    is_extended || has_position && (is_symbol || is_atomic_number && !is_row)
}

/// Whether one of the first lines holds two numbers.
fn has_numbers(head: &[u8]) -> bool {
    lines(head).filter(|line| !line.starts_with(b"#")).take(50).any(|line| {
        let fields = line.split(|b| b",;|\t ".contains(b));
        fields.filter(|f| number(f).is_some()).count() >= 2
    })
}

fn is_mostly_text(head: &[u8]) -> bool {
    let odd = head.iter().filter(|b| **b < 32 && !b"\t\r\n".contains(b)).count();
    odd * 50 < head.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_count_before_the_name() {
        for (bytes, name, expected) in [
            (&b"data_1ABC\n"[..], "x.csv", Format::Mmcif),
            (b"# comment\nDATA_x\n", "x", Format::Mmcif),
            (b"ATOM      1  CA", "x.csv", Format::Pdb),
            (b"garbage\nHETATM", "x", Format::Pdb),
            (b"END", "x", Format::Pdb),
            (b"\x93NUMPY", "x.pdb", Format::Npy),
            (b"a b c\n1 2 3\n", "x", Format::Table),
            (b"1;2;3", "x.TXT.gz", Format::Table),
            (b"x,y,z\n", "dir.d/x.CSV.gz", Format::Table),
            (b"t\n1\n    1SOL     OW    1   0.230   0.628   0.113\n 1 1 1\n", "x.csv", Format::Gro),
            (b"5\n1\n    1SOL     OW    1   0.230   0.628   0.113\n 1 1 1\n", "x", Format::Gro),
            (b"t\n-1\n", "x.gro", Format::Gro),
            (b"1\nc\nC 0 0 0\n", "x.dat", Format::Xyz),
            (b"2\n\n6 0 0 0\n1 0 0 1\n", "x", Format::Xyz),
            (b"1\nProperties=pos:R:3\n1 2 3\n", "x", Format::Xyz),
            (b"-3\nc\nC 0 0 0\n", "x.xyz", Format::Xyz),
            // A cloud of points, a table under another table's first number, a table of one column's name.
            (b"1 2 3\n4 5 6\n", "x.xyz", Format::Table),
            (b"x y z\n4 5 6\n", "x.xyz", Format::Table),
            (b"4\n1 2 3 4\n1 2 3 4\n", "x", Format::Table),
            (b"1 2 3\n1\n1 2 3\n", "x", Format::Table),
            (b"ATOM 1 N ALA 1 1.0 2.0 3.0 0.100 1.500\n", "x.pdb", Format::Pqr),
            (b"ATOM 1 N ALA 1 1.0 2.0 3.0 0.1 1.5\n", "x.pqr", Format::Pqr),
            (b"\x00\x00\x07\xcb", "x", Format::Xtc),
            (b"\x00\x00\x07\xc9", "x.xtc", Format::Trr),
            (b"\x89HDF\r\n\x1a\n", "x.csv", Format::Hdf5),
            (b"PK\x03\x04", "x.smlm", Format::Zip),
            (b"ply\r\n", "x", Format::Ply),
            (b"PAR1", "x.csv", Format::Parquet),
            // Tables under the names of other formats.
            (b"x,y,z\n1,2,3\n", "x.pdb", Format::Table),
            (b"x,y,z\n1,2,3\n", "x.npy", Format::Table),
            (b"1 2 3\n4 5 6\n", "x.gro.gz", Format::Table),
            (b"10 bohr\n\n", "x.xyz", Format::Xyz),
            (b"\x83\xa7encoder\xa1x", "x", Format::Bcif),
            (b"ITEM: TIMESTEP\n0\n", "x.csv", Format::Lammps),
            (b"T\0\0\0CORD", "x", Format::Dcd),
            (b"\0\0\0\0\0\0\0TCORD", "x", Format::Dcd),
            (b"ATOM      1  N   MET A   1      27.340  24.430   2.614  1.00  9.67\n", "x", Format::Pdb),
        ] {
            assert_eq!(format(bytes, name).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn what_is_not_read_is_named_with_the_formats_that_are() {
        for (bytes, name, expected) in [
            (&b""[..], "x.csv", "empty"),
            (b"  <!DOCTYPE html>", "x.pdb", "HTML"),
            (b"# vtk DataFile Version 3.0\nd\nASCII\n1 2 3\n", "x.vtk", "legacy VTK"),
            (b"x", "x.hdf5", "HDF5 (it lacks"),
            (b"\xff\xfex\0", "x.csv", "UTF-16"),
            (b"not a pdb\n", "x.pdb.txt", "formats read are CSV"),
            (b"not a pdb\n", "x.pdb", "PDB"),
            (b"ATOM 1 N MET A 1 27.340 24.430 2.614 1.00 9.67\n", "x.pdb", "parted by blanks; PDB has fixed columns"),
            (b"\x01\x00\xf0\x22", "x", "unknown binary"),
            (b"no number\nwater\nO 0 0 0\n", "x.xyz", "XYZ (line 1"),
            (b"water\nno number\n", "x.gro", "GRO (line 2"),
            (b"no atoms\n", "x.pqr", "PQR (no ATOM"),
            (b"\x00\x00\x07\xcc", "x.xtc", "XTC (it does"),
        ] {
            let error = format(bytes, name).unwrap_err().to_string();
            assert!(error.contains(expected), "{name}: {error}");
        }
    }

    #[test]
    fn a_table_under_another_name_is_told() {
        assert!(misnamed_table("a/x.pdb").unwrap().contains("ends in .pdb, but it holds rows of numbers"));
        assert_eq!([misnamed_table("x.csv"), misnamed_table("x.dat"), misnamed_table("x.xyz")], [const { None }; 3]);
    }
}
