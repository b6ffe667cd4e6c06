// The lookup table: colour and extinction per reference length at the beginning and the end of equal
// parts of the limits. A part has ends of its own, so that steps stay sharp.

@group(1) @binding(3) var<storage, read> table: array<vec4<f32>>;

fn transfer(t: f32) -> vec4<f32> {
    let parts = arrayLength(&table) / 2u;
    let x = t * f32(parts);
    let part = min(u32(x), parts - 1u);
    return mix(table[2u * part], table[2u * part + 1u], x - f32(part));
}
