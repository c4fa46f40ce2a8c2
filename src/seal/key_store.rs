//! The database of keys of records, as a service or a command reaches it, and the keys that the process keeps ready.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM_SIV, RandomizedNonceKey};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use moka::sync::Cache;

use crate::config::{DatabaseSettings, Target};
use crate::db::schema::record_keys;
use crate::db::{self, Database, Db, Schema, WriteTransaction, deferred_row, exclusively};
use crate::error::{Error, Result};
use crate::seal::measures::KeyMeasures;

/// A key that is ready to seal and open.
pub(super) type RecordKey = Arc<RandomizedNonceKey>;

/// A key by its record and its own name.
pub(super) type KeyName = (String, String);

/// The most keys that a process keeps ready, and for how long: one that another process destroys goes from here too.
const READY: u64 = 10_000;
const READY_FOR: Duration = Duration::from_secs(300);

/// Bytes of a key.
const LENGTH: usize = 32;

/// The key of its own that what a record says is sealed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealingKey {
    /// The one that the record is sealed with already.
    Named(String),
    /// One for a revision of a record that was erased up to an earlier one: what an erasure has taken must not be opened by it,
    /// nor must it outlive the next one.
    After {
        /// The last revision that was erased; 0 if none was.
        erased: i64,
        /// The revision.
        revision: i64,
    },
}

impl SealingKey {
    /// The key of a record that is new.
    pub const FIRST: SealingKey = SealingKey::After { erased: 0, revision: 1 };
}

/// The database of keys, and the keys that are kept ready.
pub(super) struct KeyStore {
    place: KeyPlace,
    pub(super) ready: Cache<KeyName, RecordKey>,
}

/// The way to the database of keys.
pub(super) enum KeyPlace {
    /// A service's, which many use at once.
    Service(Database, KeyMeasures),
    /// A command's, which is connected when it is first needed.
    Command(Target, DatabaseSettings, Mutex<Option<Db>>),
}

impl KeyPlace {
    /// The way of a command.
    pub(super) fn of_command(target: Target, settings: DatabaseSettings) -> Self {
        KeyPlace::Command(target, settings, Mutex::default())
    }
}

impl KeyStore {
    pub(super) fn new(place: KeyPlace) -> Arc<Self> {
        Arc::new(KeyStore { place, ready: Cache::builder().max_capacity(READY).time_to_live(READY_FOR).build() })
    }

    /// Runs a query.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Db) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        match &self.place {
            KeyPlace::Service(database, measures) => measures.timed("read", database.read_primary(work)).await,
            KeyPlace::Command(..) => self.in_command(work),
        }
    }

    /// Runs work in a transaction that is kept when this returns.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut WriteTransaction) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        match &self.place {
            KeyPlace::Service(database, measures) => measures.timed("write", database.write_together(work)).await,
            KeyPlace::Command(..) => self.in_command(|db| exclusively(db, |tx| work(tx))),
        }
    }

    pub(super) fn in_command<T>(&self, work: impl FnOnce(&mut Db) -> Result<T>) -> Result<T> {
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
pub(super) struct KeyRow {
    pub(super) record_id: String,
    pub(super) key: String,
    pub(super) since: i64,
    pub(super) sealed: Option<String>,
    pub(super) made_at: NaiveDateTime,
    pub(super) destroyed_at: Option<NaiveDateTime>,
    pub(super) retired_at: Option<NaiveDateTime>,
}

deferred_row!(KeyRow, 0, record_keys(record_id, key, since, sealed, made_at, destroyed_at, retired_at));

/// The keys of records.
pub(super) fn rows_of(db: &mut Db, records: &[String]) -> Result<Vec<KeyRow>> {
    let of_records = record_keys::table.filter(record_keys::record_id.eq_any(records));
    Ok(of_records
        .order((record_keys::record_id, record_keys::since, record_keys::key))
        .select(KeyRow::as_select())
        .load(db)?)
}

/// Waits for something on a thread that may wait.
pub(super) fn wait<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.map_err(|error| Error::Internal(error.to_string()))?.block_on(work)
}

/// A key that seals and opens, from its bytes.
pub(super) fn ready(key: &[u8]) -> Result<RecordKey> {
    let key = RandomizedNonceKey::new(&AES_256_GCM_SIV, key);
    key.map(Arc::new).map_err(|_| Error::Corrupt("a key of a record is none".into()))
}

/// The bytes of a new key.
pub(super) fn fresh() -> Result<[u8; LENGTH]> {
    let mut key = [0; LENGTH];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| Error::Internal("there is no randomness".into()))?;
    Ok(key)
}
