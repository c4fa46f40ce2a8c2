//! A load generator: connections that send one request after the other, as light as can be.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How many connections are used at a time.
pub const CONNECTIONS: usize = 16;

/// An answer: its status and its body.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

/// A connection that is kept.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: &str) -> Connection {
        let stream = TcpStream::connect(address).await.expect("the service accepts connections");
        stream.set_nodelay(true).unwrap();
        Connection { stream, buffer: Vec::with_capacity(64 << 10) }
    }

    async fn more(&mut self) {
        let read = self.stream.read_buf(&mut self.buffer).await.expect("the connection holds");
        assert!(read > 0, "the service closed the connection: {}", String::from_utf8_lossy(&self.buffer));
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(&mut self, request: &[u8]) -> Answer {
        self.stream.write_all(request).await.expect("the connection holds");
        self.buffer.clear();
        let head = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await;
        };
        let text = String::from_utf8_lossy(&self.buffer[..head]).to_ascii_lowercase();
        let status = text[9..12].parse().unwrap();
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        let Some(length) = length else {
            assert!(text.contains("transfer-encoding: chunked") || status == 304 || status == 204, "{text}");
            return Answer { status, body: if status == 200 { self.chunks(head).await } else { Vec::new() } };
        };
        let length: usize = length;
        while self.buffer.len() < head + length {
            self.more().await;
        }
        Answer { status, body: self.buffer[head..head + length].to_vec() }
    }

    async fn chunks(&mut self, head: usize) -> Vec<u8> {
        let mut rest = self.buffer.split_off(head);
        let mut body = Vec::new();
        std::mem::swap(&mut rest, &mut self.buffer);
        loop {
            let end = loop {
                if let Some(end) = find(&self.buffer, b"\r\n") {
                    break end;
                }
                self.more().await;
            };
            let size = usize::from_str_radix(std::str::from_utf8(&self.buffer[..end]).unwrap().trim(), 16).unwrap();
            while self.buffer.len() < end + 2 + size + 2 {
                self.more().await;
            }
            body.extend_from_slice(&self.buffer[end + 2..end + 2 + size]);
            self.buffer.drain(..end + 4 + size);
            if size == 0 {
                return body;
            }
        }
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// A request as it goes over the wire.
pub fn request(method: &str, path: &str, token: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: load\r\nAuthorization: Bearer {token}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// What a measurement gave.
#[derive(Default)]
pub struct Measured {
    pub seconds: f64,
    /// How long each request took, in microseconds, sorted.
    pub micros: Vec<u32>,
    /// Answers that did not succeed, and one of them.
    pub failures: usize,
    pub failure: String,
}

impl Measured {
    pub fn rate(&self) -> f64 {
        self.micros.len() as f64 / self.seconds
    }

    /// In milliseconds.
    pub fn percentile(&self, share: f64) -> f64 {
        let place = ((self.micros.len() as f64 * share) as usize).min(self.micros.len().saturating_sub(1));
        self.micros.get(place).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }
}

/// Sends requests over some connections for a time; a request a time where a pace in requests a second is given.
pub async fn measure(
    address: &str,
    connections: usize,
    seconds: f64,
    pace: Option<f64>,
    make: impl Fn(usize, usize) -> Vec<u8> + Clone + 'static,
) -> Measured {
    let begun = Instant::now();
    let end = begun + Duration::from_secs_f64(seconds);
    let local = tokio::task::LocalSet::new();
    let mut tasks = JoinSet::new();
    for number in 0..connections {
        let (make, address) = (make.clone(), address.to_owned());
        let work = async move {
            let mut connection = Connection::open(&address).await;
            let mut out = Measured::default();
            let mut ticks = pace.map(|pace| tokio::time::interval(Duration::from_secs_f64(connections as f64 / pace)));
            for turn in 0.. {
                if let Some(ticks) = &mut ticks {
                    ticks.tick().await;
                }
                if Instant::now() >= end {
                    break;
                }
                let request = make(number, turn);
                let sent = Instant::now();
                let answer = connection.send(&request).await;
                out.micros.push(sent.elapsed().as_micros() as u32);
                if answer.status >= 300 {
                    out.failures += 1;
                    out.failure = format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body));
                }
            }
            out
        };
        tasks.spawn_local_on(work, &local);
    }
    local
        .run_until(async move {
            let mut all = Measured::default();
            while let Some(one) = tasks.join_next().await {
                let one = one.unwrap();
                all.micros.extend(one.micros);
                all.failures += one.failures;
                if one.failures > 0 {
                    all.failure = one.failure;
                }
            }
            all.seconds = begun.elapsed().as_secs_f64();
            all.micros.sort_unstable();
            all
        })
        .await
}
