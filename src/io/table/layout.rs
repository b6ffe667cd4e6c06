//! How a table is laid out: separator, header, number of columns.

use memchr::memchr;

use super::super::lines::{Lines, number};
use super::vendor;

/// What parts the fields of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    Tab,
    Semicolon,
    Comma,
    /// Any number of blanks and tabs.
    Blanks,
}

impl Separator {
    /// In the order in which they are preferred.
    const ALL: [Self; 4] = [Self::Tab, Self::Semicolon, Self::Comma, Self::Blanks];

    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Tab => b'\t',
            Self::Semicolon => b';',
            Self::Comma => b',',
            Self::Blanks => b' ',
        }
    }

    pub(super) fn format(self) -> &'static str {
        match self {
            Self::Tab => "tsv",
            Self::Semicolon | Self::Comma => "csv",
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

    fn split(self, line: &[u8]) -> Vec<&[u8]> {
        let mut fields = Vec::new();
        let done: Result<(), ()> = self.try_split(line, |field| {
            fields.push(field);
            Ok(())
        });
        debug_assert!(done.is_ok());
        fields
    }

    /// How many fields of the lines are numbers if this parts them; 0 if it parts nothing.
    fn score(self, lines: &[&[u8]]) -> usize {
        let is_number = |field: &[u8]| number(field).is_some() || self != Self::Comma && is_comma_number(field);
        let numbers = |line: &&[u8]| {
            let fields = self.split(line);
            if fields.len() < 2 { 0 } else { fields.iter().filter(|f| is_number(unquoted(f))).count() }
        };
        lines.iter().map(numbers).sum()
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

fn is_comma_number(field: &[u8]) -> bool {
    let dotted: Vec<u8> = field.iter().map(|b| if *b == b',' { b'.' } else { *b }).collect();
    !field.contains(&b'.') && number(&dotted).is_some()
}

fn unquoted(field: &[u8]) -> &[u8] {
    field.strip_prefix(b"\"").and_then(|f| f.strip_suffix(b"\"")).unwrap_or(field)
}

/// Comments, empty lines, and the line `sep=;` by which Excel is told the separator.
pub(super) fn is_skipped(line: &[u8]) -> bool {
    match line.trim_ascii_start() {
        [] | [b'#', ..] => true,
        [b's' | b'S', rest @ ..] => rest.len() == 4 && rest[..3].eq_ignore_ascii_case(b"ep="),
        _ => false,
    }
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
    /// The line of the header, after which rows begin; 0 if there is none.
    pub(super) header_line: u64,
    /// Whether rows may have more fields than columns: rapidSTORM appends tracks.
    pub(super) may_be_longer: bool,
}

/// Lines looked at to find the separator.
const SAMPLE: usize = 64;

impl Layout {
    /// Looks at the first lines. An error has line 0 if it is about the whole file.
    pub(super) fn find(text: &[u8]) -> Result<Self, (u64, String)> {
        let mut lines = Lines::new(text).filter(|(_, line)| !is_skipped(line)).take(SAMPLE);
        let Some((first_number, first)) = lines.next() else {
            return Err((0, "holds no rows; no points to read".into()));
        };
        let sample: Vec<&[u8]> = std::iter::once(first).chain(lines.map(|(_, line)| line)).collect();
        let separator = separator(&sample);
        let fields = header_fields(first, separator).map_err(|problem| (first_number, problem))?;
        let is_row = fields
            .iter()
            .all(|f| f.is_empty() || number(f).is_some() || separator != Separator::Comma && is_comma_number(f));
        if !is_row {
            let columns = fields.iter().map(|f| decoded(f)).collect();
            return Ok(Self { separator, columns, has_names: true, header_line: first_number, may_be_longer: false });
        }
        let comments = text.split(|b| matches!(b, b'\n' | b'\r')).take_while(|line| is_skipped(line));
        let comments: Vec<&[u8]> = comments.filter(|line| !line.trim_ascii().is_empty()).collect();
        Ok(Self::without_header(separator, fields.len(), &comments))
    }

    /// A table whose first line is a row: names may stand in the comments above it.
    fn without_header(separator: Separator, count: usize, comments: &[&[u8]]) -> Self {
        let numbered = (1..=count).map(|i| i.to_string()).collect();
        let mut layout = Self { separator, columns: numbered, has_names: false, header_line: 0, may_be_longer: false };
        if let Some(fields) = comments.iter().find_map(|comment| vendor::rapidstorm_columns(comment)) {
            layout.may_be_longer = fields.may_be_longer;
            layout.columns = fields.names;
            layout.has_names = true;
            return layout;
        }
        let last = comments.last().map(|c| c.trim_ascii().trim_ascii_start_matching(b'#'));
        let names = last.and_then(|line| header_fields(line, separator).ok()).unwrap_or_default();
        if names.len() == count && names.iter().all(|n| !n.is_empty() && number(n).is_none()) {
            layout.columns = names.iter().map(|n| decoded(n)).collect();
            layout.has_names = true;
        }
        layout
    }
}

/// A name in UTF-8, or else in Latin-1, in which old programs write the sign of micrometres.
fn decoded(name: &[u8]) -> String {
    let name = name.trim_ascii();
    std::str::from_utf8(name).map_or_else(|_| name.iter().map(|b| char::from(*b)).collect(), str::to_owned)
}

trait StripLeading {
    fn trim_ascii_start_matching(&self, byte: u8) -> &Self;
}

impl StripLeading for [u8] {
    fn trim_ascii_start_matching(&self, byte: u8) -> &Self {
        let begin = self.iter().position(|b| *b != byte).unwrap_or(self.len());
        self[begin..].trim_ascii()
    }
}

/// The separator that makes most numbers; where there are none, the one that parts the first line.
fn separator(sample: &[&[u8]]) -> Separator {
    let score = |s: &Separator| (s.score(sample), s.split(sample[0]).len().min(2));
    let best = Separator::ALL.into_iter().rev().max_by_key(score);
    best.unwrap_or(Separator::Comma)
}

/// The fields of the first line. ThunderSTORM files went through programs that quoted the whole
/// header once more: then the one field is split again.
fn header_fields(line: &[u8], separator: Separator) -> Result<Vec<Vec<u8>>, String> {
    let fields = quoted_fields(line, separator)?;
    match fields.as_slice() {
        [only] if separator != Separator::Blanks && only.contains(&separator.byte()) => quoted_fields(only, separator),
        _ => Ok(fields),
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
