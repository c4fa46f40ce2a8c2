//! Keys of records: one for each record with personal data, in a database of their own, sealed with the service's key and
//! bound to the record. A record that was erased gets another one for what is entered afterwards.
//!
//! A key is known by its record and by the first revision that it may seal, which follows from the erasures that the audit
//! trail tells of. So who writes never takes a key that was destroyed: in the transaction that writes, the trail decides which
//! key is meant, and an erasure stands there before its key is destroyed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM_SIV, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chrono::NaiveDateTime;
use diesel::prelude::*;
use moka::sync::Cache;

use crate::clock::Clock;
use crate::config::{Config, DatabaseSettings, Target};
use crate::db::schema::record_keys;
use crate::db::{self, Database, Db, DeferredRow, Schema, WriteTransaction, exclusively, insert_rows};
use crate::error::{Error, KeyNeed, Result};
use crate::seal::{Keys, SealedPlace};

/// A key that is ready to seal and open.
pub(super) type RecordKey = Arc<RandomizedNonceKey>;

/// A key by its record and the first revision that it may seal.
type KeyName = (String, i64);

/// The most keys that a process keeps ready, and for how long: one that another process destroys goes from here too.
const READY: u64 = 10_000;
const READY_FOR: Duration = Duration::from_secs(300);

/// The property under which a key is sealed.
const KEY: &str = "key";

/// Bytes of a key.
const LENGTH: usize = 32;

/// The state of a key that was asked for.
#[derive(Clone)]
enum HeldKey {
    Ready(RecordKey),
    Destroyed,
    /// There is none and never was.
    Missing,
}

/// The keys of records as some work has them: those that were fetched for it, and those that the process keeps ready.
#[derive(Clone)]
pub struct RecordKeys {
    store: Arc<KeyStore>,
    held: Arc<HashMap<KeyName, HeldKey>>,
    /// True if keys that are made are kept nowhere, as nothing will be that they seal.
    is_trial: bool,
}

/// The database of keys, and the keys that are kept ready.
struct KeyStore {
    place: KeyPlace,
    ready: Cache<KeyName, RecordKey>,
}

/// The way to the database of keys.
enum KeyPlace {
    /// A service's, which many use at once.
    Service(Database),
    /// A command's, which is connected when it is first needed.
    Command(Target, DatabaseSettings, Mutex<Option<Db>>),
}

impl KeyStore {
    fn new(place: KeyPlace) -> Arc<Self> {
        Arc::new(KeyStore { place, ready: Cache::builder().max_capacity(READY).time_to_live(READY_FOR).build() })
    }

    /// Runs a query.
    async fn read<T: Send + 'static>(&self, work: impl FnOnce(&mut Db) -> Result<T> + Send + 'static) -> Result<T> {
        match &self.place {
            KeyPlace::Service(database) => database.read_primary(work).await,
            KeyPlace::Command(..) => self.in_command(work),
        }
    }

    /// Runs work in a transaction that is kept when this returns.
    async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut WriteTransaction) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        match &self.place {
            KeyPlace::Service(database) => database.write_together(work).await,
            KeyPlace::Command(..) => self.in_command(|db| exclusively(db, |tx| work(tx))),
        }
    }

    fn in_command<T>(&self, work: impl FnOnce(&mut Db) -> Result<T>) -> Result<T> {
        let KeyPlace::Command(target, settings, connection) = &self.place else {
            return Err(Error::Internal("a service changes keys like a command".into()));
        };
        let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        let db = match connection.as_mut() {
            Some(db) => db,
            None => {
                let mut db = db::connect_to(target, settings)?;
                Schema::RecordKeys.check(&mut db)?;
                connection.insert(db)
            }
        };
        work(db)
    }
}

/// A key as it is kept.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = record_keys)]
struct KeyRow {
    record_id: String,
    since: i64,
    sealed: Option<String>,
    made_at: NaiveDateTime,
    destroyed_at: Option<NaiveDateTime>,
}

impl DeferredRow for KeyRow {
    const RANK: u8 = 0;

    /// Inserts those that are not there yet: of several that make the same key, the first one's stays.
    fn insert(db: &mut Db, rows: &[Self]) -> Result<()> {
        let ids: Vec<String> = rows.iter().map(|row| row.record_id.clone()).collect();
        let mut known: Vec<KeyName> = rows_of(db, &ids)?.into_iter().map(|row| (row.record_id, row.since)).collect();
        let mut new = Vec::new();
        for row in rows {
            let name = (row.record_id.clone(), row.since);
            if !known.contains(&name) {
                known.push(name);
                new.push(row);
            }
        }
        insert_rows!(db, &new, record_keys(record_id, since, sealed, made_at, destroyed_at))
    }
}

