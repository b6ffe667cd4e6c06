//! Numbers as people and spreadsheets write them: decimal commas, groups of thousands, a typeset minus.

use super::head::decoded;
use std::borrow::Cow;

use super::super::lines::{number, shown};

/// What parts thousands, blanks of all widths being one.
const GROUP_MARKS: [char; 4] = [',', '.', '\'', ' '];

/// How the numbers of a table are written, as far as its first rows show it beyond doubt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// `,` or `.` where thousands are parted by it.
    pub(super) thousands: Option<u8>,
    pub(super) has_decimal_comma: bool,
}

impl Marks {
    /// Those of the fields that are numbers.
    pub(super) fn of<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut marks = Self::default();
        for field in fields {
            match grouped(&normal(field)) {
                Some(Grouped { group: mark @ (',' | '.'), is_ambiguous: false, .. }) => {
                    marks.thousands = Some(mark as u8)
                }
                None if with_comma(field).is_some() => marks.has_decimal_comma = true,
                _ => {}
            }
        }
        marks.has_decimal_comma |= marks.thousands == Some(b'.');
        marks
    }
}

/// The number that a field holds and its decimal mark, if it has one. Where commas part the fields (`is_comma`), a
/// quoted `1,234` may be thousands.
///
/// # Errors
/// For a number that can be read in two ways.
pub(super) fn local(field: &[u8], marks: Marks, is_comma: bool) -> Result<Option<(f64, Option<u8>)>, String> {
    if marks.thousands.is_none()
        && let Some(value) = number(field)
    {
        return Ok(Some((value, field.contains(&b'.').then_some(b'.'))));
    }
    let text = normal(field);
    match grouped(&text) {
        Some(found) if !found.is_ambiguous || marks.thousands == Some(found.group as u8) => {
            return Ok(Some((found.value, found.decimal_mark())));
        }
        Some(Grouped { group: ',', value, .. }) if is_comma && !marks.has_decimal_comma => {
            let (field, decimal) = (shown(field), value / 1000.0);
            return Err(format!("`{field}` may be {value} or {decimal}; write it with a decimal point or none"));
        }
        _ => {}
    }
    let plain = number(text.as_bytes()).map(|value| (value, text.contains('.').then_some(b'.')));
    Ok(plain.or_else(|| with_comma(text.as_bytes()).map(|value| (value, Some(b',')))))
}

/// Whether a field holds a number, where commas part the fields or not.
pub(super) fn is_number(field: &[u8], is_comma: bool) -> bool {
    number(field).is_some() || !is_comma && (with_comma(field).is_some() || grouped(&normal(field)).is_some())
}

/// Whether a number with a comma could as well be one of thousands: `1,234`.
pub(super) fn may_be_thousands(field: &[u8]) -> bool {
    grouped(&normal(field)).is_some_and(|found| found.is_ambiguous && found.group == ',')
}

/// Whether a field says that there is no value.
pub(super) fn is_missing(field: &[u8]) -> bool {
    let is_word = |m: &&str| field.eq_ignore_ascii_case(m.as_bytes());
    ["", "na", "n/a", "null", "none", "-", "--"].iter().any(is_word) || is_error_of_excel(field)
}

/// What Excel writes where a formula has no value.
pub(super) fn is_error_of_excel(field: &[u8]) -> bool {
    ["#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#DIV/0!"].iter().any(|e| field == e.as_bytes())
}

/// A number with a decimal comma and no point.
fn with_comma(field: &[u8]) -> Option<f64> {
    if !field.contains(&b',') || field.contains(&b'.') {
        return None;
    }
    number(&field.iter().map(|b| if *b == b',' { b'.' } else { *b }).collect::<Vec<u8>>())
}

/// UTF-8, or else Latin-1, with one kind of blank, minus and apostrophe.
fn normal(field: &[u8]) -> Cow<'_, str> {
    let field = field.trim_ascii();
    if field.is_ascii() {
        return String::from_utf8_lossy(field);
    }
    let text = decoded(field);
    let same = text.chars().map(|c| match c {
        '\u{2212}' => '-',
        '\u{2019}' => '\'',
        c if c.is_whitespace() => ' ',
        c => c,
    });
    Cow::Owned(same.collect::<String>().trim().to_owned())
}

