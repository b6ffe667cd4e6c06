//! `densitas density --stream`: points that are never in memory all at once.

use std::cell::Cell;
use std::path::Path;

use super::args::{DensityArgs, PointArgs};
use super::console::Console;
use super::input;
use crate::error::{Error, Result};
use crate::geometry::Box3;
use crate::grid::{DensityGrid, Histogram, Sample};
use crate::io::{Chunks, Source};
use crate::kde::{Report, parts};
use crate::points::PointCloud;

/// Shorter files are read whole without a look at the memory: packed trajectories take some five times as much there.
const LONG: u64 = 128 << 20;

/// The input some points at a time, if that is asked for, or it can be and is better, or the points would not fit into
/// memory.
pub fn wanted(
    is_asked: bool,
    points: &PointArgs,
    density: &DensityArgs,
    hindrance: Option<&str>,
    is_better: bool,
    console: &Console,
) -> Result<Option<Chunks>> {
    let hindrance = hindrance.or(own_hindrance(density));
    if let (true, Some(option)) = (is_asked, hindrance) {
        return Err(Error::Usage(format!("--stream cannot be used with {option}, which needs all points at once")));
    }
    let path = input::path_of(points);
    let is_long = path.as_deref().and_then(|p| p.metadata().ok()).is_some_and(|file| file.len() >= LONG);
    if hindrance.is_some() || !(is_asked || is_long || is_better) {
        return Ok(None);
    }
    let source = Source::from_argument(Path::new(&points.input));
    let align = points.align.as_deref().map(input::align_selection).transpose()?;
    let chunks = Chunks::open(&source, &points.options(None, None)?, align.as_ref(), console)?;
    match chunks {
        None if is_asked => Err(Error::Usage(format!(
            "{source}: cannot be read some points at a time; that is done for NPY arrays (N, 3) in C order, with --pool also \
             (F, N, 3), and with --pool for XTC, TRR, DCD and texts of many frames from 16 MiB on, without --every and \
             --max-points"
        ))),
        Some(chunks) if is_asked || is_better || !parts::fits_in_memory(chunks.rows()) => Ok(Some(chunks)),
        _ => Ok(None),
    }
}

fn own_hindrance(density: &DensityArgs) -> Option<&'static str> {
    let all = [
        ("--sigma-columns", density.sigma_columns.is_some()),
        ("--resolution", density.resolution.is_some()),
        ("--periodic", density.periodic.is_some()),
    ];
    all.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
}

/// Points that are looked at twice, and what is to be told of them.
struct Looks<'a> {
    chunks: &'a Chunks,
    console: &'a Console,
    dropped: Cell<u64>,
    count: Cell<u32>,
}

impl<'a> Looks<'a> {
    fn of(chunks: &'a Chunks, console: &'a Console) -> Self {
        chunks.notes().iter().for_each(|n| console.note(n));
        chunks.warnings().iter().for_each(|w| console.warning(w));
        Self { chunks, console, dropped: Cell::new(0), count: Cell::new(0) }
    }

    /// Shows all points, some at a time; `second` names what the second look is for.
    fn look(&self, second: &'static str, visit: &mut dyn FnMut(&PointCloud) -> Result<()>) -> Result<()> {
        self.count.set(self.count.get() + 1);
        let stage = if self.count.get() == 1 { "reading" } else { second };
        self.chunks.each(stage, self.console, visit).map(|count| self.dropped.set(count))
    }

    /// What is to be told of `points` that were seen.
    fn warning(&self, points: usize) -> Option<String> {
        let dropped = self.dropped.get();
        let rows = dropped + points as u64;
        (dropped > 0).then(|| format!("{dropped} of {rows} rows left out: a coordinate is not finite"))
    }

    /// Tells how frames were laid over the first.
    fn tell_alignment(&self) {
        let told = self.chunks.alignment().map(|alignment| input::told(&alignment, self.chunks.unit()));
        told.iter().for_each(|note| self.console.note(note));
    }
}

/// Counts in bins, divided by the frames, and how many points there are.
pub fn counts_of<T: Sample>(chunks: &Chunks, spacing: [f64; 3], console: &Console) -> Result<(DensityGrid<T>, usize)> {
    let looks = Looks::of(chunks, console);
    let (mut bounds, mut points) = (Box3::EMPTY, 0);
    looks.look("counting", &mut |cloud| {
        bounds = bounds.joined(Box3::around(&cloud.positions));
        points += cloud.len();
        Ok(())
    })?;
    let mut histogram = Histogram::new(bounds, spacing)?;
    looks.look("counting", &mut |cloud| histogram.add(&cloud.positions))?;
    looks.warning(points).iter().for_each(|w| console.warning(w));
    looks.tell_alignment();
    Ok((histogram.finish(chunks.frames(), chunks.unit())?, points))
}

/// The density, looking twice at the points.
pub fn density_of<T: Sample>(
    chunks: &Chunks,
    density: &DensityArgs,
    console: &Console,
) -> Result<(DensityGrid<T>, Report)> {
    let looks = Looks::of(chunks, console);
    let each = |visit: &mut dyn FnMut(&PointCloud) -> Result<()>| looks.look("density", visit);
    let options = density.options(chunks.unit())?;
    let mut made = parts::density_streamed::<T>(&each, chunks.unit(), &options, console)?;
    made.report.warnings.extend(looks.warning(made.report.points));
    looks.tell_alignment();
    made.report.notes.iter().for_each(|n| console.note(n));
    made.report.warnings.iter().for_each(|w| console.warning(w));
    Ok((made.grid, made.report))
}
