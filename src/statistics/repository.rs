//! What the statistics ask of the database: sums of the cube, publications, and the figures of years.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};
use serde_json::Value;

use super::lang::Lang;
use super::layout::{Layout, Line, TableLayout};
use super::table::{Basis, Source, Table, Warning};
use crate::audit::trail;
use crate::db::schema::{changes, published, records, year_figures};
use crate::db::{Db, catch_up};
use crate::error::{Error, Result};
use crate::registers;
use crate::registers::cube::{self, Count, Resolution};
use crate::registers::history::{self, Act};
use crate::registers::record::{Columns, Row};

/// The live counts of lines over years.
struct Live {
    first: Option<i32>,
    counts: Vec<Count>,
    resolution: Resolution,
}

impl Live {
    fn of(db: &mut Db, table: &TableLayout, years: &RangeInclusive<i32>) -> Result<Live> {
        let dimensions = table.dimensions();
        let resolution = Resolution::for_dimensions(dimensions.iter().copied());
        let counts = cube::count(db, years, resolution, &dimensions, &[])?;
        Ok(Live { first: cube::first_year(db)?, counts, resolution })
    }

    fn basis(&self, year: i32) -> Basis {
        if self.first.is_some_and(|first| first <= year) { Basis::Live } else { Basis::None }
    }

    /// The value of a line; none where the rubric was not collected.
    fn value(&self, line: &Line, wanted: i32) -> Option<i64> {
        if self.basis(wanted) == Basis::None || !line.is_collected(wanted) {
            return None;
        }
        let year = |count: &Count| match self.resolution {
            Resolution::Years => count.period,
            Resolution::Months => count.period / 100,
        };
        let counted = self.counts.iter().filter(|count| year(count) == wanted);
        Some(counted.filter(|count| line.selections.iter().any(|s| count.is_in(s))).map(|c| c.counts.received).sum())
    }
}

/// Draws a table of a layout: published years as they were published, all others from the cube as it is now.
pub fn table(
    db: &mut Db,
    layout: &Layout,
    table: &TableLayout,
    lang: Lang,
    years: RangeInclusive<i32>,
) -> Result<Table> {
    db.transaction(|db| {
        let live = Live::of(db, table, &years)?;
        let mut published = latest(db, &layout.name, &years)?;
        // A publication says nothing of a table of which it has no line; one that two tables share belongs to the first.
        let own = |line: &Line| layout.first_table_with(&line.code).is_some_and(|first| std::ptr::eq(first, table));
        published.retain(|_, publication| {
            table.lines.iter().any(|line| own(line) && publication.figures.contains_key(&line.code))
        });
        let basis = |year: i32| if published.contains_key(&year) { Basis::Published } else { live.basis(year) };
        let value = |line: &Line, year: i32| match published.get(&year) {
            Some(publication) => publication.figures.get(&line.code).copied(),
            None => live.value(line, year),
        };
        let last = *years.end();
        let sources = years.clone().map(|year| source(year, basis(year), published.get(&year))).collect();
        let mut drawn = Table::draw(layout, table, lang, years, basis, value);
        drawn.sources = sources;
        let printed = published.get(&last).map(|publication| &publication.developments);
        for (code, printed) in printed.into_iter().flatten() {
            let Some(line) = drawn.line(code) else { continue };
            let Some(right) = line.development.as_ref().map(|development| development.display.clone()) else {
                continue;
            };
            if right != *printed {
                let warning = Warning::of_development(lang, last, line, printed, &right);
                drawn.warnings.push(warning);
            }
        }
        Ok(drawn)
    })
}

/// Where the figures of a year come from.
pub fn source(year: i32, basis: Basis, publication: Option<&Publication>) -> Source {
    Source {
        year,
        basis,
        version: publication.map(|publication| publication.version),
        published_on: publication.map(|publication| publication.published_on),
        source: publication.and_then(|publication| publication.source.clone()),
    }
}

