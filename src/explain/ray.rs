//! A ray through the densities of a scene, as the shader `march.wgsl` walks it.

use glam::DVec3;

use super::{Sample, extremes};
use crate::color::{LookupTable, OpacityCurve, Rgb};
use crate::render::is_sharp;
use crate::scene::{Camera, DensityLayer, Plane, Projection, Ray, SampleRule, Scene, VolumeMode};

/// Halvings by which a surface is found between two samples.
const HALVINGS: u32 = 40;

/// One of the densities, with what its colours are looked up in.
pub struct Layer<'a> {
    of: DensityLayer<'a>,
    table: LookupTable,
    /// Of the table, where the opacity curve has details between two samples.
    integrals: Vec<[f32; 4]>,
    /// Opacity of what slices and projections show.
    cover: OpacityCurve,
}

/// A ray within the densities.
#[derive(Clone)]
pub struct Walk<'a> {
    scene: &'a Scene,
    layers: &'a [Layer<'a>],
    ray: Ray,
    /// Depths where it begins and ends.
    pub span: [f64; 2],
    /// Depths of the slices that it meets, the nearest first; one that covers all ends it.
    slices: Vec<f64>,
    /// Whether a slice ends it.
    pub is_cut: bool,
}

/// What a ray has seen.
#[derive(Default)]
pub struct Seen {
    /// Premultiplied display colour, and opacity.
    pub light: [f64; 4],
    /// Of fog, the depth at which half of the opacity is reached.
    pub half_opacity: Option<f64>,
    /// Of each density.
    pub of: Vec<SeenOf>,
    /// Steps of fog, with their optical depths.
    depths: Vec<(f64, f64, f64)>,
}

/// What a ray has seen of a density.
#[derive(Default, Clone)]
pub struct SeenOf {
    /// The samples; opacity is that of all densities before the end of the step.
    pub profile: Vec<Sample>,
    /// What a projection shows.
    pub projected: Option<f64>,
    /// Depth and density.
    pub surfaces: Vec<(f64, f64)>,
    /// Depth and density.
    pub slice: Option<(f64, f64)>,
    /// Of surfaces and slices, the depth of the one that shows most of itself, and the share of the pixel that it is.
    pub solid: Option<(f64, f64)>,
    /// Of fog, the depth of the sample that shows most of itself, and its share.
    pub thickest: Option<(f64, f64)>,
    /// The share of the pixel that it is.
    pub share: f64,
}

impl SeenOf {
    fn add_solid(&mut self, depth: f64, share: f64) {
        self.share += share;
        if share > self.solid.map_or(0.0, |solid| solid.1) {
            self.solid = Some((depth, share));
        }
    }

    fn add_fog(&mut self, depth: f64, share: f64) {
        self.share += share;
        if share > self.thickest.map_or(0.0, |thickest| thickest.1) {
            self.thickest = Some((depth, share));
        }
    }
}

impl<'a> Layer<'a> {
    /// All of a scene.
    pub fn all(scene: &'a Scene) -> Vec<Self> {
        // Mayavi's rule has the value at the end of each step.
        let sharp = is_sharp(scene);
        let of = |of: DensityLayer<'a>| {
            let table = of.table();
            let integrals = if sharp { table.integrals() } else { Vec::new() };
            Self { of, table, integrals, cover: of.cover() }
        };
        scene.densities().map(of).collect()
    }

    fn position(&self, density: f64) -> f64 {
        let position = self.of.transfer.position(density);
        if position.is_nan() { 0.0 } else { position }
    }

    /// Colour and extinction of a density.
    fn look(&self, density: f64) -> [f64; 4] {
        self.table.at(self.position(density)).map(f64::from)
    }

    /// Of what a slice or a projection shows of a density.
    fn opacity(&self, density: f64) -> f64 {
        f64::from(self.cover.at(self.position(density)))
    }

    fn covering(&self, density: f64) -> [f64; 4] {
        let ([r, g, b, _], a) = (self.look(density), self.opacity(density));
        [a * r, a * g, a * b, a]
    }
}

