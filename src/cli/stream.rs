//! `densitas density --stream`: points that are never in memory all at once.

use std::cell::{Cell, RefCell};
use std::path::Path;

use super::args::{DensityArgs, PointArgs};
use super::console::Console;
use super::input;
use crate::error::{Error, Result};
use crate::geometry::Box3;
use crate::grid::{DensityGrid, Histogram, Sample};
use crate::io::{Chunks, Seen, Source};
use crate::kde::{Report, parts};
use crate::points::PointCloud;

/// Shorter files are read whole without a look at the memory: packed trajectories take some five times as much there, packed
/// tables some eight.
const LONG: u64 = 128 << 20;
/// The same for packed files.
const LONG_PACKED: u64 = 32 << 20;

/// The input some points at a time, if that is asked for, or it can be and is better, or the points would take too much
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
    if hindrance.is_some() || !(is_asked || is_better || is_long(points)) {
        return Ok(None);
    }
    let source = Source::from_argument(Path::new(&points.input));
    let align = points.align.as_deref().map(input::align_selection).transpose()?;
    let Some(chunks) = Chunks::open(&source, &points.options(None, None)?, align.as_ref(), console)? else {
        return if is_asked { Err(not_streamed(&source)) } else { Ok(None) };
    };
    let rows = chunks.rows();
    if is_asked || is_better {
        return Ok(Some(chunks));
    }
    // What needs all points gets them as long as they fit.
    let is_wanted = match parts::needs_all(&density.options(chunks.unit())?) {
        None => !parts::should_be_in_memory(rows),
        Some(_) => !parts::fits_in_memory(rows),
    };
    if is_wanted {
        let gib = parts::memory_of(rows) / f64::from(1 << 30);
        console.note(&format!(
            "{source}: some {:.0} million points, which would take {gib:.1} GiB; they are read some at a time, twice",
            rows as f64 / 1e6
        ));
    }
    Ok(is_wanted.then_some(chunks))
}

/// Whether a file is so long that its points may take much memory.
fn is_long(points: &PointArgs) -> bool {
    let Some(path) = input::path_of(points) else { return false };
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
    let is_packed = ["gz", "bz2", "xz", "zst", "parquet", "h5", "hdf5"].contains(&ending.as_str());
    path.metadata().is_ok_and(|file| file.len() >= if is_packed { LONG_PACKED } else { LONG })
}

/// Why an input is not read some points at a time.
fn not_streamed(source: &Source) -> Error {
    let Some(path) = source.path() else {
        return Error::Usage(format!(
            "{source}: cannot be read twice, as --stream does; save it as a file, or leave out --stream: it is held in memory then"
        ));
    };
    match path.metadata() {
        Err(e) => Error::file(path, "read", e),
        Ok(found) if !found.is_file() => Error::Usage(format!(
            "{source}: is no file, so that it cannot be read twice, as --stream does; save it as one, or leave out --stream"
        )),
        Ok(_) => Error::Usage(format!(
            "{source}: cannot be read some points at a time; that is done for tables of text (packed ones, too), Parquet, HDF5, \
             NPY arrays (N, 3) in C order, with --pool also (F, N, 3), and with --pool for XTC, TRR, DCD and texts of many \
             frames from 16 MiB on, without --every and --max-points"
        )),
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
pub struct Looks<'a> {
    chunks: &'a Chunks,
    console: &'a Console,
    seen: RefCell<Seen>,
    count: Cell<u32>,
}

impl<'a> Looks<'a> {
    pub fn of(chunks: &'a Chunks, console: &'a Console) -> Self {
        chunks.notes().iter().for_each(|n| console.note(n));
        chunks.warnings().iter().for_each(|w| console.warning(w));
        Self { chunks, console, seen: RefCell::default(), count: Cell::new(0) }
    }

    /// Shows all points, some at a time; `second` names what the second look is for.
    pub fn look(&self, second: &'static str, visit: &mut dyn FnMut(&PointCloud) -> Result<()>) -> Result<()> {
        self.count.set(self.count.get() + 1);
        let stage = if self.count.get() == 1 { "reading" } else { second };
        self.chunks.each(stage, self.console, visit).map(|seen| *self.seen.borrow_mut() = seen)
    }

    /// What is to be told of rows that were left out.
    fn warning(&self) -> Option<String> {
        self.seen.borrow().warning()
    }

    /// The same, and what is to be told of the options of a density.
    pub fn warnings(&self, density: &DensityArgs) -> Vec<String> {
        self.warning().into_iter().chain(input::doubts(density, self.chunks.unit())).collect()
    }

    /// Tells how rows were understood and frames were laid over the first, as far as that shows at the end.
    pub fn tell(&self) {
        self.seen.borrow().notes.iter().for_each(|note| self.console.note(note));
        let told = self.chunks.alignment().map(|alignment| input::told(&alignment, self.chunks.unit()));
        told.iter().for_each(|note| self.console.note(note));
    }
}

/// Counts in bins, divided by the frames, how many points there are, and warnings that were told.
pub fn counts_of<T: Sample>(
    chunks: &Chunks,
    spacing: [f64; 3],
    console: &Console,
) -> Result<(DensityGrid<T>, usize, Vec<String>)> {
    let looks = Looks::of(chunks, console);
    let (mut bounds, mut points) = (Box3::EMPTY, 0);
    looks.look("counting", &mut |cloud| {
        bounds = bounds.joined(Box3::around(&cloud.positions));
        points += cloud.len();
        Ok(())
    })?;
    let mut histogram = Histogram::new(bounds, spacing)?;
    looks.look("counting", &mut |cloud| histogram.add(&cloud.positions))?;
    let warnings: Vec<String> = looks.warning().into_iter().collect();
    warnings.iter().for_each(|w| console.warning(w));
    looks.tell();
    Ok((histogram.finish(chunks.frames(), chunks.unit())?, points, warnings))
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
    made.report.warnings.extend(looks.warnings(density));
    looks.tell();
    made.report.notes.iter().for_each(|n| console.note(n));
    made.report.warnings.iter().for_each(|w| console.warning(w));
    Ok((made.grid, made.report))
}
