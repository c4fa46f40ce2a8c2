//! Access tokens: JSON Web Tokens (RFC 7519) that the service signs itself, or that an external provider signs.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDateTime;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation};
use serde::Serialize;
use serde_json::Value;

use super::Scope;
use super::caller::Caller;
use super::oidc_provider::{OidcProvider, ProviderKeys};
use super::signing::{SigningKey, VerificationKey};
use super::token_cache::{self, TokenCache};
use crate::config::Config;
use crate::digest;
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::reload::Reloading;
use crate::text;

/// The claims of our own tokens. (Those of an external issuer are read as JSON: their names are configured.)
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    scope: String,
    exp: i64,
    nbf: i64,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    jti: String,
}

/// Makes and checks access tokens.
pub struct Tokens {
    issuer: String,
    set_issuer: String,
    audience: String,
    own: Reloading<SigningKey>,
    provider: Option<Arc<OidcProvider>>,
    lately: TokenCache,
    /// Set if the secret is the one of the development mode.
    pub development: bool,
}

/// Longer than any token of ours; more is not even looked at.
const TOKEN_BYTES: usize = 8 * 1024;

/// The most seconds that the clocks of issuer and service may differ.
const LEEWAY: i64 = 5;

/// The values that a token can have in `typ`, where it has any (RFC 7519, RFC 9068).
const TYPES: [&str; 3] = ["JWT", "at+jwt", "application/at+jwt"];

/// Parameters that a token may not bring along: keys, places of keys, and demands that nobody here understands (RFC
/// 7515).
const REFUSED: [&str; 5] = ["jku", "jwk", "x5u", "x5c", "crit"];

/// Claims of ID tokens, which are proof of a login and give no access (OpenID Connect Core, section 2).
const OF_ID_TOKENS: [&str; 3] = ["nonce", "at_hash", "c_hash"];

/// The claim by which Keycloak tells its tokens apart, whatever their headers say.
const KIND: &str = "typ";

/// Its value in access tokens; older ones have the `nonce` of the login in them too.
const ACCESS: &str = "Bearer";

/// Its values in those that give no access.
const NO_ACCESS: [&str; 4] = ["ID", "Refresh", "Offline", "Logout"];

/// The reason why claims are those of an ID token or of another one that gives no access.
fn gives_no_access(claims: &Value) -> Option<String> {
    match claims.get(KIND).and_then(Value::as_str) {
        Some(ACCESS) => None,
        Some(kind) if NO_ACCESS.contains(&kind) => Some(format!("its claim {KIND} is {kind}: it is no access token")),
        _ => {
            let name = OF_ID_TOKENS.iter().find(|name| claims.get(name).is_some())?;
            Some(format!("it has {name}: it is an ID token and no access token"))
        }
    }
}

/// A token that is refused. All refusals look the same from outside, so that nobody learns how far a token came; the
/// reason is for the log, and says nothing of what stands in the token but who issued it.
#[derive(Debug)]
pub struct RefusedToken {
    /// The answer.
    pub error: Error,
    /// The reason, for who sets the provider up.
    pub reason: String,
}

impl RefusedToken {
    fn because(reason: impl Into<String>) -> Self {
        RefusedToken { error: Error::Unauthenticated("the access token is not valid"), reason: reason.into() }
    }
}

impl From<Error> for RefusedToken {
    fn from(error: Error) -> Self {
        RefusedToken { reason: error.to_string(), error }
    }
}

/// The result of a check of a token, or the reason why it is refused.
type TokenResult<T> = std::result::Result<T, RefusedToken>;

/// A token taken apart, not checked yet.
struct TokenParts {
    algorithm: Algorithm,
    /// The type that its header names; none where it names none.
    kind: String,
    key: Option<String>,
    issuer: String,
}

