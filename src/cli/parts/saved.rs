//! Plans and what stands beside parts: fingerprints, JSON, and whether a file is what was written.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::io::{self, Source};
use crate::kde::parts::Settled;
use crate::points::PointCloud;

/// Blocks of points whose fingerprints a plan holds; parts are whole blocks.
const BLOCKS: usize = 4096;
/// Longest plan that is read; 4096 fingerprints are 80 KB.
const LONGEST: u64 = 16 << 20;

/// Fingerprints of the points, some at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Blocks {
    /// Points in a block; the last may hold fewer.
    pub(super) size: usize,
    /// SHA-256 of positions and weights of each block, its first 16 digits.
    pub(super) hashes: Vec<String>,
}

/// A plan as it is saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// The version of the program, which all parts share.
    pub(super) densitas: String,
    /// The fingerprint of all that follows.
    pub(super) plan: String,
    pub(super) settled: Settled,
    pub(super) blocks: Blocks,
}

/// What stands beside a part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Beside {
    pub(super) origin: glam::DVec3,
    pub(super) spacing: glam::DVec3,
    pub(super) unit: Option<String>,
    pub(super) densitas: String,
    pub(super) plan: String,
    /// The fingerprint of the points.
    pub(super) input: String,
    pub(super) part: usize,
    pub(super) of: usize,
    /// The first point and the one after the last, from 0.
    pub(super) range: [usize; 2],
    pub(super) points: usize,
    pub(super) weight: f64,
    pub(super) overall: f64,
    pub(super) bound: f64,
    pub(super) checked: Vec<f64>,
    /// SHA-256 of the values.
    pub(super) values: String,
    pub(super) settled: Settled,
    /// The fingerprint of all other entries.
    pub(super) seal: String,
}

impl Beside {
    pub(super) fn sealed(mut self) -> Self {
        self.seal = String::new();
        let text = serde_json::to_string(&self).unwrap_or_default();
        self.seal = hex(Sha256::digest(text), 32);
        self
    }
}

pub(super) fn hex(digest: impl AsRef<[u8]>, digits: usize) -> String {
    let mut text = digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    text.truncate(digits);
    text
}

pub(super) fn hash_of_values(values: &[f64]) -> String {
    let mut digest = Sha256::new();
    values.iter().for_each(|v| digest.update(v.to_le_bytes()));
    hex(digest.finalize(), 64)
}

/// Fingerprints of points that come some at a time.
pub(super) struct Hashing {
    blocks: Blocks,
    digest: Sha256,
    /// Points in the block that is not whole yet.
    begun: usize,
}

impl Hashing {
    /// In blocks as so many points have them.
    pub(super) fn of(points: usize) -> Self {
        Self::in_blocks_of(points.div_ceil(BLOCKS).max(1))
    }

    /// In blocks of so many points, 1 or more.
    pub(super) fn in_blocks_of(size: usize) -> Self {
        Self { blocks: Blocks { size, hashes: Vec::new() }, digest: Sha256::new(), begun: 0 }
    }

    pub(super) fn add(&mut self, cloud: &PointCloud, range: std::ops::Range<usize>) {
        for i in range {
            let weight = cloud.weights.as_ref().map_or(1.0, |w| w[i]);
            let p = cloud.positions[i];
            [p.x, p.y, p.z, weight].iter().for_each(|v| self.digest.update(v.to_le_bytes()));
            self.begun += 1;
            if self.begun == self.blocks.size {
                self.end_block();
            }
        }
    }

    fn end_block(&mut self) {
        self.blocks.hashes.push(hex(std::mem::take(&mut self.digest).finalize(), 16));
        self.begun = 0;
    }

    pub(super) fn finish(mut self) -> Blocks {
        if self.begun > 0 {
            self.end_block();
        }
        self.blocks
    }
}

impl Blocks {
    pub(super) fn of(cloud: &PointCloud) -> Self {
        let mut hashing = Hashing::of(cloud.len());
        hashing.add(cloud, 0..cloud.len());
        hashing.finish()
    }

