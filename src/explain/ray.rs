//! A ray through the density, as the shader `march.wgsl` walks it.

use glam::DVec3;

use super::{Sample, extremes};
use crate::color::{LookupTable, OpacityCurve};
use crate::render::is_sharp;
use crate::scene::{Camera, Isosurface, Plane, Projection, Ray, SampleRule, Scene, VolumeMode};

/// Halvings by which a surface is found between two samples.
const HALVINGS: u32 = 40;

/// A ray within the density.
pub struct Walk<'a> {
    scene: &'a Scene,
    ray: Ray,
    /// Depths where it begins and ends.
    pub span: [f64; 2],
    /// Depths of the slices that it meets, the nearest first; one that covers all ends it.
    slices: Vec<f64>,
    /// Opacity of what slices and projections show.
    cover: OpacityCurve,
    /// Whether a slice ends it.
    pub is_cut: bool,
}

/// What a ray has seen.
#[derive(Default)]
pub struct Seen {
    pub profile: Vec<Sample>,
    /// Premultiplied display colour, and opacity.
    pub light: [f64; 4],
    pub half_opacity: Option<f64>,
    pub projected: Option<f64>,
    /// Depth and density.
    pub surfaces: Vec<(f64, f64)>,
    /// Depth and density.
    pub slice: Option<(f64, f64)>,
    /// Of surfaces and slices, depth and density of the one that shows most of itself, and the share of the pixel that it is.
    pub solid: Option<(f64, f64, f64)>,
    /// Of fog, the depth of the sample that shows most of itself, and its share.
    pub thickest: Option<(f64, f64)>,
}

impl Seen {
    /// A surface or a slice lies behind what is there.
    fn lay(&mut self, place: (f64, f64), look: [f64; 4], opacity: f64) {
        let share = add(&mut self.light, look, opacity);
        if share > self.solid.map_or(0.0, |solid| solid.2) {
            self.solid = Some((place.0, place.1, share));
        }
    }
}

impl<'a> Walk<'a> {
    /// The way of a ray in the density of a scene, at most to `end`; none if it misses it.
    pub fn new(scene: &'a Scene, camera: &Camera, ray: Ray, end: Option<f64>) -> Option<Self> {
        if !scene.volume {
            return None;
        }
        let bounds = scene.grid.lattice.bounds();
        let (mut near, mut far) = match camera.projection {
            Projection::Perspective { .. } => (0.0, f64::INFINITY),
            Projection::Orthographic { .. } => (f64::NEG_INFINITY, f64::INFINITY),
        };
        for plane in Plane::sides_of(bounds).iter().chain(&scene.clip) {
            let (at, towards) = meeting(&ray, plane);
            if towards { far = f64::min(far, at) } else { near = f64::max(near, at) }
        }
        let before_end = |at: &f64| (near..=far).contains(at) && end.is_none_or(|end| *at < end);
        let mut slices: Vec<f64> = scene.slices.iter().map(|plane| meeting(&ray, plane).0).filter(before_end).collect();
        slices.sort_by(f64::total_cmp);
        let far = far.min(end.unwrap_or(f64::INFINITY));
        let mut walk = Self { scene, ray, span: [near, far], slices, cover: scene.cover(), is_cut: false };
        if let Some(n) = walk.slices.iter().position(|at| walk.opacity_of_slice(*at) >= 1.0) {
            walk.slices.truncate(n + 1);
            walk.span[1] = walk.slices[n];
            walk.is_cut = true;
        }
        (near <= walk.span[1] && near.is_finite() && walk.span[1].is_finite()).then_some(walk)
    }

    fn density(&self, depth: f64) -> f64 {
        let lattice = &self.scene.grid.lattice;
        let place = self.ray.origin + depth * self.ray.direction;
        let index = (place - lattice.origin) / lattice.spacing;
        self.scene
            .quality
            .spline
            .as_ref()
            .map_or_else(|| self.scene.grid.interpolated(index), |spline| spline.at(index))
    }

    fn position(&self, density: f64) -> f64 {
        let position = self.scene.transfer.position(density);
        if position.is_nan() { 0.0 } else { position }
    }

    /// Colour and extinction of a density.
    fn look(&self, table: &LookupTable, density: f64) -> [f64; 4] {
        table.at(self.position(density)).map(f64::from)
    }

    fn opacity_of_slice(&self, depth: f64) -> f64 {
        f64::from(self.cover.at(self.position(self.density(depth))))
    }

