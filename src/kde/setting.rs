//! What all methods work on, and the rounds they take until the error is kept.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::error::{Error, Result};
use crate::geometry::Box3;
use crate::grid::{Lattice, Sample};
use crate::kde::bound::Rounding;
use crate::kde::choose::{Chosen, Work};
use crate::kde::kernel::Kernel;
use crate::kde::spectral::{Frame, Reach, Spectrum, Wanted};
use crate::kde::tree::{Task, Tree};
use crate::kde::whitened::{Whitening, weights};
use crate::kde::{DensityOptions, Method, bound, check, choose, exact, spectral};
use crate::memory::usable_memory;
use crate::points::PointCloud;
use crate::progress::Progress;

/// A grid so coarse that it may hold less than 1/1000 of the maximum hardly ever does.
const MOST_COARSENESS: f64 = 1e3;
/// Of a grid that holds the maximum but for this factor or less, an error smaller by it costs less than to look for the
/// maximum.
pub(super) const NEAR_MAXIMUM: f64 = 1.5;
/// Rounds in which the spectral method may take smaller errors before the tree takes over.
pub(super) const ROUNDS: usize = 3;
/// The share of the error asked for that is left to the spectral method, beside the rounding of samples.
const FIRST_SHARE: f64 = 0.9;
/// Roundings of f64 that the waves of one point and the way to them come to, generously.
const ROUNDINGS: f64 = 1e3;

/// Largest exponent of two of a kernel that counts.
const EXPONENT: f64 = 1000.0;

/// What all methods work on.
pub(super) struct Setting<'a> {
    pub(super) whitening: Whitening,
    pub(super) kernel: &'a Kernel,
    pub(super) cloud: &'a PointCloud,
    bounds: Box3,
    pub(super) max_error: f64,
    is_guaranteed: bool,
    /// The largest error as a share of each value, if that matters.
    pub(super) relative: Option<f64>,
    samples_are_single: bool,
    whitened: OnceLock<Vec<[f64; 4]>>,
    bounds_in_sigmas: OnceLock<Box3>,
}

/// What came of it.
pub(super) struct Outcome {
    /// The method that made the values.
    pub(super) method: Method,
    /// The largest value.
    pub(super) largest: f64,
    /// The bound of all errors as a share of it.
    pub(super) bound: f64,
    /// The error that is kept though it is not proven, as a share of the largest.
    pub(super) kept: f64,
}

impl Outcome {
    /// With what storing the values rounds.
    fn stored(self, storage: f64) -> Self {
        Self { bound: self.bound + storage, kept: self.kept + storage, ..self }
    }
}

/// What follows a round of the spectral method.
pub(super) enum Next {
    /// The error is kept.
    Done,
    /// It may be by this frame.
    Smaller(Box<Frame>),
    /// It cannot be.
    None,
}

impl<'a> Setting<'a> {
    /// For samples of `bytes` bytes.
    pub(super) fn new(cloud: &'a PointCloud, kernel: &'a Kernel, options: &DensityOptions, bytes: usize) -> Self {
        let samples_are_single = bytes == 4;
        let (max_error, is_guaranteed) = (options.max_error, options.guaranteed);
        let whitening = Whitening::new(cloud, kernel);
        // Rounding takes the rest.
        let relative = options.relative.then_some(0.9 * max_error);
        Self {
            relative,
            whitening,
            kernel,
            cloud,
            bounds: cloud.bounds(),
            max_error,
            is_guaranteed,
            samples_are_single,
            whitened: OnceLock::new(),
            bounds_in_sigmas: OnceLock::new(),
        }
    }

    /// The whitened points with their normalised weights.
    pub(super) fn points(&self) -> &[[f64; 4]] {
        self.whitened.get_or_init(|| self.whitening.points(self.cloud))
    }

    /// The box around the points in coordinates in which the kernel is round, of standard deviation 1.
    fn bounds_in_sigmas(&self) -> Box3 {
        *self.bounds_in_sigmas.get_or_init(|| self.whitening.bounds_in_sigmas(&self.cloud.positions))
    }

