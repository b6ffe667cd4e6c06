//! The loop of events: winit's events to egui, egui's shapes to the screen.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::ViewportId;
use winit::application::ApplicationHandler;
use winit::dpi::LogicalSize;
use winit::event::WindowEvent;
use winit::event_loop::{ActiveEventLoop, ControlFlow, EventLoopProxy, OwnedDisplayHandle};
use winit::window::{Window, WindowId};

use super::Wake;
use super::model::Model;
use super::panels;
use super::places;
use super::player::{self, Player};
use super::screen::{Screen, Shown};
use super::style;
use crate::cli::{Flipbook, Opening};
use crate::error::{Error, Result};

/// Width and height of a new window, in points.
const SIZE: [f64; 2] = [1280.0, 800.0];
/// The smallest window in which the panels have room.
pub const LEAST: [f64; 2] = [640.0, 420.0];
/// New screens in a row after which the device is given up.
const MOST_SCREENS: u32 = 3;

/// What a window shows.
pub trait Inside {
    /// Lays it out and takes in what the user does.
    fn show(&mut self, ui: &mut egui::Ui);
    /// The window's title.
    fn title(&self) -> String;
    /// Whether the window is to be closed.
    fn is_over(&self) -> bool;
    /// Is told that the window's own button closes it; gives whether it may.
    fn leave(&mut self) -> bool {
        true
    }
    /// The size in points that the window is to have, if it is to have another one.
    fn take_size(&mut self) -> Option<egui::Vec2>;
    /// Textures of a device that is gone.
    fn forget_textures(&mut self);
}

impl Inside for Model {
    fn show(&mut self, ui: &mut egui::Ui) {
        panels::show(self, ui);
    }

    fn title(&self) -> String {
        Self::title(self)
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn leave(&mut self) -> bool {
        self.quit();
        self.is_over
    }

    fn take_size(&mut self) -> Option<egui::Vec2> {
        self.room.take_request()
    }

    fn forget_textures(&mut self) {
        Self::forget_textures(self);
    }
}

/// What a window is opened with.
pub enum Opened {
    /// The density of points.
    Density(Opening),
    /// Heat maps.
    Frames(Box<Flipbook>),
}

/// The program while its window is open.
pub struct App {
    opening: Option<Opened>,
    proxy: EventLoopProxy<Wake>,
    display: OwnedDisplayHandle,
    shown: Option<Shop>,
    /// Why it ended, if not by the user.
    pub failure: Option<Error>,
}

/// The window with all that is in it.
struct Shop {
    window: Arc<Window>,
    screen: Screen,
    ctx: egui::Context,
    state: egui_winit::State,
    inside: Box<dyn Inside>,
    title: String,
    /// Screens made since a frame was shown.
    screens: u32,
    /// What has happened and is left for the next frame.
    later: Vec<egui::Event>,
}

impl App {
    /// Before the first event.
    pub fn new(opening: Opened, proxy: EventLoopProxy<Wake>, display: OwnedDisplayHandle) -> Self {
        Self { opening: Some(opening), proxy, display, shown: None, failure: None }
    }

    fn open(&mut self, event_loop: &ActiveEventLoop) -> Result<Shop> {
        let opening = self.opening.take().ok_or_else(|| Error::Gpu("the window is gone".into()))?;
        let size = match &opening {
            Opened::Density(opening) => size_of(opening.frame.map(|frame| frame.size)),
            Opened::Frames(book) => {
                let [w, h] = book.frame.size_in_points();
                [w, h + f64::from(player::HEIGHT)]
            }
        };
        let attributes = Window::default_attributes()
            .with_title("densitas")
            .with_inner_size(LogicalSize::new(size[0], size[1]))
            .with_min_inner_size(LogicalSize::new(LEAST[0], LEAST[1]));
        let window = event_loop.create_window(attributes);
        let window = Arc::new(window.map_err(|e| Error::Gpu(format!("no window can be opened: {e}")))?);
        let screen = Screen::new(window.clone(), self.display.clone())?;
        let ctx = egui::Context::default();
        style::apply(&ctx);
        let state = state_of(&ctx, &window, &screen);
        let proxy = self.proxy.clone();
        let wake = Arc::new(move || {
            let _ = proxy.send_event(Wake);
        });
        let inside: Box<dyn Inside> = match opening {
            Opened::Density(opening) => Box::new(Model::new(opening, wake)?),
            Opened::Frames(book) => Box::new(Player::new(*book)),
        };
        Ok(Shop { window, screen, ctx, state, inside, title: String::new(), screens: 0, later: Vec::new() })
    }

