//! Movies: frames in, a file out. The format follows the file's name.
//!
//! Frames stream to an encoder on a thread of its own through a short queue: drawing the next frame
//! overlaps with the encoding of the last, and memory stays constant. The file appears under its name
//! only when it is whole.

mod apng;
mod avi;
mod ffmpeg;
mod gif;
mod h264;
mod mp4;
mod palette;
mod rate;
mod recorder;
mod sequence;
mod track;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender};
use std::thread::JoinHandle;

use crate::error::{Error, Result};
use crate::io::atomic::{self, AtomicFile, Scratch};
pub use rate::Rate;
pub use recorder::{Describe, Recorder, Snap, record_heatmap, record_heatmap_with};
pub use sequence::frame_path;
pub use track::{Ease, Track};

/// Frames that wait for the encoder.
const QUEUE: usize = 3;

/// How a movie is written.
#[derive(Debug, Clone, PartialEq)]
pub struct MovieOptions {
    /// Frames a second, from 0.01 to 1000.
    pub fps: f64,
    /// Title kept in the file.
    pub title: Option<String>,
    /// Who made it.
    pub artist: Option<String>,
    /// A remark kept in the file.
    pub comment: Option<String>,
    /// Number of the first frame in the names of a PNG sequence.
    pub first: u64,
    /// Whether colours that a GIF misses by more than is seen are mixed by dithering (Floyd and Steinberg).
    pub dither: bool,
    /// An encoder of the installed ffmpeg, such as `libx265`, instead of the program's own.
    pub codec: Option<String>,
}

impl Default for MovieOptions {
    fn default() -> Self {
        Self { fps: 25.0, title: None, artist: None, comment: None, first: 0, dither: true, codec: None }
    }
}

impl MovieOptions {
    /// Whether the options can be met.
    ///
    /// # Errors
    /// [`Error::Usage`].
    pub fn validate(&self) -> Result<()> {
        Rate::of(self.fps).map(drop)
    }
}

/// What a finished movie is.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// Number of frames written.
    pub frames: u64,
    /// Width and height in the file.
    pub size: [u32; 2],
    /// Frames a second in the file.
    pub fps: f64,
    /// How the file differs from what was asked: padding, a rate that its format cannot keep.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Mp4,
    Gif,
    Avi,
    Apng,
    Sequence,
    Ffmpeg,
}

impl Format {
    fn of(path: &Path, codec: Option<&str>) -> Result<Self> {
        if codec.is_some() {
            return Ok(Self::Ffmpeg);
        }
        let by_name = Self::of_name(path);
        if frame_path(path, 0).is_some() {
            let problem = "is a folder named as a movie; name a file, or a folder without this ending for PNG files";
            return match by_name {
                Some(_) if path.is_dir() => Err(Error::Usage(format!("{}: {problem}", path.display()))),
                _ => Ok(Self::Sequence),
            };
        }
        sequence::refuse_half_pattern(path)?;
        by_name.ok_or_else(|| {
            Error::Usage(format!(
                "{}: movies are written as .mp4, .gif, .avi, .png (APNG), or PNG files named by F%04d.png or a folder; \
                 other endings need the codec of an installed ffmpeg",
                path.display()
            ))
        })
    }

    /// By the ending of a name.
    fn of_name(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "mp4" | "m4v" => Self::Mp4,
            "gif" => Self::Gif,
            "avi" => Self::Avi,
            "png" | "apng" => Self::Apng,
            _ => return None,
        })
    }

    fn has_alpha(self) -> bool {
        matches!(self, Self::Apng | Self::Sequence | Self::Ffmpeg)
    }

    /// The largest width or height.
    fn largest_side(self) -> u32 {
        match self {
            // 9.4 megapixels in a picture of level 5.2; OpenH264 takes sides up to 4096.
            Self::Mp4 => 4096,
            Self::Gif | Self::Avi => 65535,
            Self::Apng | Self::Sequence | Self::Ffmpeg => i32::MAX as u32,
        }
    }
}

/// Tells whether a movie can have this name, without a codec of ffmpeg.
///
/// # Errors
/// [`Error::Usage`] for an ending that no movie has.
pub fn check_name(path: &Path) -> Result<()> {
    Format::of(path, None).map(drop)
}

/// Whether a movie of this name has transparent pixels, without a codec of ffmpeg; none if its ending says no format.
pub fn has_alpha(path: &Path) -> Option<bool> {
    Format::of_name(path).map(Format::has_alpha)
}

