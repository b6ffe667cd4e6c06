//! LAMMPS dumps: items of time step, number of atoms, box and atoms; frame after frame.
//!
//! Which columns there are is told by `ITEM: ATOMS`. Positions are `x y z`, unwrapped (`xu`), scaled by
//! the box (`xs`) or both (`xsu`). Where no units are stated they are taken as angstrom (real and metal).

use glam::DVec3;

use super::ANGSTROM_PER_NM;
use super::atoms::{AtomBuilder, Attributes, Record};
use super::cell;
use super::choose::Parsed;
use super::declare::Conversion;
use super::lines::{Lines, count, number, shown, words};
use crate::error::{Error, Result};
use crate::progress::Progress;

/// Lines between two looks at whether to stop.
const CHECK_EVERY: u64 = 1 << 16;
/// Names of positions along x, and whether they are scaled by the box; the first that is there is taken.
const POSITIONS: [([&[u8]; 3], bool); 4] = [
    ([b"x", b"y", b"z"], false),
    ([b"xu", b"yu", b"zu"], false),
    ([b"xs", b"ys", b"zs"], true),
    ([b"xsu", b"ysu", b"zsu"], true),
];

/// Whether a text is a dump.
pub(super) fn is_dump(head: &[u8]) -> bool {
    head.starts_with(b"ITEM: TIMESTEP") || head.starts_with(b"ITEM: UNITS") || head.starts_with(b"ITEM: TIME")
}

/// Reads all frames.
///
/// # Errors
/// [`Error::Input`] with the line, [`Error::Interrupted`].
pub(super) fn parse(bytes: &[u8], name: &str, progress: &dyn Progress) -> Result<Parsed> {
    let attributes = Attributes { charges: false, ..Attributes::default() };
    let mut reader = Reader { atoms: AtomBuilder::new(attributes), scale: 1.0, ..Reader::default() };
    let mut lines = Lines::new(bytes);
    while let Some((number, line)) = lines.find(|(_, line)| !line.trim_ascii().is_empty()) {
        match reader.item(number, line, &mut lines, progress) {
            Ok(()) => {}
            Err(Stop::Interrupted) => return Err(Error::Interrupted),
            Err(Stop::Cut(problem)) if reader.atoms.frames() > 0 => {
                let whole = reader.atoms.frames();
                reader.warnings.push(format!("line {number} {problem}: only the {whole} frames before it are read"));
                break;
            }
            Err(Stop::Wrong(line, problem)) => return Err(Error::line(name, line, problem)),
            Err(Stop::Cut(problem)) => return Err(Error::line(name, number, problem)),
        }
    }
    if reader.atoms.frames() == 0 {
        return Err(Error::input(name, "holds no `ITEM: ATOMS`; no points to read"));
    }
    Ok(reader.finish())
}

/// Why reading ends early.
enum Stop {
    Interrupted,
    Wrong(u64, String),
    /// The file ends within a frame.
    Cut(String),
}

#[derive(Default)]
struct Reader {
    atoms: AtomBuilder,
    /// Angstrom in a unit of the file.
    scale: f64,
    units: Option<String>,
    /// Of the frame that is read.
    announced: Option<usize>,
    origin: DVec3,
    edges: Option<[DVec3; 3]>,
    cells: Vec<Option<[f64; 6]>>,
    /// Whether a box was told to be turned.
    has_turned: bool,
    /// Frames whose atoms did not stand in the order of their ids.
    sorted: usize,
    warnings: Vec<String>,
}

/// Where the columns that are used stand.
struct Columns {
    count: usize,
    position: [usize; 3],
    is_scaled: bool,
    element: Option<usize>,
    kind: Option<usize>,
    id: Option<usize>,
}

impl Reader {
    fn item(&mut self, at: u64, line: &[u8], lines: &mut Lines, progress: &dyn Progress) -> Result<(), Stop> {
        let item = line.strip_prefix(b"ITEM: ").ok_or_else(|| {
            let problem = format!("is `{}`, an ITEM is expected; has the frame more lines than it says?", shown(line));
            Stop::Wrong(at, problem)
        })?;
        if let Some(columns) = item.strip_prefix(b"ATOMS") {
            return self.frame(at, columns, lines, progress);
        }
        if let Some(kind) = item.strip_prefix(b"BOX BOUNDS") {
            return self.cell(kind, lines);
        }
        let (number, value) = lines.next().ok_or_else(|| Stop::Cut("is the last line; the file is cut".into()))?;
        if item.starts_with(b"NUMBER OF ATOMS") {
            let atoms = count(value);
            let problem = || Stop::Wrong(number, format!("is `{}`, the number of atoms is expected", shown(value)));
            self.announced = Some(atoms.ok_or_else(problem)?);
        } else if item.starts_with(b"UNITS") {
            self.units = Some(String::from_utf8_lossy(value.trim_ascii()).into_owned());
            self.scale = if value.trim_ascii() == b"nano" { ANGSTROM_PER_NM } else { 1.0 };
        }
        Ok(())
    }

