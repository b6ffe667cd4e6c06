// What the groups of points bring to each block, added to the grid.

#import common/blocks.wgsl

struct Gather {
    nodes: vec3<u32>,
    // The first group of this run.
    first: u32,
    blocks: vec3<u32>,
    groups: u32,
}

@group(0) @binding(0) var<uniform> gather: Gather;
// The group with which each block begins, and that behind the last.
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read> sums: array<f32>;
@group(0) @binding(3) var<storage, read_write> grid: array<f32>;

@compute @workgroup_size(8, 8)
fn main(
    @builtin(local_invocation_id) column: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) all: vec3<u32>,
) {
    let block = group.y * all.x + group.x;
    if block >= gather.blocks.x * gather.blocks.y * gather.blocks.z {
        return;
    }
    let last = gather.first + gather.groups;
    let begin = clamp(starts[block], gather.first, last);
    let end = clamp(starts[block + 1u], gather.first, last);
    let corner = BLOCK * vec3<u32>(
        block % gather.blocks.x,
        block / gather.blocks.x % gather.blocks.y,
        block / (gather.blocks.x * gather.blocks.y),
    );
    for (var z = 0u; z < BLOCK; z++) {
        let node = corner + vec3<u32>(column.xy, z);
        if begin < end && all_below(node) {
            var sum = 0.0;
            for (var at = begin; at < end; at++) {
                sum += sums[((at - gather.first) * 64u + thread) * BLOCK + z];
            }
            grid[(node.z * gather.nodes.y + node.y) * gather.nodes.x + node.x] += sum;
        }
    }
}

fn all_below(node: vec3<u32>) -> bool {
    return node.x < gather.nodes.x && node.y < gather.nodes.y && node.z < gather.nodes.z;
}