/// What writes one format.
trait Encoder {
    /// Texts, each after its keyword, for the next frame, of formats that keep texts by frame.
    fn describe(&mut self, _texts: Texts) {}
    /// Adds a frame of the movie's size: red, green, blue, alpha, rows from the top.
    fn push(&mut self, rgba: &[u8]) -> Result<()>;
    /// Makes the file whole.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// Where the bytes go, made before the first frame so that a bad path is told at once.
enum Target {
    File(AtomicFile),
    Beside(Scratch),
    Names,
}

/// Texts of a frame, each after its keyword.
type Texts = Vec<(String, String)>;

enum Message {
    Frame(Vec<u8>, Texts),
    Finish,
}

/// A movie that is being written. Dropped before [`MovieWriter::finish`] it leaves no file (of a PNG
/// sequence the frames so far).
pub struct MovieWriter {
    path: PathBuf,
    format: Format,
    options: MovieOptions,
    target: Option<Target>,
    size: Option<[u32; 2]>,
    frames: u64,
    queue: Option<SyncSender<Message>>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl MovieWriter {
    /// Begins a movie whose format follows the name: `.mp4` (H.264), `.gif`, `.avi` (MJPEG), `.png` and
    /// `.apng` (APNG), a pattern such as `F%04d.png` or a folder (PNG files).
    ///
    /// # Errors
    /// [`Error::Usage`] for an ending or a rate that cannot be, [`Error::File`] if the file cannot be written.
    pub fn create(path: &Path, options: &MovieOptions) -> Result<Self> {
        options.validate()?;
        let format = Format::of(path, options.codec.as_deref())?;
        if atomic::is_stream(path) && format != Format::Gif {
            return Err(Error::Usage(format!("{}: a movie needs a file, not a pipe", path.display())));
        }
        let target = match format {
            Format::Sequence => {
                sequence::check_writable(path, options.first)?;
                Target::Names
            }
            Format::Ffmpeg => {
                atomic::check_writable(path, None)?;
                Target::Beside(Scratch::beside(path)?)
            }
            _ => Target::File(AtomicFile::create(path, None)?),
        };
        let (path, options) = (path.to_owned(), options.clone());
        Ok(Self { path, format, options, target: Some(target), size: None, frames: 0, queue: None, thread: None })
    }

    /// Adds a frame: red, green, blue, alpha (8 bits each, not premultiplied) of each pixel, rows from the top.
    /// Waits while the queue is full.
    ///
    /// # Errors
    /// [`Error::Data`] for a frame of another size or with transparent pixels that the format cannot hold, and
    /// what went wrong in the encoder since the last call.
    ///
    /// # Panics
    /// If `rgba` does not hold four bytes a pixel.
    pub fn push(&mut self, size: [u32; 2], rgba: Vec<u8>) -> Result<()> {
        self.push_with(size, rgba, Vec::new())
    }

    /// As [`MovieWriter::push`], with texts, each after its keyword (1 to 79 Latin-1 letters), that a PNG sequence keeps in the
    /// file of the frame.
    ///
    /// # Errors
    /// As [`MovieWriter::push`].
    ///
    /// # Panics
    /// As [`MovieWriter::push`].
    pub fn push_with(&mut self, size: [u32; 2], rgba: Vec<u8>, texts: Vec<(String, String)>) -> Result<()> {
        assert_eq!(rgba.len(), size[0] as usize * size[1] as usize * 4, "four bytes a pixel");
        self.check(size, &rgba)?;
        if self.size.is_none() {
            self.start(size)?;
        }
        let sent = self.queue.as_ref().map(|q| q.send(Message::Frame(rgba, texts)));
        if !matches!(sent, Some(Ok(()))) {
            return Err(self.failure());
        }
        self.frames += 1;
        Ok(())
    }

    /// Encodes what is left and makes the file appear, whole.
    ///
    /// # Errors
    /// [`Error::Data`] for a movie without frames, and what went wrong in the encoder.
    pub fn finish(mut self) -> Result<Finished> {
        let (Some(size), Some(queue)) = (self.size, self.queue.take()) else {
            return Err(Error::Data(format!(
                "{}: a movie needs at least one frame; there was none",
                self.path.display()
            )));
        };
        // A queue that is closed has its reason in the thread's result.
        let _ = queue.send(Message::Finish);
        drop(queue);
        self.join()?;
        let rate = Rate::of(self.options.fps)?;
        let is_padded = match (self.format, &self.options.codec) {
            (Format::Ffmpeg, Some(codec)) => ffmpeg::pads(codec),
            (format, _) => format == Format::Mp4,
        };
        let even = size.map(|n| n.next_multiple_of(2));
        let size_in_file = match self.format {
            Format::Mp4 => h264::padded(size),
            _ if is_padded => even,
            _ => size,
        };
        let fps = if self.format == Format::Gif { gif::true_fps(rate) } else { rate.fps() };
        let mut notes = if self.format == Format::Gif { gif::note(rate).into_iter().collect() } else { Vec::new() };
        if size_in_file != size {
            let ([w, h], [pw, ph]) = (size, size_in_file);
            let why = if size_in_file == even { "takes even sizes" } else { "takes no smaller sizes" };
            notes.push(format!("the codec {why}: padded from {w} x {h} to {pw} x {ph} pixels"));
        }
        if self.format == Format::Sequence {
            notes.extend(sequence::left_over(&self.path, self.options.first + self.frames));
        }
        Ok(Finished { frames: self.frames, size: size_in_file, fps, notes })
    }

    fn check(&self, size: [u32; 2], rgba: &[u8]) -> Result<()> {
        let wrong = |what: String| Err(Error::Data(format!("{}: frame {} {what}", self.path.display(), self.frames)));
        let [w, h] = size;
        let largest = self.format.largest_side();
        match self.size {
            Some([first_w, first_h]) if size != [first_w, first_h] => {
                wrong(format!("is {w} x {h} pixels, the first {first_w} x {first_h}; a movie has one size"))
            }
            _ if w == 0 || h == 0 => wrong(format!("is {w} x {h} pixels; it needs at least one")),
            _ if w.max(h) > largest => wrong(format!(
                "is {w} x {h} pixels, the format takes sides up to {largest}; choose a smaller size or a PNG sequence"
            )),
            _ if !self.format.has_alpha() && rgba.chunks_exact(4).any(|p| p[3] != 255) => {
                wrong("has transparent pixels, which this format cannot hold; choose a background, or .png".into())
            }
            _ => Ok(()),
        }
    }

    fn start(&mut self, size: [u32; 2]) -> Result<()> {
        let (queue, frames) = mpsc::sync_channel(QUEUE);
        let target = self.target.take().expect("a movie is started once");
        let (path, format, options) = (self.path.clone(), self.format, self.options.clone());
        let work = move || -> Result<()> {
            let mut encoder = encoder(format, &path, target, size, &options)?;
            for message in frames {
                match message {
                    Message::Frame(rgba, texts) => {
                        encoder.describe(texts);
                        encoder.push(&rgba)?;
                    }
                    Message::Finish => return encoder.finish(),
                }
            }
            // Dropped before the end: what there is goes with the encoder.
            Ok(())
        };
        let thread = std::thread::Builder::new().name("encoder".into()).spawn(work);
        self.thread = Some(thread.map_err(|e| Error::file(&self.path, "write", e))?);
        (self.queue, self.size) = (Some(queue), Some(size));
        Ok(())
    }

    /// Why the encoder ended early.
    fn failure(&mut self) -> Error {
        self.queue = None;
        let ended = Error::Data(format!("{}: the encoder ended early", self.path.display()));
        self.join().err().unwrap_or(ended)
    }

    fn join(&mut self) -> Result<()> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) => {
                Err(Error::Data(format!("{}: the encoder failed; this is a mistake of ours", self.path.display())))
            }
            None => Ok(()),
        }
    }
}

