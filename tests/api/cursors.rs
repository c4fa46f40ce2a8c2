//! What clients keep for later: cursors and idempotency keys, over rotated secrets and restored backups.

use std::path::Path;
use std::process::Output;

use aufsicht::{Config, Service};
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{ALL_SCOPES, App, Backend, Client, Directory, SECRET, aufsicht, database, program};

const NEW: &str = "another secret that only these tests know, long enough";

/// A further instance on the database of a service, or on another one.
pub fn instance(app: &App, configure: impl FnOnce(&mut Config)) -> (Service, Client) {
    let mut config = app.config.clone();
    configure(&mut config);
    let service = Service::start(config, app.clock.clone()).unwrap();
    let client = app.client.with_base(&format!("http://{}", service.address()));
    let client = client.with_token(service.token(ALL_SCOPES).unwrap());
    (service, client)
}

fn post_under(client: &Client, key: &str, path: &str, body: &Value) -> crate::support::Answer {
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key)];
    client.send("POST", path, &headers, Some(body.to_string().as_bytes()))
}

/// The status of a stream of changes that begins behind an event.
pub fn streamed(client: &Client, header: Option<&str>, query: &str) -> u16 {
    let mut headers = vec![("Accept", "text/event-stream")];
    headers.extend(header.map(|cursor| ("Last-Event-ID", cursor)));
    let refused = client.within(std::time::Duration::from_millis(1500)).try_send(
        "GET",
        &format!("/v1/changes?{query}"),
        &headers,
        None,
    );
    // A stream that has begun does not end in time.
    refused.map_or(200, |answer| answer.status)
}

// One instance has the new secret before the old one, the other one the old one alone; then the old one is dropped.
on_both_databases! {
    fn cursors_and_replays_outlive_a_rotation_of_the_secret(app) {
        let directory = Directory::new();
        let secrets = |lines: &[&str]| {
            let file = directory.0.join(format!("secrets-{}", lines.len()));
            std::fs::write(&file, lines.join("\n")).unwrap();
            move |config: &mut Config| {
                config.tokens.secret = None;
                config.tokens.secret_file = Some(file);
            }
        };
        for number in 0..4 {
            app.case(&format!("Fall {number}"));
        }
        let (_both, rotating) = instance(&app, secrets(&[NEW, SECRET]));
        let (_new, rotated) = instance(&app, secrets(&[NEW]));
        let old = app.client.clone();
        let body = json!({"title": "Einmal"});
        for (place, (from, to)) in [(&old, &rotating), (&rotating, &old), (&old, &rotated)].into_iter().enumerate() {
            let first = from.get("/v1/changes?limit=2").expect(200).json();
            let next = first["next"].as_str().unwrap();
            let rest = |client: &Client| client.get(&format!("/v1/changes?after={next}")).expect(200).json();
            assert_eq!(rest(from), rest(to));
            assert_eq!((streamed(to, Some(next), ""), streamed(to, None, &format!("lastEventId={next}"))), (200, 200));
            let page = from.get("/v1/cases?limit=2").expect(200).json();
            let path = format!("/v1/cases?limit=2&cursor={}", page["next"].as_str().unwrap());
            assert_eq!(from.get(&path).expect(200).json(), to.get(&path).expect(200).json());
            let key = format!("rotation-{place}");
            let made = post_under(from, &key, "/v1/cases", &body).expect(201);
            let again = post_under(to, &key, "/v1/cases", &body).expect(201);
            assert_eq!(again.header("idempotency-replayed"), Some("true"));
            assert_eq!(made.json(), again.json());
            post_under(to, &key, "/v1/cases", &json!({"title": "Anders"})).expect_problem(422, "idempotency-key-reused");
        }
    }
}

on_both_databases! {
    fn anchors_outlive_a_rotation_of_the_secret(app) {
        app.case("Anfrage");
        let directory = Directory::new();
        let run = |secret: &str, arguments: &[&str]| {
            let mut command = aufsicht(&directory.0);
            command.args(arguments).env("DATABASE_URL", &app.config.database.url).env("AUFSICHT_JWT_SECRET", secret);
            command.output().unwrap()
        };
        std::fs::write(directory.0.join("anchor.json"), run(SECRET, &["anchor"]).stdout).unwrap();
        let proved = run(NEW, &["verify", "--anchor", "anchor.json"]);
        assert!(proved.status.success(), "{proved:?}");
        let anchor = std::fs::read_to_string(directory.0.join("anchor.json")).unwrap();
        std::fs::write(directory.0.join("anchor.json"), anchor.replacen("\"seq\":1", "\"seq\":0", 1)).unwrap();
        let forged = run(NEW, &["verify", "--anchor", "anchor.json"]);
        assert!(String::from_utf8_lossy(&forged.stderr).contains("was not signed"), "{forged:?}");
    }
}

