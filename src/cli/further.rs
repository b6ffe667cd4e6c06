//! `--with` and `--minus`: further densities in a picture, each by options of its own.

use std::iter::once;
use std::path::Path;
use std::sync::Arc;

use clap::{Args, Command};
use glam::DVec3;
use rayon::prelude::*;

use super::args::{DensityArgs, PointArgs};
use super::content::Content;
use super::glyph_args::WeighedPoints;
use super::parse;
use super::recipe::Draft;
use super::scene_args::SceneArgs;
use crate::color::{Colormap, OpacityCurve, Rgb, TransferFunction};
use crate::error::{Error, Result};
use crate::geometry::Box3;
use crate::grid::{APART, DensityGrid, Lattice};
use crate::io::Input;
use crate::scene::{Background, Frame, Further, Isosurface, Limits, PointColors, PointOrder, Scene, VolumeMode};

/// The options.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Several densities")]
pub struct FurtherArgs {
    /// Another density in the same picture: "[INPUT] [OPTIONS]", such as "--select 'chain B'"; may be repeated, up to 3 times
    ///
    /// OPTIONS are those of reading, density, limits, colours, opacity and surfaces: --colormap, --limits, --bar-title, --iso and
    /// the like are its own; without INPUT what is read, and of the density all that is not said, is as for the first.
    #[arg(long, value_name = "OPTIONS")]
    pub with: Vec<String>,
    /// Show the density less another, "[INPUT] [OPTIONS]" as for --with: limits around 0, what is equal is not seen; not beside --with
    #[arg(long, value_name = "OPTIONS", conflicts_with = "with")]
    pub minus: Option<String>,
    /// What `with` says.
    #[arg(skip)]
    pub others: Vec<SceneArgs>,
    /// What `minus` says.
    #[arg(skip)]
    pub subtracted: Option<Box<SceneArgs>>,
    /// Whether these are options of a further density, whose points are drawn with those of the first.
    #[arg(skip)]
    pub draws_points: bool,
}

/// Options that a further density has for itself, besides those of reading and of the density.
const OWN: [&str; 12] = [
    "limits",
    "vmin",
    "vmax",
    "scale",
    "quantity",
    "colormap",
    "colormap-steps",
    "reverse",
    "bar-title",
    "opacity",
    "global-opacity",
    "iso",
];

/// Options of the whole picture that a further density is drawn by.
const SHARED: [&str; 8] = ["mode", "background", "theme", "look", "interpolation", "clip", "clip-plane", "axes-box"];

/// Modes that draw points: those of further densities are drawn with those of the first.
const OF_POINTS: [&str; 2] = ["points", "both"];

impl FurtherArgs {
    /// Understands what `with` and `minus` of a picture's options say.
    ///
    /// # Errors
    /// [`Error::Usage`] for options that a further density does not have.
    pub fn understand(&mut self, picture: &Draft) -> Result<()> {
        if self.with.len() > Further::MOST {
            let most = Further::MOST;
            return Err(Error::Usage(format!(
                "--with: at most {most} densities can be beside the first; leave some out"
            )));
        }
        self.others = self.with.iter().map(|text| options(picture, "--with", text)).collect::<Result<_>>()?;
        let draws_points = picture.get("mode").is_some_and(|mode| OF_POINTS.contains(&mode.as_str()));
        self.others.iter_mut().for_each(|args| args.further.draws_points = draws_points);
        let subtracted = self.minus.as_ref().map(|text| options(picture, "--minus", text)).transpose()?;
        self.subtracted = subtracted.map(Box::new);
        Ok(())
    }

    /// The options of each further density.
    pub fn all(&self) -> impl Iterator<Item = &SceneArgs> {
        self.others.iter().chain(self.subtracted.as_deref())
    }

