//! `densitas render`: one picture.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::{ArgAction, Args};
use glam::{DVec2, DVec3};
use serde::Serialize;
use serde_json::{Map, Value, json};
use toml::Table;

use super::args::{DensityArgs, PointArgs, numbers, vector};
use super::console::Console;
use super::glyph_args::{GlyphArgs, WeighedPoints};
use super::parse::Asked;
use super::{input, recipe, report};
use crate::annotate;
use crate::color::{Colormap, OpacityCurve, Rgb, parse_color};
use crate::error::{Error, Result};
use crate::gpu::{AdapterChoice, Gpu};
use crate::grid::DensityGrid;
use crate::io::{self, Input, PointInput};
use crate::kde;
use crate::render::Renderer;
use crate::scene::{Background, Camera, Frame, Limits, Look, Projection, Scene, View, Viewpoint};

/// Options of the verb.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  densitas render 1ubq.pdb -o density.png
  densitas render 6WG6.cif --select \"name CA\" --background white -o complex.png
  densitas render locs.csv --bandwidth 20nm --camera 30,20 --size 1920x1080 -o cell.png
  densitas render 1ubq.pdb --background transparent --scale-bar --ortho --scale-factor 3 -o paper.png
  densitas render --recipe density.png --size 3840x2160 -o large.png
  densitas render 1ubq.pdb --mode both --background white -o atoms.png
  densitas render sample:founding --look mayavi --limits range:0,0.5 --grid 30 --padding 0 -o mayavi.png")]
