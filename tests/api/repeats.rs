//! Requests that are sent again under their key: what they gave a secret to, which secret that is, and what they changed or
//! deleted.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{Answer, App, Client, now};

/// What makes a secret: where, and what the secret and its owner are called in the answer. Keys are used once only.
#[derive(Clone, Copy)]
struct Way {
    path: &'static str,
    id: &'static str,
    secret: &'static str,
}

const WAYS: [Way; 2] = [
    Way { path: "/v1/webhooks", id: "id", secret: "secret" },
    Way { path: "/v1/clients", id: "client_id", secret: "client_secret" },
];

impl Way {
    fn body(self) -> Value {
        match self.id {
            "id" => json!({"url": "https://receiver.invalid/hook"}),
            _ => json!({"name": "konsul", "scopes": ["register:read"]}),
        }
    }

    #[track_caller]
    fn create(self, client: &Client, key: &str) -> Answer {
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", &*format!("{key}-{}", self.id))];
        client.send("POST", self.path, &headers, Some(self.body().to_string().as_bytes())).expect(201)
    }

    #[track_caller]
    fn rotate(self, client: &Client, made: &Value, key: &str) -> Answer {
        let path = format!("{}/{}/rotation", self.path, made[self.id].as_str().unwrap());
        client.send("POST", &path, &[("Idempotency-Key", &format!("{key}-{}", self.id))], None).expect(200)
    }

    fn secret(self, answer: &Answer) -> String {
        answer.json()[self.secret].as_str().unwrap().to_owned()
    }
}

/// Fails unless an answer is one that was given before, with this secret and none of the others.
#[track_caller]
fn assert_replayed(way: Way, again: &Answer, secret: &str, others: &[&str]) {
    assert_eq!(again.header("idempotency-replayed"), Some("true"), "{}", again.request);
    assert_eq!(way.secret(again), secret, "{}", again.request);
    let told: String = again.headers().iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let told = told + &again.text();
    assert!(others.iter().all(|other| !told.contains(other)), "{}: {told}", again.request);
}

on_both_databases! {
    fn a_repeated_request_never_shows_the_secret_of_another(app) {
        let (alice, bob) = (app.named("alice"), app.named("bob"));
        for way in WAYS {
            let first = way.create(&alice, "make-1");
            let (made, original) = (first.json(), way.secret(&first));
            let by_bob = way.secret(&way.rotate(&bob, &made, "rotate-1"));
            assert_ne!(by_bob, original);
            assert_replayed(way, &way.create(&alice, "make-1"), &original, &[&by_bob]);
            // The same key is another's own: neither of them gets what the other was given.
            let rotated = way.rotate(&alice, &made, "rotate-1");
            let by_alice = way.secret(&rotated);
            assert_eq!(rotated.header("idempotency-replayed"), None);
            assert!(by_alice != by_bob && by_alice != original);
            assert_replayed(way, &way.rotate(&bob, &made, "rotate-1"), &by_bob, &[&by_alice, &original]);
            assert_replayed(way, &way.rotate(&alice, &made, "rotate-1"), &by_alice, &[&by_bob, &original]);
            assert_replayed(way, &way.create(&alice, "make-1"), &original, &[&by_bob, &by_alice]);
            let other = way.create(&bob, "make-1");
            assert_eq!(other.header("idempotency-replayed"), None);
            assert_ne!(other.json()[way.id], made[way.id]);
            assert!(![original, by_bob, by_alice].contains(&way.secret(&other)));
        }
    }
}

on_both_databases! {
    fn what_was_deleted_since_is_told_as_it_was_made(app) {
        for (path, body) in [("/v1/webhooks", json!({"url": "https://receiver.invalid/hook", "registers": ["cases"]})), ("/v1/calendar-feeds", json!({}))] {
            let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "make")];
            let client = app.named(path.rsplit('/').next().unwrap());
            let make = || client.send("POST", path, &headers, Some(body.to_string().as_bytes()));
            let first = make().expect(201);
            client.delete(&format!("{path}/{}", first.json()["id"].as_str().unwrap()), "*").expect(204);
            let again = make().expect(201);
            assert_eq!((again.header("idempotency-replayed"), again.json()), (Some("true"), first.json()));
            assert_eq!(again.header("location"), first.header("location"));
            assert_eq!(client.get(path).expect(200).json()["items"], json!([]), "it was not made again");
        }
    }
}