/// The keys of records.
fn rows_of(db: &mut Db, records: &[String]) -> Result<Vec<KeyRow>> {
    let of_records = record_keys::table.filter(record_keys::record_id.eq_any(records));
    Ok(of_records.order((record_keys::record_id, record_keys::since)).select(KeyRow::as_select()).load(db)?)
}

fn ready(key: &[u8]) -> Result<RecordKey> {
    let key = RandomizedNonceKey::new(&AES_256_GCM_SIV, key);
    key.map(Arc::new).map_err(|_| Error::Corrupt("a key of a record is none".into()))
}

fn fresh() -> Result<[u8; LENGTH]> {
    let mut key = [0; LENGTH];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| Error::Internal("there is no randomness".into()))?;
    Ok(key)
}

/// Waits for something on a thread that may wait.
fn wait<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.map_err(|error| Error::Internal(error.to_string()))?.block_on(work)
}

impl RecordKeys {
    /// The keys for a command with these settings; none where there is no database of them.
    pub(super) fn of_command(config: &Config) -> Result<Option<Self>> {
        let target = config.database.record_keys()?;
        Ok(target.map(|target| Self::at(KeyPlace::Command(target, config.database.clone(), Mutex::default()))))
    }

    fn at(place: KeyPlace) -> Self {
        RecordKeys { store: KeyStore::new(place), held: Arc::default(), is_trial: false }
    }

    /// The key that opens; none if it was destroyed.
    pub(super) fn opening(&self, record: &str, since: i64) -> Result<Option<RecordKey>> {
        let name = (record.to_owned(), since);
        match self.held(&name) {
            Some(HeldKey::Ready(key)) => Ok(Some(key)),
            Some(HeldKey::Destroyed) => Ok(None),
            Some(HeldKey::Missing) => Err(Error::Corrupt(format!("the key of the record {record} is missing"))),
            None => Err(needed(name, false)),
        }
    }

    /// The key that seals.
    pub(super) fn sealing(&self, record: &str, since: i64) -> Result<RecordKey> {
        let name = (record.to_owned(), since);
        match self.held(&name) {
            Some(HeldKey::Ready(key)) => Ok(key),
            Some(HeldKey::Destroyed) => Err(Error::Conflict {
                detail: "the personal data of this record was erased after the backup that this database is from; \
                         `aufsicht restored` finishes that"
                    .into(),
                record: None,
                register: None,
            }),
            Some(HeldKey::Missing) | None => Err(needed(name, true)),
        }
    }

    fn held(&self, name: &KeyName) -> Option<HeldKey> {
        self.held.get(name).cloned().or_else(|| self.store.ready.get(name).map(HeldKey::Ready))
    }
}

fn needed((record, since): KeyName, is_new: bool) -> Error {
    Error::KeysNeeded(vec![KeyNeed { record, since, is_new }])
}

impl Keys {
    /// The same keys as a service has them, which asks this database.
    pub fn in_service(&self, database: Option<Database>) -> Keys {
        self.with_records(database.map(|database| RecordKeys::at(KeyPlace::Service(database))))
    }

    /// The same keys for work of which nothing will be kept.
    pub fn on_trial(&self) -> Keys {
        self.with_records(self.records.clone().map(|records| RecordKeys { is_trial: true, ..records }))
    }

    /// The same with keys of records that some work needs; new ones are kept when this returns. One question for all of them,
    /// and where there are new ones, one transaction.
    pub async fn provided(&self, needs: Vec<KeyNeed>) -> Result<Keys> {
        let Some(records) = &self.records else { return Ok(self.clone()) };
        let mut held = HashMap::clone(&records.held);
        let mut asked = Vec::new();
        for need in needs {
            let name = (need.record.clone(), need.since);
            match records.held(&name).filter(|held| !(need.is_new && matches!(held, HeldKey::Missing))) {
                Some(known) => _ = held.insert(name, known),
                None => asked.push(need),
            }
        }
        if !asked.is_empty() {
            self.fetch(records, &asked, &mut held).await?;
        }
        let records = RecordKeys { held: Arc::new(held), ..records.clone() };
        Ok(self.with_records(Some(records)))
    }

    /// The same on a thread that may wait.
    pub fn provided_now(&self, needs: Vec<KeyNeed>) -> Result<Keys> {
        wait(self.provided(needs))
    }