impl TokenParts {
    fn of(token: &str) -> TokenResult<Self> {
        if token.split('.').count() != 3 {
            return Err(RefusedToken::because("it is no JSON Web Token of three parts"));
        }
        let part = |place: usize| {
            let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(place)?).ok()?;
            serde_json::from_slice::<Value>(&bytes).ok()
        };
        let (Some(header), Some(claims)) = (part(0), part(1)) else {
            return Err(RefusedToken::because("its header or its claims are no JSON"));
        };
        let typ = header.get("typ").map_or(Some("JWT"), Value::as_str);
        if !typ.is_some_and(|typ| TYPES.iter().any(|known| known.eq_ignore_ascii_case(typ))) {
            return Err(RefusedToken::because(format!("its typ is none of {}", TYPES.join(", "))));
        }
        if let Some(name) = REFUSED.iter().find(|name| header.get(name).is_some()) {
            return Err(RefusedToken::because(format!("its header has {name}, which is not taken")));
        }
        if let Some(reason) = gives_no_access(&claims) {
            return Err(RefusedToken::because(reason));
        }
        let algorithm = serde_json::from_value(header["alg"].clone());
        let key = match header.get("kid") {
            None => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(_) => return Err(RefusedToken::because("its kid is no text")),
        };
        Ok(TokenParts {
            kind: header["typ"].as_str().unwrap_or("none").to_owned(),
            algorithm: algorithm.map_err(|_| RefusedToken::because("its alg is not known or not taken"))?,
            key,
            issuer: claims["iss"].as_str().ok_or_else(|| RefusedToken::because("it has no iss"))?.to_owned(),
        })
    }

    /// Fails unless the token is of the type that is demanded; what stands before it in media types may be left out.
    fn check_kind(&self, demanded: Option<&str>) -> TokenResult<()> {
        let kind = self.kind.rsplit('/').next().unwrap_or_default();
        match demanded.filter(|demanded| !demanded.eq_ignore_ascii_case(kind)) {
            None => Ok(()),
            Some(demanded) => Err(RefusedToken::because(format!(
                "its typ is {kind}, and AUFSICHT_OIDC_TOKEN_TYPE demands {demanded}"
            ))),
        }
    }

    /// True if the token names one of the keys, or none at all.
    fn is_named(&self, keys: &[VerificationKey]) -> bool {
        self.key.is_none() || keys.iter().any(|key| key.id == self.key)
    }

    /// Checks the token with those keys that it can be meant for.
    fn claims(&self, token: &str, keys: &[VerificationKey], issuers: &[&str], audience: &str) -> TokenResult<Value> {
        let mut validation = Validation::new(self.algorithm);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(issuers);
        validation.set_audience(&[audience]);
        // The times are compared afterwards with the service's own clock, which tests can set.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let is_named = |key: &&VerificationKey| self.key.as_ref().is_none_or(|id| key.id.as_ref() == Some(id));
        let mut reason = match keys.iter().any(|key| is_named(&key)) {
            false => format!("none of the {} keys known has its kid", keys.len()),
            true => format!("no key known is for {:?}", self.algorithm),
        };
        for key in keys.iter().filter(is_named).filter(|key| key.algorithm == self.algorithm) {
            match jsonwebtoken::decode::<Value>(token, &key.key, &validation) {
                Ok(data) => return Ok(data.claims),
                Err(error) => reason = why(error.kind(), audience),
            }
        }
        Err(RefusedToken::because(reason))
    }
}

/// The reason why a signature or a claim is not taken.
fn why(kind: &ErrorKind, audience: &str) -> String {
    match kind {
        ErrorKind::InvalidAudience => format!("its aud is not {audience}"),
        ErrorKind::InvalidIssuer => "its iss is another one".into(),
        ErrorKind::MissingRequiredClaim(name) => format!("it has no {name}"),
        ErrorKind::InvalidSignature => "its signature is not that of the key".into(),
        _ => "its signature or a claim cannot be read".into(),
    }
}

