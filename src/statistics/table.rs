//! A table of lines by year: the value that every format is made from. It knows nothing of where its numbers come from.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::lang::Lang;
use super::layout::{Layout, Line, TableLayout};
use crate::formats::svg::{Chart, Kind, Series};
use crate::formats::{Cell, Sheet};

/// Where the values of a year come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Basis {
    /// As published; later entries do not change it.
    Published,
    /// Counted from the records as they are now.
    Live,
    /// There is nothing: a year before the first record, and not published.
    None,
}

impl Basis {
    /// As it stands in answers.
    pub fn name(self) -> &'static str {
        match self {
            Basis::Published => "PUBLISHED",
            Basis::Live => "LIVE",
            Basis::None => "NONE",
        }
    }
}

/// The change from the second-last to the last year of the range.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Development {
    /// The difference.
    #[schema(example = 9)]
    pub absolute: i64,
    /// The difference in percent of the year before, to two decimals (rounded half to even); absent when that is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 16.98)]
    pub percent: Option<f64>,
    /// As it is printed: whole percent, rounded half to even, with a sign (hyphen-minus); `+100%` from 0 to more.
    #[schema(example = "+17%")]
    pub display: String,
}

impl Development {
    /// The development from one number of records to another.
    pub fn between(before: i64, after: i64) -> Self {
        let absolute = after - before;
        if before == 0 {
            let display = if after == 0 { "0%" } else { "+100%" };
            return Development { absolute, percent: None, display: display.into() };
        }
        let change = 100 * i128::from(absolute);
        let whole = round_half_even(change, before.into());
        let hundredths = round_half_even(100 * change, before.into());
        let sign = if whole > 0 { "+" } else { "" };
        Development { absolute, percent: Some(hundredths as f64 / 100.0), display: format!("{sign}{whole}%") }
    }
}

/// The quotient rounded to a whole number, halves to the even one. The divisor must be positive.
pub fn round_half_even(dividend: i128, divisor: i128) -> i128 {
    let (floor, rest) = (dividend.div_euclid(divisor), dividend.rem_euclid(divisor));
    match (2 * rest).cmp(&divisor) {
        std::cmp::Ordering::Less => floor,
        std::cmp::Ordering::Greater => floor + 1,
        std::cmp::Ordering::Equal => floor + floor.rem_euclid(2),
    }
}

/// A line of a table.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TableLine {
    /// The line's code, the same in every language.
    #[schema(example = "inquiries.municipality")]
    pub code: String,
    /// What the line is called in the language asked for.
    #[schema(example = "Anfragen Gemeinden")]
    pub label: String,
    /// How deep the line is indented: 0 for totals.
    #[schema(maximum = 3)]
    pub level: u8,
    /// A value for each year; null where the rubric was not collected or there is nothing, which is not 0.
    pub values: Vec<Option<i64>>,
    /// Where each value comes from.
    pub basis: Vec<Basis>,
    /// Whether each value is hidden because it is small, or because a small one could be computed from it; only where
    /// no token was shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub suppressed: Vec<bool>,
    /// The change between the last two years; absent when one of them has no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub development: Option<Development>,
    /// The ids of the line's footnotes.
    pub footnotes: Vec<u32>,
}

/// A footnote.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Footnote {
    /// Its number in this table.
    #[schema(minimum = 1)]
    pub id: u32,
    /// Its text in the language asked for.
    pub text: String,
}

/// Something about the figures that a reader must know.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Warning {
    /// `SUM_MISMATCH`: lines do not add up to the total. `DEVELOPMENT_MISMATCH`: the development that was printed is
    /// not the right one.
    #[schema(example = "SUM_MISMATCH")]
    pub code: String,
    /// The year that it concerns.
    pub year: i32,
    /// The code of the line that it concerns.
    #[schema(example = "inquiries.total")]
    pub line: String,
    /// What it is about, with the figures, in the language asked for.
    pub detail: String,
}

/// Where the figures of a year come from.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Source {
    /// The year.
    pub year: i32,
    /// What they are.
    pub basis: Basis,
    /// The version of the publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub version: Option<i64>,
    /// The day of publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_on: Option<NaiveDate>,
    /// Where they were published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Tätigkeitsbericht 2017")]
    pub source: Option<String>,
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
    /// The lines in their order.
    pub lines: Vec<TableLine>,
    /// The footnotes that lines refer to.
    pub footnotes: Vec<Footnote>,
    /// What a reader must know about the figures.
    pub warnings: Vec<Warning>,
    /// Where the figures of each year come from; empty where they are entered and never published.
    pub sources: Vec<Source>,
}

impl TableLine {
    /// Whether the value at that place must not be shown.
    pub fn hides(&self, index: usize) -> bool {
        self.suppressed.get(index) == Some(&true)
    }

