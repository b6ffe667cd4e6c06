//! `densitas movie`: the density turns, the input plays, options change; frame by frame.

mod scenes;
mod sequence;
mod timeline;
mod turn;
mod vary;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Instant;

use clap::Args;
use serde_json::{Map, Value, json};

use super::args::{Only, PointArgs};
use super::console::Console;
use super::input::{self, Columns, Opened};
use super::parse::Asked;
use super::picture_args::{limits_of, on_off};
use super::render::{drawn, of_device};
use super::scene_args::SceneArgs;
use super::{recipe, report};
use crate::error::{Error, Result};
use crate::geometry::Box3;
use crate::gpu::{AdapterChoice, Gpu};
use crate::io::{self, Input, Trajectory};
use crate::movie::{Ease, MovieOptions, MovieWriter};
use crate::progress::{Progress, Silent};
use crate::render::{Picture, Renderer};
use crate::scene::{Frame, LimitsOver, Scene, constant_part};
use scenes::{Played, Scenes};
use timeline::{Inputs, Motion, Timeline};
use vary::Vary;

/// Options of the verb.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  densitas movie 1ubq.pdb -o turn.mp4
  densitas movie 1ubq.pdb --frames 60 --size 480x360 -o turn.gif
  densitas movie 1ubq.pdb --title \"Ubiquitin, {time}\" --artist \"A. Name\" -o turn.avi
  densitas movie run.xtc --topology run.gro --select \"name CA\" --average 10 --title \"{input-time}\" -o run.mp4
  densitas movie 1ubq.pdb --vary bandwidth=0.5A..4A --title \"{bandwidth}\" -o sweep.mp4
  densitas movie 1ubq.pdb --mode iso --vary iso=mass:0.1..mass:0.9 --turn 180 -o levels.mp4
  densitas movie 1ubq.pdb --vary camera=30,20..120,60@70..200,10 -o flight.mp4
  densitas movie 1ubq.pdb --vary mode=volume..iso..points --turn 360 -o modes.mp4
  densitas movie 1ubq.pdb --only 57 -o frame.png
  densitas movie 1ubq.pdb --resume -o frames/
  densitas movie --recipe frames/frame_0057.png --size 1920x1080 -o large.png
  densitas movie 1ubq.pdb --codec libx265 -o turn.mkv

In --title, {frame} and {time} stand for number (from 0, as --only counts) and time of the frame in the movie,
{frames} for how many there are; of an input that plays {input} and {input-time} for number and time (ps or ns) of its frame; {OPTION} for what --vary
changes.")]
pub struct MovieCommand {
    #[command(flatten)]
    pub scene: SceneArgs,
    #[command(flatten)]
    movie: MovieArgs,
}

/// What moves, and how the movie is written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Movie")]
struct MovieArgs {
    /// The movie to write: .mp4, .gif, .avi, .png (APNG); PNG files by F%04d.png or a folder
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Number of frames [default: 120; of an input with frames, one for each of those]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    frames: Option<u64>,
    /// Degrees that all turns [default: 360, once round; 0 if the input has frames or an option varies]
    #[arg(long, value_name = "DEG", value_parser = super::picture_args::finite)]
    turn: Option<f64>,
    /// Let an option of the picture change from the first to the last frame; may be repeated
    ///
    /// Numbers in the values run from one to the next; other values (mode, colormap, select, ...) fade into one another. More
    /// than two values are key frames, evenly spaced, or at frames of their own: camera=0,20@0..90,40@60..90,80@119. In
    /// titles {bandwidth} and the like stand for the value.
    #[arg(long, value_name = "OPTION=A..B[..C]", value_parser = |t: &str| t.parse::<Vary>())]
    vary: Vec<Vary>,
    /// How what varies goes from key frame to key frame: smooth, linear or hold
    #[arg(long, value_name = "EASE", default_value = "smooth", value_parser = |t: &str| t.parse::<Ease>())]
    ease: Ease,
    /// Frames of the input that a picture takes together, those around its own: a running average
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    average: u64,
    /// Let a picture take all frames of the input up to its own together
    #[arg(long, conflicts_with = "average")]
    sum: bool,
    /// Whether --limits are of the values of all frames or of each frame: all or each [default: all where the input has
    /// frames or there is one density, else each]
    #[arg(long, value_name = "all|each", value_parser = limits_of)]
    limits_of: Option<LimitsOver>,
    /// Frames a second
    #[arg(long, value_name = "R", default_value_t = MovieOptions::default().fps)]
    fps: f64,
    /// Who made it, kept in the file
    #[arg(long, value_name = "NAME")]
    artist: Option<String>,
    /// A remark, kept in the file
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// Draw frame K alone, from 0, as a PNG; off: all, though a recipe is of one
    #[arg(long, value_name = "K", conflicts_with = "resume")]
    only: Option<Only>,
    /// Go on with a sequence of PNG files after the frames that are there
    #[arg(long)]
    resume: bool,
    /// Mix colours that a GIF misses by more than is seen by dithering: on or off
    #[arg(long, value_name = "on|off", default_value = "on", action = clap::ArgAction::Set, value_parser = on_off)]
    dither: bool,
    /// Encode by this codec of the installed ffmpeg, such as libx265
    #[arg(long, value_name = "NAME")]
    codec: Option<String>,
}

