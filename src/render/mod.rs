//! From a [`Scene`] to a picture.

mod cells;
mod glyph;
mod heatmap;
mod march;
mod overlay;
mod present;
mod rules;
mod transparent;
mod uniforms;
mod volume;

use std::sync::Arc;
use std::time::Duration;

use crate::annotate::{Mark, annotate, annotate_heatmap, camera};
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::progress::Progress;
use crate::scene::{Background, Camera, Frame, HeatmapScene, Scene, VolumeMode};
use glyph::GlyphPass;
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
    glyphs: GlyphPass,
    present: PresentPass,
    overlay: Overlay,
    volume: Option<VolumeTexture>,
    /// That of the last picture, drawn over by the next one of its size.
    light: Option<wgpu::Texture>,
}

impl Renderer {
    /// Prepares the passes on this device.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device refuses them.
    pub fn new(gpu: Gpu) -> Result<Self> {
        let (march, glyphs, present) = (MarchPass::new(&gpu), GlyphPass::new(&gpu), PresentPass::new(&gpu));
        let overlay = Overlay::new(&gpu.device, PICTURE_FORMAT);
        gpu.check()?;
        Ok(Self { gpu, march, glyphs, present, overlay, volume: None, light: None })
    }

    /// The device it draws on.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// How long the adapter took in the last picture to find which point each sample of each pixel sees: a part of
    /// what the picture took, of interest to benches.
    pub fn scattering(&self) -> Duration {
        self.glyphs.scattering
    }

    /// Draws a scene: the same bytes every time on the same adapter.
    ///
    /// # Errors
    /// [`Error::Usage`] if the scene or the size cannot be drawn, [`Error::Gpu`] if the device
    /// fails, [`Error::Interrupted`].
    pub fn draw(&mut self, scene: &Scene, frame: &Frame, progress: &dyn Progress) -> Result<Picture> {
        let camera = camera(scene, frame);
        let light = self.march(scene, camera, frame.size, progress)?;
        self.finish(scene.background, frame, &light, &|background| {
            let mut seen = scene.clone();
            seen.annotations.foreground = Some(scene.foreground());
            seen.background = background;
            annotate(&seen, camera, frame)
        })
    }

    /// Draws a heat map: the same bytes every time on the same adapter.
    ///
    /// # Errors
    /// As [`Renderer::draw`].
    pub fn draw_heatmap(&mut self, scene: &HeatmapScene, frame: &Frame, progress: &dyn Progress) -> Result<Picture> {
        self.validate_size(frame.size)?;
        progress.check()?;
        let light = heatmap::light(&self.gpu, scene, frame);
        self.finish(scene.background, frame, &light, &|background| {
            let mut seen = scene.clone();
            seen.annotations.foreground = Some(scene.foreground());
            seen.background = background;
            annotate_heatmap(&seen, frame)
        })
    }

    /// Light over the background with the marks that belong on it, read back.
    fn finish(
        &mut self,
        background: Background,
        frame: &Frame,
        light: &wgpu::Texture,
        marks: &dyn Fn(Background) -> Vec<Mark>,
    ) -> Result<Picture> {
        let mut on = |color| {
            let marks = marks(Background::Color(color));
            let target = self.present.run(&self.gpu, color, frame, light, &mut self.overlay, &marks);
            self.gpu.read_texture(&target)
        };
        let rgba = match background {
            Background::Color(color) => on(color)?,
            Background::Transparent => transparent::from_two(&on([0.0; 3])?, &on([1.0; 3])?),
        };
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
            empty => empty.insert(VolumeTexture::new(&self.gpu, &scene.grid, &mut self.march.cells)?),
        };
        let usage =
            wgpu::TextureUsages::STORAGE_BINDING | wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_SRC;
        let target = of_size(&mut self.light, &self.gpu, size, wgpu::TextureFormat::Rgba32Float, usage);
        let (gpu, march) = (&self.gpu, &mut self.march);
        let content = march.prepare(gpu, scene, volume);
        progress.begin("drawing", u64::from(size[1]));
        let Some(layer) = &scene.points else {
            march.run(gpu, scene, &camera, &content, None, &target, 0..size[1], progress)?;
            return Ok(target);
        };
        self.glyphs.scattering = Duration::ZERO;
        for rows in self.glyphs.bands(size, layer) {
            let seen = self.glyphs.run(gpu, scene, layer, &camera, volume, size, rows.clone(), progress)?;
            march.run(gpu, scene, &camera, &content, seen.as_ref(), &target, rows, progress)?;
        }
        Ok(target)
    }

    fn validate(&self, scene: &Scene, size: [u32; 2]) -> Result<()> {
        self.validate_size(size)?;
        if !(scene.sampling.step > 0.0 && scene.transfer.reference_length > 0.0) {
            return Err(Error::Usage("the step and the reference length of opacity must be above 0".into()));
        }
        validate_cuts(scene)?;
        scene.points.as_ref().map_or(Ok(()), |layer| layer.validate())
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

/// The kept texture if it has this size, else a new one that is kept in its stead: what is drawn over as a whole
/// need not be made and cleared for every picture.
fn of_size(
    kept: &mut Option<wgpu::Texture>,
    gpu: &Gpu,
    size: [u32; 2],
    format: wgpu::TextureFormat,
    usage: wgpu::TextureUsages,
) -> wgpu::Texture {
    if let Some(texture) = kept.as_ref().filter(|t| [t.width(), t.height()] == size) {
        return texture.clone();
    }
    *kept = None;
    kept.insert(texture_2d(gpu, size, format, usage)).clone()
}

/// Whether planes and surfaces can be drawn.
fn validate_cuts(scene: &Scene) -> Result<()> {
    let fits = |what: &str, found: usize, most: usize| match found > most {
        true => Err(Error::Usage(format!("{found} {what} are more than the {most} that can be drawn"))),
        false => Ok(()),
    };
    fits("clip planes", scene.clip.len(), uniforms::MOST_CLIPS)?;
    fits("slices", scene.slices.len(), uniforms::MOST_SLICES)?;
    scene.clip.iter().chain(&scene.slices).try_for_each(|plane| plane.validate())?;
    if let VolumeMode::Isosurfaces(surfaces) = &scene.mode {
        fits("isosurfaces", surfaces.len(), VolumeMode::MOST_SURFACES)?;
        if !surfaces.iter().all(|s| s.level.is_finite() && (0.0..=1.0).contains(&s.opacity)) {
            return Err(Error::Usage("an isosurface needs a finite level and an opacity from 0 to 1".into()));
        }
    }
    if scene.mode.is_projection() && (scene.points.is_some() || !scene.slices.is_empty()) {
        return Err(Error::Usage(
            "the largest, smallest, mean or summed density of a ray hides points and slices; draw them in fog".into(),
        ));
    }
    Ok(())
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
