//! Sending an event once: to addresses that a webhook may lead to, and signed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDateTime, TimeDelta};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use crate::config::WebhookSettings;
use crate::outgoing::{self, Trust};
use crate::seal::authenticate;
use crate::spans::{SpanKind, Spans};
use crate::trace::{TRACEPARENT, TraceParent};
use crate::webhooks::event::{ChangeEvent, EventOrigin};
use crate::webhooks::subscriptions::{Attempt, WebhookDelivery};

/// The longest time that a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(10);

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

/// Resolves names to public addresses only, unless they are those of hosts that may be inside. The connection goes to the
/// very addresses that were looked at, so that it does not help when the name's server changes its mind. Where a proxy
/// connects, it is the proxy that decides where names lead; what is looked up is the proxy's own name.
#[derive(Debug)]
struct PublicOnly<R> {
    inner: R,
    settings: WebhookSettings,
}

impl<R: Resolver> Resolver for PublicOnly<R> {
    fn resolve(
        &self,
        uri: &ureq::http::Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> std::result::Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let is_proxy = config.proxy().is_some_and(|proxy| uri.authority() == proxy.uri().authority());
        let is_allowed = is_proxy || self.settings.allows(uri.host().unwrap_or_default());
        let mut public = self.empty();
        for address in found.iter().filter(|address| is_allowed || is_public(address.ip())) {
            public.push(*address);
        }
        if public.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(public) }
    }
}

/// The agent that sends to receivers.
pub fn agent(settings: &WebhookSettings, trust: &Trust) -> ureq::Agent {
    agent_with(settings, trust, DefaultResolver::default())
}

fn agent_with(settings: &WebhookSettings, trust: &Trust, names: impl Resolver) -> ureq::Agent {
    let config = trust.agent().https_only(!settings.private).timeout_global(Some(TIMEOUT)).build();
    ureq::Agent::with_parts(
        config,
        DefaultConnector::default(),
        PublicOnly { inner: names, settings: settings.clone() },
    )
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

/// An event as it is sent.
pub struct Message {
    /// Its id.
    pub id: String,
    /// The event.
    pub body: String,
    /// The place in a trace of what it tells of.
    pub within: Option<TraceParent>,
}

impl Message {
    /// The message of a delivery.
    pub fn of(origin: &EventOrigin, delivery: &WebhookDelivery) -> Message {
        Message {
            id: delivery.id.clone(),
            body: ChangeEvent::of(origin, delivery).written(),
            within: delivery.trace.as_deref().and_then(TraceParent::read),
        }
    }
}

/// Sends an event once. Redirects are failures.
pub fn send(
    (agent, spans): (&ureq::Agent, &Spans),
    url: &str,
    secrets: &[String],
    message: &Message,
    now: NaiveDateTime,
) -> Attempt {
    let span = spans.begin(SpanKind::Client, message.within.as_ref());
    let attempt = attempt((agent, span.place()), url, secrets, message, now);
    let status = attempt.status.map(|status| status.to_string()).unwrap_or_default();
    let values = [("http.request.method", "POST"), ("http.response.status_code", status.as_str())];
    span.end("POST webhook", &values[..if status.is_empty() { 1 } else { 2 }], attempt.error.is_some());
    attempt
}

fn attempt(
    (agent, place): (&ureq::Agent, Option<&TraceParent>),
    url: &str,
    secrets: &[String],
    message: &Message,
    now: NaiveDateTime,
) -> Attempt {
    let timestamp = now.and_utc().timestamp();
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let Message { id, body, .. } = message;
    let mut request = agent
        .post(url)
        .header("Content-Type", "application/cloudevents+json; charset=utf-8")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", signature(&secrets, id, timestamp, body));
    if let Some(place) = place {
        request = request.header(TRACEPARENT, place.written());
    }
    match request.send(body) {
        Ok(answer) if answer.status().is_success() => {
            Attempt { status: Some(answer.status().as_u16()), ..Attempt::default() }
        }
        Ok(answer) => {
            let status = answer.status().as_u16();
            let wait = answer.headers().get("retry-after").and_then(|value| retry_after(value.to_str().ok()?, now));
            Attempt { status: Some(status), error: Some(format!("the receiver answered {status}")), wait }
        }
        Err(error) => Attempt { error: Some(told(&error).to_owned()), ..Attempt::default() },
    }
}

/// The kind of a failure: what the error says could name addresses inside. A name that leads inside is told like one that leads
/// nowhere: otherwise the answer would say what names mean inside.
fn told(error: &ureq::Error) -> &'static str {
    match outgoing::reason(error) {
        "it takes too long" => "the receiver took too long",
        why if why.contains("certificate") => "the receiver cannot be reached: its certificate is not believed",
        "TLS fails" => "TLS failed",
        _ => "the receiver cannot be reached",
    }
}

