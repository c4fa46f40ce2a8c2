//! Tokens that were checked a moment ago: a signature is worked out once, not with every request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{NaiveDateTime, TimeDelta};
use sha2::{Digest, Sha256};

use super::signing::SigningKey;
use super::token::Caller;

/// The most tokens that are remembered; beyond that all are forgotten, which costs one check each.
const MOST: usize = 4096;
/// The longest that the check of a token is believed.
pub const BELIEVED: TimeDelta = TimeDelta::seconds(60);

/// A token that was found valid.
struct CachedToken {
    caller: Caller,
    at: NaiveDateTime,
    /// When it is to be checked again.
    until: NaiveDateTime,
    /// The service's own keys at that time: with others, everything is checked anew.
    keys: Arc<SigningKey>,
}

/// The tokens that were found valid lately, by their digests: the tokens themselves are not kept.
#[derive(Default)]
pub struct TokenCache(Mutex<HashMap<[u8; 32], CachedToken>>);

/// Returns the digest that a token is known by.
pub fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl TokenCache {
    /// Whom the token speaks for, if it was found valid less than a minute ago, with these keys of the service's own or
    /// with keys of the provider that need not be asked for again yet: a key that the provider withdraws stops working
    /// within that minute and the time that the provider takes to answer, ten seconds at the most.
    pub fn get(&self, digest: &[u8; 32], keys: &Arc<SigningKey>, now: NaiveDateTime) -> Option<Caller> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let checked = held.get(digest)?;
        let fresh = checked.at <= now && now < checked.until;
        let valid = checked.caller.expires > now.and_utc().timestamp();
        (fresh && valid && Arc::ptr_eq(&checked.keys, keys)).then(|| checked.caller.clone())
    }

    /// Remembers a token that was found valid, `until` it is to be checked again, for a minute at the most.
    pub fn put(
        &self,
        digest: [u8; 32],
        keys: Arc<SigningKey>,
        caller: &Caller,
        (at, until): (NaiveDateTime, NaiveDateTime),
    ) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= MOST {
            held.clear();
        }
        held.insert(digest, CachedToken { caller: caller.clone(), at, until: until.min(at + BELIEVED), keys });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_believed_for_a_minute_and_with_the_same_keys_only() {
        let mut config = crate::Config::for_database("sqlite:x").unwrap();
        config.tokens.secret = Some("a secret that is long enough for the tests".into());
        let keys = || Arc::new(SigningKey::read(&config).unwrap());
        let (lately, own, now) = (TokenCache::default(), keys(), crate::Clock::system().now());
        let end = now.and_utc().timestamp() + 30;
        let mut caller = Caller::internal("somebody");
        caller.expires = end;
        let after = |seconds| now + TimeDelta::seconds(seconds);
        lately.put(digest("token"), own.clone(), &caller, (now, after(600)));
        assert_eq!(lately.get(&digest("token"), &own, after(29)).unwrap().identity.name, "somebody");
        assert!(lately.get(&digest("token"), &own, after(30)).is_none(), "it has expired");
        assert!(lately.get(&digest("token"), &own, after(-1)).is_none());
        assert!(lately.get(&digest("another"), &own, now).is_none());
        assert!(lately.get(&digest("token"), &keys(), now).is_none(), "the keys were read anew");
        caller.expires = end + 1000;
        lately.put(digest("token"), own.clone(), &caller, (now, after(600)));
        assert!(lately.get(&digest("token"), &own, after(59)).is_some());
        assert!(lately.get(&digest("token"), &own, after(60)).is_none());
        lately.put(digest("token"), own.clone(), &caller, (now, after(5)));
        assert!(lately.get(&digest("token"), &own, after(4)).is_some());
        assert!(
            lately.get(&digest("token"), &own, after(5)).is_none(),
            "the provider's keys are to be asked for again"
        );
        for number in 0..=MOST {
            lately.put(digest(&number.to_string()), own.clone(), &caller, (now, after(60)));
        }
        assert!(lately.0.lock().unwrap().len() <= MOST);
    }
}
