//! Numbers that change along a movie, by key frames.

use std::str::FromStr;

use crate::error::{Error, Result};

/// How what changes goes from one key frame to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ease {
    /// At rest at both ends, without a jolt at the key frames between, never beyond the values of two neighbours (monotone
    /// cubic interpolation: Fritsch and Carlson 1980, with the slopes of Fritsch and Butland 1984, eq. 5).
    #[default]
    Smooth,
    /// Evenly.
    Linear,
    /// Not at all, until the next key frame.
    Hold,
}

impl FromStr for Ease {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "smooth" => Ok(Self::Smooth),
            "linear" => Ok(Self::Linear),
            "hold" => Ok(Self::Hold),
            _ => Err(Error::Usage(format!("`{text}` is no way from key frame to key frame: smooth, linear or hold"))),
        }
    }
}

/// Numbers as a function of time, by key frames.
///
/// # Examples
/// ```
/// use densitas::movie::{Ease, Track};
///
/// let azimuth = Track::new(vec![(0.0, vec![10.0]), (60.0, vec![50.0])], Ease::Smooth)?;
/// assert_eq!(azimuth.at(30.0), [30.0]);
/// # Ok::<(), densitas::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    times: Vec<f64>,
    values: Vec<Vec<f64>>,
    ease: Ease,
}

impl Track {
    /// From key frames: times that grow, each with as many numbers.
    ///
    /// # Errors
    /// [`Error::Usage`] if there is none, a time does not lie after the one before, or the numbers are not as many.
    pub fn new(keys: Vec<(f64, Vec<f64>)>, ease: Ease) -> Result<Self> {
        let (times, values): (Vec<f64>, Vec<Vec<f64>>) = keys.into_iter().unzip();
        let Some(first) = values.first() else {
            return Err(Error::Usage("there is no key frame; give one or more".into()));
        };
        if let Some(pair) =
            times.windows(2).find(|pair| pair[0].partial_cmp(&pair[1]) != Some(std::cmp::Ordering::Less))
        {
            return Err(Error::Usage(format!("key frame {} follows {}; their times must grow", pair[1], pair[0])));
        }
        if let Some(other) = values.iter().find(|v| v.len() != first.len()) {
            let (a, b) = (first.len(), other.len());
            return Err(Error::Usage(format!("a key frame has {b} numbers, the first has {a}; give as many in each")));
        }
        Ok(Self { times, values, ease })
    }

    /// The numbers at a time; before the first key frame and after the last one, theirs.
    pub fn at(&self, time: f64) -> Vec<f64> {
        let last = self.times.len() - 1;
        let after = self.times.partition_point(|t| *t <= time);
        if after == 0 || after > last {
            return self.values[after.min(last)].clone();
        }
        let k = after - 1;
        let u = (time - self.times[k]) / (self.times[k + 1] - self.times[k]);
        (0..self.values[k].len()).map(|i| self.between(k, u, i)).collect()
    }

    /// Number `i` between key frame `k` and the next, `u` (0 to 1) of the way.
    fn between(&self, k: usize, u: f64, i: usize) -> f64 {
        let (a, b) = (self.values[k][i], self.values[k + 1][i]);
        match self.ease {
            Ease::Hold => a,
            Ease::Linear => a + u * (b - a),
            Ease::Smooth => {
                let width = self.times[k + 1] - self.times[k];
                let rise = |left: f64, right: f64| u * (1.0 - u) * ((1.0 - u) * left - u * right) * width;
                a + u * u * (3.0 - 2.0 * u) * (b - a) + rise(self.slope(k, i), self.slope(k + 1, i))
            }
        }
    }