/// The wait that a receiver asks for: seconds, or until a date (RFC 9110, section 10.2.3).
fn retry_after(text: &str, now: NaiveDateTime) -> Option<TimeDelta> {
    let until = || DateTime::parse_from_rfc2822(text.trim()).ok().map(|date| date.naive_utc() - now);
    let seconds = text.trim().parse().ok().and_then(TimeDelta::try_seconds);
    seconds.or_else(until).filter(|wait| *wait > TimeDelta::zero())
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, TcpListener};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::config::OutgoingSettings;

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
        let names =
            PublicOnly { inner: Fickle(AtomicUsize::new(0), inside.local_addr().unwrap()), settings: settings(&[]) };
        assert_eq!(names.resolve(&uri, &config, timeout()).unwrap().len(), 1, "what it said when it was asked first");
        assert!(matches!(names.resolve(&uri, &config, timeout()), Err(ureq::Error::HostNotFound)));
        let mixed = names.resolve(&uri, &config, timeout()).unwrap();
        assert!(mixed.iter().all(|address| is_public(address.ip())) && mixed.len() == 1);
        // And as a delivery: nobody knocks at the door inside.
        let trust = Trust::of(&OutgoingSettings::default()).unwrap();
        let names = || Fickle(AtomicUsize::new(1), inside.local_addr().unwrap());
        let agent = agent_with(&settings(&[]), &trust, names());
        assert!(matches!(agent.post("https://receiver.example/").send("x"), Err(ureq::Error::HostNotFound)));
        inside.set_nonblocking(true).unwrap();
        assert!(inside.accept().is_err());
        // A host that may be inside is reached there, and by https alone.
        let agent = agent_with(&settings(&[".example"]), &trust, names());
        assert!(!matches!(agent.post("https://receiver.example/").send("x"), Err(ureq::Error::HostNotFound)));
        assert!(matches!(agent.post("http://receiver.example/").send("x"), Err(ureq::Error::RequireHttpsOnly(_))));
    }

    fn settings(hosts: &[&str]) -> WebhookSettings {
        WebhookSettings { private: false, hosts: hosts.iter().map(|host| (*host).to_owned()).collect() }
    }

    #[test]
    fn hosts_inside_are_named_one_by_one_or_below_a_name() {
        let settings = settings(&["hooks.example.ch", ".intern.example.ch", "10.1.2.3"]);
        for host in ["hooks.example.ch", "HOOKS.example.ch.", "a.intern.example.ch", "10.1.2.3"] {
            assert!(settings.allows(host), "{host}");
        }
        for host in ["", "example.ch", "x.hooks.example.ch", "intern.example.ch", "xintern.example.ch", "10.1.2.30"] {
            assert!(!settings.allows(host), "{host}");
        }
    }

    #[test]
    fn the_wait_of_a_receiver_is_seconds_or_a_date() {
        let now = "2017-03-14T09:30:00".parse().unwrap();
        assert_eq!(retry_after(" 120 ", now), Some(TimeDelta::seconds(120)));
        assert_eq!(retry_after("Tue, 14 Mar 2017 09:31:00 GMT", now), Some(TimeDelta::seconds(60)));
        for none in ["", "-5", "0", "soon", "Tue, 14 Mar 2017 09:29:00 GMT"] {
            assert_eq!(retry_after(none, now), None, "{none}");
        }
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
