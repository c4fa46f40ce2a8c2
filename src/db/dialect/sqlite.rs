//! The ways of SQLite.

use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error::DatabaseError;
use diesel::sql_types::{BigInt, Date, Text};

use super::Dialect;
use crate::db::connection::{ConnectionUse, Db};
use crate::db::deadline::{StatementClock, StatementTimer, StatementTimes};
use crate::db::old_pages::KeptPages;
use crate::db::statement::{SqlExpression, Statement};
use crate::error::{Error, Result};

pub(in crate::db) const BEGIN_EXCLUSIVE: &str = "BEGIN IMMEDIATE";

/// Goes on with a column of JSON objects, and the place of a member of an object in them.
fn member<'s>(statement: Statement<'s>, column: &'static str, object: &'static str, name: &str) -> Statement<'s> {
    statement.sql(column).sql(", ").bind::<Text, _>(format!("$.{object}.\"{name}\""))
}

/// The number of pages of an index of words that are written at once while nobody writes.
const MERGED: usize = 64;

pub(in crate::db) fn open(
    path: &str,
    r#use: ConnectionUse,
    times: StatementTimes,
    clock: &StatementClock,
) -> Result<SqliteConnection> {
    let mut connection = SqliteConnection::establish(&existing(path)).map_err(|error| cannot_open(path, &error))?;
    connection.set_instrumentation(StatementTimer::new(clock, times.slow));
    // The write-ahead log lets readers go on while somebody writes; FULL makes a commit survive a power cut.
    // A write touches a page of each index: the writer keeps many at hand.
    // More would not pay: a commit may look through all of it, and the operating system has the file's pages too.
    let (query_only, cache_kib, checkpoint_at) = match r#use {
        ConnectionUse::Reading => ("ON", 2 << 10, 0),
        ConnectionUse::Writing => ("OFF", 16 << 10, 0),
        ConnectionUse::Everything => ("OFF", 16 << 10, 8000),
    };
    let ms = times.limit.as_millis();
    connection.batch_execute(&format!(
        "PRAGMA busy_timeout = {ms}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA cache_size = -{cache_kib}; \
         PRAGMA wal_autocheckpoint = {checkpoint_at}; PRAGMA query_only = {query_only};"
    ))?;
    Ok(connection)
}

/// The address of a file that SQLite opens where it is, and never makes.
fn existing(path: &str) -> String {
    const SIGNS: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS.add(b'%').add(b'?').add(b'#');
    let place = if path.starts_with('/') { "file://" } else { "file:" };
    format!("{place}{}?mode=rw", percent_encoding::utf8_percent_encode(path, SIGNS))
}

/// SQLite does not say why a file cannot be opened; the system does.
fn cannot_open(path: &str, error: &dyn std::fmt::Display) -> Error {
    let reason = std::fs::File::open(path).err().map_or_else(|| error.to_string(), |error| error.to_string());
    Error::Unavailable(format!("cannot open the database {path}: {reason}"))
}

/// Makes the file of a new database, which only its user can read; SQLite gives the files beside it the same rights. One
/// that is there stays as it is: who shares it with a group has reasons.
pub(in crate::db) fn create(path: &str) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(Error::Configuration(format!("cannot make the database {path}: {error}")))
        }
        _ => Ok(()),
    }
}

/// The file that a path leads to at present.
pub(in crate::db) fn file_at(path: &str) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// The way in which the write-ahead log is worked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::db) enum CheckpointMode {
    /// Not at all: only its length is asked for.
    Noop,
    /// As far as nobody is in the way.
    Passive,
    /// All of it, and nothing is left in the log.
    Truncate,
}

/// The state of the write-ahead log.
#[derive(QueryableByName)]
pub(in crate::db) struct LogState {
    /// Not 0 if somebody was in the way.
    #[diesel(sql_type = BigInt)]
    pub(in crate::db) busy: i64,
    /// The pages in it.
    #[diesel(sql_type = BigInt)]
    pub(in crate::db) log: i64,
    /// The pages that are worked in.
    #[diesel(sql_type = BigInt)]
    pub(in crate::db) checkpointed: i64,
}

