//! Dimensions and numbers of the authority's own that have a new name: records that carry the former one get it. That is a change
//! of the record as any other: its history and the audit trail tell it, and figures and lists follow.

use diesel::prelude::*;

use super::{Expected, update};
use crate::context::OperationContext;
use crate::db::schema::records;
use crate::db::{Db, exclusively};
use crate::error::Result;
use crate::records::row::RecordRow;
use crate::records::{Document, find, own_values};
use crate::registers::vocabulary::{OWN_PROPERTY, Renaming};
use crate::registers::{self, Vocabulary};

/// The number of records that are changed by one commit: others can write in between.
const GROUP: i64 = 500;

/// Renames what records carry, and returns the number of records changed.
pub fn rename_held(db: &mut Db, vocabulary: &Vocabulary, by: &OperationContext) -> Result<usize> {
    let mut changed = 0;
    for renaming in vocabulary.renamings() {
        let mut after = String::new();
        loop {
            let group = holders(db, &renaming, &after)?;
            let Some((last, _)) = group.last() else { break };
            after.clone_from(last);
            changed += rename_group(db, vocabulary, &group, by)?;
        }
    }
    Ok(changed)
}

/// Records that carry a former name, behind an id: their ids and registers.
fn holders(db: &mut Db, renaming: &Renaming, after: &str) -> Result<Vec<(String, String)>> {
    let of_registers = records::table.filter(records::register.eq_any(renaming.registers.to_vec()));
    let behind = of_registers
        .filter(own_values::carries(db.dialect(), renaming.was))
        .filter(records::id.gt(after))
        .order(records::id);
    Ok(behind.limit(GROUP).select((records::id, records::register)).load(db)?)
}

fn rename_group(
    db: &mut Db,
    vocabulary: &Vocabulary,
    group: &[(String, String)],
    by: &OperationContext,
) -> Result<usize> {
    let ids: Vec<String> = group.iter().map(|(id, _)| id.clone()).collect();
    let by = &OperationContext { keys: find::keys_to(db, &ids, &by.keys)?, ..by.clone() };
    exclusively(db, |tx| {
        let mut changed = 0;
        for (id, register) in group {
            let Some(register) = registers::find(register) else { continue };
            let mut held = 0;
            let renamed = |row: &RecordRow, mut document: Document| {
                held = row.revision;
                if let Some(own) = document.get_mut(OWN_PROPERTY).and_then(|own| own.as_object_mut()) {
                    vocabulary.rename(register, own);
                }
                Ok(document)
            };
            let row = update(tx, register, id, &Expected::Any, renamed, by)?;
            changed += usize::from(row.revision > held);
        }
        Ok(changed)
    })
}
