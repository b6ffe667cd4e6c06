//! From a [`Scene`] to a picture.

mod accumulate;
mod canvas;
mod cells;
mod chart;
mod fit;
mod glyph;
mod gradients;
mod heatmap;
mod march;
mod openness;
mod overlay;
mod pace;
mod present;
mod rules;
mod tiles;
mod transparent;
mod uniforms;
mod volume;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::annotate::{Mark, annotate, camera};
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::grid::{DensityGrid, Spline};
use crate::progress::Progress;
use crate::scene::{Background, Camera, Frame, Further, PointLayer, PointOrder, Scene, Viewpoint, VolumeMode};
use accumulate::AccumulatePass;
pub use chart::draw_chart;
use fit::Fit;
use glyph::{GlyphPass, SeenGlyphs};
pub use heatmap::{HeatmapPainter, draw_heatmap, draw_heatmap_bands};
pub(crate) use march::is_sharp;
use march::{Content, MarchPass, is_occluded, marched};
use openness::OpenTexture;
use overlay::{LaidOut, Overlay};
use present::{Lit, PICTURE_FORMAT, PresentPass};
use tiles::Tile;
use volume::{VolumeTexture, unit_of};

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
    accumulate: AccumulatePass,
    /// The densities of the last picture, the first one first.
    volumes: Vec<VolumeTexture>,
    /// All of them in one texture, where there are several.
    stack: Option<wgpu::TextureView>,
    openness: Option<OpenTexture>,
    /// That of the last picture, drawn over by the next one of its size.
    light: Option<wgpu::Texture>,
    tiling: Tiling,
    fit: Fit,
    /// Why the device that it began with is not the one it draws on.
    failure: Option<String>,
}

/// The sides of the squares that a picture is drawn in, in pixels.
#[derive(Debug, Clone, Copy)]
struct Tiling {
    /// Of the light; a multiple of the other, so that pictures do not depend on it.
    light: u32,
    /// Of background, marks and read-back.
    painted: u32,
}

/// The largest side of a tile: its textures then take 100 MB.
const TILE: u32 = 2048;

/// The most pixels along a side of a picture.
const MOST_PIXELS: u32 = 32768;

