//! Published years: what was printed stays, and what would be counted now is told beside it.

use std::collections::BTreeMap;

use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::lang::Lang;
use super::layout::{Layout, Line};
use super::repository::{self, Moved, Publication};
use super::request::{answer, lang_parameter, layout_parameter, read_lang, read_layout, read_year};
use crate::access::{Caller, Scope};
use crate::api::App;
use crate::api::edge::act;
use crate::api::endpoint::{Content, Endpoint, JSON};
use crate::api::http::{Body, json_body, to_json};
use crate::api::query::{Parameter, Query};
use crate::error::{self, Error, Fault, Result};
use crate::registers::record::{Columns, instant};
use crate::registers::validation::{self, Faults};
use crate::text;

const PATH: &str = "/v1/statistics/published/{year}";

/// The figures of a year as they are published: given, or counted now.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPublication {
    /// Whether the figures are what is counted now, over all tables of the layout.
    #[serde(default)]
    #[schema(default = false)]
    from_live: Option<bool>,
    /// The values by the codes of the lines; a rubric that was not collected is left out.
    #[serde(default)]
    figures: Option<BTreeMap<String, Option<i64>>>,
    /// The developments as they were printed, by the codes of the lines, such as `+19%`.
    #[serde(default)]
    developments: Option<BTreeMap<String, String>>,
    /// The day of publication; today when absent.
    #[serde(default, deserialize_with = "validation::date")]
    published_on: Option<NaiveDate>,
    /// Where they were published.
    #[serde(default)]
    #[validate(length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 300)]
    source: Option<String>,
}

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    let body = json!({"from_live": true, "published_on": "2018-04-03", "source": "Tätigkeitsbericht 2017"});
    vec![
        Endpoint::get(PATH, get)
            .named("get_published_year", "statistics", "Read what was published")
            .described(
                "The figures of a year as they were published, the newest version unless `version` says otherwise.",
            )
            .scope(Scope::StatisticsRead)
            .headers(&["IfNoneMatch"])
            .query(vec![
                layout_parameter(),
                Parameter::one(
                    "version",
                    "The version; without it the newest",
                    json!({"type": "integer", "format": "int64", "minimum": 1, "maximum": 1_000_000}),
                    Value::Null,
                ),
            ])
            .answers(200, "The publication", &["ETag"], vec![Content::json("PublishedYear", example())])
            .answers(304, "Unchanged", &["ETag"], vec![])
            .problems(&[&error::NOT_FOUND])
            .schema_value("PublishedYear", schema()),
        Endpoint::new(Method::PUT, PATH, put)
            .named("publish_year", "statistics", "Publish a year")
            .described(
                "Freezes the figures of a year: from then on the tables show them, whatever is entered later. They \
                 are counted now (`from_live`) or given, as for years before the software. Figures that do not add \
                 up are kept as they are, and the tables carry a warning. What was published is never changed: \
                 publishing again makes a further version, and the same again makes none. The answer shows the figures \
                 and the versions before with the scope `statistics:read` only.",
            )
            .scope(Scope::StatisticsPublish)
            .query(vec![layout_parameter()])
            .body(vec![Content::json("NewPublication", body)])
            .answers(
                200,
                "Published; with `version` 1 for the first time",
                &["ETag"],
                vec![Content::json("WrittenPublication", example())],
            )
            .answers(
                201,
                "Published for the first time",
                &["ETag"],
                vec![Content::json("WrittenPublication", example())],
            )
            .schema::<NewPublication>()
            .schema_value("WrittenPublication", written_schema()),
        Endpoint::get(format!("{PATH}/differences"), differences)
            .named("list_published_differences", "statistics", "Compare what was published")
            .described(
                "What would be counted now where it differs from what was published, and the records that changed \
                 since: what they count for now and did not then, or the other way round. The records are shown with \
                 the scope `register:read` only.",
            )
            .scope(Scope::StatisticsRead)
            .headers(&["IfNoneMatch", "AcceptLanguage"])
            .query(vec![layout_parameter(), lang_parameter()])
            .answers(200, "The differences", &["ETag"], vec![Content::json("Differences", differences_example())])
            .answers(304, "Unchanged", &["ETag"], vec![])
            .problems(&[&error::NOT_FOUND])
            .schema_value("Differences", differences_schema()),
    ]
}

