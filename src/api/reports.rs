//! The endpoint of the report.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG};
use actix_web::web::{Data, Path, block};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use crate::api::App;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::http::{accepted, is_known, register_tag};
use crate::api::query::{Parameter, Query};
use crate::api::statistics::request::{lang_parameter, layout_parameter, read_lang, read_layout, read_year};
use crate::auth::{Caller, Scope};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::json::to_json;
use crate::registers;
use crate::reports::ReportFormat;
use crate::reports::figures::ReportRequest;
use crate::reports::report::Report;
use crate::statistics::detail;

/// The page has a style of its own and nothing else.
pub const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The endpoint of this file.
pub fn endpoint() -> Endpoint {
    let print = Content::binary(ReportFormat::Pdf.media_type(), "%PDF-1.7");
    Endpoint::get("/v1/reports/{year}", report)
        .named("get_report", "statistics", "Read the report of a year")
        .described(
            "The statistical part of the activity report, as a page that prints well, or as a tagged PDF (PDF/UA-1): \
             services over six years with footnotes, remarks and their development in sentences, channels, backlog, \
             durations and ages, projects, audits, events, media requests, website, staff, and where the figures come \
             from. Projects, audits, events and topics are named with the scope `register:read` only; there are \
             figures without, but not how long few matters took (`X`).",
        )
        .scope(Scope::StatisticsRead)
        .figures()
        .headers(&["IfNoneMatch", "AcceptLanguage"])
        .query(vec![
            Parameter::one(
                "format",
                "Format of the answer; without it `Accept`, then HTML",
                json!({"type": "string", "enum": ["html", "pdf"]}),
                json!("pdf"),
            ),
            layout_parameter(),
            lang_parameter(),
        ])
        .answers(
            200,
            "The report",
            &["ETag"],
            vec![Content::text(ReportFormat::Html.media_type(), "<!DOCTYPE html>"), print],
        )
        .answers(304, "Unchanged", &["ETag"], vec![])
}

fn read_format(request: &HttpRequest, query: &mut Query) -> Result<ReportFormat> {
    if let Some(name) = query.one("format") {
        return Ok(ReportFormat::parse(&name).unwrap_or_else(|| {
            query.fault("format", "invalid_value", "must be one of html, pdf");
            ReportFormat::Html
        }));
    }
    let offered = ReportFormat::ALL.map(ReportFormat::media_type);
    let media_type = accepted(request, &offered).ok_or_else(|| Error::NotAcceptable(offered.join(", ")))?;
    Ok(ReportFormat::ALL.into_iter().find(|format| format.media_type() == media_type).unwrap_or(ReportFormat::Html))
}

/// The registers whose records the caller may see the names of.
fn named(caller: &Caller) -> Vec<&'static str> {
    let names = registers::ALL.iter().map(|register| register.name);
    names.filter(|name| caller.has(Scope::RegisterRead) && caller.can_access(name)).collect()
}

async fn report(app: Data<App>, caller: Caller, request: HttpRequest, path: Path<String>) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let format = read_format(&request, &mut query)?;
    let year = read_year(&path, &mut query);
    let lang = read_lang(&request, &mut query);
    let layout = read_layout(&app, &mut query).map(|layout| layout.name.clone());
    query.finish()?;
    let least = detail::least(app.config.public_threshold, caller.reads("cases"));
    let edition = ReportRequest { year, lang, today: app.clock.today(), named: named(&caller), least };
    let state = app.clone();
    let read = move |db: &mut Db| {
        let layout = state.layouts.get(layout.as_deref()).ok_or_else(|| Error::Internal("no layout".into()))?;
        Report::read(db, layout, &edition)
    };
    let report = app.database.read(read).await?;
    // The tag is that of what the report says, so that nothing is typeset for a client that has it already.
    let said = [format.name().as_bytes(), env!("CARGO_PKG_VERSION").as_bytes(), &to_json(&report)?].concat();
    let tag = register_tag(&app, &said);
    if is_known(&request, &tag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    let body = block(move || report.render(format)).await.map_err(|error| Error::Internal(error.to_string()))??;
    let name = format!("inline; filename=\"report-{year}-{}.{}\"", lang.code(), format.name());
    let media_type = if format == ReportFormat::Html { "text/html; charset=utf-8" } else { format.media_type() };
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, tag))
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CONTENT_DISPOSITION, name))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(body))
}
