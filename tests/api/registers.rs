//! The registers: creating, reading, changing, deleting, listing and following records.

use std::collections::BTreeSet;

use aufsicht::records::query::search::words;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{App, faults};

/// A body for each register, and its path.
fn bodies() -> Vec<(&'static str, Value)> {
    aufsicht::registers::ALL.iter().map(|register| (register.name, (register.example)())).collect()
}

/// What the title is called in a register.
fn title(register: &str) -> &'static str {
    aufsicht::registers::find(register).unwrap().property_name("title").unwrap()
}

on_both_databases! {
    fn every_register_creates_reads_changes_and_deletes(app) {
        for (register, body) in bodies() {
            let title = title(register);
            let answer = app.client.post(&format!("/v1/{register}"), &body).expect(201);
            let record = answer.json();
            let path = format!("/v1/{register}/{}", record["id"].as_str().unwrap());
            assert_eq!(answer.header("location"), Some(path.as_str()));
            assert_eq!(answer.header("etag"), Some("\"1\""));
            for (name, value) in body.as_object().unwrap() {
                // A finding gets an id.
                if name != "findings" {
                    assert_eq!(&record[name], value, "{register} {name}");
                }
            }
            if aufsicht::registers::find(register).unwrap().property_name("status").is_some() {
                assert_eq!(record["status"], "OPEN");
            }
            assert_eq!(record["revision"], 1);
            assert_eq!(app.client.get(&path).expect(200).json(), record);

            let changed = app.client.patch(&path, "\"1\"", &json!({title: "Neuer Titel"})).expect(200);
            assert_eq!(changed.header("etag"), Some("\"2\""));
            assert_eq!(changed.json()[title], "Neuer Titel");
            app.client.patch(&path, "\"1\"", &json!({title: "Zu spät"})).expect_problem(412, "stale-revision");
            app.client.delete(&path, "\"1\"").expect_problem(412, "stale-revision");
            app.client.send("DELETE", &path, &[], None).expect_problem(428, "precondition-required");

            assert_eq!(app.client.delete(&path, "\"2\"").expect(204).body.len(), 0);
            app.client.get(&path).expect_problem(404, "not-found");
            app.client.delete(&path, "\"2\"").expect_problem(404, "not-found");
            let history = app.client.all(&format!("{path}/history"));
            let actions: Vec<&str> = history.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
            assert_eq!(actions, ["CREATED", "UPDATED", "DELETED"]);
            assert_eq!(history[1]["changes"], json!([
                {"property": title, "old": body[title], "new": "Neuer Titel"}
            ]));
        }
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn a_record_is_found_in_its_own_register_only(app) {
        let id = app.case("Ein Fall")["id"].as_str().unwrap().to_owned();
        for register in ["projects", "audits", "events", "media-requests"] {
            app.client.get(&format!("/v1/{register}/{id}")).expect_problem(404, "not-found");
            app.client.get(&format!("/v1/{register}/{id}/history")).expect_problem(404, "not-found");
        }
        app.client.get("/v1/cases/not-an-id").expect_problem(400, "invalid-parameter");
    }
}

on_both_databases! {
    fn names_every_fault_of_a_body_at_once(app) {
        let body = json!({
            "title": "x".repeat(301), "received_on": "2017-02-30", "closed_on": 5, "status": "DONE", "number": " ",
            "nonsense": 1, "area": "it", "requester": {"type": "CITY", "nam": "x", "organisation": ""},
            "notes": "a\u{0}b", "external": {"system": "konsul", "version": -1}, "kind": "INQUIRY"
        });
        let problem = app.client.post("/v1/cases", &body).expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), [
            "/area", "/closed_on", "/external/id", "/external/version", "/nonsense", "/notes", "/number",
            "/received_on", "/requester/nam", "/requester/organisation", "/requester/type", "/status", "/title"
        ]);
        let problem = app.client.post("/v1/projects", &json!({"high_risk": "yes"}));
        assert_eq!(faults(&problem.expect_problem(422, "validation-failed")), ["/high_risk", "/role", "/title"]);
        let audit = json!({"title": "A", "findings": [{"severity": "BAD"}, {"finding": 5, "due": "x"}, 7]});
        let problem = app.client.post("/v1/audits", &audit).expect_problem(422, "validation-failed");
        assert!(faults(&problem).contains(&"/findings/0/severity".to_owned()), "{problem}");
        assert!(faults(&problem).contains(&"/findings/1/finding".to_owned()), "{problem}");
        let named = problem["errors"].to_string();
        assert!(!named.contains("BAD"), "a refusal does not repeat what was sent: {named}");
    }
}

