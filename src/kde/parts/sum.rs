//! Sums over some of the points at a time.

use glam::DVec3;

use crate::error::{Error, Result};
use crate::grid::{DensityGrid, Lattice, Sample};
use crate::kde::choose::{self, Chosen, Estimate, Work};
use crate::kde::kernel::{Kernel, check_weights};
use crate::kde::parts::Settled;
use crate::kde::setting::{self, Setting, exceeded};
use crate::kde::spectral::{Frame, Reach, Wanted};
use crate::kde::whitened::Whitening;
use crate::kde::{Density, DensityOptions, Report, Seconds, bound, check, zero_warning};
use crate::memory::{GIB, usable_memory};
use crate::points::PointCloud;
use crate::progress::Progress;

/// The sum over some points, to which others can be added.
#[derive(Debug, Clone, PartialEq)]
pub struct Partial {
    /// The share of the density that the points have, x fastest. Values may lie below 0 by the error.
    pub values: Vec<f64>,
    /// Number of points.
    pub points: usize,
    /// The sum of their weights.
    pub weight: f64,
    /// What the largest density over space hardly exceeds, as a share of the whole.
    pub overall: f64,
    /// Proven bound of the error of every value.
    pub bound: f64,
    /// The exact sums at the checked nodes.
    pub checked: Vec<f64>,
}

/// Where the sum stands.
enum State {
    /// Points spread over the grid of the waves.
    Waves { frame: Box<Frame>, grid: Vec<f64> },
    /// Densities of what came, as their share of the whole.
    Values { work: fn() -> Work, partial: Partial },
}

/// Adds up the points of a part, some at a time; memory is that of the grid and of the points at hand.
pub struct Summing<'a> {
    settled: &'a Settled,
    kernel: Kernel,
    lattice: Lattice,
    state: State,
    points: usize,
    weight: f64,
    checked: Vec<f64>,
}

impl Partial {
    /// Of no points.
    pub fn nothing(settled: &Settled) -> Self {
        Self {
            values: vec![0.0; settled.lattice().len()],
            points: 0,
            weight: 0.0,
            overall: 0.0,
            bound: 0.0,
            checked: vec![0.0; settled.checked_nodes.len()],
        }
    }

    /// Adds the sum over other points.
    pub fn add(&mut self, other: &Self) {
        self.values.iter_mut().zip(&other.values).for_each(|(sum, v)| *sum += v);
        self.checked.iter_mut().zip(&other.checked).for_each(|(sum, v)| *sum += v);
        self.points += other.points;
        self.weight += other.weight;
        self.overall += other.overall;
        self.bound += other.bound;
    }

    /// The density, if these are all points that were settled for.
    ///
    /// # Errors
    /// [`Error::Data`] if points are missing or there are too many.
    pub fn whole<T: Sample>(self, settled: &Settled) -> Result<Density<T>> {
        if self.points != settled.points {
            return Err(Error::Data(format!("{} points were summed, the plan has {}", self.points, settled.points)));
        }
        let kernel = settled.kernel()?;
        let lattice = settled.lattice();
        let largest = self.values.iter().copied().fold(0.0, f64::max);
        let storage = bound::storage(settled.scale * largest, size_of::<T>());
        let proven = if largest > 0.0 { self.bound / largest + storage } else { 0.0 };
        let kept = match settled.method.as_str() {
            "spectral" if largest > 0.0 => {
                let overall = settled.most_missed(&kernel).map_or(self.overall, |missed| missed * largest);
                (overall.max(largest) / largest * settled.error_of_parts + rounding(settled, &kernel) + storage)
                    .min(proven)
            }
            _ => proven,
        };
        let mut warnings: Vec<String> = zero_warning(largest).into_iter().collect();
        if largest > 0.0 {
            warnings.extend(exceeded_by_parts(kept, settled, storage));
        }
        let off = |(at, exact): (&usize, &f64)| (self.values[*at] - exact).abs() / largest;
        let errors = settled.checked_nodes.iter().zip(&self.checked).map(off);
        let sampled = errors.fold(0.0, |worst: f64, e| if worst.is_nan() || e <= worst { worst } else { e });
        let values: Vec<T> = self.values.into_iter().map(|v| T::from_f64(settled.scale * v.max(0.0))).collect();
        let grid = DensityGrid::new(lattice, values, settled.unit())?;
        let focus = crate::geometry::Box3 { min: settled.focus[0], max: settled.focus[1] };
        let report = Report {
            method: ["exact", "tree", "spectral"].into_iter().find(|m| *m == settled.method).unwrap_or("spectral"),
            kernel,
            points: self.points,
            bound_relative_to_max: proven,
            error_relative_to_max: kept,
            bound_relative_to_each: None,
            sampled_error_relative_to_max: if largest > 0.0 { sampled } else { 0.0 },
            warnings,
            notes: Vec::new(),
            selection: None,
            estimate: Estimate { reason: settled.reason.clone(), ..Estimate::default() },
            seconds: Seconds::default(),
        };
        Ok(Density { grid: DensityGrid { focus, ..grid }, report, on_device: None })
    }
}

