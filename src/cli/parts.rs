//! `densitas density --plan`, `--part` and `--merge`: a density shared out.

mod pieces;
mod saved;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Instant;

use clap::Args;
use serde_json::{Map, Value, json};

use super::args::{DensityArgs, PointArgs};
use super::console::Console;
use super::{input, report, stream};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::grid::{DensityGrid, Sample};
use crate::io::{self, Chunks, Input, Source};
use crate::kde::parts::{Partial, Settled, Summing, settle};
use crate::kde::{Report, Seconds};
use crate::points::PointCloud;
use saved::{Beside, Blocks, Plan, beside, fingerprint, hash_of_values, read_json, same_version, values_of};

/// Options of a density shared out.
#[derive(Debug, Args)]
#[command(next_help_heading = "Shared out")]
pub struct PartArgs {
    /// Settle box, nodes, bandwidth and method once, as JSON; with --part, the file to take them from
    #[arg(long, value_name = "FILE", conflicts_with_all = ["at_points", "merge"])]
    pub plan: Option<PathBuf>,
    /// Sum the I-th of N parts of the points (I from 1) on the grid of the whole, and write that to --output, an .npy
    /// with F.npy.json beside it. A part that is there already is not made again
    #[arg(long, value_name = "I/N", requires = "output", conflicts_with_all = ["at_points", "merge"])]
    pub part: Option<Part>,
    /// Add up all parts of a plan, in any order, and write the density to --output
    #[arg(long, value_name = "FILES", num_args = 1.., requires = "output", conflicts_with = "at_points")]
    pub merge: Option<Vec<PathBuf>>,
}

/// The I-th of N, I from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    number: usize,
    of: usize,
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(i, n)| Some((i.trim().parse().ok()?, n.trim().parse().ok()?)));
        match numbers {
            Some((number, of)) if number >= 1 && number <= of => Ok(Self { number, of }),
            _ => Err("write the number of the part and of all parts, such as 3/8".into()),
        }
    }
}

impl Part {
    /// Its points, which are whole blocks.
    fn range(self, blocks: &Blocks, points: usize) -> std::ops::Range<usize> {
        let of_block = |part: usize| (part * blocks.hashes.len() / self.of * blocks.size).min(points);
        of_block(self.number - 1)..of_block(self.number)
    }
}

/// Writes the plan, or one part.
pub fn run(
    parts: &PartArgs,
    points: &PointArgs,
    density: &DensityArgs,
    is_streamed: bool,
    output: Option<&Path>,
    console: &Console,
) -> Result<()> {
    let told = match parts.part {
        Some(part) => one((part, parts.plan.as_deref()), points, density, is_streamed, output, console)?,
        None => plan(parts.plan.as_deref(), points, density, is_streamed, output, console)?,
    };
    if console.json {
        console.answer(&Value::Object(told).to_string());
    }
    Ok(())
}

/// The points in space that the options choose.
struct Opened {
    source: Source,
    points: Points,
    seconds: f64,
}

#[expect(clippy::large_enum_variant, reason = "there is one of it")]
enum Points {
    /// All of so many frames.
    Held(PointCloud, usize),
    /// Read some at a time.
    Pieces(Chunks),
}

fn open(points: &PointArgs, density: &DensityArgs, is_streamed: bool, console: &Console) -> Result<Opened> {
    if let Some(chunks) = stream::wanted(is_streamed, points, density, None, false, console)? {
        let source = Source::from_argument(Path::new(&points.input));
        return Ok(Opened { source, points: Points::Pieces(chunks), seconds: 0.0 });
    }
    let opened = input::open(points, None, input::Columns::default(), console)?;
    match opened.input {
        Input::Points(found) => {
            found.require_3d(&opened.source)?;
            let points = Points::Held(found.cloud, found.frame_numbers.len());
            Ok(Opened { source: opened.source, points, seconds: opened.seconds })
        }
        Input::Volume(_) => Err(Error::Usage(format!("{}: is a volume; only points can be shared out", opened.source))),
    }
}

