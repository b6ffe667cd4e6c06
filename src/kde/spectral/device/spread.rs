//! Points laid over a grid by a device: each block of nodes gathers what reaches it, so that no atomic sums are needed and
//! two runs give the same bytes.

use std::ops::Range;

use bytemuck::{Pod, Zeroable};
use rayon::prelude::*;

use super::Pieces;
use crate::error::Result;
use crate::gpu::Gpu;
use crate::gpu::pass::{Pass, empty, list, structure};
use crate::kde::spectral::arrange::{Arranged, Item};
use crate::kde::spectral::window::Window;
use crate::progress::Progress;

/// Nodes along an edge of a block, as `common/blocks.wgsl` says.
const BLOCK: usize = 8;
/// Taps of a window whose points reach no further than the next block.
pub(super) const MOST_TAPS: usize = BLOCK + 1;
/// Points of one group.
const POINTS_A_GROUP: u32 = 2048;
/// Points that are added before others, as `density_spread.wgsl` says.
const BATCH: f64 = 64.0;
/// Bytes of the sums of a group.
const BYTES_A_GROUP: u64 = (BLOCK * BLOCK * BLOCK * size_of::<f32>()) as u64;
/// Groups of one run: it takes some milliseconds where workgroups run beside each other.
const MOST_GROUPS: u64 = 1 << 14;
/// Points sorted and sent at a time.
const MOST_POINTS: usize = 1 << 22;
/// Tiles whose points are put in place together.
const TILES: usize = 256;
/// Coefficients of a row, and the zeros before the first, as `density_spread.wgsl` says.
const ROW: usize = 24;
const ZEROS: usize = 8;
/// Places between nodes, as `density_spread.wgsl` says.
const BITS: u32 = 24;

/// `Spread` of `density_spread.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub(super) struct SpreadUniform {
    pub(super) groups: u32,
    pub(super) degree: u32,
    pub(super) pad0: u32,
    pub(super) pad1: u32,
}

/// `Gather` of `density_gather.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub(super) struct GatherUniform {
    pub(super) nodes: [u32; 3],
    pub(super) first: u32,
    pub(super) blocks: [u32; 3],
    pub(super) groups: u32,
}

/// `Group` of `density_spread.wgsl`: points of the eight cells that reach a block.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Default, Pod, Zeroable)]
pub(super) struct Group {
    pub(super) firsts: [u32; 8],
    pub(super) counts: [u32; 8],
}

impl Group {
    fn points(&self) -> u32 {
        self.counts.iter().sum()
    }
}

/// The two passes and the grid that they add to.
pub(super) struct Spreading<'a> {
    gpu: &'a Gpu,
    pieces: Pieces,
    window: &'a Window,
    nodes: [usize; 3],
    spread: Pass,
    gather: Pass,
    coefficients: wgpu::Buffer,
    sums: wgpu::Buffer,
    /// The grid, x fastest.
    pub(super) grid: wgpu::Buffer,
}

impl<'a> Spreading<'a> {
    /// Over an empty grid.
    pub(super) fn new(gpu: &'a Gpu, pieces: Pieces, window: &'a Window, nodes: [usize; 3]) -> Self {
        let groups = (pieces.bytes / BYTES_A_GROUP).clamp(1, MOST_GROUPS);
        let all: usize = nodes.iter().product();
        Self {
            gpu,
            pieces,
            window,
            nodes,
            spread: Pass::new(gpu, "density_spread.wgsl", &[]),
            gather: Pass::new(gpu, "density_gather.wgsl", &[]),
            coefficients: list(gpu, "window", &rows(window)),
            sums: empty(gpu, "sums of groups", groups * BYTES_A_GROUP),
            grid: empty(gpu, "grid of sums", (all * size_of::<f32>()) as u64),
        }
    }

