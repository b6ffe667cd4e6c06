//! What is said of a scene before it is drawn: options that change nothing in it, and limits that hold little of it.

use super::glyph_args::Mode;
use super::scene_args::SceneArgs;
use crate::annotate;
use crate::scene::{ColorKey, Frame, Scene, VolumeMode};

/// The warnings, each a line.
pub fn warnings(args: &SceneArgs, scene: &Scene) -> Vec<String> {
    let mut all: Vec<String> = of_limits(scene).into_iter().collect();
    all.extend(levels_outside(scene));
    let unused = args.glyphs.unused();
    all.extend(
        unused.iter().map(|name| format!("{name} changes nothing: no points are drawn; choose --mode points or both")),
    );
    all.extend(opacity_unused(args, scene));
    all
}

/// The notes: what a picture lacks room for, and how it is to be read.
pub fn notes(args: &SceneArgs, scene: &Scene, frame: &Frame) -> Vec<String> {
    let mut all = Vec::new();
    let left_out = annotate::left_out(scene, frame);
    if !left_out.is_empty() {
        all.push(format!("the picture has no room for {}; a larger --size has", left_out.join(" and ")));
    }
    if args.view.misleads(scene) {
        let way_out = "with --ortho at any depth";
        all.push(format!("in perspective the numbers of the axes hold on the near face of the box; {way_out}"));
    }
    match scene.points.as_ref().and_then(|p| p.colors.as_ref()).map(|c| &c.key) {
        Some(ColorKey::Column(name)) if scene.volume && scene.annotations.colorbar => {
            all.push(format!("the colour bar is that of the density; --mode points shows that of `{name}`"));
        }
        Some(ColorKey::Categories(names)) => {
            let repeated = args.glyphs.colors_that_repeat(names.len());
            let told = |n| format!("{} chains have {n} colours, which repeat in their order", names.len());
            all.extend(repeated.map(told));
        }
        _ => {}
    }
    all
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

/// Surfaces in the colour of an end of the limits that they lie beyond.
fn levels_outside(scene: &Scene) -> Option<String> {
    let VolumeMode::Isosurfaces(surfaces) = &scene.mode else { return None };
    let [vmin, vmax] = scene.transfer.limits;
    let outside: Vec<String> =
        surfaces.iter().map(|s| s.level).filter(|l| !(vmin..=vmax).contains(l)).map(|l| scene.told(l)).collect();
    (!outside.is_empty()).then(|| {
        let [vmin, vmax] = [vmin, vmax].map(|v| scene.told(v));
        let levels = outside.join(", ");
        format!(
            "--iso: outside the limits, {vmin} to {vmax}, a surface has the colour of their end ({levels}); widen them"
        )
    })
}

/// Options of fog where there is none.
fn opacity_unused(args: &SceneArgs, scene: &Scene) -> Option<String> {
    let is_iso = matches!(scene.mode, VolumeMode::Isosurfaces(_));
    if scene.volume && scene.mode == VolumeMode::Fog {
        return None;
    }
    let view = &args.view;
    // Surfaces follow the factor.
    let given = [("--opacity", view.opacity.is_some()), ("--global-opacity", view.global_opacity != 1.0 && !is_iso)];
    let names: Vec<&str> = given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect();
    let instead = match args.glyphs.mode {
        Mode::Points => "points have --point-opacity",
        Mode::Iso => "surfaces have --iso LEVEL:OPACITY and --global-opacity",
        _ => "what is low fades by --vmin",
    };
    let mode = clap::ValueEnum::to_possible_value(&args.glyphs.mode)?;
    (!names.is_empty()).then(|| {
        let verb = if names.len() > 1 { "change" } else { "changes" };
        format!("{} {verb} nothing in --mode {}: there is no fog; {instead}", names.join(" and "), mode.get_name())
    })
}
