//! Connections: what is read is checked before the framework sees it, what is refused before there is a request to be
//! handled is told as a problem document like all else, and who takes nothing is given up.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, SystemTime};

use actix_web::http::StatusCode;
use actix_web::http::header::HttpDate;
use actix_web::rt::net::TcpStream;
use actix_web::web::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::framing::Framing;
use super::http::DEFAULTS;
use super::problem::{PROBLEM_JSON, Problem};

/// The longest time that the head of a request may take: the first from the beginning of the connection, others from
/// their first byte.
const HEAD_TIME: Duration = Duration::from_secs(5);

/// The longest time that a client may take nothing of what it is sent.
const WRITE_TIME: Duration = Duration::from_secs(20);

/// The longest time that a client may go on sending once it is told that the connection ends: if its bytes were left
/// unread, it could lose what it was told.
const PARTING_TIME: Duration = Duration::from_secs(2);

/// The state that a connection and the answers on it share. Requests are answered one after the other.
#[derive(Default)]
pub struct Exchange {
    /// The number of requests that handlers have begun to answer.
    answered: Cell<usize>,
    /// The place of the request after which there is none.
    last: Cell<Option<usize>>,
    /// Set if an answer left a body unread, so that nothing more is read.
    closed: Cell<bool>,
    reader: RefCell<Option<Waker>>,
}

impl Exchange {
    /// Notes that the next request is about to be answered, and whether its body was left unread. True when the answer
    /// must say that the connection is closed.
    pub fn answer(&self, unread: bool) -> bool {
        let place = self.answered.get();
        self.answered.set(place + 1);
        self.closed.set(self.closed.get() || unread);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        unread || self.last.get() == Some(place)
    }
}

type Timer = Option<Pin<Box<Sleep>>>;

/// True if a time is up; it begins with the first call.
fn is_up(timer: &mut Timer, time: Duration, context: &mut Context<'_>) -> bool {
    timer.get_or_insert_with(|| Box::pin(sleep(time))).as_mut().poll(context).is_ready()
}

/// A connection. The framework is given sound requests only; where one is not, it is told that nothing more comes, and
/// when it has answered what came before, the refusal is the last thing that is sent.
pub struct Connection {
    stream: TcpStream,
    framing: Framing,
    /// Sound bytes that were not yet passed on.
    sound: BytesMut,
    /// Bytes that were read behind the request that is being answered: the next is not looked at before that answer has
    /// begun, for it can be the last.
    unread: BytesMut,
    exchange: Rc<Exchange>,
    head_timer: Timer,
    write_timer: Timer,
    parting: Option<Closing>,
}

/// The end of a connection: what is still to be sent, and how long that may take.
struct Closing {
    bytes: Vec<u8>,
    sent: usize,
    is_shut: bool,
    timer: Timer,
}

impl Connection {
    /// A connection over a stream. The end of an answer is not held back until the rest is acknowledged, for which a client may
    /// take 40 ms.
    pub fn new(stream: TcpStream) -> Self {
        if let Err(error) = stream.set_nodelay(true) {
            log::debug!("answers may come late: {error}");
        }
        Connection {
            stream,
            framing: Framing::default(),
            sound: BytesMut::new(),
            unread: BytesMut::new(),
            exchange: Rc::default(),
            head_timer: None,
            write_timer: None,
            parting: None,
        }
    }

    /// Returns the exchange in which the connection's answers are noted.
    pub fn exchange(&self) -> Rc<Exchange> {
        self.exchange.clone()
    }

    /// Takes in what was read; what belongs to the next request waits. How much of it is sound and can be passed on from
    /// where it is; 0 where something else comes first.
    fn take(&mut self, read: &[u8]) -> usize {
        let sound = self.framing.take(read);
        self.exchange.last.set(self.framing.last());
        self.unread.extend_from_slice(&read[sound.taken..]);
        if sound.earlier.is_empty() {
            return sound.length;
        }
        self.sound.extend_from_slice(&sound.earlier);
        self.sound.extend_from_slice(&read[..sound.length]);
        0
    }

    /// Takes in what waited behind the request before.
    fn take_unread(&mut self) {
        let read = std::mem::take(&mut self.unread);
        let length = self.take(&read);
        self.sound.extend_from_slice(&read[..length]);
    }

    /// Passes on as many sound bytes as there is room for.
    fn pass_on(&mut self, to: &mut ReadBuf<'_>) {
        let length = self.sound.len().min(to.remaining());
        to.put_slice(&self.sound.split_to(length));
    }

