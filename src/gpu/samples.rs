//! Samples of a grid where they were computed.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::pass::Pass;
use super::{Gpu, texture_3d};
use crate::error::Result;

/// Rows of samples begin at multiples of this many.
pub(crate) const ROW: usize = wgpu::COPY_BYTES_PER_ROW_ALIGNMENT as usize / size_of::<f32>();
/// Numbers that a workgroup of `density_share.wgsl` takes, in bytes.
const BYTES_A_GROUP: u64 = 64 * 16;

/// Samples of a grid on a device, none below 0: a volume can be drawn of them without a way to the processor and back.
#[derive(Debug, Clone)]
pub struct Samples {
    gpu: Gpu,
    /// The bits of the largest.
    largest: wgpu::Buffer,
    shape: [usize; 3],
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
enum State {
    /// Some layers each, x fastest, in rows of a multiple of [`ROW`].
    Slabs(Vec<wgpu::Buffer>),
    /// Shares of the largest.
    Texture(wgpu::Texture),
}

impl Samples {
    pub(crate) fn new(gpu: &Gpu, slabs: Vec<wgpu::Buffer>, largest: wgpu::Buffer, shape: [usize; 3]) -> Self {
        Self { gpu: gpu.clone(), largest, shape, state: Arc::new(Mutex::new(State::Slabs(slabs))) }
    }

    /// The device that they are on.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    fn stride(&self) -> usize {
        self.shape[0].next_multiple_of(ROW)
    }

    /// The largest.
    ///
    /// # Errors
    /// [`Error::Gpu`](crate::error::Error::Gpu) if the device fails.
    pub(crate) fn largest(&self) -> Result<f32> {
        Ok(f32::from_bits(self.gpu.read_word(&self.largest)?))
    }

    /// Fills `values`, x fastest, with what `of` makes of each sample; not once a texture was made.
    ///
    /// # Errors
    /// [`Error::Gpu`](crate::error::Error::Gpu) if the device fails.
    pub(crate) fn fill<T: Send>(&self, values: &mut [T], of: impl Fn(f32) -> T + Sync) -> Result<()> {
        let (stride, nx) = (self.stride(), self.shape[0]);
        let mut left = values;
        if let State::Slabs(slabs) = &*self.state.lock().unwrap_or_else(PoisonError::into_inner) {
            for slab in slabs {
                let rows = slab.size() as usize / size_of::<f32>() / stride;
                let (some, rest) = left.split_at_mut(rows * nx);
                let fill = |bytes: &[u8]| {
                    some.par_chunks_mut(nx).zip(bytes.par_chunks_exact(size_of::<f32>() * stride)).for_each(
                        |(to, from)| {
                            let (samples, _) = from.as_chunks();
                            to.iter_mut().zip(samples).for_each(|(to, bytes)| *to = of(f32::from_ne_bytes(*bytes)));
                        },
                    );
                };
                self.gpu.look_at(slab, fill)?;
                left = rest;
            }
        }
        Ok(())
    }

    /// A texture of 32-bit floats that holds each sample as a share of the largest; made once.
    ///
    /// # Errors
    /// [`Error::Gpu`](crate::error::Error::Gpu) if the device fails or has no room.
    pub fn texture(&self) -> Result<wgpu::Texture> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let texture = match &*state {
            State::Texture(texture) => return Ok(texture.clone()),
            State::Slabs(slabs) => self.texture_of(slabs),
        };
        self.gpu.check()?;
        *state = State::Texture(texture.clone());
        Ok(texture)
    }

    fn texture_of(&self, slabs: &[wgpu::Buffer]) -> wgpu::Texture {
        let [width, height, depth] = self.shape.map(|n| n as u32);
        let gpu = &self.gpu;
        let texture = texture_3d(gpu, "density", [width, height, depth], wgpu::TextureFormat::R32Float);
        let share = Pass::new(gpu, "density_share.wgsl", &[]);
        let mut first = 0;
        for slab in slabs {
            share.run(gpu, &[slab, &self.largest], slab.size().div_ceil(BYTES_A_GROUP) as usize);
            let layers = (slab.size() / (4 * u64::from(height) * self.stride() as u64)) as u32;
            let layout = wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(4 * self.stride() as u32),
                rows_per_image: Some(height),
            };
            let to = wgpu::TexelCopyTextureInfo {
                texture: &texture,
                mip_level: 0,
                origin: wgpu::Origin3d { x: 0, y: 0, z: first },
                aspect: wgpu::TextureAspect::All,
            };
            let size = wgpu::Extent3d { width, height, depth_or_array_layers: layers };
            let mut encoder = gpu.device.create_command_encoder(&Default::default());
            encoder.copy_buffer_to_texture(wgpu::TexelCopyBufferInfo { buffer: slab, layout }, to, size);
            gpu.queue.submit([encoder.finish()]);
            first += layers;
        }
        texture
    }
}
