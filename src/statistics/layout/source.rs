//! Layouts as they are written: reading them, and refusing what could give wrong figures at the place where it stands.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{
    ChartLayout, Check, Composition, Layout, LayoutContext, LayoutLine, Publisher, TABLES, TableLayout, Years,
};
use crate::formats::chart::ChartKind;
use crate::messages::Labels;
use crate::registers::vocabulary::labels;
use crate::registers::{ABSENT, Dimension, Selection};
use crate::source::{Refusal, did_you_mean, is_word, refuse, unreadable};
use crate::text;

/// A text as it is written, by language.
type Written = Spanned<BTreeMap<String, String>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayoutSource {
    name: Spanned<String>,
    title: Written,
    total: Option<Spanned<String>>,
    publisher: Option<Spanned<PublisherSource>>,
    #[serde(default)]
    footnotes: BTreeMap<String, Written>,
    tables: BTreeMap<Spanned<String>, TableSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PublisherSource {
    name: Written,
    email: String,
    license: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableSource {
    lines: Spanned<Vec<LineSource>>,
    #[serde(default)]
    checks: Vec<CheckSource>,
    chart: Option<ChartSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChartSource {
    title: Written,
    kind: KindSource,
    lines: Vec<Spanned<String>>,
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
    label: Written,
    level: Spanned<u8>,
    any: Option<Spanned<Vec<Spanned<Choice>>>>,
    sum: Option<Spanned<Vec<Spanned<String>>>>,
    entered: Option<Spanned<bool>>,
    collected: Option<Spanned<Years>>,
    #[serde(default)]
    footnotes: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckSource {
    whole: Spanned<String>,
    parts: Spanned<Vec<Spanned<String>>>,
}

/// The values chosen by dimension, as written.
type Choice = BTreeMap<Spanned<String>, Spanned<Vec<Spanned<String>>>>;

/// Reads a layout; the refusal has its place in the text.
pub(super) fn read(text: &str, context: LayoutContext) -> Result<Layout, Refusal> {
    let source: LayoutSource = toml::from_str(text).map_err(|error| unreadable(&error))?;
    let lines_of = |written: &Written| labels(written, context.languages);
    if !is_word(source.name.get_ref()) {
        return refuse(&source.name, "the name must be lower-case letters, digits and hyphens");
    }
    let title = lines_of(&source.title)?;
    let publisher = source.publisher.as_ref().map(|source| publisher(source, context)).transpose()?;
    let footnotes: BTreeMap<String, Labels> = source
        .footnotes
        .iter()
        .map(|(key, labels)| Ok((key.clone(), lines_of(labels)?)))
        .collect::<Result<_, Refusal>>()?;
    if let Some(unknown) = source.tables.keys().find(|table| !TABLES.contains(&table.get_ref().as_str())) {
        let reason = format!("the table {} is not known; there are {}", unknown.get_ref(), TABLES.join(", "));
        return refuse(unknown, reason);
    }
    let mut tables = BTreeMap::new();
    for (name, table) in source.tables {
        if table.lines.get_ref().is_empty() {
            return refuse(&table.lines, format!("the table {} has no lines", name.get_ref()));
        }
        tables.insert(name.into_inner(), table_layout(table, &footnotes, context)?);
    }
    if let Some(missing) = TABLES.iter().find(|table| !tables.contains_key(**table)) {
        return refuse(&source.name, format!("the table {missing} is missing"));
    }
    let total = total(source.total, &source.name, &tables)?;
    Ok(Layout { name: source.name.into_inner(), title, publisher, total, footnotes, tables })
}

fn publisher(source: &Spanned<PublisherSource>, context: LayoutContext) -> Result<Publisher, Refusal> {
    const NEEDED: &str = "a publisher has a name in each language, an email and a license (its address)";
    let PublisherSource { name, email, license } = source.get_ref();
    let name = labels(name, context.languages)
        .map_err(|(place, why)| (place, if why.ends_with("is missing") { NEEDED.into() } else { why }))?;
    let is_line = |text: &str| text::line(text).is_ok_and(|line| line == text);
    if !email.contains('@') || !license.starts_with("http") || !is_line(email) || !is_line(license) {
        return refuse(source, NEEDED);
    }
    Ok(Publisher { name, email: email.clone(), license: license.clone() })
}

/// The code of the line that counts the new cases: nothing else says which line of a table that is.
fn total(
    named: Option<Spanned<String>>,
    name: &Spanned<String>,
    tables: &BTreeMap<String, TableLayout>,
) -> Result<String, Refusal> {
    let services = tables.get(TABLES[0]);
    let Some(total) = named else {
        let last = services.and_then(|table| table.lines.last()).map_or("", |line| line.code.as_str());
        let reason = "total is missing: the code of the line of the services table that counts all new cases";
        return refuse(name, format!("{reason}, as in total = \"{last}\""));
    };
    if services.is_none_or(|table| table.line(total.get_ref()).is_none()) {
        return refuse(&total, format!("total: the table services has no line {}", total.get_ref()));
    }
    Ok(total.into_inner())
}

fn table_layout(
    source: TableSource,
    footnotes: &BTreeMap<String, Labels>,
    context: LayoutContext,
) -> Result<TableLayout, Refusal> {
    let sources = source.lines.get_ref();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, line) in sources.iter().enumerate() {
        let code = line.code.get_ref();
        if !code.split('.').all(is_word) {
            return refuse(&line.code, format!("the code \"{code}\" must be lower-case words joined by dots"));
        }
        if places.insert(code, index).is_some() {
            return refuse(&line.code, format!("the code {code} is used twice"));
        }
    }
    let lines: Vec<LayoutLine> = sources
        .iter()
        .map(|line| self::line((sources, &places), line, footnotes, context))
        .collect::<Result<_, _>>()?;
    let checks = source.checks.iter().map(|written| check(written, &lines)).collect::<Result<_, _>>()?;
    let chart = source.chart.map(|chart| chart_layout(chart, &places, context)).transpose()?;
    Ok(TableLayout { lines, checks, chart })
}

fn line(
    (lines, places): (&[LineSource], &BTreeMap<&str, usize>),
    line: &LineSource,
    footnotes: &BTreeMap<String, Labels>,
    context: LayoutContext,
) -> Result<LayoutLine, Refusal> {
    let label = labels(&line.label, context.languages)?;
    if *line.level.get_ref() > 3 {
        return refuse(&line.level, "the level must be from 0 to 3");
    }
    if let Some(at) = &line.collected
        && let Some(fault) = at.get_ref().fault()
    {
        return refuse(at, fault);
    }
    if let Some(unknown) = line.footnotes.iter().find(|key| !footnotes.contains_key(key.get_ref())) {
        return refuse(unknown, format!("there is no footnote {}", unknown.get_ref()));
    }
    let content = content((lines, places), line, &mut Vec::new(), context)?;
    let code = line.code.get_ref();
    if !collected(line).meets(&content.years()) {
        return refuse(&line.code, format!("the line {code} counts nothing in the years in which it is collected"));
    }
    Ok(LayoutLine {
        code: code.clone(),
        label,
        level: *line.level.get_ref(),
        footnotes: line.footnotes.iter().map(|key| key.get_ref().clone()).collect(),
        is_entered: line.entered.is_some(),
        collected: collected(line),
        content,
    })
}

fn collected(line: &LineSource) -> Years {
    line.collected.as_ref().map(|years| years.get_ref().clone()).unwrap_or_default()
}

/// Returns the composition of a line, with the sums it is made of resolved; `path` leads to it through the sums above.
fn content(
    (lines, places): (&[LineSource], &BTreeMap<&str, usize>),
    line: &LineSource,
    path: &mut Vec<String>,
    context: LayoutContext,
) -> Result<Composition, Refusal> {
    let code = line.code.get_ref();
    if path.contains(code) {
        return refuse(&line.code, format!("the line {code} is a part of its own sum"));
    }
    path.push(code.clone());
    let mut all = Composition::default();
    match (&line.any, &line.sum, &line.entered) {
        (Some(any), None, None) => {
            for choice in any.get_ref() {
                all.counted.push((selection(choice, context)?, Years::default()));
            }
        }
        (None, Some(sum), None) => {
            for part in sum.get_ref() {
                let Some(place) = places.get(part.get_ref().as_str()) else {
                    return refuse(part, format!("there is no line {}", part.get_ref()));
                };
                let of_part =
                    content((lines, places), &lines[*place], path, context)?.within(&collected(&lines[*place]));
                if all.overlaps(&of_part) {
                    return refuse(&line.code, twice(code));
                }
                all.counted.extend(of_part.counted);
                all.entered.extend(of_part.entered);
            }
        }
        (None, None, Some(entered)) if *entered.get_ref() => all.entered.push((code.clone(), Years::default())),
        (None, None, Some(entered)) => return refuse(entered, "entered is true, or it is left out"),
        _ => return refuse(&line.code, format!("the line {code} needs either any or sum, or entered = true")),
    }
    path.pop();
    check_content(line, &all)?;
    Ok(all)
}

/// Refuses a line that could count a record twice, or counts nothing.
fn check_content(line: &LineSource, all: &Composition) -> Result<(), Refusal> {
    let code = line.code.get_ref();
    let overlap = |index: usize| {
        let (one, years) = &all.counted[index];
        all.counted[..index].iter().any(|(other, others)| years.meets(others) && !one.is_disjoint(other))
    };
    if (0..all.counted.len()).any(overlap) {
        return refuse(&line.code, twice(code));
    }
    if all.years().is_empty() {
        return refuse(&line.code, format!("the line {code} counts nothing"));
    }
    Ok(())
}

fn twice(code: &str) -> String {
    format!("the line {code} could count a record twice: its selections overlap")
}

fn selection(choice: &Spanned<Choice>, context: LayoutContext) -> Result<Selection, Refusal> {
    let mut all = Vec::new();
    for (name, values) in choice.get_ref() {
        let Some(dimension) = context.vocabulary.dimension(name.get_ref()) else {
            let known: Vec<&str> = context.vocabulary.all_dimensions().map(Dimension::name).collect();
            let meant = did_you_mean(name.get_ref(), known.iter().copied());
            let reason =
                format!("the dimension {} is not known{meant}; there are {}", name.get_ref(), known.join(", "));
            return refuse(name, reason);
        };
        if values.get_ref().is_empty() {
            return refuse(values, format!("the dimension {} has no values", name.get_ref()));
        }
        values.get_ref().iter().try_for_each(|value| check_value(dimension, value, context))?;
        let values = values.get_ref().iter();
        let mut chosen: Vec<String> = Vec::new();
        for value in values.flat_map(|value| context.vocabulary.with_children(dimension, value.get_ref())) {
            if !chosen.contains(&value) {
                chosen.push(value);
            }
        }
        all.push((dimension, chosen));
    }
    if all.is_empty() {
        return refuse(choice, "a selection must name a dimension");
    }
    let selection = Selection(all);
    if !selection.is_possible(context.vocabulary) {
        let reason = "no record can ever be in this selection: no register has all of these values; for a figure that people \
            enter write entered = true";
        return refuse(choice, reason);
    }
    Ok(selection)
}

fn check_value(dimension: Dimension, value: &Spanned<String>, context: LayoutContext) -> Result<(), Refusal> {
    let (name, text) = (dimension.name(), value.get_ref());
    if text.is_empty() || text::line(text).is_ok_and(|line| line != *text) {
        return refuse(value, format!("{name} has a value with blanks around or within it; no record has \"{text}\""));
    }
    if let Err(why) = text::line(text) {
        return refuse(value, format!("{name} has a value that no record has: it {why}"));
    }
    if context.vocabulary.knows(dimension, text) || context.vocabulary.is_group(dimension, text) {
        return Ok(());
    }
    let mut known = context.vocabulary.values(dimension).unwrap_or_default();
    let meant = did_you_mean(text, known.iter().copied());
    if dimension.can_be_absent() {
        known.push(ABSENT);
    }
    refuse(value, format!("{name} has no value {text}{meant}; there are {}", known.join(", ")))
}

/// A check that says something: it can run, and no record is in two of its parts.
fn check(source: &CheckSource, lines: &[LayoutLine]) -> Result<Check, Refusal> {
    let find = |code: &Spanned<String>| match lines.iter().find(|line| line.code == *code.get_ref()) {
        Some(line) => Ok(line),
        None => refuse(code, format!("there is no line {}", code.get_ref())),
    };
    let whole = find(&source.whole)?;
    let mut parts: Vec<&LayoutLine> = Vec::new();
    for code in source.parts.get_ref() {
        let part = find(code)?;
        if part.code == whole.code {
            return refuse(code, format!("the line {} cannot be a part of itself", part.code));
        }
        if parts.iter().any(|other| other.code == part.code) {
            return refuse(code, format!("the part {} is named twice", part.code));
        }
        let mine = part.content.clone().within(&part.collected);
        let meets = |other: &&&LayoutLine| other.content.clone().within(&other.collected).overlaps(&mine);
        if let Some(other) = parts.iter().find(meets) {
            return refuse(
                code,
                format!("the parts {} and {} overlap: a record could be in both", other.code, part.code),
            );
        }
        parts.push(part);
    }
    if !parts.iter().any(|part| part.years().meets(&whole.years())) {
        let reason = format!("this check can never run: in no year are {} and a part of it collected", whole.code);
        return refuse(&source.parts, reason);
    }
    let parts = parts.iter().map(|part| part.code.clone()).collect();
    Ok(Check { whole: whole.code.clone(), parts })
}

fn chart_layout(
    source: ChartSource,
    places: &BTreeMap<&str, usize>,
    context: LayoutContext,
) -> Result<ChartLayout, Refusal> {
    let title = labels(&source.title, context.languages)?;
    if let Some(unknown) = source.lines.iter().find(|code| !places.contains_key(code.get_ref().as_str())) {
        return refuse(unknown, format!("there is no line {}", unknown.get_ref()));
    }
    let kind = match source.kind {
        KindSource::Bars => ChartKind::Bars,
        KindSource::Stacked => ChartKind::Stacked,
        KindSource::Lines => ChartKind::Lines,
    };
    let lines = source.lines.into_iter().map(Spanned::into_inner).collect();
    Ok(ChartLayout { title, kind, lines })
}
