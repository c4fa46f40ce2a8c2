//! Refusals: each one that the API document names can be had, and is the problem that the table says.

use std::io::Write;
use std::sync::LazyLock;

use aufsicht::api::endpoint::Endpoint;
use aufsicht::auth::Scope;
use aufsicht::error::PROBLEMS;
use aufsicht::registers::{self, Register};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use crate::document::{example, filled, operations};
use crate::http_protocol;
use crate::on_both_databases;
use crate::personal_data_access::logged_in;
use crate::protection::new_client;
use crate::support::{ALL_SCOPES, Answer, App, Backend, Client};

/// A request that is about to be sent.
#[derive(Clone)]
struct Request {
    client: Client,
    method: String,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
}

impl Request {
    fn by(self, client: &Client) -> Request {
        Request { client: client.clone(), ..self }
    }

    fn at(self, path: String) -> Request {
        Request { path, ..self }
    }

    fn without(mut self, name: &str) -> Request {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    fn with(self, name: &'static str, value: &str) -> Request {
        let mut request = self.without(name);
        request.headers.push((name, value.to_owned()));
        request
    }

    fn saying(self, body: impl Into<Vec<u8>>) -> Request {
        Request { body: Some(body.into()), ..self }
    }

    fn send(&self) -> Answer {
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.client.send(&self.method, &self.path, &headers, self.body.as_deref())
    }
}

/// Where refusals are looked for: a service, another that allows next to nothing, and accounts that are bound.
struct Place {
    app: App,
    narrow: App,
    bound: [(&'static str, Client); 2],
}

impl Place {
    fn of(app: App) -> Place {
        let narrow = App::start_with(app.backend, |config| config.limits.requests = 1);
        let bound = ["cases", "projects"].map(|register| {
            let scopes: Vec<&str> = ALL_SCOPES.split_whitespace().collect();
            let account = new_client(&app, json!({"name": register, "scopes": scopes, "registers": [register]}));
            (register, logged_in(&app, &app.client.base, &account))
        });
        Place { app, narrow, bound }
    }
}

/// An operation of the document, with a path that leads to something.
struct Operation<'a> {
    place: &'a Place,
    name: String,
    template: String,
    endpoint: &'a Endpoint,
    /// As it succeeds.
    usual: Request,
}

/// More than any body may be, packed.
static TOO_LARGE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    (0..17).for_each(|_| packed.write_all(&vec![b' '; 1 << 20]).unwrap());
    packed.finish().unwrap()
});

const NOBODY: &str = "01932b6e-9999-7000-8000-000000000009";

impl<'a> Operation<'a> {
    fn of(place: &'a Place, endpoint: &'a Endpoint, template: &str, method: &str, documented: &Value) -> Self {
        let mut headers = vec![("If-Match", "*".to_owned())];
        let body = example(documented).map(|(media_type, text)| {
            headers.push(("Content-Type", media_type));
            text.into_bytes()
        });
        let path = filled(&place.app, template, documented);
        let usual = Request { client: place.app.client.clone(), method: method.into(), path, headers, body };
        Operation { place, name: format!("{method} {template}"), template: template.into(), endpoint, usual }
    }

    fn usual(&self) -> Request {
        self.usual.clone()
    }

