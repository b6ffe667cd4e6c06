//! Packed input: gzip, bzip2, xz and zstd, told by their first bytes.

use std::io::{self, BufRead, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The largest dictionary of xz, in KiB; it grows with the data, so that a header alone costs nothing.
pub(super) const XZ_KIB: u32 = 1 << 20;

/// A way in which bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Bzip2,
    Xz,
    Zstd,
}

impl Packing {
    /// How these bytes are packed, if they are.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Its name in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        }
    }

    /// Unpacks all members, streams or frames, and checks their checksums.
    pub(super) fn reader<'a>(self, packed: impl BufRead + Send + 'a) -> Box<dyn Read + Send + 'a> {
        match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Self::Bzip2 => Box::new(MultiBzDecoder::new(packed)),
            Self::Xz => Box::new(XzReader::new_mem_limit(packed, true, XZ_KIB)),
            Self::Zstd => Box::new(ZstdFrames::of(packed)),
        }
    }
}

/// Reads one zstd frame after the other; those that hold no data are skipped.
struct ZstdFrames<R> {
    packed: R,
    frame: FrameDecoder,
    is_within: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    fn of(packed: R) -> Self {
        Self { packed, frame: FrameDecoder::new(), is_within: false }
    }

    /// Begins the next frame; false at the end.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.packed.fill_buf()?.is_empty() {
            match self.frame.init(&mut self.packed) {
                Ok(()) => {
                    self.is_within = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let skipped = io::copy(&mut (&mut self.packed).take(length.into()), &mut io::sink())?;
                    if skipped < u64::from(length) {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(e) => return Err(io::Error::other(e)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.is_within || self.begin()? {
            let frame = &mut self.frame;
            while frame.can_collect() == 0 && !frame.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                frame.decode_blocks(&mut self.packed, one).map_err(io::Error::other)?;
            }
            let count = frame.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            let stated = frame.get_checksum_from_data();
            if stated.is_some() && stated != frame.get_calculated_checksum() {
                return Err(io::Error::other("the checksum is wrong"));
            }
            self.is_within = false;
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made by Python's bz2, lzma and zstandard from this text.
    const TEXT: &[u8] = b"x,y,z\n1,2,3\n4,5,6\n";

    fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Packing::of(packed).unwrap().reader(packed).read_to_end(&mut out).map(|_| out)
    }

    fn samples() -> Vec<(Packing, Vec<u8>)> {
        let bytes = |hex: &str| -> Vec<u8> {
            (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
        };
        vec![
            (Packing::Bzip2, bytes(include_str!("packed/sample.bz2.hex").trim())),
            (Packing::Xz, bytes(include_str!("packed/sample.xz.hex").trim())),
            (Packing::Zstd, bytes(include_str!("packed/sample.zst.hex").trim())),
        ]
    }

    #[test]
    fn all_parts_are_unpacked_one_after_the_other() {
        for (packing, packed) in samples() {
            assert_eq!(Packing::of(&packed), Some(packing));
            assert_eq!(unpack(&packed).unwrap(), TEXT, "{packing:?}");
            assert_eq!(unpack(&[packed.clone(), packed].concat()).unwrap(), [TEXT, TEXT].concat(), "{packing:?}");
        }
        let (_, zstd) = samples().remove(2);
        let skipped = [&b"\x50\x2a\x4d\x18\x03\0\0\0abc"[..], &zstd].concat();
        let mut out = Vec::new();
        ZstdFrames::of(&skipped[..]).read_to_end(&mut out).unwrap();
        assert_eq!(out, TEXT);
    }

    #[test]
    fn every_cut_and_every_changed_checksum_is_told() {
        for (packing, packed) in samples() {
            for cut in 10..packed.len() {
                assert!(unpack(&packed[..cut]).is_err(), "{packing:?} cut at {cut}");
            }
            for at in 10..packed.len() {
                let mut bad = packed.clone();
                bad[at] ^= 0x55;
                if let Ok(out) = unpack(&bad) {
                    assert_eq!(out, TEXT, "{packing:?}, byte {at}");
                }
            }
        }
    }
}
