//! The engine of a connection: the places where one database or the other is chosen.

use std::time::Duration;

use diesel::connection::AnsiTransactionManager;
use diesel::result::QueryResult;

use super::connection::{ConnectionUse, Db};
use super::deadline::StatementClock;
use super::dialect::Dialect;
use super::dialect::postgres::{self, PostgresDialect};
use super::dialect::sqlite::{self, SqliteDialect};
use crate::config::{DatabaseSettings, Target};
use crate::error::Result;

impl Db {
    /// The ways of this database.
    pub(crate) fn dialect(&self) -> &'static dyn Dialect {
        match self {
            Db::Sqlite(_) => &SqliteDialect,
            Db::Postgres(_) => &PostgresDialect,
        }
    }
}

/// Opens a connection that reads and writes, each statement for as long as it takes: for commands that work alone.
pub fn connect(settings: &DatabaseSettings) -> Result<Db> {
    connect_to(&settings.target()?, settings)
}

/// The same to another target.
pub fn connect_to(target: &Target, settings: &DatabaseSettings) -> Result<Db> {
    let mut db = open(target, ConnectionUse::Everything, settings.timeout, &StatementClock::default())?;
    db.dialect().lift_time_limit(&mut db)?;
    Ok(db)
}

/// Refuses a place of which sessions are not to be had: a pooler that hands each transaction another connection would mix the
/// settings of this service into the work of others.
pub fn check_session(target: &Target) -> Result<()> {
    match target {
        Target::Sqlite(_) => Ok(()),
        Target::Postgres(url) | Target::PostgresSchema(url, _) => postgres::check_session(url),
    }
}

/// Opens one connection with the settings that every connection has. Its pulse tells while it waits for the server.
pub(super) fn open(target: &Target, r#use: ConnectionUse, timeout: Duration, pulse: &StatementClock) -> Result<Db> {
    target.check()?;
    pulse.begin();
    let opened = open_either(target, r#use, timeout, pulse);
    pulse.end();
    opened
}

fn open_either(target: &Target, r#use: ConnectionUse, timeout: Duration, clock: &StatementClock) -> Result<Db> {
    match target {
        Target::Sqlite(path) => sqlite::open(path, r#use, timeout, clock).map(Db::Sqlite),
        Target::Postgres(url) => postgres::open(url, None, r#use, timeout, clock).map(Db::Postgres),
        Target::PostgresSchema(url, schema) => {
            postgres::open(url, Some(schema), r#use, timeout, clock).map(Db::Postgres)
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
