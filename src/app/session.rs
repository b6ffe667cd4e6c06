//! The state of the window: the options of a recipe, and those before and after them.

use std::collections::BTreeSet;
use std::sync::Arc;

use glam::{DVec2, DVec3};

use super::survey::Surveyed;
use crate::cli::recipe::Draft;
use crate::cli::view::Wanted;
use crate::error::Result;
use crate::scene::{Camera, Projection};

/// The most steps that can be undone.
const MOST_STEPS: usize = 500;

/// Options that place the camera.
const CAMERA: [&str; 8] =
    ["view", "camera", "camera-position", "camera-target", "camera-up", "camera-shift", "view-angle", "ortho"];

/// Options, with a way back.
pub struct Session {
    options: Draft,
    wanted: Arc<Wanted>,
    undone: Vec<Draft>,
    done: Vec<Draft>,
    /// What the hand is doing: its changes are undone together.
    gesture: Option<&'static str>,
    /// Grows with every change.
    revision: u64,
    /// What surveys of all frames have found and set.
    pub surveyed: Surveyed,
}

impl Session {
    /// Begins with these options.
    ///
    /// # Errors
    /// [`crate::error::Error::Usage`] for a value that an option cannot have.
    pub fn new(options: Draft) -> Result<Self> {
        let wanted = Arc::new(Wanted::of(&options)?);
        Ok(Self {
            options,
            wanted,
            undone: Vec::new(),
            done: Vec::new(),
            gesture: None,
            revision: 0,
            surveyed: Surveyed::default(),
        })
    }

    /// The options.
    pub fn options(&self) -> &Draft {
        &self.options
    }

    /// The options as they were understood.
    pub fn wanted(&self) -> &Arc<Wanted> {
        &self.wanted
    }

    /// Grows with every change.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Changes the options. Changes of one `gesture` are undone together, until [`Session::end_gesture`].
    ///
    /// # Errors
    /// [`crate::error::Error::Usage`] for a value that an option cannot have; nothing has changed then.
    pub fn edit(&mut self, gesture: &'static str, change: impl FnOnce(&mut Draft)) -> Result<()> {
        let mut options = self.options.clone();
        change(&mut options);
        if options == self.options {
            return Ok(());
        }
        let wanted = Arc::new(Wanted::of(&options)?);
        let before = std::mem::replace(&mut self.options, options);
        if self.gesture != Some(gesture) {
            self.done.push(before);
            if self.done.len() > MOST_STEPS {
                self.done.remove(0);
            }
            self.gesture = Some(gesture);
        }
        self.undone.clear();
        self.wanted = wanted;
        self.revision += 1;
        Ok(())
    }

    /// Changes the options within the step that is at hand: what follows from it by itself is undone with it.
    pub fn amend(&mut self, change: impl FnOnce(&mut Draft)) {
        let mut options = self.options.clone();
        change(&mut options);
        if options != self.options
            && let Ok(wanted) = Wanted::of(&options)
        {
            (self.options, self.wanted) = (options, Arc::new(wanted));
            self.revision += 1;
        }
    }

    /// Changes the options as if they had been so from the beginning, and all steps before and after them.
    pub fn mend(&mut self, change: impl Fn(&mut Draft)) {
        let mut options = self.options.clone();
        change(&mut options);
        if Wanted::of(&options).is_ok() {
            self.done.iter_mut().chain(&mut self.undone).for_each(change);
            self.go(options);
        }
    }

