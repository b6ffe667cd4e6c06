//! `densitas render --explain`: what a pixel shows, in words and numbers.

use std::borrow::Cow;
use std::iter::once;

use glam::DVec3;
use serde_json::{Map, Value, json};

use super::console::Console;
use super::content::Content;
use super::{further, report};
use crate::annotate;
use crate::error::Result;
use crate::explain::{Body, Explanation, Nearest, OfDensity, Place, explain, nearest};
use crate::io::{Input, PointInput};
use crate::points::{AtomTable, PointCloud};
use crate::scene::{ColorKey, Frame, Quantity, Scene};

/// A pixel as X,Y.
pub fn pixel(text: &str) -> std::result::Result<[u32; 2], String> {
    let wrong = || format!("`{text}` is no pixel; write X,Y, counted from 0 from the top left, such as 400,300");
    let (x, y) = text.split_once(',').ok_or_else(wrong)?;
    let number = |t: &str| t.trim().parse().map_err(|_| wrong());
    Ok([number(x)?, number(y)?])
}

/// Explains a pixel of the picture of a content. Gives what is told as JSON, and tells it in words if that is not asked for.
pub fn run(
    pixel: [u32; 2],
    scene: &Scene,
    frame: &Frame,
    content: &Content,
    console: &Console,
) -> Result<Map<String, Value>> {
    let found = explain(scene, frame, pixel)?;
    let all = Told::all(&found, scene, content);
    let atoms = content.traced.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let molecule = found.body.zip(atoms.as_ref().map(|traced| &*traced.atoms));
    if !console.json {
        in_words(pixel, &found, &all, molecule).iter().for_each(|line| console.answer(line));
    }
    let (first, others) = (all[0].as_json(), all[1..].iter().map(Told::as_json).map(Value::Object));
    let mut told = report::object(json!({
        "pixel": pixel,
        "ray": { "origin": found.ray.origin.to_array(), "direction": found.ray.direction.to_array() },
        "span": found.span,
        "ends_at_slice": found.is_cut,
        "color": found.color,
        "sphere": found.sphere.is_some(),
        "sphere_color": found.sphere.and_then(|n| meaning(n, scene)).map(|(name, value)| json!({ "of": name, "value": value })),
        "molecule": molecule.map(|(body, atoms)| of_molecule(body, atoms, &found)),
        "about": found.about.map(|place| place.to_array()),
        "about_density": found.shown.map(|n| all[n].name()),
    }));
    let together = json!({ "opacity": found.opacity, "half_opacity_depth": found.half_opacity });
    let others: Vec<Value> = others.collect();
    if !others.is_empty() {
        let alone = json!({ "opacity": first["opacity"], "half_opacity_depth": first["half_opacity_depth"] });
        report::merge(&mut told, report::object(json!({ "alone": alone, "others": others })));
    }
    report::merge(&mut told, first);
    report::merge(&mut told, report::object(together));
    Ok(report::object(json!({ "explanation": told })))
}

/// The molecule where a ray meets it.
fn of_molecule(body: Body, atoms: &PointCloud, found: &Explanation) -> Value {
    let place = found.ray.origin + body.depth * found.ray.direction;
    let mut told = report::object(json!({ "depth": body.depth, "position": place.to_array() }));
    if let (Some(atom), Some(table)) = (body.atom, &atoms.atoms) {
        report::merge(&mut told, of_atom(atom, table));
    }
    Value::Object(told)
}

/// The content of one of a picture's densities, the first of which is number 0.
pub fn content_of(content: &Content, n: usize) -> Option<&Content> {
    further::each(content, &content.others).nth(n)
}

/// The atom that a picture's molecule is of where a ray meets it.
pub fn molecule_in_words(body: Body, content: &Content) -> String {
    let traced = content.traced.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let atoms = traced.as_ref().and_then(|traced| traced.atoms.atoms.as_ref());
    body.atom.zip(atoms).map_or("molecule".into(), |(i, atoms)| atom(i, atoms))
}

/// What is told of one of the densities.
struct Told<'a> {
    of: &'a OfDensity,
    /// A scene of it alone.
    scene: Cow<'a, Scene>,
    points: Option<&'a PointInput>,
    /// The number of its sphere that the pixel is about.
    sphere: Option<usize>,
    /// The point that is nearest to what the pixel shows of it.
    nearest: Option<Nearest>,
    /// Of a difference, the input of that point.
    input: Option<String>,
    /// Whether there are others.
    is_one_of_several: bool,
}

