//! mmCIF: the `_atom_site` table of a CIF file (CIF 1.1 syntax; loops, quotes, text fields).

mod token;

use std::collections::HashSet;

use glam::DVec3;

use super::atoms::{AtomBuilder, Attributes, Record};
use super::cell::SpaceGroup;
use super::choose::Parsed;
use super::lines::{number, shown};
use crate::error::{Error, Result};
use crate::progress::Progress;
use token::{Token, Tokens};

/// Columns of the table that are used, in the order of [`Slots`]. Author's identifiers come first
/// where both are given, but names of atoms and residues are the dictionary's.
const COLUMNS: [&[u8]; 20] = [
    b"cartn_x",
    b"cartn_y",
    b"cartn_z",
    b"label_atom_id",
    b"auth_atom_id",
    b"type_symbol",
    b"label_comp_id",
    b"auth_comp_id",
    b"auth_asym_id",
    b"label_asym_id",
    b"auth_seq_id",
    b"label_seq_id",
    b"pdbx_pdb_ins_code",
    b"label_alt_id",
    b"group_pdb",
    b"occupancy",
    b"b_iso_or_equiv",
    b"pdbx_pdb_model_num",
    b"fract_x",
    b"pdbx_formal_charge",
];
const X: usize = 0;
const FRACTIONAL: usize = 18;
const CELL: [&[u8]; 6] = [b"length_a", b"length_b", b"length_c", b"angle_alpha", b"angle_beta", b"angle_gamma"];
/// Where the name of the space group stands, of old and of new.
const SPACE_GROUPS: [&[u8]; 2] = [b"_symmetry.space_group_name_H-M", b"_space_group.name_H-M_alt"];
const PREFIX: &[u8] = b"_atom_site.";
/// Rows between two looks at whether to stop.
const CHECK_EVERY: u64 = 1 << 15;

/// The values of one row; `None` where the column is missing or the value is `?` or `.`.
type Slots<'a> = [Option<&'a [u8]>; COLUMNS.len()];

/// Reads all models of the first data block that has atoms.
///
/// # Errors
/// [`Error::Input`] with the line, [`Error::Interrupted`].
pub(super) fn parse(bytes: &[u8], name: &str, progress: &dyn Progress) -> Result<Parsed> {
    let mut reader = Reader::new(bytes, progress);
    match reader.file() {
        Ok(()) => {}
        Err(Stop::Interrupted) => return Err(Error::Interrupted),
        Err(Stop::Wrong(line, problem)) => return Err(Error::line(name, line, problem)),
    }
    if reader.single.iter().any(Option::is_some) {
        let (row, line) = (reader.single, reader.single_line);
        reader.is_placed.copy_from_slice(&row.map(|v| v.is_some()));
        if let Err(Stop::Wrong(line, problem)) = reader.check_columns(line).and_then(|()| reader.row(&row, line)) {
            return Err(Error::line(name, line, problem));
        }
    }
    if reader.atoms.frames() == 0 {
        return Err(Error::input(name, reader.why_empty()));
    }
    Ok(reader.finish())
}

/// Calls `each` with every value of a row that stands on one line, and gives their number; `None` if the line holds
/// anything else: a tag, a control word, a text field.
pub(super) fn fields_of_line<'a>(line: &'a [u8], mut each: impl FnMut(usize, &'a [u8])) -> Option<usize> {
    let mut tokens = Tokens::new(line);
    let mut count = 0;
    while let Some(token) = tokens.next().ok()? {
        if token.is_control() {
            return None;
        }
        each(count, token.text);
        count += 1;
    }
    Some(count)
}

/// Why reading ends early.
enum Stop {
    Interrupted,
    Wrong(u64, String),
}

impl From<(u64, String)> for Stop {
    fn from((line, problem): (u64, String)) -> Self {
        Self::Wrong(line, problem)
    }
}

