//! Whole pages: what must hold for every size, camera, box and title.

mod room;

use std::sync::Arc;

use glam::DVec3;

use super::*;
use crate::color::{Colormap, LookupTable, OpacityCurve, Scale};
use crate::geometry::{Box3, LengthUnit};
use crate::grid::{DensityGrid, Lattice, PlaneGrid};
use crate::scene::{Contours, Corner, Further, HeatmapScene, Label, Limits, Look, PointLayer, Quantity, View};

const FRAMES: [Frame; 6] = [
    Frame { size: [160, 120], scale_factor: 1.0 },
    Frame { size: [320, 240], scale_factor: 1.0 },
    Frame { size: [800, 600], scale_factor: 1.0 },
    Frame { size: [1920, 1080], scale_factor: 1.5 },
    Frame { size: [3840, 2160], scale_factor: 2.0 },
    Frame { size: [333, 777], scale_factor: 1.0 },
];

const LONG_TITLE: &str = "The density of five thousand points, a title that is far too long for one line and, on \
                          most pictures, for two lines of letters as well, which must then be cut somewhere";

fn cube(min: f64, side: f64) -> Box3 {
    Box3 { min: DVec3::splat(min), max: DVec3::splat(min + side) }
}

fn boxes() -> [Box3; 5] {
    let rod = Box3 { min: DVec3::ZERO, max: DVec3::new(10.0, 1.0, 1.0) };
    [cube(-3.3, 7.4), rod, cube(1e-9, 3e-9), cube(1e6, 0.004), cube(-27777.0, 4895.0)]
}

fn views() -> Vec<View> {
    let angles = (0..12).map(|i| {
        let i = f64::from(i);
        View::Angles { azimuth: 137.5 * i, elevation: 85.0 * (2.4 * i).sin() }
    });
    [View::ISO, View::X, View::Y, View::Z].into_iter().chain(angles).collect()
}

fn scene(focus: Box3, view: View, title: Option<&str>) -> Scene {
    let lattice = Lattice::spanning(focus, [2, 2, 2]).unwrap();
    let grid = DensityGrid::new(lattice, vec![0.5; 8], Some(LengthUnit::Angstrom)).unwrap();
    let mut scene = Look::Default.scene(Arc::new(grid), Limits::Value(2.1e-5, 9.3e-5)).unwrap();
    scene.viewpoint = Viewpoint::Fit(view);
    scene.annotations.title = title.map(String::from);
    scene.annotations.scale_bar = true;
    scene
}

/// The marks as a picture shows them.
fn marks_of(scene: &Scene, frame: &Frame) -> Vec<Mark> {
    annotate(scene, camera(scene, frame), frame)
}

fn texts(marks: &[Mark]) -> Vec<(&str, Area)> {
    marks
        .iter()
        .filter_map(|mark| match &mark.shape {
            Shape::Text { text, area, .. } => Some((text.as_str(), *area)),
            _ => None,
        })
        .collect()
}

fn check_texts(marks: &[Mark], frame: &Frame, what: &str) {
    let picture = Area { min: DVec2::ZERO, max: frame.size_in_points().into() };
    let texts = texts(marks);
    for (i, (text, area)) in texts.iter().enumerate() {
        assert!(picture.contains(area), "{what}: {text} at {area:?} leaves the picture");
        for (other, place) in &texts[..i] {
            assert!(!area.overlaps(place), "{what}: {text} at {area:?} covers {other} at {place:?}");
        }
    }
}

#[test]
fn texts_stay_inside_and_apart() {
    for frame in &FRAMES {
        for focus in boxes() {
            for (i, view) in views().into_iter().enumerate() {
                let title = [None, Some("Ubiquitin"), Some(LONG_TITLE)][i % 3];
                let mut scene = scene(focus, view, title);
                scene.annotations.gizmo = i % 2 == 0;
                scene.annotations.scale_bar = i % 4 == 0;
                scene.annotations.labels = corners_told(focus);
                let what = format!("{frame:?} {focus:?} {view:?} {title:?}");
                check_texts(&marks_of(&scene, frame), frame, &what);
                check_texts(&annotate(&scene, camera(&scene, frame).orthographic(), frame), frame, &what);
            }
        }
    }
}

/// Labels at the corners of a box, with words of several lengths.
fn corners_told(focus: Box3) -> Vec<Label> {
    let words = ["0.0123", "8.16e-5\natom H of ARG 54", "", "site"];
    std::iter::zip(focus.corners(), words.iter().cycle())
        .map(|(position, text)| Label { position, text: (*text).to_owned() })
        .collect()
}

