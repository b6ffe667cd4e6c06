//! What the verb `heatmap` draws: an input to grids, one a frame.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use glam::{DVec2, DVec3};
use serde_json::{Map, Value, json};

use super::super::args::{PointArgs, columns};
use super::super::console::Console;
use super::super::picture_args::total_of;
use super::super::{input, report};
use super::HeatmapCommand;
use super::args::Sigma;
use crate::error::{Error, Result};
use crate::geometry::{Box3, LengthUnit};
use crate::grid::{DensityGrid, Lattice, PlaneGrid, gaussian_blur, histogram_2d, range_of};
use crate::io::{self, Input, Matrices, PointInput, Source, Values, VolumeInput};
use crate::kde::{self, DensityOptions, Extent, Resolution};
use crate::points::{Plane, PointCloud};

/// What the numbers of the frames are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A density, of points that amount to this.
    Density(f64),
    /// The layer of a volume, and what its values are by its file.
    Layer(Values),
    /// Points in each bin, or the sum of their weights.
    Counts,
    /// Whatever an array holds.
    Numbers,
}

/// What can be drawn, what is told of it as JSON, and the seconds so far.
pub struct Made {
    pub grids: Vec<Arc<PlaneGrid>>,
    /// One a frame.
    pub names: Vec<String>,
    /// Whether the names say more than the number of the frame.
    pub is_named: bool,
    pub kind: Kind,
    /// Whether values between nodes are smooth.
    pub is_smooth: bool,
    pub axes: [String; 2],
    pub told: Map<String, Value>,
    pub seconds: Map<String, Value>,
}

/// Reads the input and makes its grids.
pub fn make(args: &HeatmapCommand, console: &Console) -> Result<Made> {
    let start = Instant::now();
    let piped = match Source::from_argument(Path::new(&args.points.input)) {
        source @ Source::Stdin => Some(io::load(&source, &args.points.options(None, None)?, console)?),
        Source::Path(_) => None,
    };
    let piped = piped.as_deref();
    if let Some(first) = matrices(&args.points.input, piped, args, console)? {
        return of_matrices(args, first, start, console);
    }
    let frame_column = args.frames.frame_column.as_deref();
    let further: Vec<String> = frame_column.into_iter().flat_map(columns).collect();
    let sigmas = args.density.sigma_columns(args.flat.plane);
    let wanted = || input::Columns { sigmas: sigmas.clone(), further: further.clone(), ..Default::default() };
    let mut opened = input::open_of(&args.points, piped, None, wanted(), console)?;
    let source = opened.source.to_string();
    let count = match &opened.input {
        Input::Points(points) => args.points.input_frames.unwrap_or_default().of(points.frames).len(),
        Input::Volume(_) => 1,
    };
    if count > 1 && !args.points.pool && args.takes_frames() {
        let pooled = PointArgs { pool: true, ..args.points.clone() };
        let all = input::open_of(&pooled, piped, None, wanted(), &console.aside().0)?;
        all.tell_beyond(&opened, console);
        opened = all;
    } else if count > 1 && !args.points.pool {
        let way_out = "the first is drawn; --input-frames K or --only K draws another, --pool all together, -o F.mp4 or F.html \
                       one after the other";
        console.note(&format!("the input holds {count} frames: {way_out}"));
    }
    let further: Vec<(PointCloud, String)> =
        args.frames.more.iter().map(|file| further_points(args, file, &opened, console)).collect::<Result<_>>()?;
    match opened.input {
        Input::Volume(volume) => plane_of(args, volume, &source, opened.seconds),
        Input::Points(points) => of_points(args, points, further, &source, opened.seconds, console),
    }
}

