//! The address of the service as its clients know it: behind a proxy it has another host, and maybe a path before its own.

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderMap, HeaderName, HeaderValue, LINK, LOCATION, WWW_AUTHENTICATE};

use crate::api::client_address;
use crate::config::Config;

const PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// The path that stands before the service's own, without a slash at its end. The word of a proxy on that counts only where
/// the proxy is trusted.
pub fn prefix(config: &Config, request: &HttpRequest) -> String {
    if let Some(url) = &config.server.public_url {
        let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
        return path.map(|(_, path)| format!("/{path}")).unwrap_or_default();
    }
    let told = request.headers().get(PREFIX).filter(|_| client_address::trusts_peer(config, request));
    let told = told.and_then(|prefix| prefix.to_str().ok()).unwrap_or_default().trim_end_matches('/');
    let is_path = told.starts_with('/') && !told.starts_with("//") && !told.contains("..");
    let is_plain = told.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte));
    if is_path && is_plain { told.to_owned() } else { String::new() }
}

/// The scheme and host of the service, and the path before its own: as it is set, as a trusted proxy says, or as the request
/// was sent.
pub fn address(config: &Config, request: &HttpRequest) -> String {
    if let Some(url) = &config.server.public_url {
        return url.clone();
    }
    if client_address::trusts_peer(config, request) {
        let connection = request.connection_info();
        return format!("{}://{}{}", connection.scheme(), connection.host(), prefix(config, request));
    }
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    format!("http://{host}")
}

/// Lets the addresses in headers lead where clients reach the service: whole where its address outside is set, so that no
/// client has to join them, and with the proxy's path where there is one.
pub fn lead_outside(config: &Config, request: &HttpRequest, headers: &mut HeaderMap) {
    let before = config.server.public_url.clone().unwrap_or_else(|| prefix(config, request));
    let leading = [(LOCATION, "/", before.clone()), (LINK, "</", format!("<{before}"))];
    for (name, start, outside) in leading.into_iter().filter(|_| !before.is_empty()) {
        let inside = headers.get(&name).and_then(|value| value.to_str().ok()).filter(|value| value.starts_with(start));
        let rest = inside.map(|value| &value[start.len() - 1..]);
        if let Some(value) = rest.and_then(|rest| HeaderValue::try_from(format!("{outside}{rest}")).ok()) {
            headers.insert(name, value);
        }
    }
    // Where whoever has no token learns whose tokens are taken (RFC 9728, section 5.1).
    let challenge = headers.get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
    if let Some(challenge) = challenge.filter(|challenge| challenge.starts_with("Bearer")) {
        let at = address(config, request);
        let whole = format!("{challenge}, resource_metadata=\"{at}/.well-known/oauth-protected-resource\"");
        if let Ok(value) = HeaderValue::try_from(whole) {
            headers.insert(WWW_AUTHENTICATE, value);
        }
    }
}

/// An API document whose addresses lead where clients reach the service.
pub fn document_outside(config: &Config, request: &HttpRequest, document: &[u8]) -> Vec<u8> {
    let before = config.server.public_url.clone().unwrap_or_else(|| prefix(config, request));
    if before.is_empty() {
        return document.to_vec();
    }
    let text = String::from_utf8_lossy(document);
    let servers = text.replacen("\"servers\":[{\"url\":\"/\"", &format!("\"servers\":[{{\"url\":\"{before}\""), 1);
    servers.replace("\"tokenUrl\":\"/", &format!("\"tokenUrl\":\"{before}/")).into_bytes()
}
