// What is seen along the ray of each pixel, front to back, in display colours: emission and absorption, or
// what MODE says.

#import common/frame.wgsl
#import common/volume.wgsl
#import common/cells.wgsl
#import common/finish.wgsl
#import common/steps.wgsl
#import common/extremes.wgsl
#import common/cuts.wgsl
#import common/transfer.wgsl
#import common/light.wgsl
#import common/glyph.wgsl
#import common/surfaces.wgsl
#import common/several.wgsl

// Samples in the middle of their step, the last step being as long as what is left; otherwise at
// the end of their step, and what is left is dropped.
override MIDPOINT: bool = true;
override SHADED: bool = false;
override STOP_WHEN_OPAQUE: bool = false;
override VOLUME: bool = true;
// The transfer function has details that samples would miss: steps take its mean.
override SHARP: bool = false;
// Whether a sample may stand for several steps.
override ADAPTIVE: bool = false;
// The first step of each ray is shorter, so that pictures of several such beginnings can be averaged.
override JITTERED: bool = false;
// What becomes of the density.
override MODE: u32 = 0u;
const FOG: u32 = 0u;
const MAXIMUM: u32 = 1u;
const MINIMUM: u32 = 2u;
const MEAN: u32 = 3u;
const INTEGRAL: u32 = 4u;
const SURFACES: u32 = 5u;
const SLICES: u32 = 6u;

// Whether all of a ray counts, and not only whole steps.
override TO_THE_END: bool = MIDPOINT || MODE == SURFACES;

// Positions in the limits below which slices in fog fade into it; 0 if they do not.
override FADED: f32 = 0.1;

// Premultiplied colour and opacity.
@group(2) @binding(0) var picture: texture_storage_2d<rgba32float, write>;
// What the glyph pass has found for each sample of each pixel.
@group(2) @binding(2) var<storage, read> seen: array<Seen>;

// As the volume's table, of the colours of glyphs.
@group(2) @binding(3) var<storage, read> glyph_table: array<vec4<f32>>;

// What a sample has gathered so far of translucent points and of what lies between them.
struct Layered {
    light: vec4<f32>,
    // How far along its part of the ray it has come.
    way: f32,
    pad0: u32,
    pad1: u32,
    pad2: u32,
}

@group(2) @binding(4) var<storage, read_write> layers: array<Layered>;
// As in `common/scatter.wgsl`.
@group(2) @binding(5) var<storage, read_write> before_sample: array<vec2<u32>>;
// Not 0 if a sample has seen a point in this layer; in the end, if anything is seen in the picture.
@group(2) @binding(6) var<storage, read_write> found: atomic<u32>;

// What lies behind translucent points of this opacity changes no 8-bit picture.
const HIDDEN: f32 = 1.0 - 1.0 / 1024.0;

// A tile of 16 x 16 pixels: what its rays have in common stays in the cache.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_index) n: u32) {
    // Neighbours in groups of 4 x 2, which a software adapter marches in lockstep.
    let within = vec2<u32>((n & 3u) | ((n >> 1u) & 12u), ((n >> 2u) & 1u) | ((n >> 4u) & 14u));
    let pixel = tile.xy * 16u + within + vec2<u32>(frame.first_column, frame.first_row);
    if pixel.x >= frame.last_column || pixel.y >= frame.last_row {
        return;
    }
    let place = pixel - vec2<u32>(frame.first_column, frame.target_row);
    if !VOLUME && !LAYERED {
        show(place, glyphs_alone(ray_of_pixel(pixel), pixel));
        return;
    }
    let ray = ray_of_pixel(pixel);
    var span = box_on_ray(ray, volume.half_size);
    span = clipped(ray, vec2<f32>(span.x, max(span.x, span.y)));
    if LAYERED && glyphs.claiming == 0u {
        add_layer(ray, span, pixel);
        return;
    }
    var light = vec4<f32>(0.0);
    if LAYERED {
        light = behind_layers(ray, span, pixel);
    } else if GLYPH_SAMPLES == 0u {
        light = through(ray, span, light);
    } else {
        light = march_between_glyphs(ray, span, pixel);
    }
    show(place, light);
}

// What changes no 8-bit picture.
const UNSEEN: f32 = 1.0 / 512.0;

