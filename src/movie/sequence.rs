//! A PNG file for each frame, each whole or absent.

use std::path::{Path, PathBuf};

use super::{Encoder, MovieOptions, Texts, WRITER, texts};
use crate::error::{Error, Result};
use crate::io::{atomic, png};

/// The file of frame `k` where `path` names a sequence: a pattern such as `F%04d.png`, or a folder (one that
/// exists, or a name that ends in a slash), whose files are `frame_%04d.png`. `None` if it names one file.
pub fn frame_path(path: &Path, k: u64) -> Option<PathBuf> {
    let is_folder = path.is_dir() || path.as_os_str().to_string_lossy().ends_with('/');
    if is_folder {
        return Some(path.join(format!("frame_{k:04}.png")));
    }
    let name = path.file_name()?.to_str()?;
    let (before, rest) = name.split_once('%')?;
    let (digits, after) = rest.split_once('d')?;
    let width: usize = if digits.is_empty() { 0 } else { digits.strip_prefix('0')?.parse().ok()? };
    if width > 20 || after.contains('%') || !after.to_ascii_lowercase().ends_with(".png") {
        return None;
    }
    Some(path.with_file_name(format!("{before}{k:0width$}{after}")))
}

/// Tells whether the files can be written, and makes the folder that `path` ends in.
pub fn check_writable(path: &Path, first: u64) -> Result<()> {
    if path.as_os_str().to_string_lossy().ends_with('/') {
        std::fs::create_dir_all(path).map_err(|e| Error::file(path, "create", e))?;
    }
    frame_path(path, first).map_or(Ok(()), |file| atomic::check_writable(&file, None))
}

/// Refuses a name that has a sign of a number, but not one that numbers frames.
pub fn refuse_half_pattern(path: &Path) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let sign =
        name.match_indices('%').map(|(at, _)| &name[at + 1..]).find(|rest| rest.starts_with(char::is_alphanumeric));
    let Some(rest) = sign else { return Ok(()) };
    let letters: String = rest.chars().take_while(|c| c.is_alphanumeric()).take(4).collect();
    Err(Error::Usage(format!(
        "{}: %{letters} numbers no frames; PNG files are named with one %d or %04d, as in F%04d.png",
        path.display()
    )))
}

/// What is told of files of a longer movie that was there before: those from frame `next` on.
pub fn left_over(path: &Path, next: u64) -> Option<String> {
    let file = |k| frame_path(path, k).filter(|file| file.exists());
    let first = file(next)?;
    let count = (next..).take_while(|&k| file(k).is_some()).count();
    let first = first.display();
    Some(match count {
        1 => format!("{first} is of a longer movie that was here before; remove it"),
        _ => format!("{first} and the {} after it are of a longer movie that was here before; remove them", count - 1),
    })
}

pub struct Sequence {
    path: PathBuf,
    size: [u32; 2],
    options: MovieOptions,
    next: u64,
    /// Those of the next frame.
    texts: Texts,
}

impl Sequence {
    pub fn new(path: &Path, size: [u32; 2], options: &MovieOptions) -> Self {
        Self { path: path.to_owned(), size, options: options.clone(), next: options.first, texts: Vec::new() }
    }
}

impl Encoder for Sequence {
    fn describe(&mut self, texts: Texts) {
        self.texts = texts;
    }

    fn push(&mut self, rgba: &[u8]) -> Result<()> {
        let file = frame_path(&self.path, self.next).unwrap_or_else(|| self.path.clone());
        let mut kept: Vec<_> = self.texts.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
        kept.extend(texts(&self.options, ["Title", "Author", "Comment"]));
        kept.push(("Software", WRITER));
        png::write_with_texts(&file, None, self.size, rgba, &kept)?;
        self.next += 1;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_and_folders_name_a_file_for_each_frame() {
        let of = |path: &str| frame_path(Path::new(path), 7).map(|p| p.to_str().unwrap().to_owned());
        assert_eq!(of("a/f%04d.png").as_deref(), Some("a/f0007.png"));
        assert_eq!(of("f%d.PNG").as_deref(), Some("f7.PNG"));
        assert_eq!(of("no_such_folder/").as_deref(), Some("no_such_folder/frame_0007.png"));
        for one in ["f.png", "f%04d.mp4", "f%4d.png", "f%099d.png", "50%.png", "%", "f%d_%d.png"] {
            assert_eq!(of(one), None, "{one}");
        }
        let refused = |path: &str| refuse_half_pattern(Path::new(path)).err().map(|e| e.to_string());
        for bad in ["f%q.png", "f%4d.png", "f%d_%d.png", "f%04d.mp4"] {
            assert!(refused(bad).unwrap().contains("numbers no frames"), "{bad}");
        }
        assert_eq!([refused("50%.png"), refused("%q/f.png"), refused("100% sure.png")], [const { None }; 3]);
    }
}
