//! Keys of records: what was erased cannot be read in older copies either, and nothing is lost for want of a key.

use std::path::Path;
use std::time::Duration;

use aufsicht::seal::{Keys, SealedPlace};
use aufsicht::{Config, db};
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use crate::faults::eventually;
use crate::support::{
    App, Backend, Client, Directory, Process, SEAL_KEY, aufsicht, command_on, config, database, differences, program,
    record_keys, with_record_keys,
};
use crate::{on_both_databases, on_each};

const CANARY: &str = "Kanarienvogel";
const OTHER_KEY: &str = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=";

fn start(backend: Backend) -> App {
    App::start_with(backend, with_record_keys)
}

fn case(n: usize) -> Value {
    json!({
        "title": "Anfrage zur Schule", "received_on": "2017-03-14", "notes": format!("{CANARY} {n}"),
        "requester": {"type": "PRIVATE", "name": format!("{CANARY} {n}"), "contact": format!("{CANARY}@example.ch")}
    })
}

fn id(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}

fn path(id: &str) -> String {
    format!("/v1/cases/{id}")
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

fn texts(db: &mut db::Db, sql: &str) -> Vec<String> {
    let rows: Vec<Row> = diesel::sql_query(sql).load(db).unwrap();
    rows.into_iter().map(|row| row.text).collect()
}

/// The keys that there are: the record, and the first revision that it may seal.
fn living(app: &App) -> Vec<String> {
    let sql =
        "SELECT record_id || ' ' || CAST(since AS TEXT) AS text FROM record_keys WHERE sealed IS NOT NULL ORDER BY 1";
    texts(&mut app.record_keys(), sql)
}

/// Everything that is sealed in a database: each text with the record and, in the history, the revision.
fn sealed(db: &mut db::Db) -> Vec<(String, Option<i64>, String)> {
    let of_records = texts(db, "SELECT id || ' ' || personal AS text FROM records WHERE personal IS NOT NULL");
    let of_changes = texts(
        db,
        "SELECT record_id || ' ' || CAST(revision AS TEXT) || ' ' || personal AS text FROM history WHERE personal IS NOT NULL",
    );
    let of_records = of_records.iter().map(|row| row.split_once(' ').unwrap());
    let of_records = of_records.map(|(id, text)| (id.to_owned(), None, text.to_owned()));
    let of_changes = of_changes.iter().map(|row| {
        let mut parts = row.splitn(3, ' ');
        let (id, revision, text) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        (id.to_owned(), revision.parse().ok(), text.to_owned())
    });
    of_records.chain(of_changes).collect()
}

/// The values that these keys open in a database.
fn opened(settings: &Config) -> usize {
    let mut db = db::connect(&settings.database).unwrap();
    let keys = Keys::new(settings).unwrap();
    let opens = |(id, revision, text): &(String, Option<i64>, String)| {
        let place = revision.map_or(SealedPlace::Record(id), |revision| SealedPlace::Change(id, revision));
        let keys = keys.provided_now(aufsicht::seal::key_of(place, text).into_iter().collect());
        keys.and_then(|keys| keys.open(place, text)).is_ok_and(|values| !values.is_empty())
    };
    let sealed = sealed(&mut db);
    assert!(!sealed.is_empty(), "what is looked at holds sealed values");
    sealed.iter().filter(|row| opens(row)).count()
}

/// A copy of the data as it is now, at another place.
fn copy(app: &App, directory: &Path) -> Config {
    let mut settings = app.config.clone();
    match app.backend {
        Backend::Sqlite => {
            let file = directory.join("copy.sqlite3").display().to_string();
            app.sql(&format!("VACUUM INTO '{file}'"));
            settings.database.url = format!("sqlite:{file}");
        }
        Backend::Postgres => {
            let (url, _) = database(Backend::Postgres);
            let file = directory.join("dump").display().to_string();
            let dump = ["--format=custom", "--file", &file, &app.config.database.url];
            assert!(program("pg_dump").args(dump).status().unwrap().success());
            let restore = ["--no-owner", "--exit-on-error", "--dbname", &url, &file];
            assert!(program("pg_restore").args(restore).status().unwrap().success());
            settings.database.url = url;
        }
    }
    settings
}

#[track_caller]
fn done((done, said): (bool, String)) -> String {
    assert!(done, "{said}");
    said
}

fn serve(settings: &Config) -> Process {
    done(command_on(settings, &["migrate"]));
    Process::start(
        &settings.database.url,
        &[("AUFSICHT_RECORD_KEYS_URL", settings.database.record_keys_url.as_deref().unwrap())],
    )
}

on_both_databases! {
    fn what_was_erased_cannot_be_read_in_older_copies(app = start) {
        let (erased, other) = (id(&app.create("cases", case(1))), id(&app.create("cases", case(2))));
        app.client.patch(&path(&erased), "*", &json!({"notes": format!("{CANARY} anders")})).expect(200);
        assert_eq!(living(&app), [format!("{erased} 1"), format!("{other} 1")]);
        let place = Directory::new();
        let old = copy(&app, &place.0);
        assert_eq!(opened(&old), 5, "the copy and the keys open all: two records, three changes");
        let key = texts(&mut app.record_keys(), "SELECT sealed AS text FROM record_keys ORDER BY record_id").remove(0);
        let said = done(app.command(&["subject", "erase", "--record", &erased]));
        assert!(said.contains("Destroyed: 1 key now. What copies of the data from before"), "{said}");
        assert!(!said.contains("  "), "{said}");

        // With the seal key, the copy and today's keys nothing of it opens; without today's keys nothing at all does.
        assert_eq!(opened(&old), 2);
        let mut alone = old.clone();
        alone.database.record_keys_url = None;
        assert_eq!(opened(&alone), 0);
        let key = key.split("\"key\":\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(!key_files_hold(&app, key), "the key is gone from the files of the keys");
        assert_eq!(living(&app), [format!("{other} 1")]);

        // What is restored shows the erased as erased, and says so.
        let shown = |client: &Client| {
            let record = client.get(&path(&erased)).expect(200);
            assert!(!record.text().contains(CANARY) && record.text().contains("Anfrage zur Schule"), "{}", record.text());
            assert!(!client.get(&format!("{}/history", path(&erased))).expect(200).text().contains(CANARY));
            assert!(client.get(&path(&other)).expect(200).text().contains(CANARY));
            assert_eq!(client.get("/v1/cases/export?format=ndjson").expect(200).text().matches(CANARY).count(), 3);
        };
        let process = serve(&old);
        shown(&process.client);
        process.kill();
        let (agrees, said) = command_on(&old, &["verify"]);
        assert!(!agrees && said.contains("was erased after this was copied; `aufsicht restored` finishes that"), "{said}");
        let said = done(command_on(&old, &["restored"]));
        assert!(said.contains("Erased 1 records again"), "{said}");
        assert_eq!(differences(&old), Vec::<String>::new());
        assert_eq!(opened(&old), 2);
        let process = serve(&old);
        shown(&process.client);
        let actions: Vec<Value> = process.client.all(&format!("/v1/audit-trail?kind=ERASURE&subject={erased}"));
        assert_eq!(actions.len(), 1);
        // It lives on, with another key.
        process.client.patch(&path(&erased), "*", &json!({"notes": "neu"})).expect(200);
        assert_eq!(process.client.get(&path(&erased)).expect(200).json()["notes"], "neu");
        process.kill();
        assert_eq!(differences(&old), Vec::<String>::new());
    }
}

/// True if a text stands in the files of the keys.
fn key_files_hold(app: &App, text: &str) -> bool {
    let url = app.config.database.record_keys_url.as_ref().unwrap();
    match url.strip_prefix("sqlite:") {
        Some(file) => crate::support::files_hold(file, text),
        None => {
            let number = "SELECT CAST(oid AS TEXT) AS text FROM pg_database WHERE datname = current_database()";
            let number = texts(&mut app.record_keys(), number).remove(0);
            crate::support::shared().holds(&number, text)
        }
    }
}

on_both_databases! {
    fn a_record_that_was_erased_gets_another_key(app = start) {
        let erased = id(&app.create("cases", case(1)));
        // The service has the key at hand, and another process destroys it.
        done(app.command(&["subject", "erase", "--record", &erased]));
        assert_eq!(living(&app), Vec::<String>::new());
        assert_eq!(app.client.get(&path(&erased)).expect(200).json().get("notes"), None);
        app.client.patch(&path(&erased), "*", &json!({"title": "ohne"})).expect(200);
        assert_eq!(living(&app), Vec::<String>::new(), "no key without need");
        app.client.patch(&path(&erased), "*", &json!({"notes": "neu"})).expect(200);
        assert_eq!(living(&app), [format!("{erased} 4")]);
        app.client.patch(&path(&erased), "*", &json!({"notes": "anders"})).expect(200);
        assert_eq!(living(&app), [format!("{erased} 4")]);
        assert_eq!(app.client.get(&path(&erased)).expect(200).json()["notes"], "anders");
        assert_eq!(app.differences(), Vec::<String>::new());
        let said = done(app.command(&["subject", "erase", "--record", &erased]));
        assert!(said.contains("Destroyed: 1 key now."), "{said}");
        assert_eq!(living(&app), Vec::<String>::new());
        let said = done(app.command(&["subject", "erase", "--record", &erased]));
        assert!(said.starts_with("There was nothing to erase.") && said.contains("Destroyed: 0 keys now."), "{said}");
    }
}

on_both_databases! {
    fn an_erasure_that_was_broken_off_is_finished_by_repeating_it(app = start) {
        let erased = id(&app.create("cases", case(1)));
        // Nothing of the keys can be changed, as if the command had been killed between its two commits.
        let (stop, go) = match app.backend {
            Backend::Sqlite => (
                "CREATE TRIGGER stop BEFORE UPDATE ON record_keys BEGIN SELECT RAISE(ABORT, 'stop'); END",
                "DROP TRIGGER stop",
            ),
            Backend::Postgres => (
                "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stop'; END $$; \
                 CREATE TRIGGER stop BEFORE UPDATE ON record_keys FOR EACH ROW EXECUTE FUNCTION stop()",
                "DROP TRIGGER stop ON record_keys; DROP FUNCTION stop()",
            ),
        };
        for repeat in [&["subject", "erase", "--record", &erased][..], &["anonymise", "--closed-before", "2001-01-01"]] {
            app.client.patch(&path(&erased), "*", &json!({"notes": CANARY})).expect(200);
            app.record_keys().batch_execute(stop).unwrap();
            let (is_done, said) = app.command(&["subject", "erase", "--record", &erased]);
            assert!(!is_done && said.contains("stop"), "{said}");
            assert!(!app.client.get(&path(&erased)).expect(200).text().contains(CANARY), "nothing is half readable");
            assert!(!app.client.get(&format!("{}/history", path(&erased))).expect(200).text().contains(CANARY));
            let told = app.differences();
            assert!(told.len() == 1 && told[0].contains("is there, though it was erased"), "{told:?}");
            app.record_keys().batch_execute(go).unwrap();
            assert_eq!(living(&app).len(), 1);
            done(app.command(repeat));
            assert_eq!(living(&app), Vec::<String>::new());
            assert_eq!(app.differences(), Vec::<String>::new());
        }
    }
}

on_both_databases! {
    fn lists_exports_batches_and_imports_work_with_keys(app = start) {
        let line = |n: usize, version: i64| {
            let mut line = case(n);
            line["external"] = json!({"system": "gever", "id": format!("K-{n}"), "version": version});
            format!("{line}\n")
        };
        let send = |body: &str, query: &str| {
            let headers = [("Content-Type", "application/x-ndjson")];
            let path = format!("/v1/cases/batch{query}");
            app.client.send("POST", &path, &headers, Some(body.as_bytes())).expect(207).json()["summary"].clone()
        };
        let body: String = (0..30).map(|n| line(n, 1)).chain([format!("{}\n", json!({"title": "ohne", "received_on": "2017-03-14"}))]).collect();
        assert_eq!(send(&body, "?dry_run=true")["created"], 31);
        assert_eq!(living(&app).len(), 0, "a trial leaves no key");
        assert_eq!(send(&body, "")["created"], 31);
        assert_eq!(living(&app).len(), 30);
        assert_eq!(send(&body, "")["unchanged"], 30);
        let again: String = (0..40).map(|n| line(n, 2)).collect();
        assert_eq!(send(&again, "?atomic=true"), json!({"created": 10, "updated": 30, "unchanged": 0, "failed": 0}));
        assert_eq!(living(&app).len(), 40);
        // The same on a service that has no key at hand.
        let process = serve(&app.config);
        let list = process.client.get("/v1/cases?limit=100").expect(200).text();
        assert_eq!(list.matches(&format!("{CANARY}@")).count(), 40);
        assert_eq!(process.client.get("/v1/cases/export?format=csv").expect(200).text().matches(CANARY).count(), 120);
        let put = json!({"title": "Geliefert", "received_on": "2017-03-14", "notes": CANARY, "external": {"version": 3}});
        process.client.put("/v1/cases/external/gever/K-0", &put).expect(200);
        process.client.put("/v1/cases/external/gever/K-99", &put).expect(201);
        process.client.put("/v1/cases/external/gever/K-99", &put).expect(200);
        assert_eq!(living(&app).len(), 41);
        assert_eq!(process.client.get("/v1/audit-trail/verification").expect(200).json()["sound"], true);
        process.kill();
        let said = done(app.command(&["export", "--register", "cases", "--personal-data", "--purpose", "Prüfung"]));
        assert_eq!(said.matches(&format!("{CANARY}@")).count(), 39);
        let place = Directory::new();
        let list = place.0.join("list.csv").display().to_string();
        let rows: String = (0..50).map(|n| format!("Nr {n};14.3.2017;{CANARY} {n}\n")).collect();
        std::fs::write(&list, format!("title;received_on;notes\n{rows}")).unwrap();
        done(app.command(&["import", "--register", "cases", "--dry-run", &list]));
        assert_eq!(living(&app).len(), 41);
        done(app.command(&["import", "--register", "cases", &list]));
        assert_eq!(living(&app).len(), 91);
        assert_eq!(app.client.get("/v1/cases?limit=1000&q=nr").expect(200).text().matches(CANARY).count(), 50);
        let said = done(app.command(&["verify"]));
        assert!(!said.contains("seal nothing"), "{said}");
    }
}

on_both_databases! {
    fn a_request_under_a_key_makes_one_key_and_is_answered_again(app = start) {
        let send = || {
            let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "once")];
            app.client.send("POST", "/v1/cases", &headers, Some(case(1).to_string().as_bytes())).expect(201)
        };
        let (first, second) = (send(), send());
        assert_eq!(second.header("idempotency-replayed"), Some("true"));
        assert_eq!(first.json(), second.json());
        assert_eq!(living(&app).len(), 1);
        app.client.post("/v1/cases", &json!({"title": "ohne", "notes": "x", "number": first.json()["number"]})).expect(409);
        assert!(done(app.command(&["verify"])).contains("1 keys of records seal nothing"));
        let gone = path(&id(&first.json()));
        app.client.delete(&gone, "*").expect(204);
        assert!(app.client.get(&format!("{gone}/history")).expect(200).text().contains(CANARY));
    }
}

