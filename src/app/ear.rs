//! What threads say of their work, and how they are stopped.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::cli::Listener;
use crate::progress::Progress;

/// How far work is.
#[derive(Debug, Clone)]
pub struct Stage {
    /// What is done.
    pub name: &'static str,
    /// Steps done and in all; 0 if unknown.
    pub done: u64,
    /// Steps in all.
    pub total: u64,
    /// Since when.
    pub since: Instant,
}

impl Stage {
    /// What is being done.
    pub fn words(&self) -> &'static str {
        match self.name {
            "plan" => "planning the density",
            "density" => "computing the density",
            "bandwidth" => "searching for the bandwidth",
            "densities" => "computing the densities",
            "frames" => "drawing the frames",
            "drawing" => "drawing the picture",
            other => other,
        }
    }

    /// How far it is after so long, in words: what can be counted is, and the time left is told once it can be guessed.
    pub fn how_far(&self, elapsed: Duration) -> String {
        let is_counted = matches!(self.name, "frames" | "looking at all frames");
        let (done, seconds) = (self.done.min(self.total), elapsed.as_secs_f64());
        let time = match done as f64 / self.total.max(1) as f64 {
            share if share >= 0.02 || (is_counted && done > 0) => format!("{:.0} s left", seconds / share - seconds),
            _ if seconds > 1.0 => format!("{seconds:.0} s"),
            _ => String::new(),
        };
        match (is_counted && self.total > 0, time.is_empty()) {
            (false, _) => time,
            (true, true) => format!("{done} of {}", self.total),
            (true, false) => format!("{done} of {}, {time}", self.total),
        }
    }
}

/// Hears what work says, and stops it.
#[derive(Default)]
pub struct Ear {
    stage: Mutex<Option<Stage>>,
    said: Mutex<Vec<(bool, String)>>,
    /// Jobs up to this number are to stop.
    stopped: AtomicU64,
    /// The job at hand, from 1.
    current: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Ear {
    /// A job begins; what was said before is forgotten.
    pub fn begin_job(&self, number: u64) {
        lock(&self.said).clear();
        self.current.store(number, Ordering::Relaxed);
    }

    /// The job is done.
    pub fn end_job(&self) {
        *lock(&self.stage) = None;
    }

    /// Stops jobs up to this number.
    pub fn stop(&self, number: u64) {
        self.stopped.fetch_max(number, Ordering::Relaxed);
    }

    /// How far the job is.
    pub fn stage(&self) -> Option<Stage> {
        lock(&self.stage).clone()
    }

    /// Notes and warnings of the job, the latter marked; they are told once.
    pub fn take_said(&self) -> Vec<(bool, String)> {
        std::mem::take(&mut *lock(&self.said))
    }
}

impl Progress for Ear {
    fn begin(&self, name: &'static str, total: u64) {
        *lock(&self.stage) = Some(Stage { name, done: 0, total, since: Instant::now() });
    }

    fn advance(&self, steps: u64) {
        if let Some(stage) = lock(&self.stage).as_mut() {
            stage.done += steps;
        }
    }

    fn is_cancelled(&self) -> bool {
        self.current.load(Ordering::Relaxed) <= self.stopped.load(Ordering::Relaxed)
    }
}

impl Listener for Ear {
    fn said(&self, is_warning: bool, text: &str) {
        lock(&self.said).push((is_warning, text.to_owned()));
    }
}

/// Hears nothing, and stops with another one: work within work.
pub struct Within(pub Arc<Ear>);

impl Progress for Within {
    fn begin(&self, _name: &'static str, _total: u64) {}
    fn advance(&self, _steps: u64) {}
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

impl Listener for Within {
    fn said(&self, _is_warning: bool, _text: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: a movie of which nobody knows how many frames are there, and a time made of nothing.
    #[test]
    fn frames_are_counted_and_the_time_left_is_told() {
        let told = |name, done, seconds| {
            let stage = Stage { name, done, total: 120, since: Instant::now() };
            stage.how_far(Duration::from_secs(seconds))
        };
        assert_eq!(told("frames", 3, 6), "3 of 120, 234 s left");
        assert_eq!(told("frames", 0, 0), "0 of 120");
        assert_eq!(told("frames", 0, 5), "0 of 120, 5 s");
        assert_eq!([told("density", 60, 6), told("density", 1, 0)], ["6 s left", ""]);
    }
}
