//! PLY (Stanford), binary, little-endian.

use std::io::{self, Write};

use crate::surface::Surface;

pub(super) fn write(out: &mut dyn Write, surface: &Surface) -> io::Result<()> {
    let (vertices, triangles) = (surface.positions.len(), surface.triangles.len());
    write!(
        out,
        "ply\nformat binary_little_endian 1.0\ncomment {}\nelement vertex {vertices}\nproperty float x\n\
         property float y\nproperty float z\nproperty float nx\nproperty float ny\nproperty float nz\n\
         element face {triangles}\nproperty list uchar uint vertex_indices\nend_header\n",
        super::told(surface)
    )?;
    super::items(out, std::iter::zip(&surface.positions, &surface.normals), |(place, normal)| -> [u8; 24] {
        bytemuck::cast([place.as_vec3().to_array(), normal.to_array()].map(|v| v.map(f32::to_le_bytes)))
    })?;
    super::items(out, surface.triangles.iter(), |triangle| {
        let mut bytes = [3u8; 13];
        let numbers: [u8; 12] = bytemuck::cast(triangle.map(u32::to_le_bytes));
        bytes[1..].copy_from_slice(&numbers);
        bytes
    })
}
