//! The structures that shaders read, laid out as WGSL lays them out.
//!
//! Lengths are relative to the centre of the volume's box and divided by its diagonal.

use bytemuck::{Pod, Zeroable};
use glam::DVec3;

use super::march::scale_code;
use super::tiles::Tile;
use crate::color::TransferFunction;
use crate::geometry::Box3;
use crate::grid::DensityGrid;
use crate::scene::{Camera, Further, Plane, Projection, SampleRule, Sampling, Scene, Shading, VolumeMode};

/// `Frame` of `common/frame.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct FrameUniform {
    plane_center: [f32; 3],
    eye_depth: f32,
    plane_right: [f32; 3],
    width: u32,
    plane_up: [f32; 3],
    height: u32,
    ray_right: [f32; 3],
    first_row: u32,
    ray_up: [f32; 3],
    last_row: u32,
    ray_forward: [f32; 3],
    first_column: u32,
    forward: [f32; 3],
    last_column: u32,
    axes_right: [f32; 3],
    target_row: u32,
    axes_up: [f32; 3],
    /// The share of a step that the first one on each ray takes, where it is asked for.
    pub first_step: f32,
    half_plane: [f32; 2],
    widening: [f32; 2],
    shift: [f32; 2],
    pad0: [u32; 2],
}

/// `Finish` of `common/finish.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct FinishUniform {
    background: [f32; 3],
    depth_cue: f32,
    open_scale: [f32; 3],
    occlusion: f32,
    cue_begin: f32,
    cue_slope: f32,
    pad0: u32,
    pad1: u32,
}

/// `Volume` of `common/volume.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct VolumeUniform {
    half_size: [f32; 3],
    step: f32,
    nodes: [f32; 3],
    references_per_step: f32,
    t_scale: f32,
    t_offset: f32,
    opaque: f32,
    step_length: f32,
    /// Of each density, where there are several.
    own: [OwnUniform; 1 + Further::MOST],
}

/// `Own` of `common/volume.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct OwnUniform {
    t_scale: f32,
    t_offset: f32,
    scale: u32,
    faded: f32,
    references: f32,
    first_surface: u32,
    surface_count: u32,
    parts: u32,
}

/// `Cuts` of `common/cuts.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct CutsUniform {
    clips: [[f32; 4]; MOST_CLIPS],
    slices: [[f32; 4]; MOST_SLICES],
    surfaces: [[f32; 4]; VolumeMode::MOST_SURFACES],
    clip_count: u32,
    slice_count: u32,
    surface_count: u32,
    pad0: u32,
}

/// The most clip planes of a scene.
pub const MOST_CLIPS: usize = 16;

/// The most slices of a scene.
pub const MOST_SLICES: usize = 8;

/// `Lighting` of `common/light.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct LightingUniform {
    gradient_scale: [f32; 3],
    ambient: f32,
    spacing: [f32; 3],
    diffuse: f32,
    specular: f32,
    specular_power: f32,
    flat_gradient: f32,
    pad0: u32,
}

/// `Glyphs` of `common/glyph.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct GlyphUniform {
    /// Radius in diagonals, or in pixels, of a point of size 0.
    pub radius_offset: f32,
    /// What the radius grows by where the size grows by one stored unit.
    pub radius_slope: f32,
    /// The row of the picture that the slots begin with.
    pub first_slot_row: u32,
    /// Invocations that share the rows of one sphere.
    pub lanes: u32,
    /// The first point of a dispatch, in its buffer.
    pub first: u32,
    /// Points of a dispatch.
    pub count: u32,
    /// Points in the buffers before that of a dispatch.
    pub earlier: u32,
    /// 0: find the nearest depth of each slot; 1: find the point that has it. For the march: 1 after the last layer.
    pub claiming: u32,
    /// Of a translucent point.
    pub opacity: f32,
    /// Unused, as the next two.
    pub pad0: u32,
    /// Unused.
    pub pad1: u32,
    /// Unused.
    pub pad2: u32,
}

