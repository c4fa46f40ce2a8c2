//! The ways of PostgreSQL.

use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::DatabaseErrorKind;
use diesel::result::Error::DatabaseError;
use diesel::sql_types::{BigInt, Bool, Date, Double, Nullable, Text};

use super::{Dialect, cannot_connect};
use crate::db::connection::{ConnectionUse, Db};
use crate::db::deadline::{StatementClock, StatementTimer, StatementTimes};
use crate::db::old_pages::KeptPages;
use crate::db::statement::{SqlExpression, Statement};
use crate::error::{Error, Result};

/// Goes on with a member of an object in the JSON objects of a column.
fn member<'s>(statement: Statement<'s>, column: &'static str, object: &'static str, name: &str) -> Statement<'s> {
    let member = statement.sql("CAST(").sql(column).sql(" AS JSONB) -> '").sql(object).sql("' -> CAST(");
    member.bind::<Text, _>(name.to_owned()).sql(" AS TEXT)")
}

/// Any number will do, as long as only this service takes it; one for each schema.
pub(in crate::db) const BEGIN_EXCLUSIVE: &str =
    "BEGIN; SELECT pg_advisory_xact_lock(4873216509 # CAST(hashtext(current_schema()) AS BIGINT))";

/// The time for which a transaction of the service may be idle before the server ends it.
const LEASE: Duration = Duration::from_secs(3);

/// The same for a command, which reads files and asks other systems meanwhile.
const LEASE_OF_COMMAND: Duration = Duration::from_secs(60);

/// The time for which a command waits for a lock: one who froze has lost it by then, and those who wait behind the command
/// have not waited for long.
const PATIENCE_OF_COMMAND: Duration = Duration::from_secs(5);

/// The settings of a connection that writes: whatever the server's defaults are, each statement sees what was committed, and
/// a transaction whose client is gone ends. A server that is read-only stays so: its operator fences it for another one.
fn lease(time: Duration) -> String {
    format!(
        "SET default_transaction_isolation = 'read committed'; SET idle_in_transaction_session_timeout = {}; \
        SET tcp_user_timeout = 5000; SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;",
        time.as_millis()
    )
}

/// The URL with limits for what no statement's limit holds for: connecting, and a network that swallows everything.
fn patient(url: &str) -> String {
    const LIMITS: [&str; 3] = ["connect_timeout=2", "keepalives_idle=10", "tcp_user_timeout=10000"];
    let mut out = url.to_owned();
    for limit in LIMITS.iter().filter(|limit| limit.split('=').next().is_none_or(|name| !url.contains(name))) {
        out.push(if out.contains('?') { '&' } else { '?' });
        out += limit;
    }
    out
}

#[derive(QueryableByName)]
struct Behind {
    #[diesel(sql_type = Nullable<Double>)]
    seconds: Option<f64>,
}

