//! The publications for everybody: as a page, and as an Atom feed to follow. Nothing is shown here that is not published.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use maud::{Markup, PreEscaped, html};
use serde_json::{Map, Value};

use crate::api::App;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::http::{content_tag, tagged};
use crate::api::public_address::address;
use crate::api::query::Query;
use crate::api::site;
use crate::api::statistics::request::{lang_parameter, read_lang};
use crate::auth::{Caller, Scope};
use crate::clock::instant;
use crate::error::{Error, Result};
use crate::formats::for_xml;
use crate::messages::Lang;
use crate::records::query::filter::Filter;
use crate::records::query::page::{self, Order};
use crate::records::view::View;
use crate::registers::{Vocabulary, find};

/// Atom (RFC 4287).
const ATOM: &str = "application/atom+xml";

/// The most publications that the feed names, and the page.
const FOLLOWED: i64 = 50;
const LISTED: i64 = 500;

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/publications", publications)
            .named("read_publications", "publications", "Read the publications")
            .described("The newest published publications as a page in the language asked for.")
            .scope(Scope::RegisterRead)
            .open(true)
            .headers(&["AcceptLanguage"])
            .query(vec![lang_parameter()])
            .answers(200, "The publications", &[], vec![Content::text(site::HTML, "<!DOCTYPE html>")]),
        Endpoint::get("/publications.atom", feed)
            .named("follow_publications", "publications", "Follow the publications")
            .described("The newest published publications as an Atom feed (RFC 4287) in the language asked for.")
            .scope(Scope::RegisterRead)
            .open(true)
            .headers(&["AcceptLanguage", "IfNoneMatch"])
            .query(vec![lang_parameter()])
            .answers(
                200,
                "The feed",
                &["ETag"],
                vec![Content::text(ATOM, "<feed xmlns=\"http://www.w3.org/2005/Atom\"></feed>")],
            )
            .answers(304, "Unchanged", &["ETag"], vec![]),
    ]
}

/// The newest publications, with what everybody may see of them.
async fn newest(app: &App, limit: i64) -> Result<Vec<Map<String, Value>>> {
    let register = find("publications").ok_or_else(|| Error::Internal("no register of publications".into()))?;
    let filter = Filter { register: Some(register), published: true, ..Filter::default() };
    let listing = page::PageQuery { filter, order: Order::default(), after: None, limit, include_total: false };
    let found = app.database.read(move |db| page::page(db, &listing)).await?;
    let rows = found.map(|page| page.rows).unwrap_or_default();
    rows.iter().map(|row| row.row.answer(register, View::Public)).collect()
}

/// A text of a record. HTML and XML hold no control characters.
fn text(record: &Map<String, Value>, name: &str) -> Option<String> {
    record.get(name).and_then(Value::as_str).map(for_xml).filter(|text| !text.is_empty())
}

fn day(record: &Map<String, Value>, lang: Lang) -> Option<String> {
    let day: NaiveDate = text(record, "published_on")?.parse().ok()?;
    Some(lang.day(day))
}

async fn publications(app: Data<App>, _: Caller, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let lang = read_lang(&request, &mut query);
    query.finish()?;
    let records = newest(&app, LISTED).await?;
    let kind = |code: &str| app.profile.vocabulary.label("publications", "kind", code, lang).to_owned();
    let main = html! {
        p { (lang.text("site-publications-about")) " " a href="/publications.atom" { (app.writing(lang).text("site-feed")) } }
        @if records.is_empty() { p { (lang.text("site-no-publications")) } }
        @for record in &records {
            @let title = text(record, "title").unwrap_or_default();
            article id=(text(record, "id").unwrap_or_default()) {
                h2 { @if let Some(url) = text(record, "url") { a href=(url) rel="noreferrer" { (title) } } @else { (title) } }
                p {
                    (day(record, lang).unwrap_or_default())
                    @if let Some(code) = text(record, "kind") { " · " (kind(&code)) }
                    @for topic in record.get("topics").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
                        " · " (for_xml(topic))
                    }
                }
            }
        }
    };
    Ok(site::answer(site::framed(&app, &request, lang, &app.writing(lang).text("report-publications"), &main)))
}

async fn feed(app: Data<App>, _: Caller, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let lang = read_lang(&request, &mut query);
    query.finish()?;
    let authority = &app.profile.authority;
    let author = authority.feed_author.as_ref().unwrap_or(&authority.name).get(lang);
    let records = newest(&app, FOLLOWED).await?;
    let base = address(&app.config, &request);
    let writer = FeedWriter { base: &base, lang, vocabulary: &app.profile.vocabulary };
    let newest = records.iter().filter_map(changed).max();
    // Nothing has changed today where there is nothing.
    let newest = newest.unwrap_or_else(|| app.clock.today().and_time(NaiveTime::MIN));
    let text = html! {
        (PreEscaped("<?xml version=\"1.0\" encoding=\"utf-8\"?>"))
        feed xmlns="http://www.w3.org/2005/Atom" xml:lang=(lang.code()) {
            id { "urn:x-aufsicht:publications" }
            title { (app.writing(lang).text("report-publications")) }
            updated { (instant(newest)) }
            link rel="self" type=(ATOM) href={ (base) (site::address("/publications.atom", lang)) } {}
            link rel="alternate" type="text/html" href={ (base) (site::address("/publications", lang)) } {}
            author { name { (author) } }
            @for record in &records { (writer.entry(record)) }
        }
    };
    let text = text.into_string().into_bytes();
    Ok(tagged(&request, StatusCode::OK, "application/atom+xml; charset=utf-8", &content_tag(&text), text))
}

/// A writer of the entries of the feed.
struct FeedWriter<'f> {
    /// The address of the service: readers of feeds join no addresses.
    base: &'f str,
    lang: Lang,
    vocabulary: &'f Vocabulary,
}

impl FeedWriter<'_> {
    fn entry(&self, record: &Map<String, Value>) -> Markup {
        let of = |name: &str| text(record, name);
        let topics = record.get("topics").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let id = of("id").unwrap_or_default();
        html! {
            entry {
                id { "urn:uuid:" (id) }
                title { (of("title").unwrap_or_default()) }
                updated { (changed(record).map(instant).unwrap_or_default()) }
                @if let Some(day) = published(record) { published { (instant(day)) } }
                @if let Some(code) = of("kind") {
                    category term=(code) label=(self.vocabulary.label("publications", "kind", &code, self.lang)) {}
                }
                @for topic in topics { category term=(for_xml(topic)) {} }
                @if let Some(url) = of("url") { link rel="alternate" href=(url) {} }
                @else { link rel="alternate" type="text/html" href={ (self.base) (site::address("/publications", self.lang)) "#" (id) } {} }
            }
        }
    }
}

/// The beginning of the day on which a record was published.
fn published(record: &Map<String, Value>) -> Option<NaiveDateTime> {
    let day: NaiveDate = text(record, "published_on")?.parse().ok()?;
    Some(day.and_time(NaiveTime::MIN))
}

/// The instant at which a record was changed last, which is not before it was published.
fn changed(record: &Map<String, Value>) -> Option<NaiveDateTime> {
    let updated = text(record, "updated_at").and_then(|text| DateTime::parse_from_rfc3339(&text).ok());
    updated.map(|instant| instant.naive_utc()).max(published(record))
}
