//! What is drawn of a molecule where the user has named its file alone.

use std::sync::Arc;

use super::ear::Within;
use super::errand::Errand;
use super::message::reason;
use super::model::Model;
use crate::cli::Console;
use crate::cli::trace_args::Trace;
use crate::error::{Error, Result};

/// The option that names the file.
const FILE: &str = "trace-from";

/// The choice that is made, and the file that the last one was made for.
#[derive(Default)]
pub struct Chooser {
    errand: Option<Errand<Option<Trace>>>,
    of: Option<String>,
}

impl Model {
    /// Looks what can be drawn of a molecule's file that was just named, and has that drawn.
    pub fn choose_kind(&mut self) {
        if let Some(outcome) = Errand::taken(&mut self.chooser.errand) {
            self.take_kind(outcome);
        }
        let options = self.session.options();
        let (file, is_chosen) = (options.get(FILE), options.get("trace").is_some());
        if file == self.chooser.of {
            return;
        }
        let (wanted, is_named) = (self.session.wanted().clone(), file.is_some());
        let errand = (is_named && !is_chosen).then(|| {
            Errand::start(self.wake.clone(), move |ear| {
                let console = Console::listened_by(Arc::new(Within(ear.clone())));
                let args = wanted.scene();
                args.trace.suitable(&args.points, &console)
            })
        });
        self.chooser = Chooser { errand, of: file };
    }

    fn take_kind(&mut self, outcome: Result<Option<Trace>>) {
        let options = self.session.options();
        let holds = options.get(FILE) == self.chooser.of && options.get("trace").is_none();
        match outcome {
            Ok(Some(kind)) if holds => self.session.amend(|options| options.set("trace", Some(kind.name().to_owned()))),
            Ok(_) | Err(Error::Interrupted) => {}
            // The name stays in its field, with the reason.
            Err(error) if holds => {
                self.session.amend(|options| options.set(FILE, None));
                if let Some(text) = self.chooser.of.take() {
                    self.ui.typed.insert(FILE, text);
                    self.ui.refuse(FILE, &reason(&error.to_string()));
                }
            }
            Err(_) => {}
        }
    }
}
