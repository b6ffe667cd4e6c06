//! `densitas density`: a grid, saved.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde_json::json;

use super::args::{DensityArgs, PointArgs};
use super::console::Console;
use super::{input, report};
use crate::error::{Error, Result};
use crate::grid::Sample;
use crate::io::{self, Input, PointInput};

/// Options of the verb.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  densitas density 1ubq.pdb --select \"name CA\" --grid 30 --padding 0 -o density.npy
  densitas density locs.csv --bandwidth 25nm --spacing 10nm -o density.npy --json

The .npy holds the samples as [x, y, z] in C order, as numpy.mgrid; F.npy.json beside it
tells origin, spacing and unit.")]
pub struct DensityCommand {
    #[command(flatten)]
    points: PointArgs,
    #[command(flatten)]
    density: DensityArgs,
    /// The grid to write, .npy
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Number type of the samples: f32 or f64
    #[arg(long, value_name = "TYPE", default_value = "f32", value_parser = ["f32", "f64"])]
    dtype: String,
}

/// Runs the verb.
pub fn run(args: &DensityCommand, console: &Console) -> Result<()> {
    check_format(&args.output)?;
    io::atomic::check_writable(&args.output, input::path_of(&args.points).as_deref())?;
    let opened = input::open(&args.points, args.density.bounds, console)?;
    let Input::Points(points) = &opened.input else {
        return Err(Error::Data(
            "the input is a volume already, not points; `densitas render` draws it and `densitas info` describes it"
                .into(),
        ));
    };
    match args.dtype.as_str() {
        "f64" => write::<f64>(args, points, &opened, console),
        _ => write::<f32>(args, points, &opened, console),
    }
}

fn check_format(output: &std::path::Path) -> Result<()> {
    match output.extension().and_then(|e| e.to_str()) {
        Some("npy") => Ok(()),
        _ if io::atomic::is_stream(output) => Ok(()),
        _ => Err(Error::Usage(format!("{}: grids are written as .npy; name the output F.npy", output.display()))),
    }
}

fn write<T: Sample>(
    args: &DensityCommand,
    points: &PointInput,
    opened: &input::Opened,
    console: &Console,
) -> Result<()> {
    let (grid, made) = input::density_of::<T>(points, &opened.source, &args.density, console)?;
    let start = Instant::now();
    io::npy::write_npy(&args.output, &grid, input::path_of(&args.points).as_deref())?;
    let seconds = json!({
        "read": opened.seconds,
        "plan": made.seconds.plan,
        "evaluate": made.seconds.evaluate,
        "check": made.seconds.check,
        "write": start.elapsed().as_secs_f64(),
    });
    if console.json {
        let mut out = report::grid(&grid);
        report::merge(&mut out, report::density(&made));
        report::merge(&mut out, report::object(json!({ "warnings": points.warnings, "seconds": seconds })));
        console.answer(&serde_json::Value::Object(out).to_string());
    } else {
        let [x, y, z] = grid.lattice.shape;
        console.note(&format!(
            "{}: {x} x {y} x {z} nodes, {} points, {} in {:.2} s, error at most {:.1e} of the maximum",
            args.output.display(),
            made.points,
            made.method,
            made.seconds.plan + made.seconds.evaluate,
            made.bound_relative_to_max
        ));
    }
    Ok(())
}
