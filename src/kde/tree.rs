//! The sum without far points, found by one range query for each block of nodes in a k-d tree.

use glam::DVec3;
use kiddo::{ImmutableKdTree, SquaredEuclidean};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::grid::{Lattice, Sample};
use crate::kde::block::{BATCH, Blocks, EDGE, ROWS, Sums};
use crate::kde::bound::{FARTHEST, Rounding, settled};
use crate::kde::kernel::Kernel;
use crate::kde::simd::LANES;
use crate::kde::whitened::{UNIT, Whitening};
use crate::progress::Progress;

/// More points than this do not stay in the cache while they are visited in the order of the tree; sorted, 2 million
/// take 1.5 s in place of 2.1 s.
const CACHED: usize = 10_000;

/// Place of a point's cell along the Morton curve (1966) through cells 1/8 standard deviation wide: in this order,
/// neighbours in space are neighbours in memory.
fn cell(point: &[f64; 4]) -> u64 {
    // Of the 21 bits of a cell number, each goes to every third bit.
    let spread = |v: f64| {
        let v = (v * 8.0 / UNIT + f64::from(1 << 20)) as u64 & 0x1f_ffff;
        let v = (v | v << 32) & 0x001f_0000_0000_ffff;
        let v = (v | v << 16) & 0x001f_0000_ff00_00ff;
        let v = (v | v << 8) & 0x100f_00f0_0f00_f00f;
        let v = (v | v << 4) & 0x10c3_0c30_c30c_30c3;
        (v | v << 2) & 0x1249_2492_4924_9249
    };
    spread(point[0]) | spread(point[1]) << 1 | spread(point[2]) << 2
}

/// A k-d tree over places.
///
/// # Errors
/// [`Error::Data`] for 2^32 places and more.
pub(super) fn over(places: &[[f64; 3]]) -> Result<ImmutableKdTree<f64, 3>> {
    ImmutableKdTree::new_from_slice(places)
        .map_err(|e| Error::Data(format!("no tree can be built over {} points: {e}", places.len())))
}

/// Whitened points with weights, in a k-d tree.
pub(super) struct Tree {
    points: Vec<[f64; 4]>,
    tree: ImmutableKdTree<f64, 3>,
}

impl Tree {
    /// Over whitened points `[x, y, z, w]`.
    ///
    /// # Errors
    /// [`Error::Data`] for 2^32 points and more.
    pub(super) fn new(mut points: Vec<[f64; 4]>) -> Result<Self> {
        if points.len() > CACHED {
            points.par_sort_by_cached_key(cell);
        }
        let places: Vec<[f64; 3]> = points.iter().map(|p| [p[0], p[1], p[2]]).collect();
        Ok(Self { tree: over(&places)?, points })
    }

    /// Calls `visit` with every point within `radius` of `place`, both whitened.
    pub(super) fn within(&self, place: DVec3, radius: f64, mut visit: impl FnMut(&[f64; 4])) {
        let place = place.to_array();
        self.tree
            .query(&place)
            .within::<SquaredEuclidean<f64>>(radius * radius)
            .unsorted()
            .visit(|hit| visit(&self.points[hit.item as usize]));
    }
}

/// A density to be summed over the points near each node.
pub(super) struct Task<'a> {
    pub(super) tree: &'a Tree,
    pub(super) whitening: &'a Whitening,
    pub(super) kernel: &'a Kernel,
    pub(super) lattice: &'a Lattice,
    /// Cut-off in standard deviations: points nearer to a node are in its sum.
    pub(super) radius: f64,
    /// The largest error as a share of each value, if that matters: blocks then take the cut-off they need.
    relative: Option<f64>,
    /// Whether a point may be near enough to each block, x fastest; all are if errors are relative.
    is_reached: Vec<bool>,
    blocks: Blocks,
    half_diagonal: f64,
}

/// Numbers of blocks along the axes.
fn counts(lattice: &Lattice) -> [usize; 3] {
    lattice.shape.map(|n| n.div_ceil(EDGE))
}

