//! The clip box in the picture: its edges, and a handle in the middle of each side that is dragged along its axis.

use egui::{Color32, CursorIcon, PointerButton, Pos2, Response, Stroke, Ui, Vec2};
use glam::DVec3;

use super::drag::Move;
use super::model::Model;
use super::session::numbers;
use super::style::ACCENT;
use crate::geometry::Box3;

/// A handle within so many points of the cursor is taken.
const REACH: f32 = 11.0;
/// Its radius in points.
const RADIUS: f32 = 6.0;
/// Sides come no nearer to one another than this share of the grid's.
pub const THINNEST: f64 = 1e-3;

/// A side of a box: the axis, and whether it is the upper one.
pub type Side = (usize, bool);

const SIDES: [Side; 6] = [(0, false), (0, true), (1, false), (1, true), (2, false), (2, true)];

/// The middle of a side.
fn middle(b: Box3, (axis, is_upper): Side) -> DVec3 {
    let mut at = b.center();
    at[axis] = if is_upper { b.max[axis] } else { b.min[axis] };
    at
}

/// A box with a side moved along its axis, within `room` and not through the other side.
fn moved(mut b: Box3, (axis, is_upper): Side, by: f64, room: Box3) -> Box3 {
    let least = THINNEST * (room.max[axis] - room.min[axis]);
    if is_upper {
        b.max[axis] = (b.max[axis] + by).min(room.max[axis]).max(b.min[axis] + least);
    } else {
        b.min[axis] = (b.min[axis] + by).max(room.min[axis]).min(b.max[axis] - least);
    }
    b
}

/// The option of a box.
pub fn text_of(b: Box3) -> String {
    numbers(&[b.min.x, b.max.x, b.min.y, b.max.y, b.min.z, b.max.z])
}

/// Draws the box, and moves a side that is dragged: its movements are taken out of all. Whether the hand is at a handle: a
/// click does nothing else then.
pub fn show(model: &mut Model, ui: &Ui, response: &Response, moves: &mut Vec<Move>) -> bool {
    let Some(clip) = model.session.wanted().scene().cuts.clip else { return false };
    edges(model, ui, clip);
    let places = SIDES.map(|side| model.project(middle(clip, side)));
    let near = |at: Pos2| {
        let distance = |i: usize| places[i].map_or(f32::INFINITY, |p| p.distance(at));
        (0..6).filter(|i| distance(*i) < REACH).min_by(|a, b| distance(*a).total_cmp(&distance(*b))).map(|i| SIDES[i])
    };
    moves.retain(|step| {
        let is_ours = step.button == PointerButton::Primary && !step.modifiers.any();
        if is_ours && step.is_first() {
            model.ui.dragged_side = near(step.origin);
        }
        let held = model.ui.dragged_side.filter(|_| is_ours);
        if let (Some(side), Some(clip)) = (held, model.session.wanted().scene().cuts.clip) {
            drag(model, clip, side, step.by());
        }
        held.is_none()
    });
    let held = model.ui.dragged_side;
    let hovered = held.or(response.hover_pos().and_then(near));
    if model.ui.press.is_none() {
        model.ui.dragged_side = None;
    }
    for (side, place) in std::iter::zip(SIDES, places) {
        let Some(place) = place else { continue };
        let fill = if hovered == Some(side) { ACCENT } else { Color32::WHITE };
        ui.painter().circle(place, RADIUS, fill, Stroke::new(1.5, Color32::BLACK));
    }
    if hovered.is_some() {
        ui.ctx().set_cursor_icon(CursorIcon::Grab);
    }
    let is_pressed = ui.input(|i| i.pointer.any_down());
    held.is_some() || (hovered.is_some() && !is_pressed)
}

/// Moves a side by a drag, as far as it appears to follow the hand.
fn drag(model: &mut Model, clip: Box3, side: Side, by: Vec2) {
    let Some(room) = model.content.as_ref().map(|c| c.grid.lattice.bounds()) else { return };
    let at = middle(clip, side);
    let step = 1e-3 * room.diagonal();
    let mut next = at;
    next[side.0] += step;
    let (Some(from), Some(to)) = (model.project(at), model.project(next)) else { return };
    let along = to - from;
    // Seen from the end, an axis has no length to be dragged along.
    if along.length_sq() < 1e-4 {
        return;
    }
    let by = f64::from(by.dot(along) / along.length_sq()) * step;
    let clip = moved(clip, side, by, room);
    model.edit("clip", |options| options.set("clip", Some(text_of(clip))));
}

fn edges(model: &Model, ui: &Ui, b: Box3) {
    let corners = b.corners();
    for (from, axis) in (0..8).flat_map(|i| (0..3).map(move |axis| (i, axis))).filter(|(i, axis)| i >> axis & 1 == 0) {
        if let (Some(a), Some(b)) = (model.project(corners[from]), model.project(corners[from | 1 << axis])) {
            ui.painter().line_segment([a, b], Stroke::new(1.0, ACCENT.gamma_multiply(0.8)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_stay_in_the_grid_and_apart() {
        let room = Box3 { min: DVec3::ZERO, max: DVec3::splat(10.0) };
        assert_eq!(moved(room, (0, true), -4.0, room).max.x, 6.0);
        assert_eq!(moved(room, (1, false), -4.0, room).min.y, 0.0);
        assert_eq!(moved(room, (2, true), 4.0, room).max.z, 10.0);
        assert_eq!(moved(room, (2, true), -40.0, room).max.z, 0.01);
        assert_eq!(moved(room, (2, false), 40.0, room).min.z, 9.99);
        assert_eq!(middle(room, (1, true)), DVec3::new(5.0, 10.0, 5.0));
    }
}
