//! Webhooks: every change arrives, signed and in order, whatever the receiver does.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aufsicht::webhooks::sending::signature;
use aufsicht::{Clock, Service};
use serde_json::{Value, json};

use crate::faults::eventually;
use crate::support::{App, Backend, faults, now};
use crate::{on_both_databases, on_each};

/// An event as it came in.
#[derive(Clone, Debug)]
pub struct Event {
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Event {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A receiver that answers as it is told.
pub struct Receiver {
    address: SocketAddr,
    events: Arc<Mutex<Vec<Event>>>,
    answers: Arc<Mutex<String>>,
}

impl Receiver {
    pub fn start(answer: &str) -> Receiver {
        Receiver::at("127.0.0.1:0".parse().unwrap(), answer)
    }

    fn at(address: SocketAddr, answer: &str) -> Receiver {
        let listener = TcpListener::bind(address).unwrap();
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

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    fn answer(&self, answer: &str) {
        *self.answers.lock().unwrap() = answer.to_owned();
    }

    pub fn all(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    /// Waits until so many events have come.
    #[track_caller]
    pub fn wait(&self, number: usize) -> Vec<Event> {
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
        let mut answer = answers.lock().unwrap().clone();
        if answer == "hang" {
            std::thread::sleep(Duration::from_secs(60));
            return;
        }
        if answer == "slow" {
            std::thread::sleep(Duration::from_millis(200));
            answer = "200".into();
        }
        events.lock().unwrap().push(Event { headers, body: String::from_utf8(body).unwrap() });
        let more = if answer == "302" { "Location: http://127.0.0.1:1/\r\n" } else { "" };
        let _ = write!(stream, "HTTP/1.1 {answer} X\r\n{more}Content-Length: 0\r\n\r\n");
    }
}

fn start(backend: Backend) -> App {
    App::start_with(backend, |config| config.webhooks.private = true)
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
    fn the_log_forgets_what_was_delivered_long_ago(app = start) {
        let receiver = Receiver::start("204");
        let webhook = subscribe(&app, &receiver.url(), &[]);
        app.case("Lange her");
        settle(&app, &webhook, 1, "DELIVERED");
        app.case("Heute");
        settle(&app, &webhook, 2, "DELIVERED");
        app.sql("UPDATE deliveries SET id = '01600000-0000-7000-8000-000000000000' WHERE seq = (SELECT min(seq) FROM deliveries)");
        app.case("Und noch einer");
        receiver.wait(3);
        let log = settle(&app, &webhook, 2, "DELIVERED");
        assert!(log.iter().all(|delivery| delivery["id"] != "01600000-0000-7000-8000-000000000000"), "{log:?}");
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

on_both_databases! {
    fn whatever_a_receiver_did_everything_arrives_in_the_end(app = start) {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let receivers = ["500", "302", "hang"].map(Receiver::start);
        let webhooks: Vec<Value> = receivers.iter().map(Receiver::url).chain([format!("http://{gone}/hook")]).map(|url| subscribe(&app, &url, &[])).collect();
        let case = app.case("Anfrage");
        app.client.patch(&format!("/v1/cases/{}", case["id"].as_str().unwrap()), "*", &json!({"area": "IT"})).expect(200);
        // Each has failed once, the one that hangs after its time.
        let until = Instant::now() + Duration::from_secs(40);
        let errors = loop {
            let errors: Vec<Value> = webhooks.iter().map(|webhook| log(&app, webhook).first().map_or(Value::Null, |delivery| delivery["last_error"].clone())).collect();
            if errors.iter().all(Value::is_string) {
                break errors;
            }
            assert!(Instant::now() < until, "{errors:?}");
            std::thread::sleep(Duration::from_millis(50));
        };
        let said = ["the receiver answered 500", "the receiver answered 302", "the receiver took too long", "the receiver cannot be reached"];
        assert_eq!(errors, said);
        // Ten minutes later all of them are well again.
        receivers.iter().for_each(|receiver| receiver.answer("200"));
        let back = Receiver::at(gone, "200");
        app.clock.set(now() + chrono::TimeDelta::minutes(10));
        app.renew();
        for (webhook, receiver) in webhooks.iter().zip(receivers.iter().chain([&back])) {
            let ids: Vec<Value> = settle(&app, webhook, 2, "DELIVERED").iter().map(|delivery| delivery["id"].clone()).collect();
            let told: Vec<(Value, Value)> = receiver.all().iter().map(|event| (json!(event.headers["webhook-id"]), event.json()["data"]["revision"].clone())).collect();
            assert_eq!(told[told.len() - 2..], [(ids[0].clone(), json!(1)), (ids[1].clone(), json!(2))], "{told:?}");
            assert!(told.iter().all(|(id, revision)| *id == ids[revision.as_u64().unwrap() as usize - 1]), "{told:?}");
        }
    }
}

on_both_databases! {
    fn what_makes_secrets_or_deliveries_can_be_repeated_under_a_key(app = start) {
        let receiver = Receiver::start("200");
        let post = |path: &str, key: &str, body: &Value| {
            let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key)];
            let send = || app.client.send("POST", path, &headers, Some(body.to_string().as_bytes()));
            let (first, again) = (send(), send());
            assert_eq!((first.status, first.json(), again.header("idempotency-replayed")), (again.status, again.json(), Some("true")));
            assert_eq!(first.header("idempotency-replayed"), None);
            first.json()
        };
        let webhook = post("/v1/webhooks", "k1", &json!({"url": receiver.url()}));
        assert_eq!(app.client.get("/v1/webhooks").json()["items"].as_array().unwrap().len(), 1);
        let place = format!("/v1/webhooks/{}", webhook["id"].as_str().unwrap());
        let rotated = post(&format!("{place}/rotation"), "k2", &Value::Null);
        assert_ne!(rotated["secret"], webhook["secret"]);
        app.case("Anfrage");
        let event = receiver.wait(1)[0].clone();
        // The secret before still signs: it was replaced once only.
        let both = [rotated["secret"].as_str().unwrap(), webhook["secret"].as_str().unwrap()];
        let right = signature(&both, &event.headers["webhook-id"], event.headers["webhook-timestamp"].parse().unwrap(), &event.body);
        assert_eq!(event.headers["webhook-signature"], right);
        let delivery = settle(&app, &webhook, 1, "DELIVERED")[0]["id"].as_str().unwrap().to_owned();
        app.client.send("POST", &format!("{place}/deliveries/{delivery}/redelivery"), &[("Idempotency-Key", "k3")], None).expect(202);
        receiver.wait(2);
        settle(&app, &webhook, 1, "DELIVERED");
        let again = app.client.send("POST", &format!("{place}/deliveries/{delivery}/redelivery"), &[("Idempotency-Key", "k3")], None).expect(202);
        assert_eq!((again.header("idempotency-replayed"), &again.json()["state"]), (Some("true"), &json!("DELIVERED")));

        let body = json!({"name": "konsul", "scopes": ["register:read"]});
        let account = post("/v1/clients", "k4", &body);
        assert_eq!(app.client.get("/v1/clients").json()["items"].as_array().unwrap().len(), 1);
        let renewed = post(&format!("/v1/clients/{}/rotation", account["client_id"].as_str().unwrap()), "k5", &Value::Null);
        assert_ne!(renewed["client_secret"], account["client_secret"]);
        let login = |secret: &Value| {
            let form = format!("grant_type=client_credentials&client_id={}&client_secret={}", account["client_id"].as_str().unwrap(), secret.as_str().unwrap());
            app.client.anonymous().send("POST", "/oauth/token", &[("Content-Type", "application/x-www-form-urlencoded")], Some(form.as_bytes())).status
        };
        assert_eq!((login(&renewed["client_secret"]), login(&account["client_secret"])), (200, 401));
        let other = json!({"name": "andere", "scopes": ["register:read"]}).to_string();
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "k4")];
        app.client.send("POST", "/v1/clients", &headers, Some(other.as_bytes())).expect_problem(422, "idempotency-key-reused");
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
            "https://8.8.8.8:99999/", "https://8.8.8.8:0/", "https://receiver.example:/", "https://localhost./", "https://2130706433/", "https://0x7f000001/",
            "https://127.1/", "https://receiver.0x10/",
        ] {
            let refused = app.client.post("/v1/webhooks", &json!({"url": url}));
            assert_eq!(faults(&refused.expect_problem(422, "validation-failed")), ["/url"], "{url}");
        }
        assert_eq!(faults(&app.client.post("/v1/webhooks", &json!({"registers": ["x"], "y": 1})).expect_problem(422, "validation-failed")), ["/registers/0", "/url", "/y"]);
        app.client.post("/v1/webhooks", &json!({"url": "https://receiver.example/"})).expect(201);
    }
}

on_both_databases! {
    fn a_receiver_is_waited_for_as_long_as_it_asks(app = start) {
        let receiver = Receiver::start("429 X\r\nRetry-After: 600\r\nX-Reason: busy");
        let webhook = subscribe(&app, &receiver.url(), &[]);
        app.case("Eins");
        let until = Instant::now() + Duration::from_secs(20);
        let delivery = loop {
            let all = log(&app, &webhook);
            match all.first().filter(|delivery| delivery["attempts"] == 1) {
                Some(delivery) => break delivery.clone(),
                None => assert!(Instant::now() < until, "{all:?}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let next = chrono::DateTime::parse_from_rfc3339(delivery["next_at"].as_str().unwrap()).unwrap();
        let wait = (next.naive_utc() - app.clock.now()).num_seconds();
        assert!((590..=610).contains(&wait), "{wait}: {delivery}");
    }
}

on_both_databases! {
    fn a_receiver_that_is_gone_is_sent_nothing_more(app = start) {
        let receiver = Receiver::start("410");
        let webhook = subscribe(&app, &receiver.url(), &[]);
        let path = format!("/v1/webhooks/{}", webhook["id"].as_str().unwrap());
        app.case("Eins");
        assert_eq!(settle(&app, &webhook, 1, "PARKED").len(), 1);
        assert_eq!(app.client.get(&path).expect(200).json()["active"], false);
        app.case("Zwei");
        std::thread::sleep(Duration::from_millis(1500));
        assert_eq!(receiver.all().len(), 1);
        let trail = app.client.get("/v1/audit-trail?kind=WEBHOOK").expect(200).json();
        assert_eq!(trail["items"].as_array().unwrap().last().unwrap()["action"], "UPDATED");
        assert_eq!(app.differences(), Vec::<String>::new());
        // Taken up again, it goes on where it was.
        receiver.answer("200");
        app.client.send("PATCH", &path, &[("Content-Type", "application/json")], Some(br#"{"active": true}"#)).expect(200);
        assert_eq!(receiver.wait(2).len(), 2);
    }
}

/// The place in a trace that a request came with.
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

on_both_databases! {
    fn an_attempt_belongs_to_the_trace_of_the_request_that_made_the_change(app = start) {
        let receiver = Receiver::start("500");
        let webhook = subscribe(&app, &receiver.url(), &[]);
        let send = |method: &str, path: &str, trace: &str, body: Value| {
            let headers = [("Content-Type", "application/json"), ("traceparent", trace), ("tracestate", "vendor=Muster")];
            app.client.send(method, path, &headers, Some(body.to_string().as_bytes()))
        };
        let case = send("POST", "/v1/cases", TRACE, json!({"title": "Anfrage"})).expect(201).json();
        eventually("nothing fails", || log(&app, &webhook).first().is_some_and(|delivery| delivery["attempts"] == 1));
        receiver.answer("204");
        app.clock.set(now() + chrono::TimeDelta::seconds(60));
        settle(&app, &webhook, 1, "DELIVERED");
        let [first, again] = &receiver.all()[..] else { panic!("{:?}", receiver.all()) };
        let of_attempts = [first, again].map(|event| event.headers["traceparent"].clone());
        for attempt in &of_attempts {
            assert!(attempt.starts_with(&TRACE[..36]) && attempt.ends_with("-01") && attempt.len() == TRACE.len(), "{attempt}");
            assert_ne!(attempt, TRACE, "an attempt is work of its own");
        }
        assert_ne!(of_attempts[0], of_attempts[1]);
        assert_eq!(first.json()["traceparent"], again.json()["traceparent"], "the change is the same");
        for event in [first, again] {
            assert_eq!(&event.json()["traceparent"].as_str().unwrap()[..36], &TRACE[..36]);
            assert!(!format!("{event:?}").contains("Muster"), "nothing else goes on");
        }
        // What belongs to no trace is sent without one.
        app.case("Ohne");
        send("PUT", "/v1/cases/external/gever/1", "00-x-y-01", json!({"title": "Falsch", "received_on": "2017-03-14", "external": {"version": 1}})).expect(201);
        let events = receiver.wait(4);
        for event in &events[2..] {
            assert!(!event.headers.contains_key("traceparent") && event.json().get("traceparent").is_none(), "{event:?}");
        }
        send("POST", &format!("/v1/webhooks/{}/test", webhook["id"].as_str().unwrap()), TRACE, json!({})).expect(200);
        assert!(receiver.wait(5)[4].headers["traceparent"].starts_with(&TRACE[..36]));
        let line = json!({"title": "Aus einer Datei"});
        let headers = [("Content-Type", "application/x-ndjson"), ("traceparent", TRACE)];
        app.client.send("POST", "/v1/cases/batch", &headers, Some(format!("{line}\n").as_bytes())).expect(207);
        assert!(receiver.wait(6)[5].json()["traceparent"].as_str().unwrap().starts_with(&TRACE[..36]));
        assert_eq!(case["revision"], 1);
    }
}

on_both_databases! {
    fn a_webhook_can_be_tried(app = start) {
        let receiver = Receiver::start("204");
        let webhook = subscribe(&app, &receiver.url(), &[]);
        let path = format!("/v1/webhooks/{}/test", webhook["id"].as_str().unwrap());
        let answer = app.client.send("POST", &path, &[("Idempotency-Key", "once")], None).expect(200);
        assert_eq!(answer.json(), json!({"delivered": true, "status": 204}));
        let again = app.client.send("POST", &path, &[("Idempotency-Key", "once")], None).expect(200);
        assert_eq!((again.header("idempotency-replayed"), again.json()), (Some("true"), answer.json()));
        let [event] = &receiver.wait(1)[..] else { panic!("sent twice") };
        assert!(event.json()["type"].as_str().unwrap().ends_with(".test"), "{event:?}");
        assert!(event.json().get("data").is_none());
        let timestamp = event.headers["webhook-timestamp"].parse().unwrap();
        let right = signature(&[webhook["secret"].as_str().unwrap()], &event.headers["webhook-id"], timestamp, &event.body);
        assert_eq!(event.headers["webhook-signature"], right);
        receiver.answer("500");
        let failed = app.client.send("POST", &path, &[], None).expect(200).json();
        assert_eq!(failed, json!({"delivered": false, "status": 500, "error": "the receiver answered 500"}));
        assert_eq!(log(&app, &webhook), Vec::<Value>::new());
    }
}

on_each! { events_tell_which_installation_they_come_from }

fn events_tell_which_installation_they_come_from(backend: Backend) {
    for (public, source) in
        [(None, "/v1/changes"), (Some("https://daten.example/aufsicht"), "https://daten.example/aufsicht/v1/changes")]
    {
        let app = App::start_with(backend, |config| {
            config.webhooks.private = true;
            config.server.public_url = public.map(str::to_owned);
        });
        let receiver = Receiver::start("204");
        let webhook = subscribe(&app, &receiver.url(), &[]);
        app.client
            .send("POST", &format!("/v1/webhooks/{}/test", webhook["id"].as_str().unwrap()), &[], None)
            .expect(200);
        app.case("Anfrage");
        for event in receiver.wait(2) {
            assert_eq!(event.json()["source"], source);
        }
    }
}

#[test]
fn hosts_inside_are_allowed_by_name_and_by_https_alone() {
    let app = App::start_with(Backend::Sqlite, |config| {
        config.webhooks.hosts = vec!["10.1.2.3".into(), ".intern.example.ch".into()];
    });
    for url in ["https://10.1.2.3/hook", "https://dms.intern.example.ch:8443/hook"] {
        app.client.post("/v1/webhooks", &json!({"url": url})).expect(201);
    }
    for url in ["http://10.1.2.3/hook", "https://10.1.2.4/hook", "http://dms.intern.example.ch/hook"] {
        app.client.post("/v1/webhooks", &json!({"url": url})).expect_problem(422, "validation-failed");
    }
}
