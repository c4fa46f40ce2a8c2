//! Deadlines for calendar programs, which send no token: addresses with a secret.

use std::time::Duration;

use aufsicht::auth::{Scope, Tokens};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::personal_data_access::logged_in;
use crate::protection::new_client;
use crate::support::{App, Client, now};

/// A feed of a client's: its id and the path of its address.
fn feed(client: &Client, body: Value) -> (String, String) {
    let made = client.post("/v1/calendar-feeds", &body).expect(201);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let made = made.json();
    let (base, path) = made["address"].as_str().unwrap().split_once("/v1/").unwrap();
    assert_eq!(base, client.base);
    (made["id"].as_str().unwrap().to_owned(), format!("/v1/{path}"))
}

/// A client of somebody with one scope.
fn reader(app: &App, subject: &str) -> Client {
    let tokens = Tokens::new(&app.config).unwrap();
    let token = tokens.issue(subject, &[Scope::RegisterRead], Duration::from_secs(3600), app.clock.now());
    app.client.with_token(token.unwrap())
}

/// A record that is due on a day.
fn due(app: &App, register: &str, day: &str, responsible: &str) -> Value {
    let mut body = (aufsicht::registers::find(register).unwrap().example)();
    body["due_on"] = json!(day);
    body["responsible"] = json!(responsible);
    body["title"] = json!("Muster gegen Amt");
    app.create(register, body)
}

/// The lines of a calendar, unfolded.
fn lines(calendar: &str) -> Vec<String> {
    calendar.replace("\r\n ", "").split("\r\n").map(str::to_owned).collect()
}

fn has(calendar: &str, line: &str) -> bool {
    lines(calendar).iter().any(|known| known == line)
}

on_both_databases! {
    fn a_calendar_program_reads_deadlines_at_a_secret_address(app) {
        let (late, soon) = (due(&app, "audits", "2018-12-31", "RF"), due(&app, "cases", "2019-03-01", "RF"));
        due(&app, "cases", "2019-03-01", "LM");
        let (rf, anonymous) = (reader(&app, "RF"), app.client.anonymous());
        let (id, path) = feed(&rf, json!({}));
        let read = anonymous.get(&path).expect(200);
        assert_eq!(read.header("content-type"), Some("text/calendar; charset=utf-8"));
        assert_eq!(read.header("cache-control"), Some("private, no-cache"));
        assert_eq!(read.header("access-control-allow-origin"), None, "it is nobody else's");
        let text = read.text();
        let [late_number, soon_number] = [&late, &soon].map(|record| record["number"].as_str().unwrap());
        for line in [
            "X-WR-CALNAME;VALUE=TEXT:Fristen: RF",
            "PRODID:-//aufsicht//deadlines//DE",
            &format!("SUMMARY:Überfällig: {late_number} (Datenschutzkontrollen)"),
            &format!("SUMMARY:{soon_number} (Anfragen)"),
            &format!("UID:{}@aufsicht", soon["id"].as_str().unwrap()),
            &format!("URL:{}/v1/audits/{}", app.client.base, late["id"].as_str().unwrap()),
            "DTSTART;VALUE=DATE:20190301",
            "TRIGGER:-PT54000S",
        ] {
            assert!(has(&text, line), "{line}: {text}");
        }
        // What is late is remembered no more; what is to come twice.
        assert_eq!((text.matches("BEGIN:VEVENT").count(), text.matches("BEGIN:VALARM").count()), (2, 2), "{text}");
        assert!(!text.contains("Muster"), "{text}");
        // The same is not sent again.
        let tag = read.header("etag").unwrap();
        let again = anonymous.send("GET", &path, &[("If-None-Match", tag)], None).expect(304);
        assert_eq!((again.body.len(), again.header("cache-control")), (0, Some("private, no-cache")));
        assert_eq!(anonymous.get(&path).expect(200).text(), text);
        assert!(has(&anonymous.get(&format!("{path}?lang=fr")).expect(200).text(), "X-WR-CALNAME;VALUE=TEXT:Échéances\u{a0}: RF"));
        anonymous.get(&format!("{path}?month=1")).expect_problem(400, "invalid-parameter");
        // Titles are there where they were asked for.
        let (_, titled) = feed(&rf, json!({"titles": true}));
        assert!(has(&anonymous.get(&titled).expect(200).text(), &format!("SUMMARY:{soon_number} Muster gegen Amt")));
        // The secret is told once and kept nowhere.
        let secret = path.split('/').nth(4).unwrap();
        let listed = rf.get("/v1/calendar-feeds").expect(200);
        assert_eq!(listed.json()["items"].as_array().unwrap().len(), 2);
        assert!(secret.len() > 40 && !listed.text().contains(secret) && !app.file_holds(secret));
        // It is its maker's, and an administrator's.
        assert_eq!(reader(&app, "LM").get("/v1/calendar-feeds").expect(200).json(), json!({"items": []}));
        reader(&app, "LM").delete(&format!("/v1/calendar-feeds/{id}"), "*").expect_problem(404, "not-found");
        assert_eq!(app.client.get("/v1/calendar-feeds").expect(200).json()["items"].as_array().unwrap().len(), 2);
        rf.delete(&format!("/v1/calendar-feeds/{id}"), "*").expect(204);
        let gone = anonymous.get(&path).expect_problem(404, "not-found")["detail"].clone();
        let never = format!("/v1/calendar-feeds/{id}/{}/deadlines.ics", "x".repeat(43));
        assert_eq!(anonymous.get(&never).expect_problem(404, "not-found")["detail"], gone);
        anonymous.get(&titled).expect(200);
        let actions: Vec<Value> = app.client.all(&format!("/v1/audit-trail?subject={id}")).iter().map(|entry| entry["action"].clone()).collect();
        assert_eq!(actions, ["CREATED", "DELETED"]);
        rf.post("/v1/calendar-feeds", &json!({"titels": true})).expect_problem(422, "validation-failed");
    }
}

