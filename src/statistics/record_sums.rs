//! Sums over the records themselves, of what the cube does not hold: how long matters took, and what stands in their
//! details.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};

use crate::calendar::{WorkCalendar, WorkingDays};
use crate::db::{Db, Dialect, Statement};
use crate::error::Result;
use crate::records::said::value_of;
use crate::registers::validation::EARLIEST;
use crate::registers::{Dimension, Register, as_counted};

/// A request for durations.
#[derive(Clone, Debug)]
pub struct DurationQuery {
    /// The year in which records were closed.
    pub year: i32,
    /// The day on which the pending are pending.
    pub as_of: NaiveDate,
    /// Broken down by this.
    pub by: Option<Dimension>,
    /// The calendar, if only its working days count.
    pub working: Option<WorkCalendar>,
    /// Only records with these values.
    pub choice: Vec<(Dimension, Vec<String>)>,
    /// From how many matters on it is told how long they took.
    pub least: i64,
}

/// The records that are measured. A record that was pending on a day is still open or was closed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// Records closed in the year.
    Closed,
    /// Records received by the day and still open.
    StillOpen,
    /// Records received by the day and closed later.
    ClosedLater,
}

impl Measured {
    /// Goes on with the day up to which a record is measured.
    fn until(self, question: &DurationQuery, statement: Statement<'static>) -> Statement<'static> {
        match self {
            Measured::Closed => statement.sql("closed_on"),
            Measured::StillOpen | Measured::ClosedLater => statement.bind::<Date, _>(question.as_of),
        }
    }

    /// Goes on with the condition which records are measured.
    fn which(
        self,
        dialect: &dyn Dialect,
        question: &DurationQuery,
        statement: Statement<'static>,
    ) -> Statement<'static> {
        let (year, as_of) = (question.year, question.as_of);
        let day = |month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or(EARLIEST);
        if self == Measured::Closed {
            let statement = statement.sql("closed_on BETWEEN ").bind::<Date, _>(day(1, 1));
            return statement.sql(" AND ").bind::<Date, _>(day(12, 31));
        }
        let statement = statement.sql("received_on <= ").bind::<Date, _>(as_of);
        if self == Measured::StillOpen {
            return statement.sql(" AND closed_on IS NULL");
        }
        let statement = statement.sql(" AND closed_on > ").bind::<Date, _>(as_of);
        // An index of the records that were carried over from one year to the next is small: it answers for the last
        // day of a year. After any other day, which can only be today, hardly anything was closed.
        if (as_of.month(), as_of.day()) != (12, 31) {
            return statement;
        }
        let (closed, received) = (dialect.year("closed_on"), dialect.year("received_on"));
        statement.sql(" AND ").append(closed).sql(" > ").append(received)
    }
}

/// Records with a value that took so many days: the value, the days, and how many there are.
pub type Length = (String, i64, i64);

/// Goes on with the value of a record in a dimension, or an empty text.
fn value_or_none(dialect: &dyn Dialect, statement: Statement<'static>, dimension: Dimension) -> Statement<'static> {
    let statement = statement.sql("coalesce(");
    let value = match dimension {
        Dimension::Own(_) => statement.append(value_of(dialect, "records.details", dimension.own_name())),
        _ => statement.sql(dimension.name()),
    };
    value.sql(", '')")
}

/// The days of the records measured, by value.
pub fn lengths(db: &mut Db, question: &DurationQuery, measured: Measured) -> Result<Vec<Length>> {
    let (dialect, select) = (db.dialect(), Statement::new("SELECT "));
    let select = match question.by {
        Some(by) => value_or_none(dialect, select, by).sql(", "),
        None => select.sql("'', "),
    };
    let from = |statement: Statement<'static>, groups| {
        let number = if dialect.counts_rows() { ", count(*)" } else { ", 1" };
        let statement = measured.which(dialect, question, statement.sql(number).sql(" FROM records WHERE "));
        let chosen = question.choice.iter().fold(statement, |statement, (dimension, values)| {
            // Every record has a register, and the indexes begin with it.
            let column = match dimension {
                Dimension::Register => statement.sql(" AND register"),
                _ => value_or_none(dialect, statement.sql(" AND "), *dimension),
            };
            column.sql(" IN ").texts(values.iter().map(as_counted))
        });
        chosen.sql(if dialect.counts_rows() { groups } else { "" })
    };
    let Some(calendar) = &question.working else {
        let days = dialect.days_between("received_on", measured.until(question, Statement::new("")));
        return Ok(from(select.append(days), " GROUP BY 2, 1").giving::<(Text, BigInt, BigInt)>().load(db)?);
    };
    let spans = measured.until(question, select.sql("received_on, "));
    let spans = from(spans, " GROUP BY 2, 3, 1").giving::<(Text, Date, Date, BigInt)>();
    let spans: Vec<(String, NaiveDate, NaiveDate, i64)> = spans.load(db)?;
    let days = WorkingDays::between(calendar, EARLIEST, spans.iter().map(|span| span.2).max().unwrap_or(EARLIEST));
    Ok(spans.into_iter().map(|(value, from, until, number)| (value, days.after(from, until), number)).collect())
}

/// Three sums of a year.
#[derive(QueryableByName)]
struct ThreeSums {
    #[diesel(sql_type = Integer)]
    year: i32,
    #[diesel(sql_type = BigInt)]
    first: i64,
    #[diesel(sql_type = BigInt)]
    second: i64,
    #[diesel(sql_type = BigInt)]
    third: i64,
}