/// Lets a day pass for the keys that were retired.
fn let_a_day_pass(app: &App) {
    app.record_keys()
        .batch_execute("UPDATE record_keys SET retired_at = '2019-01-01 00:00:00' WHERE retired_at IS NOT NULL")
        .unwrap();
}

/// Makes a key that seals nothing: the write is refused that it was made for.
fn leave_a_key(client: &Client, number: &Value) {
    client.post("/v1/cases", &json!({"title": "doppelt", "notes": CANARY, "number": number})).expect(409);
}

/// Lets the database fail a write when its key has been made.
fn lose_a_write(app: &App, write: impl Fn() -> u16) {
    let (stop, go) = match app.backend {
        Backend::Sqlite => {
            ("CREATE TRIGGER stop BEFORE INSERT ON history BEGIN SELECT RAISE(ABORT, 'stop'); END", "DROP TRIGGER stop")
        }
        Backend::Postgres => (
            "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stop'; END $$; \
             CREATE TRIGGER stop BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION stop()",
            "DROP TRIGGER stop ON history; DROP FUNCTION stop()",
        ),
    };
    app.sql(stop);
    assert!(write() >= 500);
    app.sql(go);
}

on_both_databases! {
    fn keys_that_seal_nothing_are_taken_a_day_later(app = start) {
        let first = app.create("cases", case(1));
        app.create("cases", case(2));
        leave_a_key(&app.client, &first["number"]);
        let sweep = || done(app.command(&["seal", "sweep"]));
        assert!(sweep().contains("Took 0 keys of records that seal nothing; 1 more"));
        assert!(sweep().contains("Took 0 keys of records that seal nothing; 0 more"), "a day has not passed");
        assert_eq!(living(&app).len(), 3);
        let_a_day_pass(&app);
        assert!(sweep().contains("Took 1 keys of records that seal nothing; 0 more"));
        assert_eq!(living(&app).len(), 2);
        // One that a write had at hand when it was retired, and that it sealed with, stays, and is sealed with again.
        app.record_keys().batch_execute("UPDATE record_keys SET retired_at = '2019-01-01 00:00:00'").unwrap();
        assert!(sweep().contains("Took 0 keys of records that seal nothing; 0 more"));
        assert_eq!(texts(&mut app.record_keys(), "SELECT record_id AS text FROM record_keys WHERE retired_at IS NOT NULL"), Vec::<String>::new());
        app.client.patch(&path(&id(&first)), "*", &json!({"notes": format!("{CANARY} neu")})).expect(200);
        assert_eq!(living(&app).len(), 2);
        // A retired one is not sealed with by what begins afterwards: a record that it was made for gets another.
        let bare = id(&app.case("ohne"));
        lose_a_write(&app, || app.client.patch(&path(&bare), "*", &json!({"notes": CANARY})).status);
        assert!(sweep().contains("1 more"));
        app.client.patch(&path(&bare), "*", &json!({"notes": CANARY})).expect(200);
        let_a_day_pass(&app);
        assert!(sweep().contains("Took 1 keys"));
        assert!(app.client.get(&path(&bare)).expect(200).text().contains(CANARY));
        assert!(!done(app.command(&["verify"])).contains("seal nothing"));
        // The keys of other data are left alone.
        let mut other = app.config.clone();
        let (url, _directory) = database(app.backend);
        other.database.url = url;
        done(command_on(&other, &["migrate"]));
        let (is_swept, said) = command_on(&other, &["seal", "sweep"]);
        assert!(!is_swept && said.contains("3 of 3 keys seal nothing in this database"), "{said}");
    }
}

