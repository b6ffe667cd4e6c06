//! `densitas info`: what a file holds and how it was understood.

mod structure;

use clap::Args;
use serde_json::{Map, Value, json};

use super::args::PointArgs;
use super::console::Console;
use super::{input, report};
use crate::error::Result;
use crate::geometry::{Box3, six_digits};
use crate::io::{Input, PointInput, VolumeInput};

/// Options of the verb.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  densitas info 1ubq.pdb
  densitas info locs.csv --columns x,y,z --unit nm --json
  densitas info md.xtc --topology md.gro --select water --input-frames ::10
  densitas info density.npy")]
pub struct InfoArgs {
    #[command(flatten)]
    points: PointArgs,
    /// The box of a volume that does not say where it is
    #[arg(long, value_name = "X0,X1,Y0,Y1,Z0,Z1", value_parser = super::args::bounds)]
    bounds: Option<Box3>,
}

/// Runs the verb.
pub fn run(args: &InfoArgs, console: &Console) -> Result<()> {
    let given = Given { unit: args.points.unit.is_some(), weights: args.points.weights.as_deref() };
    let opened = input::open(&args.points, args.bounds, input::Columns::default(), console)?;
    match opened.input {
        Input::Points(points) if console.json => {
            let mut out = points_json(&points, &given);
            report::merge(&mut out, report::alignment(opened.alignment.as_ref()));
            console.answer(&Value::Object(out).to_string());
        }
        Input::Points(points) => points_prose(&points, &given, console),
        Input::Volume(volume) if console.json => console.answer(&volume_json(&volume).to_string()),
        Input::Volume(volume) => volume_prose(&volume, console),
    }
    Ok(())
}

/// What the user said of the points.
struct Given<'a> {
    unit: bool,
    weights: Option<&'a str>,
}

impl Given<'_> {
    /// Where the unit is known from.
    fn unit_from(&self, p: &PointInput) -> Option<&'static str> {
        p.cloud.unit?;
        Some(match (self.unit, &p.cloud.atoms) {
            (true, _) => "--unit",
            (false, Some(_)) => "format",
            (false, None) if p.format == "sample" => "sample",
            (false, None) if !p.position_columns.is_empty() => "header",
            (false, None) => "format",
        })
    }
}

fn points_json(p: &PointInput, given: &Given) -> Map<String, Value> {
    let bounds = p.cloud.bounds();
    let d = p.dimensions;
    let weights = p.cloud.weights.as_ref().map(|w| {
        let (min, max) = range(w);
        json!({ "of": given.weights, "min": min, "max": max, "sum": w.iter().sum::<f64>() })
    });
    let mut out = report::object(json!({
        "format": p.format,
        "dimensions": d,
        "points": p.frame_starts[1],
        "frames": p.frames,
        "times": p.times.first().zip(p.times.last()).map(|(first, last)| [first, last]),
        "pooled_points": p.cloud.len(),
        "selected": { "points": p.cloud.len(), "of": p.rows },
        "unit": report::unit(p.cloud.unit),
        "unit_from": given.unit_from(p),
        "bounds": { "min": bounds.min.to_array()[..d], "max": bounds.max.to_array()[..d] },
        "mean": p.cloud.mean().to_array()[..d],
        "columns": p.columns,
        "position_columns": p.position_columns,
        "weights": weights,
        "cell": p.cell,
        "dropped": p.dropped,
        "notes": p.notes,
        "warnings": p.warnings,
    }));
    if let Some(atoms) = &p.cloud.atoms {
        report::merge(&mut out, structure::json(atoms, 0..p.frame_starts[1]));
    }
    out
}

fn range(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), v| (min.min(*v), max.max(*v)))
}

fn points_prose(p: &PointInput, given: &Given, console: &Console) {
    let say = |what: &str, text: &str| console.answer(&format!("{what:<10}{text}"));
    let unit = p.cloud.unit.map_or(String::new(), |u| format!(" {u}"));
    let d = p.dimensions;
    let bounds = p.cloud.bounds();
    let is_small = bounds.min.abs().max(bounds.max.abs()).max_element() < LEAST_SHOWN;
    let number = |c: &f64| if is_small { format!(" {:>11}", rounded(*c)) } else { format!(" {c:>11.4}") };
    let list = |v: glam::DVec3| v.to_array()[..d].iter().map(number).collect::<String>() + &unit;
    say("format", p.format);
    say("points", &number_of_points(p));
    say("frames", &frames_prose(p));
    say("unit", &given.unit_from(p).map_or("not stated; --unit declares it".into(), |from| unit_prose(p, from)));
    say("from", &list(bounds.min));
    say("to", &list(bounds.max));
    say("mean", &list(p.cloud.mean()));
    if let Some([a, b, c, alpha, beta, gamma]) = p.cell {
        say("cell", &format!("{a:.3} x {b:.3} x {c:.3}{unit}, angles {alpha:.2}, {beta:.2}, {gamma:.2}"));
    }
    if let Some(weights) = &p.cloud.weights {
        let (min, max) = range(weights);
        say(
            "weights",
            &format!(
                "{}, {min:.4} to {max:.4}, sum {:.4}",
                given.weights.unwrap_or("own"),
                weights.iter().sum::<f64>()
            ),
        );
    }
    if !p.columns.is_empty() {
        say("columns", &shortened(p.columns.iter().cloned()));
    }
    if !p.position_columns.is_empty() {
        say("taken as", &format!("{} = {}", &"x, y, z"[..3 * d - 2], p.position_columns.join(", ")));
    }
    if let Some(atoms) = &p.cloud.atoms {
        structure::prose(atoms, 0..p.frame_starts[1]).iter().for_each(|(what, text)| say(what, text));
    }
    if p.dropped > 0 {
        say("dropped", &format!("{} of {} rows", p.dropped, p.rows));
    }
}

