//! `--vary OPTION=A..B`: an option of the picture that changes along a movie.

use std::str::FromStr;

use crate::error::{Error, Result};
use crate::geometry::without_trailing_zeros;
use crate::movie::{Ease, Track};

/// An option and its values at key frames.
#[derive(Debug, Clone, PartialEq)]
pub struct Vary {
    /// Without its hyphens.
    pub option: String,
    /// Values, and the frames from 0 that have them, if given.
    keys: Vec<(String, Option<f64>)>,
}

impl FromStr for Vary {
    type Err = Error;

    /// Reads `OPTION=A..B..C`, each value with `@FRAME` or without.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = |problem: &str| Error::Usage(format!("`{text}`: {problem}"));
        let shape = "write OPTION=FROM..TO, such as bandwidth=1A..4A, or key frames, such as camera=0,20@0..90,40@60";
        let (option, values) = text.split_once('=').ok_or_else(|| wrong(shape))?;
        let option = option.trim().trim_start_matches("--").to_owned();
        let key = |value: &str| match value.rsplit_once('@') {
            None => Ok((value.trim().to_owned(), None)),
            Some((value, frame)) => match frame.trim().parse() {
                Ok(n) if f64::is_finite(n) && n >= 0.0 => Ok((value.trim().to_owned(), Some(n))),
                _ => Err(wrong(&format!("`{frame}` is no number of a frame from 0"))),
            },
        };
        let keys: Vec<_> = values.split("..").map(key).collect::<Result<_>>()?;
        if option.is_empty() || keys.len() < 2 || keys.iter().any(|(value, _)| value.is_empty()) {
            return Err(wrong(shape));
        }
        Ok(Self { option, keys })
    }
}

/// An option as a function of the frame.
#[derive(Debug)]
pub struct Change {
    pub option: String,
    how: How,
    /// Whether the option takes whole numbers only.
    pub is_whole: bool,
}

#[derive(Debug)]
enum How {
    /// Values that differ in numbers alone: what stands around the numbers, and the numbers.
    Numbers(Vec<String>, Track),
    /// Values that cannot be mixed: pictures are.
    Fade(Vec<(f64, String)>, Ease),
}

impl Change {
    /// Of a movie of `frames` frames.
    pub fn new(vary: &Vary, ease: Ease, frames: u64) -> Result<Self> {
        let wrong = |e: Error| Error::Usage(format!("--vary {}: {e}", vary.option));
        let times = times(&vary.keys, frames).map_err(wrong)?;
        let split: Vec<_> = vary.keys.iter().map(|(value, _)| split(value)).collect();
        let is_alike = split.iter().all(|(around, _)| *around == split[0].0);
        let how = if is_alike && !split[0].1.is_empty() {
            let keys = std::iter::zip(&times, &split).map(|(t, (_, numbers))| (*t, numbers.clone())).collect();
            How::Numbers(split[0].0.clone(), Track::new(keys, ease).map_err(wrong)?)
        } else {
            // The times are checked as those of numbers are.
            Track::new(times.iter().map(|t| (*t, vec![0.0])).collect(), ease).map_err(wrong)?;
            How::Fade(std::iter::zip(times, vary.keys.iter().map(|k| k.0.clone())).collect(), ease)
        };
        Ok(Self { option: vary.option.clone(), how, is_whole: false })
    }

    /// The values at a frame, each with its share of the picture.
    pub fn at(&self, k: f64) -> Vec<(f64, String)> {
        match &self.how {
            How::Numbers(around, track) => {
                let numbers = track.at(k);
                let number = |v: f64| if self.is_whole { v.round() } else { v }.to_string();
                vec![(1.0, joined(around, &numbers, number))]
            }
            How::Fade(keys, ease) => faded(keys, *ease, k),
        }
    }

    /// The value at a frame as it is written in titles: numbers with four digits, of values that fade that which has most
    /// of the picture.
    pub fn told(&self, k: f64) -> String {
        match &self.how {
            How::Numbers(around, track) => joined(around, &track.at(k), short),
            How::Fade(keys, ease) => {
                let values = faded(keys, *ease, k);
                let most = values.into_iter().reduce(|a, b| if b.0 > a.0 { b } else { a });
                most.map_or_else(String::new, |(_, value)| value)
            }
        }
    }
}

