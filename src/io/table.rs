//! Tables of numbers: CSV, TSV, semicolons, blanks; with or without a header.
//!
//! Lines that begin with `#`, `%`, `!`, `@` or `//` are comments. The separator, lines above the names, decimal
//! commas, separators of thousands and the columns of the positions are found out; a row that has another number of
//! fields than the first is an error, so that no other format is taken for a table.

pub(super) mod columns;
mod head;
mod layout;
mod local;
mod names;
mod streamed;
mod vendor;
mod with_column;

use std::borrow::Cow;

use glam::DVec3;
use memchr::{memchr, memrchr};
use rayon::prelude::*;

use super::choose::{self, Parsed, Rows};
use super::lines::{Lines, number, pieces, short_decimal, shown};
use super::{ReadOptions, atomic, room};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::points::Column;
use crate::progress::Progress;
use layout::{Layout, Separator};
pub(super) use streamed::streamed;
use streamed::whole_lines;
pub use with_column::write_with_column;

/// Bytes that are read at once.
const PIECE: usize = 1 << 20;
/// The part in which the layout is looked for.
const HEAD: usize = 1 << 20;
/// Rows whose values are looked at before all are read.
const LOOKED_AT: usize = 100;
/// Nanometres in a metre, into which tables in metres are converted.
const NANOMETRES: f64 = 1e9;

/// Reads a table.
///
/// # Errors
/// [`Error::Input`] with the line, [`Error::Usage`] for columns that are not there,
/// [`Error::Interrupted`].
pub(super) fn parse(bytes: &[u8], name: &str, options: &ReadOptions, progress: &dyn Progress) -> Result<Parsed> {
    let text = bytes.strip_prefix(super::sniff::BYTE_ORDER_MARK).unwrap_or(bytes);
    let (text, notes) = vendor::without_trailer(text);
    let mut plan = Plan::of(text, name, options)?;
    plan.notes.splice(0..0, notes);
    let rows = &text[plan.begin.min(text.len())..];
    read(plan, pieces(rows, PIECE).map(|piece| Ok(Cow::Borrowed(piece))), rows.len() as u64, name, progress)
}

/// Reads a table a piece at a time, so that it is never in memory whole: `head` are its first bytes, and
/// `more` gives further ones. `None` if it must be read whole.
///
/// # Errors
/// As [`parse`], and what `more` gives.
pub(super) fn parse_pieces(
    head: Vec<u8>,
    len: u64,
    more: impl FnMut() -> Result<Vec<u8>> + Send,
    name: &str,
    options: &ReadOptions,
    progress: &dyn Progress,
) -> Option<Result<Parsed>> {
    let text = head.strip_prefix(super::sniff::BYTE_ORDER_MARK).unwrap_or(&head);
    let lines = &text[..memrchr(b'\n', text)? + 1];
    if vendor::has_trailer(text) || memrchr(b'\n', &lines[..lines.len() / 2]).is_none() {
        return None;
    }
    let plan = match Plan::of(lines, name, options) {
        Ok(plan) => plan,
        Err(e) => return Some(Err(e)),
    };
    let rest = text.get(plan.begin..)?.to_vec();
    let pieces = whole_lines(rest, more, name);
    Some(read(plan, pieces, len, name, progress))
}

/// How the rows of a table are read.
#[derive(Debug)]
struct Plan {
    layout: Layout,
    chosen: names::Chosen,
    notes: Vec<String>,
    /// Where the rows begin.
    begin: usize,
}