fn make_plan(points: &Points, density: &DensityArgs, console: &Console) -> Result<Plan> {
    if density.periodic.is_some() {
        return Err(Error::Usage("a periodic density cannot be shared out; leave out --periodic".into()));
    }
    if density.sigma_columns.is_some() {
        return Err(Error::Usage(
            "a density in parts needs one kernel for all points; leave out --sigma-columns".into(),
        ));
    }
    let (cloud, frames) = match points {
        Points::Held(cloud, frames) => (cloud, *frames),
        Points::Pieces(chunks) => return pieces::make_plan(chunks, density, console),
    };
    let options = density.options(cloud.unit)?;
    let (settled, warnings, notes) = settle(cloud, &options, density.scale(cloud, frames), console)?;
    notes.iter().for_each(|n| console.note(n));
    warnings.iter().for_each(|w| console.warning(w));
    Ok(Plan::new(settled, Blocks::of(cloud)))
}

/// The error for points that are not as many, or in the unit, as those of the plan.
fn unlike(source: &Source, points: usize, unit: Option<LengthUnit>, s: &Settled) -> Error {
    let told =
        |n: usize, unit: Option<LengthUnit>| unit.map_or(format!("{n} points"), |u| format!("{n} points in {u}"));
    let way_out = match s.unit() {
        Some(planned) if unit != Some(planned) => format!("give --unit {planned}, as the plan has it"),
        _ => "give the same file and options".into(),
    };
    let (found, planned) = (told(points, unit), told(s.points, s.unit()));
    Error::Data(format!("{source}: {found} are read, the plan has {planned}; {way_out}"))
}

fn plan(
    path: Option<&Path>,
    points: &PointArgs,
    density: &DensityArgs,
    is_streamed: bool,
    output: Option<&Path>,
    console: &Console,
) -> Result<Map<String, Value>> {
    let path = path.ok_or_else(|| Error::Usage("--plan names the file to write".into()))?;
    if output.is_some() {
        return Err(Error::Usage("--plan writes the plan alone; give --part I/N, too, or leave out --output".into()));
    }
    io::atomic::check_writable(path, input::path_of(points).as_deref())?;
    let Opened { points: found, seconds, .. } = open(points, density, is_streamed, console)?;
    let start = Instant::now();
    let plan = make_plan(&found, density, console)?;
    let text = serde_json::to_string_pretty(&plan).map_err(|e| Error::Data(e.to_string()))?;
    io::atomic::write(path, input::path_of(points).as_deref(), |file| file.write_all(text.as_bytes()))?;
    let s = &plan.settled;
    let [x, y, z] = s.shape;
    if !console.json {
        console.note(&format!("{}: {} points on {x} x {y} x {z} nodes, {} method", path.display(), s.points, s.method));
    }
    Ok(report::object(json!({
        "plan": plan.plan, "settled": s, "blocks": plan.blocks.hashes.len(),
        "seconds": { "read": seconds, "plan": start.elapsed().as_secs_f64() },
    })))
}

