//! Options that every picture has: size, limits, colours and what is written around.

use clap::{ArgAction, Args, ValueEnum};
use glam::DVec3;

use crate::color::{Colormap, Rgb, Scale, TransferFunction, parse_color};
use crate::error::{Error, Result};
use crate::geometry::six_digits;
use crate::grid::{DensityGrid, Lattice};
use crate::io::Values;
use crate::points::PointCloud;
use crate::scene::{Annotations, Background, Frame, Limits, LimitsOver, Quantity, VolumeMode};

/// The options.
#[derive(Debug, Args)]
#[command(next_help_heading = "Picture")]
pub struct PictureArgs {
    /// Width and height
    #[arg(long, value_name = "WxH", default_value = "1200x900", value_parser = size)]
    size: [u32; 2],
    /// Pixels per point: 2 gives the same picture with twice the pixels
    #[arg(long, value_name = "S", default_value_t = 1.0)]
    scale_factor: f64,
    /// vmin and vmax: range:0,0.5 | percentile:2,98 | mass:0.98,0.05 | value:A,B [default: mass:0.98,0.05; flat: range:0,1; several
    /// flat frames: percentile:2,98]
    #[arg(long, value_name = "LIMITS")]
    limits: Option<Limits>,
    /// Density (or counts) that the colours begin at
    #[arg(long, value_name = "V", value_parser = finite)]
    vmin: Option<f64>,
    /// Density (or counts) that the colours end at
    #[arg(long, value_name = "V", value_parser = finite)]
    vmax: Option<f64>,
    /// How colours run from vmin to vmax: evenly, by powers of ten, or by square roots
    #[arg(long, value_enum, value_name = "SCALE", default_value_t = ScaleName::Linear)]
    scale: ScaleName,
    /// What the colour bar tells: the density, whose integral is 1, or how many points (or weights) there are
    /// [default: density; of a volume that is none by its file, its values]
    #[arg(long, value_enum, value_name = "QUANTITY")]
    quantity: Option<QuantityName>,
    /// A name (viridis, jet, plotly-jet, ...; with _r reversed) or colours "#00f,#0ff,#f00" or "0:#000,0.3:#f00,1:#fff"
    ///
    /// Colours are #rgb, #rrggbb or rgb(r,g,b), also in plotly's form [[0,"rgb(0,0,131)"],[1,"#f00"]]. In
    /// between they are interpolated; --colormap-steps 256 gives the steps that matplotlib draws. viridis,
    /// inferno, magma, plasma, cividis, turbo, coolwarm, batlow, jet, hot, grey, mayavi, plotly-jet, plotly-hot.
    #[arg(long, value_name = "MAP", value_parser = |t: &str| Colormap::parse(t))]
    colormap: Option<Colormap>,
    /// Draw the colour map in N equal steps; 256 is what matplotlib does
    #[arg(long, value_name = "N", value_parser = colormap_steps)]
    colormap_steps: Option<usize>,
    /// Turn the colour map round
    #[arg(long)]
    reverse: bool,
    /// white, black, #808080 or transparent
    ///
    /// A transparent picture laid over white is the picture with --background white; for dark pages choose --foreground white and a
    /// --colormap that is dark where the density is low, such as inferno.
    #[arg(long, value_name = "COLOUR", value_parser = background)]
    background: Option<Background>,
    /// What is dark: light for black on white, dark for white on near-black [default: dark; flat: light]
    #[arg(long, value_enum, value_name = "THEME", conflicts_with = "background")]
    theme: Option<Theme>,
    /// A line or two above the picture; \n begins the second
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Box with ticks: on or off
    #[arg(long, value_name = "on|off", default_value = "on", action = ArgAction::Set, value_parser = on_off)]
    axes: bool,
    /// Colour bar: on or off
    #[arg(long, value_name = "on|off", default_value = "on", action = ArgAction::Set, value_parser = on_off)]
    colorbar: bool,
    /// What the colour bar is headed with
    #[arg(long, value_name = "TEXT")]
    bar_title: Option<String>,
    /// Beside the numbers of the colour bar, the share of the mass that lies above them
    #[arg(long)]
    mass_axis: bool,
    /// A bar of a round length, right in the plane through the camera's target
    ///
    /// In perspective what is nearer appears larger; with --ortho the bar is right everywhere.
    #[arg(long)]
    scale_bar: bool,
    /// Colour of letters and lines [default: black or white, as is seen better; on transparent: black]
    #[arg(long, value_name = "COLOUR", value_parser = |t: &str| parse_color(t))]
    foreground: Option<Rgb>,
}

