//! Keys of records with personal data, in a database of their own, sealed with the service's key and bound to the record. A
//! record has one, and another one after it was erased.
//!
//! What is sealed names its key. A key knows the first revision that it may seal, and an erasure destroys those from up to its
//! revision. So who writes never seals with a key that was destroyed: it names the one that the record is sealed with, or takes
//! one from after the last erasure that the audit trail tells of, in the transaction that writes; and an erasure stands in the
//! trail before its keys are destroyed.

use std::collections::{BTreeSet, HashMap};
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
use crate::db::{self, Database, Db, DeferredRow, Schema, WriteTransaction, deferred_row, exclusively};
use crate::digest;
use crate::error::{Error, KeyNeed, Result};
use crate::seal::{Keys, SealedPlace, SealingKey};

/// A key that is ready to seal and open.
pub(super) type RecordKey = Arc<RandomizedNonceKey>;

/// A key by its record and its own name.
type KeyName = (String, String);

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

/// The keys that some work has at hand.
#[derive(Clone, Default)]
struct HeldKeys {
    /// By their names.
    keys: HashMap<KeyName, HeldKey>,
    /// Those of each record that could be sealed with: from which revision on, and the name.
    living: HashMap<String, Vec<(i64, String)>>,
}

/// The fate of keys that are made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NewKeys {
    /// They are kept before what they seal.
    Kept,
    /// They are kept nowhere, as nothing will be that they seal; the same work can open it.
    OnTrial,
    /// Nobody has them: what they seal is erased at once, and nothing may open it wherever it was written to meanwhile.
    Forgotten,
}

/// The keys of records as some work has them: those that were fetched for it, and those that the process keeps ready.
#[derive(Clone)]
pub struct RecordKeys {
    store: Arc<KeyStore>,
    held: Arc<HeldKeys>,
    new: NewKeys,
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
    key: String,
    since: i64,
    sealed: Option<String>,
    made_at: NaiveDateTime,
    destroyed_at: Option<NaiveDateTime>,
}

deferred_row!(KeyRow, 0, record_keys(record_id, key, since, sealed, made_at, destroyed_at));

/// The keys of records.
fn rows_of(db: &mut Db, records: &[String]) -> Result<Vec<KeyRow>> {
    let of_records = record_keys::table.filter(record_keys::record_id.eq_any(records));
    Ok(of_records
        .order((record_keys::record_id, record_keys::since, record_keys::key))
        .select(KeyRow::as_select())
        .load(db)?)
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
        RecordKeys { store: KeyStore::new(place), held: Arc::default(), new: NewKeys::Kept }
    }

    fn making(self, new: NewKeys) -> Self {
        RecordKeys { new, ..self }
    }

    /// The key that opens; none if it was destroyed.
    pub(super) fn opening(&self, record: &str, key: &str) -> Result<Option<RecordKey>> {
        let name = (record.to_owned(), key.to_owned());
        match self.held(&name) {
            Some(HeldKey::Ready(key)) => Ok(Some(key)),
            Some(HeldKey::Destroyed) => Ok(None),
            Some(HeldKey::Missing) => Err(Error::Corrupt(format!("the key of the record {record} is missing"))),
            None => Err(Error::KeysNeeded(vec![KeyNeed::Opening { record: name.0, key: name.1 }])),
        }
    }

    /// The key that seals, and its name.
    pub(super) fn sealing(&self, record: &str, key: &SealingKey) -> Result<(String, RecordKey)> {
        if self.new == NewKeys::Forgotten {
            return Ok(("0".into(), ready(&fresh()?)?));
        }
        let needed = |need| Error::KeysNeeded(vec![need]);
        let record = record.to_owned();
        let name = match key {
            SealingKey::Named(name) => name.clone(),
            SealingKey::After { erased, revision } => match self.living(&record, *erased, *revision) {
                Some(name) => name,
                None => return Err(needed(KeyNeed::Sealing { record, erased: *erased, revision: *revision })),
            },
        };
        match self.opening(&record, &name)? {
            Some(key) => Ok((name, key)),
            None => Err(Error::Internal("a key that was destroyed would seal".into())),
        }
    }

    /// The oldest key of a record from after an erasure that may seal a revision.
    fn living(&self, record: &str, erased: i64, revision: i64) -> Option<String> {
        let may = |(since, _): &&(i64, String)| *since > erased && *since <= revision;
        self.held.living.get(record)?.iter().filter(may).min().map(|(_, name)| name.clone())
    }

    fn held(&self, name: &KeyName) -> Option<HeldKey> {
        self.held.keys.get(name).cloned().or_else(|| self.store.ready.get(name).map(HeldKey::Ready))
    }
}

impl Keys {
    /// The same keys as a service has them, which asks this database.
    pub fn in_service(&self, database: Option<Database>) -> Keys {
        self.with_records(database.map(|database| RecordKeys::at(KeyPlace::Service(database))))
    }

    /// The same keys for work of which nothing will be kept.
    pub fn on_trial(&self) -> Keys {
        self.with_records(self.records.clone().map(|records| records.making(NewKeys::OnTrial)))
    }