impl Renderer {
    /// Prepares the passes on this device.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device refuses them.
    pub fn new(gpu: Gpu) -> Result<Self> {
        let (march, glyphs, present) = (MarchPass::new(&gpu), GlyphPass::new(&gpu), PresentPass::new(&gpu));
        let accumulate = AccumulatePass::new(&gpu);
        let overlay = Overlay::new(&gpu.device, PICTURE_FORMAT);
        gpu.check()?;
        let side = TILE.min(gpu.device.limits().max_texture_dimension_2d);
        let tiling = Tiling { light: side, painted: side };
        Ok(Self {
            gpu,
            march,
            glyphs,
            present,
            overlay,
            accumulate,
            volumes: Vec::new(),
            stack: None,
            openness: None,
            light: None,
            tiling,
            fit: Fit::default(),
            failure: None,
        })
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

    /// Nodes of the last picture's density, and of what it was drawn from, where the device has no room for all: means of them.
    pub fn coarser(&self) -> Option<[[usize; 3]; 2]> {
        self.fit.last
    }

    /// What went wrong with a device, in whose stead another draws since.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Goes on with another device, which is given less at once.
    fn survive(&mut self, failure: &str) -> Result<()> {
        let Self { tiling, fit, .. } = Self::new(self.gpu.again()?).map(|fresh| std::mem::replace(self, fresh))?;
        (self.tiling, self.fit, self.failure) = (tiling, fit, Some(failure.to_owned()));
        self.march.cautious = true;
        Ok(())
    }

    /// Whether the last picture of a scene shows anything of it: somewhere an opacity that 8 bits can tell from none.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device fails.
    pub fn shows_anything(&self) -> Result<bool> {
        Ok(self.gpu.read_word(&self.march.found)? != 0)
    }

    /// Draws a scene: the same bytes every time on the same adapter.
    ///
    /// # Errors
    /// [`Error::Usage`] if the scene or the size cannot be drawn, [`Error::Gpu`] if the device
    /// fails, [`Error::Interrupted`].
    pub fn draw(&mut self, scene: &Scene, frame: &Frame, progress: &dyn Progress) -> Result<Picture> {
        collect(frame.size, |take| self.draw_bands(scene, frame, progress, take))
    }

    /// Draws a scene with the marks of another on its own background, as the parts of a fade are: their letters then lie on one
    /// another.
    ///
    /// # Errors
    /// As [`Renderer::draw`].
    pub fn draw_marked_as(
        &mut self,
        scene: &Scene,
        marked: &Scene,
        frame: &Frame,
        progress: &dyn Progress,
    ) -> Result<Picture> {
        let letters = marked.foreground();
        let mut marked = Scene { background: scene.background, ..marked.clone() };
        marked.annotations.foreground.get_or_insert(letters);
        collect(frame.size, |take| self.bands(scene, Some(&marked), frame, progress, take))
    }

    /// Draws a scene and hands it over in bands of rows, from the top: `take` gets red, green, blue, alpha (not
    /// premultiplied) of each pixel. However large the picture is, no more than a band of 2048 rows is in memory.
    ///
    /// # Errors
    /// As [`Renderer::draw`], and what `take` fails with.
    pub fn draw_bands(
        &mut self,
        scene: &Scene,
        frame: &Frame,
        progress: &dyn Progress,
        take: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        self.bands(scene, None, frame, progress, take)
    }

    /// Draws a scene with its own marks or those of another.
    fn bands(
        &mut self,
        scene: &Scene,
        marked: Option<&Scene>,
        frame: &Frame,
        progress: &dyn Progress,
        take: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        self.validate(scene, frame)?;
        let marked = marked.unwrap_or(scene);
        let marks = marks_of(marked, camera(marked, frame), frame);
        let scene = &*self.fit.scene(&self.gpu, scene)?;
        let mut prepared = None;
        for band in Tile::whole(frame.size).bands(self.tiling.light) {
            let pixels = match self.band(scene, frame, &marks, &mut prepared, band, progress) {
                // A device that is lost, or has no memory any more: once more with another.
                Err(Error::Gpu(failure)) if self.failure.is_none() => {
                    self.survive(&failure)?;
                    prepared = None;
                    self.band(scene, frame, &marks, &mut prepared, band, progress)?
                }
                drawn => drawn?,
            };
            take(&pixels)?;
        }
        Ok(())
    }

    /// A band of a picture: light over the background with the marks that belong on it.
    fn band(
        &mut self,
        scene: &Scene,
        frame: &Frame,
        marks: &[([f32; 3], LaidOut)],
        prepared: &mut Option<Prepared>,
        band: Tile,
        progress: &dyn Progress,
    ) -> Result<Vec<u8>> {
        let prepared = match prepared {
            Some(prepared) => prepared,
            none => none.insert(self.prepare(scene, frame, progress)?),
        };
        let mut pixels = vec![0; 4 * band.size[0] as usize * band.size[1] as usize];
        for tile in band.squares(self.tiling.light) {
            let light = self.light(scene, prepared, frame.size, tile, progress)?;
            for square in tile.squares(self.tiling.painted) {
                let light = Lit { texture: &light, origin: tile.origin, stretched_over: None };
                let painted = self.paint(marks, &light, square)?;
                place(&mut pixels, band, &painted, square);
            }
        }
        Ok(pixels)
    }

    /// Draws a scene in less time: of its light only every `coarseness`-th pixel a side, stretched over the picture; marks
    /// as sharp as ever. Tells how long the light took.
    ///
    /// # Errors
    /// As [`Renderer::draw`].
    pub fn draw_coarse(
        &mut self,
        scene: &Scene,
        frame: &Frame,
        coarseness: u32,
        progress: &dyn Progress,
    ) -> Result<(Picture, Duration)> {
        let start = Instant::now();
        let mut scene = scene.clone();
        scene.viewpoint = Viewpoint::At(camera(&scene, frame));
        scene.quality.pictures = 1;
        let most = frame.size[0].max(frame.size[1]);
        let coarseness = coarseness.max(most.div_ceil(self.tiling.light)).max(1);
        let Frame { size, scale_factor } = *frame;
        let coarse =
            Frame { size: size.map(|n| n.div_ceil(coarseness)), scale_factor: scale_factor / f64::from(coarseness) };
        let fitting = self.fit.scene(&self.gpu, &scene)?;
        let prepared = self.prepare(&fitting, &coarse, progress)?;
        let light = self.light(&fitting, &prepared, coarse.size, Tile::whole(coarse.size), progress)?;
        let took = start.elapsed();
        let light = Lit { texture: &light, origin: [0, 0], stretched_over: Some(size) };
        let (marks, mut rgba) =
            (marks_of(&scene, prepared.camera, frame), vec![0; 4 * size[0] as usize * size[1] as usize]);
        for square in Tile::whole(size).squares(self.tiling.painted) {
            place(&mut rgba, Tile::whole(size), &self.paint(&marks, &light, square)?, square);
        }
        Ok((Picture { size, rgba }, took))
    }

    /// A square of the picture that this light is of.
    fn paint(&mut self, marks: &[([f32; 3], LaidOut)], light: &Lit<'_>, square: Tile) -> Result<Vec<u8>> {
        let mut on = |(color, marks): &([f32; 3], LaidOut)| {
            let target = self.present.run(&self.gpu, *color, square, light, &mut self.overlay, marks);
            self.gpu.read_texture(&target)
        };
        match marks {
            [black, white] => Ok(transparent::from_two(&on(black)?, &on(white)?)),
            one => on(&one[0]),
        }
    }

    /// The light of a scene as floats, before it is laid over the background: what tests compare
    /// with closed forms.
    ///
    /// # Errors
    /// As [`Renderer::draw`].
    pub fn draw_light(&mut self, scene: &Scene, size: [u32; 2], progress: &dyn Progress) -> Result<Light> {
        let scene = &*self.fit.scene(&self.gpu, scene)?;
        let prepared = self.prepare(scene, &Frame { size, scale_factor: 1.0 }, progress)?;
        let mut rgba = vec![[0.0; 4]; size[0] as usize * size[1] as usize];
        for tile in Tile::whole(size).squares(self.tiling.light) {
            let texture = self.light(scene, &prepared, size, tile, progress)?;
            let bytes = self.gpu.read_texture(&texture)?;
            let light: Vec<[f32; 4]> = bytes.chunks_exact(16).map(bytemuck::pod_read_unaligned).collect();
            place(&mut rgba, Tile::whole(size), &light, tile);
        }
        Ok(Light { size, rgba })
    }

    /// What all tiles of a picture share; the density is uploaded if it is not that of the last picture.
    fn prepare(&mut self, scene: &Scene, frame: &Frame, progress: &dyn Progress) -> Result<Prepared> {
        self.validate(scene, frame)?;
        let camera = camera(scene, frame);
        self.gpu.check_there()?;
        self.take_in(scene)?;
        self.glyphs.scattering = Duration::ZERO;
        let openness = is_occluded(scene).then(|| OpenTexture::of(&mut self.openness, &self.gpu, scene));
        let content = self.march.prepare(&self.gpu, scene, &camera, &self.volumes, self.stack.as_ref(), openness);
        let columns = frame.size[0].div_ceil(self.tiling.light);
        let rounds =
            scene.points.as_ref().map_or(1, |layer| if layer.is_translucent() { layer.most_layers() + 1 } else { 1 });
        let rows = u64::from(frame.size[1]) * u64::from(columns) * u64::from(scene.quality.pictures.max(1));
        progress.begin("drawing", rows * rounds);
        Ok(Prepared { camera, content })
    }

    /// Has the densities of a scene on the device: those of the last picture where they are the same.
    fn take_in(&mut self, scene: &Scene) -> Result<()> {
        let marched = scene.densities().take(marched(scene));
        let wanted: Vec<_> = marched.map(|layer| (layer.grid, layer.spline)).collect();
        let is_of = |(volume, (grid, spline)): (&VolumeTexture, &(&Arc<DensityGrid>, Option<&Arc<Spline>>))| {
            volume.is_of(grid, *spline)
        };
        let same = self.volumes.len() == wanted.len() && std::iter::zip(&self.volumes, &wanted).all(is_of);
        if !same {
            self.stack = None;
            let mut last = std::mem::take(&mut self.volumes);
            let kept = |(grid, spline): &(&Arc<DensityGrid>, Option<&Arc<Spline>>)| {
                let at = last.iter().position(|v| v.is_of(grid, *spline))?;
                Some(last.swap_remove(at))
            };
            let kept: Vec<Option<VolumeTexture>> = wanted.iter().map(kept).collect();
            for (n, ((grid, spline), kept)) in std::iter::zip(wanted, kept).enumerate() {
                let volume = kept.map_or_else(|| self.upload(scene, n, grid, spline), Ok)?;
                self.volumes.push(volume);
            }
        }
        if self.volumes.len() > 1 && self.stack.is_none() {
            self.stack = Some(volume::stacked(&self.gpu, &self.volumes)?);
        }
        if self.march.wants_gradients(scene, self.volumes[0].unit) {
            self.volumes[0].add_gradients(&self.gpu)?;
        }
        Ok(())
    }

    /// Uploads density `n` of a scene; with the first what it is marched with is compiled.
    fn upload(
        &self,
        scene: &Scene,
        n: usize,
        grid: &Arc<DensityGrid>,
        spline: Option<&Arc<Spline>>,
    ) -> Result<VolumeTexture> {
        let (gpu, march, stats) = (&self.gpu, &self.march, grid.statistics());
        let samples = scene.on_device.as_ref().filter(|samples| n == 0 && samples.gpu().is_same(gpu));
        march.load(gpu, scene);
        std::thread::scope(|scope| {
            if n == 0 && scene.points.is_none() && scene.trace.is_none() {
                let unit = unit_of(&stats);
                scope.spawn(move || march.compile(gpu, scene, unit));
            }
            match (spline, samples) {
                (Some(spline), _) => VolumeTexture::of_spline(gpu, grid, spline, &stats, &march.cells),
                (None, Some(samples)) => VolumeTexture::of_samples(gpu, grid, samples, &stats, &march.cells),
                (None, None) => VolumeTexture::new(gpu, grid, &stats, &march.cells),
            }
        })
    }

    /// The light of a tile: the mean of as many pictures as the scene asks for.
    fn light(
        &mut self,
        scene: &Scene,
        prepared: &Prepared,
        size: [u32; 2],
        tile: Tile,
        progress: &dyn Progress,
    ) -> Result<wgpu::Texture> {
        let pictures = scene.quality.pictures;
        if pictures <= 1 {
            return self.march(scene, prepared, size, tile, progress);
        }
        let mut light = None;
        for (n, beginning) in scene.quality.beginnings().enumerate() {
            let mut one = prepared.clone();
            one.content.first_step = beginning.first_step;
            one.camera.shift += beginning.aside / f64::from(size[1]);
            let target = self.march(scene, &one, size, tile, progress)?;
            light = Some(self.accumulate.add(&self.gpu, &target, n as u32, pictures)?);
        }
        Ok(light.expect("at least one"))
    }

    /// The light of a tile of one picture.
    fn march(
        &mut self,
        scene: &Scene,
        prepared: &Prepared,
        size: [u32; 2],
        tile: Tile,
        progress: &dyn Progress,
    ) -> Result<wgpu::Texture> {
        let usage =
            wgpu::TextureUsages::STORAGE_BINDING | wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_SRC;
        let target = of_size(&mut self.light, &self.gpu, tile.size, wgpu::TextureFormat::Rgba32Float, usage);
        let (gpu, march, Prepared { camera, content }) = (&self.gpu, &self.march, prepared);
        if scene.points.is_none() && scene.trace.is_none() {
            march.run(gpu, scene, camera, content, None, &target, size, tile, tile.rows(), progress)?;
            return Ok(target);
        }
        let volume = &self.volumes[0];
        for rows in self.glyphs.bands(tile, scene) {
            let march = |seen: Option<&SeenGlyphs>| {
                march.run(gpu, scene, camera, content, seen, &target, size, tile, rows.clone(), progress)
            };
            let Some(band) = self.glyphs.begin(gpu, scene, camera, volume, size, tile, rows.clone()) else {
                march(None)?;
                continue;
            };
            let mut left = scene.points.as_ref().map_or(1, PointLayer::most_layers);
            loop {
                let mut seen = self.glyphs.run(gpu, &band, progress)?;
                march(Some(&seen))?;
                let Some(layers) = &mut seen.layers else { break };
                left = left.saturating_sub(1);
                if left == 0 || gpu.read_word(&layers.found)? == 0 {
                    layers.last = true;
                    march(Some(&seen))?;
                    progress.advance(left * rows.len() as u64);
                    break;
                }
            }
        }
        Ok(target)
    }

    fn validate(&self, scene: &Scene, frame: &Frame) -> Result<()> {
        check_size(frame.size)?;
        camera(scene, frame).validate()?;
        if !(scene.sampling.step > 0.0 && scene.transfer.reference_length > 0.0) {
            return Err(Error::Usage("the step and the reference length of opacity must be above 0".into()));
        }
        validate_cuts(scene)?;
        validate_others(scene)?;
        scene.points.as_ref().map_or(Ok(()), |layer| layer.validate())?;
        validate_trace(scene)
    }
}

/// Whether a picture of this size can be drawn.
fn check_size(size: [u32; 2]) -> Result<()> {
    if size.iter().any(|&n| n == 0 || n > MOST_PIXELS) {
        return Err(Error::Usage(format!(
            "a picture of {} x {} pixels cannot be drawn; 1 to {MOST_PIXELS} on a side can",
            size[0], size[1],
        )));
    }
    Ok(())
}

/// What all tiles of a picture share.
#[derive(Clone)]
struct Prepared {
    camera: Camera,
    content: Content,
}

/// The marks of a scene seen by this camera, on each colour that it is drawn on.
fn marks_of(scene: &Scene, camera: Camera, frame: &Frame) -> Vec<([f32; 3], LaidOut)> {
    marks_on(scene.background, frame, &|background| {
        let mut seen = scene.clone();
        seen.annotations.foreground = Some(scene.foreground());
        seen.background = background;
        annotate(&seen, camera, frame)
    })
}

/// The marks on each colour that a picture is drawn on: its background, or black and white if it has none.
fn marks_on(
    background: Background,
    frame: &Frame,
    marks: &dyn Fn(Background) -> Vec<Mark>,
) -> Vec<([f32; 3], LaidOut)> {
    let colors = match background {
        Background::Color(color) => vec![color],
        Background::Transparent => vec![[0.0; 3], [1.0; 3]],
    };
    let laid_out = |color| (color, LaidOut::new(frame, &marks(Background::Color(color))));
    colors.into_iter().map(laid_out).collect()
}

/// The picture of which `draw` hands over the bands.
fn collect(size: [u32; 2], draw: impl FnOnce(&mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()>) -> Result<Picture> {
    let mut rgba = Vec::new();
    draw(&mut |band| {
        rgba.extend_from_slice(band);
        Ok(())
    })?;
    Ok(Picture { size, rgba })
}

/// Puts the rows of a tile where they belong within a larger one; `T` is a pixel or a byte of one.
fn place<T: Copy>(whole: &mut [T], of: Tile, part: &[T], tile: Tile) {
    let items = part.len() / (tile.size[0] as usize * tile.size[1] as usize);
    let [width, columns] = [of, tile].map(|t| items * t.size[0] as usize);
    let left = items * (tile.origin[0] - of.origin[0]) as usize;
    let top = (tile.origin[1] - of.origin[1]) as usize;
    for (row, line) in part.chunks_exact(columns).enumerate() {
        let at = (top + row) * width + left;
        whole[at..at + columns].copy_from_slice(line);
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

/// Whether the densities beside the first can be drawn.
fn validate_others(scene: &Scene) -> Result<()> {
    if scene.others.len() > Further::MOST {
        return Err(Error::Usage(format!(
            "{} densities are more than the {} that one picture can show",
            1 + scene.others.len(),
            1 + Further::MOST
        )));
    }
    scene.others.iter().try_for_each(|layer| layer.validate(scene))
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
    if matches!(scene.mode, VolumeMode::Isosurfaces(_)) {
        let surfaces = || scene.densities().flat_map(|layer| layer.surfaces);
        fits("isosurfaces", surfaces().count(), VolumeMode::MOST_SURFACES)?;
        if !surfaces().all(|s| s.level.is_finite() && (0.0..=1.0).contains(&s.opacity)) {
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

/// Whether the body within the density can be drawn.
fn validate_trace(scene: &Scene) -> Result<()> {
    let Some(trace) = &scene.trace else { return Ok(()) };
    trace.validate()?;
    if scene.mode.is_projection() {
        return Err(Error::Usage(
            "the largest, smallest, mean or summed density of a ray hides what lies on it; draw the trace in fog, with \
             surfaces or with slices"
                .into(),
        ));
    }
    if scene.points.as_ref().is_some_and(|points| points.order == PointOrder::Density) {
        return Err(Error::Usage("beside a trace points are drawn in the order of their depth".into()));
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

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
