//! Layouts: what the lines of the statistics tables are. They are data (TOML), so that a line is named in no code.
//!
//! A line counts the records of one or more selections, or is the sum of other lines. A layout that could give wrong
//! figures is refused when it is read: a record must not be counted twice in one line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::lang::Labels;
use crate::config::Config;
use crate::error::Error;
use crate::formats::svg::Kind;
use crate::registers::{ABSENT, Dimension, Selection};

/// The tables that every layout has.
pub const TABLES: [&str; 3] = ["services", "channels", "media-requests"];

/// What is wrong with a layout, and where.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct LayoutError {
    /// The file.
    pub file: String,
    /// The line in it, from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// A layout.
#[derive(Debug)]
pub struct Layout {
    /// Its name.
    pub name: String,
    /// What it is, for people.
    pub title: Labels,
    /// Who publishes the figures; the catalogue names it.
    pub publisher: Option<Publisher>,
    footnotes: BTreeMap<String, Labels>,
    tables: BTreeMap<String, TableLayout>,
}

/// Who publishes figures.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publisher {
    /// Its name.
    pub name: Labels,
    /// Where questions are answered.
    pub email: String,
    /// The terms of use: the address of a licence.
    pub license: String,
}

/// The layout of one table.
#[derive(Debug)]
pub struct TableLayout {
    /// The lines in their order.
    pub lines: Vec<Line>,
    /// Which lines should add up to which.
    pub checks: Vec<Check>,
    /// What is drawn of it.
    pub chart: Option<ChartLayout>,
}

/// What a table's chart shows.
#[derive(Debug)]
pub struct ChartLayout {
    /// What it is called.
    pub title: Labels,
    /// How it is drawn.
    pub kind: Kind,
    /// The codes of the lines that it shows.
    pub lines: Vec<String>,
}

/// A line of a table.
#[derive(Debug)]
pub struct Line {
    /// Its code, such as `inquiries.area.it`.
    pub code: String,
    /// What it is called.
    pub label: Labels,
    /// How deep it is indented: 0 for totals.
    pub level: u8,
    /// The keys of its footnotes.
    pub footnotes: Vec<String>,
    /// The records it counts: those in any of these selections, no two of which overlap.
    pub selections: Vec<Selection>,
    collected: Collected,
}

/// The parts that should add up to a whole.
#[derive(Debug)]
pub struct Check {
    /// The code of the whole.
    pub whole: String,
    /// The codes of the parts.
    pub parts: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Collected {
    from: Option<i32>,
    to: Option<i32>,
}

impl Line {
    /// Whether the rubric was collected in the year.
    pub fn is_collected(&self, year: i32) -> bool {
        self.collected.from.is_none_or(|from| year >= from) && self.collected.to.is_none_or(|to| year <= to)
    }
}

impl TableLayout {
    /// The line of that code.
    pub fn line(&self, code: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.code == code)
    }