    fn fail(&mut self, event_loop: &ActiveEventLoop, error: Error) {
        self.failure = Some(error);
        event_loop.exit();
    }
}

/// Width and height of a window whose picture has this size, in points of a screen that has as many pixels.
pub fn size_of(picture: Option<[u32; 2]>) -> [f64; 2] {
    picture.map_or(SIZE, |[w, h]| [w as f32 + panels::WIDTH, h as f32 + panels::STATUS].map(f64::from))
}

/// Takes out what follows a press of the pointer from its release on: sliders see nothing of what is pressed and let go within
/// a frame, as happens where frames are slow.
fn from_release(events: &mut Vec<egui::Event>) -> Vec<egui::Event> {
    let is =
        |event: &egui::Event, down| matches!(event, egui::Event::PointerButton { pressed, .. } if *pressed == down);
    let press = events.iter().position(|event| is(event, true)).unwrap_or(events.len());
    let release = events[press..].iter().position(|event| is(event, false));
    release.map_or(Vec::new(), |at| events.split_off(press + at))
}

fn state_of(ctx: &egui::Context, window: &Window, screen: &Screen) -> egui_winit::State {
    let scale = Some(window.scale_factor() as f32);
    egui_winit::State::new(ctx.clone(), ViewportId::ROOT, window, scale, None, Some(screen.max_texture_side()))
}

impl ApplicationHandler<Wake> for App {
    fn resumed(&mut self, event_loop: &ActiveEventLoop) {
        if self.shown.is_some() {
            return;
        }
        match self.open(event_loop) {
            Ok(shop) => {
                shop.window.request_redraw();
                self.shown = Some(shop);
            }
            Err(error) => self.fail(event_loop, error),
        }
    }

    fn user_event(&mut self, _: &ActiveEventLoop, _: Wake) {
        if let Some(shop) = &self.shown {
            shop.window.request_redraw();
        }
    }

    fn window_event(&mut self, event_loop: &ActiveEventLoop, _: WindowId, event: WindowEvent) {
        let Some(shop) = &mut self.shown else { return };
        // Of its own painting egui would ask to be painted again, for ever.
        let is_painting = matches!(event, WindowEvent::RedrawRequested);
        if shop.state.on_window_event(&shop.window, &event).repaint && !is_painting {
            shop.window.request_redraw();
        }
        match event {
            WindowEvent::CloseRequested if !shop.inside.leave() => shop.window.request_redraw(),
            WindowEvent::CloseRequested | WindowEvent::Destroyed => {
                // Threads end, and the surface goes before its window.
                self.shown = None;
                event_loop.exit();
            }
            WindowEvent::Resized(size) => {
                shop.screen.resize(size.width, size.height);
                shop.window.request_redraw();
            }
            WindowEvent::RedrawRequested => match shop.frame(&self.display) {
                Ok(_) if shop.inside.is_over() => {
                    self.shown = None;
                    event_loop.exit();
                }
                Ok(again) => event_loop.set_control_flow(again.map_or(ControlFlow::Wait, ControlFlow::WaitUntil)),
                Err(error) => self.fail(event_loop, error),
            },
            _ => {}
        }
    }

    fn about_to_wait(&mut self, event_loop: &ActiveEventLoop) {
        if let (Some(shop), ControlFlow::WaitUntil(when)) = (&self.shown, event_loop.control_flow())
            && Instant::now() >= when
        {
            event_loop.set_control_flow(ControlFlow::Wait);
            shop.window.request_redraw();
        }
    }

