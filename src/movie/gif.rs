//! GIF: 256 colours a frame, chosen for each; delays in hundredths of a second.
//!
//! A palette for all frames would need them twice, and by measurement (benches/RESULTS.md) is no better.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use gif::{AnyExtension, DisposalMethod, EncodingError, Frame, Repeat};
use quantette::deps::palette::Srgb;
use quantette::dither::FloydSteinberg;
use quantette::{ImageRef, PaletteBuf, Pipeline};

use super::palette::{self, COLORS, Numbers};
use super::{Encoder, MovieOptions, Rate, WRITER, texts};
use crate::error::{Error, Result};
use crate::io::atomic::AtomicFile;

/// Browsers show frames of less than 2 hundredths for 10.
const SHORTEST: u16 = 2;

pub struct Gif {
    path: PathBuf,
    encoder: gif::Encoder<AtomicFile>,
    size: [u32; 2],
    rate: Rate,
    dither: bool,
    numbers: Numbers,
    frames: u64,
    last: Vec<u8>,
}

/// Hundredths of a second that frame `k` stands: those that keep the movie's clock.
fn delay(rate: Rate, k: u64) -> u16 {
    let until = |k: u64| {
        let (n, d) = (u128::from(rate.numerator), u128::from(rate.denominator));
        (200 * u128::from(k) * d + n) / (2 * n)
    };
    (until(k + 1) - until(k)).clamp(SHORTEST.into(), u16::MAX.into()) as u16
}

/// Frames a second that the file keeps on the whole.
pub fn true_fps(rate: Rate) -> f64 {
    rate.fps().min(100.0 / f64::from(SHORTEST))
}

/// What a rate comes to in hundredths.
pub fn note(rate: Rate) -> Option<String> {
    let hundredths = 100.0 / rate.fps();
    if hundredths < f64::from(SHORTEST) {
        let fps = true_fps(rate);
        return Some(format!("GIF viewers keep up to {fps} frames a second: it runs at that, not at {}", rate.fps()));
    }
    let whole = (hundredths - hundredths.round()).abs() < 1e-9;
    let (short, long) = (hundredths.floor(), hundredths.ceil());
    (!whole).then(|| {
        format!(
            "GIF counts hundredths of a second: frames stand for {short} or {long}, {} a second on the whole",
            rate.fps()
        )
    })
}

impl Gif {
    pub fn new(path: &Path, file: AtomicFile, size: [u32; 2], rate: Rate, options: &MovieOptions) -> Result<Self> {
        let begin = || {
            let mut encoder = gif::Encoder::new(file, size[0] as u16, size[1] as u16, &[])?;
            encoder.set_repeat(Repeat::Infinite)?;
            let mut lines: Vec<String> =
                texts(options, ["Title", "Artist", "Comment"]).iter().map(|(k, t)| format!("{k}: {t}")).collect();
            lines.push(format!("Software: {WRITER}"));
            let text = lines.join("\n");
            // A comment is kept in blocks of up to 255 bytes.
            let blocks: Vec<&[u8]> = text.as_bytes().chunks(255).collect();
            encoder.write_raw_extension(AnyExtension(gif::Extension::Comment as u8), &blocks)?;
            Ok(encoder)
        };
        let encoder = begin().map_err(|e| failed(path, e))?;
        Ok(Self {
            path: path.to_owned(),
            encoder,
            size,
            rate,
            dither: options.dither,
            numbers: Numbers::new(),
            frames: 0,
            last: Vec::new(),
        })
    }

    /// The rectangle that differs from the last frame: left, top, width, height; one pixel if none does.
    fn changed(&self, rgba: &[u8]) -> [usize; 4] {
        let [w, h] = self.size.map(|n| n as usize);
        if self.last.is_empty() {
            return [0, 0, w, h];
        }
        let row = |y: usize| (&rgba[y * w * 4..(y + 1) * w * 4], &self.last[y * w * 4..(y + 1) * w * 4]);
        let differs = |y: &usize| {
            let (a, b) = row(*y);
            a != b
        };
        let Some(top) = (0..h).find(differs) else { return [0, 0, 1, 1] };
        let bottom = (0..h).rev().find(differs).unwrap_or(top);
        let (mut left, mut right) = (w, 0);
        for y in top..=bottom {
            let (a, b) = row(y);
            let mut pixels = a.chunks_exact(4).zip(b.chunks_exact(4));
            left = left.min(pixels.clone().position(|(a, b)| a != b).unwrap_or(w));
            right = right.max(pixels.rposition(|(a, b)| a != b).unwrap_or(0));
        }
        [left, top, right - left + 1, bottom - top + 1]
    }
}

fn failed(path: &Path, error: EncodingError) -> Error {
    let error = match error {
        EncodingError::Io(e) => e,
        other => io::Error::other(other.to_string()),
    };
    Error::file(path, "write", error)
}

