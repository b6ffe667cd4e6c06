//! The thread that draws pictures.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use egui::ColorImage;

use super::errand::Wake;
use super::mailbox::Mailbox;
use crate::annotate;
use crate::cli::Console;
use crate::cli::content::Content;
use crate::cli::view::{self, Wanted};
use crate::error::{Error, Result};
use crate::gpu::{AdapterChoice, Gpu};
use crate::progress::Progress;
use crate::render::{Picture, Renderer};
use crate::scene::{Background, Camera, Frame, SampleRule, Scene};

/// While something moves, a picture should take no longer than this.
const BUDGET: Duration = Duration::from_millis(60);
/// The most that sides are divided by while something moves.
const COARSEST: u32 = 6;
/// Steps are this many times as long in a coarse picture.
const COARSE_STEP: f64 = 1.5;

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
    /// Its pixels; fewer than its frame has if it is coarse.
    pub image: ColorImage,
    /// Its scene.
    pub scene: Scene,
    /// From where it is seen.
    pub camera: Camera,
    /// Its order.
    pub number: u64,
    /// Its frame.
    pub frame: Frame,
    /// Whether it has all pixels.
    pub is_full: bool,
    /// Why it shows nothing, if it does.
    pub nothing: Option<String>,
    /// What it took.
    pub took: Duration,
}

/// What the thread tells.
pub enum News {
    /// The adapter that draws.
    Ready(String),
    /// A picture.
    Painted(Box<Painted>),
    /// An order that cannot be drawn; without an adapter none can.
    Refused(u64, Error),
    /// A file was written, or not.
    Saved(PathBuf, Result<()>),
}

#[derive(Default)]
struct Request {
    order: Option<Order>,
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
                Easel { adapter, renderer: None, seconds_a_pixel: 0.0, requests, closing }.run(&tell, &*wake)
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

/// Gives up a full picture when a newer one is asked for.
struct Patience<'a> {
    requests: &'a Mailbox<Request>,
    coarse: bool,
    closing: &'a AtomicBool,
}

impl Progress for Patience<'_> {
    fn begin(&self, _stage: &'static str, _total: u64) {}
    fn advance(&self, _steps: u64) {}
    fn is_cancelled(&self) -> bool {
        self.closing.load(Ordering::Relaxed) || (!self.coarse && self.requests.has_news(|r| r.order.is_some()))
    }
}

struct Easel {
    adapter: AdapterChoice,
    renderer: Option<Renderer>,
    /// What a pixel of the last picture took.
    seconds_a_pixel: f64,
    requests: Arc<Mailbox<Request>>,
    closing: Arc<AtomicBool>,
}

impl Easel {
    fn run(mut self, tell: &mpsc::Sender<News>, wake: &dyn Fn()) {
        let told = |news| {
            let is_heard = tell.send(news).is_ok();
            wake();
            is_heard
        };
        match self.renderer() {
            Ok(renderer) => drop(told(News::Ready(renderer.gpu().describe()))),
            Err(error) => drop(told(News::Refused(u64::MAX, error))),
        }
        while let Some(request) = self.requests.clone().take() {
            for Save { order, path } in request.saves {
                let saved = self.save(&order, &path);
                told(News::Saved(path, saved));
            }
            let Some(order) = request.order else { continue };
            let news = match self.paint(&order) {
                Ok(painted) => News::Painted(Box::new(painted)),
                Err(Error::Interrupted) => continue,
                Err(error) => News::Refused(order.number, error),
            };
            if !told(news) {
                return;
            }
        }
    }

    fn renderer(&mut self) -> Result<&mut Renderer> {
        match &mut self.renderer {
            Some(renderer) => Ok(renderer),
            empty => Ok(empty.insert(Gpu::new(&self.adapter).and_then(Renderer::new)?)),
        }
    }

    fn save(&mut self, order: &Order, path: &std::path::Path) -> Result<()> {
        let console = Console::new(false, true);
        let renderer = self.renderer()?;
        order.wanted.save(path, &order.content, &order.frame, renderer, &console)
    }

    fn paint(&mut self, order: &Order) -> Result<Painted> {
        let start = Instant::now();
        let scene = view::scene(&order.wanted, &order.content, &order.frame)?;
        let camera = annotate::camera(&scene, &order.frame);
        let divisor = if order.moving { self.divisor(order.frame.size) } else { 1 };
        let picture = match self.draw(order, &scene, camera, divisor) {
            // The device may have been lost: once more with a new one.
            Err(Error::Gpu(_)) => {
                self.renderer = None;
                self.draw(order, &scene, camera, divisor)?
            }
            drawn => drawn?,
        };
        let took = start.elapsed();
        self.seconds_a_pixel = took.as_secs_f64() / f64::from(picture.size[0]) / f64::from(picture.size[1]);
        let size = picture.size.map(|n| n as usize);
        let image = match scene.background {
            Background::Transparent => ColorImage::from_rgba_unmultiplied(size, &picture.rgba),
            Background::Color(_) => ColorImage::from_rgba_premultiplied(size, &picture.rgba),
        };
        let (number, frame, is_full) = (order.number, order.frame, divisor == 1);
        let is_empty = is_full && !self.renderer()?.shows_anything()?;
        let nothing = is_empty.then(|| view::why_nothing(&scene));
        Ok(Painted { image, scene, camera, number, frame, is_full, nothing, took })
    }

