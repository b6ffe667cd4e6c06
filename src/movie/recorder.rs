//! A camera before which one draws: what is there when it snaps is a frame.

use std::path::Path;

use super::{Finished, MovieOptions, MovieWriter};
use crate::error::Result;
use crate::progress::Progress;
use crate::render::{HeatmapPainter, Picture, draw_chart};
use crate::scene::{Chart, Frame, HeatmapAnimation, HeatmapScene};

/// What a [`Recorder`] can take a frame of.
pub trait Snap {
    /// The whole picture: title, legend, colour bar and limits included.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) if the size cannot be drawn.
    fn picture(&self, frame: &Frame, painter: &mut HeatmapPainter) -> Result<Picture>;
}

impl Snap for Chart {
    fn picture(&self, frame: &Frame, _painter: &mut HeatmapPainter) -> Result<Picture> {
        draw_chart(self, frame)
    }
}

impl Snap for HeatmapScene {
    fn picture(&self, frame: &Frame, painter: &mut HeatmapPainter) -> Result<Picture> {
        painter.draw(self, frame)
    }
}

/// Records a movie in the manner of celluloid: draw, [`Recorder::snap`], draw anew, ..., [`Recorder::save`].
///
/// The file is named at the begin, so that each frame goes to the encoder at once and none is kept: memory stays the same
/// however long the movie is.
///
/// # Examples
/// ```no_run
/// use densitas::movie::{MovieOptions, Recorder};
/// use densitas::scene::{Chart, Frame};
///
/// let mut recorder = Recorder::create("lines.mp4", Frame { size: [640, 480], scale_factor: 1.0 }, &MovieOptions::default())?;
/// let mut chart = Chart::default();
/// for i in 0..10 {
///     chart.line((0..10).map(|x| [f64::from(x), f64::from(i)]));
///     recorder.snap(&chart)?;
///     chart.clear();
/// }
/// recorder.save()?;
/// # Ok::<(), densitas::error::Error>(())
/// ```
pub struct Recorder {
    writer: MovieWriter,
    frame: Frame,
    painter: HeatmapPainter,
}

impl Recorder {
    /// Begins a movie whose frames have this size.
    ///
    /// # Errors
    /// As [`MovieWriter::create`].
    pub fn create(path: impl AsRef<Path>, frame: Frame, options: &MovieOptions) -> Result<Self> {
        let writer = MovieWriter::create(path.as_ref(), options)?;
        Ok(Self { writer, frame, painter: HeatmapPainter::new() })
    }

    /// Takes a frame of all that is visible.
    ///
    /// # Errors
    /// Those of [`Snap::picture`] and [`MovieWriter::push`].
    pub fn snap(&mut self, what: &impl Snap) -> Result<()> {
        let picture = what.picture(&self.frame, &mut self.painter)?;
        self.writer.push(picture.size, picture.rgba)
    }

    /// Adds a picture that was drawn elsewhere, as by a [`Renderer`](crate::render::Renderer).
    ///
    /// # Errors
    /// As [`MovieWriter::push`].
    pub fn push(&mut self, picture: Picture) -> Result<()> {
        self.writer.push(picture.size, picture.rgba)
    }

    /// Ends the movie; the file appears.
    ///
    /// # Errors
    /// As [`MovieWriter::finish`].
    pub fn save(self) -> Result<Finished> {
        self.writer.finish()
    }
}

/// Writes an animated heat map as a movie.
///
/// # Errors
/// Those of [`MovieWriter`], and [`Error::Interrupted`](crate::error::Error::Interrupted).
pub fn record_heatmap(
    path: &Path,
    animation: &HeatmapAnimation,
    frame: &Frame,
    options: &MovieOptions,
    progress: &dyn Progress,
) -> Result<Finished> {
    record_heatmap_with(path, animation, frame, options, &|_, _| Vec::new(), progress)
}

/// Texts of a frame, each after its keyword, by its number and what it shows.
pub type Describe<'a> = dyn Fn(usize, &HeatmapScene) -> Vec<(String, String)> + 'a;

/// As [`record_heatmap`], with texts of each frame by its number and scene, as [`MovieWriter::push_with`] takes them.
///
/// # Errors
/// As [`record_heatmap`].
pub fn record_heatmap_with(
    path: &Path,
    animation: &HeatmapAnimation,
    frame: &Frame,
    options: &MovieOptions,
    describe: &Describe<'_>,
    progress: &dyn Progress,
) -> Result<Finished> {
    let writer = MovieWriter::create(path, options)?;
    let mut recorder = Recorder { writer, frame: *frame, painter: HeatmapPainter::new() };
    progress.begin("drawing", animation.len() as u64);
    for k in 0..animation.len() {
        progress.check()?;
        let scene = animation.frame(k);
        let picture = recorder.painter.draw(&scene, frame)?;
        recorder.writer.push_with(picture.size, picture.rgba, describe(k, &scene))?;
        progress.advance(1);
    }
    recorder.save()
}
