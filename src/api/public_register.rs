//! The pages and feeds that everybody reads without knowing the API: the register of data collections as a page and as
//! JSON-LD, and the publications as an Atom feed. Nothing is shown here that is not published.

use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::DateTime;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::api::App;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::http::accepted;
use crate::api::query::{Parameter, Query, VALUE_LENGTH};
use crate::api::record_query::{PageRequest, page_parameters};
use crate::api::statistics::request::{lang_parameter, read_lang};
use crate::auth::{Caller, Scope};
use crate::clock::instant;
use crate::error::{Error, Result};
use crate::formats::for_xml;
use crate::json::to_json;
use crate::messages::Lang;
use crate::records::query::filter::Filter;
use crate::records::query::page::{self, Order, RecordPage, SortField};
use crate::records::row::StoredRecord;
use crate::records::view::View;
use crate::registers::{Register, find};
use crate::registers::{Vocabulary, example};

const HTML: &str = "text/html";

/// JSON-LD 1.1.
const JSON_LD: &str = "application/ld+json";

/// Atom (RFC 4287).
const ATOM: &str = "application/atom+xml";

/// The most publications that the feed names.
const ENTRIES: i64 = 50;

/// The page has a style of its own and nothing else.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// The endpoints of this file.
pub fn endpoints(vocabulary: &Vocabulary) -> Vec<Endpoint> {
    vec![page_endpoint(vocabulary), feed_endpoint()]
}

fn page_endpoint(vocabulary: &Vocabulary) -> Endpoint {
    let text = json!({"type": "string", "minLength": 1, "maxLength": VALUE_LENGTH});
    let mut parameters = page_parameters();
    parameters.extend([
        lang_parameter(),
        Parameter::one("q", "Words to look for in the name and the number", text, Value::Null),
    ]);
    let example = find("data-collections").map(|register| example::record(register, vocabulary)).unwrap_or_default();
    let linked = DataCatalog::of(Lang::default(), example.as_object().into_iter(), None);
    Endpoint::get("/data-collections", page)
        .named("read_data_collections", "data-collections", "Read the public register")
        .described(
            "The published data collections as a page in the language asked for, or described in JSON-LD (schema.org); chosen \
             by `Accept`.",
        )
        .scope(Scope::RegisterRead)
        .open(true)
        .headers(&["AcceptLanguage"])
        .query(parameters)
        .answers(
            200,
            "The register",
            &[],
            vec![Content::text(HTML, "<!DOCTYPE html>"), Content::inline(JSON_LD, &linked)],
        )
}

fn feed_endpoint() -> Endpoint {
    Endpoint::get("/publications.atom", feed)
        .named("follow_publications", "publications", "Follow the publications")
        .described("The newest published publications as an Atom feed (RFC 4287).")
        .scope(Scope::RegisterRead)
        .open(true)
        .answers(200, "The feed", &[], vec![Content::text(ATOM, "<feed xmlns=\"http://www.w3.org/2005/Atom\"></feed>")])
}

fn register(name: &str) -> Result<&'static Register> {
    find(name).ok_or_else(|| Error::Internal(format!("no register {name}")))
}

/// Returns what everybody may see of a page of published records.
fn shown(register: &Register, rows: &[StoredRecord]) -> Result<Vec<Map<String, Value>>> {
    rows.iter().map(|row| row.row.answer(register, View::Public)).collect()
}

async fn read(app: &App, listing: page::PageQuery) -> Result<RecordPage> {
    app.database.read(move |db| page::page(db, &listing)).await?.ok_or_else(PageRequest::bad_cursor)
}

async fn page(app: Data<App>, _: Caller, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let wanted = PageRequest::read(&app, &request, &mut query);
    let (q, lang) = (query.text("q"), read_lang(&request, &mut query));
    query.finish()?;
    let register = register("data-collections")?;
    let filter = Filter { register: Some(register), published: true, q: q.clone(), ..Filter::default() };
    let (after, limit) = (wanted.after.clone(), wanted.limit);
    let order = Order::new(vec![(SortField::Title, false)]);
    let found = read(&app, page::PageQuery { filter, order, after, limit, include_total: false }).await?;
    let records = shown(register, &found.rows)?;
    let next = wanted.next(&app, &request, found.end).map(|(_, query)| format!("/data-collections?{query}"));
    if accepted(&request, &[HTML, JSON_LD]) == Some(JSON_LD) {
        let body = to_json(&DataCatalog::of(lang, records.iter(), next))?;
        return Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, JSON_LD)).body(body));
    }
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)))
        .body(
            document((lang, &app.profile.authority.languages), q.as_deref().unwrap_or_default(), &records, next)
                .into_string(),
        ))
}