    fn register(&self) -> &'static Register {
        registers::find(&self.endpoint.tag).unwrap()
    }

    /// The example of its body.
    fn body(&self) -> Value {
        serde_json::from_slice(self.usual.body.as_ref().unwrap()).unwrap()
    }

    /// The request that is refused in this way.
    fn refused(&self, slug: &str) -> Request {
        let (usual, app) = (self.usual(), &self.place.app);
        match slug {
            "invalid-parameter" => usual.clone().at(format!("{}?nonsense=1", usual.path)),
            "malformed-request" if self.endpoint.plain_body => usual.saying(vec![0xff]),
            "malformed-request" => usual.with("Content-Encoding", "gzip").saying("{\"title\""),
            "unauthenticated" => usual.by(&app.client.with_token("nonsense")),
            "invalid-client" => usual.by(&app.client.anonymous()),
            "invalid-grant" => usual.saying("grant_type=password"),
            "missing-scope" => {
                let other = Scope::ALL.iter().find(|scope| Some(**scope) != self.endpoint.scope).unwrap();
                usual.by(&app.with_scopes(other.as_str()))
            }
            "other-register" => {
                let (_, client) = self.place.bound.iter().find(|(name, _)| *name != self.endpoint.tag).unwrap();
                match self.template.as_str() {
                    // Free counts are those of the account's registers unless others are asked for.
                    counts @ ("/v1/statistics/counts" | "/v1/statistics/counts/notes") => {
                        usual.at(format!("{counts}?register=audits")).by(client)
                    }
                    _ => usual.by(client),
                }
            }
            "not-found" => usual.at(self.elsewhere()),
            "not-acceptable" => usual.with("Accept", "image/png"),
            "content-too-large" if self.endpoint.plain_body => usual.saying(vec![b' '; 300_000]),
            "content-too-large" => usual.with("Content-Encoding", "gzip").saying(TOO_LARGE.clone()),
            "unsupported-media-type" => usual.with("Content-Type", "image/png"),
            "validation-failed" => usual.saying("{\"nonsense\": 1}"),
            "stale-revision" => usual.with("If-Match", "\"99\""),
            "precondition-required" => usual.without("If-Match"),
            "conflict" => self.in_the_way(),
            "stale-version" => self.overtaken(),
            "deleted" => self.buried(),
            "idempotency-key-reused" => {
                let key = format!("reused-{}", self.endpoint.id);
                let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key.as_str())];
                app.client.send("POST", "/v1/cases", &headers, Some(b"{\"title\": \"Anfrage\"}")).expect(201);
                usual.with("Idempotency-Key", &key)
            }
            "gone" => self.removed(),
            "too-many-requests" => {
                // Whoever asks, with a token or without, has asked all that may be asked.
                let narrow = &self.place.narrow.client;
                narrow.get("/v1/cases");
                narrow.anonymous().get("/health/live");
                usual.by(narrow)
            }
            other => panic!("{}: nobody provokes {other}", self.name),
        }
    }

    /// The same with parameters in the path that name nothing.
    fn elsewhere(&self) -> String {
        let names = self.endpoint.path_parameters().into_iter();
        names.fold(self.template.clone(), |path, name| {
            let nothing = match name {
                "year" => "1900",
                "system" | "external_id" | "code" | "slug" => "nothing",
                _ => NOBODY,
            };
            path.replace(&format!("{{{name}}}"), nothing)
        })
    }

    /// What something stands in the way of: the number of another record, or what refers to it, or calendar feeds that there are.
    fn in_the_way(&self) -> Request {
        if self.template == "/v1/calendar-feeds" {
            let (_, client) = &self.place.bound[0];
            let usual = self.usual().by(client);
            (0..10).for_each(|_| drop(usual.send().expect(201)));
            return usual;
        }
        let (app, register) = (&self.place.app, self.register());
        if self.usual.method == "DELETE" {
            // By its id or by its key in another system.
            let id = app.client.get(&self.usual.path).expect(200).json()["id"].as_str().unwrap().to_owned();
            refer_to(app, register, &id);
            return self.usual();
        }
        let number = format!("TAKEN-{}", self.endpoint.id);
        app.create("cases", json!({"title": "Anfrage", "number": number}));
        let mut body = self.body();
        body["number"] = json!(number);
        self.usual().saying(body.to_string())
    }

    /// A delivery of what a newer one has brought already.
    fn overtaken(&self) -> Request {
        if self.usual.method == "DELETE" {
            return self.usual().at(format!("{}?version=0", self.usual.path));
        }
        let mut body = self.body();
        body["external"]["version"] = json!(body["external"]["version"].as_i64().unwrap() - 1);
        self.usual().saying(body.to_string())
    }

    /// A delivery of what was deleted already.
    fn buried(&self) -> Request {
        let path = self.template.replace("{system}", "gever").replace("{external_id}", "gone");
        self.place.app.client.delete(&format!("{path}?version=9"), "*").expect(204);
        let mut body = self.body();
        body["external"]["id"] = json!("gone");
        self.usual().without("If-Match").at(path).saying(body.to_string())
    }

    /// A place of the change feed before which entries were removed.
    fn removed(&self) -> Request {
        let app = &self.place.app;
        app.case("Anfrage");
        let oldest = app.client.get(&self.usual.path).expect(200).json()["items"][0]["cursor"].clone();
        app.tampered();
        app.sql("DELETE FROM changes WHERE seq <= (SELECT MIN(seq) + 1 FROM changes)");
        self.usual().at(format!("{}?after={}", self.usual.path, oldest.as_str().unwrap()))
    }

    /// The same request twice under a key, while the database is held: one waits for it, the other is told so.
    fn doubled(&self) -> Answer {
        let (app, begun) =
            (&self.place.app, self.usual().with("Idempotency-Key", &format!("doubled-{}", self.endpoint.id)));
        let mut held = app.db();
        held.batch_execute(match app.backend {
            Backend::Sqlite => "BEGIN IMMEDIATE",
            Backend::Postgres => "BEGIN; LOCK TABLE idempotency IN ACCESS EXCLUSIVE MODE",
        })
        .unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::scope(|threads| {
            for request in [begun.clone(), begun] {
                let tell = tell.clone();
                threads.spawn(move || tell.send(request.send()).unwrap());
            }
            let first = told.recv().unwrap();
            held.batch_execute("ROLLBACK").unwrap();
            first
        })
    }

    /// The head of the request and the beginning of a body that never ends.
    fn unfinished(&self) -> String {
        let Request { method, path, headers, .. } = &self.usual;
        let token = self.place.app.service().token(ALL_SCOPES).unwrap();
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{headers}Content-Length: 1000\r\n\
             Connection: close\r\n\r\n{{"
        )
    }
}

