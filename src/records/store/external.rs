//! Records of other systems: created, replaced and deleted under the keys that they have there.

use crate::context::OperationContext;
use crate::db::WriteTransaction;
use crate::error::{Error, Fault, Result};
use crate::records::Document;
use crate::records::lookups;
use crate::records::projections::history;
use crate::records::row::RecordRow;
use crate::records::store::{Expected, create, delete_row, replace};
use crate::records::{document, personal, tombstones};
use crate::registers::{Register, Rules};
use serde_json::Value;

/// A whole record as another system delivers it, under its key there.
#[derive(Clone)]
pub struct ExternalRecord {
    /// The id that the record gets if it is new.
    pub new_id: String,
    /// The id that it had where it was exported: a new record gets it, unless a record here has it or had it.
    pub former_id: Option<String>,
    /// The other system.
    pub system: String,
    /// The form of the record's id there by which it is compared.
    pub external_id: String,
    /// The version there.
    pub version: i64,
    /// The body as it was sent, with the key in `external`.
    pub body: Value,
    /// True if the sender may see personal data; if not, the personal data already held in the record stays.
    pub sees_personal_data: bool,
    /// True if the body gives the day received.
    pub says_day: bool,
    /// The rules that the body is checked by.
    pub rules: Rules,
    /// The faults that it has as that of a new record, and that one which is held already may have: values that the vocabulary
    /// has no longer.
    pub doubts: Vec<Fault>,
}

/// The result of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is a new record.
    Created,
    /// The record was changed.
    Updated,
    /// It said the same again.
    Unchanged,
}

/// Creates or replaces the record that has a key in another system. `document` is the delivery's body, checked as that
/// of a new record; a new one must say the day received. The version decides: an older one than is held is refused, so that deliveries may come doubled and
/// in any order, and so is one that is no newer than what was deleted here. What is absent is cleared, except the number, the day received, and personal data that the sender
/// does not see.
pub fn upsert(
    tx: &mut WriteTransaction,
    register: &Register,
    delivery: &ExternalRecord,
    document: Document,
    expected: Option<&Expected>,
    by: &OperationContext,
) -> Result<(Outcome, RecordRow)> {
    let key = (delivery.system.as_str(), delivery.external_id.as_str());
    let Some(row) = lookups::external_key_holder(tx, register, key)? else {
        return match expected {
            Some(_) => Err(Error::Stale { held: 0 }),
            None => Ok((Outcome::Created, create_delivered(tx, register, delivery, document, by)?)),
        };
    };
    let held = &row.row;
    if let Some(version) = held.external_version.filter(|version| *version > delivery.version) {
        return Err(Error::StaleVersion {
            record: Some(held.id.clone()),
            register: Some(held.register.clone()),
            version,
        });
    }
    let revision = held.revision;
    let change = |columns: &RecordRow, mut before: Document| {
        let mut document = match delivery.says_day && delivery.doubts.is_empty() {
            true => document,
            false => {
                let received = columns.received_on;
                document::read_again(register, delivery.body.clone(), &delivery.rules, received, &before)?
            }
        };
        document::retain_element_ids(&mut document, &delivery.body, &before);
        if !delivery.sees_personal_data {
            personal::put_back(&mut document, personal::take(&mut before));
        }
        Ok(document)
    };
    let after = replace(tx, register, row, expected.unwrap_or(&Expected::Any), change, by)?;
    let outcome = if after.revision == revision { Outcome::Unchanged } else { Outcome::Updated };
    Ok((outcome, after))
}

/// Creates the record of a delivery, unless it says no day received, has values that new records cannot have, or was deleted here in a version that is no older.
fn create_delivered(
    tx: &mut WriteTransaction,
    register: &Register,
    delivery: &ExternalRecord,
    document: Document,
    by: &OperationContext,
) -> Result<RecordRow> {
    let no_day = (!delivery.says_day).then(|| document::no_day(register));
    let faults: Vec<Fault> = no_day.into_iter().chain(delivery.doubts.iter().cloned()).collect();
    if !faults.is_empty() {
        return Err(Error::Validation(faults));
    }
    if let Some(deleted) = lookups::tombstone(tx, register, (&delivery.system, &delivery.external_id))? {
        deleted.refuse(register, delivery.version)?;
    }
    let id = id_of_new(tx, delivery)?;
    create(tx, register, (id, document), by)
}

/// The id that the record of a delivery gets.
fn id_of_new(tx: &mut WriteTransaction, delivery: &ExternalRecord) -> Result<String> {
    let id = match &delivery.former_id {
        Some(former) if !history::has(tx, former)? => former,
        _ => &delivery.new_id,
    };
    Ok(id.clone())
}

/// Deletes the record that has a key in another system, as of a version there: a newer one than that stays. Without a
/// version the one that is held is meant. Deletions may come doubled and before what they delete: then they keep it from
/// coming.
pub fn delete_external(
    tx: &mut WriteTransaction,
    register: &Register,
    (system, id): (&str, &str),
    version: Option<i64>,
    by: &OperationContext,
) -> Result<()> {
    let held = lookups::external_key_holder(tx, register, (system, id))?;
    match (held, version) {
        (None, None) => Err(Error::NotFound(format!("the register {} has no record of that key", register.name))),
        (None, Some(version)) => {
            lookups::invalidate_tombstones(tx);
            tombstones::record_deletion(tx.unflushed(), register, (system, id), version, None)
        }
        (Some(row), version) => {
            let newest = row.row.external_version.unwrap_or_default();
            let version = version.unwrap_or(newest);
            if version < newest {
                return Err(Error::StaleVersion {
                    record: Some(row.row.id),
                    register: Some(row.row.register),
                    version: newest,
                });
            }
            delete_row(tx, register, row, version, by)
        }
    }
}
