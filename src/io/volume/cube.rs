//! Gaussian cube files: a grid in text below atoms, lengths in bohr or, where the counts are negative, angstrom.
//!
//! Lengths are read in angstrom; the values stay those of the file.

use glam::DVec3;

use super::super::declare;
use super::super::lines::{Lines, number, shown, words};
use super::{Raw, checked_bytes};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::progress::Progress;

/// CODATA 2018.
const ANGSTROM_PER_BOHR: f64 = 0.529_177_210_903;
/// Lines before the atoms.
const HEADER_LINES: usize = 6;
/// The fewest bytes a value takes: a digit and a blank.
const LEAST_BYTES: usize = 2;

/// Whether lines 3 to 6 are those of a cube, and line 7 an atom.
pub(in crate::io) fn is_cube(head: &[u8], is_named_so: bool) -> bool {
    let lines: Vec<&[u8]> = Lines::new(head).map(|(_, line)| line).take(HEADER_LINES + 1).collect();
    let has_header = lines.len() > HEADER_LINES && lines[2..6].iter().all(|line| counted_vector(line).is_some());
    has_header && (is_named_so || words(lines[6]).count() == 5 && numbers(lines[6]).len() == 5)
}

fn numbers(line: &[u8]) -> Vec<f64> {
    words(line).filter_map(number).collect()
}

/// A whole number and a vector; a fifth number is the number of values a voxel.
fn counted_vector(line: &[u8]) -> Option<(i64, DVec3, i64)> {
    let all = numbers(line);
    let per_voxel = if let [_, _, _, _, n] = all[..] { whole(n)? } else { 1 };
    let [n, x, y, z] = *all.first_chunk::<4>()?;
    let vector = DVec3::new(x, y, z);
    (matches!(all.len(), 4 | 5) && words(line).count() == all.len() && vector.is_finite()).then_some((
        whole(n)?,
        vector,
        per_voxel,
    ))
}

fn whole(v: f64) -> Option<i64> {
    (v.fract() == 0.0 && v.abs() < 1e15).then_some(v as i64)
}

/// Reads a grid, whose lengths stay as they are if they are in the unit `declared`.
pub(in crate::io) fn parse(
    bytes: &[u8],
    name: &str,
    declared: Option<LengthUnit>,
    progress: &dyn Progress,
) -> Result<Raw> {
    progress.begin("reading values", 0);
    let mut lines = Lines::new(bytes).skip(2);
    let mut vector = |what: &str| {
        let (at, line) = lines.next().unwrap_or((HEADER_LINES as u64, b""));
        counted_vector(line).ok_or_else(|| {
            Error::line(name, at, format!("`{}` is not {what}, a whole number and three lengths", shown(line)))
        })
    };
    let (atoms, origin, per_voxel) = vector("the number of atoms and the origin")?;
    let axes = [vector("the first axis")?, vector("the second axis")?, vector("the third axis")?];
    let (mut notes, mut warnings) = (Vec::new(), Vec::new());
    let is_angstrom = axes[0].0 < 0;
    let replaced = declared.filter(|unit| !is_angstrom && *unit != LengthUnit::Angstrom);
    let scale = if is_angstrom || replaced.is_some() { 1.0 } else { ANGSTROM_PER_BOHR };
    if let Some(unit) = replaced {
        warnings.push(declare::replaced(unit, "bohr"));
    } else if !is_angstrom {
        notes.push("lengths are converted from bohr to angstrom, values are those of the file".to_owned());
    }
    let counts = axes.map(|a| usize::try_from(a.0.unsigned_abs()).unwrap_or(0));
    let len = checked_bytes(counts, 1, name)?;
    let skipped = usize::try_from(atoms.unsigned_abs()).unwrap_or(usize::MAX);
    let mut lines = lines.skip(skipped);
    let per_voxel = match atoms < 0 {
        true => orbitals(&mut lines, name)?,
        false => usize::try_from(per_voxel.max(1)).unwrap_or(1),
    };
    if per_voxel > 1 {
        warnings.push(format!("holds {per_voxel} values a voxel; the first of them is read"));
    }
    if skipped > 0 {
        notes.push(format!("its {skipped} atoms are not used"));
    }
    if len.checked_mul(per_voxel).is_none_or(|n| n > bytes.len() / LEAST_BYTES) {
        let [x, y, z] = counts;
        let problem = format!("{x} x {y} x {z} values cannot be in a file of {} bytes", bytes.len());
        return Err(Error::line(name, 4, format!("{problem}; it is cut or its header is damaged")));
    }
    let values = values(&mut lines, len, per_voxel, name, &mut warnings, progress)?;
    let [x, y, z] = axes.map(|a| a.1 * scale);
    Ok(Raw {
        format: "cube",
        shape: [counts[2], counts[1], counts[0]],
        origin: origin * scale,
        steps: [z, y, x],
        values,
        unit: replaced.or(Some(LengthUnit::Angstrom)),
        notes,
        warnings,
    })
}

/// The number of orbitals, whose numbers follow it over as many lines as they need.
fn orbitals<'a>(lines: &mut impl Iterator<Item = (u64, &'a [u8])>, name: &str) -> Result<usize> {
    let mut count = None;
    let mut seen = 0;
    while count.is_none_or(|n| seen < n) {
        let (at, line) = lines.next().unwrap_or((0, b""));
        let mut here = numbers(line).into_iter().map(whole);
        if count.is_none() {
            count = here.next().flatten().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
        }
        seen += here.count();
        if count.is_none() || words(line).next().is_none() {
            let problem = format!("`{}` does not list the orbitals of the file: their number, then each", shown(line));
            return Err(Error::line(name, at, problem));
        }
    }
    Ok(count.unwrap_or(1))
}

fn values<'a>(
    lines: &mut impl Iterator<Item = (u64, &'a [u8])>,
    len: usize,
    per_voxel: usize,
    name: &str,
    warnings: &mut Vec<String>,
    progress: &dyn Progress,
) -> Result<Vec<f32>> {
    let all = len * per_voxel;
    let mut values = Vec::with_capacity(len);
    let mut seen = 0;
    for (at, line) in lines {
        if at % 4096 == 0 {
            progress.check()?;
        }
        for word in words(line) {
            let Some(value) = number(word) else {
                let problem = format!("`{}` is no number; value {seen} of {all} is expected", shown(word));
                return Err(Error::line(name, at, problem));
            };
            if seen % per_voxel == 0 && values.len() < len {
                values.push(value as f32);
            }
            seen += 1;
        }
    }
    if seen < all {
        let problem = format!("ends after {seen} of {all} values; it is cut, fetch it again");
        return Err(Error::input(name, problem));
    }
    if seen > all {
        warnings.push(format!("{} numbers after the {all} values are not read", seen - all));
    }
    Ok(values)
}
