//! The database: which one a URL names, connections, migrations, the pool of readers and the one writer.

mod checkpoint;
mod connection;
mod conversions;
mod deadline;
mod dialect;
mod engine;
mod foresight;
mod hangs;
mod lock_watch;
mod maintenance;
mod measures;
mod migrations;
mod old_pages;
mod prepared;
mod read_pool;
mod replica;
pub mod schema;
mod statement;
mod stored_time;
mod transaction;
mod write_group;
mod write_job;
mod writer;
mod writer_state;
mod writing_connection;

pub use connection::{Backend, Db};
pub(crate) use dialect::Dialect;
pub use engine::{check_access_log, check_writing, connect, connect_to, create, look};
use foresight::AnyForesight;
pub use foresight::Foresight;
pub use lock_watch::last_lock_holders;
pub use measures::WriterMeasures;
pub use migrations::{Schema, is_current, migrate, migrate_access_log, migrate_record_keys, pending, revert_all};
pub use old_pages::{KeptPages, foretell_rewriting, forget_old_pages, free_old_pages};
pub use prepared::{StaticColumns, cached, static_sql};
pub use statement::{
    ColumnArrays, InsertBatch, SqlExpression, Statement, Values, insert, insert_columns, is_beyond, is_given_by,
    statements,
};
pub(crate) use statement::{insert_rows, upsert_rows};
pub use stored_time::StoredTime;
pub(crate) use transaction::deferred_row;
pub use transaction::{DeferredRow, Verdict, WriteError, WriteTransaction, exclusively, insert_now, snapshot};

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use self::deadline::Timeouts;
use self::writing_connection::WritingPlace;
use crate::config::{Config, ConnectionSettings, DatabaseSettings, Target};
use crate::error::{Error, Result};

/// The database as the service uses it: many readers, one writer.
#[derive(Clone)]
pub struct Database {
    /// Reads what was written a moment ago, which a replica may not have yet.
    own: read_pool::ReadPool,
    replica: Option<Arc<replica::Replica>>,
    writer: writer::Writer,
    errors: Arc<AtomicU64>,
}

/// Brings the database of record keys up to date, or only looks whether it is, as the settings say; none where there is no
/// setting for it.
pub fn prepare_record_keys(settings: &DatabaseSettings) -> Result<Option<Target>> {
    let Some(target) = settings.record_keys()? else { return Ok(None) };
    match settings.no_migrate {
        true => Schema::RecordKeys.check(&mut connect_to(&target, settings)?)?,
        false => drop(migrate_record_keys(&mut create(&target, settings)?)?),
    }
    Ok(Some(target))
}

/// True if the database failed; what it refused for a reason of the request's is no failure of its.
pub fn has_failed<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Unavailable(_) | Error::OutcomeUnknown(_) | Error::Internal(_) | Error::Corrupt(_)))
}

impl Database {
    /// Opens the pool and the writer; the schema must be up to date (see [`migrate`]).
    pub fn open(config: &Config) -> Result<Self> {
        let (reads, writes) = (config.connections.read_target(&config.database)?, config.database.target()?);
        Self::between(reads, writes, Schema::Records, (&config.database, &config.connections))
    }

    /// The database of the access log, with its schema up to date.
    pub fn open_access_log(config: &Config) -> Result<Self> {
        let target = config.database.access_log()?;
        match config.database.no_migrate {
            true => Schema::AccessLog.check(&mut connect_to(&target, &config.database)?)?,
            false => drop(migrate_access_log(&mut create(&target, &config.database)?)?),
        }
        let connections = ConnectionSettings { reading: 2, ..config.connections.clone() };
        Self::between(target.clone(), target, Schema::AccessLog, (&config.database, &connections))
    }

    /// The database of record keys, with its schema up to date; none where there is no setting for it.
    pub fn open_record_keys(config: &Config) -> Result<Option<Self>> {
        let Some(target) = prepare_record_keys(&config.database)? else { return Ok(None) };
        let connections = ConnectionSettings { reading: 2, ..config.connections.clone() };
        Self::between(target.clone(), target, Schema::RecordKeys, (&config.database, &connections)).map(Some)
    }

