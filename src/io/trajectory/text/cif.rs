//! Where the models of an mmCIF file stand: of a table of atoms that has a row on each line, as all programs write it.

use std::collections::HashSet;
use std::ops::Range;

use super::{Place, Scan};
use crate::error::Result;
use crate::io::mmcif::fields_of_line;

const PREFIX: &[u8] = b"_atom_site.";
/// Tags that hold for all models.
const SHARED: [&[u8]; 3] = [b"_cell.", b"_symmetry.space_group_name_H-M", b"_space_group.name_H-M_alt"];
const MODEL: &[u8] = b"_atom_site.pdbx_PDB_model_num";

/// The models; `None` if the table is written in another way, or there are two, which reading all explains.
pub(super) fn frames(scan: &mut Scan) -> Result<Option<Vec<Place>>> {
    let mut places = None;
    // Lines that hold for all models, and their number.
    let (mut before, mut lines): (Vec<Range<u64>>, u64) = (Vec::new(), 0);
    let mut is_text = false;
    let mut ahead = scan.next()?;
    while ahead {
        if scan.is_odd {
            return Ok(None);
        }
        let is_mark = scan.line.starts_with(b";");
        is_text ^= is_mark;
        if is_text || is_mark {
            ahead = scan.next()?;
            continue;
        }
        if begins(&scan.line, PREFIX) || begins(&scan.line, b"data_") && places.is_some() {
            // A tag with its value, a second table, or a second block.
            return Ok(None);
        } else if SHARED.iter().any(|tag| begins(&scan.line, tag)) {
            add(&mut before, scan.begin..scan.end);
            lines += 1;
        } else if scan.line.trim_ascii().eq_ignore_ascii_case(b"loop_") {
            let loop_line = scan.begin..scan.end;
            ahead = scan.next()?;
            if ahead && begins(&scan.line, PREFIX) {
                if places.is_some() {
                    return Ok(None);
                }
                add(&mut before, loop_line);
                match table(scan, &mut before, lines + 1)? {
                    Some(found) => places = Some(found),
                    None => return Ok(None),
                }
                ahead = !scan.line.is_empty();
            }
            continue;
        }
        ahead = scan.next()?;
    }
    Ok(places)
}

/// Adds a line to those before, which are joined where they follow one another.
fn add(before: &mut Vec<Range<u64>>, line: Range<u64>) {
    match before.last_mut() {
        Some(last) if last.end == line.start => last.end = line.end,
        _ => before.push(line),
    }
}

fn begins(line: &[u8], prefix: &[u8]) -> bool {
    line.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

/// The models of the table whose first tag the scan is at; it ends at the line after the table.
fn table(scan: &mut Scan, before: &mut Vec<Range<u64>>, mut lines: u64) -> Result<Option<Vec<Place>>> {
    let (mut columns, mut model_column) = (0, None);
    while begins(&scan.line, PREFIX) {
        if scan.line.trim_ascii_end().eq_ignore_ascii_case(MODEL) {
            model_column = Some(columns);
        }
        add(before, scan.begin..scan.end);
        (columns, lines) = (columns + 1, lines + 1);
        scan.next()?;
    }
    let mut places: Vec<Place> = Vec::new();
    let (mut models, mut model): (HashSet<Vec<u8>>, Vec<u8>) = Default::default();
    while !scan.is_odd {
        let text = scan.line.trim_ascii();
        if text.is_empty() || text.starts_with(b"#") || is_end(text) {
            return Ok(ends(scan)?.then_some(places));
        }
        let (mut found, mut is_same) = (None, true);
        let count = fields_of_line(&scan.line, |at, field| {
            if Some(at) == model_column {
                is_same = field == model;
                found = (!is_same).then(|| field.to_vec());
            }
        });
        if count != Some(columns) {
            return Ok(None);
        }
        if !is_same || places.is_empty() {
            model = found.unwrap_or_default();
            if !models.insert(model.clone()) {
                return Ok(None);
            }
            let line = scan.number - lines;
            places.push(Place { range: scan.begin..scan.end, line, atoms: 0, before: before.clone() });
        }
        if let Some(place) = places.last_mut() {
            place.range.end = scan.end;
            place.atoms += 1;
        }
        scan.next()?;
    }
    Ok(None)
}

/// Goes on to the line after comments and blanks, and tells whether the table has ended there.
fn ends(scan: &mut Scan) -> Result<bool> {
    while !scan.line.is_empty() && matches!(scan.line.trim_ascii().first(), None | Some(b'#')) {
        scan.next()?;
    }
    Ok(!scan.is_odd && (scan.line.is_empty() || is_end(scan.line.trim_ascii())))
}

/// Whether a line that is no row ends the table.
fn is_end(text: &[u8]) -> bool {
    [&b"loop_"[..], b"data_", b"save_", b"_"].iter().any(|word| begins(text, word))
}
