//! `densitas view`: the window, and what it needs of the command line. Its state is the options of a recipe of
//! `render`: what it shows is what `render` draws of them.

use std::path::{Path, PathBuf};

use clap::Args;

use super::console::Console;
use super::content::Content;
use super::parse::{self, Asked};
use super::recipe::{Draft, Recipe};
use super::render::{self, More, draw_with, drawn};
use super::scene_args::SceneArgs;
use super::{Verb, Window, input, movie, remarks};
use crate::error::{Error, Result};
use crate::gpu::AdapterChoice;
use crate::io::{self, atomic};
use crate::render::Renderer;
use crate::scene::{Frame, Scene};

/// Options of the verb.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  densitas view 1ubq.pdb
  densitas view locs.csv --bandwidth 20nm
  densitas view sample:founding
  densitas view --recipe density.png
  densitas view
  densitas view a.pdb b.pdb c.pdb

All options of `render` are taken; h shows the keys.")]
pub struct ViewCommand {
    #[command(flatten)]
    pub scene: SceneArgs,
    /// Further files, one of which is shown at a time: page down and page up go through them
    #[arg(value_name = "MORE", index = 2)]
    more: Vec<String>,
}

/// What a window opens with.
pub struct Opening {
    /// The options given, and the input.
    pub(crate) options: Draft,
    /// Further inputs.
    pub(crate) more: Vec<String>,
    /// The adapter that draws.
    pub(crate) adapter: AdapterChoice,
    /// The picture's frame, if its size was given.
    pub(crate) frame: Option<Frame>,
    /// The command that draws the same into a file.
    pub(crate) headless: String,
}

/// Runs the verb.
pub fn run(args: &ViewCommand, adapter: AdapterChoice, asked: &Asked, window: Window) -> Result<()> {
    if args.scene.points.input == "-" {
        return Err(Error::Usage("the window reads files, not standard input; name one".into()));
    }
    let mut options = asked.recipe.clone();
    // A picture shows one of them.
    let more = std::mem::take(&mut options.more);
    options.verb = "render".to_owned();
    options.input = options.input.filter(|input| !input.is_empty());
    if let Some(path) = options.input.as_deref().map(Path::new).filter(|path| is_recipe(path)) {
        options = Recipe::read(path)?.into_draft()?;
    }
    options.input.iter().chain(&more).try_for_each(|input| input::check_there(input))?;
    let frame = take_frame(&mut options)?;
    window(Opening { options, more, adapter, frame, headless: headless(asked, "render", "picture.png") })
}

/// The picture's frame, if the options say its size: a window has that of its picture instead.
///
/// # Errors
/// [`Error::Usage`] for options that cannot be meant.
pub(crate) fn take_frame(options: &mut Draft) -> Result<Option<Frame>> {
    let frame = Wanted::of(options)?.scene().picture.frame()?;
    let given = ["size", "scale-factor"].map(|option| options.get(option)) != [None, None];
    options.set("size", None);
    options.set("scale-factor", None);
    Ok(given.then_some(frame))
}

/// Whether a file is opened as what its recipe says.
pub(crate) fn is_recipe(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("png") || e.eq_ignore_ascii_case("toml"))
}

/// Options that were understood.
pub(crate) struct Wanted(Asked);

impl Wanted {
    /// Reads the options of a recipe.
    ///
    /// # Errors
    /// [`Error::Usage`] for a value that an option cannot have.
    pub(crate) fn of(options: &Draft) -> Result<Self> {
        parse::of_draft(options).map(Self)
    }

    /// The options of the picture.
    pub(crate) fn scene(&self) -> &SceneArgs {
        match &self.0.cli.verb {
            Verb::Render(command) => &command.scene,
            _ => unreachable!("a window has options of render"),
        }
    }

    /// The options as a recipe, with the size of a picture of this frame.
    pub(crate) fn recipe(&self, frame: &Frame) -> Draft {
        let mut recipe = self.0.recipe.clone();
        let [width, height] = frame.size.map(|n| (f64::from(n) / frame.scale_factor).round());
        recipe.set("size", Some(format!("{width}x{height}")));
        recipe.set("scale-factor", (frame.scale_factor != 1.0).then(|| frame.scale_factor.to_string()));
        recipe
    }

