// How what is drawn is offered to the slots of samples: the nearest stays, of translucent things the nearest behind the layer
// before.

override BY_DEPTH: bool = true;

// For each slot the complement of nearness and number of the point in the layer before.
@group(2) @binding(4) var<storage, read> before: array<vec2<u32>>;

// Whether something lies behind the layer before.
fn is_behind(slot: u32, near: u32, number: u32) -> bool {
    if !LAYERED {
        return true;
    }
    let last = ~before[slot];
    return near < last.x || (near == last.x && number < last.y);
}

// An integer above 0 that falls where the depth along the camera's axis grows.
fn nearness(depth: f32) -> u32 {
    let bits = bitcast<u32>(depth);
    let ascending = bits ^ select(0x80000000u, 0xffffffffu, bits >= 0x80000000u);
    return ~ascending;
}
