//! A table of lines by year: the value that every format is made from. It knows nothing of where its numbers come from.

use std::cmp::Ordering;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::layout::ChartLayout;
use super::period::Period;
use super::provisional::{self, is_false};
pub use super::status::Basis;
use super::status::Observation;
use crate::decimal::{Decimal, round_half_even};
use crate::formats::chart::{Chart, ChartKind, Series};
use crate::formats::{Cell, Unit};
use crate::messages::Lang;

/// The change from the second-last to the last year of the range.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Development {
    /// The difference.
    #[schema(example = 9, value_type = f64)]
    pub absolute: Decimal,
    /// The difference in percent of the year before, to two decimals (rounded half to even); absent when that is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 16.98)]
    pub percent: Option<f64>,
    /// As it is printed: whole percent, rounded half to even, with a sign (hyphen-minus); `+100%` from 0 to more, `-100%` from 0
    /// to less.
    #[schema(example = "+17%")]
    pub display: String,
}

impl Development {
    /// The development from one figure to another.
    pub fn between(before: impl Into<Decimal>, after: impl Into<Decimal>) -> Self {
        let (before, after): (Decimal, Decimal) = (before.into(), after.into());
        let absolute = after - before;
        if before == Decimal::ZERO {
            let display = match after.cmp(&Decimal::ZERO) {
                Ordering::Less => "-100%",
                Ordering::Equal => "0%",
                Ordering::Greater => "+100%",
            };
            return Development { absolute, percent: None, display: display.into() };
        }
        let change = 100 * i128::from(absolute.parts());
        let size = i128::from(before.parts()).abs();
        let (whole, hundredths) = (round_half_even(change, size), round_half_even(100 * change, size));
        let sign = if whole > 0 { "+" } else { "" };
        Development { absolute, percent: Some(hundredths as f64 / 100.0), display: format!("{sign}{whole}%") }
    }
}

/// A line of a table.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TableLine {
    /// The line's code, the same in every language.
    #[schema(example = "inquiries.municipality")]
    pub code: String,
    /// The name of the line in the language asked for.
    #[schema(example = "Anfragen Gemeinden")]
    pub label: String,
    /// The depth of the line's indentation: 0 for totals.
    #[schema(maximum = 3)]
    pub level: u8,
    /// A value for each year; null where the rubric was not collected or there is nothing, which is not 0.
    #[schema(value_type = Vec<Option<f64>>)]
    pub values: Vec<Option<Decimal>>,
    /// The origin of each value.
    pub basis: Vec<Basis>,
    /// True for each value that is hidden because it is small, or because a small one could be computed from it; only
    /// where no token was shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub suppressed: Vec<bool>,
    /// The change between the last two years; absent when one of them has no value or is provisional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub development: Option<Development>,
    /// The ids of the line's footnotes.
    pub footnotes: Vec<u32>,
    /// The unit of the values; absent where they are numbers of records.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "%")]
    pub unit: Option<String>,
    /// The decimals that the values are shown with; absent where they are as many as a value has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, maximum = 4)]
    pub decimals: Option<u32>,
    /// True for a heading, which has no values; absent for all other lines.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    pub heading: bool,
}

/// A footnote.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Footnote {
    /// Its number in this table.
    #[schema(minimum = 1)]
    pub id: u32,
    /// Its text in the language asked for.
    pub text: String,
    /// The year whose figure it is about; absent where it is about the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub year: Option<i32>,
}

impl Footnote {
    /// The text as it is printed: with the year that it is about.
    pub fn printed(&self) -> String {
        self.year.map_or_else(|| self.text.clone(), |year| format!("{year}: {}", self.text))
    }
}

/// Something about the figures that a reader must know.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Warning {
    /// `SUM_MISMATCH`: lines do not add up to the total. `REST_NEGATIVE`: more is taken away than there is. `DEVELOPMENT_MISMATCH`:
    /// the development that was printed is not the right one.
    #[schema(example = "SUM_MISMATCH")]
    pub code: String,
    /// The year that it concerns.
    pub year: i32,
    /// The code of the line that it concerns.
    #[schema(example = "inquiries.total")]
    pub line: String,
    /// The text of the warning, with the figures, in the language asked for.
    pub detail: String,
}

