//! From a grid to the waves that are kept of it, and back onto another grid of the same period.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytemuck::Pod;
use rayon::prelude::*;
use realfft::RealFftPlanner;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftNum, FftPlanner};

use crate::error::Result;
use crate::memory::{reused, zeros};
use crate::progress::Progress;

/// A number of an FFT.
pub(super) trait Float: FftNum + Default + Pod {
    fn of(value: f64) -> Self;
    fn to_f64(self) -> f64;
    /// The plans made so far, which are kept.
    fn planners() -> MutexGuard<'static, Planners<Self>>;
}

/// Planners, which hand out the plans they have made before.
pub(super) struct Planners<F: FftNum> {
    complex: FftPlanner<F>,
    real: RealFftPlanner<F>,
}

impl<F: FftNum> Planners<F> {
    fn new() -> Self {
        Self { complex: FftPlanner::new(), real: RealFftPlanner::new() }
    }
}

/// What a `static` holds, whatever a thread did that held it before: plans are never half made.
fn locked<F: FftNum>(kept: &'static OnceLock<Mutex<Planners<F>>>) -> MutexGuard<'static, Planners<F>> {
    kept.get_or_init(|| Mutex::new(Planners::new())).lock().unwrap_or_else(PoisonError::into_inner)
}

impl Float for f32 {
    #[inline]
    fn of(value: f64) -> Self {
        value as f32
    }
    #[inline]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn planners() -> MutexGuard<'static, Planners<Self>> {
        static KEPT: OnceLock<Mutex<Planners<f32>>> = OnceLock::new();
        locked(&KEPT)
    }
}

impl Float for f64 {
    #[inline]
    fn of(value: f64) -> Self {
        value
    }
    #[inline]
    fn to_f64(self) -> f64 {
        self
    }
    fn planners() -> MutexGuard<'static, Planners<Self>> {
        static KEPT: OnceLock<Mutex<Planners<f64>>> = OnceLock::new();
        locked(&KEPT)
    }
}

/// The smallest number of at least `n` that an FFT takes well: even, of 2, 3, 5 and 7; 1 for 1.
pub(super) fn good_size(n: usize) -> usize {
    let is_good = |mut m: usize| {
        for p in [2, 3, 5, 7] {
            while m.is_multiple_of(p) {
                m /= p;
            }
        }
        m == 1
    };
    if n <= 1 { 1 } else { (n.div_ceil(2)..).map(|half| 2 * half).find(|m| is_good(*m)).unwrap_or(n) }
}

/// The numbers of the waves along an axis, `0, 1, .., most, -most, .., -1`.
pub(super) fn waves(most: usize) -> impl Iterator<Item = i64> + Clone {
    let most = most as i64;
    (0..=most).chain(-most..0)
}

/// Along an axis, the waves from `-most` to `most` in an FFT of `size`, summed where several fall on one place.
struct Bins {
    at: Vec<usize>,
    most: usize,
    size: usize,
}

impl Bins {
    fn new(most: usize, size: usize) -> Self {
        Self { at: waves(most).map(|m| m.rem_euclid(size as i64) as usize).collect(), most, size }
    }

    /// Puts the waves of `from` where the FFT expects them.
    fn fill<F: Float>(&self, from: &[Complex<F>], to: &mut [Complex<F>]) {
        if 2 * self.most < self.size {
            let (low, high) = from.split_at(self.most + 1);
            to[..low.len()].copy_from_slice(low);
            to[low.len()..self.size - self.most].fill(Complex::default());
            to[self.size - self.most..].copy_from_slice(high);
        } else {
            to.fill(Complex::default());
            for (value, at) in from.iter().zip(&self.at) {
                to[*at] = to[*at] + value;
            }
        }
    }

    /// Takes the waves out of what the FFT gave.
    fn take<F: Float>(&self, from: &[Complex<F>], to: &mut [Complex<F>]) {
        let (low, high) = to.split_at_mut(self.most + 1);
        low.copy_from_slice(&from[..=self.most]);
        high.copy_from_slice(&from[self.size - self.most..]);
    }
}

/// A complex FFT with its working memory.
struct Plan<F: Float> {
    fft: Arc<dyn Fft<F>>,
}

