//! The settings: from flags or environment variables, checked before anything is opened.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Parser;

use crate::digest;
use crate::error::{Error, Result};

/// All settings of the service. Each has a flag and an environment variable; a flag wins.
#[derive(Clone, Parser)]
pub struct Config {
    /// Database: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME
    #[arg(
        long,
        env = "DATABASE_URL",
        default_value = "sqlite:aufsicht.sqlite3",
        hide_env_values = true,
        global = true
    )]
    pub database_url: String,

    /// Replica for reading lists and statistics (default: the database itself)
    #[arg(long, env = "DATABASE_READ_URL", hide_env_values = true, global = true)]
    pub database_read_url: Option<String>,

    /// Database that disclosures of personal data are recorded in (default: beside the SQLite file, or the schema
    /// access_log)
    #[arg(long, env = "AUFSICHT_ACCESS_LOG_URL", hide_env_values = true, global = true)]
    pub access_log_url: Option<String>,

    /// Time for which disclosures are kept, a year at least, e.g. 400d
    #[arg(long, env = "AUFSICHT_ACCESS_LOG_RETENTION", default_value = "400d", value_parser = retention, global = true)]
    pub access_log_retention: Duration,

    /// Requests a minute that a client may send; beyond it is told to wait
    #[arg(long, env = "AUFSICHT_RATE_LIMIT", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..), global = true)]
    pub rate_limit: u32,

    /// Logins within any minute whose secret is checked, by account; and by address, 200 times as many refused tokens
    #[arg(long, env = "AUFSICHT_LOGIN_LIMIT", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..), global = true)]
    pub login_limit: u32,

    /// Addresses of proxies whose X-Forwarded-For is believed, separated by commas
    #[arg(long, env = "AUFSICHT_TRUSTED_PROXIES", value_delimiter = ',', global = true)]
    pub trusted_proxies: Vec<std::net::IpAddr>,

    /// Allow webhooks to private addresses and without TLS: for trials on one's own machine
    #[arg(long, env = "AUFSICHT_WEBHOOK_PRIVATE", global = true)]
    pub webhook_private: bool,

    /// Address and port to listen on; outside loopback a secret must be configured
    #[arg(long, env = "AUFSICHT_LISTEN", default_value = "127.0.0.1:8080", global = true)]
    pub listen: String,

    /// Secret that signs and checks access tokens (HS256), 32 bytes or more. Without it: development mode, on loopback only
    #[arg(long, env = "AUFSICHT_JWT_SECRET", hide_env_values = true, global = true)]
    pub jwt_secret: Option<String>,

    /// File with the secret, instead of the setting above; a line for each: the first signs, all are accepted
    #[arg(long, env = "AUFSICHT_JWT_SECRET_FILE", global = true)]
    pub jwt_secret_file: Option<PathBuf>,

    /// File with private keys in PEM (PKCS #8: RSA, P-256 or Ed25519) that sign tokens in place of the secret: the first
    /// signs, all are accepted. It is read anew when it changes; the public keys are at /.well-known/jwks.json
    #[arg(long, env = "AUFSICHT_JWT_KEY_FILE", global = true)]
    pub jwt_key_file: Option<PathBuf>,

    /// Key that personal data is sealed with in the database: 32 bytes in base64, from `aufsicht seal key`. Without it:
    /// a development key, on loopback only
    #[arg(long, env = "AUFSICHT_SEAL_KEY", hide_env_values = true, global = true)]
    pub seal_key: Option<String>,

    /// File with the key, instead of the setting above; a line for each: the first seals, all open. It is read anew when
    /// it changes
    #[arg(long, env = "AUFSICHT_SEAL_KEY_FILE", global = true)]
    pub seal_key_file: Option<PathBuf>,

    /// Issuer (`iss`) that tokens carry and must carry
    #[arg(long, env = "AUFSICHT_JWT_ISSUER", default_value = "aufsicht", global = true)]
    pub jwt_issuer: String,

    /// Audience (`aud`) that tokens carry and must carry
    #[arg(long, env = "AUFSICHT_JWT_AUDIENCE", default_value = "aufsicht", global = true)]
    pub jwt_audience: String,

    /// Issuer of an external OpenID provider whose tokens are taken too, as it stands in their `iss`
    #[arg(long, env = "AUFSICHT_OIDC_ISSUER", global = true)]
    pub oidc_issuer: Option<String>,

    /// Audience that the provider's tokens must carry (default: that of our own)
    #[arg(long, env = "AUFSICHT_OIDC_AUDIENCE", global = true)]
    pub oidc_audience: Option<String>,

    /// Where the provider's public keys are: a URL, asked once a minute, or a file, which is followed; keys that cannot be
    /// read anew are believed for an hour (default: what its discovery document names)
    #[arg(long, env = "AUFSICHT_OIDC_JWKS", global = true)]
    pub oidc_jwks: Option<String>,

    /// Claim of the provider's tokens that scopes follow from; a dot leads inward, as in realm_access.roles
    #[arg(long, env = "AUFSICHT_OIDC_SCOPE_CLAIM", default_value = "scope", global = true)]
    pub oidc_scope_claim: String,

    /// Scopes that a value of that claim allows, as value=scope scope, separated by commas (default: scopes of the same
    /// name)
    #[arg(long, env = "AUFSICHT_OIDC_SCOPES", value_delimiter = ',', global = true)]
    pub oidc_scopes: Vec<String>,

    /// File that a signed anchor of the audit trail is added to once a day; best where nobody can take it away
    #[arg(long, env = "AUFSICHT_ANCHOR_FILE", global = true)]
    pub anchor_file: Option<PathBuf>,

    /// Contact for people who report weaknesses: a mailto: or https: address for /.well-known/security.txt
    #[arg(long, env = "AUFSICHT_SECURITY_CONTACT", default_value = "https://datenschutz.lu.ch", global = true)]
    pub security_contact: String,

    /// Directory with further layouts of the statistics tables (*.toml)
    #[arg(long, env = "AUFSICHT_LAYOUT_DIR", global = true)]
    pub layout_dir: Option<PathBuf>,

    /// Layout of the statistics tables where none is asked for
    #[arg(long, env = "AUFSICHT_LAYOUT", default_value = "lucerne", value_name = "LAYOUT", global = true)]
    pub layout: String,

    /// Layout whose published tables anybody may read, without a token; small numbers are not shown then (default: none)
    #[arg(long, env = "AUFSICHT_PUBLIC_STATISTICS", value_name = "LAYOUT", global = true)]
    pub public_statistics: Option<String>,

    /// Numbers from 1 to this (2 at least) are small: hidden where no token was shown, with what they could be computed from
    #[arg(long, env = "AUFSICHT_PUBLIC_THRESHOLD", default_value_t = 4, value_parser = clap::value_parser!(u32).range(2..=1000), global = true)]
    pub public_threshold: u32,

    /// Connections for reading
    #[arg(long, env = "AUFSICHT_READ_CONNECTIONS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=256), global = true)]
    pub read_connections: u32,

    /// Threads that serve requests
    #[arg(long, env = "AUFSICHT_WORKERS", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256), global = true)]
    pub workers: u16,

    /// Longest time that a request waits for a connection or for its turn to write, e.g. 2s
    #[arg(long, env = "AUFSICHT_POOL_TIMEOUT", default_value = "2s", value_parser = duration, global = true)]
    pub pool_timeout: Duration,

    /// Longest time that a statement of a request may take or wait for a lock, e.g. 2s
    #[arg(long, env = "AUFSICHT_DATABASE_TIMEOUT", default_value = "2s", value_parser = duration, global = true)]
    pub database_timeout: Duration,

    /// Longest time that running requests may take to finish at the end, e.g. 8s
    #[arg(long, env = "AUFSICHT_SHUTDOWN_TIMEOUT", default_value = "8s", value_parser = duration, global = true)]
    pub shutdown_timeout: Duration,

    /// Largest body of a request in bytes
    #[arg(long, env = "AUFSICHT_BODY_LIMIT", default_value_t = 262_144, global = true)]
    pub body_limit: usize,

    /// Origins that browsers may call from, separated by commas
    #[arg(long, env = "AUFSICHT_CORS_ORIGINS", value_delimiter = ',', global = true)]
    pub cors_origins: Vec<String>,
}

