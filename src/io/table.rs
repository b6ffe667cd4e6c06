//! Tables of numbers: CSV, TSV, semicolons, blanks; with or without a header.
//!
//! Lines that begin with `#` are comments. The separator, the decimal comma and the columns of the
//! positions are found out; a row that has another number of fields than the first is an error, so
//! that no other format is taken for a table.

pub(super) mod columns;
mod layout;
mod names;
mod vendor;
mod with_column;

use std::path::Path;

use glam::DVec3;
use memchr::{memchr, memchr2};

use super::choose::{Parsed, Rows};
use super::lines::{Lines, number, shown};
use super::{ReadOptions, atomic};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::points::{AtomTable, Column, PointCloud};
use crate::progress::Progress;
use layout::{Layout, Separator};
pub use with_column::write_with_column;

/// Lines between two looks at whether to stop.
const CHECK_EVERY: u64 = 1 << 16;
/// Nanometres in a metre, into which tables in metres are converted.
const NANOMETRES: f64 = 1e9;

/// Reads a table.
///
/// # Errors
/// [`Error::Input`] with the line, [`Error::Usage`] for columns that are not there,
/// [`Error::Interrupted`].
pub(super) fn parse(bytes: &[u8], name: &str, options: &ReadOptions, progress: &dyn Progress) -> Result<Parsed> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (text, mut notes) = vendor::without_trailer(text);
    if let Some(at) = memchr(0, text) {
        let line = Lines::new(&text[..at]).count().max(1) as u64;
        return Err(Error::line(name, line, "holds a NUL byte, so it is no text; save it as CSV UTF-8"));
    }
    let layout = Layout::find(text).map_err(|(line, problem)| place_of(name, line, problem))?;
    let chosen = names::choose(&layout, options, name)?;
    notes.extend(chosen.notes.iter().cloned());
    let mut reader = Reader::new(&layout, &chosen);
    for (line_number, line) in Lines::new(text) {
        if line_number > layout.header_line && !layout::is_skipped(line) {
            reader.row(line, line_number).map_err(|problem| Error::line(name, line_number, problem))?;
        }
        if line_number.is_multiple_of(CHECK_EVERY) {
            progress.check()?;
        }
    }
    if reader.rows.len() == 0 {
        return Err(Error::Data(format!("{name}: has a header but no rows; no points to read")));
    }
    Ok(reader.finish(&layout, &chosen, notes))
}

fn place_of(name: &str, line: u64, problem: String) -> Error {
    if line == 0 { Error::input(name, problem) } else { Error::line(name, line, problem) }
}

/// The row that is being read, and all before it.
struct Reader<'a> {
    layout: &'a Layout,
    /// What each column is for; the last entry is the last column that is used.
    uses: Vec<Option<usize>>,
    /// Values of the current row: x, y, z, weight, further columns.
    values: Vec<f64>,
    dimensions: usize,
    has_weight: bool,
    scale: f64,
    rows: Rows,
    weights: Vec<f64>,
    further: Vec<Vec<f64>>,
    decimal: Option<u8>,
}

/// Where the weight stands in `Reader::values`, after x, y and z.
const WEIGHT: usize = 3;

impl<'a> Reader<'a> {
    fn new(layout: &'a Layout, chosen: &names::Chosen) -> Self {
        let mut wanted: Vec<(usize, usize)> = chosen.positions.iter().enumerate().map(|(i, c)| (*c, i)).collect();
        wanted.extend(chosen.weight.map(|column| (column, WEIGHT)));
        wanted.extend(chosen.further.iter().enumerate().map(|(i, column)| (*column, WEIGHT + 1 + i)));
        Self {
            layout,
            uses: Self::uses(&wanted, layout.columns.len()),
            values: vec![0.0; WEIGHT + 1 + chosen.further.len()],
            dimensions: chosen.positions.len(),
            has_weight: chosen.weight.is_some(),
            scale: if chosen.unit == Some(LengthUnit::Metre) { NANOMETRES } else { 1.0 },
            rows: Rows::default(),
            weights: Vec::new(),
            further: vec![Vec::new(); chosen.further.len()],
            decimal: None,
        }
    }

    /// For each column, the first thing it is used for; the same column may be named only once.
    fn uses(wanted: &[(usize, usize)], columns: usize) -> Vec<Option<usize>> {
        (0..columns).map(|c| wanted.iter().find(|w| w.0 == c).map(|w| w.1)).collect()
    }

    fn row(&mut self, line: &[u8], line_number: u64) -> Result<(), String> {
        let layout = self.layout;
        let count = if memchr(b'"', line).is_some() {
            let fields = layout::quoted_fields(line, layout.separator)?;
            for (i, text) in fields.iter().enumerate() {
                self.field(i, text)?;
            }
            fields.len()
        } else {
            let mut count = 0;
            layout.separator.try_split(line, |text| {
                self.field(count, text)?;
                count += 1;
                Ok::<(), String>(())
            })?;
            // A separator at the end of every row begins no column.
            count - usize::from(count == layout.columns.len() + 1 && layout.separator.ends(line))
        };
        let expected = layout.columns.len();
        if count < expected || count > expected && !layout.may_be_longer {
            let first = layout.header_line.max(1);
            return Err(format!("has {count} fields, {expected} are expected as on line {first}; is the file cut?"));
        }
        self.keep(line_number)
    }

    fn field(&mut self, column: usize, text: &[u8]) -> Result<(), String> {
        let Some(&Some(used)) = self.uses.get(column) else { return Ok(()) };
        self.values[used] = match number(text) {
            Some(value) if self.layout.separator == Separator::Comma => value,
            other => self.with_decimal_comma(other, text, column)?,
        };
        Ok(())
    }