    /// The box: lowest and highest coordinate of each axis, with tilts where it is triclinic.
    fn cell(&mut self, kind: &[u8], lines: &mut Lines) -> Result<(), Stop> {
        let is_general = words(kind).next() == Some(b"abc");
        let mut rows = [[0.0; 4]; 3];
        for row in &mut rows {
            let (at, line) = lines.next().ok_or_else(|| Stop::Cut("ends within the box; the file is cut".into()))?;
            let numbers: Option<Vec<f64>> = words(line).map(number).collect();
            let is_right = |n: usize| if is_general { n == 4 } else { matches!(n, 2 | 3) };
            let numbers = numbers.filter(|n| is_right(n.len()) && n.iter().all(|v| v.is_finite()));
            let numbers = numbers.ok_or_else(|| {
                let expected = if is_general { "four numbers" } else { "two or three numbers" };
                Stop::Wrong(at, format!("is `{}`, {expected} of the box are expected", shown(line)))
            })?;
            row[..numbers.len()].copy_from_slice(&numbers);
        }
        if is_general {
            // An edge a line, and the origin in the fourth column.
            self.origin = DVec3::from_array(rows.map(|r| r[3]));
            self.edges = Some(rows.map(|r| DVec3::new(r[0], r[1], r[2])));
            return Ok(());
        }
        let is_tilted = kind.windows(2).any(|w| w == b"xy");
        let [xy, xz, yz] = if is_tilted { rows.map(|r| r[2]) } else { [0.0; 3] };
        // The bounds are those of the box around the tilted one.
        let low = DVec3::new(rows[0][0] - 0.0f64.min(xy).min(xz).min(xy + xz), rows[1][0] - yz.min(0.0), rows[2][0]);
        let high = DVec3::new(rows[0][1] - 0.0f64.max(xy).max(xz).max(xy + xz), rows[1][1] - yz.max(0.0), rows[2][1]);
        let size = high - low;
        self.origin = low;
        self.edges = Some([DVec3::new(size.x, 0.0, 0.0), DVec3::new(xy, size.y, 0.0), DVec3::new(xz, yz, size.z)]);
        Ok(())
    }

    fn frame(&mut self, at: u64, columns: &[u8], lines: &mut Lines, progress: &dyn Progress) -> Result<(), Stop> {
        let atoms = self.announced.take().ok_or_else(|| {
            Stop::Wrong(at, "atoms come before `ITEM: NUMBER OF ATOMS`, which tells how many there are".into())
        })?;
        let left = lines.left(atoms);
        if left < atoms {
            return Err(Stop::Cut(format!("is followed by {left} of {atoms} atoms; the file is cut")));
        }
        let columns = Columns::of(columns).map_err(|problem| Stop::Wrong(at, problem))?;
        if columns.is_scaled && self.edges.is_none() {
            return Err(Stop::Wrong(at, "positions are scaled by the box, but no box is stated".into()));
        }
        self.atoms.begin_frame();
        self.push_cell(at);
        for (number, line) in self.by_id(&columns, lines.take(atoms), atoms) {
            self.atom(&columns, line, number).map_err(|problem| Stop::Wrong(number, problem))?;
            if number.is_multiple_of(CHECK_EVERY) && progress.is_cancelled() {
                return Err(Stop::Interrupted);
            }
        }
        if progress.is_cancelled() { Err(Stop::Interrupted) } else { Ok(()) }
    }

    /// The cell of a frame. Lengths and angles tell no direction, so that one turned away from x is left out.
    fn push_cell(&mut self, at: u64) {
        let edges = self.edges.map(|e| e.map(|v| v * self.scale));
        if edges.as_ref().is_some_and(cell::is_turned) && !self.has_turned {
            self.has_turned = true;
            let told = "the box is turned away from the axes; it places scaled positions, but is not kept as a cell";
            self.warnings.push(format!("line {at}: {told}"));
        }
        self.cells.push(edges.and_then(cell::upright));
    }

    /// The lines of a frame in the order of their ids, which differs from frame to frame in what LAMMPS writes; as
    /// they stand if an id is missing.
    fn by_id<'t>(
        &mut self,
        columns: &Columns,
        lines: impl Iterator<Item = (u64, &'t [u8])>,
        atoms: usize,
    ) -> Vec<(u64, &'t [u8])> {
        let mut rows = Vec::with_capacity(atoms);
        rows.extend(lines);
        let Some(column) = columns.id else { return rows };
        let id = |line: &[u8]| words(line).nth(column).and_then(count);
        let ids: Option<Vec<usize>> = rows.iter().map(|(_, line)| id(line)).collect();
        let Some(ids) = ids.filter(|ids| !ids.is_sorted()) else { return rows };
        self.sorted += 1;
        let mut keyed: Vec<(usize, (u64, &[u8]))> = ids.into_iter().zip(rows).collect();
        keyed.sort_by_key(|(id, _)| *id);
        keyed.into_iter().map(|(_, row)| row).collect()
    }

