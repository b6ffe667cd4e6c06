//! From everything a file holds to the points that were asked for: frames, atoms, weights, thinning.

use std::ops::Range;

use super::cell::SpaceGroup;
use super::declare::Conversion;
use super::trajectory::Frame;
use super::{FrameRange, PointInput, ReadOptions, Source};
use crate::error::{Error, Result};
use crate::points::{AtomTable, PointCloud, Selection, elements};

/// All frames of a file, as a reader gives them.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) format: &'static str,
    pub(super) dimensions: usize,
    /// The points of all frames, one frame after the other.
    pub(super) cloud: PointCloud,
    /// First point of each frame, and the number of points.
    pub(super) starts: Vec<usize>,
    /// First row of each frame, and the number of rows; rows without a position count.
    pub(super) row_starts: Vec<usize>,
    /// The row of each point; `None` if no row was left out.
    pub(super) row_of_point: Option<Vec<usize>>,
    /// Where the first row that was left out stands, for the warning.
    pub(super) first_dropped: Option<String>,
    pub(super) columns: Vec<String>,
    pub(super) position_columns: Vec<String>,
    /// The cell of each frame; the last one holds for all frames after it.
    pub(super) cells: Vec<Option<[f64; 6]>>,
    pub(super) space_group: Option<SpaceGroup>,
    /// What was made of the lengths of the file, until [`declare::points`](super::declare::points).
    pub(super) conversion: Option<Conversion>,
    pub(super) notes: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl Parsed {
    /// The cell of frame `k`.
    fn cell(&self, k: usize) -> Option<[f64; 6]> {
        self.cells.get(k).or(self.cells.last()).copied().flatten()
    }
}

const KNOWN_WEIGHTS: &str = "weights of a structure are mass, atomic-number, occupancy, bfactor, charge, \
    positive-charge and negative-charge";

/// Collects positions and remembers which rows had none.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) positions: Vec<glam::DVec3>,
    row_of_point: Option<Vec<usize>>,
    count: usize,
    /// Where the first row that was left out stands: a line from 1, or a row from 0.
    first_dropped: Option<u64>,
}

impl Rows {
    /// Room for `count` rows, so that nothing is moved while they are pushed.
    pub(super) fn with_capacity(count: usize) -> Self {
        Self { positions: Vec::with_capacity(count), ..Self::default() }
    }

    /// Appends a row that stands at `place`. True if it was kept.
    pub(super) fn push(&mut self, position: glam::DVec3, place: u64) -> bool {
        let is_kept = position.is_finite();
        if is_kept {
            self.positions.push(position);
            if let Some(rows) = &mut self.row_of_point {
                rows.push(self.count);
            }
        } else {
            self.row_of_point.get_or_insert_with(|| (0..self.positions.len()).collect());
            self.first_dropped.get_or_insert(place);
        }
        self.count += 1;
        is_kept
    }

    /// Appends rows that were collected apart, whose places are counted from `before` on.
    pub(super) fn append(&mut self, mut other: Self, before: u64) {
        if self.row_of_point.is_some() || other.row_of_point.is_some() {
            let before = self.row_of_point.take().unwrap_or_else(|| (0..self.positions.len()).collect());
            let after = other.row_of_point.take().unwrap_or_else(|| (0..other.positions.len()).collect());
            let mut rows = before;
            rows.extend(after.into_iter().map(|row| row + self.count));
            self.row_of_point = Some(rows);
        }
        self.first_dropped = self.first_dropped.or(other.first_dropped.map(|place| before + place));
        self.positions.append(&mut other.positions);
        self.count += other.count;
    }

    /// Takes the positions; rows go on being counted, but which one is that of a point is not known any more.
    pub(super) fn take_positions(&mut self) -> Vec<glam::DVec3> {
        self.row_of_point = None;
        std::mem::take(&mut self.positions)
    }

    /// The place of the first row without a position, put into words by `place`.
    pub(super) fn first_dropped(&self, place: fn(u64) -> String) -> Option<String> {
        self.first_dropped.map(place)
    }

