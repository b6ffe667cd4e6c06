//! The density by its waves: points are spread over a periodic grid by a window of some nodes, its Fourier transform is
//! multiplied by the kernel's and divided by the window's, and goes back straight onto the nodes that are wanted, or onto
//! the first grid and by the same window to places of one's own (Greengard and Lee 2004, "Accelerating the nonuniform
//! fast Fourier transform"; Barnett, Magland and af Klinteberg 2019).
//!
//! The time depends on the number of points and on how many kernels fit in the box, hardly on the nodes wanted. The
//! window is narrower than that of a general transform: waves near the end of the band, which alias most, are those
//! that the kernel takes away.

mod arrange;
pub(super) mod device;
mod fourier;
mod sums;
mod taps;
mod window;

use glam::{DMat3, DVec3};
use rayon::prelude::*;
use rustfft::num_complex::Complex;

use crate::error::Result;
use crate::geometry::Box3;
use crate::grid::{Lattice, Sample};
use crate::kde::bound;
use crate::kde::kernel::Kernel;
use crate::kde::simd::{Job, LANES, Simd, dispatch};
use crate::kde::whitened::longest_diagonal;
use crate::memory::zeros;
use crate::progress::Progress;
use arrange::{Arranged, Item};
use fourier::{Float, Onto, good_size, waves};
use window::Window;

pub(super) use window::SMALLEST_ERROR;

/// Errors from here on leave room for the rounding of f32 transforms, whose own error is below 1e-7 of the maximum.
const SINGLE: f64 = 5e-7;
/// Roundings of a transform of f32 in each of its steps, of which there are as many as the nodes have bits, as shares of the
/// sum of the magnitudes of its waves: 4 operations, half an epsilon each (Higham 2002, theorem 24.2).
const ROUNDINGS_OF_SINGLE: f64 = 2.0;
/// Means of the density from here on keep what f32 drops below 2^-149 in each of some 1e10 steps below 1e-9 of them.
const LEAST_OF_SINGLE: f64 = 1e-25;
/// Sums of waves up to here are far from the end of f32.
const LARGEST_OF_SINGLE: f64 = 1e35;
/// Most nodes along an axis; more hardly fit into memory in space, and are left to the tree.
const MOST_NODES: f64 = 1e7;
/// The share of the error that points left out and images of the period may use.
const IMAGES: f64 = 0.1;

/// One axis of the periodic grid over which points are spread.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Axis {
    /// Position of node 0.
    origin: f64,
    /// Distance from node to node.
    step: f64,
    nodes: usize,
    /// Waves from `-most` to `most` are kept.
    most: usize,
}

impl Axis {
    /// The axis across a plane.
    const FLAT: Self = Self { origin: 0.0, step: 1.0, nodes: 1, most: 0 };

    fn period(&self) -> f64 {
        self.step * self.nodes as f64
    }

    /// The last wave of the band of a kernel that is so steep along the axis, in 1 / length, no more than are kept.
    fn most_of(&self, steepest: f64, error: f64) -> usize {
        let most = window::band(error) * steepest * self.period() / std::f64::consts::TAU;
        self.most.min(most as usize)
    }

    /// Wave numbers of `0, 1, .., most, -most, .., -1` in radians a length.
    fn wave_numbers(&self, most: usize) -> impl Iterator<Item = f64> {
        let unit = std::f64::consts::TAU / self.period();
        waves(most).map(move |m| unit * m as f64)
    }
}

/// Where a density is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// At the nodes of a lattice.
    Nodes(&'a Lattice),
    /// At places within a box. Points, places and kernel are then those in which the kernel is round, for which the
    /// fewest waves are needed.
    Places(Box3),
}

/// Which points are spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Reach {
    /// All that the box of the points may hold.
    All,
    /// Those near enough to the nodes or places to count.
    Near,
}

/// The grids and the window for some kernels, points and places.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    axes: [Axis; 3],
    window: Window,
    error: f64,
    dimensions: usize,
    /// Points outside are too far away from all nodes or places to count.
    reach: Box3,
    /// Places outside are too far away from all points.
    near: Box3,
    /// The period in nodes of the lattice and the lattice's shape, or the grid itself.
    onto: Onto,
    /// The position at which all waves have phase 0.
    reference: DVec3,
    /// Whether waves go back in f32.
    is_single: bool,
}