/// The source of the figures of a year.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Source {
    /// The year.
    pub year: i32,
    /// The origin of the figures.
    pub basis: Basis,
    /// The version of the publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub version: Option<i64>,
    /// The day of publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_on: Option<NaiveDate>,
    /// The place of publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Tätigkeitsbericht 2017")]
    pub source: Option<String>,
    /// True if the figures are not final: the year is not over, or they were published before it was. Absent when they
    /// are final.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    pub provisional: bool,
    /// The day whose state they are; only where they are provisional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<NaiveDate>,
}

/// A table of lines by year.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Table {
    /// The first year.
    #[schema(example = 2012)]
    pub from: i32,
    /// The last year.
    #[schema(example = 2017)]
    pub to: i32,
    /// All years.
    pub years: Vec<i32>,
    /// True if figures of a year are provisional; `sources` says of which. Absent when none are.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    pub provisional: bool,
    /// The lines in their order.
    pub lines: Vec<TableLine>,
    /// The footnotes that lines refer to.
    pub footnotes: Vec<Footnote>,
    /// The warnings that a reader must know about the figures.
    pub warnings: Vec<Warning>,
    /// The source of the figures of each year.
    pub sources: Vec<Source>,
    /// A row for each line and year in place of `lines`; only with `shape=long`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub items: Vec<Observation>,
    /// The language of the labels.
    #[serde(skip)]
    #[schema(ignore)]
    pub lang: Lang,
}

/// A line that is to be drawn: of a layout, or as it was printed.
#[derive(Clone, Debug, PartialEq)]
pub struct Heading {
    /// Its code.
    pub code: String,
    /// The name of the line.
    pub label: String,
    /// The depth of its indentation.
    pub level: u8,
    /// The texts of its footnotes, each with the year that it is about.
    pub footnotes: Vec<(Option<i32>, String)>,
    /// The unit of its values.
    pub unit: Option<String>,
    /// The decimals of its values.
    pub decimals: Option<u32>,
    /// True if it has no values.
    pub is_heading: bool,
}

/// A value, and where it comes from.
pub type Figure = (Option<Decimal>, Basis);

impl Source {
    /// The source of figures that are counted or entered, which are provisional while their year is running.
    pub fn live(year: i32, basis: Basis, today: NaiveDate, period: Period) -> Source {
        let as_of = period.as_of(year, today).filter(|_| basis != Basis::None);
        Source { year, basis, version: None, published_on: None, source: None, provisional: as_of.is_some(), as_of }
    }
}

impl TableLine {
    /// A line of values, each with where it comes from, without footnotes and development.
    pub fn of(
        code: String,
        label: String,
        level: u8,
        (values, basis): (Vec<Option<Decimal>>, Vec<Basis>),
    ) -> TableLine {
        let (suppressed, footnotes) = (Vec::new(), Vec::new());
        TableLine {
            code,
            label,
            level,
            values,
            basis,
            suppressed,
            development: None,
            footnotes,
            unit: None,
            decimals: None,
            heading: false,
        }
    }

    /// The values of the last two years, where both are known.
    pub fn last_two(&self) -> Option<(Decimal, Decimal)> {
        match self.values.as_slice() {
            [.., Some(before), Some(after)] => Some((*before, *after)),
            _ => None,
        }
    }

    /// The unit and decimals of the values, where there are any.
    pub(super) fn measure(&self) -> Option<Unit> {
        let (symbol, decimals) = (self.unit.clone(), self.decimals);
        (symbol.is_some() || decimals.is_some()).then_some(Unit { symbol, decimals })
    }

    /// True if the value at that place must not be shown.
    pub fn hides(&self, index: usize) -> bool {
        self.suppressed.get(index) == Some(&true)
    }

    /// The values as cells, with a sign for those that are hidden.
    pub fn cells(&self) -> impl Iterator<Item = Cell> {
        let cell = move |(index, value): (usize, &Option<Decimal>)| match self.hides(index) {
            true => Cell::Hidden,
            false => Cell::figure(*value, self.decimals),
        };
        self.values.iter().enumerate().map(cell)
    }

    /// The values as a series of a chart.
    pub fn series(&self) -> Series {
        self.series_from(0)
    }

    /// The same without the first years.
    fn series_from(&self, first: usize) -> Series {
        Series {
            label: self.printed_name(),
            values: self.values.iter().skip(first).copied().collect(),
            hidden: self.suppressed.iter().skip(first).copied().collect(),
            decimals: self.decimals,
        }
    }

