//! The exact density on a grid by one thread and by all, with the seconds of each; the values are the same.
//!
//! In Python: `multiprocessing.Pool().map(kde, np.array_split(nodes, cores, axis=1))`.
//!
//! `cargo run --release --example parallel [PICTURE.png]`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use densitas::error::{Error, Result};
use densitas::gpu::{AdapterChoice, Gpu};
use densitas::kde::{Density, DensityOptions, Extent, Method, Resolution, density};
use densitas::progress::Silent;
use densitas::render::Renderer;
use densitas::scene::{Frame, Limits, Look};
use densitas::{io, sample};

fn main() -> Result<()> {
    let output = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("parallel.png"), PathBuf::from);
    draw(&output)
}

/// Evaluates twice and draws the picture.
pub fn draw(output: &Path) -> Result<()> {
    let points = sample::sample("founding", None, 1)?;
    let options = DensityOptions {
        extent: Extent::Padding(0.0),
        resolution: Resolution::Nodes([30, 30, 30]),
        method: Method::Exact,
        ..DensityOptions::default()
    };
    let evaluate = |threads: usize| -> Result<Density> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|e| Error::Data(format!("no {threads} threads: {e}")))?;
        let done = pool.install(|| density(&points, &options, &Silent))?;
        println!("{threads} threads: {:.4} s", done.report.seconds.evaluate);
        Ok(done)
    };
    let one = evaluate(1)?;
    let all = evaluate(std::thread::available_parallelism().map_or(2, usize::from))?;
    assert!(one.grid.values == all.grid.values, "the number of threads changes nothing");

    let scene = Look::Default.scene(Arc::new(all.grid), Limits::Range(0.0, 0.5))?;
    let mut renderer = Renderer::new(Gpu::new(&AdapterChoice::Auto)?)?;
    let picture = renderer.draw(&scene, &Frame { size: [800, 600], scale_factor: 1.0 }, &Silent)?;
    io::png::write(output, None, picture.size, &picture.rgba)
}
