//! What a frame shows, as a function of its number alone: options of a picture, frames of the input, and how far all is
//! turned.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::vary::{Change, Vary};
use crate::cli::parse;
use crate::cli::recipe::Draft;
use crate::cli::view::Wanted;
use crate::error::{Error, Result};
use crate::movie::Ease;
use crate::scene::filled;

/// A movie.
pub struct Timeline {
    /// The options that stay.
    base: Draft,
    changes: Vec<Change>,
    /// Frames of the movie, 1 or more.
    pub frames: u64,
    fps: f64,
    /// Degrees that all is turned until the frame after the last.
    turn: f64,
    inputs: Inputs,
    clock: Clock,
    /// Options that were understood, by themselves.
    understood: Mutex<HashMap<String, Arc<Wanted>>>,
}

/// So many options are kept.
const MOST_UNDERSTOOD: usize = 1 << 12;

/// Which frames of the input are shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    /// Their numbers in the file; one of what is still.
    pub numbers: Vec<usize>,
    /// Their times in picoseconds; empty where the format states none.
    pub times: Vec<f64>,
    /// How many are taken together at a time.
    pub average: usize,
    /// Whether all up to a frame are taken together instead.
    pub is_sum: bool,
}

impl Inputs {
    /// Of an input that does not move.
    pub fn still() -> Self {
        Self { numbers: vec![0], times: Vec::new(), average: 1, is_sum: false }
    }
}

/// A picture that a frame shows, or has a share of.
pub struct Layer {
    /// Its share, above 0; those of a frame sum to 1.
    pub share: f64,
    pub options: Arc<Wanted>,
}

/// What is asked for beside the options of the picture.
pub struct Motion<'a> {
    pub varied: &'a [Vary],
    pub ease: Ease,
    pub frames: u64,
    pub fps: f64,
    /// Degrees; once round where nothing else moves, if not given.
    pub turn: Option<f64>,
}

impl Timeline {
    /// # Errors
    /// [`Error::Usage`] for an option that there is not, or values that it cannot have.
    pub fn new(movie: &Draft, motion: &Motion<'_>, inputs: Inputs) -> Result<Self> {
        let base = base(movie, motion.varied)?;
        let read = ["select", "columns", "weights", "unit", "topology", "every", "max-points", "sigma-columns"];
        if let Some(vary) = motion.varied.iter().find(|v| inputs.numbers.len() > 1 && read.contains(&v.option.as_str()))
        {
            let problem = "cannot change while the frames of the input are played; leave it out, or take --pool";
            return Err(Error::Usage(format!("--vary {}: {problem}", vary.option)));
        }
        let change = |vary: &Vary| Change::new(vary, motion.ease, motion.frames);
        let changes = motion.varied.iter().map(change).collect::<Result<_>>()?;
        let is_still = motion.varied.is_empty() && inputs.numbers.len() == 1;
        let turn = motion.turn.unwrap_or(if is_still { 360.0 } else { 0.0 });
        let understood = Mutex::default();
        let clock = Clock::of(&inputs.times);
        let mut timeline =
            Self { base, changes, frames: motion.frames, fps: motion.fps, turn, inputs, clock, understood };
        for i in 0..timeline.changes.len() {
            timeline.check(i)?;
        }
        Ok(timeline)
    }

    /// Whether an option can have the values between its key frames; one that takes whole numbers is given those.
    fn check(&mut self, i: usize) -> Result<()> {
        let last = (self.frames - 1) as f64;
        let fails = |timeline: &Self| {
            let values = (0..=8).flat_map(|s| timeline.changes[i].at(last * f64::from(s) / 8.0 * 0.999));
            let parsed = values.map(|(_, value)| {
                let mut draft = timeline.base.clone();
                draft.set(&timeline.changes[i].option, Some(value));
                Wanted::of(&draft).map(drop)
            });
            parsed.filter_map(Result::err).next()
        };
        let Some(error) = fails(self) else { return Ok(()) };
        self.changes[i].is_whole = true;
        match fails(self) {
            None => Ok(()),
            Some(_) => Err(Error::Usage(format!("--vary {}: {error}", self.changes[i].option))),
        }
    }

