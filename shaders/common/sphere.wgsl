// A point as a sphere: the pixels it may cover, and where a ray meets it.

struct Point {
    x: f32,
    y: f32,
    z: f32,
    // What it is coloured by, in the unit that the limits are in.
    value: f32,
    // What its diameter grows with, likewise.
    size: f32,
}

// Radii are in pixels, the same near and far; otherwise in diagonals.
override IN_PIXELS: bool = false;

fn center_of(point: Point) -> vec3<f32> {
    return vec3<f32>(point.x, point.y, point.z);
}

// Spheres of a smaller radius, in pixels, could slip between the samples: they are drawn as the one
// pixel that their centre lies in. Half the diagonal of a pixel.
const LEAST_RADIUS: f32 = 0.70711;

// No ray is met here.
const NOWHERE: f32 = -3e38;

fn radius_of(point: Point) -> f32 {
    let radius = max(glyphs.radius_offset + glyphs.radius_slope * point.size, 0.0);
    if IN_PIXELS {
        let ahead = dot(center_of(point) - frame.plane_center, frame.forward);
        return radius * max(half_picture(ahead).y, 0.0) * 2.0 / f32(frame.height);
    }
    return radius;
}

// Rows are those to be drawn; columns all of the picture, so that roundings do not depend on which are drawn.
struct Footprint {
    // First and last pixel, both included; last < first if there are none.
    first: vec2<i32>,
    last: vec2<i32>,
    // Half the width of the sphere in the picture, in pixels.
    radius: f32,
    // Whether it is drawn as one pixel.
    is_pixel: bool,
}

// Distances from the picture's left and upper edge, in pixels, of what lies `aside` (to the right and
// upward) and `ahead` of the plane through the box's centre.
fn place_of(aside: vec2<f32>, ahead: f32) -> vec2<f32> {
    let from_center = (aside - ahead * frame.shift) / half_picture(ahead);
    let size = vec2<f32>(f32(frame.width), f32(frame.height));
    return (vec2<f32>(0.5) + vec2<f32>(0.5, -0.5) * from_center) * size;
}

// Half the width and height of what is seen on a plane; not above 0 if it lies behind the eye.
fn half_picture(ahead: f32) -> vec2<f32> {
    return frame.half_plane + ahead * frame.widening;
}

// The pixels of which a sphere may cover a sample: those of the camera-aligned cube around it.
fn footprint(center: vec3<f32>, radius: f32) -> Footprint {
    let v = center - frame.plane_center;
    let aside = vec2<f32>(dot(v, frame.axes_right), dot(v, frame.axes_up));
    let ahead = dot(v, frame.forward);
    var found: Footprint;
    found.first = vec2<i32>(0);
    found.last = vec2<i32>(-1);
    if half_picture(ahead + radius).y <= 0.0 {
        return found;
    }
    let edge = vec2<i32>(i32(frame.width), i32(frame.last_row)) - 1;
    if half_picture(ahead - radius).y <= 0.0 {
        found.first = vec2<i32>(0, i32(frame.first_row));
        found.last = edge;
        found.radius = f32(frame.width);
        return found;
    }
    let a = place_of(aside - radius, ahead - radius);
    let b = place_of(aside + radius, ahead - radius);
    let c = place_of(aside - radius, ahead + radius);
    let d = place_of(aside + radius, ahead + radius);
    var low = min(min(a, b), min(c, d));
    var high = max(max(a, b), max(c, d));
    found.radius = 0.25 * (high.x - low.x + high.y - low.y);
    found.is_pixel = found.radius < LEAST_RADIUS;
    // No sample lies nearer than this to a border of its pixel.
    let free = select(0.125, 0.5, GLYPH_SAMPLES == 1u);
    low = ceil(low - (1.0 - free));
    high = floor(high - free);
    if found.is_pixel {
        low = floor(place_of(aside, ahead));
        high = low;
    }
    let border = vec2<f32>(f32(frame.first_column), f32(frame.first_row));
    if any(high < border) || any(low >= vec2<f32>(f32(frame.last_column), f32(frame.last_row))) {
        return found;
    }
    found.first = vec2<i32>(max(low, vec2<f32>(0.0, border.y)));
    found.last = min(vec2<i32>(min(high, vec2<f32>(edge))), edge);
    return found;
}

struct Hit {
    // Place on the ray.
    depth: f32,
    // Cosine of the angle between the surface and the picture: 1 in the middle of a sphere, 0 at its rim.
    facing: f32,
}

// Where a ray enters a sphere. One that is drawn as a pixel is met by every ray, at its side.
fn hit(ray: Ray, center: vec3<f32>, radius: f32, is_pixel: bool) -> Hit {
    let to_center = center - ray.origin;
    let closest = dot(to_center, ray.direction);
    let aside = to_center - closest * ray.direction;
    let depth_squared = radius * radius - dot(aside, aside);
    if !is_pixel && !(depth_squared >= 0.0) {
        return Hit(NOWHERE, 0.0);
    }
    let half_chord = sqrt(max(depth_squared, 0.0));
    let entry = closest - half_chord;
    // A sphere that contains the eye is not seen.
    return Hit(select(NOWHERE, entry, entry >= ray.eye), half_chord / max(radius, 1e-30));
}
