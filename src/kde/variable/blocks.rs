//! The sum of kernels of their own widths at the nodes of a grid, a block of 8 x 8 x 8 nodes at a time.

use glam::DVec3;
use rayon::prelude::*;

use super::halving::Halving;
use crate::error::{Error, Result};
use crate::grid::Sample;
use crate::kde::block::{BATCH, EDGE, ROWS, Sums, add_products};
use crate::kde::simd::{Eight, Job, LANES, Simd, dispatch};
use crate::kde::whitened::UNIT;
use crate::memory::{GIB, usable_memory};
use crate::progress::Progress;

/// Nodes along an edge of a block, counted from its first.
const OFFSETS: Eight = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
/// Terms added one after another, and sums of so many after another.
pub(super) const TERMS: usize = BATCH;
/// Points by which it is guessed how many reach a slab.
const SOME_POINTS: usize = 4096;
/// A billionth more, so that rounding leaves nobody out.
const SLACK: f64 = 1.0 + 1e-9;

/// A point with its kernel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    /// Its position from the middle of the cloud.
    pub(super) at: DVec3,
    /// `1 / s`; 0 along z in a plane.
    pub(super) inverse: DVec3,
    /// The peak of its kernel times its share of the weights, as a share of the largest of these.
    pub(super) height: f64,
    /// The square of the distance beyond which it may be left out, in its standard deviations.
    pub(super) cut: f64,
}

impl Point {
    /// The square of the distance to an interval along an axis, in standard deviations.
    #[inline]
    pub(super) fn gap(&self, axis: usize, [low, high]: [f64; 2]) -> f64 {
        let outside = (low - self.at[axis]).max(self.at[axis] - high).max(0.0) * self.inverse[axis];
        outside * outside
    }

    /// Whether it reaches an interval along an axis.
    fn reaches(&self, axis: usize, interval: [f64; 2]) -> bool {
        self.gap(axis, interval) <= self.cut * SLACK
    }
}

/// Nodes in space, whose positions are counted from the middle of the cloud.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    pub(super) shape: [usize; 3],
    pub(super) origin: DVec3,
    pub(super) spacing: DVec3,
}

impl Grid {
    pub(super) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The number of bars: the steps of [`Task::evaluate`].
    pub(super) fn bars(&self) -> usize {
        self.shape[1].div_ceil(EDGE) * self.shape[2].div_ceil(EDGE)
    }

    /// The grid of twice the spacing around this one. An axis of one node stays.
    pub(super) fn coarser(&self, halving: &Halving) -> Self {
        let several = |a: usize| self.shape[a] > 1;
        let (coarse, margin) = (|a: usize| halving.coarser(self.shape[a]), (halving.side() - 1) as f64);
        Self {
            shape: std::array::from_fn(|a| if several(a) { coarse(a) } else { 1 }),
            origin: DVec3::from_array(std::array::from_fn(|a| {
                self.origin[a] - if several(a) { 2.0 * margin * self.spacing[a] } else { 0.0 }
            })),
            spacing: 2.0 * self.spacing,
        }
    }

    /// The first and last node of the edge of a block that begins at node `first`.
    fn edge(&self, axis: usize, first: usize) -> [f64; 2] {
        let last = (first + EDGE).min(self.shape[axis]) - 1;
        [first, last].map(|i| self.origin[axis] + i as f64 * self.spacing[axis])
    }
}

/// Values of a coarser grid that were taken to the nodes of this one along y and z, not yet along x.
pub(super) struct Sheet<'a> {
    halving: &'a Halving,
    values: Vec<f64>,
    nodes: usize,
}

impl<'a> Sheet<'a> {
    /// From the values of `grid.coarser()`.
    pub(super) fn new(halving: &'a Halving, mut values: Vec<f64>, grid: &Grid) -> Self {
        let [x, y, z] = grid.coarser(halving).shape;
        if grid.shape[2] > 1 {
            values = halving.along(&values, x * y, grid.shape[2]);
        }
        debug_assert_eq!(values.len() % (x * y), 0, "{z} layers before");
        Self { halving, values: halving.along(&values, x, grid.shape[1]), nodes: x }
    }