/// Bytes of positions from which on it is told that they are all held in memory.
const MUCH: usize = 1 << 30;

/// Frames of a movie that has no input of its own.
const FRAMES: u64 = 120;

/// Runs the verb.
pub fn run(args: &MovieCommand, adapter: &AdapterChoice, asked: &Asked, console: &Console) -> Result<()> {
    args.check()?;
    let (frame, input_path) = (args.scene.picture.frame()?, input::path_of(&args.scene.points));
    if let Some(path) = &input_path {
        io::atomic::refuse_input(&args.movie.output, Some(path))?;
    }
    let renderer = || Gpu::shared(adapter).and_then(Renderer::new);
    let (renderer, opened) = std::thread::scope(|scope| {
        // Opening the adapter takes as long as reading: both at once.
        let renderer = scope.spawn(renderer);
        let opened = args.opened(console);
        (renderer.join().expect("the renderer's thread does not panic"), opened)
    });
    let (opened, inputs) = opened?;
    let timeline = args.timeline(asked, inputs)?;
    let mut writing = args.options();
    if args.movie.resume {
        let output = &args.movie.output;
        let input = input_path.as_deref();
        writing.first = sequence::frames_there(output, timeline.frames, frame.size, &asked.recipe, input, console)?;
    }
    let range = args.range(&timeline, writing.first)?;
    let writer = match args.movie.only() {
        Some(_) => io::atomic::check_writable(&args.movie.output(), input_path.as_deref()).map(|()| None)?,
        None => Some(MovieWriter::create(&args.movie.output, &writing)?),
    };
    let mut scenes = Scenes::new(&timeline, frame, opened, &args.scene, console)?;
    let shown = range.start.min(timeline.frames - 1);
    let told = scenes.prepare(shown, args.movie.limits_of, console)?.told();
    let work = Work { args, asked, frame, console };
    work.draw(scenes, writer, range, renderer?, told)
}

/// All that a movie is drawn by.
struct Work<'a> {
    args: &'a MovieCommand,
    asked: &'a Asked,
    frame: Frame,
    console: &'a Console,
}

impl Work<'_> {
    /// Draws the frames of `range`: scenes are made ahead on a thread of their own, and encoded on another.
    fn draw(
        &self,
        mut scenes: Scenes<'_>,
        mut writer: Option<MovieWriter>,
        range: Range<u64>,
        mut renderer: Renderer,
        mut told: Map<String, Value>,
    ) -> Result<()> {
        let (start, drawn, console) = (Instant::now(), range.end - range.start, self.console);
        console.begin("frames", drawn);
        let mut limits = None;
        let warnings = std::thread::scope(|scope| {
            let (ahead, made) = mpsc::sync_channel(1);
            let numbers = range.clone();
            let maker = scope.spawn(move || {
                // Whoever draws may end early.
                let _ = numbers.map(|k| scenes.of(k)).try_for_each(|scene| ahead.send(scene));
                scenes.warnings()
            });
            for (k, layers) in std::iter::zip(range, &made) {
                let layers = layers?;
                limits.get_or_insert(layers[0].1.transfer.limits);
                let picture = self.picture(&mut renderer, &layers)?;
                self.write(k, picture, &layers[0].1, &renderer, &mut writer)?;
                console.advance(1);
            }
            drop(made);
            Ok(maker.join().expect("the thread of the scenes does not panic"))
        })?;
        tell_warnings(&warnings, console);
        of_device(&renderer).iter().for_each(|warning| console.warning(warning));
        let finished = writer.filter(|_| drawn > 0).map(MovieWriter::finish).transpose()?;
        finished.iter().flat_map(|f| &f.notes).for_each(|note| console.note(note));
        let seconds = start.elapsed().as_secs_f64() / drawn.max(1) as f64;
        let (fps, size) = finished.map_or((self.args.movie.fps, self.frame.size), |f| (f.fps, f.size));
        let file = self.args.movie.output.display();
        if drawn == 0 {
            console.note(&format!("{file}: all frames are there and whole; none was drawn"));
        }
        if !console.json {
            let [w, h] = size;
            if drawn == 0 {
                return Ok(());
            }
            console
                .note(&format!("{file}: {drawn} frames of {w} x {h} pixels, {fps} a second; {seconds:.3} s a frame"));
            return Ok(());
        }
        let more = json!({
            "adapter": renderer.gpu().describe(),
            "limits": limits,
            "frames": drawn,
            "fps": fps,
            "size": size,
            "seconds_per_frame": seconds,
        });
        report::merge(&mut told, report::object(more));
        console.answer(&Value::Object(told).to_string());
        Ok(())
    }

    /// The layers of a frame as one picture, with the letters of the one that has most of it.
    fn picture(&self, renderer: &mut Renderer, layers: &[(f64, Scene)]) -> Result<Picture> {
        if let [(_, scene)] = layers {
            return renderer.draw(scene, &self.frame, &Cancelled(self.console));
        }
        let (_, most) = layers.iter().max_by(|a, b| a.0.total_cmp(&b.0)).expect("a frame has a layer");
        let draw = |(share, scene): &(f64, Scene)| {
            Ok((*share, renderer.draw_marked_as(scene, most, &self.frame, &Cancelled(self.console))?))
        };
        layers.iter().map(draw).collect::<Result<Vec<_>>>().map(mixed)
    }

    /// Writes a frame with its recipe.
    fn write(
        &self,
        k: u64,
        picture: Picture,
        scene: &Scene,
        renderer: &Renderer,
        writer: &mut Option<MovieWriter>,
    ) -> Result<()> {
        let record = drawn(scene, &self.frame, renderer.gpu());
        let text = self.asked.recipe.of_frame(k).text(&record);
        let Some(writer) = writer else {
            recipe::tell_differences(self.asked, &record, self.console);
            let (output, input) = (self.args.movie.output(), input::path_of(&self.args.scene.points));
            return recipe::write(&output, input.as_deref(), picture.size, &picture.rgba, &text);
        };
        writer.push_with(picture.size, picture.rgba, vec![(recipe::KEYWORD.to_owned(), text)])
    }
}

