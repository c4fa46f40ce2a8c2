//! The secrets: given by themselves or as files, or made for trials on one's own machine.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Config, secret_file};
use crate::error::{Error, Result};

/// The file with the secret of the development mode, in the working directory.
const DEVELOPMENT_SECRET: &str = ".aufsicht-development-secret";

/// The shortest secret that HMAC-SHA256 deserves (RFC 7518, section 3.2).
const SECRET_BYTES: usize = 32;

/// The keys that personal data is sealed with in the database.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Personal data")]
pub struct SealSettings {
    /// Key that personal data is sealed with in the database: 32 bytes in base64, from `aufsicht seal key`. Without it:
    /// a development key, on loopback only
    #[arg(id = "SEAL_KEY", long = "seal-key", env = "AUFSICHT_SEAL_KEY", hide_env_values = true, global = true)]
    pub key: Option<String>,

    /// File with the key, instead of the setting above; a line for each: the first seals, all open. It is read anew when
    /// it changes
    #[arg(id = "SEAL_KEY_FILE", long = "seal-key-file", env = "AUFSICHT_SEAL_KEY_FILE", global = true)]
    pub key_file: Option<PathBuf>,
}

/// The secrets that tokens are signed and checked with.
#[derive(Clone)]
pub struct Secrets {
    /// Signs, and is accepted.
    pub signing: String,
    /// Are accepted still.
    pub former: Vec<String>,
    /// Set in the development mode.
    pub development: bool,
}

impl Config {
    /// Refuses to do without configured secrets where other machines can reach the service.
    pub(super) fn check_secrets(&self) -> Result<()> {
        let reachable = !self.server.is_loopback_only()?;
        if self.configured_secrets()?.is_none() && reachable {
            return Err(Error::Configuration(format!(
                "{} can be reached from other machines: set AUFSICHT_JWT_SECRET or AUFSICHT_JWT_SECRET_FILE",
                self.server.listen
            )));
        }
        if self.configured_seal_keys()?.is_none() && reachable {
            return Err(Error::Configuration(format!(
                "{} can be reached from other machines: set AUFSICHT_SEAL_KEY or AUFSICHT_SEAL_KEY_FILE (`aufsicht seal key` makes one)",
                self.server.listen
            )));
        }
        Ok(())
    }

    /// The secrets for tokens. Without a configured one the development mode keeps one of its own in a file that only
    /// its user can read (so that `aufsicht token` finds it too), and only where nobody else can reach the service.
    pub fn secrets(&self) -> Result<Secrets> {
        if let Some(lines) = self.configured_secrets()? {
            let mut lines = lines.into_iter();
            let signing = lines.next().unwrap_or_default();
            return Ok(Secrets { signing, former: lines.collect(), development: false });
        }
        self.check_secrets()?;
        Ok(Secrets { signing: development_secret(Path::new(DEVELOPMENT_SECRET))?, former: vec![], development: true })
    }

    /// True if no secret is configured.
    pub fn is_development(&self) -> Result<bool> {
        Ok(self.configured_secrets()?.is_none())
    }

    /// Fails in the development mode where no service has made its secret yet: a token that is signed with another one is of no
    /// use.
    pub fn check_development_secret(&self) -> Result<()> {
        match self.is_development()? && !Path::new(DEVELOPMENT_SECRET).exists() {
            true => Err(Error::Configuration(
                "no service has been started in this folder: go where it runs, start it once, or set AUFSICHT_JWT_SECRET".into(),
            )),
            false => Ok(()),
        }
    }

    fn configured_secrets(&self) -> Result<Option<Vec<String>>> {
        let lines = lines(("AUFSICHT_JWT_SECRET", &self.tokens.secret), &self.tokens.secret_file)?;
        let Some((name, secrets)) = lines else { return Ok(None) };
        if secrets.is_empty() || secrets.iter().any(|secret| secret.len() < SECRET_BYTES) {
            return Err(Error::Configuration(format!("{name}: a secret must have at least {SECRET_BYTES} bytes")));
        }
        Ok(Some(secrets))
    }

    /// The keys that personal data is sealed with: the first one seals, all of them open. Without a configured one, and
    /// only where nobody else can reach the service, it follows from the development secret.
    pub fn seal_keys(&self) -> Result<Vec<[u8; 32]>> {
        if let Some(keys) = self.configured_seal_keys()? {
            return Ok(keys);
        }
        self.check_secrets()?;
        let secret = development_secret(Path::new(DEVELOPMENT_SECRET))?;
        Ok(vec![digest::sha256(&[b"aufsicht development seal key", secret.as_bytes()].concat())])
    }

    /// True if no seal keys are configured, so that personal data is sealed with keys of the service's own.
    pub fn has_development_seal_key(&self) -> bool {
        self.seal.key.is_none() && self.seal.key_file.is_none()
    }

    /// The place where the seal keys stand.
    pub fn place_of_seal_keys(&self) -> &'static str {
        match (&self.seal.key, &self.seal.key_file) {
            (_, Some(_)) => "AUFSICHT_SEAL_KEY_FILE",
            (Some(_), None) => "AUFSICHT_SEAL_KEY",
            (None, None) => "the development secret of this folder (AUFSICHT_SEAL_KEY_FILE is not set)",
        }
    }

    fn configured_seal_keys(&self) -> Result<Option<Vec<[u8; 32]>>> {
        let lines = lines(("AUFSICHT_SEAL_KEY", &self.seal.key), &self.seal.key_file)?;
        let Some((name, keys)) = lines else { return Ok(None) };
        let read = |key: &String| STANDARD.decode(key).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let keys: Option<Vec<[u8; 32]>> = keys.iter().map(read).collect();
        match keys.filter(|keys| !keys.is_empty()) {
            Some(keys) => Ok(Some(keys)),
            None => Err(Error::Configuration(format!(
                "{name}: a key must be 32 bytes in base64; `aufsicht seal key` makes one"
            ))),
        }
    }
}

/// The lines of a setting that is given by itself or as a file, and the name it was given under; none when it is not.
fn lines((name, value): (&str, &Option<String>), file: &Option<PathBuf>) -> Result<Option<(String, Vec<String>)>> {
    let name_of_file = format!("{name}_FILE");
    match (value, file) {
        (Some(_), Some(_)) => Err(Error::Configuration(format!("set {name} or {name_of_file}, not both"))),
        (Some(value), None) => Ok(Some((name.to_owned(), vec![value.clone()]))),
        (None, Some(file)) => {
            let text = secret_file::text(&name_of_file, file)?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
            Ok(Some((name_of_file, lines)))
        }
        (None, None) => Ok(None),
    }
}

/// Reads the development secret, or makes one. Several processes may do so at once: the first one's stays.
fn development_secret(file: &Path) -> Result<String> {
    let failed = |error: std::io::Error| Error::Configuration(format!("{}: {error}", file.display()));
    let read = || std::fs::read_to_string(file).ok().filter(|text| text.trim().len() >= SECRET_BYTES);
    if let Some(text) = read() {
        return Ok(text.trim().to_owned());
    }
    let secret = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    // Written beside it and then named, so that nobody reads half of it; only its user can read it.
    let mut fresh = tempfile::NamedTempFile::new_in(".").map_err(failed)?;
    fresh.write_all(secret.as_bytes()).map_err(failed)?;
    match fresh.persist_noclobber(file) {
        Ok(_) => Ok(secret),
        Err(error) => read().map(|text| text.trim().to_owned()).ok_or_else(|| failed(error.error)),
    }
}
