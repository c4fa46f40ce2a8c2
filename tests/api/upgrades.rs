//! Databases that were filled under a schema of before are brought up to date, and answer as they did.
//!
//! `upgrades/` keeps one for each schema and database, and the answers that it gave, beside the newest of those that were filled
//! together. `KEEP_DATABASES=1 cargo test --test api upgrades::` fills one under the newest schema and keeps it; where those of
//! schemas before are missing, they are made of it, as the newest migrations are taken back one by one.

use std::path::PathBuf;

use aufsicht::db::{self, Db};
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use serde_json::{Value, json};

use crate::support::{App, Backend, Directory, command_on, config, created, database, own, program};

fn name(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "sqlite",
        Backend::Postgres => "postgres",
    }
}

/// The file that is kept for a schema: a dump, or the answers.
fn file(backend: Backend, schema: &str, ending: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/upgrades");
    PathBuf::from(format!("{folder}/{}/{schema}.{ending}", name(backend)))
}

fn migrations(backend: Backend) -> FileBasedMigrations {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    FileBasedMigrations::from_path(format!("{folder}/{}", name(backend))).unwrap()
}

/// The schemas that there were, the oldest first: each by the version of its last migration.
fn schemas(backend: Backend) -> Vec<String> {
    let all: Vec<Box<dyn Migration<diesel::sqlite::Sqlite>>> = migrations(backend).migrations().unwrap();
    let mut schemas: Vec<String> = all.iter().map(|migration| migration.name().version().to_string()).collect();
    schemas.sort();
    schemas
}

/// Applies the next migration.
fn step_up(db: &mut Db, backend: Backend) {
    match db {
        Db::Sqlite(connection) => _ = connection.run_next_migration(migrations(backend)).unwrap(),
        Db::Postgres(connection) => _ = connection.run_next_migration(migrations(backend)).unwrap(),
    }
}

