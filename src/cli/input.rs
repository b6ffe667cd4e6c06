//! Opening what the user named: a file, standard input or a built-in sample.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Instant;

use super::args::{DensityArgs, PointArgs};
use super::console::Console;
use crate::error::{Error, Result};
use crate::geometry::{Box3, Cell, LengthUnit};
use crate::grid::{DensityGrid, Sample};
use crate::io::{self, Alignment, Input, PointInput, ReadOptions, Source, VolumeInput};
use crate::kde::{self, Bandwidth, Density};
use crate::points::Selection;
use crate::sample;

/// Samples are the same on every run.
const SAMPLE_SEED: u64 = 1;

/// What was opened, and the seconds it took.
pub struct Opened {
    /// Where it came from, for messages.
    pub source: Source,
    pub input: Input,
    /// How frames were laid over the first, if they were.
    pub alignment: Option<Alignment>,
    /// The selection of atoms that was asked for.
    pub select: Option<String>,
    pub seconds: f64,
}

impl Opened {
    /// What points are of, as `run.xtc (name CA; frames 5 to 9)`.
    pub fn source_in_words(&self) -> String {
        let source = self.source.to_string();
        let name = source.rsplit(['/', '\\']).next().unwrap_or(&source);
        let Input::Points(points) = &self.input else { return name.to_owned() };
        let frames = match points.frame_numbers[..] {
            _ if points.frames < 2 => None,
            [one] => Some(format!("frame {one}")),
            [from, .., to] if to - from + 1 == points.frame_numbers.len() => Some(format!("frames {from} to {to}")),
            _ => Some(format!("{} frames", points.frame_numbers.len())),
        };
        let about: Vec<String> = self.select.iter().cloned().chain(frames).collect();
        if about.is_empty() { name.to_owned() } else { format!("{name} ({})", about.join("; ")) }
    }

    /// How it was understood, and what the user must know before trusting it.
    fn notes_and_warnings(&self) -> [&[String]; 2] {
        match &self.input {
            Input::Points(points) => [&points.notes, &points.warnings],
            Input::Volume(volume) => [&volume.notes, &volume.warnings],
        }
    }

    /// Tells what was not told of `other` already.
    pub fn tell_beyond(&self, other: &Self, console: &Console) {
        let ([notes, warnings], [known, warned]) = (self.notes_and_warnings(), other.notes_and_warnings());
        notes.iter().filter(|n| !known.contains(n)).for_each(|n| console.note(n));
        warnings.iter().filter(|w| !warned.contains(w)).for_each(|w| console.warning(w));
    }
}

/// Tells that one of several frames is taken, unless the user chose one.
pub fn tell_one_of_several(opened: &Opened, args: &PointArgs, console: &Console) {
    let Input::Points(points) = &opened.input else { return };
    let chosen = args.input_frames.unwrap_or_default().of(points.frames).len();
    if chosen > 1 && !args.pool {
        let which = if args.input_frames.is_some() { " chosen" } else { "" };
        let way_out = "--input-frames K takes another, --pool all together";
        console.note(&format!("the first of {chosen}{which} frames is taken; {way_out}"));
    }
}

/// Columns of a table to read beside positions and weights.
#[derive(Debug, Default)]
pub struct Columns {
    /// Standard deviations of each point's own kernel.
    pub sigmas: Option<Vec<String>>,
    /// Others, kept as they are.
    pub further: Vec<String>,
    /// All that there are.
    pub all: bool,
}

/// Reads the input, saying warnings and notes on the console.
pub fn open(args: &PointArgs, bounds: Option<Box3>, columns: Columns, console: &Console) -> Result<Opened> {
    open_of(args, None, bounds, columns, console)
}

/// As [`open`], of bytes that are there already, as of standard input, which is read but once.
pub fn open_of(
    args: &PointArgs,
    bytes: Option<&[u8]>,
    bounds: Option<Box3>,
    columns: Columns,
    console: &Console,
) -> Result<Opened> {
    let opened = untold(args, bytes, bounds, columns, console)?;
    let [notes, warnings] = opened.notes_and_warnings();
    notes.iter().for_each(|n| console.note(n));
    warnings.iter().for_each(|w| console.warning(w));
    Ok(opened)
}

