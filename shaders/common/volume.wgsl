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
}

@group(1) @binding(0) var<uniform> volume: Volume;
@group(1) @binding(1) var density: texture_3d<f32>;
@group(1) @binding(2) var density_sampler: sampler;

// Whether the adapter cannot interpolate this texture by itself.
override INTERPOLATE_BY_HAND: bool = false;

// Position in the box to node index, 0 to n - 1 along each axis.
fn index_of(position: vec3<f32>) -> vec3<f32> {
    return (position / volume.half_size * 0.5 + 0.5) * (volume.nodes - 1.0);
}

// Stored value at a node index, trilinear; indices outside take the nearest face.
fn value_at(index: vec3<f32>) -> f32 {
    if INTERPOLATE_BY_HAND {
        return value_by_hand(clamp(index, vec3<f32>(0.0), volume.nodes - 1.0));
    }
    return textureSampleLevel(density, density_sampler, (index + 0.5) / volume.nodes, 0.0).r;
}

fn value_by_hand(index: vec3<f32>) -> f32 {
    let low = vec3<i32>(floor(index));
    let high = min(low + 1, vec3<i32>(volume.nodes) - 1);
    let f = index - floor(index);
    let x00 = mix(node(low.x, low.y, low.z), node(high.x, low.y, low.z), f.x);
    let x10 = mix(node(low.x, high.y, low.z), node(high.x, high.y, low.z), f.x);
    let x01 = mix(node(low.x, low.y, high.z), node(high.x, low.y, high.z), f.x);
    let x11 = mix(node(low.x, high.y, high.z), node(high.x, high.y, high.z), f.x);
    return mix(mix(x00, x10, f.y), mix(x01, x11, f.y), f.z);
}

fn node(i: i32, j: i32, k: i32) -> f32 {
    return textureLoad(density, vec3<i32>(i, j, k), 0).r;
}

// How positions grow with the value: 0 evenly, 1 as its logarithm, 2 as its square root.
override SCALE: u32 = 0u;

// Where a stored value lies in the limits, 0 to 1.
fn position_in_limits(value: f32) -> f32 {
    var scaled = value;
    if SCALE == 1u {
        // Below the least number there is nothing to take the logarithm of.
        scaled = log(max(value, 1.2e-38));
    } else if SCALE == 2u {
        scaled = sqrt(max(value, 0.0));
    }
    return saturate(scaled * volume.t_scale + volume.t_offset);
}

// How fast the position grows with the value.
fn slope_of_position(value: f32) -> f32 {
    var slope = volume.t_scale;
    if SCALE == 1u {
        slope /= max(value, 1.2e-38);
    } else if SCALE == 2u {
        slope *= 0.5 / sqrt(max(value, 1.2e-38));
    }
    return abs(slope);
}
