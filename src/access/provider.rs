//! An external OpenID provider: where its keys are, how long they are believed, and what its claims allow here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};
use jsonwebtoken::jwk::Jwk;
use serde_json::Value;

use super::Scope;
use super::signing::{Checking, checking};
use crate::config::Config;
use crate::error::{Error, Result};

/// At most so often the provider is asked for its keys, whatever tokens come.
const PAUSE: TimeDelta = TimeDelta::seconds(60);
/// After this time the keys are asked for again; until there is an answer, those that are known go on.
const FRESH: TimeDelta = TimeDelta::minutes(15);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// More bytes than this no list of keys has.
const BYTES: u64 = 1 << 20;

/// A provider whose tokens are taken.
pub struct Provider {
    /// What tokens must say in `iss`.
    pub issuer: String,
    /// What tokens must say in `aud`.
    pub audience: String,
    keys_at: Option<String>,
    claim: String,
    /// What a value of the claim allows, by value.
    allows: Vec<(String, Vec<Scope>)>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    keys: Option<Arc<Vec<Checking>>>,
    read: Option<NaiveDateTime>,
    tried: Option<NaiveDateTime>,
}

impl Provider {
    /// The provider of the settings, if there is one.
    pub fn new(config: &Config) -> Result<Option<Self>> {
        let Some(issuer) = config.oidc_issuer.clone() else {
            return Ok(None);
        };
        if issuer == config.jwt_issuer {
            let text = "AUFSICHT_OIDC_ISSUER: must differ from AUFSICHT_JWT_ISSUER";
            return Err(Error::Configuration(text.into()));
        }
        if config.oidc_jwks.as_deref().is_none_or(|at| at.contains("://")) {
            refuse_plain(config.oidc_jwks.as_deref().unwrap_or(&issuer))?;
        }
        Ok(Some(Provider {
            audience: config.oidc_audience.clone().unwrap_or_else(|| config.jwt_audience.clone()),
            issuer,
            keys_at: config.oidc_jwks.clone(),
            claim: config.oidc_scope_claim.clone(),
            allows: config.oidc_scopes.iter().map(|entry| allowed(entry)).collect::<Result<_>>()?,
            held: Mutex::default(),
        }))
    }

    /// The keys that are known, if the one that a token names is among them; else what the provider says now, but not
    /// more often than once a minute. Blocks while it asks.
    pub fn keys(&self, id: Option<&str>, now: NaiveDateTime) -> Result<Arc<Vec<Checking>>> {
        let held = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            let known = |keys: &Arc<Vec<Checking>>| id.is_none() || keys.iter().any(|key| key.id.as_deref() == id);
            let fresh = held.read.is_some_and(|read| now - read < FRESH);
            let enough = fresh && held.keys.as_ref().is_some_and(known);
            if enough || held.tried.is_some_and(|tried| now - tried < PAUSE) {
                return held.keys.clone().ok_or_else(|| Error::Unavailable("the provider gave no keys".into()));
            }
            // Others go on with what is known while this one asks.
            held.tried = Some(now);
            held.keys.clone()
        };
        match self.fetch() {
            Ok(keys) => {
                let keys = Arc::new(keys);
                let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
                (held.keys, held.read) = (Some(keys.clone()), Some(now));
                Ok(keys)
            }
            Err(error) => {
                log::warn!("the keys of {} cannot be read: {error}", self.issuer);
                held.ok_or_else(|| Error::Unavailable("the provider gave no keys".into()))
            }
        }
    }

    fn fetch(&self) -> Result<Vec<Checking>> {
        let document = match &self.keys_at {
            Some(at) if at.contains("://") => get(at)?,
            Some(file) => {
                let text = std::fs::read_to_string(file).map_err(|error| failed(file, &error))?;
                serde_json::from_str(&text).map_err(|error| failed(file, &error))?
            }
            None => {
                let at = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
                let discovered = get(&at)?;
                if discovered["issuer"] != self.issuer.as_str() {
                    return Err(failed(&at, &"names another issuer"));
                }
                let at = discovered["jwks_uri"].as_str().ok_or_else(|| failed(&at, &"names no jwks_uri"))?;
                refuse_plain(at)?;
                get(at)?
            }
        };
        let keys = document["keys"].as_array().into_iter().flatten();
        let keys = keys.filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok());
        Ok(keys.filter_map(|key| checking(&key)).collect())
    }

    /// The scopes that the claims of a token give here.
    pub fn scopes(&self, claims: &Value) -> Vec<Scope> {
        let claim = self.claim.split('.').fold(claims, |value, part| &value[part]);
        let values: Vec<&str> = match claim {
            Value::String(text) => text.split_ascii_whitespace().collect(),
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if self.allows.is_empty() {
            return values.into_iter().filter_map(Scope::parse).collect();
        }
        let allowed = self.allows.iter().filter(|(value, _)| values.contains(&value.as_str()));
        allowed.flat_map(|(_, scopes)| scopes.clone()).collect()
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

fn get(url: &str) -> Result<Value> {
    let agent = ureq::Agent::config_builder().max_redirects(0).timeout_global(Some(PATIENCE)).build().new_agent();
    let mut answer = agent.get(url).call().map_err(|error| failed(url, &error))?;
    if !answer.status().is_success() {
        return Err(failed(url, &answer.status()));
    }
    let body = answer.body_mut().with_config().limit(BYTES).read_to_vec().map_err(|error| failed(url, &error))?;
    serde_json::from_slice(&body).map_err(|error| failed(url, &error))
}

/// Reads `value=scope scope`.
fn allowed(entry: &str) -> Result<(String, Vec<Scope>)> {
    let refused = || {
        let text =
            format!("AUFSICHT_OIDC_SCOPES: \"{entry}\" must be value=scope, with several scopes apart by spaces");
        Error::Configuration(text)
    };
    let (value, scopes) = entry.split_once('=').ok_or_else(refused)?;
    let scopes: Option<Vec<Scope>> = scopes.split_ascii_whitespace().map(Scope::parse).collect();
    let scopes = scopes.filter(|scopes| !scopes.is_empty() && !value.trim().is_empty()).ok_or_else(refused)?;
    Ok((value.trim().to_owned(), scopes))
}
