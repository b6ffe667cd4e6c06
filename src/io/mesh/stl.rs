//! STL, binary: a normal and three corners a triangle, f32.

use std::io::{self, Write};

use crate::surface::Surface;

const HEADER: usize = 80;

pub(super) fn write(out: &mut dyn Write, surface: &Surface) -> io::Result<()> {
    let count = u32::try_from(surface.triangles.len())
        .map_err(|_| io::Error::other("STL counts triangles by 32 bits; name it .ply or choose a coarser grid"))?;
    let mut header = super::told(surface).into_bytes();
    header.resize(HEADER, b' ');
    out.write_all(&header)?;
    out.write_all(&count.to_le_bytes())?;
    super::items(out, surface.triangles.iter(), |triangle| record(surface, triangle))
}

fn record(surface: &Surface, triangle: &[u32; 3]) -> [u8; 50] {
    let corners = triangle.map(|v| surface.positions[v as usize]);
    let [a, b, c] = corners;
    let normal = (b - a).cross(c - a).normalize_or_zero();
    let mut bytes = [0; 50];
    let numbers = [normal, a, b, c].into_iter().flat_map(|v| v.as_vec3().to_array());
    for (place, number) in bytes.chunks_exact_mut(4).zip(numbers) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    bytes
}
