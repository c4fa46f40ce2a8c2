//! How long it takes until a change arrives at a receiver.

use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::http::{Connection, Measured, request};

/// Milliseconds from the answer to a change until its event arrives, for some changes one after the other.
pub async fn latency(address: &str, token: &str) -> Measured {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let receiver = listener.local_addr().unwrap();
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let receiving = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let arrived = arrived.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 16 << 10];
                if let Ok(1..) = stream.read(&mut buffer).await {
                    let _ = arrived.send(Instant::now());
                    let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await;
                }
            });
        }
    });
    let mut connection = Connection::open(address).await;
    let json = "Content-Type: application/json\r\n";
    let subscription = format!(r#"{{"url": "http://{receiver}/", "registers": ["cases"], "active": true}}"#);
    let made = connection.send(&request("POST", "/v1/webhooks", token, json, &subscription)).await;
    assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
    let id = serde_json::from_slice::<serde_json::Value>(&made.body).unwrap()["id"].as_str().unwrap().to_owned();
    let mut out = Measured::default();
    for _ in 0..20 {
        connection.send(&request("POST", "/v1/cases", token, json, r#"{"title": "Etwas Neues"}"#)).await;
        let answered = Instant::now();
        let arrival = arrivals.recv().await.unwrap();
        out.micros.push(arrival.saturating_duration_since(answered).as_micros() as u32);
    }
    out.micros.sort_unstable();
    connection.send(&request("DELETE", &format!("/v1/webhooks/{id}"), token, "", "")).await;
    receiving.abort();
    out
}
