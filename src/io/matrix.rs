//! Arrays of two dimensions, and several of them: NPY, and tables of numbers alone.
//!
//! A row of the array is a row of the picture, y; a column is x. Values that are missing (an empty field, `nan`) are NaN.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::lines::Lines;
use super::npy;
use super::packed::Packing;
use super::{ReadOptions, Source, load};
use crate::error::{Error, Result};
use crate::progress::Progress;

/// Arrays of one shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrices {
    /// Columns and rows.
    pub shape: [usize; 2],
    /// Of each array its values, row by row.
    pub frames: Vec<Vec<f64>>,
    /// `npy` or `table`.
    pub format: &'static str,
}

/// A table of numbers with more columns than that is an array rather than points.
const MOST_COLUMNS_OF_POINTS: usize = 4;

/// Reads arrays if the input holds any: `None` if it rather holds points or a volume. With `forced`, whatever can be
/// read as an array is: (N, 2) and (N, 3) of NPY and tables of few columns too.
///
/// An NPY of three dimensions holds frames of [row, column]; one with its geometry beside it is a volume.
///
/// # Errors
/// [`Error::File`] if it cannot be read, [`Error::Input`] with the place if it is no array, though `forced`, or has
/// rows of different lengths.
pub fn read_matrices(
    source: &Source,
    forced: bool,
    options: &ReadOptions,
    progress: &dyn Progress,
) -> Result<Option<Matrices>> {
    // With its geometry beside it an array is a volume.
    let is_other = |path: &Path| npy::with_json(path).is_file() || !may_be_matrix(path);
    if !forced && source.path().is_some_and(is_other) {
        return Ok(None);
    }
    let bytes = load(source, options, progress)?;
    matrices_of(&bytes, &source.to_string(), forced)
}

/// Whether a file begins as an array, or as packed: others need not be read whole.
fn may_be_matrix(path: &Path) -> bool {
    const HEAD: u64 = 1 << 16;
    let mut head = Vec::new();
    if File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head)).is_err() {
        return true;
    }
    let is_binary = head.starts_with(b"\x93NUMPY") || Packing::of(&head).is_some();
    let text = head.strip_prefix(super::sniff::BYTE_ORDER_MARK).unwrap_or(&head);
    is_binary || first_row(text).is_some_and(|count| count > MOST_COLUMNS_OF_POINTS)
}

/// As [`read_matrices`], of bytes that are read already and not packed; `name` stands in errors.
///
/// # Errors
/// As [`read_matrices`].
pub fn matrices_of(bytes: &[u8], name: &str, forced: bool) -> Result<Option<Matrices>> {
    if bytes.starts_with(b"\x93NUMPY") {
        return of_npy(bytes, name, forced);
    }
    let text = bytes.strip_prefix(super::sniff::BYTE_ORDER_MARK).unwrap_or(bytes);
    match first_row(text) {
        Some(count) if forced || count > MOST_COLUMNS_OF_POINTS => of_text(text, name).map(Some),
        None if forced => {
            let problem = "is no array of numbers: its first line is no row of numbers; leave out --matrix on, or save \
                           it without header (numpy.savetxt, NPY)";
            Err(Error::input(name, problem))
        }
        _ => Ok(None),
    }
}

fn of_npy(bytes: &[u8], name: &str, forced: bool) -> Result<Option<Matrices>> {
    let shape = npy::shape(bytes, name)?;
    let [frames, rows, columns] = match shape[..] {
        [_, 2 | 3] | [_, _, 3] if !forced => return Ok(None),
        [rows, columns] => [1, rows, columns],
        [frames, rows, columns] => [frames, rows, columns],
        [columns] if forced => [1, 1, columns],
        _ if !forced => return Ok(None),
        _ => {
            let problem = format!("has the shape {shape:?}; an array has (rows, columns) or (frames, rows, columns)");
            return Err(Error::input(name, problem));
        }
    };
    if frames == 0 || rows == 0 || columns == 0 {
        return Err(Error::Data(format!("{name}: holds no values, its shape is {shape:?}; there is nothing to draw")));
    }
    let values = npy::read_array(bytes, name)?.values;
    let frames = values.chunks_exact(rows * columns).map(<[f64]>::to_vec).collect();
    Ok(Some(Matrices { shape: [columns, rows], frames, format: "npy" }))
}

