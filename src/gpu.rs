//! Adapter, device, shader composition and read-back: what every pass needs from wgpu.

mod dispatch;
pub(crate) mod pass;
mod samples;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::memory::usable_memory;
pub(crate) use samples::ROW;
pub use samples::Samples;

/// Which adapter to draw on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AdapterChoice {
    /// The fastest kind: discrete, integrated, virtual, software; Vulkan, Metal and DX12 before GL.
    #[default]
    Auto,
    /// A software adapter.
    Software,
    /// The first whose name, driver or backend contains this text, in any case.
    Named(String),
}

impl AdapterChoice {
    /// What a user's word means: none, `software`, or part of a name.
    pub fn named(name: Option<&str>) -> Self {
        match name {
            None => Self::Auto,
            Some("software") => Self::Software,
            Some(name) => Self::Named(name.to_owned()),
        }
    }
}

/// What is said of an adapter.
pub type AdapterInfo = wgpu::AdapterInfo;

/// An opened device and its queue. A clone is the same device.
#[derive(Debug, Clone)]
pub struct Gpu {
    /// The device.
    pub device: wgpu::Device,
    /// Its queue.
    pub queue: wgpu::Queue,
    /// What it is.
    pub info: AdapterInfo,
    /// What was asked for.
    choice: AdapterChoice,
    failure: Arc<Mutex<Option<String>>>,
    /// Whether [`Gpu::shared`] must not give it any more.
    retired: Arc<AtomicBool>,
    compiled: pass::Compiled,
    watch: dispatch::Watch,
}

/// Loads and maxima of 64-bit integers that many invocations change.
const ATOMIC_U64: wgpu::Features = wgpu::Features::SHADER_INT64.union(wgpu::Features::SHADER_INT64_ATOMIC_ALL_OPS);

/// A device that has no room for a texture of so many bytes is told of when it is filled.
const SMALL_TEXTURE: u64 = 256 << 20;

/// What to install where there is no adapter.
const MISSING: &str = "no graphics adapter was found; drawing needs Vulkan, Metal, DirectX 12 or OpenGL ES 3.1. \
    A software one is enough: on Debian or Ubuntu, `apt-get install mesa-vulkan-drivers`";

impl Gpu {
    /// Opens an adapter: the first of those that were chosen which does not refuse.
    ///
    /// # Errors
    /// [`Error::Gpu`] if there is none, or none of that name, or all refuse.
    pub fn new(choice: &AdapterChoice) -> Result<Self> {
        let adapters = usable_adapters(choice);
        if adapters.is_empty() {
            return Err(Error::Gpu(MISSING.into()));
        }
        let known: Vec<String> = adapters.iter().map(|a| describe(&a.get_info())).collect();
        let mut refused = None;
        for adapter in adapters.into_iter().filter(|a| chosen(choice, &a.get_info())) {
            match Self::open(adapter, choice) {
                Ok(gpu) => return Ok(gpu),
                Err(why) => refused = refused.or(Some(why)),
            }
        }
        Err(refused.unwrap_or_else(|| {
            Error::Gpu(format!("no adapter is {}; there are: {}", wanted(choice), known.join("; ")))
        }))
    }

    /// As [`Gpu::new`], but the same device each time, until it is lost or retired: what one part of a program computes
    /// on it another can draw.
    ///
    /// # Errors
    /// As [`Gpu::new`].
    pub fn shared(choice: &AdapterChoice) -> Result<Self> {
        static OPENED: Mutex<Vec<(AdapterChoice, Gpu)>> = Mutex::new(Vec::new());
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        opened.retain(|(_, gpu)| !gpu.retired.load(Ordering::Relaxed));
        if let Some((_, gpu)) = opened.iter().find(|(of, _)| of == choice) {
            return Ok(gpu.clone());
        }
        let gpu = Self::new(choice)?;
        opened.push((choice.clone(), gpu.clone()));
        Ok(gpu)
    }

    /// Sees to it that [`Gpu::shared`] opens another in its place, as after a failure.
    pub fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    /// Another device in the stead of this one, which has failed.
    ///
    /// # Errors
    /// As [`Gpu::new`].
    pub fn again(&self) -> Result<Self> {
        self.retire();
        Self::shared(&self.choice)
    }