/// As [`open_of`], of which nothing is said but how far it is; frames are aligned if that is asked for.
pub fn untold(
    args: &PointArgs,
    bytes: Option<&[u8]>,
    bounds: Option<Box3>,
    columns: Columns,
    console: &Console,
) -> Result<Opened> {
    let start = Instant::now();
    let options = ReadOptions {
        extra_columns: columns.further,
        all_columns: columns.all,
        ..args.options(bounds, columns.sigmas.as_deref())?
    };
    let source = Source::from_argument(Path::new(&args.input));
    let mut input = match (sample_name(&args.input), bytes) {
        (Some(name), _) => Input::Points(io::from_cloud(sample::sample(name, None, SAMPLE_SEED)?, "sample", &options)?),
        (None, Some(bytes)) => io::read_bytes(bytes, &source, &options, console)?,
        (None, None) => io::read(&source, &options, console)?,
    };
    let alignment = match (&args.align, &mut input) {
        (None, _) => None,
        (Some(text), Input::Points(points)) if sample_name(&args.input).is_none() => {
            let alignment = io::align(points, &source, &options, &align_selection(text)?, console)?;
            points.notes.push(told(&alignment, points.cloud.unit));
            Some(alignment)
        }
        (Some(_), _) => return Err(Error::Usage(format!("{source}: --align lays frames of atoms over one another"))),
    };
    let select = args.select.clone();
    Ok(Opened { source, input, alignment, select, seconds: start.elapsed().as_secs_f64() })
}

/// As [`open`] with all columns, and with the unpacked bytes of the file; a sample has none.
pub fn open_with_bytes(
    args: &PointArgs,
    bounds: Option<Box3>,
    sigmas: Option<Vec<String>>,
    console: &Console,
) -> Result<(Opened, Vec<u8>)> {
    let start = Instant::now();
    let bytes = match sample_name(&args.input) {
        Some(_) => Vec::new(),
        None => io::load(&Source::from_argument(Path::new(&args.input)), &args.options(None, None)?, console)?,
    };
    let columns = Columns { sigmas, all: true, ..Columns::default() };
    let opened = open_of(args, Some(&bytes), bounds, columns, console)?;
    Ok((Opened { seconds: start.elapsed().as_secs_f64(), ..opened }, bytes))
}

/// The atoms that frames are laid over one another by.
pub fn align_selection(text: &str) -> Result<Selection> {
    Selection::from_str(text).map_err(|e| match e {
        Error::Usage(text) => Error::Usage(text.replace("--select", "--align")),
        other => other,
    })
}

/// How frames were laid over the first.
pub fn told(alignment: &Alignment, unit: Option<LengthUnit>) -> String {
    let frames = alignment.rmsd.len();
    let (atoms, unit) = (alignment.atoms, unit.map_or(String::new(), |u| format!(" {u}")));
    let (least, most) = alignment.rmsd.iter().skip(1).fold((f64::INFINITY, 0f64), |(a, b), r| (a.min(*r), b.max(*r)));
    let periodic = if alignment.is_periodic { ", the nearest of periodic images" } else { "" };
    match frames {
        1 => "one frame is read, there is nothing to align; --pool takes all".to_owned(),
        _ => format!(
            "{frames} frames are laid over the first by {atoms} atoms{periodic}: RMSD {least:.3} to {most:.3}{unit}"
        ),
    }
}

fn sample_name(input: &OsStr) -> Option<&str> {
    input.to_str()?.strip_prefix("sample:")
}

/// Refuses an input that is not there, before anything is begun for it.
///
/// # Errors
/// [`Error::File`] for a file that is not there, [`Error::Usage`] for a sample of no such name.
pub fn check_there(input: &str) -> Result<()> {
    if let Some(name) = sample_name(OsStr::new(input)) {
        return sample::sample(name, Some(1), SAMPLE_SEED).map(|_| ());
    }
    match Source::from_argument(Path::new(input)).path() {
        Some(path) => std::fs::metadata(path).map(|_| ()).map_err(|e| Error::file(path, "read", e)),
        None => Ok(()),
    }
}

/// The input as a path, so that it is never overwritten.
pub fn path_of(args: &PointArgs) -> Option<PathBuf> {
    match sample_name(&args.input) {
        Some(_) => None,
        None => Source::from_argument(Path::new(&args.input)).path().map(Path::to_owned),
    }
}

