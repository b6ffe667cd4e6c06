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

// The gradient at each node, as `gradient_by_differences` has it.
@group(1) @binding(8) var gradients: texture_3d<f32>;
// Whether they are there: fog interpolates them.
override NODAL_GRADIENTS: bool = false;

// In data axes, per diagonal.
fn gradient_at(index: vec3<f32>, is_surface: bool) -> vec3<f32> {
    if NODAL_GRADIENTS && !is_surface {
        return textureSampleLevel(gradients, density_sampler, (index + 0.5) / volume.nodes, 0.0).rgb;
    }
    return gradient_by_differences(index);
}

// Central differences over one node spacing and a little more (VTK's offset).
fn gradient_by_differences(index: vec3<f32>) -> vec3<f32> {
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

// What all samples of a ray have in common.
struct Towards {
    // Towards the eye, in camera axes.
    eye: vec3<f32>,
    // The cosines of the angles between that and the lights.
    lights: vec3<f32>,
}

// `direction` is a unit vector in data axes.
fn towards_eye(direction: vec3<f32>) -> Towards {
    let eye = in_camera_axes(direction);
    return Towards(eye, vec3<f32>(dot(light_of(0).xyz, eye), dot(light_of(1).xyz, eye), dot(light_of(2).xyz, eye)));
}

// The colour of a sample under the lights. A surface has one side, that towards the eye, and is dark where it is turned
// away from a light; fog is lit from both.
fn lit(color: vec3<f32>, index: vec3<f32>, value: f32, towards: Towards, is_surface: bool) -> vec3<f32> {
    let gradient = gradient_at(index, is_surface);
    let scaled = in_camera_axes(gradient) * lighting.gradient_scale;
    let square = dot(scaled, scaled);
    // Devices may take for 0 what is less than the least normal number.
    let has_normal = square > 1.2e-38;
    let outward = -scaled * select(0.0, inverseSqrt(square), has_normal);
    let normal = select(outward, -outward, is_surface && dot(outward, towards.eye) < 0.0);
    let facing_eye = 2.0 * dot(normal, towards.eye);
    var diffuse = 0.0;
    var specular = 0.0;
    for (var i = 0; i < 3; i++) {
        let source = light_of(i);
        let cosine = dot(normal, source.xyz);
        let facing = select(abs(cosine), max(cosine, 0.0), is_surface);
        diffuse += source.w * facing;
        // The cosine between the eye and the reflected light 2 k n - l, whose length is 1 unless the side is turned round.
        let turned = select(min(cosine, 0.0), 0.0, is_surface);
        let along_eye = max(select(facing, cosine, is_surface) * facing_eye - towards.lights[i], 0.0);
        specular += source.w * to_specular_power(along_eye * along_eye / (1.0 + 8.0 * turned * turned));
    }
    // Without a gradient there is no highlight either.
    specular = select(0.0, specular, has_normal);
    let shaded = color * (lighting.ambient + lighting.diffuse * diffuse) + lighting.specular * specular;
    // Beyond some steepness all is steep; squares of what the logarithm makes of the least values are beyond f32.
    let flatness = lighting.flat_gradient;
    let steepness = min(length(gradient * slope_of_position(value)), 1e15 * flatness) / flatness;
    let steep = steepness * steepness;
    let weight = select(1.0, steep / (1.0 + steep), flatness > 0.0);
    return mix(color, clamp(shaded, vec3<f32>(0.0), vec3<f32>(1.0)), weight);
}

// Half the specular power if it is a whole number below 32; 0 if not.
override HALF_POWER: u32 = 0u;

// The specular power of a number whose square this is.
fn to_specular_power(square: f32) -> f32 {
    if HALF_POWER == 0u {
        return pow(square, 0.5 * lighting.specular_power);
    }
    // Squares cost a third of a logarithm and its inverse.
    let x2 = square * square;
    let x4 = x2 * x2;
    let x8 = x4 * x4;
    return power_bit(0u, square) * power_bit(1u, x2) * power_bit(2u, x4) * power_bit(3u, x8) * power_bit(4u, x8 * x8);
}

fn power_bit(bit: u32, power: f32) -> f32 {
    return select(1.0, power, (HALF_POWER & (1u << bit)) != 0u);
}

// Direction towards light i, and its intensity.
fn light_of(i: i32) -> vec4<f32> {
    switch i {
        case 0: { return vec4<f32>(light_towards(45.0, 45.0), 1.0); }
        case 1: { return vec4<f32>(light_towards(-30.0, -60.0), 0.6); }
        default: { return vec4<f32>(light_towards(-30.0, 60.0), 0.5); }
    }
}