/// For each block of the lattice, x fastest, whether a position lies within `reach` of it along every axis: those that hold
/// one, and their neighbours. Blocks in empty space then cost nothing.
fn reached(positions: &[DVec3], lattice: &Lattice, reach: DVec3) -> Vec<bool> {
    let counts = counts(lattice);
    let edge = lattice.spacing * EDGE as f64;
    // Blocks that a position reaches on either side. Where these are all, a position near enough is in the lattice's range.
    let full = (reach / edge).floor() + DVec3::ONE;
    let is_wide: [bool; 3] = std::array::from_fn(|a| full[a] > counts[a] as f64);
    if is_wide == [true; 3] {
        return vec![true; counts.iter().product()];
    }
    // The first block of the lattice's is `margin` blocks from the first of these.
    let margin: [usize; 3] = std::array::from_fn(|a| if is_wide[a] { 0 } else { full[a] as usize });
    let size: [usize; 3] = std::array::from_fn(|a| counts[a] + 2 * margin[a]);
    let [nx, ny, nz] = size;
    let mut marks = vec![false; nx * ny * nz];
    for p in positions {
        let at = ((*p - lattice.origin) / edge).to_array();
        let place = |a: usize| {
            let is_near = at[a] >= -full[a] && at[a] < counts[a] as f64 + full[a];
            is_near.then(|| (at[a] + margin[a] as f64).clamp(0.0, (size[a] - 1) as f64) as usize)
        };
        if let (Some(i), Some(j), Some(k)) = (place(0), place(1), place(2)) {
            marks[i + nx * (j + ny * k)] = true;
        }
    }
    for (a, stride) in [1, nx, nx * ny].into_iter().enumerate() {
        widen(&mut marks, size[a], stride, if is_wide[a] { size[a] } else { margin[a] });
    }
    let inner = |at: usize| {
        let [i, j, k] = [at % counts[0], at / counts[0] % counts[1], at / counts[0] / counts[1]];
        marks[i + margin[0] + nx * (j + margin[1] + ny * (k + margin[2]))]
    };
    (0..counts.iter().product()).map(inner).collect()
}

/// Marks all within `width` of a mark along one axis, of `len` places `stride` apart.
fn widen(marks: &mut [bool], len: usize, stride: usize, width: usize) {
    for first in (0..marks.len()).filter(|at| (at / stride).is_multiple_of(len)) {
        let line: Vec<bool> = (0..len).map(|i| marks[first + i * stride]).collect();
        let mut last = None;
        let mut before = vec![usize::MAX; len];
        for (i, mark) in line.iter().enumerate() {
            last = if *mark { Some(i) } else { last };
            before[i] = last.map_or(usize::MAX, |l| i - l);
        }
        let mut next: Option<usize> = None;
        for i in (0..len).rev() {
            next = if line[i] { Some(i) } else { next };
            let after = next.map_or(usize::MAX, |n| n - i);
            marks[first + i * stride] = before[i].min(after) <= width;
        }
    }
}

fn blocks(whitening: &Whitening, lattice: &Lattice, half_diagonal: f64, radius: f64) -> Blocks {
    let d = lattice.steps();
    let steps = [DVec3::X * d.x, DVec3::Y * d.y, DVec3::Z * d.z].map(|step| whitening.step(step));
    Blocks::new(steps, EDGE.min(lattice.shape[2]), half_diagonal, radius * UNIT)
}

impl<'a> Task<'a> {
    /// Cut off at `radius` standard deviations.
    pub(super) fn new(
        tree: &'a Tree,
        whitening: &'a Whitening,
        kernel: &'a Kernel,
        lattice: &'a Lattice,
        radius: f64,
        relative: Option<f64>,
        positions: &[DVec3],
    ) -> Self {
        let half_diagonal = whitening.longest_diagonal(lattice.steps() * (0.5 * (EDGE - 1) as f64));
        let blocks = blocks(whitening, lattice, half_diagonal, radius);
        let is_reached = match relative {
            None => reached(positions, lattice, radius * kernel.sigma()),
            Some(_) => vec![true; counts(lattice).iter().product()],
        };
        Self { tree, whitening, kernel, lattice, radius, relative, is_reached, blocks, half_diagonal }
    }

    /// How much rounding can change the sums, for coordinates of `magnitude` standard deviations.
    pub(super) fn rounding(&self, magnitude: f64, coarseness: Option<f64>) -> Rounding {
        let distance = (self.radius + 2.0 * self.half_diagonal / UNIT).min(FARTHEST);
        let terms = (BATCH + self.tree.points.len() / BATCH) as f64;
        Rounding { magnitude, distance, coarseness, exponent: self.blocks.exponent(), terms }
    }

