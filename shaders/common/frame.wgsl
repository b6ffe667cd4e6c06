// The picture being drawn and the ray of each of its pixels.
//
// Lengths are relative to the centre of the volume's box and divided by its diagonal, so that f32
// is enough wherever the data lie. A ray starts on the plane through that centre, not at the eye.

struct Frame {
    // Where the ray of the picture's centre meets the plane through the box's centre that the camera
    // faces.
    plane_center: vec3<f32>,
    // Distance from the eye to that plane along the axis; huge for a parallel camera.
    eye_depth: f32,
    // From the picture's centre to its right and upper edge: on that plane, and as directions.
    plane_right: vec3<f32>,
    width: u32,
    plane_up: vec3<f32>,
    height: u32,
    ray_right: vec3<f32>,
    first_row: u32,
    ray_up: vec3<f32>,
    last_row: u32,
    // The direction of the ray in the picture's centre; not of unit length.
    ray_forward: vec3<f32>,
    // Rows and columns to be drawn are `first` to before `last`; the target begins with this column.
    first_column: u32,
    // The camera's unit axes.
    forward: vec3<f32>,
    last_column: u32,
    axes_right: vec3<f32>,
    // The row that the target begins with.
    target_row: u32,
    axes_up: vec3<f32>,
    // The share of a step that the first one on each ray takes, above 0.
    first_step: f32,
    // Half the width and height of what is seen on the plane through the box's centre, how both grow with the distance behind it,
    // and how far to the right and upward the picture's centre moves.
    half_plane: vec2<f32>,
    widening: vec2<f32>,
    shift: vec2<f32>,
}

@group(0) @binding(0) var<uniform> frame: Frame;

struct Ray {
    origin: vec3<f32>,
    direction: vec3<f32>,
    // The eye's place on the ray: nothing before it is seen.
    eye: f32,
    // How much longer a way along the ray is than along the camera's axis.
    stretch: f32,
}

fn ray_of_pixel(pixel: vec2<u32>) -> Ray {
    return ray_at(vec2<f32>(pixel) + 0.5);
}

// From the picture's centre to its right and upper edge, -1 to 1.
fn uv_of(place: vec2<f32>) -> vec2<f32> {
    let size = vec2<f32>(f32(frame.width), f32(frame.height));
    return place / size * vec2<f32>(2.0, -2.0) + vec2<f32>(-1.0, 1.0);
}

// The ray through a place of the picture, in pixels from the top left corner.
fn ray_at(place: vec2<f32>) -> Ray {
    let uv = uv_of(place);
    let along = frame.ray_forward + uv.x * frame.ray_right + uv.y * frame.ray_up;
    var ray: Ray;
    ray.origin = frame.plane_center + uv.x * frame.plane_right + uv.y * frame.plane_up;
    ray.stretch = length(along);
    ray.direction = along / ray.stretch;
    ray.eye = -frame.eye_depth * ray.stretch;
    return ray;
}

// Entry and exit of a ray through the box of this half size around the origin; exit < entry if it
// misses.
fn box_on_ray(ray: Ray, half_size: vec3<f32>) -> vec2<f32> {
    // A ray parallel to a pair of faces must give large numbers of the right sign, never 0 / 0.
    let parallel = abs(ray.direction) < vec3<f32>(1e-20);
    let inverse = 1.0 / select(ray.direction, vec3<f32>(1e-20), parallel);
    let a = (-half_size - ray.origin) * inverse;
    let b = (half_size - ray.origin) * inverse;
    let low = min(a, b);
    let high = max(a, b);
    let entry = max(max(low.x, low.y), max(low.z, ray.eye));
    let exit = min(min(high.x, high.y), high.z);
    return vec2<f32>(entry, exit);
}
