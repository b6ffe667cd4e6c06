//! Recipes: a picture drawn again from itself.

use std::path::Path;

use serde_json::Value;

use crate::common::read_png;
use crate::program::{densitas, folder, json, path, stderr};

/// Draws `sample:founding` on a small grid with these options besides.
fn render(output: &str, options: &[&str]) {
    let usual = ["render", "sample:founding", "-o", output, "--grid", "20"];
    let drawn = densitas(&[&usual, options].concat());
    assert!(drawn.status.success(), "{options:?}: {}", stderr(&drawn));
}

/// Draws again from `recipe`, and gives what was said.
fn again(recipe: &str, output: &str, options: &[&str]) -> String {
    let drawn = densitas(&[&["render", "--quiet", "--recipe", recipe, "-o", output], options].concat());
    assert!(drawn.status.success(), "{options:?}: {}", stderr(&drawn));
    stderr(&drawn)
}

fn recipe_of(picture: &str) -> Value {
    json(&densitas(&["recipe", picture, "--json"]))
}

fn bytes(file: &str) -> Vec<u8> {
    std::fs::read(file).unwrap()
}

/// Catches: an option that is not in the recipe, or that comes back otherwise (a number cut short, a
/// title taken for a number, an automatic camera taken for a fixed one).
#[test]
fn a_picture_is_drawn_again_byte_by_byte_from_itself() {
    let folder = folder("recipe-again");
    let [first, second, third] = ["a.png", "b.png", "c.png"].map(|f| path(&folder, f));
    for options in [
        &[][..],
        &["--size", "300x200", "--scale-factor", "1.5", "--title", "007", "--scale-bar", "--colormap-steps", "9"],
        &[
            "--size",
            "200x150",
            "--camera",
            "-30.123456789012345,12.3",
            "--ortho",
            "--background",
            "transparent",
            "--reverse",
        ],
        &[
            "--size",
            "200x150",
            "--camera-position",
            "7.1,-3.0000000000000004,1e1",
            "--camera-up",
            "-1,0,1",
            "--camera-shift",
            "-0.1,0.05",
        ],
        &[
            "--look",
            "mayavi",
            "--limits",
            "range:0,0.5",
            "--axes",
            "off",
            "--colorbar",
            "off",
            "--title",
            "a \"b\"\n= å",
        ],
        &[
            "--size",
            "200x150",
            "--colormap",
            "[[0, \"rgb(0,0,131)\"], [1, \"#f00\"]]",
            "--vmin=-1e-3",
            "--shading",
            "on",
            "--every",
            "3",
        ],
        &[
            "--size",
            "200x150",
            "--bandwidth",
            "0.30000000000000004",
            "--padding",
            "1.5",
            "--opacity",
            "0:0,0.3:0.7,1:0.1",
            "--guaranteed",
        ],
        &["--size", "200x150", "--mode", "iso", "--iso", "0.02,mass:0.90000000000000002:0.3", "--shading", "off"],
        &["--size", "200x150", "--mode", "slice", "--slice", "z=-0.5", "--slice", "0,0,0.1:-1,1,0"],
        &["--size", "200x150", "--clip", "-1,1,-1,2,-2,2", "--clip-plane", "0,0,0:0,0,1", "--clip-plane=-1,0,0:-1,0,0"],
        &["--size", "200x150", "--mode", "average", "--scale", "sqrt", "--quantity", "counts", "--vmax", "40"],
        &["--size", "200x150", "--scale", "log", "--limits", "value:1e-4,0.03", "--mass-axis", "--theme", "light"],
        &[
            "--size",
            "200x150",
            "--mode",
            "points",
            "--color-by",
            "#ff8000",
            "--point-size",
            "3px",
            "--clip=0,4,0,4,0,4",
        ],
        &[
            "--size",
            "200x150",
            "--mode",
            "both",
            "--point-scale",
            "density",
            "--point-size",
            "0.3",
            "--global-opacity",
            "0.5",
        ],
    ] {
        render(&first, options);
        assert_eq!(again(&first, &second, &[]), "", "{options:?}");
        assert!(bytes(&first) == bytes(&second), "{options:?}: {}", recipe_of(&first));
        // And as a file of its own.
        let toml = path(&folder, "recipe.toml");
        std::fs::write(&toml, densitas(&["recipe", &first]).stdout).unwrap();
        again(&toml, &third, &[]);
        assert!(bytes(&first) == bytes(&third), "{options:?} from a file");
    }
}

