//! Colours and lists of colours as users of matplotlib and plotly write them.

use super::{Colormap, Rgb};
use crate::error::{Error, Result};

/// Reads `#rgb`, `#rrggbb`, `rgb(r,g,b)` with 0 to 255, and the names of CSS.
///
/// # Errors
/// [`Error::Usage`] if it is none of them.
pub fn parse_color(text: &str) -> Result<Rgb> {
    let lower = text.trim().to_lowercase();
    let color = of_hex(&lower).or_else(|| of_channels(&lower)).or_else(|| of_name(&lower));
    color.ok_or_else(|| {
        Error::Usage(format!("`{text}` is no colour; write #rgb, #rrggbb, rgb(r,g,b) or a name of CSS, such as orange"))
    })
}

/// Whether a text is a colour by numbers, or white, black or grey: a name that columns do not have.
pub fn is_plain_color(text: &str) -> bool {
    let lower = text.trim().to_lowercase();
    let is_code = of_hex(&lower).or_else(|| of_channels(&lower)).is_some();
    is_code || ["white", "black", "grey", "gray"].contains(&lower.as_str())
}

/// The names of CSS Color Module Level 4.
fn of_name(text: &str) -> Option<Rgb> {
    let is_name = text.chars().all(|c| c.is_ascii_alphabetic()) && text != "transparent";
    let color = is_name.then(|| csscolorparser::parse(text).ok()).flatten()?;
    Some([color.r, color.g, color.b])
}

fn of_hex(text: &str) -> Option<Rgb> {
    let digits: Option<Vec<u32>> = text.strip_prefix('#')?.chars().map(|c| c.to_digit(16)).collect();
    match digits?[..] {
        [r, g, b] => Some([r, g, b].map(|d| (d * 17) as f32 / 255.0)),
        [r1, r0, g1, g0, b1, b0] => Some([r1 * 16 + r0, g1 * 16 + g0, b1 * 16 + b0].map(|d| d as f32 / 255.0)),
        _ => None,
    }
}

/// plotly's `rgb(0, 60, 170)`; it also writes fractions of a level.
fn of_channels(text: &str) -> Option<Rgb> {
    let inside = text.strip_prefix("rgb(")?.strip_suffix(')')?;
    let level = |t: &str| t.trim().parse::<f32>().ok().filter(|v| (0.0..=255.0).contains(v)).map(|v| v / 255.0);
    inside.split(',').map(level).collect::<Option<Vec<f32>>>()?.try_into().ok()
}

/// A colour as `#rrggbb`, the nearest.
pub fn hex(color: Rgb) -> String {
    let [r, g, b] = color.map(|v| (v * 255.0).round() as u8);
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Reads a list of colours: separated by commas, each with its `position:` or none, or as JSON.
pub(super) fn parse(text: &str) -> Result<Colormap> {
    let wrong = |what: String| Error::Usage(format!("colour list `{text}`: {what}"));
    let items = if text.trim_start().starts_with('[') {
        of_json(text).map_err(wrong)?
    } else {
        separated(text).map(|item| positioned(item).map_err(wrong)).collect::<Result<_>>()?
    };
    let last = items.len().saturating_sub(1).max(1) as f64;
    let stop = |(i, (position, color)): (usize, (Option<f64>, String))| {
        let color = parse_color(&color).map_err(|e| wrong(e.to_string()))?;
        Ok((position.unwrap_or(i as f64 / last), color))
    };
    let stops = items.into_iter().enumerate().map(stop).collect::<Result<_>>()?;
    Colormap::through(stops).map_err(|e| wrong(e.to_string()))
}

/// The parts between commas outside of parentheses.
fn separated(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    text.split(move |c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    })
}

fn positioned(item: &str) -> std::result::Result<(Option<f64>, String), String> {
    let Some((position, color)) = item.split_once(':') else { return Ok((None, item.trim().to_owned())) };
    let position = position.trim().parse().map_err(|_| format!("`{position}` is no number"))?;
    Ok((Some(position), color.trim().to_owned()))
}

