//! The MP4 container of one H.264 track (ISO/IEC 14496-12 and -15), tables before the pictures.

use std::io::{self, Read, Write};

use super::rate::Rate;

/// What the tables tell.
pub struct Track<'a> {
    pub size: [u32; 2],
    pub rate: Rate,
    /// Sequence and picture parameter sets, without start codes.
    pub parameters: [&'a [u8]; 2],
    /// Bytes of each picture.
    pub lengths: &'a [u32],
    /// Numbers of the pictures that need no other, from 1.
    pub key_frames: &'a [u32],
    /// Texts with the four letters of their keys.
    pub texts: &'a [([u8; 4], &'a str)],
}

/// Writes the file: kind, tables, then the pictures from `samples`.
pub fn write(out: &mut impl Write, track: &Track<'_>, samples: &mut impl Read) -> io::Result<()> {
    let kind = boxed(b"ftyp", &[b"isom", &0x200u32.to_be_bytes()[..], b"isomiso2avc1mp41"]);
    let length: u64 = track.lengths.iter().map(|&n| u64::from(n)).sum();
    let mut header = match u32::try_from(length + 8) {
        Ok(n) => n.to_be_bytes().to_vec(),
        Err(_) => 1u32.to_be_bytes().to_vec(),
    };
    header.extend(b"mdat");
    if length + 8 > u64::from(u32::MAX) {
        header.extend((length + 16).to_be_bytes());
    }
    // The place of the pictures has a fixed width, so the tables are as long with any.
    let before = kind.len() + tables(track, 0).len() + header.len();
    out.write_all(&kind)?;
    out.write_all(&tables(track, before as u64))?;
    out.write_all(&header)?;
    match io::copy(samples, out)? {
        n if n == length => Ok(()),
        n => Err(io::Error::other(format!("{n} bytes of pictures were kept, {length} written"))),
    }
}

fn boxed(name: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let length = 8 + parts.iter().map(|p| p.len()).sum::<usize>();
    let mut out = (length as u32).to_be_bytes().to_vec();
    out.extend(name);
    parts.iter().for_each(|p| out.extend(*p));
    out
}

/// Big-endian words.
fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_be_bytes()).collect()
}

const IDENTITY: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

fn tables(track: &Track<'_>, place: u64) -> Vec<u8> {
    let scale = track.rate.numerator;
    let duration = track.lengths.len() as u64 * u64::from(track.rate.denominator);
    let long = duration.to_be_bytes();
    // Version 1: times of 64 bits.
    let stamp = words(&[0x0100_0000, 0, 0, 0, 0]);
    let mvhd = boxed(
        b"mvhd",
        &[
            &stamp,
            &words(&[scale]),
            &long,
            &words(&[0x1_0000, 0x0100_0000, 0, 0]),
            &words(&IDENTITY),
            &words(&[0; 6]),
            &words(&[2]),
        ],
    );
    let [w, h] = track.size;
    let tkhd = boxed(
        b"tkhd",
        &[
            &words(&[0x0100_0003, 0, 0, 0, 0, 1, 0]),
            &long,
            &words(&[0, 0, 0, 0]),
            &words(&IDENTITY),
            &words(&[w << 16, h << 16]),
        ],
    );
    let mdhd = boxed(b"mdhd", &[&stamp, &words(&[scale]), &long, &words(&[0x55c4_0000])]);
    let hdlr = boxed(b"hdlr", &[&words(&[0, 0]), b"vide", &words(&[0, 0, 0]), b"Video\0"]);
    let here = boxed(b"url ", &[&words(&[1])]);
    let dinf = boxed(b"dinf", &[&boxed(b"dref", &[&words(&[0, 1]), &here])]);
    let minf = boxed(b"minf", &[&boxed(b"vmhd", &[&words(&[1, 0, 0])]), &dinf, &sample_tables(track, place)]);
    let mdia = boxed(b"mdia", &[&mdhd, &hdlr, &minf]);
    let trak = boxed(b"trak", &[&tkhd, &mdia]);
    boxed(b"moov", &[&mvhd, &trak, &texts(track.texts)])
}

fn sample_tables(track: &Track<'_>, place: u64) -> Vec<u8> {
    let count = track.lengths.len() as u32;
    let [sps, pps] = track.parameters;
    let avcc = boxed(
        b"avcC",
        &[
            &[1, sps[1], sps[2], sps[3], 0xff, 0xe1],
            &(sps.len() as u16).to_be_bytes(),
            sps,
            &[1],
            &(pps.len() as u16).to_be_bytes(),
            pps,
        ],
    );
    // BT.601, limited range.
    let colr = boxed(b"colr", &[b"nclx", &[0, 6, 0, 6, 0, 6, 0]]);
    let size = [(track.size[0] as u16).to_be_bytes(), (track.size[1] as u16).to_be_bytes()].concat();
    let avc1 = boxed(
        b"avc1",
        &[
            &[0, 0, 0, 0, 0, 0, 0, 1],
            &[0; 16],
            &size,
            &words(&[0x0048_0000, 0x0048_0000, 0]),
            &[0, 1],
            &[0; 32],
            &[0, 0x18, 0xff, 0xff],
            &avcc,
            &colr,
        ],
    );
    let stsd = boxed(b"stsd", &[&words(&[0, 1]), &avc1]);
    let stts = boxed(b"stts", &[&words(&[0, 1, count, track.rate.denominator])]);
    let stss = boxed(b"stss", &[&words(&[0, track.key_frames.len() as u32]), &words(track.key_frames)]);
    let stsc = boxed(b"stsc", &[&words(&[0, 1, 1, count, 1])]);
    let stsz = boxed(b"stsz", &[&words(&[0, 0, count]), &words(track.lengths)]);
    let co64 = boxed(b"co64", &[&words(&[0, 1]), &place.to_be_bytes()]);
    boxed(b"stbl", &[&stsd, &stts, &stss, &stsc, &stsz, &co64])
}

/// Texts as iTunes keeps them, which is where players and ffprobe look.
fn texts(texts: &[([u8; 4], &str)]) -> Vec<u8> {
    let items: Vec<u8> = texts
        .iter()
        .flat_map(|(key, text)| boxed(key, &[&boxed(b"data", &[&words(&[1, 0]), text.as_bytes()])]))
        .collect();
    let hdlr = boxed(b"hdlr", &[&words(&[0, 0]), b"mdirappl", &[0; 9]]);
    boxed(b"udta", &[&boxed(b"meta", &[&words(&[0]), &hdlr, &boxed(b"ilst", &[&items])])])
}