    /// Fills `values`, x fastest, in the chosen way.
    pub(super) fn on_grid<T: Sample>(
        &self,
        chosen: &Chosen,
        lattice: &Lattice,
        values: &mut [T],
        progress: &dyn Progress,
    ) -> Result<Outcome> {
        match &chosen.work {
            Work::Exact => self.exact(lattice, values, progress),
            Work::Tree => self.tree(lattice, values, progress),
            Work::Spectral(frame) => match self.spectral(frame, lattice, values, progress)? {
                Some(outcome) => Ok(outcome),
                None => self.tree(lattice, values, progress),
            },
        }
    }

    /// The bound as a share of each value, if that was asked for, and what is to be said, or refused, if the error of `outcome`
    /// at places in a box exceeds that which was asked for. `bytes` is the size of a sample.
    pub(super) fn kept(&self, outcome: &Outcome, places: Box3, bytes: usize) -> Result<(Option<f64>, Option<String>)> {
        if let Some(left_out) = self.relative {
            let magnitude = self.magnitude(places);
            let rounding = Rounding { exponent: EXPONENT, ..exact::rounding(self.cloud.len(), magnitude, None) };
            let storage = bound::storage(outcome.largest, bytes);
            let bound = left_out + rounding.bound() + storage;
            let told = exceeded_of("each value", [bound, self.max_error], self.is_guaranteed, storage)?;
            return Ok((Some(bound), told));
        }
        let bound = if self.is_guaranteed { outcome.bound } else { outcome.kept };
        let told = exceeded([bound, self.max_error], self.is_guaranteed, bound::storage(outcome.largest, bytes))?;
        Ok((None, told))
    }

    /// What sums with an error of `bound` are worth, which is kept: sums that are too small are 0, too.
    pub(super) fn of_sums(&self, method: Method, largest: f64, bound: f64) -> Outcome {
        let bound = bound + bound::clamped(self.kernel.peak, largest);
        Outcome { method, largest, bound, kept: bound }
    }

    /// What is to be said, or refused, of values that are to be right each by itself and are too small for that, in samples of
    /// their type or in the sums.
    pub(super) fn underflow<T: Sample>(&self, values: &[T]) -> Result<Option<String>> {
        if self.relative.is_none() {
            return Ok(None);
        }
        let least_sum = bound::clamped(self.kernel.peak, 1.0) / (0.05 * self.max_error);
        let least = if size_of::<T>() == 4 { least_sum.max(f64::from(f32::MIN_POSITIVE)) } else { least_sum };
        let small = values.iter().filter(|v| v.to_f64() < least).count();
        if small == 0 {
            return Ok(None);
        }
        let out = if least > least_sum { "stored as f32; take --dtype f64" } else { "found so far from all points" };
        let text = format!("{small} values below {least:.1e} are less than can be {out}; they stand as 0 or nearly so");
        if self.is_guaranteed { Err(Error::Data(text)) } else { Ok(Some(text)) }
    }

    /// The factor between the maximum over all space and the largest node, if the grid holds all points.
    pub(super) fn coarseness(&self, lattice: &Lattice) -> Option<f64> {
        coarseness(&self.whitening, self.bounds, lattice)
    }

    /// Magnitude of the whitened coordinates of all points and of places in a box.
    pub(super) fn magnitude(&self, places: Box3) -> f64 {
        self.whitening.magnitude(places.joined(self.bounds))
    }

    /// The share of the error allowed that the cut-off may use.
    pub(super) fn left_to_cut_off(&self, rounding: f64) -> f64 {
        (0.99 * self.max_error - rounding).max(0.1 * self.max_error)
    }

    fn exact<T: Sample>(&self, lattice: &Lattice, values: &mut [T], progress: &dyn Progress) -> Result<Outcome> {
        let largest = exact::evaluate(self.points(), &self.whitening, self.kernel.peak, lattice, values, progress)?;
        let magnitude = self.magnitude(lattice.bounds());
        let rounding = exact::rounding(self.cloud.len(), magnitude, self.coarseness(lattice)).bound();
        Ok(self.of_sums(Method::Exact, largest, rounding + bound::storage(largest, size_of::<T>())))
    }

