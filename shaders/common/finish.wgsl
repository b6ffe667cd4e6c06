// What light and distance do to a colour: it is darker where the surroundings close it in, and fades into the background
// with its distance.

struct Finish {
    // What distant colours fade into.
    background: vec3<f32>,
    // Share of the background in the farthest colour.
    depth_cue: f32,
    // From a node index to the place in `openness`, 0 to 1, of what lies half a node on.
    open_scale: vec3<f32>,
    // What is taken from the colour of what is closed in all around.
    occlusion: f32,
    // Where the fading begins, in diagonals from the plane through the box's centre, and by how much of itself it grows a diagonal.
    cue_begin: f32,
    cue_slope: f32,
    pad0: u32,
    pad1: u32,
}

@group(1) @binding(9) var<uniform> finish: Finish;
// How open each place is to the light from all sides, 0 to 1.
@group(1) @binding(10) var openness: texture_3d<f32>;
@group(1) @binding(11) var openness_sampler: sampler;

override OCCLUDED: bool = false;
override CUED: bool = false;

// The share of the background in the colour of what lies at a place on a ray, before it is kept between 0 and 1.
fn cue_at(ray: Ray, place: f32) -> f32 {
    return (place / ray.stretch - finish.cue_begin) * finish.cue_slope;
}

fn cued(color: vec3<f32>, cue: f32) -> vec3<f32> {
    if !CUED {
        return color;
    }
    return mix(color, finish.background, finish.depth_cue * saturate(cue));
}

// The colour at a node index, with its share of the background.
fn finished(color: vec3<f32>, index: vec3<f32>, cue: f32) -> vec3<f32> {
    var seen = color;
    if OCCLUDED {
        let open = textureSampleLevel(openness, openness_sampler, (index + 0.5) * finish.open_scale, 0.0).r;
        seen *= 1.0 - finish.occlusion * (1.0 - open);
    }
    return cued(seen, cue);
}