    pub(super) fn fingerprint(&self) -> String {
        hex(Sha256::digest(self.hashes.concat()), 16)
    }

    /// Refuses points of a range, which begins with a block, that are not those of the plan.
    pub(super) fn check(&self, cloud: &PointCloud, range: &std::ops::Range<usize>, source: &Source) -> Result<()> {
        let mut hashing = Hashing::in_blocks_of(self.size);
        hashing.add(cloud, range.clone());
        self.compare(&hashing.finish().hashes, range, source)
    }

    /// Refuses fingerprints of a range that are not those of the plan.
    pub(super) fn compare(&self, found: &[String], range: &std::ops::Range<usize>, source: &Source) -> Result<()> {
        for (start, hash) in range.clone().step_by(self.size).zip(found) {
            if self.hashes.get(start / self.size) != Some(hash) {
                let (first, last) = (start + 1, (start + self.size).min(range.end));
                return Err(Error::Data(format!(
                    "{source}: points {first} to {last} are not those of the plan; give the same file and the same options as \
                     it was made with, or make it anew"
                )));
            }
        }
        Ok(())
    }
}

/// The fingerprint of a plan.
pub(super) fn fingerprint(settled: &Settled, input: &str) -> String {
    let text = serde_json::to_string(settled).unwrap_or_default();
    hex(Sha256::digest(format!("{}\n{text}\n{input}", env!("CARGO_PKG_VERSION"))), 32)
}

impl Plan {
    pub(super) fn new(settled: Settled, blocks: Blocks) -> Self {
        let plan = fingerprint(&settled, &blocks.fingerprint());
        Self { densitas: env!("CARGO_PKG_VERSION").to_owned(), plan, settled, blocks }
    }

    pub(super) fn read(path: &Path) -> Result<Self> {
        let plan: Self = read_json(path, "a plan, as `density --plan` writes it")?;
        let name = path.display();
        same_version(&plan.densitas, &name.to_string())?;
        let size = plan.blocks.size;
        let counted = size > 0 && plan.settled.points.div_ceil(size) == plan.blocks.hashes.len();
        if !counted || plan.plan != fingerprint(&plan.settled, &plan.blocks.fingerprint()) {
            return Err(Error::input(name.to_string(), "the plan was changed after it was made; make it anew"));
        }
        plan.settled.check()?;
        Ok(plan)
    }
}

pub(super) fn read_json<T: serde::de::DeserializeOwned>(path: &Path, what: &str) -> Result<T> {
    let length = match std::fs::metadata(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::input(
                path.display().to_string(),
                format!("cannot read: there is no such file; expected is {what}"),
            ));
        }
        found => found.map_err(|e| Error::file(path, "read", e))?.len(),
    };
    if length > LONGEST {
        return Err(Error::input(path.display().to_string(), format!("{length} bytes are too long for {what}")));
    }
    let text = std::fs::read_to_string(path).map_err(|e| Error::file(path, "read", e))?;
    serde_json::from_str(&text).map_err(|e| Error::input(path.display().to_string(), format!("is not {what}: {e}")))
}

pub(super) fn same_version(found: &str, name: &str) -> Result<()> {
    let own = env!("CARGO_PKG_VERSION");
    if found == own {
        return Ok(());
    }
    Err(Error::input(name, format!("was made by densitas {found}, this is {own}; make all parts with one version")))
}

pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".json");
    name.into()
}

/// The values of a part in C order, checked against what stands beside it.
pub(super) fn values_of(path: &Path, beside: &Beside) -> Result<Vec<f64>> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|e| Error::file(path, "read", e))?;
    let array = io::npy::read_array(&bytes, &name)?;
    if array.shape != beside.settled.shape {
        let (found, planned) = (array.shape, beside.settled.shape);
        return Err(Error::input(name, format!("has the shape {found:?}, its plan {planned:?}; make the part again")));
    }
    if hash_of_values(&array.values) != beside.values {
        return Err(Error::input(name, "its values are not those that were written; make the part again"));
    }
    Ok(array.values)
}
