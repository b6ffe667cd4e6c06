//! The scenes of a movie's frames: what they are of is read and computed once where that is enough.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::timeline::{Layer, Timeline};
use super::turn::Rig;
use crate::cli::console::{Aside, Console};
use crate::cli::content::{self, Content, Stock};
use crate::cli::input::Opened;
use crate::cli::remarks;
use crate::cli::scene_args::SceneArgs;
use crate::cli::shared::{Shared, Survey};
use crate::error::Result;
use crate::io::{Input, Trajectory};
use crate::progress::{Progress, Silent};
use crate::scene::{Frame, LimitsOver, Scene, Viewpoint, VolumeMode};

/// Bytes of densities that are kept for when they are needed again.
const KEPT: usize = 1 << 30;
/// Times at which the camera is looked at, evenly over the movie.
const LOOKS: u32 = 12;

/// Makes scenes.
pub struct Scenes<'a> {
    timeline: &'a Timeline,
    frame: Frame,
    /// The frames of an input that is played.
    played: Option<Played>,
    stock: Stock,
    /// What is kept, and the frames of the input that it is of.
    kept: Vec<(String, Arc<Content>)>,
    bytes: usize,
    last: Option<(String, Arc<Content>)>,
    /// Hears what is said of all but the first density.
    aside: Console,
    heard: Arc<Aside>,
    shared: Option<Shared>,
    rig: Option<Rig>,
    /// Whether frames have limits of their own.
    is_each: bool,
    /// The limits of all surfaces of one density, whose levels change.
    of_surfaces: Option<[f64; 2]>,
}

impl<'a> Scenes<'a> {
    /// Of an input that was read by these options.
    ///
    /// # Errors
    /// Those of a volume that cannot be drawn.
    pub fn new(
        timeline: &'a Timeline,
        frame: Frame,
        opened: Played,
        args: &SceneArgs,
        console: &Console,
    ) -> Result<Self> {
        let (aside, heard) = console.aside();
        let (mut stock, kept) = (Stock::default(), Vec::new());
        let played = match opened {
            Played::Still(opened) => {
                stock.adopt(opened, args, console)?;
                None
            }
            played => Some(played),
        };
        let (shared, rig, last, of_surfaces) = (None, None, None, None);
        let is_each = ["limits", "vmin", "vmax"].iter().any(|option| timeline.varies(option));
        Ok(Self {
            timeline,
            frame,
            played,
            stock,
            kept,
            bytes: 0,
            last,
            aside,
            heard,
            shared,
            rig,
            is_each,
            of_surfaces,
        })
    }

    /// Computes what frames have in common: all their densities, where there are several. `limits` says whether limits are
    /// those of all frames or of each; without, they are common where the input plays and where there is one density.
    /// Tells of frame `shown`, and gives what that is of.
    ///
    /// # Errors
    /// What reading, computing and choosing limits give.
    pub fn prepare(&mut self, shown: u64, limits: Option<LimitsOver>, console: &Console) -> Result<Arc<Content>> {
        let told = self.content_told(&self.timeline.layers(shown)?[0], shown, Some(console))?;
        let layers = self.timeline.layers(0)?;
        let first = self.content_told(&layers[0], 0, None)?;
        let (several, count) = self.densities()?;
        let are_common = limits.map_or(self.timeline.plays_input() || count == 1, |of| of == LimitsOver::AllFrames);
        self.is_each |= !are_common;
        if count > 1 {
            self.shared = Some(self.survey(&several, are_common, console)?);
        } else if are_common && self.timeline.varies("iso") {
            self.of_surfaces = self.limits_of_surfaces(&first)?;
        }
        let options = layers[0].options.scene();
        let scene = self.scene_of(options, &first)?;
        remarks::warnings(options, &scene).iter().for_each(|warning| console.warning(warning));
        remarks::notes(options, &scene, &self.frame).iter().for_each(|note| console.note(note));
        let mut looks = Vec::new();
        for i in 0..LOOKS {
            let k = f64::from(i) * self.timeline.frames as f64 / f64::from(LOOKS);
            let layers = self.timeline.layers(k as u64)?;
            let view = &layers[0].options.scene().view;
            looks.push((view.central_viewpoint(&scene, &self.frame), self.timeline.turned(k)));
        }
        self.rig = Some(Rig::new(&scene, &self.frame, looks.into_iter()));
        Ok(told)
    }

    /// Limits that hold those of the surfaces of all frames.
    fn limits_of_surfaces(&self, content: &Content) -> Result<Option<[f64; 2]>> {
        let mut all: Option<[f64; 2]> = None;
        for k in 0..self.timeline.frames {
            for layer in self.timeline.layers(k)? {
                let scene = self.scene_of(layer.options.scene(), content)?;
                let [vmin, vmax] = scene.transfer.limits;
                if let VolumeMode::Isosurfaces(_) = scene.mode {
                    all = Some(all.map_or([vmin, vmax], |[a, b]| [a.min(vmin), b.max(vmax)]));
                }
            }
        }
        Ok(all)
    }

    /// The frames that have other densities or modes than those before, and the number of densities.
    fn densities(&self) -> Result<(Vec<u64>, usize)> {
        let (mut frames, mut seen, mut densities) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for k in 0..self.timeline.frames {
            for layer in self.timeline.layers(k)? {
                let key = self.key(&layer, k);
                let is_new = seen.insert(format!("{key} {:?}", layer.options.scene().glyphs.mode));
                densities.insert(key);
                if is_new && frames.last() != Some(&k) {
                    frames.push(k);
                }
            }
        }
        Ok((frames, densities.len()))
    }