impl<F: Float> Plan<F> {
    fn scratch(&self) -> Vec<Complex<F>> {
        vec![Complex::default(); self.fft.get_inplace_scratch_len()]
    }

    /// Transforms each run of the FFT's length.
    fn run(&self, values: &mut [Complex<F>], scratch: &mut [Complex<F>]) {
        self.fft.process_with_scratch(values, scratch);
    }
}

/// The transform of a grid of reals, x fastest, at the waves `[0..=most.x][all of y][all of z]`, the last fastest:
/// `sum_j grid_j exp(-2 pi i m j / size)`. `room` is memory to work in.
///
/// # Errors
/// [`Error::Interrupted`](crate::error::Error::Interrupted).
pub(super) fn forward(
    grid: Vec<f64>,
    room: Vec<impl Pod>,
    size: [usize; 3],
    most: [usize; 3],
    progress: &dyn Progress,
) -> Result<Vec<Complex<f64>>> {
    let [nx, ny, nz] = size;
    let [kx, ky, kz] = [most[0] + 1, 2 * most[1] + 1, 2 * most[2] + 1];
    let mut planners = f64::planners();
    let along_x = planners.real.plan_fft_forward(nx);
    let along_y = Plan { fft: planners.complex.plan_fft_forward(ny) };
    let along_z = Plan { fft: planners.complex.plan_fft_forward(nz) };
    drop(planners);
    let (bins_y, bins_z) = (Bins::new(most[1], ny), Bins::new(most[2], nz));

    // Layer by layer: along x and y, the waves of y fastest.
    let mut layers = reused::<_, Complex<f64>>(room, nz * kx * ky);
    layers.par_chunks_mut(kx * ky).zip(grid.par_chunks(nx * ny)).try_for_each_init(
        || {
            (
                vec![0.0; nx],
                along_x.make_output_vec(),
                along_x.make_scratch_vec(),
                vec![Complex::default(); kx * ny],
                along_y.scratch(),
            )
        },
        |(row, of_row, scratch_x, columns, scratch_y), (layer, grid)| {
            progress.check()?;
            if grid.iter().all(|v| *v == 0.0) {
                layer.fill(Complex::default());
                return Ok(());
            }
            columns.fill(Complex::default());
            for (j, values) in grid.chunks_exact(nx).enumerate() {
                if values.iter().any(|v| *v != 0.0) {
                    row.copy_from_slice(values);
                    along_x.process_with_scratch(row, of_row, scratch_x).expect("lengths that the plan gave");
                    for (k, value) in of_row[..kx].iter().enumerate() {
                        columns[k * ny + j] = *value;
                    }
                }
            }
            along_y.run(columns, scratch_y);
            for (column, to) in columns.chunks_exact(ny).zip(layer.chunks_exact_mut(ky)) {
                bins_y.take(column, to);
            }
            Ok(())
        },
    )?;
    let mut spectrum = reused::<_, Complex<f64>>(grid, kx * ky * kz);
    spectrum.par_chunks_mut(ky * kz).enumerate().try_for_each_init(
        || (vec![Complex::default(); ky * nz], along_z.scratch()),
        |(columns, scratch), (x, to)| {
            progress.check()?;
            for z in 0..nz {
                let from = &layers[(z * kx + x) * ky..][..ky];
                for (y, value) in from.iter().enumerate() {
                    columns[y * nz + z] = *value;
                }
            }
            along_z.run(columns, scratch);
            for (column, to) in columns.chunks_exact(nz).zip(to.chunks_exact_mut(kz)) {
                bins_z.take(column, to);
            }
            Ok(())
        },
    )?;
    Ok(spectrum)
}

/// Where waves go: the nodes of a period and how many of them, from the first, are wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Onto {
    pub(super) size: [usize; 3],
    pub(super) wanted: [usize; 3],
}

