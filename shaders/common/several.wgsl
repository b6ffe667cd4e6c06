// What pictures of several densities, at the same nodes, lay over each other.

#if SEVERAL
// Light that arrives from several layers at one place: each adds to the background what it would change it by alone, as
// light does on black and ink on white.
fn laid_over(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
    let opacity = a.a + b.a - a.a * b.a;
    let seen = finish.background + (a.rgb - a.a * finish.background) + (b.rgb - b.a * finish.background);
    return vec4<f32>(saturate(seen) - (1.0 - opacity) * finish.background, opacity);
}

// Where a ray meets a surface, and the light that comes from it.
struct Hit {
    place: f32,
    light: vec4<f32>,
}

// Those of all densities in a voxel: no more than three of each surface.
var<private> hits: array<Hit, 24>;
var<private> hit_count: u32 = 0u;

fn keep_hit(place: f32, light: vec4<f32>) {
    // In the order of their places.
    var at = hit_count;
    while at > 0u && hits[at - 1u].place > place {
        hits[at] = hits[at - 1u];
        at -= 1u;
    }
    hits[at] = Hit(place, light);
    hit_count = min(hit_count + 1u, 23u);
}

fn past_hits(before: vec4<f32>) -> vec4<f32> {
    var light = before;
    for (var n = 0u; n < hit_count; n++) {
        light += (1.0 - light.a) * hits[n].light;
    }
    hit_count = 0u;
    return light;
}
#end
