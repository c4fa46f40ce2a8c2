//! The one write path, and reading single records. Nothing else writes records.

pub mod erase;
pub mod external;
pub mod renaming;
mod resolve;

pub use resolve::UNKNOWN_REFERENCE;

use crate::context::OperationContext;
use crate::db::schema::records;
use crate::db::{Db, WriteTransaction};
use crate::error::{Error, Result};
use crate::json::flat;
use crate::records::Document;
use crate::records::document;
use crate::records::document::series;
use crate::records::lookups;
use crate::records::projections::cube;
use crate::records::projections::cube::Resolution;
use crate::records::projections::history;
use crate::records::projections::{Change, Record, apply};
use crate::records::references;
use crate::records::row::{RecordRow, StoredRecord};
use crate::records::{numbering, personal, tombstones};
use crate::registers::{ALL, Dimension, Register};
use crate::seal::{Keys, SealedPlace, SealingKey, erasures};
use crate::text;
use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

/// The revisions that a client accepts a record to be at before it is changed (`If-Match`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Any revision.
    Any,
    /// One of these revisions.
    Revisions(Vec<i64>),
}

impl Expected {
    /// Fails unless the revision that is held is one that was expected.
    pub fn check(&self, held: i64) -> Result<()> {
        match self {
            Expected::Revisions(list) if !list.contains(&held) => Err(Error::Stale { held }),
            _ => Ok(()),
        }
    }
}

/// The id of a record that is not there yet.
pub fn new_id() -> String {
    Uuid::now_v7().to_string()
}

/// The key that a record is sealed with from now on: the one that it is sealed with already, or one from after its last erasure.
/// Fails with what is needed where it is not at hand, if something is to be sealed with it.
fn sealing_key(
    tx: &mut WriteTransaction,
    id: &str,
    (before, is_needed): (Option<&RecordRow>, bool),
    by: &OperationContext,
) -> Result<SealingKey> {
    if !is_needed || !by.keys.has_record_keys() {
        return Ok(SealingKey::FIRST);
    }
    let key = match before {
        None => SealingKey::FIRST,
        Some(row) => match row.living_key(&by.keys)? {
            Some(key) => SealingKey::Named(key),
            None => {
                let erased = erasures(tx.unflushed(), &[id.to_owned()])?.first().map_or(0, |erased| erased.until);
                SealingKey::After { erased, revision: row.revision + 1 }
            }
        },
    };
    by.keys.of_record(&key).check(id)?;
    Ok(key)
}

/// Creates a record from a checked document, under an id that no other has.
pub fn create(
    tx: &mut WriteTransaction,
    register: &Register,
    (id, mut document): (String, Document),
    by: &OperationContext,
) -> Result<RecordRow> {
    refuse_taken(tx, register, None, &document)?;
    let key = sealing_key(tx, &id, (None, personal::is_in(&document)), by)?;
    let references = resolve::resolve(tx, register, None, &mut document, by)?;
    if !document.contains_key("number") {
        let number = next_of_series(tx, &series(register, &document)?)?;
        document.insert("number".into(), number.into());
    }
    let row = RecordRow::new(register, id, document, by.at, by.keys.of_record(&key))?;
    let record = Record::of(row.clone(), register, by)?;
    apply(tx, Change { register, pos: None, before: None, after: Some(record), key }, Some(&references), by)?;
    Ok(row)
}

/// Changes a record: `change` makes the new document from the one held. Without a difference nothing is written and
/// the revision stays.
pub fn update(
    tx: &mut WriteTransaction,
    register: &Register,
    id: &str,
    expected: &Expected,
    change: impl FnOnce(&RecordRow, Document) -> Result<Document>,
    by: &OperationContext,
) -> Result<RecordRow> {
    let before = lookups::record(tx, register, id)?;
    replace(tx, register, before, expected, change, by)
}