/// A year's figures as they were published. It never changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Publication {
    /// The year.
    pub year: i32,
    /// 1 for the first publication of the year.
    pub version: i64,
    /// The values by the codes of lines; a rubric that was not collected is absent.
    pub figures: BTreeMap<String, i64>,
    /// The developments that were printed with them, as printed.
    pub developments: BTreeMap<String, String>,
    /// The day of publication.
    pub published_on: NaiveDate,
    /// Where it was published.
    pub source: Option<String>,
    /// Whether the figures were counted from the records at that moment.
    pub from_live: bool,
    /// The end of the change feed at that moment.
    pub seq: i64,
    /// Who entered it.
    pub actor: String,
    /// In which request.
    pub request_id: String,
    /// When it was entered, in UTC.
    pub at: NaiveDateTime,
}

impl Publication {
    /// What the audit trail holds of it, besides who published it when.
    pub fn digest(&self) -> Result<String> {
        let failed = |error: serde_json::Error| Error::Internal(error.to_string());
        let figures = serde_json::to_string(&self.figures).map_err(failed)?;
        let developments = serde_json::to_string(&self.developments).map_err(failed)?;
        Ok(trail::digest(&[
            &figures,
            &developments,
            &self.published_on.to_string(),
            &trail::optional(self.source.as_deref()),
            if self.from_live { "live" } else { "given" },
            &self.seq.to_string(),
        ]))
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = published)]
struct PublicationRow {
    year: i32,
    version: i64,
    figures: String,
    developments: String,
    published_on: NaiveDate,
    source: Option<String>,
    from_live: bool,
    seq: i64,
    actor: String,
    request_id: String,
    at: NaiveDateTime,
}

impl PublicationRow {
    fn read(self) -> Result<Publication> {
        let unreadable = |error: serde_json::Error| Error::Internal(format!("unreadable publication: {error}"));
        let PublicationRow { year, version, published_on, source, from_live, seq, actor, request_id, at, .. } = self;
        let figures = serde_json::from_str(&self.figures).map_err(unreadable)?;
        let developments = serde_json::from_str(&self.developments).map_err(unreadable)?;
        Ok(Publication {
            year,
            version,
            figures,
            developments,
            published_on,
            source,
            from_live,
            seq,
            actor,
            request_id,
            at,
        })
    }
}

/// All versions of the years, oldest first.
pub fn publications(db: &mut Db, layout: &str, years: &RangeInclusive<i32>) -> Result<Vec<Publication>> {
    let rows: Vec<PublicationRow> = published::table
        .filter(published::layout.eq(layout))
        .filter(published::year.between(*years.start(), *years.end()))
        .order((published::year, published::version))
        .select(PublicationRow::as_select())
        .load(db)?;
    rows.into_iter().map(PublicationRow::read).collect()
}

/// The newest version of each year.
pub fn latest(db: &mut Db, layout: &str, years: &RangeInclusive<i32>) -> Result<BTreeMap<i32, Publication>> {
    Ok(publications(db, layout, years)?.into_iter().map(|publication| (publication.year, publication)).collect())
}

/// Every line of a layout as it counts now; rubrics that are not collected are left out.
pub fn live_figures(db: &mut Db, layout: &Layout, year: i32) -> Result<BTreeMap<String, i64>> {
    let mut figures = BTreeMap::new();
    for table in layout.tables() {
        let live = Live::of(db, table, &(year..=year))?;
        figures.extend(table.lines.iter().filter_map(|line| Some((line.code.clone(), live.value(line, year)?))));
    }
    Ok(figures)
}

