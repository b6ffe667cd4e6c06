//! Long texts of many frames (PDB, mmCIF, GRO, XYZ, LAMMPS dumps): where each frame stands is found once, and the lines
//! of one frame at a time are read.

mod cif;

use std::io::{BufRead, BufReader, Read};
use std::ops::Range;

use super::store::{Store, Stream};
use crate::error::{Error, Result};
use crate::io::choose::{self, Parsed};
use crate::io::gro;
use crate::io::lines::count;
use crate::io::sniff::Format;
use crate::io::{Contents, PointInput, ReadOptions, Source, parse};
use crate::progress::{Progress, Silent};

/// From this length on a text is read a frame at a time.
pub(super) const LONG: u64 = 16 << 20;
const PIECE: usize = 1 << 20;
/// Lines between two looks at whether to stop.
const CHECK_EVERY: u64 = 1 << 16;

/// The frames of a text, of which only the one that is asked for is in memory.
#[derive(Debug)]
pub(super) struct Text {
    store: Store,
    format: Format,
    source: Source,
    places: Vec<Place>,
    /// As [`PointInput::format`].
    pub(super) name: &'static str,
    pub(super) notes: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// Where a frame stands.
#[derive(Debug, Clone)]
struct Place {
    range: Range<u64>,
    /// The number of its first line, less the lines before it that hold for it too: lines counted from those are then
    /// right.
    line: u64,
    atoms: usize,
    /// Lines before it that hold for it too: the cell of a PDB, the units of a dump, the tags of mmCIF.
    before: Vec<Range<u64>>,
}

impl Text {
    /// Finds the frames of a long text; `None` if it holds what only reading it whole explains, or is of another format.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Interrupted`], and what the first frame gives.
    pub(super) fn open(
        store: Store,
        format: Format,
        source: &Source,
        options: &ReadOptions,
        progress: &dyn Progress,
    ) -> Result<Option<Self>> {
        progress.begin("finding frames", store.len());
        let mut scan = Scan::new(&store, progress);
        let found = match format {
            Format::Xyz => counted(&mut scan, true)?,
            Format::Gro => counted(&mut scan, false)?,
            Format::Lammps => dump(&mut scan)?,
            Format::Pdb => pdb(&mut scan)?,
            Format::Mmcif => cif::frames(&mut scan)?,
            _ => None,
        };
        let Some(places) = found.filter(|places| !places.is_empty()) else { return Ok(None) };
        let (mut warnings, mut notes) = (scan.warnings, Vec::new());
        let atoms = || places.iter().map(|place| place.atoms);
        let (least, most) = (atoms().min().unwrap_or(0), atoms().max().unwrap_or(0));
        if least != most {
            let told = format!("the frames have different numbers of atoms, {least} to {most}");
            let has_residues = matches!(format, Format::Pdb | Format::Mmcif | Format::Gro);
            if has_residues { warnings.push(told) } else { notes.push(told) }
        }
        let mut text = Self { store, format, source: source.clone(), places, name: "", notes, warnings };
        let first = text.parsed(0, options)?;
        choose::refuse_topology(&first, options, &source.to_string())?;
        text.name = first.format;
        text.notes.splice(0..0, first.notes);
        text.warnings.splice(0..0, first.warnings);
        Ok(Some(text))
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The name of frame `k` in messages, which count lines within it.
    fn name_of(&self, k: usize) -> String {
        format!("{}, frame {k}, in its lines from line {} on", self.source, self.places[k].line)
    }

    /// Frame `k` with all its points.
    fn parsed(&self, k: usize, options: &ReadOptions) -> Result<Parsed> {
        let Place { range, before, .. } = &self.places[k];
        let mut bytes = Vec::new();
        for part in before.iter().chain([range]) {
            bytes.extend(self.store.read(part.start, part.end - part.start)?);
        }
        let named = Source::Path(self.name_of(k).into());
        match parse(&bytes, self.format, &named, options, &Silent)? {
            Contents::Points(parsed) => Ok(*parsed),
            Contents::Volume(_) => unreachable!("a structure holds no volume"),
        }
    }

    /// Frame `k`, of which the chosen points are kept.
    pub(super) fn frame(&self, k: usize, options: &ReadOptions) -> Result<super::Frame> {
        let frame = choose::frame(&self.parsed(k, options)?, 0, options, &self.name_of(k))?;
        Ok(super::Frame { number: k, ..frame })
    }

    /// The first chosen frame.
    pub(super) fn into_input(self, options: &ReadOptions) -> Result<PointInput> {
        let chosen = choose::frames(options, self.len(), &self.source.to_string())?[0];
        let mut parsed = self.parsed(chosen, options)?;
        let is_new = |told: &String, all: &[String]| !all.contains(told);
        let (notes, warnings) = (std::mem::take(&mut parsed.notes), std::mem::take(&mut parsed.warnings));
        parsed.notes = self.notes.clone();
        parsed.notes.extend(notes.into_iter().filter(|note| is_new(note, &self.notes)));
        parsed.warnings = self.warnings.clone();
        parsed.warnings.extend(warnings.into_iter().filter(|warning| is_new(warning, &self.warnings)));
        let one = ReadOptions { frames: crate::io::FrameRange::default(), ..options.clone() };
        let input = choose::choose(parsed, &one, &self.name_of(chosen))?;
        Ok(PointInput { frames: self.len(), frame_numbers: vec![chosen], ..input })
    }
}

/// The lines of a store, of which one at a time is in memory.
struct Scan<'a> {
    reader: BufReader<Stream<&'a Store>>,
    progress: &'a dyn Progress,
    line: Vec<u8>,
    /// Where the line begins and ends, and its number from 1.
    begin: u64,
    end: u64,
    number: u64,
    /// A line ends within, or does not end in a piece: then lines are not what they are elsewhere.
    is_odd: bool,
    warnings: Vec<String>,
}

impl<'a> Scan<'a> {
    fn new(store: &'a Store, progress: &'a dyn Progress) -> Self {
        let reader = BufReader::with_capacity(PIECE, Stream { store, at: 0 });
        Self { reader, progress, line: Vec::new(), begin: 0, end: 0, number: 0, is_odd: false, warnings: Vec::new() }
    }

