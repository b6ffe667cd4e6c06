//! What several tests share.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use densitas::color::{Colormap, OpacityCurve, Scale, TransferFunction};
use densitas::geometry::Box3;
use densitas::gpu::{AdapterChoice, Gpu};
use densitas::grid::{DensityGrid, Lattice};
use densitas::scene::{
    Annotations, Background, Camera, Limits, Look, Projection, Sampling, Scene, View, Viewpoint, Window,
};
use glam::{DVec2, DVec3};

/// The folder of real test data, from the variable `DENSITAS_TEST_DATA`; prints SKIPPED and gives
/// `None` if it is unset. A variable that names no folder fails the test.
pub fn test_data() -> Option<PathBuf> {
    let Some(root) = std::env::var_os("DENSITAS_TEST_DATA").map(PathBuf::from) else {
        eprintln!("SKIPPED: DENSITAS_TEST_DATA is unset");
        return None;
    };
    // Cargo runs tests in the package's folder, so a relative path is relative to it.
    assert!(
        root.join("data/manifest.json").is_file(),
        "DENSITAS_TEST_DATA={} holds no data/manifest.json",
        root.display()
    );
    Some(root)
}

/// The numbers of a little-endian f64 array of NPY version 1, read without the library's reader.
pub fn npy_f64(path: &Path) -> Vec<f64> {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00", "{}", path.display());
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let text = String::from_utf8_lossy(&bytes[10..header]);
    assert!(text.contains("'<f8'") && text.contains("'fortran_order': False"), "{text}");
    bytes[header..].chunks_exact(8).map(|c| f64::from_le_bytes(c.try_into().unwrap())).collect()
}

/// The device that tests draw on: a software one, or that which `DENSITAS_TEST_ADAPTER` names, such as `gl`.
pub fn gpu() -> Gpu {
    let choice = std::env::var("DENSITAS_TEST_ADAPTER").map_or(AdapterChoice::Software, AdapterChoice::Named);
    Gpu::new(&choice).expect("tests of pictures need a software adapter")
}

/// A grid of a function of position.
pub fn grid_of(bounds: Box3, shape: [usize; 3], f: impl Fn(DVec3) -> f64) -> DensityGrid {
    let lattice = Lattice::spanning(bounds, shape).unwrap();
    let [nx, ny, nz] = shape;
    let mut values = Vec::with_capacity(lattice.len());
    for k in 0..nz {
        for j in 0..ny {
            values.extend((0..nx).map(|i| f(lattice.node(i, j, k)) as f32));
        }
    }
    DensityGrid::new(lattice, values, None).unwrap()
}

/// A scene of a grid, limits 0 to 1 in these colours and opacity, over black and without marks, seen along -x by a parallel camera
/// that shows a height of `seen` around the box's middle; one sample every `step`.
pub fn seen_along_x(grid: DensityGrid, colors: (Colormap, OpacityCurve, f64), seen: f64, step: f64) -> Scene {
    let bounds = grid.lattice.bounds();
    let mut scene = Look::Default.scene(Arc::new(grid), Limits::Value(0.0, 1.0)).unwrap();
    let (colormap, opacity, reference_length) = colors;
    scene.transfer = TransferFunction { colormap, limits: [0.0, 1.0], scale: Scale::Linear, opacity, reference_length };
    let camera = Camera::fitting(bounds, View::X, Window::middle(1.0));
    let projection = Projection::Orthographic { visible_height: seen };
    scene.viewpoint = Viewpoint::At(Camera { projection, shift: DVec2::ZERO, ..camera });
    scene.sampling = Sampling { step, adaptive: false, ..scene.sampling };
    scene.background = Background::Color([0.0; 3]);
    scene.annotations = Annotations::default();
    scene
}

/// A PNG as width, height and red, green, blue of each pixel.
pub fn read_png(path: &Path) -> ([u32; 2], Vec<[u8; 3]>) {
    let file = std::fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!(info.bit_depth, png::BitDepth::Eight);
    let channels = info.color_type.samples();
    assert!(channels >= 3);
    (
        [info.width, info.height],
        bytes[..info.buffer_size()].chunks_exact(channels).map(|p| [p[0], p[1], p[2]]).collect(),
    )
}
