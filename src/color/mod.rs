//! From density to colour and opacity: the only source of colour for volume, points, heat map and
//! colour bar.

mod colormap;
mod list;
mod lookup;
mod opacity;
mod tables;
mod transfer;
mod vision;

pub use colormap::Colormap;
pub use list::{hex, is_plain_color, parse_color};
pub use lookup::LookupTable;
pub use opacity::OpacityCurve;
pub use transfer::{Scale, TransferFunction};
pub use vision::Vision;
pub(crate) use vision::linear;

/// Red, green, blue in display (non-linear sRGB) values, 0 to 1.
pub type Rgb = [f32; 3];

/// The value at `x` of the polyline through `nodes`, which ascend; constant outside.
fn polyline(nodes: &[(f64, f32)], x: f64) -> f32 {
    let after = nodes.partition_point(|n| n.0 < x).clamp(1, nodes.len() - 1);
    let ((x0, y0), (x1, y1)) = (nodes[after - 1], nodes[after]);
    y0 + (y1 - y0) * ((x - x0) / (x1 - x0)).clamp(0.0, 1.0) as f32
}
