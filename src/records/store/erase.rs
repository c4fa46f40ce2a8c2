//! Erasure of the personal data of a record.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::audit::trail;
use crate::context::OperationContext;
use crate::db::WriteTransaction;
use crate::db::schema::records;
use crate::error::Result;
use crate::records::Document;
use crate::records::erasable::{self, ErasedTexts};
use crate::records::lookups;
use crate::records::projections::history;
use crate::records::projections::history_row::{self, ErasureFindings};
use crate::records::row::{RecordRow, StoredRecord};
use crate::records::store::{Expected, replace};
use crate::records::{personal, tombstones};
use crate::registers::Register;

/// Takes all personal data out of a record and its history, for good, and the texts of these properties; tells what it
/// found. The record gets a further revision, so that nobody goes on with what they have read; the audit trail keeps its
/// digests, whose salts go. `forgets_key` says whether what is left of the key of a deleted matter goes too.
pub fn erase(
    tx: &mut WriteTransaction,
    register: &Register,
    id: &str,
    (wanted, forgets_key): (ErasedTexts, bool),
    by: &OperationContext,
) -> Result<ErasureFindings> {
    let before = records::table
        .filter(records::id.eq(id))
        .filter(records::register.eq(register.name))
        .select(StoredRecord::as_select())
        .first(tx.flushed()?)
        .optional()?;
    if let Some(before) = before {
        let erased = |_: &RecordRow, mut document: Document| {
            personal::take(&mut document);
            erasable::take(register, &mut document, wanted);
            Ok(document)
        };
        replace(tx, register, before, &Expected::Any, erased, by)?;
    }
    let mut found = history::erase(tx.flushed()?, register, id, wanted)?;
    lookups::invalidate_tombstones(tx);
    found.is_key_forgotten = forgets_key && tombstones::forget(tx.unflushed(), id)?;
    append_audit_entries(tx, id, &found, by)?;
    Ok(found)
}

/// Tells the audit trail what was erased of a record.
fn append_audit_entries(
    tx: &mut WriteTransaction,
    id: &str,
    found: &ErasureFindings,
    by: &OperationContext,
) -> Result<()> {
    let taken = found.taken.keys().map(|property| history_row::erased_as(property));
    let taken: BTreeSet<&str> = taken.chain(found.is_key_forgotten.then_some(history_row::KEY)).collect();
    let last = history_row::last_revision(tx.flushed()?, id)?;
    for property in taken {
        let entry = trail::NewTrailEntry {
            kind: trail::TrailKind::Erasure,
            action: &history_row::erasure(property),
            subject: id,
            revision: Some(last),
            digest: history_row::erasure_digest(id, property, last),
        };
        trail::append(tx, &entry, by)?;
    }
    Ok(())
}
