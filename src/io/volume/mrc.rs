//! MRC and CCP4 maps: modes 0, 1, 2, 6, 12 and 101, any order of axes, starts, origin and oblique cells.
//!
//! The header is that of MRC2014 (Cheng et al. 2015, J. Struct. Biol. 192, 146). Positions are in angstrom.
//! A sample lies at ORIGIN where that is given, else at NSTART in the cell, as crystallography has it.

use std::io::{self, Write};

use glam::DVec3;

use super::super::cell;
use super::super::numbers::{Kind, Number};
use super::{Raw, Values, checked_bytes, samples};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::grid::{DensityGrid, Lattice, Sample};

const HEADER: usize = 1024;
/// Two values in a byte, 0 to 15.
const PACKED: i32 = 101;
/// What IMOD writes at byte 152; its bit 0 of the flags then says that bytes are signed.
const IMOD_STAMP: i32 = 1_146_047_817;
/// From here on `ISPG` means a stack of volumes.
const VOLUME_STACK: i32 = 401;

/// Whether the bytes begin with a header of a map: its stamp, or without one sizes and a mode that fit.
pub(in crate::io) fn is_mrc(head: &[u8], is_named_so: bool) -> bool {
    if head.get(208..211) == Some(b"MAP") && head.contains(&0) {
        return true;
    }
    let is_plausible = |is_big| {
        let header = Header { bytes: head, is_big };
        let sides = [0, 1, 2].map(|i| header.int(4 * i));
        header.has_known_mode() && sides.iter().all(|n| (1..=65_536).contains(n))
    };
    is_named_so && head.len() >= HEADER && (is_plausible(false) || is_plausible(true))
}

/// Words of a header.
#[derive(Clone, Copy)]
struct Header<'a> {
    bytes: &'a [u8],
    is_big: bool,
}

impl Header<'_> {
    fn word(self, at: usize) -> [u8; 4] {
        let mut word: [u8; 4] = std::array::from_fn(|i| self.bytes.get(at + i).copied().unwrap_or(0));
        if self.is_big {
            word.reverse();
        }
        word
    }

    fn int(self, at: usize) -> i32 {
        i32::from_le_bytes(self.word(at))
    }

    fn float(self, at: usize) -> f64 {
        f64::from(f32::from_le_bytes(self.word(at)))
    }

    fn ints(self, at: usize) -> [i32; 3] {
        [0, 4, 8].map(|i| self.int(at + i))
    }

    fn floats(self, at: usize) -> DVec3 {
        DVec3::from_array([0, 4, 8].map(|i| self.float(at + i)))
    }

    fn has_known_mode(self) -> bool {
        matches!(self.int(12), 0..=4 | 6 | 12 | PACKED)
    }

    /// As many samples as the header states, if the file is long enough.
    fn number(self, name: &str) -> Result<Option<Number>> {
        let known = |kind, size| Ok(Number::new(kind, size, self.is_big));
        let signed_bytes = self.int(152) != IMOD_STAMP || self.int(156) & 1 == 1;
        match self.int(12) {
            0 if signed_bytes => known(Kind::Signed, 1),
            0 => known(Kind::Unsigned, 1),
            1 => known(Kind::Signed, 2),
            2 => known(Kind::Float, 4),
            6 => known(Kind::Unsigned, 2),
            12 => known(Kind::Float, 2),
            PACKED => Ok(None),
            mode @ (3 | 4) => Err(Error::input(
                name,
                format!("holds complex numbers (mode {mode}), a Fourier transform; give the map in real space"),
            )),
            mode => {
                let problem = format!("byte 12: mode {mode} is not known; modes 0, 1, 2, 6, 12 and 101 are read");
                Err(Error::input(name, format!("{problem}. The file is damaged or no MRC file")))
            }
        }
    }
}

