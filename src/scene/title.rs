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

/// What a title says of all frames: its parts between commas and lines that have no names in braces, or what stands before
/// the first of these; `None` if that is nothing.
pub fn constant_part(title: &str) -> Option<String> {
    let name_at = |text: &str| {
        let braces = text.match_indices('{').map(|(at, _)| at);
        let is_named = |at: &usize| text[at + 1..].split_once('}').is_some_and(|(name, _)| is_name(name));
        braces.into_iter().find(is_named)
    };
    let is_sign = |c: char| c.is_whitespace() || ",;:.-–—|/()=".contains(c);
    let parts = title.split([',', '\n', ';']).filter(|part| name_at(part).is_none());
    let parts: Vec<&str> = parts.map(|part| part.trim_matches(is_sign)).filter(|part| !part.is_empty()).collect();
    let before = name_at(title).map_or("", |at| title[..at].trim_matches(is_sign));
    let found = if parts.is_empty() { before.to_owned() } else { parts.join(", ") };
    (!found.is_empty()).then_some(found)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_frames_share_of_a_title_is_found() {
        let of = |title: &str| constant_part(title).unwrap_or_default();
        assert_eq!([of("Density, step {frame} of {frames}"), of("Run {name} at 5 K")], ["Density", "Run"]);
        assert_eq!([of("Water: {name}"), of("{name}"), of("A\nB"), of("a {b c}")], ["Water", "", "A, B", "a {b c}"]);
    }

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
