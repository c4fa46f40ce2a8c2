//! The framing of what is read of a connection, checked to the letter (RFC 9112) before the framework sees it.
//!
//! A proxy in front and the service must agree where a request ends, or what the one takes for content the other takes
//! for a request. So nothing is tolerated that others could read otherwise: lines end with CR LF only, a length is said
//! once, chunks and trailers are as the grammar has them. Content is passed by its count and never looked at.

use actix_web::http::header::HeaderName;
use actix_web::http::{Method, StatusCode, Uri};
use memchr::memchr3;

use super::chunks::{ChunkDecoder, ChunkState};

/// The longest head of a request, in bytes: less than what the framework refuses in words of its own.
const HEAD: usize = 128_000;

/// The most header fields of a request.
const FIELDS: usize = 96;

/// The longest address that the framework reads.
const ADDRESS: usize = 65_000;

/// The kind of the bytes to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum FramingState {
    /// The head of a request, or nothing as long as no byte of it has come.
    #[default]
    Head,
    /// The rest of a body of known length.
    Body(u64),
    /// A body in chunks.
    Chunks(ChunkDecoder),
    /// Nothing that is a request: the one before was the last.
    Over,
    /// Nothing that is passed on: a request was refused.
    Refused(StatusCode),
}

/// The requests on a connection as far as they were read.
#[derive(Debug, Default)]
pub struct Framing {
    state: FramingState,
    head: Vec<u8>,
    /// Set if the request that is being read is the last of its connection.
    is_last: bool,
    /// The number of heads that were read to their end.
    heads: usize,
    /// The number of requests that were read to their end.
    whole: usize,
}

impl Framing {
    /// Returns the number of requests that were read to their end.
    pub fn whole(&self) -> usize {
        self.whole
    }

    /// The place, from 0, of the request after which there can be none, once its head was read.
    pub fn last(&self) -> Option<usize> {
        self.heads.checked_sub(1).filter(|_| self.is_last)
    }

    /// True if part of a head has come, or nothing at all yet.
    pub fn awaits_head(&self) -> bool {
        self.has_part_of_head() || (self.state == FramingState::Head && self.heads == 0)
    }

    /// True if part of a head has come.
    pub fn has_part_of_head(&self) -> bool {
        self.state == FramingState::Head && !self.head.is_empty()
    }

    /// Notes that nothing more comes: what has come of a head is none.
    pub fn finish(&mut self) {
        self.head.clear();
    }

    /// True if the bytes that come now are no request any more.
    pub fn is_over(&self) -> bool {
        self.state == FramingState::Over
    }

    /// The status with which the request that was being read was refused.
    pub fn refused(&self) -> Option<StatusCode> {
        match self.state {
            FramingState::Refused(status) => Some(status),
            _ => None,
        }
    }

    /// Refuses the request that is being read.
    pub fn refuse(&mut self, status: StatusCode) {
        self.state = FramingState::Refused(status);
    }

    /// Takes in what was read, up to the end of one request, and says what of it is sound: what comes behind a fault is
    /// never a request. Of a head nothing is passed on before all of it was read and checked.
    pub fn take(&mut self, read: &[u8]) -> Accepted {
        let mut sound = Accepted { earlier: Vec::new(), length: 0, taken: read.len() };
        let (mut at, whole) = (0, self.whole);
        while at < read.len() && self.whole == whole {
            let rest = &read[at..];
            match self.state {
                FramingState::Head => {
                    let held = self.head.len();
                    let Some((head, taken)) = self.take_head(rest) else { return sound };
                    sound.earlier = head;
                    sound.earlier.truncate(held);
                    at += taken;
                }
                FramingState::Body(left) => {
                    let taken = left.min(rest.len() as u64);
                    at += taken as usize;
                    self.state = FramingState::Body(left - taken);
                    if left == taken {
                        self.end();
                    }
                }
                FramingState::Chunks(mut chunks) => {
                    at += chunks.take(rest);
                    self.state = FramingState::Chunks(chunks);
                    match chunks.at {
                        ChunkState::End => self.end(),
                        ChunkState::Fault => self.refuse(StatusCode::BAD_REQUEST),
                        _ => {}
                    }
                }
                FramingState::Over | FramingState::Refused(_) => return sound,
            }
            sound.length = at;
        }
        sound.taken = at;
        sound
    }

