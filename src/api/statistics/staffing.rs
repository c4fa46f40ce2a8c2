//! Work and staff over HTTP.

use crate::api::App;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::query::Query;
use crate::api::statistics::request::{
    Format, format_parameter, layout_parameter, read_format, read_layout, read_years, rendered, year_parameters,
};
use crate::auth::Scope;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::statistics::backlog::{self};
use crate::statistics::lang::Lang;
use crate::statistics::repository::{self, TableRequest};
use crate::statistics::staffing::{StaffYear, staff_sheet, staff_years};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

/// The formats there are.
pub const FORMATS: [Format; 4] = [Format::Json, Format::Csv, Format::Xlsx, Format::JsonStat];

/// The endpoint of this file.
pub fn endpoint() -> Endpoint {
    let mut parameters = year_parameters().to_vec();
    parameters.extend([layout_parameter(), format_parameter(&FORMATS)]);
    let example = json!({"from": 2017, "to": 2017, "items": [{
        "year": 2017, "positions_percent": 180, "new_cases": 331, "pending": 17,
        "new_cases_per_position": 183.9, "pending_per_position": 9.4
    }]});
    Endpoint::get("/v1/statistics/staffing", staffing)
        .named("get_staffing_statistics", "statistics", "Compare work and staff")
        .described(
            "New cases (the line of the services table that the layout calls its `total`) and what was pending at the end of \
             each year, per full position. A year that is not over is `provisional`, and what is pending is that of today; \
             one that has not begun has no figures.",
        )
        .scope(Scope::StatisticsRead)
        .headers(&["IfNoneMatch"])
        .query(parameters)
        .answers(200, "The figures", &["ETag"], vec![
            Content::component("StaffingStatistics", example),
            Format::Csv.content("year;positions_percent;new_cases;pending;new_cases_per_position;pending_per_position"),
            Format::Xlsx.content(""),
            Format::JsonStat.content(""),
        ])
        .answers(304, "Unchanged", &["ETag"], vec![])
        .schema_value("StaffingStatistics", schema())
}

fn schema() -> Value {
    let number = |what: &str| json!({"type": ["number", "null"], "minimum": 0, "description": what});
    let count = |what: &str| json!({"type": ["integer", "null"], "format": "int64", "minimum": 0, "description": what});
    json!({
        "type": "object", "description": "Work and staff.", "required": ["from", "to", "items"],
        "properties": {
            "from": {"type": "integer", "description": "The first year."},
            "to": {"type": "integer", "description": "The last year."},
            "provisional": {"type": "boolean", "description": "Whether figures of a year are provisional; absent where none are."},
            "items": {"type": "array", "description": "The years.", "items": {
                "type": "object", "required": ["year"],
                "properties": {
                    "year": {"type": "integer", "description": "The year."},
                    "positions_percent": count("Positions in percent."),
                    "new_cases": count("New cases."),
                    "pending": count("Pending at the end of the year, over all registers but media requests and events."),
                    "new_cases_per_position": number("New cases per full position, to one decimal."),
                    "pending_per_position": number("Pending per full position, to one decimal."),
                    "provisional": {"type": "boolean", "description": "Whether the figures are provisional; absent where they are not."},
                    "as_of": {"type": "string", "format": "date", "description": "The day whose state provisional figures are."}
                }
            }}
        }
    })
}

async fn staffing(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let format = read_format(&request, &mut query, &FORMATS)?;
    let years = read_years(&app, &mut query);
    let layout = read_layout(&app, &mut query).map(|layout| layout.name.clone());
    query.finish()?;
    let (asked, state, today) = (years.clone(), app.clone(), app.clock.today());
    let read = move |db: &mut Db| {
        let layout = state.layouts.get(layout.as_deref()).ok_or_else(|| Error::Internal("no layout".into()))?;
        let wanted =
            TableRequest { layout: &layout.name, table: "services", lang: Lang::De, years: asked.clone(), today };
        let table = repository::table(db, Some(layout), &wanted)?;
        let pending = backlog::pending(db, &asked, false, &[], today)?;
        staff_years(db, &table, &layout.total, &pending)
    };
    let rows = app.database.read(read).await?;
    let item = |row: &StaffYear| {
        let mut out = json!({
            "year": row.year, "positions_percent": row.percent, "new_cases": row.new, "pending": row.pending,
            "new_cases_per_position": row.new_per_position(), "pending_per_position": row.pending_per_position()
        });
        if let Some(as_of) = row.as_of {
            out["provisional"] = true.into();
            out["as_of"] = json!(as_of);
        }
        out
    };
    let items: Vec<Value> = rows.iter().map(item).collect();
    let mut body = json!({"from": years.start(), "to": years.end(), "items": items});
    if rows.iter().any(|row| row.as_of.is_some()) {
        body["provisional"] = true.into();
    }
    rendered(&request, format, &body, || staff_sheet(&rows), || None)
}
