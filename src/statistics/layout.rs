//! Layouts: what the lines of the statistics tables are. They are data (TOML), so that a line is named in no code.
//!
//! A line has one source: it counts the records of selections, is derived from other lines, holds a figure that people enter, or
//! is a heading. A layout that could give wrong figures is refused when it is read: a record must not be counted twice in one
//! line, a selection must be one that a record can be in, and a check one that can run.

mod composing;
mod composition;
mod doubts;
mod layouts;
mod lines;
mod refusals;
mod selections;
mod source;
mod units;
mod years;

use std::collections::{BTreeMap, BTreeSet};

use super::period::Period;
use super::provisional::Progress;
use crate::decimal::Decimal;
use crate::formats::chart::ChartKind;
use crate::messages::{Labels, Lang};
use crate::registers::vocabulary::OWN;
use crate::registers::{Dimension, Selection, Vocabulary};
use crate::source::{Refusal, SourceFault, located};
pub use composition::{Composition, Part, Quantity};
pub use layouts::Layouts;
pub use years::Years;

/// The tables that have paths of their own.
pub const TABLES: [&str; 3] = ["services", "channels", "media-requests"];

/// A layout.
#[derive(Debug)]
pub struct Layout {
    /// Its name.
    pub name: String,
    /// The names that it had, the oldest first: what was published and entered under them is its own.
    pub was: Vec<String>,
    /// The title, for people.
    pub title: Labels,
    /// The publisher of the figures; the catalogue names it.
    pub publisher: Option<Publisher>,
    /// The code of the line that counts the new cases; none where there is no table.
    pub total: Option<String>,
    /// The former names of the authority's dimensions and numbers, each with the one that it has now.
    pub renamed: BTreeMap<String, String>,
    /// The doubts about it: what is no fault, but may be forgotten.
    pub doubts: Vec<SourceFault>,
    footnotes: BTreeMap<String, Labels>,
    tables: Vec<TableLayout>,
}

/// A publisher of figures.
#[derive(Clone, Debug)]
pub struct Publisher {
    /// Its name.
    pub name: Labels,
    /// The email address to which questions can be sent.
    pub email: String,
    /// The terms of use: the address of a licence.
    pub license: String,
}

/// The layout of one table.
#[derive(Debug)]
pub struct TableLayout {
    /// Its name.
    pub name: String,
    /// The title, for people; none where the layout's says it all.
    pub title: Option<Labels>,
    /// The years of its figures.
    pub period: Period,
    /// The lines in their order.
    pub lines: Vec<LayoutLine>,
    /// The sums that should hold: lines that should add up to another.
    pub checks: Vec<Check>,
    /// The charts of the table.
    pub charts: Vec<ChartLayout>,
}

/// The layout of a table's chart.
#[derive(Debug)]
pub struct ChartLayout {
    /// The printed name, in every language.
    pub title: Labels,
    /// The kind of drawing.
    pub kind: ChartKind,
    /// The codes of the lines that it shows.
    pub lines: Vec<String>,
    /// The short names of its lines, by their codes, where they have any.
    pub names: BTreeMap<String, Labels>,
}

/// The source of a line's figures.
#[derive(Clone, Debug, PartialEq)]
pub enum LineSource {
    /// A quantity of the records in any of the selections.
    Count(Vec<Selection>, Quantity),
    /// The days from received to closed of those closed in the year: the mean.
    DaysMean(Vec<Selection>),
    /// The same: the middle value.
    DaysMedian(Vec<Selection>),
    /// The sum of lines.
    Sum(Vec<String>),
    /// The rest of a line without others.
    Rest {
        /// The line.
        of: String,
        /// The codes of the lines that are taken away.
        less: Vec<String>,
    },
    /// A line in percent of another.
    Share {
        /// The line.
        of: String,
        /// The line that is all of it.
        whole: String,
    },
    /// A figure that people enter.
    Entered,
    /// No figures.
    Heading,
}

/// A footnote of a line.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FootnoteKey {
    /// The key of its text.
    pub key: String,
    /// The year whose figure it is about; without one it is about the line.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub year: Option<i32>,
}