/// The price of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Size {
    /// Nodes over which a point is spread, rounded up to those touched at a time.
    pub(super) taps: f64,
    /// Nodes of the grid over which points are spread.
    pub(super) nodes: f64,
    /// Waves kept.
    pub(super) waves: f64,
    /// Nodes of the period of the lattice.
    pub(super) onto: f64,
}

impl Frame {
    /// The frames that keep `error` for kernels from `narrow` to `wide`; they differ in the window. `points` is the box
    /// of the points. There is none if all points are too far away to count, or the kernel is too narrow or too wide for the nodes.
    pub(super) fn all(
        error: f64,
        [narrow, wide]: [&Kernel; 2],
        points: Box3,
        wanted: Wanted,
        reach: Reach,
    ) -> Vec<Self> {
        let error = error.max(SMALLEST_ERROR);
        let of_window = if matches!(wanted, Wanted::Places(_)) { 0.5 * error } else { error };
        let frame = |choice| Self::new(error, choice, [narrow, wide], points, wanted, reach);
        window::choices(of_window).into_iter().filter_map(frame).collect()
    }

    fn new(
        error: f64,
        choice: window::Choice,
        [narrow, wide]: [&Kernel; 2],
        points: Box3,
        wanted: Wanted,
        reach: Reach,
    ) -> Option<Self> {
        let dimensions = narrow.dimensions;
        let guard = bound::radius_by_widening(IMAGES * error) * wide.sigma();
        let places = match wanted {
            Wanted::Nodes(lattice) => lattice.bounds(),
            Wanted::Places(places) => places,
        };
        let mut within = if reach == Reach::All { points } else { places.grown(guard) };
        if dimensions == 2 {
            (within.min.z, within.max.z) = (f64::NEG_INFINITY, f64::INFINITY);
        }
        let inside = Box3 { min: points.min.max(within.min), max: points.max.min(within.max) };
        if !inside.min.cmple(inside.max).all() {
            return None;
        }
        let near = inside.grown(guard);
        let steepest = narrow.steepest();
        let (mut axes, mut onto) = ([Axis::FLAT; 3], Onto { size: [1; 3], wanted: [1; 3] });
        for a in 0..dimensions {
            let widest = choice.spacing / steepest[a];
            let margin = (choice.taps + 2) as f64 * widest;
            // All that the window is laid over.
            let all = match wanted {
                Wanted::Nodes(_) => [inside.min[a], inside.max[a]],
                Wanted::Places(p) => {
                    [inside.min[a].min(p.min[a].max(near.min[a])), inside.max[a].max(p.max[a].min(near.max[a]))]
                }
            };
            let mut apart = (places.max[a] - inside.min[a]).max(inside.max[a] - places.min[a]);
            if reach == Reach::All {
                // Also between the points themselves, where densities become points in turn.
                apart = apart.max(inside.max[a] - inside.min[a]);
            }
            let least = (all[1] - all[0] + margin).max(apart + guard[a]);
            let sized = |n: f64| (n <= MOST_NODES).then(|| good_size(n as usize));
            let period = match wanted {
                Wanted::Nodes(lattice) => {
                    onto.size[a] = sized((least / lattice.spacing[a]).ceil().max(lattice.shape[a] as f64))?;
                    onto.wanted[a] = lattice.shape[a];
                    onto.size[a] as f64 * lattice.spacing[a]
                }
                Wanted::Places(_) => sized((least / widest).ceil())? as f64 * widest,
            };
            let nodes = sized((period / widest - 1e-9).ceil())?;
            let step = period / nodes as f64;
            let origin = all[0] - (0.5 * choice.taps as f64 + 0.5) * step;
            axes[a] = Axis { origin, step, nodes, most: (nodes - 1) / 2 };
            axes[a].most = axes[a].most_of(steepest[a], error);
        }
        let mut reference = DVec3::from(axes.map(|axis| axis.origin));
        match wanted {
            Wanted::Nodes(lattice) => reference = lattice.origin,
            Wanted::Places(_) => {
                onto = Onto { size: axes.map(|a| a.nodes), wanted: axes.map(|a| a.nodes) };
            }
        }
        Some(Self {
            axes,
            window: Window::new(choice),
            error,
            dimensions,
            reach: within,
            near,
            onto,
            reference,
            is_single: false,
        })
    }