    fn atom(&mut self, columns: &Columns, line: &[u8], line_number: u64) -> Result<(), String> {
        let mut fields = 0;
        let (mut position, mut element, mut kind) = ([&b""[..]; 3], &b""[..], &b""[..]);
        for (i, word) in words(line).enumerate() {
            fields += 1;
            if let Some(axis) = columns.position.iter().position(|c| *c == i) {
                position[axis] = word;
            }
            if columns.element == Some(i) {
                element = word;
            }
            if columns.kind == Some(i) {
                kind = word;
            }
        }
        if fields != columns.count {
            return Err(format!("has {fields} fields, {} are expected as `ITEM: ATOMS` says", columns.count));
        }
        let mut at = DVec3::ZERO;
        for (axis, text) in position.into_iter().enumerate() {
            at[axis] =
                number(text).ok_or_else(|| format!("{} is `{}`, no number", ["x", "y", "z"][axis], shown(text)))?;
        }
        if let Some([a, b, c]) = self.edges.filter(|_| columns.is_scaled) {
            at = self.origin + a * at.x + b * at.y + c * at.z;
        }
        let name = if element.is_empty() { kind } else { element };
        self.atoms.push(&Record { position: at * self.scale, name, element, ..Record::default() }, line_number);
        Ok(())
    }

    fn finish(self) -> Parsed {
        let mut parsed = self.atoms.finish("lammps dump");
        parsed.cells = self.cells;
        parsed.warnings.extend(self.warnings);
        if self.sorted > 0 {
            parsed.notes.push("atoms are taken in the order of their ids, not of their lines".into());
        }
        match self.units.as_deref() {
            Some("real" | "metal") => {}
            Some("nano") => parsed.conversion = Some(Conversion::NANOMETRES),
            Some(units) => {
                parsed.cloud.unit = None;
                parsed
                    .notes
                    .push(format!("lengths are in the units `{}`; --unit declares one", shown(units.as_bytes())));
            }
            None => parsed.notes.push(
                "no units are stated; angstrom is assumed (LAMMPS units real and metal), --unit declares another"
                    .into(),
            ),
        }
        parsed
    }
}

