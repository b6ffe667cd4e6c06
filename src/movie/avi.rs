//! AVI with a JPEG a frame, colours in full resolution.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jpeg_encoder::{ColorType, SamplingFactor};

use super::{Encoder, MovieOptions, Rate, WRITER, texts};
use crate::error::{Error, Result};
use crate::io::atomic::AtomicFile;

/// JPEG quality, of 100.
const QUALITY: u8 = 92;

/// A key frame in the index.
const KEY: u32 = 0x10;

pub struct Avi {
    path: PathBuf,
    file: AtomicFile,
    size: [u32; 2],
    rate: Rate,
    options: MovieOptions,
    /// Offset from the word `movi` and bytes of each frame.
    index: Vec<[u32; 2]>,
    /// Bytes of the list `movi`.
    length: u64,
    largest: u32,
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_le_bytes()).collect()
}

/// A chunk, padded to an even length.
fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = [&name[..], &(data.len() as u32).to_le_bytes(), data].concat();
    out.resize(out.len().next_multiple_of(2), 0);
    out
}

fn list(name: &[u8; 4], parts: &[Vec<u8>]) -> Vec<u8> {
    chunk(b"LIST", &[&name[..], &parts.concat()].concat())
}

impl Avi {
    pub fn new(path: &Path, file: AtomicFile, size: [u32; 2], rate: Rate, options: &MovieOptions) -> Result<Self> {
        let (path, options) = (path.to_owned(), options.clone());
        let mut avi = Self { path, file, size, rate, options, index: Vec::new(), length: 4, largest: 0 };
        let header = avi.header();
        avi.file.write_all(&header).map_err(|e| Error::file(&avi.path, "write", e))?;
        Ok(avi)
    }

    /// All before the first frame, of a length that does not depend on what follows.
    fn header(&self) -> Vec<u8> {
        let ([w, h], Rate { numerator, denominator }) = (self.size, self.rate);
        let (frames, largest) = (self.index.len() as u32, self.largest);
        let microseconds = (1e6 / self.rate.fps()).round() as u32;
        let with_index = 0x10;
        let avih = chunk(b"avih", &words(&[microseconds, 0, 0, with_index, frames, 0, 1, largest, w, h, 0, 0, 0, 0]));
        let mut strh = b"vidsMJPG".to_vec();
        strh.extend(words(&[0, 0, 0, denominator, numerator, 0, frames, largest, u32::MAX, 0, 0]));
        strh.extend([w as u16, h as u16].into_iter().flat_map(u16::to_le_bytes));
        let mut strf = words(&[40, w, h]);
        strf.extend([1, 0, 24, 0]);
        strf.extend(b"MJPG");
        strf.extend(words(&[w.wrapping_mul(h).wrapping_mul(3), 0, 0, 0, 0]));
        let strl = list(b"strl", &[chunk(b"strh", &strh), chunk(b"strf", &strf)]);
        let hdrl = list(b"hdrl", &[avih, strl]);
        let mut kept = texts(&self.options, [b"INAM", b"IART", b"ICMT"]);
        kept.push((b"ISFT", WRITER));
        let kept: Vec<_> = kept.iter().map(|(key, text)| chunk(key, &[text.as_bytes(), &[0]].concat())).collect();
        let info = list(b"INFO", &kept);
        let index = 8 + 16 * self.index.len() as u64;
        let all = 4 + (hdrl.len() + info.len()) as u64 + 8 + self.length + index;
        let [all, length] = [all, self.length].map(|n| (n as u32).to_le_bytes());
        [&b"RIFF"[..], &all, b"AVI ", &hdrl, &info, b"LIST", &length, b"movi"].concat()
    }

    fn jpeg(&self, rgba: &[u8]) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, QUALITY);
        encoder.set_sampling_factor(SamplingFactor::R_4_4_4);
        let [w, h] = self.size.map(|n| n as u16);
        encoder.encode(rgba, w, h, ColorType::Rgba).map_err(io::Error::other)?;
        Ok(bytes)
    }

    /// What has no room in 32 bits.
    fn check_room(&self, more: usize) -> io::Result<()> {
        let all = self.length + more as u64 + 32 * self.index.len() as u64 + (1 << 20);
        match u32::try_from(all) {
            Ok(_) => Ok(()),
            Err(_) => Err(io::Error::other("an AVI holds up to 4 GB; choose .mp4")),
        }
    }
}

impl Encoder for Avi {
    fn push(&mut self, rgba: &[u8]) -> Result<()> {
        let mut add = || {
            let bytes = self.jpeg(rgba)?;
            self.check_room(bytes.len())?;
            let chunk = chunk(b"00dc", &bytes);
            self.index.push([self.length as u32, bytes.len() as u32]);
            self.length += chunk.len() as u64;
            self.largest = self.largest.max(bytes.len() as u32);
            self.file.write_all(&chunk)
        };
        add().map_err(|e| Error::file(&self.path, "write", e))
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        let entries = self.index.iter().map(|&[place, length]| [&b"00dc"[..], &words(&[KEY, place, length])].concat());
        let index = chunk(b"idx1", &entries.collect::<Vec<_>>().concat());
        let header = self.header();
        let written = self.file.write_all(&index).and_then(|()| self.file.overwrite(0, &header));
        written.map_err(|e| Error::file(&self.path, "write", e))?;
        self.file.commit()
    }
}
