//! Atoms and points with a value each, in formats that ChimeraX, PyMOL, VMD and ASE colour by.
//!
//! PDB and mmCIF bear the value as B factor, times a power of ten that [`BFactor`] tells: a density of 1e-4 would be
//! 0.00 in the two decimals of PDB.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use glam::DVec3;

use super::{PointInput, SpaceGroup, atomic, cell};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::points::{AtomTable, PointCloud};

/// Values as B factors: `value * 10^exponent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BFactor {
    /// The power of ten, chosen so that the largest lies between 10 and 100.
    pub exponent: i32,
}

impl BFactor {
    /// The power for these values; 0 if none is positive.
    pub fn of(values: &[f64]) -> Self {
        let largest = values.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
        let exponent = if largest > 0.0 { (99.99 / largest).log10().floor() } else { 0.0 };
        Self { exponent: exponent as i32 }
    }

    fn scaled(self, value: f64) -> f64 {
        // Inverses of powers of ten are not exact.
        let power = 10f64.powi(self.exponent.abs());
        if self.exponent < 0 { value / power } else { value * power }
    }
}

/// The atoms of an input, or why it has none to write.
fn atoms<'a>(points: &'a PointInput, path: &Path) -> Result<&'a AtomTable> {
    points.cloud.atoms.as_ref().ok_or_else(|| {
        let problem = format!("the input is {}, which has no atoms", points.format);
        Error::Usage(format!("{}: {problem}; write .csv, .npy or .xyz", path.display()))
    })
}

/// The points in angstrom, and values per cubic angstrom; as they are where the unit is not known or a pixel.
fn in_angstrom<'a>(points: &'a PointInput, values: &'a [f64]) -> (Cow<'a, PointInput>, Cow<'a, [f64]>) {
    let factor = points.cloud.unit.and_then(|u| u.convert(1.0, LengthUnit::Angstrom)).filter(|factor| *factor != 1.0);
    let Some(factor) = factor else { return (Cow::Borrowed(points), values.into()) };
    let mut points = points.clone();
    points.cloud.positions.iter_mut().for_each(|p| *p *= factor);
    points.cell.iter_mut().for_each(|cell| cell[..3].iter_mut().for_each(|edge| *edge *= factor));
    (Cow::Owned(points), values.iter().map(|v| v / factor.powi(3)).collect())
}

/// Writes the chosen atoms as PDB, in angstrom, each with its value as B factor.
///
/// # Errors
/// [`Error::Usage`] if the input has no atoms or `path` is `input`, [`Error::Data`] for an atom that the columns of PDB
/// cannot hold, [`Error::File`].
pub fn write_pdb(path: &Path, points: &PointInput, values: &[f64], input: Option<&Path>) -> Result<BFactor> {
    let (points, values) = in_angstrom(points, values);
    let atoms = atoms(&points, path)?;
    let scale = BFactor::of(&values);
    let mut text = Vec::new();
    let remark = format!("B FACTOR IS THE DENSITY IN 1/A^3 TIMES 1E{}", scale.exponent);
    text.push(format!("{:<80}", format!("REMARK 999 {remark}")));
    if let Some([a, b, c, alpha, beta, gamma]) = points.cell {
        let group = pdb_space_group(points.space_group.as_ref());
        text.push(format!("CRYST1{a:9.3}{b:9.3}{c:9.3}{alpha:7.2}{beta:7.2}{gamma:7.2} {group}          "));
    }
    let frames = points.frame_starts.len() - 1;
    for frame in 0..frames {
        if frames > 1 {
            text.push(format!("MODEL     {:>4}", frame + 1));
        }
        let range = points.frame_starts[frame]..points.frame_starts[frame + 1];
        for (serial, i) in range.enumerate() {
            let value = scale.scaled(values[i]);
            let line = pdb_line(atoms, points.cloud.positions[i], i, serial + 1, value).ok_or_else(|| {
                let (name, p) = (atoms.name.get(i), points.cloud.positions[i]);
                let problem = format!("atom `{name}` at {p} does not fit into the columns of PDB");
                Error::Data(format!("{}: {problem}; write .cif", path.display()))
            })?;
            text.push(line);
        }
        if frames > 1 {
            text.push("ENDMDL".to_owned());
        }
    }
    text.push("END".to_owned());
    atomic::write(path, input, |file| text.iter().try_for_each(|line| writeln!(file, "{line}")))?;
    Ok(scale)
}