    /// An error of one of [`FurtherArgs::all`], with the option that asks for it.
    pub fn within(&self, n: usize, error: Error) -> Error {
        let (option, text) = match &self.minus {
            Some(text) => ("--minus", text),
            None => ("--with", &self.with[n]),
        };
        error.within(&format!("{option} \"{text}\""))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }
}

/// The options that a text makes of those of the picture.
fn options(picture: &Draft, option: &str, text: &str) -> Result<SceneArgs> {
    let wrong = |what: String| Error::Usage(format!("{option} \"{text}\": {what}"));
    let words = shlex::split(text).ok_or_else(|| wrong("a quotation mark has no other".into()))?;
    if words.is_empty() {
        return Err(wrong("says nothing, so that it is the first density again; name an input or options".into()));
    }
    if let Some(name) = words.iter().find_map(|word| of_the_program(word)) {
        return Err(wrong(format!("{name} is of the whole picture; give it beside {option}")));
    }
    let own = parse::draft_of_words(&picture.verb, &words).map_err(|e| wrong(e.to_string()))?;
    let [reading, density] = [names::<PointArgs>(), names::<DensityArgs>()];
    let is_of = |names: &[String], name: &String| names.contains(name);
    for name in own.options.keys() {
        let is_own = OWN.contains(&name.as_str()) && option == "--with";
        if !is_of(&reading, name) && !is_of(&density, name) && !is_own {
            return Err(wrong(format!("--{name} is of the whole picture; give it beside {option}")));
        }
    }
    let mut draft = Draft::new("render");
    draft.input = own.input.clone().or_else(|| picture.input.clone());
    for (name, value) in &picture.options {
        let read_alike = own.input.is_none() && is_of(&reading, name);
        if read_alike || is_of(&density, name) || SHARED.contains(&name.as_str()) {
            draft.options.insert(name.clone(), value.clone());
        }
    }
    if draft.get("mode").is_some_and(|mode| OF_POINTS.contains(&mode.as_str())) {
        draft.set("mode", None);
    }
    parse::replace(&mut draft, &own);
    parse::scene_of_draft(&draft).map_err(|e| wrong(e.to_string()))
}

/// The name of an option that says what the program does rather than what is drawn, if a word is one.
fn of_the_program(word: &str) -> Option<&str> {
    let name = word.split('=').next()?;
    let long = name.strip_prefix("--");
    let is_one = long.is_some_and(|long| parse::NOT_IN_RECIPES.contains(&long) || OF_ALL_VERBS.contains(&long));
    let is_short = long.is_none() && name.starts_with("-o") || name == "-q";
    if is_one { Some(name) } else { is_short.then(|| &name[..2]) }
}

/// Options that all verbs have.
const OF_ALL_VERBS: [&str; 5] = ["json", "quiet", "adapter", "threads", "help"];

/// The long names of a group of options.
fn names<A: Args>() -> Vec<String> {
    let command = A::augment_args(Command::new("options"));
    command.get_arguments().filter_map(|arg| arg.get_long().map(str::to_owned)).collect()
}

/// Colours that differ for any colour vision (Okabe and Ito 2008, "Color Universal Design"): orange, sky blue, bluish green,
/// reddish purple.
pub const HUES: [Rgb; 1 + Further::MOST] = [
    [230.0 / 255.0, 159.0 / 255.0, 0.0],
    [86.0 / 255.0, 180.0 / 255.0, 233.0 / 255.0],
    [0.0, 158.0 / 255.0, 115.0 / 255.0],
    [204.0 / 255.0, 121.0 / 255.0, 167.0 / 255.0],
];

/// The colours of one of several densities: low values fade into the background.
fn colors(n: usize, background: Background) -> Colormap {
    let hue = HUES[n];
    let towards = |end: f32, share: f32| hue.map(|c| c + share * (end - c));
    let stops = match background.is_light() {
        true => vec![(0.0, towards(1.0, 0.75)), (0.6, hue), (1.0, towards(0.0, 0.45))],
        false => vec![(0.0, towards(0.0, 0.85)), (0.7, hue), (1.0, towards(1.0, 0.55))],
    };
    Colormap::through(stops).expect("in order")
}