    fn between(
        reads: Target,
        writes: Target,
        schema: Schema,
        (database, connections): (&DatabaseSettings, &ConnectionSettings),
    ) -> Result<Self> {
        let patience = Timeouts { turn: connections.pool_timeout, statement: database.into() };
        let hangs = hangs::HangCount::default();
        let open = |target| read_pool::ReadPool::open(target, patience, connections.reading, &hangs);
        let replica = |target: Target| {
            let found = read_pool::ReadPool::check(&target, patience.statement);
            replica::Replica::new(open(target)?, found).map(Arc::new)
        };
        // The start fails here where no connection can be made.
        let writer =
            writer::Writer::start(WritingPlace::new(writes.clone(), patience.statement, schema)?, patience, &hangs)?;
        let replica = (reads != writes).then(|| replica(reads)).transpose()?;
        Ok(Database { own: open(writes)?, replica, writer, errors: Arc::default() })
    }

    /// True if lists and statistics come from a replica.
    pub fn has_replica(&self) -> bool {
        self.replica.is_some()
    }

    /// True if there is a replica that was lost when it was asked last.
    pub fn has_lost_replica(&self) -> bool {
        self.replica.as_ref().is_some_and(|replica| replica.is_lost())
    }

    /// Counts what the database failed.
    fn counted<T>(&self, result: Result<T>) -> Result<T> {
        if has_failed(&result) {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
        result
    }

    /// Returns the number of reads and writes that the database has failed.
    pub fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    /// Runs a query on one of the reading connections, away from the threads that serve requests. Several queries
    /// that must see the same state belong into one `transaction`. It may be run again: a replica can be lost in it.
    ///
    /// A replica may be behind, too, so its word that something is not there, or there no longer, is not taken: the query is
    /// asked of the database itself again. A refusal for that reason belongs into the query, therefore.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Db) -> Result<T> + Send + Sync + 'static,
    {
        match &self.replica {
            Some(replica) => self.counted(replica.run(&self.own, work).await),
            None => self.counted(self.own.run(work).await),
        }
    }

    /// The same for a query that hands on what it reads while it runs: it cannot be asked twice, and a replica has the last word.
    pub async fn read_once<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Db) -> Result<T> + Send + 'static,
    {
        match &self.replica {
            Some(replica) => self.counted(replica.run_once(&self.own, work).await),
            None => self.counted(self.own.run(work).await),
        }
    }

    /// The same, never on a replica: sees all that was written before.
    pub async fn read_primary<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Db) -> Result<T> + Send + 'static,
    {
        self.counted(self.own.run(work).await)
    }

    /// The same for what takes microseconds: a row by its key. On SQLite it is not worth a way to another thread.
    pub async fn read_primary_inline<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Db) -> Result<T> + Send + 'static,
    {
        self.counted(self.own.run_inline(work).await)
    }

    /// The same for what may come from a replica.
    pub async fn read_inline<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Db) -> Result<T> + Send + Sync + 'static,
    {
        match &self.replica {
            Some(_) => self.read(work).await,
            None => self.counted(self.own.run_inline(work).await),
        }
    }

    /// Returns the load: connections in use, connections, writes that wait.
    pub fn load(&self) -> (u32, u32, i64) {
        let (used, all) = self.own.load();
        (used, all, self.writer.waiting())
    }

    /// The measurements of the writer.
    pub fn writer_measures(&self) -> &WriterMeasures {
        self.writer.measures()
    }

    /// The seconds by which the replica is behind; none without one, or when it cannot be asked.
    pub async fn replica_lag(&self) -> Option<f64> {
        self.replica.as_ref()?.lag().await
    }

    /// The time for which writes have failed or hung; none while they are kept.
    pub fn write_silence(&self) -> Duration {
        self.writer.silence()
    }

    /// Changes whenever this process has committed something. (Other processes may write too.)
    pub fn commits(&self) -> tokio::sync::watch::Receiver<u64> {
        self.writer.commits()
    }

    /// Runs `work` in a transaction of the one writer and answers after the commit: what this returns is kept.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut WriteTransaction<'_>) -> Result<T> + Send + 'static,
    {
        self.counted(self.writer.run(work).await)
    }

    /// The same for work that has only deferred rows when it is refused, and that may be run again: it needs no savepoint
    /// of its own.
    pub async fn write_together<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut WriteTransaction<'_>) -> Result<T> + Send + 'static,
    {
        self.counted(self.writer.run_together(None, work).await)
    }

    /// The same for work that will ask for what was foreseen.
    pub async fn write_foreseen<T, F>(&self, foreseen: impl Foresight, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut WriteTransaction<'_>) -> Result<T> + Send + 'static,
    {
        self.counted(self.writer.run_together(Some(AnyForesight::of(foreseen)), work).await)
    }
}
