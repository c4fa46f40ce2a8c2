//! Limits: how many requests a client, and how many failed logins an address or account may send.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::config::Config;
use crate::error::{Error, Result};

type Limiter = RateLimiter<String, HashMapStateStore<String>, DefaultClock>;

/// The counters of this process.
pub struct Limits {
    requests: Limiter,
    failures: Limiter,
    tokens: Limiter,
    trusted: Vec<IpAddr>,
}

/// How many refused tokens weigh as much as a failed login: a token cannot be guessed, and checking one is cheap.
const REFUSED: u32 = 200;
/// More keys than these are swept: what was not used lately is forgotten.
const KEYS: usize = 10_000;

fn per_minute(number: u32) -> Limiter {
    RateLimiter::hashmap(Quota::per_minute(NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)))
}

fn check(limiter: &Limiter, key: &str) -> Result<()> {
    if limiter.len() > KEYS {
        limiter.retain_recent();
        limiter.shrink_to_fit();
    }
    limiter.check_key(&key.to_owned()).map_err(|until| {
        let wait: Duration = until.wait_time_from(DefaultClock::default().now());
        Error::TooManyRequests(wait.as_secs() + 1)
    })
}

impl Limits {
    /// The limits of the settings.
    pub fn new(config: &Config) -> Self {
        Limits {
            requests: per_minute(config.rate_limit),
            failures: per_minute(config.login_limit),
            tokens: per_minute(config.login_limit.saturating_mul(REFUSED)),
            trusted: config.trusted_proxies.clone(),
        }
    }

    /// Counts a request of a client.
    pub fn request(&self, subject: &str) -> Result<()> {
        check(&self.requests, subject)
    }

    /// Counts a request that was refused for its token.
    pub fn refused(&self, address: &str) -> Result<()> {
        check(&self.tokens, address)
    }

    /// Counts an attempt to log in, before the secret is looked at: what is refused here costs next to nothing.
    pub fn login(&self, account: &str) -> Result<()> {
        // An account's name comes from outside: a long one must not fill the memory.
        check(&self.failures, &account.chars().take(64).collect::<String>())
    }

    /// The address that a request comes from; `X-Forwarded-For` counts only where a trusted proxy wrote it.
    pub fn address(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip();
        if !self.trusted.contains(&peer) {
            return Some(peer);
        }
        let forwarded = request.headers().get_all(HeaderName::from_static("x-forwarded-for"));
        let listed: Vec<IpAddr> = forwarded
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|address| address.trim().parse().ok())
            .collect();
        listed.into_iter().rev().find(|address| !self.trusted.contains(address)).or(Some(peer))
    }
}
