//! A heat map, or an animation of one, as one HTML page: play button, slider, values under the pointer and colour bar. It
//! opens from disk and asks nothing of a network.
//!
//! Values are kept as they are, f32, packed by zlib; the page's own script colours them as pictures are.

use std::io::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::{Value, json};

use crate::annotate::contour_names;
use crate::color::{LookupTable, hex};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::io::atomic;
use crate::progress::Progress;
use crate::scene::{Aspect, Background, Frame, HeatmapAnimation, HeatmapScene};

const PAGE: &str = include_str!("html/page.html");
const SCRIPT: &str = include_str!("html/player.js");
/// Colours in the page's table, or the next multiple of the steps of a map.
const COLORS: usize = 1024;

/// Writes the page, which is no larger than `frame` in a browser, and plays `fps` frames a second.
///
/// # Errors
/// [`Error::File`], [`Error::Usage`] if `path` is `input` or `fps` is not above 0, [`Error::Interrupted`].
pub fn write(
    path: &Path,
    input: Option<&Path>,
    animation: &HeatmapAnimation,
    frame: &Frame,
    fps: f64,
    progress: &dyn Progress,
) -> Result<()> {
    if !(fps > 0.0 && fps.is_finite()) {
        return Err(Error::Usage(format!("{fps} frames a second cannot be played; give a number above 0")));
    }
    progress.begin("writing", animation.len() as u64);
    let page = page(animation, frame, fps, progress)?;
    atomic::write(path, input, |file| file.write_all(page.as_bytes()))
}

