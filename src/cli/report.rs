//! Results as JSON.

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::geometry::{Box3, LengthUnit};
use crate::grid::{DensityGrid, PlaneGrid, Sample};
use crate::io::Alignment;
use crate::kde::Report;
use crate::scene::Quantity;

/// A unit's name, or null.
pub fn unit(unit: Option<LengthUnit>) -> Value {
    unit.map_or(Value::Null, |u| u.name().into())
}

/// A box as {min, max}.
pub fn bounds(b: Box3) -> Value {
    json!({ "min": b.min.to_array(), "max": b.max.to_array() })
}

/// What every verb that makes a grid tells of it.
pub fn grid<T: Sample>(grid: &DensityGrid<T>) -> Map<String, Value> {
    let s = grid.statistics();
    object(json!({
        "shape": grid.lattice.shape,
        "origin": grid.lattice.origin.to_array(),
        "spacing": grid.lattice.spacing.to_array(),
        "unit": unit(grid.unit),
        "min": s.min,
        "max": s.max,
        "mean": s.mean,
        "integral": s.integral,
    }))
}

/// As [`grid`] of a plane: two numbers in place of three.
pub fn plane<T: Sample>(grid: &PlaneGrid<T>) -> Map<String, Value> {
    let s = grid.statistics();
    object(json!({
        "shape": grid.shape(),
        "origin": grid.origin().to_array(),
        "spacing": grid.spacing().to_array(),
        "unit": unit(grid.unit()),
        "min": s.min,
        "max": s.max,
        "mean": s.mean,
        "integral": s.integral,
    }))
}

/// How frames were laid over the first; nothing if they were not.
pub fn alignment(alignment: Option<&Alignment>) -> Map<String, Value> {
    alignment.map_or_else(Map::new, |a| {
        object(json!({ "alignment": { "atoms": a.atoms, "rmsd": a.rmsd, "periodic": a.is_periodic } }))
    })
}

/// How a density was made.
pub fn density(report: &Report) -> Map<String, Value> {
    let (h, d) = (report.kernel.covariance, report.kernel.dimensions);
    let covariance: Vec<_> = (0..d).map(|i| h.row(i).to_array()[..d].to_vec()).collect();
    object(json!({
        "points": report.points,
        "method": report.method,
        "bandwidth": {
            "rule": report.kernel.rule,
            "factor": report.kernel.factor,
            "covariance": covariance,
            "scores": report.selection.as_ref().map(|s| &s.scores),
        },
        "choice": {
            "expected_seconds": report.estimate.seconds,
            "expected_bytes": report.estimate.bytes,
            "reason": report.estimate.reason,
        },
        "n_eff": report.kernel.n_eff,
        "bound_relative_to_max": report.bound_relative_to_max,
        "error_relative_to_max": report.error_relative_to_max,
        "bound_relative_to_each": report.bound_relative_to_each,
        "sampled_error_relative_to_max": report.sampled_error_relative_to_max,
        "warnings": report.warnings,
    }))
}

/// What is told of a grid, of how it was made, and of surfaces of it.
pub fn with_surfaces(
    mut grid: Map<String, Value>,
    made: &Report,
    mut surfaces: Map<String, Value>,
) -> Map<String, Value> {
    let s = made.seconds;
    for (stage, seconds) in [("plan", s.plan), ("evaluate", s.evaluate), ("check", s.check)] {
        add_seconds(&mut surfaces, stage, seconds);
    }
    merge(&mut grid, density(made));
    merge(&mut grid, surfaces);
    grid
}

/// A number with five digits.
pub fn digits(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let before = value.abs().log10().floor();
    match before as i32 {
        before @ -3..=6 => format!("{value:.*}", usize::try_from(4 - before).unwrap_or(0)),
        _ => format!("{value:.4e}"),
    }
}

/// A number as short as three digits allow.
pub fn three_digits(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if (0.01..10_000.0).contains(&size) => {
            let digits = (3 - size.log10().floor() as i32 - 1).clamp(0, 4) as usize;
            format!("{value:.digits$}")
        }
        _ => format!("{value:.2e}"),
    }
}

/// Adds what a stage took to the other seconds.
pub fn add_seconds(out: &mut Map<String, Value>, stage: &str, seconds: f64) {
    if let Some(all) = out.get_mut("seconds").and_then(Value::as_object_mut) {
        all.insert(stage.into(), seconds.into());
    }
}

/// Refuses an option that asks for the standard error where each point has a kernel of its own.
pub fn one_kernel(report: &Report, option: &str) -> Result<()> {
    match report.method {
        "variable" => {
            Err(Error::Usage(format!("{option} needs one kernel for all points; leave out --sigma-columns or knn:K")))
        }
        _ => Ok(()),
    }
}

/// The error that is kept, the one found at some of the `places`, and the proven bound, in a line.
pub fn errors(report: &Report, places: &str) -> String {
    let sampled = report.sampled_error_relative_to_max;
    let sampled = if sampled.is_nan() { "not sampled".into() } else { format!("{sampled:.1e} at sampled {places}") };
    let each = report.bound_relative_to_each.map_or(String::new(), |e| format!("; of each value, below {e:.1e}"));
    format!(
        "error below {:.1e} of the maximum ({sampled}; proven for any points: below {:.1e}{each})",
        report.error_relative_to_max, report.bound_relative_to_max
    )
}

/// The choice of the method in a line.
pub fn choice(report: &Report) -> String {
    let estimate = &report.estimate;
    if estimate.seconds == 0.0 {
        return format!("{} method ({})", report.method, estimate.reason);
    }
    format!(
        "{} method: expected {:.2} s on one core and {:.0} MB ({})",
        report.method,
        estimate.seconds,
        (estimate.bytes * 1e-6).ceil(),
        estimate.reason
    )
}

/// What the colour bar counts, and what a density is to be multiplied by for it.
pub fn quantity(q: &Quantity, of_data: Option<LengthUnit>, dimensions: u8) -> Value {
    json!({ "name": q.name(), "per": unit(q.unit(of_data)), "factor": q.factor(of_data, dimensions) })
}

/// The members of a JSON object.
pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Adds `more` to `into`, lists being joined.
pub fn merge(into: &mut Map<String, Value>, more: Map<String, Value>) {
    for (key, value) in more {
        match (into.get_mut(&key), value) {
            (Some(Value::Array(old)), Value::Array(new)) => old.extend(new),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        for (value, text) in [
            (0.0, "0"),
            (0.0123456, "0.0123"),
            (1.23456, "1.23"),
            (123.4, "123"),
            (-0.5, "-0.500"),
            (1.5e-7, "1.50e-7"),
            (123456.0, "1.23e5"),
        ] {
            assert_eq!(three_digits(value), text);
        }
    }
}