    /// Takes in bytes of a head: all of it and how many of these bytes it has, once it is whole and right.
    fn take_head(&mut self, read: &[u8]) -> Option<(Vec<u8>, usize)> {
        let mut at = 0;
        while at < read.len() && self.state == FramingState::Head {
            let rest = &read[at..];
            // Within a line there is nothing to look at.
            let taken = memchr3(b'\r', b'\n', 0, rest).unwrap_or(rest.len()).max(1);
            let after_return = self.head.last() == Some(&b'\r');
            if after_return != (rest[0] == b'\n') || rest[0] == 0 {
                self.refuse(StatusCode::BAD_REQUEST);
            } else if self.head.len() + taken > HEAD {
                self.refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
            } else {
                self.head.extend_from_slice(&rest[..taken]);
                at += taken;
                if after_return && self.head.ends_with(b"\r\n\r\n") {
                    let bytes = std::mem::take(&mut self.head);
                    return match read_head(&bytes) {
                        Ok(head) => {
                            self.begin(head);
                            Some((bytes, at))
                        }
                        Err(status) => {
                            self.refuse(status);
                            None
                        }
                    };
                }
            }
        }
        None
    }

    fn begin(&mut self, head: Head) {
        self.heads += 1;
        self.is_last = head.is_last;
        match head.body {
            BodyLength::Length(0) => self.end(),
            BodyLength::Length(length) => self.state = FramingState::Body(length),
            BodyLength::Chunks => self.state = FramingState::Chunks(ChunkDecoder::default()),
        }
    }

    fn end(&mut self) {
        self.whole += 1;
        self.state = if self.is_last { FramingState::Over } else { FramingState::Head };
    }
}

/// The sound part of bytes that were read.
#[derive(Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The beginning of a head that was read before and held back until now; it comes first.
    pub earlier: Vec<u8>,
    /// The number of read bytes that follow the earlier ones.
    pub length: usize,
    /// The number of read bytes that were taken in. The others belong to the next request.
    pub taken: usize,
}

/// The way in which the end of a body is found.
#[derive(Debug, PartialEq, Eq)]
enum BodyLength {
    Length(u64),
    Chunks,
}

/// The facts that a head states about what follows it.
struct Head {
    body: BodyLength,
    is_last: bool,
}

/// The header fields that say what follows.
#[derive(Default)]
struct Fields {
    length: Option<u64>,
    is_chunked: bool,
    hosts: usize,
    closes: bool,
    keeps: bool,
    switches: bool,
}

impl Fields {
    /// Takes in a field; fails where it contradicts another, or could be read in two ways.
    fn take(&mut self, name: &str, value: &[u8]) -> Result<(), StatusCode> {
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        HeaderName::from_bytes(name.as_bytes()).map_err(|_| BAD)?;
        if name.eq_ignore_ascii_case("content-length") {
            let digits = value.iter().all(u8::is_ascii_digit) && self.length.is_none();
            let length = std::str::from_utf8(value).ok().filter(|_| digits).and_then(|text| text.parse().ok());
            self.length = Some(length.ok_or(BAD)?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            if self.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(BAD);
            }
            self.is_chunked = true;
        } else if name.eq_ignore_ascii_case("host") {
            self.hosts += 1;
        } else if name.eq_ignore_ascii_case("connection") {
            for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                // Nothing is switched to here. The framework closes after an answer to who wanted to.
                self.closes |= option.eq_ignore_ascii_case(b"close") || option.eq_ignore_ascii_case(b"upgrade");
                self.keeps |= option.eq_ignore_ascii_case(b"keep-alive");
            }
        } else if name.eq_ignore_ascii_case("upgrade") {
            self.switches |= value.eq_ignore_ascii_case(b"websocket");
        }
        Ok(())
    }
}

/// Reads a whole head.
fn read_head(bytes: &[u8]) -> Result<Head, StatusCode> {
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    let mut space = [httparse::EMPTY_HEADER; FIELDS];
    let mut request = httparse::Request::new(&mut space);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        _ => return Err(BAD),
    }
    let (method, address) = (request.method.unwrap_or_default(), request.path.unwrap_or_default());
    if address.len() > ADDRESS {
        return Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| BAD)?;
    Uri::try_from(address).map_err(|_| BAD)?;
    let is_old = request.version == Some(0);
    let mut fields = Fields::default();
    for header in request.headers.iter() {
        fields.take(header.name, header.value.trim_ascii())?;
    }
    let contradicts = fields.is_chunked && (fields.length.is_some() || is_old);
    let without_length = is_old && method == Method::POST && fields.length.is_none();
    if contradicts || without_length || fields.hosts > 1 || (fields.hosts == 0 && !is_old) {
        return Err(BAD);
    }
    let body = if fields.is_chunked { BodyLength::Chunks } else { BodyLength::Length(fields.length.unwrap_or(0)) };
    let is_last = fields.closes || fields.switches || method == Method::CONNECT || (is_old && !fields.keeps);
    Ok(Head { body, is_last })
}

#[cfg(test)]
mod tests {
    use actix_http::h1::{Codec, Message};
    use actix_web::web::BytesMut;
    use proptest::prelude::*;
    use tokio_util::codec::Decoder;

    use super::super::chunks::EXTRA;
    use super::*;

