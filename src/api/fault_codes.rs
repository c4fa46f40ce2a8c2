//! The codes of faults, explained.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use maud::html;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::endpoint::{Content, Endpoint, JSON};
use super::http::{accepted, json_answer};
use super::site::{self, HTML};
use crate::error::{Error, FAULT_CODES, FaultCode, Result};
use crate::messages::Lang;

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/problems/codes/{fault_code}", explain)
            .named("get_fault_code", "operation", "Explain the code of a fault")
            .described("What the `code` of a fault in `errors` says of the place that the fault names.")
            .answers(
                200,
                "The code",
                &[],
                vec![Content::of(JSON, &ExplainedCode::of(&FAULT_CODES[0])), Content::text(HTML, "<!DOCTYPE html>")],
            ),
    ]
}

/// A code of faults, and what it says.
#[derive(Serialize, ToSchema)]
struct ExplainedCode {
    /// As in problem documents.
    #[schema(value_type = FaultCode)]
    code: &'static str,
    /// The meaning of the code.
    meaning: &'static str,
}

impl ExplainedCode {
    fn of(code: &FaultCode) -> Self {
        ExplainedCode { code: code.code, meaning: code.meaning }
    }
}

async fn explain(app: Data<App>, request: HttpRequest, code: Path<String>) -> Result<HttpResponse> {
    let code = FaultCode::find(&code).ok_or_else(|| Error::NotFound("there is no such code of faults".into()))?;
    if accepted(&request, &[JSON, HTML]) == Some(HTML) {
        let main = html! { p { "What is named by a fault with this code " (code.meaning) "." } };
        return Ok(site::answer(site::framed(&app, &request, Lang::En, code.code, &main)));
    }
    json_answer(StatusCode::OK, &ExplainedCode::of(code))
}
