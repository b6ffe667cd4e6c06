// How many steps a sample may stand for in each cell, from the range of its values.

#import common/cells.wgsl
#import common/volume.wgsl

@group(2) @binding(0) var ranges: texture_3d<f32>;
// By the bins that a cell's largest (x) and least (y) position in the limits lie in.
@group(2) @binding(1) var rules: texture_2d<u32>;
@group(2) @binding(2) var steps: texture_storage_3d<r32uint, write>;

@compute @workgroup_size(4, 4, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if any(id >= textureDimensions(steps)) {
        return;
    }
    let range = textureLoad(ranges, vec3<i32>(id), 0);
    let bins = i32(textureDimensions(rules).x);
    let low = min(i32(position_in_limits(range.r) * f32(bins)), bins - 1);
    let high = min(i32(position_in_limits(range.g) * f32(bins)), bins - 1);
    textureStore(steps, vec3<i32>(id), textureLoad(rules, vec2<i32>(high, low), 0));
}