/// Palettes that err by less than this (root mean square, of 255) are not dithered: that is not seen, and mixing would be.
const UNSEEN: f64 = 1.0;

/// Palette (three bytes a colour) and the number of each pixel's colour: exact where 256 colours do.
fn quantize(pixels: &[[u8; 3]], [w, h]: [usize; 2], dither: bool, known: &mut Numbers) -> (Vec<u8>, Vec<u8>) {
    if let Some(exact) = exact(pixels) {
        return exact;
    }
    let palette = palette::of(pixels, known);
    if !dither || palette.error < UNSEEN {
        return (palette.colors.concat(), pixels.iter().map(|color| known.of(*color)).collect());
    }
    let colors: Vec<Srgb<u8>> = pixels.iter().map(|&[r, g, b]| Srgb::new(r, g, b)).collect();
    let image = ImageRef::new(w as u32, h as u32, &colors[..]).expect("as many pixels as the size has");
    let palette: Vec<Srgb<u8>> = palette.colors.into_iter().map(Srgb::from).collect();
    let palette = PaletteBuf::try_from(palette).expect("from 1 to 256 colours");
    let pipeline = Pipeline::new().quantize_method(palette).ditherer(FloydSteinberg::new());
    let (palette, numbers) = pipeline.input_image(image).output_srgb8_indexed_image().into_parts();
    (palette.iter().flat_map(|c| [c.red, c.green, c.blue]).collect(), numbers)
}

fn exact(pixels: &[[u8; 3]]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut known: HashMap<[u8; 3], u8> = HashMap::with_capacity(COLORS);
    let (mut palette, mut numbers) = (Vec::new(), Vec::with_capacity(pixels.len()));
    let mut last = None;
    for &pixel in pixels {
        let number = match last {
            Some((color, number)) if color == pixel => number,
            _ => match known.get(&pixel) {
                Some(&number) => number,
                None => {
                    let number = u8::try_from(known.len()).ok()?;
                    known.insert(pixel, number);
                    palette.extend(pixel);
                    number
                }
            },
        };
        last = Some((pixel, number));
        numbers.push(number);
    }
    Some((palette, numbers))
}

impl Encoder for Gif {
    fn push(&mut self, rgba: &[u8]) -> Result<()> {
        let [left, top, width, height] = self.changed(rgba);
        let stride = self.size[0] as usize;
        let rows = rgba.chunks_exact(4 * stride).skip(top).take(height);
        let pixels: Vec<[u8; 3]> = rows
            .flat_map(|row| row[4 * left..4 * (left + width)].chunks_exact(4).map(|p| [p[0], p[1], p[2]]))
            .collect();
        let (palette, numbers) = quantize(&pixels, [width, height], self.dither, &mut self.numbers);
        let frame = Frame {
            delay: delay(self.rate, self.frames),
            dispose: DisposalMethod::Keep,
            left: left as u16,
            top: top as u16,
            width: width as u16,
            height: height as u16,
            palette: Some(palette),
            buffer: Cow::Owned(numbers),
            ..Frame::default()
        };
        self.encoder.write_frame(&frame).map_err(|e| failed(&self.path, e))?;
        self.frames += 1;
        self.last.clear();
        self.last.extend_from_slice(rgba);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let path = self.path.clone();
        self.encoder.into_inner().map_err(|e| failed(&path, e))?.commit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_keep_the_clock_at_any_rate() {
        for (fps, frames) in [(25.0, 100), (30.0, 300), (7.0, 70), (30000.0 / 1001.0, 1000)] {
            let rate = Rate::of(fps).unwrap();
            let total: u64 = (0..frames).map(|k| u64::from(delay(rate, k))).sum();
            assert!((total as f64 - 100.0 * frames as f64 / fps).abs() <= 0.5, "{fps}: {total}");
        }
        assert_eq!(delay(Rate::of(100.0).unwrap(), 5), SHORTEST);
        assert!(note(Rate::of(25.0).unwrap()).is_none());
        assert!(note(Rate::of(30.0).unwrap()).unwrap().contains("for 3 or 4"));
        assert!(note(Rate::of(60.0).unwrap()).unwrap().contains("up to 50"));
    }

    #[test]
    fn up_to_256_colours_are_kept_exactly() {
        let pixels: Vec<[u8; 3]> = (0..1024).map(|i| [(i % 256) as u8, 7, (i % 256) as u8]).collect();
        let (palette, numbers) = quantize(&pixels, [32, 32], true, &mut Numbers::new());
        for (pixel, &number) in pixels.iter().zip(&numbers) {
            assert_eq!(&palette[3 * usize::from(number)..][..3], pixel);
        }
        let many: Vec<[u8; 3]> = (0..1024).map(|i| [(i % 256) as u8, (i / 256) as u8, 0]).collect();
        assert!(exact(&many).is_none());
    }
}