/// What is to be said if the whole may be wrong by more than what was asked for.
fn exceeded_by_parts(kept: f64, settled: &Settled, storage: f64) -> Option<String> {
    if kept <= settled.error {
        return None;
    }
    if storage >= 0.5 * kept {
        return exceeded([kept, settled.error], false, storage).ok().flatten();
    }
    Some(format!(
        "the error can be {kept:.1e} of the maximum where {:.1e} was asked for: parts refer to their own maxima; plan with \
         --error {:.0e}",
        settled.error,
        0.5 * settled.error * settled.error / kept
    ))
}

/// Rounding of the waves, as a share of the largest value.
fn rounding(settled: &Settled, kernel: &Kernel) -> f64 {
    let (points, grid) = (settled.points_box(), settled.lattice().bounds());
    let all = crate::geometry::Box3 { min: points.min.min(grid.min), max: points.max.max(grid.max) };
    let corners = PointCloud::from_positions(vec![points.min, points.max]);
    setting::rounding_of_waves(Whitening::new(&corners, kernel).magnitude(all))
}

impl Settled {
    /// The factor between the maximum over all space and the largest node, if the grid holds all points.
    fn most_missed(&self, kernel: &Kernel) -> Option<f64> {
        let corners = PointCloud::from_positions(self.bounds.to_vec());
        setting::coarseness(&Whitening::new(&corners, kernel), self.points_box(), &self.lattice())
    }

    /// The grids and the window of the waves, the same for all parts.
    fn frame(&self, kernel: &Kernel, lattice: &Lattice) -> Result<Frame> {
        let wanted = Wanted::Nodes(lattice);
        let frames = Frame::all(self.error_of_parts, [kernel; 2], self.points_box(), wanted, Reach::Near);
        let seconds = |frame: &Frame| choose::spectral_seconds(frame, self.points, wanted);
        let frame = frames.into_iter().min_by(|a, b| seconds(a).total_cmp(&seconds(b)));
        let frame = frame.ok_or_else(|| Error::Data("the plan is damaged: no point is near its grid".into()))?;
        let needed = frame.memory(0, 0) + 8.0 * lattice.len() as f64;
        if needed > usable_memory() {
            return Err(Error::Data(format!(
                "the grids of a part need {:.1} GiB, and {:.1} GiB can be had; plan with --method tree or fewer nodes",
                needed / GIB,
                usable_memory() / GIB
            )));
        }
        Ok(frame)
    }
}

impl<'a> Summing<'a> {
    /// Without points.
    ///
    /// # Errors
    /// [`Error::Data`] if the plan is damaged or its grids do not fit into memory.
    pub fn new(settled: &'a Settled) -> Result<Self> {
        settled.check()?;
        let (kernel, lattice) = (settled.kernel()?, settled.lattice());
        let state = match settled.method.as_str() {
            "spectral" => {
                let frame = settled.frame(&kernel, &lattice)?;
                State::Waves { grid: frame.empty(), frame: Box::new(frame) }
            }
            "tree" => State::Values { work: || Work::Tree, partial: Partial::nothing(settled) },
            _ => State::Values { work: || Work::Exact, partial: Partial::nothing(settled) },
        };
        let checked = vec![0.0; settled.checked_nodes.len()];
        Ok(Self { settled, kernel, lattice, state, points: 0, weight: 0.0, checked })
    }