    /// The slope of number `i` at key frame `k`: a harmonic mean of those beside it, 0 where they differ in sign and at the
    /// ends.
    fn slope(&self, k: usize, i: usize) -> f64 {
        if k == 0 || k + 1 == self.times.len() {
            return 0.0;
        }
        let width = |k: usize| self.times[k + 1] - self.times[k];
        let secant = |k: usize| (self.values[k + 1][i] - self.values[k][i]) / width(k);
        let ([left, right], [before, after]) = ([secant(k - 1), secant(k)], [width(k - 1), width(k)]);
        if left * right <= 0.0 {
            return 0.0;
        }
        let share = (before + 2.0 * after) / (3.0 * (before + after));
        left * right / (share * right + (1.0 - share) * left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(keys: &[(f64, f64)], ease: Ease) -> Track {
        Track::new(keys.iter().map(|&(t, v)| (t, vec![v])).collect(), ease).unwrap()
    }

    /// Catches: a key frame missed, an end that does not rest. Two keys come to 3 u^2 - 2 u^3.
    #[test]
    fn two_keys_rest_at_both_ends() {
        let t = track(&[(10.0, 1.0), (20.0, 5.0)], Ease::Smooth);
        let expected = |u: f64| 1.0 + 4.0 * (3.0 * u * u - 2.0 * u * u * u);
        for u in [0.0, 0.25, 0.5, 0.9, 1.0] {
            assert!((t.at(10.0 + 10.0 * u)[0] - expected(u)).abs() < 1e-12, "{u}");
        }
        assert_eq!((t.at(-5.0), t.at(99.0)), (vec![1.0], vec![5.0]));
    }

    /// scipy.interpolate.PchipInterpolator([0, 10, 40], [0, 1, 7]) has the inner slope of Fritsch and Butland, here
    /// 0.1 * 0.2 / (s * 0.2 + (1 - s) * 0.1), s = (10 + 60) / 120.
    #[test]
    fn keys_between_are_passed_at_the_slope_of_fritsch_and_butland() {
        let t = track(&[(0.0, 0.0), (10.0, 1.0), (40.0, 7.0)], Ease::Smooth);
        let slope = 0.02 / (0.2 * 70.0 / 120.0 + 0.1 * 50.0 / 120.0);
        let d = 1e-6;
        assert!(((t.at(10.0 + d)[0] - 1.0) / d - slope).abs() < 1e-5);
        assert!(((1.0 - t.at(10.0 - d)[0]) / d - slope).abs() < 1e-5);
        // Hermite's cubic half way: the mean of the ends, and an eighth of the difference of slopes times the width.
        assert!((t.at(25.0)[0] - (4.0 + 30.0 * slope / 8.0)).abs() < 1e-12);
    }

    #[test]
    fn nothing_overshoots_and_a_turning_point_rests() {
        let t = track(&[(0.0, 0.0), (1.0, 10.0), (2.0, 9.0), (9.0, 9.0)], Ease::Smooth);
        let values: Vec<f64> = (0..=900).map(|i| t.at(f64::from(i) / 100.0)[0]).collect();
        assert!(values.iter().all(|v| (0.0..=10.0).contains(v)));
        assert!((t.at(1.001)[0] - 10.0).abs() < 1e-4 && values[200..].iter().all(|v| (*v - 9.0).abs() < 1e-12));
    }

    #[test]
    fn linear_is_even_and_hold_waits() {
        let keys = [(0.0, 0.0), (4.0, 8.0), (5.0, 0.0)];
        assert_eq!([1.0, 4.0, 4.5].map(|t| track(&keys, Ease::Linear).at(t)[0]), [2.0, 8.0, 4.0]);
        assert_eq!([1.0, 4.0, 4.5, 5.0].map(|t| track(&keys, Ease::Hold).at(t)[0]), [0.0, 8.0, 8.0, 0.0]);
    }

    #[test]
    fn keys_that_cannot_be_are_refused() {
        let told = |keys: Vec<(f64, Vec<f64>)>| Track::new(keys, Ease::Linear).unwrap_err().to_string();
        assert!(told(vec![]).contains("no key frame"));
        assert!(told(vec![(0.0, vec![1.0]), (0.0, vec![2.0])]).contains("must grow"));
        assert!(told(vec![(0.0, vec![1.0]), (f64::NAN, vec![2.0])]).contains("must grow"));
        assert!(told(vec![(0.0, vec![1.0]), (1.0, vec![2.0, 3.0])]).contains("2 numbers, the first has 1"));
    }
}
