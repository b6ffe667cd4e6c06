//! How a table is laid out: separator, names, quotes, comments.

use memchr::memchr;

use super::local::{self, Marks};
use crate::geometry::LengthUnit;

/// What parts the fields of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    Tab,
    Semicolon,
    Pipe,
    Comma,
    /// Any number of blanks and tabs.
    Blanks,
}

impl Separator {
    /// In the order in which they are preferred.
    pub(super) const ALL: [Self; 5] = [Self::Tab, Self::Semicolon, Self::Pipe, Self::Comma, Self::Blanks];

    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Tab => b'\t',
            Self::Semicolon => b';',
            Self::Pipe => b'|',
            Self::Comma => b',',
            Self::Blanks => b' ',
        }
    }

    pub(super) fn format(self) -> &'static str {
        match self {
            Self::Tab => "tsv",
            Self::Semicolon | Self::Pipe | Self::Comma => "csv",
            Self::Blanks => "table",
        }
    }

    /// Whether an empty field follows the last separator of a line.
    pub(super) fn ends(self, line: &[u8]) -> bool {
        self != Self::Blanks && line.trim_ascii_end_matching(self.byte())
    }

    /// Calls `each` with every field of a line without quotes, blanks around it taken off.
    pub(super) fn try_split<'a, E>(
        self,
        line: &'a [u8],
        mut each: impl FnMut(&'a [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if self == Self::Blanks {
            return line.split(u8::is_ascii_whitespace).filter(|f| !f.is_empty()).try_for_each(each);
        }
        let mut rest = line;
        while let Some(end) = memchr(self.byte(), rest) {
            each(rest[..end].trim_ascii())?;
            rest = &rest[end + 1..];
        }
        each(rest.trim_ascii())
    }

    pub(super) fn split(self, line: &[u8]) -> Vec<&[u8]> {
        let mut fields = Vec::new();
        let done: Result<(), ()> = self.try_split(line, |field| {
            fields.push(field);
            Ok(())
        });
        debug_assert!(done.is_ok());
        fields
    }

    /// How many of the lines are numbers throughout if this parts them, and how many fields are numbers; 0 if it parts
    /// nothing.
    pub(super) fn score(self, lines: &[&[u8]]) -> (usize, usize) {
        let is_number = |field: &&&[u8]| local::is_number(unquoted(field), self == Self::Comma);
        let of_line = |line: &&[u8]| {
            let fields = self.split(line);
            if fields.len() < 2 {
                return (0, 0);
            }
            let numbers = fields.iter().filter(is_number).count();
            let missing = fields.iter().filter(|field| local::is_missing(unquoted(field))).count();
            (usize::from(numbers > 0 && numbers + missing == fields.len()), numbers)
        };
        lines.iter().map(of_line).fold((0, 0), |sum, line| (sum.0 + line.0, sum.1 + line.1))
    }
}

trait EndsWith {
    fn trim_ascii_end_matching(&self, byte: u8) -> bool;
}

impl EndsWith for [u8] {
    fn trim_ascii_end_matching(&self, byte: u8) -> bool {
        // A tab is a blank too: only blanks are taken off before it is looked for.
        let end = self.iter().rposition(|b| *b != b' ');
        end.is_some_and(|at| self[at] == byte)
    }
}

fn unquoted(field: &[u8]) -> &[u8] {
    field.strip_prefix(b"\"").and_then(|f| f.strip_suffix(b"\"")).unwrap_or(field)
}

/// Comments of many programs, empty lines, the line `sep=;` by which Excel is told the separator, and the end of a
/// file of DOS.
pub(super) fn is_skipped(line: &[u8]) -> bool {
    match line.trim_ascii_start() {
        line @ [b'#', ..] if is_error_of_excel(line) => false,
        [] | [b'#' | b'%' | b'!' | b'@', ..] | [b'/', b'/', ..] | [0x1a] => true,
        [b's' | b'S', rest @ ..] => rest.len() == 4 && rest[..3].eq_ignore_ascii_case(b"ep="),
        _ => false,
    }
}

/// Whether a line begins with what Excel writes where a formula has no value, as `#N/A`.
fn is_error_of_excel(line: &[u8]) -> bool {
    let end = line.iter().position(|b| b",;\t".contains(b)).unwrap_or(line.len());
    local::is_error_of_excel(line[..end].trim_ascii())
}