/// Without any value: some of them are secrets, and what is printed ends in logs.
impl std::fmt::Debug for Config {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Config").finish_non_exhaustive()
    }
}

/// Reads `500ms`, `2s`, `15m`, `1h` or `1d`.
pub fn duration(text: &str) -> std::result::Result<Duration, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number: u64 = text[..digits].parse().map_err(|_| format!("\"{text}\" is not a duration; give one like 15m"))?;
    let millis = match &text[digits..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        "d" => 24 * 60 * 60 * 1000,
        _ => return Err(format!("\"{text}\" needs a unit: ms, s, m, h or d, as in 15m")),
    };
    let millis = number.checked_mul(millis).filter(|ms| (1..=1000 * 24 * 3600 * 1000).contains(ms));
    millis.map(Duration::from_millis).ok_or_else(|| format!("\"{text}\" is out of range (1ms to 1000d)"))
}

/// Reads how long disclosures are kept: the ordinance demands a year.
fn retention(text: &str) -> std::result::Result<Duration, String> {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    let kept = duration(text)?;
    if kept < YEAR { Err(format!("\"{text}\" is less than a year (365d)")) } else { Ok(kept) }
}

/// The place of the data, read from a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The path of a SQLite file.
    Sqlite(String),
    /// The URL of a PostgreSQL database.
    Postgres(String),
    /// A schema of a PostgreSQL database.
    PostgresSchema(String, &'static str),
}

