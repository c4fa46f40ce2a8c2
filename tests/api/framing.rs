//! Where a request ends: what is not framed to the letter is refused, and nothing behind it is a request.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::http_protocol::{assert_refused, send};
use crate::on_both_databases;
use crate::support::{App, Backend};

const LIVE: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";

/// A request in chunks to an endpoint that everybody may ask.
fn posted(chunks: &str) -> String {
    format!(
        "POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Transfer-Encoding: chunked\r\n\r\n{chunks}"
    )
}

/// The statuses of the answers, in their order.
fn statuses(answers: &str) -> Vec<u16> {
    answers.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].parse().unwrap()).collect()
}

/// The last of several answers.
fn last(answers: &str) -> &str {
    &answers[answers.rfind("HTTP/1.1 ").unwrap()..]
}

on_both_databases! {
    fn nothing_behind_a_broken_body_is_a_request(app) {
        let victim = format!("POST /problems/victim HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{LIVE}", LIVE.len());
        for chunks in [
            "0\r\n\n",
            "0\n\r\n",
            "0\n\n",
            "0\r\n\r",
            "0\r\nA: b\n\r\n",
            "0\r\nA: b\n\n",
            "0\r\nno trailer\r\n\r\n",
            "0\r\n A: b\r\n\r\n",
            "0\r\nA : b\r\n\r\n",
            "0\r\n: b\r\n\r\n",
            "1;a=\"\r\nx\r\n0\r\n\r\n",
            "1;a=\"b\r\nx\r\n0\r\n\r\n",
            "1;a=\"\r\n\"\r\nx\r\n0\r\n\r\n",
            "1;a\nx\r\n0\r\n\r\n",
            "1;\r\nx\r\n0\r\n\r\n",
            "1; a\r\nx\r\n0\r\n\r\n",
            "1 \r\nx\r\n0\r\n\r\n",
            "1\nx\r\n0\r\n\r\n",
            "1\r\nx\n0\r\n\r\n",
            "1\r\nxx\r\n0\r\n\r\n",
            "0x1\r\nx\r\n0\r\n\r\n",
            "\r\n",
        ] {
            let answer = send(&app, &format!("{}{victim}{LIVE}", posted(chunks)));
            assert_eq!(statuses(&answer), [400], "{chunks:?}: {answer}");
            assert_refused(&answer, 400, "malformed-request");
            let after = send(&app, &format!("{LIVE}{}{victim}{LIVE}", posted(chunks)));
            assert_eq!(statuses(&after), [200, 400], "{chunks:?}: {after}");
        }
        // Framed to the letter: the body is nonsense, what follows is not.
        for chunks in ["0\r\n\r\n", "1;a=\"b\\\"\";c=d\r\nx\r\n0\r\nA: b\r\n\r\n"] {
            let answer = send(&app, &format!("{}{LIVE}{}", posted(chunks), LIVE.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")));
            assert_eq!(statuses(&answer), [400, 200, 200], "{chunks:?}: {answer}");
        }
    }
}

on_both_databases! {
    fn nothing_behind_a_broken_head_is_a_request(app) {
        for head in [
            "GET /health/live HTTP/1.1\nHost: x\n\n",
            "GET /health/live HTTP/1.1\r\nHost: x\n\r\n",
            "GET /health/live HTTP/1.1\r\nHost: x\r\n\n",
            "\nGET /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
            "\r\n\r\nGET /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 1\n\r\n",
            "GET /health/live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n",
            "GET /health/live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
            "GET /health/live HTTP/1.1\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "POST /oauth/token HTTP/1.0\r\n\r\n",
        ] {
            assert_refused(&send(&app, &format!("{head}{LIVE}{LIVE}")), 400, "malformed-request");
            let answer = send(&app, &format!("{}{head}{LIVE}", LIVE.repeat(20)));
            assert_eq!(statuses(&answer), [vec![200; 20], vec![400]].concat(), "{head:?}: {answer}");
            assert_refused(last(&answer), 400, "malformed-request");
        }
    }
}

on_both_databases! {
    fn requests_one_behind_the_other_are_answered_in_order(app) {
        let authorization = app.client.authorization();
        let body = r#"{"title": "HTTP/1.1 400 Bad"}"#;
        let created = format!(
            "POST /v1/cases HTTP/1.1\r\nHost: x\r\n{authorization}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let closing = "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let head = LIVE.replace("GET", "HEAD");
        let options = LIVE.replace("GET", "OPTIONS");
        let answer = send(&app, &format!("{head}{options}{created}{created}{LIVE}{closing}{LIVE}{LIVE}"));
        let found: Vec<&str> = ["HTTP/1.1 200", "HTTP/1.1 204", "HTTP/1.1 201"].into_iter().filter(|line| answer.contains(line)).collect();
        assert_eq!(found.len(), 3, "{answer}");
        assert_eq!(app.client.all("/v1/cases").len(), 2);
        // What is behind the last one is none: HEAD, POST, POST, GET, GET.
        assert_eq!(answer.matches("x-request-id: ").count(), 6, "{answer}");
        assert!(last(&answer).to_ascii_lowercase().contains("\r\nconnection: close\r\n"), "{answer}");
    }
}

#[test]
fn an_answer_that_left_a_body_unread_is_the_last() {
    let app = App::start(Backend::Sqlite);
    for framing in [("Content-Length: 4\r\n", "{}{}"), ("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n")] {
        let (line, body) = framing;
        let refused = format!("POST /v1/cases HTTP/1.1\r\nHost: x\r\n{line}\r\n{body}");
        for behind in [LIVE, "GARBAGE\n\n", &refused] {
            let answer = send(&app, &format!("{refused}{behind}"));
            assert_eq!(statuses(&answer), [401], "{answer}");
            assert!(answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n"), "{answer}");
        }
    }
}

#[test]
fn nothing_is_switched_to() {
    let app = App::start(Backend::Sqlite);
    for fields in [
        "Upgrade: websocket\r\nConnection: Upgrade\r\n",
        "Upgrade: websocket\r\n",
        "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
    ] {
        let answer = send(&app, &format!("GET /health/live HTTP/1.1\r\nHost: x\r\n{fields}\r\n{LIVE}"));
        assert_eq!(statuses(&answer), [200], "{fields}: {answer}");
        assert!(answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n"), "{answer}");
    }
    let answer = send(&app, &format!("CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n{LIVE}"));
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
}

#[test]
fn a_body_that_waits_for_100_is_taken() {
    let app = App::start(Backend::Sqlite);
    let authorization = app.client.authorization();
    for (line, body) in [
        ("Content-Length: 17", "{\"title\": \"Test\"}".to_owned()),
        ("Transfer-Encoding: chunked", "11\r\n{\"title\": \"Test\"}\r\n0\r\n\r\n".to_owned()),
    ] {
        let mut stream = TcpStream::connect(app.service().address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let head = format!(
            "POST /v1/cases HTTP/1.1\r\nHost: x\r\n{authorization}Content-Type: application/json\r\n{line}\r\n\
             Expect: 100-continue\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut first = [0; 25];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    }
}

#[test]
fn a_slow_head_is_given_up_behind_another_request_too() {
    let app = App::start(Backend::Sqlite);
    let begun = Instant::now();
    let answer = send(&app, &format!("{LIVE}GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow"));
    assert_eq!(statuses(&answer), [200, 408], "{answer}");
    assert_refused(last(&answer), 408, "request-timeout");
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
}

/// A title that looks like an answer of the protocol.
const TITLE: &str = "x\r\nHTTP/1.1 400 Bad\r\ncontent-length: 0\r\ny";

on_both_databases! {
    fn content_that_looks_like_an_answer_is_sent_as_it_is(app = App::start_with_demo) {
        // Every line of the export ends with it, so every piece that is sent does.
        app.tampered();
        app.sql(&format!("UPDATE records SET title = '{TITLE}' WHERE register = 'cases'"));
        let exported = app.client.get("/v1/cases/export?format=csv").expect(200);
        let text = exported.text();
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let place = reader.headers().unwrap().iter().position(|name| name == "title").unwrap();
        let titles: Vec<String> = reader.records().map(|line| line.unwrap()[place].to_owned()).collect();
        assert_eq!(titles.len(), app.client.all("/v1/cases?limit=1000").len());
        assert!(titles.len() > 1000 && titles.iter().all(|title| title == TITLE));
        for record in app.client.all("/v1/cases?limit=1000").iter().take(3) {
            assert_eq!(record["title"], TITLE);
        }
    }
}
