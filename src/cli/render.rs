//! `densitas render`: one picture.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};
use toml::Table;

use super::console::Console;
use super::content::{Content, Stock};
use super::parse::Asked;
use super::scene_args::SceneArgs;
use super::trace_args;
use super::{explain, input, recipe, remarks, report};
use crate::annotate;
use crate::color::Vision;
use crate::error::{Error, Result};
use crate::geometry::four_digits;
use crate::gpu::{AdapterChoice, Gpu};
use crate::io;
use crate::render::Renderer;
use crate::scene::{Background, Camera, ColorKey, Diameter, Frame, Further, Quantity, Scene, VolumeMode};

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
  densitas render 1ubq.pdb --trace ribbon -o ribbon.png
  densitas render map.mrc --mode iso --trace ribbon --trace-from model.pdb -o model.png
  densitas render 1ubq.pdb --slice z=20 --clip-plane 30,29,20:0,0,1 -o cut.png
  densitas render 1ubq.pdb --label \"30,29,20:core\" --label 40.1,30.5,39.9 -o labelled.png
  densitas render 1ubq.pdb --select \"resid 1:35\" --with \"--select 'resid 36:76'\" -o halves.png
  densitas render before.csv --minus after.csv -o difference.png
  densitas render 1ubq.pdb --mode iso --ambient-occlusion --depth-cue --accumulate 16 -o fine.png
  densitas render --recipe density.png --explain 600,450
  densitas render sample:founding --look mayavi --limits range:0,0.5 --grid 30 --padding 0 -o mayavi.png")]
pub struct RenderCommand {
    #[command(flatten)]
    pub scene: SceneArgs,
    /// The picture to write, .png
    #[arg(short, long, value_name = "FILE", required_unless_present = "explain")]
    output: Option<PathBuf>,
    /// Tell what the picture's pixel X,Y shows: the density along its ray, the depth of half its opacity, the densest place
    /// with its share of the mass, the nearest point
    ///
    /// Pixels are counted from 0 from the top left. With --recipe F.png it is a pixel of that picture. The profile is in
    /// the JSON. Without --output nothing is drawn, and no graphics adapter is needed.
    #[arg(long, value_name = "X,Y", value_parser = explain::pixel)]
    explain: Option<[u32; 2]>,
    /// The picture as it is seen with a colour vision deficiency: protanopia, deuteranopia or tritanopia (Machado 2009)
    #[arg(long, value_name = "KIND", value_parser = |t: &str| t.parse::<Vision>())]
    preview: Option<Vision>,
}

/// Runs the verb.
pub fn run(args: &RenderCommand, adapter: &AdapterChoice, asked: &Asked, console: &Console) -> Result<()> {
    let options = &args.scene;
    let Some(output) = &args.output else { return explain_alone(args, console) };
    if output.extension().is_none_or(|e| !e.eq_ignore_ascii_case("png")) && !io::atomic::is_stream(output) {
        return Err(Error::Usage(format!("{}: pictures are written as PNG; name the output F.png", output.display())));
    }
    let input_path = input::path_of(&options.points);
    io::atomic::check_writable(output, input_path.as_deref())?;
    let frame = options.picture.frame()?;
    // Opening the adapter takes as long as reading and computing: both at once.
    let (renderer, made) = std::thread::scope(|scope| {
        let renderer = scope.spawn(|| Gpu::shared(adapter).and_then(Renderer::new));
        let made = Stock::default().content(options, console);
        (renderer.join().expect("the renderer's thread does not panic"), made)
    });
    let content = made?;
    input::tell_one_of_several(&content.opened, &options.points, console);
    let (mut out, mut seconds) = (content.told(), content.seconds());
    if content.report.is_some() {
        report::merge(&mut out, report::object(json!({ "noise_level": content.noise(options)? })));
    }
    let mut renderer = renderer?;
    let scene = options.scene(&content, &frame)?;
    remarks::warnings(options, &scene).iter().for_each(|warning| console.warning(warning));
    remarks::notes(options, &scene, &frame).iter().for_each(|note| console.note(note));
    report::merge(&mut out, explained(args, &content, &scene, &frame, console)?);
    let start = Instant::now();
    let more = More { methods: content.methods(), preview: args.preview };
    let writing = draw_with(output, input_path.as_deref(), &mut renderer, &scene, &frame, asked, &more, console)?;
    seconds.insert("render".into(), (start.elapsed() - writing).as_secs_f64().into());
    seconds.insert("write".into(), writing.as_secs_f64().into());
    if scene.transfer.limits[0] < content.grid.statistics().max && !renderer.shows_anything()? {
        console.warning(&format!("nothing is seen: {}", why_nothing(&scene)));
    }
    of_device(&renderer).iter().for_each(|warning| console.warning(warning));
    let more = json!({
        "adapter": renderer.gpu().describe(),
        "drawn_shape": renderer.coarser().map(|[_, drawn]| drawn),
        "limits": scene.transfer.limits,
        "quantity": report::quantity(&scene.annotations.quantity, scene.grid.unit, scene.mode.dimensions()),
        "size": frame.size,
        "point_size": scene.points.as_ref().map(|p| p.diameter.length()),
        "trace": trace_args::told(&options.trace, &scene),
        "others": others(&content, &scene),
        "seconds": seconds,
    });
    report::merge(&mut out, report::object(more));
    if console.json {
        console.answer(&Value::Object(out).to_string());
    } else {
        tell(output, &scene, &frame, &renderer, console);
    }
    Ok(())
}

