//! `densitas density A --minus B`: where two samples differ.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::args::{DensityArgs, PointArgs};
use super::console::Console;
use super::{input, report};
use crate::error::{Error, Result};
use crate::grid::{DensityGrid, Sample};
use crate::io::{Input, PointInput};
use crate::kde::{self, Difference};

/// Standard errors from which a difference is marked, if that is not said: 4.6 % of nodes exceed them by chance.
const SIGNIFICANT: f64 = 2.0;

/// Options of a difference.
#[derive(Debug, Args)]
#[command(next_help_heading = "Two samples")]
pub struct MinusArgs {
    /// Subtract the density of another input, read with the same options, on one grid; each is normalised to 1, and a rule
    /// of the bandwidth is applied to each. Overlap and correlation are told with --json
    #[arg(long, value_name = "INPUT", requires = "output", conflicts_with_all = ["at_points", "resolution", "merge", "plan", "part"])]
    pub minus: Option<OsString>,
    /// Write a grid that is 1 where the difference is at least --significance standard errors, -1 where it is at most minus
    /// that, and 0 elsewhere
    #[arg(long, value_name = "FILE", requires = "minus")]
    pub mask: Option<PathBuf>,
    /// Standard errors from which a difference counts, at each node by itself [default: 2]
    #[arg(long, value_name = "Z", requires = "minus", value_parser = super::args::not_negative)]
    pub significance: Option<f64>,
}

/// A difference and what is told of it.
pub struct Made<T: Sample> {
    pub grid: DensityGrid<T>,
    pub standard_error: DensityGrid<T>,
    pub mask: DensityGrid<T>,
    pub told: Map<String, Value>,
}

/// Computes the difference of `first` and the other input.
pub fn made<T: Sample>(
    args: &MinusArgs,
    points: &PointArgs,
    density: &DensityArgs,
    first: &PointInput,
    console: &Console,
) -> Result<Made<T>> {
    let other = args.minus.clone().ok_or_else(|| Error::Usage("--minus needs an input".into()))?;
    let opened = input::open(&PointArgs { input: other, ..points.clone() }, None, input::Columns::default(), console)?;
    let Input::Points(second) = &opened.input else {
        return Err(Error::Usage(format!("--minus {}: holds a volume; give points", opened.source)));
    };
    second.require_3d(&opened.source)?;
    if density.periodic.is_some() {
        return Err(Error::Usage("a difference of periodic densities is not made; leave out --periodic".into()));
    }
    let options = density.options(first.cloud.unit)?;
    let d: Difference<T> = kde::difference(&first.cloud, &second.cloud, &options, console)?;
    if let (Some(from), Some(to)) = (second.cloud.unit, first.cloud.unit)
        && from != to
    {
        console.note(&format!("{}: converted from {from} to {to}, the unit of the first sample", opened.source));
    }
    d.first.notes.iter().for_each(|note| console.note(note));
    let doubts = input::doubts(density, first.cloud.unit);
    doubts.iter().for_each(|warning| console.warning(warning));
    for (report, which) in [(&d.first, "the first sample"), (&d.second, "the second sample")] {
        report.warnings.iter().for_each(|w| console.warning(&format!("{which}: {w}")));
    }
    let z = args.significance.unwrap_or(SIGNIFICANT);
    let mask = d.significant(z);
    let share = |sign: f64| mask.values.iter().filter(|v| v.to_f64() == sign).count() as f64 / mask.values.len() as f64;
    let (above, below) = (share(1.0), share(-1.0));
    let l = d.likeness;
    if !console.json {
        console.note(&format!(
            "overlap {:.4}, Bhattacharyya {:.4}, Pearson {:.4}; {:.2} % of the box {z} standard errors above, {:.2} % below",
            l.overlap,
            l.bhattacharyya,
            l.pearson,
            100.0 * above,
            100.0 * below
        ));
    }
    let mut told = report::density(&d.first);
    report::merge(&mut told, report::object(json!({ "warnings": doubts })));
    let more = json!({
        "minus": report::density(&d.second),
        "likeness": l,
        "significance": { "z": z, "above": above, "below": below, "mask": args.mask },
        "standard_error": { "max": d.standard_error.statistics().max },
        "seconds": {
            "plan": d.first.seconds.plan + d.second.seconds.plan,
            "evaluate": d.first.seconds.evaluate + d.second.seconds.evaluate,
            "check": d.first.seconds.check + d.second.seconds.check,
        },
    });
    report::merge(&mut told, report::object(more));
    Ok(Made { grid: d.grid, standard_error: d.standard_error, mask, told })
}