on_both_databases! {
    fn refuses_what_is_no_record(app) {
        let post = |body: &[u8], media_type: &str| {
            app.client.send("POST", "/v1/cases", &[("Content-Type", media_type)], Some(body))
        };
        let json = "application/json";
        post(b"{\"title\":", json).expect_problem(400, "malformed-request");
        post(b"", json).expect_problem(400, "malformed-request");
        post(b"\"\\ud800\"", json).expect_problem(400, "malformed-request");
        post(b"{\"title\":\"\xff\"}", json).expect_problem(400, "malformed-request");
        post("[".repeat(50_000).as_bytes(), json).expect_problem(400, "malformed-request");
        post(br#"{"title": "a", "requester": {"name": "b", "name": "c"}}"#, json).expect_problem(400, "malformed-request");
        post(b"[]", json).expect_problem(422, "validation-failed");
        post(b"null", json).expect_problem(422, "validation-failed");
        post(b"title=x", "application/x-www-form-urlencoded").expect_problem(415, "unsupported-media-type");
        post(b"{}", "application/json; charset=latin1").expect_problem(415, "unsupported-media-type");
        app.client.send("POST", "/v1/cases", &[], Some(b"{}")).expect_problem(415, "unsupported-media-type");
        let large = json!({"title": "x", "notes": "x".repeat(300_000)}).to_string();
        post(large.as_bytes(), json).expect_problem(413, "content-too-large");
        let nul = app.client.post("/v1/cases", &json!({"title": "a\u{0}b"}));
        assert_eq!(faults(&nul.expect_problem(422, "validation-failed")), ["/title"]);
        assert_eq!(app.client.all("/v1/cases").len(), 0);
    }
}

on_both_databases! {
    fn dates_follow_the_rules(app) {
        let refused = |register: &str, body: Value| {
            faults(&app.client.post(&format!("/v1/{register}"), &body).expect_problem(422, "validation-failed"))
        };
        for date in ["2017-02-30", "2017-2-3", "17-02-03", "2017-02-30T00:00:00Z", "03.02.2017", "1989-12-31", "2019-01-17"] {
            assert_eq!(refused("cases", json!({"title": "x", "received_on": date})), ["/received_on"], "{date}");
        }
        app.create("cases", json!({"title": "x", "received_on": "2019-01-16"}));
        app.create("cases", json!({"title": "x", "received_on": "1990-01-01"}));
        let early = json!({"title": "x", "received_on": "2017-05-05", "closed_on": "2017-05-04"});
        assert_eq!(refused("cases", early), ["/closed_on"]);
        app.create("cases", json!({"title": "x", "due_on": "2025-01-01"}));
        app.create("audits", json!({"title": "x", "planned_on": "2025-01-01"}));
        assert_eq!(refused("audits", json!({"title": "x", "conducted_on": "2025-01-01"})), ["/conducted_on"]);
        let event = app.create("events", json!({"title": "x", "kind": "LECTURE", "held_on": "2025-01-01"}));
        assert_eq!(event["received_on"], "2025-01-01");
        let event = app.create("events", json!({"title": "x", "kind": "LECTURE", "received_on": "2018-01-01"}));
        assert_eq!(event["held_on"], "2018-01-01");
        assert_eq!(refused("events", json!({"title": "x", "kind": "LECTURE"})), ["/held_on"]);
        let two = json!({"title": "x", "kind": "LECTURE", "held_on": "2018-01-01", "received_on": "2018-01-02"});
        assert_eq!(refused("events", two), ["/held_on"]);
        let path = format!("/v1/events/{}", event["id"].as_str().unwrap());
        let moved = app.client.patch(&path, "\"1\"", &json!({"held_on": "2018-02-02"})).expect(200).json();
        assert_eq!(moved["received_on"], "2018-02-02");
    }
}

on_both_databases! {
    fn closing_and_reopening_keep_status_and_date_together(app) {
        let id = app.case("Ein Fall")["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/cases/{id}");
        let patch = |revision: i64, body: Value| app.client.patch(&path, &format!("\"{revision}\""), &body);
        let problem = patch(1, json!({"status": "CLOSED"})).expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), ["/closed_on"]);
        let problem = patch(1, json!({"status": "OPEN", "closed_on": "2017-04-01"})).expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), ["/status"]);
        assert_eq!(patch(1, json!({"closed_on": "2017-04-01"})).expect(200).json()["status"], "CLOSED");
        assert_eq!(patch(2, json!({"status": "CLOSED"})).expect(200).json()["revision"], 2);
        let open = patch(2, json!({"closed_on": null})).expect(200).json();
        assert_eq!((&open["status"], open.get("closed_on")), (&json!("OPEN"), None));
        let closed = patch(3, json!({"status": "CLOSED", "closed_on": "2017-04-02"})).expect(200).json();
        assert_eq!(closed["revision"], 4);
        let problem = patch(4, json!({"received_on": null, "title": ""})).expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), ["/received_on", "/title"]);
        let again = patch(4, json!({"status": "SUSPENDED"})).expect(200).json();
        assert_eq!((&again["status"], again.get("closed_on")), (&json!("SUSPENDED"), None));
        assert_eq!(app.client.all(&format!("{path}/history")).len(), 5);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn consultations_and_motions_come_from_the_canton(app) {
        for kind in ["CONSULTATION", "MOTION"] {
            let body = |requester: Value| json!({"title": "x", "kind": kind, "requester": requester});
            app.create("cases", body(json!({"type": "CANTON"})));
            for requester in [json!({"type": "PRIVATE"}), json!(null)] {
                let problem = app.client.post("/v1/cases", &body(requester)).expect_problem(422, "validation-failed");
                assert_eq!(faults(&problem), ["/requester/type"]);
            }
        }
    }
}

