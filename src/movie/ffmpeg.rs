//! Other codecs, by the installed ffmpeg through a pipe.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{Encoder, MovieOptions, Rate, texts};
use crate::error::{Error, Result};
use crate::io::atomic::Scratch;

pub struct Ffmpeg {
    path: PathBuf,
    scratch: Option<Scratch>,
    child: Child,
    /// Frames so far.
    frames: u64,
}

/// Whether players expect colours of half the resolution from a codec, and so even sizes.
pub fn pads(codec: &str) -> bool {
    ["264", "265", "hevc", "av1", "mpeg"].iter().any(|family| codec.contains(family))
}

impl Ffmpeg {
    pub fn new(path: &Path, scratch: Scratch, size: [u32; 2], rate: Rate, options: &MovieOptions) -> Result<Self> {
        let mut command = Command::new("ffmpeg");
        command.args(["-hide_banner", "-loglevel", "error", "-nostdin", "-y", "-f", "rawvideo", "-pix_fmt", "rgba"]);
        command.args(["-s", &format!("{}x{}", size[0], size[1])]);
        command.args(["-r", &format!("{}/{}", rate.numerator, rate.denominator), "-i", "pipe:0"]);
        let codec = options.codec.as_deref().unwrap_or_default();
        command.args(["-c:v", codec]);
        if pads(codec) {
            command.args(["-pix_fmt", "yuv420p", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2"]);
        }
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        if ["mp4", "m4v", "mov"].contains(&ending.as_str()) {
            command.args(["-movflags", "+faststart"]);
            if codec.contains("265") || codec.contains("hevc") {
                command.args(["-tag:v", "hvc1"]);
            }
        }
        for (key, text) in texts(options, ["title", "artist", "comment"]) {
            command.args(["-metadata", &format!("{key}={text}")]);
        }
        command.arg(scratch.path()).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().map_err(|e| {
            let what = "cannot start ffmpeg, which other codecs need";
            Error::Data(format!("{}: {what}: {e}; install it, or leave out the codec", path.display()))
        })?;
        Ok(Self { path: path.to_owned(), scratch: Some(scratch), child, frames: 0 })
    }

    /// Whether all frames are in the file: of a full disk ffmpeg tells nothing.
    fn check(&self, file: &Path) -> Result<()> {
        let mut command = Command::new("ffmpeg");
        command.args(["-hide_banner", "-loglevel", "error", "-nostdin", "-i"]).arg(file);
        command.args(["-map", "0:v:0", "-c", "copy", "-f", "framecrc", "-"]).stderr(Stdio::null());
        let read = command.output().map_err(|e| Error::file(&self.path, "check", e))?;
        let lines = read.stdout.split(|b| *b == b'\n');
        let found = lines.filter(|line| line.first().is_some_and(|b| *b != b'#')).count() as u64;
        if read.status.success() && found >= self.frames {
            return Ok(());
        }
        let (file, frames) = (self.path.display(), self.frames);
        Err(Error::Data(format!("{file}: ffmpeg wrote {found} of {frames} frames that can be read; is the disk full?")))
    }

    /// What ffmpeg said.
    fn failure(&mut self, error: Option<&io::Error>) -> Error {
        drop(self.child.stdin.take());
        let mut said = String::new();
        if let Some(stderr) = &mut self.child.stderr {
            let _ = stderr.read_to_string(&mut said);
        }
        let said = said.trim().replace('\n', "; ");
        let said = if said.is_empty() { error.map_or("it failed".into(), ToString::to_string) } else { said };
        Error::Data(format!("{}: ffmpeg cannot encode this: {said}", self.path.display()))
    }
}

impl Encoder for Ffmpeg {
    fn push(&mut self, rgba: &[u8]) -> Result<()> {
        let written = self.child.stdin.as_mut().map(|pipe| pipe.write_all(rgba));
        match written {
            Some(Err(e)) => Err(self.failure(Some(&e))),
            _ => {
                self.frames += 1;
                Ok(())
            }
        }
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        drop(self.child.stdin.take());
        match self.child.wait() {
            Ok(status) if status.success() => {
                let Some(scratch) = self.scratch.take() else { return Ok(()) };
                self.check(scratch.path())?;
                scratch.commit(&self.path)
            }
            Ok(_) => Err(self.failure(None)),
            Err(e) => Err(self.failure(Some(&e))),
        }
    }
}

impl Drop for Ffmpeg {
    fn drop(&mut self) {
        // Ended already, or not wanted any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