impl<'a> Walk<'a> {
    /// The way of a ray in the densities of a scene, at most to `end`; none if it misses them.
    pub fn new(scene: &'a Scene, layers: &'a [Layer<'a>], camera: &Camera, ray: Ray, end: Option<f64>) -> Option<Self> {
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
        let mut walk = Self { scene, layers, ray, span: [near, far], slices, is_cut: false };
        if let Some(n) = walk.slices.iter().position(|at| walk.covers(*at)) {
            walk.slices.truncate(n + 1);
            walk.span[1] = walk.slices[n];
            walk.is_cut = true;
        }
        (near <= walk.span[1] && near.is_finite() && walk.span[1].is_finite()).then_some(walk)
    }

    /// The same way through one of the densities alone.
    pub fn alone(&self, n: usize) -> Self {
        Self { layers: &self.layers[n..=n], ..self.clone() }
    }

    /// The place at a depth.
    pub fn place(&self, depth: f64) -> DVec3 {
        self.ray.origin + depth * self.ray.direction
    }

    /// Whether a slice at a depth hides what lies behind it.
    fn covers(&self, depth: f64) -> bool {
        self.layers.iter().any(|layer| layer.opacity(self.density(layer, depth)) >= 1.0)
    }

    fn density(&self, layer: &Layer, depth: f64) -> f64 {
        let lattice = &self.scene.grid.lattice;
        layer.of.at((self.place(depth) - lattice.origin) / lattice.spacing)
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
    pub fn seen(&self) -> Seen {
        let mut seen = Seen { of: vec![SeenOf::default(); self.layers.len()], ..Seen::default() };
        let mut begin = self.span[0];
        for slice in self.slices.iter().copied().map(Some).chain([None]) {
            let end = slice.unwrap_or(self.span[1]);
            self.part([begin, end], &mut seen);
            if let Some(depth) = slice {
                self.slice(depth, &mut seen);
            }
            begin = end;
        }
        if self.scene.mode == VolumeMode::Fog {
            seen.half_opacity = half(&seen.depths, seen.light[3]);
        }
        seen
    }

    /// What is seen between slices.
    fn part(&self, span: [f64; 2], seen: &mut Seen) {
        let steps = &self.steps(span)[..];
        if self.scene.mode == VolumeMode::Fog {
            return self.fog(steps, seen);
        }
        for (layer, of) in std::iter::zip(self.layers, &mut seen.of) {
            let sample = |depth: f64| Sample { depth, density: self.density(layer, depth), opacity: 0.0 };
            of.profile.extend(steps.iter().map(|step| sample(step.2)));
        }
        match &self.scene.mode {
            VolumeMode::Isosurfaces(_) => self.surfaces(span, seen),
            VolumeMode::Slices | VolumeMode::Fog => {}
            _ if steps.is_empty() => {}
            _ => self.projections(steps, seen),
        }
    }

    fn slice(&self, depth: f64, seen: &mut Seen) {
        let left = 1.0 - seen.light[3];
        let mut shown: Option<[f64; 4]> = None;
        for (layer, of) in std::iter::zip(self.layers, &mut seen.of) {
            let density = self.density(layer, depth);
            let own = layer.covering(density);
            of.slice = of.slice.or((own[3] > 0.0).then_some((depth, density)));
            of.add_solid(depth, left * own[3]);
            shown = Some(shown.map_or(own, |others| self.laid_over(others, own)));
        }
        let shown = shown.unwrap_or_default();
        add(&mut seen.light, shown);
        seen.depths.push((depth, depth, -(1.0 - shown[3].min(1.0 - 1e-12)).ln()));
    }

    /// The extinctions of all densities add up, their colours are mixed by them.
    fn fog(&self, steps: &[(f64, f64, f64)], seen: &mut Seen) {
        for &(begin, end, middle) in steps {
            let densities: Vec<f64> = self.layers.iter().map(|layer| self.density(layer, middle)).collect();
            let of_one = |(layer, density): (&Layer, &f64)| {
                let [r, g, b, extinction] = match layer.integrals.is_empty() {
                    true => layer.look(*density),
                    false => {
                        mean_of_halves(layer, [begin, middle, end].map(|at| layer.position(self.density(layer, at))))
                    }
                };
                [r, g, b, extinction * (end - begin) / layer.of.transfer.reference_length]
            };
            let looks: Vec<[f64; 4]> = std::iter::zip(self.layers, &densities).map(of_one).collect();
            let depth: f64 = looks.iter().map(|look| look[3]).sum();
            // The share of the pixel that a unit of optical depth is.
            let weight = if depth > 0.0 { (1.0 - seen.light[3]) * -(-depth).exp_m1() / depth } else { 0.0 };
            for ([r, g, b, own], of) in std::iter::zip(&looks, &mut seen.of) {
                let share = weight * own;
                of.add_fog(middle, share);
                std::iter::zip(&mut seen.light, [*r, *g, *b, 1.0]).for_each(|(light, c)| *light += share * c);
            }
            for (density, of) in std::iter::zip(densities, &mut seen.of) {
                of.profile.push(Sample { depth: middle, density, opacity: seen.light[3] });
            }
            seen.depths.push((begin, end, depth));
        }
    }

    /// The first is added to what lies before it, the others are laid over both.
    fn projections(&self, steps: &[(f64, f64, f64)], seen: &mut Seen) {
        for (n, layer) in self.layers.iter().enumerate() {
            let shown = self.projection(layer, steps, &mut seen.of[n].profile);
            let own = layer.covering(shown);
            seen.of[n].projected = Some(shown);
            seen.of[n].share += own[3];
            match n {
                0 => add(&mut seen.light, own),
                _ => seen.light = self.laid_over(seen.light, own),
            }
        }
    }

    fn projection(&self, layer: &Layer, steps: &[(f64, f64, f64)], profile: &mut Vec<Sample>) -> f64 {
        let span = [steps[0].0, steps[steps.len() - 1].1];
        let samples = profile[profile.len() - steps.len()..].iter().map(|s| s.density);
        let lengths = steps.iter().map(|s| s.1 - s.0);
        let integral: f64 = std::iter::zip(samples, lengths).map(|(v, length)| v * length).sum();
        match self.scene.mode {
            VolumeMode::Maximum => self.add_extreme(layer, span, 1.0, profile),
            VolumeMode::Minimum => self.add_extreme(layer, span, -1.0, profile),
            VolumeMode::Mean => integral / (span[1] - span[0]),
            _ => integral,
        }
    }

    /// Depth and value of the largest density of the ray, or with `sign` -1 of the smallest; of the first of its densities.
    pub fn extreme(&self, sign: f64) -> (f64, f64) {
        self.extreme_of(&self.layers[0], self.span, sign)
    }

    fn extreme_of(&self, layer: &Layer, span: [f64; 2], sign: f64) -> (f64, f64) {
        let (start, way) = self.in_nodes();
        let (depth, value) = extremes::largest(start, way, span, |depth| sign * self.density(layer, depth));
        (depth, sign * value)
    }

    /// The same as a sample of the profile.
    fn add_extreme(&self, layer: &Layer, span: [f64; 2], sign: f64, profile: &mut Vec<Sample>) -> f64 {
        let (depth, density) = self.extreme_of(layer, span, sign);
        let at = profile.partition_point(|sample| sample.depth < depth);
        profile.insert(at, Sample { depth, density, opacity: 0.0 });
        density
    }

    /// Surfaces of all densities, in the order in which they are met.
    fn surfaces(&self, span: [f64; 2], seen: &mut Seen) {
        let met = |n: usize| self.surfaces_of(&self.layers[n], span).into_iter().map(move |met| (n, met));
        let mut all: Vec<(usize, (f64, f64, f64))> = (0..self.layers.len()).flat_map(met).collect();
        all.sort_by(|a, b| a.1.0.total_cmp(&b.1.0));
        for (n, (depth, level, opacity)) in all {
            let of = &mut seen.of[n];
            of.surfaces.push((depth, level));
            of.add_solid(depth, (1.0 - seen.light[3]) * opacity);
            let [r, g, b, _] = self.layers[n].look(level);
            add(&mut seen.light, [opacity * r, opacity * g, opacity * b, opacity]);
        }
    }

    /// Depths, levels and opacities of those of one density.
    fn surfaces_of(&self, layer: &Layer, span: [f64; 2]) -> Vec<(f64, f64, f64)> {
        let mut all = Vec::new();
        if span[1] <= span[0] {
            return all;
        }
        let (start, way) = self.in_nodes();
        for [begin, end] in extremes::slopes(start, way, span, |depth| self.density(layer, depth)) {
            let [from, to] = [begin, end].map(|at| self.density(layer, at));
            let passed = layer.of.surfaces.iter().filter(|s| (from < s.level) != (to < s.level));
            all.extend(passed.map(|s| (self.meets(layer, s.level, begin, end), s.level, s.opacity)));
        }
        all
    }

    /// The node index where the ray begins, and its change by a unit of length.
    fn in_nodes(&self) -> (DVec3, DVec3) {
        let lattice = &self.scene.grid.lattice;
        ((self.ray.origin - lattice.origin) / lattice.spacing, self.ray.direction / lattice.spacing)
    }

    /// Where between two depths the density takes a value.
    fn meets(&self, layer: &Layer, level: f64, mut begin: f64, mut end: f64) -> f64 {
        let below = self.density(layer, begin) < level;
        for _ in 0..HALVINGS {
            let middle = 0.5 * (begin + end);
            *(if (self.density(layer, middle) < level) == below { &mut begin } else { &mut end }) = middle;
        }
        0.5 * (begin + end)
    }

    /// As `laid_over` of `common/several.wgsl`.
    fn laid_over(&self, a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
        let background: Rgb = self.scene.background.color();
        let opacity = a[3] + b[3] - a[3] * b[3];
        let channel = |c: usize| {
            let behind = f64::from(background[c]);
            let seen = behind + (a[c] - a[3] * behind) + (b[c] - b[3] * behind);
            seen.clamp(0.0, 1.0) - (1.0 - opacity) * behind
        };
        [channel(0), channel(1), channel(2), opacity]
    }
}

/// Adds premultiplied light from behind what is there.
fn add(light: &mut [f64; 4], behind: [f64; 4]) {
    let left = 1.0 - light[3];
    std::iter::zip(light, behind).for_each(|(light, more)| *light += left * more);
}

/// The mean look of a step on which the position in the limits runs from one place to another: extinction, and the colour as
/// it is emitted.
fn mean(layer: &Layer, [from, to]: [f64; 2]) -> [f64; 4] {
    let integrals = &layer.integrals;
    let parts = integrals.len() - 1;
    let middle = layer.table.at(0.5 * (from + to)).map(f64::from);
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

/// The same of a step in the middle of which the position is known too.
fn mean_of_halves(layer: &Layer, [begin, middle, end]: [f64; 3]) -> [f64; 4] {
    let [a, b] = [[begin, middle], [middle, end]].map(|half| mean(layer, half));
    let both = a[3] + b[3];
    let color = |c: usize| if both > 0.0 { (a[3] * a[c] + b[3] * b[c]) / both } else { 0.0 };
    [color(0), color(1), color(2), 0.5 * both]
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
