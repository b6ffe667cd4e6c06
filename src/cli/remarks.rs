//! What is said of a scene before it is drawn: options that change nothing in it, and limits that hold little of it.

use rayon::prelude::*;

use super::glyph_args::Mode;
use super::picture_args::change_nothing;
use super::scene_args::SceneArgs;
use crate::annotate;
use crate::color::{Rgb, hex};
use crate::geometry::{Box3, four_digits, six_digits};
use crate::scene::{Background, ColorKey, Diameter, Frame, Further, Plane, PointColors, Scene, VolumeMode};

/// The warnings, each a line.
pub fn warnings(args: &SceneArgs, scene: &Scene) -> Vec<String> {
    let mut all: Vec<String> = of_limits(scene).or(equal_limits(scene)).into_iter().collect();
    all.extend(levels_outside(scene));
    all.extend(levels_without_surface(scene));
    let unused = args.glyphs.unused();
    all.extend(
        unused.iter().map(|name| format!("{name} changes nothing: no points are drawn; choose --mode points or both")),
    );
    all.extend(trace_unused(args, scene));
    all.extend(trace_outside(scene));
    all.extend(opacity_unused(args, scene));
    all.extend(light_unused(args, scene));
    all.extend(args.quality.unused(args.glyphs.mode));
    all.extend(of_others(args, scene));
    all.extend(colors_unused(args));
    all.extend(args.picture.without_bar());
    all.extend(slices_outside(args, scene));
    all.extend(unlike_background(scene));
    all.extend(axes_elsewhere(args, scene));
    all.extend(empty_minima(scene));
    all.extend(texts_without_sign(scene));
    all.extend(args.glyphs.guessed_size(scene.grid.unit));
    all
}

/// The notes: what a picture lacks room for, and how it is to be read.
pub fn notes(args: &SceneArgs, scene: &Scene, frame: &Frame) -> Vec<String> {
    let mut all = Vec::new();
    let left_out = annotate::left_out(scene, frame);
    if !left_out.is_empty() {
        all.push(format!("the picture has no room for {}; a larger --size has", left_out.join(" and ")));
    }
    all.extend(labels_outside(scene, frame));
    all.extend(limits_of_fog(args, scene));
    all.extend(single_pixels(args, scene, frame));
    if args.view.misleads(scene) {
        let way_out = "with --ortho at any depth";
        all.push(format!("in perspective the numbers of the axes hold on the near face of the box; {way_out}"));
    }
    let key = scene.points.as_ref().and_then(|points| points.colors.as_ref()).map(|colors| &colors.key);
    all.extend(args.trace.colors_that_repeat(scene));
    if let Some(ColorKey::Categories(names)) = key {
        let repeated = args.glyphs.colors_that_repeat(names.len());
        let told = |n| format!("{} chains have {n} colours, which repeat in their order", names.len());
        all.extend(repeated.map(told));
    }
    all
}

/// Labels whose places the picture does not show.
fn labels_outside(scene: &Scene, frame: &Frame) -> Option<String> {
    let camera = annotate::camera(scene, frame);
    let [width, height] = frame.size.map(f64::from);
    let is_inside = |at: glam::DVec2| (0.0..=width).contains(&at.x) && (0.0..=height).contains(&at.y);
    let is_outside = |place| camera.project(place, frame.size).is_none_or(|at| !is_inside(at));
    let outside = scene.annotations.labels.iter().map(|label| label.position).filter(|place| is_outside(*place));
    let named: Vec<String> = outside.map(|p| p.to_array().map(|v| v.to_string()).join(",")).collect();
    (!named.is_empty()).then(|| format!("--label {}: outside the picture, and not drawn", named.join(" and ")))
}

