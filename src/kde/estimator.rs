//! A density whose bandwidth and points can change.

use std::sync::Arc;

use glam::{DMat3, DVec3};

use crate::error::{Error, Result};
use crate::geometry::{Box3, LengthUnit};
use crate::gpu::{Gpu, Samples};
use crate::grid::{DensityGrid, Lattice, Sample};
use crate::kde::choose::choose;
use crate::kde::eigen::symmetric_eigen;
use crate::kde::kernel::{self, Kernel, summed};
use crate::kde::moments::Moments;
use crate::kde::plan::{Plan, plan};
use crate::kde::select::{self, Selection};
use crate::kde::setting::{self, Setting};
use crate::kde::spectral::device::{Pieces, Waves};
use crate::kde::spectral::{Frame, Reach, Spectrum, Wanted};
use crate::kde::{Bandwidth, DensityOptions, KernelOf, Method, bound, on_gpu, plane};
use crate::memory::zeros;
use crate::memory::{GIB, usable_memory};
use crate::points::PointCloud;
use crate::progress::Progress;

/// Kernels up to this many times as wide as the first take one transform.
const WIDEST: f64 = 2.0;
/// A wider one is made of two: along each axis, this share of its covariance or less is that of the first.
const FIRST: f64 = 0.64;
/// Nodes a standard deviation of the first, at which the trapezoidal rule is right to [`TRAPEZOIDAL`] for the product with the
/// second.
const NODES_PER_SIGMA: f64 = 1.8;
const TRAPEZOIDAL: f64 = 1e-9;
/// The share of the error that the waves take; the rest is for the second kernel of two.
const WAVES: f64 = 0.7;
/// A sum of weights below this share of the largest that it ever was is rounding.
const LEAST_WEIGHT: f64 = 1e-9;
/// A variance below this share of the squared size of the box is the rounding of moments.
const MOMENTS: f64 = 1e-14;
/// How far an eigenvalue may lie below the floor, as a share, for rounding.
const SLACK: f64 = 1e-9;

/// The Fourier transform of a set of points, from which the density of any kernel above a floor follows at the price of one
/// multiplication and one inverse transform onto the grid, however many points there are. Points can be added and
/// removed: densities add.
///
/// # Examples
/// ```
/// use densitas::kde::{Bandwidth, DensityOptions, Estimator};
/// use densitas::{progress::Silent, sample};
///
/// let cloud = sample::sample("founding", Some(5000), 1)?;
/// let estimator = Estimator::new(&cloud, &DensityOptions::default(), 0.5, &Silent)?;
/// for factor in [0.2, 0.3, 0.4] {
///     let density = estimator.density::<f32>(&Bandwidth::Factor(factor), &Silent)?;
///     assert!(density.grid.statistics().max > 0.0);
/// }
/// # Ok::<(), densitas::error::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Estimator {
    lattice: Lattice,
    focus: Box3,
    unit: Option<LengthUnit>,
    /// The box of the grid and the first points, in which all others must lie.
    room: Box3,
    frame: Frame,
    /// With weights as they are, not normalised.
    spectrum: Spectrum,
    floor: Kernel,
    widest: Kernel,
    moments: Moments,
    /// The largest sum of weights that there ever was.
    heaviest: f64,
    warnings: Vec<String>,
    max_error: f64,
    /// The covariance of the points; what stands in for it where it is singular.
    data: DMat3,
    points: usize,
    /// The waves where they were copied to.
    on_device: Option<(Gpu, Arc<Waves>)>,
}

/// A density of an [`Estimator`].
#[derive(Debug, Clone)]
pub struct Estimated<T: Sample = f32> {
    /// The samples.
    pub grid: DensityGrid<T>,
    /// The kernel.
    pub kernel: Kernel,
    /// Proven bound of the error of every node, as a share of the largest value in the grid. What is kept is the error of
    /// the options, as a share of the largest value over space.
    pub bound_relative_to_max: f64,
    /// The same samples on the device that computed them, as shares of the kernel's peak.
    pub on_device: Option<Samples>,
}

impl Estimator {
    /// For points in space, on the grid that `options` ask for, and kernels down to `floor` times as wide as the bandwidth of
    /// `options`; between 0 and 1. The lower the floor, the more memory and time a transform takes.
    ///
    /// # Errors
    /// As [`density`](crate::kde::density); [`Error::Usage`] for a floor that is not above 0 and at most 1, [`Error::Data`] if
    /// the waves do not fit into memory or the box holds no point.
    pub fn new(cloud: &PointCloud, options: &DensityOptions, floor: f64, progress: &dyn Progress) -> Result<Self> {
        Self::with(cloud, options, floor, Kernel::new, progress)
    }