    const POST: &str = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    const GET: &str = "GET /b HTTP/1.1\r\nHost: x\r\n\r\n";

    /// Reads bytes that come in these pieces; returns what is passed on of them, and what was found.
    fn framed(pieces: &[&[u8]]) -> (Vec<u8>, Framing) {
        let (mut framing, mut passed) = (Framing::default(), Vec::new());
        for piece in pieces {
            let mut rest = *piece;
            while !rest.is_empty() {
                let sound = framing.take(rest);
                passed.extend_from_slice(&sound.earlier);
                passed.extend_from_slice(&rest[..sound.length]);
                rest = &rest[sound.taken..];
            }
        }
        (passed, framing)
    }

    /// The number of whole requests and the refusal, the same wherever the bytes are cut.
    #[track_caller]
    fn read(text: &str) -> (usize, Option<u16>) {
        let bytes = text.as_bytes();
        let (passed, framing) = framed(&[bytes]);
        for cut in 0..bytes.len() {
            let (again, other) = framed(&[&bytes[..cut], &bytes[cut..]]);
            assert_eq!((&again, other.whole, other.state), (&passed, framing.whole, framing.state), "{cut}: {text}");
        }
        let singly: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(framed(&singly).0, passed, "{text}");
        (framing.whole, framing.refused().map(|status| status.as_u16()))
    }

    #[test]
    fn reads_requests_one_behind_the_other() {
        assert_eq!(read(&GET.repeat(3)), (3, None));
        let body = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n\r\n\n";
        assert_eq!(read(&format!("{body}{GET}")), (2, None));
        for chunks in [
            "0\r\n\r\n",
            "3\r\nabc\r\n0\r\n\r\n",
            "00000000000000A\r\n0123456789\r\n0\r\n\r\n",
            "1;a\r\nx\r\n0\r\n\r\n",
            "1;a=b;c=\"d;\\\"e\"\r\n\n\r\n0;last\r\n\r\n",
            "1\r\n\r\r\n0\r\nExpires: now\r\nX-Sum:a\r\n\r\n",
        ] {
            assert_eq!(read(&format!("{POST}{chunks}{GET}")), (2, None), "{chunks}");
        }
    }

    #[test]
    fn refuses_chunks_that_others_could_read_otherwise() {
        for chunks in [
            "0\r\n\n",
            "0\n\r\n",
            "0\n\n",
            "0\r\r\n",
            "0\r\n\rx",
            "0\r\nA: b\n\r\n",
            "0\r\nA\r\n\r\n",
            "0\r\n: a\r\n\r\n",
            "0\r\n A: b\r\n\r\n",
            "0\r\nA : b\r\n\r\n",
            "0\r\nA: b\r\r\n\r\n",
            "0\r\nA: \0\r\n\r\n",
            "\r\n\r\n",
            "x\r\n\r\n",
            "-1\r\n",
            "+1\r\n",
            "0x1\r\n",
            "1 \r\nx\r\n0\r\n\r\n",
            "1\t;a\r\nx\r\n0\r\n\r\n",
            " 1\r\nx\r\n0\r\n\r\n",
            "1\nx\r\n0\r\n\r\n",
            "1\r\nx\n0\r\n\r\n",
            "1\r\nx\r0\r\n\r\n",
            "1\r\nxy\r\n0\r\n\r\n",
            "2\r\nx\r\n0\r\n\r\n",
            "1;a=\"\r\nx\r\n0\r\n\r\n",
            "1;a=\"b\r\nx\r\n0\r\n\r\n",
            "1;a=\"b\\\"\r\nx\r\n0\r\n\r\n",
            "1;a=\"b\"c\r\nx\r\n0\r\n\r\n",
            "1;\r\nx\r\n0\r\n\r\n",
            "1;a=\r\nx\r\n0\r\n\r\n",
            "1;a\nx\r\n0\r\n\r\n",
            "1;a\rx\r\n0\r\n\r\n",
            "1; a\r\nx\r\n0\r\n\r\n",
            "10000000000000000\r\n",
        ] {
            assert_eq!(read(&format!("{POST}{chunks}{GET}{GET}")), (0, Some(400)), "{chunks:?}");
        }
        let long = "a".repeat(EXTRA + 1);
        for chunks in [format!("1;{long}\r\nx\r\n0\r\n\r\n"), format!("0\r\n{long}: a\r\n\r\n")] {
            let (_, framing) = framed(&[POST.as_bytes(), chunks.as_bytes()]);
            assert_eq!(framing.refused(), Some(StatusCode::BAD_REQUEST));
        }
    }