/// A line of a table.
#[derive(Debug)]
pub struct LayoutLine {
    /// Its code, such as `inquiries.area.it`.
    pub code: String,
    /// Its place in the file: the number of bytes before it.
    place: usize,
    /// The codes that it had: what was published and entered under them is its own.
    pub was: Vec<String>,
    /// The printed name.
    label: Labels,
    /// The printed names of years in which it has others.
    labels: Vec<(Years, Labels)>,
    /// The name in charts, where the printed one is too long.
    short: Option<Labels>,
    /// The depth of the indentation: 0 for totals.
    pub level: u8,
    /// Its footnotes.
    pub footnotes: Vec<FootnoteKey>,
    /// The unit of its figures, such as `CHF`.
    pub unit: Option<String>,
    /// The decimals of its figures; none where they have as many as it takes.
    pub decimals: Option<u32>,
    /// True if small figures of it are hidden from the public.
    pub protect: bool,
    /// The source of its figures.
    pub source: LineSource,
    collected: Years,
    content: Composition,
}

/// The parts that should add up to a whole.
#[derive(Debug)]
pub struct Check {
    /// The code of the whole.
    pub whole: String,
    /// The codes of the parts.
    pub parts: Vec<String>,
    /// Its place in the file.
    place: usize,
}

impl LineSource {
    /// The codes of the lines that it is derived from.
    pub fn lines(&self) -> Vec<&str> {
        match self {
            LineSource::Sum(parts) => parts.iter().map(String::as_str).collect(),
            LineSource::Rest { of, less } => std::iter::once(of).chain(less).map(String::as_str).collect(),
            LineSource::Share { of, whole } => vec![of, whole],
            _ => Vec::new(),
        }
    }

    /// The selections of records, where it has its own.
    pub fn selections(&self) -> &[Selection] {
        match self {
            LineSource::Count(selections, _)
            | LineSource::DaysMean(selections)
            | LineSource::DaysMedian(selections) => selections,
            _ => &[],
        }
    }

    /// The name of the number that it adds.
    pub fn number(&self) -> Option<&str> {
        match self {
            LineSource::Count(_, Quantity::Number(name)) => Some(name),
            _ => None,
        }
    }

    /// The same without its prefix, of a number of the authority's own.
    pub fn own_number(&self) -> Option<&str> {
        self.number()?.strip_prefix(OWN)
    }

    /// True if its figures add up with others.
    pub fn is_additive(&self) -> bool {
        matches!(self, LineSource::Count(..) | LineSource::Sum(_) | LineSource::Rest { .. } | LineSource::Entered)
    }
}

impl LayoutLine {
    /// The printed name in a year.
    pub fn label(&self, year: i32) -> &Labels {
        let nearest = |(years, _): &&(Years, Labels)| years.nearest(year).abs_diff(year);
        self.labels.iter().min_by_key(nearest).map_or(&self.label, |(_, label)| label)
    }

    /// True if it counts nothing but what is received in a year, or what people enter.
    fn counts_new(&self) -> bool {
        self.content.counted.iter().all(|part| part.quantity == Quantity::Received)
    }

    /// True if its figures are sums of numbers that records have.
    pub fn adds_numbers(&self) -> bool {
        let is_number = |part: &Part| matches!(part.quantity, Quantity::Number(_));
        self.source.is_additive() && self.content.counted.iter().any(is_number)
    }

    /// True if it holds a figure that people enter.
    pub fn is_entered(&self) -> bool {
        self.source == LineSource::Entered
    }

    /// True if it has no figures.
    pub fn is_heading(&self) -> bool {
        self.source == LineSource::Heading
    }

    /// True if the rubric was collected in the year; of one that is derived, if a part of it was.
    pub fn is_collected(&self, year: i32) -> bool {
        self.collected.contains(year) && self.content.years().contains(year)
    }

    /// The year, where there is anything that it counts then; else the nearest before or after in which there is.
    pub fn a_year_near(&self, year: i32) -> i32 {
        self.content.years().nearest(year)
    }

    /// The years in which it was collected.
    fn years(&self) -> Years {
        self.collected.intersection(&self.content.years())
    }

    /// True if records count in it that were received in other years.
    pub fn looks_beyond(&self, year: i32) -> bool {
        self.parts(year).any(|part| match &part.quantity {
            Quantity::Received | Quantity::Settled => false,
            Quantity::Number(name) => name == "effort",
            Quantity::Closed | Quantity::Opening | Quantity::Pending => true,
        })
    }

    /// Every dimension that it looks at.
    pub fn dimensions(&self) -> impl Iterator<Item = Dimension> {
        self.content.counted.iter().flat_map(|part| part.selection.dimensions())
    }

    /// The records that it counts in the year.
    pub fn parts(&self, year: i32) -> impl Iterator<Item = &Part> {
        self.content.counted.iter().filter(move |part| part.years.contains(year))
    }