    /// What frame `k` shows.
    ///
    /// # Errors
    /// [`Error::Usage`] for options that do not go together.
    pub fn layers(&self, k: u64) -> Result<Vec<Layer>> {
        let mut drafts = vec![(1.0, self.base.clone())];
        for change in &self.changes {
            let values = change.at(k as f64);
            let with = |(share, draft): &(f64, Draft)| {
                let one = |(part, value): &(f64, String)| {
                    let mut draft = draft.clone();
                    draft.set(&change.option, Some(value.clone()));
                    (share * part, draft)
                };
                values.iter().map(one).collect::<Vec<_>>()
            };
            drafts = drafts.iter().flat_map(with).collect();
        }
        drafts.iter().map(|(share, draft)| Ok(Layer { share: *share, options: self.understood(draft)? })).collect()
    }

    fn understood(&self, draft: &Draft) -> Result<Arc<Wanted>> {
        let key = format!("{:?}", draft.options);
        let mut known = self.understood.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(options) = known.get(&key) {
            return Ok(options.clone());
        }
        let options = Arc::new(Wanted::of(draft)?);
        if known.len() >= MOST_UNDERSTOOD {
            known.clear();
        }
        known.insert(key, options.clone());
        Ok(options)
    }

    /// Which frames of the input frame `k` shows, as places in [`Inputs::numbers`]: those around its own, always as many,
    /// or all up to it.
    pub fn input(&self, k: u64) -> Range<usize> {
        let count = self.inputs.numbers.len();
        let average = self.inputs.average.min(count);
        let middle = (u128::from(k) * count as u128 / u128::from(self.frames)) as usize;
        if self.inputs.is_sum {
            return 0..middle + 1;
        }
        let first = middle.saturating_sub(average / 2).min(count - average);
        first..first + average
    }

    /// Whether an option changes.
    pub fn varies(&self, option: &str) -> bool {
        self.changes.iter().any(|change| change.option == option)
    }

    /// Whether the input moves.
    pub fn plays_input(&self) -> bool {
        self.inputs.numbers.len() > 1
    }

    /// The number in the file of the frame of the input around which frame `k` shows some.
    pub fn input_number(&self, k: u64) -> usize {
        self.inputs.numbers[self.middle(k)]
    }

    /// The frame of the input in the middle of those that frame `k` shows, or the last of a sum, as its place in [`Inputs::numbers`].
    fn middle(&self, k: u64) -> usize {
        let shown = self.input(k);
        if self.inputs.is_sum { shown.end - 1 } else { shown.start + shown.len() / 2 }
    }

    /// The numbers in the file of the frames of the input that frame `k` shows.
    pub fn input_numbers(&self, k: u64) -> &[usize] {
        &self.inputs.numbers[self.input(k)]
    }

    /// An error about the frame of the input that frame `k` shows.
    pub fn of_input(&self, k: u64, error: Error) -> Error {
        match error {
            Error::Data(text) if self.plays_input() => {
                Error::Data(format!("frame {} of the input: {text}", self.input_number(k)))
            }
            other => other,
        }
    }

    /// Degrees that frame `k` is turned, from the view from above against the clock.
    pub fn turned(&self, k: f64) -> f64 {
        self.turn * k / self.frames as f64
    }

    /// A title as frame `k` has it.
    ///
    /// # Errors
    /// [`Error::Usage`] for a name in braces that means nothing.
    pub fn title(&self, title: &str, k: u64) -> Result<String> {
        let mut known = vec![
            ("frame".to_owned(), k.to_string()),
            ("frames".to_owned(), self.frames.to_string()),
            ("time".to_owned(), format!("{:.2} s", k as f64 / self.fps)),
        ];
        if self.plays_input() {
            known.push(("input".to_owned(), self.input_number(k).to_string()));
        }
        if let Some(time) = self.inputs.times.get(self.middle(k)) {
            known.push(("input-time".to_owned(), self.clock.told(*time)));
        }
        known.extend(self.changes.iter().map(|c| (c.option.clone(), c.told(k as f64))));
        filled(title, &known)
    }
}

