//! The chosen frames of a trajectory as one input.

use rayon::prelude::*;

use super::{Frames, Streamed, Taken, Trajectory};
use crate::error::Result;
use crate::geometry::LengthUnit;
use crate::io::{PointInput, choose};
use crate::points::PointCloud;
use crate::progress::Progress;

/// Frames that are read at the same time.
const BATCH: usize = 16;

impl Trajectory {
    /// The first chosen frame, or all chosen frames one after the other when pooling.
    pub(in crate::io) fn into_input(self, progress: &dyn Progress) -> Result<PointInput> {
        let Self { name, options, frames } = self;
        let streamed = match frames {
            Frames::Read(parsed) => return choose::choose(*parsed, &options, &name),
            Frames::Streamed(streamed) => streamed,
        };
        let chosen = choose::frames(&options, streamed.index.len(), &name)?;
        let mut pool = Pool::default();
        progress.begin("reading frames", chosen.len() as u64);
        for batch in chosen.chunks(BATCH) {
            progress.check()?;
            let frames: Vec<Taken> = batch.par_iter().map(|k| streamed.taken(*k, &name)).collect::<Result<_>>()?;
            for (k, taken) in batch.iter().zip(frames) {
                pool.push(&streamed, *k, taken);
            }
            progress.advance(batch.len() as u64);
        }
        let first_dropped = pool.first_dropped.take();
        let mut input = pool.finish(*streamed, chosen);
        choose::finish(&mut input, &options, &name, first_dropped)?;
        Ok(input)
    }
}

/// Points of frames, one frame after the other.
#[derive(Default)]
struct Pool {
    cloud: PointCloud,
    /// For each point, which of the atoms taken it is.
    atoms: Vec<usize>,
    rows: Vec<usize>,
    starts: Vec<usize>,
    cell: Option<[f64; 6]>,
    dropped: u64,
    first_dropped: Option<String>,
}

impl Pool {
    fn push(&mut self, streamed: &Streamed, k: usize, taken: Taken) {
        let first_row = self.starts.len() * streamed.rows;
        if self.starts.is_empty() {
            self.cell = taken.cell;
        }
        self.starts.push(self.cloud.len());
        let count = taken.positions.len();
        if streamed.taken.is_some() || self.dropped + taken.dropped > 0 {
            // From the first frame on that lacks points, the row of each is kept.
            self.rows.extend(self.rows.len()..self.cloud.len());
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
        self.cloud.positions.extend(taken.positions);
        self.dropped += taken.dropped;
        if let Some(at) = taken.first_dropped {
            self.first_dropped.get_or_insert_with(|| format!("point {at} from 0 of frame {k}"));
        }
    }

    fn finish(mut self, streamed: Streamed, chosen: Vec<usize>) -> PointInput {
        self.starts.push(self.cloud.len());
        self.cloud.unit = Some(LengthUnit::Angstrom);
        let is_whole = chosen.len() == 1 && self.dropped == 0;
        self.cloud.atoms = streamed.atoms.map(|atoms| if is_whole { atoms } else { atoms.take(&self.atoms) });
        PointInput {
            rows: chosen.len() * streamed.rows,
            row_of_point: (!self.rows.is_empty()).then_some(self.rows),
            cloud: self.cloud,
            format: streamed.format,
            dimensions: 3,
            frames: streamed.index.len(),
            frame_numbers: chosen,
            frame_starts: self.starts,
            columns: streamed.columns,
            position_columns: Vec::new(),
            dropped: self.dropped,
            cell: self.cell,
            notes: streamed.notes,
            warnings: streamed.warnings,
        }
    }
}
