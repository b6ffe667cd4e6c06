// The lookup table: colour and extinction per reference length over equal parts of the limits. A column
// is a part, its first row what the part begins with and its second what it ends with: a part has ends of
// its own, so that steps stay sharp.

@group(1) @binding(3) var table: texture_2d<f32>;

fn transfer(t: f32) -> vec4<f32> {
    let parts = i32(textureDimensions(table).x);
    let x = t * f32(parts);
    let part = min(i32(x), parts - 1);
    let begin = textureLoad(table, vec2<i32>(part, 0), 0);
    return mix(begin, textureLoad(table, vec2<i32>(part, 1), 0), x - f32(part));
}