    /// What decides time and memory.
    pub(super) fn size(&self) -> Size {
        let product = |n: [usize; 3]| n.iter().map(|n| *n as f64).product::<f64>();
        let taps = self.window.taps;
        let layers = if self.dimensions == 2 { 1 } else { taps };
        Size {
            taps: (taps * layers * taps.next_multiple_of(LANES)) as f64,
            nodes: product(self.axes.map(|a| a.nodes)),
            waves: product([self.axes[0].most + 1, 2 * self.axes[1].most + 1, 2 * self.axes[2].most + 1]),
            onto: product(self.onto.size),
        }
    }

    /// With waves that go back in f32 where the error allows it, values are not too far from 1 and samples are f32.
    pub(super) fn with_single(self, is_allowed: bool) -> Self {
        Self { is_single: is_allowed && self.error >= SINGLE && self.suits_single(), ..self }
    }

    /// Whether sums of waves stay in the range of f32: the largest density lies between the mean of the period and the peak of
    /// a kernel, which is less than one a node.
    fn suits_single(&self) -> bool {
        let mean = 1.0 / self.volume();
        let nodes: f64 = self.nodes().iter().map(|n| *n as f64).product();
        mean > LEAST_OF_SINGLE && mean * nodes < LARGEST_OF_SINGLE
    }

    /// The error it is made to keep, as a share of the maximum over space.
    pub(super) fn error(&self) -> f64 {
        self.error
    }

    /// Steps of progress of a spectrum and of taking values at places.
    pub(super) fn steps_at(&self) -> u64 {
        2 * self.steps() + self.axes[2].nodes as u64
    }

    /// Steps of progress of a spectrum.
    pub(super) fn steps(&self) -> u64 {
        taps::steps(self.nodes())
    }

    /// Peak memory in bytes beside the points and the result.
    pub(super) fn memory(&self, points: usize, places: usize) -> f64 {
        let size = self.size();
        let layers = |a: [usize; 3], bytes: f64| a.iter().map(|n| *n as f64).product::<f64>() * bytes;
        let [x, y, _] = self.axes.map(|a| 2 * a.most + 1);
        let forward = layers([x / 2 + 1, y, self.axes[2].nodes], 16.0);
        let back = layers([x / 2 + 1, y, self.onto.wanted[2]], if self.is_single { 8.0 } else { 16.0 });
        // The memory of the points holds the layers, that of the grid the waves.
        let room =
            |points: usize| points as f64 * size_of::<Item>() as f64 + arrange::bytes_of_starts(points, self.nodes());
        let spread = forward.max(room(points)) + (8.0 * size.nodes).max(16.0 * size.waves);
        // At places, values are taken from a grid of their own, made by a copy of the waves.
        let taken = if places > 0 { 8.0 * size.nodes + (16.0 * size.waves + back).max(room(places)) } else { back };
        spread.max(16.0 * size.waves + taken)
    }

    fn nodes(&self) -> [usize; 3] {
        self.axes.map(|a| a.nodes)
    }

    fn most(&self) -> [usize; 3] {
        self.axes.map(|a| a.most)
    }

    /// In nodes along the three axes, if it is in a box.
    fn in_nodes(&self, position: DVec3, within: &Box3) -> Option<[f64; 3]> {
        let is_inside = position.cmpge(within.min).all() && position.cmple(within.max).all();
        let at = |a: usize| (position[a] - self.axes[a].origin) / self.axes[a].step;
        is_inside.then(|| if self.dimensions == 2 { [at(0), at(1), 0.0] } else { [at(0), at(1), at(2)] })
    }

    /// The volume of a period, or the area in a plane.
    pub(super) fn volume(&self) -> f64 {
        self.axes[..self.dimensions].iter().map(Axis::period).product()
    }

    /// The waves of so many points with weights.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::error::Error::Interrupted).
    pub(super) fn spectrum(
        &self,
        count: usize,
        position: impl Fn(usize) -> DVec3 + Sync,
        weight: impl Fn(usize) -> f64 + Sync,
        progress: &dyn Progress,
    ) -> Result<Spectrum> {
        let mut grid = self.empty();
        let room = self.spread(&mut grid, count, position, weight, progress)?;
        self.waves_of(grid, room, progress)
    }

