//! `densitas render`: one picture.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{ArgAction, Args};
use glam::{DVec2, DVec3};
use serde::Serialize;
use serde_json::{Map, Value, json};
use toml::Table;

use super::args::{DensityArgs, PointArgs, numbers, vector};
use super::console::Console;
use super::cut_args::CutArgs;
use super::glyph_args::{GlyphArgs, Mode, WeighedPoints};
use super::parse::Asked;
use super::picture_args::{PictureArgs, on_off, total_of};
use super::{input, recipe, report};
use crate::annotate;
use crate::color::OpacityCurve;
use crate::error::{Error, Result};
use crate::gpu::{AdapterChoice, Gpu};
use crate::grid::DensityGrid;
use crate::io::{self, Input, PointInput};
use crate::kde;
use crate::render::Renderer;
use crate::scene::{
    Annotations, Background, Camera, ColorKey, Diameter, Frame, Limits, Look, Projection, Scene, View, Viewpoint,
};

/// Options of the verb.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  densitas render 1ubq.pdb -o density.png
  densitas render 6WG6.cif --select \"name CA\" --background white -o complex.png
  densitas render locs.csv --bandwidth 20nm --camera 30,20 --size 1920x1080 -o cell.png
  densitas render 1ubq.pdb --background transparent --scale-bar --ortho --scale-factor 3 -o paper.png
  densitas render --recipe density.png --size 3840x2160 -o large.png
  densitas render 1ubq.pdb --mode both --background white -o atoms.png
  densitas render 1ubq.pdb --mode iso --iso mass:0.3,mass:0.9:0.3 -o surfaces.png
  densitas render 1ubq.pdb --slice z=20 --clip-plane 30,29,20:0,0,1 -o cut.png
  densitas render sample:founding --look mayavi --limits range:0,0.5 --grid 30 --padding 0 -o mayavi.png")]
