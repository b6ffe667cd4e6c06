//! How many steps of a ray one sample may stand for, by the range of the values around it.

use crate::color::LookupTable;

/// Equal parts of the limits that ranges are rounded to.
pub const BINS: usize = 256;

/// The most steps that a sample stands for.
pub const MOST: u8 = 32;

/// Entry of ranges that no ray shows.
pub const EMPTY: u8 = 0;

/// Cells whose opacity over the longest ray stays below this are left out: a ray can meet no more of
/// them than its length, so all together stay below half a step of 8 bits.
const INVISIBLE: f64 = 1.0 / 512.0;

/// What the samples of a cell may err by, as a share of the picture: chosen so that no pixel of the tests'
/// scenes differs by more than 1/255 from one sample a step (found: 0.3).
const TOLERANCE: f64 = 0.012;

/// The same where rays end when they are opaque: ending a step too early or late counts as well (found: 0.3).
const TOLERANCE_OF_OPAQUE: f64 = 0.007;

/// What light changes a colour by within a cell: from dark to bright over two or three of them.
pub const CHANGE_OF_LIGHT: f64 = 0.7;

/// What light from all sides changes a colour by within a cell: it is the mean of what lies around in a wider circle.
pub const CHANGE_OF_OCCLUSION: f64 = 0.35;

/// What the rules depend on besides the transfer function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ray {
    /// The longest ray, in reference lengths.
    pub longest: f64,
    /// The side of a cell, in reference lengths.
    pub cell: f64,
    /// Steps along the side of a cell.
    pub steps_per_cell: f64,
    /// Whether rays end when they are opaque.
    pub ends_when_opaque: bool,
    /// What light and distance change a colour by within a cell.
    pub change_of_light: f64,
}

/// Least and largest extinction and colour of a range of the limits.
#[derive(Clone, Copy)]
struct Range {
    low: [f32; 4],
    high: [f32; 4],
    /// The largest change within a bin.
    steepest: [f32; 4],
    bins: usize,
}

impl Range {
    const NOTHING: Self = Self { low: [f32::INFINITY; 4], high: [f32::NEG_INFINITY; 4], steepest: [0.0; 4], bins: 0 };

    fn of_bin(table: &LookupTable, bin: usize) -> Self {
        let parts = table.parts.len();
        let (first, last) = (bin * parts / BINS, ((bin + 1) * parts).div_ceil(BINS));
        let ends = table.parts[first..last].as_flattened();
        let of = |f: fn(f32, f32) -> f32| std::array::from_fn(|c| ends.iter().map(|e| e[c]).reduce(f).unwrap_or(0.0));
        let (low, high): ([f32; 4], [f32; 4]) = (of(f32::min), of(f32::max));
        Self { low, high, steepest: std::array::from_fn(|c| high[c] - low[c]), bins: 1 }
    }

    fn with(self, next: &Self) -> Self {
        let of = |f: fn(f32, f32) -> f32, a: [f32; 4], b: [f32; 4]| std::array::from_fn(|c| f(a[c], b[c]));
        Self {
            low: of(f32::min, self.low, next.low),
            high: of(f32::max, self.high, next.high),
            steepest: of(f32::max, self.steepest, next.steepest),
            bins: self.bins + next.bins,
        }
    }

    /// What a channel would change by if it were as steep everywhere as at its steepest: a sample in the
    /// middle errs by so much more where a transfer function has an edge.
    fn change(&self, channel: usize) -> f64 {
        f64::from(self.steepest[channel]) * self.bins as f64
    }
}

/// Steps that a sample stands for, at `[low][high]` of the bins that a cell's values lie in.
pub fn rules(table: &LookupTable, ray: Ray) -> Vec<[u8; BINS]> {
    if ray.steps_per_cell < 1.0 {
        // A step through several cells cannot be left out for what one of them holds.
        return vec![[1; BINS]; BINS];
    }
    let bins: Vec<Range> = (0..BINS).map(|bin| Range::of_bin(table, bin)).collect();
    let mut rules = vec![[1; BINS]; BINS];
    for (low, row) in rules.iter_mut().enumerate() {
        let mut range = Range::NOTHING;
        for (rule, bin) in std::iter::zip(&mut row[low..], &bins[low..]) {
            range = range.with(bin);
            *rule = steps(&range, ray);
        }
    }
    rules
}

/// The same for surfaces at these positions: one step wherever one may lie, none elsewhere. Positions are rounded on the
/// GPU, so that one may lie in the bin beside.
pub fn surface_rules(positions: impl Iterator<Item = f64>, ray: Ray) -> Vec<[u8; BINS]> {
    if ray.steps_per_cell < 1.0 {
        return vec![[1; BINS]; BINS];
    }
    let mut rules = vec![[EMPTY; BINS]; BINS];
    for position in positions {
        let bin = (position.clamp(0.0, 1.0) * BINS as f64) as usize;
        for row in &mut rules[..(bin + 2).min(BINS)] {
            row[bin.saturating_sub(1).min(BINS - 1)..].fill(1);
        }
    }
    rules
}

/// A sample in the middle of n steps errs by the square of the share of the cell that they cover, times
/// what the cell's light varies by. Light from deeper than an optical depth of 1 hardly arrives, and the errors
/// of the cells before that have either sign.
fn steps(range: &Range, ray: Ray) -> u8 {
    let largest = f64::from(range.high[3]);
    if largest * ray.longest < INVISIBLE {
        return EMPTY;
    }
    let color = (0..3).map(|c| range.change(c)).fold(0.0, f64::max);
    // Where the density hardly changes, its gradient may point anywhere.
    let light = if range.bins == 1 { 4.0 * ray.change_of_light } else { ray.change_of_light };
    let color = color + light;
    let seen = ray.longest.min(1.0 / largest);
    let variation = (range.change(3) + largest * color) * seen;
    let cells = (seen / ray.cell).max(1.0);
    let tolerance = if ray.ends_when_opaque { TOLERANCE_OF_OPAQUE } else { TOLERANCE };
    let share = (tolerance * cells.sqrt() / variation).sqrt().min(1.0);
    (share * ray.steps_per_cell).clamp(1.0, f64::from(MOST)) as u8
}
