//! VTK's XML points (.vtp): the points of PolyData, and the arrays of one number a point as columns.

use roxmltree::Node;

use super::ReadOptions;
use super::choose::Parsed;
use super::lines::shown;
use super::table::columns::{self, Columns};
use super::vtk::{self, File};
use crate::error::{Error, Result};

/// A part of the points.
struct Piece<'a> {
    count: usize,
    points: Node<'a, 'a>,
    /// Arrays of one number a point.
    arrays: Vec<(String, Node<'a, 'a>)>,
}

/// Reads the points of all pieces; x, y, z and the arrays of one number a point are columns of a table.
///
/// # Errors
/// [`Error::Input`] if the file is damaged or has no points; as [`columns::read`].
pub(super) fn parse(bytes: &[u8], name: &str, options: &ReadOptions) -> Result<Parsed> {
    let (mut parsed, unit) = vtk::open(bytes, name, options, |root, file| {
        let data = vtk::child(root, "PolyData").ok_or_else(|| Error::input(name, "has no element PolyData"))?;
        let (mut table, pieces) = pieces(data, bytes.len(), file)?;
        table.names.splice(0..0, ["x", "y", "z"].map(str::to_owned));
        let positions = join(&pieces, |piece| file.array::<f64>(piece.points, 3, piece.count))?;
        columns::read(table, options, name, |column| match column {
            0..3 => Ok(positions.iter().skip(column).step_by(3).copied().collect()),
            _ => join(&pieces, |piece| file.array(piece.arrays[column - 3].1, 1, piece.count)),
        })
    })?;
    parsed.cloud.unit = parsed.cloud.unit.or(unit);
    Ok(parsed)
}

/// What `values` gives of each piece, one after the other.
fn join(pieces: &[Piece], values: impl Fn(&Piece) -> Result<Vec<f64>>) -> Result<Vec<f64>> {
    let parts: Vec<Vec<f64>> = pieces.iter().map(values).collect::<Result<_>>()?;
    Ok(parts.concat())
}