    /// Adds row `row`, of those in y and then z, to what it gives.
    fn row(&self, row: usize, out: &mut [f64]) {
        self.halving.row(&self.values[row * self.nodes..(row + 1) * self.nodes], out);
    }
}

/// A grid to be filled.
pub(super) struct Task<'a> {
    pub(super) grid: &'a Grid,
    pub(super) points: &'a [Point],
    /// What wider kernels make, if there are any.
    pub(super) base: Option<&'a Sheet<'a>>,
    /// From a sum to what is stored.
    pub(super) finish: fn(f64) -> f64,
    pub(super) scale: f64,
}

impl Task<'_> {
    /// Fills `values`, x fastest, and gives the largest magnitude of a sum.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::error::Error::Interrupted).
    pub(super) fn evaluate<T: Sample>(&self, values: &mut [T], progress: &dyn Progress) -> Result<f64> {
        let [nx, ny, nz] = self.grid.shape;
        let bars_in_y = ny.div_ceil(EDGE);
        let firsts = (0..nz.div_ceil(EDGE)).map(|s| s * EDGE);
        self.check_memory(firsts.clone())?;
        let slabs: Vec<Vec<u32>> = firsts.collect::<Vec<_>>().into_par_iter().map(|k| self.slab(k)).collect();
        progress.check()?;
        let mut bars: Vec<Vec<&mut [T]>> = (0..self.grid.bars()).map(|_| Vec::with_capacity(ROWS)).collect();
        for (row, values) in values.chunks_exact_mut(nx).enumerate() {
            bars[row % ny / EDGE + bars_in_y * (row / ny / EDGE)].push(values);
        }
        let bars: Vec<_> = bars.into_iter().enumerate().collect();
        let largest = bars.into_par_iter().with_max_len(1).map(|(at, mut rows)| {
            let (j, k) = (at % bars_in_y * EDGE, at / bars_in_y * EDGE);
            let largest = self.bar(j, k, &slabs[k / EDGE], &mut rows, progress)?;
            progress.advance(1);
            Ok(largest)
        });
        largest.try_reduce(|| 0.0, |a, b| Ok(a.max(b)))
    }

    /// Refuses lists of points that do not fit into memory: those of all slabs, and of one bar for each thread. How many a slab
    /// has is guessed by some of the points.
    fn check_memory(&self, firsts: impl Iterator<Item = usize>) -> Result<()> {
        let step = self.points.len().div_ceil(SOME_POINTS).max(1);
        let near = |k: usize| {
            let edge = self.grid.edge(2, k);
            self.points.iter().step_by(step).filter(|p| p.reaches(2, edge)).count() * step
        };
        let counts: Vec<usize> = firsts.map(near).collect();
        let most = counts.iter().copied().max().unwrap_or(0);
        let of_bars = most * size_of::<(u32, f64)>() * rayon::current_num_threads();
        let needed = (counts.iter().sum::<usize>() * size_of::<u32>() + of_bars) as f64;
        if needed > usable_memory() {
            return Err(Error::Data(format!(
                "the lists of kernels that reach each layer of nodes need {:.1} GiB, and {:.1} GiB can be had; take fewer points, \
                 or fewer nodes along z",
                needed / GIB,
                usable_memory() / GIB
            )));
        }
        Ok(())
    }

    /// The points that reach a slab of planes of nodes.
    fn slab(&self, k: usize) -> Vec<u32> {
        let edge = self.grid.edge(2, k);
        let near = |p: &Point| p.reaches(2, edge);
        self.points.iter().enumerate().filter(|(_, p)| near(p)).map(|(i, _)| i as u32).collect()
    }

    /// Fills the rows of a bar of blocks along x, the first at nodes (., j, k).
    fn bar<T: Sample>(
        &self,
        j: usize,
        k: usize,
        slab: &[u32],
        rows: &mut [&mut [T]],
        progress: &dyn Progress,
    ) -> Result<f64> {
        let ([nx, ny, _], height) = (self.grid.shape, EDGE.min(self.grid.shape[1] - j));
        let (in_y, in_z) = (self.grid.edge(1, j), self.grid.edge(2, k));
        // What is left of the cut-off for x.
        let left = |i: &u32| {
            let p = &self.points[*i as usize];
            Some((*i, p.cut * SLACK - p.gap(1, in_y) - p.gap(2, in_z))).filter(|(_, left)| *left >= 0.0)
        };
        let near: Vec<(u32, f64)> = slab.iter().filter_map(left).collect();
        let mut base = vec![0.0; nx * rows.len()];
        if let Some(sheet) = self.base {
            for (row, out) in base.chunks_exact_mut(nx).enumerate() {
                sheet.row(j + row % height + ny * (k + row / height), out);
            }
        }
        let mut largest = 0.0;
        for i in (0..nx).step_by(EDGE) {
            let sums = self.block([i, j, k], &near, progress)?;
            for (row, values) in rows.iter_mut().enumerate() {
                let sums = &sums[row % height + EDGE * (row / height)];
                for ((value, sum), base) in values[i..].iter_mut().zip(sums).zip(&base[row * nx + i..]) {
                    let sum = (self.finish)(sum + base);
                    *value = T::from_f64(self.scale * sum);
                    largest = f64::max(largest, sum.abs());
                }
            }
        }
        Ok(largest)
    }

    /// The sums at the block that begins at a node.
    fn block(&self, first: [usize; 3], near: &[(u32, f64)], progress: &dyn Progress) -> Result<Box<Sums>> {
        let grid = self.grid;
        let edge = grid.edge(0, first[0]);
        let corner = grid.origin + grid.spacing * DVec3::from(first.map(|n| n as f64));
        let planes = EDGE.min(grid.shape[2] - first[2]);
        let mut sums = Box::new([[0.0; LANES]; ROWS]);
        let mut batch = Vec::with_capacity(BATCH);
        for (i, left) in near {
            let p = &self.points[*i as usize];
            if p.gap(0, edge) > *left {
                continue;
            }
            let unit = UNIT * p.inverse;
            batch.push(Factor { from: (corner - p.at) * unit, step: grid.spacing * unit, height: p.height });
            if batch.len() == BATCH {
                progress.check()?;
                dispatch(Products { points: &batch, planes, sums: &mut sums });
                batch.clear();
            }
        }
        if !batch.is_empty() {
            progress.check()?;
            dispatch(Products { points: &batch, planes, sums: &mut sums });
        }
        Ok(sums)
    }
}

/// A point as a block sees it: `height 2^-|from + step n|^2` at node n.
struct Factor {
    from: DVec3,
    step: DVec3,
    height: f64,
}

/// Adds points to a block.
struct Products<'a> {
    points: &'a [Factor],
    planes: usize,
    sums: &'a mut Sums,
}

impl Job for Products<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let mut factors = [[[0.0; LANES]; 3]; BATCH];
        for (p, [fx, fy, fz]) in self.points.iter().zip(&mut factors) {
            s.store(along(s, p.from.x, p.step.x), fx);
            s.store(along(s, p.from.y, p.step.y), fy);
            s.store(s.mul(s.splat(p.height), along(s, p.from.z, p.step.z)), fz);
        }
        add_products(s, &factors[..self.points.len()], self.planes, self.sums);
    }
}

/// `2^-(from + step n)^2` at the eight nodes of an edge.
#[inline(always)]
fn along<S: Simd>(s: S, from: f64, step: f64) -> S::V {
    let d = s.mul_add(s.splat(step), s.load(&OFFSETS), s.splat(from));
    s.exp2(s.neg_mul_add(d, d, s.splat(0.0)))
}
