//! Trajectories: frames of the same points, found once and read one at a time.

mod dcd;
mod pool;
mod store;
mod text;
mod topology;
mod trr;
mod words;
mod xtc;

use std::ops::Range;
use std::path::Path;

use glam::DVec3;

use super::choose::{self, Parsed};
use super::declare::{Conversion, Declared, shrink};
use super::packed::Packing;
use super::sniff::{self, Format};
use super::{ANGSTROM_PER_NM, ReadOptions, Source, bytes};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::points::{AtomTable, PointCloud};
use crate::progress::Progress;
pub(super) use store::{Store, Stream};

/// Frames between two looks at whether to stop, while they are found.
const CHECK_EVERY: usize = 1 << 10;

/// The frames of an input, of which any is read at once.
///
/// Of XTC, TRR and DCD, and of long files of PDB, mmCIF, GRO, XYZ and LAMMPS dumps, only the frame that is asked for is
/// in memory; other inputs, such as BinaryCIF, are read whole. Frames may be read from several threads.
#[derive(Debug)]
pub struct Trajectory {
    name: String,
    options: ReadOptions,
    frames: Frames,
}

/// One frame: the chosen points, and what is known of it.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Which one of the input it is, from 0.
    pub number: usize,
    /// The chosen points, with atoms and weights; may be empty, if no position is finite.
    pub cloud: PointCloud,
    /// The periodic cell: lengths in the unit of the points and angles in degrees, as
    /// [`PointInput::cell`](super::PointInput::cell).
    pub cell: Option<[f64; 6]>,
    /// Time in picoseconds, if the format states it.
    pub time: Option<f64>,
    /// Points in the frame, before anything was left out.
    pub rows: usize,
    /// For each point, its index in the frame; `None` if it is the point's index.
    pub row_of_point: Option<Vec<usize>>,
    /// Points left out because a coordinate is not finite.
    pub dropped: u64,
}

impl Frame {
    /// The edges a, b, c of the periodic cell: a along x, b in the plane of x and y with positive y, as
    /// GROMACS and PDB have them. Exact zeros stay for right angles.
    pub fn cell_edges(&self) -> Option<[DVec3; 3]> {
        self.cell.map(super::cell::edges)
    }
}

/// Where frames come from.
#[derive(Debug)]
enum Frames {
    Streamed(Box<Streamed>),
    Text(Box<text::Text>),
    /// All of them, in memory.
    Read(Box<Parsed>),
}

/// A file of positions, read a frame at a time, with the atoms of its topology.
#[derive(Debug)]
struct Streamed {
    format: &'static str,
    store: Store,
    codec: Codec,
    index: Vec<Range<u64>>,
    times: Vec<f64>,
    /// Atoms of a frame.
    rows: usize,
    /// The atoms that are taken, in order; `None` for all.
    taken: Option<Vec<usize>>,
    /// What the topology says of the atoms taken.
    atoms: Option<AtomTable>,
    /// Their weights.
    weights: Option<Vec<f64>>,
    /// The unit of the positions, and what they are divided by after reading to have it.
    unit: Option<LengthUnit>,
    divisor: Option<f64>,
    /// Names of what is known of atoms.
    columns: Vec<String>,
    notes: Vec<String>,
    warnings: Vec<String>,
}

/// The points taken of a frame.
#[derive(Default)]
struct Taken {
    positions: Vec<DVec3>,
    /// Which of the atoms taken they are; `None` for all.
    kept: Option<Vec<usize>>,
    cell: Option<[f64; 6]>,
    time: Option<f64>,
    /// Points of the whole frame without a position, and the first of them.
    dropped: u64,
    first_dropped: Option<usize>,
}

#[derive(Debug)]
enum Codec {
    Xtc,
    Trr,
    Dcd(Box<dcd::Layout>),
}

/// A frame as it stands in a file, in angstrom.
struct Raw {
    positions: Vec<DVec3>,
    cell: Option<[f64; 6]>,
    time: Option<f64>,
}

/// What begins at some byte of a file.
enum Record {
    /// A frame of `len` bytes, header included; one without positions is skipped.
    Frame { atoms: usize, len: u64, time: f64, is_skipped: bool },
    /// The header of a frame, cut by the end of the file.
    Cut,
}

/// All frames of a file.
struct Index {
    frames: Vec<Range<u64>>,
    /// Picoseconds of each frame; empty where the format states none.
    times: Vec<f64>,
    notes: Vec<String>,
    warnings: Vec<String>,
}