    /// Rows so far, kept or not.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Hands over to `parsed` what was collected; `place` puts a place into words.
    pub(super) fn finish(self, parsed: &mut Parsed, place: fn(u64) -> String) {
        parsed.starts.push(self.positions.len());
        parsed.row_starts.push(self.count);
        parsed.cloud.positions = self.positions;
        parsed.row_of_point = self.row_of_point;
        parsed.first_dropped = self.first_dropped.map(place);
    }
}

/// The place of a row that is a line.
pub(super) fn line(number: u64) -> String {
    format!("line {number}")
}

/// The place of a row of an array.
pub(super) fn row(number: u64) -> String {
    format!("row {number} from 0")
}

impl FrameRange {
    /// The frames chosen of `total`, with the meaning of a Python slice.
    pub fn of(&self, total: usize) -> Vec<usize> {
        let total = total as i64;
        let step = self.step.unwrap_or(1);
        let clip = |at: i64, low: i64, high: i64| (if at < 0 { at.saturating_add(total) } else { at }).clamp(low, high);
        let (start, stop) = if step > 0 {
            (self.start.map_or(0, |s| clip(s, 0, total)), self.stop.map_or(total, |s| clip(s, 0, total)))
        } else {
            let last = total - 1;
            (self.start.map_or(last, |s| clip(s, -1, last)), self.stop.map_or(-1, |s| clip(s, -1, last)))
        };
        let is_before = |at: i64| if step > 0 { at < stop } else { at > stop };
        let next = |at: &i64| at.checked_add(step);
        std::iter::successors(Some(start), next).take_while(|at| is_before(*at)).map(|at| at as usize).collect()
    }
}

/// The frames to read of `total`: all chosen ones when pooling, else the first of them.
pub(super) fn frames(options: &ReadOptions, total: usize, name: &str) -> Result<Vec<usize>> {
    let mut chosen = options.frames.of(total);
    if !options.pool {
        chosen.truncate(1);
    }
    if chosen.is_empty() {
        return Err(Error::Data(format!("{name}: none of its {total} frames is chosen; see --input-frames")));
    }
    Ok(chosen)
}

/// Chooses from `parsed` what `options` ask for.
pub(super) fn choose(mut parsed: Parsed, options: &ReadOptions, name: &str) -> Result<PointInput> {
    refuse_topology(&parsed, options, name)?;
    let frames = parsed.starts.len() - 1;
    let chosen = self::frames(options, frames, name)?;
    let (indices, starts) = kept_points(&parsed, &chosen, options, name)?;
    let rows = chosen.iter().map(|f| parsed.row_starts[f + 1] - parsed.row_starts[*f]).sum();
    let points: usize = chosen.iter().map(|f| parsed.starts[f + 1] - parsed.starts[*f]).sum();
    let mut input = PointInput {
        format: parsed.format,
        dimensions: parsed.dimensions,
        frames,
        frame_starts: starts,
        rows,
        row_of_point: match &indices {
            None => parsed.row_of_point.take(),
            Some(indices) => rows_of(&parsed, &chosen, indices, rows),
        },
        dropped: (rows - points) as u64,
        cell: parsed.cell(chosen[0]),
        space_group: parsed.space_group,
        frame_numbers: chosen,
        cloud: PointCloud::default(),
        columns: parsed.columns,
        position_columns: parsed.position_columns,
        times: Vec::new(),
        notes: parsed.notes,
        warnings: parsed.warnings,
    };
    input.cloud = match indices {
        None => parsed.cloud,
        Some(indices) => parsed.cloud.take(&indices),
    };
    finish(&mut input, options, name, parsed.first_dropped)?;
    Ok(input)
}

/// The error for points of a plane where points in space are needed.
pub(super) fn of_a_plane(source: &Source) -> Error {
    Error::Data(format!(
        "{source}: its points have 2 coordinates, 3 are needed; `densitas heatmap` draws points of a plane, --columns \
         chooses three columns of a table"
    ))
}

/// The error where no row holds a point.
pub(super) fn nothing_left(rows: u64, name: &str) -> Error {
    Error::Data(match rows {
        0 => format!("{name}: holds no rows; no points to read"),
        _ => format!("{name}: no point is left of {rows} rows; a coordinate is missing in each"),
    })
}

/// The error where nothing weighs anything.
pub(super) fn no_weight(quantity: &str, name: &str) -> Error {
    Error::Data(format!("{name}: the weights `{quantity}` of all chosen points are 0"))
}