    /// As [`Estimator::new`] for points of the plane z = 0; grids are one layer of nodes.
    ///
    /// # Errors
    /// As [`Estimator::new`].
    pub fn of_plane(cloud: &PointCloud, options: &DensityOptions, floor: f64, progress: &dyn Progress) -> Result<Self> {
        plane::check(cloud)?;
        Self::with(cloud, options, floor, Kernel::of_plane, progress)
    }

    fn with(
        cloud: &PointCloud,
        options: &DensityOptions,
        floor: f64,
        kernel_of: KernelOf,
        progress: &dyn Progress,
    ) -> Result<Self> {
        options.check()?;
        if options.relative || options.guaranteed || !matches!(options.method, Method::Auto | Method::Spectral) {
            return Err(Error::Usage(
                "an estimator works by waves, which keep errors as shares of the largest value without a proof: leave out \
                 relative and guaranteed, and take the method auto or spectral"
                    .into(),
            ));
        }
        if !(floor > 0.0 && floor <= 1.0) {
            return Err(Error::Usage(format!("the floor is {floor}; it must be above 0 and at most 1")));
        }
        let (kernel, _, mut warnings) = select::kernel(cloud, &options.bandwidth, kernel_of, progress)?;
        let Plan { lattice, focus, warnings: of_plan, notes } =
            plan(cloud, &kernel, options.extent, options.resolution, 4)?;
        warnings.extend(of_plan.into_iter().chain(notes));
        let (floor, widest) = (kernel.widened(floor)?, kernel.widened(WIDEST)?);
        let (grid, points) = (lattice.bounds(), cloud.bounds());
        let room = Box3 { min: grid.min.min(points.min), max: grid.max.max(points.max) };
        let frames = Frame::all(
            WAVES * options.max_error,
            [&floor.widened(FIRST.sqrt())?, &widest],
            room,
            Wanted::Nodes(&lattice),
            Reach::All,
        );
        let memory = |frame: &Frame| frame.memory(cloud.len(), 0);
        let frame = frames.into_iter().min_by(|a, b| memory(a).total_cmp(&memory(b)));
        let frame = frame.ok_or_else(|| {
            Error::Data(
                "no waves can be made: no point is near the box, or the points reach over too many widths of the kernel; take a \
                 wider bandwidth or a floor nearer to 1"
                    .into(),
            )
        })?.with_single(true);
        if memory(&frame) > usable_memory() {
            return Err(Error::Data(format!(
                "the waves of kernels this narrow need {:.1} GiB, and {:.1} GiB can be had; take a floor nearer to 1",
                memory(&frame) / GIB,
                usable_memory() / GIB
            )));
        }
        progress.begin("density", frame.steps());
        let mut estimator = Self {
            focus,
            unit: cloud.unit,
            room,
            heaviest: 0.0,
            warnings,
            moments: Moments::of(cloud, grid.center()),
            spectrum: spectrum(&frame, cloud, progress)?,
            lattice,
            frame,
            floor,
            widest,
            points: cloud.len(),
            max_error: options.max_error,
            data: DMat3::ZERO,
            on_device: None,
        };
        estimator.heaviest = estimator.moments.weight;
        // Of singular data the kernel knows more than the moments.
        estimator.data = match kernel.factor {
            Some(factor) => kernel.covariance * (1.0 / (factor * factor)),
            None => estimator.regular_data(&estimator.moments),
        };
        Ok(estimator)
    }

    /// Copies the waves to a device, which from then on computes the densities that take one transform, in f32: within 1e-5 of the
    /// largest density over space (an estimate) if that is more than the error of the options. They stay there, too
    /// ([`Estimated::on_device`]). Where the device fails, the processor computes as before. Points that are added or removed
    /// end it.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device cannot hold the waves.
    pub fn use_device(&mut self, gpu: &Gpu) -> Result<()> {
        let pieces = Pieces::of(gpu);
        if let Some(why) = self.frame.obstacle(gpu, pieces) {
            return Err(Error::Gpu(why));
        }
        let waves = Waves::of_spectrum(gpu, &self.frame, pieces, &self.spectrum);
        gpu.check()?;
        self.on_device = Some((gpu.clone(), Arc::new(waves)));
        Ok(())
    }

    /// The grid of all densities.
    pub fn lattice(&self) -> &Lattice {
        &self.lattice
    }

    /// What the user must know of the first bandwidth and of the grid.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Number of points.
    pub fn points(&self) -> usize {
        self.points
    }