/// `["#00f", "#f00"]` or `[[0, "rgb(0,0,131)"], [1, "#f00"]]`.
fn of_json(text: &str) -> std::result::Result<Vec<(Option<f64>, String)>, String> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Item {
        Color(String),
        At(f64, String),
    }
    let items: Vec<Item> = serde_json::from_str(text)
        .map_err(|_| "this is no JSON list such as [[0, \"rgb(0,0,131)\"], [1, \"#f00\"]]".to_owned())?;
    let item = |item| match item {
        Item::Color(color) => (None, color),
        Item::At(position, color) => (Some(position), color),
    };
    Ok(items.into_iter().map(item).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_each_program_writes_them() {
        let blue = [0.0, 0.0, 131.0 / 255.0];
        for text in ["#000083", "rgb(0,0,131)", " RGB( 0, 0 ,131.0 ) "] {
            assert_eq!(parse_color(text).unwrap(), blue, "{text}");
        }
        assert_eq!(parse_color("#f80").unwrap(), [1.0, 136.0 / 255.0, 0.0]);
        // CSS Color Module Level 4, 6.1.
        assert_eq!(hex(parse_color("Orange").unwrap()), "#ffa500");
        assert_eq!(["grey", "rebeccapurple"].map(|name| hex(parse_color(name).unwrap())), ["#808080", "#663399"]);
        for bad in [
            "",
            "#",
            "#ff",
            "#fffffff",
            "rgb(1,2)",
            "rgb(1,2,256)",
            "rgb(1,2,nan)",
            "rgb(1,2,3",
            "mauve",
            "#ggg",
            "transparent",
        ] {
            assert!(parse_color(bad).is_err(), "{bad}");
        }
    }

    /// Catches: a column of a PLY file that is taken for a colour.
    #[test]
    fn names_of_columns_are_no_plain_colours() {
        assert_eq!(
            ["red", "gold", "rgb", "#f80", "rgb(1,2,3)", "grey"].map(is_plain_color),
            [false, false, false, true, true, true]
        );
    }

    #[test]
    fn the_same_list_in_every_form_is_the_same_map() {
        let wanted = Colormap::parse("0:#000083,0.5:#00ff00,1:#ff0000").unwrap();
        for text in [
            "#000083, #0f0, #f00",
            "rgb(0,0,131),rgb(0,255,0),rgb(255,0,0)",
            "0:rgb(0,0,131), 0.5:#0f0, 1:rgb(255,0,0)",
            r##"["rgb(0,0,131)", "#0f0", "#f00"]"##,
            r##" [[0, "rgb(0,0,131)"], [0.5, "rgb(0, 255, 0)"], [1.0, "#ff0000"]]"##,
        ] {
            let read = Colormap::parse(text).unwrap();
            assert_eq!(read, wanted, "{text}");
            assert_eq!(Colormap::parse(&read.to_string()).unwrap(), wanted, "{read}");
        }
    }

    #[test]
    fn wrong_lists_are_refused_with_the_list_and_the_reason() {
        for (bad, why) in [
            ("#f00", "two colours"),
            ("#f00,#12", "no colour"),
            ("#f00,", "no colour"),
            ("0.1:#f00,1:#0f0", "ascend"),
            ("0:#f00,0.9:#0f0", "ascend"),
            ("0:#f00,0.6:#0f0,0.5:#000,1:#00f", "ascend"),
            ("0:#f00,nan:#0f0,1:#00f", "ascend"),
            ("x:#f00,1:#0f0", "no number"),
            ("[[0, \"#f00\"]]", "two colours"),
            ("[[0, 1]]", "JSON"),
            ("[]", "two colours"),
            ("[", "JSON"),
        ] {
            let text = Colormap::parse(bad).expect_err(bad).to_string();
            assert!(text.contains(why) && text.contains(bad), "{bad}: {text}");
        }
    }
}
