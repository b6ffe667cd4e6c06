//! Wide kernels on coarser grids: the levels, and the error that each of them brings.

use super::blocks::{Grid, Point, Sheet, Task};
use super::halving::Halving;
use crate::error::Result;
use crate::grid::Sample;
use crate::kde::bound::{FARTHEST, settled};
use crate::progress::Progress;

/// A kernel on a level has a standard deviation of at least this many of its steps along each axis.
const STEPS_PER_SIGMA: f64 = 4.0;
/// A coarser grid, with the margin it needs, must have at most this share of the nodes.
const WORTH: f64 = 0.5;
/// Most levels; kernels 1000 nodes wide take the last.
const MOST: usize = 9;
/// Nodes on both sides that the interpolation between levels may take.
const SIDES: [usize; 3] = [6, 10, 16];
/// Share of the error for the interpolation.
const INTERPOLATION: f64 = 0.2;

/// The finest grid and coarser ones.
pub(super) struct Levels {
    pub(super) halving: Halving,
    pub(super) levels: Vec<Level>,
}

/// A grid, and the points whose kernels it holds.
pub(super) struct Level {
    pub(super) grid: Grid,
    pub(super) points: Vec<Point>,
    /// How much larger than the largest value here one on the finest grid can be.
    norm: f64,
    /// Largest error of a kernel on the finest grid, as a share of its peak.
    error: f64,
}

/// What was found on the way.
pub(super) struct Found {
    /// The largest sum.
    pub(super) largest: f64,
    /// The largest magnitude of what came from coarser levels, times what interpolation can make of it.
    pub(super) from_coarser: f64,
}

impl Levels {
    /// The finest grid alone.
    pub(super) fn one(grid: Grid, points: &[Point]) -> Self {
        let finest = Level { grid, points: points.to_vec(), norm: 1.0, error: 0.0 };
        Self { halving: Halving::new(1), levels: vec![finest] }
    }

    /// Each point on the coarsest grid that is fine enough for it, such that the interpolation adds at most a share
    /// of `max_error`, which is counted in the units of the points' heights, and takes at most `memory` bytes.
    pub(super) fn new(grid: Grid, points: &[Point], max_error: f64, memory: f64) -> Self {
        let all = SIDES.iter().map(|side| Self::with(Halving::new(*side), grid, points));
        let enough = |l: &Self| l.interpolation() <= INTERPOLATION * max_error && l.bytes() <= memory;
        all.into_iter().find(enough).unwrap_or_else(|| Self::one(grid, points))
    }

    fn with(halving: Halving, grid: Grid, points: &[Point]) -> Self {
        let grids = std::iter::successors(Some(grid), |finer| {
            Some(finer.coarser(&halving)).filter(|coarser| coarser.len() as f64 <= WORTH * finer.len() as f64)
        });
        let grids: Vec<Grid> = grids.take(MOST).collect();
        let norms = halving.norms(grids.len() - 1);
        let dimensions = grid.shape.iter().filter(|n| **n > 1).count() as i32;
        let level = |(at, grid): (usize, &Grid)| {
            let steps = |step: usize| norms[at - 1 - step] * halving.error(STEPS_PER_SIGMA * (1 << step) as f64);
            let along_one: f64 = (0..at).map(steps).sum();
            let error = (1.0 + along_one).powi(dimensions) - 1.0;
            Level { grid: *grid, points: Vec::new(), norm: norms[at].powi(dimensions), error }
        };
        let mut levels: Vec<Level> = grids.iter().enumerate().map(level).collect();
        for point in points {
            let fits = |g: &Grid| (STEPS_PER_SIGMA * g.spacing * point.inverse).max_element() <= 1.0;
            let at = grids.iter().skip(1).take_while(|g| fits(g)).count();
            levels[at].points.push(*point);
        }
        let last = levels.iter().rposition(|l| !l.points.is_empty()).unwrap_or(0);
        levels.truncate(last + 1);
        Self { halving, levels }
    }

    /// Bytes that the coarser levels take, and what is made of them along z and y.
    fn bytes(&self) -> f64 {
        let of_pair = |pair: &[Level]| {
            let ([_, ny, nz], [x, y, z]) = (pair[0].grid.shape, pair[1].grid.shape);
            8.0 * x as f64 * ((y * z + y * nz) as f64 + (ny * nz) as f64)
        };
        self.levels.windows(2).map(of_pair).sum()
    }

    /// Sets the cut-offs so that what is left out at any node is at most `max_error`, the more of it for kernels that
    /// visit many nodes.
    pub(super) fn cut(&mut self, max_error: f64) {
        let visits = |grid: &Grid, p: &Point| {
            (0..3).map(|a| 8.0 + 10.0 / (grid.spacing[a] * p.inverse[a]).max(1e-3)).product::<f64>()
        };
        let of_level = |l: &Level| l.points.iter().map(|p| visits(&l.grid, p)).sum::<f64>();
        let all: f64 = self.levels.iter().map(of_level).sum();
        for Level { grid, points, norm, .. } in &mut self.levels {
            for p in points {
                let share = max_error * visits(grid, p) / all;
                p.cut = (2.0 * (*norm * p.height / share).ln()).clamp(0.0, FARTHEST * FARTHEST);
            }
        }
    }

    /// No cut-off but where f64 ends.
    pub(super) fn cut_farthest(&mut self) {
        self.levels.iter_mut().flat_map(|l| &mut l.points).for_each(|p| p.cut = FARTHEST * FARTHEST);
    }

    /// Largest sum of what the cut-offs leave out.
    pub(super) fn left_out(&self) -> f64 {
        let of_level = |l: &Level| l.norm * l.points.iter().map(|p| p.height * (-0.5 * p.cut).exp()).sum::<f64>();
        self.levels.iter().map(of_level).sum()
    }

    /// Largest sum of the errors of the interpolation.
    pub(super) fn interpolation(&self) -> f64 {
        self.levels.iter().map(|l| l.error * l.points.iter().map(|p| p.height).sum::<f64>()).sum()
    }

    /// Steps of [`Levels::evaluate`].
    pub(super) fn steps(&self) -> u64 {
        self.levels.iter().map(|l| l.grid.bars() as u64).sum()
    }

    /// Fills `values` of the finest grid with `scale` times the sums.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::error::Error::Interrupted).
    pub(super) fn evaluate<T: Sample>(&self, scale: f64, values: &mut [T], progress: &dyn Progress) -> Result<Found> {
        let (finest, coarser) = self.levels.split_first().expect("there is a finest level");
        let (mut sheet, mut from_coarser): (Option<Sheet>, f64) = (None, 0.0);
        for (at, Level { grid, points, norm, .. }) in coarser.iter().enumerate().rev() {
            let mut sums = vec![0.0; grid.len()];
            let task = Task { grid, points, base: sheet.as_ref(), finish: |sum| sum, scale: 1.0 };
            from_coarser = from_coarser.max(norm * task.evaluate::<f64>(&mut sums, progress)?);
            progress.check()?;
            sheet = Some(Sheet::new(&self.halving, sums, &self.levels[at].grid));
        }
        let task = Task { grid: &finest.grid, points: &finest.points, base: sheet.as_ref(), finish: settled, scale };
        let largest = task.evaluate(values, progress)?;
        Ok(Found { largest, from_coarser })
    }
}