/// Keeps a publication as a further version; one that says the same as the newest version is that version again.
/// True when it is a new one.
pub fn publish(db: &mut Db, layout: &str, new: &Publication, by: &Act) -> Result<(Publication, bool)> {
    let held = latest(db, layout, &(new.year..=new.year))?.remove(&new.year);
    if let Some(held) = &held
        && (&held.figures, &held.developments, held.published_on, &held.source)
            == (&new.figures, &new.developments, new.published_on, &new.source)
    {
        return Ok((held.clone(), false));
    }
    let publication = Publication {
        version: held.map_or(0, |held| held.version) + 1,
        seq: history::end_of_feed(db)?,
        actor: by.actor.clone(),
        request_id: by.request_id.clone(),
        at: by.at,
        ..new.clone()
    };
    let text = |value: serde_json::Result<String>| value.map_err(|error| Error::Internal(error.to_string()));
    let entry = trail::Entry {
        kind: trail::Kind::Publication,
        action: "PUBLISHED",
        subject: &format!("{layout}/{}", publication.year),
        revision: Some(publication.version),
        digest: publication.digest()?,
    };
    trail::append(db, &entry, by)?;
    diesel::insert_into(published::table)
        .values((
            published::layout.eq(layout),
            published::year.eq(publication.year),
            published::version.eq(publication.version),
            published::figures.eq(text(serde_json::to_string(&publication.figures))?),
            published::developments.eq(text(serde_json::to_string(&publication.developments))?),
            published::published_on.eq(publication.published_on),
            published::source.eq(&publication.source),
            published::from_live.eq(publication.from_live),
            published::seq.eq(publication.seq),
            published::actor.eq(&publication.actor),
            published::request_id.eq(&publication.request_id),
            published::at.eq(publication.at),
        ))
        .execute(db)?;
    Ok((publication, true))
}

/// A record that counted differently when a year was published.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// Its register.
    pub register: String,
    /// Its id.
    pub id: String,
    /// Its business number.
    pub number: String,
    /// What it was then; none when it was not there.
    pub then: Option<Columns>,
    /// What it is now; none when it is gone.
    pub now: Option<Columns>,
}

/// The records that changed since a publication and counted or count in its year.
pub fn moved_since(db: &mut Db, publication: &Publication) -> Result<Vec<Moved>> {
    let year = publication.year;
    type Since = (String, String, String, Option<i64>);
    catch_up(db)?;
    let since: Vec<Since> = changes::table
        .filter(changes::seq.gt(publication.seq))
        .group_by((changes::record_id, changes::register))
        .select((
            changes::record_id,
            changes::register,
            diesel::dsl::max(changes::number).assume_not_null(),
            diesel::dsl::min(changes::revision),
        ))
        .order(changes::record_id)
        .load(db)?;
    let mut out = Vec::new();
    for (id, register, number, first) in since {
        let Some(register) = registers::find(&register) else { continue };
        let now: Option<Row> = records::table
            .filter(records::id.eq(&id))
            .filter(records::register.eq(register.name))
            .select(Row::as_select())
            .first(db)
            .optional()?;
        let now = now.map(|row| row.columns).filter(|columns| columns.year() == year);
        let before = first.unwrap_or(1) - 1;
        let then = if before == 0 { None } else { history::at_revision(db, register, &id, before)? };
        let then = then.filter(|columns| columns.year() == year);
        if now.is_some() || then.is_some() {
            out.push(Moved { register: register.name.to_owned(), id, number, then, now });
        }
    }
    Ok(out)
}