fn keys_are_swept_beside_writers(backend: Backend) {
    let app = start(backend);
    let first = app.create("cases", case(0));
    let ids: Vec<String> = (0..4).map(|n| id(&app.case(&format!("Anfrage {n}")))).collect();
    let processes = [serve(&app.config), serve(&app.config)];
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (client, ids, number) = (&processes[writer % 2].client, &ids, &first["number"]);
                scope.spawn(move || {
                    for round in 0..10 {
                        let path = path(&ids[(writer + round) % ids.len()]);
                        client.patch(&path, "*", &json!({"notes": CANARY, "number": number})).expect(409);
                        client.patch(&path, "*", &json!({"notes": format!("{CANARY} {writer} {round}")})).expect(200);
                        client.post("/v1/cases", &case(round)).expect(201);
                        leave_a_key(client, number);
                    }
                })
            })
            .collect();
        let (app, is_over) = (&app, &is_over);
        scope.spawn(move || {
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                // At the beginning most keys may seal nothing yet, and none is touched.
                app.command(&["seal", "sweep"]);
            }
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let before = living(&app).len();
    for _ in 0..2 {
        done(app.command(&["seal", "sweep"]));
        let_a_day_pass(&app);
    }
    let swept = living(&app).len();
    assert!(swept < before && swept <= 1 + 4 + 40, "{before} {swept}");
    for process in &processes {
        let all = process.client.all("/v1/cases?limit=100");
        assert_eq!(all.len(), 1 + 4 + 40);
        assert!(all.iter().all(|case| case["notes"].as_str().unwrap().contains(CANARY)));
    }
    assert!(!done(app.command(&["verify"])).contains("seal nothing"));
}

