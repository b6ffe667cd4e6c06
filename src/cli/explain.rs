//! `densitas render --explain`: what a pixel shows, in words and numbers.

use serde_json::{Map, Value, json};

use super::console::Console;
use super::report;
use crate::annotate;
use crate::error::Result;
use crate::explain::{Explanation, Place, explain};
use crate::io::PointInput;
use crate::points::AtomTable;
use crate::scene::{ColorKey, Frame, Quantity, Scene, Viewpoint};

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
    let mut told = of_one(pixel, scene, frame, points, console)?;
    let others = scene.others.iter().map(|other| {
        if !console.json {
            console.answer(&format!("{}:", other.bar_title.as_deref().unwrap_or("another density")));
        }
        let alone = Scene { viewpoint: Viewpoint::At(annotate::camera(scene, frame)), ..other.alone(scene) };
        of_one(pixel, &alone, frame, None, console).map(Value::Object)
    });
    let others = others.collect::<Result<Vec<Value>>>()?;
    if let Some(Value::Object(explained)) = told.get_mut("explanation").filter(|_| !others.is_empty()) {
        explained.insert("others".into(), others.into());
    }
    Ok(told)
}

/// Explains a pixel of a scene of one density.
fn of_one(
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
    let shown = Shown::of(scene, 3);
    let place = |place: Place| as_json(place, shown.factor);
    let (name, along) = (annotate::name_of_shown(scene), Shown::of(scene, scene.mode.dimensions()));
    let told = json!({
        "pixel": pixel,
        "ray": { "origin": found.ray.origin.to_array(), "direction": found.ray.direction.to_array() },
        "span": found.span,
        "ends_at_slice": found.is_cut,
        "opacity": found.opacity,
        "color": found.color,
        "half_opacity_depth": found.half_opacity,
        "quantity": report::quantity(&scene.annotations.quantity, scene.grid.unit, 3),
        "peak": found.peak.map(place),
        "lowest": found.lowest.map(place),
        "projected": found.projected,
        "shown": found.projected.map(|v| json!({ "name": name, "value": v * along.factor, "per": along.per })),
        "surfaces": found.surfaces.iter().copied().map(place).collect::<Vec<_>>(),
        "slice": found.slice.map(place),
        "sphere": found.sphere.is_some(),
        "sphere_color": found.sphere.and_then(|n| meaning(n, scene)).map(|(name, value)| json!({ "of": name, "value": value })),
        "nearest": found.nearest.zip(points).map(|(n, points)| point(n.point, n.distance, points)),
        "profile": {
            "depth": column(&|s| s.depth), "density": column(&|s| s.density), "opacity": column(&|s| s.opacity)
        },
    });
    Ok(report::object(json!({ "explanation": told })))
}

/// How the colour bar tells a density.
struct Shown {
    factor: f64,
    /// What follows a number: `/nm³`.
    per: String,
}

impl Shown {
    /// Per this power of the unit of length: 3 at a place, 2 of an integral along a ray.
    fn of(scene: &Scene, dimensions: u8) -> Self {
        let (quantity, unit) = (scene.annotations.quantity, scene.grid.unit);
        Self { factor: quantity.factor(unit, dimensions), per: quantity.per(unit, dimensions) }
    }

    fn told(&self, name: &str, density: f64) -> String {
        format!("{name} {}{}", report::digits(density * self.factor), self.per)
    }
}

/// What the colour of a sphere means, and the number it is of; a category has its name in place of one.
fn meaning(sphere: usize, scene: &Scene) -> Option<(String, Value)> {
    let layer = scene.points.as_ref()?;
    let Some(colors) = &layer.colors else {
        let quantity = scene.annotations.quantity;
        let value = layer.values.get(sphere)? * quantity.factor(scene.grid.unit, 3);
        return Some((quantity.name().to_owned(), value.into()));
    };
    let value = *colors.values.get(sphere)?;
    match &colors.key {
        ColorKey::Constant => None,
        ColorKey::Categories(names) => Some(("category".into(), names.get(value as usize)?.clone().into())),
        ColorKey::Column(name) => Some((name.clone(), value.into())),
    }
}

/// The same in words.
fn meaning_in_words(sphere: usize, scene: &Scene) -> Option<String> {
    let (name, value) = meaning(sphere, scene)?;
    let has_own = scene.points.as_ref().is_some_and(|layer| layer.colors.is_some());
    let per = if has_own { String::new() } else { Shown::of(scene, 3).per };
    Some(match value {
        Value::String(text) => text,
        value => format!("{name} {}{per}", value.as_f64().map_or("unknown".into(), report::digits)),
    })
}