/// What is told of the further densities.
fn others(content: &Content, scene: &Scene) -> Vec<Value> {
    let told = |(content, further): (&Content, &Further)| {
        let mut out = content.told();
        let dimensions = scene.mode.dimensions();
        let quantity = report::quantity(&further.quantity, further.grid.unit, dimensions);
        let more = json!({ "limits": further.transfer.limits, "quantity": quantity, "name": further.bar_title });
        report::merge(&mut out, report::object(more));
        Value::Object(out)
    };
    std::iter::zip(&content.others, &scene.others).map(told).collect()
}

/// Explains a pixel of a picture that is not drawn.
fn explain_alone(args: &RenderCommand, console: &Console) -> Result<()> {
    let frame = args.scene.picture.frame()?;
    let content = Stock::default().content(&args.scene, console)?;
    let scene = args.scene.scene(&content, &frame)?;
    remarks::warnings(&args.scene, &scene).iter().for_each(|warning| console.warning(warning));
    let mut out = content.told();
    report::merge(&mut out, explained(args, &content, &scene, &frame, console)?);
    report::merge(&mut out, report::object(json!({ "size": frame.size, "seconds": content.seconds() })));
    if console.json {
        console.answer(&Value::Object(out).to_string());
    }
    Ok(())
}

/// What is told of the pixel that is to be explained; nothing if none is.
fn explained(
    args: &RenderCommand,
    content: &Content,
    scene: &Scene,
    frame: &Frame,
    console: &Console,
) -> Result<Map<String, Value>> {
    let Some(pixel) = args.explain else { return Ok(Map::new()) };
    explain::run(pixel, scene, frame, content, console)
}

/// What is to be said of the device that has drawn: that it is not the first, or had no room.
pub fn of_device(renderer: &Renderer) -> Vec<String> {
    let mut all = Vec::new();
    if let Some([[x, y, z], [a, b, c]]) = renderer.coarser() {
        let room = format!("more than {} has room for", renderer.gpu().describe());
        all.push(format!("{x} x {y} x {z} nodes are {room}: the picture shows means of them, {a} x {b} x {c}"));
    }
    all.extend(renderer.failure().map(|failure| format!("the device failed ({failure}); another one went on")));
    all
}

/// What a picture's file has beside the scene.
#[derive(Default)]
pub struct More {
    /// How the density was made, in words, for the recipe.
    pub methods: Option<String>,
    /// Whose colours are shown.
    pub preview: Option<Vision>,
}

/// Where all values lie below this position in the limits, they may be too faint to be seen.
const FAINT: f64 = 0.05;

