//! Places of which there are few: no caller gets all of them, and who gets none is told why.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::on_both_databases;
use crate::support::{App, Client, faults};
use crate::sync::many_cases;

/// How many streams there are, and how many of them one caller gets.
const STREAMS: usize = 256;
const SHARE: usize = 64;

/// Begins to read an answer: the stream, and what its head says.
fn begin(client: &Client, path: &str, more: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(client.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let authorization = client.authorization();
    let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{authorization}{more}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut told = Vec::new();
    while !told.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        told.extend(byte);
    }
    (stream, String::from_utf8(told).unwrap())
}

fn follow(client: &Client) -> (TcpStream, String) {
    begin(client, "/v1/changes", "Accept: text/event-stream\r\n")
}

#[track_caller]
fn assert_status(told: &str, status: u16) {
    assert!(told.starts_with(&format!("HTTP/1.1 {status} ")), "{told}");
}

/// Asks until the answer has another status than that of who must wait.
fn later(client: &Client, path: &str) -> u16 {
    let begun = Instant::now();
    loop {
        let status = client.get(path).status;
        if status != 429 {
            return status;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "no place becomes free");
        std::thread::sleep(Duration::from_millis(100));
    }
}

on_both_databases! {
    fn nobody_holds_all_streams(app) {
        let (alice, bob) = (app.named("alice"), app.named("bob"));
        let mut held: Vec<TcpStream> = Vec::new();
        for _ in 0..SHARE {
            let (stream, told) = follow(&alice);
            assert_status(&told, 200);
            held.push(stream);
        }
        let (_, told) = follow(&alice);
        assert_status(&told, 429);
        assert!(told.to_ascii_lowercase().contains("\r\nretry-after: "), "{told}");
        // Who waits has a place like who is sent what comes.
        let refused = alice.get("/v1/changes?after=latest&wait=1");
        assert!(refused.header("retry-after").is_some());
        refused.expect_problem(429, "too-many-requests");
        // What needs no place is answered, and others get one of theirs.
        alice.get("/v1/changes").expect(200);
        assert_status(&follow(&bob).1, 200);
        bob.get("/v1/changes?after=latest&wait=1").expect(200);
        // A place that was left is taken again.
        drop(held.pop());
        app.case("Anfrage");
        assert_eq!(later(&alice, "/v1/changes?wait=1"), 200);
    }
}

#[test]
fn when_all_streams_are_held_it_is_said() {
    let app = App::start(crate::support::Backend::Sqlite);
    let names: Vec<String> = (0..STREAMS / SHARE).map(|number| format!("follower {number}")).collect();
    let held: Vec<(TcpStream, String)> =
        names.iter().flat_map(|name| (0..SHARE).map(|_| follow(&app.named(name)))).collect();
    held.iter().for_each(|(_, told)| assert_status(told, 200));
    assert_status(&follow(&app.named("alice")).1, 503);
    app.client.get("/v1/changes").expect(200);
}

on_both_databases! {
    fn there_are_a_hundred_webhooks_and_no_more(app) {
        let subscribe = |key: &str| {
            let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key)];
            let body = json!({"url": "https://receiver.invalid/hook", "active": false});
            app.client.send("POST", "/v1/webhooks", &headers, Some(body.to_string().as_bytes()))
        };
        let first = subscribe("0").expect(201).json();
        for number in 1..100 {
            subscribe(&number.to_string()).expect(201);
        }
        let problem = subscribe("100").expect_problem(422, "validation-failed");
        assert_eq!((faults(&problem), &problem["errors"][0]["code"]), (vec![String::new()], &json!("too_many")));
        let detail = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains("100 webhooks already") && detail.contains("delete one"), "{detail}");
        // Whoever it is, and whatever was asked before: what was made is told again.
        let body = json!({"url": "https://receiver.invalid/hook"});
        app.named("bob").post("/v1/webhooks", &body).expect_problem(422, "validation-failed");
        assert_eq!(subscribe("0").expect(201).json(), first);
        let path = format!("/v1/webhooks/{}", first["id"].as_str().unwrap());
        app.client.send("DELETE", &path, &[], None).expect(204);
        subscribe("100").expect(201);
        assert_eq!(app.client.get("/v1/webhooks").json()["items"].as_array().unwrap().len(), 100);
    }
}

on_both_databases! {
    // Of four reading connections two are for exports and proofs, and one of these for each caller.
    fn exports_and_proofs_have_shares_too(app) {
        many_cases(&app, "Viel");
        let export = "/v1/cases/export?sort=number";
        let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| app.named(name));
        let (of_alice, told) = begin(&alice, export, "");
        assert_status(&told, 200);
        for path in [export, "/v1/cases/export?format=csv&number=none", "/v1/audit-trail/verification"] {
            let refused = alice.get(path);
            assert!(refused.header("retry-after").is_some(), "{path}");
            refused.expect_problem(429, "too-many-requests");
        }
        // Another gets the place that is left, for a proof as for an export.
        bob.get("/v1/audit-trail/verification").expect(200);
        let (of_bob, told) = begin(&bob, export, "");
        assert_status(&told, 200);
        for path in [export, "/v1/audit-trail/verification"] {
            carol.get(path).expect_problem(503, "unavailable");
        }
        // Who has not said who it is has places of its own, and all else goes on.
        app.client.anonymous().get("/v1/data-collections/export").expect(200);
        carol.get("/v1/cases?limit=1").expect(200);
        drop((of_alice, of_bob));
        assert_eq!(later(&alice, "/v1/audit-trail/verification"), 200);
    }
}
