//! What lies under the cursor: [`explain`] on a thread of its own, as it may look at all points and nodes.

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use egui::Pos2;
use glam::{DVec3, UVec2};

use super::errand::Wake;
use super::mailbox::Mailbox;
use super::message::Weight;
use super::model::Model;
use super::painter::Painted;
use crate::cli::content::Content;
use crate::cli::explain::{content_of, molecule_in_words};
use crate::cli::label_args::nearest_named;
use crate::error::Result;
use crate::explain::{explain, most_seen_at};
use crate::scene::{Frame, Quantity, Scene};

/// What is more transparent than this changes no pixel.
const LEAST_SEEN: f64 = 1.0 / 255.0;

/// What a pixel is asked of.
pub struct Question {
    scene: Scene,
    frame: Frame,
    pixel: UVec2,
    content: Arc<Content>,
}

/// What is asked: of the cursor only the newest question matters, of what is wished each.
#[derive(Default)]
struct Questions {
    cursor: Option<(u64, Question)>,
    wishes: Vec<(u64, Wish, Question)>,
}

/// What was found.
enum Answer {
    Cursor(u64, Option<Probe>),
    Wish(u64, Wish, Option<Probe>),
}

/// What the ray through a pixel meets.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Where: what the pixel is about.
    pub position: DVec3,
    /// What that is of, where it is not the only density: its name, or the molecule's atom.
    pub subject: Option<String>,
    /// The name of the density that is told, if there are several.
    pub name: Option<String>,
    /// The density there: that which is seen, or of a molecule that which is around it.
    pub value: f64,
    /// What its quantity multiplies it by, what follows such a number, as `/nm³`, and whether it is no density.
    pub factor: f64,
    pub per: String,
    pub is_of_values: bool,
    /// Its largest value anywhere.
    pub most: f32,
    /// The share of the mass, 0 to 1, that is at least as dense.
    pub mass_above: f64,
    /// Densities along the ray, from where it enters to where it leaves.
    pub profile: Vec<f32>,
    /// Where that is: distances from the eye, in the unit of the data.
    pub span: [f64; 2],
    /// The distance of `position` from the eye.
    pub depth: f64,
    /// How opaque the pixel is, 0 to 1; of fog, how far from the eye half of that is reached.
    pub opacity: f64,
    pub half_opacity: Option<f64>,
    /// The densest place of the ray: its distance from the eye, its density, and the share of the mass that is as dense.
    pub peak: Option<[f64; 3]>,
    /// The nearest point in words, and its distance.
    pub nearest: Option<(String, f64)>,
}

impl Probe {
    /// Whether it changes the pixel.
    pub fn is_seen(&self) -> bool {
        self.opacity >= LEAST_SEEN
    }
}

/// What is to be done with what is seen at a place, once it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Look at it.
    Focus,
    /// Keep a label there.
    Label,
}

/// The thread that looks.
pub struct Prober {
    /// Where the cursor is in the window.
    pub cursor: Option<Pos2>,
    questions: Arc<Mailbox<Questions>>,
    answers: mpsc::Receiver<Answer>,
    /// Inputs that are no longer open: what was wished of them is not done.
    inputs: u64,
    /// What was found of what is wished.
    granted: Vec<(Wish, Option<Probe>)>,
    thread: Option<JoinHandle<()>>,
    asked: u64,
    /// What was asked last: the pixel, and the picture.
    last: Option<(UVec2, u64)>,
    answer: Option<Probe>,
    /// The last answer, which stays when the cursor leaves the picture.
    kept: Option<Probe>,
    /// The picture that both are of.
    of: Option<u64>,
    is_current: bool,
}

impl Prober {
    /// Starts it; `wake` is called with each answer.
    pub fn new(wake: Wake) -> Self {
        let questions = Arc::<Mailbox<Questions>>::default();
        let (tell, answers) = mpsc::channel();
        let asked = questions.clone();
        let thread = std::thread::spawn(move || {
            let find = |question: &Question| look(question).ok().flatten();
            while let Some(Questions { cursor, wishes }) = asked.take() {
                let wishes = wishes.into_iter().map(|(of, wish, question)| Answer::Wish(of, wish, find(&question)));
                let cursor = cursor.into_iter().map(|(number, question)| Answer::Cursor(number, find(&question)));
                for answer in wishes.chain(cursor) {
                    if tell.send(answer).is_err() {
                        return;
                    }
                    wake();
                }
            }
        });
        let thread = Some(thread);
        Self {
            cursor: None,
            questions,
            answers,
            inputs: 0,
            granted: Vec::new(),
            thread,
            asked: 0,
            last: None,
            answer: None,
            kept: None,
            of: None,
            is_current: false,
        }
    }

