//! Every door to personal data: bound accounts, the read log over a crash, logs and metrics, limits, the proof.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::process::Stdio;
use std::sync::Mutex;

use aufsicht::audit::trail;
use aufsicht::db::schema::{access_log, audit_trail};
use aufsicht::{Service, db};
use chrono::TimeDelta;
use diesel::prelude::*;
use serde_json::json;

use crate::document::{filled, operations, send};
use crate::on_both_databases;
use crate::protection::{form, new_client};
use crate::support::{App, Backend, Client, Directory, SECRET, now};
use crate::support::{Running, aufsicht};

const CANARY: &str = "Kanarienvogel";

/// A service account's client, logged in to a service.
pub fn logged_in(app: &App, at: &str, (id, secret): &(String, String)) -> Client {
    let anonymous = Client::new(at, None);
    let text = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let token = form(&anonymous, &[], &text).expect(200).json();
    app.client.anonymous().with_base(at).with_token(token["access_token"].as_str().unwrap())
}

// A client that is bound to projects asks every operation of the document, in every format.
on_both_databases! {
    fn a_bound_account_learns_nothing_of_other_registers(app) {
        // It bears the name of who is responsible for everything: its calendar would be full.
        let account = new_client(&app, json!({"name": "RF", "scopes": all_scopes(), "registers": ["projects"]}));
        let bound = logged_in(&app, &app.client.base, &account);
        let mut secrets = vec![];
        for register in aufsicht::registers::ALL.iter().filter(|register| register.name != "projects") {
            let made = app.create(register.name, secret(register));
            secrets.extend([made["id"].as_str().unwrap().to_owned(), made["number"].as_str().unwrap().to_owned()]);
        }
        secrets.push("Geheimsache".into());
        let webhook = app.client.post("/v1/webhooks", &json!({"url": "https://receiver.invalid/Geheimsache"})).expect(201).json();
        secrets.push(webhook["id"].as_str().unwrap().to_owned());
        let own = app.create("projects", json!({"title": "Eigenes", "role": "LEAD", "received_on": "2017-03-14", "due_on": "2017-04-13", "responsible": "RF"}));
        app.client.put("/v1/statistics/published/2017", &json!({"from_live": true})).expect(201);
        app.client.patch(&format!("/v1/cases/{}", secrets[0]), "*", &json!({"received_on": "2016-03-14"})).expect(200);
        for seen in ["/v1/deadlines", "/v1/deadlines.ics"] {
            assert!(bound.get(seen).expect(200).text().contains(own["id"].as_str().unwrap()), "{seen}");
            assert!(app.client.get("/v1/deadlines").expect(200).text().contains(&secrets[0]), "there is something to be hidden");
        }
        let (mut refused, mut asked) = (0, 0);
        for (path, method, operation) in operations(&crate::support::document()) {
            let register = operation["tags"][0].as_str().filter(|tag| aufsicht::registers::find(tag).is_some());
            if register.is_some_and(|register| register != "projects") {
                let real = filled(&app, &path, &operation);
                assert_eq!(send(&bound, &real, &method, &operation), 403, "{method} {path}");
                refused += 1;
            }
            if method != "GET" || path.contains("webhook") || register.is_some_and(|register| register != "projects") {
                continue;
            }
            let real = filled(&app, &path, &operation);
            let media = operation["responses"]["200"]["content"].as_object().unwrap();
            for media in media.keys().filter(|media| *media != "text/event-stream") {
                let answer = bound.send("GET", &real, &[("Accept", media)], None);
                let text = answer.text() + &crate::protection::unzipped(&answer.body);
                let told = secrets.iter().find(|secret| text.contains(secret.as_str()));
                assert_eq!(told, None, "{path} as {media}: {}", answer.text());
                asked += 1;
            }
        }
        assert!(refused >= 40 && asked >= 40, "{refused} {asked}");
    }
}

pub fn all_scopes() -> Vec<&'static str> {
    crate::support::ALL_SCOPES.split_whitespace().collect()
}

/// A record that is due, with a title of its own, whatever that is called in its register.
pub fn secret(register: &aufsicht::registers::Register) -> serde_json::Value {
    let mut body = (register.example)();
    let of_all = [("received_on", json!("2017-03-14")), ("due_on", json!("2017-04-13")), ("responsible", json!("RF"))];
    // With a number that stands in no example of the API document.
    let own = [("title", "Geheimsache"), ("number", "Nr")];
    let own = own.map(|(property, word)| (property, json!(format!("{word} {}", register.name))));
    for (property, value) in of_all.into_iter().chain(own) {
        if let Some(name) = register.property_name(property) {
            body[name] = value;
        }
    }
    if body.get("held_on").is_some() {
        body["held_on"] = json!("2017-03-14");
    }
    // What is published is no secret.
    if body.get("published").is_some() {
        body["published"] = json!(false);
    }
    body
}