/// Warnings about further densities, which are often the same but for a number.
fn tell_warnings(warnings: &[String], console: &Console) {
    if let Some(first) = warnings.first() {
        let more =
            if warnings.len() > 1 { format!(" (and {} more of this kind)", warnings.len() - 1) } else { String::new() };
        console.warning(&format!("in a later frame: {first}{more}"));
    }
}

/// Pictures with their shares as one, colours weighted by what they cover.
fn mixed(layers: Vec<(f64, Picture)>) -> Picture {
    let mut whole = layers[0].1.clone();
    for (i, out) in whole.rgba.chunks_exact_mut(4).enumerate() {
        let pixel = |picture: &Picture| std::array::from_fn::<f64, 4, _>(|c| f64::from(picture.rgba[4 * i + c]));
        let alpha: f64 = layers.iter().map(|(share, picture)| share * pixel(picture)[3]).sum();
        for (c, channel) in out[..3].iter_mut().enumerate() {
            let sum: f64 = layers.iter().map(|(share, picture)| share * pixel(picture)[3] * pixel(picture)[c]).sum();
            *channel = if alpha > 0.0 { (sum / alpha).round() as u8 } else { 0 };
        }
        out[3] = alpha.round() as u8;
    }
    whole
}

/// The frames of an input that are read one at a time.
fn streamed(points: &PointArgs, bounds: Option<Box3>, first: &Opened) -> Result<Option<Trajectory>> {
    let format = if let Input::Points(input) = &first.input { input.format } else { "" };
    // Others are in memory whole, or as long texts would be read twice.
    if first.source.path().is_none_or(|path| !path.is_file()) || !["xtc", "trr", "dcd"].contains(&format) {
        return Ok(None);
    }
    let frames = Trajectory::open(&first.source, &points.options(bounds, None)?, &Silent)?;
    Ok(Some(frames).filter(Trajectory::is_streamed))
}

/// Tells how much memory the frames of an input take that are all held there.
fn tell_memory(all: &Opened, frames: usize, console: &Console) {
    let Input::Points(input) = &all.input else { return };
    let bytes = size_of_val(&input.cloud.positions[..]);
    if bytes > MUCH {
        let size = bytes as f64 / f64::from(1 << 30);
        let way_out =
            "--input-frames START:STOP:STEP takes fewer; XTC, TRR and DCD without --align are read a frame at a time";
        console.note(&format!("the positions of {frames} frames are held in memory, {size:.1} GiB; {way_out}"));
    }
}

impl MovieArgs {
    /// The one frame that is wanted, if one is.
    fn only(&self) -> Option<u64> {
        self.only.and_then(|only| only.0)
    }

    /// The file to write; of one frame the one that has it in a sequence.
    fn output(&self) -> PathBuf {
        let file = self.only().and_then(|k| crate::movie::frame_path(&self.output, k));
        file.unwrap_or_else(|| self.output.clone())
    }
}

