//! Running numbers without gaps: taken in the transaction that uses them, under the writer's lock.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::filter::Condition;
use super::lookups::{Holder, Lookups};
use crate::db::schema::{counters, records};
use crate::db::{Db, DeferredRow, Statement, WriteTransaction, statements};
use crate::error::Result;
use crate::text;

/// The value that a counter has come to.
struct CounterRow {
    name: String,
    value: i64,
}

impl DeferredRow for CounterRow {
    const RANK: u8 = 2;

    fn insert(db: &mut Db, rows: &[Self]) -> Result<()> {
        let last: BTreeMap<&str, i64> = rows.iter().map(|row| (row.name.as_str(), row.value)).collect();
        let last: Vec<(&str, i64)> = last.into_iter().collect();
        statements(&last).try_for_each(|last| {
            Statement::new("INSERT INTO counters (name, value)")
                .rows(last, |values, (name, value)| values.bind::<Text, _>(*name).bind::<BigInt, _>(*value))
                .sql(" ON CONFLICT (name) DO UPDATE SET value = excluded.value")
                .execute(db)?;
            Ok(())
        })
    }
}

/// Returns the value of a counter; 0 before it was used.
pub fn stored(db: &mut Db, name: &str) -> Result<i64> {
    let held = counters::table.filter(counters::name.eq(name)).select(counters::value);
    Ok(held.first(db).optional()?.unwrap_or(0))
}

/// The next value of a counter, starting with 1.
pub fn next(tx: &mut WriteTransaction, name: &str) -> Result<i64> {
    let value = current(tx, name)? + 1;
    tx.defer(CounterRow { name: name.to_owned(), value });
    Ok(value)
}

/// The value of a counter, with what this transaction has counted.
fn current(tx: &mut WriteTransaction, name: &str) -> Result<i64> {
    let last = tx.deferred::<CounterRow>().iter().rev().find(|row| row.name == name).map(|row| row.value);
    last.map_or_else(|| stored(tx.unflushed(), name), Ok)
}

/// A number in a series: `2017-0123` in that of the business numbers of 2017, `ORG-0001` in that of a register.
pub fn in_series(series: &str, value: i64) -> String {
    format!("{series}-{value:04}")
}

fn counter(series: &str) -> String {
    format!("number:{series}")
}

/// The series whose numbers a counter counts.
pub fn series_of(counter: &str) -> Option<&str> {
    counter.strip_prefix("number:")
}

/// The last number that was given in a series.
pub fn current_of_series(tx: &mut WriteTransaction, series: &str) -> Result<i64> {
    current(tx, &counter(series))
}

/// The next free number of a series; those that clients have given are passed over.
pub fn next_of_series(tx: &mut WriteTransaction, lookups: &mut Lookups, series: &str) -> Result<String> {
    let counter = counter(series);
    loop {
        let number = in_series(series, next(tx, &counter)?);
        if lookups.number_holder(tx, &number)?.is_none() {
            return Ok(number);
        }
    }
}

/// The condition that a record has one of these numbers, given by what numbers are compared by.
pub fn has_number(keys: Vec<String>) -> Condition {
    // A number without letters is compared by itself.
    let spelled: Vec<String> = keys.iter().filter(|key| key.chars().any(char::is_alphabetic)).cloned().collect();
    match (keys.as_slice(), spelled.is_empty()) {
        // The usual question is asked in one way, so that it stays prepared.
        ([one], true) => return Box::new(records::number.eq(one.clone())),
        (_, true) => return Box::new(records::number.eq_any(keys)),
        (_, false) => {}
    }
    Box::new(records::number.eq_any(keys).or(records::number_key.assume_not_null().eq_any(spelled)))
}

/// The record that has a number, which may be spelled otherwise.
pub fn number_holder(db: &mut Db, number: &str) -> Result<Option<Holder>> {
    let key = text::key(number);
    let found = records::table.filter(has_number(vec![key])).select((records::id, records::register));
    Ok(found.first(db).optional()?)
}