/// The points of a further file, which are a frame, and its name.
fn further_points(
    args: &HeatmapCommand,
    file: &OsString,
    first: &input::Opened,
    console: &Console,
) -> Result<(PointCloud, String)> {
    input::check_there(&file.to_string_lossy())?;
    if matrices(file, None, args, &console.aside().0)?.is_some() {
        let problem = "is an array, and the first file holds points; --matrix on reads it as one too";
        return Err(Error::Usage(format!("{}: {problem}", file.display())));
    }
    let columns = input::Columns { sigmas: args.density.sigma_columns(args.flat.plane), ..Default::default() };
    let opened =
        input::open(&PointArgs { input: file.clone(), ..args.points.clone() }, None, columns, &console.aside().0)?;
    opened.tell_beyond(first, console);
    let wrong = |problem: &str| Error::Data(format!("{}: {problem}; frames must be alike", opened.source));
    match (opened.input, &first.input) {
        (Input::Points(points), Input::Points(first)) if points.dimensions != first.dimensions => {
            Err(wrong(&format!("has {} coordinates, the first file {}", points.dimensions, first.dimensions)))
        }
        (Input::Points(points), Input::Points(first)) if points.cloud.unit != first.cloud.unit => {
            Err(wrong("has another unit than the first file; give --unit"))
        }
        (Input::Points(points), Input::Points(_)) => Ok((points.cloud, stem(file))),
        _ => Err(wrong("holds no points as the first file does, or that holds a volume")),
    }
}

/// The name of a file without its ending.
fn stem(file: &OsString) -> String {
    Path::new(file).file_stem().unwrap_or(file).to_string_lossy().into_owned()
}

/// The input as arrays, if it is any.
fn matrices(
    input: &OsString,
    piped: Option<&[u8]>,
    args: &HeatmapCommand,
    console: &Console,
) -> Result<Option<Matrices>> {
    let source = Source::from_argument(Path::new(input));
    let forced = args.counts.matrix == Some(true);
    let is_points = args.points.columns.is_some() || args.points.weights.is_some() || args.counts.matrix == Some(false);
    let is_file = source.path().is_some_and(Path::is_file);
    if is_points && forced {
        return Err(Error::Usage(
            "--matrix on: an array has no columns of positions or weights; leave them out".into(),
        ));
    }
    if is_points || !(is_file || forced || piped.is_some()) {
        return Ok(None);
    }
    if let Some(bytes) = piped {
        return io::matrices_of(bytes, &source.to_string(), forced);
    }
    io::read_matrices(&source, forced, &args.points.options(None, None)?, console)
}

