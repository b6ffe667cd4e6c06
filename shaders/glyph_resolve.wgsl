// From the number of the point that a sample sees to depth, position in the limits and brightness.

#import common/frame.wgsl
#import common/volume.wgsl
#import common/glyph.wgsl
#import common/sphere.wgsl

override SHADED: bool = true;
// Words a slot, of which the first holds the number of the point.
override WORDS: u32 = 1u;

// Brightness at the rim of a sphere, which in its middle has the very colour of the map. The square
// keeps most of a sphere near its colour: on average it loses a sixth of what the rim loses.
const RIM: f32 = 0.35;

@group(2) @binding(0) var<storage, read> points: array<Point>;
@group(2) @binding(2) var<storage, read> winner: array<u32>;
@group(2) @binding(3) var<storage, read_write> seen: array<Seen>;
// Nearness is the last word of a slot.
@group(2) @binding(4) var<storage, read> nearest: array<u32>;
// As in `common/scatter.wgsl`.
@group(2) @binding(5) var<storage, read_write> before: array<vec2<u32>>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let pixel = id.xy + vec2<u32>(frame.first_column, frame.first_row);
    if pixel.x >= frame.last_column || pixel.y >= frame.last_row {
        return;
    }
    for (var s = 0u; s < GLYPH_SAMPLES; s++) {
        let slot = slot_of_pixel(pixel) + s;
        let number = winner[WORDS * slot];
        // A loop, as software adapters compute the body of a branch for all.
        let is_ours = number > glyphs.earlier && number <= glyphs.earlier + glyphs.count;
        for (var left = select(0u, 1u, is_ours); left > 0u; left--) {
            seen[slot] = look_at(points[number - 1u - glyphs.earlier], vec2<f32>(pixel) + place_of_sample(s));
            if LAYERED {
                before[slot] = ~vec2<u32>(nearest[WORDS * slot + WORDS - 1u], number);
            }
        }
        if number == 0u && glyphs.earlier == 0u {
            seen[slot] = Seen(0.0, 0u);
        }
    }
}

fn look_at(point: Point, place: vec2<f32>) -> Seen {
    let radius = radius_of(point);
    // The pass before has found that it is met; rounding shall not say otherwise.
    let met = hit(ray_at(place), center_of(point), radius, true);
    var brightness = 1.0;
    if SHADED {
        // Too few pixels show no form, only noise.
        let pixels = footprint(center_of(point), radius);
        let weight = saturate(0.5 * (pixels.radius - 1.0));
        let turned = 1.0 - met.facing;
        brightness = 1.0 - weight * (1.0 - RIM) * turned * turned;
    }
    return seen_glyph(met.depth, position_in_limits(point.value), brightness);
}