/// Catches: a dot elsewhere than its place, at twice the pixels too, words far from it, and a place behind the eye.
#[test]
fn a_label_is_a_dot_at_its_place_with_words_beside_it() {
    for frame in [FRAMES[2], FRAMES[4]] {
        let mut scene = scene(boxes()[0], View::ISO, None);
        let camera = camera(&scene, &frame);
        let place = scene.focus.center() + DVec3::new(0.3, -0.4, 0.5);
        let behind = camera.position * 2.0 - camera.target;
        let label = |position, text: &str| Label { position, text: text.into() };
        scene.annotations.labels = vec![label(place, "one\nanother"), label(behind, "behind"), label(place, "")];
        let marks = annotate(&scene, camera, &frame);
        let dots = marks.iter().filter_map(|mark| match mark.shape {
            Shape::Disc { center, .. } => Some(center),
            _ => None,
        });
        let wanted = camera.project(place, frame.size).unwrap() / frame.scale_factor;
        let dots: Vec<DVec2> = dots.collect();
        assert!(dots.len() == 4 && dots.iter().all(|dot| dot.distance(wanted) < 1e-6), "{dots:?} for {wanted}");
        let texts = texts(&marks);
        let of = |name: &str| texts.iter().find(|t| t.0 == name).map(|t| t.1);
        let (one, another) = (of("one").unwrap(), of("another").unwrap());
        let beside = (another.min.x - wanted.x).max(wanted.x - another.max.x);
        assert!(beside > 0.0 && beside < 30.0 && one.max.y <= another.min.y + 1e-9, "{another:?} for {wanted}");
        assert!(one.min.y < wanted.y && wanted.y < another.max.y && of("behind").is_none());
    }
}

/// Catches: an arm mirrored, axes exchanged, the letter of an arm that points at the eye.
#[test]
fn the_arms_of_the_gizmo_point_as_their_axes_do() {
    for (view, right, up, at_the_eye) in [(View::X, "y", "z", "x"), (View::Z, "x", "y", "z")] {
        let mut scene = scene(boxes()[0], view, None);
        (scene.annotations.axes, scene.annotations.colorbar, scene.annotations.gizmo) = (false, false, true);
        let marks = marks_of(&scene, &FRAMES[2]);
        let center = marks.iter().find_map(|mark| match mark.shape {
            Shape::Line { from, .. } => Some(from),
            _ => None,
        });
        let center = center.unwrap();
        let texts = texts(&marks);
        let place = |name| texts.iter().find(|t| t.0 == name).map(|t| t.1.center() - center);
        let (right, up) = (place(right).unwrap(), place(up).unwrap());
        assert!(right.x > 5.0 && right.y.abs() < 1e-6, "{view:?}: {right}");
        assert!(up.y < -5.0 && up.x.abs() < 1e-6, "{view:?}: {up}");
        assert_eq!(place(at_the_eye), None, "{view:?}");
    }
}

#[test]
fn a_usual_picture_has_all_scales_a_bar_and_a_title() {
    let frame = FRAMES[2];
    let marks = marks_of(&scene(boxes()[0], View::ISO, Some("Ubiquitin")), &frame);
    let texts: Vec<&str> = texts(&marks).into_iter().map(|(text, _)| text).collect();
    for wanted in ["x (Å)", "y (Å)", "z (Å)", "Ubiquitin", "density", "(10⁻⁵/Å³)", "9", "−2", "0", "4"] {
        assert!(texts.contains(&wanted), "{wanted} is not among {texts:?}");
    }
}

#[test]
fn a_title_that_is_too_long_takes_two_lines_and_is_cut() {
    let frame = FRAMES[1];
    let marks = marks_of(&scene(boxes()[0], View::ISO, Some(LONG_TITLE)), &frame);
    let texts = texts(&marks);
    assert!(LONG_TITLE.starts_with(texts[0].0) && texts[1].0.ends_with('…'), "{texts:?}");
    let broken = marks_of(&scene(boxes()[0], View::ISO, Some("One\ntwo")), &frame);
    assert_eq!(self::texts(&broken).iter().take(2).map(|(text, _)| *text).collect::<Vec<_>>(), ["One", "two"]);
}

#[test]
fn a_small_picture_has_numbers_on_all_axes() {
    let frame = FRAMES[1];
    let mut scene = scene(boxes()[0], View::ISO, None);
    scene.annotations.colorbar = false;
    let marks = marks_of(&scene, &frame);
    let count = texts(&marks).iter().filter(|(text, _)| *text == "0" || *text == "−2").count();
    assert_eq!(count, 6, "{:?}", texts(&marks));
}

#[test]
fn views_along_an_axis_have_scales_for_the_other_two() {
    let frame = FRAMES[2];
    let focus = boxes()[0];
    for (view, along) in [(View::X, "x (Å)"), (View::Y, "y (Å)"), (View::Z, "z (Å)")] {
        let marks = marks_of(&scene(focus, view, None), &frame);
        let names = ["x (Å)", "y (Å)", "z (Å)"];
        let drawn = names.map(|name| texts(&marks).iter().any(|(text, _)| *text == name));
        assert_eq!(drawn, names.map(|name| name != along), "{view:?}");
    }
}

#[test]
fn numbers_never_stand_without_their_power_of_ten() {
    for frame in &FRAMES {
        for view in views() {
            let focus = boxes()[2];
            let scene = Scene {
                annotations: Annotations { axes: true, colorbar: false, title: None, ..Annotations::default() },
                ..scene(focus, view, None)
            };
            let marks = marks_of(&scene, frame);
            let texts = texts(&marks);
            let powers = texts.iter().filter(|(text, _)| text.contains("10⁻⁹")).count();
            let numbers = texts.iter().filter(|(text, _)| text.parse::<f64>().is_ok()).count();
            assert!(numbers == 0 || powers > 0, "{frame:?} {view:?}: {texts:?}");
        }
    }
}

