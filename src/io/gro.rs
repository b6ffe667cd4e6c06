//! GRO (GROMACS), fixed columns: a title, a number of atoms, a line an atom, the box; frame after frame.
//!
//! Columns 1-5 hold the residue number, 6-10 its name, 11-15 the atom's name, 16-20 its number; then x,
//! y, z, each as wide as the decimal points are apart. Lengths are nanometres in the file, angstrom
//! here. Velocities are not read.

use glam::DVec3;

use super::ANGSTROM_PER_NM;
use super::atoms::{AtomBuilder, Attributes, Record};
use super::cell;
use super::choose::Parsed;
use super::declare::Conversion;
use super::lines::{Lines, count, number, shown, words};
use crate::error::{Error, Result};
use crate::progress::Progress;

/// Where x begins, counted from 0.
const X: usize = 20;
/// The first decimal point comes after sign and three digits, whatever the precision.
const FIRST_POINT: usize = X + 4;
/// Width of a coordinate of the usual three decimals.
const USUAL_WIDTH: usize = 8;
/// Lines between two looks at whether to stop.
const CHECK_EVERY: u64 = 1 << 16;

/// Reads all frames.
///
/// # Errors
/// [`Error::Input`] with the line, [`Error::Interrupted`].
pub(super) fn parse(bytes: &[u8], name: &str, progress: &dyn Progress) -> Result<Parsed> {
    let attributes = Attributes { residues: true, ..Attributes::default() };
    let mut reader = Reader { atoms: AtomBuilder::new(attributes), ..Reader::default() };
    let mut lines = Lines::new(bytes);
    while !lines.is_blank() {
        let title = lines.next().map_or(1, |(line_number, _)| line_number);
        let whole = reader.atoms.frames();
        let Some((line_number, line)) = lines.next() else {
            if whole == 0 {
                let problem = "is the only line; a GRO file has the number of atoms on its second; it is cut";
                return Err(Error::line(name, title, problem));
            }
            reader.warnings.push(cut(title, whole));
            break;
        };
        let at = |problem: String| Error::line(name, line_number, problem);
        if whole > 0 && line.trim_ascii().is_empty() && lines.left(1) == 0 {
            reader.warnings.push(cut(title, whole));
            break;
        }
        let atoms = count(line).ok_or_else(|| {
            at(format!("is `{}`, the number of atoms is expected after the title of a frame", shown(line)))
        })?;
        let left = lines.left(atoms);
        if left < atoms {
            let problem = format!("announces {atoms} atoms, but {left} lines follow; the file is cut");
            if whole == 0 {
                return Err(at(problem));
            }
            reader.warnings.push(format!("line {line_number} {problem}: only the {whole} frames before it are read"));
            break;
        }
        reader.frame(&mut lines, atoms, name, progress)?;
    }
    if reader.atoms.frames() == 0 {
        return Err(Error::input(name, "holds blank lines only; a GRO file begins with a title"));
    }
    Ok(reader.finish())
}

/// What is told of a file that ends within the frame that begins on `line`.
pub(super) fn cut(line: u64, whole: usize) -> String {
    format!("the frame from line {line} on is cut: only the {whole} frames before it are read")
}

#[derive(Default)]
struct Reader {
    atoms: AtomBuilder,
    cells: Vec<Option<[f64; 6]>>,
    /// The widths met; a file of several is told.
    widths: Vec<usize>,
    has_velocities: bool,
    warnings: Vec<String>,
}

impl Reader {
    fn frame(&mut self, lines: &mut Lines, atoms: usize, name: &str, progress: &dyn Progress) -> Result<()> {
        self.atoms.begin_frame();
        let width = lines.clone().take(atoms).find_map(|(_, line)| width(line)).unwrap_or(USUAL_WIDTH);
        if !self.widths.contains(&width) {
            self.widths.push(width);
        }
        for (line_number, line) in lines.take(atoms) {
            self.atom(line, line_number, width).map_err(|problem| Error::line(name, line_number, problem))?;
            if line_number.is_multiple_of(CHECK_EVERY) {
                progress.check()?;
            }
        }
        self.cell(lines.next());
        progress.check()
    }

    fn atom(&mut self, line: &[u8], line_number: u64, width: usize) -> Result<(), String> {
        let position = coordinates(line, width)?;
        let column = |from: usize| field(line, from, 5).trim_ascii();
        if column(10).is_empty() {
            return Err("has no atom name in columns 11-15; are the columns shifted?".into());
        }
        let resid = column(0);
        let resid = std::str::from_utf8(resid).ok().and_then(|t| t.parse().ok());
        self.has_velocities |= line.trim_ascii_end().len() > X + 3 * width;
        let record = Record { position, name: column(10), resname: column(5), resid, ..Record::default() };
        self.atoms.push(&record, line_number);
        Ok(())
    }

    fn cell(&mut self, line: Option<(u64, &[u8])>) {
        let place = line.map_or(0, |(number, _)| number);
        let (numbers, problem) = match line {
            None => (None, Some("the box line at the end of the file is missing; is it cut?".to_owned())),
            Some((number, line)) => box_numbers(line, number),
        };
        let edges = numbers.map(|n| edges(&n)).filter(|edges| cell::from_edges(*edges).is_some());
        let is_turned = edges.as_ref().is_some_and(cell::is_turned);
        let problem = problem.or_else(|| is_turned.then(|| format!("the box on line {place} {}", cell::TURNED)));
        self.cells.push(edges.and_then(cell::upright));
        if let Some(problem) = problem.filter(|_| self.warnings.len() < 3) {
            self.warnings.push(problem);
        }
    }

