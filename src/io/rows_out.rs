//! Points as CSV: positions, what is known of atoms, and columns of numbers.

use std::io::{self, Write};
use std::path::Path;

use super::{PointInput, atomic};
use crate::error::Result;
use crate::points::{AtomTable, Column, PointCloud};

/// Writes a cloud as CSV: x, y, z with the unit in the header (`x [nm]`), what is known of atoms, the weights, `sigma_x`
/// and so on, and further columns if there are any. Numbers are written so that they read back exactly.
///
/// # Errors
/// [`Error::File`](crate::error::Error::File), or [`Error::Usage`](crate::error::Error::Usage) if `path` is `input`.
pub fn write_csv(path: &Path, cloud: &PointCloud, input: Option<&Path>) -> Result<()> {
    let fields = Fields::of(cloud);
    atomic::write(path, input, |file| {
        writeln!(file, "{}", fields.names().join(","))?;
        (0..cloud.len()).try_for_each(|i| {
            fields.write(file, i)?;
            writeln!(file)
        })
    })
}

/// Writes a line for each row of the chosen frames as [`write_csv`] does, with `columns` of one value a row after all
/// others; of several frames their numbers come before these. A row without a point (a coordinate of it is missing) and a
/// value that is NaN are empty fields.
///
/// # Errors
/// As [`write_csv`].
///
/// # Panics
/// If a column has not one value a row.
pub fn write_rows(path: &Path, points: &PointInput, columns: &[Column], input: Option<&Path>) -> Result<()> {
    assert!(columns.iter().all(|c| c.values.len() == points.rows), "one value a row");
    let fields = Fields::of(&points.cloud);
    let mut names = fields.names();
    let blank = ",".repeat(names.len() - 1);
    let has_frames = points.frame_numbers.len() > 1;
    names.extend(has_frames.then(|| "frame".to_owned()));
    names.extend(columns.iter().map(|c| quoted(&c.name)));
    atomic::write(path, input, |file| {
        writeln!(file, "{}", names.join(","))?;
        let (mut point, mut frame) = (0, 0);
        for row in 0..points.rows {
            let is_there = point < points.cloud.len() && row_of(points, point) == row;
            if is_there {
                fields.write(file, point)?;
                while point >= points.frame_starts[frame + 1] {
                    frame += 1;
                }
                point += 1;
            } else {
                write!(file, "{blank}")?;
            }
            match (has_frames, is_there) {
                (true, true) => write!(file, ",{}", points.frame_numbers[frame])?,
                (true, false) => write!(file, ",")?,
                (false, _) => {}
            }
            columns.iter().try_for_each(|c| match c.values[row] {
                value if value.is_nan() => write!(file, ","),
                value => write!(file, ",{value:e}"),
            })?;
            writeln!(file)?;
        }
        Ok(())
    })
}

fn row_of(points: &PointInput, point: usize) -> usize {
    points.row_of_point.as_ref().map_or(point, |rows| rows[point])
}

type TextOf<'a> = Box<dyn Fn(usize) -> String + 'a>;

/// What is written of each point.
struct Fields<'a> {
    cloud: &'a PointCloud,
    atoms: Vec<(&'static str, TextOf<'a>)>,
}

impl<'a> Fields<'a> {
    fn of(cloud: &'a PointCloud) -> Self {
        Self { cloud, atoms: cloud.atoms.as_ref().map_or_else(Vec::new, atom_columns) }
    }

    fn names(&self) -> Vec<String> {
        let unit = self.cloud.unit.map_or(String::new(), |u| format!(" [{}]", u.name()));
        let axes = |before: &str| ["x", "y", "z"].map(|axis| format!("{before}{axis}{unit}"));
        let mut names = axes("").to_vec();
        names.extend(self.atoms.iter().map(|(name, _)| (*name).to_owned()));
        names.extend(self.cloud.weights.iter().map(|_| "weight".to_owned()));
        names.extend(self.cloud.sigmas.iter().flat_map(|_| axes("sigma_")));
        names.extend(self.cloud.columns.iter().map(|c| quoted(&c.name)));
        names
    }

    fn write(&self, file: &mut dyn Write, i: usize) -> io::Result<()> {
        let p = self.cloud.positions[i];
        write!(file, "{},{},{}", p.x, p.y, p.z)?;
        self.atoms.iter().try_for_each(|(_, text)| write!(file, ",{}", text(i)))?;
        if let Some(weights) = &self.cloud.weights {
            write!(file, ",{}", weights[i])?;
        }
        if let Some(s) = self.cloud.sigmas.as_ref().map(|sigmas| sigmas[i]) {
            write!(file, ",{},{},{}", s.x, s.y, s.z)?;
        }
        self.cloud.columns.iter().try_for_each(|c| write!(file, ",{}", c.values[i]))
    }
}

/// The columns of atoms that are there, each with its text by point.
fn atom_columns(atoms: &AtomTable) -> Vec<(&'static str, TextOf<'_>)> {
    let mut columns: Vec<(&'static str, TextOf)> = Vec::new();
    let texts =
        [("name", &atoms.name), ("element", &atoms.element), ("resname", &atoms.resname), ("chain", &atoms.chain)];
    for (name, column) in texts {
        if !column.codes.is_empty() {
            columns.push((name, Box::new(|i| quoted(column.get(i)))));
        }
    }
    if !atoms.resid.is_empty() {
        let resid = |i: usize| match atoms.resid[i] {
            AtomTable::NO_RESID => String::new(),
            resid => resid.to_string(),
        };
        columns.push(("resid", Box::new(resid)));
    }
    for (name, codes) in [("icode", &atoms.icode), ("altloc", &atoms.altloc)] {
        if codes.iter().any(|c| *c != b' ') {
            columns.push((name, Box::new(|i| quoted(char::from(codes[i]).to_string().trim()))));
        }
    }
    let numbers = [
        ("occupancy", &atoms.occupancy),
        ("bfactor", &atoms.bfactor),
        ("charge", &atoms.charge),
        ("radius", &atoms.radius),
    ];
    for (name, values) in numbers {
        if values.iter().any(|v| !v.is_nan()) {
            let text = |i: usize| if values[i].is_nan() { String::new() } else { values[i].to_string() };
            columns.push((name, Box::new(text)));
        }
    }
    if atoms.formal_charge.iter().any(|q| *q != 0) {
        columns.push(("formal_charge", Box::new(|i| atoms.formal_charge[i].to_string())));
    }
    columns
}

/// A text as CSV has it.
fn quoted(text: &str) -> String {
    let is_plain = !text.contains(['"', ',', '\n', '\r']);
    if is_plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}
