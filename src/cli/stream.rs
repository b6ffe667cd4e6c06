//! `densitas density --stream`: points that are never in memory all at once.

use std::cell::Cell;
use std::path::Path;

use super::args::{DensityArgs, PointArgs};
use super::console::Console;
use super::input;
use crate::error::{Error, Result};
use crate::grid::{DensityGrid, Sample};
use crate::io::{Chunks, Source};
use crate::kde::{Report, parts};

/// Shorter files are read whole without a look at the memory.
const LONG: u64 = 1 << 30;

/// The input some points at a time, if that is asked for, or the points would not fit into memory and it can be.
pub fn wanted(
    is_asked: bool,
    points: &PointArgs,
    density: &DensityArgs,
    hindrance: Option<&str>,
    console: &Console,
) -> Result<Option<Chunks>> {
    let hindrance = hindrance.or(own_hindrance(points, density));
    if let (true, Some(option)) = (is_asked, hindrance) {
        return Err(Error::Usage(format!("--stream cannot be used with {option}, which needs all points at once")));
    }
    let path = input::path_of(points);
    let is_long = path.as_deref().and_then(|p| p.metadata().ok()).is_some_and(|file| file.len() >= LONG);
    if hindrance.is_some() || !(is_asked || is_long) {
        return Ok(None);
    }
    let source = Source::from_argument(Path::new(&points.input));
    let chunks = Chunks::open(&source, &points.options(None, None)?, console)?;
    match chunks {
        None if is_asked => Err(Error::Usage(format!(
            "{source}: cannot be read some points at a time; that is done for NPY arrays (N, 3) in C order, with --pool also \
             (F, N, 3), and for XTC, TRR and DCD with --pool, without --every and --max-points"
        ))),
        Some(chunks) if is_asked || !parts::fits_in_memory(chunks.rows()?) => Ok(Some(chunks)),
        _ => Ok(None),
    }
}

fn own_hindrance(points: &PointArgs, density: &DensityArgs) -> Option<&'static str> {
    let all = [
        ("--align", points.align.is_some()),
        ("--sigma-columns", density.sigma_columns.is_some()),
        ("--resolution", density.resolution.is_some()),
        ("--periodic", density.periodic.is_some()),
    ];
    all.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
}

/// The density, looking twice at the points.
pub fn density_of<T: Sample>(
    chunks: &Chunks,
    density: &DensityArgs,
    console: &Console,
) -> Result<(DensityGrid<T>, Report)> {
    chunks.warnings().iter().for_each(|w| console.warning(w));
    let (dropped, looks) = (Cell::new(0), Cell::new(0));
    let each = |visit: &mut dyn FnMut(&crate::points::PointCloud) -> Result<()>| {
        looks.set(looks.get() + 1);
        let stage = if looks.get() == 1 { "reading" } else { "density" };
        chunks.each(stage, console, visit).map(|count| dropped.set(count))
    };
    let options = density.options(chunks.unit())?;
    let mut made = parts::density_streamed::<T>(&each, chunks.unit(), &options, console)?;
    let dropped: u64 = dropped.get();
    if dropped > 0 {
        let rows = dropped + made.report.points as u64;
        made.report.warnings.push(format!("{dropped} of {rows} rows left out: a coordinate is not finite"));
    }
    made.report.notes.iter().for_each(|n| console.note(n));
    made.report.warnings.iter().for_each(|w| console.warning(w));
    Ok((made.grid, made.report))
}
