//! ZIP archives: NPZ (arrays of numpy) and .smlm (tables of localisations).

mod npz;
mod smlm;

use std::io::{Cursor, Read};
use std::path::Path;

use zip::ZipArchive;

use super::choose::Parsed;
use super::{ReadOptions, npy};
use crate::error::{Error, Result};

/// Up to here members are unpacked whatever their ratio; above it, up to [`MOST_RATIO`] times the archive.
const FREE_BYTES: u64 = 64 << 20;
const MOST_RATIO: u64 = 200;

/// An archive and how much of it may be unpacked.
struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    name: &'a str,
    most: u64,
}

/// Reads points or a volume.
///
/// # Errors
/// [`Error::Input`] if the archive is damaged or holds neither; as the readers of its members.
pub(super) fn parse(bytes: &[u8], name: &str, path: Option<&Path>, options: &ReadOptions) -> Result<npy::Contents> {
    let most = options.max_decompressed.unwrap_or((bytes.len() as u64).saturating_mul(MOST_RATIO).max(FREE_BYTES));
    let zip = ZipArchive::new(Cursor::new(bytes))
        .map_err(|e| Error::input(name, format!("the ZIP archive is cut or damaged ({e}); fetch it again")))?;
    let mut archive = Archive { zip, name, most };
    let members = archive.members()?;
    if members.iter().any(|m| m == "manifest.json") {
        return smlm::parse(&mut archive, options).map(|parsed: Parsed| npy::Contents::Points(parsed));
    }
    let arrays: Vec<String> = members.iter().filter(|m| m.ends_with(".npy")).cloned().collect();
    if !arrays.is_empty() {
        return npz::parse(&mut archive, &arrays, path, options);
    }
    let there: Vec<String> =
        members.iter().take(10).map(|m| format!("`{}`", super::lines::shown(m.as_bytes()))).collect();
    let problem = format!("is a ZIP archive of {}, neither NPZ nor .smlm; unpack it first", there.join(", "));
    Err(Error::input(name, problem))
}

impl Archive<'_> {
    /// Names of all members.
    fn members(&mut self) -> Result<Vec<String>> {
        (0..self.zip.len())
            .map(|i| {
                let member = self.zip.by_index_raw(i).map_err(|e| damaged(self.name, "its list of members", &e))?;
                Ok(String::from_utf8_lossy(member.name_raw()).into_owned())
            })
            .collect()
    }

    /// The bytes of a member, checked against its CRC.
    fn read(&mut self, member: &str) -> Result<Vec<u8>> {
        let (name, most) = (self.name, self.most);
        let file = self.zip.by_name(member).map_err(|e| damaged(name, member, &e))?;
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes).map_err(|e| damaged(name, member, &e))?;
        if bytes.len() as u64 > most {
            let problem =
                format!("`{member}` unpacks to more than {most} bytes; raise --max-decompressed if that is meant");
            return Err(Error::input(name, problem));
        }
        Ok(bytes)
    }
}

fn damaged(name: &str, member: &str, e: &dyn std::fmt::Display) -> Error {
    let member = super::lines::shown(member.as_bytes());
    Error::input(name, format!("`{member}` in the ZIP archive is damaged ({e}); fetch the file again"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use glam::DVec3;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in members {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn array(shape: &str, values: &[f64]) -> Vec<u8> {
        let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        values.iter().for_each(|v| bytes.extend(v.to_le_bytes()));
        bytes
    }

    fn points(bytes: &[u8]) -> Result<Parsed> {
        match parse(bytes, "t.npz", None, &ReadOptions::default())? {
            npy::Contents::Points(parsed) => Ok(parsed),
            npy::Contents::Volume(_) => panic!("a volume"),
        }
    }

    const POINTS: [DVec3; 2] = [DVec3::new(1.0, 2.0, 3.0), DVec3::new(4.0, 5.0, 6.0)];

    fn rows() -> Vec<u8> {
        array("(2, 3)", &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    }

    #[test]
    fn arrays_are_found_by_name_by_shape_or_as_columns() {
        let other = array("(1, 2)", &[9.0, 9.0]);
        let named = points(&archive(&[("other.npy", &other), ("positions.npy", &rows())])).unwrap();
        assert_eq!((named.cloud.positions.as_slice(), named.format), (POINTS.as_slice(), "npz"));
        assert!(named.notes.iter().any(|n| n.contains("`positions` is taken; `other` not read")), "{:?}", named.notes);
        assert_eq!(points(&archive(&[("a.npy", &rows()), ("n.npy", &array("(1,)", &[1.0]))])).unwrap().cloud.len(), 2);
        let columns = [("z", [3.0, 6.0]), ("x", [1.0, 4.0]), ("y", [2.0, 5.0])];
        let columns: Vec<(String, Vec<u8>)> =
            columns.iter().map(|(n, v)| (format!("{n}.npy"), array("(2,)", v))).collect();
        let columns: Vec<(&str, &[u8])> = columns.iter().map(|(n, b)| (n.as_str(), b.as_slice())).collect();
        assert_eq!(points(&archive(&columns)).unwrap().cloud.positions, POINTS);
        let two = points(&archive(&[("a.npy", &rows()), ("b.npy", &rows())])).unwrap_err().to_string();
        assert!(two.contains("`a` [2, 3], `b` [2, 3]; which are positions"), "{two}");
        let none = points(&archive(&[("readme.txt", b"x")])).unwrap_err().to_string();
        assert!(none.contains("ZIP archive of `readme.txt`, neither NPZ nor .smlm"), "{none}");
    }

    const MANIFEST: &str = "{\"formats\": {\"f\": {\"mode\": \"binary\", \"headers\": [\"frame\", \"x\", \"y\"], \
        \"dtype\": [\"int8\", \"float32\", \"float64\"], \"shape\": [\"1\", 1, 1], \"units\": [\"\", \"nm\", \"nm\"]}}, \
        \"files\": [{\"name\": \"t.bin\", \"format\": \"f\", \"rows\": \"1\"}]}";

    #[test]
    fn tables_of_localisations_are_laid_out_by_their_manifest() {
        let row = [&[7][..], &1.5f32.to_le_bytes(), &2.5f64.to_le_bytes()].concat();
        let whole = archive(&[("manifest.json", MANIFEST.as_bytes()), ("t.bin", &row)]);
        let parsed = points(&whole).unwrap();
        assert_eq!((parsed.cloud.positions.as_slice(), parsed.dimensions), (&[DVec3::new(1.5, 2.5, 0.0)][..], 2));
        assert_eq!(parsed.cloud.unit.map(|u| u.name()), Some("nm"));
        let cut =
            points(&archive(&[("manifest.json", MANIFEST.as_bytes()), ("t.bin", &row[1..])])).unwrap_err().to_string();
        assert!(cut.contains("t.bin: has 12 bytes, 1 rows of 13 bytes are stated"), "{cut}");
    }

    #[test]
    fn changes_and_cuts_never_panic_and_wrong_checksums_are_told() {
        let bytes = archive(&[("positions.npy", &rows())]);
        for at in 0..bytes.len() {
            let _ = points(&bytes[..at]);
            for change in [1, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                if let Ok(parsed) = points(&changed) {
                    assert_eq!(parsed.cloud.positions, POINTS, "byte {at}");
                }
            }
        }
    }
}
