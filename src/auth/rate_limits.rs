//! Limits: how many requests a client, and how many failed logins an address or account may send.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::config::LimitSettings;
use crate::error::{Error, Result};

type Limiter = RateLimiter<String, HashMapStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// The counters of this process.
pub struct RateLimits {
    quota: u32,
    requests: Counter,
    login_limit: usize,
    /// Attempts to log in, by address and account.
    logins: Window,
    /// Failed ones by address.
    failures: Window,
    /// Failed ones by account.
    crowds: Window,
    tokens: Counter,
}

/// The number of refused tokens that weigh as much as a failed login: a token cannot be guessed, and checking one is
/// cheap.
const REFUSED: u32 = 200;

/// More keys than these are swept: what was not used lately is forgotten.
const KEYS: usize = 10_000;

/// However many are recent: more than these are not counted, but refused.
const MOST_KEYS: usize = 10 * KEYS;

/// The shortest time from one sweep to the next, for each looks at all keys.
const SWEEP: Duration = Duration::from_secs(1);

/// Counts by key.
struct Counter {
    limiter: Limiter,
    swept: Mutex<Instant>,
}

impl Counter {
    fn per_minute(number: u32) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN));
        Counter { limiter: RateLimiter::hashmap(quota).with_middleware(), swept: Mutex::new(Instant::now()) }
    }

    /// Counts, and tells how many more there may be now.
    fn check(&self, key: &str) -> Result<u32> {
        if self.limiter.len() > KEYS {
            self.sweep();
        }
        if self.limiter.len() > MOST_KEYS {
            return Err(Error::TooManyRequests(60));
        }
        self.limiter.check_key(&key.to_owned()).map(|state| state.remaining_burst_capacity()).map_err(|until| {
            let wait: Duration = until.wait_time_from(DefaultClock::default().now());
            Error::TooManyRequests(wait.as_secs() + 1)
        })
    }

    fn sweep(&self) {
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.elapsed() >= SWEEP {
            *swept = Instant::now();
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
    }
}

/// The time for which an attempt to log in counts against the address and account that made it.
const MINUTE: Duration = Duration::from_secs(60);

/// The number of failed logins that an address may have under any names, for each that it may have under one.
const NAMES: usize = 2;

/// The failed logins that an account may have from anywhere, as a multiple of the login limit, before each address has
/// one attempt only.
const CROWD: usize = 20;

/// Counts by key, so that within any minute there are never more than so many: it remembers when each was. (The counters
/// above let some through at once, and further ones already while that minute lasts.)
#[derive(Default)]
struct Window(Mutex<Attempts>);

#[derive(Default)]
struct Attempts {
    seen: HashMap<String, VecDeque<Instant>>,
    swept: Option<Instant>,
}

impl Attempts {
    /// Forgets what is old, of all keys now and then, and of one at once.
    fn forget(&mut self, key: &str, now: Instant) {
        let recent = |at: &Instant| now.saturating_duration_since(*at) < MINUTE;
        if self.seen.len() > KEYS && self.swept.is_none_or(|swept| now.saturating_duration_since(swept) >= SWEEP) {
            self.swept = Some(now);
            self.seen.retain(|_, times| times.back().is_some_and(recent));
            self.seen.shrink_to_fit();
        }
        if let Some(times) = self.seen.get_mut(key) {
            times.retain(recent);
        }
    }

    /// Says how long to wait when there were so many already.
    fn check_room(&self, key: &str, most: usize, now: Instant) -> std::result::Result<(), Duration> {
        match self.seen.get(key) {
            None if self.seen.len() >= MOST_KEYS => Err(MINUTE),
            Some(times) if times.len() >= most => {
                Err(times.front().map_or(MINUTE, |first| MINUTE.saturating_sub(now.saturating_duration_since(*first))))
            }
            _ => Ok(()),
        }
    }
}

impl Window {
    /// Says how long to wait when there were so many already; counts nothing.
    fn room(&self, key: &str, most: usize, now: Instant) -> std::result::Result<(), Duration> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.forget(key, now);
        held.check_room(key, most, now)
    }

    /// Counts what comes at `now`, or says how long to wait.
    fn check(&self, key: &str, most: usize, now: Instant) -> std::result::Result<(), Duration> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.forget(key, now);
        held.check_room(key, most, now)?;
        held.seen.entry(key.to_owned()).or_default().push_back(now);
        Ok(())
    }
}

/// The number of requests that a client may still send, as the headers `RateLimit` and `RateLimit-Policy` tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Requests a minute.
    quota: u32,
    /// The requests that may come at once.
    left: u32,
    /// Seconds until there is another one, or until all of them may come at once again.
    wait: u64,
}

impl Allowance {
    /// Writes the quota that was promised, for `RateLimit-Policy`.
    pub fn policy(&self) -> String {
        format!("\"requests\";q={};w=60", self.quota)
    }

    /// Writes what is left of the quota, for `RateLimit`.
    pub fn left(&self) -> String {
        format!("\"requests\";r={};t={}", self.left, self.wait)
    }
}

