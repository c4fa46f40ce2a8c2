//! Data protection: disclosures, service accounts, the audit trail, erasure.

use std::collections::BTreeSet;

use aufsicht::db;
use base64::Engine;
use diesel::RunQueryDsl;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{App, Backend, Client, Directory, SECRET, aufsicht, faults};

const CANARY: &str = "Kanarienvogel";

/// A case with a canary in each property of personal data.
fn canary(app: &App) -> String {
    let case = app.create(
        "cases",
        json!({
            "title": "Anfrage", "received_on": "2017-03-14", "notes": format!("{CANARY} 1"), "area": "IT",
            "requester": {"type": "PRIVATE", "name": format!("{CANARY} 2"), "contact": format!("{CANARY} 3")},
            "external": {"system": "gever", "id": "G-2017-4711", "version": 1}
        }),
    );
    case["id"].as_str().unwrap().to_owned()
}

fn log(app: &App, query: &str) -> Vec<Value> {
    app.client.all(&format!("/v1/access-log?limit=1000{query}"))
}

on_both_databases! {
    fn every_disclosure_is_recorded_before_it_is_made(app) {
        let id = canary(&app);
        let path = format!("/v1/cases/{id}");
        app.case("Ohne Personendaten");
        let all = json!(["notes", "requester.contact", "requester.name"]);
        let first = log(&app, "");
        assert_eq!(first.len(), 1, "the answer of the creation: {first:?}");
        assert_eq!((&first[0]["record"], &first[0]["operation"], &first[0]["properties"]), (&json!(id), &json!("POST /v1/cases"), &all));
        let asked = [
            (path.clone(), "GET /v1/cases/{id}"),
            ("/v1/cases?area=IT".into(), "GET /v1/cases"),
            (format!("{path}/history"), "GET /v1/cases/{id}/history"),
            ("/v1/cases/export?format=csv".into(), "GET /v1/cases/export"),
            ("/v1/cases/external/gever/G-2017-4711".into(), "GET /v1/cases/external/{system}/{external_id}"),
        ];
        for (index, (asked, operation)) in asked.iter().enumerate() {
            let answer = app.client.send("GET", asked, &[("X-Access-Purpose", "Auskunft nach § 15")], None).expect(200);
            assert!(answer.text().contains(CANARY), "{asked}");
            let entries = log(&app, "");
            assert_eq!(entries.len(), index + 2, "{asked}");
            let last = entries.last().unwrap();
            assert_eq!((&last["operation"], &last["purpose"], &last["properties"]), (&json!(operation), &json!("Auskunft nach § 15"), &all));
            assert_eq!(last["request_id"].as_str(), answer.header("x-request-id"));
        }
        let before = log(&app, "").len();
        // What shows nothing is no disclosure.
        for quiet in [
            app.client.send("GET", &path, &[("If-None-Match", "\"1\"")], None).expect(304),
            app.with_scopes("register:read").get(&path).expect(200),
            app.client.get("/v1/cases?area=NONE").expect(200),
            app.client.get("/v1/changes").expect(200),
            app.client.get("/v1/statistics/services/inquiries.total/2017/records").expect(200),
        ] {
            assert!(!quiet.text().contains(CANARY), "{}", quiet.request);
        }
        assert_eq!(log(&app, "").len(), before);
        app.client.patch(&path, "*", &json!({"area": "POLICE"})).expect(200);
        assert_eq!(log(&app, "").len(), before + 1);
        assert_eq!(log(&app, &format!("&record={id}&register=cases&subject=service")).len(), before + 1);
        assert_eq!(log(&app, "&subject=nobody").len(), 0);
        assert_eq!(log(&app, "&register=audits").len(), 0);
        assert_eq!(log(&app, "&since=2030-01-01T00:00:00Z").len(), 0);
        app.client.send("GET", &path, &[("X-Access-Purpose", &"x".repeat(201))], None).expect_problem(400, "invalid-parameter");
    }
}

