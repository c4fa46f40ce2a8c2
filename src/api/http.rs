//! HTTP for handlers: bodies, entity tags, answers.

use super::App;
pub use super::body::Body;
use super::body::CODINGS;
use super::content::{CountedPage, JSON, MERGE_PATCH, Page};
use crate::digest;
use crate::error::{Error, Fault, Result};
use crate::json::{parse_json, to_json, unmarked};
use crate::records::store::Expected;
use crate::seal::Purpose;
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH, LINK,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// The header with the version of the API.
pub const API_VERSION: HeaderName = HeaderName::from_static("api-version");

/// The headers that every answer has unless it says otherwise.
pub const DEFAULTS: [(HeaderName, &str); 5] = [
    (CACHE_CONTROL, "no-store"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (API_VERSION, env!("CARGO_PKG_VERSION")),
];

/// Reads a body as JSON; the media type must say that it is.
pub fn json_body(request: &HttpRequest, Body(body): &Body) -> Result<Value> {
    let patch = request.method() == actix_web::http::Method::PATCH;
    let supported = if patch { "application/merge-patch+json, application/json" } else { JSON };
    let media_type = request.content_type().trim().to_ascii_lowercase();
    let utf8 = request.encoding().map(|encoding| encoding.name() == "UTF-8").unwrap_or(false);
    if !(media_type == JSON || (patch && media_type == MERGE_PATCH)) || !utf8 {
        return Err(Error::UnsupportedMediaType(supported));
    }
    parse_json(unmarked(body))
}

/// The media type among those offered that the client likes best (RFC 9110, section 12.5.1): the most specific range
/// that fits gives its quality. Among equals the more specific wish wins, then the one offered first. Without an `Accept`
/// header anything will do; `None` when nothing will.
pub fn accepted<'a>(request: &HttpRequest, offered: &[&'a str]) -> Option<&'a str> {
    let headers: Vec<&str> = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok()).collect();
    if headers.iter().all(|header| header.trim().is_empty()) {
        return offered.first().copied();
    }
    let ranges = headers.iter().flat_map(|header| header.split(',')).map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q="))?.parse().ok());
        (media, quality.unwrap_or(1.0_f32))
    });
    let ranges: Vec<(String, f32)> = ranges.collect();
    let mut best: Option<(f32, u8, &'a str)> = None;
    for media in offered.iter().copied() {
        let fitting = ranges.iter().filter_map(|(range, quality)| Some((specificity(range, media)?, *quality)));
        let Some((specific, quality)) = fitting.max_by_key(|(specific, _)| *specific) else { continue };
        if quality > 0.0 && best.is_none_or(|(q, s, _)| (quality, specific) > (q, s)) {
            best = Some((quality, specific, media));
        }
    }
    best.map(|(_, _, media)| media)
}

/// Rates how closely a media range names a media type; `None` when it does not.
fn specificity(range: &str, media: &str) -> Option<u8> {
    let family = range.strip_suffix('*').filter(|family| family.ends_with('/') && *family != "*/");
    match range {
        "*/*" => Some(0),
        _ if range == media => Some(2),
        _ if family.is_some_and(|family| media.starts_with(family)) => Some(1),
        _ => None,
    }
}

/// An entity tag as a client sends it back.
#[derive(Clone, Debug, PartialEq)]
enum EntityTag {
    /// `*`: any.
    Any,
    /// The text between the quotation marks, weak or not: proxies that pack an answer make our tags weak.
    Opaque(String),
}

/// The entity tags that a text lists; `None` when one of them is none.
fn read_tags(text: &str) -> Option<Vec<EntityTag>> {
    const BETWEEN: [char; 3] = [' ', '\t', ','];
    let mut all = Vec::new();
    let mut rest = text.trim_matches(BETWEEN);
    while !rest.is_empty() {
        let (tag, after) = match rest.strip_prefix('*') {
            Some(after) => (EntityTag::Any, after),
            None => {
                let quoted = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
                quoted.split_once('"').map(|(opaque, after)| (EntityTag::Opaque(opaque.to_owned()), after))?
            }
        };
        if !after.is_empty() && !after.starts_with(BETWEEN) {
            return None;
        }
        all.push(tag);
        rest = after.trim_start_matches(BETWEEN);
    }
    Some(all).filter(|all| !all.is_empty())
}

