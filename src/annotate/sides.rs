//! Which faces of the drawn box are seen from the front, and where its edges are in the picture.

use glam::{DVec2, DVec3};

use super::Area;
use crate::geometry::Box3;
use crate::scene::{Camera, Frame, Projection};

/// The drawn box as a camera sees it.
pub struct Sides {
    bounds: Box3,
    camera: Camera,
    frame: Frame,
    /// `facing[axis][side]`: whether the face on this side (0 minimum, 1 maximum) shows its outside.
    facing: [[bool; 2]; 3],
}

/// An edge of the box along `axis`, at the minimum (0) or maximum (1) of the two axes that follow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// 0, 1, 2 for x, y, z.
    pub axis: usize,
    /// Sides of the axes `axis + 1` and `axis + 2`, modulo 3.
    pub sides: [usize; 2],
}

/// How an edge is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgeKind {
    /// Between two faces seen from inside.
    Back,
    /// Part of the outline of the box.
    Outline,
    /// Between two faces seen from outside.
    Front,
}

impl Sides {
    /// The box before the camera.
    pub fn new(bounds: Box3, camera: Camera, frame: Frame) -> Self {
        let axes = camera.axes();
        let facing = [0, 1, 2].map(|axis| {
            [0, 1].map(|side| {
                let sign = if side == 1 { 1.0 } else { -1.0 };
                let (towards_eye, scale) = match camera.projection {
                    Projection::Perspective { .. } => {
                        (camera.position[axis] - at(bounds, axis, side), bounds.diagonal())
                    }
                    Projection::Orthographic { .. } => (-axes.forward[axis], 1.0),
                };
                // A face seen edge-on counts as seen from inside.
                sign * towards_eye > 1e-9 * scale
            })
        });
        Self { bounds, camera, frame, facing }
    }

    /// The range of the box along an axis.
    pub fn range(&self, axis: usize) -> [f64; 2] {
        [self.bounds.min[axis], self.bounds.max[axis]]
    }

    /// All twelve edges.
    pub fn edges() -> impl Iterator<Item = Edge> {
        (0..12).map(|i| Edge { axis: i / 4, sides: [i & 1, i >> 1 & 1] })
    }

    /// How an edge is seen.
    pub fn kind(&self, edge: Edge) -> EdgeKind {
        let [b, c] = following(edge.axis);
        match (self.facing[b][edge.sides[0]], self.facing[c][edge.sides[1]]) {
            (false, false) => EdgeKind::Back,
            (true, true) => EdgeKind::Front,
            _ => EdgeKind::Outline,
        }
    }

    /// The faces (axis, side) that are seen from inside.
    pub fn back_faces(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..6).map(|i| (i / 2, i % 2)).filter(|&(axis, side)| !self.facing[axis][side])
    }

    /// The point of an edge with this coordinate along its axis.
    pub fn point(&self, edge: Edge, value: f64) -> DVec3 {
        let [b, c] = following(edge.axis);
        let mut p = DVec3::ZERO;
        p[edge.axis] = value;
        p[b] = at(self.bounds, b, edge.sides[0]);
        p[c] = at(self.bounds, c, edge.sides[1]);
        p
    }

    /// The line across the face (axis, side) where `along` has this value, in space.
    pub fn line_across(&self, (axis, side): (usize, usize), along: usize, value: f64) -> [DVec3; 2] {
        [self.bounds.min, self.bounds.max].map(|mut p| {
            p[axis] = at(self.bounds, axis, side);
            p[along] = value;
            p
        })
    }

    /// Where a point appears, in points; `None` behind the camera.
    pub fn project(&self, point: DVec3) -> Option<DVec2> {
        let depth = (point - self.camera.position).dot(self.camera.axes().forward);
        let perspective = matches!(self.camera.projection, Projection::Perspective { .. });
        if perspective && depth < self.nearest() {
            return None;
        }
        self.camera.project(point, self.frame.size).map(|p| p / self.frame.scale_factor)
    }

    /// The visible part of a straight line, in points.
    pub fn project_line(&self, [from, to]: [DVec3; 2]) -> Option<[DVec2; 2]> {
        let forward = self.camera.axes().forward;
        let depth = |p: DVec3| (p - self.camera.position).dot(forward) - 1.001 * self.nearest();
        let (mut from, mut to) = (from, to);
        if matches!(self.camera.projection, Projection::Perspective { .. }) {
            let (a, b) = (depth(from), depth(to));
            if a < 0.0 && b < 0.0 {
                return None;
            }
            let crossing = from + (to - from) * (a / (a - b));
            if a < 0.0 {
                from = crossing;
            } else if b < 0.0 {
                to = crossing;
            }
        }
        let size = DVec2::from(self.frame.size_in_points());
        let [from, to] = [self.project(from)?, self.project(to)?];
        let shares = Area { min: DVec2::ZERO, max: size }.grown(8.0).shares_of([from, to])?;
        Some(shares.map(|share| from.lerp(to, share)))
    }

    /// Depth in front of a perspective camera that lines are cut at.
    fn nearest(&self) -> f64 {
        1e-4 * self.camera.distance()
    }
}

/// The two axes that follow `axis`.
fn following(axis: usize) -> [usize; 2] {
    [(axis + 1) % 3, (axis + 2) % 3]
}

fn at(bounds: Box3, axis: usize, side: usize) -> f64 {
    if side == 1 { bounds.max[axis] } else { bounds.min[axis] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::{View, Window};

    const BOX: Box3 = Box3 { min: DVec3::ZERO, max: DVec3::ONE };
    const FRAME: Frame = Frame { size: [400, 300], scale_factor: 1.0 };

    fn count(camera: Camera, kind: EdgeKind) -> usize {
        let sides = Sides::new(BOX, camera, FRAME);
        Sides::edges().filter(|&e| sides.kind(e) == kind).count()
    }

    #[test]
    fn a_corner_view_shows_three_back_six_outline_and_three_front_edges() {
        let iso = Camera::fitting(BOX, View::ISO, Window::middle(4.0 / 3.0));
        for camera in [iso, iso.orthographic()] {
            assert_eq!([EdgeKind::Back, EdgeKind::Outline, EdgeKind::Front].map(|k| count(camera, k)), [3, 6, 3]);
        }
    }

    #[test]
    fn a_face_view_is_outlined_by_the_edges_of_the_near_face() {
        let x = Camera::fitting(BOX, View::X, Window::middle(4.0 / 3.0));
        for camera in [x, x.orthographic()] {
            let sides = Sides::new(BOX, camera, FRAME);
            let outline: Vec<Edge> = Sides::edges().filter(|&e| sides.kind(e) == EdgeKind::Outline).collect();
            assert_eq!(outline.len(), 4);
            assert!(outline.iter().all(|&e| e.axis != 0 && sides.point(e, 0.5).x == 1.0));
        }
    }

    #[test]
    fn lines_are_cut_behind_the_camera_and_outside_the_picture() {
        let camera = Camera::fitting(BOX, View::X, Window::middle(4.0 / 3.0));
        let sides = Sides::new(BOX, camera, FRAME);
        let through = sides.project_line([DVec3::new(-9.0, 0.6, 0.6), DVec3::new(99.0, 0.6, 0.6)]).unwrap();
        assert!(through.iter().all(|p| p.is_finite() && p.x > -9.0 && p.x < 409.0));
        assert_eq!(sides.project_line([DVec3::new(50.0, 0.0, 0.0), DVec3::new(60.0, 0.0, 0.0)]), None);
    }
}
