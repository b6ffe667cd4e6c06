//! Modules import downward only.

use std::path::Path;

/// The level of each module of the library; a module may use those of its own level and below.
const LEVELS: &[(&str, u8)] = &[
    ("error", 0),
    ("progress", 0),
    ("memory", 0),
    ("geometry", 0),
    ("points", 1),
    ("grid", 1),
    ("color", 1),
    ("gpu", 1),
    ("kde", 2),
    ("io", 2),
    ("sample", 2),
    ("surface", 2),
    ("trace", 2),
    ("scene", 3),
    ("annotate", 4),
    ("html", 4),
    ("render", 5),
    ("explain", 5),
    ("movie", 6),
    ("cli", 7),
    ("app", 8),
];

fn level(module: &str) -> u8 {
    LEVELS.iter().find(|(name, _)| *name == module).unwrap_or_else(|| panic!("module {module} has no level")).1
}

fn visit(folder: &Path, module: Option<&str>, found: &mut usize) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let module = module.map_or(stem, str::to_owned);
        if path.is_dir() {
            visit(&path, Some(&module), found);
        } else if module != "lib" && module != "main" {
            check(&path, &module, found);
        }
    }
}

fn check(path: &Path, module: &str, found: &mut usize) {
    let text = std::fs::read_to_string(path).unwrap();
    for (number, line) in text.lines().enumerate() {
        for (at, _) in line.match_indices("crate::") {
            // `crate::{a, b}` names several modules, `crate::a` one.
            let rest = &line[at + 7..];
            let names = rest.strip_prefix('{').map_or(rest, |group| group.split('}').next().unwrap());
            let words = if rest.starts_with('{') { names.split(',').collect() } else { vec![names] };
            for word in words {
                let used = word.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
                *found += 1;
                assert_downward(path, number + 1, module, used);
            }
        }
    }
}

fn assert_downward(path: &Path, line: usize, module: &str, used: &str) {
    let (own, other) = (level(module), level(used));
    assert!(other <= own, "{}:{line}: `{module}` (level {own}) uses `{used}` (level {other})", path.display());
}

#[test]
fn modules_import_downward_only() {
    let mut found = 0;
    visit(Path::new("src"), None, &mut found);
    assert!(found > 50, "the check saw only {found} imports");
}
