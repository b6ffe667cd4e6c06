// The least and the largest value of each cell, its border nodes included: the trilinear density within
// it lies between them, and so does a spline between the least and the largest of its coefficients.

#import common/cells.wgsl

@group(0) @binding(0) var density: texture_3d<f32>;
@group(0) @binding(1) var<storage, read_write> ranges: array<vec2<f32>>;

// Texels at each end of an axis beyond the nodes, all of which a spline needs around a cell.
override BORDER: i32 = 0;

@compute @workgroup_size(4, 4, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let cell = vec3<i32>(id);
    let nodes = vec3<i32>(textureDimensions(density)) - 2 * BORDER;
    let cells = cells_along(vec3<u32>(nodes));
    if any(id >= cells) {
        return;
    }
    let first = cell * CELL;
    let last = min(first + CELL, nodes - 1) + 2 * BORDER;
    var range = vec2<f32>(textureLoad(density, first, 0).r);
    for (var z = first.z; z <= last.z; z++) {
        for (var y = first.y; y <= last.y; y++) {
            for (var x = first.x; x <= last.x; x++) {
                let value = textureLoad(density, vec3<i32>(x, y, z), 0).r;
                range = vec2<f32>(min(range.x, value), max(range.y, value));
            }
        }
    }
    ranges[place_of_cell(id, cells)] = range;
}
