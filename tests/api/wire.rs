//! What comes over the wire byte by byte: slow, broken and hostile requests.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::{ALL_SCOPES, App, Backend};

/// Sends bytes as they are and returns what comes back until the service closes the connection.
fn send(app: &App, bytes: &str) -> String {
    let mut stream = TcpStream::connect(app.service().address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(25))).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_slow_body_is_given_up() {
    let app = App::start(Backend::Sqlite);
    let token = app.service().token(ALL_SCOPES).unwrap();
    let answer = send(
        &app,
        &format!(
            "POST /v1/cases HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: 1000\r\nConnection: close\r\n\r\n{{\"title\":"
        ),
    );
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("/problems/request-timeout"), "{answer}");
}

#[test]
fn a_slow_header_is_given_up() {
    let app = App::start(Backend::Sqlite);
    let answer = send(&app, "GET /v1/cases HTTP/1.1\r\nHost: x\r\nX-Slow");
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[test]
fn broken_framing_is_refused_and_the_connection_closed() {
    let app = App::start(Backend::Sqlite);
    for (name, head) in [
        ("two lengths", "Content-Length: 2\r\nContent-Length: 3\r\n"),
        ("length and chunks", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"),
        ("unknown coding", "Transfer-Encoding: xchunked\r\n"),
        ("folded header", "X-Folded: a\r\n b\r\n"),
        ("space before colon", "Content-Length : 2\r\n"),
        ("negative length", "Content-Length: -1\r\n"),
    ] {
        let answer = send(&app, &format!("POST /v1/cases HTTP/1.1\r\nHost: x\r\n{head}Connection: close\r\n\r\n{{}}"));
        assert!(answer.starts_with("HTTP/1.1 4"), "{name}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{name}: {answer}");
    }
}

#[test]
fn strange_addresses_lead_nowhere() {
    let app = App::start(Backend::Sqlite);
    for address in [
        "//v1/cases",
        "/v1//cases",
        "/v1/cases/",
        "/v1/..%2fv1/cases",
        "/v1/cases%00",
        "/V1/cases",
        "/%2e%2e/etc/passwd",
    ] {
        let answer = app.client.get(address);
        assert!([400, 404].contains(&answer.status), "{address}: {}", answer.status);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{address}");
    }
    app.client.get("/health/live").expect(200);
}
