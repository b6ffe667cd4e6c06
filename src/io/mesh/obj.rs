//! Wavefront OBJ, text. Vertices are counted from 1 over all objects.

use std::io::{self, Write};

use super::Painted;

pub(super) fn write(out: &mut dyn Write, surfaces: &[Painted<'_>]) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(1 << 16, out);
    let mut first = 1;
    for painted in surfaces {
        let surface = painted.surface;
        writeln!(out, "# {}\no level_{:e}", super::told(surface), surface.level)?;
        for p in &surface.positions {
            // As many digits as tell apart all numbers of 32 bits.
            writeln!(out, "v {:.8e} {:.8e} {:.8e}", p.x, p.y, p.z)?;
        }
        for n in &surface.normals {
            writeln!(out, "vn {:.4} {:.4} {:.4}", n.x, n.y, n.z)?;
        }
        for triangle in &surface.triangles {
            let [a, b, c] = triangle.map(|v| first + u64::from(v));
            writeln!(out, "f {a}//{a} {b}//{b} {c}//{c}")?;
        }
        first += surface.positions.len() as u64;
    }
    out.flush()
}
