//! Every example, run as a reader would run it.

use std::path::Path;

use crate::common::read_png;

#[allow(dead_code)]
#[path = "../../examples/founding_volume.rs"]
mod founding_volume;

#[test]
fn the_founding_example_draws_its_picture() {
    let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join("founding_volume.png");
    founding_volume::draw(&picture).unwrap();
    let (size, pixels) = read_png(&picture);
    assert_eq!(size, [800, 600]);
    assert!(pixels.iter().filter(|p| p[0] > 200).count() > 2000, "the core is bright and large");
    assert!(pixels[0][0] < 32, "the corner is dark");
}
