//! A density in the words of a paper's methods section.

use glam::DVec3;

use super::Report;
use crate::geometry::LengthUnit;
use crate::grid::Lattice;

impl Report {
    /// How the density was made, as sentences for a methods section: kernel, rule of the bandwidth, points, grid and error.
    /// `source` tells what the points are of, as `1ubq.pdb (name CA)`; it may be empty.
    pub fn methods(&self, lattice: &Lattice, unit: Option<LengthUnit>, source: &str) -> String {
        let Self { kernel, points, .. } = self;
        let unit = unit.map_or(String::new(), |u| format!(" {u}"));
        let weighed = if (kernel.n_eff - *points as f64).abs() > 1e-6 * kernel.n_eff {
            format!(", effective number {}", digits(kernel.n_eff))
        } else {
            String::new()
        };
        let source = if source.is_empty() { String::new() } else { format!(" of {source}") };
        let [x, y, z] = lattice.shape;
        let spacing = list(lattice.spacing, kernel.dimensions);
        let nodes = if kernel.dimensions == 2 { format!("{x} x {y}") } else { format!("{x} x {y} x {z}") };
        format!(
            "The density is a Gaussian kernel density estimate of {points} points{source}{weighed}. {}. It was evaluated on a grid of \
             {nodes} nodes, {spacing}{unit} apart, by the {} method with an error below {:.1e} of the maximum (for any \
             points: below {:.1e}). Densitas {}.",
            self.bandwidth_in_words(&unit),
            self.method,
            self.error_relative_to_max,
            self.bound_relative_to_max,
            env!("CARGO_PKG_VERSION"),
        )
    }

    fn bandwidth_in_words(&self, unit: &str) -> String {
        let kernel = &self.kernel;
        let deviations = DVec3::from_array([0, 1, 2].map(|axis| kernel.covariance.col(axis)[axis].max(0.0).sqrt()));
        let rule = match kernel.rule {
            "scott" => "follows Scott's rule (Scott 1992)",
            "silverman" => "follows Silverman's rule (Silverman 1986)",
            "cv" => "was chosen by least-squares cross-validation",
            "likelihood" => "was chosen by likelihood cross-validation",
            "per-point" => "is each point's own, from the table",
            "knn" => "is for each point the distance to its K-th neighbour",
            _ => "was given",
        };
        let factor = kernel.factor.map_or(String::new(), |f| format!(", factor {f:.4}"));
        let kind = if matches!(kernel.rule, "per-point" | "knn") {
            "medians of the standard deviations"
        } else {
            "standard deviations"
        };
        format!("The bandwidth {rule}{factor}; {kind} along the axes are {}{unit}", list(deviations, kernel.dimensions))
    }
}

/// Four digits each, one number where all are equal.
fn list(v: DVec3, dimensions: usize) -> String {
    let numbers = &v.to_array()[..dimensions];
    let all: Vec<String> = numbers.iter().map(|v| digits(*v)).collect();
    if all.iter().all(|n| *n == all[0]) { all[0].clone() } else { all.join(", ") }
}

/// A number with four digits.
fn digits(v: f64) -> String {
    if (1e-3..1e5).contains(&v) {
        let before = v.log10().floor() as i32;
        format!("{v:.*}", usize::try_from(3 - before).unwrap_or(0))
    } else {
        format!("{v:.3e}")
    }
}
