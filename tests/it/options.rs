//! Options of pictures, and the verbs that tell about the program itself.

use std::path::Path;

use crate::common::read_png;
use crate::program::{densitas, folder, json, path, stderr, without_adapter};

#[test]
fn axes_and_bar_are_turned_off() {
    let folder = folder("off");
    let [with, without] = ["a.png", "b.png"].map(|f| path(&folder, f));
    let base = ["render", "sample:founding", "--grid", "12", "--size", "200x150", "--background", "#102030", "-o"];
    let on = densitas(&[&base[..], &[&with, "--axes", "on", "--colorbar", "on"]].concat());
    let off =
        densitas(&[&base[..], &[&without, "--axes", "off", "--colorbar", "off", "--limits", "value:1,2"]].concat());
    assert!(on.status.success() && off.status.success(), "{} {}", stderr(&on), stderr(&off));
    let plain = |file: &str| read_png(Path::new(file)).1.iter().all(|p| *p == [0x10, 0x20, 0x30]);
    assert!(plain(&without) && !plain(&with));
}

#[test]
fn a_bandwidth_that_looks_like_a_length_is_told() {
    let folder = folder("bandwidth");
    let grid = path(&folder, "a.npy");
    let run =
        |b: &str| densitas(&["density", "sample:founding", "--grid", "4", "--bandwidth", b, "-o", &grid, "--json"]);
    let wide = run("60");
    assert!(stderr(&wide).contains("write 60,60,60 for a length"), "{}", stderr(&wide));
    assert!(json(&wide)["warnings"].to_string().contains("60,60,60"));
    assert_eq!(stderr(&run("0.5")), "");
}

#[test]
fn the_doctor_names_the_adapters_and_the_one_that_draws() {
    let told = json(&densitas(&["doctor", "--json", "--adapter", "software"]));
    let adapters = told["adapters"].as_array().unwrap();
    assert!(adapters.iter().any(|a| a["usable"] == true && a["limits"]["max_grid_side"].as_u64() >= Some(256)));
    assert!(told["chosen"].is_string() && told["problem"].is_null(), "{told}");
    let prose = String::from_utf8(densitas(&["doctor"]).stdout).unwrap();
    assert!(prose.contains("adapter   ") && prose.contains("drawing   on "), "{prose}");
    let none = densitas(&["doctor", "--adapter", "no such one"]);
    assert!(String::from_utf8_lossy(&none.stdout).contains("not possible"));
    assert!(none.status.code() == Some(3) && stderr(&none).contains("there are: "), "{}", stderr(&none));
}

#[cfg(target_os = "linux")]
#[test]
fn without_an_adapter_the_doctor_names_the_packages_and_succeeds() {
    let told = json(&without_adapter(&["doctor", "--json"]));
    assert!(told["chosen"].is_null() && told["adapters"].as_array().unwrap().is_empty(), "{told}");
    assert!(told["missing"].to_string().contains("mesa-vulkan-drivers"), "{told}");
    let prose = without_adapter(&["doctor"]);
    assert!(String::from_utf8_lossy(&prose.stdout).contains("apt-get install"));
}

#[test]
fn every_shell_gets_completions_of_every_verb() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = String::from_utf8(densitas(&["completions", shell]).stdout).unwrap();
        assert!(["render", "doctor", "colormap-steps"].iter().all(|word| script.contains(word)), "{shell}");
    }
    assert_eq!(densitas(&["completions", "tcsh"]).status.code(), Some(2));
}

#[test]
fn the_manual_has_a_page_for_every_verb() {
    let folder = folder("man");
    let pages = path(&folder, "man1");
    assert!(densitas(&["man", "-o", &pages]).status.success());
    for verb in ["", "-render", "-density", "-info", "-doctor", "-recipe"] {
        let page = std::fs::read_to_string(format!("{pages}/densitas{verb}.1")).unwrap();
        assert!(page.contains(".SH NAME") && page.contains(".SH EXAMPLES\n.nf\n"), "{verb}: {page}");
    }
    let page = String::from_utf8(densitas(&["man"]).stdout).unwrap();
    assert!(page.contains(".SH SUBCOMMANDS"), "{page}");
}

#[test]
fn long_help_has_examples_and_short_help_is_compact() {
    let help = |arguments: &[&str]| String::from_utf8(densitas(arguments).stdout).unwrap();
    let all = help(&["--help"]);
    let verbs = all.split("Commands:\n").nth(1).unwrap().lines().take_while(|l| !l.is_empty());
    let verbs: Vec<&str> = verbs.filter_map(|l| l.split_whitespace().next()).filter(|v| *v != "help").collect();
    assert!(verbs.len() >= 8 && all.contains("Examples:"), "{all}");
    for verb in verbs {
        assert!(help(&[verb, "--help"]).contains(&format!("Examples:\n  densitas {verb}")), "{verb}");
        assert!(!help(&[verb, "-h"]).contains("Examples:"), "{verb}");
    }
}

