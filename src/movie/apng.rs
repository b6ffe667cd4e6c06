//! APNG: every frame exact (PNG third edition, 2025: acTL, fcTL, fdAT).

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::Crc;

use super::{Encoder, MovieOptions, Rate, WRITER, texts};
use crate::error::{Error, Result};
use crate::io::atomic::AtomicFile;

/// Where the chunk of the number of frames stands: after the signature and the header.
const PLACE_OF_COUNT: u64 = 8 + 25;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

pub struct Apng {
    path: PathBuf,
    file: AtomicFile,
    size: [u32; 2],
    rate: Rate,
    frames: u32,
    /// Of the next chunk that bears one.
    sequence: u32,
}

fn chunk(out: &mut dyn Write, name: &[u8; 4], data: &[u8]) -> io::Result<()> {
    let mut sum = Crc::new();
    sum.update(name);
    sum.update(data);
    out.write_all(&(data.len() as u32).to_be_bytes())?;
    out.write_all(name)?;
    out.write_all(data)?;
    out.write_all(&sum.sum().to_be_bytes())
}

/// Number of frames, and how often they are played: for ever.
fn count(frames: u32) -> Vec<u8> {
    [frames.to_be_bytes(), [0; 4]].concat()
}

/// The compressed pixels of a frame, as PNG has them.
fn compressed(size: [u32; 2], rgba: &[u8]) -> io::Result<Vec<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size[0], size[1]);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rgba)?;
    writer.finish()?;
    let (mut parts, mut at) = (Vec::new(), SIGNATURE.len());
    while let Some(head) = bytes.get(at..at + 8) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if &head[4..8] == b"IDAT" {
            parts.push(bytes[at + 8..at + 8 + length].to_vec());
        }
        at += 12 + length;
    }
    Ok(parts)
}

/// The delay as a fraction of 16 bits.
fn delay(rate: Rate) -> [u16; 2] {
    match (u16::try_from(rate.denominator), u16::try_from(rate.numerator)) {
        (Ok(numerator), Ok(denominator)) => [numerator, denominator],
        // Above 65 frames a second with thousandths.
        _ => [1000, (rate.fps() * 1000.0).min(65535.0) as u16],
    }
}

impl Apng {
    pub fn new(path: &Path, mut file: AtomicFile, size: [u32; 2], rate: Rate, options: &MovieOptions) -> Result<Self> {
        let begin = |out: &mut AtomicFile| {
            out.write_all(SIGNATURE)?;
            let header = [&size[0].to_be_bytes()[..], &size[1].to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
            chunk(out, b"IHDR", &header)?;
            chunk(out, b"acTL", &count(0))?;
            let mut kept = texts(options, ["Title", "Author", "Comment"]);
            kept.push(("Software", WRITER));
            for (key, text) in kept {
                chunk(out, b"iTXt", &[key.as_bytes(), &[0; 5], text.as_bytes()].concat())?;
            }
            Ok(())
        };
        begin(&mut file).map_err(|e| Error::file(path, "write", e))?;
        Ok(Self { path: path.to_owned(), file, size, rate, frames: 0, sequence: 0 })
    }

    fn numbered(&mut self, name: &[u8; 4], data: &[u8]) -> io::Result<()> {
        let data = [&self.sequence.to_be_bytes()[..], data].concat();
        self.sequence += 1;
        chunk(&mut self.file, name, &data)
    }

    fn frame(&mut self, rgba: &[u8]) -> io::Result<()> {
        let [w, h] = self.size.map(u32::to_be_bytes);
        let [numerator, denominator] = delay(self.rate).map(u16::to_be_bytes);
        let control = [&w[..], &h, &[0; 8], &numerator, &denominator, &[0, 0]].concat();
        self.numbered(b"fcTL", &control)?;
        for part in compressed(self.size, rgba)? {
            match self.frames {
                0 => chunk(&mut self.file, b"IDAT", &part)?,
                _ => self.numbered(b"fdAT", &part)?,
            }
        }
        self.frames += 1;
        Ok(())
    }
}

impl Encoder for Apng {
    fn push(&mut self, rgba: &[u8]) -> Result<()> {
        self.frame(rgba).map_err(|e| Error::file(&self.path, "write", e))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let Self { path, mut file, frames, .. } = *self;
        let mut end = || {
            chunk(&mut file, b"IEND", &[])?;
            let mut counted = Vec::new();
            chunk(&mut counted, b"acTL", &count(frames))?;
            file.overwrite(PLACE_OF_COUNT, &counted)
        };
        end().map_err(|e| Error::file(&path, "write", e))?;
        file.commit()
    }
}
