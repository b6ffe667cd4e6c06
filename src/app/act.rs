//! What keys, buttons and drags do to the options.

use std::sync::Arc;

use glam::{DVec2, DVec3};

use super::ear::Ear;
use super::errand::Errand;
use super::input::{Action, MODES};
use super::message::Weight;
use super::model::Model;
use super::painter::Painted;
use super::probe::Wish;
use super::{camera, panels, session};
use crate::scene::Quantity;

/// More digits than a hand or an eye can tell apart, without zeros that say nothing.
pub fn six_digits(value: f64) -> String {
    crate::geometry::six_digits(value, 0.01..10_000.0)
}

/// Options of the limits.
pub const LIMITS: [&str; 3] = ["limits", "vmin", "vmax"];

/// What the colours of a mode are of: limits of one are none of another.
pub fn shown(mode: &str) -> &'static str {
    match mode {
        "average" => "average",
        "xray" => "xray",
        _ => "density",
    }
}

/// Options of opacity.
const COVERS: [&str; 2] = ["opacity", "global-opacity"];

/// What opacity is of in a mode: that of one is none of another.
fn covering(mode: &str) -> &'static str {
    match mode {
        "slice" => "slices",
        "mip" | "minip" | "average" | "xray" => "rays",
        _ => "fog",
    }
}

/// Why a volume has some modes not.
const NO_POINTS: &str =
    "this is a volume, which has no points to draw; fog (1), projections (4 to 7), surfaces (8) and slices (9) show it";

/// Whether points are drawn in a mode.
fn draws_points(mode: &str) -> bool {
    matches!(mode, "points" | "both")
}

/// The mode in which points, or else fog, are turned on or off beside the other; in modes that have neither, they are
/// turned on. What is drawn alone is not turned off.
fn toggled(mode: &str, of_points: bool) -> Result<&'static str, &'static str> {
    match (mode, of_points) {
        ("volume", true) | ("points", false) => Ok("both"),
        ("both", true) => Ok("volume"),
        ("both", false) => Ok("points"),
        ("points", true) => Err("points are all that is drawn; v turns the fog on"),
        ("volume", false) => Err("fog is all that is drawn; p turns the points on"),
        (_, true) => Ok("points"),
        (_, false) => Ok("volume"),
    }
}

impl Model {
    /// Does what a key asks for.
    pub fn act(&mut self, action: Action) {
        match action {
            Action::Reset => self.step(session::reset_camera),
            Action::Focus => self.wish(Wish::Focus, self.prober.cursor),
            Action::Side(view, opposite) => {
                self.session.end_gesture();
                self.move_camera("side", |c| camera::from_side(c, view, opposite));
            }
            Action::Orthographic => {
                let is_on = self.session.wanted().scene().view.ortho;
                self.step(|options| {
                    options.set("view-angle", None);
                    options.set_flag("ortho", !is_on);
                });
            }
            Action::Freely => self.turn_freely(!self.ui.turns_freely),
            Action::Screenshot => self.save(self.free_name("png")),
            Action::SaveRecipe => self.save(self.name_of_recipe()),
            Action::File(by) => self.turn_files(by),
            Action::Play => panels::time::toggle(self),
            Action::Points | Action::Volume => match toggled(&self.mode(), action == Action::Points) {
                Ok(mode) => self.set_mode(mode),
                Err(reason) => self.say(Weight::Note, self.why_not("both").unwrap_or(reason)),
            },
            Action::Mode(at) => self.set_mode(MODES[at].0),
            Action::Panels => self.ui.hides_panels = !self.ui.hides_panels,
            Action::Open => self.choose_file(),
            Action::Help => self.ui.help = !self.ui.help,
            Action::Quit => self.quit(),
            Action::Undo => self.session.undo(),
            Action::Redo => self.session.redo(),
            Action::Dismiss => {
                self.stop_work();
                self.ui.player.stop();
                self.messages.clear();
                self.ui.help = false;
            }
        }
    }

