//! Layouts as they are written: reading them, and refusing what could give wrong figures at the place where it stands.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue};

use super::lines::{self, LineSourceText};
use super::refusals::{Refusals, Written, no_line};
use super::{ChartLayout, Check, Layout, LayoutContext, LayoutLine, Publisher, TableLayout};
use crate::formats::chart::ChartKind;
use crate::messages::{Labels, Lang};
use crate::registers::vocabulary::labels;
use crate::source::{Refusal, check_email, did_you_mean, each, is_word, items, refuse, typed, unreadable};
use crate::statistics::period::Period;
use crate::text;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayoutSource {
    name: Spanned<String>,
    #[serde(default)]
    was: Vec<Spanned<String>>,
    title: Written,
    languages: Option<Spanned<Vec<Spanned<String>>>>,
    total: Option<Spanned<String>>,
    publisher: Option<Spanned<PublisherSource>>,
    period: Option<PeriodSource>,
    #[serde(default)]
    footnotes: BTreeMap<String, Written>,
    #[serde(default)]
    tables: BTreeMap<Spanned<String>, TableSource>,
    /// The number of tables, with those that could not be read.
    #[serde(skip)]
    number: usize,
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
struct PeriodSource {
    starts: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableSource {
    title: Option<Written>,
    period: Option<PeriodSource>,
    #[serde(default)]
    lines: Vec<LineSourceText>,
    /// The codes of the lines that could not be read.
    #[serde(skip)]
    unread: Vec<String>,
    #[serde(default)]
    checks: Vec<CheckSource>,
    chart: Option<ChartSource>,
    #[serde(default)]
    charts: Vec<ChartSource>,
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
struct CheckSource {
    whole: Spanned<String>,
    parts: Spanned<Vec<Spanned<String>>>,
}

/// Reads a layout, with the doubts about it; each of them, and each refusal, has its place in the text.
pub(super) fn read(text: &str, context: LayoutContext) -> Result<(Layout, Vec<Refusal>), Vec<Refusal>> {
    let whole = DeTable::parse(text).map_err(|error| vec![unreadable(&error)])?;
    let mut refusals = Refusals::default();
    let source = layout_source(whole, &mut refusals.refused);
    let layout = source.and_then(|source| layout(source, context, &mut refusals));
    let Refusals { mut refused, mut doubted } = refusals;
    match layout.filter(|_| refused.is_empty()) {
        Some(layout) => {
            doubted.extend(layout.doubtful(context.vocabulary));
            doubted.sort_by_key(|(place, _)| *place);
            Ok((layout, doubted))
        }
        None => {
            refused.sort_by_key(|(place, _)| *place);
            Err(refused)
        }
    }
}

/// A layout as it is written. Its tables, and the elements of their lists, are read one by one: what is wrong with one hides nothing
/// of the others.
fn layout_source(whole: Spanned<DeTable>, refusals: &mut Vec<Refusal>) -> Option<LayoutSource> {
    let (span, mut whole) = (whole.span(), whole.into_inner());
    let mut tables = Vec::new();
    if let Some(written) = whole.get_mut("tables")
        && let DeValue::Table(named) = written.get_mut()
    {
        tables.extend(std::mem::take(named));
    }
    let number = tables.len();
    let name = |name: Spanned<DeString>| Spanned::new(name.span(), name.into_inner().into_owned());
    let read = tables.into_iter().filter_map(|(key, value)| Some((name(key), table_source(value, refusals)?)));
    let tables = read.collect();
    let source: LayoutSource = typed(Spanned::new(span, DeValue::Table(whole)), refusals)?;
    Some(LayoutSource { tables, number, ..source })
}

fn table_source(mut written: Spanned<DeValue>, refusals: &mut Vec<Refusal>) -> Option<TableSource> {
    let mut take = |name: &str| match written.get_mut() {
        DeValue::Table(table) => {
            let list = table.get_mut(name)?;
            let empty = Spanned::new(list.span(), DeValue::Array(DeArray::new()));
            Some(std::mem::replace(list, empty))
        }
        _ => None,
    };
    let (lines, checks, charts) = (take("lines"), take("checks"), take("charts"));
    let (mut read, mut unread) = (Vec::new(), Vec::new());
    for line in lines.into_iter().flat_map(|lines| items(lines, refusals)).collect::<Vec<_>>() {
        let code = line.get_ref().get("code").and_then(|code| code.get_ref().as_str()).unwrap_or_default().to_owned();
        match typed(line, refusals) {
            Some(line) => read.push(line),
            None => unread.push(code),
        }
    }
    let checks = checks.map(|checks| each(checks, refusals)).unwrap_or_default();
    let charts = charts.map(|charts| each(charts, refusals)).unwrap_or_default();
    Some(TableSource { lines: read, unread, checks, charts, ..typed(written, refusals)? })
}

/// The languages of a layout's texts: some of those that the authority works in, and all of them where it names none.
fn languages(named: Option<&Spanned<Vec<Spanned<String>>>>, all: &[Lang], refusals: &mut Refusals) -> Vec<Lang> {
    let Some(named) = named else { return all.to_vec() };
    if named.get_ref().is_empty() {
        let reason = "the layout has no languages; leave them out for all of the authority's";
        refusals.note(refuse::<_, ()>(named, reason));
        return all.to_vec();
    }
    let mut languages = Vec::new();
    for code in named.get_ref() {
        match all.iter().find(|lang| lang.code() == code.get_ref()) {
            Some(lang) => languages.push(*lang),
            None => {
                let known = Lang::list(all);
                let reason =
                    format!("the authority does not work in the language {}; it works in {known}", code.get_ref());
                refusals.note(refuse::<_, ()>(code, reason));
            }
        }
    }
    languages
}

fn layout(source: LayoutSource, context: LayoutContext, refusals: &mut Refusals) -> Option<Layout> {
    if !is_word(source.name.get_ref()) {
        refusals.note(refuse::<_, ()>(&source.name, "the name must be lower-case letters, digits and hyphens"));
    }
    let was = former_names(&source, refusals);
    let languages = languages(source.languages.as_ref(), context.languages, refusals);
    let context = LayoutContext { languages: &languages, ..context };
    let title = refusals.note(labels(&source.title, context.languages));
    let publisher = source.publisher.as_ref().and_then(|source| refusals.note(publisher(source, context)));
    let mut footnotes: BTreeMap<String, Labels> = BTreeMap::new();
    for (key, written) in &source.footnotes {
        footnotes.extend(refusals.note(labels(written, context.languages)).map(|text| (key.clone(), text)));
    }
    let usual = source.period.and_then(|source| refusals.note(period(&source))).unwrap_or_default();
    let mut written: Vec<(Spanned<String>, TableSource)> = source.tables.into_iter().collect();
    written.sort_by_key(|(name, _)| name.span().start);
    let known_footnotes: Vec<&str> = source.footnotes.keys().map(String::as_str).collect();
    let mut tables: Vec<TableLayout> = Vec::new();
    for (name, source) in written {
        if !is_word(name.get_ref()) {
            let reason = "the name of a table must be lower-case letters, digits and hyphens";
            refusals.note(refuse::<_, ()>(&name, reason));
        }
        let told = (&known_footnotes[..], usual, &tables[..]);
        let table = table(name, source, told, context, refusals);
        tables.extend(table);
    }
    let total = match source.number == tables.len() {
        true => refusals.note(total(source.total, &source.name, &tables)).flatten(),
        false => None,
    };
    let name = source.name.into_inner();
    let renamed = context.vocabulary.former_paths().into_iter().collect();
    Some(Layout { name, was, title: title?, publisher, total, renamed, doubts: Vec::new(), footnotes, tables })
}

/// The names that a layout had.
fn former_names(source: &LayoutSource, refusals: &mut Refusals) -> Vec<String> {
    let mut was: Vec<String> = Vec::new();
    for name in &source.was {
        let text = name.get_ref();
        if text.trim().is_empty() || text == source.name.get_ref() || was.contains(text) {
            let reason = format!("was names \"{text}\", which is no former name of the layout: leave it out");
            refusals.note(refuse::<_, ()>(name, reason));
        }
        was.push(text.clone());
    }
    was
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
    check_email(source, email)?;
    Ok(Publisher { name, email: email.clone(), license: license.clone() })
}

fn period(source: &PeriodSource) -> Result<Period, Refusal> {
    let starts = source.starts.get_ref();
    match Period::parse(starts) {
        Some(period) => Ok(period),
        None => {
            let reason = "a period starts on the first day of a month, written as month and day: starts = \"04-01\"";
            refuse(&source.starts, format!("\"{starts}\" is no beginning of a year; {reason}"))
        }
    }
}

/// The code of the line that counts the new cases: nothing else says which line of a table that is.
fn total(
    named: Option<Spanned<String>>,
    name: &Spanned<String>,
    tables: &[TableLayout],
) -> Result<Option<String>, Refusal> {
    let all = || tables.iter().flat_map(|table| &table.lines);
    let Some(total) = named else {
        let Some(last) = tables.first().and_then(|table| table.lines.iter().rfind(|line| !line.is_heading())) else {
            return Ok(None);
        };
        let reason = "total is missing: the code of the line that counts all new cases";
        return refuse(name, format!("{reason}, as in total = \"{}\"", last.code));
    };
    match all().find(|line| line.code == *total.get_ref()) {
        None => {
            let meant = did_you_mean(total.get_ref(), all().map(|line| line.code.as_str()));
            refuse(&total, format!("total: no table has a line {}{meant}", total.get_ref()))
        }
        Some(line) if !line.source.is_additive() => {
            refuse(&total, format!("total: the line {} is no number of cases; name one that counts", line.code))
        }
        Some(line) if !line.counts_new() => {
            let reason =
                format!("total: the line {} does not count what is received in a year; name one that does", line.code);
            refuse(&total, reason)
        }
        Some(_) => Ok(Some(total.into_inner())),
    }
}

fn table(
    name: Spanned<String>,
    source: TableSource,
    (footnotes, usual, earlier): (&[&str], Period, &[TableLayout]),
    context: LayoutContext,
    refusals: &mut Refusals,
) -> Option<TableLayout> {
    if source.lines.is_empty() && source.unread.is_empty() {
        refusals.note(refuse::<_, ()>(&name, format!("the table {} has no lines", name.get_ref())));
    }
    let title = source.title.as_ref().and_then(|title| refusals.note(labels(title, context.languages)));
    let period = source.period.as_ref().and_then(|period| refusals.note(self::period(period))).unwrap_or(usual);
    let lines = lines::read((&source.lines, &source.unread), footnotes, context, refusals)?;
    for (line, written) in lines.iter().zip(&source.lines) {
        let of = earlier.iter().find_map(|table| Some((table, table.line(&line.code)?)));
        let Some((table, known)) = of else { continue };
        let is_same = known.source == line.source && table.period == period;
        if !is_same || known.collected != line.collected || known.protect != line.protect {
            let other = if is_same { "is collected or protected otherwise" } else { "counts something else" };
            let reason = format!(
                "the table {} has a line {} that {other}: a figure is known by its code, so give one of \
                 them another, such as {}.{}",
                table.name,
                line.code,
                name.get_ref(),
                line.code
            );
            refusals.note(refuse::<_, ()>(&written.code, reason));
        }
    }
    former_codes(&source.lines, &lines, earlier, refusals);
    let checks = source.checks.iter().filter_map(|written| refusals.note(check(written, &lines))).collect();
    let charts = source.chart.into_iter().chain(source.charts);
    let charts = charts.filter_map(|chart| refusals.note(chart_layout(chart, &lines, context))).collect();
    Some(TableLayout { name: name.into_inner(), title, period, lines, checks, charts })
}

/// Refuses former codes of lines that are those of other lines: a figure is known by its code.
fn former_codes(written: &[LineSourceText], lines: &[LayoutLine], earlier: &[TableLayout], refusals: &mut Refusals) {
    let all = || lines.iter().chain(earlier.iter().flat_map(|table| &table.lines));
    let claims = |code: &str, by: &str| all().any(|line| line.code != by && line.was.iter().any(|was| was == code));
    for line in written {
        let code = line.code.get_ref();
        for was in &line.was {
            let text = was.get_ref();
            if all().any(|line| line.code == *text) || claims(text, code) {
                let reason = format!(
                    "was names \"{text}\", which is or was the code of another line or of this one: leave it out"
                );
                refusals.note(refuse::<_, ()>(was, reason));
            }
        }
        if claims(code, code) {
            let reason = format!("a line says that its code was {code}: give this one another");
            refusals.note(refuse::<_, ()>(&line.code, reason));
        }
    }
}

/// A check that says something: it can run, and no record is in two of its parts.
fn check(source: &CheckSource, lines: &[LayoutLine]) -> Result<Check, Refusal> {
    let find = |code: &Spanned<String>| match lines.iter().find(|line| line.code == *code.get_ref()) {
        Some(line) if line.source.is_additive() => Ok(line),
        Some(line) => {
            refuse(code, format!("the line {} does not add up with others: check one that counts", line.code))
        }
        None => no_line(code, lines.iter().map(|line| &line.code)),
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
            let reason = format!("the parts {} and {} overlap: a record could be in both", other.code, part.code);
            return refuse(code, reason);
        }
        parts.push(part);
    }
    if !parts.iter().any(|part| part.years().meets(&whole.years())) {
        let reason = format!("this check can never run: in no year are {} and a part of it collected", whole.code);
        return refuse(&source.parts, reason);
    }
    let parts = parts.iter().map(|part| part.code.clone()).collect();
    Ok(Check { whole: whole.code.clone(), parts, place: source.whole.span().start })
}

fn chart_layout(source: ChartSource, lines: &[LayoutLine], context: LayoutContext) -> Result<ChartLayout, Refusal> {
    let title = labels(&source.title, context.languages)?;
    for code in &source.lines {
        match lines.iter().find(|line| line.code == *code.get_ref()) {
            None => return no_line(code, lines.iter().map(|line| &line.code)),
            Some(line) if line.is_heading() => {
                return refuse(code, format!("the line {} is a heading: there is nothing to draw", line.code));
            }
            Some(_) => {}
        }
    }
    let kind = match source.kind {
        KindSource::Bars => ChartKind::Bars,
        KindSource::Stacked => ChartKind::Stacked,
        KindSource::Lines => ChartKind::Lines,
    };
    let codes: Vec<String> = source.lines.into_iter().map(Spanned::into_inner).collect();
    let named = lines.iter().filter(|line| codes.contains(&line.code));
    let names = named.filter_map(|line| Some((line.code.clone(), line.short.clone()?))).collect();
    Ok(ChartLayout { title, kind, lines: codes, names })
}
