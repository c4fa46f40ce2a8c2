//! The host that is asked: what others say of it counts only where a trusted proxy says it, and without secrets the service
//! answers to this machine's own names.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::disclosure::said;
use crate::document::{filled, operations};
use crate::http_protocol::exchange;
use crate::on_each;
use crate::support::{App, Backend, Directory, Running, aufsicht, database, serve};

/// What a request can say of the host that was asked, in the words of proxies.
const SAID: [&[(&str, &str)]; 3] = [
    &[("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https")],
    &[("Forwarded", "host=evil.example;proto=https")],
    &[("X-Forwarded-Host", "evil.example"), ("Forwarded", "for=192.0.2.1;host=\"evil.example\"")],
];

/// The operations that answer with absolute addresses.
const ABSOLUTE: [&str; 5] = [
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
    "/publications.atom",
    "/v1/statistics/catalog",
    "/v1/statistics/datapackage.json",
];

/// Whether an answer to an operation, in any of its formats, repeats the host that a proxy names.
fn repeats(app: &App, path: &str, operation: &Value, named: &[(&str, &str)]) -> bool {
    let media = operation["responses"]["200"]["content"].as_object().unwrap().keys();
    // A stream of events does not end, and a report as PDF says what it says as a page.
    let media = media.filter(|media| !["text/event-stream", "application/pdf"].contains(&media.as_str()));
    let ask = |media: &String| {
        let headers = [&[("Accept", media.as_str())][..], named].concat();
        let answer = app.client.send("GET", path, &headers, None);
        assert!(answer.status < 400, "{path}: {}", answer.text());
        said(&answer).contains("evil.example")
    };
    media.map(ask).collect::<Vec<_>>().contains(&true)
}

/// The operations that do, of all that read.
fn repeating(app: &App, named: &[(&str, &str)], chosen: impl Fn(&str) -> bool) -> Vec<String> {
    let all = operations(&crate::support::document()).into_iter();
    let all = all.filter(|(path, method, _)| method == "GET" && chosen(path));
    let repeats = |(path, _, operation): (String, String, Value)| {
        repeats(app, &filled(app, &path, &operation), &operation, named).then_some(path)
    };
    let found: BTreeSet<String> = all.filter_map(repeats).collect();
    found.into_iter().collect()
}

/// Fails when the answer to something that is made, refused or led elsewhere repeats the host.
fn assert_others_do_not(app: &App, named: &[(&str, &str)]) {
    let headers = [&[("Content-Type", "application/json")][..], named].concat();
    for (path, body) in [
        ("/v1/cases", json!({"title": "Anfrage"})),
        ("/v1/webhooks", json!({"url": "https://receiver.invalid/hook", "active": false})),
        ("/v1/clients", json!({"name": "script", "scopes": ["statistics:read"]})),
        ("/v1/cases", json!({})),
    ] {
        let answer = app.client.send("POST", path, &headers, Some(body.to_string().as_bytes()));
        assert!(!said(&answer).contains("evil.example"), "{path}: {}", said(&answer));
    }
    for path in ["/v1/cases?limit=1", "/v1/statistics/catalog?format=pdf", "/nowhere", "/swagger-ui"] {
        let answer = app.client.send("GET", path, named, None);
        assert!(!said(&answer).contains("evil.example"), "{path}: {}", said(&answer));
    }
}

#[test]
fn what_a_proxy_says_counts_only_where_it_is_trusted() {
    for trusted in [false, true] {
        let app = App::start_with(Backend::Sqlite, |config| {
            config.server.trusted_proxies = if trusted { vec!["127.0.0.1".parse().unwrap()] } else { vec![] };
        });
        let expected: &[&str] = if trusted { &ABSOLUTE } else { &[] };
        assert_eq!(repeating(&app, SAID[2], |_| true), expected);
        for named in SAID {
            assert_eq!(repeating(&app, named, |path| ABSOLUTE.contains(&path)), expected, "{named:?}");
            let catalog = "/v1/statistics/catalog?format=turtle";
            let told = app.client.send("GET", catalog, named, None).expect(200).text();
            assert_eq!(told.contains("://evil.example/v1/statistics/"), trusted, "{named:?}: {told}");
            assert_eq!(told.contains(app.client.address()), !trusted, "{named:?}: {told}");
            assert_others_do_not(&app, named);
        }
    }
}

