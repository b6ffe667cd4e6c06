//! A bivariate normal density of 13 correlations, from -0.95 to 0.95, as a movie or as a page that plays.
//!
//! In Python: `plotly.graph_objects.Figure(frames=[go.Frame(data=[go.Heatmap(z=z, zmin=0, zmax=z.max())])])`, 100 ms a
//! frame, with a colour scale of 21 colours.
//!
//! `cargo run --release --example bivariate_normal [PAGE.html|MOVIE.mp4]`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use densitas::color::Colormap;
use densitas::geometry::Box3;
use densitas::grid::{DensityGrid, Lattice, PlaneGrid};
use densitas::html;
use densitas::movie::{MovieOptions, record_heatmap};
use densitas::progress::Silent;
use densitas::scene::{Frame, HeatmapAnimation, HeatmapScene, Interpolation, Limits, LimitsOver};
use glam::DVec3;

const COLORS: [&str; 21] = [
    "#f7fbff", "#e6f0f9", "#d6e6f4", "#c3daee", "#abd0e6", "#8dc1dd", "#6fb0d7", "#539ecd", "#3b8bc2", "#2676b8",
    "#1461a8", "#0a4a90", "#08306b", "#2b1d6b", "#4a1a78", "#6d1a7c", "#911d74", "#b32a63", "#d1454c", "#e86b33",
    "#f79b1e",
];

fn main() -> densitas::error::Result<()> {
    let output = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("bivariate_normal.html"), PathBuf::from);
    draw(&output)
}

/// The density at 100 x 100 nodes within three standard deviations.
fn density(correlation: f64) -> densitas::error::Result<Arc<PlaneGrid>> {
    let square = Box3 { min: DVec3::new(-3.0, -3.0, 0.0), max: DVec3::new(3.0, 3.0, 1.0) };
    let lattice = Lattice { shape: [100, 100, 1], ..Lattice::spanning(square, [100, 100, 2])? };
    let rest = 1.0 - correlation * correlation;
    let at = |i: usize| {
        let p = lattice.node(i % 100, i / 100, 0);
        let exponent = (p.x * p.x - 2.0 * correlation * p.x * p.y + p.y * p.y) / (2.0 * rest);
        ((-exponent).exp() / (std::f64::consts::TAU * rest.sqrt())) as f32
    };
    PlaneGrid::from_layer(DensityGrid::new(lattice, (0..10_000).map(at).collect(), None)?).map(Arc::new)
}

/// Draws the page or the movie.
pub fn draw(output: &Path) -> densitas::error::Result<()> {
    let correlations: Vec<f64> = (0..13).map(|k| -0.95 + 1.9 * f64::from(k) / 12.0).collect();
    let frames = correlations.iter().map(|r| density(*r)).collect::<Result<Vec<_>, _>>()?;
    let names = correlations.iter().map(|r| format!("{r:+.2}").replace('-', "−")).collect();

    let mut scene = HeatmapScene::new(frames[0].clone(), HeatmapScene::DEFAULT_LIMITS)?;
    scene.interpolation = Interpolation::Linear;
    scene.transfer.colormap = Colormap::parse(&COLORS.join(","))?;
    scene.annotations.title = Some("Bivariate normal density\ncorrelation {name}".into());
    let to_the_peak = |grid: &DensityGrid| Limits::Value(0.0, grid.statistics().max).resolve(grid);
    let animation = HeatmapAnimation::with_limits(scene, frames, names, LimitsOver::EachFrame, &to_the_peak)?;

    let frame = Frame { size: [640, 480], scale_factor: 1.0 };
    if output.extension().is_some_and(|ending| ending == "html") {
        return html::write(output, None, &animation, &frame, 10.0, &Silent);
    }
    record_heatmap(output, &animation, &frame, &MovieOptions { fps: 10.0, ..MovieOptions::default() }, &Silent)
        .map(drop)
}
