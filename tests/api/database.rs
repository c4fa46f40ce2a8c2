//! The database: the same schema on both, migrations, constraints, and indices that serve every list.

use std::collections::BTreeMap;

use aufsicht::db::{self, Db};
use aufsicht::registers;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use serde_json::json;

use crate::on_both_databases;
use crate::support::{App, Backend, created, created_access_log, database, with_record_keys};
use crate::tampering::tables;

fn connect(backend: Backend) -> (Db, Option<crate::support::Directory>) {
    let (url, directory) = database(backend);
    (created(&aufsicht::Config::for_database(&url).unwrap()), directory)
}

#[derive(QueryableByName, Debug, PartialEq)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    required: bool,
}

/// What each database keeps in its own way, and no table of Diesel's speaks of.
const OWN: [&str; 3] = ["records_search", "records_words", "__diesel_schema_migrations"];

/// The columns of all tables, from the schema itself.
fn columns(db: &mut Db) -> BTreeMap<String, Vec<(String, bool)>> {
    let all = tables(db).into_iter().filter(|table| !OWN.contains(&table.as_str())).collect::<Vec<_>>();
    all.into_iter().map(|table| (table.clone(), columns_of(db, &table))).collect()
}

/// The columns of a table or view.
fn columns_of(db: &mut Db, table: &str) -> Vec<(String, bool)> {
    let sql = match db {
        Db::Sqlite(_) => {
            format!("SELECT name, (\"notnull\" = 1) AS required FROM pragma_table_info('{table}') ORDER BY cid")
        }
        Db::Postgres(_) => format!(
            "SELECT column_name::text AS name, (is_nullable = 'NO') AS required FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = '{table}' ORDER BY ordinal_position"
        ),
    };
    let columns: Vec<Column> = diesel::sql_query(sql).load(db).unwrap();
    columns.into_iter().map(|column| (column.name, column.required)).collect()
}

#[test]
fn both_databases_have_the_schema_that_the_code_knows() {
    let [mut sqlite, mut postgres] = [Backend::Sqlite, Backend::Postgres].map(|backend| {
        let (url, _directory) = database(backend);
        let mut config = aufsicht::Config::for_database(&url).unwrap();
        with_record_keys(&mut config);
        let keys = config.database.record_keys().unwrap().unwrap();
        let mut keys = db::create(&keys, &config.database).unwrap();
        let (mut data, mut log) = (created(&config), created_access_log(&config));
        registers::migrate(&mut data).unwrap();
        db::migrate_access_log(&mut log).unwrap();
        db::migrate_record_keys(&mut keys).unwrap();
        [columns(&mut data), columns(&mut log), columns(&mut keys)]
    });
    // The values of records have a table of its own on each.
    let of_values = [sqlite[0].remove_entry("own_values").unwrap(), postgres[0].remove_entry("own_said").unwrap()];
    assert_eq!(sqlite, postgres);
    sqlite[0].extend(of_values);
    let blocks = include_str!("../../src/db/schema.rs").split("diesel::table!").skip(1);
    let known: BTreeMap<String, Vec<(String, bool)>> = blocks
        .map(|block| {
            let columns = block.lines().filter_map(|line| line.trim().split_once(" -> "));
            let columns = columns.map(|(name, kind)| (name.to_owned(), !kind.starts_with("Nullable")));
            (block.split_whitespace().nth(1).unwrap().to_owned(), columns.collect())
        })
        .collect();
    let (views, known): (BTreeMap<_, _>, _) = known.into_iter().partition(|(name, _)| VIEWS.contains(&name.as_str()));
    assert_eq!(sqlite.into_iter().flatten().collect::<BTreeMap<_, _>>(), known);
    // Of a view no database knows what is always there, and the code does not ask for all columns.
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let app = App::start(backend);
        for (view, columns) in &views {
            let found: Vec<String> = columns_of(&mut app.db(), view).into_iter().map(|(name, _)| name).collect();
            assert!(columns.iter().all(|(name, _)| found.contains(name)), "{view}: {found:?}");
        }
        assert_eq!(views.len(), VIEWS.len());
    }
}

