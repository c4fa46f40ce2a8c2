//! Bodies of requests: however they are packed, they take no more memory than the limit.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::support::{Backend, Process, database};
use crate::{on_both_databases, on_each};

/// 200 MiB of spaces by brotli, in 165 bytes.
const BROTLI: &str = "z///fwAkQOKxQHLv//n//w+ABEAcFoDu/T////8BkACIwwLQvf/n//8/ABIAcVgAuvf//P//B0ACIA4LQPf+n////wBIAMRhAeje//P//x8ACYA4LADd+3/+//8DIAEQhwWge//P//9/ACQA4rAAdO//+f//D4AEQBwWgO79P////wGQAIjDAtC9/+f//z8AEgBxWAC69//5//8HQAIgDgtA9/4P";

/// How much the bombs made here hold, in MiB.
const SIZE: usize = 30;

fn fill(mut packer: impl Write) {
    for _ in 0..SIZE {
        packer.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
}

/// Small bodies that become large, by coding.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::new(6));
    fill(&mut gzip);
    let mut deflate = ZlibEncoder::new(Vec::new(), Compression::new(6));
    fill(&mut deflate);
    let mut zstd = zstd::Encoder::new(Vec::new(), 1).unwrap();
    fill(&mut zstd);
    let mut wide = zstd::Encoder::new(Vec::new(), 1).unwrap();
    wide.window_log(27).unwrap();
    fill(&mut wide);
    vec![
        ("br", STANDARD.decode(BROTLI).unwrap()),
        ("gzip", gzip.finish().unwrap()),
        ("deflate", deflate.finish().unwrap()),
        ("zstd", zstd.finish().unwrap()),
        ("zstd", wide.finish().unwrap()),
    ]
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let chunks =
        body.chunks(5000).flat_map(|part| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat());
    chunks.chain(*b"0\r\n\r\n").collect()
}

/// Sends a body under a head, and returns the beginning of the answer.
fn exchange(service: &Process, head: &str, pieces: impl Iterator<Item = Vec<u8>>) -> String {
    let mut stream = TcpStream::connect(service.client.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    let authorization = service.client.authorization();
    stream.write_all(format!("{head}Host: x\r\n{authorization}\r\n").as_bytes()).unwrap();
    // The service may answer before it has read everything, and stop reading.
    for piece in pieces {
        if stream.write_all(&piece).is_err() {
            break;
        }
    }
    let mut answer = [0; 4096];
    let read = stream.read(&mut answer).unwrap_or(0);
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[track_caller]
fn assert_too_large(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("/problems/content-too-large"), "{answer}");
}

/// The heads of a request with a packed body, of known length and in chunks.
fn heads(path: &str, kind: &str, coding: &str, length: usize) -> [String; 2] {
    let start = format!("POST {path} HTTP/1.1\r\nContent-Type: {kind}\r\nContent-Encoding: {coding}\r\n");
    [format!("{start}Content-Length: {length}\r\n"), format!("{start}Transfer-Encoding: chunked\r\n")]
}

on_each! { a_bomb_takes_no_more_memory_than_the_limit }

fn a_bomb_takes_no_more_memory_than_the_limit(backend: Backend) {
    let (url, _directory) = database(backend);
    let service = Process::start(&url, &[("AUFSICHT_WORKERS", "2")]);
    let send = |path: &str, kind: &str, coding: &str, body: &[u8]| {
        let [length, chunks] = heads(path, kind, coding, body.len());
        [
            exchange(&service, &length, [body.to_vec()].into_iter()),
            exchange(&service, &chunks, [chunked(body)].into_iter()),
        ]
    };
    let (cases, json) = ("/v1/cases", "application/json");
    // The same paths with small bodies first: what they take once is not what a large body takes.
    for (coding, _) in bombs() {
        send(cases, json, coding, b"{}");
    }
    // What the start took for a while must not hide it either.
    let before = service.forget_peak();
    for (coding, bomb) in bombs() {
        assert!(bomb.len() < 262_144, "{coding}: it must not be the packed body that is too large");
        send(cases, json, coding, &bomb).iter().for_each(|answer| assert_too_large(answer));
        let head = &heads(cases, json, coding, bomb.len())[0];
        std::thread::scope(|scope| {
            let each = || scope.spawn(|| exchange(&service, head, [bomb.clone()].into_iter()));
            let four: Vec<_> = (0..4).map(|_| each()).collect();
            four.into_iter().for_each(|one| assert_too_large(&one.join().unwrap()));
        });
    }
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000)).into_bytes();
    let endless = "POST /v1/cases HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
    let answer = exchange(&service, endless, std::iter::repeat_n(chunk, 1600));
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413 "), "{answer}");
    // The kernel counts by thread and puts it together now and then: the peak can be told a little lower than before.
    let more = service.peak_memory().saturating_sub(before);
    assert!(more < 5 * 1024, "{more} KiB more memory");

    // Of a batch the limit is 16 MiB: it is unpacked into these, and brotli needs a window of as many beside them. What the
    // bombs become is 200 MiB.
    for (coding, bomb) in bombs() {
        send("/v1/cases/batch", "application/x-ndjson", coding, &bomb)
            .iter()
            .for_each(|answer| assert_too_large(answer));
    }
    let more = service.peak_memory().saturating_sub(before);
    assert!(more < 48 * 1024, "{more} KiB more memory");
}