/// Catches: an empty picture without a word, options that change nothing without a word, and words where all is well.
#[test]
fn what_shows_nothing_and_what_changes_nothing_is_told() {
    let folder = folder("nothing");
    let picture = path(&folder, "a.png");
    let base = ["render", "sample:founding", "--grid", "12", "--size", "120x90", "-o", &picture];
    for (options, wanted) in [
        (&["--mode", "iso", "--iso", "99"][..], "nothing is seen: no density has a level of --iso"),
        (&["--mode", "minip"], "rays pass the border, where there is next to nothing; cut it"),
        (&["--vmax", "0"], "vmin and vmax are both 0: what is below has the first colour"),
        (&["--limits", "percentile:50,50"], "vmin and vmax are both "),
        (&["--mode", "mip", "--limits", "range:0,0"], "vmin and vmax are both 0:"),
        (&["--mode", "points", "--color-by", "x", "--limits", "value:1,1"], "vmin and vmax are both 1.000e0:"),
        (&["--foreground", "black"], "--foreground #000000 is hardly seen on the background, #08080c"),
        (&["--foreground", "black", "--theme", "light", "--title", "x"], ""),
        (&["--axes-box", "50,51,0,1,0,1"], "--axes-box: outside the density, which lies between -"),
        (&["--axes-box", "0,.01,0,.01,0,.01"], "of the density, which lies between -"),
        (&["--mode", "fog"], ""),
        (&["--mode", "slice", "--opacity", "0:1,1:0"], ""),
        (&["--mode", "mip", "--opacity", "0:0,1:0"], "nothing is seen: --opacity is 0 everywhere"),
        (
            &["--mode", "points", "--point-limits", "value:0,1"],
            "--point-limits changes nothing: points have the colours",
        ),
        (&["--clip", "90,91,90,91,90,91"], "nothing is seen: what --clip"),
        (&["--mode", "slice", "--slice", "x=99"], "nothing is seen: no --slice"),
        (&["--point-size", "1", "--color-by", "#f00"], "--point-size changes nothing"),
        (&["--point-size", "1", "--color-by", "#f00"], "--color-by changes nothing"),
        (
            &["--mode", "points", "--opacity", "0:0,1:1", "--global-opacity", "2"],
            "--opacity and --global-opacity change nothing in --mode points",
        ),
        (&["--mode", "points", "--opacity", "0:0,1:1"], "points have --point-opacity"),
        (&["--mode", "iso", "--opacity", "0:0,1:1"], "surfaces have --iso LEVEL:OPACITY"),
        (&["--limits", "value:3,4"], "vmin 3.000e0 is not below the largest density"),
        (&["--limits", "value:-4,-3"], "vmax -3.000e0 is below the smallest density, 0"),
        (
            &["--mode", "iso", "--iso", "0.001,0.02,0.04", "--limits", "value:0.01,0.03"],
            "--iso: outside the limits, 1.000e-2 to 3.000e-2, a surface has the colour of their end (1.000e-3, 4.000e-2)",
        ),
        (&["--mode", "points", "--fade-noise"], "--fade-noise changes nothing in --mode points"),
        (
            &["--mode", "points", "--point-size", "1000"],
            "nothing is seen: the points lie outside the picture, or the eye is within",
        ),
        (&["--mode", "mip", "--shading", "on"], "--shading changes nothing in --mode mip"),
        (
            &["--mode", "xray", "--ambient-occlusion", "--depth-cue=0.2"],
            "--ambient-occlusion and --depth-cue change nothing in --mode xray",
        ),
        (&["--mode", "points", "--interpolation", "cubic"], "--interpolation cubic changes nothing in --mode points"),
        (&["--mode", "iso", "--ambient-occlusion=0.5", "--depth-cue", "--accumulate", "2"], ""),
        (&["--mode", "points", "--depth-cue"], ""),
        (
            &["--colorbar", "off", "--mass-axis", "--bar-title", "d"],
            "--mass-axis and --bar-title change nothing: --colorbar",
        ),
        (&["--colorbar", "off", "--bar-title", "d"], "--bar-title changes nothing: --colorbar is off"),
        (&["--opacity", "0:0,1:0"], "nothing is seen: --opacity is 0 everywhere"),
        (&["--vmax", "1e9"], "is far above the largest density"),
        (&["--slice", "x=99", "--slice", "z=0"], "--slice x=99: outside the density, which lies between -"),
        (&["--slice", "0,0,-50:0,0.5,1"], "--slice 0,0,-50:0,0.5,1: outside the density"),
        (
            &["--mode", "points", "--color-by", "#f00", "--colormap", "jet", "--vmin", "0", "--scale", "sqrt"],
            "--colormap and --vmin and --scale change nothing: points have the colours of --color-by #f00",
        ),
        (
            &["--mode", "points", "--color-by", "x", "--mass-axis"],
            "--mass-axis changes nothing: the colour bar is of x",
        ),
        (&["--mode", "points", "--point-size", "2A"], "the unit of the data is unknown; --point-size 2"),
        (&["--title", "密度"], "the font has no sign for 密度: boxes"),
        (&["--mode", "points", "--color-by", "x", "--colormap", "jet", "--vmin", "0"], ""),
        (&["--mode", "both", "--color-by", "#f00", "--colormap", "jet", "--mass-axis"], ""),
        (&["--slice", "x=0", "--title", "α-Dichte 10⁻³ Å"], ""),
        (&["--mode", "iso", "--iso=-5,0.02,9"], "--iso: there is no surface at -5.000e0, 9.000e0; values go from"),
        (&["--mode", "both", "--global-opacity", "2", "--opacity", "0:0,1:1"], ""),
        (&["--mode", "iso", "--global-opacity", "0.5"], ""),
        (&["--mode", "iso", "--iso", "1e-5,0.04"], ""),
        (&["--mode", "points", "--point-size", "0.1"], ""),
        (&["--mode", "iso"], ""),
        (&["--mode", "minip", "--clip=-1,1,-1,1,-1,1"], ""),
    ] {
        let told = stderr(&densitas(&[&base[..], options].concat()));
        let warns = told.contains("warning");
        assert!(told.contains(wanted) && warns != wanted.is_empty(), "{options:?}: {told}");
    }
    for (options, noted) in [
        (
            &["--label", "0,0,0:here", "--label", "990,0,0:far"][..],
            "--label 990,0,0: outside the picture, and not drawn",
        ),
        (
            &["--mode", "both", "--color-by", "x", "--limits", "range:0,0.5", "--bar-title", "d"],
            "in --mode both --limits and --bar-title tell of the density; the limits of x are those of --point-limits",
        ),
        (&["--mode", "points", "--point-size", "0.001px"], "--point-size is less than a pixel here, 0.001: each point"),
        (&["--mode", "points", "--point-size", "1e-3"], "--point-size is less than a pixel here"),
    ] {
        let told = stderr(&densitas(&[&base[..], options].concat()));
        assert!(told.contains(noted), "{options:?}: {told}");
    }
}