on_each! {
    keys_are_swept_beside_writers
    parallel_writers_of_two_instances_share_the_keys
    without_the_keys_all_goes_on_that_needs_none
    a_database_without_keys_is_taken_over
    a_key_that_is_missing_is_told
}

fn parallel_writers_of_two_instances_share_the_keys(backend: Backend) {
    let app = start(backend);
    let ids: Vec<String> = (0..6).map(|n| id(&app.case(&format!("Anfrage {n}")))).collect();
    let processes = [serve(&app.config), serve(&app.config)];
    std::thread::scope(|scope| {
        for writer in 0..6 {
            let (client, ids) = (&processes[writer % 2].client, &ids);
            scope.spawn(move || {
                for round in 0..12 {
                    let body = json!({"notes": format!("{CANARY} {writer} {round}")});
                    client.patch(&path(&ids[(writer + round) % ids.len()]), "*", &body).expect(200);
                    client.post("/v1/cases", &case(round)).expect(201);
                }
            });
        }
    });
    for process in &processes {
        let all = process.client.all("/v1/cases?limit=100");
        assert_eq!(all.len(), 6 + 72);
        assert!(all.iter().all(|case| case["notes"].as_str().unwrap().contains(CANARY)));
    }
    assert_eq!(living(&app).len(), 6 + 72, "each record has one key");
}

