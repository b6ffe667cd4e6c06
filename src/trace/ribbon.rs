//! Backbones as tubes, and as ribbons.

use std::ops::Range;

use glam::DVec3;

use super::chain::Residue;
use super::fold::{Fold, folds};
use super::mesh::Mesh;
use super::spline::Spline;
use super::sweep::{Station, any_side, cap, sweep, transported};

/// Cross-sections a residue, and their corners, of a molecule that is not large.
const STEPS: usize = 8;
const SIDES: usize = 14;
const SIDES_OF_RIBBON: usize = 24;

/// Residues from which on fewer will do: each is then a few pixels long.
const MANY: usize = 4_000;

/// Rings of a rounded end.
const RINGS_OF_CAP: usize = 4;

/// Half width and thickness of a ribbon in radii of its tubes, and the power of its cross-section.
const HELIX: Shape = Shape { half: [4.2, 0.75], power: 3.0 };
const STRAND: Shape = Shape { half: [3.7, 0.75], power: 4.0 };
/// Half the width of an arrow where it is widest, in radii.
const ARROW: f64 = 6.0;
/// A tube.
const COIL: Shape = Shape { half: [1.0, 1.0], power: 2.0 };
/// Nucleic acids are tubes of a larger radius.
const NUCLEIC_ACID: Shape = Shape { half: [2.0, 2.0], power: 2.0 };

/// A cross-section in radii.
#[derive(Debug, Clone, Copy)]
struct Shape {
    half: [f64; 2],
    power: f64,
}

impl Shape {
    fn between(self, other: Self, share: f64) -> Self {
        let mix = |a: f64, b: f64| a + share * (b - a);
        let half = std::array::from_fn(|i| mix(self.half[i], other.half[i]));
        Self { half, power: mix(self.power, other.power) }
    }
}

/// How finely a molecule of so many residues is drawn: cross-sections a residue, and their corners.
fn detail(residues: usize, sides: usize) -> (usize, usize) {
    if residues <= MANY { (STEPS, sides) } else { (STEPS / 2, (sides / 2).max(6)) }
}

/// A tube through each chain.
pub fn tubes(chains: &[Vec<Residue>], radius: f64) -> Mesh {
    let mut mesh = Mesh::default();
    let (steps, sides) = detail(chains.iter().map(Vec::len).sum(), SIDES);
    for chain in chains {
        let places: Vec<DVec3> = chain.iter().map(|r| r.place).collect();
        let curve = Spline::new(&places);
        let mut side = any_side(curve.direction(0, 0.0));
        let mut before = (places[0], curve.direction(0, 0.0));
        let stations: Vec<Station> = along(chain.len(), steps)
            .map(|(i, share)| {
                let here = (curve.at(i, share), curve.direction(i, share));
                side = transported(side, before, here);
                before = here;
                Station::round(here.0, here.1, side, radius, nearer(chain, i, share).atom)
            })
            .collect();
        capped(&mut mesh, stations, sides);
    }
    mesh
}

/// A ribbon along each chain: of proteins by how they fold, of nucleic acids a thick tube. `angstrom` is one in the unit of
/// the places.
///
/// The band lies in the planes of the peptide bonds (Carson and Bugg 1986, "Algorithm for ribbon models of proteins", J. Mol.
/// Graphics 4:121, eq. 1 to 3): across the chain, in the plane of CA, O and the next CA.
pub fn ribbons(chains: &[Vec<Residue>], radius: f64, angstrom: f64) -> Mesh {
    let mut mesh = Mesh::default();
    let (steps, sides) = detail(chains.iter().map(Vec::len).sum(), SIDES_OF_RIBBON);
    let all_folds = folds(chains, angstrom);
    for (chain, folds) in std::iter::zip(chains, &all_folds) {
        let band = Band::new(chain, folds, radius);
        let stations = along(chain.len(), steps).flat_map(|(i, share)| band.stations(i, share)).collect();
        capped(&mut mesh, stations, sides);
    }
    mesh
}

/// Where cross-sections of a chain are: after residue `i`, at a share of the way to the next.
fn along(residues: usize, steps: usize) -> impl Iterator<Item = (usize, f64)> {
    let inner = (0..residues - 1).flat_map(move |i| (0..steps).map(move |k| (i, k as f64 / steps as f64)));
    inner.chain([(residues - 2, 1.0)])
}

