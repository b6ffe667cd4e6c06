//! Times of the ray march on the software adapter. `cargo bench --bench march` prints a table.
//!
//! Three densities in a box that fills the view: a mixture that fills it, small blobs that leave most of it
//! empty, thin shells. Limits and opacity are Mayavi's (`vmin = min`, `vmax = min + 0.5 (max - min)`), the step
//! is half a voxel. `cpu2` is the processor time of a picture divided by two cores: on a software adapter what
//! the picture would take on two idle ones (Linux only).
//!
//! `--case FIELD NODES WxH on|off RUNS [FILE]` times one picture and prints JSON for `peers_volume.py`; FILE
//! receives the density as raw f32, x fastest.

use std::sync::Arc;
use std::time::Instant;

use densitas::geometry::Box3;
use densitas::gpu::{AdapterChoice, Gpu};
use densitas::grid::{DensityGrid, Lattice};
use densitas::progress::Silent;
use densitas::render::Renderer;
use densitas::scene::{Annotations, Camera, Frame, Limits, Look, Projection, Sampling, Scene, View, Viewpoint, Window};
use glam::DVec3;

const RUNS: usize = 7;
const FIELDS: [&str; 3] = ["full", "sparse", "shells"];
/// The box is [-HALF, HALF] along each axis.
const HALF: f64 = 5.0;

fn main() {
    let choice = std::env::var("DENSITAS_ADAPTER").map_or(AdapterChoice::Software, AdapterChoice::Named);
    let start = Instant::now();
    let mut renderer = Renderer::new(Gpu::new(&choice).expect("an adapter")).expect("a renderer");
    let opened = 1e3 * start.elapsed().as_secs_f64();
    let given: Vec<String> = std::env::args().collect();
    match given.iter().position(|a| a == "--case") {
        Some(at) => case(&mut renderer, &given[at + 1..]),
        None => {
            println!("{}; opened in {opened:.0} ms", renderer.gpu().describe());
            table(&mut renderer, &given);
        }
    }
}

fn case(renderer: &mut Renderer, given: &[String]) {
    let [field, nodes, size, shading, runs, ..] = given else { panic!("FIELD NODES WxH on|off RUNS [FILE]") };
    let (width, height) = size.split_once('x').expect("WxH");
    let size = [width, height].map(|n| n.parse().expect("a number of pixels"));
    let grid = Arc::new(density(field, nodes.parse().expect("a number of nodes")));
    if let Some(file) = given.get(5) {
        std::fs::write(file, bytemuck::cast_slice(&grid.values)).expect("the density is written");
    }
    let scene = scene(&grid, shading == "on");
    let t = times(renderer, &scene, size, runs.parse().expect("a number of runs"));
    let camera = camera(&scene);
    let numbers = |v: DVec3| format!("[{}, {}, {}]", v.x, v.y, v.z);
    println!(
        "{{\"first\": {}, \"median\": {}, \"cpu2\": {}, \"half\": {HALF}, \"position\": {}, \"up\": {}, \
         \"view_angle\": {}, \"adapter\": \"{}\"}}",
        t.first,
        t.median,
        t.cpu2,
        numbers(camera.position),
        numbers(camera.up),
        VIEW_ANGLE,
        renderer.gpu().describe()
    );
}

fn table(renderer: &mut Renderer, given: &[String]) {
    println!(
        "{:>6} {:>6} {:>10} {:>8} {:>9} {:>10} {:>8}",
        "field", "grid", "size", "shading", "first ms", "median ms", "cpu2 ms"
    );
    let wanted = |field: &str| {
        given.len() < 2 || FIELDS.iter().all(|f| !given.iter().any(|g| g == f)) || given.iter().any(|g| g == field)
    };
    for field in FIELDS.into_iter().filter(|f| wanted(f)) {
        for (nodes, size) in [(128, [800, 600]), (256, [800, 600]), (256, [1920, 1080])] {
            let grid = Arc::new(density(field, nodes));
            for shaded in [false, true] {
                let t = times(renderer, &scene(&grid, shaded), size, RUNS);
                let (size, shading) = (format!("{}x{}", size[0], size[1]), if shaded { "on" } else { "off" });
                println!(
                    "{field:>6} {nodes:>4}^3 {size:>10} {shading:>8} {:>9.0} {:>10.0} {:>8.0}",
                    t.first, t.median, t.cpu2
                );
            }
        }
    }
}

