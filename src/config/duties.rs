//! Duties of a service beside answering: deliveries of webhooks, and the evidence that it keeps.

use std::path::PathBuf;
use std::time::Duration;

use super::duration::duration;

/// The deliveries of webhooks.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Webhooks")]
pub struct WebhookSettings {
    /// Allow webhooks to private addresses and without TLS: for trials on one's own machine
    #[arg(id = "WEBHOOK_PRIVATE", long = "webhook-private", env = "AUFSICHT_WEBHOOK_PRIVATE", global = true)]
    pub private: bool,

    /// Hosts inside that webhooks may lead to, separated by commas: names as they stand in the addresses, or all below a name,
    /// as in .example.ch. They are reached by https alone
    #[arg(
        id = "WEBHOOK_HOSTS",
        long = "webhook-hosts",
        env = "AUFSICHT_WEBHOOK_HOSTS",
        value_delimiter = ',',
        global = true
    )]
    pub hosts: Vec<String>,
}

impl WebhookSettings {
    /// True if a webhook may lead to this host, wherever it is.
    pub fn allows(&self, host: &str) -> bool {
        let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        let is_it = |known: &String| {
            let known = known.trim().to_ascii_lowercase();
            host == known || (known.starts_with('.') && known.len() > 1 && host.ends_with(&known))
        };
        self.private || self.hosts.iter().any(is_it)
    }
}

/// The evidence: the access log and the anchors of the audit trail.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Access log and audit trail")]
pub struct AuditSettings {
    /// Time for which disclosures are kept, a year at least, e.g. 400d
    #[arg(id = "ACCESS_LOG_RETENTION", long = "access-log-retention", env = "AUFSICHT_ACCESS_LOG_RETENTION", default_value = "400d", value_parser = retention, global = true)]
    pub retention: Duration,

    /// File that a signed anchor of the audit trail is added to once a day; best where nobody can take it away
    #[arg(long, env = "AUFSICHT_ANCHOR_FILE", global = true)]
    pub anchor_file: Option<PathBuf>,

    /// File that each entry of the audit trail and each disclosure is added to after its commit, a JSON object a line, for a system
    /// that watches; it may be moved away at any time
    #[arg(long, env = "AUFSICHT_SIEM_FILE", global = true)]
    pub siem_file: Option<PathBuf>,
}

/// Reads how long disclosures are kept: the ordinance demands a year.
fn retention(text: &str) -> std::result::Result<Duration, String> {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    let kept = duration(text)?;
    if kept < YEAR { Err(format!("\"{text}\" is less than a year (365d)")) } else { Ok(kept) }
}