fn page(animation: &HeatmapAnimation, frame: &Frame, fps: f64, progress: &dyn Progress) -> Result<String> {
    let scene = animation.frame(0);
    let title = scene.annotations.title.as_deref().unwrap_or("Heat map").replace('\n', " ");
    let background = match scene.background {
        Background::Color(color) => hex(color),
        Background::Transparent => "transparent".into(),
    };
    let [width, height] = frame.size_in_points().map(|n| n.round());
    let data = data(animation, &scene, frame, fps, progress)?.to_string().replace('<', "\\u003c");
    let controls = if animation.len() > 1 { 52.0 } else { 0.0 };
    let parts = [
        ("@VERSION@", env!("CARGO_PKG_VERSION").to_owned()),
        ("@TITLE@", escaped(&title)),
        ("@BACKGROUND@", background),
        ("@FOREGROUND@", hex(scene.foreground())),
        ("@WIDTH@", width.to_string()),
        ("@HEIGHT@", (height + controls).to_string()),
        ("@SCRIPT@", SCRIPT.trim_end().to_owned()),
        ("@DATA@", data),
    ];
    Ok(parts.into_iter().fold(PAGE.to_owned(), |page, (name, text)| page.replace(name, &text)))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The contours of a frame: value, name, and the place of that in a picture of this size.
fn contours_of(scene: &HeatmapScene, size: &Frame) -> Vec<Value> {
    let levels = scene.contours.iter().flat_map(|contours| &contours.levels);
    let named = std::iter::zip(levels, contour_names(scene, size));
    named
        .map(|(level, at)| json!({ "value": level.value, "name": level.name, "at": at.map(|p| p.to_array()) }))
        .collect()
}

fn data(
    animation: &HeatmapAnimation,
    scene: &HeatmapScene,
    size: &Frame,
    fps: f64,
    progress: &dyn Progress,
) -> Result<Value> {
    let values = packed(animation, progress)?;
    let (mut limits, mut ends, mut titles, mut contours) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for frame in (0..animation.len()).map(|k| animation.frame(k)) {
        limits.push(frame.transfer.limits);
        ends.push(frame.goes_on());
        contours.push(contours_of(&frame, size));
        titles.push(frame.annotations.title);
    }
    let (grid, [from, to], quantity) = (&scene.grid, scene.shown(), &scene.annotations.quantity);
    let unit = grid.unit();
    let with_unit = |name: &String| unit.map_or(name.clone(), |unit: LengthUnit| format!("{name} ({unit})"));
    Ok(json!({
        "shape": grid.shape(),
        "origin": grid.origin().to_array(),
        "spacing": grid.spacing().to_array(),
        "shown": [[from.x, to.x], [from.y, to.y]],
        "down": scene.y_downward,
        "aspect": match scene.aspect { Aspect::Equal => 1.0, Aspect::Fill => 0.0, Aspect::Ratio(ratio) => ratio },
        "interpolation": scene.interpolation,
        "labels": [with_unit(&scene.axes[0]), with_unit(&scene.axes[1])],
        "axes": scene.annotations.axes,
        "colorbar": scene.annotations.colorbar,
        "bar": bar_title(scene),
        "factor": quantity.factor(unit, 2),
        "scale": scene.transfer.scale,
        "limits": limits,
        "ends": ends,
        "contours": contours,
        "legend": scene.legend,
        "contourColor": scene.contours.as_ref().and_then(|c| c.color).map(hex),
        "titles": titles,
        "names": animation.names(),
        "fps": fps,
        "foreground": hex(scene.foreground()),
        "table": STANDARD.encode(table(scene)),
        "values": STANDARD.encode(values),
    }))
}

fn bar_title(scene: &HeatmapScene) -> String {
    let annotations = &scene.annotations;
    let name = annotations.bar_title.as_deref().unwrap_or(annotations.quantity.name());
    match annotations.quantity.unit(scene.grid.unit()) {
        Some(unit) => format!("{name} (1/{unit}²)"),
        None => name.to_owned(),
    }
}

/// Red, green, blue of equal parts of the limits.
fn table(scene: &HeatmapScene) -> Vec<u8> {
    let lookup = LookupTable::new(&scene.transfer);
    let count = COLORS.next_multiple_of(scene.transfer.colormap.steps().unwrap_or(1));
    let color = |i: usize| lookup.at((i as f64 + 0.5) / count as f64);
    (0..count).flat_map(|i| color(i).into_iter().take(3).map(|v| (v * 255.0).round() as u8)).collect()
}

/// All values, little-endian, packed. Of each frame first the lowest byte of all values, then the next: those that are alike
/// lie together, which is less to pack.
fn packed(animation: &HeatmapAnimation, progress: &dyn Progress) -> Result<Vec<u8>> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
    for k in 0..animation.len() {
        progress.check()?;
        let values = animation.grid(k).values();
        let bytes: Vec<u8> = (0..4).flat_map(|b| values.iter().map(move |v| v.to_le_bytes()[b])).collect();
        packer.write_all(&bytes).expect("memory takes all");
        progress.advance(1);
    }
    Ok(packer.finish().expect("memory takes all"))
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::sync::Arc;

    use glam::DVec3;

    use super::*;
    use crate::grid::{DensityGrid, Lattice, PlaneGrid};
    use crate::progress::Silent;
    use crate::scene::{Contours, Corner, Limits, LimitsOver};

    fn animation() -> HeatmapAnimation {
        let grid = |values: [f32; 6]| {
            let lattice = Lattice { shape: [3, 2, 1], origin: DVec3::ZERO, spacing: DVec3::ONE };
            Arc::new(PlaneGrid::from_layer(DensityGrid::new(lattice, values.to_vec(), None).unwrap()).unwrap())
        };
        let grids = vec![grid([0.0, 1.0, 2.0, 3.0, 4.0, 5.0]), grid([-2.0, f32::NAN, 8.0, 0.0, 0.0, 0.0])];
        let mut scene = HeatmapScene::of_cells(grids[0].clone(), HeatmapScene::DEFAULT_LIMITS).unwrap();
        scene.annotations.title = Some("</script> & {name}".into());
        (scene.contours, scene.legend) = (Some(Contours::at(&[2.5])), Some(Corner::LowerLeft));
        let names = vec!["a\"</script>".into(), "b".into()];
        HeatmapAnimation::new(scene, grids, names, Limits::Range(0.0, 1.0), LimitsOver::EachFrame).unwrap()
    }

    /// Catches: another order of bytes, values that are rounded.
    #[test]
    fn packed_values_come_back() {
        let bytes = packed(&animation(), &Silent).unwrap();
        let mut found = Vec::new();
        flate2::read::ZlibDecoder::new(&bytes[..]).read_to_end(&mut found).unwrap();
        let value = |frame: usize, i: usize| f32::from_le_bytes(std::array::from_fn(|b| found[24 * frame + 6 * b + i]));
        assert_eq!((found.len(), value(0, 4), value(1, 0), value(1, 2)), (48, 4.0, -2.0, 8.0));
        assert!(value(1, 1).is_nan());
    }

    #[test]
    fn texts_do_not_end_the_script_and_nothing_is_fetched() {
        let frame = Frame { size: [640, 480], scale_factor: 1.0 };
        let page = page(&animation(), &frame, 10.0, &Silent).unwrap();
        assert_eq!(page.matches("</script>").count(), 2, "a text ends a script");
        assert!(!page.contains("http") && !page.contains("@DATA@") && !page.contains("src="));
        let data = page.split("type=\"application/json\">").nth(1).unwrap().split("</script>").next().unwrap();
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["limits"], json!([[0.0, 5.0], [-2.0, 8.0]]));
        assert_eq!(data["ends"], json!([[false, false], [false, false]]));
        let level = &data["contours"][0][0];
        assert_eq!(
            (&level["value"], &level["name"], &data["legend"]),
            (&json!(2.5), &json!("2.5"), &json!("lower-left"))
        );
        let at = level["at"].as_array().expect("there is room for its name");
        assert!(at.iter().all(|v| (-0.5..=2.5).contains(&v.as_f64().unwrap())), "{at:?}");
        assert_eq!((&data["names"][0], &data["titles"][1]), (&json!("a\"</script>"), &json!("</script> & b")));
        assert!(page.contains("<title>&lt;/script&gt; &amp; a&quot;&lt;/script&gt;</title>"));
    }
}
