//! The box and the nodes of the grid.

use glam::DVec3;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::geometry::Box3;
use crate::grid::Lattice;
use crate::kde::kernel::Kernel;
use crate::memory::{GIB, usable_memory};
use crate::points::PointCloud;

/// Default padding in standard deviations of the kernel: seaborn's.
const PADDING: f64 = 3.0;
/// An axis whose range exceeds this many times its 0.5-99.5 % range has outliers.
const OUTLIER_RATIO: f64 = 5.0;
/// An axis is looked at where most points are if its range exceeds this many times its 2.5-97.5 % range: that of 5,000 points
/// of a normal distribution does by 1.9.
const LONG_ENDS: f64 = 2.2;
/// What is looked at beside that range on both sides, as a share of it.
const SPARE: f64 = 0.1;
/// Nodes a standard deviation of the default grid.
const NODES_PER_SIGMA: f64 = 6.0;
/// Most nodes along an axis of the default grid in space.
const MAX_DEFAULT_NODES: usize = 192;
/// Most nodes along an axis of the default grid in a plane: about as many as a picture has pixels.
const MAX_DEFAULT_NODES_OF_PLANE: usize = 1024;

/// The box of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Extent {
    /// The bounding box of the points, made larger by 3 standard deviations of the kernel on both sides.
    /// An axis whose range exceeds 5 times its 0.5-99.5 % range takes that range instead.
    #[default]
    Auto,
    /// The bounding box of the points, made larger by this many standard deviations `sqrt(H_ii)` of
    /// the kernel on both sides; 0 is the box of numpy's `mgrid[min:max]`. Finite, 0 or more.
    Padding(f64),
    /// This box, in the unit of the data; each minimum is below its maximum.
    Bounds(Box3),
}

/// The nodes in the box.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Resolution {
    /// At most a sixth of the smallest standard deviation of the kernel apart, at most 192 an axis (1024 in a plane).
    #[default]
    Auto,
    /// This many along x, y, z, both ends included; at least 2 each.
    Nodes([usize; 3]),
    /// This far apart along x, y, z, from the minimum of the box until its maximum is reached or
    /// passed. Finite and above 0.
    Spacing([f64; 3]),
}

/// A grid to be filled.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where the nodes are.
    pub lattice: Lattice,
    /// What a picture looks at: the box without its padding; of an axis with long thin ends where most points are.
    pub focus: Box3,
    /// What the user must know.
    pub warnings: Vec<String>,
    /// What was chosen for the user.
    pub notes: Vec<String>,
}

/// The grid for the density of `cloud` under `kernel`, with `bytes_per_node` bytes a node. Allocates
/// nothing of the grid's size. For a kernel of the plane it is one layer of nodes at z = 0, of thickness 1, and what
/// `extent` and `resolution` say of z means nothing.
///
/// # Errors
/// [`Error::Usage`] if `extent` or `resolution` is out of its range; [`Error::Data`] if the grid takes
/// more than 3/4 of the free memory or its nodes are closer than f64 tells apart.
pub fn plan(
    cloud: &PointCloud,
    kernel: &Kernel,
    extent: Extent,
    resolution: Resolution,
    bytes_per_node: usize,
) -> Result<Plan> {
    let widths = Widths {
        d: kernel.dimensions,
        margin: kernel.sigma(),
        finest: kernel.sigma(),
        narrowest: kernel.steepest().recip(),
    };
    planned(cloud, &widths, extent, resolution, bytes_per_node)
}

/// What a grid is made for.
pub(super) struct Widths {
    /// 3, or 2 in a plane.
    pub(super) d: usize,
    /// Standard deviations that the margin is counted in.
    pub(super) margin: DVec3,
    /// Standard deviations that the default spacing resolves.
    pub(super) finest: DVec3,
    /// How far along each axis the kernel falls by its steepest as one of a standard deviation so long would.
    pub(super) narrowest: DVec3,
}

