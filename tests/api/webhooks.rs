//! Webhooks: every change arrives, signed and in order, whatever the receiver does.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aufsicht::sync::delivery::signature;
use aufsicht::{Clock, Service};
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{App, Backend, faults, now};

/// An event as it came in.
#[derive(Clone, Debug)]
struct Event {
    headers: BTreeMap<String, String>,
    body: String,
}

impl Event {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A receiver that answers as it is told.
struct Receiver {
    address: SocketAddr,
    events: Arc<Mutex<Vec<Event>>>,
    answers: Arc<Mutex<String>>,
}

impl Receiver {
    fn start(answer: &str) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Receiver {
            address: listener.local_addr().unwrap(),
            events: Arc::default(),
            answers: Arc::new(Mutex::new(answer.to_owned())),
        };
        let (events, answers) = (receiver.events.clone(), receiver.answers.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (events, answers) = (events.clone(), answers.clone());
                std::thread::spawn(move || receive(stream, &events, &answers));
            }
        });
        receiver
    }

    fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    fn answer(&self, answer: &str) {
        *self.answers.lock().unwrap() = answer.to_owned();
    }

    fn all(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    /// Waits until so many events have come.
    #[track_caller]
    fn wait(&self, number: usize) -> Vec<Event> {
        let until = Instant::now() + Duration::from_secs(20);
        while self.all().len() < number {
            assert!(Instant::now() < until, "{} of {number} events came", self.all().len());
            std::thread::sleep(Duration::from_millis(20));
        }
        self.all()
    }
}

fn receive(mut stream: TcpStream, events: &Mutex<Vec<Event>>, answers: &Mutex<String>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut headers = BTreeMap::new();
        let mut line = String::new();
        while reader.read_line(&mut line).unwrap_or(0) > 0 && line.trim() != "" {
            if let Some((name, value)) = line.split_once(':') {
                headers.insert(name.to_lowercase(), value.trim().to_owned());
            }
            line.clear();
        }
        let Some(length) = headers.get("content-length").and_then(|length| length.parse().ok()) else { return };
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let answer = answers.lock().unwrap().clone();
        if answer == "hang" {
            std::thread::sleep(Duration::from_secs(60));
            return;
        }
        events.lock().unwrap().push(Event { headers, body: String::from_utf8(body).unwrap() });
        let more = if answer == "302" { "Location: http://127.0.0.1:1/\r\n" } else { "" };
        let _ = write!(stream, "HTTP/1.1 {answer} X\r\n{more}Content-Length: 0\r\n\r\n");
    }
}

fn start(backend: Backend) -> App {
    App::start_with(backend, |config| config.webhook_private = true)
}

fn subscribe(app: &App, url: &str, registers: &[&str]) -> Value {
    app.client.post("/v1/webhooks", &json!({"url": url, "registers": registers})).expect(201).json()
}

fn log(app: &App, webhook: &Value) -> Vec<Value> {
    app.client.all(&format!("/v1/webhooks/{}/deliveries", webhook["id"].as_str().unwrap()))
}

