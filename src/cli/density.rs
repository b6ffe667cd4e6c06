//! `densitas density`: a grid, saved.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use serde_json::{Map, Value, json};

use super::args::{DensityArgs, PointArgs, spacing as spacing_of};
use super::console::Console;
use super::minus::{self, MinusArgs};
use super::parts::{self, PartArgs};
use super::surface::{self, SurfaceArgs};
use super::{at_points, input, report, stream};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::grid::{self, DensityGrid, Sample};
use crate::io::{self, Input, PointInput, Values, VolumeFormat, VolumeInput};
use crate::kde::{self, Density, Report};

/// Options of the verb.
#[derive(Debug, Args)]
#[command(mut_arg("input", |input| input.required(false).required_unless_present("merge").default_value_if("merge", clap::builder::ArgPredicate::IsPresent, "")))]
#[command(after_long_help = "Examples:
  densitas density 1ubq.pdb --select \"name CA\" --grid 30 --padding 0 -o density.npy
  densitas density locs.csv --bandwidth 25nm --spacing 10nm -o density.npy --json
  densitas density locs.csv --sigma-columns precision --spacing 10nm -o density.npy
  densitas density locs.csv --at-points locs_density.csv
  densitas density 1ubq.pdb --at-points coloured.cif
  densitas density md.xtc --topology md.gro --select \"name OW\" --pool --align \"name CA\" \\
      --quantity counts --spacing 1A -o water.dx
  densitas density model.pdb --resolution 4A --weights atomic-number -o simulated.mrc
  densitas density model.pdb --bandwidth 2A --like map.mrc -o model.mrc
  densitas density map.mrc -o map.vti
  densitas density 1ubq.pdb --iso mass:0.9 -o ubiquitin.stl
  densitas density map.mrc --iso 0.02,0.05:0.5 -o map.glb
  densitas density treated.csv --minus control.csv --bandwidth 25nm --standard-error se.npy \\
      --mask changed.npy --significance 3 -o difference.npy
  densitas density locs.csv --bandwidth 25nm --plan plan.json
  densitas density locs.csv --plan plan.json --part 3/8 -o part-3.npy
  densitas density --merge part-*.npy -o density.mrc

The .npy holds the samples as [x, y, z] in C order, as numpy.mgrid; F.npy.json beside it
tells origin, spacing and unit. .mrc, .ccp4 and .map are in angstrom. A volume as input is
written in another format.")]
pub struct DensityCommand {
    #[command(flatten)]
    points: PointArgs,
    #[command(flatten)]
    density: DensityArgs,
    #[command(flatten)]
    surface: SurfaceArgs,
    #[command(flatten)]
    shared: PartArgs,
    #[command(flatten)]
    minus: MinusArgs,
    /// The grid to write: .npy, .mrc, .ccp4, .map, .dx, .nrrd, .vti or .tif; with --iso .stl, .ply,
    /// .obj or .glb
    #[arg(short, long, value_name = "FILE", required_unless_present_any = ["at_points", "plan"])]
    output: Option<PathBuf>,
    /// Write the density at the points: F.npy, one value a row of the input in its order (NaN for rows left out or
    /// not chosen), F.csv, the table with a column `density` added, or of a structure F.pdb or F.cif, the chosen atoms
    /// with the density as B factor, or F.xyz
    #[arg(long, value_name = "FILE")]
    at_points: Option<PathBuf>,
    /// Write the standard error of every value, sqrt(f R(K) / (n_eff |H|^(1/2))), as a second grid
    #[arg(long, value_name = "FILE", requires = "output", conflicts_with = "resolution")]
    standard_error: Option<PathBuf>,
    /// What the grid holds: density, or counts of points in bins of --spacing, averaged over the frames of --pool
    ///
    /// Bins begin at multiples of the spacing, the first at floor(min / spacing) * spacing; nodes are their middles.
    #[arg(long, value_name = "QUANTITY", default_value = "density", value_parser = ["density", "counts"])]
    quantity: String,
    /// Read the points some at a time, twice, so that they never have to fit into memory: tables of text (packed or not),
    /// Parquet, HDF5, NPY arrays, and XTC, TRR, DCD and long texts of frames with --pool. More than 33 million points, or those
    /// that would not fit, are read so anyway
    #[arg(long, conflicts_with_all = ["at_points", "minus", "merge"])]
    stream: bool,
    /// Number type of the samples: f32 or f64
    #[arg(long, value_name = "TYPE", default_value = "f32", value_parser = ["f32", "f64"])]
    dtype: String,
}

