//! Years as they were published. What was published never changes: publishing again makes a further version.

use crate::json::read_stored;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::layout::{Layout, Layouts};
use super::period::Period;
use super::printed::Printed;
use super::provisional::Progress;
use super::table::{Basis, Source};
use crate::audit::trail;
use crate::calendar::YEARS;
use crate::context::OperationContext;
use crate::db::schema::{changes, entered_figures, history as past, published, records};
use crate::db::{Db, WriteTransaction, cached};
use crate::decimal::Decimal;
use crate::digest;
use crate::error::{Error, Result};
use crate::records::projections::history;
use crate::records::row::{RecordRow, StoredRecord as Record};
use crate::registers::vocabulary::OWN_PROPERTY;
use crate::registers::{self, Vocabulary};

/// A year's figures as they were published. It never changes.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedYear {
    /// The year.
    pub year: i32,
    /// 1 for the first publication of the year.
    pub version: i64,
    /// The values by the codes of lines; a rubric that was not collected is absent.
    pub figures: BTreeMap<String, Decimal>,
    /// The developments that were printed with them, as printed.
    pub developments: BTreeMap<String, String>,
    /// The day of publication.
    pub published_on: NaiveDate,
    /// The place where it was published.
    pub source: Option<String>,
    /// True if the figures were counted from the records at that moment.
    pub from_live: bool,
    /// True if the figures were published as not final.
    pub provisional: bool,
    /// The number of values that those figures are the sums of which add numbers; none where they were given.
    pub said: BTreeMap<String, Decimal>,
    /// The lines as they were printed.
    pub printed: Printed,
    /// The end of the change feed at that moment.
    pub seq: i64,
    /// The subject that entered the publication.
    pub actor: String,
    /// In which request.
    pub request_id: String,
    /// The instant at which the publication was entered, in UTC.
    pub at: NaiveDateTime,
}

impl PublishedYear {
    /// A publication of a year that says nothing yet.
    pub fn of(year: i32, published_on: NaiveDate) -> PublishedYear {
        PublishedYear {
            year,
            version: 0,
            figures: BTreeMap::new(),
            developments: BTreeMap::new(),
            published_on,
            source: None,
            from_live: false,
            provisional: false,
            said: BTreeMap::new(),
            printed: Printed::default(),
            seq: 0,
            actor: String::new(),
            request_id: String::new(),
            at: NaiveDateTime::default(),
        }
    }

    /// The same with the codes that the lines of a layout have now.
    fn under(self, layout: &Layout) -> PublishedYear {
        PublishedYear {
            figures: layout.under_codes_now(self.figures),
            developments: layout.under_codes_now(self.developments),
            said: layout.under_codes_now(self.said),
            printed: self.printed.under(layout),
            ..self
        }
    }

    /// Returns the source of the figures of its year as a table tells it.
    pub fn told(&self, today: NaiveDate, period: Period) -> Source {
        let provisional = self.provisional || period.progress(self.year, today) != Progress::Over;
        Source {
            year: self.year,
            basis: Basis::Published,
            version: Some(self.version),
            published_on: Some(self.published_on),
            source: self.source.clone(),
            provisional,
            as_of: provisional.then_some(self.published_on),
        }
    }

    /// True if the publication says the same as another one.
    fn says_the_same(&self, other: &PublishedYear) -> bool {
        let said = |one: &PublishedYear| (one.published_on, one.source.clone(), one.provisional, one.printed.clone());
        self.figures == other.figures && self.developments == other.developments && said(self) == said(other)
    }

    fn row(&self, layout: &str) -> Result<PublishedRow> {
        let text = |value: serde_json::Result<String>| value.map_err(|error| Error::Internal(error.to_string()));
        Ok(PublishedRow {
            layout: layout.to_owned(),
            year: self.year,
            version: self.version,
            figures: text(serde_json::to_string(&self.figures))?,
            developments: text(serde_json::to_string(&self.developments))?,
            lines: text(serde_json::to_string(&self.printed))?,
            provisional: self.provisional,
            published_on: self.published_on,
            source: self.source.clone(),
            from_live: self.from_live,
            seq: self.seq,
            actor: self.actor.clone(),
            request_id: self.request_id.clone(),
            at: self.at,
        })
    }
}

/// A publication as it is kept.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = published)]
struct PublishedRow {
    layout: String,
    year: i32,
    version: i64,
    figures: String,
    developments: String,
    lines: String,
    provisional: bool,
    published_on: NaiveDate,
    source: Option<String>,
    from_live: bool,
    seq: i64,
    actor: String,
    request_id: String,
    at: NaiveDateTime,
}

