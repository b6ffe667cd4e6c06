//! The score of cross-validation over the bandwidth, found beside the window.

use std::sync::Arc;

use super::ear::Within;
use super::errand::Errand;
use super::message::Weight;
use super::model::Model;
use crate::cli::Console;
use crate::cli::input::Opened;
use crate::error::Error;
use crate::io::Input;
use crate::kde::{Bandwidth, select};

/// Of more points than this the score is found when it is asked for.
const UNASKED: usize = 200_000;

/// The search that is made, and what it has found.
#[derive(Default)]
pub struct Search {
    errand: Option<Errand<Option<select::Selection>>>,
    of: Option<Arc<Opened>>,
    found: Option<select::Selection>,
}

impl Search {
    /// Whether it is being made.
    pub fn is_busy(&self) -> bool {
        self.errand.is_some()
    }

    /// What was found of these points.
    pub fn found(&self, opened: &Arc<Opened>) -> Option<&select::Selection> {
        self.found.as_ref().filter(|_| self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, opened)))
    }
}

impl Model {
    /// Searches for the best bandwidth of the points, of many only if it `is_asked`.
    pub fn search_bandwidth(&mut self, is_asked: bool) {
        self.hear_search();
        let Some(opened) = self.content.as_ref().map(|c| c.opened.clone()) else { return };
        let is_done = self.search.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, &opened));
        let Input::Points(points) = &opened.input else { return };
        if is_done || points.dimensions != 3 || (points.cloud.len() > UNASKED && !is_asked) || self.worker.is_busy() {
            return;
        }
        let of = Some(opened.clone());
        let errand = Errand::start(self.wake.clone(), move |ear| {
            let console = Console::listened_by(Arc::new(Within(ear.clone())));
            match &opened.input {
                Input::Points(points) => select::select(&points.cloud, &Bandwidth::CrossValidation, &console),
                Input::Volume(_) => Ok(None),
            }
        });
        self.search = Search { errand: Some(errand), of, found: None };
    }

    fn hear_search(&mut self) {
        let Some(outcome) = Errand::taken(&mut self.search.errand) else { return };
        match outcome {
            Ok(found) => self.search.found = found,
            Err(Error::Interrupted) => {}
            Err(error) => self.say(Weight::Warning, format!("no score of cross-validation: {error}")),
        }
    }
}
