//! The grammar of selections.

use super::residues::{PROTEIN, WATER};
use super::{Expression, Field, Residues};
use crate::error::{Error, Result};

/// Deeper nesting is refused, so that no text can exhaust the stack.
const MAX_DEPTH: usize = 100;
/// More words are refused, since every `and` and `or` nests the expression once more.
const MAX_WORDS: usize = 5_000;
const FIELDS: &[&str] = &["name", "element", "resname", "resid", "chain", "index"];
const KEYWORDS: &[&str] = &["all", "protein", "water", "hetero"];
const OPERATORS: &[&str] = &["and", "or", "not", "(", ")"];

/// A word and where it begins.
#[derive(Debug, Clone)]
struct Token {
    text: String,
    column: usize,
    is_quoted: bool,
}

impl Token {
    fn is(&self, word: &str) -> bool {
        !self.is_quoted && self.text.eq_ignore_ascii_case(word)
    }

    fn is_one_of(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }
}

/// Reads a whole selection.
///
/// # Errors
/// [`Error::Usage`].
pub(super) fn parse(text: &str) -> Result<Expression> {
    let mut parser = Parser { text, tokens: tokens(text)?, at: 0, depth: 0 };
    if parser.tokens.len() > MAX_WORDS {
        return Err(Error::Usage(format!(
            "the selection has {} words, at most {MAX_WORDS} are read; use ranges as `resid 10-20`",
            parser.tokens.len()
        )));
    }
    let root = parser.disjunction()?;
    match parser.peek() {
        None => Ok(root),
        Some(token) if token.is(")") => Err(parser.error(token, "closes no parenthesis")),
        Some(token) => Err(parser.error(token, "follows without `and` or `or`")),
    }
}

/// An error that shows the text and points at a character of it.
fn error_at(text: &str, column: usize, problem: &str) -> Error {
    let before = text[..column.min(text.len())].chars().count();
    // Tabs and line ends would move the pointer.
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let pointer = " ".repeat(before) + "^";
    Error::Usage(format!("--select, column {}: {problem}\n  {text}\n  {pointer}", before + 1))
}

fn tokens(text: &str) -> Result<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((column, c)) = rest.next() {
        if c.is_whitespace() {
            continue;
        }
        let mut token = Token { text: c.to_string(), column, is_quoted: c == '"' };
        if token.is_quoted {
            token.text.clear();
            loop {
                match rest.next() {
                    Some((_, '"')) => break,
                    Some((_, c)) => token.text.push(c),
                    None => return Err(error_at(text, column, "this quote is not closed")),
                }
            }
        } else if c != '(' && c != ')' {
            while let Some((_, c)) = rest.next_if(|(_, c)| !c.is_whitespace() && !"()\"".contains(*c)) {
                token.text.push(c);
            }
        }
        tokens.push(token);
    }
    Ok(tokens)
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        self.at += 1;
        self.tokens.get(self.at - 1).cloned()
    }

    /// Steps over `word` if it comes next.
    fn accept(&mut self, word: &str) -> bool {
        let comes = self.peek().is_some_and(|t| t.is(word));
        self.at += usize::from(comes);
        comes
    }

    fn error(&self, token: &Token, problem: &str) -> Error {
        error_at(self.text, token.column, &format!("`{}` {problem}", token.text))
    }

    fn error_at_end(&self, problem: &str) -> Error {
        error_at(self.text, self.text.len(), problem)
    }

    fn disjunction(&mut self) -> Result<Expression> {
        let mut left = self.conjunction()?;
        while self.accept("or") {
            left = Expression::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Expression> {
        let mut left = self.term()?;
        while self.accept("and") {
            left = Expression::And(Box::new(left), Box::new(self.term()?));
        }
        Ok(left)
    }

    fn term(&mut self) -> Result<Expression> {
        let known = format!("known are {}, {}, not and parentheses", FIELDS.join(", "), KEYWORDS.join(", "));
        let Some(token) = self.next() else {
            return Err(self.error_at_end(&format!("the selection ends too early; {known}")));
        };
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(&token, "is nested too deeply"));
        }
        let term = match token.text.to_ascii_lowercase().as_str() {
            _ if token.is_quoted => Err(self.error(&token, &format!("is no field; {known}"))),
            "not" => self.term().map(|inner| Expression::Not(Box::new(inner))),
            "(" => self.parenthesis(&token),
            "all" => Ok(Expression::All),
            "hetero" => Ok(Expression::Hetero),
            "protein" => Ok(residues_named(PROTEIN)),
            "water" => Ok(residues_named(WATER)),
            "name" => self.texts(&token, Field::Name),
            "element" => self.texts(&token, Field::Element),
            "resname" => self.texts(&token, Field::Resname),
            "chain" => self.texts(&token, Field::Chain),
            "resid" => self.ranges(&token, residues).map(Expression::Resid),
            "index" => self.ranges(&token, indices).map(Expression::Index),
            _ => Err(self.error(&token, &format!("is not known; {known}"))),
        };
        self.depth -= 1;
        term
    }

    fn parenthesis(&mut self, open: &Token) -> Result<Expression> {
        let inner = self.disjunction()?;
        if self.accept(")") {
            return Ok(inner);
        }
        match self.peek() {
            Some(token) => Err(self.error(token, "follows without `and` or `or`")),
            None => Err(self.error(open, "is not closed")),
        }
    }

    /// The values after a field: all words up to an operator or the end.
    fn values(&mut self, field: &Token) -> Result<Vec<Token>> {
        let mut values = Vec::new();
        while let Some(token) = self.peek().filter(|t| !t.is_one_of(OPERATORS)) {
            if token.is_one_of(FIELDS) || token.is_one_of(KEYWORDS) {
                return Err(self.error(token, "follows without `and` or `or`; quote it if it is a value"));
            }
            values.push(token.clone());
            self.at += 1;
        }
        if values.is_empty() {
            return Err(self.error(field, "needs a value after it, as `name CA` or `resid 10-20`"));
        }
        Ok(values)
    }

    fn texts(&mut self, token: &Token, field: Field) -> Result<Expression> {
        Ok(Expression::Text(field, self.values(token)?.into_iter().map(|v| v.text).collect()))
    }

    fn ranges<T>(&mut self, field: &Token, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
        let problem = format!("is no value of {}; give numbers or ranges as 10-20", field.text);
        let values = self.values(field)?;
        values.iter().map(|v| read(&v.text).ok_or_else(|| self.error(v, &problem))).collect()
    }
}