/// The fields of a line in which some are quoted, as RFC 4180 has them.
pub(super) fn quoted_fields(line: &[u8], separator: Separator) -> Result<Vec<Vec<u8>>, String> {
    let (mut fields, mut field) = (Vec::new(), Vec::new());
    let (mut is_quoted, mut was_quoted) = (false, false);
    let mut bytes = line.iter().copied().peekable();
    let is_separator = |b: u8| b == separator.byte() || separator == Separator::Blanks && b == b'\t';
    let finished =
        |field: &[u8], was_quoted: bool| if was_quoted { field.to_vec() } else { field.trim_ascii().to_vec() };
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if is_quoted && bytes.peek() == Some(&b'"') => field.extend(bytes.next()),
            b'"' if is_quoted => is_quoted = false,
            b'"' if field.trim_ascii().is_empty() => {
                field.clear();
                (is_quoted, was_quoted) = (true, true);
            }
            _ if !is_quoted && is_separator(byte) => {
                if separator != Separator::Blanks || was_quoted || !field.is_empty() {
                    fields.push(finished(&field, was_quoted));
                }
                field.clear();
                was_quoted = false;
            }
            // Blanks between the closing quote and the separator.
            b' ' | b'\t' if was_quoted && !is_quoted => {}
            _ => field.push(byte),
        }
    }
    if is_quoted {
        return Err("a quote is not closed on its line; close it, or take line ends out of the field".into());
    }
    if separator != Separator::Blanks || was_quoted || !field.is_empty() {
        fields.push(finished(&field, was_quoted));
    }
    Ok(fields)
}

/// How a table is laid out.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) separator: Separator,
    /// Names of the columns; their 1-based numbers where there is no header.
    pub(super) columns: Vec<String>,
    /// Whether the names are from a header.
    pub(super) has_names: bool,
    /// The line of the names; 0 if there is none.
    pub(super) names_line: u64,
    /// The last line of the header, after which rows begin; 0 if there is none.
    pub(super) header_line: u64,
    /// Whether rows may have more fields than columns: rapidSTORM appends tracks.
    pub(super) may_be_longer: bool,
    pub(super) marks: Marks,
    /// The unit that a column states for the positions of all rows.
    pub(super) unit_of_rows: Option<LengthUnit>,
    pub(super) notes: Vec<String>,
}

impl Layout {
    /// A table without names or columns yet.
    pub(super) fn new(separator: Separator) -> Self {
        Self {
            separator,
            columns: Vec::new(),
            has_names: false,
            names_line: 0,
            header_line: 0,
            may_be_longer: false,
            marks: Marks::default(),
            unit_of_rows: None,
            notes: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (Separator, Vec<String>) {
        let layout = Layout::find(text.as_bytes()).unwrap();
        (layout.separator, layout.columns)
    }

    #[test]
    fn the_separator_is_what_makes_numbers() {
        for (text, expected) in [
            ("x,y,z\n1,2,3", Separator::Comma),
            ("x;y;z\n1,5;2,5;3,5", Separator::Semicolon),
            ("x\ty\tz\n1,5\t2,5\t3,5", Separator::Tab),
            ("1,5 2,5 3,5\n4,5 5,5 6,5", Separator::Blanks),
            ("1, 2, 3\n4, 5, 6", Separator::Comma),
            ("x [nm], y [nm], z [nm]\n1, 2, 3", Separator::Comma),
            ("name\tx\ty\nspot, one\t1\t2", Separator::Tab),
            ("  1.0   2.0\t3.0", Separator::Blanks),
            ("x,y,z\n", Separator::Comma),
            ("\"1\",\"2\",\"3\"", Separator::Comma),
            ("x|y|z\n1|2|3", Separator::Pipe),
            ("1 234,5;2 345,1;3", Separator::Semicolon),
            ("1.234,5;2.345,1;3.456,7", Separator::Semicolon),
            ("1,234,567;2,345,678;3,456,789", Separator::Semicolon),
            ("1,234,567 2,345,678 3,456,789", Separator::Blanks),
            ("a;1,234,567;2;;NA", Separator::Semicolon),
        ] {
            assert_eq!(found(text).0, expected, "{text}");
        }
    }

    #[test]
    fn headers_are_names_and_rows_are_numbered() {
        assert_eq!(found("# c\n\n\"x [nm]\",y,\"a \"\"b\"\"\"\n1,2,3").1, ["x [nm]", "y", "a \"b\""]);
        assert_eq!(found("\"id,\"\"x [nm]\"\",\"\"y [nm]\"\"\"\n1,2,3").1, ["id", "x [nm]", "y [nm]"]);
        assert_eq!(found("1,nan,\n").1, ["1", "2", "3"]);
        assert_eq!(found("# x y z\n1 2 3").1, ["x", "y", "z"]);
        assert_eq!(found("sep=;\r\nx;y;z\r\n1,5;2;3\r\n").1, ["x", "y", "z"]);
        assert_eq!(found("# made by me\n1 2 3 4").1, ["1", "2", "3", "4"]);
    }

    #[test]
    fn quotes_are_undone_and_open_ones_told() {
        let fields = |text: &str, separator| {
            let fields = quoted_fields(text.as_bytes(), separator)?;
            Ok::<_, String>(fields.into_iter().map(|f| String::from_utf8(f).unwrap()).collect::<Vec<_>>())
        };
        assert_eq!(fields("\"a,b\" , c,\"\"", Separator::Comma).unwrap(), ["a,b", "c", ""]);
        assert_eq!(fields("\"a b\"  c", Separator::Blanks).unwrap(), ["a b", "c"]);
        assert!(fields("\"1,2,3", Separator::Comma).unwrap_err().contains("not closed"));
    }
}