impl PublishedRow {
    fn read(self) -> Result<PublishedYear> {
        let PublishedRow {
            year,
            version,
            provisional,
            published_on,
            source,
            from_live,
            seq,
            actor,
            request_id,
            at,
            ..
        } = self;
        let figures = read_stored(&self.figures, "publication")?;
        let developments = read_stored(&self.developments, "publication")?;
        let printed: Printed = read_stored(&self.lines, "publication")?;
        let lines = printed.tables.iter().flat_map(|table| &table.lines);
        let said = lines.filter_map(|line| Some((line.code.clone(), line.said?))).collect();
        Ok(PublishedYear {
            year,
            version,
            figures,
            developments,
            published_on,
            source,
            from_live,
            provisional,
            said,
            printed,
            seq,
            actor,
            request_id,
            at,
        })
    }

    /// Returns the digest of the publication for the audit trail, without who published it and when.
    fn digest(&self) -> String {
        let (day, source) = (self.published_on.to_string(), digest::optional(self.source.as_deref()));
        let origin = if self.from_live { "live" } else { "given" };
        let finality = if self.provisional { "provisional" } else { "final" };
        let seq = self.seq.to_string();
        digest::of(&[&self.figures, &self.developments, &day, &source, origin, &seq, finality, &self.lines])
    }

    /// Returns the subject under which the audit trail lists the publication.
    fn subject(&self) -> String {
        format!("{}/{}", self.layout, self.year)
    }
}

/// All publications in the years of the layout that has these names, or of every layout, oldest versions first.
fn rows(db: &mut Db, names: Option<&[String]>, years: &RangeInclusive<i32>) -> Result<Vec<PublishedRow>> {
    let mut query = published::table
        .filter(published::year.between(*years.start(), *years.end()))
        .order((published::layout, published::year, published::version))
        .select(PublishedRow::as_select())
        .into_boxed();
    if let Some(names) = names {
        query = query.filter(published::layout.eq_any(names.to_vec()));
    }
    let mut rows: Vec<PublishedRow> = cached(query).load(db)?;
    if let Some(names) = names {
        rows.sort_by_key(|row| (row.year, names.iter().position(|name| *name == row.layout), row.version));
    }
    Ok(rows)
}

/// All versions of the years, oldest first; `names` are those of the layout, the present one last.
pub fn publications(db: &mut Db, names: &[String], years: &RangeInclusive<i32>) -> Result<Vec<PublishedYear>> {
    rows(db, Some(names), years)?.into_iter().map(PublishedRow::read).collect()
}

/// The newest version of each year.
pub fn latest(db: &mut Db, names: &[String], years: &RangeInclusive<i32>) -> Result<BTreeMap<i32, PublishedYear>> {
    Ok(publications(db, names, years)?.into_iter().map(|publication| (publication.year, publication)).collect())
}

/// All versions of the years of a layout, with the codes that its lines have now.
pub fn all_of(db: &mut Db, layout: &Layout, years: &RangeInclusive<i32>) -> Result<Vec<PublishedYear>> {
    Ok(publications(db, &layout.names(), years)?.into_iter().map(|publication| publication.under(layout)).collect())
}

/// The newest version of each of them.
pub fn latest_of(db: &mut Db, layout: &Layout, years: &RangeInclusive<i32>) -> Result<BTreeMap<i32, PublishedYear>> {
    Ok(all_of(db, layout, years)?.into_iter().map(|publication| (publication.year, publication)).collect())
}

/// Tells if anything was published by a layout of that name.
pub fn any(db: &mut Db, layout: &str) -> Result<bool> {
    let found = published::table.filter(published::layout.eq(layout));
    Ok(diesel::select(diesel::dsl::exists(found)).get_result(db)?)
}

/// Tells if anything was published of a table of that name.
pub fn has_table(db: &mut Db, names: &[String], table: &str) -> Result<bool> {
    let all = publications(db, names, &(i32::MIN..=i32::MAX))?;
    Ok(all.iter().any(|publication| publication.printed.table(table).is_some()))
}

