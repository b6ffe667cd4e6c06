//! The comment line of extended XYZ.
//!
//! `key=value` pairs parted by blanks; a value with blanks is in double or single quotes. Keys are
//! compared without regard to case.

use glam::DVec3;

use super::super::cell;
use super::super::lines::{self, number, shown, words};

/// Where the columns stand that are read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Columns {
    pub(super) species: Option<usize>,
    /// That of x; y and z follow.
    pub(super) position: usize,
    /// All columns, read or not.
    pub(super) count: usize,
}

impl Default for Columns {
    /// Those of plain XYZ.
    fn default() -> Self {
        Self { species: Some(0), position: 1, count: 4 }
    }
}

/// The columns that `Properties` promise; `None` without them.
pub(super) fn columns(comment: &[u8]) -> Result<Option<Columns>, String> {
    let Some(text) = value(comment, b"properties") else { return Ok(None) };
    let wrong = |what: &str| {
        let known = "they are name:type:count with types S, I, R, L, as `species:S:1:pos:R:3`";
        format!("Properties=`{}` {what}; {known}", shown(text))
    };
    let parts: Vec<&[u8]> = text.split(|b| *b == b':').collect();
    let (mut species, mut position, mut count) = (None, None, 0);
    for triple in parts.chunks(3) {
        let [name, kind, width] = triple else { return Err(wrong("end within a column")) };
        if !matches!(kind, [b'S' | b'I' | b'R' | b'L']) {
            return Err(wrong(&format!("have the unknown type `{}`", shown(kind))));
        }
        let width = lines::count(width).filter(|n| (1..=1000).contains(n));
        let width = width.ok_or_else(|| wrong("have a count that is not a whole number of 1 or more"))?;
        match name.to_ascii_lowercase().as_slice() {
            b"species" | b"element" | b"z" | b"numbers" if width == 1 => species = species.or(Some(count)),
            b"pos" | b"positions" if width == 3 => position = position.or(Some(count)),
            _ => {}
        }
        count += width;
    }
    match position {
        Some(position) => Ok(Some(Columns { species, position, count })),
        None => Err(wrong("name no positions (pos:R:3)")),
    }
}

/// The edges of the cell; `None` if the comment names none, `Some(None)` if it is wrong.
pub(super) fn lattice(comment: &[u8]) -> Option<Option<[DVec3; 3]>> {
    let text = value(comment, b"lattice")?;
    let numbers: Option<Vec<f64>> = words(text).map(number).collect();
    let edges = |n: &[f64]| [0, 3, 6].map(|at| DVec3::from_slice(&n[at..]));
    let found = numbers.filter(|n| n.len() == 9).map(|n| edges(&n));
    Some(found.filter(|edges| cell::from_edges(*edges).is_some()))
}

/// The value of a key, without its quotes.
fn value<'a>(comment: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let mut rest = comment.trim_ascii_start();
    while !rest.is_empty() {
        let end = rest.iter().position(|b| *b == b'=' || b.is_ascii_whitespace()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let Some(after) = after.strip_prefix(b"=") else {
            rest = after.trim_ascii_start();
            continue;
        };
        let (value, after) = quoted(after);
        if word.eq_ignore_ascii_case(key) {
            return Some(value);
        }
        rest = after.trim_ascii_start();
    }
    None
}

/// A value and what follows it; a quote that is not closed reaches to the end.
fn quoted(text: &[u8]) -> (&[u8], &[u8]) {
    match text.first() {
        Some(quote @ (b'"' | b'\'')) => {
            let inner = &text[1..];
            let end = inner.iter().position(|b| b == quote).unwrap_or(inner.len());
            (&inner[..end], inner.get(end + 1..).unwrap_or_default())
        }
        _ => text.split_at(text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_those_of_the_properties() {
        let found = |text: &str| columns(text.as_bytes()).unwrap();
        assert_eq!(found("a comment of pos:R:3"), None);
        let plain = Columns { species: Some(0), position: 1, count: 4 };
        assert_eq!(found("a=\"x = 1\" b properties=species:S:1:pos:R:3 c"), Some(plain));
        let turned = Columns { species: Some(5), position: 2, count: 6 };
        assert_eq!(found("Properties='id:I:2:pos:R:3:Z:I:1'"), Some(turned));
        assert_eq!(found("Properties=pos:R:3"), Some(Columns { species: None, position: 0, count: 3 }));
    }

    #[test]
    fn wrong_properties_are_told() {
        for (text, expected) in [
            ("species:S:1:pos:R:", "whole number"),
            ("species:S:1:pos:R", "end within"),
            ("species:S:1:pos:F:3", "unknown type `F`"),
            ("species:S:1:pos:R:3:x:R:0", "whole number"),
            ("species:S:1:pos:R:3:x:R:99999999999999999999", "whole number"),
            ("species:S:1", "name no positions"),
            ("species:S:1:pos:R:2", "name no positions"),
            ("", "end within"),
        ] {
            let problem = columns(format!("Properties={text}").as_bytes()).unwrap_err();
            assert!(problem.contains(expected), "{text}: {problem}");
        }
    }

    #[test]
    fn the_lattice_gives_lengths_and_angles() {
        assert_eq!(lattice(b"no cell"), None);
        assert_eq!(lattice(b"Lattice=\"1 0 0 0 2 0 0 0 3\""), Some(Some([DVec3::X, DVec3::Y * 2.0, DVec3::Z * 3.0])));
        for text in ["Lattice=\"1 0 0 0 2 0 0 0\"", "Lattice=\"a\"", "Lattice=\"0 0 0 0 0 0 0 0 0", "Lattice=\""] {
            assert_eq!(lattice(text.as_bytes()), Some(None), "{text}");
        }
    }
}
