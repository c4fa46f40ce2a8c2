//! What comes over the wire byte by byte: slow, broken and hostile requests.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use crate::support::{ALL_SCOPES, App, Backend};

/// Sends bytes as they are and returns what comes back until the service closes the connection.
pub fn send(app: &App, bytes: &str) -> String {
    exchange(app.service().address(), bytes)
}

/// The same to a service at an address.
pub fn exchange(address: impl ToSocketAddrs, bytes: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
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
    assert_refused(&answer, 408, "request-timeout");
}

/// Fails unless this is one answer, a problem document with the headers that every answer has, and the last one.
#[track_caller]
pub fn assert_refused(answer: &str, status: u16, slug: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let headers: Vec<(&str, &str)> = head.lines().filter_map(|line| line.split_once(": ")).collect();
    let header =
        |name: &str| headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
    let problem: serde_json::Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"));
    assert_eq!(problem["type"], format!("/problems/{slug}"), "{answer}");
    assert_eq!(problem["status"], status);
    assert_eq!(problem["instance"].as_str(), header("x-request-id"), "{answer}");
    assert_eq!(header("content-type"), Some("application/problem+json"), "{answer}");
    assert_eq!(header("content-length"), Some(body.len().to_string().as_str()), "{answer}");
    for name in ["api-version", "date", "cache-control", "content-security-policy", "x-content-type-options"] {
        assert!(header(name).is_some(), "{name}: {answer}");
    }
}