fn one(
    (part, path): (Part, Option<&Path>),
    points: &PointArgs,
    density: &DensityArgs,
    is_streamed: bool,
    output: Option<&Path>,
    console: &Console,
) -> Result<Map<String, Value>> {
    let output = output.ok_or_else(|| Error::Usage("--part needs --output".into()))?;
    if output.extension().is_none_or(|e| e != "npy") {
        return Err(Error::Usage(format!("{}: a part is written as .npy; name it so", output.display())));
    }
    let own = input::path_of(points);
    io::atomic::check_writable(output, own.as_deref())?;
    io::atomic::check_writable(&beside(output), own.as_deref())?;
    let given = path.map(Plan::read).transpose()?;
    if given.is_some() {
        refuse_settled(density)?;
    }
    if let Some(done) = given.as_ref().and_then(|plan| already(output, plan, part)) {
        console.note(&format!("{}: part {} of {} is there already", output.display(), part.number, part.of));
        return Ok(done);
    }
    let Opened { source, points: found, seconds } = open(points, density, is_streamed, console)?;
    let plan = match given {
        Some(plan) => plan,
        None => make_plan(&found, density, console)?,
    };
    if let Some(done) = already(output, &plan, part) {
        console.note(&format!("{}: part {} of {} is there already", output.display(), part.number, part.of));
        return Ok(done);
    }
    let s = &plan.settled;
    match &found {
        Points::Held(cloud, _) if cloud.len() != s.points || cloud.unit != s.unit() => {
            return Err(unlike(&source, cloud.len(), cloud.unit, s));
        }
        _ => {}
    }
    if part.of > plan.blocks.hashes.len() {
        return Err(Error::Usage(format!(
            "--part {}/{}: the points come in {} blocks; take that many parts or fewer",
            part.number,
            part.of,
            plan.blocks.hashes.len()
        )));
    }
    if let Ok(other) = read_json::<Beside>(&beside(output), "a part") {
        let whose = if other.plan == plan.plan { "this" } else { "another" };
        console.warning(&format!(
            "{}: part {} of {} of {whose} plan was there and is replaced",
            output.display(),
            other.part,
            other.of
        ));
    }
    let range = part.range(&plan.blocks, s.points);
    let start = Instant::now();
    let partial = sum(found, &plan, &range, &source, console)?;
    let count = partial.points;
    let evaluate = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let told = write_part(output, &plan, part, range, partial, own.as_deref())?;
    if !console.json {
        console.note(&format!("{}: part {} of {}, {count} points", output.display(), part.number, part.of));
    }
    let mut told = report::object(json!(told));
    let seconds = json!({ "read": seconds, "evaluate": evaluate, "write": start.elapsed().as_secs_f64() });
    told.insert("seconds".into(), seconds);
    Ok(told)
}

/// Sums the points of a range.
fn sum(
    points: Points,
    plan: &Plan,
    range: &std::ops::Range<usize>,
    source: &Source,
    console: &Console,
) -> Result<Partial> {
    use crate::progress::Progress as _;
    let cloud = match points {
        Points::Held(cloud, _) => cloud,
        Points::Pieces(chunks) => return pieces::sum(&chunks, plan, range, source, console),
    };
    plan.blocks.check(&cloud, range, source)?;
    let slice = cloud.take(&range.clone().collect::<Vec<_>>());
    drop(cloud);
    let mut sum = Summing::new(&plan.settled)?;
    console.begin("density", sum.steps());
    sum.add(&slice, console)?;
    sum.finish(console)
}

/// Refuses options that the plan has settled.
fn refuse_settled(density: &DensityArgs) -> Result<()> {
    let mut given = density.given();
    given.extend(density.bounds.map(|_| "--bounds"));
    match given.first() {
        None => Ok(()),
        Some(option) => {
            Err(Error::Usage(format!("{option} is settled by the plan; leave it out beside --plan and --part")))
        }
    }
}

/// What stands beside a part that is there already, whole.
fn already(output: &Path, plan: &Plan, part: Part) -> Option<Map<String, Value>> {
    let found: Beside = read_json(&beside(output), "a part").ok()?;
    let is_same = found.plan == plan.plan && (found.part, found.of) == (part.number, part.of);
    let is_whole = is_same && values_of(output, &found).is_ok();
    is_whole.then(|| {
        let mut told = report::object(json!(found));
        told.insert("already".into(), true.into());
        told
    })
}

fn write_part(
    output: &Path,
    plan: &Plan,
    part: Part,
    range: std::ops::Range<usize>,
    partial: Partial,
    input: Option<&Path>,
) -> Result<Beside> {
    let s = &plan.settled;
    let grid = DensityGrid::new(s.lattice(), partial.values, s.unit())?;
    let values = grid.to_c_order();
    let told = Beside {
        origin: s.origin,
        spacing: s.spacing,
        unit: s.unit.clone(),
        densitas: plan.densitas.clone(),
        plan: plan.plan.clone(),
        input: plan.blocks.fingerprint(),
        part: part.number,
        of: part.of,
        range: [range.start, range.end],
        points: partial.points,
        weight: partial.weight,
        overall: partial.overall,
        bound: partial.bound,
        checked: partial.checked,
        values: hash_of_values(&values),
        settled: s.clone(),
        seal: String::new(),
    }
    .sealed();
    let text = serde_json::to_string_pretty(&told).map_err(|e| Error::Data(e.to_string()))?;
    let array = io::npy::filled_array(output, &s.shape, &values, input)?;
    let told_of = io::atomic::filled(&beside(output), input, |file| file.write_all(text.as_bytes()))?;
    io::atomic::commit_together(vec![array, told_of])?;
    Ok(told)
}