fn show(place: vec2<u32>, light: vec4<f32>) {
    textureStore(picture, place, light);
    if light.a > UNSEEN && atomicLoad(&found) == 0u {
        atomicStore(&found, 1u);
    }
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
            let shown = seen[first + s].look != 0u;
            let free = (taken & (1u << s)) == 0u && shown;
            if free && (best == GLYPH_SAMPLES || seen[first + s].depth < seen[first + best].depth) {
                best = s;
            }
        }
        if best == GLYPH_SAMPLES {
            // None of the other samples has a glyph.
            light = through(ray, vec2<f32>(reached, span.y), light);
            return (sum + f32(GLYPH_SAMPLES - n) * light) / f32(GLYPH_SAMPLES);
        }
        taken |= 1u << best;
        let glyph = seen[first + best];
        let end = clamp(glyph.depth, reached, span.y);
        light = through(ray, vec2<f32>(reached, end), light);
        reached = select(reached + floor((end - reached) / volume.step) * volume.step, end, TO_THE_END);
        sum += light + (1.0 - light.a) * vec4<f32>(glyph_color(ray, glyph), 1.0);
    }
    return sum / f32(GLYPH_SAMPLES);
}

// Adds to each sample the next translucent point and what lies before it.
fn add_layer(ray: Ray, span: vec2<f32>, pixel: vec2<u32>) {
    let first = slot_of_pixel(pixel);
    for (var s = first; s < first + GLYPH_SAMPLES; s++) {
        let glyph = seen[s];
        if glyph.look == 0u {
            continue;
        }
        atomicStore(&found, 1u);
        var light = layers[s].light;
        if VOLUME {
            let reached = span.x + layers[s].way;
            let end = clamp(glyph.depth, reached, span.y);
            light = through(ray, vec2<f32>(reached, end), light);
            let whole_steps = floor((end - reached) / volume.step) * volume.step;
            layers[s].way += select(whole_steps, end - reached, TO_THE_END);
        }
        let opacity = select(glyphs.opacity, 1.0, is_solid(glyph));
        light += (1.0 - light.a) * opacity * vec4<f32>(glyph_color(ray, glyph), 1.0);
        layers[s].light = light;
        if light.a > HIDDEN {
            // Nothing lies behind this.
            before_sample[s] = ~vec2<u32>(0u);
        }
    }
}

// The mean of what the samples see once they have passed all translucent points.
fn behind_layers(ray: Ray, span: vec2<f32>, pixel: vec2<u32>) -> vec4<f32> {
    let first = slot_of_pixel(pixel);
    var sum = vec4<f32>(0.0);
    for (var s = first; s < first + GLYPH_SAMPLES; s++) {
        var light = layers[s].light;
        if VOLUME {
            light = through(ray, vec2<f32>(span.x + layers[s].way, span.y), light);
        }
        sum += light;
    }
    return sum / f32(GLYPH_SAMPLES);
}

// What a pixel shows where there is nothing but glyphs.
fn glyphs_alone(ray: Ray, pixel: vec2<u32>) -> vec4<f32> {
    let first = slot_of_pixel(pixel);
    var sum = vec4<f32>(0.0);
    for (var s = 0u; s < GLYPH_SAMPLES; s++) {
        let glyph = seen[first + s];
        if glyph.look != 0u {
            sum += vec4<f32>(glyph_color(ray, glyph), 1.0);
        }
    }
    return sum / f32(max(GLYPH_SAMPLES, 1u));
}

// Adds what lies within `span` on the ray, slices included, to the light that has come from before it.
fn through(ray: Ray, span: vec2<f32>, before: vec4<f32>) -> vec4<f32> {
    var light = before;
    var reached = span.x;
    var last = -NO_SLICE;
    for (var n = 0u; n <= cuts.slice_count; n++) {
        let slice = next_slice(ray, span, last);
        light = march(ray, vec2<f32>(reached, min(span.y, slice)), light);
        if slice == NO_SLICE {
            break;
        }
        var shown = covering_at(index_of(ray.origin + slice * ray.direction));
        if CUED {
            shown = vec4<f32>(cued(shown.rgb / max(shown.a, 1e-9), cue_at(ray, slice)) * shown.a, shown.a);
        }
        light += (1.0 - light.a) * shown;
        reached = slice;
        last = slice;
    }
    return light;
}

// What a slice shows at a node index.
fn covering_at(index: vec3<f32>) -> vec4<f32> {
#if SEVERAL
    var light = vec4<f32>(0.0);
    for (var n = 0u; n < DENSITIES; n++) {
        spoken_of = n;
        let own = covering(value_at(index));
        light = select(own, laid_over(light, own), n > 0u);
    }
    spoken_of = 0u;
    return light;
#else
    return covering(value_at(index));
#end
}

// The colour of a value, as much as it covers: in the table, where that has no extinction of fog.
fn covering(value: f32) -> vec4<f32> {
    let position = position_in_limits(value);
    let look = transfer(position);
    var end = FADED;
#if SEVERAL
    end = volume.own[spoken_of].faded;
#end
    let in_fog = select(1.0, saturate(position / end), end > 0.0);
    return select(look.a, in_fog, MODE == FOG) * vec4<f32>(look.rgb, 1.0);
}