impl Target {
    /// Reads a database URL: `postgres://...`, `postgresql://...`, `sqlite:PATH` or the path of a file. Anything else
    /// is refused, for a mistyped scheme must not become the name of a new file.
    pub fn parse(url: &str) -> Result<Self> {
        let refuse = |why: &str| Err(Error::Configuration(format!("DATABASE_URL: {why}")));
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Target::Postgres(url.to_owned()));
        }
        let path = match url.strip_prefix("sqlite:") {
            Some(path) => path.strip_prefix("//").unwrap_or(path),
            None if url.contains("://") || url.split('/').next().is_some_and(|head| head.contains(':')) => {
                let scheme = url.split(':').next().unwrap_or_default();
                return refuse(&format!("the scheme \"{scheme}\" is not known; use postgres://... or sqlite:PATH"));
            }
            None => url,
        };
        if path.is_empty() || path == ":memory:" {
            return refuse("give the path of a SQLite file, for example sqlite:aufsicht.sqlite3");
        }
        Ok(Target::Sqlite(path.to_owned()))
    }

    /// Checks that the directory of a SQLite file exists and that the path is no directory itself. Nothing is created
    /// for a path that cannot be right.
    pub fn check(&self) -> Result<()> {
        let Target::Sqlite(path) = self else { return Ok(()) };
        let path = std::path::Path::new(path);
        let directory = path.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
        if !directory.is_dir() {
            return Err(Error::Configuration(format!(
                "DATABASE_URL: the directory {} does not exist; create it first",
                directory.display()
            )));
        }
        if path.is_dir() {
            return Err(Error::Configuration(format!("DATABASE_URL: {} is a directory, not a file", path.display())));
        }
        Ok(())
    }
}

/// The file with the secret of the development mode, in the working directory.
const DEVELOPMENT_SECRET: &str = ".aufsicht-development-secret";

