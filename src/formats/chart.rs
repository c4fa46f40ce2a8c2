//! Charts as SVG: a title and a description for those who hear them, patterns besides colours for those who print them
//! in black and white, and every value in words.

use std::fmt::Write;

use super::sheet::{HIDDEN, for_xml};
use crate::decimal::Decimal;

/// The way in which a chart is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChartKind {
    /// A group of bars for each category, a bar for each series.
    Bars,
    /// A column for each category, in which the series lie on each other.
    Stacked,
    /// A line for each series over the categories.
    Lines,
}

/// Values of a series, one for each category; `None` where there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The name of the series.
    pub label: String,
    /// The values.
    pub values: Vec<Option<Decimal>>,
    /// The values that are missing because they must not be shown, marked `true`; empty if all may be shown.
    pub hidden: Vec<bool>,
    /// The decimals of the values; none where each has as many as it takes.
    pub decimals: Option<u32>,
}

impl Series {
    fn hides(&self, index: usize) -> bool {
        self.hidden.get(index) == Some(&true)
    }

    /// A value as it is written.
    fn written(&self, value: Decimal) -> String {
        value.fixed(self.decimals.unwrap_or(value.decimals()))
    }
}

/// A chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// The title: the subject of the chart.
    pub title: String,
    /// The way in which the chart is drawn.
    pub kind: ChartKind,
    /// The labels along the axis.
    pub categories: Vec<String>,
    /// The series that are drawn.
    pub series: Vec<Series>,
    /// The note on hidden values.
    pub note: Option<String>,
    /// Further remarks on the data shown.
    pub remarks: Vec<String>,
}

/// Colours that can be told apart by everybody (Okabe and Ito), and a pattern for each.
const COLOURS: [&str; 8] = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#595959", "#f0e442"];
const WIDTH: f64 = 720.0;