pub struct RenderCommand {
    #[command(flatten)]
    points: PointArgs,
    #[command(flatten)]
    density: DensityArgs,
    #[command(flatten)]
    glyphs: GlyphArgs,
    #[command(flatten)]
    cuts: CutArgs,
    #[command(flatten)]
    picture: PictureArgs,
    #[command(flatten)]
    view: ViewArgs,
    /// The picture to write, .png
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// How the density is seen.
#[derive(Debug, Args)]
#[command(next_help_heading = "Picture")]
struct ViewArgs {
    /// Opacity against position in the limits, such as "0:0,0.5:0.1,1:0.8"
    #[arg(long, value_name = "CURVE", value_parser = |t: &str| OpacityCurve::parse(t))]
    opacity: Option<OpacityCurve>,
    /// Optical depth everywhere times K: 0.5 is half as dense a fog
    #[arg(long, value_name = "K", default_value_t = 1.0, value_parser = above_zero)]
    global_opacity: f64,
    /// Let densities fade that are below RATIO times their standard error [RATIO if left out: 2]
    #[arg(long, value_name = "RATIO", conflicts_with = "resolution", num_args = 0..=1, require_equals = true, default_missing_value = "2", value_parser = above_zero)]
    fade_noise: Option<f64>,
    /// default, or mayavi for the pixels of Mayavi's volume
    #[arg(long, default_value = "default", value_parser = look)]
    look: Look,
    /// Lighting: on or off [default: off for the volume, on for points; mayavi: on]
    #[arg(long, value_name = "on|off", value_parser = on_off)]
    shading: Option<bool>,
    /// The directions of x, y and z in a corner: on or off
    #[arg(long, value_name = "on|off", default_value = "off", action = ArgAction::Set, value_parser = on_off)]
    gizmo: bool,
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
    let Made { drawable, told: mut out, mut seconds } = made?;
    let mut renderer = renderer?;
    let largest = drawable.grid.statistics().max;
    let scene = args.scene(drawable, &frame)?;
    if !scene.mode.is_projection() && scene.transfer.limits[0] >= largest {
        console.warning(&format!(
            "vmin {:.3e} is not below the largest density, {largest:.3e}: nothing is seen; choose a smaller --vmin",
            scene.transfer.limits[0]
        ));
    }
    let key = scene.points.as_ref().and_then(|p| p.colors.as_ref()).map(|c| &c.key);
    if let Some(ColorKey::Column(name)) = key.filter(|_| scene.volume && scene.annotations.colorbar) {
        console.note(&format!("the colour bar is that of the density; --mode points shows that of `{name}`"));
    }
    let start = Instant::now();
    let writing = draw_to_file(args, input_path.as_deref(), &mut renderer, &scene, &frame, asked, console)?;
    seconds.insert("render".into(), (start.elapsed() - writing).as_secs_f64().into());
    seconds.insert("write".into(), writing.as_secs_f64().into());
    let more = json!({
        "adapter": renderer.gpu().describe(),
        "limits": scene.transfer.limits,
        "quantity": report::quantity(&scene.annotations.quantity, scene.grid.unit, scene.mode.dimensions()),
        "size": frame.size,
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

/// Draws the picture into its file, a band of rows at a time; how long the writing took.
fn draw_to_file(
    args: &RenderCommand,
    input: Option<&Path>,
    renderer: &mut Renderer,
    scene: &Scene,
    frame: &Frame,
    asked: &Asked,
    console: &Console,
) -> Result<Duration> {
    let drawn = drawn(scene, frame, renderer.gpu());
    let opaque = scene.background != Background::Transparent;
    let start = Instant::now();
    let mut drawing = Duration::ZERO;
    recipe::write_bands(&args.output, input, frame.size, opaque, asked, &drawn, console, |take| {
        let mut taking = Duration::ZERO;
        let start = Instant::now();
        renderer.draw_bands(scene, frame, console, &mut |rows| {
            let start = Instant::now();
            let taken = take(rows);
            taking += start.elapsed();
            taken
        })?;
        drawing = start.elapsed() - taking;
        Ok(())
    })?;
    Ok(start.elapsed() - drawing)
}

fn tell(args: &RenderCommand, scene: &Scene, frame: &Frame, renderer: &Renderer, console: &Console) {
    let [vmin, vmax] = scene.transfer.limits;
    let [x, y, z] = scene.grid.lattice.shape;
    let points = scene.points.as_ref().map(|p| match p.diameter {
        Diameter::Ranged(d) => format!("; points of diameters from 0 to {d:.3}"),
        Diameter::Proportional(d) => format!("; points of diameter {d:.3} times the density"),
        Diameter::Pixels(d) => format!("; points of diameter {d} pixels"),
        Diameter::Uniform(d) => format!("; points of diameter {d:.3}"),
    });
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

/// What can be drawn.
struct Drawable {
    grid: Arc<DensityGrid>,
    /// The points, if they are drawn.
    points: Option<WeighedPoints>,
    /// Their number, or the sum of their weights; none of a volume.
    total: Option<f64>,
    /// The density below which it fades, if it does.
    noise: Option<f64>,
}

/// What can be drawn, what is told of it as JSON, and the seconds so far.
struct Made {
    drawable: Drawable,
    told: Map<String, Value>,
    seconds: Map<String, Value>,
}

fn make_grid(args: &RenderCommand, console: &Console) -> Result<Made> {
    let columns = input::Columns { sigmas: args.density.sigma_columns(), further: args.glyphs.columns() };
    let opened = input::open(&args.points, args.density.bounds, columns, console)?;
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
            let total = Some(total_of(&points.cloud));
            let points = match args.glyphs.draws_points() {
                true => Some(weighed(points, &args.density, console)?),
                false => None,
            };
            if args.view.fade_noise.is_some() {
                report::one_kernel(&made, "--fade-noise")?;
            }
            let noise = args.view.fade_noise.map(|ratio| kde::noise_level(&made.kernel, ratio));
            report::merge(&mut out, report::object(json!({ "noise_level": noise })));
            Ok(Made { drawable: Drawable { grid: Arc::new(grid), points, total, noise }, told: out, seconds })
        }
        Input::Volume(_) if args.view.fade_noise.is_some() => {
            Err(Error::Usage("--fade-noise needs points: the error of a volume's values is not known".into()))
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
            let drawable = Drawable { grid: Arc::new(grid), points: None, total: None, noise: None };
            Ok(Made { drawable, told: out, seconds })
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
    let inside: Vec<usize> = (0..all).filter(|&i| is_inside(&cloud.positions[i])).collect();
    if inside.len() < all {
        console.note(&format!("{} of {all} points lie outside --bounds and are not drawn", all - inside.len()));
    }
    let drawn = cloud.take(&inside);
    let mut values = kde::density_at(&cloud, &drawn.positions, &options, console)?.values;
    values.iter_mut().for_each(|v| *v *= scale);
    Ok(WeighedPoints { cloud: drawn, values: Arc::new(values) })
}

impl RenderCommand {
    fn scene(&self, made: Drawable, frame: &Frame) -> Result<Scene> {
        let Drawable { grid, points, total, noise } = made;
        let (picture, view) = (&self.picture, &self.view);
        let quantity = picture.quantity(total)?;
        let limits = picture.limits(&grid, Limits::DEFAULT, quantity, 3)?;
        let mut scene = view.look.scene(grid, limits)?;
        if let Some(background) = picture.background() {
            scene.background = background;
            scene.transfer.colormap = view.look.colormap(background);
        }
        self.glyphs.apply(&mut scene, view.look, points, frame.scale_factor)?;
        self.cuts.apply(self.glyphs.mode, &mut scene)?;
        picture.apply(&mut scene.transfer);
        scene.annotations = Annotations { gizmo: view.gizmo, ..picture.annotations(quantity) };
        if let Some(automatic) = scene.mode.limits(&scene.grid) {
            let factor = quantity.factor(scene.grid.unit, scene.mode.dimensions());
            scene.transfer.limits = picture.limits_along_rays(automatic, factor)?;
        }
        view.apply(self.glyphs.mode, &mut scene);
        if let Some(level) = noise {
            scene.transfer.fade_below(level);
        }
        scene.viewpoint = view.viewpoint(&scene, frame);
        Ok(scene)
    }
}

impl ViewArgs {
    fn apply(&self, mode: Mode, scene: &mut Scene) {
        if let (Some(points), Some(shaded)) = (&mut scene.points, self.shading) {
            points.shaded = shaded;
        }
        if let Some(curve) = &self.opacity {
            scene.transfer.opacity = curve.clone();
        }
        scene.transfer.opacity = scene.transfer.opacity.clone().times(self.global_opacity);
        if let Some(on) = self.shading.or((mode == Mode::Iso).then_some(true)) {
            scene.shading = on.then(|| match mode {
                Mode::Iso => self.look.shading_of_surfaces(&scene.grid),
                _ => self.look.shading(&scene.grid),
            });
        }
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

fn look(text: &str) -> std::result::Result<Look, String> {
    match text {
        "default" => Ok(Look::Default),
        "mayavi" => Ok(Look::Mayavi),
        _ => Err("known are default and mayavi".into()),
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

fn above_zero(text: &str) -> std::result::Result<f64, String> {
    text.parse().ok().filter(|v: &f64| v.is_finite() && *v > 0.0).ok_or_else(|| "write a number above 0".into())
}