on_both_databases! {
    fn what_cannot_be_recorded_is_not_given(app) {
        let id = canary(&app);
        let target = app.config.database.access_log().unwrap();
        let mut log = db::connect_to(&target, &app.config.database).unwrap();
        diesel::sql_query("ALTER TABLE access_log RENAME TO lost").execute(&mut log).unwrap();
        for path in [format!("/v1/cases/{id}"), "/v1/cases".into(), format!("/v1/cases/{id}/history"), "/v1/cases/export".into()] {
            let refused = app.client.get(&path);
            assert!(!refused.text().contains(CANARY));
            refused.expect_problem(503, "unavailable");
        }
        // Who sees no personal data goes on.
        app.with_scopes("register:read").get(&format!("/v1/cases/{id}")).expect(200);
        diesel::sql_query("ALTER TABLE lost RENAME TO access_log").execute(&mut log).unwrap();
        app.client.get(&format!("/v1/cases/{id}")).expect(200);
    }
}

// Asks every reading operation of the document in every format without `personal:read`.
on_both_databases! {
    fn no_canary_is_found_without_the_scope(app) {
        let id = canary(&app);
        app.client.patch(&format!("/v1/cases/{id}"), "*", &json!({"notes": format!("{CANARY} 4"), "area": "HEALTH"})).expect(200);
        app.client.get(&format!("/v1/cases/{id}")).expect(200);
        app.client.put("/v1/statistics/published/2017", &json!({"from_live": true})).expect(201);
        let others = "register:read register:write statistics:read statistics:publish webhooks:manage access-log:read admin";
        let client = app.with_scopes(others);
        let mut asked = 0;
        for (path, item) in crate::support::document()["paths"].as_object().unwrap() {
            let Some(operation) = item["get"].as_object() else { continue };
            let real = path.replace("{id}", &id).replace("{system}", "gever").replace("{external_id}", "G-2017-4711").replace("{code}", "inquiries.total").replace("{year}", "2017").replace("{slug}", "not-found");
            let media = operation["responses"]["200"]["content"].as_object().unwrap().keys().filter(|media| *media != "text/event-stream");
            for media in media {
                let answer = client.send("GET", &real, &[("Accept", media)], None);
                assert!(!answer.text().contains(CANARY), "{path} as {media}");
                let unpacked = unzipped(&answer.body);
                assert!(!unpacked.contains(CANARY), "{path} as {media}");
                asked += 1;
            }
        }
        assert!(asked > 50, "{asked}");
        let changed = client.patch(&format!("/v1/cases/{id}"), "*", &json!({"title": "Neu"})).expect(200);
        assert!(!changed.text().contains(CANARY));
        let line = json!({"title": "Neu", "external": {"system": "gever", "id": "G-2017-4711", "version": 9}}).to_string();
        let batch = client.send("POST", "/v1/cases/batch", &[("Content-Type", "application/x-ndjson")], Some(line.as_bytes())).expect(207);
        assert!(!batch.text().contains(CANARY));
        assert!(app.client.get(&format!("/v1/cases/{id}")).text().contains(CANARY), "it is still there");
    }
}

/// The text in a spreadsheet, or nothing.
pub fn unzipped(body: &[u8]) -> String {
    if !body.starts_with(b"PK") {
        return String::new();
    }
    let directory = Directory::new();
    let file = directory.0.join("file.xlsx");
    std::fs::write(&file, body).unwrap();
    let script = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(*[z.read(n).decode(errors='replace') for n in z.namelist()])";
    let read = std::process::Command::new("python3").args(["-c", script]).arg(&file).output().unwrap();
    assert!(read.status.success());
    String::from_utf8(read.stdout).unwrap()
}

pub fn form(client: &Client, headers: &[(&str, &str)], form: &str) -> crate::support::Answer {
    let mut all = vec![("Content-Type", "application/x-www-form-urlencoded")];
    all.extend(headers);
    client.send("POST", "/oauth/token", &all, Some(form.as_bytes()))
}

pub fn new_client(app: &App, body: Value) -> (String, String) {
    let made = app.client.post("/v1/clients", &body).expect(201).json();
    (made["client_id"].as_str().unwrap().into(), made["client_secret"].as_str().unwrap().into())
}