    /// The same keys for an erasure: what it seals on its way nobody can open.
    pub fn forgetting(&self) -> Keys {
        self.with_records(self.records.clone().map(|records| records.making(NewKeys::Forgotten)))
    }

    /// The same with keys of records that some work needs; new ones are kept when this returns. One question for all of them,
    /// and where there are new ones, one transaction.
    pub async fn provided(&self, needs: Vec<KeyNeed>) -> Result<Keys> {
        let Some(records) = &self.records else { return Ok(self.clone()) };
        let mut held = HeldKeys::clone(&records.held);
        let mut asked = Vec::new();
        for need in needs {
            let known = match &need {
                KeyNeed::Opening { record, key } => {
                    let name = (record.clone(), key.clone());
                    records.held(&name).map(|known| _ = held.keys.insert(name, known))
                }
                KeyNeed::Sealing { record, erased, revision } => records.living(record, *erased, *revision).map(drop),
            };
            if known.is_none() {
                asked.push(need);
            }
        }
        if !asked.is_empty() {
            self.fetch(records, &asked, &mut held).await?;
        }
        Ok(self.with_records(Some(RecordKeys { held: Arc::new(held), ..records.clone() })))
    }

    /// The same on a thread that may wait.
    pub fn provided_now(&self, needs: Vec<KeyNeed>) -> Result<Keys> {
        wait(self.provided(needs))
    }

    /// Asks for keys, makes those that are new, and adds all to those at hand.
    async fn fetch(&self, records: &RecordKeys, asked: &[KeyNeed], held: &mut HeldKeys) -> Result<()> {
        let ids: BTreeSet<String> = asked.iter().map(|need| need.record().to_owned()).collect();
        let ids: Vec<String> = ids.into_iter().collect();
        let mut rows = records.store.read(move |db| rows_of(db, &ids)).await?;
        let new = self.new_keys(&rows, asked)?;
        rows.extend(new.iter().cloned());
        if records.new == NewKeys::Kept && !new.is_empty() {
            let keep = move |tx: &mut WriteTransaction| {
                new.iter().for_each(|row| tx.defer(row.clone()));
                Ok(())
            };
            records.store.write(keep).await?;
        }
        for row in rows {
            let (name, since) = ((row.record_id, row.key), row.since);
            let found = match &row.sealed {
                None => HeldKey::Destroyed,
                Some(sealed) => HeldKey::Ready(self.opened(&name, sealed)?),
            };
            if let HeldKey::Ready(key) = &found {
                held.living.entry(name.0.clone()).or_default().push((since, name.1.clone()));
                if records.new == NewKeys::Kept {
                    records.store.ready.insert(name.clone(), key.clone());
                }
            }
            held.keys.insert(name, found);
        }
        for need in asked {
            if let KeyNeed::Opening { record, key } = need {
                held.keys.entry((record.clone(), key.clone())).or_insert(HeldKey::Missing);
            }
        }
        Ok(())
    }

    /// The keys that are to be made: one for each record that has none that may seal what it needs. Several may make one for a
    /// record at once: each can be opened, and the first that is used is named by the record from then on.
    fn new_keys(&self, rows: &[KeyRow], asked: &[KeyNeed]) -> Result<Vec<KeyRow>> {
        let mut new: Vec<KeyRow> = Vec::new();
        for need in asked {
            let KeyNeed::Sealing { record, erased, revision } = need else { continue };
            let may = |row: &&KeyRow| {
                row.record_id == *record && row.sealed.is_some() && row.since > *erased && row.since <= *revision
            };
            if rows.iter().find(may).or(new.iter().find(may)).is_none() {
                new.push(self.new_key(record, *revision)?);
            }
        }
        Ok(new)
    }

    fn new_key(&self, record: &str, since: i64) -> Result<KeyRow> {
        let key = format!("{since}-{}", digest::hex(&fresh()?[..4]));
        let secret = STANDARD_NO_PAD.encode(fresh()?);
        let sealed = self.seal(SealedPlace::RecordKey(record, &key), [(KEY.to_owned(), secret.into())])?;
        let made_at = Clock::system().now();
        Ok(KeyRow { record_id: record.to_owned(), key, since, sealed: Some(sealed), made_at, destroyed_at: None })
    }

    fn opened(&self, (record, key): &KeyName, sealed: &str) -> Result<RecordKey> {
        let opened = self.open(SealedPlace::RecordKey(record, key), sealed)?;
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
    /// Its name.
    key: String,
    /// The first revision that the key may seal.
    pub since: i64,
    /// The time of the erasure that destroyed it; none while it is there.
    pub destroyed_at: Option<NaiveDateTime>,
}

impl StoredKey {
    /// True if it is the key that something is sealed with.
    pub fn opens(&self, sealed: &KeyNeed) -> bool {
        matches!(sealed, KeyNeed::Opening { record, key } if *record == self.record && *key == self.key)
    }
}

impl From<KeyRow> for StoredKey {
    fn from(row: KeyRow) -> Self {
        StoredKey { record: row.record_id, key: row.key, since: row.since, destroyed_at: row.destroyed_at }
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
        };
        KeyRow::insert(db, &[row])?;
    }
    Ok(())
}