/// The entity tags of a header; `None` when there is no such header. Fails when one of them is none.
fn tags(request: &HttpRequest, name: HeaderName) -> Result<Option<Vec<EntityTag>>> {
    let values: Vec<_> = request.headers().get_all(&name).collect();
    if values.is_empty() {
        return Ok(None);
    }
    let texts: Option<Vec<&str>> = values.into_iter().map(|value| value.to_str().ok()).collect();
    let read = texts.and_then(|texts| read_tags(&texts.join(",")));
    let header = if name == IF_MATCH { "If-Match" } else { "If-None-Match" };
    read.map(Some).ok_or_else(|| {
        let detail = format!("must be the ETag with its quotation marks, as in {header}: \"1\"");
        Error::Parameters(vec![Fault::of(header, "invalid_value", detail)])
    })
}

/// Fails when a precondition has tags that are none, such as one without its quotation marks.
pub fn check_preconditions(request: &HttpRequest) -> Result<()> {
    [IF_MATCH, IF_NONE_MATCH].into_iter().try_for_each(|name| tags(request, name).map(drop))
}

/// Reads the revisions that `If-Match` accepts; fails if the header is absent. Our tags are the revisions, with a
/// digest or a coding behind them or not; a tag that is none of ours never matches.
pub fn if_match(request: &HttpRequest) -> Result<Expected> {
    let tags = tags(request, IF_MATCH)?.ok_or(Error::PreconditionRequired)?;
    let revision = |tag: &EntityTag| match tag {
        EntityTag::Any => None,
        EntityTag::Opaque(tag) => {
            let revision = tag.split(['-', ';']).next()?;
            revision.bytes().all(|byte| byte.is_ascii_digit()).then(|| revision.parse().ok())?
        }
    };
    match tags.contains(&EntityTag::Any) {
        true => Ok(Expected::Any),
        false => Ok(Expected::Revisions(tags.iter().filter_map(revision).collect())),
    }
}

/// True if the client already has what the tag stands for (`If-None-Match`).
pub fn is_known(request: &HttpRequest, tag: &str) -> bool {
    let own = tag.trim_matches('"');
    // Whoever packs an answer on its way writes the coding behind our tag.
    let is_coding = |rest: &str| {
        let before = CODINGS.split(", ").find_map(|coding| rest.strip_suffix(coding));
        rest.is_empty() || before.is_some_and(|before| ["-", "--", ";"].contains(&before))
    };
    let known = |given: &EntityTag| match given {
        EntityTag::Any => true,
        EntityTag::Opaque(given) => given.strip_prefix(own).is_some_and(is_coding),
    };
    tags(request, IF_NONE_MATCH).ok().flatten().is_some_and(|tags| tags.iter().any(known))
}

/// The entity tag of a record's revision.
pub fn revision_tag(revision: i64) -> String {
    format!("\"{revision}\"")
}

/// A digest of what may hold personal data. It is keyed: a digest of what can be guessed would confirm each guess.
fn keyed_digest(app: &App, body: &[u8]) -> String {
    app.purposes.digest(Purpose::Tag, &[body])
}

/// The entity tag of a record that is shown with others: its revision, and a digest of what all of it says.
pub fn expanded_tag(app: &App, revision: i64, body: &[u8]) -> String {
    format!("\"{revision}-{}\"", keyed_digest(app, body))
}

/// The entity tag of an answer from the registers that has no revision.
pub fn register_tag(app: &App, body: &[u8]) -> String {
    format!("\"{}\"", keyed_digest(app, body))
}

/// The entity tag of an answer that holds no text of a record: figures, documents. For all else there is [`register_tag`].
pub fn content_tag(body: &[u8]) -> String {
    format!("\"{}\"", digest::hex(&digest::sha256(body)[..16]))
}