pub struct RenderCommand {
    #[command(flatten)]
    points: PointArgs,
    #[command(flatten)]
    density: DensityArgs,
    #[command(flatten)]
    glyphs: GlyphArgs,
    #[command(flatten)]
    picture: PictureArgs,
    /// The picture to write, .png
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// How the picture looks.
#[derive(Debug, Args)]
#[command(next_help_heading = "Picture")]
struct PictureArgs {
    /// Width and height
    #[arg(long, value_name = "WxH", default_value = "1200x900", value_parser = size)]
    size: [u32; 2],
    /// Pixels per point: 2 gives the same picture with twice the pixels
    #[arg(long, value_name = "S", default_value_t = 1.0)]
    scale_factor: f64,
    /// vmin and vmax: range:0,0.5 | percentile:2,98 | mass:0.98,0.05 | value:A,B [default: mass:0.98,0.05]
    #[arg(long, value_name = "LIMITS")]
    limits: Option<Limits>,
    /// Density that the colours begin at
    #[arg(long, value_name = "V", value_parser = finite)]
    vmin: Option<f64>,
    /// Density that the colours end at
    #[arg(long, value_name = "V", value_parser = finite)]
    vmax: Option<f64>,
    /// A name (viridis, jet, plotly-jet, ...; with _r reversed) or colours "#00f,#0ff,#f00" or "0:#000,0.3:#f00,1:#fff"
    ///
    /// Colours are #rgb, #rrggbb or rgb(r,g,b), also in plotly's form [[0,"rgb(0,0,131)"],[1,"#f00"]]. In
    /// between they are interpolated; --colormap-steps 256 gives the steps that matplotlib draws. viridis,
    /// inferno, magma, plasma, cividis, turbo, coolwarm, batlow, jet, hot, grey, mayavi, plotly-jet, plotly-hot.
    #[arg(long, value_name = "MAP", value_parser = |t: &str| Colormap::parse(t))]
    colormap: Option<Colormap>,
    /// Draw the colour map in N equal steps; 256 is what matplotlib does
    #[arg(long, value_name = "N", value_parser = colormap_steps)]
    colormap_steps: Option<usize>,
    /// Turn the colour map round
    #[arg(long)]
    reverse: bool,
    /// Opacity against position in the limits, such as "0:0,0.5:0.1,1:0.8"
    #[arg(long, value_name = "CURVE", value_parser = |t: &str| OpacityCurve::parse(t))]
    opacity: Option<OpacityCurve>,
    /// default, or mayavi for the pixels of Mayavi's volume
    #[arg(long, default_value = "default", value_parser = look)]
    look: Look,
    /// Lighting: on or off [default: off for the volume, on for points; mayavi: on]
    #[arg(long, value_name = "on|off", value_parser = on_off)]
    shading: Option<bool>,
    /// Look along an axis: x, y, z or iso
    #[arg(long, value_name = "VIEW", conflicts_with = "camera", value_parser = view)]
    view: Option<View>,
    /// Degrees from +x towards +y, degrees above the xy-plane, and distance
    #[arg(long, value_name = "AZIMUTH,ELEVATION[,DISTANCE]", value_parser = angles)]
    camera: Option<(View, Option<f64>)>,
    /// Where the eye is
    #[arg(long, value_name = "X,Y,Z", conflicts_with_all = ["view", "camera"], value_parser = vector)]
    camera_position: Option<DVec3>,
    /// What the eye looks at [default: the centre of the box]
    #[arg(long, value_name = "X,Y,Z", value_parser = vector)]
    camera_target: Option<DVec3>,
    /// What points upward [default: 0,0,1]
    #[arg(long, value_name = "X,Y,Z", value_parser = vector)]
    camera_up: Option<DVec3>,
    /// Where the target appears, from the centre to the right and upward in heights of the picture
    #[arg(long, value_name = "X,Y", value_parser = shift)]
    camera_shift: Option<DVec2>,
    /// Vertical view angle in degrees [default: 30]
    #[arg(long, value_name = "DEG")]
    view_angle: Option<f64>,
    /// Parallel projection
    #[arg(long, conflicts_with = "view_angle")]
    ortho: bool,
    /// white, black, #808080 or transparent
    ///
    /// A transparent picture laid over black or white is the picture with that background.
    #[arg(long, value_name = "COLOUR", value_parser = background)]
    background: Option<Background>,
    /// A line above the picture
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Box with ticks: on or off
    #[arg(long, value_name = "on|off", default_value = "on", action = ArgAction::Set, value_parser = on_off)]
    axes: bool,
    /// Colour bar: on or off
    #[arg(long, value_name = "on|off", default_value = "on", action = ArgAction::Set, value_parser = on_off)]
    colorbar: bool,
    /// A bar of a round length, right in the plane through the camera's target
    ///
    /// In perspective what is nearer appears larger; with --ortho the bar is right everywhere.
    #[arg(long)]
    scale_bar: bool,
    /// Colour of letters and lines [default: black or white, as is seen better; on transparent: black]
    #[arg(long, value_name = "COLOUR", value_parser = |t: &str| parse_color(t))]
    foreground: Option<Rgb>,
}

/// Runs the verb.
pub fn run(args: &RenderCommand, adapter: &AdapterChoice, asked: &Asked, console: &Console) -> Result<()> {
    if args.output.extension().is_none_or(|e| !e.eq_ignore_ascii_case("png")) && !io::atomic::is_stream(&args.output) {
        return Err(Error::Usage(format!(
            "{}: pictures are written as PNG; name the output F.png",
            args.output.display()
        )));
    }
    let input_path = input::path_of(&args.points);
    io::atomic::check_writable(&args.output, input_path.as_deref())?;
    let frame = args.picture.frame()?;
    // Opening the adapter takes as long as reading and computing: both at once.
    let (renderer, made) = std::thread::scope(|scope| {
        let renderer = scope.spawn(|| Gpu::new(adapter).and_then(Renderer::new));
        let made = make_grid(args, console);
        (renderer.join().expect("the renderer's thread does not panic"), made)
    });
    let Made { grid, points, told: mut out, mut seconds } = made?;
    let mut renderer = renderer?;
    let largest = grid.statistics().max;
    let scene = args.picture.scene(Arc::new(grid), &args.glyphs, points, &frame)?;
    if scene.transfer.limits[0] >= largest {
        console.warning(&format!(
            "vmin {:.3e} is not below the largest density, {largest:.3e}: nothing is seen; choose a smaller --vmin",
            scene.transfer.limits[0]
        ));
    }
    let start = Instant::now();
    let picture = renderer.draw(&scene, &frame, console)?;
    seconds.insert("render".into(), start.elapsed().as_secs_f64().into());
    let start = Instant::now();
    let drawn = drawn(&scene, &frame, renderer.gpu());
    recipe::write_picture(&args.output, input_path.as_deref(), &picture, asked, &drawn, console)?;
    seconds.insert("write".into(), start.elapsed().as_secs_f64().into());
    let more = json!({
        "adapter": renderer.gpu().describe(),
        "limits": scene.transfer.limits,
        "size": picture.size,
        "point_size": scene.points.as_ref().map(|p| p.diameter.length()),
        "seconds": seconds,
    });
    report::merge(&mut out, report::object(more));
    if console.json {
        console.answer(&Value::Object(out).to_string());
    } else {
        tell(args, &scene, &frame, &renderer, console);
    }
    Ok(())
}

fn tell(args: &RenderCommand, scene: &Scene, frame: &Frame, renderer: &Renderer, console: &Console) {
    let [vmin, vmax] = scene.transfer.limits;
    let [x, y, z] = scene.grid.lattice.shape;
    let points = scene.points.as_ref().map(|p| format!("; points of diameter {:.3}", p.diameter.length()));
    console.note(&format!(
        "{}: {} x {} pixels; {x} x {y} x {z} nodes; colours from {vmin:.3e} to {vmax:.3e}{}; drawn on {}",
        args.output.display(),
        frame.size[0],
        frame.size[1],
        points.unwrap_or_default(),
        renderer.gpu().describe()
    ));
}

/// The record of a picture in its recipe.
fn drawn(scene: &Scene, frame: &Frame, gpu: &Gpu) -> Table {
    #[derive(Serialize)]
    struct Drawn<'a> {
        adapter: String,
        /// As the viewpoint is in this frame.
        camera: Camera,
        #[serde(flatten)]
        frame: &'a Frame,
        #[serde(flatten)]
        scene: &'a Scene,
    }
    let drawn = Drawn { adapter: gpu.describe(), camera: annotate::camera(scene, frame), frame, scene };
    Table::try_from(drawn).expect("a scene is numbers, texts and tables of them")
}