// What records refer to is no way round: not by what is shown along with them, not by trying names, ids and numbers.
on_both_databases! {
    fn a_bound_account_learns_nothing_by_references(app) {
        let bound_to = |register: &str| {
            let account = new_client(&app, json!({"name": "chancellery", "scopes": all_scopes(), "registers": [register]}));
            logged_in(&app, &app.client.base, &account)
        };
        let (of_cases, of_proceedings, of_projects, of_bodies) = (bound_to("cases"), bound_to("proceedings"), bound_to("projects"), bound_to("organisations"));
        let case = app.case("Geheimsache");
        let (id, number) = (case["id"].as_str().unwrap(), case["number"].as_str().unwrap());
        let body = app.create("organisations", json!({"name": "Geheimamt", "type": "CANTONAL_OFFICE"}));
        let proceeding = app.create("proceedings", json!({"subject": "Beschwerde", "filed_on": "2017-08-21", "instance": "Kantonsgericht", "case": id}));
        let trace = [proceeding["id"].as_str().unwrap(), "Beschwerde"];
        // Shown along with a record.
        let path = format!("/v1/cases/{id}");
        assert!(app.client.get(&format!("{path}?expand=proceedings")).expect(200).text().contains(trace[0]));
        for asked in [format!("{path}?expand=proceedings"), "/v1/cases?expand=proceedings".into()] {
            let refused = of_cases.get(&asked).expect(403);
            assert!(trace.iter().all(|text| !refused.text().contains(text)), "{asked}");
        }
        for asked in [path.clone(), format!("{path}/history"), "/v1/cases".into(), "/v1/cases/export".into()] {
            let answer = of_cases.get(&asked).expect(200);
            assert!(trace.iter().all(|text| !answer.text().contains(text)), "{asked}");
        }
        let in_the_way = of_cases.delete(&path, "*").expect_problem(409, "conflict");
        assert_eq!((in_the_way.get("record"), in_the_way.get("register")), (None, None));
        // Named by one's own record: what is there and may not be seen is not told from what is not there.
        let named = |case: &str| {
            let new = json!({"subject": "Eigene", "filed_on": "2017-08-21", "instance": "Kantonsgericht", "case": case});
            of_proceedings.post("/v1/proceedings", &new).expect_problem(422, "validation-failed")["errors"].clone()
        };
        let nowhere = named("01932b6e-1111-7000-8000-000000000001");
        for case in [id, number, "Geheimsache", "2017-9999", "Nirgends"] {
            assert_eq!(named(case), nowhere, "{case}");
        }
        let named = |organisation: &str| {
            let new = json!({"title": "Projekt", "role": "LEAD", "organisation": organisation});
            of_projects.post("/v1/projects", &new)
        };
        let (there, nowhere) = (named(body["id"].as_str().unwrap()), named("01932b6e-1111-7000-8000-000000000001"));
        assert!(!there.text().contains("Geheimamt"));
        assert_eq!(there.expect_problem(422, "validation-failed")["errors"], nowhere.expect_problem(422, "validation-failed")["errors"]);
        named("Geheimamt").expect(201);
        // A reference that is there already stays, and who may see both makes it.
        let path = format!("/v1/proceedings/{}", trace[0]);
        let changed = of_proceedings.patch(&path, "*", &json!({"subject": "Beschwerde, neu"})).expect(200).json();
        assert_eq!(changed["case"], json!(id));
        app.create("proceedings", json!({"subject": "Zweite", "filed_on": "2017-08-21", "instance": "Kantonsgericht", "case": number}));
        app.create("organisations", json!({"name": "Dienststelle", "type": "CANTONAL_OFFICE", "parent": "Geheimamt"}));
        of_bodies.post("/v1/organisations", &json!({"name": "Abteilung", "type": "CANTONAL_OFFICE", "parent": "Geheimamt"})).expect(201);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

// Whoever is bound cannot loose itself, and several accounts of one name are several.
on_both_databases! {
    fn a_bound_account_stays_bound(app) {
        let new = |registers: serde_json::Value| {
            let account = new_client(&app, json!({"name": "chancellery", "scopes": all_scopes(), "registers": registers}));
            (account.0.clone(), logged_in(&app, &app.client.base, &account))
        };
        let ((id, bound), (_, other)) = (new(json!(["projects"])), new(json!(["projects"])));
        bound.post("/v1/clients", &json!({"name": "free", "scopes": ["register:read"]})).expect_problem(403, "other-register");
        bound.get("/v1/clients").expect_problem(403, "other-register");
        for (method, path) in [("POST", format!("/v1/clients/{id}/rotation")), ("DELETE", format!("/v1/clients/{id}"))] {
            bound.send(method, &path, &[], None).expect_problem(403, "other-register");
        }
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "same")];
        let body = json!({"title": "Projekt", "role": "LEAD"}).to_string();
        let post = |client: &Client| client.send("POST", "/v1/projects", &headers, Some(body.as_bytes())).expect(201);
        let (first, second, again) = (post(&bound), post(&other), post(&bound));
        assert_ne!(first.json()["id"], second.json()["id"], "the key of one is not the key of the other");
        assert_eq!((first.json()["id"].clone(), again.header("idempotency-replayed")), (again.json()["id"].clone(), Some("true")));
        // What a webhook told of before is not for who sees what it tells now.
        let hook = app.client.post("/v1/webhooks", &json!({"url": "https://receiver.invalid/hook", "registers": ["cases", "projects"]})).expect(201).json();
        let path = format!("/v1/webhooks/{}", hook["id"].as_str().unwrap());
        app.case("Anfrage");
        let deliveries = format!("{path}/deliveries");
        let begun = std::time::Instant::now();
        let told = loop {
            if let Some(told) = app.client.all(&deliveries).first() {
                break told.clone();
            }
            assert!(begun.elapsed().as_secs() < 20);
            std::thread::sleep(std::time::Duration::from_millis(50));
        };
        app.sql("UPDATE deliveries SET state = 'PARKED', next_at = '2030-01-01 00:00:00'");
        app.client.patch(&path, "*", &json!({"registers": ["projects"]})).expect(200);
        bound.get(&path).expect(200);
        assert_eq!(app.client.all(&deliveries).len(), 1);
        assert_eq!(bound.all(&deliveries), Vec::<serde_json::Value>::new());
        let again = format!("{deliveries}/{}/redelivery", told["id"].as_str().unwrap());
        bound.send("POST", &again, &[], None).expect_problem(404, "not-found");
    }
}

