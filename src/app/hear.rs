//! What follows from what other threads have done.

use super::message::{About, Weight, in_words, reason};
use super::model::Model;
use super::painter::{News, Painted};
use super::worker::{Done, Loaded};
use crate::cli::content;
use crate::cli::view::Wanted;
use crate::error::Error;

impl Model {
    /// What was asked for last cannot be: it is taken back, so that the options say what the picture shows. The reason
    /// stands below the field that it was typed into, else over the picture.
    fn refuse(&mut self, about: About, error: &Error, is_wrong: impl Fn(&Wanted) -> bool) {
        self.ui.player.stop();
        // Where the way back fails too, it is not the options that are wrong.
        let is_new = self.taken_back != Some(self.session.revision()) && self.painted.is_some();
        let names = if is_new { self.session.take_back(is_wrong) } else { Vec::new() };
        if names.is_empty() {
            return self.say_of(about, Weight::Error, &error.to_string());
        }
        self.taken_back = Some(self.session.revision());
        // A field for a part of an option is called after that.
        let is_of = |option: &str| names.iter().any(|name| option.split(' ').next() == Some(name));
        match self.ui.committed.take().filter(|option| is_of(option)) {
            Some(option) => {
                let reason = self.reason_of(error);
                // Below a text that points at its place nothing may be written behind that.
                let end = if reason.contains('\n') { "\n" } else { "; " };
                self.ui.refuse(option, &format!("{reason}{end}the picture is as before"));
            }
            None => {
                let about = About::Options(self.session.revision());
                self.say_of(about, Weight::Error, &format!("{error}; all is as before"));
            }
        }
    }

    pub(super) fn hear(&mut self) {
        while let Some(done) = self.worker.done() {
            match done {
                Done::Loaded(loaded) => self.load(*loaded),
                Done::Failed(error) => self.fail(&error),
                Done::Saved(path, saved) => self.tell_saved(&path, saved),
            }
        }
        while let Some(news) = self.painter.news() {
            match news {
                News::Ready(adapter) => self.adapter = Some(adapter),
                News::Readied => self.ordered = None,
                News::Painted(painted) => self.hang(*painted),
                // Options that ask for more than has been read yet.
                News::Refused(order, Error::Usage(_)) if self.worker.is_busy() || order <= self.outdated => {}
                News::Refused(order, error @ Error::Usage(_)) if order == self.orders => {
                    self.refuse(About::Picture(order), &error, |_| false);
                }
                News::Refused(order, error) => {
                    self.say_of(About::Picture(order), Weight::Error, &error.to_string());
                }
                News::Saved(path, saved) => self.tell_saved(&path, saved),
            }
        }
    }

    /// There is no content of the options.
    fn fail(&mut self, error: &Error) {
        if self.content.is_none() && !matches!(error, Error::Interrupted) {
            if self.leave_out_selection(error) {
                return;
            }
            let (dialog, before) = (self.ui.opening.take(), self.before.take());
            let is_restored = before.is_some();
            if let Some((session, files)) = before {
                self.files = files;
                self.begin(session);
            } else if self.files.len() < 2 {
                self.close();
            }
            if let Some(dialog) = dialog {
                return self.refuse_opened(dialog, &error.to_string());
            }
            if is_restored {
                return self.say(Weight::Error, error.to_string());
            }
        }
        let failed = content::key(self.session.wanted().scene());
        if let Error::Interrupted = error {
            // The work that was stopped is not begun again.
            self.ui.player.stop();
            self.ui.opening = None;
            let names = self.session.take_back(|wanted| content::key(wanted.scene()) == failed);
            self.is_halted = names.is_empty();
            return self.say(Weight::Note, if names.is_empty() { "stopped" } else { "stopped; all is as before" });
        }
        self.refuse(About::Content, error, |wanted| content::key(wanted.scene()) == failed);
    }

    /// A file that is opened with a selection that cannot be is shown without it: the text stays in its field, with the
    /// reason below. Whether there was one.
    fn leave_out_selection(&mut self, error: &Error) -> bool {
        let Some(text) = self.session.options().get("select") else { return false };
        self.session.mend(|options| options.set("select", None));
        self.ui.typed.insert("select", text);
        self.ui.refuse("select", &self.reason_of(error));
        true
    }

    /// What an error says, without the name of the input.
    fn reason_of(&self, error: &Error) -> String {
        let error = error.to_string();
        let input = format!("{}: ", self.session.options().input.as_deref().unwrap_or_default());
        reason(error.strip_prefix(&input).unwrap_or(&error))
    }

    /// Takes in a content, unless it is of an input that is no longer open.
    fn load(&mut self, loaded: Loaded) {
        if loaded.wanted.scene().points.input != self.session.wanted().scene().points.input {
            return;
        }
        // What was said of data or of a density that are gone goes with them.
        let told: Vec<String> = loaded.said.iter().map(|(_, text)| in_words(text)).collect();
        self.messages.retain(|m| m.about != About::Content || (m.weight == Weight::Warning && told.contains(&m.text)));
        for (_, text) in loaded.said.iter().filter(|(is_warning, _)| *is_warning) {
            if !self.said.contains(&(true, text.clone())) {
                self.say_of(About::Content, Weight::Warning, text);
            }
        }
        self.said = loaded.said;
        (self.before, self.ui.opening) = (None, None);
        self.outdated = self.orders;
        self.of_content = content::key(loaded.wanted.scene());
        let shape = loaded.content.grid.lattice.shape;
        (self.content, self.histogram) = (Some(loaded.content), Some(loaded.histogram));
        self.fit_mode();
        self.tell_refused_selection();
        if self.is_content_current() {
            self.shape = Some(shape);
        }
    }

    /// Where there are no atoms there is no field below which a refused selection could be told.
    fn tell_refused_selection(&mut self) {
        let has_field = self.content.as_ref().is_some_and(|content| content.has_atoms());
        if let Some(reason) = self.ui.wrong.get("select").filter(|_| !has_field).cloned() {
            self.ui.wrong.remove("select");
            self.ui.refocus = None;
            self.say(Weight::Warning, format!("the selection was left out: {reason}"));
        }
    }

    /// Takes in a picture, unless a newer one is there.
    fn hang(&mut self, mut painted: Painted) {
        let number = painted.number;
        if number <= self.painted.as_ref().map_or(self.forgotten, |p| p.number) {
            return;
        }
        self.messages.retain(|m| !matches!(m.about, About::Picture(order) if order < number));
        if number == self.orders && self.is_content_current() {
            self.ui.committed = None;
        }
        self.take_remarks(&mut painted);
        self.image = Some(std::mem::take(&mut painted.image));
        self.painted = Some(painted);
    }

    /// What is said of a picture stays while it holds; a new warning stands over the picture, too, until it is closed.
    fn take_remarks(&mut self, painted: &mut Painted) {
        let before = self.painted.as_mut().map(|p| std::mem::take(&mut p.remarks)).unwrap_or_default();
        if !painted.is_full {
            painted.remarks = before;
            return;
        }
        let is_still = |text: &str| painted.remarks.iter().any(|(_, said)| in_words(said) == text);
        self.messages.retain(|m| m.about != About::Remark || is_still(&m.text));
        for (_, text) in painted.remarks.iter().filter(|said| said.0 && !before.contains(said)) {
            self.say_of(About::Remark, Weight::Warning, text);
        }
    }
}