/// As [`plan`], for kernels of these widths.
pub(super) fn planned(
    cloud: &PointCloud,
    widths: &Widths,
    extent: Extent,
    resolution: Resolution,
    bytes_per_node: usize,
) -> Result<Plan> {
    let (mut warnings, mut notes) = (Vec::new(), Vec::new());
    let d = widths.d;
    let ([inner, focus], padding) = match extent {
        Extent::Auto => (without_outliers(cloud, &mut notes), PADDING),
        Extent::Padding(k) if k.is_finite() && k >= 0.0 => ([cloud.bounds(); 2], k),
        Extent::Padding(k) => return Err(Error::Usage(format!("the padding is {k}; it must be a number, 0 or more"))),
        Extent::Bounds(bounds) => ([checked(bounds, d)?; 2], 0.0),
    };
    let sigma = if d == 2 { widths.margin.with_z(0.0) } else { widths.margin };
    let mut bounds = inner.grown(padding * sigma);
    if !matches!(extent, Extent::Bounds(_)) {
        bounds = widened(bounds, sigma, d, &mut warnings);
    }
    let free = usable_memory();
    let checked_shape = |shape: [usize; 3]| -> Result<Lattice> {
        check_memory(layer(d, shape.map(|n| n as f64), 1.0), d, bytes_per_node, free)?;
        spanning(bounds, layer(d, shape, 1))
    };
    let lattice = match resolution {
        Resolution::Auto => checked_shape(default_shape(bounds, widths, &mut warnings))?,
        Resolution::Nodes(shape) => {
            if let Some(few) = shape[..d].iter().find(|n| **n < 2) {
                return Err(Error::Usage(format!(
                    "a grid of {few} nodes along an axis is too small; it needs at least 2"
                )));
            }
            checked_shape(shape)?
        }
        Resolution::Spacing(spacing) => spaced(bounds, spacing, d, bytes_per_node, free)?,
    };
    check_nodes_differ(&lattice)?;
    Ok(Plan { lattice, focus, warnings, notes })
}

/// `of_axes` with `of_z` in the last place in a plane.
fn layer<T: Copy>(d: usize, of_axes: [T; 3], of_z: T) -> [T; 3] {
    if d == 2 { [of_axes[0], of_axes[1], of_z] } else { of_axes }
}

/// As [`Lattice::spanning`], also with one node along z.
fn spanning(bounds: Box3, shape: [usize; 3]) -> Result<Lattice> {
    if shape[2] > 1 {
        return Lattice::spanning(bounds, shape);
    }
    let thick = Box3 { min: bounds.min.with_z(0.0), max: bounds.max.with_z(1.0) };
    Ok(Lattice { shape, ..Lattice::spanning(thick, [shape[0], shape[1], 2])? })
}

/// `bounds`, flattened in a plane.
fn checked(bounds: Box3, d: usize) -> Result<Box3> {
    if d == 2 {
        let thick = Box3 { min: bounds.min.with_z(0.0), max: bounds.max.with_z(1.0) };
        return checked(thick, 3).map(|b| Box3 { max: b.max.with_z(0.0), ..b });
    }
    if bounds.min.is_finite() && bounds.max.is_finite() && bounds.size().min_element() > 0.0 {
        return Ok(bounds);
    }
    let (min, max) = (bounds.min, bounds.max);
    Err(Error::Usage(format!("the box is {min} to {max}; each minimum must be a number below its maximum")))
}

/// The bounding box of the points, of which an axis with outliers takes its 0.5-99.5 % range, with a note; and what of it
/// is looked at: of an axis with long thin ends where most points are.
fn without_outliers(cloud: &PointCloud, notes: &mut Vec<String>) -> [Box3; 2] {
    let mut bounds = cloud.bounds();
    let ranges: Vec<_> = (0..3).into_par_iter().map(|axis| ranges(cloud, bounds, axis)).collect();
    let whole = bounds;
    for (axis, (range, _)) in ranges.iter().enumerate() {
        if let Some([low, high]) = range {
            notes.push(format!(
                "outliers along {}: the box takes the 0.5-99.5 % range, {low:.6} to {high:.6}, not the whole, \
                 {:.6} to {:.6} (--padding 3 takes it)",
                ["x", "y", "z"][axis],
                whole.min[axis],
                whole.max[axis]
            ));
            (bounds.min[axis], bounds.max[axis]) = (*low, *high);
        }
    }
    let mut focus = bounds;
    for (axis, (_, most)) in ranges.into_iter().enumerate() {
        if let Some([low, high]) = most {
            (focus.min[axis], focus.max[axis]) = (low.max(bounds.min[axis]), high.min(bounds.max[axis]));
        }
    }
    [bounds, focus]
}