/// How times of the input are written: in picoseconds, or in nanoseconds where they are long, with as many decimals as
/// tell all apart.
struct Clock {
    divisor: f64,
    unit: &'static str,
    decimals: usize,
}

/// From this many picoseconds on nanoseconds are written.
const LONG: f64 = 1e4;
/// No more decimals than this.
const MOST_DECIMALS: f64 = 6.0;

impl Clock {
    fn of(times: &[f64]) -> Self {
        let longest = times.iter().fold(0.0_f64, |most, t| most.max(t.abs()));
        let (divisor, unit) = if longest >= LONG { (1e3, "ns") } else { (1.0, "ps") };
        let steps = times.windows(2).map(|pair| (pair[1] - pair[0]).abs() / divisor).filter(|step| *step > 0.0);
        let least = steps.fold(f64::INFINITY, f64::min);
        let decimals = if least.is_finite() { (-least.log10()).ceil().clamp(0.0, MOST_DECIMALS) } else { 0.0 };
        let scale = 10f64.powf(decimals) / divisor;
        let is_exact = times.iter().all(|t| (t * scale - (t * scale).round()).abs() < 1e-3);
        Self { divisor, unit, decimals: decimals as usize + usize::from(!is_exact) }
    }

    fn told(&self, time: f64) -> String {
        format!("{:.*} {}", self.decimals, time / self.divisor, self.unit)
    }
}

