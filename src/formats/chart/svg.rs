//! The drawing of a chart. Nobody measures a font here: places are made wide enough for the fonts there are.

use std::fmt::Write;

use super::axis::Axis;
use super::{Chart, ChartKind, HIDDEN, Series, escaped};
use crate::decimal::Decimal;

/// The width that a chart is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// A page, or a screen on a table.
    Wide,
    /// A screen in a hand.
    Narrow,
}

/// Colours that can be told apart by everybody (Okabe and Ito), and a pattern for each.
const COLOURS: [&str; 8] = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#595959", "#f0e442"];

impl Width {
    /// The units across that a drawing has.
    pub(super) fn units(self) -> f64 {
        match self {
            Width::Wide => 720.0,
            Width::Narrow => 340.0,
        }
    }
}

/// The height of a line of text.
pub(super) const LINE: f64 = 16.0;

/// The room that a letter of a title takes, on average.
pub(super) const TITLE_LETTER: f64 = 9.7;

/// The height of columns and lines, and the room above it for what is written there.
const HEIGHT: f64 = 200.0;
const ABOVE: f64 = 12.0;

/// The looks of a value on lines, which cannot be read through it.
const HALO: &str = "stroke=\"#ffffff\" stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\"";

/// The height of a bar with the gap below it, and the width of a value beside it.
const BAR: f64 = 18.0;
const VALUE: f64 = 60.0;

/// A drawing under way.
struct Canvas<'c> {
    chart: &'c Chart,
    width: f64,
    is_narrow: bool,
    /// The lower end of columns and lines, which is 0 unless some values are less.
    ground: f64,
    /// The beginning of the ids in it.
    id: String,
    out: String,
}

impl Chart {
    /// The chart as SVG, wide, with ids that begin with its title, so that several can stand on one page.
    pub fn to_svg(&self) -> String {
        self.drawn(Width::Wide)
    }

    /// The chart as SVG for a width.
    pub fn drawn(&self, width: Width) -> String {
        let id = drawing_id(&self.title, width);
        let is_narrow = width == Width::Narrow;
        let mut canvas = Canvas { chart: self, width: width.units(), is_narrow, ground: 0.0, id, out: String::new() };
        let top = canvas.title();
        canvas.ground = top + ABOVE + HEIGHT;
        let bottom = match self.kind {
            ChartKind::Bars => canvas.bars(top),
            ChartKind::Stacked => canvas.columns(),
            ChartKind::Lines => canvas.lines(),
        };
        let bottom = canvas.legend(bottom);
        let height = canvas.remark(bottom);
        canvas.finished(height)
    }

    /// The axis of values that stand beside each other.
    fn axis(&self) -> Axis {
        Axis::of(self.series.iter().flat_map(|series| series.values.iter().flatten()).copied())
    }

    /// The axis of values that lie on each other, those below 0 apart.
    fn stacked_axis(&self) -> Axis {
        let of =
            |index: usize| self.series.iter().filter_map(move |series| series.values.get(index).copied().flatten());
        let above = |index| of(index).filter(|value| *value > Decimal::ZERO).sum::<Decimal>();
        let below = |index| of(index).filter(|value| *value < Decimal::ZERO).sum::<Decimal>();
        Axis::of((0..self.categories.len()).flat_map(|index| [above(index), below(index)]))
    }
}

/// The beginning of the ids in a drawing, so that several can stand on one page.
pub(super) fn drawing_id(title: &str, width: Width) -> String {
    let name: String = title.chars().filter(char::is_ascii_alphanumeric).take(24).collect();
    if width == Width::Narrow { format!("{name}-narrow") } else { name }
}

/// A drawing with its title, and with all of it in words for those who hear it.
pub(super) fn framed(
    id: &str,
    [width, height]: [f64; 2],
    (title, description): (&str, &str),
    (patterns, body): (&str, &str),
) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-labelledby=\"{id}-title {id}-description\" font-family=\"system-ui, Helvetica, Arial, sans-serif\" \
         font-size=\"14\">\n<title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-description\">{}</desc>\n<defs>\n\
         {patterns}</defs>\n<rect class=\"paper\" width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n",
        escaped(title),
        escaped(description)
    )
}

/// A value on a plate of its own, so that it can be read on any pattern.
pub(super) fn plate(value: &str, [x, y]: [f64; 2]) -> String {
    let width = 7.0 * value.chars().count() as f64 + 8.0;
    format!(
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{width}\" height=\"14\" rx=\"2\" fill=\"#ffffff\"/><text class=\"plate\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"12\">{value}</text>\n",
        x - width / 2.0,
        y - 7.0,
        y + 4.0
    )
}

