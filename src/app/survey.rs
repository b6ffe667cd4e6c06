//! One box and one pair of limits for all frames, so that they can be compared.

use std::sync::Arc;

use super::act::{LIMITS, shown, six_digits};
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

/// What a survey sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    /// The limits.
    Limits,
    /// The grid's box.
    Bounds,
    /// The box of the axes.
    Axes,
}

const GROUPS: [Group; 3] = [Group::Limits, Group::Bounds, Group::Axes];

impl Group {
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Limits => &LIMITS,
            Self::Bounds => &["bounds"],
            Self::Axes => &["axes-box"],
        }
    }

    fn texts(self, options: &Draft) -> Vec<Option<String>> {
        self.options().iter().map(|option| options.get(option)).collect()
    }

    fn is_given(self, options: &Draft) -> bool {
        self.options().iter().any(|option| options.get(option).is_some())
    }

    /// What it follows from beside the choice of frames: of other options it is another one.
    fn key(self, shows: &Shows) -> &str {
        match self {
            Self::Limits => &shows.colors,
            Self::Bounds => &shows.density,
            Self::Axes => &shows.points,
        }
    }
}

/// What a group was set to, and what that follows from.
#[derive(Debug)]
struct Set {
    group: Group,
    key: String,
    texts: Vec<Option<String>>,
}

/// What surveys of an input have found and set. It goes with the steps of its options: where one is undone, limits of all
/// frames are still known as such.
#[derive(Debug, Default)]
pub struct Surveyed {
    found: Vec<(String, Survey)>,
    set: Vec<Set>,
}

/// The survey that is made.
#[derive(Default)]
pub struct Surveyor {
    errand: Option<Errand<Survey>>,
    /// What it is of, or the last one was that was stopped.
    of: Option<String>,
    shows: Option<Shows>,
}

impl Surveyor {
    /// The errand, while it lasts.
    pub fn errand(&self) -> Option<&Errand<Survey>> {
        self.errand.as_ref()
    }

    /// A survey that was stopped may be begun again.
    pub fn resume(&mut self) {
        if self.errand.is_none() {
            *self = Self::default();
        }
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

/// What frames show follows from these options beside the choice of frames: the points, their density, its colours.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shows {
    points: String,
    density: String,
    colors: String,
}

impl Shows {
    fn of(options: &Draft) -> Self {
        let mut options = options.clone();
        options.set("input-frames", None);
        options.set_flag("pool", false);
        let (points, density) = Wanted::of(&options).map_or_else(|_| Default::default(), |w| content::keys(w.scene()));
        let of_mode = ["mode", "quantity", "minus"].map(|option| options.get(option));
        // Means and sums along rays depend on more.
        let is_along_rays = of_mode[0].as_deref().is_some_and(|mode| shown(mode) != "density");
        let of_rays = is_along_rays.then(|| ["scale", "clip", "clip-plane"].map(|option| options.get(option)));
        let colors = format!("{density} {of_mode:?} {of_rays:?}");
        Self { points, density, colors }
    }
}

impl Model {
    /// Has what all these choices have in common found and set, unless the user has set it. `of` tells the choices apart.
    pub fn survey(&mut self, of: &str, choices: impl FnOnce(&Draft) -> Vec<Draft>) {
        let free = self.options_without_survey();
        let shows = Shows::of(&free);
        let of = format!("{of} {shows:?}");
        if let Some(found) = self.session.surveyed.found.iter().find(|(known, _)| *known == of).map(|found| found.1) {
            return self.set_found(&found, &shows);
        }
        let Some(frame) = self.frame.filter(|_| self.surveyor.of.as_ref() != Some(&of)) else { return };
        let choices = choices(&free);
        let work = move |ear: &Arc<Ear>| survey(&choices, &frame, ear);
        let errand = Some(Errand::start(self.wake.clone(), work));
        self.surveyor = Surveyor { errand, of: Some(of), shows: Some(shows) };
    }

    /// The options without what surveys have set.
    fn options_without_survey(&self) -> Draft {
        let mut options = self.session.options().clone();
        let set = GROUPS.into_iter().filter(|group| self.is_of_frames(*group));
        set.flat_map(Group::options).for_each(|option| options.set(option, None));
        options
    }

    /// Whether a group has what a survey has set, now or before.
    fn is_of_frames(&self, group: Group) -> bool {
        let options = self.session.options();
        let is_same = |set: &Set| set.group == group && set.texts == group.texts(options);
        group.is_given(options) && self.session.surveyed.set.iter().any(is_same)
    }

