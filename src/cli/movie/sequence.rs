//! Going on with a sequence of PNG files.

use std::path::Path;

use crate::cli::console::Console;
use crate::cli::recipe::{Draft, Recipe};
use crate::error::{Error, Result};
use crate::{io, movie};

/// Options that do not decide what a frame shows.
const WHICH: [&str; 3] = ["only", "artist", "comment"];

/// Number of frames of a sequence that are there, whole and of this movie, from the first on without a gap.
/// None may be older than the input.
pub fn frames_there(
    output: &Path,
    frames: u64,
    [w, h]: [u32; 2],
    recipe: &Draft,
    input: Option<&Path>,
    console: &Console,
) -> Result<u64> {
    let date = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
    let changed = input.and_then(date);
    for k in 0..frames {
        let path = movie::frame_path(output, k).ok_or_else(|| {
            let file = output.display();
            Error::Usage(format!("{file}: --resume goes on with PNG files; name the output F%04d.png or a folder"))
        })?;
        if !path.exists() {
            return Ok(k);
        }
        let Ok((size, _)) = io::png::read(&path) else {
            console.note(&format!("{}: is cut or no PNG, and is drawn again", path.display()));
            return Ok(k);
        };
        let wrong = |problem: String| Err(Error::input(path.display().to_string(), problem));
        if size != [w, h] {
            return wrong(format!("is {} x {} pixels, the movie {w} x {h}; give its --size", size[0], size[1]));
        }
        if changed.is_some_and(|changed| date(&path).is_some_and(|drawn| drawn < changed)) {
            return wrong("was drawn before the input was changed last; leave out --resume to draw all anew".into());
        }
        let theirs = Recipe::read(&path).ok();
        let number = |theirs: &Recipe| theirs.options.get("only").and_then(|n| n.get_ref().as_integer());
        let is_other = |theirs: &Recipe| number(theirs).is_some_and(|n| u64::try_from(n) != Ok(k));
        if theirs.as_ref().is_some_and(is_other) {
            return wrong(format!("is another frame than {k} by its recipe; remove it, or leave out --resume"));
        }
        if !theirs.is_some_and(|theirs| is_same_movie(theirs, recipe)) {
            return wrong(
                "is of another movie: it was drawn by other options; give those, or leave out --resume".into(),
            );
        }
    }
    Ok(frames)
}

fn is_same_movie(theirs: Recipe, ours: &Draft) -> bool {
    let decides = |name: &&String| !WHICH.contains(&name.as_str());
    let theirs_options = theirs.options.iter().filter(|(n, _)| decides(n)).map(|(n, v)| (n, v.get_ref()));
    let ours_options = ours.options.iter().filter(|(n, _)| decides(n));
    *theirs.verb.get_ref() == ours.verb && theirs.input == ours.input && theirs_options.eq(ours_options)
}
