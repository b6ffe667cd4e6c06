//! The waves of a cell, summed as they are.

use std::f64::consts::TAU;

use glam::{DMat3, DVec3};
use rayon::prelude::*;
use rustfft::num_complex::Complex;

use crate::error::Result;
use crate::geometry::Cell;
use crate::grid::{Lattice, Sample};
use crate::kde::kernel::Kernel;
use crate::kde::whitened::weights;
use crate::points::PointCloud;
use crate::progress::Progress;

/// Most waves that are summed one by one; with more, images are cheaper.
const MOST: f64 = 1e5;
/// Most waves of which the damping is looked at.
const MOST_LOOKED_AT: f64 = 1e6;
/// Points and places taken at a time.
const CHUNK: usize = 1 << 12;
/// Roundings of a sum of waves, generously.
const ROUNDINGS: f64 = 256.0;

type Wave = Complex<f64>;

/// The waves that count: `[0..=most.x][-most.y..=most.y][-most.z..=most.z]`, of which those of x stand for their opposites.
pub(super) struct Waves {
    cell: Cell,
    most: [usize; 3],
    /// The kernel's transform, by the volume of the cell; that of waves of x above 0 counts twice.
    factors: Vec<f64>,
    error: f64,
}

impl Waves {
    /// Those of which the others add at most `error` of the mean density, which the maximum is not below. None if there are
    /// too many.
    pub(super) fn new(cell: &Cell, kernel: &Kernel, error: f64) -> Option<Self> {
        let g = cell.fractional_covariance(kernel.covariance);
        let steepest = steepest(&g);
        let edge = |band: f64| (band / TAU * steepest).to_array().map(f64::floor);
        let count = |most: [f64; 3]| (most[0] + 1.0) * (2.0 * most[1] + 1.0) * (2.0 * most[2] + 1.0);
        // What a wave at the end of the band is damped to.
        let mut band = (-2.0 * error.min(0.1).ln()).sqrt();
        loop {
            let all = count(edge(band + 3.0));
            if all.is_nan() || all > MOST_LOOKED_AT {
                return None;
            }
            let left_out = left_out(&g, edge(band).map(|m| m as i64), edge(band + 3.0).map(|m| m as i64));
            if left_out <= 0.5 * error || band > 12.0 {
                let most = edge(band).map(|m| m as usize);
                if count(edge(band)) > MOST {
                    return None;
                }
                let mean = 1.0 / cell.volume();
                let error = (left_out + ROUNDINGS * f64::EPSILON * (1.0 + left_out)) * mean;
                return Some(Self { cell: *cell, most, factors: factors(&g, most, mean), error });
            }
            band += 0.1;
        }
    }

    /// Number of waves.
    pub(super) fn len(&self) -> usize {
        self.factors.len()
    }

    /// Proven bound of the error of every value, from so many points, all coordinates being no farther than so many edges.
    pub(super) fn error(&self, points: usize, edges: f64) -> f64 {
        // Of all waves in phase: those of the terms of each sum, and those of the phases.
        let terms = (CHUNK.min(points) + points.div_ceil(CHUNK)) as f64;
        let turned = 4.0 * TAU * self.most.iter().sum::<usize>() as f64 * edges;
        self.error + (ROUNDINGS + terms + turned) * f64::EPSILON * self.factors.iter().sum::<f64>()
    }

