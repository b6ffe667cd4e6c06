//! Lines of a text and numbers in it.

use memchr::{memchr, memchr2};

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

    /// The text after the lines that were read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Goes on with `rest`, after a line that was read without being split off; gives its number.
    pub(super) fn advance(&mut self, rest: &'a [u8]) -> u64 {
        self.rest = rest;
        self.number += 1;
        self.number
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

/// Parts of a text, each of whole lines, and of `size` bytes and the rest of a line.
pub(super) fn pieces(mut text: &[u8], size: usize) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let after = memchr(b'\n', text.get(size..).unwrap_or_default()).map_or(text.len(), |at| size + at + 1);
        let (piece, rest) = text.split_at(after);
        text = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

/// The number a field holds, blanks around it aside; `nan`, `inf` and overflow give values that are
/// not finite.
#[inline]
pub(super) fn number(field: &[u8]) -> Option<f64> {
    let field = field.trim_ascii();
    match short_decimal(field) {
        Some((value, [])) => Some(value),
        _ => std::str::from_utf8(field).ok()?.parse().ok().or_else(|| fortran(field)),
    }
}

/// A number as Fortran writes it: `1.5D+03`, or `1.5+103` where three digits leave no room for the letter.
#[cold]
fn fortran(field: &[u8]) -> Option<f64> {
    let at = 1 + field.get(1..)?.iter().position(|b| b"dD+-".contains(b))?;
    let (mantissa, exponent) = field.split_at(at);
    let is_letter = exponent[0].eq_ignore_ascii_case(&b'd');
    let exponent = &exponent[usize::from(is_letter)..];
    let digits = exponent.strip_prefix(b"+").or(exponent.strip_prefix(b"-")).unwrap_or(exponent);
    let is_whole = (1..=4).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    let is_decimal = mantissa.contains(&b'.') || is_letter;
    if !is_whole || !is_decimal || !mantissa.iter().all(|b| b"+-.0123456789".contains(b)) {
        return None;
    }
    std::str::from_utf8(&[mantissa, b"e", exponent].concat()).ok()?.parse().ok()
}

/// Powers of ten that are exact.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

const WHOLE_POWERS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The value of the digits that eight characters begin with, the first of them in the lowest byte, and their
/// number.
#[inline]
fn leading_digits(word: u64) -> (u64, usize) {
    // A digit is 0 to 9 now, and anything else more.
    let values = word ^ 0x3030_3030_3030_3030;
    // The highest bit of a byte is set where it is no digit; only bytes after the first such may be wrong.
    let others = (values.wrapping_add(0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080;
    let count = others.trailing_zeros() as usize / 8;
    if count == 0 {
        return (0, 0);
    }
    // Zeros before the digits make eight; then pairs, fours and eight are joined.
    let digits = values << (64 - 8 * count);
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    ((fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff, count)
}

/// The decimal number without exponent that a text begins with, and what follows it, if its digits are a
/// whole number below 2^53: both it and the power of ten are then exact, so that one division rounds rightly
/// (Clinger 1990).
#[inline]
pub(super) fn short_decimal(text: &[u8]) -> Option<(f64, &[u8])> {
    const MOST_DIGITS: usize = 19;
    let (is_negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let mut mantissa = 0_u64;
    let mut take_digits = |text: &mut &[u8]| {
        let before = text.len();
        // What wraps is refused below.
        while let Some((word, after)) = text.split_first_chunk::<8>() {
            let (value, count) = leading_digits(u64::from_le_bytes(*word));
            mantissa = mantissa.wrapping_mul(WHOLE_POWERS[count]).wrapping_add(value);
            if count < 8 {
                *text = &text[count..];
                return before - text.len();
            }
            *text = after;
        }
        while let [byte @ b'0'..=b'9', after @ ..] = *text {
            mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(byte & 15));
            *text = after;
        }
        before - text.len()
    };
    let whole = take_digits(&mut rest);
    let mut decimals = 0;
    if let [b'.', after @ ..] = rest {
        rest = after;
        decimals = take_digits(&mut rest);
    }
    if !(1..=MOST_DIGITS).contains(&(whole + decimals)) || mantissa >= 1 << 53 {
        return None;
    }
    let value = mantissa as f64 / POWERS[decimals];
    Some((if is_negative { -value } else { value }, rest))
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
    let short: String = text.chars().take(MAX).map(visible).collect();
    if text.chars().count() > MAX { short + "..." } else { short }
}

/// The character, or its number where nothing would be seen of it, or it would turn the text around it.
fn visible(c: char) -> String {
    let is_hidden =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    if c.is_control() || is_hidden { c.escape_default().to_string() } else { c.to_string() }
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
    fn pieces_are_of_whole_lines() {
        let of = |text: &'static [u8], size| pieces(text, size).collect::<Vec<_>>();
        assert_eq!(of(b"ab\nc\ndef\ng", 1), [&b"ab\n"[..], b"c\n", b"def\n", b"g"]);
        assert_eq!(of(b"ab\nc\ndef\ng", 3), [&b"ab\nc\n"[..], b"def\n", b"g"]);
        assert_eq!((of(b"ab\nc", 9), of(b"", 9)), (vec![&b"ab\nc"[..]], vec![]));
    }

    #[test]
    fn numbers_are_whole_fields() {
        assert_eq!(number(b" -1.5e3 "), Some(-1500.0));
        assert_eq!(number(b"1e400"), Some(f64::INFINITY));
        assert_eq!(number(b"1 2"), None);
        assert_eq!(number(b""), None);
    }

    #[test]
    fn exponents_of_fortran_are_read() {
        for (text, expected) in
            [("1.5D+03", 1500.0), ("-2.5d-1", -0.25), ("1D2", 100.0), ("1.5+103", 1.5e103), ("-1.5-103", -1.5e-103)]
        {
            assert_eq!(number(text.as_bytes()), Some(expected), "{text}");
        }
        for text in ["D5", "1D", "1D+", "1-2", "5d-3d", "1.5+-3", "1.5DD3", "1.2.3D1", "2024-01-02", "d", "+", "1.0x+2"]
        {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn short_decimals_are_those_of_the_standard_library() {
        let mut state = 1_u64;
        for length in (0..200_000).map(|i| 1 + i % 19) {
            let mut text: Vec<u8> = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    b'0' + (state >> 33) as u8 % 10
                })
                .collect();
            let point = (state >> 40) as usize % (length + 1);
            text.insert(point, b'.');
            if state >> 63 == 1 {
                text.insert(0, b'-');
            }
            let expected: f64 = std::str::from_utf8(&text).unwrap().parse().unwrap();
            let found = number(&text).map(f64::to_bits);
            assert_eq!(found, Some(expected.to_bits()), "{}", String::from_utf8_lossy(&text));
        }
        for text in [".", "-", "-.", "1..2", "--1", "1-", "+", "", "1e", "0x1"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
        assert_eq!(number(b"-0").map(f64::to_bits), Some((-0.0f64).to_bits()));
        assert_eq!([number(b"5."), number(b".5"), number(b"+5")], [Some(5.0), Some(0.5), Some(5.0)]);
    }

    #[test]
    fn long_fields_are_shown_short() {
        assert_eq!(shown(&[b'1'; 5_000_000]).len(), 43);
        assert_eq!(shown(b"a\0b"), "a\\u{0}b");
        assert_eq!(shown("'1' \\ ١ \u{202e}".as_bytes()), "'1' \\ ١ \\u{202e}");
    }
}
