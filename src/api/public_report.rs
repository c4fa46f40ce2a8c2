//! The page of the statistics for everybody: tables, charts and downloads, without a script or any other file.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};

use crate::api::App;
use crate::api::endpoint::Endpoint;
use crate::api::http::{content_tag, tagged};
use crate::api::query::{Parameter, Query, YEARS};
use crate::api::site::{self, POLICY};
use crate::api::statistics::request::{lang_parameter, read_lang};
use crate::api::statistics::tables::OFFER;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::formats::HIDDEN;
use crate::formats::chart::Chart;
use crate::messages::Lang;
use crate::reports::builder::{chart, grid};
use crate::reports::html::{Place, blocks};
use crate::reports::report::Block;
use crate::statistics::layout::{Layout, TABLES};
use crate::statistics::public;
use crate::statistics::repository::TableRequest;
use crate::statistics::suppression::Suppression;
use crate::statistics::table::Table;

/// The number of years that are shown.
const SHOWN: i32 = 6;

/// The endpoint of this file.
pub fn endpoint() -> Endpoint {
    Endpoint::get("/statistics", page)
        .named("get_statistics_page", "statistics", "Statistics for everybody")
        .query(vec![Parameter::year("to", "The last year; without it, the last one published", 2017), lang_parameter()])
        .undocumented()
}

async fn page(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let lang = read_lang(&request, &mut query);
    let to = query.number("to", YEARS);
    query.finish()?;
    let Some(suppression) = &app.public else {
        return Err(Error::NotFound("the statistics are not public".into()));
    };
    let (state, name, today) = (app.clone(), suppression.layout.clone(), app.clock.today());
    let read = move |db: &mut Db| {
        let layout = state.profile.layouts.get(Some(&name)).ok_or_else(|| Error::Internal("no layout".into()))?;
        let Some(suppression) = &state.public else { return Err(Error::Internal("not public".into())) };
        let years = public::published_years(db, suppression, layout, today)?;
        let last = to.or(years.last().copied());
        let range = last.map(|last| last - SHOWN + 1..=last);
        let mut tables = Vec::new();
        for table in layout.tables() {
            let Some(range) = range.clone() else { continue };
            let wanted = TableRequest { layout: &layout.name, table: &table.name, lang, years: range, today };
            let drawn = public::table(db, suppression, layout, &wanted)?;
            let charts = table.charts.iter().map(|chart| drawn.chart(chart)).filter(Chart::is_telling).collect();
            let title = layout.title_of(table).get(lang).to_owned();
            tables.push(Drawn { name: table.name.clone(), title, table: drawn, charts });
        }
        Ok((years, tables))
    };
    let (years, tables) = app.database.read(read).await?;
    let layout =
        app.profile.layouts.get(Some(&suppression.layout)).ok_or_else(|| Error::Internal("no layout".into()))?;
    let body = written((&app, &request, lang), layout, suppression, &years, &tables).into_bytes();
    let mut answer = tagged(&request, StatusCode::OK, site::HTML_UTF8, &content_tag(&body), body);
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(answer)
}

struct Drawn {
    name: String,
    title: String,
    table: Table,
    charts: Vec<Chart>,
}

/// The page with what is to be seen of the tables.
fn written(
    (app, request, lang): (&App, &HttpRequest, Lang),
    layout: &Layout,
    suppression: &Suppression,
    years: &[i32],
    tables: &[Drawn],
) -> String {
    let writing = app.profile.authority.writing(lang);
    let shown = tables.first().map(|drawn| drawn.table.to);
    let main = html! {
        @if tables.is_empty() { p { (lang.text("page-nothing-published")) } }
        @else { p { (lang.message("page-explanation", &[("threshold", &suppression.threshold), ("sign", &HIDDEN)])) } }
        @if years.len() > 1 {
            nav aria-label=(lang.text("page-up-to-year")) { ul {
                li { (lang.labelled(&lang.text("page-up-to-year"), "")) }
                @for year in years {
                    li { a href=(address(lang, Some(*year))) aria-current=[(Some(*year) == shown).then_some("true")] { (year) } }
                }
            } }
        }
        @if tables.len() > 1 {
            nav.toc aria-label=(lang.text("report-contents")) { ol { @for Drawn { name, title, .. } in tables {
                li { a href={ "#" (name) } { (title) } }
            } } }
        }
        @for Drawn { name, title, table, charts } in tables {
            section id=(name) {
                h2 { (title) }
                @let drawn = std::iter::once(Block::Table(grid(writing, table, title)));
                @let all: Vec<Block> = drawn.chain(charts.iter().map(|drawing| chart(writing, drawing))).collect();
                (blocks(Place { lang, heading: title, anchor: name }, &all))
                (downloads(lang, name, title, table))
            }
        }
        @if let Some(first) = tables.first() { (sources(lang, &first.table)) }
    };
    site::framed(app, request, lang, layout.title.get(lang), &main)
}

/// The origin of the figures: the register, and when each year was published.
fn sources(lang: Lang, table: &Table) -> Markup {
    let published = table.sources.iter().filter_map(|source| Some((source, source.published_on?)));
    html! {
        section {
            h2 { (lang.text("report-sources")) }
            p { (lang.text("site-source")) }
            ul { @for (source, day) in published {
                li {
                    (lang.message("site-published-on", &[("year", &source.year), ("day", &day)]))
                    @if let Some(text) = &source.source { " (" (text) ")" }
                }
            } }
        }
    }
}

fn address(lang: Lang, to: Option<i32>) -> String {
    let to = to.map(|year| format!("&to={year}")).unwrap_or_default();
    format!("statistics?lang={}{to}", lang.code())
}

fn downloads(lang: Lang, name: &str, title: &str, table: &Table) -> Markup {
    let label = lang.labelled(&lang.text("page-download"), title);
    let path = if TABLES.contains(&name) { name.to_owned() } else { format!("tables/{name}") };
    html! {
        div.downloads {
            h3 { (label) }
            ul { @for format in OFFER.formats() {
                @let query = format!("from={}&to={}&lang={}&format={}", table.from, table.to, lang.code(), format.name);
                li { a href=(format!("/v1/statistics/{path}?{query}")) type=(format.media_type) {
                    (format.name.to_uppercase())
                } }
            } }
        }
    }
}
