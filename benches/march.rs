//! Times of the ray march on the software adapter. `cargo bench --bench march` prints a table.
//!
//! The density is a mixture of three Gaussians that fills about a third of the box; limits and opacity are
//! Mayavi's (`vmin = min`, `vmax = min + 0.5 (max - min)`), the step is half a voxel.

use std::sync::Arc;
use std::time::Instant;

use densitas::geometry::Box3;
use densitas::gpu::{AdapterChoice, Gpu};
use densitas::grid::{DensityGrid, Lattice};
use densitas::progress::Silent;
use densitas::render::Renderer;
use densitas::scene::{Annotations, Frame, Limits, Look, Sampling, Scene};
use glam::DVec3;

const RUNS: usize = 7;

fn main() {
    let choice = std::env::var("DENSITAS_ADAPTER").map_or(AdapterChoice::Software, AdapterChoice::Named);
    let start = Instant::now();
    let mut renderer = Renderer::new(Gpu::new(&choice).expect("an adapter")).expect("a renderer");
    println!("{}; opened in {:.0} ms", renderer.gpu().describe(), 1e3 * start.elapsed().as_secs_f64());
    println!("{:>6} {:>10} {:>9} {:>11} {:>10}", "grid", "size", "shading", "first ms", "median ms");
    for nodes in [30, 128, 256] {
        let grid = Arc::new(mixture(nodes));
        for size in [[800, 600], [1920, 1080]] {
            for shaded in [false, true] {
                let scene = scene(&grid, shaded);
                let mut times: Vec<f64> = (0..=RUNS).map(|_| draw(&mut renderer, &scene, size)).collect();
                let first = times.remove(0);
                times.sort_by(f64::total_cmp);
                let (w, h) = (size[0], size[1]);
                let shading = if shaded { "on" } else { "off" };
                println!(
                    "{nodes:>4}^3 {:>10} {shading:>9} {first:>11.0} {:>10.0}",
                    format!("{w}x{h}"),
                    times[RUNS / 2]
                );
            }
        }
    }
}

/// Milliseconds of one picture, read-back included.
fn draw(renderer: &mut Renderer, scene: &Scene, size: [u32; 2]) -> f64 {
    let start = Instant::now();
    renderer.draw(scene, &Frame { size, scale_factor: 1.0 }, &Silent).expect("a picture");
    1e3 * start.elapsed().as_secs_f64()
}

fn scene(grid: &Arc<DensityGrid>, shaded: bool) -> Scene {
    let mut scene = Look::Mayavi.scene(grid.clone(), Limits::Range(0.0, 0.5)).expect("limits");
    scene.sampling = Sampling { step: 0.5 * grid.lattice.spacing.min_element(), ..scene.sampling };
    scene.shading = shaded.then(|| Look::Mayavi.shading(grid));
    scene.annotations = Annotations::default();
    scene
}

fn mixture(nodes: usize) -> DensityGrid {
    let bounds = Box3 { min: DVec3::splat(-5.0), max: DVec3::splat(5.0) };
    let lattice = Lattice::spanning(bounds, [nodes; 3]).expect("a box");
    let blobs =
        [(DVec3::new(-1.5, 0.0, 0.5), 1.2), (DVec3::new(1.5, 1.5, -1.0), 0.8), (DVec3::new(0.0, -2.0, 1.5), 0.6)];
    let value = |p: DVec3| -> f64 {
        blobs.iter().map(|(c, s): &(DVec3, f64)| (-(p - *c).length_squared() / (2.0 * s * s)).exp() / s.powi(3)).sum()
    };
    let nodes = 0..nodes;
    let values = nodes.clone().flat_map(|k| {
        let nodes = nodes.clone();
        nodes.clone().flat_map(move |j| nodes.clone().map(move |i| [i, j, k]))
    });
    let values = values.map(|[i, j, k]| value(lattice.node(i, j, k)) as f32).collect();
    DensityGrid::new(lattice, values, None).expect("one value a node")
}