#[test]
fn a_recipe_says_what_was_asked_for_and_what_was_drawn() {
    let folder = folder("recipe-text");
    let picture = path(&folder, "a.png");
    render(&picture, &["--view", "x", "--vmax", "0.02", "--size", "160x120", "--json", "--threads", "1"]);
    let recipe = recipe_of(&picture);
    let options = serde_json::json!({ "grid": 20, "view": "x", "vmax": 0.02, "size": "160x120" });
    assert_eq!((&recipe["options"], recipe["input"].as_str()), (&options, Some("sample:founding")));
    assert_eq!(recipe["densitas"], env!("CARGO_PKG_VERSION"));
    let drawn = &recipe["drawn"];
    assert_eq!((&drawn["transfer"]["limits"][1], &drawn["viewpoint"]["fit"]), (&0.02.into(), &"x".into()));
    assert!(drawn["camera"]["position"][0].as_f64().unwrap() > 1.0 && drawn["adapter"].is_string());
    let text = bytes(&picture);
    let has = |wanted: &[u8]| text.windows(wanted.len()).any(|w| w == wanted);
    assert!(has(b"iTXtdensitas:recipe\0") && has(b"iTXtSoftware\0"));
}

/// What a window that turned the camera would save: the camera that was drawn, as options.
#[test]
fn the_recorded_camera_given_as_options_draws_the_same() {
    let folder = folder("recipe-camera");
    let [first, second] = ["a.png", "b.png"].map(|f| path(&folder, f));
    render(&first, &["--size", "200x150"]);
    let camera = &recipe_of(&first)["drawn"]["camera"];
    let list = |key: &str| {
        let numbers = camera[key].as_array().unwrap().iter().map(|n| n.as_f64().unwrap().to_string());
        numbers.collect::<Vec<_>>().join(",")
    };
    let [position, target, up, shift] = ["position", "target", "up", "shift"].map(list);
    let options =
        ["--camera-position", &position, "--camera-target", &target, "--camera-up", &up, "--camera-shift", &shift];
    again(&first, &second, &options);
    assert!(read_png(Path::new(&first)) == read_png(Path::new(&second)));
}

#[test]
fn options_given_win_over_the_recipe() {
    let folder = folder("recipe-wins");
    let [first, second, direct] = ["a.png", "b.png", "c.png"].map(|f| path(&folder, f));
    let base = ["--size", "160x120", "--reverse", "--vmin", "0.01", "--view", "x", "--background", "white"];
    render(&first, &base);
    for (given, instead) in [
        // Another value, a flag turned off, what is in conflict, what means the same.
        (&["--size", "200x150"][..], &["--size", "200x150", "--reverse", "--vmin", "0.01", "--view", "x"][..]),
        (&["--reverse=off"], &["--size", "160x120", "--vmin", "0.01", "--view", "x"]),
        (&["--camera", "20,30"], &["--size", "160x120", "--reverse", "--vmin", "0.01", "--camera", "20,30"]),
        (
            &["--camera-position", "9,1,2"],
            &["--size", "160x120", "--reverse", "--vmin", "0.01", "--camera-position", "9,1,2"],
        ),
        (&["--limits", "range:0,1"], &["--size", "160x120", "--reverse", "--limits", "range:0,1", "--view", "x"]),
    ] {
        again(&first, &second, given);
        render(&direct, &[instead, &["--background", "white"]].concat());
        assert!(read_png(Path::new(&second)) == read_png(Path::new(&direct)), "{given:?}");
        assert!(bytes(&second) != bytes(&first), "{given:?} changes nothing");
    }
    let info =
        json(&densitas(&["render", "sample:mixture", "--recipe", &first, "--spacing", "1", "-o", &second, "--json"]));
    assert_ne!(info["shape"], serde_json::json!([20, 20, 20]), "--spacing takes the place of the recipe's grid");
    assert_eq!(recipe_of(&second)["input"], "sample:mixture");
}

#[test]
fn a_changed_input_is_told() {
    let folder = folder("recipe-changed");
    let [csv, first, second] = ["in.csv", "a.png", "b.png"].map(|f| path(&folder, f));
    std::fs::write(&csv, "x,y,z\n1,2,3\n4,5,7\n2,2,2\n3,1,0\n7,2,2\n").unwrap();
    assert!(densitas(&["render", &csv, "-o", &first, "--grid", "8", "--size", "80x60"]).status.success());
    assert_eq!(again(&first, &second, &[]), "");
    std::fs::write(&csv, "x,y,z\n1,2,3\n4,5,7\n2,2,3\n3,1,0\n7,2,2\n").unwrap();
    assert!(again(&first, &second, &[]).contains("warning: not as when the recipe was written: transfer.limits"));
    // Whoever changes something knows.
    assert_eq!(again(&first, &second, &["--view", "x"]), "");
}

