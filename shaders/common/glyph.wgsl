// Points drawn as spheres, and where it is kept which of them are seen.
//
// A pixel has GLYPH_SAMPLES samples: one in its centre, or four, no two of them in one row or column.

struct Glyphs {
    // A sphere's radius is offset + slope * size, or 0 if that is negative.
    radius_offset: f32,
    radius_slope: f32,
    // The row of the picture that the slots begin with.
    first_slot_row: u32,
    // Invocations that share the rows of one sphere.
    lanes: u32,
    // Points of this dispatch, in the bound buffer.
    first: u32,
    count: u32,
    // Points in the buffers before the bound one.
    earlier: u32,
    // 0: find the nearest depth of each slot; 1: find the point that has it. For the march: 1 after the last layer.
    claiming: u32,
    // Of a translucent point.
    opacity: f32,
    pad0: u32,
    pad1: u32,
    pad2: u32,
}

@group(2) @binding(1) var<uniform> glyphs: Glyphs;

override GLYPH_SAMPLES: u32 = 0u;
// Points are translucent: each round finds the nearest behind that of the round before.
override LAYERED: bool = false;

// What a sample of a pixel sees.
struct Seen {
    // Place on the ray.
    depth: f32,
    // Position in the limits (19 bits) and brightness (12 bits), or where the highest bit is set red (10 bits), green
    // (11) and blue (10); 0: nothing is seen.
    look: u32,
}

const POSITIONS: f32 = 524287.0;
const BRIGHTNESSES: f32 = 4095.0;
const SOLID: u32 = 0x80000000u;
const SOLID_COLORS: vec3<f32> = vec3<f32>(1023.0, 2047.0, 1023.0);

fn seen_glyph(depth: f32, position: f32, brightness: f32) -> Seen {
    let p = u32(round(saturate(position) * POSITIONS));
    let b = u32(round(saturate(brightness) * BRIGHTNESSES));
    return Seen(depth, (p << 12u) | max(b, 1u));
}

fn position_of(glyph: Seen) -> f32 {
    return f32(glyph.look >> 12u) / POSITIONS;
}

fn brightness_of(glyph: Seen) -> f32 {
    return f32(glyph.look & 4095u) / BRIGHTNESSES;
}

// What has a colour of its own.
fn seen_solid(depth: f32, color: vec3<f32>) -> Seen {
    let c = vec3<u32>(round(saturate(color) * SOLID_COLORS));
    return Seen(depth, SOLID | (c.r << 21u) | (c.g << 10u) | c.b);
}

fn is_solid(glyph: Seen) -> bool {
    return (glyph.look & SOLID) != 0u;
}

fn solid_color(glyph: Seen) -> vec3<f32> {
    let c = vec3<u32>((glyph.look >> 21u) & 1023u, (glyph.look >> 10u) & 2047u, glyph.look & 1023u);
    return vec3<f32>(c) / SOLID_COLORS;
}

// The slot of a pixel's first sample.
fn slot_of_pixel(pixel: vec2<u32>) -> u32 {
    let columns = frame.last_column - frame.first_column;
    return ((pixel.y - glyphs.first_slot_row) * columns + pixel.x - frame.first_column) * GLYPH_SAMPLES;
}

// Side of the squares of pixels for which it is kept what hides points there.
const SIDE_OF_TILE: u32 = 8u;

// How many of them lie side by side.
fn tiles_a_row() -> u32 {
    return (frame.last_column - frame.first_column + SIDE_OF_TILE - 1u) / SIDE_OF_TILE;
}

// Where in its pixel a sample lies.
fn place_of_sample(s: u32) -> vec2<f32> {
    if GLYPH_SAMPLES == 1u {
        return vec2<f32>(0.5);
    }
    // In eighths: columns 1, 3, 5, 7 and rows 5, 1, 7, 3.
    return vec2<f32>(f32(2u * s + 1u), f32((0x3715u >> (4u * s)) & 15u)) * 0.125;
}