    /// Every dimension that a line looks at.
    pub fn dimensions(&self) -> Vec<Dimension> {
        let selections = self.lines.iter().flat_map(|line| &line.selections);
        let all: BTreeSet<Dimension> = selections.flat_map(|s| s.0.iter().map(|(dimension, _)| *dimension)).collect();
        all.into_iter().collect()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    name: Spanned<String>,
    title: Spanned<Labels>,
    publisher: Option<Spanned<Publisher>>,
    #[serde(default)]
    footnotes: BTreeMap<String, Spanned<Labels>>,
    tables: Spanned<BTreeMap<String, TableSource>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableSource {
    lines: Vec<LineSource>,
    #[serde(default)]
    checks: Vec<CheckSource>,
    chart: Option<ChartSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChartSource {
    title: Spanned<Labels>,
    kind: KindSource,
    lines: Spanned<Vec<String>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KindSource {
    Bars,
    Stacked,
    Lines,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineSource {
    code: Spanned<String>,
    label: Spanned<Labels>,
    level: Spanned<u8>,
    any: Option<Spanned<Vec<Choice>>>,
    sum: Option<Spanned<Vec<String>>>,
    collected: Option<Spanned<Collected>>,
    #[serde(default)]
    footnotes: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckSource {
    whole: Spanned<String>,
    parts: Spanned<Vec<String>>,
}

/// The values chosen by dimension, as written.
type Choice = BTreeMap<String, Vec<String>>;

/// A reason at a place in the text.
type Refusal = (usize, String);

impl Layout {
    /// Reads a layout and refuses what could give wrong figures.
    pub fn parse(file: &str, text: &str) -> Result<Layout, LayoutError> {
        let refusal = |(place, reason): Refusal| {
            let line = text[..place.min(text.len())].matches('\n').count() + 1;
            LayoutError { file: file.to_owned(), line, reason }
        };
        let source: Source = toml::from_str(text).map_err(|error| {
            let place = error.span().map_or(0, |span| span.start);
            refusal((place, error.message().to_owned()))
        })?;
        Layout::from_source(source).map_err(refusal)
    }

    fn from_source(source: Source) -> Result<Layout, Refusal> {
        if !is_word(source.name.get_ref()) {
            return refuse(&source.name, "the name must be lower-case letters, digits and hyphens");
        }
        check_labels(&source.title)?;
        if let Some(publisher) = &source.publisher {
            let Publisher { name, email, license } = publisher.get_ref();
            let complete = name.missing().is_none() && email.contains('@') && license.starts_with("http");
            if !complete {
                return refuse(
                    publisher,
                    "a publisher has a name in each language, an email and a license (its address)",
                );
            }
        }
        for labels in source.footnotes.values() {
            check_labels(labels)?;
        }
        let footnotes: BTreeMap<String, Labels> =
            source.footnotes.into_iter().map(|(key, labels)| (key, labels.into_inner())).collect();
        let known: BTreeSet<&String> = source.tables.get_ref().keys().collect();
        if let Some(missing) = TABLES.iter().find(|table| !known.contains(&(**table).to_owned())) {
            return refuse(&source.tables, format!("the table {missing} is missing"));
        }
        if let Some(unknown) = known.iter().find(|table| !TABLES.contains(&table.as_str())) {
            return refuse(
                &source.tables,
                format!("the table {unknown} is not known; there are {}", TABLES.join(", ")),
            );
        }
        let place = source.tables.span().start;
        let tables = source.tables.into_inner().into_iter().map(|(name, table)| {
            if table.lines.is_empty() {
                return Err((place, format!("the table {name} has no lines")));
            }
            Ok((name, table_layout(table, &footnotes)?))
        });
        let tables = tables.collect::<Result<_, Refusal>>()?;
        let publisher = source.publisher.map(Spanned::into_inner);
        Ok(Layout { name: source.name.into_inner(), title: source.title.into_inner(), publisher, footnotes, tables })
    }

    /// The layout of a table, one of [`TABLES`].
    pub fn table(&self, name: &str) -> Option<&TableLayout> {
        self.tables.get(name)
    }

    /// The first table that has a line of that code.
    pub fn first_table_with(&self, code: &str) -> Option<&TableLayout> {
        TABLES.iter().filter_map(|name| self.table(name)).find(|table| table.line(code).is_some())
    }

    /// All tables.
    pub fn tables(&self) -> impl Iterator<Item = &TableLayout> {
        self.tables.values()
    }

    /// All lines of all tables.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.tables.values().flat_map(|table| &table.lines)
    }

    /// A footnote's text.
    pub fn footnote(&self, key: &str) -> Option<&Labels> {
        self.footnotes.get(key)
    }
}

fn refuse<T, R>(at: &Spanned<T>, reason: impl Into<String>) -> Result<R, Refusal> {
    Err((at.span().start, reason.into()))
}

fn is_word(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(legal)
}

fn check_labels(labels: &Spanned<Labels>) -> Result<(), Refusal> {
    match labels.get_ref().missing() {
        Some(lang) => refuse(labels, format!("the text in the language {} is missing", lang.code())),
        None => Ok(()),
    }
}

fn table_layout(source: TableSource, footnotes: &BTreeMap<String, Labels>) -> Result<TableLayout, Refusal> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (index, line) in source.lines.iter().enumerate() {
        let code = line.code.get_ref();
        if !code.split('.').all(is_word) {
            return refuse(&line.code, format!("the code \"{code}\" must be lower-case words joined by dots"));
        }
        if places.insert(code.clone(), index).is_some() {
            return refuse(&line.code, format!("the code {code} is used twice"));
        }
    }
    let mut lines = Vec::new();
    for line in &source.lines {
        check_labels(&line.label)?;
        if *line.level.get_ref() > 3 {
            return refuse(&line.level, "the level must be from 0 to 3");
        }
        let collected = line.collected.as_ref().map(|collected| *collected.get_ref()).unwrap_or_default();
        if let (Collected { from: Some(from), to: Some(to) }, Some(at)) = (collected, &line.collected)
            && from > to
        {
            return refuse(at, "collected.from must not be after collected.to");
        }
        if let Some(unknown) = line.footnotes.iter().find(|key| !footnotes.contains_key(key.get_ref())) {
            return refuse(unknown, format!("there is no footnote {}", unknown.get_ref()));
        }
        lines.push(Line {
            code: line.code.get_ref().clone(),
            label: line.label.get_ref().clone(),
            level: *line.level.get_ref(),
            footnotes: line.footnotes.iter().map(|key| key.get_ref().clone()).collect(),
            selections: selections(&source.lines, &places, line, &mut Vec::new())?,
            collected,
        });
    }
    let mut checks = Vec::new();
    for check in source.checks {
        let unknown = check.parts.get_ref().iter().chain([check.whole.get_ref()]).find(|c| !places.contains_key(*c));
        if let Some(unknown) = unknown {
            return refuse(&check.whole, format!("there is no line {unknown}"));
        }
        checks.push(Check { whole: check.whole.into_inner(), parts: check.parts.into_inner() });
    }
    let chart = source.chart.map(|chart| chart_layout(chart, &places)).transpose()?;
    Ok(TableLayout { lines, checks, chart })
}

fn chart_layout(source: ChartSource, places: &BTreeMap<String, usize>) -> Result<ChartLayout, Refusal> {
    check_labels(&source.title)?;
    if let Some(unknown) = source.lines.get_ref().iter().find(|code| !places.contains_key(*code)) {
        return refuse(&source.lines, format!("there is no line {unknown}"));
    }
    let kind = match source.kind {
        KindSource::Bars => Kind::Bars,
        KindSource::Stacked => Kind::Stacked,
        KindSource::Lines => Kind::Lines,
    };
    Ok(ChartLayout { title: source.title.into_inner(), kind, lines: source.lines.into_inner() })
}

/// The selections of a line, with the sums it is made of resolved; `path` leads to it through the sums above.
fn selections(
    lines: &[LineSource],
    places: &BTreeMap<String, usize>,
    line: &LineSource,
    path: &mut Vec<String>,
) -> Result<Vec<Selection>, Refusal> {
    let code = line.code.get_ref();
    if path.contains(code) {
        return refuse(&line.code, format!("the line {code} is a part of its own sum"));
    }
    path.push(code.clone());
    let all = match (&line.any, &line.sum) {
        (Some(any), None) => {
            any.get_ref().iter().map(|choice| selection(choice, any)).collect::<Result<Vec<_>, _>>()?
        }
        (None, Some(sum)) => {
            let mut all = Vec::new();
            for part in sum.get_ref() {
                let Some(place) = places.get(part) else { return refuse(sum, format!("there is no line {part}")) };
                all.extend(selections(lines, places, &lines[*place], path)?);
            }
            all
        }
        _ => return refuse(&line.code, format!("the line {code} needs either any or sum")),
    };
    path.pop();
    if all.is_empty() {
        return refuse(&line.code, format!("the line {code} counts nothing"));
    }
    for (index, one) in all.iter().enumerate() {
        if all[..index].iter().any(|other| !one.is_disjoint(other)) {
            return refuse(&line.code, format!("the line {code} could count a record twice: its selections overlap"));
        }
    }
    Ok(all)
}

fn selection<T>(choice: &Choice, at: &Spanned<T>) -> Result<Selection, Refusal> {
    let mut all = Vec::new();
    for (name, values) in choice {
        let Some(dimension) = Dimension::parse(name) else {
            let known: Vec<&str> = Dimension::ALL.iter().map(|d| d.name()).collect();
            return refuse(at, format!("the dimension {name} is not known; there are {}", known.join(", ")));
        };
        if values.is_empty() {
            return refuse(at, format!("the dimension {name} has no values"));
        }
        if let Some(unknown) = values.iter().find(|value| !dimension.knows(value)) {
            let mut known = dimension.values().unwrap_or_default();
            if dimension.can_be_absent() {
                known.push(ABSENT);
            }
            return refuse(at, format!("{name} has no value {unknown}; there are {}", known.join(", ")));
        }
        all.push((dimension, values.clone()));
    }
    if all.is_empty() {
        return refuse(at, "a selection must name a dimension");
    }
    Ok(Selection(all))
}

/// The layouts there are, the default first.
#[derive(Debug)]
pub struct Layouts(Vec<Layout>);

const EMBEDDED: [(&str, &str); 1] = [("lucerne.toml", include_str!("layouts/lucerne.toml"))];

impl Layouts {
    /// The layouts of a service: the embedded ones and those of its directory, the usual one first.
    pub fn of(config: &Config) -> crate::error::Result<Layouts> {
        let wrong = |why: String| Error::Configuration(why);
        let mut all = Layouts::load(config.layout_dir.as_deref()).map_err(|error| wrong(error.to_string()))?;
        let known: Vec<&str> = all.iter().map(|layout| layout.name.as_str()).collect();
        let place = known.iter().position(|name| *name == config.layout);
        let place = place.ok_or_else(|| wrong(format!("--layout must be one of {}", known.join(", "))))?;
        let usual = all.0.remove(place);
        all.0.insert(0, usual);
        Ok(all)
    }

    /// The embedded layouts, and those of a directory.
    pub fn load(directory: Option<&Path>) -> Result<Layouts, LayoutError> {
        let mut texts: Vec<(String, String)> =
            EMBEDDED.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
        if let Some(directory) = directory {
            let unreadable = |path: &Path, error: std::io::Error| LayoutError {
                file: path.display().to_string(),
                line: 0,
                reason: format!("cannot be read: {error}"),
            };
            let entries = std::fs::read_dir(directory).map_err(|error| unreadable(directory, error))?;
            let mut files: Vec<_> = entries
                .filter_map(|entry| entry.ok().map(|entry| entry.path()))
                .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
                .collect();
            files.sort();
            for file in files {
                let text = std::fs::read_to_string(&file).map_err(|error| unreadable(&file, error))?;
                texts.push((file.display().to_string(), text));
            }
        }
        let mut layouts: Vec<Layout> = Vec::new();
        for (file, text) in texts {
            let layout = Layout::parse(&file, &text)?;
            if layouts.iter().any(|other| other.name == layout.name) {
                let reason = format!("there is another layout with the name {}", layout.name);
                return Err(LayoutError { file, line: 1, reason });
            }
            layouts.push(layout);
        }
        Ok(Layouts(layouts))
    }

    /// The layout of that name; without a name the default.
    pub fn get(&self, name: Option<&str>) -> Option<&Layout> {
        match name {
            None => self.0.first(),
            Some(name) => self.0.iter().find(|layout| layout.name == name),
        }
    }

    /// All layouts.
    pub fn iter(&self) -> impl Iterator<Item = &Layout> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"name = "test"
title = { de = "a", fr = "b", it = "c", en = "d" }

[footnotes.new]
de = "a"
fr = "b"
it = "c"
en = "d"

[[tables.services.lines]]
code = "a.it"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 1
any = [{ register = ["cases"], area = ["IT"] }]
footnotes = ["new"]

[[tables.services.lines]]
code = "a.rest"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 1
any = [{ register = ["cases"], area = ["POLICE", "NONE"] }]

[[tables.services.lines]]
code = "total"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 0
sum = ["a.it", "a.rest"]

[[tables.channels.lines]]
code = "all"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 0
any = [{ register = ["cases"] }]

[[tables.media-requests.lines]]
code = "all"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 0
any = [{ register = ["media-requests"] }]
"#;

    fn refused(from: &str, to: &str) -> (usize, String) {
        assert!(GOOD.contains(from), "{from}");
        let error = Layout::parse("test.toml", &GOOD.replacen(from, to, 1)).unwrap_err();
        assert_eq!(error.file, "test.toml");
        (error.line, error.reason)
    }

    #[test]
    fn reads_lines_and_resolves_sums() {
        let layout = Layout::parse("test.toml", GOOD).unwrap();
        let table = layout.table("services").unwrap();
        assert_eq!(table.line("total").unwrap().selections.len(), 2);
        assert_eq!(table.dimensions(), [Dimension::Register, Dimension::Area]);
    }

    #[test]
    fn refuses_what_could_give_wrong_figures_and_says_where() {
        let cases = [
            ("area = [\"IT\"]", "aera = [\"IT\"]", 14, "the dimension aera is not known"),
            ("area = [\"IT\"]", "area = [\"ITT\"]", 14, "area has no value ITT"),
            ("area = [\"IT\"]", "area = []", 14, "has no values"),
            ("footnotes = [\"new\"]", "footnotes = [\"old\"]", 15, "there is no footnote old"),
            ("footnotes = [\"new\"]", "foot = [\"new\"]", 15, "unknown field"),
            ("code = \"a.rest\"", "code = \"a.it\"", 18, "used twice"),
            ("code = \"a.rest\"", "code = \"A rest\"", 18, "lower-case words"),
            ("sum = [\"a.it\", \"a.rest\"]", "sum = [\"a.it\", \"b\"]", 27, "there is no line b"),
            ("sum = [\"a.it\", \"a.rest\"]", "sum = [\"a.it\", \"total\"]", 24, "a part of its own sum"),
            ("sum = [\"a.it\", \"a.rest\"]", "sum = [\"a.it\", \"a.it\"]", 24, "count a record twice"),
            ("[\"POLICE\", \"NONE\"]", "[\"POLICE\", \"IT\"]", 24, "count a record twice"),
            ("sum = [\"a.it\", \"a.rest\"]", "level_ = 1", 27, "unknown field"),
            ("level = 0\nsum = [\"a.it\", \"a.rest\"]", "level = 0", 24, "either any or sum"),
            ("level = 1", "level = 9", 13, "from 0 to 3"),
            ("footnotes = [\"new\"]", "collected = { from = 2013, to = 2012 }", 15, "must not be after"),
            ("de = \"a\", fr", "de = \" \", fr", 2, "language de is missing"),
            ("tables.channels", "tables.chanels", 10, "channels is missing"),
            (
                "[footnotes.new]",
                "[publisher]\nemail = \"x\"\nlicense = \"http\"\nname = { de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }\n[footnotes.new]",
                4,
                "a publisher has",
            ),
            ("name = \"test\"", "name = \"Te st\"", 1, "the name must be"),
        ];
        for (from, to, line, reason) in cases {
            let (at, said) = refused(from, to);
            assert!(said.contains(reason), "{to}: {said}");
            assert_eq!(at, line, "{to}: {said}");
        }
    }

    #[test]
    fn the_embedded_layouts_are_sound() {
        let layouts = Layouts::load(None).unwrap();
        let services = layouts.get(None).unwrap().table("services").unwrap();
        let codes: Vec<&str> = services.lines.iter().map(|line| line.code.as_str()).collect();
        assert_eq!(codes.first(), Some(&"inquiries.municipality"));
        assert_eq!(codes.last(), Some(&"cases.total"));
        assert_eq!(codes.len(), 18);
    }
}
