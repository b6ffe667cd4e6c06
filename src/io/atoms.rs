//! Collecting atoms one record at a time, for all formats of structures.

use super::choose::{Parsed, Rows};
use super::lines::shown;
use crate::geometry::LengthUnit;
use crate::points::atoms::Interner;
use crate::points::{AtomTable, elements};
use glam::DVec3;

/// One atom, as it stands in a file.
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
}

/// Columns of atoms that grow, with what is told about them at the end.
#[derive(Default)]
pub(super) struct AtomBuilder {
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
    first_unknown: Option<String>,
    without_resid: u64,
}

impl AtomBuilder {
    /// What follows belongs to a new frame.
    pub(super) fn begin_frame(&mut self) {
        self.starts.push(self.rows.positions.len());
        self.row_starts.push(self.rows.len());
    }

    /// Frames begun.
    pub(super) fn frames(&self) -> usize {
        self.starts.len()
    }

    /// Appends an atom; one whose position is not finite is only counted.
    pub(super) fn push(&mut self, record: &Record, line: u64) {
        if !self.rows.push(record.position, || format!("line {line}")) {
            return;
        }
        let table = &mut self.table;
        table.resid.push(record.resid.unwrap_or(AtomTable::NO_RESID));
        table.icode.push(record.icode);
        table.altloc.push(record.altloc);
        table.hetero.push(record.is_hetero);
        table.occupancy.push(record.occupancy);
        table.bfactor.push(record.bfactor);
        self.without_resid += u64::from(record.resid.is_none());
        self.name.push(record.name.trim_ascii());
        self.resname.push(record.resname);
        self.chain.push(record.chain);
        self.push_element(record, line);
    }

    fn push_element(&mut self, record: &Record, line: u64) {
        let capitals = record.element.to_ascii_uppercase();
        let is_known = std::str::from_utf8(&capitals).is_ok_and(|e| elements::atomic_number(e).is_some());
        if is_known {
            return self.element.push(&capitals);
        }
        if record.element.is_empty() {
            self.guessed += 1;
        } else {
            self.unknown += 1;
            self.first_unknown.get_or_insert_with(|| format!("`{}` on line {line}", shown(record.element)));
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
        parsed.columns = ["name", "element", "resname", "resid", "chain", "altloc", "occupancy", "bfactor"]
            .map(str::to_owned)
            .to_vec();
        self.rows.finish(&mut parsed);
        parsed.cloud.unit = Some(LengthUnit::Angstrom);
        parsed.cloud.atoms = Some(self.table);
        parsed
    }

    fn tell(&mut self, parsed: &mut Parsed) {
        if self.guessed > 0 {
            let count = self.guessed;
            parsed.notes.push(format!("{count} atoms have no element; it is guessed from the atom name"));
        }
        if let Some(first) = self.first_unknown.take() {
            let count = self.unknown;
            parsed
                .warnings
                .push(format!("{count} atoms have an unknown element symbol ({first}); guessed from the name"));
        }
        if self.without_resid > 0 {
            let count = self.without_resid;
            parsed.notes.push(format!("{count} atoms have no readable residue number; `resid` does not find them"));
        }
        let ends = self.row_starts.iter().skip(1).copied().chain([self.rows.len()]);
        let counts: Vec<usize> = self.row_starts.iter().zip(ends).map(|(begin, end)| end - begin).collect();
        if let (Some(least), Some(most)) = (counts.iter().min(), counts.iter().max())
            && least != most
        {
            parsed.warnings.push(format!("the models have different numbers of atoms, {least} to {most}"));
        }
    }
}