/// The pieces that hold points, with the names of the arrays that all of them have.
fn pieces<'a>(data: Node<'a, 'a>, len: usize, file: &File) -> Result<(Columns, Vec<Piece<'a>>)> {
    let mut pieces = Vec::new();
    let mut table = Columns { format: "vtp", ..Columns::default() };
    let mut total = 0_u64;
    for node in data.children().filter(|n| n.has_tag_name("Piece")) {
        let stated = node.attribute("NumberOfPoints").unwrap_or_default();
        let Ok(count) = stated.trim().parse::<usize>() else {
            return file.wrong(format!("a piece has the NumberOfPoints `{}`", shown(stated.as_bytes())));
        };
        if count == 0 {
            continue;
        }
        // Pieces may share bytes, so that a short file could hold any number of points.
        total = total.saturating_add((count as u64).saturating_mul(24));
        if total > file.limit.max(len as u64) {
            return file.wrong(format!("{count} points cannot be in a file of {len} bytes; raise --max-decompressed"));
        }
        let points = vtk::child(node, "Points").and_then(|points| vtk::child(points, "DataArray"));
        let Some(points) = points else { return file.wrong("a piece with points has no array of them") };
        let all: Vec<Node> = vtk::child(node, "PointData").map_or_else(Vec::new, |d| d.children().collect());
        let is_array = |n: &&Node| n.has_tag_name("DataArray");
        let is_single = |n: &Node| n.attribute("NumberOfComponents").is_none_or(|c| c.trim() == "1");
        let (arrays, further): (Vec<Node>, Vec<Node>) = all.iter().filter(is_array).partition(|n| is_single(n));
        for array in further {
            let name = shown(array.attribute("Name").unwrap_or_default().as_bytes());
            let note = format!("the array `{name}` of several numbers a point is not read");
            if !table.notes.contains(&note) {
                table.notes.push(note);
            }
        }
        let named = |n: &Node<'a, 'a>| (n.attribute("Name").unwrap_or_default().to_owned(), *n);
        let arrays: Vec<_> = arrays.iter().map(named).collect();
        let names: Vec<String> = arrays.iter().map(|a| a.0.clone()).collect();
        if pieces.is_empty() {
            table.names = names;
        } else if table.names != names {
            return file
                .wrong("its pieces have different arrays of point data; give a file in which they are the same");
        }
        pieces.push(Piece { count, points, arrays });
    }
    if pieces.is_empty() {
        return Err(Error::Data(format!("{}: has no points in any piece; no points to read", file.name)));
    }
    Ok((table, pieces))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use glam::DVec3;

    use super::*;

    const POINTS: [f64; 6] = [1.0, 2.0, 3.0, 0.1, -5.5, 1e-3];

    fn file(attributes: &str, points: &str, further: &str, appended: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?>\n<VTKFile type=\"PolyData\" version=\"1.0\" {attributes}>\n<PolyData>\n\
             <Piece NumberOfPoints=\"2\" NumberOfVerts=\"0\"><PointData>{further}</PointData>\n<Points>\n\
             <DataArray type=\"Float64\" NumberOfComponents=\"3\" {points}</DataArray></Points></Piece>\n</PolyData>\n\
             {appended}</VTKFile>\n"
        )
    }

    fn read(bytes: &[u8], options: &ReadOptions) -> Result<Parsed> {
        assert_eq!(crate::io::sniff::format(bytes, "t.xml").unwrap(), crate::io::sniff::Format::Vtp);
        parse(bytes, "t.vtp", options)
    }

    fn with_length(values: &[f64]) -> Vec<u8> {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        [&(bytes.len() as u32).to_le_bytes()[..], &bytes].concat()
    }

    fn zlib(values: &[f64]) -> (Vec<u8>, Vec<u8>) {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(&bytes).unwrap();
        let packed = packer.finish().unwrap();
        let head = [1, bytes.len() as u32, 0, packed.len() as u32].map(u32::to_le_bytes).concat();
        (head, packed)
    }

    #[test]
    fn every_encoding_gives_the_same_points_exactly() {
        let (head, packed) = zlib(&POINTS);
        let zlib = "compressor=\"vtkZLibDataCompressor\"";
        let text = file("", "format=\"ascii\">1 2 3\n0.1 -5.5 1e-3", "", "");
        let base64 = file("", &format!("format=\"binary\">{}", STANDARD.encode(with_length(&POINTS))), "", "");
        let coded = STANDARD.encode(&head) + &STANDARD.encode(&packed);
        let packed_base64 = file(zlib, &format!("format=\"binary\">{coded}"), "", "");
        let mut raw = Vec::new();
        for (attributes, data) in [("", with_length(&POINTS)), (zlib, [head, packed].concat())] {
            let text = file(attributes, "format=\"appended\" offset=\"0\">", "", "<AppendedData encoding=\"raw\">_|");
            let (before, after) = text.split_once('|').unwrap();
            raw.push([before.as_bytes(), &data, after.as_bytes()].concat());
        }
        for bytes in [text, base64, packed_base64].into_iter().map(String::into_bytes).chain(raw) {
            let parsed = read(&bytes, &ReadOptions::default()).unwrap();
            assert_eq!(parsed.cloud.positions, [DVec3::new(1.0, 2.0, 3.0), DVec3::new(0.1, -5.5, 1e-3)]);
            assert_eq!((parsed.format, parsed.position_columns.len(), parsed.cloud.unit), ("vtp", 3, None));
        }
    }

    #[test]
    fn arrays_of_one_number_are_columns_and_others_are_told() {
        let further = "<DataArray type=\"Int16\" Name=\"photons\" format=\"ascii\">7 9</DataArray>\
                       <DataArray type=\"Float32\" Name=\"normal\" NumberOfComponents=\"3\" format=\"ascii\">0</DataArray>";
        let text = file("", "format=\"ascii\">1 2 3 4 5 6", further, "");
        let options = ReadOptions { weights: Some("photons".into()), ..ReadOptions::default() };
        let parsed = read(text.as_bytes(), &options).unwrap();
        assert_eq!((parsed.columns.join(","), parsed.cloud.weights), ("x,y,z,photons".into(), Some(vec![7.0, 9.0])));
        assert!(parsed.notes.iter().any(|n| n.contains("`normal` of several numbers")), "{:?}", parsed.notes);
    }

    #[test]
    fn pieces_follow_one_another() {
        let text = file("", "format=\"ascii\">1 2 3 4 5 6", "", "");
        let piece = &text[text.find("<Piece").unwrap()..text.find("</PolyData>").unwrap()];
        let empty = "<Piece NumberOfPoints=\"0\"><Points/></Piece>";
        let twice = text.replace(piece, &format!("{piece}{empty}{}", piece.replace("1 2 3", "7 8 9")));
        let parsed = read(twice.as_bytes(), &ReadOptions::default()).unwrap();
        assert_eq!(parsed.cloud.positions.iter().map(|p| p.x).collect::<Vec<_>>(), [1.0, 4.0, 7.0, 4.0]);
    }

    #[test]
    fn damage_is_told() {
        let text = file("", "format=\"ascii\">1 2 3 4 5 6", "", "");
        for (from, to, expected) in [
            ("4 5 6", "4 5", "has 5 values, 6 are needed"),
            ("4 5 6", "4 5 x", "no number"),
            ("Points=\"2\"", "Points=\"-2\"", "the NumberOfPoints `-2`"),
            ("Points=\"2\"", "Points=\"0\"", "no points in any piece"),
            ("Points=\"2\"", "Points=\"99999999999\"", "cannot be in a file of"),
            ("NumberOfComponents=\"3\"", "NumberOfComponents=\"2\"", "has 2 components; 3 are expected"),
            ("</PolyData>", "", "XML is wrong"),
            ("<Points>", "<Other>", "XML is wrong"),
        ] {
            let error = read(text.replacen(from, to, 1).as_bytes(), &ReadOptions::default()).unwrap_err().to_string();
            assert!(error.contains(expected), "{to}: {error}");
        }
    }
}