fn glyph_color(ray: Ray, glyph: Seen) -> vec3<f32> {
    if is_solid(glyph) {
        return cued(solid_color(glyph), cue_at(ray, glyph.depth));
    }
    let parts = arrayLength(&glyph_table) / 2u;
    let x = position_of(glyph) * f32(parts);
    let part = min(u32(x), parts - 1u);
    let color = mix(glyph_table[2u * part], glyph_table[2u * part + 1u], x - f32(part)).rgb * brightness_of(glyph);
    return cued(color, cue_at(ray, glyph.depth));
}

// How many densities are projected one after the other.
override PROJECTED: u32 = select(1u, DENSITIES, MODE == MAXIMUM || MODE == MINIMUM || MODE == MEAN || MODE == INTEGRAL);

// Adds what lies within `span` on the ray to the light that has come from before it.
fn march(ray: Ray, span: vec2<f32>, before: vec4<f32>) -> vec4<f32> {
#if SEVERAL
    var light = before;
    for (var n = 0u; n < PROJECTED; n++) {
        spoken_of = n;
        let own = march_through(ray, span, select(before, vec4<f32>(0.0), n > 0u));
        light = select(own, laid_over(light, own), n > 0u);
    }
    spoken_of = 0u;
    return light;
#else
    return march_through(ray, span, before);
#end
}

// How many are mixed at each sample.
override MIXED: u32 = select(1u, DENSITIES, MODE == FOG);

// Adds what lies within `span` on the ray to the light that has come from before it. Samples belong to
// steps counted from the span's beginning; where ADAPTIVE allows it, one stands for several whole steps.
fn march_through(ray: Ray, span: vec2<f32>, before: vec4<f32>) -> vec4<f32> {
    var steps = (span.y - span.x) / volume.step;
    steps = select(floor(steps), steps, MIDPOINT);
    if STOP_WHEN_OPAQUE && before.a > volume.opaque {
        steps = 0.0;
    }
    let way = walk(ray, span.x);
    if MODE == MAXIMUM || MODE == MINIMUM {
        let length = (span.y - span.x) / volume.step;
        if length <= 0.0 {
            return before;
        }
        let sign = select(1.0, -1.0, MODE == MINIMUM);
        return covering(sign * extreme(way, length, sign, ADAPTIVE));
    }
    // Where the first sample lies in its step.
    let first = select(1.0, 0.5, MIDPOINT);
    var light = before;
    // The summed values.
    var kept = 0.0;
    // Of each density the position in the limits at the end of the step before.
    var behind = vec4<f32>(0.0);
    if SHARP {
        behind = positions_at(way.start);
    }
    var towards: Towards;
    if SHADED {
        towards = towards_eye(-ray.direction);
    }
    if MODE == SURFACES {
        return past_surfaces(before, way, (span.y - span.x) / volume.step, towards);
    }
    var done = 0.0;
    if JITTERED {
        done = frame.first_step - 1.0;
    }
    while done < steps && MODE != SLICES {
        var covered = 1.0;
        if ADAPTIVE {
            let begin = done;
            var here = reach(way, way.start + (done + first) * way.per_step);
            while here.most == EMPTY && done < steps {
                done += here.left;
                here = reach(way, way.start + (done + first) * way.per_step);
            }
            if done >= steps {
                break;
            }
            if SHARP && done > begin {
                behind = positions_at(way.start + done * way.per_step);
            }
            covered = min(f32(here.most), here.left);
        }
        covered = min(covered, steps - done);
        if JITTERED {
            // What of the first step lies before the span.
            covered -= max(-done, 0.0);
            done = max(done, 0.0);
        }
        // The middle of the samples that this one stands for.
        let middle = done + 0.5 * covered + first - 0.5;
        let index = way.start + middle * way.per_step;
        done += covered;
        var value = 0.0;
        // Colour under the lights, and extinction.
        var sample = vec4<f32>(0.0);
#if SEVERAL
        for (var n = 0u; n < MIXED; n++) {
        if MODE == FOG {
            spoken_of = n;
        }
#end
        value = value_at(index);
        if MODE == FOG {
            var own: vec4<f32>;
            if SHARP {
                let ahead = position_in_limits(value_at(way.start + done * way.per_step));
#if SEVERAL
                own = mean_of_halves(behind[n], position_in_limits(value), ahead);
                behind[n] = ahead;
#else
                own = mean_of_halves(behind.x, position_in_limits(value), ahead);
                behind.x = ahead;
#end
            } else {
                own = transfer(position_in_limits(value));
            }
            if SHADED {
                own = vec4<f32>(lit(own.rgb, index, value, towards, false), own.a);
            }
#if SEVERAL
            own.a *= volume.own[n].references;
            own = sample + vec4<f32>(own.a * own.rgb, own.a);
#end
            sample = own;
        }
#if SEVERAL
        }
        if MODE == FOG {
            spoken_of = 0u;
            sample = vec4<f32>(sample.rgb / max(sample.a, 1e-30), sample.a);
        }
#end
        if MODE == FOG {
            let extinction = sample.a * volume.references_per_step;
            if STOP_WHEN_OPAQUE {
                // As many steps as a ray of one sample a step would take before it ends.
                let left = log((1.0 - light.a) / (1.0 - volume.opaque));
                covered = min(covered, ceil(min(left / max(extinction, 1e-9), 1e6)));
            }
            let alpha = 1.0 - exp(-extinction * covered);
            let color = finished(sample.rgb, index, way.cue.x + middle * way.cue.y);
            light += (1.0 - light.a) * alpha * vec4<f32>(color, 1.0);
        } else {
            kept += value * covered;
        }
        if STOP_WHEN_OPAQUE && light.a > volume.opaque {
            break;
        }
    }
    if steps > 0.0 && (MODE == MEAN || MODE == INTEGRAL) {
        return covering(kept * select(1.0 / steps, volume.step_length, MODE == INTEGRAL));
    }
    return light;
}