    fn survey(&mut self, frames: &[u64], limits: bool, console: &Console) -> Result<Shared> {
        console.begin("densities", frames.len() as u64);
        let mut survey = Survey::new(frames.len(), limits);
        for &k in frames {
            for layer in self.timeline.layers(k)? {
                let content = self.content_told(&layer, k, None)?;
                survey.add(&self.scene_of(layer.options.scene(), &content)?);
            }
            console.advance(1);
        }
        survey.finish()
    }

    /// Tells two densities apart.
    fn key(&self, layer: &Layer, k: u64) -> String {
        format!("{:?} {}", self.timeline.input(k), content::key(layer.options.scene()))
    }

    /// What a layer is of; what is said of it goes to `console`, or aside.
    fn content_told(&mut self, layer: &Layer, k: u64, console: Option<&Console>) -> Result<Arc<Content>> {
        let key = self.key(layer, k);
        if let Some((_, content)) = self.kept.iter().chain(&self.last).find(|(of, _)| *of == key) {
            return Ok(content.clone());
        }
        let (args, console) = (layer.options.scene(), console.unwrap_or(&self.aside));
        let content = match &self.played {
            None => self.stock.content(args, console),
            Some(played) => {
                let range = self.timeline.input(k);
                let part = played.part(range.clone(), self.timeline.input_numbers(k), &self.aside)?;
                self.stock.content_of_points(Arc::new(part), &format!("{range:?}"), args, console)
            }
        };
        let content = Arc::new(content.map_err(|e| self.timeline.of_input(k, e))?);
        let bytes = size_of_val(&content.grid.values[..]) + points_of(&content.opened);
        if self.bytes + bytes <= KEPT {
            self.bytes += bytes;
            self.kept.push((key, content.clone()));
        } else {
            self.last = Some((key, content.clone()));
        }
        Ok(content)
    }

    fn scene_of(&self, args: &SceneArgs, content: &Content) -> Result<Scene> {
        let mut scene = args.scene_among(content, &self.frame, self.shared.as_ref())?;
        scene.annotations.steady_bar = self.is_each;
        if let (Some(limits), VolumeMode::Isosurfaces(_)) = (self.of_surfaces, &scene.mode) {
            scene.transfer.limits = limits;
        }
        Ok(scene)
    }

    /// The scenes of frame `k`, each with its share of the picture; [`Scenes::prepare`] comes first.
    ///
    /// # Errors
    /// What computing and choosing limits give.
    pub fn of(&mut self, k: u64) -> Result<Vec<(f64, Scene)>> {
        let one = |scenes: &mut Self, layer: Layer| {
            let content = scenes.content_told(&layer, k, None)?;
            let mut scene = scenes.scene_of(layer.options.scene(), &content)?;
            if let Some(rig) = &scenes.rig {
                let view = &layer.options.scene().view;
                scene.viewpoint = view.central_viewpoint(&scene, &scenes.frame);
                let camera = rig.camera(&scene, &scenes.frame, scenes.timeline.turned(k as f64));
                scene.viewpoint = Viewpoint::At(if view.ortho { camera.orthographic() } else { camera });
            }
            let title = scene.annotations.title.take();
            scene.annotations.title = title.map(|t| scenes.timeline.title(&t, k)).transpose()?;
            Ok((layer.share, scene))
        };
        self.timeline.layers(k)?.into_iter().map(|layer| one(self, layer)).collect()
    }

    /// Warnings about other densities than the first, each with how often it was said.
    pub fn warnings(&self) -> Vec<String> {
        self.heard.warnings()
    }
}

/// Bytes of the points of an input.
fn points_of(opened: &Opened) -> usize {
    match &opened.input {
        Input::Points(points) => size_of_val(&points.cloud.positions[..]),
        Input::Volume(_) => 0,
    }
}

/// What a movie is of.
pub enum Played {
    /// An input that does not move.
    Still(Opened),
    /// All frames, in memory.
    Whole(Opened),
    /// Frames that are read when they are shown, and the first of them.
    Streamed(Box<(Trajectory, Opened)>),
}

impl Played {
    /// The frames at these places of those that are played, whose numbers in the file are `numbers`; what is to be known of
    /// them is said aside.
    fn part(&self, places: Range<usize>, numbers: &[usize], aside: &Console) -> Result<Opened> {
        match self {
            Self::Still(opened) | Self::Whole(opened) => Ok(opened.with_frames(places)),
            Self::Streamed(both) => {
                let (frames, first) = &**both;
                let mut points = frames.input(numbers, &Silent)?;
                let known = if let Input::Points(first) = &first.input { &first.warnings[..] } else { &[] };
                points.warnings.iter().filter(|w| !known.contains(w)).for_each(|warning| aside.warning(warning));
                (points.notes, points.warnings) = (Vec::new(), Vec::new());
                let (source, input) = (first.source.clone(), Input::Points(points));
                Ok(Opened { source, input, alignment: None, select: first.select.clone(), seconds: first.seconds })
            }
        }
    }
}

impl Opened {
    /// The input as if only these frames of it were chosen.
    fn with_frames(&self, frames: Range<usize>) -> Self {
        let Input::Points(points) = &self.input else { unreachable!("a volume has no frames to play") };
        Self {
            source: self.source.clone(),
            input: Input::Points(points.with_frames(frames)),
            alignment: None,
            select: self.select.clone(),
            seconds: self.seconds,
        }
    }
}