fn nearer(chain: &[Residue], i: usize, share: f64) -> &Residue {
    &chain[if share < 0.5 { i } else { i + 1 }]
}

fn capped(mesh: &mut Mesh, stations: Vec<Station>, sides: usize) {
    let (Some(first), Some(last)) = (stations.first(), stations.last()) else { return };
    let all = [cap(first, false, RINGS_OF_CAP), stations.clone(), cap(last, true, RINGS_OF_CAP)].concat();
    sweep(mesh, &all, sides);
}

/// The ribbon of one chain.
struct Band<'a> {
    chain: &'a [Residue],
    folds: &'a [Fold],
    places: Vec<DVec3>,
    /// Across the chain, along the width of the band.
    sides: Vec<DVec3>,
    radius: f64,
}

impl<'a> Band<'a> {
    fn new(chain: &'a [Residue], folds: &'a [Fold], radius: f64) -> Self {
        Self { chain, folds, places: places(chain, folds), sides: sides(chain), radius }
    }

    /// The cross-section at a place; two where an arrow begins.
    fn stations(&self, i: usize, share: f64) -> Vec<Station> {
        let curve = Spline::new(&self.places);
        let (center, forward) = (curve.at(i, share), curve.direction(i, share));
        let side = self.sides[i].lerp(self.sides[i + 1], share);
        let side = (side - forward * side.dot(forward)).normalize_or(any_side(forward));
        let of = |shape: Shape, lean: f64| Station {
            center,
            forward,
            side,
            half: shape.half.map(|h| h * self.radius),
            power: shape.power,
            lean,
            atom: nearer(self.chain, i, share).atom,
        };
        if !self.is_arrow(i) {
            return vec![of(self.shape(i).between(self.shape(i + 1), smooth(share)), 0.0)];
        }
        let tip = Shape { half: [COIL.half[0], STRAND.half[1]], power: STRAND.power };
        let head = |share: f64| Shape { half: [ARROW, STRAND.half[1]], ..STRAND }.between(tip, share);
        match share {
            // The back of the arrow faces backward.
            0.0 => vec![of(STRAND, 0.0), of(STRAND, -1.0), of(head(0.0), -1.0), of(head(0.0), 0.0)],
            _ => vec![of(head(share), 0.0)],
        }
    }

    /// Whether the way to the next residue is the arrow of a strand.
    fn is_arrow(&self, i: usize) -> bool {
        let is_strand = |i: usize| self.folds.get(i) == Some(&Fold::Strand);
        is_strand(i) && is_strand(i + 1) && !is_strand(i + 2)
    }

    fn shape(&self, i: usize) -> Shape {
        let is_tip = i > 0 && self.is_arrow(i - 1);
        match self.folds[i] {
            Fold::Helix => HELIX,
            Fold::Strand if is_tip => COIL,
            Fold::Strand => STRAND,
            Fold::Coil if self.chain[i].is_protein => COIL,
            Fold::Coil => NUCLEIC_ACID,
        }
    }
}

/// From 0 to 1 without a bend at either end.
fn smooth(share: f64) -> f64 {
    share * share * (3.0 - 2.0 * share)
}

/// Where the ribbon passes: through the residues, but straight through the pleats of a sheet.
fn places(chain: &[Residue], folds: &[Fold]) -> Vec<DVec3> {
    let mut all: Vec<DVec3> = chain.iter().map(|r| r.place).collect();
    for range in runs(folds, Fold::Strand) {
        for i in range {
            if i > 0 && i + 1 < chain.len() {
                all[i] = 0.25 * (chain[i - 1].place + 2.0 * chain[i].place + chain[i + 1].place);
            }
        }
    }
    all
}

/// Where a chain folds in one way.
fn runs(folds: &[Fold], of: Fold) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = Vec::new();
    for (i, _) in folds.iter().enumerate().filter(|(_, fold)| **fold == of) {
        match all.last_mut() {
            Some(run) if run.end == i => run.end += 1,
            _ => all.push(i..i + 1),
        }
    }
    all
}

