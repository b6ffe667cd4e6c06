//! `densitas heatmap`: the density of a plane, drawn flat.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::{ArgAction, Args};
use serde::Serialize;
use serde_json::{Map, Value, json};
use toml::Table;

use super::args::PointArgs;
use super::console::Console;
use super::parse::Asked;
use super::plane_args::PlaneDensityArgs;
use super::render::{background, finite, on_off, pixels, size};
use super::{input, recipe, report};
use crate::color::Colormap;
use crate::error::{Error, Result};
use crate::gpu::{AdapterChoice, Gpu};
use crate::grid::PlaneGrid;
use crate::io::{self, Input, VolumeInput};
use crate::kde;
use crate::points::Plane;
use crate::render::Renderer;
use crate::scene::{Background, Frame, HeatmapScene, Interpolation, Limits};

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
    picture: HeatmapArgs,
    /// The picture to write, .png
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// How the picture looks.
#[derive(Debug, Args)]
#[command(next_help_heading = "Picture")]
struct HeatmapArgs {
    /// Width and height
    #[arg(long, value_name = "WxH", default_value = "1200x900", value_parser = size)]
    size: [u32; 2],
    /// Pixels per point: 2 gives the same picture with twice the pixels
    #[arg(long, value_name = "S", default_value_t = 1.0)]
    scale_factor: f64,
    /// vmin and vmax: range:0,0.5 | percentile:2,98 | mass:0.98,0.05 | value:A,B [default: range:0,1]
    #[arg(long, value_name = "LIMITS")]
    limits: Option<Limits>,
    /// Density that the colours begin at
    #[arg(long, value_name = "V", value_parser = finite)]
    vmin: Option<f64>,
    /// Density that the colours end at
    #[arg(long, value_name = "V", value_parser = finite)]
    vmax: Option<f64>,
    /// A name (viridis, inferno, turbo, jet, ...) or colours "#00f,#0ff,#f00" or "0:#000,0.3:#f00,1:#fff"
    /// [default: viridis]
    #[arg(long, value_name = "MAP", value_parser = |t: &str| Colormap::parse(t))]
    colormap: Option<Colormap>,
    /// Turn the colour map round
    #[arg(long)]
    reverse: bool,
    /// Between nodes: nearest or linear
    #[arg(long, value_name = "HOW", default_value = "linear", value_parser = interpolation)]
    interpolation: Interpolation,
    /// white, black, #808080 or transparent [default: white]
    #[arg(long, value_name = "COLOUR", value_parser = background)]
    background: Option<Background>,
    /// A line above the picture
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Frame with ticks: on or off
    #[arg(long, value_name = "on|off", default_value = "on", action = ArgAction::Set, value_parser = on_off)]
    axes: bool,
    /// Colour bar: on or off
    #[arg(long, value_name = "on|off", default_value = "on", action = ArgAction::Set, value_parser = on_off)]
    colorbar: bool,
}

/// Runs the verb.
pub fn run(args: &HeatmapCommand, adapter: &AdapterChoice, asked: &Asked, console: &Console) -> Result<()> {
    if args.output.extension().is_none_or(|e| !e.eq_ignore_ascii_case("png")) && !io::atomic::is_stream(&args.output) {
        let output = args.output.display();
        return Err(Error::Usage(format!("{output}: pictures are written as PNG; name the output F.png")));
    }
    let input_path = input::path_of(&args.points);
    io::atomic::check_writable(&args.output, input_path.as_deref())?;
    let frame = pixels(args.picture.size, args.picture.scale_factor)?;
    let (renderer, made) = std::thread::scope(|scope| {
        let renderer = scope.spawn(|| Gpu::new(adapter).and_then(Renderer::new));
        let made = make_grid(args, console);
        (renderer.join().expect("the renderer's thread does not panic"), made)
    });
    let Made { grid, axes, told: mut out, mut seconds } = made?;
    let mut renderer = renderer?;
    let scene = HeatmapScene { axes, ..args.picture.scene(Arc::new(grid))? };
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
    let more = json!({ "adapter": adapter, "limits": limits, "size": picture.size, "seconds": seconds });
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

/// A grid, the names of its axes, what is told of it as JSON, and the seconds so far.
struct Made {
    grid: PlaneGrid,
    axes: [&'static str; 2],
    told: Map<String, Value>,
    seconds: Map<String, Value>,
}

fn make_grid(args: &HeatmapCommand, console: &Console) -> Result<Made> {
    let opened = input::open(&args.points, None, console)?;
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
    let density = kde::density_2d(&points.cloud.projected(plane), &options, console)?;
    let made = density.report;
    made.notes.iter().for_each(|n| console.note(n));
    made.warnings.iter().for_each(|w| console.warning(w));
    let mut told = report::plane(&density.grid);
    report::merge(&mut told, report::density(&made));
    report::merge(&mut told, report::object(json!({ "axes": axes, "warnings": points.warnings })));
    let s = made.seconds;
    let seconds = json!({ "read": opened.seconds, "plan": s.plan, "evaluate": s.evaluate, "check": s.check });
    Ok(Made { grid: density.grid, axes, told, seconds: report::object(seconds) })
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
    let flat = if is_oblique { None } else { PlaneGrid::from_flat(volume.grid) };
    let Some((grid, plane)) = flat else {
        let [x, y, z] = shape;
        let problem = format!("is a volume of {x} x {y} x {z} nodes; a heat map draws one layer along two axes");
        return Err(Error::Data(format!("{name}: {problem}: `densitas render` draws a volume")));
    };
    let axes = plane.names();
    let mut told = report::plane(&grid);
    report::merge(&mut told, report::object(json!({ "axes": axes, "warnings": warnings })));
    Ok(Made { grid, axes, told, seconds: report::object(json!({ "read": read })) })
}

impl HeatmapArgs {
    fn scene(&self, grid: Arc<PlaneGrid>) -> Result<HeatmapScene> {
        let mut scene = HeatmapScene::new(grid.clone(), self.limits(&grid)?)?;
        if let Some(map) = &self.colormap {
            scene.transfer.colormap = map.clone();
        }
        if self.reverse {
            scene.transfer.colormap = scene.transfer.colormap.reversed();
        }
        scene.interpolation = self.interpolation;
        scene.background = self.background.unwrap_or(scene.background);
        scene.annotations.axes = self.axes;
        scene.annotations.colorbar = self.colorbar;
        scene.annotations.title = self.title.clone();
        Ok(scene)
    }

    fn limits(&self, grid: &PlaneGrid) -> Result<Limits> {
        let base = self.limits.unwrap_or(HeatmapScene::DEFAULT_LIMITS);
        if self.vmin.is_none() && self.vmax.is_none() {
            return Ok(base);
        }
        let [vmin, vmax] = base.resolve(grid.layer())?;
        Ok(Limits::Value(self.vmin.unwrap_or(vmin), self.vmax.unwrap_or(vmax)))
    }
}

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
