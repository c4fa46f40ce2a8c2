//! The server: where it listens, whom it believes, how it ends; and its limits.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;

use super::duration::{duration, duration_or_none};
use crate::error::{Error, Result};

/// The server that takes the requests.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Server")]
pub struct ServerSettings {
    /// Address and port to listen on; outside loopback a secret must be configured
    #[arg(long, env = "AUFSICHT_LISTEN", default_value = "127.0.0.1:8080", global = true)]
    pub listen: String,

    /// Proxies whose X-Forwarded-For is believed, by address or by network, separated by commas: 10.0.0.1,10.1.0.0/16
    #[arg(long, env = "AUFSICHT_TRUSTED_PROXIES", value_delimiter = ',', global = true)]
    pub trusted_proxies: Vec<ProxyNetwork>,

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

/// The network of proxies; of one proxy it is its address alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyNetwork(IpNet);

impl ProxyNetwork {
    /// True if an address is in it, also one of IPv4 that is written as one of IPv6.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical()) || self.0.contains(&address)
    }
}

impl FromStr for ProxyNetwork {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let text = text.trim();
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        let wanted = "is neither an address such as 10.0.0.1 or fd00::1 nor a network such as 10.0.0.0/8 or fd00::/8";
        network.map(ProxyNetwork).map_err(|_| format!("\"{text}\" {wanted}"))
    }
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

    /// True if the word of a peer on whom it speaks for is believed.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(peer))
    }

    /// True if no other machine can reach the server.
    pub fn is_loopback_only(&self) -> Result<bool> {
        Ok(self.addresses()?.iter().all(|address| address.ip().is_loopback()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_trusted_by_address_and_by_network() {
        let is_in =
            |network: &str, address: &str| network.parse::<ProxyNetwork>().unwrap().contains(address.parse().unwrap());
        assert!(is_in("10.0.0.1", "10.0.0.1") && !is_in("10.0.0.1", "10.0.0.2"));
        assert!(is_in("10.0.0.0/8", "10.255.3.4") && !is_in("10.0.0.0/8", "11.0.0.1"));
        assert!(is_in("fd00::/8", "fd12::1") && !is_in("fd00::/8", "fe80::1"));
        assert!(is_in(" 10.0.0.0/8 ", "::ffff:10.1.2.3"), "as a socket of both protocols tells it");
        for wrong in ["10.0.0.0/33", "10.0.0", "proxy.example", "10.0.0.0/", ""] {
            let told = wrong.parse::<ProxyNetwork>().unwrap_err();
            assert!(told.starts_with(&format!("\"{wrong}\" is neither")), "{told}");
        }
    }
}
