//! What the window knows, and what follows from what happens.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{ColorImage, Pos2, Rect, TextureHandle, TextureOptions};
use glam::{DVec2, DVec3};

use super::histogram::Histogram;
use super::input::{Action, MODES};
use super::painter::{News, Order, Painted, Painter, Save};
use super::probe::{self, Probe};
use super::session::{self, Session};
use super::worker::{Done, Job, Worker};
use super::{camera, panels};
use crate::cli::Opening;
use crate::cli::content::{self, Content};
use crate::cli::recipe::Draft;
use crate::error::{Error, Result};
use crate::scene::{Camera, Frame};

/// A picture is drawn in full when nothing has changed for so long.
const REST: Duration = Duration::from_millis(120);

/// How much a message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// It goes by itself.
    Note,
    /// It stays until it is closed.
    Warning,
    /// Likewise.
    Error,
}

/// A line over the picture.
pub struct Message {
    /// How much it matters.
    pub weight: Weight,
    /// What it says.
    pub text: String,
    /// When it came.
    pub since: Instant,
}

/// A place that the user keeps.
pub struct Label {
    /// Where.
    pub position: DVec3,
    /// What is written there.
    pub text: String,
}

/// More digits than a hand or an eye can tell apart.
fn six_digits(value: f64) -> String {
    format!("{value:.5e}").parse().unwrap_or(value).to_string()
}

