//! Writing surfaces, each format by the ending of its name.

mod glb;
mod obj;
mod ply;
mod stl;

use std::io::{self, Write};
use std::path::Path;

use super::atomic;
use crate::color::Rgb;
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::surface::Surface;

/// A format that surfaces are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeshFormat {
    /// STL, binary: triangles alone. One surface.
    Stl,
    /// PLY (Stanford), binary, little-endian, with normals. One surface.
    Ply,
    /// Wavefront OBJ, text, with normals; each surface an object.
    Obj,
    /// glTF 2.0 in one file, with normals; each surface a mesh of its own colour and opacity.
    Glb,
}

/// A surface and how it is to look, where the format says that.
#[derive(Debug, Clone, Copy)]
pub struct Painted<'a> {
    /// The surface.
    pub surface: &'a Surface,
    /// Its colour, display values from 0 to 1.
    pub color: Rgb,
    /// 0 to 1.
    pub opacity: f64,
}

impl MeshFormat {
    /// The format that a name's ending asks for.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "stl" => Some(Self::Stl),
            "ply" => Some(Self::Ply),
            "obj" => Some(Self::Obj),
            "glb" => Some(Self::Glb),
            _ => None,
        }
    }

    /// Whether a file has room for more than one surface.
    pub fn holds_several(self) -> bool {
        matches!(self, Self::Obj | Self::Glb)
    }
}

/// Writes surfaces in the unit of the data, positions as f32 (text: 9 digits); `input` is never overwritten.
///
/// # Errors
/// [`Error::File`]; [`Error::Usage`] if `path` is `input` or the format has no room for them.
pub fn write_surfaces(path: &Path, format: MeshFormat, surfaces: &[Painted<'_>], input: Option<&Path>) -> Result<()> {
    if surfaces.len() != 1 && !format.holds_several() {
        let shown = path.display();
        return Err(Error::Usage(format!("{shown}: STL and PLY hold one surface; name it .glb or .obj for several")));
    }
    atomic::write(path, input, |out| match format {
        MeshFormat::Stl => stl::write(out, surfaces[0].surface),
        MeshFormat::Ply => ply::write(out, surfaces[0].surface),
        MeshFormat::Obj => obj::write(out, surfaces),
        MeshFormat::Glb => glb::write(out, surfaces),
    })
}

/// Level and unit in words, without line ends.
fn told(surface: &Surface) -> String {
    let unit = surface.unit.map_or("of no known unit", LengthUnit::name);
    format!("densitas: surface of density {:e}, lengths in {unit}", surface.level)
}

/// Items one after the other, each as `N` bytes.
fn items<T, const N: usize>(
    out: &mut dyn Write,
    items: impl Iterator<Item = T>,
    bytes_of: impl Fn(T) -> [u8; N],
) -> io::Result<()> {
    let mut bytes = Vec::with_capacity((1 << 16) + N);
    for item in items {
        bytes.extend(bytes_of(item));
        if bytes.len() >= 1 << 16 {
            out.write_all(&bytes)?;
            bytes.clear();
        }
    }
    out.write_all(&bytes)
}

#[cfg(test)]
mod tests;
