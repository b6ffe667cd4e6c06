//! `densitas density`: a grid, saved.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use serde_json::{Map, Value, json};

use super::args::{DensityArgs, PointArgs};
use super::console::Console;
use super::{at_points, input, report};
use crate::error::{Error, Result};
use crate::grid::{DensityGrid, Sample};
use crate::io::{self, Input, PointInput, VolumeFormat, VolumeInput};

/// Options of the verb.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  densitas density 1ubq.pdb --select \"name CA\" --grid 30 --padding 0 -o density.npy
  densitas density locs.csv --bandwidth 25nm --spacing 10nm -o density.npy --json
  densitas density locs.csv --at-points locs_density.csv
  densitas density 1ubq.pdb --at-points coloured.cif
  densitas density model.pdb --bandwidth 2A --like map.mrc -o model.mrc
  densitas density map.mrc -o map.vti

The .npy holds the samples as [x, y, z] in C order, as numpy.mgrid; F.npy.json beside it
tells origin, spacing and unit. .mrc, .ccp4 and .map are in angstrom. A volume as input is
written in another format.")]
pub struct DensityCommand {
    #[command(flatten)]
    points: PointArgs,
    #[command(flatten)]
    density: DensityArgs,
    /// The grid to write: .npy, .mrc, .ccp4, .map, .dx, .nrrd, .vti or .tif
    #[arg(short, long, value_name = "FILE", required_unless_present = "at_points")]
    output: Option<PathBuf>,
    /// Write the density at the points: F.npy, one value a row of the input in its order (NaN for rows left out or
    /// not chosen), F.csv, the table with a column `density` added, or of a structure F.pdb or F.cif, the chosen atoms
    /// with the density as B factor, or F.xyz
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
    let (opened, bytes) = input::open_with_bytes(&args.points, args.density.bounds, console)?;
    let points = match &opened.input {
        Input::Points(points) => points,
        Input::Volume(volume) => return convert(args, volume.clone(), opened.seconds, console),
    };
    let bytes = if args.at_points.is_some() { bytes } else { Vec::new() };
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
        let format = VolumeFormat::of(output)?;
        if args.dtype == "f64" && !format.holds_f64() {
            let output = output.display();
            return Err(Error::Usage(format!(
                "{output}: MRC and TIFF hold f32; for f64 name it .npy, .nrrd, .vti or .dx"
            )));
        }
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

/// Writes a volume in another format.
fn convert(args: &DensityCommand, volume: VolumeInput, read: f64, console: &Console) -> Result<()> {
    let Some(output) = &args.output else {
        return Err(Error::Usage("--at-points needs points, the input is a volume; --output converts it".into()));
    };
    if args.dtype == "f64" {
        return Err(Error::Usage("--dtype f64: samples of a volume are read as f32; leave it out".into()));
    }
    let warnings = volume.warnings.clone();
    let grid = input::volume_of(volume, &args.density, console);
    let start = Instant::now();
    save(output, &grid, args, console)?;
    let write = start.elapsed().as_secs_f64();
    let mut out = report::grid(&grid);
    let seconds = json!({ "read": read, "write": write });
    report::merge(&mut out, report::object(json!({ "seconds": seconds, "warnings": warnings })));
    match console.json {
        true => console.answer(&Value::Object(out).to_string()),
        false => {
            let [x, y, z] = grid.lattice.shape;
            console.note(&format!("{}: {x} x {y} x {z} nodes", output.display()));
        }
    }
    Ok(())
}

/// Writes a grid in the format of the output's name, and tells what that does to it.
fn save<T: Sample>(output: &Path, grid: &DensityGrid<T>, args: &DensityCommand, console: &Console) -> Result<()> {
    let input = input::path_of(&args.points);
    let note = io::write_volume(output, VolumeFormat::of(output)?, grid, input.as_deref())?;
    note.iter().for_each(|n| console.note(n));
    Ok(())
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
    save(output, &grid, args, console)?;
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