/// The frame of each key: those given; without, the first and the last frame and evenly in between.
fn times(keys: &[(String, Option<f64>)], frames: u64) -> Result<Vec<f64>> {
    let last = frames.saturating_sub(1) as f64;
    let mut times: Vec<Option<f64>> = keys.iter().map(|k| k.1).collect();
    let end = times.len() - 1;
    times[0].get_or_insert(0.0);
    times[end].get_or_insert(last);
    let mut known = 0;
    for k in 1..=end {
        let Some(to) = times[k] else { continue };
        let from = times[known].unwrap_or_default();
        let steps = (k - known) as f64;
        for (i, time) in times[known..k].iter_mut().enumerate().skip(1) {
            *time = Some(from + (to - from) * i as f64 / steps);
        }
        known = k;
    }
    let times: Vec<f64> = times.into_iter().flatten().collect();
    match times.iter().find(|t| **t > last) {
        // A movie of one frame shows the first of two ends.
        Some(beyond) if frames > 1 => {
            Err(Error::Usage(format!("key frame {beyond} lies beyond the last frame, {last}; choose more --frames")))
        }
        _ if frames <= 1 => Ok((0..=end).map(|k| k as f64).collect()),
        _ => Ok(times),
    }
}

/// Values that are faded into one another: at rest at each key frame.
fn faded(keys: &[(f64, String)], ease: Ease, k: f64) -> Vec<(f64, String)> {
    let after = keys.partition_point(|(t, _)| *t <= k);
    if after == 0 || after == keys.len() {
        return vec![(1.0, keys[after.min(keys.len() - 1)].1.clone())];
    }
    let [(from, a), (to, b)] = [&keys[after - 1], &keys[after]];
    let u = (k - from) / (to - from);
    let share = match ease {
        Ease::Smooth => u * u * (3.0 - 2.0 * u),
        Ease::Linear => u,
        Ease::Hold => 0.0,
    };
    let both = [(1.0 - share, a.clone()), (share, b.clone())];
    both.into_iter().filter(|(share, _)| *share > 0.0).collect()
}

/// The numbers in a text, and what stands before, between and behind them.
fn split(text: &str) -> (Vec<String>, Vec<f64>) {
    let (mut around, mut numbers, mut rest) = (vec![String::new()], Vec::new(), text);
    while let Some(c) = rest.chars().next() {
        let before = around.last().and_then(|a: &String| a.chars().last());
        let begins = before.is_none_or(|c| !c.is_alphanumeric() && c != '#');
        let length = if begins { number_at(rest) } else { 0 };
        match rest[..length].parse::<f64>() {
            Ok(number) if length > 0 => {
                numbers.push(number);
                around.push(String::new());
                rest = &rest[length..];
            }
            _ => {
                around.last_mut().expect("it has one").push(c);
                rest = &rest[c.len_utf8()..];
                // The letters of a colour are none of numbers.
                if c == '#' {
                    let word = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
                    around.last_mut().expect("it has one").push_str(&rest[..word]);
                    rest = &rest[word..];
                }
            }
        }
    }
    (around, numbers)
}

/// Bytes of the number that a text begins with; 0 if it begins with none.
fn number_at(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let begin = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let whole = digits(begin);
    let mantissa = if bytes.get(whole) == Some(&b'.') { digits(whole + 1) } else { whole };
    if !bytes[begin..mantissa].iter().any(u8::is_ascii_digit) {
        return 0;
    }
    let sign = if matches!(bytes.get(mantissa + 1), Some(b'-' | b'+')) { 2 } else { 1 };
    let exponent = digits(mantissa + sign);
    let has_exponent = matches!(bytes.get(mantissa), Some(b'e' | b'E')) && exponent > mantissa + sign;
    if has_exponent { exponent } else { mantissa }
}

