//! Every axis of a box, however flat, has numbers where they fit.

use super::*;
use crate::annotate::plot_area;
use crate::geometry::Box3;
use crate::scene::{Annotations, Background, View, Window};

const FRAMES: [[u32; 2]; 4] = [[320, 240], [400, 300], [800, 600], [1920, 1080]];

fn scales_of(bounds: Box3, view: View, size: [u32; 2], mass_axis: bool) -> Vec<Scale> {
    let frame = Frame { size, scale_factor: 1.0 };
    let annotations = Annotations { axes: true, colorbar: true, mass_axis, ..Annotations::default() };
    let (area, [width, height]) = (plot_area(&annotations, &frame), frame.size_in_points());
    let from_center = area.center() - 0.5 * DVec2::new(width, height);
    let window = Window { center: from_center * DVec2::new(1.0, -1.0) / height, size: area.size() / height };
    let camera = Camera::fitting(bounds, view, window);
    let mut page = Page::new(Background::DARK, [1.0; 3], &frame);
    let scales = scales(&mut page, &Sides::new(bounds, camera, frame), bounds.center(), Some(LengthUnit::Angstrom));
    for (i, (text, area)) in scales.iter().flat_map(|s| &s.numbers).enumerate() {
        let others = scales.iter().flat_map(|s| &s.numbers).take(i);
        others.for_each(|(other, place)| assert!(!area.overlaps(place), "{size:?}: {text} covers {other}"));
    }
    scales
}

fn bounds(min: [f64; 3], max: [f64; 3]) -> Box3 {
    Box3 { min: min.into(), max: max.into() }
}

/// Boxes of real files: a thin crystal, a cell on a cover glass, five blobs, a bacterium, proteins, a grid from 0.
fn real_boxes() -> Vec<Box3> {
    vec![
        bounds([-9.4, -4.71, 0.0], [10.1, 4.71, 32.9]),
        bounds([23154.0, 17644.0, -340.0], [27760.0, 22310.0, 264.0]),
        bounds([119.0, 119.0, 119.0], [900.0, 900.0, 950.0]),
        bounds([8286.0, 10714.0, -531.0], [11173.0, 15306.0, 435.0]),
        bounds([11.9, 12.8, -1.2], [44.7, 45.1, 35.9]),
        bounds([0.0, 0.0, 0.0], [29.0, 29.0, 29.0]),
        bounds([-2500.0, -2400.0, -750.0], [2400.0, 2500.0, 720.0]),
    ]
}

/// Catches: an axis whose round numbers do not fit left without any (an edge of 3 em from -4.7 to 4.7).
#[test]
fn every_axis_of_real_boxes_has_two_numbers() {
    for bounds in real_boxes() {
        for (size, mass_axis) in FRAMES.into_iter().flat_map(|size| [(size, false), (size, true)]) {
            let scales = scales_of(bounds, View::ISO, size, mass_axis);
            // An edge of less than two letters has no room.
            assert!(scales.len() == 3 || size[0] < 400, "{bounds:?} {size:?}");
            for scale in scales {
                let numbers: Vec<&str> = scale.numbers.iter().map(|(text, _)| text.as_str()).collect();
                assert!(numbers.len() >= 2, "{bounds:?} {size:?}: axis {} has {numbers:?}", scale.axis);
            }
        }
    }
}

/// Catches: two numbers of a short edge that are the same, in the wrong order, or not those of their ticks.
#[test]
fn the_two_numbers_of_a_short_edge_stand_at_their_values() {
    let thin = real_boxes()[0];
    let scale = scales_of(thin, View::ISO, [800, 600], false).into_iter().find(|s| s.axis == 1).unwrap();
    let numbers: Vec<f64> = scale.numbers.iter().map(|(text, _)| text.replace('−', "-").parse().unwrap()).collect();
    assert_eq!(numbers, scale.values);
    assert!(numbers[0] >= thin.min.y && numbers[0] < numbers[1] && numbers[1] <= thin.max.y, "{numbers:?}");
    let share = |value: f64| (value - thin.min.y) / (thin.max.y - thin.min.y);
    for (value, tick) in std::iter::zip(&scale.values, &scale.ticks) {
        // In perspective a tick is near where it would be on a straight scale.
        let straight = scale.ends[0].lerp(scale.ends[1], share(*value));
        assert!(straight.distance(*tick) < 0.05 * scale.ends[0].distance(scale.ends[1]), "{value}: {tick}");
    }
}
