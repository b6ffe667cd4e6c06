// The largest density on a ray, to rounding: within a voxel the trilinear density is a cubic of the way.
//
// With `sign` -1 all values are taken with the other sign, so that the largest is the smallest.

// The part of a ray that lies in a cell, in steps from where it begins. Without one, `begin` is where the ray ends.
struct Part {
    cell: vec3<i32>,
    begin: f32,
    // Where it leaves the cell through the face ahead on each axis.
    exits: vec3<f32>,
    end: f32,
}

// Of an axis that a ray is perpendicular to: nodes that it passes are nowhere.
fn or_nowhere(way: Walk, places: vec3<f32>) -> vec3<f32> {
    return select(places, vec3<f32>(3e38), abs(way.per_node) > vec3<f32>(5e8));
}

fn part_of(way: Walk, cell: vec3<i32>, begin: f32, steps: f32) -> Part {
    let faces = vec3<f32>(cell * CELL) + way.exit;
    let exits = or_nowhere(way, (faces - way.start) * way.per_node);
    return Part(cell, begin, exits, clamp(min(exits.x, min(exits.y, exits.z)), begin, steps));
}

fn first_part(way: Walk, steps: f32) -> Part {
    let last = vec3<i32>(cells_along(vec3<u32>(volume.nodes))) - 1;
    return part_of(way, clamp(vec3<i32>(floor(way.start)) / CELL, vec3<i32>(0), last), 0.0, steps);
}

fn next_part(way: Walk, part: Part, steps: f32) -> Part {
    let aside = select(vec3<i32>(-1), vec3<i32>(1), way.exit > vec3<f32>(0.0));
    let cell = part.cell + select(vec3<i32>(0), aside, part.exits <= vec3<f32>(part.end));
    let is_cell = all(cell >= vec3<i32>(0)) && all(cell < vec3<i32>(cells_along(vec3<u32>(volume.nodes))));
    return part_of(way, cell, select(steps, part.end, is_cell), steps);
}

fn signed_value(way: Walk, place: f32, sign: f32) -> f32 {
    return sign * value_at(way.start + place * way.per_step);
}

// No value in a cell is larger.
fn bound_of_cell(cell: vec3<i32>, sign: f32) -> f32 {
    return sign * bitcast<f32>(kept_of_cell(cell));
}

// Nodes between the values that tell which cells are looked at.
const NODES_APART: f32 = 3.0;

// The largest value within so many steps; `by_cells` if `cell_steps` holds bounds.
fn extreme(way: Walk, steps: f32, sign: f32, by_cells: bool) -> f32 {
    var kept = max(signed_value(way, 0.0, sign), signed_value(way, steps, sign));
    if by_cells {
        let count = ceil(steps * length(way.per_step) / NODES_APART);
        for (var n = 0.5; n < count; n += 1.0) {
            kept = max(kept, signed_value(way, steps * n / count, sign));
        }
    }
    var part = first_part(way, steps);
    while part.begin < steps {
        while by_cells && part.begin < steps && bound_of_cell(part.cell, sign) <= kept {
            part = next_part(way, part, steps);
        }
        if part.begin >= steps {
            break;
        }
        kept = max(kept, extreme_of_part(way, part, sign));
        part = next_part(way, part, steps);
    }
    return kept;
}

// Where a ray comes to the next nodes of each axis.
fn next_nodes(way: Walk, begin: f32) -> vec3<f32> {
    let index = way.start + begin * way.per_step;
    let node = select(ceil(index) - 1.0, floor(index) + 1.0, way.exit > vec3<f32>(0.0));
    return or_nowhere(way, (node - way.start) * way.per_node);
}

// The largest value where a ray is in a cell, voxel by voxel.
fn extreme_of_part(way: Walk, part: Part, sign: f32) -> f32 {
    var ahead = next_nodes(way, part.begin);
    var begin = part.begin;
    var value = signed_value(way, begin, sign);
    var kept = value;
    while begin < part.end {
        let end = clamp(min(ahead.x, min(ahead.y, ahead.z)), begin, part.end);
        let third = (end - begin) / 3.0;
        let b = signed_value(way, begin + third, sign);
        let c = signed_value(way, end - third, sign);
        let last = signed_value(way, end, sign);
        kept = max(kept, max(last, top_of_cubic(vec4<f32>(value, b, c, last))));
        ahead += select(vec3<f32>(0.0), abs(way.per_node), ahead <= vec3<f32>(end));
        value = last;
        begin = end;
    }
    return kept;
}

// The largest value between the ends of a cubic that has these values at 0, 1/3, 2/3 and 1, if one is larger than both;
// else another of its values.
fn top_of_cubic(at: vec4<f32>) -> f32 {
    let curve = bezier(at);
    let slopes = curve.yzw - curve.xyz;
    // A third of its derivative is p u^2 + 2 q u + slopes.x; it falls at that root which has the other sign of the square root.
    let p = slopes.x - 2.0 * slopes.y + slopes.z;
    let q = slopes.y - slopes.x;
    let root = sqrt(max(q * q - p * slopes.x, 0.0));
    let over = select(max(root - q, 1e-30), select(p, 1.0, p == 0.0), q > 0.0);
    return on_curve(curve, clamp(select(slopes.x, -q - root, q > 0.0) / over, 0.0, 1.0));
}

// The Bezier curve of a cubic that has these values at 0, 1/3, 2/3 and 1.
fn bezier(at: vec4<f32>) -> vec4<f32> {
    let b = dot(at, vec4<f32>(-5.0, 18.0, -9.0, 2.0)) / 6.0;
    let c = dot(at, vec4<f32>(2.0, -9.0, 18.0, -5.0)) / 6.0;
    return vec4<f32>(at.x, b, c, at.w);
}

fn on_curve(curve: vec4<f32>, u: f32) -> f32 {
    let v = 1.0 - u;
    return v * v * (v * curve.x + 3.0 * u * curve.y) + u * u * (3.0 * v * curve.z + u * curve.w);
}
