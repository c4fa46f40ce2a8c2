//! Delivering events: one worker over all instances makes deliveries from the change feed and sends what is due, each
//! subscription for itself, so that a slow receiver delays nobody else. At least once, with the same id.

use std::cell::RefCell;
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{NaiveDateTime, TimeDelta};
use serde_json::json;
use tokio::sync::{Semaphore, watch};
use tokio::task::LocalSet;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use crate::clock::Clock;
use crate::clock::instant;
use crate::db::{Database, Db, WriteTransaction};
use crate::error::{Error, Result};
use crate::seal::Keys;
use crate::seal::authenticate;
use crate::webhooks::subscriptions::{self, Attempt, WebhookDelivery};

/// The longest time that a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The interval at which the worker looks while nothing is heard.
const TICK: Duration = Duration::from_secs(1);

/// The time that another instance waits before it takes the work of one that has gone.
const LEASE: TimeDelta = TimeDelta::seconds(15);
const WORK: &str = "webhooks";

/// The number of deliveries of a subscription that are sent between two looks at the database.
const GROUP: usize = 50;

/// True if an address is one of the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_unspecified()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b))
        || (a == 192 && b == 0 && c == 0))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(v4) = address.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    let segments = address.segments();
    // Global unicast is 2000::/3; of it, documentation, 6to4 and Teredo can lead anywhere.
    (segments[0] & 0xe000) == 0x2000
        && !(segments[0] == 0x2001 && segments[1] == 0xdb8)
        && segments[0] != 0x2002
        && !(segments[0] == 0x2001 && segments[1] == 0)
}

/// Resolves names to public addresses only. The connection goes to the very addresses that were looked at, so that it
/// does not help when the name's server changes its mind.
#[derive(Debug)]
struct PublicOnly<R> {
    inner: R,
    private: bool,
}

impl<R: Resolver> Resolver for PublicOnly<R> {
    fn resolve(
        &self,
        uri: &ureq::http::Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> std::result::Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let mut public = self.empty();
        for address in found.iter().filter(|address| self.private || is_public(address.ip())) {
            public.push(*address);
        }
        if public.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(public) }
    }
}

fn agent(private: bool, names: impl Resolver) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .https_only(!private)
        .proxy(None)
        .timeout_global(Some(TIMEOUT))
        .user_agent("aufsicht")
        .build();
    ureq::Agent::with_parts(config, DefaultConnector::default(), PublicOnly { inner: names, private })
}

/// The signature of the Standard Webhooks specification: one for each secret that is valid now.
pub fn signature(secrets: &[&str], id: &str, timestamp: i64, body: &str) -> String {
    let sign = |secret: &&str| {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).unwrap_or_default();
        let code = authenticate(&key, &[format!("{id}.{timestamp}.{body}").as_bytes()]);
        format!("v1,{}", STANDARD.encode(code))
    };
    secrets.iter().map(sign).collect::<Vec<_>>().join(" ")
}

/// The event of a delivery (CloudEvents 1.0), whose type begins with `types`. It names the change and carries no record.
fn event(types: &str, delivery: &WebhookDelivery) -> String {
    json!({
        "specversion": "1.0",
        "id": delivery.id,
        "source": "/v1/changes",
        "type": format!("{types}.record.{}", delivery.action.to_lowercase()),
        "subject": format!("{}/{}", delivery.register, delivery.record_id),
        "time": instant(delivery.changed_at),
        "datacontenttype": "application/json",
        "data": {
            "register": delivery.register, "id": delivery.record_id, "number": delivery.number,
            "action": delivery.action, "revision": delivery.revision
        }
    })
    .to_string()
}

/// Sends the event of a delivery once. Redirects are failures.
fn send(agent: &ureq::Agent, url: &str, secrets: &[String], (id, body): (&str, &str), now: NaiveDateTime) -> Attempt {
    let timestamp = now.and_utc().timestamp();
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let sent = agent
        .post(url)
        .header("Content-Type", "application/cloudevents+json; charset=utf-8")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", signature(&secrets, id, timestamp, body))
        .send(body);
    match sent {
        Ok(answer) if answer.status().is_success() => Attempt { status: Some(answer.status().as_u16()), error: None },
        Ok(answer) => {
            let status = answer.status().as_u16();
            Attempt { status: Some(status), error: Some(format!("the receiver answered {status}")) }
        }
        // What the error says could name addresses inside; what kind it is is enough. A name that leads inside is told like
        // one that leads nowhere: otherwise the answer would say what names mean inside.
        Err(error) => {
            let what = match error {
                ureq::Error::Timeout(_) => "the receiver took too long",
                ureq::Error::Tls(_) => "TLS failed",
                _ => "the receiver cannot be reached",
            };
            Attempt { status: None, error: Some(what.into()) }
        }
    }
}

