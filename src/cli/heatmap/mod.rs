//! `densitas heatmap`: numbers of a plane, drawn flat: the density or the counts of points, or an array; one picture,
//! or frames that follow one another.

mod args;
mod frames;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};
use toml::Table;

use super::args::{Only, PointArgs};
use super::console::Console;
use super::parse::Asked;
use super::picture_args::PictureArgs;
use super::plane_args::PlaneDensityArgs;
use super::{input, recipe, remarks, report, view};
use crate::color::Scale;
use crate::error::{Error, Result};
use crate::geometry::four_digits;
use crate::grid::PlaneGrid;
use crate::html;
use crate::io::{self, Values};
use crate::movie::{MovieOptions, check_name, frame_path, record_heatmap_with};
use crate::render::draw_heatmap_bands;
use crate::scene::{
    Annotations, Aspect, Background, Contours, Extent, Frame, HeatmapAnimation, HeatmapScene, Interpolation, Limits,
    Quantity, constant_part,
};
use args::{CountArgs, FlatArgs, FrameArgs, Levels, Origin};
use frames::{Kind, Made};

/// Options of the verb.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  densitas heatmap locs.csv -o heatmap.png
  densitas heatmap locs.csv --bandwidth 20nm --bounds 0,2000,0,2000 --colormap inferno -o part.png
  densitas heatmap mouse.csv --weights count --bins 1920,1080 --bounds 0,1920,0,1080 --sigma 16px --origin upper -o mouse.png
  densitas heatmap matrix.npy --interpolation smooth --contours mass:0.5,0.95 -o matrix.png
  densitas heatmap frames.npy --title \"Step {frame}\" -o frames.html
  densitas heatmap frames.npy --fps 20 -o frames.mp4
  densitas heatmap frames.npy --show
  densitas heatmap table.csv --columns speed,height --aspect auto --title \"Speed and height\" -o plot.png
  densitas heatmap 1ubq.pdb --plane xz -o side.png")]
