//! The edge of the service: what happens to every request before and after its handler.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue,
    ORIGIN, VARY,
};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError, web};

use futures_util::FutureExt;

use super::App;
use super::body::is_left_unread;
use super::connection::Exchange;
use super::endpoint::Endpoint;
use super::http::{DEFAULTS, accepted, check_preconditions};
use super::problem::{self, NO_TOKEN, Problem};
use super::query::{FormerNames, Query};
use super::request_log::{self, LoggedFailure};
use super::response_cache;
use super::site;
use super::standing::{self, EXPOSED};
use crate::api::client_address;
use crate::api::public_address;
use crate::auth::rate_limits::Allowance;
use crate::auth::{Caller, RefusedToken, Scope};
use crate::context::OperationContext;
use crate::error::{Error, Result};
use crate::metrics;
use crate::registers;
use crate::spans::{Span, SpanKind};
use crate::trace::TraceParent;

/// The header with the request id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The headers that tell how much a client may ask (draft-ietf-httpapi-ratelimit-headers).
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The id of a request: the client's, if it is sane.
#[derive(Clone)]
pub struct RequestId(pub String);

fn request_id(request: &ServiceRequest) -> RequestId {
    let sane = |id: &&str| {
        (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(sane);
    RequestId(given.map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned))
}

/// True if an address in absolute form names another host than the `Host` header: nobody can say which of the two a
/// proxy in between has checked.
fn names_another_host(request: &ServiceRequest) -> bool {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    request
        .uri()
        .authority()
        .is_some_and(|authority| host.is_none_or(|host| !host.eq_ignore_ascii_case(authority.as_str())))
}

/// True if a host is this machine itself: a browser that was led here by somebody else's name sends another host.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(name, _)| name),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The reason why a request is for nobody here.
fn misdirected(app: &App, request: &ServiceRequest) -> Option<&'static str> {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if names_another_host(request) {
        return Some("the address names another host");
    }
    // Without a secret the service is for its own machine alone, and trusts what comes from there.
    (app.tokens.development && !is_loopback(host)).then_some(
        "in development mode the service is asked as localhost or 127.0.0.1 only; the Host header names another",
    )
}

/// The most bytes of an answer that are handed on at a time.
const PIECE: usize = 32 << 10;

/// A body that stands in memory and is handed on in pieces, so that it is not there a second time on its way out.
struct Pieces(Bytes);

impl MessageBody for Pieces {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Bytes, Self::Error>>> {
        let length = self.0.len().min(PIECE);
        Poll::Ready((length > 0).then(|| Ok(self.0.split_to(length))))
    }
}

/// The same body, in pieces if it is long.
fn in_pieces(body: BoxBody) -> BoxBody {
    match body.try_into_bytes() {
        Ok(bytes) if bytes.len() > PIECE => BoxBody::new(Pieces(bytes)),
        Ok(bytes) => BoxBody::new(bytes),
        Err(body) => body,
    }
}

/// Wraps every request: gives it an id, turns failures into problem documents, sets the headers that every answer
/// has, and has the log tell of it.
pub async fn wrap(
    app: web::Data<App>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let id = request_id(&request);
    request.extensions_mut().insert(id.clone());
    let span = app.spans.begin(SpanKind::Server, request_log::parent(request.request()).as_ref());
    request.extensions_mut().insert(RequestSpan(span.place().cloned()));
    let response = answered(&app, request, next).await?;
    let status = response.status();
    let (request, mut response) = response.into_parts();
    let failure = response.extensions_mut().remove::<LoggedFailure>();
    if status.is_client_error() || status.is_server_error() {
        let problem = response.extensions_mut().remove::<Problem>().unwrap_or_else(|| Problem::of_status(status));
        let problem = problem.in_request(&id.0).below(&public_address::prefix(&app.config, &request));
        response = site::refusal(&app, &request, problem::write(response, &problem), &problem);
    }
    let headers = response.headers_mut();
    set_common_headers(headers, &id, request.extensions().get::<Allowance>());
    public_address::lead_outside(&app, &request, headers);
    if let Some(origin) = app.allowed_origin(request.headers().get(ORIGIN)) {
        allow_origin(headers, origin, request.method() == actix_web::http::Method::OPTIONS);
    }
    let is_last = request.conn_data::<Rc<Exchange>>().is_some_and(|exchange| exchange.answer(is_left_unread(&request)));
    if is_last || app.draining.load(Ordering::Relaxed) {
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
    measure(&app, &request, (status, started.elapsed()), span);
    request_log::write(&app.config, &request, (status, failure), started.elapsed());
    Ok(ServiceResponse::new(request, response.map_body(|_, body| in_pieces(body))))
}

/// Counts a request, and ends its span. Both name the route, not the address, which could name a person.
fn measure(app: &App, request: &HttpRequest, (status, took): (StatusCode, Duration), span: Span) {
    let route = request.match_pattern().unwrap_or_else(|| "-".into());
    let method = metrics::method(request.method().as_str());
    app.metrics.request(method, &route, status.as_u16(), took);
    let values =
        [("http.request.method", method), ("http.route", &route), ("http.response.status_code", status.as_str())];
    span.end(&format!("{method} {route}"), &values, status.is_server_error());
}

/// The answer to a request as it comes from further in, or the refusal of one that is for nobody here.
async fn answered(
    app: &App,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if let Some(why) = misdirected(app, &request) {
        return Ok(request.into_response(Error::Malformed(why.into()).error_response()));
    }
    let exchange = request.conn_data::<Rc<Exchange>>().cloned();
    let answered = next.call(request).await;
    if let (Err(_), Some(exchange)) = (&answered, exchange) {
        exchange.answer(true);
    }
    Ok(answered?.map_into_boxed_body())
}

/// Sets the headers that every answer has: those of [`DEFAULTS`], the request's id and its allowance.
fn set_common_headers(headers: &mut HeaderMap, id: &RequestId, allowance: Option<&Allowance>) {
    for (name, value) in DEFAULTS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(REQUEST_ID, value);
    }
    if let Some(allowance) = allowance {
        for (name, value) in [(RATE_LIMIT_POLICY, allowance.policy()), (RATE_LIMIT, allowance.left())] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
    }
    headers.append(VARY, HeaderValue::from_static("Authorization, Accept, Accept-Language, Origin"));
}

