//! Dots at places of the data, each with its words beside it.

use glam::DVec2;

use super::legend_box::corners;
use super::page::Page;
use super::{Area, Shape};
use crate::scene::{Camera, Frame, Label};

/// Radius of a dot, in em.
const RADIUS: f64 = 0.28;
/// Width of the ring around it, in em.
const RING: f64 = 0.12;
/// From the middle of the dot to the ground of the words, in em.
const GAP: f64 = 0.8;
/// From the edge of that ground to the letters, in em.
const MARGIN: f64 = 0.35;
/// How much of what lies behind the words they hide.
const GROUND: f32 = 0.75;
/// Where words stand, from the dot: the first of these directions in which they have room, x towards the nearer side of the
/// picture, as what is looked at is in its middle.
const SIDES: [DVec2; 8] = [
    DVec2::new(1.0, 0.0),
    DVec2::new(-1.0, 0.0),
    DVec2::new(0.0, -1.0),
    DVec2::new(0.0, 1.0),
    DVec2::new(1.0, -1.0),
    DVec2::new(1.0, 1.0),
    DVec2::new(-1.0, -1.0),
    DVec2::new(-1.0, 1.0),
];

/// Draws them: a dot that is in the picture always, its words where they have room. Which words have none.
pub fn draw(page: &mut Page, labels: &[Label], camera: Camera, frame: &Frame) -> Option<String> {
    let whole = Area { min: DVec2::ZERO, max: page.size };
    let place = |label: &Label| Some(camera.project(label.position, frame.size)? / frame.scale_factor);
    let is_inside = |at: &DVec2| at.cmpge(whole.min).all() && at.cmple(whole.max).all();
    let placed: Vec<(DVec2, &Label)> =
        labels.iter().filter_map(|label| Some((place(label).filter(is_inside)?, label))).collect();
    for (at, _) in &placed {
        dot(page, *at);
    }
    let lacking: Vec<&str> = placed
        .into_iter()
        .filter(|(at, label)| !words(page, *at, &label.text))
        .map(|(_, label)| &*label.text)
        .collect();
    told(&lacking)
}

/// So many labels are named where their words have no room.
const MOST_NAMED: usize = 3;

fn told(lacking: &[&str]) -> Option<String> {
    let named: Vec<String> =
        lacking.iter().take(MOST_NAMED).map(|text| format!("`{}`", text.replace('\n', " "))).collect();
    let more = lacking.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!lacking.is_empty()).then(|| format!("the words of --label {}{more}", named.join(", ")))
}

fn dot(page: &mut Page, center: DVec2) {
    let em = page.em;
    for (radius, ink) in [(RADIUS + RING, page.ground(1.0)), (RADIUS, page.ink(1.0))] {
        page.front(Shape::Disc { center, radius: radius * em, ink });
    }
    page.take(Area::around(center, DVec2::splat(2.0 * RADIUS * em)));
}

/// Writes the words of the dot at a place; whether there is room.
fn words(page: &mut Page, at: DVec2, text: &str) -> bool {
    let em = page.em;
    let lines: Vec<(&str, DVec2)> = text.lines().map(|line| (line, page.text_size(line, em))).collect();
    if lines.is_empty() {
        return true;
    }
    let letters = lines.iter().fold(DVec2::ZERO, |all, (_, size)| DVec2::new(all.x.max(size.x), all.y + size.y));
    let size = letters + 2.0 * MARGIN * em;
    let outward = DVec2::new(if at.x < 0.5 * page.size.x { -1.0 } else { 1.0 }, 1.0);
    let grounds = SIDES.map(|side| side * outward).map(|side| {
        let ground = Area::around(at + side * (0.5 * size + GAP * em), size);
        let min = DVec2::new(page.snap(ground.min.x), page.snap(ground.min.y));
        Area { min, max: min + size }
    });
    let Some(ground) = grounds.into_iter().find(|ground| page.is_free_by(ground, 0.0)) else { return false };
    let ink = page.ground(GROUND);
    page.front(Shape::Polygon { corners: corners(&ground), ink });
    let mut min = ground.min + MARGIN * em;
    for (line, size) in lines {
        page.write(line.to_owned(), Area { min, max: min + size }, em);
        min.y += size.y;
    }
    page.take(ground);
    true
}