/// Catches: a recipe that names the first file alone, so that limits over all frames are others.
#[test]
fn a_recipe_of_several_arrays_names_them_all() {
    let folder = folder("recipe-arrays");
    let arrays = ["a.csv", "b.csv", "c.csv"].map(|f| path(&folder, f));
    for (k, file) in arrays.iter().enumerate() {
        let row = |i: usize| (0..6).map(|j| ((i + j + 1) * (k + 1)).to_string()).collect::<Vec<_>>().join(",");
        std::fs::write(file, (0..6).map(row).collect::<Vec<_>>().join("\n")).unwrap();
    }
    let frames = path(&folder, "f%d.png");
    let size = ["--size", "160x120"];
    let drawn = densitas(&[&["heatmap"], &arrays.each_ref().map(String::as_str)[..], &["-o", &frames], &size].concat());
    assert!(drawn.status.success(), "{}", stderr(&drawn));
    for k in 0..3 {
        let frame = path(&folder, &format!("f{k}.png"));
        assert_eq!(recipe_of(&frame)["more"], serde_json::json!(arrays[1..]));
        let again = path(&folder, "again.png");
        let drawn = densitas(&["heatmap", "--quiet", "--recipe", &frame, "-o", &again]);
        assert!(drawn.status.success() && stderr(&drawn).is_empty(), "{}", stderr(&drawn));
        assert_eq!(read_png(Path::new(&frame)), read_png(Path::new(&again)), "frame {k}");
    }
    // An input that is given takes the place of all of the recipe's.
    let frame = path(&folder, "f0.png");
    let alone = densitas(&["heatmap", &arrays[1], "--recipe", &frame, "-o", &path(&folder, "alone.png"), "--json"]);
    assert_eq!(json(&alone)["frames"], 1, "{}", stderr(&alone));
}

