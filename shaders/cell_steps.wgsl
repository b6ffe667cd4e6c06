// How many steps a sample may stand for in each cell, from the range of its values; or the largest or smallest of them.

#import common/cells.wgsl
#import common/volume.wgsl

@group(2) @binding(0) var<storage, read> ranges: array<vec2<f32>>;
// By the bins that a cell's largest (x) and least (y) position in the limits lie in.
@group(2) @binding(1) var rules: texture_2d<u32>;
@group(2) @binding(2) var steps: texture_storage_2d<r32uint, write>;

// 1 if the bits of the largest value are wanted in place of steps, -1 if those of the smallest.
override BOUND: f32 = 0.0;

@compute @workgroup_size(4, 4, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let cells = cells_along(vec3<u32>(volume.nodes));
    if any(id >= cells) {
        return;
    }
    let place = place_of_cell(id, cells);
    let range = ranges[place];
    if BOUND != 0.0 {
        let bound = bitcast<u32>(select(range.x, range.y, BOUND > 0.0));
        textureStore(steps, texel_of_cell(place), vec4<u32>(bound));
        return;
    }
    let bins = i32(textureDimensions(rules).x);
    let low = min(i32(position_in_limits(range.x) * f32(bins)), bins - 1);
    let high = min(i32(position_in_limits(range.y) * f32(bins)), bins - 1);
    textureStore(steps, texel_of_cell(place), vec4<u32>(textureLoad(rules, vec2<i32>(high, low), 0).r));
}