/// Runs the verb.
pub fn run(args: &DensityCommand, console: &Console) -> Result<()> {
    if let Some(files) = &args.shared.merge {
        return merge(args, files, console);
    }
    if args.shared.plan.is_some() || args.shared.part.is_some() {
        if args.quantity == "counts" || args.standard_error.is_some() || args.surface.levels().is_some() {
            return Err(Error::Usage(
                "--plan and --part are of a density alone; --merge writes what else is asked for".into(),
            ));
        }
        return parts::run(&args.shared, &args.points, &args.density, args.stream, args.output.as_deref(), console);
    }
    let input_path = input::path_of(&args.points);
    check_outputs(args, input_path.as_deref())?;
    let hindrance = [("--at-points", args.at_points.is_some()), ("--minus", args.minus.minus.is_some())];
    // Frames are counted as fast one after the other.
    let is_counted = args.quantity == "counts" && args.points.pool && hindrance.iter().all(|(_, is_given)| !is_given);
    let hindrance = hindrance.iter().find(|(_, is_given)| *is_given).map(|(option, _)| *option);
    if let (Some(chunks), Some(output)) =
        (stream::wanted(args.stream, &args.points, &args.density, hindrance, is_counted, console)?, &args.output)
    {
        return write_streamed(args, output, &chunks, console);
    }
    let bounds = args.density.bounds;
    let sigmas = args.density.sigma_columns();
    let (opened, bytes) = match args.at_points {
        Some(_) => input::open_with_bytes(&args.points, bounds, sigmas, console)?,
        None => {
            let columns = input::Columns { sigmas, ..Default::default() };
            (input::open(&args.points, bounds, columns, console)?, Vec::new())
        }
    };
    input::tell_one_of_several(&opened, &args.points, console);
    let points = match &opened.input {
        Input::Points(points) => points,
        Input::Volume(volume) => return convert(args, volume.clone(), opened.seconds, console),
    };
    let mut out = Map::new();
    if let Some(output) = &args.output {
        out = match args.dtype.as_str() {
            "f64" if args.minus.minus.is_some() => write_minus::<f64>(args, output, points, console)?,
            _ if args.minus.minus.is_some() => write_minus::<f32>(args, output, points, console)?,
            "f64" if args.quantity == "counts" => write_counts::<f64>(args, output, points, &opened, console)?,
            _ if args.quantity == "counts" => write_counts::<f32>(args, output, points, &opened, console)?,
            "f64" => write::<f64>(args, output, points, &opened, console)?,
            _ => write::<f32>(args, output, points, &opened, console)?,
        };
    }
    if let Some(output) = &args.at_points {
        let (opened, bytes, path) = (&opened, &bytes[..], input_path.as_deref());
        let input = at_points::Input { points, opened, bytes, path, args: &args.points };
        let told = at_points::run(output, &input, &args.density, console)?;
        match args.output {
            Some(_) => report::merge(&mut out, report::object(json!({ "at_points": told }))),
            None => out = told,
        }
    }
    report::merge(&mut out, report::alignment(opened.alignment.as_ref()));
    report::add_seconds(&mut out, "read", opened.seconds);
    report::merge(&mut out, report::object(json!({ "warnings": points.warnings })));
    if console.json {
        console.answer(&Value::Object(out).to_string());
    }
    Ok(())
}

