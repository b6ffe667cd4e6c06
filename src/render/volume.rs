//! A density on the GPU.

use std::sync::Arc;

use super::cells::{CellPass, CellRanges};
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::grid::DensityGrid;

/// A grid in a 3-D texture of 32-bit floats: each density divided by `unit`, so that neither very
/// large nor very small densities leave the range.
pub struct VolumeTexture {
    /// What it was made of.
    pub grid: Arc<DensityGrid>,
    /// One texel a node.
    pub view: wgpu::TextureView,
    /// Least and largest stored value of each cell.
    pub ranges: CellRanges,
    /// What one stored unit stands for: the largest absolute value of the grid.
    pub unit: f64,
}

impl VolumeTexture {
    /// Uploads a grid. Nodes whose value is not finite get the smallest finite value.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the grid is larger than the adapter allows.
    pub fn new(gpu: &Gpu, grid: &Arc<DensityGrid>, cells: &CellPass) -> Result<Self> {
        let [nx, ny, nz] = checked_shape(gpu, grid)?;
        let stats = grid.statistics();
        let unit = stats.max.abs().max(stats.min.abs());
        let unit = if unit.is_finite() && unit > 0.0 { unit } else { 1.0 };
        let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("density"),
            size: wgpu::Extent3d { width: nx, height: ny, depth_or_array_layers: nz },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D3,
            format: wgpu::TextureFormat::R32Float,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let missing = stats.min / unit;
        let inverse = 1.0 / unit;
        for (z, plane) in grid.values.chunks_exact(nx as usize * ny as usize).enumerate() {
            let stored: Vec<f32> =
                plane.iter().map(|&v| (if v.is_finite() { f64::from(v) * inverse } else { missing }) as f32).collect();
            write_plane(gpu, &texture, z as u32, &stored);
        }
        gpu.check()?;
        let view = texture.create_view(&Default::default());
        let ranges = cells.ranges(gpu, &view);
        Ok(Self { grid: grid.clone(), view, ranges, unit })
    }
}

fn write_plane(gpu: &Gpu, texture: &wgpu::Texture, z: u32, stored: &[f32]) {
    let target = wgpu::TexelCopyTextureInfo {
        texture,
        mip_level: 0,
        origin: wgpu::Origin3d { x: 0, y: 0, z },
        aspect: wgpu::TextureAspect::All,
    };
    let layout = wgpu::TexelCopyBufferLayout {
        offset: 0,
        bytes_per_row: Some(4 * texture.width()),
        rows_per_image: Some(texture.height()),
    };
    let size = wgpu::Extent3d { width: texture.width(), height: texture.height(), depth_or_array_layers: 1 };
    gpu.queue.write_texture(target, bytemuck::cast_slice(stored), layout, size);
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
