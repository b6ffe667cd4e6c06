//! Points read some at a time, of files larger than memory.

#[cfg_attr(not(any(feature = "hdf5", feature = "parquet")), allow(dead_code))]
pub(super) mod columns;
mod frames;
mod gather;

use std::fmt::Debug;
use std::path::Path;

use glam::DVec3;

use super::npy::Rows;
use super::packed::Packing;
use super::sniff::{self, Format};
use super::trajectory::{self, Store, Trajectory};
use super::{Alignment, FrameRange, ReadOptions, Source, choose, table};
use crate::error::Result;
use crate::geometry::LengthUnit;
use crate::points::{PointCloud, Selection};
use crate::progress::Progress;
use frames::Played;
use gather::{Fingerprints, Gather};

/// What is looked at to tell a format.
const HEAD: u64 = 1 << 16;

/// Positions, their weights if they have some, and the steps of progress that they took.
pub(super) struct Piece {
    pub(super) positions: Vec<DVec3>,
    pub(super) weights: Option<Vec<f64>>,
    pub(super) steps: u64,
}

/// Takes pieces one after the other.
pub(super) type Next<'a> = dyn FnMut(Piece) -> Result<()> + 'a;

/// Points of a file, read from its beginning to its end as often as needed.
pub(super) trait Look: Debug {
    /// Rows, each of which may be a point; about as many where that is known only when they are read.
    fn rows(&self) -> usize;
    /// The steps of progress of one look.
    fn steps(&self) -> u64;
    /// Gives all points in pieces, in the same order each time.
    fn look(&self, progress: &dyn Progress, next: &mut Next) -> Result<Seen>;
    /// Frames that are read together.
    fn frames(&self) -> usize {
        1
    }
    /// How frames were laid over the first.
    fn alignment(&self) -> Option<Alignment> {
        None
    }
}

/// What is told of a file before its points are read.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) unit: Option<LengthUnit>,
    pub(super) notes: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// An input that can be read some points at a time, as often as needed: an NPY file of points, a table (of text, packed
/// or not, Parquet or HDF5), or the chosen frames of a trajectory together.
#[derive(Debug)]
pub struct Chunks {
    points: Box<dyn Look>,
    told: Told,
    name: String,
    /// What the points are weighed by.
    weights: Option<String>,
    fingerprints: Fingerprints,
}

/// What a look at all points found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Rows of the input.
    pub rows: u64,
    /// Rows that hold no point.
    pub dropped: u64,
    /// The first of them.
    pub first_dropped: Option<String>,
    /// How rows were understood, where that shows only when all are read.
    pub notes: Vec<String>,
}

impl Seen {
    /// What is to be told of rows that were left out.
    pub fn warning(&self) -> Option<String> {
        let place = self.first_dropped.as_deref().unwrap_or_default();
        (self.dropped > 0).then(|| choose::left_out(self.dropped, self.rows, place))
    }
}

impl Chunks {
    /// Opens a source; `None` if it, or what is asked of it, cannot be read some points at a time. Frames are laid over the
    /// first by the atoms of `align`.
    ///
    /// # Errors
    /// As [`read`](super::read) and [`align`](super::align); [`Error::Data`](crate::error::Error::Data) for points of a plane.
    pub fn open(
        source: &Source,
        options: &ReadOptions,
        align: Option<&Selection>,
        progress: &dyn Progress,
    ) -> Result<Option<Self>> {
        let Some(path) = source.path().filter(|path| path.is_file()) else { return Ok(None) };
        if options.every.is_some() || options.max_points.is_some() || options.bounds.is_some() {
            return Ok(None);
        }
        let frames = match trajectory::streamed_file(source) {
            _ if !options.pool => None,
            Some(_) => Some(Trajectory::open(source, options, progress)?),
            None => Trajectory::long_text(source, options, progress)?,
        };
        let opened = match frames {
            Some(frames) => Played::of(frames, source, options, align, progress)?,
            None if align.is_some() || has_no_names(options) => None,
            None => Self::rows_of(path, source, options)?,
        };
        let (name, weights) = (source.to_string(), options.weights.clone());
        Ok(opened.map(|(points, told)| Self { points, told, name, weights, fingerprints: Default::default() }))
    }