/// A good recipe of 12 lines, of which one is replaced.
fn broken(line: usize, replacement: &str) -> String {
    let good = format!(
        "# A comment.\ndensitas = \"{}\"\nverb = \"render\"\ninput = \"sample:founding\"\n\n[options]\ngrid = 12\n\
         size = \"80x60\"\nreverse = true\nvmin = 0.001\n\n[drawn]\n",
        env!("CARGO_PKG_VERSION")
    );
    let lines = good.lines().enumerate().map(|(i, l)| if i + 1 == line { replacement } else { l });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn wrong_recipes_are_refused_with_their_line() {
    let folder = folder("recipe-wrong");
    let [recipe, picture] = ["r.toml", "x.png"].map(|f| path(&folder, f));
    let draw = |text: &str| {
        std::fs::write(&recipe, text).unwrap();
        densitas(&["render", "--recipe", &recipe, "-o", &picture])
    };
    let good = draw(&broken(0, ""));
    assert!(good.status.success(), "{}", stderr(&good));
    std::fs::remove_file(&picture).unwrap();
    for (line, replacement, why) in [
        (2, "densitas = \"999.0.0\"", "densitas 999.0.0"),
        (2, "densitas = \"new\"", "no version"),
        (2, "densitas = 1", "expected a string"),
        (3, "verb = \"fly\"", "no verb"),
        (4, "inputt = \"sample:founding\"", "unknown field `inputt`"),
        (7, "gridd = 12", "no option `gridd`"),
        (7, "output = \"a.png\"", "no option `output`"),
        (7, "grid = \"many\"", "number of nodes"),
        (7, "grid = [12, 12]", "must be a text"),
        (8, "size = \"80\"", "WIDTHxHEIGHT"),
        (9, "reverse = 3", "reverse"),
        (10, "vmin = ", "no recipe"),
    ] {
        let output = draw(&broken(line, replacement));
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{replacement}: {text}");
        assert!(text.contains(&format!("r.toml:{line}: ")) && text.contains(why), "{replacement}: {text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(!Path::new(&picture).exists(), "{replacement} drew something");
    }
    for (text, why, status) in [
        ("", "missing field", 1),
        ("\u{0}\u{1}", "no recipe", 1),
        (broken(4, "").as_str(), "names no input", 2),
        (broken(7, "spacing = \"1\"\ngrid = 12").as_str(), "r.toml:8: the argument '--grid", 1),
    ] {
        let output = draw(text);
        assert_eq!(output.status.code(), Some(status), "{text}: {}", stderr(&output));
        assert!(stderr(&output).contains(why), "{text}: {}", stderr(&output));
    }
}

#[test]
fn what_holds_no_recipe_says_so() {
    let folder = folder("recipe-none");
    let picture = path(&folder, "plain.png");
    densitas::io::png::write(Path::new(&picture), None, [1, 1], &[1, 2, 3, 4]).unwrap();
    let binary = path(&folder, "binary");
    std::fs::write(&binary, [0xff, 0xfe, 0x00]).unwrap();
    let cut = path(&folder, "cut.png");
    std::fs::write(&cut, &bytes(&picture)[..20]).unwrap();
    let missing = path(&folder, "missing.png");
    for (file, why) in [
        (picture.as_str(), "holds no recipe"),
        (&binary, "neither a recipe"),
        (&cut, "no sound PNG"),
        (&missing, "cannot read"),
        ("/dev/zero", "longer than any recipe"),
        (folder.to_str().unwrap(), "cannot read"),
    ] {
        let output = densitas(&["recipe", file]);
        assert_eq!(output.status.code(), Some(1), "{file}: {}", stderr(&output));
        assert!(stderr(&output).contains(why), "{file}: {}", stderr(&output));
    }
}

/// Other programs may move texts behind the pixels.
#[test]
fn a_recipe_behind_the_pixels_is_found() {
    let folder = folder("recipe-behind");
    let [picture, moved] = ["a.png", "b.png"].map(|f| path(&folder, f));
    render(&picture, &["--size", "40x30"]);
    let all = bytes(&picture);
    let (mut at, mut chunks) = (8, Vec::new());
    while at < all.len() {
        let length = u32::from_be_bytes(all[at..at + 4].try_into().unwrap()) as usize + 12;
        chunks.push(&all[at..at + length]);
        at += length;
    }
    let is = |chunk: &&[u8], kind: &[u8]| &chunk[4..8] == kind;
    let end = chunks.pop().unwrap();
    let (texts, others): (Vec<&[u8]>, Vec<&[u8]>) = chunks.into_iter().partition(|c| is(c, b"iTXt"));
    assert_eq!(texts.len(), 2);
    std::fs::write(&moved, [&[&all[..8]], &others[..], &texts[..], &[end]].concat().concat()).unwrap();
    assert_eq!(recipe_of(&moved), recipe_of(&picture));
}

/// Catches: a heat map without a recipe, or one that lacks an option of the plane.
#[test]
fn a_heat_map_is_drawn_again_from_its_recipe() {
    let folder = folder("recipe-heatmap");
    let (first, second) = (path(&folder, "a.png"), path(&folder, "b.png"));
    let options =
        ["--plane", "xz", "--bandwidth", "0.4", "--colormap", "hot_r", "--title", "Again", "--size", "200x150"];
    let output = densitas(&[&["heatmap", "sample:founding", "-o", &first][..], &options].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let output = densitas(&["heatmap", "--recipe", &first, "-o", &second]);
    assert!(output.status.success() && !stderr(&output).contains("warning"), "{}", stderr(&output));
    assert!(bytes(&first) == bytes(&second));
    let output = densitas(&["render", "--recipe", &first, "-o", &path(&folder, "c.png")]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("recipe of `heatmap`"), "{}", stderr(&output));
}

/// Catches: a window that draws another picture than the file has, and a file that is not what its recipe says.
#[test]
fn verify_finds_no_difference_but_where_there_is_one() {
    let folder = folder("verify");
    let (picture, recipe) = (path(&folder, "a.png"), path(&folder, "a.toml"));
    let options = ["--grid", "24", "--size", "220x160", "--scale-factor", "1.5", "--mode", "both", "--title", "A"];
    let drawn = densitas(&[&["render", "sample:founding", "-o", &picture][..], &options].concat());
    assert!(drawn.status.success(), "{}", stderr(&drawn));
    let told = json(&densitas(&["verify", &picture, "--json"]));
    assert_eq!((&told["largest_difference"], told["pictures"].as_array().unwrap().len()), (&0.into(), 2));
    let text = densitas(&["recipe", &picture]).stdout;
    std::fs::write(&recipe, &text).unwrap();
    assert!(densitas(&["verify", &recipe]).status.success());
    // The picture of another recipe.
    let other = String::from_utf8(text).unwrap().replace("grid = 24", "grid = 20");
    let ([w, h], rgba) = densitas::io::png::read(Path::new(&picture)).unwrap();
    let keep = [("densitas:recipe", other.as_str())];
    densitas::io::png::write_with_texts(Path::new(&picture), None, [w, h], &rgba, &keep).unwrap();
    let out = densitas(&["verify", &picture]);
    assert!(
        out.status.code() == Some(1) && stderr(&out).contains("render and the file differ by up to"),
        "{}",
        stderr(&out)
    );
    let out = densitas(&["verify", &path(&folder, "none.toml")]);
    assert!(out.status.code() == Some(1) && stderr(&out).contains("cannot read"), "{}", stderr(&out));
}