/// How often the audit trail tells that something was done to an account or webhook.
fn told(app: &App, subject: &Value, action: &str) -> usize {
    let path = format!("/v1/audit-trail?subject={}&limit=1000", subject.as_str().unwrap());
    let all = app.named("auditor").all(&path);
    all.iter().filter(|entry| entry["action"] == action).count()
}

on_both_databases! {
    fn a_key_is_another_one_after_a_day(app) {
        for way in WAYS {
            app.clock.set(now());
            let first = way.create(&app.named("alice"), "make-1");
            let (made, original) = (first.json(), way.secret(&first));
            let once = way.secret(&way.rotate(&app.named("alice"), &made, "rotate-1"));
            app.clock.set(now() + TimeDelta::hours(24) - TimeDelta::seconds(1));
            let alice = app.named("alice");
            assert_replayed(way, &way.create(&alice, "make-1"), &original, &[&once]);
            assert_replayed(way, &way.rotate(&alice, &made, "rotate-1"), &once, &[&original]);
            assert_eq!(told(&app, &made[way.id], "ROTATED"), 1);
            app.clock.set(now() + TimeDelta::hours(25));
            let alice = app.named("alice");
            let again = way.rotate(&alice, &made, "rotate-1");
            let twice = way.secret(&again);
            assert_eq!((again.header("idempotency-replayed"), told(&app, &made[way.id], "ROTATED")), (None, 2));
            assert!(twice != once && twice != original, "a secret that was replaced comes back");
            assert_replayed(way, &way.rotate(&alice, &made, "rotate-1"), &twice, &[&once, &original]);
            let other = way.create(&alice, "make-1");
            assert_eq!(other.header("idempotency-replayed"), None);
            assert_ne!(other.json()[way.id], made[way.id]);
            assert!(![original, once, twice].contains(&way.secret(&other)), "the same request on another day has a secret of its own");
        }
    }
}

/// Sends a request without a body, or with changes, under a key: true if it was only answered again.
#[track_caller]
fn under_key(client: &Client, (method, path): (&str, &str), key: &str, changes: Option<Value>, status: u16) -> bool {
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key)];
    let headers = if changes.is_some() { &headers[..] } else { &headers[1..] };
    let body = changes.map(|changes| changes.to_string());
    let answer = client.send(method, path, headers, body.as_ref().map(|body| body.as_bytes())).expect(status);
    answer.header("idempotency-replayed") == Some("true")
}

on_both_databases! {
    fn what_is_changed_or_deleted_under_a_key_is_done_once(app) {
        let alice = app.named("alice");
        let place = "/v1/cases/external/gever/G-2017-1";
        let deliver = |version: u64| {
            let body = json!({"title": "Anfrage", "received_on": "2017-03-14", "external": {"version": version}});
            alice.put(place, &body).expect(201)
        };
        deliver(1);
        let deleting = format!("{place}?version=2");
        assert!(!under_key(&alice, ("DELETE", &deleting), "gone-1", None, 204));
        deliver(3);
        assert!(under_key(&alice, ("DELETE", &deleting), "gone-1", None, 204));
        alice.get(place).expect(200);
        let other = alice.send("DELETE", &format!("{place}?version=3"), &[("Idempotency-Key", "gone-1")], None);
        other.expect_problem(422, "idempotency-key-reused");

        let [webhook, account] = WAYS.map(|way| {
            let made = way.create(&alice, "made").json();
            (format!("{}/{}", way.path, made[way.id].as_str().unwrap()), made[way.id].clone())
        });
        let stop = Some(json!({"active": false}));
        assert!(!under_key(&alice, ("PATCH", &webhook.0), "stop", stop.clone(), 200));
        alice.send("PATCH", &webhook.0, &[("Content-Type", "application/json")], Some(b"{\"active\": true}")).expect(200);
        assert!(under_key(&alice, ("PATCH", &webhook.0), "stop", stop, 200));
        assert_eq!(alice.get(&webhook.0).expect(200).json()["active"], true);
        for ((path, id), action) in [(webhook, "DELETED"), (account, "REVOKED")] {
            for again in [false, true, true] {
                assert_eq!(under_key(&alice, ("DELETE", &path), &format!("delete-{action}"), None, 204), again);
            }
            assert_eq!(told(&app, &id, action), 1);
        }
    }
}