    /// Whether a group is none that the user has set.
    fn is_free(&self, group: Group) -> bool {
        let options = self.session.options();
        let is_placed = group != Group::Limits && PLACING.iter().any(|option| options.get(option).is_some());
        !is_placed && (!group.is_given(options) || self.is_of_frames(group))
    }

    /// Whether limits are those that all frames have in common, which a survey has set.
    pub fn are_limits_of_frames(&self) -> bool {
        self.is_of_frames(Group::Limits)
    }

    /// Gives what a survey has set back to the picture that is shown; a survey at hand ends.
    pub fn end_survey(&mut self) {
        self.surveyor = Surveyor::default();
        self.release(&GROUPS);
    }

    /// Gives the limits back to the picture that is shown; while frames play, all are looked at again.
    pub fn survey_limits_again(&mut self) {
        self.surveyor = Surveyor::default();
        self.session.surveyed.found.clear();
        self.session.end_gesture();
        let options = Group::Limits.options();
        self.step(|o| options.iter().for_each(|option| o.set(option, None)));
    }

    /// Takes back what surveys have set of these groups, in the step that is at hand.
    fn release(&mut self, groups: &[Group]) {
        let set: Vec<Group> = groups.iter().copied().filter(|group| self.is_of_frames(*group)).collect();
        let options = set.iter().flat_map(|group| group.options());
        self.session.amend(|draft| options.for_each(|option| draft.set(option, None)));
    }

    /// After options have changed: what a survey has set and does not hold of them is taken back, and a survey of what is no
    /// longer shown ends.
    pub fn mend_survey(&mut self) {
        if self.surveyor.errand.is_none() && !GROUPS.iter().any(|group| self.is_of_frames(*group)) {
            return;
        }
        let now = Shows::of(&self.options_without_survey());
        if self.surveyor.errand.is_some() && self.surveyor.shows.as_ref() != Some(&now) {
            self.surveyor = Surveyor::default();
        }
        let texts = GROUPS.map(|group| group.texts(self.session.options()));
        let holds = |group: Group, texts: &Vec<Option<String>>| {
            let is_it = |set: &Set| set.group == group && set.texts == *texts && set.key == group.key(&now);
            self.session.surveyed.set.iter().any(is_it)
        };
        let stale: Vec<Group> = std::iter::zip(GROUPS, &texts).filter(|(g, t)| !holds(*g, t)).map(|(g, _)| g).collect();
        self.release(&stale);
    }

    /// Takes in what a survey has found.
    pub fn hear_survey(&mut self) {
        let Some(outcome) = Errand::taken(&mut self.surveyor.errand) else { return };
        let (of, shows) = (self.surveyor.of.clone(), self.surveyor.shows.clone());
        match (outcome, of, shows) {
            (Ok(found), Some(of), Some(shows)) => {
                self.session.surveyed.found.push((of, found));
                self.set_found(&found, &shows);
            }
            (Err(error), ..) => self.give_up(&error),
            _ => {}
        }
    }

    /// There is nothing that all frames have in common: limits that they do not share are the frame's own.
    fn give_up(&mut self, error: &Error) {
        self.release(&[Group::Limits, Group::Bounds]);
        let whose = match (self.is_free(Group::Limits), self.ui.player.is_playing()) {
            (false, _) => "the limits stay as they were set",
            (true, true) => "the limits are those of each frame",
            (true, false) => "the limits are those of the frame that is shown",
        };
        match error {
            Error::Interrupted => self.say(Weight::Note, format!("not all frames were looked at: {whose}")),
            error => self.say(Weight::Warning, format!("{whose}: {error}")),
        }
    }

    /// Sets what a survey has found, in the step that is at hand.
    fn set_found(&mut self, found: &Survey, shows: &Shows) {
        let [vmin, vmax] = found.limits.map(|v| Some(six_digits(v * found.factor)));
        let texts = |group: Group| match group {
            Group::Limits => vec![None, vmin.clone(), vmax.clone()],
            Group::Bounds => vec![Some(text_of(found.bounds))],
            Group::Axes => vec![Some(text_of(found.focus))],
        };
        for group in GROUPS.into_iter().filter(|group| self.is_free(*group)).collect::<Vec<_>>() {
            let (texts, key) = (texts(group), group.key(shows).to_owned());
            self.session.amend(|o| {
                std::iter::zip(group.options(), &texts).for_each(|(option, text)| o.set(option, text.clone()))
            });
            let texts = group.texts(self.session.options());
            let known = &mut self.session.surveyed.set;
            if !known.iter().any(|set| set.group == group && set.key == key && set.texts == texts) {
                known.push(Set { group, key, texts });
            }
        }
    }
}
