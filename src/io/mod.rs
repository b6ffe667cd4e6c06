//! Reading points and volumes, writing results.
//!
//! [`read`] finds the format by the contents first and by the name's ending second, takes gzip as it
//! comes, and gives either points or a volume.

mod align;
pub mod atomic;
mod atoms;
mod bcif;
mod bytes;
mod cell;
mod choose;
mod chunks;
mod declare;
mod gro;
#[cfg(feature = "hdf5")]
mod hdf5;
mod lammps;
mod lines;
mod matrix;
mod mesh;
mod mmcif;
pub mod npy;
mod numbers;
mod packed;
#[cfg(feature = "parquet")]
mod parquet;
mod pdb;
mod ply;
pub mod png;
mod points_out;
mod pqr;
mod room;
mod rows_out;
mod sniff;
mod table;
pub mod trajectory;
mod volume;
mod vtk;
mod vtp;
mod xyz;
mod zipped;

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::geometry::{Box3, LengthUnit};
use crate::points::{PointCloud, Selection};
use crate::progress::Progress;
pub use align::{Alignment, align};
pub use bytes::unpack;
pub use cell::SpaceGroup;
pub use chunks::{Chunks, Seen};
pub use matrix::{Matrices, matrices_of, read_matrices};
pub use mesh::{MeshFormat, Painted, write_surfaces};
pub use npy::write_npy;
pub use points_out::{BFactor, write_mmcif, write_pdb, write_xyz};
pub use rows_out::{write_csv, write_rows};
use sniff::Format;
pub use table::write_with_column;
pub use trajectory::{Frame, Trajectory};
pub use volume::{Values, VolumeFormat, VolumeInput, write_volume};

/// Where an input comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file.
    Path(PathBuf),
    /// Standard input; a table unless its contents say otherwise.
    Stdin,
}

impl Source {
    /// The source a command-line argument means: `-` is standard input.
    pub fn from_argument(argument: &Path) -> Self {
        if argument.as_os_str() == "-" { Self::Stdin } else { Self::Path(argument.to_owned()) }
    }

    /// The file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Stdin => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Messages that name it stay one line.
            Self::Path(path) => path.display().to_string().chars().try_for_each(|c| match c.is_control() {
                true => write!(f, "{}", c.escape_default()),
                false => write!(f, "{c}"),
            }),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

/// Which frames of a file: `START:STOP:STEP` as a Python slice, or one number for that frame alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FrameRange {
    /// First frame from 0; negative counts from the end.
    pub start: Option<i64>,
    /// The frame after the last; negative counts from the end.
    pub stop: Option<i64>,
    /// Distance between frames; not 0. Negative goes backwards.
    pub step: Option<i64>,
}

impl FromStr for FrameRange {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::Usage(format!("frames `{text}` are not understood; give START:STOP:STEP as 0:100:10, or one number"))
        };
        let number = |part: &str| part.trim().parse::<i64>().map_err(|_| wrong());
        let optional = |part: Option<&&str>| part.filter(|p| !p.trim().is_empty()).map(|p| number(p)).transpose();
        let parts: Vec<&str> = text.split(':').collect();
        if let [single] = parts.as_slice() {
            let start = number(single)?;
            // The frame after -1 is the end, not frame 0.
            let stop = if start == -1 { None } else { start.checked_add(1) };
            return Ok(Self { start: Some(start), stop, step: None });
        }
        let step = optional(parts.get(2))?;
        if parts.len() > 3 || step == Some(0) {
            return Err(wrong());
        }
        Ok(Self { start: optional(parts.first())?, stop: optional(parts.get(1))?, step })
    }
}