    /// Draws a picture of this frame, or writes its recipe if `output` is no PNG.
    ///
    /// # Errors
    /// Those of [`SceneArgs::scene`], of drawing and of writing.
    pub(crate) fn save(
        &self,
        output: &Path,
        content: &Content,
        frame: &Frame,
        renderer: &mut Renderer,
        console: &Console,
    ) -> Result<()> {
        let input = input::path_of(&self.scene().points);
        atomic::check_writable(output, input.as_deref())?;
        let recipe = self.recipe(frame);
        let asked = parse::of_draft(&recipe)?;
        let scene = self.scene().scene(content, frame)?;
        if output.extension().is_some_and(|e| e.eq_ignore_ascii_case("png")) {
            let more = More { methods: content.methods(), preview: None };
            draw_with(output, input.as_deref(), renderer, &scene, frame, &asked, &more, console)?;
            return Ok(());
        }
        let text = recipe.text(&drawn(&scene, frame, renderer.gpu()));
        io::atomic::write(output, input.as_deref(), |file| file.write_all(text.as_bytes()))
    }
}

/// What moves in a movie of the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Motion {
    /// The picture turns once, in so many frames.
    Turn(u64),
    /// The frames of the input follow one another.
    Play(Together),
}

/// How many frames of the input a picture takes together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Together {
    /// So many around its own.
    Around(usize),
    /// All up to its own.
    UpTo,
}

/// How a movie of the window is written.
#[derive(Debug, Clone)]
pub(crate) struct MovieWish {
    /// The file; its name decides the format.
    pub(crate) output: PathBuf,
    /// What moves.
    pub(crate) motion: Motion,
    /// Frames a second.
    pub(crate) fps: f64,
}

/// Writes the movie that `densitas movie` writes of a recipe.
///
/// # Errors
/// Those of `densitas movie`.
pub(crate) fn movie(recipe: &Draft, wish: &MovieWish, adapter: &AdapterChoice, console: &Console) -> Result<()> {
    let mut options = recipe.clone();
    options.verb = "movie".to_owned();
    match wish.motion {
        Motion::Turn(frames) => {
            options.set("frames", Some(frames.to_string()));
            options.set("turn", Some("360".to_owned()));
        }
        Motion::Play(together) => {
            options.set("input-frames", None);
            options.set_flag("pool", false);
            if let Together::Around(frames) = together {
                options.set("average", (frames > 1).then(|| frames.to_string()));
            }
            options.set_flag("sum", together == Together::UpTo);
        }
    }
    options.set("fps", Some(wish.fps.to_string()));
    let asked = parse::of_draft_to(&options, &wish.output)?;
    match &asked.cli.verb {
        Verb::Movie(command) => movie::run(command, adapter, &asked, console),
        _ => unreachable!("the verb is that of a movie"),
    }
}

/// The command that writes what was asked for into a file, where no window can be opened.
pub(crate) fn headless(asked: &Asked, verb: &str, output: &str) -> String {
    let mut recipe = asked.recipe.clone();
    if verb == "render" {
        // A picture shows one of them.
        recipe.more.clear();
    }
    recipe.verb = verb.to_owned();
    let adapter = asked.cli.global.adapter.as_ref().map(|name| format!(" --adapter {}", quoted(name)));
    command_line(&recipe, output) + &adapter.unwrap_or_default()
}

/// A word as a shell takes it.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:,=%+@".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// The command that draws what a recipe says.
pub(crate) fn command_line(recipe: &Draft, output: &str) -> String {
    let mut words = vec![format!("densitas {}", recipe.verb)];
    match &recipe.input {
        Some(input) if !input.is_empty() => words.extend([input].into_iter().chain(&recipe.more).map(|i| quoted(i))),
        _ => words.push("FILE".to_owned()),
    }
    for (name, value) in &recipe.options {
        if value.as_bool() == Some(true) {
            words.push(format!("--{name}"));
        } else {
            words.extend(recipe.list(name).iter().map(|text| format!("--{name}={}", quoted(text))));
        }
    }
    words.push(format!("-o {output}"));
    words.join(" ")
}

/// What may be why a scene shows nothing, and what helps.
pub(crate) fn why_nothing(scene: &Scene) -> String {
    render::why_nothing(scene)
}

/// What is said of a scene before it is drawn: warnings, which are marked, and notes.
pub(crate) fn remarks(wanted: &Wanted, scene: &Scene, frame: &Frame) -> Vec<(bool, String)> {
    let args = wanted.scene();
    let warnings = remarks::warnings(args, scene).into_iter().map(|text| (true, text));
    warnings.chain(remarks::notes(args, scene, frame).into_iter().map(|text| (false, text))).collect()
}

/// What is said of the device that a picture was drawn on.
pub(crate) fn of_device(renderer: &Renderer) -> Vec<(bool, String)> {
    render::of_device(renderer).into_iter().map(|text| (true, text)).collect()
}

/// The scene of these options; here so that a window needs no more of the command line.
pub(crate) fn scene(wanted: &Wanted, content: &Content, frame: &Frame) -> Result<Scene> {
    wanted.scene().scene(content, frame)
}