impl Drop for MovieWriter {
    fn drop(&mut self) {
        self.queue = None;
        let _ = self.join();
    }
}

fn encoder(
    format: Format,
    path: &Path,
    target: Target,
    size: [u32; 2],
    options: &MovieOptions,
) -> Result<Box<dyn Encoder>> {
    let rate = Rate::of(options.fps)?;
    Ok(match (format, target) {
        (Format::Mp4, Target::File(file)) => Box::new(h264::H264::new(path, file, size, rate, options)?),
        (Format::Gif, Target::File(file)) => Box::new(gif::Gif::new(path, file, size, rate, options)?),
        (Format::Avi, Target::File(file)) => Box::new(avi::Avi::new(path, file, size, rate, options)?),
        (Format::Apng, Target::File(file)) => Box::new(apng::Apng::new(path, file, size, rate, options)?),
        (_, Target::Beside(scratch)) => Box::new(ffmpeg::Ffmpeg::new(path, scratch, size, rate, options)?),
        _ => Box::new(sequence::Sequence::new(path, size, options)),
    })
}

/// Keys of the texts that are given, in the order of these options.
fn texts<K>(options: &MovieOptions, keys: [K; 3]) -> Vec<(K, &str)> {
    let values = [&options.title, &options.artist, &options.comment];
    keys.into_iter().zip(values).filter_map(|(key, value)| Some((key, value.as_deref()?))).collect()
}

/// The name that a file's writer is kept under.
const WRITER: &str = concat!("densitas ", env!("CARGO_PKG_VERSION"));
