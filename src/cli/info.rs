//! `densitas info`: what a file holds and how it was understood.

use clap::Args;
use serde_json::{Value, json};

use super::args::PointArgs;
use super::console::Console;
use super::{input, report};
use crate::error::Result;
use crate::geometry::Box3;
use crate::io::{Input, PointInput, VolumeInput};

/// Options of the verb.
#[derive(Debug, Args)]
pub struct InfoArgs {
    #[command(flatten)]
    points: PointArgs,
    /// The box of a volume that does not say where it is
    #[arg(long, value_name = "X0,X1,Y0,Y1,Z0,Z1", value_parser = super::args::bounds)]
    bounds: Option<Box3>,
}

/// Runs the verb.
pub fn run(args: &InfoArgs, console: &Console) -> Result<()> {
    match input::open(&args.points, args.bounds, console)?.input {
        Input::Points(points) if console.json => console.answer(&points_json(&points).to_string())?,
        Input::Points(points) => points_prose(&points, console)?,
        Input::Volume(volume) if console.json => console.answer(&volume_json(&volume).to_string())?,
        Input::Volume(volume) => volume_prose(&volume, console)?,
    }
    Ok(())
}

fn points_json(p: &PointInput) -> Value {
    let bounds = p.cloud.bounds();
    let d = p.dimensions;
    json!({
        "format": p.format,
        "dimensions": d,
        "points": p.frame_starts[1],
        "frames": p.frames,
        "pooled_points": p.cloud.len(),
        "unit": report::unit(p.cloud.unit),
        "bounds": { "min": bounds.min.to_array()[..d], "max": bounds.max.to_array()[..d] },
        "mean": p.cloud.mean().to_array()[..d],
        "columns": p.columns,
        "position_columns": p.position_columns,
        "cell": p.cell,
        "dropped": p.dropped,
        "notes": p.notes,
        "warnings": p.warnings,
    })
}

fn points_prose(p: &PointInput, console: &Console) -> Result<()> {
    let unit = p.cloud.unit.map_or(String::new(), |u| format!(" {u}"));
    let d = p.dimensions;
    let list = |v: glam::DVec3| v.to_array()[..d].iter().map(|c| format!("{c:.4}")).collect::<Vec<_>>().join(", ");
    let bounds = p.cloud.bounds();
    console.answer(&format!("format   {}", p.format))?;
    console.answer(&format!("points   {} in {d} dimensions", p.frame_starts[1]))?;
    console.answer(&format!("frames   {}", p.frames))?;
    console.answer(&format!("unit     {}", p.cloud.unit.map_or("not stated", |u| u.name())))?;
    console.answer(&format!("from     {}{unit}", list(bounds.min)))?;
    console.answer(&format!("to       {}{unit}", list(bounds.max)))?;
    console.answer(&format!("mean     {}{unit}", list(p.cloud.mean())))?;
    console.answer(&format!("columns  {}", p.columns.join(", ")))?;
    if p.dropped > 0 {
        console.answer(&format!("dropped  {}", p.dropped))?;
    }
    Ok(())
}

fn volume_json(v: &VolumeInput) -> Value {
    let mut out = report::grid(&v.grid);
    report::merge(&mut out, report::object(json!({ "format": v.format, "notes": v.notes, "warnings": v.warnings })));
    Value::Object(out)
}

fn volume_prose(v: &VolumeInput, console: &Console) -> Result<()> {
    let (lattice, s) = (&v.grid.lattice, v.grid.statistics());
    let [x, y, z] = lattice.shape;
    console.answer(&format!("format   {} volume", v.format))?;
    console.answer(&format!("nodes    {x} x {y} x {z}"))?;
    console.answer(&format!("origin   {}", lattice.origin))?;
    console.answer(&format!("spacing  {}", lattice.spacing))?;
    console.answer(&format!("unit     {}", v.grid.unit.map_or("not stated", |u| u.name())))?;
    console.answer(&format!("values   {:e} to {:e}, mean {:e}", s.min, s.max, s.mean))?;
    Ok(())
}
