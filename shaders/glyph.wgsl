// Finds for each sample of each pixel the sphere that is seen there.
//
// By depth: the spheres leave their nearest depths, then the point that has the nearest depth is
// looked for. By density: points come in ascending order of density, and the last one stays. Both only
// ever take the largest of what is offered, so the order in which spheres are drawn does not matter.

#import common/frame.wgsl
#import common/glyph.wgsl
#import common/sphere.wgsl

override BY_DEPTH: bool = true;

@group(2) @binding(0) var<storage, read> points: array<Point>;
// The larger, the nearer; 0: nothing.
@group(2) @binding(2) var<storage, read_write> nearest: array<atomic<u32>>;
// Number of the point, from 1; 0: none.
@group(2) @binding(3) var<storage, read_write> winner: array<atomic<u32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let n = id.x / glyphs.lanes;
    if n >= glyphs.count {
        return;
    }
    let index = glyphs.first + n;
    let point = points[index];
    let radius = radius_of(point);
    let pixels = footprint(point.position, radius);
    // Nothing of the sphere is nearer; a single pixel may lie at its side.
    let ahead = dot(point.position - frame.plane_center, frame.forward);
    let front = select(nearness(ahead - 1.001 * radius), 0xffffffffu, pixels.is_pixel);
    for (var y = pixels.first.y + i32(id.x % glyphs.lanes); y <= pixels.last.y; y += i32(glyphs.lanes)) {
        for (var x = pixels.first.x; x <= pixels.last.x; x++) {
            let slot = slot_of_pixel(vec2<u32>(u32(x), u32(y)));
            for (var s = 0u; s < GLYPH_SAMPLES; s++) {
                if is_hidden(slot + s, front, glyphs.earlier + index + 1u) {
                    continue;
                }
                let ray = ray_at(vec2<f32>(f32(x), f32(y)) + place_of_sample(s));
                let met = hit(ray, point.position, radius, pixels.is_pixel);
                if met.depth > NOWHERE {
                    offer(slot + s, nearness(met.depth / ray.stretch), glyphs.earlier + index + 1u);
                }
            }
        }
    }
}

// Whether a point of this number that is nowhere nearer than `front` cannot be seen by a sample.
fn is_hidden(slot: u32, front: u32, number: u32) -> bool {
    if BY_DEPTH {
        return atomicLoad(&nearest[slot]) > front;
    }
    return atomicLoad(&winner[slot]) > number;
}

fn offer(slot: u32, near: u32, number: u32) {
    if glyphs.claiming == 0u {
        atomicMax(&nearest[slot], near);
    } else if !BY_DEPTH || atomicLoad(&nearest[slot]) == near {
        atomicMax(&winner[slot], number);
    }
}

// An integer above 0 that falls where the depth along the camera's axis grows.
fn nearness(depth: f32) -> u32 {
    let bits = bitcast<u32>(depth);
    let ascending = bits ^ select(0x80000000u, 0xffffffffu, bits >= 0x80000000u);
    return ~ascending;
}
