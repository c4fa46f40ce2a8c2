//! The register of data collections for everybody, as a page and as JSON-LD. Nothing is shown here that is not published.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use maud::{Markup, html};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::api::App;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::http::accepted;
use crate::api::public_address::prefix;
use crate::api::query::{Parameter, Query, VALUE_LENGTH};
use crate::api::record_query::{PageRequest, page_parameters};
use crate::api::site::{self, HTML};
use crate::api::statistics::request::{lang_parameter, read_lang};
use crate::auth::{Caller, Scope};
use crate::error::{Error, Result};
use crate::formats::for_xml;
use crate::json::to_json;
use crate::messages::{Lang, Writing};
use crate::records::query::filter::Filter;
use crate::records::query::page::{self, Order, SortField};
use crate::records::view::View;
use crate::registers::{Vocabulary, example, find};
use crate::text::{folded, percent_encoded, sort_key};

/// JSON-LD 1.1.
const JSON_LD: &str = "application/ld+json";

/// The most entries that the register is searched in.
const SEARCHED: i64 = 10_000;

/// The name of the parameter that chooses a body.
const BODY: &str = "responsible_body";

/// The ways in which the page shows its entries: names to open, or all that is known.
const VIEWS: [&str; 2] = ["list", "full"];

/// The endpoint of this file.
pub fn endpoint(vocabulary: &Vocabulary) -> Endpoint {
    let text = json!({"type": "string", "maxLength": VALUE_LENGTH});
    let mut parameters = page_parameters();
    parameters.extend([
        lang_parameter(),
        Parameter::one(
            "q",
            "Parts of words to look for in name, number, body, purpose, legal basis, categories and recipients",
            text.clone(),
            Value::Null,
        ),
        Parameter::one(BODY, "The body whose entries are shown", text, Value::Null),
        Parameter::one(
            "view",
            "How the page shows the entries: `list` to open, or `full`",
            json!({"type": "string", "enum": VIEWS, "default": VIEWS[0]}),
            Value::Null,
        ),
    ]);
    let example = find("data-collections").map(|register| example::record(register, vocabulary)).unwrap_or_default();
    let linked = DataCatalog::of(Lang::default().into(), example.as_object().into_iter(), None);
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
            vec![Content::text(HTML, "<!DOCTYPE html>"), Content::of(JSON_LD, &linked)],
        )
}

/// An entry as everybody may see it.
type CollectionEntry = Map<String, Value>;

/// The entries in the order of Swiss lists.
async fn entries(app: &App) -> Result<Vec<CollectionEntry>> {
    let register = find("data-collections").ok_or_else(|| Error::Internal("no register of collections".into()))?;
    let filter = Filter { register: Some(register), published: true, ..Filter::default() };
    let order = Order::new(vec![(SortField::Title, false)]);
    let listing = page::PageQuery { filter, order, after: None, limit: SEARCHED, include_total: false };
    let read = move |db: &mut crate::db::Db| -> Result<Vec<CollectionEntry>> {
        let rows = page::page(db, &listing)?.map(|page| page.rows).unwrap_or_default();
        rows.iter().map(|row| row.row.answer(register, View::Public)).collect()
    };
    app.database.read(read).await
}

/// The place of an entry in the list, which no two share.
fn place(entry: &CollectionEntry) -> [String; 2] {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    [sort_key(text("name")), text("number").to_owned()]
}

/// The properties that words are looked for in.
const SEARCHED_IN: [&str; 8] =
    ["name", "number", BODY, "purpose", "legal_basis", "categories_of_persons", "categories_of_data", "recipients"];

/// The wishes of who looks through the register.
struct CollectionSearch {
    lang: Lang,
    q: String,
    body: String,
    is_full: bool,
}

impl CollectionSearch {
    /// Reads them; what is empty was left empty in the form.
    fn read(request: &HttpRequest, query: &mut Query) -> CollectionSearch {
        let lang = read_lang(request, query);
        let mut text = |name: &str| {
            let given = query.one(name).unwrap_or_default();
            if given.chars().count() > VALUE_LENGTH {
                query.fault(name, "too_long", &format!("must have {VALUE_LENGTH} characters at the most"));
            }
            given.trim().to_owned()
        };
        let (q, body) = (text("q"), text(BODY));
        let is_full = query.one_of("view", &VIEWS).as_deref() == Some(VIEWS[1]);
        CollectionSearch { lang, q, body, is_full }
    }

    /// True for an entry of the body that has each of the words, in any of its properties.
    fn finds(&self, entry: &CollectionEntry) -> bool {
        let body = entry.get(BODY).and_then(Value::as_str).unwrap_or_default();
        if !self.body.is_empty() && folded(body) != folded(&self.body) {
            return false;
        }
        let text = SEARCHED_IN.into_iter().filter_map(|name| entry.get(name)).map(written);
        let text = folded(&text.collect::<Vec<_>>().join("\n"));
        self.q.split_whitespace().all(|word| text.contains(&folded(word)))
    }

    /// The address of the page with these wishes, in the other view.
    fn in_view(&self, view: &str) -> String {
        let mut address = site::address("/data-collections", self.lang);
        let wishes = [("q", self.q.as_str()), (BODY, self.body.as_str()), ("view", view)];
        for (name, value) in wishes.into_iter().filter(|(_, value)| !value.is_empty()) {
            address += &format!("&{name}={}", percent_encoded(value));
        }
        address
    }
}

/// A value as a text. HTML holds control characters no more than XML does.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => for_xml(text),
        Value::Array(items) => for_xml(&items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")),
        _ => String::new(),
    }
}

