//! The statistics that anybody may read without a token: published years, small numbers hidden.
//!
//! Only what was published is shown, and only of complete years: it does not move, so that nobody learns of single
//! matters by comparing yesterday's table with today's. All tables of a year are protected together. It is not
//! known here whether a figure was printed elsewhere, so published figures are protected like any other. What was
//! hidden in one version of a year stays hidden in the next. A version that differs by single matters is not shown: if
//! only the lines that moved were kept or hidden, their whole, or the sign for a hidden number, would tell of them.

use super::layout::{Layout, LayoutLine, Layouts};
use super::printed::{self, PrintedTable};
use super::provisional::Progress;
use super::publications::{self, PublishedYear};
use super::repository::TableRequest;
use super::suppression::{Kept, Suppression};
use super::table::{Basis, Footnote, Source, Table};
use crate::calendar::YEARS;
use crate::config::PublicSettings;
use crate::db::Db;
use crate::decimal::Decimal;
use crate::error::{Error, Result};
use crate::formats::HIDDEN;
use crate::messages::Lang;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// Reads from the settings how small numbers are hidden; `None` where the statistics are not public.
pub fn suppression(settings: &PublicSettings, layouts: &Layouts) -> Result<Option<Suppression>> {
    let Some(name) = &settings.layout else { return Ok(None) };
    let layout = layouts.get(Some(name)).ok_or_else(|| {
        let names: Vec<&str> = layouts.iter().map(|layout| layout.name.as_str()).collect();
        let names = names.join(", ");
        Error::Configuration(format!("AUFSICHT_PUBLIC_STATISTICS: there is no layout {name}; there are {names}"))
    })?;
    Suppression::of(layout, settings.threshold.into()).map(Some)
}

/// Figures of a year that may be shown, and the codes of those that may not.
struct PublicYear {
    publication: PublishedYear,
    hidden: BTreeSet<String>,
}

impl PublicYear {
    /// The figures that anybody sees.
    fn shown(&self) -> BTreeMap<String, Decimal> {
        self.seen(&self.publication.figures)
    }

    /// The weights of the figures that anybody sees.
    fn seen(&self, weights: &BTreeMap<String, Decimal>) -> BTreeMap<String, Decimal> {
        let seen = weights.iter().filter(|(code, _)| !self.hidden.contains(*code));
        seen.map(|(code, weight)| (code.clone(), *weight)).collect()
    }

    /// True if a version after it tells of no single matters. A sum of numbers that changes by other numbers of few records does,
    /// however much it changes.
    fn may_be_followed(&self, suppression: &Suppression, later: &PublicYear) -> bool {
        let year = self.publication.year;
        let [before, after] = [self, later].map(|version| version.seen(&weights(&version.publication)));
        let moves_few = |code: &String| {
            let change = after.get(code).zip(before.get(code)).map_or(0, |(after, before)| (*after - *before).parts());
            let is_moved = self.publication.figures.get(code) != later.publication.figures.get(code);
            is_moved && change.abs() <= Decimal::from(suppression.threshold).parts()
        };
        let said = later.publication.said.keys().filter(|code| before.contains_key(*code) && after.contains_key(*code));
        suppression.may_follow(year, &self.shown(), &later.shown())
            && suppression.may_follow(year, &before, &after)
            && !said.into_iter().any(moves_few)
    }
}

/// The numbers of matters that figures are of: of sums of numbers those of the values, of all others the figures themselves.
fn weights(publication: &PublishedYear) -> BTreeMap<String, Decimal> {
    let weight = |(code, figure): (&String, &Decimal)| (code.clone(), *publication.said.get(code).unwrap_or(figure));
    publication.figures.iter().map(weight).collect()
}

/// The codes of figures that add numbers of records, where it is not known of how many: they were given.
fn of_unknown_weight(layout: &Layout, publication: &PublishedYear) -> impl Iterator<Item = String> {
    let is_unknown = |code: &&String| {
        !publication.said.contains_key(*code) && layout.line(code).is_some_and(LayoutLine::adds_numbers)
    };
    let unknown: Vec<String> = publication.figures.keys().filter(is_unknown).cloned().collect();
    unknown.into_iter()
}

