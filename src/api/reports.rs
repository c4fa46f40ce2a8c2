//! The endpoint of the report.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG};
use actix_web::web::{Path, block};

use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::formats::{contents, format_parameter, read_format};
use crate::api::http::{is_known, register_tag};
use crate::api::query::Query;
use crate::api::statistics::request::{lang_parameter, layout_parameter, read_lang, read_layout, read_year};
use crate::auth::{Caller, Scope};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::formats::FileFormat;
use crate::json::to_json;
use crate::registers;
use crate::reports::ReportFormat;
use crate::reports::report::Report;
use crate::reports::request::ReportRequest;
use crate::statistics::detail;

/// The page has a style of its own and nothing else.
pub const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The endpoint of this file.
pub fn endpoint() -> Endpoint {
    Endpoint::get("/v1/reports/{year}", report)
        .named("get_report", "statistics", "Read the report of a year")
        .described(
            "The statistical part of the activity report, as a page that prints well, as a tagged PDF (PDF/UA-1), or as a document to work on (DOCX): \
             services over six years with footnotes, remarks and their development in sentences, channels, backlog, \
             durations and ages, projects, audits, events, media requests, website, staff, and where the figures come \
             from. Projects, audits, events and topics are named with the scope `register:read` only; there are \
             figures without, but not how long few matters took (`X`).",
        )
        .scope(Scope::StatisticsRead)
        .figures()
        .headers(&["IfNoneMatch", "AcceptLanguage"])
        .query(vec![format_parameter(&ReportFormat::ALL, "pdf"), layout_parameter(), lang_parameter()])
        .answers(200, "The report", &["ETag"], contents(&ReportFormat::ALL, None, &[]))
        .answers(304, "Unchanged", &["ETag"], vec![])
}

/// The registers whose records the caller may see the names of.
fn named(caller: &Caller) -> Vec<&'static str> {
    let names = registers::ALL.iter().map(|register| register.name);
    names.filter(|name| caller.has(Scope::RegisterRead) && caller.can_access(name)).collect()
}

async fn report(Call { app, caller, request }: Call, path: Path<String>) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let format = read_format(&request, &mut query, &ReportFormat::ALL)?;
    let year = read_year(&path, &mut query);
    let lang = read_lang(&request, &mut query);
    let layout = read_layout(&app, &mut query).map(|layout| layout.name.clone());
    query.finish()?;
    let least = detail::least(app.config.public.threshold, caller.reads("cases"));
    let edition = ReportRequest { year, lang, today: app.clock.today(), named: named(&caller), least };
    let state = app.clone();
    let read = move |db: &mut Db| {
        let layout = state.profile.layouts.get(layout.as_deref()).ok_or_else(|| Error::Internal("no layout".into()))?;
        Report::read(db, &state.profile, layout, &edition)
    };
    let report = app.database.read(read).await?;
    // The tag is that of what the report says, so that nothing is typeset for a client that has it already.
    let said = [format.as_ref().name.as_bytes(), env!("CARGO_PKG_VERSION").as_bytes(), &to_json(&report)?].concat();
    let tag = register_tag(&app, &said);
    if is_known(&request, &tag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    let body = block(move || report.render(format)).await.map_err(|error| Error::Internal(error.to_string()))??;
    let FileFormat { content_type, extension, .. } = *format.as_ref();
    let name = format!("inline; filename=\"report-{year}-{}.{extension}\"", lang.code());
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, tag))
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((CONTENT_DISPOSITION, name))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(body))
}
