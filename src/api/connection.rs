//! Connections: what is refused before there is a request to be handled is told as a problem document, like all else.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::http::StatusCode;
use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::edge::DEFAULTS;
use super::problem::{PROBLEM_JSON, Problem};

/// A connection. What the HTTP protocol itself refuses (broken framing, too large or too slow a header) never reaches a
/// handler, and comes without a body: it is given one here, on its way out.
pub struct Connection {
    stream: TcpStream,
    refusal: Option<Refusal>,
}

/// A refusal that is being sent in place of another.
struct Refusal {
    bytes: Vec<u8>,
    sent: usize,
    /// How many bytes it stands for.
    replaces: usize,
}

impl Connection {
    /// A connection over a stream.
    pub fn new(stream: TcpStream) -> Self {
        Connection { stream, refusal: None }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, to)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.refusal.is_none() {
            this.refusal = refusal(bytes);
        }
        let Some(refusal) = &mut this.refusal else { return Pin::new(&mut this.stream).poll_write(context, bytes) };
        while refusal.sent < refusal.bytes.len() {
            let rest = &refusal.bytes[refusal.sent..];
            match ready!(Pin::new(&mut this.stream).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                more => refusal.sent += more,
            }
        }
        let replaces = refusal.replaces;
        this.refusal = None;
        Poll::Ready(Ok(replaces))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// How long the head of an answer without a body can be.
const HEAD: usize = 512;

/// What is sent in place of these bytes, if they end with a refusal that no handler has seen: every answer of the
/// service itself carries a request id, and a refusal of the protocol is the last thing that a connection sends.
fn refusal(bytes: &[u8]) -> Option<Refusal> {
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let from = bytes.len().saturating_sub(HEAD);
    let start = from + bytes[from..].windows(10).rposition(|at| at == b"HTTP/1.1 4")?;
    let head = std::str::from_utf8(&bytes[start..]).ok()?.to_ascii_lowercase();
    let ours = head.contains("\r\nx-request-id:") || !head.contains("\r\ncontent-length: 0\r\n");
    if ours || head.find("\r\n\r\n") != Some(head.len() - 4) {
        return None;
    }
    let status = StatusCode::from_u16(head.get(9..12)?.parse().ok()?).ok()?;
    // The rest of the head stays: it has the date, and says that the connection is closed.
    let kept = std::str::from_utf8(&bytes[start..])
        .ok()?
        .trim_end()
        .lines()
        .filter(|line| !line.to_ascii_lowercase().starts_with("content-length:"));
    let mut message = bytes[..start].to_vec();
    kept.for_each(|line| message.extend(format!("{line}\r\n").bytes()));
    message.extend(explained(status));
    Some(Refusal { bytes: message, sent: 0, replaces: bytes.len() })
}

/// The further headers and the problem document of a refusal. There is no request to be named in the log.
fn explained(status: StatusCode) -> Vec<u8> {
    let id = uuid::Uuid::now_v7().to_string();
    log::info!("- - {} request={id}", status.as_u16());
    let body = serde_json::to_vec(&Problem::of_status(status).in_request(&id)).unwrap_or_default();
    let mut headers =
        format!("content-type: {PROBLEM_JSON}\r\ncontent-length: {}\r\nx-request-id: {id}\r\n", body.len());
    for (name, value) in DEFAULTS {
        headers += &format!("{name}: {value}\r\n");
    }
    [headers.as_bytes(), b"\r\n", &body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_what_no_handler_has_seen_and_nothing_else() {
        let bare = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: x\r\n\r\n";
        let before = "HTTP/1.1 200 OK\r\nx-request-id: a\r\ncontent-length: 2\r\n\r\n{}";
        let ours = bare.replace("date: x", "X-Request-Id: a");
        let text = |bytes: &str| refusal(bytes.as_bytes()).map(|refusal| String::from_utf8(refusal.bytes).unwrap());
        let replaced = text(bare).unwrap();
        assert!(replaced.starts_with("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ndate: x\r\ncontent-type:"));
        assert!(replaced.contains("\r\n\r\n{\"type\":\"/problems/malformed-request\""));
        let after_another = text(&format!("{before}{bare}")).unwrap();
        assert!(after_another.starts_with(&format!("{before}HTTP/1.1 400 ")));
        for other in [before, &ours, &format!("{bare}x"), "HTTP/1.1 204 No Content\r\n\r\n"] {
            assert_eq!(text(other), None, "{other}");
        }
    }
}