    /// The steps of progress of one [`Summing::add`].
    pub fn steps(&self) -> u64 {
        match &self.state {
            State::Waves { frame, .. } => frame.steps(),
            State::Values { .. } => 0,
        }
    }

    /// Adds points.
    ///
    /// # Errors
    /// [`Error::Data`] if a point lies outside the box that was settled, or a weight is no number of 0 or more;
    /// [`Error::Interrupted`].
    pub fn add(&mut self, cloud: &PointCloud, progress: &dyn Progress) -> Result<()> {
        let weight = self.checked(cloud)?;
        self.points += cloud.len();
        self.weight += weight;
        if weight <= 0.0 {
            return Ok(());
        }
        let share = weight / self.settled.weight;
        let options = DensityOptions { max_error: self.settled.error_of_parts, ..DensityOptions::default() };
        let setting = Setting::new(cloud, &self.kernel, &options, size_of::<f64>());
        let places: Vec<DVec3> = self.settled.checked_nodes.iter().map(|at| self.lattice.node_at(*at)).collect();
        let exact = check::exact_at(&setting, &places);
        self.checked.iter_mut().zip(exact).for_each(|(sum, v)| *sum += share * v);
        match &mut self.state {
            State::Waves { frame, grid } => {
                let total = self.settled.weight;
                let weight = |i: usize| cloud.weights.as_ref().map_or(1.0, |w| w[i]) / total;
                frame.spread(grid, cloud.len(), |i| cloud.positions[i], weight, progress).map(|_| ())
            }
            State::Values { work, partial } => {
                let chosen = Chosen { work: work(), estimate: Estimate::default() };
                let mut values = vec![0.0; self.lattice.len()];
                let outcome = setting.on_grid(&chosen, &self.lattice, &mut values, progress)?;
                partial.values.iter_mut().zip(values).for_each(|(sum, v)| *sum += share * v);
                partial.bound += share * outcome.largest * outcome.bound;
                partial.overall += share * outcome.largest;
                Ok(())
            }
        }
    }

    /// Refuses points that were not settled for, and gives the sum of the weights.
    fn checked(&self, cloud: &PointCloud) -> Result<f64> {
        let [min, max] = self.settled.bounds;
        if let Some(p) = cloud.positions.iter().find(|p| !(p.cmpge(min).all() && p.cmple(max).all())) {
            return Err(Error::Data(format!(
                "a point at {p} lies outside {min} to {max}, the box of the plan's points"
            )));
        }
        check_weights(cloud)?;
        Ok(cloud.weights.as_ref().map_or(cloud.len() as f64, |weights| weights.iter().sum()))
    }

    /// The sum.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub fn finish(self, progress: &dyn Progress) -> Result<Partial> {
        let partial = match self.state {
            State::Values { partial, .. } => partial,
            State::Waves { frame, grid } => {
                progress.begin("density", self.lattice.shape[2] as u64);
                let spectrum = frame.waves_of(grid, Vec::<f64>::new(), progress)?;
                let mut partial = Partial::nothing(self.settled);
                let largest = frame.onto_nodes_signed(&spectrum, &self.kernel, &mut partial.values, progress)?;
                partial.overall = match self.settled.most_missed(&self.kernel) {
                    Some(missed) => missed * largest,
                    None => frame.largest(&spectrum, &self.kernel, progress)?.max(largest),
                };
                let share = self.weight / self.settled.weight;
                let wrong = frame.bound(&self.kernel, &spectrum, Wanted::Nodes(&self.lattice));
                partial.bound = share * self.kernel.peak * (wrong + rounding(self.settled, &self.kernel));
                partial
            }
        };
        Ok(Partial { points: self.points, weight: self.weight, checked: self.checked, ..partial })
    }
}