#[test]
fn broken_framing_is_refused_and_the_connection_closed() {
    let app = App::start(Backend::Sqlite);
    let token = app.service().token(ALL_SCOPES).unwrap();
    for (name, head) in [
        ("two lengths", "Content-Length: 2\r\nContent-Length: 3\r\n"),
        ("two equal lengths", "Content-Length: 2\r\nContent-Length: 2\r\n"),
        ("a list of lengths", "Content-Length: 2, 2\r\n"),
        ("signed length", "Content-Length: +2\r\n"),
        ("negative length", "Content-Length: -1\r\n"),
        ("length and chunks", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"),
        ("chunks and length", "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n"),
        ("chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        ("unknown coding", "Transfer-Encoding: xchunked\r\n"),
        ("chunked not last", "Transfer-Encoding: chunked, identity\r\n"),
        ("folded header", "Content-Length: 2\r\nX-Folded: a\r\n b\r\n"),
        ("space before colon", "Content-Length : 2\r\n"),
        ("two hosts", "Content-Length: 2\r\nHost: y\r\n"),
        ("a null in a header", "Content-Length: 2\r\nX-Null: a\0b\r\n"),
        ("a bare carriage return", "Content-Length: 2\r\nX-Bare: a\rb\r\n"),
    ] {
        // The connection is closed by the service: what was sent behind is not taken for another request.
        let behind = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
        let answer = send(
            &app,
            &format!(
                "POST /v1/cases HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
                 {head}\r\n{{}}{behind}"
            ),
        );
        assert!(answer.starts_with("HTTP/1.1 400 "), "{name}: {answer}");
        assert_refused(&answer, 400, "malformed-request");
    }
}

#[test]
fn too_large_a_head_is_refused() {
    let app = App::start(Backend::Sqlite);
    let long = "a".repeat(140_000);
    let many = (0..200).map(|number| format!("X-{number}: a\r\n")).collect::<String>();
    for head in [
        format!("GET /v1/cases HTTP/1.1\r\nHost: x\r\nX-Long: {long}"),
        format!("GET /v1/cases?q={long}"),
        format!("GET /v1/cases HTTP/1.1\r\nHost: x\r\n{many}\r\n"),
    ] {
        assert_refused(&send(&app, &head), 431, "headers-too-large");
    }
}

#[test]
fn an_address_that_names_another_host_is_refused() {
    let app = App::start(Backend::Sqlite);
    let ask = |target: &str, more: &str| {
        send(&app, &format!("GET {target} HTTP/1.1\r\nHost: lu.example\r\n{more}Connection: close\r\n\r\n"))
    };
    assert_refused(&ask("http://evil.example/health/live", ""), 400, "malformed-request");
    // RFC 9112, section 3.2.2: the absolute form must be taken.
    assert!(ask("http://lu.example/health/live", "").starts_with("HTTP/1.1 200 "));
    let all = send(&app, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(all.starts_with("HTTP/1.1 204 ") && all.to_ascii_lowercase().contains("\r\nallow: get, head"), "{all}");
}

#[test]
fn what_is_packed_otherwise_or_no_utf8_is_refused() {
    let app = App::start(Backend::Sqlite);
    let packed = [("Content-Type", "application/json"), ("Content-Encoding", "compress")];
    let refused = app.client.send("POST", "/v1/cases", &packed, Some(b"{\"title\": \"A\"}"));
    let problem = refused.expect_problem(415, "unsupported-media-type");
    assert!(problem["detail"].as_str().unwrap().contains("gzip"), "{problem}");
    let problem = app.client.get("/v1/cases?q=%ff").expect_problem(400, "invalid-parameter");
    assert_eq!(problem["errors"][0]["parameter"], "q");
    app.client.get("/v1/cases?q=%EF%BF%BD").expect(200);
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

#[test]
fn idle_connections_disturb_nobody() {
    let app = App::start(Backend::Sqlite);
    let address = app.service().address();
    let idle: Vec<TcpStream> = (0..500).map(|_| TcpStream::connect(address).unwrap()).collect();
    for number in 0..20 {
        app.case(&format!("Anfrage {number}"));
    }
    assert_eq!(app.client.all("/v1/cases").len(), 20);
    assert_eq!(idle.len(), 500);
}

/// How long a client may take nothing of what it is sent.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks for far more than any buffer on the way holds, takes of it what `take` takes in the time that is left, and then
/// reads the rest: how many bytes came after that time, and whether that was the end.
fn read_late(app: &App, take: impl Fn(&mut TcpStream, Instant)) -> usize {
    let mut stream = TcpStream::connect(app.service().address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let ask = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(DOCUMENTS - 1);
    let last = "GET /openapi.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(format!("{ask}{last}").as_bytes()).unwrap();
    take(&mut stream, Instant::now() + PATIENCE + Duration::from_secs(4));
    let (mut read, mut space) = (0, vec![0; 1 << 16]);
    // Cut off, it ends with an error or without one: what counts is how much there was.
    while let Ok(more @ 1..) = stream.read(&mut space) {
        read += more;
    }
    read
}

/// How many documents are asked for.
const DOCUMENTS: usize = 60;

#[test]
fn who_takes_nothing_is_given_up() {
    let app = App::start(Backend::Sqlite);
    let all = DOCUMENTS * app.client.get("/openapi.json").expect(200).body.len();
    assert!(all > 32 << 20, "more than the buffers of a connection: {all}");
    let nothing =
        |_: &mut TcpStream, until: Instant| std::thread::sleep(until.saturating_duration_since(Instant::now()));
    // Now and then a little, which never makes room for what waits to be sent.
    let drops = |stream: &mut TcpStream, until: Instant| {
        while Instant::now() < until {
            let _ = stream.read(&mut [0; 100]);
            std::thread::sleep(Duration::from_millis(500));
        }
    };
    let at_once = |_: &mut TcpStream, _: Instant| {};
    // Stops for a while, and goes on in time.
    let pauses = |_: &mut TcpStream, _: Instant| std::thread::sleep(PATIENCE / 2);
    let (app, begun) = (&app, Instant::now());
    let [nothing, drops, at_once, pauses] = std::thread::scope(|scope| {
        let readers = [
            scope.spawn(move || read_late(app, nothing)),
            scope.spawn(move || read_late(app, drops)),
            scope.spawn(move || read_late(app, at_once)),
            scope.spawn(move || read_late(app, pauses)),
        ];
        readers.map(|reader| reader.join().unwrap())
    });
    assert!(
        nothing < all && drops < all,
        "who takes next to nothing gets no more than what was on its way: {nothing} {drops} of {all}"
    );
    assert!(at_once >= all && pauses >= all, "who takes it gets it: {at_once} {pauses} of {all}");
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
    app.client.get("/health/live").expect(200);
}
