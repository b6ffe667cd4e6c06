// The density on its grid: samples at nodes, the box from the first to the last node.

struct Volume {
    // Half the size of the box, in diagonals.
    half_size: vec3<f32>,
    // Distance between samples along a ray, in diagonals.
    step: f32,
    // Number of nodes along each axis.
    nodes: vec3<f32>,
    // Reference lengths in one step of full length.
    references_per_step: f32,
    // From a stored value, or what SCALE makes of it, to the position in the limits: t = value * scale + offset.
    t_scale: f32,
    t_offset: f32,
    // Accumulated opacity at which a ray ends.
    opaque: f32,
    // Distance between samples in the unit of the data.
    step_length: f32,
    // Of each density, where there are several.
    own: array<Own, 4>,
}

// What each of several densities has of its own.
struct Own {
    t_scale: f32,
    t_offset: f32,
    // As SCALE.
    scale: u32,
    // As FADED.
    faded: f32,
    // Its reference lengths in one of the first.
    references: f32,
    // Where its surfaces begin in the list of all, and how many it has.
    first_surface: u32,
    surface_count: u32,
    // Of its table.
    parts: u32,
}

@group(1) @binding(0) var<uniform> volume: Volume;
@group(1) @binding(1) var density: texture_3d<f32>;
@group(1) @binding(2) var density_sampler: sampler;

// With SEVERAL there are this many densities, at the same nodes: one behind the other in the texture.
override DENSITIES: u32 = 1u;
// The one that functions of a value, a table or a cell speak of: 0 is the first.
var<private> spoken_of: u32 = 0u;

// Whether the adapter cannot interpolate this texture by itself.
override INTERPOLATE_BY_HAND: bool = false;

// Position in the box to node index, 0 to n - 1 along each axis.
fn index_of(position: vec3<f32>) -> vec3<f32> {
    return (position / volume.half_size * 0.5 + 0.5) * (volume.nodes - 1.0);
}

// With CUBIC the texture holds the coefficients of a cubic spline in place of values: one more than nodes at each end.

// Stored value at a node index; indices outside take the nearest face.
fn value_at(index: vec3<f32>) -> f32 {
#if CUBIC
    return spline_at(clamp(index, vec3<f32>(0.0), volume.nodes - 1.0));
#else
    return texel_at(index, volume.nodes);
#end
}

#if CUBIC
// Of the four neighbours on each axis two and two are taken together, by one look-up between them (Sigg and Hadwiger 2005,
// "Fast third-order texture filtering", GPU Gems 2, chapter 20).
fn spline_at(index: vec3<f32>) -> f32 {
    let low = min(floor(index), max(volume.nodes - 2.0, vec3<f32>(0.0)));
    let f = index - low;
    let g = 1.0 - f;
    let w0 = g * g * g / 6.0;
    let w1 = (4.0 - 3.0 * f * f * (1.0 + g)) / 6.0;
    let w3 = f * f * f / 6.0;
    let first = w0 + w1;
    let second = 1.0 - first;
    let a = low + w1 / first;
    let b = low + 2.0 + w3 / second;
    let count = volume.nodes + 2.0;
    let x00 = texel_at(vec3<f32>(a.x, a.y, a.z), count) * first.x + texel_at(vec3<f32>(b.x, a.y, a.z), count) * second.x;
    let x10 = texel_at(vec3<f32>(a.x, b.y, a.z), count) * first.x + texel_at(vec3<f32>(b.x, b.y, a.z), count) * second.x;
    let x01 = texel_at(vec3<f32>(a.x, a.y, b.z), count) * first.x + texel_at(vec3<f32>(b.x, a.y, b.z), count) * second.x;
    let x11 = texel_at(vec3<f32>(a.x, b.y, b.z), count) * first.x + texel_at(vec3<f32>(b.x, b.y, b.z), count) * second.x;
    return (x00 * first.y + x10 * second.y) * first.z + (x01 * first.y + x11 * second.y) * second.z;
}
#end

// What the texture holds between its texels, of which there are so many, trilinear.
fn texel_at(index: vec3<f32>, count: vec3<f32>) -> f32 {
    var at = index;
    var size = count;
#if SEVERAL
    at = clamp(index, vec3<f32>(0.0), count - 1.0);
    at.z += f32(spoken_of) * count.z;
    size.z *= f32(DENSITIES);
#end
    if INTERPOLATE_BY_HAND {
        return texel_by_hand(clamp(at, vec3<f32>(0.0), size - 1.0), size);
    }
    return textureSampleLevel(density, density_sampler, (at + 0.5) / size, 0.0).r;
}

fn texel_by_hand(index: vec3<f32>, count: vec3<f32>) -> f32 {
    let low = vec3<i32>(floor(index));
    let high = min(low + 1, vec3<i32>(count) - 1);
    let f = index - floor(index);
    let x00 = mix(texel(low.x, low.y, low.z), texel(high.x, low.y, low.z), f.x);
    let x10 = mix(texel(low.x, high.y, low.z), texel(high.x, high.y, low.z), f.x);
    let x01 = mix(texel(low.x, low.y, high.z), texel(high.x, low.y, high.z), f.x);
    let x11 = mix(texel(low.x, high.y, high.z), texel(high.x, high.y, high.z), f.x);
    return mix(mix(x00, x10, f.y), mix(x01, x11, f.y), f.z);
}

fn texel(i: i32, j: i32, k: i32) -> f32 {
    return textureLoad(density, vec3<i32>(i, j, k), 0).r;
}

// How positions grow with the value: 0 evenly, 1 as its logarithm, 2 as its square root.
override SCALE: u32 = 0u;

// How positions grow, and from what a value becomes, or its logarithm or root: t = scaled * slope + offset.
struct Limits {
    scale: u32,
    slope: f32,
    offset: f32,
}

fn limits() -> Limits {
#if SEVERAL
    let own = volume.own[spoken_of];
    return Limits(own.scale, own.t_scale, own.t_offset);
#else
    return Limits(SCALE, volume.t_scale, volume.t_offset);
#end
}

// Where a stored value lies in the limits, 0 to 1.
fn position_in_limits(value: f32) -> f32 {
    let own = limits();
    var scaled = value;
    if own.scale == 1u {
        // Below the least number there is nothing to take the logarithm of.
        scaled = log(max(value, 1.2e-38));
    } else if own.scale == 2u {
        scaled = sqrt(max(value, 0.0));
    }
    return saturate(scaled * own.slope + own.offset);
}

// How fast the position grows with the value.
fn slope_of_position(value: f32) -> f32 {
    let own = limits();
    var slope = own.slope;
    if own.scale == 1u {
        slope /= max(value, 1.2e-38);
    } else if own.scale == 2u {
        slope *= 0.5 / sqrt(max(value, 1.2e-38));
    }
    return abs(slope);
}