/// How to read an input.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// Columns of a table that hold x, y and z (or x and y), by name or 1-based number. Default:
    /// found by the header.
    pub columns: Option<Vec<String>>,
    /// Weights: a column of a table, or `mass`, `atomic-number`, `occupancy`, `bfactor`, `charge`,
    /// `positive-charge`, `negative-charge` of a structure.
    pub weights: Option<String>,
    /// Columns of a table that hold the standard deviation of each point's own kernel: one for all axes, or one an
    /// axis. Converted from the unit in their header to that of the positions.
    pub sigma_columns: Option<Vec<String>>,
    /// Further numeric columns of a table to keep in [`PointCloud::columns`].
    pub extra_columns: Vec<String>,
    /// Keep all columns of numbers in [`PointCloud::columns`], of tables that are not text (those are copied as they
    /// are: [`write_with_column`]).
    pub all_columns: bool,
    /// The unit that the numbers of the file are in, whatever the file says; nothing is converted. Formats in nm or m that
    /// are converted on reading (GRO, XTC, TRR to angstrom, tables in m to nm) then keep their numbers, unless it is the
    /// unit that they are converted to.
    pub unit: Option<LengthUnit>,
    /// Which atoms of a structure.
    pub select: Option<Selection>,
    /// A structure that names the atoms of XTC, TRR and DCD, which hold positions only.
    pub topology: Option<PathBuf>,
    /// Which frames; the first of them is read unless `pool` is set.
    pub frames: FrameRange,
    /// Read all chosen frames, one after the other.
    pub pool: bool,
    /// Keep every K-th point, beginning with the first; at least 1.
    pub every: Option<usize>,
    /// Keep at most this many points, evenly spread over the file.
    pub max_points: Option<usize>,
    /// The most bytes that compressed or endless input may hold. Default: 4 GiB, and from 64 MiB on
    /// 200 times the compressed size.
    pub max_decompressed: Option<u64>,
    /// Position of the first and last node of a volume, whatever its file says.
    pub bounds: Option<Box3>,
}

/// What an input holds.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
pub enum Input {
    /// Points.
    Points(PointInput),
    /// A volume.
    Volume(VolumeInput),
}

/// Points read from an input, and how it was understood.
#[derive(Debug, Clone)]
pub struct PointInput {
    /// The chosen points of the first chosen frame, or of all chosen frames when pooling.
    pub cloud: PointCloud,
    /// `csv`, `tsv`, `table`, `pdb`, `mmcif`, `gro`, `xyz`, `extended xyz`, `pqr`, `xtc`, `trr`, `dcd`,
    /// `lammps dump`, `binarycif`, `picasso hdf5`, `decode hdf5`, `smlm`, `npz`, `parquet`, `ply`, `vtp` or `npy`.
    pub format: &'static str,
    /// 3, or 2 for points of a plane (then every z is 0).
    pub dimensions: usize,
    /// Frames or models in the input, chosen or not.
    pub frames: usize,
    /// For each frame in `cloud`, which one of the input it is, from 0.
    pub frame_numbers: Vec<usize>,
    /// For each frame in `cloud`, its first point; one more entry with the number of points.
    pub frame_starts: Vec<usize>,
    /// Names of all columns of a table, or of the attributes of a structure.
    pub columns: Vec<String>,
    /// The columns taken as positions; empty if the input is no table.
    pub position_columns: Vec<String>,
    /// Time in picoseconds of each frame in the input, chosen or not; empty where the format states none.
    pub times: Vec<f64>,
    /// Rows (of the chosen frames) in the input, before anything was left out.
    pub rows: usize,
    /// For each point, its row from 0 within the chosen frames; `None` if it is the point's index.
    pub row_of_point: Option<Vec<usize>>,
    /// Rows left out because a coordinate is missing or not finite.
    pub dropped: u64,
    /// Unit cell of the first chosen frame: lengths in the unit of the points, angles in degrees.
    pub cell: Option<[f64; 6]>,
    /// The space group that the file states, if any.
    pub space_group: Option<SpaceGroup>,
    /// What was understood or chosen, for `info`.
    pub notes: Vec<String>,
    /// What the user should know before trusting the result.
    pub warnings: Vec<String>,
}

impl PointInput {
    /// Fails if the points lie in a plane by their format: a table without z, an N x 2 array.
    ///
    /// # Errors
    /// [`Error::Data`] that names `heatmap`.
    pub fn require_3d(&self, source: &Source) -> Result<()> {
        if self.dimensions == 3 { Ok(()) } else { Err(choose::of_a_plane(source)) }
    }

