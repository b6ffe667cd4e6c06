//! The founding example: 5,000 points, their Gaussian density on a grid of 30 x 30 x 30 nodes over their bounding
//! box, and a volume picture whose colours run from the minimum to the middle of the range, with axes.
//!
//! In Python: `scipy.stats.gaussian_kde(points)` on `np.mgrid[min:max:30j]`, then
//! `mlab.pipeline.volume(field, vmin=min, vmax=min + 0.5 * (max - min))` and `mlab.axes()`.
//!
//! `cargo run --release --example founding_volume [PICTURE.png]`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use densitas::gpu::{AdapterChoice, Gpu};
use densitas::kde::{DensityOptions, Extent, Resolution, density};
use densitas::progress::Silent;
use densitas::render::Renderer;
use densitas::scene::{Frame, Limits, Look};
use densitas::{io, sample};

fn main() -> densitas::error::Result<()> {
    let output = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("founding_volume.png"), PathBuf::from);
    draw(&output)
}

/// Draws the picture.
pub fn draw(output: &Path) -> densitas::error::Result<()> {
    let points = sample::sample("founding", None, 1)?;
    let options = DensityOptions {
        extent: Extent::Padding(0.0),
        resolution: Resolution::Nodes([30, 30, 30]),
        ..DensityOptions::default()
    };
    let density = density::<f32>(&points, &options, &Silent)?;

    let scene = Look::Default.scene(Arc::new(density.grid), Limits::Range(0.0, 0.5))?;
    let frame = Frame { size: [800, 600], scale_factor: 1.0 };
    let mut renderer = Renderer::new(Gpu::new(&AdapterChoice::Auto)?)?;
    let picture = renderer.draw(&scene, &frame, &Silent)?;
    io::png::write(output, None, picture.size, &picture.rgba)?;

    let [vmin, vmax] = scene.transfer.limits;
    println!("{}: colours from {vmin:.3e} to {vmax:.3e}", output.display());
    Ok(())
}