    /// Whether a 3-D texture of so many 32-bit numbers can be had: by the device's limits, by the memory of the machine where
    /// that is the device's, and, where it is large, by asking for one.
    pub fn has_room_3d(&self, shape: [u32; 3]) -> bool {
        let bytes = shape.iter().map(|n| u64::from(*n)).product::<u64>().saturating_mul(4);
        let too_long = shape.iter().any(|n| *n > self.device.limits().max_texture_dimension_3d);
        if too_long || self.is_software() && bytes as f64 > usable_memory() {
            return false;
        }
        if bytes <= SMALL_TEXTURE {
            return true;
        }
        let scopes = [wgpu::ErrorFilter::OutOfMemory, wgpu::ErrorFilter::Validation];
        let scopes = scopes.map(|filter| self.device.push_error_scope(filter));
        let texture = texture_3d(self, "room", shape, wgpu::TextureFormat::R32Float);
        let refused = scopes.into_iter().rev().filter_map(|scope| pollster::block_on(scope.pop())).count() > 0;
        texture.destroy();
        !refused
    }

    /// Whether another is the same device.
    pub fn is_same(&self, other: &Self) -> bool {
        // Numbers of devices begin anew with each instance.
        Arc::ptr_eq(&self.retired, &other.retired)
    }

    fn open(adapter: wgpu::Adapter, choice: &AdapterChoice) -> Result<Self> {
        let info = adapter.get_info();
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("densitas"),
            required_features: adapter.features() & (wgpu::Features::FLOAT32_FILTERABLE | ATOMIC_U64),
            required_limits: adapter.limits(),
            ..Default::default()
        };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor))
            .map_err(|e| Error::Gpu(format!("{}: cannot open the device: {e}", describe(&info))))?;
        let failure = Arc::new(Mutex::new(None));
        let (on_error, on_loss) = (failure.clone(), failure.clone());
        device.on_uncaptured_error(Arc::new(move |e: wgpu::Error| remember(&on_error, e.to_string())));
        let retired = Arc::<AtomicBool>::default();
        let is_lost = retired.clone();
        device.set_device_lost_callback(move |_, text| {
            is_lost.store(true, Ordering::Relaxed);
            remember(&on_loss, format!("the device was lost: {text}"));
        });
        let (choice, compiled, watch) = (choice.clone(), Default::default(), Default::default());
        Ok(Self { device, queue, info, choice, failure, retired, compiled, watch })
    }

    /// The adapter in one line: name, backend, driver.
    pub fn describe(&self) -> String {
        describe(&self.info)
    }

    /// The first failure the device has told of since the last call.
    ///
    /// # Errors
    /// [`Error::Gpu`] with that failure.
    pub fn check(&self) -> Result<()> {
        match self.failure.lock().expect("no holder of this lock panics").take() {
            Some(text) => Err(Error::Gpu(format!("{}: {text}", self.describe()))),
            None => Ok(()),
        }
    }

    /// As [`Gpu::check`], after a look at whether the device is still there: without it wgpu gives no memory to fill.
    ///
    /// # Errors
    /// As [`Gpu::check`].
    pub fn check_there(&self) -> Result<()> {
        let polled = self.device.poll(wgpu::PollType::Poll);
        self.check()?;
        polled.map(|_| ()).map_err(|e| Error::Gpu(format!("{}: {e}", self.describe())))
    }

    /// Waits until all submitted work is done.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device failed.
    pub fn wait(&self) -> Result<()> {
        let polled = self.device.poll(wgpu::PollType::wait_indefinitely());
        self.check()?;
        polled.map(|_| ()).map_err(|e| Error::Gpu(format!("{}: {e}", self.describe())))
    }

    /// Whether it computes on the processor.
    pub fn is_software(&self) -> bool {
        is_software(&self.info)
    }

    /// Whether 32-bit float textures can be interpolated by the adapter itself.
    pub fn interpolates_f32(&self) -> bool {
        self.device.features().contains(wgpu::Features::FLOAT32_FILTERABLE)
    }

    /// Whether shaders have atomic operations on 64-bit integers.
    pub fn has_atomic_u64(&self) -> bool {
        self.device.features().contains(ATOMIC_U64)
    }

    /// The texels of a two-dimensional texture, row by row from the top, without padding.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device failed.
    pub fn read_texture(&self, texture: &wgpu::Texture) -> Result<Vec<u8>> {
        let texel = texture.format().block_copy_size(None).expect("colour formats have a size");
        let (row, rows) = (texture.width() * texel, texture.height());
        let padded = row.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("read-back"),
            size: u64::from(padded) * u64::from(rows),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(padded), rows_per_image: None };
        encoder.copy_texture_to_buffer(
            texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo { buffer: &buffer, layout },
            texture.size(),
        );
        self.queue.submit([encoder.finish()]);
        let unpadded = |bytes: &[u8]| {
            let mut rows_alone = Vec::with_capacity(row as usize * rows as usize);
            bytes.chunks_exact(padded as usize).for_each(|line| rows_alone.extend_from_slice(&line[..row as usize]));
            rows_alone
        };
        self.look_at_mapped(&buffer, unpadded)
    }

    /// The first word of a buffer that may be copied from.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device failed.
    pub fn read_word(&self, buffer: &wgpu::Buffer) -> Result<u32> {
        self.look_at_first(buffer, 4, bytemuck::pod_read_unaligned)
    }

    /// What `look` makes of all bytes of a buffer that may be copied from.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device failed.
    pub fn look_at<T>(&self, buffer: &wgpu::Buffer, look: impl FnOnce(&[u8]) -> T) -> Result<T> {
        self.look_at_first(buffer, buffer.size(), look)
    }

    /// As [`Gpu::look_at`] at the first bytes, of a number that is a multiple of 4.
    fn look_at_first<T>(&self, buffer: &wgpu::Buffer, size: u64, look: impl FnOnce(&[u8]) -> T) -> Result<T> {
        let usage = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ;
        let descriptor = wgpu::BufferDescriptor { label: Some("read-back"), size, usage, mapped_at_creation: false };
        let copy = self.device.create_buffer(&descriptor);
        let mut encoder = self.device.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(buffer, 0, &copy, 0, size);
        self.queue.submit([encoder.finish()]);
        self.look_at_mapped(&copy, look)
    }

    /// What `look` makes of a buffer that can be mapped, when all that was submitted is done.
    fn look_at_mapped<T>(&self, buffer: &wgpu::Buffer, look: impl FnOnce(&[u8]) -> T) -> Result<T> {
        let refused = |e: &dyn std::fmt::Display| Error::Gpu(format!("{}: cannot read back: {e}", self.describe()));
        buffer.map_async(wgpu::MapMode::Read, .., |_| {});
        self.wait()?;
        let mapped = buffer.get_mapped_range(..).map_err(|e| refused(&e))?;
        Ok(look(&mapped))
    }
}

