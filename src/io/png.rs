//! Pictures as PNG files, and the text kept in them.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::Path;

use super::atomic::{self, AtomicFile};
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

/// What takes the next rows of a picture: red, green, blue, alpha of each pixel.
pub type Take<'a> = dyn FnMut(&[u8]) -> Result<()> + 'a;

/// As [`write_with_texts`], of a picture that `draw` hands over some rows at a time, so that it need not be in
/// memory as a whole; with an alpha channel unless it is said to be opaque.
///
/// # Errors
/// As [`atomic::write`], and those of `draw`.
pub fn write_bands(
    path: &Path,
    input: Option<&Path>,
    size: [u32; 2],
    opaque: bool,
    texts: &[Text<'_>],
    draw: impl FnOnce(&mut Take<'_>) -> Result<()>,
) -> Result<()> {
    let failed = |e: io::Error| Error::file(path, "write", e);
    let mut file = AtomicFile::create(path, input)?;
    let color = if opaque { png::ColorType::Rgb } else { png::ColorType::Rgba };
    let mut writer = header(&mut file, size, color, texts).map_err(failed)?;
    let mut rows = writer.stream_writer().map_err(|e| failed(e.into()))?;
    draw(&mut |rgba| {
        if !opaque {
            return rows.write_all(rgba).map_err(failed);
        }
        let rgb: Vec<u8> = rgba.chunks_exact(4).flat_map(|p| &p[..3]).copied().collect();
        rows.write_all(&rgb).map_err(failed)
    })?;
    rows.finish().and_then(|()| writer.finish()).map_err(|e| failed(e.into()))?;
    file.commit()
}

fn encode(
    out: &mut dyn Write,
    size: [u32; 2],
    color: png::ColorType,
    bytes: &[u8],
    texts: &[Text<'_>],
) -> io::Result<()> {
    let mut writer = header(out, size, color, texts)?;
    writer.write_image_data(bytes)?;
    writer.finish()?;
    Ok(())
}

/// A writer that has written what stands before the pixels.
fn header<W: Write>(out: W, size: [u32; 2], color: png::ColorType, texts: &[Text<'_>]) -> io::Result<png::Writer<W>> {
    let mut encoder = png::Encoder::new(out, size[0], size[1]);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    for &(keyword, text) in texts {
        encoder.add_itxt_chunk(keyword.into(), text.into())?;
    }
    Ok(encoder.write_header()?)
}

/// Reads a PNG of any kind: its width and height, and red, green, blue, alpha (8 bits each, not premultiplied, rows from the
/// top).
///
/// # Errors
/// [`Error::File`] if it cannot be read, [`Error::Input`] if it is no sound PNG.
pub fn read(path: &Path) -> Result<([u32; 2], Vec<u8>)> {
    let file = File::open(path).map_err(|e| Error::file(path, "read", e))?;
    let wrong = |what: String| Error::input(path.display().to_string(), format!("this is no sound PNG: {what}"));
    let mut decoder = png::Decoder::new(BufReader::new(file));
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().map_err(|e| wrong(e.to_string()))?;
    let size = reader.output_buffer_size().ok_or_else(|| wrong("it is too large".into()))?;
    let mut bytes = vec![0; size];
    let info = reader.next_frame(&mut bytes).map_err(|e| wrong(e.to_string()))?;
    bytes.truncate(info.buffer_size());
    let rgba = match info.color_type.samples() {
        4 => bytes,
        2 => bytes.chunks_exact(2).flat_map(|p| [p[0], p[0], p[0], p[1]]).collect(),
        channels => return Err(wrong(format!("{channels} channels cannot be understood"))),
    };
    Ok(([info.width, info.height], rgba))
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
