//! Points in the order of the tiles of nodes that they reach.

use rayon::prelude::*;

use crate::kde::spectral::window::Window;

/// Nodes along an edge of a tile.
pub(super) const TILE: usize = 16;
/// Points sorted at a time; fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 1 << 16;
/// Cells along an edge of a tile: points of one cell reach nodes that the first-level cache holds.
const CELLS: usize = 4;
/// With fewer points in a tile, their order does not matter.
const FEW: usize = 64;

/// A point in nodes along x, y, z, and what it carries: its weight or its number.
pub(super) type Item = [f64; 4];

/// Points by tile.
pub(super) struct Arranged {
    chunks: Vec<Chunk>,
    tiles: [usize; 3],
}

struct Chunk {
    items: Vec<Item>,
    /// Where the items of each tile begin, and where the last ones end.
    starts: Vec<u32>,
}

/// The tile along one axis in which the nodes that a point at `t` reaches begin; 0 along an axis of one node.
#[inline]
fn tile(window: &Window, t: f64) -> usize {
    window.first(t).0 / TILE
}

impl Arranged {
    /// The points that `item` gives for `0..count`, on a grid of the given numbers of nodes.
    pub(super) fn new(
        count: usize,
        item: impl Fn(usize) -> Option<Item> + Sync,
        nodes: [usize; 3],
        window: &Window,
    ) -> Self {
        let tiles = nodes.map(|n| n.div_ceil(TILE));
        let tile_of = |t: &Item| tile(window, t[0]) + tiles[0] * (tile(window, t[1]) + tiles[1] * tile(window, t[2]));
        let all = tiles.iter().product();
        let chunk = |(items, keys): &mut (Vec<Item>, Vec<u32>), at: usize| {
            items.clear();
            items.extend((at * CHUNK..((at + 1) * CHUNK).min(count)).filter_map(&item));
            keys.clear();
            keys.extend(items.iter().map(|t| tile_of(t) as u32));
            let (items, starts) = sorted(items, keys, all);
            Chunk { items, starts }
        };
        let chunks = (0..count.div_ceil(CHUNK)).into_par_iter().map_init(Default::default, chunk).collect();
        Self { chunks, tiles }
    }

    /// Numbers of tiles along x, y, z.
    pub(super) fn tiles(&self) -> [usize; 3] {
        self.tiles
    }

    /// Puts the items of a tile into `to`, those of one cell together.
    pub(super) fn of_tile(&self, tile: [usize; 3], window: &Window, to: &mut Vec<Item>) {
        let at = tile[0] + self.tiles[0] * (tile[1] + self.tiles[1] * tile[2]);
        to.clear();
        for chunk in &self.chunks {
            to.extend_from_slice(&chunk.items[chunk.starts[at] as usize..chunk.starts[at + 1] as usize]);
        }
        if to.len() > FEW {
            let cell = |t: f64| window.first(t).0 % TILE * CELLS / TILE;
            let key = |t: &Item| (cell(t[0]) + CELLS * (cell(t[1]) + CELLS * cell(t[2]))) as u32;
            let keys: Vec<u32> = to.iter().map(key).collect();
            *to = sorted(to, &keys, CELLS * CELLS * CELLS).0;
        }
    }
}

/// `items` in the order of their keys below `count` (and of their own among equals), and where each key begins.
fn sorted(items: &[Item], keys: &[u32], count: usize) -> (Vec<Item>, Vec<u32>) {
    let mut starts = vec![0u32; count + 1];
    keys.iter().for_each(|key| starts[*key as usize + 1] += 1);
    for at in 0..count {
        starts[at + 1] += starts[at];
    }
    let mut next = starts.clone();
    let mut to = vec![[0.0; 4]; items.len()];
    for (item, key) in items.iter().zip(keys) {
        let place = &mut next[*key as usize];
        to[*place as usize] = *item;
        *place += 1;
    }
    (to, starts)
}
