//! Lines of a text and numbers in it.

use memchr::memchr2;

/// The lines of a text with their numbers from 1; they end in LF, CR LF or CR.
#[derive(Clone)]
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    number: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { rest: text, number: 0 }
    }

    /// How many lines are left, counted up to `most`.
    pub(super) fn left(&self, most: usize) -> usize {
        self.clone().take(most).count()
    }

    /// Whether only blank lines are left.
    pub(super) fn is_blank(&self) -> bool {
        self.rest.iter().all(u8::is_ascii_whitespace)
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (u64, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        self.number += 1;
        let end = memchr2(b'\n', b'\r', self.rest).unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        let is_crlf = rest.starts_with(b"\r\n");
        self.rest = &rest[(1 + usize::from(is_crlf)).min(rest.len())..];
        Some((self.number, line))
    }
}

/// The number a field holds, blanks around it aside; `nan`, `inf` and overflow give values that are
/// not finite.
pub(super) fn number(field: &[u8]) -> Option<f64> {
    std::str::from_utf8(field.trim_ascii()).ok()?.parse().ok()
}

/// The words of a line, parted by blanks.
pub(super) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// A whole number without sign that stands alone, blanks around it aside.
pub(super) fn count(text: &[u8]) -> Option<usize> {
    let digits = text.trim_ascii();
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()
}

/// A field as an error message shows it: short and without control characters.
pub(super) fn shown(field: &[u8]) -> String {
    const MAX: usize = 40;
    let text = String::from_utf8_lossy(&field[..field.len().min(4 * MAX)]).into_owned();
    let short: String = text.chars().take(MAX).flat_map(char::escape_default).collect();
    if text.chars().count() > MAX { short + "..." } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_line_ends_count_once() {
        let lines: Vec<_> = Lines::new(b"a\r\nb\rc\n\nd").collect();
        let expected: [(u64, &[u8]); 5] = [(1, b"a"), (2, b"b"), (3, b"c"), (4, b""), (5, b"d")];
        assert_eq!(lines, expected);
        assert_eq!(Lines::new(b"").count(), 0);
    }

    #[test]
    fn numbers_are_whole_fields() {
        assert_eq!(number(b" -1.5e3 "), Some(-1500.0));
        assert_eq!(number(b"1e400"), Some(f64::INFINITY));
        assert_eq!(number(b"1 2"), None);
        assert_eq!(number(b""), None);
    }

    #[test]
    fn long_fields_are_shown_short() {
        assert_eq!(shown(&[b'1'; 5_000_000]).len(), 43);
        assert_eq!(shown(b"a\0b"), "a\\u{0}b");
    }
}