/// Keeps a publication, with its lines as the layout has them, as a further version; one that says the same as the newest
/// version is that version again. True when it is a new one. The versions of a year stand under the name that the layout had at
/// the first of them.
pub fn publish(
    tx: &mut WriteTransaction,
    layout: &Layout,
    new: &PublishedYear,
    by: &OperationContext,
) -> Result<(PublishedYear, bool)> {
    let held = rows(tx.unflushed(), Some(&layout.names()), &(new.year..=new.year))?.pop();
    let name = held.as_ref().map_or(&layout.name, |held| &held.layout).clone();
    let held = held.map(PublishedRow::read).transpose()?;
    let mut publication = PublishedYear {
        printed: Printed::of(layout, &new.figures, &new.said, new.year),
        actor: by.actor.name.clone(),
        request_id: by.request_id.clone(),
        at: by.at,
        ..new.clone()
    };
    if let Some(held) = &held
        && held.says_the_same(&publication)
    {
        return Ok((held.clone(), false));
    }
    publication.version = held.map_or(0, |held| held.version) + 1;
    publication.seq = history::end_of_feed(tx.flushed()?)?;
    let row = publication.row(&name)?;
    let entry = trail::NewTrailEntry {
        kind: trail::TrailKind::Publication,
        action: "PUBLISHED",
        subject: &row.subject(),
        revision: Some(publication.version),
        digest: row.digest(),
    };
    trail::append(tx, &entry, by)?;
    diesel::insert_into(published::table).values(&row).execute(tx.unflushed())?;
    Ok((publication, true))
}

/// A publication as the audit trail must tell of it.
pub struct PublicationProof {
    /// The subject under which the audit trail lists the publication.
    pub subject: String,
    /// The version.
    pub version: i64,
    /// The digest of the publication as the audit trail records it.
    pub digest: String,
    /// The subject that published it.
    pub actor: String,
    /// In which request.
    pub request_id: String,
    /// The instant at which it was published, in UTC.
    pub at: NaiveDateTime,
}

/// All publications as the audit trail must tell of them.
pub fn told(db: &mut Db) -> Result<Vec<PublicationProof>> {
    let told = |row: PublishedRow| PublicationProof {
        subject: row.subject(),
        version: row.version,
        digest: row.digest(),
        actor: row.actor,
        request_id: row.request_id,
        at: row.at,
    };
    Ok(rows(db, None, &(i32::MIN..=i32::MAX))?.into_iter().map(told).collect())
}

/// Published figures of lines that the layouts do not have, one sentence each: they are read as they were printed.
pub fn unlisted(db: &mut Db, layouts: &Layouts) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for row in rows(db, None, &(i32::MIN..=i32::MAX))? {
        let (name, layout) = (row.subject(), layouts.get(Some(&row.layout)));
        let Ok(publication) = row.read() else { continue };
        let is_line = |code: &str| layout.is_some_and(|layout| layout.line(layout.code_now(code)).is_some());
        for code in publication.figures.keys().filter(|code| !is_line(code)) {
            out.push(format!(
                "published figures: {name} has a figure of {code}, which is no line of the layout any more; it is shown \
                 as it was printed"
            ));
        }
    }
    out.dedup();
    Ok(out)
}

/// The layouts that are gone and that something was published or entered by, one sentence each.
pub fn without_layout(db: &mut Db, layouts: &Layouts) -> Result<Vec<String>> {
    let published: Vec<(String, i32)> =
        published::table.select((published::layout, published::year)).distinct().load(db)?;
    let entered: Vec<(String, i32)> =
        entered_figures::table.select((entered_figures::layout, entered_figures::year)).distinct().load(db)?;
    let mut gone: BTreeMap<String, BTreeSet<i32>> = BTreeMap::new();
    for (layout, year) in published.into_iter().chain(entered).filter(|(name, _)| layouts.get(Some(name)).is_none()) {
        gone.entry(layout).or_default().insert(year);
    }
    let sentence = |(name, years): (String, BTreeSet<i32>)| {
        let years: Vec<String> = years.iter().map(i32::to_string).collect();
        format!(
            "published figures: there is no layout {name} any more, by which {} was published; where another took its place, write \
             was = [\"{name}\"] in that one, which has its publications then",
            years.join(", ")
        )
    };
    Ok(gone.into_iter().map(sentence).collect())
}

/// Published figures of which no line says what they are, one sentence each.
pub fn without_line(db: &mut Db) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for row in rows(db, None, &(i32::MIN..=i32::MAX))? {
        let name = format!("version {} of the publication {}", row.version, row.subject());
        let Ok(PublishedYear { figures, printed, .. }) = row.read() else {
            out.push(format!("published figures: {name} cannot be read"));
            continue;
        };
        let unknown = figures.keys().filter(|code| printed.line(code).is_none());
        out.extend(unknown.map(|code| format!("published figures: {name} has no line {code}, but a figure of it")));
    }
    Ok(out)
}