/// A grid, what is told of it as JSON, and the seconds so far.
struct Made {
    grid: DensityGrid,
    /// The points, if they are drawn.
    points: Option<WeighedPoints>,
    told: Map<String, Value>,
    seconds: Map<String, Value>,
}

fn make_grid(args: &RenderCommand, console: &Console) -> Result<Made> {
    let opened = input::open(&args.points, args.density.bounds, console)?;
    let mut seconds = report::object(json!({ "read": opened.seconds }));
    match opened.input {
        Input::Points(points) => {
            let (grid, made) = input::density_of::<f32>(&points, &opened.source, &args.density, console)?;
            let mut out = report::grid(&grid);
            report::merge(&mut out, report::density(&made));
            report::merge(&mut out, report::object(json!({ "warnings": points.warnings })));
            report::merge(&mut out, report::alignment(opened.alignment.as_ref()));
            let s = made.seconds;
            report::merge(
                &mut seconds,
                report::object(json!({ "plan": s.plan, "evaluate": s.evaluate, "check": s.check })),
            );
            let points = match args.glyphs.draws_points() {
                true => Some(weighed(points, &args.density, console)?),
                false => None,
            };
            Ok(Made { grid, points, told: out, seconds })
        }
        Input::Volume(volume) => {
            let warnings = volume.warnings.clone();
            let grid = input::volume_of(volume, &args.density, console);
            if grid.lattice.shape.contains(&1) {
                let [x, y, z] = grid.lattice.shape;
                let problem = format!("{}: is a layer of {x} x {y} x {z} nodes", opened.source);
                return Err(Error::Data(format!("{problem}; `densitas heatmap` draws it flat")));
            }
            let mut out = report::grid(&grid);
            report::merge(&mut out, report::object(json!({ "warnings": warnings })));
            Ok(Made { grid, points: None, told: out, seconds })
        }
    }
}

