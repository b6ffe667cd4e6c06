//! Points laid over the nodes around them, and values taken from there.

use std::ops::Range;

use rayon::prelude::*;

use crate::error::Result;
use crate::kde::simd::{Eight, Job, LANES, Simd, dispatch};
use crate::kde::spectral::arrange::{Arranged, Item, Room, TILE};
use crate::kde::spectral::window::{MOST_TAPS, Window};
use crate::memory::Spare;
use crate::progress::Progress;

/// The nodes that the points of a tile reach, x fastest, in rows of `TILE + R * LANES`.
struct Patch {
    values: Vec<f64>,
    /// Nodes along a row, rows in a layer, layers.
    shape: [usize; 3],
}

impl Patch {
    /// For points whose nodes begin in one tile of a grid of `nodes`.
    fn new(window: &Window, nodes: [usize; 3]) -> Self {
        let row = TILE + window.taps.next_multiple_of(LANES);
        let across = TILE + window.taps - 1;
        let shape = [row, across, if nodes[2] == 1 { 1 } else { across }];
        Self { values: vec![0.0; shape.iter().product()], shape }
    }
}

/// What a job needs to know of the tile.
#[derive(Clone, Copy)]
struct Place<'a> {
    window: &'a Window,
    /// The tile's first node.
    first: [usize; 3],
    shape: [usize; 3],
}

/// The taps of one point along the three axes and where they begin.
struct Taps<S: Simd, const R: usize> {
    x: [S::V; R],
    y: [Eight; R],
    z: [Eight; R],
    start: usize,
    layers: usize,
}

impl Place<'_> {
    #[inline(always)]
    fn taps<S: Simd, const R: usize>(&self, s: S, item: &Item) -> Taps<S, R> {
        let [(i, zx), (j, zy), (k, zz)] = [0, 1, 2].map(|a| self.window.first(item[a]));
        let stored = |v: [S::V; R]| {
            let mut to = [[0.0; LANES]; R];
            for r in 0..R {
                s.store(v[r], &mut to[r]);
            }
            to
        };
        let is_flat = self.shape[2] == 1;
        let mut z = [[0.0; LANES]; R];
        if is_flat {
            z[0][0] = 1.0;
        } else {
            z = stored(self.window.values(s, zz));
        }
        let k = if is_flat { 0 } else { k - self.first[2] };
        let [i, j] = [i - self.first[0], j - self.first[1]];
        Taps {
            x: self.window.values(s, zx),
            y: stored(self.window.values(s, zy)),
            z,
            start: i + self.shape[0] * (j + self.shape[1] * k),
            layers: if is_flat { 1 } else { self.window.taps },
        }
    }
}

/// Adds the items to the nodes of a patch.
struct Spread<'a, const R: usize> {
    place: Place<'a>,
    items: &'a [Item],
    values: &'a mut [f64],
}

impl<const R: usize> Job for Spread<'_, R> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let [row, rows, _] = self.place.shape;
        for item in self.items {
            let taps: Taps<S, R> = self.place.taps(s, item);
            for k in 0..taps.layers {
                let factor = s.splat(taps.z.as_flattened()[k] * item[3]);
                let x: [S::V; R] = std::array::from_fn(|r| s.mul(taps.x[r], factor));
                let layer = &mut self.values[taps.start + k * row * rows..];
                for j in 0..self.place.window.taps {
                    let y = s.splat(taps.y.as_flattened()[j]);
                    let nodes = &mut layer[j * row..][..R * LANES];
                    for (x, to) in x.iter().zip(nodes.as_chunks_mut::<LANES>().0) {
                        s.store(s.mul_add(*x, y, s.load(to)), to);
                    }
                }
            }
        }
    }
}

/// The sums over the nodes of a patch, weighted by the taps of each item.
struct Gather<'a, const R: usize> {
    place: Place<'a>,
    items: &'a [Item],
    values: &'a [f64],
    sums: &'a mut Vec<f64>,
}