// Where each density at a node index lies in its limits.
fn positions_at(index: vec3<f32>) -> vec4<f32> {
    var positions = vec4<f32>(position_in_limits(value_at(index)), 0.0, 0.0, 0.0);
#if SEVERAL
    for (var n = 1u; n < DENSITIES; n++) {
        spoken_of = n;
        positions[n] = position_in_limits(value_at(index));
    }
    spoken_of = 0u;
#end
    return positions;
}

// The light that arrives through the surfaces between two places, given in steps, with their values.
fn through_surfaces(before: vec4<f32>, way: Walk, places: vec2<f32>, values: vec2<f32>, eye: Towards) -> vec4<f32> {
    var light = before;
    let rises = values.y > values.x;
    // A loop over those that lie between: where there are none, software adapters do not compute its body.
    let first = surfaces_to(min(values.x, values.y));
    let last = surfaces_to(max(values.x, values.y));
    for (var n = first; n < last; n++) {
        let surface = cuts.surfaces[first_surface() + select(first + last - 1u - n, n, rises)];
        let place = meets(surface.x, way, places, values);
        let index = way.start + place * way.per_step;
        var color = transfer(position_in_limits(surface.x)).rgb;
        if SHADED {
            color = lit(color, index, surface.x, eye, true);
        }
        color = finished(color, index, way.cue.x + place * way.cue.y);
        let shown = surface.y * vec4<f32>(color, 1.0);
#if SEVERAL
        keep_hit(place, shown);
#else
        light += (1.0 - light.a) * shown;
#end
    }
    return light;
}

// How many surfaces have no larger value.
fn surfaces_to(value: f32) -> u32 {
    let first = first_surface();
    var all = cuts.surface_count;
#if SEVERAL
    all = volume.own[spoken_of].surface_count;
#end
    var count = 0u;
    for (var n = first; n < first + all; n++) {
        count += select(0u, 1u, cuts.surfaces[n].x <= value);
    }
    return count;
}

// Where the surfaces of a density begin in the list of all.
fn first_surface() -> u32 {
#if SEVERAL
    return volume.own[spoken_of].first_surface;
#else
    return 0u;
#end
}

// Where between two places the density takes a value: 4 times where it would be linear, an end that stays counting half
// (Dowell and Jarratt 1971, "A modified regula falsi method for computing the root of an equation", "Illinois").
fn meets(level: f32, way: Walk, places: vec2<f32>, values: vec2<f32>) -> f32 {
    var at = places;
    var off = values - level;
    var stayed = 0.0;
    for (var i = 0; i < 4; i++) {
        let place = crossing(at, off);
        let here = value_at(way.start + place * way.per_step) - level;
        if (here < 0.0) == (off.x < 0.0) {
            off = vec2<f32>(here, off.y * select(1.0, 0.5, stayed > 0.0));
            at.x = place;
            stayed = 1.0;
        } else {
            off = vec2<f32>(off.x * select(1.0, 0.5, stayed < 0.0), here);
            at.y = place;
            stayed = -1.0;
        }
    }
    return crossing(at, off);
}

// Where a line between two places is 0.
fn crossing(at: vec2<f32>, off: vec2<f32>) -> f32 {
    let change = off.y - off.x;
    return mix(at.x, at.y, select(saturate(-off.x / change), 0.5, change == 0.0));
}