/// Text for XML.
pub fn escaped(text: &str) -> String {
    for_xml(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The height of a line of text.
const LINE: f64 = 16.0;

/// A text in lines of so many characters at the most; a longer word has a line of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < width => *line += &format!(" {word}"),
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The smallest whole number that is not less.
fn ceiling(value: Decimal) -> i64 {
    value.to_f64().ceil() as i64
}

/// The smallest round number that is not less: 1, 2, 3, 4, 5, 6 or 8 times a power of ten.
fn round_up(value: i64) -> i64 {
    let mut unit = 1;
    loop {
        for step in [1, 2, 3, 4, 5, 6, 8] {
            if step * unit >= value {
                return step * unit;
            }
        }
        unit *= 10;
    }
}

impl Chart {
    /// The chart in words: every value.
    pub fn description(&self) -> String {
        let of = |series: &Series| {
            let values = self.categories.iter().zip(&series.values).enumerate().map(|(index, (category, value))| {
                let missing = if series.hides(index) { HIDDEN } else { "–" };
                let value = value.map_or_else(|| missing.to_owned(), |value| series.written(value));
                format!("{category} {value}")
            });
            format!("{}: {}.", series.label, values.collect::<Vec<_>>().join(", "))
        };
        self.series.iter().map(of).chain(self.notes().map(str::to_owned)).collect::<Vec<_>>().join(" ")
    }

    /// The chart as SVG, with ids that begin with its title, so that several can stand on one page.
    pub fn to_svg(&self) -> String {
        let id: String = self.title.chars().filter(char::is_ascii_alphanumeric).take(24).collect();
        let mut body = String::new();
        let height = match self.kind {
            ChartKind::Bars => self.bars(&id, &mut body),
            ChartKind::Stacked => self.columns(&id, &mut body),
            ChartKind::Lines => self.lines(&mut body),
        };
        let height = self.legend(&id, height, &mut body);
        let height = self.remark(height, &mut body);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
             aria-labelledby=\"{id}-title {id}-description\" font-family=\"system-ui, Helvetica, Arial, sans-serif\" \
             font-size=\"14\">\n<title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-description\">{}</desc>\n",
            escaped(&self.title),
            escaped(&self.description())
        );
        out += "<defs>\n";
        for index in 0..self.series.len() {
            out += &pattern(&id, index);
        }
        out += "</defs>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
        out +=
            &format!("<text x=\"0\" y=\"20\" font-size=\"16\" font-weight=\"bold\">{}</text>\n", escaped(&self.title));
        out + &body + "</svg>\n"
    }

    /// Returns the notes below the chart: the one on hidden values, if there are any, and all remarks.
    fn notes(&self) -> impl Iterator<Item = &str> {
        let hides = self.series.iter().any(|series| series.hidden.contains(&true));
        let note = self.note.as_deref().filter(|_| hides);
        note.into_iter().chain(self.remarks.iter().map(String::as_str))
    }

    fn most(&self) -> i64 {
        let values = self.series.iter().flat_map(|series| series.values.iter().flatten());
        round_up(values.copied().max().map_or(0, ceiling).max(1))
    }

    /// Horizontal bars, each with its value; returns the height.
    fn bars(&self, id: &str, out: &mut String) -> f64 {
        // Nobody measures the font here: eight units for a character are enough for the fonts there are.
        let labels: Vec<Vec<String>> = self.categories.iter().map(|category| wrapped(category, 44)).collect();
        let longest = labels.iter().flatten().map(|line| line.chars().count()).max().unwrap_or(0);
        let (left, bar) = ((longest as f64 * 8.0 + 12.0).clamp(60.0, 400.0), 18.0);
        let scale = (WIDTH - left - 60.0) / self.most() as f64;
        let mut y = 40.0;
        for (index, lines) in labels.iter().enumerate() {
            let (bars, text) = (bar * self.series.len() as f64, LINE * lines.len() as f64);
            let below = y + bars.max(text);
            label(lines, [left - 10.0, y + (bars.max(text) - text) / 2.0], out);
            y += (bars.max(text) - bars) / 2.0;
            for (number, series) in self.series.iter().enumerate() {
                if let Some(value) = series.values.get(index).copied().flatten() {
                    let (width, value) = (value.to_f64() * scale, series.written(value));
                    let _ = writeln!(
                        out,
                        "{}<text x=\"{:.1}\" y=\"{}\" font-size=\"12\">{value}</text>",
                        area(id, number, [left, y, width, bar - 3.0]),
                        left + width + 5.0,
                        y + bar - 6.0
                    );
                }
                if series.hides(index) {
                    let (x, y) = (left + 5.0, y + bar - 6.0);
                    let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\" font-size=\"12\">{HIDDEN}</text>");
                }
                y += bar;
            }
            y = below + 10.0;
        }
        y
    }

    /// The frame of a chart whose values go upwards: grid lines with numbers, categories below.
    fn frame(&self, most: i64, out: &mut String) {
        let scale = 220.0 / most as f64;
        for step in 0..=5 {
            let value = most as f64 * f64::from(step) / 5.0;
            if value.fract() != 0.0 {
                continue;
            }
            let y = 260.0 - value * scale;
            let _ = writeln!(
                out,
                "<line x1=\"60\" y1=\"{y:.1}\" x2=\"{WIDTH}\" y2=\"{y:.1}\" stroke=\"#c8c8c8\"/><text x=\"52\" y=\"{:.1}\" text-anchor=\"end\" font-size=\"12\">{value}</text>",
                y + 4.0
            );
        }
        for (index, category) in self.categories.iter().enumerate() {
            let _ = writeln!(
                out,
                "<text x=\"{:.1}\" y=\"280\" text-anchor=\"middle\">{}</text>",
                self.place(index),
                escaped(category)
            );
        }
    }

    fn place(&self, index: usize) -> f64 {
        let room = (WIDTH - 70.0) / self.categories.len().max(1) as f64;
        65.0 + room * (index as f64 + 0.5)
    }

    fn columns(&self, id: &str, out: &mut String) -> f64 {
        let sum = |index: usize| {
            self.series.iter().filter_map(|series| series.values.get(index).copied().flatten()).sum::<Decimal>()
        };
        let most = round_up((0..self.categories.len()).map(sum).max().map_or(0, ceiling).max(1));
        self.frame(most, out);
        let width = ((WIDTH - 70.0) / self.categories.len().max(1) as f64 * 0.6).min(80.0);
        for index in 0..self.categories.len() {
            let mut top = 260.0;
            for (number, series) in self.series.iter().enumerate() {
                let Some(value) = series.values.get(index).copied().flatten().filter(|value| *value > Decimal::ZERO)
                else {
                    continue;
                };
                let height = 220.0 * value.to_f64() / most as f64;
                top -= height;
                let x = self.place(index) - width / 2.0;
                let _ = writeln!(out, "{}", area(id, number, [x, top, width, height]));
                if height >= 16.0 {
                    plate(&series.written(value), [self.place(index), top + height / 2.0], out);
                }
            }
            let hides = self.series.iter().any(|series| series.hides(index));
            let decimals = self.series.iter().filter_map(|series| series.decimals).max();
            let shown = Some(sum(index)).filter(|sum| *sum > Decimal::ZERO);
            let shown = shown.map(|sum| sum.fixed(decimals.unwrap_or(sum.decimals())));
            let parts: Vec<String> = shown.into_iter().chain(hides.then(|| HIDDEN.to_owned())).collect();
            if !parts.is_empty() {
                let _ = writeln!(
                    out,
                    "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-weight=\"bold\" font-size=\"12\">{}</text>",
                    self.place(index),
                    top - 5.0,
                    parts.join(" + ")
                );
            }
        }
        300.0
    }

    fn lines(&self, out: &mut String) -> f64 {
        let most = self.most();
        self.frame(most, out);
        for (number, series) in self.series.iter().enumerate() {
            let y = |value: Decimal| 260.0 - 220.0 * value.to_f64() / most as f64;
            let points = series
                .values
                .iter()
                .enumerate()
                .filter_map(|(index, value)| Some((self.place(index), y((*value)?), series.written((*value)?))));
            let points: Vec<(f64, f64, String)> = points.collect();
            let colour = COLOURS[number % COLOURS.len()];
            // The line is broken where there is no value: what was not collected is not drawn.
            for run in
                series.values.iter().enumerate().collect::<Vec<_>>().chunk_by(|a, b| a.1.is_some() == b.1.is_some())
            {
                let run = run.iter().filter_map(|(index, value)| Some((self.place(*index), y((**value)?))));
                let path: Vec<(f64, f64)> = run.collect();
                if path.len() > 1 {
                    let _ = writeln!(out, "{}", stroke(number, &path));
                }
            }
            // With many points the values would hide the line.
            for (x, y, value) in points.iter().filter(|_| self.categories.len() <= 15) {
                let _ = writeln!(
                    out,
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/><text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"12\">{value}</text>",
                    y - 8.0
                );
            }
        }
        300.0
    }

    /// Writes the notes below all else; returns the height of the whole.
    fn remark(&self, top: f64, out: &mut String) -> f64 {
        let mut y = top;
        for line in self.notes().flat_map(|note| wrapped(note, 100)) {
            y += LINE;
            let _ = writeln!(out, "<text x=\"0\" y=\"{y:.1}\" font-size=\"12\">{}</text>", escaped(&line));
        }
        if y > top { y + 8.0 } else { top }
    }

    /// The legend below; returns the height of the whole.
    fn legend(&self, id: &str, top: f64, out: &mut String) -> f64 {
        if self.series.len() < 2 {
            return top + 10.0;
        }
        let (mut x, mut y) = (0.0, top + 10.0);
        for (number, series) in self.series.iter().enumerate() {
            let width = 34.0 + series.label.chars().count() as f64 * 8.0;
            if x + width > WIDTH {
                (x, y) = (0.0, y + 22.0);
            }
            let sign = match self.kind {
                ChartKind::Lines => stroke(number, &[(x, y + 7.0), (x + 18.0, y + 7.0)]),
                _ => area(id, number, [x, y, 16.0, 14.0]),
            };
            let _ = writeln!(
                out,
                "{sign}<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"13\">{}</text>",
                x + 22.0,
                y + 12.0,
                escaped(&series.label)
            );
            x += width;
        }
        y + 26.0
    }
}

