//! From a [`Scene`] to a picture.

mod heatmap;
mod march;
mod overlay;
mod present;
mod uniforms;
mod volume;

use std::sync::Arc;

use crate::annotate::{Mark, annotate, annotate_heatmap, camera};
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::progress::Progress;
use crate::scene::{Background, Camera, Frame, HeatmapScene, Scene};
use march::MarchPass;
use overlay::Overlay;
use present::{PICTURE_FORMAT, PresentPass};
use volume::VolumeTexture;

/// A picture: 8 bits a channel, rows from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Width and height in pixels.
    pub size: [u32; 2],
    /// Red, green, blue, alpha (not premultiplied) of each pixel, row by row from the top left.
    pub rgba: Vec<u8>,
}

/// The light of a picture before background and annotations.
#[derive(Debug, Clone, PartialEq)]
pub struct Light {
    /// Width and height in pixels.
    pub size: [u32; 2],
    /// Red, green, blue, premultiplied by the opacity, and the opacity, of each pixel.
    pub rgba: Vec<[f32; 4]>,
}

/// Draws scenes. One renderer serves any number of scenes and sizes.
pub struct Renderer {
    gpu: Gpu,
    march: MarchPass,
    present: PresentPass,
    overlay: Overlay,
    volume: Option<VolumeTexture>,
}

impl Renderer {
    /// Prepares the passes on this device.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device refuses them.
    pub fn new(gpu: Gpu) -> Result<Self> {
        let (march, present) = (MarchPass::new(&gpu), PresentPass::new(&gpu));
        let overlay = Overlay::new(&gpu.device, PICTURE_FORMAT);
        gpu.check()?;
        Ok(Self { gpu, march, present, overlay, volume: None })
    }

    /// The device it draws on.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// Draws a scene: the same bytes every time on the same adapter.
    ///
    /// # Errors
    /// [`Error::Usage`] if the scene or the size cannot be drawn, [`Error::Gpu`] if the device
    /// fails, [`Error::Interrupted`].
    pub fn draw(&mut self, scene: &Scene, frame: &Frame, progress: &dyn Progress) -> Result<Picture> {
        let camera = camera(scene, frame);
        let light = self.march(scene, camera, frame.size, progress)?;
        let marks = annotate(scene, camera, frame);
        self.present(scene.background, frame, &light, &marks)
    }

    /// Draws a heat map: the same bytes every time on the same adapter.
    ///
    /// # Errors
    /// As [`Renderer::draw`].
    pub fn draw_heatmap(&mut self, scene: &HeatmapScene, frame: &Frame, progress: &dyn Progress) -> Result<Picture> {
        self.validate_size(frame.size)?;
        progress.check()?;
        let light = heatmap::light(&self.gpu, scene, frame);
        self.present(scene.background, frame, &light, &annotate_heatmap(scene, frame))
    }

    /// Light over the background, with marks, read back.
    fn present(
        &mut self,
        background: Background,
        frame: &Frame,
        light: &wgpu::Texture,
        marks: &[Mark],
    ) -> Result<Picture> {
        let target = self.present.run(&self.gpu, background, frame, light, &mut self.overlay, marks);
        let mut rgba = self.gpu.read_texture(&target)?;
        if background == Background::Transparent {
            rgba.chunks_exact_mut(4).for_each(unpremultiply);
        }
        Ok(Picture { size: frame.size, rgba })
    }

    /// The light of a scene as floats, before it is laid over the background: what tests compare
    /// with closed forms.
    ///
    /// # Errors
    /// As [`Renderer::draw`].
    pub fn draw_light(&mut self, scene: &Scene, size: [u32; 2], progress: &dyn Progress) -> Result<Light> {
        let camera = camera(scene, &Frame { size, scale_factor: 1.0 });
        let texture = self.march(scene, camera, size, progress)?;
        let bytes = self.gpu.read_texture(&texture)?;
        let rgba = bytes.chunks_exact(16).map(bytemuck::pod_read_unaligned).collect();
        Ok(Light { size, rgba })
    }

    fn march(
        &mut self,
        scene: &Scene,
        camera: Camera,
        size: [u32; 2],
        progress: &dyn Progress,
    ) -> Result<wgpu::Texture> {
        camera.validate()?;
        self.validate(scene, size)?;
        if !self.volume.as_ref().is_some_and(|v| Arc::ptr_eq(&v.grid, &scene.grid)) {
            self.volume = None;
        }
        let volume = match &mut self.volume {
            Some(volume) => volume,
            empty => empty.insert(VolumeTexture::new(&self.gpu, &scene.grid)?),
        };
        let usage =
            wgpu::TextureUsages::STORAGE_BINDING | wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_SRC;
        let target = texture_2d(&self.gpu, size, wgpu::TextureFormat::Rgba32Float, usage);
        self.march.run(&self.gpu, scene, &camera, volume, &target, progress)?;
        Ok(target)
    }

    fn validate(&self, scene: &Scene, size: [u32; 2]) -> Result<()> {
        self.validate_size(size)?;
        if !(scene.sampling.step > 0.0 && scene.transfer.reference_length > 0.0) {
            return Err(Error::Usage("the step and the reference length of opacity must be above 0".into()));
        }
        Ok(())
    }

    fn validate_size(&self, size: [u32; 2]) -> Result<()> {
        let most = self.gpu.device.limits().max_texture_dimension_2d;
        if size.iter().any(|&n| n == 0 || n > most) {
            return Err(Error::Usage(format!(
                "a picture of {} x {} pixels cannot be drawn; {} allows 1 to {most} on a side",
                size[0],
                size[1],
                self.gpu.describe()
            )));
        }
        Ok(())
    }
}

/// A two-dimensional texture of one level.
fn texture_2d(gpu: &Gpu, size: [u32; 2], format: wgpu::TextureFormat, usage: wgpu::TextureUsages) -> wgpu::Texture {
    gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage,
        view_formats: &[],
    })
}

fn unpremultiply(pixel: &mut [u8]) {
    let alpha = u32::from(pixel[3]);
    for channel in &mut pixel[..3] {
        let straight = (u32::from(*channel) * 255 + alpha / 2).checked_div(alpha).unwrap_or(0);
        *channel = straight.min(255) as u8;
    }
}
