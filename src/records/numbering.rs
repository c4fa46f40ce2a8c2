//! Running numbers without gaps: taken in the transaction that uses them, under the writer's lock.

use crate::db::schema::counters;
use crate::db::{Db, DeferredRow, InsertBatch, WriteTransaction, upsert_rows};
use crate::error::Result;
use diesel::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// The counter of the change feed.
pub const FEED: &str = "changes";

/// The value that a counter has come to.
struct CounterRow {
    name: String,
    value: i64,
}

impl DeferredRow for CounterRow {
    const RANK: u8 = 2;

    fn insert<'r>(db: &mut Db, batch: &mut InsertBatch<'r>, rows: &'r [Self]) -> Result<()> {
        let last: BTreeMap<&str, &'r CounterRow> = rows.iter().map(|row| (row.name.as_str(), row)).collect();
        upsert_rows!(db, batch, last.into_values(), counters(name; value))
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

/// The values that counters had before the transaction.
#[derive(Default)]
struct StoredCounters(HashMap<String, i64>);

/// The value of a counter, with what this transaction has counted.
fn current(tx: &mut WriteTransaction, name: &str) -> Result<i64> {
    let last = tx.deferred::<CounterRow>().iter().rev().find(|row| row.name == name).map(|row| row.value);
    match last.or_else(|| tx.known::<StoredCounters>().0.get(name).copied()) {
        Some(value) => Ok(value),
        None => stored(tx.unflushed(), name),
    }
}

/// Reads the counters of series, and that of the change feed.
pub fn look_up<'s>(tx: &mut WriteTransaction, series: impl Iterator<Item = &'s String>) -> Result<()> {
    let names: Vec<String> = series.map(|series| counter(series)).chain([FEED.to_owned()]).collect();
    let held = counters::table.filter(counters::name.eq_any(&names)).select((counters::name, counters::value));
    let held: Vec<(String, i64)> = held.load(tx.unflushed())?;
    let known = &mut tx.known::<StoredCounters>().0;
    known.extend(names.into_iter().map(|name| (name, 0)));
    known.extend(held);
    Ok(())
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

/// The next number of a series.
pub fn next_in_series(tx: &mut WriteTransaction, series: &str) -> Result<String> {
    Ok(in_series(series, next(tx, &counter(series))?))
}