/// As [`Scale`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScaleName {
    /// Evenly
    Linear,
    /// By powers of ten
    Log,
    /// By square roots
    Sqrt,
}

/// As [`Quantity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QuantityName {
    /// Its integral is 1
    Density,
    /// Its integral is the number of points, or the sum of their weights
    Counts,
}

/// A ground and what stands on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Theme {
    /// Black on white
    Light,
    /// White on near-black
    Dark,
}

/// Where powers of ten begin, as a share of where they end.
const LEAST_OF_LOG: f64 = 1e-3;

/// The number of points, or the sum of their weights.
pub fn total_of(cloud: &PointCloud) -> f64 {
    cloud.weights.as_ref().map_or(cloud.len() as f64, |weights| weights.iter().sum())
}

impl PictureArgs {
    /// Its size.
    pub fn frame(&self) -> Result<Frame> {
        let Self { size, scale_factor, .. } = *self;
        let pixels = size.map(|n| (f64::from(n) * scale_factor).round());
        if !(scale_factor > 0.0 && pixels.iter().all(|n| (1.0..=32768.0).contains(n))) {
            let [x, y] = pixels;
            return Err(Error::Usage(format!("--scale-factor {scale_factor} makes a picture of {x} x {y} pixels")));
        }
        Ok(Frame { size: pixels.map(|n| n as u32), scale_factor })
    }

    /// What lies between the limits.
    pub fn scale(&self) -> Scale {
        match self.scale {
            ScaleName::Linear => Scale::Linear,
            ScaleName::Log => Scale::Log,
            ScaleName::Sqrt => Scale::Sqrt,
        }
    }

    /// What the colour bar counts of points that amount to `total`, if there are points, or of a volume.
    ///
    /// # Errors
    /// [`Error::Usage`] for counts of a volume.
    pub fn quantity(&self, total: Option<f64>, content: Values) -> Result<Quantity> {
        match (self.quantity, total) {
            (Some(QuantityName::Counts), Some(total)) => Ok(Quantity::Counts(total)),
            (Some(QuantityName::Counts), None) => Err(Error::Usage(
                "--quantity counts: the input is a volume, which does not say how many points it is of; leave it out"
                    .into(),
            )),
            (None, _) if content != Values::Density => Ok(Quantity::Values),
            _ => Ok(Quantity::Density),
        }
    }

    /// Whether no option says anything of the limits.
    pub fn leaves_limits_open(&self) -> bool {
        self.limits.is_none() && self.vmin.is_none() && self.vmax.is_none()
    }

    /// Whether limits are chosen by the densities, not by what rays show of them.
    pub fn limits_are_of_densities(&self) -> bool {
        self.limits.is_some()
    }

    /// The limits of a density: those given, each in the quantity shown, else by `default`. Resolved once.
    ///
    /// # Errors
    /// Those of [`Limits::resolve`]; [`Error::Usage`] for limits that the scale has no place for.
    pub fn limits(&self, grid: &DensityGrid, default: Limits, quantity: Quantity, dimensions: u8) -> Result<Limits> {
        let factor = quantity.factor(grid.unit, dimensions);
        let per_shown = 1.0 / factor;
        let of_shown = |limits| match limits {
            Limits::Value(a, b) => Limits::Value(a * per_shown, b * per_shown),
            other => other,
        };
        let base = self.limits.map_or(default, of_shown);
        let [a, b] = [self.vmin, self.vmax].map(|v| v.map(|v| v * per_shown));
        let chosen = match (a, b) {
            (Some(a), Some(b)) => Limits::Value(a, b),
            (None, None) => base,
            (a, b) => beside(grid, base, a, b)?,
        };
        if let Limits::Value(a, b) = chosen {
            Limits::in_order([a * factor, b * factor])?;
        }
        let [vmin, vmax] = chosen.resolve(grid)?;
        self.check_begin(vmin)?;
        Ok(Limits::Value(vmin, vmax))
    }

    /// Tells apart what limits of one density follow from.
    pub fn key_of_limits(&self, default: Limits, quantity: Quantity) -> String {
        format!("{:?} {:?} {:?} {:?} {default:?} {quantity:?}", self.limits, self.vmin, self.vmax, self.scale)
    }

