//! `densitas heatmap`: the density of a plane, drawn flat.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};
use toml::Table;

use super::args::PointArgs;
use super::console::Console;
use super::parse::Asked;
use super::picture_args::{PictureArgs, total_of};
use super::plane_args::PlaneDensityArgs;
use super::{input, recipe, report};
use crate::color::Scale;
use crate::error::{Error, Result};
use crate::gpu::{AdapterChoice, Gpu};
use crate::grid::PlaneGrid;
use crate::io::{self, Input, Values, VolumeInput};
use crate::kde;
use crate::points::Plane;
use crate::render::Renderer;
use crate::scene::{Frame, HeatmapScene, Interpolation, Limits};

/// Options of the verb.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  densitas heatmap locs.csv -o heatmap.png
  densitas heatmap locs.csv --bandwidth 20nm --bounds 0,2000,0,2000 --colormap inferno -o part.png
  densitas heatmap table.csv --columns speed,height --title \"Speed and height\" -o plot.png
  densitas heatmap 1ubq.pdb --plane xz -o side.png")]
pub struct HeatmapCommand {
    #[command(flatten)]
    points: PointArgs,
    /// The axes that stay of points in space: xy, xz or yz [default: xy]
    #[arg(long, value_name = "PLANE", value_parser = plane)]
    plane: Option<Plane>,
    #[command(flatten)]
    density: PlaneDensityArgs,
    #[command(flatten)]
    picture: PictureArgs,
    /// Between nodes: nearest or linear
    #[arg(long, value_name = "HOW", default_value = "linear", value_parser = interpolation, help_heading = "Picture")]
    interpolation: Interpolation,
    /// The picture to write, .png
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Runs the verb.
pub fn run(args: &HeatmapCommand, adapter: &AdapterChoice, asked: &Asked, console: &Console) -> Result<()> {
    if args.output.extension().is_none_or(|e| !e.eq_ignore_ascii_case("png")) && !io::atomic::is_stream(&args.output) {
        let output = args.output.display();
        return Err(Error::Usage(format!("{output}: pictures are written as PNG; name the output F.png")));
    }
    let input_path = input::path_of(&args.points);
    io::atomic::check_writable(&args.output, input_path.as_deref())?;
    let frame = args.picture.frame()?;
    let (renderer, made) = std::thread::scope(|scope| {
        let renderer = scope.spawn(|| Gpu::new(adapter).and_then(Renderer::new));
        let made = make_grid(args, console);
        (renderer.join().expect("the renderer's thread does not panic"), made)
    });
    let Made { drawable, told: mut out, mut seconds } = made?;
    let mut renderer = renderer?;
    let scene = args.scene(drawable)?;
    let start = Instant::now();
    let picture = renderer.draw_heatmap(&scene, &frame, console)?;
    seconds.insert("render".into(), start.elapsed().as_secs_f64().into());
    let start = Instant::now();
    let drawn = drawn(&scene, &frame, renderer.gpu());
    recipe::write_picture(&args.output, input_path.as_deref(), &picture, asked, &drawn, console)?;
    seconds.insert("write".into(), start.elapsed().as_secs_f64().into());
    let adapter = renderer.gpu().describe();
    if !console.json {
        tell(args, &scene, &frame, &adapter, console);
        return Ok(());
    }
    let limits = scene.transfer.limits;
    let quantity = report::quantity(&scene.annotations.quantity, scene.grid.unit(), 2);
    let more =
        json!({ "adapter": adapter, "limits": limits, "quantity": quantity, "size": picture.size, "seconds": seconds });
    report::merge(&mut out, report::object(more));
    console.answer(&Value::Object(out).to_string());
    Ok(())
}

/// The record of a picture in its recipe.
fn drawn(scene: &HeatmapScene, frame: &Frame, gpu: &Gpu) -> Table {
    #[derive(Serialize)]
    struct Drawn<'a> {
        adapter: String,
        #[serde(flatten)]
        frame: &'a Frame,
        #[serde(flatten)]
        scene: &'a HeatmapScene,
    }
    let drawn = Drawn { adapter: gpu.describe(), frame, scene };
    Table::try_from(drawn).expect("a scene is numbers, texts and tables of them")
}

fn tell(args: &HeatmapCommand, scene: &HeatmapScene, frame: &Frame, adapter: &str, console: &Console) {
    let ([vmin, vmax], [x, y]) = (scene.transfer.limits, scene.grid.shape());
    console.note(&format!(
        "{}: {} x {} pixels; {x} x {y} nodes; colours from {vmin:.3e} to {vmax:.3e}; drawn on {adapter}",
        args.output.display(),
        frame.size[0],
        frame.size[1],
    ));
}

