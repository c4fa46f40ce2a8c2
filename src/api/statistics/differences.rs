//! Differences between what was published and what is counted now, over HTTP.

use super::published::{PATH, missing};
use crate::api::App;
use crate::api::endpoint::{Content, Endpoint, JSON};
use crate::api::query::Query;
use crate::api::statistics::request::{
    answer, lang_parameter, layout_parameter, read_lang, read_layout_name, read_year,
};
use crate::auth::{Caller, Scope};
use crate::error::{self, Error, Result};
use crate::json::to_json;
use crate::statistics::differences::Comparison;
use crate::statistics::publications::{self};
use crate::statistics::repository;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The endpoint of this file.
pub fn endpoint() -> Endpoint {
    Endpoint::get(format!("{PATH}/differences"), differences)
        .named("list_published_differences", "statistics", "Compare what was published")
        .described(
            "What would be counted now where it differs from what was published, and the records that changed \
             since: what they count for now and did not then, or the other way round. The records are shown with \
             the scope `register:read` only. Lines that the layout no longer has, or did not have then, are named \
             in `line`.",
        )
        .scope(Scope::StatisticsRead)
        .headers(&["IfNoneMatch", "AcceptLanguage"])
        .query(vec![layout_parameter(), lang_parameter()])
        .answers(200, "The differences", &["ETag"], vec![Content::component("Differences", example())])
        .answers(304, "Unchanged", &["ETag"], vec![])
        .problems(&[&error::NOT_FOUND])
        .schema_value("Differences", schema())
}

fn example() -> Value {
    json!({"year": 2017, "layout": "lucerne", "version": 1, "items": [{
        "code": "inquiries.area.it", "label": "Informatik", "published": 31, "live": 32, "difference": 1,
        "records": [{"register": "cases", "id": "01932b6e-1111-7000-8000-000000000001", "number": "2017-0296", "change": 1}]
    }]})
}

fn schema() -> Value {
    let count = |what: &str| json!({"type": ["integer", "null"], "format": "int64", "description": what});
    json!({
        "type": "object", "description": "Where live counting differs from a publication.",
        "required": ["year", "layout", "version", "items"],
        "properties": {
            "year": {"type": "integer", "description": "The year."},
            "layout": {"type": "string", "description": "The layout."},
            "version": {"type": "integer", "format": "int64", "minimum": 1, "description": "The version compared with."},
            "items": {"type": "array", "description": "The lines that differ.", "items": {
                "type": "object", "required": ["code", "label"],
                "properties": {
                    "code": {"type": "string", "description": "The line."},
                    "label": {"type": "string", "description": "What it is called."},
                    "published": count("As published; null when the rubric was not."),
                    "live": count("As counted now; null when the rubric is not."),
                    "difference": count("Live less published."),
                    "line": {
                        "type": "string", "enum": ["ORPHANED", "NEW"],
                        "description": "ORPHANED: the layout no longer has the line. NEW: it had none of that code when the year was published."
                    },
                    "records": {"type": "array", "description": "What changed since; only with `register:read`.", "items": {
                        "type": "object", "required": ["register", "id", "number", "change"],
                        "properties": {
                            "register": {"type": "string", "description": "The record's register."},
                            "id": {"type": "string", "format": "uuid", "description": "The record."},
                            "number": {"type": "string", "description": "Its business number."},
                            "change": {"type": "integer", "enum": [-1, 1], "description": "1: counts now and did not then. -1: counted then."}
                        }
                    }}
                }
            }}
        }
    })
}

async fn differences(app: Data<App>, caller: Caller, request: HttpRequest, path: Path<String>) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let year = read_year(&path, &mut query);
    let lang = read_lang(&request, &mut query);
    let name = read_layout_name(&app, &mut query).await?;
    query.finish()?;
    let (state, stored, today) = (app.clone(), name.clone(), app.clock.today());
    let (version, items) = app
        .database
        .read(move |db| {
            use diesel::connection::Connection;
            db.transaction(|db| {
                let layout = state.layouts.get(Some(&stored));
                let published = publications::latest(db, &stored, &(year..=year))?.remove(&year);
                let published = published.ok_or_else(|| missing(year))?;
                let live = match layout {
                    Some(layout) => {
                        let entered = repository::entered_figures(layout, &published.figures);
                        repository::live_figures(db, layout, year, today, &entered)?
                    }
                    None => BTreeMap::new(),
                };
                let mut moved = publications::moved_since(db, &published)?;
                moved.retain(|record| caller.can_access(&record.register));
                let moved = caller.has(Scope::RegisterRead).then_some(moved);
                let comparison = Comparison { published, live, moved };
                Ok::<_, Error>((comparison.published.version, comparison.items(layout, lang)))
            })
        })
        .await?;
    let body = json!({"year": year, "layout": name, "version": version, "items": items});
    Ok(answer(&request, JSON, to_json(&body)?))
}