// The service's own keys are sealed with the same keys as personal data, and rotate with them.
on_both_databases! {
    fn the_services_own_keys_lie_sealed_and_stay_when_the_seal_key_rotates(app) {
        const FRESH: &str = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=";
        for number in 0..3 {
            app.create("cases", json!({"title": format!("Fall {number}"), "notes": "geheim"}));
        }
        let held = || app.text("SELECT sealed AS text FROM service_keys", "SELECT sealed AS text FROM service_keys");
        let before = held();
        assert!(before.starts_with("{\"sealed\":"), "{before}");
        let next = app.client.get("/v1/changes?limit=1").expect(200).json()["next"].as_str().unwrap().to_owned();
        let directory = Directory::new();
        let file = directory.0.join("keys");
        std::fs::write(&file, format!("{FRESH}\n{}\n", crate::support::SEAL_KEY)).unwrap();
        let mut command = aufsicht(&directory.0);
        command.env_remove("AUFSICHT_SEAL_KEY").env("AUFSICHT_SEAL_KEY_FILE", &file).env("DATABASE_URL", &app.config.database.url);
        let rotated = command.args(["seal", "rotate"]).output().unwrap();
        assert!(rotated.status.success(), "{rotated:?}");
        assert_ne!(held(), before);
        let (_other, client) = instance(&app, |config| config.seal.key = Some(FRESH.into()));
        assert_eq!(client.get(&format!("/v1/changes?after={next}")).expect(200).json()["items"].as_array().unwrap().len(), 2);
        // A key that is not the one that sealed is refused, in place of other keys of one's own.
        let mut config = app.config.clone();
        config.seal.key = Some("Q0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0M=".into());
        assert!(Service::start(config, app.clock.clone()).is_err());
        app.config.seal.key = Some(FRESH.into());
    }
}