/// Coordinates that are all smaller are told with six digits, others with four decimals.
const LEAST_SHOWN: f64 = 0.1;

/// `10, at 0 to 900 ps`.
fn frames_prose(p: &PointInput) -> String {
    let times = match p.times[..] {
        [first, .., last] => format!(", at {} to {} ps", rounded(first), rounded(last)),
        [only] => format!(", at {} ps", rounded(only)),
        [] => String::new(),
    };
    format!("{}{times}", p.frames)
}

/// Six digits, without zeros at the end.
fn rounded(value: f64) -> String {
    six_digits(value, 1e-3..1e7)
}

fn rounded_vector(v: glam::DVec3) -> String {
    v.to_array().map(rounded).join(", ")
}

/// `76 of 660, in 3 dimensions`.
fn number_of_points(p: &PointInput) -> String {
    let pooled = p.frame_numbers.len();
    let total = if p.cloud.len() == p.rows { String::new() } else { format!(" of {}", p.rows) };
    let frames = if pooled > 1 { format!(" of {pooled} frames together") } else { String::new() };
    format!("{}{total}{frames}, in {} dimensions", p.cloud.len(), p.dimensions)
}

fn unit_prose(p: &PointInput, from: &str) -> String {
    let from = match from {
        "format" => "that of the format",
        "header" => "from the header",
        "sample" => "of the sample",
        other => other,
    };
    format!("{} ({from})", p.cloud.unit.map_or("", |u| u.name()))
}

/// A list that stays one line.
fn shortened(items: impl Iterator<Item = String>) -> String {
    const MAX: usize = 90;
    let (mut text, mut untold) = (String::new(), 0);
    for item in items {
        if untold > 0 || !text.is_empty() && text.chars().count() + item.chars().count() > MAX {
            untold += 1;
        } else {
            text += &if text.is_empty() { item } else { format!(", {item}") };
        }
    }
    if untold > 0 { format!("{text} and {untold} more") } else { text }
}

fn volume_json(v: &VolumeInput) -> Value {
    let mut out = report::grid(&v.grid);
    report::merge(&mut out, report::object(json!({ "format": v.format, "notes": v.notes, "warnings": v.warnings })));
    if let Some(steps) = &v.steps {
        out.insert("steps".into(), json!(steps.map(|s| s.to_array())));
    }
    Value::Object(out)
}

fn volume_prose(v: &VolumeInput, console: &Console) {
    let say = |what: &str, text: &str| console.answer(&format!("{what:<10}{text}"));
    let (lattice, s) = (&v.grid.lattice, v.grid.statistics());
    let [x, y, z] = lattice.shape;
    say("format", &format!("{} volume", v.format));
    say("nodes", &format!("{x} x {y} x {z}"));
    say("origin", &rounded_vector(lattice.origin));
    say("spacing", &rounded_vector(lattice.spacing));
    if let Some([a, b, c]) = v.steps {
        say("steps", &[a, b, c].map(|step| format!("({})", rounded_vector(step))).join(", "));
    }
    say("unit", v.grid.unit.map_or("not stated", |u| u.name()));
    say("values", &format!("{} to {}, mean {}", rounded(s.min), rounded(s.max), rounded(s.mean)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_prose_have_six_digits() {
        let texts = [0.0, -9.930_942_058e-1, 0.545_238_086, 1.0, 2.0e-9, 123_456_789.0, 900.0].map(rounded);
        assert_eq!(texts, ["0", "-0.993094", "0.545238", "1", "2e-9", "1.23457e8", "900"]);
    }

    #[test]
    fn long_lists_stay_one_line() {
        assert_eq!(shortened(["x", "y"].map(str::to_owned).into_iter()), "x, y");
        let long = shortened((0..1000).map(|i| format!("column{i}")));
        assert!(long.len() < 120 && long.ends_with(" more"), "{long}");
    }
}
