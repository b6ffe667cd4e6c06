//! How much a device is given at once.

use std::ops::Range;
use std::time::Duration;

use crate::gpu::Gpu;

/// Samples of one dispatch, to begin with: few enough that a slow adapter answers within a fraction of a second.
const SAMPLES_A_DISPATCH: f64 = 2e7;

/// What a dispatch should take on a graphics device, where other rows may take four times as long as the last ones: what draws
/// its screen waits so long, and systems take away a device that does not answer for seconds.
const LONGEST: Duration = Duration::from_millis(25);

/// From one dispatch to the next the rows grow by no more: rows differ.
const GROWTH: f64 = 1.5;

/// After a failure a device is given this share of the samples at once.
const AFTER_FAILURE: f64 = 1.0 / 8.0;

/// The rows of a picture that are drawn by one dispatch: as many as take no longer than [`LONGEST`].
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    rows: u32,
    /// Rows come in multiples of this many.
    step: u32,
    /// Whether it follows what dispatches take. Nothing waits for a software adapter.
    follows: bool,
}

impl Pace {
    /// For rows of so many samples, in multiples of `step`; `cautious` after a device has failed.
    pub fn new(gpu: &Gpu, samples_a_row: f64, step: u32, cautious: bool) -> Self {
        let at_once = if cautious { AFTER_FAILURE } else { 1.0 } * SAMPLES_A_DISPATCH;
        let rows = (at_once / samples_a_row.max(1.0)).ceil().min(f64::from(u32::MAX / 2)) as u32;
        Self { rows: rows.next_multiple_of(step).max(step), step, follows: !gpu.is_software() }
    }

    /// The rows of the next dispatch of those that are left above and below, if there are any: from the middle outward, as in the
    /// middle most pictures take longest.
    pub fn next(&self, left: &mut [Range<u32>; 2]) -> Option<Range<u32>> {
        let [above, below] = left;
        let next = if above.len() > below.len() {
            let first = above.end.saturating_sub(self.rows).max(above.start);
            let next = first..above.end;
            above.end = first;
            next
        } else {
            let last = below.end.min(below.start.saturating_add(self.rows));
            let next = below.start..last;
            below.start = last;
            next
        };
        (!next.is_empty()).then_some(next)
    }

    /// Takes in how long a dispatch of so many rows took.
    pub fn learn(&mut self, rows: u32, took: Duration) {
        if !self.follows || rows == 0 {
            return;
        }
        let fitting = f64::from(rows) * LONGEST.as_secs_f64() / took.as_secs_f64().max(1e-6);
        let rows_now = f64::from(self.rows);
        let most = if took > LONGEST { rows_now } else { (GROWTH * rows_now).max(rows_now + f64::from(self.step)) };
        let steps = (fitting.min(most) / f64::from(self.step)).floor().min(f64::from(1u32 << 16));
        self.rows = (steps as u32).max(1) * self.step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: rows that are left out or drawn twice, a border that is drawn before the middle.
    #[test]
    fn all_rows_are_drawn_once_from_the_middle_outward() {
        let pace = Pace { rows: 16, step: 16, follows: true };
        for (rows, middle) in [(0..1u32, 0), (7..7, 7), (3..250, 128), (0..16, 16)] {
            let mut left = [rows.start..middle, middle..rows.end];
            let mut drawn = vec![0; rows.end as usize];
            let mut first = None;
            while let Some(some) = pace.next(&mut left) {
                assert!(some.len() <= 16);
                first.get_or_insert(some.start);
                some.for_each(|row| drawn[row as usize] += 1);
            }
            assert!(rows.clone().all(|row| drawn[row as usize] == 1), "{rows:?}: {drawn:?}");
            assert!(first.is_none_or(|first| first.abs_diff(middle) <= 16), "{rows:?}: {first:?}");
        }
    }

    /// Catches: rows that are no whole tiles, none at all, dispatches that stay too long or short ones that never grow.
    #[test]
    fn dispatches_come_to_take_no_longer_than_they_may() {
        for seconds_a_row in [1e-9, 1e-5, 1e-3, 0.02, 3.0] {
            let mut pace = Pace { rows: 512, step: 16, follows: true };
            for _ in 0..20 {
                let rows = pace.rows;
                assert!(rows >= 16 && rows.is_multiple_of(16));
                pace.learn(rows, Duration::from_secs_f64(seconds_a_row * f64::from(rows)));
            }
            let took = seconds_a_row * f64::from(pace.rows);
            assert!(took <= LONGEST.as_secs_f64() * 1.001 || pace.rows == 16, "{seconds_a_row}: {took}");
            let more = seconds_a_row * f64::from(pace.rows + 16);
            assert!(more >= 0.6 * LONGEST.as_secs_f64() || pace.rows >= 1 << 16, "{seconds_a_row}: {took}");
        }
        let mut steady = Pace { rows: 512, step: 16, follows: false };
        steady.learn(512, Duration::from_secs(5));
        assert_eq!(steady.rows, 512);
    }
}
