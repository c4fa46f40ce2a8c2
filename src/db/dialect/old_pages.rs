//! Old pages of a PostgreSQL server: the tables that hold them are written anew, as far as others let that be.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error::DatabaseError;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use crate::db::connection::Db;
use crate::db::old_pages::KeptPages;
use crate::error::Result;

/// The longest wait for those who still see what was there before.
const PATIENCE: Duration = Duration::from_secs(30);

/// The interval at which they are looked at.
const PAUSE: Duration = Duration::from_millis(20);

/// The values of columns that the planner keeps: those of before go with the pages of their tables.
const STATISTICS: &str = "pg_catalog.pg_statistic";

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = Nullable<BigInt>)]
    number: Option<i64>,
}

#[derive(QueryableByName)]
struct Holder {
    #[diesel(sql_type = Text)]
    name: String,
    /// True if it may let go within a while.
    #[diesel(sql_type = Bool)]
    is_passing: bool,
}

/// Writes tables anew, without the pages of before; what keeps some of these.
pub(super) fn forget(db: &mut Db, tables: &[&'static str]) -> Result<Option<KeptPages>> {
    let mut reasons = wait_until_unseen(db, PATIENCE)?;
    // All others wait behind one who waits for a whole table.
    db.batch_execute("SET lock_timeout = 2000")?;
    for table in tables {
        reasons.extend(rewrite(db, "VACUUM (FULL, ANALYZE)", table)?);
    }
    let more = if reasons.is_empty() { PATIENCE } else { Duration::ZERO };
    reasons.extend(wait_until_unseen(db, more)?);
    reasons.extend(rewrite(db, "VACUUM (FULL)", STATISTICS)?);
    // A server makes one within minutes by itself.
    db.batch_execute("CHECKPOINT").unwrap_or_else(|error| {
        log::info!("the server did not let this account make a checkpoint: {error}");
    });
    reasons.dedup();
    let remedy = format!("VACUUM (FULL, ANALYZE) {}; VACUUM (FULL) {STATISTICS}; CHECKPOINT", tables.join(", "));
    Ok((!reasons.is_empty()).then_some(KeptPages { reasons, remedy }))
}

/// Lets what was erased be overwritten, while all others go on.
pub(super) fn free(db: &mut Db, tables: &[&'static str]) {
    for table in tables {
        db.batch_execute(&format!("VACUUM (ANALYZE) {table}")).unwrap_or_else(|error| {
            log::info!("the table {table} is left to the server's own vacuum: {error}");
        });
    }
}

/// Who sees what was there before a transaction, and whether that may pass within a while.
const HOLDERS: &str = "SELECT name, is_passing FROM ( \
     SELECT 'the transaction of the process ' || pid || coalesce(' (' || nullif(application_name, '') || ')', '') AS name, \
         TRUE AS is_passing, \
         greatest(age(backend_xid), CASE WHEN datname = current_database() THEN age(backend_xmin) END) AS age \
         FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type <> 'walsender' \
     UNION ALL SELECT 'the standby ' || application_name, TRUE, age(backend_xmin) FROM pg_stat_replication \
     UNION ALL SELECT 'the replication slot ' || slot_name, active AND xmin IS NOT NULL, \
         greatest(age(xmin), age(catalog_xmin)) FROM pg_replication_slots \
     UNION ALL SELECT 'the prepared transaction ' || gid, FALSE, age(transaction) FROM pg_prepared_xacts \
     ) AS holders WHERE age > age(CAST(CAST($1 AS XID8) AS XID)) ORDER BY 1";

/// Waits until nobody sees any more what was there before; who does in the end.
///
/// VACUUM carries over what a transaction can still see that began before the erasure. While an older one writes, in
/// whichever database of the server, those that begin now see as far back as it. Standbys and slots see for others.
fn wait_until_unseen(db: &mut Db, patience: Duration) -> Result<Vec<String>> {
    let now = "SELECT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT) AS number";
    let now = diesel::sql_query(now).get_result::<Number>(db)?.number.unwrap_or_default();
    let begun = Instant::now();
    loop {
        let found: Vec<Holder> = diesel::sql_query(HOLDERS).bind::<Text, _>(now.to_string()).load(db)?;
        if begun.elapsed() >= patience || !found.iter().any(|holder| holder.is_passing) {
            let sees = |holder: Holder| format!("{} still sees what was there before", holder.name);
            return Ok(found.into_iter().map(sees).collect());
        }
        std::thread::sleep(PAUSE);
    }
}

/// Writes a table anew; why not, where it was not. A server that does not let an account do so only warns.
fn rewrite(db: &mut Db, command: &str, table: &str) -> Result<Option<String>> {
    const FILE: &str = "SELECT CAST(pg_relation_filenode(CAST($1 AS REGCLASS)) AS BIGINT) AS number";
    let file =
        |db: &mut Db| diesel::sql_query(FILE).bind::<Text, _>(table).get_result::<Number>(db).map(|found| found.number);
    let before = file(db)?;
    match db.batch_execute(&format!("{command} {table}")) {
        Ok(()) if file(db)? == before => Ok(Some(format!("this account may not write the table {table} anew"))),
        Ok(()) => Ok(None),
        Err(DatabaseError(_, error)) if error.message().contains("permission denied") => {
            Ok(Some(format!("this account may not write the table {table} anew")))
        }
        Err(DatabaseError(_, error)) if error.message().contains("canceling statement due to lock timeout") => {
            let others = super::postgres::holders(db, &format!("relation = '{table}'::regclass"))?.join(", ");
            Ok(Some(format!("the table {table} is in use by {others}")))
        }
        Err(error) => Err(error.into()),
    }
}
