//! Pages and documents for people and tools: the start page, the API document, the problem types.

use std::future::ready;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::Datelike;
use maud::html;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::endpoint::{Content, Endpoint, JSON};
use super::http::{accepted, content_tag, json_answer, tagged};
use super::public_address::{document_outside, prefix};
use super::query::Query;
use super::site::{self, HTML};
use super::statistics::data_package::path_of;
use super::statistics::request::{lang_parameter, read_lang};
use crate::decimal::Decimal;
use crate::error::{self, Error, PROBLEMS, ProblemType, Result};
use crate::messages::Lang;
use crate::reports::builder;
use crate::reports::html::{Place, block};
use crate::reports::report::Block;
use crate::statistics::repository::{self, TableRequest};

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/", start)
            .named("get_start", "operation", "Start page")
            .described("Leads to what the authority publishes, and to the documentation.")
            .headers(&["AcceptLanguage"])
            .query(vec![lang_parameter()])
            .answers(200, "The page", &[], vec![Content::text(HTML, "<!DOCTYPE html>")]),
        document_endpoint("/openapi.json", "3.1.0", 0)
            .named("get_openapi", "operation", "Read this document")
            .described("This API document, made from the code that answers."),
        document_endpoint("/openapi-3.0.json", "3.0.3", 1)
            .named("get_openapi_3_0", "operation", "Read this document as OpenAPI 3.0")
            .described("The same document, converted for generators that do not read OpenAPI 3.1."),
        Endpoint::get("/problems/{slug}", problem_type)
            .named("get_problem_type", "operation", "Explain a problem type")
            .described("What the `type` of a problem document stands for, and what a client can do about it.")
            .answers(
                200,
                "The problem type",
                &[],
                vec![
                    Content::of(JSON, &ExplainedProblem::of(&error::NOT_FOUND, "")),
                    Content::text(HTML, "<!DOCTYPE html>"),
                ],
            ),
    ]
}

/// A problem type, and what a client can do about it.
#[derive(Serialize, ToSchema)]
struct ExplainedProblem {
    /// As in problem documents.
    #[schema(format = "uri-reference")]
    r#type: String,
    /// The kind of problem.
    title: &'static str,
    /// The HTTP status it is sent with.
    status: u16,
    /// The advice to a client.
    remedy: &'static str,
}

impl ExplainedProblem {
    fn of(problem: &ProblemType, prefix: &str) -> Self {
        let ProblemType { title, status, remedy, .. } = *problem;
        ExplainedProblem { r#type: format!("{prefix}/problems/{}", problem.slug), title, status, remedy }
    }
}

/// An API document.
#[derive(Serialize, ToSchema)]
struct ApiDocument {
    /// The version of OpenAPI.
    openapi: &'static str,
}

/// An endpoint that gives the API document in a version of OpenAPI.
fn document_endpoint(path: &str, openapi: &'static str, place: usize) -> Endpoint {
    let content = Content::of(JSON, &ApiDocument { openapi });
    Endpoint::get(path, move |app: Data<App>, request: HttpRequest| {
        let answer = |document: &Vec<u8>| {
            let document = document_outside(&app, &request, document);
            tagged(&request, StatusCode::OK, JSON, &content_tag(&document), document)
        };
        ready(app.documents.get().map(|documents| answer(&documents[place])))
    })
    .headers(&["IfNoneMatch"])
    .answers(200, "The OpenAPI document", &["ETag"], vec![content])
    .answers(304, "Unchanged", &["ETag"], vec![])
}

/// The pages that there are for everybody, with the messages that say what is on them.
const PUBLISHED: [(&str, &str, &str); 3] = [
    ("/statistics", "site-statistics", "site-statistics-about"),
    ("/data-collections", "collections-title", "site-collections-about"),
    ("/publications", "report-publications", "site-publications-about"),
];

async fn start(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let lang = read_lang(&request, &mut query);
    query.finish()?;
    let chart = if app.config.secrets()?.development { first_statistic(&app, lang).await? } else { None };
    let layout = app.profile.layouts.get(None);
    let table = layout.and_then(|layout| layout.main_table().or(layout.tables().next()));
    let published = PUBLISHED.into_iter().filter(|(path, ..)| *path != "/statistics" || app.public.is_some());
    let main = html! {
        ul.cards { @for (path, title, about) in published {
            li { a href=(site::address(path, lang)) { (app.writing(lang).text(title)) } p { (lang.text(about)) } }
        } }
        h2 #developers { (lang.text("site-developers")) }
        p { (lang.text("site-developers-about")) }
        ul {
            li { a href="/swagger-ui/" { (lang.text("site-try")) } " (Swagger UI)" }
            li { a href="/openapi.json" { (lang.text("site-document")) } " (OpenAPI 3.1; " a href="/openapi-3.0.json" { "3.0" } ")" }
            @if let Some(table) = table { li { code { "GET /v1/statistics/" (path_of(table)) "?from=2012&to=2017" } } }
        }
        @if let Some(chart) = chart { (block(Place { lang, heading: "", anchor: "chart" }, &chart)) }
    };
    Ok(site::answer(site::framed(&app, &request, lang, &lang.text("site-published-here"), &main)))
}

/// A table of the last years in which there was anything, by channel where there is such a table, as a chart. Figures need a token: they are shown here in
/// development mode only, which is reached from the same machine alone.
async fn first_statistic(app: &Data<App>, lang: Lang) -> Result<Option<Block>> {
    let today = app.clock.today();
    let complete = today.year() - 1;
    let state = app.clone();
    let chart = app.database.read(move |db| {
        let layout = state.profile.layouts.get(None).ok_or_else(|| Error::Internal("no layout".into()))?;
        let drawn = layout.tables().find(|table| !table.charts.is_empty());
        let Some(lines) = layout.table("channels").or(drawn) else { return Ok(None) };
        let wanted = |years| TableRequest { layout: &layout.name, table: &lines.name, lang, years, today };
        let all = repository::table(db, Some(layout), &wanted(complete - 49..=complete))?;
        let any =
            |index: usize| all.lines.iter().any(|line| line.values[index].is_some_and(|value| value > Decimal::ZERO));
        let last = (0..all.years.len()).rev().find(|index| any(*index)).map_or(complete, |index| all.years[index]);
        let table = repository::table(db, Some(layout), &wanted(last - 5..=last))?;
        Ok::<_, Error>(lines.charts.first().map(|chart| table.chart(chart)))
    });
    let writing = app.profile.authority.writing(lang);
    Ok(chart.await?.map(|drawing| builder::chart(writing, &drawing)))
}

async fn problem_type(app: Data<App>, request: HttpRequest, slug: Path<String>) -> Result<HttpResponse> {
    let problem = PROBLEMS.iter().find(|problem| problem.slug == *slug);
    let problem = problem.ok_or_else(|| Error::NotFound("there is no such problem type".into()))?;
    let prefix = prefix(&app.config, &request);
    if accepted(&request, &[JSON, HTML]) == Some(HTML) {
        // Problems are explained in English.
        let main = html! {
            p { (problem.remedy) }
            p { "Sent with the HTTP status " (problem.status) ", as " code { (prefix) "/problems/" (problem.slug) } "." }
        };
        return Ok(site::answer(site::framed(&app, &request, Lang::En, problem.title, &main)));
    }
    json_answer(StatusCode::OK, &ExplainedProblem::of(problem, &prefix))
}
