//! What the hand does, in few and in many movements, and what it takes back.

use super::{Stage, can_show, slips::trajectory};

/// The numbers of the options that place the camera.
fn camera(stage: &mut Stage) -> Vec<f64> {
    let recipe = stage.recipe("founding.toml");
    let line = |name: &str| recipe.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    let texts = ["camera-position = ", "camera-target = ", "camera-up = "].map(|name| line(name).unwrap_or_default());
    texts.iter().flat_map(|text| text.trim_matches('"').split(',')).filter_map(|n| n.parse().ok()).collect()
}

/// Presses a button with a key held, and moves in so many steps (on one line where they divide 80), each so many milliseconds after the one before.
fn drag(stage: &Stage, button: u32, key: &str, steps: i32, pause: u32) {
    let at = |i: i32| format!("mousemove {} {} sleep 0.{pause:03}", 200 + 160 * i / steps, 250 + 80 * i / steps);
    let moves: Vec<String> = (1..=steps).map(at).collect();
    let [down, up] =
        ["keydown", "keyup"].map(|what| if key.is_empty() { String::new() } else { format!("{what} {key} ") });
    let press = format!("mousemove 200 250 sleep 0.2 {down}mousedown {button}");
    stage.xdotool(format!("{press} {} mouseup {button} {up}sleep 0.2", moves.join(" ")).trim());
}

/// Catches: movements that are lost before a drag is known to be one or between two frames, and a button or key that does
/// something else than the help says.
#[test]
fn a_drag_ends_where_the_hand_does_however_fast_it_is() {
    if !can_show() {
        return;
    }
    let mut stage = Stage::open("drags", [900, 640], &["sample:founding", "--grid", "24"]);
    stage.screen_at_rest();
    let mut ends: Vec<Vec<f64>> = Vec::new();
    for (button, key) in [(1, ""), (1, "alt"), (1, "shift"), (2, ""), (1, "ctrl"), (3, "")] {
        let mut first: Option<Vec<f64>> = None;
        for (steps, pause) in [(1, 0), (10, 15), (80, 0)] {
            stage.xdotool("key r sleep 0.3");
            drag(&stage, button, key, steps, pause);
            let end = camera(&mut stage);
            assert_eq!(end.len(), 9, "button {button} with {key:?}: {end:?}");
            let first = first.get_or_insert_with(|| end.clone());
            let away = std::iter::zip(&*first, &end).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(away < 1e-6, "button {button} with {key:?} in {steps} steps: {first:?} and {end:?}");
        }
        ends.extend(first);
    }
    // Turned, turned freely, moved (by two buttons alike), rolled, nearer.
    let is_same = |a: usize, b: usize| std::iter::zip(&ends[a], &ends[b]).all(|(a, b)| (a - b).abs() < 1e-6);
    assert!(is_same(2, 3));
    assert!([(0, 1), (0, 2), (0, 4), (0, 5), (1, 4), (2, 4), (2, 5), (4, 5)].iter().all(|(a, b)| !is_same(*a, *b)));
    let distance = |c: &[f64]| (0..3).map(|i| (c[i] - c[3 + i]).powi(2)).sum::<f64>().sqrt();
    let moved = |c: &[f64]| (0..3).map(|i| (c[3 + i] - ends[0][3 + i]).powi(2)).sum::<f64>().sqrt();
    assert!((distance(&ends[0]) / distance(&ends[2]) - 1.0).abs() < 1e-6 && moved(&ends[2]) > 0.1);
    assert!(distance(&ends[5]) > 1.1 * distance(&ends[0]) && moved(&ends[4]) < 1e-9);
    stage.quit();
}

/// Catches: a click that is answered where the cursor has gone since, or not at all while a picture is being drawn.
#[test]
fn a_click_is_answered_where_and_when_it_was() {
    if !can_show() {
        return;
    }
    let mut stage = Stage::open("click", [900, 640], &["sample:founding", "--grid", "24"]);
    stage.screen_at_rest();
    let label = |stage: &mut Stage, what: &str| {
        stage.xdotool(what);
        let label = stage.option("founding.toml", "label");
        stage.xdotool("mousemove 30 600 key ctrl+z");
        stage.wait_for("no label", |stage| !stage.recipe("founding.toml").contains("\nlabel = "));
        label
    };
    let slow = label(&mut stage, "mousemove 290 300 sleep 1 click 1 sleep 1");
    assert_eq!(label(&mut stage, "mousemove 290 300 click 1 mousemove 30 600"), slow);
    // The turned picture is not there yet, or just there: what is kept is of the one or the other.
    let turned = label(&mut stage, "key x mousemove 290 300 click 1 mousemove 30 600");
    assert!(turned.matches(',').count() == 2, "{turned}");
    stage.quit();
}