/// The number of deliveries that are sent at a time.
const SENDERS: usize = 32;

/// The means of a worker that sends deliveries.
#[derive(Clone)]
pub struct DeliveryWorker {
    /// The database.
    pub database: Database,
    /// The keys that the secrets of subscriptions are sealed with.
    pub keys: Keys,
    /// The time.
    pub clock: Clock,
    /// The beginning of the types of events.
    pub event_types: String,
    /// True if webhooks may lead to private addresses.
    pub private: bool,
    /// Becomes true when the service stops.
    pub stopping: watch::Receiver<bool>,
}

/// Starts the worker of this instance; it ends when the service stops.
pub fn start(worker: DeliveryWorker) -> Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::Configuration(format!("cannot start a runtime: {error}")))?;
    std::thread::Builder::new()
        .name("webhooks".into())
        .spawn(move || LocalSet::new().block_on(&runtime, work(worker)))
        .map_err(|error| Error::Configuration(format!("cannot start a thread: {error}")))
}

async fn work(worker: DeliveryWorker) {
    let holder = uuid::Uuid::new_v4().to_string();
    let agent = agent(worker.private, DefaultResolver::default());
    let busy: Rc<RefCell<HashSet<String>>> = Rc::default();
    let senders = Arc::new(Semaphore::new(SENDERS));
    let (mut commits, mut stopping) = (worker.database.commits(), worker.stopping.clone());
    let mut leased = false;
    loop {
        if *stopping.borrow() {
            break;
        }
        match dispatch_round(&worker, &holder, (&agent, &senders), &busy, &mut leased).await {
            Ok(()) => {}
            Err(error) => log::warn!("webhooks wait: {error}"),
        }
        tokio::select! {
            _ = commits.changed() => {
                // What comes in a moment goes out together.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            _ = stopping.wait_for(|stopping| *stopping) => break,
            () = tokio::time::sleep(TICK) => {}
        }
        commits.mark_unchanged();
    }
    if leased {
        let _ = worker.database.write(move |tx| subscriptions::release(tx, WORK, &holder)).await;
    }
}

/// One look at the database: nothing is written while there is nothing to do.
async fn dispatch_round(
    worker: &DeliveryWorker,
    holder: &str,
    (agent, senders): (&ureq::Agent, &Arc<Semaphore>),
    busy: &Rc<RefCell<HashSet<String>>>,
    leased: &mut bool,
) -> Result<()> {
    let webhooks = worker.database.read_primary(subscriptions::list).await?;
    let active: Vec<String> = webhooks.into_iter().filter(|webhook| webhook.active).map(|webhook| webhook.id).collect();
    if active.is_empty() {
        return Ok(());
    }
    let (now, ids, me) = (worker.clock.now(), active.clone(), holder.to_owned());
    if !worker.database.read_primary(move |db| is_something_due(db, &ids, now)).await? {
        return Ok(());
    }
    *leased = worker.database.write(move |tx| take_work(tx, &me, now)).await?;
    if !*leased {
        return Ok(());
    }
    for id in active {
        if !busy.borrow_mut().insert(id.clone()) {
            continue;
        }
        let (worker, agent, busy, senders) = (worker.clone(), agent.clone(), busy.clone(), senders.clone());
        tokio::task::spawn_local(async move {
            if let Err(error) = send_due(&worker, (&agent, &senders), id.clone()).await {
                log::warn!("a webhook waits: {error}");
            }
            busy.borrow_mut().remove(&id);
        });
    }
    Ok(())
}

/// True if the feed tells something new or a delivery of these subscriptions is due.
fn is_something_due(db: &mut Db, webhooks: &[String], now: NaiveDateTime) -> Result<bool> {
    let mut any = subscriptions::is_behind(db)?;
    for id in webhooks {
        any = any || !subscriptions::due(db, id, now, 1)?.is_empty();
    }
    Ok(any)
}

/// Takes or keeps the work of all instances, and makes deliveries of the feed; false when another instance has it.
fn take_work(tx: &mut WriteTransaction, holder: &str, now: NaiveDateTime) -> Result<bool> {
    let is_ours = subscriptions::lease(tx, WORK, holder, now, now + LEASE)?;
    if is_ours {
        subscriptions::fan_out(tx, now)?;
    }
    Ok(is_ours)
}

/// Sends what is due of a subscription, in order.
async fn send_due(worker: &DeliveryWorker, (agent, senders): (&ureq::Agent, &Semaphore), id: String) -> Result<()> {
    let now = worker.clock.now();
    // First what is due: it is sent as the subscription says that is at least as new.
    let look = move |db: &mut Db| Ok((subscriptions::due(db, &id, now, GROUP)?, subscriptions::get(db, &id)?));
    let (due, webhook) = worker.database.read_primary(look).await?;
    if !webhook.active {
        return Ok(());
    }
    let secrets = webhook.secrets(&worker.keys, now)?;
    // After a failure nothing else of the record goes out in this round: the order is kept.
    let mut failed: HashSet<String> = HashSet::new();
    for delivery in due {
        if *worker.stopping.borrow() || failed.contains(&delivery.record_id) {
            continue;
        }
        let (agent, url, secrets) = (agent.clone(), webhook.url.clone(), secrets.clone());
        let (id, body) = (delivery.id.clone(), event(&worker.event_types, &delivery));
        // Each that is sent holds a thread.
        let _sender = senders.acquire().await;
        let sending = tokio::task::spawn_blocking(move || send(&agent, &url, &secrets, (&id, &body), now));
        let attempt = sending.await.map_err(|_| Error::Internal("a delivery panicked".into()))?;
        if let Some(reason) = &attempt.error {
            // The address can be a secret; the id tells whose it is.
            log::warn!("the webhook {} is not delivered to: {reason}", webhook.id);
            failed.insert(delivery.record_id.clone());
        }
        let at = worker.clock.now();
        worker.database.write(move |tx| subscriptions::record_attempt(tx, &delivery, &attempt, at)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, TcpListener};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use crate::webhooks::delivery::*;

    #[test]
    fn knows_public_addresses() {
        for public in ["8.8.8.8", "193.5.216.31", "2001:4860:4860::8888", "::ffff:8.8.8.8"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    /// A server of names that changes its mind: first a public address, then one inside, then both.
    #[derive(Debug)]
    struct Fickle(AtomicUsize, SocketAddr);

    impl Resolver for Fickle {
        fn resolve(
            &self,
            _: &ureq::http::Uri,
            _: &ureq::config::Config,
            _: NextTimeout,
        ) -> std::result::Result<ResolvedSocketAddrs, ureq::Error> {
            let (outside, inside) = ("[2001:4860:ffff::1]:443".parse().unwrap(), self.1);
            let mut found = self.empty();
            match self.0.fetch_add(1, Ordering::SeqCst) {
                0 => found.push(outside),
                1 => found.push(inside),
                _ => {
                    found.push(inside);
                    found.push(outside);
                }
            }
            Ok(found)
        }
    }

    #[test]
    fn a_name_that_comes_to_mean_an_address_inside_is_not_followed() {
        let inside = TcpListener::bind("127.0.0.1:0").unwrap();
        let config = ureq::Agent::config_builder().build();
        let uri: ureq::http::Uri = "https://receiver.example/".parse().unwrap();
        let timeout = NextTimeout::default;
        let names = PublicOnly { inner: Fickle(AtomicUsize::new(0), inside.local_addr().unwrap()), private: false };
        assert_eq!(names.resolve(&uri, &config, timeout()).unwrap().len(), 1, "what it said when it was asked first");
        assert!(matches!(names.resolve(&uri, &config, timeout()), Err(ureq::Error::HostNotFound)));
        let mixed = names.resolve(&uri, &config, timeout()).unwrap();
        assert!(mixed.iter().all(|address| is_public(address.ip())) && mixed.len() == 1);
        // And as a delivery: nobody knocks at the door inside.
        let agent = agent(false, Fickle(AtomicUsize::new(1), inside.local_addr().unwrap()));
        assert!(matches!(agent.post("https://receiver.example/").send("x"), Err(ureq::Error::HostNotFound)));
        inside.set_nonblocking(true).unwrap();
        assert!(inside.accept().is_err());
    }

    #[test]
    fn signs_as_the_specification_says() {
        // The example of the Standard Webhooks specification.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let body = r#"{"test": 2432232314}"#;
        let right = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signature(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body), right);
        assert_eq!(
            signature(&[secret, secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body),
            format!("{right} {right}")
        );
    }
}