/// A texture of three dimensions to read from, to copy into and to copy.
pub fn texture_3d(
    gpu: &Gpu,
    label: &'static str,
    [width, height, depth]: [u32; 3],
    format: wgpu::TextureFormat,
) -> wgpu::Texture {
    gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some(label),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: depth },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D3,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST | wgpu::TextureUsages::COPY_SRC,
        view_formats: &[],
    })
}

/// One line on an adapter: name, backend, driver.
pub fn describe(info: &AdapterInfo) -> String {
    let driver = if info.driver_info.is_empty() { String::new() } else { format!(", {}", info.driver_info) };
    format!("{} ({}{driver})", info.name, info.backend)
}

/// The adapters that can run the passes, best first. OpenGL takes as long to start as all else, so it is asked only
/// where it may be chosen: by name, or where nothing else draws or it may have a device that others have not.
fn usable_adapters(choice: &AdapterChoice) -> Vec<wgpu::Adapter> {
    let usable = |backends| {
        let mut adapters = all_adapters(backends);
        adapters.retain(|adapter| obstacle(adapter).is_none());
        adapters
    };
    if !matches!(choice, AdapterChoice::Named(_)) {
        let first = usable(wgpu::Backends::all() - wgpu::Backends::GL);
        let chosen = first.iter().find(|adapter| chosen(choice, &adapter.get_info()));
        let of_software = |adapter: &wgpu::Adapter| is_software(&adapter.get_info());
        if chosen
            .is_some_and(|adapter| !of_software(adapter) || *choice == AdapterChoice::Software || !may_have_device())
        {
            return first;
        }
    }
    usable(wgpu::Backends::all())
}