impl RateLimits {
    /// The limits of the settings.
    pub fn new(settings: &LimitSettings) -> Self {
        RateLimits {
            quota: settings.requests,
            requests: Counter::per_minute(settings.requests),
            login_limit: settings.logins as usize,
            logins: Window::default(),
            failures: Window::default(),
            crowds: Window::default(),
            tokens: Counter::per_minute(settings.logins.saturating_mul(REFUSED)),
        }
    }

    /// Counts a request of a client, or of an address, and says how many more there may be.
    pub fn request(&self, subject: &str) -> (Allowance, Result<()>) {
        let of = |left, wait| Allowance { quota: self.quota, left, wait };
        match self.requests.check(subject) {
            Ok(left) => {
                (of(left, u64::from(self.quota.saturating_sub(left)) * 60 / u64::from(self.quota.max(1))), Ok(()))
            }
            Err(Error::TooManyRequests(wait)) => (of(0, wait), Err(Error::TooManyRequests(wait))),
            Err(error) => (of(0, 60), Err(error)),
        }
    }

    /// Counts a request that was refused for its token.
    pub fn refused(&self, address: &str) -> Result<()> {
        self.tokens.check(address).map(|_| ())
    }

    /// Counts an attempt to log in, before the secret is looked at: what is refused here costs next to nothing. It is held
    /// against the address and the account together, so that nobody locks an account out from elsewhere; and nothing
    /// depends on whether there is such an account.
    pub fn login(&self, address: &str, account: &str) -> Result<()> {
        let now = Instant::now();
        self.room(address, now)?;
        let account = shortened(account);
        let is_crowded = self.crowds.room(&account, self.login_limit * CROWD, now).is_err();
        let most = if is_crowded { 1 } else { self.login_limit };
        self.logins.check(&format!("{address} {account}"), most, now).map_err(waiting)
    }

    fn room(&self, address: &str, now: Instant) -> Result<()> {
        self.failures.room(address, self.login_limit * NAMES, now).map_err(waiting)
    }

    /// Checks that an address may still try to log in: others that came with it may have used up its attempts
    /// meanwhile.
    pub fn may_still_log_in(&self, address: &str) -> Result<()> {
        self.room(address, Instant::now())
    }

    /// Counts an attempt that failed.
    pub fn login_failed(&self, address: &str, account: &str) {
        let now = Instant::now();
        // Beyond the limit one more makes no difference.
        let _ = self.failures.check(address, self.login_limit * NAMES, now);
        let _ = self.crowds.check(&shortened(account), self.login_limit * CROWD, now);
    }
}

fn waiting(wait: Duration) -> Error {
    Error::TooManyRequests(wait.as_secs() + 1)
}

/// An account's name comes from outside: a long one must not fill the memory.
fn shortened(account: &str) -> String {
    account.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_names_does_not_fill_the_memory() {
        let counter = Counter::per_minute(1);
        let counted = (0..2 * MOST_KEYS).filter(|n| counter.check(&n.to_string()).is_ok()).count();
        assert!(counted <= MOST_KEYS + 1 && counter.limiter.len() <= MOST_KEYS + 1, "{counted}");
    }

    #[test]
    fn no_minute_has_more_logins_than_allowed() {
        let (window, begun) = (Window::default(), Instant::now());
        // An attempt each half second, for ten minutes.
        let at = |n: u32| begun + n * Duration::from_millis(500);
        let checked: Vec<Instant> = (0..1200).map(at).filter(|now| window.check("client", 5, *now).is_ok()).collect();
        for (place, first) in checked.iter().enumerate() {
            let within = checked[place..].iter().filter(|later| **later - *first < MINUTE).count();
            assert!(within <= 5, "{within} from the {place}th on");
        }
        assert_eq!(checked.len(), 50, "as many as that leaves");
        assert!(window.check("other", 5, at(1200)).is_ok(), "each for itself");
    }

    #[test]
    fn who_is_told_to_wait_can_log_in_after_that_time() {
        let (window, begun) = (Window::default(), Instant::now());
        assert!(window.check("client", 2, begun).is_ok());
        assert!(window.check("client", 2, begun + Duration::from_secs(20)).is_ok());
        let now = begun + Duration::from_secs(30);
        let wait = window.check("client", 2, now).unwrap_err();
        assert_eq!(wait, Duration::from_secs(30));
        assert!(window.check("client", 2, now + wait - Duration::from_millis(1)).is_err());
        assert!(window.check("client", 2, now + wait).is_ok());
    }

    #[test]
    fn logins_under_many_names_do_not_fill_the_memory() {
        let (window, begun) = (Window::default(), Instant::now());
        let counted = (0..2 * MOST_KEYS).filter(|n| window.check(&n.to_string(), 5, begun).is_ok()).count();
        assert_eq!(counted, MOST_KEYS);
        assert!(window.check("0", 5, begun).is_ok(), "who is known already goes on");
        let later = begun + MINUTE;
        assert!(window.check("new", 5, later).is_ok());
        assert_eq!(window.0.lock().unwrap().seen.len(), 1, "what is old is forgotten");
    }
}
