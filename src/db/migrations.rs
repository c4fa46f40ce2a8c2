//! Brings the database to the schema that this binary was built for.

use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::Db;
use super::conversions::convert;
use super::schema::records;
use super::transaction::{WriteTransaction, exclusively};
use crate::error::{Error, Result};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const LOG_SQLITE: EmbeddedMigrations = embed_migrations!("migrations/access-log/sqlite");
const LOG_POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/access-log/postgres");
const KEYS_SQLITE: EmbeddedMigrations = embed_migrations!("migrations/record-keys/sqlite");
const KEYS_POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/record-keys/postgres");

/// The migrations that rewrite what is held, each with the microseconds that a record took where it was slowest (PostgreSQL,
/// 200,000 records, 2 cores).
const REWRITING: [(&str, u64); 5] = [
    ("20261130000000", 2),
    ("20261130071500", 25),
    ("20261130110000", 140),
    ("20261130160000", 16),
    ("20261201050000", 30),
];

/// Applies what is missing and returns the names of the migrations applied; `finish` writes in the same transaction what
/// the code above knows. Several instances may do so at once: the check and the change happen under one lock. What it will
/// need is said before.
pub fn migrate(db: &mut Db, finish: impl FnOnce(&mut WriteTransaction) -> Result<()>) -> Result<Vec<String>> {
    if let Some(words) = foretold(db)? {
        log::info!("{words}");
    }
    apply(db, SQLITE, POSTGRES, |tx, applied| {
        convert(tx.unflushed(), applied)?;
        finish(tx)
    })
}

/// Words on what is to be applied to a database that has a schema, and for how long its writes will stop.
fn foretold(db: &mut Db) -> Result<Option<String>> {
    // A database without a schema has no table to ask.
    let applied = applied(db).unwrap_or_default();
    if applied.is_empty() {
        return Ok(None);
    }
    let missing = missing(Schema::Records, &applied)?;
    if missing.is_empty() {
        return Ok(None);
    }
    Ok(Some(outlook(&missing, records::table.count().get_result(db)?)))
}

fn outlook(missing: &[String], records: i64) -> String {
    let each = REWRITING.iter().filter(|(version, _)| missing.iter().any(|name| name == version));
    let seconds = each.map(|(_, each)| each).sum::<u64>() * records.unsigned_abs() / 1_000_000;
    let time = match seconds {
        0 => "less than a second".to_owned(),
        seconds => format!("up to {seconds} s, on PostgreSQL reads too"),
    };
    format!("applying {} to {records} records: writes stop for {time}", missing.join(", "))
}

/// The same for the database of the access log.
pub fn migrate_access_log(db: &mut Db) -> Result<Vec<String>> {
    apply(db, LOG_SQLITE, LOG_POSTGRES, |_, _| Ok(()))
}

/// The same for the database of record keys.
pub fn migrate_record_keys(db: &mut Db) -> Result<Vec<String>> {
    apply(db, KEYS_SQLITE, KEYS_POSTGRES, |_, _| Ok(()))
}

fn apply(
    db: &mut Db,
    sqlite: EmbeddedMigrations,
    postgres: EmbeddedMigrations,
    finish: impl FnOnce(&mut WriteTransaction, &[String]) -> Result<()>,
) -> Result<Vec<String>> {
    exclusively(db, |tx| {
        let applied = match tx.unflushed() {
            Db::Sqlite(connection) => apply_missing(connection, sqlite),
            Db::Postgres(connection) => apply_missing(connection, postgres),
        }?;
        finish(tx, &applied)?;
        Ok(applied)
    })
}

/// Applies what is missing, unless the database has migrations that this binary does not know.
fn apply_missing<B: diesel::backend::Backend>(
    connection: &mut impl MigrationHarness<B>,
    source: EmbeddedMigrations,
) -> Result<Vec<String>> {
    let known = versions::<B>(&source)?;
    let applied = connection.applied_migrations().map_err(failed)?;
    if let Some(version) = applied.iter().map(ToString::to_string).find(|version| !known.contains(version)) {
        return Err(unknown_migration(&version));
    }
    names(connection.run_pending_migrations(source))
}

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
        run_on -> Timestamp,
    }
}

