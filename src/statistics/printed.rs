//! Lines of tables as they were printed. A publication keeps them, so that nothing that a layout says later changes what
//! was published, and so that it can be read when the layout is gone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::layout::{FootnoteKey, Layout, LayoutLine, LineSource, Part, Quantity, TableLayout};
use super::period::Period;
use super::provisional::is_false;
use super::table::Heading;
use crate::decimal::Decimal;
use crate::messages::{Labels, Lang};
use crate::registers::{Selection, ValueSet};

/// The tables of a publication as they were printed, without their figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Printed {
    /// The footnotes that lines refer to.
    pub footnotes: BTreeMap<String, Labels>,
    /// The tables in their order.
    pub tables: Vec<PrintedTable>,
}

/// A table as it was printed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrintedTable {
    /// Its name.
    pub name: String,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<Labels>,
    /// The years of its figures; none for calendar years.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub period: Option<Period>,
    /// Its lines in their order.
    pub lines: Vec<PrintedLine>,
}

impl PrintedTable {
    /// The years of its figures.
    pub fn period(&self) -> Period {
        self.period.unwrap_or_default()
    }
}

/// A line as it was printed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrintedLine {
    /// Its code.
    pub code: String,
    /// The name that the line had in the year.
    pub label: Labels,
    /// The depth of the indentation that the line had.
    pub level: u8,
    /// Its footnotes.
    pub footnotes: Vec<FootnoteKey>,
    /// The unit of its figure.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unit: Option<String>,
    /// The decimals of its figure.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decimals: Option<u32>,
    /// The number of values that its figure was the sum of, where it added numbers of records.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub said: Option<Decimal>,
    /// True if it had no figures.
    #[serde(skip_serializing_if = "is_false", default)]
    pub heading: bool,
    /// The source of its figure in the year, as a layout writes it.
    pub source: BTreeMap<String, Value>,
}

impl PrintedLine {
    fn of(line: &LayoutLine, year: i32, said: Option<Decimal>) -> PrintedLine {
        PrintedLine {
            code: line.code.clone(),
            label: line.label(year).clone(),
            level: line.level,
            footnotes: line.footnotes.clone(),
            unit: line.unit.clone(),
            decimals: line.decimals,
            said,
            heading: line.is_heading(),
            source: written(line, year),
        }
    }

    /// True if a line of a layout counts the same in the year; what has a new name since is the same.
    pub fn counts_as(&self, layout: &Layout, line: &LayoutLine, year: i32) -> bool {
        let source = Value::Object(self.source.clone().into_iter().collect());
        with_new_names(source, layout) == Value::Object(written(line, year).into_iter().collect())
    }
}

/// A source with the codes that lines have now which it follows from.
fn with_new_codes(source: BTreeMap<String, Value>, layout: &Layout) -> BTreeMap<String, Value> {
    fn coded(value: Value, layout: &Layout) -> Value {
        match value {
            Value::String(code) => layout.code_now(&code).into(),
            Value::Array(items) => items.into_iter().map(|item| coded(item, layout)).collect(),
            Value::Object(map) => map.into_iter().map(|(name, value)| (name, coded(value, layout))).collect(),
            other => other,
        }
    }
    let follows = |name: &str| ["entered", "rest", "share"].contains(&name);
    let new =
        |(name, value): (String, Value)| if follows(&name) { (name, coded(value, layout)) } else { (name, value) };
    source.into_iter().map(new).collect()
}

/// A source with the names that dimensions and numbers of the authority's own have now.
fn with_new_names(source: Value, layout: &Layout) -> Value {
    let now = |name: String| layout.renamed.get(&name).cloned().unwrap_or(name);
    let renamed = |(name, value): (String, Value)| match value {
        Value::String(number) if name == "measure" => (name, Value::String(now(number))),
        value => (now(name), with_new_names(value, layout)),
    };
    match source {
        Value::Object(map) => Value::Object(map.into_iter().map(renamed).collect()),
        Value::Array(items) => items.into_iter().map(|item| with_new_names(item, layout)).collect(),
        other => other,
    }
}

/// The source of a line in a year as a layout writes it, with what it is derived from resolved.
fn written(line: &LayoutLine, year: i32) -> BTreeMap<String, Value> {
    let part = |part: &Part| {
        let mut all = chosen(&part.selection);
        if part.quantity != Quantity::Received {
            all.insert("measure".into(), part.quantity.name().into());
        }
        let except: Vec<Value> = part.except(year).map(|selection| Value::Object(chosen(selection))).collect();
        if !except.is_empty() {
            all.insert("except".into(), except.into());
        }
        Value::Object(all)
    };
    let parts: Vec<Value> = line.parts(year).map(part).collect();
    let mut source = BTreeMap::from([("any".to_owned(), Value::from(parts))]);
    let entered: Vec<&str> = line.entered(year).collect();
    if !entered.is_empty() {
        source.insert("entered".into(), entered.into());
    }
    match &line.source {
        LineSource::DaysMean(_) => drop(source.insert("measure".into(), "days_mean".into())),
        LineSource::DaysMedian(_) => drop(source.insert("measure".into(), "days_median".into())),
        LineSource::Rest { of, less } => drop(source.insert("rest".into(), json!({"of": of, "less": less}))),
        LineSource::Share { of, whole } => drop(source.insert("share".into(), json!({"of": of, "in": whole}))),
        _ => {}
    }
    source
}

