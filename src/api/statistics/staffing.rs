//! Work and staff over HTTP.

use crate::api::App;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::formats::{contents, format_parameter};
use crate::api::query::Query;
use crate::api::statistics::request::{
    lang_parameter, layout_parameter, read_form, read_layout, read_years, rendered, year_parameters,
};
use crate::auth::Scope;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::formats::Offer;
use crate::messages::Lang;
use crate::statistics::backlog::{self};
use crate::statistics::provisional::is_false;
use crate::statistics::repository::{self, TableRequest};
use crate::statistics::staffing::{COLUMNS, StaffYear, staff_sheet, staff_years};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// The formats that it comes in.
pub const OFFER: Offer = Offer::WithoutChart;

/// The endpoint of this file.
pub fn endpoint() -> Endpoint {
    let mut parameters = year_parameters().to_vec();
    parameters.extend([layout_parameter(), lang_parameter(), format_parameter(&OFFER.formats(), "json")]);
    let example = json!({"from": 2017, "to": 2017, "items": [{
        "year": 2017, "positions_percent": 180, "new_cases": 331, "pending": 17,
        "new_cases_per_position": 183.9, "pending_per_position": 9.4
    }]});
    Endpoint::get("/v1/statistics/staffing", staffing)
        .named("get_staffing_statistics", "statistics", "Compare work and staff")
        .described(
            "New cases (the line that the layout calls its `total`) and what was pending at the end of \
             each year, per full position. A year that is not over is `provisional`, and what is pending is that of today; \
             one that has not begun has no figures.",
        )
        .scope(Scope::StatisticsRead)
        .headers(&["IfNoneMatch", "AcceptLanguage"])
        .with_notes(true)
        .query(parameters)
        .answers(
            200,
            "The figures",
            &["ETag", "ContentDisposition", "Link"],
            contents(
                &OFFER.formats(),
                Some(&Content::json::<StaffingStatistics>(example)),
                &[&COLUMNS.join(";")],
            ),
        )
        .answers(304, "Unchanged", &["ETag"], vec![])
}

/// Work and staff.
#[derive(Serialize, ToSchema)]
struct StaffingStatistics {
    /// The first year.
    from: i32,
    /// The last year.
    to: i32,
    /// The years.
    #[schema(inline)]
    items: Vec<StaffItem>,
    /// True if figures of a year are provisional; absent where none are.
    #[serde(skip_serializing_if = "is_false")]
    provisional: bool,
}

/// Work and staff of a year.
#[derive(Serialize, ToSchema)]
struct StaffItem {
    /// The year.
    year: i32,
    /// Positions in percent.
    #[schema(minimum = 0)]
    positions_percent: Option<i64>,
    /// New cases.
    #[schema(minimum = 0)]
    new_cases: Option<i64>,
    /// Pending at the end of the year, over all registers but media requests and events.
    #[schema(minimum = 0)]
    pending: Option<i64>,
    /// New cases per full position, to one decimal.
    #[schema(minimum = 0)]
    new_cases_per_position: Option<f64>,
    /// Pending per full position, to one decimal.
    #[schema(minimum = 0)]
    pending_per_position: Option<f64>,
    /// True if the figures are provisional; absent where they are not.
    #[serde(skip_serializing_if = "is_false")]
    provisional: bool,
    /// The day whose state provisional figures are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    as_of: Option<NaiveDate>,
}

impl From<&StaffYear> for StaffItem {
    fn from(row: &StaffYear) -> Self {
        StaffItem {
            year: row.year,
            positions_percent: row.percent,
            new_cases: row.new,
            pending: row.pending,
            new_cases_per_position: row.new_per_position(),
            pending_per_position: row.pending_per_position(),
            provisional: row.as_of.is_some(),
            as_of: row.as_of,
        }
    }
}

async fn staffing(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let form = read_form(&request, &mut query, OFFER)?;
    let years = read_years(&app, &mut query);
    let layout = read_layout(&app, &mut query).map(|layout| layout.name.clone());
    query.finish()?;
    let (asked, state, today) = (years.clone(), app.clone(), app.clock.today());
    let read = move |db: &mut Db| {
        let layout = state.profile.layouts.get(layout.as_deref()).ok_or_else(|| Error::Internal("no layout".into()))?;
        let table = layout.main_table().map_or("", |table| &table.name);
        let wanted = TableRequest { layout: &layout.name, table, lang: Lang::De, years: asked.clone(), today };
        let table = repository::table(db, Some(layout), &wanted)?;
        let pending = backlog::pending(db, &asked, false, &[], today)?;
        staff_years(db, &table, layout, &pending)
    };
    let rows = app.database.read(read).await?;
    let items: Vec<StaffItem> = rows.iter().map(StaffItem::from).collect();
    let provisional = items.iter().any(|item| item.provisional);
    let body = StaffingStatistics { from: *years.start(), to: *years.end(), items, provisional };
    let sheet = || staff_sheet(&rows, form.lang);
    rendered(&request, form, &body, (app.writing(form.lang).text("dataset-staffing"), sheet), || None)
}
