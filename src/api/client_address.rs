//! Addresses of clients: of the peer, or as a trusted proxy tells them.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;

use crate::config::Config;

/// The address that a request is counted by. Of IPv6 it is the network: whoever has one address there has them all.
pub fn counted(config: &Config, request: &HttpRequest) -> String {
    match address(config, request) {
        Some(IpAddr::V6(address)) => {
            let network = u128::from(address) >> 64 << 64;
            format!("{}/64", Ipv6Addr::from(network))
        }
        address => address.map(|address| address.to_string()).unwrap_or_default(),
    }
}

/// The address that a request comes from, as the log tells it.
pub fn told(config: &Config, request: &HttpRequest) -> String {
    address(config, request).map(|address| address.to_string()).unwrap_or_default()
}

/// True if a request comes by a trusted proxy.
pub fn trusts_peer(config: &Config, request: &HttpRequest) -> bool {
    request.peer_addr().is_some_and(|peer| config.server.trusts(peer.ip()))
}

/// The address that a request comes from; `X-Forwarded-For` counts only where a trusted proxy wrote it.
fn address(config: &Config, request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    if !config.server.trusts(peer) {
        return Some(peer);
    }
    let forwarded = request.headers().get_all(HeaderName::from_static("x-forwarded-for"));
    let listed: Vec<IpAddr> = forwarded
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|address| address.trim().parse().ok())
        .collect();
    listed.into_iter().rev().find(|address| !config.server.trusts(*address)).or(Some(peer))
}