fn of_matrices(args: &HeatmapCommand, first: Matrices, start: Instant, console: &Console) -> Result<Made> {
    let useless: Vec<&str> = args.density.given().into_iter().filter(|o| *o != "--bounds").collect();
    let useless =
        useless.into_iter().chain(args.counts.bins.map(|_| "--bins")).chain(args.flat.plane.map(|_| "--plane"));
    let useless = useless.chain(args.frames.frame_column.as_ref().map(|_| "--frame-column"));
    let of_points = [
        ("--every", args.points.every.is_some()),
        ("--max-points", args.points.max_points.is_some()),
        ("--select", args.points.select.is_some()),
        ("--pool", args.points.pool),
    ];
    let useless: Vec<&str> = useless.chain(of_points.into_iter().filter(|o| o.1).map(|o| o.0)).collect();
    let name = Source::from_argument(Path::new(&args.points.input)).to_string();
    if !useless.is_empty() {
        let useless = useless.join(", ");
        return Err(Error::Usage(format!(
            "{name}: is an array, so {useless} has no effect; leave it out, or --matrix off"
        )));
    }
    let mut names = Vec::new();
    let mut frames = Vec::new();
    let mut add = |input: &OsString, m: Matrices| {
        let stem = stem(input);
        let alone = m.frames.len() == 1;
        names.extend((0..m.frames.len()).map(|k| if alone { stem.clone() } else { k.to_string() }));
        frames.extend(m.frames);
    };
    let (shape, format) = (first.shape, first.format);
    add(&args.points.input, first);
    for file in &args.frames.more {
        input::check_there(&file.to_string_lossy())?;
        let Some(more) = matrices(file, None, args, console)? else {
            let problem = "is no array as the first file is; --matrix on reads it as one";
            return Err(Error::Data(format!("{}: {problem}", file.display())));
        };
        if more.shape != shape {
            let ([ax, ay], [bx, by]) = (shape, more.shape);
            let problem = format!("is an array of {by} rows of {bx}, but {name} is one of {ay} rows of {ax}");
            return Err(Error::Data(format!("{}: {problem}; frames must be of one size", file.display())));
        }
        add(file, more);
    }
    if let Some(range) = args.points.input_frames {
        let chosen = range.of(frames.len());
        if chosen.is_empty() {
            return Err(Error::Data(format!("{name}: --input-frames chooses none of its {} frames", frames.len())));
        }
        names = chosen.iter().map(|k| names[*k].clone()).collect();
        frames = chosen.iter().map(|k| frames[*k].clone()).collect();
    }
    frames.iter().enumerate().try_for_each(|(k, frame)| check_range(frame, k, &name))?;
    let lattice = lattice_of_cells(shape, args.density.bounds());
    let unit = args.points.unit;
    let sigma = args.counts.sigma(unit)?;
    let grid = |values: Vec<f64>| plane(lattice, values, unit).and_then(|grid| smoothed(grid, sigma));
    let grids: Vec<Arc<PlaneGrid>> = frames.into_iter().map(grid).collect::<Result<_>>()?;
    console.note(&format!("{name}: an array of {} rows of {}, {} of them", shape[1], shape[0], grids.len()));
    let is_named = !args.frames.more.is_empty();
    let told = report::object(json!({ "format": format, "axes": ["x", "y"], "warnings": [] }));
    let seconds = report::object(json!({ "read": start.elapsed().as_secs_f64() }));
    let (kind, is_smooth) = (Kind::Numbers, sigma.is_some());
    Ok(Made { grids, names, is_named, kind, is_smooth, axes: ["x", "y"].map(String::from), told, seconds })
}

/// Whether all values can be drawn, which are f32 then.
fn check_range(values: &[f64], frame: usize, name: &str) -> Result<()> {
    let most = values.iter().filter(|v| v.is_finite()).fold(0.0_f64, |most, v| most.max(v.abs()));
    if most == 0.0 || (f64::from(f32::MIN_POSITIVE)..=f64::from(f32::MAX)).contains(&most) {
        return Ok(());
    }
    let problem = format!("frame {frame} has values of up to {most:.1e}, which numbers of 32 bits cannot hold");
    Err(Error::Data(format!("{name}: {problem}; multiply them by a power of ten first")))
}

/// Cells 1 wide whose middles are 0, 1, 2, ..., or those that fill `bounds`.
fn lattice_of_cells([nx, ny]: [usize; 2], bounds: Option<Box3>) -> Lattice {
    let Some(Box3 { min, max }) = bounds else {
        return Lattice { shape: [nx, ny, 1], origin: DVec3::ZERO, spacing: DVec3::ONE };
    };
    let spacing = ((max - min) / DVec3::new(nx as f64, ny as f64, 1.0)).with_z(1.0);
    Lattice { shape: [nx, ny, 1], origin: (min + 0.5 * spacing).with_z(0.0), spacing }
}

fn plane(lattice: Lattice, values: Vec<f64>, unit: Option<LengthUnit>) -> Result<PlaneGrid<f64>> {
    PlaneGrid::from_layer(DensityGrid::new(lattice, values, unit)?)
}

fn smoothed(grid: PlaneGrid<f64>, sigma: Option<[Sigma; 2]>) -> Result<Arc<PlaneGrid>> {
    let Some([x, y]) = sigma else { return Ok(Arc::new(grid.narrowed())) };
    let bin = grid.spacing();
    Ok(Arc::new(gaussian_blur(&grid, [x.in_bins(bin.x), y.in_bins(bin.y)])?.narrowed()))
}

