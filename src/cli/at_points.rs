//! `densitas density --at-points F`: the density at the points themselves.

use std::path::Path;
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::args::{DensityArgs, PointArgs};
use super::console::Console;
use super::input::Opened;
use super::{input, report};
use crate::error::{Error, Result};
use crate::io::{self, BFactor, PointInput};
use crate::kde::{self, AtPoints};
use crate::points::{Column, PointCloud};

/// How the values are written.
#[derive(Clone, Copy, PartialEq)]
enum Format {
    Npy,
    Table,
    Pdb,
    Mmcif,
    Xyz,
}

fn format_of(output: &Path) -> Result<Format> {
    match output.extension().and_then(|e| e.to_str()) {
        Some("npy") => Ok(Format::Npy),
        Some("csv" | "tsv" | "txt") => Ok(Format::Table),
        Some("pdb" | "ent") => Ok(Format::Pdb),
        Some("cif" | "mmcif") => Ok(Format::Mmcif),
        Some("xyz" | "extxyz") => Ok(Format::Xyz),
        _ if io::atomic::is_stream(output) => Ok(Format::Npy),
        _ => Err(Error::Usage(format!(
            "{}: values at the points are written as .npy, .csv, .pdb, .cif or .xyz; name the file so",
            output.display()
        ))),
    }
}

/// Refuses before the work what cannot be written.
pub fn check(output: &Path, input: Option<&Path>) -> Result<()> {
    format_of(output)?;
    io::atomic::check_writable(output, input)
}

/// The points and what they were read from.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    pub points: &'a PointInput,
    pub opened: &'a Opened,
    /// The file, unpacked.
    pub bytes: &'a [u8],
    pub path: Option<&'a Path>,
    pub args: &'a PointArgs,
}

/// Computes and writes the values; gives what is told of them.
pub fn run(output: &Path, input: &Input, args: &DensityArgs, console: &Console) -> Result<Map<String, Value>> {
    let Input { points, opened, path: input_path, .. } = *input;
    points.require_3d(&opened.source)?;
    let format = format_of(output)?;
    if matches!(format, Format::Pdb | Format::Mmcif) && points.cloud.atoms.is_none() {
        let problem = format!("the input is {}, which has no atoms", points.format);
        return Err(Error::Usage(format!("{}: {problem}; write .csv, .npy or .xyz", output.display())));
    }
    let cloud = &points.cloud;
    let options = args.options(cloud.unit)?;
    let mut at = match input::cell_of(points, &opened.source, args, console)? {
        Some(cell) => kde::periodic_density_at(cloud, &cell, &cloud.positions, &options, console)?,
        None => kde::density_at(cloud, &cloud.positions, &options, console)?,
    };
    let scale = args.scale(cloud, points.frame_numbers.len());
    at.values.iter_mut().for_each(|v| *v *= scale);
    at.report.warnings.iter().for_each(|w| console.warning(w));
    let rows = points.by_row(&at.values);
    let start = Instant::now();
    let mut scale = None;
    match format {
        Format::Pdb => scale = Some(io::write_pdb(output, points, &at.values, input_path)?),
        Format::Mmcif => scale = Some(io::write_mmcif(output, points, &at.values, input_path)?),
        Format::Xyz => io::write_xyz(output, points, &at.values, input_path)?,
        Format::Npy => io::npy::write_array(output, &[rows.len()], &rows, input_path)?,
        Format::Table if points.is_table() => {
            io::write_with_column(output, input.bytes, &opened.source.to_string(), "density", &rows, input_path)?;
        }
        Format::Table => write_table(output, input, &rows, console)?,
    }
    if let Some(BFactor { exponent }) = scale {
        console.note(&format!("the B factor is the density in 1/A^3 times 1e{exponent}"));
    }
    let without_value = rows.len() - cloud.len();
    if without_value > 0 {
        console.warning(&format!("{without_value} of {} rows have no value: left out or not chosen", rows.len()));
    }
    let mut told = told(points, &at, without_value, start.elapsed().as_secs_f64());
    if let Some(BFactor { exponent }) = scale {
        told.insert("bfactor_exponent".into(), exponent.into());
    }
    if !console.json {
        let r = &at.report;
        console.note(&format!(
            "{}: {} values in {:.2} s; {}",
            output.display(),
            cloud.len(),
            r.seconds.plan + r.seconds.evaluate,
            report::errors(r, "points")
        ));
        console.note(&report::choice(r));
    }
    Ok(told)
}

/// Writes every row of the chosen frames, those that are not chosen too.
fn write_table(output: &Path, input: &Input, rows: &[f64], console: &Console) -> Result<()> {
    let points = input.points;
    let all = all_rows(input, console)?;
    let is_taken = |name: &String| all.cloud.columns.iter().any(|c| c.name == *name);
    let numbered = (2..).map(|n| format!("density_{n}"));
    let name = std::iter::once("density".to_owned()).chain(numbered).find(|name| !is_taken(name));
    let mut columns = vec![Column { name: name.unwrap_or_default(), values: rows.to_vec() }];
    // The column of a table that they are from is there already.
    if let Some(weights) = points.cloud.weights.as_ref().filter(|_| points.position_columns.is_empty()) {
        columns.insert(0, Column { name: "weight".into(), values: points.by_row(weights) });
    }
    io::write_rows(output, &all, &columns, input.path)
}

/// The points of all rows of the chosen frames, with nothing but what is written of them.
fn all_rows(input: &Input, console: &Console) -> Result<PointInput> {
    let points = input.points;
    let bare =
        PointInput { cloud: PointCloud { weights: None, sigmas: None, ..points.cloud.clone() }, ..points.clone() };
    if points.cloud.len() + points.dropped as usize == points.rows {
        return Ok(bare);
    }
    let all = PointArgs { select: None, every: None, max_points: None, weights: None, ..input.args.clone() };
    let columns = input::Columns { all: true, ..input::Columns::default() };
    match input::untold(&all, Some(input.bytes), None, columns, console)?.input {
        io::Input::Points(all) => Ok(all),
        io::Input::Volume(_) => Ok(bare),
    }
}

fn told(points: &PointInput, at: &AtPoints, without_value: usize, write: f64) -> Map<String, Value> {
    let (min, max) = at.values.iter().fold((f64::INFINITY, 0.0), |(a, b), v| (v.min(a), v.max(b)));
    let s = at.report.seconds;
    let mut out = report::density(&at.report);
    let more = json!({
        "unit": report::unit(points.cloud.unit),
        "rows": points.rows,
        "rows_without_value": without_value,
        "min": min,
        "max": max,
        "seconds": { "plan": s.plan, "evaluate": s.evaluate, "check": s.check, "write": write },
    });
    report::merge(&mut out, report::object(more));
    out
}