    /// Where the steps of a part of the ray begin and end, and where each is sampled.
    fn steps(&self, [near, far]: [f64; 2]) -> Vec<(f64, f64, f64)> {
        let step = self.scene.sampling.step;
        let count = (far - near) / step;
        let midpoint = self.scene.sampling.rule == SampleRule::Midpoint;
        let count = if midpoint { count.ceil() } else { count.floor() } as usize;
        let at = |n: usize| if midpoint { (near + n as f64 * step).min(far) } else { near + n as f64 * step };
        let sample = |begin: f64, end: f64| if midpoint { 0.5 * (begin + end) } else { end };
        (0..count).map(|n| (at(n), at(n + 1))).map(|(begin, end)| (begin, end, sample(begin, end))).collect()
    }

    /// What is seen along it.
    pub fn seen(&self, table: &LookupTable) -> Seen {
        let (mut seen, mut depths) = (Seen::default(), Vec::new());
        let mut begin = self.span[0];
        for slice in self.slices.iter().copied().map(Some).chain([None]) {
            let end = slice.unwrap_or(self.span[1]);
            self.part([begin, end], table, &mut seen, &mut depths);
            if let Some(depth) = slice {
                let (density, opacity) = (self.density(depth), self.opacity_of_slice(depth));
                seen.slice = seen.slice.or((opacity > 0.0).then_some((depth, density)));
                seen.lay((depth, density), self.look(table, density), opacity);
                depths.push((depth, depth, -(1.0 - opacity.min(1.0 - 1e-12)).ln()));
            }
            begin = end;
        }
        if self.scene.mode == VolumeMode::Fog {
            seen.half_opacity = half(&depths, seen.light[3]);
        }
        seen
    }

    /// What is seen between slices.
    fn part(&self, span: [f64; 2], table: &LookupTable, seen: &mut Seen, depths: &mut Vec<(f64, f64, f64)>) {
        let steps = &self.steps(span)[..];
        if self.scene.mode == VolumeMode::Fog {
            return self.fog(steps, table, seen, depths);
        }
        seen.profile.extend(steps.iter().map(|s| Sample { depth: s.2, density: self.density(s.2), opacity: 0.0 }));
        match &self.scene.mode {
            VolumeMode::Isosurfaces(surfaces) => self.surfaces(span, surfaces, table, seen),
            VolumeMode::Slices | VolumeMode::Fog => {}
            _ if steps.is_empty() => {}
            mode => self.projection(mode, steps, table, seen),
        }
    }

    fn fog(&self, steps: &[(f64, f64, f64)], table: &LookupTable, seen: &mut Seen, depths: &mut Vec<(f64, f64, f64)>) {
        // Mayavi's rule has the value at the end of each step.
        let sharp = is_sharp(self.scene);
        let integrals = if sharp { table.integrals() } else { Vec::new() };
        for &(begin, end, middle) in steps {
            let density = self.density(middle);
            let look = match sharp {
                true => mean(table, &integrals, [begin, end].map(|at| self.position(self.density(at)))),
                false => self.look(table, density),
            };
            let depth = look[3] * (end - begin) / self.scene.transfer.reference_length;
            let share = add(&mut seen.light, look, 1.0 - (-depth).exp());
            if share > seen.thickest.map_or(0.0, |thickest| thickest.1) {
                seen.thickest = Some((middle, share));
            }
            seen.profile.push(Sample { depth: middle, density, opacity: seen.light[3] });
            depths.push((begin, end, depth));
        }
    }

    fn projection(&self, mode: &VolumeMode, steps: &[(f64, f64, f64)], table: &LookupTable, seen: &mut Seen) {
        let span = [steps[0].0, steps[steps.len() - 1].1];
        let samples = seen.profile[seen.profile.len() - steps.len()..].iter().map(|s| s.density);
        let lengths = steps.iter().map(|s| s.1 - s.0);
        let integral: f64 = std::iter::zip(samples, lengths).map(|(v, length)| v * length).sum();
        let shown = match mode {
            VolumeMode::Maximum => self.add_extreme(span, 1.0, &mut seen.profile),
            VolumeMode::Minimum => self.add_extreme(span, -1.0, &mut seen.profile),
            VolumeMode::Mean => integral / (span[1] - span[0]),
            _ => integral,
        };
        seen.projected = Some(shown);
        let position = self.position(shown);
        add(&mut seen.light, self.look(table, shown), f64::from(self.cover.at(position)));
    }

    /// Depth and value of the largest density of a part of the ray, or with `sign` -1 of the smallest.
    pub fn extreme(&self, span: [f64; 2], sign: f64) -> (f64, f64) {
        let (start, way) = self.in_nodes();
        let (depth, value) = extremes::largest(start, way, span, |depth| sign * self.density(depth));
        (depth, sign * value)
    }

