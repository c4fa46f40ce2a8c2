//! Finding one record: by its id, its number, its key in another system, or what a text means.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::row::{RecordRow, StoredRecord};
use crate::db::schema::records;
use crate::db::{Backend, Db, WriteTransaction};
use crate::error::Result;
use crate::registers::{ORGANISATIONS, Register};
use crate::seal::Keys;
use crate::text;

/// A condition on a record.
pub type Condition = Box<dyn BoxableExpression<records::table, Backend, SqlType = Bool>>;

/// At least one of the conditions; `None` when there are none.
pub fn any(conditions: Vec<Condition>) -> Option<Condition> {
    conditions.into_iter().reduce(|one, other| Box::new(one.or(other)))
}

/// All of the conditions; `None` when there are none.
pub fn all(conditions: Vec<Condition>) -> Option<Condition> {
    conditions.into_iter().reduce(|one, other| Box::new(one.and(other)))
}

/// The record that has something: its id and register.
pub type Holder = (String, String);

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

/// The result of looking up the record that a text means.
pub enum Match {
    /// There is none.
    NoMatch,
    /// The record with that id.
    One(String),
    /// Several have that name.
    Ambiguous,
}

/// The record of these registers that a text means: its id, its number, or a name that only one has. The case of a number
/// does not matter, nor does that of a public body's name.
pub fn find_match(db: &mut Db, text: &str, registers: &[&str]) -> Result<Match> {
    let among = || records::table.filter(records::register.eq_any(registers.to_vec())).select(records::id);
    let key = text::key(text);
    let exact: Condition = Box::new(records::id.eq(text.to_owned()));
    for exact in [exact, has_number(vec![key.clone()])] {
        if let Some(id) = among().filter(exact).first(db).optional()? {
            return Ok(Match::One(id));
        }
    }
    let has_name: Condition = match registers {
        ORGANISATIONS => Box::new(records::organisation_key.assume_not_null().eq(key)),
        _ => Box::new(records::title.eq(text.to_owned())),
    };
    let mut named: Vec<String> = among().filter(has_name).limit(2).load(db)?;
    Ok(match (named.pop(), named.pop()) {
        (None, _) => Match::NoMatch,
        (Some(id), None) => Match::One(id),
        _ => Match::Ambiguous,
    })
}

/// The same among the records of this transaction too.
pub fn match_for(tx: &mut WriteTransaction, text: &str, registers: &[&str]) -> Result<Match> {
    find_match(tx.flushed_if(|new: &RecordRow| registers.contains(&new.register.as_str()))?, text, registers)
}

/// The record with that id.
pub fn get(db: &mut Db, register: &Register, id: &str) -> Result<StoredRecord> {
    records::table
        .filter(records::id.eq(id))
        .filter(records::register.eq(register.name))
        .select(StoredRecord::as_select())
        .first(db)
        .optional()?
        .ok_or_else(|| register.not_found(id))
}

/// The names of a register's records by their ids.
pub fn names(db: &mut Db, register: &Register, ids: &[&str]) -> Result<HashMap<String, String>> {
    let named = records::table.filter(records::id.eq_any(ids)).filter(records::register.eq(register.name));
    let names: Vec<(String, String)> = named.select((records::id, records::title)).load(db)?;
    Ok(names.into_iter().collect())
}

/// The record that has a key in another system; the id is what it is compared by.
pub fn find_external(
    db: &mut Db,
    register: &Register,
    system: &str,
    external_id: &str,
) -> Result<Option<StoredRecord>> {
    let keyed = records::table
        .filter(records::register.eq(register.name))
        .filter(records::external_system.eq(system))
        .filter(records::external_id.eq(external_id));
    Ok(keyed.select(StoredRecord::as_select()).first(db).optional()?)
}

/// The keys to these records, with those of their own.
pub fn keys_to(db: &mut Db, ids: &[String], keys: &Keys) -> Result<Keys> {
    if !keys.has_record_keys() {
        return Ok(keys.clone());
    }
    let sealed = records::table.filter(records::id.eq_any(ids)).filter(records::personal.is_not_null());
    let sealed: Vec<RecordRow> = sealed.select(RecordRow::as_select()).load(db)?;
    keys.provided_now(sealed.iter().filter_map(RecordRow::key).collect())
}