fn as_json(place: Place, factor: f64) -> Value {
    json!({
        "depth": place.depth,
        "position": place.position.to_array(),
        "density": place.density,
        "shown": place.density * factor,
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
    let (row, frame) = row_of(index, points);
    let frame = frame.map_or(String::new(), |frame| format!(" of frame {frame}"));
    match &points.cloud.atoms {
        Some(atoms) => format!("{} (row {row} from 0{frame})", atom(index, atoms)),
        None => format!("the point of row {row}{frame} (counted from 0)"),
    }
}

/// The row of a point, from 0; of several frames of one length that within its frame, and which one that is.
fn row_of(index: usize, points: &PointInput) -> (usize, Option<usize>) {
    let row = points.row_of_point.as_ref().map_or(index, |rows| rows[index]);
    let frames = points.frame_numbers.len();
    if frames < 2 || !points.rows.is_multiple_of(frames) {
        return (row, None);
    }
    let each = points.rows / frames;
    (row % each.max(1), points.frame_numbers.get(row / each.max(1)).copied())
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

fn in_words(pixel: [u32; 2], found: &Explanation, scene: &Scene, points: Option<&PointInput>) -> Vec<String> {
    let unit = scene.grid.unit.map_or(String::new(), |u| format!(" {u}"));
    let quantity = scene.annotations.quantity;
    let at = |place: &Place| {
        let [x, y, z] = place.position.to_array();
        let value = Shown::of(scene, 3).told(quantity.name(), place.density);
        format!("{value} at ({x:.3}, {y:.3}, {z:.3}){unit}, {:.3}{unit} from the eye", place.depth)
    };
    let mut lines = vec![way(pixel, found, scene, &unit)];
    if let Some(depth) = found.half_opacity {
        lines.push(format!("half of the opacity: {depth:.3}{unit} from the eye"));
    }
    lines.extend(found.peak.iter().map(|peak| densest(found, scene) + &at(peak) + &mass(peak, quantity)));
    lines.extend(found.lowest.iter().map(|least| format!("smallest: {}", at(least))));
    let along = Shown::of(scene, scene.mode.dimensions());
    lines.extend(found.projected.map(|v| format!("shown: {}", along.told(annotate::name_of_shown(scene), v))));
    lines.extend(found.surfaces.iter().map(|s| format!("surface: {}", at(s))));
    lines.extend(found.slice.iter().map(|s| format!("slice: {}", at(s))));
    if let (Some(nearest), Some(points)) = (found.nearest, points) {
        let name = named(nearest.point, points);
        // A sphere behind opaque fog is not what is seen.
        lines.push(match found.sphere {
            Some(sphere) if nearest.distance == 0.0 => {
                let meaning = meaning_in_words(sphere, scene).map_or(String::new(), |words| format!("; {words}"));
                format!("sphere: {name}{meaning}")
            }
            _ => format!("nearest: {name}, {:.3}{unit} away", nearest.distance),
        });
    }
    lines
}

/// How far the ray of a pixel goes through the density, if that is drawn.
fn way([x, y]: [u32; 2], found: &Explanation, scene: &Scene, unit: &str) -> String {
    match found.span {
        None if !scene.volume && found.sphere.is_some() => format!("pixel {x},{y}: a point; no density is drawn"),
        None if !scene.volume => format!("pixel {x},{y}: its ray meets no point; no density is drawn"),
        None => format!("pixel {x},{y}: its ray misses the density"),
        Some([near, far]) => {
            let until = match (found.is_cut, found.sphere) {
                (true, _) => " up to a slice",
                (_, Some(_)) => " up to a point",
                _ => "",
            };
            format!("pixel {x},{y}: {:.3}{unit} through the density{until}, opacity {:.4}", far - near, found.opacity)
        }
    }
}

/// What a peak is called: what lies behind a slice or a point does not count.
fn densest(found: &Explanation, scene: &Scene) -> String {
    let what = if scene.annotations.quantity == Quantity::Values { "largest" } else { "densest" };
    let before = match (found.is_cut, found.sphere) {
        (true, _) => " before the slice",
        (_, Some(_)) => " before the point",
        _ => "",
    };
    format!("{what}{before}: ")
}

/// The share of the mass at a place, of what has one.
fn mass(place: &Place, quantity: Quantity) -> String {
    match quantity {
        Quantity::Values => String::new(),
        _ => format!("; {:.2} % of the mass is at least as dense", 100.0 * place.mass_above),
    }
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
