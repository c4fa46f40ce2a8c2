//! The engine of a connection: the places where one database or the other is chosen.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use diesel::connection::AnsiTransactionManager;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;

use super::connection::{ConnectionUse, Db};
use super::deadline::{StatementClock, StatementTimes};
use super::dialect::Dialect;
use super::dialect::postgres::{self, PostgresDialect};
use super::dialect::sqlite::{self, SqliteDialect};
use super::lock_watch;
use super::migrations::Schema;
use super::transaction::roll_back_exclusive;
use crate::config::{DatabaseSettings, Target};
use crate::error::{Error, Result};

impl Db {
    /// The ways of this database.
    pub(crate) fn dialect(&self) -> &'static dyn Dialect {
        match self {
            Db::Sqlite(_) => &SqliteDialect,
            Db::Postgres(_) => &PostgresDialect,
        }
    }

    /// The connection to a server, which is far away: many rows go there at once.
    pub fn server(&mut self) -> Option<&mut PgConnection> {
        match self {
            Db::Sqlite(_) => None,
            Db::Postgres(server) => Some(server),
        }
    }
}

/// Opens a connection that reads and writes, each statement for as long as it takes: for commands that work alone. The
/// database is there, and has the schema that this binary was built for.
pub fn connect(settings: &DatabaseSettings) -> Result<Db> {
    let mut db = connect_to(&settings.target()?, settings)?;
    Schema::Records.check(&mut db)?;
    Ok(db)
}

/// The same to another target, whose schema is not looked at.
pub fn connect_to(target: &Target, settings: &DatabaseSettings) -> Result<Db> {
    target.must_exist()?;
    let clock = StatementClock::default();
    let mut db = open(target, ConnectionUse::Everything, settings.into(), &clock)?;
    db.dialect().lift_time_limit(&mut db)?;
    lock_watch::watch(target, settings.into(), &mut db, &clock);
    Ok(db)
}

/// Opens a connection that only reads, for who looks whether all is well.
pub fn look(target: &Target, settings: &DatabaseSettings) -> Result<Db> {
    target.must_exist()?;
    open(target, ConnectionUse::Reading, settings.into(), &StatementClock::default())
}

/// Fails unless the turn to write comes; nothing is written in it.
pub fn check_writing(target: &Target, schema: Schema, settings: &DatabaseSettings) -> Result<()> {
    let mut db = open(target, ConnectionUse::Writing, settings.into(), &StatementClock::default())?;
    begin_writing(&mut db, &schema.newest()?)?;
    roll_back_exclusive(&mut db)
}

/// Opens a connection for commands to a database that is made here where it is missing, for who then brings it up to date.
pub fn create(target: &Target, settings: &DatabaseSettings) -> Result<Db> {
    target.check()?;
    if let Target::Sqlite(path) = target {
        sqlite::create(path)?;
    }
    connect_to(target, settings)
}

/// Refuses a place of which sessions are not to be had: a pooler that hands each transaction another connection would mix the
/// settings of this service into the work of others. A process looks once at each place.
fn check_session(target: &Target) -> Result<()> {
    static CHECKED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let checked = || CHECKED.lock().unwrap_or_else(PoisonError::into_inner);
    let (Target::Postgres(url) | Target::PostgresSchema(url, _)) = target else { return Ok(()) };
    if !checked().contains(url) {
        // Nobody waits for the lock while a server does not answer.
        postgres::check_session(url)?;
        checked().insert(url.clone());
    }
    Ok(())
}

/// Refuses an access log that would be that of other data too: one database may have data in several schemas, and has one
/// usual place for an access log.
pub fn check_access_log(settings: &DatabaseSettings) -> Result<()> {
    match (settings.named_access_log()?, settings.target()?) {
        (None, Target::Postgres(url) | Target::PostgresSchema(url, _)) => postgres::check_single_data(&url),
        _ => Ok(()),
    }
}

/// Opens one connection with the settings that every connection has. Its pulse tells while it waits for the server.
pub(super) fn open(target: &Target, r#use: ConnectionUse, times: StatementTimes, pulse: &StatementClock) -> Result<Db> {
    target.check()?;
    pulse.begin();
    let opened = check_session(target).and_then(|()| open_either(target, r#use, times, pulse));
    pulse.end();
    opened
}

fn open_either(target: &Target, r#use: ConnectionUse, times: StatementTimes, clock: &StatementClock) -> Result<Db> {
    match target {
        Target::Sqlite(path) => sqlite::open(path, r#use, times, clock).map(Db::Sqlite),
        Target::Postgres(url) => postgres::open(url, None, r#use, times, clock).map(Db::Postgres),
        Target::PostgresSchema(url, schema) => postgres::open(url, Some(schema), r#use, times, clock).map(Db::Postgres),
    }
}

/// The file that a database was found in; none for a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileMark(Option<(u64, u64)>);

impl FileMark {
    /// The file that is there now.
    pub(super) fn of(target: &Target) -> Self {
        match target {
            Target::Sqlite(path) => FileMark(sqlite::file_at(path)),
            Target::Postgres(_) | Target::PostgresSchema(..) => FileMark(None),
        }
    }

    /// Fails when another file is there now, or none.
    pub(super) fn check(self, target: &Target) -> Result<()> {
        match target {
            Target::Sqlite(path) if FileMark::of(target) != self => Err(Error::Unavailable(format!(
                "the database {path} was removed or replaced while the service runs: start it anew"
            ))),
            _ => Ok(()),
        }
    }
}

/// Begins a transaction that nobody else's write can come between, over all processes: SQLite takes its write lock at
/// once (a transaction that reads first and writes later would fail under load), PostgreSQL an advisory lock. So the
/// order in which numbers, feed entries and counts are given is the order of the commits.
pub(super) fn begin_exclusive(db: &mut Db) -> QueryResult<()> {
    match db {
        Db::Sqlite(connection) => AnsiTransactionManager::begin_transaction_sql(connection, sqlite::BEGIN_EXCLUSIVE),
        Db::Postgres(connection) => {
            AnsiTransactionManager::begin_transaction_sql(connection, postgres::BEGIN_EXCLUSIVE)
        }
    }
}

/// The same, and fails where the schema has become newer than this migration: the look at it costs no way of its own. Why it
/// failed is found out on a connection that is made anew.
pub(super) fn begin_writing(db: &mut Db, newest: &str) -> QueryResult<()> {
    let newer = "FROM __diesel_schema_migrations WHERE version >";
    match db {
        Db::Sqlite(connection) => {
            let begin = format!("{}; SELECT json('newer ' || version) {newer} '{newest}'", sqlite::BEGIN_EXCLUSIVE);
            AnsiTransactionManager::begin_transaction_sql(connection, &begin)
        }
        Db::Postgres(connection) => {
            let begin = format!(
                "{}; SELECT CAST('newer ' || version AS INTEGER) {newer} '{newest}'",
                postgres::BEGIN_EXCLUSIVE
            );
            AnsiTransactionManager::begin_transaction_sql(connection, &begin)
        }
    }
}
