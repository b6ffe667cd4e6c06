//! How fast pictures are drawn, and how coarse they are so that the hand is followed.

use std::time::Duration;

use crate::render::Picture;

/// While something moves, a picture should take no longer than this.
const BUDGET: Duration = Duration::from_millis(60);
/// The most that sides are divided by while something moves.
const COARSEST: u32 = 10;
/// Steps are this many times as long in a coarse picture.
pub const COARSE_STEP: f64 = 1.5;
/// What a pixel is taken to need before one was drawn: the first picture is there soon on any adapter.
const SECONDS_A_PIXEL: f64 = 1e-6;
/// The least share of the budget that is left to the light, where all else takes long.
const LEAST_LIGHT: f64 = 0.3;

/// What the last pictures took.
pub struct Pace {
    /// What a pixel of light takes in a coarse picture, in seconds, were its steps those of a full one: more than in that where
    /// rays far apart share nothing in caches.
    seconds_a_pixel: f64,
    /// What it took in the last picture, if that was a full one.
    seconds_in_full: f64,
    /// What the last coarse picture took beside its rays, in seconds: points, marks, and the way from the adapter.
    seconds_beside: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { seconds_a_pixel: SECONDS_A_PIXEL, seconds_in_full: f64::INFINITY, seconds_beside: 0.0 }
    }
}

impl Pace {
    /// What the next picture will take follows from this one.
    ///
    /// It took so long in all, finding points among it, and of a coarse one also its light.
    pub fn learn(
        &mut self,
        picture: &Picture,
        divisor: u32,
        took: Duration,
        of_points: Duration,
        of_light: Option<Duration>,
    ) {
        let pixels: f64 = picture.size.iter().map(|n| f64::from(n.div_ceil(divisor))).product();
        // Points take the same time in fewer pixels.
        let beside = match of_light {
            Some(of_light) => took.saturating_sub(of_light.saturating_sub(of_points)).as_secs_f64(),
            None => self.seconds_beside + of_points.as_secs_f64(),
        };
        let of_pixel = (took.as_secs_f64() - beside).max(0.0) / pixels;
        if divisor > 1 {
            self.seconds_beside = beside;
            // Longer steps take less time than those of a full picture.
            self.seconds_a_pixel = of_pixel * COARSE_STEP;
            self.seconds_in_full = f64::INFINITY;
        } else {
            self.seconds_a_pixel = self.seconds_a_pixel.max(of_pixel);
            self.seconds_in_full = of_pixel;
        }
    }

    /// What sides are divided by so that a picture keeps within the budget.
    pub fn divisor(&self, size: [u32; 2]) -> u32 {
        let pixels = f64::from(size[0]) * f64::from(size[1]);
        let budget = BUDGET.as_secs_f64();
        if self.seconds_a_pixel.min(self.seconds_in_full) * pixels + self.seconds_beside <= budget {
            return 1;
        }
        let expected = self.seconds_a_pixel * pixels;
        let left = (budget - self.seconds_beside).max(LEAST_LIGHT * budget);
        ((expected / COARSE_STEP / left).sqrt().ceil() as u32).clamp(2, COARSEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: pictures of which all pixels are drawn while the hand moves, however long that takes.
    #[test]
    fn slow_pictures_get_coarser_and_quick_ones_do_not() {
        let mut pace = Pace::default();
        assert_eq!(pace.divisor([1000, 1000]), 4);
        pace.seconds_a_pixel = 0.0;
        assert_eq!(pace.divisor([1000, 1000]), 1);
        pace.seconds_a_pixel = 0.05e-6;
        assert_eq!(pace.divisor([1000, 1000]), 1);
        pace.seconds_a_pixel = 0.5e-6;
        assert_eq!(pace.divisor([1000, 1000]), 3);
        // Where marks take their time, less is left to the light.
        pace.seconds_beside = 0.03;
        assert_eq!(pace.divisor([1000, 1000]), 4);
        pace.seconds_a_pixel = 1.0;
        assert_eq!(pace.divisor([1000, 1000]), COARSEST);
        // What coarse pictures took is not forgotten for a full one, whose pixels are cheaper; but a full one may be quick.
        pace.seconds_beside = 0.0;
        let picture = Picture { size: [1000, 1000], rgba: Vec::new() };
        pace.learn(&picture, 4, Duration::from_millis(300), Duration::ZERO, Some(Duration::from_millis(250)));
        let before = pace.divisor([1000, 1000]);
        pace.learn(&picture, 1, Duration::from_millis(1000), Duration::ZERO, None);
        assert_eq!(pace.divisor([1000, 1000]), before);
        pace.learn(&picture, 1, Duration::from_millis(5), Duration::ZERO, None);
        assert_eq!(pace.divisor([1000, 1000]), 1);
    }
}