/// Options that act on the fog alone where points have the colours of a column.
fn limits_of_fog(args: &SceneArgs, scene: &Scene) -> Option<String> {
    let colors = scene.points.as_ref().and_then(|points| points.colors.as_ref())?;
    let ColorKey::Column(name) = &colors.key else { return None };
    let bar = args.picture.given_of_bar().into_iter().filter(|option| *option == "--bar-title");
    let given: Vec<&str> = args.picture.given_of_colors().into_iter().chain(bar).collect();
    let told = || {
        let options = given.join(" and ");
        format!("in --mode both {options} tell of the density; the limits of {name} are those of --point-limits")
    };
    (scene.volume && !given.is_empty()).then(told)
}

/// A molecule that is not drawn, and its options.
fn trace_unused(args: &SceneArgs, scene: &Scene) -> Option<String> {
    let unused = args.trace.unused();
    if !unused.is_empty() {
        return Some(format!("{}: no molecule is drawn; --trace draws one", change_nothing(&unused)));
    }
    let mode = clap::ValueEnum::to_possible_value(&args.glyphs.mode)?;
    let problem = || format!("--trace changes nothing in --mode {}, which has no depth", mode.get_name());
    (args.trace.trace.is_some() && scene.trace.is_none()).then(problem)
}

/// A molecule of which most lies outside of the density's box.
fn trace_outside(scene: &Scene) -> Option<String> {
    let (trace, bounds) = (scene.trace.as_ref()?, scene.grid.lattice.bounds());
    let vertices = &trace.mesh.vertices;
    let is_inside = |p: &glam::DVec3| p.cmpge(bounds.min).all() && p.cmple(bounds.max).all();
    let inside = vertices.par_iter().filter(|p| is_inside(p)).count();
    if 2 * inside >= vertices.len() {
        return None;
    }
    let own = Box3::around(vertices);
    let told = |b: Box3| {
        let [low, high] = [b.min, b.max].map(|p| p.to_array().map(|v| six_digits(v, 1e-3..1e6)).join(","));
        format!("between {low} and {high}")
    };
    let share = match inside {
        0 => "all".to_owned(),
        _ => format!("{:.0} %", 100.0 - 100.0 * inside as f64 / vertices.len() as f64),
    };
    Some(format!(
        "{share} of the molecule lies outside the density: it is {}, the density {}; are both of one structure, in one place and \
         unit?",
        told(own),
        told(bounds)
    ))
}

/// Light where nothing is lit.
fn light_unused(args: &SceneArgs, scene: &Scene) -> Option<String> {
    let is_flat = scene.mode.is_projection() || scene.mode == VolumeMode::Slices;
    let mode = clap::ValueEnum::to_possible_value(&args.glyphs.mode)?;
    let problem = || format!("--shading changes nothing in --mode {}: what it shows has no light", mode.get_name());
    (is_flat && args.view.shading == Some(true)).then(problem)
}

/// Options of colours and of the bar where points have colours that are not those of numbers, or of numbers without mass.
fn colors_unused(args: &SceneArgs) -> Option<String> {
    let (picture, by) = (&args.picture, &args.glyphs.color_by);
    if args.glyphs.has_no_bar() {
        let given = [picture.given_of_colors(), picture.given_of_bar()].concat();
        let problem = || format!("{}: points have the colours of --color-by {by}", change_nothing(&given));
        return (!given.is_empty()).then(problem);
    }
    if args.glyphs.point_limits.is_some() && args.glyphs.draws_points() && !args.glyphs.has_column() {
        return Some(format!("--point-limits changes nothing: points have the colours of --color-by {by}"));
    }
    let asks_for_mass = args.glyphs.colors_by_column() && picture.given_of_bar().contains(&"--mass-axis");
    asks_for_mass.then(|| format!("--mass-axis changes nothing: the colour bar is of {by}, above which lies no mass"))
}

