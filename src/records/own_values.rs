//! Values of records beside their columns, kept apart so that lists are filtered by them. Those of new records are entered many at
//! once (see [`own_entry`](super::projections::own_entry)); until then they are looked for in the details of the records themselves.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::query_builder::QueryFragment;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use super::Document;
use super::find::{self, Condition};
use super::projections::own_cells;
use super::row::StoredRecord;
use super::said::{Said, ValueOrNumber, is_any_listed, number_of, said, value_of};
use crate::db::schema::{own_new_records, own_numbers, own_values, records};
use crate::db::{
    Backend, Db, DeferredRow, Dialect, SqlExpression, Statement, WriteTransaction, cached, deferred_row, is_given_by,
};
use crate::error::Result;
use crate::registers::{ABSENT, Register};

/// A record's value in a dimension.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct OwnValue {
    name: String,
    value: String,
    record_id: String,
}

deferred_row!(OwnValue, 1, own_values(name, value, record_id));

/// A record's number, in ten-thousandths.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct OwnNumber {
    name: String,
    number: i64,
    record_id: String,
}

deferred_row!(OwnNumber, 1, own_numbers(name, number, record_id));

/// Keeps what a record says, and takes away what it said before.
pub(super) fn store(tx: &mut WriteTransaction, id: &str, before: &Said, after: &Said) -> Result<()> {
    for (name, (value, number)) in before.iter().filter(|(name, held)| after.get(*name) != Some(held)) {
        if let Some(value) = value {
            let stale = diesel::delete(own_values::table.find((name, value, id))).returning(own_values::name);
            cached(stale).load::<String>(tx.flushed_up_to::<OwnValue>()?)?;
        }
        if let Some(number) = number {
            let stale = diesel::delete(own_numbers::table.find((name, number, id))).returning(own_numbers::name);
            cached(stale).load::<String>(tx.flushed_up_to::<OwnNumber>()?)?;
        }
    }
    let mut new = NewOwnValues::default();
    new.add(id, after.iter().filter(|(name, said)| before.get(*name) != Some(said)));
    new.values.into_iter().for_each(|value| tx.defer(value));
    new.numbers.into_iter().for_each(|number| tx.defer(number));
    Ok(())
}

/// Values and numbers of new records, to be entered.
#[derive(Default)]
pub(super) struct NewOwnValues {
    values: Vec<OwnValue>,
    numbers: Vec<OwnNumber>,
}

impl NewOwnValues {
    /// Adds what a record says.
    pub(super) fn add<'s>(&mut self, id: &str, said: impl IntoIterator<Item = (&'s String, &'s ValueOrNumber)>) {
        for (name, (value, number)) in said {
            let (name, record_id) = (name.clone(), id.to_owned());
            match (value.clone(), *number) {
                (Some(value), _) => self.values.push(OwnValue { name, value, record_id }),
                (None, Some(number)) => self.numbers.push(OwnNumber { name, number, record_id }),
                (None, None) => {}
            }
        }
    }

    /// Enters them where that is not done with each record, in the order of the indexes, so that each of their pages is written once.
    pub(super) fn enter(mut self, db: &mut Db) -> Result<()> {
        if !db.dialect().enters_values_late() {
            return Ok(());
        }
        self.values.sort_unstable();
        self.numbers.sort_unstable();
        OwnValue::insert(db, &self.values)?;
        OwnNumber::insert(db, &self.numbers)
    }
}

/// The place of the last record whose values are entered.
pub fn entered(db: &mut Db) -> Result<i64> {
    if db.dialect().enters_values_late() { own_cells::entered(db) } else { Ok(i64::MAX) }
}

/// The number of values and numbers that are kept.
pub fn count(db: &mut Db) -> Result<i64> {
    let values: i64 = own_values::table.count().get_result(db)?;
    Ok(values + own_numbers::table.count().get_result::<i64>(db)?)
}

