//! A density on the GPU.

use std::sync::Arc;

use super::cells::{CellPass, CellRanges};
use super::gradients;
use crate::error::{Error, Result};
use crate::gpu::{Gpu, Samples, texture_3d};
use crate::grid::{DensityGrid, Statistics};

/// A grid in a 3-D texture of 32-bit floats: each density divided by `unit`, so that neither very
/// large nor very small densities leave the range.
pub struct VolumeTexture {
    /// What it was made of.
    pub grid: Arc<DensityGrid>,
    /// One texel a node.
    pub view: wgpu::TextureView,
    /// Least and largest stored value of each cell.
    pub ranges: CellRanges,
    /// The gradient at each node, where a picture has asked for it.
    pub gradients: Option<wgpu::TextureView>,
    /// What one stored unit stands for: the largest absolute value of the grid.
    pub unit: f64,
    /// The smallest finite value of the grid.
    least: f64,
}

impl VolumeTexture {
    /// Of samples that were computed on this device, which `grid` are, too.
    ///
    /// # Errors
    /// As [`VolumeTexture::new`].
    pub fn of_samples(
        gpu: &Gpu,
        grid: &Arc<DensityGrid>,
        samples: &Samples,
        stats: &Statistics,
        cells: &CellPass,
    ) -> Result<Self> {
        checked_shape(gpu, grid)?;
        Ok(Self::of_texture(gpu, grid, &samples.texture()?, stats, cells))
    }

    /// Of a texture that holds the samples as shares of [`unit_of`] them.
    fn of_texture(
        gpu: &Gpu,
        grid: &Arc<DensityGrid>,
        texture: &wgpu::Texture,
        stats: &Statistics,
        cells: &CellPass,
    ) -> Self {
        let view = texture.create_view(&Default::default());
        let ranges = cells.ranges(gpu, &view);
        Self { grid: grid.clone(), view, ranges, gradients: None, unit: unit_of(stats), least: stats.min }
    }

    /// Uploads a grid of these statistics. Nodes whose value is not finite get the smallest finite value.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the grid is larger than the adapter allows.
    pub fn new(gpu: &Gpu, grid: &Arc<DensityGrid>, stats: &Statistics, cells: &CellPass) -> Result<Self> {
        let [nx, ny, nz] = checked_shape(gpu, grid)?;
        let unit = unit_of(stats);
        let texture = texture_3d(gpu, "density", [nx, ny, nz], wgpu::TextureFormat::R32Float);
        let missing = stats.min / unit;
        let inverse = 1.0 / unit;
        for (z, plane) in grid.values.chunks_exact(nx as usize * ny as usize).enumerate() {
            let stored: Vec<f32> =
                plane.iter().map(|&v| (if v.is_finite() { f64::from(v) * inverse } else { missing }) as f32).collect();
            write_plane(gpu, &texture, z as u32, bytemuck::cast_slice(&stored));
        }
        gpu.check()?;
        Ok(Self::of_texture(gpu, grid, &texture, stats, cells))
    }

    /// Makes the texture of gradients if it is not there.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device has no room for it.
    pub fn add_gradients(&mut self, gpu: &Gpu) -> Result<()> {
        if self.gradients.is_none() {
            self.gradients = Some(gradients::texture(gpu, &self.grid, self.unit, self.least));
        }
        gpu.check()
    }
}

/// What a stored unit stands for.
pub fn unit_of(stats: &Statistics) -> f64 {
    let largest = stats.max.abs().max(stats.min.abs());
    if largest.is_finite() && largest > 0.0 { largest } else { 1.0 }
}

/// Writes a layer of texels, row by row.
pub fn write_plane(gpu: &Gpu, texture: &wgpu::Texture, z: u32, texels: &[u8]) {
    let target = wgpu::TexelCopyTextureInfo {
        texture,
        mip_level: 0,
        origin: wgpu::Origin3d { x: 0, y: 0, z },
        aspect: wgpu::TextureAspect::All,
    };
    let layout = wgpu::TexelCopyBufferLayout {
        offset: 0,
        bytes_per_row: Some(texels.len() as u32 / texture.height()),
        rows_per_image: Some(texture.height()),
    };
    let size = wgpu::Extent3d { width: texture.width(), height: texture.height(), depth_or_array_layers: 1 };
    gpu.queue.write_texture(target, texels, layout, size);
}

fn checked_shape(gpu: &Gpu, grid: &DensityGrid) -> Result<[u32; 3]> {
    let most = gpu.device.limits().max_texture_dimension_3d;
    let shape = grid.lattice.shape;
    if shape.iter().any(|&n| n > most as usize) {
        return Err(Error::Gpu(format!(
            "the grid of {} x {} x {} nodes is larger than {most} nodes an axis, the most that {} can draw; \
             choose a smaller --grid or a larger --spacing",
            shape[0],
            shape[1],
            shape[2],
            gpu.describe()
        )));
    }
    Ok(shape.map(|n| n as u32))
}
