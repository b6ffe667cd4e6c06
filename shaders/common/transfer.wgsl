// The lookup table: colour and extinction per reference length, evenly spaced over the limits.

@group(1) @binding(3) var<storage, read> table: array<vec4<f32>>;

fn transfer(t: f32) -> vec4<f32> {
    let last = arrayLength(&table) - 1u;
    let x = t * f32(last);
    let low = min(u32(x), last - 1u);
    return mix(table[low], table[low + 1u], x - f32(low));
}