/// What is told of rows that hold no point.
pub(super) fn left_out(dropped: u64, rows: u64, first: &str) -> String {
    format!("{dropped} of {rows} rows left out: a coordinate is missing or not finite (first: {first})")
}

/// Tells what was left out, and weighs points that are chosen already.
pub(super) fn finish(
    input: &mut PointInput,
    options: &ReadOptions,
    name: &str,
    first_dropped: Option<String>,
) -> Result<()> {
    let rows = input.rows;
    if input.dropped > 0 {
        let place = first_dropped.unwrap_or_default();
        input.warnings.push(left_out(input.dropped, rows as u64, &place));
    }
    if input.cloud.is_empty() {
        return Err(nothing_left(rows as u64, name));
    }
    tell_missing(input, options);
    weigh(&mut input.cloud, options, name)?;
    tell_thinning(input, options, rows - input.dropped as usize);
    Ok(())
}

/// Frame `k` of a file that is in memory.
pub(super) fn frame(parsed: &Parsed, k: usize, options: &ReadOptions, name: &str) -> Result<Frame> {
    let (indices, _) = kept_points(parsed, &[k], options, name)?;
    let rows = parsed.row_starts[k + 1] - parsed.row_starts[k];
    let mut cloud = indices.as_ref().map_or_else(|| parsed.cloud.clone(), |indices| parsed.cloud.take(indices));
    weigh(&mut cloud, options, name)?;
    Ok(Frame {
        number: k,
        cloud,
        cell: parsed.cell(k),
        time: None,
        rows,
        row_of_point: match &indices {
            None => parsed.row_of_point.clone(),
            Some(indices) => rows_of(parsed, &[k], indices, rows),
        },
        dropped: (rows - (parsed.starts[k + 1] - parsed.starts[k])) as u64,
    })
}

/// A topology names the atoms of files that hold positions only.
pub(super) fn refuse_topology(parsed: &Parsed, options: &ReadOptions, name: &str) -> Result<()> {
    if options.topology.is_none() {
        return Ok(());
    }
    let problem = format!("--topology names the atoms of XTC, TRR and DCD; this is {}", parsed.format);
    Err(Error::Usage(format!("{name}: {problem}; leave it out")))
}

/// The points of a frame of `rows` that stay, in order; `None` for all.
pub(super) fn taken(
    atoms: Option<&AtomTable>,
    rows: usize,
    options: &ReadOptions,
    name: &str,
) -> Result<Option<Vec<usize>>> {
    check_thinning(options)?;
    let mut indices: Vec<usize> = match (&options.select, atoms) {
        (Some(selection), Some(atoms)) => {
            let mask = selection.mask(atoms, 0..rows);
            let chosen: Vec<usize> = (0..rows).zip(mask).filter(|(_, chosen)| *chosen).map(|(i, _)| i).collect();
            if chosen.is_empty() {
                return Err(none_chosen(selection, atoms, 0..rows, name));
            }
            chosen
        }
        _ => (0..rows).collect(),
    };
    thin(&mut indices, options);
    Ok((indices.len() < rows).then_some(indices))
}

fn check_thinning(options: &ReadOptions) -> Result<()> {
    if options.every == Some(0) || options.max_points == Some(0) {
        return Err(Error::Usage("--every and --max-points need a number of at least 1".into()));
    }
    Ok(())
}

fn none_chosen(selection: &Selection, atoms: &AtomTable, range: Range<usize>, name: &str) -> Error {
    let problem = format!("--select `{}` chooses none of {} atoms", selection.text(), range.len());
    Error::Data(format!("{name}: {problem}; {}", selection.what_is_there(atoms, range)))
}

/// Whether all points of all frames stay, in their order. Then no list of them is made, which would take a third
/// of the memory of the points.
fn is_everything(parsed: &Parsed, chosen: &[usize], options: &ReadOptions) -> bool {
    let longest = || parsed.starts.windows(2).map(|s| s[1] - s[0]).max().unwrap_or(0);
    options.select.is_none()
        && options.every.is_none_or(|k| k == 1)
        && options.max_points.is_none_or(|max| max >= longest())
        && chosen.iter().copied().eq(0..parsed.starts.len() - 1)
}

