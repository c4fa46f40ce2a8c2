//! Whoever writes to the databases by hand is found out: each row of each table, in both directions, and what was tried.

use std::collections::{BTreeMap, BTreeSet};

use aufsicht::audit::access_chain;
use aufsicht::audit::trail;
use aufsicht::db::Db;
use aufsicht::seal::PurposeKeys;
use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use serde_json::json;

use crate::cmi::{Cmi, once};
use crate::on_both_databases;
use crate::personal_data_access::logged_in;
use crate::protection::new_client;
use crate::support::{App, Backend, Directory, SECRET, aufsicht, now, own};
use crate::webhooks::Receiver;

/// What `verify --anchor` does not find: table, what is done to it ("*" for everything), and why that is no matter.
const UNFOUND: &[(&str, &str, &str)] = &[
    (
        "leases",
        "*",
        "who works for all instances in these seconds: whoever finds it taken or free goes on a moment later",
    ),
    (
        "idempotency",
        "*",
        "what was answered under a key within a day: it names records, gives nothing away, and a replay obeys scopes",
    ),
    ("deliveries", "id", "what an event is called: a receiver knows doubles by it"),
    ("deliveries", "webhook_id", "to whom it goes is in the webhook, and in the trail"),
    ("deliveries", "state", "how the attempts went"),
    ("deliveries", "attempts", "how the attempts went"),
    ("deliveries", "next_at", "how the attempts went"),
    ("deliveries", "last_status", "how the attempts went"),
    ("deliveries", "last_error", "how the attempts went"),
    ("deliveries", "created_at", "how the attempts went"),
    ("deliveries", "finished_at", "how the attempts went"),
    ("deliveries", "trace", "a trace that a request came with: it is for those who look for the cause of something"),
    ("changes", "trace", "the same"),
    ("deliveries", "delete", "the log forgets what was delivered; receivers that need each change read the feed"),
    ("webhooks", "position", "where a webhook goes on in the feed; a place that cannot be is found"),
    (
        "own_entered",
        "pos",
        "up to where records are entered in what is counted: none that says something is passed over",
    ),
    ("tombstones", "version", "a deletion may be of a newer version than was held here; one of an older is found"),
    ("tombstones", "record_id", "one whose deletion came before its matter names no record; another one's is found"),
    (
        "service_keys",
        "delete",
        "another one is made at the next start; cursors and anchors of the one before are refused then",
    ),
    ("service_keys", "made_at", "when it was made"),
    ("counters", "delete", "numbers are looked for from the beginning then, and those that are taken passed over"),
    ("__diesel_schema_migrations", "run_on", "when a migration was applied"),
    ("access_log.__diesel_schema_migrations", "*", "a schema of another version is refused or made at the start"),
];

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName, Clone, Debug)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    is_key: bool,
    #[diesel(sql_type = Bool)]
    may_be_null: bool,
}

#[derive(QueryableByName)]
struct Value1 {
    #[diesel(sql_type = Nullable<Text>)]
    value: Option<String>,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// The tables of a database, from its catalogue. Those that keep SQLite's index of words are no tables of the service: the
/// index is held against the titles by what it finds.
pub fn tables(db: &mut Db) -> Vec<String> {
    let sql = match db {
        Db::Sqlite(_) => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'records_search%' \
             AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
        }
        Db::Postgres(_) => {
            "SELECT CAST(tablename AS TEXT) AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
        }
    };
    diesel::sql_query(sql).load::<Name>(db).unwrap().into_iter().map(|table| table.name).collect()
}

