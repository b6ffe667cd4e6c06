//! What is said over the picture, in the words of the window.

use std::time::Instant;

/// How much a message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// It goes by itself.
    Note,
    /// It stays until it is closed.
    Warning,
    /// Likewise.
    Error,
}

/// What an error is about: it goes when that is mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// What was read or computed.
    Content,
    /// The picture of this order.
    Picture(u64),
    /// What was said of the picture that is shown.
    Remark,
    /// A file that was not written.
    File,
    /// What was asked for by options of this revision and cannot be.
    Options(u64),
    /// Anything else.
    Other,
}

/// A line over the picture.
pub struct Message {
    /// How much it matters.
    pub weight: Weight,
    /// What it says.
    pub text: String,
    /// What it is about.
    pub about: About,
    /// When it came.
    pub since: Instant,
}

/// Options that the window calls otherwise.
const WORDS: [(&str, &str); 24] = [
    ("topology", "a topology"),
    ("vmin", "the lower limit"),
    ("vmax", "the upper limit"),
    ("limits", "the limits"),
    ("scale", "the scale"),
    ("bandwidth", "the bandwidth"),
    ("sigma-columns", "widths of the points' own"),
    ("iso", "the levels"),
    ("select", "the selection"),
    ("trace", "the molecule"),
    ("trace-from", "the structure of the molecule"),
    ("trace-select", "the atoms of the molecule"),
    ("trace-color", "the colour of the molecule"),
    ("trace-radius", "the radius of the molecule's tubes"),
    ("color-by", "the colours of points"),
    ("input-frames", "the frames"),
    ("pool", "all together"),
    ("slice", "a slice"),
    ("clip", "the clip box"),
    ("clip-plane", "a clip plane"),
    ("mode", "mode"),
    ("opacity", "the opacity curve"),
    ("quantity", "the quantity"),
    ("output", "the file"),
];

/// After these a name has no article.
const QUALIFIERS: [&str; 8] = [" smaller ", " larger ", " another ", " no ", " own ", " a ", " an ", " the "];

/// The name of an option in the window.
fn word(option: &str) -> String {
    WORDS.iter().find(|w| w.0 == option).map_or_else(|| option.replace('-', " "), |w| w.1.to_owned())
}

/// Options whose values are options themselves: what is said of these is said in their words.
const OF_OPTIONS: [&str; 2] = ["--with \"", "--minus \""];

/// A message of the command line in the words of the window: options are called as their fields are.
pub fn in_words(text: &str) -> String {
    if OF_OPTIONS.iter().any(|begin| text.starts_with(begin)) {
        return text[2..].to_owned();
    }
    let text = text.replace(", or --limits mass:0.99,0", "");
    let (mut out, mut rest) = (String::new(), text.as_str());
    while let Some(at) = rest.find("--") {
        let is_word = !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-');
        let name = rest[at + 2..].split(|c: char| !(c.is_ascii_lowercase() || c == '-')).next().unwrap_or("");
        if !is_word || name.is_empty() {
            out.push_str(&rest[..at + 2]);
            rest = &rest[at + 2..];
            continue;
        }
        out.push_str(&rest[..at]);
        let word = word(name);
        let is_qualified = QUALIFIERS.iter().any(|qualifier| out.ends_with(qualifier));
        out.push_str(word.strip_prefix("the ").filter(|_| is_qualified).unwrap_or(&word));
        rest = &rest[at + 2 + name.len()..];
        // clap's placeholders say nothing beside a field.
        if let Some(end) = rest.strip_prefix(" <").and_then(|r| r.find('>')) {
            rest = &rest[end + 3..];
        }
    }
    out + rest
}

/// Why a field cannot have a value: of clap's sentence what comes after the value and the option.
pub fn reason(text: &str) -> String {
    let of_options = OF_OPTIONS.iter().find_map(|begin| text.strip_prefix(begin)?.split_once("\": "));
    if let Some((_, reason)) = of_options {
        return reason.to_owned();
    }
    let reason = text.strip_prefix("invalid value '").and_then(|t| t.split_once(">': ")).map_or(text, |t| t.1);
    in_words(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: a window that tells its user to type options.
    #[test]
    fn options_are_called_as_in_the_window() {
        let told = in_words("--scale log: the limits begin at 0; give another --vmin, or --limits mass:0.99,0");
        assert_eq!(told, "the scale log: the limits begin at 0; give another lower limit");
        assert_eq!(in_words("choose a smaller --vmax"), "choose a smaller upper limit");
        assert_eq!(in_words("vmin and --vmax"), "vmin and the upper limit");
        assert_eq!(
            in_words("the argument '--bandwidth <B>' cannot be used"),
            "the argument 'the bandwidth' cannot be used"
        );
        assert_eq!(in_words("a--b, -- and 5--6 stay"), "a--b, -- and 5--6 stay");
        assert_eq!(in_words("--mass-axis"), "mass axis");
        assert_eq!(reason("invalid value 'x' for '--vmin <V>': write a finite number"), "write a finite number");
        assert_eq!(reason("something else about --iso"), "something else about the levels");
        // What is typed into a field for options is options.
        let told = "--with \"--selct 'chain B'\": unexpected argument '--selct' found";
        assert_eq!(reason(told), "unexpected argument '--selct' found");
        assert_eq!(in_words(told), &told[2..]);
    }
}