/// An error of the density at the points that no colour shows: a fortieth of a step of 8 bits.
const COLOR_ERROR: f64 = 1e-4;

/// The points with the density at each of them.
fn weighed(points: PointInput, args: &DensityArgs, console: &Console) -> Result<WeighedPoints> {
    let scale = args.scale(&points.cloud, points.frame_numbers.len());
    let cloud = points.cloud;
    let mut options = args.options(cloud.unit)?;
    options.max_error = options.max_error.max(COLOR_ERROR);
    let all = cloud.len();
    let is_inside = |p: &DVec3| args.bounds.is_none_or(|b| b.min.cmple(*p).all() && p.cmple(b.max).all());
    let positions: Vec<DVec3> = cloud.positions.iter().copied().filter(is_inside).collect();
    if positions.len() < all {
        console.note(&format!("{} of {all} points lie outside --bounds and are not drawn", all - positions.len()));
    }
    let mut values = kde::density_at(&cloud, &positions, &options, console)?.values;
    values.iter_mut().for_each(|v| *v *= scale);
    Ok(WeighedPoints { positions: Arc::new(positions), values: Arc::new(values) })
}

impl PictureArgs {
    fn frame(&self) -> Result<Frame> {
        pixels(self.size, self.scale_factor)
    }

    fn scene(
        &self,
        grid: Arc<DensityGrid>,
        glyphs: &GlyphArgs,
        points: Option<WeighedPoints>,
        frame: &Frame,
    ) -> Result<Scene> {
        let limits = self.limits(&grid)?;
        let mut scene = self.look.scene(grid, limits)?;
        if let Some(background) = self.background {
            scene.background = background;
            scene.transfer.colormap = self.look.colormap(background);
        }
        glyphs.apply(&mut scene, self.look, points)?;
        if let (Some(points), Some(shaded)) = (&mut scene.points, self.shading) {
            points.shaded = shaded;
        }
        if let Some(map) = &self.colormap {
            scene.transfer.colormap = map.clone();
        }
        if let Some(count) = self.colormap_steps {
            scene.transfer.colormap = scene.transfer.colormap.stepped(count);
        }
        if self.reverse {
            scene.transfer.colormap = scene.transfer.colormap.reversed();
        }
        if let Some(curve) = &self.opacity {
            scene.transfer.opacity = curve.clone();
        }
        if let Some(on) = self.shading {
            scene.shading = on.then(|| self.look.shading(&scene.grid));
        }
        scene.annotations.axes = self.axes;
        scene.annotations.colorbar = self.colorbar;
        scene.annotations.title = self.title.clone();
        scene.annotations.scale_bar = self.scale_bar;
        scene.annotations.foreground = self.foreground;
        scene.viewpoint = self.viewpoint(&scene, frame);
        Ok(scene)
    }

    fn limits(&self, grid: &DensityGrid) -> Result<Limits> {
        let base = self.limits.unwrap_or(Limits::DEFAULT);
        if self.vmin.is_none() && self.vmax.is_none() {
            return Ok(base);
        }
        let [vmin, vmax] = base.resolve(grid)?;
        let s = grid.statistics();
        // Where one was given that lies beyond the other by default, the range of the data stands in.
        Ok(match (self.vmin, self.vmax) {
            (Some(a), None) => Limits::Value(a, if a < vmax { vmax } else { s.max.max(a) }),
            (None, Some(b)) => Limits::Value(if b > vmin { vmin } else { s.min.min(b) }, b),
            (a, b) => Limits::Value(a.unwrap_or(vmin), b.unwrap_or(vmax)),
        })
    }