impl MovieCommand {
    /// What can be told before anything is read.
    fn check(&self) -> Result<()> {
        let (output, only, resume) = (&self.movie.output, self.movie.only(), &self.movie.resume);
        let file = output.display();
        MovieOptions { fps: self.movie.fps, ..MovieOptions::default() }.validate()?;
        if only.is_some() && self.movie.output().extension().is_none_or(|e| !e.eq_ignore_ascii_case("png")) {
            return Err(Error::Usage(format!("{file}: {}", Only::NEEDS_PNG)));
        }
        if *resume && crate::movie::frame_path(output, 0).is_none() {
            let problem = "--resume goes on with PNG files; name the output F%04d.png or a folder";
            return Err(Error::Usage(format!("{file}: {problem}")));
        }
        if only.is_none() && self.movie.codec.is_none() {
            crate::movie::check_name(output)?;
        }
        if only.is_none() && !resume {
            // Leaves nothing, and tells a bad place before the work.
            MovieWriter::create(output, &MovieOptions { codec: self.movie.codec.clone(), ..MovieOptions::default() })?;
        }
        Ok(())
    }

    /// The input: all its frames, if it has several to play, and which they are.
    fn opened(&self, console: &Console) -> Result<(Played, Inputs)> {
        let (points, density) = (&self.scene.points, &self.scene.density);
        let open = |points: &PointArgs, console: &Console| {
            let columns =
                Columns { sigmas: density.sigma_columns(), further: self.scene.glyphs.columns(), ..Default::default() };
            input::open(points, density.bounds, columns, console)
        };
        // One frame alone cannot be aligned.
        let first =
            open(&PointArgs { align: points.align.clone().filter(|_| points.pool), ..points.clone() }, console)?;
        let average = usize::try_from(self.movie.average).unwrap_or(usize::MAX);
        let numbers = match &first.input {
            Input::Points(input) if !points.pool => points.input_frames.unwrap_or_default().of(input.frames),
            _ => vec![0],
        };
        if numbers.len() < 2 {
            if average > 1 {
                return Err(Error::Usage(format!(
                    "--average {average}: the input has one frame to show; leave it out"
                )));
            }
            if self.movie.sum {
                return Err(Error::Usage("--sum: the input has one frame to show; leave it out".into()));
            }
            return Ok((Played::Still(first), Inputs::still()));
        }
        let times = match &first.input {
            Input::Points(input) if input.times.len() == input.frames => {
                numbers.iter().map(|k| input.times[*k]).collect()
            }
            _ => Vec::new(),
        };
        let inputs = Inputs { numbers, times, average, is_sum: self.movie.sum };
        if points.align.is_none()
            && let Some(frames) = streamed(points, density.bounds, &first)?
        {
            return Ok((Played::Streamed(Box::new((frames, first))), inputs));
        }
        let all = open(&PointArgs { pool: true, ..points.clone() }, &console.aside().0)?;
        all.tell_beyond(&first, console);
        tell_memory(&all, inputs.numbers.len(), console);
        Ok((Played::Whole(all), inputs))
    }

    fn timeline(&self, asked: &Asked, inputs: Inputs) -> Result<Timeline> {
        let own = if inputs.numbers.len() > 1 { inputs.numbers.len() as u64 } else { FRAMES };
        let MovieArgs { vary, ease, fps, turn, frames, .. } = &self.movie;
        let frames = frames.unwrap_or(own);
        let motion = Motion { varied: vary, ease: *ease, frames, fps: *fps, turn: *turn };
        let timeline = Timeline::new(&asked.recipe, &motion, inputs)?;
        if let Some(title) = &self.scene.picture.title {
            timeline.title(title, 0).map_err(|e| Error::Usage(format!("--title: {e}")))?;
        }
        Ok(timeline)
    }

    fn options(&self) -> MovieOptions {
        let MovieArgs { fps, artist, comment, codec, dither, .. } = &self.movie;
        MovieOptions {
            fps: *fps,
            title: self.scene.picture.title.as_deref().and_then(|title| constant_part(&title.replace("\\n", "\n"))),
            artist: artist.clone(),
            comment: comment.clone(),
            codec: codec.clone(),
            dither: *dither,
            ..MovieOptions::default()
        }
    }

    /// The frames to draw.
    fn range(&self, timeline: &Timeline, first: u64) -> Result<Range<u64>> {
        let frames = timeline.frames;
        match self.movie.only() {
            Some(k) if k >= frames => {
                let last = frames - 1;
                Err(Error::Usage(format!("--only {k}: the movie has frames 0 to {last}; choose one, or more --frames")))
            }
            Some(k) => Ok(k..k + 1),
            None => Ok(first.min(frames)..frames),
        }
    }
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
