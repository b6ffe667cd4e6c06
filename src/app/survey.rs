//! One box and one pair of limits for all frames, so that they can be compared.

use std::sync::Arc;

use super::act::{LIMITS, six_digits};
use super::clip_box::text_of;
use super::ear::{Ear, Within};
use super::errand::Errand;
use super::message::Weight;
use super::model::Model;
use crate::cli::Console;
use crate::cli::content::{self, Stock};
use crate::cli::recipe::Draft;
use crate::cli::view::Wanted;
use crate::error::{Error, Result};
use crate::geometry::Box3;
use crate::progress::Progress;
use crate::scene::Frame;

/// Options that place the grid: where one is given, the box is left to it.
const PLACING: [&str; 4] = ["like", "padding", "periodic", "resolution"];

/// What frames have in common.
#[derive(Debug, Clone, Copy)]
pub struct Survey {
    /// From the least to the most that one of them is shown by alone, in densities.
    limits: [f64; 2],
    /// What densities are multiplied by for the quantity that is shown.
    factor: f64,
    /// The box around their grids, and that around what they show.
    bounds: Box3,
    focus: Box3,
}

/// Options that a survey sets beside limits: the grid's box and that of the axes.
const BOXES: [&str; 2] = ["bounds", "axes-box"];

/// The survey that is made, and what the last one has set.
#[derive(Default)]
pub struct Surveyor {
    errand: Option<Errand<Survey>>,
    /// What the frames are chosen by, and the limits and boxes that were set for them.
    of: Option<String>,
    set: Option<[Option<String>; 3]>,
    placed: Option<[Option<String>; 2]>,
}

impl Surveyor {
    /// The errand, while it lasts.
    pub fn errand(&self) -> Option<&Errand<Survey>> {
        self.errand.as_ref()
    }
}

/// Looks at the picture of each of these options.
///
/// # Errors
/// Those of reading, of the density and of the options.
fn survey(choices: &[Draft], frame: &Frame, ear: &Arc<Ear>) -> Result<Survey> {
    let (mut stock, console) = (Stock::default(), Console::listened_by(Arc::new(Within(ear.clone()))));
    let mut found: Option<Survey> = None;
    ear.begin("looking at all frames", choices.len() as u64);
    for choice in choices {
        let wanted = Wanted::of(choice)?;
        let content = stock.content(wanted.scene(), &console)?;
        let scene = wanted.scene().scene(&content, frame)?;
        let (limits, bounds, focus) = (scene.transfer.limits, scene.grid.lattice.bounds(), scene.focus);
        let factor = scene.annotations.quantity.factor(scene.grid.unit, scene.mode.dimensions());
        found = Some(match found {
            None => Survey { limits, factor, bounds, focus },
            Some(all) => Survey {
                limits: [all.limits[0].min(limits[0]), all.limits[1].max(limits[1])],
                bounds: all.bounds.joined(bounds),
                focus: all.focus.joined(focus),
                factor,
            },
        });
        ear.advance(1);
    }
    found.ok_or_else(|| Error::Data("no frame is chosen".into()))
}

/// What the densities of frames follow from beside the frames: with other options they have other limits.
fn what_frames_show(options: &Draft) -> String {
    let mut options = options.clone();
    options.set("input-frames", None);
    options.set_flag("pool", false);
    Wanted::of(&options).map_or(String::new(), |wanted| content::key(wanted.scene()))
}

impl Model {
    /// Has what all these choices have in common found and set, unless that was done already or the user has set it.
    /// `of` tells the choices apart.
    pub fn survey(&mut self, of: &str, choices: impl FnOnce(&Draft) -> Vec<Draft>) {
        let mut free = self.session.options().clone();
        if self.are_limits_free() {
            LIMITS.into_iter().for_each(|option| free.set(option, None));
        }
        if self.are_boxes_free() {
            BOXES.into_iter().for_each(|option| free.set(option, None));
        }
        let of = format!("{of} {}", what_frames_show(&free));
        let Some(frame) = self.frame.filter(|_| self.surveyor.of.as_ref() != Some(&of)) else { return };
        let choices = choices(&free);
        let work = move |ear: &Arc<Ear>| survey(&choices, &frame, ear);
        self.surveyor = Surveyor {
            errand: Some(Errand::start(self.wake.clone(), work)),
            of: Some(of),
            set: self.surveyor.set.take(),
            placed: self.surveyor.placed.take(),
        };
    }

    /// Whether boxes are none that the user has set.
    fn are_boxes_free(&self) -> bool {
        let options = self.session.options();
        let given = BOXES.map(|option| options.get(option));
        let is_placed = PLACING.iter().any(|option| options.get(option).is_some());
        !is_placed && (given == [None, None] || self.surveyor.placed.as_ref() == Some(&given))
    }

    /// Whether limits are none that the user has set.
    fn are_limits_free(&self) -> bool {
        let given = LIMITS.map(|option| self.session.options().get(option));
        given == [None, None, None] || self.are_limits_of_frames()
    }

    /// Whether limits are those that all frames have in common, which a survey has set.
    pub fn are_limits_of_frames(&self) -> bool {
        let given = LIMITS.map(|option| self.session.options().get(option));
        given != [None, None, None] && self.surveyor.set.as_ref() == Some(&given)
    }

    /// Gives what a survey has set back to the picture that is shown; a survey at hand ends.
    pub fn end_survey(&mut self) {
        let (limits, boxes) = (self.are_limits_of_frames(), self.surveyor.placed.is_some() && self.are_boxes_free());
        self.surveyor = Surveyor::default();
        self.edit("", |options| {
            let set = LIMITS.into_iter().filter(|_| limits).chain(BOXES.into_iter().filter(|_| boxes));
            set.for_each(|option| options.set(option, None));
        });
    }

    /// Sets what a survey has found.
    pub fn hear_survey(&mut self) {
        let Some(outcome) = Errand::taken(&mut self.surveyor.errand) else { return };
        let found = match outcome {
            Ok(found) => found,
            Err(Error::Interrupted) => return self.say(Weight::Note, "limits stay those of one frame"),
            Err(error) => return self.say(Weight::Warning, format!("limits are those of one frame: {error}")),
        };
        let (are_free, are_boxes_free) = (self.are_limits_free(), self.are_boxes_free());
        self.edit("survey", |options| {
            if are_free {
                options.set("limits", None);
                let texts = found.limits.map(|v| Some(six_digits(v * found.factor)));
                std::iter::zip(["vmin", "vmax"], texts).for_each(|(option, text)| options.set(option, text));
            }
            if are_boxes_free {
                let boxes = [found.bounds, found.focus].map(|b| Some(text_of(b)));
                std::iter::zip(BOXES, boxes).for_each(|(option, text)| options.set(option, text));
            }
        });
        self.surveyor.placed = are_boxes_free.then(|| BOXES.map(|option| self.session.options().get(option)));
        self.surveyor.set = are_free.then(|| LIMITS.map(|option| self.session.options().get(option)));
    }
}