/// Slices that do not meet the box of the density, unless none does.
fn slices_outside(args: &SceneArgs, scene: &Scene) -> Option<String> {
    let (bounds, slices) = (scene.grid.lattice.bounds(), args.cuts.slices());
    let is_outside = |plane: &Plane| {
        let sides = bounds.corners().map(|corner| (corner - plane.point).dot(plane.normal));
        sides.iter().all(|side| *side > 0.0) || sides.iter().all(|side| *side < 0.0)
    };
    let outside: Vec<String> = slices.iter().filter(|plane| is_outside(plane)).map(named).collect();
    if outside.is_empty() || scene.mode == VolumeMode::Slices && outside.len() == slices.len() {
        return None;
    }
    let [low, high] = [bounds.min, bounds.max].map(|p| p.to_array().map(|v| format!("{v:.4}")).join(","));
    Some(format!("--slice {}: outside the density, which lies between {low} and {high}", outside.join(" and ")))
}

/// A plane as it is asked for.
fn named(plane: &Plane) -> String {
    let numbers = |v: glam::DVec3| v.to_array().map(|v| v.to_string()).join(",");
    match glam::DVec3::AXES.iter().position(|axis| *axis == plane.normal) {
        Some(axis) => format!("{}={}", ["x", "y", "z"][axis], plane.point[axis]),
        None => format!("{}:{}", numbers(plane.point), numbers(plane.normal)),
    }
}

/// What is said of characters in a scene's texts that are drawn as boxes.
fn texts_without_sign(scene: &Scene) -> Option<String> {
    let given = &scene.annotations;
    let names = match scene.points.as_ref().and_then(|points| points.colors.as_ref()).map(|colors| &colors.key) {
        Some(ColorKey::Categories(names)) => &names[..],
        Some(ColorKey::Column(name)) => std::slice::from_ref(name),
        _ => &[],
    };
    let labels = given.labels.iter().map(|label| &label.text);
    without_sign(given.title.iter().chain(&given.bar_title).chain(labels).chain(names))
}

/// The same of these texts.
pub fn without_sign<'a>(texts: impl Iterator<Item = &'a String>) -> Option<String> {
    let signs = annotate::without_sign(texts.map(String::as_str));
    let (shown, more) = (signs.iter().take(MOST_SIGNS).collect::<String>(), signs.len().saturating_sub(MOST_SIGNS));
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let problem =
        || format!("the font has no sign for {shown}{more}: boxes are drawn instead; write it in other letters");
    (!signs.is_empty()).then(problem)
}

/// So many characters are named.
const MOST_SIGNS: usize = 12;

/// What is said of further densities, each by its name.
fn of_others(args: &SceneArgs, scene: &Scene) -> Vec<String> {
    let of = |other: &Further| {
        let alone = other.alone(scene);
        let name = other.bar_title.clone().unwrap_or_default();
        let told = of_limits(&alone).into_iter().chain(levels_outside(&alone)).chain(levels_without_surface(&alone));
        told.map(|warning| format!("--with, {name}: {warning}")).collect::<Vec<_>>()
    };
    let mut all: Vec<String> = scene.others.iter().flat_map(of).collect();
    let colors = scene.points.as_ref().map(|layer| layer.colors.as_ref());
    if colors.is_some_and(|colors| colors.is_none_or(|colors| colors.key != ColorKey::Densities)) && !all_alone(args) {
        let why = "others' are drawn where there are some, in the colours of their density and all of one size";
        all.push(format!("--with: the points are those of the first density alone; {why}"));
    }
    all
}

/// Whether the first density has no others beside it.
fn all_alone(args: &SceneArgs) -> bool {
    args.further.others.is_empty()
}

