use glam::{DVec3, Vec3};

use super::*;

/// A tetrahedron, outward.
fn tetrahedron() -> Surface {
    let corners = [DVec3::ZERO, DVec3::X, DVec3::Y, DVec3::Z].map(|p| p * 2.0 + DVec3::new(10.0, 20.0, 30.0));
    Surface {
        level: 0.5,
        normals: corners.map(|p| (p - corners[0] - 0.5).normalize().as_vec3()).to_vec(),
        positions: corners.to_vec(),
        triangles: vec![[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]],
        cap_area: 0.0,
        unit: Some(LengthUnit::Angstrom),
    }
}

fn written(fill: impl Fn(&mut dyn Write) -> io::Result<()>) -> Vec<u8> {
    let mut bytes = Vec::new();
    fill(&mut bytes).unwrap();
    bytes
}

fn painted(surface: &Surface) -> Painted<'_> {
    Painted { surface, color: [1.0, 0.5, 0.0], opacity: 0.4 }
}

fn floats<const N: usize>(bytes: &[u8]) -> [f32; N] {
    std::array::from_fn(|i| f32::from_le_bytes(bytes[4 * i..][..4].try_into().unwrap()))
}

#[test]
fn stl_is_what_it_says_it_is() {
    let bytes = written(|out| stl::write(out, &tetrahedron()));
    assert_eq!(bytes.len(), 84 + 4 * 50);
    assert!(bytes.starts_with(b"densitas: surface of density 5e-1, lengths in angstrom  "));
    assert_eq!(bytes[80..84], 4u32.to_le_bytes());
    // The first triangle lies in z = 30 and looks down.
    let wanted = [0.0, 0.0, -1.0, 10.0, 20.0, 30.0, 10.0, 22.0, 30.0, 12.0, 20.0, 30.0];
    assert_eq!(floats::<12>(&bytes[84..]), wanted);
}

#[test]
fn ply_has_vertices_with_normals_and_triangles() {
    let surface = tetrahedron();
    let bytes = written(|out| ply::write(out, &surface));
    let end = bytes.windows(11).position(|w| w == b"end_header\n").unwrap() + 11;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    assert!(head.contains("element vertex 4\n") && head.contains("element face 4\n") && head.contains("angstrom"));
    assert_eq!(bytes.len(), end + 4 * 24 + 4 * 13);
    let [x, y, z, nx, ny, nz] = floats(&bytes[end + 24..]);
    assert_eq!(([x, y, z], Vec3::new(nx, ny, nz)), ([12.0, 20.0, 30.0], surface.normals[1]));
    assert_eq!(bytes[end + 96..][..13], [3, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0]);
}

#[test]
fn obj_counts_vertices_over_all_objects_from_one() {
    let surface = tetrahedron();
    let text = String::from_utf8(written(|out| obj::write(out, &[painted(&surface), painted(&surface)]))).unwrap();
    let faces: Vec<&str> = text.lines().filter(|l| l.starts_with("f ")).collect();
    assert_eq!((faces[0], faces[4]), ("f 1//1 3//3 2//2", "f 5//5 7//7 6//6"));
    assert_eq!(text.lines().filter(|l| l.starts_with("o ")).count(), 2);
    assert!(text.contains("\nv 1.20000000e1 2.00000000e1 3.00000000e1\n"), "{text}");
}

/// Catches: offsets, lengths and alignment that readers rely on.
#[test]
fn glb_points_at_its_own_numbers() {
    let surface = tetrahedron();
    let bytes = written(|out| glb::write(out, &[painted(&surface), painted(&surface)]));
    let word = |at: usize| u32::from_le_bytes(bytes[at..][..4].try_into().unwrap()) as usize;
    assert_eq!((&bytes[..4], word(4), word(8)), (&b"glTF"[..], 2, bytes.len()));
    let json: serde_json::Value = serde_json::from_slice(&bytes[20..20 + word(12)]).unwrap();
    let numbers = 20 + word(12);
    assert_eq!((word(12) % 4, &bytes[numbers + 4..][..4]), (0, &b"BIN\0"[..]));
    assert_eq!(word(numbers), bytes.len() - numbers - 8);
    assert_eq!(json["buffers"][0]["byteLength"], word(numbers));
    let indices = json["meshes"][1]["primitives"][0]["indices"].as_u64().unwrap() as usize;
    let view = &json["bufferViews"][json["accessors"][indices]["bufferView"].as_u64().unwrap() as usize];
    let at = numbers + 8 + view["byteOffset"].as_u64().unwrap() as usize;
    assert_eq!([word(at), word(at + 4), word(at + 8)], [0, 2, 1]);
    assert_eq!(json["accessors"][0]["max"], serde_json::json!([12.0, 22.0, 32.0]));
    assert_eq!(json["materials"][0]["alphaMode"], "BLEND");
    assert_eq!(json["asset"]["extras"]["unit"], "angstrom");
}
