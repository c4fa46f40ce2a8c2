//! Headers that follow from how an endpoint stands to everybody: who may keep its answers, which pages may read them, and where
//! the notes on its figures are.

use actix_web::HttpRequest;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, AUTHORIZATION, CACHE_CONTROL, ETAG, HeaderMap,
    HeaderValue, LINK,
};
use actix_web::http::{Method, StatusCode};

use super::App;
use super::endpoint::Endpoint;

/// The headers that pages may read.
pub const EXPOSED: &str = "ETag, Link, Location, Content-Disposition, Retry-After, API-Version, X-Request-Id, \
    Idempotency-Replayed, RateLimit, RateLimit-Policy, WWW-Authenticate";

/// The files of a page, which change with the program only, and the API document.
const FILES: &str = "/swagger-ui/";
const DOCUMENTS: [&str; 2] = ["/openapi.json", "/openapi-3.0.json"];

/// The feed that readers ask for again and again.
const FEED: &str = "/publications.atom";

/// The tags of what can be kept: figures, and the lists of codes that they are broken down by.
const TAGS: [&str; 2] = ["statistics", "vocabularies"];

/// Sets the headers of an answer.
pub fn set(app: &App, endpoint: &Endpoint, request: &HttpRequest, status: StatusCode, headers: &mut HeaderMap) {
    let is_known = [StatusCode::OK, StatusCode::NOT_MODIFIED].contains(&status);
    let is_anybody = !request.headers().contains_key(AUTHORIZATION) && needs_no_token(app, endpoint);
    let control = cache_control(endpoint, is_anybody || endpoint.scope.is_none(), headers);
    if let Some(control) = control.filter(|_| is_known) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(control));
    }
    if is_anybody {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
    if endpoint.has_notes
        && is_known
        && let Ok(link) = HeaderValue::try_from(notes_link(request))
    {
        headers.insert(LINK, link);
    }
}

/// Returns who may keep an answer. Figures that not everybody sees can be kept by who asked, and are asked for again by their tag.
fn cache_control(endpoint: &Endpoint, is_public: bool, headers: &HeaderMap) -> Option<&'static str> {
    let is_figures =
        TAGS.contains(&endpoint.tag.as_str()) && endpoint.method == Method::GET && headers.contains_key(ETAG);
    match endpoint.path.as_str() {
        path if path.starts_with(FILES) => Some("public, max-age=86400"),
        path if DOCUMENTS.contains(&path) || path == FEED || (is_figures && is_public) => Some("public, max-age=300"),
        _ if is_figures => Some("private, no-cache"),
        _ => None,
    }
}

/// True if everybody may read what an endpoint tells, so that the pages of every origin may. Pages of the service itself are no
/// data: they tell who is on this machine more than others.
fn needs_no_token(app: &App, endpoint: &Endpoint) -> bool {
    let is_data = endpoint.open || (endpoint.public_statistics && app.public.is_some());
    let is_described =
        endpoint.scope.is_none() && !endpoint.undocumented && endpoint.tag != "operation" && !endpoint.secret_address;
    endpoint.method == Method::GET && (is_data || is_described || DOCUMENTS.contains(&endpoint.path.as_str()))
}

/// Returns the link to the notes on the very figures that were asked for.
fn notes_link(request: &HttpRequest) -> String {
    let is_kept = |pair: &&str| !["format=", "shape=", "chart="].iter().any(|name| pair.starts_with(name));
    let query: Vec<&str> = request.query_string().split('&').filter(|pair| !pair.is_empty()).filter(is_kept).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    format!("<{}/notes{query}>; rel=\"describedby\"", request.path())
}