pub struct HeatmapCommand {
    #[command(flatten)]
    points: PointArgs,
    #[command(flatten)]
    frames: FrameArgs,
    #[command(flatten)]
    flat: FlatArgs,
    #[command(flatten)]
    counts: CountArgs,
    #[command(flatten)]
    density: PlaneDensityArgs,
    #[command(flatten)]
    picture: PictureArgs,
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Output {
    Picture,
    Page,
    Movie,
}

/// Heat maps for a window.
pub struct Flipbook {
    /// The frames.
    pub(crate) animation: HeatmapAnimation,
    /// The size of the picture in a new window.
    pub(crate) frame: Frame,
    /// Frames a second.
    pub(crate) fps: f64,
    /// What was read.
    pub(crate) name: String,
    /// The command that writes the same as a page.
    pub(crate) headless: String,
}

/// Beyond this ratio of its sides a plane fills the picture where nothing is said of its aspect.
const MOST_ELONGATED: f64 = 8.0;

/// Limits of a log scale where none are given.
const LOG_LIMITS: Limits = Limits::Mass(0.999, 0.0);

/// Runs the verb.
pub fn run(args: &HeatmapCommand, asked: &Asked, play: fn(Flipbook) -> Result<()>, console: &Console) -> Result<()> {
    let output = args.output()?;
    let input_path = input::path_of(&args.points);
    if let Some((path, _)) = &output {
        io::atomic::check_writable(path, input_path.as_deref())?;
    }
    let frame = args.picture.frame()?;
    let mut made = frames::make(args, console)?;
    let animation = args.animation(&mut made, console)?;
    let Made { told: mut out, mut seconds, kind, .. } = made;
    if !matches!(output, Some((_, Output::Page))) {
        tell_signs(&animation.scene, console);
    }
    let start = Instant::now();
    let fps = args.frames.fps.unwrap_or(HeatmapAnimation::DEFAULT_FPS);
    match &output {
        Some((path, Output::Picture)) => args.write_picture(path, &animation, &frame, asked, console)?,
        Some((path, Output::Page)) => {
            args.tell_missing_of_pages(&animation, console);
            html::write(path, input_path.as_deref(), &animation, &frame, fps, console)?;
        }
        Some((path, Output::Movie)) => {
            let fps = args.write_movie(path, &animation, &frame, fps, asked, console)?;
            out.insert("fps".into(), fps.into());
        }
        None => {}
    }
    seconds.insert("render".into(), start.elapsed().as_secs_f64().into());
    let scene = animation.frame(args.frames.only().unwrap_or(0));
    if console.json {
        let quantity = report::quantity(&scene.annotations.quantity, scene.grid.unit(), 2);
        let limits = scene.transfer.limits;
        let more = json!({
            "limits": limits, "quantity": quantity, "size": frame.size, "frames": animation.len(), "seconds": seconds
        });
        report::merge(&mut out, report::object(more));
        out.insert("contours".into(), scene.levels_of_contours().into());
        // Of the frame that is drawn.
        out.extend(report::plane(&*scene.grid));
        if kind == Kind::Counts {
            let sum: f64 = scene.grid.values().iter().map(|v| f64::from(*v)).sum();
            out.insert("sum".into(), sum.into());
        }
        console.answer(&Value::Object(out).to_string());
    } else {
        tell(args, &animation, &scene, &frame, console);
    }
    if args.frames.show {
        let name = args.points.input.to_string_lossy().into_owned();
        let headless = view::headless(asked, "heatmap", "frames.html");
        return play(Flipbook { animation, frame, fps, name, headless });
    }
    Ok(())
}

/// Tells which characters of its texts are drawn as boxes.
fn tell_signs(scene: &HeatmapScene, console: &Console) {
    let Annotations { title, bar_title, .. } = &scene.annotations;
    let found = remarks::without_sign(title.iter().chain(bar_title).chain(&scene.axes));
    found.iter().for_each(|warning| console.warning(warning));
}

/// Tells how many values are not finite, or have no place on the scale.
fn tell_gaps(animation: &HeatmapAnimation, console: &Console) {
    let values = (0..animation.len()).flat_map(|k| animation.grid(k).values());
    let (gaps, all) = values.fold((0, 0_usize), |(gaps, all), v| (gaps + usize::from(!v.is_finite()), all + 1));
    if gaps > 0 {
        console.note(&format!("{gaps} of {all} values are no finite numbers; there the background is seen"));
    }
    let scale = animation.scene.transfer.scale;
    let values = (0..animation.len()).flat_map(|k| animation.grid(k).values());
    let scale_name = if scale == Scale::Log { "a log" } else { "a square root" };
    let below = if scale == Scale::Linear { 0 } else { values.filter(|v| **v < 0.0).count() };
    if below > 0 {
        console.warning(&format!(
            "{below} of {all} values are below 0, where {scale_name} scale has no place: they have the lowest colour"
        ));
    }
}

/// The record of a picture in its recipe.
fn drawn(scene: &HeatmapScene, frame: &Frame) -> Table {
    #[derive(Serialize)]
    struct Drawn<'a> {
        #[serde(flatten)]
        frame: &'a Frame,
        #[serde(flatten)]
        scene: &'a HeatmapScene,
    }
    Table::try_from(Drawn { frame, scene }).expect("a scene is numbers, texts and tables of them")
}

fn tell(args: &HeatmapCommand, animation: &HeatmapAnimation, scene: &HeatmapScene, frame: &Frame, console: &Console) {
    let ([vmin, vmax], [x, y]) = (scene.transfer.limits, scene.grid.shape());
    let count = if animation.len() > 1 { format!("{} frames of ", animation.len()) } else { String::new() };
    let name = args.frames.output.as_deref().unwrap_or(Path::new(&args.points.input));
    console.note(&format!(
        "{}: {} x {} pixels; {count}{x} x {y} nodes; colours from {} to {}",
        name.display(),
        frame.size[0],
        frame.size[1],
        four_digits(vmin),
        four_digits(vmax),
    ));
}

