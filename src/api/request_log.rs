//! The line of the log that a request leaves: who asked for what, from where, and what came of it. It names the route, not the
//! address, which could name a person.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use actix_web::{HttpMessage, HttpRequest};

use super::edge::{self, RequestId};
use crate::api::client_address;
use crate::auth::Caller;
use crate::config::Config;
use crate::trace::{TRACEPARENT, TraceParent};

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

/// The place in a trace that a request says that it was sent from.
pub fn parent(request: &HttpRequest) -> Option<TraceParent> {
    let mut given = request.headers().get_all(HeaderName::from_static(TRACEPARENT));
    TraceParent::read(given.next().filter(|_| given.next().is_none())?.to_str().ok()?)
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
    let (parent, own) = (parent(request), edge::trace(request));
    let (trace, span) = own.as_ref().map_or(("", ""), |place| (place.trace(), place.span()));
    if let Some(LoggedFailure(reason)) = failure {
        log::error!(request = id, trace = trace; "{reason}");
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
        trace = trace, span = span, parent = parent.as_ref().map_or("", |place| place.span());
        "{method} {route} {status} {duration}us"
    );
}