/// Reads a map.
pub(in crate::io) fn parse(bytes: &[u8], name: &str) -> Result<Raw> {
    if bytes.len() < HEADER {
        let problem = format!("ends within the header of {HEADER} bytes, it has {}; fetch it again", bytes.len());
        return Err(Error::input(name, problem));
    }
    let (mut notes, mut warnings) = (Vec::new(), Vec::new());
    let header = byte_order(bytes, &mut warnings);
    let mut shape = sides(header, name)?;
    let data = after_extended_header(bytes, header, name, &mut notes)?;
    first_of_stack(header, &mut shape, &mut warnings);
    let values = match header.number(name)? {
        Some(number) => samples(data, number, shape, name, &mut warnings)?,
        None => packed(data, shape, name)?,
    };
    let axes = axes(header, name)?;
    let of_cell = cell_steps(header, shape, axes, &mut warnings);
    let steps = axes.map(|a| of_cell[a]);
    let mut origin = header.floats(196);
    let starts = header.ints(16).map(f64::from);
    if !origin.is_finite() {
        warnings.push("the origin in its header is not finite and is taken as 0".to_owned());
        origin = DVec3::ZERO;
    }
    if origin == DVec3::ZERO {
        origin = steps[0] * starts[0] + steps[1] * starts[1] + steps[2] * starts[2];
    }
    Ok(Raw { format: "mrc", shape, origin, steps, values, unit: Some(LengthUnit::Angstrom), notes, warnings })
}

/// The byte order of the machine stamp, or the other one where only that gives a known mode.
fn byte_order<'a>(bytes: &'a [u8], warnings: &mut Vec<String>) -> Header<'a> {
    let stamped = Header { bytes, is_big: bytes[212] == 0x11 };
    let other = Header { is_big: !stamped.is_big, ..stamped };
    if stamped.has_known_mode() || !other.has_known_mode() {
        return stamped;
    }
    if bytes[212] != 0 {
        warnings.push("the machine stamp in its header is wrong; the byte order is told by the mode".to_owned());
    }
    other
}

fn sides(header: Header, name: &str) -> Result<[usize; 3]> {
    let sides = header.ints(0);
    let shape = sides.map(|n| usize::try_from(n).unwrap_or(0));
    match shape.contains(&0) {
        true => {
            let [x, y, z] = sides;
            let problem = format!("byte 0: {x} x {y} x {z} values cannot be, each side is at least 1; it is damaged");
            Err(Error::input(name, problem))
        }
        false => Ok(shape),
    }
}

fn after_extended_header<'a>(bytes: &'a [u8], header: Header, name: &str, notes: &mut Vec<String>) -> Result<&'a [u8]> {
    let length = header.int(92);
    let data = usize::try_from(length).ok().and_then(|n| bytes.get(HEADER + n..));
    if length > 0 && data.is_some() {
        let kind = String::from_utf8_lossy(&bytes[104..108]).trim_matches(['\0', ' ']).escape_default().to_string();
        let kind = if kind.is_empty() { "no stated type".to_owned() } else { format!("type {kind}") };
        notes.push(format!("an extended header of {length} bytes ({kind}) is not used"));
    }
    data.ok_or_else(|| {
        let rest = bytes.len() - HEADER;
        let problem = format!("byte 92: an extended header of {length} bytes cannot be in a file with {rest} after");
        Error::input(name, format!("{problem} the header; it is cut or damaged, fetch it again"))
    })
}

/// Of a stack of volumes the first.
fn first_of_stack(header: Header, shape: &mut [usize; 3], warnings: &mut Vec<String>) {
    let sections = usize::try_from(header.int(36)).unwrap_or(0);
    if header.int(88) >= VOLUME_STACK && sections > 0 && shape[2] > sections && shape[2].is_multiple_of(sections) {
        let count = shape[2] / sections;
        warnings.push(format!("holds a stack of {count} volumes; the first of them is read"));
        shape[2] = sections;
    }
}

/// Values of 4 bits, the low half of a byte first; rows begin at whole bytes.
fn packed(data: &[u8], shape: [usize; 3], name: &str) -> Result<Vec<f32>> {
    let [x, y, z] = shape;
    let row = x.div_ceil(2);
    let needed = checked_bytes([row, y, z], 1, name)?;
    let Some(data) = data.get(..needed) else {
        let problem = format!("{x} x {y} x {z} values of 4 bits need {needed} bytes, the file holds {}", data.len());
        return Err(Error::input(name, format!("{problem}; it is cut or its header is damaged")));
    };
    let unpack = |bytes: &[u8]| bytes.iter().flat_map(|b| [b & 15, b >> 4]).take(x).map(f32::from).collect::<Vec<_>>();
    Ok(data.chunks_exact(row).flat_map(unpack).collect())
}

/// The axis of the cell that columns, rows and sections run along.
fn axes(header: Header, name: &str) -> Result<[usize; 3]> {
    let axes = header.ints(64);
    if axes == [0; 3] {
        return Ok([0, 1, 2]);
    }
    let mut sorted = axes;
    sorted.sort_unstable();
    if sorted != [1, 2, 3] {
        let problem = format!("byte 64: the axes {axes:?} are no order of 1, 2 and 3; the header is damaged");
        return Err(Error::input(name, problem));
    }
    Ok(axes.map(|a| a as usize - 1))
}

