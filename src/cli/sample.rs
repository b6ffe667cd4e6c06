//! `densitas sample`: a built-in cloud as a table.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::console::Console;
use super::report;
use crate::error::Result;
use crate::{io, sample};

/// Options of the verb.
#[derive(Debug, Args)]
pub struct SampleArgs {
    /// Its name: founding, membrane or mixture
    name: String,
    /// The table to write, .csv
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Number of points [default: the sample's own]
    #[arg(long, value_name = "N")]
    points: Option<usize>,
    /// Start of the random numbers
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
}

/// Runs the verb.
pub fn run(args: &SampleArgs, console: &Console) -> Result<()> {
    let name = args.name.strip_prefix("sample:").unwrap_or(&args.name);
    let cloud = sample::sample(name, args.points, args.seed)?;
    io::write_csv(&args.output, &cloud, None)?;
    if console.json {
        let out = json!({ "points": cloud.len(), "unit": report::unit(cloud.unit), "bounds": report::bounds(cloud.bounds()) });
        console.answer(&out.to_string())?;
    } else {
        console.note(&format!("{}: {} points", args.output.display(), cloud.len()));
    }
    Ok(())
}
