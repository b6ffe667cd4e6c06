// Lays the marched light over what is behind it. The target is not sRGB: colours are display values.

@group(2) @binding(0) var light: texture_2d<f32>;
@group(2) @binding(1) var behind: texture_2d<f32>;
// The pixel of the light that the target's first one shows.
@group(2) @binding(2) var<uniform> first: vec2<u32>;

@vertex
fn corner(@builtin(vertex_index) i: u32) -> @builtin(position) vec4<f32> {
    let uv = vec2<f32>(f32((i << 1u) & 2u), f32(i & 2u));
    return vec4<f32>(uv * 2.0 - 1.0, 0.0, 1.0);
}

@fragment
fn present(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let pixel = vec2<i32>(position.xy);
    let front = textureLoad(light, pixel + vec2<i32>(first), 0);
    return front + (1.0 - front.a) * textureLoad(behind, pixel, 0);
}
