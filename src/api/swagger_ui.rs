//! Swagger UI: the API document as a page, where operations can be tried.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue, LOCATION};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use utoipa_swagger_ui::{Config, oauth};

use super::App;
use super::endpoint::Endpoint;
use super::http::{content_tag, tagged};
use crate::error::{Error, Result};

/// The content policy of the page: Swagger UI brings its own scripts and styles, puts small images and styles into the page, and
/// asks this service and the OpenID provider where people log in.
fn policy(provider: Option<&str>) -> String {
    let origin = provider.and_then(|issuer| issuer.parse::<ureq::http::Uri>().ok()).and_then(|issuer| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        let authority = issuer.authority()?.as_str();
        authority.chars().all(is_plain).then(|| format!(" {}://{authority}", issuer.scheme_str().unwrap_or("https")))
    });
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src \
         'self'{}; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        origin.unwrap_or_default()
    )
}

/// The page that a login at a provider ends on.
const RETURN: &str = "oauth2-redirect.html";

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        // Here a provider leads people back, with parameters of its own.
        Endpoint::get(format!("/swagger-ui/{RETURN}"), back).any_query().undocumented(),
        Endpoint::get("/swagger-ui/{file:.*}", file).undocumented(),
        Endpoint::get("/swagger-ui", folder).undocumented(),
    ]
}

async fn folder() -> HttpResponse {
    // Relative, so that it leads to the right place behind a path prefix too.
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "swagger-ui/")).finish()
}

/// The settings of the page: nothing is open, for all operations together are long; what is typed above finds one. The
/// token is kept over a reload only where the service is for its own machine alone. Who logs in at the provider proves by PKCE
/// to be the one who has begun.
fn config(is_development: bool) -> Config<'static> {
    let login = oauth::Config::new().use_pkce_with_authorization_code_grant(true);
    Config::with_oauth_config(["../openapi.json"], login)
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
    answer(&app, &request, &path)
}

async fn back(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    answer(&app, &request, RETURN)
}

/// The answer with a file of Swagger UI.
fn answer(app: &App, request: &HttpRequest, name: &str) -> Result<HttpResponse> {
    let file = utoipa_swagger_ui::serve(name, Arc::new(config(app.tokens.development)))
        .map_err(|error| Error::Internal(format!("Swagger UI: {error}")))?
        .ok_or_else(|| Error::NotFound("Swagger UI has no such file".into()))?;
    let mut bytes = file.bytes.into_owned();
    if file.content_type.starts_with("text/html") {
        bytes = String::from_utf8_lossy(&bytes)
            .replace("<title>Swagger UI</title>", "<title>aufsicht: the API</title>")
            .into_bytes();
    }
    let mut answer = tagged(request, StatusCode::OK, &file.content_type, &content_tag(&bytes), bytes);
    let headers = answer.headers_mut();
    let policy = HeaderValue::try_from(policy(app.config.provider.issuer.as_deref()));
    headers.insert(CONTENT_SECURITY_POLICY, policy.map_err(|error| Error::Internal(error.to_string()))?);
    Ok(answer)
}
