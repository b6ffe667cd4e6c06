//! What the window knows, and what follows from what happens.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{ColorImage, Rect, TextureHandle, TextureOptions};

use super::errand::{Errand, Wake};
use super::histogram::Histogram;
use super::kind::Chooser;
use super::message::{About, Message, Weight, in_words};
use super::painter::{Order, Painted, Painter};
use super::panels;
use super::place::Room;
use super::probe::Prober;
use super::search::Search;
use super::session::Session;
use super::several::Files;
use super::survey::Surveyor;
use super::worker::{Job, Worker};
use crate::cli::Opening;
use crate::cli::content::{self, Content};
use crate::cli::recipe::Draft;
use crate::cli::view::Wanted;
use crate::error::Result;
use crate::gpu::AdapterChoice;
use crate::scene::Frame;

/// Nodes along the longest axis of a density that is one of many.
const COARSE_NODES: usize = 96;
/// While work goes on, how far it is is told so often.
const PROGRESS: Duration = Duration::from_millis(100);
/// A picture is drawn in full when nothing has changed for so long.
const REST: Duration = Duration::from_millis(120);

/// A file, and what became of it.
pub type Written = (PathBuf, Result<()>);

/// What the window knows.
pub struct Model {
    /// The options.
    pub session: Session,
    /// The files that are open.
    pub files: Files,
    /// What was open before, until something is shown of what was opened instead.
    pub before: Option<(Session, Files)>,
    /// Reads and computes.
    pub worker: Worker,
    pub(super) painter: Painter,
    /// What looks along rays.
    pub prober: Prober,
    /// Makes the window look at what other threads have done.
    pub wake: Wake,
    /// The adapter that was asked for.
    pub choice: AdapterChoice,
    /// What can be drawn.
    pub content: Option<Arc<Content>>,
    /// How its densities are spread.
    pub histogram: Option<Arc<Histogram>>,
    /// Notes and warnings of the last reading.
    pub said: Vec<(bool, String)>,
    /// The options of the content that was asked for last.
    asked: String,
    /// What they were found by: the revision of the options, whether it is one of many, and the nodes that it would have.
    asked_of: Option<(u64, [bool; 2], Option<[usize; 3]>)>,
    /// The last picture.
    pub painted: Option<Painted>,
    /// Its pixels, until they are a texture.
    pub(super) image: Option<ColorImage>,
    texture: Option<TextureHandle>,
    /// The adapter.
    pub adapter: Option<String>,
    /// Lines over the picture.
    pub messages: Vec<Message>,
    /// The place of the picture, and its size.
    pub area: Option<Rect>,
    /// Its frame.
    pub frame: Option<Frame>,
    /// The size that it is to have.
    pub room: Room,
    /// Of the screen.
    pub pixels_per_point: f64,
    pub(super) ordered: Option<(u64, usize, Frame, bool)>,
    pub(super) orders: u64,
    /// Orders up to this one are of an input that is no longer open.
    pub(super) forgotten: u64,
    /// Orders up to this one are of an older content.
    pub(super) outdated: u64,
    changed: Instant,
    revision: u64,
    /// Pictures and recipes to save.
    pub waiting: Vec<(PathBuf, Frame)>,
    /// Finds what frames have in common.
    pub surveyor: Surveyor,
    /// Finds the score of cross-validation.
    pub search: Search,
    /// Finds what is drawn of a molecule.
    pub chooser: Chooser,
    /// A movie that is being written.
    pub movie: Option<Errand<Written>>,
    /// A large picture that is being written.
    pub saving: Option<Errand<Written>>,
    /// Nodes of the last density that was computed as the options ask for it.
    pub(super) shape: Option<[usize; 3]>,
    /// The options of the content that is there.
    pub(super) of_content: String,
    /// The revision of the options to which something that cannot be was taken back.
    pub(super) taken_back: Option<u64>,
    /// Whether work was stopped of which nothing is shown: it is begun again when the user says so.
    pub is_halted: bool,
    /// Whether the window is to be closed.
    pub is_over: bool,
    /// What the panels remember.
    pub ui: panels::Memory,
}