/// A grid, the names of its axes, and how many points, or how much weight, it is of.
struct Drawable {
    grid: Arc<PlaneGrid>,
    axes: [&'static str; 2],
    total: Option<f64>,
    content: Values,
}

/// What can be drawn, what is told of it as JSON, and the seconds so far.
struct Made {
    drawable: Drawable,
    told: Map<String, Value>,
    seconds: Map<String, Value>,
}

fn make_grid(args: &HeatmapCommand, console: &Console) -> Result<Made> {
    let columns = input::Columns { sigmas: args.density.sigma_columns(args.plane), further: Vec::new() };
    let opened = input::open(&args.points, None, columns, console)?;
    let points = match opened.input {
        Input::Points(points) => points,
        Input::Volume(volume) => return plane_of(args, volume, &opened.source.to_string(), opened.seconds),
    };
    if points.dimensions == 2 && args.plane.is_some() {
        let problem = "its points have 2 coordinates already; --plane projects points in space";
        return Err(Error::Usage(format!("{}: {problem}", opened.source)));
    }
    let plane = args.plane.unwrap_or_default();
    if plane != Plane::XY {
        let [right, up] = plane.names();
        console.note(&format!("projected onto {right} and {up}, which messages about the density call x and y"));
    }
    let axes = plane.names();
    let options = args.density.options(points.cloud.unit)?;
    let total = Some(total_of(&points.cloud));
    let guessed = args.density.guessed(points.cloud.unit);
    let density = kde::density_2d(&points.cloud.projected(plane), &options, console)?;
    let mut made = density.report;
    made.warnings.extend(guessed);
    made.notes.iter().for_each(|n| console.note(n));
    made.warnings.iter().for_each(|w| console.warning(w));
    let mut told = report::plane(&density.grid);
    report::merge(&mut told, report::density(&made));
    report::merge(&mut told, report::object(json!({ "axes": axes, "warnings": points.warnings })));
    let s = made.seconds;
    let seconds = json!({ "read": opened.seconds, "plan": s.plan, "evaluate": s.evaluate, "check": s.check });
    let drawable = Drawable { grid: Arc::new(density.grid), axes, total, content: Values::Density };
    Ok(Made { drawable, told, seconds: report::object(seconds) })
}

/// A volume with one layer of nodes, as it is.
fn plane_of(args: &HeatmapCommand, volume: VolumeInput, name: &str, read: f64) -> Result<Made> {
    let given = args.density.given();
    if !given.is_empty() || args.plane.is_some() {
        let given: Vec<&str> = given.into_iter().chain(args.plane.map(|_| "--plane")).collect();
        return Err(Error::Usage(format!(
            "{name}: is a volume already, so {} has no effect; leave it out",
            given.join(", ")
        )));
    }
    let (shape, warnings, is_oblique) = (volume.grid.lattice.shape, volume.warnings, volume.steps.is_some());
    let content = volume.content;
    let flat = if is_oblique { None } else { PlaneGrid::from_flat(volume.grid) };
    let Some((grid, plane)) = flat else {
        let [x, y, z] = shape;
        let problem = format!("is a volume of {x} x {y} x {z} nodes; a heat map draws one layer along two axes");
        return Err(Error::Data(format!("{name}: {problem}: `densitas render` draws a volume")));
    };
    let axes = plane.names();
    let mut told = report::plane(&grid);
    report::merge(&mut told, report::object(json!({ "axes": axes, "warnings": warnings })));
    let drawable = Drawable { grid: Arc::new(grid), axes, total: None, content };
    Ok(Made { drawable, told, seconds: report::object(json!({ "read": read })) })
}

impl HeatmapCommand {
    fn scene(&self, made: Drawable) -> Result<HeatmapScene> {
        let Drawable { grid, axes, total, content } = made;
        let picture = &self.picture;
        let quantity = picture.quantity(total, content)?;
        let default = match picture.scale() {
            // The smallest densities are as good as none, and would have most of the colours.
            Scale::Log => LOG_LIMITS,
            Scale::Linear | Scale::Sqrt => HeatmapScene::DEFAULT_LIMITS,
        };
        let limits = picture.limits(grid.layer(), default, quantity, 2)?;
        let mut scene = HeatmapScene { axes, ..HeatmapScene::new(grid, limits)? };
        picture.apply(&mut scene.transfer);
        scene.interpolation = self.interpolation;
        scene.background = picture.background().unwrap_or(scene.background);
        scene.annotations = picture.annotations(quantity);
        Ok(scene)
    }
}

/// Limits of a log scale where none are given.
const LOG_LIMITS: Limits = Limits::Mass(0.999, 0.0);

fn plane(text: &str) -> std::result::Result<Plane, String> {
    match text {
        "xy" => Ok(Plane::XY),
        "xz" => Ok(Plane::XZ),
        "yz" => Ok(Plane::YZ),
        _ => Err("known are xy, xz and yz".into()),
    }
}

fn interpolation(text: &str) -> std::result::Result<Interpolation, String> {
    match text {
        "nearest" => Ok(Interpolation::Nearest),
        "linear" => Ok(Interpolation::Linear),
        _ => Err("known are nearest and linear".into()),
    }
}