fn columns(db: &mut Db, table: &str) -> Vec<Column> {
    let sql = match db {
        Db::Sqlite(_) => format!(
            "SELECT name, lower(type) AS kind, pk > 0 AS is_key, \"notnull\" = 0 AND pk = 0 AS may_be_null FROM pragma_table_info('{table}') ORDER BY cid"
        ),
        Db::Postgres(_) => format!(
            "SELECT CAST(attname AS TEXT) AS name, format_type(atttypid, atttypmod) AS kind, NOT attnotnull AS may_be_null, \
             EXISTS (SELECT FROM pg_index WHERE indrelid = attrelid AND indisprimary AND attnum = ANY (indkey)) AS is_key \
             FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        ),
    };
    diesel::sql_query(sql).load(db).unwrap()
}

/// A database that is tampered with and put right again.
struct Ground {
    db: Db,
    /// What its tables are called in the list of what is not found.
    prefix: &'static str,
}

impl Ground {
    /// Takes away the rules of the database, and keeps a copy of each table.
    fn new(mut db: Db, prefix: &'static str) -> Ground {
        match &db {
            Db::Sqlite(_) => {
                let triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
                for Name { name } in diesel::sql_query(triggers).load::<Name>(&mut db).unwrap() {
                    db.batch_execute(&format!("DROP TRIGGER {name}")).unwrap();
                }
                db.batch_execute("PRAGMA foreign_keys = OFF; ATTACH ':memory:' AS kept").unwrap();
            }
            Db::Postgres(_) => {
                db.batch_execute("SET session_replication_role = replica; CREATE SCHEMA IF NOT EXISTS kept").unwrap();
            }
        }
        for table in tables(&mut db) {
            db.batch_execute(&format!("CREATE TABLE {} AS SELECT * FROM {table}", Ground::kept(prefix, &table)))
                .unwrap();
        }
        Ground { db, prefix }
    }

    fn kept(prefix: &str, table: &str) -> String {
        format!("kept.{}{table}", prefix.replace('.', "_"))
    }

    fn restore(&mut self, table: &str) {
        let kept = Ground::kept(self.prefix, table);
        self.db.batch_execute(&format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {kept}")).unwrap();
    }

    fn count(&mut self, table: &str) -> i64 {
        diesel::sql_query(format!("SELECT count(*) AS count FROM {table}"))
            .get_result::<Count>(&mut self.db)
            .unwrap()
            .count
    }

    fn value(&mut self, table: &str, column: &str, row: &str) -> Option<String> {
        let sql = format!("SELECT CAST({column} AS TEXT) AS value FROM {table} WHERE {row}");
        diesel::sql_query(sql).get_result::<Value1>(&mut self.db).unwrap().value
    }

    /// The conditions on the first and on the last row of a table.
    fn rows(&mut self, table: &str, columns: &[Column]) -> BTreeSet<String> {
        let keys: Vec<&Column> = columns.iter().filter(|column| column.is_key).collect();
        let condition =
            |key: &&Column| format!("'CAST({} AS TEXT) = ''' || CAST({} AS TEXT) || ''''", key.name, key.name);
        let condition = keys.iter().map(condition).collect::<Vec<_>>().join(" || ' AND ' || ");
        let row = |way: &str| {
            let order = keys.iter().map(|key| format!("{} {way}", key.name)).collect::<Vec<_>>().join(", ");
            format!("SELECT {condition} AS value FROM {table} ORDER BY {order} LIMIT 1")
        };
        ["ASC", "DESC"]
            .into_iter()
            .flat_map(|way| diesel::sql_query(row(way)).load::<Value1>(&mut self.db).unwrap())
            .filter_map(|row| row.value)
            .collect()
    }
}

/// The text with another last character, as SQL.
fn with_end(held: &str, last: char) -> String {
    let mut text = held.replace('\'', "''");
    text.pop();
    format!("'{text}{last}'")
}

fn is_number(column: &Column) -> bool {
    ["bigint", "integer"].contains(&column.kind.as_str())
}

/// Other values than the one that is there, the likeliest first, as SQL.
fn others(column: &Column, held: Option<&str>) -> Vec<String> {
    const WORDS: [&str; 11] = [
        "UPDATED",
        "CREATED",
        "OPEN",
        "PARKED",
        "PENDING",
        "CANTON",
        "WITH",
        "RECORD",
        "forgotten",
        "OPERATOR",
        "USER",
    ];
    let Some(held) = held else {
        let by_name = match column.name.as_str() {
            name if name.ends_with("_on") => "'2017-01-01'",
            name if name.ends_with("_at") || name.ends_with("_until") => "'2017-01-01 00:00:00'",
            "personal" => {
                return vec![
                    "'{\"notes\":\"x\"}'".into(),
                    "'[{\"property\":\"notes\",\"old\":null,\"new\":\"x\"}]'".into(),
                ];
            }
            _ if is_number(column) => "1",
            _ => "'x'",
        };
        return vec![by_name.to_owned()];
    };
    // SQLite keeps them as numbers, and takes every number but 0 for true.
    if column.kind == "integer"
        && ["active", "from_live", "provisional", "published", "titles"].contains(&column.name.as_str())
    {
        return vec![format!("1 - {}", column.name)];
    }
    if let Ok(number) = held.parse::<i64>()
        && is_number(column)
    {
        return vec![(number + 1).to_string(), (number - 1).to_string()];
    }
    if column.kind == "boolean" {
        return vec![format!("NOT {}", column.name)];
    }
    if held.starts_with('{') {
        return vec!["'{\"x\":1}'".into(), "'{}'".into()];
    }
    if held.starts_with('[') {
        return vec!["'[]'".into(), "'[{\"property\":\"x\",\"old\":null,\"new\":1}]'".into()];
    }
    let mut all = vec![with_end(held, if held.ends_with('1') { '2' } else { '1' })];
    if held.len() < 36 {
        all.push(format!("'{}x'", held.replace('\'', "''")));
    }
    all.extend(WORDS.iter().filter(|word| **word != held).map(|word| format!("'{word}'")));
    all
}

/// The service with rows in every table.
fn full(backend: Backend) -> App {
    let profile = own::profile(&own::vocabulary());
    let (path, layouts) = (profile.0.clone(), profile.0.join("tables"));
    own::layout(&layouts, Some(own::PAIR));
    let mut app = App::start_with(backend, |config| {
        config.webhooks.private = true;
        config.profile.directory = Some(path);
        config.profile.layout_directory = Some("docs/layouts".into());
    })
    .with_directory(profile);
    let receiver = Receiver::start("204");
    let hook = app.client.post("/v1/webhooks", &json!({"url": receiver.url(), "registers": []})).expect(201).json();
    let path = format!("/v1/webhooks/{}", hook["id"].as_str().unwrap());
    app.client.send("POST", &format!("{path}/rotation"), &[], None).expect(200);
    app.client
        .post("/v1/webhooks", &json!({"url": "https://receiver.invalid/x", "registers": ["cases"], "active": false}))
        .expect(201);
    app.create("organisations", json!({"name": "Stadt Luzern", "type": "MUNICIPALITY", "bfs_number": 1061}));
    for register in aufsicht::registers::ALL {
        app.create(register.name, (register.example)());
    }
    for outcome in ["AGREED", "REFUSED"] {
        let own = json!({"jurisdiction": "SZ", "outcome": outcome, "hours": 2.5, "balance": -1.25});
        app.create(
            "cases",
            json!({"title": "Eigenes", "received_on": "2017-03-14", "closed_on": "2017-03-20", "own": own}),
        );
    }
    // What was new is entered at the next start.
    own::again(&mut app);
    let case = app.create("cases", json!({
        "title": "Anfrage", "received_on": "2017-03-14", "closed_on": "2017-04-01", "notes": "Notiz", "area": "IT", "outcome": "abgelehnt", "responsible": "RF",
        "channel": "EMAIL", "requester": {"type": "MUNICIPALITY", "organisation": "Stadt Luzern", "name": "Muster"}, "external": {"system": "konsul", "id": "1", "version": 1, "url": "https://konsul.example/1"}
    }));
    let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
    app.client.patch(&path, "*", &json!({"notes": "Andere Notiz", "outcome": "gutgeheissen"})).expect(200);
    app.create("cases", json!({"title": "Folge", "relations": [{"type": "FOLLOWS", "record": case["number"]}]}));
    let gone = app.create(
        "audits",
        json!({"title": "Vergangen", "notes": "Notiz", "external": {"system": "konsul", "id": "2", "version": 3}}),
    );
    app.client.delete(&format!("/v1/audits/{}", gone["id"].as_str().unwrap()), "*").expect(204);
    let body = json!({"title": "Unter einem Schlüssel", "notes": "Notiz"}).to_string();
    let once_only = [("Content-Type", "application/json"), ("Idempotency-Key", "once")];
    let kept = app.client.send("POST", "/v1/cases", &once_only, Some(body.as_bytes())).expect(201).json();
    let (id, _) = new_client(&app, json!({"name": "konsul", "scopes": ["register:read"], "registers": ["cases"]}));
    new_client(&app, json!({"name": "frei", "scopes": ["statistics:read"]}));
    let bound = new_client(&app, json!({"name": "RF", "scopes": ["register:read"], "registers": ["cases"]}));
    for client in [&app.client, &logged_in(&app, &app.client.base, &bound)] {
        client.post("/v1/calendar-feeds", &json!({"titles": true})).expect(201);
    }
    app.client.send("DELETE", &format!("/v1/clients/{id}"), &[], None).expect(204);
    for year in [2016, 2017] {
        app.client.put(&format!("/v1/staffing/{year}"), &json!({"positions_percent": 180})).expect(201);
    }
    app.client.put("/v1/website-figures/2017", &json!({"visitors": 10, "page_views": 20})).expect(201);
    for year in [2016, 2017] {
        let path = format!("/v1/statistics/figures/{year}?layout=example");
        app.client.put(&path, &json!({"figures": {"permits.stock": 120}})).expect(201);
    }
    let figures = json!({"figures": {"inquiries.total": 1}, "developments": {"inquiries.total": "+1%"}, "source": "Bericht", "published_on": "2018-04-03"});
    app.client.put("/v1/statistics/published/2016", &figures).expect(201);
    app.client.put("/v1/statistics/published/2017", &json!({"from_live": true})).expect(201);
    let (cmi, directory) = (Cmi::start(), Directory::new());
    cmi.put("g2", 1, json!({"Beginn": null, "Themenbereich": "Nirgends"}));
    cmi.put("g1", 1, json!({"Themenbereich": "Informatik", "Gesuchsteller": "Gemeinde", "Geschaeftseigner": "RF"}));
    assert!(!once(&app, &cmi, &directory).0, "a matter that says no day is asked for again");
    command(&app, &directory, &["subject", "erase", "--record", kept["id"].as_str().unwrap(), "--properties", "title"]);
    receiver.wait(1);
    // What was recorded long ago is kept no longer, and the chain goes on.
    for days in [500, 508] {
        app.clock.set(now() + TimeDelta::days(days));
        let later = app.client.with_token(app.service().token(crate::support::ALL_SCOPES).unwrap());
        later.get(&path).expect(200);
    }
    app
}

fn command(app: &App, directory: &Directory, arguments: &[&str]) -> std::process::Output {
    let mut command = aufsicht(&directory.0);
    command
        .args(arguments)
        .env("DATABASE_URL", &app.config.database.url)
        .env("AUFSICHT_JWT_SECRET", SECRET)
        .output()
        .unwrap()
}

/// What the ends of both chains were, and what is found since.
struct Watch<'a> {
    app: &'a App,
    anchor: trail::Anchor,
}

impl Watch<'_> {
    fn new(app: &App) -> Watch<'_> {
        let end = trail::head(&mut app.db()).unwrap();
        let log = access_chain::head(&mut app.log()).unwrap();
        assert!(log.is_some());
        let keys = PurposeKeys::from_root(b"any");
        Watch { app, anchor: trail::Anchor::new(end, log, &keys, app.clock.now()) }
    }

    /// Whether something is found; what cannot be read at all is.
    fn finds(&self, (db, log): (&mut Db, &mut Db)) -> bool {
        let found = aufsicht::admin::verify::verify(db, log, &self.app.keys(), self.app.clock.now());
        let link = self.anchor.access_log.as_ref().unwrap();
        found.map_or(true, |found| !found.is_empty())
            || trail::difference_from_anchor(db, &self.anchor).unwrap().is_some()
            || access_chain::difference_from_anchor(log, link, self.app.clock.now())
                .map_or(true, |found| found.is_some())
    }
}