impl<'a> Told<'a> {
    fn all(found: &'a Explanation, scene: &'a Scene, content: &'a Content) -> Vec<Self> {
        let first = (Cow::Borrowed(scene), content);
        let others = scene.others.iter().map(|other| Cow::Owned(other.alone(scene)));
        let each = once(first).chain(std::iter::zip(others, &content.others));
        let of = |(n, (of, (alone, content))): (usize, (&'a OfDensity, (Cow<'a, Scene>, &'a Content)))| {
            // A sphere behind opaque fog is not what is seen.
            let is_its = |sphere: &usize| scene.points.as_ref().is_none_or(|layer| layer.density_of(*sphere).0 == n);
            let sphere = found.sphere.filter(|_| found.shown.is_none()).filter(is_its);
            let place = if sphere.is_some() { found.about } else { of.about };
            let (points, nearest, input) = nearest_of(place, content);
            Self { of, scene: alone, points, sphere, nearest, input, is_one_of_several: found.densities.len() > 1 }
        };
        std::iter::zip(&found.densities, each).enumerate().map(of).collect()
    }

    fn name(&self) -> &str {
        self.scene.annotations.bar_title.as_deref().unwrap_or(self.scene.annotations.quantity.name())
    }

    fn as_json(&self) -> Map<String, Value> {
        let (of, scene) = (self.of, &*self.scene);
        let column = |f: &dyn Fn(&crate::explain::Sample) -> f64| of.profile.iter().map(f).collect::<Vec<f64>>();
        let (shown, along) = (Shown::of(scene, 3), Shown::of(scene, scene.mode.dimensions()));
        let place = |place: Place| as_json(place, shown.factor);
        let name = annotate::name_of_shown(scene);
        report::object(json!({
            "name": self.name(),
            "opacity": of.opacity,
            "half_opacity_depth": of.half_opacity,
            "share": of.share,
            "quantity": report::quantity(&scene.annotations.quantity, scene.grid.unit, 3),
            "peak": of.peak.map(place),
            "lowest": of.lowest.map(place),
            "projected": of.projected,
            "shown": of.projected.map(|v| json!({ "name": name, "value": v * along.factor, "per": along.per })),
            "surfaces": of.surfaces.iter().copied().map(place).collect::<Vec<_>>(),
            "slice": of.slice.map(place),
            "nearest": self.nearest.zip(self.points).map(|(n, points)| point(n.point, n.distance, points)),
            "nearest_of": self.input,
            "profile": {
                "depth": column(&|s| s.depth), "density": column(&|s| s.density), "opacity": column(&|s| s.opacity)
            },
        }))
    }

    fn in_words(&self, found: &Explanation) -> Vec<String> {
        let (of, scene) = (self.of, &*self.scene);
        let (unit, quantity) = (unit_of(scene), scene.annotations.quantity);
        let at = |place: &Place| {
            let [x, y, z] = place.position.to_array();
            let value = Shown::of(scene, 3).told(quantity.name(), place.density);
            format!("{value} at ({x:.3}, {y:.3}, {z:.3}){unit}, {:.3}{unit} from the eye", place.depth)
        };
        let peak = of.peak.iter().map(|peak| densest(found, scene) + &at(peak) + &mass(peak, quantity));
        let mut lines: Vec<String> = peak.collect();
        lines.extend(of.lowest.iter().map(|least| format!("smallest: {}{}", at(least), mass(least, quantity))));
        let along = Shown::of(scene, scene.mode.dimensions());
        lines.extend(of.projected.map(|v| format!("shown: {}", along.told(annotate::name_of_shown(scene), v))));
        lines.extend(of.surfaces.iter().map(|s| format!("surface: {}", at(s))));
        lines.extend(of.slice.iter().map(|s| format!("slice: {}", at(s))));
        lines.extend(self.nearest_in_words(&unit));
        lines
    }

    fn nearest_in_words(&self, unit: &str) -> Option<String> {
        let (nearest, points) = (self.nearest?, self.points?);
        let name = named(nearest.point, points);
        Some(match self.sphere {
            Some(sphere) => {
                let meaning = meaning_in_words(sphere, &self.scene).map_or(String::new(), |words| format!("; {words}"));
                format!("sphere: {name}{meaning}")
            }
            None => {
                let of = self.input.as_ref().map_or(String::new(), |input| format!(" of {input}"));
                let [x, y, z] = self.of.about.unwrap_or_default().to_array();
                format!(
                    "nearest to ({x:.3}, {y:.3}, {z:.3}){unit}, which shows most: {name}{of}, {:.3}{unit} away",
                    nearest.distance
                )
            }
        })
    }

    /// What stands above its lines, if there are others.
    fn heading(&self) -> String {
        let half = self
            .of
            .half_opacity
            .map_or(String::new(), |depth| format!(", half of that {depth:.3}{} from the eye", unit_of(&self.scene)));
        format!("{}: opacity {:.4} alone{half}", self.name(), self.of.opacity)
    }
}

/// The points of a content and which of them is nearest to a place; of a difference those of the nearer of its two inputs,
/// which is named then.
fn nearest_of(place: Option<DVec3>, content: &Content) -> (Option<&PointInput>, Option<Nearest>, Option<String>) {
    let mut found: (Option<&PointInput>, Option<Nearest>, Option<String>) = (None, None, None);
    for one in once(content).chain(content.subtracted.as_deref()) {
        let Input::Points(points) = &one.opened.input else { continue };
        let own = place.and_then(|place| nearest(place, &points.cloud.positions));
        let distance = |nearest: Option<Nearest>| nearest.map_or(f64::INFINITY, |nearest| nearest.distance);
        if found.0.is_none() || distance(own) < distance(found.1) {
            found = (Some(points), own, content.is_difference().then(|| one.opened.source_in_words()));
        }
    }
    found
}

fn unit_of(scene: &Scene) -> String {
    scene.grid.unit.map_or(String::new(), |u| format!(" {u}"))
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
        ColorKey::Densities => {
            let of = scene.densities().nth(layer.density_of(sphere).0)?;
            let value = layer.values.get(sphere)? * of.quantity.factor(of.grid.unit, 3);
            Some((of.quantity.name().to_owned(), value.into()))
        }
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
    let mut told = report::object(json!({
        "row": points.row_of_point.as_ref().map_or(index, |rows| rows[index]),
        "position": cloud.positions[index].to_array(),
        "distance": distance,
    }));
    cloud.atoms.iter().for_each(|atoms| report::merge(&mut told, of_atom(index, atoms)));
    Value::Object(told)
}

/// What is known of an atom.
fn of_atom(index: usize, atoms: &AtomTable) -> Map<String, Value> {
    let texts = [("name", &atoms.name), ("residue", &atoms.resname), ("chain", &atoms.chain)];
    let given = texts.into_iter().filter_map(|(key, texts)| Some((key.to_owned(), texts.given(index)?.into())));
    let number = atoms.resid.get(index).filter(|n| **n != AtomTable::NO_RESID);
    given.chain(number.map(|n| ("residue_number".to_owned(), (*n).into()))).collect()
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

fn in_words(pixel: [u32; 2], found: &Explanation, all: &[Told], molecule: Option<(Body, &PointCloud)>) -> Vec<String> {
    let scene = &*all[0].scene;
    let unit = unit_of(scene);
    let mut lines = vec![way(pixel, found, scene, &unit)];
    if let Some(depth) = found.half_opacity {
        let before = if molecule.is_some() || found.sphere.is_some() { " before it" } else { "" };
        lines.push(format!("half of the opacity{before}: {depth:.3}{unit} from the eye"));
    }
    if let Some((body, atoms)) = molecule {
        let name = body.atom.zip(atoms.atoms.as_ref()).map_or("it".into(), |(i, atoms)| atom(i, atoms));
        lines.push(format!("molecule: {name}, {:.3}{unit} from the eye", body.depth));
    }
    for told in all {
        let own = told.in_words(found).into_iter();
        match told.is_one_of_several {
            true => lines.extend([told.heading()].into_iter().chain(own.map(|line| format!("  {line}")))),
            false => lines.extend(own),
        }
    }
    lines
}

/// How far the ray of a pixel goes through the density, if that is drawn.
fn way([x, y]: [u32; 2], found: &Explanation, scene: &Scene, unit: &str) -> String {
    match found.span {
        None if !scene.volume && found.sphere.is_some() => format!("pixel {x},{y}: a point; no density is drawn"),
        None if !scene.volume && found.body.is_some() => format!("pixel {x},{y}: the molecule; no density is drawn"),
        None if !scene.volume => format!("pixel {x},{y}: its ray meets no point; no density is drawn"),
        None if found.body.is_some() => format!("pixel {x},{y}: the molecule, with no density before it"),
        None if found.sphere.is_some() => format!("pixel {x},{y}: a point, with no density before it"),
        None => format!("pixel {x},{y}: its ray misses the density"),
        Some([near, far]) => {
            let until = end_of(found).map_or(String::new(), |end| format!(" up to {end}"));
            let what = if found.densities.len() > 1 { "the densities" } else { "the density" };
            format!("pixel {x},{y}: {:.3}{unit} through {what}{until}, opacity {:.4}", far - near, found.opacity)
        }
    }
}

/// What a peak is called: what lies behind a slice, a point or a molecule does not count.
fn densest(found: &Explanation, scene: &Scene) -> String {
    let what = if scene.annotations.quantity == Quantity::Values { "largest" } else { "densest" };
    let before = end_of(found).map_or(String::new(), |end| format!(" before {end}"));
    format!("{what}{before}: ")
}

/// What ends the ray.
fn end_of(found: &Explanation) -> Option<&'static str> {
    match (found.is_cut, found.sphere, found.body) {
        (true, ..) => Some("a slice"),
        (_, Some(_), _) => Some("a point"),
        (.., Some(_)) => Some("the molecule"),
        _ => None,
    }
}

/// The share of the mass at a place, of what has one.
fn mass(place: &Place, quantity: Quantity) -> String {
    match quantity {
        Quantity::Values => String::new(),
        _ if place.density < 0.0 => {
            format!("; {:.2} % of what is below 0 is at least as low", 100.0 * place.mass_above)
        }
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