on_both_databases! {
    fn who_is_revoked_hears_nothing_more(app) {
        let account = new_client(&app, json!({"name": "konsul", "scopes": ["register:read", "webhooks:manage"]}));
        let client = logged_in(&app, &app.client.base, &account);
        let hook = client.post("/v1/webhooks", &json!({"url": "https://receiver.invalid/hook"})).expect(201).json();
        let other = app.client.post("/v1/webhooks", &json!({"url": "https://receiver.invalid/hook"})).expect(201).json();
        let form_of = format!("grant_type=client_credentials&client_id={}&client_secret={}", account.0, account.1);
        let token = form(&client.anonymous(), &[], &form_of).expect(200).json()["access_token"].as_str().unwrap().to_owned();
        let mut stream = std::net::TcpStream::connect(app.service().address()).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        write!(stream, "GET /v1/changes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\nConnection: close\r\n\r\n").unwrap();
        app.case("Vorher");
        app.client.send("DELETE", &format!("/v1/clients/{}", account.0), &[], None).expect(204);
        let after = app.case("Nachher");
        // The stream ends by itself, long before the token expires.
        let mut told = String::new();
        stream.read_to_string(&mut told).unwrap();
        assert!(told.starts_with("HTTP/1.1 200 ") && !told.contains(after["id"].as_str().unwrap()), "{told}");
        let active = |hook: &serde_json::Value| app.client.get(&format!("/v1/webhooks/{}", hook["id"].as_str().unwrap())).expect(200).json()["active"].clone();
        assert_eq!((active(&hook), active(&other)), (json!(false), json!(true)));
    }
}

on_both_databases! {
    fn a_revoked_account_is_out_on_every_instance_within_a_minute(app) {
        let other = Service::start(app.config.clone(), app.clock.clone()).unwrap();
        let at = format!("http://{}", other.address());
        let account = new_client(&app, json!({"name": "konsul", "scopes": ["register:read"]}));
        let (here, there) = (logged_in(&app, &app.client.base, &account), logged_in(&app, &at, &account));
        there.get("/v1/cases").expect(200);
        app.client.send("DELETE", &format!("/v1/clients/{}", account.0), &[], None).expect(204);
        here.get("/v1/cases").expect_problem(401, "unauthenticated");
        app.clock.set(now() + TimeDelta::seconds(60));
        there.get("/v1/cases").expect_problem(401, "unauthenticated");
        other.stop().unwrap();
    }
}