    /// The narrowest kernel: others need a covariance that is nowhere below its own.
    pub fn floor(&self) -> &Kernel {
        &self.floor
    }

    /// The kernel of a bandwidth for the points as they are now.
    ///
    /// # Errors
    /// As [`Kernel::new`].
    pub fn kernel(&self, bandwidth: &Bandwidth) -> Result<Kernel> {
        bandwidth.check()?;
        let n_eff = self.moments.n_eff();
        let d = self.floor.dimensions;
        let covariance = match *bandwidth {
            Bandwidth::Length { sigma, unit } => {
                let sigma = Bandwidth::sigma_in(sigma, unit, self.unit)?.0;
                DMat3::from_diagonal(sigma * sigma)
            }
            Bandwidth::Matrix(six) => kernel::symmetric(six),
            _ => {
                let factor = match bandwidth {
                    Bandwidth::CrossValidation => self.cross_validation()?.factor,
                    _ => bandwidth.factor(n_eff, d).ok_or_else(|| {
                        Error::Usage(format!(
                            "the bandwidth {bandwidth} needs the points themselves; find it by kde::select"
                        ))
                    })?,
                };
                return Kernel::of(bandwidth.rule(), Some(factor), n_eff, d, self.data * (factor * factor));
            }
        };
        Kernel::of(bandwidth.rule(), None, n_eff, d, covariance)
    }

    /// The density for a bandwidth.
    ///
    /// # Errors
    /// As [`Estimator::kernel`]; [`Error::Usage`] for a kernel below the floor, [`Error::Interrupted`].
    pub fn density<T: Sample>(&self, bandwidth: &Bandwidth, progress: &dyn Progress) -> Result<Estimated<T>> {
        let kernel = self.usable(bandwidth)?;
        if !self.takes_one_transform(&kernel) {
            return self.twice(kernel, progress);
        }
        if let Some((gpu, waves)) = &self.on_device {
            match self.once_on(gpu, waves, &kernel, progress) {
                Err(Error::Gpu(_)) => {}
                done => return done,
            }
        }
        self.once(kernel, progress)
    }

    /// The kernel of a bandwidth, if it is not below the floor.
    fn usable(&self, bandwidth: &Bandwidth) -> Result<Kernel> {
        let kernel = self.kernel(bandwidth)?;
        if !self.is_above_floor(&kernel.covariance) {
            return Err(Error::Usage(format!(
                "the bandwidth {bandwidth} is narrower than the floor of this estimator, standard deviations {}; make one \
                 with a lower floor",
                self.floor.sigma()
            )));
        }
        Ok(kernel)
    }

    fn takes_one_transform(&self, kernel: &Kernel) -> bool {
        (0..kernel.dimensions).all(|a| kernel.sigma()[a] <= self.widest.sigma()[a] * (1.0 + SLACK))
    }

    /// The density for a bandwidth, as shares of the kernel's peak, left on the device that [`Estimator::use_device`] was given: a
    /// volume can be drawn of it at once.
    ///
    /// # Errors
    /// As [`Estimator::density`]; [`Error::Gpu`] without a device, if it fails, and for kernels more than twice as wide as that of the
    /// options, which take more than one transform.
    pub fn samples(&self, bandwidth: &Bandwidth, progress: &dyn Progress) -> Result<(Kernel, Samples)> {
        let kernel = self.usable(bandwidth)?;
        let device = self.on_device.as_ref().filter(|_| self.takes_one_transform(&kernel));
        let Some((gpu, waves)) = device else {
            return Err(Error::Gpu(format!("the bandwidth {bandwidth} is not one for a device here")));
        };
        progress.begin("density", self.lattice.shape[2] as u64);
        let samples = waves.onto_nodes(gpu, &kernel, progress)?;
        Ok((kernel, samples))
    }

    /// The scores of least-squares cross-validation of the points as they are now, for kernels of the shape of their
    /// covariance: from the narrowest that is nowhere below the floor to twice the first bandwidth, or four times the narrowest. Those of
    /// kernels wider than 1.4 times the first count some images of the period, too: they are estimates.
    /// The waves are there already. See [`select`](crate::kde::select::select).
    ///
    /// # Errors
    /// [`Error::Data`] if no kernel can be made of the covariance.
    pub fn cross_validation(&self) -> Result<Selection> {
        let low = self.in_floors(&self.data).0.min_element().sqrt().recip();
        let n_eff = self.moments.n_eff();
        let narrow = Kernel::of("cv", Some(low), n_eff, self.floor.dimensions, self.data * (low * low))?;
        let powers = self.frame.powers(&self.spectrum, &narrow);
        let room = |a: usize| self.widest.sigma()[a] / narrow.sigma()[a];
        let widest = (0..self.floor.dimensions).map(room).fold(f64::INFINITY, f64::min);
        let squares = self.moments.squares / self.moments.weight.powi(2);
        Ok(select::least(&powers, &narrow, [low, low * widest.max(4.0)], squares, 1.0))
    }