    /// Adds the points that `item` gives for `0..count`, in nodes along each axis and with their weight.
    pub(super) fn add(
        &self,
        count: usize,
        item: impl Fn(usize) -> Option<Item> + Sync,
        progress: &dyn Progress,
    ) -> Result<()> {
        let at_once = (self.pieces.bytes as usize / size_of::<[u32; 4]>()).clamp(1, MOST_POINTS);
        for first in (0..count).step_by(at_once) {
            progress.check()?;
            let some = at_once.min(count - first);
            let sorted = Arranged::in_tiles::<BLOCK>(some, |i| item(first + i), self.nodes, self.window);
            self.add_sorted(&sorted, progress)?;
            progress.advance(some as u64);
        }
        Ok(())
    }

    fn add_sorted(&self, sorted: &Arranged, progress: &dyn Progress) -> Result<()> {
        let (points, firsts) = placed(sorted, self.window);
        if points.is_empty() {
            return Ok(());
        }
        let (groups, starts) = groups(&firsts, sorted.tiles());
        let points = list(self.gpu, "points", &points);
        let starts = list(self.gpu, "starts of blocks", &starts);
        let at_once = (self.sums.size() / BYTES_A_GROUP) as usize;
        let listed = (self.pieces.bytes as usize / size_of::<Group>()).max(1);
        // Neither the list of groups nor their sums may be longer than a buffer.
        for (at, some) in groups.chunks(at_once.min(listed)).enumerate() {
            progress.check()?;
            let first = at * at_once.min(listed);
            self.run(&points, &starts, some, first);
            self.gpu.wait()?;
        }
        Ok(())
    }

    fn run(&self, points: &wgpu::Buffer, starts: &wgpu::Buffer, groups: &[Group], first: usize) {
        let gpu = self.gpu;
        let degree = self.window.degree() as u32;
        let uniform = SpreadUniform { groups: groups.len() as u32, degree, pad0: 0, pad1: 0 };
        let (uniform, listed) = (structure(gpu, "spread", &uniform), list(gpu, "groups", groups));
        self.spread.run(gpu, &[&uniform, points, &listed, &self.coefficients, &self.sums], groups.len());
        let blocks = self.nodes.map(|n| n.div_ceil(BLOCK));
        let uniform = GatherUniform {
            nodes: self.nodes.map(|n| n as u32),
            first: first as u32,
            blocks: blocks.map(|n| n as u32),
            groups: groups.len() as u32,
        };
        let uniform = structure(gpu, "gather", &uniform);
        self.gather.run(gpu, &[&uniform, starts, &self.sums, &self.grid], blocks.iter().product());
    }
}

/// Terms that are added one after another at a node, at most.
pub(super) fn terms(points: usize) -> f64 {
    let a_group = f64::from(POINTS_A_GROUP);
    BATCH + a_group / BATCH + (points as f64 / a_group).ceil() + points.div_ceil(MOST_POINTS) as f64
}

/// The window's coefficients in rows, the highest power first.
fn rows(window: &Window) -> Vec<f32> {
    let mut rows = vec![0.0; (window.degree() + 1) * ROW];
    for (power, row) in rows.chunks_exact_mut(ROW).enumerate() {
        for tap in 0..window.taps {
            row[ZEROS + tap] = window.coefficient(power, tap) as f32;
        }
    }
    rows
}

/// The points in the order of their cells as the shader reads them, and where each cell begins and the last one ends.
fn placed(sorted: &Arranged, window: &Window) -> (Vec<[u32; 4]>, Vec<u32>) {
    let cells: usize = sorted.tiles().iter().product();
    let mut firsts = vec![0u32; cells + 1];
    for (cell, count) in sorted.counts().into_iter().enumerate() {
        firsts[cell + 1] = firsts[cell] + count;
    }
    let mut points = vec![[0u32; 4]; firsts[cells] as usize];
    let mut parts: Vec<(Range<usize>, &mut [[u32; 4]])> = Vec::new();
    let mut rest = &mut points[..];
    for first in (0..cells).step_by(TILES) {
        let end = (first + TILES).min(cells);
        let (part, after) = rest.split_at_mut((firsts[end] - firsts[first]) as usize);
        parts.push((first..end, part));
        rest = after;
    }
    parts.into_par_iter().for_each(|(cells, part)| {
        let items = sorted.of_tiles(cells).flat_map(|(_, items)| items);
        part.iter_mut().zip(items).for_each(|(to, item)| *to = point(item, window));
    });
    (points, firsts)
}

