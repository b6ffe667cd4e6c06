// Planes that cut the density away or show it, and surfaces of equal density.

struct Cuts {
    // Normal and distance from the origin: the side that the normal points to is cut away.
    clips: array<vec4<f32>, 16>,
    // Planes on which the density is shown.
    slices: array<vec4<f32>, 8>,
    // Stored value and opacity, by ascending value.
    surfaces: array<vec4<f32>, 8>,
    clip_count: u32,
    slice_count: u32,
    surface_count: u32,
}

@group(1) @binding(6) var<uniform> cuts: Cuts;

// How a ray goes through a plane: where, and how fast it nears the side that the normal points to. One that is
// parallel to it meets it far ahead if it is on the other side, far behind if not.
fn plane_on_ray(ray: Ray, plane: vec4<f32>) -> vec2<f32> {
    let along = dot(ray.direction, plane.xyz);
    let speed = select(along, 1e-12, abs(along) < 1e-12);
    return vec2<f32>((plane.w - dot(ray.origin, plane.xyz)) / speed, speed);
}

// What clip planes leave of a part of a ray; its end is never before its beginning.
fn clipped(ray: Ray, span: vec2<f32>) -> vec2<f32> {
    var left = span;
    for (var i = 0u; i < cuts.clip_count; i++) {
        let at = plane_on_ray(ray, cuts.clips[i]);
        if at.y > 0.0 {
            left.y = min(left.y, at.x);
        } else {
            left.x = max(left.x, at.x);
        }
    }
    return vec2<f32>(left.x, max(left.x, left.y));
}

// Where a part of a ray meets a slice for the first time behind `last`; NO_SLICE if it does not.
fn next_slice(ray: Ray, span: vec2<f32>, last: f32) -> f32 {
    var nearest = NO_SLICE;
    for (var i = 0u; i < cuts.slice_count; i++) {
        let at = plane_on_ray(ray, cuts.slices[i]).x;
        if at > last && at >= span.x && at <= span.y {
            nearest = min(nearest, at);
        }
    }
    return nearest;
}

const NO_SLICE: f32 = 3e38;