/// `Point` of `common/sphere.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct GlyphPoint {
    /// Relative to the box's centre, in diagonals.
    pub x: f32,
    /// Likewise.
    pub y: f32,
    /// Likewise.
    pub z: f32,
    /// What it is coloured by: the density in the volume's stored unit, or another number as it is.
    pub value: f32,
    /// What its diameter grows with, in the volume's stored unit.
    pub size: f32,
}

/// `Vertex` of `common/trace.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct TraceVertex {
    /// Relative to the box's centre, in diagonals.
    pub x: f32,
    /// Likewise.
    pub y: f32,
    /// Likewise.
    pub z: f32,
    /// The normal, of length 1.
    pub nx: f32,
    /// Likewise.
    pub ny: f32,
    /// Likewise.
    pub nz: f32,
    /// Red, green, blue, from the lowest byte.
    pub color: u32,
}

/// Eye depth that stands for a parallel camera, which sees everything on its rays; in diagonals.
const PARALLEL_EYE_DEPTH: f64 = 1e18;

impl FrameUniform {
    /// The camera's rays for rows `rows` of a tile of a picture of `size`, in the space of a volume in `bounds`.
    pub fn new(camera: &Camera, bounds: Box3, size: [u32; 2], tile: Tile, rows: std::ops::Range<u32>) -> Self {
        let (center, scale) = (bounds.center(), 1.0 / bounds.diagonal());
        let Camera { position, projection, shift, .. } = *camera;
        let axes = camera.axes();
        // From the target's place to the picture's centre, in half heights.
        let aside = -2.0 * (axes.right * shift.x + axes.up * shift.y);
        let depth = (center - position).dot(axes.forward);
        let aspect = f64::from(size[0]) / f64::from(size[1]);
        let (half_height, tangent, eye_depth) = match projection {
            Projection::Perspective { vertical_fov_degrees } => {
                let tangent = (0.5 * vertical_fov_degrees).to_radians().tan();
                (depth * tangent, tangent, depth * scale)
            }
            Projection::Orthographic { visible_height } => (0.5 * visible_height, 0.0, PARALLEL_EYE_DEPTH),
        };
        Self {
            plane_center: f32s((position + axes.forward * depth + aside * half_height - center) * scale),
            eye_depth: eye_depth as f32,
            plane_right: f32s(axes.right * (half_height * aspect * scale)),
            width: size[0],
            plane_up: f32s(axes.up * (half_height * scale)),
            height: size[1],
            ray_right: f32s(axes.right * (tangent * aspect)),
            first_row: rows.start,
            ray_up: f32s(axes.up * tangent),
            last_row: rows.end,
            ray_forward: f32s(axes.forward + aside * tangent),
            first_column: tile.origin[0],
            forward: f32s(axes.forward),
            last_column: tile.origin[0] + tile.size[0],
            axes_right: f32s(axes.right),
            target_row: tile.origin[1],
            axes_up: f32s(axes.up),
            first_step: 1.0,
            half_plane: [aspect, 1.0].map(|side| (half_height * side * scale) as f32),
            widening: [aspect, 1.0].map(|side| (tangent * side) as f32),
            shift: [axes.right, axes.up].map(|axis| (aside * tangent).dot(axis) as f32),
            pad0: [0; 2],
        }
    }
}

/// Accumulated opacity at which a ray ends, where ends are allowed: what is left changes an 8-bit
/// picture by an eighth of a step.
const OPAQUE: f64 = 1.0 - 1.0 / 2048.0;

/// The same, by VTK's and Mayavi's rule.
const OPAQUE_BY_VTK: f64 = 1.0 - 1.0 / 255.0;

