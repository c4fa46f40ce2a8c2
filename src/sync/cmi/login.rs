//! The login to CMI: a fixed one, or a token of its STS by client credentials, which is renewed in time and when CMI takes
//! it no longer.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use super::client::Silence;
use crate::error::{Error, Result, reason_of};
use crate::outgoing;

/// The credentials for the interface: client credentials for its STS; a token; or user and password. What is secret comes
/// from an environment variable or a file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginSettings {
    pub(super) token_url: Option<String>,
    client_id: Option<String>,
    client_secret_env: Option<String>,
    client_secret_file: Option<PathBuf>,
    scope: Option<String>,
    token_env: Option<String>,
    token_file: Option<PathBuf>,
    user: Option<String>,
    password_env: Option<String>,
    password_file: Option<PathBuf>,
}

/// The way in which the connector says who it is.
pub enum Login {
    /// It says nothing.
    Nobody,
    /// The same header always.
    Fixed(String),
    /// A token that is asked for.
    Granted(ClientGrant),
}

/// Client credentials, and the token that was given for them.
pub struct ClientGrant {
    token_url: String,
    form: Vec<(&'static str, String)>,
    held: Option<(String, Instant)>,
}

/// The time for which a token is used that does not say for how long it is valid.
const UNSAID: u64 = 300;

/// The part of its time at the end of which a token is not used any more, and the most of it in seconds.
const MARGIN: (u64, u64) = (10, 60);

/// The largest answer of an STS, in bytes.
const LARGEST: u64 = 1 << 20;

impl LoginSettings {
    /// Reads what is secret; anew for each run, so that it can be changed meanwhile.
    pub fn read(&self) -> Result<Login> {
        let wrong = |what: &str| Err(Error::Configuration(format!("login: {what}")));
        let token = secret("token", self.token_env.as_deref(), self.token_file.as_deref())?;
        let password = secret("password", self.password_env.as_deref(), self.password_file.as_deref())?;
        let of_client = secret("client_secret", self.client_secret_env.as_deref(), self.client_secret_file.as_deref())?;
        match (token, &self.user, password, &self.token_url) {
            (None, None, None, Some(token_url)) => {
                let (Some(id), Some(secret)) = (self.client_id.clone(), of_client) else {
                    return wrong("token_url needs client_id and client_secret_env or client_secret_file");
                };
                let grant = ("grant_type", "client_credentials".to_owned());
                let mut form = vec![grant, ("client_id", id), ("client_secret", secret)];
                form.extend(self.scope.clone().map(|scope| ("scope", scope)));
                Ok(Login::Granted(ClientGrant { token_url: token_url.clone(), form, held: None }))
            }
            (Some(token), None, None, None) => Ok(Login::Fixed(format!("Bearer {token}"))),
            (None, Some(user), Some(password), None) => {
                Ok(Login::Fixed(format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))))
            }
            (None, None, None, None) => Ok(Login::Nobody),
            _ => wrong("give token_url with client_id, or a token, or user and password, and only one of them"),
        }
    }
}

impl Login {
    /// The `Authorization` header; a token is asked for where none is held that is valid long enough.
    pub fn header(&mut self, agent: &ureq::Agent) -> std::result::Result<Option<String>, LoginFailure> {
        match self {
            Login::Nobody => Ok(None),
            Login::Fixed(header) => Ok(Some(header.clone())),
            Login::Granted(grant) => grant.header(agent).map(Some),
        }
    }

    /// Forgets a token that is not taken any more; true if another one can be had.
    pub fn forget(&mut self) -> bool {
        match self {
            Login::Granted(grant) => grant.held.take().is_some(),
            Login::Nobody | Login::Fixed(_) => false,
        }
    }
}

/// The reason why there is no token.
pub enum LoginFailure {
    /// The credentials are refused.
    Refused(Silence),
    /// It may be better the next time.
    Passing(String),
}

impl ClientGrant {
    fn header(&mut self, agent: &ureq::Agent) -> std::result::Result<String, LoginFailure> {
        if let Some((header, _)) = self.held.as_ref().filter(|(_, until)| *until > Instant::now()) {
            return Ok(header.clone());
        }
        let passing = |why: &str| LoginFailure::Passing(format!("its login (token_url): {why}"));
        let form = self.form.iter().map(|(name, value)| (*name, value.as_str()));
        let asked = Instant::now();
        let mut answer =
            agent.post(&self.token_url).send_form(form).map_err(|error| passing(outgoing::reason(&error)))?;
        match answer.status().as_u16() {
            200 => {}
            status @ (400 | 401 | 403) => return Err(LoginFailure::Refused(Silence::Refused(status))),
            status => return Err(passing(&format!("it answers {status}"))),
        }
        let body = answer.body_mut().with_config().limit(LARGEST).read_to_vec();
        let body = body.map_err(|error| passing(outgoing::reason(&error)))?;
        let token: Value = serde_json::from_slice(&body).map_err(|_| passing("the answer is no JSON"))?;
        let text = token["access_token"].as_str().ok_or_else(|| passing("the answer has no access_token"))?;
        let lasts = token["expires_in"].as_u64().unwrap_or(UNSAID);
        let used = lasts.saturating_sub((lasts / MARGIN.0).min(MARGIN.1));
        let header = format!("Bearer {text}");
        self.held = Some((header.clone(), asked + Duration::from_secs(used.min(24 * 3600))));
        Ok(header)
    }
}

/// The end of the name of a variable that names a file with the value, as with the settings.
const IN_FILE: &str = "_FILE";

/// A secret from an environment variable or a file; where the variable is not set, the one of its name with `_FILE` may name one.
fn secret(what: &str, variable: Option<&str>, file: Option<&Path>) -> Result<Option<String>> {
    let missing = |why: String| Error::Configuration(format!("login: the {what} is missing: {why}"));
    let read = |path: &Path| {
        let refuse = |error| missing(format!("cannot read {}: {}", path.display(), reason_of(&error)));
        std::fs::read_to_string(path).map_err(refuse)
    };
    let found = match (variable, file) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err(missing("give a variable or a file, not both".into())),
        (Some(name), None) => match (std::env::var(name), std::env::var_os(format!("{name}{IN_FILE}"))) {
            (Ok(_), Some(_)) => return Err(missing(format!("set {name} or {name}{IN_FILE}, not both"))),
            (Ok(text), None) => text,
            (Err(_), Some(path)) => read(Path::new(&path))?,
            (Err(_), None) => return Err(missing(format!("{name} is not set, nor is {name}{IN_FILE}"))),
        },
        (None, Some(path)) => read(path)?,
    };
    let found = found.trim().to_owned();
    if found.is_empty() { Err(missing("it is empty".into())) } else { Ok(Some(found)) }
}