/// Catches: a legend without one of the contours, over the numbers of the axes, or with names of lines on it.
#[test]
fn the_legend_names_all_contours_in_a_corner_of_the_map() {
    let mut scene = heatmap(plane_boxes()[0], None);
    let lattice = Lattice { shape: [32, 32, 1], origin: DVec3::ZERO, spacing: DVec3::ONE };
    let hill = |at: usize| (-0.01 * ((at % 32) as f32 - 20.0).powi(2) - 0.01 * ((at / 32) as f32 - 20.0).powi(2)).exp();
    let layer = DensityGrid::new(lattice, (0..32 * 32).map(hill).collect(), None).unwrap();
    scene.grid = Arc::new(PlaneGrid::from_layer(layer).unwrap());
    scene.transfer.limits = [0.0, 1.0];
    scene.contours = Some(Contours::at(&[0.125, 0.5, 0.75]));
    for corner in [Corner::UpperRight, Corner::UpperLeft, Corner::LowerRight, Corner::LowerLeft] {
        scene.legend = Some(corner);
        let (frame, map) = (FRAMES[2], heatmap_layout(&scene, &FRAMES[2]).area(&FRAMES[2]));
        let marks = annotate_heatmap(&scene, &frame);
        let ground = marks.on_map.iter().rev().find_map(|mark| match &mark.shape {
            Shape::Polygon { corners, ink } if ink.rgb == [1.0; 3] => Some(Area { min: corners[0], max: corners[2] }),
            _ => None,
        });
        let ground = ground.unwrap();
        assert!(map.contains(&ground), "{corner:?}: {ground:?} in {map:?}");
        let middle = map.center();
        assert_eq!((ground.max.x < middle.x, ground.max.y < middle.y), (corner.is_left(), corner.is_upper()));
        let (inside, outside): (Vec<_>, Vec<_>) = texts(&marks.on_map).into_iter().partition(|t| ground.contains(&t.1));
        assert_eq!(inside.iter().map(|t| t.0).collect::<Vec<_>>(), ["0.125", "0.5", "0.75"]);
        assert!(outside.iter().all(|(_, area)| !area.overlaps(&ground)) && !outside.is_empty());
    }
    scene.legend = None;
    assert!(texts(&annotate_heatmap(&scene, &FRAMES[2]).on_map).len() <= 3);
}

/// Where the column of colours stands.
fn bar_of(marks: &[Mark]) -> Area {
    let rows = |mark: &Mark| if let Shape::Rows { area, .. } = mark.shape { Some(area) } else { None };
    marks.iter().find_map(rows).unwrap()
}

#[test]
fn a_steady_bar_keeps_its_place_whatever_its_limits_are() {
    let limits = [[0.0, 1.0], [0.0, 2.5e-9], [-0.02, 0.013], [99.0, 123_456.0], [1000.0, 1000.25], [-1e7, 1e7]];
    for frame in [FRAMES[2], Frame { size: [1280, 720], scale_factor: 2.0 }] {
        let bars = |steady: bool| {
            let (mut scene, mut flat) = (scene(boxes()[0], View::ISO, None), heatmap(plane_boxes()[0], None));
            let one = |limits: &[f64; 2]| {
                (scene.transfer.limits, flat.transfer.limits) = (*limits, *limits);
                scene.annotations.steady_bar = steady;
                (flat.annotations.steady_bar, flat.annotations.quantity) = (steady, Quantity::Values);
                [bar_of(&marks_of(&scene, &frame)), bar_of(&annotate_heatmap(&flat, &frame).all())]
            };
            limits.iter().map(one).collect::<Vec<_>>()
        };
        let steady = bars(true);
        assert!(steady.iter().all(|bar| *bar == steady[0]), "{frame:?}: {steady:?}");
        let plain = bars(false);
        assert!([0, 1].iter().all(|i| plain.iter().any(|bar| bar[*i] != plain[0][*i])), "{frame:?}: {plain:?}");
    }
}

/// Catches: bars one above another that begin here and there, as their numbers are wide.
#[test]
fn bars_one_above_another_stand_in_a_column() {
    let of = |limits: [f64; 2]| {
        let mut scene = scene(boxes()[0], View::ISO, None);
        scene.transfer.limits = limits;
        scene
    };
    for frame in [FRAMES[2], FRAMES[3]] {
        let mut several = of([0.0, 1.0]);
        several.others = vec![Further::of(of([0.0, 0.0025])), Further::of(of([1000.0, 1000.25]))];
        let marks = marks_of(&several, &frame);
        let rows = marks.iter().filter_map(|m| if let Shape::Rows { area, .. } = m.shape { Some(area) } else { None });
        // Each with the column of colours as see-through as drawn.
        let lefts: Vec<f64> = rows.map(|area| area.min.x).collect();
        assert_eq!(lefts.len(), 6);
        assert!(lefts.chunks(2).all(|bar| bar == &lefts[..2]), "{frame:?}: {lefts:?}");
    }
}