/// Of an axis the 0.5-99.5 % range if the whole range exceeds 5 times that; and where most points are, if the whole is much
/// longer.
fn ranges(cloud: &PointCloud, bounds: Box3, axis: usize) -> (Option<[f64; 2]>, Option<[f64; 2]>) {
    let spread = Spread::of(cloud, bounds, axis);
    (central_range(cloud, &spread, axis), spread.most())
}

/// The 0.5-99.5 % range of an axis if the whole range exceeds 5 times that.
fn central_range(cloud: &PointCloud, spread: &Spread, axis: usize) -> Option<[f64; 2]> {
    if !spread.is_crowded() {
        return None;
    }
    let mut values: Vec<f64> = cloud.positions.iter().map(|p| p[axis]).collect();
    let [low, high] = [0.5, 99.5].map(|p| percentile(&mut values, p));
    // Where nearly all points share one value there is no range to take.
    (high > low && spread.range > OUTLIER_RATIO * (high - low)).then_some([low, high])
}

/// How the points are spread along an axis: their numbers in equal bins.
struct Spread {
    bins: Vec<usize>,
    min: f64,
    range: f64,
    count: usize,
}

impl Spread {
    /// As fine as a picture has pixels.
    const BINS: usize = 1024;

    fn of(cloud: &PointCloud, bounds: Box3, axis: usize) -> Self {
        let (min, range) = (bounds.min[axis], bounds.size()[axis]);
        let mut bins = vec![0; Self::BINS];
        for p in &cloud.positions {
            bins[(((p[axis] - min) / range * Self::BINS as f64) as usize).min(Self::BINS - 1)] += 1;
        }
        Self { bins, min, range, count: cloud.len() }
    }

    /// Whether some fifth of the range can hold 99 % of the points: it lies within 5 of 16 equal bins. Tells
    /// most data without outliers from the rest in one pass, without sorting.
    fn is_crowded(&self) -> bool {
        let coarse: Vec<usize> = self.bins.chunks(Self::BINS / 16).map(|bins| bins.iter().sum()).collect();
        // 2 points of slack: percentiles are interpolated between order statistics.
        coarse.windows(5).any(|w| (w.iter().sum::<usize>() + 2) as f64 >= 0.99 * self.count as f64)
    }

    /// Where a share of the points lies below, within a bin.
    fn quantile(&self, share: f64) -> f64 {
        let (wanted, mut below) = (share * self.count as f64, 0.0);
        let at = self.bins.iter().position(|&n| {
            below += n as f64;
            below >= wanted
        });
        let (at, of_bin) = at.map_or((Self::BINS - 1, 0.0), |at| (at, self.bins[at] as f64));
        let within = if of_bin > 0.0 { 1.0 - (below - wanted) / of_bin } else { 1.0 };
        self.min + self.range * (at as f64 + within) / Self::BINS as f64
    }

    /// The 2.5-97.5 % range with a tenth of its length on both sides, if the whole is so much longer that most of a picture
    /// of it would be empty. Not where nearly all points share one value.
    fn most(&self) -> Option<[f64; 2]> {
        let [low, high] = [0.025, 0.975].map(|share| self.quantile(share));
        let length = high - low;
        let is_long = self.range > LONG_ENDS * length && length > 16.0 * self.range / Self::BINS as f64;
        is_long.then_some([low - SPARE * length, high + SPARE * length])
    }
}

/// The percentile of values in any order, as `numpy.percentile`.
pub(super) fn percentile(values: &mut [f64], percent: f64) -> f64 {
    let at = percent / 100.0 * (values.len() - 1) as f64;
    let (_, &mut low, above) = values.select_nth_unstable_by(at as usize, f64::total_cmp);
    let high = above.iter().copied().fold(f64::INFINITY, f64::min);
    if above.is_empty() { low } else { low + (high - low) * at.fract() }
}

/// `bounds` with each flat axis made as wide as 6 standard deviations, with a warning.
fn widened(mut bounds: Box3, sigma: DVec3, d: usize, warnings: &mut Vec<String>) -> Box3 {
    for axis in 0..d {
        if bounds.size()[axis] <= 1e-9 * sigma[axis] {
            bounds.min[axis] -= PADDING * sigma[axis];
            bounds.max[axis] += PADDING * sigma[axis];
            warnings.push(format!(
                "the box has no extent along {}; it is widened to {:.6} .. {:.6}, 3 standard deviations of the kernel \
                 on both sides",
                ["x", "y", "z"][axis],
                bounds.min[axis],
                bounds.max[axis]
            ));
        }
    }
    bounds
}

