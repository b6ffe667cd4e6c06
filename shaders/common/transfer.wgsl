// The lookup table: colour and extinction per reference length over equal parts of the limits. A column
// is a part, its first row what the part begins with and its second what it ends with: a part has ends of
// its own, so that steps stay sharp.

@group(1) @binding(3) var table: texture_2d<f32>;

fn transfer(t: f32) -> vec4<f32> {
    var parts = i32(textureDimensions(table).x);
    var row = 0;
#if SEVERAL
    parts = i32(volume.own[spoken_of].parts);
    row = 2 * i32(spoken_of);
#end
    let x = t * f32(parts);
    let part = min(i32(x), parts - 1);
    let begin = textureLoad(table, vec2<i32>(part, row), 0);
    return mix(begin, textureLoad(table, vec2<i32>(part, row + 1), 0), x - f32(part));
}

// Integrals of extinction times colour, and of extinction, from 0 to the ends of the parts.
@group(1) @binding(5) var<storage, read> integrals: array<vec4<f32>>;

// The mean over a step on which the position runs from one place to another: extinction, and the colour as it is
// emitted. Right however narrow a peak of the function lies in between.
fn mean_transfer(a: f32, b: f32) -> vec4<f32> {
    let parts = f32(arrayLength(&integrals) - 1u);
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

fn integral_to(t: f32) -> vec4<f32> {
    let x = t * f32(arrayLength(&integrals) - 1u);
    let part = min(u32(x), arrayLength(&integrals) - 2u);
    return mix(integrals[part], integrals[part + 1u], x - f32(part));
}