    /// The waves of the points, times the kernel's transform.
    pub(super) fn spectrum(&self, cloud: &PointCloud, progress: &dyn Progress) -> Result<Vec<Wave>> {
        let [mx, my, mz] = self.most;
        let (ky, kz) = (2 * my + 1, 2 * mz + 1);
        let weight = weights(cloud);
        let mut sums = vec![Wave::default(); (mx + 1) * ky * kz];
        progress.begin("density", cloud.len().div_ceil(CHUNK) as u64);
        for chunk in (0..cloud.len()).step_by(CHUNK) {
            progress.check()?;
            let range = chunk..(chunk + CHUNK).min(cloud.len());
            let of = |i: usize| self.phases(-self.cell.fractional(cloud.positions[i]), weight(i));
            let all: Vec<[Vec<Wave>; 3]> = range.into_par_iter().with_min_len(64).map(of).collect();
            sums.par_chunks_mut(ky * kz).enumerate().for_each(|(x, plane)| {
                let mut part = vec![Wave::default(); plane.len()];
                for [ex, ey, ez] in &all {
                    for (row, ey) in part.chunks_exact_mut(kz).zip(ey) {
                        let xy = ex[x] * ey;
                        row.iter_mut().zip(ez).for_each(|(sum, ez)| *sum += xy * ez);
                    }
                }
                plane.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
            });
            progress.advance(1);
        }
        sums.iter_mut().zip(&self.factors).for_each(|(sum, factor)| *sum *= factor);
        Ok(sums)
    }

    /// `exp(2 pi i m f)` along each axis, those of x times a weight.
    fn phases(&self, f: DVec3, weight: f64) -> [Vec<Wave>; 3] {
        let turned = |m: i64, f: f64| {
            let turns = m as f64 * f;
            Wave::from_polar(1.0, TAU * (turns - turns.round()))
        };
        let [mx, my, mz] = self.most.map(|m| m as i64);
        [
            (0..=mx).map(|m| turned(m, f.x) * weight).collect(),
            (-my..=my).map(|m| turned(m, f.y)).collect(),
            (-mz..=mz).map(|m| turned(m, f.z)).collect(),
        ]
    }

    /// The densities at places. None is below 0.
    pub(super) fn at(&self, spectrum: &[Wave], places: &[DVec3], progress: &dyn Progress) -> Result<Vec<f64>> {
        let (ky, kz) = (2 * self.most[1] + 1, 2 * self.most[2] + 1);
        progress.begin("density", places.len().div_ceil(CHUNK) as u64);
        let value = |place: &DVec3| {
            let [ex, ey, ez] = self.phases(self.cell.fractional(*place), 1.0);
            let plane = |(plane, ex): (&[Wave], &Wave)| {
                let row = |(row, ey): (&[Wave], &Wave)| row.iter().zip(&ez).map(|(s, e)| s * e).sum::<Wave>() * ey;
                (plane.chunks_exact(kz).zip(&ey).map(row).sum::<Wave>() * ex).re
            };
            spectrum.chunks_exact(ky * kz).zip(&ex).map(plane).sum::<f64>().max(0.0)
        };
        let parts = places.par_chunks(CHUNK).map(|places| {
            progress.check()?;
            let values: Vec<f64> = places.iter().map(value).collect();
            progress.advance(1);
            Ok(values)
        });
        Ok(parts.collect::<Result<Vec<_>>>()?.concat())
    }

