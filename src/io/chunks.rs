//! Points read some at a time, of files larger than memory.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use glam::DVec3;

use super::align::Aligner;
use super::npy::Rows;
use super::trajectory::{self, Trajectory};
use super::{Alignment, FrameRange, ReadOptions, Source};
use crate::error::Result;
use crate::geometry::LengthUnit;
use crate::points::{PointCloud, Selection};
use crate::progress::Progress;

/// Points at a time, about.
const POINTS: usize = 1 << 20;

/// An input that can be read some points at a time, as often as needed: an NPY file of points, or the chosen frames of a
/// trajectory together.
#[derive(Debug)]
pub struct Chunks {
    kind: Kind,
    unit: Option<LengthUnit>,
    name: String,
}

#[derive(Debug)]
enum Kind {
    Npy(Rows),
    Frames(Box<Played>),
}

/// The chosen frames of a trajectory, laid over the first if that is asked for.
#[derive(Debug)]
struct Played {
    frames: Trajectory,
    chosen: Vec<usize>,
    /// Points of the first of them.
    each: usize,
    aligner: Option<Aligner>,
    /// How they were laid over it the last time.
    alignment: Mutex<Option<Alignment>>,
}

impl Chunks {
    /// Opens a source; `None` if it, or what is asked of it, cannot be read some points at a time. Frames are laid over the
    /// first by the atoms of `align`.
    ///
    /// # Errors
    /// As [`read`](super::read) and [`align`](super::align).
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
        let name = source.to_string();
        let frames = match trajectory::streamed_file(source) {
            _ if !options.pool => None,
            Some(_) => Some(Trajectory::open(source, options, progress)?),
            None => Trajectory::long_text(source, options, progress)?,
        };
        let Some(frames) = frames else {
            return if align.is_some() { Ok(None) } else { Self::npy(path, options, name) };
        };
        let chosen = frames.chosen();
        let Some(first) = chosen.first() else { return Ok(None) };
        let cloud = frames.frame(*first)?.cloud;
        let (unit, each) = (cloud.unit, cloud.len());
        let aligner = align.map(|by| Aligner::new(source, options, by, *first, progress)).transpose()?;
        let played = Played { frames, chosen, each, aligner, alignment: Mutex::default() };
        Ok(Some(Self { kind: Kind::Frames(Box::new(played)), unit, name }))
    }

    fn npy(path: &Path, options: &ReadOptions, name: String) -> Result<Option<Self>> {
        let is_plain = options.select.is_none()
            && options.columns.is_none()
            && options.weights.is_none()
            && options.sigma_columns.is_none()
            && options.topology.is_none()
            && options.frames == FrameRange::default();
        if !is_plain {
            return Ok(None);
        }
        let Some(rows) = Rows::open(path, options.pool, &name)? else { return Ok(None) };
        Ok(Some(Self { kind: Kind::Npy(rows), unit: options.unit, name }))
    }

    /// Rows in the file, each of which may be a point; of a trajectory, at most those of its first chosen frame in each.
    pub fn rows(&self) -> usize {
        match &self.kind {
            Kind::Npy(rows) => rows.len(),
            Kind::Frames(played) => played.each * played.chosen.len(),
        }
    }

    /// The unit of the positions.
    pub fn unit(&self) -> Option<LengthUnit> {
        self.unit
    }

    /// Frames that are read together; 1 of an array.
    pub fn frames(&self) -> usize {
        match &self.kind {
            Kind::Npy(_) => 1,
            Kind::Frames(played) => played.chosen.len(),
        }
    }

    /// How the file was understood.
    pub fn notes(&self) -> &[String] {
        match &self.kind {
            Kind::Npy(_) => &[],
            Kind::Frames(played) => played.frames.notes(),
        }
    }

    /// What the user should know of the file.
    pub fn warnings(&self) -> &[String] {
        match &self.kind {
            Kind::Npy(_) => &[],
            Kind::Frames(played) => played.frames.warnings(),
        }
    }

    /// How the frames were laid over the first the last time that they were read; none if they were not.
    pub fn alignment(&self) -> Option<Alignment> {
        match &self.kind {
            Kind::Npy(_) => None,
            Kind::Frames(played) => played.alignment.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Calls back with all points, some at a time, and gives the number of rows that hold none.
    ///
    /// # Errors
    /// What `visit` gives; [`Error::File`](crate::error::Error::File) and [`Error::Input`](crate::error::Error::Input) as
    /// reading, [`Error::Interrupted`](crate::error::Error::Interrupted).
    pub fn each(
        &self,
        stage: &'static str,
        progress: &dyn Progress,
        visit: &mut dyn FnMut(&PointCloud) -> Result<()>,
    ) -> Result<u64> {
        let mut dropped = 0;
        let mut cloud = PointCloud { unit: self.unit, ..PointCloud::default() };
        match &self.kind {
            Kind::Npy(rows) => {
                progress.begin(stage, rows.len() as u64);
                for start in (0..rows.len()).step_by(POINTS) {
                    progress.check()?;
                    let count = POINTS.min(rows.len() - start);
                    cloud.positions = rows.read(start, count, &self.name)?;
                    cloud.positions.retain(|p: &DVec3| p.is_finite());
                    dropped += (count - cloud.len()) as u64;
                    visit(&cloud)?;
                    progress.advance(count as u64);
                }
            }
            Kind::Frames(played) => {
                let Played { frames, chosen, aligner, alignment, .. } = &**played;
                let mut laid = aligner.as_ref().map(Aligner::alignment);
                progress.begin(stage, chosen.len() as u64);
                for (at, k) in chosen.iter().enumerate() {
                    progress.check()?;
                    let mut frame = frames.frame(*k)?;
                    if let (Some(aligner), Some(laid)) = (aligner, &mut laid) {
                        laid.rmsd.push(aligner.lay(*k, &mut frame.cloud.positions)?);
                    }
                    dropped += frame.dropped;
                    cloud.positions.extend(frame.cloud.positions);
                    if let Some(more) = frame.cloud.weights {
                        cloud.weights.get_or_insert_default().extend(more);
                    }
                    if cloud.len() >= POINTS || at + 1 == chosen.len() {
                        visit(&cloud)?;
                        cloud.positions.clear();
                        cloud.weights.iter_mut().for_each(Vec::clear);
                    }
                    progress.advance(1);
                }
                *alignment.lock().unwrap_or_else(PoisonError::into_inner) = laid;
            }
        }
        Ok(dropped)
    }
}
