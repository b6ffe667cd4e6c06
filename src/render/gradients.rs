//! The gradient of a density at its nodes, which lit fog interpolates: one look-up for six.

use rayon::prelude::*;

use super::volume::write_layers;
use crate::color::Scale;
use crate::gpu::{Gpu, texture_3d};
use crate::grid::DensityGrid;
use crate::scene::Scene;

/// The most nodes that get a texture of gradients, of 8 bytes each.
const MOST_NODES: usize = 1 << 25;

/// Fewer are lit by differences at each sample, to the last digit as VTK's, in a moment.
const LEAST_NODES: usize = 1 << 18;

/// Limits narrower than this share of the largest density need more digits than 16 bits have.
const LEAST_SHARE: f64 = 1.0 / 4096.0;

/// Layers that are computed before they are written.
const LAYERS_AT_ONCE: usize = 8;

/// Whether what a scene shows of its density, which goes up to `largest`, can be lit by gradients of 16 bits.
pub fn suit(scene: &Scene, largest: f64) -> bool {
    let [low, high] = scene.transfer.limits;
    let wide = high - low >= LEAST_SHARE * largest;
    // Where densities fall to nothing gradients do so sooner: there must be nothing to be seen.
    let clear = scene.transfer.opacity.at(0.0) == 0.0;
    wide && clear && scene.transfer.scale != Scale::Log && (LEAST_NODES..=MOST_NODES).contains(&scene.grid.values.len())
}

/// The gradients in data axes, per diagonal of the box, of densities divided by `unit`; `least` stands for those not finite.
pub fn texture(gpu: &Gpu, grid: &DensityGrid, unit: f64, least: f64) -> wgpu::TextureView {
    let shape = grid.lattice.shape;
    let texture = texture_3d(gpu, "gradients", shape.map(|n| n as u32), wgpu::TextureFormat::Rgba16Float);
    let gradients = Gradients::new(grid, unit, least);
    let layers: Vec<usize> = (0..shape[2]).collect();
    for some in layers.chunks(LAYERS_AT_ONCE) {
        let made: Vec<Vec<[u16; 4]>> = some.par_iter().map(|&z| gradients.layer(z)).collect();
        for (&z, texels) in std::iter::zip(some, &made) {
            write_layers(gpu, &texture, z as u32, bytemuck::cast_slice(texels));
        }
    }
    texture.create_view(&Default::default())
}

/// Two neighbouring nodes and the share of the second: a place between nodes of an axis.
#[derive(Clone, Copy)]
struct Between {
    low: usize,
    high: usize,
    share: f32,
}

/// For each node of an axis the places ahead and behind of which the difference is taken, as `common/light.wgsl` does.
fn places(nodes: usize) -> Vec<[Between; 2]> {
    let top = (nodes - 1) as f64;
    let offset = nodes as f64 / top;
    let between = |at: f64| {
        let low = at.floor();
        Between { low: low as usize, high: (low + 1.0).min(top) as usize, share: (at - low) as f32 }
    };
    (0..nodes).map(|i| [i as f64 + offset, i as f64 - offset].map(|at| between(at.clamp(0.0, top)))).collect()
}

struct Gradients<'a> {
    grid: &'a DensityGrid,
    /// What stands for values that are not finite.
    least: f32,
    /// Of x, y and z.
    places: [Vec<[Between; 2]>; 3],
    /// What the difference along each axis is multiplied by.
    scale: [f64; 3],
}

impl<'a> Gradients<'a> {
    fn new(grid: &'a DensityGrid, unit: f64, least: f64) -> Self {
        let spacing = grid.lattice.spacing / grid.lattice.bounds().diagonal();
        let scale = (spacing * unit).recip().to_array();
        Self { grid, least: least as f32, places: grid.lattice.shape.map(places), scale }
    }

    fn row(&self, y: usize, z: usize) -> &[f32] {
        let [nx, ny, _] = self.grid.lattice.shape;
        &self.grid.values[nx * (y + ny * z)..][..nx]
    }

    /// The value between two nodes.
    fn value(&self, low: f32, high: f32, share: f32) -> f32 {
        let [low, high] = [low, high].map(|v| if v.is_finite() { v } else { self.least });
        low + (high - low) * share
    }

