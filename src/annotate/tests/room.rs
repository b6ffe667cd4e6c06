//! What has no room is told, and lines have distance.

use super::*;
use crate::scene::{ColorKey, PointColors};

fn frame(size: [u32; 2]) -> Frame {
    Frame { size, scale_factor: 1.0 }
}

/// Catches: words and gizmo that vanish untold, and ones told of that are there.
#[test]
fn words_and_gizmo_without_room_are_told() {
    let mut scene = scene(boxes()[0], View::ISO, None);
    scene.annotations.gizmo = true;
    let center = scene.focus.center();
    let label = |text: &str| Label { position: center, text: text.into() };
    scene.annotations.labels = vec![label("site"), label("the second place\nof the two"), label("")];
    for (size, is_there) in [([800, 600], [true; 2]), ([110, 60], [false; 2])] {
        let frame = frame(size);
        let marks = marks_of(&scene, &frame);
        let told = left_out(&scene, &frame).join(" and ");
        let drawn = ["z", "the second place"].map(|text| texts(&marks).iter().any(|t| t.0 == text));
        assert_eq!(drawn, is_there, "{size:?}");
        assert_eq!(
            ["--gizmo", "`the second place of the two`"].map(|t| !told.contains(t)),
            is_there,
            "{size:?}: {told}"
        );
    }
}

/// Catches: a ring of an angstrom that touches the line above.
#[test]
fn lines_of_a_heading_have_distance() {
    let scene = scene(boxes()[0], View::ISO, None);
    for size in [[320, 240], [400, 300], [500, 400], [600, 450], [800, 600], [1920, 1080]] {
        let frame = frame(size);
        let marks = marks_of(&scene, &frame);
        let texts = texts(&marks);
        let find = |wanted: &str| texts.iter().find(|t| t.0.starts_with(wanted)).unwrap().1;
        let [name, unit] = [find("density"), find("(10")];
        let em = page::Page::new(scene.background, scene.foreground(), &frame).em;
        assert!(unit.max.y - name.max.y >= 1.4 * em - 1.0, "{size:?}: {} em", (unit.max.y - name.max.y) / em);
    }
}

/// Catches: colours of points in fog that no bar tells, and two bars one over the other.
#[test]
fn fog_and_points_in_other_colours_have_a_bar_each() {
    let mut scene = scene(boxes()[0], View::ISO, Some("Ubiquitin"));
    let layer = Look::Default.points(&scene, Arc::new(vec![DVec3::ZERO; 2]), Arc::new(vec![0.5; 2]));
    let colors = PointColors::column(Arc::new(vec![2.0, 40.0]), "bfactor".into(), Colormap::named("viridis").unwrap());
    assert!(matches!(colors.key, ColorKey::Column(_)));
    scene.points = Some(PointLayer { colors: Some(colors), ..layer });
    for frame in &FRAMES {
        let marks = marks_of(&scene, frame);
        let told = left_out(&scene, frame);
        let bars: Vec<Area> = marks
            .iter()
            .filter_map(|mark| match &mark.shape {
                Shape::Rows { area, .. } if area.size().x > 0.9 * page_em(&scene, frame) => Some(*area),
                _ => None,
            })
            .collect();
        assert_eq!(bars.len(), 2 - told.iter().filter(|t| t.ends_with("colour bar") && !t.contains("numbers")).count());
        assert!(bars.len() < 2 || !bars[0].overlaps(&bars[1]), "{frame:?}");
        check_texts(&marks, frame, &format!("{frame:?}"));
        if frame.size_in_points()[1] >= 300.0 {
            let texts = texts(&marks);
            assert!(["density", "bfactor"].iter().all(|n| texts.iter().any(|t| t.0 == *n)), "{frame:?}: {texts:?}");
        }
    }
}

fn page_em(scene: &Scene, frame: &Frame) -> f64 {
    page::Page::new(scene.background, scene.foreground(), frame).em
}

/// Catches: names cut to a letter, and a number of further names cut to nothing.
#[test]
fn a_legend_says_something_or_is_told() {
    let mut scene = scene(boxes()[0], View::ISO, None);
    let names = (0..40).map(|i| (format!("microtubule {i}"), [0.5; 3])).collect();
    let layer = Look::Default.points(&scene, Arc::new(vec![DVec3::ZERO]), Arc::new(vec![0.5]));
    scene.points = Some(PointLayer { colors: Some(PointColors::categories(&[0], names)), ..layer });
    scene.volume = false;
    for size in [[90, 80], [100, 100], [120, 90], [160, 120], [200, 150], [320, 240]] {
        let frame = frame(size);
        let marks = marks_of(&scene, &frame);
        let texts = texts(&marks);
        let told = left_out(&scene, &frame).contains(&"the legend".to_owned());
        let names = texts.iter().filter(|t| t.0.starts_with("mi")).count();
        assert_eq!(names == 0, told, "{size:?}: {texts:?}");
        assert!(told || texts.iter().any(|t| t.0.starts_with("and ") && !t.0.ends_with('…') || t.0.starts_with('+')));
        assert!(texts.iter().all(|t| t.0.chars().count() > 3 || !t.0.ends_with('…')), "{size:?}: {texts:?}");
    }
}