/// Waits until every delivery is in one of these states.
#[track_caller]
fn settle(app: &App, webhook: &Value, number: usize, state: &str) -> Vec<Value> {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let log = log(app, webhook);
        if log.len() == number && log.iter().all(|delivery| delivery["state"] == state) {
            return log;
        }
        assert!(Instant::now() < until, "{log:?}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

on_both_databases! {
    fn every_change_is_told_signed_and_in_order(app = start) {
        let receiver = Receiver::start("204");
        app.case("Vor der Anmeldung");
        let webhook = subscribe(&app, &receiver.url(), &["cases", "projects"]);
        let secret = webhook["secret"].as_str().unwrap();
        assert!(secret.starts_with("whsec_"));
        let case = app.create("cases", json!({"title": "Anfrage", "notes": "geheim", "requester": {"type": "PRIVATE", "name": "Muster"}}));
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        app.client.patch(&path, "*", &json!({"area": "IT"})).expect(200);
        app.create("audits", json!({"title": "Nicht bestellt"}));
        app.client.delete(&path, "*").expect(204);
        let events = receiver.wait(3);
        for (event, (action, revision)) in events.iter().zip([("CREATED", 1), ("UPDATED", 2), ("DELETED", 3)]) {
            let told = event.json();
            assert_eq!((&told["specversion"], &told["data"]["action"], &told["data"]["revision"]), (&json!("1.0"), &json!(action), &json!(revision)));
            assert_eq!(told["subject"], format!("cases/{}", case["id"].as_str().unwrap()));
            assert_eq!(told["data"]["id"], case["id"]);
            assert!(told["type"].as_str().unwrap().ends_with(&action.to_lowercase()));
            assert!(!event.body.contains("Anfrage") && !event.body.contains("Muster") && !event.body.contains("geheim"));
            assert!(event.headers["content-type"].starts_with("application/cloudevents+json"));
            let (id, timestamp) = (&event.headers["webhook-id"], event.headers["webhook-timestamp"].parse().unwrap());
            assert_eq!(told["id"].as_str(), Some(id.as_str()));
            assert_eq!(event.headers["webhook-signature"], signature(&[secret], id, timestamp, &event.body));
        }
        let log = settle(&app, &webhook, 3, "DELIVERED");
        assert_eq!((&log[0]["attempts"], &log[0]["last_status"]), (&json!(1), &json!(204)));

        // For a day both secrets sign.
        let place = format!("/v1/webhooks/{}", webhook["id"].as_str().unwrap());
        let rotated = app.client.send("POST", &format!("{place}/rotation"), &[], None).expect(200).json();
        app.case("Nach dem Wechsel");
        let event = receiver.wait(4)[3].clone();
        let both = [rotated["secret"].as_str().unwrap(), secret];
        let right = signature(&both, &event.headers["webhook-id"], event.headers["webhook-timestamp"].parse().unwrap(), &event.body);
        assert_eq!(event.headers["webhook-signature"], right);
        assert!(!app.client.get("/v1/webhooks").expect(200).text().contains("whsec_"));

        // An inactive one goes on where it was.
        app.client.send("PATCH", &place, &[("Content-Type", "application/json")], Some(br#"{"active": false}"#)).expect(200);
        app.case("Während der Pause");
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(receiver.all().len(), 4);
        app.client.send("PATCH", &place, &[("Content-Type", "application/json")], Some(br#"{"active": true}"#)).expect(200);
        receiver.wait(5);
        let first = log[0]["id"].as_str().unwrap();
        app.client.send("POST", &format!("{place}/deliveries/{first}/redelivery"), &[], None).expect(202);
        assert_eq!(receiver.wait(6)[5].headers["webhook-id"], first);
        app.client.delete(&place, "*").expect(204);
        app.client.get(&place).expect_problem(404, "not-found");
        app.case("Danach");
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(receiver.all().len(), 6);
    }
}

on_both_databases! {
    fn what_fails_is_tried_again_in_order_and_parked_after_a_day(app = start) {
        let (bad, good) = (Receiver::start("500"), Receiver::start("200"));
        let (failing, fine) = (subscribe(&app, &bad.url(), &[]), subscribe(&app, &good.url(), &[]));
        let case = app.case("Anfrage");
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        app.client.patch(&path, "*", &json!({"area": "IT"})).expect(200);
        let other = app.case("Andere");
        settle(&app, &fine, 3, "DELIVERED");
        let log_now = settle(&app, &failing, 3, "PENDING");
        let tried = bad.wait(2);
        assert!(tried.iter().all(|event| event.json()["data"]["revision"] == 1), "a later change of a record waits for the one before");
        assert!(tried.iter().any(|event| event.json()["data"]["id"] == other["id"]), "another record goes on");
        assert_eq!(log_now[1]["attempts"], 0);
        // Redirects are failures too; the same id comes on every attempt.
        bad.answer("302");
        app.clock.set(now() + chrono::TimeDelta::seconds(40));
        let again = bad.wait(4);
        // Both attempts are kept before the clock goes on.
        let until = Instant::now() + Duration::from_secs(20);
        while log(&app, &failing).iter().map(|delivery| delivery["attempts"].as_i64().unwrap()).sum::<i64>() < 4 {
            assert!(Instant::now() < until);
            std::thread::sleep(Duration::from_millis(30));
        }
        let ids = |record: &Value| again.iter().filter(|event| event.json()["data"]["id"] == *record).map(|event| event.headers["webhook-id"].clone()).collect::<Vec<_>>();
        assert_eq!(ids(&other["id"])[0], ids(&other["id"])[1]);
        bad.answer("200");
        app.clock.set(now() + chrono::TimeDelta::minutes(10));
        app.renew();
        settle(&app, &failing, 3, "DELIVERED");
        let told: Vec<i64> = bad.all().iter().map(Event::json).filter(|event| event["data"]["id"] == case["id"]).map(|event| event["data"]["revision"].as_i64().unwrap()).collect();
        assert_eq!(told.last(), Some(&2));
        assert!(told.is_sorted());

        bad.answer("410");
        app.case("Wird nie angenommen");
        bad.wait(bad.all().len() + 1);
        app.clock.set(now() + chrono::TimeDelta::hours(26));
        app.renew();
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let parked = log(&app, &failing).iter().filter(|delivery| delivery["state"] == "PARKED").count();
            if parked == 1 {
                break;
            }
            assert!(Instant::now() < until);
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn a_slow_receiver_delays_nobody_else() {
    let app = start(Backend::Sqlite);
    let (slow, quick) = (Receiver::start("hang"), Receiver::start("200"));
    subscribe(&app, &slow.url(), &[]);
    let fine = subscribe(&app, &quick.url(), &[]);
    for number in 0..5 {
        app.case(&format!("Anfrage {number}"));
    }
    settle(&app, &fine, 5, "DELIVERED");
    assert!(slow.all().is_empty());
}

on_both_databases! {
    fn one_worker_delivers_for_all_instances(app = start) {
        let receiver = Receiver::start("200");
        let webhook = subscribe(&app, &receiver.url(), &[]);
        let second = Service::start(app.config.clone(), Clock::fixed(now())).unwrap();
        let other = crate::support::Client::new(&format!("http://{}", second.address()), Some(second.token(crate::support::ALL_SCOPES).unwrap()));
        std::thread::scope(|scope| {
            for client in [app.client.clone(), other] {
                scope.spawn(move || {
                    for number in 0..20 {
                        client.post("/v1/cases", &json!({"title": format!("Anfrage {number}")})).expect(201);
                    }
                });
            }
        });
        settle(&app, &webhook, 40, "DELIVERED");
        assert_eq!(receiver.all().len(), 40, "nothing twice while nothing fails");
        second.stop().unwrap();
    }
}

on_both_databases! {
    fn addresses_inside_are_refused(app) {
        for url in [
            "http://receiver.example/", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/x", "https://localhost/", "https://192.168.1.1:8443/",
            "https://user:secret@receiver.example/", "ftp://receiver.example/", "nonsense", "https://169.254.169.254/latest/",
        ] {
            let refused = app.client.post("/v1/webhooks", &json!({"url": url}));
            assert_eq!(faults(&refused.expect_problem(422, "validation-failed")), ["/url"], "{url}");
        }
        assert_eq!(faults(&app.client.post("/v1/webhooks", &json!({"registers": ["x"], "y": 1})).expect_problem(422, "validation-failed")), ["/registers/0", "/url", "/y"]);
        app.client.post("/v1/webhooks", &json!({"url": "https://receiver.example/"})).expect(201);
    }
}
