//! VTK's XML image data (.vti).

use std::io::{self, Write};

use glam::{DMat3, DVec3};
use roxmltree::Node;

use super::super::ReadOptions;
use super::super::lines::{number, shown};
use super::super::vtk::{self, File, UNIT};
use super::{Raw, Values, checked_bytes};
use crate::error::{Error, Result};
use crate::grid::{DensityGrid, Sample};
use crate::progress::Progress;

/// First and last index along each axis.
type ExtentOf = [[i64; 2]; 3];

/// Reads the scalars of a volume.
pub(in crate::io) fn parse(bytes: &[u8], name: &str, options: &ReadOptions, progress: &dyn Progress) -> Result<Raw> {
    progress.begin("reading values", 0);
    let (mut raw, unit) = vtk::open(bytes, name, options, |root, file| {
        let image = vtk::child(root, "ImageData").ok_or_else(|| {
            let kind = root.attribute("type").unwrap_or("of no type");
            let read = "of VTK's XML files ImageData (.vti) and PolyData (.vtp) are read";
            Error::input(name, format!("is VTK data {kind}; {read}"))
        })?;
        let whole = extent(image.attribute("WholeExtent").unwrap_or_default())
            .ok_or_else(|| Error::input(name, "its ImageData has no WholeExtent of six whole numbers"))?;
        file.volume(image, whole, options.columns.as_deref(), progress)
    })?;
    raw.unit = unit;
    Ok(raw)
}

fn extent(text: &str) -> Option<ExtentOf> {
    let all: Option<Vec<i64>> = text.split_whitespace().map(|w| w.parse().ok()).collect();
    let [a, b, c, d, e, f] = all?.try_into().ok()?;
    let extent = [[a, b], [c, d], [e, f]];
    let is_good =
        extent.iter().all(|[first, last]| last >= first && last.checked_sub(*first).is_some_and(|n| n < i64::MAX));
    is_good.then_some(extent)
}

/// Nodes along each axis; cells are one fewer.
fn shape(extent: ExtentOf, is_cells: bool) -> [usize; 3] {
    extent.map(|[first, last]| {
        let nodes = usize::try_from(last - first).unwrap_or(usize::MAX).saturating_add(1);
        if is_cells { (nodes - 1).max(1) } else { nodes }
    })
}