impl Trajectory {
    /// Finds the frames of an input. `options` choose points of each frame as [`read`](super::read) does,
    /// but for `frames` and `pool`, which choose among the frames: see [`Trajectory::chosen`].
    ///
    /// # Errors
    /// As [`read`](super::read); [`Error::Usage`] if the input holds a volume.
    pub fn open(source: &Source, options: &ReadOptions, progress: &dyn Progress) -> Result<Self> {
        if let Some((path, format)) = streamed_file(source) {
            return Self::stream(Store::open(path)?, format, source, options, progress);
        }
        if let Some(trajectory) = Self::long_text(source, options, progress)? {
            return Ok(trajectory);
        }
        let bytes = bytes::load(source, options.max_decompressed, progress)?;
        let name = source.to_string();
        match sniff::format(&bytes, &name)? {
            format if format.is_streamed() => Self::stream(Store::Memory(bytes), format, source, options, progress),
            format => match super::parse(&bytes, format, source, options, progress)? {
                super::Contents::Points(parsed) => {
                    choose::refuse_topology(&parsed, options, &name)?;
                    Ok(Self { name, options: options.clone(), frames: Frames::Read(parsed) })
                }
                super::Contents::Volume(_) => {
                    Err(Error::Usage(format!("{name}: it holds a volume, which has no frames of points")))
                }
            },
        }
    }

    /// The frames of a long text, unless it must be read whole.
    ///
    /// # Errors
    /// As [`Trajectory::open`].
    pub(super) fn long_text(source: &Source, options: &ReadOptions, progress: &dyn Progress) -> Result<Option<Self>> {
        let Some(path) = source.path().filter(|path| path.is_file()) else { return Ok(None) };
        let name = source.to_string();
        let store = Store::open(path)?;
        let head = store.read(0, 1 << 16)?;
        if store.len() < text::LONG || Packing::of(&head).is_some() || head.starts_with(sniff::BYTE_ORDER_MARK) {
            return Ok(None);
        }
        let Ok(format) = sniff::format(&head, &name) else { return Ok(None) };
        let text = text::Text::open(store, format, source, options, progress)?;
        Ok(text.map(|text| Self { name, options: options.clone(), frames: Frames::Text(Box::new(text)) }))
    }

    /// As [`Trajectory::open`], for bytes that are here.
    pub(super) fn of_bytes(
        bytes: &[u8],
        format: Format,
        source: &Source,
        options: &ReadOptions,
        progress: &dyn Progress,
    ) -> Result<Self> {
        Self::stream(Store::Memory(bytes.to_vec()), format, source, options, progress)
    }

    /// The frames of a file whose bytes are found in `store`.
    fn stream(
        store: Store,
        format: Format,
        source: &Source,
        options: &ReadOptions,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let name = source.to_string();
        let (format, codec, rows, index) = match format {
            Format::Trr => {
                let (rows, index) = walk(&store, &name, trr::HEADER, trr::record, progress)?;
                ("trr", Codec::Trr, rows, index)
            }
            Format::Dcd => {
                let (layout, index) = dcd::index(&store, &name)?;
                let rows = layout.atoms();
                ("dcd", Codec::Dcd(Box::new(layout)), rows, index)
            }
            _ => {
                let (rows, index) = walk(&store, &name, xtc::HEADER, xtc::record, progress)?;
                ("xtc", Codec::Xtc, rows, index)
            }
        };
        if options.columns.is_some() || !options.extra_columns.is_empty() {
            return Err(Error::Usage(format!("{name}: --columns choose columns of a table; this is {format}")));
        }
        let conversion = (format != "dcd").then_some(Conversion::NANOMETRES);
        let declared = Declared::of(options.unit, Some(LengthUnit::Angstrom), conversion);
        let mut streamed = Streamed {
            format,
            store,
            codec,
            index: index.frames,
            times: index.times,
            rows,
            taken: None,
            atoms: None,
            weights: None,
            unit: declared.unit,
            divisor: declared.divisor,
            columns: Vec::new(),
            notes: index.notes,
            warnings: index.warnings,
        };
        streamed.notes.extend(declared.note);
        streamed.warnings.extend(declared.warning);
        streamed.take_atoms(options, &name, progress)?;
        Ok(Self { name, options: options.clone(), frames: Frames::Streamed(Box::new(streamed)) })
    }