    /// Takes the step back by which options came to what `is_wrong`, also out of the steps after it: they are as if it had
    /// never been. The names of its options; none if there is no such step.
    pub fn take_back(&mut self, is_wrong: impl Fn(&Wanted) -> bool) -> Vec<String> {
        let is_wrong = |options: &Draft| Wanted::of(options).is_ok_and(|wanted| is_wrong(&wanted));
        let Some(at) = self.done.iter().rposition(|options| !is_wrong(options)) else { return Vec::new() };
        let good = self.done.remove(at);
        let culprit = self.done.get(at).unwrap_or(&self.options).clone();
        let differs = |name: &&String| good.options.get(*name) != culprit.options.get(*name);
        let names: BTreeSet<&String> = good.options.keys().chain(culprit.options.keys()).filter(differs).collect();
        let names: Vec<String> = names.into_iter().cloned().collect();
        let mended = |options: &Draft| {
            let mut options = options.clone();
            for name in &names {
                match good.options.get(name) {
                    Some(value) => options.options.insert(name.clone(), value.clone()),
                    None => options.options.remove(name),
                };
            }
            options
        };
        self.done[at..].iter_mut().for_each(|options| *options = mended(options));
        let now = mended(&self.options);
        let is_known = Wanted::of(&now).is_ok();
        self.go(if is_known { now } else { good });
        names
    }

    /// The hand let go: the next change is a step of its own.
    pub fn end_gesture(&mut self) {
        self.gesture = None;
    }

    /// What the hand is doing.
    pub fn gesture(&self) -> Option<&'static str> {
        self.gesture
    }

    /// Whether the hand has changed something and not yet let go.
    pub fn is_in_gesture(&self) -> bool {
        self.gesture.is_some()
    }

    /// Whether there is something to undo, and something to do again.
    pub fn has_steps(&self) -> [bool; 2] {
        [!self.done.is_empty(), !self.undone.is_empty()]
    }

    /// Goes back a step.
    pub fn undo(&mut self) {
        if let Some(options) = self.done.pop() {
            let now = self.go(options);
            self.undone.push(now);
        }
    }

    /// Goes forward a step that was undone.
    pub fn redo(&mut self) {
        if let Some(options) = self.undone.pop() {
            let now = self.go(options);
            self.done.push(now);
        }
    }

    fn go(&mut self, options: Draft) -> Draft {
        self.wanted = Arc::new(Wanted::of(&options).expect("options that were understood before"));
        self.end_gesture();
        self.revision += 1;
        std::mem::replace(&mut self.options, options)
    }

    /// The camera that the options place wholly; else it follows from the picture.
    pub fn camera(&self) -> Option<Camera> {
        self.wanted.scene().view.whole_camera()
    }
}

/// Numbers as an option takes them: read again they are the same.
pub fn numbers(values: &[f64]) -> String {
    values.iter().map(f64::to_string).collect::<Vec<_>>().join(",")
}

/// Places the camera by options.
pub fn set_camera(options: &mut Draft, camera: &Camera) {
    reset_camera(options);
    let mut position = camera.position;
    match camera.projection {
        Projection::Orthographic { visible_height } => {
            // The height that a parallel camera shows follows from its distance and the default angle.
            let half_angle = (0.5 * Camera::DEFAULT_FOV_DEGREES).to_radians();
            position = camera.target - camera.axes().forward * (0.5 * visible_height / half_angle.tan());
            options.set_flag("ortho", true);
        }
        Projection::Perspective { vertical_fov_degrees } if vertical_fov_degrees != Camera::DEFAULT_FOV_DEGREES => {
            options.set("view-angle", Some(vertical_fov_degrees.to_string()));
        }
        Projection::Perspective { .. } => {}
    }
    let vector = |v: DVec3| Some(numbers(&v.to_array()));
    options.set("camera-position", vector(position));
    options.set("camera-target", vector(camera.target));
    options.set("camera-up", vector(camera.up));
    let DVec2 { x, y } = camera.shift;
    options.set("camera-shift", Some(numbers(&[x, y])));
}