/// A point as the shader reads it: the first node that it reaches within its cell, and where it lies before that, in one
/// number for each axis; its weight.
fn point(item: &Item, window: &Window) -> [u32; 4] {
    let place = |t: f64| {
        let (first, z) = window.first(t);
        let between = 0.5 * (1.0 - z) * f64::from(1u32 << BITS);
        (((first % BLOCK) as u32) << BITS) + (between as u32).min((1 << BITS) - 1)
    };
    [place(item[0]), place(item[1]), place(item[2]), (item[3] as f32).to_bits()]
}

/// The groups of points of each block, and the group with which each block begins.
fn groups(firsts: &[u32], cells: [usize; 3]) -> (Vec<Group>, Vec<u32>) {
    let [nx, ny, nz] = cells;
    let layer = |z: usize| {
        let (mut groups, mut ends) = (Vec::new(), Vec::with_capacity(nx * ny));
        for at in 0..nx * ny {
            groups_of([at % nx, at / nx, z], firsts, cells, &mut groups);
            ends.push(groups.len() as u32);
        }
        (groups, ends)
    };
    let layers: Vec<(Vec<Group>, Vec<u32>)> = (0..nz).into_par_iter().map(layer).collect();
    let (mut groups, mut starts) = (Vec::new(), vec![0u32]);
    for (some, ends) in layers {
        starts.extend(ends.into_iter().map(|end| groups.len() as u32 + end));
        groups.extend(some);
    }
    (groups, starts)
}

/// Appends those of one block.
fn groups_of(block: [usize; 3], firsts: &[u32], cells: [usize; 3], groups: &mut Vec<Group>) {
    let mut group = Group::default();
    for before in 0..8 {
        let [Some(x), Some(y), Some(z)] = [0, 1, 2].map(|a| block[a].checked_sub(before >> a & 1)) else { continue };
        let number = x + cells[0] * (y + cells[1] * z);
        let (mut first, end) = (firsts[number], firsts[number + 1]);
        while first < end {
            let some = (end - first).min(POINTS_A_GROUP - group.points());
            (group.firsts[before], group.counts[before]) = (first, some);
            first += some;
            if group.points() == POINTS_A_GROUP {
                groups.push(std::mem::take(&mut group));
            }
        }
    }
    if group.points() > 0 {
        groups.push(group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: a cell left out or taken twice, groups beyond their size, points of another block.
    #[test]
    fn every_block_gets_the_points_of_its_eight_cells_once() {
        let cells = [3, 2, 2];
        let counts = [5000, 0, 7, 1, 1, 1, 0, 0, 3000, 2, 0, 4];
        let mut firsts = vec![0];
        counts.iter().for_each(|n| firsts.push(firsts[firsts.len() - 1] + n));
        let (groups, starts) = groups(&firsts, cells);
        for block in 0..12 {
            let [x, y, z] = [block % 3, block / 3 % 2, block / 6];
            let mut wanted = Vec::new();
            for (before, [dx, dy, dz]) in (0..8).map(|b| (b, [b & 1, b >> 1 & 1, b >> 2])) {
                if x >= dx && y >= dy && z >= dz {
                    let cell = x - dx + 3 * (y - dy + 2 * (z - dz));
                    wanted.extend((firsts[cell]..firsts[cell + 1]).map(|point| (before, point)));
                }
            }
            let mut found = Vec::new();
            for group in &groups[starts[block] as usize..starts[block + 1] as usize] {
                assert!((1..=POINTS_A_GROUP).contains(&group.points()));
                for before in 0..8 {
                    let first = group.firsts[before];
                    found.extend((first..first + group.counts[before]).map(|point| (before, point)));
                }
            }
            assert_eq!(found, wanted, "block {block}");
        }
    }
}