/// The options of the movie that are those of a picture.
fn base(movie: &Draft, varied: &[Vary]) -> Result<Draft> {
    let known = parse::options_of("render");
    let mut base = Draft::new("render");
    base.input.clone_from(&movie.input);
    base.options =
        movie.options.iter().filter(|(name, _)| known.contains(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
    for Vary { option, .. } in varied {
        if !known.contains(option) {
            let problem = "there is no such option of a picture; `densitas render --help` lists them";
            return Err(Error::Usage(format!("--vary {option}: {problem}")));
        }
        if ["size", "scale-factor", "input-frames", "pool", "align"].contains(&option.as_str()) {
            let problem = match option.as_str() {
                "size" | "scale-factor" => "all frames of a movie have one size; leave it out",
                _ => "the frames of the input are played as they follow one another; leave it out",
            };
            return Err(Error::Usage(format!("--vary {option}: {problem}")));
        }
        if base.options.remove(option).is_some() || varied.iter().filter(|v| v.option == *option).count() > 1 {
            return Err(Error::Usage(format!("--vary {option}: is given twice; leave one out")));
        }
    }
    Ok(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(varied: &[&str], inputs: usize, average: usize, frames: u64) -> Result<Timeline> {
        let varied: Vec<Vary> = varied.iter().map(|v| v.parse().unwrap()).collect();
        let motion = Motion { varied: &varied, ease: Ease::Linear, frames, fps: 10.0, turn: None };
        let mut movie = Draft::new("movie");
        movie.input = Some("sample:founding".into());
        let numbers = (0..inputs).map(|n| 10 * n).collect();
        let times = (0..inputs).map(|n| 2.5 * n as f64).filter(|_| inputs > 1).collect();
        Timeline::new(&movie, &motion, Inputs { numbers, times, average, is_sum: false })
    }

    #[test]
    fn frames_of_the_input_are_spread_over_the_movie_and_windows_keep_their_width() {
        let shown = |average, frames, k| timeline(&[], 5, average, frames).unwrap().input(k);
        assert_eq!([0, 1, 4].map(|k| shown(1, 5, k)), [0..1, 1..2, 4..5]);
        assert_eq!([0, 1, 9].map(|k| shown(1, 10, k)), [0..1, 0..1, 4..5]);
        assert_eq!([0, 2, 4].map(|k| shown(3, 5, k)), [0..3, 1..4, 2..5]);
        assert_eq!(shown(99, 5, 2), 0..5);
        assert_eq!(timeline(&[], 1, 1, 7).unwrap().input(6), 0..1);
    }

    #[test]
    fn a_sum_holds_all_frames_up_to_its_own() {
        let mut sum = timeline(&[], 5, 1, 5).unwrap();
        sum.inputs.is_sum = true;
        assert_eq!([0, 2, 4].map(|k| (sum.input(k), sum.input_number(k))), [(0..1, 0), (0..3, 20), (0..5, 40)]);
    }

    #[test]
    fn what_is_still_turns_once_and_what_moves_does_not() {
        assert_eq!(timeline(&[], 1, 1, 8).unwrap().turned(2.0), 90.0);
        assert_eq!(timeline(&[], 5, 1, 8).unwrap().turned(2.0), 0.0);
        assert_eq!(timeline(&["bandwidth=0.2..0.4"], 1, 1, 8).unwrap().turned(2.0), 0.0);
    }

    #[test]
    fn layers_have_shares_that_sum_to_one() {
        let t = timeline(&["mode=volume..iso", "colormap=viridis..inferno", "global-opacity=1..2"], 1, 1, 3).unwrap();
        let shares = |k| t.layers(k).unwrap().iter().map(|l| l.share).collect::<Vec<_>>();
        assert_eq!([0, 1, 2].map(shares), [vec![1.0], vec![0.25; 4], vec![1.0]]);
    }

    #[test]
    fn whole_numbers_stay_whole_and_wrong_options_are_told() {
        let t = timeline(&["grid=20..31"], 1, 1, 5).unwrap();
        assert_eq!(t.layers(1).unwrap().len(), 1);
        for (vary, text) in [
            ("speed=1..2", "there is no such option"),
            ("size=10x10..20x20", "one size"),
            ("camera=1..2", "--vary camera: invalid value"),
            ("look=default..vtk", "--vary look: invalid value"),
        ] {
            let told = timeline(&[vary], 1, 1, 5).err().unwrap().to_string();
            assert!(told.contains(text), "{told}");
        }
        assert!(timeline(&["iso=1..2", "iso=2..3"], 1, 1, 5).err().unwrap().to_string().contains("given twice"));
    }

    #[test]
    fn times_of_the_input_have_the_digits_that_tell_them_apart() {
        let told = |times: &[f64]| times.iter().map(|t| Clock::of(times).told(*t)).collect::<Vec<_>>();
        assert_eq!(told(&[0.0, 100.0, 900.0]), ["0 ps", "100 ps", "900 ps"]);
        assert_eq!(told(&[0.0, 0.5, 1.0]), ["0.0 ps", "0.5 ps", "1.0 ps"]);
        assert_eq!(told(&[0.0, 2.5]), ["0.0 ps", "2.5 ps"]);
        assert_eq!(told(&[10_000.0, 20_000.0, 20_500.0]), ["10.0 ns", "20.0 ns", "20.5 ns"]);
        assert_eq!(told(&[7.0, 7.0]), ["7 ps", "7 ps"]);
    }

    #[test]
    fn titles_tell_what_changes() {
        let t = timeline(&["bandwidth=0.2..0.5"], 5, 1, 4).unwrap();
        let title = |text: &str| t.title(text, 2).unwrap();
        assert_eq!(title("{frame} of {frames}, {time}: {input}, {bandwidth}"), "2 of 4, 0.20 s: 20, 0.4");
        assert_eq!(title("{input-time}"), "5.0 ps");
        let told = t.title("{speed}", 0).unwrap_err().to_string();
        assert!(told.contains("{speed}") && told.contains("{bandwidth}") && told.contains("{input}"), "{told}");
        assert_eq!(title("{x, y} {}"), "{x, y} {}");
    }
}