    /// x fastest, as 16-bit floats: gradient and nothing.
    fn layer(&self, z: usize) -> Vec<[u16; 4]> {
        let [nx, ny, _] = self.grid.lattice.shape;
        let across_z = self.places[2][z];
        let mut texels = Vec::with_capacity(nx * ny);
        for y in 0..ny {
            let own = self.row(y, z);
            let beside = self.places[1][y].map(|at| (self.row(at.low, z), self.row(at.high, z), at.share));
            let above = across_z.map(|at| (self.row(y, at.low), self.row(y, at.high), at.share));
            texels.extend((0..nx).map(|x| {
                let along_x = self.places[0][x].map(|at| self.value(own[at.low], own[at.high], at.share));
                let along_y = beside.map(|(low, high, share)| self.value(low[x], high[x], share));
                let along_z = above.map(|(low, high, share)| self.value(low[x], high[x], share));
                let part = |axis: usize, [ahead, behind]: [f32; 2]| {
                    half_bits((f64::from(ahead - behind) * self.scale[axis]) as f32)
                };
                [part(0, along_x), part(1, along_y), part(2, along_z), 0]
            }));
        }
        texels
    }
}

/// The nearest 16-bit float, ties to even; beyond the largest, that.
fn half_bits(value: f32) -> u16 {
    const LARGEST: u32 = 0x7bff;
    let (sign, size) = (value.to_bits() >> 16 & 0x8000, value.to_bits() & 0x7fff_ffff);
    let half = if size < 0x3880_0000 {
        // Below 2^-14 steps are 2^-24, those of single precision from 0.5 on.
        (f32::from_bits(size) + 0.5).to_bits() - 0.5f32.to_bits()
    } else {
        let odd = size >> 13 & 1;
        // The exponent's zero moves from 127 to 15.
        size.saturating_sub((127 - 15) << 23).saturating_add(0xfff + odd) >> 13
    };
    (sign | half.min(LARGEST)) as u16
}

#[cfg(test)]
mod tests {
    use glam::DVec3;

    use super::*;
    use crate::geometry::Box3;
    use crate::grid::Lattice;

    /// IEEE 754-2019, binary16.
    fn value_of(half: u16) -> f64 {
        let (exponent, mantissa) = (i32::from(half >> 10 & 31), f64::from(half & 1023));
        let size = if exponent == 0 {
            mantissa * 2f64.powi(-24)
        } else {
            (1.0 + mantissa / 1024.0) * 2f64.powi(exponent - 15)
        };
        if half >> 15 == 1 { -size } else { size }
    }

    /// Catches: a shifted exponent, rounding down, small numbers lost.
    #[test]
    fn halves_are_the_nearest() {
        for (value, bits) in [(0.0, 0), (1.0, 0x3c00), (-2.0, 0xc000), (65504.0, 0x7bff), (1e6, 0x7bff), (6e-8, 1)] {
            assert_eq!(half_bits(value), bits, "{value}");
        }
        for n in 0..2000 {
            let value = ((n as f32) * 0.37).sin() * 10f32.powi(n % 10 - 5);
            let found = half_bits(value);
            let error = |half: u16| (value_of(half) - f64::from(value)).abs();
            assert!(
                error(found) <= error(found + 1) && (found & 0x7fff == 0 || error(found) <= error(found - 1)),
                "{value}"
            );
        }
    }

    /// Catches: axes exchanged, half differences, the spacing of another axis, a border that reads beyond it.
    #[test]
    fn the_gradient_of_a_linear_density_is_its_slope() {
        let bounds = Box3 { min: DVec3::new(-1.0, 0.0, 2.0), max: DVec3::new(1.0, 3.0, 9.0) };
        let lattice = Lattice::spanning(bounds, [5, 6, 7]).unwrap();
        let slope = DVec3::new(0.5, -0.25, 0.125);
        let values = (0..210).map(|n| lattice.node(n % 5, n / 5 % 6, n / 30).dot(slope) as f32).collect();
        let grid = DensityGrid::new(lattice, values, None).unwrap();
        let gradients = Gradients::new(&grid, 2.0, grid.statistics().min);
        let texel = gradients.layer(3)[2 + 5 * 2];
        // Differences over o nodes on both sides, o = n / (n - 1), divided by one distance, as the shader's.
        for axis in 0..3 {
            let n = lattice.shape[axis] as f64;
            let wanted = slope[axis] * bounds.diagonal() / 2.0 * 2.0 * n / (n - 1.0);
            assert!((value_of(texel[axis]) / wanted - 1.0).abs() < 1e-3, "{axis}: {} {wanted}", value_of(texel[axis]));
        }
        let corner = gradients.layer(0)[0];
        assert!((value_of(corner[0]) / (slope.x * bounds.diagonal() / 2.0 * 1.25) - 1.0).abs() < 1e-3);
    }
}