impl Plan {
    fn of(text: &[u8], name: &str, options: &ReadOptions) -> Result<Self> {
        let head = &text[..text.len().min(HEAD)];
        if let Some(at) = memchr(0, head) {
            return Err(nul(name, Lines::new(&head[..at]).count().max(1) as u64));
        }
        let layout = Layout::find(text).map_err(|(line, problem)| place_of(name, line, problem))?;
        let mut lines = Lines::new(text);
        lines.by_ref().take(layout.header_line as usize).for_each(drop);
        let begin = text.len() - lines.rest().len();
        let chosen = names::choose(&layout, options, name, &mut |column| {
            let rows = Lines::new(&text[begin..]).filter(|(_, line)| !layout::is_skipped(line)).take(LOOKED_AT);
            let fields = rows.filter_map(|(_, line)| layout::quoted_fields(line, layout.separator).ok());
            columns::largest(fields.filter_map(|fields| number(fields.get(column)?)))
        })?;
        let notes = [&layout.notes[..], &chosen.notes].concat();
        Ok(Self { notes, layout, chosen, begin })
    }
}

fn nul(name: &str, line: u64) -> Error {
    Error::line(name, line, "holds a NUL byte, so it is no text; save it as CSV UTF-8")
}

/// Reads the rows of all pieces.
fn read<'t>(
    plan: Plan,
    pieces: impl Iterator<Item = Result<Cow<'t, [u8]>>> + Send,
    len: u64,
    name: &str,
    progress: &dyn Progress,
) -> Result<Parsed> {
    let all = walk(&plan, pieces, name, progress, &mut |all, done| {
        all.reserve(done, len);
        Ok(())
    })?;
    Ok(all.finish(&plan))
}

/// Reads the rows of all pieces, several at a time; `each` is shown what is there after each time, and how many bytes were
/// read for it.
fn walk<'p, 't>(
    plan: &'p Plan,
    mut pieces: impl Iterator<Item = Result<Cow<'t, [u8]>>> + Send,
    name: &str,
    progress: &dyn Progress,
    each: &mut dyn FnMut(&mut Reader<'p>, u64) -> Result<()>,
) -> Result<Reader<'p>> {
    let Plan { layout, chosen, .. } = plan;
    let mut all = Reader::new(layout, chosen);
    let (mut lines, mut done) = (layout.header_line, 0_u64);
    let mut next = || pieces.by_ref().take(2 * rayon::current_num_threads()).collect::<Result<Vec<Cow<[u8]>>>>();
    let mut batch = next()?;
    while !batch.is_empty() {
        progress.check()?;
        let parse = |piece: &Cow<[u8]>| Reader::new(layout, chosen).piece(piece);
        // The next pieces come from the file meanwhile; a short table wakes no threads.
        let (parts, following) = match &batch[..] {
            [only] => (vec![parse(only)], next()),
            _ => rayon::join(|| batch.par_iter().map(parse).collect::<Vec<_>>(), &mut next),
        };
        for (piece, part) in batch.iter().zip(parts) {
            let (part, count) = part.map_err(|(line, problem)| match problem {
                Some(problem) => Error::line(name, lines + line, problem),
                None => nul(name, lines + line),
            })?;
            all.append(part, lines).map_err(|(line, problem)| Error::line(name, line, problem))?;
            lines += count;
            done += piece.len() as u64;
        }
        each(&mut all, done)?;
        batch = following?;
    }
    if all.rows.len() == 0 {
        return Err(Error::Data(format!("{name}: has a header but no rows; no points to read")));
    }
    Ok(all)
}

fn place_of(name: &str, line: u64, problem: String) -> Error {
    if line == 0 { Error::input(name, problem) } else { Error::line(name, line, problem) }
}

/// The row that is being read, and all before it.
struct Reader<'a> {
    layout: &'a Layout,
    /// What each column is for; the last entry is the last column that is used.
    uses: Vec<Option<usize>>,
    /// Values of the current row: x, y, z, weight, further columns, standard deviations.
    values: Vec<f64>,
    dimensions: usize,
    has_weight: bool,
    scale: f64,
    rows: Rows,
    weights: Vec<f64>,
    further: Vec<Vec<f64>>,
    /// Where each further column stands in `values`; it may be one of the positions too.
    of_further: Vec<usize>,
    /// For each axis where its standard deviation stands in `values`, its column, and what it is multiplied by.
    of_sigma: Vec<(usize, (usize, f64))>,
    sigmas: Vec<DVec3>,
    /// The decimal mark, and the line it is first met on.
    decimal: Option<(u8, u64)>,
    /// Whether a decimal comma was met that parts no thousands; until then the first that could, and its line.
    is_comma_clear: bool,
    doubtful: Option<(String, u64)>,
    /// The line that is read.
    line: u64,
}