/// The same of a record that was read already.
fn replace(
    tx: &mut WriteTransaction,
    register: &Register,
    StoredRecord { pos, row }: StoredRecord,
    expected: &Expected,
    change: impl FnOnce(&RecordRow, Document) -> Result<Document>,
    by: &OperationContext,
) -> Result<RecordRow> {
    expected.check(row.revision)?;
    let before = Record::of(row, register, by)?;
    let held = &before.row;
    let mut document = change(held, before.document.clone())?;
    document.entry("number").or_insert_with(|| held.number.clone().into());
    document::retain_external_spelling(&mut document, held);
    refuse_taken(tx, register, Some(held), &document)?;
    let seals = personal::is_in(&before.document) || personal::is_in(&document);
    let key = sealing_key(tx, &held.id, (Some(held), seals), by)?;
    let references = resolve::resolve(tx, register, Some(&before), &mut document, by)?;
    let mut row = RecordRow::new(register, held.id.clone(), document, by.at, by.keys.of_record(&key))?;
    row.created_at = held.created_at;
    row.revision = held.revision + 1;
    if register.property_name("received_on").is_none() {
        row.received_on = held.received_on;
    }
    let after = Record::of(row.clone(), register, by)?;
    // Nothing is left of what a destroyed key has sealed: to the document that is no difference.
    if after.document == before.document && row.personal.is_some() == before.row.personal.is_some() {
        return Ok(before.row);
    }
    let change = Change { register, pos: Some(pos), before: Some(before), after: Some(after), key };
    apply(tx, change, Some(&references), by)?;
    Ok(row)
}

/// A record as it was at a revision, from its history: to be shown, not to be kept.
pub fn as_of(db: &mut Db, register: &Register, id: &str, revision: i64, keys: &Keys) -> Result<RecordRow> {
    let past = history::as_of(db, register, id, revision, keys)?;
    let mut document = past.document;
    let personal = personal::take(&mut document);
    let place = SealedPlace::Record(id);
    let personal = (!personal.is_empty()).then(|| keys.seal(place, flat(&personal))).transpose()?;
    let row = RecordRow::without_personal_data(register, id.to_owned(), document, past.created_at)?;
    Ok(RecordRow { updated_at: past.updated_at, revision, personal, ..row })
}

/// The first records of a register that were received in a year, by day and number.
pub fn received_in(db: &mut Db, register: &str, year: i32, limit: i64) -> Result<Vec<RecordRow>> {
    let (first, last) = (NaiveDate::from_ymd_opt(year, 1, 1), NaiveDate::from_ymd_opt(year, 12, 31));
    let (Some(first), Some(last)) = (first, last) else { return Ok(Vec::new()) };
    let of_year = records::table
        .filter(records::register.eq(register))
        .filter(records::received_on.between(first, last))
        .order((records::received_on, records::number));
    Ok(of_year.limit(limit).select(RecordRow::as_select()).load(db)?)
}

/// Counts the records in each register that may be told of.
pub fn record_counts(db: &mut Db, may: impl Fn(&str) -> bool) -> Result<Vec<(&'static str, i64)>> {
    let sums = cube::count(db, &(0..=9999), Resolution::Years, &[Dimension::Register], &[])?;
    let counted = |name: &str| {
        let of_register = sums.iter().filter(|sum| sum.value(Dimension::Register) == Some(name));
        of_register.map(|sum| sum.counts.received).sum()
    };
    let number = |register: &Register, db: &mut Db| match register.counted {
        true => Ok(counted(register.name)),
        false => records::table.filter(records::register.eq(register.name)).count().get_result(db),
    };
    let told = ALL.iter().filter(|register| may(register.name));
    told.map(|register| Ok((register.name, number(register, db)?))).collect()
}

/// Deletes a record; its history stays, and so does the version in which another system's matter was deleted.
pub fn delete(
    tx: &mut WriteTransaction,
    register: &Register,
    id: &str,
    expected: &Expected,
    by: &OperationContext,
) -> Result<()> {
    let before = lookups::record(tx, register, id)?;
    expected.check(before.row.revision)?;
    let version = before.row.external_version.unwrap_or_default();
    delete_row(tx, register, before, version, by)
}

