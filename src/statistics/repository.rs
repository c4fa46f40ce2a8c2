//! Queries of the statistics: sums of the cube, and the figures of years.

use crate::json::read_stored;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde_json::Value;

use super::bodies::PublicBodies;
use super::entered_figures::{self, EnteredYear};
use super::layout::{Layout, LayoutLine, Layouts, TableLayout};
use super::live::LiveFigures;
use super::printed::{self, PrintedTable};
use super::publications::{self, PublishedYear};
use super::table::{Basis, Figure, Heading, Source, Table, Warning};
use crate::audit::trail;
use crate::context::OperationContext;
use crate::db::schema::{cube as cube_rows, records, year_figures};
use crate::db::{Db, WriteTransaction};
use crate::decimal::Decimal;
use crate::digest;
use crate::error::Result;
use crate::messages::Lang;
use crate::registers::{ABSENT, Dimension, Selection, ValueSet};

/// A request for a table: the layout and table, the years, the language and the day.
#[derive(Clone, Debug)]
pub struct TableRequest<'a> {
    /// The name of the layout, which may be gone.
    pub layout: &'a str,
    /// The name of the table.
    pub table: &'a str,
    /// The language of the labels.
    pub lang: Lang,
    /// The years.
    pub years: RangeInclusive<i32>,
    /// Today.
    pub today: NaiveDate,
}

/// Draws a table: published years as they were published, all others from the cube as it is now, by the layout. Without
/// a layout, which may be gone, there are the published years alone.
pub fn table(db: &mut Db, layout: Option<&Layout>, wanted: &TableRequest) -> Result<Table> {
    db.transaction(|db| {
        let lines = layout.and_then(|layout| layout.table(wanted.table));
        let gone = [wanted.layout.to_owned()];
        let drawing = TableBuilder {
            wanted,
            layout: layout.zip(lines),
            live: lines.map(|lines| LiveFigures::read(db, lines, &wanted.years, wanted.today)).transpose()?,
            published: match layout {
                Some(layout) => publications::latest_of(db, layout, &wanted.years)?,
                None => publications::latest(db, &gone, &wanted.years)?,
            },
            entered: match layout {
                Some(layout) => entered_figures::latest_of(db, layout, &wanted.years)?,
                None => entered_figures::latest(db, &gone, &wanted.years)?,
            },
        };
        let sources = wanted.years.clone().map(|year| drawing.source(year)).collect();
        let figures: BTreeMap<i32, BTreeMap<String, Figure>> =
            wanted.years.clone().map(|year| (year, drawing.figures(year))).collect();
        let figure = |code: &str, year: i32| {
            let figure = figures.get(&year).and_then(|figures| figures.get(code)).copied();
            figure.unwrap_or_else(|| (None, drawing.usual_basis(year)))
        };
        let mut table = Table::build(wanted.lang, drawing.headings(), sources, figure);
        if let Some(lines) = lines {
            table.check(lines);
            drawing.warn_of_bodies(lines, &mut table);
        }
        drawing.warn_of_printed(&mut table);
        Ok(table)
    })
}

/// The data that a table is drawn from.
struct TableBuilder<'a> {
    wanted: &'a TableRequest<'a>,
    layout: Option<(&'a Layout, &'a TableLayout)>,
    live: Option<LiveFigures<'a>>,
    published: BTreeMap<i32, PublishedYear>,
    entered: BTreeMap<i32, EnteredYear>,
}

