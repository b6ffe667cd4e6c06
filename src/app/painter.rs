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
use crate::scene::{Background, Camera, Frame, PointColors, PointLayer, SampleRule, Scene};

/// While something moves, a picture should take no longer than this.
const BUDGET: Duration = Duration::from_millis(60);
/// The most that sides are divided by while something moves.
const COARSEST: u32 = 10;
/// While something moves, no more points than about this many are drawn.
const MOVING_POINTS: usize = 700_000;
/// Steps are this many times as long in a coarse picture.
const COARSE_STEP: f64 = 1.5;
/// What a pixel is taken to need before one was drawn: the first picture is there soon on any adapter.
const SECONDS_A_PIXEL: f64 = 1e-6;
/// The least share of the budget that is left to the light, where all else takes long.
const LEAST_LIGHT: f64 = 0.3;

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
                Easel::new(adapter, requests, closing).run(&tell, &*wake);
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
    /// What a pixel of light takes in a coarse picture, in seconds, were its steps those of a full one: more than in that where
    /// rays far apart share nothing in caches.
    seconds_a_pixel: f64,
    /// What it took in the last picture, if that was a full one.
    seconds_in_full: f64,
    /// What the last coarse picture took beside its rays, in seconds: points, marks, and the way from the adapter.
    seconds_beside: f64,
    /// The last points of which some were drawn, and these.
    thinned: Option<(PointLayer, PointLayer)>,
    requests: Arc<Mailbox<Request>>,
    closing: Arc<AtomicBool>,
}

impl Easel {
    fn new(adapter: AdapterChoice, requests: Arc<Mailbox<Request>>, closing: Arc<AtomicBool>) -> Self {
        Self {
            adapter,
            renderer: None,
            seconds_a_pixel: SECONDS_A_PIXEL,
            seconds_in_full: f64::INFINITY,
            seconds_beside: 0.0,
            thinned: None,
            requests,
            closing,
        }
    }

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
            empty => Ok(empty.insert(Gpu::shared(&self.adapter).and_then(Renderer::new)?)),
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
        let (picture, of_light) = match self.draw(order, &scene, divisor) {
            // The device may have been lost: once more with a new one.
            Err(Error::Gpu(_)) => {
                self.renderer.take().iter().for_each(|lost| lost.gpu().retire());
                self.draw(order, &scene, divisor)?
            }
            drawn => drawn?,
        };
        let took = start.elapsed();
        self.learn(&picture, divisor, took, of_light);
        let size = picture.size.map(|n| n as usize);
        let image = match scene.background {
            Background::Transparent => ColorImage::from_rgba_unmultiplied(size, &picture.rgba),
            Background::Color(_) => ColorImage::from_rgba_premultiplied(size, &picture.rgba),
        };
        let (number, frame, is_full) = (order.number, order.frame, divisor == 1);
        let is_empty = is_full && !self.renderer()?.shows_anything()?;
        let nothing = is_empty.then(|| view::why_nothing(&scene));
        let mut remarks = if is_full { view::remarks(&order.wanted, &scene, &order.frame) } else { Vec::new() };
        if is_full {
            remarks.extend(view::of_device(self.renderer()?));
        }
        let is_automatic = order.wanted.scene().view.whole_camera().is_none();
        Ok(Painted { image, scene, camera, is_automatic, number, frame, is_full, nothing, remarks, took })
    }

    /// What the next picture will take follows from this one.
    fn learn(&mut self, picture: &Picture, divisor: u32, took: Duration, of_light: Option<Duration>) {
        let pixels: f64 = picture.size.iter().map(|n| f64::from(n.div_ceil(divisor))).product();
        // Points take the same time in fewer pixels.
        let of_points = self.renderer.as_ref().map_or(Duration::ZERO, Renderer::scattering);
        let beside = match of_light {
            Some(of_light) => took.saturating_sub(of_light.saturating_sub(of_points)).as_secs_f64(),
            None => self.seconds_beside + of_points.as_secs_f64(),
        };
        let of_pixel = (took.as_secs_f64() - beside).max(0.0) / pixels;
        if divisor > 1 {
            self.seconds_beside = beside;
            // Longer steps take less time than those of a full picture.
            self.seconds_a_pixel = of_pixel * COARSE_STEP;
            self.seconds_in_full = f64::INFINITY;
        } else {
            self.seconds_a_pixel = self.seconds_a_pixel.max(of_pixel);
            self.seconds_in_full = of_pixel;
        }
    }

    /// What sides are divided by so that a picture keeps within the budget.
    fn divisor(&self, size: [u32; 2]) -> u32 {
        let pixels = f64::from(size[0]) * f64::from(size[1]);
        let budget = BUDGET.as_secs_f64();
        if self.seconds_a_pixel.min(self.seconds_in_full) * pixels + self.seconds_beside <= budget {
            return 1;
        }
        let expected = self.seconds_a_pixel * pixels;
        let left = (budget - self.seconds_beside).max(LEAST_LIGHT * budget);
        ((expected / COARSE_STEP / left).sqrt().ceil() as u32).clamp(2, COARSEST)
    }

    /// The picture; of a coarse one, how long its light took.
    fn draw(&mut self, order: &Order, scene: &Scene, divisor: u32) -> Result<(Picture, Option<Duration>)> {
        let (requests, closing) = (self.requests.clone(), self.closing.clone());
        let patience = Patience { requests: &requests, coarse: divisor > 1, closing: &closing };
        let renderer = self.renderer()?;
        if divisor == 1 {
            return Ok((renderer.draw(scene, &order.frame, &patience)?, None));
        }
        let mut coarse = scene.clone();
        if coarse.sampling.rule == SampleRule::Midpoint {
            coarse.sampling.step *= COARSE_STEP;
        }
        if let Some(points) = &mut coarse.points {
            thin(points, &mut self.thinned);
        }
        let renderer = self.renderer()?;
        let (picture, of_light) = renderer.draw_coarse(&coarse, &order.frame, divisor, &patience)?;
        Ok((picture, Some(of_light)))
    }
}

