// Lays the marched light over what is behind it. The target is not sRGB: colours are display values.

// Whether the light has fewer pixels than the picture.
override STRETCHED: bool = false;

struct Place {
    // The pixel of the light that the target's first one shows; where it is stretched, that of the picture.
    first: vec2<u32>,
    // The size of the picture, where light is stretched.
    picture: vec2<u32>,
}

@group(2) @binding(0) var light: texture_2d<f32>;
@group(2) @binding(1) var behind: texture_2d<f32>;
@group(2) @binding(2) var<uniform> place: Place;

@vertex
fn corner(@builtin(vertex_index) i: u32) -> @builtin(position) vec4<f32> {
    let uv = vec2<f32>(f32((i << 1u) & 2u), f32(i & 2u));
    return vec4<f32>(uv * 2.0 - 1.0, 0.0, 1.0);
}

// Light at a place of the picture, as high as it and about its middle, between the four nearest pixels.
fn stretched(at: vec2<f32>) -> vec4<f32> {
    let size = vec2<i32>(textureDimensions(light));
    let scale = f32(size.y) / f32(place.picture.y);
    let p = (at - 0.5 * vec2<f32>(place.picture)) * scale + 0.5 * vec2<f32>(size) - 0.5;
    let first = vec2<i32>(floor(p));
    let share = p - floor(p);
    let low = clamp(first, vec2<i32>(0), size - 1);
    let high = clamp(first + 1, vec2<i32>(0), size - 1);
    let upper = mix(textureLoad(light, low, 0), textureLoad(light, vec2<i32>(high.x, low.y), 0), share.x);
    let lower = mix(textureLoad(light, vec2<i32>(low.x, high.y), 0), textureLoad(light, high, 0), share.x);
    return mix(upper, lower, share.y);
}

@fragment
fn present(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let pixel = vec2<i32>(position.xy);
    var front: vec4<f32>;
    if STRETCHED {
        front = stretched(position.xy + vec2<f32>(place.first));
    } else {
        front = textureLoad(light, pixel + vec2<i32>(place.first), 0);
    }
    return front + (1.0 - front.a) * textureLoad(behind, pixel, 0);
}