/// The points that stay, `None` for all; and where each frame begins among them.
fn kept_points(
    parsed: &Parsed,
    chosen: &[usize],
    options: &ReadOptions,
    name: &str,
) -> Result<(Option<Vec<usize>>, Vec<usize>)> {
    check_thinning(options)?;
    if is_everything(parsed, chosen, options) {
        return Ok((None, parsed.starts.clone()));
    }
    let (mut indices, mut starts) = (Vec::new(), vec![0]);
    let mut thinned = Vec::new();
    for &frame in chosen {
        let range = parsed.starts[frame]..parsed.starts[frame + 1];
        select_atoms(parsed, options, range, &mut indices);
        thin(&mut indices, options);
        thinned.append(&mut indices);
        starts.push(thinned.len());
    }
    match &options.select {
        Some(selection) if thinned.is_empty() => {
            let Some(atoms) = &parsed.cloud.atoms else {
                let problem = "--select chooses atoms by name, but this input has positions only";
                return Err(Error::Usage(format!("{name}: {problem}; use --columns, --every or --max-points")));
            };
            let range = parsed.starts[chosen[0]]..parsed.starts[chosen[0] + 1];
            Err(none_chosen(selection, atoms, range, name))
        }
        _ => Ok((Some(thinned), starts)),
    }
}

/// Appends the selected points of one frame; none if there is a selection but no atoms.
fn select_atoms(parsed: &Parsed, options: &ReadOptions, range: Range<usize>, indices: &mut Vec<usize>) {
    match (&options.select, &parsed.cloud.atoms) {
        (None, _) => indices.extend(range),
        (Some(selection), Some(atoms)) => {
            let mask = selection.mask(atoms, range.clone());
            indices.extend(range.zip(mask).filter(|(_, chosen)| *chosen).map(|(i, _)| i));
        }
        (Some(_), None) => {}
    }
}

fn thin(indices: &mut Vec<usize>, options: &ReadOptions) {
    if let Some(every) = options.every.filter(|k| *k > 1) {
        *indices = indices.iter().step_by(every).copied().collect();
    }
    if let Some(max) = options.max_points.filter(|max| *max < indices.len()) {
        let len = indices.len() as u128;
        *indices = (0..max).map(|i| indices[(i as u128 * len / max as u128) as usize]).collect();
    }
}

fn tell_thinning(input: &mut PointInput, options: &ReadOptions, points: usize) {
    let kept = input.cloud.len();
    if let Some(every) = options.every.filter(|k| *k > 1) {
        input.notes.push(format!("one point in {every} of {points} is taken"));
    }
    if options.max_points.is_some_and(|max| max.saturating_mul(input.frame_numbers.len()) <= kept && kept < points) {
        input.notes.push(format!("thinned evenly to {kept} of {points} points"));
    }
}

/// The row of each kept point within the chosen frames; `None` if it is the point's index.
fn rows_of(parsed: &Parsed, chosen: &[usize], indices: &[usize], rows: usize) -> Option<Vec<usize>> {
    let mut out = Vec::with_capacity(if indices.len() == rows { 0 } else { indices.len() });
    if indices.len() == rows {
        return None;
    }
    let mut first_row = 0;
    let mut rest = indices;
    for &frame in chosen {
        let range = parsed.starts[frame]..parsed.starts[frame + 1];
        let count = rest.iter().take_while(|i| range.contains(i)).count();
        for &i in &rest[..count] {
            let row = parsed
                .row_of_point
                .as_ref()
                .map_or_else(|| parsed.row_starts[frame] + i - parsed.starts[frame], |rows| rows[i]);
            out.push(first_row + row - parsed.row_starts[frame]);
        }
        rest = &rest[count..];
        first_row += parsed.row_starts[frame + 1] - parsed.row_starts[frame];
    }
    Some(out)
}

/// Tells what the selection asks for and the format does not have.
fn tell_missing(input: &mut PointInput, options: &ReadOptions) {
    let (Some(selection), Some(atoms)) = (&options.select, &input.cloud.atoms) else { return };
    let missing = selection.missing(atoms);
    if !missing.is_empty() {
        let list: Vec<String> = missing.iter().map(|what| format!("no {what}")).collect();
        let (format, list) = (input.format, list.join(" and "));
        input.warnings.push(format!("{format} has {list}, which --select asks for: they choose nothing"));
    }
    if selection.guesses_hetero(atoms) {
        let note = "has no HETATM records; `hetero` means residues that are neither amino acids nor nucleotides";
        input.notes.push(format!("{} {note}", input.format));
    }
}