/// Room for rows against those expected: at least, and where there is less.
const LEAST_SPARE: f64 = 1.002;
const SPARE: f64 = 1.02;

/// Where the weight stands in `Reader::values`, after x, y and z.
const WEIGHT: usize = 3;

/// What positions in a unit become, by what they are multiplied for it, and what is told: metres become nanometres,
/// unless another unit is declared.
fn read_as(unit: Option<LengthUnit>, declared: Option<LengthUnit>) -> (Option<LengthUnit>, f64, Option<String>) {
    let is_kept = declared.is_some_and(|declared| declared != LengthUnit::Nanometre);
    if unit != Some(LengthUnit::Metre) || is_kept {
        return (unit, 1.0, None);
    }
    (Some(LengthUnit::Nanometre), NANOMETRES, Some("positions in metres are converted to nanometres".into()))
}

impl<'a> Reader<'a> {
    fn new(layout: &'a Layout, chosen: &names::Chosen) -> Self {
        let mut wanted: Vec<(usize, usize)> = chosen.positions.iter().enumerate().map(|(i, c)| (*c, i)).collect();
        wanted.extend(chosen.weight.map(|column| (column, WEIGHT)));
        wanted.extend(chosen.further.iter().enumerate().map(|(i, column)| (*column, WEIGHT + 1 + i)));
        // The same column may serve several axes: the first of them reads it.
        let first_sigma = WEIGHT + 1 + chosen.further.len();
        wanted.extend(chosen.sigmas.iter().enumerate().map(|(i, sigma)| (sigma.0, first_sigma + i)));
        let uses = Self::uses(&wanted, layout.columns.len());
        let of_further = chosen.further.iter().map(|column| uses[*column].expect("it is wanted")).collect();
        let sigma = |sigma: &(usize, f64)| (uses[sigma.0].unwrap_or(first_sigma), *sigma);
        Self {
            layout,
            values: vec![0.0; first_sigma + chosen.sigmas.len()],
            of_sigma: chosen.sigmas.iter().map(sigma).collect(),
            sigmas: Vec::new(),
            uses,
            dimensions: chosen.positions.len(),
            has_weight: chosen.weight.is_some(),
            scale: read_as(chosen.unit, chosen.declared).1,
            rows: Rows::default(),
            weights: Vec::new(),
            further: vec![Vec::new(); chosen.further.len()],
            of_further,
            decimal: None,
            is_comma_clear: false,
            doubtful: None,
            line: 0,
        }
    }

    /// Reads whole lines; gives their number. The error is a line from 1, without a text for a NUL byte.
    fn piece(mut self, text: &[u8]) -> Result<(Self, u64), (u64, Option<String>)> {
        if let Some(at) = memchr(0, text) {
            return Err((Lines::new(&text[..at]).count().max(1) as u64, None));
        }
        let mut lines = Lines::new(text);
        let is_plain = self.layout.separator == Separator::Comma && self.layout.marks.thousands.is_none();
        loop {
            if let Some(after) = if is_plain { self.plain_row(lines.rest()) } else { None } {
                self.line = lines.advance(after);
                self.keep().map_err(|problem| (self.line, Some(problem)))?;
                continue;
            }
            let Some((number, line)) = lines.next() else { break };
            self.line = number;
            if !layout::is_skipped(line) {
                self.row(line).map_err(|problem| (number, Some(problem)))?;
            }
        }
        let lines = self.line;
        Ok((self, lines))
    }