on_both_databases! {
    fn a_service_account_logs_in_until_it_is_revoked(app) {
        let (id, secret) = new_client(&app, json!({"name": "konsul", "scopes": ["register:read", "register:write"]}));
        let anonymous = app.client.anonymous();
        let basic = |secret: &str| format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}")));
        let given = form(&anonymous, &[("Authorization", &basic(&secret))], "grant_type=client_credentials").expect(200);
        assert_eq!(given.header("cache-control"), Some("no-store"));
        let given = given.json();
        assert_eq!((&given["token_type"], &given["expires_in"], &given["scope"]), (&json!("Bearer"), &json!(900), &json!("register:read register:write")));
        let konsul = app.client.with_token(given["access_token"].as_str().unwrap());
        let case = konsul.post("/v1/cases", &json!({"title": "Von Konsul"})).expect(201).json();
        let history = app.client.all(&format!("/v1/cases/{}/history", case["id"].as_str().unwrap()));
        assert_eq!(history[0]["actor"], "konsul");

        let narrow = form(&anonymous, &[], &format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=register%3Aread")).expect(200).json();
        let reader = app.client.with_token(narrow["access_token"].as_str().unwrap());
        reader.post("/v1/cases", &json!({"title": "x"})).expect_problem(403, "missing-scope");
        let more = form(&anonymous, &[("Authorization", &basic(&secret))], "grant_type=client_credentials&scope=admin");
        assert_eq!(more.expect_problem(400, "invalid-grant")["error"], "invalid_scope");
        assert_eq!(form(&anonymous, &[], "grant_type=password").expect_problem(400, "invalid-grant")["error"], "unsupported_grant_type");
        let wrong = form(&anonymous, &[("Authorization", &basic("wrong"))], "grant_type=client_credentials");
        assert!(wrong.header("www-authenticate").unwrap().starts_with("Basic "));
        let wrong = wrong.expect_problem(401, "invalid-client");
        let unknown = form(&anonymous, &[], "grant_type=client_credentials&client_id=nobody&client_secret=x").expect_problem(401, "invalid-client");
        assert_eq!((&wrong["detail"], &wrong["error"]), (&unknown["detail"], &unknown["error"]), "nobody learns which accounts there are");
        anonymous.post("/oauth/token", &json!({})).expect_problem(415, "unsupported-media-type");

        // Another secret: the one before is no longer taken, tokens go on.
        let rotated = app.client.send("POST", &format!("/v1/clients/{id}/rotation"), &[], None).expect(200).json();
        let fresh = rotated["client_secret"].as_str().unwrap();
        form(&anonymous, &[("Authorization", &basic(&secret))], "grant_type=client_credentials").expect_problem(401, "invalid-client");
        form(&anonymous, &[("Authorization", &basic(fresh))], "grant_type=client_credentials").expect(200);
        konsul.get("/v1/cases").expect(200);
        let listed = app.client.get("/v1/clients").expect(200);
        assert!(!listed.text().contains(fresh) && !listed.text().contains("argon2"));

        app.client.send("DELETE", &format!("/v1/clients/{id}"), &[], None).expect(204);
        konsul.get("/v1/cases").expect_problem(401, "unauthenticated");
        form(&anonymous, &[("Authorization", &basic(fresh))], "grant_type=client_credentials").expect_problem(401, "invalid-client");
        app.client.send("DELETE", &format!("/v1/clients/{id}"), &[], None).expect_problem(404, "not-found");
        assert!(app.client.get("/v1/clients").json()["items"][0]["revoked_at"].is_string());
        let held = app.text("SELECT group_concat(secret_hash) AS text FROM clients", "SELECT string_agg(secret_hash, ',') AS text FROM clients");
        assert!(held.starts_with("$argon2id$v=19$"), "{held}");
        let refused = app.client.post("/v1/clients", &json!({"name": " ", "scopes": ["register:read", "root"], "registers": ["nonsense"], "x": 1}));
        assert_eq!(faults(&refused.expect_problem(422, "validation-failed")), ["/name", "/registers/0", "/scopes/1", "/x"]);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn failed_logins_are_limited_and_the_right_secret_is_not(app) {
        let (id, secret) = new_client(&app, json!({"name": "script", "scopes": ["statistics:read"]}));
        let try_with = |secret: &str| form(&app.client.anonymous(), &[], &format!("grant_type=client_credentials&client_id={id}&client_secret={secret}"));
        try_with(&secret).expect(200);
        let statuses: Vec<u16> = (0..30).map(|n| try_with(&format!("wrong{n}")).status).collect();
        let checked = statuses.iter().filter(|status| **status == 401).count();
        assert!(checked <= 5, "{statuses:?}");
        assert!(statuses.iter().all(|status| [401, 429].contains(status)), "{statuses:?}");
        let slowed = try_with("wrong");
        assert!(slowed.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
        slowed.expect_problem(429, "too-many-requests");
        // A script that has the right secret is not locked out by others who guess.
        for _ in 0..10 {
            try_with(&secret).expect(200);
        }
    }
}

#[test]
fn a_flood_of_one_client_is_told_to_wait() {
    let app = App::start_with(Backend::Sqlite, |config| config.limits.requests = 20);
    let statuses: Vec<u16> = (0..40).map(|_| app.client.get("/v1/cases").status).collect();
    assert!(statuses[..20].iter().all(|status| *status == 200), "{statuses:?}");
    assert!(statuses[25..].contains(&429), "{statuses:?}");
    app.client.anonymous().get("/health/live").expect(200);
}

on_both_databases! {
    fn a_bound_account_sees_and_changes_its_registers_only(app) {
        let (id, secret) = new_client(&app, json!({"name": "chancellery", "scopes": ["register:read", "register:write", "personal:read", "statistics:read", "access-log:read"], "registers": ["projects"]}));
        let token = form(&app.client.anonymous(), &[], &format!("grant_type=client_credentials&client_id={id}&client_secret={secret}")).expect(200).json();
        let bound = app.client.with_token(token["access_token"].as_str().unwrap());
        let case = canary(&app);
        let number = app.client.get(&format!("/v1/cases/{case}")).json()["number"].as_str().unwrap().to_owned();
        let project = bound.post("/v1/projects", &json!({"title": "Projekt", "role": "LEAD", "received_on": "2017-01-02", "notes": "x"})).expect(201).json();
        for register in ["cases", "audits", "events", "media-requests"] {
            for path in [String::new(), "/export".into(), format!("/{case}"), format!("/{case}/history"), "/external/gever/G-2017-4711".into()] {
                bound.get(&format!("/v1/{register}{path}")).expect_problem(403, "other-register");
            }
            bound.post(&format!("/v1/{register}"), &json!({"title": "x"})).expect_problem(403, "other-register");
            bound.send("POST", &format!("/v1/{register}/batch"), &[("Content-Type", "application/x-ndjson")], Some(b"{}")).expect_problem(403, "other-register");
        }
        let told = bound.get("/v1/changes").expect(200).json();
        assert!(told["items"].as_array().unwrap().iter().all(|change| change["register"] == "projects"), "{told}");
        assert_eq!(bound.get("/v1/changes?register=cases").expect(200).json()["items"], json!([]));
        bound.get("/v1/statistics/services/cases.total/2017/records").expect_problem(403, "other-register");
        assert_eq!(bound.all("/v1/projects").iter().map(|r| r["id"].clone()).collect::<Vec<_>>(), [project["id"].clone()]);
        assert_eq!(bound.get("/v1/statistics/counts?by=register,responsible").expect(200).json()["total"], 1);
        bound.get("/v1/statistics/counts?register=cases").expect_problem(403, "other-register");
        assert!(bound.all("/v1/access-log").iter().all(|entry| entry["register"] == "projects"));
        bound.get("/v1/audit-trail").expect_problem(403, "other-register");
        // The refusal of a number that is taken does not tell by whom.
        let conflict = bound.post("/v1/projects", &json!({"title": "P", "role": "LEAD", "number": number})).expect_problem(409, "conflict");
        assert_eq!(conflict.get("record"), None);
        let line = json!({"title": "P", "role": "LEAD", "number": number}).to_string();
        let batch = bound.send("POST", "/v1/projects/batch", &[("Content-Type", "application/x-ndjson")], Some(line.as_bytes())).expect(207).json();
        assert_eq!((&batch["results"][0]["status"], batch["results"][0]["problem"].get("record")), (&json!(409), None));
        let mine = app.client.post("/v1/projects", &json!({"title": "P", "role": "LEAD", "number": number})).expect_problem(409, "conflict");
        assert_eq!(mine["record"], json!(case));
    }
}

on_both_databases! {
    fn every_write_stands_in_the_trail_and_tampering_is_found(app) {
        let id = canary(&app);
        let path = format!("/v1/cases/{id}");
        app.client.patch(&path, "*", &json!({"area": "POLICE", "notes": "anders"})).expect(200);
        app.client.put("/v1/statistics/published/2017", &json!({"from_live": true})).expect(201);
        app.client.put("/v1/staffing/2017", &json!({"positions_percent": 180})).expect(201);
        let (client, _) = new_client(&app, json!({"name": "x", "scopes": ["statistics:read"]}));
        app.client.delete(&path, "*").expect(204);
        let trail = app.client.all("/v1/audit-trail?limit=2");
        let told: Vec<(&str, &str)> = trail.iter().map(|entry| (entry["kind"].as_str().unwrap(), entry["action"].as_str().unwrap())).collect();
        assert_eq!(told, [("RECORD", "CREATED"), ("RECORD", "UPDATED"), ("PUBLICATION", "PUBLISHED"), ("FIGURES", "SET"), ("CLIENT", "CREATED"), ("RECORD", "DELETED")]);
        assert!(!json!(trail).to_string().contains(CANARY));
        assert_eq!(app.client.all(&format!("/v1/audit-trail?subject={client}")).len(), 1);
        assert_eq!(app.client.all("/v1/audit-trail?kind=RECORD&actor=service").len(), 3);
        let proof = app.client.get("/v1/audit-trail/verification").expect(200).json();
        assert_eq!((&proof["sound"], &proof["entries"], &proof["hash"]), (&json!(true), &json!(6), &trail[5]["hash"]));
        // An anchor, kept elsewhere.
        let directory = Directory::new();
        let command = |arguments: &[&str]| aufsicht(&directory.0).args(arguments).env("DATABASE_URL", &app.config.database.url).env("AUFSICHT_JWT_SECRET", SECRET).output().unwrap();
        let anchor = command(&["anchor"]);
        std::fs::write(directory.0.join("anchor.json"), &anchor.stdout).unwrap();
        assert_eq!(command(&["verify", "--anchor", "anchor.json"]).status.code(), Some(0));

        // Somebody with all rights on the database takes the rules away and tampers.
        app.sql(if app.backend == Backend::Sqlite { "DROP TRIGGER audit_trail_no_update; DROP TRIGGER audit_trail_no_delete" } else { "DROP TRIGGER audit_trail_no_change ON audit_trail" });
        let found = |alter: &str, restore: &str| {
            app.sql(alter);
            let proof = app.client.get("/v1/audit-trail/verification").expect(200).json();
            app.sql(restore);
            proof["sound"] == json!(false)
        };
        assert!(found("UPDATE audit_trail SET actor = 'nobody' WHERE seq = 2", "UPDATE audit_trail SET actor = 'service' WHERE seq = 2"), "edited");
        assert!(found("UPDATE history SET actor = 'nobody' WHERE revision = 2", "UPDATE history SET actor = 'service' WHERE revision = 2"), "history edited");
        app.sql("CREATE TABLE kept_history AS SELECT * FROM history");
        let kept = "(SELECT personal FROM kept_history k WHERE k.record_id = history.record_id AND k.revision = history.revision)";
        let restore = format!("UPDATE history SET personal = {kept} WHERE revision = 2");
        assert!(found("UPDATE history SET personal = '[]' WHERE revision = 2", &restore), "personal data edited");
        assert!(found("UPDATE history SET personal = (SELECT personal FROM kept_history WHERE revision = 1) WHERE revision = 2", &restore), "personal data of another change");
        assert!(found("UPDATE audit_trail SET seq = 99 WHERE seq = 3; UPDATE audit_trail SET seq = 3 WHERE seq = 4; UPDATE audit_trail SET seq = 4 WHERE seq = 99", "UPDATE audit_trail SET seq = 99 WHERE seq = 3; UPDATE audit_trail SET seq = 3 WHERE seq = 4; UPDATE audit_trail SET seq = 4 WHERE seq = 99"), "swapped");
        app.sql("CREATE TABLE kept AS SELECT * FROM audit_trail");
        assert!(found("INSERT INTO audit_trail SELECT 7, at, actor, actor_kind, actor_issuer, actor_client, request_id, kind, action, subject, revision, digest, hash FROM kept WHERE seq = 2", "DELETE FROM audit_trail WHERE seq = 7"), "inserted");
        assert!(found("DELETE FROM audit_trail WHERE seq = 4", "INSERT INTO audit_trail SELECT * FROM kept WHERE seq = 4"), "deleted");
        assert_eq!(app.client.get("/v1/audit-trail/verification").json()["sound"], true);
        // Cutting the end off together with what it tells of fits together: the anchor finds it.
        app.tampered();
        app.sql("DELETE FROM audit_trail WHERE seq >= 5; DELETE FROM clients");
        app.sql("DELETE FROM changes WHERE revision = 3; DELETE FROM history WHERE revision = 3; UPDATE counters SET value = 2 WHERE name = 'changes'");
        let cut = command(&["verify", "--anchor", "anchor.json"]);
        assert!(String::from_utf8_lossy(&cut.stdout).contains("which the anchor of"), "{cut:?}");
        std::fs::write(directory.0.join("anchor.json"), String::from_utf8_lossy(&anchor.stdout).replace("\"seq\":6", "\"seq\":4")).unwrap();
        assert_eq!(command(&["verify", "--anchor", "anchor.json"]).status.code(), Some(1), "a forged anchor is refused");
    }
}

#[test]
fn the_trail_cannot_be_changed_by_sql() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let app = App::start(backend);
        app.case("Anfrage");
        for sql in ["UPDATE audit_trail SET actor = 'x'", "DELETE FROM audit_trail"] {
            let refused =
                diesel::connection::SimpleConnection::batch_execute(&mut app.db(), sql).unwrap_err().to_string();
            assert!(refused.contains("only appended to"), "{refused}");
        }
    }
}