    /// Closes the window; while a file is being written, when it is asked for twice.
    pub fn quit(&mut self) {
        let is_writing = self.movie.is_some() || self.saving.is_some();
        let is_asked = self.ui.leaving.is_some_and(|since| since.elapsed() < 2 * panels::over::NOTE);
        self.is_over = is_asked || !is_writing;
        if !self.is_over {
            self.ui.leaving = Some(std::time::Instant::now());
            self.say(Weight::Warning, "a file is being written: to close it once more stops that");
        }
    }

    /// What a left drag does.
    pub fn turn_freely(&mut self, is_free: bool) {
        self.ui.turns_freely = is_free;
        self.say(Weight::Note, if is_free { "drags turn freely" } else { "drags turn about the upward axis" });
    }

    /// Stops whatever goes on: a density, a movie, a picture, a look at all frames.
    fn stop_work(&self) {
        self.worker.stop();
        self.ears().iter().for_each(|ear| ear.stop(Errand::<()>::JOB));
    }

    /// What is heard of the errands that are told of.
    pub fn ears(&self) -> Vec<Arc<Ear>> {
        let of_files = self.movie.iter().chain(&self.saving).map(Errand::ear);
        of_files.chain(self.surveyor.errand().map(Errand::ear)).cloned().collect()
    }

    /// The mode.
    pub fn mode(&self) -> String {
        self.session.options().get("mode").unwrap_or_else(|| MODES[0].0.to_owned())
    }

    /// Chooses what is drawn; options of other modes go. Limits and opacity of what a mode shows are
    /// kept until it is chosen again.
    pub fn set_mode(&mut self, mode: &str) {
        if let Some(reason) = self.why_not(mode) {
            return self.say(Weight::Note, reason);
        }
        let is_projection = matches!(mode, "mip" | "minip" | "average" | "xray");
        let (from, to) = (shown(&self.mode()), shown(mode));
        let limits = LIMITS.map(|option| self.session.options().get(option));
        let changed = (from != to).then(|| self.ui.limits.insert(from, limits)).is_some();
        let kept = self.ui.limits.get(to).cloned().unwrap_or_default();
        let (from, to) = (covering(&self.mode()), covering(mode));
        let covers = COVERS.map(|option| self.session.options().get(option));
        let covers = (from != to).then(|| {
            self.ui.covers.insert(from, covers);
            self.ui.covers.get(to).cloned().unwrap_or_default()
        });
        self.step(|options| {
            options.set("mode", (mode != MODES[0].0).then(|| mode.to_owned()));
            if mode != "iso" {
                options.set("iso", None);
            }
            if is_projection || mode == "points" {
                options.set_list("slice", &[]);
            }
            if changed {
                std::iter::zip(LIMITS, kept).for_each(|(option, given)| options.set(option, given));
            }
            for (option, given) in covers.into_iter().flat_map(|covers| std::iter::zip(COVERS, covers)) {
                options.set(option, given);
            }
            if matches!(mode, "average" | "xray") {
                options.set_flag("mass-axis", false);
            }
        });
    }

    /// Whether colours are of means or sums along rays, and not of densities.
    pub fn is_along_rays(&self) -> bool {
        shown(&self.mode()) != "density"
    }