/// Catches: limits of fog for maxima, most of which then have one colour; minima without limits of their own; limits of a
/// column that only the picture's options change.
#[test]
fn limits_are_those_of_what_a_mode_shows() {
    let folder = folder("mode_limits");
    let draw = |options: &[&str]| {
        let to = path(&folder, "a.png");
        let base = ["render", "sample:founding", "--grid", "24", "--size", "120x90", "-o", &to, "--json"];
        let out = densitas(&[&base[..], options].concat());
        assert!(out.status.success(), "{}", stderr(&out));
        let limits = [0, 1].map(|i| json(&out)["limits"][i].as_f64().unwrap());
        (limits, json(&out)["max"].as_f64().unwrap(), read_png(Path::new(&to)).1)
    };
    let (fog, max, _) = draw(&[]);
    let (mip, ..) = draw(&["--mode", "mip"]);
    assert!(mip[0] == fog[0] && mip[1] > fog[1] && mip[1] > 0.9 * max && mip[1] <= max, "{mip:?} {fog:?} {max}");
    assert_eq!(draw(&["--mode", "mip", "--limits", "mass:0.98,0.05"]).0, fog);
    let clip = "--clip=-1,1,-1,1,-1,1";
    let (minip, ..) = draw(&["--mode", "minip", clip]);
    assert!(minip[0] == 0.0 && minip[1] > 0.3 * max && minip[1] < max, "{minip:?} {max}");
    assert_eq!(draw(&["--mode", "minip", clip, "--limits", "mass:0.98,0.05"]).0, fog);
    assert_eq!(draw(&["--mode", "minip", clip, "--vmin", "0.01"]).0, [0.01, minip[1]]);
    let refused = densitas(&["render", "sample:founding", "--mode", "minip", clip, "--vmin", "9", "-o", "no.png"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("--vmin 9 leaves no room for colours"), "{}", stderr(&refused));
    let both = ["--mode", "both", "--color-by", "x", "--colorbar", "off"];
    let (limits, _, whole) = draw(&both);
    let (same, _, narrow) = draw(&[&both[..], &["--point-limits", "percentile:10,90"]].concat());
    assert!(limits == fog && same == fog && whole != narrow);
}

/// Catches: levels in the unit of the density beside a colour bar of counts, an end of the limits below a surface,
/// opacities that do not follow the factor.
#[test]
fn levels_of_surfaces_are_what_the_bar_says_and_lie_on_it() {
    let folder = folder("levels");
    let draw = |name: &str, options: &[&str]| {
        let to = path(&folder, name);
        let base =
            ["render", "sample:founding", "--grid", "12", "--size", "120x90", "--colorbar", "off", "--mode", "iso"];
        let out = densitas(&[&base[..], &["-o", &to, "--json"], options].concat());
        assert!(out.status.success(), "{}", stderr(&out));
        (read_png(Path::new(&to)).1, json(&out)["limits"].clone())
    };
    // 5000 points without a unit: 50 counts are a density of 0.01.
    let counts = draw("a.png", &["--quantity", "counts", "--iso", "50,mass:0.2:0.4"]);
    assert!(counts == draw("b.png", &["--iso", "0.01,mass:0.2:0.4"]), "levels are in another unit than the bar");
    assert!(counts.0 != draw("c.png", &["--iso", "0.011,mass:0.2:0.4"]).0, "the level changes nothing");
    for (levels, low, high) in [("1e-5", 1e-5, 1e-5), ("1e-5,0.045", 1e-5, 0.045), ("0.02,0.03", 0.02, 0.03)] {
        for scale in ["linear", "log", "sqrt"] {
            let (_, limits) = draw("d.png", &["--iso", levels, "--scale", scale]);
            let [vmin, vmax] = [0, 1].map(|i| limits[i].as_f64().unwrap());
            assert!(vmin < low && high <= vmax, "{levels} {scale}: {limits}");
        }
    }
    let half = draw("e.png", &["--iso", "0.01", "--global-opacity", "0.5"]).0;
    assert!(half == draw("f.png", &["--iso", "0.01:0.5"]).0, "the factor is not one of the opacity");
}

/// Catches: a coordinate refused because it is a position already, or another axis.
#[test]
fn points_are_coloured_by_a_coordinate_of_any_format() {
    let folder = folder("coordinate");
    let [table, atoms] = ["a.csv", "a.xyz"].map(|name| path(&folder, name));
    let places: Vec<[f64; 3]> =
        (0..20).map(|i| [0.37, 0.71, 0.53].map(|k| (k * f64::from(i + 1)).fract() * 9.0)).collect();
    let row = |p: &[f64; 3], by: char| format!("{1}{0}{2}{0}{3}", by, p[0], p[1], p[2]);
    let rows: Vec<String> = places.iter().map(|p| format!("{},{}", row(p, ','), p[1])).collect();
    std::fs::write(&table, format!("pos_x,pos_y,pos_z,h\n{}\n", rows.join("\n"))).unwrap();
    let rows: Vec<String> = places.iter().map(|p| format!("C {}", row(p, ' '))).collect();
    std::fs::write(&atoms, format!("20\n\n{}\n", rows.join("\n"))).unwrap();
    let run = |input: &str, by: &str| {
        let to = path(&folder, "a.png");
        let base = ["render", input, "--grid", "8", "--size", "120x90", "--colorbar", "off", "--axes", "off"];
        let out =
            densitas(&[&base[..], &["--mode", "points", "--point-size", "2", "--color-by", by, "-o", &to]].concat());
        (out.status.code(), stderr(&out), read_png(Path::new(&to)).1)
    };
    let (_, told, wanted) = run(&table, "h");
    for (input, by) in [(&table, "y"), (&table, "pos_y"), (&atoms, "y")] {
        let (status, told, found) = run(input, by);
        assert!(status == Some(0) && found == wanted, "{input} {by}: {told}");
    }
    assert!(run(&table, "x").2 != wanted, "{told}");
    let (status, told, _) = run(&atoms, "q");
    assert!(status == Some(2) && told.contains("there is no column `q`") && told.contains("bfactor"), "{told}");
}

/// Catches: axes along another box than the one asked for, or an automatic view that does not follow it.
#[test]
fn axes_stand_along_the_box_that_is_given() {
    let folder = folder("axes_box");
    let draw = |name: &str, options: &[&str]| {
        let to = path(&folder, name);
        let base = ["render", "sample:founding", "--grid", "12", "--size", "200x150", "--bounds", "-3,3,-4,4,-5,5"];
        let out = densitas(&[&base[..], options, &["-o", &to]].concat());
        (out.status.code(), std::fs::read(&to).ok(), stderr(&out))
    };
    let pixels = |name: &str| read_png(Path::new(&path(&folder, name))).1;
    for (name, options) in
        [("a.png", &[][..]), ("b.png", &["--axes-box", "-3,3,-4,4,-5,5"]), ("c.png", &["--axes-box", "-2,2,-2,2,-2,2"])]
    {
        let (status, _, told) = draw(name, options);
        assert_eq!(status, Some(0), "{told}");
    }
    assert!(pixels("a.png") == pixels("b.png"), "the grid's own box is another one");
    assert!(pixels("a.png") != pixels("c.png"), "the box changes nothing");
    let (status, _, told) = draw("d.png", &["--axes-box", "2,-2,0,1,0,1"]);
    assert_eq!(status, Some(2), "{told}");
}

/// Catches: limits, colours and a name that are of the density where points are coloured by a column.
#[test]
fn a_column_has_the_limits_and_colours_asked_for() {
    let folder = folder("options-column");
    let table = path(&folder, "p.csv");
    let rows: String = (0..60).map(|i| format!("{},{},{},{}\n", i % 4, i % 5, i % 3, 1 + i)).collect();
    std::fs::write(&table, format!("x,y,z,w\n{rows}")).unwrap();
    let picture = |name: &str, more: &[&str]| {
        let to = path(&folder, name);
        let args = ["render", &table, "--mode", "points", "--color-by", "w", "--size", "240x180", "--json", "-o", &to];
        (json(&densitas(&[&args[..], more].concat()))["limits"].clone(), read_png(Path::new(&to)))
    };
    let (limits, plain) = picture("a.png", &[]);
    assert_eq!(limits, serde_json::json!([1.0, 60.0]));
    let (limits, log) = picture("b.png", &["--limits", "value:2,20", "--scale", "log"]);
    assert_eq!(limits, serde_json::json!([2.0, 20.0]));
    for more in [&["--colormap", "viridis"][..], &["--reverse"], &["--colormap-steps", "5"], &["--bar-title", "mine"]] {
        assert!(picture("c.png", more).1 != plain && log != plain, "{more:?}");
    }
    let to = path(&folder, "d.png");
    let wrong = ["render", &table, "--mode", "points", "--color-by", "w", "--limits", "mass:0.9,0", "-o", &to];
    let out = densitas(&wrong);
    assert!(out.status.code() == Some(2) && stderr(&out).contains("is of a density"), "{}", stderr(&out));
}

/// Catches: a unit that is taken for that of the data, and one that pixels are taken for.
#[test]
fn a_point_size_has_a_unit_as_other_lengths() {
    let folder = folder("size-unit");
    let picture = path(&folder, "a.png");
    let size = |given: &str| {
        let base = ["render", "sample:membrane", "--max-points", "200", "--grid", "8", "--size", "60x40", "--json"];
        let told = densitas(&[&base[..], &["--mode", "points", "-o", &picture, "--point-size", given]].concat());
        assert!(told.status.success(), "{}", stderr(&told));
        json(&told)["point_size"].as_f64().unwrap()
    };
    assert_eq!(["20A", "2nm", "2", "0.002um"].map(size), [2.0; 4]);
    assert_eq!(size("3px"), 3.0);
    let base = ["render", "sample:membrane", "--mode", "points", "-o", &picture];
    for wrong in ["2kg", "0A", "px", "-1nm"] {
        let told = densitas(&[&base[..], &["--point-size", wrong]].concat());
        assert_eq!(told.status.code(), Some(2), "{wrong}: {}", stderr(&told));
    }
    let told = stderr(&densitas(&[&base[..], &["--mass-axis=maybe"]].concat()));
    assert!(told.contains("write on or off"), "{told}");
}

/// Catches: a bar that runs to a level that no value has.
#[test]
fn levels_without_a_surface_leave_the_limits_alone() {
    let folder = folder("no-surface");
    let picture = path(&folder, "a.png");
    let limits = |levels: &str| {
        let base =
            ["render", "sample:founding", "--grid", "12", "--size", "60x40", "--json", "--mode", "iso", "-o", &picture];
        json(&densitas(&[&base[..], &["--iso", levels]].concat()))["limits"].clone()
    };
    assert_eq!(limits("0.01,7"), limits("0.01"));
}
