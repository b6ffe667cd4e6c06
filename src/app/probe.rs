//! What lies under the cursor.

use std::sync::Arc;

use glam::{DVec2, DVec3};

use crate::cli::content::Content;
use crate::geometry::Box3;
use crate::grid::DensityGrid;
use crate::io::{Input, PointInput};
use crate::points::{AtomTable, Categorical};
use crate::scene::{Camera, Scene, VolumeMode};

/// Samples of the profile along a ray.
const SAMPLES: usize = 192;
/// Nearest points are looked for one by one: among more than this it takes too long.
const MOST_POINTS: usize = 3_000_000;

/// What the ray through a place of the picture meets.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Where: of fog the place that shows most, else the largest density, or the first surface.
    pub position: DVec3,
    /// The density there.
    pub value: f64,
    /// Densities along the ray, from where it enters the box to where it leaves.
    pub profile: Vec<f32>,
    /// Where in the profile `position` is, 0 to 1.
    pub place: f64,
    /// The nearest point, and its distance.
    pub nearest: Option<(String, f64)>,
}

/// Where a ray is within a box, as lengths along it.
fn within(bounds: Box3, origin: DVec3, direction: DVec3) -> Option<[f64; 2]> {
    let (a, b) = ((bounds.min - origin) / direction, (bounds.max - origin) / direction);
    let (near, far) = (a.min(b).max_element().max(0.0), a.max(b).min_element());
    (near < far).then_some([near, far])
}

/// The density at a place, interpolated between the eight nodes around it; none outside or where one is not finite.
pub fn value_at(grid: &DensityGrid, place: DVec3) -> Option<f64> {
    let lattice = &grid.lattice;
    let at = (place - lattice.origin) / lattice.spacing;
    let last = DVec3::from_array(lattice.shape.map(|n| (n - 1) as f64));
    let is_inside = at.cmpge(DVec3::splat(-1e-9)).all() && at.cmple(last + 1e-9).all();
    is_inside.then(|| grid.interpolated(at)).filter(|value| value.is_finite())
}

/// Looks along the ray through `pixel` of a picture of `size`; none if it misses the density.
pub fn probe(scene: &Scene, camera: &Camera, pixel: DVec2, size: [u32; 2]) -> Option<Probe> {
    let ray = camera.ray_in_world(pixel, size);
    let [near, far] = within(scene.grid.lattice.bounds(), ray.origin, ray.direction)?;
    let length = |i: usize| near + (far - near) * (i as f64 + 0.5) / SAMPLES as f64;
    let place = |i: usize| ray.origin + ray.direction * length(i);
    let is_left = |p: DVec3| scene.clip.iter().all(|plane| plane.leaves(p));
    let density = |i: usize| value_at(&scene.grid, place(i)).filter(|_| is_left(place(i))).unwrap_or(0.0);
    let profile: Vec<f64> = (0..SAMPLES).map(density).collect();
    let at = most_seen(scene, &profile, (far - near) / SAMPLES as f64);
    Some(Probe {
        position: place(at),
        value: profile[at],
        place: (at as f64 + 0.5) / SAMPLES as f64,
        profile: profile.iter().map(|v| *v as f32).collect(),
        nearest: None,
    })
}

/// The sample that shows most of itself.
fn most_seen(scene: &Scene, profile: &[f64], step: f64) -> usize {
    let largest = (0..profile.len()).max_by(|a, b| profile[*a].total_cmp(&profile[*b])).unwrap_or(0);
    match &scene.mode {
        VolumeMode::Isosurfaces(surfaces) => {
            let least = surfaces.iter().map(|s| s.level).fold(f64::INFINITY, f64::min);
            profile.iter().position(|v| *v >= least).unwrap_or(largest)
        }
        VolumeMode::Fog => {
            let transfer = &scene.transfer;
            let (mut through, mut best) = (1.0, (0.0, largest));
            for (i, value) in profile.iter().enumerate() {
                let depth = f64::from(transfer.opacity.extinction(transfer.position(*value)));
                let kept = (-depth * step / transfer.reference_length).exp();
                let shown = through * (1.0 - kept);
                best = if shown > best.0 { (shown, i) } else { best };
                through *= kept;
            }
            best.1
        }
        _ => largest,
    }
}