/// Tries one thing; what was not found is noted.
fn attempt(
    ground: &mut Ground,
    table: &str,
    (what, sql): (&str, &str),
    finds: &mut dyn FnMut(&mut Db) -> bool,
    unfound: &mut BTreeMap<(String, String), String>,
) -> bool {
    if ground.db.batch_execute(sql).is_err() {
        return false;
    }
    if !finds(&mut ground.db) {
        unfound.insert((format!("{}{table}", ground.prefix), what.to_owned()), sql.to_owned());
    }
    ground.restore(table);
    true
}

fn walk(
    ground: &mut Ground,
    finds: &mut dyn FnMut(&mut Db) -> bool,
    unfound: &mut BTreeMap<(String, String), String>,
) -> usize {
    let mut done = 0;
    for table in tables(&mut ground.db) {
        let name = format!("{}{table}", ground.prefix);
        if UNFOUND.iter().any(|(table, what, _)| *table == name && *what == "*") {
            continue;
        }
        assert!(ground.count(&table) > 0, "{name} has no row to be altered");
        let columns = columns(&mut ground.db, &table);
        for row in ground.rows(&table, &columns) {
            let mut fresh = BTreeMap::new();
            for column in &columns {
                let held = ground.value(&table, &column.name, &row);
                let others = others(column, held.as_deref());
                let mut changes = others.clone();
                if held.is_some() && column.may_be_null {
                    changes.push("NULL".into());
                }
                // The first that the database takes, and none at all where there may be none.
                let mut is_taken = false;
                for other in &changes {
                    if !is_taken || other == "NULL" {
                        let sql = format!("UPDATE {table} SET {} = {other} WHERE {row}", column.name);
                        is_taken |= attempt(ground, &table, (&column.name, &sql), finds, unfound);
                        done += 1;
                    }
                }
                // A number that no other row has, or the text with another end.
                let number = held.as_deref().and_then(|held| held.parse::<i64>().ok()).filter(|_| is_number(column));
                let other = number.map(|number| (number + 1000).to_string());
                let other =
                    other.or(held.as_deref().map(|held| with_end(held, if held.ends_with('z') { 'y' } else { 'z' })));
                fresh.extend(held.and(other).map(|other| (column.name.clone(), other)));
            }
            let unique = ["id", "number", "seq", "revision", "record_id", "external_id", "value", "pos"];
            let keys: Vec<&str> =
                columns.iter().filter(|column| column.is_key).map(|column| column.name.as_str()).collect();
            let sets: [Vec<&str>; 3] =
                [vec![keys[keys.len() - 1]], keys.clone(), keys.iter().copied().chain(unique).collect()];
            let copied = sets.iter().any(|anew| {
                let value = |column: &Column| match fresh.get(&column.name) {
                    Some(other) if anew.contains(&column.name.as_str()) => other.clone(),
                    _ => column.name.clone(),
                };
                let names = columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ");
                let values = columns.iter().map(value).collect::<Vec<_>>().join(", ");
                let sql = format!("INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE {row}");
                attempt(ground, &table, ("insert", &sql), finds, unfound)
            });
            assert!(copied || table == "access_log_ends", "{name}: no copy of a row could be inserted");
            attempt(ground, &table, ("delete", &format!("DELETE FROM {table} WHERE {row}")), finds, unfound);
            done += 2;
        }
    }
    done
}

