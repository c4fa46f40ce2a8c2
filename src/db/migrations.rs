//! Brings the database to the schema that this binary was built for.

use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Db, WriteTransaction, exclusively};
use crate::error::{Error, Result};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const LOG_SQLITE: EmbeddedMigrations = embed_migrations!("migrations/access-log/sqlite");
const LOG_POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/access-log/postgres");

/// Applies what is missing and returns the names of the migrations applied; `finish` writes in the same transaction what
/// the code above knows. Several instances may do so at once: the check and the change happen under one lock.
pub fn migrate(db: &mut Db, finish: impl FnOnce(&mut WriteTransaction) -> Result<()>) -> Result<Vec<String>> {
    apply(db, SQLITE, POSTGRES, finish)
}

/// The same for the database of the access log.
pub fn migrate_access_log(db: &mut Db) -> Result<Vec<String>> {
    apply(db, LOG_SQLITE, LOG_POSTGRES, |_| Ok(()))
}

fn apply(
    db: &mut Db,
    sqlite: EmbeddedMigrations,
    postgres: EmbeddedMigrations,
    finish: impl FnOnce(&mut WriteTransaction) -> Result<()>,
) -> Result<Vec<String>> {
    exclusively(db, |tx| {
        let db = tx.unflushed();
        refuse_newer(db, &sqlite, &postgres)?;
        let applied = match db {
            Db::Sqlite(connection) => names(connection.run_pending_migrations(sqlite)),
            Db::Postgres(connection) => names(connection.run_pending_migrations(postgres)),
        }?;
        finish(tx)?;
        Ok(applied)
    })
}

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
        run_on -> Timestamp,
    }
}

/// The migrations that this binary has and the database has not. Only reads.
pub fn pending(db: &mut Db) -> Result<Vec<String>> {
    let applied: Vec<String> =
        __diesel_schema_migrations::table.select(__diesel_schema_migrations::version).load(db)?;
    let mut known = versions::<diesel::sqlite::Sqlite>(&SQLITE)?;
    known.retain(|version| !applied.contains(version));
    Ok(known)
}

/// True if the database has this binary's migrations, and no others.
pub fn is_current(db: &mut Db) -> Result<bool> {
    let mut applied: Vec<String> =
        __diesel_schema_migrations::table.select(__diesel_schema_migrations::version).load(db)?;
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

fn refuse_newer(db: &mut Db, sqlite: &EmbeddedMigrations, postgres: &EmbeddedMigrations) -> Result<()> {
    let (applied, known) = match db {
        Db::Sqlite(connection) => {
            (connection.applied_migrations().map_err(failed)?, versions::<diesel::sqlite::Sqlite>(sqlite)?)
        }
        Db::Postgres(connection) => {
            (connection.applied_migrations().map_err(failed)?, versions::<diesel::pg::Pg>(postgres)?)
        }
    };
    match applied.iter().map(ToString::to_string).find(|version| !known.contains(version)) {
        None => Ok(()),
        Some(version) => Err(Error::Configuration(format!(
            "the database has the migration {version}, which this version of aufsicht does not know; start a newer aufsicht"
        ))),
    }
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