    /// Number of frames of the input, chosen or not.
    pub fn len(&self) -> usize {
        match &self.frames {
            Frames::Streamed(streamed) => streamed.index.len(),
            Frames::Text(text) => text.len(),
            Frames::Read(parsed) => parsed.starts.len() - 1,
        }
    }

    /// Whether there is no frame; an input without frames is not opened.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The frames that [`ReadOptions::frames`] chooses, in its order.
    pub fn chosen(&self) -> Vec<usize> {
        self.options.frames.of(self.len())
    }

    /// The format, as [`PointInput::format`](super::PointInput::format).
    pub fn format(&self) -> &'static str {
        match &self.frames {
            Frames::Streamed(streamed) => streamed.format,
            Frames::Text(text) => text.name,
            Frames::Read(parsed) => parsed.format,
        }
    }

    /// How the input was understood.
    pub fn notes(&self) -> &[String] {
        match &self.frames {
            Frames::Streamed(streamed) => &streamed.notes,
            Frames::Text(text) => &text.notes,
            Frames::Read(parsed) => &parsed.notes,
        }
    }

    /// What the user should know before trusting a result, such as that the file is cut.
    pub fn warnings(&self) -> &[String] {
        match &self.frames {
            Frames::Streamed(streamed) => &streamed.warnings,
            Frames::Text(text) => &text.warnings,
            Frames::Read(parsed) => &parsed.warnings,
        }
    }

    /// Reads frame `k`.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Input`] if the frame is damaged; [`Error::Data`] or [`Error::Usage`] as
    /// [`read`](super::read) for a selection or weights that do not fit the frame.
    ///
    /// # Panics
    /// If there are not more than `k` frames.
    pub fn frame(&self, k: usize) -> Result<Frame> {
        match &self.frames {
            Frames::Streamed(streamed) => streamed.frame(k, &self.name),
            Frames::Text(text) => text.frame(k, &self.options),
            Frames::Read(parsed) => choose::frame(parsed, k, &self.options, &self.name),
        }
    }
}

/// The file and format of a source that is read a frame at a time.
pub(super) fn streamed_file(source: &Source) -> Option<(&Path, Format)> {
    let path = source.path().filter(|path| path.is_file())?;
    let head = Store::open(path).and_then(|store| store.read(0, 16)).ok()?;
    sniff::streamed(&head).map(|format| (path, format))
}

/// A record is read by its first bytes.
type ReadRecord = fn(&[u8]) -> Result<Record, String>;

/// Walks from frame to frame; gives the atoms of each, and where they are.
fn walk(store: &Store, name: &str, header: u64, read: ReadRecord, progress: &dyn Progress) -> Result<(usize, Index)> {
    progress.begin("finding frames", store.len());
    let mut index = Index { frames: Vec::new(), times: Vec::new(), notes: Vec::new(), warnings: Vec::new() };
    let (mut at, mut rows, mut skipped, mut seen) = (0, 0, 0_usize, 0_usize);
    while at < store.len() {
        let left = store.len() - at;
        let wrong = |problem: String| Error::byte(name, at, format!("{problem}; the file is damaged"));
        match read(&store.read(at, header)?).map_err(wrong)? {
            Record::Frame { atoms, len, time, is_skipped } if len <= left => {
                if rows != 0 && rows != atoms {
                    return Err(wrong(format!("frame {seen} has {atoms} atoms, the frames before it have {rows}")));
                }
                rows = atoms;
                if is_skipped {
                    skipped += 1;
                } else {
                    index.frames.push(at..at + len);
                    index.times.push(time);
                }
                at += len;
                progress.advance(len);
            }
            _ if index.frames.is_empty() => {
                let problem = format!("the file ends within its first frame, {left} bytes on; it is cut or damaged");
                return Err(Error::byte(name, at, problem));
            }
            _ => {
                let whole = index.frames.len();
                let told = format!("the file is cut in frame {seen} (from byte {at} on); frames read: {whole}");
                index.warnings.push(told);
                break;
            }
        }
        seen += 1;
        if seen.is_multiple_of(CHECK_EVERY) {
            progress.check()?;
        }
    }
    if skipped > 0 {
        let there = index.frames.len();
        index.warnings.push(format!("{skipped} of {seen} frames have no positions and are left out; {there} are read"));
    }
    if index.frames.is_empty() {
        return Err(Error::Data(format!("{name}: none of its {seen} frames has positions; no points to read")));
    }
    Ok((rows, index))
}