impl VolumeUniform {
    /// The box, the step and the limits of `scene`; stored values are densities divided by
    /// `stored_unit`.
    pub fn new(grid: &DensityGrid, sampling: Sampling, transfer: &TransferFunction, stored_unit: f64) -> Self {
        let bounds = grid.lattice.bounds();
        let scale = 1.0 / bounds.diagonal();
        let [vmin, vmax] = transfer.limits.map(|v| transfer.scale.of(v / stored_unit));
        // Equal limits are a step at the limit: so steep that no stored value lies within it.
        let width = (vmax - vmin).max(f64::from(f32::MIN_POSITIVE) * 4.0);
        let step_start = if vmax > vmin { vmin } else { vmax - vmax.abs() * f64::from(f32::EPSILON) - width };
        let t_scale = 1.0 / if vmax > vmin { width } else { vmax - step_start };
        Self {
            half_size: f32s(0.5 * scale * bounds.size()),
            step: (sampling.step * scale) as f32,
            nodes: grid.lattice.shape.map(|n| n as f32),
            references_per_step: (sampling.step / transfer.reference_length) as f32,
            t_scale: t_scale.min(f64::from(f32::MAX)) as f32,
            t_offset: (-step_start * t_scale).clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32,
            opaque: match sampling.rule {
                SampleRule::Midpoint => OPAQUE,
                SampleRule::End => OPAQUE_BY_VTK,
            } as f32,
            step_length: sampling.step as f32,
            own: Zeroable::zeroed(),
        }
    }

    /// With what each of several densities has of its own: its stored unit, and the parts of its table.
    pub fn of_several(mut self, scene: &Scene, stored_units: &[f64], parts: &[usize]) -> Self {
        let each = scene.densities().zip(std::iter::zip(stored_units, parts));
        let mut first_surface = 0;
        for (to, (layer, (unit, parts))) in std::iter::zip(&mut self.own, each) {
            let transfer = layer.transfer;
            let limits = Self::new(&scene.grid, scene.sampling, transfer, *unit);
            *to = OwnUniform {
                t_scale: limits.t_scale,
                t_offset: limits.t_offset,
                scale: scale_code(transfer.scale),
                faded: if layer.cover().at(0.0) == 0.0 { VolumeMode::FADED as f32 } else { 0.0 },
                references: (scene.transfer.reference_length / transfer.reference_length) as f32,
                first_surface,
                surface_count: layer.surfaces.len() as u32,
                parts: *parts as u32,
            };
            first_surface += layer.surfaces.len() as u32;
        }
        self
    }
}

impl FinishUniform {
    /// What light and distance do to the colours of a scene seen by a camera; `open_scale` as in the shader.
    pub fn new(scene: &Scene, camera: &Camera, open_scale: [f64; 3]) -> Self {
        let (bounds, forward) = (scene.grid.lattice.bounds(), camera.axes().forward);
        let depths = scene.focus.corners().map(|corner| (corner - bounds.center()).dot(forward) / bounds.diagonal());
        let [near, far] = depths.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], d| [a.min(*d), b.max(*d)]);
        Self {
            background: scene.background.color(),
            depth_cue: scene.quality.depth_cue as f32,
            open_scale: open_scale.map(|v| v as f32),
            occlusion: scene.quality.ambient_occlusion as f32,
            cue_begin: near as f32,
            cue_slope: (1.0 / (far - near).max(f64::from(f32::MIN_POSITIVE))) as f32,
            pad0: 0,
            pad1: 0,
        }
    }
}

impl CutsUniform {
    /// The planes and surfaces of a scene that has no more of them than there is room for.
    pub fn new(scene: &Scene, stored_units: &[f64]) -> Self {
        let bounds = scene.grid.lattice.bounds();
        let of_each = scene.densities().zip(stored_units).flat_map(|(layer, unit)| {
            let mut surfaces: Vec<[f64; 2]> = layer.surfaces.iter().map(|s| [s.level / unit, s.opacity]).collect();
            surfaces.sort_by(|a, b| a[0].total_cmp(&b[0]));
            surfaces
        });
        let mut cuts = Self::zeroed();
        cuts.clip_count = scene.clip.len() as u32;
        cuts.slice_count = scene.slices.len() as u32;
        cuts.surface_count = scene.mode.surfaces().len() as u32;
        for (to, from) in std::iter::zip(&mut cuts.clips, &scene.clip) {
            *to = plane_in_diagonals(from, bounds);
        }
        for (to, from) in std::iter::zip(&mut cuts.slices, &scene.slices) {
            *to = plane_in_diagonals(from, bounds);
        }
        for (to, [level, opacity]) in std::iter::zip(&mut cuts.surfaces, of_each) {
            *to = [level as f32, opacity as f32, 0.0, 0.0];
        }
        cuts
    }
}

