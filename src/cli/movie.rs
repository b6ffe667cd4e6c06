//! `densitas movie`: the density turns once.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use glam::{DQuat, DVec2};
use serde_json::{Value, json};

use super::console::Console;
use super::content::Stock;
use super::parse::Asked;
use super::recipe::Draft;
use super::scene_args::SceneArgs;
use super::{input, report};
use crate::annotate;
use crate::error::{Error, Result};
use crate::gpu::{AdapterChoice, Gpu};
use crate::io;
use crate::movie::{self, MovieOptions, MovieWriter};
use crate::progress::Progress;
use crate::render::Renderer;
use crate::scene::{Camera, Frame, Scene, View, Viewpoint};

/// Options of the verb.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  densitas movie 1ubq.pdb -o turn.mp4
  densitas movie 1ubq.pdb --frames 60 --size 480x360 -o turn.gif
  densitas movie 1ubq.pdb --title \"Ubiquitin, {time}\" --artist \"A. Name\" -o turn.avi
  densitas movie 1ubq.pdb --only 57 -o frame.png
  densitas movie 1ubq.pdb --resume -o frames/f%04d.png
  densitas movie 1ubq.pdb --codec libx265 -o turn.mkv")]
pub struct MovieCommand {
    #[command(flatten)]
    scene: SceneArgs,
    #[command(flatten)]
    movie: MovieArgs,
}

/// How the movie is written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Movie")]
struct MovieArgs {
    /// The movie to write: .mp4, .gif, .avi, .png (APNG); PNG files by F%04d.png or a folder
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Number of frames
    #[arg(long, value_name = "N", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    frames: u64,
    /// Frames a second
    #[arg(long, value_name = "R", default_value_t = MovieOptions::default().fps)]
    fps: f64,
    /// Who made it, kept in the file
    #[arg(long, value_name = "NAME")]
    artist: Option<String>,
    /// A remark, kept in the file
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// Draw frame K alone, from 0, as a PNG
    #[arg(long, value_name = "K", conflicts_with = "resume")]
    only: Option<u64>,
    /// Go on with a sequence of PNG files after the frames that are there
    #[arg(long)]
    resume: bool,
    /// Encode by this codec of the installed ffmpeg, such as libx265
    #[arg(long, value_name = "NAME")]
    codec: Option<String>,
}

/// Runs the verb.
pub fn run(args: &MovieCommand, adapter: &AdapterChoice, line: &Asked, console: &Console) -> Result<()> {
    let (options, asked) = (&args.scene, &args.movie);
    let input_path = input::path_of(&options.points);
    let frame = options.picture.frame()?;
    let mut writing = args.options();
    writing.validate()?;
    let mark = mark(&line.recipe);
    if asked.resume {
        writing.first = asked.frames_there(frame.size, &mark, console)?;
    }
    writing.mark = Some(mark);
    if let Some(path) = &input_path {
        io::atomic::refuse_input(&asked.output, Some(path))?;
    }
    let range = asked.range(writing.first)?;
    let mut writer = match asked.only {
        Some(_) => io::atomic::check_writable(&asked.output, input_path.as_deref()).map(|()| None)?,
        None => Some(MovieWriter::create(&asked.output, &writing)?),
    };
    let (renderer, made) = std::thread::scope(|scope| {
        let renderer = scope.spawn(|| Gpu::new(adapter).and_then(Renderer::new));
        let made = Stock::default().content(options, console);
        (renderer.join().expect("the renderer's thread does not panic"), made)
    });
    let (content, mut renderer) = (made?, renderer?);
    let turn = Turntable::new(options.scene(&content, &frame)?, &frame, asked);
    let start = Instant::now();
    let drawn = range.end - range.start;
    console.begin("frames", drawn);
    for k in range {
        let picture = renderer.draw(&turn.scene(k), &frame, &Cancelled(console))?;
        match &mut writer {
            Some(writer) => writer.push(picture.size, picture.rgba)?,
            None => io::png::write(&asked.output, input_path.as_deref(), picture.size, &picture.rgba)?,
        }
        console.advance(1);
    }
    let finished = writer.filter(|_| drawn > 0).map(MovieWriter::finish).transpose()?;
    finished.iter().flat_map(|f| &f.notes).for_each(|note| console.note(note));
    let seconds = start.elapsed().as_secs_f64() / drawn.max(1) as f64;
    let (fps, size) = finished.map_or((asked.fps, frame.size), |f| (f.fps, f.size));
    if console.json {
        let mut out = content.told();
        let more = json!({
            "adapter": renderer.gpu().describe(),
            "limits": turn.scene.transfer.limits,
            "frames": drawn,
            "fps": fps,
            "size": size,
            "seconds_per_frame": seconds,
        });
        report::merge(&mut out, report::object(more));
        console.answer(&Value::Object(out).to_string());
    } else {
        let [w, h] = size;
        let file = asked.output.display();
        console.note(&format!("{file}: {drawn} frames of {w} x {h} pixels, {fps} a second; {seconds:.3} s a frame"));
    }
    Ok(())
}

impl MovieCommand {
    fn options(&self) -> MovieOptions {
        let MovieArgs { fps, artist, comment, codec, .. } = &self.movie;
        MovieOptions {
            fps: *fps,
            // One that changes from frame to frame is none of the file.
            title: self.scene.picture.title.clone().filter(|t| filled(t, 0, *fps) == *t),
            artist: artist.clone(),
            comment: comment.clone(),
            codec: codec.clone(),
            ..MovieOptions::default()
        }
    }
}

