//! PDB, fixed columns (wwPDB format 3.3), as programs really write it.
//!
//! Read besides the standard: hybrid-36 residue numbers, chain identifiers of two letters (columns
//! 21-22), residue names of four letters (18-21), frames parted by END alone, lines that end after the
//! coordinates. Not read: coordinates out of their columns. A line shifted by one column can hold
//! three plausible numbers, so decimal points are checked, and blanks where they are elsewhere.

use std::collections::HashSet;

use glam::DVec3;
use rayon::prelude::*;

use super::atoms::{AtomBuilder, Attributes, Count, Record};
use super::cell::SpaceGroup;
use super::choose::Parsed;
use super::lines::{Lines, number, pieces, shown};
use crate::error::{Error, Result};
use crate::progress::Progress;

/// Residue names of four letters; with others, column 21 belongs to the chain if column 22 is filled.
const LONG_NAMES: &[&[u8]] = &[
    b"TIP3", b"TIP4", b"TIP5", b"SPCE", b"POPC", b"POPE", b"POPG", b"POPS", b"POPI", b"DPPC", b"DPPE", b"DOPC",
    b"DOPE", b"DOPG", b"DMPC", b"DSPC", b"DLPC", b"CHL1", b"CHOL", b"SAPI",
];
/// The coordinates end in this column.
const COORDINATES_END: usize = 54;
/// Bytes that are read at once, several pieces at a time.
const PIECE: usize = 1 << 19;

/// Reads all frames.
///
/// # Errors
/// [`Error::Input`] with the line, [`Error::Interrupted`].
pub(super) fn parse(bytes: &[u8], name: &str, progress: &dyn Progress) -> Result<Parsed> {
    parse_pieces(bytes, PIECE, name, progress)
}

fn parse_pieces(bytes: &[u8], size: usize, name: &str, progress: &dyn Progress) -> Result<Parsed> {
    let pieces: Vec<&[u8]> = pieces(bytes, size).collect();
    let mut all = Reader::new();
    for batch in pieces.chunks(8 * rayon::current_num_threads()) {
        progress.check()?;
        let read = |piece: &&[u8]| Reader::new().read(piece);
        // A short file wakes no threads.
        let parts: Vec<_> = if let [only] = batch { vec![read(only)] } else { batch.par_iter().map(read).collect() };
        for part in parts {
            let lines = all.lines;
            all.append(part.map_err(|(line, problem)| Error::line(name, lines + line, problem))?);
        }
    }
    if all.atoms.count().rows == 0 {
        let problem = format!("holds no ATOM or HETATM record in {} lines; no points to read", all.lines);
        return Err(Error::input(name, problem));
    }
    Ok(all.finish())
}

/// Atoms of some lines, and what stands between them.
struct Reader {
    atoms: AtomBuilder,
    lines: u64,
    marks: Vec<Mark>,
    /// Of the first CRYST1 record.
    space_group: Option<SpaceGroup>,
}

/// A record that frames depend on.
struct Mark {
    /// Atoms before it.
    at: Count,
    line: u64,
    kind: Kind,
}

enum Kind {
    /// MODEL with its number.
    Model(Option<i64>),
    /// ENDMDL.
    EndOfModel,
    End,
    Cell(Option<[f64; 6]>),
}

impl Reader {
    fn new() -> Self {
        Self { atoms: AtomBuilder::new(Attributes::CRYSTAL), lines: 0, marks: Vec::new(), space_group: None }
    }

    /// Reads whole lines. The error is a line from 1.
    fn read(mut self, text: &[u8]) -> Result<Self, (u64, String)> {
        for (number, line) in Lines::new(text) {
            self.lines = number;
            self.line(line, number).map_err(|problem| (number, problem))?;
        }
        Ok(self)
    }

    fn append(&mut self, part: Self) {
        let (before, lines) = (self.atoms.count(), self.lines);
        let moved = |mark: Mark| Mark { at: before + mark.at, line: lines + mark.line, ..mark };
        self.marks.extend(part.marks.into_iter().map(moved));
        self.atoms.append(part.atoms, lines);
        self.lines += part.lines;
        self.space_group = self.space_group.take().or(part.space_group);
    }