    /// Refuses the request whose head does not come in time.
    fn mind_head_time(&mut self, context: &mut Context<'_>) {
        if !self.framing.awaits_head() {
            self.head_timer = None;
        } else if is_up(&mut self.head_timer, HEAD_TIME, context) {
            self.framing.refuse(StatusCode::REQUEST_TIMEOUT);
        }
    }

    /// Reads and gives nothing on, until the client says that it sends no more.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut space = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut space);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// The refusal that is owed: of a request that no handler has begun to answer, when all before it were answered, and
    /// none of them said that it is the last. One of which only a part has come when the connection ends came too late.
    fn owed(&self) -> Vec<u8> {
        let late = self.framing.has_part_of_head().then_some(StatusCode::REQUEST_TIMEOUT);
        let refused = self.framing.refused().or(late).filter(|_| !self.exchange.closed.get());
        match refused.filter(|_| self.exchange.answered.get() == self.framing.whole()) {
            Some(status) => refusal(status),
            None => Vec::new(),
        }
    }

    fn poll_parting(&mut self, parting: &mut Closing, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if is_up(&mut parting.timer, PARTING_TIME, context) {
            return Pin::new(&mut self.stream).poll_shutdown(context);
        }
        while parting.sent < parting.bytes.len() {
            let rest = &parting.bytes[parting.sent..];
            match ready!(Pin::new(&mut self.stream).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                more => parting.sent += more,
            }
        }
        if !parting.is_shut {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            parting.is_shut = true;
        }
        let may_send = self.framing.refused().is_some() || self.framing.is_over() || self.exchange.closed.get();
        if may_send {
            // The client has all it gets: that it is gone is no fault.
            let _ = ready!(self.poll_discard(context));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.exchange.reader.replace(Some(context.waker().clone()));
        let before = to.filled().len();
        loop {
            if !this.sound.is_empty() {
                this.pass_on(to);
                return Poll::Ready(Ok(()));
            }
            if this.exchange.closed.get() {
                return Poll::Ready(Ok(()));
            }
            if this.framing.is_over() {
                return this.poll_discard(context);
            }
            if this.exchange.answered.get() < this.framing.whole() {
                return Poll::Pending;
            }
            this.mind_head_time(context);
            if this.framing.refused().is_some() {
                return Poll::Ready(Ok(()));
            }
            if !this.unread.is_empty() {
                this.take_unread();
                continue;
            }
            ready!(Pin::new(&mut this.stream).poll_read(context, to))?;
            let read = &to.filled()[before..];
            if read.is_empty() {
                this.framing.finish();
                return Poll::Ready(Ok(()));
            }
            // Nearly always all of it is sound, and stays where it is.
            let length = this.take(read);
            to.set_filled(before + length);
            if length > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        match Pin::new(&mut this.stream).poll_write(context, bytes) {
            Poll::Pending if is_up(&mut this.write_timer, WRITE_TIME, context) => {
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            written => written,
        }
    }

    /// Is asked for when all that was there to be sent is written: only then is the client given its time anew, so that one
    /// that takes a byte now and then is given up too.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write_timer = None;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let begun = this.parting.take();
        let mut parting = begun.unwrap_or_else(|| Closing { bytes: this.owed(), sent: 0, is_shut: false, timer: None });
        let poll = this.poll_parting(&mut parting, context);
        this.parting = Some(parting);
        poll
    }
}

/// A refusal of the protocol, with a problem document. There is no request to be named in the log.
fn refusal(status: StatusCode) -> Vec<u8> {
    let id = uuid::Uuid::now_v7().to_string();
    log::info!(event = "request", status = status.as_u16(), request = id.as_str(); "- - {}", status.as_u16());
    let body = serde_json::to_vec(&Problem::of_status(status).in_request(&id)).unwrap_or_default();
    let mut head = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ndate: {}\r\ncontent-type: {PROBLEM_JSON}\r\ncontent-length: {}\r\n\
         x-request-id: {id}\r\n",
        HttpDate::from(SystemTime::now()),
        body.len()
    );
    for (name, value) in DEFAULTS {
        head += &format!("{name}: {value}\r\n");
    }
    [head.as_bytes(), b"\r\n", &body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn the_end_of_an_answer_is_not_held_back() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let connection = Connection::new(listener.accept().await.unwrap().0);
        assert!(connection.stream.nodelay().unwrap() && !client.nodelay().unwrap());
    }

    #[test]
    fn the_answer_to_the_last_request_says_so() {
        let exchange = Exchange::default();
        assert!(!exchange.answer(false));
        exchange.last.set(Some(2));
        assert!(!exchange.answer(false), "the one before the last");
        assert!(exchange.answer(false) && !exchange.closed.get());
        let exchange = Exchange::default();
        assert!(exchange.answer(true) && exchange.closed.get(), "a body was left unread");
    }
}