struct Reader<'a> {
    tokens: Tokens<'a>,
    progress: &'a dyn Progress,
    atoms: AtomBuilder,
    /// Models so far.
    models: HashSet<&'a [u8]>,
    /// Model of the frame that goes on.
    model: Option<&'a [u8]>,
    is_placed: [bool; COLUMNS.len()],
    has_table: bool,
    is_small_molecule: bool,
    /// A table of one row may be given as pairs of tag and value.
    single: Slots<'a>,
    single_line: u64,
    cell: [Option<f64>; 6],
    space_group: Option<&'a [u8]>,
    z: Option<u32>,
    warnings: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], progress: &'a dyn Progress) -> Self {
        Self {
            tokens: Tokens::new(bytes),
            progress,
            atoms: AtomBuilder::new(Attributes::CRYSTAL),
            models: HashSet::new(),
            model: None,
            is_placed: [false; COLUMNS.len()],
            has_table: false,
            is_small_molecule: false,
            single: [None; COLUMNS.len()],
            single_line: 0,
            cell: [None; 6],
            space_group: None,
            z: None,
            warnings: Vec::new(),
        }
    }

    fn file(&mut self) -> Result<(), Stop> {
        let mut count = 0u64;
        let mut ahead = None;
        while let Some(token) = self.next(&mut ahead)? {
            count += 1;
            if count.is_multiple_of(CHECK_EVERY) && self.progress.is_cancelled() {
                return Err(Stop::Interrupted);
            }
            if token.is_word(b"loop_") {
                self.looped(&mut ahead)?;
            } else if token.is_tag() {
                self.pair(&token, &mut ahead)?;
            }
        }
        Ok(())
    }

    fn next(&mut self, ahead: &mut Option<Token<'a>>) -> Result<Option<Token<'a>>, Stop> {
        match ahead.take() {
            Some(token) => Ok(Some(token)),
            None => Ok(self.tokens.next()?),
        }
    }

    /// A tag with its value.
    fn pair(&mut self, tag: &Token<'a>, ahead: &mut Option<Token<'a>>) -> Result<(), Stop> {
        let Some(value) = self.next(ahead)? else { return Ok(()) };
        if value.is_control() {
            *ahead = Some(value);
            return Ok(());
        }
        if let Some(column) = atom_column(tag.text) {
            self.single[column] = value.known();
            self.single_line = tag.line;
        }
        if SPACE_GROUPS.iter().any(|known| tag.text.eq_ignore_ascii_case(known)) {
            self.space_group = self.space_group.or(value.known());
        }
        if tag.text.eq_ignore_ascii_case(b"_cell.Z_PDB") {
            self.z = value.known().and_then(|z| std::str::from_utf8(z).ok()?.parse().ok());
        }
        let cell = strip_prefix(tag.text, b"_cell.").or_else(|| strip_prefix(tag.text, b"_cell_"));
        if let Some(i) = cell.and_then(|c| CELL.iter().position(|known| c.eq_ignore_ascii_case(known))) {
            self.cell[i] = value.known().and_then(measured).filter(|v| v.is_finite() && *v > 0.0);
        }
        Ok(())
    }

    /// A loop, of which only that of the atoms is looked at.
    fn looped(&mut self, ahead: &mut Option<Token<'a>>) -> Result<(), Stop> {
        let mut tags = Vec::new();
        let first = loop {
            match self.next(ahead)? {
                Some(token) if token.is_tag() => tags.push(token),
                other => break other,
            }
        };
        self.is_small_molecule |= tags.iter().any(|t| strip_prefix(t.text, b"_atom_site_fract_").is_some());
        *ahead = first;
        if !tags.iter().any(|t| strip_prefix(t.text, PREFIX).is_some()) {
            return Ok(());
        }
        let line = tags[0].line;
        if self.has_table {
            self.warnings.push(format!("a second table of atoms begins on line {line} and is left out"));
            return Ok(());
        }
        self.has_table = true;
        let places: Vec<Option<usize>> = tags.iter().map(|t| atom_column(t.text)).collect();
        places.iter().flatten().for_each(|place| self.is_placed[*place] = true);
        self.check_columns(line)?;
        self.table(&places, ahead)
    }

    fn check_columns(&self, line: u64) -> Result<(), Stop> {
        if self.is_placed[X] && self.is_placed[X + 1] && self.is_placed[X + 2] {
            return Ok(());
        }
        let problem = if self.is_placed[FRACTIONAL] {
            SMALL_MOLECULE
        } else {
            "the table of atoms has no Cartn_x, Cartn_y and Cartn_z"
        };
        Err(Stop::Wrong(line, problem.into()))
    }

    fn table(&mut self, places: &[Option<usize>], ahead: &mut Option<Token<'a>>) -> Result<(), Stop> {
        let mut slots: Slots = [None; COLUMNS.len()];
        let (mut column, mut rows, mut line) = (0, 0u64, 0);
        while let Some(token) = self.next(ahead)? {
            if token.is_control() {
                *ahead = Some(token);
                break;
            }
            if let Some(place) = places[column] {
                slots[place] = token.known();
            }
            line = token.line;
            column += 1;
            if column == places.len() {
                self.row(&slots, line)?;
                (column, rows) = (0, rows + 1);
                if rows.is_multiple_of(CHECK_EVERY) && self.progress.is_cancelled() {
                    return Err(Stop::Interrupted);
                }
            }
        }
        if column == 0 {
            return Ok(());
        }
        let problem = format!(
            "the table of atoms ends within a row: {column} of {} values after {rows} whole rows; \
             the file is cut or damaged",
            places.len()
        );
        Err(Stop::Wrong(line, problem))
    }

    fn row(&mut self, slots: &Slots<'a>, line: u64) -> Result<(), Stop> {
        let [x, y, z, label_name, auth_name, element, label_res, auth_res, auth_chain, label_chain, rest @ ..] = *slots;
        let [auth_seq, label_seq, icode, altloc, group, occupancy, bfactor, model, _, charge] = rest;
        self.frame(model.unwrap_or(b"1"), line)?;
        let coordinate = |value: Option<&[u8]>, axis: &str| match value {
            None => Ok(f64::NAN),
            Some(text) => measured(text)
                .ok_or_else(|| Stop::Wrong(line, format!("Cartn_{axis} is `{}`, a number is expected", shown(text)))),
        };
        let integer = |text: Option<&[u8]>| std::str::from_utf8(text?).ok()?.parse().ok();
        let record = Record {
            position: DVec3::new(coordinate(x, "x")?, coordinate(y, "y")?, coordinate(z, "z")?),
            name: label_name.or(auth_name).unwrap_or_default(),
            element: element.unwrap_or_default(),
            resname: label_res.or(auth_res).unwrap_or_default(),
            chain: auth_chain.or(label_chain).unwrap_or_default(),
            resid: integer(auth_seq.or(label_seq)),
            icode: icode.map_or(b' ', |t| t[0]),
            altloc: altloc.map_or(b' ', |t| t[0]),
            is_hetero: group == Some(b"HETATM"),
            occupancy: occupancy.and_then(measured).unwrap_or(f64::NAN),
            bfactor: bfactor.and_then(measured).unwrap_or(f64::NAN),
            formal_charge: charge.and_then(|t| std::str::from_utf8(t).ok()?.parse().ok()).unwrap_or(0),
            ..Record::default()
        };
        self.atoms.push(&record, line);
        Ok(())
    }

    /// Begins a frame where the model changes.
    fn frame(&mut self, model: &'a [u8], line: u64) -> Result<(), Stop> {
        if self.model == Some(model) {
            return Ok(());
        }
        if !self.models.insert(model) {
            let model = shown(model);
            return Err(Stop::Wrong(
                line,
                format!("model {model} goes on after another model; sort the table by model"),
            ));
        }
        self.model = Some(model);
        self.atoms.begin_frame();
        Ok(())
    }

    fn why_empty(&self) -> String {
        if self.is_small_molecule || self.is_placed[FRACTIONAL] {
            SMALL_MOLECULE.into()
        } else {
            "holds no table of atoms (_atom_site); no points to read".into()
        }
    }

    fn finish(self) -> Parsed {
        let mut parsed = self.atoms.finish("mmcif");
        parsed.warnings.extend(self.warnings);
        parsed.space_group = self.space_group.and_then(|name| SpaceGroup::of(name, self.z));
        let cell = self.cell.map(|v| v.unwrap_or(f64::NAN));
        parsed.cells.push((cell.iter().all(|v| v.is_finite()) && cell[..3] != [1.0; 3]).then_some(cell));
        parsed
    }
}