/// What the window knows.
pub struct Model {
    /// The options.
    pub session: Session,
    /// Reads and computes.
    pub worker: Worker,
    painter: Painter,
    /// What can be drawn.
    pub content: Option<Arc<Content>>,
    /// How its densities are spread.
    pub histogram: Option<Arc<Histogram>>,
    /// Notes and warnings of the last reading.
    pub said: Vec<(bool, String)>,
    /// The options of the content, asked for and there.
    asked: String,
    /// The last picture.
    pub painted: Option<Painted>,
    /// Its pixels, until they are a texture.
    image: Option<ColorImage>,
    texture: Option<TextureHandle>,
    /// The adapter.
    pub adapter: Option<String>,
    /// Lines over the picture.
    pub messages: Vec<Message>,
    /// The place of the picture, and its size.
    pub area: Option<Rect>,
    /// Its frame.
    pub frame: Option<Frame>,
    ordered: Option<(u64, usize, Frame, bool)>,
    orders: u64,
    /// Orders up to this one are of an input that is no longer open.
    forgotten: u64,
    /// Orders up to this one are of an older content.
    outdated: u64,
    changed: Instant,
    revision: u64,
    /// What is under the cursor.
    pub probe: Option<Probe>,
    /// Places kept.
    pub labels: Vec<Label>,
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
    pub fn new(opening: Opening, wake: impl Fn() + Send + Clone + 'static) -> Result<Self> {
        let session = Session::new(opening.options)?;
        Ok(Self {
            session,
            worker: Worker::new(wake.clone()),
            painter: Painter::new(opening.adapter, wake),
            content: None,
            histogram: None,
            said: Vec::new(),
            asked: String::new(),
            painted: None,
            image: None,
            texture: None,
            adapter: None,
            messages: Vec::new(),
            area: None,
            frame: None,
            ordered: None,
            orders: 0,
            forgotten: 0,
            outdated: 0,
            changed: Instant::now(),
            revision: u64::MAX,
            probe: None,
            labels: Vec::new(),
            is_over: false,
            ui: panels::Memory::default(),
        })
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
    pub fn say(&mut self, weight: Weight, text: impl Into<String>) {
        let text = text.into();
        self.messages.retain(|m| m.text != text);
        self.messages.push(Message { weight, text, since: Instant::now() });
    }

    /// Changes options; what cannot be meant is said.
    pub fn edit(&mut self, gesture: &'static str, change: impl FnOnce(&mut Draft)) {
        if let Err(error) = self.session.edit(gesture, change) {
            self.say(Weight::Error, error.to_string());
        }
    }

    /// Changes options as a step of its own.
    pub fn step(&mut self, change: impl FnOnce(&mut Draft)) {
        self.session.end_gesture();
        self.edit("", change);
        self.session.end_gesture();
    }

    /// Reads another input, with nothing but defaults.
    pub fn open(&mut self, input: &str) {
        let mut options = Draft::new("render");
        options.input = Some(input.to_owned());
        self.begin(options);
    }

    /// Begins anew with these options.
    pub fn begin(&mut self, options: Draft) {
        match Session::new(options) {
            Ok(session) => {
                self.session = session;
                self.revision = u64::MAX;
                (self.content, self.histogram, self.painted, self.texture) = (None, None, None, None);
                (self.asked, self.ordered, self.probe) = (String::new(), None, None);
                self.forgotten = self.orders;
                self.labels.clear();
                self.messages.clear();
            }
            Err(error) => self.say(Weight::Error, error.to_string()),
        }
    }

    /// Takes in what other threads have done, before anything is shown.
    pub fn take_in(&mut self, ctx: &egui::Context) {
        self.hear();
        if let Some(image) = self.image.take() {
            let is_full = self.painted.as_ref().is_some_and(|p| p.is_full);
            let options = if is_full { TextureOptions::NEAREST } else { TextureOptions::LINEAR };
            match &mut self.texture {
                Some(texture) => texture.set(image, options),
                empty => *empty = Some(ctx.load_texture("picture", image, options)),
            }
        }
    }

    /// Asks other threads for what the options need, after the user has acted.
    pub fn update(&mut self, ctx: &egui::Context) {
        if self.revision != self.session.revision() {
            self.revision = self.session.revision();
            self.changed = Instant::now();
            self.ask();
        }
        self.order(ctx);
    }

    fn hear(&mut self) {
        while let Some(done) = self.worker.done() {
            match done {
                Done::Loaded(loaded)
                    if loaded.wanted.scene().points.input != self.session.wanted().scene().points.input => {}
                Done::Loaded(loaded) => {
                    for (is_warning, text) in &loaded.said {
                        if *is_warning && !self.said.contains(&(true, text.clone())) {
                            self.say(Weight::Warning, text.clone());
                        }
                    }
                    self.said = if loaded.said.is_empty() { std::mem::take(&mut self.said) } else { loaded.said };
                    self.outdated = self.orders;
                    (self.content, self.histogram) = (Some(loaded.content), Some(loaded.histogram));
                }
                Done::Failed(Error::Interrupted) => self.say(Weight::Note, "stopped"),
                Done::Failed(error) => self.say(Weight::Error, error.to_string()),
                Done::Saved(path) => self.say(Weight::Note, format!("saved {}", path.display())),
            }
        }
        while let Some(news) = self.painter.news() {
            match news {
                News::Ready(adapter) => self.adapter = Some(adapter),
                News::Painted(painted)
                    if painted.number > self.painted.as_ref().map_or(self.forgotten, |p| p.number) =>
                {
                    let mut painted = *painted;
                    self.image = Some(std::mem::take(&mut painted.image));
                    self.painted = Some(painted);
                }
                News::Painted(_) => {}
                // Options that ask for more than has been read yet.
                News::Refused(order, Error::Usage(_)) if self.worker.is_busy() || order <= self.outdated => {}
                News::Refused(_, error) => self.say(Weight::Error, error.to_string()),
                News::Saved(path, Ok(())) => self.say(Weight::Note, format!("saved {}", path.display())),
                News::Saved(_, Err(error)) => self.say(Weight::Error, error.to_string()),
            }
        }
    }

    /// Has the content made that the options ask for, if it is another one.
    fn ask(&mut self) {
        if self.session.options().input.is_none() {
            return;
        }
        let wanted = self.session.wanted();
        let key = content::key(wanted.scene());
        if key != self.asked {
            self.asked = key;
            self.worker.ask(Job::Load(wanted.clone()), self.session.is_in_gesture() && self.content.is_some());
        }
    }

    /// Has the picture drawn that the options ask for, if it is another one.
    fn order(&mut self, ctx: &egui::Context) {
        let (Some(content), Some(frame)) = (&self.content, self.frame) else { return };
        let rest = REST.saturating_sub(self.changed.elapsed());
        let is_pressed = ctx.input(|i| i.pointer.any_down()) && self.session.is_in_gesture();
        let moving = is_pressed || !rest.is_zero();
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

    fn order_of(&self, content: Arc<Content>, frame: Frame, moving: bool) -> Order {
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

    /// Gives the picture its place, on whole pixels.
    pub fn place(&mut self, available: Rect, pixels_per_point: f32) {
        let scale = f64::from(pixels_per_point);
        let on_pixels = |v: f32| (f64::from(v) * scale).round() / scale;
        let points = |n: f32| (f64::from(n) + 1e-6).floor().clamp(16.0, 16384.0);
        let size = [points(available.width()), points(available.height())];
        let pixels = size.map(|n| (n * scale).round());
        let min = Pos2::new(on_pixels(available.min.x) as f32, on_pixels(available.min.y) as f32);
        let points = egui::vec2((pixels[0] / scale) as f32, (pixels[1] / scale) as f32);
        self.area = Some(Rect::from_min_size(min, points));
        self.frame = Some(Frame { size: pixels.map(|n| n as u32), scale_factor: scale });
    }

    /// A place of the window in pixels of the picture.
    pub fn pixel_at(&self, position: Pos2) -> DVec2 {
        let (Some(area), Some(frame)) = (self.area, self.frame) else { return DVec2::ZERO };
        let p = position - area.min;
        DVec2::new(f64::from(p.x), f64::from(p.y)) * frame.scale_factor
    }

    /// Where a place of the data is in the window.
    pub fn position_of(&self, place: DVec3) -> Option<Pos2> {
        let (area, frame, camera) = (self.area?, self.frame?, self.camera()?);
        let p = camera.project(place, frame.size)? / frame.scale_factor;
        let at = area.min + egui::vec2(p.x as f32, p.y as f32);
        area.contains(at).then_some(at)
    }

    /// The camera as it is now.
    pub fn camera(&self) -> Option<Camera> {
        self.session.camera().or(self.painted.as_ref().map(|p| p.camera))
    }

    /// The size of what is looked at.
    pub fn size_of_data(&self) -> f64 {
        self.content.as_ref().map_or(1.0, |c| c.grid.lattice.bounds().diagonal())
    }

    /// Moves the camera.
    pub fn move_camera(&mut self, gesture: &'static str, moved: impl FnOnce(Camera) -> Camera) {
        let Some(camera) = self.camera() else { return };
        let moved = moved(camera);
        if moved.validate().is_ok() {
            self.edit(gesture, |options| session::set_camera(options, &moved));
        }
    }

    /// Shifts and stretches the limits by a drag in heights of the picture: upward is brighter, sideways softer.
    pub fn window_and_level(&mut self, by: DVec2) {
        let Some([vmin, vmax]) = self.painted.as_ref().map(|p| p.scene.transfer.limits) else { return };
        let factor = self.factor_shown();
        let (width, level) = ((vmax - vmin) * (1.5 * by.x).exp(), 0.5 * (vmin + vmax) + (vmax - vmin) * by.y);
        self.set_limits("window", [level - 0.5 * width, level + 0.5 * width].map(|v| v * factor));
    }

    /// What densities are multiplied by for the quantity that is shown.
    pub fn factor_shown(&self) -> f64 {
        let of = |p: &Painted| p.scene.annotations.quantity.factor(p.scene.grid.unit, p.scene.mode.dimensions());
        self.painted.as_ref().map_or(1.0, of)
    }

    /// Sets vmin and vmax, in the quantity shown.
    pub fn set_limits(&mut self, gesture: &'static str, [vmin, vmax]: [f64; 2]) {
        if vmin <= vmax {
            self.edit(gesture, |options| {
                options.set("limits", None);
                options.set("vmin", Some(six_digits(vmin)));
                options.set("vmax", Some(six_digits(vmax)));
            });
        }
    }

    /// Looks at what is under the cursor.
    pub fn look_under(&mut self, position: Option<Pos2>) {
        self.probe = None;
        let (Some(position), Some(painted), Some(frame)) = (position, &self.painted, self.frame) else { return };
        let Some(camera) = self.camera() else { return };
        let Some(mut found) = probe::probe(&painted.scene, &camera, self.pixel_at(position), frame.size) else {
            return;
        };
        if self.is_at_rest() {
            found.nearest = self.content.as_ref().and_then(|c| probe::nearest(c, found.position));
        }
        self.probe = Some(found);
    }

    /// Keeps what is under the cursor as a label; a label that is clicked goes.
    pub fn keep_label(&mut self) {
        let Some(probe) = &self.probe else { return };
        let close = |l: &Label| l.position.distance(probe.position) < 0.01 * self.size_of_data();
        if let Some(at) = self.labels.iter().position(close) {
            self.labels.remove(at);
            return;
        }
        let value = panels::number(probe.value * self.factor_shown());
        let text = probe.nearest.as_ref().map_or(value.clone(), |(name, _)| format!("{value}\n{name}"));
        self.labels.push(Label { position: probe.position, text });
    }

    /// Does what a key asks for.
    pub fn act(&mut self, action: Action) {
        match action {
            Action::Reset => self.step(session::reset_camera),
            Action::Focus => {
                if let Some(place) = self.probe.as_ref().map(|p| p.position) {
                    self.session.end_gesture();
                    self.move_camera("focus", |c| camera::focus(c, place));
                }
            }
            Action::Side(view, opposite) => {
                self.session.end_gesture();
                self.move_camera("side", |c| camera::from_side(c, view, opposite));
            }
            Action::Orthographic => {
                let is_on = self.session.wanted().scene().view.ortho;
                self.step(|options| {
                    options.set("view-angle", None);
                    options.set_flag("ortho", !is_on);
                });
            }
            Action::Screenshot => self.save(self.free_name("png")),
            Action::SaveRecipe => self.save(self.free_name("toml")),
            Action::Play => panels::time::toggle(self),
            Action::Points => self.toggle(["volume", "both"]),
            Action::Volume => self.toggle(["points", "both"]),
            Action::Mode(at) => self.set_mode(MODES[at].0),
            Action::Help => self.ui.help = !self.ui.help,
            Action::Quit => self.is_over = true,
            Action::Undo => self.session.undo(),
            Action::Redo => self.session.redo(),
            Action::Dismiss => {
                self.worker.stop();
                self.messages.clear();
                self.ui.help = false;
            }
        }
    }

    /// The mode.
    pub fn mode(&self) -> String {
        self.session.options().get("mode").unwrap_or_else(|| MODES[0].0.to_owned())
    }

    /// Chooses what is drawn; options of other modes go.
    pub fn set_mode(&mut self, mode: &str) {
        let is_projection = matches!(mode, "mip" | "minip" | "average" | "xray");
        self.step(|options| {
            options.set("mode", (mode != MODES[0].0).then(|| mode.to_owned()));
            if mode != "iso" {
                options.set("iso", None);
            }
            if is_projection || mode == "points" {
                options.set_list("slice", &[]);
            }
            if matches!(mode, "average" | "xray") {
                ["limits", "vmin", "vmax"].into_iter().for_each(|option| options.set(option, None));
                options.set_flag("mass-axis", false);
            }
        });
    }

    fn toggle(&mut self, [without, with]: [&str; 2]) {
        let mode = if self.mode() == with { without } else { with };
        self.set_mode(mode);
    }

    /// Saves the picture, or its recipe if the name does not end in .png.
    pub fn save(&mut self, path: PathBuf) {
        let (Some(content), Some(frame)) = (self.content.clone(), self.frame) else { return };
        self.save_of(path, content, frame);
    }

    /// As [`Model::save`] of another frame.
    pub fn save_of(&mut self, path: PathBuf, content: Arc<Content>, frame: Frame) {
        self.painter.save(Save { order: self.order_of(content, frame, false), path });
    }

    /// Saves the density.
    pub fn save_volume(&mut self, extension: &str) {
        if self.worker.is_busy() {
            self.say(Weight::Note, "the density is still being computed; save it then");
        } else if let Some(content) = &self.content {
            self.worker.ask(Job::SaveVolume(content.grid.clone(), content.values(), self.free_name(extension)), true);
        }
    }

    /// A name after the input's that no file has, in the folder at hand.
    pub fn free_name(&self, extension: &str) -> PathBuf {
        let input = self.session.options().input.clone().unwrap_or_default();
        let name = input.rsplit([':', '/', '\\']).next().unwrap_or_default();
        let stem = name.split('.').next().filter(|s| !s.is_empty()).unwrap_or("density");
        let names =
            std::iter::once(format!("{stem}.{extension}")).chain((2..).map(|n| format!("{stem}-{n}.{extension}")));
        names.map(PathBuf::from).find(|p| !p.exists()).expect("there is a number that no file has")
    }

    /// A vector as the status line tells it.
    pub fn place_text(&self, p: DVec3) -> String {
        let size = self.size_of_data();
        let digits = (3.0 - size.log10()).ceil().clamp(0.0, 12.0) as usize;
        let unit =
            self.content.as_ref().and_then(|c| c.grid.unit).map_or(String::new(), |u| format!(" {}", u.symbol()));
        format!("{:.digits$}, {:.digits$}, {:.digits$}{unit}", p.x, p.y, p.z)
    }
}
