//! The window's surface: what egui paints, on the adapter that shows windows.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use egui::{ClippedPrimitive, TexturesDelta};
use egui_wgpu::{RendererOptions, ScreenDescriptor};
use winit::event_loop::OwnedDisplayHandle;
use winit::window::Window;

use crate::error::{Error, Result};

/// A surface with all that paints on it.
pub struct Screen {
    window: Arc<Window>,
    instance: wgpu::Instance,
    surface: wgpu::Surface<'static>,
    device: wgpu::Device,
    queue: wgpu::Queue,
    config: wgpu::SurfaceConfiguration,
    painter: egui_wgpu::Renderer,
    lost: Arc<AtomicBool>,
}

/// With `DENSITAS_LOSE_DEVICE=N` the device is lost once, when N frames were painted: so that tests see it survived.
static FRAMES_TO_LOSS: LazyLock<AtomicU32> = LazyLock::new(|| {
    let given = std::env::var("DENSITAS_LOSE_DEVICE").ok().and_then(|n| n.parse().ok());
    AtomicU32::new(given.unwrap_or(0))
});

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// It is on the screen.
    Yes,
    /// It is not, and another one would not be either for now.
    Hidden,
    /// It is not; the next one will be.
    Again,
    /// The device is gone: make a new screen.
    Lost,
}

impl Screen {
    /// For a window.
    ///
    /// # Errors
    /// [`Error::Gpu`] if no adapter can show it.
    pub fn new(window: Arc<Window>, display: OwnedDisplayHandle) -> Result<Self> {
        let wrong = |what: &str, e: &dyn std::fmt::Display| {
            Error::Gpu(format!("{what}: {e}; `densitas doctor` tells what can draw here"))
        };
        let descriptor = wgpu::InstanceDescriptor::new_with_display_handle_from_env(Box::new(display));
        let instance = wgpu::Instance::new(descriptor);
        let surface = instance.create_surface(window.clone()).map_err(|e| wrong("no surface for a window", &e))?;
        let options = wgpu::RequestAdapterOptions { compatible_surface: Some(&surface), ..Default::default() };
        let adapter = pollster::block_on(instance.request_adapter(&options))
            .map_err(|e| wrong("no adapter can show a window", &e))?;
        let descriptor =
            wgpu::DeviceDescriptor { label: Some("window"), required_limits: adapter.limits(), ..Default::default() };
        let (device, queue) =
            pollster::block_on(adapter.request_device(&descriptor)).map_err(|e| wrong("the window's device", &e))?;
        let lost = Arc::new(AtomicBool::new(false));
        let (on_loss, on_error) = (lost.clone(), lost.clone());
        device.set_device_lost_callback(move |_, _| on_loss.store(true, Ordering::Relaxed));
        device.on_uncaptured_error(Arc::new(move |_| on_error.store(true, Ordering::Relaxed)));
        let size = window.inner_size();
        let mut config = surface
            .get_default_config(&adapter, size.width.max(1), size.height.max(1))
            .ok_or_else(|| Error::Gpu("the adapter cannot show this window; `densitas doctor` tells more".into()))?;
        // Pictures are display values: an sRGB surface would encode them once more.
        let formats = surface.get_capabilities(&adapter).formats;
        config.format = formats.iter().copied().find(|f| !f.is_srgb()).unwrap_or(config.format);
        config.present_mode = wgpu::PresentMode::AutoVsync;
        surface.configure(&device, &config);
        let options = RendererOptions { dithering: false, ..RendererOptions::default() };
        let painter = egui_wgpu::Renderer::new(&device, config.format, options);
        Ok(Self { window, instance, surface, device, queue, config, painter, lost })
    }

    /// The largest side of a texture.
    pub fn max_texture_side(&self) -> usize {
        self.device.limits().max_texture_dimension_2d as usize
    }

    /// The window was resized; a size of 0 (a minimised window) is left alone.
    pub fn resize(&mut self, width: u32, height: u32) {
        let most = self.device.limits().max_texture_dimension_2d;
        if width > 0 && height > 0 && (width, height) != (self.config.width, self.config.height) {
            (self.config.width, self.config.height) = (width.min(most), height.min(most));
            self.surface.configure(&self.device, &self.config);
        }
    }

    /// Paints a frame of egui.
    pub fn paint(&mut self, primitives: &[ClippedPrimitive], textures: &TexturesDelta, pixels_per_point: f32) -> Shown {
        if FRAMES_TO_LOSS.load(Ordering::Relaxed) > 0 && FRAMES_TO_LOSS.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.device.destroy();
        }
        // Without a device there is no memory to be filled with triangles.
        if self.device.poll(wgpu::PollType::Poll).is_err() || self.lost.load(Ordering::Relaxed) {
            return Shown::Lost;
        }
        for (id, delta) in textures.set.iter().flat_map(|(id, deltas)| deltas.iter().map(move |delta| (id, delta))) {
            self.painter.update_texture(&self.device, &self.queue, *id, delta);
        }
        let shown = self.present(primitives, pixels_per_point);
        for id in &textures.free {
            self.painter.free_texture(id);
        }
        if self.lost.load(Ordering::Relaxed) { Shown::Lost } else { shown }
    }

    fn present(&mut self, primitives: &[ClippedPrimitive], pixels_per_point: f32) -> Shown {
        use wgpu::CurrentSurfaceTexture as Current;
        let (frame, is_worn) = match self.surface.get_current_texture() {
            Current::Success(frame) => (frame, false),
            Current::Suboptimal(frame) => (frame, true),
            Current::Outdated => {
                self.surface.configure(&self.device, &self.config);
                return Shown::Again;
            }
            Current::Lost => return self.new_surface(),
            Current::Timeout => return Shown::Again,
            Current::Occluded => return Shown::Hidden,
            Current::Validation => return Shown::Lost,
        };
        let screen = ScreenDescriptor { size_in_pixels: [self.config.width, self.config.height], pixels_per_point };
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let more = self.painter.update_buffers(&self.device, &self.queue, &mut encoder, primitives, &screen);
        {
            let view = frame.texture.create_view(&Default::default());
            let pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
                label: Some("window"),
                color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                    view: &view,
                    depth_slice: None,
                    resolve_target: None,
                    ops: wgpu::Operations {
                        load: wgpu::LoadOp::Clear(wgpu::Color::BLACK),
                        store: wgpu::StoreOp::Store,
                    },
                })],
                ..Default::default()
            });
            self.painter.render(&mut pass.forget_lifetime(), primitives, &screen);
        }
        self.queue.submit(more.into_iter().chain([encoder.finish()]));
        self.window.pre_present_notify();
        self.queue.present(frame);
        if is_worn {
            self.surface.configure(&self.device, &self.config);
        }
        Shown::Yes
    }

    fn new_surface(&mut self) -> Shown {
        match self.instance.create_surface(self.window.clone()) {
            Ok(surface) => {
                self.surface = surface;
                self.surface.configure(&self.device, &self.config);
                Shown::Again
            }
            Err(_) => Shown::Lost,
        }
    }
}
