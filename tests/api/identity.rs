//! Identity: what looks the same is the same, whichever way it comes in, and what was deleted does not come back.

use serde_json::{Value, json};

use crate::commands::aufsicht;
use crate::on_both_databases;
use crate::support::{App, Directory, faults};

const NDJSON: &[(&str, &str)] = &[("Content-Type", "application/x-ndjson")];
const JSON: &[(&str, &str)] = &[("Content-Type", "application/json")];
/// "Gemeinde Küssnacht" as people, Macs and web pages write it.
const SPELLINGS: [&str; 8] = [
    "Gemeinde Küssnacht",
    "Gemeinde Ku\u{308}ssnacht",
    " Gemeinde Küssnacht ",
    "Gemeinde\u{a0}Küssnacht",
    "Gemeinde  Küssnacht",
    "Gemeinde Küss\u{ad}nacht\u{200b}",
    "gemeinde küssnacht",
    "Gemeinde\nKüssnacht",
];

/// Percent-encodes a text for a path or a query.
pub fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn batch(app: &App, lines: &str) -> Value {
    app.client.send("POST", "/v1/cases/batch", NDJSON, Some(lines.as_bytes())).expect(207).json()
}

fn total(app: &App, path: &str) -> usize {
    app.client.all(path).len()
}

on_both_databases! {
    fn spellings_of_a_public_body_are_one(app) {
        // The first half is there before the body is entered.
        let case = |spelling: &str| json!({"title": "Anfrage", "received_on": "2017-03-14", "requester": {"organisation": spelling}});
        for spelling in &SPELLINGS[..4] {
            app.create("cases", case(spelling));
        }
        let body = app.create("organisations", json!({"name": " Gemeinde\u{a0}Ku\u{308}ssnacht", "type": "MUNICIPALITY"}));
        assert_eq!(body["name"], "Gemeinde Küssnacht");
        for (n, spelling) in SPELLINGS[4..].iter().enumerate() {
            let mut delivered = case(spelling);
            delivered["external"] = json!({"system": "k", "id": n.to_string(), "version": 1});
            match n % 2 {
                0 => assert_eq!(batch(&app, &delivered.to_string())["summary"]["created"], 1),
                _ => _ = app.client.put(&format!("/v1/cases/external/k/{n}"), &delivered).expect(201),
            }
        }
        app.create("cases", json!({"title": "Keine", "received_on": "2017-03-14"}));
        app.create("cases", case("Finanzdepartement"));
        let counts = app.client.get("/v1/statistics/counts?by=organisation&register=cases").expect(200).json();
        let mut items = counts["items"].as_array().unwrap().clone();
        items.sort_by_key(|item| -item["count"].as_i64().unwrap());
        assert_eq!(items[0], json!({"organisation": "Gemeinde Küssnacht", "count": 8}), "{counts}");
        let rest: Vec<&Value> = items[1..].iter().map(|item| &item["organisation"]).collect();
        assert!(rest.len() == 2 && rest.contains(&&Value::Null) && rest.contains(&&json!("NOT_IN_REGISTER")), "{counts}");
        for spelling in SPELLINGS {
            assert_eq!(total(&app, &format!("/v1/cases?organisation={}", encoded(spelling))), 8, "{spelling:?}");
        }
        assert_eq!(total(&app, &format!("/v1/cases?organisation={}", body["id"].as_str().unwrap())), 8);
        let directory = Directory::new();
        let export = aufsicht(&directory.0).args(["export", "--register", "cases", "--filter", "organisation=gemeinde  KÜSSNACHT"])
            .env("DATABASE_URL", &app.config.database.url).output().unwrap();
        assert_eq!(String::from_utf8(export.stdout).unwrap().lines().count(), 8);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn every_way_in_brings_lines_into_one_form(app) {
        for name in ["Mü", "Mu\u{308}", " Mü\u{a0}", "M\u{ad}ü"] {
            app.create("cases", json!({"title": "Anfrage", "received_on": "2017-03-14", "responsible": name}));
        }
        let case = app.create("cases", json!({"title": " a\r\n\tb ", "received_on": "2017-03-14", "notes": " eins\r\nzwei\t ", "responsible": "x"}));
        assert_eq!((&case["title"], &case["notes"]), (&json!("a b"), &json!("eins\nzwei")));
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        let changed = app.client.patch(&path, "*", &json!({"responsible": "Mu\u{308} ", "title": "a  b"})).expect(200).json();
        assert_eq!((&changed["responsible"], &changed["title"]), (&json!("Mü"), &json!("a b")));
        let counts = app.client.get("/v1/statistics/counts?by=responsible").expect(200).json();
        assert_eq!(counts["items"], json!([{"responsible": "Mü", "count": 5}]));
        assert_eq!(total(&app, &format!("/v1/cases?responsible={}", encoded(" Mu\u{308}"))), 5);
        let directory = Directory::new();
        std::fs::write(directory.0.join("mac.csv"), "Titel;Eingang;Zuständig\nListe;14.3.2017;Mu\u{308}\n").unwrap();
        let import = |file: &str| {
            let output = aufsicht(&directory.0).args(["import", "--register", "cases", file]).env("DATABASE_URL", &app.config.database.url).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        assert!(import("mac.csv").starts_with("1 line: 1 created"));
        std::fs::write(directory.0.join("windows.csv"), "Titel;Eingang;Zuständig\nListe ;14.3.2017;Mü\n").unwrap();
        assert!(import("windows.csv").contains("0 created, 0 changed, 1 as before"));
        assert_eq!(total(&app, "/v1/cases?responsible=M%C3%BC"), 6);
        let account = app.client.post("/v1/clients", &json!({"name": " Ko\u{308}nsul  1", "scopes": ["register:read"]})).expect(201).json();
        assert_eq!(account["name"], "Könsul 1");
        let figures = json!({"figures": {"inquiries.total": 3}, "source": " Ta\u{308}tigkeitsbericht\n2010", "published_on": "2011-03-01"});
        let published = app.client.put("/v1/statistics/published/2010", &figures).expect(201).json();
        assert_eq!(published["source"], "Tätigkeitsbericht 2010");
        let website = json!({"visitors": 1, "page_views": 2, "downloads": [{"title": " Merk\u{ad}blatt ", "count": 1}]});
        assert_eq!(app.client.put("/v1/website-figures/2017", &website).expect(201).json()["downloads"][0]["title"], "Merkblatt");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn control_characters_are_refused_by_name(app) {
        let body = json!({"title": "x\u{7}", "received_on": "2017-03-14", "notes": "\u{1b}[2J", "requester": {"organisation": "\u{0}"}, "number": "1\u{9f}"});
        let refused = app.client.post("/v1/cases", &body).expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), ["/notes", "/number", "/requester/organisation", "/title"]);
        assert!(refused["errors"].as_array().unwrap().iter().all(|fault| fault["code"] == "invalid_character"), "{refused}");
        let audit = json!({"title": "x", "received_on": "2017-03-14", "findings": [{"severity": "LOW", "finding": "a\nb\u{2}"}]});
        assert_eq!(faults(&app.client.post("/v1/audits", &audit).expect_problem(422, "validation-failed")), ["/findings/0/finding"]);
        let case = app.case("Anfrage");
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        app.client.patch(&path, "*", &json!({"title": "x\u{fffe}"})).expect_problem(422, "validation-failed");
        let line = json!({"title": "x\u{1}", "received_on": "2017-03-14", "external": {"system": "k", "id": "1", "version": 1}});
        assert_eq!(batch(&app, &line.to_string())["results"][0]["status"], 422);
        let body = json!({"title": "x", "received_on": "2017-03-14", "external": {"version": 1}});
        app.client.put("/v1/cases/external/k/a%01", &body).expect_problem(400, "invalid-parameter");
        for query in ["organisation=a%07", "q=%1b", "number=%00", "respon%07sible=x"] {
            app.client.get(&format!("/v1/cases?{query}")).expect_problem(400, "invalid-parameter");
        }
        app.client.post("/v1/clients", &json!({"name": "a\u{7}", "scopes": ["register:read"]})).expect_problem(422, "validation-failed");
    }
}

on_both_databases! {
    fn a_number_is_one_whatever_its_spelling(app) {
        let case = |number: &str| json!({"title": "Anfrage", "received_on": "2017-03-14", "number": number});
        let first = app.create("cases", case(" GV/ä-1 "));
        assert_eq!(first["number"], "GV/ä-1");
        for number in ["GV/ä-1", "GV/a\u{308}-1", "gv/Ä-1", "GV/ä-1\u{a0}"] {
            let refused = app.client.post("/v1/projects", &json!({"title": "x", "role": "LEAD", "received_on": "2017-03-14", "number": number}));
            assert_eq!(refused.expect_problem(409, "conflict")["record"], first["id"]);
            let mut delivered = case(number);
            delivered["external"] = json!({"system": "k", "id": "1", "version": 1});
            assert_eq!(batch(&app, &delivered.to_string())["results"][0]["status"], 409);
            assert_eq!(total(&app, &format!("/v1/cases?number={}", encoded(number))), 1);
            // A record that is referred to is found by any of them.
            let proceeding = json!({"subject": "x", "filed_on": "2017-03-14", "instance": "Gericht", "case": number});
            assert_eq!(app.create("proceedings", proceeding)["case"], first["id"]);
        }
        let lines = format!("{}\n{}\n", case("LU-a"), case("lu-A"));
        let results = batch(&app, &lines)["results"].clone();
        assert_eq!((&results[0]["status"], &results[1]["status"]), (&json!(201), &json!(409)), "{results}");
        let path = format!("/v1/cases/{}", first["id"].as_str().unwrap());
        assert_eq!(app.client.patch(&path, "*", &json!({"number": "gv/ä-1"})).expect(200).json()["number"], "gv/ä-1");
        app.client.post("/v1/cases", &case("GV/Ä-1")).expect_problem(409, "conflict");
        app.client.get("/v1/organisations?number=org-0001").expect(200);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn a_guid_has_one_form(app) {
        let given = "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}";
        let spellings = ["3f2504e0-4f89-11d3-9a0c-0305e82c3301", "3F2504E0-4F89-11D3-9A0C-0305E82C3301", given];
        let body = |version: i64| json!({"title": format!("Fassung {version}"), "received_on": "2017-03-14", "external": {"version": version}});
        let first = app.client.put(&format!("/v1/cases/external/konsul/{}", encoded(given)), &body(1)).expect(201).json();
        assert_eq!(first["external"]["id"], given);
        for (spelling, version) in spellings.into_iter().zip(2..) {
            let path = format!("/v1/cases/external/konsul/{}", encoded(spelling));
            let changed = app.client.put(&path, &body(version)).expect(200).json();
            assert_eq!((&changed["id"], &changed["external"]["id"], &changed["revision"]), (&first["id"], &json!(given), &json!(version)));
            assert_eq!(app.client.put(&path, &body(version)).expect(200).json()["revision"], version);
            assert_eq!(app.client.get(&path).expect(200).json()["id"], first["id"]);
            let mut line = body(version);
            line["external"] = json!({"system": "konsul", "id": spelling, "version": version});
            assert_eq!(batch(&app, &line.to_string())["summary"]["unchanged"], 1);
            assert_eq!(app.client.post("/v1/cases", &line).expect_problem(409, "conflict")["record"], first["id"]);
            line["external"]["id"] = json!(spellings[0]);
            app.client.put(&path, &line).expect(200);
        }
        let path = format!("/v1/cases/{}", first["id"].as_str().unwrap());
        let same = app.client.patch(&path, "*", &json!({"external": {"id": spellings[1]}})).expect(200).json();
        assert_eq!((&same["revision"], &same["external"]["id"]), (&json!(4), &json!(given)));
        let exported = app.client.get("/v1/cases/export").expect(200).text();
        assert!(exported.contains(given), "{exported}");
        assert_eq!(total(&app, "/v1/cases"), 1);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn what_was_deleted_does_not_come_back(app) {
        for register in ["cases", "events", "organisations"] {
            let register = aufsicht::registers::find(register).unwrap();
            let path = format!("/v1/{}/external/konsul/Z-1", register.name);
            let batch = format!("/v1/{}/batch", register.name);
            let body = |version: i64| {
                let mut body = (register.example)();
                body["external"] = json!({"system": "konsul", "id": "Z-1", "version": version});
                body
            };
            let put = |version: i64| app.client.put(&path, &body(version));
            let line = |version: i64| app.client.send("POST", &batch, NDJSON, Some(body(version).to_string().as_bytes())).expect(207).json()["results"][0].clone();
            put(1).expect(201);
            let held = put(3).expect(200).json();
            app.client.delete(&format!("/v1/{}/{}", register.name, held["id"].as_str().unwrap()), "*").expect(204);
            for version in [1, 2, 3] {
                let refused = put(version).expect_problem(409, "deleted");
                assert_eq!((&refused["version"], &refused["record"]), (&json!(3), &held["id"]));
                let refused = line(version);
                assert_eq!((&refused["status"], &refused["problem"]["type"]), (&json!(409), &json!("/problems/deleted")));
            }
            app.client.get(&path).expect_problem(404, "not-found");
            assert_eq!(line(4)["status"], 201);
            // By the other system's key: not what is newer than the deletion, doubled, and before the matter itself.
            let refused = app.client.delete(&format!("{path}?version=3"), "*").expect_problem(409, "stale-version");
            assert_eq!(refused["version"], 4);
            app.client.get(&path).expect(200);
            for _ in 0..2 {
                app.client.delete(&format!("{path}?version=6"), "*").expect(204);
            }
            app.client.delete(&format!("{path}?version=5"), "*").expect(204);
            put(6).expect_problem(409, "deleted");
            put(7).expect(201);
            app.client.delete(&path, "*").expect(204);
            app.client.delete(&path, "*").expect_problem(404, "not-found");
            put(7).expect_problem(409, "deleted");
            let early = format!("/v1/{}/external/konsul/früh", register.name);
            let early = early.replace('ü', "%C3%BC");
            app.client.delete(&format!("{early}?version=2"), "*").expect(204);
            let mut late = body(2);
            late["external"]["id"] = json!("früh");
            app.client.put(&early, &late).expect_problem(409, "deleted");
            app.client.delete(&format!("{path}?version=x"), "*").expect_problem(400, "invalid-parameter");
            app.with_scopes("register:read").delete(&path, "*").expect_problem(403, "missing-scope");
        }
        let directory = Directory::new();
        std::fs::write(directory.0.join("z.ndjson"), "{\"title\": \"x\", \"received_on\": \"2017-03-14\", \"external\": {\"system\": \"konsul\", \"id\": \"Z-1\", \"version\": 7}}\n").unwrap();
        let output = aufsicht(&directory.0).args(["import", "--register", "cases", "z.ndjson"]).env("DATABASE_URL", &app.config.database.url).output().unwrap();
        assert!(!output.status.success());
        let rejected = std::fs::read_to_string(directory.0.join("z.rejected.ndjson")).unwrap();
        assert!(rejected.contains("it was deleted here in version 7"), "{rejected}");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn an_erasure_takes_the_key_of_what_was_deleted(app) {
        let path = "/v1/cases/external/konsul/Irrtum-Erika";
        let body = json!({"title": "x", "received_on": "2017-03-14", "external": {"version": 1}});
        let case = app.client.put(path, &body).expect(201).json();
        app.client.delete(&format!("{path}?version=1"), "*").expect(204);
        app.client.put(path, &body).expect_problem(409, "deleted");
        let directory = Directory::new();
        let erase = || {
            let output = aufsicht(&directory.0).args(["subject", "erase", "--record", case["id"].as_str().unwrap()])
                .env("DATABASE_URL", &app.config.database.url).env("AUFSICHT_SEAL_KEY", crate::support::SEAL_KEY).output().unwrap();
            (output.status.success(), String::from_utf8(output.stdout).unwrap())
        };
        let (done, told) = erase();
        assert!(done && told.contains("Its key in another system is forgotten too"), "{told}");
        assert!(!erase().1.contains("forgotten"));
        app.client.put(path, &body).expect(201);
    }
}

on_both_databases! {
    fn numbers_dates_and_marks_are_taken_as_systems_write_them(app) {
        let put = |version: &str| {
            let body = format!("{{\"title\": \"x\", \"received_on\": \"2017-03-14\", \"external\": {{\"version\": {version}}}}}");
            app.client.send("PUT", "/v1/cases/external/konsul/1", JSON, Some(body.as_bytes()))
        };
        assert_eq!(put("-0").expect(201).json()["external"]["version"], 0);
        for (written, version) in [("1.0", 1), ("2e0", 2), ("0.3e1", 3), ("9007199254740992.0", 9_007_199_254_740_992_i64)] {
            assert_eq!(put(written).expect(200).json()["external"]["version"], json!(version), "{written}");
        }
        for written in ["1.5", "1e300", "\"7\"", "9223372036854775808"] {
            assert_eq!(faults(&put(written).expect_problem(422, "validation-failed")), ["/external/version"], "{written}");
        }
        let days = [
            ("2017-03-14T00:00:00", "2017-03-14"),
            ("2017-03-14T00:00:00.0000000", "2017-03-14"),
            ("2017-03-14T23:30:00Z", "2017-03-15"),
            ("2017-12-31T23:30:00+00:00", "2018-01-01"),
            ("2017-07-14T00:00:00+02:00", "2017-07-14"),
            ("20170314", "2017-03-14"),
            ("2017-03-14Z", "2017-03-14"),
            ("2017-03-14+01:00", "2017-03-14"),
        ];
        for (written, day) in days {
            let case = app.create("cases", json!({"title": "x", "received_on": written, "due_on": written}));
            assert_eq!((&case["received_on"], &case["due_on"]), (&json!(day), &json!(day)), "{written}");
        }
        for written in ["14.03.2017", "2017-3-14", "20170230", "201703144", "", "2017-03-14+99:00", "2017-03-14.5Z", "2017-02-30T00:00:00", "2017-03-14T25:00:00", "2017-03-14 x"] {
            let refused = app.client.post("/v1/cases", &json!({"title": "x", "received_on": written}));
            assert_eq!(faults(&refused.expect_problem(422, "validation-failed")), ["/received_on"], "{written}");
        }
        let asked = |query: &str| app.client.get(&format!("/v1/cases?{query}&include_total=true")).expect(200).json()["total"].clone();
        assert_eq!(asked("received_from=2017-12-31T23:30:00Z"), asked("received_from=2018-01-01"));
        assert_eq!(asked("received_to=20170313"), 0);
        let marked = "\u{feff}{\"title\": \"x\", \"received_on\": \"2017-03-14\"}";
        app.client.send("POST", "/v1/cases", JSON, Some(marked.as_bytes())).expect(201);
        let lines = format!("{marked}\n{{\"title\": \"y\"}}\n{marked}\n");
        let answer = batch(&app, &lines);
        assert_eq!((&answer["summary"]["created"], &answer["results"][1]["line"]), (&json!(3), &json!(2)));
    }
}