/// Catches: limits of all frames that stay when the bandwidth changes, and a look at them that leaves those of before when it
/// is stopped.
#[test]
fn limits_of_all_frames_follow_the_bandwidth() {
    if !can_show() {
        return;
    }
    let files = [("helix.gro", trajectory())];
    // So high that nothing is closed to make room, which moves what is below.
    let mut stage = Stage::of_verb("stale", [900, 1400], &["view", "helix.gro", "--grid", "24"], &files);
    stage.screen_at_rest();
    stage.click("Smoothing", [0.3, 0.5]);
    stage.xdotool("mousemove 200 400 key space");
    stage.wait_for("limits of all frames", |stage| stage.shows("of_all_frames"));
    stage.xdotool("key space");
    let first = stage.option("helix.toml", "vmax");
    stage.drag("width", [0.6, 0.5], [0.4, 0.5]);
    stage.wait_for("limits of the frame", |stage| !stage.shows("of_all_frames"));
    assert!(!stage.recipe("helix.toml").contains("vmax ="));
    stage.xdotool("mousemove 200 400 key space");
    stage.wait_for("limits of all frames", |stage| stage.shows("of_all_frames"));
    stage.xdotool("key space");
    assert_ne!(stage.option("helix.toml", "vmax"), first);
    stage.click("auto", [0.5, 0.5]);
    stage.wait_for("limits of the frame", |stage| !stage.shows("of_all_frames"));
    assert!(!stage.recipe("helix.toml").contains("vmax ="));
    // A slider that is clicked faster than frames follow one another.
    stage.xdotool("mousemove 200 400 key Escape");
    for (share, frame) in [(0.02, "0"), (0.3, "1"), (0.02, "0")] {
        let [x, y] = stage.place("frame", [share, 0.5]);
        stage.xdotool(&format!("mousemove {x} {y} sleep 0.4 click 1 sleep 0.4"));
        stage.wait_for(frame, |stage| stage.option("helix.toml", "input-frames") == frame);
    }
    stage.quit();
}

/// Catches: a window in which nothing can be done after its first density was stopped.
#[test]
fn what_was_stopped_can_be_computed_again() {
    if !can_show() {
        return;
    }
    // Half a minute of work.
    let mut stage = Stage::open("stopped", [900, 640], &["sample:founding", "--grid", "300", "--method", "exact"]);
    stage.click("Stop", [0.5, 0.5]);
    stage.click("Compute_again", [0.5, 0.5]);
    stage.place("Stop", [0.5, 0.5]);
    assert!(!stage.shows("Compute_again"));
    stage.xdotool("key Escape");
    stage.place("Compute_again", [0.5, 0.5]);
    stage.quit();
}

/// Catches: a wrong selection that leaves nothing open, and an undo that takes back both a text and an option, or one in a
/// field that has another text.
#[test]
fn texts_of_fields_are_kept_mended_and_undone() {
    if !can_show() {
        return;
    }
    let files = [("helix.gro", trajectory())];
    let arguments = ["view", "helix.gro", "--grid", "20", "--select", "name CA and ("];
    let mut stage = Stage::of_verb("texts", [900, 1000], &arguments, &files);
    // The cursor blinks in the field: the screen is never at rest.
    stage.wait_for("the reason", |stage| stage.shows("wrong:_select") && stage.shows("AT_REST"));
    assert!(!stage.recipe("helix.toml").contains("select"));
    // The field has the text and the keys.
    stage.xdotool(
        "key End key BackSpace key BackSpace key BackSpace key BackSpace key BackSpace key BackSpace key Return",
    );
    assert_eq!(stage.option("helix.toml", "select"), "\"name CA\"");
    stage.xdotool("mousemove 300 700 sleep 0.3");
    stage.screen_at_rest();
    let becomes = |stage: &mut Stage, wanted: &str| {
        let vmin =
            |recipe: &str| recipe.lines().find_map(|line| line.strip_prefix("vmin = ")).map(|v| v.replace('"', ""));
        stage.wait_for(wanted, |stage| vmin(&stage.recipe("helix.toml")).as_deref().unwrap_or("none") == wanted);
    };
    for text in ["1e-7", "2e-7"] {
        stage.click("from,_to", [0.2, 0.5]);
        stage.xdotool(&format!("type --delay 30 {text}"));
        stage.xdotool("key Return sleep 0.5");
        becomes(&mut stage, text);
    }
    stage.click("from,_to", [0.2, 0.5]);
    stage.xdotool("type --delay 30 7");
    // The text is as it was; then the option is, and the text follows.
    stage.xdotool("key ctrl+z sleep 0.5");
    becomes(&mut stage, "2e-7");
    stage.xdotool("key ctrl+z sleep 0.5");
    becomes(&mut stage, "1e-7");
    stage.xdotool("key Return sleep 0.5");
    becomes(&mut stage, "1e-7");
    stage.xdotool("key ctrl+z sleep 0.5");
    becomes(&mut stage, "none");
    stage.quit();
}

/// Catches: a movie that goes on when it was stopped, or leaves half a file.
#[test]
fn escape_stops_a_movie() {
    if !can_show() {
        return;
    }
    let mut stage = Stage::open("movie", [900, 1000], &["sample:founding", "--grid", "32"]);
    stage.screen_at_rest();
    for section in ["Data", "What_is_drawn", "Colours_and_opacity", "Page_and_files"] {
        stage.click(section, [0.5, 0.5]);
    }
    stage.click("gif", [0.5, 0.5]);
    stage.click("Write_the_movie", [0.5, 0.5]);
    stage.place("Stop", [0.5, 0.5]);
    stage.xdotool("key Escape");
    stage.wait_for("the end", |stage| !stage.shows("Stop"));
    std::thread::sleep(std::time::Duration::from_millis(300));
    let files: Vec<_> = std::fs::read_dir(&stage.folder).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert!(!files.iter().any(|f| f.to_string_lossy().contains("gif")), "{files:?}");
    stage.quit();
}
