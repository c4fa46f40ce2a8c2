//! Every refusal that the API document promises, provoked: for each operation, each documented status from 400 to 499.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::document::{document, filled, operations};
use crate::on_both_databases;
use crate::support::{Answer, App, Backend, Client};

/// An operation, with a request that succeeds unless something is done to it.
struct Request<'a> {
    method: &'a str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

impl Request<'_> {
    fn send(&self, client: &Client) -> Answer {
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        client.send(self.method, &self.path, &headers, self.body.as_ref().map(String::as_bytes))
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    fn saying(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }
}

/// What an operation takes, as its example says.
fn request<'a>(method: &'a str, path: String, operation: &Value) -> Request<'a> {
    let mut request = Request { method, path, headers: vec![("If-Match", "*".into())], body: None };
    if let Some((media_type, content)) = operation["requestBody"]["content"].as_object().and_then(|c| c.iter().next()) {
        let example = &content["example"];
        request = request.with("Content-Type", media_type).saying(match (media_type.as_str(), example.as_str()) {
            ("application/x-www-form-urlencoded", _) => "grant_type=client_credentials".to_owned(),
            (_, Some(text)) => text.to_owned(),
            _ => example.to_string(),
        });
    }
    request
}

/// The path with names of nothing that is there.
fn nowhere(template: &str) -> String {
    let id = "01932b6e-ffff-7000-8000-00000000ffff";
    let ids = ["{id}", "{client_id}", "{webhook_id}", "{delivery_id}", "{record}"];
    let path = ids.iter().fold(template.to_owned(), |path, name| path.replace(name, id));
    let names = ["{system}", "{external_id}", "{slug}", "{code}"];
    names.iter().fold(path, |path, name| path.replace(name, "nobody")).replace("{year}", "1901").replace("{version}", "99")
}

/// Sends the operation so that it must be refused with this status.
fn provoke(app: &App, status: u16, template: &str, method: &str, operation: &Value) -> Answer {
    let ready = || request(method, filled(app, template, operation), operation);
    match status {
        400 => {
            let mut request = ready();
            request.path += "?nonsense=1";
            request.send(&app.client)
        }
        401 => ready().send(&app.client.anonymous()),
        403 => ready().send(&app.with_scopes("")),
        404 => request(method, nowhere(template), operation).send(&app.client),
        406 => ready().with("Accept", "image/png").send(&app.client),
        409 => conflict(app, template, method, operation),
        412 => ready().with("If-Match", "\"4711\"").send(&app.client),
        413 => ready().saying(" ".repeat(17 << 20)).send(&app.client),
        415 => ready().with("Content-Type", "text/plain").send(&app.client),
        422 => invalid(app, ready()),
        428 => ready().without("If-Match").send(&app.client),
        _ => panic!("{method} {template} documents {status}, which this test cannot provoke"),
    }
}

/// A body with a property that nobody knows; where there are lines instead, a key that was used for another request.
fn invalid(app: &App, request: Request) -> Answer {
    let lines = request.headers.iter().any(|(_, value)| value.contains("ndjson"));
    if !lines {
        return request.saying(json!({"nonsense": 1}).to_string()).send(&app.client);
    }
    let request = request.with("Idempotency-Key", &format!("a key for {}", request_name(&request.path)));
    request.send(&app.client).expect(207);
    request.saying("{\"title\": \"another\"}\n").send(&app.client)
}

fn request_name(path: &str) -> String {
    path.replace('/', " ")
}

/// A record with a number that another has, a version that is older than the one held, or whatever else is in the way.
fn conflict(app: &App, template: &str, method: &str, operation: &Value) -> Answer {
    let register = template.split('/').nth(2).unwrap_or_default();
    let example = aufsicht::registers::find(register).map(|register| (register.example)());
    match (method, example) {
        ("PUT", Some(_)) => {
            let mut newer = operation["requestBody"]["content"]["application/json"]["example"].clone();
            newer["external"]["version"] = json!(1_000_000);
            let path = filled(app, template, operation);
            request(method, path.clone(), operation).saying(newer.to_string()).send(&app.client);
            request(method, path, operation).send(&app.client)
        }
        ("POST" | "PATCH", Some(mut example)) if !template.ends_with("/batch") => {
            example["number"] = json!(format!("1999-{register}"));
            example.as_object_mut().unwrap().remove("external");
            if app.client.get(&format!("/v1/{register}?number=1999-{register}")).expect(200).json()["items"] == json!([]) {
                app.create(register, example.clone());
            }
            let body = if method == "POST" { example } else { json!({"number": example["number"]}) };
            request(method, filled(app, template, operation), operation).saying(body.to_string()).send(&app.client)
        }
        _ => running(app, request(method, filled(app, template, operation), operation)),
    }
}

/// The same request while the first one is still running: it is as if another instance were at it.
fn running(app: &App, request: Request) -> Answer {
    let request = request.with("Idempotency-Key", "a request that runs");
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(|| request.send(&app.client))).collect();
        all.into_iter().map(|each| each.join().unwrap()).collect()
    });
    answers.into_iter().max_by_key(|answer| answer.status == 409).unwrap()
}

on_both_databases! {
    fn every_documented_refusal_can_be_provoked(app) {
        let (mut provoked, mut failures) = (0, Vec::new());
        for (path, method, operation) in operations(&document()) {
            let statuses = operation["responses"].as_object().unwrap().keys();
            for status in statuses.filter_map(|status| status.parse::<u16>().ok()).filter(|s| (400..500).contains(s)) {
                // These take time, a limit or a lost past, and have tests of their own.
                if [408, 410, 429].contains(&status) {
                    continue;
                }
                let answer = provoke(&app, status, &path, &method, &operation);
                provoked += 1;
                if answer.status != status || answer.header("content-type") != Some("application/problem+json") {
                    failures.push(format!("{method} {path}: {status}, but {} {}", answer.status, answer.text()));
                }
            }
        }
        assert!(failures.is_empty(), "{} of {provoked}\n{}", failures.len(), failures.join("\n"));
        assert!(provoked > 400, "{provoked}");
    }
}

#[test]
fn whoever_asks_too_often_is_told_by_every_operation() {
    let app = App::start_with(Backend::Sqlite, |config| config.rate_limit = 1);
    app.client.get("/v1/cases").expect(200);
    for (path, method, operation) in operations(&document()) {
        if operation["responses"]["429"].is_object() && operation["x-required-scope"].is_string() {
            let refused = request(&method, nowhere(&path), &operation).send(&app.client);
            assert!(refused.header("retry-after").unwrap().parse::<u32>().unwrap() > 0, "{method} {path}");
            refused.expect_problem(429, "too-many-requests");
        }
    }
}

#[test]
fn a_body_that_does_not_come_is_given_up_by_every_operation() {
    let app = App::start(Backend::Sqlite);
    let token = app.service().token(crate::support::ALL_SCOPES).unwrap();
    let waiting: Vec<(String, TcpStream)> = operations(&document())
        .into_iter()
        .filter(|(_, _, operation)| operation["responses"]["408"].is_object())
        .map(|(path, method, operation)| {
            let request = request(&method, nowhere(&path), &operation);
            let headers: String = request.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let mut stream = TcpStream::connect(app.service().address()).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
            let path = &request.path;
            let head = format!(
                "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{headers}Content-Length: 9\r\n\
                 Connection: close\r\n\r\n{{"
            );
            stream.write_all(head.as_bytes()).unwrap();
            (format!("{method} {path}"), stream)
        })
        .collect();
    assert!(waiting.len() > 20, "{}", waiting.len());
    for (name, mut stream) in waiting {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{name}: {answer}");
    }
}
