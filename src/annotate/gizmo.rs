//! The directions of the three axes, as a triad in a corner.

use glam::{DVec2, DVec3};

use super::page::Page;
use super::{Area, Ink, Shape};
use crate::color::Rgb;
use crate::scene::Camera;

/// Length of an arm that lies in the picture, in em.
const ARM: f64 = 1.7;
/// From the end of an arm to the middle of its letter, in em.
const LETTER: f64 = 0.6;
/// Half the side of the square that it takes, in em.
const HALF: f64 = 2.9;
/// From the edges of the picture to that square, in em.
const MARGIN: f64 = 0.5;
/// Thickness of the arms, in lines.
const THICKNESS: f64 = 2.0;
/// An arm that appears shorter than this share of its length points at the eye or away from it, and has no letter.
const LEAST_SHARE: f64 = 0.2;
/// Red, green and blue that are seen on black and on white.
const COLORS: [Rgb; 3] = [[0.85, 0.30, 0.28], [0.26, 0.62, 0.32], [0.28, 0.50, 0.88]];

/// Draws it in the first free corner: lower left, above what stands there, lower right, upper left. Whether there is one.
pub fn draw(page: &mut Page, camera: Camera) -> bool {
    let half = HALF * page.em;
    let edge = half + MARGIN * page.em;
    let DVec2 { x: right, y: bottom } = page.size - edge;
    let centers = [[edge, bottom], [edge, bottom - half], [right, bottom], [edge, edge], [edge, edge + half]];
    let areas = centers.map(|center| Area::around(center.into(), DVec2::splat(2.0 * half)));
    let Some(area) = areas.into_iter().find(|area| page.is_free(area)) else { return false };
    draw_arms(page, camera, area.center());
    page.take(area);
    true
}

fn draw_arms(page: &mut Page, camera: Camera, center: DVec2) {
    let axes = camera.axes();
    let mut arms = [0, 1, 2];
    // What points at the eye is drawn last.
    arms.sort_by(|&a, &b| axes.forward[b].total_cmp(&axes.forward[a]));
    let mut letters: Vec<Area> = Vec::new();
    for arm in arms {
        let direction = DVec3::AXES[arm];
        let along = DVec2::new(direction.dot(axes.right), -direction.dot(axes.up));
        let tip = center + along * ARM * page.em;
        let ink = Ink { rgb: COLORS[arm], alpha: 1.0 };
        page.front(Shape::Line { from: center, to: tip, width: THICKNESS * page.line, ink });
        let text = ["x", "y", "z"][arm];
        let size = page.text_size(text, page.em);
        let area = Area::around(tip + along.normalize_or_zero() * LETTER * page.em, size);
        if along.length() >= LEAST_SHARE && !letters.iter().any(|other| other.overlaps(&area)) {
            page.write(text.into(), area, page.em);
            letters.push(area);
        }
    }
}