    /// Whether the input is a table of text.
    pub fn is_table(&self) -> bool {
        matches!(self.format, "csv" | "tsv" | "table")
    }

    /// `values`, one a point of [`PointInput::cloud`], as one a row of the chosen frames; NaN for rows without a
    /// point, because a coordinate is missing or the row was not chosen.
    ///
    /// # Panics
    /// If there is not one value a point.
    pub fn by_row(&self, values: &[f64]) -> Vec<f64> {
        assert_eq!(values.len(), self.cloud.len(), "one value a point");
        let mut rows = vec![f64::NAN; self.rows];
        for (point, value) in values.iter().enumerate() {
            rows[self.row_of_point.as_ref().map_or(point, |rows| rows[point])] = *value;
        }
        rows
    }

    /// The points of frame `k` of those in [`PointInput::cloud`].
    ///
    /// # Panics
    /// If there are not more than `k` frames.
    pub fn frame(&self, k: usize) -> PointCloud {
        let range = self.frame_starts[k]..self.frame_starts[k + 1];
        if range.len() == self.cloud.len() { self.cloud.clone() } else { self.cloud.take(&range.collect::<Vec<_>>()) }
    }

    /// The input as if these of the frames in [`PointInput::cloud`] were all that was chosen, without warnings and notes;
    /// [`PointInput::row_of_point`] is not known then.
    ///
    /// # Panics
    /// If there are fewer frames, or the range is empty.
    pub fn with_frames(&self, frames: Range<usize>) -> Self {
        let (first, end) = (self.frame_starts[frames.start], self.frame_starts[frames.end]);
        Self {
            cloud: self.cloud.take(&(first..end).collect::<Vec<_>>()),
            frame_numbers: self.frame_numbers[frames.clone()].to_vec(),
            frame_starts: self.frame_starts[frames.start..=frames.end].iter().map(|at| at - first).collect(),
            columns: self.columns.clone(),
            position_columns: self.position_columns.clone(),
            times: self.times.clone(),
            rows: end - first,
            row_of_point: None,
            dropped: 0,
            space_group: self.space_group.clone(),
            notes: Vec::new(),
            warnings: Vec::new(),
            ..*self
        }
    }
}

/// Reads an input.
///
/// # Errors
/// [`Error::File`] if it cannot be read, [`Error::Input`] naming the place if it is wrong,
/// [`Error::Data`] if nothing is left of it, [`Error::Usage`] for options that do not fit it,
/// [`Error::Interrupted`].
pub fn read(source: &Source, options: &ReadOptions, progress: &dyn Progress) -> Result<Input> {
    if trajectory::streamed_file(source).is_some() {
        return Trajectory::open(source, options, progress)?.into_input(progress).map(Input::Points);
    }
    if let Some(parsed) = source.path().and_then(|path| long_table(path, options, progress)) {
        return choose::choose(parsed?, options, &source.to_string()).map(Input::Points);
    }
    if !options.pool
        && let Some(text) = Trajectory::long_text(source, options, progress)?
    {
        return text.into_input(progress).map(Input::Points);
    }
    read_bytes(&load(source, options, progress)?, source, options, progress)
}

const ANGSTROM_PER_NM: f64 = 10.0;
/// From this length on a table is read a piece at a time.
const LONG_TABLE: u64 = 16 << 20;

/// Reads a long table, which is never in memory whole. `None` for other files.
fn long_table(path: &Path, options: &ReadOptions, progress: &dyn Progress) -> Option<Result<choose::Parsed>> {
    const PIECE: u64 = 1 << 20;
    if !path.is_file() {
        return None;
    }
    let store = trajectory::Store::open(path).ok().filter(|store| store.len() >= LONG_TABLE)?;
    let name = Source::Path(path.to_owned()).to_string();
    let head = store.read(0, PIECE).ok().filter(|head| packed::Packing::of(head).is_none())?;
    sniff::format(&head, &name).ok().filter(|format| *format == Format::Table)?;
    progress.begin("reading", store.len());
    let mut at = head.len() as u64;
    let more = || {
        let bytes = store.read(at, PIECE)?;
        at += bytes.len() as u64;
        progress.advance(bytes.len() as u64);
        progress.check()?;
        Ok(bytes)
    };
    let parsed = table::parse_pieces(head, store.len(), more, &name, options, progress)?;
    Some(parsed.map(|mut parsed| {
        parsed.notes.extend(sniff::misnamed_table(&name));
        declare::points(&mut parsed, options);
        parsed
    }))
}