#[derive(QueryableByName)]
struct OtherSchema {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct SessionMark {
    #[diesel(sql_type = Nullable<Text>)]
    mark: Option<String>,
}

#[derive(QueryableByName)]
struct LockHolder {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Session {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// The processes that hold a lock, with the names of their programs.
pub(super) fn holders(db: &mut Db, lock: &str) -> QueryResult<Vec<String>> {
    let held = format!(
        "SELECT DISTINCT 'the process ' || pid || coalesce(' (' || nullif(application_name, '') || ')', '') AS name \
         FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE granted AND pid <> pg_backend_pid() AND {lock} ORDER BY 1"
    );
    let found = diesel::sql_query(held).load::<LockHolder>(db)?;
    Ok(found.into_iter().map(|holder| holder.name).collect())
}

/// A server and a database as a URL names them, without an account.
fn place_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split('?').next().unwrap_or_default();
    rest.rsplit_once('@').map_or(rest, |(_, place)| place)
}

/// Fails unless a setting of one session stays with it, and is unknown to another one.
pub(in crate::db) fn check_session(url: &str) -> Result<()> {
    let connect = || PgConnection::establish(&patient(url)).map_err(|error| cannot_connect(&error));
    let (mut one, mut other) = (connect()?, connect()?);
    let mark = |connection: &mut PgConnection| {
        let asked = diesel::sql_query("SELECT current_setting('aufsicht.session', true) AS mark");
        asked.get_result::<SessionMark>(connection).map(|found| found.mark)
    };
    let mut kept = || -> QueryResult<bool> {
        one.batch_execute("SET aufsicht.session = 'one'")?;
        // A pooler that hands its connections round has given it another one by now.
        let of_one = mark(&mut one)?;
        // While it lasts, nobody else is given the connection that this transaction has.
        other.batch_execute("BEGIN")?;
        let (of_other, still_of_one) = (mark(&mut other)?, mark(&mut one)?);
        other.batch_execute("ROLLBACK")?;
        one.batch_execute("RESET aufsicht.session")?;
        let is_kept = |mark: Option<String>| mark.as_deref() == Some("one");
        Ok(is_kept(of_one) && is_kept(still_of_one) && !is_kept(of_other))
    };
    match kept().map_err(Error::from) {
        Ok(true) => Ok(()),
        Err(error @ Error::Unavailable(_)) => Err(error),
        Ok(false) | Err(_) => Err(Error::Configuration(format!(
            "the database {} is behind a pooler that gives each transaction another connection: let the pooler work by \
             session (pool_mode = session), or name the server itself",
            place_of(url)
        ))),
    }
}

/// Fails where the data of a URL is in a schema of its own, and other schemas of the database hold data as well.
pub(in crate::db) fn check_single_data(url: &str) -> Result<()> {
    let others = "SELECT schemaname::text AS name FROM pg_tables \
        WHERE tablename = 'audit_trail' AND schemaname <> current_schema() AND current_schema() <> 'public' ORDER BY 1 LIMIT 1";
    let mut connection = PgConnection::establish(&patient(url)).map_err(|error| cannot_connect(&error))?;
    let found = diesel::sql_query(others).get_result::<OtherSchema>(&mut connection).optional()?;
    found.map_or(Ok(()), |OtherSchema { name }| {
        Err(Error::Configuration(format!(
            "the schema {name} of the same database holds the data of another service, which would have the same access log: \
             name another place for this one with AUFSICHT_ACCESS_LOG_URL, such as \
             postgres://…?options=-csearch_path%3Dmy_access_log with a schema of that name"
        )))
    })
}

pub(in crate::db) fn open(
    url: &str,
    schema: Option<&str>,
    r#use: ConnectionUse,
    times: StatementTimes,
    clock: &StatementClock,
) -> Result<PgConnection> {
    let mut connection = PgConnection::establish(&patient(url)).map_err(|error| cannot_connect(&error))?;
    connection.set_instrumentation(StatementTimer::new(clock, times.slow));
    if let Some(schema) = schema {
        // Only who writes makes it, if it is not there; several instances may do so at once.
        if r#use != ConnectionUse::Reading {
            connection.batch_execute(&format!(
                "SET client_min_messages = warning; DO $$ BEGIN IF to_regnamespace('{schema}') IS NULL THEN \
                PERFORM pg_advisory_xact_lock(4873216508); CREATE SCHEMA IF NOT EXISTS {schema}; END IF; END $$"
            ))?;
        }
        connection.batch_execute(&format!("SET search_path TO {schema}"))?;
    }
    let ms = times.limit.as_millis();
    let patience = match r#use {
        ConnectionUse::Everything => PATIENCE_OF_COMMAND.max(times.limit).as_millis(),
        ConnectionUse::Reading | ConnectionUse::Writing => ms,
    };
    // Readers see one snapshot for a whole transaction, as on SQLite. Who writes holds a lock that all others wait for:
    // when it freezes or vanishes, the server ends its transaction.
    let terms = match r#use {
        ConnectionUse::Reading => {
            "SET default_transaction_isolation = 'repeatable read'; SET default_transaction_read_only = on;".to_owned()
        }
        ConnectionUse::Writing => lease(LEASE),
        ConnectionUse::Everything => lease(LEASE_OF_COMMAND),
    };
    connection.batch_execute(&format!(
        "SET client_min_messages = warning; SET TIME ZONE 'UTC'; SET statement_timeout = {ms}; SET lock_timeout = {patience}; {terms}"
    ))?;
    Ok(connection)
}

pub(in crate::db) struct PostgresDialect;

impl Dialect for PostgresDialect {
    fn never(&self) -> SqlExpression<Date> {
        Statement::new("DATE '9999-12-31'").expression()
    }

    fn year(&self, column: &'static str) -> Statement<'static> {
        Statement::new("EXTRACT(YEAR FROM ").sql(column).sql(")")
    }

    fn month(&self, column: &'static str) -> Statement<'static> {
        Statement::new("to_char(").sql(column).sql(", 'YYYYMM')")
    }

    fn days_between(&self, column: &'static str, until: Statement<'static>) -> Statement<'static> {
        Statement::new("CAST(").append(until).sql(" - ").sql(column).sql(" AS BIGINT)")
    }

    fn json_property(&self, column: &'static str, property: &'static str) -> Statement<'static> {
        Statement::new("CAST(").sql(column).sql(" AS JSONB) ->> '").sql(property).sql("'")
    }

    fn json_elements(&self, column: &'static str, list: &'static str, name: &'static str) -> Statement<'static> {
        let elements = Statement::new("jsonb_array_elements(CAST(").sql(column).sql(" AS JSONB) -> '").sql(list);
        elements.sql("') AS ").sql(name).sql(" (value)")
    }

    fn json_text(&self, column: &'static str, object: &'static str, name: &str) -> Statement<'static> {
        let text = member(Statement::new("CASE WHEN jsonb_typeof("), column, object, name).sql(") = 'string' THEN (");
        member(text, column, object, name).sql(" #>> '{}') COLLATE \"C\" END")
    }

