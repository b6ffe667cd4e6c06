//! Built-in clouds, for the first run, tests and benchmarks.
//!
//! | name | points | density |
//! |---|---|---|
//! | `founding` | 5,000 | standard normal in x, y and z: `exp(-r^2 / 2) / (2 pi)^(3/2)`, no unit |
//! | `mixture` | 1,000,000 | three correlated normals, see [`mixture_density`], no unit |
//! | `membrane` | 1,000,000 | shells of a torus (60 %, radii 100 and 30) and an open sphere (40 %, radius 160), 1 thick (sigma), nm |
//!
//! The numbers come from SplitMix64 and the Box-Muller transform: equal seeds give equal points on
//! every machine whose `ln`, `sin` and `cos` agree.

use std::f64::consts::TAU;

use glam::{DMat3, DVec3};

use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::points::PointCloud;

/// The names [`sample`] knows.
pub fn names() -> &'static [&'static str] {
    &["founding", "membrane", "mixture"]
}

/// A built-in cloud with `points` points (default: its own number); equal seeds give equal clouds.
///
/// # Errors
/// [`Error::Usage`] for an unknown name or no points, [`Error::Data`] for more points than memory holds.
pub fn sample(name: &str, points: Option<usize>, seed: u64) -> Result<PointCloud> {
    let (default, unit, draw): (_, _, fn(&mut Random) -> DVec3) = match name {
        "founding" => (5_000, None, Random::normal3),
        "membrane" => (1_000_000, Some(LengthUnit::Nanometre), membrane_point),
        "mixture" => (1_000_000, None, mixture_point),
        _ => return Err(Error::Usage(format!("sample `{name}` is not known; known are {}", names().join(", ")))),
    };
    let count = points.unwrap_or(default);
    if count == 0 {
        return Err(Error::Usage("a sample needs at least 1 point".into()));
    }
    let mut positions = Vec::new();
    if positions.try_reserve_exact(count).is_err() {
        return Err(Error::Data(format!("{count} points do not fit into memory; ask for fewer")));
    }
    let mut random = Random::new(seed);
    positions.extend((0..count).map(|_| draw(&mut random)));
    Ok(PointCloud { positions, unit, ..PointCloud::default() })
}

/// SplitMix64 (Steele, Lea and Flood 2014): 64 bits of state, period 2^64.
struct Random {
    state: u64,
    /// The second number of the last Box-Muller pair.
    spare: Option<f64>,
}

impl Random {
    fn new(seed: u64) -> Self {
        Self { state: seed, spare: None }
    }

    fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// Uniform in (0, 1): the middle of one of 2^53 intervals.
    fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) * 2f64.powi(-53)
    }

    /// Standard normal (Box and Muller 1958).
    fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        let (sin, cos) = (TAU * self.uniform()).sin_cos();
        self.spare = Some(radius * sin);
        radius * cos
    }

    fn normal3(&mut self) -> DVec3 {
        let (x, y, z) = (self.normal(), self.normal(), self.normal());
        DVec3::new(x, y, z)
    }
}

fn membrane_point(random: &mut Random) -> DVec3 {
    const TORUS_SHARE: f64 = 0.6;
    if random.uniform() < TORUS_SHARE {
        let (sin_u, cos_u) = (TAU * random.uniform()).sin_cos();
        let (sin_v, cos_v) = (TAU * random.uniform()).sin_cos();
        let tube = 30.0 + random.normal();
        let from_axis = 100.0 + tube * cos_v;
        return DVec3::new(from_axis * cos_u, from_axis * sin_u, tube * sin_v);
    }
    // A uniform height on a sphere is a uniform area (Archimedes); the cap above 0.6 is missing.
    let height = -1.0 + 1.6 * random.uniform();
    let (sin, cos) = (TAU * random.uniform()).sin_cos();
    let across = (1.0 - height * height).sqrt();
    (160.0 + random.normal()) * DVec3::new(across * cos, across * sin, height)
}

/// One normal of `mixture`: share, mean, standard deviations before and angles (about z, y, x, in
/// degrees) of its rotation.
type Component = (f64, [f64; 3], [f64; 3], [f64; 3]);
const MIXTURE: [Component; 3] = [
    (0.5, [0.0, 0.0, 0.0], [3.0, 1.0, 0.4], [30.0, 20.0, 10.0]),
    (0.3, [4.0, 3.0, -1.0], [0.6, 2.0, 0.6], [-40.0, 15.0, 50.0]),
    (0.2, [-3.0, 4.0, 2.5], [0.8, 0.3, 1.6], [10.0, -60.0, 25.0]),
];

/// The matrix that turns standard normals into a component's.
fn spread(component: &Component) -> DMat3 {
    let [z, y, x] = component.3.map(f64::to_radians);
    DMat3::from_rotation_z(z)
        * DMat3::from_rotation_y(y)
        * DMat3::from_rotation_x(x)
        * DMat3::from_diagonal(component.2.into())
}

