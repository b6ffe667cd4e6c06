// Values as shares of the largest, as a volume's texture holds them.

@group(0) @binding(0) var<storage, read_write> values: array<vec4<f32>>;
// The bits of the largest.
@group(0) @binding(1) var<storage, read> largest: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.y * groups.x * 64u + id.x;
    let most = bitcast<f32>(largest[0]);
    if at < arrayLength(&values) && most > 0.0 {
        values[at] /= most;
    }
}
