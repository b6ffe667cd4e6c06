//! A thread that does one thing beside the window, and ends.

use std::sync::Arc;
use std::sync::mpsc::{self, TryRecvError};
use std::thread::JoinHandle;

use super::ear::Ear;
use crate::error::{Error, Result};

/// Wakes the window.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// The thread; it is stopped when this is dropped, and ends by itself soon after.
pub struct Errand<T> {
    ear: Arc<Ear>,
    outcome: mpsc::Receiver<Result<T>>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Errand<T> {
    /// Begins `work`, which tells the ear how far it is and stops when that says so.
    pub fn start(wake: Wake, work: impl FnOnce(&Arc<Ear>) -> Result<T> + Send + 'static) -> Self {
        let ear = Arc::new(Ear::default());
        ear.begin_job(Self::JOB);
        let (tell, outcome) = mpsc::channel();
        let heard = ear.clone();
        let thread = std::thread::spawn(move || {
            let _ = tell.send(work(&heard));
            wake();
        });
        Self { ear, outcome, thread: Some(thread) }
    }

    /// What came of the one in a slot, if it has ended; the slot is empty then.
    pub fn taken(slot: &mut Option<Self>) -> Option<Result<T>> {
        let outcome = slot.as_ref()?.outcome()?;
        *slot = None;
        Some(outcome)
    }

    /// What came of it, once.
    pub fn outcome(&self) -> Option<Result<T>> {
        match self.outcome.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(Error::Interrupted)),
        }
    }
}

impl<T> Errand<T> {
    /// The number of its only job.
    pub const JOB: u64 = 1;

    /// Stops it.
    pub fn stop(&self) {
        self.ear.stop(Self::JOB);
    }

    /// What hears how far it is, and stops it.
    pub fn ear(&self) -> &Arc<Ear> {
        &self.ear
    }

    /// Notes and warnings of the work, the latter marked; they are told once.
    pub fn take_said(&self) -> Vec<(bool, String)> {
        self.ear.take_said()
    }

    /// Stops it and waits until it has cleared away what it had begun.
    pub fn end(mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl<T> Drop for Errand<T> {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::progress::Progress;

    /// Catches: an errand that outlives its window, or whose end is not told.
    #[test]
    fn an_errand_is_stopped_when_it_is_dropped_and_tells_its_outcome_once() {
        let (tell, heard) = mpsc::channel();
        let errand = Errand::start(Arc::new(|| {}), move |ear| {
            while !ear.is_cancelled() {
                std::thread::sleep(Duration::from_millis(1));
            }
            tell.send(()).map_err(|_| Error::Interrupted)
        });
        assert!(errand.outcome().is_none());
        drop(errand);
        assert!(heard.recv_timeout(Duration::from_secs(20)).is_ok());
        let errand = Errand::start(Arc::new(|| {}), |_| Ok(7));
        let outcome = (0..1000).find_map(|_| {
            std::thread::sleep(Duration::from_millis(1));
            errand.outcome()
        });
        assert_eq!(outcome.unwrap().unwrap(), 7);
    }
}
