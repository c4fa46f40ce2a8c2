//! Orders of lists, and the place in an order where a page ends (keyset pagination).

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::AsSelect;
use diesel::prelude::*;
use diesel::sql_types::{Date, Text, Timestamp};

use crate::db::schema::records;
use crate::db::{Backend, Db, Values, is_beyond};
use crate::records::find::{Condition, all, any};
use crate::records::own_values::{LAST_NUMBER, LAST_VALUE, number_or_last, value_or_last};
use crate::records::row::StoredRecord;
use crate::records::said::parts;
use crate::registers::validation::parse_date;
use crate::registers::vocabulary::OWN_PROPERTY;

/// A property that lists can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortField {
    /// Day received.
    ReceivedOn,
    /// Day closed; what is open comes last.
    ClosedOn,
    /// Day due; what has none comes last.
    DueOn,
    /// Title or name, as Swiss lists are sorted.
    Title,
    /// Business number.
    Number,
    /// The time at which it was entered.
    CreatedAt,
    /// The time at which it was last changed.
    UpdatedAt,
    /// The value in a dimension of the authority's own, by its name; what has none comes last. No index has this order: the
    /// records that the filter takes are sorted.
    OwnValue(&'static str),
    /// A number of the authority's own, in the same way.
    OwnNumber(&'static str),
}

/// The date as which absent dates are sorted: after all others.
const NEVER: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap();
const INSTANT: &str = "%Y-%m-%dT%H:%M:%S%.f";

diesel::define_sql_function! {
    /// The day, or else the other.
    fn coalesce(day: diesel::sql_types::Nullable<Date>, other: Date) -> Date;
}

/// The relation of a value to that of a place, in the direction of an order.
#[derive(Clone, Copy)]
enum PlaceRelation {
    /// The same.
    Same,
    /// After it.
    Beyond,
    /// The same or after it.
    NotBefore,
}

/// The condition that an expression is in a relation to a value.
macro_rules! related {
    ($expression:expr, $relation:expr, $descending:expr, $value:expr) => {
        match ($relation, $descending) {
            (PlaceRelation::Same, _) => Box::new($expression.eq($value)) as Condition,
            (PlaceRelation::Beyond, false) => Box::new($expression.gt($value)),
            (PlaceRelation::Beyond, true) => Box::new($expression.lt($value)),
            (PlaceRelation::NotBefore, false) => Box::new($expression.ge($value)),
            (PlaceRelation::NotBefore, true) => Box::new($expression.le($value)),
        }
    };
}

/// The records in the order of an expression, within the orders that the query has.
macro_rules! ordered {
    ($query:expr, $expression:expr, $descending:expr) => {
        match $descending {
            true => $query.then_order_by($expression.desc()),
            false => $query.then_order_by($expression.asc()),
        }
    };
}

impl SortField {
    /// All fields of the software with their usual names.
    pub const ALL: [(&'static str, SortField); 7] = [
        ("received_on", SortField::ReceivedOn),
        ("closed_on", SortField::ClosedOn),
        ("due_on", SortField::DueOn),
        ("title", SortField::Title),
        ("number", SortField::Number),
        ("created_at", SortField::CreatedAt),
        ("updated_at", SortField::UpdatedAt),
    ];

    /// True if its order is that of a column, which no record is without.
    fn is_column(self) -> bool {
        let without = [SortField::ClosedOn, SortField::DueOn];
        !without.contains(&self) && !matches!(self, SortField::OwnValue(_) | SortField::OwnNumber(_))
    }

    /// The value of a row, as text for a cursor.
    fn value(self, row: &StoredRecord) -> String {
        let row = &row.row;
        let own = |name: &str| row.own_properties()[OWN_PROPERTY][name].take();
        match self {
            SortField::ReceivedOn => row.received_on.to_string(),
            SortField::ClosedOn => row.closed_on.unwrap_or(NEVER).to_string(),
            SortField::DueOn => row.due_on.unwrap_or(NEVER).to_string(),
            SortField::Title => row.title_key.clone(),
            SortField::Number => row.number.clone(),
            SortField::CreatedAt => row.created_at.format(INSTANT).to_string(),
            SortField::UpdatedAt => row.updated_at.format(INSTANT).to_string(),
            SortField::OwnValue(name) => own(name).as_str().unwrap_or(LAST_VALUE).to_owned(),
            SortField::OwnNumber(name) => own(name).as_f64().map_or(LAST_NUMBER, parts).to_string(),
        }
    }

    /// The condition that a record's value is in a relation to one of a cursor. `None` when that is no value of this field.
    /// Each expression is the one that the index of the order has.
    fn condition(self, db: &Db, relation: PlaceRelation, descending: bool, text: &str) -> Option<Condition> {
        let never = || db.dialect().never();
        let day = || parse_date(text);
        Some(match self {
            SortField::ReceivedOn => related!(records::received_on, relation, descending, day()?),
            SortField::ClosedOn => related!(coalesce(records::closed_on, never()), relation, descending, day()?),
            SortField::DueOn => related!(coalesce(records::due_on, never()), relation, descending, day()?),
            SortField::Title => related!(records::title_key, relation, descending, text.to_owned()),
            SortField::Number => related!(records::number, relation, descending, text.to_owned()),
            SortField::CreatedAt => related!(records::created_at, relation, descending, instant(text)?),
            SortField::UpdatedAt => related!(records::updated_at, relation, descending, instant(text)?),
            SortField::OwnValue(name) => {
                related!(value_or_last(db, name), relation, descending, text.to_owned())
            }
            SortField::OwnNumber(name) => {
                related!(number_or_last(db, name), relation, descending, text.parse::<i64>().ok()?)
            }
        })
    }

    fn order<'q>(self, db: &Db, query: RecordQuery<'q>, descending: bool) -> RecordQuery<'q> {
        let never = || db.dialect().never();
        match self {
            SortField::ReceivedOn => ordered!(query, records::received_on, descending),
            SortField::ClosedOn => ordered!(query, coalesce(records::closed_on, never()), descending),
            SortField::DueOn => ordered!(query, coalesce(records::due_on, never()), descending),
            SortField::Title => ordered!(query, records::title_key, descending),
            SortField::Number => ordered!(query, records::number, descending),
            SortField::CreatedAt => ordered!(query, records::created_at, descending),
            SortField::UpdatedAt => ordered!(query, records::updated_at, descending),
            SortField::OwnValue(name) => ordered!(query, value_or_last(db, name), descending),
            SortField::OwnNumber(name) => ordered!(query, number_or_last(db, name), descending),
        }
    }
}