/// An answer with an entity tag; 304 without a body when the client has it already.
pub fn tagged(request: &HttpRequest, status: StatusCode, media_type: &str, tag: &str, body: Vec<u8>) -> HttpResponse {
    if is_known(request, tag) {
        return HttpResponse::NotModified().insert_header((ETAG, tag)).finish();
    }
    HttpResponse::build(status).insert_header((ETAG, tag)).insert_header((CONTENT_TYPE, media_type)).body(body)
}
/// The cursor of the next page, and the query that asks for it.
pub type NextPage = Option<(String, String)>;
/// Answers with a page of a list, and a link to the next one.
pub fn page<T: Serialize>(request: &HttpRequest, items: Vec<T>, next: NextPage) -> Result<HttpResponse> {
    let (next, query) = next.unzip();
    linked(request, query, &Page { items, next })
}
/// The same with the number of all items, where it was asked for.
pub fn counted_page<T: Serialize>(
    request: &HttpRequest,
    items: Vec<T>,
    next: NextPage,
    total: Option<i64>,
) -> Result<HttpResponse> {
    let (next, query) = next.unzip();
    linked(request, query, &CountedPage { items, next, total })
}
fn linked(request: &HttpRequest, query: Option<String>, page: &impl Serialize) -> Result<HttpResponse> {
    let mut response = HttpResponse::Ok();
    if let Some(query) = query {
        response.insert_header((LINK, format!("<{}?{query}>; rel=\"next\"", request.path())));
    }
    Ok(response.insert_header((CONTENT_TYPE, JSON)).body(to_json(page)?))
}
/// Answers with a value as JSON.
pub fn json_answer(status: StatusCode, body: &impl Serialize) -> Result<HttpResponse> {
    Ok(HttpResponse::build(status).insert_header((CONTENT_TYPE, JSON)).body(to_json(body)?))
}

/// A body that is sent piece by piece as it is made. An error cuts the connection, so that nobody takes what came for
/// the whole.
pub struct Streamed {
    /// The first piece, when it has been looked at already.
    pub first: Option<Bytes>,
    /// The source of the rest.
    pub rest: mpsc::Receiver<Result<Bytes>>,
}

impl MessageBody for Streamed {
    type Error = Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(first))),
            None => self.rest.poll_recv(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn asked(name: &'static str, value: &str) -> HttpRequest {
        TestRequest::default().insert_header((name, value)).to_http_request()
    }

    #[test]
    fn what_clients_send_of_themselves_is_understood() {
        let offered = ["application/json", "text/csv"];
        for (given, right) in [
            ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", Some("application/json")),
            ("application/json;q=0.5, text/*;Q=0.75", Some("text/csv")),
            ("text/csv;header=present;q=0.4, */*;q=0.1", Some("text/csv")),
            ("text/csv;q=0, image/png", None),
            ("nonsense", None),
            ("", Some("application/json")),
        ] {
            assert_eq!(accepted(&asked("Accept", given), &offered), right, "{given}");
        }
    }

    #[test]
    fn our_tags_are_understood_however_they_come_back() {
        for given in ["\"7\"", "W/\"7\"", "\"7-gzip\"", "W/\"7;gzip\"", "\"7--zstd\"", "\"a,b\" , \"7\"", "*"] {
            assert!(is_known(&asked("If-None-Match", given), "\"7\""), "{given}");
            let expected = if given == "*" { Expected::Any } else { Expected::Revisions(vec![7]) };
            assert_eq!(if_match(&asked("If-Match", given)).unwrap(), expected, "{given}");
        }
        for given in ["\"8\"", "\"77\"", "\"7x\"", "\"7-\"", "\"7gzip\"", "\"*\"", "\"\""] {
            assert!(!is_known(&asked("If-None-Match", given), "\"7\""), "{given}");
        }
        for given in ["\"+7\"", "\"abc\"", "\"*\"", "\"\"", "\"99999999999999999999\""] {
            assert_eq!(if_match(&asked("If-Match", given)).unwrap(), Expected::Revisions(vec![]), "{given}");
        }
    }

    #[test]
    fn a_tag_without_quotation_marks_is_refused_with_the_right_form() {
        for given in ["7", "W/7", "\"7", "7\"", "\"7\"x", "'7'", "\"7\", 8", "", ","] {
            for name in ["If-Match", "If-None-Match"] {
                let Err(Error::Parameters(faults)) = check_preconditions(&asked(name, given)) else {
                    panic!("{name}: {given}")
                };
                assert!(faults[0].detail.ends_with(&format!("{name}: \"1\"")), "{faults:?}");
            }
        }
    }
}