on_both_databases! {
    fn findings_have_ids_that_stay(app) {
        let finding = |text: &str| json!({"severity": "LOW", "finding": text});
        let audit = app.create("audits", json!({"title": "x", "findings": [finding("a"), finding("b")]}));
        let path = format!("/v1/audits/{}", audit["id"].as_str().unwrap());
        let mut findings = audit["findings"].clone();
        findings[1]["implemented_on"] = json!("2018-01-01");
        let changed = app.client.patch(&path, "\"1\"", &json!({"findings": findings})).expect(200).json();
        assert_eq!(changed["findings"], findings);
        findings[1]["id"] = findings[0]["id"].clone();
        let problem = app.client.patch(&path, "\"2\"", &json!({"findings": findings}));
        assert_eq!(faults(&problem.expect_problem(422, "validation-failed")), ["/findings/1/id"]);
    }
}

on_both_databases! {
    fn a_patch_that_changes_nothing_leaves_the_revision(app) {
        let case = app.case("Ein Fall");
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        let same = app.client.patch(&path, "\"1\"", &json!({"title": "Ein Fall", "area": null})).expect(200);
        assert_eq!((same.header("etag"), same.json()), (Some("\"1\""), case));
        assert_eq!(app.client.all(&format!("{path}/history")).len(), 1);
    }
}

on_both_databases! {
    fn an_unchanged_record_is_not_sent_again(app) {
        let case = app.case("Ein Fall");
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        for tag in ["\"1\"", "W/\"1\"", "\"1-gzip\"", "*", "\"7\", \"1\""] {
            let answer = app.client.send("GET", &path, &[("If-None-Match", tag)], None).expect(304);
            assert_eq!((answer.body.len(), answer.header("etag")), (0, Some("\"1\"")));
        }
        app.client.send("GET", &path, &[("If-None-Match", "\"2\"")], None).expect(200);
        for tag in ["\"2\"", "W/\"2\""] {
            app.client.patch(&path, tag, &json!({"title": "x"})).expect_problem(412, "stale-revision");
        }
        app.client.patch(&path, "*", &json!(["title"])).expect_problem(422, "validation-failed");
        app.client.patch(&path, "*", &json!({"title": "x"})).expect(200);
    }
}

on_both_databases! {
    fn a_number_is_given_once(app) {
        let first = app.create("cases", json!({"title": "x", "number": "LU-1"}));
        let taken = app.client.post("/v1/projects", &json!({"title": "x", "role": "LEAD", "number": "LU-1"}));
        let problem = taken.expect_problem(409, "conflict");
        assert_eq!(problem["record"], first["id"]);
        let given = app.create("cases", json!({"title": "x", "received_on": "2017-01-01", "number": "2017-0002"}));
        assert_eq!(given["number"], "2017-0002");
        let numbers: Vec<Value> = (0..3).map(|_| app.case("x")["number"].clone()).collect();
        assert_eq!(numbers, ["2017-0001", "2017-0003", "2017-0004"]);
        let path = format!("/v1/cases/{}", given["id"].as_str().unwrap());
        app.client.patch(&path, "\"1\"", &json!({"number": "LU-1"})).expect_problem(409, "conflict");
        let key = json!({"title": "x", "external": {"system": "konsul", "id": "G-1"}});
        let held = app.create("cases", key.clone());
        assert_eq!(app.client.post("/v1/cases", &key).expect_problem(409, "conflict")["record"], held["id"]);
    }
}