/// A query for records under way.
pub(super) type RecordQuery<'q> =
    diesel::dsl::IntoBoxed<'q, diesel::dsl::Select<records::table, AsSelect<StoredRecord, Backend>>, Backend>;

fn instant(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, INSTANT).ok()
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

    /// The direction in which the list goes through the days received, if that is what it goes by first: true from the last.
    pub(super) fn by_days(&self) -> Option<bool> {
        self.0.first().filter(|(field, _)| *field == SortField::ReceivedOn).map(|(_, descending)| *descending)
    }

    /// True if an index has this order, so that a part of a list costs no more than that part.
    pub(super) fn is_indexed(&self) -> bool {
        !self.0.iter().any(|(field, _)| matches!(field, SortField::OwnValue(_) | SortField::OwnNumber(_)))
    }

    /// Puts a query in this order.
    pub(super) fn apply(&self, db: &Db, query: RecordQuery<'static>) -> RecordQuery<'static> {
        self.0.iter().fold(query, |query, (field, descending)| field.order(db, query, *descending))
    }

    /// Returns the place of a row in the order.
    pub(super) fn place(&self, row: &StoredRecord) -> Vec<String> {
        self.0.iter().map(|(field, _)| field.value(row)).collect()
    }

    /// The condition that a record comes after a place. `None` when the place is none of this order.
    pub(super) fn after(&self, db: &Db, place: &[String]) -> Option<Condition> {
        if place.len() != self.0.len() {
            return None;
        }
        if let [(field, descending), (SortField::Number, same)] = self.0[..]
            && descending == same
            && field.is_column()
        {
            return after_pair((field, descending), &place[0], &place[1]);
        }
        let compare = |index: usize, relation: PlaceRelation| -> Option<Condition> {
            let (field, descending) = self.0[index];
            field.condition(db, relation, descending, &place[index])
        };
        let mut ways: Vec<Condition> = Vec::new();
        for index in 0..self.0.len() {
            let same = (0..index).map(|equal| compare(equal, PlaceRelation::Same));
            let mut way: Vec<Condition> = same.collect::<Option<_>>()?;
            way.push(compare(index, PlaceRelation::Beyond)?);
            ways.extend(all(way));
        }
        // Says again what follows from the rest, in the form for which an index is begun in the middle.
        let bound = compare(0, PlaceRelation::NotBefore)?;
        all(vec![bound, any(ways)?])
    }
}

/// The condition that a record comes after a value and a number, both in one direction: both databases begin the index at
/// the very place, however many records share the value. (SQLite does not where the index is one of an expression.)
fn after_pair((field, descending): (SortField, bool), value: &str, number: &str) -> Option<Condition> {
    macro_rules! beyond {
        ($kind:ty, $column:expr, $value:expr) => {{
            let (value, number) = ($value, number.to_owned());
            let columns = |values: Values<'static>| values.bind::<$kind, _>($column).bind::<Text, _>(records::number);
            let place = |values: Values<'static>| values.bind::<$kind, _>(value).bind::<Text, _>(number);
            Box::new(is_beyond(columns, descending, place)) as Condition
        }};
    }
    Some(match field {
        SortField::ReceivedOn => beyond!(Date, records::received_on, parse_date(value)?),
        SortField::Title => beyond!(Text, records::title_key, value.to_owned()),
        SortField::CreatedAt => beyond!(Timestamp, records::created_at, instant(value)?),
        SortField::UpdatedAt => beyond!(Timestamp, records::updated_at, instant(value)?),
        _ => return None,
    })
}
