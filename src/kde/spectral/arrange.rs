//! Points in the order of the tiles of nodes that they reach.

use std::ops::Range;

use rayon::prelude::*;

use crate::kde::spectral::window::Window;
use crate::memory::{Spare, zeros};

/// Nodes along an edge of a tile.
pub(super) const TILE: usize = 16;
/// Points sorted at a time; fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 1 << 16;
/// Cells along an edge of a tile: points of one cell reach nodes that the first-level cache holds.
const CELLS: usize = 4;
/// Points of a tile that make a task.
const PIECE: usize = 1 << 13;
/// With fewer points in a tile, their order does not matter.
const FEW: usize = 64;

/// A point in nodes along x, y, z, and what it carries: its weight or its number.
pub(super) type Item = [f64; 4];

/// Points by tile.
pub(super) struct Arranged {
    /// Those of each chunk from its own place on, in the order of their tiles.
    items: Vec<Item>,
    /// Of each chunk, where the items of each tile begin, and where the last ones end.
    starts: Vec<Vec<u32>>,
    tiles: [usize; 3],
}

/// The bytes of [`Arranged::starts`].
pub(super) fn bytes_of_starts(points: usize, nodes: [usize; 3]) -> f64 {
    let tiles: f64 = nodes.iter().map(|n| n.div_ceil(TILE) as f64).product();
    points.div_ceil(CHUNK) as f64 * (tiles + 1.0) * size_of::<u32>() as f64
}

/// Working memory to sort in.
#[derive(Default)]
pub(super) struct Room {
    items: Vec<Item>,
    keys: Vec<u32>,
    next: Vec<u32>,
    sorted: Vec<Item>,
}

impl Arranged {
    /// The points that `item` gives for `0..count`, on a grid of the given numbers of nodes.
    pub(super) fn new(
        count: usize,
        item: impl Fn(usize) -> Option<Item> + Sync,
        nodes: [usize; 3],
        window: &Window,
    ) -> Self {
        Self::in_tiles::<TILE>(count, item, nodes, window)
    }

    /// As [`Arranged::new`] by tiles with edges of `EDGE` nodes, of which [`Arranged::of_tile`] knows nothing.
    pub(super) fn in_tiles<const EDGE: usize>(
        count: usize,
        item: impl Fn(usize) -> Option<Item> + Sync,
        nodes: [usize; 3],
        window: &Window,
    ) -> Self {
        let tiles = nodes.map(|n| n.div_ceil(EDGE));
        // The tile along one axis in which the nodes that a point reaches begin; 0 along an axis of one node.
        let tile = |t: f64| window.first(t).0 / EDGE;
        let tile_of = |t: &Item| tile(t[0]) + tiles[0] * (tile(t[1]) + tiles[1] * tile(t[2]));
        let all = tiles.iter().product();
        let mut items = zeros::<Item>(count);
        let rooms = Spare::new();
        let arrange = |(at, to): (usize, &mut [Item])| {
            let mut room: Room = rooms.take(Default::default);
            room.items.clear();
            room.items.extend((at * CHUNK..at * CHUNK + to.len()).filter_map(&item));
            let starts = room.sort(all, |t| tile_of(t) as u32, to);
            rooms.give(room);
            starts
        };
        let starts = items.par_chunks_mut(CHUNK).enumerate().with_max_len(1).map(arrange).collect();
        Self { items, starts, tiles }
    }

    /// Numbers of tiles along x, y, z.
    pub(super) fn tiles(&self) -> [usize; 3] {
        self.tiles
    }

    /// The memory of the points, for other use.
    pub(super) fn into_room(self) -> Vec<Item> {
        self.items
    }

    fn number(&self, tile: [usize; 3]) -> usize {
        tile[0] + self.tiles[0] * (tile[1] + self.tiles[1] * tile[2])
    }

    /// The items of the tiles with these numbers, tile by tile, in the order of the chunks.
    pub(super) fn of_tiles(&self, tiles: Range<usize>) -> impl Iterator<Item = (usize, &[Item])> {
        let runs = move |at: usize| {
            let run = move |(chunk, starts): (usize, &Vec<u32>)| {
                let [from, to] = [at, at + 1].map(|at| chunk * CHUNK + starts[at] as usize);
                (at, &self.items[from..to])
            };
            self.starts.iter().enumerate().map(run)
        };
        tiles.flat_map(runs)
    }

    /// The number of items of each tile.
    pub(super) fn counts(&self) -> Vec<u32> {
        /// Tiles that are counted beside others.
        const TOGETHER: usize = 1 << 12;
        let mut counts = vec![0; self.tiles.iter().product()];
        counts.par_chunks_mut(TOGETHER).enumerate().for_each(|(n, counts)| {
            for starts in &self.starts {
                let starts = &starts[n * TOGETHER..][..counts.len() + 1];
                counts.iter_mut().zip(starts.windows(2)).for_each(|(count, pair)| *count += pair[1] - pair[0]);
            }
        });
        counts
    }

    /// The chunks in which a tile has points, in runs that have enough of them to be worth a task.
    pub(super) fn pieces(&self, tile: [usize; 3]) -> Vec<Range<usize>> {
        let at = self.number(tile);
        let (mut pieces, mut first, mut sum) = (Vec::new(), 0, 0);
        for (chunk, starts) in self.starts.iter().enumerate() {
            sum += (starts[at + 1] - starts[at]) as usize;
            if sum >= PIECE || sum > 0 && chunk + 1 == self.starts.len() {
                pieces.push(first..chunk + 1);
                (first, sum) = (chunk + 1, 0);
            }
        }
        pieces
    }

    /// The items that a tile has in some chunks, those of one cell together.
    pub(super) fn of_tile<'a>(
        &self,
        tile: [usize; 3],
        chunks: Range<usize>,
        window: &Window,
        room: &'a mut Room,
    ) -> &'a [Item] {
        let at = self.number(tile);
        room.items.clear();
        for chunk in chunks {
            let [from, to] = [at, at + 1].map(|at| chunk * CHUNK + self.starts[chunk][at] as usize);
            room.items.extend_from_slice(&self.items[from..to]);
        }
        if room.items.len() <= FEW {
            return &room.items;
        }
        let cell = |t: f64| window.first(t).0 % TILE * CELLS / TILE;
        let mut sorted = std::mem::take(&mut room.sorted);
        sorted.resize(sorted.len().max(room.items.len()), [0.0; 4]);
        room.sort(CELLS.pow(3), |t| (cell(t[0]) + CELLS * (cell(t[1]) + CELLS * cell(t[2]))) as u32, &mut sorted);
        room.sorted = sorted;
        &room.sorted[..room.items.len()]
    }
}

impl Room {
    /// Puts the items into `to` in the order of their keys below `count` (and of their own among equals), and tells where
    /// each key begins.
    fn sort(&mut self, count: usize, key: impl Fn(&Item) -> u32, to: &mut [Item]) -> Vec<u32> {
        self.keys.clear();
        self.keys.extend(self.items.iter().map(key));
        let mut starts = vec![0u32; count + 1];
        self.keys.iter().for_each(|key| starts[*key as usize + 1] += 1);
        for at in 0..count {
            starts[at + 1] += starts[at];
        }
        self.next.clear();
        self.next.extend_from_slice(&starts);
        for (item, key) in self.items.iter().zip(&self.keys) {
            let place = &mut self.next[*key as usize];
            to[*place as usize] = *item;
            *place += 1;
        }
        starts
    }
}