impl Model {
    /// Begins with the options given; `wake` makes the window look at what other threads have done.
    ///
    /// # Errors
    /// [`Error::Usage`] for options that cannot be meant.
    pub fn new(opening: Opening, wake: Wake) -> Result<Self> {
        let files = Files::new(&opening.options, &opening.more);
        let session = Session::new(opening.options)?;
        let mut model = Self {
            session,
            files,
            before: None,
            worker: Worker::new(wake.clone()),
            painter: Painter::new(opening.adapter.clone(), wake.clone()),
            prober: Prober::new(wake.clone()),
            wake,
            choice: opening.adapter,
            content: None,
            histogram: None,
            said: Vec::new(),
            asked: String::new(),
            asked_of: None,
            painted: None,
            image: None,
            texture: None,
            adapter: None,
            messages: Vec::new(),
            area: None,
            frame: None,
            room: Room::of(opening.frame),
            pixels_per_point: 1.0,
            ordered: None,
            orders: 0,
            forgotten: 0,
            outdated: 0,
            changed: Instant::now(),
            revision: u64::MAX,
            waiting: Vec::new(),
            surveyor: Surveyor::default(),
            search: Search::default(),
            chooser: Chooser::default(),
            movie: None,
            saving: None,
            shape: None,
            of_content: String::new(),
            taken_back: None,
            is_halted: false,
            is_over: false,
            ui: panels::Memory::default(),
        };
        model.tell_files();
        Ok(model)
    }

    /// The title of the window.
    pub fn title(&self) -> String {
        let input = self.session.options().input.as_deref();
        let name = input.map(|i| Path::new(i).file_name().map_or(i.into(), |n| n.to_string_lossy().into_owned()));
        name.map_or("densitas".into(), |name| format!("{name} \u{2013} densitas"))
    }

    /// Textures of a device that is gone.
    pub fn forget_textures(&mut self) {
        self.texture = None;
        self.ordered = None;
        self.ui.forget_textures();
    }

    /// Says something over the picture.
    pub fn say(&mut self, weight: Weight, text: impl AsRef<str>) {
        self.say_of(About::Other, weight, text.as_ref());
    }

    pub(super) fn say_of(&mut self, about: About, weight: Weight, text: &str) {
        let text = in_words(text);
        self.messages.retain(|m| m.text != text);
        self.messages.push(Message { weight, text, about, since: Instant::now() });
    }

    /// Changes options; what cannot be meant is said.
    pub fn edit(&mut self, gesture: &'static str, change: impl FnOnce(&mut Draft)) {
        if let Err(error) = self.session.edit(gesture, change) {
            self.say_of(About::Picture(self.orders), Weight::Error, &error.to_string());
        }
    }

    /// Changes options as a step of its own.
    pub fn step(&mut self, change: impl FnOnce(&mut Draft)) {
        self.session.end_gesture();
        self.edit("", change);
        self.session.end_gesture();
    }

    /// Shows another input; the session that ends.
    pub fn begin(&mut self, session: Session) -> Session {
        let ended = std::mem::replace(&mut self.session, session);
        self.before = None;
        self.revision = u64::MAX;
        (self.content, self.histogram, self.painted, self.texture) = (None, None, None, None);
        (self.asked, self.asked_of, self.ordered) = (String::new(), None, None);
        self.forgotten = self.orders;
        self.is_halted = false;
        self.prober.forget_input();
        (self.surveyor, self.search, self.waiting) = (Surveyor::default(), Search::default(), Vec::new());
        self.chooser = Chooser::default();
        self.messages.clear();
        self.said.clear();
        self.ui.forget_input();
        ended
    }

    /// Takes in what other threads have done, before anything is shown.
    pub fn take_in(&mut self, ctx: &egui::Context) {
        self.hear();
        self.hear_survey();
        self.hear_movie();
        self.hear_saving();
        self.hear_prober();
        if let Some(image) = self.image.take() {
            let options = TextureOptions::NEAREST;
            match &mut self.texture {
                Some(texture) => texture.set(image, options),
                empty => *empty = Some(ctx.load_texture("picture", image, options)),
            }
        }
    }

    /// Asks other threads for what the options need, after the user has acted.
    pub fn update(&mut self, ctx: &egui::Context) {
        if self.revision != self.session.revision() {
            self.mend_survey();
            let revision = self.session.revision();
            let is_read = |m: &Message| m.since.elapsed() > panels::over::NOTE;
            let is_of = |m: &Message| matches!(m.about, About::Options(of) if of < revision);
            self.messages.retain(|m| !(is_of(m) && is_read(m)));
            self.revision = self.session.revision();
            self.changed = Instant::now();
        }
        self.choose_kind();
        self.ask();
        self.order(ctx);
        self.save_waiting();
        if self.worker.is_busy() || !self.ears().is_empty() {
            ctx.request_repaint_after(PROGRESS);
        }
    }