/// Lets the pages of an origin read the answer, and learn what they may ask.
fn allow_origin(headers: &mut HeaderMap, origin: HeaderValue, is_preflight: bool) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    if is_preflight {
        let taken = "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID, X-Access-Purpose, X-Request-Id, traceparent, tracestate, baggage, sentry-trace";
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(taken));
        let methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
}

/// Lets a request through to its handler if the token has the endpoint's scope, all its parameters are known, and the
/// client takes what the endpoint gives.
pub async fn admit(
    endpoint: Arc<Endpoint>,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match check(&endpoint, request.request()).await {
        Ok(caller) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            let asked = request.request().clone();
            let app = asked.app_data::<web::Data<App>>().filter(|_| endpoint.figures).cloned();
            let answer = async {
                match app {
                    Some(app) => response_cache::answer(&app, request, next).await,
                    None => next.call(request).await,
                }
            };
            match unless_it_panics(answer).await {
                Some(Ok(mut answer)) => {
                    if let Some(app) = asked.app_data::<web::Data<App>>() {
                        standing::set(app, &endpoint, &asked, answer.status(), answer.headers_mut());
                    }
                    Ok(answer)
                }
                // Further out an error would no longer become a problem document.
                Some(Err(error)) => Ok(ServiceResponse::new(asked, error.error_response())),
                None => Ok(ServiceResponse::new(asked, Error::Internal("a handler panicked".into()).error_response())),
            }
        }
        Err(error) => Ok(request.into_response(error.error_response())),
    }
}

/// Returns the output of a future; `None` when it panics, so that one request fails and all else goes on.
async fn unless_it_panics<T>(future: impl Future<Output = T>) -> Option<T> {
    AssertUnwindSafe(future).catch_unwind().await.ok()
}

/// Counts a request; the answer tells how many more there may be.
fn count(app: &App, request: &HttpRequest, who: &str) -> Result<()> {
    let (allowance, counted) = app.limits.request(who);
    request.extensions_mut().insert(allowance);
    counted
}

/// True if an endpoint lets everybody in.
fn is_open(app: &App, endpoint: &Endpoint) -> bool {
    endpoint.open || (endpoint.public_statistics && app.public.is_some())
}

async fn check(endpoint: &Endpoint, request: &HttpRequest) -> Result<Option<Caller>> {
    let app = request.app_data::<web::Data<App>>().ok_or_else(|| Error::Internal("no state".into()))?;
    let needed = endpoint.scope.filter(|_| !is_open(app, endpoint) || request.headers().contains_key(AUTHORIZATION));
    let caller = match needed {
        Some(scope) => Some(permitted(known(app, request).await?, scope, endpoint)?),
        None => {
            // Nobody in particular: the address is what can be counted.
            count(app, request, &format!("address {}", client_address::counted(&app.config, request)))?;
            endpoint.open.then(Caller::anonymous)
        }
    };
    let former = app.profile.vocabulary.former_paths();
    if !former.is_empty() {
        request.extensions_mut().insert(FormerNames(former));
    }
    if !endpoint.any_query {
        Query::of(request).refuse_unknown(request, &endpoint.query)?;
    }
    if endpoint.has_preconditions() {
        check_preconditions(request)?;
    }
    accept(endpoint, request)?;
    Ok(caller)
}

