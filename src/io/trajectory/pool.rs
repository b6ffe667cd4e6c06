//! The chosen frames of a trajectory as one input.

use std::borrow::Cow;

use glam::DVec3;
use rayon::prelude::*;

use super::{Frames, Streamed, Taken, Trajectory};
use crate::error::{Error, Result};
use crate::io::{PointInput, ReadOptions, choose, room};
use crate::memory::{GIB, usable_memory};
use crate::points::{AtomTable, PointCloud};
use crate::progress::Progress;

/// Frames that are read at the same time.
const BATCH: usize = 16;

impl Trajectory {
    /// The first chosen frame, or all chosen frames one after the other when pooling (not of a long text, which is
    /// then read whole).
    pub(in crate::io) fn into_input(self, progress: &dyn Progress) -> Result<PointInput> {
        let Self { name, options, frames } = self;
        let mut streamed = match frames {
            Frames::Read(parsed) => return choose::choose(*parsed, &options, &name),
            Frames::Text(text) => return text.into_input(&options),
            Frames::Streamed(streamed) => streamed,
        };
        let chosen = choose::frames(&options, streamed.index.len(), &name)?;
        let pool = Pool::of(&streamed, &chosen, &name, progress)?;
        let atoms = streamed.atoms.take().map(Cow::Owned);
        pool.finish(&streamed, atoms, chosen, &options, &name)
    }

    /// Whether frames are read from a file that is not in memory, at any time and each by itself: XTC, TRR and DCD.
    pub fn is_streamed(&self) -> bool {
        matches!(&self.frames, Frames::Streamed(_))
    }

    /// These frames as one input, one after the other, as if they alone had been chosen.
    ///
    /// # Errors
    /// As [`Trajectory::frame`]; [`Error::Data`] if no point is left.
    ///
    /// # Panics
    /// If the trajectory is not [streamed](Trajectory::is_streamed), or there is no such frame.
    pub fn input(&self, numbers: &[usize], progress: &dyn Progress) -> Result<PointInput> {
        let Frames::Streamed(streamed) = &self.frames else { panic!("only frames of a file are read by themselves") };
        let pool = Pool::of(streamed, numbers, &self.name, progress)?;
        pool.finish(streamed, streamed.atoms.as_ref().map(Cow::Borrowed), numbers.to_vec(), &self.options, &self.name)
    }
}

impl Pool {
    /// The points of the `chosen` frames.
    fn of(streamed: &Streamed, chosen: &[usize], name: &str, progress: &dyn Progress) -> Result<Self> {
        let each = streamed.taken_count();
        check_memory(chosen.len(), each, name)?;
        let mut pool = Pool { positions: room::zeroed(chosen.len() * each), ..Pool::default() };
        progress.begin("reading frames", chosen.len() as u64);
        for (i, batch) in chosen.chunks(BATCH).enumerate() {
            progress.check()?;
            let begin = i * BATCH * each;
            let slots = &mut pool.positions[begin..begin + batch.len() * each];
            let read = |(k, room): (&usize, &mut [DVec3])| {
                if let Some(taken) = streamed.taken_into(*k, name, room)? {
                    return Ok((room.len(), taken));
                }
                let taken = streamed.taken(*k, name)?;
                room[..taken.positions.len()].copy_from_slice(&taken.positions);
                Ok((taken.positions.len(), Taken { positions: Vec::new(), ..taken }))
            };
            let frames: Vec<(usize, Taken)> =
                batch.par_iter().zip(slots.par_chunks_mut(each)).map(read).collect::<Result<_>>()?;
            for (k, (count, taken)) in batch.iter().zip(frames) {
                pool.push(streamed, *k, count, &taken);
            }
            progress.advance(batch.len() as u64);
        }
        Ok(pool)
    }
}

/// Bytes that a point of frames takes together: its position, twice while frames that lack points move together, what it is
/// and its row.
const BYTES: f64 = 64.0;

/// Whether so many frames fit into memory.
fn check_memory(frames: usize, each: usize, name: &str) -> Result<()> {
    let needed = BYTES * frames as f64 * each as f64;
    if needed <= usable_memory() {
        return Ok(());
    }
    let (needed, free) = (needed / GIB, usable_memory() / GIB);
    let problem = format!("{frames} frames of {each} points take {needed:.1} GiB of memory, {free:.1} GiB may be used");
    let way_out = "--input-frames START:STOP:STEP or --select takes fewer, `densitas density --stream` some at a time";
    Err(Error::Data(format!("{name}: {problem}; {way_out}")))
}

/// Points of frames, one frame after the other.
#[derive(Default)]
struct Pool {
    /// Room for all frames; those that lack points move together.
    positions: Vec<DVec3>,
    /// Points so far.
    count: usize,
    /// For each point, which of the atoms taken it is.
    atoms: Vec<usize>,
    rows: Vec<usize>,
    starts: Vec<usize>,
    cell: Option<[f64; 6]>,
    dropped: u64,
    first_dropped: Option<String>,
}

impl Pool {
    /// The next frame, whose `count` positions stand in its room already.
    fn push(&mut self, streamed: &Streamed, k: usize, count: usize, taken: &Taken) {
        let (frame, each) = (self.starts.len(), streamed.taken_count());
        let first_row = frame * streamed.rows;
        if self.starts.is_empty() {
            self.cell = taken.cell;
        }
        self.starts.push(self.count);
        if streamed.taken.is_some() || self.dropped + taken.dropped > 0 {
            // From the first frame on that lacks points, the row of each is kept.
            self.rows.extend(self.rows.len()..self.count);
            match streamed.rows_of(&taken.kept) {
                None => self.rows.extend(first_row..first_row + count),
                Some(rows) => self.rows.extend(rows.iter().map(|row| first_row + row)),
            }
        }
        if streamed.atoms.is_some() {
            match &taken.kept {
                None => self.atoms.extend(0..count),
                Some(kept) => self.atoms.extend(kept),
            }
        }
        self.positions.copy_within(frame * each..frame * each + count, self.count);
        self.count += count;
        self.dropped += taken.dropped;
        if let Some(at) = taken.first_dropped {
            self.first_dropped.get_or_insert_with(|| format!("point {at} from 0 of frame {k}"));
        }
    }

    fn finish(
        mut self,
        streamed: &Streamed,
        atoms: Option<Cow<AtomTable>>,
        chosen: Vec<usize>,
        options: &ReadOptions,
        name: &str,
    ) -> Result<PointInput> {
        self.starts.push(self.count);
        self.positions.truncate(self.count);
        let is_whole = chosen.len() == 1 && self.dropped == 0;
        let cloud = PointCloud {
            positions: self.positions,
            unit: streamed.unit,
            atoms: atoms.map(|atoms| if is_whole { atoms.into_owned() } else { atoms.take(&self.atoms) }),
            ..PointCloud::default()
        };
        let mut input = PointInput {
            rows: chosen.len() * streamed.rows,
            row_of_point: (!self.rows.is_empty()).then_some(self.rows),
            cloud,
            format: streamed.format,
            dimensions: 3,
            frames: streamed.index.len(),
            frame_numbers: chosen,
            frame_starts: self.starts,
            columns: streamed.columns.clone(),
            position_columns: Vec::new(),
            times: streamed.times.clone(),
            dropped: self.dropped,
            cell: self.cell,
            space_group: None,
            notes: streamed.notes.clone(),
            warnings: streamed.warnings.clone(),
        };
        choose::finish(&mut input, options, name, self.first_dropped)?;
        Ok(input)
    }
}