/// Unit normal and distance from the centre of the box, in diagonals.
fn plane_in_diagonals(plane: &Plane, bounds: Box3) -> [f32; 4] {
    let normal = plane.normal.normalize();
    let distance = (plane.point - bounds.center()).dot(normal) / bounds.diagonal();
    let [x, y, z] = f32s(normal);
    [x, y, z, distance as f32]
}

impl LightingUniform {
    /// The lighting of a volume; all zero where there is none.
    pub fn new(grid: &DensityGrid, transfer: &TransferFunction, shading: Option<Shading>) -> Self {
        let Some(s) = shading else { return Self::zeroed() };
        let diagonal = grid.lattice.bounds().diagonal();
        Self {
            gradient_scale: f32s(s.gradient_scale / s.gradient_scale.max_element()),
            ambient: s.ambient as f32,
            spacing: f32s(grid.lattice.spacing / diagonal),
            diffuse: s.diffuse as f32,
            specular: s.specular as f32,
            specular_power: s.specular_power as f32,
            flat_gradient: (s.flat_gradient * diagonal / transfer.reference_length) as f32,
            pad0: 0,
        }
    }
}

fn f32s(v: DVec3) -> [f32; 3] {
    v.as_vec3().to_array()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::assert_same_layout;

    #[test]
    fn structures_are_laid_out_as_the_shaders_read_them() {
        assert_same_layout!(
            FrameUniform,
            "march.wgsl",
            "Frame",
            plane_center,
            eye_depth,
            plane_right,
            width,
            plane_up,
            height,
            ray_right,
            first_row,
            ray_up,
            last_row,
            ray_forward,
            first_column,
            forward,
            last_column,
            axes_right,
            target_row,
            axes_up,
            first_step,
            half_plane,
            widening,
            shift
        );
        assert_same_layout!(
            FinishUniform,
            "march.wgsl",
            "Finish",
            background,
            depth_cue,
            open_scale,
            occlusion,
            cue_begin,
            cue_slope,
            pad0,
            pad1
        );
        assert_same_layout!(
            VolumeUniform,
            "march.wgsl",
            "Volume",
            half_size,
            step,
            nodes,
            references_per_step,
            t_scale,
            t_offset,
            opaque,
            step_length,
            own
        );
        assert_same_layout!(
            OwnUniform,
            "march.wgsl",
            "Own",
            t_scale,
            t_offset,
            scale,
            faded,
            references,
            first_surface,
            surface_count,
            parts
        );
        assert_same_layout!(
            LightingUniform,
            "march.wgsl",
            "Lighting",
            gradient_scale,
            ambient,
            spacing,
            diffuse,
            specular,
            specular_power,
            flat_gradient
        );
        assert_same_layout!(
            GlyphUniform,
            "march.wgsl",
            "Glyphs",
            radius_offset,
            radius_slope,
            first_slot_row,
            lanes,
            first,
            count,
            earlier,
            claiming,
            opacity,
            pad0,
            pad1,
            pad2
        );
        assert_same_layout!(
            CutsUniform,
            "march.wgsl",
            "Cuts",
            clips,
            slices,
            surfaces,
            clip_count,
            slice_count,
            surface_count
        );
        assert_same_layout!(GlyphPoint, "glyph.wgsl", "Point", x, y, z, value, size);
        assert_same_layout!(TraceVertex, "trace.wgsl", "Vertex", x, y, z, nx, ny, nz, color);
    }
}