fn delete_row(
    tx: &mut WriteTransaction,
    register: &Register,
    StoredRecord { pos, row }: StoredRecord,
    version: i64,
    by: &OperationContext,
) -> Result<()> {
    if let Some((record, register)) = references::referrer(tx, &row.id)? {
        let detail = "another record refers to it; take that reference away first".into();
        return Err(Error::Conflict { detail, record: Some(record), register: Some(register) });
    }
    let RecordRow { id, external_system, external_id, .. } = row.clone();
    let before = Record::of(row, register, by)?;
    let key = sealing_key(tx, &id, (Some(&before.row), personal::is_in(&before.document)), by)?;
    let change = Change { register, pos: Some(pos), before: Some(before), after: None, key };
    apply(tx, change, None, by)?;
    match (external_system, external_id) {
        (Some(system), Some(external)) => {
            lookups::invalidate_tombstones(tx);
            tombstones::record_deletion(tx.unflushed(), register, (&system, &external), version, Some(&id))
        }
        _ => Ok(()),
    }
}

/// The message for a number that another record has.
pub const NUMBER_TAKEN: &str = "the number is taken by another record";

/// The message for a key in another system that another record has.
pub const KEY_TAKEN: &str = "the key in the other system is taken by another record";

/// The message for a value that another record has and only one can have stands around the property.
const VALUE_TAKEN: [&str; 2] = ["the value of `", "` is taken by another record"];

/// The property that such a message is about; none for another one.
pub fn taken_property(message: &str) -> Option<&str> {
    message.strip_prefix(VALUE_TAKEN[0])?.strip_suffix(VALUE_TAKEN[1])
}

/// Refuses what another record than this has already and only one can have.
fn refuse_taken(
    tx: &mut WriteTransaction,
    register: &Register,
    held: Option<&RecordRow>,
    document: &Document,
) -> Result<()> {
    let is_other = |id: &str| held.is_none_or(|held| held.id != id);
    let conflict = |detail: String, record: String, register: String| {
        Err(Error::Conflict { detail, record: Some(record), register: Some(register) })
    };
    if let Some(number) = document.get("number").and_then(Value::as_str)
        && held.is_none_or(|held| held.compared_number() != text::key(number))
        && let Some((holder, register)) = lookups::number_holder(tx, number)?.filter(|(id, _)| is_other(id))
    {
        return conflict(NUMBER_TAKEN.into(), holder, register);
    }
    if let Some((property, holder)) = resolve::taken_value(tx, register, held.map(|held| held.id.as_str()), document)? {
        return conflict(VALUE_TAKEN.join(property), holder, register.name.into());
    }
    let external = |part: &str| document.get("external").and_then(|external| external.get(part)?.as_str());
    if let (Some(system), Some(external_id)) = (external("system"), external("id")) {
        let id = text::id_key(external_id);
        let is_its = |held: &RecordRow| {
            held.external_system.as_deref() == Some(system) && held.external_id.as_deref() == Some(id.as_ref())
        };
        if !held.is_some_and(is_its)
            && let Some(holder) = lookups::external_key_holder(tx, register, (system, &id))?
            && is_other(&holder.row.id)
        {
            return conflict(KEY_TAKEN.into(), holder.row.id, register.name.into());
        }
    }
    Ok(())
}

/// True if a body touches personal data. A caller without `personal:read` may not send it, because that caller cannot
/// see the data.
pub fn touches_personal_data(body: &Value) -> bool {
    !personal::pointers(body).is_empty()
}

/// The next free number of a series; those that clients have given are passed over.
pub fn next_of_series(tx: &mut WriteTransaction, series: &str) -> Result<String> {
    loop {
        let number = numbering::next_in_series(tx, series)?;
        if lookups::number_holder(tx, &number)?.is_none() {
            return Ok(number);
        }
    }
}