    /// The values as cells, with a sign for those that are hidden.
    pub fn cells(&self) -> impl Iterator<Item = Cell> {
        let cell = move |(index, value): (usize, &Option<i64>)| match self.hides(index) {
            true => Cell::Hidden,
            false => (*value).into(),
        };
        self.values.iter().enumerate().map(cell)
    }

    /// The values as a series of a chart.
    pub fn series(&self) -> Series {
        Series { label: self.label.clone(), values: self.values.clone(), hidden: self.suppressed.clone() }
    }
}

impl Table {
    /// Draws a table: `basis` says where a year's values come from, `value` gives the value of a line in a
    /// year, or none where the rubric was not collected.
    pub fn draw(
        layout: &Layout,
        table: &TableLayout,
        lang: Lang,
        years: RangeInclusive<i32>,
        basis: impl Fn(i32) -> Basis,
        value: impl Fn(&Line, i32) -> Option<i64>,
    ) -> Table {
        let mut keys: Vec<&str> = Vec::new();
        let mut lines = Vec::with_capacity(table.lines.len());
        for line in &table.lines {
            let footnotes = line.footnotes.iter().map(|key| {
                let place = keys.iter().position(|known| known == key).unwrap_or_else(|| {
                    keys.push(key);
                    keys.len() - 1
                });
                place as u32 + 1
            });
            let footnotes = footnotes.collect();
            let values: Vec<Option<i64>> = years.clone().map(|year| value(line, year)).collect();
            let development = match values.as_slice() {
                [.., Some(before), Some(after)] => Some(Development::between(*before, *after)),
                _ => None,
            };
            lines.push(TableLine {
                code: line.code.clone(),
                label: line.label.get(lang).to_owned(),
                level: line.level,
                values,
                suppressed: Vec::new(),
                basis: years.clone().map(&basis).collect(),
                development,
                footnotes,
            });
        }
        let text = |key: &str| layout.footnote(key).map(|text| text.get(lang).to_owned()).unwrap_or_default();
        let footnotes = keys.iter().zip(1..).map(|(key, id)| Footnote { id, text: text(key) }).collect();
        let mut drawn = Table {
            from: *years.start(),
            to: *years.end(),
            years: years.collect(),
            lines,
            footnotes,
            warnings: Vec::new(),
            sources: Vec::new(),
        };
        drawn.warnings = drawn.mismatches(table, lang);
        drawn
    }

    /// The table as a sheet: a row for each line, with the footnotes and warnings as notes.
    pub fn sheet(&self, name: &str) -> Sheet {
        let mut header = vec!["code".to_owned(), "label".to_owned()];
        header.extend(self.years.iter().map(i32::to_string));
        header.extend(["development", "development_percent", "footnotes"].map(str::to_owned));
        let row = |line: &TableLine| {
            let mut row: Vec<Cell> = vec![line.code.as_str().into(), line.label.as_str().into()];
            row.extend(line.cells());
            row.push(line.development.as_ref().map(|development| development.absolute).into());
            row.push(Cell::percent(line.development.as_ref().and_then(|development| development.percent)));
            let footnotes: Vec<String> = line.footnotes.iter().map(u32::to_string).collect();
            row.push(footnotes.join(",").into());
            row
        };
        let rows = self.lines.iter().map(row).collect();
        Sheet { name: name.to_owned(), header, rows, notes: self.notes(), keys: 2, ..Sheet::default() }
    }

    /// The table with a row for each line and year: for formats that have dimensions, not columns.
    pub fn by_year(&self, name: &str) -> Sheet {
        let row = |line: &TableLine, year: &i32, value: Cell| {
            vec![line.code.as_str().into(), Cell::Number((*year).into()), value]
        };
        let of_line = |line: &TableLine| -> Vec<_> {
            self.years.iter().zip(line.cells()).map(|(year, value)| row(line, year, value)).collect()
        };
        Sheet {
            name: name.to_owned(),
            header: ["line", "year", "value"].map(str::to_owned).to_vec(),
            rows: self.lines.iter().flat_map(of_line).collect(),
            notes: self.notes(),
            keys: 2,
            labels: self.lines.iter().map(|line| (line.code.clone(), line.label.clone())).collect(),
        }
    }

    /// Footnotes, warnings and sources.
    fn notes(&self) -> Vec<(String, String)> {
        let footnotes = self.footnotes.iter().map(|note| (format!("footnote {}", note.id), note.text.clone()));
        let warnings = self.warnings.iter().map(|w| (format!("warning {} {}", w.code, w.year), w.detail.clone()));
        let sources = self.sources.iter().map(|source| {
            let version = source.version.map(|version| format!("version {version}"));
            let day = source.published_on.map(|day| day.to_string());
            let said = [Some(source.basis.name().to_owned()), version, day, source.source.clone()];
            (format!("source {}", source.year), said.into_iter().flatten().collect::<Vec<_>>().join(", "))
        });
        footnotes.chain(warnings).chain(sources).collect()
    }