/// Catches: the view of a difference that shows all of its grid, in most of which there is nothing.
#[test]
fn what_is_not_opaque_between_two_limits_is_not_looked_at() {
    let lattice = Lattice::spanning(cube(-10.0, 20.0), [21; 3]).unwrap();
    let mut values = vec![0.0f32; lattice.len()];
    let at = |x: usize| x + 21 * (10 + 21 * 10);
    (values[at(8)], values[at(12)]) = (-1.0, 1.0);
    let mut grid = DensityGrid::new(lattice, values, None).unwrap();
    grid.focus = cube(-3.0, 6.0);
    let grid = Arc::new(grid);
    let distance = |curve: &[(f64, f32)], mode: VolumeMode| {
        let mut scene = Look::Default.scene(grid.clone(), Limits::Value(-1.0, 1.0)).unwrap();
        (scene.viewpoint, scene.mode) = (Viewpoint::Fit(View::ISO), mode);
        let curve = OpacityCurve::new(curve.to_vec()).unwrap();
        (scene.transfer.opacity, scene.cover) = (curve.clone(), Some(curve));
        let all = camera(&scene, &FRAMES[2]).distance();
        scene.volume = false;
        all / camera(&scene, &FRAMES[2]).distance()
    };
    let valley = [(0.0, 0.9), (0.5, 0.0), (1.0, 0.9)];
    for mode in [VolumeMode::Fog, VolumeMode::Maximum] {
        assert!((distance(&valley, mode.clone()) - 1.0).abs() < 1e-9, "{mode:?}");
        // Where the middle is seen, all of it is looked at.
        assert!(distance(&[(0.0, 0.9), (0.5, 0.5), (1.0, 0.9)], mode.clone()) > 1.5, "{mode:?}");
    }
}

#[test]
fn the_bar_shows_the_table_row_by_row() {
    let frame = Frame { size: [1001, 777], scale_factor: 1.25 };
    for map in ["viridis", "mayavi", "jet"] {
        let mut scene = scene(boxes()[0], View::ISO, None);
        scene.transfer.colormap = Colormap::named(map).unwrap();
        let marks = marks_of(&scene, &frame);
        let columns: Vec<(&Area, &Vec<Ink>)> = marks
            .iter()
            .filter_map(|mark| match &mark.shape {
                Shape::Rows { area, inks } => Some((area, inks)),
                _ => None,
            })
            .collect();
        let [(bar, solid), (_, veil)] = columns[..] else { panic!("{} columns", columns.len()) };
        let pixels = [bar.min.x, bar.min.y, bar.max.x, bar.max.y].map(|v| v * frame.scale_factor);
        assert!(pixels.iter().all(|v| (v - v.round()).abs() < 1e-9), "{pixels:?} are not whole");
        assert_eq!((pixels[3] - pixels[1]).round() as usize, solid.len());
        let table = LookupTable::new(&scene.transfer);
        for (row, (opaque, seen)) in std::iter::zip(solid, veil).enumerate() {
            let t = 1.0 - (row as f64 + 0.5) / solid.len() as f64;
            let [r, g, b, extinction] = table.at(t);
            assert_eq!(*opaque, Ink { rgb: [r, g, b], alpha: 1.0 });
            assert_eq!(seen.rgb, [r, g, b]);
            assert!(
                (seen.alpha - scene.transfer.opacity.at(t)).abs() < 1e-3 && (1.0 - (-extinction).exp()) == seen.alpha
            );
        }
    }
}

#[test]
fn equal_limits_give_a_bar_of_two_colours() {
    let frame = FRAMES[2];
    let mut scene = scene(boxes()[0], View::ISO, None);
    scene.transfer.limits = [5.2e-7, 5.2e-7];
    let marks = marks_of(&scene, &frame);
    assert!(texts(&marks).iter().any(|(text, _)| *text == "5.20×10⁻⁷"), "{:?}", texts(&marks));
}

/// The scale bar of these marks, with its label: the polygon next to a text of this ending.
fn scale_bar<'a>(marks: &'a [Mark], ending: &str) -> Option<(Area, &'a str)> {
    let (text, place) = texts(marks).into_iter().find(|(text, _)| text.ends_with(ending))?;
    let mut bars = marks.iter().filter_map(|mark| match &mark.shape {
        Shape::Polygon { corners, .. } => Some(Area { min: corners[0], max: corners[2] }),
        _ => None,
    });
    bars.rfind(|bar| bar.max.x < place.min.x && bar.min.y > place.min.y).map(|bar| (bar, text))
}

/// Catches: a bar measured in pixels where points are meant, or at the depth of the eye.
#[test]
fn the_scale_bar_is_as_long_as_it_says() {
    for frame in &FRAMES[1..] {
        for view in views() {
            let scene = scene(boxes()[0], view, None);
            let fitted = camera(&scene, frame);
            for camera in [fitted, fitted.orthographic()] {
                let marks = annotate(&scene, camera, frame);
                let (bar, label) = scale_bar(&marks, " Å").unwrap();
                let length: f64 = label.trim_end_matches(" Å").parse().unwrap();
                let ends = [0.0, length].map(|at| camera.target + camera.axes().right * at);
                let [from, to] = ends.map(|p| camera.project(p, frame.size).unwrap() / frame.scale_factor);
                assert!((bar.size().x - from.distance(to)).abs() < 1e-6, "{frame:?} {view:?} {label}: {bar:?}");
                assert!((0.08..=0.2).contains(&(bar.size().x / frame.size_in_points()[0])), "{bar:?}");
            }
        }
    }
}

