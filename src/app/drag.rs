//! Drags over the picture: every movement from the press to the release counts, in however few frames they come.

use egui::{Event, Modifiers, PointerButton, Pos2, Response, Ui, Vec2};

/// A press over the picture that was not yet let go.
#[derive(Debug, Clone, Copy)]
pub struct Press {
    button: PointerButton,
    /// Keys that were held then: what a drag does is decided as it begins.
    modifiers: Modifiers,
    origin: Pos2,
    /// Up to where its movements were given out.
    at: Pos2,
    /// Whether it is no click.
    is_drag: bool,
}

/// A movement with a button held.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Move {
    /// The button.
    pub button: PointerButton,
    /// Keys that were held at the press.
    pub modifiers: Modifiers,
    /// Where the press was: the first movement begins there.
    pub origin: Pos2,
    /// From here.
    pub from: Pos2,
    /// To there.
    pub to: Pos2,
}

impl Move {
    /// How far.
    pub fn by(&self) -> Vec2 {
        self.to - self.from
    }

    /// Whether it is the first of its drag.
    pub fn is_first(&self) -> bool {
        self.from == self.origin
    }
}

/// What the hand did over the picture.
#[derive(Debug, Default)]
pub struct Deeds {
    /// Its movements with a button held.
    pub moves: Vec<Move>,
    /// Where it clicked, with the first button and no key held.
    pub clicks: Vec<Pos2>,
}

/// The deeds of this frame. Movements before a press is known to be a drag come with the one that tells, and a drag that was
/// pressed and let go between two frames is one, too.
pub fn deeds(press: &mut Option<Press>, ui: &Ui, response: &Response) -> Deeds {
    let is_here = response.is_pointer_button_down_on() || response.contains_pointer();
    let reach = ui.ctx().options(|options| options.input_options.max_click_dist);
    ui.input(|input| {
        let mut found = Deeds::default();
        for event in &input.events {
            match *event {
                Event::PointerButton { pos, button, pressed: true, modifiers } if press.is_none() && is_here => {
                    *press = Some(Press { button, modifiers, origin: pos, at: pos, is_drag: false });
                }
                Event::PointerMoved(to) => found.moves.extend(press.as_mut().and_then(|press| press.moved(to, reach))),
                Event::PointerButton { pos, button, pressed: false, .. }
                    if press.is_some_and(|press| press.button == button) =>
                {
                    let Some(mut press) = press.take() else { continue };
                    found.moves.extend(press.moved(pos, reach));
                    if !press.is_drag && button == PointerButton::Primary && !press.modifiers.any() {
                        found.clicks.push(press.origin);
                    }
                }
                _ => {}
            }
        }
        // Where a release was never told of, as when the window lost the pointer.
        if !input.pointer.any_down() {
            *press = None;
        }
        found
    })
}

impl Press {
    fn moved(&mut self, to: Pos2, reach: f32) -> Option<Move> {
        self.is_drag |= self.origin.distance(to) > reach;
        let Self { button, modifiers, origin, at, .. } = *self;
        (self.is_drag && at != to).then(|| {
            self.at = to;
            Move { button, modifiers, origin, from: at, to }
        })
    }
}

#[cfg(test)]
mod tests {
    use egui::{CentralPanel, Context, RawInput, Rect, Sense, pos2, vec2};
    use glam::DVec2;

    use super::*;
    use crate::app::camera;
    use crate::geometry::Box3;
    use crate::scene::{Camera, View, Window};

    /// The movements of events that come in frames.
    fn moves_of(frames: &[Vec<Event>]) -> Vec<Move> {
        let (ctx, mut press, mut found) = (Context::default(), None, Vec::new());
        let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, vec2(400.0, 300.0)));
        let before = vec![Event::PointerMoved(pos2(50.0, 40.0))];
        for events in [&vec![], &before, &vec![]].into_iter().chain(frames).chain([&vec![]]) {
            let input = RawInput { screen_rect, events: events.clone(), ..RawInput::default() };
            let _ = ctx.run_ui(input, |ui| {
                CentralPanel::no_frame().show(ui, |ui| {
                    let response = ui.allocate_rect(ui.available_rect_before_wrap(), Sense::click_and_drag());
                    found.extend(deeds(&mut press, ui, &response).moves);
                });
            });
        }
        found
    }

    fn button(pos: Pos2, pressed: bool) -> Event {
        Event::PointerButton { pos, button: PointerButton::Primary, pressed, modifiers: Modifiers::NONE }
    }

    /// A drag in so many steps, and how many of its events come in a frame.
    fn drag(steps: usize, in_a_frame: usize) -> Vec<Vec<Event>> {
        let (from, to) = (pos2(50.0, 40.0), pos2(170.0, 90.0));
        let at = |i: usize| from + (to - from) * (i as f32 / steps as f32);
        let moves = (1..=steps).map(|i| Event::PointerMoved(at(i)));
        let all: Vec<Event> = [button(from, true)].into_iter().chain(moves).chain([button(to, false)]).collect();
        all.chunks(in_a_frame).map(<[Event]>::to_vec).collect()
    }

    /// Catches: movements that are lost before a drag is known to be one, in the frame of its release, or between frames.
    #[test]
    fn a_drag_ends_at_the_same_camera_in_any_number_of_steps_and_frames() {
        let bounds = Box3 { min: glam::DVec3::new(-1.0, -2.0, -3.0), max: glam::DVec3::new(4.0, 5.0, 6.0) };
        let start = Camera::fitting(bounds, View::ISO, Window::middle(1.5));
        let vector = |v: Vec2| DVec2::new(f64::from(v.x), f64::from(v.y));
        let hands: [fn(Camera, DVec2, DVec2) -> Camera; 5] = [
            |c, from, to| camera::turntable(c, (to - from) / 300.0),
            |c, from, to| camera::trackball(c, (to - from) / 300.0),
            |c, from, to| camera::pan(c, (to - from) / 300.0),
            |c, from, to| camera::zoom(c, c.target, camera::factor_of_drag((to - from) / 300.0), 10.0),
            |c, from, to| camera::roll(c, from - DVec2::new(200.0, 150.0), to - DVec2::new(200.0, 150.0)),
        ];
        for (i, hand) in hands.into_iter().enumerate() {
            let mut first = None;
            for (steps, in_a_frame) in [(1, 1), (1, 9), (10, 1), (10, 3), (100, 1), (100, 7), (100, 1000)] {
                let found = moves_of(&drag(steps, in_a_frame));
                let sum = found.iter().fold(Vec2::ZERO, |sum, m| sum + m.by());
                assert!((sum - vec2(120.0, 50.0)).length() < 1e-3, "{steps} steps, {in_a_frame} a frame: {sum}");
                let end = found.iter().fold(start, |c, m| hand(c, vector(m.from.to_vec2()), vector(m.to.to_vec2())));
                let first = first.get_or_insert(end);
                let places = [first.position - end.position, first.target - end.target, first.up - end.up];
                assert!(places.iter().all(|d| d.length() < 1e-5), "hand {i}, {steps} steps: {first:?} {end:?}");
            }
        }
    }

    /// Catches: a click that turns the picture, and a drag that begins outside of it.
    #[test]
    fn a_click_moves_nothing() {
        let at = pos2(50.0, 40.0);
        let near = at + vec2(2.0, 3.0);
        assert_eq!(moves_of(&[vec![button(at, true)], vec![Event::PointerMoved(near)], vec![button(near, false)]]), []);
        let found = moves_of(&drag(10, 2));
        assert!(found[0].is_first() && found.iter().skip(1).all(|m| !m.is_first()));
    }
}