    /// The waves of points that were spread over a grid; `room` is memory to work in.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::error::Error::Interrupted).
    pub(super) fn waves_of(
        &self,
        grid: Vec<f64>,
        room: Vec<impl bytemuck::Pod>,
        progress: &dyn Progress,
    ) -> Result<Spectrum> {
        let mut waves = fourier::forward(grid, room, self.nodes(), self.most(), progress)?;
        times_axes(&mut waves, [0, 1, 2].map(|a| self.corrections(a)));
        Ok(Spectrum { waves, weight: 1.0 })
    }

    /// Along an axis: the waves' phases at the reference, divided by the window's transform.
    fn corrections(&self, a: usize) -> Vec<Complex<f64>> {
        let axis = &self.axes[a];
        if axis.nodes == 1 {
            return vec![Complex::new(1.0, 0.0)];
        }
        let most = axis.most;
        let shift = (self.reference[a] - axis.origin) / axis.period();
        let all = waves(most).take(if a == 0 { most + 1 } else { 2 * most + 1 });
        let correction = |m: i64| {
            let turns = m as f64 * shift;
            let k = std::f64::consts::TAU * m as f64 / axis.nodes as f64;
            Complex::from_polar(1.0 / self.window.transform(k), std::f64::consts::TAU * (turns - turns.round()))
        };
        all.map(correction).collect()
    }

    /// Fills `values`, x fastest, with the density of a kernel at the nodes, and gives the largest. No value is below 0.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::error::Error::Interrupted).
    pub(super) fn onto_nodes<T: Sample>(
        &self,
        spectrum: &Spectrum,
        kernel: &Kernel,
        values: &mut [T],
        progress: &dyn Progress,
    ) -> Result<f64> {
        if self.is_single && size_of::<T>() == 4 {
            self.back::<f32, T>(spectrum, kernel, self.onto, values, true, progress)
        } else {
            self.back::<f64, T>(spectrum, kernel, self.onto, values, true, progress)
        }
    }

    /// No less than the largest density of a kernel over space: that on the grid over which points are spread, which holds
    /// them all, and what it may miss between its nodes.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::error::Error::Interrupted).
    pub(super) fn largest(&self, spectrum: &Spectrum, kernel: &Kernel, progress: &dyn Progress) -> Result<f64> {
        let onto = Onto { size: self.nodes(), wanted: self.nodes() };
        let nodes = self.nodes().iter().product();
        let found = if self.suits_single() {
            self.back::<f32, f32>(spectrum, kernel, onto, &mut zeros::<f32>(nodes), true, progress)?
        } else {
            self.back::<f64, f64>(spectrum, kernel, onto, &mut zeros::<f64>(nodes), true, progress)?
        };
        Ok(found * self.missed(kernel))
    }

    /// The factor by which the largest density at the nodes over which points are spread may fall short of that over space.
    fn missed(&self, kernel: &Kernel) -> f64 {
        let step = |a: usize| if a < self.dimensions { 0.5 * self.axes[a].step } else { 0.0 };
        bound::coarseness(longest_diagonal(kernel.whitening, DVec3::new(step(0), step(1), step(2))))
    }

    fn size_as_points(&self, kernel: &Kernel, per_sigma: f64) -> [usize; 3] {
        let steepest = kernel.steepest();
        let nodes = |a: usize| (self.axes[a].period() * steepest[a] * per_sigma).ceil() as usize;
        std::array::from_fn(|a| if a < self.dimensions { good_size(nodes(a)) } else { 1 })
    }

    /// The bytes of what [`Frame::as_points`] gives.
    pub(super) fn bytes_as_points(&self, kernel: &Kernel, per_sigma: f64) -> f64 {
        let nodes = self.size_as_points(kernel, per_sigma).iter().map(|n| *n as f64).product::<f64>();
        nodes * (size_of::<DVec3>() + size_of::<f64>()) as f64
    }