/// The direction of the band's width at each residue, turned to the same side all along.
fn sides(chain: &[Residue]) -> Vec<DVec3> {
    let mut planes: Vec<DVec3> = (0..chain.len() - 1).map(|i| across(chain, i)).collect();
    for i in 1..planes.len() {
        if planes[i].dot(planes[i - 1]) < 0.0 {
            planes[i] = -planes[i];
        }
    }
    let last = planes.len() - 1;
    let mean = |i: usize| planes[i.saturating_sub(1)] + planes[i.min(last)];
    (0..chain.len()).map(|i| mean(i).normalize_or(planes[i.min(last)])).collect()
}

/// The direction across the chain in the plane of the peptide bond after a residue; without its oxygen at right angles to the
/// plane of three residues, which is about the same.
fn across(chain: &[Residue], i: usize) -> DVec3 {
    let along = (chain[i + 1].place - chain[i].place).normalize_or(DVec3::X);
    let in_plane = match chain[i].oxygen {
        Some(oxygen) => oxygen - chain[i].place,
        None => {
            let from = i.clamp(1, chain.len().saturating_sub(2).max(1)).min(chain.len() - 1);
            let before = chain[from.saturating_sub(1)].place;
            let after = chain[(from + 1).min(chain.len() - 1)].place;
            (chain[from].place - before).cross(after - chain[from].place)
        }
    };
    (in_plane - along * in_plane.dot(along)).normalize_or(any_side(along))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn residue(place: DVec3) -> Residue {
        Residue { place, atom: 0, oxygen: None, is_protein: true }
    }

    /// Catches: a tube that leaves its places, is thinner than asked for, or does not reach both ends.
    #[test]
    fn a_straight_backbone_is_a_straight_tube() {
        let chain: Vec<Residue> = (0..5).map(|i| residue(DVec3::X * 3.8 * f64::from(i))).collect();
        let mesh = tubes(&[chain], 0.5);
        let far = |v: &DVec3| v.distance(DVec3::X * v.x.clamp(0.0, 15.2));
        assert!(mesh.vertices.iter().all(|v| (far(v) - 0.5).abs() < 1e-9));
        let bounds = crate::geometry::Box3::around(&mesh.vertices);
        assert!((bounds.min.x + 0.5).abs() < 1e-9 && (bounds.max.x - 15.7).abs() < 1e-9, "{bounds:?}");
    }

    /// An ideal helix: the band lies on a cylinder, its width along the axis.
    #[test]
    fn the_band_of_a_helix_lies_along_its_axis() {
        let place = |i: f64| DVec3::new(2.3 * (1.745 * i).cos(), 2.3 * (1.745 * i).sin(), 1.5 * i);
        let chain: Vec<Residue> = (0..14).map(|i| residue(place(f64::from(i)))).collect();
        let folds = folds(std::slice::from_ref(&chain), 1.0);
        assert!(folds[0][1..12].iter().all(|f| *f == Fold::Helix), "{folds:?}");
        let band = Band::new(&chain, &folds[0], 0.3);
        for i in 3..10 {
            let station = band.stations(i, 0.5)[0];
            assert!(station.side.z.abs() > 0.85, "{station:?}");
            assert!((station.half[0] - 4.2 * 0.3).abs() < 1e-12);
        }
    }

    /// Catches: an arrow at the wrong end, or twice.
    #[test]
    fn an_arrow_is_the_last_step_of_a_strand() {
        use Fold::{Coil, Strand};
        let chain: Vec<Residue> =
            (0..8).map(|i| residue(DVec3::new(3.3 * f64::from(i), 0.9 * f64::from(i % 2), 0.0))).collect();
        let folds = [Coil, Strand, Strand, Strand, Strand, Coil, Coil, Coil];
        let band = Band::new(&chain, &folds, 1.0);
        let width = |i, share| band.stations(i, share).last().unwrap().half[0];
        assert_eq!([width(1, 0.5), width(2, 0.5), width(3, 0.0), width(4, 0.5)], [3.7, 3.7, 6.0, 1.0]);
        assert_eq!((0..7).filter(|i| band.is_arrow(*i)).collect::<Vec<_>>(), [3]);
        assert!((width(3, 0.5) - 3.5).abs() < 1e-12 && (width(6, 1.0) - 1.0).abs() < 1e-12);
    }
}