impl File<'_> {
    fn volume(&self, image: Node, whole: ExtentOf, chosen: Option<&[String]>, progress: &dyn Progress) -> Result<Raw> {
        let pieces: Vec<Node> = image.children().filter(|n| n.has_tag_name("Piece")).collect();
        let Some(piece) = pieces.first() else {
            return self.wrong("its ImageData has no piece, so no values; give a file that has");
        };
        let (mut notes, mut warnings) = (Vec::new(), Vec::new());
        let all = arrays(*piece);
        let (is_cells, array) = self.scalars(&all, chosen, &mut notes, &mut warnings)?;
        let array_name = array.attribute("Name").unwrap_or_default().to_owned();
        let shape_of_all = shape(whole, is_cells);
        let len = checked_bytes(shape_of_all, 1, self.name)?;
        if (len as u64).saturating_mul(size_of::<f32>() as u64) > self.limit.saturating_mul(4) {
            let [x, y, z] = shape_of_all;
            return self
                .wrong(format!("{x} x {y} x {z} values cannot be in a file so short; raise --max-decompressed"));
        }
        let mut values = Vec::new();
        let extents = self.extents(&pieces, whole)?;
        // Neighbours share their border, so that together they hold no fewer.
        let held = extents.iter().fold(0usize, |n, e| n.saturating_add(shape(*e, is_cells).iter().product()));
        if held < len {
            return self.wrong(format!("its pieces hold {held} of {len} values; give a file that holds all"));
        }
        for (piece, at) in std::iter::zip(&pieces, extents) {
            progress.check()?;
            let found = piece
                .descendants()
                .find(|n| n.has_tag_name("DataArray") && n.attribute("Name").unwrap_or_default() == array_name);
            let Some(array) = found else {
                return self.wrong(format!("a piece has no array `{}`", shown(array_name.as_bytes())));
            };
            let part = shape(at, is_cells);
            let piece_values = self.array(array, 1, checked_bytes(part, 1, self.name)?)?;
            if at == whole {
                values = piece_values;
            } else {
                // VTK's pieces share their border, the values of which are equal.
                values.resize(len, f32::NAN);
                let first: [usize; 3] = std::array::from_fn(|a| usize::try_from(at[a][0] - whole[a][0]).unwrap_or(0));
                place(&mut values, shape_of_all, &piece_values, part, first);
            }
        }
        let (origin, steps) = self.place_of(image, whole, is_cells)?;
        notes.push(format!("the array is `{}`", shown(array_name.as_bytes())));
        if is_cells {
            notes.push("its values are of cells; they are taken at the middle of each".to_owned());
        }
        let rounding = self.rounding.take();
        notes.extend(rounding.note);
        warnings.extend(rounding.warning);
        Ok(Raw { format: "vti", shape: shape_of_all, origin, steps, values, unit: None, notes, warnings })
    }

    /// Where each piece lies.
    fn extents(&self, pieces: &[Node], whole: ExtentOf) -> Result<Vec<ExtentOf>> {
        let is_inside = |e: &ExtentOf| (0..3).all(|a| e[a][0] >= whole[a][0] && e[a][1] <= whole[a][1]);
        let of = |piece: &Node| piece.attribute("Extent").map_or(Some(whole), extent).filter(is_inside);
        let extents: Option<Vec<ExtentOf>> = pieces.iter().map(of).collect();
        extents.map_or_else(|| self.wrong("a piece has no extent within the whole; the file is damaged"), Ok)
    }

    /// Position of the first sample, and the steps.
    fn place_of(&self, image: Node, whole: ExtentOf, is_cells: bool) -> Result<(DVec3, [DVec3; 3])> {
        let numbers = |key: &str, default: &[f64]| -> Result<Vec<f64>> {
            let Some(text) = image.attribute(key) else { return Ok(default.to_vec()) };
            let all: Option<Vec<f64>> = text.split_whitespace().map(|w| number(w.as_bytes())).collect();
            match all.filter(|all| all.len() == default.len()) {
                Some(all) => Ok(all),
                None => self.wrong(format!("{key}=\"{}\" needs {} numbers", shown(text.as_bytes()), default.len())),
            }
        };
        let origin = DVec3::from_slice(&numbers("Origin", &[0.0; 3])?);
        let spacing = numbers("Spacing", &[1.0; 3])?;
        // Row by row; a column is the way of an axis.
        let direction = numbers("Direction", &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0])?;
        let direction = DMat3::from_cols_slice(&direction).transpose();
        let steps = [0, 1, 2].map(|a| direction.col(a) * spacing[a]);
        let half = if is_cells { 0.5 } else { 0.0 };
        let first = (0..3).map(|a| steps[a] * (whole[a][0] as f64 + half)).sum::<DVec3>();
        Ok((origin + first, steps))
    }
}

/// An array of the first piece.
struct Array<'a> {
    node: Node<'a, 'a>,
    name: &'a str,
    is_cells: bool,
    has_one_value: bool,
    /// Whether the piece calls it its scalars.
    is_active: bool,
}

/// The arrays of a piece, those of points first.
fn arrays<'a>(piece: Node<'a, 'a>) -> Vec<Array<'a>> {
    let mut all = Vec::new();
    for (data, is_cells) in [("PointData", false), ("CellData", true)] {
        let Some(group) = vtk::child(piece, data) else { continue };
        all.extend(group.children().filter(|n| n.has_tag_name("DataArray")).map(|node| {
            let name = node.attribute("Name").unwrap_or_default();
            let has_one_value = node.attribute("NumberOfComponents").is_none_or(|n| n.trim() == "1");
            let is_active = node.has_attribute("Name") && group.attribute("Scalars") == Some(name);
            Array { node, name, is_cells, has_one_value, is_active }
        }));
    }
    all
}

/// Names as they are listed.
fn listed<'a>(arrays: impl Iterator<Item = &'a Array<'a>>) -> String {
    arrays.map(|a| format!("`{}`", shown(a.name.as_bytes()))).collect::<Vec<_>>().join(", ")
}

