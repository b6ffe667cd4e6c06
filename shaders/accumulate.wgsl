// Adds a picture's light to what earlier ones have brought; the last of them leaves the mean.

struct Turn {
    // 0 for the first.
    number: u32,
    // How many there are.
    pictures: u32,
}

@group(0) @binding(0) var light: texture_2d<f32>;
@group(0) @binding(1) var<storage, read_write> sum: array<vec4<f32>>;
@group(0) @binding(2) var mean: texture_storage_2d<rgba32float, write>;
@group(0) @binding(3) var<uniform> turn: Turn;

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) pixel: vec3<u32>) {
    let size = textureDimensions(light);
    if any(pixel.xy >= size) {
        return;
    }
    let place = pixel.y * size.x + pixel.x;
    var all = textureLoad(light, vec2<i32>(pixel.xy), 0);
    if turn.number > 0u {
        all += sum[place];
    }
    if turn.number + 1u < turn.pictures {
        sum[place] = all;
    } else {
        textureStore(mean, pixel.xy, all / f32(turn.pictures));
    }
}