fn mixture_point(random: &mut Random) -> DVec3 {
    let at = random.uniform();
    let component = if at < 0.5 {
        &MIXTURE[0]
    } else if at < 0.8 {
        &MIXTURE[1]
    } else {
        &MIXTURE[2]
    };
    spread(component) * random.normal3() + DVec3::from(component.1)
}

/// The density that the points of `founding` are drawn from, at `p`: the standard normal, which
/// integrates to 1.
pub fn founding_density(p: DVec3) -> f64 {
    (-0.5 * p.length_squared()).exp() / TAU.powf(1.5)
}

/// The density that the points of `mixture` are drawn from, at `p`; it integrates to 1.
pub fn mixture_density(p: DVec3) -> f64 {
    let part = |component: &Component| {
        let matrix = spread(component);
        let standard = matrix.inverse() * (p - DVec3::from(component.1));
        component.0 * founding_density(standard) / matrix.determinant().abs()
    };
    MIXTURE.iter().map(part).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_splitmix64() {
        // Recorded from the reference implementation with seed 1234567.
        let mut random = Random::new(1_234_567);
        assert_eq!([random.bits(), random.bits()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn equal_seeds_give_equal_clouds_and_others_do_not() {
        for name in names() {
            let draw = |seed| sample(name, Some(100), seed).unwrap().positions;
            assert_eq!(draw(1), draw(1), "{name}");
            assert_ne!(draw(1), draw(2), "{name}");
        }
        assert_eq!(sample("founding", None, 1).unwrap().len(), 5_000);
        assert!(sample("nothing", None, 1).is_err());
        assert!(sample("founding", Some(usize::MAX), 1).is_err());
        assert!(sample("founding", Some(0), 1).is_err());
    }

    /// Mean and covariance within five standard errors of `n` points.
    fn check_moments(positions: &[DVec3], mean: DVec3, covariance: DMat3) {
        let n = positions.len() as f64;
        let found_mean = positions.iter().copied().sum::<DVec3>() / n;
        for a in 0..3 {
            let error = 5.0 * (covariance.col(a)[a] / n).sqrt();
            assert!((found_mean[a] - mean[a]).abs() < error, "mean {a}: {found_mean}");
            for b in 0..3 {
                let found = positions.iter().map(|p| (p[a] - mean[a]) * (p[b] - mean[b])).sum::<f64>() / n;
                // Kurtosis of these mixtures stays below 6.
                let error = 5.0 * (6.0 * covariance.col(a)[a] * covariance.col(b)[b] / n).sqrt();
                assert!((found - covariance.col(a)[b]).abs() < error, "covariance {a}{b}: {found}");
            }
        }
    }

    #[test]
    fn founding_is_standard_normal() {
        let positions = sample("founding", Some(200_000), 7).unwrap().positions;
        check_moments(&positions, DVec3::ZERO, DMat3::IDENTITY);
        // 99.7 % within 3 along each axis.
        let inside = positions.iter().filter(|p| p.z.abs() < 3.0).count() as f64 / 200_000.0;
        assert!((inside - 0.9973).abs() < 5e-4, "{inside}");
    }

    #[test]
    fn the_mixture_has_the_moments_of_its_parts_and_a_density_of_mass_1() {
        let mean: DVec3 = MIXTURE.iter().map(|c| c.0 * DVec3::from(c.1)).sum();
        let mut covariance = DMat3::ZERO;
        for component in &MIXTURE {
            let (matrix, off) = (spread(component), DVec3::from(component.1) - mean);
            let outer = DMat3::from_cols(off * off.x, off * off.y, off * off.z);
            covariance += (matrix * matrix.transpose() + outer) * component.0;
        }
        check_moments(&sample("mixture", Some(200_000), 7).unwrap().positions, mean, covariance);
        // The thinnest axis has a standard deviation of 0.3: a step of 0.4 integrates to 1e-3.
        let steps = |from: f64, to: f64| (0..((to - from) / 0.4) as usize).map(move |i| from + 0.4 * i as f64);
        let mut mass = 0.0;
        for x in steps(-14.0, 14.0) {
            for y in steps(-14.0, 14.0) {
                mass += steps(-14.0, 14.0).map(|z| mixture_density(DVec3::new(x, y, z))).sum::<f64>();
            }
        }
        assert!((mass * 0.4f64.powi(3) - 1.0).abs() < 1e-3, "{mass}");
    }

    #[test]
    fn the_membrane_lies_on_its_two_surfaces() {
        let positions = sample("membrane", Some(20_000), 3).unwrap().positions;
        let off_torus = |p: &DVec3| ((p.x.hypot(p.y) - 100.0).hypot(p.z) - 30.0).abs();
        let off_sphere = |p: &DVec3| (p.length() - 160.0).abs();
        assert!(positions.iter().all(|p| off_torus(p).min(off_sphere(p)) < 6.0));
        let on_torus = positions.iter().filter(|p| off_torus(p) < 6.0).count() as f64 / 20_000.0;
        assert!((on_torus - 0.6).abs() < 0.02, "{on_torus}");
        assert!(positions.iter().all(|p| p.z < 0.6 * 166.0));
    }
}
