//! Connections to the other systems that the service asks and tells.

use std::path::PathBuf;

/// The connections to other systems.
#[derive(Clone, Default, clap::Args)]
#[command(next_help_heading = "Connections to other systems")]
pub struct OutgoingSettings {
    /// File with certificates of authorities in PEM that are believed besides those of the machine, in whatever goes out:
    /// to an OpenID provider, to webhooks, to CMI. Proxies are those of HTTPS_PROXY, HTTP_PROXY and NO_PROXY
    #[arg(long, env = "AUFSICHT_CA_FILE", global = true)]
    pub ca_file: Option<PathBuf>,
}
