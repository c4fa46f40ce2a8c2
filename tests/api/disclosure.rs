//! What answers disclose, by whichever way: what may not be seen is not told by tags, lengths, refusals or trials either, and
//! what is told of a person stands in the access log.

use aufsicht::db;
use diesel::RunQueryDsl;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::on_both_databases;
use crate::support::{Answer, App, Client};

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
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
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
            assert_eq!(made.header("location").unwrap().ends_with(made.json()["id"].as_str().unwrap()), true);
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
        let mut log = db::connect_to(&app.config.access_log().unwrap(), &app.config).unwrap();
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