on_both_databases! {
    fn whom_webhooks_tell_stands_in_the_trail(app) {
        let hook = app.client.post("/v1/webhooks", &json!({"url": "https://receiver.invalid/hook", "registers": ["cases"]})).expect(201).json();
        let id = hook["id"].as_str().unwrap();
        let path = format!("/v1/webhooks/{id}");
        app.client.patch(&path, "*", &json!({"url": "https://other.invalid/hook"})).expect(200);
        app.client.send("POST", &format!("{path}/rotation"), &[], None).expect(200);
        app.client.delete(&path, "*").expect(204);
        let trail = app.client.all(&format!("/v1/audit-trail?kind=WEBHOOK&subject={id}"));
        let told: Vec<&Value> = trail.iter().map(|entry| &entry["action"]).collect();
        assert_eq!(told, ["CREATED", "UPDATED", "ROTATED", "DELETED"]);
        assert_ne!(trail[0]["digest"], trail[1]["digest"], "another address is another digest");
        assert_eq!(app.client.get("/v1/audit-trail/verification").json()["sound"], true);
    }
}

on_both_databases! {
    fn the_access_log_cannot_be_changed_by_sql(app) {
        app.tampered();
        canary(&app);
        let mut log = db::connect_to(&app.config.database.access_log().unwrap(), &app.config.database).unwrap();
        let mut run = |sql: &str| diesel::connection::SimpleConnection::batch_execute(&mut log, sql);
        let now = if app.backend == Backend::Sqlite { "datetime('now')" } else { "CURRENT_TIMESTAMP AT TIME ZONE 'UTC'" };
        run(&format!("INSERT INTO access_log (id, at, subject, actor_kind, register, record_id, properties, operation, request_id, hash) VALUES (1000, {now}, 'x', 'USER', 'cases', 'x', 'notes', 'x', 'x', 'x')")).unwrap();
        let replace = "INSERT OR REPLACE INTO access_log SELECT id, at, 'nobody', actor_kind, actor_issuer, client, register, record_id, properties, operation, purpose, request_id, hash FROM access_log";
        let last = if app.backend == Backend::Sqlite { replace } else { "TRUNCATE access_log" };
        for sql in ["UPDATE access_log SET subject = 'nobody'", "DELETE FROM access_log", last] {
            let refused = run(sql).unwrap_err().to_string();
            assert!(refused.contains("the access log is"), "{sql}: {refused}");
        }
        // What is older than a year may go.
        run("DELETE FROM access_log WHERE id < 1000").unwrap();
    }
}