/// Fills `values`, x fastest, with the wanted nodes of the grid of which the waves `[0..=most.x][all of y][all of z]` are the
/// transform, and gives the largest. Waves too short for the grid fall on longer ones, as they do on the nodes.
///
/// `column(x, y, room, to)` gives the waves along z for the wave of number x and the place y among those of y, or says that
/// they are all 0; `store` puts a row of nodes into `values` and gives its largest.
///
/// # Errors
/// [`Error::Interrupted`](crate::error::Error::Interrupted).
pub(super) fn inverse<F: Float, T: Send>(
    column: impl Fn(usize, usize, &mut Vec<f64>, &mut [Complex<F>]) -> bool + Sync,
    most: [usize; 3],
    onto: Onto,
    values: &mut [T],
    store: impl Fn(&[F], &mut [T]) -> f64 + Sync,
    progress: &dyn Progress,
) -> Result<f64> {
    let [nx, ny, nz] = onto.size;
    let [wx, wy, wz] = onto.wanted;
    let [kx, ky, kz] = [most[0] + 1, 2 * most[1] + 1, 2 * most[2] + 1];
    let mut planners = F::planners();
    let along_x = planners.real.plan_fft_inverse(nx);
    let along_y = Plan { fft: planners.complex.plan_fft_inverse(ny) };
    let along_z = Plan { fft: planners.complex.plan_fft_inverse(nz) };
    drop(planners);
    let (bins_y, bins_z) = (Bins::new(most[1], ny), Bins::new(most[2], nz));

    // For each wave of x: along z, then the wanted layers, the waves of y fastest.
    let mut layers = zeros::<Complex<F>>(kx * wz * ky);
    layers.par_chunks_mut(wz * ky).enumerate().try_for_each_init(
        || (Vec::new(), vec![Complex::default(); kz], vec![Complex::default(); nz], along_z.scratch()),
        |(factors, waves, values, scratch), (x, to)| {
            progress.check()?;
            for y in 0..ky {
                if column(x, y, factors, waves) {
                    bins_z.fill(waves, values);
                    along_z.run(values, scratch);
                    for (z, value) in values[..wz].iter().enumerate() {
                        to[z * ky + y] = *value;
                    }
                }
            }
            Ok(())
        },
    )?;
    let largest = values.par_chunks_mut(wx * wy).enumerate().map_init(
        || Scratch {
            column: vec![Complex::default(); ny],
            scratch_y: along_y.scratch(),
            rows: vec![Complex::default(); kx * wy],
            half: along_x.make_input_vec(),
            row: along_x.make_output_vec(),
            scratch_x: along_x.make_scratch_vec(),
        },
        |s, (z, to)| {
            progress.check()?;
            for x in 0..kx {
                bins_y.fill(&layers[(x * wz + z) * ky..][..ky], &mut s.column);
                along_y.run(&mut s.column, &mut s.scratch_y);
                for (y, value) in s.column[..wy].iter().enumerate() {
                    s.rows[y * kx + x] = *value;
                }
            }
            let mut largest = 0.0;
            for (waves, to) in s.rows.chunks_exact(kx).zip(to.chunks_exact_mut(wx)) {
                half_of(waves, nx, &mut s.half);
                along_x
                    .process_with_scratch(&mut s.half, &mut s.row, &mut s.scratch_x)
                    .expect("lengths that the plan gave");
                largest = f64::max(largest, store(&s.row[..wx], to));
            }
            progress.advance(1);
            Ok(largest)
        },
    );
    largest.try_reduce(|| 0.0, |a, b| Ok(a.max(b)))
}

struct Scratch<F: Float> {
    column: Vec<Complex<F>>,
    scratch_y: Vec<Complex<F>>,
    rows: Vec<Complex<F>>,
    half: Vec<Complex<F>>,
    row: Vec<F>,
    scratch_x: Vec<Complex<F>>,
}

/// The first half of a transform of `size` reals from its waves of number 0 and above.
fn half_of<F: Float>(waves: &[Complex<F>], size: usize, half: &mut [Complex<F>]) {
    let most = waves.len() - 1;
    if 2 * most < size {
        half[..=most].copy_from_slice(waves);
        half[most + 1..].fill(Complex::default());
        half[0].im = F::zero();
        return;
    }
    half.fill(Complex::default());
    half[0] = waves[0];
    for (m, value) in waves.iter().enumerate().skip(1) {
        let at = m % size;
        let opposite = (size - at) % size;
        if at < half.len() {
            half[at] = half[at] + value;
        }
        if opposite < half.len() {
            half[opposite] = half[opposite] + value.conj();
        }
    }
    half[0].im = F::zero();
    if size.is_multiple_of(2) {
        half[size / 2].im = F::zero();
    }
}
