//! Boxes and units of length.

mod cell;

use std::fmt;
use std::str::FromStr;

use glam::DVec3;

use crate::error::Error;
pub use cell::{Cell, edges_of};

/// An axis-aligned box in the unit of the data. `min[a] <= max[a]` unless the box is empty.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Box3 {
    /// Lower corner.
    pub min: DVec3,
    /// Upper corner.
    pub max: DVec3,
}

impl Box3 {
    /// The box that holds nothing: every point enlarges it to that point.
    pub const EMPTY: Self = Self { min: DVec3::splat(f64::INFINITY), max: DVec3::splat(f64::NEG_INFINITY) };

    /// The smallest box around `points`; [`Box3::EMPTY`] if there are none.
    pub fn around(points: &[DVec3]) -> Self {
        points.iter().fold(Self::EMPTY, |b, &p| Self { min: b.min.min(p), max: b.max.max(p) })
    }

    /// The smallest box around both.
    pub fn joined(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max) }
    }

    /// The share of its volume, 0 to 1, that lies within another.
    pub fn share_within(self, other: Self) -> f64 {
        let both = Self { min: self.min.max(other.min), max: self.max.min(other.max) };
        (both.size().max(DVec3::ZERO) / self.size()).element_product()
    }

    /// The point half-way between the corners.
    pub fn center(&self) -> DVec3 {
        0.5 * (self.min + self.max)
    }

    /// Edge lengths.
    pub fn size(&self) -> DVec3 {
        self.max - self.min
    }

    /// Length of the space diagonal.
    pub fn diagonal(&self) -> f64 {
        self.size().length()
    }

    /// The box made larger by `margin[a]` on both sides of each axis.
    pub fn grown(&self, margin: DVec3) -> Self {
        Self { min: self.min - margin, max: self.max + margin }
    }

    /// The eight corners; bit `a` of the index chooses the maximum of axis `a`.
    pub fn corners(&self) -> [DVec3; 8] {
        std::array::from_fn(|i| {
            let pick = |axis: usize| if i >> axis & 1 == 1 { self.max[axis] } else { self.min[axis] };
            DVec3::new(pick(0), pick(1), pick(2))
        })
    }
}

/// A unit of length. Data without a stated unit have none (`Option<LengthUnit>`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LengthUnit {
    /// 1e-10 m.
    Angstrom,
    /// 1e-9 m.
    Nanometre,
    /// 1e-6 m.
    Micrometre,
    /// Metre. Tables in metres are converted to nanometres on reading.
    Metre,
    /// Camera pixel, of unknown length.
    Pixel,
}

impl LengthUnit {
    /// `length`, given in this unit, in `other`; `None` between pixels and lengths.
    pub fn convert(self, length: f64, other: Self) -> Option<f64> {
        if self == other {
            return Some(length);
        }
        // Powers of ten are exact in f64, their inverses are not: divide by them.
        let exponent = self.metre_exponent()? - other.metre_exponent()?;
        Some(if exponent >= 0 { length * 10f64.powi(exponent) } else { length / 10f64.powi(-exponent) })
    }

    /// The unit's power of ten in metres.
    fn metre_exponent(self) -> Option<i32> {
        match self {
            Self::Angstrom => Some(-10),
            Self::Nanometre => Some(-9),
            Self::Micrometre => Some(-6),
            Self::Metre => Some(0),
            Self::Pixel => None,
        }
    }

    /// The sign drawn in pictures: `Å`, `nm`, `µm`, `m`, `px`.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Angstrom => "Å",
            Self::Nanometre => "nm",
            Self::Micrometre => "µm",
            Self::Metre => "m",
            Self::Pixel => "px",
        }
    }

    /// The ASCII word used in JSON: `angstrom`, `nm`, `um`, `m`, `px`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Angstrom => "angstrom",
            Self::Nanometre => "nm",
            Self::Micrometre => "um",
            Self::Metre => "m",
            Self::Pixel => "px",
        }
    }
}

/// The number that a text begins with and the unit after it, as `2.5`, `25 nm` or `1e3A`; `None` if it begins with no
/// number.
///
/// # Errors
/// [`Error::Usage`] if what follows the number is no unit of length.
pub fn number_and_unit(text: &str) -> Result<Option<(f64, Option<LengthUnit>)>, Error> {
    let text = text.trim();
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let longest = ends.rev().find_map(|end| Some((end, text[..end].trim_end().parse::<f64>().ok()?)));
    let Some((end, number)) = longest else { return Ok(None) };
    let unit = text[end..].trim();
    let unit = if unit.is_empty() { None } else { Some(unit.parse()?) };
    Ok(Some((number, unit)))
}

