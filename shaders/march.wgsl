// Emission and absorption along the ray of each pixel, front to back, in display colours.

#import common/frame.wgsl
#import common/volume.wgsl
#import common/transfer.wgsl
#import common/light.wgsl
#import common/glyph.wgsl

// Samples in the middle of their step, the last step being as long as what is left; otherwise at
// the end of their step, and what is left is dropped.
override MIDPOINT: bool = true;
override SHADED: bool = false;
override STOP_WHEN_OPAQUE: bool = false;
override VOLUME: bool = true;
// The transfer function has details that samples would miss: steps take its mean.
override SHARP: bool = false;

// Premultiplied colour and opacity.
@group(2) @binding(0) var picture: texture_storage_2d<rgba32float, write>;
// What the glyph pass has found for each sample of each pixel.
@group(2) @binding(2) var<storage, read> seen: array<Seen>;

// As the volume's table, of the colours of glyphs.
@group(2) @binding(3) var<storage, read> glyph_table: array<vec4<f32>>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let pixel = vec2<u32>(id.x, id.y + frame.first_row);
    if pixel.x >= frame.width || pixel.y >= frame.last_row {
        return;
    }
    if !VOLUME {
        textureStore(picture, pixel, glyphs_alone(pixel));
        return;
    }
    let ray = ray_of_pixel(pixel);
    var span = box_on_ray(ray, volume.half_size);
    span.y = max(span.x, span.y);
    var light = vec4<f32>(0.0);
    if GLYPH_SAMPLES == 0u {
        light = march(ray, span, light);
    } else {
        light = march_between_glyphs(ray, span, pixel);
    }
    textureStore(picture, pixel, light);
}

// The mean of what the samples of a pixel see. Each sample's ray ends at its glyph; all follow the ray
// of the pixel, so that it is marched once, with a stop at each glyph on the way.
fn march_between_glyphs(ray: Ray, span: vec2<f32>, pixel: vec2<u32>) -> vec4<f32> {
    let first = slot_of_pixel(pixel);
    var light = vec4<f32>(0.0);
    var sum = vec4<f32>(0.0);
    var reached = span.x;
    var taken = 0u;
    for (var n = 0u; n < GLYPH_SAMPLES; n++) {
        // The nearest glyph not yet taken, if there is one.
        var best = GLYPH_SAMPLES;
        for (var s = 0u; s < GLYPH_SAMPLES; s++) {
            let free = (taken & (1u << s)) == 0u && seen[first + s].look != 0u;
            if free && (best == GLYPH_SAMPLES || seen[first + s].depth < seen[first + best].depth) {
                best = s;
            }
        }
        if best == GLYPH_SAMPLES {
            // None of the other samples has a glyph.
            light = march(ray, vec2<f32>(reached, span.y), light);
            return (sum + f32(GLYPH_SAMPLES - n) * light) / f32(GLYPH_SAMPLES);
        }
        taken |= 1u << best;
        let glyph = seen[first + best];
        let end = clamp(glyph.depth, reached, span.y);
        light = march(ray, vec2<f32>(reached, end), light);
        reached = select(reached + floor((end - reached) / volume.step) * volume.step, end, MIDPOINT);
        sum += light + (1.0 - light.a) * vec4<f32>(glyph_color(glyph), 1.0);
    }
    return sum / f32(GLYPH_SAMPLES);
}

// What a pixel shows where there is nothing but glyphs.
fn glyphs_alone(pixel: vec2<u32>) -> vec4<f32> {
    let first = slot_of_pixel(pixel);
    var sum = vec4<f32>(0.0);
    for (var s = 0u; s < GLYPH_SAMPLES; s++) {
        let glyph = seen[first + s];
        if glyph.look != 0u {
            sum += vec4<f32>(glyph_color(glyph), 1.0);
        }
    }
    return sum / f32(max(GLYPH_SAMPLES, 1u));
}

fn glyph_color(glyph: Seen) -> vec3<f32> {
    let parts = arrayLength(&glyph_table) / 2u;
    let x = position_of(glyph) * f32(parts);
    let part = min(u32(x), parts - 1u);
    return mix(glyph_table[2u * part], glyph_table[2u * part + 1u], x - f32(part)).rgb * brightness_of(glyph);
}

// Adds what lies within `span` on the ray to the light that has come from before it.
fn march(ray: Ray, span: vec2<f32>, before: vec4<f32>) -> vec4<f32> {
    let steps = (span.y - span.x) / volume.step;
    let count = u32(select(floor(steps), ceil(steps), MIDPOINT));
    let start = index_of(ray.origin + span.x * ray.direction);
    let per_step = index_of(ray.direction) - index_of(vec3<f32>(0.0));
    var light = before;
    var behind = 0.0;
    if SHARP {
        behind = position_in_limits(value_at(start));
    }
    for (var k = 0u; k < count; k++) {
        // The part of a full step that this one covers, and where its sample lies in steps.
        let share = select(1.0, min(steps - f32(k), 1.0), MIDPOINT);
        let at = f32(k) + select(1.0, 0.5 * share, MIDPOINT);
        let index = start + at * volume.step * per_step;
        var sample: vec4<f32>;
        if SHARP {
            let ahead = position_in_limits(value_at(start + (f32(k) + share) * volume.step * per_step));
            sample = mean_transfer(behind, ahead);
            behind = ahead;
        } else {
            sample = transfer(position_in_limits(value_at(index)));
        }
        if sample.a <= 0.0 {
            continue;
        }
        let alpha = 1.0 - exp(-sample.a * share * volume.references_per_step);
        var color = sample.rgb;
        if SHADED {
            color = lit(color, index, -ray.direction);
        }
        light += (1.0 - light.a) * alpha * vec4<f32>(color, 1.0);
        if STOP_WHEN_OPAQUE && light.a > volume.opaque {
            break;
        }
    }
    return light;
}
