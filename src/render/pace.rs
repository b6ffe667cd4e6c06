//! How much a device is given at once.

use std::time::Duration;

use crate::gpu::Gpu;

/// Samples of one dispatch, to begin with: few enough that a slow adapter answers within a fraction of a second.
const SAMPLES_A_DISPATCH: f64 = 2e7;

/// No dispatch should take longer on a graphics device: what draws its screen waits so long, and systems take away a device that
/// does not answer for seconds.
const LONGEST: Duration = Duration::from_millis(50);

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

    /// How many rows the next dispatch has.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Takes in how long a dispatch of so many rows took.
    pub fn learn(&mut self, rows: u32, took: Duration) {
        if !self.follows || rows == 0 {
            return;
        }
        let fitting = f64::from(rows) * LONGEST.as_secs_f64() / took.as_secs_f64().max(1e-6);
        // More only little by little: rows differ.
        let most = if took > LONGEST { f64::from(self.rows) } else { 2.0 * f64::from(self.rows) };
        let steps = (fitting.min(most) / f64::from(self.step)).floor().min(f64::from(1u32 << 16));
        self.rows = (steps as u32).max(1) * self.step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: rows that are no whole tiles, none at all, dispatches that stay too long or short ones that never grow.
    #[test]
    fn dispatches_come_to_take_no_longer_than_they_may() {
        for seconds_a_row in [1e-9, 1e-5, 1e-3, 0.02, 3.0] {
            let mut pace = Pace { rows: 512, step: 16, follows: true };
            for _ in 0..20 {
                let rows = pace.rows();
                assert!(rows >= 16 && rows.is_multiple_of(16));
                pace.learn(rows, Duration::from_secs_f64(seconds_a_row * f64::from(rows)));
            }
            let took = seconds_a_row * f64::from(pace.rows());
            assert!(took <= LONGEST.as_secs_f64() * 1.001 || pace.rows() == 16, "{seconds_a_row}: {took}");
            let more = seconds_a_row * f64::from(pace.rows() + 16);
            assert!(more >= 0.49 * LONGEST.as_secs_f64() || pace.rows() >= 1 << 16, "{seconds_a_row}: {took}");
        }
        let mut steady = Pace { rows: 512, step: 16, follows: false };
        steady.learn(512, Duration::from_secs(5));
        assert_eq!(steady.rows(), 512);
    }
}
