//! OpenDX, the grids of APBS, VMD and GridDataFormats: regular positions and an array in text.
//!
//! The format has no unit; what this program writes tells it in a comment, which is read again.

use std::io::{self, Write};

use glam::DVec3;

use super::super::lines::{Lines, count, number, shown, words};
use super::{Raw, Values, checked_bytes};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::grid::{DensityGrid, Sample};
use crate::progress::Progress;

const UNIT_COMMENT: &[u8] = b"# unit of length: ";
/// The fewest bytes a value takes: a digit and a blank.
const LEAST_BYTES: usize = 2;

/// Whether the first line that is no comment begins an object, or names grid positions.
pub(in crate::io) fn is_dx(head: &[u8]) -> bool {
    let mut lines = Lines::new(head).map(|(_, l)| l.trim_ascii()).filter(|l| !l.is_empty() && !l.starts_with(b"#"));
    lines.next().is_some_and(|line| {
        let mut words = words(line);
        words.next() == Some(b"object") && words.any(|w| w == b"class")
    })
}

/// What stands before the values.
#[derive(Default)]
struct Header {
    counts: Option<[usize; 3]>,
    origin: Option<DVec3>,
    deltas: Vec<DVec3>,
    unit: Option<LengthUnit>,
}

/// Reads a grid.
pub(in crate::io) fn parse(bytes: &[u8], name: &str, progress: &dyn Progress) -> Result<Raw> {
    progress.begin("reading values", 0);
    let mut lines = Lines::new(bytes);
    let mut header = Header::default();
    let mut last = 0;
    let (items, line) = loop {
        let Some((at, line)) = lines.next() else {
            let problem = "the file ends before `object ... class array ... data follows`; it is cut, fetch it again";
            return Err(Error::line(name, last, problem));
        };
        last = at;
        if let Some(items) = header.read(line, at, name)? {
            break (items, at);
        }
    };
    let missing = |what: &str| Error::line(name, line, format!("the array begins before {what}; mend the header"));
    let counts = header.counts.ok_or_else(|| missing("`class gridpositions counts NX NY NZ`"))?;
    let origin = header.origin.ok_or_else(|| missing("`origin X Y Z`"))?;
    let [x, y, z]: [DVec3; 3] = header.deltas.try_into().map_err(|_| missing("three lines `delta DX DY DZ`"))?;
    let len = checked_bytes(counts, 1, name)?;
    if items.is_some_and(|items| items != len) {
        let problem = format!("the array has {} values, the grid {len}", items.unwrap_or(0));
        return Err(Error::line(name, line, format!("{problem}; one value a grid position is read")));
    }
    if len > bytes.len() / LEAST_BYTES {
        let [nx, ny, nz] = counts;
        let problem = format!("{nx} x {ny} x {nz} values cannot be in a file of {} bytes", bytes.len());
        return Err(Error::line(name, line, format!("{problem}; it is cut or its header is damaged")));
    }
    let mut warnings = Vec::new();
    let values = values(&mut lines, len, name, &mut warnings, progress)?;
    Ok(Raw {
        format: "dx",
        shape: [counts[2], counts[1], counts[0]],
        origin,
        steps: [z, y, x],
        values,
        unit: header.unit,
        notes: Vec::new(),
        warnings,
    })
}

impl Header {
    /// Takes a line; gives the number of values, if it is stated, when they follow.
    fn read(&mut self, line: &[u8], at: u64, name: &str) -> Result<Option<Option<usize>>> {
        if let Some(unit) = line.strip_prefix(UNIT_COMMENT) {
            self.unit = std::str::from_utf8(unit).ok().and_then(|u| u.parse().ok());
        }
        let fields: Vec<&[u8]> = words(line).collect();
        let wrong = |problem: String| Err(Error::line(name, at, problem));
        match fields.as_slice() {
            [] => Ok(None),
            [word, ..] if word.starts_with(b"#") => Ok(None),
            [b"object", .., b"counts", x, y, z] if fields.contains(&b"gridpositions".as_slice()) => {
                let counts = [x, y, z].map(|n| count(n));
                let [Some(x), Some(y), Some(z)] = counts else {
                    return wrong(format!("`{}` has no three counts of grid positions", shown(line)));
                };
                self.counts = Some([x, y, z]);
                Ok(None)
            }
            [b"object", ..] if fields.contains(&b"array".as_slice()) => array(&fields, line, at, name).map(Some),
            [b"object", ..] => Ok(None),
            [key @ (b"origin" | b"delta"), numbers @ ..] => {
                let numbers: Vec<f64> = numbers.iter().filter_map(|w| number(w)).filter(|v| v.is_finite()).collect();
                let &[x, y, z] = numbers.as_slice() else {
                    return wrong(format!("`{}` needs three numbers", shown(line)));
                };
                match *key {
                    b"origin" => self.origin = Some(DVec3::new(x, y, z)),
                    _ => self.deltas.push(DVec3::new(x, y, z)),
                }
                Ok(None)
            }
            _ => wrong(format!("`{}` is no line of a DX header; object, origin and delta are known", shown(line))),
        }
    }
}