on_both_databases! {
    fn each_row_that_is_altered_put_in_or_taken_out_is_found(app = full) {
        app.tampered();
        app.stop();
        let watch = Watch::new(&app);
        let (mut data, mut log) = (Ground::new(app.db(), ""), Ground::new(app.log(), "access_log."));
        assert!(!watch.finds((&mut data.db, &mut log.db)), "{:?}", app.differences());
        let mut unfound = BTreeMap::new();
        let mut done = walk(&mut data, &mut |db| watch.finds((db, &mut log.db)), &mut unfound);
        done += walk(&mut log, &mut |log| watch.finds((&mut data.db, log)), &mut unfound);
        assert!(done > 300, "{done}");
        assert!(!watch.finds((&mut data.db, &mut log.db)), "all was put right again: {:?}", app.differences());
        let listed = |(table, what): &(String, String)| UNFOUND.iter().any(|(known, of, _)| known == table && of == what);
        unfound.retain(|name, _| !listed(name));
        assert!(unfound.is_empty(), "not found: {unfound:#?}");
    }
}

/// What an attacker with all rights on the database tried, on each of which the service once said that all agrees. Rules
/// of the database are taken away first.
fn attacks(app: &App, case: &str) -> Vec<(&'static str, String)> {
    let forged = "[{\"property\":\"outcome\",\"old\":\"abgelehnt\",\"new\":\"gutgeheissen\"}]";
    let details = match app.backend {
        Backend::Sqlite => "json_set(details, '$.outcome', 'gutgeheissen')",
        Backend::Postgres => "CAST(jsonb_set(CAST(details AS JSONB), '{outcome}', '\"gutgeheissen\"') AS TEXT)",
    };
    let backdated = |personal: &str| {
        let digest =
            aufsicht::digest::of(&["salt", "[{\"property\":\"notes\",\"old\":\"Notiz\",\"new\":\"Gefälscht\"}]"]);
        let (changes, sealed, salt) = match personal {
            "" => (forged, "NULL".to_owned(), "NULL, NULL".to_owned()),
            list => ("[]", format!("'{list}'"), format!("'salt', '{digest}'")),
        };
        let record = match personal {
            "" => format!("details = {details}"),
            _ => "personal = '{\"notes\":\"Gefälscht\"}'".to_owned(),
        };
        format!(
            "INSERT INTO history (record_id, revision, register, action, at, actor, actor_kind, request_id, changes, personal, salt, personal_digest) \
             VALUES ('{case}', 2, 'cases', 'UPDATED', '1990-01-01 00:00:00', 'RF', 'USER', 'x', '{changes}', {sealed}, {salt}); \
             INSERT INTO changes (seq, record_id, revision, register, number, action, at) SELECT 3, '{case}', 2, 'cases', number, 'UPDATED', '1990-01-01 00:00:00' FROM records WHERE id = '{case}'; \
             UPDATE counters SET value = 3 WHERE name = 'changes'; \
             UPDATE records SET {record}, revision = 2, updated_at = '1990-01-01 00:00:00' WHERE id = '{case}'"
        )
    };
    vec![
        ("scopes of an account", "UPDATE clients SET scopes = 'register:read register:write personal:read admin access-log:read', registers = NULL".into()),
        ("an account", "INSERT INTO clients SELECT '01a227a8-0000-7000-8000-00000000ffff', 'backdoor', secret_hash, 'personal:read register:read admin', NULL, created_at, 'x', NULL FROM clients LIMIT 1".into()),
        ("an account that is gone", "DELETE FROM clients".into()),
        ("a calendar of somebody else", "UPDATE calendar_feeds SET responsible = 'RF', registers = NULL".into()),
        ("an address of a webhook", "UPDATE webhooks SET url = 'https://attacker.example/', registers = ''".into()),
        ("a webhook", "INSERT INTO webhooks SELECT '01a227a8-0000-7000-8000-00000000ffff', url, registers, active, secret, former_secret, former_until, position, created_at, created_by, client FROM webhooks".into()),
        ("a secret of a webhook in clear text", "UPDATE webhooks SET secret = 'whsec_RmVuc3RlcmxhZGVu'".into()),
        ("figures of a year", "UPDATE year_figures SET body = replace(body, '180', '18000')".into()),
        ("figures that nobody entered", "INSERT INTO year_figures SELECT kind, 2016, body, actor, request_id, at FROM year_figures".into()),
        ("an erasure that never was", format!("UPDATE records SET personal = NULL WHERE id = '{case}'; UPDATE history SET personal = NULL, salt = NULL WHERE record_id = '{case}'")),
        ("a revision from before the trail", backdated("")),
        ("notes in clear text", backdated("[{\"property\":\"notes\",\"old\":\"Notiz\",\"new\":\"Gefälscht\"}]")),
        ("a record", format!("UPDATE records SET details = {details} WHERE id = '{case}'")),
    ]
}