/// Puts further densities into a scene, each by the colours of its number where none are given.
///
/// # Errors
/// Those of a scene of its own.
pub fn add(args: &SceneArgs, content: &Content, frame: &Frame, scene: &mut Scene) -> Result<()> {
    if args.further.others.is_empty() {
        return Ok(());
    }
    let finished = |n: usize, args: &SceneArgs, content: &Content, scene: &mut Scene| {
        if !args.picture.has_colormap() {
            scene.transfer.colormap = args.picture.arranged(colors(n, scene.background));
        }
        scene.annotations.bar_title.get_or_insert_with(|| name_of(args, content));
    };
    finished(0, args, content, scene);
    let first = &args.further;
    for (n, (args, content)) in std::iter::zip(&first.others, &content.others).enumerate() {
        let mut own = args.scene(content, frame).map_err(|error| first.within(n, error))?;
        finished(n + 1, args, content, &mut own);
        if args.cuts.axes_box.is_none() {
            scene.focus = scene.focus.joined(own.focus);
        }
        if scene.trace.is_some() && !args.cuts.has_levels() {
            thin(&mut own, scene);
        }
        scene.others.push(Further::of(own));
    }
    join_points(content, args.glyphs.point_order.is_none(), scene);
    Ok(())
}

/// The points of all densities of a picture, and the points and colours that they follow from.
pub struct Joined {
    of: Vec<(usize, TransferFunction)>,
    positions: Arc<Vec<DVec3>>,
    values: Arc<Vec<f64>>,
    colors: PointColors,
}

/// Draws the points of further densities beside those of the first, all in the colours of their own, unless the first's have
/// the colours of something else; the last ones are kept, as they go to the device.
fn join_points(content: &Content, order_is_open: bool, scene: &mut Scene) {
    let contents: Vec<&Content> = each(content, &content.others).collect();
    let is_joined = scene.points.as_ref().is_some_and(|layer| layer.colors.is_none() && layer.sizes.is_none());
    if !is_joined || contents.iter().filter(|content| content.points.is_some()).count() < 2 {
        return;
    }
    let address = |points: &Arc<WeighedPoints>| Arc::as_ptr(points) as usize;
    let transfers: Vec<TransferFunction> = scene.densities().map(|layer| layer.transfer.clone()).collect();
    let of = || std::iter::zip(&contents, &transfers);
    let key: Vec<(usize, TransferFunction)> =
        of().map(|(content, transfer)| (content.points.as_ref().map_or(0, address), transfer.clone())).collect();
    let mut last = content.joined.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if last.as_ref().is_none_or(|joined| joined.of != key) {
        let points = || contents.iter().filter_map(|content| content.points.as_ref());
        let values = |content: &&Content| content.points.as_ref().map_or(Vec::new(), |points| points.values.to_vec());
        let values: Vec<Vec<f64>> = contents.iter().map(values).collect();
        let parts: Vec<(&TransferFunction, &[f64])> =
            std::iter::zip(&transfers, values.iter().map(Vec::as_slice)).collect();
        let colors = PointColors::of_densities(&parts);
        let positions = Arc::new(points().flat_map(|points| points.positions.iter().copied()).collect());
        *last = Some(Joined { of: key, positions, values: Arc::new(values.concat()), colors });
    }
    if let (Some(layer), Some(joined)) = (&mut scene.points, last.as_ref()) {
        (layer.positions, layer.values) = (joined.positions.clone(), joined.values.clone());
        layer.colors = Some(joined.colors.clone());
        // Densities of several samples have no order among them.
        if order_is_open {
            layer.order = PointOrder::Depth;
        }
    }
}

