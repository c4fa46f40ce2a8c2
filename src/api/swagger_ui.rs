//! Swagger UI: the API document as a page, where operations can be tried.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue, LOCATION};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use utoipa_swagger_ui::Config;

use super::App;
use super::endpoint::Endpoint;
use super::http::{content_tag, tagged};
use crate::error::{Error, Result};

/// Swagger UI brings its own scripts and styles, and puts small images and styles into the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/swagger-ui/{file:.*}", file).undocumented(),
        Endpoint::get("/swagger-ui", folder).undocumented(),
    ]
}

async fn folder() -> HttpResponse {
    // Relative, so that it leads to the right place behind a path prefix too.
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "swagger-ui/")).finish()
}

/// The settings of the page: nothing is open, for all operations together are long; what is typed above finds one. The
/// token is kept over a reload only where the service is for its own machine alone.
fn config(is_development: bool) -> Config<'static> {
    Config::from("../openapi.json")
        .use_base_layout()
        .doc_expansion("none")
        .filter(true)
        .default_models_expand_depth(-1)
        .display_request_duration(true)
        .persist_authorization(is_development)
        .try_it_out_enabled(true)
        .validator_url("none")
}

async fn file(app: Data<App>, request: HttpRequest, path: Path<String>) -> Result<HttpResponse> {
    let file = utoipa_swagger_ui::serve(&path, Arc::new(config(app.tokens.development)))
        .map_err(|error| Error::Internal(format!("Swagger UI: {error}")))?
        .ok_or_else(|| Error::NotFound("Swagger UI has no such file".into()))?;
    let mut bytes = file.bytes.into_owned();
    if file.content_type.starts_with("text/html") {
        bytes = String::from_utf8_lossy(&bytes)
            .replace("<title>Swagger UI</title>", "<title>aufsicht: the API</title>")
            .into_bytes();
    }
    let mut answer = tagged(&request, StatusCode::OK, &file.content_type, &content_tag(&bytes), bytes);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(answer)
}