fn without_the_keys_all_goes_on_that_needs_none(backend: Backend) {
    let app = App::start_with(backend, |config| {
        with_record_keys(config);
        config.connections.pool_timeout = Duration::from_millis(500);
        config.database.timeout = Duration::from_millis(500);
    });
    let with = id(&app.create("cases", case(1)));
    let without = id(&app.case("ohne"));
    // A service that has no key at hand.
    let process = serve(&app.config);
    let (client, ready) =
        (&process.client, || process.client.get("/health/ready").expect(200).json()["record_keys"].clone());
    assert_eq!(ready(), "ok");
    let url = app.config.database.record_keys_url.clone().unwrap();
    let away = |is_away: bool| match url.strip_prefix("sqlite:") {
        Some(file) => {
            let (from, to) = (file.to_owned(), format!("{file}.away"));
            let (from, to) = if is_away { (from, to) } else { (to, from) };
            std::fs::rename(from, to).unwrap();
        }
        None => {
            let name = url.rsplit('/').next().unwrap();
            app.sql(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {}", !is_away));
            app.sql(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
        }
    };
    away(true);
    eventually("the keys are away", || ready() == "lost");
    let is_reachable = |value: u8| {
        let text = client.anonymous().get("/metrics").expect(200).text();
        text.lines().any(|line| line == format!("aufsicht_record_keys_reachable {value}.0"))
    };
    assert!(is_reachable(0));
    for path in ["/v1/statistics/services".into(), "/v1/cases?q=ohne".into(), path(&without)] {
        client.get(&path).expect(200);
    }
    client.post("/v1/cases", &json!({"title": "auch ohne", "received_on": "2017-03-14"})).expect(201);
    client.patch(&path(&without), "*", &json!({"title": "ohne und anders"})).expect(200);
    for answer in [
        client.get(&path(&with)),
        client.get("/v1/cases"),
        client.post("/v1/cases", &case(2)),
        client.patch(&path(&without), "*", &json!({"notes": CANARY})),
        client.patch(&path(&with), "*", &json!({"title": "anders"})),
        client.delete(&path(&with), "*"),
    ] {
        answer.expect_problem(503, "unavailable");
    }
    let tokens = aufsicht::auth::Tokens::new(&app.config).unwrap();
    let scopes = [aufsicht::auth::Scope::RegisterRead];
    let token = tokens.issue("reader", &scopes, Duration::from_secs(3600), aufsicht::Clock::system().now());
    let reader = client.with_token(token.unwrap());
    assert_eq!(reader.all("/v1/cases").len(), 3, "nothing was kept that was refused");
    away(false);
    eventually("the keys are back", || ready() == "ok");
    eventually("the keys are reachable", || is_reachable(1));
    assert!(client.get(&path(&with)).expect(200).text().contains(CANARY));
    client.post("/v1/cases", &case(2)).expect(201);
    client.patch(&path(&without), "*", &json!({"notes": CANARY})).expect(200);
    assert_eq!(client.all("/v1/cases").len(), 4);
}

fn a_database_without_keys_is_taken_over(backend: Backend) {
    let mut app = App::start(backend);
    let ids: Vec<String> = (0..5).map(|n| id(&app.create("cases", case(n)))).collect();
    let said = done(app.command(&["subject", "erase", "--record", &ids[4]]));
    assert!(said.contains("Not reached: copies of the data from before"), "{said}");
    app.client.patch(&path(&ids[4]), "*", &json!({"notes": "neu"})).expect(200);
    let gone = path(&ids[3]);
    app.client.delete(&gone, "*").expect(204);
    app.stop();
    let place = Directory::new();
    let old = copy(&app, &place.0);
    with_record_keys(&mut app.config);
    let settings = Config {
        seal: aufsicht::config::SealSettings { key: Some(SEAL_KEY.into()), key_file: None },
        ..app.config.clone()
    };
    let process = serve(&settings);
    // What was sealed before opens, and what is changed gets a key.
    assert!(process.client.get(&path(&ids[0])).expect(200).text().contains(CANARY));
    process.client.patch(&path(&ids[0]), "*", &json!({"notes": format!("{CANARY} anders")})).expect(200);
    assert_eq!(living(&app), [format!("{} 2", ids[0])]);
    process.kill();
    assert_eq!(app.differences(), Vec::<String>::new());
    let shared = sealed(&mut app.db()).into_iter().find(|(id, ..)| *id == ids[1]).unwrap().2;
    let shared = shared.rsplit('"').nth(1).unwrap();
    app.sql(if app.backend == Backend::Sqlite { "PRAGMA wal_checkpoint" } else { "CHECKPOINT" });
    assert!(app.file_holds(shared));
    done(app.command(&["seal", "rotate"]));
    app.sql(if app.backend == Backend::Sqlite { "PRAGMA wal_checkpoint" } else { "CHECKPOINT" });
    assert!(!app.file_holds(shared), "erasures leave in the files what the keys of records have sealed");
    let since = [2, 1, 1, 2, 3];
    let mut expected: Vec<String> = ids.iter().zip(since).map(|(id, since)| format!("{id} {since}")).collect();
    expected.sort();
    assert_eq!(living(&app), expected, "one key for each record");
    assert!(sealed(&mut app.db()).iter().all(|(.., text)| text.contains("{\"sealed\":\"record-")));
    assert_eq!(app.differences(), Vec::<String>::new());
    assert_eq!(sealed(&mut app.db()).len(), opened(&app.config));
    // Other keys of the settings: the records stay as they are, and their keys are sealed anew.
    let before = sealed(&mut app.db());
    let keys = place.0.join("keys");
    std::fs::write(&keys, format!("{OTHER_KEY}\n{SEAL_KEY}\n")).unwrap();
    let mut rotate = aufsicht(&place.0);
    rotate.args(["seal", "rotate"]).env_remove("AUFSICHT_SEAL_KEY").env("AUFSICHT_SEAL_KEY_FILE", &keys);
    rotate.env("DATABASE_URL", &app.config.database.url);
    rotate.env("AUFSICHT_RECORD_KEYS_URL", app.config.database.record_keys_url.as_ref().unwrap());
    assert!(rotate.output().unwrap().status.success());
    assert_eq!(sealed(&mut app.db()), before);
    app.config.seal.key = Some(OTHER_KEY.into());
    assert_eq!(before.len(), opened(&app.config));
    assert_eq!(app.differences(), Vec::<String>::new());
    // A copy from before the keys: what is erased since is erased in it by `restored`.
    std::fs::write(&keys, format!("{OTHER_KEY}\n{SEAL_KEY}\n")).unwrap();
    let mut erase = aufsicht(&place.0);
    erase.args(["subject", "erase", "--record", &ids[1]]).env("AUFSICHT_SEAL_KEY", OTHER_KEY);
    erase.env("DATABASE_URL", &app.config.database.url);
    erase.env("AUFSICHT_RECORD_KEYS_URL", app.config.database.record_keys_url.as_ref().unwrap());
    assert!(erase.output().unwrap().status.success());
    let mut restored = aufsicht(&place.0);
    restored.arg("restored").env_remove("AUFSICHT_SEAL_KEY").env("AUFSICHT_SEAL_KEY_FILE", &keys);
    restored.env("DATABASE_URL", &old.database.url);
    restored.env("AUFSICHT_RECORD_KEYS_URL", app.config.database.record_keys_url.as_ref().unwrap());
    let output = restored.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("Erased 1 records again"), "{output:?}");
    let left = sealed(&mut db::connect(&old.database).unwrap());
    assert!(!left.is_empty() && left.iter().all(|(record, ..)| *record != ids[1]));
}

fn a_key_that_is_missing_is_told(backend: Backend) {
    let app = start(backend);
    let lost = id(&app.create("cases", case(1)));
    let other = id(&app.create("cases", case(2)));
    app.record_keys().batch_execute(&format!("DELETE FROM record_keys WHERE record_id = '{lost}'")).unwrap();
    app.tampered();
    let told = app.differences();
    assert!(told.iter().any(|told| told.contains(&format!("the key of the record {lost} is missing"))), "{told:?}");
    assert!(told.iter().all(|told| !told.contains(&other)), "{told:?}");
    let process = serve(&app.config);
    process.client.get(&path(&lost)).expect_problem(500, "internal");
    assert!(process.client.get(&path(&other)).expect(200).text().contains(CANARY));
    let sql = format!("UPDATE record_keys SET made_at = made_at WHERE record_id = '{other}'");
    app.record_keys().batch_execute(&sql).unwrap();
    done(app.command(&["subject", "erase", "--record", &other]));
    assert!(app.record_keys().batch_execute(&sql).is_err(), "what was destroyed stays so");
    let sql = format!("DELETE FROM record_keys WHERE record_id = '{other}'");
    assert!(app.record_keys().batch_execute(&sql).is_err());
}

#[test]
fn keys_are_backed_up_apart_and_restored() {
    let app = start(Backend::Sqlite);
    let (first, second) = (id(&app.create("cases", case(1))), id(&app.create("cases", case(2))));
    let place = Directory::new();
    let file = |name: &str| place.0.join(name).display().to_string();
    let recipient = done(app.command(&["backup-key", &file("key")]));
    let said = done(app.command(&["backup", &file("keys"), "--recipient", recipient.trim(), "--record-keys"]));
    assert!(said.contains("keep it no longer than an erasure may take"), "{said}");
    done(app.command(&["backup", &file("data"), "--recipient", recipient.trim()]));
    done(app.command(&["subject", "erase", "--record", &first]));
    // The data of before beside the keys of today.
    let mut old = app.config.clone();
    old.database.url = format!("sqlite:{}", file("old.sqlite3"));
    let said = done(command_on(&old, &["restore", &file("data"), "--identity", &file("key")]));
    assert!(said.contains("Erased 1 records again"), "{said}");
    assert_eq!(differences(&old), Vec::<String>::new());
    assert_eq!(opened(&old), 2);
    // The keys of before beside the data of today: what was destroyed since is destroyed again.
    let mut keys = app.config.clone();
    keys.database.record_keys_url = Some(format!("sqlite:{}", file("keys.sqlite3")));
    let said = done(command_on(&keys, &["restore", &file("keys"), "--identity", &file("key"), "--record-keys"]));
    assert!(said.contains("Destroyed 1 keys again"), "{said}");
    assert_eq!(differences(&keys), Vec::<String>::new());
    app.create("cases", case(3));
    assert!(done(app.command(&["subject", "report", "--record", &second, "--purpose", "x"])).contains(CANARY));
}

#[test]
fn keys_lie_in_no_database_that_holds_other_data() {
    let settings = config("sqlite:/tmp/a.sqlite3");
    for url in ["sqlite:/tmp/a.sqlite3", "sqlite:/tmp/a.access-log.sqlite3"] {
        let mut settings = settings.clone();
        settings.database.record_keys_url = Some(url.into());
        let told = settings.check().unwrap_err().to_string();
        assert!(told.contains("AUFSICHT_RECORD_KEYS_URL") && told.contains("name another one"), "{told}");
    }
    let mut settings = config("postgres://u@h/x");
    settings.database.record_keys_url = Some("postgres://u@h/x".into());
    assert!(settings.check().is_err());
    let app = App::start(Backend::Sqlite);
    let (_, said) = app.command(&["check"]);
    assert!(
        said.contains("ok: keys of records: there are none: an erasure does not reach copies of the data"),
        "{said}"
    );
    let app = start(Backend::Sqlite);
    let (_, said) = app.command(&["check"]);
    assert!(said.contains("ok: keys of records: SQLite, "), "{said}");
    assert!(record_keys("sqlite:x.sqlite3").ends_with(".record-keys.sqlite3"));
}