fn example() -> Value {
    let version = json!({
        "version": 1, "published_on": "2018-04-03", "source": "Tätigkeitsbericht 2017", "from_live": true,
        "published_at": "2018-04-03T07:12:00Z", "published_by": "chancellery"
    });
    let mut out = json!({"year": 2017, "layout": "lucerne"});
    if let (Some(out), Some(version)) = (out.as_object_mut(), version.as_object()) {
        out.extend(version.clone());
    }
    out["figures"] = json!({"inquiries.total": 295, "cases.total": 331});
    out["developments"] = json!({"inquiries.total": "+19%"});
    out["versions"] = json!([version]);
    out
}

fn schema() -> Value {
    let provenance = json!({
        "version": {"type": "integer", "format": "int64", "minimum": 1, "description": "1 for the first publication."},
        "published_on": {"type": "string", "format": "date", "description": "The day of publication."},
        "source": {"type": "string", "description": "Where it was published."},
        "from_live": {"type": "boolean", "description": "Whether the figures were counted at that moment."},
        "published_at": {"type": "string", "format": "date-time", "description": "When it was entered, in UTC."},
        "published_by": {"type": "string", "description": "Who entered it: the subject of the access token."}
    });
    let mut properties = json!({
        "year": {"type": "integer", "description": "The year."},
        "layout": {"type": "string", "description": "The layout whose lines the codes name."}
    });
    if let (Some(properties), Some(provenance)) = (properties.as_object_mut(), provenance.as_object()) {
        properties.extend(provenance.clone());
    }
    let required = json!(["version", "published_on", "from_live", "published_at", "published_by"]);
    properties["figures"] = json!({
        "type": "object", "additionalProperties": {"type": "integer", "format": "int64", "minimum": 0},
        "description": "The values by the codes of the lines."
    });
    properties["developments"] = json!({
        "type": "object", "additionalProperties": {"type": "string"},
        "description": "The developments as they were printed."
    });
    properties["versions"] = json!({
        "type": "array", "description": "All versions, oldest first.",
        "items": {"type": "object", "required": required, "properties": provenance}
    });
    json!({
        "type": "object", "description": "The figures of a year as they were published.",
        "required": ["year", "layout", "version", "published_on", "from_live", "published_at", "published_by", "figures", "developments", "versions"],
        "properties": properties
    })
}

/// What only the scope `statistics:read` shows of a publication.
const FIGURES: [&str; 3] = ["figures", "developments", "versions"];

fn written_schema() -> Value {
    let mut schema = schema();
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|name| !FIGURES.iter().any(|figures| name == figures));
    }
    schema
}

fn differences_example() -> Value {
    json!({"year": 2017, "layout": "lucerne", "version": 1, "items": [{
        "code": "inquiries.area.it", "label": "Informatik", "published": 31, "live": 32, "difference": 1,
        "records": [{"register": "cases", "id": "01932b6e-1111-7000-8000-000000000001", "number": "2017-0296", "change": 1}]
    }]})
}