    /// The codes of the entered figures that are in it in the year.
    pub fn entered(&self, year: i32) -> impl Iterator<Item = &str> {
        let entered = self.content.entered.iter().filter(move |(_, years)| years.contains(year));
        entered.map(|(code, _)| code.as_str())
    }

    /// The value, derived from those that other lines have; none where it is not derived or there are none. A rest is not known
    /// while a line that was collected and is taken away has no value.
    pub fn derived(
        &self,
        value: impl Fn(&str) -> Option<Decimal>,
        is_collected: impl Fn(&str) -> bool,
    ) -> Option<Decimal> {
        match &self.source {
            LineSource::Sum(parts) => {
                let known: Vec<Decimal> = parts.iter().filter_map(|code| value(code)).collect();
                (!known.is_empty()).then(|| known.into_iter().sum())
            }
            LineSource::Rest { of, less } => {
                let taken = less.iter().filter(|code| is_collected(code)).map(|code| value(code));
                let taken: Decimal = taken.collect::<Option<Vec<Decimal>>>()?.into_iter().sum();
                Some((value(of)? - taken).max(Decimal::ZERO))
            }
            LineSource::Share { of, whole } => {
                let (part, whole) = (i128::from(value(of)?.parts()), i128::from(value(whole)?.parts()));
                Decimal::quotient(100 * part, whole, self.decimals.unwrap_or_default())
            }
            _ => None,
        }
    }
}

impl TableLayout {
    /// The line of that code.
    pub fn line(&self, code: &str) -> Option<&LayoutLine> {
        self.lines.iter().find(|line| line.code == code)
    }

    /// The values of the lines in a year by their codes, given those of lines that are not derived; each is asked for once. Lines
    /// without a value are left out, and what is `known` beforehand stays.
    pub fn values<'t>(
        &'t self,
        year: i32,
        mut known: BTreeMap<&'t str, Option<Decimal>>,
        given: &dyn Fn(&LayoutLine) -> Option<Decimal>,
    ) -> BTreeMap<&'t str, Decimal> {
        for line in &self.lines {
            self.evaluate(line, year, given, &mut known);
        }
        known.into_iter().filter_map(|(code, value)| Some((code, value?))).collect()
    }

    /// Adds the value of a line, and of those that it is derived from, to what is known.
    fn evaluate<'t>(
        &'t self,
        line: &'t LayoutLine,
        year: i32,
        given: &dyn Fn(&LayoutLine) -> Option<Decimal>,
        known: &mut BTreeMap<&'t str, Option<Decimal>>,
    ) {
        if known.contains_key(line.code.as_str()) {
            return;
        }
        let parts: Vec<&LayoutLine> = line.source.lines().into_iter().filter_map(|code| self.line(code)).collect();
        let value = match line.is_collected(year) {
            false => None,
            true if line.source.lines().is_empty() => given(line),
            true => {
                parts.iter().for_each(|part| self.evaluate(part, year, given, known));
                let value = |code: &str| known.get(code).copied().flatten();
                let is_collected = |code: &str| self.line(code).is_some_and(|part| part.is_collected(year));
                line.derived(value, |code| is_collected(code) || value(code).is_some())
            }
        };
        known.insert(&line.code, value);
    }

    /// The number of times that the figure of a line which is not derived is in a line in a year; less than 0 where it is taken away.
    pub fn weight(&self, line: &LayoutLine, given: &str, year: i32) -> i64 {
        if !line.is_collected(year) {
            return 0;
        }
        let weight = |code: &String| self.line(code).map_or(0, |line| self.weight(line, given, year));
        match &line.source {
            LineSource::Sum(parts) => parts.iter().map(weight).sum(),
            LineSource::Rest { of, less } => weight(of) - less.iter().map(weight).sum::<i64>(),
            _ => (line.code == given).into(),
        }
    }

    /// All selections of records that lines look at.
    pub fn selections(&self) -> impl Iterator<Item = &Selection> {
        self.lines.iter().flat_map(|line| line.source.selections())
    }
}

impl Layout {
    /// Reads a layout and refuses what could give wrong figures; all faults come at once.
    pub fn parse(file: &str, text: &str, context: LayoutContext) -> Result<Layout, Vec<SourceFault>> {
        let located = |all: Vec<Refusal>| all.into_iter().map(|one| located(file, text, one)).collect();
        let (mut layout, doubts) = source::read(text, context).map_err(located)?;
        layout.doubts = located(doubts);
        Ok(layout)
    }