/// What may be why a picture shows nothing, and what helps.
pub fn why_nothing(scene: &Scene) -> String {
    let (stats, quantity) = (scene.grid.statistics(), scene.annotations.quantity);
    match &scene.mode {
        _ if !scene.volume => "the points lie outside the picture, or the eye is within one, as large as --point-size \
             makes them"
            .into(),
        _ if !scene.clip.is_empty() => "what --clip and --clip-plane leave has no density that is drawn".into(),
        VolumeMode::Isosurfaces(_) => {
            let [least, most] = [stats.min, stats.max].map(|v| scene.told(v));
            format!("no density has a level of --iso; they go from {least} to {most}")
        }
        mode if !mode.is_solid() && scene.cover().first_of(f32::MIN_POSITIVE).is_none() => {
            "--opacity is 0 everywhere; give its curve a point above 0, such as 0:1,1:1".into()
        }
        VolumeMode::Minimum => "the density is about 0 at the border, and so is the smallest on each ray; cut the \
             border away with --clip"
            .into(),
        VolumeMode::Slices => "no --slice meets a density within the limits".into(),
        VolumeMode::Fog if scene.transfer.opacity.points().iter().all(|point| point.1 == 0.0) => {
            "--opacity is 0 everywhere; give its curve a point above 0, such as 0:0,1:0.8".into()
        }
        VolumeMode::Fog if scene.transfer.position(stats.max) < FAINT => {
            let [vmax, most] = [scene.transfer.limits[1], stats.max].map(|v| scene.told(v));
            format!("vmax {vmax} is far above the largest {}, {most}; choose a smaller --vmax", quantity.name())
        }
        _ => "what is drawn lies outside the picture or below --vmin".into(),
    }
}

/// Draws the picture into its file, a band of rows at a time; how long the writing took.
#[allow(clippy::too_many_arguments)] // the picture's file, what it holds, and who is told
pub fn draw_with(
    output: &Path,
    input: Option<&Path>,
    renderer: &mut Renderer,
    scene: &Scene,
    frame: &Frame,
    asked: &Asked,
    more: &More,
    console: &Console,
) -> Result<Duration> {
    let mut drawn = drawn(scene, frame, renderer.gpu());
    drawn.extend(more.methods.clone().map(|text| ("methods".to_owned(), text.into())));
    let opaque = scene.background != Background::Transparent;
    let start = Instant::now();
    let mut drawing = Duration::ZERO;
    recipe::write_bands(output, input, frame.size, opaque, asked, &drawn, console, |take| {
        let mut taking = Duration::ZERO;
        let start = Instant::now();
        renderer.draw_bands(scene, frame, console, &mut |rows| {
            let start = Instant::now();
            let taken = match more.preview {
                Some(vision) => take(&vision.applied(rows)),
                None => take(rows),
            };
            taking += start.elapsed();
            taken
        })?;
        drawing = start.elapsed() - taking;
        Ok(())
    })?;
    Ok(start.elapsed() - drawing)
}

fn tell(output: &Path, scene: &Scene, frame: &Frame, renderer: &Renderer, console: &Console) {
    let column = scene.points.as_ref().and_then(|points| points.colors.as_ref()).filter(|_| !scene.volume);
    let column = column.and_then(|colors| match &colors.key {
        ColorKey::Column(name) => Some(name),
        _ => None,
    });
    let told = |v| if column.is_some() { four_digits(v) } else { scene.told(v) };
    let [vmin, vmax] = scene.transfer.limits.map(told);
    let [x, y, z] = scene.grid.lattice.shape;
    let per = scene.annotations.quantity.per(scene.grid.unit, scene.mode.dimensions());
    let what = match scene.annotations.quantity {
        _ if column.is_some() => column.map_or(String::new(), |name| format!(" of {name}")),
        Quantity::Counts(_) if per.is_empty() => " counts in a cube of side 1".into(),
        Quantity::Counts(_) => format!(" counts{per}"),
        Quantity::Density | Quantity::Values => per,
    };
    let points = scene.points.as_ref().map(|p| match p.diameter {
        Diameter::Ranged(d) => format!("; points of diameters from 0 to {d:.3}"),
        Diameter::Proportional(d) => format!("; points of diameter {d:.3} times the density"),
        Diameter::Pixels(d) => format!("; points of diameter {d} pixels"),
        Diameter::Uniform(d) => format!("; points of diameter {d:.3}"),
    });
    console.note(&format!(
        "{}: {} x {} pixels; {x} x {y} x {z} nodes; colours from {vmin} to {vmax}{what}{}; drawn on {}",
        output.display(),
        frame.size[0],
        frame.size[1],
        points.unwrap_or_default(),
        renderer.gpu().describe()
    ));
}

/// The record of a picture in its recipe.
pub fn drawn(scene: &Scene, frame: &Frame, gpu: &Gpu) -> Table {
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
