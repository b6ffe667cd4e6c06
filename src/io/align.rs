//! Frames laid over the first one by atoms that stand for the whole, as a protein in its water.

use glam::{DMat3, DVec3};

use super::{PointInput, ReadOptions, Source, Trajectory};
use crate::error::{Error, Result};
use crate::points::Selection;
use crate::points::superpose::{Superposition, superpose};
use crate::progress::Progress;

/// How frames were laid over the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Alignment {
    /// Atoms that were laid over one another.
    pub atoms: usize,
    /// For each frame, the root mean square distance of these atoms from those of the first, in the unit of the
    /// points.
    pub rmsd: Vec<f64>,
    /// Whether the frames have a periodic cell.
    pub is_periodic: bool,
}

/// Moves the points of each frame as the atoms of `selection` are moved onto those of the first frame by the rotation
/// and translation of least squares.
///
/// In a periodic cell the atoms of the selection are first joined, each at the image nearest to the one before it, and
/// every point is taken at the image nearest to their centre: they should be one chain, or several that lie together,
/// smaller than half the cell.
///
/// # Errors
/// [`Error::Usage`] for standard input, which cannot be read twice; [`Error::Data`] if the selection chooses fewer than
/// three atoms, or not the same number in every frame; as [`read`](super::read).
pub fn align(
    points: &mut PointInput,
    source: &Source,
    options: &ReadOptions,
    selection: &Selection,
    progress: &dyn Progress,
) -> Result<Alignment> {
    let first = *points.frame_numbers.first().expect("an input has a frame");
    let aligner = Aligner::new(source, options, selection, first, progress)?;
    let mut alignment = aligner.alignment();
    progress.begin("aligning frames", points.frame_numbers.len() as u64);
    for (k, &number) in points.frame_numbers.iter().enumerate() {
        progress.check()?;
        let frame = &mut points.cloud.positions[points.frame_starts[k]..points.frame_starts[k + 1]];
        let laid = aligner.motion(number)?;
        laid.apply(frame);
        alignment.rmsd.push(laid.rmsd());
        progress.advance(1);
    }
    Ok(alignment)
}

/// What lays frames over one of them.
#[derive(Debug)]
pub(super) struct Aligner {
    /// The frames, of the atoms that are laid over one another.
    atoms: Trajectory,
    selection: Selection,
    source: Source,
    reference: Vec<DVec3>,
    is_periodic: bool,
}

impl Aligner {
    /// Over frame `first`.
    ///
    /// # Errors
    /// As [`align`].
    pub(super) fn new(
        source: &Source,
        options: &ReadOptions,
        selection: &Selection,
        first: usize,
        progress: &dyn Progress,
    ) -> Result<Self> {
        if source.path().is_none() {
            return Err(Error::Usage("--align reads its input twice; give a file, not standard input".into()));
        }
        let alone = ReadOptions {
            select: Some(selection.clone()),
            weights: None,
            every: None,
            max_points: None,
            ..options.clone()
        };
        let atoms = Trajectory::open(source, &alone, progress).map_err(of_align)?;
        let (selection, source) = (selection.clone(), source.clone());
        let mut aligner = Self { atoms, selection, source, reference: Vec::new(), is_periodic: false };
        let (reference, cell) = aligner.joined(first)?;
        (aligner.reference, aligner.is_periodic) = (reference, cell.is_some());
        Ok(aligner)
    }

    /// How frame `number` is laid over the first.
    ///
    /// # Errors
    /// As [`align`].
    pub(super) fn motion(&self, number: usize) -> Result<Laid> {
        let (atoms, cell) = self.joined(number)?;
        check(&atoms, &self.reference, number, &self.selection, &self.source)?;
        Ok(Laid { motion: superpose(&atoms, &self.reference), cell })
    }

    /// What is known before a frame is laid over the first.
    pub(super) fn alignment(&self) -> Alignment {
        Alignment { atoms: self.reference.len(), rmsd: Vec::new(), is_periodic: self.is_periodic }
    }

    /// The atoms of a frame, joined over the borders of its cell.
    fn joined(&self, number: usize) -> Result<(Vec<DVec3>, Option<Cell>)> {
        let frame = self.atoms.frame(number).map_err(of_align)?;
        let cell = frame.cell_edges().and_then(Cell::new);
        let mut atoms = frame.cloud.positions;
        if let Some(cell) = &cell {
            cell.join(&mut atoms);
        }
        Ok((atoms, cell))
    }
}

/// How a frame is laid over another.
#[derive(Debug, Clone)]
pub(super) struct Laid {
    motion: Superposition,
    cell: Option<Cell>,
}