    /// Fills `values`, x fastest, and gives the largest.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub(super) fn evaluate<T: Sample>(&self, values: &mut [T], progress: &dyn Progress) -> Result<f64> {
        let [nx, ny, nz] = self.lattice.shape;
        let bars_in_y = ny.div_ceil(EDGE);
        let mut bars: Vec<Vec<&mut [T]>> =
            (0..bars_in_y * nz.div_ceil(EDGE)).map(|_| Vec::with_capacity(ROWS)).collect();
        for (row, values) in values.chunks_exact_mut(nx).enumerate() {
            bars[row % ny / EDGE + bars_in_y * (row / ny / EDGE)].push(values);
        }
        progress.begin("density", bars.len() as u64);
        let bars: Vec<_> = bars.into_iter().enumerate().collect();
        let largest = bars.into_par_iter().with_max_len(1).map(|(at, mut rows)| {
            let largest = self.bar(at % bars_in_y * EDGE, at / bars_in_y * EDGE, &mut rows, progress)?;
            progress.advance(1);
            Ok(largest)
        });
        largest.try_reduce(|| 0.0, |a, b| Ok(a.max(b)))
    }

    /// Fills the rows of a bar of blocks along x, the first at nodes (., j, k).
    fn bar<T: Sample>(&self, j: usize, k: usize, rows: &mut [&mut [T]], progress: &dyn Progress) -> Result<f64> {
        let [nx, ny, _] = self.lattice.shape;
        let height = EDGE.min(ny - j);
        let mut largest = 0.0;
        for i in (0..nx).step_by(EDGE) {
            let [in_x, in_y, _] = counts(self.lattice);
            if !self.is_reached[i / EDGE + in_x * (j / EDGE + in_y * (k / EDGE))] {
                rows.iter_mut().for_each(|values| values[i..nx.min(i + EDGE)].fill(T::default()));
                continue;
            }
            let sums = self.block([i, j, k], progress)?;
            for (row, values) in rows.iter_mut().enumerate() {
                let sums = &sums[row % height + EDGE * (row / height)];
                for (value, sum) in values[i..].iter_mut().zip(sums) {
                    *value = T::from_f64(self.kernel.peak * settled(*sum));
                    largest = f64::max(largest, settled(*sum));
                }
            }
        }
        Ok(self.kernel.peak * largest)
    }

    /// The sums at the block that begins at a node.
    fn block(&self, first: [usize; 3], progress: &dyn Progress) -> Result<Box<Sums>> {
        let mut sums = self.within(first, self.radius, &self.blocks, progress)?;
        let Some(error) = self.relative else { return Ok(sums) };
        let mut radius = self.radius;
        loop {
            // No more than all weights, 1, times this is left out anywhere.
            let left_out = (-0.5 * radius * radius).exp();
            let least = self.least(first, &sums);
            if left_out <= error * least || radius >= FARTHEST {
                return Ok(sums);
            }
            let enough = (-2.0 * (error * least).ln()).max(0.0).sqrt() * (1.0 + 1e-12);
            radius = if least > 0.0 { enough } else { 2.0 * radius }.clamp(radius, FARTHEST);
            sums = self.within(
                first,
                radius,
                &blocks(self.whitening, self.lattice, self.half_diagonal, radius),
                progress,
            )?;
        }
    }

    /// The least of the sums at the nodes of a block that are in the grid.
    fn least(&self, first: [usize; 3], sums: &Sums) -> f64 {
        let [nx, ny, nz]: [usize; 3] = std::array::from_fn(|a| EDGE.min(self.lattice.shape[a] - first[a]));
        let rows = (0..ny * nz).map(|at| &sums[at % ny + EDGE * (at / ny)]);
        rows.flat_map(|row| &row[..nx]).map(|sum| settled(*sum)).fold(f64::INFINITY, f64::min)
    }

    /// The sums over the points within `radius` of some node of a block.
    fn within(&self, first: [usize; 3], radius: f64, blocks: &Blocks, progress: &dyn Progress) -> Result<Box<Sums>> {
        let lattice = self.lattice;
        let first_node = lattice.node(first[0], first[1], first[2]);
        let count = DVec3::from(std::array::from_fn(|a| (EDGE.min(lattice.shape[a] - first[a]) - 1) as f64));
        let half = 0.5 * lattice.steps() * count;
        let middle = self.whitening.at(first_node + half);
        let reference = self.whitening.at(first_node + 0.5 * (EDGE - 1) as f64 * lattice.steps());
        let near = Near::new(self, half, radius);
        let radius = radius * UNIT;
        let mut sums = Box::new([[0.0; LANES]; ROWS]);
        let mut batch = Vec::with_capacity(BATCH);
        let mut state = progress.check();
        // A billionth more, so that rounding leaves nobody out.
        let ball = (radius + self.whitening.longest_diagonal(half)) * (1.0 + 1e-9);
        self.tree.within(middle, ball, |&[x, y, z, w]| {
            let place = DVec3::new(x, y, z);
            let u = reference - place;
            if state.is_err() || near.misses(place - middle, u) {
                return;
            }
            batch.push([u.x, u.y, u.z, w]);
            if batch.len() == BATCH {
                blocks.add(&batch, &mut sums);
                batch.clear();
                state = progress.check();
            }
        });
        state?;
        blocks.add(&batch, &mut sums);
        blocks.finish(&mut sums);
        Ok(sums)
    }
}