/// A number with groups of thousands.
#[derive(Debug, PartialEq)]
struct Grouped {
    value: f64,
    group: char,
    decimal: Option<char>,
    /// Whether the one mark could as well be decimal.
    is_ambiguous: bool,
}

impl Grouped {
    /// The decimal mark of the table, which `1,234,567` tells too.
    fn decimal_mark(&self) -> Option<u8> {
        match (self.decimal, self.group) {
            (Some(mark), _) => Some(mark as u8),
            (None, ',') => Some(b'.'),
            (None, '.') => Some(b','),
            _ => None,
        }
    }
}

fn grouped(text: &str) -> Option<Grouped> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let group = digits.chars().find(|c| !c.is_ascii_digit()).filter(|c| GROUP_MARKS.contains(c))?;
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let end = digits.rfind(group)? + group.len_utf8();
    let decimal = digits[end..].chars().find(|c| !c.is_ascii_digit());
    let (last, fraction) = match decimal {
        None => (&digits[end..], "0"),
        Some(mark @ ('.' | ',')) => digits[end..].split_once(mark)?,
        Some(_) => return None,
    };
    let mut parts = digits[..end].trim_end_matches(group).split(group);
    let first = parts.next().filter(|part| is_digits(part) && part.len() <= 3 && !part.starts_with('0'))?;
    let rest: Vec<&str> = parts.chain([last]).collect();
    let are_groups = rest.iter().all(|part| part.len() == 3 && is_digits(part));
    if !are_groups || !(fraction.is_empty() || is_digits(fraction)) {
        return None;
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    let value = format!("{sign}{first}{}.{fraction}", rest.concat()).parse().ok()?;
    let is_ambiguous = matches!(group, ',' | '.') && decimal.is_none() && rest.len() == 1;
    Some(Grouped { value, group, decimal, is_ambiguous })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, marks: Marks, is_comma: bool) -> Option<f64> {
        local(text.as_bytes(), marks, is_comma).unwrap().map(|found| found.0)
    }

    #[test]
    fn thousands_are_read_where_they_cannot_be_taken_for_decimals() {
        for (text, expected) in [
            ("1,234.5", 1234.5),
            ("-12,345,678", -12_345_678.0),
            ("1.234,5", 1234.5),
            ("1.234.567", 1_234_567.0),
            ("1'234.25", 1234.25),
            ("1\u{2019}234", 1234.0),
            ("1 234,5", 1234.5),
            ("1\u{202f}234\u{a0}567", 1_234_567.0),
            ("\u{2212}3.5", -3.5),
            ("\u{2212}3,5", -3.5),
            ("\u{a0}7", 7.0),
            ("0,123", 0.123),
            ("12,34", 12.34),
            ("1,234", 1.234),
            ("1.234", 1.234),
        ] {
            assert_eq!(read(text, Marks::default(), false), Some(expected), "{text}");
        }
        for text in
            ["1,23,456.0", "1234,567.8", "1.234.5", "1,234.5.6", "1, 234", "012,345.6", "1'23", "a", "", ",", "-"]
        {
            assert_eq!(read(text, Marks::default(), false), None, "{text}");
        }
    }

    #[test]
    fn what_has_two_meanings_is_refused_unless_the_table_shows_which() {
        let problem = local(b"1,234", Marks::default(), true).unwrap_err();
        assert!(problem.contains("`1,234` may be 1234 or 1.234"), "{problem}");
        let of = |fields: &[&str]| Marks::of(fields.iter().map(|f| f.as_bytes()));
        assert_eq!(read("1,234", of(&["2", "5,234.5"]), true), Some(1234.0));
        assert_eq!(read("1,234", of(&["2", "5,25"]), true), Some(1.234));
        assert_eq!(read("1.234", of(&["2", "5.234,5"]), false), Some(1234.0));
        assert_eq!(read("1.5", of(&["2", "5.234,5"]), false), Some(1.5));
        assert_eq!(read("1,234", of(&["1,234,567", "word", "3.5"]), true), Some(1234.0));
        assert_eq!(of(&["1,234", "word", "3.5", "1 234,5"]), Marks::default());
    }
}
