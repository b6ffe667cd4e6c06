// Offers each point to the samples of the pixels that it may cover. `offer` is that of the pass that imports
// this.

#import common/frame.wgsl
#import common/glyph.wgsl
#import common/sphere.wgsl
#import common/slots.wgsl

// Whether all points are drawn as one pixel.
override ONLY_PIXELS: bool = false;
// Whether it is known of squares of pixels what hides points there.
override WITH_TILES: bool = false;

@group(2) @binding(0) var<storage, read> points: array<Point>;

// As `glyph_tiles.wgsl` found after the points before; 0 before all.
@group(2) @binding(5) var<storage, read> tiles: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let n = id.x / glyphs.lanes;
    if n >= glyphs.count {
        return;
    }
    // The densest first: what they hide need not be drawn.
    let index = glyphs.first + select(glyphs.count - 1u - n, n, BY_DEPTH);
    let point = points[index];
    let number = glyphs.earlier + index + 1u;
    if ONLY_PIXELS {
        scatter_pixel(center_of(point), number);
    } else {
        scatter_sphere(point, number, id.x % glyphs.lanes);
    }
}

fn scatter_pixel(center: vec3<f32>, number: u32) {
    let v = center - frame.plane_center;
    let ahead = dot(v, frame.forward);
    if half_picture(ahead).y <= 0.0 {
        return;
    }
    let place = place_of(vec2<f32>(dot(v, frame.axes_right), dot(v, frame.axes_up)), ahead);
    let pixel = floor(place);
    let first = vec2<f32>(f32(frame.first_column), f32(frame.first_row));
    if !(all(pixel >= first) && all(pixel < vec2<f32>(f32(frame.last_column), f32(frame.last_row)))) {
        return;
    }
    let slot = slot_of_pixel(vec2<u32>(pixel));
    for (var s = 0u; s < GLYPH_SAMPLES; s++) {
        offer(slot + s, nearness(ahead), number);
    }
}

// Whether all pixels that a sphere may cover show something that hides it.
fn is_hidden(center: vec3<f32>, radius: f32, pixels: Footprint, number: u32) -> bool {
    let corner = vec2<i32>(i32(frame.first_column), i32(glyphs.first_slot_row));
    let most = vec2<i32>(i32(frame.last_column), i32(frame.last_row)) - 1 - corner;
    let first = max(pixels.first - corner, vec2<i32>(0)) / i32(SIDE_OF_TILE);
    let last = min(pixels.last - corner, most) / i32(SIDE_OF_TILE);
    if any(last - first > vec2<i32>(MOST_TILES_ASIDE - 1)) {
        return false;
    }
    var offered = number;
    if BY_DEPTH {
        // No ray meets it nearer than its side that faces the camera, roundings included.
        let v = center - frame.plane_center;
        offered = nearness(dot(v, frame.forward) - 1.001 * radius - 1e-5 * (1.0 + length(v)));
    }
    for (var y = first.y; y <= last.y; y++) {
        for (var x = first.x; x <= last.x; x++) {
            if tiles[u32(y) * tiles_a_row() + u32(x)] < offered {
                return false;
            }
        }
    }
    return true;
}

// Spheres over more squares than this aside are drawn unasked.
const MOST_TILES_ASIDE: i32 = 3;

// Row of samples `lane`, and every further one that no other lane draws.
fn scatter_sphere(point: Point, number: u32, lane: u32) {
    let radius = radius_of(point);
    let pixels = footprint(center_of(point), radius);
    if pixels.is_pixel {
        if lane == 0u {
            scatter_pixel(center_of(point), number);
        }
        return;
    }
    if WITH_TILES && is_hidden(center_of(point), radius, pixels, number) {
        return;
    }
    let rows = u32(max(pixels.last.y - pixels.first.y + 1, 0)) * GLYPH_SAMPLES;
    for (var k = lane; k < rows; k += glyphs.lanes) {
        let y = pixels.first.y + i32(k / GLYPH_SAMPLES);
        scatter_row(center_of(point), radius, pixels, y, k % GLYPH_SAMPLES, number);
    }
}

// Sample `s` of the pixels of one row. From one to the next, origin and direction of the ray (whose direction
// has the length `stretch`) and with them its moment about the sphere's centre change evenly, so that
// what decides is a quadratic function of the column.
fn scatter_row(center: vec3<f32>, radius: f32, pixels: Footprint, row: i32, s: u32, number: u32) {
    let column = (pixels.first.x + pixels.last.x) / 2;
    let size = vec2<f32>(f32(frame.width), f32(frame.height));
    let uv = uv_of(vec2<f32>(f32(column), f32(row)) + place_of_sample(s));
    let d0 = frame.ray_forward + uv.x * frame.ray_right + uv.y * frame.ray_up;
    let d1 = frame.ray_right * (2.0 / size.x);
    let w0 = center - (frame.plane_center + uv.x * frame.plane_right + uv.y * frame.plane_up);
    let w1 = frame.plane_right * (-2.0 / size.x);
    let k0 = cross(w0, d0);
    let k1 = cross(w0, d1) + cross(w1, d0);
    // For u columns to the right: squared length of the direction, and its product with the way to the centre.
    let length = vec3<f32>(dot(d0, d0), 2.0 * dot(d0, d1), dot(d1, d1));
    let along = vec3<f32>(dot(w0, d0), dot(w0, d1) + dot(w1, d0), dot(w1, d1));
    // Not below 0 where the ray meets the sphere.
    let inside = radius * radius * length - vec3<f32>(dot(k0, k0), 2.0 * dot(k0, k1), dot(k1, k1));
    let columns = columns_within(inside, pixels, column);
    let last = min(columns.y, i32(frame.last_column) - 1);
    for (var x = max(columns.x, i32(frame.first_column)); x <= last; x++) {
        let u = f32(x - column);
        let powers = vec3<f32>(1.0, u, u * u);
        let depth_squared = dot(inside, powers);
        let depth = (dot(along, powers) - sqrt(max(depth_squared, 0.0))) / dot(length, powers);
        // A sphere that contains the eye is not seen.
        if depth_squared >= 0.0 && depth >= -frame.eye_depth {
            offer(slot_of_pixel(vec2<u32>(u32(x), u32(row))) + s, nearness(depth), number);
        }
    }
}

// The columns where `inside` is not below 0, and at most a few more.
fn columns_within(inside: vec3<f32>, pixels: Footprint, column: i32) -> vec2<i32> {
    let b = 0.5 * inside.y;
    let root = b * b - inside.z * inside.x;
    if !(inside.z < 0.0) {
        return vec2<i32>(pixels.first.x, pixels.last.x);
    }
    let half = sqrt(max(root, 0.0));
    let found = vec2<f32>(b - half, b + half) / -inside.z;
    let slack = 0.05 + 1e-3 * (found.y - found.x);
    let most = vec2<f32>(1e6);
    let columns = vec2<i32>(clamp(vec2<f32>(ceil(found.x - slack), floor(found.y + slack)), -most, most)) + column;
    return vec2<i32>(max(columns.x, pixels.first.x), min(columns.y, pixels.last.x));
}
