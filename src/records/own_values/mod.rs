//! Values of records beside their columns, kept apart so that lists are filtered by them. Each database keeps them in a way of its
//! own: see [`ValueIndex`]. Numbers stand in a table of rows on both. On SQLite those of new records are entered many at once (see
//! [`own_entry`](super::projections::own_entry)); until then they are looked for in the details of the records themselves.

mod postgres;
mod sqlite;

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::query_builder::QueryFragment;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use super::Document;
use super::find::{self, Condition};
use super::projections::own_cells;
use super::row::StoredRecord;
use super::said::{Said, ValueOrNumber, number_of, said, value_of};
use crate::db::schema::{own_new_records, own_numbers, records};
use crate::db::{
    Backend, Db, Dialect, SqlExpression, Statement, WriteTransaction, cached, deferred_row, insert_now, is_given_by,
};
use crate::error::Result;
use crate::registers::{ABSENT, BESIDE, Register};

use postgres::ValuesByRecord;
use sqlite::{OwnValue, RecordsByValue};

/// A choice of records by their values.
enum Wanted<'a> {
    /// Any value in a dimension of this name.
    Any(&'a str),
    /// One of these values in it.
    OneOf(&'a str, &'a [String]),
    /// Any value in a list of theirs, whose values are dimensions.
    Listed(&'static str),
}

/// The way in which a database keeps the values of records.
trait ValueIndex: Sync {
    /// Keeps what a record says, and takes away what it said before.
    fn store(&self, tx: &mut WriteTransaction, id: &str, before: &Said, after: &Said) -> Result<()>;

    /// The condition that a record's values are as wanted.
    fn condition(&self, dialect: &dyn Dialect, wanted: Wanted) -> Condition;

    /// The number of rows that are kept.
    fn count(&self, db: &mut Db) -> Result<i64>;

    /// Adds the values that are kept of records, of each of which it is known what it says.
    fn read(&self, db: &mut Db, records: &[(&str, Said)], stored: &mut StoredOwnValues) -> Result<()>;
}

/// The way of a database. What is entered late stands in a row for each value, in the order in which it is looked for; what is
/// entered with each record is to be one row.
fn value_index(dialect: &dyn Dialect) -> &'static dyn ValueIndex {
    if dialect.enters_values_late() { &RecordsByValue } else { &ValuesByRecord }
}

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
    for (name, number) in differing(before, after).filter_map(|(name, (_, number))| Some((name, (*number)?))) {
        let stale = diesel::delete(own_numbers::table.find((name, number, id))).returning(own_numbers::name);
        cached(stale).load::<String>(tx.flushed_up_to::<OwnNumber>()?)?;
    }
    let mut new = NewOwnValues::default();
    new.add(id, differing(after, before));
    new.numbers.into_iter().for_each(|number| tx.defer(number));
    value_index(tx.unflushed().dialect()).store(tx, id, before, after)
}

/// The parts of one that are not the same in the other.
fn differing<'s>(one: &'s Said, other: &'s Said) -> impl Iterator<Item = (&'s String, &'s ValueOrNumber)> {
    one.iter().filter(|(name, said)| other.get(*name) != Some(said))
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
        insert_now(db, &self.values)?;
        insert_now(db, &self.numbers)
    }
}

/// The place of the last record whose values are entered.
pub fn entered(db: &mut Db) -> Result<i64> {
    if db.dialect().enters_values_late() { own_cells::entered(db) } else { Ok(i64::MAX) }
}

/// The number of rows of values and numbers that are kept.
pub fn count(db: &mut Db) -> Result<i64> {
    let values = value_index(db.dialect()).count(db)?;
    Ok(values + own_numbers::table.count().get_result::<i64>(db)?)
}

/// The values that are kept of some records, as far as the records say them.
#[derive(Default)]
pub struct StoredOwnValues {
    values: BTreeMap<String, Said>,
    new: BTreeSet<String>,
    /// The number of their rows.
    pub count: i64,
}

impl StoredOwnValues {
    /// Reads those of records. Those behind this place are not entered yet.
    pub fn of(db: &mut Db, records: &[StoredRecord], entered: i64) -> Result<StoredOwnValues> {
        let (old, new): (Vec<_>, Vec<_>) = records.iter().partition(|record| record.pos <= entered);
        let said: Vec<(&str, Said)> = old.iter().map(|record| (record.row.id.as_str(), record.row.said())).collect();
        let new = new.iter().map(|record| record.row.id.clone()).collect();
        let mut stored = StoredOwnValues { new, ..StoredOwnValues::default() };
        value_index(db.dialect()).read(db, &said, &mut stored)?;
        for ((name, number), ids) in holders(&said, |(_, number)| *number) {
            let held = own_numbers::table.filter(own_numbers::name.eq(name)).filter(own_numbers::number.eq(number));
            let held = held.filter(own_numbers::record_id.eq_any(ids)).select(own_numbers::record_id);
            stored.add(name, &(None, Some(number)), held.load(db)?);
        }
        Ok(stored)
    }

    /// Adds rows of which each has this of a record.
    fn add(&mut self, name: &str, said: &ValueOrNumber, ids: Vec<String>) {
        self.count += ids.len() as i64;
        for id in ids {
            self.values.entry(id).or_default().insert(name.to_owned(), said.clone());
        }
    }

    /// True if what is stored of a record is what its document says.
    pub fn is_right(&mut self, register: &Register, id: &str, document: &Document) -> bool {
        self.new.contains(id) || self.values.remove(id).unwrap_or_default() == said(register, document)
    }
}

/// The ids of the records by what they say.
fn holders<'s, T: Ord>(
    records: &'s [(&str, Said)],
    part: impl Fn(&'s ValueOrNumber) -> Option<T>,
) -> BTreeMap<(&'s String, T), Vec<&'s str>> {
    let mut holders: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for (id, (name, said)) in records.iter().flat_map(|(id, said)| said.iter().map(move |one| (*id, one))) {
        if let Some(part) = part(said) {
            holders.entry((name, part)).or_default().push(id);
        }
    }
    holders
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
    Box::new(has_number.or(value_index(dialect).condition(dialect, Wanted::Any(name))))
}

/// The condition that a record has one of the values in a dimension of this name; [`ABSENT`] among them for none.
pub(super) fn has(dialect: &dyn Dialect, name: &str, values: &[String]) -> Condition {
    let index = value_index(dialect);
    let present: Vec<String> = values.iter().filter(|value| *value != ABSENT).cloned().collect();
    let mut ways: Vec<Condition> = Vec::new();
    if present.len() < values.len() {
        ways.push(Box::new(diesel::dsl::not(index.condition(dialect, Wanted::Any(name)))));
    }
    if !present.is_empty() {
        ways.push(index.condition(dialect, Wanted::OneOf(name, &present)));
    }
    find::any(ways).unwrap_or_else(|| Box::new(false.into_sql::<Bool>()))
}

/// The condition that a record has one of the values in a list of theirs; [`ABSENT`] among them for an empty one.
pub(super) fn has_in_list(dialect: &dyn Dialect, name: &'static str, values: &[String]) -> Condition {
    let index = value_index(dialect);
    let (absent, present): (Vec<&String>, Vec<&String>) = values.iter().partition(|value| *value == ABSENT);
    let has = |value: &String| index.condition(dialect, Wanted::Any(&format!("{name}{BESIDE}{value}")));
    let mut ways: Vec<Condition> = present.into_iter().map(has).collect();
    if !absent.is_empty() {
        ways.push(Box::new(diesel::dsl::not(index.condition(dialect, Wanted::Listed(name)))));
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
