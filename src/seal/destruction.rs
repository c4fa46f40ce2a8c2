//! The end of keys: destroyed with the erasure of their records, taken out of the files, and sealed anew for another key of the
//! settings.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::schema::record_keys;
use crate::db::{Db, KeptPages, forget_old_pages, insert_now};
use crate::error::{KeyNeed, Result};
use crate::seal::key_store::{KeyRow, rows_of, wait};
use crate::seal::{Keys, SealedPlace};

/// A record whose personal data was erased.
#[derive(Clone, Debug)]
pub struct ErasedRecord {
    /// The record.
    pub record: String,
    /// The last revision up to which it was erased.
    pub until: i64,
    /// The time of the erasure.
    pub at: NaiveDateTime,
}

/// The result of a destruction of keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct DestroyedKeys {
    /// The number of keys that were destroyed now.
    pub now: usize,
    /// The number of records that have none left of before their erasure, destroyed now or earlier.
    pub records: usize,
}

/// A key as `verify` looks at it.
#[derive(Clone, Debug)]
pub struct StoredKey {
    /// The record.
    pub record: String,
    /// Its name.
    pub(super) key: String,
    /// The first revision that the key may seal.
    pub since: i64,
    /// The time of the erasure that destroyed it; none while it is there.
    pub destroyed_at: Option<NaiveDateTime>,
    /// The time from which nothing new is sealed with it; none as long as something may be.
    pub retired_at: Option<NaiveDateTime>,
}

impl StoredKey {
    /// True if it is the key that something is sealed with.
    pub fn opens(&self, sealed: &KeyNeed) -> bool {
        matches!(sealed, KeyNeed::Opening { record, key } if *record == self.record && *key == self.key)
    }
}

impl From<KeyRow> for StoredKey {
    fn from(row: KeyRow) -> Self {
        let KeyRow { record_id: record, key, since, destroyed_at, retired_at, .. } = row;
        StoredKey { record, key, since, destroyed_at, retired_at }
    }
}

/// The most keys that are looked at together.
const PAGE: i64 = 1_000;

impl Keys {
    /// Destroys the keys that records had before they were erased. The row of a key stays, without it: a copy of the data from
    /// before tells by it what was erased. It is left for records, too, that had no key yet.
    pub fn destroy(&self, erased: Vec<ErasedRecord>) -> Result<DestroyedKeys> {
        let Some(records) = &self.records else { return Ok(DestroyedKeys::default()) };
        let names = wait(records.store.write(move |tx| {
            let db = tx.unflushed();
            let ids: Vec<String> = erased.iter().map(|one| one.record.clone()).collect();
            let rows = rows_of(db, &ids)?;
            let mut destroyed = (Vec::new(), erased.len());
            for one in &erased {
                let before = |row: &&KeyRow| row.record_id == one.record && row.since <= one.until;
                let keys: Vec<&KeyRow> = rows.iter().filter(before).collect();
                leave_tombstones(db, one, &keys)?;
                let there = keys.into_iter().filter(|row| row.sealed.is_some());
                destroyed.0.extend(there.map(|row| (row.record_id.clone(), row.key.clone())));
            }
            Ok(destroyed)
        }))?;
        names.0.iter().for_each(|name| records.store.ready.invalidate(name));
        Ok(DestroyedKeys { now: names.0.len(), records: names.1 })
    }

    /// Takes what was destroyed out of the places that a database keeps old pages in; what keeps some of them there.
    pub fn forget_destroyed(&self) -> Result<Option<KeptPages>> {
        let Some(records) = &self.records else { return Ok(None) };
        records.store.in_command(|db| forget_old_pages(db, &["record_keys"]))
    }

    /// The keys of records, those that were destroyed among them.
    pub fn stored(&self, records: Vec<String>) -> Result<Vec<StoredKey>> {
        let Some(keys) = &self.records else { return Ok(Vec::new()) };
        let rows = wait(keys.store.read(move |db| rows_of(db, &records)))?;
        Ok(rows.into_iter().map(StoredKey::from).collect())
    }

    /// Goes through all keys, or those alone that were destroyed, in pages: whole records, in their order.
    pub fn each_page(&self, destroyed: bool, mut work: impl FnMut(Vec<StoredKey>) -> Result<()>) -> Result<()> {
        let Some(keys) = &self.records else { return Ok(()) };
        let mut after = String::new();
        loop {
            let from = after.clone();
            let ids = wait(keys.store.read(move |db| {
                let ids = record_keys::table.filter(record_keys::record_id.gt(from)).order(record_keys::record_id);
                let ids = ids.select(record_keys::record_id).distinct().limit(PAGE);
                let ids: Vec<String> = match destroyed {
                    true => ids.filter(record_keys::destroyed_at.is_not_null()).load(db)?,
                    false => ids.load(db)?,
                };
                Ok(ids)
            }))?;
            let Some(last) = ids.last() else { return Ok(()) };
            after.clone_from(last);
            work(self.stored(ids)?)?;
        }
    }

    /// Seals the keys anew that are not sealed with the key that seals now; how many.
    pub(super) fn rewrap(&self) -> Result<usize> {
        let Some(records) = &self.records else { return Ok(0) };
        let current = self.current()?;
        let mut sealed = 0;
        loop {
            let (keys, current) = (self.clone(), current.clone());
            let number = wait(records.store.write(move |tx| {
                let db = tx.unflushed();
                let others = record_keys::table.filter(record_keys::sealed.not_like(&current)).limit(PAGE);
                let rows: Vec<KeyRow> = others.select(KeyRow::as_select()).load(db)?;
                rows.iter().try_for_each(|row| keys.rewrap_one(db, row))?;
                Ok(rows.len())
            }))?;
            sealed += number;
            if number == 0 {
                return Ok(sealed);
            }
        }
    }

    fn rewrap_one(&self, db: &mut Db, row: &KeyRow) -> Result<()> {
        let Some(sealed) = &row.sealed else { return Ok(()) };
        let place = SealedPlace::RecordKey(&row.record_id, &row.key);
        let sealed = self.seal(place, self.open(place, sealed)?)?;
        let held = record_keys::table.find((&row.record_id, &row.key));
        diesel::update(held).set(record_keys::sealed.eq(sealed)).execute(db)?;
        Ok(())
    }
}

/// Makes tombstones of the keys that a record had up to its erasure, and one where it had none.
fn leave_tombstones(db: &mut Db, erased: &ErasedRecord, keys: &[&KeyRow]) -> Result<()> {
    for row in keys.iter().filter(|row| row.sealed.is_some()) {
        diesel::update(record_keys::table.find((&row.record_id, &row.key)))
            .set((record_keys::sealed.eq(None::<String>), record_keys::destroyed_at.eq(erased.at)))
            .execute(db)?;
    }
    if keys.is_empty() {
        let row = KeyRow {
            record_id: erased.record.clone(),
            key: "1".into(),
            since: 1,
            sealed: None,
            made_at: erased.at,
            destroyed_at: Some(erased.at),
            retired_at: None,
        };
        insert_now(db, &[row])?;
    }
    Ok(())
}