    fn json_parts(&self, column: &'static str, object: &'static str, name: &str) -> Statement<'static> {
        let parts = member(Statement::new("CASE WHEN jsonb_typeof("), column, object, name);
        let parts = parts.sql(") = 'number' THEN CAST(round(CAST(");
        member(parts, column, object, name).sql(" AS NUMERIC) * 10000) AS BIGINT) END")
    }

    fn json_listed(
        &self,
        column: &'static str,
        list: &'static str,
        part: &'static str,
        text: &str,
    ) -> Statement<'static> {
        let listed = Statement::new("CASE WHEN CAST(").sql(column).sql(" AS JSONB) -> '").sql(list);
        let listed = listed.sql("' @> jsonb_build_array(jsonb_build_object('").sql(part).sql("', CAST(");
        let listed = listed.bind::<Text, _>(text.to_owned()).sql(" AS TEXT))) THEN CAST(");
        listed.bind::<Text, _>(text.to_owned()).sql(" AS TEXT) END")
    }

    fn json_any_listed(&self, column: &'static str, list: &'static str, part: &'static str) -> Statement<'static> {
        let listed = Statement::new("jsonb_path_exists(CAST(").sql(column).sql(" AS JSONB), '$.").sql(list);
        listed.sql("[*].").sql(part).sql(" ? (@ != null)')")
    }

    fn json_members(&self, column: &'static str, object: &str, name: &'static str) -> Statement<'static> {
        let members = Statement::new("LATERAL (SELECT key COLLATE \"C\" AS key, value FROM jsonb_each(CAST(");
        let members = members.sql(column).sql(" AS JSONB) -> CAST(").bind::<Text, _>(object.to_owned());
        members.sql(" AS TEXT))) AS ").sql(name)
    }

    fn json_integer(&self, column: &'static str, place: &'static str) -> Statement<'static> {
        Statement::new("CAST(").sql(column).sql(" ->> ").sql(place).sql(" AS BIGINT)")
    }

    fn enters_values_late(&self) -> bool {
        false
    }

    fn counts_rows(&self) -> bool {
        true
    }

    /// Looks at the indexes, where the extension `amcheck` is there and the role may use it.
    fn damage(&self, db: &mut Db) -> QueryResult<Option<String>> {
        let can_look = "SELECT 1 FROM to_regprocedure('bt_index_check(regclass)') AS look WHERE has_function_privilege(look, 'EXECUTE')";
        if diesel::sql_query(can_look).execute(db)? == 0 {
            return Ok(None);
        }
        let look = "SELECT bt_index_check(index.oid) FROM pg_class AS index JOIN pg_am ON pg_am.oid = index.relam \
            WHERE amname = 'btree' AND relkind = 'i' AND relnamespace = current_schema()::regnamespace";
        match diesel::sql_query(look).execute(db) {
            Ok(_) => Ok(None),
            Err(DatabaseError(DatabaseErrorKind::Unknown, error)) => Ok(Some(error.message().to_owned())),
            Err(error) => Err(error),
        }
    }

    fn session(&self, db: &mut Db) -> QueryResult<Option<i64>> {
        let session = "SELECT CAST(pg_backend_pid() AS BIGINT) AS number";
        diesel::sql_query(session).get_result::<Session>(db).map(|session| Some(session.number))
    }

    fn lock_holders(&self, db: &mut Db, session: i64) -> QueryResult<Vec<String>> {
        holders(db, &format!("pid = ANY(pg_blocking_pids({session}))"))
    }

    fn lift_time_limit(&self, db: &mut Db) -> QueryResult<()> {
        db.batch_execute("SET statement_timeout = 0")
    }

    fn hold_snapshot(&self, db: &mut Db) -> QueryResult<()> {
        db.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    }

    /// While nothing is written, what was replayed last becomes ever older, and nothing is missing.
    fn seconds_behind(&self, db: &mut Db) -> QueryResult<Option<f64>> {
        const BEHIND: &str = "SELECT CASE WHEN NOT pg_is_in_recovery() THEN NULL \
            WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0 \
            ELSE CAST(EXTRACT(EPOCH FROM clock_timestamp() - pg_last_xact_replay_timestamp()) AS DOUBLE PRECISION) \
            END AS seconds";
        diesel::sql_query(BEHIND).get_result::<Behind>(db).map(|behind| behind.seconds)
    }

    /// PostgreSQL plans by what it knows of the tables, and that comes late for tables that fill fast: of an empty one any
    /// index is as good. So those are analysed where that has not been done since they were half as large.
    fn analyse_what_grew(&self, db: &mut Db) -> QueryResult<()> {
        const GROWN: &str = "DO $$ DECLARE grown TEXT; BEGIN \
            FOR grown IN SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' \
                AND relnamespace = current_schema()::regnamespace AND pg_relation_size(oid) > 2 * 8192 * greatest(relpages, 0)::bigint \
            LOOP EXECUTE 'ANALYZE ' || grown; END LOOP; END $$";
        db.batch_execute(GROWN)
    }

    fn forget_old_pages(&self, db: &mut Db, tables: &[&'static str]) -> Result<Option<KeptPages>> {
        forget(db, tables)
    }

    fn free_old_pages(&self, db: &mut Db, tables: &[&'static str]) -> Result<()> {
        free(db, tables);
        Ok(())
    }

    /// Twenty thousand records took a second on two cores.
    fn time_to_forget(&self, records: u64) -> Option<Duration> {
        Some(Duration::from_micros(50 * records))
    }

    /// The one table that each schema has is made longer, as with a write that finds no room in its pages.
    fn try_to_write(&self, db: &mut Db) -> QueryResult<()> {
        db.batch_execute(
            "SAVEPOINT trial; INSERT INTO __diesel_schema_migrations (version) SELECT 'trial ' || generate_series(1, 4000); \
             ROLLBACK TO SAVEPOINT trial; UPDATE __diesel_schema_migrations SET run_on = run_on",
        )
    }

    fn copy_to(&self, _: &mut Db, _: &Path) -> Result<()> {
        Err(Error::Configuration("a PostgreSQL database is copied with pg_dump".into()))
    }
}

/// The longest wait for those who still see what was there before.
const PATIENCE: Duration = Duration::from_secs(30);

/// The interval at which they are looked at.
const PAUSE: Duration = Duration::from_millis(20);

/// The values of columns that the planner keeps: those of before go with the pages of their tables.
const STATISTICS: &str = "pg_catalog.pg_statistic";

#[derive(QueryableByName)]
struct FoundNumber {
    #[diesel(sql_type = Nullable<BigInt>)]
    number: Option<i64>,
}

#[derive(QueryableByName)]
struct Onlooker {
    #[diesel(sql_type = Text)]
    name: String,
    /// True if it may let go within a while.
    #[diesel(sql_type = Bool)]
    is_passing: bool,
}

/// Writes tables anew, without the pages of before; what keeps some of these.
fn forget(db: &mut Db, tables: &[&'static str]) -> Result<Option<KeptPages>> {
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
fn free(db: &mut Db, tables: &[&'static str]) {
    for table in tables {
        db.batch_execute(&format!("VACUUM (ANALYZE) {table}")).unwrap_or_else(|error| {
            log::info!("the table {table} is left to the server's own vacuum: {error}");
        });
    }
}

/// The ones that see what was there before a transaction, and whether that may pass within a while.
const ONLOOKERS: &str = "SELECT name, is_passing FROM ( \
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
    let now = diesel::sql_query(now).get_result::<FoundNumber>(db)?.number.unwrap_or_default();
    let begun = Instant::now();
    loop {
        let found: Vec<Onlooker> = diesel::sql_query(ONLOOKERS).bind::<Text, _>(now.to_string()).load(db)?;
        if begun.elapsed() >= patience || !found.iter().any(|onlooker| onlooker.is_passing) {
            let sees = |onlooker: Onlooker| format!("{} still sees what was there before", onlooker.name);
            return Ok(found.into_iter().map(sees).collect());
        }
        std::thread::sleep(PAUSE);
    }
}

/// Writes a table anew; why not, where it was not. A server that does not let an account do so only warns.
fn rewrite(db: &mut Db, command: &str, table: &str) -> Result<Option<String>> {
    const FILE: &str = "SELECT CAST(pg_relation_filenode(CAST($1 AS REGCLASS)) AS BIGINT) AS number";
    let file = |db: &mut Db| {
        diesel::sql_query(FILE).bind::<Text, _>(table).get_result::<FoundNumber>(db).map(|found| found.number)
    };
    let before = file(db)?;
    match db.batch_execute(&format!("{command} {table}")) {
        Ok(()) if file(db)? == before => Ok(Some(format!("this account may not write the table {table} anew"))),
        Ok(()) => Ok(None),
        Err(DatabaseError(_, error)) if error.message().contains("permission denied") => {
            Ok(Some(format!("this account may not write the table {table} anew")))
        }
        Err(DatabaseError(_, error)) if error.message().contains("canceling statement due to lock timeout") => {
            let others = holders(db, &format!("relation = '{table}'::regclass"))?.join(", ");
            Ok(Some(format!("the table {table} is in use by {others}")))
        }
        Err(error) => Err(error.into()),
    }
}
