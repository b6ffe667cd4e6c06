//! What a hand asks for that cannot be, and what it expects without having read anything.

use std::path::Path;

use super::{Stage, can_show};

/// A GRO file of three frames: 40 atoms on a helix.
pub fn trajectory() -> String {
    let frame = |k: u32| {
        let atom = |i: u32| {
            let (turn, radius) = (f64::from(i) * 0.4, 0.5 + 0.2 * f64::from(k));
            let [x, y, z] = [2.0 + radius * turn.cos(), 2.0 + radius * turn.sin(), 0.08 * f64::from(i)];
            format!(
                "{:5}{:<5}{:>5}{:5}{x:8.3}{y:8.3}{z:8.3}",
                i / 4 + 1,
                "ALA",
                ["N", "CA", "C", "O"][i as usize % 4],
                i + 1
            )
        };
        let atoms: Vec<String> = (0..40).map(atom).collect();
        format!("helix t= {k}.0\n40\n{}\n   5.0   5.0   5.0\n", atoms.join("\n"))
    };
    (0..3).map(frame).collect()
}

/// Hundredths of a second that the frames of a GIF are shown for.
fn delays(gif: &Path) -> Vec<u16> {
    let bytes = std::fs::read(gif).unwrap();
    let of = |w: &[u8]| w.starts_with(&[0x21, 0xf9, 4]).then(|| u16::from_le_bytes([w[4], w[5]]));
    bytes.windows(8).filter_map(of).collect()
}

/// Catches: a selection of nothing that stays in the options, a mode of points that a volume has not, a movie at another
/// speed than its frames play at, and a view that is moved towards nothing.
#[test]
fn what_cannot_be_is_refused_and_all_is_as_before() {
    if !can_show() {
        return;
    }
    let files = [("helix.gro", trajectory())];
    let mut stage = Stage::of_verb("slips", [900, 1000], &["view", "helix.gro", "--grid", "20"], &files);
    stage.screen_at_rest();
    // Typing goes on in the field that was wrong.
    stage.click("select", [0.5, 0.5]);
    stage.xdotool("type --delay 30 name");
    stage.xdotool("key space");
    stage.xdotool("type NOPE");
    stage.xdotool("key Return");
    stage.wait_for("the reason", |stage| stage.shows("wrong:_select"));
    assert!(!stage.recipe("helix.toml").contains("select"), "what is not shown stays in the options");
    stage.xdotool("key ctrl+a");
    stage.xdotool("type --delay 30 name");
    stage.xdotool("key space");
    stage.xdotool("type CA");
    stage.xdotool("key Return");
    assert_eq!(stage.option("helix.toml", "select"), "\"name CA\"");
    stage.xdotool("mousemove 560 700 sleep 0.3");
    stage.screen_at_rest();
    // Over the background in a corner nothing is seen.
    stage.xdotool("mousemove 30 850 sleep 1.5 key f sleep 1");
    assert!(!stage.recipe("helix.toml").contains("camera-position"));
    // A movie has the speed that the frames play at, here that of the bar.
    for section in ["Data", "What_is_drawn", "Colours_and_opacity"] {
        stage.click(section, [0.5, 0.5]);
    }
    stage.click("Page_and_files", [0.5, 0.5]);
    stage.place("Write_the_movie", [0.5, 0.5]);
    stage.click("gif", [0.5, 0.5]);
    stage.click("Write_the_movie", [0.5, 0.5]);
    let movie = stage.file("helix.gif");
    assert_eq!(delays(&movie), [10; 3]);
    stage.quit();
}

/// Catches: a mode that cannot be, reached by a key before or after a volume is read, or by a recipe.
#[test]
fn a_volume_is_not_shown_as_points() {
    if !can_show() {
        return;
    }
    let header = "object 1 class gridpositions counts 6 6 6\norigin 0 0 0\ndelta 1 0 0\ndelta 0 1 0\ndelta 0 0 1\n\
                  object 2 class gridconnections counts 6 6 6\nobject 3 class array type double rank 0 items 216 data follows\n";
    let values: Vec<String> = (0..216).map(|i| format!("{:.3}", f64::from(i * 37 % 101) / 101.0)).collect();
    let files = [
        ("map.dx", format!("{header}{}\n", values.join(" "))),
        ("points.csv", "x,y,z\n0,0,0\n1,2,3\n2,1,1\n".to_owned()),
    ];
    let mut stage = Stage::of_verb("volume", [900, 640], &["view", "map.dx", "--mode", "both"], &files);
    stage.screen_at_rest();
    assert!(!stage.recipe("map.toml").contains("mode = \"both\""));
    stage.xdotool("key 2 key p key v key 3");
    stage.screen_at_rest();
    let recipe = stage.recipe("map.toml");
    assert!(!recipe.contains("\"both\"") && !recipe.contains("\"points\""), "{recipe}");
    stage.xdotool("key 4");
    assert_eq!(stage.option("map.toml", "mode"), "\"mip\"");
    // Of several files that are dropped together the first is shown, and the others are behind it.
    #[cfg(target_os = "linux")]
    {
        let (window, folder) = (stage.window(), stage.folder.clone());
        let both = [folder.join("points.csv"), folder.join("map.dx")];
        super::drop::drop_files(&stage.display, window, &[&both[0], &both[1]]);
        stage.wait_for("the first file", |stage| stage.recipe("points.toml").contains("points.csv"));
        stage.screen_at_rest();
        assert!(!stage.recipe("points.toml").contains("map.dx"));
        stage.xdotool("key Next");
        std::fs::remove_file(folder.join("map.toml")).unwrap();
        stage.wait_for("the second file", |stage| stage.recipe("map.toml").contains("map.dx"));
        assert!(!stage.recipe("map.toml").contains("\"mip\""), "a file that is opened anew has no old options");
    }
    stage.quit();
}