fn default_shape(bounds: Box3, widths: &Widths, warnings: &mut Vec<String>) -> [usize; 3] {
    let d = widths.d;
    let least = |of: DVec3| of.to_array()[..d].iter().copied().fold(f64::INFINITY, f64::min);
    let spacing = least(widths.finest) / NODES_PER_SIGMA;
    let most = if d == 2 { MAX_DEFAULT_NODES_OF_PLANE } else { MAX_DEFAULT_NODES };
    let wanted = bounds.size().to_array().map(|size| (size / spacing).ceil() + 1.0);
    let shape = wanted.map(|n| (n as usize).clamp(2, most));
    let spacings = bounds.size() / DVec3::from(shape.map(|n| (n - 1) as f64));
    let coarsest = 1.0 / least(widths.narrowest / spacings);
    if coarsest > 1.0 {
        let is_oblique = coarsest > 1.5 / least(widths.finest / spacings);
        let side = if is_oblique { " across its narrow oblique side" } else { "" };
        warnings.push(format!(
            "the default grid of {:?} nodes is coarser than the kernel (spacing up to {coarsest:.3e} standard deviations{side}), \
             so the picture and the peaks are rough; --spacing {:.3e} resolves it, and --bounds a part of it",
            &shape[..d],
            0.5 * least(widths.narrowest)
        ));
    }
    shape
}

fn spaced(bounds: Box3, spacing: [f64; 3], d: usize, bytes_per_node: usize, free: f64) -> Result<Lattice> {
    if let Some(bad) = spacing[..d].iter().find(|s| !(s.is_finite() && **s > 0.0)) {
        return Err(Error::Usage(format!("the spacing is {bad}; it must be a number above 0")));
    }
    let spacing = DVec3::from(layer(d, spacing, 1.0));
    // An interval more for 1e-9 of one would be the rounding of the box, not its size.
    let counts = (bounds.size() / spacing - 1e-9).ceil().max(DVec3::ONE) + 1.0;
    let counts = layer(d, counts.to_array(), 1.0);
    check_memory(counts, d, bytes_per_node, free)?;
    Ok(Lattice { shape: counts.map(|n| n as usize), origin: bounds.min, spacing })
}

fn check_memory(shape: [f64; 3], d: usize, bytes_per_node: usize, free: f64) -> Result<()> {
    let [x, y, z] = shape;
    let needed = x * y * z * bytes_per_node as f64;
    if needed <= free {
        return Ok(());
    }
    let fits = (free / bytes_per_node as f64).powf(1.0 / d as f64).floor();
    let shape = if d == 2 { format!("{x} x {y}") } else { format!("{x} x {y} x {z}") };
    Err(Error::Data(format!(
        "a grid of {shape} nodes needs {:.1} GiB, and {:.1} GiB can be had; take a --spacing that is larger or --grid \
         {fits} or less",
        needed / GIB,
        free / GIB
    )))
}