impl Tokens {
    /// The tokens that the settings describe: the service's own, and those of its provider.
    pub fn new(config: &Config) -> Result<Self> {
        let own = Self::own_only(config)?;
        let provider = OidcProvider::new(&config.provider, &config.tokens, &config.outgoing)?.map(Arc::new);
        Ok(Tokens { provider, ..own })
    }

    /// The number of keys that the provider of the settings tells.
    pub fn check_provider(config: &Config) -> Result<usize> {
        let provider = OidcProvider::new(&config.provider, &config.tokens, &config.outgoing)?;
        provider.map_or(Ok(0), |provider| provider.number_of_keys())
    }

    /// The service's own tokens alone: for who issues some.
    pub fn own_only(config: &Config) -> Result<Self> {
        let files = [&config.tokens.secret_file, &config.tokens.key_file].into_iter().flatten().cloned().collect();
        let settings = config.clone();
        Ok(Tokens {
            issuer: config.issuer().to_owned(),
            set_issuer: config.tokens.issuer.clone(),
            audience: config.tokens.audience.clone(),
            own: Reloading::new(files, move || SigningKey::read(&settings))?,
            provider: None,
            lately: TokenCache::default(),
            development: config.secrets()?.development,
        })
    }

    /// Reads the keys anew, whatever their files look like, and asks the provider for its own when they are next needed.
    pub fn reload(&self) {
        self.own.reload();
        self.provider.iter().for_each(|provider| provider.doubt());
    }

    /// The service's own keys as they are now.
    pub fn own(&self) -> Arc<SigningKey> {
        self.own.get()
    }

    /// The issuers whose tokens are taken.
    pub fn issuers(&self) -> Vec<&str> {
        let external = self.provider.as_ref().map(|provider| provider.issuer.as_str());
        std::iter::once(self.issuer.as_str()).chain(external).collect()
    }

    /// The issuers that a token of the service's own can name: as it is told to others, and as it is set.
    fn accepted_issuers(&self) -> [&str; 2] {
        [&self.issuer, &self.set_issuer]
    }

    /// The issuer that the service's own tokens name.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// A token for a subject with scopes, valid from `now` on.
    pub fn issue(&self, subject: &str, scopes: &[Scope], ttl: Duration, now: NaiveDateTime) -> Result<String> {
        self.issue_for(subject, None, scopes, ttl, now)
    }

    /// The same for a service account.
    pub fn issue_for(
        &self,
        subject: &str,
        client: Option<&str>,
        scopes: &[Scope],
        ttl: Duration,
        now: NaiveDateTime,
    ) -> Result<String> {
        let iat = now.and_utc().timestamp();
        self.own.get().sign(&Claims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: subject,
            scope: scopes.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(" "),
            exp: iat.saturating_add_unsigned(ttl.as_secs()),
            nbf: iat,
            iat,
            client_id: client,
            jti: uuid::Uuid::new_v4().to_string(),
        })
    }

    /// The caller that a token speaks for, if it is valid at `now`.
    pub async fn check(&self, token: &str, now: NaiveDateTime) -> TokenResult<Caller> {
        if token.len() > TOKEN_BYTES {
            return Err(RefusedToken::because(format!("it is longer than {TOKEN_BYTES} bytes")));
        }
        let (digest, own) = (digest::sha256(token.as_bytes()), self.own.get());
        if let Some(caller) = self.lately.get(&digest, &own, now).await {
            return Ok(caller);
        }
        let (caller, until) = self.check_anew(token, &own, now).await?;
        self.lately.put(digest, own, &caller, (now, until)).await;
        Ok(caller)
    }

    /// The caller that a token speaks for, and until when that is believed.
    async fn check_anew(
        &self,
        token: &str,
        own: &SigningKey,
        now: NaiveDateTime,
    ) -> TokenResult<(Caller, NaiveDateTime)> {
        let parts = TokenParts::of(token)?;
        if let Some(provider) = self.provider.clone().filter(|provider| provider.issuer == parts.issuer) {
            return external(provider, parts, token.to_owned(), now).await;
        }
        if !self.accepted_issuers().contains(&parts.issuer.as_str()) {
            return Err(RefusedToken::because("its iss is neither this service nor the provider"));
        }
        let claims = parts.claims(token, &own.accepted, &self.accepted_issuers(), &self.audience)?;
        let scopes = claims["scope"].as_str().unwrap_or_default();
        let scopes = scopes.split_ascii_whitespace().filter_map(Scope::parse).collect();
        let client = claims["client_id"].as_str().map(str::to_owned);
        let times = (now, LEEWAY);
        let caller = caller(&claims, |name| Identity::of_own_token(name, &parts.issuer, client), scopes, times)?;
        Ok((caller, now + token_cache::BELIEVED))
    }
}

