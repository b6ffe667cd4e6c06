//! The density of points of a plane as a colour mesh.
//!
//! In Python: `scipy.stats.gaussian_kde(xy)` on `np.mgrid`, then `plt.pcolormesh(X, Y, density)`.
//!
//! `cargo run --release --example plane_density [PICTURE.png]`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use densitas::kde::{DensityOptions, density_2d};
use densitas::points::Plane;
use densitas::progress::Silent;
use densitas::render::draw_heatmap;
use densitas::scene::{Frame, HeatmapScene};
use densitas::{io, sample};

fn main() -> densitas::error::Result<()> {
    let output = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("plane_density.png"), PathBuf::from);
    draw(&output)
}

/// Draws the picture.
pub fn draw(output: &Path) -> densitas::error::Result<()> {
    let points = sample::sample("mixture", Some(20_000), 1)?.projected(Plane::XY);
    let density = density_2d::<f32>(&points, &DensityOptions::default(), &Silent)?;

    let mut scene = HeatmapScene::new(Arc::new(density.grid), HeatmapScene::DEFAULT_LIMITS)?;
    scene.annotations.title = Some("Density of 20,000 points".into());
    let picture = draw_heatmap(&scene, &Frame { size: [800, 600], scale_factor: 1.0 })?;
    io::png::write(output, None, picture.size, &picture.rgba)
}