    /// The same as a sample of the profile.
    fn add_extreme(&self, span: [f64; 2], sign: f64, profile: &mut Vec<Sample>) -> f64 {
        let (depth, density) = self.extreme(span, sign);
        let at = profile.partition_point(|sample| sample.depth < depth);
        profile.insert(at, Sample { depth, density, opacity: 0.0 });
        density
    }

    fn surfaces(&self, span: [f64; 2], surfaces: &[Isosurface], table: &LookupTable, seen: &mut Seen) {
        if span[1] <= span[0] {
            return;
        }
        let (start, way) = self.in_nodes();
        for [begin, end] in extremes::slopes(start, way, span, |depth| self.density(depth)) {
            let [from, to] = [begin, end].map(|at| self.density(at));
            let passed = |s: &&Isosurface| (from < s.level) != (to < s.level);
            let mut met: Vec<_> = surfaces.iter().filter(passed).collect();
            met.sort_by(|a, b| if to > from { a.level.total_cmp(&b.level) } else { b.level.total_cmp(&a.level) });
            for surface in met {
                let place = (self.meets(surface.level, begin, end), surface.level);
                seen.surfaces.push(place);
                seen.lay(place, self.look(table, surface.level), surface.opacity);
            }
        }
    }

    /// The node index where the ray begins, and its change by a unit of length.
    fn in_nodes(&self) -> (DVec3, DVec3) {
        let lattice = &self.scene.grid.lattice;
        ((self.ray.origin - lattice.origin) / lattice.spacing, self.ray.direction / lattice.spacing)
    }

    /// Where between two depths the density takes a value.
    fn meets(&self, level: f64, mut begin: f64, mut end: f64) -> f64 {
        let below = self.density(begin) < level;
        for _ in 0..HALVINGS {
            let middle = 0.5 * (begin + end);
            *(if (self.density(middle) < level) == below { &mut begin } else { &mut end }) = middle;
        }
        0.5 * (begin + end)
    }
}

/// Adds a layer of a colour behind what is there; its share of the pixel.
fn add(light: &mut [f64; 4], [r, g, b, _]: [f64; 4], opacity: f64) -> f64 {
    let share = (1.0 - light[3]) * opacity;
    for (light, color) in std::iter::zip(light, [r, g, b, 1.0]) {
        *light += share * color;
    }
    share
}

/// The mean look of a step on which the position in the limits runs from one place to another: extinction, and the colour as
/// it is emitted.
fn mean(table: &LookupTable, integrals: &[[f32; 4]], [from, to]: [f64; 2]) -> [f64; 4] {
    let parts = integrals.len() - 1;
    let middle = table.at(0.5 * (from + to)).map(f64::from);
    // Within a part or two the difference of the integrals is lost in rounding.
    if (to - from).abs() * (parts as f64) < 2.0 {
        return middle;
    }
    let integral_to = |t: f64| {
        let x = t * parts as f64;
        let part = (x as usize).min(parts - 1);
        let [a, b] = [integrals[part], integrals[part + 1]];
        [0, 1, 2, 3].map(|c| f64::from(a[c]) + f64::from(b[c] - a[c]) * (x - part as f64))
    };
    let [begin, end] = [from, to].map(integral_to);
    let [r, g, b, extinction] = [0, 1, 2, 3].map(|c| (end[c] - begin[c]) / (to - from));
    if extinction > 0.0 {
        [r / extinction, g / extinction, b / extinction, extinction]
    } else {
        [middle[0], middle[1], middle[2], 0.0]
    }
}

/// Where half of an opacity is reached, in steps with their optical depths.
fn half(steps: &[(f64, f64, f64)], opacity: f64) -> Option<f64> {
    let wanted = -(1.0 - 0.5 * opacity).ln();
    let mut depth = 0.0;
    for &(begin, end, more) in steps {
        if more > 0.0 && depth + more >= wanted {
            return Some(begin + (end - begin) * (wanted - depth) / more);
        }
        depth += more;
    }
    None
}

/// Where a ray meets a plane, and whether it comes to the side that the normal points to. One that is parallel to it meets it
/// far ahead if it is on the other side, far behind if not.
fn meeting(ray: &Ray, plane: &Plane) -> (f64, bool) {
    let normal = plane.normal.normalize();
    let along = ray.direction.dot(normal);
    let speed = if along.abs() < 1e-12 { 1e-12 } else { along };
    ((plane.point - ray.origin).dot(normal) / speed, speed > 0.0)
}
