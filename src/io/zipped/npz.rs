//! NPZ: arrays of numpy with names. One array is read as NPY is; arrays named x, y and z, or others of one
//! dimension, as columns of a table.

use std::path::Path;

use super::Archive;
use crate::error::{Error, Result};
use crate::io::choose::Parsed;
use crate::io::table::columns::{self, Columns};
use crate::io::{ReadOptions, npy};
use crate::points::Column;

/// Names that positions are given.
const POSITIONS: &[&str] = &["positions", "points", "coords", "coordinates", "xyz", "locs", "arr_0"];

/// Reads points or a volume from the arrays.
pub(super) fn parse(
    archive: &mut Archive,
    arrays: &[String],
    path: Option<&Path>,
    options: &ReadOptions,
) -> Result<npy::Contents> {
    let name = archive.name;
    let stem = |array: &str| array.strip_suffix(".npy").unwrap_or(array).to_owned();
    let mut read = Vec::new();
    for array in arrays {
        let bytes = archive.read(array)?;
        // Arrays of texts or objects are not read.
        match npy::shape(&bytes, &format!("{name}: `{}`", stem(array))) {
            Ok(shape) => read.push((stem(array), bytes, shape)),
            Err(e) if arrays.len() == 1 => return Err(e),
            Err(_) => {}
        }
    }
    let is_column = |shape: &[usize]| shape.len() == 1;
    let points = read.iter().filter(|(_, _, shape)| shape.len() > 1);
    let candidates: Vec<_> = points.clone().collect();
    let known = POSITIONS.iter().find_map(|n| candidates.iter().find(|c| c.0.eq_ignore_ascii_case(n)));
    let only = if candidates.len() == 1 { candidates.first() } else { None };
    if let Some((array, bytes, _)) = known.or(only).filter(|_| options.columns.is_none()) {
        let mut contents = npy::parse(bytes, &format!("{name}: `{array}`"), path, options)?;
        if let npy::Contents::Points(parsed) = &mut contents {
            parsed.format = "npz";
            let rows = parsed.row_starts.last().copied().unwrap_or(0);
            let (kept, others): (Vec<_>, Vec<_>) =
                read.iter().filter(|r| r.0 != *array).partition(|r| options.all_columns && r.2 == [rows]);
            for (array, bytes, _) in kept {
                let values = npy::read_array(bytes, &format!("{name}: `{array}`"))?.values;
                let values = of_points(parsed, values);
                parsed.cloud.columns.push(Column { name: array.clone(), values });
            }
            let others: Vec<String> = others.iter().map(|r| format!("`{}`", r.0)).collect();
            let not = if others.is_empty() { String::new() } else { format!("; {} not read", others.join(", ")) };
            parsed.notes.push(format!("the array `{array}` is taken{not}"));
        }
        return Ok(contents);
    }
    let columns: Vec<_> = read.iter().filter(|r| is_column(&r.2)).collect();
    if columns.is_empty() {
        let there: Vec<String> = read.iter().map(|(n, _, shape)| format!("`{n}` {shape:?}")).collect();
        let problem = format!("holds the arrays {}; which are positions is not told by a name", there.join(", "));
        return Err(Error::input(name, format!("{problem} ({})", POSITIONS.join(", "))));
    }
    let table = Columns { format: "npz", names: columns.iter().map(|c| c.0.clone()).collect(), ..Columns::default() };
    let parsed = columns::read(table, options, name, |column| {
        let (array, bytes, _) = columns[column];
        Ok(npy::read_array(bytes, &format!("{name}: `{array}`"))?.values)
    })?;
    Ok(npy::Contents::Points(parsed))
}

/// Of one value a row those of the points.
fn of_points(parsed: &Parsed, values: Vec<f64>) -> Vec<f64> {
    match &parsed.row_of_point {
        None => values,
        Some(rows) => rows.iter().map(|row| values[*row]).collect(),
    }
}