/// Takes the last migration back.
fn step_down(db: &mut Db, backend: Backend) {
    match db {
        Db::Sqlite(connection) => _ = connection.revert_last_migration(migrations(backend)).unwrap(),
        Db::Postgres(connection) => _ = connection.revert_last_migration(migrations(backend)).unwrap(),
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}

fn lines(db: &mut Db, sql: &str) -> Vec<String> {
    diesel::sql_query(sql).load::<Line>(db).unwrap().into_iter().map(|line| line.text).collect()
}

/// All rows of SQLite, its index of words included, as statements.
fn sqlite_rows(db: &mut Db) -> String {
    let tables = "SELECT name AS text FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' \
        AND name <> '__diesel_schema_migrations' ORDER BY rowid";
    let mut out = "BEGIN;\nPRAGMA defer_foreign_keys = ON;\n".to_owned();
    for table in lines(db, tables) {
        let columns = format!("SELECT 'quote(' || name || ')' AS text FROM pragma_table_info('{table}') ORDER BY cid");
        let columns = lines(db, &columns).join(" || ', ' || ");
        if table.starts_with("records_search_") || table == "sqlite_sequence" {
            out += &format!("DELETE FROM {table};\n");
        }
        let rows = format!("SELECT 'INSERT INTO {table} VALUES (' || {columns} || ');' AS text FROM {table}");
        lines(db, &rows).iter().for_each(|row| out.extend([row, "\n"]));
    }
    out + "COMMIT;\n"
}

/// All rows of PostgreSQL, as statements.
fn postgres_rows(url: &str) -> String {
    let mut command = program("pg_dump");
    command.args(["--data-only", "--inserts", "--rows-per-insert=1000", "--schema=public"]);
    let done = command.args(["--exclude-table=__diesel_schema_migrations", url]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    // What is left out belongs to the program that reads dumps usually.
    let beside = ["--", "\\", "SET ", "SELECT pg_catalog.set_config"];
    let dump = String::from_utf8(done.stdout).unwrap();
    let rows = dump.lines().filter(|line| !line.is_empty() && !beside.iter().any(|start| line.starts_with(start)));
    rows.map(|line| format!("{line}\n")).collect()
}

/// A record of each register, records with values of the authority's own, what was changed, deleted and erased since, figures and
/// all that is managed.
fn fill(app: &App) {
    let client = &app.client;
    let webhook = client.post("/v1/webhooks", &json!({"url": "https://receiver.invalid/hook"})).expect(201).json();
    client
        .post("/v1/clients", &json!({"name": "Skript", "scopes": ["statistics:read"], "registers": ["cases"]}))
        .expect(201);
    client.post("/v1/calendar-feeds", &json!({"titles": true})).expect(201);
    client.put("/v1/website-figures/2016", &json!({"visitors": 900, "page_views": 3000})).expect(201);
    client.put("/v1/staffing/2016", &json!({"positions_percent": 180})).expect(201);
    for register in aufsicht::registers::ALL {
        app.create(register.name, (register.example)());
    }
    fill_cases(app);
    client.put("/v1/statistics/published/2016", &json!({"from_live": true, "source": "Tätigkeitsbericht"})).expect(201);
    let late = json!({"title": "Nachtrag", "received_on": "2016-05-02", "area": "IT", "own": {"jurisdiction": "OW"}});
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers = [("Content-Type", "application/json"), ("traceparent", trace)];
    client.send("POST", "/v1/cases", &headers, Some(late.to_string().as_bytes())).expect(201);
    wait_for_an_attempt(app, webhook["id"].as_str().unwrap());
}

fn fill_cases(app: &App) {
    let titles =
        ["Äpfel", "Abfall in Zug", "«Abfall» in Aarau", "Ofen", "Öfen", "Zürich", "Straße 2", "E-Mail an alle"];
    let mut ids = Vec::new();
    for (at, title) in titles.iter().enumerate() {
        let received = format!("{}-{:02}-05", 2015 + at % 3, 1 + at);
        let (jurisdiction, outcome) = (["SZ", "OW", "NW"][at % 3], ["AGREED", "REFUSED"][at % 2]);
        let balance = (at % 2 == 0).then_some(-100.25);
        let own = json!({"jurisdiction": jurisdiction, "outcome": outcome, "hours": at, "balance": balance});
        let mut body = json!({"title": title, "received_on": received, "responsible": "RF", "own": own});
        body["requester"] = json!({"type": "PRIVATE", "name": format!("Person {at}")});
        body["external"] = json!({"system": "gever", "id": format!("K-{at}"), "version": 1});
        if at % 2 == 0 {
            body["closed_on"] = format!("{}-11-20", 2015 + at % 3 + at % 4 / 2).into();
        }
        ids.push(app.create("cases", body)["id"].as_str().unwrap().to_owned());
    }
    let change = |at: usize, body: Value| app.client.patch(&format!("/v1/cases/{}", ids[at]), "*", &body).expect(200);
    change(0, json!({"title": "Ähre", "notes": "Vertraulich"}));
    change(1, json!({"relations": [{"type": "FOLLOWS", "record": ids[0]}], "own": {"outcome": "WITHDRAWN"}}));
    change(3, json!({"received_on": "2017-02-03", "closed_on": "2018-03-04"}));
    app.client.delete(&format!("/v1/cases/{}", ids[6]), "*").expect(204);
    let (is_erased, said) = app.command(&["subject", "erase", "--record", &ids[2]]);
    assert!(is_erased, "{said}");
}

/// Waits until a receiver that there is not was tried, and lets the webhook rest.
fn wait_for_an_attempt(app: &App, webhook: &str) {
    let log = format!("/v1/webhooks/{webhook}/deliveries");
    let begun = std::time::Instant::now();
    while app.client.all(&log).iter().all(|delivery| delivery["attempts"] == 0) {
        assert!(begun.elapsed().as_secs() < 30, "nothing is delivered");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    app.client.patch(&format!("/v1/webhooks/{webhook}"), "*", &json!({"active": false})).expect(200);
    std::thread::sleep(std::time::Duration::from_millis(500));
}

/// The answers of a service, by what was asked.
fn answers(app: &App) -> Value {
    let mut paths: Vec<String> = [
        "/v1/cases?sort=title&limit=3",
        "/v1/cases?sort=-title&limit=100",
        "/v1/cases?q=abfall",
        "/v1/cases?q=zurich",
        "/v1/cases?q=ofen&sort=title",
        "/v1/cases?own.jurisdiction=SZ&sort=own.hours",
        "/v1/audits?severity=HIGH",
        "/v1/cases?relation=FOLLOWS",
        "/v1/projects?phase=CONCEPT,REALISATION",
        "/v1/organisations?sort=name",
        "/v1/changes?limit=1000",
        "/v1/audit-trail?limit=1000",
        "/v1/webhooks",
        "/v1/clients",
        "/v1/calendar-feeds",
        "/v1/deadlines",
        "/v1/statistics/services?from=2014&to=2018",
        "/v1/statistics/services?from=2014&to=2018&layout=pairs",
        "/v1/statistics/channels?from=2014&to=2018",
        "/v1/statistics/backlog?from=2014&to=2018",
        "/v1/statistics/durations?year=2017&by=requester",
        "/v1/statistics/counts?by=year,own.jurisdiction",
        "/v1/statistics/counts?by=own.outcome&measure=sum:own.balance",
        "/v1/statistics/counts?by=phase&register=projects",
        "/v1/statistics/counts?by=decision&register=proceedings",
        "/v1/statistics/published/2016",
        "/v1/statistics/published/2016/differences",
        "/v1/statistics/website?from=2016&to=2016",
        "/v1/statistics/staffing?from=2016&to=2016",
    ]
    .map(str::to_owned)
    .to_vec();
    for register in aufsicht::registers::ALL {
        let list = format!("/v1/{}?limit=100", register.name);
        let records = app.client.get(&list).expect(200).json()["items"].as_array().unwrap().clone();
        paths.push(list);
        let history = |record: &Value| format!("/v1/{}/{}/history", register.name, record["id"].as_str().unwrap());
        paths.extend(records.iter().map(history));
    }
    for webhook in app.client.all("/v1/webhooks") {
        paths.push(format!("/v1/webhooks/{}/deliveries", webhook["id"].as_str().unwrap()));
    }
    paths
        .into_iter()
        .map(|path| (path.clone(), app.client.get(&path).expect(200).json()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// A service with the profile that the records were made under.
fn start(backend: Backend, at: (String, Option<Directory>)) -> App {
    let profile = own::profile(&own::vocabulary());
    own::layout(&profile.0.join("tables"), Some(own::PAIR));
    let path = profile.0.clone();
    App::start_on(backend, at, |config| config.profile.directory = Some(path)).with_directory(profile)
}

/// Fills a database under the newest schema and keeps it, and those before that are missing.
fn keep(backend: Backend) {
    let mut app = start(backend, database(backend));
    fill(&app);
    let all = schemas(backend);
    let newest = all.last().unwrap();
    let told = answers(&app);
    let told = told.as_object().unwrap().iter().map(|(path, answer)| format!("{}: {answer}", json!(path)));
    let told = format!("{{\n{}\n}}\n", told.collect::<Vec<_>>().join(",\n"));
    app.stop();
    std::fs::create_dir_all(file(backend, newest, "json").parent().unwrap()).unwrap();
    std::fs::write(file(backend, newest, "json"), told).unwrap();
    let mut db = app.db();
    for schema in all.iter().rev() {
        let rows = match backend {
            Backend::Sqlite => sqlite_rows(&mut db),
            Backend::Postgres => postgres_rows(&app.config.database.url),
        };
        if schema == newest || !file(backend, schema, "sql").exists() {
            std::fs::write(file(backend, schema, "sql"), rows).unwrap();
        }
        step_down(&mut db, backend);
    }
    app.tampered();
}

/// A database as it was kept under a schema.
fn kept(backend: Backend, schemas: &[String]) -> (String, Option<Directory>) {
    let (url, directory) = database(backend);
    let mut db = created(&config(&url));
    schemas.iter().for_each(|_| step_up(&mut db, backend));
    let rows = file(backend, schemas.last().unwrap(), "sql");
    let rows = std::fs::read_to_string(&rows).unwrap_or_else(|_| {
        panic!("{} is missing: KEEP_DATABASES=1 cargo test --test api upgrades::", rows.display());
    });
    db.batch_execute(&rows).unwrap();
    (url, directory)
}

/// The answers that a database gave that was kept under the first of these schemas.
fn kept_answers(backend: Backend, schemas: &[String]) -> Value {
    let texts = schemas.iter().filter_map(|schema| std::fs::read_to_string(file(backend, schema, "json")).ok());
    serde_json::from_str(&texts.into_iter().next().unwrap()).unwrap()
}

/// Notes what was told before and is told otherwise, or no more; properties may have come.
fn compare(place: &str, before: &Value, now: &Value, out: &mut Vec<String>) {
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => {
            for (name, value) in before {
                compare(&format!("{place}/{name}"), value, now.get(name).unwrap_or(&Value::Null), out);
            }
        }
        (Value::Array(before), Value::Array(now)) if before.len() == now.len() => {
            let both = before.iter().zip(now).enumerate();
            both.for_each(|(at, (before, now))| compare(&format!("{place}/{at}"), before, now, out));
        }
        _ if before == now => {}
        _ => out.push(format!("{place}: {before} was told before, and now {now}")),
    }
}

/// Asks again all that was asked before.
fn assert_same_answers(app: &App, before: &Value) {
    let mut differences = Vec::new();
    for (path, answer) in before.as_object().unwrap() {
        compare(path, answer, &app.client.get(path).expect(200).json(), &mut differences);
    }
    assert_eq!(differences, Vec::<String>::new());
}

/// Work goes on where it was: numbers, and the feed behind the place that was told before.
fn assert_work_goes_on(app: &App, before: &Value) {
    let case = app.create(
        "cases",
        json!({"title": "Nach dem Wechsel", "received_on": "2017-12-01", "own": {"jurisdiction": "SZ"}}),
    );
    app.client
        .patch(&format!("/v1/cases/{}", case["id"].as_str().unwrap()), "*", &json!({"title": "Äpfel"}))
        .expect(200);
    let place = before["/v1/changes?limit=1000"]["next"].as_str().unwrap();
    let told = app.client.get(&format!("/v1/changes?after={place}")).expect(200).json();
    let told: Vec<&Value> = told["items"].as_array().unwrap().iter().map(|item| &item["number"]).collect();
    assert_eq!(told, [&case["number"], &case["number"]]);
    let found = |word: &str| app.client.all(&format!("/v1/cases?q={word}")).len();
    assert_eq!((found("wechsel"), found("apfel")), (0, 1));
}

fn what_was_kept_under_each_schema_is_brought_up_to_date(backend: Backend) {
    if std::env::var_os("KEEP_DATABASES").is_some() {
        keep(backend);
    }
    let all = schemas(backend);
    for number in 1..all.len() {
        let (url, directory) = kept(backend, &all[..number]);
        let (is_done, said) = command_on(&config(&url), &["migrate"]);
        let foretold = format!("applying {} to ", all[number..].join(", "));
        assert!(is_done && said.contains(&foretold), "{said}");
        assert!(said.contains(" records: writes stop for less than a second"), "{said}");
        let mut db = created(&config(&url));
        assert!(db::is_current(&mut db).unwrap());
        drop(db);
        let before = kept_answers(backend, &all[number - 1..]);
        let app = start(backend, (url, directory));
        assert_same_answers(&app, &before);
        assert_eq!(app.differences(), Vec::<String>::new(), "{}", all[number - 1]);
        assert_work_goes_on(&app, &before);
    }
}

crate::on_each! { what_was_kept_under_each_schema_is_brought_up_to_date }
