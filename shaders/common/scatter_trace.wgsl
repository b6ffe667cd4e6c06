// Offers each triangle to the samples of the pixels that it may cover. `offer` is that of the pass that imports this.

#import common/frame.wgsl
#import common/glyph.wgsl
#import common/sphere.wgsl
#import common/slots.wgsl
#import common/trace.wgsl

// More than coordinates of pixels are rounded by, in pixels.
const SLACK: f32 = 0.01;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let n = id.x / glyphs.lanes;
    if n >= glyphs.count {
        return;
    }
    let index = glyphs.first + n;
    let triangle = triangle_of(index);
    let pixels = pixels_of(triangle);
    let rows = u32(max(pixels.w - pixels.y + 1, 0)) * GLYPH_SAMPLES;
    for (var k = id.x % glyphs.lanes; k < rows; k += glyphs.lanes) {
        let row = pixels.y + i32(k / GLYPH_SAMPLES);
        let s = k % GLYPH_SAMPLES;
        for (var x = pixels.x; x <= pixels.z; x++) {
            let met = meet(triangle, vec2<f32>(f32(x), f32(row)) + place_of_sample(s));
            if met.is_met {
                let slot = slot_of_pixel(vec2<u32>(u32(x), u32(row))) + s;
                offer(slot, nearness(met.depth), glyphs.earlier + index + 1u);
            }
        }
    }
}

// First and last column and row, both included, of the pixels that a triangle may cover a sample of: columns in x and z,
// rows in y and w; last before first if there are none.
fn pixels_of(triangle: Triangle) -> vec4<i32> {
    let first = vec2<i32>(i32(frame.first_column), i32(frame.first_row));
    let last = vec2<i32>(i32(frame.last_column), i32(frame.last_row)) - 1;
    let ahead = vec3<f32>(ahead_of(triangle.a), ahead_of(triangle.b), ahead_of(triangle.c));
    let seen = vec3<f32>(half_picture(ahead.x).y, half_picture(ahead.y).y, half_picture(ahead.z).y) > vec3<f32>(0.0);
    if !any(seen) {
        return vec4<i32>(first, first - 1);
    }
    if !all(seen) {
        return vec4<i32>(first, last);
    }
    let a = place_in_picture(triangle.a, ahead.x);
    let b = place_in_picture(triangle.b, ahead.y);
    let c = place_in_picture(triangle.c, ahead.z);
    // No sample lies nearer than this to a border of its pixel.
    let free = select(0.125, 0.5, GLYPH_SAMPLES == 1u);
    let most = vec2<f32>(1e6);
    let low = clamp(ceil(min(a, min(b, c)) - SLACK - (1.0 - free)), -most, most);
    let high = clamp(floor(max(a, max(b, c)) + SLACK - free), -most, most);
    return vec4<i32>(max(vec2<i32>(low), first), min(vec2<i32>(high), last));
}

fn place_in_picture(place: vec3<f32>, ahead: f32) -> vec2<f32> {
    let v = place - frame.plane_center;
    return place_of(vec2<f32>(dot(v, frame.axes_right), dot(v, frame.axes_up)), ahead);
}