#[test]
fn no_entry_is_put_in_the_place_of_another() {
    let app = App::start(Backend::Sqlite);
    app.case("Anfrage");
    let replace = "INSERT OR REPLACE INTO audit_trail SELECT seq, at, 'nobody', actor_kind, actor_issuer, actor_client, request_id, kind, action, subject, revision, digest, hash FROM audit_trail";
    let refused = diesel::connection::SimpleConnection::batch_execute(&mut app.db(), replace).unwrap_err().to_string();
    assert!(refused.contains("only appended to"), "{refused}");
}

#[test]
fn databases_are_their_users_own() {
    use std::os::unix::fs::PermissionsExt;
    let app = App::start(Backend::Sqlite);
    canary(&app);
    let file = std::path::PathBuf::from(app.config.database.url.strip_prefix("sqlite:").unwrap());
    let files: Vec<_> = std::fs::read_dir(file.parent().unwrap()).unwrap().map(|file| file.unwrap()).collect();
    assert!(files.len() >= 4, "both databases and what lies beside them");
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
    }
}

#[test]
fn disclosures_are_kept_for_a_year_at_least() {
    let directory = Directory::new();
    let kept = |time: &str| aufsicht(&directory.0).args(["migrate", "--access-log-retention", time]).output().unwrap();
    let refused = kept("364d");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("less than a year"), "{refused:?}");
    assert!(kept("365d").status.success());
}