/// The migrations that this binary has and the database has not. Only reads.
pub fn pending(db: &mut Db) -> Result<Vec<String>> {
    let applied = applied(db)?;
    missing(Schema::Records, &applied)
}

/// The migrations of a schema that are not among those that were applied.
fn missing(schema: Schema, applied: &[String]) -> Result<Vec<String>> {
    let known = versions::<diesel::sqlite::Sqlite>(&schema.source())?;
    Ok(known.into_iter().filter(|version| !applied.contains(version)).collect())
}

/// The migrations that the database has.
fn applied(db: &mut Db) -> Result<Vec<String>> {
    Ok(__diesel_schema_migrations::table.select(__diesel_schema_migrations::version).load(db)?)
}

/// A schema that this binary knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// Records, and all that belongs to them.
    Records,
    /// Disclosures of personal data.
    AccessLog,
    /// The keys of records.
    RecordKeys,
}

impl Schema {
    fn source(self) -> EmbeddedMigrations {
        match self {
            Schema::Records => SQLITE,
            Schema::AccessLog => LOG_SQLITE,
            Schema::RecordKeys => KEYS_SQLITE,
        }
    }

    /// The newest migration: both databases have migrations of the same names.
    pub(super) fn newest(self) -> Result<String> {
        Ok(versions::<diesel::sqlite::Sqlite>(&self.source())?.into_iter().max().unwrap_or_default())
    }

    /// Fails unless the database has the schema that this binary was built for. Only reads.
    pub fn check(self, db: &mut Db) -> Result<()> {
        let applied = applied(db).map_err(|error| match error {
            Error::Internal(_) => missing_migrations("all of its migrations"),
            error => error,
        })?;
        let known = versions::<diesel::sqlite::Sqlite>(&self.source())?;
        if let Some(version) = applied.iter().find(|version| !known.contains(version)) {
            return Err(unknown_migration(version));
        }
        let missing = missing(self, &applied)?;
        if missing.is_empty() {
            Ok(())
        } else {
            Err(missing_migrations(&format!("the migrations {}", missing.join(", "))))
        }
    }
}

fn missing_migrations(which: &str) -> Error {
    Error::Configuration(format!("the database lacks {which}: run `aufsicht migrate`"))
}

fn unknown_migration(version: &str) -> Error {
    Error::Configuration(format!(
        "the database has the migration {version}, which this version of aufsicht does not know; start a newer aufsicht"
    ))
}

/// True if the database has this binary's migrations, and no others.
pub fn is_current(db: &mut Db) -> Result<bool> {
    let mut applied = applied(db)?;
    let mut known = versions::<diesel::sqlite::Sqlite>(&SQLITE)?;
    applied.sort();
    known.sort();
    Ok(applied == known)
}

/// Takes every migration back: for tests that each of them can be.
pub fn revert_all(db: &mut Db) -> Result<Vec<String>> {
    exclusively(db, |tx| match tx.unflushed() {
        Db::Sqlite(connection) => names(connection.revert_all_migrations(SQLITE)),
        Db::Postgres(connection) => names(connection.revert_all_migrations(POSTGRES)),
    })
}

fn versions<B: diesel::backend::Backend>(source: &EmbeddedMigrations) -> Result<Vec<String>>
where
    EmbeddedMigrations: MigrationSource<B>,
{
    let migrations: Vec<Box<dyn Migration<B>>> = source.migrations().map_err(failed)?;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).collect())
}

fn names(result: diesel::migration::Result<Vec<MigrationVersion<'_>>>) -> Result<Vec<String>> {
    Ok(result.map_err(failed)?.iter().map(ToString::to_string).collect())
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::Unavailable(format!("the migration failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_how_long_writes_will_stop() {
        let all = ["20261130000000", "20261130070000", "20261130071500", "20261130110000"].map(str::to_owned);
        let told = outlook(&all, 200_000);
        assert!(told.ends_with("to 200000 records: writes stop for up to 33 s, on PostgreSQL reads too"), "{told}");
        assert_eq!(
            outlook(&all[1..2], 200_000),
            "applying 20261130070000 to 200000 records: writes stop for less than a second"
        );
    }
}
