//! Options of the verb `heatmap`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::super::args::{Only, length, numbers};
use super::super::picture_args::{limits_of, on_off};
use crate::color::{Rgb, parse_color};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::points::Plane;
use crate::scene::{Aspect, Corner, Interpolation, LimitsOver};

/// Counting instead of estimating.
#[derive(Debug, Args)]
#[command(next_help_heading = "Counts")]
pub struct CountArgs {
    /// Count points, or their weights, in NX x NY bins, as numpy.histogram2d; edges by --bounds [default with --sigma: a bin
    /// each whole number, else 512 along the longer side]
    #[arg(long, value_name = "NX,NY", value_parser = bins)]
    pub bins: Option<[usize; 2]>,
    /// Smooth counts, or an array, by a Gaussian: in bins (16px), or in the unit of the data (2.5nm, 2.5); one, or one an axis
    ///
    /// As scipy.ndimage.gaussian_filter: reflecting edges, truncated at 4 sigma.
    #[arg(long, value_name = "S|SX,SY")]
    pub sigma: Option<String>,
    /// Read the input as an array, a row upward and a column to the right: on or off [default: on for NPY of 2 dimensions
    /// but (N, 2) and (N, 3), and for tables without header of 5 columns or more]
    #[arg(long, value_name = "on|off", value_parser = on_off)]
    pub matrix: Option<bool>,
}

/// A standard deviation that was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sigma {
    /// In bins.
    Bins(f64),
    /// In the unit of the data.
    Length(f64),
}

impl Sigma {
    /// In bins that are `bin` wide.
    pub fn in_bins(self, bin: f64) -> f64 {
        match self {
            Self::Bins(s) => s,
            Self::Length(s) => s / bin,
        }
    }
}

impl CountArgs {
    /// The standard deviations along x and y for data in `unit`.
    pub fn sigma(&self, unit: Option<LengthUnit>) -> Result<Option<[Sigma; 2]>> {
        let Some(text) = &self.sigma else { return Ok(None) };
        let one = |part: &str| {
            let part = part.trim();
            let bins =
                part.strip_suffix("px").map(|n| n.trim().parse().ok().filter(|s: &f64| *s >= 0.0 && s.is_finite()));
            match bins {
                Some(Some(s)) => Ok(Sigma::Bins(s)),
                Some(None) => Err(Error::Usage(format!("--sigma {text}: `{part}` is no number of bins, such as 16px"))),
                None if part.parse() == Ok(0.0) => Ok(Sigma::Bins(0.0)),
                None => length(part, unit).map(Sigma::Length).map_err(|e| Error::Usage(format!("--sigma {text}: {e}"))),
            }
        };
        match text.split(',').collect::<Vec<_>>()[..] {
            [s] => Ok(Some([one(s)?; 2])),
            [x, y] => Ok(Some([one(x)?, one(y)?])),
            _ => Err(Error::Usage(format!("--sigma {text}: give one, or one an axis"))),
        }
    }
}

/// How the plane is shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Heat map")]
pub struct FlatArgs {
    /// The axes that stay of points in space: xy, xz or yz [default: xy]
    #[arg(long, value_name = "PLANE", value_parser = plane)]
    pub plane: Option<Plane>,
    /// Between nodes: nearest, linear or smooth (cubic) [default: linear; of arrays and bare counts: nearest]
    #[arg(long, value_name = "HOW", value_parser = interpolation)]
    pub interpolation: Option<Interpolation>,
    /// Where y begins: lower, or upper as on a screen
    #[arg(long, value_enum, value_name = "lower|upper", default_value_t = Origin::Lower)]
    pub origin: Origin,
    /// equal, auto (fills the picture), or how long a unit of y is beside one of x [default: equal; beyond 1:8 auto]
    #[arg(long, value_name = "equal|auto|R", value_parser = aspect)]
    pub aspect: Option<Aspect>,
    /// Lines at values (0.1,0.2), or around shares of the total (mass:0.5,0.95)
    #[arg(long, value_name = "A,B,..|mass:P,Q,..", value_parser = contours)]
    pub contours: Option<Levels>,
    /// Colour of contours [default: black or white, as is seen better on the map]
    #[arg(long, value_name = "COLOUR", value_parser = |t: &str| parse_color(t))]
    pub contour_color: Option<Rgb>,
    /// A legend of the contours in a corner of the map: upper-right, upper-left, lower-right or lower-left
    #[arg(long, value_name = "CORNER", num_args = 0..=1, require_equals = true, default_missing_value = "upper-right", requires = "contours",
        value_parser = corner)]
    pub legend: Option<Corner>,
    /// Name of the axis to the right
    #[arg(long, value_name = "TEXT")]
    pub x_label: Option<String>,
    /// Name of the axis upward
    #[arg(long, value_name = "TEXT")]
    pub y_label: Option<String>,
}