on_both_databases! {
    fn what_is_erased_is_gone_everywhere_and_the_figures_stay(app = App::start_with_demo) {
        let open = canary(&app);
        let mut closed = Vec::new();
        for n in 0..3 {
            let body = json!({"title": "Vorlaeufig", "received_on": "2016-03-14", "closed_on": "2016-05-01", "notes": format!("{CANARY} alt"), "requester": {"type": "PRIVATE", "name": format!("{CANARY} alt {n}")}});
            let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "anonymise")];
            let answer = if n == 0 { app.client.send("POST", "/v1/cases", &headers, Some(body.to_string().as_bytes())) } else { app.client.post("/v1/cases", &body) };
            let path = answer.header("location").unwrap().to_owned();
            app.client.patch(&path, "*", &json!({"title": "Alt", "requester": {"contact": format!("{CANARY} alt@example.ch")}})).expect(200);
            closed.push(path);
        }
        app.client.delete(&closed[2], "*").expect(204);
        let statistics = ["/v1/statistics/services?from=2012&to=2018", "/v1/statistics/counts?by=month,requester,area", "/v1/statistics/backlog?from=2012&to=2018", "/v1/statistics/durations?year=2016&by=requester"];
        let before: Vec<String> = statistics.iter().map(|path| app.client.get(path).expect(200).text()).collect();
        app.client.put("/v1/statistics/published/2016", &json!({"from_live": true})).expect(201);
        let published = app.client.get("/v1/statistics/published/2016").text();

        let directory = Directory::new();
        let command = |arguments: &[&str]| {
            let output = aufsicht(&directory.0).args(arguments).env("DATABASE_URL", &app.config.database.url).env("AUFSICHT_JWT_SECRET", SECRET).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
        let report: Value = serde_json::from_str(&command(&["subject", "report", "--record", &id(&closed[0]), "--purpose", "Auskunft nach § 15"])).unwrap();
        assert_eq!((&report["record"]["requester"]["name"], report["history"].as_array().unwrap().len()), (&json!(format!("{CANARY} alt 0")), 2));
        assert!(!report["disclosures"].as_array().unwrap().is_empty());
        // The three of this test: two are there, and one was deleted today, which is not before the day.
        let personal = app.text("SELECT CAST(count(*) AS TEXT) AS text FROM records WHERE personal IS NOT NULL AND closed_on < '2017-01-01'", "SELECT CAST(count(*) AS TEXT) AS text FROM records WHERE personal IS NOT NULL AND closed_on < '2017-01-01'");
        let sealed = |sql: &str| {
            let value = app.text(sql, sql).split('"').nth(9).unwrap().to_owned();
            app.sql(if app.backend == Backend::Sqlite { "PRAGMA wal_checkpoint" } else { "CHECKPOINT" });
            assert!(app.file_holds(&value), "it is there before: {value}");
            value
        };
        let first = id(&closed[0]);
        let erased = [
            sealed(&format!("SELECT personal AS text FROM records WHERE id = '{first}'")),
            sealed(&format!("SELECT personal AS text FROM history WHERE record_id = '{first}' AND revision = 2")),
            sealed(&format!("SELECT salt AS text FROM history WHERE record_id = '{first}' AND revision = 2")),
        ];
        let dry = command(&["anonymise", "--closed-before", "2017-01-01", "--dry-run"]);
        assert!(dry.starts_with(&format!("{personal} records closed before")), "{dry}");
        app.clock.set(crate::support::now() + chrono::TimeDelta::hours(20));
        // Somebody reads something else since before, and ends when the erasure has long begun.
        let (begun, reads) = std::sync::mpsc::channel();
        let mut reader = app.db();
        let reading = std::thread::spawn(move || {
            use diesel::connection::SimpleConnection;
            let isolated = if let aufsicht::db::Db::Sqlite(_) = reader { "BEGIN" } else { "BEGIN ISOLATION LEVEL REPEATABLE READ" };
            reader.batch_execute(&format!("{isolated}; SELECT count(*) FROM cube")).unwrap();
            begun.send(()).unwrap();
            std::thread::sleep(std::time::Duration::from_secs(2));
            reader.batch_execute("COMMIT").unwrap();
        });
        reads.recv().unwrap();
        command(&["anonymise", "--closed-before", "2017-01-01"]);
        reading.join().unwrap();
        for text in &erased {
            assert!(!app.file_holds(text), "what was sealed is gone from the files: {text}");
        }
        command(&["subject", "erase", "--record", &id(&closed[2])]);
        assert!(command(&["anonymise", "--closed-before", "2017-01-01", "--dry-run"]).contains("0 records"));

        let words = ["records_words WHERE term", "records_search WHERE word"];
        let [sqlite, postgres] = words.map(|of| format!("SELECT CAST(count(*) AS TEXT) AS text FROM {of} = 'vorlaeufig'"));
        assert_eq!(app.text(&sqlite, &postgres), "0", "a word that no title has any more");

        let client = Client::new(&app.client.base, Some(app.service().token(crate::support::ALL_SCOPES).unwrap()));
        for path in &closed[..2] {
            let record = client.get(path).expect(200);
            assert_eq!(record.json()["revision"], 3, "who has read it before is told that it has changed");
            assert!(!record.text().contains(CANARY));
        }
        for path in &closed {
            assert!(!client.get(&format!("{path}/history")).expect(200).text().contains(CANARY));
        }
        let body = json!({"title": "Vorlaeufig", "received_on": "2016-03-14", "closed_on": "2016-05-01", "notes": format!("{CANARY} alt"), "requester": {"type": "PRIVATE", "name": format!("{CANARY} alt 0")}});
        let again = client.send("POST", "/v1/cases", &[("Content-Type", "application/json"), ("Idempotency-Key", "anonymise")], Some(body.to_string().as_bytes()));
        assert!(again.status == 201 && !again.text().contains(CANARY), "{}", again.text());
        assert!(client.get(&format!("/v1/cases/{open}")).text().contains(CANARY), "what is open stays");
        // The clock has gone on, and figures of the running year say of which day they are.
        let after = statistics.iter().map(|path| client.get(path).expect(200).text().replace("2019-01-16", "2019-01-15"));
        let after: Vec<String> = after.collect();
        assert_eq!(after[1..], before[1..]);
        assert_eq!(client.get("/v1/statistics/published/2016").text(), published);
        assert_eq!(app.differences(), Vec::<String>::new());
        // The commands ran today, and let go of what was recorded years ago by then.
        app.clock.set(aufsicht::Clock::system().now().and_utc());
        app.renew();
        assert_eq!(app.client.get("/v1/audit-trail/verification").json()["differences"], json!([]));
        for text in erased {
            assert!(!app.file_holds(&text), "what was sealed is gone from the files too: {text}");
        }
    }
}