/// Space group and Z in columns 56 to 70: those of the input; P 1 where it has a cell alone, and blanks for a symbol that
/// is too long.
fn pdb_space_group(group: Option<&SpaceGroup>) -> String {
    let (name, z) = group.map_or(("P 1", Some(1)), |group| (group.name.as_str(), group.z));
    let name = if name.len() > 11 { "" } else { name };
    let z = z.filter(|z| *z < 10_000).map_or(String::new(), |z| z.to_string());
    format!("{name:<11}{z:>4}")
}

/// A formal charge as `2-`; blanks for none.
fn pdb_charge(charge: i8) -> String {
    match (charge, charge.unsigned_abs()) {
        (0, _) | (_, 10..) => "  ".to_owned(),
        (_, size) => format!("{size}{}", if charge < 0 { '-' } else { '+' }),
    }
}

/// An ATOM or HETATM record; `None` if a field is too long for its columns.
fn pdb_line(atoms: &AtomTable, p: DVec3, i: usize, serial: usize, value: f64) -> Option<String> {
    let record = if is_hetero(atoms, i) { "HETATM" } else { "ATOM" };
    let (name, element) = (atoms.name.get(i), atoms.element.get(i));
    // Names begin in column 14, where the element has one letter.
    let name = if element.len() < 2 && name.len() < 4 { format!(" {name:<3}") } else { format!("{name:<4}") };
    let (resname, chain) = (text_of(&atoms.resname, i), text_of(&atoms.chain, i));
    let residue = match (resname.len(), chain.len()) {
        (0..=3, 0..=1) => format!("{resname:>3} {chain:1}"),
        (0..=3, 2) => format!("{resname:>3}{chain}"),
        (4, 0..=1) => format!("{resname}{chain:1}"),
        _ => return None,
    };
    let resid = atoms.resid.get(i).filter(|r| **r != AtomTable::NO_RESID);
    let resid = resid.map_or(Some(String::new()), |r| hybrid36((*r).into(), 4))?;
    let [icode, altloc] = [&atoms.icode, &atoms.altloc].map(|codes| codes.get(i).map_or(' ', |c| char::from(*c)));
    let occupancy = atoms.occupancy.get(i).copied().filter(|o| o.is_finite()).unwrap_or(1.0);
    let serial = hybrid36(serial as i64, 5)?;
    let [x, y, z] = p.to_array();
    let charge = pdb_charge(atoms.formal_charge.get(i).copied().unwrap_or(0));
    let line = format!(
        "{record:<6}{serial:>5} {name}{altloc}{residue}{resid:>4}{icode}   {x:8.3}{y:8.3}{z:8.3}{occupancy:6.2}\
         {value:6.2}          {element:>2}{charge}"
    );
    (line.len() == 80).then_some(line)
}

/// A number in so many columns: decimal, and beyond that in the letters of hybrid-36.
fn hybrid36(number: i64, width: u32) -> Option<String> {
    let decimals = 10i64.pow(width);
    if number < decimals {
        return Some(number.to_string()).filter(|text| text.len() <= width as usize);
    }
    let mut rest = number - decimals + 10 * 36i64.pow(width - 1);
    let mut digits = Vec::new();
    while rest > 0 {
        digits.push(char::from_digit((rest % 36) as u32, 36)?.to_ascii_uppercase());
        rest /= 36;
    }
    (digits.len() == width as usize).then(|| digits.iter().rev().collect())
}