    fn line(&mut self, line: &[u8], number: u64) -> Result<(), String> {
        if line.starts_with(b"ATOM") || line.starts_with(b"HETATM") {
            return self.atom(line, number);
        }
        let kind = match line {
            [b'M', b'O', b'D', b'E', b'L', rest @ ..] => {
                Kind::Model(std::str::from_utf8(rest.trim_ascii()).ok().and_then(|t| t.parse().ok()))
            }
            [b'E', b'N', b'D', b'M', b'D', b'L', ..] => Kind::EndOfModel,
            [b'E', b'N', b'D'] | [b'E', b'N', b'D', b' ', ..] => Kind::End,
            [b'C', b'R', b'Y', b'S', b'T', b'1', ..] => {
                self.space_group = self.space_group.take().or_else(|| space_group(line));
                Kind::Cell(cell(line))
            }
            [b' ' | b'\t', ..] => {
                let record = line.trim_ascii_start();
                if record.starts_with(b"ATOM ") || record.starts_with(b"HETATM") {
                    return Err("an atom record begins in column 1, here are blanks before it; remove them".into());
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        self.marks.push(Mark { at: self.atoms.count(), line: number, kind });
        Ok(())
    }

    fn atom(&mut self, line: &[u8], line_number: u64) -> Result<(), String> {
        let position = coordinates(line)?;
        let (resname, chain) = residue_and_chain(line);
        let value = |from, to| {
            let text = field(line, from, to);
            fixed::<6, 3>(text).or_else(|| number(text)).unwrap_or(f64::NAN)
        };
        let record = Record {
            position,
            name: field(line, 13, 16),
            element: element(line),
            resname,
            chain,
            resid: residue_number(field(line, 23, 26)),
            icode: byte(line, 27),
            altloc: byte(line, 17),
            is_hetero: line[0] == b'H',
            occupancy: value(55, 60),
            bfactor: value(61, 66),
            formal_charge: formal_charge(line),
            ..Record::default()
        };
        self.atoms.push(&record, line_number);
        Ok(())
    }

    fn finish(mut self) -> Parsed {
        let mut frames = Frames::default();
        for mark in &self.marks {
            frames.atoms_up_to(mark.at, &mut self.atoms);
            frames.mark(mark);
        }
        frames.atoms_up_to(self.atoms.count(), &mut self.atoms);
        let by_end = frames.models == 0 && self.atoms.frames() > 1;
        let mut parsed = self.atoms.finish("pdb");
        parsed.cells = frames.cells;
        parsed.space_group = self.space_group;
        if by_end {
            parsed.notes.push(format!("no MODEL records: {} END lines part the frames", frames.ends));
        }
        const TOLD: usize = 3;
        let untold = frames.odd.len().saturating_sub(TOLD);
        parsed.warnings.extend(frames.odd.into_iter().take(TOLD));
        if untold > 0 {
            parsed.warnings.push(format!("{untold} more oddities of models"));
        }
        parsed
    }
}

/// The frames that marks part atoms into.
#[derive(Default)]
struct Frames {
    /// Atoms up to here belong to frames.
    at: Count,
    /// Whether atoms go on in the frame that was begun.
    is_open: bool,
    /// A MODEL line that no atom has followed yet.
    is_model_empty: bool,
    model_numbers: HashSet<i64>,
    /// The last cell read, and that of each frame.
    cell: Option<[f64; 6]>,
    cells: Vec<Option<[f64; 6]>>,
    ends: u64,
    models: u64,
    odd: Vec<String>,
}

impl Frames {
    fn atoms_up_to(&mut self, end: Count, atoms: &mut AtomBuilder) {
        if end == self.at {
            return;
        }
        if !self.is_open {
            atoms.begin_frame_at(self.at);
            self.cells.push(self.cell);
        }
        self.is_open = true;
        self.is_model_empty = false;
        self.at = end;
    }

    fn mark(&mut self, mark: &Mark) {
        let line = mark.line;
        match mark.kind {
            Kind::Model(number) => self.model(number, line),
            Kind::EndOfModel => self.close(line),
            Kind::End => {
                self.ends += 1;
                self.is_open = false;
            }
            Kind::Cell(cell) => self.cell = cell,
        }
    }

    fn model(&mut self, number: Option<i64>, line: u64) {
        self.close(line);
        self.models += 1;
        self.is_model_empty = true;
        match number {
            Some(model) if self.model_numbers.insert(model) => {}
            Some(model) => self.odd.push(format!("line {line} begins model {model} again")),
            None => self.odd.push(format!("MODEL on line {line} has no number")),
        }
    }

    fn close(&mut self, line: u64) {
        if self.is_model_empty {
            self.odd.push(format!("the model that ends on line {line} has no atoms and is left out"));
        }
        self.is_model_empty = false;
        self.is_open = false;
    }
}

/// Columns `from` to `to` of a line, counted from 1, both included; fewer if the line is shorter.
fn field(line: &[u8], from: usize, to: usize) -> &[u8] {
    &line[(from - 1).min(line.len())..to.min(line.len())]
}

fn byte(line: &[u8], column: usize) -> u8 {
    line.get(column - 1).copied().unwrap_or(b' ')
}

/// The position in columns 31 to 54.
fn coordinates(line: &[u8]) -> Result<DVec3, String> {
    let end = line.trim_ascii_end().len();
    if end < COORDINATES_END {
        return Err(format!("the line ends in column {end}, the coordinates stand in columns 31-54; it is cut"));
    }
    let mut position = DVec3::ZERO;
    for (axis, letter) in ["x", "y", "z"].into_iter().enumerate() {
        let from = 31 + 8 * axis;
        let text = field(line, from, from + 7);
        if let Some(value) = fixed::<8, 4>(text) {
            position[axis] = value;
            continue;
        }
        let problem = |found: &str| {
            let columns = format!("{letter} in columns {from}-{}", from + 7);
            format!("{columns} is `{}`, {found}", shown(text))
        };
        if text.contains(&b'*') {
            return Err(problem("an overflow of the program that wrote it; write it with smaller coordinates"));
        }
        position[axis] = number(text).ok_or_else(|| problem("no number; are the columns shifted?"))?;
    }
    check_columns(line)?;
    Ok(position)
}

/// A number as `%8.3f` (`WIDTH` 8, `POINT` 4) has it: blanks, a sign, digits, the point, digits. `None` for any other,
/// also for one that is right elsewise. Rounds as [`number`]: two whole numbers that are exact are divided.
#[inline]
fn fixed<const WIDTH: usize, const POINT: usize>(text: &[u8]) -> Option<f64> {
    let text: &[u8; WIDTH] = text.try_into().ok()?;
    let digit = |byte: u8| Some(u32::from(byte.wrapping_sub(b'0'))).filter(|d| *d < 10);
    let (mut whole, mut is_negative, mut has_digits) = (0, false, false);
    for &byte in &text[..POINT] {
        match digit(byte) {
            Some(d) => (whole, has_digits) = (10 * whole + d, true),
            None if has_digits || is_negative => return None,
            None if byte == b'-' => is_negative = true,
            None if byte == b' ' => {}
            None => return None,
        }
    }
    if text[POINT] != b'.' || !has_digits {
        return None;
    }
    let mut scale = 1;
    for &byte in &text[POINT + 1..] {
        (whole, scale) = (10 * whole + digit(byte)?, 10 * scale);
    }
    let value = f64::from(whole) / f64::from(scale);
    Some(if is_negative { -value } else { value })
}

/// Whether the three numbers fill their columns as `%8.3f`, or at least stand alone in them.
fn check_columns(line: &[u8]) -> Result<(), String> {
    let has_points = [35, 43, 51].into_iter().all(|column| byte(line, column) == b'.');
    let is_apart = || {
        let mut words = line[30..].split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
        [31, 39, 47].into_iter().all(|from| words.next() == Some(field(line, from, from + 7).trim_ascii()))
    };
    if byte(line, 30) == b' ' && (has_points || is_apart()) {
        return Ok(());
    }
    let found = shown(field(line, 28, 56));
    Err(format!(
        "the coordinates are out of their columns 31-38, 39-46, 47-54 (columns 28-56 are `{found}`); align them"
    ))
}

/// Residue name and chain from columns 18 to 22, which two extensions of the format fill differently.
fn residue_and_chain(line: &[u8]) -> (&[u8], &[u8]) {
    let has_long_name = byte(line, 21) != b' ' && (byte(line, 22) == b' ' || LONG_NAMES.contains(&field(line, 18, 21)));
    let split = if has_long_name { 21 } else { 20 };
    (field(line, 18, split).trim_ascii(), field(line, split + 1, 22).trim_ascii())
}

/// The element of columns 77-78; empty if there is none or if the columns hold something else.
fn element(line: &[u8]) -> &[u8] {
    let text = field(line, 77, 78).trim_ascii();
    if text.iter().all(u8::is_ascii_alphabetic) { text } else { &[] }
}

/// A residue number, decimal or hybrid-36.
fn residue_number(text: &[u8]) -> Option<i32> {
    const DIGITS: i32 = 36 * 36 * 36;
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let value = i32::from_str_radix(text, 36).ok().filter(|_| text.len() == 4)?;
    let rest = &text[1..];
    match text.as_bytes()[0] {
        b'A'..=b'Z' if !rest.bytes().any(|b| b.is_ascii_lowercase()) => Some(value - 10 * DIGITS + 10_000),
        b'a'..=b'z' if !rest.bytes().any(|b| b.is_ascii_uppercase()) => Some(value + 16 * DIGITS + 10_000),
        _ => None,
    }
}

/// The formal charge of columns 79-80, `2-` by the standard, `-2` in some files.
fn formal_charge(line: &[u8]) -> i8 {
    let (digit, sign) = match [byte(line, 79), byte(line, 80)] {
        [digit, sign @ (b'+' | b'-')] | [sign @ (b'+' | b'-'), digit] => (digit, sign),
        _ => return 0,
    };
    let size = if digit.is_ascii_digit() { (digit - b'0') as i8 } else { 0 };
    if sign == b'-' { -size } else { size }
}

/// The space group of columns 56-66, with Z of 67-70.
fn space_group(line: &[u8]) -> Option<SpaceGroup> {
    SpaceGroup::of(field(line, 56, 66), std::str::from_utf8(field(line, 67, 70)).ok()?.trim().parse().ok())
}

/// Lengths and angles of the unit cell; `None` if a number is missing or it is the 1 Å dummy cell.
pub(super) fn cell(line: &[u8]) -> Option<[f64; 6]> {
    let columns = [(7, 15), (16, 24), (25, 33), (34, 40), (41, 47), (48, 54)];
    let mut cell = [0.0; 6];
    for (value, (from, to)) in cell.iter_mut().zip(columns) {
        *value = number(field(line, from, to)).filter(|v| v.is_finite() && *v > 0.0)?;
    }
    (cell[..3] != [1.0; 3]).then_some(cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    const CA: &str = "ATOM      2  CA AALA A  10A     11.639   6.071  -5.147  0.50 12.34           C  ";

    /// Reads a text whole and in pieces of a few lines, which must come to the same.
    fn read(text: &str) -> Result<Parsed> {
        let whole = parse(text.as_bytes(), "t.pdb", &Silent);
        for size in [1, 100, 200] {
            let parts = parse_pieces(text.as_bytes(), size, "t.pdb", &Silent);
            let told = |read: &Result<Parsed>| match read {
                Ok(parsed) => format!("{parsed:?}"),
                Err(error) => error.to_string(),
            };
            assert_eq!(told(&whole), told(&parts), "pieces of {size} bytes");
        }
        whole
    }

    fn problem(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn numbers_that_fill_their_columns_are_those_of_the_slow_way() {
        for i in -99_999..=999_999 {
            if i % 7 == 0 || i > 990_000 {
                let text = format!("{:8.3}", f64::from(i) / 1000.0);
                assert_eq!(
                    fixed::<8, 4>(text.as_bytes()),
                    text.trim().parse().ok().filter(|_| text.len() == 8),
                    "{text}"
                );
            }
        }
        assert!(fixed::<6, 3>(b" -0.00").is_some_and(|zero: f64| zero == 0.0 && zero.is_sign_negative()));
        for odd in
            ["    .123", "12.34567", " 1 2.345", " - 1.000", "--12.000", "12-4.000", "1234,567", "1234.5 7", "1e12.000"]
        {
            assert_eq!(fixed::<8, 4>(odd.as_bytes()), None, "{odd}");
        }
    }

    #[test]
    fn every_column_is_read() {
        let parsed = read(CA).unwrap();
        let atoms = parsed.cloud.atoms.unwrap();
        assert_eq!(parsed.cloud.positions, [DVec3::new(11.639, 6.071, -5.147)]);
        assert_eq!((atoms.name.get(0), atoms.element.get(0)), ("CA", "C"));
        assert_eq!((atoms.resname.get(0), atoms.chain.get(0)), ("ALA", "A"));
        assert_eq!((atoms.resid[0], atoms.icode[0], atoms.altloc[0], atoms.hetero[0]), (10, b'A', b'A', false));
        assert_eq!((atoms.occupancy[0], atoms.bfactor[0]), (0.5, 12.34));
    }

    #[test]
    fn shifted_columns_are_told_and_never_read() {
        for by in 1..8 {
            let right = format!("{}{}{}", &CA[..30], " ".repeat(by), &CA[30..]);
            assert!(problem(&right).starts_with("t.pdb:1: "), "{by} to the right: {}", problem(&right));
        }
        // To the left, the numbers stay whole in their columns until one crosses a border.
        for by in 1..8 {
            let left = format!("{}{}", &CA[..30 - by], &CA[30..]);
            match read(&left) {
                Ok(parsed) => assert_eq!(parsed.cloud.positions, [DVec3::new(11.639, 6.071, -5.147)], "{by}"),
                Err(error) => assert!(error.to_string().starts_with("t.pdb:1: "), "{by}"),
            }
        }
        let wide = "ATOM     30  SC1 ARG A  14    -132.540-135.200-134.040  1.00  0.00";
        assert_eq!(read(wide).unwrap().cloud.positions[0].y, -135.2);
        for by in 1..8 {
            assert!(read(&format!("{}{}{}", &wide[..30], " ".repeat(by), &wide[30..])).is_err(), "{by}");
            assert!(read(&format!("{}{}", &wide[..30 - by], &wide[30..])).is_err(), "-{by}");
        }
        // A positive number of eight characters leaves no blank: "11135.200" is not 1135.2.
        let full = "ATOM     30  SC1 ARG A  14    -132.5411135.2001134.040  1.00  0.00";
        assert!(read(full).is_ok());
        assert!(read(&format!("{} {}", &full[..30], &full[30..])).is_err());
    }

    #[test]
    fn overflow_cuts_and_words_are_told_with_their_line() {
        let stars = CA.replace("  11.639", "********");
        assert!(problem(&format!("{CA}\n{stars}")).starts_with("t.pdb:2: x in columns 31-38 is `********`"));
        assert!(problem(&CA[..53]).contains("ends in column 53"));
        assert!(problem(&CA.replace("  11.639", "   abcde")).contains("`   abcde`, no number"));
        assert!(problem(&format!(" {CA}")).contains("column 1"));
        assert!(problem("HEADER x\nEND\n").contains("no ATOM or HETATM record in 2 lines"));
    }

    #[test]
    fn a_coordinate_that_is_not_finite_is_left_out_and_counted() {
        let parsed = read(&format!("{CA}\n{}\n", CA.replace("  11.639", "     NaN"))).unwrap();
        assert_eq!((parsed.cloud.len(), parsed.row_starts), (1, vec![0, 2]));
        assert_eq!(parsed.first_dropped.as_deref(), Some("line 2"));
    }

    #[test]
    fn models_and_ends_part_frames() {
        let models = format!("MODEL        1\n{CA}\n{CA}\nENDMDL\nMODEL        2\n{CA}\n{CA}\nENDMDL\nEND\n");
        let parsed = read(&models).unwrap();
        assert_eq!((parsed.starts, parsed.warnings.len()), (vec![0, 2, 4], 0));
        let ends = read(&format!("{CA}\r\nEND\r\n{CA}\r\nEND\r\n")).unwrap();
        assert_eq!((ends.starts, ends.notes.len()), (vec![0, 1, 2], 1));
        assert_eq!(read(&format!("{CA}\nTER\n{CA}\nENDURE\n{CA}")).unwrap().starts, [0, 3]);
    }

    #[test]
    fn odd_models_are_warned_of() {
        for (text, expected) in [
            (format!("MODEL 1\n{CA}\nENDMDL\nMODEL 1\n{CA}\nENDMDL\n"), "model 1 again"),
            (format!("MODEL\n{CA}\nENDMDL\n"), "no number"),
            (format!("MODEL 1\nENDMDL\nMODEL 2\n{CA}\nENDMDL\n"), "no atoms"),
            (format!("MODEL 1\n{CA}\nMODEL 2\n{CA}\n{CA}\nENDMDL\n"), "1 to 2"),
            (format!("MODEL 1\n{CA}\n{}\nENDMDL\n", CA.replace("           C", "          QQ")), "`QQ` on line 3"),
        ] {
            let warnings = read(&text).unwrap().warnings;
            assert!(warnings.len() == 1 && warnings[0].contains(expected), "{warnings:?}");
        }
    }

    #[test]
    fn hybrid_36_residue_numbers_count_on() {
        for (text, expected) in [
            ("9999", Some(9999)),
            ("A000", Some(10_000)),
            ("A00Z", Some(10_035)),
            ("ZZZZ", Some(1_223_055)),
            ("a000", Some(1_223_056)),
            ("zzzz", Some(2_436_111)),
            ("-123", Some(-123)),
            ("****", None),
            ("A0", None),
            ("", None),
        ] {
            assert_eq!(residue_number(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn columns_18_to_22_hold_name_and_chain_in_three_ways() {
        let with = |columns: &str| format!("{}{columns}{}", &CA[..17], &CA[22..]);
        for (columns, resname, chain) in [
            ("ALA A", "ALA", "A"),
            ("PHEAA", "PHE", "AA"),
            ("TIP3 ", "TIP3", ""),
            ("TIP3W", "TIP3", "W"),
            ("  X  ", "X", ""),
        ] {
            let line = with(columns);
            let found = residue_and_chain(line.as_bytes());
            assert_eq!(found, (resname.as_bytes(), chain.as_bytes()), "{columns}");
        }
    }

    #[test]
    fn calcium_is_no_c_alpha_with_or_without_an_element_column() {
        let calcium = "HETATM    3 CA    CA A 301      11.639   6.071  -5.147  1.00 12.34          CA  ";
        let charmm = "ATOM      5 CA   MET     1     -10.097  25.954  13.632  1.00 76.22      4AKE";
        let text = format!("{CA}\n{calcium}\n{}\n{charmm}\n", &calcium[..66]);
        let atoms = read(&text).unwrap().cloud.atoms.unwrap();
        let mask = "name CA".parse::<crate::points::Selection>().unwrap().mask(&atoms, 0..4);
        assert_eq!(mask, [true, false, false, true]);
    }

    #[test]
    fn the_cell_is_read_but_not_the_dummy() {
        let line = b"CRYST1   50.840   42.770   28.950  90.00  90.00  90.00 P 21 21 21    4";
        assert_eq!(cell(line), Some([50.84, 42.77, 28.95, 90.0, 90.0, 90.0]));
        assert_eq!(cell(b"CRYST1    1.000    1.000    1.000  90.00  90.00  90.00 P 1           1"), None);
        assert_eq!(cell(b"CRYST1   50.840"), None);
        let second = "CRYST1   60.000   42.770   28.950  90.00  90.00  90.00 P 1           1";
        let text = format!("{}\n{CA}\nEND\n{second}\n{CA}\nEND\n", String::from_utf8_lossy(line));
        assert_eq!(read(&text).unwrap().cells.iter().map(|c| c.unwrap()[0]).collect::<Vec<_>>(), [50.84, 60.0]);
    }
}
