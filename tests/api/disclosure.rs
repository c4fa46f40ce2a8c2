//! What answers disclose, by whichever way: what may not be seen is not told by tags, lengths, refusals or trials either, and
//! what is told of a person stands in the access log.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use aufsicht::auth::Scope;
use aufsicht::db;
use aufsicht::registers::Register;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use diesel::RunQueryDsl;
use serde_json::{Value, json};

use crate::document::{example, filled, operations};
use crate::on_both_databases;
use crate::personal_data_access::logged_in;
use crate::protection::new_client;
use crate::support::{Answer, App, Backend, Client, Directory, aufsicht};

const CANARY: &str = "Kanarienvogel";
const JSON_LINES: [(&str, &str); 1] = [("Content-Type", "application/x-ndjson")];

/// A case with a canary in each property of personal data, and a title of its own.
fn canary(app: &App, title: &str) -> String {
    let body = json!({
        "title": title, "received_on": "2017-03-14", "notes": CANARY, "area": "IT", "responsible": "RF",
        "requester": {"type": "PRIVATE", "name": CANARY, "contact": CANARY},
        "external": {"system": "konsul", "id": "LU-2017-4711", "version": 3}
    });
    app.create("cases", body)["id"].as_str().unwrap().to_owned()
}

/// The entries of the access log about a record.
fn entries(app: &App, record: &str) -> Vec<Value> {
    app.client.all(&format!("/v1/access-log?record={record}&limit=1000"))
}

fn sha256(bytes: &[u8]) -> String {
    aufsicht::digest::hex(&aufsicht::digest::sha256(bytes))
}

on_both_databases! {
    fn what_head_tells_is_recorded_and_no_digest_can_be_made_by_others(app) {
        let id = canary(&app, "Anfrage");
        let path = format!("/v1/cases/{id}");
        for asked in [path.clone(), format!("{path}?expand=proceedings"), "/v1/cases".into(), format!("{path}/history"), "/v1/cases/external/konsul/LU-2017-4711".into()] {
            let before = entries(&app, &id).len();
            let head = app.client.send("HEAD", &asked, &[("X-Access-Purpose", "Auskunft")], None).expect(200);
            let told = entries(&app, &id);
            assert_eq!(told.len(), before + 1, "{asked}");
            let last = told.last().unwrap();
            assert!(last["operation"].as_str().unwrap().starts_with("HEAD ") && last["purpose"] == "Auskunft", "{last}");
            let get = app.client.get(&asked).expect(200);
            assert_eq!((head.header("etag"), head.header("content-length")), (get.header("etag"), get.header("content-length")), "{asked}");
            let tag = get.header("etag").unwrap_or_default();
            assert!(!tag.contains(&sha256(&get.body)[..16]), "{asked}: {tag}");
        }
        // Who does not see it learns nothing by its length or its tag.
        let blind = app.with_scopes("register:read");
        let other = app.create("cases", json!({"title": "Anfrage", "received_on": "2017-03-14", "area": "IT", "responsible": "RF", "requester": {"type": "PRIVATE"}, "external": {"system": "konsul", "id": "LU-2017-4712", "version": 3}}));
        let head = |id: &str| blind.send("HEAD", &format!("/v1/cases/{id}"), &[], None).expect(200).header("content-length").unwrap().to_owned();
        assert_eq!(head(&id), head(other["id"].as_str().unwrap()));
    }
}

on_both_databases! {
    fn our_tags_are_understood_however_they_come_back(app) {
        let path = format!("/v1/cases/{}", canary(&app, "Anfrage"));
        let patch = |tag: &str, body: Value| app.client.patch(&path, tag, &body);
        for (revision, form) in ["W/\"N\"", "\"N-gzip\"", "\"N;gzip\"", "W/\"N-br\"", "\"7\", \"N\""].iter().enumerate() {
            let tag = form.replace('N', &(revision + 1).to_string());
            let answer = patch(&tag, json!({"title": format!("Anfrage {revision}")})).expect(200);
            assert_eq!(answer.header("etag").unwrap(), format!("\"{}\"", revision + 2), "{tag}");
            patch(&tag, json!({"title": "x"})).expect_problem(412, "stale-revision");
        }
        let expanded = format!("{path}?expand=proceedings");
        for asked in [path.clone(), expanded, "/v1/statistics/services".into(), "/v1/reports/2017".into()] {
            let known = |tag: &str| app.client.send("GET", &asked, &[("If-None-Match", tag)], None).status;
            let tag = app.client.get(&asked).expect(200).header("etag").unwrap().to_owned();
            let inside = tag.trim_matches('"');
            for given in [tag.clone(), format!("W/{tag}"), format!("\"{inside}-gzip\""), format!("W/\"{inside};gzip\""), format!("\"other\", {tag}")] {
                assert_eq!(known(&given), 304, "{asked}: {given}");
            }
            assert_eq!((known("\"other\""), known(&format!("\"{inside}x\""))), (200, 200), "{asked}");
            assert_eq!(known(inside), 400, "{asked}");
        }
        for given in ["1", "W/1", "\"1"] {
            let problem = patch(given, json!({"title": "x"})).expect_problem(400, "invalid-parameter");
            assert_eq!((&problem["errors"][0]["parameter"], problem["errors"][0]["detail"].as_str().unwrap().contains("If-Match: \"1\"")), (&json!("If-Match"), true), "{problem}");
        }
    }
}