async fn page(app: Data<App>, _: Caller, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let wanted = PageRequest::read(&app, &request, &mut query);
    let search = CollectionSearch::read(&request, &mut query);
    query.finish()?;
    let all = entries(&app).await?;
    let found: Vec<&CollectionEntry> = all.iter().filter(|entry| search.finds(entry)).collect();
    let after = wanted.after.clone().unwrap_or_default();
    let rest = found.iter().copied().filter(|entry| place(entry).as_slice() > after.as_slice());
    let (limit, hits) = (wanted.limit as usize, found.len());
    let mut shown: Vec<&CollectionEntry> = rest.take(limit + 1).collect();
    let more = shown.len() > limit;
    shown.truncate(limit);
    let end = shown.last().filter(|_| more).map(|entry| place(entry).to_vec());
    let before = prefix(&app.config, &request);
    let address = |query: String| match accepted(&request, &[HTML, JSON_LD]) {
        Some(JSON_LD) => format!("{before}/data-collections?{query}"),
        _ => format!("/data-collections?{query}"),
    };
    let next = wanted.next(&app, &request, end).map(|(_, query)| address(query));
    if accepted(&request, &[HTML, JSON_LD]) == Some(JSON_LD) {
        let body = to_json(&DataCatalog::of(app.writing(search.lang), shown.into_iter(), next))?;
        return Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, JSON_LD)).body(body));
    }
    let lang = search.lang;
    let main = html! {
        p { (lang.text("site-collections-about")) }
        @if let Some(law) = &app.profile.authority.register_law { p.law { (law.get(lang)) } }
        (form(&search, &bodies(&all)))
        (found_entries(&search, hits, &shown))
        @if let Some(next) = next { p { a rel="next" href=(next) { (lang.text("collections-more")) } } }
        (downloads(lang))
    };
    Ok(site::answer(site::framed(&app, &request, lang, &app.writing(lang).text("collections-title"), &main)))
}

/// The bodies that have entries, in the order of Swiss lists.
fn bodies(all: &[CollectionEntry]) -> Vec<&str> {
    let mut bodies: Vec<&str> = all.iter().filter_map(|entry| entry.get(BODY)?.as_str()).collect();
    bodies.sort_by_cached_key(|body| (sort_key(body), *body));
    bodies.dedup();
    bodies
}

fn form(search: &CollectionSearch, bodies: &[&str]) -> Markup {
    let lang = search.lang;
    html! {
        form role="search" action="/data-collections" {
            input type="hidden" name="lang" value=(lang.code());
            @if search.is_full { input type="hidden" name="view" value=(VIEWS[1]); }
            label { (lang.text("collections-search-in")) input type="search" name="q" value=(search.q) maxlength=(VALUE_LENGTH); }
            label {
                (lang.text("collections-responsible-body"))
                select name=(BODY) {
                    option value="" { (lang.text("collections-all-bodies")) }
                    @for body in bodies { option value=(body) selected[*body == search.body] { (for_xml(body)) } }
                }
            }
            button { (lang.text("collections-search")) }
        }
    }
}

/// The number of hits, the ways to look at them, and the entries of this page.
fn found_entries(search: &CollectionSearch, hits: usize, shown: &[&CollectionEntry]) -> Markup {
    let lang = search.lang;
    let is_narrowed = !search.q.is_empty() || !search.body.is_empty();
    let current = |is_it: bool| is_it.then_some("true");
    html! {
        h2 { (lang.message("collections-hits", &[("count", &(hits as i64))])) }
        nav aria-label=(lang.text("collections-view")) { ul {
            li { a href=(search.in_view(VIEWS[0])) aria-current=[current(!search.is_full)] { (lang.text("collections-as-list")) } }
            li { a href=(search.in_view(VIEWS[1])) aria-current=[current(search.is_full)] { (lang.text("collections-in-full")) } }
            @if is_narrowed { li { a href=(site::address("/data-collections", lang)) { (lang.text("collections-show-all")) } } }
        } }
        @for entry in shown { (self::entry(search, entry)) }
    }
}

/// The formats in which all published entries can be had.
fn downloads(lang: Lang) -> Markup {
    html! {
        div.downloads {
            h3 { (lang.text("page-download")) }
            ul { @for format in ["csv", "xlsx", "ndjson"] {
                li { a href={ "/v1/data-collections/export?format=" (format) } { (format.to_uppercase()) } }
            } }
        }
    }
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
    fn of<'a>(writing: Writing, records: impl Iterator<Item = &'a Map<String, Value>>, next: Option<String>) -> Self {
        DataCatalog {
            context: "https://schema.org",
            class: "DataCatalog",
            name: writing.text("collections-title"),
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

/// An entry of the register: its name and body, which open what else is known of it.
fn entry(search: &CollectionSearch, entry: &CollectionEntry) -> Markup {
    let lang = search.lang;
    let text = |value: &Value| if *value == Value::Bool(true) { lang.text("collections-yes") } else { written(value) };
    let day = |text: String| text.parse::<NaiveDate>().map_or(text, |day| lang.day(day));
    let of = |name: &str| entry.get(name).map(text).filter(|text| !text.is_empty());
    html! {
        article {
            details open[search.is_full] {
                summary {
                    strong { (of("name").unwrap_or_default()) } " " small { (of("number").unwrap_or_default()) }
                    @if let Some(body) = of(BODY) { br; (body) }
                }
                dl.entry {
                    @for (name, id) in PROPERTIES {
                        @if let Some(value) = of(name) {
                            dt { (lang.text(id)) }
                            dd { @if name == "last_checked_on" { (day(value)) } @else { (value) } }
                        }
                    }
                }
            }
        }
    }
}
