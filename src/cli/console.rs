//! What the program says, its progress bar, and Ctrl-C.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::error::{Error, Result};
use crate::io::atomic;
use crate::progress::Progress;

/// Stages shorter than this show no bar.
const BAR_AFTER: Duration = Duration::from_secs(1);

/// After Ctrl-C work has this long to stop by itself.
const GRACE: Duration = Duration::from_millis(600);

/// Who hears, in place of standard error, what is said and how far work is: a window.
pub trait Listener: Progress + Send {
    /// A note, or a warning.
    fn said(&self, is_warning: bool, text: &str);
}

/// Hears warnings in place of standard error, and says nothing.
pub struct Aside {
    cancelled: Arc<AtomicBool>,
    warnings: Mutex<Vec<String>>,
}

impl Aside {
    /// What was warned of, each once.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }
}

impl Progress for Aside {
    fn begin(&self, _stage: &'static str, _total: u64) {}
    fn advance(&self, _steps: u64) {}
    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

impl Listener for Aside {
    fn said(&self, is_warning: bool, text: &str) {
        let mut warnings = self.warnings.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if is_warning && !warnings.iter().any(|known| known == text) {
            warnings.push(text.to_owned());
        }
    }
}

/// Standard output and error of one run.
pub struct Console {
    /// One JSON object on stdout instead of prose.
    pub json: bool,
    quiet: bool,
    bars: bool,
    cancelled: Arc<AtomicBool>,
    stage: Mutex<Stage>,
    failure: Mutex<Option<std::io::Error>>,
    listener: Option<Arc<dyn Listener>>,
}

struct Stage {
    started: Instant,
    bar: ProgressBar,
}

impl Console {
    /// A console; bars are drawn only on a terminal that can.
    pub fn new(json: bool, quiet: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|t| t == "dumb");
        let bars = !quiet && !dumb && std::io::stderr().is_terminal();
        let stage = Mutex::new(Stage { started: Instant::now(), bar: ProgressBar::hidden() });
        Self { json, quiet, bars, cancelled: Arc::default(), stage, failure: Mutex::default(), listener: None }
    }

    /// A console that prints nothing: all is told to `listener`, who can also stop the work.
    pub fn listened_by(listener: Arc<dyn Listener>) -> Self {
        Self { listener: Some(listener), ..Self::new(false, true) }
    }

    /// A console that prints nothing and stops when this one does, and what it was told.
    pub fn aside(&self) -> (Self, Arc<Aside>) {
        let aside = Arc::new(Aside { cancelled: self.cancelled.clone(), warnings: Mutex::default() });
        (Self::listened_by(aside.clone()), aside)
    }

    /// From now on Ctrl-C and SIGTERM end the program with status 130, leaving no half file.
    pub fn watch_for_interrupts(&self) {
        let cancelled = self.cancelled.clone();
        // Fails only if a handler exists already, as in a test; then that one serves.
        let _ = ctrlc::set_handler(move || {
            cancelled.store(true, Ordering::Relaxed);
            atomic::interrupt();
            std::thread::sleep(GRACE);
            let _none_appears = atomic::remove_unfinished();
            let _ = std::io::stderr().write_all(b"error: interrupted\n");
            std::process::exit(i32::from(Error::Interrupted.exit_code()));
        });
    }

    /// A line of the answer, on stdout. What goes wrong is told by [`Console::finish`].
    pub fn answer(&self, line: &str) {
        if let Err(error) = writeln!(std::io::stdout(), "{line}") {
            self.failure.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get_or_insert(error);
        }
    }

    /// Whether the whole answer was written. A reader that went away is no error; a full disk is.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn finish(&self) -> Result<()> {
        match self.failure.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take() {
            Some(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(Error::file(Path::new("standard output"), "write", e))
            }
            _ => Ok(()),
        }
    }

    /// What was chosen or understood, on stderr.
    pub fn note(&self, text: &str) {
        if let Some(listener) = &self.listener {
            listener.said(false, text);
        } else if !self.quiet {
            self.say(text);
        }
    }

    /// What the user must know before trusting the result, on stderr.
    pub fn warning(&self, text: &str) {
        match &self.listener {
            Some(listener) => listener.said(true, text),
            None => self.say(&format!("warning: {text}")),
        }
    }

    /// Why the program ends, on stderr.
    pub fn error(&self, error: &Error) {
        let text = format!("error: {error}");
        match error {
            // The quoted selection and the pointer below it stand on lines of their own.
            Error::Usage(_) => text.lines().for_each(|line| self.say(line)),
            _ => self.say(&text),
        }
    }

    /// One line on stderr, clear of the bar.
    fn say(&self, text: &str) {
        let line = one_line(text);
        self.stage().bar.suspend(|| {
            let _ = writeln!(std::io::stderr(), "{line}");
        });
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The text with control characters (of odd file names) made visible, so that it stays one line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}

impl Progress for Console {
    fn begin(&self, name: &'static str, total: u64) {
        if let Some(listener) = &self.listener {
            return listener.begin(name, total);
        }
        let bar = if total > 0 { ProgressBar::hidden() } else { ProgressBar::no_length() };
        bar.set_draw_target(ProgressDrawTarget::hidden());
        bar.set_length(total);
        let style = ProgressStyle::with_template("{msg:>9} [{bar:32}] {percent:>3} %, {eta} left");
        bar.set_style(style.expect("the template is right").progress_chars("=> "));
        bar.set_message(name);
        let mut stage = self.stage();
        stage.bar.finish_and_clear();
        *stage = Stage { started: Instant::now(), bar };
    }

    fn advance(&self, steps: u64) {
        if let Some(listener) = &self.listener {
            return listener.advance(steps);
        }
        let stage = self.stage();
        stage.bar.inc(steps);
        if self.bars && stage.bar.is_hidden() && stage.started.elapsed() > BAR_AFTER && !stage.bar.is_finished() {
            stage.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        if Some(stage.bar.position()) == stage.bar.length() {
            stage.bar.finish_and_clear();
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed) || self.listener.as_ref().is_some_and(|l| l.is_cancelled())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_stay_on_one_line_and_keep_their_letters() {
        assert_eq!(one_line("a\nb\u{1b}[0m å"), "a\\nb\\u{1b}[0m å");
    }
}