/// A density merged from its parts, and what is told of them.
pub struct Merged<T: Sample> {
    /// The density.
    pub grid: DensityGrid<T>,
    /// How it was made.
    pub report: Report,
    /// `parts`, `plan`, and seconds of reading.
    pub told: Map<String, Value>,
}

/// Adds up the parts.
pub fn merge<T: Sample>(files: &[PathBuf], console: &Console) -> Result<Merged<T>> {
    use crate::progress::Progress as _;
    let start = Instant::now();
    let what = "what stands beside a part, as `density --part` writes it";
    let mut all =
        files.iter().map(|path| Ok((path, read_json::<Beside>(&beside(path), what)?))).collect::<Result<Vec<_>>>()?;
    check_parts(&mut all)?;
    let settled = all[0].1.settled.clone();
    settled.check()?;
    let lattice = settled.lattice();
    let mut whole = Partial::nothing(&settled);
    console.begin("reading", all.len() as u64);
    for (path, part) in &all {
        console.check()?;
        let values = values_of(path, part)?;
        if part.checked.len() != settled.checked_nodes.len() {
            return Err(Error::input(
                beside(path).display().to_string(),
                "its checked nodes are not those of the plan",
            ));
        }
        whole.add(&Partial {
            values: DensityGrid::from_c_order(lattice, &values, None)?.values,
            points: part.points,
            weight: part.weight,
            overall: part.overall,
            bound: part.bound,
            checked: part.checked.clone(),
        });
        console.advance(1);
    }
    let density = whole.whole::<T>(&settled)?;
    density.report.warnings.iter().for_each(|w| console.warning(w));
    let told = report::object(json!({ "parts": all.len(), "plan": all[0].1.plan }));
    let seconds = start.elapsed().as_secs_f64();
    let report = Report { seconds: Seconds { evaluate: seconds, ..Seconds::default() }, ..density.report };
    Ok(Merged { grid: density.grid, report, told })
}

/// Refuses parts of several plans, missing ones and doubles; sorts them.
fn check_parts(all: &mut Vec<(&PathBuf, Beside)>) -> Result<()> {
    let (first_path, first) = all
        .first()
        .map(|(p, b)| (p.display().to_string(), b.clone()))
        .ok_or_else(|| Error::Usage("--merge needs the files of all parts".into()))?;
    for (path, part) in all.iter() {
        let name = path.display().to_string();
        same_version(&part.densitas, &name)?;
        if part.seal != part.clone().sealed().seal || part.plan != fingerprint(&part.settled, &part.input) {
            return Err(Error::input(
                beside(path).display().to_string(),
                "was changed after it was made; make the part again",
            ));
        }
        if (&part.plan, part.of) != (&first.plan, first.of) {
            return Err(Error::Data(format!(
                "{name} is part {} of {} of plan {}, {first_path} is of {} of plan {}; merge parts of one plan and one number",
                part.part, part.of, part.plan, first.of, first.plan
            )));
        }
    }
    all.sort_by_key(|(_, part)| part.part);
    if let Some([a, b]) = all.windows(2).map(|pair| [&pair[0], &pair[1]]).find(|[a, b]| a.1.part == b.1.part) {
        return Err(Error::Data(format!("{} and {} are both part {}", a.0.display(), b.0.display(), a.1.part)));
    }
    let missing: Vec<String> = (1..=first.of)
        .filter(|n| all.binary_search_by_key(n, |(_, p)| p.part).is_err())
        .map(|n| n.to_string())
        .collect();
    if !missing.is_empty() {
        return Err(Error::Data(format!(
            "of {} parts, {} missing: {}",
            first.of,
            if missing.len() == 1 { "one is" } else { "several are" },
            missing.join(", ")
        )));
    }
    Ok(())
}
