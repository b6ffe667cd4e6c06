//! Densities of very many nodes take seconds until they are on the device. Until then pictures are of some of their nodes, so
//! that the first one is there at once and follows the hand.

use std::sync::mpsc::{self, TryRecvError};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use super::painter::Order;
use crate::cli::content::Content;
use crate::cli::view;
use crate::error::Result;
use crate::gpu::{AdapterChoice, Gpu};
use crate::grid::DensityGrid;
use crate::progress::Silent;
use crate::render::Renderer;

/// Densities of more nodes are sketched first.
const MOST_NODES: usize = 16_000_000;
/// Nodes along the longest axis of a sketch.
const SKETCHED: usize = 160;
/// What is drawn to ready a renderer has so many times fewer pixels a side than the picture.
const TRIAL: u32 = 10;

/// Tells that a renderer is ready.
pub type Notify = Arc<dyn Fn() + Send + Sync>;

/// What pictures are of until a renderer holds all nodes.
pub struct Sketcher {
    notify: Notify,
    /// The density that the renderer holds, as far as it is known.
    held: Weak<DensityGrid>,
    /// The sketch of a density.
    sketch: Option<(Weak<DensityGrid>, Arc<Content>)>,
    readying: Option<Readying>,
}

/// A renderer that is made ready.
struct Readying {
    of: Weak<DensityGrid>,
    outcome: mpsc::Receiver<Result<Renderer>>,
    thread: JoinHandle<()>,
}

/// What is to be drawn.
pub enum Subject {
    /// All nodes, by this renderer from now on if there is a new one.
    Whole(Option<Box<Renderer>>),
    /// Some of them.
    Sketch(Arc<Content>),
}

impl Sketcher {
    /// `notify` is called when all nodes can be drawn.
    pub fn new(notify: Notify) -> Self {
        Self { notify, held: Weak::new(), sketch: None, readying: None }
    }

    /// What is to be drawn of an order now.
    ///
    /// # Errors
    /// [`Error::Data`] for a density without nodes.
    pub fn subject(&mut self, order: &Order) -> Result<Subject> {
        let grid = &order.content.grid;
        let is_small = grid.values.len() <= MOST_NODES || order.content.on_device.is_some();
        if is_small || is(&self.held, grid) {
            (self.held, self.sketch) = (Arc::downgrade(grid), None);
            return Ok(Subject::Whole(None));
        }
        let outcome = self.readying.as_ref().and_then(|readying| match readying.outcome.try_recv() {
            Err(TryRecvError::Empty) => None,
            // What is wrong with it is told when it is drawn.
            outcome => Some(outcome.ok().and_then(Result::ok)),
        });
        if let Some(renderer) = outcome
            && let Some(ready) = self.readying.take()
            && is(&ready.of, grid)
        {
            (self.held, self.sketch) = (ready.of, None);
            return Ok(Subject::Whole(renderer.map(Box::new)));
        }
        match &self.sketch {
            Some((of, sketch)) if is(of, grid) => Ok(Subject::Sketch(sketch.clone())),
            _ => {
                let sketch = Arc::new(order.content.with_nodes(SKETCHED)?);
                self.sketch = Some((Arc::downgrade(grid), sketch.clone()));
                Ok(Subject::Sketch(sketch))
            }
        }
    }

    /// After a sketch was drawn: has all nodes made ready to be drawn, unless that goes on already.
    pub fn prepare(&mut self, order: &Order, adapter: &AdapterChoice) {
        if self.readying.is_none() {
            self.readying = Some(self.ready(order.clone(), adapter.clone()));
        }
    }

    /// Has a renderer made that holds all nodes: on a device of its own, so that others need not wait for that.
    fn ready(&self, order: Order, adapter: AdapterChoice) -> Readying {
        let (notify, of) = (self.notify.clone(), Arc::downgrade(&order.content.grid));
        let (tell, outcome) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let ready = || {
                let scene = view::scene(&order.wanted, &order.content, &order.frame)?;
                let mut renderer = Gpu::new(&adapter).and_then(Renderer::new)?;
                renderer.draw_coarse(&scene, &order.frame, TRIAL, &Silent)?;
                Ok(renderer)
            };
            let _ = tell.send(ready());
            notify();
        });
        Readying { of, outcome, thread }
    }
}

impl Drop for Sketcher {
    fn drop(&mut self) {
        if let Some(readying) = self.readying.take() {
            let _ = readying.thread.join();
        }
    }
}

fn is(of: &Weak<DensityGrid>, grid: &Arc<DensityGrid>) -> bool {
    std::ptr::eq(of.as_ptr(), Arc::as_ptr(grid))
}
