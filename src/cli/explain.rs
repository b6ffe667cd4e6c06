//! `densitas render --explain`: what a pixel shows, in words and numbers.

use serde_json::{Map, Value, json};

use super::console::Console;
use super::report;
use crate::error::Result;
use crate::explain::{Explanation, Place, explain};
use crate::io::PointInput;
use crate::points::AtomTable;
use crate::scene::{Frame, Scene};

/// A pixel as X,Y.
pub fn pixel(text: &str) -> std::result::Result<[u32; 2], String> {
    let wrong = || format!("`{text}` is no pixel; write X,Y, counted from 0 from the top left, such as 400,300");
    let (x, y) = text.split_once(',').ok_or_else(wrong)?;
    let number = |t: &str| t.trim().parse().map_err(|_| wrong());
    Ok([number(x)?, number(y)?])
}

/// Explains a pixel; `points` are those the density is of. Gives what is told as JSON, and tells it in words if that is not
/// asked for.
pub fn run(
    pixel: [u32; 2],
    scene: &Scene,
    frame: &Frame,
    points: Option<&PointInput>,
    console: &Console,
) -> Result<Map<String, Value>> {
    let found = explain(scene, frame, pixel, points.map(|p| &p.cloud.positions[..]))?;
    if !console.json {
        in_words(pixel, &found, scene, points).iter().for_each(|line| console.answer(line));
    }
    let column = |f: &dyn Fn(&crate::explain::Sample) -> f64| found.profile.iter().map(f).collect::<Vec<f64>>();
    let told = json!({
        "pixel": pixel,
        "ray": { "origin": found.ray.origin.to_array(), "direction": found.ray.direction.to_array() },
        "span": found.span,
        "opacity": found.opacity,
        "color": found.color,
        "half_opacity_depth": found.half_opacity,
        "peak": found.peak.map(place),
        "projected": found.projected,
        "surfaces": found.surfaces.iter().copied().map(place).collect::<Vec<_>>(),
        "slice": found.slice.map(place),
        "sphere": found.sphere.is_some(),
        "nearest": found.nearest.zip(points).map(|(n, points)| point(n.point, n.distance, points)),
        "profile": {
            "depth": column(&|s| s.depth), "density": column(&|s| s.density), "opacity": column(&|s| s.opacity)
        },
    });
    Ok(report::object(json!({ "explanation": told })))
}

fn place(place: Place) -> Value {
    json!({
        "depth": place.depth,
        "position": place.position.to_array(),
        "density": place.density,
        "mass_above": place.mass_above,
    })
}

/// A point as JSON: its row in the input, and of a structure its atom.
fn point(index: usize, distance: f64, points: &PointInput) -> Value {
    let cloud = &points.cloud;
    let mut told = json!({
        "row": points.row_of_point.as_ref().map_or(index, |rows| rows[index]),
        "position": cloud.positions[index].to_array(),
        "distance": distance,
    });
    if let Some(atoms) = &cloud.atoms {
        for (key, texts) in [("name", &atoms.name), ("residue", &atoms.resname), ("chain", &atoms.chain)] {
            if let Some(text) = texts.given(index) {
                told[key] = text.into();
            }
        }
        if let Some(number) = atoms.resid.get(index).filter(|n| **n != AtomTable::NO_RESID) {
            told["residue_number"] = (*number).into();
        }
    }
    told
}

/// An atom or a row in words; formats differ in which columns they have.
pub fn named(index: usize, points: &PointInput) -> String {
    let row = points.row_of_point.as_ref().map_or(index, |rows| rows[index]);
    match &points.cloud.atoms {
        Some(atoms) => format!("{} (row {row} from 0)", atom(index, atoms)),
        None => format!("the point of row {row} (counted from 0)"),
    }
}

fn atom(index: usize, atoms: &AtomTable) -> String {
    let text = |texts: &crate::points::Categorical| texts.given(index).unwrap_or("").to_owned();
    let mut words = vec![format!("atom {}", text(&atoms.name))];
    if !atoms.resname.codes.is_empty() {
        let number = atoms.resid.get(index).filter(|n| **n != AtomTable::NO_RESID);
        words.push(format!("of {}{}", text(&atoms.resname), number.map_or(String::new(), |n| format!(" {n}"))));
    }
    let chain = text(&atoms.chain);
    if !chain.is_empty() {
        words.push(format!("in chain {chain}"));
    }
    words.join(" ")
}

fn in_words([x, y]: [u32; 2], found: &Explanation, scene: &Scene, points: Option<&PointInput>) -> Vec<String> {
    let unit = scene.grid.unit.map_or(String::new(), |u| format!(" {u}"));
    let per = scene.grid.unit.map_or(String::new(), |u| format!(" / {u}^3"));
    let at = |place: &Place| {
        let [x, y, z] = place.position.to_array();
        format!("{:.4e}{per} at ({x:.3}, {y:.3}, {z:.3}){unit}, {:.3}{unit} from the eye", place.density, place.depth)
    };
    let mut lines = vec![match found.span {
        None => format!("pixel {x},{y}: its ray misses the density"),
        Some([near, far]) => {
            format!("pixel {x},{y}: {:.3}{unit} through the density, opacity {:.4}", far - near, found.opacity)
        }
    }];
    if let Some(depth) = found.half_opacity {
        lines.push(format!("half of the opacity: {depth:.3}{unit} from the eye"));
    }
    if let Some(peak) = &found.peak {
        let share = 100.0 * peak.mass_above;
        lines.push(format!("densest: {}; {share:.2} % of the mass is at least as dense", at(peak)));
    }
    lines.extend(found.projected.map(|v| format!("shown: {v:.4e}")));
    lines.extend(found.surfaces.iter().map(|s| format!("surface: {}", at(s))));
    lines.extend(found.slice.iter().map(|s| format!("slice: {}", at(s))));
    if let (Some(nearest), Some(points)) = (found.nearest, points) {
        let name = named(nearest.point, points);
        // A sphere behind opaque fog is not what is seen.
        lines.push(match found.sphere {
            Some(_) if nearest.distance == 0.0 => format!("sphere: {name}"),
            _ => format!("nearest: {name}, {:.3}{unit} away", nearest.distance),
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: a column taken for granted that GRO or XYZ have not.
    #[test]
    fn an_atom_is_named_by_what_its_format_has() {
        use crate::points::Categorical;
        let column = |text: &str| Categorical { levels: vec![text.into()], codes: vec![0] };
        let xyz = AtomTable { name: column("CA"), ..AtomTable::default() };
        assert_eq!(atom(0, &xyz), "atom CA");
        let gro = AtomTable { resname: column("ALA"), resid: vec![7], ..xyz };
        assert_eq!(atom(0, &gro), "atom CA of ALA 7");
        assert_eq!(atom(0, &AtomTable { chain: column("B"), ..gro }), "atom CA of ALA 7 in chain B");
    }

    #[test]
    fn pixels_are_read_and_wrong_ones_refused() {
        assert_eq!(pixel("400, 300"), Ok([400, 300]));
        for bad in ["", "4", "4,", "-1,2", "1.5,2", "1,2,3", "a,b"] {
            assert!(pixel(bad).is_err(), "{bad}");
        }
    }
}
