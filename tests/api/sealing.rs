//! Personal data at rest: sealed wherever it lies, under keys that rotate while the service runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aufsicht::Service;
use aufsicht::webhooks::sending::signature;
use serde_json::{Value, json};

use crate::commands::aufsicht;
use crate::on_both_databases;
use crate::support::{App, Backend, Directory, SEAL_KEY};
use crate::webhooks::Receiver;

const CANARY: &str = "Kanarienvogel";
const OTHER_KEY: &str = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=";

fn case(n: usize) -> Value {
    json!({
        "title": "Anfrage zur Schule", "received_on": "2017-03-14", "notes": format!("{CANARY} {n}"),
        "requester": {"type": "PRIVATE", "name": format!("{CANARY} {n}"), "contact": format!("{CANARY}@example.ch")}
    })
}

/// All that lies in the databases: the files on SQLite, every row of every table on PostgreSQL.
fn at_rest(app: &App) -> String {
    let Some(file) = app.config.database.url.strip_prefix("sqlite:") else {
        let tables = "SELECT string_agg(table_schema || '.' || table_name, ' ') AS text FROM information_schema.tables \
            WHERE table_schema IN ('public', 'access_log')";
        let rows = |table: &str| {
            let rows = format!("SELECT coalesce(string_agg(t::text, ' '), '') AS text FROM {table} t");
            app.text("", &rows)
        };
        return app.text("", tables).split(' ').map(rows).collect();
    };
    let directory = std::path::Path::new(file).parent().unwrap();
    let files = std::fs::read_dir(directory).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    files.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
}

on_both_databases! {
    fn personal_data_rests_sealed_everywhere(app) {
        let body = case(1).to_string();
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "once")];
        let path = app.client.send("POST", "/v1/cases", &headers, Some(body.as_bytes())).expect(201).header("location").unwrap().to_owned();
        app.client.patch(&path, "*", &json!({"notes": format!("{CANARY} anders")})).expect(200);
        let line = json!({"title": "Anfrage", "received_on": "2017-03-14", "notes": format!("{CANARY} Stapel"), "external": {"system": "konsul", "id": "1", "version": 1}}).to_string();
        app.client.send("POST", "/v1/cases/batch", &[("Content-Type", "application/x-ndjson")], Some(line.as_bytes())).expect(207);
        let gone = app.create("cases", case(2));
        app.client.delete(&format!("/v1/cases/{}", gone["id"].as_str().unwrap()), "*").expect(204);
        app.client.get("/v1/cases/export?format=csv").expect(200);
        assert!(!at_rest(&app).contains(CANARY));
        assert!(at_rest(&app).contains("Anfrage zur Schule"), "what is looked at holds the data");
        // It is there for who may see it, also again under the same key, and in the history.
        assert!(app.client.get(&path).expect(200).text().contains(&format!("{CANARY} anders")));
        assert!(app.client.send("POST", "/v1/cases", &headers, Some(body.as_bytes())).expect(201).text().contains(&format!("{CANARY} 1")));
        assert_eq!(app.client.all(&format!("{path}/history"))[1]["changes"], json!([{"property": "notes", "old": format!("{CANARY} 1"), "new": format!("{CANARY} anders")}]));
        assert_eq!(app.client.all("/v1/cases?q=schule").len(), 1, "search needs no key");
        assert_eq!(app.client.all("/v1/cases?q=kanarienvogel").len(), 0);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn what_is_moved_to_another_record_does_not_open(app) {
        let (one, other) = (app.create("cases", case(1)), app.create("cases", case(2)));
        let path = |case: &Value| format!("/v1/cases/{}", case["id"].as_str().unwrap());
        app.tampered();
        app.sql("UPDATE records SET personal = (SELECT r.personal FROM records r WHERE r.pos = 1) WHERE pos = 2");
        app.client.get(&path(&one)).expect(200);
        app.client.get(&path(&other)).expect_problem(500, "internal");
        app.with_scopes("register:read").get(&path(&other)).expect(200);
        assert!(app.differences().iter().any(|difference| difference.contains("altered or moved")), "{:?}", app.differences());
    }
}

