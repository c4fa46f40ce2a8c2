//! Lists of records in pages: orders, and the place in an order where a page ends (keyset pagination).

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Date, Text, Timestamp, Untyped};

use crate::db::schema::records;
use crate::db::{Db, cached};
use crate::error::Result;
use crate::records::find::Condition;
use crate::records::query::filter::{self, Filter};
use crate::records::query::search::Walk;
use crate::records::row::StoredRecord;
use crate::registers::validation::parse_date;

/// A property that lists can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortField {
    /// Day received.
    ReceivedOn,
    /// Day closed; what is open comes last.
    ClosedOn,
    /// Day due; what has none comes last.
    DueOn,
    /// Title or name.
    Title,
    /// Business number.
    Number,
    /// The time at which it was entered.
    CreatedAt,
    /// The time at which it was last changed.
    UpdatedAt,
}

/// The date as which absent dates are sorted: after all others.
const NEVER: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap();
const INSTANT: &str = "%Y-%m-%dT%H:%M:%S%.f";

/// A value of a sort field.
enum SortKey {
    Day(NaiveDate),
    Text(String),
    Instant(NaiveDateTime),
}

impl SortField {
    /// All fields with their usual names.
    pub const ALL: [(&'static str, SortField); 7] = [
        ("received_on", SortField::ReceivedOn),
        ("closed_on", SortField::ClosedOn),
        ("due_on", SortField::DueOn),
        ("title", SortField::Title),
        ("number", SortField::Number),
        ("created_at", SortField::CreatedAt),
        ("updated_at", SortField::UpdatedAt),
    ];

    /// The expression as it stands in the index of that order.
    fn expression(self, db: &Db) -> &'static str {
        match (self, db) {
            (SortField::ReceivedOn, _) => "records.received_on",
            (SortField::Title, _) => "records.title",
            (SortField::Number, _) => "records.number",
            (SortField::CreatedAt, _) => "records.created_at",
            (SortField::UpdatedAt, _) => "records.updated_at",
            (SortField::ClosedOn, Db::Sqlite(_)) => "coalesce(records.closed_on, '9999-12-31')",
            (SortField::DueOn, Db::Sqlite(_)) => "coalesce(records.due_on, '9999-12-31')",
            (SortField::ClosedOn, Db::Postgres(_)) => "coalesce(records.closed_on, DATE '9999-12-31')",
            (SortField::DueOn, Db::Postgres(_)) => "coalesce(records.due_on, DATE '9999-12-31')",
        }
    }

    /// The value of a row, as text for a cursor.
    fn value(self, row: &StoredRecord) -> String {
        let row = &row.row;
        match self {
            SortField::ReceivedOn => row.received_on.to_string(),
            SortField::ClosedOn => row.closed_on.unwrap_or(NEVER).to_string(),
            SortField::DueOn => row.due_on.unwrap_or(NEVER).to_string(),
            SortField::Title => row.title.clone(),
            SortField::Number => row.number.clone(),
            SortField::CreatedAt => row.created_at.format(INSTANT).to_string(),
            SortField::UpdatedAt => row.updated_at.format(INSTANT).to_string(),
        }
    }

    fn key(self, text: &str) -> Option<SortKey> {
        match self {
            SortField::ReceivedOn | SortField::ClosedOn | SortField::DueOn => parse_date(text).map(SortKey::Day),
            SortField::Title | SortField::Number => Some(SortKey::Text(text.to_owned())),
            SortField::CreatedAt | SortField::UpdatedAt => {
                NaiveDateTime::parse_from_str(text, INSTANT).ok().map(SortKey::Instant)
            }
        }
    }
}

/// An order of records that no two records share a place in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order(Vec<(SortField, bool)>);

impl Default for Order {
    /// Newest first.
    fn default() -> Self {
        Order::new(vec![(SortField::ReceivedOn, true)])
    }
}

impl Order {
    /// An order by fields, descending where true. The business number, which is unique, decides what these leave open.
    pub fn new(mut fields: Vec<(SortField, bool)>) -> Self {
        if let Some(number) = fields.iter().position(|(field, _)| *field == SortField::Number) {
            fields.truncate(number + 1);
        } else {
            let descending = fields.last().is_some_and(|(_, descending)| *descending);
            fields.push((SortField::Number, descending));
        }
        Order(fields)
    }

    /// Returns the place of a row in the order.
    fn place(&self, row: &StoredRecord) -> Vec<String> {
        self.0.iter().map(|(field, _)| field.value(row)).collect()
    }

    /// The condition that a record comes after a place. `None` when the place is none of this order.
    fn after(&self, db: &Db, place: &[String]) -> Option<Condition> {
        if place.len() != self.0.len() {
            return None;
        }
        if let [(field, descending), (SortField::Number, same)] = self.0[..]
            && descending == same
            && !matches!(field, SortField::ClosedOn | SortField::DueOn)
        {
            return after_pair(db, (field, descending), &place[0], &place[1]);
        }
        let compare = |index: usize, operator: &str| -> Option<Condition> {
            let (field, _) = self.0[index];
            let fragment = sql::<Bool>(&format!("{} {operator} ", field.expression(db)));
            Some(match field.key(&place[index])? {
                SortKey::Day(day) => Box::new(fragment.bind::<Date, _>(day)),
                SortKey::Text(text) => Box::new(fragment.bind::<Text, _>(text)),
                SortKey::Instant(instant) => Box::new(fragment.bind::<Timestamp, _>(instant)),
            })
        };
        let beyond = |index: usize| if self.0[index].1 { "<" } else { ">" };
        let mut ways: Vec<Condition> = Vec::new();
        for index in 0..self.0.len() {
            let mut way: Vec<Condition> = (0..index).map(|equal| compare(equal, "=")).collect::<Option<_>>()?;
            way.push(compare(index, beyond(index))?);
            ways.extend(filter::all(way));
        }
        // Says again what follows from the rest, in the form for which an index is begun in the middle.
        let bound = compare(0, &format!("{}=", beyond(0)))?;
        filter::all(vec![bound, filter::any(ways)?])
    }
}