fn what_an_attacker_tried_is_found(backend: Backend) {
    let number = attacks(&App::start(backend), "").len();
    for index in 0..=number {
        let app = App::start(backend);
        app.tampered();
        let case = app.create(
            "cases",
            json!({"title": "Anfrage", "received_on": "2017-03-14", "notes": "Notiz", "outcome": "abgelehnt"}),
        );
        let case = case["id"].as_str().unwrap();
        app.case("Andere");
        new_client(&app, json!({"name": "konsul", "scopes": ["statistics:read"], "registers": ["cases"]}));
        app.client.post("/v1/calendar-feeds", &json!({})).expect(201);
        app.client
            .post(
                "/v1/webhooks",
                &json!({"url": "https://receiver.invalid/hook", "registers": ["cases"], "active": false}),
            )
            .expect(201);
        app.client.put("/v1/staffing/2017", &json!({"positions_percent": 180})).expect(201);
        let directory = Directory::new();
        std::fs::write(directory.0.join("anchor.json"), command(&app, &directory, &["anchor"]).stdout).unwrap();
        let run = |arguments: &[&str]| command(&app, &directory, arguments);
        assert!(run(&["verify", "--anchor", "anchor.json"]).status.success());
        let sound = || app.client.get("/v1/audit-trail/verification").expect(200).json()["sound"].clone();
        assert_eq!(sound(), json!(true));
        let what = match attacks(&app, case).into_iter().nth(index) {
            Some((what, sql)) => {
                app.sql(&sql);
                what
            }
            None => {
                let rule = if backend == Backend::Sqlite {
                    "DROP TRIGGER access_log_kept"
                } else {
                    "DROP TRIGGER access_log_kept ON access_log"
                };
                app.log().batch_execute(&format!("{rule}; DELETE FROM access_log")).unwrap();
                "the access log"
            }
        };
        assert_eq!(sound(), json!(false), "{what}");
        for arguments in [&["verify"][..], &["verify", "--anchor", "anchor.json"]] {
            let told = run(arguments);
            assert_eq!(told.status.code(), Some(1), "{what}: {told:?}");
            assert!(
                told.stderr.is_empty() && !String::from_utf8_lossy(&told.stdout).contains("agree"),
                "{what}: {told:?}"
            );
        }
        if what == "notes in clear text" {
            app.client.get(&format!("/v1/cases/{case}")).expect_problem(500, "internal");
        }
    }
}

