//! A connection to either database.

// The derive writes public items without documentation.
#![allow(missing_docs)]

use diesel::connection::Connection;
use diesel::pg::PgConnection;
use diesel::sqlite::SqliteConnection;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum Db {
    /// The embedded database.
    Sqlite(SqliteConnection),
    /// A PostgreSQL server.
    Postgres(PgConnection),
}

/// The Diesel backend that is the common denominator of both databases.
pub type Backend = <Db as Connection>::Backend;

/// The purpose of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionUse {
    Reading,
    /// The work of a service's writer, which looks after the write-ahead log itself.
    Writing,
    /// All that a command does that works alone.
    Everything,
}