impl TableBuilder<'_> {
    /// Warns of developments that were printed otherwise than they are.
    fn warn_of_printed(&self, table: &mut Table) {
        let last = *self.wanted.years.end();
        let printed = self.publication(last).map(|publication| &publication.developments);
        for (code, printed) in printed.into_iter().flatten() {
            let Some(line) = table.line(code) else { continue };
            let Some(right) = line.development.as_ref().map(|development| &development.display) else { continue };
            if right != printed {
                let warning = Warning::of_development(self.wanted.lang, last, line, printed, right);
                table.warnings.push(warning);
            }
        }
    }

    /// Warns of lines without a value because of public bodies, each for the last year that is counted.
    fn warn_of_bodies(&self, lines: &TableLayout, table: &mut Table) {
        let mut years = self.wanted.years.clone().rev().filter(|year| self.publication(*year).is_none());
        let Some(year) = years.find(|year| self.basis(*year) == Basis::Live) else { return };
        let Some(live) = &self.live else { return };
        let warning = |line: &LayoutLine| {
            let code = match live.is_of_nobody(line) {
                true => "BODY_UNKNOWN",
                false if live.counts_twice(line, year) => "BODIES_MEET",
                false => return None,
            };
            Some(Warning::of_bodies(self.wanted.lang, year, table.line(&line.code)?, code))
        };
        let warnings: Vec<Warning> = lines.lines.iter().filter_map(warning).collect();
        table.warnings.extend(warnings);
    }

    /// Returns the publication of the year if it tells of this table.
    fn publication(&self, year: i32) -> Option<&PublishedYear> {
        let publication = self.published.get(&year)?;
        self.printed(publication).is_some().then_some(publication)
    }

    /// The table as it was printed.
    fn printed<'p>(&self, publication: &'p PublishedYear) -> Option<&'p PrintedTable> {
        match self.layout {
            Some((layout, table)) => publication.printed.table_of(layout, table),
            None => publication.printed.table(self.wanted.table),
        }
    }

    fn basis(&self, year: i32) -> Basis {
        self.live.as_ref().map_or(Basis::None, |live| live.basis(year))
    }

    fn source(&self, year: i32) -> Source {
        let period = self.layout.map(|(_, table)| table.period).unwrap_or_default();
        match self.publication(year) {
            Some(publication) => {
                let printed = self.printed(publication).map(PrintedTable::period);
                publication.told(self.wanted.today, printed.unwrap_or(period))
            }
            None => {
                let basis = match self.basis(year) {
                    Basis::None if self.entered.contains_key(&year) => Basis::Entered,
                    basis => basis,
                };
                Source::live(year, basis, self.wanted.today, period)
            }
        }
    }

    /// The lines as the years have them: each as the newest year has it that is published or counted.
    fn headings(&self) -> Vec<Heading> {
        let TableRequest { lang, .. } = *self.wanted;
        let of_layout = |year: i32| {
            self.layout.map(|(layout, lines)| printed::headings(layout, lines, lang, year)).unwrap_or_default()
        };
        let of_year = |year: i32| match self.publication(year) {
            Some(publication) => {
                let table = self.printed(publication)?;
                Some(printed::printed_headings(&publication.printed, &table.name, lang))
            }
            None => (self.basis(year) != Basis::None || self.entered.contains_key(&year)).then(|| of_layout(year)),
        };
        let all = printed::merged(self.wanted.years.clone().rev().filter_map(of_year));
        if all.is_empty() { of_layout(*self.wanted.years.end()) } else { all }
    }

    /// The figures of a year by the codes of their lines.
    fn figures(&self, year: i32) -> BTreeMap<String, Figure> {
        let entered = entered(self.published.get(&year), self.entered.get(&year));
        let live = self.live.as_ref().map(|live| live.values(year, &entered)).unwrap_or_default();
        match self.publication(year) {
            Some(publication) => self.published_figures(publication, year, &live),
            None => self.live_figures(year, &live),
        }
    }

    /// The figures of a year that is not published.
    fn live_figures(&self, year: i32, live: &BTreeMap<&str, Decimal>) -> BTreeMap<String, Figure> {
        let lines = self.layout.map_or(&[][..], |(_, table)| &table.lines);
        let figure = |line: &LayoutLine| {
            let value = live.get(line.code.as_str()).copied();
            let basis = match line.is_entered() {
                true if value.is_some() => Basis::Entered,
                true => Basis::None,
                false => self.basis(year),
            };
            (line.code.clone(), (value, basis))
        };
        lines.iter().map(figure).collect()
    }

    /// The figures of a published year. Those that were given leave lines of which none was given as they are counted; one that was
    /// counted when it was published stays as it was. A line that follows from others does so from what is shown of them.
    fn published_figures(
        &self,
        publication: &PublishedYear,
        year: i32,
        live: &BTreeMap<&str, Decimal>,
    ) -> BTreeMap<String, Figure> {
        let lines = self.layout.map_or(&[][..], |(_, table)| &table.lines);
        let is_live = |code: &str| publication.printed.line(code).is_some() && !publication.from_live;
        let given = |line: &LayoutLine| publication.figures.get(&line.code).copied();
        let known = lines.iter().filter(|line| given(line).is_some() || !is_live(&line.code));
        let known = known.map(|line| (line.code.as_str(), given(line))).collect();
        let counted = |line: &LayoutLine| live.get(line.code.as_str()).copied();
        let shown = self.layout.map(|(_, table)| table.values(year, known, &counted)).unwrap_or_default();
        let shown = shown.into_iter().map(|(code, value)| (code.to_owned(), (Some(value), Basis::Live)));
        let printed =
            publication.figures.iter().map(|(code, figure)| (code.clone(), (Some(*figure), Basis::Published)));
        shown.chain(printed).collect()
    }

    /// The basis of a line without a figure.
    fn usual_basis(&self, year: i32) -> Basis {
        if self.publication(year).is_some() { Basis::Published } else { self.basis(year) }
    }
}

