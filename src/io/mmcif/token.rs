//! Words, quoted values and text fields of CIF 1.1.

use memchr::{memchr, memmem};

/// A word or value and the line it begins on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a [u8],
    pub(super) line: u64,
    /// Whether it stood in quotes or was a text field: then it is a value, whatever it says.
    is_quoted: bool,
}

impl<'a> Token<'a> {
    pub(super) fn is_word(&self, word: &[u8]) -> bool {
        !self.is_quoted && self.text.eq_ignore_ascii_case(word)
    }

    pub(super) fn is_tag(&self) -> bool {
        !self.is_quoted && self.text.first() == Some(&b'_')
    }

    /// Whether it ends the values of a loop.
    pub(super) fn is_control(&self) -> bool {
        let begins = |word: &[u8]| self.text.get(..word.len()).is_some_and(|t| t.eq_ignore_ascii_case(word));
        !self.is_quoted
            && match self.text.first() {
                Some(b'_') => true,
                Some(b'd' | b'D') => begins(b"data_"),
                Some(b's' | b'S') => begins(b"save_") || self.is_word(b"stop_"),
                Some(b'l' | b'L') => self.is_word(b"loop_"),
                Some(b'g' | b'G') => self.is_word(b"global_"),
                _ => false,
            }
    }

    /// The value; `None` for `?`, `.` and the empty value.
    pub(super) fn known(&self) -> Option<&'a [u8]> {
        (!self.text.is_empty() && (self.is_quoted || !matches!(self.text, b"?" | b"."))).then_some(self.text)
    }
}

/// The tokens of a file in order.
pub(super) struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: bytes.strip_prefix(crate::io::sniff::BYTE_ORDER_MARK).unwrap_or(bytes), at: 0, line: 1 }
    }

    /// The next token, or `None` at the end.
    ///
    /// # Errors
    /// Line and problem of a quote or text field that is not closed.
    pub(super) fn next(&mut self) -> Result<Option<Token<'a>>, (u64, String)> {
        self.skip_blanks();
        let rest = &self.bytes[self.at..];
        let is_line_start = self.at == 0 || matches!(self.bytes[self.at - 1], b'\n' | b'\r');
        match rest.first() {
            None => Ok(None),
            Some(b';') if is_line_start => self.text_field().map(Some),
            Some(quote @ (b'\'' | b'"')) => self.quoted(*quote).map(Some),
            Some(_) => {
                let len = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
                self.at += len;
                Ok(Some(Token { text: &rest[..len], line: self.line, is_quoted: false }))
            }
        }
    }

    fn skip_blanks(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'#' => {
                    let rest = &self.bytes[self.at..];
                    self.at += rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len());
                }
                b'\n' => {
                    self.line += 1;
                    self.at += 1;
                }
                b'\r' => {
                    // CR LF is counted at its LF.
                    self.line += u64::from(self.bytes.get(self.at + 1) != Some(&b'\n'));
                    self.at += 1;
                }
                _ if byte.is_ascii_whitespace() => self.at += 1,
                _ => return,
            }
        }
    }

    /// A value in quotes ends at a quote that blanks follow, on its own line.
    fn quoted(&mut self, quote: u8) -> Result<Token<'a>, (u64, String)> {
        let rest = &self.bytes[self.at + 1..];
        let line_end = rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len());
        let mut from = 0;
        while let Some(found) = memchr(quote, &rest[from..line_end]) {
            let end = from + found;
            if rest.get(end + 1).is_none_or(u8::is_ascii_whitespace) {
                self.at += end + 2;
                return Ok(Token { text: &rest[..end], line: self.line, is_quoted: true });
            }
            from = end + 1;
        }
        Err((self.line, format!("a value that begins with {} is not closed on its line; close it", char::from(quote))))
    }

    /// A text field reaches from a line that begins with `;` to the next such line.
    fn text_field(&mut self) -> Result<Token<'a>, (u64, String)> {
        let rest = &self.bytes[self.at + 1..];
        let end = memmem::find(rest, b"\n;");
        // Old Mac line ends; looked for no further than the others, so that long files stay linear.
        let Some(end) = memmem::find(&rest[..end.unwrap_or(rest.len())], b"\r;").or(end) else {
            return Err((self.line, "a text field that begins with `;` is never closed; the file is cut".into()));
        };
        let text = &rest[..end];
        let token = Token { text: text.strip_suffix(b"\r").unwrap_or(text), line: self.line, is_quoted: true };
        self.line += super::super::lines::Lines::new(&rest[..=end]).count() as u64;
        self.at += end + 3;
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8]) -> Result<Vec<(String, u64)>, (u64, String)> {
        let mut tokens = Tokens::new(bytes);
        let mut out = Vec::new();
        while let Some(token) = tokens.next()? {
            out.push((String::from_utf8_lossy(token.text).into_owned(), token.line));
        }
        Ok(out)
    }

    #[test]
    fn words_quotes_comments_and_text_fields_are_told_apart() {
        let bytes = b"a 'b c' \"d'e\" 'f'g' # no\r\n;text\n more\n;h\n;i\r\n;\r\nj ;k";
        let expected =
            [("a", 1), ("b c", 1), ("d'e", 1), ("f'g", 1), ("text\n more", 2), ("h", 4), ("i", 5), ("j", 7), (";k", 7)];
        let found = texts(bytes).unwrap();
        assert_eq!(found, expected.map(|(text, line)| (text.to_owned(), line)));
    }

    #[test]
    fn what_is_not_closed_is_told_with_its_line() {
        assert_eq!(texts(b"a\n'b\nc'").unwrap_err().0, 2);
        assert_eq!(texts(b"a\n;b\n c").unwrap_err().0, 2);
    }

    #[test]
    fn unknown_values_and_control_words_lose_their_meaning_in_quotes() {
        let mut tokens = Tokens::new(b"? '?' . loop_ 'loop_' _t '_t' Data_x stop");
        let mut seen = Vec::new();
        while let Some(token) = tokens.next().unwrap() {
            seen.push((token.known().is_some(), token.is_control()));
        }
        let (value, control, unknown) = ((true, false), (true, true), (false, false));
        assert_eq!(seen, [unknown, value, unknown, control, value, control, value, control, value]);
    }
}