impl File<'_> {
    /// The array that is asked for; else the one that the piece calls its scalars, else its first of one value a node; and
    /// whether it is of cells.
    fn scalars<'a>(
        &self,
        arrays: &'a [Array<'a>],
        chosen: Option<&[String]>,
        notes: &mut Vec<String>,
        warnings: &mut Vec<String>,
    ) -> Result<(bool, Node<'a, 'a>)> {
        let scalars = || arrays.iter().filter(|a| a.has_one_value);
        let mut found = scalars().find(|a| a.is_active);
        if let Some(wanted) = chosen {
            found = scalars().find(|a| wanted == [a.name]);
            if found.is_none() {
                let problem = format!("--columns names `{}`, one of its arrays is expected", wanted.join(","));
                return Err(Error::Usage(format!("{}: {problem}: {}", self.name, listed(scalars()))));
            }
        }
        let Some(array) = found.or(scalars().next()) else {
            let [first, ..] = arrays else {
                return self.wrong("its first piece has no array of point or cell data; give a file that has");
            };
            let count = shown(first.node.attribute("NumberOfComponents").unwrap_or_default().as_bytes());
            let problem = format!("has no array of one value a node (`{}` has {count} components)", first.name);
            return self.wrong(format!("{problem}; save one, as a magnitude"));
        };
        let others = || scalars().filter(|a| a.name != array.name);
        if found.is_none() && others().next().is_some() {
            let way_out = "--columns NAME takes another";
            let all = listed(scalars());
            warnings.push(format!("no array is marked as its scalars: of {all} the first is taken; {way_out}"));
        } else if arrays.len() > 1 {
            let rest = listed(arrays.iter().filter(|a| a.name != array.name));
            notes.push(format!("its other arrays are not read: {rest}"));
        }
        Ok((array.is_cells, array.node))
    }
}

/// Copies a part to its place, x fastest.
fn place(values: &mut [f32], shape: [usize; 3], part: &[f32], part_shape: [usize; 3], first: [usize; 3]) {
    for (row, source) in part.chunks_exact(part_shape[0]).enumerate() {
        let (j, k) = (first[1] + row % part_shape[1], first[2] + row / part_shape[1]);
        let at = first[0] + shape[0] * (j + shape[1] * k);
        if let Some(target) = values.get_mut(at..at + part_shape[0]) {
            target.copy_from_slice(source);
        }
    }
}

/// Writes a grid with its values appended as raw bytes.
pub(super) fn write<T: Sample>(out: &mut dyn Write, grid: &DensityGrid<T>, content: Values) -> io::Result<()> {
    let lattice = &grid.lattice;
    let [x, y, z] = lattice.shape.map(|n| n - 1);
    let (o, d) = (lattice.origin, lattice.spacing);
    let size = size_of::<T>();
    writeln!(out, "<?xml version=\"1.0\"?>\n<!-- {} -->", content.line())?;
    if let Some(unit) = grid.unit {
        writeln!(out, "<!-- {UNIT}{} -->", unit.name())?;
    }
    writeln!(
        out,
        "<VTKFile type=\"ImageData\" version=\"1.0\" byte_order=\"LittleEndian\" header_type=\"UInt64\">\n\
         <ImageData WholeExtent=\"0 {x} 0 {y} 0 {z}\" Origin=\"{} {} {}\" Spacing=\"{} {} {}\">\n\
         <Piece Extent=\"0 {x} 0 {y} 0 {z}\">\n<PointData Scalars=\"density\">\n\
         <DataArray type=\"Float{}\" Name=\"density\" format=\"appended\" offset=\"0\"/>\n\
         </PointData>\n</Piece>\n</ImageData>\n<AppendedData encoding=\"raw\">",
        o.x,
        o.y,
        o.z,
        d.x,
        d.y,
        d.z,
        8 * size
    )?;
    out.write_all(b"_")?;
    out.write_all(&((grid.values.len() * size) as u64).to_le_bytes())?;
    super::write::numbers(out, &grid.values)?;
    writeln!(out, "\n</AppendedData>\n</VTKFile>")
}
