//! PQR: atom records of PDB whose words are parted by blanks and end in charge and radius.
//!
//! `ATOM serial name resname [chain] resid x y z charge radius`; the chain may be missing or stand
//! against the residue number (`A1000`). MODEL, ENDMDL and END part frames as in PDB.

use glam::DVec3;

use super::atoms::{AtomBuilder, Attributes, Record};
use super::choose::Parsed;
use super::lines::{Lines, number, shown, words};
use super::pdb;
use crate::error::{Error, Result};
use crate::progress::Progress;

/// Lines between two looks at whether to stop.
const CHECK_EVERY: u64 = 1 << 16;
const LAYOUT: &str = "serial, name, residue, chain if there is one, number, x, y, z, charge, radius";

/// Reads all frames.
///
/// # Errors
/// [`Error::Input`] with the line, [`Error::Interrupted`].
pub(super) fn parse(bytes: &[u8], name: &str, progress: &dyn Progress) -> Result<Parsed> {
    let attributes = Attributes { residues: true, chains: true, hetero: true, charges: true, crystal: false };
    let mut reader = Reader { atoms: AtomBuilder::new(attributes), ..Reader::default() };
    for (line_number, line) in Lines::new(bytes) {
        reader.line(line, line_number).map_err(|problem| Error::line(name, line_number, problem))?;
        if line_number.is_multiple_of(CHECK_EVERY) {
            progress.check()?;
        }
    }
    if reader.atoms.frames() == 0 {
        return Err(Error::input(name, "holds no ATOM or HETATM record; no points to read"));
    }
    let mut parsed = reader.atoms.finish("pqr");
    parsed.cells = reader.cells;
    Ok(parsed)
}

/// The words after the record's name, if a line is that of an atom.
pub(super) fn atom_words(line: &[u8]) -> Option<Vec<&[u8]>> {
    let rest = line.strip_prefix(b"ATOM").or(line.strip_prefix(b"HETATM"))?;
    // More words than eleven are wrong however many they are.
    Some(words(rest).take(12).collect())
}

#[derive(Default)]
struct Reader {
    atoms: AtomBuilder,
    /// Whether atoms go on in the frame that was begun.
    is_open: bool,
    cell: Option<[f64; 6]>,
    cells: Vec<Option<[f64; 6]>>,
}

impl Reader {
    fn line(&mut self, line: &[u8], number: u64) -> Result<(), String> {
        let line = line.trim_ascii_start();
        if let Some(words) = atom_words(line) {
            return self.atom(&words, line[0] == b'H', number);
        }
        if line.starts_with(b"CRYST1") {
            self.cell = pdb::cell(line);
        } else if line.starts_with(b"MODEL") || line.starts_with(b"END") {
            self.is_open = false;
        }
        Ok(())
    }

    fn atom(&mut self, words: &[&[u8]], is_hetero: bool, line: u64) -> Result<(), String> {
        let (identity, numbers) = match words.len() {
            9..=11 => words.split_at(words.len() - 5),
            n => {
                let n = if n > 11 { "more than 11".to_owned() } else { n.to_string() };
                return Err(format!(
                    "has {n} words after the record, 9 or 10 are expected: {LAYOUT}; part them by blanks"
                ));
            }
        };
        let mut values = [0.0; 5];
        for ((value, text), what) in values.iter_mut().zip(numbers).zip(["x", "y", "z", "charge", "radius"]) {
            *value =
                number(text).ok_or_else(|| format!("{what} is `{}`, no number; expected are {LAYOUT}", shown(text)))?;
        }
        let [x, y, z, charge, radius] = values;
        let (chain, resid, icode) = residue(&identity[3..])?;
        if !self.is_open {
            self.atoms.begin_frame();
            self.cells.push(self.cell);
            self.is_open = true;
        }
        let (position, name, resname) = (DVec3::new(x, y, z), identity[1], identity[2]);
        let record =
            Record { position, name, resname, chain, resid, icode, is_hetero, charge, radius, ..Record::default() };
        self.atoms.push(&record, line);
        Ok(())
    }
}