    /// A number that may have a decimal comma, or be missing.
    fn with_decimal_comma(&mut self, plain: Option<f64>, text: &[u8], column: usize) -> Result<f64, String> {
        let mark = memchr2(b'.', b',', text).map(|at| text[at]);
        if self.layout.separator != Separator::Comma && mark.is_some() {
            if self.decimal.is_some() && self.decimal != mark {
                return Err(format!("`{}` mixes decimal commas and points; write one of them throughout", shown(text)));
            }
            self.decimal = mark;
        }
        let comma = (mark == Some(b',')).then(|| text.iter().map(|b| if *b == b',' { b'.' } else { *b }).collect());
        let value = plain.or_else(|| comma.and_then(|text: Vec<u8>| number(&text)));
        let is_missing =
            || ["", "na", "n/a", "null", "none", "-", "--"].iter().any(|m| text.eq_ignore_ascii_case(m.as_bytes()));
        match value {
            Some(value) => Ok(value),
            None if is_missing() => Ok(f64::NAN),
            None => {
                let column = &self.layout.columns[column];
                Err(format!("column `{column}` is `{}`, a number is expected", shown(text)))
            }
        }
    }

    fn keep(&mut self, line: u64) -> Result<(), String> {
        let mut position = DVec3::new(self.values[0], self.values[1], self.values[2]) * self.scale;
        if self.dimensions == 2 {
            position.z = 0.0;
        }
        if !self.rows.push(position, || format!("line {line}")) {
            return Ok(());
        }
        if self.has_weight {
            let weight = self.values[WEIGHT];
            if !(weight >= 0.0 && weight.is_finite()) {
                return Err(format!("the weight is {weight}; weights must be 0 or more"));
            }
            self.weights.push(weight);
        }
        self.further.iter_mut().zip(&self.values[WEIGHT + 1..]).for_each(|(column, value)| column.push(*value));
        Ok(())
    }

    fn finish(self, layout: &Layout, chosen: &names::Chosen, notes: Vec<String>) -> Parsed {
        let named = |column: &usize| layout.columns[*column].clone();
        let is_metre = chosen.unit == Some(LengthUnit::Metre);
        let mut parsed = Parsed {
            format: layout.separator.format(),
            dimensions: self.dimensions,
            starts: vec![0],
            row_starts: vec![0],
            columns: layout.columns.clone(),
            position_columns: chosen.positions.iter().map(named).collect(),
            notes,
            ..Parsed::default()
        };
        self.rows.finish(&mut parsed);
        parsed.cloud.unit = if is_metre { Some(LengthUnit::Nanometre) } else { chosen.unit };
        if is_metre {
            parsed.notes.push("positions in metres are converted to nanometres".into());
        }
        parsed.cloud.weights = self.has_weight.then_some(self.weights);
        let columns = chosen.further.iter().zip(self.further);
        parsed.cloud.columns = columns.map(|(c, values)| Column { name: named(c), values }).collect();
        parsed
    }
}

/// Writes a cloud as CSV: x, y, z with the unit in the header (`x [nm]`), name, element, residue and chain of atoms,
/// the weights and further columns if there are any. Numbers are written so that they read back exactly.
///
/// # Errors
/// [`Error::File`], or [`Error::Usage`] if `path` is `input`.
pub fn write_csv(path: &Path, cloud: &PointCloud, input: Option<&Path>) -> Result<()> {
    atomic::write(path, input, |file| {
        let unit = cloud.unit.map_or(String::new(), |u| format!(" [{}]", u.name()));
        write!(file, "x{unit},y{unit},z{unit}")?;
        let atoms = cloud.atoms.as_ref().map_or_else(Vec::new, atom_columns);
        for (name, _) in &atoms {
            write!(file, ",{name}")?;
        }
        if cloud.weights.is_some() {
            write!(file, ",weight")?;
        }
        for column in &cloud.columns {
            write!(file, ",\"{}\"", column.name.replace('"', "\"\""))?;
        }
        writeln!(file)?;
        for (i, p) in cloud.positions.iter().enumerate() {
            write!(file, "{},{},{}", p.x, p.y, p.z)?;
            for (_, text) in &atoms {
                write!(file, ",{}", text(i))?;
            }
            let further = cloud.columns.iter().map(|c| &c.values);
            for values in cloud.weights.iter().chain(further) {
                write!(file, ",{}", values[i])?;
            }
            writeln!(file)?;
        }
        Ok(())
    })
}

type TextOf<'a> = Box<dyn Fn(usize) -> String + 'a>;

/// The columns of atoms that are there, each with its text by point.
fn atom_columns(atoms: &AtomTable) -> Vec<(&'static str, TextOf<'_>)> {
    let mut columns: Vec<(&'static str, TextOf)> = Vec::new();
    let texts =
        [("name", &atoms.name), ("element", &atoms.element), ("resname", &atoms.resname), ("chain", &atoms.chain)];
    for (name, column) in texts {
        if !column.codes.is_empty() {
            columns.push((name, Box::new(|i| quoted(column.get(i)))));
        }
    }
    if !atoms.resid.is_empty() {
        let resid = |i: usize| match atoms.resid[i] {
            AtomTable::NO_RESID => String::new(),
            resid => resid.to_string(),
        };
        columns.push(("resid", Box::new(resid)));
    }
    for (name, codes) in [("icode", &atoms.icode), ("altloc", &atoms.altloc)] {
        if codes.iter().any(|c| *c != b' ') {
            columns.push((name, Box::new(|i| quoted(char::from(codes[i]).to_string().trim()))));
        }
    }
    columns
}

/// A text as CSV has it.
fn quoted(text: &str) -> String {
    let is_plain = !text.contains(['"', ',', '\n', '\r']);
    if is_plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests;
