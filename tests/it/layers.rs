//! Modules import downward only.

use std::path::Path;

/// The level of each module of the library; a module may use those of its own level and below.
const LEVELS: &[(&str, u8)] = &[
    ("error", 0),
    ("progress", 0),
    ("geometry", 0),
    ("points", 1),
    ("grid", 1),
    ("color", 1),
    ("gpu", 1),
    ("kde", 2),
    ("io", 2),
    ("sample", 2),
    ("scene", 3),
    ("annotate", 4),
    ("render", 5),
    ("cli", 6),
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
            let used: String = line[at + 7..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            *found += 1;
            assert!(
                level(&used) <= level(module),
                "{}:{}: `{module}` (level {}) uses `{used}` (level {})",
                path.display(),
                number + 1,
                level(module),
                level(&used)
            );
        }
    }
}

#[test]
fn modules_import_downward_only() {
    let mut found = 0;
    visit(Path::new("src"), None, &mut found);
    assert!(found > 50, "the check saw only {found} imports");
}