/// Whether the machine may have a graphics device. On Linux those have a file.
pub(crate) fn may_have_device() -> bool {
    let files = ["/dev/dri", "/dev/nvidiactl", "/dev/dxg", "/dev/mali0", "/dev/kgsl-3d0"];
    !cfg!(target_os = "linux") || files.iter().any(|file| std::path::Path::new(file).exists())
}

/// All adapters, best first.
fn all_adapters(backends: wgpu::Backends) -> Vec<wgpu::Adapter> {
    let descriptor = wgpu::InstanceDescriptor { backends, ..wgpu::InstanceDescriptor::new_without_display_handle() };
    let instance = wgpu::Instance::new(descriptor);
    let mut adapters = pollster::block_on(instance.enumerate_adapters(backends));
    adapters.sort_by_key(|a| rank(&a.get_info()));
    adapters
}

/// Why an adapter cannot run the passes.
fn obstacle(adapter: &wgpu::Adapter) -> Option<&'static str> {
    let limits = adapter.limits();
    if !adapter.get_downlevel_capabilities().flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS) {
        return Some("it has no compute shaders");
    }
    if limits.max_texture_dimension_3d < 256 {
        return Some("its 3-D textures have fewer than 256 texels a side");
    }
    (limits.max_storage_textures_per_shader_stage == 0).then_some("its shaders cannot write textures")
}

/// What is known of an adapter without opening it.
#[derive(Debug, Clone)]
pub struct Survey {
    /// Name, backend, driver, kind.
    pub info: AdapterInfo,
    /// What it allows.
    pub limits: wgpu::Limits,
    /// Whether it interpolates 32-bit float textures by itself.
    pub interpolates_f32: bool,
    /// Whether it computes on the processor.
    pub software: bool,
    /// Why it cannot draw, if so.
    pub obstacle: Option<&'static str>,
}

/// All adapters, best first: the first without an obstacle is the one that [`AdapterChoice::Auto`] takes.
pub fn survey() -> Vec<Survey> {
    let survey = |adapter: wgpu::Adapter| Survey {
        info: adapter.get_info(),
        limits: adapter.limits(),
        interpolates_f32: adapter.features().contains(wgpu::Features::FLOAT32_FILTERABLE),
        software: is_software(&adapter.get_info()),
        obstacle: obstacle(&adapter),
    };
    all_adapters(wgpu::Backends::all()).into_iter().map(survey).collect()
}

fn rank(info: &AdapterInfo) -> (u8, u8) {
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    };
    (if is_software(info) { 4 } else { kind }, u8::from(info.backend == wgpu::Backend::Gl))
}

fn is_software(info: &AdapterInfo) -> bool {
    info.device_type == wgpu::DeviceType::Cpu || info.name.to_lowercase().contains("llvmpipe")
}

fn chosen(choice: &AdapterChoice, info: &AdapterInfo) -> bool {
    match choice {
        AdapterChoice::Auto => true,
        AdapterChoice::Software => is_software(info),
        AdapterChoice::Named(text) => {
            let all = format!("{} {}", describe(info), info.driver).to_lowercase();
            all.contains(&text.to_lowercase())
        }
    }
}

fn wanted(choice: &AdapterChoice) -> String {
    match choice {
        AdapterChoice::Auto => "usable".into(),
        AdapterChoice::Software => "a software adapter".into(),
        AdapterChoice::Named(text) => format!("called `{text}`"),
    }
}

fn remember(failure: &Mutex<Option<String>>, text: String) {
    failure.lock().expect("no holder of this lock panics").get_or_insert(text);
}