/// Tells points that are further than the cut-off from every node of a block.
struct Near {
    /// Rows that take a whitened vector to its coordinates in units of `sqrt(H_aa)`.
    rows: [DVec3; 3],
    half: DVec3,
    cut: f64,
    farthest: f64,
}

impl Near {
    /// For a cut-off of `radius` standard deviations.
    fn new(task: &Task, half: DVec3, radius: f64) -> Self {
        let farthest = radius * UNIT + task.half_diagonal;
        let sigma = task.kernel.sigma();
        let back = task.kernel.whitening.inverse().transpose();
        let rows = [0, 1, 2].map(|a| back.col(a) / (sigma[a] * UNIT));
        Self { rows, half: half / sigma, cut: radius * (1.0 + 1e-9), farthest: farthest * farthest * (1.0 + 1e-9) }
    }

    /// Whether the point `from_middle` of the block lies beyond the cut-off: the distance in standard
    /// deviations of the kernel is never below `|u_a| / sqrt(H_aa)` for any axis a.
    #[inline]
    fn misses(&self, from_middle: DVec3, from_reference: DVec3) -> bool {
        let outside = |a: usize| self.rows[a].dot(from_middle).abs() - self.half[a] > self.cut;
        outside(0) || outside(1) || outside(2) || from_reference.length_squared() > self.farthest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Once the reach along x was cut to the number of blocks along x, so that points beside a short grid were lost.
    #[test]
    fn a_grid_shorter_than_the_reach_along_one_axis_is_reached_from_outside() {
        let lattice = Lattice { shape: [40, 400, 400], origin: DVec3::ZERO, spacing: DVec3::ONE };
        let reach = DVec3::splat(75.0);
        for x in [-74.0, -30.0, 20.0, 113.0] {
            let marks = reached(&[DVec3::new(x, 4.0, 4.0)], &lattice, reach);
            // 9 blocks and its own along y and z, those along x all.
            assert_eq!(marks.iter().filter(|m| **m).count(), 5 * 11 * 11, "{x}");
        }
        let marks = reached(&[DVec3::new(-90.0, 4.0, 4.0)], &lattice, reach);
        assert!(!marks.contains(&true));
    }

    #[test]
    fn blocks_are_reached_that_are_near_a_point_and_no_others_far_away() {
        let lattice = Lattice { shape: [160, 80, 40], origin: DVec3::splat(5.0), spacing: DVec3::new(1.0, 2.0, 0.5) };
        let positions = [
            DVec3::new(20.0, 30.0, 8.0),
            DVec3::new(150.0, 150.0, 24.0),
            DVec3::new(-3.0, 4.0, 5.0),
            DVec3::splat(1e9),
        ];
        let reach = DVec3::new(10.0, 3.0, 1.0);
        let marks = reached(&positions, &lattice, reach);
        let [nx, ny, _] = counts(&lattice);
        let edge = lattice.steps() * EDGE as f64;
        for (at, mark) in marks.iter().enumerate() {
            let corner =
                lattice.origin + edge * DVec3::new((at % nx) as f64, (at / nx % ny) as f64, (at / nx / ny) as f64);
            let beyond = |p: &DVec3| (corner - *p).max(*p - (corner + edge)).max(DVec3::ZERO);
            let is_near = positions.iter().any(|p| beyond(p).cmple(reach).all());
            let is_far = positions.iter().all(|p| beyond(p).cmpgt(reach + 2.0 * edge).any());
            assert!(if *mark { !is_far } else { !is_near }, "{corner}");
        }
        assert!(marks.iter().filter(|m| **m).count() < marks.len() / 4);
    }
}
