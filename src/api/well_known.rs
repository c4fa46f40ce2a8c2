//! Public information about the issuers of access tokens, and the contact for reports of weaknesses.

use actix_web::http::header::{CONTENT_TYPE, HOST};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{SecondsFormat, TimeDelta};
use serde_json::{Value, json};

use crate::api::App;
use crate::api::client_address;
use crate::api::endpoint::{Content, Endpoint, JSON};
use crate::auth::Scope;
use crate::error::Result;
use crate::json::to_json;

/// The time for which `security.txt` is valid (RFC 9116 advises less than a year).
const VALID: TimeDelta = TimeDelta::days(180);

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    let text = "Contact: mailto:security@example.ch\nExpires: 2018-03-14T09:30:00Z\n";
    vec![
        Endpoint::get("/.well-known/oauth-authorization-server", authorization_server)
            .named("get_oauth_metadata", "access", "Find the token endpoint")
            .described("What this issuer can do (RFC 8414).")
            .answers(200, "The metadata", &[], vec![server_metadata()]),
        Endpoint::get("/.well-known/oauth-protected-resource", protected_resource)
            .named("get_resource_metadata", "access", "Find the issuers of access tokens")
            .described("Whose tokens this service takes, and the scopes there are (RFC 9728).")
            .answers(200, "The metadata", &[], vec![resource_metadata()]),
        Endpoint::get("/.well-known/jwks.json", keys)
            .named("get_jwks", "access", "Read the public keys")
            .described(
                "The public keys that this issuer's tokens are checked with (RFC 7517), so that others can check them \
                 too. Empty when it signs with a secret.",
            )
            .answers(200, "The keys", &[], vec![public_keys()]),
        Endpoint::get("/.well-known/security.txt", security)
            .named("get_security_contact", "access", "Find whom to tell of weaknesses")
            .described("Where weaknesses of this service are reported (RFC 9116).")
            .answers(200, "The contact", &[], vec![Content::text("text/plain", text)]),
    ]
}

fn server_metadata() -> Content {
    let example = json!({"issuer": "aufsicht", "token_endpoint": "https://aufsicht.example/oauth/token"});
    let properties = json!({
        "issuer": line("The issuer, as it stands in `iss`."),
        "token_endpoint": {"type": "string", "format": "uri", "description": "Where tokens are given."},
        "jwks_uri": line("Where the public keys are."), "scopes_supported": list("The scopes there are.")
    });
    object(example, properties, &["issuer", "token_endpoint"])
}

fn resource_metadata() -> Content {
    let example = json!({"resource": "https://aufsicht.example", "authorization_servers": ["aufsicht"]});
    let properties = json!({
        "resource": line("This service."), "authorization_servers": list("The issuers whose tokens it takes."),
        "scopes_supported": list("The scopes there are.")
    });
    object(example, properties, &["resource", "authorization_servers"])
}

fn public_keys() -> Content {
    let key = json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "use": "sig",
        "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    });
    let keys = json!({"type": "array", "items": {"type": "object", "description": "A public key."}, "description": "The keys."});
    object(json!({"keys": [key]}), json!({"keys": keys}), &["keys"])
}

fn line(what: &str) -> Value {
    json!({"type": "string", "description": what})
}

fn list(what: &str) -> Value {
    json!({"type": "array", "items": {"type": "string"}, "description": what})
}

/// JSON of which an RFC says what further properties it can have.
fn object(example: Value, properties: Value, required: &[&str]) -> Content {
    let schema = json!({"type": "object", "required": required, "properties": properties});
    Content { media_type: JSON, schema, example }
}

/// Returns the scheme and host of the service, as its client sees them. The word of a proxy on that counts only where
/// the proxy is trusted.
pub fn origin(app: &App, request: &HttpRequest) -> String {
    if client_address::trusts_peer(&app.config, request) {
        let connection = request.connection_info();
        return format!("{}://{}", connection.scheme(), connection.host());
    }
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    format!("http://{host}")
}

fn answer(body: &Value) -> Result<HttpResponse> {
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, JSON)).body(to_json(body)?))
}

fn scopes() -> Vec<&'static str> {
    Scope::ALL.iter().map(|scope| scope.as_str()).collect()
}

async fn authorization_server(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let origin = origin(&app, &request);
    answer(&json!({
        "issuer": app.config.tokens.issuer, "token_endpoint": format!("{origin}/oauth/token"),
        "jwks_uri": format!("{origin}/.well-known/jwks.json"),
        "grant_types_supported": ["client_credentials"], "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "scopes_supported": scopes()
    }))
}

async fn protected_resource(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let origin = origin(&app, &request);
    answer(&json!({
        "resource": origin, "authorization_servers": app.tokens.issuers(), "scopes_supported": scopes(),
        "bearer_methods_supported": ["header"], "resource_documentation": format!("{origin}/openapi.json")
    }))
}

async fn keys(app: Data<App>) -> Result<HttpResponse> {
    answer(&app.tokens.own().published)
}

async fn security(app: Data<App>) -> HttpResponse {
    let expires = (app.clock.now() + VALID).and_utc().to_rfc3339_opts(SecondsFormat::Secs, true);
    let text = format!(
        "Contact: {}\nExpires: {expires}\nPreferred-Languages: de, fr, it, en\n",
        app.config.server.security_contact
    );
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/plain; charset=utf-8")).body(text)
}