impl HeatmapCommand {
    /// The file to write and what it is, if there is any.
    fn output(&self) -> Result<Option<(PathBuf, Output)>> {
        let Some(path) = self.frames.output.as_deref() else { return Ok(None) };
        let output = self.output_of(path)?;
        let Some(k) = self.frames.only() else { return Ok(Some((path.to_owned(), output))) };
        match (output, frame_path(path, k as u64)) {
            (Output::Picture, _) => Ok(Some((path.to_owned(), output))),
            (_, Some(file)) => Ok(Some((file, Output::Picture))),
            _ => Err(Error::Usage(format!("{}: {}", path.display(), Only::NEEDS_PNG))),
        }
    }

    fn output_of(&self, path: &Path) -> Result<Output> {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("png") if frame_path(path, 0).is_none() => check_name(path).map(|()| Output::Picture),
            Some("html" | "htm") => Ok(Output::Page),
            _ if self.frames.codec.is_some() => Ok(Output::Movie),
            _ if io::atomic::is_stream(path) => Ok(Output::Picture),
            _ if path.to_string_lossy().contains('%') => check_name(path).map(|()| Output::Movie),
            _ if path.is_dir() => check_name(path).map(|()| Output::Movie),
            _ => check_name(path).map(|()| Output::Movie).map_err(|_| {
                let problem = "pictures are written as .png, frames that follow one another as .html, .mp4, .gif, .avi, .apng \
                               or frame_%04d.png, or by --codec with an ending of ffmpeg; name the output so";
                Error::Usage(format!("{}: {problem}", path.display()))
            }),
        }
    }

    /// Whether all frames of an input are wanted, or one of them.
    fn takes_frames(&self) -> bool {
        let is_movie = || self.output().is_ok_and(|o| o.is_some_and(|(_, output)| output != Output::Picture));
        self.frames.show || self.frames.only().is_some() || is_movie()
    }

    fn animation(&self, made: &mut Made, console: &Console) -> Result<HeatmapAnimation> {
        let count = made.grids.len();
        if let Some(names) = &self.frames.frame_names {
            let names: Vec<String> = names.split(',').map(|name| name.trim().to_owned()).collect();
            if names.len() != count {
                return Err(Error::Usage(format!("--frame-names: {} names for {count} frames", names.len())));
            }
            (made.names, made.is_named) = (names, true);
        }
        if let Some(k) = self.frames.only().filter(|k| *k >= count) {
            let frames =
                if count == 1 { "is one frame, 0".into() } else { format!("are {count} frames, 0 to {}", count - 1) };
            return Err(Error::Usage(format!("--only {k}: there {frames}")));
        }
        if count > 1 && !self.takes_frames() {
            let way_out = "the first is drawn; --only K draws another, -o F.html or F.mp4 all";
            console.note(&format!("the input holds {count} frames; {way_out}"));
        }
        let several = count > 1;
        let grid = &made.grids[self.frames.only().unwrap_or(0)];
        let base = HeatmapScene::new(grid.clone(), HeatmapScene::DEFAULT_LIMITS);
        let scene = self.scene(base.or_else(|_| unlimited(made))?, made)?;
        let is_as_read = matches!(made.kind, Kind::Counts | Kind::Numbers) && !made.is_smooth;
        let default = match (several, scene.transfer.scale) {
            (true, Scale::Linear | Scale::Sqrt) => HeatmapAnimation::DEFAULT_LIMITS,
            (_, Scale::Log) if is_as_read => limits_above_0(&made.grids),
            // The smallest densities are as good as none, and would have most of the colours.
            (_, Scale::Log) => LOG_LIMITS,
            (false, Scale::Linear | Scale::Sqrt) => HeatmapScene::DEFAULT_LIMITS,
        };
        let quantity = scene.annotations.quantity;
        let resolve = |grid: &_| self.picture.limits(grid, default, quantity, 2)?.resolve(grid);
        let (grids, names) = (made.grids.clone(), made.names.clone());
        let made_of = |e| match e {
            Error::Data(text) => Error::Data(format!("{}: {text}", self.points.input.display())),
            other => other,
        };
        let of = self.frames.limits_of;
        let mut animation = HeatmapAnimation::with_limits(scene, grids, names, of, &resolve).map_err(made_of)?;
        if let Some(Levels::Mass(shares)) = &self.flat.contours {
            animation.enclosed = Some(shares.clone());
        }
        tell_gaps(&animation, console);
        self.picture.without_bar().iter().for_each(|warning| console.warning(warning));
        if let Some(value) = animation.one_limit() {
            let [vmin, vmax] = animation.frame(0).transfer.limits;
            console.warning(&format!(
                "both limits are {value:.4e}: colours go from {vmin:.4e} to {vmax:.4e}; --vmin and --vmax choose others"
            ));
        }
        animation.check_title().map_err(|e| Error::Usage(format!("--title: {e}")))?;
        self.tell_contours(made, &animation.scene, console);
        if animation.scene.annotations.scale_bar && !animation.scene.has_scale_bar() {
            let problem =
                "x and y have scales of their own here, so a length has no bar; --aspect equal gives them one";
            console.warning(&format!("--scale-bar: {problem}"));
        }
        Ok(animation)
    }

    /// Tells what pages do not have.
    fn tell_missing_of_pages(&self, animation: &HeatmapAnimation, console: &Console) {
        let (a, frames) = (&animation.scene.annotations, &self.frames);
        let given = [
            ("--mass-axis", a.mass_axis),
            ("--scale-bar", a.scale_bar),
            ("--codec", frames.codec.is_some()),
            ("--artist", frames.artist.is_some()),
            ("--comment", frames.comment.is_some()),
        ];
        let missing: Vec<&str> = given.into_iter().filter(|g| g.1).map(|g| g.0).collect();
        if !missing.is_empty() {
            console.warning(&format!("{}: pages have none; pictures and movies do", missing.join(", ")));
        }
    }

    /// Tells contours that lie beyond all values.
    fn tell_contours(&self, made: &Made, scene: &HeatmapScene, console: &Console) {
        let values = match &self.flat.contours {
            Some(Levels::Values(values)) => values,
            Some(Levels::Mass(_)) => {
                let is_flat = |grid: &Arc<PlaneGrid>| grid.statistics().min == grid.statistics().max;
                if made.grids.iter().any(is_flat) {
                    console.warning("--contours: where all values are equal there is no line");
                }
                return;
            }
            None => return,
        };
        let factor = scene.annotations.quantity.factor(scene.grid.unit(), 2);
        let ends = made.grids.iter().map(|grid| grid.statistics());
        let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), s| (a.min(s.min), b.max(s.max)));
        let (low, high) = (low * factor, high * factor);
        for value in values.iter().filter(|v| !(low..=high).contains(*v)) {
            let problem = "lies beyond the values and has no line; they go from";
            console.warning(&format!("--contours: {value} {problem} {low:.3e} to {high:.3e}"));
        }
    }

    fn scene(&self, scene: HeatmapScene, made: &Made) -> Result<HeatmapScene> {
        let (picture, flat) = (&self.picture, &self.flat);
        let quantity = match made.kind {
            Kind::Density(total) => picture.quantity(Some(total), Values::Density)?,
            Kind::Layer(content) => picture.quantity(None, content)?,
            Kind::Counts | Kind::Numbers => Quantity::Values,
        };
        let is_density = matches!(made.kind, Kind::Density(_) | Kind::Layer(_));
        let mut scene = HeatmapScene { axes: made.axes.clone(), ..scene };
        scene.extent = if is_density { Extent::Nodes } else { Extent::Cells };
        let between = if made.is_smooth { Interpolation::Linear } else { Interpolation::Nearest };
        scene.interpolation = flat.interpolation.unwrap_or(between);
        scene.y_downward = flat.origin == Origin::Upper;
        let [from, to] = scene.shown();
        let elongated = (to - from).max_element() > MOST_ELONGATED * (to - from).min_element();
        scene.aspect = flat.aspect.unwrap_or(if elongated { Aspect::Fill } else { Aspect::Equal });
        for (name, given) in std::iter::zip(&mut scene.axes, [&flat.x_label, &flat.y_label]) {
            given.iter().for_each(|given| name.clone_from(given));
        }
        picture.apply(&mut scene.transfer);
        scene.background = picture.background().unwrap_or(scene.background);
        scene.annotations = picture.annotations(quantity);
        if made.kind == Kind::Counts {
            scene.annotations.bar_title.get_or_insert_with(|| "counts".into());
        }
        if made.is_named && made.grids.len() > 1 {
            scene.annotations.title.get_or_insert_with(|| "{name}".into());
        }
        let factor = quantity.factor(scene.grid.unit(), 2);
        scene.contours = flat.contours.as_ref().map(|levels| match levels {
            Levels::Values(values) => {
                let mut contours = Contours::at(values);
                contours.levels.iter_mut().for_each(|level| level.value /= factor);
                contours
            }
            // Each frame has its own.
            Levels::Mass(_) => Contours::at(&[]),
        });
        scene.contours.iter_mut().for_each(|contours| contours.color = flat.contour_color);
        scene.legend = flat.legend;
        Ok(scene)
    }

    fn movie_options(&self, animation: &HeatmapAnimation, fps: f64) -> MovieOptions {
        let title = animation.scene.annotations.title.as_deref().and_then(constant_part);
        let FrameArgs { artist, comment, dither, codec, .. } = &self.frames;
        MovieOptions {
            fps,
            title,
            artist: artist.clone(),
            comment: comment.clone(),
            dither: *dither,
            codec: codec.clone(),
            ..MovieOptions::default()
        }
    }

    /// Writes a movie, each frame with its recipe where the format keeps it; the frames a second that it has.
    fn write_movie(
        &self,
        path: &Path,
        animation: &HeatmapAnimation,
        frame: &Frame,
        fps: f64,
        asked: &Asked,
        console: &Console,
    ) -> Result<f64> {
        let texts = |k: usize, scene: &HeatmapScene| {
            let recipe = asked.recipe.of_frame(k as u64).text(&drawn(scene, frame));
            vec![(recipe::KEYWORD.to_owned(), recipe)]
        };
        let options = self.movie_options(animation, fps);
        let written = record_heatmap_with(path, animation, frame, &options, &texts, console)?;
        written.notes.iter().for_each(|note| console.note(note));
        Ok(written.fps)
    }

    fn write_picture(
        &self,
        output: &Path,
        animation: &HeatmapAnimation,
        frame: &Frame,
        asked: &Asked,
        console: &Console,
    ) -> Result<()> {
        let scene = animation.frame(self.frames.only().unwrap_or(0));
        let input = input::path_of(&self.points);
        let (opaque, record) = (scene.background != Background::Transparent, drawn(&scene, frame));
        recipe::write_bands(output, input.as_deref(), frame.size, opaque, asked, &record, console, |take| {
            draw_heatmap_bands(&scene, frame, console, take)
        })
    }
}

/// Limits of counts and arrays on a log scale: from the least above 0 to the largest; where there are zeros, from half of
/// it, which so is told from them.
fn limits_above_0(grids: &[Arc<PlaneGrid>]) -> Limits {
    let values = || grids.iter().flat_map(|grid| grid.values()).map(|v| f64::from(*v)).filter(|v| v.is_finite());
    let above = values().filter(|v| *v > 0.0);
    let (least, most) = above.fold((f64::INFINITY, 0.0_f64), |(a, b), v| (a.min(v), b.max(v)));
    let begin = if values().any(|v| v == 0.0) { 0.5 } else { 1.0 };
    if most > 0.0 { Limits::Value(begin * least, most) } else { LOG_LIMITS }
}

/// The scene of the first frame that has a value, where the chosen one has none: the animation then tells which.
fn unlimited(made: &Made) -> Result<HeatmapScene> {
    let scenes = made.grids.iter().map(|grid| HeatmapScene::new(grid.clone(), HeatmapScene::DEFAULT_LIMITS));
    let mut failed = None;
    for scene in scenes {
        match scene {
            Ok(scene) => return Ok(scene),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    Err(failed.unwrap_or_else(|| Error::Data("there is no frame to draw".into())))
}