    /// Adds points; the first bandwidth's grid stays as it is.
    ///
    /// # Errors
    /// [`Error::Data`] if a point lies outside the box of the grid and the first points, or weights are not as
    /// [`Kernel::new`] asks for; [`Error::Interrupted`]. Nothing has changed then.
    pub fn add(&mut self, cloud: &PointCloud, progress: &dyn Progress) -> Result<()> {
        self.change(cloud, 1.0, progress)
    }

    /// Removes points that were added before, with the same weights.
    ///
    /// # Errors
    /// As [`Estimator::add`], and [`Error::Data`] if no two points would be left.
    pub fn remove(&mut self, cloud: &PointCloud, progress: &dyn Progress) -> Result<()> {
        if self.points < cloud.len() + 2 {
            return Err(Error::Data(format!(
                "{} of {} points cannot be removed; at least two must be left",
                cloud.len(),
                self.points
            )));
        }
        self.change(cloud, -1.0, progress)
    }

    fn change(&mut self, cloud: &PointCloud, sign: f64, progress: &dyn Progress) -> Result<()> {
        let is_inside = |p: &DVec3| p.cmpge(self.room.min).all() && p.cmple(self.room.max).all();
        if let Some(at) = cloud.positions.iter().position(|p| !is_inside(p)) {
            return Err(Error::Data(format!(
                "point {at} from 0, {}, lies outside {} to {}, the box of the grid and the first points",
                cloud.positions[at], self.room.min, self.room.max
            )));
        }
        kernel::check_weights(cloud)?;
        let moments = self.moments.plus(&Moments::of(cloud, self.lattice.bounds().center()), sign);
        if moments.weight <= LEAST_WEIGHT * self.heaviest || moments.n_eff() < 1.0 + SLACK {
            return Err(Error::Data("no two points of positive weight would be left".into()));
        }
        progress.begin("density", self.frame.steps());
        let change = spectrum(&self.frame, cloud, progress)?;
        self.spectrum.add(&change, sign);
        self.moments = moments;
        self.heaviest = self.heaviest.max(moments.weight);
        self.points = if sign > 0.0 { self.points + cloud.len() } else { self.points - cloud.len() };
        self.data = self.regular_data(&self.moments);
        self.on_device = None;
        Ok(())
    }

    /// The covariance of points by their moments, as [`Kernel::new`] makes it where they lie in a plane, on a line or, but for
    /// rounding, at one place.
    fn regular_data(&self, moments: &Moments) -> DMat3 {
        let mut data = moments.covariance();
        let far = self.room.size();
        // What is left of a difference of moments is rounding.
        let least = MOMENTS * far * far;
        let variance = |a: usize| data.col(a)[a].max(0.0);
        let spread = DVec3::new(variance(0), variance(1), variance(2));
        let flat = spread.cmple(least);
        let size = DVec3::select(flat, DVec3::ZERO, far);
        if flat.all() {
            data = DMat3::from_diagonal(least.max(DVec3::splat(f64::MIN_POSITIVE)));
        }
        if self.floor.dimensions == 2 {
            data = kernel::across_plane(data);
        }
        let bounds = Box3 { min: DVec3::ZERO, max: if flat.all() { far } else { size } };
        kernel::regular(data, bounds, self.floor.dimensions, &mut Vec::new())
    }

    /// Eigenvalues and eigenvectors of a covariance in coordinates in which the floor is round; in a plane, the third axis
    /// stands apart.
    fn in_floors(&self, covariance: &DMat3) -> (DVec3, DMat3) {
        let a = self.floor.whitening;
        let mut ratio = a * *covariance * a.transpose();
        if self.floor.dimensions == 2 {
            ratio = DMat3::from_cols(ratio.x_axis.with_z(0.0), ratio.y_axis.with_z(0.0), DVec3::Z);
        }
        symmetric_eigen(ratio)
    }

    fn is_above_floor(&self, covariance: &DMat3) -> bool {
        self.in_floors(covariance).0.cmpge(DVec3::splat(1.0 - SLACK)).all()
    }