/// Limits that all values lie above or below, which have then one colour, or none.
fn of_limits(scene: &Scene) -> Option<String> {
    if scene.mode.is_projection() || matches!(scene.mode, VolumeMode::Isosurfaces(_)) || !scene.volume {
        return None;
    }
    let ([vmin, vmax], found) = (scene.transfer.limits, scene.grid.statistics());
    let (told, name) = (|v| scene.told(v), scene.annotations.quantity.name());
    if vmin >= found.max && vmin > found.min {
        let problem = format!("vmin {} is not below the largest {name}, {}", told(vmin), told(found.max));
        return Some(format!("{problem}: nothing is seen; choose a smaller --vmin"));
    }
    (vmax < found.min).then(|| {
        let problem = format!("vmax {} is below the smallest {name}, {}", told(vmax), told(found.min));
        format!("{problem}: all has the colour of vmax; choose a larger --vmax")
    })
}

/// Limits between which nothing lies, though there are several values.
fn equal_limits(scene: &Scene) -> Option<String> {
    let colors = scene.points.as_ref().and_then(|points| points.colors.as_ref()).filter(|_| !scene.volume);
    let (limits, varies) = match colors {
        Some(PointColors { key: ColorKey::Column(_), transfer, values, .. }) => {
            (transfer.limits, values.iter().any(|v| v.is_finite() && *v != transfer.limits[0]))
        }
        Some(_) => return None,
        None => {
            let found = scene.grid.statistics();
            (scene.transfer.limits, found.min < found.max)
        }
    };
    (limits[0] == limits[1] && varies).then(|| {
        let both = if colors.is_some() { four_digits(limits[0]) } else { scene.told(limits[0]) };
        format!(
            "vmin and vmax are both {both}: what is below has the first colour, all else the last, and nothing lies \
             between; choose limits that differ, or leave them out"
        )
    })
}

/// Letters and lines that are hardly seen on the background.
fn unlike_background(scene: &Scene) -> Option<String> {
    let Background::Color(back) = scene.background else { return None };
    let asked = scene.annotations.foreground?;
    (contrast([asked, back]) < LEAST_CONTRAST).then(|| {
        let [asked, back] = [asked, back].map(hex);
        format!("--foreground {asked} is hardly seen on the background, {back}; leave it out or choose --background")
    })
}

/// How much brighter the brighter of two colours is (WCAG 2.2, "contrast ratio"; 3 is asked of large letters).
fn contrast(colors: [Rgb; 2]) -> f64 {
    let linear = |c: f32| match f64::from(c) {
        c if c <= 0.04045 => c / 12.92,
        c => ((c + 0.055) / 1.055).powf(2.4),
    };
    let [a, b] = colors.map(|[r, g, b]| 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) + 0.05);
    a.max(b) / a.min(b)
}

const LEAST_CONTRAST: f64 = 1.5;

/// A box of axes that lies beside the density or is lost in it.
fn axes_elsewhere(args: &SceneArgs, scene: &Scene) -> Option<String> {
    let (asked, bounds) = (args.cuts.axes_box?, scene.grid.lattice.bounds());
    let told = |b: Box3| [b.min, b.max].map(|p| p.to_array().map(|v| six_digits(v, 1e-4..1e6)).join(",")).join(" and ");
    if asked.min.cmpgt(bounds.max).any() || asked.max.cmplt(bounds.min).any() {
        return Some(format!("--axes-box: outside the density, which lies between {}", told(bounds)));
    }
    let share = asked.diagonal() / scene.grid.focus.diagonal();
    (share < LEAST_BOX).then(|| {
        format!(
            "--axes-box: 1/{:.0} of the density, which lies between {}: its axes are lost in it",
            share.recip(),
            told(bounds)
        )
    })
}

const LEAST_BOX: f64 = 0.02;

/// Sizes that were asked for and are less than a pixel.
fn single_pixels(args: &SceneArgs, scene: &Scene, frame: &Frame) -> Option<String> {
    args.glyphs.point_size?;
    let camera = annotate::camera(scene, frame);
    let in_pixels = |d: f64| {
        let ends = [0.0, d].map(|d| camera.project(scene.focus.center() + d * camera.axes().right, frame.size));
        Some(ends[0]?.distance(ends[1]?))
    };
    let diameter = match scene.points.as_ref()?.diameter {
        Diameter::Pixels(d) => d,
        Diameter::Uniform(d) | Diameter::Ranged(d) => in_pixels(d)?,
        Diameter::Proportional(_) => return None,
    };
    let told = || {
        format!(
            "--point-size is less than a pixel here, {}: each point is drawn as one",
            six_digits(diameter, 1e-3..1.0)
        )
    };
    (diameter < 1.0).then(told)
}

