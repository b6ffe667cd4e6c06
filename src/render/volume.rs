//! A density on the GPU.

use std::sync::Arc;

use rayon::prelude::*;

use super::cells::{CellPass, CellRanges};
use super::gradients;
use crate::error::{Error, Result};
use crate::gpu::{Gpu, Samples, texture_3d};
use crate::grid::{DensityGrid, Spline, Statistics};

/// A grid in a 3-D texture of 32-bit floats: each density, or coefficient of its spline, divided by `unit`, so that
/// neither very large nor very small densities leave the range.
pub struct VolumeTexture {
    /// What it was made of.
    grid: Arc<DensityGrid>,
    /// What it holds the coefficients of, if not the samples.
    spline: Option<Arc<Spline>>,
    /// One texel a node, or a coefficient.
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
        checked_shape(gpu, grid.lattice.shape)?;
        Ok(Self::of_texture(gpu, grid, None, &samples.texture()?, stats, cells))
    }

    /// Of a texture that holds the samples or coefficients as shares of [`unit_of`] the samples.
    fn of_texture(
        gpu: &Gpu,
        grid: &Arc<DensityGrid>,
        spline: Option<&Arc<Spline>>,
        texture: &wgpu::Texture,
        stats: &Statistics,
        cells: &CellPass,
    ) -> Self {
        let view = texture.create_view(&Default::default());
        let ranges = cells.ranges(gpu, &view, u32::from(spline.is_some()));
        let (grid, spline) = (grid.clone(), spline.cloned());
        Self { grid, spline, view, ranges, gradients: None, unit: unit_of(stats), least: stats.min }
    }

    /// Uploads a grid of these statistics. Nodes whose value is not finite get the smallest finite value.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the grid is larger than the adapter allows.
    pub fn new(gpu: &Gpu, grid: &Arc<DensityGrid>, stats: &Statistics, cells: &CellPass) -> Result<Self> {
        let texture = upload(gpu, grid.lattice.shape, &grid.values, stats)?;
        Ok(Self::of_texture(gpu, grid, None, &texture, stats, cells))
    }

    /// Uploads the coefficients of the spline through a grid of these statistics.
    ///
    /// # Errors
    /// As [`VolumeTexture::new`].
    pub fn of_spline(
        gpu: &Gpu,
        grid: &Arc<DensityGrid>,
        spline: &Arc<Spline>,
        stats: &Statistics,
        cells: &CellPass,
    ) -> Result<Self> {
        let texture = upload(gpu, spline.shape(), spline.coefficients(), stats)?;
        Ok(Self::of_texture(gpu, grid, Some(spline), &texture, stats, cells))
    }

    /// Whether it holds this density, or the spline through it.
    pub fn is_of(&self, grid: &Arc<DensityGrid>, spline: Option<&Arc<Spline>>) -> bool {
        let same_spline = match (&self.spline, spline) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        Arc::ptr_eq(&self.grid, grid) && same_spline
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

/// Several densities at the same nodes in one texture, one behind the other.
///
/// # Errors
/// [`Error::Gpu`] if the adapter has no texture of so many layers.
pub fn stacked(gpu: &Gpu, volumes: &[VolumeTexture]) -> Result<wgpu::TextureView> {
    let one = volumes[0].view.texture().size();
    let layers = one.depth_or_array_layers * volumes.len() as u32;
    checked_shape(gpu, [one.width, one.height, layers].map(|n| n as usize))?;
    let shape = [one.width, one.height, layers];
    let all = texture_3d(gpu, "densities", shape, wgpu::TextureFormat::R32Float);
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    for (n, volume) in volumes.iter().enumerate() {
        let mut to = all.as_image_copy();
        to.origin.z = n as u32 * one.depth_or_array_layers;
        encoder.copy_texture_to_texture(volume.view.texture().as_image_copy(), to, one);
    }
    gpu.queue.submit([encoder.finish()]);
    gpu.check()?;
    Ok(all.create_view(&Default::default()))
}

/// A texture of numbers, x fastest, as shares of [`unit_of`] these statistics. Those that are not finite get the smallest
/// finite value.
fn upload(gpu: &Gpu, shape: [usize; 3], values: &[f32], stats: &Statistics) -> Result<wgpu::Texture> {
    let shape = checked_shape(gpu, shape)?;
    let texture = texture_3d(gpu, "density", shape, wgpu::TextureFormat::R32Float);
    let inverse = 1.0 / unit_of(stats);
    let missing = stats.min * inverse;
    let share = |v: &f32| (if v.is_finite() { f64::from(*v) * inverse } else { missing }) as f32;
    let layer = shape[0] as usize * shape[1] as usize;
    let layers = (AT_ONCE / layer).max(1);
    for (n, some) in values.chunks(layer * layers).enumerate() {
        let shares: Vec<f32> = some.par_iter().map(share).collect();
        write_layers(gpu, &texture, (n * layers) as u32, bytemuck::cast_slice(&shares));
        // What was written is held until it is submitted and done: a large grid would be there once more.
        gpu.queue.submit([]);
        if n % BESIDE == BESIDE - 1 {
            gpu.wait()?;
        }
    }
    gpu.check()?;
    Ok(texture)
}

/// Numbers that are handed over at once.
const AT_ONCE: usize = 1 << 22;

/// So many of these wait for the device beside each other.
const BESIDE: usize = 8;

/// What a stored unit stands for.
pub fn unit_of(stats: &Statistics) -> f64 {
    let largest = stats.max.abs().max(stats.min.abs());
    if largest.is_finite() && largest > 0.0 { largest } else { 1.0 }
}

/// Writes layers of texels from `z` on, row by row.
pub fn write_layers(gpu: &Gpu, texture: &wgpu::Texture, z: u32, texels: &[u8]) {
    let texel = texture.format().block_copy_size(None).expect("colour formats have a size");
    let row = texel * texture.width();
    let layers = texels.len() as u32 / (row * texture.height());
    let target = wgpu::TexelCopyTextureInfo {
        texture,
        mip_level: 0,
        origin: wgpu::Origin3d { x: 0, y: 0, z },
        aspect: wgpu::TextureAspect::All,
    };
    let layout =
        wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: Some(texture.height()) };
    let size = wgpu::Extent3d { width: texture.width(), height: texture.height(), depth_or_array_layers: layers };
    gpu.queue.write_texture(target, texels, layout, size);
}

fn checked_shape(gpu: &Gpu, shape: [usize; 3]) -> Result<[u32; 3]> {
    let most = gpu.device.limits().max_texture_dimension_3d;
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
