// Triangles, and where the ray through a place of the picture meets one.

struct Vertex {
    x: f32,
    y: f32,
    z: f32,
    // Outward, of length 1.
    nx: f32,
    ny: f32,
    nz: f32,
    // Red, green, blue, each 8 bits from the lowest.
    color: u32,
}

@group(2) @binding(0) var<storage, read> vertices: array<Vertex>;
// Three numbers of vertices each.
@group(2) @binding(6) var<storage, read> corners: array<u32>;

struct Triangle {
    numbers: vec3<u32>,
    a: vec3<f32>,
    b: vec3<f32>,
    c: vec3<f32>,
}

fn place_of_vertex(number: u32) -> vec3<f32> {
    return vec3<f32>(vertices[number].x, vertices[number].y, vertices[number].z);
}

fn triangle_of(index: u32) -> Triangle {
    let n = vec3<u32>(corners[3u * index], corners[3u * index + 1u], corners[3u * index + 2u]);
    return Triangle(n, place_of_vertex(n.x), place_of_vertex(n.y), place_of_vertex(n.z));
}

// Depth along the camera's axis of a place, from the plane through the box's centre.
fn ahead_of(place: vec3<f32>) -> f32 {
    return dot(place - frame.plane_center, frame.forward);
}

struct Met {
    is_met: bool,
    // Shares of the corners.
    weights: vec3<f32>,
    // Along the camera's axis.
    depth: f32,
}

// On which side of an edge the ray passes: its volume with the edge. The same, to the last bit, for both triangles of
// an edge, but for the sign: from the vertex of the lower number to the other.
fn side_of_edge(direction: vec3<f32>, p: vec3<f32>, q: vec3<f32>, n: u32, m: u32) -> f32 {
    if n < m {
        return dot(direction, cross(p, q));
    }
    return -dot(direction, cross(q, p));
}

// Where the ray through a place in the picture meets a triangle, from either side; what lies on an edge is met.
fn meet(triangle: Triangle, place: vec2<f32>) -> Met {
    let uv = uv_of(place);
    let direction = frame.ray_forward + uv.x * frame.ray_right + uv.y * frame.ray_up;
    let origin = frame.plane_center + uv.x * frame.plane_right + uv.y * frame.plane_up;
    let a = triangle.a - origin;
    let b = triangle.b - origin;
    let c = triangle.c - origin;
    let n = triangle.numbers;
    let sides = vec3<f32>(
        side_of_edge(direction, b, c, n.y, n.z),
        side_of_edge(direction, c, a, n.z, n.x),
        side_of_edge(direction, a, b, n.x, n.y),
    );
    let sum = sides.x + sides.y + sides.z;
    let within = (all(sides >= vec3<f32>(0.0)) || all(sides <= vec3<f32>(0.0))) && sum != 0.0;
    let weights = sides / select(sum, 1.0, sum == 0.0);
    let depth = dot(weights, vec3<f32>(ahead_of(triangle.a), ahead_of(triangle.b), ahead_of(triangle.c)));
    // What lies behind the eye is not seen.
    return Met(within && depth >= -frame.eye_depth, weights, depth);
}