/// The points of each frame with its name, and whether the names say more than a number.
fn frames_of(args: &HeatmapCommand, input: &PointInput, source: &str) -> Result<(Vec<(PointCloud, String)>, bool)> {
    let Some(column) = &args.frames.frame_column else {
        // Frames that --pool takes together are one.
        if !args.takes_frames() || args.points.pool {
            return Ok((vec![(input.cloud.clone(), "0".into())], false));
        }
        let count = input.frame_numbers.len();
        let one = |k: usize| (input.frame(k), input.frame_numbers[k].to_string());
        return Ok(((0..count).map(one).collect(), false));
    };
    let Some(values) = input.cloud.columns.first().map(|c| &c.values) else {
        let problem = format!("--frame-column {column} chooses a column of a table; this is {}", input.format);
        return Err(Error::Usage(format!("{source}: {problem}")));
    };
    let mut rows: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (row, value) in values.iter().enumerate() {
        if !value.is_finite() {
            let row = input.row_of_point.as_ref().map_or(row, |rows| rows[row]);
            let problem =
                format!("the column `{column}` has no number in row {row} from 0, which --frame-column needs");
            return Err(Error::Data(format!("{source}: {problem}; fill it in, or remove the row")));
        }
        rows.entry(ordered(*value)).or_default().push(row);
    }
    let frame = |rows: Vec<usize>| (input.cloud.take(&rows), values[rows[0]].to_string());
    Ok((rows.into_values().map(frame).collect(), true))
}

