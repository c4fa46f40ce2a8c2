//! What comes over the wire byte by byte: slow, broken and hostile requests.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::{ALL_SCOPES, App, Backend, Directory, aufsicht, serve};

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

/// The most memory that a process has ever had, in KiB.
fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn bodies_beyond_the_limit_are_refused_without_being_kept() {
    let directory = Directory::new();
    let mut command = aufsicht(&directory.0);
    command.args(["serve", "--demo"]).env("AUFSICHT_LISTEN", "127.0.0.1:0");
    let (running, printed) = serve(&mut command, "/v1/cases'");
    let address = printed.split("listens on http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let token = printed.split("export TOKEN=").nth(1).unwrap().lines().next().unwrap();
    let head = format!(
        "POST /v1/cases HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    );
    let exchange = |start: &str, pieces: &mut dyn Iterator<Item = Vec<u8>>| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(format!("{head}{start}\r\n").as_bytes()).unwrap();
        // The service answers before it has read everything, and stops reading.
        for piece in pieces {
            if stream.write_all(&piece).is_err() {
                break;
            }
        }
        let mut answer = [0; 4096];
        let read = stream.read(&mut answer).unwrap_or(0);
        String::from_utf8_lossy(&answer[..read]).into_owned()
    };
    // The same path with a small body first: what it takes once is not what a large body takes.
    exchange("Content-Length: 2\r\n", &mut [b"{}".to_vec()].into_iter());
    let before = peak_memory(running.0.id());

    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..200 {
        bomb.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    let start = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", bomb.len());
    let answer = exchange(&start, &mut [bomb].into_iter());
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("/problems/content-too-large"), "{answer}");

    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000)).into_bytes();
    let mut endless = std::iter::repeat_n(chunk, 3200);
    let answer = exchange("Transfer-Encoding: chunked\r\n", &mut endless);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413 "), "{answer}");

    let more = peak_memory(running.0.id()) - before;
    assert!(more < 5 * 1024, "{more} KiB more memory");
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