    /// What sides are divided by so that a picture keeps within the budget.
    fn divisor(&self, size: [u32; 2]) -> u32 {
        let expected = self.seconds_a_pixel * f64::from(size[0]) * f64::from(size[1]);
        ((expected / BUDGET.as_secs_f64()).sqrt().ceil() as u32).clamp(1, COARSEST)
    }

    fn draw(&mut self, order: &Order, scene: &Scene, camera: Camera, divisor: u32) -> Result<Picture> {
        let (requests, closing) = (self.requests.clone(), self.closing.clone());
        let patience = Patience { requests: &requests, coarse: divisor > 1, closing: &closing };
        let renderer = self.renderer()?;
        if divisor == 1 {
            return renderer.draw(scene, &order.frame, &patience);
        }
        let mut coarse = scene.clone();
        coarse.viewpoint = crate::scene::Viewpoint::At(camera);
        if coarse.sampling.rule == SampleRule::Midpoint {
            coarse.sampling.step *= COARSE_STEP;
        }
        let Frame { size, scale_factor } = order.frame;
        let frame = Frame { size: size.map(|n| n.div_ceil(divisor)), scale_factor: scale_factor / f64::from(divisor) };
        renderer.draw(&coarse, &frame, &patience)
    }
}

#[cfg(test)]
mod tests {
    use glam::DVec2;

    use super::*;
    use crate::app::{camera, session};
    use crate::cli::content::Stock;
    use crate::cli::recipe::Draft;

    fn easel() -> Easel {
        let (adapter, renderer) = (AdapterChoice::named(Some("software")), None);
        Easel { adapter, renderer, seconds_a_pixel: 0.0, requests: Arc::default(), closing: Arc::default() }
    }

    fn order(options: &Draft, content: &Arc<Content>, size: [u32; 2], moving: bool) -> Order {
        let (wanted, frame) = (Arc::new(Wanted::of(options).unwrap()), Frame { size, scale_factor: 1.0 });
        Order { wanted, content: content.clone(), frame, moving, number: 1 }
    }

    /// How long pictures take at rest and while the camera turns; see benches/RESULTS.md. `DENSITAS_BENCH_INPUTS` names
    /// inputs, with options after commas.
    #[test]
    #[ignore = "a measurement"]
    fn frame_times() {
        let inputs = std::env::var("DENSITAS_BENCH_INPUTS").unwrap_or_else(|_| "sample:founding".into());
        for input in inputs.split_whitespace() {
            let mut options = Draft::new("render");
            let mut words = input.split(',');
            options.input = words.next().map(str::to_owned);
            words.filter_map(|w| w.split_once('=')).for_each(|(name, value)| options.set(name, Some(value.into())));
            let start = Instant::now();
            let wanted = Wanted::of(&options).unwrap();
            let content = Stock::default().content(wanted.scene(), &Console::new(false, true)).unwrap();
            let (content, loaded) = (Arc::new(content), start.elapsed());
            let (mut easel, size) = (easel(), [960, 774]);
            let first = easel.paint(&order(&options, &content, size, false)).unwrap();
            let rest = easel.paint(&order(&options, &content, size, false)).unwrap();
            let mut camera = first.camera;
            let mut moving: Vec<f64> = (0..40)
                .map(|_| {
                    camera = camera::turntable(camera, DVec2::new(0.02, 0.005));
                    session::set_camera(&mut options, &camera);
                    easel.paint(&order(&options, &content, size, true)).unwrap().took.as_secs_f64()
                })
                .collect();
            moving.sort_by(f64::total_cmp);
            let ms = |d: Duration| d.as_secs_f64() * 1e3;
            println!(
                "{input}: shape {:?}; read and computed {:.0} ms, first picture {:.0}, at rest {:.0}, moving median {:.0}, \
                 slowest {:.0}",
                content.grid.lattice.shape,
                ms(loaded),
                ms(first.took),
                ms(rest.took),
                moving[20] * 1e3,
                moving[39] * 1e3
            );
        }
    }

    /// Catches: pictures of which all pixels are drawn while the hand moves, however long that takes.
    #[test]
    fn slow_pictures_get_coarser_and_quick_ones_do_not() {
        let mut easel = easel();
        assert_eq!(easel.divisor([1000, 1000]), 1);
        easel.seconds_a_pixel = 0.05e-6;
        assert_eq!(easel.divisor([1000, 1000]), 1);
        easel.seconds_a_pixel = 0.5e-6;
        assert_eq!(easel.divisor([1000, 1000]), 3);
        easel.seconds_a_pixel = 1.0;
        assert_eq!(easel.divisor([1000, 1000]), COARSEST);
    }
}
