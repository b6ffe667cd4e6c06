// Points laid over the nodes around them by a window: a workgroup gathers for the nodes of one block what some of the
// points bring that reach it, so that no two write to one place.

#import common/blocks.wgsl

// Coefficients of a power, with zeros before and behind those of the taps.
const ROW: u32 = 24u;
const ZEROS: u32 = 8u;
// Points taken at a time.
const BATCH: u32 = 64u;
// Places of the points are in 2^-24 of a node.
const BITS: u32 = 24u;

struct Spread {
    // Groups of points of this run.
    groups: u32,
    degree: u32,
    pad0: u32,
    pad1: u32,
}

// Points that one workgroup takes: runs from each of the 8 cells whose points reach the block, which are that of its own
// place and those before it along x (1), y (2), z (4).
struct Group {
    firsts: array<u32, 8>,
    counts: array<u32, 8>,
}

@group(0) @binding(0) var<uniform> spread: Spread;
// Place within the cell along x, y, z, and weight.
@group(0) @binding(1) var<storage, read> points: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> groups: array<Group>;
// The window at its taps, by powers of a place between nodes, the highest first.
@group(0) @binding(3) var<storage, read> window: array<f32>;
// For each group the nodes of a block, z fastest, then x.
@group(0) @binding(4) var<storage, read_write> sums: array<vec4<f32>>;

var<workgroup> along_x: array<vec4<f32>, 128>;
var<workgroup> along_y: array<vec4<f32>, 128>;
var<workgroup> along_z: array<vec4<f32>, 128>;

// The window at four nodes of a block, for a point in its own cell (0) or in the one before (1).
fn taps(place: u32, before: u32, four: u32) -> vec4<f32> {
    let between = 1.0 - 2.0 * f32(place & ((1u << BITS) - 1u)) * exp2(-f32(BITS));
    let first = ZEROS + 4u * four + BLOCK * before - (place >> BITS);
    var sum = vec4<f32>(0.0);
    for (var power = 0u; power <= spread.degree; power++) {
        let at = power * ROW + first;
        sum = sum * between + vec4<f32>(window[at], window[at + 1u], window[at + 2u], window[at + 3u]);
    }
    return sum;
}

// Puts what a point brings along each axis where all can see it.
fn lay(thread: u32, cell: u32, place: u32) {
    let point = points[place];
    let weight = bitcast<f32>(point.w);
    for (var four = 0u; four < 2u; four++) {
        along_x[2u * thread + four] = weight * taps(point.x, cell & 1u, four);
        along_y[2u * thread + four] = taps(point.y, (cell >> 1u) & 1u, four);
        along_z[2u * thread + four] = taps(point.z, cell >> 2u, four);
    }
}

@compute @workgroup_size(8, 8)
fn main(
    @builtin(local_invocation_id) column: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) all: vec3<u32>,
) {
    let own = group.y * all.x + group.x;
    let is_group = own < spread.groups;
    let at = select(0u, own, is_group);
    var total = 0u;
    for (var cell = 0u; cell < 8u; cell++) {
        total += groups[at].counts[cell];
    }
    var low = vec4<f32>(0.0);
    var high = vec4<f32>(0.0);
    for (var done = 0u; done < total; done += BATCH) {
        var rest = done + thread;
        for (var cell = 0u; cell < 8u; cell++) {
            let count = groups[at].counts[cell];
            if rest < count {
                lay(thread, cell, groups[at].firsts[cell] + rest);
                break;
            }
            rest -= count;
        }
        workgroupBarrier();
        // Sums of a batch are summed apart, so that rounding grows with their number and not with that of points.
        var low_of_batch = vec4<f32>(0.0);
        var high_of_batch = vec4<f32>(0.0);
        for (var p = 0u; p < min(BATCH, total - done); p++) {
            let x = along_x[2u * p + column.x / 4u][column.x % 4u];
            let xy = x * along_y[2u * p + column.y / 4u][column.y % 4u];
            low_of_batch += xy * along_z[2u * p];
            high_of_batch += xy * along_z[2u * p + 1u];
        }
        low += low_of_batch;
        high += high_of_batch;
        workgroupBarrier();
    }
    if is_group {
        sums[2u * (own * 64u + thread)] = low;
        sums[2u * (own * 64u + thread) + 1u] = high;
    }
}
