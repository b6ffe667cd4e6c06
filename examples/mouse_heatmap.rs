//! Where a mouse was on a screen of 1920 x 1080: counts of places, smoothed by a Gaussian of 16 pixels.
//!
//! In Python: a table (x, y) -> count, `scipy.ndimage.gaussian_filter(counts, 16)`, then `plt.imshow`.
//!
//! `cargo run --release --example mouse_heatmap [PICTURE.png]`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use densitas::color::Colormap;
use densitas::geometry::LengthUnit;
use densitas::grid::{gaussian_blur, histogram_2d};
use densitas::io;
use densitas::render::draw_heatmap;
use densitas::scene::{Frame, HeatmapScene, Interpolation, Limits};
use glam::{DVec2, DVec3};

fn main() -> densitas::error::Result<()> {
    let output = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("mouse_heatmap.png"), PathBuf::from);
    draw(&output)
}

/// How often the mouse was at each place: a stroll between a few things to click.
fn track() -> BTreeMap<(u32, u32), u32> {
    let stops = [(960.0, 420.0), (260.0, 180.0), (1500.0, 240.0), (1180.0, 820.0), (420.0, 760.0), (960.0, 420.0)];
    let mut counts = BTreeMap::new();
    let mut noise = 1u32;
    let mut random = || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(noise >> 8) / f64::from(1 << 24) - 0.5
    };
    for way in stops.windows(2) {
        for step in 0..3000 {
            // Slow at both ends, as a hand is.
            let t = f64::from(step) / 3000.0;
            let t = t * t * t * (t * (6.0 * t - 15.0) + 10.0);
            let wobble = 24.0 * (12.0 * t).sin();
            let x = way[0].0 + t * (way[1].0 - way[0].0) + 0.5 * wobble + 40.0 * random();
            let y = way[0].1 + t * (way[1].1 - way[0].1) + wobble + 40.0 * random();
            *counts.entry((x as u32, y as u32)).or_default() += 1;
        }
    }
    counts
}

/// Draws the picture.
pub fn draw(output: &Path) -> densitas::error::Result<()> {
    let counts = track();
    let places: Vec<DVec3> = counts.keys().map(|&(x, y)| DVec3::new(x.into(), y.into(), 0.0)).collect();
    let weights: Vec<f64> = counts.values().map(|&n| n.into()).collect();

    let screen = [DVec2::ZERO, DVec2::new(1920.0, 1080.0)];
    let bins = histogram_2d(&places, Some(&weights), screen, [1920, 1080], Some(LengthUnit::Pixel))?;
    let smooth = gaussian_blur(&bins.grid, [16.0; 2])?;

    let mut scene = HeatmapScene::of_cells(Arc::new(smooth.narrowed()), Limits::Range(0.0, 0.8))?;
    scene.interpolation = Interpolation::Linear;
    scene.y_downward = true;
    scene.transfer.colormap = Colormap::parse("#ffffff,#7fb7ff,#2a52d4,#c2185b,#ffd54f")?;
    scene.annotations.title = Some("Where the mouse was".into());
    scene.annotations.bar_title = Some("counts".into());
    let picture = draw_heatmap(&scene, &Frame { size: [960, 600], scale_factor: 1.0 })?;
    io::png::write(output, None, picture.size, &picture.rgba)
}
