//! Values of records beside their columns, kept apart so that lists are filtered by them.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::Document;
use super::find::{self, Condition};
use super::said::{ValueOrNumber, said};
use crate::db::schema::{own_values, records};
use crate::db::{Db, WriteTransaction, deferred_row};
use crate::error::Result;
use crate::registers::{ABSENT, Register};

/// A record's value in a dimension, or its number.
pub(super) struct OwnValue {
    record_id: String,
    name: String,
    value: Option<String>,
    number: Option<i64>,
}

deferred_row!(OwnValue, 1, own_values(record_id, name, value, number));

/// Keeps what a record says, and takes away what it said before.
pub(super) fn store(
    tx: &mut WriteTransaction,
    register: &Register,
    id: &str,
    before: &Document,
    after: &Document,
) -> Result<()> {
    let (old, new) = (said(register, before), said(register, after));
    if old == new {
        return Ok(());
    }
    if !old.is_empty() {
        let stale = own_values::table.filter(own_values::record_id.eq(id));
        diesel::delete(stale).execute(tx.flushed_up_to::<OwnValue>()?)?;
    }
    for (name, (value, number)) in new {
        tx.defer(OwnValue { record_id: id.to_owned(), name, value, number });
    }
    Ok(())
}

/// The stored values of some records.
#[derive(Default)]
pub struct StoredOwnValues {
    values: BTreeMap<String, BTreeMap<String, ValueOrNumber>>,
    /// The number of these.
    pub count: i64,
}

impl StoredOwnValues {
    /// Reads those of these records.
    pub fn of(db: &mut Db, ids: &[&str]) -> Result<StoredOwnValues> {
        let rows: Vec<(String, String, Option<String>, Option<i64>)> = own_values::table
            .filter(own_values::record_id.eq_any(ids))
            .select((own_values::record_id, own_values::name, own_values::value, own_values::number))
            .load(db)?;
        let mut stored = StoredOwnValues { count: rows.len() as i64, ..StoredOwnValues::default() };
        for (id, name, value, number) in rows {
            stored.values.entry(id).or_default().insert(name, (value, number));
        }
        Ok(stored)
    }

    /// True if what is stored of a record is what its document says.
    pub fn is_right(&mut self, register: &Register, id: &str, document: &Document) -> bool {
        self.values.remove(id).unwrap_or_default() == said(register, document)
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
#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn value_or_last(name: &'static str, last: &'static str) -> _ {
    let of_record = own_values::table.filter(own_values::record_id.eq(records::id)).filter(own_values::name.eq(name));
    value_or(of_record.select(own_values::value).single_value(), last)
}

/// The number of a record of this name, by which lists are sorted.
#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn number_or_last(name: &'static str, last: i64) -> _ {
    let of_record = own_values::table.filter(own_values::record_id.eq(records::id)).filter(own_values::name.eq(name));
    number_or(of_record.select(own_values::number).single_value(), last)
}

/// The condition that a record's number of this name is in a range of ten-thousandths.
pub(super) fn within(name: &'static str, (from, to): (Option<i64>, Option<i64>)) -> Condition {
    let number = own_values::number.assume_not_null();
    let of_name = own_values::table.filter(own_values::name.eq(name)).filter(own_values::number.is_not_null());
    let range = (from.unwrap_or(i64::MIN), to.unwrap_or(i64::MAX));
    let having = of_name.filter(number.between(range.0, range.1)).select(own_values::record_id);
    Box::new(records::id.eq_any(having))
}

/// The condition that a record has one of the values in a dimension of this name; [`ABSENT`] among them for none.
pub(super) fn has(name: &'static str, values: &[String]) -> Condition {
    let of_name = || own_values::table.filter(own_values::name.eq(name)).select(own_values::record_id);
    let present: Vec<String> = values.iter().filter(|value| *value != ABSENT).cloned().collect();
    let mut ways: Vec<Condition> = Vec::new();
    if !present.is_empty() {
        let has_value = of_name().filter(own_values::value.assume_not_null().eq_any(present));
        ways.push(Box::new(records::id.eq_any(has_value)));
    }
    if values.iter().any(|value| value == ABSENT) {
        ways.push(Box::new(diesel::dsl::not(records::id.eq_any(of_name()))));
    }
    find::any(ways).unwrap_or_else(|| Box::new(false.into_sql::<diesel::sql_types::Bool>()))
}

/// The condition that a record has one of the values in a list of theirs; [`ABSENT`] among them for an empty one.
pub(super) fn has_in_list(name: &'static str, values: &[String]) -> Condition {
    let kept = || own_values::table.select(own_values::record_id);
    let (absent, present): (Vec<&String>, Vec<&String>) = values.iter().partition(|value| *value == ABSENT);
    let names: Vec<String> = present.into_iter().map(|value| format!("{name}.{value}")).collect();
    let mut ways: Vec<Condition> = Vec::new();
    if !names.is_empty() {
        ways.push(Box::new(records::id.eq_any(kept().filter(own_values::name.eq_any(names)))));
    }
    if !absent.is_empty() {
        let has_any = kept().filter(own_values::name.like(format!("{name}.%")));
        ways.push(Box::new(diesel::dsl::not(records::id.eq_any(has_any))));
    }
    find::any(ways).unwrap_or_else(|| Box::new(false.into_sql::<diesel::sql_types::Bool>()))
}