on_both_databases! {
    fn clear_text_is_not_believed(app) {
        let path = format!("/v1/cases/{}", app.create("cases", case(1))["id"].as_str().unwrap());
        app.client.post("/v1/webhooks", &json!({"url": "https://receiver.invalid/hook", "active": false})).expect(201);
        app.tampered();
        app.sql("UPDATE records SET personal = '{\"notes\":\"Gefälscht\"}'; UPDATE webhooks SET secret = 'whsec_RmVuc3RlcmxhZGVu'");
        Service::start(app.config.clone(), app.clock.clone()).unwrap().stop().unwrap();
        assert!(at_rest(&app).contains("RmVuc3RlcmxhZGVu"), "no start seals it");
        app.client.get(&path).expect_problem(500, "internal");
        let found = app.differences();
        assert!(found.iter().any(|difference| difference.contains("in clear text")), "{found:?}");
        assert!(found.iter().any(|difference| difference.starts_with("webhook ")), "{found:?}");
    }
}

/// The event of a new case, and the secrets that its signatures must be made with.
fn assert_signed(app: &App, receiver: &Receiver, secrets: &[&str]) {
    let number = receiver.all().len();
    app.case("Anfrage");
    let event = receiver.wait(number + 1)[number].clone();
    let (id, timestamp) = (&event.headers["webhook-id"], event.headers["webhook-timestamp"].parse().unwrap());
    assert_eq!(event.headers["webhook-signature"], signature(secrets, id, timestamp, &event.body));
}

fn secrets_of_webhooks_rest_sealed(backend: Backend) {
    let directory = Directory::new();
    let file = directory.0.join("keys");
    std::fs::write(&file, SEAL_KEY).unwrap();
    let app = App::start_with(backend, |config| {
        config.webhooks.private = true;
        config.seal.key = None;
        config.seal.key_file = Some(file.clone());
    });
    let receiver = Receiver::start("204");
    let hook = app.client.post("/v1/webhooks", &json!({"url": receiver.url()})).expect(201).json();
    let path = format!("/v1/webhooks/{}", hook["id"].as_str().unwrap());
    let first = hook["secret"].as_str().unwrap();
    assert_signed(&app, &receiver, &[first]);
    let rotated = app.client.send("POST", &format!("{path}/rotation"), &[], None).expect(200).json();
    let second = rotated["secret"].as_str().unwrap();
    assert_ne!(first, second);
    // For a day both sign.
    assert_signed(&app, &receiver, &[second, first]);

    // Another key seals, and the former one goes.
    std::fs::write(&file, format!("{OTHER_KEY}\n{SEAL_KEY}\n")).unwrap();
    until_it_is_read_anew();
    let mut command = aufsicht(&directory.0);
    command.args(["seal", "rotate"]).env("DATABASE_URL", &app.config.database.url).env_remove("AUFSICHT_SEAL_KEY");
    let output = command.env("AUFSICHT_SEAL_KEY_FILE", &file).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    std::fs::write(&file, OTHER_KEY).unwrap();
    until_it_is_read_anew();
    assert_signed(&app, &receiver, &[second, first]);
    let config = aufsicht::Config {
        seal: aufsicht::config::SealSettings { key: Some(SEAL_KEY.into()), key_file: None },
        ..app.config.clone()
    };
    assert!(Service::start(config, app.clock.clone()).is_err(), "nothing is sealed with a key that others do not have");

    // A secret of another webhook, or of the same one's other column, does not open.
    app.tampered();
    app.sql("UPDATE webhooks SET former_secret = secret");
    app.case("Wird nicht gesandt");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(receiver.all().len(), 3);
    let held = at_rest(&app);
    assert!(held.contains(hook["id"].as_str().unwrap()), "what is looked at holds the webhook");
    assert!([first, second].iter().all(|secret| !held.contains(secret.trim_start_matches("whsec_"))));
}

#[test]
fn secrets_of_webhooks_rest_sealed_on_sqlite() {
    secrets_of_webhooks_rest_sealed(Backend::Sqlite);
}

#[test]
fn secrets_of_webhooks_rest_sealed_on_postgres() {
    secrets_of_webhooks_rest_sealed(Backend::Postgres);
}