/// The complete years that were published, as anybody may see them. A version that is provisional is not shown. Nor is
/// one, with its number and its day, that differs from any shown before it by so little that single matters could be
/// learnt: the earlier one stays.
fn years(
    db: &mut Db,
    suppression: &Suppression,
    layout: &Layout,
    wanted: &TableRequest,
) -> Result<BTreeMap<i32, PublicYear>> {
    let mut shown: BTreeMap<i32, Vec<PublicYear>> = BTreeMap::new();
    // What was pending at the beginning of a year tells of the years before it.
    let first = if suppression.carries() { *YEARS.start() } else { *wanted.years.start() };
    for publication in publications::all_of(db, layout, &(first..=*wanted.years.end()))? {
        let year = publication.year;
        if publication.provisional || layout.progress(year, wanted.today) != Progress::Over {
            continue;
        }
        let before = shown.get(&(year - 1)).and_then(|versions| versions.last()).map(|version| &version.hidden);
        let carried = before.map(|hidden| suppression.carried(year, hidden)).unwrap_or_default();
        let versions = shown.entry(year).or_default();
        let mut hidden = versions.last().map(|version| version.hidden.clone()).unwrap_or_default();
        hidden.extend(changed_meaning(layout, &publication));
        hidden.extend(of_unknown_weight(layout, &publication));
        let hidden = suppression.hidden(year, &weights(&publication), &Kept { hidden, carried });
        let version = PublicYear { publication, hidden };
        if versions.iter().all(|earlier| earlier.may_be_followed(suppression, &version)) {
            versions.push(version);
        }
    }
    shown.retain(|year, _| wanted.years.contains(year));
    Ok(shown.into_iter().filter_map(|(year, mut versions)| Some((year, versions.pop()?))).collect())
}

/// The codes of figures that the layout no longer counts as it did when they were published: how they lie in others is
/// not known any more.
fn changed_meaning(layout: &Layout, publication: &PublishedYear) -> Vec<String> {
    let printed = &publication.printed;
    let is_the_same = |code: &&String| {
        let both = printed.line(code).zip(layout.line(code));
        both.is_some_and(|(printed, line)| printed.counts_as(layout, line, publication.year))
    };
    publication.figures.keys().filter(|code| !is_the_same(code)).cloned().collect()
}

/// The years that there is something to see of, in their order.
pub fn published_years(db: &mut Db, suppression: &Suppression, layout: &Layout, today: NaiveDate) -> Result<Vec<i32>> {
    let wanted = TableRequest { layout: &layout.name, table: "", lang: Lang::default(), years: YEARS, today };
    Ok(years(db, suppression, layout, &wanted)?.into_keys().collect())
}

/// Draws a table as anybody may see it.
pub fn table(db: &mut Db, suppression: &Suppression, layout: &Layout, wanted: &TableRequest) -> Result<Table> {
    let TableRequest { table, lang, today, .. } = *wanted;
    let lines = layout.table(table).ok_or_else(|| Error::Internal(format!("no table {table}")))?;
    let years = years(db, suppression, layout, wanted)?;
    let is_hidden = |code: &str, year: i32| years.get(&year).is_some_and(|year| year.hidden.contains(code));
    let source = |year: i32| match years.get(&year) {
        Some(PublicYear { publication, .. }) => {
            let printed = publication.printed.table_of(layout, lines).map(PrintedTable::period);
            publication.told(today, printed.unwrap_or(lines.period))
        }
        None => Source::live(year, Basis::None, today, lines.period),
    };
    let headings = wanted.years.clone().rev().filter_map(|year| {
        let PublicYear { publication, .. } = years.get(&year)?;
        let printed = publication.printed.table_of(layout, lines)?;
        Some(printed::printed_headings(&publication.printed, &printed.name, lang))
    });
    let mut headings = printed::merged(headings);
    if headings.is_empty() {
        headings = printed::headings(layout, lines, lang, *wanted.years.end());
    }
    let figure = |code: &str, year: i32| match years.get(&year) {
        Some(PublicYear { publication, .. }) => {
            let figure = publication.figures.get(code).copied();
            (figure.filter(|_| !is_hidden(code, year)), Basis::Published)
        }
        None => (None, Basis::None),
    };
    let mut drawn = Table::build(lang, headings, wanted.years.clone().map(source).collect(), figure);
    drawn.check(lines);
    let explanation = || lang.message("statistics-hidden", &[("sign", &HIDDEN), ("threshold", &suppression.threshold)]);
    mark_hidden(&mut drawn, is_hidden, explanation);
    Ok(drawn)
}

/// Marks the figures of a table that are hidden, with a footnote that explains it.
fn mark_hidden(drawn: &mut Table, is_hidden: impl Fn(&str, i32) -> bool, explanation: impl FnOnce() -> String) {
    let note = drawn.footnotes.len() as u32 + 1;
    for line in &mut drawn.lines {
        line.suppressed = drawn.years.iter().map(|year| is_hidden(&line.code, *year)).collect();
        if line.suppressed.contains(&true) {
            line.footnotes.push(note);
        }
    }
    if drawn.lines.iter().any(|line| line.suppressed.contains(&true)) {
        drawn.footnotes.push(Footnote { id: note, text: explanation(), year: None });
    }
}