/// The shader files, by the name that `#import` uses.
const SHADERS: &[(&str, &str)] = &[
    ("common/frame.wgsl", include_str!("../shaders/common/frame.wgsl")),
    ("common/volume.wgsl", include_str!("../shaders/common/volume.wgsl")),
    ("common/transfer.wgsl", include_str!("../shaders/common/transfer.wgsl")),
    ("common/light.wgsl", include_str!("../shaders/common/light.wgsl")),
    ("common/cells.wgsl", include_str!("../shaders/common/cells.wgsl")),
    ("common/finish.wgsl", include_str!("../shaders/common/finish.wgsl")),
    ("common/steps.wgsl", include_str!("../shaders/common/steps.wgsl")),
    ("common/surfaces.wgsl", include_str!("../shaders/common/surfaces.wgsl")),
    ("common/several.wgsl", include_str!("../shaders/common/several.wgsl")),
    ("common/extremes.wgsl", include_str!("../shaders/common/extremes.wgsl")),
    ("common/cuts.wgsl", include_str!("../shaders/common/cuts.wgsl")),
    ("common/glyph.wgsl", include_str!("../shaders/common/glyph.wgsl")),
    ("common/fourier.wgsl", include_str!("../shaders/common/fourier.wgsl")),
    ("common/blocks.wgsl", include_str!("../shaders/common/blocks.wgsl")),
    ("common/scatter.wgsl", include_str!("../shaders/common/scatter.wgsl")),
    ("common/sphere.wgsl", include_str!("../shaders/common/sphere.wgsl")),
    ("common/slots.wgsl", include_str!("../shaders/common/slots.wgsl")),
    ("common/offer.wgsl", include_str!("../shaders/common/offer.wgsl")),
    ("common/offer_wide.wgsl", include_str!("../shaders/common/offer_wide.wgsl")),
    ("common/trace.wgsl", include_str!("../shaders/common/trace.wgsl")),
    ("common/scatter_trace.wgsl", include_str!("../shaders/common/scatter_trace.wgsl")),
    ("accumulate.wgsl", include_str!("../shaders/accumulate.wgsl")),
    ("cell_ranges.wgsl", include_str!("../shaders/cell_ranges.wgsl")),
    ("cell_steps.wgsl", include_str!("../shaders/cell_steps.wgsl")),
    ("density_spread.wgsl", include_str!("../shaders/density_spread.wgsl")),
    ("density_gather.wgsl", include_str!("../shaders/density_gather.wgsl")),
    ("density_forward.wgsl", include_str!("../shaders/density_forward.wgsl")),
    ("density_inverse.wgsl", include_str!("../shaders/density_inverse.wgsl")),
    ("density_share.wgsl", include_str!("../shaders/density_share.wgsl")),
    ("glyph.wgsl", include_str!("../shaders/glyph.wgsl")),
    ("glyph_wide.wgsl", include_str!("../shaders/glyph_wide.wgsl")),
    ("glyph_tiles.wgsl", include_str!("../shaders/glyph_tiles.wgsl")),
    ("glyph_resolve.wgsl", include_str!("../shaders/glyph_resolve.wgsl")),
    ("trace.wgsl", include_str!("../shaders/trace.wgsl")),
    ("trace_wide.wgsl", include_str!("../shaders/trace_wide.wgsl")),
    ("trace_resolve.wgsl", include_str!("../shaders/trace_resolve.wgsl")),
    ("march.wgsl", include_str!("../shaders/march.wgsl")),
    ("present.wgsl", include_str!("../shaders/present.wgsl")),
];

/// The text of a pass with every `#import FILE` line replaced by that file, each once.
///
/// # Panics
/// If a file imports one that is not there.
pub fn compose(name: &str) -> String {
    compose_with(name, &[])
}

/// The same with the lines between `#if FLAG` and `#else` or `#end` for each of these flags, and of all others those between
/// `#else` and `#end`: what a device need not compile makes it start faster, constants or not.
///
/// # Panics
/// As [`compose`].
pub fn compose_with(name: &str, flags: &[&str]) -> String {
    let mut seen = Vec::new();
    let mut text = String::new();
    append(name, flags, &mut seen, &mut text);
    #[cfg(test)]
    fault::plant(&mut text);
    text
}

/// What `work` gives while every shader that this thread composes has `wrong` in place of `right`, and how often it was
/// put there.
#[cfg(test)]
pub fn planted<T>(right: &'static str, wrong: &'static str, work: impl FnOnce() -> T) -> (T, usize) {
    fault::FAULT.set(Some((right, wrong, 0)));
    let done = work();
    (done, fault::FAULT.take().map_or(0, |fault| fault.2))
}

