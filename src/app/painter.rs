//! The thread that draws pictures.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use egui::ColorImage;

use super::easel::Easel;
use super::errand::Wake;
use super::mailbox::Mailbox;
use crate::cli::content::Content;
use crate::cli::view::Wanted;
use crate::error::{Error, Result};
use crate::gpu::AdapterChoice;
use crate::scene::{Camera, Frame, Scene};

/// A picture to draw.
#[derive(Clone)]
pub struct Order {
    /// Its options.
    pub wanted: Arc<Wanted>,
    /// What it is of.
    pub content: Arc<Content>,
    /// Its size.
    pub frame: Frame,
    /// Whether it is one of many, and may be coarse.
    pub moving: bool,
    /// Tells it from others.
    pub number: u64,
}

/// A file to write: a PNG, or a recipe.
pub struct Save {
    /// What of; `moving` and `number` mean nothing.
    pub order: Order,
    /// Where.
    pub path: PathBuf,
}

/// A picture that was drawn.
pub struct Painted {
    /// Its pixels.
    pub image: ColorImage,
    /// Its scene.
    pub scene: Scene,
    /// What it is of.
    pub content: Arc<Content>,
    /// From where it is seen.
    pub camera: Camera,
    /// Whether that follows from what is seen, and is not the user's.
    pub is_automatic: bool,
    /// Its order.
    pub number: u64,
    /// Its frame.
    pub frame: Frame,
    /// Whether its light has all pixels.
    pub is_full: bool,
    /// Why it shows nothing, if it does.
    pub nothing: Option<String>,
    /// What is said of it: warnings, which are marked, and notes; of a coarse picture nothing.
    pub remarks: Vec<(bool, String)>,
    /// What it took.
    pub took: Duration,
}

/// What the thread tells.
pub enum News {
    /// The adapter that draws.
    Ready(String),
    /// What was drawn of some nodes can be drawn of all.
    Readied,
    /// A picture.
    Painted(Box<Painted>),
    /// An order that cannot be drawn; without an adapter none can.
    Refused(u64, Error),
    /// A file was written, or not.
    Saved(PathBuf, Result<()>),
}

/// What is asked of the thread.
#[derive(Default)]
pub struct Request {
    /// The picture to draw next.
    pub order: Option<Order>,
    saves: Vec<Save>,
}

/// The thread.
pub struct Painter {
    requests: Arc<Mailbox<Request>>,
    news: mpsc::Receiver<News>,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Painter {
    /// Starts it; `wake` is called whenever there is news.
    pub fn new(adapter: AdapterChoice, wake: Wake) -> Self {
        let (requests, closing) = (Arc::new(Mailbox::default()), Arc::new(AtomicBool::new(false)));
        let (tell, news) = mpsc::channel();
        let thread = {
            let (requests, closing) = (requests.clone(), closing.clone());
            std::thread::spawn(move || {
                let (readied, waking) = (tell.clone(), wake.clone());
                let notify = Arc::new(move || {
                    let _ = readied.send(News::Readied);
                    waking();
                });
                let easel = Easel::new(adapter, requests.clone(), closing, notify);
                run(easel, &requests, &tell, &*wake);
            })
        };
        Self { requests, news, closing, thread: Some(thread) }
    }

    /// Draws this next, in place of what waits; a full picture that is being drawn is given up.
    pub fn order(&self, order: Order) {
        self.requests.change(|request| request.get_or_insert_default().order = Some(order));
    }

    /// Writes a file.
    pub fn save(&self, save: Save) {
        self.requests.change(|request| request.get_or_insert_default().saves.push(save));
    }

    /// The next thing it has told.
    pub fn news(&self) -> Option<News> {
        self.news.try_recv().ok()
    }
}

impl Drop for Painter {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Relaxed);
        self.requests.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread does until the window is closed.
fn run(mut easel: Easel, requests: &Mailbox<Request>, tell: &mpsc::Sender<News>, wake: &dyn Fn()) {
    let told = |news| {
        let is_heard = tell.send(news).is_ok();
        wake();
        is_heard
    };
    match easel.renderer() {
        Ok(renderer) => drop(told(News::Ready(renderer.gpu().describe()))),
        Err(error) => drop(told(News::Refused(u64::MAX, error))),
    }
    while let Some(request) = requests.take() {
        for Save { order, path } in request.saves {
            let saved = easel.save(&order, &path);
            told(News::Saved(path, saved));
        }
        let Some(order) = request.order else { continue };
        let news = match easel.paint(&order) {
            Ok(painted) => News::Painted(Box::new(painted)),
            Err(Error::Interrupted) => continue,
            Err(error) => News::Refused(order.number, error),
        };
        if !told(news) {
            return;
        }
    }
}
