//! What the window looks like: a few pictures of it, kept in `tests/golden`, without what tells the time.
//!
//! As for pictures no channel may differ by more than 1/255, and no more than one pixel in a thousand at all.
//! `UPDATE_GOLDEN=1 cargo test --release --test it looks` rewrites them.

use std::path::{Path, PathBuf};

use super::{Stage, can_show};
use crate::common::read_png;

const LARGEST_FILE: u64 = 64 << 10;

/// Part of a screen: left, top, width and height.
fn part((width, pixels): &(usize, Vec<[u8; 3]>), [x, y, w, h]: [usize; 4]) -> Vec<[u8; 3]> {
    pixels.chunks_exact(*width).skip(y).take(h).flat_map(|row| row[x..x + w].to_vec()).collect()
}

fn write(path: &Path, [width, height]: [u32; 2], pixels: &[[u8; 3]]) {
    let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    encoder.write_header().unwrap().write_image_data(&pixels.concat()).unwrap();
}

/// Whether the part looks as it is kept; else the new one lies beside it.
fn compare(name: &str, size: [u32; 2], pixels: &[[u8; 3]]) -> Option<String> {
    let kept: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "golden", &format!("{name}.png")].iter().collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        write(&kept, size, pixels);
        assert!(std::fs::metadata(&kept).unwrap().len() <= LARGEST_FILE, "{name}.png is too large");
        return None;
    }
    let (of, old) = read_png(&kept);
    let far = |(a, b): &(&[u8; 3], &[u8; 3])| std::iter::zip(*a, *b).any(|(a, b)| a.abs_diff(*b) > 1);
    let different = std::iter::zip(&old, pixels).filter(|(a, b)| a != b).count();
    let very = std::iter::zip(&old, pixels).filter(far).count();
    if of == size && very == 0 && different * 1000 <= pixels.len() {
        return None;
    }
    write(&kept.with_extension("new.png"), size, pixels);
    Some(format!("{name}: {different} of {} pixels differ, {very} by more than 1; see {name}.new.png", pixels.len()))
}

/// Catches: panels that overlap, are cut off or have lost their colours, and an empty window that says nothing.
#[test]
fn the_window_looks_as_it_is_kept() {
    if !can_show() {
        return;
    }
    let mut wrong = Vec::new();
    let mut stage = Stage::open("looks-empty", [640, 420], &[]);
    stage.wait_for("the empty start", |stage| super::colors(&stage.screen().1) > 20);
    std::thread::sleep(super::REST);
    wrong.extend(compare("window-empty", [640, 420], &part(&stage.screen(), [0, 0, 640, 420])));
    stage.quit();
    let arguments = ["sample:founding", "--grid", "24"];
    let mut stage = Stage::open("looks", [960, 900], &arguments);
    stage.xdotool("mousemove 500 895");
    let screen = stage.screen_at_rest();
    wrong.extend(compare("window-panels", [320, 900], &part(&screen, [640, 0, 320, 900])));
    stage.xdotool("key h");
    std::thread::sleep(std::time::Duration::from_millis(500));
    let screen = stage.screen_at_rest();
    wrong.extend(compare("window-keys", [440, 640], &part(&screen, [260, 130, 440, 640])));
    stage.quit();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
