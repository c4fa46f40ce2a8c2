//! The server: where it listens, whom it believes, how it ends; and its limits.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use super::duration::{duration, duration_or_none};
use crate::error::{Error, Result};

/// The server that takes the requests.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Server")]
pub struct ServerSettings {
    /// Address and port to listen on; outside loopback a secret must be configured
    #[arg(long, env = "AUFSICHT_LISTEN", default_value = "127.0.0.1:8080", global = true)]
    pub listen: String,

    /// Addresses of proxies whose X-Forwarded-For is believed, separated by commas
    #[arg(long, env = "AUFSICHT_TRUSTED_PROXIES", value_delimiter = ',', global = true)]
    pub trusted_proxies: Vec<IpAddr>,

    /// Address of the service as its clients know it, with the path that a proxy takes away, such as
    /// https://host.example/aufsicht; links and documents name it (default: as each request was asked)
    #[arg(long, env = "AUFSICHT_PUBLIC_URL", value_parser = public_url, global = true)]
    pub public_url: Option<String>,

    /// Origins that browsers may call from, separated by commas
    #[arg(long, env = "AUFSICHT_CORS_ORIGINS", value_delimiter = ',', global = true)]
    pub cors_origins: Vec<String>,

    /// Threads that serve requests
    #[arg(long, env = "AUFSICHT_WORKERS", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256), global = true)]
    pub workers: u16,

    /// Time at the end in which readiness says no and requests are still taken, so that balancers go elsewhere first (SIGTERM; a
    /// second one ends it), e.g. 5s
    #[arg(long, env = "AUFSICHT_DRAIN", default_value = "5s", value_parser = duration_or_none, global = true)]
    pub drain: Duration,

    /// Longest time that running requests may take to finish at the end, e.g. 8s
    #[arg(long, env = "AUFSICHT_SHUTDOWN_TIMEOUT", default_value = "8s", value_parser = duration, global = true)]
    pub shutdown_timeout: Duration,

    /// Contact for people who report weaknesses: a mailto: or https: address for /.well-known/security.txt (default: that
    /// of the profile)
    #[arg(long, env = "AUFSICHT_SECURITY_CONTACT", global = true)]
    pub security_contact: Option<String>,
}

/// Reads the address of the service outside.
fn public_url(text: &str) -> std::result::Result<String, String> {
    let trimmed = text.trim_end_matches('/');
    let rest = trimmed.strip_prefix("https://").or(trimmed.strip_prefix("http://")).unwrap_or_default();
    let is_plain = rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/[]".contains(&byte));
    match rest.is_empty() || !is_plain {
        true => Err(format!("\"{text}\" must be like https://host.example or https://host.example/path")),
        false => Ok(trimmed.to_owned()),
    }
}

/// The most that clients may ask for.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitSettings {
    /// Requests a minute that a client may send; beyond it is told to wait
    #[arg(id = "RATE_LIMIT", long = "rate-limit", env = "AUFSICHT_RATE_LIMIT", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..), global = true)]
    pub requests: u32,

    /// Logins within any minute whose secret is checked, by account; and by address, 200 times as many refused tokens
    #[arg(id = "LOGIN_LIMIT", long = "login-limit", env = "AUFSICHT_LOGIN_LIMIT", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..), global = true)]
    pub logins: u32,

    /// Largest body of a request in bytes
    #[arg(
        id = "BODY_LIMIT",
        long = "body-limit",
        env = "AUFSICHT_BODY_LIMIT",
        default_value_t = 262_144,
        global = true
    )]
    pub body: usize,
}

impl ServerSettings {
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

    /// True if no other machine can reach the server.
    pub fn is_loopback_only(&self) -> Result<bool> {
        Ok(self.addresses()?.iter().all(|address| address.ip().is_loopback()))
    }
}
