//! Collecting atoms one record at a time, for all formats of structures.

use super::choose::{self, Parsed, Rows};
use super::lines::shown;
use crate::geometry::LengthUnit;
use crate::points::atoms::Interner;
use crate::points::{AtomTable, elements};
use glam::DVec3;

/// Which attributes a format has besides name and element.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Attributes {
    pub(super) residues: bool,
    pub(super) chains: bool,
    /// ATOM and HETATM records.
    pub(super) hetero: bool,
    /// Alternate locations, occupancy and B factor.
    pub(super) crystal: bool,
    /// Charge and radius.
    pub(super) charges: bool,
}

impl Attributes {
    /// Those of PDB and mmCIF.
    pub(super) const CRYSTAL: Self = Self { residues: true, chains: true, hetero: true, crystal: true, charges: false };

    fn columns(self) -> Vec<String> {
        let all: [(&str, bool); 11] = [
            ("name", true),
            ("element", true),
            ("resname", self.residues),
            ("resid", self.residues),
            ("chain", self.chains),
            ("hetero", self.hetero),
            ("altloc", self.crystal),
            ("occupancy", self.crystal),
            ("bfactor", self.crystal),
            ("charge", self.charges),
            ("radius", self.charges),
        ];
        all.iter().filter(|c| c.1).map(|c| c.0.to_owned()).collect()
    }
}

/// One atom, as it stands in a file.
#[derive(Default)]
pub(super) struct Record<'a> {
    pub(super) position: DVec3,
    /// The name, with leading blanks where columns matter.
    pub(super) name: &'a [u8],
    /// Empty where the file leaves it out.
    pub(super) element: &'a [u8],
    pub(super) resname: &'a [u8],
    pub(super) chain: &'a [u8],
    pub(super) resid: Option<i32>,
    pub(super) icode: u8,
    pub(super) altloc: u8,
    pub(super) is_hetero: bool,
    pub(super) occupancy: f64,
    pub(super) bfactor: f64,
    /// In elementary charges.
    pub(super) charge: f64,
    /// In angstrom.
    pub(super) radius: f64,
    pub(super) formal_charge: i8,
}

/// A number of atoms: of those with a position, and of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) points: usize,
    pub(super) rows: usize,
}

impl std::ops::Add for Count {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { points: self.points + other.points, rows: self.rows + other.rows }
    }
}

/// Columns of atoms that grow, with what is told about them at the end.
#[derive(Default)]
pub(super) struct AtomBuilder {
    has: Attributes,
    rows: Rows,
    table: AtomTable,
    name: Interner,
    element: Interner,
    resname: Interner,
    chain: Interner,
    starts: Vec<usize>,
    row_starts: Vec<usize>,
    guessed: u64,
    unknown: u64,
    /// The first unknown element symbol, and its line.
    first_unknown: Option<(String, u64)>,
    without_resid: u64,
}

impl AtomBuilder {
    /// A builder for a format with these attributes; the others of a record are not kept.
    pub(super) fn new(has: Attributes) -> Self {
        Self { has, ..Self::default() }
    }

    /// What follows belongs to a new frame.
    pub(super) fn begin_frame(&mut self) {
        self.begin_frame_at(self.count());
    }

    /// A frame begins where the builder had these counts.
    pub(super) fn begin_frame_at(&mut self, at: Count) {
        self.starts.push(at.points);
        self.row_starts.push(at.rows);
    }

    /// Atoms so far.
    pub(super) fn count(&self) -> Count {
        Count { points: self.rows.positions.len(), rows: self.rows.len() }
    }

    /// Appends the atoms of another, which begins after `lines` lines, without its frames.
    pub(super) fn append(&mut self, mut other: Self, lines: u64) {
        self.rows.append(other.rows, lines);
        self.table.append_numbers(&mut other.table);
        self.name.append(other.name);
        self.element.append(other.element);
        self.resname.append(other.resname);
        self.chain.append(other.chain);
        self.guessed += other.guessed;
        self.unknown += other.unknown;
        self.without_resid += other.without_resid;
        self.first_unknown = self.first_unknown.take().or(other.first_unknown.map(|(text, n)| (text, n + lines)));
    }