    /// The table's chart, as its layout wants it.
    pub fn chart(&self, layout: &TableLayout, title: &str) -> Option<Chart> {
        let chart = layout.chart.as_ref()?;
        let lines: Vec<&TableLine> = chart.lines.iter().filter_map(|code| self.line(code)).collect();
        let years = || self.years.iter().map(i32::to_string).collect();
        let (categories, series) = match chart.kind {
            Kind::Bars => {
                // The last two years, side by side for each line.
                let last = self.years.len().saturating_sub(2)..self.years.len();
                let of_year = |index: usize| Series {
                    label: self.years[index].to_string(),
                    values: lines.iter().map(|line| line.values[index]).collect(),
                    hidden: lines.iter().map(|line| line.hides(index)).collect(),
                };
                (lines.iter().map(|line| line.label.clone()).collect(), last.rev().map(of_year).collect())
            }
            Kind::Stacked | Kind::Lines => (years(), lines.iter().map(|line| line.series()).collect()),
        };
        let note = self.suppression_note(&lines);
        Some(Chart { title: title.to_owned(), kind: chart.kind, categories, series, note })
    }

    /// What is said of hidden values, where lines have any.
    fn suppression_note(&self, lines: &[&TableLine]) -> Option<String> {
        let hides = lines.iter().any(|line| line.suppressed.contains(&true));
        self.footnotes.last().filter(|_| hides).map(|note| note.text.clone())
    }

    /// The line of that code.
    pub fn line(&self, code: &str) -> Option<&TableLine> {
        self.lines.iter().find(|line| line.code == code)
    }

    /// Where lines do not add up to the whole that they should be.
    fn mismatches(&self, layout: &TableLayout, lang: Lang) -> Vec<Warning> {
        let mut out = Vec::new();
        for (index, year) in self.years.iter().enumerate() {
            for check in &layout.checks {
                let Some(whole) = self.line(&check.whole) else { continue };
                let parts: Option<Vec<i64>> =
                    check.parts.iter().map(|code| self.line(code).and_then(|line| line.values[index])).collect();
                let (Some(total), Some(parts)) = (whole.values[index], parts) else { continue };
                let sum: i64 = parts.iter().sum();
                if sum != total {
                    let label = |code: Option<&String>| {
                        code.and_then(|code| self.line(code)).map_or("", |line| line.label.as_str())
                    };
                    let names = (label(check.parts.first()), label(check.parts.last()));
                    out.push(Warning {
                        code: "SUM_MISMATCH".into(),
                        year: *year,
                        line: whole.code.clone(),
                        detail: mismatch(lang, names, sum, &whole.label, total),
                    });
                }
            }
        }
        out
    }
}

impl Warning {
    /// That a printed development is not the right one.
    pub fn of_development(lang: Lang, year: i32, line: &TableLine, printed: &str, right: &str) -> Warning {
        let label = &line.label;
        let detail = match lang {
            Lang::De => format!("Zu «{label}» wurde {printed} gedruckt, richtig ist {right}."),
            Lang::Fr => format!("Pour «{label}», {printed} a été imprimé; le chiffre exact est {right}."),
            Lang::It => format!("Per «{label}» è stato stampato {printed}; la cifra esatta è {right}."),
            Lang::En => format!("For “{label}” {printed} was printed; {right} is right."),
        };
        Warning { code: "DEVELOPMENT_MISMATCH".into(), year, line: line.code.clone(), detail }
    }
}

fn mismatch(lang: Lang, (first, last): (&str, &str), sum: i64, whole: &str, total: i64) -> String {
    match lang {
        Lang::De => format!("Die Zeilen «{first}» bis «{last}» ergeben zusammen {sum}, «{whole}» ist {total}."),
        Lang::Fr => format!("Les lignes «{first}» à «{last}» donnent ensemble {sum}, «{whole}» est {total}."),
        Lang::It => format!("Le righe da «{first}» a «{last}» danno insieme {sum}, «{whole}» è {total}."),
        Lang::En => format!("The lines “{first}” to “{last}” add up to {sum}, “{whole}” is {total}."),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rounds_developments_half_to_even() {
        let display = |before, after| Development::between(before, after).display;
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
        assert_eq!(Development::between(53, 62).percent, Some(16.98));
        assert_eq!(Development::between(249, 295).percent, Some(18.47));
        assert_eq!(Development::between(0, 5), Development { absolute: 5, percent: None, display: "+100%".into() });
    }

    proptest! {
        #[test]
        fn never_rounds_further_than_half_a_unit(dividend in -1_000_000_i128..1_000_000, divisor in 1_i128..10_000) {
            let rounded = round_half_even(dividend, divisor);
            let off = (2 * (rounded * divisor - dividend)).abs();
            prop_assert!(off <= divisor);
            prop_assert!(off < divisor || rounded % 2 == 0);
        }
    }
}