#[test]
fn the_scale_bar_keeps_off_numbers_and_stays_in_the_picture() {
    for frame in &FRAMES {
        let picture = Area { min: DVec2::ZERO, max: frame.size_in_points().into() };
        for (focus, view) in boxes().into_iter().flat_map(|b| views().into_iter().map(move |v| (b, v))) {
            let scene = scene(focus, view, None);
            let marks = marks_of(&scene, frame);
            let Some((bar, _)) = scale_bar(&marks, " Å") else {
                assert!(frame.size[0] < 320, "{frame:?} {focus:?} {view:?} has no scale bar");
                continue;
            };
            assert!(picture.contains(&bar), "{bar:?}");
            for (text, area) in texts(&marks) {
                assert!(!area.overlaps(&bar), "{frame:?} {view:?}: {text} covers the bar");
            }
        }
    }
}

/// Catches: a box that leaves room for its numbers or for the bar, but not for both.
#[test]
fn between_the_box_and_the_scale_bar_there_is_room_for_numbers() {
    for frame in &FRAMES[1..] {
        let scene = scene(boxes()[0], View::ISO, None);
        let marks = marks_of(&scene, frame);
        let (bar, label) = scale_bar(&marks, " Å").unwrap();
        let room = bar.min.y - plot_area(&scene.annotations, frame).max.y;
        let em = marks.iter().find_map(|mark| match &mark.shape {
            Shape::Text { text, font_size, .. } if text == label => Some(*font_size),
            _ => None,
        });
        assert!(room > 3.5 * em.unwrap(), "{frame:?}: {room}");
    }
}

#[test]
fn a_scale_bar_without_a_unit_is_a_number_and_in_nothing_there_is_none() {
    let frame = FRAMES[2];
    let mut scene = scene(boxes()[0], View::ISO, None);
    let camera = camera(&scene, &frame);
    let far = camera.at_distance(1e300);
    assert_eq!(scale_bar(&annotate(&scene, camera.at_distance(0.0), &frame), " Å"), None);
    assert!(
        annotate(&scene, far, &frame).iter().all(|m| !matches!(&m.shape, Shape::Text { text, .. } if text == "NaN Å"))
    );
    let lattice = Lattice::spanning(boxes()[0], [2, 2, 2]).unwrap();
    scene.grid = Arc::new(DensityGrid::new(lattice, vec![0.5; 8], None).unwrap());
    scene.annotations = Annotations { scale_bar: true, ..Annotations::default() };
    let marks = annotate(&scene, camera, &frame);
    assert_eq!(texts(&marks).iter().map(|(text, _)| *text).collect::<Vec<_>>(), ["2"]);
}

#[test]
fn letters_and_lines_take_the_colour_asked_for() {
    let mut scene = scene(boxes()[0], View::ISO, Some("Title"));
    scene.annotations.foreground = Some([0.2, 0.4, 0.6]);
    for mark in marks_of(&scene, &FRAMES[2]) {
        if let Shape::Text { ink, .. } = mark.shape {
            assert_eq!(ink.rgb, [0.2, 0.4, 0.6]);
        }
    }
}

#[test]
fn nothing_asked_for_nothing_drawn() {
    let frame = FRAMES[2];
    let annotations = Annotations { axes: false, colorbar: false, title: None, ..Annotations::default() };
    let scene = Scene { annotations, ..scene(boxes()[0], View::ISO, None) };
    assert_eq!(marks_of(&scene, &frame), []);
}

#[test]
fn a_camera_within_the_box_gives_finite_lines() {
    let frame = FRAMES[2];
    let focus = boxes()[0];
    let scene = scene(focus, View::ISO, None);
    for distance in [1e-3, 1.0, 3.0, 6.0, 7.0] {
        let inside = camera(&scene, &frame).at_distance(distance);
        for mark in annotate(&scene, inside, &frame) {
            if let Shape::Line { from, to, .. } = mark.shape {
                assert!(from.is_finite() && to.is_finite() && from.abs().max_element() < 1e4, "{from} {to}");
            }
        }
    }
}

#[test]
fn the_room_for_the_box_is_inside_and_not_too_small() {
    for frame in &FRAMES {
        for title in [None, Some(LONG_TITLE.to_owned())] {
            let all = Annotations { axes: true, colorbar: true, title, ..Annotations::default() };
            let area = plot_area(&all, frame);
            let size = DVec2::from(frame.size_in_points());
            assert!(Area { min: DVec2::ZERO, max: size }.contains(&area));
            assert!(area.size().cmpge(0.35 * size).all(), "{frame:?}: {area:?}");
        }
        let alone = plot_area(&Annotations::default(), frame);
        let shares = alone.size() / DVec2::from(frame.size_in_points());
        assert!((shares - 0.8).abs().max_element() < 1e-9, "{shares}");
    }
}

