//! The four examples of celluloid, each a movie: a line per frame, a growing sine, pictures of a folder, and two
//! distributions whose title and legend change.
//!
//! In Python: `camera = Camera(fig)`; `plt.plot(...)`; `camera.snap()`; `camera.animate().save("lines.mp4")`.
//!
//! `cargo run --release --example celluloid [FOLDER]`

use std::path::{Path, PathBuf};

use densitas::io::png;
use densitas::movie::{MovieOptions, Recorder};
use densitas::render::draw_chart;
use densitas::scene::{Aspect, Chart, Frame};

const FRAME: Frame = Frame { size: [480, 360], scale_factor: 1.0 };

fn main() -> densitas::error::Result<()> {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    lines(&folder.join("lines.mp4"))?;
    sine(&folder.join("sine.mp4"))?;
    distributions(&folder.join("distributions.mp4"))?;
    let pictures = folder.join("pictures");
    write_pictures(&pictures)?;
    images(&pictures, &folder.join("images.mp4"))
}

fn recorder(output: &Path, fps: f64) -> densitas::error::Result<Recorder> {
    Recorder::create(output, FRAME, &MovieOptions { fps, ..MovieOptions::default() })
}

/// A horizontal line a frame.
pub fn lines(output: &Path) -> densitas::error::Result<()> {
    let mut recorder = recorder(output, 5.0)?;
    let mut chart = Chart { y_range: Some([-0.5, 9.5]), ..Chart::default() };
    for height in 0..10 {
        chart.line((0..10).map(|x| [f64::from(x), f64::from(height)]));
        recorder.snap(&chart)?;
        chart.clear();
    }
    recorder.save().map(drop)
}

/// A sine that grows, with a point at its end.
pub fn sine(output: &Path) -> densitas::error::Result<()> {
    let mut recorder = recorder(output, 25.0)?;
    let mut chart = Chart { x_range: Some([0.0, 10.0]), y_range: Some([-1.2, 1.2]), ..Chart::default() };
    for count in 2..=100 {
        let points = (0..count).map(|i| f64::from(i) / 10.0).map(|x| [x, x.sin()]);
        let last = points.clone().next_back().unwrap_or_default();
        chart.title = Some(format!("sin x up to x = {:.1}", last[0]));
        let color = chart.line(points).color;
        chart.scatter([last]).color(color).width(9.0);
        recorder.snap(&chart)?;
        chart.clear();
    }
    recorder.save().map(drop)
}

/// Two normal distributions that drift apart.
pub fn distributions(output: &Path) -> densitas::error::Result<()> {
    let mut recorder = recorder(output, 20.0)?;
    let labels = ["x".into(), "density".into()];
    let mut chart = Chart { labels, x_range: Some([-4.0, 8.0]), y_range: Some([0.0, 0.5]), ..Chart::default() };
    for k in 0..=60 {
        let mean = 4.0 * f64::from(k) / 60.0;
        chart.title = Some(format!("Two normal distributions\n{mean:.1} standard deviations apart"));
        for mean in [0.0, mean] {
            let density = |x: f64| (-0.5 * (x - mean) * (x - mean)).exp() / std::f64::consts::TAU.sqrt();
            let xs = (0..=240).map(|i| -4.0 + f64::from(i) / 20.0);
            let color = chart.line(xs.clone().map(|x| [x, density(x)])).label(format!("mean {mean:.1}")).color;
            chart.band(xs.map(|x| [x, 0.0, density(x)])).color(color).alpha(0.25);
        }
        recorder.snap(&chart)?;
        chart.clear();
    }
    recorder.save().map(drop)
}

/// The pictures of a folder in the order of their names.
pub fn images(folder: &Path, output: &Path) -> densitas::error::Result<()> {
    let mut recorder = recorder(output, 10.0)?;
    let files = std::fs::read_dir(folder).expect("the folder can be read").flatten();
    let mut files: Vec<PathBuf> =
        files.map(|file| file.path()).filter(|f| f.extension().is_some_and(|e| e == "png")).collect();
    files.sort();
    for file in files {
        let ([width, height], rgba) = png::read(&file)?;
        let mut chart = Chart { y_downward: true, aspect: Aspect::Equal, ..Chart::default() };
        chart.title = file.file_name().map(|name| name.to_string_lossy().into_owned());
        chart.image([[0.0, width.into()], [0.0, height.into()]], [width, height], rgba);
        recorder.snap(&chart)?;
    }
    recorder.save().map(drop)
}

/// A folder of pictures to take: a wheel that turns.
pub fn write_pictures(folder: &Path) -> densitas::error::Result<()> {
    std::fs::create_dir_all(folder).expect("the folder can be made");
    for k in 0..20 {
        let mut chart = Chart { aspect: Aspect::Equal, axes: false, ..Chart::default() };
        (chart.x_range, chart.y_range) = (Some([-1.2, 1.2]), Some([-1.2, 1.2]));
        for spoke in 0..10 {
            let angle = std::f64::consts::TAU * (f64::from(spoke) / 10.0 + f64::from(k) / 200.0);
            chart.line([[0.0, 0.0], [angle.cos(), angle.sin()]]).width(5.0);
        }
        let picture = draw_chart(&chart, &Frame { size: [300, 300], scale_factor: 1.0 })?;
        png::write(&folder.join(format!("wheel_{k:02}.png")), None, picture.size, &picture.rgba)?;
    }
    Ok(())
}