impl fmt::Display for LengthUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

impl FromStr for LengthUnit {
    type Err = Error;

    /// Understands `A`, `Å`, `angstrom`, `nm`, `um`, `µm`, `m`, `px` and the written-out words,
    /// in any case except that `M` alone is refused.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text.trim().to_lowercase().as_str() {
            "a" | "å" | "\u{212b}" | "ang" | "angstrom" | "angstroms" | "ångström" => Ok(Self::Angstrom),
            "nm" | "nanometre" | "nanometer" | "nanometres" | "nanometers" => Ok(Self::Nanometre),
            "um" | "µm" | "μm" | "micron" | "microns" | "micrometre" | "micrometer" => Ok(Self::Micrometre),
            "m" | "metre" | "meter" | "metres" | "meters" if text.trim() != "M" => Ok(Self::Metre),
            "px" | "pix" | "pixel" | "pixels" => Ok(Self::Pixel),
            _ => Err(Error::Usage(format!("`{text}` is no unit of length; known are A, nm, um, m and px"))),
        }
    }
}

/// A number as text without zeros at the end of its decimals.
pub(crate) fn without_trailing_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// Four digits and a power of ten, or `0`.
pub(crate) fn four_digits(value: f64) -> String {
    if value == 0.0 { "0".into() } else { format!("{value:.3e}") }
}

/// Six digits, more than a hand or an eye can tell apart, without zeros at the end; a power of ten for sizes that are not
/// among the plain ones.
pub(crate) fn six_digits(value: f64, plain: std::ops::Range<f64>) -> String {
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    if rounded == 0.0 || plain.contains(&rounded.abs()) { rounded.to_string() } else { format!("{rounded:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_share_what_lies_in_both() {
        let cube = |at: f64| Box3 { min: DVec3::splat(at), max: DVec3::splat(at + 2.0) };
        assert_eq!([0.0, 1.0, 2.0, 5.0].map(|at| cube(0.0).share_within(cube(at))), [1.0, 0.125, 0.0, 0.0]);
    }

    #[test]
    fn a_box_around_nothing_is_empty_and_around_points_is_tight() {
        assert_eq!(Box3::around(&[]), Box3::EMPTY);
        let b = Box3::around(&[DVec3::new(1.0, -2.0, 3.0), DVec3::new(-1.0, 5.0, 3.0)]);
        assert_eq!((b.min, b.max), (DVec3::new(-1.0, -2.0, 3.0), DVec3::new(1.0, 5.0, 3.0)));
    }

    #[test]
    fn corners_are_all_different_and_ordered_by_bit() {
        let c = Box3 { min: DVec3::ZERO, max: DVec3::new(1.0, 2.0, 3.0) }.corners();
        assert_eq!(c[0], DVec3::ZERO);
        assert_eq!(c[1], DVec3::new(1.0, 0.0, 0.0));
        assert_eq!(c[6], DVec3::new(0.0, 2.0, 3.0));
    }

    #[test]
    fn numbers_are_parted_from_their_units() {
        let nm = Some(LengthUnit::Nanometre);
        for (text, expected) in [
            ("2.5", Some((2.5, None))),
            (" 25 nm ", Some((25.0, nm))),
            ("1e3nm", Some((1e3, nm))),
            ("-1e-3Å", Some((-1e-3, Some(LengthUnit::Angstrom)))),
            ("nm", None),
            ("", None),
        ] {
            assert_eq!(number_and_unit(text).unwrap(), expected, "{text}");
        }
        assert!(number_and_unit("1 parsec").is_err());
    }

    #[test]
    fn units_are_read_back_from_their_names_and_symbols() {
        use LengthUnit::*;
        for unit in [Angstrom, Nanometre, Micrometre, Metre, Pixel] {
            assert_eq!(unit.name().parse::<LengthUnit>().unwrap(), unit);
            assert_eq!(unit.symbol().parse::<LengthUnit>().unwrap(), unit);
        }
        assert!("furlong".parse::<LengthUnit>().is_err());
        assert_eq!(Nanometre.convert(1.0, Angstrom), Some(10.0));
        assert_eq!(Angstrom.convert(1.0, Micrometre), Some(1e-4));
        assert_eq!(Pixel.convert(1.0, Metre), None);
    }
}