/// Longer than a service takes to see that its file has changed.
fn until_it_is_read_anew() {
    std::thread::sleep(Duration::from_millis(1500));
}

fn rotates_under_load(backend: Backend) {
    let directory = Directory::new();
    let file = directory.0.join("keys");
    std::fs::write(&file, SEAL_KEY).unwrap();
    let app = App::start_with(backend, |config| {
        config.seal.key = None;
        config.seal.key_file = Some(file.clone());
    });
    let command = |arguments: &[&str], keys: &std::path::Path| {
        let mut command = aufsicht(&directory.0);
        command.args(arguments).env("DATABASE_URL", &app.config.database.url).env_remove("AUFSICHT_SEAL_KEY");
        command.env("AUFSICHT_SEAL_KEY_FILE", keys).output().unwrap()
    };
    let before: Vec<String> =
        (0..30).map(|n| app.create("cases", case(n))["id"].as_str().unwrap().to_owned()).collect();
    let done = AtomicBool::new(false);
    let rotated = std::thread::scope(|threads| {
        let load = |thread: usize| {
            let (app, before, done) = (&app, &before, &done);
            threads.spawn(move || {
                for n in 0.. {
                    let path = format!("/v1/cases/{}", before[(7 * n + thread) % before.len()]);
                    assert!(app.client.get(&path).expect(200).text().contains(CANARY), "{path}");
                    app.client.patch(&path, "*", &json!({"notes": format!("{CANARY} {thread} {n}")})).expect(200);
                    app.create("cases", case(n));
                    if done.load(Ordering::SeqCst) {
                        break;
                    }
                }
            })
        };
        let threads: Vec<_> = (0..3).map(load).collect();
        std::fs::write(&file, format!("{OTHER_KEY}\n{SEAL_KEY}\n")).unwrap();
        let first = command(&["seal", "rotate"], &file);
        until_it_is_read_anew();
        let second = command(&["seal", "rotate"], &file);
        done.store(true, Ordering::SeqCst);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        [first, second]
    });
    for output in rotated {
        assert!(output.status.success(), "{output:?}");
    }
    // Now the former key is needed no more.
    std::fs::write(&file, OTHER_KEY).unwrap();
    until_it_is_read_anew();
    let all = app.client.all("/v1/cases?limit=1000");
    assert!(all.len() > 30 && all.iter().all(|case| case["notes"].as_str().unwrap().contains(CANARY)));
    for id in &before {
        assert!(app.client.get(&format!("/v1/cases/{id}/history")).expect(200).text().contains(CANARY));
    }
    assert_eq!(app.differences(), Vec::<String>::new());
    let former = directory.0.join("former");
    std::fs::write(&former, SEAL_KEY).unwrap();
    let refused = command(&["verify"], &former);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("AUFSICHT_SEAL_KEY_FILE does not have"), "{refused:?}");
    let config = aufsicht::Config {
        seal: aufsicht::config::SealSettings { key: Some(SEAL_KEY.into()), key_file: None },
        ..app.config.clone()
    };
    assert!(Service::start(config, app.clock.clone()).is_err(), "nothing is sealed with a key that others do not have");
}

#[test]
fn keys_rotate_under_load_on_sqlite() {
    rotates_under_load(Backend::Sqlite);
}

#[test]
fn keys_rotate_under_load_on_postgres() {
    rotates_under_load(Backend::Postgres);
}

#[test]
fn a_key_file_that_cannot_be_used_leaves_the_keys_as_they_were() {
    let directory = Directory::new();
    let file = directory.0.join("keys");
    std::fs::write(&file, SEAL_KEY).unwrap();
    let app = App::start_with(Backend::Sqlite, |config| {
        config.seal.key = None;
        config.seal.key_file = Some(file.clone());
    });
    let path = format!("/v1/cases/{}", app.create("cases", case(1))["id"].as_str().unwrap());
    std::fs::write(&file, "garbage").unwrap();
    until_it_is_read_anew();
    assert!(app.client.get(&path).expect(200).text().contains(CANARY));
    std::fs::remove_file(&file).unwrap();
    until_it_is_read_anew();
    assert!(app.client.get(&path).expect(200).text().contains(CANARY));
    std::fs::write(&file, SEAL_KEY).unwrap();
}
