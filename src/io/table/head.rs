//! What stands above the rows of a table: lines of the program that wrote it, names, units.

use super::super::lines::{Lines, number, shown};
use super::layout::{Layout, Separator, is_skipped, quoted_fields};
use super::local::{self, Marks};
use super::{names, vendor};
use crate::geometry::LengthUnit;

/// Lines looked at.
const SAMPLE: usize = 128;

type Fields = Vec<Vec<u8>>;

/// The first lines that are no comments.
struct Head<'a> {
    separator: Separator,
    /// Their numbers and texts.
    lines: Vec<(u64, &'a [u8])>,
    /// Their fields; none where a quote is not closed.
    fields: Vec<Fields>,
}

impl Layout {
    /// Looks at the first lines. An error has line 0 if it is about the whole file.
    pub(super) fn find(text: &[u8]) -> Result<Self, (u64, String)> {
        let lines: Vec<(u64, &[u8])> = Lines::new(text).filter(|(_, line)| !is_skipped(line)).take(SAMPLE).collect();
        if lines.is_empty() {
            return Err((0, "holds no rows; no points to read".into()));
        }
        let separator = separator(&lines.iter().map(|line| line.1).collect::<Vec<_>>());
        let fields: Vec<Fields> = lines.iter().map(|l| header_fields(l.1, separator).unwrap_or_default()).collect();
        let head = Head { separator, lines, fields };
        let at = head.names_at();
        let (line, names) = head.lines[at];
        let names = header_fields(names, separator).map_err(|problem| (line, problem))?;
        let mut layout = if at == 0 && head.is_row(&names) {
            let comments = text.split(|b| matches!(b, b'\n' | b'\r')).take_while(|line| is_skipped(line));
            let comments: Vec<&[u8]> = comments.filter(|line| !line.trim_ascii().is_empty()).collect();
            Self::without_header(separator, names.len(), &comments)
        } else {
            head.with_names(at, &names)
        };
        let rows = head.lines.iter().zip(&head.fields).filter(|(line, _)| line.0 > layout.header_line);
        layout.marks = Marks::of(rows.flat_map(|(_, fields)| fields).map(Vec::as_slice));
        Ok(layout)
    }

    /// A table whose first line is a row: names may stand in the comments above it.
    fn without_header(separator: Separator, count: usize, comments: &[&[u8]]) -> Self {
        let columns = (1..=count).map(|i| i.to_string()).collect();
        let mut layout = Self { columns, ..Self::new(separator) };
        if let Some(fields) = comments.iter().find_map(|comment| vendor::rapidstorm_columns(comment)) {
            layout.may_be_longer = fields.may_be_longer;
            layout.columns = fields.names;
            layout.has_names = true;
            return layout;
        }
        let last = comments.last().map(|c| without_mark(c));
        let names = last.and_then(|line| header_fields(line, separator).ok()).unwrap_or_default();
        if names.len() == count && names.iter().all(|n| !n.is_empty() && number(n).is_none()) {
            layout.columns = names.iter().map(|n| decoded(n)).collect();
            layout.has_names = true;
        }
        layout
    }
}