    /// Sums over the tree with the cut-off that the bounds ask for; where they turn out too weak, because the
    /// grid does not hold the maximum, again with a larger one.
    fn tree<T: Sample>(&self, lattice: &Lattice, values: &mut [T], progress: &dyn Progress) -> Result<Outcome> {
        let tree = Tree::new(self.points().to_vec())?;
        progress.check()?;
        let coarseness = self.coarseness(lattice);
        let mut radius =
            bound::radius_by_widening(0.9 * self.max_error / coarseness.unwrap_or(1.0).min(MOST_COARSENESS));
        loop {
            let task =
                Task::new(&tree, &self.whitening, self.kernel, lattice, radius, self.relative, &self.cloud.positions);
            let largest = task.evaluate(values, progress)?;
            let storage = bound::storage(largest, size_of::<T>());
            let rounding = task.rounding(self.magnitude(lattice.bounds()), coarseness).bound() + storage;
            let target = self.left_to_cut_off(rounding);
            let by_widening = coarseness.map_or(f64::INFINITY, |c| c * bound::by_widening(radius));
            let left_out = by_widening.min(bound::by_peak(radius, self.kernel.peak, largest));
            if left_out <= target || radius >= bound::FARTHEST {
                let left_out = if largest > 0.0 { left_out } else { 0.0 };
                return Ok(self.of_sums(Method::Tree, largest, left_out + rounding));
            }
            radius = bound::radius_by_peak(target, self.kernel.peak, largest).max(radius + 0.1);
        }
    }

    /// Sums over the waves with the error asked for, then again with a smaller one if the grid does not hold the
    /// maximum to which it refers, or the proven bound has to keep it. None if no error is small enough.
    fn spectral<T: Sample>(
        &self,
        frame: &Frame,
        lattice: &Lattice,
        values: &mut [T],
        progress: &dyn Progress,
    ) -> Result<Option<Outcome>> {
        let wanted = Wanted::Nodes(lattice);
        let coarseness = self.coarseness(lattice).unwrap_or(f64::INFINITY);
        let mut frame = Cow::Borrowed(frame);
        for _ in 0..ROUNDS {
            progress.begin("density", frame.steps() + lattice.shape[2] as u64);
            let spectrum =
                frame.spectrum(self.cloud.len(), |i| self.cloud.positions[i], weights(self.cloud), progress)?;
            let largest = frame.onto_nodes(&spectrum, self.kernel, values, progress)?;
            let overall = match coarseness {
                c if c <= NEAR_MAXIMUM => c * largest,
                c => frame.largest(&spectrum, self.kernel, progress)?.max(largest).min(c * largest),
            };
            let storage = bound::storage(largest, size_of::<T>());
            let magnitude = self.magnitude(lattice.bounds());
            let outcome = self.outcome_of_waves(&frame, &spectrum, wanted, [largest, overall], magnitude);
            match self.next_frame(&frame, &outcome, wanted, storage) {
                Next::Done => return Ok(Some(outcome.stored(storage))),
                Next::Smaller(smaller) => frame = Cow::Owned(*smaller),
                Next::None => break,
            }
        }
        Ok(None)
    }

    /// What a frame made of a spectrum is worth, if the largest value is `largest` and that over all space `overall`;
    /// coordinates are of `magnitude` standard deviations. What storing the values rounds is not in it.
    pub(super) fn outcome_of_waves(
        &self,
        frame: &Frame,
        spectrum: &Spectrum,
        wanted: Wanted,
        [largest, overall]: [f64; 2],
        magnitude: f64,
    ) -> Outcome {
        let kernel = match wanted {
            Wanted::Nodes(_) => self.kernel,
            Wanted::Places(_) => &self.kernel.round(),
        };
        let rounding = rounding_of_waves(magnitude);
        let bound = self.kernel.peak / largest * (frame.bound(kernel, spectrum, wanted) + rounding);
        let kept = (overall / largest * (frame.error() + rounding)).min(bound);
        Outcome { method: Method::Spectral, largest, bound, kept }
    }

    /// Whether the outcome of a frame keeps the share of the error that storing the values leaves, or what may.
    pub(super) fn next_frame(&self, frame: &Frame, outcome: &Outcome, wanted: Wanted, storage: f64) -> Next {
        let left = (self.max_error - storage).max(0.1 * self.max_error);
        let short = if self.is_guaranteed { outcome.bound } else { outcome.kept } / left;
        match short {
            _ if outcome.largest <= 0.0 => Next::None,
            s if s <= 1.0 => Next::Done,
            s => self
                .frame(0.5 * frame.error() / s, wanted)
                .filter(|frame| frame.memory(self.cloud.len(), 0) <= usable_memory())
                .map_or(Next::None, |frame| Next::Smaller(Box::new(frame))),
        }
    }

