//! A table as it is, with one more column.

use std::io::{self, Write};
use std::path::Path;

use memchr::memmem;

use super::layout::{self, Layout, Separator};
use super::{Lines, atomic, place_of, vendor};
use crate::error::{Error, Result};
use crate::io::sniff::BYTE_ORDER_MARK;

/// Writes the table in `bytes` (unpacked; `name` stands in errors) with a column of `values`, one a row, after its
/// last. All else stays as it is: columns, separators, comments, line ends. A value that is NaN is written so; where
/// the table has decimal commas the values have them too. The column is called `column`, or `column_2` and so on if
/// the table has one of that name. `input` is never overwritten.
///
/// # Errors
/// [`Error::Input`] if the bytes are no table, [`Error::Data`] if the number of values is not that of the rows,
/// [`Error::Usage`] if rows may have further fields (rapidSTORM's tracks) or `path` is `input`, [`Error::File`].
pub fn write_with_column(
    path: &Path,
    bytes: &[u8],
    name: &str,
    column: &str,
    values: &[f64],
    input: Option<&Path>,
) -> Result<()> {
    let mark = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let (text, _) = vendor::without_trailer(&bytes[mark..]);
    let layout = Layout::find(text).map_err(|(line, problem)| place_of(name, line, problem))?;
    if layout.may_be_longer {
        let problem = "its rows end in tracks of any length, after which no column can stand; write F.npy";
        return Err(Error::Usage(format!("{name}: {problem}")));
    }
    let is_row = |(number, line): &(u64, &[u8])| *number > layout.header_line && !layout::is_skipped(line);
    let rows = Lines::new(text).filter(is_row).count();
    if rows != values.len() {
        return Err(Error::Data(format!("{name}: {} values for {rows} rows; one a row is needed", values.len())));
    }
    let widened = Widened::new(&layout, text, column);
    atomic::write(path, input, |out| {
        out.write_all(&bytes[..mark])?;
        let mut values = values.iter();
        let mut end = 0;
        for (number, line) in Lines::new(text) {
            // What parts this line from the one before stands as it was.
            let begin = line.as_ptr() as usize - text.as_ptr() as usize;
            out.write_all(&text[end..begin])?;
            end = begin + line.len();
            if is_row(&(number, line)) {
                widened.row(out, line, *values.next().unwrap_or(&f64::NAN))?;
            } else if number == widened.names_line {
                widened.names(out, line)?;
            } else if (layout.names_line..=layout.header_line).contains(&number) && !layout::is_skipped(line) {
                // A line of units has as many fields as the names.
                out.write_all(line)?;
                out.write_all(&[layout.separator.byte()])?;
            } else {
                out.write_all(line)?;
            }
        }
        out.write_all(&bytes[mark + end..])
    })
}

/// How the new column is written.
struct Widened<'a> {
    layout: &'a Layout,
    column: String,
    /// The line that holds the names: the header, or a comment; 0 if there is none.
    names_line: u64,
    has_decimal_comma: bool,
}

impl<'a> Widened<'a> {
    fn new(layout: &'a Layout, text: &[u8], column: &str) -> Self {
        let is_taken = |name: &str| layout.columns.iter().any(|c| c.eq_ignore_ascii_case(name));
        let numbered = (2..).map(|n| format!("{column}_{n}"));
        let column = std::iter::once(column.to_owned()).chain(numbered).find(|name| !is_taken(name));
        let has_decimal_comma = layout.separator != Separator::Comma && layout.marks.has_decimal_comma;
        let comments =
            || Lines::new(text).take_while(|(_, l)| layout::is_skipped(l)).filter(|(_, l)| !l.trim_ascii().is_empty());
        let xml = comments().find(|(_, line)| vendor::rapidstorm_columns(line).is_some());
        let names_line = match layout.names_line {
            0 if layout.has_names => xml.or(comments().last()).map_or(0, |(number, _)| number),
            header => header,
        };
        Self { layout, column: column.unwrap_or_default(), names_line, has_decimal_comma }
    }

    fn row(&self, out: &mut dyn Write, line: &[u8], value: f64) -> io::Result<()> {
        out.write_all(line)?;
        if !self.ends_in_separator(line) {
            out.write_all(&[self.layout.separator.byte()])?;
        }
        let text = if value.is_nan() { "NaN".to_owned() } else { format!("{value:e}") };
        out.write_all(if self.has_decimal_comma { text.replace('.', ",") } else { text }.as_bytes())
    }

    /// Whether a separator at the end of a row begins no column.
    fn ends_in_separator(&self, line: &[u8]) -> bool {
        let separator = self.layout.separator;
        separator.ends(line)
            && layout::quoted_fields(line, separator).is_ok_and(|fields| fields.len() > self.layout.columns.len())
    }