impl<const R: usize> Job for Gather<'_, R> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let [row, rows, _] = self.place.shape;
        for item in self.items {
            let taps: Taps<S, R> = self.place.taps(s, item);
            let mut sum = [s.splat(0.0); R];
            for k in 0..taps.layers {
                let layer = &self.values[taps.start + k * row * rows..];
                let mut of_layer = [s.splat(0.0); R];
                for j in 0..self.place.window.taps {
                    let y = s.splat(taps.y.as_flattened()[j]);
                    let nodes = &layer[j * row..][..R * LANES];
                    for (to, nodes) in of_layer.iter_mut().zip(nodes.as_chunks::<LANES>().0) {
                        *to = s.mul_add(s.load(nodes), y, *to);
                    }
                }
                let z = s.splat(taps.z.as_flattened()[k]);
                for r in 0..R {
                    sum[r] = s.mul_add(of_layer[r], z, sum[r]);
                }
            }
            let products = std::array::from_fn::<_, R, _>(|r| s.sum(s.mul(sum[r], taps.x[r])));
            self.sums.push(products.iter().sum());
        }
    }
}

/// The rows of a grid in the reach of each bar of tiles along x, for every second bar along y and z from `phase` on: no
/// two of them overlap.
fn bars<'a, T>(values: impl Iterator<Item = &'a mut [T]>, nodes: [usize; 3], phase: [usize; 2]) -> Vec<Bar<'a, T>> {
    let bars = [nodes[1].div_ceil(TILE), nodes[2].div_ceil(TILE)];
    let place = |row: usize, a: usize| (row / TILE).checked_sub(phase[a]).map(|tile| tile / 2 * 2 + phase[a]);
    let mut all: Vec<Vec<&mut [T]>> = (0..bars[0] * bars[1]).map(|_| Vec::new()).collect();
    for (row, values) in values.enumerate() {
        if let (Some(j), Some(k)) = (place(row % nodes[1], 0), place(row / nodes[1], 1)) {
            all[j + bars[0] * k].push(values);
        }
    }
    let at = |(at, rows)| Bar { tile: [at % bars[0], at / bars[0]], rows };
    all.into_iter().enumerate().map(at).filter(|bar| !bar.rows.is_empty()).collect()
}

/// See [`bars`].
struct Bar<'a, T> {
    tile: [usize; 2],
    /// Rows from the first of the bar on, y fastest: 2 tiles high and deep, but for the ends of the grid.
    rows: Vec<&'a mut [T]>,
}

/// Spreads weighted points over a grid of `nodes`, x fastest, adding to what it holds.
///
/// # Errors
/// [`Error::Interrupted`](crate::error::Error::Interrupted).
pub(super) fn spread(
    arranged: &Arranged,
    window: &Window,
    nodes: [usize; 3],
    grid: &mut [f64],
    progress: &dyn Progress,
) -> Result<()> {
    let (patches, rooms) = (Spare::new(), Spare::new());
    let patch_of = |tile: [usize; 3], chunks: Range<usize>| {
        let mut room: Room = rooms.take(Default::default);
        let mut patch = patches.take(|| Patch::new(window, nodes));
        patch.values.fill(0.0);
        let items = arranged.of_tile(tile, chunks, window, &mut room);
        let place = Place { window, first: tile.map(|tile| tile * TILE), shape: patch.shape };
        let values = &mut patch.values;
        if window.taps <= LANES {
            dispatch(Spread::<1> { place, items, values });
        } else {
            dispatch(Spread::<2> { place, items, values });
        }
        rooms.give(room);
        patch
    };
    for phase in [[0, 0], [1, 0], [0, 1], [1, 1]] {
        let bars = bars(grid.chunks_exact_mut(nodes[0]), nodes, phase);
        bars.into_par_iter().with_max_len(1).try_for_each(|mut bar| {
            for i in 0..arranged.tiles()[0] {
                progress.check()?;
                let tile = [i, bar.tile[0], bar.tile[1]];
                // Where points crowd, others help; patches are added in the order of the pieces.
                let of_pieces =
                    arranged.pieces(tile).into_par_iter().with_max_len(1).map(|piece| patch_of(tile, piece));
                for patch in of_pieces.collect::<Vec<_>>() {
                    bar.add(i, nodes, &patch);
                    patches.give(patch);
                }
            }
            progress.advance(1);
            Ok(())
        })?;
    }
    Ok(())
}