/// The steps along a, b and c of the cell: a along x, b in the plane of x and y.
fn cell_steps(header: Header, shape: [usize; 3], axes: [usize; 3], warnings: &mut Vec<String>) -> [DVec3; 3] {
    let (lengths, angles, sampling) = (header.floats(40), header.floats(52), header.ints(28));
    let mut spacing = DVec3::ZERO;
    for (file, &axis) in axes.iter().enumerate() {
        let intervals = if sampling[axis] > 0 { f64::from(sampling[axis]) } else { shape[file] as f64 };
        spacing[axis] = lengths[axis] / intervals;
    }
    if !(spacing.is_finite() && spacing.min_element() > 0.0) {
        warnings.push(format!("its cell of {lengths} gives no spacing; 1 angstrom is taken"));
        return super::straight(DVec3::ONE);
    }
    if angles == DVec3::ZERO {
        return super::straight(spacing);
    }
    let [x, y, z] = spacing.to_array();
    let [alpha, beta, gamma] = angles.to_array();
    cell::edges([x, y, z, alpha, beta, gamma])
}

/// An origin that lies so near to a node, in spacings, is also written as NSTART.
const ON_A_NODE: f64 = 1e-3;

/// Whether NSTART can place a grid: its nodes are multiples of the spacing.
pub(super) fn has_node_at_0(lattice: &Lattice) -> bool {
    let nodes = lattice.origin / lattice.spacing;
    (nodes - nodes.round()).abs().max_element() < ON_A_NODE && nodes.abs().max_element() < 1e9
}

/// Writes a grid as mode 2.
///
/// Readers differ: mrcfile and ChimeraX go by ORIGIN, gemmi by NSTART alone, GridDataFormats by the sum of both. With
/// both, as MRC has it, the first three agree. `starts_alone`, as CCP4 has it, leaves ORIGIN 0 where NSTART says all.
pub(super) fn write<T: Sample>(
    out: &mut dyn Write,
    grid: &DensityGrid<T>,
    starts_alone: bool,
    content: Values,
) -> io::Result<()> {
    let mut bytes = [0u8; HEADER];
    let mut put = |at: usize, word: [u8; 4]| bytes[at..at + 4].copy_from_slice(&word);
    let lattice = &grid.lattice;
    let s = grid.statistics();
    let nodes = lattice.origin / lattice.spacing;
    let is_on_node = has_node_at_0(lattice);
    let mean_square = grid.values.iter().map(|v| (v.to_f64() - s.mean).powi(2)).filter(|v| v.is_finite()).sum::<f64>();
    for axis in 0..3 {
        let count = i32::try_from(lattice.shape[axis]).map_err(|_| io::Error::other("an axis is too long for MRC"))?;
        put(4 * axis, count.to_le_bytes());
        put(28 + 4 * axis, count.to_le_bytes());
        put(40 + 4 * axis, ((lattice.spacing[axis] * f64::from(count)) as f32).to_le_bytes());
        put(52 + 4 * axis, 90f32.to_le_bytes());
        put(64 + 4 * axis, (axis as i32 + 1).to_le_bytes());
        if !(is_on_node && starts_alone) {
            put(196 + 4 * axis, (lattice.origin[axis] as f32).to_le_bytes());
        }
        if is_on_node {
            put(16 + 4 * axis, (nodes[axis].round() as i32).to_le_bytes());
        }
    }
    put(12, 2i32.to_le_bytes());
    for (at, value) in [(76, s.min), (80, s.max), (84, s.mean)] {
        put(at, (value as f32).to_le_bytes());
    }
    put(88, 1i32.to_le_bytes());
    put(108, 20_140i32.to_le_bytes());
    put(208, *b"MAP ");
    put(212, [0x44, 0x44, 0, 0]);
    put(216, ((mean_square / grid.values.len() as f64).sqrt() as f32).to_le_bytes());
    put(220, 1i32.to_le_bytes());
    let label = format!("{:<80}", content.line());
    bytes[224..304].copy_from_slice(&label.as_bytes()[..80]);
    out.write_all(&bytes)?;
    super::write::values(out, &grid.values, |v| (v.to_f64() as f32).to_le_bytes())
}