/// A heat map of some boxes without their z.
fn heatmap(focus: Box3, title: Option<&str>) -> HeatmapScene {
    let (min, max) = (focus.min.with_z(0.0), focus.max.with_z(1.0));
    let lattice = Lattice { shape: [2, 2, 1], ..Lattice::spanning(Box3 { min, max }, [2, 2, 2]).unwrap() };
    let layer = DensityGrid::new(lattice, vec![0.5; 4], Some(LengthUnit::Nanometre)).unwrap();
    let grid = Arc::new(PlaneGrid::from_layer(layer).unwrap());
    let mut scene = HeatmapScene::new(grid, Limits::Value(2.1e-5, 9.3e-5)).unwrap();
    scene.annotations.title = title.map(String::from);
    scene
}

/// Boxes of a plane, also flat strips.
fn plane_boxes() -> Vec<Box3> {
    let strip = |x, y| Box3 { min: DVec3::splat(-7.0), max: DVec3::new(x, y, 1.0) };
    boxes().into_iter().chain([strip(1e4, 3.0), strip(-6.0, 1e3), strip(1e7, -6.0)]).collect()
}

#[test]
fn a_heat_map_and_its_texts_stay_inside_and_apart() {
    for frame in &FRAMES {
        for focus in plane_boxes() {
            for title in [None, Some("Ubiquitin"), Some(LONG_TITLE)] {
                let scene = heatmap(focus, title);
                let (layout, marks) = (heatmap_layout(&scene, frame), annotate_heatmap(&scene, frame).all());
                let what = format!("{frame:?} {focus:?} {title:?}");
                check_texts(&marks, frame, &what);
                let [[x, y], [width, height]] = [layout.first, layout.pixels];
                assert!(width > 0 && height > 0 && x + width <= frame.size[0] && y + height <= frame.size[1], "{what}");
                let corner = |x: u32, y: u32| DVec2::new(f64::from(x), f64::from(y)) / frame.scale_factor;
                let picture = Area { min: corner(x, y), max: corner(x + width, y + height) };
                for (text, area) in texts(&marks) {
                    assert!(!area.overlaps(&picture), "{what}: {text} at {area:?} stands in {picture:?}");
                }
            }
        }
    }
}

#[test]
fn a_usual_heat_map_has_both_scales_a_bar_and_a_title() {
    let marks = annotate_heatmap(&heatmap(boxes()[4], Some("Ubiquitin")), &FRAMES[2]).all();
    let found: Vec<&str> = texts(&marks).into_iter().map(|(text, _)| text).collect();
    for wanted in ["x (nm)", "y (nm)", "Ubiquitin", "density", "(10⁻⁵/nm²)", "9", "−27000", "−23000"] {
        assert!(found.contains(&wanted), "{wanted} is not among {found:?}");
    }
    let upward = |mark: &Mark| matches!(&mark.shape, Shape::Text { upward: true, text, .. } if text == "y (nm)");
    assert!(marks.iter().any(upward));
    let columns = marks.iter().filter(|m| matches!(m.shape, Shape::Rows { .. })).count();
    assert_eq!(columns, 1, "nothing is see-through in a heat map");
}

#[test]
fn the_numbers_of_a_heat_map_stand_at_their_places() {
    for frame in &FRAMES[1..] {
        let scene = heatmap(Box3 { min: DVec3::new(-10.0, 100.0, 0.0), max: DVec3::new(30.0, 160.0, 1.0) }, None);
        let (layout, marks) = (heatmap_layout(&scene, frame), annotate_heatmap(&scene, frame).all());
        let [[left, top], [_, height]] = [layout.first, layout.pixels].map(|p| p.map(f64::from));
        let place = |text: &str| texts(&marks).into_iter().find(|(t, _)| *t == text).map(|(_, area)| area.center());
        let pixel = |x: f64, y: f64| {
            DVec2::new(left + (x + 10.0) / layout.pixel.x, top + height - (y - 100.0) / layout.pixel.y)
                / frame.scale_factor
        };
        let (x, y) = (place("20").unwrap(), place("120").unwrap());
        assert!((x.x - pixel(20.0, 0.0).x).abs() < 1.0, "{frame:?}: 20 at {x}, not {}", pixel(20.0, 0.0));
        assert!((y.y - pixel(0.0, 120.0).y).abs() < 1.0, "{frame:?}: 120 at {y}, not {}", pixel(0.0, 120.0));
    }
}

#[test]
fn a_heat_map_alone_fills_the_picture() {
    let frame = Frame { size: [200, 100], scale_factor: 1.0 };
    let strip = Box3 { min: DVec3::ZERO, max: DVec3::new(4.0, 2.0, 1.0) };
    let scene = HeatmapScene { annotations: Annotations::default(), ..heatmap(strip, None) };
    let layout = heatmap_layout(&scene, &frame);
    assert_eq!((layout.first, layout.pixels, layout.pixel), ([0, 0], [200, 100], DVec2::splat(0.02)));
    assert_eq!(annotate_heatmap(&scene, &frame).all(), []);
    assert_eq!(layout.place([0, 99]), DVec2::new(0.01, 0.01));
    let downward = HeatmapScene { y_downward: true, ..scene };
    assert_eq!(heatmap_layout(&downward, &frame).place([0, 99]), DVec2::new(0.01, 1.99));
}

