//! Times of points drawn as spheres on the software adapter. `cargo bench --bench glyphs` prints a table.
//!
//! A million normal points, whose picture fills the height of 1080p (or of the size in the last argument), without a volume; 1 px: points of
//! diameter 0; r = 3 px: at the depth of the cloud's centre. `empty` is the same picture without points.
//! `cpu2` is the processor time of a picture divided by two cores: on a software adapter what the picture
//! would take on two idle ones (Linux only). All count the whole picture: points, colours, background, read-back;
//! the points have been uploaded before. `raster ms` is the part of it that finds which point each sample sees.

use std::sync::Arc;
use std::time::Instant;

use densitas::geometry::Box3;
use densitas::gpu::{AdapterChoice, Gpu};
use densitas::grid::{DensityGrid, Lattice};
use densitas::progress::Silent;
use densitas::render::Renderer;
use densitas::sample;
use densitas::scene::{Annotations, Diameter, Frame, Limits, Look, PointLayer, PointOrder, Scene};
use glam::DVec3;

const RUNS: usize = 7;
const POINTS: usize = 1_000_000;

fn main() {
    let choice = std::env::var("DENSITAS_ADAPTER").map_or(AdapterChoice::Software, AdapterChoice::Named);
    let mut renderer = Renderer::new(Gpu::new(&choice).expect("an adapter")).expect("a renderer");
    println!("{}", renderer.gpu().describe());
    println!(
        "{:>9} {:>8} {:>7} {:>9} {:>10} {:>8} {:>10}",
        "points", "order", "smooth", "first ms", "median ms", "cpu2 ms", "raster ms"
    );
    let mut scene = scene();
    let layer = scene.points.take().expect("points");
    row(&mut renderer, &scene, "empty", "-", "-");
    let pixel = densitas::annotate::camera(&scene, &frame()).visible_height_at_target() / f64::from(size()[1]);
    for (name, radius) in [("1 px", 0.0), ("r = 3 px", 3.0)] {
        for (order, order_name) in [(PointOrder::Depth, "depth"), (PointOrder::Density, "density")] {
            for antialias in if radius > 0.0 { &[false, true][..] } else { &[false] } {
                let diameter = Diameter::Uniform(2.0 * radius * pixel);
                scene.points = Some(PointLayer { diameter, order, antialias: *antialias, ..layer.clone() });
                row(&mut renderer, &scene, name, order_name, if *antialias { "on" } else { "off" });
            }
        }
    }
}

/// 1920 x 1080, or what an argument says, such as 800x600.
fn size() -> [u32; 2] {
    let asked =
        std::env::args().find_map(|a| a.split_once('x').and_then(|(w, h)| Some([w.parse().ok()?, h.parse().ok()?])));
    asked.unwrap_or([1920, 1080])
}

fn frame() -> Frame {
    Frame { size: size(), scale_factor: 1.0 }
}

fn row(renderer: &mut Renderer, scene: &Scene, name: &str, order: &str, smooth: &str) {
    let first = draw(renderer, scene);
    let before = processor_ms();
    let mut raster = Vec::new();
    let mut timed = || {
        let whole = draw(renderer, scene);
        raster.push(1e3 * renderer.scattering().as_secs_f64());
        whole
    };
    let mut times: Vec<f64> = (0..RUNS).map(|_| timed()).collect();
    let cpu2 = (processor_ms() - before) / (2.0 * RUNS as f64);
    times.sort_by(f64::total_cmp);
    raster.sort_by(f64::total_cmp);
    let (whole, raster) = (times[RUNS / 2], if scene.points.is_some() { raster[RUNS / 2] } else { 0.0 });
    println!("{name:>9} {order:>8} {smooth:>7} {first:>9.0} {whole:>10.1} {cpu2:>8.1} {raster:>10.1}");
}

/// Milliseconds of one picture, read-back included.
fn draw(renderer: &mut Renderer, scene: &Scene) -> f64 {
    let start = Instant::now();
    renderer.draw(scene, &frame(), &Silent).expect("a picture");
    1e3 * start.elapsed().as_secs_f64()
}

/// Processor time of this process so far, in ticks of 10 ms; NaN where it is not told.
fn processor_ms() -> f64 {
    let told = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // proc(5): utime and stime are the 12th and 13th fields after the name in parentheses.
    let fields: Vec<f64> =
        told.rsplit(')').next().unwrap_or("").split(' ').map(|f| f.parse().unwrap_or(f64::NAN)).collect();
    if fields.len() > 13 { 10.0 * (fields[12] + fields[13]) } else { f64::NAN }
}

fn scene() -> Scene {
    let bounds = Box3 { min: DVec3::splat(-3.0), max: DVec3::splat(3.0) };
    let lattice = Lattice::spanning(bounds, [32; 3]).expect("a box");
    let values = (0..lattice.len()).map(|n| lattice.node(n % 32, n / 32 % 32, n / 1024));
    let values = values.map(|p| (-0.5 * p.length_squared()).exp() as f32).collect();
    let grid = Arc::new(DensityGrid::new(lattice, values, None).expect("one value a node"));
    let mut scene = Look::Default.scene(grid, Limits::DEFAULT).expect("limits");
    scene.annotations = Annotations::default();
    scene.volume = false;
    let positions = sample::sample("founding", Some(POINTS), 1).expect("a sample").positions;
    let values = positions.iter().map(|p| (-0.5 * p.length_squared()).exp()).collect();
    scene.points = Some(Look::Default.points(&scene, Arc::new(positions), Arc::new(values)));
    scene
}