    /// The rows of a file that is no trajectory.
    fn rows_of(path: &Path, source: &Source, options: &ReadOptions) -> Result<Option<Opened>> {
        let (name, head) = (source.to_string(), Store::open(path)?.read(0, HEAD)?);
        if Packing::of(&head).is_some() {
            return table::streamed(path, source, options);
        }
        match sniff::format(&head, &name) {
            Ok(Format::Npy) if options.columns.is_none() && options.weights.is_none() => {
                let told = Told { unit: options.unit, ..Told::default() };
                Ok(Rows::open(path, options.pool, &name)?.map(|rows| (Box::new(rows) as _, told)))
            }
            Ok(Format::Table) => table::streamed(path, source, options),
            #[cfg(feature = "parquet")]
            Ok(Format::Parquet) => super::parquet::streamed(path, source, options).map(Some),
            #[cfg(feature = "hdf5")]
            Ok(Format::Hdf5) => super::hdf5::streamed(path, source, options).map(Some),
            _ => Ok(None),
        }
    }

    /// Rows in the file, each of which may be a point, or about as many; of a trajectory, at most those of its first chosen
    /// frame in each.
    pub fn rows(&self) -> usize {
        self.points.rows()
    }

    /// The unit of the positions.
    pub fn unit(&self) -> Option<LengthUnit> {
        self.told.unit
    }

    /// Frames that are read together; 1 of an array or a table.
    pub fn frames(&self) -> usize {
        self.points.frames()
    }

    /// How the file was understood.
    pub fn notes(&self) -> &[String] {
        &self.told.notes
    }

    /// What the user should know of the file.
    pub fn warnings(&self) -> &[String] {
        &self.told.warnings
    }

    /// How the frames were laid over the first the last time that they were read; none if they were not.
    pub fn alignment(&self) -> Option<Alignment> {
        self.points.alignment()
    }

    /// Calls back with all points, some at a time, in the same order and parts each time.
    ///
    /// # Errors
    /// What `visit` gives; [`Error::File`](crate::error::Error::File) and [`Error::Input`](crate::error::Error::Input) as
    /// reading, and if the points are not those of the first time; [`Error::Data`](crate::error::Error::Data) if there is none, or
    /// all weights are 0; [`Error::Interrupted`](crate::error::Error::Interrupted).
    pub fn each(
        &self,
        stage: &'static str,
        progress: &dyn Progress,
        visit: &mut dyn FnMut(&PointCloud) -> Result<()>,
    ) -> Result<Seen> {
        progress.begin(stage, self.points.steps());
        let mut gather = Gather::new(self.unit(), &self.name, &self.fingerprints, visit);
        let seen = self.points.look(progress, &mut |piece| {
            progress.check()?;
            let steps = piece.steps;
            gather.add(piece)?;
            progress.advance(steps);
            Ok(())
        })?;
        let (points, weighs) = gather.finish()?;
        match &self.weights {
            _ if points == 0 => Err(choose::nothing_left(seen.rows, &self.name)),
            Some(quantity) if !weighs => Err(choose::no_weight(quantity, &self.name)),
            _ => Ok(seen),
        }
    }
}

/// What was opened, and what is told of it.
pub(super) type Opened = (Box<dyn Look>, Told);

/// Whether atoms or frames are chosen, which rows do not have.
fn has_no_names(options: &ReadOptions) -> bool {
    options.select.is_some()
        || options.topology.is_some()
        || options.sigma_columns.is_some()
        || options.frames != FrameRange::default()
}

impl Look for Rows {
    fn rows(&self) -> usize {
        self.len()
    }

    fn steps(&self) -> u64 {
        self.len() as u64
    }

    fn look(&self, _: &dyn Progress, next: &mut Next) -> Result<Seen> {
        let mut seen = Seen { rows: self.len() as u64, ..Seen::default() };
        for start in (0..self.len()).step_by(gather::POINTS) {
            let count = gather::POINTS.min(self.len() - start);
            let mut positions = self.read(start, count)?;
            if let Some(at) = positions.iter().position(|p| !p.is_finite()) {
                seen.first_dropped.get_or_insert_with(|| choose::row((start + at) as u64));
                positions.retain(|p| p.is_finite());
                seen.dropped += (count - positions.len()) as u64;
            }
            next(Piece { positions, weights: None, steps: count as u64 })?;
        }
        Ok(seen)
    }
}