    /// The name as it is printed, with the unit of the values.
    pub fn printed_name(&self) -> String {
        let mut words = self.label.split([' ', '(', ')', '\u{a0}']);
        let unit = self.unit.as_ref().filter(|unit| words.all(|word| word != unit.as_str()));
        unit.map_or_else(|| self.label.clone(), |unit| format!("{} ({unit})", self.label))
    }
}

impl Table {
    /// Draws a table: `figure` gives the value of a line in a year, or none where there is nothing.
    pub fn build(
        lang: Lang,
        headings: Vec<Heading>,
        sources: Vec<Source>,
        figure: impl Fn(&str, i32) -> Figure,
    ) -> Table {
        let years: Vec<i32> = sources.iter().map(|source| source.year).collect();
        let mut notes: Vec<(Option<i32>, String)> = Vec::new();
        let compares = !sources.iter().rev().take(2).any(|source| source.provisional);
        let line = |heading: Heading| {
            let number = |note: (Option<i32>, String)| {
                let place = notes.iter().position(|known| *known == note).unwrap_or_else(|| {
                    notes.push(note);
                    notes.len() - 1
                });
                place as u32 + 1
            };
            let figures = years.iter().map(|year| figure(&heading.code, *year)).unzip();
            let mut line = TableLine::of(heading.code, heading.label, heading.level, figures);
            let is_shown = |(year, _): &(Option<i32>, String)| year.is_none_or(|year| years.contains(&year));
            line.footnotes = heading.footnotes.into_iter().filter(is_shown).map(number).collect();
            (line.unit, line.decimals, line.heading) = (heading.unit, heading.decimals, heading.is_heading);
            let last_two = line.last_two().filter(|_| compares);
            line.development = last_two.map(|(before, after)| Development::between(before, after));
            line
        };
        let lines = headings.into_iter().map(line).collect();
        Table {
            from: years.first().copied().unwrap_or_default(),
            to: years.last().copied().unwrap_or_default(),
            provisional: sources.iter().any(|source| source.provisional),
            years,
            lines,
            footnotes: notes.into_iter().zip(1..).map(|((year, text), id)| Footnote { id, text, year }).collect(),
            warnings: Vec::new(),
            sources,
            items: Vec::new(),
            lang,
        }
    }

    /// The years whose figures are provisional, with the day whose state they are.
    pub fn provisional(&self) -> impl Iterator<Item = (i32, NaiveDate)> {
        self.sources.iter().filter_map(|source| Some((source.year, source.as_of?)))
    }

    /// The day whose state the figures of a year are, where they are provisional.
    pub fn as_of(&self, year: i32) -> Option<NaiveDate> {
        self.provisional().find(|(provisional, _)| *provisional == year).map(|(_, as_of)| as_of)
    }

    /// The years as they are printed, with an asterisk where they are provisional.
    pub fn year_labels(&self) -> Vec<String> {
        let label = |year: &i32| match self.as_of(*year) {
            Some(_) => format!("{year}*"),
            None => year.to_string(),
        };
        self.years.iter().map(label).collect()
    }

    /// Returns the remarks below a table for the years with an asterisk.
    pub fn provisional_remarks(&self) -> Vec<String> {
        let remark = |(year, as_of): (i32, NaiveDate)| format!("* {year}: {}", provisional::stated(self.lang, as_of));
        self.provisional().map(remark).collect()
    }