    /// Fills `values`, x fastest, at the nodes and gives the largest. None is below 0. As the edge a is along x and b in the plane
    /// of x and y, the phases of a step along z belong to all three waves, those along y to two and those along x to one.
    pub(super) fn on_lattice<T: Sample>(
        &self,
        spectrum: &[Wave],
        lattice: &Lattice,
        values: &mut [T],
        progress: &dyn Progress,
    ) -> Result<f64> {
        let [nx, ny, nz] = lattice.shape;
        let (ky, kz) = (2 * self.most[1] + 1, 2 * self.most[2] + 1);
        progress.begin("density", nz as u64);
        let along_x: Vec<Vec<Wave>> = (0..nx)
            .map(|i| self.phases(self.cell.fractional(DVec3::X * (lattice.spacing.x * i as f64)), 1.0)[0].clone())
            .collect();
        let layer = |(k, layer): (usize, &mut [T])| {
            progress.check()?;
            let start = self.cell.fractional(lattice.node(0, 0, k));
            let [ex, ey, ez] = self.phases(start, 1.0);
            // Of each wave of x and y, at x = y = 0.
            let columns: Vec<Wave> = spectrum
                .chunks_exact(kz)
                .enumerate()
                .map(|(at, row)| row.iter().zip(&ez).map(|(s, e)| s * e).sum::<Wave>() * ex[at / ky] * ey[at % ky])
                .collect();
            let mut largest = 0.0;
            for (j, row) in layer.chunks_exact_mut(nx).enumerate() {
                let step = self.cell.fractional(DVec3::Y * (lattice.spacing.y * j as f64));
                let [ex, ey, _] = self.phases(step, 1.0);
                let of_x: Vec<Wave> = columns
                    .chunks_exact(ky)
                    .zip(&ex)
                    .map(|(column, ex)| column.iter().zip(&ey).map(|(c, e)| c * e).sum::<Wave>() * ex)
                    .collect();
                for (value, ex) in row.iter_mut().zip(&along_x) {
                    let sum: f64 = of_x.iter().zip(ex).map(|(s, e)| s.re * e.re - s.im * e.im).sum();
                    let sum = sum.max(0.0);
                    largest = f64::max(largest, sum);
                    *value = T::from_f64(sum);
                }
            }
            progress.advance(1);
            Ok(largest)
        };
        values.par_chunks_mut(nx * ny).enumerate().map(layer).try_reduce(|| 0.0, |a, b| Ok(a.max(b)))
    }
}

/// `exp(-k^T H k / 2)` of the wave with these numbers, `g` being the covariance in multiples of the edges.
fn damping(g: &DMat3, m: [i64; 3]) -> f64 {
    let k = DVec3::from(m.map(|m| TAU * m as f64));
    (-0.5 * k.dot(*g * k)).exp()
}

/// The sum of the dampings outside `most` and inside `all`, and a thousandth more for those beyond.
fn left_out(g: &DMat3, most: [i64; 3], all: [i64; 3]) -> f64 {
    let mut sum = 0.0;
    for x in 0..=all[0] {
        let times = if x == 0 { 1.0 } else { 2.0 };
        for y in -all[1]..=all[1] {
            for z in -all[2]..=all[2] {
                if x > most[0] || y.abs() > most[1] || z.abs() > most[2] {
                    sum += times * damping(g, [x, y, z]);
                }
            }
        }
    }
    1.001 * sum + beyond(g, all)
}

/// A bound of the sum of the dampings outside `all`: the least exponent there takes nine tenths of it, and the rest is summed
/// over all waves. Each factor of that sum, by the Cholesky factors of `g`, is largest where its axis stands alone.
fn beyond(g: &DMat3, all: [i64; 3]) -> f64 {
    let steepest = steepest(g);
    let nearest = (0..3).map(|a| (TAU * (all[a] + 1) as f64 / steepest[a]).powi(2)).fold(f64::INFINITY, f64::min);
    (-0.45 * nearest).exp() * all_waves(g, 0.1)
}

/// `sqrt((g^-1)_aa)` along each axis.
fn steepest(g: &DMat3) -> DVec3 {
    let inverse = g.inverse();
    DVec3::new(inverse.x_axis.x, inverse.y_axis.y, inverse.z_axis.z).map(f64::sqrt)
}

/// No less than the sum of `exp(-share k^T H k / 2)` over all waves.
pub(super) fn all_waves(g: &DMat3, share: f64) -> f64 {
    steepest(g).map(|s| 1.0 + s / (TAU * share).sqrt()).element_product()
}

fn factors(g: &DMat3, most: [usize; 3], mean: f64) -> Vec<f64> {
    let [mx, my, mz] = most.map(|m| m as i64);
    let mut factors = Vec::new();
    for x in 0..=mx {
        for y in -my..=my {
            factors.extend((-mz..=mz).map(|z| damping(g, [x, y, z]) * if x == 0 { mean } else { 2.0 * mean }));
        }
    }
    factors
}
