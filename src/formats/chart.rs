//! Charts as SVG: a title and a description for those who hear them, patterns besides colours for those who print them
//! in black and white, and every value in words.

mod axis;
mod map;
mod svg;

pub use map::{AreaMap, MapArea, Shape};
pub use svg::Width;

use std::collections::BTreeMap;

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

    /// A value as it is written, with this mark before decimals.
    fn written(&self, value: Decimal, mark: char) -> String {
        value.fixed(self.decimals.unwrap_or(value.decimals())).replace('.', &mark.to_string())
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
    /// The mark before decimals.
    pub mark: char,
    /// The whole names by those that are drawn, where these are short: what is heard needs no room.
    pub names: BTreeMap<String, String>,
}

/// Text for XML.
pub fn escaped(text: &str) -> String {
    for_xml(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Chart {
    /// True if there is anything to see in it: one point of a line shows no course.
    pub fn is_telling(&self) -> bool {
        self.kind != ChartKind::Lines || self.categories.len() > 1
    }

    /// The chart in words: every value.
    pub fn description(&self) -> String {
        let whole = |name: &str| self.names.get(name).map_or_else(|| name.to_owned(), String::clone);
        let of = |series: &Series| {
            let values = self.categories.iter().zip(&series.values).enumerate().map(|(index, (category, value))| {
                let missing = if series.hides(index) { HIDDEN } else { "–" };
                let value = value.map_or_else(|| missing.to_owned(), |value| series.written(value, self.mark));
                format!("{} {value}", whole(category))
            });
            format!("{}: {}.", whole(&series.label), values.collect::<Vec<_>>().join(", "))
        };
        self.series.iter().map(of).chain(self.notes().map(str::to_owned)).collect::<Vec<_>>().join(" ")
    }

    /// Returns the notes below the chart: the one on hidden values, if there are any, and all remarks.
    fn notes(&self) -> impl Iterator<Item = &str> {
        let hides = self.series.iter().any(|series| series.hidden.contains(&true));
        let note = self.note.as_deref().filter(|_| hides);
        note.into_iter().chain(self.remarks.iter().map(String::as_str))
    }
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
                mark: '.',
                names: BTreeMap::new(),
            };
            let narrow = chart.drawn(Width::Narrow);
            assert!(narrow.contains("viewBox=\"0 0 340 ") && narrow.contains("id=\"AnfragennachGebiet-narrow-title\""));
            let svg = chart.to_svg();
            assert!(svg.contains("<title id=\"AnfragennachGebiet-title\">Anfragen &lt;nach&gt; Gebiet</title>"));
            assert!(svg.contains("A &amp; B: 2016 30, 2017 47. C: 2016 X, 2017 12. X: hidden"));
            for value in [">30<", ">47<", ">12<", ">X: hidden<"] {
                assert!(svg.contains(value) && narrow.contains(value), "{kind:?} {value}");
            }
        }
    }

    /// The heights at which a drawing has a text.
    fn heights(svg: &str, text: &str) -> Vec<f64> {
        let of = |line: &str| line.split(" y=\"").nth(1)?.split('"').next()?.parse().ok();
        svg.lines().filter(|line| line.contains(&format!(">{text}<"))).filter_map(of).collect()
    }

    #[test]
    fn values_stand_beside_their_line_and_titles_above_the_drawing() {
        let lines = |title: &str| Chart {
            title: title.into(),
            kind: ChartKind::Lines,
            categories: ["2015", "2016", "2017"].map(String::from).to_vec(),
            series: vec![Series {
                label: "x".into(),
                values: [71, 33, 88].map(|value| Some(value.into())).to_vec(),
                hidden: vec![],
                decimals: None,
            }],
            note: None,
            remarks: vec![],
            mark: '.',
            names: BTreeMap::new(),
        };
        let short = lines("x").drawn(Width::Narrow);
        let points: Vec<f64> =
            short.split(" cy=\"").skip(1).map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect();
        let [left, low, high] = ["71", "33", "88"].map(|value| heights(&short, value)[0]);
        assert!(left < points[0] && low > points[1] && high < points[2], "{short}");
        let long = lines("Pendente Geschäfte am Jahresende, je Register").drawn(Width::Narrow);
        assert_eq!(heights(&long, "je Register").len(), 1, "{long}");
        let room = |svg: &str, title: &str| heights(svg, "100")[0] - heights(svg, title)[0];
        assert_eq!(room(&long, "je Register"), room(&short, "x"), "{long}");
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
            mark: '.',
            names: BTreeMap::new(),
        };
        let svg = chart.to_svg();
        assert!(svg.contains(">Anfragen zu Gesundheit, Sozialem, Bildung<"), "{svg}");
        assert!(svg.contains(">und allem, was sonst noch ist<") && !svg.contains("hidden"), "{svg}");
    }
}
