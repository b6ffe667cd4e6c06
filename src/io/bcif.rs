//! BinaryCIF 0.3: the table `_atom_site` of mmCIF, its columns packed in MessagePack.

use glam::DVec3;
use rmpv::ValueRef;

use super::atoms::{AtomBuilder, Attributes, Record};
use super::cell::SpaceGroup;
use super::choose::Parsed;
use super::lines::shown;
use crate::error::{Error, Result};
use crate::progress::Progress;

mod encoding;

use encoding::Column;

/// Deeper values are no BinaryCIF.
const MOST_DEPTH: usize = 32;
/// Rows between two looks at whether to stop.
const CHECK_EVERY: usize = 1 << 16;
const CELL: [&str; 6] = ["length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma"];

/// Whether a file begins as BinaryCIF does: a map whose first key is `encoder`, `version` or `dataBlocks`.
pub(super) fn is_bcif(head: &[u8]) -> bool {
    let is_map = head.first().is_some_and(|b| (0x81..=0x8f).contains(b));
    is_map && [&b"\xa7encoder"[..], b"\xa7version", b"\xaadataBlocks"].iter().any(|key| head[1..].starts_with(key))
}

/// Reads all models of the first data block that has atoms.
///
/// # Errors
/// [`Error::Input`] naming the column, [`Error::Interrupted`].
pub(super) fn parse(bytes: &[u8], name: &str, progress: &dyn Progress) -> Result<Parsed> {
    let file = rmpv::decode::read_value_ref_with_max_depth(&mut &bytes[..], MOST_DEPTH)
        .map_err(|e| Error::input(name, format!("the MessagePack data are cut or damaged ({e}); fetch it again")))?;
    let blocks = get(&file, "dataBlocks").and_then(list).unwrap_or_default();
    let categories = blocks.iter().filter_map(|block| get(block, "categories").and_then(list));
    let Some((categories, atoms)) = categories.filter_map(|c| Some((c, category(c, "_atom_site")?))).next() else {
        return Err(Error::input(name, "holds no table of atoms (_atom_site); no points to read"));
    };
    let limit = bytes.len();
    let table = Table { category: atoms, name, limit };
    let mut parsed = table.atoms(progress)?;
    let cell = category(categories, "_cell").and_then(|category| {
        let table = Table { category, name, limit };
        let mut cell = [0.0; 6];
        for (value, column) in cell.iter_mut().zip(CELL) {
            *value = table.column(column).ok()??.number(0).filter(|v| v.is_finite() && *v > 0.0)?;
        }
        Some(cell)
    });
    let of = |group: &str, column: &str| {
        let table = Table { category: category(categories, group)?, name, limit };
        let column = table.column(column).ok()?.filter(|c| c.len() > 0)?;
        Some(column.text(0)?.into_owned())
    };
    let group = of("_symmetry", "space_group_name_H-M").or_else(|| of("_space_group", "name_H-M_alt"));
    let z = of("_cell", "Z_PDB").and_then(|z| z.parse().ok());
    parsed.space_group = group.and_then(|group| SpaceGroup::of(group.as_bytes(), z));
    parsed.cells.push(cell.filter(|cell| cell[..3] != [1.0; 3]));
    Ok(parsed)
}

/// The value of a key.
fn get<'v, 'a>(value: &'v ValueRef<'a>, key: &str) -> Option<&'v ValueRef<'a>> {
    let ValueRef::Map(entries) = value else { return None };
    entries.iter().find(|(k, _)| text(k) == Some(key)).map(|(_, v)| v)
}

fn list<'v, 'a>(value: &'v ValueRef<'a>) -> Option<&'v [ValueRef<'a>]> {
    if let ValueRef::Array(items) = value { Some(items) } else { None }
}

fn text<'v>(value: &'v ValueRef) -> Option<&'v str> {
    if let ValueRef::String(text) = value { text.as_str() } else { None }
}

fn category<'v, 'a>(categories: &'v [ValueRef<'a>], name: &str) -> Option<&'v ValueRef<'a>> {
    categories.iter().find(|c| get(c, "name").and_then(text).is_some_and(|n| n.eq_ignore_ascii_case(name)))
}

/// A category of the file.
struct Table<'v, 'a> {
    category: &'v ValueRef<'a>,
    name: &'v str,
    /// Bytes of the file, to which the lengths of columns are compared.
    limit: usize,
}