/// Leaves some of many points; the same as the last time if they are the same.
fn thin(points: &mut PointLayer, last: &mut Option<(PointLayer, PointLayer)>) {
    let every = points.positions.len().div_ceil(MOVING_POINTS);
    if every < 2 {
        *last = None;
        return;
    }
    let colors = |layer: &PointLayer| layer.colors.as_ref().map(|c| Arc::as_ptr(&c.values));
    let is_same = |of: &PointLayer| {
        Arc::ptr_eq(&of.positions, &points.positions)
            && Arc::ptr_eq(&of.values, &points.values)
            && Arc::ptr_eq(of.sizes(), points.sizes())
            && colors(of) == colors(points)
    };
    if !last.as_ref().is_some_and(|(of, _)| is_same(of)) {
        *last = Some((points.clone(), points.clone().every(every)));
    }
    if let Some((_, few)) = last {
        let colors = std::iter::zip(points.colors.take(), few.colors.as_ref());
        let colors = colors.map(|(all, few)| PointColors { values: few.values.clone(), ..all }).next();
        let (positions, values, sizes) = (few.positions.clone(), few.values.clone(), few.sizes.clone());
        *points = PointLayer { positions, values, sizes, colors, ..points.clone() };
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
        Easel::new(AdapterChoice::named(Some("software")), Arc::default(), Arc::default())
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
            // A window has started its adapter while it read.
            easel.renderer().unwrap();
            let first = easel.paint(&order(&options, &content, size, true)).unwrap();
            let sharp = easel.paint(&order(&options, &content, size, false)).unwrap();
            let rest = easel.paint(&order(&options, &content, size, false)).unwrap();
            let mut camera = first.camera;
            let mut moving: Vec<f64> = (0..40)
                .map(|_| {
                    camera = camera::turntable(camera, DVec2::new(0.02, 0.005));
                    session::set_camera(&mut options, &camera);
                    easel.paint(&order(&options, &content, size, true)).unwrap().took.as_secs_f64()
                })
                .collect();
            if std::env::var_os("DENSITAS_BENCH_EACH").is_some() {
                println!("{:?}", moving.iter().map(|s| (s * 1e3).round()).collect::<Vec<_>>());
            }
            moving.sort_by(f64::total_cmp);
            let ms = |d: Duration| d.as_secs_f64() * 1e3;
            println!(
                "{input}: shape {:?}; read and computed {:.0} ms, first picture {:.0}, sharp after {:.0} more, at rest {:.0}, \
                 moving median {:.0}, slowest {:.0}",
                content.grid.lattice.shape,
                ms(loaded),
                ms(first.took),
                ms(sharp.took),
                ms(rest.took),
                moving[20] * 1e3,
                moving[39] * 1e3
            );
        }
    }

    /// What a frame of a trajectory takes while it plays, by what is done for it; as above.
    #[test]
    #[ignore = "a measurement"]
    fn playing_times() {
        let inputs = std::env::var("DENSITAS_BENCH_PLAYED").expect("an input with frames, and options");
        for input in inputs.split_whitespace() {
            let mut words = input.split(',');
            let mut options = Draft::new("render");
            options.input = words.next().map(str::to_owned);
            words.filter_map(|w| w.split_once('=')).for_each(|(name, value)| options.set(name, Some(value.into())));
            let (mut stock, mut easel, console) = (Stock::default(), easel(), Console::new(false, true));
            let mut times = [const { Vec::new() }; 3];
            for frame in 0..10 {
                options.set("input-frames", Some(frame.to_string()));
                let wanted = Wanted::of(&options).unwrap();
                let start = Instant::now();
                let content = Arc::new(stock.content(wanted.scene(), &console).unwrap());
                times[0].push(start.elapsed());
                crate::app::histogram::Histogram::of(&content.grid);
                times[1].push(start.elapsed());
                easel.paint(&order(&options, &content, [960, 774], true)).unwrap();
                times[2].push(start.elapsed());
            }
            let median = times.map(|mut t| {
                t.sort();
                t[5].as_secs_f64() * 1e3
            });
            println!(
                "{input}: read and computed {:.0} ms, with its histogram {:.0}, drawn {:.0}",
                median[0], median[1], median[2]
            );
        }
    }

    /// Catches: pictures of which all pixels are drawn while the hand moves, however long that takes.
    #[test]
    fn slow_pictures_get_coarser_and_quick_ones_do_not() {
        let mut easel = easel();
        assert_eq!(easel.divisor([1000, 1000]), 4);
        easel.seconds_a_pixel = 0.0;
        assert_eq!(easel.divisor([1000, 1000]), 1);
        easel.seconds_a_pixel = 0.05e-6;
        assert_eq!(easel.divisor([1000, 1000]), 1);
        easel.seconds_a_pixel = 0.5e-6;
        assert_eq!(easel.divisor([1000, 1000]), 3);
        // Where marks take their time, less is left to the light.
        easel.seconds_beside = 0.03;
        assert_eq!(easel.divisor([1000, 1000]), 4);
        easel.seconds_a_pixel = 1.0;
        assert_eq!(easel.divisor([1000, 1000]), COARSEST);
        // What coarse pictures took is not forgotten for a full one, whose pixels are cheaper; but a full one may be quick.
        easel.seconds_beside = 0.0;
        let picture = Picture { size: [1000, 1000], rgba: Vec::new() };
        easel.learn(&picture, 4, Duration::from_millis(300), Some(Duration::from_millis(250)));
        let before = easel.divisor([1000, 1000]);
        easel.learn(&picture, 1, Duration::from_millis(1000), None);
        assert_eq!(easel.divisor([1000, 1000]), before);
        easel.learn(&picture, 1, Duration::from_millis(5), None);
        assert_eq!(easel.divisor([1000, 1000]), 1);
    }

    /// Catches: a window whose picture is gone for good with the device that drew it.
    #[test]
    fn a_device_that_is_lost_is_replaced_and_the_picture_is_the_same() {
        let mut options = Draft::new("render");
        options.input = Some("sample:founding".into());
        options.set("grid", Some("16".into()));
        let wanted = Wanted::of(&options).unwrap();
        let content = Stock::default().content(wanted.scene(), &Console::new(false, true)).unwrap();
        let (order, mut easel) = (order(&options, &Arc::new(content), [160, 120], false), easel());
        // Not that of other tests.
        easel.adapter = AdapterChoice::Named("llvmpipe".into());
        let before = easel.paint(&order).unwrap().image;
        easel.renderer().unwrap().gpu().device.destroy();
        assert!(easel.paint(&order).unwrap().image == before);
    }

    /// Catches: warnings of the command line that a window keeps to itself.
    #[test]
    fn what_is_said_of_a_picture_comes_with_it() {
        let mut options = Draft::new("render");
        options.input = Some("sample:founding".into());
        for (option, text) in [("grid", "12"), ("mode", "mip"), ("shading", "on")] {
            options.set(option, Some(text.into()));
        }
        let wanted = Wanted::of(&options).unwrap();
        let content = Arc::new(Stock::default().content(wanted.scene(), &Console::new(false, true)).unwrap());
        let mut easel = easel();
        let remarks = easel.paint(&order(&options, &content, [320, 240], false)).unwrap().remarks;
        assert!(remarks.iter().any(|(is_warning, text)| *is_warning && text.contains("--shading")), "{remarks:?}");
        options.set("shading", None);
        let remarks = easel.paint(&order(&options, &content, [320, 240], false)).unwrap().remarks;
        assert!(!remarks.iter().any(|(is_warning, _)| *is_warning), "{remarks:?}");
    }

    /// Catches: millions of points that hold up the hand, and new buffers of points for every picture of a drag.
    #[test]
    fn of_many_points_some_are_drawn_while_the_hand_moves() {
        let n = 2 * MOVING_POINTS + 7;
        let mut options = Draft::new("render");
        options.input = Some("sample:founding".into());
        options.set("mode", Some("points".into()));
        options.set("grid", Some("8".into()));
        let wanted = Wanted::of(&options).unwrap();
        let content = Stock::default().content(wanted.scene(), &Console::new(false, true)).unwrap();
        let scene = wanted.scene().scene(&content, &Frame { size: [64, 48], scale_factor: 1.0 }).unwrap();
        let few = scene.points.unwrap();
        let (mut kept, mut same) = (None, few.clone());
        thin(&mut same, &mut kept);
        assert!(kept.is_none() && Arc::ptr_eq(&same.positions, &few.positions));
        let positions = Arc::new(few.positions.iter().copied().cycle().take(n).collect());
        let values: Arc<Vec<f64>> = Arc::new(few.values.iter().copied().cycle().take(n).collect());
        let many = PointLayer { positions, values: values.clone(), sizes: None, ..few };
        let [first, second] = [(); 2].map(|()| {
            let mut points = many.clone();
            thin(&mut points, &mut kept);
            points
        });
        assert_eq!((first.positions.len(), first.values[1]), (n.div_ceil(3), values[3]));
        assert!(Arc::ptr_eq(&first.positions, &second.positions) && Arc::ptr_eq(&first.values, &second.values));
    }
}
