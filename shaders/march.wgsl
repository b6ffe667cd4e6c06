// Emission and absorption along the ray of each pixel, front to back, in display colours.

#import common/frame.wgsl
#import common/volume.wgsl
#import common/transfer.wgsl
#import common/light.wgsl

// Samples in the middle of their step, the last step being as long as what is left; otherwise at
// the end of their step, and what is left is dropped.
override MIDPOINT: bool = true;
override SHADED: bool = false;
override STOP_WHEN_OPAQUE: bool = false;

// Premultiplied colour and opacity.
@group(2) @binding(0) var picture: texture_storage_2d<rgba32float, write>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let pixel = vec2<u32>(id.x, id.y + frame.first_row);
    if pixel.x >= frame.width || pixel.y >= frame.last_row {
        return;
    }
    let ray = ray_of_pixel(pixel);
    let span = box_on_ray(ray, volume.half_size);
    var light = vec4<f32>(0.0);
    if span.y > span.x {
        light = march(ray, span);
    }
    textureStore(picture, pixel, light);
}

fn march(ray: Ray, span: vec2<f32>) -> vec4<f32> {
    let steps = (span.y - span.x) / volume.step;
    let count = u32(select(floor(steps), ceil(steps), MIDPOINT));
    let start = index_of(ray.origin + span.x * ray.direction);
    let per_step = index_of(ray.direction) - index_of(vec3<f32>(0.0));
    var light = vec4<f32>(0.0);
    for (var k = 0u; k < count; k++) {
        // The part of a full step that this one covers, and where its sample lies in steps.
        let share = select(1.0, min(steps - f32(k), 1.0), MIDPOINT);
        let at = f32(k) + select(1.0, 0.5 * share, MIDPOINT);
        let index = start + at * volume.step * per_step;
        let sample = transfer(position_in_limits(value_at(index)));
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