    /// The first of the two covariances that add up to a wide one: wide enough for the waves at hand, and half as wide as the
    /// widest, so that both ends of the period have room for its tails.
    fn first_of(&self, covariance: &DMat3) -> DMat3 {
        let (values, vectors) = self.in_floors(covariance);
        let most = (0.5 * self.widest.sigma().x / self.floor.sigma().x).powi(2);
        let first = vectors * DMat3::from_diagonal((FIRST * values).min(DVec3::splat(most))) * vectors.transpose();
        let back = self.floor.whitening.inverse();
        let first = back * first * back.transpose();
        (first + first.transpose()) * 0.5
    }

    /// A bound of the error of every value, as a share of the kernel's peak. What was taken away has left its roundings.
    fn bound(&self, kernel: &Kernel) -> f64 {
        let far = self.room.min.abs().max(self.room.max.abs());
        let rounding = setting::rounding_of_waves((far * kernel.steepest()).element_sum());
        self.frame.bound(kernel, &self.spectrum, Wanted::Nodes(&self.lattice))
            + rounding * (self.heaviest / self.moments.weight)
    }

    /// By one multiplication and one inverse transform.
    fn once<T: Sample>(&self, kernel: Kernel, progress: &dyn Progress) -> Result<Estimated<T>> {
        let mut values = zeros::<T>(self.lattice.len());
        progress.begin("density", self.lattice.shape[2] as u64);
        let largest = self.frame.onto_nodes(&self.spectrum, &kernel, &mut values, progress)?;
        let bound = self.bound(&kernel);
        let bound_relative_to_max = kernel.peak / largest * bound + bound::storage(largest, size_of::<T>());
        Ok(Estimated { grid: self.grid(values)?, kernel, bound_relative_to_max, on_device: None })
    }

    fn once_on<T: Sample>(
        &self,
        gpu: &Gpu,
        waves: &Waves,
        kernel: &Kernel,
        progress: &dyn Progress,
    ) -> Result<Estimated<T>> {
        let mut values = zeros::<T>(self.lattice.len());
        progress.begin("density", self.lattice.shape[2] as u64);
        let samples = waves.onto_nodes(gpu, kernel, progress)?;
        let largest = on_gpu::filled(&samples, kernel.peak, &mut values)?;
        let bound = self.frame.bound_in_single(kernel, self.points);
        let bound_relative_to_max = kernel.peak / largest * bound + bound::storage(largest, size_of::<T>());
        let (grid, kernel) = (self.grid(values)?, kernel.clone());
        Ok(Estimated { grid, kernel, bound_relative_to_max, on_device: Some(samples) })
    }

    /// By the density of a part of the covariance at nodes all over the period, which are points for the rest of it: a Gaussian
    /// of a Gaussian is a Gaussian.
    fn twice<T: Sample>(&self, kernel: Kernel, progress: &dyn Progress) -> Result<Estimated<T>> {
        let first = self.first_of(&kernel.covariance);
        let of = |covariance| Kernel::of(kernel.rule, kernel.factor, kernel.n_eff, kernel.dimensions, covariance);
        let narrow = of(first)?;
        let bytes = 2.0 * self.frame.bytes_as_points(&narrow, NODES_PER_SIGMA);
        if bytes > usable_memory() {
            return Err(Error::Data(format!(
                "a kernel this wide beside the floor needs {:.1} GiB, and {:.1} GiB can be had; take a floor nearer to 1",
                bytes / GIB,
                usable_memory() / GIB
            )));
        }
        let (positions, weights) =
            self.frame.as_points(&self.spectrum, &narrow, NODES_PER_SIGMA, self.room, progress)?;
        let (nodes, sum) = (weights.len() as f64, summed(weights.len(), |i| [weights[i]])[0]);
        let cloud = PointCloud { positions, weights: Some(weights), unit: self.unit, ..Default::default() };
        let rest = of(kernel.covariance - first)?;
        let options = DensityOptions { max_error: (1.0 - WAVES) * self.max_error, ..Default::default() };
        let setting = Setting::new(&cloud, &rest, &options, size_of::<T>());
        let chosen = choose(&setting, &options, Wanted::Nodes(&self.lattice), self.lattice.len())?;
        let mut values = zeros::<T>(self.lattice.len());
        let outcome = setting.on_grid(&chosen, &self.lattice, &mut values, progress)?;
        let of_first = self.bound(&narrow) * narrow.peak / outcome.largest;
        // The rule's sum over the period is 1 but for itself and for what is cut off at 0.
        let off = (sum * self.frame.volume() / nodes - 1.0).abs() + TRAPEZOIDAL;
        let bound_relative_to_max = outcome.bound + of_first + off / (1.0 - off).max(0.1);
        Ok(Estimated { grid: self.grid(values)?, kernel, bound_relative_to_max, on_device: None })
    }

