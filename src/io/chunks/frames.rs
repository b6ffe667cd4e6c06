//! The chosen frames of a trajectory together.

use std::sync::{Mutex, PoisonError};

use super::{Look, Next, Opened, Piece, Seen, Told};
use crate::error::Result;
use crate::io::align::{Aligner, Laid};
use crate::io::{Alignment, Frame, ReadOptions, Source, Trajectory};
use crate::points::Selection;
use crate::progress::Progress;

/// Laid over the first of them if that is asked for.
#[derive(Debug)]
pub(super) struct Played {
    frames: Trajectory,
    chosen: Vec<usize>,
    /// Points of the first of them.
    each: usize,
    aligner: Option<Aligner>,
    /// How each was laid over the first, as far as that is known.
    laid: Mutex<Vec<Laid>>,
}

impl Played {
    /// `None` if no frame is chosen.
    pub(super) fn of(
        frames: Trajectory,
        source: &Source,
        options: &ReadOptions,
        align: Option<&Selection>,
        progress: &dyn Progress,
    ) -> Result<Option<Opened>> {
        let chosen = frames.chosen();
        let Some(first) = chosen.first() else { return Ok(None) };
        let cloud = frames.frame(*first)?.cloud;
        let aligner = align.map(|by| Aligner::new(source, options, by, *first, progress)).transpose()?;
        let told = Told { unit: cloud.unit, notes: frames.notes().to_vec(), warnings: frames.warnings().to_vec() };
        let played = Self { frames, chosen, each: cloud.len(), aligner, laid: Mutex::default() };
        Ok(Some((Box::new(played), told)))
    }

    /// The motion of the frame that is read as number `at`, found but once.
    fn laid(&self, at: usize, aligner: &Aligner) -> Result<Laid> {
        let mut laid = self.laid.lock().unwrap_or_else(PoisonError::into_inner);
        if laid.len() <= at {
            laid.push(aligner.motion(self.chosen[at])?);
        }
        Ok(laid[at].clone())
    }
}

/// Where the first point stands that a frame has no position of.
fn first_dropped(frame: &Frame) -> String {
    let k = frame.number;
    match &frame.row_of_point {
        Some(rows) if rows.len() as u64 + frame.dropped == frame.rows as u64 => {
            let at = rows.iter().enumerate().position(|(i, row)| i != *row).unwrap_or(rows.len());
            format!("point {at} from 0 of frame {k}")
        }
        _ => format!("in frame {k}"),
    }
}

impl Look for Played {
    fn rows(&self) -> usize {
        self.each * self.chosen.len()
    }

    fn steps(&self) -> u64 {
        self.chosen.len() as u64
    }

    fn look(&self, _: &dyn Progress, next: &mut Next) -> Result<Seen> {
        let mut seen = Seen::default();
        for (at, k) in self.chosen.iter().enumerate() {
            let mut frame = self.frames.frame(*k)?;
            if let Some(aligner) = &self.aligner {
                self.laid(at, aligner)?.apply(&mut frame.cloud.positions);
            }
            seen.rows += frame.rows as u64;
            seen.dropped += frame.dropped;
            if frame.dropped > 0 {
                seen.first_dropped.get_or_insert_with(|| first_dropped(&frame));
            }
            next(Piece { positions: frame.cloud.positions, weights: frame.cloud.weights, steps: 1 })?;
        }
        Ok(seen)
    }

    fn frames(&self) -> usize {
        self.chosen.len()
    }

    fn alignment(&self) -> Option<Alignment> {
        let laid = self.laid.lock().unwrap_or_else(PoisonError::into_inner);
        let rmsd = laid.iter().map(Laid::rmsd).collect();
        self.aligner.as_ref().map(|aligner| Alignment { rmsd, ..aligner.alignment() })
    }
}
