//! Public information about the issuers of access tokens, and the contact for reports of weaknesses.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{SecondsFormat, TimeDelta};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::App;
use crate::api::endpoint::{Content, Endpoint, JSON};
use crate::api::http::json_answer;
use crate::api::public_address::address;
use crate::auth::{PublicKeys, Scope};
use crate::error::{Error, Result};

/// The time for which `security.txt` is valid (RFC 9116 advises less than a year).
const VALID: TimeDelta = TimeDelta::days(180);

/// The issuer in examples.
const ISSUER: &str = "aufsicht";
/// The address of the service in examples.
const ORIGIN: &str = "https://aufsicht.example";

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    let text = "Contact: mailto:security@example.ch\nExpires: 2018-03-14T09:30:00Z\n";
    vec![
        Endpoint::get("/.well-known/oauth-authorization-server", authorization_server)
            .named("get_oauth_metadata", "access", "Find the token endpoint")
            .described("What this issuer can do (RFC 8414).")
            .answers(200, "The metadata", &[], vec![Content::of(JSON, &ServerMetadata::of(ISSUER, ORIGIN))]),
        Endpoint::get("/.well-known/oauth-protected-resource", protected_resource)
            .named("get_resource_metadata", "access", "Find the issuers of access tokens")
            .described("Whose tokens this service takes, and the scopes there are (RFC 9728).")
            .answers(
                200,
                "The metadata",
                &[],
                vec![Content::of(JSON, &ResourceMetadata::of(&[ISSUER], ORIGIN.into()))],
            ),
        Endpoint::get("/.well-known/jwks.json", keys)
            .named("get_jwks", "access", "Read the public keys")
            .described(
                "The public keys that this issuer's tokens are checked with (RFC 7517), so that others can check them \
                 too. Empty when it signs with a secret.",
            )
            .answers(200, "The keys", &[], vec![Content::of(JSON, &public_key())]),
        Endpoint::get("/.well-known/security.txt", security)
            .named("get_security_contact", "access", "Find whom to tell of weaknesses")
            .described("Where weaknesses of this service are reported (RFC 9116).")
            .answers(200, "The contact", &[], vec![Content::text("text/plain", text)]),
    ]
}

/// An issuer of access tokens (RFC 8414).
#[derive(Serialize, ToSchema)]
struct ServerMetadata {
    /// The issuer, as it stands in `iss`.
    issuer: String,
    /// The address where tokens are given.
    #[schema(format = "uri")]
    token_endpoint: String,
    /// The address of the public keys.
    jwks_uri: String,
    /// The grants there are.
    grant_types_supported: [&'static str; 1],
    /// The kinds of answer of an authorization endpoint, which there is none of.
    response_types_supported: [&'static str; 0],
    /// The ways in which a service account can log in.
    token_endpoint_auth_methods_supported: [&'static str; 2],
    /// The scopes there are.
    #[schema(value_type = Vec<String>)]
    scopes_supported: &'static [Scope],
}

impl ServerMetadata {
    fn of(issuer: &str, origin: &str) -> Self {
        ServerMetadata {
            issuer: issuer.to_owned(),
            token_endpoint: format!("{origin}/oauth/token"),
            jwks_uri: format!("{origin}/.well-known/jwks.json"),
            grant_types_supported: ["client_credentials"],
            response_types_supported: [],
            token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
            scopes_supported: Scope::ALL,
        }
    }
}

/// A resource that takes access tokens (RFC 9728).
#[derive(Serialize, ToSchema)]
struct ResourceMetadata {
    /// This service.
    resource: String,
    /// The issuers whose tokens it takes.
    authorization_servers: Vec<String>,
    /// The scopes there are.
    #[schema(value_type = Vec<String>)]
    scopes_supported: &'static [Scope],
    /// The ways in which a token can be sent.
    bearer_methods_supported: [&'static str; 1],
    /// The address of the API document.
    resource_documentation: String,
}

impl ResourceMetadata {
    fn of(issuers: &[&str], origin: String) -> Self {
        let resource_documentation = format!("{origin}/openapi.json");
        ResourceMetadata {
            resource: origin,
            authorization_servers: issuers.iter().map(|issuer| (*issuer).to_owned()).collect(),
            scopes_supported: Scope::ALL,
            bearer_methods_supported: ["header"],
            resource_documentation,
        }
    }
}

/// An example of public keys.
fn public_key() -> PublicKeys {
    let keys = json!([{
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "use": "sig",
        "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    }]);
    PublicKeys { keys: serde_json::from_value(keys).unwrap_or_default() }
}

async fn authorization_server(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    json_answer(StatusCode::OK, &ServerMetadata::of(app.tokens.issuer(), &address(&app.config, &request)))
}

async fn protected_resource(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    json_answer(StatusCode::OK, &ResourceMetadata::of(&app.tokens.issuers(), address(&app.config, &request)))
}

async fn keys(app: Data<App>) -> Result<HttpResponse> {
    json_answer(StatusCode::OK, &app.tokens.own().published)
}

async fn security(app: Data<App>) -> Result<HttpResponse> {
    let authority = &app.profile.authority;
    let contact = app.config.server.security_contact.as_ref().or(authority.security_contact.as_ref());
    let none = || Error::NotFound("the authority has named nobody whom weaknesses are told to".into());
    let languages: Vec<&str> = authority.languages.iter().map(|lang| lang.code()).collect();
    let expires = (app.clock.now() + VALID).and_utc().to_rfc3339_opts(SecondsFormat::Secs, true);
    let text = format!(
        "Contact: {}\nExpires: {expires}\nPreferred-Languages: {}\n",
        contact.ok_or_else(none)?,
        languages.join(", ")
    );
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/plain; charset=utf-8")).body(text))
}