/// The register as JSON-LD in the words of schema.org.
#[derive(Serialize, ToSchema)]
struct DataCatalog {
    /// The vocabulary.
    #[serde(rename = "@context")]
    context: &'static str,
    /// The class of the register.
    #[serde(rename = "@type")]
    class: &'static str,
    /// The name of the register.
    name: String,
    /// The data collections.
    #[schema(inline)]
    dataset: Vec<LinkedCollection>,
    /// The address of the next page; absent on the last one.
    #[serde(rename = "relatedLink", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uri-reference")]
    related_link: Option<String>,
}

/// A data collection in the words of schema.org.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LinkedCollection {
    /// The class of a data collection.
    #[serde(rename = "@type")]
    class: &'static str,
    /// The address of the record.
    #[serde(rename = "@id")]
    #[schema(format = "uri-reference")]
    id: String,
    /// The number of the record.
    identifier: Option<String>,
    /// The name of the data collection.
    name: Option<String>,
    /// The purpose of the data collection.
    description: Option<String>,
    /// The responsible body.
    #[schema(inline)]
    creator: LinkedBody,
    /// The categories of data.
    keywords: Vec<String>,
    /// The legal basis.
    usage_info: Option<String>,
    /// The instant of the last change, in UTC.
    #[schema(format = "date-time")]
    date_modified: Option<String>,
    /// False: what is in the collection is not open to everybody.
    is_accessible_for_free: bool,
}

/// A public body in the words of schema.org.
#[derive(Serialize, ToSchema)]
struct LinkedBody {
    /// The class of a public body.
    #[serde(rename = "@type")]
    class: &'static str,
    /// The name of the body.
    name: Option<String>,
}

impl DataCatalog {
    fn of<'a>(lang: Lang, records: impl Iterator<Item = &'a Map<String, Value>>, next: Option<String>) -> Self {
        DataCatalog {
            context: "https://schema.org",
            class: "DataCatalog",
            name: lang.text("collections-title"),
            dataset: records.map(LinkedCollection::of).collect(),
            related_link: next,
        }
    }
}

impl LinkedCollection {
    fn of(record: &Map<String, Value>) -> Self {
        let text = |name: &str| record.get(name).and_then(Value::as_str).map(str::to_owned);
        let keywords = record.get("categories_of_data").and_then(Value::as_array).into_iter().flatten();
        LinkedCollection {
            class: "Dataset",
            id: format!("/v1/data-collections/{}", text("id").unwrap_or_default()),
            identifier: text("number"),
            name: text("name"),
            description: text("purpose"),
            creator: LinkedBody { class: "GovernmentOrganization", name: text("responsible_body") },
            keywords: keywords.filter_map(Value::as_str).map(str::to_owned).collect(),
            usage_info: text("legal_basis"),
            date_modified: text("updated_at"),
            is_accessible_for_free: false,
        }
    }
}

/// The properties shown, in this order, and the messages with what they are called.
const PROPERTIES: [(&str, &str); 10] = [
    ("responsible_body", "collections-responsible-body"),
    ("purpose", "collections-purpose"),
    ("legal_basis", "collections-legal-basis"),
    ("categories_of_persons", "collections-categories-of-persons"),
    ("categories_of_data", "collections-categories-of-data"),
    ("sensitive_data", "collections-sensitive-data"),
    ("recipients", "collections-recipients"),
    ("retention", "collections-retention"),
    ("outsourced_to", "collections-outsourced-to"),
    ("last_checked_on", "collections-last-checked-on"),
];