/// The number of values that an array object announces.
fn array(fields: &[&[u8]], line: &[u8], at: u64, name: &str) -> Result<Option<usize>> {
    let has = |word: &[u8]| fields.contains(&word);
    let after = |word: &[u8]| fields.iter().position(|w| *w == word).and_then(|i| fields.get(i + 1));
    let problem = if has(b"binary") || has(b"ieee") || has(b"xdr") {
        "its values are binary; DX is read as text"
    } else if !has(b"follows") {
        "its values are in another file; they are read where they follow"
    } else if after(b"rank").is_some_and(|rank| *rank != b"0") {
        "its values are vectors; one number a grid position is read"
    } else {
        return Ok(after(b"items").and_then(|items| count(items)));
    };
    Err(Error::line(name, at, format!("`{}`: {problem}; convert it", shown(line))))
}

fn values(
    lines: &mut Lines,
    len: usize,
    name: &str,
    warnings: &mut Vec<String>,
    progress: &dyn Progress,
) -> Result<Vec<f32>> {
    let mut values = Vec::with_capacity(len);
    let mut last = 0;
    while values.len() < len {
        let Some((at, line)) = lines.next() else {
            let problem = format!("the file ends after {} of {len} values; it is cut, fetch it again", values.len());
            return Err(Error::line(name, last, problem));
        };
        last = at;
        if at % 4096 == 0 {
            progress.check()?;
        }
        for word in words(line) {
            let Some(value) = number(word) else {
                let problem = format!("`{}` is no number; value {} of {len} is expected", shown(word), values.len());
                return Err(Error::line(name, at, problem));
            };
            values.push(value as f32);
        }
    }
    // What follows are words; a line of numbers belongs to the array.
    let is_numbers = |line: &[u8]| words(line).next().is_some_and(|w| number(w).is_some());
    if values.len() > len || lines.any(|(_, line)| is_numbers(line)) {
        warnings.push(format!("more than {len} values follow the header; those after are not read"));
    }
    values.truncate(len);
    Ok(values)
}

/// Writes a grid, z fastest.
pub(super) fn write<T: Sample>(out: &mut dyn Write, grid: &DensityGrid<T>, content: Values) -> io::Result<()> {
    let lattice = &grid.lattice;
    let ([nx, ny, nz], o, d) = (lattice.shape, lattice.origin, lattice.spacing);
    writeln!(out, "# {}", content.line())?;
    if let Some(unit) = grid.unit {
        out.write_all(UNIT_COMMENT)?;
        writeln!(out, "{}", unit.name())?;
    }
    writeln!(out, "object 1 class gridpositions counts {nx} {ny} {nz}")?;
    writeln!(out, "origin {} {} {}", o.x, o.y, o.z)?;
    writeln!(out, "delta {} 0 0\ndelta 0 {} 0\ndelta 0 0 {}", d.x, d.y, d.z)?;
    writeln!(out, "object 2 class gridconnections counts {nx} {ny} {nz}")?;
    writeln!(out, "object 3 class array type double rank 0 items {} data follows", lattice.len())?;
    for (at, value) in grid.to_c_order().iter().enumerate() {
        let end = if at % 3 == 2 || at + 1 == lattice.len() { "\n" } else { " " };
        // Digits enough to tell f32 and f64 apart.
        match size_of::<T>() {
            4 => write!(out, "{:e}{end}", value.to_f64() as f32)?,
            _ => write!(out, "{:e}{end}", value.to_f64())?,
        }
    }
    writeln!(out, "attribute \"dep\" string \"positions\"\nobject \"density\" class field")?;
    writeln!(out, "component \"positions\" value 1\ncomponent \"connections\" value 2\ncomponent \"data\" value 3")
}