on_both_databases! {
    fn packed_bodies_are_taken(app) {
        let body = br#"{"title": "Anfrage", "received_on": "2017-03-14"}"#;
        let mut gzip = GzEncoder::new(Vec::new(), Compression::new(6));
        gzip.write_all(body).unwrap();
        let mut deflate = ZlibEncoder::new(Vec::new(), Compression::new(6));
        deflate.write_all(body).unwrap();
        let mut brotli = Vec::new();
        brotli::CompressorWriter::new(&mut brotli, 4096, 5, 22).write_all(body).unwrap();
        for (coding, packed) in [
            ("gzip", gzip.finish().unwrap()),
            ("Deflate", deflate.finish().unwrap()),
            ("br", brotli),
            ("zstd", zstd::encode_all(&body[..], 19).unwrap()),
            ("identity", body.to_vec()),
        ] {
            let headers = [("Content-Type", "application/json"), ("Content-Encoding", coding)];
            app.client.send("POST", "/v1/cases", &headers, Some(&packed)).expect(201);
            let cut = app.client.send("POST", "/v1/cases", &headers, Some(&packed[..packed.len() - 2]));
            cut.expect_problem(400, "malformed-request");
        }
    }
}

on_both_databases! {
    fn several_codings_and_unknown_ones_are_refused(app) {
        let nested = bombs().swap_remove(1).1;
        for codings in [&["gzip, gzip"][..], &["gzip", "gzip"], &["identity", "identity"], &["gzip,"], &["compress"], &[""]] {
            let mut headers = vec![("Content-Type", "application/json")];
            headers.extend(codings.iter().map(|coding| ("Content-Encoding", *coding)));
            let refused = app.client.send("POST", "/v1/cases", &headers, Some(&nested));
            refused.expect_problem(415, "unsupported-media-type");
        }
    }
}

on_both_databases! {
    fn nothing_is_unpacked_for_who_has_not_logged_in(app) {
        for (coding, bomb) in bombs() {
            let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Encoding", coding)];
            let refused = app.client.anonymous().send("POST", "/oauth/token", &headers, Some(&bomb));
            let problem = refused.expect_problem(415, "unsupported-media-type");
            assert!(problem["detail"].as_str().unwrap().contains("not packed"), "{problem}");
            let headers = [("Content-Type", "application/json"), ("Content-Encoding", coding)];
            let refused = app.client.anonymous().send("POST", "/v1/cases", &headers, Some(&bomb));
            refused.expect_problem(401, "unauthenticated");
        }
    }
}
