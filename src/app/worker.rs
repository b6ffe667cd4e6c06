//! The thread that reads files and computes densities.

use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use super::ear::{Ear, Stage};
use super::errand::Wake;
use super::histogram::Histogram;
use super::mailbox::Mailbox;
use crate::cli::Console;
use crate::cli::content::{Content, Stock};
use crate::cli::view::Wanted;
use crate::error::{Error, Result};
use crate::grid::DensityGrid;
use crate::io::{self, Values, VolumeFormat};
use crate::progress::Progress;

/// What is to be done.
pub enum Job {
    /// The content that these options ask for; with `in_hand`, one that shows it while the bandwidth is dragged.
    Load { wanted: Arc<Wanted>, in_hand: bool },
    /// Write the density in the format of the file's name.
    SaveVolume(Arc<DensityGrid>, Values, PathBuf),
}

/// What was done.
pub enum Done {
    /// The content of the options, and what was said of it.
    Loaded(Box<Loaded>),
    /// The job was stopped or is wrong.
    Failed(Error),
    /// A file was written, or not.
    Saved(PathBuf, Result<()>),
}

/// A content with what is told of it.
pub struct Loaded {
    /// The options that it is of.
    pub wanted: Arc<Wanted>,
    /// What can be drawn.
    pub content: Arc<Content>,
    /// How its densities are spread; that of the last content if they are the same.
    pub histogram: Arc<Histogram>,
    /// Warnings and notes of all that it is made of, the former marked.
    pub said: Vec<(bool, String)>,
}

/// The thread.
pub struct Worker {
    jobs: Arc<Mailbox<(u64, Job)>>,
    ear: Arc<Ear>,
    asked: u64,
    finished: u64,
    done: mpsc::Receiver<(u64, Done)>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts it; `wake` is called whenever something is done.
    pub fn new(wake: Wake) -> Self {
        let (jobs, ear) = (Arc::new(Mailbox::default()), Arc::new(Ear::default()));
        let (tell, done) = mpsc::channel();
        let thread = {
            let (jobs, ear): (Arc<Mailbox<(u64, Job)>>, _) = (jobs.clone(), ear.clone());
            std::thread::spawn(move || {
                let mut bench = Bench::new(&ear);
                while let Some((number, job)) = jobs.take() {
                    ear.begin_job(number);
                    let done = bench.run(job, &ear);
                    ear.end_job();
                    if tell.send((number, done)).is_err() {
                        return;
                    }
                    wake();
                }
            })
        };
        Self { jobs, ear, asked: 0, finished: 0, done, thread: Some(thread) }
    }

    /// Does this next; a job at hand is stopped unless `after_it`.
    pub fn ask(&mut self, job: Job, after_it: bool) {
        if !after_it {
            self.stop();
        }
        self.asked += 1;
        self.jobs.put((self.asked, job));
    }

    /// Stops the job at hand.
    pub fn stop(&self) {
        self.ear.stop(self.asked);
    }

    /// The next thing that was done; of jobs that newer ones replaced, failures are not told.
    pub fn done(&mut self) -> Option<Done> {
        while let Ok((number, done)) = self.done.try_recv() {
            self.finished = number;
            if number == self.asked || !matches!(done, Done::Failed(_)) {
                return Some(done);
            }
        }
        None
    }

    /// Whether something is being done.
    pub fn is_busy(&self) -> bool {
        self.finished < self.asked
    }

    /// How far it is.
    pub fn stage(&self) -> Option<Stage> {
        self.ear.stage()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop();
        self.jobs.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread works with.
struct Bench {
    stock: Stock,
    console: Console,
    last: Option<(Arc<DensityGrid>, Arc<Histogram>)>,
    /// What was said of the last input, and of the last density.
    said: [Said; 2],
}

/// Warnings, which are marked, and notes.
type Said = Vec<(bool, String)>;

impl Bench {
    fn new(ear: &Arc<Ear>) -> Self {
        let console = Console::listened_by(ear.clone());
        Self { stock: Stock::default(), console, last: None, said: Default::default() }
    }

    fn run(&mut self, job: Job, ear: &Ear) -> Done {
        match job {
            Job::Load { wanted, in_hand } => {
                let loaded = self.load(wanted, in_hand, ear);
                loaded.map_or_else(Done::Failed, |loaded| Done::Loaded(Box::new(loaded)))
            }
            Job::SaveVolume(grid, values, path) => {
                let saved = save(&grid, values, &path);
                Done::Saved(path, saved)
            }
        }
    }

    fn load(&mut self, wanted: Arc<Wanted>, in_hand: bool, ear: &Ear) -> Result<Loaded> {
        if self.stock.read(wanted.scene(), &self.console)? {
            self.said = [ear.take_said(), Vec::new()];
        }
        // Until the density tells how far it is: what was read is read.
        self.console.begin("plan", 0);
        let content = match in_hand {
            true => self.stock.preview(wanted.scene(), &self.console)?,
            false => self.stock.content(wanted.scene(), &self.console)?,
        };
        let content = Arc::new(content);
        let histogram = match &self.last {
            Some((grid, histogram)) if Arc::ptr_eq(grid, &content.grid) => histogram.clone(),
            _ => {
                self.said[1].clear();
                self.console.begin("counting values", 0);
                Arc::new(Histogram::of(&content.grid))
            }
        };
        for said in ear.take_said() {
            if !self.said[1].contains(&said) {
                self.said[1].push(said);
            }
        }
        self.last = Some((content.grid.clone(), histogram.clone()));
        Ok(Loaded { wanted, content, histogram, said: self.said.concat() })
    }
}

fn save(grid: &DensityGrid, values: Values, path: &std::path::Path) -> Result<()> {
    io::write_volume(path, VolumeFormat::of(path)?, grid, values, None).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::recipe::Draft;

    /// Catches: notes of a density that is gone, and notes of the input that go with its first density.
    #[test]
    fn what_is_said_goes_with_what_it_is_of() {
        let ear = Arc::<Ear>::default();
        let mut bench = Bench::new(&ear);
        let mut said = |bandwidth: &str, in_hand| {
            let mut options = Draft::new("render");
            options.input = Some("sample:founding".into());
            let all = [("bandwidth", bandwidth), ("max-points", "300"), ("grid", "12")];
            all.into_iter().for_each(|(option, text)| options.set(option, Some(text.into())));
            ear.begin_job(1);
            let loaded = bench.load(Arc::new(Wanted::of(&options).unwrap()), in_hand, &ear).unwrap();
            let has = |what: &str| loaded.said.iter().filter(|(_, text)| text.contains(what)).count();
            [has("thinned"), has("own kernel")]
        };
        assert_eq!(said("knn:5", false), [1, 1]);
        assert_eq!(said("0.4", true), [1, 0]);
        assert_eq!(said("0.5", false), [1, 0]);
        assert_eq!(said("knn:5", false), [1, 1]);
    }
}
