// From waves, which a kernel damps, to the nodes of some layers, along one axis: along x two rows at a time, which are
// the parts of a complex one. Waves too short for the nodes fall on longer ones, as they do on the nodes.

#import common/fourier.wgsl

override AXIS: u32 = 2u;

struct Inverse {
    // The nodes wanted, of those of a period.
    wanted: vec3<u32>,
    // Numbers from row to row of the result, which is even.
    stride: u32,
    // The last wave along each axis that the kernel leaves, and that there is.
    most: vec3<u32>,
    // The first layer.
    first: u32,
    kept: vec3<u32>,
    layers: u32,
    // The kernel's transform is 2 to the power of a square form of the waves' numbers: its squares and its products yz, xz, xy.
    squares: vec3<f32>,
    scale: f32,
    products: vec3<f32>,
    pad0: u32,
}

@group(0) @binding(2) var<uniform> inverse: Inverse;
@group(0) @binding(3) var<storage, read> source: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> result: array<vec2<f32>>;
// The largest value, as the bits of a number that is not below 0.
@group(0) @binding(5) var<storage, read_write> largest: atomic<u32>;

var<workgroup> of_group: atomic<u32>;

fn rows() -> u32 {
    return (inverse.wanted.y + 1u) / 2u;
}

// The wave of z on a line of one x and one y.
fn damped(line: u32, wave: i32) -> vec2<f32> {
    let of_y = 2u * inverse.most.y + 1u;
    let x = line / of_y;
    let y = wave_at(line % of_y, inverse.most.y);
    let k = vec3<f32>(f32(x), f32(y), f32(wave));
    let power = dot(inverse.squares, k * k) + dot(inverse.products, k.yxx * k.zzy);
    let row = x * (2u * inverse.kept.y + 1u) + place_of(y, inverse.kept.y);
    let at = row * (2u * inverse.kept.z + 1u) + place_of(wave, inverse.kept.z);
    return inverse.scale * exp2(power) * source[at];
}

// The wave of x on a line of two rows, whose waves below 0 are the conjugates of those above.
fn of_rows(line: u32, wave: i32) -> vec2<f32> {
    let of_x = inverse.most.x + 1u;
    let y = 2u * (line % rows());
    let at = ((line / rows()) * inverse.wanted.y + y) * of_x + u32(abs(wave));
    let sign = vec2<f32>(1.0, f32(i32(wave > 0) - i32(wave < 0)));
    let even = sign * source[at];
    if y + 1u == inverse.wanted.y {
        return even;
    }
    let odd = sign * source[at + of_x];
    return vec2<f32>(even.x - odd.y, even.y + odd.x);
}

fn wave(line: u32, number: i32) -> vec2<f32> {
    if AXIS == 2u {
        return damped(line, number);
    } else if AXIS == 1u {
        return source[line * (2u * inverse.most.y + 1u) + place_of(number, inverse.most.y)];
    }
    return of_rows(line, number);
}

// All waves that fall on one place.
fn load(line: u32, at: u32) -> vec2<f32> {
    let most = i32(inverse.most[AXIS]);
    let size = i32(fourier.size);
    var sum = vec2<f32>(0.0);
    for (var number = i32(at); number <= most; number += size) {
        sum += wave(line, number);
    }
    for (var number = i32(at) - size; number >= -most; number -= size) {
        sum += wave(line, number);
    }
    return sum;
}

// The nodes of z, of each of which all waves of x and y stand together, those of y fastest.
fn store_z(thread: u32, line: u32, begin: u32) {
    let of_x = inverse.most.x + 1u;
    let of_y = 2u * inverse.most.y + 1u;
    for (var z = thread; z < inverse.layers; z += THREADS) {
        result[(z * of_x + line / of_y) * of_y + line % of_y] = numbers[begin + inverse.first + z];
    }
}

// The nodes of y and z, of each of which all waves of x stand together.
fn store_y(thread: u32, line: u32, begin: u32) {
    let of_x = inverse.most.x + 1u;
    for (var y = thread; y < inverse.wanted.y; y += THREADS) {
        result[((line / of_x) * inverse.wanted.y + y) * of_x + line % of_x] = numbers[begin + y];
    }
}

// All nodes; none is below 0. Gives the largest.
fn store_x(thread: u32, line: u32, begin: u32) -> f32 {
    let y = 2u * (line % rows());
    let pairs = inverse.stride / 2u;
    let to = ((line / rows()) * inverse.wanted.y + y) * pairs;
    var most = 0.0;
    for (var pair = thread; pair < pairs; pair += THREADS) {
        let x = 2u * pair;
        let is_node = vec2<bool>(x < inverse.wanted.x, x + 1u < inverse.wanted.x);
        let left = numbers[begin + select(0u, x, is_node.x)];
        let right = numbers[begin + select(0u, x + 1u, is_node.y)];
        let even = select(vec2<f32>(0.0), max(vec2<f32>(left.x, right.x), vec2<f32>(0.0)), is_node);
        let odd = select(vec2<f32>(0.0), max(vec2<f32>(left.y, right.y), vec2<f32>(0.0)), is_node);
        result[to + pair] = even;
        most = max(most, max(even.x, even.y));
        if y + 1u < inverse.wanted.y {
            result[to + pairs + pair] = odd;
            most = max(most, max(odd.x, odd.y));
        }
    }
    return most;
}

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) thread: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let line = group.y * groups.x + group.x;
    let is_line = line < fourier.lines;
    if thread == 0u {
        atomicStore(&of_group, 0u);
    }
    if is_line {
        for (var at = thread; at < fourier.size; at += THREADS) {
            numbers[at] = load(line, at);
        }
    }
    let begin = transform(thread);
    if is_line {
        if AXIS == 2u {
            store_z(thread, line, begin);
        } else if AXIS == 1u {
            store_y(thread, line, begin);
        } else {
            atomicMax(&of_group, bitcast<u32>(store_x(thread, line, begin)));
        }
    }
    workgroupBarrier();
    if AXIS == 0u && thread == 0u {
        atomicMax(&largest, atomicLoad(&of_group));
    }
}