    /// What is under the cursor, as far as it is known.
    pub fn answer(&self) -> Option<&Probe> {
        self.answer.as_ref()
    }

    /// What is under the cursor, or was when it left the picture.
    pub fn last_answer(&self) -> Option<&Probe> {
        self.answer.as_ref().or(self.kept.as_ref())
    }

    /// There is another input.
    pub fn forget_input(&mut self) {
        self.forget_all();
        self.inputs += 1;
    }

    /// There is another picture, of which nothing is known.
    pub fn forget_all(&mut self) {
        self.forget();
        (self.kept, self.of) = (None, None);
    }

    /// Whether that is of the place and picture of now.
    pub fn is_current(&self) -> bool {
        self.is_current
    }

    /// The cursor is nowhere.
    pub fn forget(&mut self) {
        self.asked += 1;
        self.kept = self.answer.take().or(self.kept.take());
        (self.last, self.answer, self.is_current) = (None, None, true);
    }

    /// Whether the place under the cursor is looked at, of which nothing is known yet.
    pub fn is_looking(&self) -> bool {
        !self.is_current && self.answer.is_none()
    }

    /// Whether the ray under the cursor meets nothing at all.
    pub fn meets_nothing(&self) -> bool {
        self.is_current && self.last.is_some() && self.answer.is_none()
    }

