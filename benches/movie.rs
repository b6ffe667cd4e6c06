//! What encoding costs: `cargo bench --bench movie` prints processor milliseconds a frame and bytes of each format.
//!
//! 60 frames of 640 x 480 pixels that look like an animated heat map: an ellipse of Gaussian density that turns, in a
//! map of 256 colours, in a white frame. `--case EXTENSION FRAMES FILE` writes one movie and prints JSON for
//! `peers_movie.py`.

use std::path::{Path, PathBuf};

use densitas::color::Colormap;
use densitas::movie::{MovieOptions, MovieWriter};

const SIZE: [u32; 2] = [640, 480];
const FRAMES: u32 = 60;
const FPS: f64 = 20.0;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    if let [case, extension, frames, file] = &arguments[..] {
        assert!(case == "--case", "--case EXTENSION FRAMES FILE");
        let frames = frames.parse().expect("a number of frames");
        let cpu = encode(Path::new(file), &pictures(frames));
        println!("{{\"format\": \"{extension}\", \"frames\": {frames}, \"cpu_s\": {cpu}}}");
        return;
    }
    let pictures = pictures(FRAMES);
    println!("| format | CPU ms a frame | KiB |\n|---|---|---|");
    for extension in ["mp4", "gif", "avi", "png"] {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("bench_movie.{extension}"));
        let cpu = encode(&path, &pictures);
        let bytes = std::fs::metadata(&path).expect("the movie is there").len();
        println!("| {extension} | {:.1} | {} |", 1e3 * cpu / f64::from(FRAMES), bytes / 1024);
    }
}

/// Processor seconds that writing the movie takes.
fn encode(path: &Path, pictures: &[Vec<u8>]) -> f64 {
    let frames = pictures.to_vec();
    let start = cpu_seconds();
    let mut writer =
        MovieWriter::create(path, &MovieOptions { fps: FPS, ..MovieOptions::default() }).expect("a writer");
    frames.into_iter().for_each(|rgba| writer.push(SIZE, rgba).expect("a frame"));
    writer.finish().expect("a movie");
    cpu_seconds() - start
}

fn pictures(frames: u32) -> Vec<Vec<u8>> {
    let map = Colormap::named("viridis").expect("it is built in");
    let color = |i: u32| {
        let [red, green, blue] = map.at(f64::from(i) / 255.0).map(|c| (255.0 * c).round() as u8);
        [red, green, blue, 255]
    };
    let colors: Vec<[u8; 4]> = (0..256).map(color).collect();
    (0..frames).map(|k| picture(std::f64::consts::TAU * f64::from(k) / f64::from(frames), &colors)).collect()
}

fn picture(angle: f64, colors: &[[u8; 4]]) -> Vec<u8> {
    let (sin, cos) = angle.sin_cos();
    let mut rgba = Vec::with_capacity((SIZE[0] * SIZE[1] * 4) as usize);
    for y in 0..SIZE[1] {
        for x in 0..SIZE[0] {
            let (u, v) = ((f64::from(x) - 320.0) / 46.0, (f64::from(y) - 240.0) / 46.0);
            let (a, b) = (u * cos + v * sin, (v * cos - u * sin) / 0.4);
            let inside = u.abs().max(v.abs()) < 4.0;
            let density = (-0.5 * (a * a + b * b)).exp();
            rgba.extend(if inside { colors[(255.0 * density) as usize] } else { [255; 4] });
        }
    }
    rgba
}

/// Processor seconds of this process, all threads (Linux; elsewhere NaN).
fn cpu_seconds() -> f64 {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: zeros are a valid timespec, and the call only writes to it.
        let mut time: libc::timespec = unsafe { std::mem::zeroed() };
        // SAFETY: as above.
        unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
        time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64
    }
    #[cfg(not(target_os = "linux"))]
    f64::NAN
}
