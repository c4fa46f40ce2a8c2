//! Access tokens: JSON Web Tokens (RFC 7519) that the service signs and checks itself with HS256.

use std::time::Duration;

use chrono::NaiveDateTime;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::Scope;
use super::clients::Client;
use crate::config::{Config, Secrets};
use crate::error::{Error, Result};
use crate::registers::record::View;

/// Who sends a request, as the token says.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The token's subject: the name that stands in the history.
    pub subject: String,
    /// When the token expires, in seconds since 1970.
    pub expires: i64,
    /// The service account, if it is one.
    pub client: Option<String>,
    /// Whether it has no more than everybody: it sees what is published.
    pub everybody: bool,
    /// The registers that it is bound to; none for all of them.
    pub registers: Option<Vec<String>>,
    scopes: Vec<Scope>,
}

impl Caller {
    /// A caller inside the service itself, such as the import of the demonstration data.
    pub fn internal(subject: &str) -> Self {
        Caller {
            subject: subject.into(),
            expires: i64::MAX,
            client: None,
            everybody: false,
            registers: None,
            scopes: Scope::ALL.to_vec(),
        }
    }

    /// Whoever comes without a token, or with one that does not allow more.
    pub fn everybody() -> Self {
        Caller { scopes: Vec::new(), everybody: true, ..Caller::internal("everybody") }
    }

    /// How much of a record is shown.
    pub fn view(&self) -> View {
        match (self.everybody, self.sees_personal_data()) {
            (true, _) => View::Public,
            (false, true) => View::Whole,
            (false, false) => View::Impersonal,
        }
    }

    /// Whether the token has the scope.
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Fails with a 403 that names the scope unless the token has it.
    pub fn require(&self, scope: Scope) -> Result<()> {
        if self.has(scope) { Ok(()) } else { Err(Error::MissingScope(scope.as_str())) }
    }

    /// The same for a service account as it is now: with no more scopes than it has, bound to its registers.
    pub fn bound(mut self, client: &Client) -> Self {
        self.scopes.retain(|scope| client.scopes.contains(scope));
        self.registers.clone_from(&client.registers);
        self
    }

    /// Whether records of the register may be seen and changed.
    pub fn may(&self, register: &str) -> bool {
        self.registers.as_ref().is_none_or(|registers| registers.iter().any(|name| name == register))
    }

    /// Narrows a choice of registers (empty: all of them) to those that may be seen.
    pub fn narrow(&self, chosen: &mut Vec<String>) {
        let Some(registers) = &self.registers else { return };
        if chosen.is_empty() {
            chosen.clone_from(registers);
        }
        chosen.retain(|name| registers.contains(name));
        if chosen.is_empty() {
            // No register has this name: nothing is found, rather than everything.
            chosen.push("-".into());
        }
    }

    /// An error without what it tells of a register that may not be seen.
    pub fn veil(&self, error: Error) -> Error {
        match error {
            Error::Conflict { detail, register, .. } if register.as_ref().is_some_and(|name| !self.may(name)) => {
                Error::Conflict { detail, record: None, register: None }
            }
            error => error,
        }
    }

    /// Whether personal data may be shown.
    pub fn sees_personal_data(&self) -> bool {
        self.has(Scope::PersonalRead)
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    #[serde(default)]
    scope: String,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    iat: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(default)]
    jti: Option<String>,
}

/// Makes and checks access tokens.
pub struct Tokens {
    issuer: String,
    audience: String,
    signing: EncodingKey,
    accepted: Vec<DecodingKey>,
    /// Whether the secret is the one of the development mode.
    pub development: bool,
}

/// Longer than any token of ours; more is not even looked at.
const TOKEN_BYTES: usize = 8 * 1024;
/// How much the clocks of issuer and service may differ, in seconds.
const LEEWAY: i64 = 5;

impl Tokens {
    /// The tokens that the settings describe.
    pub fn new(config: &Config) -> Result<Self> {
        let Secrets { signing, former, development } = config.secrets()?;
        let accepted = std::iter::once(&signing).chain(&former).map(|s| DecodingKey::from_secret(s.as_bytes()));
        Ok(Tokens {
            issuer: config.jwt_issuer.clone(),
            audience: config.jwt_audience.clone(),
            accepted: accepted.collect(),
            signing: EncodingKey::from_secret(signing.as_bytes()),
            development,
        })
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
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: subject.to_owned(),
            scope: scopes.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(" "),
            exp: iat.saturating_add_unsigned(ttl.as_secs()),
            nbf: Some(iat),
            iat: Some(iat),
            client_id: client.map(str::to_owned),
            jti: Some(uuid::Uuid::new_v4().to_string()),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signing)
            .map_err(|error| Error::Internal(format!("cannot sign a token: {error}")))
    }

    /// The caller that a token speaks for, if it is valid at `now`.
    pub fn check(&self, token: &str, now: NaiveDateTime) -> Result<Caller> {
        const INVALID: Error = Error::Unauthenticated("the access token is not valid");
        if token.len() > TOKEN_BYTES {
            return Err(INVALID);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        // The times are compared below with the service's own clock, which tests can set.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = self
            .accepted
            .iter()
            .find_map(|key| jsonwebtoken::decode::<Claims>(token, key, &validation).ok())
            .filter(|data| data.header.typ.as_deref().is_none_or(|typ| typ.eq_ignore_ascii_case("JWT")))
            .map(|data| data.claims)
            .ok_or(INVALID)?;
        let now = now.and_utc().timestamp();
        if claims.exp <= now - LEEWAY {
            return Err(Error::Unauthenticated("the access token has expired"));
        }
        if claims.nbf.is_some_and(|nbf| nbf > now + LEEWAY) || claims.sub.trim().is_empty() {
            return Err(INVALID);
        }
        let scopes = claims.scope.split_ascii_whitespace().filter_map(Scope::parse).collect();
        Ok(Caller {
            subject: claims.sub,
            expires: claims.exp,
            client: claims.client_id,
            everybody: false,
            registers: None,
            scopes,
        })
    }
}
