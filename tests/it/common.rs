//! What several tests share.

use std::path::PathBuf;

/// The folder of real test data, from the variable `DENSITAS_TEST_DATA`; prints SKIPPED and gives
/// `None` if it is unset. A variable that names no folder fails the test.
#[allow(dead_code)]
pub fn test_data() -> Option<PathBuf> {
    let Some(root) = std::env::var_os("DENSITAS_TEST_DATA").map(PathBuf::from) else {
        eprintln!("SKIPPED: DENSITAS_TEST_DATA is unset");
        return None;
    };
    // Cargo runs tests in the package's folder, so a relative path is relative to it.
    assert!(
        root.join("data/manifest.json").is_file(),
        "DENSITAS_TEST_DATA={} holds no data/manifest.json",
        root.display()
    );
    Some(root)
}
