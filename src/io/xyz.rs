//! XYZ: a number of atoms, a comment, and a line an atom; frame after frame, each with its own number.
//!
//! The comment of extended XYZ says which columns there are (`Properties=species:S:1:pos:R:3`) and the
//! cell (`Lattice="ax ay az bx by bz cx cy cz"`). Without it the columns are element (symbol, label or
//! atomic number), x, y and z, in angstrom; further ones are not read.

mod comment;

use glam::DVec3;

use super::atoms::{AtomBuilder, Attributes, Record};
use super::cell;
use super::choose::Parsed;
use super::lines::{Lines, count, number, shown, words};
use crate::error::{Error, Result};
use crate::points::elements;
use crate::progress::Progress;
use comment::Columns;

/// Lines between two looks at whether to stop.
const CHECK_EVERY: u64 = 1 << 16;

/// Reads all frames.
///
/// # Errors
/// [`Error::Input`] with the line, [`Error::Interrupted`].
pub(super) fn parse(bytes: &[u8], name: &str, progress: &dyn Progress) -> Result<Parsed> {
    let mut reader = Reader { atoms: AtomBuilder::new(Attributes::default()), ..Reader::default() };
    let mut lines = Lines::new(bytes);
    while let Some((line_number, line)) = lines.find(|(_, line)| !line.trim_ascii().is_empty()) {
        let at = |problem| Error::line(name, line_number, problem);
        let atoms = announced(line).map_err(at)?;
        let left = lines.left(atoms.saturating_add(1));
        if left <= atoms {
            let found = left.saturating_sub(1);
            let problem = format!("announces {atoms} atoms, but {found} lines follow the comment; the file is cut");
            if reader.atoms.frames() == 0 {
                return Err(at(problem));
            }
            let whole = reader.atoms.frames();
            reader.warnings.push(format!("line {line_number} {problem}: only the {whole} frames before it are read"));
            break;
        }
        reader.frame(&mut lines, atoms, name, progress)?;
    }
    if reader.atoms.frames() == 0 {
        return Err(Error::input(name, "holds blank lines only; an XYZ file begins with its number of atoms"));
    }
    Ok(reader.finish())
}

/// The number of atoms, after which some programs name the unit; angstrom alone is read.
fn announced(line: &[u8]) -> Result<usize, String> {
    if let [number, unit] = words(line).collect::<Vec<_>>()[..]
        && let Some(atoms) = count(number)
        && unit.first().is_some_and(u8::is_ascii_alphabetic)
    {
        let begin = String::from_utf8_lossy(unit).to_lowercase();
        let is_angstrom = ["angstr", "ångstr"].iter().any(|known| begin.starts_with(known));
        let problem =
            format!("names the unit `{}`; XYZ is read in angstrom: convert it, and leave the unit out", shown(unit));
        return if is_angstrom { Ok(atoms) } else { Err(problem) };
    }
    count(line).ok_or_else(|| {
        format!(
            "is `{}`, the number of atoms of the next frame is expected; is the number before it right?",
            shown(line)
        )
    })
}

#[derive(Default)]
struct Reader {
    atoms: AtomBuilder,
    cells: Vec<Option<[f64; 6]>>,
    warnings: Vec<String>,
    has_further: bool,
    is_extended: bool,
}

impl Reader {
    fn frame(&mut self, lines: &mut Lines, atoms: usize, name: &str, progress: &dyn Progress) -> Result<()> {
        let (line_number, comment) = lines.next().unwrap_or_default();
        let columns = comment::columns(comment).map_err(|problem| Error::line(name, line_number, problem))?;
        self.is_extended |= columns.is_some();
        self.lattice(comment, line_number);
        self.atoms.begin_frame();
        for (line_number, line) in lines.take(atoms) {
            self.atom(line, line_number, columns).map_err(|problem| Error::line(name, line_number, problem))?;
            if line_number.is_multiple_of(CHECK_EVERY) {
                progress.check()?;
            }
        }
        progress.check()
    }

    fn lattice(&mut self, comment: &[u8], line: u64) {
        let edges = comment::lattice(comment);
        let problem = match edges {
            Some(None) => Some("is not nine numbers of a cell; it is left out"),
            Some(Some(edges)) if cell::is_turned(&edges) => Some(cell::TURNED),
            _ => None,
        };
        if let Some(problem) = problem.filter(|_| self.warnings.len() < 3) {
            self.warnings.push(format!("the Lattice on line {line} {problem}"));
        }
        self.cells.push(edges.flatten().and_then(cell::upright));
    }

    fn atom(&mut self, line: &[u8], line_number: u64, columns: Option<Columns>) -> Result<(), String> {
        let (columns, is_exact) = (columns.unwrap_or_default(), columns.is_some());
        let mut fields = 0;
        let (mut species, mut position) = (&b""[..], [&b""[..]; 3]);
        for (i, word) in words(line).enumerate() {
            fields += 1;
            if Some(i) == columns.species {
                species = word;
            } else if (columns.position..columns.position + 3).contains(&i) {
                position[i - columns.position] = word;
            }
        }
        if fields < columns.count || is_exact && fields > columns.count {
            let expected = if is_exact { "as Properties say" } else { "element, x, y and z" };
            return Err(format!("has {fields} fields, {} are expected: {expected}", columns.count));
        }
        self.has_further |= !is_exact && fields > columns.count;
        let mut at = DVec3::ZERO;
        for (axis, text) in position.into_iter().enumerate() {
            at[axis] =
                number(text).ok_or_else(|| format!("{} is `{}`, no number", ["x", "y", "z"][axis], shown(text)))?;
        }
        let element = element(species);
        self.atoms.push(&Record { position: at, name: species, element, ..Record::default() }, line_number);
        Ok(())
    }

    fn finish(self) -> Parsed {
        let mut parsed = self.atoms.finish(if self.is_extended { "extended xyz" } else { "xyz" });
        parsed.cells = self.cells;
        parsed.warnings.extend(self.warnings);
        if self.has_further {
            parsed.notes.push("columns after z are not read".into());
        }
        parsed
    }
}

/// The element that column 1 means: a symbol in any case, an atomic number, or a label as `C12` or `Fe2`.
/// What it does not know comes back as it is.
fn element(species: &[u8]) -> &[u8] {
    let of_number = std::str::from_utf8(species).ok().and_then(|t| t.parse().ok()).and_then(elements::symbol);
    if let Some(symbol) = of_number {
        return symbol.as_bytes();
    }
    let letters = species.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    // `CA1` is rather a carbon than calcium, `Ca1` is calcium.
    let is_pair = letters == 2 && (species.len() == 2 || species[1].is_ascii_lowercase());
    let candidates = [&species[..letters], &species[..letters.min(1)]];
    let is_known = |text: &[u8]| {
        let capitals = text.to_ascii_uppercase();
        std::str::from_utf8(&capitals).is_ok_and(|t| elements::atomic_number(t).is_some())
    };
    let known = candidates.into_iter().skip(usize::from(letters == 2 && !is_pair)).find(|c| is_known(c));
    known.filter(|_| letters <= 2).unwrap_or(species)
}

#[cfg(test)]
mod tests;