/// The condition that a record comes after a value and a number, both in one direction: both databases begin the index at
/// the very place, however many records share the value. (SQLite does not where the index is one of an expression.)
fn after_pair(db: &Db, (field, descending): (SortField, bool), value: &str, number: &str) -> Option<Condition> {
    let operator = if descending { "<" } else { ">" };
    let pair = sql::<Bool>(&format!("({}, records.number) {operator} (", field.expression(db)));
    let number = number.to_owned();
    Some(match field.key(value)? {
        SortKey::Day(day) => Box::new(pair.bind::<Date, _>(day).sql(", ").bind::<Text, _>(number).sql(")")),
        SortKey::Text(text) => Box::new(pair.bind::<Text, _>(text).sql(", ").bind::<Text, _>(number).sql(")")),
        SortKey::Instant(at) => Box::new(pair.bind::<Timestamp, _>(at).sql(", ").bind::<Text, _>(number).sql(")")),
    })
}

/// The request for a page: its records, order, start and size.
pub struct PageQuery {
    /// The filter on the records.
    pub filter: Filter,
    /// In which order.
    pub order: Order,
    /// The place at which the page before ended.
    pub after: Option<Vec<String>>,
    /// The most records on the page.
    pub limit: i64,
    /// True if all records are to be counted.
    pub include_total: bool,
}

/// A page of records.
pub struct RecordPage {
    /// The records.
    pub rows: Vec<StoredRecord>,
    /// The place at which the page ends; `None` on the last one.
    pub end: Option<Vec<String>>,
    /// The number of all records, if asked for.
    pub total: Option<i64>,
}

/// A page of the records that a filter takes. `None` when the place to begin at is none of this order.
pub fn page(db: &mut Db, request: &PageQuery) -> Result<Option<RecordPage>> {
    db.transaction(|db| {
        let after = match &request.after {
            None => None,
            Some(place) if request.order.after(db, place).is_some() => Some(place.as_slice()),
            Some(_) => return Ok(None),
        };
        let mut rows = match found_in_order(db, request, after)? {
            Some(walk) => walked(db, request, after, walk)?,
            None => {
                let conditions = request.filter.conditions(db)?;
                load(db, request, after, conditions)?
            }
        };
        let more = rows.len() as i64 > request.limit;
        rows.truncate(request.limit as usize);
        let end = rows.last().filter(|_| more).map(|row| request.order.place(row));
        let total = if request.include_total { Some(count(db, &request.filter)?) } else { None };
        Ok(Some(RecordPage { rows, end, total }))
    })
}

/// The records of a page and one more, if there are.
fn load(
    db: &mut Db,
    request: &PageQuery,
    after: Option<&[String]>,
    conditions: Vec<Condition>,
) -> Result<Vec<StoredRecord>> {
    let mut query = records::table.select(StoredRecord::as_select()).limit(request.limit + 1).into_boxed();
    for condition in conditions {
        query = query.filter(condition);
    }
    if let Some(condition) = after.and_then(|place| request.order.after(db, place)) {
        query = query.filter(condition);
    }
    for (field, descending) in &request.order.0 {
        let direction = if *descending { "DESC" } else { "ASC" };
        query = query.then_order_by(sql::<Untyped>(&format!("{} {direction}", field.expression(db))));
    }
    Ok(cached(query).load(db)?)
}

/// Returns a walk through the records that the words of the filter find, if the index knows them in the order that the
/// page is to have.
fn found_in_order(db: &mut Db, request: &PageQuery, after: Option<&[String]>) -> Result<Option<Walk>> {
    let Some((SortField::ReceivedOn, descending)) = request.order.0.first().copied() else { return Ok(None) };
    let mut filter = request.filter.clone();
    if let Some(day) = after.and_then(|place| parse_date(place.first()?)) {
        let (first, last) = filter.received;
        filter.received = match descending {
            true => (first, Some(last.map_or(day, |last| last.min(day)))),
            false => (first.max(Some(day)), last),
        };
    }
    let Some(register) = filter.register else { return Ok(None) };
    Ok(filter.search(db)?.and_then(|search| search.walk(db, register.name, descending)))
}

/// The records of a page and one more, in as many steps as it takes to find them, each of which looks at more.
fn walked(db: &mut Db, request: &PageQuery, after: Option<&[String]>, mut walk: Walk) -> Result<Vec<StoredRecord>> {
    let mut rows = Vec::new();
    let mut wanted = request.limit + 1;
    while rows.len() as i64 <= request.limit
        && let Some(found) = walk.next(db, wanted)?
    {
        let mut conditions = request.filter.further();
        conditions.push(found);
        rows.extend(load(db, request, after, conditions)?);
        wanted = (wanted * 4).min(10_000);
    }
    Ok(rows)
}

/// Returns the number of records that a filter takes.
pub fn count(db: &mut Db, filter: &Filter) -> Result<i64> {
    let mut query = records::table.count().into_boxed();
    for condition in filter.conditions(db)? {
        query = query.filter(condition);
    }
    Ok(query.get_result(db)?)
}
