//! Keys of records against what is sealed with them. A key that is missing is found where something of its record is opened.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use crate::db::Db;
use crate::db::schema::records;
use crate::error::{KeyNeed, Result};
use crate::records::projections::history::all_of;
use crate::records::projections::history_row::{Erased, HistoryRow, PERSONAL};
use crate::records::row::RecordRow;
use crate::seal::{Keys, StoredKey};

/// Returns the keys of a record that its erasure should have destroyed.
pub fn left(keys: &[StoredKey], erased: &Erased) -> Vec<String> {
    let until = erased.get(PERSONAL).copied().unwrap_or_default();
    let is_left = |key: &&StoredKey| key.destroyed_at.is_none() && key.since <= until;
    let told = |key: &StoredKey| {
        format!(
            "its key from revision {} is there, though it was erased; `aufsicht subject erase` destroys it",
            key.since
        )
    };
    keys.iter().filter(is_left).map(told).collect()
}

/// Counts the keys that seal nothing: a write was not kept that one was made for.
pub fn unused(db: &mut Db, keys: &Keys) -> Result<usize> {
    let mut unused = 0;
    each_use(db, keys, |_, is_used| unused += usize::from(!is_used))?;
    Ok(unused)
}

/// Goes through the keys that are there, and tells of each if it seals anything.
pub fn each_use(db: &mut Db, keys: &Keys, mut tell: impl FnMut(&StoredKey, bool)) -> Result<()> {
    keys.each_page(false, |page| {
        let ids: BTreeSet<String> = page.iter().map(|key| key.record.clone()).collect();
        let ids: Vec<String> = ids.into_iter().collect();
        let held = records::table.filter(records::id.eq_any(&ids)).select(RecordRow::as_select());
        let held: Vec<RecordRow> = held.load(db)?;
        let rows = all_of(db, &ids)?;
        let used = held.iter().filter_map(RecordRow::key).chain(rows.iter().filter_map(HistoryRow::key));
        let used: Vec<KeyNeed> = used.collect();
        let mut by_record: BTreeMap<&str, Vec<&KeyNeed>> = BTreeMap::new();
        used.iter().for_each(|need| by_record.entry(need.record()).or_default().push(need));
        let is_used = |key: &&StoredKey| {
            by_record.get(key.record.as_str()).is_some_and(|of| of.iter().any(|need| key.opens(need)))
        };
        page.iter().filter(|key| key.destroyed_at.is_none()).for_each(|key| tell(key, is_used(&key)));
        Ok(())
    })
}