    /// The density of a kernel at nodes all over the period, `per_sigma` of them a standard deviation, as points with weights.
    /// The period is cut halfway between the ends of `room`, which holds the points.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::error::Error::Interrupted).
    pub(super) fn as_points(
        &self,
        spectrum: &Spectrum,
        kernel: &Kernel,
        per_sigma: f64,
        room: Box3,
        progress: &dyn Progress,
    ) -> Result<(Vec<DVec3>, Vec<f64>)> {
        let size = self.size_as_points(kernel, per_sigma);
        let mut weights = vec![0.0; size.iter().product()];
        progress.begin("density", size[2] as u64);
        self.back::<f64, f64>(spectrum, kernel, Onto { size, wanted: size }, &mut weights, true, progress)?;
        let place = |a: usize, n: usize| {
            if a >= self.dimensions {
                return 0.0;
            }
            let period = self.axes[a].period();
            let first = 0.5 * (room.min[a] + room.max[a] - period);
            first + (self.reference[a] + period * n as f64 / size[a] as f64 - first).rem_euclid(period)
        };
        let [nx, ny, _] = size;
        let node = |at: usize| DVec3::new(place(0, at % nx), place(1, at / nx % ny), place(2, at / nx / ny));
        Ok(((0..weights.len()).map(node).collect(), weights))
    }

    /// The densities of a kernel at so many places, in their order, 0 at places far from all points and none below 0; and what
    /// the largest density over space hardly exceeds.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::error::Error::Interrupted).
    pub(super) fn at_places(
        &self,
        spectrum: &Spectrum,
        kernel: &Kernel,
        count: usize,
        place: impl Fn(usize) -> DVec3 + Sync,
        progress: &dyn Progress,
    ) -> Result<(Vec<f64>, f64)> {
        let mut grid = zeros::<f64>(self.nodes().iter().product());
        let overall = self.back::<f64, f64>(&spectrum.divided(self), kernel, self.onto, &mut grid, false, progress)?;
        let item = |i: usize| self.in_nodes(place(i), &self.near).map(|[x, y, z]| [x, y, z, f64::from_bits(i as u64)]);
        let arranged = Arranged::new(count, item, self.nodes(), &self.window);
        progress.check()?;
        let mut values = zeros::<f64>(count);
        for (at, value) in taps::gather(&arranged, &grid, &self.window, self.nodes(), progress)?.into_iter().flatten() {
            values[at as usize] = value.max(0.0);
        }
        Ok((values, overall))
    }

    fn back<F: Float, T: Sample>(
        &self,
        spectrum: &Spectrum,
        kernel: &Kernel,
        onto: Onto,
        values: &mut [T],
        is_clamped: bool,
        progress: &dyn Progress,
    ) -> Result<f64> {
        let damping = Damping::new(self, kernel, spectrum.weight);
        let column = |x: usize, y: usize, factors: &mut Vec<f64>, to: &mut [Complex<F>]| {
            let is_of_use = damping.along_z(x, y, factors);
            if is_of_use {
                let times = |(from, g): (&Complex<f64>, &f64)| Complex::new(F::of(from.re * g), F::of(from.im * g));
                let [low, high] = damping.row(spectrum, x, y);
                let (below, above) = to.split_at_mut(low.len());
                let (of_low, of_high) = factors.split_at(low.len());
                below.iter_mut().zip(low.iter().zip(of_low)).for_each(|(to, from)| *to = times(from));
                above.iter_mut().zip(high.iter().zip(of_high)).for_each(|(to, from)| *to = times(from));
            }
            is_of_use
        };
        let lowest = if is_clamped { 0.0 } else { f64::NEG_INFINITY };
        let store = |from: &[F], to: &mut [T]| {
            let mut largest = 0.0;
            for (to, value) in to.iter_mut().zip(from) {
                let value = value.to_f64();
                let value = if value < lowest { lowest } else { value };
                largest = if value > largest { value } else { largest };
                *to = T::from_f64(value);
            }
            largest
        };
        fourier::inverse(column, damping.most, onto, values, store, progress)
    }

    /// A bound of the error of every value, as a share of the kernel's peak: aliases of all waves in phase, waves left out,
    /// points and images left out, the fit of the window's polynomials, rounding. True of one point; of many, far more than
    /// ever happens.
    pub(super) fn bound(&self, kernel: &Kernel, spectrum: &Spectrum, wanted: Wanted) -> f64 {
        let wrong = self.bound_of_sums(kernel, matches!(wanted, Wanted::Places(_)));
        if !self.is_single {
            return wrong;
        }
        let steps: f64 = self.onto.size.iter().map(|n| (*n as f64).log2().ceil()).sum();
        let damping = Damping::new(self, kernel, spectrum.weight);
        let magnitude = |x, y, factors: &[f64]| {
            let [up, down] = damping.row(spectrum, x, y);
            let size = |wave: &Complex<f64>| wave.re.abs() + wave.im.abs();
            [factors.iter().zip(up.iter().chain(down)).map(|(g, wave)| g * size(wave)).sum()]
        };
        let [magnitude] = self.sum_of_waves(&damping, magnitude);
        wrong + ROUNDINGS_OF_SINGLE * steps * f64::from(f32::EPSILON) * magnitude / kernel.peak
    }