/// The figures of lines that people enter: those given with a publication, and those entered on their own; what came later holds.
fn entered(published: Option<&PublishedYear>, entered: Option<&EnteredYear>) -> BTreeMap<String, Decimal> {
    let given = published.map(|publication| (publication.at, &publication.figures));
    let kept = entered.map(|entered| (entered.at, &entered.figures));
    let mut all: Vec<_> = given.into_iter().chain(kept).collect();
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().flat_map(|(_, figures)| figures).map(|(code, figure)| (code.clone(), *figure)).collect()
}

/// The figures of a year that people entered for lines of a layout, with a publication or on their own.
pub fn entered_of_year(
    db: &mut Db,
    layout: &Layout,
    year: i32,
    published: Option<&PublishedYear>,
) -> Result<BTreeMap<String, Decimal>> {
    let kept = entered_figures::latest_of(db, layout, &(year..=year))?.remove(&year);
    let mut all = entered(published, kept.as_ref());
    all.retain(|code, _| layout.line(code).is_some_and(LayoutLine::is_entered));
    Ok(all)
}

/// The figures of a year as they are counted now, by the codes of lines.
#[derive(Debug, Default)]
pub struct CountedYear {
    /// The figures.
    pub figures: BTreeMap<String, Decimal>,
    /// The number of values that those are the sums of which add numbers.
    pub said: BTreeMap<String, Decimal>,
}

/// Every line of a layout as it counts now, with the figures that people entered; rubrics that are not collected are
/// left out.
pub fn live_figures(
    db: &mut Db,
    layout: &Layout,
    year: i32,
    today: NaiveDate,
    entered: &BTreeMap<String, Decimal>,
) -> Result<CountedYear> {
    let mut counted = CountedYear::default();
    for table in layout.tables() {
        let live = LiveFigures::read(db, table, &(year..=year), today)?;
        let named = |(code, figure): (&str, Decimal)| (code.to_owned(), figure);
        counted.figures.extend(live.values(year, entered).into_iter().map(named));
        counted.said.extend(live.said(year, entered).into_iter().map(named));
    }
    Ok(counted)
}

/// The lines that name somebody responsible or a public body that there is not, one sentence each: they count nothing, be it for a
/// typing error. No vocabulary knows these values.
pub fn nobody_responsible(db: &mut Db, layouts: &Layouts) -> Result<Vec<String>> {
    let named: Vec<(&Layout, &str, &str)> = layouts
        .iter()
        .flat_map(|layout| layout.values(Dimension::Responsible).map(move |(code, value)| (layout, code, value)))
        .filter(|(.., value)| *value != ABSENT)
        .collect();
    let held: Vec<String> = match named.is_empty() {
        true => Vec::new(),
        false => cube_rows::table.select(cube_rows::responsible).distinct().load(db)?,
    };
    let sentence = |(layout, code, value): (&Layout, &str, &str)| {
        format!("layout {}, line {code}: no record has {value:?} as responsible", layout.name)
    };
    let mut out: Vec<String> =
        named.into_iter().filter(|(.., value)| !held.iter().any(|known| known == value)).map(sentence).collect();
    let selections = layouts.iter().flat_map(|layout| layout.tables().flat_map(TableLayout::selections));
    let bodies = PublicBodies::read(db, selections)?;
    for (layout, line) in layouts.iter().flat_map(|layout| layout.lines().map(move |line| (layout, line))) {
        let under = line.source.selections().iter().flat_map(Selection::bodies);
        let unknown = under.flat_map(ValueSet::named).filter(|name| *name != ABSENT && !bodies.has(name));
        out.extend(
            unknown.map(|name| format!("layout {}, line {}: there is no public body {name:?}", layout.name, line.code)),
        );
    }
    Ok(out)
}

