// Lighting by the gradient of the density: three white lights fixed to the camera, as VTK's and
// Mayavi's. Directions are in camera axes: right, up, backward.

struct Lighting {
    // Multiplies the gradient's components before it becomes a normal.
    gradient_scale: vec3<f32>,
    ambient: f32,
    // Distance between nodes, in diagonals.
    spacing: vec3<f32>,
    diffuse: f32,
    specular: f32,
    specular_power: f32,
    // Gradient of t per diagonal at which lighting has half its effect.
    flat_gradient: f32,
}

@group(1) @binding(4) var<uniform> lighting: Lighting;

// Towards a light of this elevation and azimuth in degrees.
fn light_towards(elevation: f32, azimuth: f32) -> vec3<f32> {
    let e = radians(elevation);
    let a = radians(azimuth);
    return vec3<f32>(cos(e) * sin(a), sin(e), cos(e) * cos(a));
}

// Central differences over one node spacing and a little more (VTK's offset), in data axes, per
// diagonal.
fn gradient_at(index: vec3<f32>) -> vec3<f32> {
    let o = volume.nodes / (volume.nodes - 1.0);
    let top = volume.nodes - 1.0;
    var g: vec3<f32>;
    for (var axis = 0; axis < 3; axis++) {
        var offset = vec3<f32>(0.0);
        offset[axis] = o[axis];
        let ahead = value_at(clamp(index + offset, vec3<f32>(0.0), top));
        let behind = value_at(clamp(index - offset, vec3<f32>(0.0), top));
        g[axis] = (ahead - behind) / lighting.spacing[axis];
    }
    return g;
}

fn in_camera_axes(v: vec3<f32>) -> vec3<f32> {
    return vec3<f32>(dot(v, frame.axes_right), dot(v, frame.axes_up), -dot(v, frame.forward));
}

// The colour of a sample under the lights; `towards_eye` is a unit vector in data axes. A surface has one side, that
// towards the eye, and is dark where it is turned away from a light; fog is lit from both.
fn lit(color: vec3<f32>, index: vec3<f32>, towards_eye: vec3<f32>, is_surface: bool) -> vec3<f32> {
    let gradient = gradient_at(index);
    let steepness = length(gradient) * slope_of_position(value_at(index));
    let scaled = in_camera_axes(gradient) * lighting.gradient_scale;
    let size = length(scaled);
    let eye = in_camera_axes(towards_eye);
    let outward = select(vec3<f32>(0.0), -scaled / size, size > 0.0);
    let normal = select(outward, -outward, is_surface && dot(outward, eye) < 0.0);
    var diffuse = 0.0;
    var specular = 0.0;
    for (var i = 0; i < 3; i++) {
        let source = light_of(i);
        let cosine = dot(normal, source.xyz);
        let facing = select(abs(cosine), max(cosine, 0.0), is_surface);
        diffuse += source.w * facing;
        let reflected = normalize(2.0 * select(facing, cosine, is_surface) * normal - source.xyz);
        specular += source.w * pow(max(dot(reflected, eye), 0.0), lighting.specular_power);
    }
    // Without a gradient there is no highlight either.
    specular = select(0.0, specular, size > 0.0);
    let shaded = color * (lighting.ambient + lighting.diffuse * diffuse) + lighting.specular * specular;
    let flatness = lighting.flat_gradient * lighting.flat_gradient;
    let weight = select(1.0, steepness * steepness / (steepness * steepness + flatness), flatness > 0.0);
    return mix(color, clamp(shaded, vec3<f32>(0.0), vec3<f32>(1.0)), weight);
}

// Direction towards light i, and its intensity.
fn light_of(i: i32) -> vec4<f32> {
    switch i {
        case 0: { return vec4<f32>(light_towards(45.0, 45.0), 1.0); }
        case 1: { return vec4<f32>(light_towards(-30.0, -60.0), 0.6); }
        default: { return vec4<f32>(light_towards(-30.0, 60.0), 0.5); }
    }
}