/// Milliseconds of a picture, read-back included.
struct Times {
    first: f64,
    median: f64,
    cpu2: f64,
}

fn times(renderer: &mut Renderer, scene: &Scene, size: [u32; 2], runs: usize) -> Times {
    let mut draw = || {
        let start = Instant::now();
        renderer.draw(scene, &Frame { size, scale_factor: 1.0 }, &Silent).expect("a picture");
        1e3 * start.elapsed().as_secs_f64()
    };
    let first = draw();
    let before = processor_ms();
    let mut times: Vec<f64> = (0..runs).map(|_| draw()).collect();
    let cpu2 = (processor_ms() - before) / (2.0 * runs as f64);
    times.sort_by(f64::total_cmp);
    Times { first, median: times[runs / 2], cpu2 }
}

/// Processor time of this process so far, in ticks of 10 ms; NaN where it is not told.
fn processor_ms() -> f64 {
    let told = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // proc(5): utime and stime are the 12th and 13th fields after the name in parentheses.
    let fields: Vec<f64> =
        told.rsplit(')').next().unwrap_or("").split(' ').map(|f| f.parse().unwrap_or(f64::NAN)).collect();
    if fields.len() > 13 { 10.0 * (fields[12] + fields[13]) } else { f64::NAN }
}

/// Vertical view angle in degrees of a camera that stands where one of 30 degrees sees the box's circumscribed
/// sphere: VTK's `ResetCamera` with `Zoom(1.3)`.
const VIEW_ANGLE: f64 = 30.0 / 1.3;

fn camera(scene: &Scene) -> Camera {
    let bounds = scene.grid.lattice.bounds();
    let view = View::Angles { azimuth: 35.0, elevation: 25.0 };
    let distance = 0.5 * bounds.diagonal() / 15f64.to_radians().sin();
    let camera = Camera::fitting(bounds, view, Window::middle(1.0)).at_distance(distance);
    let projection = Projection::Perspective { vertical_fov_degrees: VIEW_ANGLE };
    Camera { projection, shift: Default::default(), ..camera }
}

fn scene(grid: &Arc<DensityGrid>, shaded: bool) -> Scene {
    let mut scene = Look::Mayavi.scene(grid.clone(), Limits::Range(0.0, 0.5)).expect("limits");
    scene.sampling = Sampling { step: 0.5 * grid.lattice.spacing.min_element(), ..scene.sampling };
    scene.shading = shaded.then(|| Look::Mayavi.shading(grid));
    scene.annotations = Annotations::default();
    scene.viewpoint = Viewpoint::At(camera(&scene));
    scene
}

fn density(field: &str, nodes: usize) -> DensityGrid {
    let gauss =
        |p: DVec3, center: [f64; 3], s: f64| (-(p - DVec3::from(center)).length_squared() / (2.0 * s * s)).exp();
    let shell = |p: DVec3, radius: f64, s: f64| (-(p.length() - radius).powi(2) / (2.0 * s * s)).exp();
    let value = |p: DVec3| match field {
        "full" => {
            gauss(p, [-1.5, 0.0, 0.5], 2.6) + 0.8 * gauss(p, [2.5, 2.0, -1.5], 2.0) + gauss(p, [0.0, -3.0, 2.0], 1.5)
        }
        "sparse" => {
            let centers = [[-2.5, 1.0, 0.5], [2.0, 2.5, -2.0], [1.0, -3.0, 2.0], [-1.0, -1.5, -3.0], [3.2, -0.5, 3.0]];
            centers.into_iter().enumerate().map(|(i, c)| gauss(p, c, 0.3 + 0.08 * i as f64)).sum()
        }
        "shells" => shell(p, 4.2, 0.12) + shell(p, 2.4, 0.12),
        _ => panic!("known fields are {FIELDS:?}"),
    };
    let bounds = Box3 { min: DVec3::splat(-HALF), max: DVec3::splat(HALF) };
    let lattice = Lattice::spanning(bounds, [nodes; 3]).expect("a box");
    let node = |n: usize| lattice.node(n % nodes, n / nodes % nodes, n / (nodes * nodes));
    let values = (0..lattice.len()).map(|n| value(node(n)) as f32).collect();
    DensityGrid::new(lattice, values, None).expect("one value a node")
}