    /// The limits of a column of numbers: its own, else those given for the picture, else from the least to the largest.
    ///
    /// # Errors
    /// Those of [`Limits::resolve`]; [`Error::Usage`] for limits by mass, or that the scale has no place for.
    pub fn limits_of_column(&self, values: &[f64], own: Option<Limits>) -> Result<[f64; 2]> {
        if matches!(own.or(self.limits), Some(Limits::Mass(..))) {
            let option = if own.is_some() { "--point-limits" } else { "--limits" };
            let problem = format!("{option} mass: is of a density; a column has range:, percentile: or value:");
            return Err(Error::Usage(problem));
        }
        let finite: Vec<f32> = values.iter().filter(|v| v.is_finite()).map(|v| *v as f32).collect();
        if finite.is_empty() {
            return Ok([0.0, 1.0]);
        }
        let lattice = Lattice { shape: [finite.len(), 1, 1], origin: DVec3::ZERO, spacing: DVec3::ONE };
        let all = DensityGrid::new(lattice, finite, None)?;
        if let Some(own) = own {
            return own.resolve(&all).map_err(|e| Error::Usage(format!("--point-limits: {e}")));
        }
        self.limits(&all, Limits::Range(0.0, 1.0), Quantity::Values, 3)?.resolve(&all)
    }

    /// Limits of what `mode` shows of each ray: those given, each in the quantity shown, which is `factor` times what it is of;
    /// else `automatic`, of which powers of ten show three.
    ///
    /// # Errors
    /// [`Error::Usage`] for limits by mass or percentiles, in the wrong order, or that the scale has no place for.
    pub fn limits_along_rays(&self, automatic: [f64; 2], factor: f64, mode: &VolumeMode) -> Result<[f64; 2]> {
        if self.mass_axis && *mode != VolumeMode::Minimum {
            return Err(Error::Usage("--mass-axis: no mass lies above a mean or an integral; leave it out".into()));
        }
        let [low, high] = automatic;
        let [low, high] = match self.limits {
            None if self.scale == ScaleName::Log => [LEAST_OF_LOG * high, high],
            None => automatic,
            Some(Limits::Value(a, b)) => [a / factor, b / factor],
            Some(Limits::Range(a, b)) => [a, b].map(|share| low + share * (high - low)),
            Some(_) => {
                return Err(Error::Usage("with --mode average and xray, --limits are value:A,B or range:A,B".into()));
            }
        };
        let [a, b] = [self.vmin, self.vmax].map(|v| v.map(|v| v / factor));
        let beyond = match (a, b) {
            (Some(a), None) if a >= high => Some(("vmin", a, "largest", high)),
            (None, Some(b)) if b <= low => Some(("vmax", b, "smallest", low)),
            _ => None,
        };
        if let Some((name, given, end, most)) = beyond {
            let [given, most] = [given, most].map(|v| six_digits(v * factor, 1e-4..1e6));
            return Err(Error::Usage(format!(
                "--{name} {given} leaves no room for colours: the {end} along x, y and z is {most}; give --vmin and --vmax"
            )));
        }
        let [low, high] = [a.unwrap_or(low), b.unwrap_or(high)];
        Limits::in_order([low * factor, high * factor])?;
        self.check_begin(low)?;
        Ok([low, high])
    }

