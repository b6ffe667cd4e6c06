//! Several densities and a molecule, asked for by hand.

use std::process::Command;

use super::{PROGRAM, Stage, can_show};

/// Two strands side by side, chains A and B.
fn two_chains() -> String {
    let atom = |n: usize| {
        let (chain, i) = if n < 12 { ('A', n) } else { ('B', n - 12) };
        let across = if chain == 'A' { 0.0 } else { 9.0 };
        let [x, y, z] = [3.3 * i as f64, across + 0.9 * (i % 2) as f64, 0.8 * (i % 3) as f64];
        format!("ATOM  {:5}  CA  ALA {chain}{:4}    {x:8.3}{y:8.3}{z:8.3}  1.00  0.00           C\n", n + 1, i + 1)
    };
    (0..24).map(atom).collect()
}

/// Types words with a blank after each, and Enter.
fn write(stage: &Stage, words: &[&str]) {
    for word in words {
        stage.xdotool(&format!("type --delay 15 -- {word}"));
        stage.xdotool("key space");
    }
    stage.xdotool("key Return sleep 0.3");
}

/// Writes into a row in place of what is there.
fn fill(stage: &mut Stage, row: &str, words: &[&str]) {
    stage.click(row, [0.3, 0.5]);
    stage.xdotool("key ctrl+a key BackSpace");
    write(stage, words);
}

/// That the window shows of the saved recipe what `render` draws, to the last bit.
fn verify(stage: &mut Stage, recipe: &str) {
    stage.wait_for("rest", |stage| stage.shows("AT_REST"));
    stage.recipe(recipe);
    let out = Command::new(PROGRAM).args(["verify", recipe, "--json"]).current_dir(&stage.folder).output().unwrap();
    let told = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{told} {}", String::from_utf8_lossy(&out.stderr));
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["largest_difference"], 0, "{told}");
}

/// Waits until the recipe's option begins so, or is not there.
fn becomes(stage: &mut Stage, recipe: &str, option: &str, wanted: Option<&str>) {
    let begin = format!("{option} = ");
    stage.wait_for(&format!("{option} {wanted:?}"), |stage| {
        let text = stage.recipe(recipe);
        let given = text.lines().find_map(|line| line.strip_prefix(&begin)).map(|given| given.trim_matches('"'));
        given == wanted
    });
}

/// Catches: a line that is taken for another, lost on undo, or drawn by other rules than `render`'s.
#[test]
fn a_density_is_added_changed_and_taken_away_by_hand() {
    if !can_show() {
        return;
    }
    let files = [("two.pdb", two_chains())];
    let arguments = ["view", "two.pdb", "--grid", "20", "--select", "chain A"];
    let mut stage = Stage::of_verb("densities", [900, 1000], &arguments, &files);
    let alone = stage.screen_at_rest();
    ["Data", "What_is_drawn", "Colours_and_opacity"].iter().for_each(|section| stage.click(section, [0.5, 0.5]));
    stage.click("Other_densities,_finish", [0.3, 0.5]);
    let (first, second) = ("--select 'chain B'", "--select 'chain B' --bandwidth 3A");
    fill(&mut stage, "with", &["--select", "'chain", "B'"]);
    becomes(&mut stage, "two.toml", "with", Some(first));
    verify(&mut stage, "two.toml");
    fill(&mut stage, "with", &["--select", "'chain", "B'", "--bandwidth", "3A"]);
    becomes(&mut stage, "two.toml", "with", Some(second));
    fill(&mut stage, "with", &[]);
    becomes(&mut stage, "two.toml", "with", None);
    // Messages go.
    stage.xdotool("mousemove 300 990 key Escape");
    let again = stage.screen_at_rest();
    let picture = |screen: &(usize, Vec<[u8; 3]>)| -> Vec<[u8; 3]> {
        screen.1.chunks_exact(screen.0).take(900).flat_map(|row| row[..500].to_vec()).collect()
    };
    assert!(picture(&alone) == picture(&again), "what was taken away is still seen");
    for wanted in [second, first] {
        stage.xdotool("key ctrl+z sleep 0.5");
        becomes(&mut stage, "two.toml", "with", Some(wanted));
    }
    stage.xdotool("key ctrl+z sleep 0.5");
    becomes(&mut stage, "two.toml", "with", None);
    fill(&mut stage, "less", &["--select", "'chain", "B'"]);
    becomes(&mut stage, "two.toml", "minus", Some(first));
    verify(&mut stage, "two.toml");
    stage.xdotool("key ctrl+z sleep 0.5");
    becomes(&mut stage, "two.toml", "minus", None);
    stage.quit();
}

/// Catches: a molecule that is not that of the row, or whose file is not in the recipe.
#[test]
fn a_molecule_is_chosen_by_hand() {
    if !can_show() {
        return;
    }
    let row = |i: u32| format!("{},{},{}\n", 4 * (i % 9), 2 * (i % 6), i % 4);
    let files = [("two.pdb", two_chains()), ("cloud.csv", format!("x,y,z\n{}", (0..60).map(row).collect::<String>()))];
    let mut stage = Stage::of_verb("molecule", [900, 1000], &["view", "two.pdb", "--grid", "20"], &files);
    stage.screen_at_rest();
    for kind in ["ribbon", "backbone"] {
        stage.click("molecule", [0.5, 0.5]);
        stage.click(&format!("molecule:_{kind}"), [0.3, 0.5]);
        becomes(&mut stage, "two.toml", "trace", Some(kind));
    }
    fill(&mut stage, "__atoms", &["chain", "B"]);
    becomes(&mut stage, "two.toml", "trace-select", Some("chain B"));
    verify(&mut stage, "two.toml");
    for _ in 0..2 {
        stage.xdotool("key ctrl+z sleep 0.5");
    }
    becomes(&mut stage, "two.toml", "trace", Some("ribbon"));
    stage.quit();
    let mut stage =
        Stage::of_verb("molecule-file", [900, 1000], &["view", "cloud.csv", "--unit", "A", "--grid", "20"], &files);
    stage.screen_at_rest();
    fill(&mut stage, "molecule", &["two.pdb"]);
    becomes(&mut stage, "cloud.toml", "trace-from", Some("two.pdb"));
    stage.click("molecule", [0.5, 0.5]);
    stage.click("molecule:_backbone", [0.3, 0.5]);
    becomes(&mut stage, "cloud.toml", "trace", Some("backbone"));
    verify(&mut stage, "cloud.toml");
    stage.quit();
}