#[test]
fn accounts_are_managed_from_the_command_line() {
    let directory = Directory::new();
    let run = |arguments: &[&str]| aufsicht(&directory.0).args(arguments).output().unwrap();
    assert!(run(&["migrate"]).status.success());
    let added = String::from_utf8(
        run(&[
            "client",
            "add",
            "--name",
            "konsul",
            "--scope",
            "register:read register:write",
            "--registers",
            "cases,projects",
        ])
        .stdout,
    )
    .unwrap();
    let value = |name: &str| added.lines().find_map(|line| line.strip_prefix(&format!("{name}="))).unwrap().to_owned();
    assert_eq!(value("client_secret").len(), 64);
    let listed = || String::from_utf8(run(&["client", "list"]).stdout).unwrap();
    assert!(listed().contains("active  konsul  register:read register:write  cases,projects"), "{}", listed());
    assert!(run(&["client", "rotate", &value("client_id")]).status.success());
    assert!(run(&["client", "remove", &value("client_id")]).status.success());
    assert!(listed().contains("revoked"));
    let refused: BTreeSet<Option<i32>> =
        [&["client", "rotate", "x"][..], &["client", "add", "--name", "x", "--scope", "root"]]
            .iter()
            .map(|arguments| run(arguments).status.code())
            .collect();
    assert_eq!(refused, BTreeSet::from([Some(1)]));
}