/// A record that counted differently when a year was published.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedRecord {
    /// Its register.
    pub register: String,
    /// Its id.
    pub id: String,
    /// Its business number.
    pub number: String,
    /// The row of the record at the publication; `None` if it was not there.
    pub then: Option<RecordRow>,
    /// The row of the record now; `None` if it is gone.
    pub now: Option<RecordRow>,
}

/// The records that changed since a publication and counted or count in its year, in three queries however many there
/// are: what changed, what of it is in the year now, and what it was before. With lines that look beyond the year, such as what is
/// pending, every record that changed may be one.
pub fn moved_since(db: &mut Db, publication: &PublishedYear, layout: Option<&Layout>) -> Result<Vec<ChangedRecord>> {
    let PublishedYear { year, seq, .. } = *publication;
    let years = match layout {
        Some(layout) if layout.lines().any(|line| line.looks_beyond(year)) => None,
        Some(layout) => Some(layout.calendar_years(year)),
        None => Some(year..=year),
    };
    let days = ReceivedDays::of(years);
    let since = changed_since(db, seq, &days)?;
    let changed = changes::table.filter(changes::seq.gt(seq)).select(changes::record_id);
    let present: Vec<Record> = records::table
        .filter(records::received_on.between(days.first, days.last))
        .filter(records::id.eq_any(changed))
        .select(Record::as_select())
        .load(db)?;
    let mut present: BTreeMap<String, RecordRow> =
        present.into_iter().map(|row| (row.row.id.clone(), row.row)).collect();
    let before = since.iter().map(|(id, _, _, revision)| (id.as_str(), revision.unwrap_or(1))).collect();
    let mut former = history::before(db, seq, &days.dated, &before)?;
    former.retain(|_, columns| (days.first..=days.last).contains(&columns.received_on));
    let moved = since.into_iter().filter(|(_, register, ..)| registers::find(register).is_some());
    let moved = moved.map(|(id, register, number, _)| {
        let (then, now) = (former.remove(&id), present.remove(&id).filter(|columns| columns.register == register));
        ChangedRecord { register, id, number, then, now }
    });
    Ok(moved.filter(|record| record.then.is_some() || record.now.is_some()).collect())
}

impl ChangedRecord {
    /// Gives what it carried under former names those that it has now: a new name alone is no difference.
    pub fn rename(&mut self, vocabulary: &Vocabulary) {
        let (Some(then), Some(register)) = (&mut self.then, registers::find(&self.register)) else { return };
        let mut details = then.own_properties();
        if let Some(own) = details.get_mut(OWN_PROPERTY).and_then(|own| own.as_object_mut()) {
            vocabulary.rename(register, own);
            then.details = details.to_string();
        }
    }
}

/// The days in which records were received that could count.
struct ReceivedDays {
    first: NaiveDate,
    last: NaiveDate,
    /// The marks of dates in the history of a record: one of them at least must be there.
    dated: [String; 2],
}

impl ReceivedDays {
    /// The days of calendar years, two at the most; of all where none are named.
    fn of(years: Option<RangeInclusive<i32>>) -> ReceivedDays {
        let calendar = Period::default();
        match years {
            Some(years) => {
                let (from, to) = (*years.start(), *years.end());
                let dated = [from, to].map(|year| format!("%\"new\":\"{year:04}-%"));
                ReceivedDays { first: calendar.first(from), last: calendar.last(to), dated }
            }
            None => ReceivedDays {
                first: calendar.first(*YEARS.start()),
                last: calendar.last(*YEARS.end()),
                dated: ["%".into(), "%".into()],
            },
        }
    }
}

/// A record that changed: its id, register and number, and the first revision that it got since.
type Since = (String, String, String, Option<i64>);

/// The records that changed behind a place in the feed, and are in the days or were dated in them once.
fn changed_since(db: &mut Db, seq: i64, days: &ReceivedDays) -> Result<Vec<Since>> {
    let of_days = records::table
        .filter(records::id.eq(changes::record_id))
        .filter(records::received_on.between(days.first, days.last));
    let [one, other] = days.dated.clone();
    let was_dated = past::table
        .filter(past::record_id.eq(changes::record_id))
        .filter(past::changes.like(one).or(past::changes.like(other)));
    let changed = changes::table
        .filter(changes::seq.gt(seq))
        .filter(diesel::dsl::exists(of_days).or(diesel::dsl::exists(was_dated)))
        .group_by((changes::record_id, changes::register))
        .select((
            changes::record_id,
            changes::register,
            diesel::dsl::max(changes::number).assume_not_null(),
            diesel::dsl::min(changes::revision),
        ))
        .order(changes::record_id);
    Ok(changed.load(db)?)
}