    fn grid<T: Sample>(&self, values: Vec<T>) -> Result<DensityGrid<T>> {
        Ok(DensityGrid { focus: self.focus, ..DensityGrid::new(self.lattice, values, self.unit)? })
    }
}

/// The waves with weights as they are.
fn spectrum(frame: &Frame, cloud: &PointCloud, progress: &dyn Progress) -> Result<Spectrum> {
    let weight = |i: usize| cloud.weights.as_ref().map_or(1.0, |w| w[i]);
    let total = summed(cloud.len(), |i| [weight(i)])[0];
    Ok(frame.spectrum(cloud.len(), |i| cloud.positions[i], weight, progress)?.of_weight(total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kde::tests::{Random, normal_cloud};
    use crate::kde::{Extent, Resolution, density};
    use crate::progress::Silent;

    fn options() -> DensityOptions {
        DensityOptions { resolution: Resolution::Nodes([19, 22, 25]), ..Default::default() }
    }

    /// The largest difference from the exact sum on the same grid, as a share of the largest.
    fn error_of(estimated: &Estimated<f64>, cloud: &PointCloud, bandwidth: Bandwidth) -> f64 {
        let lattice = estimated.grid.lattice;
        let (extent, resolution) = (Extent::Bounds(lattice.bounds()), Resolution::Nodes(lattice.shape));
        let o = DensityOptions { bandwidth, extent, resolution, method: Method::Exact, ..Default::default() };
        let exact = density::<f64>(cloud, &o, &Silent).unwrap().grid;
        let largest = exact.statistics().max;
        let errors = exact.values.iter().zip(&estimated.grid.values).map(|(a, b)| (a - b).abs() / largest);
        errors.fold(0.0, |worst: f64, e: f64| if worst.is_nan() || e <= worst { worst } else { e })
    }

    fn stretched(n: usize, seed: u64, weighted: bool) -> PointCloud {
        let mut cloud = normal_cloud(n, seed);
        cloud.positions.iter_mut().for_each(|p| *p = DVec3::new(p.x, 0.4 * p.y + 0.3 * p.x, 2.0 * p.z) + 100.0);
        cloud.weights = weighted.then(|| (0..n).map(|i| 0.5 + (i % 4) as f64).collect());
        cloud
    }

    #[test]
    fn any_kernel_above_the_floor_gives_the_exact_density() {
        let mut random = Random(3);
        for weighted in [false, true] {
            let cloud = stretched(500, 5, weighted);
            let estimator = Estimator::new(&cloud, &options(), 0.5, &Silent).unwrap();
            let scott = estimator.kernel(&Bandwidth::Scott).unwrap();
            let full = Kernel::new(&cloud, &Bandwidth::Scott).unwrap().0;
            assert!(scott.covariance.abs_diff_eq(full.covariance, 1e-12), "{scott:?} {full:?}");
            let mut all = vec![Bandwidth::Scott, Bandwidth::Silverman];
            all.extend([0.51, 0.9, 1.9, 2.5, 6.0, 20.0].map(|f| Bandwidth::Factor(f * scott.factor.unwrap())));
            all.push(Bandwidth::Length { sigma: [1.2, 2.0, 1.5], unit: None });
            for _ in 0..4 {
                let u = random.normals();
                let more = DMat3::from_cols(u * u.x, u * u.y, u * u.z);
                all.push(Bandwidth::of_covariance(&(scott.covariance + more)));
            }
            for bandwidth in all {
                let estimated = estimator.density::<f64>(&bandwidth, &Silent).unwrap();
                let (error, bound) = (error_of(&estimated, &cloud, bandwidth), estimated.bound_relative_to_max);
                assert!(error < 1e-6 && error <= bound, "{bandwidth}: {error:e} {bound:e}");
            }
            let narrow = estimator.density::<f64>(&Bandwidth::Factor(0.3 * scott.factor.unwrap()), &Silent);
            assert_eq!(narrow.unwrap_err().exit_code(), 2);
        }
    }

    #[test]
    fn a_grid_within_the_points_has_the_density_of_wide_kernels_too() {
        let mut random = Random(5);
        let uniform = |_| DVec3::new(random.between(0.0, 100.0), random.between(0.0, 30.0), random.between(0.0, 30.0));
        let cloud = PointCloud::from_positions((0..3000).map(uniform).collect());
        let bounds = Box3 { min: DVec3::new(40.0, 10.0, 10.0), max: DVec3::new(60.0, 20.0, 20.0) };
        let sigma = |s: f64| Bandwidth::Length { sigma: [s; 3], unit: None };
        let o = DensityOptions { bandwidth: sigma(2.0), extent: Extent::Bounds(bounds), ..options() };
        let estimator = Estimator::new(&cloud, &o, 0.5, &Silent).unwrap();
        for s in [1.1, 3.9, 8.0, 20.0, 60.0] {
            let estimated = estimator.density::<f64>(&sigma(s), &Silent).unwrap();
            let error = error_of(&estimated, &cloud, sigma(s));
            assert!(error < 1e-6, "{s}: {error:e}");
        }
    }

    #[test]
    fn points_come_and_go() {
        let whole = stretched(600, 7, true);
        let part = |range: std::ops::Range<usize>| PointCloud {
            positions: whole.positions[range.clone()].to_vec(),
            weights: whole.weights.as_ref().map(|w| w[range].to_vec()),
            ..Default::default()
        };
        let mut estimator = Estimator::new(&whole, &options(), 0.5, &Silent).unwrap();
        estimator.remove(&part(100..250), &Silent).unwrap();
        estimator.remove(&part(250..600), &Silent).unwrap();
        estimator.add(&part(250..600), &Silent).unwrap();
        let mut left = part(0..100);
        left.positions.extend(&whole.positions[250..]);
        left.weights.as_mut().unwrap().extend(&whole.weights.as_ref().unwrap()[250..]);
        assert_eq!(estimator.points(), 450);
        for bandwidth in [Bandwidth::Scott, Bandwidth::Factor(0.5)] {
            let estimated = estimator.density::<f64>(&bandwidth, &Silent).unwrap();
            let error = error_of(&estimated, &left, bandwidth);
            assert!(error < 1e-6, "{error:e}");
        }
        let outside = PointCloud::from_positions(vec![DVec3::ZERO]);
        assert!(estimator.add(&outside, &Silent).unwrap_err().to_string().contains("outside"));
        assert_eq!(estimator.remove(&part(0..449), &Silent).unwrap_err().exit_code(), 1);
    }

    #[test]
    fn the_scores_of_the_waves_at_hand_are_those_of_a_search() {
        let cloud = stretched(400, 9, false);
        let estimator = Estimator::new(&cloud, &options(), 0.3, &Silent).unwrap();
        let (here, search) = (
            estimator.cross_validation().unwrap(),
            select::select(&cloud, &Bandwidth::CrossValidation, &Silent).unwrap().unwrap(),
        );
        assert!((here.factor / search.factor - 1.0).abs() < 1e-3, "{} {}", here.factor, search.factor);
        assert_eq!(estimator.kernel(&Bandwidth::CrossValidation).unwrap().factor, Some(here.factor));
    }

    #[test]
    fn a_plane_has_its_own() {
        let cloud = stretched(400, 11, true).projected(crate::points::Plane::XY);
        let estimator = Estimator::of_plane(&cloud, &options(), 0.5, &Silent).unwrap();
        let o = DensityOptions { bandwidth: Bandwidth::Factor(0.4), method: Method::Exact, ..options() };
        for factor in [0.2, 0.4, 2.0] {
            let bandwidth = Bandwidth::Factor(factor);
            let estimated = estimator.density::<f64>(&bandwidth, &Silent).unwrap();
            let lattice = estimated.grid.lattice;
            let extent = Extent::Bounds(lattice.bounds());
            let exact =
                crate::kde::density_2d::<f64>(&cloud, &DensityOptions { bandwidth, extent, ..o.clone() }, &Silent);
            let exact = exact.unwrap().grid;
            let largest = exact.statistics().max;
            let close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-6 * largest;
            assert!(exact.values().iter().zip(&estimated.grid.values).all(close), "{factor}");
        }
    }

    #[test]
    fn points_left_in_a_plane_have_the_kernel_that_they_would_have_alone() {
        let mut cloud = stretched(300, 13, false);
        let flat: Vec<DVec3> = cloud.positions[..200].iter().map(|p| p.with_z(100.0)).collect();
        let others = PointCloud::from_positions(cloud.positions.split_off(200));
        let flat = PointCloud::from_positions(flat);
        let mut all = flat.clone();
        all.positions.extend(&others.positions);
        let bandwidth = Bandwidth::Length { sigma: [0.5; 3], unit: None };
        let o = DensityOptions { bandwidth, ..options() };
        let mut estimator = Estimator::new(&all, &o, 0.3, &Silent).unwrap();
        estimator.remove(&others, &Silent).unwrap();
        let (here, alone) =
            (estimator.kernel(&Bandwidth::Factor(0.7)).unwrap(), Kernel::new(&flat, &Bandwidth::Factor(0.7)));
        assert!(here.covariance.abs_diff_eq(alone.unwrap().0.covariance, 1e-9), "{here:?}");
        // All that is left lies at one place but for a hair: a kernel all the same, and no NaN.
        let hair = PointCloud::from_positions(vec![flat.positions[0], flat.positions[0] + 1e-12]);
        let mut with = all.clone();
        with.positions.extend(&hair.positions);
        let mut estimator = Estimator::new(&with, &o, 0.3, &Silent).unwrap();
        estimator.remove(&all, &Silent).unwrap();
        match estimator.density::<f64>(&Bandwidth::Scott, &Silent) {
            Ok(estimated) => assert!(estimated.grid.values.iter().all(|v| v.is_finite())),
            Err(error) => assert!(error.to_string().contains("floor"), "{error}"),
        }
    }

    #[test]
    fn cross_validation_scores_the_shape_of_the_data_whatever_the_first_kernel() {
        let cloud = stretched(400, 15, false);
        let search = select::select(&cloud, &Bandwidth::CrossValidation, &Silent).unwrap().unwrap();
        let bandwidth = Bandwidth::Length { sigma: [0.3, 0.35, 0.4], unit: None };
        let estimator = Estimator::new(&cloud, &DensityOptions { bandwidth, ..options() }, 0.4, &Silent).unwrap();
        let here = estimator.cross_validation().unwrap();
        assert!((here.factor / search.factor - 1.0).abs() < 1e-3, "{} {}", here.factor, search.factor);
    }

    #[test]
    fn options_that_waves_cannot_keep_are_refused() {
        let cloud = normal_cloud(50, 1);
        for o in [
            DensityOptions { relative: true, ..options() },
            DensityOptions { guaranteed: true, ..options() },
            DensityOptions { method: Method::Tree, ..options() },
        ] {
            assert_eq!(Estimator::new(&cloud, &o, 0.5, &Silent).unwrap_err().exit_code(), 2);
        }
    }

    #[test]
    fn floors_and_weights_that_cannot_be_meant_are_refused() {
        let mut cloud = normal_cloud(50, 1);
        for floor in [0.0, -1.0, 1.5, f64::NAN] {
            assert_eq!(Estimator::new(&cloud, &options(), floor, &Silent).unwrap_err().exit_code(), 2);
        }
        let mut estimator = Estimator::new(&cloud, &options(), 1.0, &Silent).unwrap();
        cloud.weights = Some(vec![-1.0; 50]);
        assert_eq!(estimator.add(&cloud, &Silent).unwrap_err().exit_code(), 1);
        cloud.weights = Some(vec![1.0]);
        assert_eq!(estimator.add(&cloud, &Silent).unwrap_err().exit_code(), 1);
    }

    #[test]
    fn what_rounding_is_left_of_is_not_told_as_a_density() {
        let weighted =
            |weight: f64, seed: u64| PointCloud { weights: Some(vec![weight; 50]), ..normal_cloud(50, seed) };
        let [a, b, c] = [(1.0, 1), (1e-8, 2), (1e-16, 3)].map(|(weight, seed)| weighted(weight, seed));
        let mut all = a.clone();
        for more in [&b, &c] {
            all.positions.extend_from_slice(&more.positions);
            all.weights.as_mut().unwrap().extend_from_slice(more.weights.as_ref().unwrap());
        }
        let mut estimator = Estimator::new(&all, &options(), 0.5, &Silent).unwrap();
        estimator.remove(&a, &Silent).unwrap();
        let of_b = estimator.density::<f64>(&Bandwidth::Factor(1.0), &Silent).unwrap();
        // The roundings of what was 1e8 times as heavy are in the bound.
        assert!(of_b.bound_relative_to_max > 1e-5, "{:e}", of_b.bound_relative_to_max);
        assert!(estimator.remove(&b, &Silent).is_err());
    }

    #[test]
    fn a_coarse_grid_and_outliers_are_told() {
        let mut cloud = normal_cloud(500, 5);
        cloud.positions.push(DVec3::new(0.0, 0.0, 300.0));
        let o = DensityOptions { bandwidth: Bandwidth::Factor(0.5), ..Default::default() };
        let estimator = Estimator::new(&cloud, &o, 1.0, &Silent).unwrap();
        assert!(estimator.warnings().iter().any(|w| w.contains("outliers along z")), "{:?}", estimator.warnings());
    }
}
