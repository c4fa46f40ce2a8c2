//! The settings: from flags or environment variables, checked before anything is opened. A group for each concern; a
//! command's help shows what the command reads.

mod database;
mod duration;
mod duties;
mod logs;
mod outgoing;
mod secret_file;
mod secrets;
mod server;
mod statistics;
mod target;
mod tokens;

pub use database::{ConnectionSettings, DATABASE, DatabaseSettings};
pub use duration::duration;
pub use duties::{AuditSettings, WebhookSettings};
pub use logs::{LogFormat, LogSettings};
pub use outgoing::OutgoingSettings;
pub use secrets::{SealSettings, Secrets};
pub use server::{LimitSettings, ServerSettings};
pub use statistics::{ProfileSettings, PublicSettings};
pub use target::Target;
pub use tokens::{ProviderSettings, TokenSettings};

use clap::Parser;

use crate::error::{Error, Result};

/// All settings of the service. Each has a flag and an environment variable; a flag wins.
#[derive(Clone, Parser)]
pub struct Config {
    /// The databases.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// The connections that a service reads with.
    #[command(flatten)]
    pub connections: ConnectionSettings,
    /// The server.
    #[command(flatten)]
    pub server: ServerSettings,
    /// The most that clients may ask for.
    #[command(flatten)]
    pub limits: LimitSettings,
    /// The tokens of the service's own.
    #[command(flatten)]
    pub tokens: TokenSettings,
    /// The external provider of tokens.
    #[command(flatten)]
    pub provider: ProviderSettings,
    /// The keys that personal data is sealed with.
    #[command(flatten)]
    pub seal: SealSettings,
    /// The evidence.
    #[command(flatten)]
    pub audit: AuditSettings,
    /// The profile of the authority.
    #[command(flatten)]
    pub profile: ProfileSettings,
    /// The statistics that anybody may read.
    #[command(flatten)]
    pub public: PublicSettings,
    /// The connections to other systems.
    #[command(flatten)]
    pub outgoing: OutgoingSettings,
    /// The deliveries of webhooks.
    #[command(flatten)]
    pub webhooks: WebhookSettings,
    /// The log.
    #[command(flatten)]
    pub logs: LogSettings,
}

/// Without any value: some of them are secrets, and what is printed ends in logs.
impl std::fmt::Debug for Config {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Config").finish_non_exhaustive()
    }
}

impl Config {
    /// The defaults, for a database of one's own.
    pub fn for_database(url: &str) -> Result<Self> {
        let arguments = ["aufsicht", "--database-url", url];
        Self::try_parse_from(arguments).map_err(|error| Error::Configuration(error.to_string()))
    }

    /// The issuer that the service's own tokens name. Where its address outside is known and nobody has named the issuer, it
    /// is that address: there clients look for what the issuer can do (RFC 8414).
    pub fn issuer(&self) -> &str {
        let address = self.server.public_url.as_deref().filter(|_| self.tokens.issuer == tokens::ISSUER);
        address.unwrap_or(&self.tokens.issuer)
    }

    /// Refuses settings that cannot be right, before anything is opened or created.
    pub fn check(&self) -> Result<()> {
        self.database.target()?.check()?;
        self.database.access_log()?.check()?;
        self.database.record_keys()?.map_or(Ok(()), |target| target.check())?;
        self.connections.read_target(&self.database)?.check()?;
        self.check_secrets()
    }
}