/// Where y begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Origin {
    /// Below
    Lower,
    /// Above
    Upper,
}

/// Contours that were asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Levels {
    /// At values.
    Values(Vec<f64>),
    /// Around shares of the total.
    Mass(Vec<f64>),
}

/// Heat maps that follow one another.
#[derive(Debug, Args)]
#[command(next_help_heading = "Frames")]
pub struct FrameArgs {
    /// Further files, each a frame: arrays, or tables of points
    pub more: Vec<OsString>,
    /// A frame for each number in this column of a table
    #[arg(long, value_name = "COLUMN")]
    pub frame_column: Option<String>,
    /// Names of the frames, separated by commas; {name}, {frame} and {frames} stand for
    /// it, its number from 0 and how many there are in --title
    #[arg(long, value_name = "A,B,..")]
    pub frame_names: Option<String>,
    /// Whether --limits are of the values of all frames or of each frame: all or each
    #[arg(long, value_name = "all|each", default_value = "all", value_parser = limits_of)]
    pub limits_of: LimitsOver,
    /// Frames a second [default: 10]
    #[arg(long, value_name = "R", value_parser = fps)]
    pub fps: Option<f64>,
    /// Who made it, in the metadata of a movie
    #[arg(long, value_name = "TEXT")]
    pub artist: Option<String>,
    /// A remark in the metadata of a movie
    #[arg(long, value_name = "TEXT")]
    pub comment: Option<String>,
    /// Mix colours that a GIF misses by more than is seen by dithering: on or off
    #[arg(long, value_name = "on|off", default_value = "on", action = clap::ArgAction::Set, value_parser = on_off)]
    pub dither: bool,
    /// Encode by this codec of the installed ffmpeg, such as libx265
    #[arg(long, value_name = "NAME")]
    pub codec: Option<String>,
    /// Draw frame K alone, from 0, as a PNG; off: all, though a recipe is of one
    #[arg(long = "only", value_name = "K")]
    pub one: Option<Only>,
    /// The picture (.png), page (.html) or movie (.mp4, .gif, .avi, .apng, frame_%04d.png) to write
    #[arg(short, long, value_name = "FILE", required_unless_present = "show")]
    pub output: Option<PathBuf>,
    /// Show it in a window, with a play button and a slider for frames
    #[arg(long)]
    pub show: bool,
}

impl FrameArgs {
    /// The one frame that is wanted, if one is.
    pub fn only(&self) -> Option<usize> {
        self.one.and_then(|only| only.0).map(|k| usize::try_from(k).unwrap_or(usize::MAX))
    }
}

fn bins(text: &str) -> std::result::Result<[usize; 2], String> {
    let count = |p: &str| match p.trim().parse() {
        Ok(n) if n >= 1 => Ok(n),
        _ => Err(format!("`{p}` is no number of bins; write whole numbers of 1 or more, NX,NY")),
    };
    match text.split(',').collect::<Vec<_>>()[..] {
        [n] => count(n).map(|n| [n; 2]),
        [x, y] => Ok([count(x)?, count(y)?]),
        _ => Err("write one number, N, or two, NX,NY".into()),
    }
}