/// Bits that are ordered as the numbers are.
fn ordered(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn of_points(
    args: &HeatmapCommand,
    points: PointInput,
    further: Vec<(PointCloud, String)>,
    source: &str,
    read: f64,
    console: &Console,
) -> Result<Made> {
    if points.dimensions == 2 && args.flat.plane.is_some() {
        let problem = "its points have 2 coordinates already; --plane projects points in space";
        return Err(Error::Usage(format!("{source}: {problem}")));
    }
    let plane = args.flat.plane.unwrap_or_default();
    let axes = match &points.position_columns[..] {
        names if names.len() == points.dimensions => plane.axes().map(|axis| without_unit(&names[axis])),
        _ => plane.names().map(String::from),
    };
    let axes = if axes.iter().all(|name| name.chars().count() <= MOST_LETTERS) {
        axes
    } else {
        plane.names().map(String::from)
    };
    let (frames, is_named) = if further.is_empty() {
        frames_of(args, &points, source)?
    } else if args.frames.frame_column.is_some() || args.points.pool {
        let problem = "several files are a frame each; --frame-column and --pool are of one file, leave them out";
        return Err(Error::Usage(format!("{source}: {problem}")));
    } else {
        let first = (points.cloud.clone(), stem(&args.points.input));
        (std::iter::once(first).chain(further).collect(), true)
    };
    let frames = frames.into_iter().map(|(cloud, name)| (cloud.projected(plane), name)).collect();
    let counts = args.counts.bins.is_some() || args.counts.sigma.is_some();
    let mut made = match counts {
        true => counted(args, frames, console)?,
        false => estimated(args, frames, plane, console)?,
    };
    made.seconds.insert("read".into(), read.into());
    report::merge(&mut made.told, report::object(json!({ "axes": axes, "warnings": points.warnings })));
    Ok(Made { axes, is_named, ..made })
}

/// `x` of `x [nm]`, as the unit is written by itself.
fn without_unit(name: &str) -> String {
    let bare = name.split(['[', '(']).next().unwrap_or_default().trim();
    if bare.is_empty() { name.to_owned() } else { bare.to_owned() }
}

/// Longer names of columns are not written along an axis.
const MOST_LETTERS: usize = 32;

/// Points in bins, which all frames have in common.
fn counted(args: &HeatmapCommand, frames: Vec<(PointCloud, String)>, console: &Console) -> Result<Made> {
    let useless: Vec<&str> = args.density.given().into_iter().filter(|o| *o != "--bounds").collect();
    if !useless.is_empty() {
        let problem = "are of a density, --bins and --sigma count; leave out the one or the other";
        return Err(Error::Usage(format!("{} {problem}", useless.join(", "))));
    }
    let start = Instant::now();
    let unit = frames.first().and_then(|(cloud, _)| cloud.unit);
    let sigma = args.counts.sigma(unit)?;
    let all: Vec<DVec3> = frames.iter().flat_map(|(cloud, _)| cloud.positions.iter().copied()).collect();
    let (range, shape) = bins(args, &all);
    let (mut grids, mut outside) = (Vec::new(), 0);
    for (cloud, _) in &frames {
        let counts = histogram_2d(&cloud.positions, cloud.weights.as_deref(), range, shape, unit)?;
        outside += counts.outside;
        grids.push(smoothed(counts.grid, sigma)?);
    }
    let bin = (range[1] - range[0]) / DVec2::new(shape[0] as f64, shape[1] as f64);
    let [nx, ny] = shape;
    let mut note = format!("counted in {nx} x {ny} bins of {} x {}", bin.x, bin.y);
    if let Some([x, y]) = sigma {
        let [x, y] = [x.in_bins(bin.x), y.in_bins(bin.y)];
        note += &format!(", smoothed by a Gaussian of {x} x {y} bins");
    }
    console.note(&note);
    if outside > 0 {
        console.note(&format!("{outside} points lie outside of --bounds and are not counted"));
    }
    let told = report::object(json!({ "points": all.len(), "outside": outside, "method": "counts" }));
    let seconds = report::object(json!({ "evaluate": start.elapsed().as_secs_f64() }));
    let names = frames.into_iter().map(|f| f.1).collect();
    let (kind, is_smooth) = (Kind::Counts, sigma.is_some());
    Ok(Made { grids, names, is_named: false, kind, is_smooth, axes: Default::default(), told, seconds })
}

/// Bins along the longer side where nothing says how many.
const BINS: f64 = 512.0;
/// Whole numbers that reach further are not each a bin.
const MOST_WHOLE: f64 = 8192.0;

/// The part that is counted, and in how many bins.
fn bins(args: &HeatmapCommand, points: &[DVec3]) -> ([DVec2; 2], [usize; 2]) {
    let bounds = args.density.bounds().map(|b| [b.min.truncate(), b.max.truncate()]);
    let range = bounds.unwrap_or_else(|| range_of(points));
    if let Some(shape) = args.counts.bins {
        return (range, shape);
    }
    let size = range[1] - range[0];
    let is_whole = points.iter().all(|p| p.x.fract() == 0.0 && p.y.fract() == 0.0) && size.max_element() < MOST_WHOLE;
    let whole = |v: DVec2| [v.x.round().max(1.0) as usize, v.y.round().max(1.0) as usize];
    match (is_whole, bounds) {
        // Each whole number in the middle of its bin.
        (true, None) => {
            let [low, high] = [range[0].ceil() - 0.5, range[1].floor() + 0.5];
            ([low, high], whole(high - low))
        }
        (true, Some(_)) => (range, whole(size)),
        (false, _) => (range, whole(size / size.max_element() * BINS)),
    }
}

/// The density of each frame, at nodes that all have in common.
fn estimated(
    args: &HeatmapCommand,
    frames: Vec<(PointCloud, String)>,
    plane: Plane,
    console: &Console,
) -> Result<Made> {
    if plane != Plane::XY {
        let [right, up] = plane.names();
        console.note(&format!("projected onto {right} and {up}, which messages about the density call x and y"));
    }
    let unit = frames.first().and_then(|(cloud, _)| cloud.unit);
    let mut options = args.density.options(unit)?;
    if frames.len() > 1 {
        options = in_common(&frames, options, console)?;
    }
    let (total, several) = (frames.first().map_or(0.0, |(cloud, _)| total_of(cloud)), frames.len() > 1);
    let (mut grids, mut told, mut seconds, mut names) = (Vec::new(), Map::new(), Map::new(), Vec::new());
    for (cloud, name) in frames {
        let of_frame = |e| match e {
            Error::Data(text) if several => Error::Data(format!("frame {} ({name}): {text}", grids.len())),
            other => other,
        };
        let density = kde::density_2d(&cloud, &options, console).map_err(of_frame)?;
        let mut made = density.report;
        made.warnings.extend(args.density.guessed(unit));
        if grids.is_empty() {
            made.notes.iter().for_each(|n| console.note(n));
            made.warnings.iter().for_each(|w| console.warning(w));
            told = report::density(&made);
            let s = made.seconds;
            seconds = report::object(json!({ "plan": s.plan, "evaluate": s.evaluate, "check": s.check }));
        }
        grids.push(Arc::new(density.grid));
        names.push(name);
    }
    let kind = Kind::Density(total);
    Ok(Made { grids, names, is_named: false, kind, is_smooth: true, axes: Default::default(), told, seconds })
}

/// The options with the nodes of the density of all frames together.
fn in_common(frames: &[(PointCloud, String)], options: DensityOptions, console: &Console) -> Result<DensityOptions> {
    let mut all = PointCloud { positions: Vec::new(), weights: None, ..frames[0].0.clone() };
    all.atoms = None;
    all.positions = frames.iter().flat_map(|(cloud, _)| cloud.positions.iter().copied()).collect();
    all.columns.clear();
    if frames[0].0.weights.is_some() {
        all.weights = Some(frames.iter().flat_map(|(c, _)| c.weights.iter().flatten().copied()).collect());
    }
    if frames[0].0.sigmas.is_some() {
        return Err(Error::Usage(
            "--sigma-columns of several frames: give --bounds and --grid, and one frame at a time".into(),
        ));
    }
    let lattice = kde::density_2d::<f32>(&all, &options, console)?.grid.layer().lattice;
    let [nx, ny, _] = lattice.shape;
    Ok(DensityOptions {
        extent: Extent::Bounds(lattice.bounds()),
        resolution: Resolution::Nodes([nx, ny, 1]),
        ..options
    })
}

/// A volume with one layer of nodes, as it is.
fn plane_of(args: &HeatmapCommand, volume: VolumeInput, name: &str, read: f64) -> Result<Made> {
    let given = args.density.given().into_iter().chain(args.flat.plane.map(|_| "--plane"));
    let given: Vec<&str> = given.chain(args.counts.bins.map(|_| "--bins")).collect();
    if !given.is_empty() {
        let given = given.join(", ");
        return Err(Error::Usage(format!("{name}: is a volume already, so {given} has no effect; leave it out")));
    }
    let (shape, warnings, is_oblique) = (volume.grid.lattice.shape, volume.warnings, volume.steps.is_some());
    let (unit, content) = (volume.grid.unit, volume.content);
    let flat = if is_oblique { None } else { PlaneGrid::from_flat(volume.grid) };
    let Some((grid, plane)) = flat else {
        let [x, y, z] = shape;
        let problem = format!("is a volume of {x} x {y} x {z} nodes; a heat map draws one layer along two axes");
        return Err(Error::Data(format!("{name}: {problem}: `densitas render` draws a volume")));
    };
    let axes = plane.names().map(String::from);
    let told = report::object(json!({ "axes": axes, "warnings": warnings }));
    let seconds = report::object(json!({ "read": read }));
    let sigma = args.counts.sigma(unit)?;
    let grid = match sigma {
        None => Arc::new(grid),
        Some(_) => {
            let wide = grid.values().iter().map(|v| f64::from(*v)).collect();
            smoothed(self::plane(grid.layer().lattice, wide, unit)?, sigma)?
        }
    };
    let (grids, names, kind) = (vec![grid], vec!["0".into()], Kind::Layer(content));
    Ok(Made { grids, names, is_named: false, kind, is_smooth: true, axes, told, seconds })
}
