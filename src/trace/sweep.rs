//! A cross-section that is led along a curve.

use glam::DVec3;

use super::mesh::Mesh;

/// A cross-section: `|x / a|^p + |y / b|^p = 1` along two axes, an ellipse where the power `p` is 2, more like a rectangle where
/// it is larger.
#[derive(Debug, Clone, Copy)]
pub struct Station {
    /// Its middle.
    pub center: DVec3,
    /// Along the curve, as the next two of length 1 and at right angles to them.
    pub forward: DVec3,
    /// The axis of the half width.
    pub side: DVec3,
    /// Half the width along `side`, half the thickness across.
    pub half: [f64; 2],
    /// The power.
    pub power: f64,
    /// The sine of the angle that normals lean forward by: 1 faces forward.
    pub lean: f64,
    /// The number of the atom whose it is.
    pub atom: usize,
}

impl Station {
    /// A round one.
    pub fn round(center: DVec3, forward: DVec3, side: DVec3, radius: f64, atom: usize) -> Self {
        Self { center, forward, side, half: [radius; 2], power: 2.0, lean: 0.0, atom }
    }

    fn corner(&self, turn: f64) -> (DVec3, DVec3) {
        let up = self.forward.cross(self.side);
        let (sin, cos) = turn.sin_cos();
        let power = |v: f64, p: f64| v.signum() * v.abs().powf(p);
        let [x, y] = [cos, sin].map(|v| power(v, 2.0 / self.power));
        let [nx, ny] = [cos, sin].map(|v| power(v, 2.0 - 2.0 / self.power));
        let place = self.center + self.side * (x * self.half[0]) + up * (y * self.half[1]);
        // Across, not divided by, the half lengths: they may be 0.
        let outward =
            (self.side * (nx * self.half[1]) + up * (ny * self.half[0])).normalize_or(self.side * cos + up * sin);
        (place, outward * (1.0 - self.lean * self.lean).max(0.0).sqrt() + self.forward * self.lean)
    }
}

/// Rounds off the beginning or the end of a tube: stations that shrink to a point, in the order of the curve.
pub fn cap(end: &Station, is_last: bool, rings: usize) -> Vec<Station> {
    let sign = if is_last { 1.0 } else { -1.0 };
    let shrunk = |k: usize| {
        let lean = k as f64 / rings as f64;
        let (sin, cos) = (lean * std::f64::consts::FRAC_PI_2).sin_cos();
        let least = end.half[0].min(end.half[1]);
        let center = end.center + end.forward * (sign * sin * least);
        let half = if k == rings { [0.0; 2] } else { end.half.map(|h| h - least + least * cos) };
        Station { center, half, lean: sign * sin, ..*end }
    };
    let all = (1..=rings).map(shrunk);
    if is_last { all.collect() } else { all.rev().collect() }
}

/// Appends the surface through these stations, of so many sides.
pub fn sweep(mesh: &mut Mesh, stations: &[Station], sides: usize) {
    let mut before: Option<u32> = None;
    for station in stations {
        let first = mesh.vertices.len() as u32;
        for k in 0..sides {
            let (place, normal) = station.corner(std::f64::consts::TAU * k as f64 / sides as f64);
            mesh.push(place, normal, station.atom as u32);
        }
        if let Some(last) = before {
            for k in 0..sides as u32 {
                let next = (k + 1) % sides as u32;
                mesh.join([last + k, last + next, first + next]);
                mesh.join([last + k, first + next, first + k]);
            }
        }
        before = Some(first);
    }
}

/// A unit vector at right angles to another.
pub fn any_side(forward: DVec3) -> DVec3 {
    forward.any_orthonormal_vector()
}

/// Leads `side` from one place of a curve to the next without turning it about the curve (Wang, Jüttler, Zheng and Liu 2008,
/// "Computation of rotation minimizing frames", the double reflection method).
pub fn transported(side: DVec3, from: (DVec3, DVec3), to: (DVec3, DVec3)) -> DVec3 {
    let reflected = |v: DVec3, across: DVec3| {
        let square = across.length_squared();
        if square > 0.0 { v - across * (2.0 * across.dot(v) / square) } else { v }
    };
    let step = to.0 - from.0;
    let (once, forward) = (reflected(side, step), reflected(from.1, step));
    let led = reflected(once, to.1 - forward);
    (led - to.1 * led.dot(to.1)).normalize_or(any_side(to.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(mesh: &Mesh) -> f64 {
        let part = |t: &[u32; 3]| {
            let [a, b, c] = t.map(|i| mesh.vertices[i as usize]);
            a.dot(b.cross(c)) / 6.0
        };
        mesh.triangles.iter().map(part).sum()
    }

    /// A straight tube with rounded ends. Catches: triangles turned round or left out, caps that do not close or bulge inward,
    /// normals that do not point outward.
    #[test]
    fn a_capped_tube_is_closed_and_has_the_volume_of_one() {
        let (radius, length, sides) = (0.5, 3.0, 64);
        let at = |x: f64| Station::round(DVec3::new(x, 1.0, 2.0), DVec3::X, DVec3::Y, radius, 7);
        let ends = [at(0.0), at(length)];
        let stations = [cap(&ends[0], false, 16), ends.to_vec(), cap(&ends[1], true, 16)].concat();
        let mut mesh = Mesh::default();
        sweep(&mut mesh, &stations, sides);
        let expected = std::f64::consts::PI * radius * radius * (length + 4.0 / 3.0 * radius);
        assert!((volume(&mesh) / expected - 1.0).abs() < 5e-3, "{} {expected}", volume(&mesh));
        for (vertex, normal) in std::iter::zip(&mesh.vertices, &mesh.normals) {
            let axis = DVec3::new(vertex.x.clamp(0.0, length), 1.0, 2.0);
            assert!((vertex.distance(axis) - radius).abs() < 1e-12);
            assert!(normal.distance((*vertex - axis) / radius) < 1e-9, "{vertex} {normal}");
        }
    }

    /// Catches: a frame that turns along the way.
    #[test]
    fn frames_are_led_round_a_circle_without_turning() {
        let at = |t: f64| (DVec3::new(t.cos(), t.sin(), 0.0), DVec3::new(-t.sin(), t.cos(), 0.0));
        let mut side = DVec3::new(0.6, 0.0, 0.8);
        for k in 0..100 {
            side = transported(side, at(f64::from(k) * 0.02), at(f64::from(k + 1) * 0.02));
        }
        let (sin, cos) = 2f64.sin_cos();
        assert!(side.distance(DVec3::new(0.6 * cos, 0.6 * sin, 0.8)) < 1e-6, "{side}");
    }
}
