// Surfaces of equal density on a ray, each met exactly: a voxel's cubic is divided where it turns, and takes a level at
// most once in each part.

// The light that arrives through the surfaces within so many steps.
fn past_surfaces(before: vec4<f32>, way: Walk, steps: f32, towards: Towards) -> vec4<f32> {
    var light = before;
    var part = first_part(way, steps);
    while part.begin < steps {
        while ADAPTIVE && part.begin < steps && kept_of_cell(part.cell) == EMPTY {
            part = next_part(way, part, steps);
        }
        if part.begin >= steps || STOP_WHEN_OPAQUE && light.a > volume.opaque {
            break;
        }
        light = past_surfaces_of_part(light, way, part, towards);
        part = next_part(way, part, steps);
    }
    return light;
}

// Those where a ray is in a cell, voxel by voxel.
fn past_surfaces_of_part(before: vec4<f32>, way: Walk, part: Part, towards: Towards) -> vec4<f32> {
    var light = before;
    var ahead = next_nodes(way, part.begin);
    var begin = part.begin;
    var value = value_at(way.start + begin * way.per_step);
    var last = value;
    while begin < part.end {
        let end = clamp(min(ahead.x, min(ahead.y, ahead.z)), begin, part.end);
        let third = (end - begin) / 3.0;
#if SEVERAL
        for (spoken_of = 0u; spoken_of < DENSITIES; spoken_of++) {
        value = value_at(way.start + begin * way.per_step);
#end
        let b = value_at(way.start + (begin + third) * way.per_step);
        let c = value_at(way.start + (end - third) * way.per_step);
        last = value_at(way.start + end * way.per_step);
        let curve = bezier(vec4<f32>(value, b, c, last));
        // The cubic stays between the least and the largest of these.
        let least = min(min(curve.x, curve.y), min(curve.z, curve.w));
        let largest = max(max(curve.x, curve.y), max(curve.z, curve.w));
        if surfaces_to(least) < surfaces_to(largest) {
            light = past_surfaces_of_voxel(light, way, vec2<f32>(begin, end), curve, towards);
        }
#if SEVERAL
        }
        spoken_of = 0u;
        light = past_hits(light);
#end
        ahead += select(vec3<f32>(0.0), abs(way.per_node), ahead <= vec3<f32>(end));
        value = last;
        begin = end;
    }
    return light;
}

fn past_surfaces_of_voxel(
    before: vec4<f32>,
    way: Walk,
    ends: vec2<f32>,
    curve: vec4<f32>,
    towards: Towards,
) -> vec4<f32> {
    var light = before;
    let turns = turns_of(curve);
    var at = 0.0;
    var value = curve.x;
    for (var n = 0; n < 3; n++) {
        let next = select(select(turns.x, turns.y, n == 1), 1.0, n == 2);
        let there = select(on_curve(curve, next), curve.w, n == 2);
        if next > at {
            let places = mix(vec2<f32>(ends.x), vec2<f32>(ends.y), vec2<f32>(at, next));
            light = through_surfaces(light, way, places, vec2<f32>(value, there), towards);
            at = next;
            value = there;
        }
    }
    return light;
}

// Where a curve turns between 0 and 1, in order; 0 or 1 where it does not.
fn turns_of(curve: vec4<f32>) -> vec2<f32> {
    // A third of its derivative is p u^2 + 2 q u + r.
    let slopes = curve.yzw - curve.xyz;
    let p = slopes.x - 2.0 * slopes.y + slopes.z;
    let q = slopes.y - slopes.x;
    let square = q * q - p * slopes.x;
    if square <= 0.0 {
        return vec2<f32>(0.0);
    }
    // Of the two sums with the root the one that loses no digits.
    let sum = -q - select(sqrt(square), -sqrt(square), q < 0.0);
    let first = select(sum / p, 0.0, abs(p) < 1e-30);
    let second = select(slopes.x / sum, 0.0, abs(sum) < 1e-30);
    return clamp(vec2<f32>(min(first, second), max(first, second)), vec2<f32>(0.0), vec2<f32>(1.0));
}
