//! Projects, audits and trainings of the years over HTTP.

use crate::api::App;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::query::Query;
use crate::api::statistics::request::{Format, format_parameter, read_format, read_years, rendered, year_parameters};
use crate::auth::Scope;
use crate::error::Result;
use crate::json::to_value;
use crate::statistics::activities::{Activity, COLUMNS, of_years, sheet};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

/// The formats there are.
pub const FORMATS: [Format; 4] = [Format::Json, Format::Csv, Format::Xlsx, Format::JsonStat];

/// The endpoint of this file.
pub fn endpoint() -> Endpoint {
    let mut parameters = year_parameters().to_vec();
    parameters.push(format_parameter(&FORMATS));
    let example = json!({"from": 2017, "to": 2017, "items": [{
        "year": 2017, "projects": 16, "projects_pending": 46, "audits": 1, "findings": 2, "findings_implemented": 1,
        "implemented_share": 50.0, "trainings": 0, "training_participants": 0, "lectures": 9,
        "lecture_participants": 294, "participants_known": 9
    }]});
    Endpoint::get("/v1/statistics/activities", activities)
        .named("get_activities_statistics", "statistics", "See projects, audits and events by year")
        .described(
            "Projects received and pending, audits with their findings and how many of these are implemented by now, \
             trainings, lectures and how many people took part. A year that is not over is `provisional`; one that has not \
             begun is left out.",
        )
        .scope(Scope::StatisticsRead)
        .figures()
        .headers(&["IfNoneMatch"])
        .query(parameters)
        .answers(
            200,
            "The figures",
            &["ETag"],
            vec![
                Content::component("Activities", example),
                Format::Csv.content(&COLUMNS.join(";")),
                Format::Xlsx.content(""),
                Format::JsonStat.content(""),
            ],
        )
        .answers(304, "Unchanged", &["ETag"], vec![])
        .schema::<Activity>()
        .schema_value("Activities", schema())
}

fn schema() -> Value {
    json!({
        "type": "object", "description": "Projects, audits and events.", "required": ["from", "to", "items"],
        "properties": {
            "from": {"type": "integer", "description": "The first year."},
            "to": {"type": "integer", "description": "The last year."},
            "provisional": {"type": "boolean", "description": "Whether a year is not over; absent where all are."},
            "items": {
                "type": "array", "items": {"$ref": "#/components/schemas/Activity"}, "description": "The years."
            }
        }
    })
}

async fn activities(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let format = read_format(&request, &mut query, &FORMATS)?;
    let years = read_years(&app, &mut query);
    query.finish()?;
    let (asked, today) = (years.clone(), app.clock.today());
    let rows = app.database.read(move |db| of_years(db, &asked, today)).await?;
    let items: Vec<Value> = rows.iter().map(to_value).collect();
    let mut body = json!({"from": years.start(), "to": years.end(), "items": items});
    if rows.iter().any(|row| row.provisional) {
        body["provisional"] = true.into();
    }
    rendered(&request, format, &body, || sheet(&rows), || None)
}