    /// As [`Frame::bound`] where sums are exact; of waves that go through the window once or twice.
    fn bound_of_sums(&self, kernel: &Kernel, twice: bool) -> f64 {
        let damping = Damping::new(self, kernel, 1.0);
        let aliases = [0, 1, 2].map(|a| self.one_and_aliases(a, damping.most[a], twice));
        let row = |x: usize, y: usize, factors: &[f64]| {
            let xy = aliases[0][x] * aliases[1][y];
            let mut sums = [[0.0; LANES]; 2];
            for (factors, after) in factors.chunks(LANES).zip(aliases[2].chunks(LANES)) {
                for (l, (g, z)) in factors.iter().zip(after).enumerate() {
                    sums[0][l] += g;
                    sums[1][l] += g * (xy * z - 1.0);
                }
            }
            sums.map(|lanes| lanes.iter().sum())
        };
        let [all, wrong] = self.sum_of_waves(&damping, row);
        let guard = bound::radius_by_widening(IMAGES * self.error);
        // 26 neighbours of a period, their neighbours, and the points left out.
        let images = 28.0 * (-0.5 * guard * guard).exp();
        // All waves of the periodic kernel sum to its peak, images included (Poisson).
        let left_out = (1.0 + images - all / kernel.peak).max(0.0);
        wrong / kernel.peak + left_out + images
    }

    /// The sums of the absolute values of all waves of one point, divided by the window's transform, as a share of the kernel's
    /// peak: what the roundings of a wave are measured by.
    fn magnitude_of_point(&self, kernel: &Kernel) -> f64 {
        let damping = Damping::new(self, kernel, 1.0);
        let along = |a: usize| -> Vec<f64> {
            let axis = &self.axes[a];
            let of = |m: i64| 1.0 / self.window.transform(std::f64::consts::TAU * m as f64 / axis.nodes as f64);
            waves(damping.most[a]).map(|m| if axis.nodes == 1 { 1.0 } else { of(m) }).collect()
        };
        let [along_x, along_y, along_z] = [0, 1, 2].map(along);
        let row = |x: usize, y: usize, factors: &[f64]| {
            let of_z: f64 = factors.iter().zip(&along_z).map(|(g, z)| g * z).sum();
            [along_x[x] * along_y[y] * of_z]
        };
        // Of a complex number the two parts come to at most so much.
        std::f64::consts::SQRT_2 * self.sum_of_waves(&damping, row)[0] / kernel.peak
    }

    /// The sums over all waves of a kernel's band of what `row` makes of the factors along z at places along x and y.
    fn sum_of_waves<const N: usize>(
        &self,
        damping: &Damping,
        row: impl Fn(usize, usize, &[f64]) -> [f64; N] + Sync,
    ) -> [f64; N] {
        let add = |a: [f64; N], b: [f64; N]| std::array::from_fn(|i| a[i] + b[i]);
        let plane = |x: usize| {
            let (mut sum, mut factors) = ([0.0; N], Vec::new());
            for y in 0..damping.y.len() {
                if damping.along_z(x, y, &mut factors) {
                    sum = add(sum, row(x, y, &factors));
                }
            }
            // A wave along x stands for its opposite, too.
            sum.map(|sum| sum * if x == 0 { 1.0 } else { 2.0 })
        };
        let planes: Vec<[f64; N]> = (0..=damping.most[0]).into_par_iter().map(plane).collect();
        planes.into_iter().fold([0.0; N], add)
    }