#[test]
fn what_an_attacker_tried_is_found_on_sqlite() {
    what_an_attacker_tried_is_found(Backend::Sqlite);
}

#[test]
fn what_an_attacker_tried_is_found_on_postgres() {
    what_an_attacker_tried_is_found(Backend::Postgres);
}

// Disclosures go when they are a year old, and the chain goes on after them; whoever takes away younger ones is found.
on_both_databases! {
    fn the_access_log_is_proved_from_where_it_begins(app) {
        app.tampered();
        let case = app.create("cases", json!({"title": "Anfrage", "notes": "Notiz"}));
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        let read = |days: i64| {
            app.clock.set(now() + TimeDelta::days(days));
            app.client.with_token(app.service().token(crate::support::ALL_SCOPES).unwrap()).get(&path).expect(200);
        };
        (0..4).for_each(|_| read(0));
        let early = Watch::new(&app);
        read(200);
        [410, 418, 418].into_iter().for_each(read);
        let log = || app.client.with_token(app.service().token(crate::support::ALL_SCOPES).unwrap()).all("/v1/access-log").len();
        assert_eq!(log(), 4, "the five of the first day are kept no longer");
        let late = Watch::new(&app);
        for watch in [&early, &late] {
            assert!(!watch.finds((&mut app.db(), &mut app.log())), "{:?}", app.differences());
        }
        // Somebody takes away all, and says that they had not to be kept any longer.
        let rule = if app.backend == Backend::Sqlite { "DROP TRIGGER access_log_kept" } else { "DROP TRIGGER access_log_kept ON access_log" };
        app.log().batch_execute(&format!(
            "{rule}; DELETE FROM access_log; DELETE FROM access_log_ends WHERE name = 'forgotten'; \
             INSERT INTO access_log_ends (name, id, at, hash) SELECT 'forgotten', id, at, hash FROM access_log_ends WHERE name = 'last'"
        )).unwrap();
        assert!(app.client.with_token(app.service().token(crate::support::ALL_SCOPES).unwrap()).get("/v1/audit-trail/verification").expect(200).json()["sound"] == json!(false));
        app.log().batch_execute("UPDATE access_log_ends SET at = '2018-01-01 00:00:00'").unwrap();
        assert!(!early.finds((&mut app.db(), &mut app.log())), "what the early anchor knows may have gone");
        assert!(late.finds((&mut app.db(), &mut app.log())), "the late one knows that they were younger");
    }
}