/// The fields of a line, which are separated by what is found first of tabs, semicolons, commas and blanks.
fn fields(line: &[u8]) -> Vec<&[u8]> {
    let line = line.trim_ascii();
    let separator = [b'\t', b';', b','].into_iter().find(|s| line.contains(s));
    match separator {
        Some(s) => line.split(|b| *b == s).map(<[u8]>::trim_ascii).collect(),
        None => line.split(u8::is_ascii_whitespace).filter(|f| !f.is_empty()).collect(),
    }
}

/// A field as a number; NaN where it is empty.
fn value(field: &[u8], decimal_comma: bool) -> Option<f64> {
    let text = std::str::from_utf8(field).ok()?;
    match text {
        "" | "NA" | "na" => Some(f64::NAN),
        _ if decimal_comma => text.replace(',', ".").parse().ok(),
        _ => text.parse().ok(),
    }
}

fn rows(text: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    Lines::new(text).filter(|(_, line)| !line.trim_ascii().is_empty() && !line.trim_ascii_start().starts_with(b"#"))
}

/// The number of values in the first line, if they are numbers.
fn first_row(text: &[u8]) -> Option<usize> {
    let (_, line) = rows(text).next()?;
    let fields = fields(line);
    let numbers = |comma: bool| fields.iter().all(|f| value(f, comma).is_some());
    let any = fields.iter().any(|f| value(f, true).is_some_and(f64::is_finite));
    (any && (numbers(false) || numbers(true))).then_some(fields.len())
}

fn of_text(text: &[u8], name: &str) -> Result<Matrices> {
    let mut values = Vec::new();
    let mut columns = None;
    let mut count = 0;
    for (number, line) in rows(text) {
        let fields = fields(line);
        let wanted = *columns.get_or_insert(fields.len());
        if fields.len() != wanted {
            let problem =
                format!("has {} values, the rows before have {wanted}; rows must be equally long", fields.len());
            return Err(Error::line(name, number, problem));
        }
        let comma = !line.contains(&b'.') && (line.contains(&b';') || line.contains(&b'\t')) && line.contains(&b',');
        for (i, field) in fields.iter().enumerate() {
            values.push(value(field, comma).ok_or_else(|| {
                let found = String::from_utf8_lossy(field);
                Error::line(name, number, format!("value {} of the row is `{found}`, which is no number", i + 1))
            })?);
        }
        count += 1;
    }
    let columns = columns.unwrap_or(0);
    Ok(Matrices { shape: [columns, count], frames: vec![values], format: "table" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, forced: bool) -> Result<Option<Matrices>> {
        matrices_of(text.as_bytes(), "m.csv", forced)
    }

    #[test]
    fn rows_are_read_whatever_separates_them() {
        let wanted = [1.0, 2.5, -3.0, 4e3, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0];
        for text in [
            "1,2.5,-3,4e3,5\n6,7,8,9,10\n",
            "# numpy.savetxt\n1 2.5 -3  4e3 5\n\n 6 7 8 9 10",
            "1\t2.5\t-3\t4e3\t5\r\n6\t7\t8\t9\t10\r\n",
            "1;2,5;-3;4e3;5\n6;7;8;9;10",
        ] {
            let m = read(text, false).unwrap().unwrap();
            assert_eq!((m.shape, m.frames[0].as_slice()), ([5, 2], wanted.as_slice()), "{text}");
        }
        let holes = read("1,,3,nan,5\n", false).unwrap().unwrap();
        assert!(holes.frames[0][1].is_nan() && holes.frames[0][3].is_nan() && holes.frames[0][4] == 5.0);
    }

    #[test]
    fn points_and_headers_are_no_arrays_unless_forced() {
        for text in ["1,2,3\n4,5,6\n", "x,y,z,a,b\n1,2,3,4,5\n", ",,,,\n", ""] {
            assert_eq!(read(text, false).unwrap(), None, "{text}");
        }
        assert_eq!(read("1,2,3\n4,5,6\n", true).unwrap().unwrap().shape, [3, 2]);
        assert!(read("x,y\n1,2\n", true).unwrap_err().to_string().contains("--matrix"));
        let error = read("1,2,3,4,5\n1,2,3,4\n", false).unwrap_err().to_string();
        assert!(error.contains("m.csv:2") && error.contains("has 4 values"), "{error}");
        let error = read("1,2,3,4,5\n1,2,x,4,5\n", false).unwrap_err().to_string();
        assert!(error.contains("m.csv:2: value 3 of the row is `x`"), "{error}");
    }
}
