//! Pages and documents for people and tools: the API document, Swagger UI, the problem types.

use std::sync::Arc;

use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use utoipa_swagger_ui::Config as SwaggerConfig;

use super::App;
use super::endpoint::{Content, Endpoint, JSON};
use super::http::{content_tag, tagged, to_json};
use crate::error::{Error, PROBLEMS, Result};

/// Swagger UI brings its own scripts and styles, and puts small images and styles into the page.
const SWAGGER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/", start)
            .named("get_start", "operation", "Start page")
            .described("Says what this is and leads to the documentation.")
            .answers(200, "The page", &[], vec![Content::text("text/html", "<!doctype html>")]),
        Endpoint::get("/openapi.json", document)
            .named("get_openapi", "operation", "Read this document")
            .described("This API document, made from the code that answers.")
            .headers(&["IfNoneMatch"])
            .answers(200, "The OpenAPI document", &["ETag"], vec![Content {
                media_type: JSON,
                schema: json!({
                    "type": "object",
                    "required": ["openapi"],
                    "properties": {"openapi": {"type": "string", "description": "The version of OpenAPI."}}
                }),
                example: json!({"openapi": "3.1.0"}),
            }])
            .answers(304, "Unchanged", &["ETag"], vec![]),
        Endpoint::get("/swagger-ui/{file:.*}", swagger).undocumented(),
        Endpoint::get("/problems/{slug}", problem_type)
            .named("get_problem_type", "operation", "Explain a problem type")
            .described("What the `type` of a problem document stands for, and what a client can do about it.")
            .answers(200, "The problem type", &[], vec![Content {
                media_type: JSON,
                schema: json!({
                    "type": "object",
                    "required": ["type", "title", "status", "remedy"],
                    "properties": {
                        "type": {"type": "string", "format": "uri-reference", "description": "As in problem documents."},
                        "title": {"type": "string", "description": "What kind of problem it is."},
                        "status": {"type": "integer", "description": "The HTTP status it is sent with."},
                        "remedy": {"type": "string", "description": "What a client can do about it."}
                    }
                }),
                example: json!({
                    "type": "/problems/not-found", "title": "There is nothing here", "status": 404,
                    "remedy": "Check the address and the id."
                }),
            }]),
    ]
}

const START: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>aufsicht</title>
<style>
body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem; color: #1b1b1b; }
a { color: #06418c; }
</style>
</head>
<body>
<main>
<h1>aufsicht</h1>
<p>The register and statistics service of a data protection authority. It registers business cases, projects, audits,
events and media requests, and counts the statistics of the yearly activity report from them.</p>
<ul>
<li><a href="/swagger-ui/">Try the API</a> in the browser: press <em>Authorize</em> and paste an access token.</li>
<li><a href="/openapi.json">The API document</a> (OpenAPI 3.1), from which clients can be generated.</li>
</ul>
</main>
</body>
</html>
"#;

/// The page has a style of its own and nothing else.
const START_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

async fn start() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, START_POLICY))
        .body(START)
}

async fn document(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let tag = content_tag(&app.document);
    tagged(&request, actix_web::http::StatusCode::OK, JSON, &tag, app.document.clone())
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

async fn problem_type(slug: Path<String>) -> Result<HttpResponse> {
    let problem = PROBLEMS.iter().find(|problem| problem.slug == *slug);
    let problem = problem.ok_or_else(|| Error::NotFound("there is no such problem type".into()))?;
    let body = json!({
        "type": format!("/problems/{}", problem.slug),
        "title": problem.title,
        "status": problem.status,
        "remedy": problem.remedy,
    });
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, JSON)).body(to_json(&body)?))
}
