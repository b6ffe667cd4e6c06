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