/// Sets the weights of atoms, and refuses weights that are all 0.
pub(super) fn weigh(cloud: &mut PointCloud, options: &ReadOptions, name: &str) -> Result<()> {
    let Some(quantity) = &options.weights else { return Ok(()) };
    if let Some(atoms) = &cloud.atoms {
        cloud.weights = Some(atom_weights(atoms, quantity, name)?);
    } else if cloud.weights.is_none() {
        return Err(Error::Usage(format!("{name}: this input has positions only, no weights `{quantity}`")));
    }
    if cloud.weights.iter().flatten().all(|w| *w == 0.0) {
        return Err(no_weight(quantity, name));
    }
    Ok(())
}

fn atom_weights(atoms: &AtomTable, quantity: &str, name: &str) -> Result<Vec<f64>> {
    let of = |column: &'static str, values: &[f64]| match values.is_empty() && !atoms.is_empty() {
        true => Err(Error::Usage(format!("{name}: this format holds no {column}; choose other --weights"))),
        false => Ok(()),
    };
    let value: Box<dyn Fn(usize) -> Option<f64>> = match quantity {
        "mass" => Box::new(|i| elements::mass(atoms.element.get(i))),
        "atomic-number" => Box::new(|i| elements::atomic_number(atoms.element.get(i)).map(f64::from)),
        "occupancy" => of("occupancy", &atoms.occupancy).map(|()| Box::new(|i: usize| Some(atoms.occupancy[i])))?,
        "bfactor" => of("B factor", &atoms.bfactor).map(|()| Box::new(|i: usize| Some(atoms.bfactor[i])))?,
        "charge" | "positive-charge" | "negative-charge" => {
            of("charges (PQR does)", &atoms.charge)?;
            match quantity {
                "positive-charge" => Box::new(|i| Some(atoms.charge[i].max(0.0))),
                "negative-charge" => Box::new(|i| Some((-atoms.charge[i]).max(0.0))),
                _ => Box::new(|i| Some(atoms.charge[i])),
            }
        }
        _ => return Err(Error::Usage(format!("--weights `{quantity}` is not known; {KNOWN_WEIGHTS}"))),
    };
    let checked = |i| match value(i) {
        Some(w) if w >= 0.0 && w.is_finite() => Ok(w.abs()),
        Some(w) if w.is_nan() => Err(bad_weight(atoms, i, name, &format!("has no {quantity}"))),
        Some(w) => {
            let problem = format!("has the {quantity} {w}; weights must be 0 or more");
            Err(bad_weight(atoms, i, name, &problem))
        }
        None => Err(bad_weight(atoms, i, name, &format!("has an element without known {quantity}"))),
    };
    (0..atoms.len()).map(checked).collect()
}