/// Minima along rays that all but vanish.
fn empty_minima(scene: &Scene) -> Option<String> {
    let [_, vmax] = scene.transfer.limits;
    let most = scene.grid.statistics().max;
    (scene.mode == VolumeMode::Minimum && vmax > 0.0 && vmax < LEAST_MINIMUM * most).then(|| {
        let [vmax, most] = [vmax, most].map(|v| scene.told(v));
        format!(
            "colours end at {vmax}, far below the largest {}, {most}: rays pass the border, where there is next to \
             nothing; cut it away with --clip",
            scene.annotations.quantity.name()
        )
    })
}

const LEAST_MINIMUM: f64 = 0.01;

/// Levels that no value has, unless none of them has a surface.
fn levels_without_surface(scene: &Scene) -> Option<String> {
    let VolumeMode::Isosurfaces(surfaces) = &scene.mode else { return None };
    let found = scene.grid.statistics();
    let lacking = surfaces.iter().map(|s| s.level).filter(|l| !(found.min..=found.max).contains(l));
    let lacking: Vec<String> = lacking.map(|l| scene.told(l)).collect();
    let [least, most] = [found.min, found.max].map(|v| scene.told(v));
    let problem = || format!("--iso: there is no surface at {}; values go from {least} to {most}", lacking.join(", "));
    (!lacking.is_empty() && lacking.len() < surfaces.len()).then(problem)
}

/// Surfaces in the colour of an end of the limits that they lie beyond.
fn levels_outside(scene: &Scene) -> Option<String> {
    let VolumeMode::Isosurfaces(surfaces) = &scene.mode else { return None };
    let ([vmin, vmax], found) = (scene.transfer.limits, scene.grid.statistics());
    let is_outside = |l: &f64| !(vmin..=vmax).contains(l) && (found.min..=found.max).contains(l);
    let outside: Vec<String> = surfaces.iter().map(|s| s.level).filter(is_outside).map(|l| scene.told(l)).collect();
    (!outside.is_empty()).then(|| {
        let [vmin, vmax] = [vmin, vmax].map(|v| scene.told(v));
        let levels = outside.join(", ");
        format!(
            "--iso: outside the limits, {vmin} to {vmax}, a surface has the colour of their end ({levels}); widen them"
        )
    })
}

/// Options of opacity where there is nothing that has one.
fn opacity_unused(args: &SceneArgs, scene: &Scene) -> Option<String> {
    let is_iso = matches!(scene.mode, VolumeMode::Isosurfaces(_));
    if scene.volume && scene.mode == VolumeMode::Fog {
        return None;
    }
    let (view, points) = (&args.view, !scene.volume);
    let given = [
        ("--opacity", view.opacity.is_some() && (points || is_iso && scene.slices.is_empty())),
        ("--global-opacity", view.global_opacity != 1.0 && points),
        ("--fade-noise", view.fade_noise.is_some()),
    ];
    let names: Vec<&str> = given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect();
    let instead = match args.glyphs.mode {
        Mode::Points => "points have --point-opacity",
        Mode::Iso => "surfaces have --iso LEVEL:OPACITY and --global-opacity",
        _ => "what is low fades by --vmin",
    };
    let mode = clap::ValueEnum::to_possible_value(&args.glyphs.mode)?;
    (!names.is_empty())
        .then(|| format!("{} in --mode {}: there is no fog; {instead}", change_nothing(&names), mode.get_name()))
}