fn is_hetero(atoms: &AtomTable, i: usize) -> bool {
    atoms.hetero.get(i).copied().unwrap_or(false)
}

fn text_of(column: &crate::points::Categorical, i: usize) -> &str {
    if column.codes.is_empty() { "" } else { column.get(i) }
}

const CIF_COLUMNS: [&str; 19] = [
    "group_PDB",
    "id",
    "type_symbol",
    "label_atom_id",
    "label_alt_id",
    "label_comp_id",
    "label_asym_id",
    "label_seq_id",
    "pdbx_PDB_ins_code",
    "Cartn_x",
    "Cartn_y",
    "Cartn_z",
    "occupancy",
    "B_iso_or_equiv",
    "pdbx_formal_charge",
    "auth_seq_id",
    "auth_asym_id",
    "pdbx_PDB_model_num",
    "densitas_density",
];

/// Writes the chosen atoms as mmCIF, in angstrom, each with its value as B factor, and exactly as `_atom_site.densitas_density`.
///
/// # Errors
/// As [`write_pdb`].
pub fn write_mmcif(path: &Path, points: &PointInput, values: &[f64], input: Option<&Path>) -> Result<BFactor> {
    let (points, values) = in_angstrom(points, values);
    let atoms = atoms(&points, path)?;
    let scale = BFactor::of(&values);
    atomic::write(path, input, |file| {
        writeln!(file, "data_densitas\n# B_iso_or_equiv is the density in 1/A^3 times 1e{}", scale.exponent)?;
        if let Some(cell) = points.cell {
            let names = ["length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma"];
            std::iter::zip(names, cell).try_for_each(|(name, v)| writeln!(file, "_cell.{name} {v}"))?;
        }
        if let Some(group) = &points.space_group {
            writeln!(file, "_symmetry.space_group_name_H-M {}", cif_text(&group.name))?;
            group.z.iter().try_for_each(|z| writeln!(file, "_cell.Z_PDB {z}"))?;
        }
        writeln!(file, "loop_")?;
        CIF_COLUMNS.iter().try_for_each(|column| writeln!(file, "_atom_site.{column}"))?;
        for frame in 0..points.frame_starts.len() - 1 {
            let range = points.frame_starts[frame]..points.frame_starts[frame + 1];
            for (i, &value) in range.clone().zip(&values[range]) {
                cif_row(file, atoms, &points.cloud, i, frame + 1, [scale.scaled(value), value])?;
            }
        }
        writeln!(file, "#")
    })?;
    Ok(scale)
}

fn cif_row(
    file: &mut dyn Write,
    atoms: &AtomTable,
    cloud: &PointCloud,
    i: usize,
    model: usize,
    [scaled, value]: [f64; 2],
) -> io::Result<()> {
    let record = if is_hetero(atoms, i) { "HETATM" } else { "ATOM" };
    let code = |codes: &[u8], none: &str| match codes.get(i) {
        Some(c) if *c != b' ' => cif_text(&char::from(*c).to_string()),
        _ => none.to_owned(),
    };
    let [name, element, resname, chain] =
        [&atoms.name, &atoms.element, &atoms.resname, &atoms.chain].map(|column| cif_text(text_of(column, i)));
    let resid = atoms.resid.get(i).filter(|r| **r != AtomTable::NO_RESID).map_or(".".to_owned(), i32::to_string);
    let occupancy = atoms.occupancy.get(i).copied().filter(|o| o.is_finite()).unwrap_or(1.0);
    let [x, y, z] = cloud.positions[i].to_array();
    let (altloc, icode) = (code(&atoms.altloc, "."), code(&atoms.icode, "?"));
    let charge = atoms.formal_charge.get(i).filter(|q| **q != 0).map_or("?".to_owned(), i8::to_string);
    writeln!(
        file,
        "{record} {} {element} {name} {altloc} {resname} {chain} {resid} {icode} {x:.3} {y:.3} {z:.3} {occupancy:.2} \
         {scaled:.4} {charge} {resid} {chain} {model} {value:e}",
        i + 1
    )
}