/// The bytes of an input, unpacked if they are packed, for [`read_bytes`].
///
/// # Errors
/// [`Error::File`] if it cannot be read, [`Error::Input`] if it is too long, a folder, or damaged where it is packed,
/// [`Error::Interrupted`].
pub fn load(source: &Source, options: &ReadOptions, progress: &dyn Progress) -> Result<Vec<u8>> {
    bytes::load(source, options.max_decompressed, progress)
}

/// Options that choose points mean nothing for a volume.
fn refuse_point_options(options: &ReadOptions, name: &str) -> Result<()> {
    let given = [
        ("--select", options.select.is_some()),
        ("--columns", options.columns.is_some()),
        ("--weights", options.weights.is_some()),
        ("--sigma-columns", options.sigma_columns.is_some()),
        ("--input-frames", options.frames != FrameRange::default()),
        ("--pool", options.pool),
        ("--topology", options.topology.is_some()),
        ("--every", options.every.is_some()),
        ("--max-points", options.max_points.is_some()),
    ];
    let given: Vec<&str> = given.into_iter().filter(|g| g.1).map(|g| g.0).collect();
    if given.is_empty() {
        return Ok(());
    }
    Err(Error::Usage(format!("{name}: it holds a volume, for which {} means nothing; leave it out", given.join(", "))))
}

/// Options that choose columns mean nothing for `what`, which is no table.
fn refuse_columns(options: &ReadOptions, what: &str) -> Result<()> {
    let option = match options {
        ReadOptions { sigma_columns: Some(_), .. } => "--sigma-columns",
        ReadOptions { columns: Some(_), .. } => "--columns",
        ReadOptions { extra_columns, .. } if !extra_columns.is_empty() => {
            let problem = format!("there is no column `{}`: this is {what}, no table", extra_columns[0]);
            return Err(Error::Usage(format!(
                "{problem}; --color-by and --point-scale know density, x, y, z and, of structures, chain, element, \
                 bfactor and occupancy"
            )));
        }
        _ => return Ok(()),
    };
    Err(Error::Usage(format!("{option} choose columns of a table; this is {what}")))
}

fn volume(raw: Result<volume::Raw>, bytes: &[u8], options: &ReadOptions, name: &str) -> Result<Contents> {
    let raw = raw?;
    refuse_point_options(options, name)?;
    let content = Values::of_file(bytes, raw.format);
    raw.finish(options, name).map(|volume| Contents::Volume(Box::new(VolumeInput { content, ..volume })))
}

/// Chooses from a cloud made in memory as from a file of one frame without columns; `format` names
/// what made it.
///
/// # Errors
/// [`Error::Usage`] for options that only a table or structure has, [`Error::Data`] if no point is left.
pub fn from_cloud(cloud: PointCloud, format: &'static str, options: &ReadOptions) -> Result<PointInput> {
    refuse_columns(options, &format!("a {format}"))?;
    let frame = vec![0, cloud.len()];
    let mut parsed = choose::Parsed {
        format,
        dimensions: 3,
        starts: frame.clone(),
        row_starts: frame,
        cloud,
        ..choose::Parsed::default()
    };
    declare::points(&mut parsed, options);
    choose::choose(parsed, options, format)
}