impl Table<'_, '_> {
    /// A column, if it is there.
    fn column(&self, wanted: &str) -> Result<Option<Column>> {
        let columns = get(self.category, "columns").and_then(list).unwrap_or_default();
        let found =
            columns.iter().find(|c| get(c, "name").and_then(text).is_some_and(|n| n.eq_ignore_ascii_case(wanted)));
        let Some(found) = found else { return Ok(None) };
        let damaged =
            |problem: String| Error::input(self.name, format!("column `{wanted}`: {problem}; the file is damaged"));
        Column::read(found, self.limit).map(Some).map_err(damaged)
    }

    /// The first of two columns that is there.
    fn either(&self, first: &str, second: &str) -> Result<Option<Column>> {
        Ok(match self.column(first)? {
            Some(column) => Some(column),
            None => self.column(second)?,
        })
    }

    fn atoms(&self, progress: &dyn Progress) -> Result<Parsed> {
        let damaged = |problem: String| Error::input(self.name, problem);
        let axis = |letter: &str| {
            self.column(&format!("Cartn_{letter}"))?
                .ok_or_else(|| damaged("the table of atoms has no Cartn_x, Cartn_y and Cartn_z".into()))
        };
        let axes = [axis("x")?, axis("y")?, axis("z")?];
        let rows = axes[0].len();
        let name = self.either("label_atom_id", "auth_atom_id")?;
        let element = self.column("type_symbol")?;
        let resname = self.either("label_comp_id", "auth_comp_id")?;
        let chain = self.either("auth_asym_id", "label_asym_id")?;
        let resid = self.either("auth_seq_id", "label_seq_id")?;
        let (icode, altloc) = (self.column("pdbx_PDB_ins_code")?, self.column("label_alt_id")?);
        let (group, model) = (self.column("group_PDB")?, self.column("pdbx_PDB_model_num")?);
        let (occupancy, bfactor) = (self.column("occupancy")?, self.column("B_iso_or_equiv")?);
        let charge = self.column("pdbx_formal_charge")?;
        let all =
            [&charge, &name, &element, &resname, &chain, &resid, &icode, &altloc, &group, &model, &occupancy, &bfactor];
        if axes.iter().chain(all.into_iter().flatten()).any(|column| column.len() != rows) {
            return Err(damaged("the columns of atoms have different lengths; the file is damaged".into()));
        }
        let mut atoms = AtomBuilder::new(Attributes::CRYSTAL);
        let mut models = Vec::new();
        for row in 0..rows {
            if row.is_multiple_of(CHECK_EVERY) {
                progress.check()?;
            }
            let of = |column: &Option<Column>| column.as_ref().and_then(|c| c.number(row));
            let model = of(&model).unwrap_or(1.0);
            if models.last() != Some(&model) {
                if models.contains(&model) {
                    return Err(damaged(format!("model {model} goes on after another model; sort the table by model")));
                }
                models.push(model);
                atoms.begin_frame();
            }
            let text = |column: &'_ Option<Column>| -> Vec<u8> {
                column.as_ref().and_then(|c| c.text(row)).map_or(Vec::new(), |t| t.into_owned().into_bytes())
            };
            let letter = |column: &Option<Column>| text(column).first().copied().unwrap_or(b' ');
            let position = axes.each_ref().map(|column| column.number(row).unwrap_or(f64::NAN));
            let record = Record {
                position: DVec3::from_array(position),
                name: &text(&name),
                element: &text(&element),
                resname: &text(&resname),
                chain: &text(&chain),
                resid: of(&resid).map(|n| n as i32),
                icode: letter(&icode),
                altloc: letter(&altloc),
                is_hetero: text(&group) == b"HETATM",
                occupancy: of(&occupancy).unwrap_or(f64::NAN),
                bfactor: of(&bfactor).unwrap_or(f64::NAN),
                formal_charge: of(&charge).unwrap_or(0.0) as i8,
                ..Record::default()
            };
            atoms.push(&record, row as u64 + 1);
        }
        if rows == 0 {
            return Err(damaged("holds a table of atoms without rows; no points to read".into()));
        }
        Ok(atoms.finish("binarycif"))
    }
}

#[cfg(test)]
mod tests;