    /// The error to begin with: the one asked for, of the maximum over space if the grid nearly holds it, or where the bound
    /// has to keep it, one that should.
    pub(super) fn first_error(&self, wanted: Wanted) -> f64 {
        let coarseness = match wanted {
            Wanted::Nodes(lattice) => self.coarseness(lattice).filter(|c| *c <= NEAR_MAXIMUM),
            Wanted::Places(_) => None,
        };
        let kept = FIRST_SHARE * self.max_error / coarseness.unwrap_or(1.0);
        if !self.is_guaranteed {
            return kept;
        }
        0.2 * kept * (check::sampled_largest(self, &self.cloud.positions) / self.kernel.peak).min(1.0)
    }

    /// The frames that keep an error; none if that is too small or no point is near.
    pub(super) fn frames(&self, error: f64, wanted: Wanted) -> Vec<Frame> {
        if error < spectral::SMALLEST_ERROR {
            return Vec::new();
        }
        match wanted {
            Wanted::Nodes(_) => Frame::all(error, [self.kernel; 2], self.bounds, wanted, Reach::Near),
            Wanted::Places(_) => {
                let round = self.kernel.round();
                Frame::all(error, [&round; 2], self.bounds_in_sigmas(), wanted, Reach::Near)
            }
        }
    }

    /// The cheapest frame that keeps an error; none if that is too small or no point is near.
    pub(super) fn frame(&self, error: f64, wanted: Wanted) -> Option<Frame> {
        let seconds = |frame: &Frame| choose::spectral_seconds(frame, self.cloud.len(), wanted);
        let cheapest = self.frames(error, wanted).into_iter().min_by(|a, b| seconds(a).total_cmp(&seconds(b)))?;
        Some(cheapest.with_single(!self.is_guaranteed && self.samples_are_single))
    }
}

/// Rounding of waves of points whose coordinates are of `magnitude` standard deviations, as a share of the kernel's peak.
pub(super) fn rounding_of_waves(magnitude: f64) -> f64 {
    f64::EPSILON * (7.0 * magnitude + ROUNDINGS)
}

/// The factor between the maximum over all space and the largest node, if the grid holds all points.
pub(super) fn coarseness(whitening: &Whitening, points: Box3, lattice: &Lattice) -> Option<f64> {
    let (grid, slack) = (lattice.bounds(), 1e-9 * lattice.spacing);
    let inside = (grid.min - slack).cmple(points.min).all() && points.max.cmple(grid.max + slack).all();
    inside.then(|| bound::coarseness(whitening.half_voxel(lattice)))
}

/// What is to be said, or refused, if the bound exceeds the error that was asked for. `storage` is its part that storing
/// the values takes.
pub(super) fn exceeded(bound_and_asked: [f64; 2], is_guaranteed: bool, storage: f64) -> Result<Option<String>> {
    exceeded_of("the maximum", bound_and_asked, is_guaranteed, storage)
}

/// As [`exceeded`] for errors that are shares of something else.
fn exceeded_of(whole: &str, [bound, asked]: [f64; 2], is_guaranteed: bool, storage: f64) -> Result<Option<String>> {
    if bound <= asked {
        return Ok(None);
    }
    let why = if storage > f64::from(f32::EPSILON) {
        "values this far from 1 leave the range of f32, as which they are stored; take --dtype f64 or scale the \
         coordinates"
    } else if storage > 0.5 * bound {
        "samples are stored as f32; take --dtype f64"
    } else {
        "f64 rounds that much where the kernel is this narrow beside the coordinates; take a wider --bandwidth, \
         move points that lie far from 0 nearer to it, or take --method exact, which rounds least"
    };
    let text = if bound.is_finite() {
        format!("the error can be {bound:.1e} of {whole} where {asked:.1e} was asked for: {why}")
    } else {
        format!("the error as a share of {whole} has no bound where {asked:.1e} was asked for: {why}")
    };
    if is_guaranteed { Err(Error::Data(text)) } else { Ok(Some(text)) }
}