/// A selection as a layout writes it.
fn chosen(selection: &Selection) -> Map<String, Value> {
    let (mut all, mut not) = (Map::new(), Map::new());
    for (criterion, values) in &selection.0 {
        let into = if matches!(values, ValueSet::In(_)) { &mut all } else { &mut not };
        into.insert(criterion.name().to_owned(), values.named().iter().cloned().collect());
    }
    if !not.is_empty() {
        all.insert("not".into(), not.into());
    }
    all
}

impl Printed {
    /// The same with the codes that the lines of a layout have now.
    pub fn under(mut self, layout: &Layout) -> Printed {
        for line in self.tables.iter_mut().flat_map(|table| &mut table.lines) {
            line.code = layout.code_now(&line.code).to_owned();
            line.source = with_new_codes(std::mem::take(&mut line.source), layout);
        }
        self
    }

    /// The table of a layout as it was printed: under its name, or under one that the layout has no more, with lines of the same codes.
    pub fn table_of(&self, layout: &Layout, table: &TableLayout) -> Option<&PrintedTable> {
        let is_renamed = |known: &&PrintedTable| {
            layout.table(&known.name).is_none() && known.lines.iter().any(|line| table.line(&line.code).is_some())
        };
        self.table(&table.name).or_else(|| self.tables.iter().find(is_renamed))
    }

    /// The tables of a layout of which there is a figure, as they are printed for a year; with the number of values that sums of
    /// numbers are of.
    pub fn of(
        layout: &Layout,
        figures: &BTreeMap<String, Decimal>,
        said: &BTreeMap<String, Decimal>,
        year: i32,
    ) -> Printed {
        let mut out = Printed::default();
        for table in layout.tables().filter(|table| concerns(layout, table, figures)) {
            let line = |line: &LayoutLine| PrintedLine::of(line, year, said.get(&line.code).copied());
            let lines = table.lines.iter().map(line).collect();
            out.tables.push(PrintedTable {
                name: table.name.clone(),
                title: Some(layout.title_of(table).clone()),
                period: Some(table.period).filter(|period| !period.is_calendar()),
                lines,
            });
            for FootnoteKey { key, .. } in table.lines.iter().flat_map(|line| &line.footnotes) {
                out.footnotes.extend(layout.footnote(key).map(|text| (key.clone(), text.clone())));
            }
        }
        out
    }

    /// The line of that code.
    pub fn line(&self, code: &str) -> Option<&PrintedLine> {
        self.tables.iter().flat_map(|table| &table.lines).find(|line| line.code == code)
    }

    /// A table; none where nothing was published of it.
    pub fn table(&self, name: &str) -> Option<&PrintedTable> {
        self.tables.iter().find(|table| table.name == name)
    }
}

/// True if there is a figure for a line of the table. A figure whose line two tables share belongs to the first of
/// them.
fn concerns(layout: &Layout, table: &TableLayout, figures: &BTreeMap<String, Decimal>) -> bool {
    let own = |line: &LayoutLine| layout.first_table_with(&line.code).is_some_and(|first| first.name == table.name);
    table.lines.iter().any(|line| own(line) && figures.contains_key(&line.code))
}

/// The lines of a layout's table as they are drawn for a year.
pub fn headings(layout: &Layout, table: &TableLayout, lang: Lang, year: i32) -> Vec<Heading> {
    let heading = |line: &LayoutLine| Heading {
        code: line.code.clone(),
        label: line.label(year).get(lang).to_owned(),
        level: line.level,
        footnotes: texts(&line.footnotes, |key| layout.footnote(key), lang),
        unit: line.unit.clone(),
        decimals: line.decimals,
        is_heading: line.is_heading(),
    };
    table.lines.iter().map(heading).collect()
}

/// The lines of a table as they were printed.
pub fn printed_headings(printed: &Printed, table: &str, lang: Lang) -> Vec<Heading> {
    let heading = |line: &PrintedLine| Heading {
        code: line.code.clone(),
        label: line.label.get(lang).to_owned(),
        level: line.level,
        footnotes: texts(&line.footnotes, |key| printed.footnotes.get(key), lang),
        unit: line.unit.clone(),
        decimals: line.decimals,
        is_heading: line.heading,
    };
    printed.table(table).map_or(&[][..], |table| &table.lines).iter().map(heading).collect()
}

/// The texts of footnotes, each with the year that it is about.
fn texts<'t>(
    footnotes: &[FootnoteKey],
    text: impl Fn(&str) -> Option<&'t Labels>,
    lang: Lang,
) -> Vec<(Option<i32>, String)> {
    footnotes.iter().filter_map(|note| Some((note.year, text(&note.key)?.get(lang).to_owned()))).collect()
}

/// One list of lines out of those of several years, the newest first: a line is what the newest year says of it, and
/// one that newer years do not have stands after the line that it followed.
pub fn merged(years: impl IntoIterator<Item = Vec<Heading>>) -> Vec<Heading> {
    let mut all: Vec<Heading> = Vec::new();
    for lines in years {
        let mut after = 0;
        for line in lines {
            match all.iter().position(|known| known.code == line.code) {
                Some(place) => after = place + 1,
                None => {
                    all.insert(after, line);
                    after += 1;
                }
            }
        }
    }
    all
}
