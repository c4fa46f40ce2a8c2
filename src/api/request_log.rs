//! The line of the log that a request leaves: who asked for what, from where, and what came of it. It names the route, not the
//! address, which could name a person.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use actix_web::{HttpMessage, HttpRequest};

use super::edge::RequestId;
use crate::api::client_address;
use crate::auth::Caller;
use crate::config::Config;

/// The reason of a failure of the service, left in the answer for the log.
pub struct LoggedFailure(pub String);

/// The service account that a login is for, left in the request for the log.
pub struct LoginAccount(pub String);

impl LoginAccount {
    /// The account, told only where it looks like an id: what somebody typed may be anything, a secret too.
    pub fn of(id: &str) -> Self {
        LoginAccount(uuid::Uuid::parse_str(id).map(|id| id.to_string()).unwrap_or_default())
    }
}

/// The trace that a request belongs to (W3C Trace Context), and the span that it was sent in.
fn trace(request: &HttpRequest) -> Option<(String, String)> {
    let mut given = request.headers().get_all(HeaderName::from_static("traceparent"));
    let text = given.next().filter(|_| given.next().is_none())?.to_str().ok()?;
    let parts: Vec<&str> = text.split('-').collect();
    let is_id = |part: &&str, length: usize| {
        let is_hex = part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        part.len() == length && is_hex && part.bytes().any(|byte| byte != b'0')
    };
    match parts.as_slice() {
        [version, trace, span, _, ..] if version.len() == 2 && *version != "ff" => {
            (is_id(trace, 32) && is_id(span, 16)).then(|| ((*trace).to_owned(), (*span).to_owned()))
        }
        _ => None,
    }
}

/// The kind of event that a request was, for those who watch for attacks.
fn event(status: StatusCode, is_login: bool) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "login_failed",
        StatusCode::FORBIDDEN => "access_denied",
        status if is_login && status.is_success() => "login",
        _ => "request",
    }
}

/// Writes the line of a request, and before it the reason where the service failed.
pub fn write(
    config: &Config,
    request: &HttpRequest,
    (status, failure): (StatusCode, Option<LoggedFailure>),
    took: Duration,
) {
    let extensions = request.extensions();
    let id = extensions.get::<RequestId>().map_or("", |id| id.0.as_str());
    let (trace, span) = trace(request).unwrap_or_default();
    if let Some(LoggedFailure(reason)) = failure {
        log::error!(request = id, trace = trace.as_str(); "{reason}");
    }
    let login = extensions.get::<LoginAccount>();
    let identity = extensions.get::<Caller>().filter(|caller| !caller.is_anonymous).map(|caller| &caller.identity);
    let account = identity.and_then(|identity| identity.client.as_deref()).or(login.map(|login| login.0.as_str()));
    let (event, status) = (event(status, login.is_some()), status.as_u16());
    let is_refused = matches!(event, "login_failed" | "access_denied");
    let level = if is_refused { log::Level::Warn } else { log::Level::Info };
    let (method, route) = (request.method().as_str(), request.match_pattern().unwrap_or_else(|| "-".into()));
    let duration = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    log::log!(
        level,
        event = event, method = method, route = route.as_str(), status = status, duration_us = duration,
        request = id,
        address = client_address::told(config, request).as_str(),
        account = account.unwrap_or_default(),
        actor_kind = identity.map_or("", |identity| identity.kind.as_str()),
        subject = identity.map_or("", |identity| identity.name.as_str()),
        trace = trace.as_str(), parent = span.as_str();
        "{method} {route} {status} {duration}us"
    );
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    #[test]
    fn a_trace_is_read_as_it_is_specified() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let read =
            |text: &str| super::trace(&TestRequest::default().insert_header(("traceparent", text)).to_http_request());
        let known = Some((trace.to_owned(), span.to_owned()));
        assert_eq!(read(&format!("00-{trace}-{span}-01")), known);
        assert_eq!(read(&format!("cc-{trace}-{span}-01-more")), known);
        for wrong in [
            "",
            "x",
            &format!("ff-{trace}-{span}-01"),
            &format!("00-{}-{span}-01", trace.to_uppercase()),
            &format!("00-{trace}-0000000000000000-01"),
            &format!("00-{span}-{trace}-01"),
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
