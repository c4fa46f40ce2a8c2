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
use crate::api::reports::POLICY;
use crate::api::statistics::request::{lang_parameter, read_lang};
use crate::api::statistics::tables::OFFER;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::formats::HIDDEN;
use crate::formats::chart::Chart;
use crate::messages::Lang;
use crate::reports::builder::{chart, grid};
use crate::reports::html::{block, document};
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
            let charts = table.charts.iter().map(|chart| drawn.chart(chart)).collect();
            let title = layout.title_of(table).get(lang).to_owned();
            tables.push(Drawn { name: table.name.clone(), title, table: drawn, charts });
        }
        Ok(written((lang, &state.profile.authority.languages), layout, suppression, &years, tables))
    };
    let body = app.database.read(read).await?.into_bytes();
    let mut answer = tagged(&request, StatusCode::OK, "text/html; charset=utf-8", &content_tag(&body), body);
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(answer)
}

struct Drawn {
    name: String,
    title: String,
    table: Table,
    charts: Vec<Chart>,
}

fn written(
    (lang, languages): (Lang, &[Lang]),
    layout: &Layout,
    suppression: &Suppression,
    years: &[i32],
    tables: Vec<Drawn>,
) -> String {
    let title = layout.title.get(lang);
    let shown = tables.first().map(|drawn| drawn.table.to);
    let body = html! {
        nav aria-label=(lang.text("page-language")) { ul { @for &other in languages {
            li {
                a href=(address(other, shown)) hreflang=(other.code()) lang=(other.code())
                    aria-current=[(other == lang).then_some("page")] { (other.text("language-name")) }
            }
        } } }
        main {
            h1 { (title) }
            @if tables.is_empty() { p { (lang.text("page-nothing-published")) } }
            @else { p { (lang.message("page-explanation", &[("threshold", &suppression.threshold), ("sign", &HIDDEN)])) } }
            @if years.len() > 1 {
                nav aria-label=(lang.text("page-up-to-year")) { ul {
                    li { (lang.text("page-up-to-year")) ":" }
                    @for year in years {
                        li { a href=(address(lang, Some(*year))) aria-current=[(Some(*year) == shown).then_some("page")] { (year) } }
                    }
                } }
            }
            @for Drawn { name, title, table, charts } in &tables {
                section {
                    h2 { (title) }
                    (block(&Block::Table(grid(lang, table, title))))
                    @for drawing in charts { (block(&chart(drawing))) }
                    (downloads(lang, name, title, table))
                }
            }
        }
    };
    document(lang.code(), title, body)
}

fn address(lang: Lang, to: Option<i32>) -> String {
    let to = to.map(|year| format!("&to={year}")).unwrap_or_default();
    format!("/statistics?lang={}{to}", lang.code())
}

fn downloads(lang: Lang, name: &str, title: &str, table: &Table) -> Markup {
    let label = format!("{}: {title}", lang.text("page-download"));
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
