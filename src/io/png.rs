//! Pictures as PNG files.

use std::io::{self, Write};
use std::path::Path;

use super::atomic;
use crate::error::Result;

/// Writes red, green, blue, alpha (8 bits each, rows from the top) as a PNG; without the alpha
/// channel where every pixel is opaque.
///
/// # Errors
/// As [`atomic::write`].
///
/// # Panics
/// If `rgba` does not hold four bytes a pixel.
pub fn write(path: &Path, input: Option<&Path>, size: [u32; 2], rgba: &[u8]) -> Result<()> {
    assert_eq!(rgba.len(), size[0] as usize * size[1] as usize * 4, "four bytes a pixel");
    let opaque = rgba.chunks_exact(4).all(|p| p[3] == 255);
    atomic::write(path, input, |out| {
        if opaque {
            let rgb: Vec<u8> = rgba.chunks_exact(4).flat_map(|p| &p[..3]).copied().collect();
            encode(out, size, png::ColorType::Rgb, &rgb)
        } else {
            encode(out, size, png::ColorType::Rgba, rgba)
        }
    })
}

fn encode(out: &mut dyn Write, size: [u32; 2], color: png::ColorType, bytes: &[u8]) -> io::Result<()> {
    let mut encoder = png::Encoder::new(out, size[0], size[1]);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(bytes)?;
    writer.finish()?;
    Ok(())
}