#[track_caller]
fn done(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// What a command on a database prints.
fn told(place: &Path, url: &str, arguments: &[&str]) -> String {
    done(aufsicht(place).args(arguments).env("DATABASE_URL", url).output().unwrap())
}

/// A copy of a service's database as it is now, which does not know that it is one: its URL.
pub fn copied(app: &App, place: &Path) -> String {
    if app.backend == Backend::Sqlite {
        let copy = place.join("copied.sqlite3");
        app.sql(&format!("VACUUM INTO '{}'", copy.display()));
        return format!("sqlite:{}", copy.display());
    }
    dump(app, place);
    restored_from_dump(place)
}

fn dump(app: &App, place: &Path) {
    let mut dump = program("pg_dump");
    let arguments = ["--format=custom", "--file", "a.dump", &app.config.database.url];
    done(dump.args(arguments).current_dir(place).output().unwrap());
}

fn restored_from_dump(place: &Path) -> String {
    let (copy, _) = database(Backend::Postgres);
    let arguments = ["--no-owner", "--exit-on-error", "--dbname", &copy, "a.dump"];
    done(program("pg_restore").args(arguments).current_dir(place).output().unwrap());
    copy
}

/// Takes a backup with the tools of the database's kind.
fn back_up(app: &App, place: &Path) {
    if app.backend == Backend::Postgres {
        return dump(app, place);
    }
    let recipient = told(place, &app.config.database.url, &["backup-key", "key"]);
    told(place, &app.config.database.url, &["backup", "a.backup", "--recipient", &recipient]);
}

/// Restores that backup as docs/operations.md says: the URL of the database.
fn restored(app: &App, place: &Path, name: &str) -> String {
    if app.backend == Backend::Postgres {
        let url = restored_from_dump(place);
        told(place, &url, &["restored"]);
        return url;
    }
    let url = format!("sqlite:{}", place.join(name).display());
    told(place, &url, &["restore", "a.backup", "--identity", "key"]);
    url
}

/// A service on another database.
fn on(app: &App, url: &str) -> (Service, Client) {
    instance(app, |config| {
        config.database.url = url.to_owned();
        config.database.access_log_url = None;
    })
}

fn next(client: &Client, query: &str) -> String {
    client.get(&format!("/v1/changes?{query}")).expect(200).json()["next"].as_str().unwrap().to_owned()
}

/// Fails unless a cursor is gone, whichever way it is shown.
#[track_caller]
fn is_gone(client: &Client, cursor: &str) {
    client.get(&format!("/v1/changes?after={cursor}")).expect_problem(410, "gone");
    client.get(&format!("/v1/changes?wait=1&register=cases&after={cursor}")).expect_problem(410, "gone");
    let by_header = streamed(client, Some(cursor), "");
    assert_eq!((by_header, streamed(client, None, &format!("lastEventId={cursor}"))), (410, 410));
}

// Somebody who has read the feed up to its end, or up to an earlier place, may know of changes that the restore took back.
on_both_databases! {
    fn after_a_restore_every_cursor_from_before_is_gone(app) {
        let place = Directory::new();
        let empty = next(&app.client, "");
        for number in 0..3 {
            app.case(&format!("Fall {number}"));
        }
        let before = [empty, next(&app.client, "limit=1"), next(&app.client, "")];
        std::fs::write(place.0.join("anchor.json"), told(&place.0, &app.config.database.url, &["anchor"])).unwrap();
        back_up(&app, &place.0);
        let after = [next(&app.client, ""), next(&app.client, "after=latest")];
        app.case("Verloren");
        let lost = [next(&app.client, ""), next(&app.client, "limit=2")];
        let mut given: Vec<String> = [&before[..], &after, &lost].concat();
        let mut urls = Vec::new();
        // Each restore begins a history of its own, also one of the same backup.
        for name in ["one.sqlite3", "two.sqlite3"] {
            let url = restored(&app, &place.0, name);
            let (service, client) = on(&app, &url);
            given.iter().for_each(|cursor| is_gone(&client, cursor));
            client.post("/v1/cases", &json!({"title": "Neu"})).expect(201);
            client.post("/v1/cases", &json!({"title": "Neuer"})).expect(201);
            given.iter().for_each(|cursor| is_gone(&client, cursor));
            let fresh = next(&client, "limit=3");
            let rest = client.get(&format!("/v1/changes?after={fresh}")).expect(200).json();
            assert_eq!(rest["items"].as_array().unwrap().len(), 2);
            assert_eq!(streamed(&client, Some(&fresh), ""), 200);
            let trail = client.all("/v1/audit-trail?subject=database");
            assert_eq!((trail.len(), trail[0]["kind"].as_str(), trail[0]["action"].as_str()), (1, Some("BACKUP"), Some("RESTORED")));
            given.extend([fresh, next(&client, "")]);
            service.stop().unwrap();
            urls.push(url);
        }
        for url in urls {
            told(&place.0, &url, &["verify", "--anchor", "anchor.json"]);
        }
        // Where nothing was restored they all go on.
        app.client.get(&format!("/v1/changes?after={}", lost[0])).expect(200);
    }
}

// What an import has kept it knows from the database alone: nothing beside it says that a line is there already.
on_both_databases! {
    fn an_import_after_a_restore_passes_no_line_over(app) {
        let place = Directory::new();
        let list = |lines: &[&str]| {
            std::fs::write(place.0.join("liste.csv"), format!("Nummer;Titel;Eingang\n{}\n", lines.join("\n"))).unwrap();
        };
        let import = |url: &str| told(&place.0, url, &["import", "--register", "cases", "liste.csv"]);
        list(&["2017-1;Erster;14.3.2017", "2017-2;Zweiter;14.3.2017"]);
        assert!(import(&app.config.database.url).contains("2 created"));
        back_up(&app, &place.0);
        list(&["2017-1;Erster;14.3.2017", "2017-2;Zweiter;14.3.2017", "2017-3;Dritter;14.3.2017"]);
        assert!(import(&app.config.database.url).contains("1 created, 0 changed, 2 as before"));
        let url = restored(&app, &place.0, "restored.sqlite3");
        assert!(import(&url).contains("1 created, 0 changed, 2 as before"));
        assert!(import(&url).contains("0 created, 0 changed, 3 as before"));
    }
}

// A copy, three more changes, then the copy in place of the database and five more, and nobody says so: a cursor from after
// the copy names a place that other changes have come to.
on_both_databases! {
    fn a_cursor_of_a_history_that_is_lost_is_gone(app) {
        let changed = app.case("Wird geändert");
        for number in 0..9 {
            app.case(&format!("Fall {number}"));
        }
        let path = format!("/v1/cases/{}", changed["id"].as_str().unwrap());
        let place = Directory::new();
        let url = copied(&app, &place.0);
        let kept = [next(&app.client, "limit=1"), next(&app.client, "limit=4"), next(&app.client, ""), next(&app.client, "register=projects")];
        // The same record comes to the same revision at the same instant, but says something else.
        app.client.patch(&path, "*", &json!({"title": "So"})).expect(200);
        let mut lost = vec![next(&app.client, "")];
        for number in 0..3 {
            app.case(&format!("Verloren {number}"));
            lost.extend([next(&app.client, ""), next(&app.client, "register=projects"), next(&app.client, "after=latest")]);
        }
        let (_copy, client) = on(&app, &url);
        let check = |expected: usize| {
            lost.iter().for_each(|cursor| is_gone(&client, cursor));
            for (cursor, before) in kept.iter().zip([9, 6, 0, 0]) {
                let found = client.get(&format!("/v1/changes?after={cursor}")).expect(200).json();
                assert_eq!(found["items"].as_array().unwrap().len(), before + expected);
            }
        };
        check(0);
        client.patch(&path, "*", &json!({"title": "Anders"})).expect(200);
        for number in 0..5 {
            client.post("/v1/cases", &json!({"title": format!("Neu {number}")})).expect(201);
        }
        check(6);
        // What was removed from the beginning does not make a place right that is not.
        app.tampered();
        app.sql("DELETE FROM changes WHERE seq <= 4");
        app.client.get(&format!("/v1/changes?after={}", kept[1])).expect(200);
        app.client.get(&format!("/v1/changes?after={}", kept[0])).expect_problem(410, "gone");
    }
}

on_both_databases! {
    fn a_cursor_of_another_database_is_gone_and_nonsense_is_refused(app) {
        app.case("Anfrage");
        let other = App::start(app.backend);
        other.case("Anfrage");
        let cursor = other.client.get("/v1/changes").expect(200).json()["next"].as_str().unwrap().to_owned();
        app.client.get(&format!("/v1/changes?after={cursor}")).expect_problem(410, "gone");
        let own = app.client.get("/v1/changes").expect(200).json()["next"].as_str().unwrap().to_owned();
        let mut altered = own.clone().into_bytes();
        let last = altered.len() - 8;
        altered[last] = if altered[last] == b'A' { b'B' } else { b'A' };
        for nonsense in ["nonsense", "c2VxMQ", "", &own[..20], &String::from_utf8(altered).unwrap()] {
            app.client.get(&format!("/v1/changes?after={nonsense}")).expect_problem(400, "invalid-parameter");
        }
        let page = app.client.get("/v1/cases?limit=1").expect(200);
        assert_eq!(page.json()["next"], Value::Null);
        app.client.get(&format!("/v1/cases?cursor={own}")).expect_problem(400, "invalid-parameter");
    }
}

on_both_databases! {
    fn the_feed_is_followed_from_its_end_and_waited_for_less_than_a_minute(app) {
        app.case("Vorher");
        let latest = app.client.get("/v1/changes?after=latest").expect(200).json();
        assert_eq!(latest["items"], json!([]));
        let after = app.case("Nachher");
        let next = latest["next"].as_str().unwrap();
        let told = app.client.get(&format!("/v1/changes?wait=50&after={next}")).expect(200).json();
        assert_eq!((told["items"].as_array().unwrap().len(), told["items"][0]["id"].clone()), (1, after["id"].clone()));
        app.client.get("/v1/changes?wait=51").expect_problem(400, "invalid-parameter");
        // The query tells the last event as the header does, which outweighs it; without a stream neither counts.
        let none = "none";
        assert_eq!(streamed(&app.client, None, &format!("after=latest&lastEventId={next}")), 200);
        assert_eq!(streamed(&app.client, None, "lastEventId="), 200);
        assert_eq!((streamed(&app.client, None, "lastEventId=none"), streamed(&app.client, Some(none), &format!("lastEventId={next}"))), (400, 400));
        assert_eq!(app.client.get("/v1/changes?lastEventId=none").expect(200).json()["items"].as_array().unwrap().len(), 2);
    }
}