impl Laid {
    /// Moves the points of the frame as its atoms are moved.
    pub(super) fn apply(&self, points: &mut [DVec3]) {
        for point in points {
            let near = self.cell.as_ref().map_or(*point, |cell| cell.nearest(*point, self.motion.from));
            *point = self.motion.apply(near);
        }
    }

    /// Root mean square distance of the atoms that are laid over one another.
    pub(super) fn rmsd(&self) -> f64 {
        self.motion.rmsd
    }
}

/// Errors of a selection name the option that it was given by.
fn of_align(error: Error) -> Error {
    let named = |text: String| text.replace("--select", "--align");
    match error {
        Error::Usage(text) => Error::Usage(named(text)),
        Error::Data(text) => Error::Data(named(text)),
        other => other,
    }
}

fn check(atoms: &[DVec3], reference: &[DVec3], frame: usize, selection: &Selection, source: &Source) -> Result<()> {
    let (found, text) = (atoms.len(), selection.text());
    if found < 3 {
        let problem = format!("--align `{text}` chooses {found} atoms of frame {frame}; three or more are needed");
        return Err(Error::Data(format!("{source}: {problem}")));
    }
    if found != reference.len() {
        let problem =
            format!("--align `{text}` chooses {found} atoms of frame {frame}, {} of the first", reference.len());
        return Err(Error::Data(format!("{source}: {problem}; choose atoms that every frame has")));
    }
    Ok(())
}

/// A periodic cell.
#[derive(Debug, Clone)]
struct Cell {
    edges: DMat3,
    inverse: DMat3,
    is_right: bool,
}

impl Cell {
    /// The cell of these edges; none if they span no volume.
    fn new([a, b, c]: [DVec3; 3]) -> Option<Self> {
        let edges = DMat3::from_cols(a, b, c);
        let volume = edges.determinant();
        let is_good = volume.is_finite() && volume.abs() > 1e-6 * a.length() * b.length() * c.length() && volume != 0.0;
        let is_right = a.y == 0.0 && a.z == 0.0 && b.x == 0.0 && b.z == 0.0 && c.x == 0.0 && c.y == 0.0;
        is_good.then(|| Self { edges, inverse: edges.inverse(), is_right })
    }

    /// The image of `point` that is nearest to `center`.
    fn nearest(&self, point: DVec3, center: DVec3) -> DVec3 {
        let whole = (self.inverse * (point - center)).round();
        let near = point - self.edges * whole;
        if self.is_right {
            return near;
        }
        // In an oblique cell a neighbour may be nearer than the image in the cell around.
        let shift = |n: usize| n as f64 - 1.0;
        let neighbours = (0..27).map(|n| near + self.edges * DVec3::new(shift(n % 3), shift(n / 3 % 3), shift(n / 9)));
        let distance = |p: &DVec3| p.distance_squared(center);
        neighbours.min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(near)
    }

    /// Moves each point to its image nearest to the one before it.
    fn join(&self, points: &mut [DVec3]) {
        for i in 1..points.len() {
            points[i] = self.nearest(points[i], points[i - 1]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_image_is_the_nearest_of_many() {
        let edges = [DVec3::new(8.0, 0.0, 0.0), DVec3::new(4.0, 6.9, 0.0), DVec3::new(4.0, 2.3, 6.5)];
        let cell = Cell::new(edges).unwrap();
        let right = Cell::new([DVec3::X * 3.0, DVec3::Y * 4.0, DVec3::Z * 5.0]).unwrap();
        for i in 0..300 {
            let at = |k: f64| (f64::from(i) * k).sin() * 12.0;
            let (p, center) = (DVec3::new(at(1.1), at(2.3), at(0.7)), DVec3::new(at(0.3), at(1.9), at(2.9)) * 0.2);
            for cell in [&cell, &right] {
                let found = cell.nearest(p, center);
                let all = (0..8000).map(|n| DVec3::new((n % 20) as f64, (n / 20 % 20) as f64, (n / 400) as f64) - 10.0);
                let best = all.map(|n| (p + cell.edges * n).distance(center)).fold(f64::INFINITY, f64::min);
                assert!((found.distance(center) - best).abs() < 1e-9, "{p}: {} for {best}", found.distance(center));
                let shift = cell.inverse * (found - p);
                assert!((shift - shift.round()).length() < 1e-9);
            }
        }
        assert!(Cell::new([DVec3::X, DVec3::X, DVec3::Z]).is_none());
        assert!(Cell::new([DVec3::ZERO; 3]).is_none());
    }
}
