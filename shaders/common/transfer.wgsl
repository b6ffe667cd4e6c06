// The lookup table: colour and extinction per reference length over equal parts of the limits. A column
// is a part, its first row what the part begins with and its second what it ends with: a part has ends of
// its own, so that steps stay sharp.

@group(1) @binding(3) var table: texture_2d<f32>;

fn parts_of_table() -> u32 {
#if SEVERAL
    return volume.own[spoken_of].parts;
#else
    return textureDimensions(table).x;
#end
}

fn transfer(t: f32) -> vec4<f32> {
    let parts = i32(parts_of_table());
    var row = 0;
#if SEVERAL
    row = 2 * i32(spoken_of);
#end
    let x = t * f32(parts);
    let part = min(i32(x), parts - 1);
    let begin = textureLoad(table, vec2<i32>(part, row), 0);
    return mix(begin, textureLoad(table, vec2<i32>(part, row + 1), 0), x - f32(part));
}

// Integrals of extinction times colour, and of extinction, from 0 to the ends of the parts; of several densities one list after
// the other, each as long as the longest.
@group(1) @binding(5) var<storage, read> integrals: array<vec4<f32>>;

// The mean over a step on which the position runs from one place to another: extinction, and the colour as it is
// emitted. Right however narrow a peak of the function lies in between.
fn mean_transfer(a: f32, b: f32) -> vec4<f32> {
    let parts = f32(parts_of_table());
    let middle = transfer(0.5 * (a + b));
    // Within a part or two the function is as good as linear, and the difference of the integrals is lost in rounding.
    if abs(b - a) * parts < 2.0 {
        return middle;
    }
    let sum = (integral_to(b) - integral_to(a)) / (b - a);
    if sum.a <= 0.0 {
        return vec4<f32>(middle.rgb, 0.0);
    }
    return vec4<f32>(sum.rgb / sum.a, sum.a);
}

// The same of a step in the middle of which the position is known too, as it may turn there.
fn mean_of_halves(begin: f32, middle: f32, end: f32) -> vec4<f32> {
    let a = mean_transfer(begin, middle);
    let b = mean_transfer(middle, end);
    let both = a.a + b.a;
    return vec4<f32>((a.a * a.rgb + b.a * b.rgb) / max(both, 1e-30), 0.5 * both);
}

fn integral_to(t: f32) -> vec4<f32> {
    let parts = parts_of_table();
    let x = t * f32(parts);
    let part = min(u32(x), parts - 1u);
    var first = part;
#if SEVERAL
    first += spoken_of * (textureDimensions(table).x + 1u);
#end
    return mix(integrals[first], integrals[first + 1u], x - f32(part));
}