// The clock of the machine is ahead for some days, and set right: what was recorded before stays.
on_both_databases! {
    fn a_clock_that_is_ahead_empties_no_log(app) {
        let case = app.create("cases", json!({"title": "Anfrage", "notes": "Notiz"}));
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        let at = |days: i64| {
            app.clock.set(now() + TimeDelta::days(days));
            app.client.with_token(app.service().token(crate::support::ALL_SCOPES).unwrap())
        };
        let read = |days: i64| drop(at(days).get(&path).expect(200));
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "once")];
        let create = |days: i64, key: &str| {
            let headers = [headers[0], ("Idempotency-Key", key)];
            at(days).send("POST", "/v1/cases", &headers, Some(b"{\"title\": \"Einmal\"}")).expect(201)
        };
        let made = create(0, "once").json();
        (0..3).for_each(|_| read(0));
        for days in [402, 402, 405] {
            read(days);
            create(days, &format!("ahead-{days}"));
        }
        read(1);
        let shown = || at(1).all("/v1/access-log").len();
        let before = shown();
        assert!(before >= 7, "{before}");
        let again = create(0, "once");
        assert_eq!((again.header("idempotency-replayed"), again.json()), (Some("true"), made));
        assert_eq!(app.differences(), Vec::<String>::new());
        // The years that follow are true ones.
        for days in [300, 420, 428] {
            read(days);
        }
        assert!(shown() < before, "{} of {before}", shown());
    }
}