    /// The camera that the options move away from the automatic one; none if they do not.
    fn viewpoint(&self, scene: &Scene, frame: &Frame) -> Viewpoint {
        let view = self.camera.map(|(view, _)| view).or(self.view).unwrap_or(View::ISO);
        let automatic = self.look.viewpoint(&scene.grid, view);
        let mut camera = annotate::camera(&Scene { viewpoint: automatic, ..scene.clone() }, frame);
        let untouched = camera;
        if let Some(target) = self.camera_target {
            camera.position += target - camera.target;
            camera.target = target;
        }
        if let Some((_, Some(distance))) = self.camera {
            camera = camera.at_distance(distance);
        }
        if let Some(position) = self.camera_position {
            camera = Camera { position, shift: DVec2::ZERO, ..camera };
        }
        if let Some(degrees) = self.view_angle {
            camera.projection = Projection::Perspective { vertical_fov_degrees: degrees };
        }
        camera.shift = self.camera_shift.unwrap_or(camera.shift);
        camera.up = self.camera_up.unwrap_or(camera.up);
        if self.ortho {
            camera = camera.orthographic();
        }
        if camera == untouched { automatic } else { Viewpoint::At(camera) }
    }
}

/// The frame of a picture of this size in points.
pub fn pixels(size: [u32; 2], scale_factor: f64) -> Result<Frame> {
    let pixels = size.map(|n| (f64::from(n) * scale_factor).round());
    if !(scale_factor > 0.0 && pixels.iter().all(|n| (1.0..=65536.0).contains(n))) {
        let [x, y] = pixels;
        return Err(Error::Usage(format!("--scale-factor {scale_factor} makes a picture of {x} x {y} pixels")));
    }
    Ok(Frame { size: pixels.map(|n| n as u32), scale_factor })
}

pub fn finite(text: &str) -> std::result::Result<f64, String> {
    text.parse().ok().filter(|v: &f64| v.is_finite()).ok_or_else(|| "write a finite number".into())
}

pub fn size(text: &str) -> std::result::Result<[u32; 2], String> {
    let wrong = || "write WIDTHxHEIGHT in pixels, such as 1920x1080".to_owned();
    let (w, h) = text.split_once(['x', 'X']).ok_or_else(wrong)?;
    let side = |t: &str| t.trim().parse::<u32>().ok().filter(|n| (1..=65536).contains(n)).ok_or_else(wrong);
    Ok([side(w)?, side(h)?])
}

fn look(text: &str) -> std::result::Result<Look, String> {
    match text {
        "default" => Ok(Look::Default),
        "mayavi" => Ok(Look::Mayavi),
        _ => Err("known are default and mayavi".into()),
    }
}

pub fn on_off(text: &str) -> std::result::Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("write on or off".into()),
    }
}

fn view(text: &str) -> std::result::Result<View, String> {
    match text {
        "x" => Ok(View::X),
        "y" => Ok(View::Y),
        "z" => Ok(View::Z),
        "iso" => Ok(View::ISO),
        _ => Err("known are x, y, z and iso".into()),
    }
}

fn angles(text: &str) -> std::result::Result<(View, Option<f64>), String> {
    let (angles, distance) = match text.matches(',').count() {
        2 => {
            let [azimuth, elevation, distance] = numbers::<3>(text, "three")?;
            ([azimuth, elevation], Some(distance))
        }
        _ => (numbers::<2>(text, "two, azimuth,elevation, or three,")?, None),
    };
    let [azimuth, elevation] = angles;
    if !(-90.0..=90.0).contains(&elevation) {
        return Err(format!("an elevation of {elevation} degrees cannot be; it lies between -90 and 90"));
    }
    if distance.is_some_and(|d| !(1e-100..1e100).contains(&d)) {
        return Err("the distance must be above 0, and a number f64 can square".into());
    }
    Ok((View::Angles { azimuth, elevation }, distance))
}

fn shift(text: &str) -> std::result::Result<DVec2, String> {
    numbers::<2>(text, "two, x,y,").map(DVec2::from_array)
}

fn colormap_steps(text: &str) -> std::result::Result<usize, String> {
    let (least, most) = Colormap::STEPS.into_inner();
    let count = text.parse().ok().filter(|n| (least..=most).contains(n));
    count.ok_or_else(|| format!("write a whole number from {least} to {most}"))
}

pub fn background(text: &str) -> Result<Background> {
    match text {
        "transparent" => Ok(Background::Transparent),
        color => parse_color(color).map(Background::Color),
    }
}
