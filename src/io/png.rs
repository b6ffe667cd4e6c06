//! Pictures as PNG files, and the text kept in them.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::Path;

use super::atomic;
use crate::error::{Error, Result};

/// A text kept in a picture, after its keyword (1 to 79 Latin-1 letters).
pub type Text<'a> = (&'a str, &'a str);

/// Writes red, green, blue, alpha (8 bits each, rows from the top) as a PNG; without the alpha
/// channel where every pixel is opaque.
///
/// # Errors
/// As [`atomic::write`].
///
/// # Panics
/// If `rgba` does not hold four bytes a pixel.
pub fn write(path: &Path, input: Option<&Path>, size: [u32; 2], rgba: &[u8]) -> Result<()> {
    write_with_texts(path, input, size, rgba, &[])
}

/// As [`write()`], with texts that stand before the pixels.
///
/// # Errors
/// As [`atomic::write`].
///
/// # Panics
/// If `rgba` does not hold four bytes a pixel.
pub fn write_with_texts(
    path: &Path,
    input: Option<&Path>,
    size: [u32; 2],
    rgba: &[u8],
    texts: &[Text<'_>],
) -> Result<()> {
    assert_eq!(rgba.len(), size[0] as usize * size[1] as usize * 4, "four bytes a pixel");
    let opaque = rgba.chunks_exact(4).all(|p| p[3] == 255);
    atomic::write(path, input, |out| {
        if opaque {
            let rgb: Vec<u8> = rgba.chunks_exact(4).flat_map(|p| &p[..3]).copied().collect();
            encode(out, size, png::ColorType::Rgb, &rgb, texts)
        } else {
            encode(out, size, png::ColorType::Rgba, rgba, texts)
        }
    })
}

fn encode(
    out: &mut dyn Write,
    size: [u32; 2],
    color: png::ColorType,
    bytes: &[u8],
    texts: &[Text<'_>],
) -> io::Result<()> {
    let mut encoder = png::Encoder::new(out, size[0], size[1]);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    for &(keyword, text) in texts {
        encoder.add_itxt_chunk(keyword.into(), text.into())?;
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(bytes)?;
    writer.finish()?;
    Ok(())
}

/// The text after `keyword` in a PNG, before or after its pixels; `None` if it has none.
///
/// # Errors
/// [`Error::File`] if it cannot be read, [`Error::Input`] if it is no PNG.
pub fn read_text(path: &Path, keyword: &str) -> Result<Option<String>> {
    let file = File::open(path).map_err(|e| Error::file(path, "read", e))?;
    let wrong = |e: png::DecodingError| Error::input(path.display().to_string(), format!("this is no sound PNG: {e}"));
    let mut reader = png::Decoder::new(BufReader::new(file)).read_info().map_err(wrong)?;
    if let Some(text) = text_of(reader.info(), keyword) {
        return Ok(Some(text));
    }
    reader.finish().map_err(wrong)?;
    Ok(text_of(reader.info(), keyword))
}

fn text_of(info: &png::Info<'_>, keyword: &str) -> Option<String> {
    let utf8 = info.utf8_text.iter().find(|t| t.keyword == keyword).and_then(|t| t.get_text().ok());
    let packed = || info.compressed_latin1_text.iter().find(|t| t.keyword == keyword)?.get_text().ok();
    let plain = || info.uncompressed_latin1_text.iter().find(|t| t.keyword == keyword).map(|t| t.text.clone());
    utf8.or_else(packed).or_else(plain)
}
