//! Maps: areas in shades of one colour, the darker the more, so that they can be told apart in black and white too.

use std::fmt::Write;

use super::svg::{LINE, TITLE_LETTER, Width, drawing_id, framed, plate, wrapped};
use super::{HIDDEN, escaped};
use crate::messages::NumberStyle;
use crate::messages::number_format::whole;

/// The shades from none to most.
const SHADES: [&str; 5] = ["#ffffff", "#cfe0ef", "#8fb8dc", "#3f7fb8", "#0b2f57"];

/// The outline of areas and of the fields of the legend.
const OUTLINE: &str = "stroke=\"#1b1b1b\" stroke-width=\"0.7\" stroke-linejoin=\"round\"";

/// The greatest height of the areas, where they are wide and where they are narrow.
const HEIGHTS: [f64; 2] = [520.0, 420.0];

/// A place by its two numbers, as they are given or where it is drawn.
type Point = [f64; 2];

/// The shape of an area.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// The name of the area.
    pub name: Option<String>,
    /// The number of the area in an official list.
    pub number: Option<i64>,
    /// Its outlines, those of holes among them; each ends where it begins. The places are in degrees (longitude and latitude) or
    /// in a plane, eastward and northward.
    pub rings: Vec<Vec<Point>>,
}

/// An area with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct MapArea<'s> {
    /// The name as it is told.
    pub name: String,
    /// The shape.
    pub shape: &'s Shape,
    /// The value; none where it must not be shown.
    pub value: Option<i64>,
}

/// A map.
#[derive(Clone, Debug, PartialEq)]
pub struct AreaMap<'s> {
    /// The title: the subject of the map.
    pub title: String,
    /// The areas.
    pub areas: Vec<MapArea<'s>>,
    /// The way that numbers are written.
    pub numbers: NumberStyle,
}

/// An area as it is drawn.
struct DrawnArea<'m> {
    area: &'m MapArea<'m>,
    rings: Vec<Vec<Point>>,
}

