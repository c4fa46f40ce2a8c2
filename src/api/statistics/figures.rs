//! Figures that people enter for lines of a layout, over HTTP.

use std::collections::BTreeMap;

use actix_web::http::header::{ETAG, IF_MATCH};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDateTime;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api::App;
use crate::api::call::Call;
use crate::api::edge::operation_context;
use crate::api::endpoint::{Content, Endpoint, JSON};
use crate::api::http::{self, Body, json_body};
use crate::api::query::Query;
use crate::api::statistics::request::{layout_parameter, read_layout, read_year};
use crate::auth::Scope;
use crate::clock::write_instant;
use crate::decimal::Decimal;
use crate::error::{Error, Result};
use crate::json::to_json;
use crate::statistics::entered_figures::{self, EnteredYear, NewFigures};
use crate::statistics::layout::{Layout, LayoutLine};

const PATH: &str = "/v1/statistics/figures/{year}";

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    let get = Endpoint::get(PATH, get)
        .named("get_entered_figures", "statistics", "Read the figures that people enter")
        .described(
            "The figures of a year that people enter for lines of the layout (`entered = true`), those that nobody entered \
             as null, and every version: who entered it, when, and what it says.",
        )
        .scope(Scope::StatisticsRead)
        .headers(&["IfNoneMatch"])
        .query(vec![layout_parameter()])
        .answers(200, "The figures", &["ETag"], vec![Content::json::<EnteredFigures>(example())])
        .answers(304, "Unchanged", &["ETag"], vec![]);
    let put = Endpoint::new(Method::PUT, PATH, put)
        .named("enter_figures", "statistics", "Enter the figures of a year")
        .described(
            "Takes the place of all figures that were entered for the year, as in `{\"figures\": {\"permits.stock\": 120, \"fines.sum\": 12.5}}`; what was entered before stays as an earlier \
             version. `If-Match` names the version last read, so that nobody's figure is replaced unseen. Tables show the figures beside those that are counted, and a publication takes them as they are then.",
        )
        .scope(Scope::StatisticsPublish)
        .headers(&["IfMatchOptional"])
        .query(vec![layout_parameter()])
        .body(vec![Content::json::<NewFigures>(json!({"figures": {}}))])
        .answers(200, "Entered", &["ETag"], vec![Content::json::<EnteredFigures>(example())])
        .answers(201, "Entered for the first time", &["ETag"], vec![Content::json::<EnteredFigures>(example())]);
    vec![get, put]
}

fn example() -> Value {
    json!({
        "year": 2017, "layout": "yearly", "version": 1, "figures": {"permits.stock": 120},
        "versions": [{
            "version": 1, "figures": {"permits.stock": 120}, "entered_at": "2018-01-15T07:12:00Z", "entered_by": "chancellery"
        }]
    })
}

/// The figures of a year that people enter.
#[derive(Serialize, ToSchema)]
struct EnteredFigures {
    /// The year.
    year: i32,
    /// The layout whose lines the codes name.
    layout: String,
    /// The newest version; 0 while nobody has entered any.
    #[schema(minimum = 0)]
    version: i64,
    /// The values by the codes of the lines; null where nobody entered one.
    #[schema(value_type = BTreeMap<String, Option<f64>>)]
    figures: BTreeMap<String, Option<Decimal>>,
    /// All versions, oldest first.
    #[schema(inline)]
    versions: Vec<EnteredVersion>,
}

/// A version of the figures of a year.
#[derive(Serialize, ToSchema)]
struct EnteredVersion {
    /// 1 for the first time.
    #[schema(minimum = 1)]
    version: i64,
    /// The values by the codes of the lines.
    #[schema(value_type = BTreeMap<String, f64>)]
    figures: BTreeMap<String, Decimal>,
    /// The instant at which the version was entered, in UTC.
    #[serde(serialize_with = "write_instant")]
    entered_at: NaiveDateTime,
    /// The name of who entered the version; which identity that is stands in the audit trail.
    entered_by: String,
}

impl EnteredFigures {
    fn of(layout: &Layout, year: i32, versions: Vec<EnteredYear>) -> Self {
        let entered = layout.lines().filter(|line| LayoutLine::is_entered(line) && line.is_collected(year));
        let mut figures: BTreeMap<String, Option<Decimal>> = entered.map(|line| (line.code.clone(), None)).collect();
        let newest = versions.last();
        let version = newest.map_or(0, |newest| newest.version);
        figures.extend(
            newest.into_iter().flat_map(|newest| &newest.figures).map(|(code, value)| (code.clone(), Some(*value))),
        );
        let shown = |entered: EnteredYear| EnteredVersion {
            version: entered.version,
            figures: entered.figures,
            entered_at: entered.at,
            entered_by: entered.actor,
        };
        let versions = versions.into_iter().map(shown).collect();
        EnteredFigures { year, layout: layout.name.clone(), version, figures, versions }
    }
}

fn read_target<'a>(app: &'a App, request: &HttpRequest, path: &str) -> Result<(&'a Layout, i32)> {
    let mut query = Query::of(request);
    let year = read_year(path, &mut query);
    let layout = read_layout(app, &mut query);
    query.finish()?;
    Ok((layout.ok_or_else(|| Error::Internal("no layout".into()))?, year))
}

async fn get(app: Data<App>, request: HttpRequest, path: Path<String>) -> Result<HttpResponse> {
    let (layout, year) = read_target(&app, &request, &path)?;
    let names = layout.names();
    let found = app.database.read_primary(move |db| entered_figures::versions(db, &names, &(year..=year))).await?;
    let shown = EnteredFigures::of(layout, year, found.into_iter().map(|(_, entered)| entered.under(layout)).collect());
    let body = to_json(&shown)?;
    let tag = http::expanded_tag(&app, shown.version, &body);
    Ok(http::tagged(&request, StatusCode::OK, JSON, &tag, body))
}

async fn put(Call { app, caller, request }: Call, path: Path<String>, body: Body) -> Result<HttpResponse> {
    let (layout, year) = read_target(&app, &request, &path)?;
    let figures = entered_figures::read(layout, year, app.clock.today(), json_body(&request, &body)?)?;
    let expected = request.headers().contains_key(IF_MATCH).then(|| http::if_match(&request)).transpose()?;
    let by = operation_context(&app, &caller, &request);
    let (state, name) = (app.clone(), layout.name.clone());
    let entering = app.database.write(move |tx| {
        let layout = state.profile.layouts.get(Some(&name)).ok_or_else(|| Error::Internal("no layout".into()))?;
        let held = entered_figures::latest(tx.unflushed(), &layout.names(), &(year..=year))?.remove(&year);
        if let Some(expected) = &expected {
            expected.check(held.as_ref().map_or(0, |held| held.version))?;
        }
        entered_figures::enter(tx, layout, year, &figures, &by)?;
        Ok((entered_figures::versions(tx.unflushed(), &layout.names(), &(year..=year))?, held.is_none()))
    });
    let (found, is_new) = entering.await?;
    let shown = EnteredFigures::of(layout, year, found.into_iter().map(|(_, entered)| entered.under(layout)).collect());
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let body = to_json(&shown)?;
    let tag = http::expanded_tag(&app, shown.version, &body);
    Ok(HttpResponse::build(status).insert_header((ETAG, tag)).insert_header(("content-type", JSON)).body(body))
}
