// The discrete Fourier transform of a line of numbers in the memory of a workgroup, by Stockham's method, which leaves
// them in order (Govindaraju et al. 2008, "High performance discrete Fourier transforms on graphics processors").

const THREADS: u32 = 64u;
const MOST_RADIX: u32 = 7u;

// Numbers of two lines at most: the one that there is, and room for the next.
override PLACES: u32 = 2048u;

struct Fourier {
    // Numbers of a line, the product of the radices.
    size: u32,
    radices: u32,
    // -1 from values to waves, 1 back.
    sign: f32,
    // Lines to be transformed.
    lines: u32,
    // Four a vector.
    radix: array<vec4<u32>, 4>,
}

@group(0) @binding(0) var<uniform> fourier: Fourier;
// exp(2 pi i k / size).
@group(0) @binding(1) var<storage, read> roots: array<vec2<f32>>;

var<workgroup> numbers: array<vec2<f32>, PLACES>;

fn times(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

// exp(sign 2 pi i k / size).
fn root(k: u32) -> vec2<f32> {
    let turned = roots[k];
    return vec2<f32>(turned.x, fourier.sign * turned.y);
}

// a i, in the direction of the transform.
fn quarter(a: vec2<f32>) -> vec2<f32> {
    return fourier.sign * vec2<f32>(-a.y, a.x);
}

// One step, from lines of `done` numbers that are transformed to lines `radix` times as long.
fn step(thread: u32, radix: u32, done: u32, source: u32, onto: u32) {
    let apart = fourier.size / radix;
    let turn = apart / done;
    for (var t = thread; t < apart; t += THREADS) {
        let below = t % done;
        let first = onto + (t - below) * radix + below;
        if radix == 4u {
            let a = numbers[source + t];
            let b = times(numbers[source + t + apart], root(below * turn));
            let c = times(numbers[source + t + 2u * apart], root(2u * below * turn));
            let d = times(numbers[source + t + 3u * apart], root(3u * below * turn));
            let even = a + c;
            let odd = b + d;
            let across = quarter(b - d);
            numbers[first] = even + odd;
            numbers[first + done] = a - c + across;
            numbers[first + 2u * done] = even - odd;
            numbers[first + 3u * done] = a - c - across;
        } else {
            var values: array<vec2<f32>, MOST_RADIX>;
            for (var q = 0u; q < radix; q++) {
                values[q] = times(numbers[source + t + q * apart], root(q * below * turn));
            }
            for (var p = 0u; p < radix; p++) {
                var sum = values[0];
                for (var q = 1u; q < radix; q++) {
                    sum += times(values[q], root(p * q % radix * apart));
                }
                numbers[first + p * done] = sum;
            }
        }
    }
}

// Transforms the numbers from 0 on, and tells where the result begins.
fn transform(thread: u32) -> u32 {
    var source = 0u;
    var onto = PLACES / 2u;
    var done = 1u;
    for (var at = 0u; at < fourier.radices; at++) {
        workgroupBarrier();
        let radix = fourier.radix[at / 4u][at % 4u];
        step(thread, radix, done, source, onto);
        done *= radix;
        let next = source;
        source = onto;
        onto = next;
    }
    workgroupBarrier();
    return source;
}

// The number of the wave at a place among `0, 1, .., most, -most, .., -1`.
fn wave_at(place: u32, most: u32) -> i32 {
    return select(i32(place) - i32(2u * most + 1u), i32(place), place <= most);
}

// The place of a wave among them.
fn place_of(wave: i32, most: u32) -> u32 {
    return u32(select(wave + i32(2u * most + 1u), wave, wave >= 0));
}
