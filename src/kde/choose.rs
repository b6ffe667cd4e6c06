//! The choice of the method, by what each would cost.

use glam::DVec3;

use crate::error::{Error, Result};
use crate::geometry::Box3;
use crate::kde::setting::Setting;
use crate::kde::spectral::{Frame, Wanted};
use crate::kde::whitened::UNIT;
use crate::kde::{DensityOptions, Method, bound};
use crate::memory::{GIB, usable_memory};

// Nanoseconds on one core, from `cargo bench --bench kde` (benches/RESULTS.md).
const EXACT_PAIR: f64 = 1.1;
const TREE_PAIR: f64 = 0.07;
const TREE_POINT: f64 = 150.0;
const TREE_BLOCK: f64 = 600.0;
const AT_PAIR: f64 = 0.7;
const SORTED_POINT: f64 = 25.0;
const TAP: f64 = 0.1;
const SPREAD_NODE: f64 = 8.0;
const WAVE: f64 = 16.0;
const ONTO_NODE: f64 = 5.0;
const CALL: f64 = 3e5;

/// Below this share of the maximum, rounding counts in all fast sums.
const EXACT_ERROR: f64 = 1e-11;
/// Points by which the share near the grid is guessed.
const SOME_POINTS: usize = 4096;
/// Points from which it is asked how many are near.
const LOOKED_FROM: usize = 100;
/// Why the tree stands in.
const NOT_BY_WAVES: &str = "waves cannot keep the error here: no point is near, it is too small, or the points reach over too \
                            many widths of the kernel";
/// Edge of the tree's blocks, in nodes.
const BLOCK: f64 = 8.0;

/// What a method was expected to cost, and why it was taken.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Estimate {
    /// Expected seconds on one core.
    pub seconds: f64,
    /// Expected bytes of memory beside the points and the result.
    pub bytes: f64,
    /// Why the method was taken, one line.
    pub reason: String,
}

impl Estimate {
    /// With the reason for the method that was taken in the end.
    pub(super) fn of(self, asked: Method, taken: Method) -> Self {
        if asked == Method::Spectral && taken != asked {
            return Self { reason: NOT_BY_WAVES.into(), ..self };
        }
        self
    }
}

/// A method and what it works with.
pub(super) enum Work {
    Exact,
    Tree,
    Spectral(Box<Frame>),
}

impl Work {
    fn method(&self) -> Method {
        match self {
            Self::Exact => Method::Exact,
            Self::Tree => Method::Tree,
            Self::Spectral(_) => Method::Spectral,
        }
    }
}

/// See [`choose`].
pub(super) struct Chosen {
    pub(super) work: Work,
    pub(super) estimate: Estimate,
}

impl Chosen {
    fn name(&self) -> &'static str {
        self.work.method().name()
    }
}

/// The cheapest method that keeps the error and fits into memory, or the one asked for. `places` is the number of nodes
/// or places wanted.
///
/// # Errors
/// [`Error::Data`] if the method asked for does not fit into memory.
pub(super) fn choose(setting: &Setting, options: &DensityOptions, wanted: Wanted, places: usize) -> Result<Chosen> {
    let points = setting.cloud.len();
    let price = |work: Work| {
        let (seconds, bytes) = match &work {
            Work::Exact => (exact_seconds(points, places, wanted), 64.0 * points as f64),
            Work::Tree => (tree_seconds(setting, wanted, places), 128.0 * points as f64),
            Work::Spectral(frame) => (spectral_seconds(frame, points, wanted), frame.memory(points, places)),
        };
        Chosen { work, estimate: Estimate { seconds, bytes, reason: String::new() } }
    };
    let spectral =
        || setting.frame(setting.first_error(wanted), wanted).map(|frame| price(Work::Spectral(Box::new(frame))));
    let free = usable_memory();
    let mut chosen = match options.method {
        Method::Exact => price(Work::Exact),
        Method::Tree => price(Work::Tree),
        Method::Spectral => spectral().unwrap_or_else(|| price(Work::Tree)),
        // Where the device cannot, the processor may choose.
        Method::Auto | Method::Gpu => {
            let mut all = vec![price(Work::Exact)];
            if options.max_error >= EXACT_ERROR {
                all.push(price(Work::Tree));
                all.extend((!options.relative).then(spectral).flatten());
            }
            return Ok(cheapest(all, free));
        }
    };
    if chosen.estimate.bytes > free {
        return Err(Error::Data(format!(
            "the {} method needs {:.1} GiB beside the points and the result, and {:.1} GiB can be had; --method auto takes \
             one that fits",
            chosen.name(),
            chosen.estimate.bytes / GIB,
            free / GIB
        )));
    }
    chosen.estimate.reason = match (options.method, &chosen.work) {
        (Method::Spectral, Work::Tree) => NOT_BY_WAVES.into(),
        _ => "asked for".into(),
    };
    Ok(chosen)
}