/// The point nearest to a place, in words, and its distance.
pub fn nearest(content: &Arc<Content>, place: DVec3) -> Option<(String, f64)> {
    let Input::Points(points) = &content.opened.input else { return None };
    let positions = &points.cloud.positions;
    if positions.len() > MOST_POINTS {
        return None;
    }
    let squared = |i: &usize| positions[*i].distance_squared(place);
    let at = (0..positions.len()).min_by(|a, b| squared(a).total_cmp(&squared(b)))?;
    Some((name(points, at), positions[at].distance(place)))
}

/// A point as its file knows it.
fn name(points: &PointInput, at: usize) -> String {
    let row = points.row_of_point.as_ref().map_or(at, |rows| rows[at]) + 1;
    match &points.cloud.atoms {
        Some(atoms) => format!("atom {row}: {}", atom(atoms, at)),
        None => format!("row {row}"),
    }
}

/// What the file says of an atom; formats differ in which columns they have.
fn atom(atoms: &AtomTable, at: usize) -> String {
    let text = |column: &Categorical| column.given(at).unwrap_or("").to_owned();
    let resid = atoms.resid.get(at).filter(|resid| **resid != AtomTable::NO_RESID).map(|resid| format!(" {resid}"));
    let (residue, chain) = (text(&atoms.resname), text(&atoms.chain));
    let residue = if residue.is_empty() { residue } else { format!(" of {residue}{}", resid.unwrap_or_default()) };
    let chain = if chain.is_empty() { chain } else { format!(", chain {chain}") };
    format!("{}{residue}{chain}", text(&atoms.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Lattice;
    use crate::scene::{Limits, Look, View, Window};

    fn grid() -> DensityGrid {
        let bounds = Box3 { min: DVec3::ZERO, max: DVec3::new(2.0, 4.0, 6.0) };
        let lattice = Lattice::spanning(bounds, [3, 3, 4]).unwrap();
        let values = (0..36).map(|at| (at % 3 + 10 * (at / 3 % 3) + 100 * (at / 9)) as f32).collect();
        DensityGrid::new(lattice, values, None).unwrap()
    }

    #[test]
    fn values_between_nodes_are_trilinear_and_none_lie_outside() {
        let g = grid();
        assert_eq!(value_at(&g, DVec3::new(1.0, 2.0, 4.0)), Some(211.0));
        assert!((value_at(&g, DVec3::new(0.5, 3.0, 1.0)).unwrap() - 65.5).abs() < 1e-9);
        assert_eq!(value_at(&g, DVec3::new(2.0, 4.0, 6.0)), Some(322.0));
        assert_eq!(value_at(&g, DVec3::new(2.1, 4.0, 6.0)), None);
    }

    #[test]
    fn the_ray_through_the_middle_meets_what_lies_there() {
        let scene = Look::Default.scene(Arc::new(grid()), Limits::Range(0.0, 1.0)).unwrap();
        let camera = Camera::fitting(scene.focus, View::X, Window::middle(1.0));
        let center = camera.project(scene.focus.center(), [200, 200]).unwrap();
        let found = probe(&scene, &camera, center, [200, 200]).unwrap();
        assert!((found.position.y - 2.0).abs() < 1e-6 && (found.position.z - 3.0).abs() < 1e-6, "{found:?}");
        assert!((found.value - value_at(&scene.grid, found.position).unwrap()).abs() < 1e-9);
        assert!(probe(&scene, &camera, DVec2::new(1.0, 1.0), [200, 200]).is_none());
    }

    /// Catches: a column taken for granted that GRO or XYZ have not.
    #[test]
    fn an_atom_is_named_by_what_its_format_has() {
        let column = |text: &str| Categorical { levels: vec![text.into()], codes: vec![0] };
        let xyz = AtomTable { name: column("CA"), ..AtomTable::default() };
        assert_eq!(atom(&xyz, 0), "CA");
        let gro = AtomTable { resname: column("ALA"), resid: vec![7], ..xyz };
        assert_eq!(atom(&gro, 0), "CA of ALA 7");
        assert_eq!(atom(&AtomTable { chain: column("B"), ..gro }, 0), "CA of ALA 7, chain B");
    }
}