/// The properties of an answer, in order.
fn properties(answer: &Answer) -> Vec<String> {
    let mut names: Vec<String> = answer.json().as_object().unwrap().keys().cloned().collect();
    names.sort();
    names
}

fn lines(client: &Client, path: &str, all: &[Value]) -> Value {
    let body: Vec<String> = all.iter().map(Value::to_string).collect();
    client.send("POST", path, &JSON_LINES, Some(body.join("\n").as_bytes())).expect(207).json()
}

on_both_databases! {
    fn who_may_write_and_not_read_is_told_which_record_it_is_and_no_more(app) {
        let id = canary(&app, "Geheimsache");
        let path = format!("/v1/cases/{id}");
        let number = app.client.get(&path).json()["number"].clone();
        let delivery = json!({"title": "Geheimsache", "received_on": "2017-03-14", "area": "IT", "responsible": "RF", "requester": {"type": "PRIVATE"}, "external": {"version": 3}});
        for (scopes, recorded) in [("register:write", false), ("register:write personal:read", false), ("register:read register:write", false), ("register:read register:write personal:read", true)] {
            let writer = app.with_scopes(scopes);
            let reads = scopes.contains("register:read");
            let before = entries(&app, &id).len();
            let mut again = delivery.clone();
            if scopes.contains("personal:read") {
                again["notes"] = json!(CANARY);
                again["requester"] = json!({"type": "PRIVATE", "name": CANARY, "contact": CANARY});
            }
            let answers = [writer.patch(&path, "*", &json!({})).expect(200), writer.put("/v1/cases/external/konsul/LU-2017-4711", &again).expect(200)];
            for answer in answers {
                assert_eq!(properties(&answer) == ["id", "number", "revision"], !reads, "{scopes}: {}", answer.text());
                assert_eq!((&answer.json()["id"], &answer.json()["number"], answer.header("etag")), (&json!(id), &number, Some("\"1\"")));
                assert_eq!(answer.text().contains(CANARY), recorded, "{scopes}: {}", answer.text());
            }
            assert_eq!(entries(&app, &id).len(), before + if recorded { 2 } else { 0 }, "{scopes}");
            let made = writer.post("/v1/cases", &json!({"title": "Neu"})).expect(201);
            assert!(made.header("location").unwrap().ends_with(made.json()["id"].as_str().unwrap()));
            assert_eq!(properties(&made) == ["id", "number", "revision"], !reads, "{scopes}: {}", made.text());
            // Which record is in the way is told to who may read it.
            let conflict = writer.post("/v1/cases", &json!({"title": "x", "number": number})).expect_problem(409, "conflict");
            assert_eq!(conflict["record"] == json!(id), reads, "{scopes}: {conflict}");
            let mut older = again.clone();
            older["external"]["version"] = json!(2);
            let stale = writer.put("/v1/cases/external/konsul/LU-2017-4711", &older).expect_problem(409, "stale-version");
            assert_eq!((stale["record"] == json!(id), &stale["version"]), (reads, &json!(3)), "{scopes}: {stale}");
            let keyed = |mut body: Value| { body["external"]["system"] = json!("konsul"); body["external"]["id"] = json!("LU-2017-4711"); body };
            let all = [keyed(again.clone()), keyed(older), json!({"title": "x", "number": number}), json!({"title": "y"})];
            for query in ["?dry_run=true", "?atomic=true", ""] {
                let told = lines(&writer, &format!("/v1/cases/batch{query}"), &all);
                let results = told["results"].as_array().unwrap();
                assert_eq!(results.iter().map(|result| result["status"].as_u64().unwrap()).collect::<Vec<_>>()[1..3], [409, 409]);
                assert!(results[1..3].iter().all(|result| (result["problem"]["record"] == json!(id)) == reads), "{scopes}{query}: {told}");
                if query == "?dry_run=true" {
                    assert_eq!(told.to_string().contains(&id), reads, "{scopes}: {told}");
                    assert_eq!(told["summary"]["unchanged"] == json!(1), reads, "{scopes}: {told}");
                }
            }
            writer.delete(&format!("/v1/cases/{}", made.json()["id"].as_str().unwrap()), "*").expect(204);
        }
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

// A trial that says the same again confirms what it says, and leaves no other trace.
on_both_databases! {
    fn a_trial_that_confirms_personal_data_is_recorded(app) {
        let id = canary(&app, "Anfrage");
        let line = |name: &str| json!({"title": "Anfrage", "received_on": "2017-03-14", "notes": CANARY, "area": "IT", "responsible": "RF", "requester": {"type": "PRIVATE", "name": name, "contact": CANARY}, "external": {"system": "konsul", "id": "LU-2017-4711", "version": 3}});
        let before = entries(&app, &id).len();
        let wrong = lines(&app.client, "/v1/cases/batch?dry_run=true", &[line("Erika")]);
        assert_eq!((&wrong["summary"]["updated"], entries(&app, &id).len()), (&json!(1), before));
        let right = lines(&app.client, "/v1/cases/batch?dry_run=true", &[line(CANARY)]);
        assert_eq!((&right["summary"]["unchanged"], entries(&app, &id).len()), (&json!(1), before + 1));
        let blind = app.with_scopes("register:write personal:read");
        assert_eq!(lines(&blind, "/v1/cases/batch?dry_run=true", &[line(CANARY)])["summary"], lines(&blind, "/v1/cases/batch?dry_run=true", &[line("Erika")])["summary"]);
    }
}

on_both_databases! {
    fn a_repeated_request_is_answered_by_what_may_be_read_now(app) {
        let (whole, blind) = (app.client.clone(), app.with_scopes("register:write"));
        let number = app.case("Im Weg")["number"].clone();
        let send = |client: &Client, path: &str, media: &str, body: String| client.send("POST", path, &[("Content-Type", media), ("Idempotency-Key", path)], Some(body.as_bytes()));
        let create = |client: &Client| send(client, "/v1/cases", "application/json", json!({"title": "Geheimsache", "notes": CANARY}).to_string()).expect(201);
        let first = create(&whole);
        let id = first.json()["id"].as_str().unwrap().to_owned();
        let before = entries(&app, &id).len();
        for (scopes, told) in [("register:write", false), ("register:write personal:read", false), ("register:read register:write", false), ("register:read register:write personal:read", true)] {
            let again = create(&app.with_scopes(scopes));
            assert_eq!((again.header("idempotency-replayed"), &again.json()["id"]), (Some("true"), &json!(id)), "{scopes}");
            assert_eq!(again.text().contains(CANARY), told, "{scopes}: {}", again.text());
            assert_eq!(again.text().contains("Geheimsache"), scopes.contains("register:read"), "{scopes}");
        }
        assert_eq!(entries(&app, &id).len(), before + 1);
        let batch = |client: &Client| send(client, "/v1/cases/batch", "application/x-ndjson", json!({"title": "x", "number": number}).to_string()).expect(207);
        assert!(batch(&whole).json()["results"][0]["problem"]["record"].is_string());
        let again = batch(&blind);
        assert_eq!((again.header("idempotency-replayed"), again.json()["results"][0]["problem"].get("record")), (Some("true"), None), "{}", again.text());
    }
}

// The log that cannot be written costs the personal data in the answer, and never a write that is kept.
on_both_databases! {
    fn what_is_kept_is_never_refused(app) {
        let path = format!("/v1/cases/{}", canary(&app, "Anfrage"));
        let mut log = db::connect_to(&app.config.database.access_log().unwrap(), &app.config.database).unwrap();
        diesel::sql_query("ALTER TABLE access_log RENAME TO lost").execute(&mut log).unwrap();
        let personal = json!({"title": "Einmal", "requester": {"type": "PRIVATE", "name": CANARY}, "notes": CANARY, "received_on": "2017-03-14"});
        let made = app.client.post("/v1/cases", &personal).expect(201);
        let changed = app.client.patch(&path, "\"1\"", &json!({"area": "POLICE"})).expect(200);
        let mut delivery = personal.clone();
        delivery["external"] = json!({"version": 1});
        let delivered = app.client.put("/v1/cases/external/konsul/neu", &delivery).expect(201);
        for answer in [&made, &changed, &delivered] {
            assert!(!answer.text().contains(CANARY) && answer.json()["title"].is_string(), "{}", answer.text());
        }
        app.client.get(&path).expect_problem(503, "unavailable");
        // A purpose that cannot be recorded is refused before anything is kept.
        let total = || app.with_scopes("register:read").get("/v1/cases?include_total=true").json()["total"].clone();
        let before = total();
        let headers = [("Content-Type", "application/json"), ("X-Access-Purpose", &*"x".repeat(201))];
        app.client.send("POST", "/v1/cases", &headers, Some(personal.to_string().as_bytes())).expect_problem(400, "invalid-parameter");
        assert_eq!(total(), before);
        diesel::sql_query("ALTER TABLE lost RENAME TO access_log").execute(&mut log).unwrap();
        assert_eq!(app.client.get(made.header("location").unwrap()).expect(200).json()["notes"], CANARY);
    }
}

on_both_databases! {
    fn publishing_does_not_read_figures(app) {
        app.case("Anfrage");
        let publish = |client: &Client| client.put("/v1/statistics/published/2017", &json!({"from_live": true}));
        let blind = publish(&app.with_scopes("statistics:publish")).expect(201).json();
        assert_eq!((&blind["version"], blind.get("figures"), blind.get("versions")), (&json!(1), None, None), "{blind}");
        assert_eq!(publish(&app.client).expect(200).json()["figures"]["inquiries.total"], 1);
    }
}

/// What a command prints; its exit code must be that of success or not.
fn command(app: &App, arguments: &[&str], succeeds: bool) -> String {
    let directory = Directory::new();
    let output = aufsicht(&directory.0).args(arguments).env("DATABASE_URL", &app.config.database.url).output().unwrap();
    assert_eq!(output.status.success(), succeeds, "{output:?}");
    String::from_utf8(if succeeds { output.stdout } else { output.stderr }).unwrap()
}

on_both_databases! {
    fn the_report_of_a_matter_is_recorded_and_needs_a_purpose(app) {
        let id = canary(&app, "Anfrage");
        // The command's clock is of today, and lets go what the service wrote in 2019.
        let told_to_operator = |id: &str| app.client.all(&format!("/v1/access-log?record={id}&subject=operator"));
        assert!(command(&app, &["subject", "report", "--record", &id], false).contains("--purpose"));
        for purpose in [" ", &"x".repeat(201)] {
            let refused = command(&app, &["subject", "report", "--record", &id, "--purpose", purpose], false);
            assert!(refused.contains("1 to 200 characters") && !refused.contains(CANARY), "{refused}");
        }
        let refused = command(&app, &["export", "--register", "cases", "--personal-data", "--purpose", " "], false);
        assert!(refused.contains("1 to 200 characters"), "{refused}");
        assert_eq!(told_to_operator(&id).len(), 0);
        let told = command(&app, &["subject", "report", "--record", &id, "--purpose", "Auskunft nach § 15"], true);
        assert!(told.contains(CANARY), "{told}");
        let entries = told_to_operator(&id);
        assert_eq!(entries.len(), 1);
        let last = &entries[0];
        assert_eq!(
            (&last["subject"], &last["operation"], &last["purpose"], &last["properties"]),
            (&json!("operator"), &json!("subject report"), &json!("Auskunft nach § 15"), &json!(["notes", "requester.contact", "requester.name"]))
        );
        // What is gone is told from the history; what has none is no disclosure.
        app.client.delete(&format!("/v1/cases/{id}"), "*").expect(204);
        assert!(command(&app, &["subject", "report", "--record", &id, "--purpose", "Auskunft"], true).contains(CANARY));
        assert_eq!(told_to_operator(&id).len(), 2);
        let other = app.case("Ohne Personendaten")["id"].as_str().unwrap().to_owned();
        command(&app, &["subject", "report", "--record", &other, "--purpose", "Auskunft"], true);
        assert_eq!(told_to_operator(&other).len(), 0);
        // What cannot be recorded is not printed.
        let mut log = db::connect_to(&app.config.database.access_log().unwrap(), &app.config.database).unwrap();
        diesel::sql_query("ALTER TABLE access_log RENAME TO lost").execute(&mut log).unwrap();
        assert!(!command(&app, &["subject", "report", "--record", &id, "--purpose", "Auskunft"], false).contains(CANARY));
        diesel::sql_query("ALTER TABLE lost RENAME TO access_log").execute(&mut log).unwrap();
    }
}

#[test]
fn a_backup_stands_in_the_audit_trail() {
    let app = App::start(Backend::Sqlite);
    canary(&app, "Anfrage");
    let directory = Directory::new();
    let path = |name: &str| directory.0.join(name).display().to_string();
    let recipient = command(&app, &["backup-key", &path("key")], true).trim().to_owned();
    command(&app, &["backup", &path("today.backup"), "--recipient", &recipient], true);
    command(&app, &["backup", &path("today.backup"), "--recipient", &recipient], false);
    let told = app.client.all("/v1/audit-trail?kind=BACKUP");
    assert_eq!(told.len(), 1, "what is refused is no backup: {told:?}");
    let entry = &told[0];
    assert_eq!(
        (&entry["actor"], &entry["action"], &entry["subject"]),
        (&json!("operator"), &json!("TAKEN"), &json!("today.backup"))
    );
    assert_eq!(app.differences(), Vec::<String>::new());
}

on_both_databases! {
    fn metrics_tell_what_comes_in_to_who_may_read_the_figures(app) {
        app.case("Anfrage");
        let account = new_client(&app, json!({"name": "chancellery", "scopes": ["statistics:read", "register:read"], "registers": ["projects"]}));
        let bound = logged_in(&app, &app.client.base, &account);
        for (client, detailed) in [(app.client.anonymous(), false), (app.with_scopes("register:read admin"), false), (bound.clone(), false), (app.with_scopes("statistics:read"), true)] {
            let text = client.get("/metrics").expect(200).text();
            assert_eq!(text.contains("route="), detailed, "{text}");
            assert_eq!((text.contains("aufsicht_requests"), text.contains("aufsicht_writes_waiting")), (detailed, detailed), "{text}");
            assert!(text.contains("aufsicht_pool_connections ") && text.contains("aufsicht_unavailable_total 0") && text.ends_with("# EOF\n"), "{text}");
        }
        let text = bound.get("/metrics").expect(200).text();
        assert!(text.contains("aufsicht_records{register=\"projects\"} 0") && !text.contains("register=\"cases\""), "{text}");
        // Nothing of what everybody is told moves when a matter comes in.
        let open = || app.client.anonymous().get("/metrics").expect(200).text();
        let before = open();
        app.case("Anfrage");
        let moved = |text: &str| text.lines().filter(|line| !line.contains("in_use")).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(moved(&before), moved(&open()));
    }
}

on_both_databases! {
    fn figures_of_single_matters_need_the_registers(app = App::start_with_demo) {
        let (figures, both) = (app.with_scopes("statistics:read"), app.with_scopes("statistics:read register:read"));
        let of = "from=2016&to=2017&register=cases";
        for exact in ["by=year,area,channel", "by=year,channel", "by=quarter,requester", "by=month,area", "by=register,kind,status", "by=year&area=IT&channel=EMAIL", "by=area&area=IT,POLICE&channel=EMAIL"] {
            let path = format!("/v1/statistics/counts?{of}&{exact}");
            let told = figures.get(&path).expect(200).json();
            assert_eq!(told, both.get(&path).expect(200).json(), "{exact}");
            assert!(told["items"].as_array().unwrap().iter().all(|item| item["count"].is_number()), "{exact}");
        }
        for close in ["counts?by=responsible", "counts?by=year&responsible=RF", "counts?by=year&responsible=NONE", "counts?by=month,area,channel", "counts?by=year,kind,area,channel", "counts?by=organisation,area,channel",
            "counts?by=month,kind,requester,area,channel,status", "counts?area=IT&channel=EMAIL&requester=PRIVATE", "counts?by=channel&area=IT&requester=PRIVATE", "counts?by=month,organisation&area=IT",
            "backlog?responsible=RF", "backlog?by=month&area=HEALTH&requester=PRIVATE", "backlog?area=HEALTH&requester=PRIVATE&channel=LETTER",
            "durations?by=responsible", "durations?responsible=RF", "durations?by=channel&area=HEALTH&requester=PRIVATE"] {
            for format in ["json", "csv"] {
                let path = format!("/v1/statistics/{close}{}format={format}", if close.contains('?') { '&' } else { '?' });
                let problem = figures.get(&path).expect_problem(403, "missing-scope");
                assert_eq!(problem["scope"], "register:read", "{close}");
                figures.send("HEAD", &path, &[], None).expect(403);
                both.get(&path).expect(200);
            }
        }
    }
}

/// A case that was closed after some days.
fn closed_after(app: &App, requester: &str, days: i64) {
    let received: chrono::NaiveDate = "2017-01-01".parse().unwrap();
    let closed = received + chrono::TimeDelta::days(days);
    app.create(
        "cases",
        json!({"title": "Anfrage", "received_on": received, "closed_on": closed, "requester": {"type": requester}}),
    );
}

on_both_databases! {
    fn how_long_few_matters_took_needs_the_registers(app) {
        for (requester, days) in [("PRIVATE", &[10, 11, 12, 13, 14, 15, 16][..]), ("CANTON", &[20, 21, 22, 23, 24, 25]), ("MUNICIPALITY", &[111, 113])] {
            days.iter().for_each(|days| closed_after(&app, requester, *days));
        }
        for requester in ["PRIVATE", "PRIVATE", "CANTON"] {
            app.create("cases", json!({"title": "Offen", "received_on": "2017-05-05", "requester": {"type": requester}}));
        }
        let (figures, both) = (app.with_scopes("statistics:read"), app.with_scopes("statistics:read register:read"));
        let path = "/v1/statistics/durations?year=2017&by=requester";
        let whole = both.get(path).expect(200).json();
        let of = |value: &Value, requester: &str| value["items"].as_array().unwrap().iter().find(|item| item["requester"] == requester).unwrap().clone();
        assert_eq!((&of(&whole, "MUNICIPALITY")["closed"]["max"], of(&whole, "MUNICIPALITY")["closed"].get("suppressed")), (&json!(113), None));
        let told = figures.get(path).expect(200).json();
        // Two matters are few; with the six of the canton they are enough.
        for (requester, suppressed) in [("MUNICIPALITY", true), ("CANTON", true), ("PRIVATE", false)] {
            let (held, shown) = (of(&whole, requester), of(&told, requester));
            assert_eq!(shown["closed"]["count"], held["closed"]["count"]);
            let days = |group: &Value| ["mean", "median", "p90", "max"].map(|name| group["closed"][name].clone());
            assert_eq!(days(&shown), if suppressed { [const { Value::Null }; 4] } else { days(&held) }, "{requester}");
            assert_eq!(shown["closed"].get("suppressed"), suppressed.then_some(&json!(true)));
        }
        assert_eq!(told["total"]["closed"], whole["total"]["closed"]);
        for group in told["items"].as_array().unwrap().iter().chain([&told["total"]]).filter(|group| group["pending"]["count"] != 0) {
            let expected = json!({"count": group["pending"]["count"], "mean": null, "max": null, "classes": null, "suppressed": true});
            assert_eq!(group["pending"], expected);
        }
        let csv = figures.get(&format!("{path}&format=csv")).expect(200).text();
        let row = csv.lines().find(|line| line.starts_with("MUNICIPALITY")).unwrap();
        assert!(row.starts_with("MUNICIPALITY;2;;;;;0;") && row.ends_with(";HIDDEN;LIVE"), "{csv}");
        figures.get("/v1/statistics/durations?year=2017&requester=MUNICIPALITY").expect(200).json()["total"]["closed"]["suppressed"].as_bool().unwrap();
        figures.get("/v1/statistics/durations?year=2017&by=requester&format=xlsx").expect(200);
        figures.get("/v1/statistics/durations?year=2017&by=requester&format=json-stat").expect(200);
        for (client, told) in [(&both, true), (&figures, false)] {
            let page = client.get("/v1/reports/2017?format=html&lang=en").expect(200).text();
            assert_eq!(page.contains("<td>112.0</td>"), told);
        }
    }
}

on_both_databases! {
    fn webhooks_tell_of_changes_to_who_may_read_them(app) {
        let manager = app.with_scopes("webhooks:manage");
        let hook = app.client.post("/v1/webhooks", &json!({"url": "https://receiver.invalid/hook"})).expect(201).json();
        let path = format!("/v1/webhooks/{}", hook["id"].as_str().unwrap());
        let case = app.case("Anfrage");
        let deliveries = format!("{path}/deliveries");
        let begun = std::time::Instant::now();
        while app.client.all(&deliveries).is_empty() {
            assert!(begun.elapsed().as_secs() < 20);
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        app.sql("UPDATE deliveries SET state = 'PARKED', next_at = '2030-01-01 00:00:00'");
        let whole = &app.client.all(&deliveries)[0];
        assert_eq!((&whole["record"], &whole["register"], &whole["action"], &whole["revision"]), (&case["id"], &json!("cases"), &json!("CREATED"), &json!(1)));
        let told = &manager.all(&deliveries)[0];
        assert!(["record", "register", "action", "revision"].iter().all(|name| told.get(name).is_none()), "{told}");
        assert_eq!((&told["id"], &told["state"]), (&whole["id"], &json!("PARKED")));
        let again = manager.send("POST", &format!("{deliveries}/{}/redelivery", told["id"].as_str().unwrap()), &[], None).expect(202);
        assert!(!again.text().contains(case["id"].as_str().unwrap()) && !again.text().contains("cases"), "{}", again.text());
        // An address hears of changes only when somebody has switched it on who may read them.
        let needs = |answer: Answer| assert_eq!(answer.expect_problem(403, "missing-scope")["scope"], "register:read");
        let new = |active: Value| manager.post("/v1/webhooks", &json!({"url": "https://attacker.invalid/hook", "active": active}));
        needs(new(json!(true)));
        let own = new(Value::Null).expect(201).json();
        assert_eq!(own["active"], false);
        let own = format!("/v1/webhooks/{}", own["id"].as_str().unwrap());
        needs(manager.patch(&own, "*", &json!({"active": true})));
        manager.patch(&own, "*", &json!({"url": "https://attacker.invalid/other"})).expect(200);
        for change in [json!({"url": "https://attacker.invalid/hook"}), json!({"registers": ["cases"]})] {
            needs(manager.patch(&path, "*", &change));
        }
        assert_eq!(app.client.get(&path).expect(200).json()["url"], "https://receiver.invalid/hook");
        manager.patch(&path, "*", &json!({"url": "https://receiver.invalid/hook", "active": true})).expect(200);
        manager.patch(&path, "*", &json!({"active": false})).expect(200);
        needs(manager.patch(&path, "*", &json!({"active": true})));
        app.client.patch(&own, "*", &json!({"active": true})).expect(200);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

/// Tells planted records apart.
static NEXT: AtomicU32 = AtomicU32::new(1);

/// A record with canaries in whatever its register calls personal data, and a title and number of its own.
fn planted(app: &App, register: &Register, external: Option<(&str, &str)>) -> Value {
    let mut body = crate::personal_data_access::secret(register);
    let example = (register.example)();
    if let Some(number) = register.property_name("number") {
        body[number] = json!(format!("Geheimnummer {:05}", NEXT.fetch_add(1, Ordering::SeqCst)));
    }
    if let Some(notes) = register.property_name("notes") {
        body[notes] = json!(CANARY);
    }
    if body["requester"].is_object() {
        body["requester"]["name"] = json!(CANARY);
        body["requester"]["contact"] = json!(CANARY);
    }
    for property in register.unique.iter().filter(|property| !example[**property].is_null()) {
        body[property] = json!(NEXT.fetch_add(1, Ordering::SeqCst) + 5000);
    }
    match external {
        None => app.create(register.name, body),
        Some((system, id)) => {
            body["external"] = json!({"version": 3});
            app.client.put(&format!("/v1/{}/external/{system}/{id}", register.name), &body);
            app.client.get(&format!("/v1/{}/external/{system}/{id}", register.name)).expect(200).json()
        }
    }
}

/// The path of an operation with its parameters filled in, and the planted record that it names, if it names one.
fn planted_path(app: &App, path: &str, method: &str, operation: &Value) -> (String, Option<Value>) {
    let register = path.split('/').nth(2).and_then(aufsicht::registers::find);
    let example = |name: &str| {
        let parameters = operation["parameters"].as_array().unwrap();
        let parameter = parameters.iter().find(|parameter| parameter["name"] == name).unwrap();
        parameter["example"].as_str().unwrap().to_owned()
    };
    match register {
        Some(register) if path.contains("{id}") => {
            let record = planted(app, register, None);
            (path.replace("{id}", record["id"].as_str().unwrap()), Some(record))
        }
        Some(register) if path.contains("{external_id}") => {
            // What was deleted does not come back under its key with the same version.
            let of_its_own = format!("Schluessel-{}", NEXT.fetch_add(1, Ordering::SeqCst));
            let (system, id) =
                (example("system"), if method == "DELETE" { of_its_own } else { example("external_id") });
            let record = planted(app, register, Some((&system, &id)));
            (path.replace("{system}", &system).replace("{external_id}", &id), Some(record))
        }
        _ => (filled(app, path, operation), None),
    }
}

/// Sends an operation as its example says.
fn ask(client: &Client, method: &str, path: &str, operation: &Value, more: &[(&str, &str)]) -> Answer {
    let body = example(operation).filter(|_| !["GET", "HEAD"].contains(&method));
    let mut headers = if body.is_some() || method == "DELETE" { vec![("If-Match", "*")] } else { vec![] };
    headers.extend(body.iter().map(|(media, _)| ("Content-Type", media.as_str())));
    headers.extend(more);
    client.send(method, path, &headers, body.as_ref().map(|(_, text)| text.as_bytes()))
}

/// All that an answer says: its headers, and its body unpacked.
pub fn said(answer: &Answer) -> String {
    let headers: String = answer.headers().iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    headers + &answer.text() + &crate::protection::unzipped(&answer.body)
}

/// No header has a digest of the body that anybody could make.
fn has_no_digest(answer: &Answer) -> bool {
    let digest = aufsicht::digest::sha256(&answer.body);
    let hex = aufsicht::digest::hex(&digest);
    let base64 = [STANDARD.encode(digest), URL_SAFE_NO_PAD.encode(digest)].map(|text| text[..11].to_owned());
    let told: String = answer.headers().iter().map(|(_, value)| value.as_str()).collect();
    !told.to_ascii_lowercase().contains(&hex[..12]) && base64.iter().all(|text| !told.contains(text))
}

/// The answers of an operation to a client: to the method itself, and for GET also in each format, to HEAD, and to
/// somebody who knows the tag.
pub fn answers(client: &Client, method: &str, path: &str, operation: &Value) -> Vec<Answer> {
    if method != "GET" {
        return vec![ask(client, method, path, operation, &[])];
    }
    let media = operation["responses"]["200"]["content"].as_object().unwrap().keys();
    let mut all = Vec::new();
    // A stream of events does not end, and a report as PDF says what it says as a page.
    for media in media.filter(|media| !["text/event-stream", "application/pdf"].contains(&media.as_str())) {
        let accept = [("Accept", media.as_str())];
        let got = ask(client, "GET", path, operation, &accept);
        all.push(ask(client, "HEAD", path, operation, &accept));
        if let Some(tag) = got.header("etag") {
            all.push(ask(client, "GET", path, operation, &[accept[0], ("If-None-Match", tag)]));
            all.push(ask(client, "HEAD", path, operation, &[accept[0], ("If-None-Match", tag)]));
        }
        let is_refused = got.status >= 400;
        all.push(got);
        if is_refused {
            break;
        }
    }
    all
}

/// Takes back that an example has published a planted record.
fn unpublish(app: &App, path: &str, record: Option<&Value>) {
    let register = path.split('/').nth(2).and_then(aufsicht::registers::find);
    if let (Some(register), Some(record)) = (register.filter(|register| !register.public.is_empty()), record) {
        app.client.patch(
            &format!("/v1/{}/{}", register.name, record["id"].as_str().unwrap()),
            "*",
            &json!({"published": false}),
        );
    }
}

// Every operation of the document, by every way, with each scope alone: what is planted is told to nobody who may not read it.
on_both_databases! {
    fn no_scope_opens_what_another_guards(app) {
        let mut asked = 0;
        for (path, method, operation) in operations(&crate::support::document()) {
            if operation["security"][0].get("client").is_some() {
                continue;
            }
            let (real, record) = planted_path(&app, &path, &method, &operation);
            let own = record.iter().flat_map(|record| [record["id"].as_str().unwrap(), record["number"].as_str().unwrap()]);
            let own: Vec<&str> = own.collect();
            // Figures and documents hold no text of a record; the report of a year does.
            let is_figures = operation["tags"][0] == "statistics" && !path.starts_with("/v1/reports");
            let is_impersonal = is_figures || operation["tags"][0] == "vocabularies" || !path.starts_with("/v1/");
            for scope in Scope::ALL {
                for answer in answers(&app.with_scopes(scope.as_str()), &method, &real, &operation) {
                    let (name, mut told) = (format!("{} with {scope}", answer.request), said(&answer));
                    assert!(!told.contains(CANARY), "{name}: {told}");
                    assert!(is_impersonal || has_no_digest(&answer), "{name}: {told}");
                    asked += 1;
                    // A refusal may repeat what was asked for.
                    own.iter().filter(|own| real.contains(**own)).for_each(|own| told = told.replace(own, ""));
                    match scope {
                        Scope::RegisterRead => continue,
                        // Which record was written, and what was done to which.
                        Scope::RegisterWrite if method != "GET" => own.iter().for_each(|own| told = told.replace(own, "")),
                        Scope::AccessLogRead if ["/v1/access-log", "/v1/audit-trail"].contains(&path.as_str()) => continue,
                        _ => {}
                    }
                    assert!(!told.contains("Geheim") && own.iter().all(|own| !told.contains(own)), "{name}: {told}");
                }
            }
            unpublish(&app, &path, record.as_ref());
        }
        assert!(asked > 1000, "{asked}");
    }
}

// Every operation of the document with all scopes: what shows personal data, or how long it is, stands in the access log.
on_both_databases! {
    fn what_shows_personal_data_stands_in_the_access_log(app) {
        let (mut shown, mut quiet) = (BTreeSet::new(), 0);
        let blind: Vec<&str> = Scope::ALL.iter().filter(|scope| **scope != Scope::PersonalRead).map(|scope| scope.as_str()).collect();
        let blind = app.with_scopes(&blind.join(" "));
        let twin = twin_of_nobody(&app);
        for (path, method, operation) in operations(&crate::support::document()) {
            if operation["security"][0].get("client").is_some() {
                continue;
            }
            let (real, record) = planted_path(&app, &path, &method, &operation);
            for answer in answers(&blind, &method, &real, &operation) {
                assert!(!said(&answer).contains(CANARY), "{}: {}", answer.request, answer.text());
            }
            if path.starts_with("/v1/cases/{id}") && method == "GET" {
                let other = real.replace(record.unwrap()["id"].as_str().unwrap(), &twin);
                for method in ["GET", "HEAD"] {
                    let length = |path: &str| ask(&blind, method, path, &operation, &[]).header("content-length").map(str::to_owned);
                    assert_eq!(length(&real), length(&other), "{method} {path}");
                }
            }
            let (real, _) = if method == "DELETE" { planted_path(&app, &path, &method, &operation) } else { (real, None) };
            let answers = answers(&app.client, &method, &real, &operation);
            let is_personal = answers.iter().any(|answer| said(answer).contains(CANARY));
            for answer in &answers {
                assert!(!said(answer).contains(CANARY) || has_no_digest(answer), "{}", answer.request);
                let tells_of_it = answer.request.starts_with("HEAD") && answer.status == 200 && answer.header("content-length").is_some();
                if said(answer).contains(CANARY) || (is_personal && tells_of_it) {
                    shown.insert((answer.request.clone(), answer.header("x-request-id").unwrap().to_owned()));
                } else {
                    quiet += 1;
                }
            }
        }
        let logged: BTreeSet<String> = app.client.all("/v1/access-log?limit=1000").iter().map(|entry| entry["request_id"].as_str().unwrap().to_owned()).collect();
        let missing: Vec<&(String, String)> = shown.iter().filter(|(_, id)| !logged.contains(id)).collect();
        assert_eq!(missing, Vec::<&(String, String)>::new());
        assert!(shown.len() > 40 && quiet > 100, "{} {quiet}", shown.len());
    }
}

/// The id of a case like those that are planted, with a title and number as long, and without personal data.
fn twin_of_nobody(app: &App) -> String {
    let mut body = crate::personal_data_access::secret(aufsicht::registers::find("cases").unwrap());
    body["number"] = json!("Geheimnummer 99999");
    if let Some(requester) = body["requester"].as_object_mut() {
        requester.retain(|name, _| !["name", "contact"].contains(&name.as_str()));
    }
    app.create("cases", body)["id"].as_str().unwrap().to_owned()
}