impl AreaMap<'_> {
    /// The map in words: every value.
    pub fn description(&self) -> String {
        let told = |area: &MapArea| format!("{} {}", area.name, self.written(area.value));
        format!("{}.", self.areas.iter().map(told).collect::<Vec<_>>().join(", "))
    }

    /// The map as SVG for a width.
    pub fn drawn(&self, width: Width) -> String {
        let (id, wide) = (drawing_id(&format!("map {}", self.title), width), width.units());
        let mut body = String::new();
        let lines = wrapped(&self.title, (wide / TITLE_LETTER) as usize);
        for (number, line) in lines.iter().enumerate() {
            let (y, line) = (20.0 + 20.0 * number as f64, escaped(line));
            let _ = writeln!(body, "<text x=\"0\" y=\"{y:.1}\" font-size=\"16\" font-weight=\"bold\">{line}</text>");
        }
        let top = 20.0 * lines.len() as f64 + 18.0;
        let (areas, bottom) = self.placed(wide, top, HEIGHTS[usize::from(width == Width::Narrow)]);
        let bounds = bounds(self.areas.iter().filter_map(|area| area.value).max().unwrap_or(0));
        for drawn in &areas {
            let path = path(&drawn.rings);
            let fill = fill(&id, &bounds, drawn.area.value);
            let _ = writeln!(body, "<path d=\"{path}\" fill=\"{fill}\" fill-rule=\"evenodd\" {OUTLINE}/>");
        }
        for drawn in &areas {
            self.label(drawn, &mut body);
        }
        let height = self.legend(&id, &bounds, (wide, bottom + 12.0), &mut body);
        let hatch = "<path d=\"M0 8L8 0\" stroke=\"#1b1b1b\" stroke-width=\"1\"/>";
        let defs = format!(
            "<pattern id=\"{id}-hidden\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">\
             <rect width=\"8\" height=\"8\" fill=\"#ffffff\"/>{hatch}</pattern>\n"
        );
        framed(&id, [wide, height], (&self.title, &self.description()), (&defs, &body))
    }

    fn written(&self, value: Option<i64>) -> String {
        value.map_or_else(|| HIDDEN.to_owned(), |value| whole(self.numbers, value))
    }

    /// The areas where they are drawn, below a place and as large as there is room, and where they end.
    fn placed(&self, width: f64, top: f64, most: f64) -> (Vec<DrawnArea<'_>>, f64) {
        let places = || self.areas.iter().flat_map(|area| area.shape.rings.iter().flatten());
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for place in places() {
            for axis in 0..2 {
                (low[axis], high[axis]) = (low[axis].min(place[axis]), high[axis].max(place[axis]));
            }
        }
        // Degrees of longitude are the shorter, the farther they are from the equator.
        let is_degrees = places().all(|[x, y]| x.abs() <= 180.0 && y.abs() <= 90.0);
        let narrowed = if is_degrees { ((low[1] + high[1]) / 2.0).to_radians().cos() } else { 1.0 };
        let size = [((high[0] - low[0]) * narrowed).max(1e-9), (high[1] - low[1]).max(1e-9)];
        let scale = ((width - 2.0) / size[0]).min(most / size[1]);
        let left = (width - size[0] * scale) / 2.0;
        let place = |[x, y]: &Point| [left + (x - low[0]) * narrowed * scale, top + (high[1] - y) * scale];
        let drawn = self.areas.iter().map(|area| DrawnArea { area, rings: rings(area, place) });
        (drawn.collect(), top + size[1] * scale)
    }

    /// Writes the value of an area into it, where it is not none and there is room.
    fn label(&self, drawn: &DrawnArea, out: &mut String) {
        let Some(ring) = drawn.rings.iter().max_by(|a, b| surface(a).abs().total_cmp(&surface(b).abs())) else {
            return;
        };
        let text = self.written(drawn.area.value);
        let extent = |axis: usize| {
            let values = || ring.iter().map(|place| place[axis]);
            values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min)
        };
        let has_room = extent(0) >= 9.0 * text.chars().count() as f64 + 12.0 && extent(1) >= 20.0;
        if has_room && drawn.area.value != Some(0) {
            *out += &plate(&text, centre(ring));
        }
    }

    /// Writes the legend from a place on; returns the height of the whole.
    fn legend(&self, id: &str, bounds: &[i64], (width, top): (f64, f64), out: &mut String) -> f64 {
        let mut fields: Vec<(Option<i64>, String)> = vec![(Some(0), whole(self.numbers, 0))];
        let mut before = 0;
        for bound in bounds {
            let (first, last) = (whole(self.numbers, before + 1), whole(self.numbers, *bound));
            fields.push((Some(*bound), if before + 1 == *bound { last } else { format!("{first}–{last}") }));
            before = *bound;
        }
        if self.areas.iter().any(|area| area.value.is_none()) {
            fields.push((None, HIDDEN.to_owned()));
        }
        let (mut x, mut y) = (1.0, top);
        for (value, text) in fields {
            let room = 40.0 + 8.0 * text.chars().count() as f64;
            if x + room > width {
                (x, y) = (1.0, y + LINE + 6.0);
            }
            let fill = fill(id, bounds, value);
            let _ = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"16\" height=\"14\" fill=\"{fill}\" {OUTLINE}/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"start\" font-size=\"13\">{text}</text>",
                x + 22.0,
                y + 12.0
            );
            x += room;
        }
        y + LINE + 10.0
    }
}

/// The upper ends of the classes of values above none: four of the same width, or as many as there are values.
fn bounds(most: i64) -> Vec<i64> {
    let mut bounds: Vec<i64> = (1..=4).map(|part| (most * part + 3) / 4).filter(|bound| *bound > 0).collect();
    bounds.dedup();
    bounds
}

/// The shade of a value; the pattern for one that must not be shown.
fn fill(id: &str, bounds: &[i64], value: Option<i64>) -> String {
    let Some(value) = value else { return format!("url(#{id}-hidden)") };
    let class = bounds.iter().position(|bound| value <= *bound).unwrap_or(bounds.len().saturating_sub(1));
    // Few classes are the darker ones, which can be told apart best.
    let shade = if value <= 0 { 0 } else { SHADES.len() - bounds.len() + class };
    SHADES.get(shade).copied().unwrap_or(SHADES[0]).to_owned()
}

/// The outlines of an area where they are drawn, in tenths of a unit and without what cannot be told apart.
fn rings(area: &MapArea, place: impl Fn(&Point) -> Point) -> Vec<Vec<Point>> {
    let ring = |ring: &Vec<Point>| {
        let mut drawn: Vec<Point> =
            ring.iter().map(|of| place(of).map(|value| (value * 10.0).round() / 10.0)).collect();
        drawn.dedup();
        drawn
    };
    area.shape.rings.iter().map(ring).filter(|ring| ring.len() > 3).collect()
}

fn path(rings: &[Vec<Point>]) -> String {
    let ring = |ring: &Vec<Point>| {
        let places: Vec<String> = ring.iter().map(|[x, y]| format!("{x:.1} {y:.1}")).collect();
        format!("M{}Z", places.join("L"))
    };
    rings.iter().map(ring).collect()
}

/// The pairs of neighbouring places of an outline.
fn sides(ring: &[Point]) -> impl Iterator<Item = (&Point, &Point)> {
    ring.iter().zip(ring.iter().skip(1))
}

