//! The address of the service as its clients know it: behind a proxy it has another host, and maybe a path before its own.

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderMap, HeaderName, HeaderValue, LINK, LOCATION, WWW_AUTHENTICATE};

use crate::api::{App, client_address};
use crate::config::Config;
use crate::error::{PROBLEMS, ProblemType};

const PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The word of a trusted proxy on how it was asked: of several the last one, for those before may be the client's own.
fn told(config: &Config, request: &HttpRequest, name: HeaderName) -> Option<String> {
    let values = request.headers().get_all(name).filter(|_| client_address::trusts_peer(config, request));
    let last = values.last().and_then(|value| value.to_str().ok()?.rsplit(',').next());
    last.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The path that stands before the service's own, without a slash at its end. The word of a proxy on that counts only where
/// the proxy is trusted.
pub fn prefix(config: &Config, request: &HttpRequest) -> String {
    if let Some(url) = &config.server.public_url {
        let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
        return path.map(|(_, path)| format!("/{path}")).unwrap_or_default();
    }
    let told = told(config, request, PREFIX).unwrap_or_default();
    let told = told.trim_end_matches('/');
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
        // Also reads `Forwarded`, which counts only where the proxy does not speak: it may be the client's.
        let connection = request.connection_info();
        let host = told(config, request, FORWARDED_HOST).unwrap_or_else(|| connection.host().to_owned());
        let scheme = told(config, request, FORWARDED_PROTO).unwrap_or_else(|| connection.scheme().to_owned());
        return format!("{scheme}://{host}{}", prefix(config, request));
    }
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    format!("http://{host}")
}

/// The beginning of the service's addresses for its clients: its whole address, so that no client has to join two, where that is
/// set, and in development mode, where clients are on this very machine. Else the path of the proxy: a guessed scheme would lead who
/// follows it to send a token in clear text.
pub fn outside(app: &App, request: &HttpRequest) -> String {
    let is_known = app.config.server.public_url.is_some() || app.tokens.development;
    if is_known { address(&app.config, request) } else { prefix(&app.config, request) }
}

/// Lets the addresses in headers lead where clients reach the service.
pub fn lead_outside(app: &App, request: &HttpRequest, headers: &mut HeaderMap) {
    let before = outside(app, request);
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
        let at = address(&app.config, request);
        let whole = format!("{challenge}, resource_metadata=\"{at}/.well-known/oauth-protected-resource\"");
        if let Ok(value) = HeaderValue::try_from(whole) {
            headers.insert(WWW_AUTHENTICATE, value);
        }
    }
}

/// An API document whose addresses lead where clients reach the service.
pub fn document_outside(app: &App, request: &HttpRequest, document: &[u8]) -> Vec<u8> {
    let before = outside(app, request);
    if before.is_empty() {
        return document.to_vec();
    }
    let text = String::from_utf8_lossy(document);
    let servers = text.replacen("\"servers\":[{\"url\":\"/\"", &format!("\"servers\":[{{\"url\":\"{before}\""), 1);
    let logins = servers.replace("\"tokenUrl\":\"/", &format!("\"tokenUrl\":\"{before}/"));
    let path = prefix(&app.config, request);
    let of_type = |document: String, kind: &ProblemType| {
        let name = format!("/problems/{}\"", kind.slug);
        document.replace(&format!("\"{name}"), &format!("\"{path}{name}"))
    };
    PROBLEMS.iter().filter(|_| !path.is_empty()).fold(logins, of_type).into_bytes()
}
