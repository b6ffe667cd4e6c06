//! Options that make a picture finer, at a cost.

use clap::{Args, ValueEnum};

use super::content::Content;
use super::glyph_args::Mode;
use crate::scene::Quality;

/// How a picture is finished.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Finish")]
pub struct QualityArgs {
    /// The density between its samples: linear, or cubic, a smooth spline through all of them: slower, and closer to the truth on
    /// coarse grids
    #[arg(long, value_enum, default_value_t = Interpolation::Linear)]
    pub interpolation: Interpolation,
    /// Darken what fog or surfaces close in, at most by this share of its colour [if given without STRENGTH: 0.8]
    #[arg(long, value_name = "STRENGTH", num_args = 0..=1, require_equals = true, default_value_t = 0.0, default_missing_value = "0.8", value_parser = share)]
    pub ambient_occlusion: f64,
    /// Let colours fade into the background with their distance, the farthest by this share [if given without SHARE: 0.6]
    #[arg(long, value_name = "SHARE", num_args = 0..=1, require_equals = true, default_value_t = 0.0, default_missing_value = "0.6", value_parser = share)]
    pub depth_cue: f64,
    /// The mean of N pictures whose rays begin a little beside each other: smooth edges of surfaces and finer fog, in N times the
    /// time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(Quality::MOST_PICTURES)))]
    pub accumulate: u32,
}

/// How the density is taken between its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Interpolation {
    /// Linear along each axis
    Linear,
    /// The cubic spline through all samples
    Cubic,
}

impl QualityArgs {
    /// What they ask for of a content.
    pub fn quality(&self, content: &Content) -> Quality {
        Quality {
            spline: (self.interpolation == Interpolation::Cubic).then(|| content.spline()),
            ambient_occlusion: self.ambient_occlusion,
            depth_cue: self.depth_cue,
            pictures: self.accumulate,
        }
    }

    /// What is said of those that change nothing in a mode.
    pub fn unused(&self, mode: Mode) -> Option<String> {
        let projects = matches!(mode, Mode::Mip | Mode::Minip | Mode::Average | Mode::Xray);
        let given = [
            ("--interpolation cubic", self.interpolation == Interpolation::Cubic && mode == Mode::Points),
            (
                "--ambient-occlusion",
                self.ambient_occlusion > 0.0 && (projects || matches!(mode, Mode::Points | Mode::Slice)),
            ),
            ("--depth-cue", self.depth_cue > 0.0 && projects),
        ];
        let given: Vec<&str> = given.into_iter().filter(|(_, useless)| *useless).map(|(name, _)| name).collect();
        let name = ValueEnum::to_possible_value(&mode)?;
        let verb = if given.len() > 1 { "change" } else { "changes" };
        let told = || format!("{} {verb} nothing in --mode {}", given.join(" and "), name.get_name());
        (!given.is_empty()).then(told)
    }
}

fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|v| (0.0..=1.0).contains(v)).ok_or_else(|| "write a share from 0 to 1".into())
}
