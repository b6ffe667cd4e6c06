//! TIFF stacks: one page a layer, x along a row, y down the rows, with the spacing of ImageJ or OME.

mod photometric;

use std::io::{self, Cursor, Write};

use ::tiff::decoder::{Decoder, DecodingResult, Limits, ifd::Value};
use ::tiff::encoder::{Rational, TiffEncoder, colortype::Gray32Float};
use ::tiff::tags::{ResolutionUnit, Tag};
use ::tiff::{ColorType, TiffError};
use glam::DVec3;

use super::super::lines::shown;
use super::super::numbers;
use super::super::{ReadOptions, bytes as files};
use super::{Raw, Values};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::grid::{DensityGrid, Sample};
use crate::progress::Progress;

/// A page of so many bytes is taken, however short the file.
const LEAST_PAGE_LIMIT: usize = 32 << 20;
/// The most bytes of a page that a byte of the file may stand for, from there on.
const MAX_RATIO: usize = 200;

/// Whether the bytes begin as TIFF or BigTIFF.
pub(in crate::io) fn is_tiff(head: &[u8]) -> bool {
    [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|magic| head.starts_with(*magic))
}

/// What the pages are, by ImageJ or OME.
#[derive(Debug, PartialEq)]
struct Layout {
    spacing: DVec3,
    origin: DVec3,
    unit: Option<LengthUnit>,
    /// Number of layers, if stated.
    layers: Option<usize>,
    /// From the page of a layer to that of the next.
    stride: usize,
    /// Whether pages of it have 64 bits, and how many whole numbers 32 bits round.
    is_double: bool,
    rounded: usize,
    notes: Vec<String>,
    warnings: Vec<String>,
}