    /// Appends what was read after `lines` lines.
    fn append(&mut self, mut part: Self, lines: u64) -> Result<(), (u64, String)> {
        self.rows.append(part.rows, lines);
        self.weights.append(&mut part.weights);
        self.sigmas.append(&mut part.sigmas);
        self.further.iter_mut().zip(&mut part.further).for_each(|(all, more)| all.append(more));
        self.is_comma_clear |= part.is_comma_clear;
        self.doubtful = self.doubtful.take().or(part.doubtful.map(|(text, line)| (text, lines + line)));
        match (self.decimal, part.decimal) {
            (Some((mark, _)), Some((other, line))) if mark != other => {
                Err((lines + line, "mixes decimal commas and points; write one of them throughout".into()))
            }
            (mark, other) => {
                self.decimal = mark.or(other);
                Ok(())
            }
        }
    }

    /// Room for all rows, by those in the first `done` of `len` bytes: growing needs the memory twice, as what is advised
    /// to lie in large pages is copied. There is some to spare, so that later rows that are a little shorter still fit.
    fn reserve(&mut self, done: u64, len: u64) {
        let rows = self.rows.positions.len() as f64;
        let expected = rows * len as f64 / done.max(1) as f64;
        if LEAST_SPARE * expected <= self.rows.positions.capacity() as f64 {
            return;
        }
        let more = (SPARE * expected - rows).clamp(0.0, (len - len.min(done)) as f64 / 2.0) as usize;
        room::reserve(&mut self.rows.positions, more);
        self.weights.reserve_exact(if self.has_weight { more } else { 0 });
        self.sigmas.reserve_exact(if self.of_sigma.is_empty() { 0 } else { more });
        self.further.iter_mut().for_each(|column| column.reserve_exact(more));
    }

    /// For each column, the first thing it is used for; the same column may be named only once.
    fn uses(wanted: &[(usize, usize)], columns: usize) -> Vec<Option<usize>> {
        (0..columns).map(|c| wanted.iter().find(|w| w.0 == c).map(|w| w.1)).collect()
    }