fn differences_schema() -> Value {
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

/// What is said of a version.
fn provenance(publication: &Publication) -> Value {
    let mut out = json!({
        "version": publication.version, "published_on": publication.published_on, "source": publication.source,
        "from_live": publication.from_live, "published_at": instant(publication.at), "published_by": publication.actor
    });
    if let Some(map) = out.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    out
}

fn shown(layout: &str, publication: &Publication, all: &[Publication]) -> Value {
    let mut out = json!({"year": publication.year, "layout": layout});
    if let (Some(out), Value::Object(more)) = (out.as_object_mut(), provenance(publication)) {
        out.extend(more);
    }
    out["figures"] = json!(publication.figures);
    out["developments"] = json!(publication.developments);
    out["versions"] = all.iter().map(provenance).collect();
    out
}

fn missing(year: i32) -> Error {
    Error::NotFound(format!("nothing was published for {year}"))
}

async fn get(app: Data<App>, request: HttpRequest, path: Path<String>) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let year = read_year(&path, &mut query);
    let layout = read_layout(&app, &mut query).map(|layout| layout.name.clone()).unwrap_or_default();
    let version = query.number("version", 1..=1_000_000);
    query.finish()?;
    let name = layout.clone();
    let all = app.database.read(move |db| repository::publications(db, &name, &(year..=year))).await?;
    let wanted = |publication: &&Publication| version.is_none_or(|version| version == publication.version);
    let publication = all.iter().rfind(wanted).ok_or_else(|| missing(year))?;
    Ok(answer(&request, JSON, to_json(&shown(&layout, publication, &all))?))
}

/// Reads the body of a publication; `layout` knows the lines.
fn read(layout: &Layout, year: i32, today: NaiveDate, mut body: Value) -> Result<Publication> {
    let mut faults = Faults::default();
    text::normalise(&mut body, &mut faults);
    let Value::Object(mut map) = body else {
        return Err(Error::Validation(vec![Fault::at("", "invalid_type", "must be a JSON object")]));
    };
    map.retain(|_, value| !value.is_null());
    let Some(new) = validation::read::<NewPublication>(map, &mut faults) else {
        faults.into_result()?;
        return Err(Error::Internal("an unreadable body has no fault".into()));
    };
    let from_live = new.from_live.unwrap_or(false);
    match (&new.figures, from_live) {
        (Some(_), true) => faults.add("/figures", "contradiction", "must be left out with from_live"),
        (None, false) => faults.add("/figures", "required", "is required, or from_live"),
        (Some(figures), false) if figures.values().all(Option::is_none) => {
            faults.add("/figures", "required", "must have a value");
        }
        _ => {}
    }
    let known = |code: &str| layout.lines().any(|line| line.code == code);
    for (code, value) in new.figures.iter().flatten() {
        let place = format!("/figures/{}", validation::escape(code));
        if !known(code) {
            faults.add(place, "unknown_line", "is no line of the layout");
        } else if value.is_some_and(|value| !(0..=1_000_000_000).contains(&value)) {
            faults.add(place, "out_of_range", "must be from 0 to 1000000000");
        }
    }
    for (code, text) in new.developments.iter().flatten() {
        let place = format!("/developments/{}", validation::escape(code));
        if !known(code) {
            faults.add(place, "unknown_line", "is no line of the layout");
        } else if text.trim().is_empty() || text.chars().count() > 20 {
            faults.add(place, "invalid_value", "must be what was printed, such as +19%");
        }
    }
    validation::past(new.published_on, "/published_on", today, &mut faults);
    if year > today.year() {
        faults.add("", "in_future", "a year that has not begun cannot be published");
    }
    faults.into_result()?;
    let figures = new.figures.into_iter().flatten().filter_map(|(code, value)| Some((code, value?))).collect();
    Ok(Publication {
        year,
        version: 0,
        figures,
        developments: new.developments.unwrap_or_default(),
        published_on: new.published_on.unwrap_or(today),
        source: new.source,
        from_live,
        seq: 0,
        actor: String::new(),
        request_id: String::new(),
        at: Default::default(),
    })
}