    /// The table's chart, as its layout wants it.
    pub fn chart(&self, chart: &ChartLayout) -> Chart {
        let lines: Vec<&TableLine> = chart.lines.iter().filter_map(|code| self.line(code)).collect();
        let lang = self.lang;
        let name = |line: &TableLine| {
            chart.names.get(&line.code).map_or_else(|| line.printed_name(), |short| short.get(lang).to_owned())
        };
        let years = self.year_labels();
        let mut remarks = self.provisional_remarks();
        let (categories, series) = match chart.kind {
            ChartKind::Bars => {
                // The last two years, side by side for each line; most first.
                let last = self.years.len().saturating_sub(2)..self.years.len();
                let mut lines = lines.clone();
                lines.sort_by_key(|line| std::cmp::Reverse(line.values.last().copied().flatten()));
                remarks
                    .retain(|remark| last.clone().any(|index| remark.starts_with(&format!("* {}", self.years[index]))));
                let of_year = |index: usize| Series {
                    label: years[index].clone(),
                    values: lines.iter().map(|line| line.values[index]).collect(),
                    hidden: lines.iter().map(|line| line.hides(index)).collect(),
                    decimals: lines.iter().filter_map(|line| line.decimals).max(),
                };
                (lines.iter().map(|line| name(line)).collect(), last.clone().map(of_year).collect())
            }
            ChartKind::Stacked | ChartKind::Lines => {
                // Years before anything was collected are no part of it.
                let says = |index: usize| lines.iter().any(|line| line.values[index].is_some() || line.hides(index));
                let first = (0..years.len()).find(|index| says(*index)).unwrap_or(0);
                let of_line = |line: &&TableLine| Series { label: name(line), ..line.series_from(first) };
                (years[first..].to_vec(), lines.iter().map(of_line).collect())
            }
        };
        let title = chart.title.get(lang).to_owned();
        let (note, mark) = (self.suppression_note(&lines), lang.number_style().decimal);
        let names = lines.iter().map(|line| (name(line), line.printed_name())).collect();
        Chart { title, kind: chart.kind, categories, series, note, remarks, mark, names }
    }

    /// Returns the remark on hidden values, where lines have any.
    fn suppression_note(&self, lines: &[&TableLine]) -> Option<String> {
        let hides = lines.iter().any(|line| line.suppressed.contains(&true));
        self.footnotes.last().filter(|_| hides).map(|note| note.text.clone())
    }

    /// The line of that code.
    pub fn line(&self, code: &str) -> Option<&TableLine> {
        self.lines.iter().find(|line| line.code == code)
    }
}

impl Warning {
    /// Returns the warning that a line has no value because of public bodies: `BODY_UNKNOWN` where it names one that there is not,
    /// `BODIES_MEET` where it would count records twice.
    pub fn of_bodies(lang: Lang, year: i32, line: &TableLine, code: &str) -> Warning {
        let detail = match code {
            "BODY_UNKNOWN" => lang.message("statistics-body-unknown", &[("label", &line.label)]),
            _ => lang.message("statistics-bodies-meet", &[("label", &line.label)]),
        };
        Warning { code: code.into(), year, line: line.code.clone(), detail }
    }

    /// Returns the warning that a printed development is not the right one.
    pub fn of_development(lang: Lang, year: i32, line: &TableLine, printed: &str, right: &str) -> Warning {
        let detail = lang.message(
            "statistics-development-mismatch",
            &[("label", &line.label), ("printed", &printed), ("right", &right)],
        );
        Warning { code: "DEVELOPMENT_MISMATCH".into(), year, line: line.code.clone(), detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_developments_half_to_even() {
        let display = |before: i64, after: i64| Development::between(before, after).display;
        let printed = [
            (53, 62, "+17%"),
            (101, 127, "+26%"),
            (95, 106, "+12%"),
            (249, 295, "+18%"),
            (35, 31, "-11%"),
            (40, 31, "-22%"),
            (10, 18, "+80%"),
            (31, 16, "-48%"),
            (0, 1, "+100%"),
            (0, 0, "0%"),
            (49, 48, "-2%"),
            (200, 225, "+12%"),
            (200, 227, "+14%"),
            (200, 175, "-12%"),
            (1000, 1004, "0%"),
            (1000, 996, "0%"),
            (7, 0, "-100%"),
        ];
        for (before, after, right) in printed {
            assert_eq!(display(before, after), right, "{before} to {after}");
        }
    }

    #[test]
    fn gives_percent_to_two_decimals() {
        for (before, after, percent, display) in
            [(-10_i64, -10_i64, 0.0, "0%"), (-5, 6, 220.0, "+220%"), (-4, -5, -25.0, "-25%"), (5, -5, -200.0, "-200%")]
        {
            let development = Development::between(before, after);
            assert_eq!(
                (development.percent, development.display.as_str()),
                (Some(percent), display),
                "{before} to {after}"
            );
        }
        assert_eq!(Development::between(0_i64, -5_i64).display, "-100%");
        assert_eq!(Development::between(53_i64, 62_i64).percent, Some(16.98));
        assert_eq!(Development::between(249_i64, 295_i64).percent, Some(18.47));
        assert_eq!(
            Development::between(0_i64, 5_i64),
            Development { absolute: 5.into(), percent: None, display: "+100%".into() }
        );
    }
}