    /// Asks for keys, makes those that are new, and adds all to those at hand.
    async fn fetch(&self, records: &RecordKeys, asked: &[KeyNeed], held: &mut HashMap<KeyName, HeldKey>) -> Result<()> {
        let ids: Vec<String> = asked.iter().map(|need| need.record.clone()).collect();
        let read = || {
            let ids = ids.clone();
            records.store.read(move |db| rows_of(db, &ids))
        };
        let mut rows = read().await?;
        let is_there = |rows: &[KeyRow], need: &KeyNeed| {
            rows.iter().any(|row| row.record_id == need.record && row.since == need.since)
        };
        let new = asked.iter().filter(|need| need.is_new && !is_there(&rows, need));
        let new = new.map(|need| self.new_key(need)).collect::<Result<Vec<KeyRow>>>()?;
        if records.is_trial {
            rows.extend(new);
        } else if !new.is_empty() {
            let keep = move |tx: &mut WriteTransaction| {
                new.iter().for_each(|row| tx.defer(row.clone()));
                Ok(())
            };
            records.store.write(keep).await?;
            rows = read().await?;
        }
        for need in asked {
            let row = rows.iter().find(|row| row.record_id == need.record && row.since == need.since);
            let name = (need.record.clone(), need.since);
            let found = match row.map(|row| row.sealed.as_ref()) {
                None => HeldKey::Missing,
                Some(None) => HeldKey::Destroyed,
                Some(Some(sealed)) => HeldKey::Ready(self.opened(&name, sealed)?),
            };
            if let HeldKey::Ready(key) = &found
                && !records.is_trial
            {
                records.store.ready.insert(name.clone(), key.clone());
            }
            held.insert(name, found);
        }
        Ok(())
    }

    fn new_key(&self, need: &KeyNeed) -> Result<KeyRow> {
        let key = STANDARD_NO_PAD.encode(fresh()?);
        let sealed = self.seal(SealedPlace::RecordKey(&need.record, need.since), [(KEY.to_owned(), key.into())])?;
        Ok(KeyRow {
            record_id: need.record.clone(),
            since: need.since,
            sealed: Some(sealed),
            made_at: Clock::system().now(),
            destroyed_at: None,
        })
    }

    fn opened(&self, (record, since): &KeyName, sealed: &str) -> Result<RecordKey> {
        let opened = self.open(SealedPlace::RecordKey(record, *since), sealed)?;
        let key = opened.get(KEY).and_then(|key| key.as_str()).and_then(|key| STANDARD_NO_PAD.decode(key).ok());
        ready(&key.unwrap_or_default())
    }
}

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
    /// The first revision that the key may seal.
    pub since: i64,
    /// The time of the erasure that destroyed it; none while it is there.
    pub destroyed_at: Option<NaiveDateTime>,
}

impl From<KeyRow> for StoredKey {
    fn from(row: KeyRow) -> Self {
        StoredKey { record: row.record_id, since: row.since, destroyed_at: row.destroyed_at }
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
                destroyed.0.extend(there.map(|row| (row.record_id.clone(), row.since)));
            }
            Ok(destroyed)
        }))?;
        names.0.iter().for_each(|name| records.store.ready.invalidate(name));
        Ok(DestroyedKeys { now: names.0.len(), records: names.1 })
    }

    /// Takes what was destroyed out of the places that a database keeps old pages in.
    pub fn forget_destroyed(&self) -> Result<()> {
        let Some(records) = &self.records else { return Ok(()) };
        records.store.in_command(|db| db.dialect().forget_old_pages(db, &["record_keys"]))
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
        let place = SealedPlace::RecordKey(&row.record_id, row.since);
        let sealed = self.seal(place, self.open(place, sealed)?)?;
        let held = record_keys::table.find((&row.record_id, row.since));
        diesel::update(held).set(record_keys::sealed.eq(sealed)).execute(db)?;
        Ok(())
    }
}

/// Makes tombstones of the keys that a record had up to its erasure, and one where it had none.
fn leave_tombstones(db: &mut Db, erased: &ErasedRecord, keys: &[&KeyRow]) -> Result<()> {
    for row in keys.iter().filter(|row| row.sealed.is_some()) {
        diesel::update(record_keys::table.find((&row.record_id, row.since)))
            .set((record_keys::sealed.eq(None::<String>), record_keys::destroyed_at.eq(erased.at)))
            .execute(db)?;
    }
    if keys.is_empty() {
        let row = KeyRow {
            record_id: erased.record.clone(),
            since: 1,
            sealed: None,
            made_at: erased.at,
            destroyed_at: Some(erased.at),
        };
        KeyRow::insert(db, &[row])?;
    }
    Ok(())
}