/// An error that names the atom.
fn bad_weight(atoms: &AtomTable, i: usize, name: &str, problem: &str) -> Error {
    let of = |column: &crate::points::Categorical| column.codes.get(i).map_or("?", |_| column.get(i)).to_owned();
    let resid = atoms.resid.get(i).map_or(String::new(), |r| format!(" {r}"));
    let atom =
        format!("atom `{}` (element `{}`) of {}{resid}", of(&atoms.name), of(&atoms.element), of(&atoms.resname));
    let way_out = if problem.starts_with("has the charge") {
        "take --weights positive-charge or negative-charge, one sign at a time"
    } else {
        "choose other atoms or other --weights"
    };
    Error::input(name, format!("{atom} {problem}; {way_out}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_chosen_as_python_slices() {
        // Recorded from Python: list(range(5))[slice].
        for (text, expected) in [
            (":", vec![0, 1, 2, 3, 4]),
            ("1:", vec![1, 2, 3, 4]),
            (":-1", vec![0, 1, 2, 3]),
            ("::2", vec![0, 2, 4]),
            ("-2:", vec![3, 4]),
            ("1:4:2", vec![1, 3]),
            ("::-2", vec![4, 2, 0]),
            ("3:0:-1", vec![3, 2, 1]),
            ("-1::-3", vec![4, 1]),
            ("9:", vec![]),
            ("3:1", vec![]),
            ("-99:99", vec![0, 1, 2, 3, 4]),
            ("2", vec![2]),
            ("-1", vec![4]),
            ("5", vec![]),
            (":9223372036854775807:9223372036854775807", vec![0]),
        ] {
            assert_eq!(text.parse::<FrameRange>().unwrap().of(5), expected, "{text}");
        }
        for text in ["", "a", "1:2:0", "1:2:3:4", "1.5"] {
            assert!(text.parse::<FrameRange>().is_err(), "{text}");
        }
    }

    /// Two frames: rows 0-3 of which row 1 has no position, and rows 4-6.
    fn parsed() -> Parsed {
        let mut rows = Rows::default();
        let mut parsed = Parsed { starts: vec![0], row_starts: vec![0], dimensions: 3, ..Parsed::default() };
        for x in [0.0, f64::NAN, 2.0, 3.0] {
            rows.push(glam::DVec3::splat(x), 2);
        }
        parsed.starts.push(rows.positions.len());
        parsed.row_starts.push(rows.len());
        for x in [4.0, 5.0, 6.0] {
            rows.push(glam::DVec3::splat(x), 0);
        }
        rows.finish(&mut parsed, line);
        parsed
    }

    fn xs(input: &PointInput) -> Vec<f64> {
        input.cloud.positions.iter().map(|p| p.x).collect()
    }

    #[test]
    fn the_first_chosen_frame_is_read_and_its_rows_are_known() {
        let input = choose(parsed(), &ReadOptions::default(), "f").unwrap();
        assert_eq!((xs(&input), input.frames, input.rows, input.dropped), (vec![0.0, 2.0, 3.0], 2, 4, 1));
        assert_eq!(input.row_of_point, Some(vec![0, 2, 3]));
        assert_eq!(input.warnings.len(), 1);
        assert!(input.warnings[0].starts_with("1 of 4 rows left out") && input.warnings[0].contains("line 2"));
        let second = ReadOptions { frames: "1".parse().unwrap(), ..ReadOptions::default() };
        let input = choose(parsed(), &second, "f").unwrap();
        assert_eq!((xs(&input), input.row_of_point.clone(), input.warnings.len()), (vec![4.0, 5.0, 6.0], None, 0));
        assert_eq!(input.frame_numbers, [1]);
    }

    #[test]
    fn pooled_frames_follow_one_another_in_the_order_chosen() {
        let options = ReadOptions { pool: true, frames: "::-1".parse().unwrap(), ..ReadOptions::default() };
        let input = choose(parsed(), &options, "f").unwrap();
        assert_eq!(xs(&input), [4.0, 5.0, 6.0, 0.0, 2.0, 3.0]);
        assert_eq!(
            (input.frame_starts.as_slice(), input.frame_numbers.as_slice()),
            ([0, 3, 6].as_slice(), [1, 0].as_slice())
        );
        assert_eq!(input.row_of_point, Some(vec![0, 1, 2, 3, 5, 6]));
    }

    #[test]
    fn thinning_is_even_and_told() {
        let every = ReadOptions { every: Some(2), ..ReadOptions::default() };
        let input = choose(parsed(), &every, "f").unwrap();
        assert_eq!((xs(&input), input.row_of_point.clone()), (vec![0.0, 3.0], Some(vec![0, 3])));
        assert_eq!(input.notes, ["one point in 2 of 3 is taken"]);
        let most = ReadOptions { max_points: Some(2), ..ReadOptions::default() };
        let input = choose(parsed(), &most, "f").unwrap();
        assert_eq!((xs(&input), input.notes), (vec![0.0, 2.0], vec!["thinned evenly to 2 of 3 points".to_owned()]));
        assert!(choose(parsed(), &ReadOptions { every: Some(0), ..ReadOptions::default() }, "f").is_err());
    }

    #[test]
    fn a_selection_of_a_table_is_refused() {
        let options = ReadOptions { select: Some("name CA".parse().unwrap()), ..ReadOptions::default() };
        let error = choose(parsed(), &options, "f").unwrap_err();
        assert!(matches!(&error, Error::Usage(text) if text.contains("positions only")), "{error}");
    }

    const PDB: &str = "\
        ATOM      1  CA  ALA A   1       1.000   2.000   3.000  0.50 10.00           C  \n\
        ATOM      2  O   ALA A   1       2.000   2.000   3.000  1.00 -5.00           O  \n\
        ATOM      3  BB  LIP A   2       3.000   2.000   3.000              \n";

    fn weights(quantity: &str, select: &str) -> Result<Option<Vec<f64>>> {
        let options = ReadOptions {
            weights: Some(quantity.into()),
            select: Some(select.parse().unwrap()),
            ..ReadOptions::default()
        };
        let parsed = super::super::pdb::parse(PDB.as_bytes(), "t.pdb", &crate::progress::Silent).unwrap();
        choose(parsed, &options, "t.pdb").map(|input| input.cloud.weights)
    }

    #[test]
    fn atoms_are_weighed_by_what_is_known_of_them() {
        assert_eq!(weights("mass", "index 0 1").unwrap(), Some(vec![12.011, 15.999]));
        assert_eq!(weights("atomic-number", "index 0 1").unwrap(), Some(vec![6.0, 8.0]));
        assert_eq!(weights("occupancy", "index 0 1").unwrap(), Some(vec![0.5, 1.0]));
        assert_eq!(weights("bfactor", "index 0").unwrap(), Some(vec![10.0]));
    }

    #[test]
    fn weights_that_cannot_be_are_refused_by_atom() {
        for (quantity, expected) in [
            ("mass", "atom `BB` (element ``) of LIP 2 has an element without known mass"),
            ("occupancy", "atom `BB` (element ``) of LIP 2 has no occupancy"),
            ("bfactor", "atom `O` (element `O`) of ALA 1 has the bfactor -5; weights must be 0 or more"),
            ("charge", "holds no charges"),
            ("positive-charge", "holds no charges"),
            ("colour", "mass, atomic-number, occupancy, bfactor, charge"),
        ] {
            let error = weights(quantity, "all").unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let zero = Parsed { cloud: PointCloud { weights: Some(vec![0.0; 6]), ..parsed().cloud }, ..parsed() };
        let options = ReadOptions { weights: Some("w".into()), ..ReadOptions::default() };
        assert!(choose(zero, &options, "f").unwrap_err().to_string().contains("all chosen points are 0"));
    }

    #[test]
    fn charges_are_weights_one_sign_at_a_time() {
        let text = "ATOM 1 N ALA 1 1 2 3 -0.5 1.8\nATOM 2 CA ALA 1 2 2 3 0.25 2\n";
        let weights = |quantity: &str| {
            let options = ReadOptions { weights: Some(quantity.into()), ..ReadOptions::default() };
            let parsed = super::super::pqr::parse(text.as_bytes(), "t.pqr", &crate::progress::Silent).unwrap();
            choose(parsed, &options, "t.pqr").map(|input| input.cloud.weights.unwrap())
        };
        assert_eq!(weights("positive-charge").unwrap(), [0.0, 0.25]);
        assert_eq!(weights("negative-charge").unwrap(), [0.5, 0.0]);
        let error = weights("charge").unwrap_err().to_string();
        assert!(error.contains("`N`") && error.contains("the charge -0.5") && error.contains("positive-charge"));
        assert!(weights("occupancy").unwrap_err().to_string().contains("holds no occupancy"));
    }

    #[test]
    fn what_a_selection_asks_of_a_format_that_lacks_it_is_told() {
        let read = |select: &str| {
            let text = "2\n\nH 1 2 3\nO 2 2 3\n";
            let options = ReadOptions { select: Some(select.parse().unwrap()), ..ReadOptions::default() };
            let parsed = super::super::xyz::parse(text.as_bytes(), "t.xyz", &crate::progress::Silent).unwrap();
            choose(parsed, &options, "t.xyz")
        };
        let input = read("element H or chain A and not water").unwrap();
        assert_eq!(
            input.warnings,
            ["xyz has no chains and no residue names, which --select asks for: they choose nothing"]
        );
        let error = read("protein").unwrap_err().to_string();
        assert!(error.contains("chooses none of 2 atoms; this file has no residue names"), "{error}");
        assert!(read("element H").unwrap().warnings.is_empty());
    }
}
