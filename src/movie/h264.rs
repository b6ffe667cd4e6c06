//! H.264 by OpenH264: 4:2:0, BT.601 in the limited range, nearly constant quality.

use std::io::{BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use openh264::OpenH264API;
use openh264::encoder::{
    Encoder as OpenH264, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, QpRange, RateControlMode, VuiConfig,
};
use openh264::formats::{RgbaSliceU8, YUVBuffer};

use super::{Encoder, MovieOptions, Rate, WRITER, mp4, texts};
use crate::error::{Error, Result};
use crate::io::atomic::{AtomicFile, Scratch};

/// Above 18 smooth gradients turn blocky; below 8 files grow without a difference that 8 bits show.
const QUANTIZER: [u8; 2] = [8, 18];

/// A player can begin at each of these many seconds.
const SECONDS_BETWEEN_KEYS: f64 = 2.0;

/// The smallest side that OpenH264 takes.
const SMALLEST: u32 = 16;

/// The even size that holds `size`.
pub fn padded(size: [u32; 2]) -> [u32; 2] {
    size.map(|n| n.next_multiple_of(2).max(SMALLEST))
}

pub struct H264 {
    path: PathBuf,
    file: AtomicFile,
    encoder: OpenH264,
    yuv: YUVBuffer,
    size: [u32; 2],
    rate: Rate,
    options: MovieOptions,
    /// The pictures, which the tables stand before.
    samples: Scratch,
    parameters: [Vec<u8>; 2],
    lengths: Vec<u32>,
    key_frames: Vec<u32>,
}

/// Keeps the encoder from writing to the terminal.
fn silence(encoder: &mut OpenH264) {
    /// ENCODER_OPTION_TRACE_LEVEL; its value 0 is WELS_LOG_QUIET.
    const TRACE_LEVEL: u8 = 25;
    let mut quiet: std::ffi::c_int = 0;
    // SAFETY: the option is an int that is only read during the call, and may be set before the encoder has a size.
    unsafe { encoder.raw_api().set_option(TRACE_LEVEL.into(), std::ptr::from_mut(&mut quiet).cast()) };
}

impl H264 {
    pub fn new(path: &Path, file: AtomicFile, size: [u32; 2], rate: Rate, options: &MovieOptions) -> Result<Self> {
        let between = (SECONDS_BETWEEN_KEYS * rate.fps()).ceil().max(1.0) as u32;
        let config = EncoderConfig::new()
            .rate_control_mode(RateControlMode::Quality)
            .qp(QpRange::new(QUANTIZER[0], QUANTIZER[1]))
            .skip_frames(false)
            .max_frame_rate(FrameRate::from_hz(rate.fps() as f32))
            .intra_frame_period(IntraFramePeriod::from_num_frames(between))
            .num_threads(1)
            .vui(VuiConfig::bt601());
        let mut encoder =
            OpenH264::with_api_config(OpenH264API::from_source(), config).map_err(|e| failed(path, &e))?;
        silence(&mut encoder);
        let [w, h] = padded(size);
        Ok(Self {
            path: path.to_owned(),
            file,
            encoder,
            yuv: YUVBuffer::new(w as usize, h as usize),
            size,
            rate,
            options: options.clone(),
            samples: Scratch::beside(path)?,
            parameters: Default::default(),
            lengths: Vec::new(),
            key_frames: Vec::new(),
        })
    }
}

fn failed(path: &Path, error: &openh264::Error) -> Error {
    Error::Data(format!("{}: OpenH264 cannot encode this: {error}; choose a smaller size, or .png", path.display()))
}

/// The frame with its last column and row repeated.
fn pad(rgba: &[u8], size: [u32; 2]) -> Vec<u8> {
    let [w, h] = size.map(|n| n as usize);
    let [wide, high] = padded(size).map(|n| n as usize);
    let mut out = Vec::with_capacity(wide * high * 4);
    for y in 0..high {
        let row = &rgba[y.min(h - 1) * w * 4..][..w * 4];
        out.extend_from_slice(row);
        (w..wide).for_each(|_| out.extend_from_slice(&row[(w - 1) * 4..]));
    }
    out
}

/// A unit of the stream without its start code.
fn without_start_code(unit: &[u8]) -> &[u8] {
    let zeros = unit.iter().take_while(|&&b| b == 0).count();
    unit.get(zeros + 1..).unwrap_or_default()
}

impl Encoder for H264 {
    fn push(&mut self, rgba: &[u8]) -> Result<()> {
        let [w, h] = padded(self.size).map(|n| n as usize);
        if padded(self.size) == self.size {
            self.yuv.read_rgba8(RgbaSliceU8::new(rgba, (w, h)));
        } else {
            self.yuv.read_rgba8(RgbaSliceU8::new(&pad(rgba, self.size), (w, h)));
        }
        let stream = self.encoder.encode(&self.yuv).map_err(|e| failed(&self.path, &e))?;
        let mut sample = Vec::new();
        for layer in (0..stream.num_layers()).filter_map(|i| stream.layer(i)) {
            for unit in (0..layer.nal_count()).filter_map(|i| layer.nal_unit(i)).map(without_start_code) {
                match unit.first().map(|b| b & 0x1f) {
                    Some(7) => self.parameters[0] = unit.to_vec(),
                    Some(8) => self.parameters[1] = unit.to_vec(),
                    _ => {
                        sample.extend((unit.len() as u32).to_be_bytes());
                        sample.extend(unit);
                    }
                }
            }
        }
        if sample.is_empty() {
            let place = format!("{}: OpenH264 left out frame {}", self.path.display(), self.lengths.len());
            return Err(Error::Data(format!("{place}; choose another size, or .png")));
        }
        self.lengths.push(sample.len() as u32);
        if matches!(stream.frame_type(), FrameType::IDR) {
            self.key_frames.push(self.lengths.len() as u32);
        }
        self.samples.write_all(&sample).map_err(|e| Error::file(&self.path, "write", e))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let Self { path, mut file, mut samples, .. } = *self;
        if self.parameters.iter().any(|p| p.len() < 4) {
            return Err(Error::Data(format!("{}: OpenH264 gave no parameters of the stream", path.display())));
        }
        let mut kept = texts(&self.options, [*b"\xa9nam", *b"\xa9ART", *b"\xa9cmt"]);
        kept.push((*b"\xa9too", WRITER));
        let track = mp4::Track {
            size: padded(self.size),
            rate: self.rate,
            parameters: [&self.parameters[0], &self.parameters[1]],
            lengths: &self.lengths,
            key_frames: &self.key_frames,
            texts: &kept,
        };
        let written = samples
            .flush()
            .and_then(|()| samples.file().seek(SeekFrom::Start(0)))
            .and_then(|_| mp4::write(&mut file, &track, &mut BufReader::new(samples.file())));
        written.map_err(|e| Error::file(&path, "write", e))?;
        file.commit()
    }
}
