// From the number of the triangle that a sample sees to depth and colour.

#import common/frame.wgsl
#import common/glyph.wgsl
#import common/trace.wgsl

override SHADED: bool = true;
// Words a slot, of which the first holds the number.
override WORDS: u32 = 1u;

@group(2) @binding(2) var<storage, read> winner: array<u32>;
@group(2) @binding(3) var<storage, read_write> seen: array<Seen>;
// Nearness is the last word of a slot.
@group(2) @binding(4) var<storage, read> nearest: array<u32>;
// As in `common/slots.wgsl`.
@group(2) @binding(5) var<storage, read_write> before: array<vec2<u32>>;

// Of a colour: what needs no light, what a light above the right shoulder adds, and what one at the eye does; and how
// strong the white highlight is.
const AMBIENT: f32 = 0.25;
const KEY: f32 = 0.4;
const HEAD: f32 = 0.45;
const HIGHLIGHT: f32 = 0.22;
const SHARPNESS: f32 = 36.0;
// Towards the first of them, in camera axes: right, up, backward.
const TOWARDS_KEY: vec3<f32> = vec3<f32>(0.5, 0.70710678, 0.5);

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let pixel = id.xy + vec2<u32>(frame.first_column, frame.first_row);
    if pixel.x >= frame.last_column || pixel.y >= frame.last_row {
        return;
    }
    for (var s = 0u; s < GLYPH_SAMPLES; s++) {
        let slot = slot_of_pixel(pixel) + s;
        let number = winner[WORDS * slot];
        if number > glyphs.earlier && number <= glyphs.earlier + glyphs.count {
            seen[slot] = look_at(triangle_of(number - 1u - glyphs.earlier), vec2<f32>(pixel) + place_of_sample(s));
            if LAYERED {
                before[slot] = ~vec2<u32>(nearest[WORDS * slot + WORDS - 1u], number);
            }
        }
    }
}

fn look_at(triangle: Triangle, place: vec2<f32>) -> Seen {
    let met = meet(triangle, place);
    let ray = ray_at(place);
    let n = triangle.numbers;
    let color = met.weights.x * color_of(n.x) + met.weights.y * color_of(n.y) + met.weights.z * color_of(n.z);
    if !SHADED {
        return seen_solid(met.depth * ray.stretch, color);
    }
    let normal = met.weights.x * normal_of(n.x) + met.weights.y * normal_of(n.y) + met.weights.z * normal_of(n.z);
    return seen_solid(met.depth * ray.stretch, lit_by_lamps(color, normal, -ray.direction));
}

fn color_of(number: u32) -> vec3<f32> {
    return unpack4x8unorm(vertices[number].color).rgb;
}

fn normal_of(number: u32) -> vec3<f32> {
    return vec3<f32>(vertices[number].nx, vertices[number].ny, vertices[number].nz);
}

// A colour on the side that faces the eye, by lamps that go with the camera.
fn lit_by_lamps(color: vec3<f32>, outward: vec3<f32>, to_eye: vec3<f32>) -> vec3<f32> {
    let key = TOWARDS_KEY.x * frame.axes_right + TOWARDS_KEY.y * frame.axes_up - TOWARDS_KEY.z * frame.forward;
    let square = dot(outward, outward);
    let unit = outward * select(0.0, inverseSqrt(square), square > 0.0);
    let normal = select(unit, -unit, dot(unit, to_eye) < 0.0);
    let light = AMBIENT + KEY * max(dot(normal, key), 0.0) + HEAD * max(dot(normal, to_eye), 0.0);
    let shine = pow(max(dot(normal, normalize(key + to_eye)), 0.0), SHARPNESS);
    return saturate(color * light + HIGHLIGHT * shine);
}
