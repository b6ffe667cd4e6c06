//! Arguments to options: those of the command line and, behind them, those of a recipe.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches};
use toml::{Table, Value};

use super::recipe::{Draft, Recipe};
use super::scene_args::SceneArgs;
use super::{Cli, Verb};
use crate::error::{Error, Result};

/// The verbs that take `--recipe` and write recipes.
const VERBS: [&str; 4] = ["render", "heatmap", "movie", "view"];

/// A verb that follows the recipes of another: a window edits the options of a picture.
const FOLLOWS: [(&str, &str); 1] = [("view", "render")];

/// Options that name files rather than decide what is in them.
pub const NOT_IN_RECIPES: [&str; 5] = ["output", "recipe", "explain", "resume", "show"];

/// Options that say anew what others of a recipe say too, without being in conflict with them.
const SUPERSEDES: [(&str, &[&str]); 1] = [("limits", &["vmin", "vmax"])];

/// Options with any number of values, which end at the next option.
const ENDED_BY_OPTIONS: [&str; 2] = ["merge", "periodic"];

/// What was asked for.
pub struct Asked {
    /// The options.
    pub cli: Cli,
    /// What repeats it.
    pub recipe: Draft,
    /// What the recipe came to when it was written, if nothing but it decides.
    pub expected: Option<Table>,
}

/// Why there is nothing to do.
pub enum Stop {
    /// Help, version, or wrong usage.
    Clap(clap::Error),
    /// A wrong recipe.
    Error(Error),
}

