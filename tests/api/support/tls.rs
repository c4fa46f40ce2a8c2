//! A server with a certificate of an authority that no machine knows, and a proxy that leads to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server that answers every request with the same JSON.
pub struct TlsServer {
    pub address: SocketAddr,
    /// The certificate of its authority, in PEM.
    pub authority: String,
}

impl TlsServer {
    /// A server with a certificate for these names; `answer` makes what it answers of its address.
    pub fn start(names: &[&str], answer: impl FnOnce(SocketAddr) -> String) -> TlsServer {
        let (authority, chain, key) = certificates(names);
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![chain], key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let body = answer(address);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, body) = (config.clone(), body.clone());
                std::thread::spawn(move || {
                    let connection = ServerConnection::new(config).unwrap();
                    answer_all(StreamOwned::new(connection, stream), &body)
                });
            }
        });
        TlsServer { address, authority }
    }
}

/// An authority in PEM, and a certificate of it with its key.
fn certificates(names: &[&str]) -> (String, CertificateDer<'static>, PrivateKeyDer<'static>) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let der = authority.self_signed(&authority_key).unwrap().der().to_vec();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der));
    let issuer = Issuer::new(authority, authority_key);
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    (pem, certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into())
}

/// Answers the requests of a connection until it ends, or fails because the client does not believe the certificate.
fn answer_all(stream: StreamOwned<ServerConnection, TcpStream>, body: &str) {
    let mut stream = BufReader::new(stream);
    while let Some(head) = head_of(&mut stream) {
        let length = head.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if stream.read_exact(&mut vec![0; length.unwrap_or(0)]).is_err() {
            return;
        }
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        let inner = stream.get_mut();
        if inner.write_all(format!("{head}{body}").as_bytes()).and_then(|()| inner.flush()).is_err() {
            return;
        }
    }
}

/// The lines of a request's head; none when the connection ends.
fn head_of(stream: &mut impl BufRead) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        match line.trim_end() {
            "" => return Some(lines),
            line => lines.push(line.to_owned()),
        }
    }
}

/// A proxy that connects to one server, whatever host it is asked for.
pub struct ConnectProxy {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ConnectProxy {
    pub fn before(server: SocketAddr) -> ConnectProxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = ConnectProxy { address: listener.local_addr().unwrap(), asked: Arc::default() };
        let asked = proxy.asked.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let asked = asked.clone();
                std::thread::spawn(move || connect(client, server, &asked));
            }
        });
        proxy
    }

    /// The first lines of what it was asked since the last time.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn connect(client: TcpStream, server: SocketAddr, asked: &Mutex<Vec<String>>) {
    // A client sends nothing behind its question before it is answered.
    let Some(head) = head_of(&mut BufReader::new(&client)) else { return };
    asked.lock().unwrap().push(head[0].clone());
    let server = TcpStream::connect(server).unwrap();
    if (&client).write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").is_err() {
        return;
    }
    let (mut back, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || std::io::copy(&mut &client, &mut to));
    let _ = std::io::copy(&mut &server, &mut back);
}
