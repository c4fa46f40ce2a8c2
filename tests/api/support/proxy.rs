//! A link to a server that a test can cut, let hang and slow down, and that counts the ways there and back.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How the link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// All goes through.
    Whole,
    /// Nothing goes through, and nobody is told.
    Hanging,
    /// All connections are cut, and new ones too.
    Cut,
    /// All takes so much longer in each direction.
    Slow(Duration),
    /// The next commit is the last that goes through, or the first that does not; its answer does not come, and then all
    /// connections are cut.
    LosesCommit { is_passed_on: bool },
}

struct State {
    link: Link,
    streams: Vec<TcpStream>,
    /// Of each connection.
    round_trips: Vec<u64>,
}

impl State {
    fn cut(&mut self) {
        for stream in self.streams.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Stands between a client and a server.
pub struct Proxy {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// A proxy before the server of a URL, and the URL that leads through it.
    pub fn before(url: &str) -> (Proxy, String) {
        let server = url.split('@').nth(1).unwrap().split('/').next().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { link: Link::Whole, streams: Vec::new(), round_trips: Vec::new() }));
        let (shared, through) = (state.clone(), url.replace(&server, &address.to_string()));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.lock().unwrap().link == Link::Cut {
                    continue;
                }
                let Ok(server) = TcpStream::connect(&server) else { continue };
                // Else the system waits with what is said in two pieces, longer than the link takes.
                [&client, &server].iter().for_each(|end| end.set_nodelay(true).unwrap());
                let ends = [client.try_clone().unwrap(), server.try_clone().unwrap()];
                let number = {
                    let mut state = shared.lock().unwrap();
                    state.streams.extend(ends);
                    state.round_trips.push(0);
                    state.round_trips.len() - 1
                };
                let waits = Arc::new(AtomicBool::default());
                let there = (client.try_clone().unwrap(), server.try_clone().unwrap(), Some(number));
                for (from, to, asks) in [there, (server, client, None)] {
                    let (shared, waits) = (shared.clone(), waits.clone());
                    std::thread::spawn(move || pass_on(from, to, &shared, (&waits, asks)));
                }
            }
        });
        (Proxy { address, state }, through)
    }

    /// Changes how the link is.
    pub fn set(&self, link: Link) {
        let mut state = self.state.lock().unwrap();
        state.link = link;
        if link == Link::Cut {
            state.cut();
        }
    }

    /// The number of times that the client has waited for an answer, on each connection that there was.
    pub fn round_trips(&self) -> Vec<u64> {
        self.state.lock().unwrap().round_trips.clone()
    }

    /// How the link is.
    pub fn link(&self) -> Link {
        self.state.lock().unwrap().link
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.set(Link::Cut);
        // Wakes the thread that accepts, which then finds nothing to pass on to.
        let _ = TcpStream::connect(self.address);
    }
}

/// Passes on what one end says; `asks` is the number of the connection if that is the client, `waits` tells that the client
/// waits for an answer.
fn pass_on(mut from: TcpStream, mut to: TcpStream, state: &Mutex<State>, (waits, asks): (&AtomicBool, Option<usize>)) {
    let mut buffer = [0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let waited = waits.swap(asks.is_some(), Ordering::Relaxed);
        if let (Some(number), false) = (asks, waited) {
            state.lock().unwrap().round_trips[number] += 1;
        }
        if let Link::Slow(delay) = state.lock().unwrap().link {
            std::thread::sleep(delay);
        }
        while state.lock().unwrap().link == Link::Hanging {
            std::thread::sleep(Duration::from_millis(10));
        }
        let link = state.lock().unwrap().link;
        if let Link::LosesCommit { is_passed_on } = link
            && buffer[..read].windows(6).any(|word| word == b"COMMIT")
        {
            state.lock().unwrap().link = Link::Hanging;
            if is_passed_on {
                let _ = to.write_all(&buffer[..read]);
                std::thread::sleep(Duration::from_millis(300));
            }
            let mut state = state.lock().unwrap();
            state.link = Link::Cut;
            state.cut();
            break;
        }
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