/// Scales, second axis and counts in every frame: texts apart, each number at its place.
#[test]
fn every_scale_of_the_bar_has_its_numbers_in_place_and_apart() {
    for frame in &FRAMES {
        for (scale, limits) in [
            (Scale::Log, [3e-9, 8e-3]),
            (Scale::Log, [2e-5, 9e-5]),
            (Scale::Log, [0.3, 40.0]),
            (Scale::Sqrt, [0.0, 0.37]),
            (Scale::Linear, [2.1e-5, 9.3e-5]),
        ] {
            for quantity in [Quantity::Density, Quantity::Counts(5000.0)] {
                let mut scene = scene(boxes()[1], View::ISO, Some("Ubiquitin"));
                (scene.transfer.scale, scene.transfer.limits) = (scale, limits);
                (scene.annotations.quantity, scene.annotations.mass_axis) = (quantity, true);
                // Shares of the mass within the limits, and a long unit: counts of nanometres are written in 10ⁿ/µm³.
                let value = |i: i32| (limits[0] + (limits[1] - limits[0]) * (f64::from(i) / 27.0).powi(2)) as f32;
                let lattice = Lattice::spanning(boxes()[1], [3, 3, 3]).unwrap();
                let values = (0..27).map(value).collect();
                scene.grid = Arc::new(DensityGrid::new(lattice, values, Some(LengthUnit::Nanometre)).unwrap());
                let what = format!("{frame:?} {scale:?} {limits:?} {quantity:?}");
                check_texts(&marks_of(&scene, frame), frame, &what);
            }
        }
    }
}

/// Catches: numbers of another scale than the colours, counts not multiplied, decades left out.
#[test]
fn a_bar_of_powers_of_ten_has_them_at_equal_distances() {
    let mut scene = scene(boxes()[1], View::ISO, None);
    (scene.transfer.scale, scene.transfer.limits) = (Scale::Log, [1e-6, 1e-2]);
    scene.annotations.quantity = Quantity::Counts(1000.0);
    scene.annotations.axes = false;
    let marks = marks_of(&scene, &FRAMES[2]);
    let texts = texts(&marks);
    let at =
        |text: &str| texts.iter().find(|t| t.0 == text).unwrap_or_else(|| panic!("{text}: {texts:?}")).1.center().y;
    let distances = ["10⁰", "10¹", "10²", "10³", "10⁴"].map(at);
    let first = distances[0] - distances[1];
    assert!(first > 10.0 && distances.windows(2).all(|w| (w[0] - w[1] - first).abs() <= 2.0), "{distances:?}");
    at("counts");
}

/// Catches: an arrow for values that are not there.
#[test]
fn the_bar_of_a_heat_map_is_pointed_where_values_lie_beyond() {
    let corners = |limits: [f64; 2]| {
        let mut scene = heatmap(boxes()[4], None);
        scene.transfer.limits = limits;
        let marks = annotate_heatmap(&scene, &FRAMES[2]).all();
        let frames = marks.iter().filter_map(|m| match &m.shape {
            Shape::Polygon { corners, .. } if corners.len() > 3 => Some(corners.len()),
            _ => None,
        });
        frames.max().unwrap()
    };
    // Its values are all 0.5.
    assert_eq!([[0.0, 1.0], [0.0, 0.4], [0.6, 1.0], [0.5, 0.6]].map(corners), [4, 5, 5, 4]);
}

/// Catches: a scale bar under the legend, and an entry for a line that there is not.
#[test]
fn legend_and_scale_bar_take_corners_of_their_own() {
    let mut scene = heatmap(boxes()[4], None);
    let lattice = Lattice { shape: [21, 21, 1], origin: DVec3::ZERO, spacing: DVec3::ONE };
    let values = (0..21 * 21).map(|n| ((n % 21 + n / 21) as f32) / 20.0).collect();
    let values = DensityGrid::new(lattice, values, Some(LengthUnit::Nanometre)).unwrap();
    scene.grid = Arc::new(PlaneGrid::from_layer(values).unwrap());
    scene.annotations.scale_bar = true;
    scene.contours = Some(Contours::at(&[1.2, 7.0]));
    for (corner, is_left) in [(Corner::LowerLeft, false), (Corner::LowerRight, true), (Corner::UpperLeft, true)] {
        scene.legend = Some(corner);
        let frame = &FRAMES[2];
        let (layout, marks) = (heatmap_layout(&scene, frame), annotate_heatmap(&scene, frame));
        let found = texts(&marks.on_map);
        let middle = f64::from(layout.first[0] + layout.pixels[0] / 2) / frame.scale_factor;
        let (_, bar) = found.iter().find(|(text, _)| text.ends_with(" nm")).unwrap();
        assert_eq!(bar.center().x < middle, is_left, "{corner:?}");
        assert!(found.iter().any(|(text, _)| *text == "1.2") && !found.iter().any(|(text, _)| *text == "7"));
        let names = contour_names(&scene, frame);
        let place = names[0].expect("it has room");
        let value = scene.grid.linear((place - scene.grid.origin()) / scene.grid.spacing());
        assert!((value - 1.2).abs() < 0.05 && names[1].is_none(), "{value} {names:?}");
    }
}