impl Canvas<'_> {
    fn finished(self, height: f64) -> String {
        let Canvas { chart, width, id, out: body, .. } = self;
        let patterns: String = (0..chart.series.len()).map(|index| pattern(&id, index)).collect();
        framed(&id, [width, height], (&chart.title, &chart.description()), (&patterns, &body))
    }

    /// Adds a text: where, how it lies there (`start`, `middle`, `end`), and the size of its letters.
    fn text(&mut self, [x, y]: [f64; 2], (anchor, size): (&str, u8), text: &str) {
        let text = escaped(text);
        let _ = writeln!(
            self.out,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-size=\"{size}\">{text}</text>"
        );
    }

    /// Writes the title; returns where the drawing begins.
    fn title(&mut self) -> f64 {
        let lines = wrapped(&self.chart.title, (self.width / TITLE_LETTER) as usize);
        for (number, line) in lines.iter().enumerate() {
            let y = 20.0 + 20.0 * number as f64;
            let line = escaped(line);
            let _ =
                writeln!(self.out, "<text x=\"0\" y=\"{y:.1}\" font-size=\"16\" font-weight=\"bold\">{line}</text>");
        }
        20.0 * lines.len() as f64 + 18.0
    }

    /// Horizontal bars, each with its value: the names beside them, or above them where it is narrow; returns the height.
    fn bars(&mut self, top: f64) -> f64 {
        let chart = self.chart;
        let wrap = if self.is_narrow { 44 } else { 42 };
        let labels: Vec<Vec<String>> = chart.categories.iter().map(|category| wrapped(category, wrap)).collect();
        let longest = labels.iter().flatten().map(|line| line.chars().count()).max().unwrap_or(0);
        let beside = if self.is_narrow { 0.0 } else { (longest as f64 * 7.6 + 14.0).clamp(60.0, 340.0) };
        let axis = chart.axis();
        let before = if axis.has_negative() { VALUE } else { 0.0 };
        let room = self.width - beside - VALUE - before;
        let (scale, zero) = (room / axis.length(), beside + before + room * axis.share(0.0));
        let mut y = top;
        for (index, lines) in labels.iter().enumerate() {
            let (bars, text) = (BAR * chart.series.len() as f64, LINE * lines.len() as f64);
            let place = if self.is_narrow { [0.0, y] } else { [beside - 10.0, y + (bars.max(text) - text) / 2.0] };
            self.label(lines, place);
            let first = if self.is_narrow { y + text + 4.0 } else { y + (bars.max(text) - bars) / 2.0 };
            self.group(index, [zero, first], scale);
            y = if self.is_narrow { first + bars } else { y + bars.max(text) } + 10.0;
        }
        if axis.has_negative() {
            self.zero([zero, top], [zero, y - 10.0]);
        }
        y
    }

    /// The line of 0, where values lie on both sides of it.
    fn zero(&mut self, [x, y]: [f64; 2], [right, bottom]: [f64; 2]) {
        let line = format!("x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{right:.1}\" y2=\"{bottom:.1}\"");
        let _ = writeln!(self.out, "<line {line} stroke=\"#1b1b1b\"/>");
    }

    /// The bars of a category, one below the other from a place on, at which 0 is: what is less goes to the left of it.
    fn group(&mut self, index: usize, [zero, mut y]: [f64; 2], scale: f64) {
        let chart = self.chart;
        for (number, series) in chart.series.iter().enumerate() {
            if let Some(value) = series.values.get(index).copied().flatten() {
                let (width, written) = (value.to_f64().abs() * scale, series.written(value, chart.mark));
                let is_less = value < Decimal::ZERO;
                self.area(number, [if is_less { zero - width } else { zero }, y, width, BAR - 3.0]);
                let (end, anchor) = if is_less { (zero - width - 5.0, "end") } else { (zero + width + 5.0, "start") };
                self.text([end, y + BAR - 6.0], (anchor, 12), &written);
            }
            if series.hides(index) {
                self.text([zero + 5.0, y + BAR - 6.0], ("start", 12), HIDDEN);
            }
            y += BAR;
        }
    }

    /// The lines of a name, from this place downwards: beside bars they end there, above them they begin.
    fn label(&mut self, lines: &[String], [x, y]: [f64; 2]) {
        let (anchor, size) = if self.is_narrow { ("start", 13) } else { ("end", 14) };
        for (number, line) in lines.iter().enumerate() {
            self.text([x, y + LINE * number as f64 + 13.0], (anchor, size), line);
        }
    }

    /// The room left of what goes upwards: for the numbers of the axis.
    fn margin(&self, axis: Axis) -> f64 {
        7.5 * axis.longest_mark() as f64 + 12.0
    }

    /// The frame of a chart whose values go upwards: grid lines with numbers, categories below; those without room for
    /// their names are left out.
    fn frame(&mut self, axis: Axis) {
        let left = self.margin(axis);
        for value in axis.marks() {
            let (y, right) = (self.height_of(axis, value as f64), self.width);
            let _ = writeln!(
                self.out,
                "<line x1=\"{left:.1}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\" stroke=\"#c8c8c8\"/>"
            );
            self.text([left - 8.0, y + 4.0], ("end", 12), &value.to_string());
        }
        if axis.has_negative() {
            let y = self.height_of(axis, 0.0);
            self.zero([left, y], [self.width, y]);
        }
        let names = &self.chart.categories;
        let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0) as f64;
        let each = ((8.5 * longest + 4.0) / self.room(axis)).ceil().max(1.0) as usize;
        // The names of the last ones matter most.
        let has_room = |index: usize| (names.len() - 1 - index).is_multiple_of(each);
        let sparse = names.iter().filter(|name| !name.is_empty()).count() < names.len();
        for (index, category) in names.iter().enumerate().filter(|(index, _)| sparse || has_room(*index)) {
            self.text([self.place(index, axis), self.ground + 20.0], ("middle", 13), category);
        }
    }

    /// The height at which a value stands.
    fn height_of(&self, axis: Axis, value: f64) -> f64 {
        self.ground - HEIGHT * axis.share(value)
    }

    /// The width that a category has.
    fn room(&self, axis: Axis) -> f64 {
        (self.width - self.margin(axis) - 6.0) / self.chart.categories.len().max(1) as f64
    }

    /// The middle of a category.
    fn place(&self, index: usize, axis: Axis) -> f64 {
        self.margin(axis) + 3.0 + self.room(axis) * (index as f64 + 0.5)
    }

    /// Columns in which the series lie on each other, those below 0 under its line; returns the height.
    fn columns(&mut self) -> f64 {
        let chart = self.chart;
        let sum = |index: usize| {
            chart.series.iter().filter_map(|series| series.values.get(index).copied().flatten()).sum::<Decimal>()
        };
        let axis = chart.stacked_axis();
        self.frame(axis);
        let width = (self.room(axis) * 0.6).min(80.0);
        for index in 0..chart.categories.len() {
            let zero = self.height_of(axis, 0.0);
            let (middle, mut top, mut bottom) = (self.place(index, axis), zero, zero);
            for (number, series) in chart.series.iter().enumerate() {
                let value = series.values.get(index).copied().flatten().filter(|value| *value != Decimal::ZERO);
                let Some(value) = value else { continue };
                let height = HEIGHT * value.to_f64().abs() / axis.length();
                let y = if value < Decimal::ZERO { bottom } else { top - height };
                (top, bottom) = if value < Decimal::ZERO { (top, bottom + height) } else { (y, bottom) };
                self.area(number, [middle - width / 2.0, y, width, height]);
                // A single series has its values above the columns.
                if height >= 16.0 && chart.series.len() > 1 {
                    self.out += &plate(&series.written(value, chart.mark), [middle, y + height / 2.0]);
                }
            }
            self.column_total(index, sum(index), [middle, top - 5.0]);
        }
        self.ground + 40.0
    }

    /// The sum above a column, with the sign for what is hidden in it.
    fn column_total(&mut self, index: usize, sum: Decimal, [x, y]: [f64; 2]) {
        let chart = self.chart;
        let decimals = chart.series.iter().filter_map(|series| series.decimals).max();
        let written = |sum| Series { decimals, ..Series::default() }.written(sum, chart.mark);
        let shown = Some(sum).filter(|sum| *sum != Decimal::ZERO).map(written);
        let hides = chart.series.iter().any(|series| series.hides(index)).then(|| HIDDEN.to_owned());
        let text = shown.into_iter().chain(hides).collect::<Vec<_>>().join(" + ");
        if !text.is_empty() {
            let _ = writeln!(
                self.out,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" font-weight=\"bold\" font-size=\"12\" {HALO}>{text}</text>"
            );
        }
    }

    /// A line for each series; returns the height.
    fn lines(&mut self) -> f64 {
        let chart = self.chart;
        let axis = chart.axis();
        self.frame(axis);
        let mut written: Vec<[f64; 2]> = Vec::new();
        for (number, series) in chart.series.iter().enumerate() {
            let y = |value: Decimal| self.height_of(axis, value.to_f64());
            let points: Vec<Option<[f64; 2]>> = series
                .values
                .iter()
                .enumerate()
                .map(|(index, value)| value.map(|value| [self.place(index, axis), y(value)]))
                .collect();
            // The line is broken where there is no value: what was not collected is not drawn.
            for run in points.chunk_by(|a, b| a.is_some() == b.is_some()) {
                let path: Vec<[f64; 2]> = run.iter().flatten().copied().collect();
                if path.len() > 1 {
                    let _ = writeln!(self.out, "{}", stroke(number, &path));
                }
            }
            // With many points the values would hide the line.
            let values = points.iter().zip(&series.values).filter(|_| chart.categories.len() <= 15);
            for (index, (point, value)) in values.enumerate() {
                let Some((point, value)) = point.zip(*value) else { continue };
                let beside = [index.checked_sub(1), Some(index + 1)].into_iter().flatten();
                let mut beside = beside.filter_map(|index| points.get(index).copied().flatten());
                // The line would go through a value above a point from which it goes upwards.
                let is_low = beside.all(|[_, y]| y < point[1]);
                self.point(number, (point, is_low), &series.written(value, chart.mark), &mut written);
            }
        }
        self.ground + 40.0
    }

    /// A point of a line with its value above it or, if it lies lower than those beside it, below it; on the other side or not at
    /// all where others are written already.
    fn point(&mut self, number: usize, ([x, y], is_low): ([f64; 2], bool), value: &str, written: &mut Vec<[f64; 2]>) {
        let colour = COLOURS[number % COLOURS.len()];
        let _ = writeln!(self.out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
        let is_free = |place: &[f64; 2]| {
            !written.iter().any(|[other, at]| (other - x).abs() < 20.0 && (at - place[1]).abs() < 13.0)
        };
        let mut places = [[x, y - 8.0], [x, y + 17.0]];
        if is_low {
            places.reverse();
        }
        let ground = self.ground;
        if let Some(place) = places.into_iter().find(|place| place[1] < ground && is_free(place)) {
            let [x, y] = place;
            let _ = writeln!(
                self.out,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" font-size=\"12\" {HALO}>{value}</text>"
            );
            written.push(place);
        }
    }

    /// Writes the notes below all else; returns the height of the whole.
    fn remark(&mut self, top: f64) -> f64 {
        let mut y = top;
        let lines: Vec<String> =
            self.chart.notes().flat_map(|note| wrapped(note, (self.width / 7.2) as usize)).collect();
        for line in lines {
            y += LINE;
            self.text([0.0, y], ("start", 12), &line);
        }
        if y > top { y + 8.0 } else { top }
    }

    /// The legend below; returns the height of the whole.
    fn legend(&mut self, top: f64) -> f64 {
        let chart = self.chart;
        if chart.series.len() < 2 {
            return top + 10.0;
        }
        let (mut x, mut y) = (0.0, top + 10.0);
        for (number, series) in chart.series.iter().enumerate() {
            let lines = wrapped(&series.label, ((self.width - 24.0) / 8.0) as usize);
            let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
            let width = 34.0 + longest as f64 * 8.0;
            if x > 0.0 && x + width > self.width {
                (x, y) = (0.0, y + 22.0);
            }
            match chart.kind {
                ChartKind::Lines => {
                    let _ = writeln!(self.out, "{}", stroke(number, &[[x, y + 7.0], [x + 18.0, y + 7.0]]));
                }
                _ => self.area(number, [x, y, 16.0, 14.0]),
            }
            for (place, line) in lines.iter().enumerate() {
                self.text([x + 22.0, y + 12.0 + LINE * place as f64], ("start", 13), line);
            }
            (x, y) = if lines.len() > 1 { (0.0, y + LINE * lines.len() as f64 + 6.0) } else { (x + width, y) };
        }
        y + 26.0
    }

    /// A rectangle (left, top, width, height) in the colour of a series, with its pattern over it and its outline over both.
    fn area(&mut self, index: usize, [x, y, width, height]: [f64; 4]) {
        let place = format!("x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"");
        let (colour, outline) = (COLOURS[index % COLOURS.len()], "stroke=\"#1b1b1b\" stroke-width=\"0.5\"");
        let _ = match MARKS[index % MARKS.len()].is_empty() {
            true => writeln!(self.out, "<rect {place} fill=\"{colour}\" {outline}/>"),
            false => writeln!(
                self.out,
                "<rect {place} fill=\"{colour}\"/><rect {place} fill=\"url(#{}-{index})\"/><rect {place} fill=\"none\" {outline}/>",
                self.id
            ),
        };
    }
}

/// A text in lines of so many characters at the most; a longer word has a line of its own.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < width => *line += &format!(" {word}"),
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A line through points, in a colour and with dashes of its own.
fn stroke(index: usize, points: &[[f64; 2]]) -> String {
    const DASHES: [&str; 4] = ["none", "8 4", "2 3", "10 3 2 3"];
    let path: Vec<String> = points.iter().map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
    format!(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2.5\" stroke-dasharray=\"{}\"/>",
        path.join(" "),
        COLOURS[index % COLOURS.len()],
        DASHES[index % DASHES.len()]
    )
}

/// The patterns that distinguish the series in black and white; the first one has none.
const MARKS: [&str; 8] = [
    "",
    "<path d=\"M0 8L8 0\" stroke=\"#ffffff\" stroke-width=\"2\"/>",
    "<circle cx=\"4\" cy=\"4\" r=\"1.7\" fill=\"#ffffff\"/>",
    "<path d=\"M0 4H8\" stroke=\"#ffffff\" stroke-width=\"2\"/>",
    "<path d=\"M4 0V8\" stroke=\"#ffffff\" stroke-width=\"2\"/>",
    "<path d=\"M0 0L8 8\" stroke=\"#ffffff\" stroke-width=\"2\"/>",
    "<path d=\"M0 4H8M4 0V8\" stroke=\"#ffffff\" stroke-width=\"1.2\"/>",
    "<path d=\"M0 8L8 0M0 0L8 8\" stroke=\"#1b1b1b\" stroke-width=\"1\"/>",
];

/// The pattern of a series.
fn pattern(id: &str, index: usize) -> String {
    let mark = MARKS[index % MARKS.len()];
    if mark.is_empty() {
        return String::new();
    }
    format!("<pattern id=\"{id}-{index}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">{mark}</pattern>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_less_than_0_lies_on_the_other_side_of_its_line() {
        let series = |values: [i64; 2]| Series {
            label: "Saldo".into(),
            values: values.map(|value| Some(value.into())).to_vec(),
            ..Series::default()
        };
        for kind in [ChartKind::Bars, ChartKind::Stacked, ChartKind::Lines] {
            let chart = Chart {
                title: "Saldo".into(),
                kind,
                categories: vec!["2023".into(), "2024".into()],
                series: vec![series([-40, 25]), series([10, -15])],
                note: None,
                remarks: vec![],
                mark: '.',
                names: Default::default(),
            };
            for width in [Width::Wide, Width::Narrow] {
                let svg = chart.drawn(width);
                assert!(svg.contains("stroke=\"#1b1b1b\"/>") && svg.contains(">-40<"), "{kind:?} {svg}");
                assert!(!svg.contains("width=\"-") && !svg.contains("height=\"-"), "{kind:?} {svg}");
                for x in svg.split(" x=\"").skip(1) {
                    let x: f64 = x.split('"').next().unwrap().parse().unwrap();
                    assert!((0.0..720.0).contains(&x), "{kind:?} {svg}");
                }
            }
        }
    }

    #[test]
    fn no_letter_is_too_small_to_read_and_nothing_lies_outside() {
        let series = |label: &str| Series {
            label: label.into(),
            values: (0..40).map(|value| Some((value * 311).into())).collect(),
            ..Series::default()
        };
        for kind in [ChartKind::Bars, ChartKind::Stacked, ChartKind::Lines] {
            let chart = Chart {
                title: "Anfragen nach Gebiet, mit einem Titel, der nicht auf eine Zeile geht".into(),
                kind,
                categories: (1980..2020).map(|year| format!("{year}")).collect(),
                series: vec![
                    series("Gesundheit"),
                    series("Soziales und alles, was sonst noch in einem Namen stehen kann"),
                ],
                note: None,
                remarks: vec!["Eine Bemerkung, die länger ist, als ein Telefon breit ist.".into()],
                mark: ',',
                names: Default::default(),
            };
            for (width, right) in [(Width::Wide, 720.0), (Width::Narrow, 340.0)] {
                let svg = chart.drawn(width);
                for text in svg.split("<text ").skip(1) {
                    let number = |name: &str| -> f64 {
                        let after = text.split(&format!("{name}=\"")).nth(1).unwrap();
                        after.split('"').next().unwrap().parse().unwrap()
                    };
                    let (size, x) = (number("font-size"), number("x"));
                    assert!(size >= 12.0 && x < right, "{text}");
                }
            }
        }
    }
}