const SMALL_MOLECULE: &str = "holds fractional coordinates (a small-molecule CIF), not Cartn_x, Cartn_y, Cartn_z; \
                              convert it to \
                              Cartesian coordinates, for instance to PDB or XYZ";

/// What follows `prefix`, in any case of letters.
fn strip_prefix<'t>(tag: &'t [u8], prefix: &[u8]) -> Option<&'t [u8]> {
    let (begin, rest) = tag.split_at_checked(prefix.len())?;
    begin.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn atom_column(tag: &[u8]) -> Option<usize> {
    let column = strip_prefix(tag, PREFIX)?;
    COLUMNS.iter().position(|known| column.eq_ignore_ascii_case(known))
}

/// A number, its standard uncertainty in parentheses aside.
fn measured(text: &[u8]) -> Option<f64> {
    let end = text.iter().position(|b| *b == b'(').filter(|_| text.ends_with(b")"));
    number(&text[..end.unwrap_or(text.len())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    const HEAD: &str = "data_t\n_cell.length_a 10\n_cell.length_b 20\n_cell.length_c 30\n_cell.angle_alpha 90\n\
        _cell.angle_beta 90\n_cell.angle_gamma 90(1)\nloop_\n\
        _atom_site.group_PDB\n_atom_site.id\n_atom_site.type_symbol\n\
        _atom_site.label_atom_id\n_atom_site.label_alt_id\n_atom_site.label_comp_id\n_atom_site.label_asym_id\n\
        _atom_site.auth_asym_id\n_atom_site.auth_seq_id\n_atom_site.pdbx_PDB_ins_code\n_ATOM_SITE.Cartn_X\n\
        _atom_site.Cartn_y\n_atom_site.Cartn_z\n_atom_site.occupancy\n_atom_site.pdbx_PDB_model_num\n";

    fn read(text: &str) -> Result<Parsed> {
        parse(text.as_bytes(), "t.cif", &Silent)
    }

    fn problem(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn every_column_is_read_by_its_tag() {
        let rows = "ATOM 1 C CA B GLY X A 7 Q 1.5 -2 3.25(3) 0.5 1\nHETATM 2 o \"O5'\" . HOH Y . . ? 4 5 6 ? 1\n#\n";
        let parsed = read(&format!("{HEAD}{rows}")).unwrap();
        let atoms = parsed.cloud.atoms.unwrap();
        assert_eq!(parsed.cloud.positions, [DVec3::new(1.5, -2.0, 3.25), DVec3::new(4.0, 5.0, 6.0)]);
        assert_eq!((atoms.name.get(0), atoms.name.get(1)), ("CA", "O5'"));
        assert_eq!((atoms.element.get(1), atoms.resname.get(0)), ("O", "GLY"));
        assert_eq!((atoms.chain.get(0), atoms.chain.get(1)), ("A", "Y"));
        assert_eq!((atoms.resid[0], atoms.resid[1]), (7, AtomTable::NO_RESID));
        assert_eq!((atoms.icode[0], atoms.altloc[0], atoms.altloc[1]), (b'Q', b'B', b' '));
        assert_eq!((atoms.hetero.as_slice(), atoms.occupancy[0]), ([false, true].as_slice(), 0.5));
        assert!(atoms.occupancy[1].is_nan());
        assert_eq!(parsed.cells, [Some([10.0, 20.0, 30.0, 90.0, 90.0, 90.0])]);
    }

    use crate::points::AtomTable;

    #[test]
    fn models_part_frames() {
        let row = |model| format!("ATOM 1 C CA . GLY A A 7 ? 1 2 3 1 {model}\n");
        let parsed = read(&format!("{HEAD}{}{}{}", row(1), row(1), row(5))).unwrap();
        assert_eq!(parsed.starts, [0, 2, 3]);
        assert!(problem(&format!("{HEAD}{}{}{}", row(1), row(2), row(1))).contains("t.cif:26: model 1 goes on"));
    }

    #[test]
    fn missing_coordinates_are_left_out_and_words_are_errors() {
        let row = |x| format!("ATOM 1 C CA . GLY A A 7 ? {x} 2 3 1 1\n");
        let parsed = read(&format!("{HEAD}{}{}{}", row("?"), row("."), row("1"))).unwrap();
        assert_eq!((parsed.cloud.len(), parsed.row_starts.as_slice()), (1, [0, 3].as_slice()));
        assert!(problem(&format!("{HEAD}{}", row("one"))).contains("t.cif:24: Cartn_x is `one`"));
    }

    #[test]
    fn a_table_that_ends_within_a_row_is_told() {
        let row = "ATOM 1 C CA . GLY A A 7 ? 1 2 3 1 1\n";
        assert!(problem(&format!("{HEAD}{row}ATOM 2 C\nloop_\n_x\n1\n")).contains("t.cif:25: the table of atoms ends"));
        assert!(problem(&format!("{HEAD}{row}ATOM 2 C")).contains("3 of 15 values after 1 whole rows"));
    }

    #[test]
    fn one_atom_may_be_given_as_pairs() {
        let text =
            "data_t\n_atom_site.Cartn_x 1\n_atom_site.Cartn_y\n2\n_atom_site.Cartn_z '3'\n_atom_site.label_atom_id CA";
        let parsed = read(text).unwrap();
        assert_eq!(parsed.cloud.positions, [DVec3::new(1.0, 2.0, 3.0)]);
        assert!(problem("data_t\n_atom_site.Cartn_x 1\n").contains("no Cartn_x, Cartn_y"));
    }

    #[test]
    fn files_without_cartesian_atoms_say_what_they_hold() {
        let small = "data_t\nloop_\n_atom_site_label\n_atom_site_fract_x\nC1 0.5(1)\n";
        assert!(problem(small).contains("small-molecule"));
        assert!(problem("data_t\nloop_\n_atom_site.id\n_atom_site.fract_x\n1 0.5\n").contains("small-molecule"));
        // A tag as a quoted value is no tag.
        assert!(problem("data_t\nloop_\n_item\n'_atom_site.Cartn_x'\n").contains("no table of atoms"));
        assert!(problem("data_t\nloop_\n").contains("no table of atoms"));
    }

    #[test]
    fn a_second_table_is_left_out_with_a_warning() {
        let row = "ATOM 1 C CA . GLY A A 7 ? 1 2 3 1 1\n";
        let parsed = read(&format!("{HEAD}{row}{HEAD}{row}")).unwrap();
        assert_eq!((parsed.cloud.len(), parsed.warnings.len()), (1, 1));
    }
}