/// The density of points in space.
pub fn density_of<T: Sample>(
    points: &PointInput,
    source: &Source,
    args: &DensityArgs,
    console: &Console,
) -> Result<Density<T>> {
    points.require_3d(source)?;
    let (cloud, options) = (&points.cloud, args.options(points.cloud.unit)?);
    let mut density = match cell_of(points, source, args, console)? {
        Some(cell) => kde::periodic_density(cloud, &cell, &options, console)?,
        None => kde::density(cloud, &options, console)?,
    };
    let scale = args.scale(&points.cloud, points.frame_numbers.len());
    if scale != 1.0 {
        density.grid.values.iter_mut().for_each(|v: &mut T| *v = T::from_f64(v.to_f64() * scale));
        density.report.notes.push(format!("the map is the sum over the points: {scale} times the density"));
    }
    density.report.warnings.extend(doubts(args, points.cloud.unit));
    density.report.notes.iter().for_each(|n| console.note(n));
    density.report.warnings.iter().for_each(|w| console.warning(w));
    Ok(density)
}

/// What is doubtful in the options of a density of data in this unit.
pub fn doubts(args: &DensityArgs, unit: Option<LengthUnit>) -> Vec<String> {
    args.guessed(unit).into_iter().chain(wide_bandwidth(args.bandwidth, unit)).collect()
}

/// The periodic box that was asked for, told.
pub fn cell_of(points: &PointInput, source: &Source, args: &DensityArgs, console: &Console) -> Result<Option<Cell>> {
    let unit = points.cloud.unit;
    let cell = args.cell(points.cell, unit, source)?;
    if let Some(cell) = &cell {
        let e = cell.edges();
        let unit = unit.map_or(String::new(), |unit| format!(" {unit}"));
        console.note(&format!("periodic box with edges {}, {} and {}{unit}", e.x_axis, e.y_axis, e.z_axis));
        if let Some(group) = points.space_group.as_ref().filter(|group| group.name.replace(' ', "") != "P1") {
            let told = "whole cells are repeated, its symmetry is not applied";
            console.note(&format!("the file states the space group {}: {told}", group.name));
        }
        if points.frame_numbers.len() > 1 {
            console.note("the box is that of the first frame, in all frames");
        }
    }
    Ok(cell)
}

/// A factor on the data's own spread above this was hardly meant as one.
const LARGEST_PLAUSIBLE_FACTOR: f64 = 3.0;

/// A warning where a length was probably meant.
fn wide_bandwidth(bandwidth: Option<Bandwidth>, unit: Option<LengthUnit>) -> Option<String> {
    let Some(Bandwidth::Factor(factor)) = bandwidth else { return None };
    let length = match unit {
        Some(LengthUnit::Angstrom) => format!("{factor}A"),
        Some(unit) => format!("{factor}{}", unit.name()),
        None => format!("{factor},{factor},{factor}"),
    };
    (factor > LARGEST_PLAUSIBLE_FACTOR).then(|| {
        format!("--bandwidth {factor} is {factor} times the spread of the points; write {length} for a length")
    })
}

/// A volume given where points could stand, along x, y and z, and what was told if it was interpolated for that; options
/// that mean nothing for it are told.
pub fn volume_of(volume: VolumeInput, args: &DensityArgs, console: &Console) -> (DensityGrid, Option<String>) {
    tell_useless(args, console);
    let (grid, note) = volume.into_grid();
    note.iter().for_each(|n| console.note(n));
    (grid, note)
}

/// Tells options that mean nothing for a volume.
pub fn tell_useless(args: &DensityArgs, console: &Console) {
    let useless = args.given();
    if !useless.is_empty() {
        console.warning(&format!("the input is a volume already, so {} has no effect", useless.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_that_looks_like_a_length_is_told() {
        let told = |text: &str, unit| wide_bandwidth(Some(text.parse().unwrap()), unit);
        assert!(told("60", Some(LengthUnit::Nanometre)).unwrap().contains("write 60nm for a length"));
        assert!(told("3.5", Some(LengthUnit::Angstrom)).unwrap().contains("write 3.5A for a length"));
        assert!(told("60", None).unwrap().contains("write 60,60,60 for a length"));
        assert_eq!(
            [told("3", None), told("60nm", None), told("scott", None), wide_bandwidth(None, None)],
            [const { None }; 4]
        );
    }
}