/// The values that are kept of some records, as far as the records say them.
#[derive(Default)]
pub struct StoredOwnValues {
    values: BTreeMap<String, Said>,
    new: BTreeSet<String>,
    /// The number of these.
    pub count: i64,
}

impl StoredOwnValues {
    /// Reads those of records. Those behind this place are not entered yet.
    pub fn of(db: &mut Db, records: &[StoredRecord], entered: i64) -> Result<StoredOwnValues> {
        let (old, new): (Vec<_>, Vec<_>) = records.iter().partition(|record| record.pos <= entered);
        let said: Vec<(&str, Said)> = old.iter().map(|record| (record.row.id.as_str(), record.row.said())).collect();
        let mut who: BTreeMap<(&String, &ValueOrNumber), Vec<&str>> = BTreeMap::new();
        for (id, one) in said.iter().flat_map(|(id, said)| said.iter().map(move |one| (id, one))) {
            who.entry(one).or_default().push(id);
        }
        let new = new.iter().map(|record| record.row.id.clone()).collect();
        let mut stored = StoredOwnValues { new, ..StoredOwnValues::default() };
        for ((name, said), ids) in who {
            let held: Vec<String> = match said {
                (Some(value), _) => {
                    let held = own_values::table.filter(own_values::name.eq(name)).filter(own_values::value.eq(value));
                    held.filter(own_values::record_id.eq_any(ids)).select(own_values::record_id).load(db)?
                }
                (None, number) => {
                    let held = own_numbers::table.filter(own_numbers::name.eq(name));
                    let held = held.filter(own_numbers::number.eq(number.unwrap_or_default()));
                    held.filter(own_numbers::record_id.eq_any(ids)).select(own_numbers::record_id).load(db)?
                }
            };
            stored.count += held.len() as i64;
            for id in held {
                stored.values.entry(id).or_default().insert(name.clone(), said.clone());
            }
        }
        Ok(stored)
    }

    /// True if what is stored of a record is what its document says.
    pub fn is_right(&mut self, register: &Register, id: &str, document: &Document) -> bool {
        self.new.contains(id) || self.values.remove(id).unwrap_or_default() == said(register, document)
    }
}

diesel::define_sql_function! {
    /// The value, or else the other.
    #[sql_name = "coalesce"]
    fn value_or(value: Nullable<Text>, other: Text) -> Text;
}

diesel::define_sql_function! {
    /// The number, or else the other.
    #[sql_name = "coalesce"]
    fn number_or(number: Nullable<BigInt>, other: BigInt) -> BigInt;
}

/// The value as which an absent one is sorted: after all codes.
pub(super) const LAST_VALUE: &str = "~";

/// The number as which an absent one is sorted.
pub(super) const LAST_NUMBER: i64 = i64::MAX;

/// The value of a record in a dimension of this name, by which lists are sorted.
pub(super) fn value_or_last(db: &Db, name: &str) -> value_or<SqlExpression<Nullable<Text>>, &'static str> {
    value_or(value_of(db.dialect(), "records.details", name).expression(), LAST_VALUE)
}

/// The number of a record of this name, by which lists are sorted.
pub(super) fn number_or_last(db: &Db, name: &str) -> number_or<SqlExpression<Nullable<BigInt>>, i64> {
    number_or(number_of(db.dialect(), "records.details", name).expression(), LAST_NUMBER)
}

/// The condition that a record's number of this name is in a range of ten-thousandths.
pub(super) fn within(dialect: &dyn Dialect, name: &'static str, range: (Option<i64>, Option<i64>)) -> Condition {
    let (from, to) = (range.0.unwrap_or(i64::MIN), range.1.unwrap_or(i64::MAX));
    let entered = own_numbers::table.filter(own_numbers::name.eq(name)).filter(own_numbers::number.between(from, to));
    let new = dialect.enters_values_late().then(|| {
        let number: SqlExpression<Nullable<BigInt>> = number_of(dialect, NEW_DETAILS, name).expression();
        own_new_records::table.filter(number.between(from, to)).select(own_new_records::id)
    });
    Box::new(is_given_by(records::id, entered.select(own_numbers::record_id), new))
}

