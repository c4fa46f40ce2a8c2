//! An external OpenID provider: where its keys are, how long they are believed, and what its claims allow here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};
use jsonwebtoken::jwk::Jwk;
use serde_json::Value;

use super::claims::ClaimRules;
use super::signing::{VerificationKey, checking};
use crate::config::{OutgoingSettings, ProviderSettings, TokenSettings};
use crate::error::{Error, Result};
use crate::outgoing::{self, Trust};

/// The provider is asked for its keys so often while tokens come: for so long, and the time of an answer, a key goes on that the
/// provider has withdrawn. As often at most it is asked besides for keys that tokens name and that are not known.
const PAUSE: TimeDelta = TimeDelta::seconds(60);

/// The same for keys in a file, which costs next to nothing to read.
const FILE_PAUSE: TimeDelta = TimeDelta::seconds(1);

/// So long the keys that were read last are believed while they cannot be read anew: an outage of the provider locks
/// nobody out at once, and who keeps its answers away does not keep a withdrawn key alive without end.
const SILENCE: TimeDelta = TimeDelta::hours(1);

/// The longest time that an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// More bytes than this no list of keys has.
const BYTES: u64 = 1 << 20;

/// A provider whose tokens are taken.
pub struct OidcProvider {
    /// The issuer that tokens must name in `iss`.
    pub issuer: String,
    /// The audience that tokens must name in `aud`.
    pub audience: String,
    keys_at: Option<String>,
    /// The meaning of its tokens' claims.
    pub claims: ClaimRules,
    /// The type that tokens must name in their header, where one is demanded.
    pub token_type: Option<String>,
    /// The most seconds that its clock and the service's may differ.
    pub leeway: i64,
    trust: Trust,
    held: Mutex<Held>,
    /// Held by the one that asks.
    turn: Mutex<()>,
}

/// A provider's keys as they are held.
#[derive(Default)]
struct Held {
    keys: Option<Arc<Vec<VerificationKey>>>,
    /// The instant at which the keys that are held were asked for.
    read: Option<NaiveDateTime>,
    /// The instant at which they were asked for last, successful or not.
    asked: Option<NaiveDateTime>,
    /// The instant at which they were asked for last because a token named one that was not known.
    missed: Option<NaiveDateTime>,
    /// The instant at which the log was last told that they cannot be read.
    told: Option<NaiveDateTime>,
}

/// The keys of a provider, as far as they are known.
pub struct ProviderKeys {
    /// The keys.
    pub keys: Arc<Vec<VerificationKey>>,
    /// Until when what they prove is believed: from then on they are to be asked for again.
    pub until: NaiveDateTime,
}

/// True if it is not so long since; an instant to come counts like one that has passed, for a clock can be set back.
fn within(since: Option<NaiveDateTime>, now: NaiveDateTime, span: TimeDelta) -> bool {
    since.is_some_and(|since| (now - since).abs() < span)
}

impl OidcProvider {
    /// The provider of the settings, if there is one; its tokens carry the audience of our own unless they say otherwise.
    pub fn new(settings: &ProviderSettings, own: &TokenSettings, outgoing: &OutgoingSettings) -> Result<Option<Self>> {
        let Some(issuer) = settings.issuer.clone() else {
            return Ok(None);
        };
        if issuer == own.issuer {
            let text = "AUFSICHT_OIDC_ISSUER: must differ from AUFSICHT_JWT_ISSUER";
            return Err(Error::Configuration(text.into()));
        }
        if settings.jwks.as_deref().is_none_or(|at| at.contains("://")) {
            refuse_plain(settings.jwks.as_deref().unwrap_or(&issuer))?;
        }
        Ok(Some(OidcProvider {
            audience: settings.audience.clone().unwrap_or_else(|| own.audience.clone()),
            issuer,
            keys_at: settings.jwks.clone(),
            claims: ClaimRules::of(settings)?,
            token_type: settings.token_type.clone(),
            leeway: i64::try_from(settings.leeway.as_secs()).unwrap_or_default(),
            trust: Trust::of(outgoing)?,
            held: Mutex::default(),
            turn: Mutex::default(),
        }))
    }