    /// Frames begun.
    pub(super) fn frames(&self) -> usize {
        self.starts.len()
    }

    /// Appends an atom; one whose position is not finite is only counted.
    pub(super) fn push(&mut self, record: &Record, line: u64) {
        if !self.rows.push(record.position, line) {
            return;
        }
        self.name.push(record.name.trim_ascii());
        if self.has.residues {
            self.resname.push(record.resname);
            self.table.resid.push(record.resid.unwrap_or(AtomTable::NO_RESID));
            self.without_resid += u64::from(record.resid.is_none());
        }
        if self.has.chains {
            self.chain.push(record.chain);
        }
        if self.has.hetero {
            self.table.hetero.push(record.is_hetero);
        }
        if self.has.crystal || self.has.charges {
            self.table.icode.push(record.icode);
        }
        if self.has.crystal {
            self.table.altloc.push(record.altloc);
            self.table.occupancy.push(record.occupancy);
            self.table.bfactor.push(record.bfactor);
            self.table.formal_charge.push(record.formal_charge);
        }
        if self.has.charges {
            self.table.charge.push(record.charge);
            self.table.radius.push(record.radius);
        }
        self.push_element(record, line);
    }

    fn push_element(&mut self, record: &Record, line: u64) {
        // Symbols have at most two letters; no allocation for each atom.
        let mut capitals = [0; 2];
        let capitals = &mut capitals[..record.element.len().min(2)];
        capitals.copy_from_slice(&record.element[..capitals.len()]);
        capitals.make_ascii_uppercase();
        let is_known = || std::str::from_utf8(capitals).is_ok_and(|e| elements::atomic_number(e).is_some());
        // Programs that guess elements make scandium and boron of coarse-grained beads.
        let is_bead = elements::is_bead(record.name.trim_ascii(), record.resname);
        if record.element.len() <= 2 && is_known() && !is_bead {
            return self.element.push(capitals);
        }
        if record.element.is_empty() || is_bead {
            self.guessed += 1;
        } else {
            self.unknown += 1;
            self.first_unknown.get_or_insert_with(|| (shown(record.element), line));
        }
        self.element.push(elements::guess(record.name, record.resname).as_bytes());
    }

    /// Everything collected, in angstrom.
    pub(super) fn finish(mut self, format: &'static str) -> Parsed {
        let mut parsed = Parsed { format, dimensions: 3, ..Parsed::default() };
        self.tell(&mut parsed);
        self.table.name = self.name.finish();
        self.table.element = self.element.finish();
        self.table.resname = self.resname.finish();
        self.table.chain = self.chain.finish();
        parsed.starts = self.starts;
        parsed.row_starts = self.row_starts;
        parsed.columns = self.has.columns();
        self.rows.finish(&mut parsed, choose::line);
        parsed.cloud.unit = Some(LengthUnit::Angstrom);
        parsed.cloud.atoms = Some(self.table);
        parsed
    }

    fn tell(&mut self, parsed: &mut Parsed) {
        if self.guessed > 0 {
            let count = self.guessed;
            parsed.notes.push(format!("{count} atoms have no element; it is guessed from the atom name"));
        }
        if let Some((symbol, line)) = self.first_unknown.take() {
            let told =
                format!("atoms have an unknown element symbol (`{symbol}` on line {line}); guessed from the name");
            parsed.warnings.push(format!("{} {told}", self.unknown));
        }
        if self.without_resid > 0 {
            let count = self.without_resid;
            parsed.notes.push(format!("{count} atoms have no readable residue number; `resid` does not find them"));
        }
        let ends = self.row_starts.iter().skip(1).copied().chain([self.rows.len()]);
        let counts: Vec<usize> = self.row_starts.iter().zip(ends).map(|(begin, end)| end - begin).collect();
        let told = match (counts.iter().min(), counts.iter().max()) {
            (Some(least), Some(most)) if least != most => {
                format!("the frames have different numbers of atoms, {least} to {most}")
            }
            _ => return,
        };
        // Where atoms have no residue, frames need not be of the same molecules.
        if self.has.residues { parsed.warnings.push(told) } else { parsed.notes.push(told) }
    }
}