    fn row(&mut self, line: &[u8]) -> Result<(), String> {
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
            let first = layout.names_line.max(1);
            return Err(format!(
                "has {count} fields, {expected} are expected as on line {first}; is the file cut, or do lines that are \
                 no part of the table lack a # before them?"
            ));
        }
        self.keep()
    }

    /// Reads the row that a text begins with if it is of plain numbers between commas alone, which is done without
    /// looking for its end first; gives the text after it.
    fn plain_row<'t>(&mut self, text: &'t [u8]) -> Option<&'t [u8]> {
        let mut rest = text;
        for column in 0..self.uses.len() {
            let (value, after) = short_decimal(rest)?;
            if let Some(used) = self.uses[column] {
                self.values[used] = value;
            }
            rest = if column + 1 < self.uses.len() {
                after.strip_prefix(b",")?
            } else {
                after.strip_prefix(b"\n").or(after.strip_prefix(b"\r\n"))?
            };
        }
        Some(rest)
    }

    fn field(&mut self, column: usize, text: &[u8]) -> Result<(), String> {
        let Some(&Some(used)) = self.uses.get(column) else { return Ok(()) };
        let is_plain = self.layout.separator == Separator::Comma && self.layout.marks.thousands.is_none();
        self.values[used] = match if is_plain { number(text) } else { None } {
            Some(value) => value,
            None => self.local(text, column)?,
        };
        Ok(())
    }

    /// A number as its table writes them, or NaN if it is missing.
    fn local(&mut self, text: &[u8], column: usize) -> Result<f64, String> {
        let layout = self.layout;
        let (column, is_comma) = (&layout.columns[column], layout.separator == Separator::Comma);
        let found = local::local(text, layout.marks, is_comma).map_err(|e| format!("column `{column}`: {e}"))?;
        let Some((value, mark)) = found else {
            let problem = || format!("column `{column}` is `{}`, a number is expected; mend or remove it", shown(text));
            return local::is_missing(text).then_some(f64::NAN).ok_or_else(problem);
        };
        if let Some(mark) = mark.filter(|_| !is_comma) {
            if self.decimal.is_some_and(|known| known.0 != mark) {
                return Err(format!("`{}` mixes decimal commas and points; write one of them throughout", shown(text)));
            }
            self.decimal.get_or_insert((mark, self.line));
            self.look_at_comma(mark, text);
        }
        Ok(value)
    }

    /// Remembers whether commas that are taken for decimal ones could be of thousands.
    fn look_at_comma(&mut self, mark: u8, text: &[u8]) {
        if mark != b',' || self.is_comma_clear {
            return;
        }
        self.is_comma_clear = !local::may_be_thousands(text);
        if !self.is_comma_clear {
            self.doubtful.get_or_insert_with(|| (shown(text), self.line));
        }
    }

    fn keep(&mut self) -> Result<(), String> {
        let mut position = DVec3::new(self.values[0], self.values[1], self.values[2]) * self.scale;
        if self.dimensions == 2 {
            position.z = 0.0;
        }
        if !self.rows.push(position, self.line) {
            return Ok(());
        }
        if self.has_weight {
            let weight = self.values[WEIGHT];
            if !(weight >= 0.0 && weight.is_finite()) {
                return Err(format!("the weight is {weight}; weights must be 0 or more"));
            }
            self.weights.push(weight);
        }
        if let [x, y, z] = self.of_sigma[..] {
            self.sigmas.push(DVec3::new(self.sigma(x)?, self.sigma(y)?, self.sigma(z)?));
        }
        std::iter::zip(&mut self.further, &self.of_further).for_each(|(column, at)| column.push(self.values[*at]));
        Ok(())
    }

    fn sigma(&self, (at, (column, scale)): (usize, (usize, f64))) -> Result<f64, String> {
        let value = self.values[at];
        if value > 0.0 && value.is_finite() {
            return Ok(value * scale);
        }
        let column = &self.layout.columns[column];
        Err(format!("column `{column}` is {value}; a standard deviation must be a number above 0"))
    }

    /// Takes the positions and weights that were read; rows go on being counted.
    fn take_points(&mut self) -> (Vec<DVec3>, Option<Vec<f64>>) {
        let weights = std::mem::take(&mut self.weights);
        (self.rows.take_positions(), self.has_weight.then_some(weights))
    }

    /// What is told where decimal commas could as well part thousands.
    fn doubts(&self) -> Option<String> {
        let (text, line) = self.doubtful.as_ref().filter(|_| !self.is_comma_clear)?;
        let read = text.replace(',', ".");
        Some(format!(
            "commas are taken as decimal: `{text}` on line {line} is read as {read}; if they part thousands, take them \
             out of the file"
        ))
    }

    fn finish(self, plan: &Plan) -> Parsed {
        let Plan { layout, chosen, notes, .. } = plan;
        let doubts = self.doubts();
        let named = |column: &usize| layout.columns[*column].clone();
        let mut parsed = Parsed {
            format: layout.separator.format(),
            dimensions: self.dimensions,
            starts: vec![0],
            row_starts: vec![0],
            columns: layout.columns.clone(),
            position_columns: chosen.positions.iter().map(named).collect(),
            notes: notes.clone(),
            ..Parsed::default()
        };
        self.rows.finish(&mut parsed, choose::line);
        let (unit, _, note) = read_as(chosen.unit, chosen.declared);
        parsed.cloud.unit = unit;
        parsed.notes.extend(note);
        parsed.notes.extend(doubts);
        parsed.cloud.weights = self.has_weight.then_some(self.weights);
        parsed.cloud.sigmas = (!chosen.sigmas.is_empty()).then_some(self.sigmas);
        let columns = chosen.further.iter().zip(self.further);
        parsed.cloud.columns = columns.map(|(c, values)| Column { name: named(c), values }).collect();
        parsed
    }
}

#[cfg(test)]
mod tests;