/// Tells before the work what cannot be written.
fn check_outputs(args: &DensityCommand, input: Option<&Path>) -> Result<()> {
    for output in args.output.iter().chain(&args.standard_error).chain(&args.minus.mask) {
        if args.surface.format(output)?.is_some() {
            io::atomic::check_writable(output, input)?;
            continue;
        }
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
    if args.standard_error.is_some() && args.quantity == "counts" {
        return Err(Error::Usage("--standard-error is that of a density, not of --quantity counts".into()));
    }
    if args.quantity == "counts" && args.surface.levels().is_some() {
        return Err(Error::Usage("--iso is of a density, not of --quantity counts".into()));
    }
    if args.minus.minus.is_some() && args.surface.levels().is_some() {
        return Err(Error::Usage(
            "--iso is of one density; write the difference first, then --iso of that file".into(),
        ));
    }
    if args.quantity == "counts" && args.minus.minus.is_some() {
        return Err(Error::Usage("--minus is of densities, not of --quantity counts".into()));
    }
    if args.quantity == "counts" && args.output.is_none() {
        return Err(Error::Usage("--quantity counts are of a grid; name it with --output".into()));
    }
    files_apart(args)
}

/// Sees to it that no file is written twice, and none that is read.
fn files_apart(args: &DensityCommand) -> Result<()> {
    let outputs = [
        ("--output", &args.output),
        ("--standard-error", &args.standard_error),
        ("--mask", &args.minus.mask),
        ("--at-points", &args.at_points),
    ];
    let outputs = outputs.into_iter().filter_map(|(option, path)| Some((option, path.as_ref()?)));
    let outputs: Vec<_> = outputs.filter(|(_, path)| !io::atomic::is_stream(path)).collect();
    for (n, (option, path)) in outputs.iter().enumerate() {
        if let Some((other, _)) = outputs[..n].iter().find(|(_, other)| io::atomic::is_same_place(path, other)) {
            let path = path.display();
            return Err(Error::Usage(format!("{path}: {other} and {option} name the same file; name two")));
        }
    }
    let minus = args.minus.minus.as_ref().map(PathBuf::from);
    let inputs = [("--like", args.density.like.as_ref()), ("--minus", minus.as_ref())];
    let parts = args.shared.merge.iter().flatten().map(|part| ("--merge", part));
    for (input, read) in inputs.into_iter().filter_map(|(option, path)| Some((option, path?))).chain(parts) {
        if let Some((option, path)) = outputs.iter().find(|(_, path)| io::atomic::is_same_place(path, read)) {
            let path = path.display();
            return Err(Error::Usage(format!("{path}: {option} is what {input} reads; choose another name")));
        }
    }
    Ok(())
}

/// Writes a volume in another format.
fn convert(args: &DensityCommand, volume: VolumeInput, read: f64, console: &Console) -> Result<()> {
    let Some(output) = &args.output else {
        return Err(Error::Usage("--at-points needs points, the input is a volume; --output converts it".into()));
    };
    let of_points = [
        ("--minus", args.minus.minus.is_some()),
        ("--standard-error", args.standard_error.is_some()),
        ("--quantity counts", args.quantity == "counts"),
    ];
    if let Some((option, _)) = of_points.iter().find(|(_, is_given)| *is_given) {
        return Err(Error::Usage(format!(
            "{option} needs points, the input is a volume; give points, or leave it out"
        )));
    }
    if args.dtype == "f64" {
        return Err(Error::Usage("--dtype f64: samples of a volume are read as f32; leave it out".into()));
    }
    let (warnings, content) = (volume.warnings.clone(), volume.content);
    if let Some(levels) = args.surface.levels() {
        input::tell_useless(&args.density, console);
        let input = input::path_of(&args.points);
        let mut out = report::grid(&volume.grid);
        let made = surface::write(levels, &volume.grid, volume.steps, output, input.as_deref(), console)?;
        report::merge(&mut out, made);
        report::merge(&mut out, report::object(json!({ "warnings": warnings })));
        report::add_seconds(&mut out, "read", read);
        if console.json {
            console.answer(&Value::Object(out).to_string());
        }
        return Ok(());
    }
    let (grid, note) = input::volume_of(volume, &args.density, console);
    let start = Instant::now();
    save(output, &grid, content, args, console)?;
    let write = start.elapsed().as_secs_f64();
    let mut out = report::grid(&grid);
    let seconds = json!({ "read": read, "write": write });
    report::merge(
        &mut out,
        report::object(json!({ "seconds": seconds, "notes": note.as_slice(), "warnings": warnings })),
    );
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
fn save<T: Sample>(
    output: &Path,
    grid: &DensityGrid<T>,
    content: Values,
    args: &DensityCommand,
    console: &Console,
) -> Result<()> {
    let input = input::path_of(&args.points);
    let note = io::write_volume(output, VolumeFormat::of(output)?, grid, content, input.as_deref())?;
    note.iter().for_each(|n| console.note(n));
    Ok(())
}

/// The size of the bins of `--quantity counts`, which takes nothing else of a density.
fn bins_of(args: &DensityCommand, unit: Option<LengthUnit>, console: &Console) -> Result<[f64; 3]> {
    let Some(spacing) = &args.density.spacing else {
        return Err(Error::Usage("--quantity counts needs the size of its bins: --spacing 2A".into()));
    };
    if let Some(other) = args.density.given().into_iter().find(|option| *option != "--spacing") {
        return Err(Error::Usage(format!("{other} means nothing for --quantity counts; leave it out")));
    }
    if args.density.bounds.is_some() {
        return Err(Error::Usage("--bounds means nothing for --quantity counts; leave it out".into()));
    }
    if args.points.weights.is_some() {
        return Err(Error::Usage("--weights mean nothing for --quantity counts; leave them out".into()));
    }
    args.density.guessed(unit).iter().for_each(|w| console.warning(w));
    spacing_of(spacing, unit)
}

/// Counts the points and writes the grid; gives what is told of it.
fn write_counts<T: Sample>(
    args: &DensityCommand,
    output: &Path,
    points: &PointInput,
    opened: &input::Opened,
    console: &Console,
) -> Result<Map<String, Value>> {
    points.require_3d(&opened.source)?;
    let (cloud, frames) = (&points.cloud, points.frame_numbers.len());
    let bins = bins_of(args, cloud.unit, console)?;
    if points.frames > frames {
        console.note(&format!("{frames} of {} frames are counted; --pool takes all", points.frames));
    }
    let start = Instant::now();
    let counts = grid::histogram::<T>(&cloud.positions, bins, frames, cloud.unit)?;
    let seconds = start.elapsed().as_secs_f64();
    saved_counts(args, output, counts, [cloud.len(), points.frame_starts[1], frames], seconds, console)
}

/// Writes counts of so many points, of which so many are of the first of so many frames; gives what is told of them.
fn saved_counts<T: Sample>(
    args: &DensityCommand,
    output: &Path,
    counts: DensityGrid<T>,
    [points, of_first, frames]: [usize; 3],
    seconds: f64,
    console: &Console,
) -> Result<Map<String, Value>> {
    let mut out = report::grid(&counts);
    let [x, y, z] = counts.lattice.shape;
    let start = Instant::now();
    save(output, &counts, Values::Counts, args, console)?;
    let write = start.elapsed().as_secs_f64();
    let sum = points as f64 / frames as f64;
    let more = json!({
        "quantity": "counts",
        "points": of_first,
        "frames": frames,
        "sum": sum,
        "seconds": { "evaluate": seconds, "write": write },
    });
    report::merge(&mut out, report::object(more));
    if !console.json {
        console.note(&format!("{}: {x} x {y} x {z} bins, {sum} points a frame", output.display()));
    }
    Ok(out)
}

/// Computes and writes the grid; gives what is told of it.
fn write<T: Sample>(
    args: &DensityCommand,
    output: &Path,
    points: &PointInput,
    opened: &input::Opened,
    console: &Console,
) -> Result<Map<String, Value>> {
    let Density { grid, report: made, .. } = input::density_of::<T>(points, &opened.source, &args.density, console)?;
    saved(args, output, &grid, &made, console)
}

fn streamed_counts<T: Sample>(
    args: &DensityCommand,
    output: &Path,
    chunks: &io::Chunks,
    console: &Console,
) -> Result<Map<String, Value>> {
    let bins = bins_of(args, chunks.unit(), console)?;
    let (start, frames) = (Instant::now(), chunks.frames());
    let (counts, points, warnings) = stream::counts_of::<T>(chunks, bins, console)?;
    let seconds = start.elapsed().as_secs_f64();
    let mut out = saved_counts(args, output, counts, [points, points / frames, frames], seconds, console)?;
    report::merge(&mut out, report::object(json!({ "warnings": warnings })));
    Ok(out)
}

/// As [`run`], the points being read some at a time.
fn write_streamed(args: &DensityCommand, output: &Path, chunks: &io::Chunks, console: &Console) -> Result<()> {
    let mut out = match args.dtype.as_str() {
        "f64" if args.quantity == "counts" => streamed_counts::<f64>(args, output, chunks, console)?,
        _ if args.quantity == "counts" => streamed_counts::<f32>(args, output, chunks, console)?,
        "f64" => streamed::<f64>(args, output, chunks, console)?,
        _ => streamed::<f32>(args, output, chunks, console)?,
    };
    report::merge(&mut out, report::alignment(chunks.alignment().as_ref()));
    report::merge(&mut out, report::object(json!({ "streamed": true, "frames": chunks.frames() })));
    report::merge(&mut out, report::object(json!({ "warnings": chunks.warnings() })));
    if console.json {
        console.answer(&Value::Object(out).to_string());
    }
    Ok(())
}

fn streamed<T: Sample>(
    args: &DensityCommand,
    output: &Path,
    chunks: &io::Chunks,
    console: &Console,
) -> Result<Map<String, Value>> {
    let (grid, made) = stream::density_of::<T>(chunks, &args.density, console)?;
    saved(args, output, &grid, &made, console)
}

/// Computes and writes the difference of two samples; gives what is told of it.
fn write_minus<T: Sample>(
    args: &DensityCommand,
    output: &Path,
    points: &PointInput,
    console: &Console,
) -> Result<Map<String, Value>> {
    let made = minus::made::<T>(&args.minus, &args.points, &args.density, points, console)?;
    let start = Instant::now();
    save(output, &made.grid, Values::PerVolume, args, console)?;
    if let Some(path) = &args.standard_error {
        save(path, &made.standard_error, Values::PerVolume, args, console)?;
    }
    if let Some(path) = &args.minus.mask {
        save(path, &made.mask, Values::Other, args, console)?;
    }
    let mut out = report::grid(&made.grid);
    report::merge(&mut out, made.told);
    if let Some(seconds) = out.get_mut("seconds").and_then(Value::as_object_mut) {
        seconds.insert("write".into(), start.elapsed().as_secs_f64().into());
    }
    if !console.json {
        let [x, y, z] = made.grid.lattice.shape;
        console.note(&format!("{}: {x} x {y} x {z} nodes", output.display()));
    }
    Ok(out)
}

/// Adds up the parts of a density and writes it.
fn merge(args: &DensityCommand, files: &[PathBuf], console: &Console) -> Result<()> {
    if let Some(other) = args.density.given().first() {
        return Err(Error::Usage(format!("{other} is settled by the plan of the parts; leave it out beside --merge")));
    }
    check_outputs(args, None)?;
    let Some(output) = &args.output else { return Err(Error::Usage("--merge needs --output".into())) };
    let mut out = match args.dtype.as_str() {
        "f64" => merged::<f64>(args, output, files, console)?,
        _ => merged::<f32>(args, output, files, console)?,
    };
    if console.json {
        out.entry("warnings").or_insert_with(|| json!([]));
        console.answer(&Value::Object(out).to_string());
    }
    Ok(())
}

fn merged<T: Sample>(
    args: &DensityCommand,
    output: &Path,
    files: &[PathBuf],
    console: &Console,
) -> Result<Map<String, Value>> {
    let parts::Merged { grid, report, told } = parts::merge::<T>(files, console)?;
    let mut out = saved(args, output, &grid, &report, console)?;
    report::merge(&mut out, told);
    Ok(out)
}

/// Writes a density and what belongs to it; gives what is told of it.
fn saved<T: Sample>(
    args: &DensityCommand,
    output: &Path,
    grid: &DensityGrid<T>,
    made: &Report,
    console: &Console,
) -> Result<Map<String, Value>> {
    if let Some(levels) = args.surface.levels() {
        let input = input::path_of(&args.points);
        let told = surface::write(levels, grid, None, output, input.as_deref(), console)?;
        return Ok(report::with_surfaces(report::grid(grid), made, told));
    }
    let start = Instant::now();
    save(output, grid, Values::Density, args, console)?;
    let error_told = save_error(args, grid, made, console)?;
    let s = made.seconds;
    let write = start.elapsed().as_secs_f64();
    let seconds = json!({ "plan": s.plan, "evaluate": s.evaluate, "check": s.check, "write": write });
    let mut out = report::grid(grid);
    report::merge(&mut out, report::density(made));
    report::merge(&mut out, report::object(json!({ "seconds": seconds, "standard_error": error_told })));
    if !console.json {
        let [x, y, z] = grid.lattice.shape;
        console.note(&format!(
            "{}: {x} x {y} x {z} nodes, {} points in {:.2} s; {}",
            output.display(),
            made.points,
            s.plan + s.evaluate,
            report::errors(made, "nodes")
        ));
        console.note(&report::choice(made));
    }
    Ok(out)
}

/// Writes the standard error of a density if that is asked for; gives what is told of it.
fn save_error<T: Sample>(
    args: &DensityCommand,
    grid: &DensityGrid<T>,
    made: &Report,
    console: &Console,
) -> Result<Value> {
    let Some(output) = &args.standard_error else { return Ok(Value::Null) };
    report::one_kernel(made, "--standard-error")?;
    let error = kde::standard_error(grid, &made.kernel);
    save(output, &error, Values::PerVolume, args, console)?;
    let (max, level) = (error.statistics().max, kde::noise_level(&made.kernel, 1.0));
    Ok(json!({ "output": output, "max": max, "noise_level": level }))
}