// Whoever proves the database while others write is told of no difference.
on_both_databases! {
    fn a_proof_agrees_while_writes_go_on(app) {
        use std::sync::atomic::{AtomicBool, Ordering};
        let is_over = AtomicBool::new(false);
        let write = &|number: usize| {
            for step in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let body = json!({"title": format!("Fall {number} {step}"), "notes": "Notiz"});
                let made = app.client.post("/v1/cases", &body).expect(201);
                let path = format!("/v1/cases/{}", made.json()["id"].as_str().unwrap());
                let changed = app.client.patch(&path, made.header("etag").unwrap(), &json!({"area": "IT"})).expect(200);
                app.client.delete(&path, changed.header("etag").unwrap()).expect(204);
            }
        };
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..3).map(|number| scope.spawn(move || write(number))).collect();
            let proofs: Vec<_> = (0..5)
                .map(|_| {
                    let proof = app.client.get("/v1/audit-trail/verification").expect(200).json();
                    (proof["differences"].clone(), app.command(&["verify"]))
                })
                .collect();
            is_over.store(true, Ordering::Relaxed);
            writers.into_iter().for_each(|writer| writer.join().unwrap());
            for (differences, (is_sound, told)) in proofs {
                assert_eq!((differences, is_sound), (json!([]), true), "{told}");
            }
        });
        assert!(app.client.all("/v1/audit-trail?limit=1000").len() > 30);
    }
}