const STYLE: &str = "
body { font: 1.05rem/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; }
a { color: #06418c; } nav a { margin-right: 0.8rem; } form { margin: 1rem 0; } input, button { font: inherit; padding: 0.2rem 0.5rem; }
article { border-top: 1px solid #c8c8c8; padding: 0.6rem 0; } h2 { font-size: 1.15rem; margin: 0.3rem 0; }
dl { display: grid; grid-template-columns: minmax(9rem, 15rem) 1fr; gap: 0.15rem 1rem; margin: 0; } dt { color: #4a4a4a; } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 36rem) { dl { display: block; } dd { margin-bottom: 0.4rem; } }
";

fn document(
    (lang, languages): (Lang, &[Lang]),
    q: &str,
    records: &[Map<String, Value>],
    next: Option<String>,
) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(lang.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (lang.text("collections-title")) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                nav {
                    @for &other in languages {
                        a href={ "/data-collections?lang=" (other.code()) } lang=(other.code()) { (other.code().to_uppercase()) }
                    }
                }
                main {
                    h1 { (lang.text("collections-title")) }
                    form role="search" action="/data-collections" {
                        input type="hidden" name="lang" value=(lang.code());
                        input type="search" name="q" value=(q) required maxlength="300" aria-label=(lang.text("collections-search"));
                        " " button { (lang.text("collections-search")) }
                    }
                    @if records.is_empty() { p { (lang.text("collections-nothing-found")) } }
                    @for record in records { (entry(lang, record)) }
                    @if let Some(next) = next { p { a rel="next" href=(next) { (lang.text("collections-more")) } } }
                }
            }
        }
    }
}

/// An entry of the register. HTML holds control characters no more than XML does.
fn entry(lang: Lang, record: &Map<String, Value>) -> Markup {
    let text = |value: &Value| match value {
        Value::String(text) => for_xml(text),
        Value::Array(items) => for_xml(&items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")),
        Value::Bool(true) => lang.text("collections-yes"),
        _ => String::new(),
    };
    let of = |name: &str| record.get(name).map(text).filter(|text| !text.is_empty());
    html! {
        article {
            h2 { (of("name").unwrap_or_default()) " " small { (of("number").unwrap_or_default()) } }
            dl {
                @for (name, id) in PROPERTIES {
                    @if let Some(value) = of(name) { dt { (lang.text(id)) } dd { (value) } }
                }
            }
        }
    }
}

async fn feed(app: Data<App>, _: Caller) -> Result<HttpResponse> {
    let authority = &app.profile.authority;
    let lang = authority.language();
    let author = authority.feed_author.as_ref().unwrap_or(&authority.name).get(lang);
    let kind = |code: &str| app.profile.vocabulary.label("publications", "kind", code, lang).to_owned();
    let register = register("publications")?;
    let filter = Filter { register: Some(register), published: true, ..Filter::default() };
    let listing =
        page::PageQuery { filter, order: Order::default(), after: None, limit: ENTRIES, include_total: false };
    let rows = read(&app, listing).await?.rows;
    let records = shown(register, &rows)?;
    let newest = rows.iter().map(|row| row.row.updated_at).max().unwrap_or(DateTime::UNIX_EPOCH.naive_utc());
    let text = html! {
        (PreEscaped("<?xml version=\"1.0\" encoding=\"utf-8\"?>"))
        feed xmlns="http://www.w3.org/2005/Atom" {
            id { "urn:x-aufsicht:publications" }
            title { (lang.text("report-publications")) }
            updated { (instant(newest)) }
            link rel="self" href="/publications.atom" {}
            author { name { (author) } }
            @for record in &records { (feed_entry(record, kind)) }
        }
    };
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/atom+xml; charset=utf-8")).body(text.into_string()))
}

fn feed_entry(record: &Map<String, Value>, kind: impl Fn(&str) -> String) -> Markup {
    let plain = |value: &Value| for_xml(value.as_str().unwrap_or_default());
    let of = |name: &str| record.get(name).map(plain);
    html! {
        entry {
            id { "urn:uuid:" (of("id").unwrap_or_default()) }
            title { (of("title").unwrap_or_default()) }
            updated { (of("updated_at").unwrap_or_default()) }
            published { (of("published_on").unwrap_or_default()) "T00:00:00Z" }
            @if let Some(code) = of("kind") { category term=(code) label=(kind(&code)) {} }
            @for topic in record.get("topics").and_then(Value::as_array).into_iter().flatten() { category term=(plain(topic)) {} }
            @if let Some(url) = of("url") { link rel="alternate" href=(url) {} }
            @else { link rel="alternate" href={ "/v1/publications/" (of("id").unwrap_or_default()) } {} }
        }
    }
}
