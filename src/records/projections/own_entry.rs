//! The entry of what new records say of the authority's own, in the lists of values and in the cells: of many at once, so that a
//! new record costs hardly more than one that says nothing. Up to which place of records all is entered is kept. Who asks
//! looks at the records behind it themselves, of which there are few, however many there are in all; so that what is new
//! is found and counted at once. A change of a record that is entered is entered with it.

use diesel::prelude::*;

use super::{cube, own_cells};
use crate::db::schema::records;
use crate::db::{Db, DeferredRow, InsertBatch, WriteTransaction};
use crate::error::Result;
use crate::records::own_values::NewOwnValues;

/// The number of changes of records from one entry to the next. The view `own_new_records` shows up to twice as many.
const STEP: i64 = 512;

/// Leaves it to the end of the transaction to enter the new records, if this change of all, in the order of the change feed, is one
/// at which that is done.
pub(super) fn after_change(tx: &mut WriteTransaction, seq: i64) {
    if seq % STEP == 0 {
        tx.defer(EntryDue);
    }
}

/// The entry of the new records, when it is due.
struct EntryDue;

impl DeferredRow for EntryDue {
    const RANK: u8 = 3;

    fn insert<'r>(db: &mut Db, _: &mut InsertBatch<'r>, _: &'r [Self]) -> Result<()> {
        enter(db)
    }
}

/// True if there are new records.
pub(super) fn is_due(db: &mut Db) -> Result<bool> {
    let last: Option<i64> = records::table.select(diesel::dsl::max(records::pos)).first(db)?;
    Ok(last.unwrap_or_default() > own_cells::entered(db)?)
}

/// Enters the new records.
pub fn enter(db: &mut Db) -> Result<()> {
    let before = own_cells::entered(db)?;
    let mut values = NewOwnValues::default();
    let last = cube::count_new(db, before, &mut values)?;
    if last == before {
        return Ok(());
    }
    values.enter(db)?;
    own_cells::set_entered(db, last)
}