    /// The squared magnitudes of the waves, by `q = k^T H k`, summed over intervals of `sqrt(q)` up to the end of the band of
    /// the kernel.
    pub(super) fn powers(&self, spectrum: &Spectrum, kernel: &Kernel) -> Powers {
        let [x, y, z] = self.axes.map(|axis| axis.wave_numbers(axis.most).collect::<Vec<_>>());
        let h = &kernel.covariance;
        let end = window::band(self.error);
        let plane = |x_at: usize, sums: &mut [[f64; 2]]| {
            let times = if x_at == 0 { 1.0 } else { 2.0 };
            for (row, ky) in spectrum.waves[x_at * y.len() * z.len()..].chunks_exact(z.len()).zip(&y) {
                for (wave, kz) in row.iter().zip(&z) {
                    let k = DVec3::new(x[x_at], *ky, *kz);
                    let q = k.dot(*h * k);
                    let at = (q.sqrt() / end * INTERVALS as f64) as usize;
                    if at < INTERVALS {
                        let power = times * wave.norm_sqr();
                        sums[at][0] += power;
                        sums[at][1] += power * q;
                    }
                }
            }
        };
        let planes = self.axes[0].most + 1;
        let run = planes.div_ceil(RUNS);
        let of_run = |first: usize| {
            let mut sums = vec![[0.0; 2]; INTERVALS];
            (first..(first + run).min(planes)).for_each(|x| plane(x, &mut sums));
            sums
        };
        let runs: Vec<_> = (0..planes).into_par_iter().step_by(run).map(of_run).collect();
        let mut sums = vec![[0.0; 2]; INTERVALS];
        for run in runs {
            sums.iter_mut().zip(run).for_each(|(sum, [p, pq])| *sum = [sum[0] + p, sum[1] + pq]);
        }
        let scale = 1.0 / (self.volume() * spectrum.weight * spectrum.weight);
        let mean = |[p, pq]: [f64; 2]| [p * scale, pq / p];
        Powers(sums.into_iter().filter(|[p, _]| *p > 0.0).map(mean).collect())
    }

    /// Along an axis: 1 and the aliases of each wave, once or twice over.
    fn one_and_aliases(&self, a: usize, most: usize, twice: bool) -> Vec<f64> {
        let axis = &self.axes[a];
        let one = |m: i64| {
            let k = std::f64::consts::TAU * m as f64 / axis.nodes as f64;
            let one = if axis.nodes == 1 { 1.0 } else { 1.0 + self.window.aliases(k) };
            if twice { one * one } else { one }
        };
        waves(most).map(one).collect()
    }
}

/// The waves of a set of points, `sum_i w_i exp(-i k x_i)`, in the frame that they were made in: for the waves of x from
/// 0 up, then those of y, then those of z.
#[derive(Debug, Clone)]
pub(super) struct Spectrum {
    waves: Vec<Complex<f64>>,
    /// What the weights are divided by.
    weight: f64,
}

impl Spectrum {
    /// With weights that are divided by their sum.
    pub(super) fn of_weight(self, weight: f64) -> Self {
        Self { weight, ..self }
    }

    /// Adds the waves of other points, or takes them away.
    pub(super) fn add(&mut self, other: &Self, sign: f64) {
        self.waves.iter_mut().zip(&other.waves).for_each(|(wave, other)| *wave += other * sign);
        self.weight += sign * other.weight;
    }

    /// Divided by the window's transform once more, for taking values by the window.
    fn divided(&self, frame: &Frame) -> Self {
        let of = |a: usize| -> Vec<f64> {
            let axis = &frame.axes[a];
            let k = |m: i64| std::f64::consts::TAU * m as f64 / axis.nodes as f64;
            let one = |m: i64| if axis.nodes == 1 { 1.0 } else { 1.0 / frame.window.transform(k(m)) };
            waves(axis.most).map(one).collect()
        };
        let mut waves = self.waves.clone();
        times_axes(&mut waves, [0, 1, 2].map(of));
        Self { waves, weight: self.weight }
    }
}

/// Multiplies each wave by a factor for each axis.
fn times_axes<F>(waves: &mut [Complex<f64>], [x, y, z]: [Vec<F>; 3])
where
    F: Copy + Sync + std::ops::Mul<Output = F>,
    Complex<f64>: std::ops::MulAssign<F>,
{
    waves.par_chunks_mut(y.len() * z.len()).zip(&x).for_each(|(plane, x)| {
        for (row, y) in plane.chunks_exact_mut(z.len()).zip(&y) {
            let xy = *x * *y;
            row.iter_mut().zip(&z).for_each(|(value, z)| *value *= xy * *z);
        }
    });
}

