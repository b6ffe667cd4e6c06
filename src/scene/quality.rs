//! What makes a picture finer, at a cost.

use std::sync::Arc;

use glam::DVec2;
use serde::{Serialize, Serializer};

use crate::grid::Spline;

/// What makes a picture finer; nothing of it is the default.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Quality {
    /// What the density is between its samples: this spline through all of them, or linear along each axis.
    #[serde(rename = "interpolation", serialize_with = "interpolation")]
    pub spline: Option<Arc<Spline>>,
    /// What is taken from the colours of places that are closed in all around by fog or surfaces, 0 to 1; places open on half
    /// of their sides keep theirs.
    pub ambient_occlusion: f64,
    /// The share of the background in the colour of what lies farthest, 0 to 1; in the nearest there is none.
    pub depth_cue: f64,
    /// How many pictures, each with rays and steps that begin a little beside, are averaged; at least 1.
    pub pictures: u32,
}

impl Default for Quality {
    fn default() -> Self {
        Self { spline: None, ambient_occlusion: 0.0, depth_cue: 0.0, pictures: 1 }
    }
}

/// Where the rays and steps of a picture begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beginning {
    /// From the middle of each pixel, in pixels, to the right and upward.
    pub aside: DVec2,
    /// The share of a step that the first one on each ray takes, above 0 to 1.
    pub first_step: f64,
}

/// Steps of a sequence that fills the unit cube evenly however many terms are taken: powers of the inverse of the real root
/// of x^4 = x + 1 (Roberts 2018, "The unreasonable effectiveness of quasirandom sequences").
const EVEN: [f64; 3] = [0.819_172_513_396_164_4, 0.671_043_606_703_789_3, 0.549_700_477_901_970_3];

impl Quality {
    /// The most pictures that are averaged.
    pub const MOST_PICTURES: u32 = 1024;

    /// Where each of the averaged pictures begins: always the same places.
    pub fn beginnings(&self) -> impl Iterator<Item = Beginning> + use<> {
        let single = self.pictures <= 1;
        (0..self.pictures.max(1)).map(move |n| {
            if single {
                return Beginning { aside: DVec2::ZERO, first_step: 1.0 };
            }
            let [x, y, z] = EVEN.map(|step| (0.5 + f64::from(n) * step).fract());
            Beginning { aside: DVec2::new(x, y) - 0.5, first_step: 1.0 - z }
        })
    }
}

fn interpolation<S: Serializer>(spline: &Option<Arc<Spline>>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if spline.is_some() { "cubic" } else { "linear" })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: offsets on one side, a first step of nothing, one picture that is moved.
    #[test]
    fn beginnings_are_spread_evenly_around_the_middle() {
        let one: Vec<_> = Quality::default().beginnings().collect();
        assert_eq!(one, [Beginning { aside: DVec2::ZERO, first_step: 1.0 }]);
        let many: Vec<_> = Quality { pictures: 64, ..Quality::default() }.beginnings().collect();
        assert_eq!(many.len(), 64);
        let mean = many.iter().map(|b| b.aside).sum::<DVec2>() / 64.0;
        assert!(mean.length() < 0.03, "{mean}");
        assert!(many.iter().all(|b| b.aside.abs().max_element() <= 0.5 && b.first_step > 0.0 && b.first_step <= 1.0));
        // Each quarter of a pixel has its share.
        for corner in [DVec2::new(-1.0, -1.0), DVec2::new(1.0, -1.0), DVec2::new(-1.0, 1.0), DVec2::ONE] {
            let there = many.iter().filter(|b| (b.aside * corner).min_element() > 0.0).count();
            assert!((13..=19).contains(&there), "{corner}: {there}");
        }
    }
}