/// Works the write-ahead log in.
pub(in crate::db) fn checkpoint(db: &mut Db, mode: CheckpointMode) -> Result<LogState> {
    let sql = match mode {
        CheckpointMode::Noop => "PRAGMA wal_checkpoint(NOOP)",
        CheckpointMode::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
        CheckpointMode::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    Ok(diesel::sql_query(sql).get_result(db)?)
}

/// Works in and empties the log of SQLite, so that nothing of what pages were before is left in it. Fails when others
/// use it for longer than a while.
pub(in crate::db) fn empty_log(db: &mut Db) -> Result<()> {
    const PATIENCE: Duration = Duration::from_secs(10);
    const PAUSE: Duration = Duration::from_millis(20);
    let begun = Instant::now();
    while checkpoint(db, CheckpointMode::Truncate)?.busy != 0 {
        if begun.elapsed() > PATIENCE {
            return Err(Error::Unavailable(
                "somebody reads for longer than a while, and the write-ahead log still holds old pages".into(),
            ));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

#[derive(QueryableByName)]
struct IndexName {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct ChangeCount {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Damage {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

pub(in crate::db) struct SqliteDialect;

impl Dialect for SqliteDialect {
    fn never(&self) -> SqlExpression<Date> {
        Statement::new("'9999-12-31'").expression()
    }

    fn year(&self, column: &'static str) -> Statement<'static> {
        Statement::new("substr(").sql(column).sql(", 1, 4)")
    }

    fn month(&self, column: &'static str) -> Statement<'static> {
        Statement::new("replace(substr(").sql(column).sql(", 1, 7), '-', '')")
    }

    fn days_between(&self, column: &'static str, until: Statement<'static>) -> Statement<'static> {
        let until = Statement::new("CAST(julianday(").append(until);
        until.sql(") - julianday(").sql(column).sql(") AS INTEGER)")
    }

    fn json_property(&self, column: &'static str, property: &'static str) -> Statement<'static> {
        Statement::new("json_extract(").sql(column).sql(", '$.").sql(property).sql("')")
    }

    fn json_elements(&self, column: &'static str, list: &'static str, name: &'static str) -> Statement<'static> {
        Statement::new("json_each(").sql(column).sql(", '$.").sql(list).sql("') AS ").sql(name)
    }

    fn json_text(&self, column: &'static str, object: &'static str, name: &str) -> Statement<'static> {
        let text = member(Statement::new("CASE WHEN json_type("), column, object, name);
        member(text.sql(") = 'text' THEN json_extract("), column, object, name).sql(") END")
    }

    fn json_parts(&self, column: &'static str, object: &'static str, name: &str) -> Statement<'static> {
        let parts = member(Statement::new("CASE WHEN json_type("), column, object, name);
        let parts = parts.sql(") IN ('integer', 'real') THEN CAST(round(json_extract(");
        member(parts, column, object, name).sql(") * 10000) AS INTEGER) END")
    }

    fn json_listed(
        &self,
        column: &'static str,
        list: &'static str,
        part: &'static str,
        text: &str,
    ) -> Statement<'static> {
        let listed = Statement::new("(SELECT min(json_extract(listed.value, '$.").sql(part).sql("')) FROM json_each(");
        let listed = listed.sql(column).sql(", '$.").sql(list).sql("') AS listed WHERE json_extract(listed.value, '$.");
        listed.sql(part).sql("') = ").bind::<Text, _>(text.to_owned()).sql(")")
    }

    fn json_any_listed(&self, column: &'static str, list: &'static str, part: &'static str) -> Statement<'static> {
        let listed = Statement::new("EXISTS (SELECT 1 FROM json_each(").sql(column).sql(", '$.").sql(list);
        listed.sql("') AS listed WHERE json_extract(listed.value, '$.").sql(part).sql("') IS NOT NULL)")
    }

    fn json_members(&self, column: &'static str, object: &str, name: &'static str) -> Statement<'static> {
        let members = Statement::new("json_each(").sql(column).sql(", ").bind::<Text, _>(format!("$.\"{object}\""));
        members.sql(") AS ").sql(name)
    }

    fn json_integer(&self, column: &'static str, place: &'static str) -> Statement<'static> {
        Statement::new("json_extract(").sql(column).sql(", '$[").sql(place).sql("]')")
    }

    fn enters_values_late(&self) -> bool {
        true
    }

    fn counts_rows(&self) -> bool {
        false
    }

    /// SQLite adds a piece to its index of words with each commit, and who searches looks into all the pieces. It merges
    /// them as it writes, but leaves some dozens.
    fn merge_a_little(&self, db: &mut Db) -> QueryResult<bool> {
        const INDEXES: &str = "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE % USING fts5 (%'";
        let changes = |db: &mut Db| diesel::sql_query("SELECT total_changes() AS number").get_result::<ChangeCount>(db);
        let mut more = false;
        for IndexName { name } in diesel::sql_query(INDEXES).load::<IndexName>(db)? {
            let before = changes(db)?;
            db.batch_execute(&format!("INSERT INTO {name} ({name}, rank) VALUES ('merge', {MERGED})"))?;
            // The statement alone counts for one.
            more |= changes(db)?.number - before.number > 1;
        }
        Ok(more)
    }

    fn shrink_memory(&self, db: &mut Db) -> QueryResult<()> {
        db.batch_execute("PRAGMA shrink_memory")
    }

    /// Pages are overwritten when they become free (`secure_delete`); the log still has what they were before.
    fn forget_old_pages(&self, db: &mut Db, _: &[&'static str]) -> Result<Option<KeptPages>> {
        match empty_log(db) {
            Ok(()) => Ok(None),
            Err(Error::Unavailable(reason)) => {
                Ok(Some(KeptPages { reasons: vec![reason], remedy: "PRAGMA wal_checkpoint(TRUNCATE)".into() }))
            }
            Err(error) => Err(error),
        }
    }

    /// They are overwritten already; the log is worked in by who writes next.
    fn free_old_pages(&self, _: &mut Db, _: &[&'static str]) -> Result<()> {
        Ok(())
    }

    /// Freed pages are overwritten (`secure_delete`), so that all of it goes to the log.
    fn try_to_write(&self, db: &mut Db) -> QueryResult<()> {
        db.batch_execute(
            "CREATE TABLE written_on_trial (filling BLOB); INSERT INTO written_on_trial VALUES (zeroblob(262144)); \
             DROP TABLE written_on_trial",
        )
    }

    fn copy_to(&self, db: &mut Db, file: &Path) -> Result<()> {
        diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(file.display().to_string()).execute(db)?;
        Ok(())
    }

    fn damage(&self, db: &mut Db) -> QueryResult<Option<String>> {
        let found = match diesel::sql_query("PRAGMA integrity_check(5)").load::<Damage>(db) {
            Ok(found) => found.into_iter().map(|damage| damage.integrity_check).collect::<Vec<_>>().join("; "),
            Err(DatabaseError(_, error)) => error.message().to_owned(),
            Err(error) => return Err(error),
        };
        Ok((found != "ok").then(|| found.replace('\n', " ")))
    }

    fn leave_one_file(&self, db: &mut Db) -> QueryResult<()> {
        db.batch_execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE")
    }
}
