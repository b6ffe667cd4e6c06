//! `densitas doctor`: what this machine can draw on, and what it lacks.

use std::path::Path;

use clap::Args;
use serde_json::{Value, json};

use super::console::Console;
use crate::error::Result;
use crate::gpu::{self, AdapterChoice, Gpu, Survey};

/// Options of the verb.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  densitas doctor
  densitas doctor --json
  densitas doctor --adapter software

It ends with status 0 also where nothing can draw, as `info` and `density` need no adapter; with status 3 if the
adapter of --adapter is not there.")]
pub struct DoctorArgs {}

/// Runs the verb.
pub fn run(_: &DoctorArgs, choice: &AdapterChoice, console: &Console) -> Result<()> {
    let adapters = gpu::survey();
    let opened = Gpu::new(choice);
    let missing = missing(&adapters, &Devices::of_this_machine());
    if console.json {
        let (chosen, problem) = match &opened {
            Ok(gpu) => (json!(gpu.describe()), Value::Null),
            Err(error) => (Value::Null, json!(error.to_string())),
        };
        let all: Vec<Value> = adapters.iter().map(adapter_json).collect();
        let told = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "adapters": all,
            "chosen": chosen,
            "problem": problem,
            "missing": missing,
            "threads": rayon::current_num_threads(),
        });
        console.answer(&told.to_string());
        return asked_for(choice, opened);
    }
    console.answer(&format!("densitas {}, {} threads", env!("CARGO_PKG_VERSION"), rayon::current_num_threads()));
    adapters.iter().for_each(|adapter| adapter_prose(adapter, console));
    match &opened {
        Ok(gpu) => console.answer(&format!("drawing   on {}", gpu.describe())),
        Err(error) => console.answer(&format!("drawing   not possible: {error}")),
    }
    missing.iter().for_each(|text| console.answer(&format!("missing   {text}")));
    asked_for(choice, opened)
}

/// Fails if an adapter was asked for that cannot be opened.
fn asked_for(choice: &AdapterChoice, opened: Result<Gpu>) -> Result<()> {
    if *choice == AdapterChoice::Auto { Ok(()) } else { opened.map(drop) }
}

fn kind(adapter: &Survey) -> &'static str {
    match adapter.info.device_type {
        _ if adapter.software => "software",
        wgpu::DeviceType::DiscreteGpu => "discrete",
        wgpu::DeviceType::IntegratedGpu => "integrated",
        wgpu::DeviceType::VirtualGpu => "virtual",
        wgpu::DeviceType::Other | wgpu::DeviceType::Cpu => "other",
    }
}

fn adapter_json(adapter: &Survey) -> Value {
    let (info, limits) = (&adapter.info, &adapter.limits);
    json!({
        "name": info.name,
        "backend": info.backend.to_string(),
        "driver": info.driver,
        "driver_info": info.driver_info,
        "type": kind(adapter),
        "usable": adapter.obstacle.is_none(),
        "obstacle": adapter.obstacle,
        "limits": {
            "max_picture_side": limits.max_texture_dimension_2d,
            "max_grid_side": limits.max_texture_dimension_3d,
            "max_buffer_bytes": limits.max_buffer_size,
            "max_storage_binding_bytes": limits.max_storage_buffer_binding_size,
        },
        "features": { "interpolates_f32": adapter.interpolates_f32 },
    })
}

fn adapter_prose(adapter: &Survey, console: &Console) {
    let limits = &adapter.limits;
    console.answer(&format!("adapter   {}, {}", gpu::describe(&adapter.info), kind(adapter)));
    if let Some(obstacle) = adapter.obstacle {
        console.answer(&format!("          cannot draw: {obstacle}"));
        return;
    }
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    console.answer(&format!(
        "          pictures to {} pixels a side, grids to {} nodes a side, buffers to {:.0} MiB{}",
        limits.max_texture_dimension_2d,
        limits.max_texture_dimension_3d,
        mib(limits.max_buffer_size),
        if adapter.interpolates_f32 { "" } else { "; interpolates by hand, which is slower" }
    ));
}

/// What of the system's graphics is there, apart from the drivers.
struct Devices {
    linux: bool,
    nvidia: bool,
    /// A device of the kernel's graphics, and whether this user may open it.
    render_node: Option<bool>,
}

impl Devices {
    fn of_this_machine() -> Self {
        let nodes = std::fs::read_dir("/dev/dri").into_iter().flatten().flatten();
        let mut nodes = nodes.filter(|n| n.file_name().to_string_lossy().starts_with("renderD"));
        let open = |path: &Path| std::fs::OpenOptions::new().read(true).write(true).open(path).is_ok();
        Self {
            linux: cfg!(target_os = "linux"),
            nvidia: Path::new("/dev/nvidiactl").exists(),
            render_node: nodes.next().map(|node| open(&node.path())),
        }
    }
}

/// What would help, each with the package of Debian and Ubuntu that brings it.
fn missing(adapters: &[Survey], devices: &Devices) -> Vec<String> {
    let usable: Vec<&Survey> = adapters.iter().filter(|a| a.obstacle.is_none()).collect();
    let mut missing = Vec::new();
    if !devices.linux {
        return missing;
    }
    if !usable.iter().any(|a| a.info.backend == wgpu::Backend::Vulkan) {
        missing.push("Vulkan, also in software: apt-get install mesa-vulkan-drivers libvulkan1".to_owned());
    }
    if usable.is_empty() {
        missing.push("OpenGL, instead of Vulkan: apt-get install libegl1 libgl1-mesa-dri".to_owned());
    }
    let hardware = usable.iter().any(|a| !a.software);
    if devices.nvidia && !hardware {
        missing.push(
            "the graphics part of the NVIDIA driver: apt-get install nvidia-vulkan-icd libegl1, or in a container \
             NVIDIA_DRIVER_CAPABILITIES=all"
                .to_owned(),
        );
    }
    if devices.render_node == Some(false) && !hardware {
        missing.push("the right to use the graphics card: add yourself to the group `render`".to_owned());
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: Devices = Devices { linux: true, nvidia: false, render_node: None };

    #[test]
    fn what_is_missing_names_its_package() {
        let bare = missing(&[], &BARE).join("\n");
        assert!(bare.contains("mesa-vulkan-drivers") && bare.contains("libegl1"), "{bare}");
        let nvidia = missing(&[], &Devices { nvidia: true, ..BARE }).join("\n");
        assert!(nvidia.contains("nvidia-vulkan-icd"), "{nvidia}");
        let locked = missing(&[], &Devices { render_node: Some(false), ..BARE }).join("\n");
        assert!(locked.contains("group `render`"), "{locked}");
        assert!(missing(&[], &Devices { linux: false, ..BARE }).is_empty());
    }
}
