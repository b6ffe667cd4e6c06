//! Folders and what is in them, for the window's own way to open files. A dialog of the desktop would need GTK or a portal
//! service, which machines that show windows over the network have seldom.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// What is in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Without its folder.
    pub name: String,
    /// Whether it is a folder itself.
    pub is_folder: bool,
    /// Bytes of a file.
    pub size: u64,
}

/// What is in a folder: folders first, each by name. Names that are no Unicode cannot be typed and are left out.
///
/// # Errors
/// [`Error::Input`] if it cannot be read.
pub fn list(folder: &Path) -> Result<Vec<Entry>> {
    let wrong = |e: std::io::Error| Error::input(folder.display().to_string(), e.to_string());
    let mut found: Vec<Entry> = std::fs::read_dir(folder).map_err(wrong)?.flatten().filter_map(entry).collect();
    found.sort_by_cached_key(|entry| (!entry.is_folder, entry.name.to_lowercase()));
    Ok(found)
}

fn entry(found: std::fs::DirEntry) -> Option<Entry> {
    // Of what a link leads to.
    let about = std::fs::metadata(found.path()).ok()?;
    let name = found.file_name().into_string().ok()?;
    Some(Entry { name, is_folder: about.is_dir(), size: about.len() })
}

/// The folder that a typed path names, with its last separator, and the beginning of a name in it.
pub fn split(typed: &str) -> (&str, &str) {
    let at = typed.rfind(std::path::is_separator).map_or(0, |at| at + 1);
    typed.split_at(at)
}

/// A typed path as the system takes it: `~` is the user's folder.
pub fn path_of(typed: &str) -> PathBuf {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"));
    match (typed.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with(std::path::is_separator)), home) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest.trim_start_matches(std::path::is_separator)),
        _ => Path::new(if typed.is_empty() { "." } else { typed }).to_owned(),
    }
}

/// Those whose names begin as typed, or contain it if none does, large letters as small ones; hidden ones only if asked for.
pub fn matching<'a>(entries: &'a [Entry], typed: &str) -> Vec<&'a Entry> {
    let typed_small = typed.to_lowercase();
    let is_shown = |entry: &&Entry| !entry.name.starts_with('.') || typed.starts_with('.');
    let begins = |entry: &&Entry| entry.name.to_lowercase().starts_with(&typed_small);
    let contains = |entry: &&Entry| entry.name.to_lowercase().contains(&typed_small);
    let found: Vec<&Entry> = entries.iter().filter(is_shown).filter(begins).collect();
    if found.is_empty() { entries.iter().filter(is_shown).filter(contains).collect() } else { found }
}

/// What has been typed, completed as far as all that match it agree; a folder alone with its separator.
pub fn completed(matches: &[&Entry], typed: &str) -> String {
    let Some(first) = matches.first() else { return typed.to_owned() };
    if let [only] = matches {
        return if only.is_folder { format!("{}/", only.name) } else { only.name.clone() };
    }
    let agrees = |n: usize| {
        let begin: String = first.name.chars().take(n).flat_map(char::to_lowercase).collect();
        matches.iter().all(|entry| entry.name.to_lowercase().starts_with(&begin))
    };
    let letters = first.name.chars().count();
    let common = (0..=letters).rev().find(|n| agrees(*n)).unwrap_or(0);
    let common: String = first.name.chars().take(common).collect();
    if common.chars().count() > typed.chars().count() { common } else { typed.to_owned() }
}

/// A size as people say it.
pub fn size_text(bytes: u64) -> String {
    let [kilo, mega, giga] = [1e3, 1e6, 1e9];
    match bytes as f64 {
        b if b < kilo => format!("{bytes} B"),
        b if b < mega => format!("{:.0} kB", b / kilo),
        b if b < giga => format!("{:.1} MB", b / mega),
        b => format!("{:.1} GB", b / giga),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Vec<Entry> {
        let entry = |name: &&str| Entry {
            name: name.trim_end_matches('/').to_owned(),
            is_folder: name.ends_with('/'),
            size: 0,
        };
        names.iter().map(entry).collect()
    }

    /// Catches: a completion that leaves the folder, and one that types more than all names have.
    #[test]
    fn typed_paths_are_completed_as_far_as_names_agree() {
        let all = of(&["data/", "Data2/", "locs_a.csv", "locs_b.csv", ".hidden", "my_locs.txt"]);
        let done = |typed: &str| completed(&matching(&all, typed), typed);
        assert_eq!(
            [done("lo"), done("d"), done("data2"), done("q"), done(".h")],
            ["locs_", "data", "Data2/", "q", ".hidden"]
        );
        // Nothing begins so, but one contains it.
        assert_eq!(done("_locs"), "my_locs.txt");
        assert_eq!(matching(&all, "").len(), 5);
        assert_eq!(split("/tmp/a/b"), ("/tmp/a/", "b"));
        assert_eq!((split("b"), split("/")), (("", "b"), ("/", "")));
        assert_eq!(path_of("/x/y"), Path::new("/x/y"));
        assert_eq!(path_of("~x"), Path::new("~x"));
        assert_eq!(path_of(""), Path::new("."));
    }

    #[test]
    fn folders_come_first_and_sizes_are_rounded() {
        let folder = std::env::temp_dir().join(format!("densitas-browse-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("z")).unwrap();
        std::fs::write(folder.join("B.csv"), "1").unwrap();
        std::fs::write(folder.join("a.csv"), "12").unwrap();
        let found = list(&folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let names: Vec<(&str, bool)> = found.iter().map(|e| (e.name.as_str(), e.is_folder)).collect();
        assert_eq!(names, [("z", true), ("a.csv", false), ("B.csv", false)]);
        assert_eq!(
            (size_text(2), size_text(123_456), size_text(2_340_000_000)),
            ("2 B".into(), "123 kB".into(), "2.3 GB".into())
        );
        assert!(list(&folder).unwrap_err().to_string().contains("densitas-browse"));
    }
}