    /// Whether the scale has a place for limits that begin at `vmin`.
    fn check_begin(&self, vmin: f64) -> Result<()> {
        let (name, least, needs) = match self.scale {
            ScaleName::Linear => return Ok(()),
            ScaleName::Log => ("log", f64::MIN_POSITIVE, "and a logarithm needs more than 0"),
            ScaleName::Sqrt => ("sqrt", 0.0, "and a square root needs 0 or more"),
        };
        if vmin >= least {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "--scale {name}: the limits begin at {vmin:.3e}, {needs}; give another --vmin, or --limits mass:0.99,0",
        )))
    }

    /// Whether the colour map is turned round.
    pub fn is_reversed(&self) -> bool {
        self.reverse
    }

    /// The background asked for.
    pub fn background(&self) -> Option<Background> {
        let of_theme = |theme| match theme {
            Theme::Light => Background::Color([1.0; 3]),
            Theme::Dark => Background::DARK,
        };
        self.background.or(self.theme.map(of_theme))
    }

    /// Those of the given options that say something of limits and colours.
    pub fn given_of_colors(&self) -> Vec<&'static str> {
        let given = [
            ("--colormap", self.colormap.is_some()),
            ("--colormap-steps", self.colormap_steps.is_some()),
            ("--reverse", self.reverse),
            ("--limits", self.limits.is_some()),
            ("--vmin", self.vmin.is_some()),
            ("--vmax", self.vmax.is_some()),
            ("--scale", self.scale != ScaleName::Linear),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect()
    }

    /// Those that say something of the colour bar.
    pub fn given_of_bar(&self) -> Vec<&'static str> {
        let given = [("--mass-axis", self.mass_axis), ("--bar-title", self.bar_title.is_some())];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect()
    }

    /// What is told of options of a colour bar that is not drawn.
    pub fn without_bar(&self) -> Option<String> {
        let given = self.given_of_bar();
        (!self.colorbar && !given.is_empty()).then(|| format!("{}: --colorbar is off", change_nothing(&given)))
    }

    /// Puts colours and scale into a transfer function.
    pub fn apply(&self, transfer: &mut TransferFunction) {
        let map = self.colormap.clone().unwrap_or_else(|| transfer.colormap.clone());
        transfer.colormap = self.arranged(map);
        transfer.scale = self.scale();
    }

    /// Whether counts are asked for.
    pub fn counts(&self) -> bool {
        self.quantity == Some(QuantityName::Counts)
    }

    /// Whether a colour map is given.
    pub fn has_colormap(&self) -> bool {
        self.colormap.is_some()
    }

    /// A colour map in the steps and the direction that are asked for.
    pub fn arranged(&self, map: Colormap) -> Colormap {
        let map = self.colormap_steps.map_or(map.clone(), |count| map.stepped(count));
        if self.reverse { map.reversed() } else { map }
    }

    /// What is written around.
    pub fn annotations(&self, quantity: Quantity) -> Annotations {
        Annotations {
            axes: self.axes,
            colorbar: self.colorbar,
            quantity,
            bar_title: self.bar_title.clone(),
            steady_bar: false,
            mass_axis: self.mass_axis,
            title: self.title.as_ref().map(|title| title.replace("\\n", "\n")),
            gizmo: false,
            scale_bar: self.scale_bar,
            labels: Vec::new(),
            foreground: self.foreground,
        }
    }
}

/// `--a and --b change nothing`.
pub fn change_nothing(names: &[&str]) -> String {
    format!("{} {} nothing", names.join(" and "), if names.len() > 1 { "change" } else { "changes" })
}

/// One limit given, the other by a rule; where that lies beyond the one given, the range of the data stands in.
fn beside(grid: &DensityGrid, base: Limits, vmin: Option<f64>, vmax: Option<f64>) -> Result<Limits> {
    let [low, high] = base.resolve(grid)?;
    let s = grid.statistics();
    Ok(match (vmin, vmax) {
        (Some(a), _) => Limits::Value(a, if a < high { high } else { s.max.max(a) }),
        (_, Some(b)) => Limits::Value(if b > low { low } else { s.min.min(b) }, b),
        (None, None) => base,
    })
}

pub fn finite(text: &str) -> std::result::Result<f64, String> {
    text.parse().ok().filter(|v: &f64| v.is_finite()).ok_or_else(|| "write a finite number".into())
}

pub fn size(text: &str) -> std::result::Result<[u32; 2], String> {
    let wrong = || "write WIDTHxHEIGHT in pixels, at most 32768 each, such as 1920x1080".to_owned();
    let (w, h) = text.split_once(['x', 'X']).ok_or_else(wrong)?;
    let side = |t: &str| t.trim().parse::<u32>().ok().filter(|n| (1..=32768).contains(n)).ok_or_else(wrong);
    Ok([side(w)?, side(h)?])
}

/// Whether limits are of the values of all frames or of each.
pub fn limits_of(text: &str) -> std::result::Result<LimitsOver, String> {
    match text {
        "all" => Ok(LimitsOver::AllFrames),
        "each" => Ok(LimitsOver::EachFrame),
        _ => Err("write all or each".into()),
    }
}

pub fn on_off(text: &str) -> std::result::Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("write on or off".into()),
    }
}

fn colormap_steps(text: &str) -> std::result::Result<usize, String> {
    let (least, most) = Colormap::STEPS.into_inner();
    let count = text.parse().ok().filter(|n| (least..=most).contains(n));
    count.ok_or_else(|| format!("write a whole number from {least} to {most}"))
}

pub fn background(text: &str) -> Result<Background> {
    match text {
        "transparent" | "none" => Ok(Background::Transparent),
        color => parse_color(color).map(Background::Color),
    }
}