/// Makes a density around a molecule as thin as the first is.
fn thin(own: &mut Scene, first: &Scene) {
    let (VolumeMode::Isosurfaces(surfaces), VolumeMode::Isosurfaces(firsts)) = (&mut own.mode, &first.mode) else {
        return;
    };
    let opacity = firsts.first().map_or(1.0, |surface| surface.opacity);
    surfaces.iter_mut().for_each(|surface| surface.opacity = opacity);
}

/// What a density is called beside others: its selection, or its file.
fn name_of(args: &SceneArgs, content: &Content) -> String {
    let file = || Path::new(&args.points.input).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    args.points.select.clone().or_else(file).unwrap_or_else(|| content.opened.source.to_string())
}

/// Limits around 0 that hold all but the twentieth of the difference's mass that lies highest, of either sign.
pub fn limits_of_difference(grid: &DensityGrid) -> Limits {
    let most = grid.mapped(f32::abs).levels_enclosing(&[0.05])[0];
    Limits::Value(-most, most)
}

/// Colours and opacity of a difference: nothing at 0, blue below and red above; of surfaces where no levels are given one below
/// and one above.
pub fn look_of_difference(scene: &mut Scene, has_levels: bool) {
    scene.transfer.colormap = Colormap::named("coolwarm").expect("built in");
    let curve = |points: &[(f64, f32)]| OpacityCurve::new(points.to_vec()).expect("in order");
    scene.transfer.opacity = curve(&[(0.0, 0.9), (0.5, 0.0), (1.0, 0.9)]);
    if scene.mode.is_projection() {
        scene.cover = Some(curve(&[(0.0, 1.0), (0.4, 1.0), (0.5, 0.0), (0.6, 1.0), (1.0, 1.0)]));
    }
    let most = scene.transfer.limits[1];
    if let VolumeMode::Isosurfaces(surfaces) = &mut scene.mode
        && !has_levels
    {
        let opacity = surfaces.first().map_or(1.0, |surface| surface.opacity);
        *surfaces = [-0.5, 0.5].map(|share| Isosurface { level: share * most, opacity }).to_vec();
    }
}

/// The automatic limits of what a mode shows along rays of a difference: the wider of those of both signs, around 0.
pub fn limits_along_rays(scene: &Scene, own: [f64; 2]) -> [f64; 2] {
    let other = scene.mode.limits(&scene.grid.mapped(|v| -v), &scene.clip).unwrap_or(own);
    let most = own.into_iter().chain(other).map(f64::abs).fold(0.0, f64::max);
    [-most, most]
}

/// What is told of inputs that state no unit of length beside others that do.
pub fn units_assumed(first: &Content, others: &[Content]) -> Vec<String> {
    let Some(unit) = each(first, others).find_map(|content| content.grid.unit) else { return Vec::new() };
    let silent = each(first, others).filter(|content| content.grid.unit.is_none());
    silent
        .map(|content| {
            let source = content.opened.source_in_words();
            format!("{source} states no unit of length; its positions are taken to be in {unit}, as those beside it")
        })
        .collect()
}

/// Checks that densities can be in one picture: all in one unit of length.
///
/// # Errors
/// [`Error::Usage`] if units differ, or counts of a difference are asked for.
pub fn check(args: &SceneArgs, first: &Content, others: &[Content]) -> Result<()> {
    for (other, given) in std::iter::zip(others, args.further.all()) {
        if let (Some(a), Some(b)) = (first.grid.unit, other.grid.unit)
            && a != b
        {
            return Err(Error::Usage(format!(
                "{}: its positions are in {b}, those of {} in {a}; densities of one picture need one unit of length",
                given.points.input.to_string_lossy(),
                first.opened.source
            )));
        }
    }
    if args.further.subtracted.is_some() && args.picture.counts() {
        return Err(Error::Usage(
            "--quantity counts: a difference of densities that hold 1 each is of no number of points; leave it out"
                .into(),
        ));
    }
    Ok(())
}

