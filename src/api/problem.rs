//! Problem documents (RFC 9457): how every refusal looks.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::request_log::LoggedFailure;
use crate::error::{self, Error, Fault, PROBLEMS, ProblemType};

/// The media type of problem documents.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The refusal of who sent no token.
pub const NO_TOKEN: &str = "an access token is needed";

/// A problem with a request, and what can be done (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// The problem type: a URI reference that can be opened and explains what to do.
    #[schema(value_type = ProblemType, example = "/problems/not-found")]
    r#type: String,
    /// The kind of problem, the same every time.
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// The account of what happened this time, and what to do.
    detail: String,
    /// The id of the request, which the service's log has too.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// Every fault of the input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    /// The scope that the token lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// The id of the record that is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<String>,
    /// The revision that the record has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<i64>,
    /// The code of RFC 6749, where a token was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The parts that keep the service from being ready: `draining`, `schema`, `reads`, `writes`, `access_log`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failing: Vec<String>,
    /// The version in the other system that is held, or was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
}

impl Problem {
    /// A problem of a type, with no more to say than the type does.
    pub fn new(kind: &ProblemType) -> Self {
        Problem {
            r#type: format!("/problems/{}", kind.slug),
            title: kind.title.into(),
            status: kind.status,
            detail: kind.remedy.into(),
            instance: None,
            errors: Vec::new(),
            scope: None,
            record: None,
            revision: None,
            version: None,
            failing: Vec::new(),
            error: None,
        }
    }

    /// The problem that a status stands for, where the framework says no more.
    pub fn of_status(status: StatusCode) -> Self {
        let fallback = if status.is_server_error() { &error::INTERNAL } else { &error::MALFORMED_REQUEST };
        let mut problem = Problem::new(PROBLEMS.iter().find(|p| p.status == status.as_u16()).unwrap_or(fallback));
        problem.status = status.as_u16();
        problem
    }

    /// The same, as an example in the API document.
    pub fn example(kind: &ProblemType) -> Self {
        let mut problem = Problem::new(kind);
        problem.instance = Some("01932b6e-6f0a-7c3e-9d55-0a4f6f3b2c11".into());
        problem.errors = match kind.slug {
            "validation-failed" => vec![Fault::at("/title", "required", "is required")],
            "invalid-parameter" => {
                vec![Fault::of("limit", "out_of_range", "must be a whole number from 1 to 1000")]
            }
            _ => Vec::new(),
        };
        problem.scope = (kind.slug == "missing-scope").then(|| "register:read".into());
        problem.error = match kind.slug {
            "invalid-grant" => Some("invalid_scope".into()),
            "invalid-client" => Some("invalid_client".into()),
            _ => None,
        };
        problem.version = matches!(kind.slug, "stale-version" | "deleted").then_some(3);
        problem.record = matches!(kind.slug, "conflict" | "stale-version" | "deleted")
            .then(|| "01932b6e-1111-7000-8000-000000000001".into());
        problem.revision = (kind.slug == "stale-revision").then_some(4);
        problem
    }

    /// With its type below the path at which clients reach the service.
    pub fn below(mut self, prefix: &str) -> Self {
        self.r#type.insert_str(0, prefix);
        self
    }

    /// The same for one that is kept.
    pub fn lead_below(problem: &mut Value, prefix: &str) {
        if let Some(Value::String(kind)) = problem.get_mut("type") {
            kind.insert_str(0, prefix);
        }
    }

    /// Leaves out which record is in the way.
    pub fn without_record(problem: &mut Value) {
        if let Some(problem) = problem.as_object_mut() {
            problem.remove("record");
        }
    }

    /// With so many of its faults at the most, where it is one of many problems.
    pub fn telling(mut self, most: usize) -> Self {
        if self.errors.len() > most {
            self.errors.truncate(most);
            self.errors.push(Fault::at("", error::MORE, "and more: correct these first"));
        }
        self
    }

    /// The account of what happened.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Every fault of the input.
    pub fn faults(&self) -> &[Fault] {
        &self.errors
    }

    /// The id of the request.
    pub fn request_id(&self) -> Option<&str> {
        self.instance.as_deref()
    }

    /// Says in which request it happened.
    pub fn in_request(mut self, request_id: &str) -> Self {
        self.instance = Some(request_id.to_owned());
        self
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let kind = error.problem_type();
        let mut problem = Problem::new(kind);
        // What lies in the service or its database stays in the log.
        if !error.is_ours() {
            let said = match error {
                Error::Parameters(_) | Error::Validation(_) => String::new(),
                error => sentence(&error.to_string()),
            };
            problem.detail = format!("{said}{}", kind.remedy);
        }
        match error {
            Error::Parameters(faults) | Error::Validation(faults) => problem.errors = faults.clone(),
            Error::MissingScope(scope) => problem.scope = Some((*scope).into()),
            Error::Conflict { record, .. } => problem.record = record.clone(),
            Error::InvalidGrant(code, _) => problem.error = Some((*code).into()),
            Error::NotReady { parts, .. } => problem.failing = parts.iter().map(|part| (*part).to_owned()).collect(),
            Error::InvalidClient => problem.error = Some("invalid_client".into()),
            Error::Stale { held } => problem.revision = Some(*held),
            Error::StaleVersion { record, version, .. } | Error::Deleted { record, version, .. } => {
                problem.record = record.clone();
                problem.version = Some(*version);
            }
            _ => {}
        }
        problem
    }
}

/// A text as a sentence before another one.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let end = if text.ends_with('?') { " " } else { ". " };
    chars.next().map(|first| first.to_uppercase().chain(chars).chain(end.chars()).collect()).unwrap_or_default()
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.problem_type().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Leaves the problem in the response's extensions; the edge of the service adds the request id and writes it.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::new(self.status_code());
        let headers = response.headers_mut();
        match self {
            // Who sent none has sent no wrong one (RFC 6750, section 3.1).
            Error::Unauthenticated(NO_TOKEN) => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"aufsicht\""));
            }
            Error::Unauthenticated(_) => {
                let challenge = HeaderValue::from_static("Bearer realm=\"aufsicht\", error=\"invalid_token\"");
                headers.insert(WWW_AUTHENTICATE, challenge);
            }
            Error::InvalidClient => {
                let challenge = HeaderValue::from_static("Basic realm=\"aufsicht\", charset=\"UTF-8\"");
                headers.insert(WWW_AUTHENTICATE, challenge);
            }
            Error::TooManyRequests(seconds) => {
                headers.insert(RETRY_AFTER, HeaderValue::from(*seconds));
            }
            Error::MissingScope(scope) => {
                let challenge = format!("Bearer realm=\"aufsicht\", error=\"insufficient_scope\", scope=\"{scope}\"");
                if let Ok(value) = HeaderValue::from_str(&challenge) {
                    headers.insert(WWW_AUTHENTICATE, value);
                }
            }
            Error::Unavailable(_) | Error::NotReady { .. } | Error::InProgress => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("2"));
            }
            _ => {}
        }
        response.extensions_mut().insert(Problem::from(self));
        if self.is_ours() {
            response.extensions_mut().insert(LoggedFailure(self.to_string()));
        }
        response
    }
}

/// Writes a problem as the body of a response whose status and headers stand already.
pub fn write(response: HttpResponse<BoxBody>, problem: &Problem) -> HttpResponse<BoxBody> {
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let mut response = response.set_body(BoxBody::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    response
}
