//! What draws pictures in the window: the renderer, and how coarse its pictures are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use egui::ColorImage;

use super::few::thin;
use super::mailbox::Mailbox;
use super::pace::{COARSE_STEP, Pace};
use super::painter::{Order, Painted, Request};
use super::sketch::{Notify, Sketcher, Subject};
use crate::annotate;
use crate::cli::view;
use crate::cli::{Console, Listener};
use crate::error::{Error, Result};
use crate::gpu::{AdapterChoice, Gpu};
use crate::progress::Progress;
use crate::render::{Picture, Renderer};
use crate::scene::{Background, PointLayer, SampleRule, Scene};

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

/// Gives up what it draws when the window is closed.
struct Closing(Arc<AtomicBool>);

impl Progress for Closing {
    fn begin(&self, _stage: &'static str, _total: u64) {}
    fn advance(&self, _steps: u64) {}
    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Listener for Closing {
    fn said(&self, _is_warning: bool, _text: &str) {}
}

/// What a thread draws with.
pub struct Easel {
    adapter: AdapterChoice,
    renderer: Option<Renderer>,
    pace: Pace,
    sketcher: Sketcher,
    /// The last points of which some were drawn, and these.
    thinned: Option<(PointLayer, PointLayer)>,
    requests: Arc<Mailbox<Request>>,
    closing: Arc<AtomicBool>,
}

impl Easel {
    /// With an adapter, that is found when it is needed.
    ///
    /// `notify` is called when pictures can be of all nodes that were of some.
    pub fn new(
        adapter: AdapterChoice,
        requests: Arc<Mailbox<Request>>,
        closing: Arc<AtomicBool>,
        notify: Notify,
    ) -> Self {
        let (pace, sketcher) = (Pace::default(), Sketcher::new(notify));
        Self { adapter, renderer: None, pace, sketcher, thinned: None, requests, closing }
    }

    /// The renderer, on a device that is opened now if there is none.
    pub fn renderer(&mut self) -> Result<&mut Renderer> {
        match &mut self.renderer {
            Some(renderer) => Ok(renderer),
            empty => Ok(empty.insert(Gpu::shared(&self.adapter).and_then(Renderer::new)?)),
        }
    }

    /// Writes a picture or a recipe.
    pub fn save(&mut self, order: &Order, path: &std::path::Path) -> Result<()> {
        let console = Console::listened_by(Arc::new(Closing(self.closing.clone())));
        let renderer = self.renderer()?;
        order.wanted.save(path, &order.content, &order.frame, renderer, &console)
    }

    /// Draws a picture.
    pub fn paint(&mut self, order: &Order) -> Result<Painted> {
        let start = Instant::now();
        let sketch = match self.sketcher.subject(order)? {
            Subject::Whole(Some(renderer)) => {
                self.renderer = Some(*renderer);
                None
            }
            Subject::Whole(None) => None,
            Subject::Sketch(content) => Some(content),
        };
        let scene = view::scene(&order.wanted, sketch.as_ref().unwrap_or(&order.content), &order.frame)?;
        let camera = annotate::camera(&scene, &order.frame);
        let divisor = if order.moving || sketch.is_some() { self.pace.divisor(order.frame.size) } else { 1 };
        let (picture, of_light) = match self.draw(order, &scene, divisor) {
            // The device may have been lost: once more with a new one.
            Err(Error::Gpu(_)) => {
                self.renderer.take().iter().for_each(|lost| lost.gpu().retire());
                self.draw(order, &scene, divisor)?
            }
            drawn => drawn?,
        };
        let took = start.elapsed();
        if sketch.is_some() {
            self.sketcher.prepare(order, &self.adapter);
        }
        let of_points = self.renderer()?.scattering();
        self.pace.learn(&picture, divisor, took, of_points, of_light);
        let size = picture.size.map(|n| n as usize);
        let image = match scene.background {
            Background::Transparent => ColorImage::from_rgba_unmultiplied(size, &picture.rgba),
            Background::Color(_) => ColorImage::from_rgba_premultiplied(size, &picture.rgba),
        };
        let (number, frame, is_full) = (order.number, order.frame, divisor == 1 && sketch.is_none());
        let is_empty = is_full && !self.renderer()?.shows_anything()?;
        let nothing = is_empty.then(|| view::why_nothing(&scene));
        let mut remarks = if is_full { view::remarks(&order.wanted, &scene, &order.frame) } else { Vec::new() };
        if is_full {
            remarks.extend(view::of_device(self.renderer()?));
        }
        let is_automatic = order.wanted.scene().view.whole_camera().is_none();
        let content = order.content.clone();
        Ok(Painted { image, scene, content, camera, is_automatic, number, frame, is_full, nothing, remarks, took })
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

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::cli::content::Content;
    use crate::cli::content::Stock;
    use crate::cli::recipe::Draft;
    use crate::cli::view::Wanted;
    use crate::scene::Frame;

    pub fn easel() -> Easel {
        easel_telling(Arc::new(|| {}))
    }

    /// One that tells when all nodes can be drawn.
    pub fn easel_telling(notify: Notify) -> Easel {
        Easel::new(AdapterChoice::of_tests(), Arc::default(), Arc::default(), notify)
    }

    pub fn order(options: &Draft, content: &Arc<Content>, size: [u32; 2], moving: bool) -> Order {
        let (wanted, frame) = (Arc::new(Wanted::of(options).unwrap()), Frame { size, scale_factor: 1.0 });
        Order { wanted, content: content.clone(), frame, moving, number: 1 }
    }

    /// The scene of a sample with these options.
    pub fn scene(all: &[(&str, &str)]) -> Scene {
        let mut options = Draft::new("render");
        options.input = Some("sample:founding".into());
        all.iter().for_each(|(option, text)| options.set(option, Some((*text).into())));
        let wanted = Wanted::of(&options).unwrap();
        let content = Stock::default().content(wanted.scene(), &Console::new(false, true)).unwrap();
        wanted.scene().scene(&content, &Frame { size: [64, 48], scale_factor: 1.0 }).unwrap()
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
        easel.adapter = AdapterChoice::of_tests_less(2);
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
}