    /// Begins the work again that was stopped.
    pub fn compute_again(&mut self) {
        self.is_halted = false;
        (self.asked, self.asked_of) = (String::new(), None);
    }

    /// Whether the content is that of the options.
    pub fn is_content_current(&self) -> bool {
        self.content.is_some() && self.of_content == content::key(self.session.wanted().scene())
    }

    /// Back to the empty start.
    pub(super) fn close(&mut self) {
        if let Ok(empty) = Session::new(Draft::new("render")) {
            self.begin(empty);
            self.files = Files::default();
        }
    }

    /// Has the content made that the options ask for, if it is another one.
    fn ask(&mut self) {
        if self.session.options().input.is_none() {
            return;
        }
        let in_hand = self.session.gesture() == Some(panels::BANDWIDTH) && self.content.is_some();
        let is_quick = in_hand || self.ui.player.is_playing();
        let of = Some((self.session.revision(), [in_hand, is_quick], self.shape));
        if std::mem::replace(&mut self.asked_of, of) == of {
            return;
        }
        let coarse = is_quick.then(|| self.coarse_options()).flatten().and_then(|options| Wanted::of(&options).ok());
        let wanted = coarse.map_or_else(|| self.session.wanted().clone(), Arc::new);
        let key = format!("{}{}", content::key(wanted.scene()), if in_hand { " in hand" } else { "" });
        if key != self.asked {
            self.asked = key;
            self.is_halted = false;
            let after_it = self.session.is_in_gesture() && self.content.is_some();
            self.worker.ask(Job::Load { wanted, in_hand }, after_it);
        }
    }

    /// The options with fewer nodes, for densities of which many follow one another; none where they have few anyway.
    fn coarse_options(&self) -> Option<Draft> {
        let options = self.session.options();
        let is_free = ["grid", "spacing", "like", "resolution"].iter().all(|option| options.get(option).is_none());
        let shape = self.shape.filter(|shape| is_free && shape.iter().any(|n| *n > COARSE_NODES))?;
        let largest = shape[0].max(shape[1]).max(shape[2]);
        let nodes = shape.map(|n| (n * COARSE_NODES).div_ceil(largest).max(2).to_string());
        let mut coarse = options.clone();
        coarse.set("grid", Some(nodes.join(",")));
        Some(coarse)
    }

    /// Has the picture drawn that the options ask for, if it is another one.
    fn order(&mut self, ctx: &egui::Context) {
        let (Some(content), Some(frame)) = (&self.content, self.frame) else { return };
        let rest = REST.saturating_sub(self.changed.elapsed());
        let is_pressed = ctx.input(|i| i.pointer.any_down()) && self.session.is_in_gesture();
        let is_playing = self.ui.player.is_fast();
        let is_first = self.painted.is_none();
        let moving = is_pressed || is_playing || is_first || !rest.is_zero();
        if moving {
            ctx.request_repaint_after(rest.max(Duration::from_millis(15)));
        }
        let wanted = (self.session.revision(), Arc::as_ptr(content) as usize, frame, moving);
        let last_is_full = self.painted.as_ref().is_some_and(|p| p.number == self.orders && p.is_full);
        let same = self.ordered.is_some_and(|o| (o.0, o.1, o.2) == (wanted.0, wanted.1, wanted.2));
        let is_there = same && (self.ordered == Some(wanted) || last_is_full || moving);
        if is_there {
            return;
        }
        self.orders += 1;
        self.ordered = Some(wanted);
        self.painter.order(self.order_of(content.clone(), frame, moving));
    }

    pub(super) fn order_of(&self, content: Arc<Content>, frame: Frame, moving: bool) -> Order {
        Order { wanted: self.session.wanted().clone(), content, frame, moving, number: self.orders }
    }

    /// Whether the picture shows what the options say, in full.
    pub fn is_at_rest(&self) -> bool {
        self.painted.as_ref().is_some_and(|p| p.number == self.orders && p.is_full) && !self.worker.is_busy()
    }

    /// The picture, if there is one.
    pub fn texture(&self) -> Option<&TextureHandle> {
        self.texture.as_ref()
    }
}