    #[test]
    fn refuses_heads_that_others_could_read_otherwise() {
        for head in [
            "GET /b HTTP/1.1\nHost: x\r\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\r\n\n",
            "GET /b HTTP/1.1\r\nHost: x\n\n",
            "\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n",
            "\r\nGET /b HTTP/1.1\r\nHost: x\r\n\n",
            "GET /b HTTP/1.1\r\nHost: x\r\r\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\rA: b\r\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\0\r\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n",
            "GET /b HTTP/1.1\r\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
            "GET /b HTTP/2.0\r\nHost: x\r\n\r\n",
            "GET /b\r\nHost: x\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\r\nContent-Length: 0x1\r\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551616\r\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \"chunked\"\r\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
            "POST /b HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST /b HTTP/1.0\r\n\r\n",
        ] {
            assert_eq!(read(&format!("{head}{GET}")), (0, Some(400)), "{head:?}");
            assert_eq!(read(&format!("{GET}{head}{GET}")), (1, Some(400)), "{head:?}");
        }
    }

    #[test]
    fn refuses_heads_that_are_too_large() {
        let refused = |head: &str| framed(&[head.as_bytes()]).1.refused().map(|status| status.as_u16());
        assert_eq!(refused(&format!("GET /{} HTTP/1.1\r\n", "a".repeat(HEAD))), Some(431));
        assert_eq!(refused(&format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(ADDRESS))), Some(431));
        let many = "A: b\r\n".repeat(FIELDS);
        assert_eq!(refused(&format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n")), Some(431));
        assert_eq!(refused(&format!("GET / HTTP/1.1\r\n{}: x\r\n\r\n", "a".repeat(70_000))), Some(400));
    }

    #[test]
    fn nothing_follows_the_last_request() {
        for head in [
            "GET /b HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Close\r\n\r\n",
            "GET /b HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /b HTTP/1.0\r\n\r\n",
        ] {
            let (passed, framing) = framed(&[GET.as_bytes(), head.as_bytes(), GET.as_bytes()]);
            assert_eq!(passed, format!("{GET}{head}").as_bytes(), "{head}");
            assert_eq!((framing.whole(), framing.last()), (2, Some(1)), "{head}");
        }
        let kept = "GET /b HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n";
        assert_eq!(read(&kept.repeat(2)), (2, None));
        assert_eq!(framed(&[GET.as_bytes()]).1.last(), None);
    }

    /// The heads and the ends of bodies that the framework finds in what it is given; `None` when it refuses it.
    fn found_by_framework(passed: &[u8]) -> Option<(usize, usize)> {
        thread_local! {
            static RUNTIME: actix_web::rt::Runtime = actix_web::rt::Runtime::new().unwrap();
        }
        RUNTIME.with(|runtime| runtime.block_on(async { decoded(passed) }))
    }

    fn decoded(passed: &[u8]) -> Option<(usize, usize)> {
        let (mut codec, mut bytes) = (Codec::default(), BytesMut::from(passed));
        let (mut heads, mut ends) = (0, 0);
        loop {
            match codec.decode(&mut bytes) {
                Ok(Some(Message::Item(_))) => heads += 1,
                Ok(Some(Message::Chunk(None))) => ends += 1,
                Ok(Some(Message::Chunk(Some(_)))) => {}
                Ok(None) => return Some((heads, ends)),
                Err(_) => return None,
            }
        }
    }

    const FRAGMENTS: &[&str] = &[
        "GET / HTTP/1.1\r\n",
        "POST /a HTTP/1.1\r\n",
        "POST /a HTTP/1.0\r\n",
        "Host: x\r\n",
        "Content-Length: 5\r\n",
        "Content-Length: 0\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Connection: keep-alive\r\n",
        "A: b\r\n",
        "\r\n",
        "\r\n\r\n",
        "0\r\n\r\n",
        "0\r\n",
        "5\r\n",
        "hello",
        ";a=b",
        ";a=\"b\"",
        "\"",
        "\n",
        "\r",
        " ",
        "\0",
        "Z",
        GET,
        POST,
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
        "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        /// The framework reads what is passed on as it was read here, and never finds fault with it: it finds no
        /// request that is none here.
        #[test]
        fn the_framework_reads_the_same(
            parts in prop::collection::vec(prop::sample::select(FRAGMENTS), 1..12), cut in 1..40_usize,
        ) {
            let bytes = parts.concat().into_bytes();
            let pieces: Vec<&[u8]> = bytes.chunks(cut).collect();
            let (passed, framing) = framed(&pieces);
            let (whole, _) = framed(&[&bytes]);
            prop_assert_eq!(&passed, &whole);
            let found = found_by_framework(&passed);
            // The framework finds no body where its length is 0.
            prop_assert_eq!(found.map(|(heads, _)| heads), Some(framing.heads), "{:?}", String::from_utf8_lossy(&bytes));
            prop_assert!(found.is_some_and(|(_, ends)| ends <= framing.whole));
        }
    }
}