    /// The keys as the provider said them less than a minute ago, or says now. Blocks while it asks; whoever comes
    /// meanwhile goes on with what was said just before, and waits only where that is longer ago. Fails when the provider
    /// has been silent for too long.
    pub fn keys(&self, now: NaiveDateTime) -> Result<ProviderKeys> {
        let pause = self.pause();
        if within(self.held().asked, now, pause) {
            return self.known(now);
        }
        let turn = match self.turn.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) if within(self.held().asked, now, pause * 2) => return self.known(now),
            Err(TryLockError::WouldBlock) => self.turn.lock().unwrap_or_else(PoisonError::into_inner),
        };
        // Another may have asked while this one waited.
        if !within(self.held().asked, now, pause) {
            self.ask(now);
        }
        drop(turn);
        self.known(now)
    }

    /// The keys as the provider says them now, for a token that names one that is not known: it may have been made since. That is
    /// asked once a minute too, whatever tokens come, and not where the answer has just come.
    pub fn keys_anew(&self, now: NaiveDateTime) -> Result<ProviderKeys> {
        const JUST: TimeDelta = TimeDelta::seconds(1);
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let may_ask = {
            let mut held = self.held();
            let may_ask = !within(held.asked, now, JUST) && !within(held.missed, now, PAUSE);
            held.missed = if may_ask { Some(now) } else { held.missed };
            may_ask
        };
        if may_ask {
            self.ask(now);
        }
        drop(turn);
        self.known(now)
    }

    /// Has the keys asked for when they are next needed.
    pub fn doubt(&self) {
        self.held().asked = None;
    }

    /// The number of keys that the provider tells, or the reason why it tells none.
    pub fn number_of_keys(&self) -> Result<usize> {
        self.fetch().map(|keys| keys.len())
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pause(&self) -> TimeDelta {
        match &self.keys_at {
            Some(at) if !at.contains("://") => FILE_PAUSE,
            _ => PAUSE,
        }
    }

    /// The keys that are held, unless they are too old.
    fn known(&self, now: NaiveDateTime) -> Result<ProviderKeys> {
        let held = self.held();
        match (&held.keys, held.read, held.asked) {
            (Some(keys), Some(read), Some(asked)) if now - read < SILENCE => {
                Ok(ProviderKeys { keys: keys.clone(), until: asked + self.pause() })
            }
            (_, Some(read), _) => Err(Error::Unavailable(format!(
                "the keys of {} were read last at {read} UTC: its tokens are refused until they can be read again",
                self.issuer
            ))),
            _ => Err(Error::Unavailable(format!("the keys of {} could not be read yet", self.issuer))),
        }
    }

    fn ask(&self, now: NaiveDateTime) {
        let answer = self.fetch();
        let mut held = self.held();
        held.asked = Some(now);
        match answer {
            Ok(keys) => (held.keys, held.read, held.told) = (Some(Arc::new(keys)), Some(now), None),
            Err(error) if !within(held.told, now, PAUSE) => {
                held.told = Some(now);
                log::warn!("the keys of {} cannot be read: {error}", self.issuer);
            }
            Err(_) => {}
        }
    }

    fn fetch(&self) -> Result<Vec<VerificationKey>> {
        let document = match &self.keys_at {
            Some(at) if at.contains("://") => self.get(at)?,
            Some(file) => {
                let text = std::fs::read_to_string(file).map_err(|error| failed(file, &error))?;
                serde_json::from_str(&text).map_err(|error| failed(file, &error))?
            }
            None => {
                let at = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
                let discovered = self.get(&at)?;
                if discovered["issuer"] != self.issuer.as_str() {
                    return Err(failed(&at, &"names another issuer"));
                }
                let at = discovered["jwks_uri"].as_str().ok_or_else(|| failed(&at, &"names no jwks_uri"))?;
                refuse_plain(at)?;
                self.get(at)?
            }
        };
        // An answer of another kind withdraws nothing; an empty list does.
        let keys = document["keys"].as_array().ok_or_else(|| failed(&self.issuer, &"tells no list of keys"))?;
        let keys = keys.iter().filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok());
        Ok(keys.filter_map(|key| checking(&key)).collect())
    }

    fn get(&self, url: &str) -> Result<Value> {
        let agent = self.trust.agent().timeout_global(Some(PATIENCE)).build().new_agent();
        let mut answer = agent.get(url).call().map_err(|error| failed(url, &outgoing::reason(&error)))?;
        if !answer.status().is_success() {
            return Err(failed(url, &answer.status()));
        }
        let body = answer.body_mut().with_config().limit(BYTES).read_to_vec().map_err(|error| failed(url, &error))?;
        serde_json::from_slice(&body).map_err(|error| failed(url, &error))
    }
}

fn failed(at: &str, error: &dyn std::fmt::Display) -> Error {
    Error::Unavailable(format!("{at}: {error}"))
}

/// Keys that come over an open line could be anybody's.
fn refuse_plain(url: &str) -> Result<()> {
    let uri = url.parse::<ureq::http::Uri>().unwrap_or_default();
    let is_local = matches!(uri.host(), Some("127.0.0.1" | "localhost" | "[::1]"));
    let is_named = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    match uri.scheme_str() {
        Some("https") if !is_named => Ok(()),
        Some("http") if is_local && !is_named => Ok(()),
        _ => Err(Error::Configuration(format!("AUFSICHT_OIDC_ISSUER: {url} must begin with https://"))),
    }
}