    fn exiting(&mut self, _: &ActiveEventLoop) {
        self.shown = None;
    }
}

impl Drop for Shop {
    /// The window goes at once; what is still being done ends behind it.
    fn drop(&mut self) {
        self.window.set_visible(false);
        // Whoever asks the server hears that it has taken that in.
        let _ = self.window.outer_position();
    }
}

impl Shop {
    /// Draws a frame; when the next one is due.
    fn frame(&mut self, display: &OwnedDisplayHandle) -> Result<Option<Instant>> {
        let size = self.window.inner_size();
        if size.width == 0 || size.height == 0 {
            return Ok(None);
        }
        let mut input = self.state.take_egui_input(&self.window);
        input.events.splice(0..0, self.later.drain(..));
        self.later = from_release(&mut input.events);
        let (ctx, inside) = (self.ctx.clone(), &mut self.inside);
        let mut output = ctx.run_ui(input, |ui| inside.show(ui));
        self.state.handle_platform_output(&self.window, std::mem::take(&mut output.platform_output));
        if self.title != self.inside.title() {
            self.title = self.inside.title();
            self.window.set_title(&self.title);
        }
        if let Some(size) = self.inside.take_size() {
            self.resize(size);
        }
        let primitives = ctx.tessellate(std::mem::take(&mut output.shapes), output.pixels_per_point);
        let shown = self.screen.paint(&primitives, &output.textures_delta, output.pixels_per_point);
        output.textures_delta.clear();
        // Once it is on the screen, or on its way there.
        places::tell(&self.ctx);
        match shown {
            Shown::Yes => self.screens = 0,
            Shown::Hidden => return Ok(Some(Instant::now() + Duration::from_millis(200))),
            Shown::Again => self.window.request_redraw(),
            Shown::Lost => self.new_screen(display)?,
        }
        let delay = output.viewport_output.get(&ViewportId::ROOT).map_or(Duration::MAX, |v| v.repaint_delay);
        if delay.is_zero() || !self.later.is_empty() {
            self.window.request_redraw();
        }
        Ok(Instant::now().checked_add(delay).filter(|_| !delay.is_zero() && delay < Duration::from_secs(3600)))
    }

    /// Asks for another size in points; a window that fills the screen keeps its own.
    fn resize(&mut self, size: egui::Vec2) {
        if self.window.is_maximized() || self.window.fullscreen().is_some() {
            return;
        }
        // Where no event will tell of it.
        if let Some(size) = self.window.request_inner_size(LogicalSize::new(size.x, size.y)) {
            self.screen.resize(size.width, size.height);
            self.window.request_redraw();
        }
    }

    /// After the device was lost: all textures are made anew, what the user did stays.
    fn new_screen(&mut self, display: &OwnedDisplayHandle) -> Result<()> {
        self.screens += 1;
        if self.screens > MOST_SCREENS {
            return Err(Error::Gpu(
                "the graphics device was lost again and again; `densitas doctor` tells more".into(),
            ));
        }
        self.screen = Screen::new(self.window.clone(), display.clone())?;
        let memory = self.ctx.memory(Clone::clone);
        self.ctx = egui::Context::default();
        style::apply(&self.ctx);
        self.ctx.memory_mut(|m| m.data = memory.data);
        self.state = state_of(&self.ctx, &self.window, &self.screen);
        self.inside.forget_textures();
        self.window.request_redraw();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use egui::{Event, Modifiers, PointerButton, pos2};

    /// Catches: a click that a slider does not see, and one that is seen twice or loses what came with it.
    #[test]
    fn a_press_and_its_release_come_in_two_frames() {
        let button = |pressed| Event::PointerButton {
            pos: pos2(1.0, 2.0),
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        let moved = Event::PointerMoved(pos2(3.0, 4.0));
        let mut events = vec![button(false), moved.clone(), button(true), moved.clone(), button(false), moved.clone()];
        let later = super::from_release(&mut events);
        assert_eq!(events, [button(false), moved.clone(), button(true), moved.clone()]);
        assert_eq!(later, [button(false), moved.clone()]);
        let mut events = later;
        assert!(super::from_release(&mut events).is_empty() && events.len() == 2);
    }
}