impl Streamed {
    fn raw(&self, k: usize, name: &str) -> Result<Raw> {
        let range = &self.index[k];
        let bytes = self.store.read(range.start, range.end - range.start)?;
        let raw = match &self.codec {
            Codec::Xtc => xtc::decode(bytes),
            Codec::Trr => trr::decode(&bytes),
            Codec::Dcd(layout) => layout.decode(&bytes, k),
        };
        raw.map_err(|problem| Error::byte(name, range.start, format!("frame {k}: {problem}")))
    }

    /// The positions taken of frame `k`.
    fn taken(&self, k: usize, name: &str) -> Result<Taken> {
        let Raw { mut positions, mut cell, time } = self.raw(k, name)?;
        if let Some(divisor) = self.divisor {
            positions.iter_mut().for_each(|p| *p /= divisor);
            cell.iter_mut().for_each(|cell| shrink(cell, divisor));
        }
        let dropped = positions.iter().filter(|p| !p.is_finite()).count() as u64;
        let first_dropped = if dropped > 0 { positions.iter().position(|p| !p.is_finite()) } else { None };
        let mut positions = match &self.taken {
            None => positions,
            Some(taken) => taken.iter().map(|at| positions[*at]).collect(),
        };
        let kept: Option<Vec<usize>> =
            (dropped > 0).then(|| (0..positions.len()).filter(|i| positions[*i].is_finite()).collect());
        if dropped > 0 {
            positions.retain(|p| p.is_finite());
        }
        Ok(Taken { positions, kept, cell, time, dropped, first_dropped })
    }

    /// Writes the positions of frame `k` into `room` where that can be done at once: of a DCD, all atoms of which are taken
    /// and have a position. `None`, and anything in `room`, otherwise.
    fn taken_into(&self, k: usize, name: &str, room: &mut [DVec3]) -> Result<Option<Taken>> {
        let Codec::Dcd(layout) = &self.codec else { return Ok(None) };
        if self.taken.is_some() || self.divisor.is_some() {
            return Ok(None);
        }
        let range = &self.index[k];
        let bytes = self.store.read(range.start, range.end - range.start)?;
        let cell = layout.decode_into(&bytes, k, room);
        let cell = cell.map_err(|problem| Error::byte(name, range.start, format!("frame {k}: {problem}")))?;
        let whole = |cell| Taken { cell, time: layout.time(k), ..Taken::default() };
        Ok(cell.map(whole))
    }

    /// Points taken of a frame, if all have a position.
    fn taken_count(&self) -> usize {
        self.taken.as_ref().map_or(self.rows, Vec::len)
    }

    /// For each point taken, its index in the frame; `None` if it is the point's index.
    fn rows_of(&self, kept: &Option<Vec<usize>>) -> Option<Vec<usize>> {
        match (kept, &self.taken) {
            (Some(kept), Some(taken)) => Some(kept.iter().map(|i| taken[*i]).collect()),
            (Some(kept), None) => Some(kept.clone()),
            (None, taken) => taken.clone(),
        }
    }

    fn frame(&self, k: usize, name: &str) -> Result<Frame> {
        let taken = self.taken(k, name)?;
        let pick = |weights: &Vec<f64>| match &taken.kept {
            None => weights.clone(),
            Some(kept) => kept.iter().map(|i| weights[*i]).collect(),
        };
        Ok(Frame {
            number: k,
            row_of_point: self.rows_of(&taken.kept),
            cloud: PointCloud {
                weights: self.weights.as_ref().map(pick),
                unit: self.unit,
                atoms: self.atoms.as_ref().map(|atoms| match &taken.kept {
                    None => atoms.clone(),
                    Some(kept) => atoms.take(kept),
                }),
                positions: taken.positions,
                sigmas: None,
                columns: Vec::new(),
            },
            cell: taken.cell,
            time: taken.time,
            rows: self.rows,
            dropped: taken.dropped,
        })
    }
}

/// Vectors of three numbers, each times `scale`.
fn vectors(bytes: &[u8], is_double: bool, is_big: bool, scale: f64) -> Vec<DVec3> {
    let mut words = words::Words::new(bytes, is_big);
    let count = bytes.len() / if is_double { 24 } else { 12 };
    let mut next = || words.real(is_double).unwrap_or(f64::NAN) * scale;
    (0..count).map(|_| DVec3::new(next(), next(), next())).collect()
}

#[cfg(test)]
mod tests;