/// The surface within an outline, with a sign that tells which way round it goes.
fn surface(ring: &[Point]) -> f64 {
    sides(ring).map(|([ax, ay], [bx, by])| ax * by - bx * ay).sum::<f64>() / 2.0
}

/// The centre of gravity of what lies within an outline.
fn centre(ring: &[Point]) -> Point {
    let surface = surface(ring);
    let along = |axis: usize| {
        let sum: f64 = sides(ring).map(|(a, b)| (a[axis] + b[axis]) * (a[0] * b[1] - b[0] * a[1])).sum();
        sum / (6.0 * surface)
    };
    let middle = |axis: usize| ring.iter().map(|place| place[axis]).sum::<f64>() / ring.len().max(1) as f64;
    if surface.abs() < 1e-6 { [middle(0), middle(1)] } else { [along(0), along(1)] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Lang;

    fn square(x: f64, y: f64, name: &str) -> Shape {
        let rings = vec![vec![[x, y], [x + 1.0, y], [x + 1.0, y + 1.0], [x, y + 1.0], [x, y]]];
        Shape { name: Some(name.into()), number: None, rings }
    }

    #[test]
    fn classes_hold_every_value_and_are_told_apart() {
        assert_eq!(
            [0, 1, 3, 4, 9, 100].map(bounds),
            [vec![], vec![1], vec![1, 2, 3], vec![1, 2, 3, 4], vec![3, 5, 7, 9], vec![25, 50, 75, 100]]
        );
        for most in [1, 2, 3, 7, 40, 1234] {
            let bounds = bounds(most);
            let shade = |value| SHADES.iter().position(|shade| *shade == fill("x", &bounds, Some(value))).unwrap();
            let shades: Vec<usize> = (0..=most).map(shade).collect();
            assert!(shades.is_sorted() && shades[0] == 0 && shades[1] > 0 && shade(most) == 4, "{most}: {shades:?}");
        }
        // In black and white each is clearly darker than the one before.
        let grey = |shade: &str| {
            let part = |at: usize| f64::from(u8::from_str_radix(&shade[at..at + 2], 16).unwrap());
            (0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)) / 255.0
        };
        assert!(SHADES.windows(2).all(|pair| grey(pair[0]) - grey(pair[1]) > 0.12), "{:?}", SHADES.map(grey));
    }

    #[test]
    fn each_value_is_told_and_what_must_not_be_shown_is_not() {
        let shapes = [square(8.0, 47.0, "A & B"), square(9.0, 47.0, "C"), square(8.0, 48.0, "D")];
        let values = [Some(1234), None, Some(0)];
        let areas =
            shapes.iter().zip(values).map(|(shape, value)| MapArea { name: shape.name.clone().unwrap(), shape, value });
        let map =
            AreaMap { title: "Anfragen nach Gemeinde 2017".into(), areas: areas.collect(), numbers: Lang::De.into() };
        assert_eq!(map.description(), "A & B 1’234, C X, D 0.");
        for (width, right) in [(Width::Wide, 720.0), (Width::Narrow, 340.0)] {
            let svg = map.drawn(width);
            assert!(svg.contains("<desc") && svg.contains("A &amp; B 1’234, C X, D 0."), "{svg}");
            assert_eq!(svg.matches("<path d=\"M").count(), 4, "three areas, and the pattern: {svg}");
            assert_eq!(svg.matches("-hidden)\"").count(), 2, "the area and the legend: {svg}");
            let places =
                svg.split("<path d=\"M").skip(1).flat_map(|rest| rest.split('"').next().unwrap().split(['L', 'Z']));
            let places = places.filter_map(|place| place.split_once(' ')).map(|(x, _)| x.parse::<f64>().unwrap());
            assert!(places.clone().all(|x| (0.0..=right).contains(&x)), "{svg}");
            // To the north is above, to the east is right.
            let of = |number: usize| -> Vec<f64> {
                let path = svg.split("fill-rule").nth(number).unwrap().rsplit("d=\"M").next().unwrap();
                path.split([' ', 'L', 'Z']).filter_map(|text| text.parse().ok()).collect()
            };
            assert!(of(0)[1] > of(2)[1] && of(0)[0] < of(1)[0], "{svg}");
        }
    }

    #[test]
    fn nothing_that_is_drawn_is_no_place() {
        let flat = Shape { name: None, number: None, rings: vec![vec![[1.0, 1.0]; 4]] };
        let map = AreaMap {
            title: "x".into(),
            areas: vec![MapArea { name: "x".into(), shape: &flat, value: Some(1) }],
            numbers: Lang::De.into(),
        };
        assert!(!map.drawn(Width::Wide).contains("NaN"));
    }
}
