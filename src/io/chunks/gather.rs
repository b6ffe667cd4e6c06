//! Pieces joined to parts of some length, which must be the same each time.

use std::sync::{Mutex, PoisonError};

use super::Piece;
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::points::PointCloud;

/// Points at a time, about.
pub(super) const POINTS: usize = 1 << 20;

/// For each part, its number of points and a fingerprint of them, as they were at the first look.
pub(super) type Fingerprints = Mutex<Vec<(usize, u64)>>;

/// Joins pieces.
pub(super) struct Gather<'a> {
    cloud: PointCloud,
    points: usize,
    parts: usize,
    weighs: bool,
    name: &'a str,
    fingerprints: &'a Fingerprints,
    visit: &'a mut dyn FnMut(&PointCloud) -> Result<()>,
}

impl<'a> Gather<'a> {
    pub(super) fn new(
        unit: Option<LengthUnit>,
        name: &'a str,
        fingerprints: &'a Fingerprints,
        visit: &'a mut dyn FnMut(&PointCloud) -> Result<()>,
    ) -> Self {
        let cloud = PointCloud { unit, ..PointCloud::default() };
        Self { cloud, points: 0, parts: 0, weighs: false, name, fingerprints, visit }
    }

    /// Adds a piece, and hands over what is enough.
    pub(super) fn add(&mut self, mut piece: Piece) -> Result<()> {
        if self.cloud.is_empty() {
            self.cloud.positions = piece.positions;
        } else {
            self.cloud.positions.append(&mut piece.positions);
        }
        if let Some(mut more) = piece.weights {
            self.cloud.weights.get_or_insert_default().append(&mut more);
        }
        if self.cloud.len() >= POINTS { self.hand_over() } else { Ok(()) }
    }

    fn hand_over(&mut self) -> Result<()> {
        self.compare((self.cloud.len(), fingerprint(&self.cloud)))?;
        (self.visit)(&self.cloud)?;
        self.points += self.cloud.len();
        self.parts += 1;
        self.weighs |= self.cloud.weights.as_ref().is_none_or(|weights| weights.iter().any(|w| *w > 0.0));
        self.cloud.positions.clear();
        self.cloud.weights.iter_mut().for_each(Vec::clear);
        Ok(())
    }

    /// Keeps the fingerprint of the part that comes next, or compares it with the one that is kept.
    fn compare(&self, found: (usize, u64)) -> Result<()> {
        let mut kept = self.fingerprints.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.get(self.parts) {
            None => kept.push(found),
            Some(known) if *known == found => {}
            Some(known) => return Err(self.changed(known.0)),
        }
        Ok(())
    }

    /// What is wrong where the next so many points are not those that they were.
    fn changed(&self, count: usize) -> Error {
        let (first, last) = (self.points + 1, self.points + count);
        let problem = format!("points {first} to {last} are not those of the first look: the file was changed");
        Error::input(self.name, format!("{problem}; read it again when it is whole"))
    }

    /// Hands over the rest; gives the number of points, and whether one of them weighs anything.
    pub(super) fn finish(mut self) -> Result<(u64, bool)> {
        if !self.cloud.is_empty() {
            self.hand_over()?;
        }
        let kept = self.fingerprints.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.get(self.parts) {
            Some(missing) => Err(self.changed(missing.0)),
            None => Ok((self.points as u64, self.weighs)),
        }
    }
}

/// A number that hardly stays the same where a digit changes.
fn fingerprint(cloud: &PointCloud) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mixed = |hash: u64, value: f64| (hash.rotate_left(29) ^ value.to_bits()).wrapping_mul(ODD);
    // An axis each, which the processor works on side by side.
    let mut hashes = [1, 2, 3, 4];
    for p in &cloud.positions {
        hashes = [mixed(hashes[0], p.x), mixed(hashes[1], p.y), mixed(hashes[2], p.z), hashes[3]];
    }
    hashes[3] = cloud.weights.iter().flatten().fold(hashes[3], |hash, weight| mixed(hash, *weight));
    hashes.into_iter().fold(0, |all, hash| mixed(all, f64::from_bits(hash)))
}

#[cfg(test)]
mod tests {
    use glam::DVec3;

    use super::*;

    fn cloud(weights: Option<Vec<f64>>) -> PointCloud {
        let positions = (0..50).map(|i| DVec3::new(f64::from(i), 0.5, -f64::from(i))).collect();
        PointCloud { weights, ..PointCloud::from_positions(positions) }
    }

    #[test]
    fn a_fingerprint_tells_the_last_digit_the_order_and_the_weights() {
        let whole = fingerprint(&cloud(None));
        assert_eq!(whole, fingerprint(&cloud(None)));
        let changed = |change: &dyn Fn(&mut PointCloud)| {
            let mut other = cloud(None);
            change(&mut other);
            fingerprint(&other)
        };
        assert_ne!(whole, changed(&|c| c.positions[49].z = -49f64.next_up()));
        assert_ne!(whole, changed(&|c| c.positions.swap(3, 4)));
        assert_ne!(whole, changed(&|c| c.positions[7].y = -c.positions[7].y));
        assert_ne!(fingerprint(&cloud(Some(vec![1.0; 50]))), fingerprint(&cloud(Some(vec![2.0; 50]))));
    }

    #[test]
    fn pieces_are_joined_and_must_stay_the_same() {
        let kept = Fingerprints::default();
        let look = |x: f64, count: usize| {
            let mut lengths = Vec::new();
            let mut visit = |cloud: &PointCloud| {
                lengths.push(cloud.len());
                Ok(())
            };
            let mut gather = Gather::new(None, "t.csv", &kept, &mut visit);
            for piece in 0..3 {
                let last = if piece == 2 { x } else { 0.0 };
                let positions = vec![DVec3::splat(last); if piece == 2 { 7 } else { count }];
                gather.add(Piece { positions, weights: None, steps: 0 })?;
            }
            let (points, weighs) = gather.finish()?;
            assert!(weighs);
            Ok::<_, Error>((points, lengths))
        };
        let half = POINTS / 2;
        assert_eq!(look(0.0, half).unwrap(), (POINTS as u64 + 7, vec![POINTS, 7]));
        assert_eq!(look(0.0, half).unwrap().1, [POINTS, 7]);
        let error = look(1.0, half).unwrap_err();
        let told = format!("points {} to {} are not those of the first look", POINTS + 1, POINTS + 7);
        assert!(error.exit_code() == 1 && error.to_string().contains(&told), "{error}");
        // A part less.
        assert!(look(0.0, 0).unwrap_err().to_string().contains("points 1 to 1048576 are not"));
        assert!(look(0.0, half - 1).unwrap_err().to_string().contains("points 1 to 1048576 are not"));
    }
}