    fn finish(self) -> Parsed {
        let mut parsed = self.atoms.finish("gro");
        parsed.cells = self.cells;
        parsed.warnings.extend(self.warnings);
        parsed.conversion = Some(Conversion::NANOMETRES);
        let decimals: Vec<String> =
            self.widths.iter().filter(|w| **w != USUAL_WIDTH).map(|w| (w - 5).to_string()).collect();
        if !decimals.is_empty() {
            parsed.notes.push(format!("coordinates have {} decimals", decimals.join(" and ")));
        }
        if self.has_velocities {
            parsed.notes.push("velocities are not read".into());
        }
        parsed
    }
}

/// `width` bytes from `from` on, fewer if the line is shorter.
fn field(line: &[u8], from: usize, width: usize) -> &[u8] {
    &line[from.min(line.len())..(from + width).min(line.len())]
}

/// How wide the coordinates of a line are: the distance between its decimal points, if they stand where
/// such coordinates have them.
pub(super) fn width(line: &[u8]) -> Option<usize> {
    let mut points = line.iter().enumerate().skip(X).filter(|(_, b)| **b == b'.').map(|(at, _)| at);
    let (first, second, third) = (points.next()?, points.next()?, points.next()?);
    let width = second - first;
    (first == FIRST_POINT && third - second == width && (6..=25).contains(&width)).then_some(width)
}

fn coordinates(line: &[u8], width: usize) -> Result<DVec3, String> {
    let mut position = DVec3::ZERO;
    for (axis, letter) in ["x", "y", "z"].into_iter().enumerate() {
        let from = X + axis * width;
        let text = field(line, from, width);
        let problem =
            |what: &str| format!("{letter} in columns {}-{} is `{}`, {what}", from + 1, from + width, shown(text));
        let end = line.trim_ascii_end().len();
        if text.trim_ascii().is_empty() {
            return Err(format!("ends in column {end}, x, y and z end in column {}; is the line cut?", X + 3 * width));
        }
        if text.contains(&b'*') {
            return Err(problem("an overflow of the program that wrote it; write it with smaller coordinates"));
        }
        let value = number(text).ok_or_else(|| problem("no number; are the columns shifted?"))?;
        let has_point = text.get(FIRST_POINT - X) == Some(&b'.');
        // A number of another width than the first of its frame would be read wrong without a word.
        if value.is_finite() && (!has_point || text.len() < width && axis < 2) {
            return Err(problem("its decimal point is out of place; are the columns shifted?"));
        }
        position[axis] = value * ANGSTROM_PER_NM;
    }
    match line.get(X + 3 * width) {
        Some(b'0'..=b'9' | b'.') => Err("z goes on after its columns; are the columns shifted?".into()),
        _ => Ok(position),
    }
}

/// The nine numbers of a box, of which a rectangular one gives three; and what is odd about them.
fn box_numbers(line: &[u8], line_number: u64) -> (Option<[f64; 9]>, Option<String>) {
    let read = |texts: &[&[u8]]| -> Option<[f64; 9]> {
        let numbers: Vec<f64> = texts.iter().map(|t| number(t).filter(|n| n.is_finite())).collect::<Option<_>>()?;
        let mut all = [0.0; 9];
        (numbers.len() == 3 || numbers.len() == 9).then(|| all[..numbers.len()].copy_from_slice(&numbers))?;
        Some(all)
    };
    if let Some(numbers) = read(&words(line).collect::<Vec<_>>()) {
        return (Some(numbers), None);
    }
    match read(&parted(line)) {
        Some(n) => {
            let told = format!("the box on line {line_number} runs together; read as {} {} {} nm", n[0], n[1], n[2]);
            (Some(n), Some(told))
        }
        None => {
            let told = format!("line {line_number} is `{}`, no box of 3 or 9 numbers; there is no cell", shown(line));
            (None, Some(told))
        }
    }
}

/// Numbers that run together, parted where each has as many decimals as the last.
fn parted(line: &[u8]) -> Vec<&[u8]> {
    let text = line.trim_ascii();
    let decimals = text.iter().rposition(|b| *b == b'.').map_or(0, |at| text.len() - at - 1);
    let mut rest = text;
    let mut parts = Vec::new();
    while let Some(point) = rest.iter().position(|b| *b == b'.') {
        let (part, after) = rest.split_at((point + 1 + decimals).min(rest.len()));
        parts.push(part);
        rest = after;
    }
    parts
}

/// The edges of a box from its line: v1x v2y v3z v1y v1z v2x v2z v3x v3y.
fn edges(n: &[f64; 9]) -> [DVec3; 3] {
    let edges = [DVec3::new(n[0], n[3], n[4]), DVec3::new(n[5], n[1], n[6]), DVec3::new(n[7], n[8], n[2])];
    edges.map(|e| e * ANGSTROM_PER_NM)
}

#[cfg(test)]
mod tests;