fn plane(text: &str) -> std::result::Result<Plane, String> {
    match text {
        "xy" => Ok(Plane::XY),
        "xz" => Ok(Plane::XZ),
        "yz" => Ok(Plane::YZ),
        _ => Err("known are xy, xz and yz".into()),
    }
}

fn interpolation(text: &str) -> std::result::Result<Interpolation, String> {
    match text {
        "nearest" => Ok(Interpolation::Nearest),
        "linear" => Ok(Interpolation::Linear),
        "smooth" => Ok(Interpolation::Smooth),
        _ => Err("known are nearest, linear and smooth".into()),
    }
}

fn corner(text: &str) -> std::result::Result<Corner, String> {
    match text {
        "upper-right" => Ok(Corner::UpperRight),
        "upper-left" => Ok(Corner::UpperLeft),
        "lower-right" => Ok(Corner::LowerRight),
        "lower-left" => Ok(Corner::LowerLeft),
        _ => Err("known are upper-right, upper-left, lower-right and lower-left".into()),
    }
}

fn aspect(text: &str) -> std::result::Result<Aspect, String> {
    match text {
        "equal" => Ok(Aspect::Equal),
        "auto" => Ok(Aspect::Fill),
        _ => match numbers::<1>(text, "one") {
            Ok([ratio]) if ratio > 0.0 && ratio.is_finite() => Ok(Aspect::Ratio(ratio)),
            _ => Err("write equal, auto, or a number above 0".into()),
        },
    }
}

fn contours(text: &str) -> std::result::Result<Levels, String> {
    let list = |text: &str, within: &dyn Fn(f64) -> bool, wrong: &str| {
        let number = |p: &str| p.trim().parse().ok().filter(|v: &f64| v.is_finite() && within(*v));
        text.split(',').map(number).collect::<Option<Vec<f64>>>().ok_or_else(|| wrong.to_owned())
    };
    match text.strip_prefix("mass:") {
        Some(shares) => {
            list(shares, &|p| p > 0.0 && p < 1.0, "shares lie between 0 and 1, such as mass:0.5,0.95").map(Levels::Mass)
        }
        None => {
            list(text, &|_| true, "write values, such as 0.1,0.2, or shares, such as mass:0.5,0.95").map(Levels::Values)
        }
    }
}

fn fps(text: &str) -> std::result::Result<f64, String> {
    let rate = text.parse().ok().filter(|r: &f64| (0.01..=1000.0).contains(r));
    rate.ok_or_else(|| "write a number of frames a second from 0.01 to 1000".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigmas_are_in_bins_or_lengths() {
        let sigma = |text: &str| {
            let args = CountArgs { bins: None, sigma: Some(text.into()), matrix: None };
            args.sigma(Some(LengthUnit::Nanometre)).map(Option::unwrap)
        };
        assert_eq!(sigma("16px").unwrap(), [Sigma::Bins(16.0); 2]);
        assert_eq!(sigma("25A, 3").unwrap(), [Sigma::Length(2.5), Sigma::Length(3.0)]);
        assert_eq!((Sigma::Length(3.0).in_bins(0.5), Sigma::Bins(3.0).in_bins(0.5)), (6.0, 3.0));
        for bad in ["-1px", "px", "x", "1,2,3", "-2nm"] {
            assert!(sigma(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn contours_and_aspects_are_read() {
        assert_eq!(contours("0.1,-2e3"), Ok(Levels::Values(vec![0.1, -2000.0])));
        assert_eq!(contours("mass:0.5, 0.95"), Ok(Levels::Mass(vec![0.5, 0.95])));
        assert!(contours("mass:0.5,1").is_err() && contours("").is_err() && contours("a").is_err());
        assert_eq!(
            [aspect("equal"), aspect("auto"), aspect("0.5")].map(Result::unwrap),
            [Aspect::Equal, Aspect::Fill, Aspect::Ratio(0.5)]
        );
        assert!(aspect("0").is_err() && aspect("x").is_err() && bins("0").is_err() && fps("0").is_err());
    }
}