/// A line through points, in a colour and with dashes of its own.
fn stroke(index: usize, points: &[(f64, f64)]) -> String {
    const DASHES: [&str; 4] = ["none", "8 4", "2 3", "10 3 2 3"];
    let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
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

/// A rectangle (left, top, width, height) in the colour of a series, with its pattern over it.
fn area(id: &str, index: usize, [x, y, width, height]: [f64; 4]) -> String {
    let place = format!("x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"");
    let colour = COLOURS[index % COLOURS.len()];
    let plain = format!("<rect {place} fill=\"{colour}\" stroke=\"#1b1b1b\" stroke-width=\"0.5\"/>");
    if MARKS[index % MARKS.len()].is_empty() {
        plain
    } else {
        format!("{plain}<rect {place} fill=\"url(#{id}-{index})\"/>")
    }
}

/// The lines of a label beside its bars; they end at `x`, and the first begins at `y`.
fn label(lines: &[String], [x, y]: [f64; 2], out: &mut String) {
    for (number, line) in lines.iter().enumerate() {
        let base = y + LINE * number as f64 + 13.0;
        let _ = writeln!(out, "<text x=\"{x}\" y=\"{base}\" text-anchor=\"end\">{}</text>", escaped(line));
    }
}

/// A value on a plate of its own, so that it can be read on any pattern.
fn plate(value: &str, [x, y]: [f64; 2], out: &mut String) {
    let width = 7.0 * value.len() as f64 + 8.0;
    let _ = writeln!(
        out,
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{width}\" height=\"14\" rx=\"2\" fill=\"#ffffff\"/><text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"12\">{value}</text>",
        x - width / 2.0,
        y - 7.0,
        y + 4.0
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_every_value_and_escapes_every_text() {
        for kind in [ChartKind::Bars, ChartKind::Stacked, ChartKind::Lines] {
            let chart = Chart {
                title: "Anfragen <nach> Gebiet".into(),
                kind,
                categories: vec!["2016".into(), "2017".into()],
                series: vec![
                    Series {
                        label: "A & B".into(),
                        values: vec![Some(30.into()), Some(47.into())],
                        hidden: vec![],
                        decimals: None,
                    },
                    Series {
                        label: "C".into(),
                        values: vec![None, Some(12.into())],
                        hidden: vec![true, false],
                        decimals: None,
                    },
                ],
                note: Some("X: hidden".into()),
                remarks: vec![],
            };
            let svg = chart.to_svg();
            assert!(svg.contains("<title id=\"AnfragennachGebiet-title\">Anfragen &lt;nach&gt; Gebiet</title>"));
            assert!(svg.contains("A &amp; B: 2016 30, 2017 47. C: 2016 X, 2017 12. X: hidden"));
            for value in [">30<", ">47<", ">12<", ">X: hidden<"] {
                assert!(svg.contains(value), "{kind:?} {value}");
            }
        }
    }

    #[test]
    fn what_xml_cannot_hold_is_left_out() {
        assert_eq!(escaped("A\u{1} & \u{fffe}\u{9f}B\u{7f}"), "A  &amp;   B ");
    }

    #[test]
    fn long_names_go_over_lines_and_nothing_is_said_of_what_is_not_hidden() {
        let chart = Chart {
            title: "x".into(),
            kind: ChartKind::Bars,
            categories: vec!["Anfragen zu Gesundheit, Sozialem, Bildung und allem, was sonst noch ist".into()],
            series: vec![Series {
                label: "2017".into(),
                values: vec![Some(1.into())],
                hidden: vec![false],
                decimals: None,
            }],
            note: Some("X: hidden".into()),
            remarks: vec![],
        };
        let svg = chart.to_svg();
        assert!(svg.contains(">Anfragen zu Gesundheit, Sozialem, Bildung<"), "{svg}");
        assert!(svg.contains(">und allem, was sonst noch ist<") && !svg.contains("hidden"), "{svg}");
    }

    #[test]
    fn rounds_up_to_round_numbers() {
        assert_eq!([1, 3, 5, 6, 47, 101, 295].map(round_up), [1, 3, 5, 6, 50, 200, 300]);
    }
}