impl Head<'_> {
    fn is_number(field: &[u8]) -> bool {
        // Quotes are undone, so that a comma in a field parts none.
        local::is_number(field, false)
    }

    fn is_row(&self, fields: &Fields) -> bool {
        fields.iter().all(|f| local::is_missing(f) || Self::is_number(f)) && !is_pandas_header(fields)
    }

    fn has_number(&self, fields: &Fields) -> bool {
        fields.iter().any(|f| Self::is_number(f))
    }

    /// Fields of most of the lines that hold numbers.
    fn width(&self) -> usize {
        let with_numbers = self.fields.iter().filter(|f| f.len() > 1 && self.has_number(f));
        let counts: Vec<usize> = with_numbers.map(Vec::len).collect();
        let times = |width: &usize| counts.iter().filter(|count| *count == width).count();
        // Of equal ones the first.
        counts.iter().copied().rev().max_by_key(times).unwrap_or(0)
    }

    /// Which line holds the names, or is the first row.
    fn names_at(&self) -> usize {
        let first = &self.fields[0];
        if self.is_row(first) || names::tell_axes(first) {
            return 0;
        }
        let width = self.width();
        let end = self.fields.iter().position(|f| f.len() == width && self.is_row(f)).unwrap_or(self.fields.len());
        let fits = |fields: &Fields| (width..=width + 1).contains(&(fields.len() + 1)) && !self.has_number(fields);
        let tells = self.fields[..end].iter().position(|f| fits(f) && names::tell_axes(f));
        let is_last = |i: &usize| {
            let is_before_a_row = self.fields.get(i + 1).is_some_and(|f| f.len() == width && self.has_number(f));
            self.fields[*i].len() == width && !self.has_number(&self.fields[*i]) && is_before_a_row
        };
        let is_odd = first.len() != width;
        tells.or_else(|| (0..end).find(is_last).filter(|_| is_odd)).unwrap_or(0)
    }

    /// A table with names on line `at` of the sample.
    fn with_names(&self, at: usize, names: &Fields) -> Layout {
        let line = self.lines[at].0;
        let mut layout = Layout {
            columns: names.iter().map(|f| decoded(f)).collect(),
            has_names: true,
            names_line: line,
            header_line: line,
            ..Layout::new(self.separator)
        };
        if at > 0 {
            let lines = if at == 1 { "line is".to_owned() } else { format!("{at} lines are") };
            let first = shown(self.lines[0].1.trim_ascii());
            layout.notes.push(format!("{lines} skipped before the names on line {line} (first: `{first}`)"));
        }
        self.further_lines(at, names.len(), &mut layout);
        let rows: Vec<&Fields> = self.fields[at..].iter().filter(|f| self.has_number(f)).collect();
        self.names_of_rows(&rows, &mut layout);
        self.column_of_units(&rows, &mut layout);
        layout
    }

    /// Lines below the names that hold no number: units, or the names once more.
    fn further_lines(&self, at: usize, width: usize, layout: &mut Layout) {
        // What lacks all of the numbers that other rows have is a row without values.
        let row = self.fields[at + 1..].iter().find(|f| f.len() == width && self.has_number(f));
        let is_value = |c: usize| row.is_some_and(|row| Self::is_number(&row[c]));
        let is_word = |field: &[u8]| !local::is_missing(field) && !field.first().is_some_and(u8::is_ascii_digit);
        let is_text =
            |f: &&Fields| f.len() == width && !self.has_number(f) && (0..width).any(|c| is_value(c) && is_word(&f[c]));
        let count = self.fields[at + 1..].iter().take_while(is_text).count();
        if count == 0 || !self.fields.get(at + 1 + count).is_some_and(|f| self.has_number(f)) {
            return;
        }
        let line = self.lines[at + count].0;
        for fields in &self.fields[at + 1..=at + count] {
            for (name, field) in layout.columns.iter_mut().zip(fields) {
                let unit = decoded(field);
                let unit = unit.trim_matches(['(', ')', '[', ']']);
                if unit.parse::<LengthUnit>().is_ok() && names::has_no_unit(name) {
                    *name = format!("{name} [{unit}]");
                }
            }
        }
        let lines = if count == 1 {
            format!("line {line} without a number is")
        } else {
            format!("{count} lines up to {line} without a number are")
        };
        layout.notes.push(format!("{lines} taken as part of the header"));
        layout.header_line = line;
    }

    /// R does not name the column that names the rows.
    fn names_of_rows(&self, rows: &[&Fields], layout: &mut Layout) {
        let is_longer = |f: &&Fields| f.len() == layout.columns.len() + 1 && !f[f.len() - 1].is_empty();
        if rows.is_empty() || !rows.iter().all(is_longer) {
            return;
        }
        let first = |f: &&Fields| std::str::from_utf8(&f[0]).ok().and_then(|text| text.parse::<i64>().ok());
        let counts: Option<Vec<i64>> = rows.iter().map(first).collect();
        let is_counted = counts.is_some_and(|c| c.len() > 1 && c.windows(2).all(|pair| pair[1] == pair[0] + 1));
        if is_counted || rows.iter().all(|f| !Self::is_number(&f[0])) {
            layout.columns.insert(0, String::new());
            layout.notes.push("rows have one field more than the header: the first is taken as their name".into());
        }
    }

    /// Imaris gives each row a unit.
    fn column_of_units(&self, rows: &[&Fields], layout: &mut Layout) {
        let Some(column) = layout.columns.iter().position(|name| name.eq_ignore_ascii_case("unit")) else { return };
        let Some(unit) = rows.first().and_then(|f| f.get(column)) else { return };
        if rows.iter().all(|f| f.get(column) == Some(unit)) {
            layout.unit_of_rows = decoded(unit).parse().ok();
        }
    }
}

/// `,0,1,2`: pandas numbers columns that have no names.
fn is_pandas_header(fields: &Fields) -> bool {
    let Some((first, rest)) = fields.split_first() else { return false };
    first.is_empty() && rest.len() > 1 && rest.iter().enumerate().all(|(i, f)| *f == i.to_string().into_bytes())
}

/// A name or field in UTF-8, or else in Latin-1, in which old programs write the sign of micrometres.
pub(super) fn decoded(name: &[u8]) -> String {
    let name = name.trim_ascii();
    std::str::from_utf8(name).map_or_else(|_| name.iter().map(|b| char::from(*b)).collect(), str::to_owned)
}

/// A comment without what makes it one.
fn without_mark(comment: &[u8]) -> &[u8] {
    let comment = comment.trim_ascii();
    let begin = comment.iter().position(|b| !b"#%!/".contains(b)).unwrap_or(comment.len());
    comment[begin..].trim_ascii()
}

/// The separator that makes most numbers, of the lower half of the lines, as a program may say anything above; where
/// there are none, the one that parts the first of them.
fn separator(sample: &[&[u8]]) -> Separator {
    let rows = &sample[sample.len() / 2..];
    let score = |s: &Separator| (s.score(rows), s.split(rows[0]).len().min(2));
    let best = Separator::ALL.into_iter().rev().max_by_key(score);
    best.unwrap_or(Separator::Comma)
}

/// The fields of the first line. ThunderSTORM files went through programs that quoted the whole
/// header once more: then the one field is split again.
fn header_fields(line: &[u8], separator: Separator) -> Result<Fields, String> {
    let fields = quoted_fields(line, separator)?;
    match fields.as_slice() {
        [only] if separator != Separator::Blanks && only.contains(&separator.byte()) => quoted_fields(only, separator),
        _ => Ok(fields),
    }
}