/// Back to the automatic camera.
pub fn reset_camera(options: &mut Draft) {
    CAMERA.into_iter().for_each(|option| options.set(option, None));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Box3;
    use crate::scene::{View, Window};

    fn session() -> Session {
        let mut options = Draft::new("render");
        options.input = Some("sample:founding".into());
        Session::new(options).unwrap()
    }

    #[test]
    fn steps_of_one_gesture_are_undone_together_and_wrong_ones_change_nothing() {
        let mut s = session();
        for vmin in ["0.1", "0.2", "0.3"] {
            s.edit("limits", |o| o.set("vmin", Some(vmin.into()))).unwrap();
        }
        s.end_gesture();
        s.edit("limits", |o| o.set("vmin", Some("0.4".into()))).unwrap();
        s.edit("mode", |o| o.set("mode", Some("both".into()))).unwrap();
        let revision = s.revision();
        assert!(s.edit("mode", |o| o.set("mode", Some("wrong".into()))).is_err());
        assert_eq!((s.revision(), s.options().get("mode")), (revision, Some("both".into())));
        let mut seen = Vec::new();
        for _ in 0..4 {
            s.undo();
            seen.push((s.options().get("mode"), s.options().get("vmin")));
        }
        let vmin = |v: &str| (None, Some(v.to_owned()));
        assert_eq!(seen, [vmin("0.4"), vmin("0.3"), (None, None), (None, None)]);
        (0..9).for_each(|_| s.redo());
        assert_eq!(s.options().get("mode"), Some("both".into()));
    }

    /// Catches: options that ask for what cannot be and stay, or a change that came after them and goes with them.
    #[test]
    fn what_cannot_be_is_taken_back_out_of_the_steps_after_it() {
        let mut s = session();
        let set = |s: &mut Session, option: &str, text: &str| {
            s.end_gesture();
            s.edit("", |o| o.set(option, Some(text.into()))).unwrap();
        };
        set(&mut s, "mode", "both");
        set(&mut s, "select", "name NONE");
        set(&mut s, "vmin", "0.5");
        let is_wrong = |w: &Wanted| w.scene().points.select.is_some();
        assert_eq!(s.take_back(is_wrong), ["select"]);
        let now = |s: &Session| ["mode", "select", "vmin"].map(|option| s.options().get(option));
        assert_eq!(now(&s), [Some("both".into()), None, Some("0.5".into())]);
        s.undo();
        assert_eq!(now(&s), [Some("both".into()), None, None]);
        s.undo();
        assert_eq!((now(&s), s.has_steps()), ([None, None, None], [false, true]));
        // Where all are wrong from the beginning, nothing is taken back.
        assert!(s.take_back(|_| true).is_empty());
        // Of a picture it is the last step.
        set(&mut s, "color-by", "nothing");
        assert_eq!(s.take_back(|_| false), ["color-by"]);
    }

    /// Catches: a way back to what cannot be.
    #[test]
    fn what_is_mended_is_so_in_all_steps() {
        let mut s = session();
        s.edit("", |o| o.set("mode", Some("both".into()))).unwrap();
        s.end_gesture();
        s.edit("", |o| o.set("vmin", Some("0.5".into()))).unwrap();
        s.mend(|o| o.set("mode", None));
        assert_eq!([s.options().get("mode"), s.options().get("vmin")], [None, Some("0.5".into())]);
        s.undo();
        assert_eq!(s.options().get("mode"), None);
    }

    #[test]
    fn a_camera_comes_back_from_the_options_as_it_was() {
        let bounds = Box3 { min: DVec3::new(-1.0, -2.0, -3e-7), max: DVec3::new(4.0, 5.0, 1.0 / 3.0) };
        let mut s = session();
        for camera in [
            Camera::fitting(bounds, View::ISO, Window::middle(1.3)),
            Camera {
                projection: Projection::Perspective { vertical_fov_degrees: 12.5 },
                ..Camera::mayavi(bounds, View::X)
            },
        ] {
            s.edit("camera", |o| set_camera(o, &camera)).unwrap();
            assert_eq!(s.camera(), Some(camera));
        }
        let flat = Camera::fitting(bounds, View::Z, Window::middle(1.3)).orthographic();
        s.edit("camera", |o| set_camera(o, &flat)).unwrap();
        let back = s.camera().unwrap();
        assert!((back.visible_height_at_target() / flat.visible_height_at_target() - 1.0).abs() < 1e-12);
        // Once it is in options, it stays as it is.
        s.edit("camera", |o| set_camera(o, &back)).unwrap();
        assert!(s.camera().unwrap().position.distance(back.position) < 1e-12 * back.distance());
    }
}