    /// Why a mode cannot be drawn of what is open; none if it can.
    pub fn why_not(&self, mode: &str) -> Option<&'static str> {
        let is_volume = self.content.as_ref().is_some_and(|c| c.total.is_none());
        (is_volume && draws_points(mode)).then_some(NO_POINTS)
    }

    /// Of a volume no points are drawn, even if that was asked for before it was read.
    pub fn fit_mode(&mut self) {
        if let Some(reason) = self.why_not(&self.mode()) {
            self.session.mend(|options| options.set("mode", None));
            self.say(Weight::Note, reason);
        }
    }

    /// Looks at a place.
    pub fn focus(&mut self, place: DVec3) {
        self.session.end_gesture();
        self.move_camera("focus", |c| camera::focus(c, place));
        self.session.end_gesture();
    }

    /// Shifts and stretches the limits by a drag in heights of the picture: upward is brighter, sideways softer. It goes on
    /// from where the hand had brought them, which the picture may not show yet.
    pub fn window_and_level(&mut self, by: DVec2) {
        let shown = || self.painted.as_ref().map(|p| p.scene.transfer.limits);
        let Some([vmin, vmax]) = self.ui.window.or_else(shown) else { return };
        let factor = self.factor_shown();
        let (width, level) = ((vmax - vmin) * (1.5 * by.x).exp(), 0.5 * (vmin + vmax) + (vmax - vmin) * by.y);
        let least = if self.is_of_values() { f64::NEG_INFINITY } else { 0.0 };
        let limits = [(level - 0.5 * width).max(least), (level + 0.5 * width).max(least)];
        self.ui.window = Some(limits);
        self.set_limits("window", limits.map(|v| v * factor));
    }

    /// What densities are multiplied by for the quantity that is shown.
    pub fn factor_shown(&self) -> f64 {
        let of = |p: &Painted| p.scene.annotations.quantity.factor(p.scene.grid.unit, p.scene.mode.dimensions());
        self.painted.as_ref().map_or(1.0, of)
    }

    /// What its quantity multiplies a density of space by, and what follows such a number, as `/nm³`.
    pub fn factor_and_unit(&self) -> (f64, String) {
        let of = |p: &Painted| {
            let (quantity, unit) = (p.scene.annotations.quantity, p.scene.grid.unit);
            (quantity.factor(unit, 3), quantity.per(unit, 3))
        };
        self.painted.as_ref().map_or((1.0, String::new()), of)
    }

    /// Whether what is shown is no density by what its file says: a map, a mask, grey values.
    pub fn is_of_values(&self) -> bool {
        self.painted.as_ref().is_some_and(|p| p.scene.annotations.quantity == Quantity::Values)
    }

    /// What a share of the sum above a value is of.
    pub fn words_of_share(&self) -> &'static str {
        words_of_share(self.is_of_values())
    }

    /// Sets vmin and vmax, in the quantity shown.
    pub fn set_limits(&mut self, gesture: &'static str, [vmin, vmax]: [f64; 2]) {
        if vmin <= vmax {
            self.edit(gesture, |options| {
                options.set("limits", None);
                options.set("vmin", Some(six_digits(vmin)));
                options.set("vmax", Some(six_digits(vmax)));
            });
        }
    }
}

/// What a share of the sum above a value is of.
pub fn words_of_share(are_values: bool) -> &'static str {
    if are_values { "of the sum is in higher values" } else { "of the mass is denser" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_written_as_numbers_are_told() {
        let texts = [0.0, 0.25, 1.0 / 3.0, -12.5, 2.4312345e-7, 123456.7].map(six_digits);
        assert_eq!(texts, ["0", "0.25", "0.333333", "-12.5", "2.43123e-7", "1.23457e5"]);
    }

    /// Catches: a key for fog that turns points on, and a picture of nothing.
    #[test]
    fn points_and_fog_are_turned_on_and_off_one_by_one() {
        let [p, v] = [true, false];
        assert_eq!([toggled("volume", p), toggled("both", p)], [Ok("both"), Ok("volume")]);
        assert_eq!([toggled("points", v), toggled("both", v)], [Ok("both"), Ok("points")]);
        assert!(toggled("volume", v).is_err() && toggled("points", p).is_err());
        assert_eq!([toggled("iso", p), toggled("iso", v)], [Ok("points"), Ok("volume")]);
    }

    /// Catches: limits of a mean taken for those of a density.
    #[test]
    fn modes_of_one_quantity_share_limits() {
        assert_eq!([shown("volume"), shown("iso"), shown("mip")], ["density"; 3]);
        assert_ne!(shown("average"), shown("xray"));
    }
}
