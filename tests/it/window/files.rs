//! Files that are opened by hand, and those that are written.

use super::{Stage, can_show};
#[cfg(target_os = "linux")]
use super::{drop::drop_files, slips::trajectory};

fn names(stage: &Stage) -> Vec<String> {
    let files = std::fs::read_dir(&stage.folder).unwrap();
    files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// Catches: a window that is filled only from outside, and one that loses what is open for a file that cannot be read.
#[test]
fn a_file_is_opened_by_hand() {
    if !can_show() {
        return;
    }
    let row = |i: i32| format!("{},{},{}", i % 5, i % 7, i % 3);
    let points = format!("x,y,z\n{}\n", (0..40).map(row).collect::<Vec<_>>().join("\n"));
    let files = [("points.csv", points), ("posted.pdb", "<html>not found</html>\n".to_owned())];
    let mut stage = Stage::of_verb("by-hand", [900, 640], &["view"], &files);
    stage.place("Open_a_file", [0.5, 0.5]);
    // The first frames of a window come before all that is pressed reaches it.
    stage.wait_for("the dialog", |stage| {
        if !stage.shows("path") {
            stage.click("Open_a_file", [0.5, 0.5]);
        }
        stage.shows("path")
    });
    stage.place("points.csv", [0.5, 0.5]);
    stage.xdotool("type --delay 30 poi");
    stage.xdotool("key Tab key Return");
    stage.screen_at_rest();
    assert!(stage.recipe("points.toml").contains("points.csv"));
    // A click chooses, and what cannot be read leaves all as it was; its name can be mended.
    stage.xdotool("key ctrl+o");
    stage.click("posted.pdb", [0.2, 0.5]);
    stage.click("open_it", [0.5, 0.5]);
    stage.wait_for("the reason", |stage| stage.shows("refused") && stage.shows("path") && stage.shows("AT_REST"));
    stage.xdotool("key BackSpace");
    stage.wait_for("the end of the reason", |stage| !stage.shows("refused") && stage.shows("path"));
    // Letters that follow a wrong name are no keys.
    stage.xdotool("type --delay 30 xyz");
    stage.xdotool("key Return");
    stage.wait_for("the reason", |stage| stage.shows("refused") && stage.shows("path"));
    stage.xdotool("type --delay 30 xyz");
    stage.xdotool("key Escape");
    stage.wait_for("the end of the dialog", |stage| !stage.shows("path"));
    let recipe = stage.recipe("points.toml");
    assert!(recipe.contains("points.csv") && !recipe.contains("camera-position"), "{recipe}");
    stage.xdotool("key ctrl+o");
    stage.place("path", [0.5, 0.5]);
    stage.xdotool("key Escape");
    stage.wait_for("the end of the dialog", |stage| !stage.shows("path"));
    stage.quit();
}

/// Catches: a large picture that holds up the window or cannot be stopped, and a file that is no picture by its name.
#[test]
fn a_large_picture_is_written_beside_the_window() {
    if !can_show() {
        return;
    }
    let mut stage = Stage::open("large", [900, 1000], &["sample:founding", "--grid", "64"]);
    stage.screen_at_rest();
    for section in ["Data", "What_is_drawn", "Colours_and_opacity", "Page_and_files"] {
        stage.click(section, [0.5, 0.5]);
    }
    for share in [0.1, 0.45] {
        stage.click("pixels", [share, 0.5]);
        stage.xdotool("key ctrl+a");
        stage.xdotool("type --delay 30 9000");
        stage.xdotool("key Return sleep 0.3");
    }
    stage.click("Save_the_picture", [0.5, 0.5]);
    stage.place("Stop", [0.5, 0.5]);
    // The picture follows the hand meanwhile.
    stage.xdotool("mousemove 250 400 key x");
    stage.option("founding.toml", "camera-position");
    stage.wait_for("a picture", |stage| stage.shows("AT_REST"));
    assert!(stage.shows("Stop"), "it is written already");
    stage.xdotool("key Escape");
    stage.wait_for("the end", |stage| !stage.shows("Stop"));
    assert!(!names(&stage).iter().any(|name| name.contains("png")), "{:?}", names(&stage));
    stage.click("name_of_the_picture", [0.9, 0.5]);
    stage.xdotool("key ctrl+a");
    stage.xdotool("type --delay 30 out.jpg");
    stage.click("Save_the_picture", [0.5, 0.5]);
    assert!(!names(&stage).contains(&"out.jpg".to_owned()));
    stage.quit();
}

/// Catches: a dropped picture that is restored at another size, as where a time bar takes from it, or that is not saved as it was.
#[cfg(target_os = "linux")]
#[test]
fn a_picture_that_is_dropped_is_gone_on_from() {
    if !can_show() {
        return;
    }
    let mut stage = Stage::of_verb("dropped", [1200, 800], &["view"], &[("helix.gro", trajectory())]);
    let options = "helix.gro --grid 20 --view x --size 500x400 --adapter software --quiet -o made.png";
    let arguments = ["render"].into_iter().chain(options.split(' '));
    let drawn = std::process::Command::new(super::PROGRAM).args(arguments).current_dir(&stage.folder).status();
    assert!(drawn.unwrap().success());
    let (window, made) = (stage.window(), stage.folder.join("made.png"));
    drop_files(&stage.display, window, &[&made]);
    stage.screen_at_rest();
    stage.xdotool("key s");
    let saved = stage.file("helix.png");
    assert!(std::fs::read(saved).unwrap() == std::fs::read(made).unwrap(), "another picture");
    stage.quit();
}
