// From a grid of sums to its waves, along one axis: along x two rows at a time, which are the parts of a complex one.

#import common/fourier.wgsl

override AXIS: u32 = 0u;

struct Forward {
    nodes: vec3<u32>,
    pad0: u32,
    // The last wave that is kept along each axis.
    most: vec3<u32>,
    pad1: u32,
}

@group(0) @binding(2) var<uniform> forward: Forward;
@group(0) @binding(3) var<storage, read> source: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> result: array<vec2<f32>>;
// Phases divided by the window's transform: of the waves of x, of y, of z.
@group(0) @binding(5) var<storage, read> corrections: array<vec2<f32>>;

// A node of the grid, of which two stand in a vector.
fn node(at: u32) -> f32 {
    return source[at / 2u][at % 2u];
}

fn load(line: u32, at: u32) -> vec2<f32> {
    if AXIS > 0u {
        return source[line * fourier.size + at];
    }
    let first = 2u * line * forward.nodes.x + at;
    return vec2<f32>(node(first), node(first + forward.nodes.x));
}

// The waves of x, the nodes of y fastest.
fn store_x(thread: u32, line: u32, begin: u32) {
    let count = forward.most.x + 1u;
    let rows = forward.nodes.y / 2u;
    for (var k = thread; k < count; k += THREADS) {
        let a = numbers[begin + k];
        let b = numbers[begin + select(forward.nodes.x - k, 0u, k == 0u)];
        let to = ((line / rows) * count + k) * forward.nodes.y + 2u * (line % rows);
        result[to] = 0.5 * vec2<f32>(a.x + b.x, a.y - b.y);
        result[to + 1u] = 0.5 * vec2<f32>(a.y + b.y, b.x - a.x);
    }
}

// The waves of x and y, the nodes of z fastest.
fn store_y(thread: u32, line: u32, begin: u32) {
    let count = 2u * forward.most.y + 1u;
    let of_x = forward.most.x + 1u;
    for (var k = thread; k < count; k += THREADS) {
        let at = u32((wave_at(k, forward.most.y) + i32(fourier.size)) % i32(fourier.size));
        let to = ((line % of_x) * count + k) * forward.nodes.z + line / of_x;
        result[to] = numbers[begin + at];
    }
}

// All waves, those of z fastest.
fn store_z(thread: u32, line: u32, begin: u32) {
    let count = 2u * forward.most.z + 1u;
    let of_y = 2u * forward.most.y + 1u;
    let of_x = forward.most.x + 1u;
    let xy = times(corrections[line / of_y], corrections[of_x + line % of_y]);
    for (var k = thread; k < count; k += THREADS) {
        let at = u32((wave_at(k, forward.most.z) + i32(fourier.size)) % i32(fourier.size));
        result[line * count + k] = times(numbers[begin + at], times(xy, corrections[of_x + of_y + k]));
    }
}

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) thread: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let line = group.y * groups.x + group.x;
    let is_line = line < fourier.lines;
    if is_line {
        for (var at = thread; at < fourier.size; at += THREADS) {
            numbers[at] = load(line, at);
        }
    }
    let begin = transform(thread);
    if is_line {
        if AXIS == 0u {
            store_x(thread, line, begin);
        } else if AXIS == 1u {
            store_y(thread, line, begin);
        } else {
            store_z(thread, line, begin);
        }
    }
}
