//! Plans and parts of points that are read some at a time.

use std::ops::Range;

use super::saved::{Blocks, Hashing, Plan};
use super::unlike;
use crate::cli::args::DensityArgs;
use crate::cli::console::Console;
use crate::cli::stream;
use crate::error::{Error, Result};
use crate::io::{Chunks, Source};
use crate::kde::parts::{Partial, Summing, settle_streamed};
use crate::points::PointCloud;
use crate::progress::Within;

/// Settles the density of all points, which are looked at twice: for the plan, and for their fingerprints.
pub(super) fn make_plan(chunks: &Chunks, density: &DensityArgs, console: &Console) -> Result<Plan> {
    let looks = stream::Looks::of(chunks, console);
    let each = |visit: &mut dyn FnMut(&PointCloud) -> Result<()>| looks.look("hashing", visit);
    let options = density.options(chunks.unit())?;
    let (settled, mut warnings, notes) = settle_streamed(&each, chunks.unit(), &options, console)?;
    let mut hashing = Hashing::of(settled.points);
    each(&mut |cloud| {
        hashing.add(cloud, 0..cloud.len());
        Ok(())
    })?;
    warnings.extend(looks.warnings(density));
    looks.tell();
    notes.iter().for_each(|n| console.note(n));
    warnings.iter().for_each(|w| console.warning(w));
    Ok(Plan::new(settled, hashing.finish()))
}

/// Sums the points of a range, which must be those of the plan.
pub(super) fn sum(
    chunks: &Chunks,
    plan: &Plan,
    range: &Range<usize>,
    source: &Source,
    console: &Console,
) -> Result<Partial> {
    let mut sum = Summing::new(&plan.settled)?;
    let mut hashing = Hashing::in_blocks_of(plan.blocks.size);
    let mut at = 0;
    chunks.each("density", console, &mut |cloud| {
        let within = |index: usize| index.clamp(at, at + cloud.len()) - at;
        let own = within(range.start)..within(range.end);
        at += cloud.len();
        if own.is_empty() {
            return Ok(());
        }
        hashing.add(cloud, own.clone());
        let is_whole = own.len() == cloud.len();
        let slice = if is_whole { None } else { Some(cloud.take(&own.collect::<Vec<_>>())) };
        let added = sum.add(slice.as_ref().unwrap_or(cloud), &Within(console));
        // Most of all a point outside of the plan's box.
        added.map_err(|e| match e {
            Error::Data(text) => Error::Data(format!(
                "{source}: {text}; give the same file and the same options as the plan was made with"
            )),
            other => other,
        })
    })?;
    if at != plan.settled.points || chunks.unit() != plan.settled.unit() {
        return Err(unlike(source, at, chunks.unit(), &plan.settled));
    }
    let found: Blocks = hashing.finish();
    plan.blocks.compare(&found.hashes, range, source)?;
    sum.finish(console)
}