on_both_databases! {
    fn of_parallel_changes_one_wins(app) {
        let path = format!("/v1/cases/{}", app.case("Ein Fall")["id"].as_str().unwrap());
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..20)
                .map(|number| {
                    let (client, path) = (app.client.clone(), path.clone());
                    scope.spawn(move || client.patch(&path, "\"1\"", &json!({"title": format!("Titel {number}")})).status)
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 19, "{statuses:?}");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn parallel_creations_get_numbers_without_gap_or_double(app) {
        let numbers: BTreeSet<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..64)
                .map(|_| {
                    let app = &app;
                    scope.spawn(move || app.case("Gleichzeitig")["number"].as_str().unwrap().to_owned())
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let right: BTreeSet<String> = (1..=64).map(|number| format!("2017-{number:04}")).collect();
        assert_eq!(numbers, right);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn walking_a_list_neither_repeats_nor_skips(app) {
        let lasting: BTreeSet<String> =
            (0..150).map(|n| app.case(&format!("Bleibt {n}"))["id"].as_str().unwrap().to_owned()).collect();
        for sort in ["", "&sort=number", "&sort=-created_at", "&sort=-received_on,number", "&sort=closed_on"] {
            let seen: Vec<String> = std::thread::scope(|scope| {
                let other = &app;
                let disturbing = scope.spawn(move || {
                    for n in 0..40 {
                        let body = json!({"title": format!("Stört {n}"), "received_on": format!("2017-03-{:02}", 1 + n % 28)});
                        let record = other.create("cases", body);
                        let path = format!("/v1/cases/{}", record["id"].as_str().unwrap());
                        other.client.delete(&path, "\"1\"").expect(204);
                    }
                });
                let mut seen = Vec::new();
                let mut cursor = String::new();
                loop {
                    let page = app.client.get(&format!("/v1/cases?limit=7{sort}{cursor}")).expect(200);
                    let link = page.header("link").map(str::to_owned);
                    let page = page.json();
                    seen.extend(page["items"].as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap().to_owned()));
                    let Some(next) = page["next"].as_str() else { break };
                    assert!(link.unwrap().contains(&format!("cursor={next}>; rel=\"next\"")));
                    cursor = format!("&cursor={next}");
                }
                disturbing.join().unwrap();
                seen
            });
            let unique: BTreeSet<String> = seen.iter().cloned().collect();
            assert_eq!(unique.len(), seen.len(), "repeated with {sort}");
            assert!(lasting.is_subset(&unique), "skipped with {sort}");
        }
    }
}

on_both_databases! {
    fn sorts_as_asked(app) {
        for (received, closed) in [("2017-01-03", "2017-02-01"), ("2017-01-01", ""), ("2017-01-02", "2017-01-05")] {
            let mut body = json!({"title": "x", "received_on": received});
            if !closed.is_empty() {
                body["closed_on"] = json!(closed);
            }
            app.create("cases", body);
        }
        let order = |sort: &str| -> Vec<String> {
            let records = app.client.all(&format!("/v1/cases?sort={sort}&limit=1"));
            records.iter().map(|r| r["number"].as_str().unwrap()[5..].to_owned()).collect()
        };
        assert_eq!(order("received_on"), ["0002", "0003", "0001"]);
        assert_eq!(order("-received_on"), ["0001", "0003", "0002"]);
        assert_eq!(order("closed_on"), ["0003", "0001", "0002"]);
        assert_eq!(order("-closed_on,number"), ["0002", "0001", "0003"]);
        assert_eq!(order("-number"), ["0003", "0002", "0001"]);
        assert_eq!(order("due_on,-number"), ["0003", "0002", "0001"]);
        for bad in ["area", "-", "received_on,received_on", ""] {
            let problem = app.client.get(&format!("/v1/cases?sort={bad}")).expect_problem(400, "invalid-parameter");
            assert_eq!(faults(&problem), ["sort"], "{bad}");
        }
    }
}

/// A public body of the demonstration data whose name has a comma.
const WITH_COMMA: &str = "Bau-, Umwelt- und Wirtschaftsdepartement";
/// The same in a query, as clients write it by the API document.
const ENCODED: &str = "Bau-%2C%20Umwelt-%20und%20Wirtschaftsdepartement";

on_both_databases! {
    fn a_comma_within_a_value_is_percent_encoded(app = App::start_with_demo) {
        let named = |records: &[Value]| records.iter().filter(|record| record["organisation"] == WITH_COMMA).count();
        let held = named(&app.client.all("/v1/projects?limit=1000"));
        assert!(held >= 3, "{held}");
        let found = app.client.all(&format!("/v1/projects?organisation={ENCODED}"));
        assert_eq!((found.len(), named(&found)), (held, held));
        // Page by page: the link to the next page says the same.
        let paged = app.client.all(&format!("/v1/projects?limit=2&organisation={}", ENCODED.replace("%20", "+").to_lowercase()));
        assert_eq!(paged.len(), held);
        let page = app.client.get(&format!("/v1/projects?limit=1&organisation={ENCODED},Gemeinde%20Horw")).expect(200);
        let link = page.header("link").unwrap().split(['<', '>']).nth(1).unwrap().to_owned();
        assert!(link.contains("%2C") && link.contains(','), "{link}");
        app.client.get(&link[link.find("/v1/").unwrap()..]).expect(200);
        // A cursor is of one list: a comma between values and one within them are not the same list.
        let cursor = page.json()["next"].as_str().unwrap().to_owned();
        let other = format!("/v1/projects?limit=1&organisation={ENCODED}%2CGemeinde%20Horw&cursor={cursor}");
        app.client.get(&other).expect_problem(400, "invalid-parameter");
        assert_eq!(app.client.all("/v1/projects?organisation=Bau-,Umwelt-").len(), 0);

        let one = found[0]["id"].as_str().unwrap();
        let change = json!({"responsible": "Meier, Ruth", "due_on": "2019-01-10", "closed_on": null, "status": "OPEN"});
        app.client.patch(&format!("/v1/projects/{one}"), "*", &change).expect(200);
        for path in ["/v1/projects", "/v1/deadlines"] {
            assert_eq!(app.client.all(&format!("{path}?responsible=Meier%2C%20Ruth")).len(), 1, "{path}");
            assert_eq!(app.client.all(&format!("{path}?responsible=Meier%2C%20Ruth,X%2CY")).len(), 1, "{path}");
            assert_eq!(app.client.all(&format!("{path}?responsible=Meier,%20Ruth")).len(), 0, "{path}");
        }
        let exported = app.client.get(&format!("/v1/projects/export?format=ndjson&organisation={ENCODED}")).expect(200);
        assert_eq!(exported.text().lines().count(), held);
        let counted = app.client.get("/v1/statistics/counts?register=projects&by=year&responsible=Meier%2C%20Ruth").expect(200).json();
        let sum: i64 = counted["items"].as_array().unwrap().iter().map(|cell| cell["count"].as_i64().unwrap()).sum();
        assert_eq!(sum, 1, "{counted}");
    }
}

on_both_databases! {
    fn one_value_is_one_value(app) {
        let id = "01932b6e-4444-7000-8000-000000000004";
        for query in [
            format!("/v1/webhooks/{id}/deliveries?state=PARKED&state=PENDING"),
            format!("/v1/webhooks/{id}/deliveries?state=PARKED,PENDING"),
            "/v1/audit-trail?kind=WEBHOOK&kind=CLIENT".to_owned(),
            "/v1/audit-trail?kind=WEBHOOK,CLIENT".to_owned(),
        ] {
            app.client.get(&query).expect_problem(400, "invalid-parameter");
        }
        app.client.get("/v1/audit-trail?kind=WEBHOOK").expect(200);
    }
}

on_both_databases! {
    fn filters_take_what_they_name(app = App::start_with_demo) {
        let total = |query: &str| {
            let path = format!("/v1/cases?include_total=true&limit=1&{query}");
            app.client.get(&path).expect(200).json()["total"].as_i64().unwrap()
        };
        assert_eq!(total("year=2017"), 295);
        assert_eq!(total("year=2016,2017"), 249 + 295);
        assert_eq!(total("year=2017&area=IT"), 31);
        assert_eq!(total("year=2017&area=IT,POLICE"), 56);
        assert_eq!(total("year=2017&area=IT&area=POLICE"), 56);
        assert_eq!(total("year=2014&area=NONE"), 3);
        assert_eq!(total("received_from=2017-01-01&received_to=2017-12-31&requester=PRIVATE"), 106);
        assert_eq!(total("year=2012&filing=WITH"), 31);
        assert_eq!(total("year=2017&channel=EMAIL"), 159);
        assert_eq!(total("status=CLOSED") + total("status=OPEN,IN_PROGRESS,SUSPENDED"), 1561);
        let one = app.client.get("/v1/cases?limit=1").expect(200).json()["items"][0].clone();
        assert_eq!(total(&format!("number={}", one["number"].as_str().unwrap())), 1);
        assert!(total("organisation=Gemeinde%20Horw") > 0);
        assert_eq!(total("updated_since=2099-01-01T00:00:00Z"), 0);
        assert_eq!(total("updated_since=1999-01-01T00:00:00%2B01:00"), 1561);
    }
}

on_both_databases! {
    fn search_finds_beginnings_of_words_without_accents(app) {
        let horw = app.case("Datenschutz in der Gemeinde Horw")["number"].as_str().unwrap().to_owned();
        app.case("Kameras in Zürich, 100 % sicher");
        let found = |q: &str| app.client.all(&format!("/v1/cases?q={q}")).len();
        assert_eq!(found("datenschutz%20geme"), 1);
        assert_eq!(found("GEMEINDE"), 1);
        assert_eq!(found("zurich"), 1);
        assert_eq!(found("Z%C3%BCri"), 1);
        assert_eq!(found("Zu%CC%88ri"), 1, "decomposed");
        assert_eq!(found("einde"), 0);
        assert_eq!(found("in"), 2);
        assert_eq!(found(&horw), 1);
        for plain in ["%25", "_", "%25%25", "*", "%22", "'", "%5C", "%27%20OR%201%3D1%20--"] {
            assert_eq!(found(plain), 0, "{plain}");
        }
        assert_eq!(found("100%25"), 1);
        assert_eq!(found("AND"), 0);
        assert_eq!(found("NEAR(in%20der)"), 0);
        let path = format!("/v1/cases/{}", app.case("Vorher")["id"].as_str().unwrap());
        app.client.patch(&path, "*", &json!({"title": "Nachher"})).expect(200);
        assert_eq!((found("vorher"), found("nachher")), (0, 1));
        app.client.delete(&path, "*").expect(204);
        assert_eq!(found("nachher"), 0);
        let problem = app.client.get("/v1/cases?q=").expect_problem(400, "invalid-parameter");
        assert_eq!(faults(&problem), ["q"]);
    }
}

on_both_databases! {
    fn a_search_finds_what_one_who_reads_everything_would(app) {
        const WORDS: [&str; 9] =
            ["Daten", "Datenschutz", "Datenbank", "Datensammlung", "Schule", "Zürich", "Gemeinde", "Geme", "Zug"];
        let title = |n: usize| format!("{} {}, begriff{:03}", WORDS[n * 7 % 9], WORDS[n / 9 * 5 % 9], n % 90);
        // Half of them on one day, so that a page ends within it.
        let day = |n: usize| if n.is_multiple_of(2) { 10 } else { n * 13 % 28 + 1 };
        let case = |n: usize| {
            let received = format!("201{}-0{}-{:02}", 5 + n % 3, 1 + n / 7 % 9, day(n));
            let area = if n % 10 < 5 { "IT" } else { "POLICE" };
            json!({"title": title(n), "received_on": received, "area": area})
        };
        let together = |n: usize| json!({"title": title(n), "received_on": "2016-05-05"});
        let project = |n: usize| json!({"title": title(n), "received_on": "2016-05-05", "role": "PARTICIPATION"});
        for (register, record) in [("cases", &case as &dyn Fn(usize) -> Value), ("cases", &together), ("projects", &project)] {
            let lines: Vec<String> = (0..180).map(|n| record(n).to_string()).collect();
            let headers = [("Content-Type", "application/x-ndjson")];
            let path = format!("/v1/{register}/batch");
            let told = app.client.send("POST", &path, &headers, Some(lines.join("\n").as_bytes())).expect(207);
            assert_eq!(told.json()["summary"]["created"], lines.len());
        }
        for (n, case) in app.client.all("/v1/cases?limit=200&sort=number").iter().enumerate() {
            let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
            match n % 12 {
                0 => app.client.patch(&path, "*", &json!({"title": title(n + 4)})).expect(200),
                4 => app.client.patch(&path, "*", &json!({"received_on": "2014-02-03"})).expect(200),
                6 => app.client.patch(&path, "*", &json!({"received_on": "2018-02-03", "title": "Daten der Schule"})).expect(200),
                8 => app.client.delete(&path, "*").expect(204),
                _ => continue,
            };
        }
        let ids = |records: &[Value]| -> Vec<String> {
            records.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
        };
        let mut found_in_all = 0;
        for q in ["daten", "datensch", "geme schule", "begriff", "begriff01", "d", "zu da", "2016", "201 0007", "schule schule", "nirgends", "daten nirgends"] {
            for filter in ["", "&area=IT", "&year=2015,2018", "&received_from=2016-05-05&received_to=2016-05-05", "&received_to=2015-12-31&area=POLICE"] {
                for sort in ["-received_on", "received_on", "-received_on,title", "number"] {
                    let rest = format!("&sort={sort}{filter}");
                    let mut expected = app.client.all(&format!("/v1/cases?limit=200{rest}"));
                    let sought = words(q);
                    expected.retain(|case| {
                        let has = words(&format!("{} {}", case["number"].as_str().unwrap(), case["title"].as_str().unwrap()));
                        sought.iter().all(|word| has.iter().any(|one| one.starts_with(word)))
                    });
                    found_in_all += expected.len();
                    let escaped = q.replace(' ', "%20");
                    for limit in [7, 50, 200] {
                        let found = app.client.all(&format!("/v1/cases?q={escaped}&limit={limit}{rest}"));
                        assert_eq!(ids(&found), ids(&expected), "{q} {rest} in pages of {limit}");
                    }
                    let counted = app.client.get(&format!("/v1/cases?q={escaped}&limit=1&include_total=true{rest}"));
                    assert_eq!(counted.expect(200).json()["total"], expected.len(), "{q} {rest}");
                }
            }
        }
        assert!(found_in_all > 5_000, "{found_in_all}");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn a_title_may_be_one_long_word(app) {
        // Each of these characters stands for four.
        let title = "\u{337f}".repeat(300);
        let case = app.case(&title);
        assert_eq!(case["title"], title);
        app.case("Ein anderer Fall");
        let escaped: String = "株式会社".repeat(50).bytes().map(|byte| format!("%{byte:02X}")).collect();
        for q in [&escaped[..9], &escaped[..900], &escaped[..1_800]] {
            let found = app.client.all(&format!("/v1/cases?q={q}"));
            assert_eq!(found.len(), 1, "{q}");
            assert_eq!(found[0]["id"], case["id"]);
        }
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn a_search_finds_all_of_a_day_with_many(app) {
        let headers = [("Content-Type", "application/x-ndjson")];
        for (day, count) in [("2016-05-04", 40), ("2016-05-05", 1_100), ("2016-05-06", 400), ("2016-05-07", 3)] {
            let title = |n: usize| if n.is_multiple_of(50) { "Anderes" } else { "Videoüberwachung" };
            let line = |n: usize| json!({"title": format!("{} {n}", title(n)), "received_on": day}).to_string();
            let lines: Vec<String> = (0..count).map(line).collect();
            let told = app.client.send("POST", "/v1/cases/batch", &headers, Some(lines.join("\n").as_bytes())).expect(207);
            assert_eq!(told.json()["summary"]["created"], count);
        }
        for sort in ["-received_on", "received_on", "-received_on,title"] {
            let mut expected = app.client.all(&format!("/v1/cases?limit=200&sort={sort}"));
            expected.retain(|case| case["title"].as_str().unwrap().starts_with("Video"));
            assert_eq!(expected.len(), 39 + 1_078 + 392 + 2);
            assert!(expected == app.client.all(&format!("/v1/cases?limit=200&q=video&sort={sort}")), "{sort}");
            assert!(app.client.all(&format!("/v1/cases?q=video&year=1999&sort={sort}")).is_empty(), "{sort}");
        }
    }
}

on_both_databases! {
    fn refuses_unknown_and_wrong_parameters_by_name(app) {
        let path = "/v1/cases?limit=0&aera=IT&area=it&year=MMXVII&received_from=2017-02-30&updated_since=gestern\
            &include_total=yes&sort=colour&cursor=forged&status=&q=%00";
        let problem = app.client.get(path).expect_problem(400, "invalid-parameter");
        assert_eq!(faults(&problem), [
            "aera", "area", "cursor", "include_total", "limit", "q", "received_from", "sort", "status",
            "updated_since", "year"
        ]);
        let long = format!("organisation={}", "x".repeat(301));
        for bad in [long.as_str(), "limit=1001", "limit=1.5", "limit=+5", "limit=-1", "limit=1&limit=2", "role=LEAD", "page=2"] {
            app.client.get(&format!("/v1/cases?{bad}")).expect_problem(400, "invalid-parameter");
        }
        let id = app.case("x")["id"].as_str().unwrap().to_owned();
        let problem = app.client.get(&format!("/v1/cases/{id}?fields=title")).expect_problem(400, "invalid-parameter");
        assert_eq!(faults(&problem), ["fields"]);
    }
}

on_both_databases! {
    fn a_cursor_belongs_to_its_list(app) {
        (0..3).for_each(|_| { app.case("x"); });
        let cursor = app.client.get("/v1/cases?limit=1").expect(200).json()["next"].as_str().unwrap().to_owned();
        app.client.get(&format!("/v1/cases?limit=2&cursor={cursor}")).expect(200);
        let mut forged = cursor.clone().into_bytes();
        forged[30] = if forged[30] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        for path in [
            format!("/v1/cases?cursor={forged}"),
            format!("/v1/cases?year=2017&cursor={cursor}"),
            format!("/v1/cases?sort=number&cursor={cursor}"),
            format!("/v1/audits?cursor={cursor}"),
            "/v1/cases?cursor=".into(),
            "/v1/cases?cursor=%F0%9F%98%80".into(),
        ] {
            let problem = app.client.get(&path).expect_problem(400, "invalid-parameter");
            assert_eq!(faults(&problem), ["cursor"], "{path}");
        }
    }
}

on_both_databases! {
    fn the_year_turns_in_zurich(app) {
        app.clock.set("2017-12-31T22:59:59Z".parse().unwrap());
        let client = app.with_scopes("register:read register:write statistics:read");
        let before = client.post("/v1/cases", &json!({"title": "Im alten Jahr"})).expect(201).json();
        app.clock.set("2017-12-31T23:30:00Z".parse().unwrap());
        let after = client.post("/v1/cases", &json!({"title": "Im neuen Jahr"})).expect(201).json();
        assert_eq!((&before["received_on"], &before["number"]), (&json!("2017-12-31"), &json!("2017-0001")));
        assert_eq!((&after["received_on"], &after["number"]), (&json!("2018-01-01"), &json!("2018-0001")));
        assert_eq!(after["created_at"], "2017-12-31T23:30:00Z");
        let table = client.get("/v1/statistics/services?from=2017&to=2018").expect(200).json();
        assert_eq!(table["lines"][3]["values"], json!([1, 1]));
    }
}

on_both_databases! {
    fn history_comes_in_pages_and_says_who_and_why(app) {
        let path = format!("/v1/cases/{}", app.case("Titel 1")["id"].as_str().unwrap());
        for revision in 1..6 {
            let headers = [("If-Match", "*"), ("Content-Type", "application/json"), ("X-Request-Id", "mein-auftrag")];
            let body = json!({"title": format!("Titel {}", revision + 1)}).to_string();
            app.client.send("PATCH", &path, &headers, Some(body.as_bytes())).expect(200);
        }
        let entries = app.client.all(&format!("{path}/history?limit=2"));
        let revisions: Vec<i64> = entries.iter().map(|entry| entry["revision"].as_i64().unwrap()).collect();
        assert_eq!(revisions, [1, 2, 3, 4, 5, 6]);
        assert_eq!(entries[3]["changes"], json!([{"property": "title", "old": "Titel 3", "new": "Titel 4"}]));
        assert_eq!((&entries[3]["actor"], &entries[3]["request_id"]), (&json!("service"), &json!("mein-auftrag")));
        let entry = app.client.get(&format!("{path}/history?limit=1")).expect(200).json();
        assert!(entry["next"].is_string());
    }
}

on_both_databases! {
    fn every_change_stands_in_the_feed_in_order(app) {
        let first = app.case("a");
        let path = format!("/v1/cases/{}", first["id"].as_str().unwrap());
        app.client.patch(&path, "*", &json!({"title": "b"})).expect(200);
        app.client.delete(&path, "*").expect(204);
        use diesel::prelude::*;
        type Entry = (i64, String, i64, String, String);
        let entries: Vec<Entry> = {
            use aufsicht::db::schema::changes::dsl::*;
            changes.select((seq, record_id, revision, action, register)).order(seq).load(&mut app.db()).unwrap()
        };
        let id = first["id"].as_str().unwrap();
        let right: Vec<Entry> = [(1, "CREATED"), (2, "UPDATED"), (3, "DELETED")]
            .map(|(n, action)| (n, id.to_owned(), n, action.to_owned(), "cases".to_owned()))
            .to_vec();
        assert_eq!(entries, right);
    }
}
