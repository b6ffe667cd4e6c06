//! The window, under Xvfb with real input.
//!
//! Without Xvfb and xdotool these tests say SKIPPED; `.ci/run` asks for them by `DENSITAS_TEST_WINDOW`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::read_png;

#[cfg(target_os = "linux")]
mod drop;
mod files;
mod hands;
mod looks;
mod several;
mod slips;

const PROGRAM: &str = env!("CARGO_BIN_EXE_densitas");

/// Whatever takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(120);
/// What is on the screen is at rest when it has not changed for so long.
const REST: Duration = Duration::from_millis(900);

/// A display, a window on it, and a folder in which it writes.
struct Stage {
    display: String,
    folder: PathBuf,
    server: Child,
    program: Child,
}

fn installed(name: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {name}")]).stdout(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}

/// Whether there is what a window needs; a promised one that is missing is a failure.
fn can_show() -> bool {
    let missing: Vec<_> = ["Xvfb", "xdotool"].into_iter().filter(|name| !installed(name)).collect();
    if missing.is_empty() {
        return true;
    }
    assert!(std::env::var_os("DENSITAS_TEST_WINDOW").is_none(), "{missing:?} must be installed");
    println!("SKIPPED: {missing:?} not installed");
    false
}

impl Stage {
    /// `densitas view` with these arguments on a display of this size.
    fn open(name: &str, size: [u32; 2], arguments: &[&str]) -> Self {
        Self::of_verb(name, size, &[&["view"], arguments].concat(), &[])
    }

    /// A verb with its arguments in a folder with these files.
    fn of_verb(name: &str, size: [u32; 2], arguments: &[&str], files: &[(&str, String)]) -> Self {
        Self::begin(name, size, arguments, files, None)
    }

    /// As [`Stage::of_verb`]; the window's device is lost after so many frames.
    fn begin(name: &str, size: [u32; 2], arguments: &[&str], files: &[(&str, String)], loss: Option<u32>) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("window-{name}"));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        files.iter().for_each(|(name, text)| std::fs::write(folder.join(name), text).unwrap());
        let screen = format!("{}x{}x24", size[0], size[1]);
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-noreset", "-nocursor", "-screen", "0", &screen, "-fbdir"])
            .arg(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        let display = format!(":{}", number.trim());
        let program = Command::new(PROGRAM)
            .args(arguments)
            .args(["--adapter", "software"])
            .current_dir(&folder)
            .env("DISPLAY", &display)
            .env_remove("WAYLAND_DISPLAY")
            .env("NODEVICE_SELECT", "1")
            .env("DENSITAS_PLACES", folder.join("places"))
            .envs(loss.map(|frames| ("DENSITAS_LOSE_DEVICE", frames.to_string())))
            .spawn()
            .unwrap();
        let mut stage = Self { display, folder, server, program };
        stage.wait_for("a window", |s| s.windows() > 0);
        stage.xdotool(&format!(
            "search --onlyvisible --name densitas windowsize %1 {} {} windowfocus %1",
            size[0], size[1]
        ));
        stage
    }

    fn windows(&mut self) -> usize {
        assert!(self.program.try_wait().unwrap().is_none(), "the program ended");
        let found = Command::new("xdotool")
            .args(["search", "--onlyvisible", "--name", "densitas"])
            .env("DISPLAY", &self.display)
            .output();
        String::from_utf8(found.unwrap().stdout).unwrap().lines().count()
    }

    fn xdotool(&self, what: &str) {
        let status =
            Command::new("xdotool").args(what.split(' ')).env("DISPLAY", &self.display).stdout(Stdio::null()).status();
        assert!(status.unwrap().success(), "xdotool {what}");
    }

    /// The middle of something in the window, once it stands there and moves no more: of a share of its width and height.
    fn place(&mut self, name: &str, share: [f64; 2]) -> [i64; 2] {
        let (mut found, mut last) = (None, None);
        self.wait_for(name, |stage| {
            last = found.take();
            let text = std::fs::read_to_string(stage.folder.join("places")).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
            let read = |line: String| line.split(' ').map(|n| n.parse().ok()).collect::<Option<Vec<f64>>>();
            found = line.and_then(read).filter(|r| r.len() == 4);
            found.is_some() && found == last
        });
        let r = found.unwrap();
        [0, 1].map(|axis| (r[axis] + share[axis] * (r[axis + 2] - r[axis])).round() as i64)
    }

    /// Clicks on something.
    fn click(&mut self, name: &str, share: [f64; 2]) {
        let [x, y] = self.place(name, share);
        self.xdotool(&format!("mousemove {x} {y} sleep 0.3 click 1 sleep 0.5"));
    }

    /// Drags from one place within something to another.
    fn drag(&mut self, name: &str, from: [f64; 2], to: [f64; 2]) {
        let [a, b] = [from, to].map(|share| self.place(name, share));
        let half = [0, 1].map(|axis| i64::midpoint(a[axis], b[axis]));
        let moves = [half, b].map(|[x, y]| format!("mousemove {x} {y} sleep 0.4"));
        self.xdotool(&format!(
            "mousemove {} {} sleep 0.3 mousedown 1 sleep 0.3 {} mouseup 1",
            a[0],
            a[1],
            moves.join(" ")
        ));
    }

    fn wait_for(&mut self, what: &str, mut is_there: impl FnMut(&mut Self) -> bool) {
        let start = Instant::now();
        while !is_there(self) {
            assert!(start.elapsed() < PATIENCE, "waited for {what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What is on the screen: width, and red, green and blue of each pixel.
    fn screen(&self) -> (usize, Vec<[u8; 3]>) {
        let file = std::fs::read(self.folder.join("Xvfb_screen0")).unwrap();
        let word = |i: usize| u32::from_be_bytes(file[4 * i..4 * i + 4].try_into().unwrap()) as usize;
        // XWD: header size, pixmap width and height, bytes a line, colours.
        let (header, width, height, line, colors) = (word(0), word(4), word(5), word(12), word(19));
        let pixels = &file[header + 12 * colors..];
        let row = |y: usize| pixels[y * line..y * line + 4 * width].chunks_exact(4).map(|p| [p[2], p[1], p[0]]);
        (width, (0..height).flat_map(row).collect())
    }

    /// Whether the program says that its picture is there in full; a player says nothing.
    fn is_drawn(&self) -> bool {
        std::fs::read_to_string(self.folder.join("places")).map_or(true, |text| text.contains("AT_REST"))
    }

    /// The screen when it no longer changes and shows more than flat areas.
    fn screen_at_rest(&mut self) -> (usize, Vec<[u8; 3]>) {
        let (start, mut since, mut last) = (Instant::now(), Instant::now(), self.screen());
        loop {
            std::thread::sleep(Duration::from_millis(100));
            let now = self.screen();
            if now != last {
                (since, last) = (Instant::now(), now);
            } else if since.elapsed() > REST && colors(&last.1) > 1500 && self.is_drawn() {
                return last;
            }
            assert!(self.program.try_wait().unwrap().is_none(), "the program ended");
            assert!(start.elapsed() < PATIENCE, "the screen does not come to rest");
        }
    }

    /// The number of the window.
    fn window(&self) -> u32 {
        let found = Command::new("xdotool")
            .args(["search", "--onlyvisible", "--name", "densitas"])
            .env("DISPLAY", &self.display)
            .output();
        String::from_utf8(found.unwrap().stdout).unwrap().lines().next().unwrap().parse().unwrap()
    }

    /// Hundredths of a second of processors that the program has taken.
    fn processor_time(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.program.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11..13].iter().map(|n| n.parse::<u64>().unwrap()).sum()
    }

    /// Resident memory of the program in MiB.
    fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.program.id())).unwrap();
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() / 1024
    }

    /// Whether something stands in the window.
    fn shows(&self, name: &str) -> bool {
        let text = std::fs::read_to_string(self.folder.join("places")).unwrap_or_default();
        text.lines().any(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')))
    }

    /// The recipe that the window saves now.
    fn recipe(&mut self, name: &str) -> String {
        let path = self.folder.join(name);
        let _ = std::fs::remove_file(&path);
        self.xdotool("key ctrl+s");
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    /// Waits until the recipe has a line that begins so; what follows there.
    fn option(&mut self, name: &str, option: &str) -> String {
        let begin = format!("{option} = ");
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let recipe = self.recipe(name);
            if let Some(line) = recipe.lines().find_map(|line| line.strip_prefix(&begin)) {
                return line.to_owned();
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("{option} is not set:\n{}", self.recipe(name));
    }

    fn file(&mut self, name: &str) -> PathBuf {
        let path = self.folder.join(name);
        self.wait_for(name, |_| path.exists());
        path
    }

    /// Ends the window by its key.
    fn quit(mut self) {
        self.xdotool("key ctrl+q");
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.program.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the window does not close");
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn colors(pixels: &[[u8; 3]]) -> usize {
    pixels.iter().collect::<std::collections::HashSet<_>>().len()
}

/// Catches: a window that assembles its scene by other rules than `render`, encodes colours twice, or scales its picture.
#[test]
fn what_is_shown_is_what_render_draws_of_the_saved_recipe() {
    if !can_show() {
        return;
    }
    let mut stage = Stage::open("same", [1000, 640], &["sample:founding", "--grid", "48"]);
    let first = stage.screen_at_rest();
    stage.xdotool("mousemove 300 300 sleep 0.5 mousedown 1 sleep 0.5 mousemove 380 330 sleep 0.5 mousemove 420 340 sleep 0.5 mouseup 1");
    stage.xdotool("mousemove 200 200 sleep 0.5 click 4 sleep 0.2 click 4");
    let turned = stage.screen_at_rest();
    assert!(std::iter::zip(&first.1, &turned.1).filter(|(a, b)| a != b).count() > 10_000, "nothing has turned");
    // A click keeps a label.
    stage.xdotool("mousemove 340 300 sleep 1.5 click 1");
    stage.option("founding.toml", "label");
    stage.xdotool("key Escape");
    let turned = stage.screen_at_rest();
    stage.xdotool("key s");
    let saved = stage.file("founding.png");
    stage.xdotool("key ctrl+s");
    let recipe = stage.file("founding.toml");
    let ([width, _], pixels) = read_png(&saved);
    let width = width as usize;
    for (y, row) in pixels.chunks_exact(width).enumerate() {
        let shown = &turned.1[y * turned.0..y * turned.0 + width];
        assert!(shown == row, "row {y} of the window is not that of the picture");
    }
    let again = stage.folder.join("again.png");
    let drawn = Command::new(PROGRAM)
        .args(["render", "--adapter", "software", "--quiet", "--recipe"])
        .arg(&recipe)
        .arg("-o")
        .arg(&again)
        .output()
        .unwrap();
    assert!(drawn.status.success() && drawn.stderr.is_empty(), "{}", String::from_utf8_lossy(&drawn.stderr));
    assert!(std::fs::read(&saved).unwrap() == std::fs::read(&again).unwrap(), "the recipe draws other bytes");
    // The label, the zoom and the turn undone, it is the first view again.
    stage.xdotool("key ctrl+z key ctrl+z key ctrl+z key ctrl+z key ctrl+z");
    stage.xdotool("mousemove 960 130");
    std::thread::sleep(Duration::from_secs(5));
    let undone = stage.screen_at_rest();
    let in_picture = |screen: &(usize, Vec<[u8; 3]>)| -> Vec<[u8; 3]> {
        screen.1.chunks_exact(screen.0).take(pixels.len() / width).flat_map(|row| row[..width].to_vec()).collect()
    };
    assert!(in_picture(&undone) == in_picture(&first), "undoing does not lead back");
    stage.quit();
}

/// A helix of atoms that grows from frame to frame.
fn write_frames(path: &Path) {
    let mut text = String::new();
    for frame in 0..6 {
        text += "120\nframe\n";
        for i in 0..120 {
            let (turn, radius) = (f64::from(i) * 0.35, 5.0 + f64::from(frame));
            let element = if i % 4 == 0 { "N" } else { "C" };
            let (x, y, z) = (radius * turn.cos(), radius * turn.sin(), 0.2 * f64::from(i));
            text += &format!("{element} {x:.3} {y:.3} {z:.3}\n");
        }
    }
    std::fs::write(path, text).unwrap();
}

/// Catches: controls that do not do what they show, frames that do not play, a window that dies when it is resized or
/// hidden, memory that grows, and a file that is dropped in vain.
#[test]
#[cfg(target_os = "linux")]
fn hands_reach_everything() {
    if !can_show() {
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (frames, picture) = (folder.join("helix.xyz"), folder.join("dropped.png"));
    write_frames(&frames);
    let wish = ["render", "sample:founding", "--mode", "mip", "--grid", "20", "--size", "64x48", "-o"];
    let drawn = Command::new(PROGRAM).args(wish).arg(&picture).args(["--adapter", "software"]).output().unwrap();
    assert!(drawn.status.success());
    // A window begins empty; a picture that is dropped brings its scene back, a file is opened.
    let mut stage = Stage::open("hands", [900, 1250], &[]);
    let window = stage.window();
    drop::drop_files(&stage.display, window, &[&picture]);
    assert_eq!(stage.option("founding.toml", "mode"), "\"mip\"");
    drop::drop_files(&stage.display, window, &[&frames]);
    stage.wait_for("the frames", |s| s.recipe("helix.toml").contains("helix.xyz"));
    stage.screen_at_rest();
    // At rest it does nothing.
    let before = stage.processor_time();
    std::thread::sleep(Duration::from_secs(2));
    let taken = stage.processor_time() - before;
    assert!(taken < 30, "{taken} ticks in 2 s of rest");
    // What is typed is taken, and keys that are letters stay in the field.
    stage.click("select", [0.5, 0.5]);
    stage.xdotool("type --delay 30 element");
    stage.xdotool("key space");
    stage.xdotool("type C");
    stage.xdotool("key Return");
    assert_eq!(stage.option("helix.toml", "select"), "\"element C\"");
    // A point of the opacity curve, and the bandwidth.
    stage.screen_at_rest();
    stage.drag("opacity", [0.5, 0.4], [0.45, 0.2]);
    assert_eq!(stage.option("helix.toml", "opacity").matches(':').count(), 3);
    stage.click("Smoothing", [0.3, 0.5]);
    stage.drag("width", [0.7, 0.6], [0.4, 0.6]);
    let factor: f64 = stage.option("helix.toml", "bandwidth").parse().unwrap();
    assert!((0.02..1.0).contains(&factor), "{factor}");
    // Frames play, with a box and limits for all of them.
    stage.xdotool("mousemove 300 600");
    stage.screen_at_rest();
    stage.xdotool("key space");
    let mut seen = std::collections::HashSet::new();
    stage.wait_for("three frames", |s| {
        seen.insert(s.screen().1);
        seen.len() > 3
    });
    stage.xdotool("key space");
    let all = ["input-frames", "bounds", "vmax"].map(|option| stage.option("helix.toml", option));
    stage.screen_at_rest();
    stage.xdotool("key space sleep 1 key space");
    stage.screen_at_rest();
    assert_eq!(["bounds", "vmax"].map(|option| stage.option("helix.toml", option)), all[1..]);
    // The picture is that of its recipe.
    let recipe = stage.folder.join("kept.toml");
    stage.recipe("helix.toml");
    std::fs::rename(stage.folder.join("helix.toml"), &recipe).unwrap();
    stage.xdotool("key s");
    let (saved, again) = (stage.file("helix.png"), stage.folder.join("again.png"));
    let wish = ["render", "--adapter", "software", "--quiet", "--recipe"];
    let drawn = Command::new(PROGRAM).args(wish).arg(&recipe).arg("-o").arg(&again).output().unwrap();
    assert!(drawn.status.success(), "{}", String::from_utf8_lossy(&drawn.stderr));
    assert!(std::fs::read(&saved).unwrap() == std::fs::read(&again).unwrap(), "the recipe draws other bytes");
    // Resized a thousand times, hidden and shown again, it lives and takes no more memory.
    let resize = |stage: &Stage, count: u32| {
        let sizes = (0..count).map(|i| format!("windowsize %1 {} {}", 700 + 37 * i % 200, 500 + 53 * i % 700));
        let all: Vec<String> = sizes.collect();
        stage.xdotool(&format!("search --onlyvisible --name densitas {}", all.join(" ")));
    };
    resize(&stage, 100);
    stage.screen_at_rest();
    let before = stage.memory();
    (0..9).for_each(|_| resize(&stage, 100));
    stage.xdotool(&format!("windowunmap {window} sleep 0.5 windowmap {window} sleep 0.5"));
    stage.xdotool(&format!("windowsize {window} 900 1250 windowfocus {window}"));
    stage.screen_at_rest();
    let after = stage.memory();
    println!("memory: {before} MiB after 100 sizes, {after} MiB after 1000");
    assert!(after < before + 60, "memory has grown from {before} to {after} MiB");
    // A field of text keeps letters, not the key that ends the window.
    stage.click("select", [0.5, 0.5]);
    stage.quit();
}

/// Catches: files that are named beside the first and then are nowhere, or that forget what was done to them.
#[test]
fn several_files_are_shown_one_at_a_time() {
    if !can_show() {
        return;
    }
    let file = |name: &'static str, shift: f64| {
        let row = |i: i32| format!("{:.3},{:.3},{:.3}", f64::from(i % 5) + shift, f64::from(i % 7), f64::from(i % 3));
        (name, format!("x,y,z\n{}\n", (0..40).map(row).collect::<Vec<_>>().join("\n")))
    };
    let files = [file("one.csv", 0.0), file("two.csv", 5.0), file("three.csv", 9.0)];
    let arguments = ["view", "one.csv", "two.csv", "three.csv", "--grid", "16"];
    let mut stage = Stage::of_verb("several", [900, 640], &arguments, &files);
    stage.screen_at_rest();
    stage.xdotool("key 4");
    assert_eq!(stage.option("one.toml", "mode"), "\"mip\"");
    stage.xdotool("key Next");
    stage.screen_at_rest();
    let second = stage.recipe("two.toml");
    assert!(second.contains("grid = 16") && !second.contains("mip") && !second.contains("three.csv"), "{second}");
    stage.xdotool("key Prior key Prior");
    stage.screen_at_rest();
    assert!(stage.recipe("three.toml").contains("three.csv"));
    stage.xdotool("key Next");
    assert_eq!(stage.option("one.toml", "mode"), "\"mip\"");
    stage.quit();
    let out = Command::new(PROGRAM).args(["view", "sample:founding", "no/such.pdb"]).env("DISPLAY", ":94321").output();
    let out = out.unwrap();
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8(out.stderr).unwrap().contains("no/such.pdb"));
}

/// Catches: a window that ends, or stays black, when its device is gone.
#[test]
fn a_lost_device_is_replaced() {
    if !can_show() {
        return;
    }
    let arguments = ["view", "sample:founding", "--grid", "24"];
    let mut stage = Stage::begin("loss", [900, 640], &arguments, &[], Some(4));
    let first = stage.screen_at_rest();
    // More frames than the first device has.
    stage.xdotool(
        "mousemove 200 200 sleep 0.3 mousemove 300 300 sleep 0.3 mousemove 310 310 sleep 0.3 key h sleep 0.5 key h",
    );
    stage.xdotool("key x");
    let turned = stage.screen_at_rest();
    assert!(std::iter::zip(&first.1, &turned.1).filter(|(a, b)| a != b).count() > 5_000, "nothing has turned");
    assert_eq!(stage.recipe("founding.toml").matches("camera-position").count(), 1);
    stage.quit();
}

/// Catches: an exit status by which scripts cannot tell that a file is missing, or a window that opens for nothing.
#[test]
fn a_missing_file_is_an_error_before_a_window_opens() {
    let out = Command::new(PROGRAM).args(["view", "no/such/file.pdb"]).env("DISPLAY", ":94321").output().unwrap();
    let told = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(1), "{told}");
    assert!(told.contains("no/such/file.pdb") && told.lines().count() == 1, "{told}");
}

/// Catches: a panic, or a status by which scripts cannot tell what is missing.
#[test]
fn without_a_display_the_headless_command_is_named() {
    let without_display = |arguments: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET");
        let out = command.output().unwrap();
        (out.status.code(), String::from_utf8(out.stderr).unwrap())
    };
    let (status, told) = without_display(&["view", "sample:founding"]);
    assert_eq!(status, Some(3), "{told}");
    assert!(told.contains("densitas render sample:founding -o") && told.lines().count() == 1, "{told}");
    // What was asked for is repeated, as a shell takes it.
    let asked = ["--title", "it's 5 %", "--ortho", "--grid", "20", "--adapter", "software"];
    let (_, told) = without_display(&[&["view", "sample:founding"], &asked[..]].concat());
    let command = told.split('`').nth(1).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("window-headless");
    std::fs::create_dir_all(&folder).unwrap();
    let command = command.replacen("densitas", PROGRAM, 1);
    let drawn = Command::new("sh").args(["-c", &command]).current_dir(&folder).output().unwrap();
    assert!(drawn.status.success(), "{command}: {}", String::from_utf8_lossy(&drawn.stderr));
    let recipe = Command::new(PROGRAM).args(["recipe", "picture.png"]).current_dir(&folder).output().unwrap();
    let recipe = String::from_utf8(recipe.stdout).unwrap();
    assert!(["title = \"it's 5 %\"", "ortho = true", "grid = 20"].iter().all(|o| recipe.contains(o)), "{recipe}");
}

/// Catches: a player that draws by other rules than `heatmap`, skips frames, or does not play.
#[test]
fn heat_maps_play_in_a_window_as_they_are_drawn() {
    if !can_show() {
        return;
    }
    let row = |k: usize, y: usize| (0..6).map(|x| ((x * y + k * x) % 7).to_string()).collect::<Vec<_>>().join(",");
    let table = |k: usize| (0..6).map(|y| row(k, y)).collect::<Vec<_>>();
    let files = ["a.csv", "b.csv", "c.csv"].map(|name| (name, usize::from(name.as_bytes()[0])));
    let files = files.map(|(name, k)| (name, table(k).join("\n")));
    let arguments = ["heatmap", "a.csv", "b.csv", "c.csv", "--title", "{name}", "--fps", "5"];
    let mut stage = Stage::of_verb("player", [700, 540], &[&arguments[..], &["--show"]].concat(), &files);
    let drawn: Vec<Vec<[u8; 3]>> = (0..3)
        .map(|k: usize| {
            let (only, to) = (k.to_string(), stage.folder.join("only.png"));
            let out = Command::new(PROGRAM)
                .args(arguments)
                .args(["--size", "700x500", "--only", &only, "-o", "only.png"])
                .current_dir(&stage.folder)
                .output()
                .unwrap();
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
            read_png(&to).1
        })
        .collect();
    let shows = |stage: &Stage, k: usize| stage.screen().1[..drawn[k].len()] == drawn[k][..];
    stage.wait_for("the first frame", |stage| shows(stage, 0));
    stage.xdotool("key Right");
    stage.wait_for("the second frame", |stage| shows(stage, 1));
    stage.xdotool("key End");
    stage.wait_for("the last frame", |stage| shows(stage, 2));
    stage.xdotool("key space");
    (0..3).for_each(|k| stage.wait_for("all frames", |stage| shows(stage, k)));
    // The slider, at its left end.
    stage.xdotool(
        "key space key End mousemove 176 520 sleep 0.3 mousedown 1 sleep 0.3 mouseup 1 sleep 0.3 mousemove 350 250",
    );
    stage.wait_for("the first frame", |stage| shows(stage, 0));
    stage.quit();
}