#[derive(QueryableByName)]
struct Topic {
    #[diesel(sql_type = Nullable<Text>)]
    topic: Option<String>,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// What the media requests of a year were about, most asked first, those without a topic last.
pub fn topics(db: &mut Db, year: i32) -> Result<Vec<(Option<String>, i64)>> {
    let topic = match db {
        Db::Sqlite(_) => "trim(json_extract(details, '$.topic'))",
        Db::Postgres(_) => "btrim(CAST(details AS JSONB) ->> 'topic')",
    };
    let sql = format!(
        "SELECT {topic} AS topic, count(*) AS number FROM records \
         WHERE register = 'media-requests' AND received_on BETWEEN $1 AND $2 GROUP BY 1"
    );
    let (Some(first), Some(last)) = (NaiveDate::from_ymd_opt(year, 1, 1), NaiveDate::from_ymd_opt(year, 12, 31)) else {
        return Ok(Vec::new());
    };
    let found: Vec<Topic> = diesel::sql_query(sql).bind::<Date, _>(first).bind::<Date, _>(last).load(db)?;
    let mut topics: Vec<(Option<String>, i64)> = found.into_iter().map(|row| (row.topic, row.number)).collect();
    topics.sort_by(|a, b| (a.0.is_none(), b.1, &a.0).cmp(&(b.0.is_none(), a.1, &b.0)));
    Ok(topics)
}

/// How often published publications were downloaded: title, year, count.
pub fn publication_downloads(db: &mut Db) -> Result<Vec<(String, i32, i64)>> {
    let rows: Vec<(String, String)> = records::table
        .filter(records::register.eq("publications"))
        .filter(records::published.eq(true))
        .select((records::title, records::details))
        .order(records::number)
        .load(db)?;
    let mut all = Vec::new();
    for (title, details) in rows {
        let details: Value =
            serde_json::from_str(&details).map_err(|error| Error::Internal(format!("unreadable record: {error}")))?;
        all.extend(details["downloads"].as_array().into_iter().flatten().filter_map(|download| {
            let year = i32::try_from(download["year"].as_i64()?).ok()?;
            Some((title.clone(), year, download["count"].as_i64()?))
        }));
    }
    Ok(all)
}

/// Which figures of years are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of the website.
    Website,
    /// Of the staff.
    Staffing,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Website => "website",
            Kind::Staffing => "staffing",
        }
    }
}

/// The figures of the years that have any.
pub fn year_figures(db: &mut Db, kind: Kind, years: &RangeInclusive<i32>) -> Result<BTreeMap<i32, Value>> {
    let rows: Vec<(i32, String)> = year_figures::table
        .filter(year_figures::kind.eq(kind.name()))
        .filter(year_figures::year.between(*years.start(), *years.end()))
        .select((year_figures::year, year_figures::body))
        .load(db)?;
    let read = |(year, body): (i32, String)| {
        let body =
            serde_json::from_str(&body).map_err(|error| Error::Internal(format!("unreadable figures: {error}")))?;
        Ok((year, body))
    };
    rows.into_iter().map(read).collect()
}

/// Figures of a year as they are kept: what of them stands in the audit trail.
#[derive(Queryable, Selectable)]
#[diesel(table_name = year_figures)]
pub struct KeptFigures {
    kind: String,
    year: i32,
    body: String,
    /// Who set them.
    pub actor: String,
    /// In which request.
    pub request_id: String,
    /// When, in UTC.
    pub at: NaiveDateTime,
}

impl KeptFigures {
    /// What the audit trail calls them.
    pub fn subject(&self) -> String {
        format!("{}/{}", self.kind, self.year)
    }

    /// What the audit trail holds of them, besides who set them when.
    pub fn digest(&self) -> String {
        trail::digest(&[&self.body])
    }
}

/// The figures of all years.
pub fn all_figures(db: &mut Db) -> Result<Vec<KeptFigures>> {
    Ok(year_figures::table.order((year_figures::kind, year_figures::year)).select(KeptFigures::as_select()).load(db)?)
}

/// Sets the figures of a year; true when there were none.
pub fn set_year_figures(db: &mut Db, kind: Kind, year: i32, body: &Value, by: &Act) -> Result<bool> {
    let entry = trail::Entry {
        kind: trail::Kind::Figures,
        action: "SET",
        subject: &format!("{}/{year}", kind.name()),
        revision: None,
        digest: trail::digest(&[&body.to_string()]),
    };
    trail::append(db, &entry, by)?;
    let row = year_figures::table.find((kind.name(), year));
    let gone = diesel::delete(row).execute(db)?;
    diesel::insert_into(year_figures::table)
        .values((
            year_figures::kind.eq(kind.name()),
            year_figures::year.eq(year),
            year_figures::body.eq(body.to_string()),
            year_figures::actor.eq(&by.actor),
            year_figures::request_id.eq(&by.request_id),
            year_figures::at.eq(by.at),
        ))
        .execute(db)?;
    Ok(gone == 0)
}
