//! What a handler of Ctrl-C does to files that are being written.

use std::fs;
use std::io::Write;

use densitas::io::atomic::{AtomicFile, commit_together, interrupt, remove_unfinished};

#[test]
fn unfinished_files_are_removed_and_finished_ones_stay() {
    // The registry belongs to the process: other tests that write would lose their files.
    if std::env::var_os("DENSITAS_INTERRUPT_TEST").is_none() {
        let program = std::env::current_exe().unwrap();
        let name = "interrupt::unfinished_files_are_removed_and_finished_ones_stay";
        let status = std::process::Command::new(program)
            .args(["--exact", name, "--nocapture"])
            .env("DENSITAS_INTERRUPT_TEST", "1")
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&status.stdout).into_owned();
        assert!(status.status.success() && output.contains("1 passed"), "{output}");
        return;
    }
    let folder = std::env::temp_dir().join(format!("densitas-interrupt-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("out");
    fs::write(&path, "old").unwrap();
    let mut done = AtomicFile::create(&folder.join("done"), None).unwrap();
    done.write_all(b"done").unwrap();
    done.commit().unwrap();
    let mut file = AtomicFile::create(&path, None).unwrap();
    file.write_all(&[1; 100_000]).unwrap();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 3);
    remove_unfinished();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert!(file.commit().is_err());
    // Of two that belong together both appear or, once the program is interrupted, none.
    let pair = |text: &str| {
        let mut files = ["a", "b"].map(|name| AtomicFile::create(&folder.join(name), None).unwrap());
        files.iter_mut().for_each(|file| file.write_all(text.as_bytes()).unwrap());
        commit_together(files.into())
    };
    pair("whole").unwrap();
    interrupt();
    assert_eq!(pair("late").unwrap_err().exit_code(), 130);
    assert!(["a", "b"].iter().all(|name| fs::read(folder.join(name)).unwrap() == b"whole"));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 4);
    fs::remove_dir_all(folder).unwrap();
}
