// For each square of pixels what a point has to exceed to be seen in any of them: the least of what its slots hold.

#import common/frame.wgsl
#import common/glyph.wgsl

// Words a slot, of which the last is what slots are compared by.
override WORDS: u32 = 1u;

@group(2) @binding(2) var<storage, read> slots: array<u32>;
@group(2) @binding(3) var<storage, read_write> tiles: array<u32>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) tile: vec3<u32>) {
    let columns = frame.last_column - frame.first_column;
    let rows = frame.last_row - glyphs.first_slot_row;
    let first = tile.xy * SIDE_OF_TILE;
    if first.x >= columns || first.y >= rows {
        return;
    }
    let last = min(first + SIDE_OF_TILE, vec2<u32>(columns, rows));
    var least = 0xffffffffu;
    for (var y = first.y; y < last.y; y++) {
        let row = (y * columns + first.x) * GLYPH_SAMPLES;
        for (var i = row; i < row + (last.x - first.x) * GLYPH_SAMPLES; i++) {
            least = min(least, slots[WORDS * i + WORDS - 1u]);
        }
    }
    tiles[tile.y * tiles_a_row() + tile.x] = least;
}
