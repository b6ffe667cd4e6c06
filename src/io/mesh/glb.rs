//! glTF 2.0 in one file (GLB): a chunk of JSON and one of numbers.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Painted;
use crate::color::linear;
use crate::geometry::LengthUnit;
use crate::surface::Surface;

const FLOAT: u32 = 5126;
const UNSIGNED_INT: u32 = 5125;
const ARRAY_BUFFER: u32 = 34962;
const ELEMENT_ARRAY_BUFFER: u32 = 34963;

pub(super) fn write(out: &mut dyn Write, surfaces: &[Painted<'_>]) -> io::Result<()> {
    let too_large = || io::Error::other("GLB holds 4 GiB; name it .obj, or choose a coarser grid");
    let mut json = serde_json::to_vec(&document(surfaces)).map_err(io::Error::other)?;
    json.resize(json.len().next_multiple_of(4), b' ');
    let numbers: u64 = surfaces.iter().map(|p| Sizes::of(p.surface).whole()).sum();
    let whole = 12 + 8 + json.len() as u64 + 8 + numbers;
    let word = |n: u64| u32::try_from(n).map(u32::to_le_bytes).map_err(|_| too_large());
    out.write_all(b"glTF\x02\0\0\0")?;
    out.write_all(&word(whole)?)?;
    out.write_all(&word(json.len() as u64)?)?;
    out.write_all(b"JSON")?;
    out.write_all(&json)?;
    out.write_all(&word(numbers)?)?;
    out.write_all(b"BIN\0")?;
    surfaces.iter().try_for_each(|p| numbers_of(out, p.surface))
}

/// Bytes of the three lists of a surface.
struct Sizes {
    vectors: u64,
    triangles: u64,
}

impl Sizes {
    fn of(surface: &Surface) -> Self {
        Self { vectors: 12 * surface.positions.len() as u64, triangles: 12 * surface.triangles.len() as u64 }
    }

    fn whole(&self) -> u64 {
        2 * self.vectors + self.triangles
    }
}

fn numbers_of(out: &mut dyn Write, surface: &Surface) -> io::Result<()> {
    super::items(out, surface.positions.iter(), |p| -> [u8; 12] {
        bytemuck::cast(p.as_vec3().to_array().map(f32::to_le_bytes))
    })?;
    super::items(out, surface.normals.iter(), |n| -> [u8; 12] { bytemuck::cast(n.to_array().map(f32::to_le_bytes)) })?;
    super::items(out, surface.triangles.iter(), |t| -> [u8; 12] { bytemuck::cast(t.map(u32::to_le_bytes)) })
}

fn document(surfaces: &[Painted<'_>]) -> Value {
    let (mut views, mut accessors, mut meshes, mut materials) = (vec![], vec![], vec![], vec![]);
    let mut offset = 0;
    for (n, painted) in surfaces.iter().enumerate() {
        let surface = painted.surface;
        let sizes = Sizes::of(surface);
        for (bytes, target) in
            [(sizes.vectors, ARRAY_BUFFER), (sizes.vectors, ARRAY_BUFFER), (sizes.triangles, ELEMENT_ARRAY_BUFFER)]
        {
            views.push(json!({ "buffer": 0, "byteOffset": offset, "byteLength": bytes, "target": target }));
            offset += bytes;
        }
        accessors.extend(accessors_of(surface, 3 * n));
        materials.push(material(painted));
        meshes.push(json!({
            "name": format!("level {:e}", surface.level),
            "primitives": [{
                "attributes": { "POSITION": 3 * n, "NORMAL": 3 * n + 1 }, "indices": 3 * n + 2, "material": n
            }],
        }));
    }
    let nodes: Vec<Value> = meshes.iter().enumerate().map(|(n, m)| json!({ "mesh": n, "name": m["name"] })).collect();
    let unit = surfaces.first().and_then(|p| p.surface.unit).map(LengthUnit::name);
    json!({
        "asset": {
            "version": "2.0",
            "generator": concat!("densitas ", env!("CARGO_PKG_VERSION")),
            "extras": { "unit": unit },
        },
        "scene": 0,
        "scenes": [{ "nodes": (0..nodes.len()).collect::<Vec<_>>() }],
        "nodes": nodes,
        "meshes": meshes,
        "materials": materials,
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{ "byteLength": offset }],
    })
}

/// Places, normals and triangles, whose lists are those from `first` on.
fn accessors_of(surface: &Surface, first: usize) -> [Value; 3] {
    let count = surface.positions.len();
    let places = surface.positions.iter().map(|p| p.as_vec3());
    let min = places.clone().reduce(|a, b| a.min(b)).unwrap_or_default().to_array();
    let max = places.reduce(|a, b| a.max(b)).unwrap_or_default().to_array();
    let vectors = |view: usize| json!({ "bufferView": view, "componentType": FLOAT, "count": count, "type": "VEC3" });
    let mut positions = vectors(first);
    positions["min"] = json!(min);
    positions["max"] = json!(max);
    let triangles = json!({
        "bufferView": first + 2, "componentType": UNSIGNED_INT, "count": 3 * surface.triangles.len(), "type": "SCALAR"
    });
    [positions, vectors(first + 1), triangles]
}

fn material(painted: &Painted<'_>) -> Value {
    // glTF takes light, not display values.
    let [r, g, b] = painted.color.map(linear);
    let mut material = json!({
        "pbrMetallicRoughness": {
            "baseColorFactor": [r, g, b, painted.opacity], "metallicFactor": 0.0, "roughnessFactor": 0.6
        },
        "doubleSided": true,
    });
    if painted.opacity < 1.0 {
        material["alphaMode"] = json!("BLEND");
    }
    material
}