async fn put(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: Path<String>,
    body: Body,
) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let year = read_year(&path, &mut query);
    let layout = read_layout(&app, &mut query);
    let Some(layout) = layout else {
        query.finish()?;
        return Err(Error::Internal("no layout".into()));
    };
    let name = layout.name.clone();
    query.finish()?;
    let mut new = read(layout, year, app.clock.today(), json_body(&request, &body)?)?;
    let by = act(&app, &caller, &request);
    let sees_figures = caller.has(Scope::StatisticsRead);
    let (state, stored) = (app.clone(), name.clone());
    let publishing = app.database.write(move |db| {
        if new.from_live {
            let layout = state.layouts.get(Some(&stored)).ok_or_else(|| Error::Internal("no layout".into()))?;
            new.figures = repository::live_figures(db, layout, year)?;
            if new.figures.is_empty() {
                let fault = Fault::at("/from_live", "nothing_counted", "there is no record yet of that year or before");
                return Err(Error::Validation(vec![fault]));
            }
        }
        let (publication, new) = repository::publish(db, &stored, &new, &by)?;
        Ok((repository::publications(db, &stored, &(year..=year))?, publication, new))
    });
    let (all, publication, new) = publishing.await?;
    let mut told = shown(&name, &publication, &all);
    if let Some(told) = told.as_object_mut().filter(|_| !sees_figures) {
        told.retain(|name, _| !FIGURES.contains(&name.as_str()));
    }
    let body = to_json(&told)?;
    let status = if new && publication.version == 1 { StatusCode::CREATED } else { StatusCode::OK };
    let tag = crate::api::http::content_tag(&body);
    Ok(HttpResponse::build(status).insert_header(("etag", tag)).insert_header(("content-type", JSON)).body(body))
}

/// Whether a record counts in a line.
fn counts(line: &Line, record: &Option<Columns>) -> bool {
    let is_in = |columns: &Columns| {
        line.selections.iter().any(|selection| {
            selection.0.iter().all(|(dimension, values)| {
                let held = Some(columns.dimension(*dimension)).filter(|value| !value.is_empty());
                values.iter().any(|value| value == held.unwrap_or(crate::registers::ABSENT))
            })
        })
    };
    record.as_ref().is_some_and(is_in)
}

fn difference(line: &Line, lang: Lang, published: Option<i64>, live: Option<i64>, moved: Option<&[Moved]>) -> Value {
    let mut out = json!({
        "code": line.code, "label": line.label.get(lang), "published": published, "live": live,
        "difference": published.zip(live).map(|(published, live)| live - published)
    });
    if let Some(moved) = moved {
        let change = |record: &Moved| i64::from(counts(line, &record.now)) - i64::from(counts(line, &record.then));
        out["records"] = moved
            .iter()
            .filter(|record| change(record) != 0)
            .map(|record| json!({"register": record.register, "id": record.id, "number": record.number, "change": change(record)}))
            .collect();
    }
    out
}

async fn differences(app: Data<App>, caller: Caller, request: HttpRequest, path: Path<String>) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let year = read_year(&path, &mut query);
    let lang = read_lang(&request, &mut query);
    let name = read_layout(&app, &mut query).map(|layout| layout.name.clone()).unwrap_or_default();
    query.finish()?;
    let (state, stored) = (app.clone(), name.clone());
    let (publication, items) = app
        .database
        .read(move |db| {
            use diesel::connection::Connection;
            db.transaction(|db| {
                let layout = state.layouts.get(Some(&stored)).ok_or_else(|| Error::Internal("no layout".into()))?;
                let held = repository::latest(db, &stored, &(year..=year))?.remove(&year);
                let held = held.ok_or_else(|| missing(year))?;
                let live = repository::live_figures(db, layout, year)?;
                let mut moved = repository::moved_since(db, &held)?;
                moved.retain(|record| caller.may(&record.register));
                let moved = caller.has(Scope::RegisterRead).then_some(moved.as_slice());
                let mut items: Vec<Value> = Vec::new();
                for line in layout.lines() {
                    let (before, now) = (held.figures.get(&line.code).copied(), live.get(&line.code).copied());
                    let seen = items.iter().any(|item| item["code"] == line.code.as_str());
                    if before != now && !seen {
                        items.push(difference(line, lang, before, now, moved));
                    }
                }
                Ok::<_, Error>((held, items))
            })
        })
        .await?;
    let body = json!({"year": year, "layout": name, "version": publication.version, "items": items});
    Ok(answer(&request, JSON, to_json(&body)?))
}