/// The condition that records were received in the years, and what is made of them.
fn received_in(statement: Statement<'static>, years: &RangeInclusive<i32>, then: &'static str) -> Statement<'static> {
    let first = NaiveDate::from_ymd_opt(*years.start(), 1, 1).unwrap_or(EARLIEST);
    let last = NaiveDate::from_ymd_opt(*years.end(), 12, 31).unwrap_or(EARLIEST);
    let received = statement.sql(" AND received_on BETWEEN ").bind::<Date, _>(first).sql(" AND ");
    received.bind::<Date, _>(last).sql(then)
}

fn by_year(db: &mut Db, sums: Statement<'static>) -> Result<BTreeMap<i32, [i64; 3]>> {
    let found: Vec<ThreeSums> = sums.load(db)?;
    Ok(found.into_iter().map(|sums| (sums.year, [sums.first, sums.second, sums.third])).collect())
}

/// Findings of the audits of each year, how many of them are implemented, and 0.
pub fn findings(db: &mut Db, years: &RangeInclusive<i32>) -> Result<BTreeMap<i32, [i64; 3]>> {
    let dialect = db.dialect();
    let sums = Statement::new("SELECT CAST(").append(dialect.year("received_on"));
    let sums = sums.sql(" AS INTEGER) AS year, count(*) AS first, count(");
    let sums = sums.append(dialect.json_property("finding.value", "implemented_on"));
    let sums = sums.sql(") AS second, CAST(0 AS BIGINT) AS third FROM records, ");
    let sums = sums.append(dialect.json_elements("details", "findings", "finding"));
    by_year(db, received_in(sums.sql(" WHERE register = 'audits'"), years, " GROUP BY 1"))
}

/// The events of a kind in a year.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EventSums {
    /// The number of events.
    pub events: i64,
    /// The number of people who took part, as far as it is known.
    pub participants: i64,
    /// Of how many of these events it is known.
    pub known: i64,
}

impl std::iter::Sum for EventSums {
    fn sum<I: Iterator<Item = EventSums>>(all: I) -> EventSums {
        all.fold(EventSums::default(), |sum, one| EventSums {
            events: sum.events + one.events,
            participants: sum.participants + one.participants,
            known: sum.known + one.known,
        })
    }
}

#[derive(QueryableByName)]
struct EventRow {
    #[diesel(sql_type = Integer)]
    year: i32,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    events: i64,
    #[diesel(sql_type = BigInt)]
    participants: i64,
    #[diesel(sql_type = BigInt)]
    known: i64,
}

/// The events of each year by their kind.
pub fn events(db: &mut Db, years: &RangeInclusive<i32>) -> Result<BTreeMap<i32, BTreeMap<String, EventSums>>> {
    let dialect = db.dialect();
    let sums = Statement::new(
        "SELECT year, kind, count(*) AS events, CAST(coalesce(sum(people), 0) AS BIGINT) AS participants, \
         count(people) AS known FROM (SELECT CAST(",
    );
    let sums = sums.append(dialect.year("received_on")).sql(" AS INTEGER) AS year, coalesce(kind, '') AS kind, CAST(");
    let sums = sums.append(dialect.json_property("details", "participants"));
    let sums = sums.sql(" AS BIGINT) AS people FROM records WHERE register = 'events'");
    let rows: Vec<EventRow> = received_in(sums, years, ") AS held GROUP BY year, kind").load(db)?;
    let mut found: BTreeMap<i32, BTreeMap<String, EventSums>> = BTreeMap::new();
    for EventRow { year, kind, events, participants, known } in rows {
        found.entry(year).or_default().insert(kind, EventSums { events, participants, known });
    }
    Ok(found)
}

#[derive(QueryableByName)]
struct HeldValue {
    #[diesel(sql_type = Nullable<Text>)]
    value: Option<String>,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// The values that the records of a register have in the column of a dimension, each with the number of records.
pub fn values_in_column(db: &mut Db, register: &Register, dimension: Dimension) -> Result<Vec<(String, i64)>> {
    let sums = Statement::new("SELECT ").sql(dimension.name()).sql(" AS value, count(*) AS number FROM records");
    let sums = sums.sql(" WHERE register = ").bind::<Text, _>(register.name).sql(" GROUP BY 1");
    let found: Vec<HeldValue> = sums.load(db)?;
    Ok(found.into_iter().filter_map(|held| Some((held.value?, held.number))).collect())
}

#[derive(QueryableByName)]
struct Topic {
    #[diesel(sql_type = Nullable<Text>)]
    topic: Option<String>,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Returns the topics of the media requests of a year with their counts, most asked first, those without a topic last.
pub fn topics(db: &mut Db, year: i32) -> Result<Vec<(Option<String>, i64)>> {
    let sums = Statement::new("SELECT trim(").append(db.dialect().json_property("details", "topic"));
    let sums = sums.sql(") AS topic, count(*) AS number FROM records WHERE register = 'media-requests'");
    let found: Vec<Topic> = received_in(sums, &(year..=year), " GROUP BY 1").load(db)?;
    let mut topics: Vec<(Option<String>, i64)> = found.into_iter().map(|row| (row.topic, row.number)).collect();
    topics.sort_by(|a, b| (a.0.is_none(), b.1, &a.0).cmp(&(b.0.is_none(), a.1, &b.0)));
    Ok(topics)
}
