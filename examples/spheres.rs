//! 5,000 spheres of diameter 0.07 in the colour of their density, and the same with every eighth alone.
//!
//! In Python: `mlab.points3d(x, y, z, density, scale_mode='none', scale_factor=0.07)`, and the same with
//! `mask_points=8`.
//!
//! `cargo run --release --example spheres [ALL.png MASKED.png]`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use densitas::gpu::{AdapterChoice, Gpu};
use densitas::kde::{DensityOptions, density, density_at};
use densitas::progress::Silent;
use densitas::render::Renderer;
use densitas::scene::{Diameter, Frame, Limits, Look, PointLayer};
use densitas::{io, sample};

fn main() -> densitas::error::Result<()> {
    let mut names = std::env::args_os().skip(1).map(PathBuf::from);
    let all = names.next().unwrap_or_else(|| "spheres.png".into());
    draw(&all, &names.next().unwrap_or_else(|| "spheres_masked.png".into()))
}

/// Draws all spheres, and every eighth.
pub fn draw(all: &Path, masked: &Path) -> densitas::error::Result<()> {
    let points = sample::sample("founding", None, 1)?;
    let options = DensityOptions::default();
    let grid = density::<f32>(&points, &options, &Silent)?.grid;
    let values = density_at(&points, &points.positions, &options, &Silent)?.values;

    let mut scene = Look::Default.scene(Arc::new(grid), Limits::Range(0.0, 1.0))?;
    scene.transfer.colormap = Look::Default.colormap_of_points(scene.background);
    scene.volume = false;
    let layer = Look::Default.points(&scene, Arc::new(points.positions), Arc::new(values));
    let layer = PointLayer { diameter: Diameter::Uniform(0.07), ..layer };

    let mut renderer = Renderer::new(Gpu::new(&AdapterChoice::Auto)?)?;
    for (output, layer) in [(all, layer.clone()), (masked, layer.every(8))] {
        scene.points = Some(layer);
        let picture = renderer.draw(&scene, &Frame { size: [800, 600], scale_factor: 1.0 }, &Silent)?;
        io::png::write(output, None, picture.size, &picture.rgba)?;
    }
    Ok(())
}