#[cfg(test)]
impl AdapterChoice {
    /// A software adapter, or the one that `DENSITAS_TEST_ADAPTER` names.
    pub fn of_tests() -> Self {
        std::env::var("DENSITAS_TEST_ADAPTER").map_or(Self::Software, Self::Named)
    }

    /// The same adapter by its name but for so many letters: for a device that others do not share.
    pub fn of_tests_less(letters: usize) -> Self {
        let name = Gpu::of_tests().info.name;
        Self::Named(name.chars().take(name.chars().count() - letters).collect())
    }
}

#[cfg(test)]
impl Gpu {
    /// The device that tests draw and compute on.
    pub fn of_tests() -> Self {
        Self::new(&AdapterChoice::of_tests()).expect("tests need a software adapter")
    }
}

/// Member names and offsets, and the size, of a structure as WGSL lays it out.
#[cfg(test)]
pub fn wgsl_layout(shader: &str, structure: &str) -> (Vec<(String, usize)>, usize) {
    let module = wgpu::naga::front::wgsl::parse_str(&compose(shader)).unwrap();
    let (_, ty) = module.types.iter().find(|(_, t)| t.name.as_deref() == Some(structure)).unwrap();
    let wgpu::naga::TypeInner::Struct { members, span } = &ty.inner else { panic!("{structure} is no structure") };
    (members.iter().map(|m| (m.name.clone().unwrap(), m.offset as usize)).collect(), *span as usize)
}

/// Compares a structure of Rust with that of a shader: names, offsets, size.
#[cfg(test)]
macro_rules! assert_same_layout {
    ($type:ty, $shader:literal, $wgsl:literal, $($field:ident),+) => {
        let ours = vec![$((stringify!($field).to_owned(), std::mem::offset_of!($type, $field))),+];
        assert_eq!((ours, size_of::<$type>()), $crate::gpu::wgsl_layout($shader, $wgsl));
    };
}
#[cfg(test)]
pub(crate) use assert_same_layout;

/// Faults that tests plant into shaders, to see that others catch them.
#[cfg(test)]
mod fault {
    use std::cell::Cell;

    thread_local! {
        pub static FAULT: Cell<Option<(&'static str, &'static str, usize)>> = const { Cell::new(None) };
    }

    pub fn plant(text: &mut String) {
        if let Some((right, wrong, times)) = FAULT.get() {
            FAULT.set(Some((right, wrong, times + text.matches(right).count())));
            *text = text.replace(right, wrong);
        }
    }
}

fn append(name: &str, flags: &[&str], seen: &mut Vec<String>, out: &mut String) {
    if seen.iter().any(|s| s == name) {
        return;
    }
    seen.push(name.to_owned());
    let (_, source) =
        SHADERS.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("there is no shader file {name}"));
    let mut is_taken = true;
    for line in source.lines() {
        match (line.split_once(' '), line) {
            (Some(("#import", import)), _) => append(import.trim(), flags, seen, out),
            (Some(("#if", flag)), _) => is_taken = flags.contains(&flag.trim()),
            (_, "#else") => is_taken = !is_taken,
            (_, "#end") => is_taken = true,
            _ if is_taken => {
                out.push_str(line);
                out.push('\n');
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shader_composes_and_validates_without_a_gpu() {
        let passes = SHADERS.iter().filter(|(n, _)| !n.starts_with("common/"));
        let flags: [&[&str]; 4] = [&[], &["CUBIC"], &["SEVERAL"], &["CUBIC", "SEVERAL"]];
        for ((name, _), flags) in passes.flat_map(|pass| flags.map(|flags| (pass, flags))) {
            let text = compose_with(name, flags);
            let module = wgpu::naga::front::wgsl::parse_str(&text)
                .unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(&text)));
            wgpu::naga::valid::Validator::new(
                wgpu::naga::valid::ValidationFlags::all(),
                wgpu::naga::valid::Capabilities::all(),
            )
            .validate(&module)
            .unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(&text)));
        }
    }

    #[test]
    fn an_import_is_taken_once() {
        let text = compose("march.wgsl");
        assert_eq!(text.matches("struct Frame ").count(), 1);
        assert!(!text.contains('#'));
        assert!(!text.contains("fn spline_at") && compose_with("march.wgsl", &["CUBIC"]).contains("fn spline_at"));
    }
}