/// The condition that a record carries something under this name, a value or a number.
pub(super) fn carries(dialect: &dyn Dialect, name: &str) -> Condition {
    let numbers = own_numbers::table.filter(own_numbers::name.eq(name.to_owned())).select(own_numbers::record_id);
    let has_number =
        is_given_by(records::id, numbers, new_with(dialect, number_of(dialect, NEW_DETAILS, name).is_there()));
    Box::new(has_number.or(has_any_value(dialect, name)))
}

/// The condition that a record has a value in a dimension of this name.
fn has_any_value(dialect: &dyn Dialect, name: &str) -> Condition {
    let entered = own_values::table.filter(own_values::name.eq(name.to_owned())).select(own_values::record_id);
    Box::new(is_given_by(records::id, entered, new_with(dialect, value_of(dialect, NEW_DETAILS, name).is_there())))
}

/// The condition that a record has one of these values in a dimension of this name.
fn has_one_of(dialect: &dyn Dialect, name: &str, values: &[String]) -> Condition {
    let entered = own_values::table.filter(own_values::name.eq(name.to_owned()));
    let entered = entered.filter(own_values::value.eq_any(values.to_vec())).select(own_values::record_id);
    let is_one_of = value_of(dialect, NEW_DETAILS, name).is_one_of(values.iter().cloned());
    Box::new(is_given_by(records::id, entered, new_with(dialect, is_one_of)))
}

/// The condition that a record has one of the values in a dimension of this name; [`ABSENT`] among them for none.
pub(super) fn has(dialect: &dyn Dialect, name: &str, values: &[String]) -> Condition {
    let present: Vec<String> = values.iter().filter(|value| *value != ABSENT).cloned().collect();
    let mut ways: Vec<Condition> = Vec::new();
    if present.len() < values.len() {
        ways.push(Box::new(diesel::dsl::not(has_any_value(dialect, name))));
    }
    if !present.is_empty() {
        ways.push(has_one_of(dialect, name, &present));
    }
    find::any(ways).unwrap_or_else(|| Box::new(false.into_sql::<Bool>()))
}

/// The condition that a record has one of the values in a list of theirs; [`ABSENT`] among them for an empty one.
pub(super) fn has_in_list(dialect: &dyn Dialect, name: &'static str, values: &[String]) -> Condition {
    let (absent, present): (Vec<&String>, Vec<&String>) = values.iter().partition(|value| *value == ABSENT);
    let mut ways: Vec<Condition> =
        present.into_iter().map(|value| has_any_value(dialect, &format!("{name}.{value}"))).collect();
    if let Some(is_listed) = is_any_listed(dialect, NEW_DETAILS, name).filter(|_| !absent.is_empty()) {
        let entered = own_values::table.filter(own_values::name.like(format!("{name}.%")));
        let has_any = is_given_by(records::id, entered.select(own_values::record_id), new_with(dialect, is_listed));
        ways.push(Box::new(diesel::dsl::not(has_any)));
    }
    find::any(ways).unwrap_or_else(|| Box::new(false.into_sql::<Bool>()))
}

/// The column of the details of new records.
const NEW_DETAILS: &str = "own_new_records.details";

/// The ids of the new records of which a condition holds; `None` where there are none whose values are not entered.
fn new_with(
    dialect: &dyn Dialect,
    condition: Statement<'static>,
) -> Option<impl QueryFragment<Backend> + Send + 'static> {
    let with = |condition: Statement<'static>| {
        own_new_records::table.filter(condition.expression::<Bool>()).select(own_new_records::id)
    };
    dialect.enters_values_late().then(|| with(condition))
}