impl MovieArgs {
    /// The frames to draw.
    fn range(&self, first: u64) -> Result<std::ops::Range<u64>> {
        match self.only {
            Some(k) if k >= self.frames => {
                let last = self.frames - 1;
                Err(Error::Usage(format!("--only {k}: the movie has frames 0 to {last}; choose one, or more --frames")))
            }
            Some(_) if self.output.extension().is_none_or(|e| !e.eq_ignore_ascii_case("png")) => {
                let file = self.output.display();
                Err(Error::Usage(format!("{file}: --only draws one frame as PNG; name the output F.png")))
            }
            Some(k) => Ok(k..k + 1),
            None => Ok(first.min(self.frames)..self.frames),
        }
    }

    /// Number of frames of a sequence that are there, whole and of this movie, from the first on without a gap.
    fn frames_there(&self, [w, h]: [u32; 2], mark: &str, console: &Console) -> Result<u64> {
        let name = |k| {
            movie::frame_path(&self.output, k).ok_or_else(|| {
                let file = self.output.display();
                Error::Usage(format!("{file}: --resume goes on with PNG files; name the output F%04d.png or a folder"))
            })
        };
        for k in 0..self.frames {
            let path = name(k)?;
            if !path.exists() {
                return Ok(k);
            }
            let Ok((size, _)) = io::png::read(&path) else {
                console.note(&format!("{}: is cut or no PNG, and is drawn again", path.display()));
                return Ok(k);
            };
            let wrong = |problem: String| Err(Error::input(path.display().to_string(), problem));
            if size != [w, h] {
                return wrong(format!("is {} x {} pixels, the movie {w} x {h}; give its --size", size[0], size[1]));
            }
            if io::png::read_text(&path, movie::MARK)?.as_deref() != Some(mark) {
                return wrong(
                    "is of another movie: it was drawn by other options; give those, or leave out --resume".into(),
                );
            }
        }
        Ok(self.frames)
    }
}

/// The options that decide what a frame shows, as a text.
fn mark(recipe: &Draft) -> String {
    let decides = |name: &str| !["resume", "only", "output", "codec", "json", "quiet", "threads"].contains(&name);
    let options = recipe.options.iter().filter(|(name, _)| decides(name));
    let options: Vec<String> = options.map(|(name, value)| format!("--{name} {value}")).collect();
    format!("{} {}", recipe.input.as_deref().unwrap_or_default(), options.join(" "))
}

/// A title with what changes from frame to frame.
fn filled(title: &str, k: u64, fps: f64) -> String {
    title.replace("{frame}", &k.to_string()).replace("{time}", &format!("{:.2} s", k as f64 / fps))
}

/// Directions in which the box is fitted into the picture.
const DIRECTIONS: u32 = 12;

/// A scene that turns once about what points upward; frame by frame a function of its number.
struct Turntable {
    scene: Scene,
    camera: Camera,
    title: Option<String>,
    frames: u64,
    fps: f64,
}

impl Turntable {
    fn new(scene: Scene, frame: &Frame, args: &MovieArgs) -> Self {
        let camera = steady_camera(&scene, frame);
        Self { title: scene.annotations.title.clone(), camera, scene, frames: args.frames, fps: args.fps }
    }

    /// The scene of frame `k`.
    fn scene(&self, k: u64) -> Scene {
        let mut scene = self.scene.clone();
        let turn = std::f64::consts::TAU * k as f64 / self.frames as f64;
        let rotation = DQuat::from_axis_angle(self.camera.up.normalize_or(glam::DVec3::Z), turn);
        let position = self.camera.target + rotation * (self.camera.position - self.camera.target);
        scene.viewpoint = Viewpoint::At(Camera { position, ..self.camera });
        scene.annotations.title = self.title.as_deref().map(|t| filled(t, k, self.fps));
        scene
    }
}

/// The camera at the distance from which an automatic one sees all of the box at any time of the turn.
fn steady_camera(scene: &Scene, frame: &Frame) -> Camera {
    let first = annotate::camera(scene, frame);
    let (azimuth, elevation) = match scene.viewpoint {
        Viewpoint::Fit(View::Angles { azimuth, elevation }) => (azimuth, elevation),
        Viewpoint::Fit(View::X) => (0.0, 0.0),
        Viewpoint::Fit(View::Y) => (90.0, 0.0),
        Viewpoint::Fit(View::Z) | Viewpoint::At(_) => return first,
    };
    let mut turned = scene.clone();
    let cameras: Vec<Camera> = (0..DIRECTIONS)
        .map(|i| {
            let azimuth = azimuth + 360.0 * f64::from(i) / f64::from(DIRECTIONS);
            turned.viewpoint = Viewpoint::Fit(View::Angles { azimuth, elevation });
            annotate::camera(&turned, frame)
        })
        .collect();
    let distance = cameras.iter().map(Camera::distance).fold(0.0, f64::max);
    let shift = cameras.iter().map(|c| c.shift).sum::<DVec2>() / f64::from(DIRECTIONS);
    Camera { shift, ..first.at_distance(distance) }
}

/// Stops as the console does, and leaves the bar to the frames.
struct Cancelled<'a>(&'a Console);

impl Progress for Cancelled<'_> {
    fn begin(&self, _stage: &'static str, _total: u64) {}
    fn advance(&self, _steps: u64) {}
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}