/// The shortest secret that HMAC-SHA256 deserves (RFC 7518, section 3.2).
const SECRET_BYTES: usize = 32;

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
    /// The defaults, for a database of one's own.
    pub fn for_database(url: &str) -> Result<Self> {
        let arguments = ["aufsicht", "--database-url", url];
        Self::try_parse_from(arguments).map_err(|error| Error::Configuration(error.to_string()))
    }

    /// Refuses settings that cannot be right, before anything is opened or created.
    pub fn check(&self) -> Result<()> {
        self.database()?.check()?;
        if let Some(url) = &self.database_read_url {
            Target::parse(url)?.check()?;
        }
        let reachable = !self.is_loopback_only()?;
        if self.configured_secrets()?.is_none() && reachable {
            return Err(Error::Configuration(format!(
                "{} can be reached from other machines: set AUFSICHT_JWT_SECRET or AUFSICHT_JWT_SECRET_FILE",
                self.listen
            )));
        }
        if self.configured_seal_keys()?.is_none() && reachable {
            return Err(Error::Configuration(format!(
                "{} can be reached from other machines: set AUFSICHT_SEAL_KEY or AUFSICHT_SEAL_KEY_FILE (`aufsicht seal key` makes one)",
                self.listen
            )));
        }
        Ok(())
    }

    fn is_loopback_only(&self) -> Result<bool> {
        Ok(self.addresses()?.iter().all(|address| address.ip().is_loopback()))
    }

    /// The database that the settings name.
    pub fn database(&self) -> Result<Target> {
        Target::parse(&self.database_url)
    }

    /// Returns the place where disclosures of personal data are recorded: apart from the data itself.
    pub fn access_log(&self) -> Result<Target> {
        match (&self.access_log_url, self.database()?) {
            (Some(url), _) => Target::parse(url),
            (None, Target::Sqlite(path)) => Ok(Target::Sqlite(match path.strip_suffix(".sqlite3") {
                Some(stem) => format!("{stem}.access-log.sqlite3"),
                None => format!("{path}.access-log"),
            })),
            (None, Target::Postgres(url) | Target::PostgresSchema(url, _)) => {
                Ok(Target::PostgresSchema(url, "access_log"))
            }
        }
    }

    /// The addresses to listen on.
    pub fn addresses(&self) -> Result<Vec<SocketAddr>> {
        let addresses: Vec<SocketAddr> = self.listen.to_socket_addrs().map(Iterator::collect).unwrap_or_default();
        if addresses.is_empty() {
            return Err(Error::Configuration(format!(
                "AUFSICHT_LISTEN: \"{}\" is not an address and port; give one like 127.0.0.1:8080",
                self.listen
            )));
        }
        Ok(addresses)
    }

    /// The secrets for tokens. Without a configured one the development mode keeps one of its own in a file that only
    /// its user can read (so that `aufsicht token` finds it too), and only where nobody else can reach the service.
    pub fn secrets(&self) -> Result<Secrets> {
        if let Some(lines) = self.configured_secrets()? {
            let mut lines = lines.into_iter();
            let signing = lines.next().unwrap_or_default();
            return Ok(Secrets { signing, former: lines.collect(), development: false });
        }
        self.check()?;
        Ok(Secrets { signing: development_secret(Path::new(DEVELOPMENT_SECRET))?, former: vec![], development: true })
    }

    fn configured_secrets(&self) -> Result<Option<Vec<String>>> {
        let lines = lines(("AUFSICHT_JWT_SECRET", &self.jwt_secret), &self.jwt_secret_file)?;
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
        self.check()?;
        let secret = development_secret(Path::new(DEVELOPMENT_SECRET))?;
        Ok(vec![digest::sha256(&[b"aufsicht development seal key", secret.as_bytes()].concat())])
    }

    /// True if no seal keys are configured, so that personal data is sealed with keys of the service's own.
    pub fn has_development_seal_key(&self) -> bool {
        self.seal_key.is_none() && self.seal_key_file.is_none()
    }

    fn configured_seal_keys(&self) -> Result<Option<Vec<[u8; 32]>>> {
        let lines = lines(("AUFSICHT_SEAL_KEY", &self.seal_key), &self.seal_key_file)?;
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
            let text = std::fs::read_to_string(file).map_err(|error| {
                Error::Configuration(format!("{name_of_file}: cannot read {}: {error}", file.display()))
            })?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
            Ok(Some((name_of_file, lines)))
        }
        (None, None) => Ok(None),
    }
}

/// Reads the development secret, or makes one. Several processes may do so at once: the first one's stays.
fn development_secret(file: &Path) -> Result<String> {
    use std::io::Write;

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
