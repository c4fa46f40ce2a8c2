//! Pages and documents for people and tools: the API document, Swagger UI, the problem types.

use std::future::ready;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::Datelike;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_swagger_ui::Config as SwaggerConfig;

use super::App;
use super::endpoint::{Content, Endpoint, JSON};
use super::http::{accepted, content_tag, json_answer, tagged};
use crate::decimal::Decimal;
use crate::error::{self, Error, PROBLEMS, ProblemType, Result};
use crate::messages::Lang;
use crate::statistics::repository::{self, TableRequest};

/// Swagger UI brings its own scripts and styles, and puts small images and styles into the page.
const SWAGGER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/", start)
            .named("get_start", "operation", "Start page")
            .described("Says what this is and leads to the documentation.")
            .answers(200, "The page", &[], vec![Content::text(HTML, "<!DOCTYPE html>")]),
        document_endpoint("/openapi.json", "3.1.0", 0)
            .named("get_openapi", "operation", "Read this document")
            .described("This API document, made from the code that answers."),
        document_endpoint("/openapi-3.0.json", "3.0.3", 1)
            .named("get_openapi_3_0", "operation", "Read this document as OpenAPI 3.0")
            .described("The same document, converted for generators that do not read OpenAPI 3.1."),
        Endpoint::get("/swagger-ui/{file:.*}", swagger).undocumented(),
        Endpoint::get("/swagger-ui", swagger_folder).undocumented(),
        Endpoint::get("/problems/{slug}", problem_type)
            .named("get_problem_type", "operation", "Explain a problem type")
            .described("What the `type` of a problem document stands for, and what a client can do about it.")
            .answers(
                200,
                "The problem type",
                &[],
                vec![
                    Content::inline(JSON, &ExplainedProblem::of(&error::NOT_FOUND)),
                    Content::text(HTML, "<!DOCTYPE html>"),
                ],
            ),
    ]
}

const HTML: &str = "text/html";

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
    fn of(problem: &ProblemType) -> Self {
        let ProblemType { title, status, remedy, .. } = *problem;
        ExplainedProblem { r#type: format!("/problems/{}", problem.slug), title, status, remedy }
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
    let content = Content::inline(JSON, &ApiDocument { openapi });
    Endpoint::get(path, move |app: Data<App>, request: HttpRequest| {
        let answer =
            |document: &Vec<u8>| tagged(&request, StatusCode::OK, JSON, &content_tag(document), document.clone());
        ready(app.documents.get().map(|documents| answer(&documents[place])))
    })
    .headers(&["IfNoneMatch"])
    .answers(200, "The OpenAPI document", &["ETag"], vec![content])
    .answers(304, "Unchanged", &["ETag"], vec![])
}

const STYLE: &str = "
body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; color: #1b1b1b; }
a { color: #06418c; } svg { width: 100%; height: auto; } figure { margin: 2rem 0; } code { font-size: 0.95em; }";

/// A page has a style of its own and nothing else.
const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

fn page(title: &str, main: &Markup) -> HttpResponse {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { h1 { (title) } (main) } }
        }
    };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .body(page.into_string())
}

async fn start(app: Data<App>) -> Result<HttpResponse> {
    let chart = if app.config.secrets()?.development { Some(first_statistic(&app).await?) } else { None };
    Ok(page(
        "aufsicht",
        &html! {
            p {
                "The register and statistics service of a data protection authority. It registers business cases, projects, \
                 audits, events and media requests, and counts the statistics of the yearly activity report from them."
            }
            ul {
                li {
                    a href="/swagger-ui/" { "Try the API" } " in the browser: press " em { "Authorize" }
                    " and paste an access token."
                }
                li {
                    a href="/openapi.json" { "The API document" } " (OpenAPI 3.1; also as "
                    a href="/openapi-3.0.json" { "OpenAPI 3.0" } "), from which clients can be generated."
                }
                li { "The table of the activity report: " code { "GET /v1/statistics/services?from=2012&to=2017" } }
            }
            @if let Some(chart) = chart { figure { (PreEscaped(chart)) } }
        },
    ))
}

/// A table of the last years in which there was anything, by channel where there is such a table, as a chart. Figures need a token: they are shown here in
/// development mode only, which is reached from the same machine alone.
async fn first_statistic(app: &Data<App>) -> Result<String> {
    let today = app.clock.today();
    let complete = today.year() - 1;
    let state = app.clone();
    let chart = app.database.read(move |db| {
        let layout = state.profile.layouts.get(None).ok_or_else(|| Error::Internal("no layout".into()))?;
        let drawn = layout.tables().find(|table| !table.charts.is_empty());
        let Some(lines) = layout.table("channels").or(drawn) else { return Ok(None) };
        let wanted = |years| TableRequest { layout: &layout.name, table: &lines.name, lang: Lang::En, years, today };
        let all = repository::table(db, Some(layout), &wanted(complete - 49..=complete))?;
        let any =
            |index: usize| all.lines.iter().any(|line| line.values[index].is_some_and(|value| value > Decimal::ZERO));
        let last = (0..all.years.len()).rev().find(|index| any(*index)).map_or(complete, |index| all.years[index]);
        let table = repository::table(db, Some(layout), &wanted(last - 5..=last))?;
        Ok::<_, Error>(lines.charts.first().map(|chart| table.chart(chart)))
    });
    Ok(chart.await?.map(|chart| chart.to_svg()).unwrap_or_default())
}

async fn swagger_folder() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/swagger-ui/")).finish()
}

async fn swagger(path: Path<String>) -> Result<HttpResponse> {
    let config = SwaggerConfig::from("/openapi.json")
        .persist_authorization(false)
        .try_it_out_enabled(true)
        .validator_url("none");
    let file = utoipa_swagger_ui::serve(&path, Arc::new(config))
        .map_err(|error| Error::Internal(format!("Swagger UI: {error}")))?
        .ok_or_else(|| Error::NotFound("Swagger UI has no such file".into()))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, file.content_type))
        .insert_header((CONTENT_SECURITY_POLICY, SWAGGER_POLICY))
        .body(file.bytes.into_owned()))
}

async fn problem_type(request: HttpRequest, slug: Path<String>) -> Result<HttpResponse> {
    let problem = PROBLEMS.iter().find(|problem| problem.slug == *slug);
    let problem = problem.ok_or_else(|| Error::NotFound("there is no such problem type".into()))?;
    if accepted(&request, &[JSON, HTML]) == Some(HTML) {
        return Ok(page(
            problem.title,
            &html! {
                p { (problem.remedy) }
                p { "Sent with the HTTP status " (problem.status) ", as " code { "/problems/" (problem.slug) } "." }
            },
        ));
    }
    json_answer(StatusCode::OK, &ExplainedProblem::of(problem))
}
