//! Titles that change from frame to frame.

use crate::error::{Error, Result};

/// A title with its names in braces, such as `{frame}`, replaced by what they stand for. Braces around anything but small
/// letters and hyphens stay as they are.
///
/// # Errors
/// [`Error::Usage`] for a name that is not known, with those that are.
pub fn filled(title: &str, known: &[(String, String)]) -> Result<String> {
    let (mut out, mut rest) = (String::new(), title);
    while let Some((before, behind)) = rest.split_once('{') {
        out += before;
        let name = behind.split_once('}').filter(|(name, _)| is_name(name));
        let Some((name, after)) = name else {
            out.push('{');
            rest = behind;
            continue;
        };
        let Some((_, value)) = known.iter().find(|(n, _)| n == name) else {
            let names: Vec<String> = known.iter().map(|(n, _)| format!("{{{n}}}")).collect();
            return Err(Error::Usage(format!(
                "the title has {{{name}}}, which means nothing here; known are {}",
                names.join(", ")
            )));
        };
        out += value;
        rest = after;
    }
    Ok(out + rest)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_once_and_other_braces_stay() {
        let known = [("frame".to_owned(), "{frames}".to_owned()), ("frames".to_owned(), "9".to_owned())];
        let of = |text: &str| filled(text, &known).map_err(|e| e.to_string());
        assert_eq!(of("{frame}/{frames}").unwrap(), "{frames}/9");
        for same in ["", "a {b c} {", "{}", "{X}", "}{", "{{"] {
            assert_eq!(of(same).unwrap(), same);
        }
        assert_eq!(of("{{frames}}").unwrap(), "{9}");
        assert!(of("{k}").unwrap_err().contains("{k}, which means nothing here; known are {frame}, {frames}"));
    }
}