fn residues_named(names: &[&str]) -> Expression {
    Expression::Text(Field::Resname, names.iter().map(|n| (*n).to_owned()).collect())
}

/// Splits `10-20`, `10:20` or `-5--2` between its two numbers; one number stands for both.
fn ends(text: &str) -> (&str, &str) {
    let cut = text.char_indices().skip(1).find(|(_, c)| *c == '-' || *c == ':');
    cut.map_or((text, text), |(at, _)| (&text[..at], &text[at + 1..]))
}

fn residues(text: &str) -> Option<Residues> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    if let [icode] = text.as_bytes()[number.len()..] {
        let resid = number.parse().ok()?;
        return Some(Residues { first: resid, last: resid, icode: Some(icode) });
    }
    let (first, last) = ends(text);
    let range = Residues { first: first.parse().ok()?, last: last.parse().ok()?, icode: None };
    (range.first <= range.last).then_some(range)
}

fn indices(text: &str) -> Option<(usize, usize)> {
    let (first, last) = ends(text);
    let range = (first.parse().ok()?, last.parse().ok()?);
    (range.0 <= range.1).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn errors_point_at_the_word_and_say_what_is_known() {
        let text = problem("name CA or nmae CB");
        assert!(text.contains("column 12: `nmae` is not known; known are name, element"), "{text}");
        assert!(text.ends_with("  name CA or nmae CB\n             ^"), "{text}");
        for (text, expected) in [
            ("", "column 1: the selection ends too early"),
            ("name CA chain A", "column 9: `chain` follows without `and`"),
            ("name CA and", "column 12: the selection ends too early"),
            ("(name CA", "column 1: `(` is not closed"),
            ("name CA)", "column 8: `)` closes no"),
            ("protein water", "column 9: `water` follows without"),
            ("resid ten", "column 7: `ten` is no value of resid"),
            ("resid 20-10", "`20-10` is no value"),
            ("resid 10 to 20", "column 10: `to` is no value"),
            ("index -1", "`-1` is no value of index"),
            ("name", "column 1: `name` needs a value"),
            ("name \"CA", "column 6: this quote is not closed"),
            ("and name CA", "column 1: `and` is not known"),
        ] {
            assert!(problem(text).contains(expected), "{text}: {}", problem(text));
        }
    }

    #[test]
    fn deep_nesting_is_refused_before_the_stack_ends() {
        assert!(problem(&"(".repeat(1000)).contains("nested too deeply"));
        assert!(problem(&"not ".repeat(1000)).contains("nested too deeply"));
        assert!(problem(&"all and ".repeat(100_000)).contains("at most 5000"));
        assert!(parse(&format!("{}all{}", "(".repeat(99), ")".repeat(99))).is_ok());
    }

    #[test]
    fn no_text_panics() {
        for text in
            ["å", "name å\"", "resid å", "resid 1å", "resid -", "resid 99999999999", "index 1-", "((", "\"", "\"\""]
        {
            let _ = parse(text);
        }
    }
}
