//! The service's own issuer: access tokens for service accounts (OAuth 2.0 client credentials, RFC 6749 section 4.4).

use std::borrow::Cow;
use std::time::Duration;

use actix_web::http::header::{AUTHORIZATION, HeaderValue, PRAGMA};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::App;
use crate::api::client_address;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::http::{Body, json_answer};
use crate::api::request_log::LoginAccount;
use crate::auth::Scope;
use crate::error::{self, Error, Result};

const FORM: &str = "application/x-www-form-urlencoded";

/// The time for which a token of a service account is valid.
const TTL: Duration = Duration::from_secs(15 * 60);

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    let token = json!({"access_token": "eyJhbGciOiJIUzI1NiJ9...", "token_type": "Bearer", "expires_in": 900, "scope": "register:read"});
    let form = TokenRequest { scope: Some("register:read".into()), ..TokenRequest::default() };
    vec![
        Endpoint::new(Method::POST, "/oauth/token", token_endpoint)
            .named("create_token", "access", "Log in as a service account")
            .described(
                "OAuth 2.0 client credentials, by Basic authentication or in the body. The token is valid for 15 \
                 minutes. Refusals are problem documents whose `error` is the code of RFC 6749. The body must not be packed.",
            )
            .with_client_credentials()
            .plain_body()
            .body(vec![Content::of(FORM, &form)])
            .answers(200, "An access token", &[], vec![Content::json::<IssuedToken>(token)])
            .problems(&[&error::INVALID_CLIENT, &error::INVALID_GRANT, &error::TOO_MANY_REQUESTS]),
    ]
}

/// A request for an access token, as a form.
#[derive(Default, Serialize, ToSchema)]
struct TokenRequest {
    /// The only grant there is.
    #[schema(inline)]
    grant_type: Grant,
    /// The scopes wanted, separated by spaces; all that the account has when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    scope: Option<String>,
    /// The account, where it is not sent by Basic authentication.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client_id: Option<String>,
    /// Its secret, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client_secret: Option<String>,
}

/// A grant of OAuth 2.0.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Grant {
    #[default]
    ClientCredentials,
}

/// An access token.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
struct IssuedToken {
    /// The token, for `Authorization: Bearer`.
    access_token: String,
    /// Bearer.
    token_type: &'static str,
    /// Seconds that it is valid for.
    #[schema(minimum = 1)]
    expires_in: u64,
    /// The scopes that it has.
    scope: String,
}

impl TokenRequest {
    /// Reads a form.
    fn read(form: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(form).map_err(|_| Error::Malformed("the form is not UTF-8".into()))?;
        let form = actix_web::web::Query::<Vec<(String, String)>>::from_query(text)
            .map_err(|_| Error::Malformed("the form cannot be read".into()))?
            .into_inner();
        let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        if field("grant_type").as_deref() != Some("client_credentials") {
            return Err(Error::InvalidGrant("unsupported_grant_type", "grant_type must be client_credentials".into()));
        }
        let [scope, client_id, client_secret] = ["scope", "client_id", "client_secret"].map(field);
        Ok(TokenRequest { grant_type: Grant::ClientCredentials, scope, client_id, client_secret })
    }
}

/// The account and secret of a request.
fn credentials(request: &HttpRequest, form: &TokenRequest) -> Result<(String, String)> {
    let Some(header) = request.headers().get(AUTHORIZATION) else {
        return form.client_id.clone().zip(form.client_secret.clone()).ok_or(Error::InvalidClient);
    };
    let basic = header.to_str().ok().and_then(|text| text.split_once(' '));
    let (_, encoded) = basic.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")).ok_or(Error::InvalidClient)?;
    let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let (id, secret) = decoded.as_deref().and_then(|text| text.split_once(':')).ok_or(Error::InvalidClient)?;
    form_decoded(id).zip(form_decoded(secret)).ok_or(Error::InvalidClient)
}

/// A half of a Basic login as RFC 6749 has it written (section 2.3.1): encoded like a value of a form. Our own ids and
/// secrets are the same in both ways of writing.
fn form_decoded(text: &str) -> Option<String> {
    percent_decode_str(&text.replace('+', " ")).decode_utf8().ok().map(Cow::into_owned)
}

async fn token_endpoint(app: Data<App>, request: HttpRequest, body: Body) -> Result<HttpResponse> {
    if !request.content_type().trim().eq_ignore_ascii_case(FORM) {
        return Err(Error::UnsupportedMediaType(FORM));
    }
    let form = TokenRequest::read(&body.0)?;
    let (id, secret) = credentials(&request, &form)?;
    request.extensions_mut().insert(LoginAccount::of(&id));
    let address = client_address::counted(&app.config, &request);
    let client = app.clients.authenticate(&app.limits, &address, &id, &secret).await?.ok_or(Error::InvalidClient)?;
    let scopes: Vec<Scope> = match form.scope.as_deref().map(str::trim).filter(|scope| !scope.is_empty()) {
        None => client.scopes.clone(),
        Some(wanted) => {
            let granted = |name: &str| Scope::parse(name).filter(|scope| client.scopes.contains(scope));
            let all: Option<Vec<Scope>> = wanted.split_ascii_whitespace().map(granted).collect();
            all.ok_or_else(|| {
                Error::InvalidGrant("invalid_scope", "the account does not have all of these scopes".into())
            })?
        }
    };
    let access_token = app.tokens.issue_for(&client.name, Some(&client.id), &scopes, TTL, app.clock.now())?;
    let scope = scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
    let token = IssuedToken { access_token, token_type: "Bearer", expires_in: TTL.as_secs(), scope };
    let mut answer = json_answer(StatusCode::OK, &token)?;
    answer.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(answer)
}