on_both_databases! {
    fn a_feed_ends_with_its_account_and_with_its_time(app) {
        let (seen, hidden) = (due(&app, "projects", "2019-03-01", "RF"), due(&app, "cases", "2019-03-01", "RF"));
        let account = new_client(&app, json!({"name": "RF", "scopes": ["register:read"], "registers": ["projects"]}));
        let bound = logged_in(&app, &app.client.base, &account);
        let (_, path) = feed(&bound, json!({"titles": true}));
        let anonymous = app.client.anonymous();
        let text = anonymous.get(&path).expect(200).text();
        let id = |record: &Value| record["id"].as_str().unwrap().to_owned();
        assert!(text.contains(&id(&seen)) && !text.contains(&id(&hidden)), "{text}");
        app.client.send("DELETE", &format!("/v1/clients/{}", account.0), &[], None).expect(204);
        anonymous.get(&path).expect_problem(404, "not-found");
        assert_eq!(app.client.get("/v1/calendar-feeds").expect(200).json(), json!({"items": []}));
        // An account has ten at a time, and those that are over make room.
        let rf = reader(&app, "RF");
        let paths: Vec<String> = (0..10).map(|_| feed(&rf, json!({})).1).collect();
        let refused = rf.post("/v1/calendar-feeds", &json!({})).expect_problem(409, "conflict");
        assert!(refused["detail"].as_str().unwrap().contains("10 calendar feeds"), "{refused}");
        anonymous.get(&paths[9]).expect(200);
        app.clock.set(now() + TimeDelta::days(367));
        anonymous.get(&paths[9]).expect_problem(404, "not-found");
        let rf = reader(&app, "RF");
        assert_eq!(rf.get("/v1/calendar-feeds").expect(200).json()["items"].as_array().unwrap().len(), 10);
        feed(&rf, json!({}));
        assert_eq!(rf.get("/v1/calendar-feeds").expect(200).json()["items"].as_array().unwrap().len(), 1);
        // Sent again under its key it is the same address.
        app.renew();
        let keyed = || {
            let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "calendar")];
            app.client.send("POST", "/v1/calendar-feeds", &headers, Some(b"{}")).expect(201)
        };
        let (first, second) = (keyed(), keyed());
        assert_eq!((first.json(), second.header("idempotency-replayed")), (second.json(), Some("true")));
    }
}

on_both_databases! {
    fn whoever_tries_addresses_is_slowed_down(app) {
        let (id, path) = feed(&app.client, json!({}));
        let anonymous = app.client.anonymous();
        let tries: Vec<u16> = (0..12)
            .map(|number| anonymous.get(&format!("/v1/calendar-feeds/{id}/{number:043}/deadlines.ics")).status)
            .collect();
        assert_eq!(tries, [[404; 10].as_slice(), &[429; 2]].concat());
        anonymous.get(&path).expect_problem(429, "too-many-requests");
    }
}