fn joined(around: &[String], numbers: &[f64], written: impl Fn(f64) -> String) -> String {
    let mut text = around[0].clone();
    for (number, behind) in std::iter::zip(numbers, &around[1..]) {
        text += &written(*number);
        text += behind;
    }
    text
}

/// A number with four digits.
fn short(v: f64) -> String {
    let digits = if v == 0.0 { 0 } else { (3 - v.abs().log10().floor() as i32).clamp(0, 12) };
    let text = format!("{v:.0$}", digits as usize);
    without_trailing_zeros(&text).replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(text: &str, frames: u64) -> Change {
        Change::new(&text.parse().unwrap(), Ease::Linear, frames).unwrap()
    }

    fn at(change: &Change, k: f64) -> String {
        change
            .at(k)
            .into_iter()
            .map(|(w, v)| if w == 1.0 { v } else { format!("{w}*{v}") })
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn numbers_in_a_text_are_found_and_colours_left() {
        let numbers = |text: &str| split(text).1;
        assert_eq!(numbers("mass:0.3,mass:.9:-1e-2"), [0.3, 0.9, -0.01]);
        assert_eq!(numbers("2.5A,2e1nm,3e"), [2.5, 20.0, 3.0]);
        assert_eq!(numbers("#00f,#1e3 x=4 plotly3"), [4.0]);
        for text in ["mass:0.3:0.5", "#00f", "", "1", "x=-1.5,2"] {
            let (around, numbers) = split(text);
            assert_eq!(joined(&around, &numbers, |v| v.to_string()), text);
        }
    }

    #[test]
    fn numbers_run_from_the_first_to_the_last_frame() {
        let c = change("bandwidth=1A..4A", 4);
        assert_eq!([0.0, 1.0, 3.0].map(|k| at(&c, k)), ["1A", "2A", "4A"]);
        let c = change("camera=0,20..90,20@5..90,50", 11);
        assert_eq!([0.0, 2.5, 5.0, 7.5, 10.0].map(|k| at(&c, k)), ["0,20", "45,20", "90,20", "90,35", "90,50"]);
        let c = change("--iso=mass:0.25..mass:0.5..mass:1", 5);
        assert_eq!([1.0, 3.0].map(|k| at(&c, k)), ["mass:0.375", "mass:0.75"]);
        assert_eq!(change("bandwidth=1A..2A", 1).at(0.0), [(1.0, "1A".to_owned())]);
    }

    #[test]
    fn what_is_no_number_fades() {
        let c = change("mode=volume..iso..points", 5);
        assert_eq!([0.0, 0.5, 2.0, 4.0].map(|k| at(&c, k)), ["volume", "0.75*volume 0.25*iso", "iso", "points"]);
        assert_eq!([0.0, 0.5, 1.5].map(|k| c.told(k)), ["volume", "volume", "iso"]);
    }

    #[test]
    fn titles_have_four_digits() {
        assert_eq!([2.0 / 3.0, 1234.567, -12.0, 0.0, 1e-5].map(short), ["0.6667", "1235", "−12", "0", "0.00001"]);
        assert_eq!(change("bandwidth=1A..2A", 4).told(1.0), "1.333A");
    }

    #[test]
    fn what_is_no_change_is_refused() {
        let told = |text: &str| text.parse::<Vary>().unwrap_err().to_string();
        for bad in ["bandwidth", "bandwidth=1A", "=1..2", "camera=0,1..", ""] {
            assert!(told(bad).contains("write OPTION=FROM..TO"), "{bad}");
        }
        assert!(told("camera=0,1@x..1,2").contains("no number of a frame"));
        let late = Change::new(&"camera=0,1..1,2@50".parse().unwrap(), Ease::Smooth, 10).unwrap_err().to_string();
        assert!(late.contains("beyond the last frame, 9"), "{late}");
        let back = Change::new(&"camera=0,1@5..1,2@3".parse().unwrap(), Ease::Smooth, 10).unwrap_err().to_string();
        assert!(back.contains("must grow"), "{back}");
    }
}
