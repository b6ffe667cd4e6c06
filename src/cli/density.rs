//! `densitas density`: a grid, saved.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use serde_json::{Map, Value, json};

use super::args::{DensityArgs, PointArgs};
use super::console::Console;
use super::{at_points, input, report};
use crate::error::{Error, Result};
use crate::grid::Sample;
use crate::io::{self, Input, PointInput};

/// Options of the verb.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  densitas density 1ubq.pdb --select \"name CA\" --grid 30 --padding 0 -o density.npy
  densitas density locs.csv --bandwidth 25nm --spacing 10nm -o density.npy --json
  densitas density locs.csv --at-points locs_density.csv

The .npy holds the samples as [x, y, z] in C order, as numpy.mgrid; F.npy.json beside it
tells origin, spacing and unit.")]
pub struct DensityCommand {
    #[command(flatten)]
    points: PointArgs,
    #[command(flatten)]
    density: DensityArgs,
    /// The grid to write, .npy
    #[arg(short, long, value_name = "FILE", required_unless_present = "at_points")]
    output: Option<PathBuf>,
    /// Write the density at the points: F.npy, one value a row of the input in its order (NaN for rows left out or
    /// not chosen), or F.csv, the table with a column `density` added
    #[arg(long, value_name = "FILE")]
    at_points: Option<PathBuf>,
    /// Number type of the samples: f32 or f64
    #[arg(long, value_name = "TYPE", default_value = "f32", value_parser = ["f32", "f64"])]
    dtype: String,
}

/// Runs the verb.
pub fn run(args: &DensityCommand, console: &Console) -> Result<()> {
    let input_path = input::path_of(&args.points);
    check_outputs(args, input_path.as_deref())?;
    let bounds = args.density.bounds;
    let (opened, bytes) = match args.at_points {
        Some(_) => input::open_with_bytes(&args.points, bounds, console)?,
        None => (input::open(&args.points, bounds, console)?, Vec::new()),
    };
    let Input::Points(points) = &opened.input else {
        return Err(Error::Data(
            "the input is a volume already, not points; `densitas render` draws it and `densitas info` describes it"
                .into(),
        ));
    };
    let mut out = Map::new();
    if let Some(output) = &args.output {
        out = match args.dtype.as_str() {
            "f64" => write::<f64>(args, output, points, &opened, console)?,
            _ => write::<f32>(args, output, points, &opened, console)?,
        };
    }
    if let Some(output) = &args.at_points {
        let told = at_points::run(output, points, &opened, &bytes, input_path.as_deref(), &args.density, console)?;
        match args.output {
            Some(_) => report::merge(&mut out, report::object(json!({ "at_points": told }))),
            None => out = told,
        }
    }
    if let Some(seconds) = out.get_mut("seconds").and_then(Value::as_object_mut) {
        seconds.insert("read".into(), opened.seconds.into());
    }
    report::merge(&mut out, report::object(json!({ "warnings": points.warnings })));
    if console.json {
        console.answer(&Value::Object(out).to_string());
    }
    Ok(())
}

/// Tells before the work what cannot be written.
fn check_outputs(args: &DensityCommand, input: Option<&Path>) -> Result<()> {
    if let Some(output) = &args.output {
        check_format(output)?;
        io::atomic::check_writable(output, input)?;
    }
    if let Some(output) = &args.at_points {
        at_points::check(output, input)?;
    }
    match (&args.output, &args.at_points) {
        (Some(a), Some(b)) if a == b && !io::atomic::is_stream(a) => {
            Err(Error::Usage(format!("{}: --output and --at-points name the same file; name two", a.display())))
        }
        _ => Ok(()),
    }
}

fn check_format(output: &Path) -> Result<()> {
    match output.extension().and_then(|e| e.to_str()) {
        Some("npy") => Ok(()),
        _ if io::atomic::is_stream(output) => Ok(()),
        _ => Err(Error::Usage(format!("{}: grids are written as .npy; name the output F.npy", output.display()))),
    }
}

/// Computes and writes the grid; gives what is told of it.
fn write<T: Sample>(
    args: &DensityCommand,
    output: &Path,
    points: &PointInput,
    opened: &input::Opened,
    console: &Console,
) -> Result<Map<String, Value>> {
    let (grid, made) = input::density_of::<T>(points, &opened.source, &args.density, console)?;
    let start = Instant::now();
    io::npy::write_npy(output, &grid, input::path_of(&args.points).as_deref())?;
    let s = made.seconds;
    let write = start.elapsed().as_secs_f64();
    let seconds = json!({ "plan": s.plan, "evaluate": s.evaluate, "check": s.check, "write": write });
    let mut out = report::grid(&grid);
    report::merge(&mut out, report::density(&made));
    report::merge(&mut out, report::object(json!({ "seconds": seconds })));
    if !console.json {
        let [x, y, z] = grid.lattice.shape;
        console.note(&format!(
            "{}: {x} x {y} x {z} nodes, {} points, {} in {:.2} s, error at most {:.1e} of the maximum",
            output.display(),
            made.points,
            made.method,
            s.plan + s.evaluate,
            made.bound_relative_to_max
        ));
    }
    Ok(out)
}