/// Reads personal data from a service of its own until that is killed, and returns the requests that were answered.
fn read_until_killed(base: &str, token: &str, path: &str, running: Running) -> BTreeSet<String> {
    let answered = Mutex::new(BTreeSet::new());
    std::thread::scope(|threads| {
        let read = |reader: usize| {
            let answered = &answered;
            threads.spawn(move || {
                for n in 0.. {
                    let id = format!("reader-{reader}-{n}");
                    match ask(base, token, path, &id) {
                        Some(text) if text.contains(CANARY) => answered.lock().unwrap().insert(id),
                        _ => return,
                    };
                }
            })
        };
        let readers: Vec<_> = (0..4).map(read).collect();
        while answered.lock().unwrap().len() < 40 && !readers.iter().all(|reader| reader.is_finished()) {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        // SIGKILL, in the middle of it.
        drop(running);
    });
    answered.into_inner().unwrap()
}

/// One request over a connection of its own; none when there is nobody.
fn ask(base: &str, token: &str, path: &str, id: &str) -> Option<String> {
    let host = base.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(host).ok()?;
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nX-Request-Id: {id}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

on_both_databases! {
    fn what_was_shown_stands_in_the_log_even_when_the_service_is_killed(app) {
        let case = app.create("cases", json!({"title": "Anfrage", "notes": CANARY}));
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        let directory = Directory::new();
        let mut command = aufsicht(&directory.0);
        command.arg("serve").env("DATABASE_URL", &app.config.database.url).env("AUFSICHT_JWT_SECRET", SECRET);
        command.env("AUFSICHT_LISTEN", "127.0.0.1:0").stdin(Stdio::null());
        let (running, printed) = crate::commands::serve(&mut command, "listens on");
        let base = printed.split("listens on ").nth(1).unwrap().split("/ ").next().unwrap().to_owned();
        let token = aufsicht(&directory.0).args(["token", "--scope", "register:read personal:read", "--subject", "rf"]).env("AUFSICHT_JWT_SECRET", SECRET).output().unwrap().stdout;
        let shown = read_until_killed(&base, String::from_utf8(token).unwrap().trim(), &path, running);
        let mut log = db::connect_to(&app.config.database.access_log().unwrap(), &app.config.database).unwrap();
        let entries: Vec<String> = access_log::table.filter(access_log::subject.eq("rf")).select(access_log::request_id).load(&mut log).unwrap();
        let logged: BTreeSet<String> = entries.iter().cloned().collect();
        assert_eq!(entries.len(), logged.len(), "one entry for each");
        assert_eq!(shown.difference(&logged).collect::<Vec<_>>(), Vec::<&String>::new());
        // What was recorded and did not get out any more is at most what was on its way: one for each reader.
        assert!(logged.len() - shown.len() <= 4, "{} shown, {} logged", shown.len(), logged.len());
    }
}

on_both_databases! {
    fn no_canary_is_in_logs_metrics_errors_or_events(app) {
        let directory = Directory::new();
        let log = std::fs::File::create(directory.0.join("log")).unwrap();
        let mut command = aufsicht(&directory.0);
        command.arg("serve").env("DATABASE_URL", &app.config.database.url).env("AUFSICHT_JWT_SECRET", SECRET).env("RUST_LOG", "trace");
        command.env("AUFSICHT_LISTEN", "127.0.0.1:0").stdout(Stdio::piped()).stderr(log);
        let mut running = Running(command.spawn().unwrap());
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(running.0.stdout.take().unwrap()));
        let line = lines.find(|line| line.as_ref().unwrap().contains("listens on")).unwrap().unwrap();
        let base = line.split("listens on ").nth(1).unwrap().split("/ ").next().unwrap().to_owned();
        let token = |scopes: &str| {
            let made = aufsicht(&directory.0).args(["token", "--scope", scopes, "--subject", "rf"]).env("AUFSICHT_JWT_SECRET", SECRET).output().unwrap();
            String::from_utf8(made.stdout).unwrap().trim().to_owned()
        };
        let client = Client::new(&base, Some(token(crate::support::ALL_SCOPES)));
        let body = json!({"title": "Anfrage", "notes": CANARY, "requester": {"type": "PRIVATE", "name": CANARY, "contact": CANARY}, "external": {"system": "konsul", "id": "1", "version": 3}});
        let case = client.post("/v1/cases", &body).expect(201).json();
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        client.patch(&path, "*", &json!({"notes": format!("{CANARY} anders")})).expect(200);
        for read in [path.clone(), "/v1/cases".into(), format!("{path}/history"), "/v1/cases/export".into()] {
            client.get(&read).expect(200);
        }
        let long = CANARY.repeat(2000);
        let refusals = [
            client.post("/v1/cases", &json!({"title": "x", "notes": [CANARY], "requester": {"name": CANARY, "type": CANARY}})),
            client.post("/v1/cases", &json!({"title": CANARY.repeat(100), "notes": long})),
            client.send("POST", "/v1/cases", &[("Content-Type", "application/json")], Some(format!("{{\"notes\": \"{CANARY}").as_bytes())),
            client.put("/v1/cases/external/konsul/1", &json!({"title": "x", "notes": CANARY, "external": {"version": 1}})),
            client.patch(&path, "\"9\"", &json!({"notes": CANARY})),
            client.with_token(token("register:read register:write")).patch(&path, "*", &json!({"notes": CANARY})),
            client.anonymous().post("/v1/cases", &body),
        ];
        for refused in refusals {
            assert!(refused.status >= 400 && !refused.text().contains(CANARY), "{}: {}", refused.request, refused.text());
        }
        for quiet in ["/v1/changes", "/v1/audit-trail", "/v1/access-log", "/v1/webhooks", "/metrics", "/v1/statistics/counts?by=responsible"] {
            let answer = client.get(quiet).expect(200);
            assert!(!answer.text().contains(CANARY), "{quiet}");
        }
        drop(running);
        let log = std::fs::read_to_string(directory.0.join("log")).unwrap();
        assert!(log.contains("GET /v1/cases/{id} 200"), "the log tells of requests: {log}");
        let told: Vec<&str> = log.lines().filter(|line| line.contains(CANARY)).take(3).collect();
        assert_eq!(told, Vec::<&str>::new());
    }
}

on_both_databases! {
    fn a_thousand_wrong_logins_are_checked_a_few_times_only(app) {
        let (id, secret) = new_client(&app, json!({"name": "script", "scopes": ["statistics:read"]}));
        let anonymous = app.client.anonymous();
        let begun = std::time::Instant::now();
        let attempt = |id: &str, secret: &str| form(&anonymous, &[], &format!("grant_type=client_credentials&client_id={id}&client_secret={secret}")).status;
        let known = (0..1000).filter(|n| attempt(&id, &format!("wrong{n}")) == 401).count();
        let unknown = (0..1000).filter(|n| attempt(&format!("unknown{n}"), "wrong") == 401).count();
        // Five in any minute that has begun since.
        let most = 5 * (1 + begun.elapsed().as_secs() as usize / 60);
        assert!((1..=most).contains(&known) && (1..=most).contains(&unknown), "{known} {unknown} of {most}");
        let refused = form(&anonymous, &[], &format!("grant_type=client_credentials&client_id={id}&client_secret={secret}"));
        assert!(refused.header("retry-after").is_some());
        refused.expect_problem(429, "too-many-requests");
    }
}

#[test]
fn answers_tell_how_much_is_left() {
    let app = App::start_with(Backend::Sqlite, |config| config.limits.requests = 10);
    let first = app.client.get("/v1/cases").expect(200);
    assert_eq!(first.header("ratelimit-policy"), Some("\"requests\";q=10;w=60"));
    let left = |answer: &crate::support::Answer| {
        let text = answer.header("ratelimit").unwrap().to_owned();
        text.split("r=").nth(1).unwrap().split(';').next().unwrap().parse::<u32>().unwrap()
    };
    assert_eq!(left(&first), 9);
    assert_eq!(left(&app.client.get("/v1/cases").expect(200)), 8);
    let flooded = (0..20).map(|_| app.client.get("/v1/cases")).find(|answer| answer.status == 429).unwrap();
    assert_eq!(left(&flooded), 0);
    assert!(flooded.header("retry-after").is_some());
    // Another client is not concerned, and whoever has no token is counted by the address.
    app.named("other").get("/v1/cases").expect(200);
    let anonymous = app.client.anonymous();
    let flooded = (0..30).map(|_| anonymous.get("/openapi.json")).find(|answer| answer.status == 429);
    flooded.expect("addresses are limited").expect_problem(429, "too-many-requests");
}

#[test]
fn only_a_trusted_proxy_says_whom_it_speaks_for() {
    for (trusted, expected) in
        [(vec!["127.0.0.1"], 200), (vec!["10.0.0.0/8", "127.0.0.0/8"], 200), (vec!["10.0.0.0/8"], 429), (vec![], 429)]
    {
        let app = App::start_with(Backend::Sqlite, |config| {
            config.limits.requests = 5;
            config.server.trusted_proxies = trusted.iter().map(|network| network.parse().unwrap()).collect();
        });
        let anonymous = app.client.anonymous();
        let from = |address: &str| anonymous.send("GET", "/openapi.json", &[("X-Forwarded-For", address)], None).status;
        let flood: Vec<u16> = (0..20).map(|_| from("203.0.113.1")).collect();
        assert!(flood.contains(&429), "{flood:?}");
        assert_eq!(from("203.0.113.2"), expected, "trusted: {trusted:?}");
    }
}

/// Computes the whole chain anew, as somebody with all rights on the database could.
fn compute_anew(app: &App) {
    let mut db = app.db();
    let all: Vec<trail::TrailEntry> =
        audit_trail::table.order(audit_trail::seq).select(trail::TrailEntry::as_select()).load(&mut db).unwrap();
    let mut before = String::new();
    for kept in all {
        before = kept.chain_hash(&before);
        diesel::update(audit_trail::table.find(kept.seq)).set(audit_trail::hash.eq(&before)).execute(&mut db).unwrap();
    }
}

on_both_databases! {
    fn a_chain_that_was_computed_anew_is_found_by_the_anchor(app) {
        app.case("Anfrage");
        new_client(&app, json!({"name": "x", "scopes": ["statistics:read"]}));
        let directory = Directory::new();
        let command = |arguments: &[&str]| aufsicht(&directory.0).args(arguments).env("DATABASE_URL", &app.config.database.url).env("AUFSICHT_JWT_SECRET", SECRET).output().unwrap();
        std::fs::write(directory.0.join("anchor.json"), command(&["anchor"]).stdout).unwrap();
        app.sql(if app.backend == Backend::Sqlite { "DROP TRIGGER audit_trail_no_update" } else { "DROP TRIGGER audit_trail_no_change ON audit_trail" });
        app.tampered();
        app.sql("UPDATE audit_trail SET actor = 'nobody' WHERE seq = 2");
        compute_anew(&app);
        let proof = app.client.get("/v1/audit-trail/verification").expect(200).json();
        assert_eq!(proof["sound"], json!(true), "it fits together: {proof}");
        let found = command(&["verify", "--anchor", "anchor.json"]);
        assert!(String::from_utf8_lossy(&found.stdout).contains("is not what the anchor of"), "{found:?}");
    }
}

on_both_databases! {
    fn an_anchor_is_written_each_day(app = with_anchors) {
        let file = app.config.audit.anchor_file.clone().unwrap();
        let anchors = || std::fs::read_to_string(&file).unwrap_or_default();
        let until = |number: usize| {
            let begun = std::time::Instant::now();
            while anchors().matches('\n').count() < number {
                assert!(begun.elapsed().as_secs() < 30, "{}", anchors());
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        };
        until(1);
        // The service was killed in the middle of a line.
        std::fs::write(&file, format!("{}{{\"seq\":3,\"ha", anchors())).unwrap();
        assert_eq!(aufsicht::audit::anchors::read(&file).unwrap().len(), 1);
        app.case("Anfrage");
        app.clock.set(now() + TimeDelta::days(1));
        until(2);
        let verify = || aufsicht(file.parent().unwrap()).args(["verify", "--anchor", "anchors.jsonl"]).env("DATABASE_URL", &app.config.database.url).env("AUFSICHT_JWT_SECRET", SECRET).output().unwrap();
        assert!(verify().status.success(), "{:?}", verify());
        let forged = anchors().replacen("\"seq\":1", "\"seq\":2", 1);
        assert_ne!(forged, anchors());
        std::fs::write(&file, forged).unwrap();
        assert!(String::from_utf8_lossy(&verify().stderr).contains("was not signed"), "{:?}", verify());
    }
}

/// A service that writes anchors to a directory of its own.
fn with_anchors(backend: Backend) -> App {
    let directory = Directory::new();
    let app = App::start_with(backend, |config| config.audit.anchor_file = Some(directory.0.join("anchors.jsonl")));
    app.with_directory(directory)
}
