//! The effects of a change of a record: the row itself, its references, history, change feed, words and counts.

mod cell_sql;
mod counts;
pub mod cube;
pub mod history;
pub mod history_row;
pub mod own_cells;
pub mod own_entry;
pub mod own_held;
pub mod own_set;
pub mod own_sets;
mod periods;

use diesel::prelude::*;

use self::history_row::{Action, RecordChange};
use super::lookups;
use super::query::search;
use super::references::{self, References};
use super::row::RecordRow;
use super::said::said;
use super::{Document, document, own_values};
use crate::context::OperationContext;
use crate::db::schema::records;
use crate::db::{WriteTransaction, cached};
use crate::error::{Error, Result};
use crate::registers::Register;
use crate::seal::SealingKey;

/// A record: its row, and the document that the row was made from.
pub struct Record {
    /// The row.
    pub row: RecordRow,
    /// The document.
    pub document: Document,
}

impl Record {
    /// Opens the document of a row.
    pub fn of(row: RecordRow, register: &Register, by: &OperationContext) -> Result<Record> {
        Ok(Record { document: row.document(register, Some(&by.keys))?, row })
    }
}

/// A change of a record: without `before` it is new, without `after` it is gone.
pub struct Change<'a> {
    /// The register.
    pub register: &'a Register,
    /// The place of the row, once there is one.
    pub pos: Option<i64>,
    /// The record before.
    pub before: Option<Record>,
    /// The record after.
    pub after: Option<Record>,
    /// The key of the record's own.
    pub key: SealingKey,
}

impl Change<'_> {
    fn rows(&self) -> (Option<&RecordRow>, Option<&RecordRow>) {
        (self.before.as_ref().map(|record| &record.row), self.after.as_ref().map(|record| &record.row))
    }
}

/// Writes a change of a record, and all that follows from it: they stand and fall together. Every change comes through
/// here, inside the writer's transaction. What can be refused for a reason of the sender's was refused before: a failure
/// from here on takes the transaction, or a savepoint, with it.
pub fn apply(
    tx: &mut WriteTransaction,
    change: Change,
    references: Option<&References>,
    by: &OperationContext,
) -> Result<()> {
    let (before, after) = change.rows();
    let Some(named) = after.or(before) else { return Ok(()) };
    let action = write_row(tx, change.pos, before, after)?;
    let nothing = Document::new();
    let [old, new] = [&change.before, &change.after].map(|of| of.as_ref().map_or(&nothing, |record| &record.document));
    for Record { row, document } in change.before.iter().chain(&change.after) {
        lookups::invalidate(tx, change.register, row, document);
    }
    if let Some(Record { row, document }) = &change.after {
        references::store(tx, change.register, row, (old, document), references)?;
        if before.is_none_or(|before| before.title != row.title) {
            references::link_records_naming(tx, row)?;
        }
    }
    let changed = RecordChange {
        register: change.register,
        id: &named.id,
        number: &named.number,
        revision: before.map_or(1, |before| before.revision + 1),
        key: &change.key,
    };
    let differences = document::differences(old, new);
    let seq = history::append(tx, &changed, action, differences, by)?;
    search::defer_words(tx, change.pos, before, after);
    cube::adjust(tx, before, after);
    apply_own(tx, &change, [old, new])?;
    own_entry::after_change(tx, seq);
    Ok(())
}

/// Writes the values that a record has of the authority's own, and its counts, if the record is entered in them already.
fn apply_own(tx: &mut WriteTransaction, change: &Change, documents: [&Document; 2]) -> Result<()> {
    let (before, after) = change.rows();
    let Some(named) = after.or(before) else { return Ok(()) };
    let [was, is] = documents.map(|document| said(change.register, document));
    if was.is_empty() && is.is_empty() {
        return Ok(());
    }
    let db = tx.unflushed();
    let is_late = db.dialect().enters_values_late();
    let is_entered = match change.pos {
        Some(pos) => pos <= own_cells::entered(db)?,
        None => false,
    };
    if is_entered || !is_late {
        own_values::store(tx, &named.id, &was, &is)?;
    }
    if is_entered {
        cube::adjust_own(tx, before.map(|row| (row, was)), after.map(|row| (row, is)));
    }
    Ok(())
}

/// Writes, changes or takes away the row itself.
fn write_row(
    tx: &mut WriteTransaction,
    pos: Option<i64>,
    before: Option<&RecordRow>,
    after: Option<&RecordRow>,
) -> Result<Action> {
    let (Some(pos), Some(before)) = (pos, before) else {
        let after = after.ok_or_else(|| Error::Internal("there is nothing to write".into()))?;
        tx.defer(after.clone());
        return Ok(Action::Created);
    };
    let held = records::table.find(pos).filter(records::revision.eq(before.revision));
    let db = tx.flushed_if(|new: &RecordRow| new.id == before.id)?;
    let (action, written): (Action, Option<i64>) = match after {
        Some(after) => {
            let changing = diesel::update(held).set(after.changed_from(before)).returning(records::pos);
            (Action::Updated, cached(changing).get_result(db).optional()?)
        }
        None => (Action::Deleted, diesel::delete(held).returning(records::pos).get_result(db).optional()?),
    };
    written.map(|_| action).ok_or(Error::Stale { held: before.revision })
}
