// How far a sample may reach along a ray.

// Those of each cell, row by row of the list of all; of further densities below those of the first.
@group(1) @binding(7) var cell_steps: texture_2d<u32>;

// A ray as a walk through the nodes.
struct Walk {
    // Node index where it begins.
    start: vec3<f32>,
    // Change of the index in a step.
    per_step: vec3<f32>,
    // Steps to the next node; large on an axis that the ray is perpendicular to.
    per_node: vec3<f32>,
    // From a cell's first node to the side that the ray leaves it by.
    exit: vec3<f32>,
    // The share of the background where it begins, and its change in a step.
    cue: vec2<f32>,
}

fn walk(ray: Ray, begin: f32) -> Walk {
    var found: Walk;
    found.start = index_of(ray.origin + begin * ray.direction);
    found.per_step = (index_of(ray.direction) - index_of(vec3<f32>(0.0))) * volume.step;
    let parallel = abs(found.per_step) < vec3<f32>(1e-9);
    found.per_node = 1.0 / select(found.per_step, vec3<f32>(1e-9), parallel);
    found.exit = select(vec3<f32>(0.0), vec3<f32>(f32(CELL)), found.per_node > vec3<f32>(0.0));
    if CUED {
        found.cue = vec2<f32>(cue_at(ray, begin), volume.step / ray.stretch * finish.cue_slope);
    }
    return found;
}

struct Reach {
    // Steps that a sample may stand for, or EMPTY.
    most: u32,
    // How many samples, one a step, lie in the cell from here on.
    left: f32,
}

// What is kept of a cell: how many steps a sample may stand for, or the bits of a bound.
fn kept_of_cell(cell: vec3<i32>) -> u32 {
    let place = place_of_cell(vec3<u32>(cell), cells_along(vec3<u32>(volume.nodes)));
    let texel = texel_of_cell(place);
#if SEVERAL
    let rows = textureDimensions(cell_steps).y / DENSITIES;
    if PROJECTED > 1u {
        return textureLoad(cell_steps, texel + vec2<u32>(0u, spoken_of * rows), 0).r;
    }
    // As few as any density wants that is seen there.
    var least = EMPTY;
    for (var n = 0u; n < DENSITIES; n++) {
        let own = textureLoad(cell_steps, texel + vec2<u32>(0u, n * rows), 0).r;
        least = select(least, own, own != EMPTY && (least == EMPTY || own < least));
    }
    return least;
#else
    return textureLoad(cell_steps, texel, 0).r;
#end
}

fn reach(way: Walk, index: vec3<f32>) -> Reach {
    let last = (volume.nodes - 2.0) * (1.0 / f32(CELL));
    let cell = vec3<i32>(clamp(index * (1.0 / f32(CELL)), vec3<f32>(0.0), last));
    let ahead = (vec3<f32>(cell * CELL) + way.exit - index) * way.per_node;
    var found: Reach;
    found.most = kept_of_cell(cell);
    found.left = 1.0 + floor(max(min(ahead.x, min(ahead.y, ahead.z)), 0.0));
    return found;
}