/// The number of steps by which [`spread`] and [`gather`] advance the progress.
pub(super) fn steps(nodes: [usize; 3]) -> u64 {
    (nodes[1].div_ceil(TILE) * nodes[2].div_ceil(TILE)) as u64
}

impl Bar<'_, f64> {
    fn add(&mut self, i: usize, nodes: [usize; 3], patch: &Patch) {
        let [row, rows, _] = patch.shape;
        let height = (nodes[1] - self.tile[0] * TILE).min(2 * TILE);
        for (at, sums) in patch.values.chunks_exact(row).enumerate() {
            let [j, k] = [at % rows, at / rows];
            // Rows beyond the end of the grid are reached by no point.
            if j < height
                && let Some(to) = self.rows.get_mut(j + height * k)
            {
                to[i * TILE..].iter_mut().zip(sums).for_each(|(to, sum)| *to += sum);
            }
        }
    }
}

/// The values of a grid of `nodes` at the arranged places, each with the number that its item carries in the bits of its
/// weight. The grid is to be one that was divided by the window's transform.
///
/// # Errors
/// [`Error::Interrupted`](crate::error::Error::Interrupted).
pub(super) fn gather(
    arranged: &Arranged,
    grid: &[f64],
    window: &Window,
    nodes: [usize; 3],
    progress: &dyn Progress,
) -> Result<Vec<Vec<(u64, f64)>>> {
    let [nx, ny, nz] = nodes;
    let tiles = arranged.tiles();
    let (patches, rooms) = (Spare::new(), Spare::new());
    let of_piece = |tile: [usize; 3], chunks: Range<usize>| -> Vec<(u64, f64)> {
        let (mut room, mut sums): (Room, Vec<f64>) = rooms.take(Default::default);
        let mut patch = patches.take(|| Patch::new(window, nodes));
        let first = tile.map(|tile| tile * TILE);
        let [row, rows_across, _] = patch.shape;
        for (at, to) in patch.values.chunks_exact_mut(row).enumerate() {
            let [j, k] = [first[1] + at % rows_across, first[2] + at / rows_across];
            if j < ny && k < nz {
                let from = &grid[nx * (j + ny * k)..][first[0]..nx];
                to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            }
        }
        let items = arranged.of_tile(tile, chunks, window, &mut room);
        sums.clear();
        let (place, values) = (Place { window, first, shape: patch.shape }, &patch.values);
        if window.taps <= LANES {
            dispatch(Gather::<1> { place, items, values, sums: &mut sums });
        } else {
            dispatch(Gather::<2> { place, items, values, sums: &mut sums });
        }
        let found = items.iter().zip(&sums).map(|(item, sum)| (item[3].to_bits(), *sum)).collect();
        patches.give(patch);
        rooms.give((room, sums));
        found
    };
    let bar = |at: usize| -> Result<Vec<Vec<(u64, f64)>>> {
        let mut found = Vec::new();
        for i in 0..tiles[0] {
            progress.check()?;
            let tile = [i, at % tiles[1], at / tiles[1]];
            let of_pieces = arranged.pieces(tile).into_par_iter().with_max_len(1).map(|piece| of_piece(tile, piece));
            found.extend(of_pieces.collect::<Vec<_>>());
        }
        progress.advance(1);
        Ok(found)
    };
    let parts: Vec<_> = (0..tiles[1] * tiles[2]).into_par_iter().with_max_len(1).map(bar).collect::<Result<_>>()?;
    Ok(parts.into_iter().flatten().collect())
}

const _: () = assert!(MOST_TAPS <= TILE);