/// Creates a record that refers to another one.
fn refer_to(app: &App, register: &Register, id: &str) {
    let referring = registers::ALL.iter().flat_map(|from| from.references.iter().map(move |way| (from, way)));
    let found = referring.into_iter().find(|(_, way)| way.to.contains(&register.name));
    let (from, way) = found.unwrap_or_else(|| panic!("nothing refers to records of {}", register.name));
    let mut body = (from.example)();
    body[way.property] = match way.part {
        Some(part) => json!([{part: id, "type": "FOLLOWS"}]),
        None => json!(id),
    };
    app.create(from.name, body);
}

on_both_databases! {
    fn every_refusal_in_the_document_can_be_had(app) {
        let place = Place::of(app);
        let endpoints = aufsicht::api::server::endpoints(&crate::support::profile());
        std::thread::scope(|threads| {
            for (template, method, documented) in operations(&crate::support::document()) {
                let endpoint = endpoints.iter().find(|known| documented["operationId"] == known.id).unwrap();
                let ways: Vec<_> = endpoint.all_problems().into_iter().filter(|problem| problem.status < 500).collect();
                let told = documented["responses"].as_object().unwrap().keys().filter(|status| status.starts_with('4'));
                let mut statuses: Vec<String> = ways.iter().map(|problem| problem.status.to_string()).collect();
                statuses.dedup();
                assert_eq!(told.collect::<Vec<_>>(), statuses.iter().collect::<Vec<_>>(), "{method} {template}");
                let operation = Operation::of(&place, endpoint, &template, &method, &documented);
                // What is sent twice is done in the end, and a record that is deleted is no more refused.
                let (last, first): (Vec<_>, Vec<_>) =
                    ways.into_iter().partition(|problem| problem.slug == "request-in-progress");
                for problem in first.into_iter().chain(last) {
                    assert!(PROBLEMS.contains(problem));
                    match problem.slug {
                        // It takes its time: all of them wait together.
                        "request-timeout" => {
                            let (place, unfinished) = (&place, operation.unfinished());
                            threads.spawn(move || http_protocol::assert_refused(&http_protocol::send(&place.app, &unfinished), 408, problem.slug));
                        }
                        slug => {
                            let answer = if slug == "request-in-progress" { operation.doubled() } else { operation.refused(slug).send() };
                            let told = answer.expect_problem(problem.status, slug);
                            assert_eq!(told["title"], problem.title, "{}", operation.name);
                        }
                    }
                }
            }
        });
    }
}