    /// Takes in the newest answer.
    fn hear(&mut self) {
        while let Ok(answer) = self.answers.try_recv() {
            match answer {
                Answer::Cursor(number, found) if number == self.asked => {
                    (self.answer, self.is_current) = (found, true);
                }
                Answer::Cursor(..) => {}
                Answer::Wish(of, wish, found) if of == self.inputs => self.granted.push((wish, found)),
                Answer::Wish(..) => {}
            }
        }
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        self.questions.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Model {
    /// Asks what is seen at a place of the window, in the picture that is shown now: that is done then, wherever the cursor
    /// has gone and whatever is shown by that time.
    pub fn wish(&mut self, wish: Wish, at: Option<Pos2>) {
        let (area, painted) = (self.area.unwrap_or(egui::Rect::NOTHING), self.painted.as_ref());
        let (Some(at), Some(painted)) = (at.filter(|at| area.contains(*at)), painted) else {
            return self.say(Weight::Note, "hold the cursor over something in the picture");
        };
        let asked = (self.prober.inputs, wish, self.question(painted, at));
        self.prober.questions.change(|questions| questions.get_or_insert_default().wishes.push(asked));
    }

    fn pixel_of(&self, painted: &Painted, at: Pos2) -> UVec2 {
        let at = self.pixel_at(at).floor();
        let last = painted.frame.size.map(|n| f64::from(n.max(1) - 1));
        UVec2::new(at.x.clamp(0.0, last[0]) as u32, at.y.clamp(0.0, last[1]) as u32)
    }

    fn question(&self, painted: &Painted, at: Pos2) -> Question {
        let pixel = self.pixel_of(painted, at);
        Question { scene: painted.scene.clone(), frame: painted.frame, pixel, content: painted.content.clone() }
    }

    /// Does what was wished, of which it is known by now what is there.
    fn grant_wishes(&mut self) {
        for (wish, found) in std::mem::take(&mut self.prober.granted) {
            match (found.filter(Probe::is_seen).map(|probe| probe.position), wish) {
                (Some(place), Wish::Focus) => self.focus(place),
                (Some(place), Wish::Label) => self.keep_label(place),
                (None, _) => self.say(Weight::Note, "nothing is seen there"),
            }
        }
    }

    /// Takes in what was found, before it is told; what was read of another picture is not true of this one.
    pub fn hear_prober(&mut self) {
        let number = self.painted.as_ref().map_or(0, |p| p.number);
        if self.prober.of.is_some_and(|of| of != number) {
            self.prober.forget_all();
            self.prober.is_current = false;
        }
        self.prober.hear();
        self.grant_wishes();
    }

    /// Looks at what is under the cursor, once the picture is at rest.
    pub fn look_under(&mut self, position: Option<Pos2>) {
        let Some(position) = position else { return self.prober.forget() };
        let (Some(painted), Some(frame)) = (&self.painted, self.frame) else { return };
        let pixel = self.pixel_of(painted, position);
        if self.prober.last == Some((pixel, painted.number)) {
            return;
        }
        self.prober.is_current = false;
        if !self.is_at_rest() || painted.frame != frame {
            return;
        }
        let question = self.question(painted, position);
        let prober = &mut self.prober;
        prober.asked += 1;
        (prober.last, prober.of) = (Some((pixel, painted.number)), Some(painted.number));
        let asked = Some((prober.asked, question));
        prober.questions.change(|questions| questions.get_or_insert_default().cursor = asked);
    }
}

fn look(question: &Question) -> Result<Option<Probe>> {
    let Question { scene, frame, pixel, content } = question;
    let found = explain(scene, frame, pixel.to_array())?;
    let Some(position) = found.about else { return Ok(None) };
    // A molecule is of none.
    let of_sphere = scene.points.as_ref().zip(found.sphere).map(|(layer, point)| layer.density_of(point).0);
    let shown = found.shown.or(of_sphere).unwrap_or_else(|| most_seen_at(scene, position));
    let (of, layer) = (&found.densities[shown], scene.densities().nth(shown));
    let Some(layer) = layer else { return Ok(None) };
    let name = layer.bar_title.filter(|_| found.densities.len() > 1).map(str::to_owned);
    let molecule = found.body.filter(|_| found.shown.is_none()).map(|body| molecule_in_words(body, content));
    let nearest = content_of(content, shown).filter(|_| molecule.is_none()).and_then(|c| nearest_named(c, position));
    let value = layer.grid.value_at(position).unwrap_or(0.0);
    let (quantity, unit) = (layer.quantity, layer.grid.unit);
    let depth = (position - found.ray.origin).dot(found.ray.direction);
    Ok(Some(Probe {
        position,
        subject: molecule.or(name.clone()),
        name,
        value,
        factor: quantity.factor(unit, 3),
        per: quantity.per(unit, 3),
        is_of_values: quantity == Quantity::Values,
        most: layer.grid.statistics().max as f32,
        mass_above: layer.grid.share_beyond(value),
        profile: of.profile.iter().map(|s| s.density as f32).collect(),
        span: found.span.unwrap_or_default(),
        depth,
        opacity: found.opacity,
        half_opacity: found.half_opacity,
        peak: of.peak.map(|p| [p.depth, p.density, p.mass_above]),
        nearest,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Console;
    use crate::cli::content::Stock;
    use crate::cli::recipe::Draft;
    use crate::cli::view::Wanted;

    /// Catches: a reading that tells of the first density where another is seen.
    #[test]
    fn the_density_that_is_seen_is_told_by_its_name() {
        // Beside each other along x, seen from above.
        let file = |name: &str, center: f64| {
            let path = std::env::temp_dir().join(format!("densitas-probe-{}-{name}.csv", std::process::id()));
            let row = |n: u32| {
                format!("{},{},{}\n", center + 0.1 * f64::from(n % 7), 0.1 * f64::from(n % 5), 0.1 * f64::from(n % 3))
            };
            std::fs::write(&path, format!("x,y,z\n{}", (0..60).map(row).collect::<String>())).unwrap();
            path.to_string_lossy().into_owned()
        };
        let [left, right] = [file("left", 0.0), file("right", 3.0)];
        let mut options = Draft::new("render");
        options.input = Some(left.clone());
        for (name, text) in [("grid", "24"), ("view", "z"), ("with", &format!("{right} --quantity counts"))] {
            options.set(name, Some(text.into()));
        }
        let wanted = Wanted::of(&options).unwrap();
        let content = Arc::new(Stock::default().content(wanted.scene(), &Console::new(false, true)).unwrap());
        let frame = Frame { size: [80, 60], scale_factor: 1.0 };
        let scene = wanted.scene().scene(&content, &frame).unwrap();
        let at = |x: u32| {
            let (scene, content, pixel) = (scene.clone(), content.clone(), UVec2::new(x, 30));
            look(&Question { scene, frame, pixel, content }).unwrap()
        };
        [left, right].iter().for_each(|file| drop(std::fs::remove_file(file)));
        let seen: Vec<Probe> = (0..80).filter_map(at).filter(Probe::is_seen).collect();
        let names: Vec<String> = seen.iter().map(|probe| probe.name.clone().unwrap()).collect();
        let is_right = |name: &String| name.ends_with("right");
        let first_right = names.iter().position(is_right).unwrap();
        assert!(first_right > 5 && names[..first_right].iter().all(|name| name.ends_with("left")), "{names:?}");
        assert!(names.len() > first_right + 5 && names[first_right..].iter().all(is_right), "{names:?}");
        // Each by its own quantity.
        assert!(seen[0].factor == 1.0 && seen[first_right].factor == 60.0 && seen[0].subject == seen[0].name);
    }
}