/// The provider may have to be asked for its keys, which takes a while. What it calls a client is none of our service
/// accounts.
async fn external(
    provider: Arc<OidcProvider>,
    parts: TokenParts,
    token: String,
    now: NaiveDateTime,
) -> TokenResult<(Caller, NaiveDateTime)> {
    let checking = tokio::task::spawn_blocking(move || {
        parts.check_kind(provider.token_type.as_deref())?;
        let held = provider.keys(now)?;
        let ProviderKeys { keys, until } = if parts.is_named(&held.keys) { held } else { provider.keys_anew(now)? };
        let claims = parts.claims(&token, &keys, &[&provider.issuer], &provider.audience)?;
        if !claims["sub"].as_str().is_some_and(is_line) {
            return Err(RefusedToken::because("its sub is no line of text in normal form"));
        }
        let rules = &provider.claims;
        let name = rules.name(&claims).filter(|name| is_line(name)).map(str::to_owned);
        let identity = |subject| Identity::of_provider(subject, name, &provider.issuer);
        let mut caller = caller(&claims, identity, rules.scopes(&claims), (now, provider.leeway))?;
        caller.registers = rules.registers(&claims);
        Ok((caller, until))
    });
    checking.await.map_err(|_| Error::Internal("a check of a token panicked".into()))?
}

/// True if a name is a line in normal form: it stands in histories, where no two are to look the same. It is not brought into
/// that form, for the provider may have told two apart by it.
fn is_line(name: &str) -> bool {
    !name.is_empty() && text::line(name).is_ok_and(|line| line == name)
}

/// The caller that claims speak for, if their time is now. What the subject is called is a line in normal form.
fn caller(
    claims: &Value,
    identity: impl FnOnce(String) -> Identity,
    scopes: Vec<Scope>,
    (now, leeway): (NaiveDateTime, i64),
) -> TokenResult<Caller> {
    let now = now.and_utc().timestamp();
    let expires = claims["exp"].as_f64().ok_or_else(|| RefusedToken::because("its exp is no number"))? as i64;
    if expires <= now - leeway {
        let error = Error::Unauthenticated("the access token has expired");
        return Err(RefusedToken { error, reason: format!("it expired {} seconds ago", now - expires) });
    }
    let starts = match claims.get("nbf") {
        None | Some(Value::Null) => None,
        Some(value) => Some(value.as_f64().ok_or_else(|| RefusedToken::because("its nbf is no number"))? as i64),
    };
    let subject = claims["sub"].as_str().and_then(|subject| text::line(subject).ok());
    let subject = subject.filter(|subject| !subject.is_empty());
    let subject = subject.ok_or_else(|| RefusedToken::because("its sub is no line of text"))?;
    if let Some(starts) = starts.filter(|starts| *starts > now + leeway) {
        let ahead = starts - now;
        return Err(RefusedToken::because(format!(
            "its nbf is {ahead} seconds ahead of this clock, more than the leeway"
        )));
    }
    let identity = identity(subject.into_owned());
    Ok(Caller { identity, expires, is_anonymous: false, registers: None, scopes })
}