/// Intervals of [`Frame::powers`]: a smooth function of q at their means is right to 1e-6 of its sum.
const INTERVALS: usize = 1 << 14;
/// Sums over the intervals that are formed beside each other; fixed, so that the bytes do not depend on the threads.
const RUNS: usize = 32;

/// Sums of squared magnitudes of waves, by the volume of a period, each with its mean `q`.
pub(super) struct Powers(Vec<[f64; 2]>);

impl Powers {
    /// The sum of squared magnitudes times a function of `q`.
    pub(super) fn sum(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.0.iter().map(|[p, q]| p * f(*q)).sum()
    }
}

/// The kernel's transform at those waves of a frame that it does not take away, by the volume of a period.
struct Damping {
    /// `-log2(e) / 2` times the covariance.
    matrix: DMat3,
    /// Along each axis, the last wave of the kernel's band, and that of the frame.
    most: [usize; 3],
    of_frame: [usize; 3],
    x: Vec<f64>,
    y: Vec<f64>,
    z: Vec<f64>,
    scale: f64,
    /// The least exponent of two that counts.
    least: f64,
}

impl Damping {
    fn new(frame: &Frame, kernel: &Kernel, weight: f64) -> Self {
        let most = [0, 1, 2].map(|a| frame.axes[a].most_of(kernel.steepest()[a], frame.error));
        let [x, y, z] = [0, 1, 2].map(|a| frame.axes[a].wave_numbers(most[a]).collect::<Vec<_>>());
        let half = -0.5 * std::f64::consts::LOG2_E;
        let band = window::band(frame.error);
        Self {
            matrix: kernel.covariance * half,
            most,
            of_frame: frame.most(),
            x,
            y,
            z,
            scale: 1.0 / (frame.volume() * weight),
            least: half * band * band,
        }
    }

    /// The factors of the waves along z for the wave of place x and that of place y; or says that none is of use.
    #[inline(always)]
    fn along_z(&self, x: usize, y: usize, factors: &mut Vec<f64>) -> bool {
        let (kx, ky, m) = (self.x[x], self.y[y], &self.matrix);
        let constant = m.x_axis.x * kx * kx + 2.0 * m.x_axis.y * kx * ky + m.y_axis.y * ky * ky;
        let linear = 2.0 * (m.x_axis.z * kx + m.y_axis.z * ky);
        let square = m.z_axis.z;
        let best = if self.z.len() == 1 { constant } else { constant - 0.25 * linear * linear / square };
        if best < self.least {
            return false;
        }
        dispatch(PowersOfTwo { constant, linear, square, waves: &self.z, scale: self.scale, factors });
        true
    }

    /// The waves along z that these factors are for: from 0 up, and those below 0.
    fn row<'a>(&self, spectrum: &'a Spectrum, x: usize, y: usize) -> [&'a [Complex<f64>]; 2] {
        let [_, all_y, all_z] = self.of_frame;
        let y = if y <= self.most[1] { y } else { y + 2 * (all_y - self.most[1]) };
        let row = &spectrum.waves[(x * (2 * all_y + 1) + y) * (2 * all_z + 1)..][..2 * all_z + 1];
        [&row[..=self.most[2]], &row[row.len() - self.most[2]..]]
    }
}

/// `scale 2^(constant + linear k + square k^2)` for each k.
struct PowersOfTwo<'a> {
    constant: f64,
    linear: f64,
    square: f64,
    waves: &'a [f64],
    scale: f64,
    factors: &'a mut Vec<f64>,
}

impl Job for PowersOfTwo<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        // No closure: it would not be compiled for the machine at hand.
        let (a, b, c) = (s.splat(self.constant), s.splat(self.linear), s.splat(self.square));
        let scale = s.splat(self.scale);
        self.factors.resize(self.waves.len().next_multiple_of(LANES), 0.0);
        let mut eight = [0.0; LANES];
        for (waves, factors) in self.waves.chunks(LANES).zip(self.factors.as_chunks_mut::<LANES>().0) {
            eight[..waves.len()].copy_from_slice(waves);
            let k = s.load(&eight);
            s.store(s.mul(s.exp2(s.mul_add(s.mul_add(c, k, b), k, a)), scale), factors);
        }
        self.factors.truncate(self.waves.len());
    }
}

#[cfg(test)]
mod tests;