/// A token of the service that was started in this directory.
fn developer_token(directory: &std::path::Path, url: &str) -> String {
    let mut command = aufsicht(directory);
    command.args(["token", "--scope", "register:read", "--subject", "tester"]).env("DATABASE_URL", url);
    String::from_utf8(command.output().unwrap().stdout).unwrap().trim().to_owned()
}

/// A service in development mode, with the demonstration data: its address.
fn in_development(url: &str, directory: &std::path::Path) -> (Running, String) {
    let mut command = aufsicht(directory);
    command.args(["serve", "--demo"]).env("DATABASE_URL", url).env("AUFSICHT_LISTEN", "127.0.0.1:0");
    let (running, printed) = serve(&mut command, "/v1/cases'");
    let address = printed.split("listens on http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
    (running, address)
}

on_each! { in_development_mode_the_host_is_this_machine }

fn in_development_mode_the_host_is_this_machine(backend: Backend) {
    let (url, _database) = database(backend);
    let directory = Directory::new();
    let (_running, address) = in_development(&url, &directory.0);
    let port = address.rsplit_once(':').unwrap().1;
    let ask = |method: &str, path: &str, lines: &str| {
        exchange(&address, &format!("{method} {path} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n"))
    };
    let foreign = [
        "Host: attacker.example\r\n".to_owned(),
        format!("Host: attacker.example:{port}\r\n"),
        "Host: 192.0.2.1\r\n".into(),
        "Host: localhost.attacker.example\r\n".into(),
        "Host: \r\n".into(),
        String::new(),
        // Nobody's word makes it another host.
        "Host: attacker.example\r\nX-Forwarded-Host: localhost\r\nForwarded: host=localhost\r\n".into(),
    ];
    for lines in &foreign {
        for (method, path) in [
            ("GET", "/"),
            ("HEAD", "/"),
            ("GET", "/v1/statistics/services"),
            ("GET", "/health/live"),
            ("GET", "/openapi.json"),
            ("OPTIONS", "/v1/cases"),
            ("POST", "/oauth/token"),
        ] {
            let answer = ask(method, path, lines);
            assert!(answer.starts_with("HTTP/1.1 400 "), "{method} {path} {lines:?}: {answer}");
            assert!(method == "HEAD" || answer.contains("/problems/malformed-request"), "{lines:?}: {answer}");
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
        }
    }
    let oldest = exchange(&address, "GET / HTTP/1.0\r\n\r\n");
    assert!(oldest.starts_with("HTTP/1.0 400 "), "{oldest}");
    for host in [
        "127.0.0.1",
        "localhost",
        "LocalHost",
        "[::1]",
        &format!("localhost:{port}"),
        &format!("[::1]:{port}"),
        &address,
    ] {
        for path in ["/", "/health/live"] {
            let answer = ask("GET", path, &format!("Host: {host}\r\n"));
            assert!(answer.starts_with("HTTP/1.1 200 "), "{path} {host}: {answer}");
        }
    }
    // Addresses are whole there, so that clients and importers of the API document need join nothing.
    let token = developer_token(&directory.0, &url);
    let list = ask("GET", "/v1/cases?limit=1", &format!("Host: localhost:{port}\r\nAuthorization: Bearer {token}\r\n"));
    assert!(list.contains(&format!("link: <http://localhost:{port}/v1/cases?limit=1&cursor=")), "{list}");
    let document = ask("GET", "/openapi.json", &format!("Host: {address}\r\n"));
    assert!(document.contains(&format!("\"servers\":[{{\"url\":\"http://{address}\"")), "{}", &document[..600]);
    let page = ask("GET", "/", &format!("Host: {address}\r\n"));
    assert!(page.contains(">295<"), "there are figures that a page of another host would show: {page}");
}

#[test]
fn with_a_secret_any_host_is_taken() {
    let app = App::start(Backend::Sqlite);
    let host = [("Host", "aufsicht.example")];
    app.client.send("GET", "/v1/cases", &host, None).expect(200);
    app.client.send("GET", "/", &host, None).expect(200);
}