impl Layout {
    fn unknown() -> Self {
        Self {
            spacing: DVec3::ONE,
            origin: DVec3::ZERO,
            unit: None,
            layers: None,
            stride: 1,
            is_double: false,
            rounded: 0,
            notes: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Notes what 32 bits round of a page.
    fn look_at(&mut self, page: &DecodingResult) {
        self.is_double |= matches!(page, DecodingResult::F64(_));
        self.rounded += match page {
            DecodingResult::U32(v) => numbers::rounded(v.iter().map(|v| f64::from(*v))),
            DecodingResult::I32(v) => numbers::rounded(v.iter().map(|v| f64::from(*v))),
            DecodingResult::U64(v) => numbers::rounded(v.iter().map(|v| *v as f64)),
            DecodingResult::I64(v) => numbers::rounded(v.iter().map(|v| *v as f64)),
            _ => 0,
        };
    }

    /// Takes the unit that a text names.
    fn set_unit(&mut self, text: &str) {
        let text = text.replace("\\u00B5", "µ");
        self.unit = text.parse().ok().filter(|u| *u != LengthUnit::Pixel);
        if self.unit.is_none() && !matches!(text.as_str(), "" | "pixel" | "pixels" | "null") {
            self.notes.push(format!("its unit of length `{}` is not known here; none is told", shown(text.as_bytes())));
        }
    }
}

/// Reads a stack.
pub(in crate::io) fn parse(bytes: &[u8], name: &str, options: &ReadOptions, progress: &dyn Progress) -> Result<Raw> {
    progress.begin("reading pages", 0);
    let broken = |page: usize, e: TiffError| {
        Error::input(format!("{name}: page {page}"), format!("{e}; the file is cut, damaged or of a kind not read"))
    };
    let most = usize::try_from(files::unpacked_limit(bytes.len(), options.max_decompressed)).unwrap_or(usize::MAX);
    let mut limits = Limits::default();
    // A page is allocated whole by what its directory says.
    let page = options.max_decompressed.map_or(LEAST_PAGE_LIMIT.max(bytes.len().saturating_mul(MAX_RATIO)), |_| most);
    limits.decoding_buffer_size = page.min(most);
    limits.intermediate_buffer_size = page.min(most);
    limits.ifd_value_size = bytes.len();
    // The decoder would give other values than are stored.
    let inverted = photometric::white_is_zero(bytes);
    let bytes = photometric::as_black_is_zero(bytes, &inverted);
    let decoder = Decoder::new(Cursor::new(bytes.as_ref())).map_err(|e| broken(1, e))?;
    let mut decoder = decoder.with_limits(limits);
    let description = decoder.get_tag_ascii_string(Tag::ImageDescription).unwrap_or_default();
    let resolution = [Tag::XResolution, Tag::YResolution].map(|tag| resolution(&mut decoder, tag));
    let mut layout = layout(&description, resolution);
    let (width, height) = decoder.dimensions().map_err(|e| broken(1, e))?;
    let (mut values, mut layers, mut page, mut other) = (Vec::new(), 0, 0, 0);
    loop {
        let is_layer = page % layout.stride == 0 && layout.layers.is_none_or(|n| layers < n);
        if decoder.dimensions().map_err(|e| broken(page + 1, e))? != (width, height) {
            other += 1;
        } else {
            if is_layer {
                append_page(&mut decoder, &mut values, &mut layout, name, page)
                    .map_err(|e| e.unwrap_or_else(|e| broken(page + 1, e)))?;
                layers += 1;
                if values.len() > most / size_of::<f32>() {
                    return Err(Error::input(
                        name,
                        format!("unpacks to more than {most} bytes; raise --max-decompressed"),
                    ));
                }
            }
            page += 1;
        }
        progress.check()?;
        if !decoder.more_images() {
            break;
        }
        decoder.next_image().map_err(|e| broken(page + 1, e))?;
    }
    if let Some(stated) = layout.layers.filter(|n| *n > layers) {
        let problem = format!("states {stated} layers and has {layers}; it is cut, or its pages are stored without a");
        return Err(Error::input(name, format!("{problem} directory each: save it anew as a plain stack")));
    }
    if !inverted.is_empty() {
        layout.notes.push("it is to be shown inverted (white is zero); the values are those stored".to_owned());
    }
    layout.notes.extend(layout.is_double.then(|| numbers::DOUBLES.to_owned()));
    layout.warnings.extend(numbers::tell_rounded(layout.rounded));
    if other > 0 {
        layout.warnings.push(format!("{other} pages of another size than the first are not read"));
    }
    Ok(Raw {
        format: "tiff",
        shape: [width as usize, height as usize, layers],
        origin: layout.origin,
        steps: super::straight(layout.spacing),
        values,
        unit: layout.unit,
        notes: layout.notes,
        warnings: layout.warnings,
    })
}

/// Appends the samples of the page that the decoder is at. The inner error is the crate's.
fn append_page<R: io::Read + io::Seek>(
    decoder: &mut Decoder<R>,
    values: &mut Vec<f32>,
    layout: &mut Layout,
    name: &str,
    page: usize,
) -> Result<(), std::result::Result<Error, TiffError>> {
    let color = decoder.colortype().map_err(Err)?;
    if !matches!(color, ColorType::Gray(8 | 16 | 32 | 64)) {
        let problem = format!("its samples are {color:?}, not grey of 8 to 64 bits; save it as grey levels");
        return Err(Ok(Error::input(format!("{name}: page {}", page + 1), problem)));
    }
    let result = decoder.read_image().map_err(Err)?;
    layout.look_at(&result);
    match result {
        DecodingResult::U8(v) => values.extend(v.into_iter().map(f32::from)),
        DecodingResult::U16(v) => values.extend(v.into_iter().map(f32::from)),
        DecodingResult::U32(v) => values.extend(v.into_iter().map(|v| v as f32)),
        DecodingResult::U64(v) => values.extend(v.into_iter().map(|v| v as f32)),
        DecodingResult::F16(v) => values.extend(v.into_iter().map(f32::from)),
        DecodingResult::F32(v) => values.extend(v),
        DecodingResult::F64(v) => values.extend(v.into_iter().map(|v| v as f32)),
        DecodingResult::I8(v) => values.extend(v.into_iter().map(f32::from)),
        DecodingResult::I16(v) => values.extend(v.into_iter().map(f32::from)),
        DecodingResult::I32(v) => values.extend(v.into_iter().map(|v| v as f32)),
        DecodingResult::I64(v) => values.extend(v.into_iter().map(|v| v as f32)),
    }
    Ok(())
}

/// Pixels a unit along an axis.
fn resolution<R: io::Read + io::Seek>(decoder: &mut Decoder<R>, tag: Tag) -> Option<f64> {
    let value = match decoder.find_tag(tag).ok()?? {
        Value::Rational(n, d) => f64::from(n) / f64::from(d),
        Value::Float(v) => f64::from(v),
        Value::Double(v) => v,
        _ => return None,
    };
    (value > 0.0 && value.is_finite()).then_some(value)
}

fn layout(description: &str, resolution: [Option<f64>; 2]) -> Layout {
    let begin = description.trim_start_matches(['\u{feff}', ' ', '\n', '\r']);
    let found = if description.starts_with("ImageJ=") {
        Some(imagej(description, resolution))
    } else if begin.starts_with('<') && begin.contains("<OME") {
        ome(begin)
    } else {
        None
    };
    let mut layout = found.unwrap_or_else(|| {
        let mut layout = Layout::unknown();
        layout.notes.push("no spacing is stated as ImageJ or OME do: 1 is taken".to_owned());
        layout
    });
    let is_good = layout.spacing.is_finite() && layout.spacing.min_element() > 0.0 && layout.origin.is_finite();
    if !is_good {
        layout.warnings.push(format!("its spacing {} cannot be; 1 is taken", layout.spacing));
        (layout.spacing, layout.origin) = (DVec3::ONE, DVec3::ZERO);
    }
    layout
}

/// Lines `key=value`; pages are channels, then slices, then frames.
fn imagej(description: &str, [x, y]: [Option<f64>; 2]) -> Layout {
    let mut layout = Layout::unknown();
    let get = |key: &str| description.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix('=')).map(str::trim);
    let count = |key: &str| get(key).and_then(|v| v.parse::<usize>().ok()).unwrap_or(1).max(1);
    let length = |key: &str| get(key).and_then(|v| v.parse::<f64>().ok());
    let (channels, slices, frames) = (count("channels"), count("slices"), count("frames"));
    layout.spacing =
        DVec3::new(1.0 / x.unwrap_or(1.0), 1.0 / y.unwrap_or(1.0), length("spacing").map_or(1.0, f64::abs));
    // In pixels, where the origin is.
    let origin = ["xorigin", "yorigin", "zorigin"].map(|k| length(k).unwrap_or(0.0));
    // Not the negative, which is -0 where there is none.
    layout.origin = DVec3::ZERO - DVec3::from_array(origin) * layout.spacing;
    layout.set_unit(get("unit").unwrap_or_default());
    layout.stride = channels;
    let hyperstack = channels.saturating_mul(slices).saturating_mul(frames) > 1;
    layout.layers = Some(if hyperstack { slices } else { count("images") });
    if slices == 1 && frames > 1 {
        layout.layers = Some(frames);
        layout.warnings.push(format!("its {frames} frames (there are no slices) are taken as layers"));
    } else if frames > 1 {
        layout.warnings.push(format!("holds {frames} frames; the first of them is read"));
    }
    tell_channels(&mut layout, channels);
    layout
}

fn tell_channels(layout: &mut Layout, channels: usize) {
    if channels > 1 {
        layout.warnings.push(format!("holds {channels} channels; the first of them is read"));
    }
}

/// The first image of an OME document.
fn ome(text: &str) -> Option<Layout> {
    let document = roxmltree::Document::parse(text.trim_end_matches(['\0', ' ', '\n'])).ok()?;
    let pixels = document.descendants().find(|n| n.tag_name().name() == "Pixels")?;
    let mut layout = Layout::unknown();
    let count = |key: &str| pixels.attribute(key).and_then(|v| v.parse::<usize>().ok()).unwrap_or(1).max(1);
    let sizes = [('Z', count("SizeZ")), ('C', count("SizeC")), ('T', count("SizeT"))];
    let mut unit = None;
    for (axis, [size, of]) in [
        ["PhysicalSizeX", "PhysicalSizeXUnit"],
        ["PhysicalSizeY", "PhysicalSizeYUnit"],
        ["PhysicalSizeZ", "PhysicalSizeZUnit"],
    ]
    .into_iter()
    .enumerate()
    {
        let Some(value) = pixels.attribute(size).and_then(|v| v.parse::<f64>().ok()) else { continue };
        let own = pixels.attribute(of).unwrap_or("µm");
        if unit.is_none() {
            unit = Some(own);
            layout.set_unit(own);
        }
        let own_unit: Option<LengthUnit> = own.parse().ok();
        layout.spacing[axis] = match (own_unit, layout.unit) {
            (Some(own), Some(first)) => own.convert(value, first).unwrap_or(value),
            _ => value,
        };
    }
    if unit.is_none() {
        layout.notes.push("its OME document states no physical size: 1 is taken".to_owned());
    }
    let order = pixels.attribute("DimensionOrder").unwrap_or("XYZCT");
    layout.layers = Some(sizes[0].1);
    let before = order.chars().skip(2).take_while(|c| *c != 'Z');
    let stride = before.filter_map(|c| sizes.iter().find(|s| s.0 == c)).try_fold(1usize, |n, s| n.checked_mul(s.1));
    layout.stride = stride.unwrap_or(1);
    tell_channels(&mut layout, sizes[1].1);
    if sizes[2].1 > 1 {
        layout.warnings.push(format!("holds {} times; the first of them is read", sizes[2].1));
    }
    Some(layout)
}

/// Writes a grid as ImageJ does: one page a layer, f32, spacing, unit and origin in the description.
pub(super) fn write<T: Sample>(out: &mut dyn Write, grid: &DensityGrid<T>, content: Values) -> io::Result<()> {
    let lattice = &grid.lattice;
    let [nx, ny, nz] = lattice.shape;
    let d = lattice.spacing;
    let origin = DVec3::ZERO - lattice.origin / d;
    let unit = grid.unit.map_or("pixel", |u| if u == LengthUnit::Micrometre { "micron" } else { u.name() });
    let description = format!(
        "ImageJ=1.54f\nimages={nz}\nslices={nz}\nunit={unit}\nspacing={}\nxorigin={}\nyorigin={}\nzorigin={}\n\
         loop=false\nmin={}\nmax={}\ninfo={}\n",
        d.z,
        origin.x,
        origin.y,
        origin.z,
        grid.statistics().min,
        grid.statistics().max,
        content.line()
    );
    let side = |n: usize| u32::try_from(n).map_err(|_| io::Error::other("a side is too long for TIFF"));
    let (width, height) = (side(nx)?, side(ny)?);
    let mut file = Cursor::new(Vec::new());
    let wrong = |e: TiffError| io::Error::other(e.to_string());
    let mut encoder = TiffEncoder::new(&mut file).map_err(wrong)?;
    for layer in grid.values.chunks_exact(nx * ny) {
        let layer: Vec<f32> = layer.iter().map(|v| v.to_f64() as f32).collect();
        let mut image = encoder.new_image::<Gray32Float>(width, height).map_err(wrong)?;
        image.resolution_unit(ResolutionUnit::None);
        image.x_resolution(rational(1.0 / d.x));
        image.y_resolution(rational(1.0 / d.y));
        image.encoder().write_tag(Tag::ImageDescription, description.as_str()).map_err(wrong)?;
        image.write_data(&layer).map_err(wrong)?;
    }
    out.write_all(file.get_ref())
}

/// The fraction of 32-bit numbers nearest to a positive value, by its continued fraction.
fn rational(value: f64) -> Rational {
    let (mut older, mut last) = ((0u64, 1u64), (1u64, 0u64));
    let mut rest = value;
    loop {
        let whole = rest.floor();
        let next = (whole as u64).saturating_mul(last.0).saturating_add(older.0);
        let below = (whole as u64).saturating_mul(last.1).saturating_add(older.1);
        if next > u64::from(u32::MAX) || below > u64::from(u32::MAX) {
            break;
        }
        (older, last) = (last, (next, below));
        if rest - whole < 1e-12 || (next as f64 / below as f64 - value).abs() < 1e-15 * value {
            break;
        }
        rest = 1.0 / (rest - whole);
    }
    // Values that no such fraction is near to take the largest or the smallest.
    match last {
        (0, _) => Rational { n: 1, d: u32::MAX },
        (_, 0) => Rational { n: u32::MAX, d: 1 },
        (n, d) => Rational { n: n as u32, d: d as u32 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_near_to_their_values() {
        for value in [1.0, 0.1, 1.0 / 0.27, std::f64::consts::PI, 12345.678, 1e-6, 2.5] {
            let Rational { n, d } = rational(value);
            assert!((f64::from(n) / f64::from(d) / value - 1.0).abs() < 1e-9, "{value}: {n}/{d}");
        }
    }

    #[test]
    fn the_pages_of_imagej_and_ome_are_understood() {
        let j = layout(
            "ImageJ=1.5\nimages=12\nchannels=2\nslices=6\nunit=\\u00B5m\nspacing=0.5\n",
            [Some(10.0), Some(5.0)],
        );
        assert_eq!((j.spacing, j.unit), (DVec3::new(0.1, 0.2, 0.5), Some(LengthUnit::Micrometre)));
        assert_eq!((j.layers, j.stride, j.warnings.len()), (Some(6), 2, 1));
        let o = layout(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><OME xmlns=\"x\"><Image><Pixels DimensionOrder=\"XYCZT\" SizeX=\"4\" \
             SizeY=\"4\" SizeZ=\"3\" SizeC=\"2\" SizeT=\"1\" PhysicalSizeX=\"0.1\" PhysicalSizeY=\"0.1\" \
             PhysicalSizeZ=\"300\" PhysicalSizeZUnit=\"nm\"/></Image></OME>",
            [None; 2],
        );
        assert_eq!((o.layers, o.stride, o.unit), (Some(3), 2, Some(LengthUnit::Micrometre)));
        assert!((o.spacing - DVec3::new(0.1, 0.1, 0.3)).length() < 1e-12, "{}", o.spacing);
        assert_eq!(layout("", [None; 2]).notes.len(), 1);
    }
}
