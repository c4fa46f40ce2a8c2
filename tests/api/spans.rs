//! Spans of requests, writes and deliveries, as a collector of OpenTelemetry gets them: `cargo test --features otel spans::`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::support::{Backend, Process, database};
use crate::webhooks::Receiver;

/// A span as it came in.
#[derive(Debug)]
struct Span {
    name: String,
    trace: String,
    id: String,
    parent: String,
}

/// A collector over HTTP.
struct Collector {
    address: String,
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Collector {
    fn start() -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let bodies: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let kept = bodies.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut head = String::new();
                while reader.read_line(&mut head).unwrap_or(0) > 2 {}
                let head = head.to_lowercase();
                assert!(head.starts_with("post /v1/traces ") && head.contains("x-tenant: dsb"), "{head}");
                let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
                let mut body = vec![0; length.parse().unwrap()];
                reader.read_exact(&mut body).unwrap();
                kept.lock().unwrap().push(body);
                write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").unwrap();
            }
        });
        Collector { address, bodies }
    }

    fn spans(&self) -> Vec<Span> {
        let of_request = |body: &Vec<u8>| -> Vec<Span> {
            let resources = parts(body, 1).into_iter();
            let scopes = resources.flat_map(|resource| parts(resource, 2));
            scopes.flat_map(|scope| parts(scope, 2)).map(span).collect()
        };
        self.bodies.lock().unwrap().iter().flat_map(of_request).collect()
    }

    fn holds(&self, text: &str) -> bool {
        self.bodies.lock().unwrap().iter().any(|body| String::from_utf8_lossy(body).contains(text))
    }
}

fn number(bytes: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return value;
        }
    }
}

/// The parts of a message of protobuf that have a field's number and a length.
fn parts(mut message: &[u8], wanted: u64) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let tag = number(&mut message);
        let length = match tag & 7 {
            0 => {
                number(&mut message);
                0
            }
            1 => 8,
            2 => number(&mut message) as usize,
            _ => 4,
        };
        if tag == wanted << 3 | 2 {
            found.push(&message[..length]);
        }
        message = &message[length..];
    }
    found
}

fn span(message: &[u8]) -> Span {
    let hex = |field: u64| parts(message, field).concat().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let name = String::from_utf8(parts(message, 5).concat()).unwrap();
    Span { name, trace: hex(1), id: hex(2), parent: hex(4) }
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

crate::on_each! { a_collector_is_sent_what_belongs_together }

fn a_collector_is_sent_what_belongs_together(backend: Backend) {
    let (url, _directory) = database(backend);
    let (collector, receiver) = (Collector::start(), Receiver::start("204"));
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=dsb"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=probe"),
        ("AUFSICHT_WEBHOOK_PRIVATE", "true"),
    ];
    let process = Process::start(&url, &settings);
    let client = &process.client;
    client.post("/v1/webhooks", &json!({"url": receiver.url()})).expect(201);
    let place = format!("00-{TRACE}-{PARENT}-01");
    let headers = [("Content-Type", "application/json"), ("traceparent", place.as_str())];
    let body = json!({"title": "Vertraulich", "requester": {"type": "PRIVATE", "name": "Muster"}}).to_string();
    let case = client.send("POST", "/v1/cases", &headers, Some(body.as_bytes())).expect(201).json();
    let event = receiver.wait(1).remove(0);
    client.get(&format!("/v1/cases/{}", case["id"].as_str().unwrap())).expect(200);
    client.send("POST", "/v1/cases?lang=rm", &headers, Some(body.as_bytes())).expect_problem(400, "invalid-parameter");
    // What nobody keeps is not sent.
    let unkept = format!("00-{}-{PARENT}-00", TRACE.replace('4', "5"));
    client.send("GET", "/v1/cases", &[("traceparent", &unkept)], None).expect(200);
    // What has ended goes out before the service does.
    process.terminate();
    assert_eq!(process.wait(), Some(0));
    let spans = collector.spans();
    let of_trace: Vec<&Span> = spans.iter().filter(|span| span.trace == TRACE).collect();
    let named = |name: &str| of_trace.iter().filter(|span| span.name == name).copied().collect::<Vec<_>>();
    let (requests, writes, calls) = (named("POST /v1/cases"), named("write"), named("POST webhook"));
    assert_eq!((requests.len(), writes.len(), calls.len(), of_trace.len()), (2, 1, 1, 4), "{spans:?}");
    assert!(requests.iter().all(|request| request.parent == PARENT), "{requests:?}");
    let request = requests.iter().find(|request| request.id == writes[0].parent).unwrap();
    assert_eq!(calls[0].parent, request.id);
    assert_eq!(event.headers["traceparent"], format!("00-{TRACE}-{}-01", calls[0].id));
    assert_eq!(event.json()["traceparent"], format!("00-{TRACE}-{}-01", request.id));
    assert!(spans.iter().any(|span| span.name == "GET /v1/cases/{id}" && span.parent.is_empty()), "{spans:?}");
    assert!(!spans.iter().any(|span| span.trace.starts_with("5bf")), "{spans:?}");
    for known in ["aufsicht", "probe", "http.route", "/v1/cases/{id}"] {
        assert!(collector.holds(known), "{known}");
    }
    for untold in ["Vertraulich", "Muster", "lang=rm", case["id"].as_str().unwrap(), receiver.url().as_str()] {
        assert!(!collector.holds(untold), "{untold}");
    }
}

#[test]
fn a_collector_that_is_not_there_harms_nothing() {
    let (url, _directory) = database(Backend::Sqlite);
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"), ("OTEL_BSP_SCHEDULE_DELAY", "50")];
    let process = Process::start(&url, &settings);
    for _ in 0..5 {
        process.client.post("/v1/cases", &json!({"title": "Fall"})).expect(201);
    }
    process.terminate();
    assert_eq!(process.wait(), Some(0));
}