/// Returns the caller of a request: the one that its token speaks for, as far as the service account still stands
/// behind it.
async fn known(app: &web::Data<App>, request: &HttpRequest) -> Result<Caller> {
    let checked = match bearer(request) {
        Ok(token) => app.tokens.check(token, app.clock.now()).await,
        Err(error) => Err(error.into()),
    };
    let caller = match checked {
        Ok(caller) => caller,
        Err(RefusedToken { error, reason }) => {
            // Whoever tries one token after the other is slowed down.
            app.limits.refused(&client_address::counted(&app.config, request))?;
            let id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
            log::info!("a token is refused: {reason} request={id}");
            return Err(error);
        }
    };
    count(app, request, &caller.account())?;
    let Some(id) = &caller.identity.client else { return Ok(caller) };
    let client = app.clients.active(id).await?;
    let client = client.ok_or(Error::Unauthenticated("the service account was revoked"))?;
    Ok(caller.bound(&client))
}

/// The caller as far as an endpoint lets it in: with the scope, and into the registers that the endpoint tells of. Where
/// the endpoint is open, who has not the scope, or is bound while it tells of all, is one of everybody.
fn permitted(caller: Caller, scope: Scope, endpoint: &Endpoint) -> Result<Caller> {
    let is_whole = registers::find(&endpoint.tag).is_none() && !endpoint.is_for(&caller);
    if endpoint.open && (!caller.has(scope) || is_whole) {
        return Ok(Caller::anonymous());
    }
    caller.require(scope)?;
    if endpoint.is_for(&caller) { Ok(caller) } else { Err(Error::OtherRegister) }
}

/// Fails when the client takes nothing that the endpoint gives.
fn accept(endpoint: &Endpoint, request: &HttpRequest) -> Result<()> {
    let offered = endpoint.media_types();
    // Where there is a `format` it outweighs the header: the handler decides.
    let by_header = !offered.is_empty() && endpoint.query.iter().all(|parameter| parameter.name != "format");
    if by_header && accepted(request, &offered).is_none() {
        return Err(Error::NotAcceptable(offered.join(", ")));
    }
    Ok(())
}

/// The access token of a request.
pub fn bearer(request: &HttpRequest) -> Result<&str> {
    let mut given = request.headers().get_all(AUTHORIZATION);
    let header = given.next().ok_or(Error::Unauthenticated(NO_TOKEN))?;
    if given.next().is_some() {
        return Err(Error::Unauthenticated("more than one Authorization header"));
    }
    let (scheme, token) = header.to_str().ok().and_then(|text| text.split_once(' ')).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(Error::Unauthenticated("the Authorization header must be: Bearer <token>"));
    }
    if token.trim().contains(' ') {
        return Err(Error::Unauthenticated("the word Bearer, or a blank, stands in the token itself"));
    }
    Ok(token.trim())
}

impl FromRequest for Caller {
    type Error = Error;
    type Future = std::future::Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = request.extensions().get::<Caller>().cloned();
        std::future::ready(caller.ok_or_else(|| Error::Internal("the endpoint demands no scope".into())))
    }
}

/// The place of a request in the trace that it belongs to: that of its own span.
#[derive(Clone)]
pub struct RequestSpan(pub Option<TraceParent>);

/// The place of a request in the trace that it belongs to.
pub fn trace(request: &HttpRequest) -> Option<TraceParent> {
    request.extensions().get::<RequestSpan>().and_then(|span| span.0.clone())
}

/// The act of a request that changes something.
pub fn operation_context(app: &App, caller: &Caller, request: &HttpRequest) -> OperationContext {
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    OperationContext {
        actor: caller.identity.clone(),
        request_id,
        trace: trace(request),
        at: app.clock.now(),
        keys: app.keys.clone(),
        registers: caller.registers.clone(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn hosts_of_this_machine_are_known() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:80", "127.8.9.10", "[::1]", "[::1]:8080"] {
            assert!(super::is_loopback(host), "{host}");
        }
        for host in
            ["", "attacker.example", "localhost.attacker.example", "10.0.0.1", "[::2]", "::1", "[::1", "127.1", "x:1"]
        {
            assert!(!super::is_loopback(host), "{host}");
        }
    }

    #[actix_web::test]
    async fn a_panic_is_caught() {
        assert_eq!(super::unless_it_panics(async { 1 }).await, Some(1));
        assert_eq!(
            super::unless_it_panics(async {
                if true {
                    panic!("as it must")
                }
            })
            .await,
            None
        );
    }
}
