//! Projects, audits and trainings of the years over HTTP.

use crate::api::App;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::formats::{contents, format_parameter};
use crate::api::query::Query;
use crate::api::statistics::request::{lang_parameter, read_form, read_years, rendered, year_parameters};
use crate::auth::Scope;
use crate::error::Result;
use crate::formats::Offer;
use crate::json::to_value;
use crate::registers::Vocabulary;
use crate::statistics::activities::{Activity, COLUMNS, of_years, sheet, untold};
use crate::statistics::provisional::is_false;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::json;
use utoipa::{PartialSchema, ToSchema};

/// The formats that it comes in.
pub const OFFER: Offer = Offer::WithoutChart;

/// The endpoint of this file.
pub fn endpoint(vocabulary: &Vocabulary) -> Endpoint {
    let mut parameters = year_parameters().to_vec();
    parameters.extend([lang_parameter(), format_parameter(&OFFER.formats(), "json")]);
    let mut example = json!({"from": 2017, "to": 2017, "items": [{
        "year": 2017, "projects": 16, "projects_pending": 46, "audits": 1, "findings": 2, "findings_implemented": 1,
        "implemented_share": 50.0, "trainings": 0, "training_participants": 0, "lectures": 9,
        "lecture_participants": 294, "participants_known": 9
    }]});
    let untold = untold(vocabulary);
    for name in &untold {
        example["items"][0].as_object_mut().map(|item| item.shift_remove(*name));
    }
    let mut schema = to_value(&Activity::schema());
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|name| !untold.iter().any(|untold| name == untold));
    }
    Endpoint::get("/v1/statistics/activities", activities)
        .named("get_activities_statistics", "statistics", "See projects, audits and events by year")
        .described(
            "Projects received and pending, audits with their findings and how many of these are implemented by now, \
             trainings, lectures and how many people took part. A year that is not over is `provisional`; one that has not \
             begun is left out, and so are those before the first record. What no kind of the authority's events \
             stands for is absent.",
        )
        .scope(Scope::StatisticsRead)
        .figures()
        .headers(&["IfNoneMatch", "AcceptLanguage"])
        .with_notes(true)
        .query(parameters)
        .answers(
            200,
            "The figures",
            &["ETag", "ContentDisposition", "Link"],
            contents(&OFFER.formats(), Some(&Content::json::<Activities>(example)), &[&COLUMNS.join(";")]),
        )
        .answers(304, "Unchanged", &["ETag"], vec![])
        .schema_value("Activity", schema)
}

/// Projects, audits and events.
#[derive(Serialize, ToSchema)]
struct Activities {
    /// The first year.
    from: i32,
    /// The last year.
    to: i32,
    /// The years.
    items: Vec<Activity>,
    /// True if a year is not over; absent where all are.
    #[serde(skip_serializing_if = "is_false")]
    provisional: bool,
}

async fn activities(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let form = read_form(&request, &mut query, OFFER)?;
    let years = read_years(&app, &mut query);
    query.finish()?;
    let (asked, today) = (years.clone(), app.clock.today());
    let vocabulary = app.profile.vocabulary.clone();
    let rows = app.database.read(move |db| of_years(db, &vocabulary, &asked, today)).await?.years;
    let provisional = rows.iter().any(|row| row.provisional);
    let body = Activities { from: *years.start(), to: *years.end(), items: rows, provisional };
    let sheet = || sheet(&body.items, form.lang);
    rendered(&request, form, &body, (app.writing(form.lang).text("dataset-activities"), sheet), || None)
}