/// The cheapest of those that fit into memory; the one of least memory if none does.
fn cheapest(mut all: Vec<Chosen>, free: f64) -> Chosen {
    let fits = |c: &Chosen| c.estimate.bytes <= free;
    let rank = |c: &Chosen| if fits(c) { c.estimate.seconds } else { c.estimate.bytes };
    all.sort_by(|a, b| fits(b).cmp(&fits(a)).then(rank(a).total_cmp(&rank(b))));
    let others: Vec<String> = all[1..].iter().map(|c| format!("{} {}", c.name(), told(&c.estimate, free))).collect();
    let mut chosen = all.swap_remove(0);
    chosen.estimate.reason = if others.is_empty() {
        "the error asked for is that of rounding".into()
    } else {
        format!("expected: {}", others.join(", "))
    };
    chosen
}

/// Seconds, or why it cannot be.
fn told(estimate: &Estimate, free: f64) -> String {
    if estimate.bytes > free {
        return format!("{:.0} GiB of memory", estimate.bytes / GIB);
    }
    seconds(estimate.seconds)
}

/// Seconds to two digits.
fn seconds(s: f64) -> String {
    let digits = (1.0 - s.max(1e-4).log10().floor()).max(0.0) as usize;
    format!("{s:.digits$} s")
}

fn exact_seconds(points: usize, places: usize, wanted: Wanted) -> f64 {
    let a_pair = if matches!(wanted, Wanted::Nodes(_)) { EXACT_PAIR } else { AT_PAIR };
    a_pair * points as f64 * places as f64 * 1e-9
}

/// Points are visited at the nodes of all blocks that the cut-off reaches; at places, at those of the clusters.
pub(super) fn tree_seconds(setting: &Setting, wanted: Wanted, places: usize) -> f64 {
    let mut radius = bound::radius_by_widening(setting.max_error.max(1e-14));
    if setting.relative.is_some() {
        // Blocks in the tails reach for the points.
        radius *= 2.0;
    }
    let (points, sigma) = (setting.cloud.len() as f64, setting.kernel.sigma());
    let d = setting.kernel.dimensions;
    match wanted {
        Wanted::Nodes(lattice) => {
            let reached = |a: usize| {
                let n = lattice.shape[a] as f64;
                (2.0 * radius * sigma[a] / lattice.spacing[a] + BLOCK).min(n + BLOCK)
            };
            let box_reached = lattice.bounds().grown(radius * sigma);
            let points = points * share_inside(setting, box_reached);
            let pairs = (0..d).map(reached).product::<f64>() * if d == 2 { BLOCK } else { 1.0 };
            let blocks = (0..d).map(|a| lattice.shape[a] as f64 / BLOCK).product::<f64>();
            (points * (TREE_POINT + TREE_PAIR * pairs) + blocks * TREE_BLOCK) * 1e-9
        }
        Wanted::Places(_) => {
            let near = points * share_near(setting, radius * UNIT);
            (points * TREE_POINT + places as f64 * (TREE_POINT + AT_PAIR * near)) * 1e-9
        }
    }
}

/// The share of some points that lies in a box.
fn share_inside(setting: &Setting, bounds: Box3) -> f64 {
    let positions = &setting.cloud.positions;
    let is_inside = |p: &&DVec3| bounds.min.cmple(**p).all() && p.cmple(bounds.max).all();
    let some = positions.iter().step_by(positions.len().div_ceil(SOME_POINTS));
    some.clone().filter(is_inside).count() as f64 / some.count().max(1) as f64
}

/// The share of the points within a whitened distance of a point, by pairs of some of them.
fn share_near(setting: &Setting, distance: f64) -> f64 {
    let positions = &setting.cloud.positions;
    let some = |count: usize| positions.iter().step_by(positions.len().div_ceil(count));
    let others: Vec<DVec3> = some(SOME_POINTS).map(|p| setting.whitening.at(*p)).collect();
    let weight = |p: &DVec3| others.iter().filter(|q| q.distance_squared(*p) <= distance * distance).count();
    let looked_from: Vec<DVec3> = some(LOOKED_FROM).map(|p| setting.whitening.at(*p)).collect();
    let near: usize = looked_from.iter().map(weight).sum();
    near as f64 / (looked_from.len() * others.len()).max(1) as f64
}

/// Points are sorted and spread, waves made and multiplied, and taken onto the nodes or to the places.
pub(super) fn spectral_seconds(frame: &Frame, points: usize, wanted: Wanted) -> f64 {
    let size = frame.size();
    let point = SORTED_POINT + TAP * size.taps;
    let both = if matches!(wanted, Wanted::Nodes(_)) { 1.0 } else { 2.0 };
    let grids = SPREAD_NODE * size.nodes + WAVE * size.waves + ONTO_NODE * size.onto;
    (CALL + both * point * points as f64 + grids) * 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_two_digits() {
        let told = [0.0, 0.000_51, 0.014_9, 0.5, 1.84, 36.2, 7812.0].map(seconds);
        assert_eq!(told, ["0.00000 s", "0.00051 s", "0.015 s", "0.50 s", "1.8 s", "36 s", "7812 s"]);
    }
}
