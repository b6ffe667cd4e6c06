//! A tensor of 48 layers as a movie: limits from the 2nd to the 98th percentile of all layers, a title a frame.
//!
//! In Python: `FFMpegWriter(fps=12, metadata=...)`, `im.set_data(tensor[k])`, `ax.set_title(...)`, with
//! `vmin, vmax = numpy.percentile(tensor, [2, 98])`.
//!
//! `cargo run --release --example tensor_movie [MOVIE.mp4]`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use densitas::color::Colormap;
use densitas::grid::{DensityGrid, Lattice, PlaneGrid};
use densitas::movie::{MovieOptions, record_heatmap};
use densitas::progress::Silent;
use densitas::scene::{Frame, HeatmapAnimation, HeatmapScene, Interpolation, LimitsOver};
use glam::DVec3;

fn main() -> densitas::error::Result<()> {
    let output = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("tensor_movie.mp4"), PathBuf::from);
    draw(&output)
}

/// Two waves that meet, layer `k` of 48.
fn layer(k: usize) -> densitas::error::Result<Arc<PlaneGrid>> {
    let lattice = Lattice { shape: [96, 72, 1], origin: DVec3::ZERO, spacing: DVec3::ONE };
    let phase = std::f64::consts::TAU * k as f64 / 48.0;
    let value = |i: usize| {
        let (x, y) = ((i % 96) as f64, (i / 96) as f64);
        let wave = |cx: f64, cy: f64| {
            let r = (x - cx).hypot(y - cy);
            (0.45 * r - 2.0 * phase).cos() / (1.0 + 0.08 * r)
        };
        (wave(28.0, 24.0) + wave(70.0, 50.0)) as f32
    };
    PlaneGrid::from_layer(DensityGrid::new(lattice, (0..96 * 72).map(value).collect(), None)?).map(Arc::new)
}

/// Draws the movie.
pub fn draw(output: &Path) -> densitas::error::Result<()> {
    let layers = (0..48).map(layer).collect::<Result<Vec<_>, _>>()?;
    let names = (0..48).map(|k| k.to_string()).collect();
    let mut scene = HeatmapScene::of_cells(layers[0].clone(), HeatmapScene::DEFAULT_LIMITS)?;
    scene.interpolation = Interpolation::Smooth;
    scene.transfer.colormap = Colormap::named("inferno")?;
    scene.annotations.title = Some("Layer {name} of 48".into());
    scene.annotations.bar_title = Some("amplitude".into());
    let animation =
        HeatmapAnimation::new(scene, layers, names, HeatmapAnimation::DEFAULT_LIMITS, LimitsOver::AllFrames)?;
    let options = MovieOptions {
        fps: 12.0,
        title: Some("Two waves".into()),
        artist: Some("densitas".into()),
        comment: Some("limits: 2nd to 98th percentile".into()),
        ..MovieOptions::default()
    };
    record_heatmap(output, &animation, &Frame { size: [640, 480], scale_factor: 1.0 }, &options, &Silent).map(drop)
}
