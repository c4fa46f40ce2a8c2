//! The service's own issuer: access tokens for service accounts (OAuth 2.0 client credentials, RFC 6749 section 4.4).

use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::api::App;
use crate::api::client_address;
use crate::api::endpoint::{Content, Endpoint, JSON};
use crate::api::http::Body;
use crate::auth::Scope;
use crate::error::{self, Error, Result};
use crate::json::to_json;

const FORM: &str = "application/x-www-form-urlencoded";

/// The time for which a token of a service account is valid.
const TTL: Duration = Duration::from_secs(15 * 60);

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    let token = json!({"access_token": "eyJhbGciOiJIUzI1NiJ9...", "token_type": "Bearer", "expires_in": 900, "scope": "register:read"});
    let form = json!({
        "type": "object", "required": ["grant_type"],
        "properties": {
            "grant_type": {"type": "string", "enum": ["client_credentials"], "description": "The only grant there is."},
            "scope": {"type": "string", "description": "The scopes wanted, separated by spaces; all that the account has when absent."},
            "client_id": {"type": "string", "description": "The account, where it is not sent by Basic authentication."},
            "client_secret": {"type": "string", "description": "Its secret, likewise."}
        }
    });
    vec![
        Endpoint::new(Method::POST, "/oauth/token", token_endpoint)
            .named("create_token", "access", "Log in as a service account")
            .described(
                "OAuth 2.0 client credentials, by Basic authentication or in the body. The token is valid for 15 \
                 minutes. Refusals are problem documents whose `error` is the code of RFC 6749. The body must not be packed.",
            )
            .with_client_credentials()
            .plain_body()
            .body(vec![Content { media_type: FORM, schema: form, example: json!({"grant_type": "client_credentials", "scope": "register:read"}) }])
            .answers(200, "An access token", &[], vec![Content::json("Token", token)])
            .problems(&[&error::INVALID_CLIENT, &error::INVALID_GRANT, &error::TOO_MANY_REQUESTS])
            .schema_value("Token", json!({
                "type": "object", "description": "An access token.", "required": ["access_token", "token_type", "expires_in", "scope"],
                "properties": {
                    "access_token": {"type": "string", "description": "The token, for `Authorization: Bearer`."},
                    "token_type": {"type": "string", "description": "Bearer."},
                    "expires_in": {"type": "integer", "minimum": 1, "description": "Seconds that it is valid for."},
                    "scope": {"type": "string", "description": "The scopes that it has."}
                }
            })),
    ]
}

/// The account and secret of a request.
fn credentials(request: &HttpRequest, form: &[(String, String)]) -> Result<(String, String)> {
    let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let Some(header) = request.headers().get(AUTHORIZATION) else {
        return Ok((
            field("client_id").ok_or(Error::InvalidClient)?,
            field("client_secret").ok_or(Error::InvalidClient)?,
        ));
    };
    let basic = header.to_str().ok().and_then(|text| text.split_once(' '));
    let (_, encoded) = basic.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")).ok_or(Error::InvalidClient)?;
    let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let (id, secret) = decoded.as_deref().and_then(|text| text.split_once(':')).ok_or(Error::InvalidClient)?;
    Ok((id.to_owned(), secret.to_owned()))
}

async fn token_endpoint(app: Data<App>, request: HttpRequest, body: Body) -> Result<HttpResponse> {
    if !request.content_type().trim().eq_ignore_ascii_case(FORM) {
        return Err(Error::UnsupportedMediaType(FORM));
    }
    let text = std::str::from_utf8(&body.0).map_err(|_| Error::Malformed("the form is not UTF-8".into()))?;
    let form = actix_web::web::Query::<Vec<(String, String)>>::from_query(text)
        .map_err(|_| Error::Malformed("the form cannot be read".into()))?
        .into_inner();
    let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    if field("grant_type") != Some("client_credentials") {
        return Err(Error::InvalidGrant("unsupported_grant_type", "grant_type must be client_credentials".into()));
    }
    let (id, secret) = credentials(&request, &form)?;
    let address = client_address::counted(&app.config, &request);
    let client = app.clients.authenticate(&app.limits, &address, &id, &secret).await?.ok_or(Error::InvalidClient)?;
    let scopes: Vec<Scope> = match field("scope").map(str::trim).filter(|scope| !scope.is_empty()) {
        None => client.scopes.clone(),
        Some(wanted) => {
            let granted = |name: &str| Scope::parse(name).filter(|scope| client.scopes.contains(scope));
            let all: Option<Vec<Scope>> = wanted.split_ascii_whitespace().map(granted).collect();
            all.ok_or_else(|| {
                Error::InvalidGrant("invalid_scope", "the account does not have all of these scopes".into())
            })?
        }
    };
    let token = app.tokens.issue_for(&client.name, Some(&client.id), &scopes, TTL, app.clock.now())?;
    let scope = scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
    let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": TTL.as_secs(), "scope": scope});
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, JSON))
        .insert_header(("Pragma", "no-cache"))
        .body(to_json(&body)?))
}