    fn names(&self, out: &mut dyn Write, line: &[u8]) -> io::Result<()> {
        let separator = char::from(self.layout.separator.byte());
        let last = memmem::rfind(line, b"</localizations>");
        let is_quoted_whole = self.layout.columns.len() > 1
            && layout::quoted_fields(line, self.layout.separator).is_ok_and(|fields| fields.len() == 1);
        match (last, line.iter().rposition(|b| *b == b'"')) {
            (Some(at), _) if self.layout.names_line == 0 => {
                out.write_all(&line[..at])?;
                write!(out, "<field identifier=\"{}\" />", self.column)?;
                out.write_all(&line[at..])
            }
            (_, Some(at)) if is_quoted_whole => {
                out.write_all(&line[..at])?;
                write!(out, "{separator}\"\"{}\"\"", self.column)?;
                out.write_all(&line[at..])
            }
            _ => {
                out.write_all(line)?;
                write!(out, "{separator}{}", self.column)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a table with the values 0.5, NaN, 1e-9 (as many as it has rows).
    fn widened(text: &str) -> String {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("densitas-column-{}-{count}", std::process::id()));
        let layout = Layout::find(text.trim_start_matches('\u{feff}').as_bytes()).unwrap();
        let rows =
            Lines::new(text.as_bytes()).filter(|(n, l)| *n > layout.header_line && !layout::is_skipped(l)).count();
        write_with_column(&path, text.as_bytes(), "t", "density", &[0.5, f64::NAN, 1e-9][..rows], None).unwrap();
        let out = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        out
    }

    #[test]
    fn everything_stays_and_a_column_is_added() {
        for (text, expected) in [
            ("x,y,z\n1,2,3\n4,,6\n", "x,y,z,density\n1,2,3,5e-1\n4,,6,NaN\n"),
            ("# c\r\n\"x [nm]\",y\r\n\r\n1,2\r\n3,4", "# c\r\n\"x [nm]\",y,density\r\n\r\n1,2,5e-1\r\n3,4,NaN"),
            ("1 2 3\n4 5 6\n\n7 8 9\n", "1 2 3 5e-1\n4 5 6 NaN\n\n7 8 9 1e-9\n"),
            ("x;y;z\n1,5;2,5;3,5\n", "x;y;z;density\n1,5;2,5;3,5;5e-1\n"),
            ("# x y z\n1 2 3\n", "# x y z density\n1 2 3 5e-1\n"),
            ("x\ty\n1\t2\t\n", "x\ty\tdensity\n1\t2\t5e-1\n"),
            ("x,y,\n1,2,\n", "x,y,,density\n1,2,,5e-1\n"),
            ("by me\nx|y\n1|2\n", "by me\nx|y|density\n1|2|5e-1\n"),
            ("x,y\n[nm],[nm]\n1,2\n", "x,y,density\n[nm],[nm],\n1,2,5e-1\n"),
            ("x y\na 1 2\nb 3 4\n", "x y density\na 1 2 5e-1\nb 3 4 NaN\n"),
            ("| x | y |\n|---|---|\n| 1 | 2 |\n", "| x | y ||density\n|---|---||\n| 1 | 2 ||5e-1\n"),
            ("x,y,Density\n1,2,3\n", "x,y,Density,density_2\n1,2,3,5e-1\n"),
            ("\"x,\"\"y\"\"\"\n1,2\n", "\"x,\"\"y\"\",\"\"density\"\"\"\n1,2,5e-1\n"),
            ("\u{feff}x,y\n1,\"2\"\n", "\u{feff}x,y,density\n1,\"2\",5e-1\n"),
            (
                "# <localizations><field identifier=\"Position-0-0\" /><field identifier=\"a\" /></localizations>\n1 2\n",
                "# <localizations><field identifier=\"Position-0-0\" /><field identifier=\"a\" /><field \
                 identifier=\"density\" /></localizations>\n1 2 5e-1\n",
            ),
        ] {
            assert_eq!(widened(text), expected, "{text}");
        }
    }

    #[test]
    fn decimal_commas_are_kept() {
        let path = std::env::temp_dir().join(format!("densitas-comma-{}", std::process::id()));
        write_with_column(&path, b"x;y\n1,5;2\n", "t", "density", &[1.25e-7], None).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "x;y;density\n1,5;2;1,25e-7\n");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn too_few_values_and_tracks_are_refused() {
        let write = |text: &str, values: &[f64]| {
            write_with_column(Path::new("/nowhere/t.csv"), text.as_bytes(), "t", "density", values, None).unwrap_err()
        };
        assert!(write("x,y\n1,2\n", &[]).to_string().contains("0 values for 1 rows"));
        let tracks = "# <localizations><field identifier=\"Position-0-0\" /><localizations></localizations></localizations>\n1\n";
        assert_eq!(write(tracks, &[1.0]).exit_code(), 2);
    }
}
