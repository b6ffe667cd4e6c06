//! A scatter of 1,000 points, each in the colour of its density, the densest on top.
//!
//! In Python: `scipy.stats.gaussian_kde(x)(x)`, then `ax.scatter(*x, c=density)` sorted by density.
//!
//! `cargo run --release --example scatter [PICTURE.png]`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use densitas::gpu::{AdapterChoice, Gpu};
use densitas::kde::{DensityOptions, density, density_at};
use densitas::progress::Silent;
use densitas::render::Renderer;
use densitas::scene::{Background, Frame, Limits, Look};
use densitas::{io, sample};

fn main() -> densitas::error::Result<()> {
    let output = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("scatter.png"), PathBuf::from);
    draw(&output)
}

/// Draws the picture.
pub fn draw(output: &Path) -> densitas::error::Result<()> {
    let points = sample::sample("founding", Some(1000), 1)?;
    let options = DensityOptions::default();
    let grid = density::<f32>(&points, &options, &Silent)?.grid;
    let values = density_at(&points, &points.positions, &options, &Silent)?.values;

    let mut scene = Look::Default.scene(Arc::new(grid), Limits::Range(0.0, 1.0))?;
    scene.background = Background::Color([1.0; 3]);
    scene.transfer.colormap = Look::Default.colormap_of_points(scene.background);
    scene.volume = false;
    scene.points = Some(Look::Default.points(&scene, Arc::new(points.positions), Arc::new(values)));

    let mut renderer = Renderer::new(Gpu::new(&AdapterChoice::Auto)?)?;
    let picture = renderer.draw(&scene, &Frame { size: [800, 600], scale_factor: 1.0 }, &Silent)?;
    io::png::write(output, None, picture.size, &picture.rgba)
}