/// The views among the tables that the code knows.
const VIEWS: [&str; 1] = ["own_new_records"];

#[test]
fn both_folders_of_migrations_are_in_step() {
    let names = |folder: &str| -> Vec<String> {
        let path = format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<String> =
            std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    for part in ["", "access-log/", "record-keys/"] {
        assert_eq!(names(&format!("{part}sqlite")), names(&format!("{part}postgres")));
    }
}

fn migrations_can_be_taken_back(backend: Backend) {
    let (mut db, _directory) = connect(backend);
    let applied = registers::migrate(&mut db).unwrap();
    assert!(!applied.is_empty());
    assert_eq!(registers::migrate(&mut db).unwrap(), Vec::<String>::new());
    let first = columns(&mut db);
    assert_eq!(db::revert_all(&mut db).unwrap().len(), applied.len());
    assert_eq!(columns(&mut db), BTreeMap::new());
    assert_eq!(registers::migrate(&mut db).unwrap(), applied);
    assert_eq!(columns(&mut db), first);
}

fn several_may_migrate_at_once(backend: Backend) {
    let (url, _directory) = database(backend);
    let config = aufsicht::Config::for_database(&url).unwrap();
    let applied: usize = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..6).map(|_| scope.spawn(|| registers::migrate(&mut created(&config)).unwrap().len())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(applied, registers::migrate(&mut connect(backend).0).unwrap().len());
}

fn a_newer_database_is_refused(backend: Backend) {
    use diesel::connection::SimpleConnection;
    let (url, _directory) = database(backend);
    let config = aufsicht::Config::for_database(&url).unwrap();
    let mut db = created(&config);
    registers::migrate(&mut db).unwrap();
    db.batch_execute("INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('99991231', '2026-01-01')")
        .unwrap();
    let error = registers::migrate(&mut db).unwrap_err().to_string();
    assert!(error.contains("99991231") && error.contains("newer aufsicht"), "{error}");
    assert!(aufsicht::Service::start(config, aufsicht::Clock::system()).is_err());
}

crate::on_each! { migrations_can_be_taken_back several_may_migrate_at_once a_newer_database_is_refused }

on_both_databases! {
    fn the_database_refuses_what_no_record_can_be(app) {
        use diesel::connection::SimpleConnection;
        app.case("Ein Fall");
        app.case("Ein anderer Fall");
        for wrong in [
            "UPDATE records SET status = 'DONE' WHERE pos = 1",
            "UPDATE records SET status = 'CLOSED' WHERE pos = 1",
            "UPDATE records SET closed_on = '2018-01-01' WHERE pos = 1",
            "UPDATE records SET status = 'CLOSED', closed_on = '2016-01-01' WHERE pos = 1",
            "UPDATE records SET register = 'dossiers' WHERE pos = 1",
            "UPDATE records SET number = '2017-0002' WHERE pos = 1",
            "UPDATE records SET requester = '' WHERE pos = 1",
            "UPDATE records SET title = '' WHERE pos = 1",
            "UPDATE records SET received_on = '2017-02-3x' WHERE pos = 1",
            "UPDATE records SET details = '[]' WHERE pos = 1",
            "UPDATE records SET external_system = 'konsul' WHERE pos = 1",
            "UPDATE records SET revision = 0 WHERE pos = 1",
            "UPDATE cube SET received = -1",
            "DELETE FROM history",
            "DELETE FROM registers WHERE name = 'cases'",
        ] {
            assert!(app.db().batch_execute(wrong).is_err(), "{wrong}");
        }
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

#[test]
fn heals_when_postgres_cuts_the_connections() {
    use diesel::connection::SimpleConnection;
    let app = App::start(Backend::Postgres);
    app.case("Vorher");
    // Each is waited for: it is gone when this returns.
    let cut = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for round in 0..3 {
        app.db().batch_execute(cut).unwrap();
        // The first request that meets a lost connection can fail, no other; then everything is as before. (Which one
        // that is, is chance: some connections of the pool have not been opened yet.)
        let statuses: Vec<u16> = (0..16).map(|_| app.client.get("/v1/cases").status).collect();
        assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
        assert!(statuses.iter().filter(|status| **status == 503).count() <= 1, "{statuses:?}");
        let body = serde_json::json!({"title": format!("Runde {round}")});
        let status = app.client.post("/v1/cases", &body).status;
        assert!([201, 503].contains(&status), "{status}");
        app.client.post("/v1/cases", &body).expect(201);
    }
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// How SQLite finds records for a condition and an order, as the lists ask for them.
fn plan(db: &mut Db, condition: &str, order: &str) -> String {
    let sql = format!("EXPLAIN QUERY PLAN SELECT * FROM records WHERE {condition} ORDER BY {order} LIMIT 51");
    let plan: Vec<Plan> = diesel::sql_query(sql).load(db).unwrap();
    plan.into_iter().map(|step| step.detail).collect::<Vec<_>>().join("; ")
}

/// The sorts and filters that the API documents, each served by an index without a sort.
const SORTS: [(&str, &str); 15] = [
    ("received_on", "records.received_on ASC, records.number ASC"),
    ("-received_on", "records.received_on DESC, records.number DESC"),
    ("-received_on,number", "records.received_on DESC, records.number ASC"),
    ("title", "records.title_key ASC, records.number ASC"),
    ("-title", "records.title_key DESC, records.number DESC"),
    ("number", "records.number ASC"),
    ("-number", "records.number DESC"),
    ("created_at", "records.created_at ASC, records.number ASC"),
    ("-created_at", "records.created_at DESC, records.number DESC"),
    ("updated_at", "records.updated_at ASC, records.number ASC"),
    ("-updated_at", "records.updated_at DESC, records.number DESC"),
    ("closed_on", "coalesce(records.closed_on, '9999-12-31') ASC, records.number ASC"),
    ("-closed_on", "coalesce(records.closed_on, '9999-12-31') DESC, records.number DESC"),
    ("due_on", "coalesce(records.due_on, '9999-12-31') ASC, records.number ASC"),
    ("-due_on", "coalesce(records.due_on, '9999-12-31') DESC, records.number DESC"),
];

#[test]
fn sqlite_serves_every_documented_sort_and_filter_by_an_index() {
    let app = App::start(Backend::Sqlite);
    let db = &mut app.db();
    for (sort, order) in SORTS {
        let plan = plan(db, "records.register = 'cases'", order);
        // Of one in two directions the index gives the days, and what is of one day is sorted.
        let plan = plan.replace("USE TEMP B-TREE FOR LAST TERM OF ORDER BY", "");
        assert!(plan.contains("USING INDEX") && !plan.contains("TEMP B-TREE"), "{sort}: {plan}");
    }
    let default = "records.received_on DESC, records.number DESC";
    for dimension in aufsicht::registers::Dimension::ALL {
        let condition = format!("records.register = 'cases' AND records.{} = 'X'", dimension.name());
        let plan = plan(db, &condition, default);
        assert!(plan.contains("USING INDEX") && !plan.contains("TEMP B-TREE"), "{dimension:?}: {plan}");
    }
    for condition in [
        "records.organisation = 'X'",
        "records.id IN (SELECT source FROM record_links WHERE property = 'organisation' AND target = 'X')",
        "records.due_on <= '2017-12-31'",
        "records.received_on BETWEEN '2017-01-01' AND '2017-12-31'",
        "records.received_on >= '2017-01-01' AND records.area = 'IT'",
        "records.number = '2017-0001'",
        "records.updated_at >= '2017-01-01'",
        "records.closed_on >= '2017-01-01'",
        "records.pos IN (SELECT rowid & 4294967295 FROM records_search WHERE records_search MATCH '\"x\"' AND rowid BETWEEN 0 AND 9)",
        "records.pos IN (SELECT value FROM json_each('[1,2]'))",
    ] {
        let plan = plan(db, &format!("records.register = 'cases' AND {condition}"), default);
        assert!(!plan.contains("SCAN records;") && !plan.ends_with("SCAN records"), "{condition}: {plan}");
    }
}

#[test]
fn postgres_serves_every_documented_sort_by_an_index() {
    let app = App::start(Backend::Postgres);
    let db = &mut app.db();
    for (sort, order) in SORTS {
        let order = order.replace("'9999-12-31'", "DATE '9999-12-31'");
        // With few records a scan is cheaper; what matters is that the index can be used at all.
        let Db::Postgres(connection) = &mut *db else { unreachable!() };
        use diesel::connection::SimpleConnection;
        connection
            .batch_execute("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off")
            .unwrap();
        #[derive(QueryableByName)]
        struct Line {
            #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
            line: String,
        }
        let sql = format!("EXPLAIN SELECT * FROM records WHERE records.register = 'cases' ORDER BY {order} LIMIT 51");
        let plan: Vec<Line> = diesel::sql_query(sql).load(connection).unwrap();
        let plan = plan.into_iter().map(|line| line.line).collect::<Vec<_>>().join("\n");
        let plan = plan.replace("Incremental Sort", "");
        assert!(plan.contains("Index Scan") && !plan.contains("Sort  "), "{sort}: {plan}");
    }
}

/// Of tables that fill faster than the server looks after them it would not know which index is the right one.
#[test]
fn postgres_knows_how_large_its_tables_have_become() {
    let app = App::start(Backend::Postgres);
    let known = || -> i64 {
        let rows =
            "SELECT CAST(CAST(reltuples AS BIGINT) AS TEXT) AS text FROM pg_class WHERE oid = 'records'::regclass";
        app.text("", rows).parse().unwrap()
    };
    for number in 0..6 {
        let line = |n: usize| json!({"title": format!("Fall {number} {n}")}).to_string();
        let lines: Vec<String> = (0..200).map(line).collect();
        let headers = [("Content-Type", "application/x-ndjson")];
        app.client.send("POST", "/v1/cases/batch", &headers, Some(lines.join("\n").as_bytes())).expect(207);
    }
    assert!(known() >= 200, "{}", known());
}

/// What was kept before coded properties were counted is counted when the schema is brought up to date.
fn older_records_are_counted_by_all_their_properties(backend: Backend) {
    let mut app = crate::support::own::start(backend);
    app.create("projects", json!({"title": "Projekt", "role": "LEAD", "phase": "CONCEPT", "received_on": "2017-02-01", "closed_on": "2018-02-01"}));
    app.create("projects", json!({"title": "Projekt", "role": "LEAD", "received_on": "2017-02-01"}));
    app.create("audits", json!({"title": "Kontrolle", "received_on": "2017-05-02", "closed_on": "2017-06-02", "own": {"hours": 0},
        "findings": [{"severity": "HIGH", "finding": "x"}, {"severity": "HIGH", "finding": "y"}, {"severity": "LOW", "finding": "z"}]}));
    app.create("audits", json!({"title": "Kontrolle", "received_on": "2017-05-02"}));
    let case = app.create("cases", json!({"title": "Fall", "received_on": "2017-02-01", "own": {"hours": 2.5, "jurisdiction": "SZ", "balance": -3}}));
    app.create(
        "cases",
        json!({"title": "Fall", "received_on": "2017-02-01", "relations": [{"type": "FOLLOWS", "record": case["id"]}]}),
    );
    app.create("proceedings", json!({"subject": "Beschwerde", "instance": "Gericht", "filed_on": "2017-02-01", "decided_on": "2017-04-01", "decision": "UPHELD"}));
    assert_eq!(app.differences(), Vec::<String>::new());
    app.stop();
    let migrations = [
        "2026-12-01-100000_own_held",
        "2026-12-01-050000_own_said",
        "2026-11-30-220000_own_entry",
        "2026-11-30-160000_own_storage",
        "2026-11-30-000000_counted_properties",
    ];
    app.take_back(&migrations);
    let applied = registers::migrate(&mut app.db_as_it_is()).unwrap();
    assert_eq!(applied, ["20261130000000", "20261130160000", "20261130220000", "20261201050000", "20261201100000"]);
    assert_eq!(app.differences(), Vec::<String>::new());
}

crate::on_each! {
    older_records_are_counted_by_all_their_properties
}