fn check_nodes_differ(lattice: &Lattice) -> Result<()> {
    let largest = lattice.bounds().min.abs().max(lattice.bounds().max.abs());
    if lattice.spacing.cmpgt(2.0 * f64::EPSILON * largest).all() && largest.is_finite() {
        return Ok(());
    }
    Err(Error::Data(format!(
        "nodes {:.3e} apart around {:.3e} cannot be told apart in f64; move the points closer to 0 or take fewer nodes",
        lattice.spacing.min_element(),
        largest.max_element()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kde::Bandwidth;

    fn planned(points: &[[f64; 3]], extent: Extent, resolution: Resolution) -> Result<Plan> {
        let cloud = PointCloud::from_positions(points.iter().map(|p| DVec3::from(*p)).collect());
        let sigma = Bandwidth::Length { sigma: [0.5, 1.0, 2.0], unit: None };
        plan(&cloud, &Kernel::new(&cloud, &sigma).unwrap().0, extent, resolution, 4)
    }

    const CORNERS: [[f64; 3]; 2] = [[0.0, 0.0, 0.0], [4.0, 2.0, 1.0]];

    fn planned_in_plane(extent: Extent, resolution: Resolution) -> Result<Plan> {
        let cloud = PointCloud::from_positions(vec![DVec3::ZERO, DVec3::new(4.0, 2.0, 0.0)]);
        let sigma = Bandwidth::Length { sigma: [0.5, 1.0, 7.0], unit: None };
        plan(&cloud, &Kernel::of_plane(&cloud, &sigma).unwrap().0, extent, resolution, 4)
    }

    #[test]
    fn a_plane_has_one_layer_of_thickness_one_whatever_is_said_of_z() {
        let thick = Box3 { min: DVec3::new(-1.0, -1.0, 5.0), max: DVec3::new(2.0, 2.0, 9.0) };
        for (extent, resolution, shape, origin, spacing) in [
            // 4 + 3 and 2 + 6 long, 1/12 apart.
            (Extent::Auto, Resolution::Auto, [85, 97], [-1.5, -3.0], [7.0 / 84.0, 8.0 / 96.0]),
            (Extent::Padding(0.0), Resolution::Nodes([5, 3, 0]), [5, 3], [0.0, 0.0], [1.0, 1.0]),
            (Extent::Bounds(thick), Resolution::Spacing([1.0, 2.0, -1.0]), [4, 3], [-1.0, -1.0], [1.0, 2.0]),
        ] {
            let p = planned_in_plane(extent, resolution).unwrap();
            let ([nx, ny], [x, y], [dx, dy]) = (shape, origin, spacing);
            assert_eq!((p.lattice.shape, p.lattice.origin), ([nx, ny, 1], DVec3::new(x, y, 0.0)), "{extent:?}");
            assert!(p.lattice.spacing.abs_diff_eq(DVec3::new(dx, dy, 1.0), 1e-12), "{extent:?}");
            assert!(p.warnings.is_empty() && p.notes.is_empty() && p.focus.size().z == 0.0, "{p:?}");
        }
    }

    #[test]
    fn padding_zero_and_nodes_are_numpys_mgrid() {
        let p = planned(&CORNERS, Extent::Padding(0.0), Resolution::Nodes([5, 3, 2])).unwrap();
        assert_eq!(p.lattice.bounds(), Box3 { min: DVec3::ZERO, max: DVec3::new(4.0, 2.0, 1.0) });
        assert_eq!(p.lattice.spacing, DVec3::ONE);
        assert_eq!(p.focus, p.lattice.bounds());
    }

    #[test]
    fn the_default_box_is_padded_by_three_sigma_and_spaced_by_a_sixth_of_the_smallest() {
        let p = planned(&CORNERS, Extent::Auto, Resolution::Auto).unwrap();
        assert_eq!(p.lattice.bounds().min, DVec3::new(-1.5, -3.0, -6.0));
        assert_eq!(p.focus.max, DVec3::new(4.0, 2.0, 1.0));
        // 7, 8 and 13 long: 84, 96 and 156 intervals of 1/12.
        assert_eq!(p.lattice.shape, [85, 97, 157]);
    }

    #[test]
    fn spacing_keeps_the_minimum_and_moves_the_maximum_outward() {
        let p = planned(&CORNERS, Extent::Padding(0.0), Resolution::Spacing([1.0, 0.3, 1.0])).unwrap();
        assert_eq!((p.lattice.origin, p.lattice.shape), (DVec3::ZERO, [5, 8, 2]));
        assert!((p.lattice.bounds().max.y - 2.1).abs() < 1e-12);
    }

    #[test]
    fn outliers_are_left_out_of_the_default_box_only_and_it_is_told() {
        let mut points: Vec<_> =
            (0..1000).map(|i| [f64::from(i % 10), f64::from(i / 10 % 10), f64::from(i / 100)]).collect();
        points.push([5.0, 5.0, 400.0]);
        let p = planned(&points, Extent::Auto, Resolution::Auto).unwrap();
        assert_eq!((p.focus.max, p.notes.len()), (DVec3::splat(9.0), 1));
        assert!(p.notes[0].contains("along z"), "{:?}", p.notes);
        let p = planned(&points, Extent::Padding(3.0), Resolution::Auto).unwrap();
        assert_eq!(p.focus.max.z, 400.0);
    }

    /// Catches: a first picture that is empty but for a spot, and one of evenly spread or normal points that is cut.
    #[test]
    fn what_is_looked_at_is_where_most_points_are() {
        let spread = |f: fn(f64) -> f64| {
            let points: Vec<_> =
                (0..4000).map(|i| (f64::from(i) + 0.5) / 4000.0).map(|u| [f(u), u, (u * 7919.0).fract()]).collect();
            planned(&points, Extent::Auto, Resolution::Nodes([8; 3])).unwrap()
        };
        // Even, but for a fiftieth that reaches 4 times as far: the 2.5-97.5 % range is 0.025 / 0.98 to 0.975 / 0.98.
        let far = spread(|u| if u < 0.98 { u / 0.98 } else { 1.0 + (u - 0.98) * 150.0 });
        let [low, high] = [0.025 / 0.98, 0.975 / 0.98];
        let wanted = [low - 0.1 * (high - low), high + 0.1 * (high - low)];
        assert!((far.focus.max.x - wanted[1]).abs() < 0.01 && far.focus.min.x.abs() < 1e-3, "{:?}", far.focus);
        assert!(far.focus.max.y > 0.999 && far.lattice.bounds().max.x > 3.9 && far.notes.is_empty());
        // Even, and about normal: quantiles after Shore (1982).
        for f in [|u| 3.0 * u, |u: f64| 4.91 * (u.powf(0.14) - (1.0 - u).powf(0.14))] {
            let (p, [low, high]) = (spread(f), [0.5 / 4000.0, 1.0 - 0.5 / 4000.0].map(f));
            assert!((p.focus.min.x - low).abs() < 1e-9 && (p.focus.max.x - high).abs() < 1e-9, "{:?}", p.focus);
        }
    }

    #[test]
    fn percentiles_of_unsorted_values_are_numpys() {
        let mut values = [7.0, 1.0, 2.0, 6.0, 3.0, 4.0, 5.0];
        assert_eq!([0.0, 50.0, 25.0, 98.0, 100.0].map(|p| percentile(&mut values, p)), [1.0, 4.0, 2.5, 6.88, 7.0]);
    }

    #[test]
    fn a_flat_box_is_widened_and_told() {
        let p = planned(&[[0.0; 3], [1.0, 1.0, 0.0]], Extent::Padding(0.0), Resolution::Nodes([4; 3])).unwrap();
        assert_eq!((p.lattice.bounds().min.z, p.lattice.bounds().max.z, p.warnings.len()), (-6.0, 6.0, 1));
    }

    #[test]
    fn grids_beyond_memory_and_senseless_options_are_refused() {
        let code = |extent, resolution| planned(&CORNERS, extent, resolution).unwrap_err().exit_code();
        assert_eq!(code(Extent::Auto, Resolution::Nodes([100_000; 3])), 1);
        assert_eq!(code(Extent::Auto, Resolution::Nodes([usize::MAX; 3])), 1);
        assert_eq!(code(Extent::Auto, Resolution::Spacing([1e-300; 3])), 1);
        assert_eq!(code(Extent::Auto, Resolution::Spacing([f64::NAN, 1.0, 1.0])), 2);
        assert_eq!(code(Extent::Auto, Resolution::Nodes([1, 2, 2])), 2);
        assert_eq!(code(Extent::Padding(-1.0), Resolution::Auto), 2);
        let flat = Box3 { min: DVec3::ZERO, max: DVec3::new(1.0, 0.0, 1.0) };
        assert_eq!(code(Extent::Bounds(flat), Resolution::Auto), 2);
        let of_plane = |extent, resolution| planned_in_plane(extent, resolution).unwrap_err();
        let error = of_plane(Extent::Auto, Resolution::Nodes([400_000, 400_000, 2])).to_string();
        assert!(error.contains("400000 x 400000 nodes needs 596.0 GiB"), "{error}");
        let line = Box3 { min: DVec3::ZERO, max: DVec3::new(1.0, 0.0, 1.0) };
        assert_eq!(of_plane(Extent::Bounds(line), Resolution::Auto).exit_code(), 2);
        assert_eq!(of_plane(Extent::Auto, Resolution::Nodes([2, 1, 2])).exit_code(), 2);
        let text = planned(&CORNERS, Extent::Auto, Resolution::Nodes([100_000; 3])).unwrap_err().to_string();
        assert!(text.contains("3725290.3 GiB") && text.contains("--grid"), "{text}");
    }
}