/// Chain, residue number and insertion code from the words between residue name and x.
fn residue<'a>(words: &[&'a [u8]]) -> Result<(&'a [u8], Option<i32>, u8), String> {
    match words {
        [both] => {
            let letters = both.iter().take_while(|b| b.is_ascii_alphabetic()).count();
            let (chain, resid) = both.split_at(letters);
            numbered(resid).map(|(resid, icode)| (chain, Some(resid), icode))
        }
        [resid, [icode]] if numbered(resid).is_some() && icode.is_ascii_alphabetic() => {
            numbered(resid).map(|(resid, _)| (&b""[..], Some(resid), *icode))
        }
        [chain, resid] => numbered(resid).map(|(resid, icode)| (*chain, Some(resid), icode)),
        [chain, resid, [icode]] => numbered(resid).map(|(resid, _)| (*chain, Some(resid), *icode)),
        _ => None,
    }
    .ok_or_else(|| {
        let found: Vec<String> = words.iter().map(|w| shown(w)).collect();
        format!("`{}` is no residue number, with or without a chain before it; expected are {LAYOUT}", found.join(" "))
    })
}

/// A number that an insertion code may follow.
fn numbered(text: &[u8]) -> Option<(i32, u8)> {
    let (digits, icode) = match text {
        [digits @ .., code] if code.is_ascii_alphabetic() => (digits, *code),
        _ => (text, b' '),
    };
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, icode))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    fn read(text: &str) -> Result<Parsed> {
        parse(text.as_bytes(), "t.pqr", &Silent)
    }

    #[test]
    fn chains_are_there_missing_or_against_the_number() {
        let text = "REMARK\nATOM 1 N ALA 1 1 2 3 -0.5 1.8\nATOM  2  CA  ALA A  2B  1 2 3 0.5 2\n\
            HETATM12345 CA CA A1000 4 5 6 2.0 1.5\nATOM 4 C ALA -5 C 1 2 3 0 0\nEND\n";
        let atoms = read(text).unwrap().cloud.atoms.unwrap();
        assert_eq!([0, 1, 2, 3].map(|i| atoms.chain.get(i)), ["", "A", "A", ""]);
        assert_eq!(atoms.resid, [1, 2, 1000, -5]);
        assert_eq!((atoms.charge.as_slice(), atoms.radius[2]), ([-0.5, 0.5, 2.0, 0.0].as_slice(), 1.5));
        assert_eq!((atoms.hetero.as_slice(), atoms.element.get(2)), ([false, false, true, false].as_slice(), "CA"));
    }

    #[test]
    fn models_and_ends_part_frames() {
        let atom = "ATOM 1 N ALA 1 1 2 3 0 1\n";
        let text = format!("MODEL 1\n{atom}{atom}TER\nENDMDL\nMODEL 2\n{atom}{atom}END\n\nEND\n{atom}{atom}");
        assert_eq!(read(&text).unwrap().starts, [0, 2, 4, 6]);
    }

    #[test]
    fn wrong_lines_are_told() {
        for (text, expected) in [
            ("ATOM 1 N ALA 1 1 2 3 0", ":1: has 8 words"),
            ("ATOM 1 N ALA A 1 1 2 3 0 1 1 1 1", "has more than 11 words"),
            ("ATOM 1 N ALA 1 1 2 z 0 1", "z is `z`"),
            ("ATOM 1 N ALA 1 1 2 3 q 1", "charge is `q`"),
            ("ATOM 1 N ALA x 1 2 3 0 1", "`x` is no residue number"),
            ("ATOM 1 N ALA 1.5 2.5 1 2 3 0 1", "`1.5 2.5` is no residue number"),
            ("REMARK only\n", "holds no ATOM"),
        ] {
            let problem = read(text).unwrap_err().to_string();
            assert!(problem.contains(expected), "{text}: {problem}");
        }
    }
}
