//! Labels: places of the data with words beside them.

use clap::Args;
use glam::DVec3;

use super::args::vector;
use super::content::Content;
use super::explain::{content_of, named};
use super::report::three_digits;
use crate::explain::{most_seen_at, nearest};
use crate::io::Input;
use crate::scene::{Label, Scene};

/// A point within so many distances of nodes is at a place.
const AT_THE_PLACE: f64 = 0.01;

/// The options.
#[derive(Debug, Args)]
#[command(next_help_heading = "Picture")]
pub struct LabelArgs {
    /// A dot at a place of the data with words beside it, \n begins a line; without words its density and the nearest point,
    /// with its distance; may be repeated
    #[arg(long, value_name = "X,Y,Z[:WORDS]", value_parser = label)]
    label: Vec<Asked>,
}

/// A place, and what is written there if it was said.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    position: DVec3,
    words: Option<String>,
}

impl LabelArgs {
    /// The places.
    pub fn positions(&self) -> Vec<DVec3> {
        self.label.iter().map(|asked| asked.position).collect()
    }

    /// Puts them into a scene of this content.
    pub fn apply(&self, scene: &mut Scene, content: &Content) {
        let of = |Asked { position, words }: &Asked| {
            let text = words.clone().unwrap_or_else(|| words_at(scene, content, *position));
            Label { position: *position, text }
        };
        scene.annotations.labels = self.label.iter().map(of).collect();
    }
}

/// The density at a place, of several that which is seen there with its name, and on a line of its own the nearest of its
/// points, with its distance where that can be told.
fn words_at(scene: &Scene, content: &Content, place: DVec3) -> String {
    let n = if scene.others.is_empty() { 0 } else { most_seen_at(scene, place) };
    let layer = scene.densities().nth(n);
    let (quantity, unit) = layer.map_or((scene.annotations.quantity, scene.grid.unit), |l| (l.quantity, l.grid.unit));
    let name = layer.and_then(|l| l.bar_title).filter(|_| !scene.others.is_empty());
    let content = content_of(content, n).unwrap_or(content);
    let told = |v: f64| three_digits(v * quantity.factor(unit, 3)) + &quantity.per(unit, 3);
    let value = content.grid.value_at(place).map_or("outside".to_owned(), told);
    let value = name.map_or(value.clone(), |name| format!("{name}: {value}"));
    match nearest_named(content, place) {
        Some((name, distance)) if distance > AT_THE_PLACE * content.grid.lattice.spacing.min_element() => {
            let unit = content.grid.unit.map_or(String::new(), |u| format!(" {}", u.symbol()));
            format!("{value}\n{}{unit} from {name}", three_digits(distance))
        }
        Some((name, _)) => format!("{value}\n{name}"),
        None => value,
    }
}

/// The point nearest to a place in words, and its distance.
pub fn nearest_named(content: &Content, place: DVec3) -> Option<(String, f64)> {
    let Input::Points(points) = &content.opened.input else { return None };
    nearest(place, &points.cloud.positions).map(|found| (named(found.point, points), found.distance))
}

/// A place, and words after a colon.
pub fn label(text: &str) -> std::result::Result<Asked, String> {
    let (place, words) = match text.split_once(':') {
        Some((place, words)) => (place, Some(words.replace("\\n", "\n"))),
        None => (text, None),
    };
    Ok(Asked { position: vector(place)?, words })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Console;
    use crate::cli::content::Stock;
    use crate::cli::recipe::Draft;
    use crate::cli::view::Wanted;
    use crate::scene::Frame;

    #[test]
    fn a_label_is_a_place_and_words() {
        let read = |text: &str| label(text).map(|asked| (asked.position.to_array(), asked.words));
        assert_eq!(read("1,-2,3e1").unwrap(), ([1.0, -2.0, 30.0], None));
        assert_eq!(read("1,2,3:a: b\\nc").unwrap().1.as_deref(), Some("a: b\nc"));
        assert_eq!(read("1,2,3:").unwrap().1.as_deref(), Some(""));
        assert!(read("1,2:site").is_err() && read("").is_err());
    }

    /// Catches: a label that keeps the words of data that are gone, or of another quantity than the colour bar's.
    #[test]
    fn a_label_without_words_says_what_is_there_now() {
        let console = Console::new(false, true);
        let told = |label: &str, more: [(&str, &str); 2]| {
            let mut options = Draft::new("render");
            options.input = Some("sample:founding".into());
            let all = [("grid", "12"), ("label", label)].into_iter().chain(more);
            all.for_each(|(option, text)| options.set(option, Some(text.into())));
            let wanted = Wanted::of(&options).unwrap();
            let content = Stock::default().content(wanted.scene(), &console).unwrap();
            let scene = wanted.scene().scene(&content, &Frame { size: [64, 48], scale_factor: 1.0 }).unwrap();
            scene.annotations.labels[0].text.clone()
        };
        let rule = |bandwidth| [("bandwidth", bandwidth), ("quantity", "density")];
        let (narrow, wide) = (told("0,0,0", rule("0.2")), told("0,0,0", rule("0.8")));
        assert_ne!(narrow, wide);
        assert!(narrow.lines().nth(1).is_some_and(|line| line.contains("row")), "{narrow}");
        // How far the nearest point is, if it is not there.
        assert!(narrow.lines().nth(1).is_some_and(|line| line.contains(" from the point of row")), "{narrow}");
        assert!(told("1e9,0,0", rule("0.8")).starts_with("outside\n"));
        let counts = told("0,0,0", [("bandwidth", "0.8"), ("quantity", "counts")]);
        let number = |text: &str| text.lines().next().unwrap().parse::<f64>().unwrap();
        assert!((number(&counts) / number(&wide) / 5_000.0 - 1.0).abs() < 0.02, "{counts} and {wide}");
        assert_eq!(told("0,0,0:site", rule("0.8")), "site");
        let in_nm = told("0,0,0", [("unit", "nm"), ("bandwidth", "0.8")]);
        assert!(in_nm.lines().next().unwrap().ends_with("/nm³"), "{in_nm}");
        // Of several densities that which is seen there, by its name: the second is thicker, but only in the middle.
        let thick = "sample:founding --global-opacity 5 --vmin 0.02 --bar-title thick";
        let of_two = |label: &str| told(label, [("with", thick), ("bar-title", "wide")]);
        let names = ["0,0,0", "0,0,2.5"].map(|place| of_two(place).split(':').next().unwrap_or_default().to_owned());
        assert_eq!(names, ["thick", "wide"]);
    }
}