    /// Goes to the next line; false at the end.
    fn next(&mut self) -> Result<bool> {
        self.line.clear();
        self.begin = self.end;
        let len = self.reader.by_ref().take(PIECE as u64).read_until(b'\n', &mut self.line);
        let len = len.map_err(|e| Error::Data(format!("the file cannot be read on: {e}")))?;
        self.end += len as u64;
        self.number += 1;
        let text = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        self.is_odd |= len == PIECE || memchr::memchr(b'\r', text).is_some();
        self.progress.advance(len as u64);
        if self.number.is_multiple_of(CHECK_EVERY) {
            self.progress.check()?;
        }
        Ok(len > 0)
    }

    /// Goes on by `lines`; the number of those that are there.
    fn skip(&mut self, lines: usize) -> Result<usize> {
        for done in 0..lines {
            if self.is_odd || !self.next()? {
                return Ok(done);
            }
        }
        Ok(lines)
    }

    /// Goes on to the next line that is not blank; false at the end.
    fn next_filled(&mut self) -> Result<bool> {
        while self.next()? {
            if !self.line.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_item(&self, item: &[u8]) -> bool {
        self.line.strip_prefix(b"ITEM: ").is_some_and(|rest| rest.starts_with(item))
    }

    /// Tells that the file ends within a frame; its frames before it are read.
    fn cut(&mut self, places: Vec<Place>, line: u64) -> Option<Vec<Place>> {
        let whole = places.len();
        self.warnings.push(gro::cut(line, whole));
        Some(places)
    }
}

/// Frames that state their number of atoms: XYZ, and GRO with a title before it.
fn counted(scan: &mut Scan, is_xyz: bool) -> Result<Option<Vec<Place>>> {
    let mut places = Vec::new();
    while if is_xyz { scan.next_filled()? } else { scan.next()? } {
        let (begin, line, is_blank) = (scan.begin, scan.number, scan.line.trim_ascii().is_empty());
        if !is_xyz && !scan.next()? {
            return Ok(match (is_blank, places.is_empty()) {
                (true, _) => Some(places),
                (false, true) => None,
                (false, false) => scan.cut(places, line),
            });
        }
        let Some(atoms) = count(&scan.line) else {
            // Blank lines at the end; anything else is explained by reading all.
            let is_end = is_blank && scan.line.trim_ascii().is_empty() && !scan.next_filled()?;
            return Ok(is_end.then_some(places));
        };
        // The comment of XYZ, the box of GRO.
        let there = scan.skip(atoms.saturating_add(1))?;
        if scan.is_odd {
            return Ok(None);
        }
        if there < atoms || is_xyz && there == atoms {
            return Ok(if places.is_empty() { None } else { scan.cut(places, line) });
        }
        places.push(Place { range: begin..scan.end, line, atoms, before: Vec::new() });
    }
    Ok(Some(places))
}

/// Frames of a LAMMPS dump: each ends after its atoms.
fn dump(scan: &mut Scan) -> Result<Option<Vec<Place>>> {
    let mut places: Vec<Place> = Vec::new();
    let (mut begin, mut announced, mut units) = (None, None, 0..0);
    while scan.next_filled()? {
        let (start, line) = *begin.get_or_insert((scan.begin, scan.number));
        if scan.is_odd || !scan.line.starts_with(b"ITEM: ") {
            return Ok(None);
        }
        let is_atoms = scan.is_item(b"ATOMS");
        let (is_count, is_units, is_box) =
            (scan.is_item(b"NUMBER OF ATOMS"), scan.is_item(b"UNITS"), scan.is_item(b"BOX BOUNDS"));
        let at = scan.begin;
        let lines = match (is_atoms, announced) {
            (true, None) => return Ok(None),
            (true, Some(atoms)) => atoms,
            _ => {
                if is_box {
                    3
                } else {
                    1
                }
            }
        };
        if scan.skip(lines)? < lines {
            return Ok(if places.is_empty() || scan.is_odd { None } else { scan.cut(places, line) });
        }
        if is_count {
            announced = Some(match count(&scan.line) {
                Some(atoms) => atoms,
                None => return Ok(None),
            });
        } else if is_units {
            units = at..scan.end;
        } else if is_atoms {
            let is_here = units.is_empty() || units.start >= start;
            let (before, header) = if is_here { (Vec::new(), 0) } else { (vec![units.clone()], 2) };
            places.push(Place { range: start..scan.end, line: line - header, atoms: lines, before });
            (begin, announced) = (None, None);
        }
    }
    match begin {
        Some((_, line)) if !places.is_empty() => Ok(scan.cut(places, line)),
        Some(_) => Ok(None),
        None => Ok(Some(places)),
    }
}

/// Frames of a PDB: models, or what END parts.
fn pdb(scan: &mut Scan) -> Result<Option<Vec<Place>>> {
    let mut places: Vec<Place> = Vec::new();
    let (mut is_open, mut is_model_empty, mut empty, mut models) = (false, false, 0, 0);
    let mut cell = 0..0;
    while scan.next()? {
        let line = scan.line.as_slice();
        if scan.is_odd || line.starts_with(b" ") && line.trim_ascii_start().starts_with(b"ATOM") {
            return Ok(None);
        }
        if line.starts_with(b"ATOM") || line.starts_with(b"HETATM") {
            if !is_open {
                let before = if cell.is_empty() { Vec::new() } else { vec![cell.clone()] };
                let line = scan.number - before.len() as u64;
                places.push(Place { range: scan.begin..0, line, atoms: 0, before });
            }
            (is_open, is_model_empty) = (true, false);
            if let Some(place) = places.last_mut() {
                place.range.end = scan.end;
                place.atoms += 1;
            }
        } else if line.starts_with(b"MODEL") || line.starts_with(b"ENDMDL") {
            empty += usize::from(is_model_empty);
            is_model_empty = line.starts_with(b"MODEL");
            models += usize::from(is_model_empty);
            is_open = false;
        } else if line.starts_with(b"CRYST1") {
            cell = scan.begin..scan.end;
        } else {
            is_open &= line.trim_ascii_end() != b"END" && !line.starts_with(b"END ");
        }
    }
    if empty > 0 {
        scan.warnings.push(format!("{empty} of {models} models have no atoms and are left out"));
    }
    Ok(Some(places))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::Trajectory;

    fn open(text: &str, format: Format) -> Option<Text> {
        let (store, source) = (Store::Memory(text.as_bytes().to_vec()), Source::Path("t".into()));
        Text::open(store, format, &source, &ReadOptions::default(), &Silent).unwrap()
    }

    /// The same frames as reading all gives.
    fn check(text: &str, format: Format, frames: usize) -> Text {
        let found = open(text, format).unwrap();
        assert_eq!(found.len(), frames);
        let source = Source::Path("t".into());
        let Contents::Points(all) = parse(text.as_bytes(), format, &source, &ReadOptions::default(), &Silent).unwrap()
        else {
            panic!("a volume")
        };
        for k in 0..frames {
            let options = ReadOptions::default();
            let (one, other) = (found.frame(k, &options).unwrap(), choose::frame(&all, k, &options, "t").unwrap());
            assert_eq!(format!("{:?}", one.cloud), format!("{:?}", other.cloud), "frame {k}");
            assert_eq!((one.number, one.cell, one.rows, one.dropped), (k, other.cell, other.rows, other.dropped));
        }
        found
    }

    #[test]
    fn frames_are_those_of_reading_all() {
        check("1\na\nC 0 0 0\n\n2\nLattice=\"2 0 0 0 3 0 0 0 4\"\nC 1 2 3\nO nan 5 6\n", Format::Xyz, 2);
        let gro = "t\n1\n    1SOL     OW    1   0.230   0.628   0.113\n 1 2 3\n";
        check(&format!("{gro}{}\n\n", gro.replace(".230", ".330").replace(" 1 2 3", " 4 5 6")), Format::Gro, 2);
        let atom = "ATOM      2  CA AALA A  10A     11.639   6.071  -5.147  0.50 12.34           C  \n";
        let (cell, other) = (
            "CRYST1   10.000   20.000   30.000  90.00  90.00  90.00\n",
            "CRYST1   11.000   20.000   30.000  90.00  90.00  90.00\n",
        );
        check(
            &format!(
                "{cell}MODEL 1\n{atom}ENDMDL\nMODEL 2\n{atom}{atom}TER\nENDMDL\n{other}MODEL 3\n{atom}ENDMDL\nEND\n"
            ),
            Format::Pdb,
            3,
        );
        check(&format!("{atom}END\n{other}{atom}END\r\n"), Format::Pdb, 2);
        let (tags, row) = (
            "_atom_site.group_PDB\n_atom_site.label_atom_id\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n\
             _atom_site.Cartn_z\n_atom_site.pdbx_PDB_model_num\n",
            |name: &str, model: u8| format!("ATOM {name} 1.5 {model} ? {model}\nATOM C -2 0.25 3.5 {model}\n"),
        );
        let cell = "_cell.length_a 10\n_cell.length_b 20\n_cell.length_c 30\n_cell.angle_alpha 90\n_cell.angle_beta 90\n\
                    _cell.angle_gamma 90\n";
        let rows = [row("CA", 1), row("\"O5'\"", 2), row("'a b'", 7)].concat();
        let text = format!("data_t\n{cell}_t\n;loop_\n_atom_site.x\n;\nloop_\n{tags}{rows}#\nloop_\n_other.x\n1 2\n");
        check(&text, Format::Mmcif, 3);
        let wrong = open(&text.replace("C -2 0.25 3.5 7", "C -2 0.25 x 7"), Format::Mmcif).unwrap();
        let error = wrong.frame(2, &ReadOptions::default()).unwrap_err().to_string();
        assert!(error.contains("from line 10 on:15: Cartn_z is `x`"), "{error}");
        for odd in [
            text.replace("0.25 3.5 2", "0.25\n3.5 2"),
            text.replace("#", "ATOM"),
            text.replace("ATOM C -2 0.25 3.5 2", "#\nATOM C -2 0.25 3.5 2"),
            text.replace("_other", "_atom_site"),
        ] {
            assert!(open(&odd, Format::Mmcif).is_none());
        }
        let dump = "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS pp pp pp\n0 1\n0 2\n0 3\nITEM: ATOMS x y z\n";
        check(&format!("ITEM: UNITS\nnano\n{dump}1 2 3\n{dump}4 5 6\n"), Format::Lammps, 2);
    }

    #[test]
    fn what_is_cut_or_empty_is_told_and_what_is_wrong_is_left_to_reading_all() {
        let cut = check("1\na\nC 0 0 0\n2\nb\nC 1 2 3\n", Format::Xyz, 1);
        assert_eq!(cut.warnings, ["the frame from line 4 on is cut: only the 1 frames before it are read"]);
        let gro = "t\n1\n    1SOL     OW    1   0.230   0.628   0.113\n 1 2 3\n";
        let cut = check(&format!("{gro}{gro}a title"), Format::Gro, 2);
        assert_eq!(cut.warnings, ["the frame from line 9 on is cut: only the 2 frames before it are read"]);
        assert!(open("1\na\nC 0 0 0\nx\n", Format::Xyz).is_none());
        assert!(open("1\na\rC 0 0 0\nb\n1\n", Format::Xyz).is_none());
        assert!(open("2\na\nC 0 0 0\n", Format::Xyz).is_none());
    }

    #[test]
    fn a_wrong_line_of_a_later_frame_is_named() {
        let text = open("1\na\nC 0 0 0\n1\nb\nC 1 2 x\n", Format::Xyz).unwrap();
        let error = text.frame(1, &ReadOptions::default()).unwrap_err().to_string();
        assert!(error.contains("t, frame 1, in its lines from line 4 on:3: z is `x`"), "{error}");
    }

    #[test]
    fn a_long_file_is_read_a_frame_at_a_time() {
        let path = std::env::temp_dir().join(format!("densitas-long-{}.xyz", std::process::id()));
        let frame = |k: usize| format!("100000\nframe\n{}", format!("C {k} 2.5 3.5 further columns\n").repeat(100_000));
        std::fs::write(&path, (0..8).map(frame).collect::<String>()).unwrap();
        let source = Source::Path(path.clone());
        let trajectory = Trajectory::open(&source, &ReadOptions::default(), &Silent).unwrap();
        assert!(matches!(trajectory.frames, crate::io::trajectory::Frames::Text(_)) && trajectory.len() == 8);
        assert_eq!(trajectory.frame(5).unwrap().cloud.positions[7].x, 5.0);
        let options = ReadOptions { frames: "-1".parse().unwrap(), ..ReadOptions::default() };
        let crate::io::Input::Points(input) = crate::io::read(&source, &options, &Silent).unwrap() else { panic!() };
        assert_eq!((input.frames, input.frame_numbers, input.cloud.positions[0].x), (8, vec![7], 7.0));
        std::fs::remove_file(path).unwrap();
    }
}