/// That the two densities of a difference are smoothed by different kernels, if they are.
pub fn kernels_differ(first: &Content, other: &Content) -> Option<String> {
    let (a, b) = (first.report.as_ref()?, other.report.as_ref()?);
    let differ = (0..3).any(|i| (a.kernel.covariance.col(i)[i] / b.kernel.covariance.col(i)[i] - 1.0).abs() > 1e-3);
    differ.then(|| "--minus: each density has a bandwidth of its own points; --bandwidth LENGTH gives both one".into())
}

/// The most nodes along an axis of a lattice that several densities share, unless a volume has more.
const MOST_NODES: usize = 256;

/// The lattice that all densities of a picture are sampled on: that which all have; that of a volume whose box holds all;
/// else one around all, with the shortest of the spacings.
pub fn common_lattice<'a>(contents: impl Iterator<Item = &'a Content> + Clone) -> Result<Lattice> {
    let lattices = || contents.clone().map(|content| content.grid.lattice);
    let first = lattices().next().expect("there is one");
    if lattices().all(|other| first.is_same(&other)) {
        return Ok(first);
    }
    let whole = lattices().map(|l| l.bounds()).reduce(Box3::joined).expect("there is one");
    let margin = APART * first.spacing.min_element();
    let holds_all = |l: &Lattice| {
        let bounds = l.bounds();
        (bounds.min - whole.min).max_element() <= margin && (whole.max - bounds.max).max_element() <= margin
    };
    let is_volume = |content: &&Content| matches!(content.opened.input, Input::Volume(_));
    let volumes = || contents.clone().filter(is_volume).map(|content| content.grid.lattice);
    if let Some(volume) = volumes().filter(holds_all).max_by_key(Lattice::len) {
        return Ok(volume);
    }
    let spacing = lattices().map(|l| l.spacing).reduce(DVec3::min).expect("there is one");
    let most = volumes().flat_map(|l| l.shape).fold(MOST_NODES, usize::max);
    let nodes = |axis: usize| ((whole.size()[axis] / spacing[axis]).ceil() as usize + 1).clamp(2, most);
    Lattice::spanning(whole, [nodes(0), nodes(1), nodes(2)])
}

/// A density at other nodes, trilinear between its own; 0 outside of its box.
pub fn at_nodes(grid: &DensityGrid, lattice: Lattice) -> DensityGrid {
    let value = |n: usize| grid.lattice.index_of(lattice.node_at(n)).map_or(0.0, |at| grid.interpolated(at) as f32);
    let values = (0..lattice.len()).into_par_iter().map(value).collect();
    DensityGrid { lattice, values, unit: grid.unit, focus: grid.focus }
}

/// The contents of a picture, the first one first.
pub fn each<'a>(first: &'a Content, others: &'a [Content]) -> impl Iterator<Item = &'a Content> + Clone {
    once(first).chain(others)
}

/// The last difference, and what it is of.
#[derive(Default)]
pub struct Differences(Option<[Arc<DensityGrid>; 3]>);

impl Differences {
    /// A density less another at the same nodes.
    ///
    /// # Errors
    /// [`Error::Data`] if the two have different units.
    pub fn of(&mut self, a: &Arc<DensityGrid>, b: &Arc<DensityGrid>) -> Result<Arc<DensityGrid>> {
        if let Some([last_a, last_b, difference]) = &self.0
            && Arc::ptr_eq(last_a, a)
            && Arc::ptr_eq(last_b, b)
        {
            return Ok(difference.clone());
        }
        let mut difference = crate::grid::minus(a, b)?;
        difference.focus = a.focus.joined(b.focus);
        if difference.values.iter().all(|v| *v == 0.0) {
            return Err(Error::Usage(
                "--minus: the two densities are the same, so there is no difference to draw".into(),
            ));
        }
        let difference = Arc::new(difference);
        self.0 = Some([a.clone(), b.clone(), difference.clone()]);
        Ok(difference)
    }
}