impl Columns {
    fn of(names: &[u8]) -> Result<Self, String> {
        let names: Vec<&[u8]> = words(names).collect();
        let at = |wanted: &[u8]| names.iter().position(|n| *n == wanted);
        let found = POSITIONS.iter().find_map(|(axes, is_scaled)| {
            let [x, y, z] = axes.map(at);
            Some(([x?, y?, z?], *is_scaled))
        });
        let (position, is_scaled) = found.ok_or_else(|| {
            let there = names.iter().map(|n| format!("`{}`", shown(n))).collect::<Vec<_>>().join(", ");
            format!("has the columns {there}; x y z, xu yu zu, xs ys zs or xsu ysu zsu are expected")
        })?;
        Ok(Self { count: names.len(), position, is_scaled, element: at(b"element"), kind: at(b"type"), id: at(b"id") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::LengthUnit;
    use crate::progress::Silent;

    fn frame(step: u32, bounds: &str, atoms: &str) -> String {
        let count = atoms.lines().count() - 1;
        format!(
            "ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{count}\nITEM: BOX BOUNDS {bounds}\nITEM: ATOMS {atoms}\n"
        )
    }

    const CUBE: &str = "pp pp pp\n-1 9\n0 20\n0 30";

    fn read(text: &str) -> Result<Parsed> {
        parse(text.as_bytes(), "t.dump", &Silent)
    }

    #[test]
    fn frames_have_their_own_numbers_of_atoms_columns_and_boxes() {
        let text = frame(0, CUBE, "id type x y z\n1 1 1 2 3\n2 2 4 5 6") + &frame(5, CUBE, "x y z element\n7 8 9 O");
        let parsed = read(&text).unwrap();
        assert_eq!((parsed.starts, parsed.cells[1]), (vec![0, 2, 3], Some([10.0, 20.0, 30.0, 90.0, 90.0, 90.0])));
        assert_eq!(parsed.cloud.positions[1], DVec3::new(4.0, 5.0, 6.0));
        let atoms = parsed.cloud.atoms.unwrap();
        assert_eq!((atoms.name.get(1), atoms.element.get(2)), ("2", "O"));
        assert_eq!(parsed.cloud.unit, Some(LengthUnit::Angstrom));
    }

    #[test]
    fn scaled_positions_are_placed_in_the_box() {
        let cube = read(&frame(0, CUBE, "xs ys zs\n0.5 0.25 1")).unwrap();
        assert_eq!(cube.cloud.positions, [DVec3::new(4.0, 5.0, 30.0)]);
        // Tilts 2, 1 and 3 of a box of 10 x 20 x 30 from the origin.
        let tilted = "xy xz yz pp pp pp\n0 13 2\n0 23 1\n0 30 3";
        let parsed = read(&frame(0, tilted, "xsu ysu zsu\n1 1 1")).unwrap();
        assert_eq!(parsed.cloud.positions, [DVec3::new(13.0, 23.0, 30.0)]);
        let cell = parsed.cells[0].unwrap();
        assert!((cell[0] - 10.0).abs() < 1e-12 && (cell[1] - (404f64).sqrt()).abs() < 1e-12, "{cell:?}");
    }

    #[test]
    fn atoms_come_in_the_order_of_their_ids_and_this_is_told() {
        let text = frame(0, CUBE, "id x y z\n10 1 2 3\n9 4 5 6") + &frame(1, CUBE, "id x y z\n9 7 5 6\n10 8 2 3");
        let parsed = read(&text).unwrap();
        let xs: Vec<f64> = parsed.cloud.positions.iter().map(|p| p.x).collect();
        assert_eq!(xs, [4.0, 1.0, 7.0, 8.0]);
        assert!(parsed.notes.iter().any(|n| n.contains("order of their ids")), "{:?}", parsed.notes);
        let in_order = read(&frame(0, CUBE, "id x y z\n1 1 2 3\n2 4 5 6")).unwrap();
        assert!(!in_order.notes.iter().any(|n| n.contains("ids")));
        // An id that is no number sorts nothing.
        assert_eq!(read(&frame(0, CUBE, "id x y z\nb 1 2 3\n1 4 5 6")).unwrap().cloud.positions[0].x, 1.0);
    }

    #[test]
    fn a_general_box_has_edges_and_an_origin() {
        let read_box = |rows: &str, atoms: &str| read(&frame(0, &format!("abc origin\n{rows}"), atoms)).unwrap();
        let upright = read_box("10 0 0 1\n2 20 0 2\n1 3 30 3", "xs ys zs\n0.5 1 1");
        assert_eq!(upright.cloud.positions, [DVec3::new(1.0 + 5.0 + 3.0, 2.0 + 23.0, 3.0 + 30.0)]);
        assert!((upright.cells[0].unwrap()[1] - 404f64.sqrt()).abs() < 1e-12);
        let turned = read_box("0 10 0 0\n-20 0 0 0\n0 0 30 0", "xs ys zs\n1 0 0");
        assert_eq!((turned.cloud.positions[0], turned.cells[0]), (DVec3::new(0.0, 10.0, 0.0), None));
        assert!(turned.warnings[0].contains("line 9: the box is turned"), "{:?}", turned.warnings);
    }

    #[test]
    fn stated_units_are_kept_and_others_are_not_called_angstrom() {
        let with = |units: &str| read(&format!("ITEM: UNITS\n{units}\n{}", frame(0, CUBE, "x y z\n1 2 3"))).unwrap();
        assert_eq!(with("nano").cloud.positions[0].x, 10.0);
        assert_eq!((with("lj").cloud.unit, with("metal").cloud.unit), (None, Some(LengthUnit::Angstrom)));
    }

    #[test]
    fn cuts_and_damage_are_told() {
        let whole = frame(0, CUBE, "x y z\n1 2 3\n1 2 3") + &frame(1, CUBE, "x y z\n1 2 3\n1 2 3");
        let cut = read(&whole[..whole.len() - 7]).unwrap();
        assert!(
            cut.warnings[0].contains("followed by 1 of 2 atoms; the file is cut: only the 1 frames"),
            "{:?}",
            cut.warnings
        );
        for (text, expected) in [
            (frame(0, CUBE, "id q\n1 2"), "t.dump:9: has the columns `id`, `q`; x y z"),
            (frame(0, CUBE, "x y z\n1 2"), "t.dump:10: has 2 fields, 3"),
            (frame(0, CUBE, "x y z\n1 2 a"), "t.dump:10: z is `a`"),
            (frame(0, "pp pp pp\n0 1\n0 a\n0 1", "x y z\n1 2 3"), "t.dump:7: is `0 a`"),
            (
                "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n100000000000\nITEM: ATOMS x y z\n1 2 3\n".into(),
                "1 of 100000000000",
            ),
            ("ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n-3\n".into(), "t.dump:4: is `-3`"),
        ] {
            let error = read(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