/// A text as CIF has it: bare, or in quotes where it could be taken for something else.
fn cif_text(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let begins_a_word = ["data_", "loop_", "save_", "stop_", "global_"].iter().any(|w| lower.starts_with(w));
    let is_bare = !text.starts_with(['_', '#', '$', '\'', '"', '[', ']', ';'])
        && !text.contains(char::is_whitespace)
        && !begins_a_word
        && !matches!(text, "?" | ".");
    match text {
        "" => ".".to_owned(),
        _ if is_bare => text.to_owned(),
        _ if text.contains('"') => format!("'{text}'"),
        _ => format!("\"{text}\""),
    }
}

/// Writes the points as extended XYZ with a column `density`, in angstrom and per cubic angstrom where the unit can be
/// converted. Points
/// without an element are `X`.
///
/// # Errors
/// [`Error::Usage`] if `path` is `input`, [`Error::File`].
pub fn write_xyz(path: &Path, points: &PointInput, values: &[f64], input: Option<&Path>) -> Result<()> {
    let (points, values) = in_angstrom(points, values);
    let cloud = &points.cloud;
    atomic::write(path, input, |file| {
        for frame in 0..points.frame_starts.len() - 1 {
            let range = points.frame_starts[frame]..points.frame_starts[frame + 1];
            writeln!(file, "{}", range.len())?;
            if let Some([a, b, c]) = points.cell.map(cell::edges).filter(is_good) {
                let numbers = [a, b, c].map(|v| v.to_array().map(|x| x.to_string()).join(" "));
                write!(file, "Lattice=\"{}\" ", numbers.join(" "))?;
            }
            writeln!(file, "Properties=species:S:1:pos:R:3:density:R:1")?;
            for i in range {
                let species = cloud.atoms.as_ref().map_or("", |atoms| text_of(&atoms.element, i));
                let [x, y, z] = cloud.positions[i].to_array();
                writeln!(file, "{} {x} {y} {z} {:e}", title_case(species), values[i])?;
            }
        }
        Ok(())
    })
}

fn is_good(edges: &[DVec3; 3]) -> bool {
    edges.iter().all(|e| e.is_finite() && e.length() > 0.0)
}

/// `CA` as `Ca`; `X` for no element.
fn title_case(element: &str) -> String {
    let mut letters = element.chars();
    letters.next().map_or("X".to_owned(), |first| first.to_string() + &letters.as_str().to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_too_long_for_their_columns_go_on_in_letters() {
        // Recorded from cctbx's hybrid-36: hy36encode(4, n) and (5, n).
        for (number, width, expected) in
            [(9999, 4, "9999"), (10000, 4, "A000"), (10035, 4, "A00Z"), (-999, 4, "-999"), (100_000, 5, "A0000")]
        {
            assert_eq!(hybrid36(number, width).as_deref(), Some(expected));
        }
        assert_eq!((hybrid36(-1000, 4), hybrid36(1_223_056 + 466_560 * 3, 4)), (None, None));
    }

    #[test]
    fn b_factors_keep_the_digits_of_small_densities() {
        let scale = BFactor::of(&[1.1e-4, 3e-7, f64::NAN]);
        assert_eq!((scale.exponent, (scale.scaled(1.1e-4) * 100.0).round()), (5, 1100.0));
        assert_eq!(BFactor::of(&[1e3]).exponent, -2);
        assert_eq!(BFactor::of(&[0.0]).exponent, 0);
    }

    #[test]
    fn texts_of_cif_are_quoted_where_they_must() {
        for (text, expected) in [
            ("CA", "CA"),
            ("O5'", "O5'"),
            ("'x", "\"'x\""),
            ("", "."),
            ("?", "\"?\""),
            ("a b", "\"a b\""),
            ("\"q", "'\"q'"),
        ] {
            assert_eq!(cif_text(text), expected);
        }
    }
}
