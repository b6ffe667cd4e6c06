//! Where things stand in the window, for programs that drive it by its input: with `DENSITAS_PLACES=FILE` the file has
//! a line for each, `NAME X0 Y0 X1 Y1` in points, blanks of names as `_`, and `AT_REST` once the picture is in full.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use egui::{Context, Id, Rect};

/// What tells that nothing is being done.
pub const AT_REST: &str = "AT_REST";

type Places = BTreeMap<String, Rect>;

static FILE: LazyLock<Option<PathBuf>> = LazyLock::new(|| std::env::var_os("DENSITAS_PLACES").map(PathBuf::from));

fn id(name: &str) -> Id {
    Id::unique(("places", name))
}

/// Something stands here in the frame that is laid out.
pub fn note(ctx: &Context, name: &str, rect: Rect) {
    if FILE.is_some() && !name.is_empty() {
        ctx.data_mut(|d| d.get_temp_mut_or_default::<Places>(id("now")).insert(name.replace(' ', "_"), rect));
    }
}

/// The frame is laid out: the file follows where it has changed.
pub fn tell(ctx: &Context) {
    let Some(file) = FILE.as_ref() else { return };
    let now: Places = ctx.data_mut(|d| std::mem::take(d.get_temp_mut_or_default(id("now"))));
    let is_new = ctx.data_mut(|d| {
        let told = d.get_temp_mut_or_default::<Places>(id("told"));
        let is_new = *told != now;
        told.clone_from(&now);
        is_new
    });
    if is_new {
        let line = |(name, r): (&String, &Rect)| format!("{name} {} {} {} {}\n", r.min.x, r.min.y, r.max.x, r.max.y);
        // Whoever asks for the file sees that it is not there.
        let _ = std::fs::write(file, now.iter().map(line).collect::<String>());
    }
}