impl From<clap::Error> for Stop {
    fn from(error: clap::Error) -> Self {
        Self::Clap(error)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// The whole command line.
pub fn command() -> Command {
    let recipe = || {
        Arg::new("recipe")
            .long("recipe")
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help("Take input and options from a recipe or a PNG; what is given here wins")
            .help_heading("Picture")
    };
    let mut command = Cli::command().mut_subcommands(|verb| verb.mut_args(lenient));
    for name in VERBS {
        command = command.mut_subcommand(name, |verb| verb.arg(recipe()));
    }
    // A window may begin empty.
    command
        .mut_subcommand("view", |verb| verb.mut_arg("input", |input| input.required(false).default_value("").index(1)))
}

/// The options of a recipe that is being edited.
///
/// # Errors
/// [`Error::Usage`] for a value that an option cannot have.
pub fn of_draft(draft: &Draft) -> Result<Asked> {
    of_draft_to(draft, Path::new("window.png"))
}

/// As [`of_draft`], with the file to write.
///
/// # Errors
/// As [`of_draft`].
pub fn of_draft_to(draft: &Draft, output: &Path) -> Result<Asked> {
    let mut to = OsString::from("--output=");
    to.push(output);
    let mut arguments: Vec<OsString> = vec!["densitas".into(), (&draft.verb).into(), to];
    for name in draft.options.keys() {
        arguments.extend(draft.list(name).iter().map(|text| OsString::from(format!("--{name}={text}"))));
    }
    arguments.extend(["--".into(), draft.input.clone().unwrap_or_default().into()]);
    let found = command().try_get_matches_from(&arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = found.map_err(|error| Error::Usage(first_line(&error)))?;
    let mut asked = Asked { cli, recipe: draft.clone(), expected: None };
    asked.understand()?;
    Ok(asked)
}

/// The options of a picture's scene.
///
/// # Errors
/// As [`of_draft`].
pub fn scene_of_draft(draft: &Draft) -> Result<SceneArgs> {
    match of_draft(draft)?.cli.verb {
        Verb::Render(command) => Ok(command.scene),
        _ => Err(Error::Usage(format!("`{}` draws no scene; use render", draft.verb))),
    }
}

/// What words of a verb's options give; an input may be among them.
///
/// # Errors
/// [`Error::Usage`] for words that are no options.
pub fn draft_of_words(verb: &str, words: &[String]) -> Result<Draft> {
    let mut arguments: Vec<OsString> = vec!["densitas".into(), verb.into(), "--output=window.png".into()];
    if verb == "view" {
        arguments.pop();
    }
    arguments.extend(words.iter().map(OsString::from));
    let matches = without_input().try_get_matches_from(joined(arguments));
    let matches = matches.map_err(|error| Error::Usage(first_line(&error)))?;
    Ok(matches.subcommand().map_or_else(|| Draft::new(verb), |(name, verb)| draft(name, verb)))
}

/// Puts the options of a draft in the place of those of another, and of all that say the same.
pub fn replace(options: &mut Draft, by: &Draft) {
    let command = command();
    let conflicts = |name: &String| -> Vec<String> {
        let Some(verb) = command.find_subcommand(&options.verb) else { return Vec::new() };
        let Some(arg) = verb.get_arguments().find(|arg| arg.get_long() == Some(name)) else { return Vec::new() };
        verb.get_arg_conflicts_with(arg).iter().filter_map(|a| a.get_long().map(str::to_owned)).collect()
    };
    let gone: Vec<String> = by.options.keys().flat_map(conflicts).collect();
    options.options.retain(|name, _| !gone.contains(name));
    options.options.extend(by.options.iter().map(|(name, value)| (name.clone(), value.clone())));
}

impl Asked {
    /// Understands the options within options.
    fn understand(&mut self) -> Result<()> {
        let scene = match &mut self.cli.verb {
            Verb::Render(command) => &mut command.scene,
            Verb::View(command) => &mut command.scene,
            Verb::Movie(command) => &mut command.scene,
            _ => return Ok(()),
        };
        scene.further.understand(&self.recipe)
    }
}

fn first_line(error: &clap::Error) -> String {
    let whole = error.to_string();
    whole.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// The command line whose inputs may be left out.
fn without_input() -> Command {
    let optional = |verb: Command| verb.mut_args(|a| if a.is_positional() { a.required(false) } else { a });
    VERBS.iter().fold(command(), |all, verb| all.mut_subcommand(verb, optional))
}

impl Draft {
    /// What an option is given as.
    pub fn get(&self, option: &str) -> Option<String> {
        self.options.get(option).and_then(text)
    }

    /// All that a repeated option is given as.
    pub fn list(&self, option: &str) -> Vec<String> {
        let Some(value) = self.options.get(option) else { return Vec::new() };
        value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter().filter_map(text).collect()
    }

    /// Gives an option, or takes it back to its default.
    pub fn set(&mut self, option: &str, given: Option<String>) {
        match given {
            Some(text) => self.options.insert(option.to_owned(), value(&text)),
            None => self.options.remove(option),
        };
    }

    /// Gives a repeated option.
    pub fn set_list(&mut self, option: &str, given: &[String]) {
        match given {
            [] => self.options.remove(option),
            [one] => self.options.insert(option.to_owned(), value(one)),
            many => {
                let values = many.iter().map(|t| value(t)).collect();
                self.options.insert(option.to_owned(), Value::Array(values))
            }
        };
    }

    /// Turns a flag on, or off again.
    pub fn set_flag(&mut self, option: &str, on: bool) {
        match on {
            true => self.options.insert(option.to_owned(), Value::Boolean(true)),
            false => self.options.remove(option),
        };
    }
}

/// What a flag may be followed by.
fn on_off(text: &str) -> std::result::Result<bool, String> {
    match text.to_lowercase().as_str() {
        "on" | "true" | "yes" | "1" => Ok(true),
        "off" | "false" | "no" | "0" => Ok(false),
        _ => Err("write on or off".into()),
    }
}

/// Values may begin with a hyphen (`--bounds -1,1,-1,1,-1,1`), and a flag can be turned off again
/// (`--reverse=off`), as a recipe may have turned it on.
fn lenient(arg: Arg) -> Arg {
    match arg.get_action() {
        _ if arg.is_positional() || ENDED_BY_OPTIONS.contains(&arg.get_id().as_str()) => arg,
        ArgAction::SetTrue => arg
            .action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("on")
            .default_value("off")
            .hide_default_value(true)
            .hide_possible_values(true)
            .value_name("on|off")
            .value_parser(on_off),
        action => {
            let takes_value = action.takes_values();
            arg.allow_hyphen_values(takes_value)
        }
    }
}

/// The arguments, with a value that stands after an option that takes it behind `=` alone put there: `--ortho on`,
/// `--fade-noise 3`. An input of such a name is written `./on`.
fn joined(arguments: Vec<OsString>) -> Vec<OsString> {
    let command = command();
    let Some(verb) = arguments.iter().find_map(|name| command.find_subcommand(name)) else { return arguments };
    let takes = |option: &str, value: &str| {
        let option =
            option.strip_prefix("--").and_then(|long| verb.get_arguments().find(|a| a.get_long() == Some(long)));
        option.is_some_and(|arg| arg.is_require_equals_set())
            && (matches!(value, "on" | "off") || value.parse::<f64>().is_ok())
    };
    let end = arguments.iter().position(|a| a == "--").unwrap_or(arguments.len());
    let mut all: Vec<OsString> = Vec::with_capacity(arguments.len());
    for (at, argument) in arguments.into_iter().enumerate() {
        let before = all.last().and_then(|last| last.to_str()).unwrap_or_default();
        match argument.to_str() {
            Some(value) if at < end && takes(before, value) => {
                let both = format!("{before}={value}");
                all.pop();
                all.push(both.into());
            }
            _ => all.push(argument),
        }
    }
    all
}

/// Reads the arguments, the first of which is the program's name.
pub fn parse(arguments: Vec<OsString>) -> std::result::Result<Asked, Stop> {
    let mut arguments = joined(arguments);
    // With a recipe the input may be left out; without, the second reading asks for it.
    let mut given = without_input();
    let matches = given.try_get_matches_from_mut(&arguments)?;
    let found = matches.subcommand().and_then(|(name, verb)| Some((name, verb, recipe_of(verb)?)));
    let mut recipe = None;
    if let Some((name, verb, path)) = found {
        let read = Recipe::read(path)?;
        let added = behind(&read, name, verb)?;
        if read.verb.get_ref() != name && !FOLLOWS.contains(&(name, read.verb.get_ref())) {
            let problem =
                format!("this is a recipe of `{0}`, not `{name}`; use densitas {0} --recipe", read.verb.get_ref());
            return Err(read.error(&read.verb.span(), problem).into());
        }
        let input_given = is_given(verb, "input");
        if !input_given && read.input.is_none() {
            return Err(Error::Usage(format!("{}: the recipe names no input; give INPUT", path.display())).into());
        }
        let alone = !input_given && !in_recipes(name).iter().any(|arg| is_given(verb, arg.get_id().as_str()));
        let inputs = read.input.iter().chain(&read.more).filter(|_| !input_given);
        add(&mut arguments, added, &inputs.collect::<Vec<_>>());
        recipe = Some((read, alone));
    }
    let matches = command().try_get_matches_from(&arguments).map_err(|error| match &recipe {
        Some((recipe, _)) => of_recipe(recipe, error),
        None => error.into(),
    })?;
    let draft = matches.subcommand().map_or_else(|| Draft::new(""), |(name, verb)| draft(name, verb));
    let expected = recipe.filter(|(_, alone)| *alone).map(|(recipe, _)| recipe.drawn);
    let mut asked = Asked { cli: Cli::from_arg_matches(&matches)?, recipe: draft, expected };
    asked.understand()?;
    Ok(asked)
}

fn recipe_of(verb: &ArgMatches) -> Option<&PathBuf> {
    verb.try_get_one("recipe").ok().flatten()
}

fn is_given(verb: &ArgMatches, id: &str) -> bool {
    verb.try_contains_id(id).is_ok_and(|known| known)
        && verb.value_source(id) == Some(clap::parser::ValueSource::CommandLine)
}

/// The long names of the options of a verb that recipes hold.
pub fn options_of(verb: &str) -> Vec<String> {
    in_recipes(verb).iter().filter_map(|arg| arg.get_long().map(str::to_owned)).collect()
}

/// The options of a verb that recipes hold.
fn in_recipes(verb: &str) -> Vec<Arg> {
    let command = command();
    let arguments = command.find_subcommand(verb).into_iter().flat_map(Command::get_arguments);
    let kept = arguments.filter(|a| a.get_long().is_some() && !NOT_IN_RECIPES.contains(&a.get_id().as_str()));
    kept.cloned().collect()
}

/// The arguments that a recipe adds to those given.
fn behind(recipe: &Recipe, verb: &str, given: &ArgMatches) -> Result<Vec<OsString>> {
    let options = in_recipes(verb);
    let theirs = in_recipes(recipe.verb.get_ref());
    if theirs.is_empty() {
        let problem = format!("`{}` is no verb that draws; known are {}", recipe.verb.get_ref(), VERBS.join(", "));
        return Err(recipe.error(&recipe.verb.span(), problem));
    }
    let replaced = replaced(verb, given);
    let mut added = Vec::new();
    for (name, value) in &recipe.options {
        let is_named = |arg: &&Arg| arg.get_long() == Some(name);
        let Some(arg) = options.iter().find(is_named) else {
            if theirs.iter().any(|arg| is_named(&arg)) {
                continue;
            }
            let problem = format!("there is no option `{name}`; `densitas {verb} --help` lists them");
            return Err(recipe.error(&value.span(), problem));
        };
        if is_given(given, arg.get_id().as_str()) || replaced.contains(&arg.get_id().to_string()) {
            continue;
        }
        let found = match (value.get_ref(), arg.get_action()) {
            (Value::Array(values), ArgAction::Append) => values.iter().map(text).collect::<Option<Vec<_>>>(),
            (value, _) => text(value).map(|text| vec![text]),
        };
        let texts = found.ok_or_else(|| {
            recipe.error(&value.span(), format!("`{name}` must be a text, a number or true or false"))
        })?;
        added.extend(texts.into_iter().map(|text| format!("--{name}={text}").into()));
    }
    Ok(added)
}

/// The options that those given on the command line leave no place for.
fn replaced(verb: &str, given: &ArgMatches) -> Vec<String> {
    let command = command();
    let Some(command) = command.find_subcommand(verb) else { return Vec::new() };
    let mut replaced = Vec::new();
    for arg in command.get_arguments() {
        let id = arg.get_id().to_string();
        for other in command.get_arg_conflicts_with(arg).iter().map(|a| a.get_id().to_string()) {
            if is_given(given, &id) {
                replaced.push(other);
            } else if is_given(given, &other) {
                replaced.push(id.clone());
            }
        }
    }
    for (id, others) in SUPERSEDES {
        if is_given(given, id) {
            replaced.extend(others.iter().map(|&other| other.to_owned()));
        }
    }
    replaced
}

/// Puts options where they are read as options, and the inputs at the end.
fn add(arguments: &mut Vec<OsString>, options: Vec<OsString>, inputs: &[&String]) {
    let end_of_options = arguments.iter().position(|a| a == "--");
    let at = end_of_options.unwrap_or(arguments.len());
    arguments.splice(at..at, options);
    if !inputs.is_empty() && end_of_options.is_none() {
        arguments.push("--".into());
    }
    arguments.extend(inputs.iter().map(|input| input.into()));
}

/// A value of a recipe as it stands on a command line.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(on) => Some(if *on { "on" } else { "off" }.to_owned()),
        Value::Array(_) | Value::Table(_) | Value::Datetime(_) => None,
    }
}

/// A value of the command line as it stands in a recipe: a number where nothing is lost by that.
fn value(text: &str) -> Value {
    let candidates = [text.parse().ok().map(Value::Integer), text.parse().ok().map(Value::Float)];
    let exact = candidates.into_iter().flatten().find(|v| self::text(v).as_deref() == Some(text));
    exact.filter(|v| v.as_float().is_none_or(f64::is_finite)).unwrap_or_else(|| Value::String(text.to_owned()))
}

/// What repeats these options.
fn draft(name: &str, verb: &ArgMatches) -> Draft {
    let mut draft = Draft::new(name);
    let raw = |id: &str| verb.try_get_raw(id).ok().flatten().into_iter().flatten();
    let inputs: Option<Vec<String>> = raw("input").chain(raw("more")).map(|v| Some(v.to_str()?.to_owned())).collect();
    let mut inputs = inputs.unwrap_or_default().into_iter();
    (draft.input, draft.more) = (inputs.next(), inputs.collect());
    for arg in in_recipes(name) {
        let (id, long) = (arg.get_id().as_str(), arg.get_long().unwrap_or_default());
        if !is_given(verb, id) {
            continue;
        }
        let given = match verb.try_get_one::<bool>(id) {
            Ok(Some(on)) => Value::Boolean(*on),
            _ => {
                let mut values: Vec<Value> = raw(id).map(|v| value(&v.to_string_lossy())).collect();
                if values.len() == 1 { values.remove(0) } else { Value::Array(values) }
            }
        };
        draft.options.insert(long.to_owned(), given);
    }
    draft
}

/// An error of clap about a value that stands in the recipe, with its line.
fn of_recipe(recipe: &Recipe, error: clap::Error) -> Stop {
    use clap::error::{ContextKind, ContextValue};
    use std::error::Error as _;
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return error.into() };
    let name = option.trim_start_matches('-').split([' ', '=', '[']).next().unwrap_or_default();
    let Some(value) = recipe.options.get(name) else { return error.into() };
    let reason = error.source().map_or(first_line(&error), |source| format!("{name}: {source}"));
    let verb = recipe.verb.get_ref();
    recipe.error(&value.span(), format!("{reason}; `densitas {verb} --help` describes it")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }

    /// Catches: a value taken for the input, an input taken for a value.
    #[test]
    fn a_flag_takes_its_value_with_and_without_an_equals_sign() {
        let joined = |text: &str| {
            let all = joined(text.split(' ').map(OsString::from).collect());
            all.into_iter().map(|a| a.into_string().unwrap()).collect::<Vec<_>>().join(" ")
        };
        for (given, read) in [
            ("d render --ortho on a.csv --gizmo off", "d render --ortho=on a.csv --gizmo=off"),
            ("d render --fade-noise 3 a.csv", "d render --fade-noise=3 a.csv"),
            ("d heatmap --mass-axis a.csv on", "d heatmap --mass-axis a.csv on"),
            ("d render --axes on --ortho -- on", "d render --axes on --ortho -- on"),
            ("d --help on", "d --help on"),
        ] {
            assert_eq!(joined(given), read);
        }
    }

    #[test]
    fn values_come_back_as_they_were() {
        for text in
            ["2", "-3", "0.1", "1e-6", "007", "1.50", "nan", "inf", "1e400", "0.30000000000000004", "", "on", "1,2"]
        {
            assert_eq!(self::text(&value(text)).unwrap(), text);
        }
        assert_eq!(value("2"), Value::Integer(2));
        assert_eq!(value("0.1"), Value::Float(0.1));
        assert!(value("1.50").is_str() && value("inf").is_str());
    }
}
