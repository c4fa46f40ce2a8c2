//! Tokens that were checked a moment ago: a signature is worked out once, not with every request.

use std::sync::Arc;

use chrono::{NaiveDateTime, TimeDelta};
use moka::future::Cache;
use moka::policy::EvictionPolicy;

use super::caller::Caller;
use super::signing::SigningKey;

/// The most tokens that are remembered; beyond that those are forgotten that did not come for the longest time.
const MOST: u64 = 4096;

/// The longest that the check of a token is believed.
pub const BELIEVED: TimeDelta = TimeDelta::seconds(60);

/// A token that was found valid.
#[derive(Clone)]
struct CachedToken {
    caller: Caller,
    at: NaiveDateTime,
    /// The instant at which it is checked again.
    until: NaiveDateTime,
    /// The service's own keys at that time: with others, everything is checked anew.
    keys: Arc<SigningKey>,
}

/// The tokens that were found valid lately, by their digests: the tokens themselves are not kept.
pub struct TokenCache(Cache<[u8; 32], CachedToken>);

impl Default for TokenCache {
    fn default() -> Self {
        let lifetime = BELIEVED.to_std().unwrap_or_default();
        TokenCache(
            Cache::builder()
                .max_capacity(MOST)
                .eviction_policy(EvictionPolicy::lru())
                // Of use to nobody any more. What holds is decided by the service's own clock.
                .time_to_live(lifetime)
                .build(),
        )
    }
}

impl TokenCache {
    /// The caller that the token speaks for, if it was found valid less than a minute ago, with these keys of the service's own or
    /// with keys of the provider that need not be asked for again yet: a key that the provider withdraws stops working
    /// within that minute and the time that the provider takes to answer, ten seconds at the most.
    pub async fn get(&self, digest: &[u8; 32], keys: &Arc<SigningKey>, now: NaiveDateTime) -> Option<Caller> {
        let checked = self.0.get(digest).await?;
        let fresh = checked.at <= now && now < checked.until;
        let valid = checked.caller.expires > now.and_utc().timestamp();
        (fresh && valid && Arc::ptr_eq(&checked.keys, keys)).then_some(checked.caller)
    }

    /// Remembers a token that was found valid, `until` it is to be checked again, for a minute at the most.
    pub async fn put(
        &self,
        digest: [u8; 32],
        keys: Arc<SigningKey>,
        caller: &Caller,
        (at, until): (NaiveDateTime, NaiveDateTime),
    ) {
        let token = CachedToken { caller: caller.clone(), at, until: until.min(at + BELIEVED), keys };
        self.0.insert(digest, token).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256;

    fn digest(token: &str) -> [u8; 32] {
        sha256(token.as_bytes())
    }

    #[tokio::test]
    async fn a_check_is_believed_for_a_minute_and_with_the_same_keys_only() {
        let mut config = crate::Config::for_database("sqlite:x").unwrap();
        config.tokens.secret = Some("a secret that is long enough for the tests".into());
        let keys = || Arc::new(SigningKey::read(&config).unwrap());
        let (lately, own, now) = (TokenCache::default(), keys(), crate::Clock::system().now());
        let end = now.and_utc().timestamp() + 30;
        let mut caller = Caller::internal("somebody");
        caller.expires = end;
        let after = |seconds| now + TimeDelta::seconds(seconds);
        lately.put(digest("token"), own.clone(), &caller, (now, after(600))).await;
        assert_eq!(lately.get(&digest("token"), &own, after(29)).await.unwrap().identity.name, "somebody");
        assert!(lately.get(&digest("token"), &own, after(30)).await.is_none(), "it has expired");
        assert!(lately.get(&digest("token"), &own, after(-1)).await.is_none());
        assert!(lately.get(&digest("another"), &own, now).await.is_none());
        assert!(lately.get(&digest("token"), &keys(), now).await.is_none(), "the keys were read anew");
        caller.expires = end + 1000;
        lately.put(digest("token"), own.clone(), &caller, (now, after(600))).await;
        assert!(lately.get(&digest("token"), &own, after(59)).await.is_some());
        assert!(lately.get(&digest("token"), &own, after(60)).await.is_none());
        lately.put(digest("token"), own.clone(), &caller, (now, after(5))).await;
        assert!(lately.get(&digest("token"), &own, after(4)).await.is_some());
        assert!(
            lately.get(&digest("token"), &own, after(5)).await.is_none(),
            "the provider's keys are to be asked for again"
        );
        for number in 0..=MOST {
            lately.put(digest(&number.to_string()), own.clone(), &caller, (now, after(60))).await;
        }
        lately.0.run_pending_tasks().await;
        assert_eq!(lately.0.entry_count(), MOST);
        assert!(lately.get(&digest("0"), &own, now).await.is_none());
    }
}
