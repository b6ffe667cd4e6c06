//! Places that the user keeps: labels of the picture, which a click adds and takes away.

use egui::Pos2;
use glam::DVec3;

use super::model::Model;
use super::probe::Wish;
use super::session::numbers;

/// A label whose dot is within so many points of a click is taken away.
const REACH: f32 = 9.0;

impl Model {
    /// A click in the picture: a label whose dot is there goes; else what is there, in the picture that is shown then, is
    /// kept as one, once it is known.
    pub fn click(&mut self, at: Pos2) {
        let places = self.session.wanted().scene().labels.positions();
        let distance = |place: &DVec3| self.project_as_shown(*place).map_or(f32::INFINITY, |dot| dot.distance(at));
        let nearest = (0..places.len()).min_by(|a, b| distance(&places[*a]).total_cmp(&distance(&places[*b])));
        match nearest.filter(|i| distance(&places[*i]) < REACH) {
            Some(i) => self.change_labels(|all| drop(all.remove(i))),
            None => self.wish(Wish::Label, Some(at)),
        }
    }

    /// Keeps a place as a label that says what is there.
    pub fn keep_label(&mut self, place: DVec3) {
        // Finer than places are told, so that a label's value is that of the reading.
        let digits = self.digits_of_places() + 2;
        let place = place.to_array().map(|v| format!("{v:.digits$}").parse().unwrap_or(v));
        self.change_labels(|all| all.push(numbers(&place)));
    }

    fn change_labels(&mut self, change: impl FnOnce(&mut Vec<String>)) {
        let mut all = self.session.options().list("label");
        change(&mut all);
        self.step(|options| options.set_list("label", &all));
    }
}