/// Reads an input whose unpacked bytes are already here; `source` gives its name.
///
/// # Errors
/// As [`read`], without [`Error::File`].
pub fn read_bytes(bytes: &[u8], source: &Source, options: &ReadOptions, progress: &dyn Progress) -> Result<Input> {
    let name = &source.to_string();
    let format = sniff::format(bytes, name)?;
    if format.is_streamed() {
        let trajectory = Trajectory::of_bytes(bytes, format, source, options, progress)?;
        return trajectory.into_input(progress).map(Input::Points);
    }
    match parse(bytes, format, source, options, progress)? {
        Contents::Volume(volume) => Ok(Input::Volume(*volume)),
        Contents::Points(parsed) => choose::choose(*parsed, options, name).map(Input::Points),
    }
}

/// What a file holds: all frames of points, or a volume.
enum Contents {
    Points(Box<choose::Parsed>),
    Volume(Box<VolumeInput>),
}

/// Reads all of an input whose frames are not read one at a time.
fn parse(
    bytes: &[u8],
    format: Format,
    source: &Source,
    options: &ReadOptions,
    progress: &dyn Progress,
) -> Result<Contents> {
    let name = &source.to_string();
    let bytes = bytes.strip_prefix(sniff::BYTE_ORDER_MARK).unwrap_or(bytes);
    let mut parsed = match format {
        Format::Table => {
            let mut parsed = table::parse(bytes, name, options, progress)?;
            parsed.notes.extend(sniff::misnamed_table(name));
            parsed
        }
        Format::Pdb => pdb::parse(bytes, name, progress)?,
        Format::Pqr => pqr::parse(bytes, name, progress)?,
        Format::Gro => gro::parse(bytes, name, progress)?,
        Format::Xyz => xyz::parse(bytes, name, progress)?,
        Format::Mmcif => mmcif::parse(bytes, name, progress)?,
        Format::Mrc => return volume(volume::mrc::parse(bytes, name), bytes, options, name),
        Format::Dx => return volume(volume::dx::parse(bytes, name, progress), bytes, options, name),
        Format::Nrrd => {
            return volume(volume::nrrd::parse(bytes, name, source.path(), options, progress), bytes, options, name);
        }
        Format::Vti => {
            let raw = volume::vti::parse(bytes, name, options, progress);
            // They have chosen the array.
            let rest = ReadOptions { columns: None, ..options.clone() };
            return volume(raw, bytes, &rest, name);
        }
        Format::Tiff => return volume(volume::tiff::parse(bytes, name, options, progress), bytes, options, name),
        Format::Cube => return volume(volume::cube::parse(bytes, name, options.unit, progress), bytes, options, name),
        Format::Plt => return volume(volume::plt::parse(bytes, name), bytes, options, name),
        Format::Lammps => lammps::parse(bytes, name, progress)?,
        Format::Bcif => bcif::parse(bytes, name, progress)?,
        Format::Ply => ply::parse(bytes, name, options)?,
        Format::Vtp => vtp::parse(bytes, name, options)?,
        #[cfg(feature = "hdf5")]
        Format::Hdf5 => hdf5::parse(bytes, name, source.path(), options)?,
        #[cfg(feature = "parquet")]
        Format::Parquet => parquet::parse(bytes, name, options)?,
        #[cfg(not(all(feature = "hdf5", feature = "parquet")))]
        Format::Hdf5 | Format::Parquet => {
            let problem = "is HDF5 or Parquet; this program was built without its feature `hdf5` or `parquet`";
            return Err(Error::input(name, format!("{problem}; save it as CSV")));
        }
        Format::Npy | Format::Zip => {
            let contents = match format {
                Format::Npy => npy::parse(bytes, name, source.path(), options)?,
                _ => zipped::parse(bytes, name, source.path(), options)?,
            };
            match contents {
                npy::Contents::Points(parsed) => parsed,
                npy::Contents::Volume(volume) => {
                    refuse_point_options(options, name)?;
                    return Ok(Contents::Volume(Box::new(volume)));
                }
            }
        }
        Format::Xtc | Format::Trr | Format::Dcd => unreachable!("read one frame at a time"),
    };
    if parsed.position_columns.is_empty() {
        refuse_columns(options, &format!("{name}, {}", parsed.format))?;
    }
    declare::points(&mut parsed, options);
    Ok(Contents::Points(Box::new(parsed)))
}