/// Legends and bars of points in every frame: inside and apart, and a legend names what fits and counts the others.
#[test]
fn keys_of_points_stay_inside_and_apart() {
    for frame in &FRAMES {
        for (count, volume) in [(1, false), (3, true), (12, false), (80, true), (80, false)] {
            let mut scene = scene(boxes()[0], View::ISO, Some("Ubiquitin"));
            let categories = (0..count).map(|i| (format!("chain {i}"), [0.5; 3])).collect();
            let legend = PointColors::categories(&[0], categories);
            let map = Colormap::named("viridis").unwrap();
            let bar = PointColors::column(Arc::new(vec![3.0]), "a very long name of a column [nm]".into(), map);
            scene.volume = volume;
            for colors in [legend, bar] {
                let (positions, values) = (Arc::new(vec![DVec3::ZERO]), Arc::new(vec![0.5]));
                scene.points =
                    Some(PointLayer { colors: Some(colors), ..Look::Default.points(&scene, positions, values) });
                check_texts(&marks_of(&scene, frame), frame, &format!("{frame:?} {count} {volume}"));
            }
        }
    }
}

/// Catches: numbers of the bar dropped for the shares of the mass, room kept for shares that are not there, lines of the
/// heading that begin at different places, what has no room not told.
#[test]
fn shares_of_the_mass_give_way_first_and_stand_in_line() {
    let mut scene = scene(boxes()[0], View::ISO, None);
    (scene.annotations.mass_axis, scene.annotations.scale_bar) = (true, false);
    let levels: Vec<f32> = (0..8).map(|i| 2e-5 + 1e-5 * i as f32).collect();
    scene.grid = Arc::new(DensityGrid::new(scene.grid.lattice, levels, Some(LengthUnit::Angstrom)).unwrap());
    for (size, lacks, has_mass, has_numbers) in [
        ([800, 600], None, true, true),
        ([400, 300], None, true, true),
        ([300, 200], Some("the shares of the mass (--mass-axis)"), false, true),
        ([120, 90], Some("the numbers of the colour bar"), false, false),
        ([60, 30], Some("the colour bar"), false, false),
    ] {
        let frame = Frame { size, scale_factor: 1.0 };
        let marks = marks_of(&scene, &frame);
        let texts = texts(&marks);
        let find = |wanted: &str| texts.iter().find(|t| t.0.starts_with(wanted)).map(|t| t.1);
        assert_eq!(left_out(&scene, &frame), Vec::from_iter(lacks), "{size:?}");
        assert_eq!((find("mass").is_some(), find("density").is_some()), (has_mass, has_numbers), "{size:?}: {texts:?}");
        let shares = texts.iter().filter(|t| t.0.ends_with(" %")).count();
        assert_eq!(shares > 1, has_mass, "{size:?}: {texts:?}");
        if let (Some(name), Some(unit)) = (find("density"), find("(10")) {
            assert_eq!(name.min.x, unit.min.x, "{size:?}");
            assert!(find("mass").is_none_or(|mass| mass.max.y == unit.max.y), "{size:?}: {texts:?}");
        }
    }
    let room = |mass_axis: bool, size: [u32; 2]| {
        let annotations = Annotations { mass_axis, ..scene.annotations.clone() };
        plot_area(&annotations, &Frame { size, scale_factor: 1.0 }).max.x
    };
    assert!(room(true, [300, 200]) == room(false, [300, 200]) && room(true, [400, 300]) < room(false, [400, 300]));
}

/// Catches: a legend of long names that is left out, and one without room that nothing tells of.
#[test]
fn a_legend_of_long_names_is_cut_and_one_without_room_is_told() {
    let mut scene = scene(boxes()[0], View::ISO, None);
    let names = ["a chain that has a name of many words", "B"].map(|name| (name.to_owned(), [0.5; 3]));
    let layer = Look::Default.points(&scene, Arc::new(vec![DVec3::ZERO]), Arc::new(vec![0.5]));
    scene.points = Some(PointLayer { colors: Some(PointColors::categories(&[0], names.to_vec())), ..layer });
    scene.volume = false;
    for (size, is_cut, lacks) in
        [([1600, 1200], false, None), ([320, 240], true, None), ([60, 30], false, Some("the legend"))]
    {
        let frame = Frame { size, scale_factor: 1.0 };
        let marks = marks_of(&scene, &frame);
        let texts = texts(&marks);
        assert_eq!(texts.iter().any(|t| t.0.starts_with("a ch") && t.0.ends_with('…')), is_cut, "{size:?}: {texts:?}");
        assert_eq!(texts.iter().any(|t| t.0 == "B"), lacks.is_none(), "{size:?}: {texts:?}");
        assert_eq!(left_out(&scene, &frame), Vec::from_iter(lacks), "{size:?}");
        check_texts(&marks, &frame, &format!("{size:?}"));
    }
}