/// Returns the downloads of published publications: title, year, count.
pub fn publication_downloads(db: &mut Db) -> Result<Vec<(String, i32, i64)>> {
    let rows: Vec<(String, String)> = records::table
        .filter(records::register.eq("publications"))
        .filter(records::published.eq(true))
        .select((records::title, records::details))
        .order(records::number)
        .load(db)?;
    let mut all = Vec::new();
    for (title, details) in rows {
        let details: Value = read_stored(&details, "record")?;
        all.extend(details["downloads"].as_array().into_iter().flatten().filter_map(|download| {
            let year = i32::try_from(download["year"].as_i64()?).ok()?;
            Some((title.clone(), year, download["count"].as_i64()?))
        }));
    }
    Ok(all)
}

/// The kinds of yearly figures that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FiguresKind {
    /// Of the website.
    Website,
    /// Of the staff.
    Staffing,
}

impl FiguresKind {
    fn name(self) -> &'static str {
        match self {
            FiguresKind::Website => "website",
            FiguresKind::Staffing => "staffing",
        }
    }
}

/// The figures of the years that have any.
pub fn year_figures(db: &mut Db, kind: FiguresKind, years: &RangeInclusive<i32>) -> Result<BTreeMap<i32, Value>> {
    let rows: Vec<(i32, String)> = year_figures::table
        .filter(year_figures::kind.eq(kind.name()))
        .filter(year_figures::year.between(*years.start(), *years.end()))
        .select((year_figures::year, year_figures::body))
        .load(db)?;
    let read = |(year, body): (i32, String)| Ok((year, read_stored(&body, "figures")?));
    rows.into_iter().map(read).collect()
}

/// Figures of a year as they are kept: what of them stands in the audit trail.
#[derive(Queryable, Selectable)]
#[diesel(table_name = year_figures)]
pub struct FiguresRow {
    kind: String,
    year: i32,
    body: String,
    /// The subject that set the figures.
    pub actor: String,
    /// In which request.
    pub request_id: String,
    /// The instant at which they were set, in UTC.
    pub at: NaiveDateTime,
}

impl FiguresRow {
    /// Returns the subject under which the audit trail lists the figures.
    pub fn subject(&self) -> String {
        format!("{}/{}", self.kind, self.year)
    }

    /// Returns the digest of the figures for the audit trail, without who set them and when.
    pub fn digest(&self) -> String {
        digest::of(&[&self.body])
    }
}

/// The figures of all years.
pub fn all_figures(db: &mut Db) -> Result<Vec<FiguresRow>> {
    Ok(year_figures::table.order((year_figures::kind, year_figures::year)).select(FiguresRow::as_select()).load(db)?)
}

/// Sets the figures of a year; true when there were none.
pub fn set_year_figures(
    tx: &mut WriteTransaction,
    kind: FiguresKind,
    year: i32,
    body: &Value,
    by: &OperationContext,
) -> Result<bool> {
    let entry = trail::NewTrailEntry {
        kind: trail::TrailKind::Figures,
        action: "SET",
        subject: &format!("{}/{year}", kind.name()),
        revision: None,
        digest: digest::of(&[&body.to_string()]),
    };
    trail::append(tx, &entry, by)?;
    let db = tx.unflushed();
    let row = year_figures::table.find((kind.name(), year));
    let gone = diesel::delete(row).execute(db)?;
    diesel::insert_into(year_figures::table)
        .values((
            year_figures::kind.eq(kind.name()),
            year_figures::year.eq(year),
            year_figures::body.eq(body.to_string()),
            year_figures::actor.eq(&by.actor.name),
            year_figures::request_id.eq(&by.request_id),
            year_figures::at.eq(by.at),
        ))
        .execute(db)?;
    Ok(gone == 0)
}