    /// The names under which its publications and entered figures are kept, its own last.
    pub fn names(&self) -> Vec<String> {
        self.was.iter().chain([&self.name]).cloned().collect()
    }

    /// True if that is its name, or was.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.was.iter().any(|was| was == name)
    }

    /// The code that a line has now which had this one.
    pub fn code_now<'l>(&'l self, code: &'l str) -> &'l str {
        let line = self.lines().find(|line| line.was.iter().any(|was| was == code));
        line.map_or(code, |line| &line.code)
    }

    /// Figures by the codes that lines have now.
    pub fn under_codes_now<V>(&self, figures: BTreeMap<String, V>) -> BTreeMap<String, V> {
        figures.into_iter().map(|(code, figure)| (self.code_now(&code).to_owned(), figure)).collect()
    }

    /// The layout of a table.
    pub fn table(&self, name: &str) -> Option<&TableLayout> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// The first table that has a line of that code.
    pub fn first_table_with(&self, code: &str) -> Option<&TableLayout> {
        self.tables.iter().find(|table| table.line(code).is_some())
    }

    /// The table with the line that counts the new cases.
    pub fn main_table(&self) -> Option<&TableLayout> {
        self.first_table_with(self.total.as_ref()?)
    }

    /// All tables in their order.
    pub fn tables(&self) -> impl Iterator<Item = &TableLayout> {
        self.tables.iter()
    }

    /// The title of a table.
    pub fn title_of<'l>(&'l self, table: &'l TableLayout) -> &'l Labels {
        table.title.as_ref().unwrap_or(&self.title)
    }

    /// All lines of all tables; one that several tables have comes once, with the first of them.
    pub fn placed_lines(&self) -> impl Iterator<Item = (&TableLayout, &LayoutLine)> {
        let lines = self.tables.iter().flat_map(|table| table.lines.iter().map(move |line| (table, line)));
        lines.filter(|(table, line)| self.first_table_with(&line.code).is_some_and(|first| first.name == table.name))
    }

    /// All lines of all tables; one that several tables have comes once.
    pub fn lines(&self) -> impl Iterator<Item = &LayoutLine> {
        self.placed_lines().map(|(_, line)| line)
    }

    /// The line of that code.
    pub fn line(&self, code: &str) -> Option<&LayoutLine> {
        self.first_table_with(code)?.line(code)
    }

    /// A footnote's text.
    pub fn footnote(&self, key: &str) -> Option<&Labels> {
        self.footnotes.get(key)
    }

    /// The state of a year over all tables: it is over when it is in each, and ahead when it has begun in none.
    pub fn progress(&self, year: i32, today: chrono::NaiveDate) -> Progress {
        let mut of_tables = self.tables.iter().map(|table| table.period.progress(year, today));
        let first = of_tables.next().unwrap_or_else(|| Progress::of(year, today));
        of_tables.fold(first, |all, one| if all == one { all } else { Progress::Running })
    }

    /// The calendar years that a year of the tables lies in.
    pub fn calendar_years(&self, year: i32) -> std::ops::RangeInclusive<i32> {
        let is_calendar = self.tables.iter().all(|table| table.period.is_calendar());
        year..=year + i32::from(!is_calendar)
    }

    /// The values of a dimension that lines name, each with the line's code.
    pub fn values(&self, dimension: Dimension) -> impl Iterator<Item = (&str, &str)> {
        self.lines().flat_map(move |line| {
            let values = line.source.selections().iter().flat_map(move |selection| selection.named(dimension));
            values.map(|value| (line.code.as_str(), value))
        })
    }

    /// The first years of spans in which all lines count the same.
    pub fn turns(&self) -> BTreeSet<i32> {
        let turns = |line: &LayoutLine| {
            let counted = line.content.counted.iter();
            let spans = counted.flat_map(|part| std::iter::once(&part.years).chain(part.except_years()));
            let spans = spans.chain(line.content.entered.iter().map(|(_, years)| years));
            spans.flat_map(Years::turns).collect::<Vec<_>>()
        };
        self.lines().flat_map(turns).chain([i32::MIN]).collect()
    }
}

/// The context in which a layout is read: the values that records may have, and the languages of its texts.
#[derive(Clone, Copy)]
pub struct LayoutContext<'c> {
    /// The vocabulary.
    pub vocabulary: &'c Vocabulary,
    /// The languages.
    pub languages: &'c [Lang],
}

#[cfg(test)]
mod tests;
